"""RabbitMQ through pika, in the running event loop, with publisher confirms."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.spec import Basic

from ..errors import NotConfirmed, Problem, Unroutable
from ._protocol import Connection, Consumer, Delivery, Message
from ._trouble import (
    blocked_trouble,
    connection_trouble,
    consumer_trouble,
    publisher_problem,
)

logger = logging.getLogger(__name__)

PREFETCH = 10
"""How many messages the broker sends ahead of their acknowledgement: they are taken in
one go, and a put has to wait for them."""
STEADY_TIME = 10.0
"""A connection that lasted for so many seconds was a good one: try again at once."""
DRAIN_TIME = 2.0
"""How long closing waits for confirms that are due, in seconds."""


class _Pending:
    """A message that the broker has not confirmed yet."""

    def __init__(self, message: Message, wanted: Callable[[], bool]) -> None:
        self.message = message
        self.wanted = wanted
        self.sent_at = perf_counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def confirm(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, problem: Problem) -> None:
        if not self.done.done():
            self.done.set_exception(problem)


class AmqpBroker:
    """A kept connection to one of several RabbitMQ nodes.

    Two channels: one publishes with confirms, one consumes, so that a results queue
    that is missing does not keep triggers from going out.

    Args:
        urls: ``amqp://user:password@host:port/vhost`` of each node, tried in turn.
        consumer: what is taken off which queue.
        on_change: told whenever the state of the connection has changed.
        name: what RabbitMQ's management page calls the connection.
        heartbeat: seconds; a connection silent for two of them is given up.
        max_pause: the longest pause between two tries, in seconds.
    """

    def __init__(
        self,
        urls: Sequence[str],
        consumer: Consumer,
        on_change: Callable[[Connection], None],
        *,
        name: str = "zocalo-ioc",
        heartbeat: int = 10,
        max_pause: float = 2.0,
    ) -> None:
        self._nodes = [_parameters(url, name, heartbeat) for url in urls]
        self._consumer = consumer
        self._on_change = on_change
        self._max_pause = max_pause
        self._state = Connection(up=False)
        self._connections = 0
        self._closing = self._blocked = False
        self._connection: _Connection | None = None
        self._publisher: Channel | None = None
        self._outbox: dict[_Pending, None] = {}  # in the order they were accepted
        self._by_tag: dict[int, _Pending] = {}
        self._tags: Iterator[int] = itertools.count(1)

    # -- connection ---------------------------------------------------------

    async def run(self) -> None:
        """Connect to the nodes in turn, serve, and begin again when that ends."""
        pauses = self._pauses()
        for node in itertools.cycle(self._nodes):
            address = f"{node.host}:{node.port}"
            began = perf_counter()
            try:
                await self._serve(node, address)
            except Exception as error:  # whatever it is, the next try may go well
                if self._closing:
                    return
                if not isinstance(error, AMQPError | AMQPConnectorException | OSError):
                    logger.exception("The connection to %s failed", address)
                self._report(False, address, connection_trouble(address, error))
            if perf_counter() - began > STEADY_TIME:
                pauses = self._pauses()
            await asyncio.sleep(next(pauses))

    async def _serve(self, node: pika.URLParameters, address: str) -> None:
        """Publish and consume until the connection is lost, and raise why."""
        self._connection = connection = _Connection(node)
        parts: list[asyncio.Future[None]] = []
        try:
            await connection.opened
            self._connections += 1
            self._watch_blocking(connection.pika, address)
            parts = [
                asyncio.ensure_future(self._keep_publisher(connection.pika, address)),
                asyncio.ensure_future(self._consume(connection.pika, address)),
            ]
            await asyncio.gather(connection.closed, *parts)
        finally:
            for part in parts:
                part.cancel()
            self._publisher, self._blocked = None, False
            connection.close()

    def _watch_blocking(self, connection: AsyncioConnection, address: str) -> None:
        """Hold messages back while the broker is short of memory or disk."""

        def on_blocked(*_: object) -> None:
            self._blocked = True
            self._report(self._state.up, address, blocked_trouble(address))

        def on_unblocked(*_: object) -> None:
            self._blocked = False
            self._report(self._state.up, address, "")
            self._send_waiting()

        connection.add_on_connection_blocked_callback(on_blocked)
        connection.add_on_connection_unblocked_callback(on_unblocked)

    def _report(self, up: bool, address: str, trouble: str) -> None:
        state = Connection(up, address, trouble, max(self._connections - 1, 0))
        if state != self._state:
            self._state = state
            self._on_change(state)

    def _pauses(self) -> Iterator[float]:
        for n in itertools.count():
            yield min(0.1 * 2**n, self._max_pause)

    async def close(self) -> None:
        """See `Broker.close`."""
        self._closing = True
        if self._publisher and self._outbox:
            await asyncio.wait([p.done for p in self._outbox], timeout=DRAIN_TIME)
        if self._connection and self._connection.pika.is_open:
            self._connection.close()
            with suppress(AMQPError, TimeoutError):
                async with asyncio.timeout(DRAIN_TIME):
                    await self._connection.closed

    # -- publishing ---------------------------------------------------------

    async def publish(
        self,
        message: Message,
        timeout: float,  # noqa: ASYNC109
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """See `Broker.publish`."""
        pending = _Pending(message, wanted)
        self._outbox[pending] = None
        self._send(pending)
        try:
            async with asyncio.timeout(timeout):
                await pending.done
        except TimeoutError:
            raise NotConfirmed(
                f"The broker did not confirm within {timeout:g} s",
                self._state.trouble
                or "It may have the message all the same; look at the broker",
            ) from None
        finally:
            self._outbox.pop(pending, None)
        return perf_counter() - pending.sent_at

    async def _keep_publisher(
        self, connection: AsyncioConnection, address: str
    ) -> None:
        """Keep a channel with confirms open, while the connection lasts."""
        loop = asyncio.get_running_loop()
        for pause in self._pauses():
            closed: asyncio.Future[object] = loop.create_future()
            selected: asyncio.Future[object] = loop.create_future()
            channel = await _open_channel(connection)
            channel.add_on_close_callback(partial(_resolve_with_last, closed))
            channel.add_on_return_callback(self._on_return)
            channel.confirm_delivery(self._on_confirm, selected.set_result)
            await selected
            self._publisher = channel
            self._tags = itertools.count(1)
            self._by_tag.clear()
            self._send_waiting()
            why = await closed
            self._publisher = None
            if not connection.is_open:
                return
            for pending in self._by_tag.values():
                pending.fail(publisher_problem(address, why))
            await asyncio.sleep(pause)

    def _send_waiting(self) -> None:
        """Send what has not been confirmed, in order.

        That may be known to the broker, its confirm having been lost: it has the same
        guid then.
        """
        on_their_way = set(self._by_tag.values())
        for pending in self._outbox:
            if not pending.done.done() and pending not in on_their_way:
                self._send(pending)

    def _send(self, pending: _Pending) -> None:
        if self._publisher is None or self._blocked:
            return
        if not pending.wanted():
            pending.fail(NotConfirmed("Withdrawn before it was sent"))
            return
        message = pending.message
        try:
            self._publisher.basic_publish(
                message.exchange,
                message.routing_key,
                message.body,
                pika.BasicProperties(headers=dict(message.headers), delivery_mode=2),
                mandatory=True,
            )
        except AMQPError:  # closing; it stays in the outbox for the next channel
            self._publisher = None
            return
        pending.sent_at = perf_counter()
        self._by_tag[next(self._tags)] = pending

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        tags = (
            [tag for tag in self._by_tag if tag <= method.delivery_tag]
            if method.multiple
            else [method.delivery_tag]
        )
        for tag in tags:
            pending = self._by_tag.pop(tag, None)
            if pending is None:
                continue
            if isinstance(method, Basic.Ack):
                pending.confirm()
            else:
                pending.fail(
                    NotConfirmed(
                        "The broker refused the message",
                        "It may be short of disk or memory; look at its log",
                    )
                )

    def _on_return(
        self, _channel: object, method: Any, _properties: object, body: bytes
    ) -> None:
        """Fail what no queue takes. Its return comes just before its confirm."""
        for pending in self._by_tag.values():
            if pending.message.body == body:
                where = method.exchange or "the default exchange"
                problem = Unroutable(
                    f"No queue {method.routing_key} on {where}",
                    "Check the virtual host in --broker, or have the queue made",
                )
                pending.fail(problem)
                return

    # -- consuming ----------------------------------------------------------

    async def _consume(self, connection: AsyncioConnection, address: str) -> None:
        """Keep consuming, on a channel of its own, while the connection lasts."""
        loop = asyncio.get_running_loop()
        for pause in self._pauses():
            ended: asyncio.Future[object] = loop.create_future()
            channel = await _open_channel(connection)
            channel.add_on_close_callback(partial(_resolve_with_last, ended))
            channel.add_on_cancel_callback(partial(_resolve_with_last, ended))
            channel.basic_qos(prefetch_count=PREFETCH)
            channel.basic_consume(
                self._consumer.queue,
                self._on_delivery,
                callback=lambda _: self._report(True, address, ""),
            )
            why = await ended
            if not connection.is_open:
                return
            self._report(
                False, address, consumer_trouble(self._consumer.queue, address, why)
            )
            if channel.is_open:
                channel.close()
            await asyncio.sleep(pause)

    def _on_delivery(
        self, channel: Channel, method: Any, properties: Any, body: bytes
    ) -> None:
        try:
            accepted = self._consumer.take(Delivery(body, properties.headers or {}))
        except Exception:
            logger.exception("A message from %s broke its reader", self._consumer.queue)
            accepted = False
        with suppress(AMQPError):  # a channel just lost delivers the message again
            if accepted:
                channel.basic_ack(method.delivery_tag)
            else:
                channel.basic_reject(method.delivery_tag, requeue=False)


class _Connection:
    """A connection of pika's, with futures for what pika tells through callbacks."""

    def __init__(self, node: pika.URLParameters) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        for future in (self.opened, self.closed):  # nobody need be waiting for it
            future.add_done_callback(lambda f: f.cancelled() or f.exception())
        self.pika = AsyncioConnection(
            node,
            on_open_callback=lambda _: _resolve(self.opened, None),
            on_open_error_callback=lambda _, error: _fail(self.opened, error),
            on_close_callback=lambda _, error: _fail(self.closed, error),
            custom_ioloop=loop,
        )

    def close(self) -> None:
        if not (self.pika.is_closed or self.pika.is_closing):
            self.pika.close()


def _resolve(future: asyncio.Future[Any], value: object) -> None:
    if not future.done():
        future.set_result(value)


def _resolve_with_last(future: asyncio.Future[Any], *arguments: object) -> None:
    _resolve(future, arguments[-1])


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


async def _open_channel(connection: AsyncioConnection) -> Channel:
    opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
    connection.channel(on_open_callback=lambda channel: _resolve(opened, channel))
    return await opened


def _parameters(url: str, name: str, heartbeat: int) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = heartbeat
    # short, so that another node can be tried within the send time-out
    parameters.socket_timeout = 3
    parameters.stack_timeout = 4
    parameters.client_properties = {"connection_name": name}
    return parameters
