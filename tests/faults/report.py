"""Do everything that can go wrong, often, and write the table of what came of it.

    python -m tests.faults.report [FILE]

takes an hour and writes ``docs/explanations/faults.md``.
"""

import asyncio
import itertools
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from tests.support import ports
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from . import disturbances, load, scenarios, stops
from .load import Outcome

INTERLEAVING = 600.0
"""How long many clients put any commands, in seconds."""

TABLE = Path(__file__).parents[2] / "docs" / "explanations" / "faults.md"
HEARTBEAT = 10
HEADING = """\
# Fault tests

`make faults` caused each fault on a real RabbitMQ, with real IOC processes and clients,
and wrote this page. [Guarantees](promises.md) lists what is promised.

- *Messages* are triggers put with callback by four clients at once, or results that
  are published at a steady pace; queues are quorum queues.
- *Lost* are triggers that ended without `Failed` and are not at the broker, and results
  that are gone from the queue and were not in the PVs: the IOC logs each after setting
  its records, before it acknowledges it.
- *Duplicated* are messages that arrived twice: the guarantee is "at least once". A
  trigger sent twice has the same guid.
- *Out of order* are end messages before their start, and results before an earlier one.
- Where the IOC is stopped, *lost* is also a put that ended well without being true and,
  after SIGTERM, what is not there after a restart.
- *Recovery* is the median and the longest time until the IOC worked again.

| fault | times | messages | lost | duplicated | out of order | recovery | from |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
"""


class Runs:
    """The IOCs and brokers of one report."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def make_ioc(self, command: str, *options: str) -> Ioc:
        prefix = f"FAULTS-{next(self._numbers)}"
        log = self._folder / f"{prefix}.log"
        return Ioc(log, prefix, command, "--prefix", prefix, *options)

    def make_broker(self) -> RabbitMQ:
        place = self._folder / f"broker{next(self._numbers)}"
        place.mkdir()
        broker = RabbitMQ(place)
        broker.start()
        broker.declare(TRIGGERS, RESULTS)
        return broker

    async def _stops(self, broker: RabbitMQ) -> AsyncIterator[Outcome]:
        for stopped in (
            stops.stopped_after_a_confirm,
            stops.stopped_before_an_acknowledgement,
            stops.stopped_during_a_save,
        ):
            for number in stops.STOPPED:
                folder = self._folder / f"{next(self._numbers)}"
                folder.mkdir()
                yield await stopped(folder, broker, number, 20)

    async def outcomes(self) -> AsyncIterator[Outcome]:
        broker = self.make_broker()
        make = self.make_ioc
        try:
            yield await scenarios.broker_killed_during_triggers(make, broker, 20, 250)
            yield await scenarios.connections_closed_during_results(
                make, broker, 20, 5000, pace=100
            )
            yield await scenarios.ioc_killed_during_results(
                make, broker, 5, 2000, pace=100
            )
            yield await scenarios.memory_alarm(make, broker, 10, 5)
            yield await scenarios.connection_swallowed(make, broker, 5, HEARTBEAT)
            yield await scenarios.queue_made_anew(make, broker, 5, HEARTBEAT)
            async for outcome in self._stops(broker):
                yield outcome
            yield await disturbances.file_descriptors_exhausted(make, broker, 10)
            yield await disturbances.autosave_folder_taken_away(
                make, broker, self._folder, 10
            )
            yield await disturbances.password_rotated(
                make, broker, self._folder, 10, 100
            )
            yield await disturbances.clients_interleaving(
                make, broker, clients=10, seconds=INTERLEAVING, pause=20
            )
            samples = self._folder / "samples"
            began = time.monotonic()
            said = await load.fuzz(runs=100_000, samples=5_000, file=samples)
            took = f"{time.monotonic() - began:.0f} s"
            yield Outcome(
                "100000 mutated messages against the reader alone (coverage-guided)",
                *(1, 100_000),
                remarks=f"{said}, no crash, in {took}",
            )
            messages = load.samples_in(samples)
            yield await scenarios.mutated_messages(make, broker, messages)
        finally:
            broker.close()
        nodes = scenarios.make_cluster(self._folder)
        try:
            yield await scenarios.node_in_use_cut_off(make, nodes, 3, 5)
            for outcome in await scenarios.node_in_use_killed(
                make, nodes, 10, 125, 1000
            ):
                yield outcome
        finally:
            for node in reversed(nodes):
                node.close()


def row(outcome: Outcome) -> str:
    recovery = ""
    if outcome.recoveries:
        median, longest = statistics.median(outcome.recoveries), max(outcome.recoveries)
        recovery = f"{median:.2g} s, {longest:.2g} s"
    fault = outcome.fault + (f" ({outcome.remarks})" if outcome.remarks else "")
    cells = (
        *(fault, outcome.times, outcome.messages, outcome.lost, outcome.duplicated),
        *(outcome.out_of_order, recovery, outcome.measured_from),
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def machine() -> str:
    """Say what it was measured on."""
    rabbitmq = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version}", "rabbitmq-server"],
        capture_output=True,
        text=True,
    ).stdout
    return (
        f"\nMeasured on {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, softioc {version('softioc')}, pika "
        f"{version('pika')}, RabbitMQ {rabbitmq or 'of another package'}.\n"
    )


async def main() -> str:
    text = HEADING
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        async for outcome in Runs(Path(folder)).outcomes():
            print(row(outcome), end="", flush=True)
            text += row(outcome)
    return text + machine()


if __name__ == "__main__":
    ports.search_everywhere()
    table = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    table.write_text(asyncio.run(main()))
