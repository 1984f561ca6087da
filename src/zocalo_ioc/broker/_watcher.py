"""Counts the consumers and messages of queues."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel

from ..errors.queues import ConsumerLost
from ._futures import answer, open_channel, resolve
from ._protocol import Counts, Watch

PERIOD = 2.0
"""How often each queue is counted, in seconds."""
UNSEEN = 3
"""Counts without our own consumer after which another node is tried: while the nodes
agree on a leader, none has any."""


class Watcher:
    """Counts queues on a channel of its own, since one that is missing closes it.

    Args:
        watches: the queues.
        held: whether the broker reads nothing at present.
        consumed: whether this connection takes messages from a queue.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        held: Callable[[], bool],
        consumed: Callable[[str], bool],
    ) -> None:
        self._watches = watches
        self._held = held
        self._consumed = consumed
        self._unseen: dict[str, int] = {}
        self._answered: asyncio.Future[Any] | None = None

    async def run(self, connection: AsyncioConnection, address: str) -> None:
        """Count while the connection lasts.

        Raises:
            ConsumerLost: the broker does not know of this consumer. The node is cut off
                from the one that leads the queue, or the queue was deleted and made
                anew, which RabbitMQ does not tell the consumers of a quorum queue.
        """
        self._unseen.clear()
        channel: Channel | None = None
        for watch in itertools.cycle(self._watches):
            if channel is None or not channel.is_open:
                channel = await open_channel(connection, self._held)
                channel.add_on_close_callback(self._on_closed)
            counts = await self._count(channel, watch.queue)
            self._check(counts, watch.queue, address)
            watch.on_counts(counts)
            await asyncio.sleep(PERIOD / len(self._watches))

    async def _count(self, channel: Channel, queue: str) -> Counts | None:
        self._answered = asyncio.get_running_loop().create_future()
        channel.queue_declare(queue, passive=True, callback=self._resolve)
        frame = await answer(self._answered, self._held)
        if frame is None:
            return None  # there is no such queue
        return Counts(frame.method.consumer_count, frame.method.message_count)

    def _check(self, counts: Counts | None, queue: str, address: str) -> None:
        unseen = self._consumed(queue) and counts is not None and not counts.consumers
        self._unseen[queue] = self._unseen.get(queue, 0) + 1 if unseen else 0
        if self._unseen[queue] >= UNSEEN:
            raise ConsumerLost(address, queue)

    def _on_closed(self, *_: object) -> None:
        self._resolve(None)

    def _resolve(self, frame: Any) -> None:
        if self._answered:
            resolve(self._answered, frame)

    def forget(self) -> None:
        """Note that the connection is gone, and nothing is known."""
        for watch in self._watches:
            watch.on_counts(None)
