"""What an IOC does while what it needs is taken away, and given back."""

import asyncio
import itertools
import json
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pika.exceptions

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from .load import CLIENT, Outcome, all_ended, count_triggers, result_of, triggering
from .scenarios import (
    BOTH,
    CLIENTS,
    PATIENT,
    QUEUE,
    Maker,
    connected,
    moments,
    running,
    works,
)

USER = "rotating"
INTERLEAVE = CLIENT.with_name("interleave.py")
MESSAGES = {
    "start": ("start",),
    "end": ("end",),
    "process": BOTH,
    "both": BOTH,
    "cancel": (),
    "record": (),
}
"""Those that the broker has when a command of `INTERLEAVE` has ended well."""
HUNG = 200.0
"""Seconds after which a command hangs: the send time-out and those of the job."""


async def file_descriptors_exhausted(
    make: Maker, broker: RabbitMQ, times: int
) -> Outcome:
    """Let the IOC have no further file descriptor when it must connect anew."""
    outcome = Outcome(
        "IOC out of file descriptors while it has to reconnect", times, times
    )
    outcome.measured_from = "the IOC may open files again"
    outcome.messages *= len(BOTH)
    broker.purge(TRIGGERS, RESULTS)
    async with running(make, "--broker", broker.url, *QUEUE, *PATIENT) as ioc:
        pid = ioc.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for dcid in range(1, times + 1):
            before = await ioc.get("BROKER:RECONNECTS")
            with triggering(ioc, 1, 1, dcid) as clients:
                await ioc.until_value("JOB:DCID", dcid)
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
                await asyncio.to_thread(broker.control, "close_all_connections", "test")
                await ioc.until_value("BROKER:CONNECTED", 0)
                beats = await ioc.get("HEARTBEAT")
                await ioc.until_value("HEARTBEAT", beats + 5)
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
                again = time.monotonic()
                outcome.recoveries.append(await connected(ioc) - again)
                await all_ended(clients)
            assert await ioc.get("BROKER:RECONNECTS") > before
        count_triggers(broker, ioc, outcome, BOTH)
    return outcome


async def autosave_folder_taken_away(
    make: Maker, broker: RabbitMQ, folder: Path, times: int
) -> Outcome:
    """Rename the folder that an IOC saves to, and name it back after a put."""
    outcome = Outcome("autosave folder removed and restored", times, times)
    outcome.measured_from = "the folder is restored, to AUTOSAVE:OK"
    saved = folder / "saved"
    options = ("--broker", broker.url, *QUEUE, "--autosave", str(saved))
    async with running(make, *options) as ioc:
        for number in range(1, times + 1):
            saved.rename(folder / "aside")
            await ioc.put("DCID", number)
            await ioc.until_value("AUTOSAVE:OK", 0)
            (folder / "aside").rename(saved)
            back = time.monotonic()
            await ioc.until_value("AUTOSAVE:OK", 1)
            outcome.recoveries.append(time.monotonic() - back)
            text = (saved / f"{ioc.prefix}.json").read_text()
            outcome.lost += json.loads(text)["values"]["DCID"] != number
    return outcome


async def password_rotated(
    make: Maker, broker: RabbitMQ, folder: Path, times: int, scans: int
) -> Outcome:
    """Change the password of the IOC at the broker, and then in its file."""
    total = CLIENTS * scans * len(BOTH)
    outcome = Outcome("password rotated, connections closed", times, total)
    outcome.measured_from = "the new password is in the file, to the next confirm"
    file = folder / "urls"

    def change(password: str) -> None:
        broker.control("change_password", USER, password)

    def write(password: str) -> None:
        file.write_text(broker.url_with(login=f"{USER}:{password}"))

    broker.purge(TRIGGERS, RESULTS)
    broker.control("add_user", USER, "0")
    broker.control("set_permissions", USER, ".*", ".*", ".*")
    write("0")
    async with running(make, "--broker-file", str(file), *QUEUE, *PATIENT) as ioc:
        with triggering(ioc, CLIENTS, scans) as clients:
            for number, moment in enumerate(moments(total - CLIENTS, times), 1):

                async def sent(moment: int = moment) -> bool:
                    return int(await ioc.get("BROKER:SENT")) >= moment

                await ioc.until(sent, 120)
                await asyncio.to_thread(change, f"{number}")
                await asyncio.to_thread(broker.control, "close_all_connections", "test")
                await ioc.until_value("BROKER:CONNECTED", 0)
                count = await ioc.get("BROKER:SENT")
                write(f"{number}")
                rotated = time.monotonic()
                outcome.recoveries.append(await works(ioc, count, clients) - rotated)
            await all_ended(clients)
        count_triggers(broker, ioc, outcome, BOTH)
    broker.control("delete_user", USER)
    return outcome


async def clients_interleaving(
    make: Maker, broker: RabbitMQ, clients: int, seconds: float, pause: float
) -> Outcome:
    """Let many clients put any commands, and kill the broker again and again."""
    outcome = Outcome(
        f"broker killed (SIGKILL), {clients} processes put random commands", 0, 0
    )
    outcome.measured_from = "the broker answers again, to the connection"
    broker.purge(TRIGGERS, RESULTS)
    rng = random.Random(clients)
    end = time.monotonic() + seconds
    async with running(make, "--broker", broker.url, *QUEUE, *PATIENT) as ioc:
        await ioc.put_all(TIMEOUT=60, END_TIMEOUT=20)
        with (
            ThreadPoolExecutor(clients) as threads,
            _answering(broker) as events,
            _interleaving(ioc, clients, seconds) as all_,
        ):
            # in threads beside those of asyncio, which kill the broker
            call = partial(asyncio.get_running_loop().run_in_executor, threads)
            ends = asyncio.gather(*(call(p.communicate) for p in all_))
            while time.monotonic() + pause < end:
                await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
                await asyncio.to_thread(broker.stop, signal.SIGKILL)
                await asyncio.to_thread(broker.start)
                answers = time.monotonic()
                outcome.recoveries.append(await connected(ioc) - answers)
                outcome.times += 1
            async with asyncio.timeout(seconds + HUNG):
                outputs = await ends
    assert all(process.returncode == 0 for process in all_)
    lines = [json.loads(line) for output, _ in outputs for line in output.splitlines()]
    kinds: Counter[str] = Counter()
    for command, dcids, how, took in lines:
        assert took < HUNG, (command, dcids, how)
        kinds[how.partition(":")[0]] += 1
        outcome.messages += len(MESSAGES[command]) * len(dcids)
        if how == "well":
            wanted = itertools.product(dcids, MESSAGES[command])
            outcome.lost += sum(message not in events for message in wanted)
    outcome.duplicated = sum(count - 1 for count in events.values())
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    longest = max(took for *_, took in lines)
    outcome.remarks = (
        f"{seconds:g} s; commands: {said}; the longest took {longest:.0f} s"
    )
    return outcome


@contextmanager
def _interleaving(
    ioc: Ioc, clients: int, seconds: float
) -> Generator[list[subprocess.Popen[str]]]:
    processes = [
        subprocess.Popen(
            [sys.executable, INTERLEAVE, ioc.prefix, f"{n * 100_000}", f"{seconds}"],
            env=ioc.client_environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(1, clients + 1)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()


@contextmanager
def _answering(broker: RabbitMQ) -> Generator[Counter[tuple[int, str]]]:
    """Count triggers and answer each end, through whatever happens to the broker."""
    events: Counter[tuple[int, str]] = Counter()
    stop = threading.Event()

    def answer() -> None:
        properties = RabbitMQ.persistent({"workflows-recipe": True})
        while not stop.is_set():
            try:
                with broker.channel() as channel:
                    channel.confirm_delivery()
                    for method, _, body in channel.consume(
                        TRIGGERS, inactivity_timeout=0.1
                    ):
                        if stop.is_set():
                            return
                        if method is None:
                            continue
                        parameters = json.loads(body)["parameters"]
                        dcid, event = parameters["ispyb_dcid"], parameters["event"]
                        if event == "end":
                            channel.basic_publish(
                                "", RESULTS, result_of(dcid), properties
                            )
                        channel.basic_ack(method.delivery_tag)
                        events[dcid, event] += 1
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(0.1)  # the broker is away; tried again until told to stop

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield events
    finally:
        stop.set()
        thread.join()
