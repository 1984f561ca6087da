"""Who takes messages from the queues, as clients see it."""

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

MINOR, MAJOR, INVALID = 1, 2, 3


def _take(*_: object) -> None:
    """Leave a message unacknowledged."""


@contextmanager
def consumer_of(host: RabbitMQ, queue: str) -> Generator[None]:
    """Take messages from a queue, and acknowledge none."""
    with host.channel() as channel:
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(queue, _take)
        yield


@pytest.fixture(scope="module")
def host(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("consumers", TRIGGERS, RESULTS)


@pytest.fixture
async def ioc(host: RabbitMQ, ioc_maker: Callable[..., Ioc]) -> AsyncIterator[Ioc]:
    ioc = ioc_maker("run", *host.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    await asyncio.to_thread(ioc.stop)


async def test_a_second_consumer_of_results_is_an_alarm(
    ioc: Ioc, host: RabbitMQ
) -> None:
    await ioc.until_value("BROKER:CONSUMERS", 1)
    assert await ioc.severity("BROKER:CONSUMERS") == 0
    with consumer_of(host, RESULTS):
        await ioc.until_value("BROKER:CONSUMERS", 2)
        assert await ioc.severity("BROKER:CONSUMERS") == MINOR
        await ioc.until_said(f"{RESULTS} has 2 consumers")
    await ioc.until_value("BROKER:CONSUMERS", 1)
    assert await ioc.severity("BROKER:CONSUMERS") == 0
    assert "consumers" not in await ioc.text("MESSAGE")


async def test_without_a_dispatcher_the_reason_of_a_time_out_is_that(
    ioc: Ioc, host: RabbitMQ
) -> None:
    with consumer_of(host, TRIGGERS):
        await ioc.until_value("ZOCALO:CONSUMERS", 1)
        assert await ioc.severity("ZOCALO:CONSUMERS") == 0
        assert "dispatcher" not in await ioc.text("MESSAGE")
    await ioc.until_value("ZOCALO:CONSUMERS", 0)
    assert await ioc.severity("ZOCALO:CONSUMERS") == MAJOR
    await ioc.until_said(f"Nothing takes messages from {TRIGGERS}.")
    await ioc.put_all(DCID=9001, NUM_FRAMES=1, TIMEOUT=0.5)
    await ioc.put("PROCESS", 1)
    assert await ioc.text("MESSAGE") == (
        "DCID 9001: no result within 0.5 s. Nothing takes messages from "
        f"{TRIGGERS}. Start Zocalo's dispatcher."
    )
    await ioc.until_value("ZOCALO:QUEUED", 2)
    host.purge(TRIGGERS)
    await ioc.until_value("ZOCALO:QUEUED", 0)


async def test_a_missing_dispatcher_is_logged_once_over_reconnections(
    ioc: Ioc, host: RabbitMQ
) -> None:
    for reconnects in range(1, 4):
        await ioc.until_value("ZOCALO:CONSUMERS", 0)
        host.control("close_all_connections", "--vhost", "consumers", "test")
        await ioc.until_value("BROKER:RECONNECTS", reconnects)
    await ioc.until_value("ZOCALO:CONSUMERS", 0)
    assert ioc.log.count("Nothing takes messages") == 1
    with consumer_of(host, TRIGGERS):
        await ioc.until_value("ZOCALO:CONSUMERS", 1)
    await ioc.until_value("ZOCALO:CONSUMERS", 0)
    assert ioc.log.count("Nothing takes messages") == 2


async def test_a_refusal_is_said_still_when_a_dispatcher_is_found_missing(
    ioc: Ioc, host: RabbitMQ
) -> None:
    with consumer_of(host, TRIGGERS):
        await ioc.until_value("ZOCALO:CONSUMERS", 1)
        await ioc.put("DCID", -1, throw=False)
    await ioc.until_said("Nothing takes messages")
    assert (await ioc.text("MESSAGE")).startswith("DCID refused -1: ")


async def test_a_queue_that_is_not_there_has_no_count(
    rabbitmq: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    host = rabbitmq.virtual_host("no triggers", RESULTS)
    ioc = ioc_maker("run", *host.options)
    await ioc.until_value("BROKER:CONSUMERS", 1)
    for name in ("CONSUMERS", "QUEUED"):
        assert await ioc.get(f"ZOCALO:{name}") == -1
        assert await ioc.severity(f"ZOCALO:{name}") == INVALID
    host.declare(TRIGGERS)
    await ioc.until_value("ZOCALO:CONSUMERS", 0)


async def test_counts_are_unknown_without_a_connection(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    await ioc.until_value("BROKER:CONSUMERS", 1)
    await ioc.until_value("ZOCALO:CONSUMERS", 0)
    private_broker.stop()
    for queue in ("BROKER", "ZOCALO"):
        await ioc.until_value(f"{queue}:CONSUMERS", -1)
        assert await ioc.severity(f"{queue}:CONSUMERS") == INVALID
    assert "dispatcher" not in await ioc.text("MESSAGE")


async def test_a_queue_of_its_own_on_an_exchange_has_one_consumer(
    host: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    with host.channel() as channel:
        channel.exchange_declare("results", "topic", durable=True)
    exchange = ("--results-exchange", "results", "--routing-key", "xrc.i03")
    ioc = ioc_maker("run", "--broker", host.url, *exchange)
    await ioc.until_value("BROKER:CONSUMERS", 1)


async def test_an_ioc_whose_prefix_is_served_does_not_start(
    ioc_maker: Callable[..., Ioc], host: RabbitMQ, tmp_path: Path
) -> None:
    saving = ("--autosave", str(tmp_path))
    ioc = ioc_maker("run", *host.options, *saving)
    await ioc.get("VERSION")
    for options in host.options, (*host.options, *saving):
        second = await asyncio.to_thread(
            subprocess.run,
            [Ioc.program[0], "run", "--prefix", ioc.prefix, *options],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"Another IOC serves {ioc.prefix}, at " in second.stderr


async def test_an_ioc_that_could_serve_on_no_address_says_so_and_ends(
    ioc_maker: Callable[..., Ioc], host: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # EPICS_CAS_INTF_ADDR_LIST is that of the ports that an IOC borrows
        patch.setattr("tests.support.ports.LOOPBACK", "192.0.2.1")
        ioc = ioc_maker("run", *host.options)
    assert await asyncio.to_thread(ioc.process.wait, 30) == 1
    assert f"UDP port {ioc.ports.ca} of 192.0.2.1: Cannot assign" in ioc.log


async def test_a_name_server_that_does_not_answer_does_not_hold_up_the_start(
    ioc_maker: Callable[..., Ioc], host: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with socket.create_server((LOOPBACK, 0)) as silent, monkeypatch.context() as patch:
        address = f"{LOOPBACK}:{silent.getsockname()[1]}"
        patch.setenv("EPICS_CA_NAME_SERVERS", address)
        ioc = ioc_maker("run", *host.options)
        await ioc.until_logged(f"serves {ioc.prefix}")
        assert time.monotonic() - began < 25  # Channel Access waits 30 s for it
        assert await asyncio.to_thread(ioc.stop) == 0
