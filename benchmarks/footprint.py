"""What it costs to be there: start, idling, and memory."""

import asyncio
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import pairwise

import aioca
import pika
from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from .finding import Finding, Series
from .frames import FRAMES, start_feeder
from .results import CLIENTS, watching
from .stand import Sender, Stand, Times, result

IDLE_FOR = 30
"""Seconds for which the idle IOCs are watched."""
LOOKS = 25
FIRST_FIFTH = 5
FASTEST = 20_000
"""Frames a second, which is more than are taken."""
LARGEST_GRID = 40_000
"""Frames."""


def until_found(ioc: Ioc, pv: str, limit: float = 30) -> None:
    """Ask for a PV, as Channel Access does but every 10 ms, until the IOC answers."""
    name = pv.encode() + b"\0"
    name += bytes(-len(name) % 8)
    version, search, dont_reply, minor = 0, 6, 5, 13
    header = struct.Struct(">HHHHII")
    request = header.pack(version, 0, 0, minor, 0, 0)
    request += header.pack(search, len(name), dont_reply, minor, 1, 1) + name
    end = time.monotonic() + limit
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.01)
        while time.monotonic() < end:
            try:
                udp.sendto(request, (LOOPBACK, ioc.ports.ca))
                answer = udp.recv(1024)
            except (TimeoutError, ConnectionError):
                continue
            commands = [answer[i : i + 2] for i in range(0, len(answer), 8)]
            if search.to_bytes(2) in commands:
                return
    raise TimeoutError(pv)


async def start(stand: Stand, times: int = 7) -> Finding:
    """Time the start of a process until it answers for a PV."""
    taken = {"ours": Times(), "bare": Times()}
    for _ in range(times):
        for name, each in taken.items():
            began = time.perf_counter()
            ioc = stand.launch(name)
            await asyncio.to_thread(until_found, ioc, ioc.pv("VERSION"))
            each.taken.append(time.perf_counter() - began)
            stand.stop(ioc)
    ours, bare = taken["ours"].median, taken["bare"].median
    return Finding(
        "start of the process to first PV answered",
        f"{ours:.2f} s",
        f"bare IOC with as many records: {bare:.2f} s",
        ours / bare,
        1.2,
        "at most",
        "start, until the first PV answers",
    )


async def idle(stand: Stand) -> list[Finding]:
    """See what the IOCs use while nothing happens, and what clients add to it."""
    iocs = await stand.both()
    aioca.purge_channel_caches()  # nobody is connected
    await asyncio.sleep(3)
    before = {name: _cpu_time(ioc) for name, ioc in iocs.items()}
    await asyncio.sleep(IDLE_FOR)
    share = {
        name: 100 * (_cpu_time(ioc) - before[name]) / IDLE_FOR
        for name, ioc in iocs.items()
    }
    alone = {name: _memory(ioc, "VmRSS") for name, ioc in iocs.items()}
    async with watching(iocs["ours"], CLIENTS):
        each = (_memory(iocs["ours"], "VmRSS") - alone["ours"]) / CLIENTS
    stand.stop(*iocs.values())
    return [
        Finding(
            "CPU while idle, above the bare IOC",
            f"{share['ours']:.2f} % of a core",
            f"bare IOC: {share['bare']:.2f} %",
            share["ours"] - share["bare"],
            1.0,
            "at most",
        ),
        Finding(
            "resident memory while idle, MB",
            f"{alone['ours']:.0f} MB",
            f"bare IOC: {alone['bare']:.0f} MB",
            alone["ours"],
            85,
            "at most",
            "memory",
        ),
        Finding(
            f"memory for each of {CLIENTS} clients that monitor, MB",
            f"{each:.2f} MB",
            "",
            each,
            0.1,
            "at most",
        ),
    ]


def _cpu_time(ioc: Ioc) -> float:
    """Return the seconds that a process has computed."""
    with open(f"/proc/{ioc.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def memory(stand: Stand, jobs: int) -> tuple[Finding, Series]:
    """See how memory grows over many jobs, each with start, end and result."""
    ioc = await stand.start("ours")
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(NUM_FRAMES=1, TIMEOUT=3600)
    answering = threading.Event()
    answers = threading.Thread(target=_answer, args=(stand.broker, answering))
    answers.start()
    try:
        found = await _growth(ioc, "jobs", jobs, partial(_do_jobs, ioc))
    finally:
        answering.set()
        answers.join()
    assert await ioc.get("RESULT:SEQ") == jobs
    stand.stop(ioc)
    return found


async def frames_memory(stand: Stand, frames: int) -> tuple[Finding, Series]:
    """See how memory grows over many frames, in scans of many grids."""
    stand.broker.declare(FRAMES)
    ioc = stand.launch("ours", "--frames-queue", FRAMES)
    await ioc.until_value("BROKER:CONNECTED", 1)

    async def feed(numbers: range) -> None:
        for first in numbers[::LARGEST_GRID]:
            count = min(LARGEST_GRID, numbers.stop - first)
            dcid = 1 + first  # higher than those before
            feeder = await start_feeder(stand, FASTEST, count, dcid)
            assert await feeder.wait() == 0
            await ioc.until_value("GRID:XY:DCID", dcid, limit=600)
            await ioc.until_value("GRID:XY:FRAMES", count, limit=600)

    found = await _growth(ioc, "frames", frames, feed)
    stand.stop(ioc)
    return found


async def _growth(
    ioc: Ioc, what: str, count: int, do: Callable[[range], Awaitable[None]]
) -> tuple[Finding, Series]:
    """Do something many times, and compare the end with a fifth of the way."""
    steps = [1 + look * count // LOOKS for look in range(LOOKS + 1)]
    used = [_memory(ioc)]
    for first, following in pairwise(steps):
        await do(range(first, following))
        used.append(_memory(ioc))
    early = used[LOOKS // FIRST_FIFTH]
    finding = Finding(
        f"memory over {count:,} {what}, growth in %",
        f"{used[-1]:.1f} MB",
        f"after the first {count // FIRST_FIFTH:,}: {early:.1f} MB",
        100 * (used[-1] / early - 1),
        1,
        "at most",
    )
    cases = [f"{step - 1:,}" for step in steps]
    return finding, Series(f"Memory over many {what}", "MB", cases, {"ours": used})


async def _do_jobs(ioc: Ioc, dcids: range) -> None:
    """Start and end every data collection, and wait for the last result."""
    ended = asyncio.Queue[int]()

    async def send(command: str, dcid: int) -> None:
        text = json.dumps({"command": command, "dcid": dcid, "num_frames": 1})
        name = "SEND" if command == "start" else "SUBMIT"
        await ioc.put(name, text)

    async def end_all() -> None:
        for _ in dcids:
            await send("end", await ended.get())

    ending = asyncio.create_task(end_all())
    for dcid in dcids:
        await send("start", dcid)
        ended.put_nowait(dcid)
    await ending
    await ioc.until_value("RESULT:DCID", dcids[-1])


def _answer(broker: RabbitMQ, stop: threading.Event) -> None:
    """Answer each end message with a result, as Zocalo would."""
    sender = Sender(broker)
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=100)
    for method, _, body in channel.consume(
        TRIGGERS, auto_ack=True, inactivity_timeout=0.1
    ):
        if stop.is_set():
            break
        if method is not None and body is not None:
            parameters = json.loads(body)["parameters"]
            if parameters["event"] == "end":
                sender.send(RESULTS, *result(parameters["ispyb_dcid"], 5))
    connection.close()
    sender.close()


def _memory(ioc: Ioc, kind: str = "RssAnon") -> float:
    """Return the memory that a process has for itself, or resides in, in MB."""
    with open(f"/proc/{ioc.process.pid}/status") as file:
        (line,) = [line for line in file if line.startswith(f"{kind}:")]
    return int(line.split()[1]) / 1024
