"""Services that take a message a data collection, and send one a frame."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from zocalo_ioc.errors import Problem

from .recipe import RecipeMessage
from .service import Service

logger = logging.getLogger(__name__)

REMEMBERED = 1000
"""So many finished runs are remembered."""
BURST = 0.02
"""Frames are sent a few at a time, so often, in seconds."""


class FrameSource(Service):
    """Sends the frames of one data collection after the other.

    Args:
        frame_rate: frames a second.
    """

    prefetch = 1000  # they are waiting for their turn

    def __init__(self, frame_rate: float) -> None:
        super().__init__()
        self.frame_rate = frame_rate
        self._turn = asyncio.Lock()
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._finished: deque[str] = deque(maxlen=REMEMBERED)

    def run_once(
        self, message: RecipeMessage, output: str, frames: Iterable[dict[str, Any]]
    ) -> bool | asyncio.Future[bool]:
        """Send the frames of a run of a recipe, unless that is, or has been, done.

        The broker delivers a message again when it has lost its acknowledgement.

        Args:
            message: begins the run.
            output: where frames go.
            frames: the payload of each, made when it is due.
        """
        if message.guid in self._finished:
            return True
        if running := self._running.get(message.guid):
            return running
        task = asyncio.create_task(self._run(message, output, frames))
        self._running[message.guid] = task
        task.add_done_callback(lambda _: self._running.pop(message.guid, None))
        return task

    async def until_ready(self, message: RecipeMessage) -> None:
        """Wait before it is the turn of a data collection."""

    async def _run(
        self, message: RecipeMessage, output: str, frames: Iterable[dict[str, Any]]
    ) -> bool:
        await self.until_ready(message)
        async with self._turn:
            began = time.monotonic()
            try:
                count = await self._send_frames(message, output, frames)
            except Problem as problem:
                logger.error("%s: DCID %d: %s", self.name, message.dcid, problem)
                return False
        took = time.monotonic() - began
        logger.info(
            "%s: DCID %d: %d frames in %.1f s", self.name, message.dcid, count, took
        )
        if message.guid:
            self._finished.append(message.guid)
        return True

    async def _send_frames(
        self, message: RecipeMessage, output: str, frames: Iterable[dict[str, Any]]
    ) -> int:
        """Send each frame when it is due, and wait for all confirms."""
        began = time.monotonic()
        sent: list[asyncio.Task[None]] = []
        for number, frame in enumerate(frames, start=1):
            due = began + number / self.frame_rate
            if (early := due - time.monotonic()) > BURST:
                await asyncio.sleep(early)
            payload = frame | {"file-number": number, "file-seen-at": time.time()}
            messages = message.send_to(output, payload, mandatory=False)
            sent.append(asyncio.create_task(self.send(messages)))
        await asyncio.gather(*sent)
        return len(sent)
