"""RabbitMQ through pika, in the running event loop, with publisher confirms."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.channel import Channel
from pika.exceptions import AMQPError

from ._futures import PikaConnection, open_channel, resolve_with_last
from ._headers import read_any_timestamp
from ._pauses import Pauses
from ._protocol import Connection, Consumer, Delivery, Message
from ._publisher import Publisher
from ._trouble import blocked_trouble, connection_trouble, consumer_trouble

logger = logging.getLogger(__name__)

PREFETCH = 10
"""How many messages the broker sends ahead of their acknowledgement: they are taken in
one go, and a put has to wait for them."""
DRAIN_TIME = 2.0
"""How long closing waits for confirms that are due, in seconds."""


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
    """

    def __init__(
        self,
        urls: Sequence[str],
        consumer: Consumer,
        on_change: Callable[[Connection], None],
        *,
        name: str = "zocalo-ioc",
        heartbeat: int = 10,
    ) -> None:
        self._nodes = [_parameters(url, name, heartbeat) for url in urls]
        self._consumer = consumer
        self._on_change = on_change
        self._state = Connection(up=False)
        self._connections = 0
        self._closing = False
        self._connection: PikaConnection | None = None
        self._publisher = Publisher(lambda: self._state.trouble)
        read_any_timestamp()

    async def run(self) -> None:
        """Connect to the nodes in turn, serve, and begin again when that ends."""
        pauses = Pauses()
        for node in itertools.cycle(self._nodes):
            address = f"{node.host}:{node.port}"
            try:
                await self._serve(node, address)
            except Exception as error:  # whatever it is, the next try may go well
                if self._closing:
                    return
                if not isinstance(error, AMQPError | AMQPConnectorException | OSError):
                    logger.exception("The connection to %s failed", address)
                self._report(False, address, connection_trouble(address, error))
            await pauses.take()

    async def _serve(self, node: pika.URLParameters, address: str) -> None:
        """Publish and consume until the connection is lost, and raise why."""
        self._connection = connection = PikaConnection(node)
        parts: list[asyncio.Future[None]] = []
        try:
            await connection.opened
            self._connections += 1
            self._watch_blocking(connection.pika, address)
            parts = [
                asyncio.ensure_future(self._publisher.keep(connection.pika, address)),
                asyncio.ensure_future(self._consume(connection.pika, address)),
            ]
            await asyncio.gather(connection.closed, *parts)
        finally:
            for part in parts:
                part.cancel()
            self._publisher.forget()
            connection.close()

    def _watch_blocking(self, connection: AsyncioConnection, address: str) -> None:
        """Hold messages back while the broker is short of memory or disk."""

        def on_blocked(*_: object) -> None:
            self._publisher.hold()
            self._report(self._state.up, address, blocked_trouble(address))

        def on_unblocked(*_: object) -> None:
            if self._state.trouble == blocked_trouble(address):
                self._report(self._state.up, address, "")
            self._publisher.go_on()

        connection.add_on_connection_blocked_callback(on_blocked)
        connection.add_on_connection_unblocked_callback(on_unblocked)

    def _report(self, up: bool, address: str, trouble: str) -> None:
        state = Connection(up, address, trouble, max(self._connections - 1, 0))
        if state != self._state:
            self._state = state
            self._on_change(state)

    async def close(self) -> None:
        """See `Broker.close`."""
        self._closing = True
        await self._publisher.drain(DRAIN_TIME)
        if self._connection and self._connection.pika.is_open:
            self._connection.close()
            with suppress(AMQPError, TimeoutError):
                async with asyncio.timeout(DRAIN_TIME):
                    await self._connection.closed

    async def publish(
        self,
        message: Message,
        within: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """See `Broker.publish`."""
        return await self._publisher.publish(message, within, wanted)

    async def _consume(self, connection: AsyncioConnection, address: str) -> None:
        """Keep consuming, on a channel of its own, while the connection lasts."""
        loop = asyncio.get_running_loop()
        pauses = Pauses()
        while True:
            ended: asyncio.Future[object] = loop.create_future()
            channel = await open_channel(connection)
            channel.add_on_close_callback(partial(resolve_with_last, ended))
            channel.add_on_cancel_callback(partial(resolve_with_last, ended))
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
            await pauses.take()

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


def _parameters(url: str, name: str, heartbeat: int) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = heartbeat
    # short, so that another node can be tried within the send time-out
    parameters.socket_timeout = 3
    parameters.stack_timeout = 4
    parameters.client_properties = {"connection_name": name}
    return parameters
