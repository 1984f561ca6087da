"""A broker inside one process, for the demo."""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter

from ..errors.broker import NoQueueInProcess
from ._protocol import Connection, Consumer, Delivery, Message

logger = logging.getLogger(__name__)

_TURNS = 5
"""Of the event loop, until a message has arrived. The IOC shows after three that it
sends one, while a real broker has it."""


class Hub:
    """The queues that brokers of one process share. Each has one consumer."""

    def __init__(self) -> None:
        self.consumers: dict[str, Consumer] = {}


class LoopbackBroker:
    """A connection to a `Hub`; never down."""

    def __init__(
        self,
        hub: Hub,
        consumer: Consumer,
        on_change: Callable[[Connection], None] = lambda connection: None,
    ) -> None:
        self._hub = hub
        self._on_change = on_change
        hub.consumers[consumer.queue] = consumer

    async def run(self) -> None:
        """Do nothing but say that the connection is up."""
        self._on_change(Connection(up=True, address="this process"))
        await asyncio.Event().wait()

    async def publish(
        self,
        message: Message,
        within: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """See `Broker.publish`."""
        began = perf_counter()
        consumer = self._hub.consumers.get(message.routing_key)
        if consumer is None:
            raise NoQueueInProcess(message.routing_key)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        try:
            consumer.take(Delivery(message.body, message.headers))
        except Exception:
            logger.exception("A message from %s broke its reader", consumer.queue)
        return perf_counter() - began

    async def close(self) -> None:
        """Nothing is left to confirm."""
