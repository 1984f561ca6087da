"""The GPU pipeline: counts the spots of a data collection in one go.

As the service of DiamondLightSource's fast-feedback-service does.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import Id, OptionalText, validated

from .centring import Counts
from .frames import REMEMBERED, FrameSource
from .names import GPU_QUEUE
from .payload import MAX_BOXES
from .recipe import RecipeMessage
from .spots import Spots

logger = logging.getLogger(__name__)

SPEED = 2
"""It analyses so many times as many frames a second as the CPU pipeline."""
REQUEUED_FOR = 5.0
"""How long a data collection out of order is put off, in seconds."""
STRONG_PIXELS = 7
"""Of a spot, on average."""


class _Request(BaseModel):
    dcid: Id
    dcgid: Id
    filename: OptionalText
    message_index: Annotated[int, Field(ge=0)]
    number_of_frames: Annotated[int, Field(ge=1, le=MAX_BOXES)]
    start_frame_index: Annotated[int, Field(ge=0, le=MAX_BOXES)]
    x_beam: Annotated[float, Field(alias="xBeam")]
    y_beam: Annotated[float, Field(alias="yBeam")]
    detector_distance: float


class GpuAnalysis(FrameSource):
    """Counts the spots on the frames that a message names, by their place in the file.

    All grids of a scan are in one file, one after the other. The data collections of a
    group are expected in the order of their ``message_index``, from 0; another one is
    put off once.

    Args:
        spots: how many there are.
        frame_rate: frames a second.
    """

    name = "GPU analysis"
    queue = GPU_QUEUE

    def __init__(self, spots: Spots, frame_rate: float) -> None:
        super().__init__(frame_rate)
        self._spots = spots
        self._group = 0
        self._next_index = 0
        self._done_at: OrderedDict[int, float] = OrderedDict()

    def done_at(self, dcid: int) -> float:
        """Return when it is done with a data collection; 0 if it does not have it."""
        return self._done_at.get(dcid, 0)

    def handle(self, message: RecipeMessage) -> bool | asyncio.Future[bool]:
        """Analyse a data collection, once."""
        asked = validated(_Request, message.parameters, "parameters")
        if asked.filename is None:
            raise NotUnderstood(f"DCID {asked.dcid} has no filename")
        counts = self._spots.in_file(asked.dcid)[asked.start_frame_index :]
        frames = _frames(asked.filename, counts, asked.number_of_frames)
        return self.run_once(message, "result", frames)

    async def until_ready(self, message: RecipeMessage) -> None:
        """Put off what is out of order."""
        asked = validated(_Request, message.parameters, "parameters")
        if asked.dcgid != self._group:
            self._group, self._next_index = asked.dcgid, 0
        if asked.message_index == self._next_index:
            self._next_index += 1
        else:
            logger.warning(
                "%s: DCID %d: message_index is %d where %d was expected; "
                "requeued for %.0f s",
                *(self.name, asked.dcid, asked.message_index, self._next_index),
                REQUEUED_FOR,
            )
            await asyncio.sleep(REQUEUED_FOR)
        latest = max([time.monotonic(), *self._done_at.values()])
        self._done_at[asked.dcid] = latest + asked.number_of_frames / self.frame_rate
        if len(self._done_at) > REMEMBERED:
            self._done_at.popitem(last=False)


def _frames(filename: str, counts: Counts, number: int) -> Iterator[dict[str, Any]]:
    """Say what is on so many frames. There are no spots past the end of the file."""
    for index in range(number):
        spots = counts[index].item() if index < len(counts) else 0
        yield {
            "num_strong_pixels": STRONG_PIXELS * spots,
            "file": filename,
            "n_spots_total": spots,
        }
