"""No wait for the broker is without end, whatever pika loses on the way."""

import asyncio
import os
import resource
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.rabbitmq import RESULTS, RabbitMQ
from zocalo_ioc.broker import AmqpBroker, Connection, Queue, Subscription
from zocalo_ioc.errors.broker import FilesUnresponsive, NothingListens


@contextmanager
def without_file_descriptors() -> Generator[None]:
    """Have every ``socket()`` of this process fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_process_that_was_out_of_file_descriptors_connects_once_it_has_some(
    rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zocalo_ioc.broker._futures.ANSWER_TIME", 0.5)
    states: asyncio.Queue[Connection] = asyncio.Queue()
    subscription = Subscription(Queue(RESULTS), lambda delivery: True)
    amqp = AmqpBroker(lambda: [rabbitmq.url], [subscription], states.put_nowait)
    # the first look-up of a host starts a thread, which is to be there
    await asyncio.get_running_loop().getaddrinfo("127.0.0.1", rabbitmq.port)
    with without_file_descriptors():
        running = asyncio.create_task(amqp.run())
        async with asyncio.timeout(10):
            lost = await states.get()
    try:
        assert not lost.up
        async with asyncio.timeout(10):
            while not (await states.get()).up:
                pass
    finally:
        await amqp.close()
        running.cancel()


async def test_a_disk_that_does_not_answer_is_named_and_no_node_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zocalo_ioc.broker._amqp.ANSWER_TIME", 0.5)
    states: asyncio.Queue[Connection] = asyncio.Queue()
    subscription = Subscription(Queue(RESULTS), lambda delivery: True)
    file, hanging = tmp_path / "broker.url", tmp_path / "hanging"
    file.write_text("amqp://127.0.0.1:1")
    os.mkfifo(hanging)  # whoever opens that hangs, as on a disk that does
    amqp = AmqpBroker(lambda: [file.read_text()], [subscription], states.put_nowait)
    running = asyncio.create_task(amqp.run())
    try:
        async with asyncio.timeout(10):
            assert (await states.get()).problem == NothingListens("127.0.0.1:1")
            hanging.replace(file)
            hung = await states.get()
    finally:
        running.cancel()
        writer = os.open(file, os.O_RDWR)
        file.unlink()
        os.close(writer)  # lets go the threads that hang
    assert (hung.problem, hung.address) == (FilesUnresponsive(), "")


@contextmanager
def hanging_dns(monkeypatch: pytest.MonkeyPatch) -> Generator[list[int]]:
    """Look up no name but localhost, and give the threads that hang in it."""
    look_up, over, hanging = socket.getaddrinfo, threading.Event(), list[int]()

    def hang(host: str, *arguments: Any, **options: Any) -> Any:
        if host not in ("localhost", "127.0.0.1"):
            hanging.append(threading.get_ident())
            over.wait()
        return look_up(host, *arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", hang)
    try:
        yield hanging
    finally:
        over.set()


async def test_a_dns_that_does_not_answer_is_named_and_keeps_one_thread(
    rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zocalo_ioc.broker._amqp.LOOK_UP_TIME", 0.2)
    states: asyncio.Queue[Connection] = asyncio.Queue()
    subscription = Subscription(Queue(RESULTS), lambda delivery: True)
    urls = ["amqp://node1.invalid"] * 3 + [rabbitmq.url]
    amqp = AmqpBroker(lambda: urls, [subscription], states.put_nowait)
    with hanging_dns(monkeypatch) as hanging:
        running = asyncio.create_task(amqp.run())
        async with asyncio.timeout(10):
            lost = await states.get()
        assert str(lost.problem).startswith("DNS does not answer for the host of ")
        async with asyncio.timeout(20):
            assert (await states.get()).address == f"127.0.0.1:{rabbitmq.port}"
        assert len(hanging) == 1
        await amqp.close()
        running.cancel()
