"""Do everything that can go wrong, often, and write the table of what came of it.

    python -m tests.faults.report [ROW ...]

does the rows named, or all of them, which takes 90 minutes, and writes
``docs/explanations/faults.md`` after each. Rows that are not named stay in it as they
are. It fails at the first row that has lost something or has not ended in time.
"""

import asyncio
import itertools
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from tests.support import ports
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from . import disturbances, load, scenarios, stops
from .load import Outcome

INTERLEAVING = 600.0
"""How long many clients put any commands, in seconds."""
LIMIT = 1800.0
"""How long a row may take, in seconds."""

TABLE = Path(__file__).parents[2] / "docs" / "explanations" / "faults.md"
HEARTBEAT = 10
HEADING = """\
# Fault tests

`make faults` caused each fault on a real RabbitMQ, with real IOC processes and clients,
and wrote this page. [Guarantees](promises.md) lists what is promised.
`make faults ARGS=partition` does one row again.

- *Messages* are triggers put with callback by four clients at once, or results that
  are published at a steady pace; queues are quorum queues.
- *Lost* are triggers that ended without `Failed` and are not at the broker, and results
  that are gone from the queue and were not in the PVs: the IOC logs each after setting
  its records, before it acknowledges it.
- *Duplicated* are messages that arrived twice: the guarantee is "at least once". A
  trigger sent twice has the same guid.
- *Out of order* are end messages before their start, and results before an earlier one.
- Where the IOC is stopped, *lost* also counts puts that reported a success that did not
  happen and, after SIGTERM, jobs and values that are missing after a restart.
- *Recovery* is the median and the longest time until the IOC worked again.
- No put lasted longer than its send time-out and the time-outs of its job.

"""
COLUMNS = {
    **dict.fromkeys(("row", "fault"), "---"),
    **dict.fromkeys(("times", "messages", "lost", "duplicated"), "---:"),
    **{"out of order": "---:", "recovery": "---:", "from": "---", "measured": "---"},
}

Outcomes = Outcome | Sequence[Outcome]


class Runs:
    """The IOCs and brokers of one report."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._brokers: list[RabbitMQ] = []

    def make_ioc(self, command: str, *options: str) -> Ioc:
        prefix = f"FAULTS-{os.getpid()}-{next(self._numbers)}"
        log = self._folder / f"{prefix}.log"
        return Ioc(log, prefix, command, "--prefix", prefix, *options)

    @cached_property
    def broker(self) -> RabbitMQ:
        """A node alone."""
        broker = RabbitMQ(self.place("broker"))
        self._brokers.append(broker)
        broker.start()
        broker.declare(TRIGGERS, RESULTS)
        return broker

    @cached_property
    def cluster(self) -> list[RabbitMQ]:
        """Three nodes."""
        nodes = scenarios.make_cluster(self.place("cluster"))
        self._brokers += nodes
        return nodes

    def place(self, name: str) -> Path:
        """Make a folder."""
        place = self._folder / f"{name}{next(self._numbers)}"
        place.mkdir()
        return place

    def close(self) -> None:
        """Stop the brokers."""
        for broker in reversed(self._brokers):
            broker.close()

    async def mutated(self) -> Outcomes:
        """Give mutated messages to the reader alone, and to an IOC."""
        samples = self._folder / "samples"
        began = time.monotonic()
        said = await load.fuzz(runs=100_000, samples=5_000, file=samples)
        took = f"{time.monotonic() - began:.0f} s"
        alone = Outcome(
            "100000 mutated messages against the reader alone (coverage-guided)",
            *(1, 100_000),
            remarks=f"{said}, no crash, in {took}",
        )
        messages = load.samples_in(samples)
        return alone, await scenarios.mutated_messages(
            self.make_ioc, self.broker, messages
        )


Row = Callable[[Runs], Awaitable[Outcomes]]


def _stopping(stopped: stops.Stopped, number: signal.Signals) -> Row:
    return lambda it: stopped(it.place("stops"), it.broker, number, 20)


ROWS: dict[str, Row] = {
    "triggers": lambda it: scenarios.broker_killed_during_triggers(
        it.make_ioc, it.broker, 20, 250
    ),
    "results": lambda it: scenarios.connections_closed_during_results(
        it.make_ioc, it.broker, 20, 5000, pace=100
    ),
    "killed": lambda it: scenarios.ioc_killed_during_results(
        it.make_ioc, it.broker, 5, 2000, pace=100
    ),
    "memory": lambda it: scenarios.memory_alarm(it.make_ioc, it.broker, 10, 5),
    "swallowed": lambda it: scenarios.connection_swallowed(
        it.make_ioc, it.broker, 5, HEARTBEAT
    ),
    "queue": lambda it: scenarios.queue_made_anew(it.make_ioc, it.broker, 5, HEARTBEAT),
    **{
        f"{name}-{number.name}": _stopping(stopped, number)
        for name, stopped in stops.POINTS.items()
        for number in stops.STOPPED
    },
    "descriptors": lambda it: disturbances.file_descriptors_exhausted(
        it.make_ioc, it.broker, 10
    ),
    "autosave": lambda it: disturbances.autosave_folder_taken_away(
        it.make_ioc, it.broker, it.place("autosave"), 10
    ),
    "password": lambda it: disturbances.password_rotated(
        it.make_ioc, it.broker, it.place("password"), 10, 100
    ),
    "interleaving": lambda it: disturbances.clients_interleaving(
        it.make_ioc, it.broker, clients=10, seconds=INTERLEAVING, pause=20
    ),
    "mutated": Runs.mutated,
    "partition": lambda it: scenarios.node_in_use_cut_off(
        it.make_ioc, it.cluster, 3, 5
    ),
    "node": lambda it: scenarios.node_in_use_killed(
        it.make_ioc, it.cluster, 10, 125, 1000
    ),
}
"""What can be done, by name."""


def line(name: str, outcome: Outcome) -> str:
    recovery = ""
    if outcome.recoveries:
        median, longest = statistics.median(outcome.recoveries), max(outcome.recoveries)
        recovery = f"{median:.2g} s, {longest:.2g} s"
    fault = outcome.fault + (f" ({outcome.remarks})" if outcome.remarks else "")
    cells = (
        *(name, fault, outcome.times, outcome.messages, outcome.lost),
        *(outcome.duplicated, outcome.out_of_order, recovery, outcome.measured_from),
        time.strftime("%Y-%m-%d"),
    )
    return joined(cells)


def joined(cells: Iterable[object]) -> str:
    """Return a line of the table."""
    return f"| {' | '.join(map(str, cells))} |\n"


def write(name: str, lines: str) -> None:
    """Put the lines of a row in place of those that the table has, in order."""
    rows = dict.fromkeys(ROWS, "")
    for old in TABLE.read_text().splitlines(keepends=True):
        if (of := old.removeprefix("| ").split(" |")[0]) in rows:
            rows[of] += old
    rows[name] = lines
    table = [joined(COLUMNS), joined(COLUMNS.values()), *rows.values()]
    TABLE.write_text(HEADING + "".join(table) + machine())


def machine() -> str:
    """Say what it was measured on."""
    rabbitmq = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version}", "rabbitmq-server"],
        capture_output=True,
        text=True,
    ).stdout
    return (
        f"\nMeasured on {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"softioc {version('softioc')}, pika {version('pika')}, RabbitMQ "
        f"{rabbitmq or 'of another package'}.\n"
    )


async def main(names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        runs = Runs(Path(folder))
        try:
            for name in names:
                began = time.monotonic()
                async with asyncio.timeout(LIMIT):
                    came = await ROWS[name](runs)
                outcomes = [came] if isinstance(came, Outcome) else came
                lines = "".join(line(name, outcome) for outcome in outcomes)
                print(f"{lines}took {time.monotonic() - began:.0f} s", flush=True)
                write(name, lines)
                assert not any(o.lost or o.out_of_order for o in outcomes)
        finally:
            runs.close()


if __name__ == "__main__":
    ports.search_everywhere()
    asyncio.run(main(sys.argv[1:] or list(ROWS)))
