"""Makes the queues and exchanges of a Zocalo on a broker, as a site has them."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from zocalo_ioc.wire import TRIGGER_QUEUE

from .names import CENTRING_QUEUE, SERVICE_QUEUES

logger = logging.getLogger(__name__)

RESULTS_EXCHANGE = "results"
DELIVERY_LIMIT = 5
EXPIRY_MS = 60_000
"""How long a result waits for someone to take it."""
BROADCASTS = ("command", "transient.status")
"""Exchanges that Zocalo's own services use."""


@dataclass(frozen=True)
class _Queue:
    name: str
    arguments: Mapping[str, Any]
    dead_letters: bool = True


def _queues(results_queue: str) -> Iterator[_Queue]:
    """Tell the queues, without those for rejected messages."""
    for name in (TRIGGER_QUEUE, *SERVICE_QUEUES):
        single = {"x-single-active-consumer": True} if name == CENTRING_QUEUE else {}
        yield _Queue(name, single)
    yield _Queue(results_queue, {"x-message-ttl": EXPIRY_MS}, dead_letters=False)


def declare(url: str, results_queue: str) -> None:
    """Make what is missing. What is there with other properties is left as it is.

    Args:
        url: of a node of the broker.
        results_queue: bound to the exchange of the results by its own name.

    Raises:
        AMQPError: the broker can't be reached, or does not allow it.
    """
    parameters = pika.URLParameters(url)
    parameters.client_properties = {"connection_name": "zocalo-ioc simulate: declare"}
    connection = BlockingConnection(parameters)
    try:
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
        channel = connection.channel()
        channel.exchange_declare(RESULTS_EXCHANGE, "topic", durable=True)
        channel.queue_bind(results_queue, RESULTS_EXCHANGE, results_queue)
        for exchange in BROADCASTS:
            channel.exchange_declare(exchange, "fanout", durable=True)
    finally:
        if connection.is_open:
            connection.close()


def _make(connection: BlockingConnection, queue: _Queue) -> None:
    channel = connection.channel()
    try:
        channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    except ChannelClosedByBroker as error:
        if error.reply_code != 406:
            raise
        logger.warning(
            "The queue %s has other properties, and is left as it is: %s",
            queue.name,
            error.reply_text,
        )
    else:
        channel.close()
