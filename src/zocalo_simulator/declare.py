"""Makes the queues and exchanges of a Zocalo on a broker, or says which are missing."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from .names import CENTRING_QUEUE, QUEUES

logger = logging.getLogger(__name__)

RESULTS_EXCHANGE = "results"
DELIVERY_LIMIT = 5
EXPIRY_MS = 60_000
"""How long a result waits for someone to take it."""
DELAYED_EXCHANGE = "delayed"
"""Through which Zocalo's services postpone messages. A site has RabbitMQ's plugin for
that; an exchange that is made here passes them on at once."""
BROADCASTS = ("command", "transient.status")
"""Fanout exchanges that each of Zocalo's services needs."""
EXCHANGES = {
    RESULTS_EXCHANGE: "topic",
    DELAYED_EXCHANGE: "direct",
    **dict.fromkeys(BROADCASTS, "fanout"),
    "transient.statistics.cluster": "fanout",  # for Zocalo's Mimas
}


REFUSALS = {403, 405}
"""Replies of the broker that stay the same when asked again."""


class Refused(Exception):
    """The broker does not let this user make something."""


@dataclass(frozen=True)
class _Queue:
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dead_letters: bool = True

    def __str__(self) -> str:
        return f"queue {self.name}"

    def declare(self, channel: BlockingChannel, passive: bool) -> None:
        arguments = dict(self.arguments)
        channel.queue_declare(self.name, passive, durable=True, arguments=arguments)


@dataclass(frozen=True)
class _Exchange:
    name: str
    kind: str = "direct"

    def __str__(self) -> str:
        return f"exchange {self.name}"

    def declare(self, channel: BlockingChannel, passive: bool) -> None:
        channel.exchange_declare(self.name, self.kind, passive, durable=True)


def _queues(results_queue: str) -> Iterator[_Queue]:
    """Tell the queues, without those for rejected messages."""
    for name in chain.from_iterable(QUEUES.values()):
        alone = name == CENTRING_QUEUE
        yield _Queue(name, {"x-single-active-consumer": True} if alone else {})
    yield _Queue(results_queue, {"x-message-ttl": EXPIRY_MS}, dead_letters=False)


def declare(url: str, results_queue: str) -> None:
    """Make what is missing. What is there with other properties is left as it is.

    Args:
        url: of a node of the broker.
        results_queue: bound to the exchange of the results by its own name.

    Raises:
        Refused: the broker does not allow it.
        AMQPError: the broker can't be reached.
    """
    with _connected(url) as connection:
        for name, kind in EXCHANGES.items():
            _make(connection, _Exchange(name, kind))
        for queue in _queues(results_queue):
            arguments = {
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                **queue.arguments,
            }
            if queue.dead_letters:
                dead = f"dlq.{queue.name}"
                _make(connection, _Queue(dead, {"x-queue-type": "quorum"}))
                arguments["x-dead-letter-exchange"] = ""
                arguments["x-dead-letter-routing-key"] = dead
            _make(connection, _Queue(queue.name, arguments))
            _bind(connection, queue.name, DELAYED_EXCHANGE)
        _bind(connection, results_queue, RESULTS_EXCHANGE)


def missing(url: str, queues: Iterable[str], exchanges: Iterable[str]) -> list[str]:
    """Return what a node lacks of some queues and exchanges: ``queue mimas``.

    Raises:
        AMQPError: the broker can't be reached.
    """
    needed = [*map(_Queue, queues), *map(_Exchange, exchanges)]
    with _connected(url) as connection:
        refusals = [(each, _refusal(connection, each, passive=True)) for each in needed]
    # that a queue's node is down is not found, either
    return [
        str(each)
        for each, refusal in refusals
        if refusal and refusal.reply_text.startswith("NOT_FOUND - no ")
    ]


def _connected(url: str) -> BlockingConnection:
    parameters = pika.URLParameters(url)
    parameters.client_properties = {"connection_name": "zocalo-ioc simulate: declare"}
    return BlockingConnection(parameters)


def _make(connection: BlockingConnection, wanted: _Queue | _Exchange) -> None:
    refusal = _refusal(connection, wanted)
    if refusal is None:
        return
    if refusal.reply_code in REFUSALS:
        raise Refused(refusal.reply_text)
    if refusal.reply_code != 406:
        raise refusal
    logger.warning(
        "The %s exists with other properties and is left unchanged: %s",
        wanted,
        refusal.reply_text,
    )


def _refusal(
    connection: BlockingConnection, wanted: _Queue | _Exchange, passive: bool = False
) -> ChannelClosedByBroker | None:
    """Declare on a channel of its own, for a refusal closes it."""
    with connection.channel() as channel:
        try:
            wanted.declare(channel, passive)
        except ChannelClosedByBroker as refusal:
            return refusal
    return None


def _bind(connection: BlockingConnection, queue: str, exchange: str) -> None:
    with connection.channel() as channel:
        try:
            channel.queue_bind(queue, exchange, queue)
        except ChannelClosedByBroker as refusal:
            if refusal.reply_code in REFUSALS:
                raise Refused(refusal.reply_text) from None
            raise
