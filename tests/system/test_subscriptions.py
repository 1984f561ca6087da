"""One connection takes messages from any number of queues, each by itself."""

import asyncio
from collections.abc import Callable

from tests.support.rabbitmq import RabbitMQ
from zocalo_ioc.broker import AmqpBroker, Connection, Delivery, Queue, Subscription

THERE, MISSING = "kind.one", "kind.two"


async def test_a_queue_that_is_missing_keeps_nothing_from_the_others(
    rabbitmq: RabbitMQ,
) -> None:
    host = rabbitmq.virtual_host("subscriptions", THERE)
    came: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    states: asyncio.Queue[Connection] = asyncio.Queue()

    def subscription(name: str) -> Subscription:
        def note(delivery: Delivery) -> bool:
            came.put_nowait((name, delivery.body))
            return True

        return Subscription(Queue(name, option=f"--{name}", content=name), note)

    async def until(condition: Callable[[Connection], object]) -> Connection:
        async with asyncio.timeout(20):
            while not condition(state := await states.get()):
                pass
        return state

    subscriptions = [subscription(name) for name in (THERE, MISSING)]
    amqp = AmqpBroker(lambda: [host.url], subscriptions, states.put_nowait)
    running = asyncio.create_task(amqp.run())
    try:
        state = await until(lambda it: it.problem and it.subscribed)
        assert not state.up
        assert f"--{MISSING}" in str(state.problem)
        assert [queue.name for queue in state.subscribed] == [THERE]
        with host.channel() as channel:
            channel.basic_publish("", THERE, b"1")
        assert await asyncio.wait_for(came.get(), 10) == (THERE, b"1")

        host.declare(MISSING)
        await until(lambda it: it.up)
        with host.channel() as channel:
            channel.basic_publish("", MISSING, b"2")
            assert await asyncio.wait_for(came.get(), 10) == (MISSING, b"2")
            channel.basic_publish("", THERE, b"3")
            assert await asyncio.wait_for(came.get(), 10) == (THERE, b"3")
    finally:
        await amqp.close()
        running.cancel()
