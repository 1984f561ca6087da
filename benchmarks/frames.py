"""What it costs to take frames, and what results wait for them."""

import asyncio
import math
import os
import sys
import time
from functools import partial

import numpy as np
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS

from .finding import Finding, milliseconds
from .stand import Sender, Stand, Times, result

FRAMES = "pia.bench"
RATES = (500, 1000, 2000)
SECONDS = 20


async def rates(stand: Stand) -> list[Finding]:
    """Send frames at each rate while results come, and without frames in between."""
    stand.broker.declare(FRAMES)
    ioc = stand.launch("ours", "--frames-queue", FRAMES)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.get("GRID:XY:FRAMES")
    findings: list[Finding] = []
    for n, rate in enumerate(RATES):
        without, _ = await _results(stand, ioc)
        dcid = 8001 + n
        updates: list[float] = []
        monitor = ioc.monitor("GRID:XY:COUNTS", partial(_note, updates))
        feeder = await start_feeder(stand, rate, rate * SECONDS, dcid)
        beside, cpu = await _results(stand, ioc)
        await feeder.wait()
        await ioc.until_value("GRID:XY:FRAMES", rate * SECONDS)
        await asyncio.sleep(0.5)
        monitor.close()
        shortest = float(np.min(np.diff(updates[1:])))
        often = f"{len(updates) / SECONDS:.1f} updates a second, {shortest:.2f} s apart"
        findings.append(
            Finding(
                f"latency of a result beside {rate} frames a second "
                f"({100 * cpu:.0f} % of a core, none lost, {often})",
                milliseconds(beside),
                f"without frames: {milliseconds(without)}",
                beside.median / without.median,
                1.15,
                "at most",
                f"a result beside {rate:,} frames a second" if rate == 2000 else "",
            )
        )
    stand.stop(ioc)
    return findings


def _note(updates: list[float], _: object) -> None:
    updates.append(time.time())


async def start_feeder(
    stand: Stand, rate: int, count: int, dcid: int
) -> asyncio.subprocess.Process:
    """Begin to send the frames of a grid, so many a second."""
    side = math.isqrt(count - 1) + 1
    numbers = map(str, (rate, count, dcid, side))
    arguments = stand.broker.url, FRAMES, *numbers
    feeder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.feeder", *arguments),
        stdout=asyncio.subprocess.PIPE,
    )
    assert feeder.stdout is not None
    assert await feeder.stdout.readline() == b"feeding\n"
    return feeder


async def _results(stand: Stand, ioc: Ioc) -> tuple[Times, float]:
    """Time results for most of the time, and measure the IOC's share of a core."""
    sender, arrived, taken = Sender(stand.broker), asyncio.Event(), Times()
    monitor = ioc.monitor("RESULT:SEQ", lambda _: arrived.set())
    await asyncio.sleep(0.5)
    before, began = _cpu(ioc), time.perf_counter()
    send = partial(sender.send, RESULTS)
    while time.perf_counter() - began < SECONDS - 2:
        arrived.clear()
        sent = time.perf_counter()
        send(*result(7001, 1))
        await arrived.wait()
        taken.taken.append(time.perf_counter() - sent)
        await asyncio.sleep(0.05)
    share = (_cpu(ioc) - before) / (time.perf_counter() - began)
    monitor.close()
    sender.close()
    return taken, share


def _cpu(ioc: Ioc) -> float:
    """Return the seconds of a core that the process has had."""
    with open(f"/proc/{ioc.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
