"""What the IOC may do at the broker, found out without leaving anything there."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import uuid4

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    UnroutableError,
)

from ..broker import (
    CONNECTION_ERRORS,
    OWN_QUEUE,
    Queue,
    connection_problem,
    node_parameters,
    publisher_problem,
    subscription_problem,
)
from ..errors import checks as errors
from ..settings import CheckSettings
from ..wire import TRIGGER_QUEUE
from ._report import Finding, no, note, yes

LIMIT = 5.0
"""How long a node may take for an answer, seconds."""
SOON = 30
"""A certificate that is valid for fewer days should be renewed."""
_NOT_ALLOWED = 530


def check_nodes(
    urls: Sequence[str], tls: ssl.SSLContext, settings: CheckSettings
) -> Iterator[Finding]:
    """Look at each node; at queues and rights once, for a cluster shares them."""
    looked = False
    for url in urls:
        node = node_parameters(url, "zocalo-ioc check", settings.heartbeat, lambda: tls)
        node.blocked_connection_timeout = LIMIT
        address = f"{node.host}:{node.port}"
        reached = yield from _reach(node, address)
        connection = (yield from _log_in(node, address)) if reached else None
        if connection is None:
            continue
        try:
            if not looked:
                looked = True
                yield from _check_queues(connection, address, settings)
        except CONNECTION_ERRORS as error:
            yield no("queues", connection_problem(address, error))
        finally:
            with suppress(AMQPError):
                connection.close()
    if not looked:
        yield note("queues and permissions", errors.QueuesNotChecked())


# -- the connection -----------------------------------------------------------


def _reach(node: pika.URLParameters, address: str) -> Iterator[Finding]:
    """Look whether a node answers, and at its certificate; return whether it does."""
    what = f"broker {address}"
    try:
        with socket.create_connection((node.host, node.port), LIMIT) as plain:
            yield yes(what, "Something listens.")
            if options := node.ssl_options:
                what = f"TLS {address}"
                with options.context.wrap_socket(
                    plain, server_hostname=options.server_hostname
                ) as secure:
                    yield _certificate(what, secure)
    except (OSError, UnicodeError) as error:
        yield no(what, connection_problem(address, error))
        return False
    return True


def _certificate(what: str, connection: ssl.SSLSocket) -> Finding:
    certificate = connection.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((ends - time.time()) // 86400)
    until = time.strftime("%Y-%m-%d %H:%M", time.gmtime(ends))
    if days < SOON:
        return note(what, errors.CertificateEndsSoon(days, until))
    text = f"The certificate is trusted, and valid for {days} days, until {until} UTC."
    return yes(what, f"{connection.version()}. {text}")


def _log_in(node: pika.URLParameters, address: str) -> Iterator[Finding]:
    """Log in; return the connection, or None."""
    login, vhost = f"login {address}", f"virtual host {node.virtual_host}"
    try:
        connection = BlockingConnection(node)
    except CONNECTION_ERRORS as error:
        denied = isinstance(error, ProbableAccessDeniedError)
        if denied or getattr(error, "reply_code", None) == _NOT_ALLOWED:
            yield yes(login, "The user name and password are correct.")
            login = vhost
        yield no(login, connection_problem(address, error))
        return None
    yield yes(login, "The user name and password are correct.")
    yield yes(vhost, "This user has access.")
    return connection


# -- the queues ---------------------------------------------------------------


def _check_queues(
    connection: BlockingConnection, address: str, settings: CheckSettings
) -> Iterator[Finding]:
    yield _trigger_queue(connection, address)
    yield _write_right(connection, address)
    for given in filter(None, (settings.results, settings.frames)):
        queue = Queue(*given)
        what = f"exchange {queue.exchange}" if queue.exchange else f"queue {queue.name}"
        try:
            look = _own_queue if queue.exchange else _site_queue
            yield look(connection, what, queue)
        except ChannelClosedByBroker as closed:
            yield no(what, subscription_problem(queue, address, closed))


def _trigger_queue(connection: BlockingConnection, address: str) -> Finding:
    what = f"queue {TRIGGER_QUEUE}"
    try:
        consumers = _look_at(connection, TRIGGER_QUEUE)
    except ChannelClosedByBroker:
        return no(what, errors.TriggerQueueMissing(address, TRIGGER_QUEUE))
    if not consumers:
        return note(what, errors.NoDispatcher())
    return yes(what, "The queue exists, and has a consumer.")


def _write_right(connection: BlockingConnection, address: str) -> Finding:
    """Send what reaches no queue, in the way in which triggers are sent."""
    what = "permission to send"
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish("", f"zocalo-ioc.check.{uuid4()}", b"", mandatory=True)
    except UnroutableError:
        return yes(what, "Triggers can be sent.")
    except AMQPError as closed:
        return no(what, publisher_problem(address, closed))
    return yes(what, "Triggers can be sent.")


def _site_queue(connection: BlockingConnection, what: str, queue: Queue) -> Finding:
    consumers = _look_at(connection, queue.name)
    _ask_to_read(connection, queue.name)
    if consumers:
        return note(what, errors.OthersTakeMessages(consumers, queue.content))
    return yes(what, "The queue exists, can be read, and has no other consumer.")


def _own_queue(connection: BlockingConnection, what: str, queue: Queue) -> Finding:
    """Make the queue as the IOC does, and delete it unless it was there before."""
    connection.channel().exchange_declare(queue.exchange, passive=True)
    name = queue.name
    was_there = _is_there(connection, name)
    channel = connection.channel()
    channel.queue_declare(name, durable=True, arguments=OWN_QUEUE)
    try:
        if not was_there:
            channel.queue_bind(name, queue.exchange, queue.routing_key)
        _ask_to_read(connection, name)
    finally:
        if not was_there:
            connection.channel().queue_delete(name)
    if was_there:
        return yes(what, f"The exchange exists, and so does the IOC's queue {name}.")
    return yes(what, f"The exchange exists, and the IOC may create its queue {name}.")


def _look_at(connection: BlockingConnection, queue: str) -> int:
    """Return how many take from a queue, without touching it."""
    found = connection.channel().queue_declare(queue, passive=True)
    return int(found.method.consumer_count)


def _is_there(connection: BlockingConnection, queue: str) -> bool:
    try:
        _look_at(connection, queue)
    except ChannelClosedByBroker as why:
        if why.reply_code != 404:
            raise
        return False
    return True


def _ask_to_read(connection: BlockingConnection, queue: str) -> None:
    """Ask for messages in a way that RabbitMQ refuses after it has looked at rights.

    Were it granted, messages would come, and be counted as delivered once.

    Raises:
        ChannelClosedByBroker: this user may not read the queue.
    """
    channel = connection.channel()
    try:
        channel.basic_consume(
            queue, on_message_callback=_ignore, arguments={"x-priority": "no number"}
        )
    except ChannelClosedByBroker as why:
        if why.reply_code != 406:
            raise
    else:
        channel.close()


def _ignore(*_: object) -> None:
    """Take no notice of a message."""
