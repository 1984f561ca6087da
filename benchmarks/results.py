"""What it costs to publish a result."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aioca
import dodal.devices.zocalo as theirs
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS
from tests.support.zocalo import write_configuration

from zocalo_ioc.clients.ophyd_async import ZocaloResults

from .finding import Finding, Series, milliseconds
from .stand import QUEUES, Sender, Stand, Times, alternate, result

LATENCY_GOALS = {1: 0.6, 100: 0.9}
"""By the number of centres of a result."""
RATE_GOALS = {1: 3.5, 100: 2.2, 1000: 1.3}
"""Without clients."""
BACKLOG = {1: 1000, 100: 500, 1000: 100}
CLIENTS = 200
CLIENT_GOALS = {"with": 1.5, "without": 1.2}
"""With so many clients, with and without the right to real-time priorities."""
WATCHED = ("RESULT:SEQ", "RESULT:COUNT", "BEST:X", "BEST:Y", "BEST:Z", "CENTRES:X")
Message = tuple[dict[str, Any], bytes]
_DIFFERENT = range(7001, 7011)
"""DCIDs of the results of a queue, in turn."""
_last = itertools.count(900_000)  # DCIDs of the last results of queues

THEIR_QUEUE = "xrc.dodal"


async def latency(stand: Stand, times: int = 500) -> tuple[list[Finding], Series]:
    """Time results from publishing them to the monitor of RESULT:SEQ."""
    iocs, sender = await stand.both(), Sender(stand.broker)
    arrived = {name: asyncio.Event() for name in iocs}
    monitors = [
        ioc.monitor("RESULT:SEQ", lambda _, came=arrived[name]: came.set())
        for name, ioc in iocs.items()
    ]
    await asyncio.sleep(0.5)  # until they have told of what there was before
    findings: list[Finding] = []
    medians: dict[str, list[float]] = {name: [] for name in iocs}
    for count, goal in LATENCY_GOALS.items():
        turns = {
            name: itertools.cycle([result(dcid, count) for dcid in (7001, 7002)])
            for name in iocs
        }

        async def send(name: str, turn: Iterator[Message]) -> None:
            arrived[name].clear()
            sender.send(QUEUES[name], *next(turn))
            await arrived[name].wait()

        taken = await alternate(
            times, {name: partial(send, name, turn) for name, turn in turns.items()}
        )
        for name, each in taken.items():
            medians[name].append(each.median * 1e3)
        findings.append(
            Finding(
                f"result published to RESULT:SEQ, {count} centre{'s' * (count > 1)}",
                milliseconds(taken["ours"]),
                f"bare IOC: {milliseconds(taken['bare'])}",
                taken["ours"].median / taken["bare"].median,
                goal,
                "at most",
                "a result, until its records are set" if count == 1 else "",
            )
        )
    for monitor in monitors:
        monitor.close()
    sender.close()
    stand.stop(*iocs.values())
    title = "From publishing a result to the monitor of RESULT:SEQ"
    cases = [f"{n} centres" for n in LATENCY_GOALS]
    return findings, Series(title, "ms", cases, medians)


async def rates(stand: Stand) -> list[Finding]:
    """Count results a second while a long queue is worked off."""
    findings = await _rates(stand, 0, RATE_GOALS, "")
    for rights, goal in CLIENT_GOALS.items():
        if rights == "with" and os.geteuid() != 0:
            continue  # nobody here has them
        goals = {1: goal, 100: goal}
        findings += await _rates(stand, CLIENTS, goals, f" {rights} real-time rights")
    return findings


async def _rates(
    stand: Stand, clients: int, goals: Mapping[int, float], how: str
) -> list[Finding]:
    iocs = await stand.both(rights="without" not in how)
    findings: list[Finding] = []
    for count, goal in goals.items():
        taken: dict[str, float] = {}
        shown: dict[str, float] = {}
        for name, ioc in iocs.items():
            async with watching(ioc, clients):
                taken[name], shown[name] = await _drain(stand, name, ioc, count)
        case = (
            f"of {count:,} centre{'s' * (count > 1)} a second, {clients} clients{how}"
        )
        rates = {"results": taken}
        if clients:
            rates["results that a monitor sees,"] = shown
        findings += [
            Finding(
                f"{what} {case}",
                f"{rate['ours']:.0f} a second",
                f"bare IOC: {rate['bare']:.0f} a second",
                rate["ours"] / rate["bare"],
                goal,
                "at least",
                "results in a burst" if (count, clients) == (1, 0) else "",
            )
            for what, rate in rates.items()
        ]
    stand.stop(*iocs.values())
    return findings


async def _drain(stand: Stand, name: str, ioc: Ioc, count: int) -> tuple[float, float]:
    """Halt an IOC, fill its queue, and return how fast it works that off.

    Returns:
        Results a second that it takes, and that a monitor of one record sees.
    """
    last, backlog = next(_last), BACKLOG[count]
    await ioc.get("RESULT:DCID")
    turn = itertools.cycle([result(dcid, count) for dcid in _DIFFERENT])
    os.kill(ioc.process.pid, signal.SIGSTOP)
    sender = Sender(stand.broker, confirm=True)
    for _ in range(backlog - 1):
        sender.send(QUEUES[name], *next(turn))
    sender.send(QUEUES[name], *result(last, count))
    sender.close()
    done = asyncio.Event()
    os.kill(ioc.process.pid, signal.SIGCONT)
    began = time.perf_counter()
    seen = 0

    def count_update(dcid: int) -> None:
        nonlocal seen
        seen += 1
        if dcid == last:
            done.set()

    monitor = ioc.monitor("RESULT:DCID", count_update, all_updates=True)
    async with asyncio.timeout(120):
        await done.wait()
    took = time.perf_counter() - began
    monitor.close()
    return backlog / took, seen / took


@asynccontextmanager
async def watching(ioc: Ioc, clients: int) -> AsyncGenerator[None]:
    """Let so many clients monitor an IOC until the end of the block."""
    if not clients:
        yield
        return
    watchers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.watchers", str(clients)),
        *map(ioc.pv, WATCHED),
        env=ioc.client_environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert watchers.stdin is not None
    assert watchers.stdout is not None
    assert await watchers.stdout.readline() == b"watching\n"
    try:
        yield
    finally:
        watchers.stdin.close()
        await watchers.wait()


async def devices(stand: Stand, folder: Path, times: int = 15) -> Finding:
    """Time staging a device and triggering it once, and a result's own way."""
    stand.broker.declare(THEIR_QUEUE)
    file = write_configuration(folder, stand.broker, "bluesky")
    os.environ["ZOCALO_CONFIG"] = str(file)
    ioc = await stand.start("ours")
    await ioc.until_value("BROKER:CONNECTED", 1)
    sender = Sender(stand.broker)
    ours = ZocaloResults(ioc.prefix, "ours", timeout_s=20)
    dodals = theirs.ZocaloResults(
        name="dodals", zocalo_environment="bluesky", channel=THEIR_QUEUE, timeout_s=20
    )
    taken = {"ours": Times(), "dodals": Times(), "way": Times()}
    arrived = asyncio.Event()
    monitor = ioc.monitor("RESULT:SEQ", lambda _: arrived.set())
    message = result(7004, 1)
    await ours.connect()
    await dodals.connect()
    turns = (("ours", ours, RESULTS), ("dodals", dodals, THEIR_QUEUE))
    for n in range(times + 1):
        for name, device, queue in turns:
            began = time.perf_counter()
            await device.stage()
            ours.expect(7004)
            sender.send(queue, *message)
            await device.trigger()
            if n:
                taken[name].taken.append(time.perf_counter() - began)
            await device.unstage()
        arrived.clear()
        began = time.perf_counter()
        sender.send(RESULTS, *message)
        await arrived.wait()
        if n:
            taken["way"].taken.append(time.perf_counter() - began)
    monitor.close()
    sender.close()
    stand.stop(ioc)
    above = 1e3 * (taken["ours"].median - taken["way"].median)
    return Finding(
        "stage and trigger for one result, ms more than a monitor alone",
        milliseconds(taken["ours"]),
        f"a monitor alone: {milliseconds(taken['way'])}; "
        f"dodal's `ZocaloResults`: {milliseconds(taken['dodals'])}",
        above,
        5,
        "at most",
        "a plan that stages, triggers and reads `ZocaloResults`",
    )


def forget_channels() -> None:
    """Close the client's connections while there is a loop to tell of it."""
    aioca.purge_channel_caches()
