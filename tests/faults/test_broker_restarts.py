"""The broker goes away and comes back, at the worst moments."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender
from zocalo_ioc.broker import AmqpBroker, Connection, Message, Queue, Subscription

MAJOR = 2
QUEUE = ("--results-queue", RESULTS)


@pytest.fixture
async def ioc(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> AsyncIterator[Ioc]:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url, *QUEUE),
        *("--send-timeout", "60"),  # RabbitMQ takes its time to start
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    await asyncio.to_thread(ioc.stop)


def events(broker: RabbitMQ, count: int) -> list[tuple[int, str]]:
    bodies = [json.loads(body) for _, _, body in broker.take(TRIGGERS, count)]
    return [(b["parameters"]["ispyb_dcid"], b["parameters"]["event"]) for b in bodies]


async def stop_noticed(ioc: Ioc, broker: RabbitMQ) -> None:
    await asyncio.to_thread(broker.stop)
    await ioc.until_value("BROKER:CONNECTED", 0)


async def test_status_tells_the_truth_when_the_broker_is_restarted_while_idle(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    assert "no results can arrive" not in await ioc.text("MESSAGE")
    await stop_noticed(ioc, private_broker)
    assert await ioc.severity("BROKER:CONNECTED") == MAJOR
    await ioc.until_said("Is the broker running?")
    await asyncio.to_thread(private_broker.start)
    await ioc.until_value("BROKER:CONNECTED", 1)
    assert await ioc.severity("BROKER:CONNECTED") == 0
    assert await ioc.get("BROKER:RECONNECTS") == 1
    ready = "Ready. Write DCID and NUM_FRAMES, then PROCESS."
    assert await ioc.text("MESSAGE") == ready
    with result_sender(private_broker) as zocalo:
        zocalo.send({"results": []}, dcid=1, dcgid=2)
    await ioc.until_value("RESULT:SEQ", 1)


async def test_a_start_that_meets_a_short_outage_goes_out_after_it(
    ioc: Ioc, private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    await ioc.put_all(DCID=301, NUM_FRAMES=10)
    await stop_noticed(ioc, private_broker)
    start = asyncio.create_task(ioc.put("START", 1))
    await ioc.until(lambda: _state(ioc, "Starting"))
    await ioc.until_said("Is the broker running?")
    assert await ioc.severity("BROKER:CONNECTED") == MAJOR
    await asyncio.to_thread(private_broker.start)
    await start
    assert await ioc.state() == "Started"
    assert events(private_broker, 1) == [(301, "start")]


async def test_a_restart_between_start_and_end_loses_neither(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    await ioc.put_all(DCID=302, NUM_FRAMES=10)
    await ioc.put("START", 1)
    await stop_noticed(ioc, private_broker)
    message = await ioc.text("MESSAGE")
    assert message.startswith("DCID 302: start message sent")
    await asyncio.to_thread(private_broker.start)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("END", 1)
    assert await ioc.state() == "Processing"
    assert events(private_broker, 2) == [(302, "start"), (302, "end")]


async def test_killing_the_broker_during_starts_loses_none(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    dcids = range(401, 431)
    for dcid in dcids:
        await ioc.put_all(DCID=dcid, NUM_FRAMES=1)
        start = asyncio.create_task(ioc.put("START", 1))
        if dcid in (410, 420):
            await asyncio.to_thread(private_broker.stop, signal.SIGKILL)
            await asyncio.to_thread(private_broker.start)
        await start
        assert await ioc.state() == "Started"
    sent = events(private_broker, private_broker.depth(TRIGGERS))
    # one whose confirm was lost may be there twice, but next to itself
    assert list(dict.fromkeys(dcid for dcid, _ in sent)) == list(dcids)


async def test_a_broker_away_for_longer_than_the_time_out_fails_the_start(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url, *QUEUE),
        *("--send-timeout", "0.5"),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    await stop_noticed(ioc, private_broker)
    await ioc.put_all(DCID=303, NUM_FRAMES=10)
    await ioc.put("START", 1)
    assert await ioc.state() == "Failed"
    assert await ioc.severity("STATE") == MAJOR
    message = await ioc.text("MESSAGE")
    assert "the start message failed" in message
    assert "Is the broker running?" in message


@pytest.mark.parametrize(
    ("send_timeout", "end"), [("0.5", "Failed"), ("60", "Cancelled")]
)
async def test_a_start_that_is_over_is_not_sent_when_the_broker_is_back(
    private_broker: RabbitMQ,
    ioc_maker: Callable[..., Ioc],
    send_timeout: str,
    end: str,
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url, *QUEUE),
        *("--send-timeout", send_timeout),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    await stop_noticed(ioc, private_broker)
    await ioc.put_all(DCID=304, NUM_FRAMES=10)
    start = asyncio.create_task(ioc.put("START", 1))
    if end == "Cancelled":
        await ioc.until(lambda: _state(ioc, "Starting"))
        await ioc.put("CANCEL", 1)
    await start
    assert await ioc.state() == end
    await asyncio.to_thread(private_broker.start)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("DCID", 305)
    await ioc.put("START", 1)
    assert events(private_broker, private_broker.depth(TRIGGERS)) == [(305, "start")]


async def test_pvs_are_served_without_a_broker(ioc_maker: Callable[..., Ioc]) -> None:
    ioc = ioc_maker(
        *("run", "--broker", "amqp://someone:secret@127.0.0.1:1/%2F"),
        *QUEUE,
    )
    await ioc.until_said("Nothing listens at 127.0.0.1:1")
    assert await ioc.get("BROKER:CONNECTED") == 0
    assert await ioc.get("BROKER:HOST") == "127.0.0.1:1"


@pytest.fixture
def silent_listener() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


async def test_a_listener_that_is_no_broker_is_named_and_stopping_is_clean(
    silent_listener: str, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker("run", "--broker", f"amqp://{silent_listener}", *QUEUE)
    await ioc.until_said("does not answer as RabbitMQ does")
    assert await asyncio.to_thread(ioc.stop) == 0
    assert "Traceback" not in ioc.log


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"host": "no-such-host.invalid"}, "no-such-host.invalid"),
        ({"scheme": "amqps"}, "TLS"),
        ({"vhost": "nowhere"}, "virtual host"),
    ],
)
async def test_the_ioc_goes_on_to_the_next_node_whatever_is_wrong_with_one(
    private_broker: RabbitMQ,
    ioc_maker: Callable[..., Ioc],
    different: dict[str, Any],
    told: str,
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url_with(**different)),
        *("--broker", private_broker.url, *QUEUE),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    assert told in ioc.log
    assert "Traceback" not in ioc.log


async def test_a_broker_short_of_memory_is_named_and_gets_what_waited(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    await asyncio.to_thread(private_broker.control, "set_vm_memory_high_watermark", "0")
    try:
        # RabbitMQ tells a publisher of it when it publishes
        await ioc.put_all(DCID=501, NUM_FRAMES=1)
        starts = asyncio.create_task(ioc.put("START", 1))
        await ioc.until_said("short of memory")
        ends = asyncio.create_task(ioc.put("END", 1))
        await ioc.until(lambda: _state(ioc, "Ending"))
    finally:
        await asyncio.to_thread(
            private_broker.control, "set_vm_memory_high_watermark", "0.4"
        )
    await starts
    await ends
    assert await ioc.state() == "Processing"
    assert "short of memory" not in await ioc.text("MESSAGE")
    assert events(private_broker, 2) == [(501, "start"), (501, "end")]
    assert private_broker.depth(TRIGGERS) == 0, "it was sent twice"


@pytest.fixture
def full_queue(private_broker: RabbitMQ) -> Iterator[RabbitMQ]:
    """A broker whose queue of triggers has no room for another message."""
    with private_broker.channel() as channel:
        channel.queue_delete(TRIGGERS)
        limits = {"x-max-length": 1, "x-overflow": "reject-publish"}
        channel.queue_declare(TRIGGERS, durable=True, arguments=limits)
    private_broker.put(TRIGGERS, ({}, b"first"))
    yield private_broker
    private_broker.delete(TRIGGERS)


async def test_messages_that_the_broker_does_not_take_go_out_in_order_once_it_does(
    full_queue: RabbitMQ, ioc: Ioc
) -> None:
    await ioc.put_all(DCID=511, NUM_FRAMES=1)
    start = asyncio.create_task(ioc.put("START", 1))
    await ioc.until(lambda: _state(ioc, "Starting"))
    end = asyncio.create_task(ioc.put("END", 1))
    await ioc.until(lambda: _state(ioc, "Ending"))
    assert full_queue.take(TRIGGERS)[0][2] == b"first"
    assert events(full_queue, 1) == [(511, "start")]
    assert events(full_queue, 1) == [(511, "end")]
    await start
    await end
    assert await ioc.state() == "Processing"


async def test_a_node_that_rejects_all_messages_is_left(
    full_queue: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    other = full_queue.virtual_host("other", TRIGGERS, RESULTS)
    options = ("--broker", full_queue.url, "--broker", other.url, *QUEUE)
    ioc = ioc_maker("run", *options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=513, NUM_FRAMES=1)
    await ioc.put("START", 1)
    assert await ioc.state() == "Started"
    assert events(other, 1) == [(513, "start")]
    assert f"{full_queue.port} rejects all messages" in ioc.log


async def test_a_queue_that_takes_a_message_now_and_then_is_not_left(
    full_queue: RabbitMQ, ioc: Ioc
) -> None:
    before = await ioc.get("BROKER:RECONNECTS")
    dcids = range(521, 526)
    starts = [{"command": "start", "dcid": n, "num_frames": 1} for n in dcids]
    put = asyncio.create_task(ioc.put("SEND", json.dumps(starts)))
    full_queue.take(TRIGGERS)
    taken: list[tuple[int, str]] = []
    for _ in dcids:
        await asyncio.sleep(1.2)  # in all, longer than a node may reject every message
        taken += events(full_queue, 1)
    await put
    assert sorted(taken) == [(dcid, "start") for dcid in dcids]
    assert await ioc.get("BROKER:RECONNECTS") == before


async def test_a_rejection_that_comes_after_a_node_was_left_is_not_of_the_next_one(
    full_queue: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    other = full_queue.virtual_host("later", TRIGGERS, RESULTS)
    proxy = Proxy(full_queue.port)
    nodes = "--broker", full_queue.url_with(port=proxy.port), "--broker", other.url
    ioc = ioc_maker("run", *nodes, *QUEUE)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=514, NUM_FRAMES=1)
    link = proxy.hold()
    await ioc.put("START", 1)
    await ioc.until_value("BROKER:CONNECTED", 1)
    link.flows.set()
    beats = await ioc.get("HEARTBEAT")
    await ioc.until_value("HEARTBEAT", beats + 6)
    assert await ioc.get("BROKER:RECONNECTS") == 1
    await asyncio.to_thread(ioc.stop)
    proxy.close()


@asynccontextmanager
async def publishing(
    url: str,
) -> AsyncGenerator[tuple[AmqpBroker, asyncio.Queue[Connection]]]:
    """Connect to a broker, and queue the states of the connection."""
    states: asyncio.Queue[Connection] = asyncio.Queue()
    results = Subscription(Queue(RESULTS), lambda _: True)
    amqp = AmqpBroker(lambda: [url], [results], states.put_nowait)
    running = asyncio.create_task(amqp.run())
    while not (await states.get()).up:
        pass
    try:
        yield amqp, states
    finally:
        await amqp.close()
        running.cancel()


@contextmanager
def suspended(broker: RabbitMQ, name: str) -> Generator[None]:
    """Make a queue that takes messages, and confirms none before the end."""
    with broker.channel() as channel:
        channel.queue_declare(name, durable=True)
    queue = (
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{name}">>'
        ")), sys:%s(amqqueue:get_pid(Q))."
    )
    broker.control("eval", queue % "suspend")
    yield
    broker.control("eval", queue % "resume")


async def test_no_message_is_sent_twice_because_another_is_rejected(
    full_queue: RabbitMQ,
) -> None:
    async with publishing(full_queue.url) as (amqp, _):
        with suspended(full_queue, "slow"):
            first = asyncio.create_task(amqp.publish(Message("slow", b"", {}), 30))
            second = asyncio.create_task(amqp.publish(Message(TRIGGERS, b"", {}), 30))
            await asyncio.sleep(1)  # the second is rejected at once
        await first
        full_queue.take(TRIGGERS)
        await second
        assert len(full_queue.take_all("slow", 1)) == 1
        full_queue.delete("slow")


async def test_a_node_that_confirms_only_some_messages_beside_rejections_is_left(
    full_queue: RabbitMQ,
) -> None:
    async with publishing(full_queue.url) as (amqp, states):
        with suspended(full_queue, "hung"):
            with suspended(full_queue, "slow"):
                messages = [
                    asyncio.create_task(amqp.publish(Message(queue, b"", {}), 30))
                    for queue in ("hung", TRIGGERS, "slow")
                ]
                await asyncio.sleep(0.5)  # the second is rejected at once
            await messages[2]
            while not (await states.get()).reconnects:
                pass
        full_queue.take(TRIGGERS)
        await asyncio.gather(*messages)
        for queue in "hung", "slow":
            full_queue.delete(queue)


async def test_a_stop_waits_for_a_message_that_was_just_rejected(
    full_queue: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker("run", "--broker", full_queue.url, *QUEUE)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=515, NUM_FRAMES=1)
    put = asyncio.create_task(ioc.put("START", 1, throw=False))
    await ioc.until(lambda: _state(ioc, "Starting"))
    await asyncio.sleep(0.5)  # it is rejected five times a second
    ioc.process.send_signal(signal.SIGTERM)
    await ioc.until_logged("Stopping")
    full_queue.take(TRIGGERS)
    assert await asyncio.to_thread(ioc.stop) == 0
    assert events(full_queue, 1) == [(515, "start")]
    assert "DCID 515: start confirmed" in ioc.log
    await put


async def test_a_message_that_the_broker_never_takes_fails(
    full_queue: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    options = ("--broker", full_queue.url, *QUEUE, "--send-timeout", "1")
    ioc = ioc_maker("run", *options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=512, NUM_FRAMES=1)
    await ioc.put("START", 1)
    assert await ioc.state() == "Failed"
    assert "Is the queue full?" in await ioc.text("MESSAGE")
    await asyncio.to_thread(ioc.stop)


async def test_a_user_who_may_not_write_is_told_and_results_go_on(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    async def permit(write: str) -> None:
        await asyncio.to_thread(
            private_broker.control,
            *("set_permissions", private_broker.user, ".*", write, ".*"),
        )

    before = await ioc.get("BROKER:RECONNECTS")
    await ioc.put_all(DCID=502, NUM_FRAMES=1)
    await permit("nothing")
    try:
        await ioc.put("START", 1)
        assert await ioc.state() == "Failed"
        message = await ioc.text("MESSAGE")
        assert "does not let this user write" in message
        assert private_broker.user not in message
        assert await ioc.get("BROKER:CONNECTED") == 1
        assert await ioc.get("BROKER:RECONNECTS") == before
    finally:
        await permit(".*")
    await ioc.put("START", 1)
    assert await ioc.state() == "Started"


async def test_a_missing_results_queue_is_named_and_used_once_it_is_there(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker("run", "--broker", private_broker.url, "--results-queue", "later")
    await ioc.until_said("has no queue later")
    await ioc.put_all(DCID=306, NUM_FRAMES=1)
    await ioc.put("START", 1)
    assert await ioc.state() == "Started"
    private_broker.declare("later")
    await ioc.until_value("BROKER:CONNECTED", 1)


async def test_a_deleted_results_queue_is_noticed_and_used_again(
    ioc: Ioc, private_broker: RabbitMQ
) -> None:
    private_broker.delete(RESULTS)
    await ioc.until_said("has no queue xrc.i03")
    assert await ioc.get("BROKER:CONNECTED") == 0
    private_broker.declare(RESULTS)
    await ioc.until_value("BROKER:CONNECTED", 1)


async def test_wrong_credentials_are_named_without_being_shown(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    url = private_broker.url_with(login="someone:secret")
    ioc = ioc_maker("run", "--broker", url, *QUEUE)
    await ioc.until_said("refused the user name or password")
    assert "secret" not in ioc.log
    assert "someone" not in ioc.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_close_the_connection_and_leave_with_status_0(
    private_broker: RabbitMQ, ioc: Ioc, number: signal.Signals
) -> None:
    before = len(private_broker.log)
    assert await asyncio.to_thread(ioc.stop, number) == 0
    log = private_broker.log[before:]
    assert "closed with" not in log
    assert "client unexpectedly closed" not in log


async def _state(ioc: Ioc, state: str) -> bool:
    return await ioc.state() == state
