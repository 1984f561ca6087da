"""Per-image analysis: sends the number of spots on each frame of a data collection."""

import asyncio
import logging
import time
from collections import deque

from pydantic import BaseModel

from zocalo_ioc.errors import Problem
from zocalo_ioc.wire import Flag, Id, validated

from .centring import Counts
from .data_collections import Collections
from .names import QUEUES, ServiceName
from .recipe import RecipeMessage
from .service import Service
from .spots import spot_counts

logger = logging.getLogger(__name__)

REMEMBERED = 1000
"""So many finished analyses are remembered."""
BURST = 0.02
"""Frames are sent a few at a time, so often, in seconds."""
GPU_SPEED = 2
"""The GPU pipeline analyses so many times as many frames a second."""


class _Parameters(BaseModel):
    dcid: Id
    gpu: Flag = False


class PerImageAnalysis(Service):
    """Counts spots, one data collection after the other in each pipeline.

    Args:
        collections: says where crystals are.
        seed: of the noise.
        frame_rate: frames a second in the CPU pipeline.
    """

    name = "Per-image analysis"
    queue = QUEUES[ServiceName.IMAGES]
    prefetch = 1000  # they are waiting for their turn

    def __init__(self, collections: Collections, seed: int, frame_rate: float) -> None:
        super().__init__()
        self._collections = collections
        self._seed = seed
        self._frame_rate = frame_rate
        self._turns = {False: asyncio.Lock(), True: asyncio.Lock()}
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._finished: deque[str] = deque(maxlen=REMEMBERED)

    def handle(self, message: RecipeMessage) -> bool | asyncio.Future[bool]:
        """Analyse a data collection, unless that is being done or has been done.

        The broker delivers a message again when it has lost its acknowledgement.
        """
        if message.guid in self._finished:
            return True
        asked = validated(_Parameters, message.parameters, "parameters")
        if running := self._running.get(message.guid):
            return running
        task = asyncio.create_task(self._analyse(message, asked.dcid, asked.gpu))
        self._running[message.guid] = task
        task.add_done_callback(lambda _: self._running.pop(message.guid, None))
        return task

    async def _analyse(self, message: RecipeMessage, dcid: int, gpu: bool) -> bool:
        scan = self._collections.find(dcid)
        if scan is None:
            logger.error(
                "Per-image analysis: DCID %d is rejected: its start came before this "
                "simulation began, and it is in no file",
                dcid,
            )
            return False
        counts = spot_counts(scan, dcid, gpu, self._seed)
        async with self._turns[gpu]:
            began = time.monotonic()
            try:
                rate = self._frame_rate * (GPU_SPEED if gpu else 1)
                await self._send_frames(message, counts, rate)
            except Problem as problem:
                logger.error(
                    "Per-image analysis: DCID %d is rejected: %s", dcid, problem
                )
                return False
        logger.info(
            "Per-image analysis: DCID %d: %d frames in %.1f s, at most %d spots (%s)",
            dcid,
            counts.size,
            time.monotonic() - began,
            counts.max(),
            "GPU" if gpu else "CPU",
        )
        if message.guid:
            self._finished.append(message.guid)
        return True

    async def _send_frames(
        self, message: RecipeMessage, counts: Counts, rate: float
    ) -> None:
        """Send each frame when it is due, and wait for all confirms."""
        began = time.monotonic()
        sent: list[asyncio.Task[None]] = []
        for number, count in enumerate(counts.tolist(), start=1):
            due = began + number / rate
            if (early := due - time.monotonic()) > BURST:
                await asyncio.sleep(early)
            payload = {
                "file-number": number,
                "n_spots_total": count,
                "file-seen-at": time.time(),
            }
            frame = message.send_to("result", payload)
            sent.append(asyncio.create_task(self.send(frame)))
        await asyncio.gather(*sent)
