"""The broker inside one process."""

import asyncio

from zocalo_ioc.broker import (
    Delivery,
    Hub,
    LoopbackBroker,
    Message,
    Queue,
    Subscription,
)


async def test_a_message_under_way_is_confirmed_before_it_closes() -> None:
    taken: list[Delivery] = []

    def take(delivery: Delivery) -> bool:
        taken.append(delivery)
        return True

    hub = Hub()
    LoopbackBroker(hub, [Subscription(Queue("mimas"), take)])
    broker = LoopbackBroker(hub, [])
    publishing = asyncio.create_task(broker.publish(Message("mimas", b"{}", {}), 10))
    await asyncio.sleep(0)
    await broker.close()
    assert publishing.done()
    assert len(taken) == 1
