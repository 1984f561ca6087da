"""No wait for the broker is without end, whatever pika loses on the way."""

import asyncio
import os
import resource
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.support.rabbitmq import RESULTS, RabbitMQ
from zocalo_ioc.broker import AmqpBroker, Connection, Queue, Subscription


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
