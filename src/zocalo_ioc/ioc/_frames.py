"""Frames: spots become maps of the grids, while they are scanned."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..broker import Delivery, Queue, Subscription
from ..errors import IspybUnavailable, NotUnderstood
from ..errors.results import GridUnknown
from ..grids import Grid, Grids
from ..ispyb import Ispyb
from ..jobs import Job
from ..records import GRIDS, GridPvs, Pvs, count
from ..wire import Frame, GridSize, read_frame

logger = logging.getLogger(__name__)

AHEAD = 400
ACKNOWLEDGED = 100
"""Frames that the broker sends ahead, and that are acknowledged at once: with these
4,000 a second take a quarter of a core."""

INTERVAL = 0.2
"""Seconds between updates of the records."""
MAX_LOGGED = 100
"""Reasons for rejecting frames of a scan that go to the log, once each."""
LOOK_AGAIN = 5.0
"""Seconds until ISPyB is asked again for a grid that it did not know."""
MAX_WAITING = 20_000
"""Frames that wait while ISPyB is asked for their grid: it answers within a second."""


@dataclass
class _Look:
    """Asking ISPyB for the size of grids.

    Attributes:
        began: when, on the monotonic clock.
        waiting: frames that are counted once it has answered.
        done: whether it has.
        task: does it.
    """

    began: float
    waiting: list[Frame] = field(default_factory=list[Frame])
    done: bool = False
    task: asyncio.Task[None] | None = None


class Frames:
    """Counts frames, and shows the grids.

    Args:
        pvs: has the counters.
        grid_pvs: show the grids.

    Attributes:
        ispyb: is asked for the size of grids that no recipe has, if it is there.
    """

    def __init__(self, pvs: Pvs, grid_pvs: GridPvs) -> None:
        self._pvs = pvs
        self._grid_pvs = grid_pvs
        self._grids = Grids()
        self.ispyb: Ispyb | None = None
        self._looks: dict[int, _Look] = {}
        self._shown: dict[str, tuple[Grid, GridSize | None, int]] = {}
        self._next: asyncio.TimerHandle | None = None
        self._logged: set[str] = set()

    def subscription(self, queue: Queue) -> Subscription:
        """Return what takes frames from a queue."""
        return Subscription(queue, self.on_message, AHEAD, ACKNOWLEDGED)

    def on_message(self, delivery: Delivery) -> bool:
        """Count a frame, to be shown soon, and say whether it was understood."""
        try:
            return self._count(read_frame(delivery.headers, delivery.body))
        except NotUnderstood as problem:
            return self._reject(problem)

    def begin(self, job: Job) -> None:
        """Begin the scan of a job."""
        self._grids.begin(job.dcids, job.dcgid or None)
        self._logged.clear()
        self._look(job.dcids)
        self._show_soon()

    def _count(self, frame: Frame) -> bool:
        try:
            self._grids.add(frame)
        except GridUnknown as problem:
            look = self._look([frame.dcid])
            if look is None or len(look.waiting) >= MAX_WAITING:
                return self._reject(problem)
            look.waiting.append(frame)
            return True
        except NotUnderstood as problem:
            return self._reject(problem)
        self._show_soon()
        return True

    def _look(self, dcids: Sequence[int]) -> _Look | None:
        """Look grids up in ISPyB, unless that was done lately.

        Returns:
            The look under way, if there is one.
        """
        now = time.monotonic()
        look = self._looks.get(dcids[0])
        if look and not look.done:
            return look
        recent = look and now - look.began < LOOK_AGAIN
        if self.ispyb is None or self.ispyb.problem or recent:
            return None
        self._looks = {
            dcid: look
            for dcid, look in self._looks.items()
            if now - look.began < LOOK_AGAIN
        }
        look = _Look(now)
        self._looks |= dict.fromkeys(dcids, look)
        look.task = asyncio.create_task(self._learn(self.ispyb, dcids, look))
        return look

    async def _learn(self, ispyb: Ispyb, dcids: Sequence[int], look: _Look) -> None:
        sizes: dict[int, GridSize] = {}
        try:
            groups = await ispyb.read_groups(dcids)
            sizes = {each.dcid: each.size for each in groups if each.size}
        except IspybUnavailable:
            pass  # the IOC says so, and the frames are rejected
        look.done = True
        for frame in look.waiting:
            self._count(replace(frame, size=sizes.get(frame.dcid)))
        for dcid, size in sizes.items():
            try:
                self._grids.learn(dcid, size)
            except NotUnderstood as problem:
                self._log_once(str(problem))
        self._show_soon()

    def _reject(self, problem: NotUnderstood) -> bool:
        count(self._pvs.broker.rejected)
        self._log_once(str(problem))
        return False

    def _log_once(self, why: str) -> None:
        """Log why a frame is rejected: thousands a second may be so for one reason."""
        if why not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(why)
            logger.warning("Message rejected, not a frame of a grid: %s", why)

    def _show_soon(self) -> None:
        """Show the grids at the next time at which that is due."""
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(INTERVAL, self._show)

    def _show(self) -> None:
        self._next = None
        now = time.time()
        for name, grid in zip(GRIDS, (self._grids.xy, self._grids.xz), strict=True):
            state = grid, grid.size, grid.frames_added
            if self._shown.get(name) != state:
                if name not in self._shown or self._shown[name][0] is not grid:
                    self._logged.clear()
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
