"""Answers the start and end of a data collection with a plausible result."""

import asyncio
import logging
from typing import Any
from uuid import uuid4

import numpy as np
from pydantic_core import from_json

from ..broker import Broker, Delivery, Message
from ..wire import TRIGGER_QUEUE, Event, result_message

logger = logging.getLogger(__name__)

RESULTS_QUEUE = "xrc.demo"
PROCESSING_TIME = 3.0
"""From the end message to the result, in seconds."""
GRID = (20, 12, 12)
"""Boxes in x, y and z."""


class SimulatedZocalo:
    """Takes triggers and sends one 3-D result for each data collection that ends."""

    queue = TRIGGER_QUEUE

    def __init__(self) -> None:
        self.broker: Broker | None = None
        self._started: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, delivery: Delivery) -> bool:
        """Take a trigger; the result follows when its end has come."""
        parameters = from_json(delivery.body)["parameters"]
        dcid = parameters["ispyb_dcid"]
        if parameters["event"] == Event.START:
            self._started.add(dcid)
        elif dcid in self._started:
            self._started.discard(dcid)
            task = asyncio.create_task(self._process(dcid))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            logger.warning("Simulated Zocalo: DCID %d ended but never started", dcid)
        return True

    async def _process(self, dcid: int) -> None:
        await asyncio.sleep(PROCESSING_TIME)
        assert self.broker is not None
        payload = {"results": centres(dcid), "status": "success", "type": "3d"}
        headers, body = result_message(
            payload, {"dcid": dcid, "dcgid": dcid // 10}, str(uuid4())
        )
        await self.broker.publish(Message(RESULTS_QUEUE, body, headers), timeout=10)


def centres(dcid: int) -> list[dict[str, Any]]:
    """Return one to three crystals, always the same ones for one DCID."""
    rng = np.random.default_rng(dcid)
    return [_crystal(rng) for _ in range(rng.integers(1, 4))]


def _crystal(rng: np.random.Generator) -> dict[str, Any]:
    """Make a blob of spots whose box, centre of mass and counts agree."""
    size = rng.integers(1, 5, 3)
    corner = rng.integers(0, np.array(GRID) - size + 1)
    # every voxel of the box, weighted as spots would be on a round crystal
    voxels = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), -1)
    middle = (size - 1) / 2 + rng.uniform(-0.4, 0.4, 3)
    distance = np.linalg.norm((voxels - middle) / size, axis=-1)
    counts = np.ceil(rng.integers(50, 5000) * np.exp(-3 * distance**2)).astype(int)
    mass = (voxels * counts[..., None]).sum((0, 1, 2)) / counts.sum()
    strongest = np.array(np.unravel_index(counts.argmax(), counts.shape))
    return {
        "centre_of_mass": (corner + mass + 0.5).round(3).tolist(),
        "max_voxel": (corner + strongest).tolist(),
        "max_count": int(counts.max()),
        "n_voxels": int(counts.size),
        "total_count": int(counts.sum()),
        "bounding_box": [corner.tolist(), (corner + size).tolist()],
        "sample_id": int(rng.integers(100_000, 1_000_000)),
    }
