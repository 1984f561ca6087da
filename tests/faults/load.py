"""Triggers and results in great numbers, and counting what became of them."""

import asyncio
import base64
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
import pika.exceptions

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

CLIENT = Path(__file__).parents[1] / "support" / "clients" / "put_triggers.py"
_RESULT = re.compile(r"DCID (\d+): result from ")
_FAILED = re.compile(r"DCID (\d+): (\w+) failed, guid ")


@dataclass
class Outcome:
    """What a fault has done.

    Attributes:
        fault: what was done.
        times: how often.
        messages: how many messages were on their way meanwhile.
        lost, duplicated, out_of_order: how many of them were.
        recoveries: for each time, seconds until the IOC worked again.
        measured_from: what they count from.
        remarks: what else there is to say.
    """

    fault: str
    times: int
    messages: int
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    recoveries: list[float] = field(default_factory=list[float])
    measured_from: str = ""
    remarks: str = ""


# -- triggers --------------------------------------------------------------------


@contextmanager
def triggering(
    ioc: Ioc, clients: int, scans: int, first: int = 1
) -> Generator[list[subprocess.Popen[bytes]]]:
    """Have so many clients at once start and end so many data collections each."""
    processes = [
        subprocess.Popen(
            [sys.executable, CLIENT, ioc.prefix, f"{first + n * scans}", f"{scans}"],
            env=ioc.client_environment,
        )
        for n in range(clients)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def all_ended(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        assert await asyncio.to_thread(process.wait, 300) == 0


def count_triggers(
    broker: RabbitMQ, ioc: Ioc, outcome: Outcome, events_of_each: Sequence[str]
) -> None:
    """Look for every trigger in the queue; those that have failed need not be there."""
    dcids = range(1, 1 + outcome.messages // len(events_of_each))
    wanted = {(dcid, event) for dcid in dcids for event in events_of_each}
    failed = {(int(dcid), event) for dcid, event in _FAILED.findall(ioc.log)}
    taken = broker.take_all(TRIGGERS, len(wanted - failed))
    messages = [json.loads(body)["parameters"] for _, _, body in taken]
    guids = [message["guid"] for message in messages]
    events = list(dict.fromkeys((m["ispyb_dcid"], m["event"]) for m in messages))
    outcome.lost = len(wanted - set(events) - failed)
    outcome.duplicated = len(messages) - len(events)
    assert outcome.duplicated == len(guids) - len(set(guids)), "sent with another guid"
    place = {event: n for n, event in enumerate(events)}
    outcome.out_of_order = sum(
        place.get((dcid, "start"), -1) > n
        for (dcid, event), n in place.items()
        if event == "end"
    )
    if failed:
        outcome.remarks = f"{len(failed)} ended as Failed"


# -- results ---------------------------------------------------------------------


def result_of(dcid: int) -> bytes:
    """Return a result without centres."""
    body = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": dcid}}},
        "recipe-pointer": 1,
    }
    return json.dumps(body).encode()


class Publisher(threading.Thread):
    """Publishes results with the DCIDs 1, 2, … at a steady pace, each until confirmed.

    Args:
        brokers: the nodes, tried in turn.
        count: how many results.
        pace: results a second.
    """

    def __init__(self, brokers: Sequence[RabbitMQ], count: int, pace: float) -> None:
        super().__init__(daemon=True)
        self._brokers, self._count, self._pace = brokers, count, pace
        self._stopped = False
        self.published = 0

    def stop(self) -> None:
        self._stopped = True
        self.join()

    async def until(self, count: int, limit: float = 120) -> None:
        """Wait until so many have been published."""
        end = time.monotonic() + limit
        while self.published < count:
            assert time.monotonic() < end, f"{self.published} of {count} went out"
            await asyncio.sleep(0.01)

    def run(self) -> None:
        began = time.monotonic()
        while self.published < self._count and not self._stopped:
            broker = self._brokers[0]
            self._brokers = [*self._brokers[1:], broker]
            try:
                with broker.channel() as channel:
                    channel.confirm_delivery()
                    self._publish(channel, began)
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(
                    0.1
                )  # the node is away; the next is tried until told to stop

    def _publish(self, channel: Any, began: float) -> None:
        properties = RabbitMQ.persistent({"workflows-recipe": True})
        while self.published < self._count and not self._stopped:
            due = began + self.published / self._pace
            # results are due at a steady pace: this is the load, and waits for nothing
            time.sleep(max(0.0, due - time.monotonic()))
            body = result_of(self.published + 1)
            channel.basic_publish("", RESULTS, body, properties)
            self.published += 1


@contextmanager
def publishing(
    brokers: Sequence[RabbitMQ], count: int, pace: float
) -> Generator[Publisher]:
    """Publish results until the end of the block."""
    publisher = Publisher(brokers, count, pace)
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


@contextmanager
def watching(ioc: Ioc) -> Generator[set[int]]:
    """Collect the DCIDs that a client sees in the history of an IOC."""
    seen: set[int] = set()
    subscription = ioc.monitor(
        "HISTORY:DCID", lambda dcids: seen.update(map(int, dcids))
    )
    try:
        yield seen
    finally:
        subscription.close()


def published(log: str) -> list[int]:
    """Return the DCIDs that an IOC has logged after publishing each."""
    return [int(dcid) for dcid in _RESULT.findall(log)]


def count_results(logs: str, outcome: Outcome, seen: set[int] | None = None) -> None:
    """Look for every result in what IOCs have logged, and what a client has seen."""
    found = published(logs)
    first = list(dict.fromkeys(found))
    wanted = set(range(1, outcome.messages + 1))
    outcome.lost = len(wanted - set(found))
    outcome.duplicated = sum(n - 1 for n in Counter(found).values())
    outcome.out_of_order = sum(a > b for a, b in itertools.pairwise(first))
    if seen is not None and (unseen := wanted - seen):
        outcome.remarks = f"{len(unseen)} not seen by the client that watched"


# -- mutated messages ----------------------------------------------------------------

WITH_HEADER, WITHOUT_HEADER = b"y", b"n"
"""What an input of the fuzzer begins with: whether it has the header of a recipe."""


async def fuzz(runs: int, samples: int, file: Path) -> str:
    """Read so many mutated messages, and return what the fuzzer says at its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.fuzz", f"{runs}", f"{samples}", file),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, log = await process.communicate()
    assert process.returncode == 0, log.decode(errors="replace")
    return said.decode().strip()


def samples_in(file: Path) -> list[tuple[bool, bytes]]:
    """Return the messages kept: whether it has the header of a recipe, and its body."""
    kept = [base64.b64decode(line) for line in file.read_text().splitlines()]
    return [(data[:1] != WITHOUT_HEADER, data[1:]) for data in kept]
