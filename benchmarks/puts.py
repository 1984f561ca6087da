"""What it costs to have a message sent."""

import asyncio
import json
import os
import sys
from pathlib import Path

import aioca
from dodal.devices.zocalo import ZocaloStartInfo, ZocaloTrigger
from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS
from tests.support.zocalo import write_configuration

from zocalo_ioc.wire import Event, Request, encode, trigger_headers

from .finding import Finding, Series, milliseconds
from .stand import Sender, Stand, alternate

DCID, FRAMES = 6476, 400
BODY = encode(Request(dcid=DCID, num_frames=FRAMES).message(Event.START, "0" * 36))
CLIENTS = (1, 10, 50)
TOGETHER = 10
PUTS = 3000


async def latency(stand: Stand, folder: Path, times: int = 1000) -> list[Finding]:
    """Time START from the put to its callback, the floor, and dodal's run_start."""
    iocs = await stand.both()
    ours, bare = iocs["ours"], iocs["bare"]
    await ours.put_all(DCID=DCID, NUM_FRAMES=FRAMES)
    sender = Sender(stand.broker, confirm=True)
    file = write_configuration(folder, stand.broker, "bluesky")
    os.environ["ZOCALO_CONFIG"] = str(file)
    dodal = ZocaloTrigger(environment="bluesky")
    info = ZocaloStartInfo(DCID, None, 0, FRAMES, 0)

    async def put(ioc: Ioc, name: str) -> None:
        await aioca.caput(ioc.pv(name), 1, wait=True, timeout=30)

    async def publish() -> None:
        sender.send(TRIGGERS, dict(trigger_headers()), BODY)

    async def run_start() -> None:
        dodal.run_start(info)

    taken = await alternate(
        times,
        {
            "start": lambda: put(ours, "START"),
            "put": lambda: put(bare, "PUT"),
            "publish": publish,
        },
    )
    # apart: the broker is still closing dodal's connection when the next one begins
    beside = await alternate(
        times // 2, {"start": lambda: put(ours, "START"), "dodal": run_start}
    )
    sender.close()
    stand.broker.purge(TRIGGERS)
    stand.stop(ours, bare)
    start, floor = taken["start"], (taken["put"], taken["publish"])
    return [
        Finding(
            "START, put to callback",
            milliseconds(start),
            f"bare put + publish with confirm: {milliseconds(*floor)}",
            start.median / sum(part.median for part in floor),
            1.3,
            "at most",
            "START, until its put ends",
        ),
        Finding(
            "START, put to callback",
            milliseconds(beside["start"]),
            f"dodal's `run_start`: {milliseconds(beside['dodal'])}",
            beside["dodal"].median / beside["start"].median,
            1,
            "at least",
        ),
    ]


async def rates(stand: Stand) -> tuple[list[Finding], Series]:
    """Count STARTs a second by several clients, and messages of long submissions."""
    iocs = await stand.both()
    ours, bare = iocs["ours"], iocs["bare"]
    await ours.put_all(DCID=DCID, NUM_FRAMES=FRAMES)
    cases = {
        "START": (ours, "START"),
        f"SEND of {TOGETHER} messages": (ours, "SEND"),
        "bare put": (bare, "PUT"),
    }
    got = {
        name: [await _rate(*case, count) for count in CLIENTS]
        for name, case in cases.items()
    }
    stand.broker.purge(TRIGGERS)
    stand.stop(ours, bare)
    findings = [
        Finding(
            f"messages a second, {name} by {CLIENTS[-1]} clients",
            f"{rates[-1]:.0f} a second",
            f"by 1 client: {rates[0]:.0f} a second",
            rates[-1] / rates[0],
            1.0,
            "at least",
        )
        for name, rates in got.items()
        if cases[name][0] is ours
    ]
    title = "Messages sent, by clients that put with callback at once"
    return findings, Series(title, "messages/s", [str(n) for n in CLIENTS], got)


async def _rate(ioc: Ioc, name: str, clients: int) -> float:
    """Return the messages a second that so many clients have sent."""
    grids = [
        {"command": "start", "dcid": DCID + n, "num_frames": 1} for n in range(TOGETHER)
    ]
    value, messages = (json.dumps(grids), TOGETHER) if name == "SEND" else ("1", 1)
    putters = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.putters"),
        *(str(clients), str(PUTS // messages), ioc.pv(name), value),
        env=ioc.client_environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await putters.communicate()
    return float(output) * messages
