"""Counts the consumers and messages of queues."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel

from ._futures import answer, open_channel, resolve
from ._protocol import Counts, Watch

PERIOD = 2.0
"""How often each queue is counted, in seconds."""


class Watcher:
    """Counts queues on a channel of its own, since one that is missing closes it.

    Args:
        watches: the queues.
        held: whether the broker reads nothing at present.
    """

    def __init__(self, watches: Sequence[Watch], held: Callable[[], bool]) -> None:
        self._watches = watches
        self._held = held
        self._answered: asyncio.Future[Any] | None = None

    async def run(self, connection: AsyncioConnection) -> None:
        """Count while the connection lasts."""
        channel: Channel | None = None
        for watch in itertools.cycle(self._watches):
            if channel is None or not channel.is_open:
                channel = await open_channel(connection, self._held)
                channel.add_on_close_callback(self._on_closed)
            watch.on_counts(await self._count(channel, watch.queue))
            await asyncio.sleep(PERIOD / len(self._watches))

    async def _count(self, channel: Channel, queue: str) -> Counts | None:
        self._answered = asyncio.get_running_loop().create_future()
        channel.queue_declare(queue, passive=True, callback=self._resolve)
        frame = await answer(self._answered, self._held)
        if frame is None:
            return None  # there is no such queue
        return Counts(frame.method.consumer_count, frame.method.message_count)

    def _on_closed(self, *_: object) -> None:
        self._resolve(None)

    def _resolve(self, frame: Any) -> None:
        if self._answered:
            resolve(self._answered, frame)

    def forget(self) -> None:
        """Note that the connection is gone, and nothing is known."""
        for watch in self._watches:
            watch.on_counts(None)
