"""A broker inside one process, for the demo."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import perf_counter

from ..errors.outgoing import NoQueueInProcess
from ._protocol import (
    Connection,
    Counts,
    Delivery,
    Message,
    OnChange,
    Subscription,
    Watch,
)

logger = logging.getLogger(__name__)

_TURNS = 5
"""Of the event loop, until a message has arrived. The IOC shows after three that it
sends one, while a real broker has it."""


class Hub:
    """The queues that brokers of one process share. Each has one subscription."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}


class LoopbackBroker:
    """A connection to a `Hub`; never down."""

    def __init__(
        self,
        hub: Hub,
        subscriptions: Sequence[Subscription],
        on_change: OnChange = lambda connection: None,
        watches: Sequence[Watch] = (),
    ) -> None:
        self._hub = hub
        self._on_change = on_change
        self._watches = watches
        self._queues = tuple(subscription.queue for subscription in subscriptions)
        self._publishing = 0
        hub.subscriptions |= {s.queue.name: s for s in subscriptions}

    async def run(self) -> None:
        """Do nothing but say that the connection is up, and who is there."""
        self._on_change(
            Connection(True, "the simulation", subscribed=self._queues, effect="")
        )
        for watch in self._watches:  # what is published is handled at once
            watch.on_counts(Counts(watch.queue in self._hub.subscriptions, 0))
        await asyncio.Event().wait()

    async def publish(
        self,
        message: Message,
        within: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """See `Broker.publish`."""
        began = perf_counter()
        subscription = self._hub.subscriptions.get(message.routing_key)
        if subscription is None and message.mandatory:
            raise NoQueueInProcess(message.routing_key)
        self._publishing += 1
        try:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        finally:
            self._publishing -= 1
        if subscription is None:
            return perf_counter() - began
        try:
            subscription.on_message(Delivery(message.body, message.headers))
        except Exception:
            logger.exception("The handler of %s failed", message.routing_key)
        return perf_counter() - began

    async def close(self) -> None:
        """See `Broker.close`."""
        for _ in range(2 * _TURNS):
            if self._publishing:
                await asyncio.sleep(0)
