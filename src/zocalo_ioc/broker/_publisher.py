"""Publishes with confirms, over as many connections as it takes."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError, ChannelClosedByClient
from pika.spec import Basic

from ..errors import Problem
from ..errors import outgoing as errors
from ..errors.broker import Rejecting, Unconfirmed
from ._futures import (
    ANSWER_TIME,
    answer,
    fail,
    no_answer,
    open_channel,
    resolve,
    resolve_with_last,
)
from ._pauses import Pauses
from ._problems import publisher_problem
from ._protocol import Message

SENT_AGAIN_AFTER = 0.2
"""Seconds. RabbitMQ takes no messages while the nodes of a cluster agree on a leader
for the queue, or while the queue is full."""
CONFIRM_TIME = 4.0
"""How long a node may leave a message unconfirmed or reject all messages, in seconds,
before another is tried: three can be within the usual send time-out."""
LOOK = 0.5
"""How often the oldest message is looked at, in seconds."""


class _Pending:
    """A message that the broker has not confirmed yet."""

    def __init__(self, message: Message, wanted: Callable[[], bool]) -> None:
        self.message = message
        self.wanted = wanted
        self.refused = False
        self.given_up = False
        self.sent_at = perf_counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Publisher:
    """The messages that the broker has not confirmed yet, and sending them.

    Args:
        connection_problem: returns what is wrong with the connection.
        held: whether the broker reads nothing at present.

    Attributes:
        overdue: that messages are not confirmed in time, until one is.
    """

    def __init__(
        self,
        connection_problem: Callable[[], Problem | None],
        held: Callable[[], bool],
    ) -> None:
        self._connection_problem = connection_problem
        self._held = held
        self.overdue: Rejecting | Unconfirmed | None = None
        self._rejections = 0  # looks since the broker began to reject all messages
        self._channel: Channel | None = None
        self._given_up: Channel | None = None  # sends nothing more, but is still heard
        self._outbox: dict[_Pending, None] = {}  # in the order they were accepted
        self._by_tag: dict[int, _Pending] = {}
        self._tags: Iterator[int] = itertools.count(1)

    def forget(self) -> None:
        """Note that the connection is gone. What waits is for the next one."""
        self._channel = None

    async def drain(self, limit: float) -> None:
        """Wait for the confirms that are due, at most so many seconds."""
        if self._outbox:
            await asyncio.wait([p.done for p in self._outbox], timeout=limit)

    async def publish(
        self,
        message: Message,
        within: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """See `Broker.publish`."""
        pending = _Pending(message, wanted)
        self._outbox[pending] = None
        try:
            self._send(pending)
            async with asyncio.timeout(within):
                await pending.done
        except TimeoutError:
            pending.given_up = True
            raise self._problem(pending, within) from None
        finally:
            self._outbox.pop(pending, None)
        return perf_counter() - pending.sent_at

    def _problem(self, pending: _Pending, within: float) -> Problem:
        if pending in self._by_tag.values():
            return errors.NotConfirmedInTime(within)
        if problem := self._connection_problem():
            return errors.NotSentInTime(within, problem)
        if pending.refused:
            return errors.RejectedRepeatedly(within)
        return errors.NoChannelInTime(within)

    async def run(self, connection: AsyncioConnection, address: str) -> None:
        """Keep a channel with confirms open, while the connection lasts."""
        loop = asyncio.get_running_loop()
        pauses = Pauses()
        self._rejections = 0
        while True:
            closed: asyncio.Future[object] = loop.create_future()
            selected: asyncio.Future[object] = loop.create_future()
            channel = await open_channel(connection, self._held)
            channel.add_on_close_callback(partial(resolve_with_last, closed))
            # confirms of a connection given up must not be taken for those of the next
            by_tag: dict[int, _Pending] = {}
            channel.add_on_return_callback(partial(_on_return, by_tag))
            channel.confirm_delivery(
                partial(self._on_confirm, channel, closed, by_tag),
                partial(resolve, selected),
            )
            await answer(selected, self._held)
            self._channel = channel
            self._tags = itertools.count(1)
            self._by_tag = by_tag
            self.send_unconfirmed()
            why = await closed
            self._channel = None
            if not connection.is_open:
                return
            if not isinstance(why, ChannelClosedByClient):
                for pending in by_tag.values():
                    fail(pending.done, publisher_problem(address, why))
                await pauses.take()

    async def watch(self, address: str, on_change: Callable[[], None]) -> None:
        """Note when a message is overdue, while the connection lasts.

        Looks are counted and not seconds, which pass also while this process is halted.

        Args:
            address: of the node.
            on_change: called when `overdue` has changed.

        Raises:
            Rejecting: the broker has confirmed no message for too long.
            Unconfirmed: a message is overdue, though the broker reads.
        """
        oldest, looks = None, 0
        while True:
            shown = self.overdue
            await asyncio.sleep(LOOK)
            first = next(iter(self._by_tag.values()), None) if self._channel else None
            looks = looks + 1 if first and first is oldest else 0
            oldest = first
            self._rejections += self._rejections > 0
            problem = None
            if first and (first.given_up or looks * LOOK >= CONFIRM_TIME):
                problem = Unconfirmed(address)
            elif self._rejections * LOOK > CONFIRM_TIME:
                problem = Rejecting(address)
            if problem or not self._outbox:  # what waits is sent again to the next node
                self.overdue = problem
            if problem and not self._held():
                raise problem
            if self.overdue != shown:
                on_change()

    def send_unconfirmed(self) -> None:
        """Send what has not been confirmed, in order.

        That may be known to the broker, its confirm having been lost: it has the same
        guid then.
        """
        on_their_way = set(self._by_tag.values())
        for pending in self._outbox:
            if not pending.done.done() and pending not in on_their_way:
                self._send(pending)

    def _send(self, pending: _Pending) -> None:
        if self._channel in (None, self._given_up) or self._held():
            return
        if not pending.wanted():
            fail(pending.done, errors.Withdrawn())
            return
        message = pending.message
        try:
            self._channel.basic_publish(
                message.exchange,
                message.routing_key,
                message.body,
                pika.BasicProperties(headers=dict(message.headers), delivery_mode=2),
                mandatory=message.mandatory,
            )
        except AMQPError:  # closing; it stays in the outbox for the next channel
            self._channel = None
            return
        except Exception as error:  # what pika can't encode, it never will
            fail(pending.done, errors.NotEncodable(type(error).__name__))
            return
        pending.sent_at = perf_counter()
        self._by_tag[next(self._tags)] = pending

    def _on_confirm(
        self,
        channel: Channel,
        closed: asyncio.Future[object],
        by_tag: dict[int, _Pending],
        frame: Any,
    ) -> None:
        method = frame.method
        tags = (
            [tag for tag in by_tag if tag <= method.delivery_tag]
            if method.multiple
            else [method.delivery_tag]
        )
        for tag in tags:
            pending = by_tag.pop(tag, None)
            if pending is None:
                continue
            if isinstance(method, Basic.Ack):
                resolve(pending.done, None)
                self.overdue = None
                self._rejections = 0
            else:
                pending.refused = True
                self._give_up(channel, closed)

    def _give_up(self, channel: Channel, closed: asyncio.Future[object]) -> None:
        """Send nothing for a moment, then all that waits on another channel.

        A channel that was opened while the nodes agree on a leader may refuse messages
        for as long as a node is away.
        """

        def close() -> None:
            if not channel.is_open:
                return
            if self._by_tag:  # the broker may have these, and would get them again
                loop.call_later(SENT_AGAIN_AFTER, close)
                return
            channel.close()
            loop.call_later(ANSWER_TIME, fail, closed, no_answer())

        if self._channel is channel is not self._given_up:
            self._given_up = channel
            self._rejections = self._rejections or 1
            loop = asyncio.get_running_loop()
            loop.call_later(SENT_AGAIN_AFTER, close)


def _on_return(
    by_tag: dict[int, _Pending],
    _channel: object,
    method: Any,
    _properties: object,
    body: bytes,
) -> None:
    """Fail what no queue takes. Its return comes just before its confirm."""
    for pending in by_tag.values():
        if pending.message.body == body and not pending.done.done():
            where = method.exchange or "the default exchange"
            fail(pending.done, errors.NoQueue(method.routing_key, where))
            return
