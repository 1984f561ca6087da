"""Answers the start and end of a data collection with a plausible result."""

import asyncio
import logging
from dataclasses import dataclass, field
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


@dataclass
class _Scan:
    """The data collections of a scan that have ended, and the result on its way."""

    ended: list[int] = field(default_factory=list[int])
    result: asyncio.Task[None] | None = None


class SimulatedZocalo:
    """Takes triggers, and sends one 3-D result for each scan that has ended.

    Data collections that are started one after the other, before any of them ends, are
    the grids of one scan.
    """

    queue = TRIGGER_QUEUE

    def __init__(self) -> None:
        self.broker: Broker | None = None
        self._starting = _Scan()
        self._scans: dict[int, _Scan] = {}

    def take(self, delivery: Delivery) -> bool:
        """Take a trigger; the result follows the last end of the scan."""
        parameters = from_json(delivery.body)["parameters"]
        dcid = parameters["ispyb_dcid"]
        if parameters["event"] == Event.START:
            self._scans[dcid] = self._starting
            return True
        scan = self._scans.pop(dcid, None)
        if scan is None:
            logger.warning("Simulated Zocalo: DCID %d ended but never started", dcid)
            return True
        self._starting = _Scan()
        scan.ended.append(dcid)
        if scan.result:
            scan.result.cancel()  # more of the scan has ended, so begin again
        scan.result = asyncio.create_task(self._process(scan))
        return True

    async def _process(self, scan: _Scan) -> None:
        await asyncio.sleep(PROCESSING_TIME)
        assert self.broker is not None
        dcids, scan.ended = scan.ended, []
        results = centres(dcids[0])
        payload = {"results": results, "status": "success", "type": "3d"}
        parameters = {"dcid": dcids[-1], "dcg_dcids": dcids, "dcgid": dcids[0] // 10}
        headers, body = result_message(payload, parameters, str(uuid4()))
        await self.broker.publish(Message(RESULTS_QUEUE, body, headers), within=10)


def centres(dcid: int) -> list[dict[str, Any]]:
    """Return one to three crystals, always the same ones for a DCID."""
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
