"""A node that lives but can't serve is left for another one."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import pytest

from tests.support.ioc import Ioc
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender

HEARTBEAT = ("--heartbeat", "60")  # so that silence alone is noticed much later


@pytest.fixture
def other(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A second node, which serves."""
    other = rabbitmq.virtual_host("other-node")  # other IOCs take results elsewhere
    other.declare(TRIGGERS, RESULTS)
    other.purge(TRIGGERS, RESULTS)
    return other


@pytest.fixture
def started(ioc_maker: Callable[..., Ioc]) -> Generator[Callable[..., Ioc]]:
    """Start IOCs that end with the test: they take results from each other."""
    iocs: list[Ioc] = []

    def start(*arguments: str) -> Ioc:
        iocs.append(ioc_maker(*arguments))
        return iocs[-1]

    yield start
    for ioc in iocs:
        ioc.stop()


async def connected(
    make: Callable[..., Ioc], *urls: str, options: Sequence[str] = ()
) -> Ioc:
    nodes = [word for url in urls for word in ("--broker", url)]
    ioc = make("run", *nodes, "--results-queue", RESULTS, *HEARTBEAT, *options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=71, NUM_FRAMES=1)
    return ioc


@contextmanager
def suspended(broker: RabbitMQ, queue: str) -> Generator[None]:
    """Halt the process of a quorum queue: nobody gets an answer about it."""
    process = f'list_to_atom("%2F_{queue}")'
    broker.control("eval", f"sys:suspend({process}).")
    try:
        yield
    finally:
        broker.control("eval", f"sys:resume({process}).")


async def starts_at_the_other(ioc: Ioc, other: RabbitMQ) -> None:
    await ioc.put("START", 1)
    assert await ioc.state() == "Started"
    assert len(other.take(TRIGGERS)) == 1
    await ioc.until_value("BROKER:HOST", f"127.0.0.1:{other.port}")
    await ioc.until_value("BROKER:CONNECTED", 1)
    with result_sender(other) as zocalo:
        zocalo.send({"results": []}, dcid=71)
    await ioc.until_value("RESULT:DCID", 71)


async def test_a_message_that_a_halted_node_does_not_confirm_goes_to_another(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    ioc = await connected(started, private_broker.url, other.url)
    with private_broker.halted():
        await starts_at_the_other(ioc, other)


async def test_a_message_that_is_swallowed_goes_to_another_node(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    proxy = Proxy(private_broker.port)
    silent = private_broker.url_with(port=proxy.port)
    ioc = await connected(started, silent, other.url)
    proxy.swallow()
    await starts_at_the_other(ioc, other)
    assert private_broker.depth(TRIGGERS) == 0
    proxy.close()


async def test_a_message_to_a_queue_that_does_not_answer_goes_to_another_node(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    ioc = await connected(started, private_broker.url, other.url)
    with suspended(private_broker, TRIGGERS):
        await starts_at_the_other(ioc, other)


async def test_a_node_whose_results_queue_does_not_answer_is_left(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    with suspended(private_broker, RESULTS):
        ioc = await connected(started, private_broker.url, other.url)
        assert await ioc.get("BROKER:HOST") == f"127.0.0.1:{other.port}"


async def test_a_node_that_no_longer_delivers_is_left(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    ioc = await connected(started, private_broker.url, other.url)
    with suspended(private_broker, RESULTS):
        await ioc.until_value("BROKER:HOST", f"127.0.0.1:{other.port}")
        await ioc.until_value("BROKER:CONNECTED", 1)


async def test_a_single_node_that_confirms_nothing_is_not_called_connected(
    started: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    ioc = await connected(started, private_broker.url)
    seen: list[int] = []
    watching = ioc.monitor("BROKER:CONNECTED", seen.append)
    with suspended(private_broker, TRIGGERS):
        await ioc.put("START", 1)
        assert await ioc.state() == "Failed"
    assert seen == [1, 0]
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("START", 1)
    assert await ioc.state() == "Started"
    watching.close()


async def test_a_node_that_is_short_of_memory_is_kept_but_not_called_connected(
    started: Callable[..., Ioc], private_broker: RabbitMQ, other: RabbitMQ
) -> None:
    patient = ("--send-timeout", "60")
    urls = private_broker.url, other.url
    ioc = await connected(started, *urls, options=patient)
    private_broker.control("set_vm_memory_high_watermark", "0.000001")
    try:
        await ioc.put("START", 1, wait=False)
        await ioc.until_value("BROKER:CONNECTED", 0)
        assert "is short of memory" in await ioc.text("MESSAGE")
    finally:
        private_broker.control("set_vm_memory_high_watermark", "0.4")
    await ioc.until_value("BROKER:CONNECTED", 1)
    assert await ioc.get("BROKER:HOST") == f"127.0.0.1:{private_broker.port}"
    await ioc.until_value("BROKER:SENT", 1)
