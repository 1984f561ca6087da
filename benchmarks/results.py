"""What it costs to publish a result."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator
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

CENTRES = (1, 10, 100, 1000)
BACKLOG = {1: 1000, 10: 1000, 100: 500, 1000: 100}
WATCHERS = (0, 10, 200)
WATCHED = ("RESULT:SEQ", "RESULT:COUNT", "BEST:X", "BEST:Y", "BEST:Z", "CENTRES:X")
Message = tuple[dict[str, Any], bytes]
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
    for count in CENTRES:
        # two in turn: records of the bare IOC that do not change are not monitored
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
                1.25,
                "at most",
            )
        )
    for monitor in monitors:
        monitor.close()
    sender.close()
    stand.stop(*iocs.values())
    title = "From publishing a result to the monitor of RESULT:SEQ"
    return findings, Series(title, "ms", [f"{n} centres" for n in CENTRES], medians)


async def rates(stand: Stand) -> tuple[list[Finding], list[Series]]:
    """Count results a second while a long queue is worked off."""
    iocs = await stand.both()
    findings: list[Finding] = []
    series: list[Series] = []
    for watchers in WATCHERS:
        rates: dict[str, list[float]] = {name: [] for name in iocs}
        for count in CENTRES:
            for name, ioc in iocs.items():
                async with _watching(ioc, watchers):
                    rates[name].append(await _drain(stand, name, ioc, count))
            ours, bare = rates["ours"][-1], rates["bare"][-1]
            findings.append(
                Finding(
                    f"results of {count} centre{'s' * (count > 1)} a second, "
                    f"{watchers} clients",
                    f"{ours:.0f} a second",
                    f"bare IOC: {bare:.0f} a second",
                    ours / bare,
                    0.8,
                    "at least",
                )
            )
        cost = rates["ours"][0] / rates["ours"][-1]
        findings.append(
            Finding(
                f"1,000 centres beside 1, {watchers} clients",
                f"{1e3 / rates['ours'][-1]:.1f} ms a result",
                f"1 centre: {1e3 / rates['ours'][0]:.1f} ms",
                cost,
                6,
                "at most",
            )
        )
        title = f"Results a second, {watchers} monitoring clients"
        cases = [f"{n} centres" for n in CENTRES]
        series.append(Series(title, "results/s", cases, rates))
    stand.stop(*iocs.values())
    return findings, series


async def _drain(stand: Stand, name: str, ioc: Ioc, count: int) -> float:
    """Halt an IOC, fill its queue, and return how fast it works that off."""
    last, backlog = next(_last), BACKLOG[count]
    await ioc.get("RESULT:DCID")
    headers, body = result(7003, count)
    os.kill(ioc.process.pid, signal.SIGSTOP)
    sender = Sender(stand.broker, confirm=True)
    for _ in range(backlog - 1):
        sender.send(QUEUES[name], headers, body)
    sender.send(QUEUES[name], *result(last, count))
    sender.close()
    done = asyncio.Event()
    os.kill(ioc.process.pid, signal.SIGCONT)
    began = time.perf_counter()
    monitor = ioc.monitor("RESULT:DCID", lambda dcid: dcid == last and done.set())
    async with asyncio.timeout(120):
        await done.wait()
    monitor.close()
    return backlog / (time.perf_counter() - began)


@asynccontextmanager
async def _watching(ioc: Ioc, clients: int) -> AsyncGenerator[None]:
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


async def devices(stand: Stand, folder: Path, times: int = 5) -> list[Finding]:
    """Time staging a device and triggering it once, with a result in between."""
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
    taken = {"ours": Times(), "dodals": Times()}
    message = result(7004, 1)
    arrived = asyncio.Event()
    monitor = ioc.monitor("RESULT:SEQ", lambda _: arrived.set())
    way = Times()
    await ours.connect()
    await dodals.connect()
    # ours is so much quicker that it is staged more often
    turns = [("ours", ours, RESULTS)] * 10 + [("dodals", dodals, THEIR_QUEUE)]
    for n in range(times + 1):
        for name, device, queue in turns:
            arrived.clear()
            began = time.perf_counter()
            await device.stage()
            ours.expect(7004)
            sender.send(queue, *message)
            await device.trigger()
            if n:
                taken[name].taken.append(time.perf_counter() - began)
            await device.unstage()
            if device is ours:
                # the next result, that nobody waits for but a monitor
                await arrived.wait()
                arrived.clear()
                sent = time.perf_counter()
                sender.send(queue, *message)
                await arrived.wait()
                way.taken.append(time.perf_counter() - sent)
    monitor.close()
    sender.close()
    stand.stop(ioc)
    above = (taken["ours"].median - way.median) * 1e3
    return [
        Finding(
            "stage and trigger for one result",
            milliseconds(taken["ours"]),
            f"dodal's `ZocaloResults`: {milliseconds(taken['dodals'])}",
            taken["dodals"].median / taken["ours"].median,
            500,
            "at least",
        ),
        Finding(
            "stage and trigger, above the way of the result, in ms",
            f"{above:.2f} ms",
            f"publishing to RESULT:SEQ: {milliseconds(way)}",
            above,
            5,
            "at most",
        ),
    ]


def forget_channels() -> None:
    """Close the client's connections while there is a loop to tell of it."""
    aioca.purge_channel_caches()
