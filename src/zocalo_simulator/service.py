"""What the services have in common: they take messages and send others."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from zocalo_ioc.broker import Broker, Delivery, Message, Queue, Subscription
from zocalo_ioc.errors import NotUnderstood, Problem

from .data_collections import NotLookedUp
from .recipe import RecipeMessage
from .remedies import REMEDIES

logger = logging.getLogger(__name__)

SEND_TIME = 60.0
"""How long the broker may take to confirm a message, seconds."""


class Send(Protocol):
    """Sends messages, and returns when the broker has confirmed them."""

    async def __call__(self, messages: Iterable[Message], /) -> None:
        """Raise Problem if one was not confirmed."""
        ...


class Service:
    """A service that takes messages of a recipe off a queue of its own.

    A message is acknowledged when all that comes of it has been confirmed by the
    broker. It is rejected if it can't be used.
    """

    name: str
    queue: str
    prefetch = 10

    def __init__(self) -> None:
        self.broker: Broker | None = None
        self._looking = asyncio.Lock()

    @property
    def subscription(self) -> Subscription:
        """The messages that the service handles."""
        queue = Queue(self.queue, content=self.name)
        return Subscription(queue, self._on_delivery, self.prefetch)

    def _on_delivery(self, delivery: Delivery) -> bool | asyncio.Future[bool]:
        try:
            return self.on_message(delivery)
        except NotLookedUp:
            return asyncio.ensure_future(self._look_up_and_handle(delivery))

    async def _look_up_and_handle(self, delivery: Delivery) -> bool:
        """Look a data collection up, after those of earlier messages."""
        async with self._looking:
            try:
                accepted = self.on_message(delivery)  # one of them may have had it
            except NotLookedUp as missing:
                try:
                    await missing.look_up()
                except NotUnderstood as problem:
                    logger.error("%s: message rejected: %s", self.name, problem)
                    return False
                accepted = self.on_message(delivery)
        return accepted if isinstance(accepted, bool) else await accepted

    def on_message(self, delivery: Delivery) -> bool | asyncio.Future[bool]:
        """Handle a message; the result tells whether it is acknowledged.

        Raises:
            NotLookedUp: to be handled again, when that has been done.
        """
        try:
            message = RecipeMessage.read(delivery)
            return self.handle(message)
        except NotUnderstood as problem:
            logger.error("%s: message rejected: %s", self.name, problem)
            return False

    def handle(self, message: RecipeMessage) -> bool | asyncio.Future[bool]:
        """Do what the message asks for.

        Raises:
            NotUnderstood: it can't be used.
        """
        raise NotImplementedError

    async def send(self, messages: Iterable[Message]) -> None:
        """Send messages at once, and wait until the broker has confirmed them.

        Raises:
            Problem: one was not confirmed.
        """
        assert self.broker is not None
        await asyncio.gather(
            *(self.broker.publish(message, SEND_TIME) for message in messages)
        )

    async def send_and_accept(self, messages: Iterable[Message], of: str) -> bool:
        """Send what comes of a message, and say whether it can be acknowledged."""
        try:
            await self.send(messages)
        except Problem as problem:
            reason = problem.say(REMEDIES)
            logger.error("%s: %s rejected: %s", self.name, of, reason)
            return False
        return True
