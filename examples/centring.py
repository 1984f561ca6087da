"""Bluesky plans: scan two grids, wait for the X-ray centres, move to the strongest.

usage: python examples/centring.py [PREFIX [DCID DCID]]

Runs with simulated motors against any IOC, for example that of `make demo`, which
prints the ``EPICS_…`` variables to set so that plans find it. Needs
``zocalo-ioc[ophyd-async]``.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import numpy as np
from bluesky import RunEngine
from bluesky.callbacks import CallbackBase
from bluesky.utils import MsgGenerator
from numpy.typing import NDArray
from ophyd_async.core import init_devices, soft_signal_rw

from zocalo_ioc.clients.ophyd_async import (
    ZocaloResults,
    ZocaloStartInfo,
    ZocaloTrigger,
)


@dataclass(frozen=True)
class Grid:
    """Two grids that meet at a right angle: x by y boxes, then x by z.

    Attributes:
        start: the middle of the first box in x, y and z, in mm.
        step: the size of a box, in mm.
        boxes: the number of boxes.
    """

    start: tuple[float, float, float]
    step: tuple[float, float, float]
    boxes: tuple[int, int, int]

    def position(self, box: Sequence[float]) -> NDArray[np.float64]:
        """Convert grid boxes to mm: 0.5 is the middle of box 0."""
        return np.array(self.start) + np.array(self.step) * (np.array(box) - 0.5)

    def collections(self, dcids: Sequence[int]) -> list[ZocaloStartInfo]:
        """Return the data collections of the two grids."""
        x, y, z = self.boxes
        frames = x * y, x * z
        return [
            ZocaloStartInfo(dcid, None, 0, number, index)
            for index, (dcid, number) in enumerate(zip(dcids, frames, strict=True))
        ]


class TellZocalo(CallbackBase):
    """Triggers processing of the data collections in a run's start document."""

    def __init__(self, trigger: ZocaloTrigger) -> None:
        super().__init__()
        self._trigger = trigger
        self._collected: list[int] = []

    def start(self, doc: Any) -> None:
        """Send the start message of each data collection."""
        for collection in doc.get("data_collections", []):
            self._trigger.run_start(ZocaloStartInfo(**collection))
            self._collected.append(collection["ispyb_dcid"])

    def stop(self, doc: Any) -> None:
        """Send the end message of each data collection."""
        while self._collected:
            self._trigger.run_end(self._collected.pop(0))


def scan_grid(
    motors: Sequence[Any], grid: Grid, dcids: Sequence[int]
) -> MsgGenerator[None]:
    """Move over every box of both grids, line by line."""
    x = motors[0]
    md = {
        "plan_name": "scan_grid",
        "grid": asdict(grid),
        "data_collections": [asdict(each) for each in grid.collections(dcids)],
    }

    @bpp.run_decorator(md=md)
    def scan() -> MsgGenerator[None]:
        for slow in (1, 2):
            for line in range(grid.boxes[slow]):
                there = grid.start[slow] + line * grid.step[slow]
                ends = [grid.start[0], grid.start[0] + grid.step[0] * grid.boxes[0]]
                yield from bps.mv(motors[slow], there, x, ends[line % 2])
                yield from bps.mv(x, ends[1 - line % 2])  # snaked
                yield from bps.trigger_and_read(motors, name="lines")

    yield from scan()


def centre_crystal(
    motors: Sequence[Any],
    zocalo: ZocaloResults,
    grid: Grid,
    dcids: Sequence[int],
) -> MsgGenerator[NDArray[np.float64] | None]:
    """Scan, wait for the centres, and move to the strongest crystal.

    Returns:
        Its position in mm; None if nothing diffracts, and then nothing moves.
    """

    @bpp.run_decorator(md={"plan_name": "xray_centring", "dcids": list(dcids)})
    def wait_for_result() -> MsgGenerator[None]:
        yield from bps.trigger_and_read([zocalo], name="xray_centring")

    @bpp.finalize_decorator(lambda: bps.unstage(zocalo, wait=True))
    def inner() -> MsgGenerator[NDArray[np.float64] | None]:
        yield from bps.stage(zocalo, wait=True)
        yield from scan_grid(motors, grid, dcids)
        yield from wait_for_result()
        centres = yield from bps.rd(zocalo.centre_of_mass)
        if len(centres) == 0:
            return None
        position = grid.position(centres[0])
        pairs = zip(motors, position, strict=True)
        yield from bps.mv(*(item for pair in pairs for item in pair))
        return position

    return (yield from inner())


def main(prefix: str = "ZOCALO-DEMO", first: str = "71", second: str = "72") -> None:
    """Centre a crystal, and print its position."""
    run_engine = RunEngine(call_returns_result=True)
    run_engine.subscribe(TellZocalo(ZocaloTrigger(prefix)))
    with init_devices():
        zocalo = ZocaloResults(prefix)
        x, y, z = (soft_signal_rw(float) for _ in range(3))  # the motors
    grid = Grid(start=(0.1, 0.2, 0.3), step=(0.02, 0.02, 0.02), boxes=(20, 12, 12))
    plan = centre_crystal([x, y, z], zocalo, grid, [int(first), int(second)])
    done: Any = run_engine(plan)
    found = done.plan_result
    if found is None:
        print("Nothing diffracts.")
    else:
        print("Moved to", ", ".join(f"{where:.4f}" for where in found), "mm")


if __name__ == "__main__":
    main(*sys.argv[1:])
