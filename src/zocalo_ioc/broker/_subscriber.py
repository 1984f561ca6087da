"""Takes messages from one queue, and answers them, over any number of connections."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError

from ..errors import Problem
from ..errors.queues import QueueUnresponsive
from ._futures import answer, open_channel, resolve, resolve_with_last
from ._headers import with_text_names
from ._pauses import Pauses
from ._problems import subscription_problem
from ._protocol import Delivery, Queue, Subscription

LATEST = 0.02
"""Seconds after which messages are acknowledged, however few they are."""


class Answers:
    """Answers the messages of one channel.

    An acknowledgement costs the broker and this process as much as reading a frame, and
    one can stand for all before it.

    Args:
        channel: that they came from.
        at_once: how many messages are acknowledged together.
    """

    def __init__(self, channel: Channel, at_once: int) -> None:
        self._channel = channel
        self._at_once = at_once
        self._accepted = 0
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None

    def give(self, tag: int, accepted: bool) -> None:
        """Acknowledge a message, now or soon, or reject it.

        Args:
            tag: of its delivery; if several are acknowledged at once, in that order.
            accepted: whether it is acknowledged.
        """
        if accepted and self._at_once > 1:
            self._accepted, self._last = self._accepted + 1, tag
            if self._accepted >= self._at_once:
                self._acknowledge()
            elif self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(LATEST, self._acknowledge)
            return
        self._acknowledge()
        with suppress(AMQPError):  # a channel just lost delivers the message again
            if accepted:
                self._channel.basic_ack(tag)
            else:
                self._channel.basic_reject(tag, requeue=False)

    def _acknowledge(self) -> None:
        """Acknowledge those that were accepted since the last time, if any."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._accepted:
            self._accepted = 0
            with suppress(AMQPError):
                self._channel.basic_ack(self._last, multiple=True)


logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds after which another node is tried if the broker does not answer."""
OWN_QUEUE = {
    "x-queue-type": "quorum",
    "x-message-ttl": 60_000,  # as on the queues that sites make for results
    "x-expires": 24 * 3600_000,
}
"""Properties of the queue that is made for results from an exchange."""


class Subscriber:
    """Keeps one subscription, on a channel of its own.

    Args:
        subscription: the queue and its handler.
        report: called with what is wrong, or None when messages come.
        renewed_after: seconds without a message after which the channel is opened anew.
            RabbitMQ does not tell a consumer of a quorum queue that was deleted and
            made anew at once; what comes then reaches nobody until that is done.
        held: whether the broker reads nothing at present.
    """

    def __init__(
        self,
        subscription: Subscription,
        report: Callable[[Queue, str, Problem | None], None],
        renewed_after: float,
        held: Callable[[], bool],
    ) -> None:
        self._subscription = subscription
        self._queue = subscription.queue
        self._report = report
        self._renewed_after = renewed_after
        self._received = 0
        self._unanswered = 0
        self._held = held

    async def run(self, connection: AsyncioConnection, address: str) -> None:
        """Keep subscribed while the connection lasts."""
        loop, pauses = asyncio.get_running_loop(), Pauses()
        while True:
            ended: asyncio.Future[object] = loop.create_future()
            subscribed: asyncio.Future[None] = loop.create_future()
            channel = await open_channel(connection, self._held)
            channel.add_on_close_callback(partial(resolve_with_last, ended))
            channel.add_on_cancel_callback(partial(resolve_with_last, ended))
            self._subscribe(channel, subscribed)
            await self._until_subscribed(subscribed, ended, address)
            await self._until_idle(ended)
            if not connection.is_open:
                return
            if ended.done():
                problem = subscription_problem(self._queue, address, ended.result())
                self._report(self._queue, address, problem)
                if channel.is_open:
                    channel.close()
                await pauses.take()
            else:
                channel.close()
                await answer(ended, self._held)

    def _subscribe(self, channel: Channel, subscribed: asyncio.Future[None]) -> None:
        """Ask for messages; pika sends one request after the other."""
        queue = self._queue
        channel.basic_qos(prefetch_count=self._subscription.prefetch)
        if queue.exchange:
            channel.queue_declare(queue.name, durable=True, arguments=OWN_QUEUE)
            channel.queue_bind(queue.name, queue.exchange, queue.routing_key)
        at_once = self._subscription.acknowledged_at_once
        channel.basic_consume(
            queue.name,
            partial(self._on_delivery, Answers(channel, at_once)),
            callback=lambda _: resolve(subscribed, None),
        )

    async def _until_subscribed(
        self,
        subscribed: asyncio.Future[None],
        ended: asyncio.Future[object],
        address: str,
    ) -> None:
        """Wait for the broker's answer.

        Raises:
            QueueUnresponsive: there is none, though the broker reads.
        """
        either = asyncio.FIRST_COMPLETED
        waits = (subscribed, ended)
        while not any(wait.done() for wait in waits):
            held = self._held()
            await asyncio.wait(waits, timeout=PATIENCE, return_when=either)
            if not any(wait.done() for wait in waits) and not (held or self._held()):
                raise QueueUnresponsive(address, self._queue.name)
        if subscribed.done():
            self._report(self._queue, address, None)

    async def _until_idle(self, ended: asyncio.Future[object]) -> None:
        """Wait until the subscription has ended, or nothing has come for long.

        Messages that are still to be answered would be delivered again.
        """
        idle = False
        while not ended.done() and not idle:
            before = self._received
            await asyncio.wait([ended], timeout=self._renewed_after)
            busy = self._received != before or self._unanswered or self._held()
            idle = not busy

    def _on_delivery(
        self, answers: Answers, _: Channel, method: Any, properties: Any, body: bytes
    ) -> None:
        self._received += 1
        try:
            accepted = self._subscription.on_message(
                Delivery(body, with_text_names(properties.headers or {}))
            )
        except Exception:
            logger.exception("The handler of %s failed", self._queue.name)
            accepted = False
        if isinstance(accepted, bool):
            answers.give(method.delivery_tag, accepted)
        else:
            self._unanswered += 1
            accepted.add_done_callback(
                partial(self._answer_later, answers, method.delivery_tag)
            )

    def _answer_later(
        self, answers: Answers, tag: int, future: asyncio.Future[bool]
    ) -> None:
        self._unanswered -= 1
        if future.cancelled():  # stopping; the broker keeps the message
            return
        if error := future.exception():
            logger.error("The handler of %s failed", self._queue.name, exc_info=error)
        answers.give(tag, error is None and future.result())
