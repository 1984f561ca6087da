"""What it costs to be there: start, idling, and memory."""

import asyncio
import json
import os
import socket
import struct
import threading
import time

import aioca
import pika
from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from .finding import Finding, Series
from .stand import Sender, Stand, Times, result

IDLE_FOR = 30
"""Seconds for which the idle IOCs are watched."""
FIRST_FIFTH = 5


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
        1.5,
        "at most",
    )


async def idle(stand: Stand) -> Finding:
    """See how much of a core the IOCs use while nothing happens."""
    iocs = await stand.both()
    aioca.purge_channel_caches()  # nobody is connected
    await asyncio.sleep(3)
    before = {name: _cpu_time(ioc) for name, ioc in iocs.items()}
    await asyncio.sleep(IDLE_FOR)
    share = {
        name: 100 * (_cpu_time(ioc) - before[name]) / IDLE_FOR
        for name, ioc in iocs.items()
    }
    stand.stop(*iocs.values())
    return Finding(
        "CPU while idle, above the bare IOC",
        f"{share['ours']:.2f} % of a core",
        f"bare IOC: {share['bare']:.2f} %",
        share["ours"] - share["bare"],
        1.0,
        "at most",
    )


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
    looks = 25
    used: list[float] = []
    try:
        for look in range(looks + 1):
            used.append(_memory(ioc))
            if look < looks:
                first = 1 + look * jobs // looks
                await _do_jobs(ioc, range(first, 1 + (look + 1) * jobs // looks))
    finally:
        answering.set()
        answers.join()
    assert await ioc.get("RESULT:SEQ") == jobs
    stand.stop(ioc)
    early = used[looks // FIRST_FIFTH]
    growth = 100 * (used[-1] / early - 1)
    finding = Finding(
        f"memory over {jobs:,} jobs, growth in %",
        f"{used[-1]:.1f} MB",
        f"after the first {jobs // FIRST_FIFTH:,}: {early:.1f} MB",
        growth,
        2,
        "at most",
    )
    cases = [f"{look * jobs // looks:,}" for look in range(looks + 1)]
    return finding, Series("Memory over many jobs", "MB", cases, {"ours": used})


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


def _memory(ioc: Ioc) -> float:
    """Return the memory that a process has for itself, in MB."""
    with open(f"/proc/{ioc.process.pid}/status") as file:
        (line,) = [line for line in file if line.startswith("RssAnon")]
    return int(line.split()[1]) / 1024
