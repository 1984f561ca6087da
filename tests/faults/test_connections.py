"""Every kind of connection, and what an operator is told when one does not work."""

import asyncio
import json
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.ioc import Ioc, StuckIoc
from tests.support.ports import LOOPBACK, free_ports
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.zocalo import write_configuration

QUEUE = ("--results-queue", RESULTS)
EXCHANGE = ("--results-exchange", "results", "--routing-key", RESULTS)
HEARTBEAT = 4

Maker = Callable[..., Ioc]


@pytest.fixture
async def ioc_maker(ioc_maker: Maker) -> AsyncIterator[Maker]:
    """Starts IOCs that end with the test: they would take each other's results."""
    made: list[Ioc] = []

    def make(*arguments: str) -> Ioc:
        made.append(ioc_maker(*arguments))
        return made[-1]

    yield make
    for ioc in made:
        await asyncio.to_thread(ioc.stop)


def result(dcid: int) -> tuple[dict[str, Any], bytes]:
    body = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": dcid}}},
        "recipe-pointer": 1,
    }
    return {"workflows-recipe": True}, json.dumps(body).encode()


# -- the site's Zocalo configuration ------------------------------------------


async def test_the_ioc_connects_as_the_zocalo_configuration_says(
    rabbitmq: RabbitMQ, ioc_maker: Maker, tmp_path: Path
) -> None:
    file = write_configuration(tmp_path, rabbitmq, "dev_bluesky")
    ioc = ioc_maker(
        *("run", "--zocalo-config", str(file)),
        *("--zocalo-environment", "dev_bluesky", *QUEUE),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    assert await ioc.get("BROKER:HOST") == f"{LOOPBACK}:{rabbitmq.port}"


# -- beside other consumers ----------------------------------------------------


@pytest.fixture
def exchange(private_broker: RabbitMQ) -> Iterator[RabbitMQ]:
    """A broker with the exchange of the site, and its queue bound to it."""
    with private_broker.channel() as channel:
        channel.exchange_declare("results", "topic", durable=True)
        channel.queue_bind(RESULTS, "results", RESULTS)
    yield private_broker
    with private_broker.channel() as channel:
        channel.exchange_delete("results")


def publish(broker: RabbitMQ, *dcids: int) -> None:
    with broker.channel() as channel:
        channel.confirm_delivery()
        for dcid in dcids:
            headers, body = result(dcid)
            properties = broker.persistent(headers)
            channel.basic_publish("results", RESULTS, body, properties)


async def test_an_ioc_on_the_exchange_takes_nothing_from_the_queue_of_others(
    exchange: RabbitMQ, ioc_maker: Maker
) -> None:
    ioc = ioc_maker("run", "--broker", exchange.url, *EXCHANGE)
    await ioc.until_value("BROKER:CONNECTED", 1)
    publish(exchange, *range(1, 11))
    await ioc.until_value("RESULT:SEQ", 10)
    assert len(exchange.take(RESULTS, 10)) == 10


async def test_results_that_come_while_the_ioc_is_away_wait_in_its_queue(
    exchange: RabbitMQ, ioc_maker: Maker
) -> None:
    first = ioc_maker("run", "--broker", exchange.url, *EXCHANGE)
    await first.until_value("BROKER:CONNECTED", 1)
    await asyncio.to_thread(first.stop)
    publish(exchange, 11, 12)
    with exchange.channel() as channel:
        queue = f"zocalo-ioc.{first.prefix}.results.{RESULTS}"
        bodies = [channel.basic_get(queue, auto_ack=True)[2] for _ in range(2)]
    assert bodies == [result(11)[1], result(12)[1]]


async def test_a_missing_exchange_is_named_and_used_once_it_is_there(
    private_broker: RabbitMQ, ioc_maker: Maker
) -> None:
    options = ("--results-exchange", "later", "--routing-key", "key")
    ioc = ioc_maker("run", "--broker", private_broker.url, *options)
    await ioc.until_said("has no exchange later")
    with private_broker.channel() as channel:
        channel.exchange_declare("later", "topic")
    await ioc.until_value("BROKER:CONNECTED", 1)


# -- a user with no more rights than the how-to gives it ----------------------------


@pytest.mark.parametrize(
    ("source", "configure", "write", "read"),
    [
        (QUEUE, "", r"^amq\.default$", r"^xrc\.i03$"),
        (
            EXCHANGE,
            r"^zocalo-ioc\.",
            r"^(amq\.default|zocalo-ioc\..*)$",
            r"^(results|zocalo-ioc\..*)$",
        ),
    ],
)
async def test_the_rights_that_are_asked_for_are_enough(
    exchange: RabbitMQ,
    ioc_maker: Maker,
    source: tuple[str, ...],
    configure: str,
    write: str,
    read: str,
) -> None:
    exchange.control("add_user", "i03", "i03")
    try:
        exchange.control("set_permissions", "i03", configure, write, read)
        url = exchange.url_with(login="i03:i03")
        ioc = ioc_maker("run", "--broker", url, *source)
        await ioc.until_value("BROKER:CONNECTED", 1)
        await ioc.put_all(DCID=604, NUM_FRAMES=1)
        await ioc.put("START", 1)
        assert await ioc.state() == "Started"
        publish(exchange, 604)
        await ioc.until_value("RESULT:DCID", 604)
    finally:
        exchange.control("delete_user", "i03")


# -- connections and queues that look well, but are not -------------------------


@pytest.fixture
def proxy(private_broker: RabbitMQ) -> Iterator[Proxy]:
    proxy = Proxy(private_broker.port)
    yield proxy
    proxy.close()


async def test_a_connection_that_is_open_but_dead_is_given_up_in_two_heartbeats(
    private_broker: RabbitMQ, proxy: Proxy, ioc_maker: Maker
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url_with(port=proxy.port)),
        *(*QUEUE, "--heartbeat", str(HEARTBEAT), "--send-timeout", "60"),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    proxy.swallow()
    await ioc.until_value("BROKER:CONNECTED", 0, limit=2 * HEARTBEAT + 1)
    await ioc.until_said("No data from")
    await ioc.put_all(DCID=601, NUM_FRAMES=1)
    start = asyncio.create_task(ioc.put("START", 1, timeout=60))
    proxy.pass_on()
    await ioc.until_value("BROKER:CONNECTED", 1)
    await start
    assert await ioc.state() == "Started"
    assert private_broker.depth("processing_recipe") == 1


async def test_a_late_confirm_of_an_old_connection_confirms_nothing_else(
    private_broker: RabbitMQ, proxy: Proxy, ioc_maker: Maker
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url_with(port=proxy.port)),
        *(*QUEUE, "--heartbeat", str(HEARTBEAT), "--send-timeout", "60"),
    )

    async def start(dcid: int, messages: int) -> asyncio.Task[None]:
        """Put START, and wait until the broker has its message."""
        await ioc.put_all(DCID=dcid, NUM_FRAMES=1)
        put = asyncio.create_task(ioc.put("START", 1, timeout=60))
        await ioc.until(lambda: has_triggers(private_broker, messages))
        return put

    await ioc.until_value("BROKER:CONNECTED", 1)
    old = proxy.hold()
    for dcid in (611, 612):
        put = await start(dcid, messages=dcid - 610)
        await ioc.put("CANCEL", 1)
        await put
    await ioc.until_value("BROKER:CONNECTED", 0)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await (await start(613, messages=3))
    new = proxy.hold()
    put = await start(614, messages=4)
    old.flows.set()
    assert await asyncio.to_thread(old.left.wait, 30)
    assert await ioc.state() == "Starting"
    new.flows.set()
    await put
    assert await ioc.state() == "Started"


async def has_triggers(broker: RabbitMQ, count: int) -> bool:
    return broker.depth("processing_recipe") == count


async def test_records_are_set_before_the_result_is_acknowledged(
    private_broker: RabbitMQ, tmp_path: Path
) -> None:
    options = ("run", "--prefix", "STUCK", "--broker", private_broker.url, *QUEUE)
    ioc = StuckIoc(tmp_path / "log", "STUCK", *options)
    try:
        await ioc.until_value("BROKER:CONNECTED", 1)
        private_broker.put(RESULTS, result(621))
        await ioc.until_value("RESULT:SEQ", 1, limit=10)
        assert await ioc.get("RESULT:DCID") == 621
    finally:
        await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    assert private_broker.take(RESULTS)[0][2] == result(621)[1]


async def test_a_queue_deleted_and_made_anew_at_once_is_consumed_again(
    private_broker: RabbitMQ, ioc_maker: Maker
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url, *QUEUE),
        *("--heartbeat", str(HEARTBEAT)),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    private_broker.delete_and_declare(RESULTS)
    private_broker.put(RESULTS, result(602))
    await ioc.until_value("RESULT:DCID", 602)


async def test_an_idle_queue_that_is_asked_anew_stays_connected(
    private_broker: RabbitMQ, ioc_maker: Maker
) -> None:
    ioc = ioc_maker(
        *("run", "--broker", private_broker.url, *QUEUE),
        *("--heartbeat", "2"),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    beats = await ioc.get("HEARTBEAT")
    seen: list[int] = []
    subscription = ioc.monitor("BROKER:CONNECTED", lambda value: seen.append(value))
    await ioc.until_value("HEARTBEAT", beats + 5)
    subscription.close()
    assert set(seen) == {1}
    assert await ioc.get("BROKER:RECONNECTS") == 0


# -- TLS -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls_broker(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RabbitMQ, str]]:
    """A broker that wants to see a certificate of the authority, and its TLS URL."""
    own, (port,) = authority.issue("broker"), free_ports(1)
    configuration = f"""
        listeners.ssl.1 = {LOOPBACK}:{port}
        ssl_options.cacertfile = {authority.file}
        ssl_options.certfile = {own.file}
        ssl_options.keyfile = {own.key}
        ssl_options.verify = verify_peer
        ssl_options.fail_if_no_peer_cert = true
    """
    server = RabbitMQ(tmp_path_factory.mktemp("tls"), configuration)
    server.start()
    server.declare(RESULTS, "processing_recipe")
    yield server, server.url_with(scheme="amqps", port=port)
    server.close()


async def test_both_sides_show_their_certificates(
    tls_broker: tuple[RabbitMQ, str], authority: Authority, ioc_maker: Maker
) -> None:
    server, url = tls_broker
    own = authority.issue("ioc")
    ioc = ioc_maker(
        *("run", "--broker", url, *QUEUE, "--ca-file", str(authority.file)),
        *("--client-certificate", str(own.file), "--client-key", str(own.key)),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    server.put(RESULTS, result(603))
    await ioc.until_value("RESULT:DCID", 603)


async def test_a_broker_of_another_authority_is_not_trusted(
    tls_broker: tuple[RabbitMQ, str], ioc_maker: Maker
) -> None:
    ioc = ioc_maker("run", "--broker", tls_broker[1], *QUEUE)
    await ioc.until_said("is not trusted")
    assert "--ca-file" in await ioc.text("MESSAGE")


async def test_a_broker_that_wants_a_certificate_is_understood(
    tls_broker: tuple[RabbitMQ, str], authority: Authority, ioc_maker: Maker
) -> None:
    options = ("--ca-file", str(authority.file))
    ioc = ioc_maker("run", "--broker", tls_broker[1], *QUEUE, *options)
    await ioc.until_said(
        "does not accept the client certificate (CERTIFICATE_REQUIRED)"
    )
    assert "--client-certificate" in await ioc.text("MESSAGE")


@pytest.fixture(params=["expired", "elsewhere"])
async def badly_certified(
    request: pytest.FixtureRequest, authority: Authority
) -> AsyncIterator[tuple[str, str]]:
    """A TLS server whose certificate is wrong in some way, and its URL."""
    if request.param == "expired":
        own = authority.issue(request.param, days=-1)
    else:
        own = authority.issue(request.param, host="elsewhere")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.file, own.key)
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), LOOPBACK, 0, ssl=context
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield request.param, f"amqps://{LOOPBACK}:{port}/"


async def test_what_is_wrong_with_a_certificate_is_told(
    badly_certified: tuple[str, str], authority: Authority, ioc_maker: Maker
) -> None:
    what, url = badly_certified
    options = ("--ca-file", str(authority.file))
    ioc = ioc_maker("run", "--broker", url, *QUEUE, *options)
    told = {"expired": "expired", "elsewhere": "IP address mismatch"}
    await ioc.until_said(told[what])
