"""The broker protocol: publish, consume and the state of the connection."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import Problem


@dataclass(frozen=True)
class Message:
    """A message to publish, persistent and mandatory.

    Attributes:
        routing_key: the queue, on the default exchange.
        body: the content.
        headers: the AMQP headers.
        exchange: the exchange, empty for the default one.
    """

    routing_key: str
    body: bytes
    headers: Mapping[str, Any]
    exchange: str = ""


@dataclass(frozen=True)
class Delivery:
    """A message taken off a queue."""

    body: bytes
    headers: Mapping[str, object]


@dataclass(frozen=True)
class Connection:
    """The state of the connection, for operators.

    Attributes:
        up: connected and consuming.
        address: ``host:port`` in use or tried last.
        problem: what is wrong, if anything.
        reconnects: how often the connection was re-established.
    """

    up: bool
    address: str = ""
    problem: Problem | None = None
    reconnects: int = 0


@dataclass(frozen=True)
class Consumer:
    """What is taken off a queue, and who takes it.

    Attributes:
        queue: the queue.
        take: returns whether the message is acknowledged (True) or rejected (False),
            or a future that will tell; it is called in the event loop and must not
            block.
        exchange: the exchange to which the queue is bound, and which makes it the
            consumer's own, to be made; if empty, the queue is taken as it is there.
        routing_key: of the messages that the exchange puts there.
        prefetch: how many messages the broker sends ahead of their acknowledgement.
    """

    queue: str
    take: Callable[[Delivery], bool | asyncio.Future[bool]]
    exchange: str = ""
    routing_key: str = ""
    prefetch: int = 10


class Broker(Protocol):
    """A kept connection to a broker."""

    async def run(self) -> None:
        """Connect, consume and reconnect, without end."""
        ...

    async def publish(
        self,
        message: Message,
        within: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> float:
        """Publish a message and wait until the broker has confirmed it.

        A message that finds no connection waits for one, in order, and goes out then.

        Args:
            message: what to send.
            within: how long to wait in all, in seconds.
            wanted: asked before it is sent, or sent again; it is withdrawn if not.

        Returns:
            How long the confirm took, in seconds from the latest sending.

        Raises:
            Unroutable: no queue takes it.
            NotConfirmed: it was not confirmed in time.
        """
        ...

    async def close(self) -> None:
        """Wait shortly for confirms that are due, then close the connection."""
        ...
