"""The CPU pipeline: finds the frames of a data collection, and counts their spots.

As the file watcher and the per-image analysis of dlstbx do.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from zocalo_ioc.wire import OptionalText, validated

from .frames import FrameSource
from .gpu_analysis import GpuAnalysis
from .names import CPU_QUEUE, FRAMES_QUEUE
from .recipe import RecipeMessage
from .service import Service
from .spots import Spots

logger = logging.getLogger(__name__)

BEHIND_GPU = 2.0
"""How long after the GPU pipeline it has the frames of a data collection, seconds."""
FEW_SPOTS = 10
"""With so many, or fewer, there is no estimate of the resolution."""


class _Watched(BaseModel):
    hdf5: OptionalText = None


class FileWatcher(FrameSource):
    """Sends a message for each frame of a data collection.

    Args:
        spots: says which data collections there are.
        frame_rate: frames a second.
        gpu: the GPU pipeline, which has its frames earlier.
    """

    name = "File watcher"
    queue = FRAMES_QUEUE

    def __init__(self, spots: Spots, frame_rate: float, gpu: GpuAnalysis) -> None:
        super().__init__(frame_rate)
        self._spots = spots
        self._gpu = gpu

    def handle(self, message: RecipeMessage) -> bool | asyncio.Future[bool]:
        """Send the frames of a data collection, once."""
        if not message.send_to("every", {}):
            return True
        frames = self._spots.frames(message.dcid)
        file = validated(_Watched, message.parameters, "parameters").hdf5
        return self.run_once(message, "every", self._found(file or "", frames))

    async def until_ready(self, message: RecipeMessage) -> None:
        """Let the GPU pipeline go ahead."""
        ahead = self._gpu.done_at(message.dcid) + BEHIND_GPU
        await asyncio.sleep(max(ahead - time.monotonic(), 0))

    def _found(self, file: str, frames: int) -> Iterator[dict[str, Any]]:
        for number in range(1, frames + 1):
            yield {
                "hdf5": file,
                "hdf5-index": number - 1,
                "file": file,
                "parameters": {"scan_range": f"{number},{number}"},
            }


class _Frame(BaseModel):
    number: Annotated[int, Field(alias="file-number", ge=1)]


class PerImageAnalysis(Service):
    """Counts the spots on a frame.

    Args:
        spots: how many there are.
    """

    name = "Per-image analysis"
    queue = CPU_QUEUE
    prefetch = 1000

    def __init__(self, spots: Spots) -> None:
        super().__init__()
        self._spots = spots

    def handle(self, message: RecipeMessage) -> asyncio.Future[bool]:
        """Send what there is on a frame."""
        number = validated(_Frame, message.payload, "payload").number
        counts = self._spots.on_cpu(message.dcid)
        spots = counts[number - 1].item() if number <= len(counts) else 0
        file = {k: v for k, v in message.payload.items() if k.startswith("file")}
        result = message.send_to("result", _statistics(spots) | file, mandatory=False)
        of = f"frame {number} of DCID {message.dcid}"
        return asyncio.ensure_future(self.send_and_accept(result, of))


def _statistics(spots: int) -> dict[str, Any]:
    """Return what dlstbx says of a frame, plausible values but for the spots."""
    few = spots <= FEW_SPOTS
    return {
        "n_spots_4A": spots // 3,
        "n_spots_no_ice": spots - spots // 20,
        "n_spots_total": spots,
        "total_intensity": 120.0 * spots,
        "d_min_distl_method_1": -1.0 if few else 2.1,
        "d_min_distl_method_2": -1.0 if few else 2.2,
        "estimated_d_min": -1.0 if few else 2.0,
        "noisiness_method_1": 1.0 if few else 0.4,
        "noisiness_method_2": 1.0 if few else 0.3,
    }
