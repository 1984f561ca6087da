"""The broker protocol: publish, subscribe and the state of the connection."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import Problem


@dataclass(frozen=True)
class Message:
    """A message to publish, persistent.

    Attributes:
        routing_key: the queue, on the default exchange.
        body: the content.
        headers: the AMQP headers.
        exchange: the exchange, empty for the default one.
        mandatory: whether it is an error if no queue takes it.
    """

    routing_key: str
    body: bytes
    headers: Mapping[str, Any]
    exchange: str = ""
    mandatory: bool = True


@dataclass(frozen=True)
class Delivery:
    """A message taken off a queue."""

    body: bytes
    headers: Mapping[str, object]


@dataclass(frozen=True)
class Queue:
    """A queue that messages are taken from, and what to call it for people.

    Attributes:
        name: its name.
        exchange: the exchange to which the queue is bound. The queue is then the
            subscriber's own, and is declared; if empty, it must exist.
        routing_key: of the messages that the exchange puts there.
        option: the option that names it.
        content: what comes from it.
    """

    name: str
    exchange: str = ""
    routing_key: str = ""
    option: str = "--results-queue"
    content: str = "results"


@dataclass(frozen=True)
class Subscription:
    """A queue, and what handles its messages.

    Attributes:
        queue: the queue.
        on_message: returns whether the message is acknowledged (True) or rejected
            (False), or a future of that; it is called in the event loop and must not
            block.
        prefetch: how many messages the broker sends ahead of their acknowledgement.
        acknowledged_at_once: how many messages are acknowledged together. With more
            than one, none may be answered later.
    """

    queue: Queue
    on_message: Callable[[Delivery], bool | asyncio.Future[bool]]
    prefetch: int = 10
    acknowledged_at_once: int = 1


@dataclass(frozen=True)
class Counts:
    """How many consumers a queue has, and how many messages wait in it."""

    consumers: int
    messages: int


@dataclass(frozen=True)
class Watch:
    """A queue to be counted every few seconds.

    Attributes:
        queue: its name.
        on_counts: called each time; with None when they are not known.
    """

    queue: str
    on_counts: Callable[[Counts | None], None]


@dataclass(frozen=True)
class Connection:
    """The state of the connection, for operators.

    Attributes:
        up: connected, and subscribed to every queue.
        address: ``host:port`` in use or tried last.
        problem: what is wrong, if anything.
        reconnects: how often the connection was re-established.
        subscribed: the queues that messages come from.
        effect: what the problem prevents, for example ``no results can arrive``.
    """

    up: bool
    address: str = ""
    problem: Problem | None = None
    reconnects: int = 0
    subscribed: tuple[Queue, ...] = ()
    effect: str = "no results can arrive"


class Broker(Protocol):
    """A connection to a broker, which reconnects automatically."""

    async def run(self) -> None:
        """Connect, subscribe and reconnect, without end."""
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


OnChange = Callable[[Connection], None]
"""Called whenever the state of the connection has changed."""
Connect = Callable[[Sequence[Subscription], Sequence[Watch], OnChange], Broker]
"""Makes a broker."""
