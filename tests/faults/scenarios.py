"""What brokers and networks do to an IOC, each as often as asked, and what came of it.

The tests do each a few times; ``make faults`` does them often, and writes the table.
"""

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.ioc import Ioc
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from .load import (
    Outcome,
    all_ended,
    count_results,
    count_triggers,
    published,
    publishing,
    result_of,
    triggering,
    watching,
)

CLIENTS = 4
BOTH = ("start", "end")
FIRST_VALID = 2_000_000_000
QUEUE = ("--results-queue", RESULTS)
PATIENT = ("--send-timeout", "120")  # RabbitMQ takes its time to start

Maker = Callable[..., Ioc]


def moments(count: int, times: int) -> list[int]:
    """Return so many moments, each after another one of so many messages."""
    return sorted(random.Random(times).sample(range(1, count), times))


async def connected(ioc: Ioc, limit: float = 120) -> float:
    """Wait until messages can go and come, and return when that was."""
    await ioc.until_value("BROKER:CONNECTED", 1, limit)
    return time.monotonic()


async def works(
    ioc: Ioc, sent: int, clients: Sequence[subprocess.Popen[bytes]]
) -> float:
    """Wait until a message was confirmed that was not when the fault began.

    Args:
        ioc: it is connected by then, too.
        sent: messages confirmed when the fault began; each client may have had one on
            its way.
        clients: when they have ended, nothing is left to be sent.
    """

    async def does() -> bool:
        ended = all(client.poll() is not None for client in clients)
        return ended or await _sent(ioc, sent + len(clients) + 1)

    await connected(ioc)
    await ioc.until(does, 120)
    return time.monotonic()


@asynccontextmanager
async def running(make: Maker, *options: str) -> AsyncGenerator[Ioc]:
    """Run an IOC, connected, until the end of the block."""
    ioc = make("run", *options)
    try:
        await connected(ioc)
        yield ioc
    finally:
        await asyncio.to_thread(ioc.stop)


async def broker_killed_during_triggers(
    make: Maker, broker: RabbitMQ, times: int, scans: int
) -> Outcome:
    """Kill the broker at random moments while clients start and end scans."""
    total = CLIENTS * scans * 2
    outcome = Outcome("broker killed (SIGKILL) during triggers", times, total)
    outcome.measured_from = "the broker answers again, to the next confirm"
    broker.purge(TRIGGERS, RESULTS)
    async with running(make, "--broker", broker.url, *QUEUE, *PATIENT) as ioc:
        with triggering(ioc, CLIENTS, scans) as clients:
            for moment in moments(total - CLIENTS, times):
                await ioc.until(lambda moment=moment: _sent(ioc, moment), 120)
                await asyncio.to_thread(broker.stop, signal.SIGKILL)
                sent = await ioc.get("BROKER:SENT")
                await asyncio.to_thread(broker.start)
                answers = time.monotonic()
                outcome.recoveries.append(await works(ioc, sent, clients) - answers)
            await all_ended(clients)
        count_triggers(broker, ioc, outcome, BOTH)
    return outcome


async def connections_closed_during_results(
    make: Maker, broker: RabbitMQ, times: int, results: int, pace: float
) -> Outcome:
    """Have the broker close every connection while results come."""
    outcome = Outcome(
        "all connections closed by the broker during results", times, results
    )
    outcome.measured_from = "the connections are closed"
    broker.purge(TRIGGERS, RESULTS)
    async with running(make, "--broker", broker.url, *QUEUE) as ioc:
        with watching(ioc) as seen, publishing([broker], results, pace) as publisher:
            for moment in moments(results, times):
                await publisher.until(moment)
                before = await ioc.get("BROKER:RECONNECTS")
                await asyncio.to_thread(broker.control, "close_all_connections", "test")
                closed = time.monotonic()
                await ioc.until(lambda before=before: _reconnected(ioc, before))
                outcome.recoveries.append(await connected(ioc) - closed)
            await publisher.until(results)
            await _drained(broker, ioc)
        count_results(ioc.log, outcome, seen)
    return outcome


async def ioc_killed_during_results(
    make: Maker, broker: RabbitMQ, times: int, results: int, pace: float
) -> Outcome:
    """Kill the IOC while results come, and start it again."""
    outcome = Outcome("IOC killed (SIGKILL) during results", times, results)
    outcome.measured_from = "the IOC is started again"
    broker.purge(TRIGGERS, RESULTS)
    logs = ""
    with publishing([broker], results, pace) as publisher:
        for moment in (*moments(results, times), None):
            again = time.monotonic()
            async with running(make, "--broker", broker.url, *QUEUE) as ioc:
                outcome.recoveries.append(time.monotonic() - again)
                await publisher.until(moment or results)
                if moment is None:
                    await _drained(broker, ioc)
                else:
                    await asyncio.to_thread(ioc.stop, signal.SIGKILL)
                logs += ioc.log
    count_results(logs, outcome)
    return outcome


async def node_in_use_killed(
    make: Maker, cluster: Sequence[RabbitMQ], times: int, scans: int, results: int
) -> list[Outcome]:
    """Kill the node of a cluster that is in use, during triggers and results."""
    triggers = Outcome(
        "node in use of a cluster of three killed (SIGKILL), triggers",
        times,
        CLIENTS * scans * 2,
        measured_from="the node is killed, to the next confirm",
    )
    taken = Outcome("the same, results", times, results, recoveries=triggers.recoveries)
    taken.measured_from = triggers.measured_from
    nodes = [option for node in cluster for option in ("--broker", node.url)]
    async with running(make, *nodes, *QUEUE, *PATIENT) as ioc:
        with (
            watching(ioc) as seen,
            publishing(cluster, results, results / times / 10) as publisher,
            triggering(ioc, CLIENTS, scans) as clients,
        ):
            for moment in moments(triggers.messages - CLIENTS, times):
                await ioc.until(lambda moment=moment: _sent(ioc, moment), 120)
                used = str(await ioc.get("BROKER:HOST"))
                (node,) = [node for node in cluster if used.endswith(f":{node.port}")]
                killed, sent = time.monotonic(), await ioc.get("BROKER:SENT")
                await asyncio.to_thread(node.stop, signal.SIGKILL)
                await ioc.until(lambda used=used: _moved(ioc, used))
                triggers.recoveries.append(await works(ioc, sent, clients) - killed)
                await asyncio.to_thread(node.start)
            await all_ended(clients)
            await publisher.until(results)
            await _drained(cluster[0], ioc)
        count_triggers(cluster[0], ioc, triggers, BOTH)
        count_results(ioc.log, taken, seen)
    return [triggers, taken]


async def connection_swallowed(
    make: Maker, broker: RabbitMQ, times: int, heartbeat: int
) -> Outcome:
    """Let a proxy keep connections open and swallow what both sides say."""
    outcome = Outcome(
        f"open connection that loses everything, heartbeat {heartbeat} s",
        times,
        times,
        measured_from="the first loss, to the alarm",
    )
    broker.purge(TRIGGERS, RESULTS)
    proxy = Proxy(broker.port)
    url = broker.url_with(port=proxy.port)
    options = ("--broker", url, *QUEUE, *PATIENT, "--heartbeat", f"{heartbeat}")
    async with running(make, *options) as ioc:
        for dcid in range(1, times + 1):
            proxy.swallow()
            swallows = time.monotonic()
            with triggering(ioc, 1, 1, dcid) as clients:
                await ioc.until_value("BROKER:CONNECTED", 0, 60)
                outcome.recoveries.append(time.monotonic() - swallows)
                proxy.pass_on()
                await connected(ioc)
                await all_ended(clients)
        outcome.messages *= len(BOTH)
        count_triggers(broker, ioc, outcome, BOTH)
    proxy.close()
    return outcome


async def memory_alarm(
    make: Maker, broker: RabbitMQ, times: int, scans: int
) -> Outcome:
    """Let the broker run short of memory, and have enough again."""

    async def have(watermark: str) -> None:
        await asyncio.to_thread(
            broker.control, "set_vm_memory_high_watermark", watermark
        )

    each = CLIENTS * scans
    outcome = Outcome(
        "memory alarm set and cleared, with triggers waiting", times, each * 2 * times
    )
    outcome.measured_from = "the alarm is cleared, to the next confirm"
    broker.purge(TRIGGERS, RESULTS)
    async with running(make, "--broker", broker.url, *QUEUE, *PATIENT) as ioc:
        for n in range(times):
            before = await ioc.get("BROKER:SENT")
            await have("0.000001")
            try:
                with triggering(ioc, CLIENTS, scans, 1 + n * each) as clients:
                    await ioc.until_said("short of memory")
                    await have("0.4")
                    cleared = time.monotonic()
                    await ioc.until(lambda before=before: _sent(ioc, before + 1))
                    outcome.recoveries.append(time.monotonic() - cleared)
                    await all_ended(clients)
            finally:
                await have("0.4")
        count_triggers(broker, ioc, outcome, BOTH)
    return outcome


async def queue_made_anew(
    make: Maker, broker: RabbitMQ, times: int, heartbeat: int
) -> Outcome:
    """Delete the results queue and make it again at once."""
    outcome = Outcome(
        f"results queue deleted and created again at once, heartbeat {heartbeat} s",
        times,
        times,
        measured_from="the queue exists again, to the next result",
    )
    broker.purge(TRIGGERS, RESULTS)
    options = ("--broker", broker.url, *QUEUE, "--heartbeat", f"{heartbeat}")
    async with running(make, *options) as ioc:
        with watching(ioc) as seen:
            for dcid in range(1, times + 1):
                broker.delete_and_declare(RESULTS)
                anew = time.monotonic()
                broker.put(RESULTS, ({"workflows-recipe": True}, result_of(dcid)))
                await ioc.until_value("RESULT:DCID", dcid, 60)
                outcome.recoveries.append(time.monotonic() - anew)
            await _drained(broker, ioc)
        count_results(ioc.log, outcome, seen)
    return outcome


async def mutated_messages(
    make: Maker, broker: RabbitMQ, messages: Sequence[tuple[bool, bytes]]
) -> Outcome:
    """Send messages that make no sense, and a result after every ten of them.

    Args:
        make: makes IOCs.
        broker: takes the messages.
        messages: for each whether it has the header of a recipe, and its body.
    """
    results = range(FIRST_VALID, FIRST_VALID + len(messages) // 10)
    outcome = Outcome(f"{len(messages)} mutated messages", 1, len(results))
    broker.purge(TRIGGERS, RESULTS)
    async with running(make, "--broker", broker.url, *QUEUE) as ioc:
        memory: list[int] = []
        for n, dcid in enumerate(results):
            mutated = [
                ({"workflows-recipe": True} if has_header else {}, body)
                for has_header, body in messages[10 * n : 10 * n + 10]
            ]
            valid = {"workflows-recipe": True}, result_of(dcid)
            await asyncio.to_thread(broker.put, RESULTS, *mutated, valid)
            await ioc.until_value("RESULT:DCID", dcid)
            if n in (len(results) // 5, len(results) - 1):
                memory.append(ioc.memory)
        names = ("BROKER:RECEIVED", "BROKER:REJECTED", "RESULT:SEQ")
        received, rejected, accepted = [await ioc.get(name) for name in names]
        assert received == len(messages) // 10 * 11
        assert rejected + accepted == received
        found = [dcid for dcid in published(ioc.log) if dcid in results]
    outcome.lost = len(set(results) - set(found))
    outcome.duplicated = len(found) - len(set(found))
    outcome.out_of_order = int(found != sorted(found))
    outcome.remarks = (
        f"{rejected} rejected, {accepted - len(results)} read as results; memory "
        f"{memory[0]} MB after a fifth of them, {memory[1]} MB after all"
    )
    return outcome


async def node_in_use_cut_off(
    make: Maker, cluster: Sequence[RabbitMQ], times: int, starts: int
) -> Outcome:
    """Cut the node in use off from its cluster, and put START; it is not killed."""
    outcome = Outcome(
        "node in use of a cluster of three cut off from the others, START put after",
        times,
        times * starts,
        measured_from="the node is cut off, to the end of the first START",
    )
    nodes = [option for node in cluster for option in ("--broker", node.url)]
    options = (*nodes, *QUEUE, "--send-timeout", "30")  # nodes share a machine
    others = cluster
    async with running(make, *options) as ioc:
        await ioc.put("NUM_FRAMES", 1)
        for number in range(times):
            await connected(ioc)
            used = await ioc.get("BROKER:HOST")
            (node,) = [node for node in cluster if used.endswith(f":{node.port}")]
            others = [other for other in cluster if other is not node]
            await asyncio.to_thread(node.cut_off, others)
            began = time.monotonic()
            for each in range(starts):
                await ioc.put("DCID", FIRST_VALID + number * starts + each)
                await ioc.put("START", 1)
                outcome.lost += await ioc.state() != "Started"
                if not each:
                    outcome.recoveries.append(time.monotonic() - began)
            await asyncio.to_thread(node.rejoin, others)
    queued = others[0].take_all(TRIGGERS, times * starts)
    bodies = {body for _, _, body in queued}
    outcome.lost += times * starts - len(bodies)
    outcome.duplicated = len(queued) - len(bodies)
    return outcome


def make_cluster(folder: Path) -> list[RabbitMQ]:
    """Start three nodes and join them; the queues are quorum queues of all three."""
    nodes: list[RabbitMQ] = []
    for number in range(3):
        place = folder / f"node{number}"
        place.mkdir()
        nodes.append(RabbitMQ(place, peer=nodes[0] if nodes else None))
        nodes[-1].start()
        if number:
            nodes[-1].join()
    nodes[0].declare(TRIGGERS, RESULTS)
    return nodes


# -- what is waited for ------------------------------------------------------------


async def _sent(ioc: Ioc, count: int) -> bool:
    return int(await ioc.get("BROKER:SENT")) >= count


async def _reconnected(ioc: Ioc, before: int) -> bool:
    return int(await ioc.get("BROKER:RECONNECTS")) > before


async def _moved(ioc: Ioc, used: str) -> bool:
    return str(await ioc.get("BROKER:HOST")) != used


async def _drained(broker: RabbitMQ, ioc: Ioc) -> None:
    """Wait until no result is left, then until the IOC has answered once more."""

    async def is_empty() -> bool:
        return await asyncio.to_thread(broker.total, RESULTS) == 0

    await ioc.until(is_empty, 120)
    beats = await ioc.get("HEARTBEAT")
    await ioc.until_value("HEARTBEAT", beats + 2)
