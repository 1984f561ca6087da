"""RabbitMQ through pika, in the running event loop, with publisher confirms."""

import asyncio
import itertools
import logging
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from ..errors import Problem
from ..errors.broker import Blocked, FilesUnresponsive, HostNotLookedUp, NoHeartbeat
from ._futures import ANSWER_TIME, PikaConnection, answer
from ._headers import read_any_headers
from ._pauses import Pauses
from ._problems import CONNECTION_ERRORS, connection_problem
from ._protocol import Connection, OnChange, Queue, Subscription, Watch
from ._publisher import Publisher
from ._subscriber import Subscriber
from ._watcher import Watcher

LOOK_UP_TIME = 4.0
"""How long the DNS may take, in seconds."""


class Names:
    """Looks host names up, each once at a time; pika does so without a deadline.

    A look-up can't be cancelled: it keeps one of a few threads until the DNS has
    answered or the system gives up, which other look-ups and autosave need as well.
    """

    def __init__(self) -> None:
        self._look_ups: dict[str, asyncio.Task[Any]] = {}

    async def look_up(self, host: str, port: int) -> None:
        """Wait until a host has an address.

        Raises:
            HostNotLookedUp: the DNS does not answer.
            OSError: the host is not known.
        """
        look_up = self._look_ups.get(host)
        if look_up is None:
            loop = asyncio.get_running_loop()
            look_up = loop.create_task(loop.getaddrinfo(host, port))
            self._look_ups[host] = look_up
        done, _ = await asyncio.wait([look_up], timeout=LOOK_UP_TIME)
        if not done:
            raise HostNotLookedUp(f"{host}:{port}")
        del self._look_ups[host]
        look_up.result()


logger = logging.getLogger(__name__)

SILENCE = 1.5
"""Heartbeats for which a connection may be silent; RabbitMQ sends two in one. pika
itself looks after one heartbeat and 5 s, and so may take twice as long to notice."""
DRAIN_TIME = 2.0
"""How long closing waits for confirms that are due, in seconds."""


class AmqpBroker:
    """A connection to one of several RabbitMQ nodes, which reconnects automatically.

    One channel publishes with confirms, each subscription has a channel of its own, and
    so has counting, so that a queue that is missing stops nothing else.

    Args:
        urls: returns ``amqp://user:password@host:port/vhost`` of each node; they are
            tried in turn. It is called in a thread before each attempt to connect, so
            that a password can be changed, and so is `tls`.
        subscriptions: the queues to take messages from, and their handlers.
        on_change: told whenever the state of the connection has changed.
        watches: the queues to count.
        name: what RabbitMQ's management page calls the connection.
        heartbeat: seconds; a connection silent for two of them is given up, and a
            queue from which nothing came for as long is asked anew.
        tls: returns what ``amqps`` is done with; if none, as Python does it by default.
    """

    def __init__(
        self,
        urls: Callable[[], Sequence[str]],
        subscriptions: Sequence[Subscription],
        on_change: OnChange,
        *,
        watches: Sequence[Watch] = (),
        name: str = "zocalo-ioc",
        heartbeat: int = 10,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._urls = urls
        self._name = name
        self._tls = tls
        self._on_change = on_change
        self._state = Connection(up=False)
        self._blocked = False
        self._lost: Problem | None = None  # until every queue has answered again
        self._answers: dict[Queue, Problem | None] = {}
        self._connections = 0
        self._closing = False
        self._connection: PikaConnection | None = None
        self._names = Names()
        self._heartbeat = heartbeat
        self._publisher = Publisher(lambda: self._state.problem, self._is_held)
        self.publish = self._publisher.publish
        """See `Broker.publish`."""
        self._queues = [subscription.queue for subscription in subscriptions]
        self._subscribers = [
            Subscriber(subscription, self._report, 2 * heartbeat, self._is_held)
            for subscription in subscriptions
        ]
        self._watcher = Watcher(watches, self._is_held, self._consumes)
        read_any_headers()

    async def run(self) -> None:
        """Connect to the nodes in turn, serve, and begin again when that ends."""
        pauses = Pauses()
        for attempt in itertools.count():
            address = ""
            try:
                node = await self._next_node(attempt)
                address = f"{node.host}:{node.port}"
                await self._names.look_up(node.host, node.port)
                await self._serve(node, address)
            except Exception as error:  # whatever it is, the next try may go well
                if self._closing:
                    return
                if not isinstance(error, CONNECTION_ERRORS):
                    logger.exception("The connection to %s failed", address)
                self._lost = connection_problem(address, error)
                self._show(address)
            await pauses.take()

    async def _next_node(self, attempt: int) -> pika.URLParameters:
        """Read which node is next, and how to connect to it.

        Raises:
            FilesUnresponsive: the disk with the URLs or certificates does not answer.
            SettingsInvalid: they can't be used.
        """
        try:
            async with asyncio.timeout(ANSWER_TIME):
                return await asyncio.to_thread(self._node, attempt)
        except TimeoutError:
            raise FilesUnresponsive from None

    def _node(self, attempt: int) -> pika.URLParameters:
        urls = self._urls()
        url = urls[attempt % len(urls)]
        return node_parameters(url, self._name, self._heartbeat, self._tls)

    async def _serve(self, node: pika.URLParameters, address: str) -> None:
        """Publish and consume until the connection is lost, and raise why."""
        self._connection = connection = PikaConnection(node)
        parts: list[asyncio.Future[None]] = []
        try:
            await answer(connection.opened)
            self._connections += 1
            self._watch_blocking(connection, address)
            parts = [
                asyncio.ensure_future(part)
                for part in (
                    self._publisher.run(connection.pika, address),
                    *(each.run(connection.pika, address) for each in self._subscribers),
                    self._publisher.watch(address, partial(self._show, address)),
                    self._watcher.run(connection.pika, address),
                    self._watch_silence(connection.pika, address),
                )
            ]
            await asyncio.gather(connection.closed, *parts)
        finally:
            for part in parts:
                part.cancel()
            self._blocked = False
            self._publisher.forget()
            self._watcher.forget()
            self._answers.clear()
            connection.close()

    def _watch_blocking(self, connection: PikaConnection, address: str) -> None:
        """Hold messages back while the broker is short of memory or disk.

        It does not read meanwhile, so the queue can't be asked anew either.
        """

        def note(blocked: bool, *_: object) -> None:
            if self._connection is not connection:
                return  # one that was given up, and speaks again
            self._blocked = blocked
            if not blocked:
                self._publisher.send_unconfirmed()
            self._show(address)

        connection.pika.add_on_connection_blocked_callback(partial(note, True))
        connection.pika.add_on_connection_unblocked_callback(partial(note, False))

    async def _watch_silence(self, connection: AsyncioConnection, address: str) -> None:
        """Give up a connection that is open, but dead.

        Looks are counted and not seconds, which pass also while this process is halted
        and can't have heard anything.
        """
        heard, silent = -1, 0
        while silent < SILENCE * self._heartbeat:
            # pika has no type for it
            received: int = connection.bytes_received  # pyright: ignore[reportAttributeAccessIssue]
            silent = silent + 1 if received == heard else 0
            heard = received
            await asyncio.sleep(1)
        raise NoHeartbeat(address, SILENCE * self._heartbeat)

    def _consumes(self, queue: str) -> bool:
        """Whether messages are to come from a queue now."""
        return any(q.name == queue and not p for q, p in self._answers.items())

    def _is_held(self) -> bool:
        return self._blocked

    def _report(self, queue: Queue, address: str, problem: Problem | None) -> None:
        """Note that messages come from a queue, or why not."""
        self._answers[queue] = problem
        if len(self._answers) == len(self._queues):
            self._lost = None
        self._show(address)

    def _show(self, address: str) -> None:
        answers = self._answers
        subscribed = tuple(q for q in self._queues if q in answers and not answers[q])
        overdue = self._publisher.overdue
        up = len(subscribed) == len(self._queues) > 0 and overdue is None
        missing = dict.fromkeys(q.content for q in self._queues if q not in subscribed)
        problems = [self._lost, *answers.values(), overdue]
        if self._blocked:
            problems.insert(0, Blocked(address))
        state = Connection(
            up,
            address,
            next(filter(None, problems), None),
            max(self._connections - 1, 0),
            subscribed,
            f"no {' and '.join(missing)} can arrive"
            if missing
            else "no messages can be sent",
        )
        if state != self._state:
            self._state = state
            self._on_change(state)

    async def close(self) -> None:
        """See `Broker.close`."""
        self._closing = True
        if self._connection and self._connection.pika.is_open:
            await self._publisher.drain(DRAIN_TIME)
            self._connection.close()
            with suppress(AMQPError, TimeoutError):
                async with asyncio.timeout(DRAIN_TIME):
                    await self._connection.closed


def node_parameters(
    url: str, name: str, heartbeat: int, tls: Callable[[], ssl.SSLContext] | None
) -> pika.URLParameters:
    """Return how to connect to a node.

    Args:
        url: ``amqp://user:password@host:port/vhost``, or ``amqps``.
        name: what RabbitMQ's management page calls the connection.
        heartbeat: seconds.
        tls: returns what ``amqps`` is done with; if none, as Python does it by default.
    """
    parameters = pika.URLParameters(url)
    if parameters.ssl_options and tls:
        parameters.ssl_options = pika.SSLOptions(tls(), parameters.host)
    parameters.heartbeat = heartbeat
    # short, so that another node can be tried within the send time-out
    parameters.socket_timeout = 3
    parameters.stack_timeout = 4
    parameters.client_properties = {"connection_name": name}
    return parameters
