"""Frames: spots become maps of the grids, while they are scanned."""

import asyncio
import logging
import math
import time

from ..broker import Delivery
from ..errors import NotUnderstood
from ..grids import Grid, Grids
from ..jobs import Job
from ..records import GRIDS, GridPvs, Pvs, count
from ..wire import read_frame

logger = logging.getLogger(__name__)

INTERVAL = 0.2
"""Seconds between updates of the records."""
MAX_LOGGED = 100
"""Reasons for rejecting frames of a scan that go to the log, once each."""


class Frames:
    """Counts frames, and shows the grids.

    Args:
        pvs: has the counters.
        grid_pvs: show the grids.
    """

    def __init__(self, pvs: Pvs, grid_pvs: GridPvs) -> None:
        self._pvs = pvs
        self._grid_pvs = grid_pvs
        self._grids = Grids()
        self._shown: dict[str, tuple[Grid, int]] = {}
        self._next: asyncio.TimerHandle | None = None
        self._logged: set[str] = set()

    def on_message(self, delivery: Delivery) -> bool:
        """Count a frame, and say whether it was understood."""
        try:
            self._grids.add(read_frame(delivery.headers, delivery.body))
        except NotUnderstood as problem:
            count(self._pvs.broker.rejected)
            self._log_once(str(problem))
            return False
        self._show_soon()
        return True

    def begin(self, job: Job) -> None:
        """Begin the scan of a job."""
        self._grids.begin(job.dcids, job.dcgid or None)
        self._logged.clear()
        self._show_soon()

    def _log_once(self, why: str) -> None:
        """Log why a frame is rejected: thousands a second may be so for one reason."""
        if why not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(why)
            logger.warning("A message was no frame of a grid and is rejected: %s", why)

    def _show_soon(self) -> None:
        """Show the grids at the next time at which that is due."""
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(INTERVAL, self._show)

    def _show(self) -> None:
        self._next = None
        now = time.time()
        for name, grid in zip(GRIDS, (self._grids.xy, self._grids.xz), strict=True):
            state = grid, grid.frames_added
            if self._shown.get(name) != state:
                self._shown[name] = state
                self._update(name, grid, now)

    def _update(self, name: str, grid: Grid, now: float) -> None:
        pvs, size = self._grid_pvs, grid.size
        steps = (size.dx_mm, size.dy_mm) if size else (None, None)
        step_x, step_y = (math.nan if step is None else step for step in steps)
        changes = [
            pvs.dcid[name].to(grid.dcid),
            pvs.nx[name].to(size.steps_x if size else 0),
            pvs.ny[name].to(size.steps_y if size else 0),
            pvs.step_x[name].to(step_x),
            pvs.step_y[name].to(step_y),
            pvs.frames[name].to(grid.frames),
            pvs.expected[name].to(size.boxes if size else 0),
            pvs.max_count[name].to(grid.max_count),
            pvs.counts[name].to(grid.counts),
        ]
        self._pvs.update(changes, now)
