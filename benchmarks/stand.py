"""What is measured, each in a process of its own, and how times are taken."""

import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pika
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from zocalo_ioc.wire import result_message

BARE_RESULTS = "xrc.bare"
"""The queue of the bare IOC, of the same kind as ours."""


class Bare(Ioc):
    """A running bare IOC."""

    program = (sys.executable, "-m", "benchmarks.bare")


WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-sys_nice")
"""Runs a program without the right to real-time priorities, as root."""


class BareWithoutRights(Bare):
    """A bare IOC as anybody but root runs it."""

    program = (*WITHOUT_RIGHTS, *Bare.program)


class WithoutRights(Ioc):
    """A running IOC as anybody but root runs it."""

    program = (*WITHOUT_RIGHTS, *Ioc.program)


class Stand:
    """A broker, and the IOCs that are compared on it.

    Args:
        folder: for logs and the files of the broker.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._started: list[Ioc] = []
        (folder / "broker").mkdir()
        self.broker = RabbitMQ(folder / "broker")
        self.broker.start()
        self.broker.declare(TRIGGERS, RESULTS, BARE_RESULTS)

    def launch(self, name: str, *further: str, rights: bool = True) -> Ioc:
        """Start the process of ``ours``, with further options, or of ``bare``.

        Args:
            name: which.
            further: options.
            rights: whether it may have real-time priorities, as root's may.
        """
        rights |= os.geteuid() != 0  # then nobody here has them
        prefix = f"BENCH-{next(self._numbers)}"
        log = self._folder / f"{prefix}.log"
        if name == "bare":
            kind = Bare if rights else BareWithoutRights
            ioc = kind(log, prefix, prefix, self.broker.url, BARE_RESULTS)
        else:
            options = ("--broker", self.broker.url, "--results-queue", RESULTS)
            kind = Ioc if rights else WithoutRights
            ioc = kind(log, prefix, "run", "--prefix", prefix, *options, *further)
        self._started.append(ioc)
        return ioc

    async def start(self, name: str, *, rights: bool = True) -> Ioc:
        """Start ``ours`` or ``bare``, and wait until it answers."""
        ioc = self.launch(name, rights=rights)
        await ioc.get("VERSION")
        return ioc

    async def both(self, *, rights: bool = True) -> dict[str, Ioc]:
        """Start both, and wait until they take results."""
        names = "ours", "bare"
        iocs = {name: await self.start(name, rights=rights) for name in names}
        await iocs["ours"].until_value("BROKER:CONNECTED", 1)
        return iocs

    def stop(self, *iocs: Ioc) -> None:
        """End some, so that others have the machine for themselves."""
        for ioc in iocs:
            ioc.stop()

    def close(self) -> None:
        """End everything."""
        self.stop(*self._started)
        self.broker.close()


QUEUES = {"ours": RESULTS, "bare": BARE_RESULTS}


def result(dcid: int, centres: int) -> tuple[dict[str, Any], bytes]:
    """Return headers and body of a result with so many centres, all different.

    Those of another data collection are different, too: records of the bare IOC that do
    not change are not monitored.
    """
    rows = [
        {
            "centre_of_mass": [x + 0.5, y + 0.25, z + 0.75],
            "max_voxel": [x, y, z],
            "max_count": n + 1,
            "n_voxels": 8,
            "total_count": 3 * n + 1,
            "bounding_box": [[x, y, z], [x + 2, y + 2, z + 2]],
        }
        for n in range(centres)
        for x, y, z in [((n + dcid) % 97, (n + dcid) % 89, (n + dcid) % 83)]
    ]
    headers, body = result_message(
        {"results": rows}, {"dcid": dcid, "dcgid": 1}, "benchmark"
    )
    return dict(headers), body


class Sender:
    """Publishes on a kept connection of its own."""

    def __init__(self, broker: RabbitMQ, confirm: bool = False) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(broker.url))
        self._channel = self._connection.channel()
        if confirm:
            self._channel.confirm_delivery()

    def send(self, queue: str, headers: dict[str, Any], body: bytes) -> None:
        """Publish a message that outlives a restart of the broker."""
        properties = RabbitMQ.persistent(headers)
        self._channel.basic_publish("", queue, body, properties, mandatory=True)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass
class Times:
    """How long something took each time it was done, in seconds."""

    taken: list[float] = field(default_factory=list[float])

    @property
    def median(self) -> float:
        """The median."""
        return float(np.median(self.taken))

    @property
    def late(self) -> float:
        """The 99th percentile."""
        return float(np.percentile(self.taken, 99))


async def alternate(
    times: int, things: Mapping[str, Callable[[], Awaitable[object]]], warm_up: int = 20
) -> dict[str, Times]:
    """Time things in turn, so that whatever else the machine does hits all of them."""
    taken = {name: Times() for name in things}
    for n in range(warm_up + times):
        for name, do in things.items():
            began = time.perf_counter()
            await do()
            if n >= warm_up:
                taken[name].taken.append(time.perf_counter() - began)
    return taken
