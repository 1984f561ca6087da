"""From the spots on each frame to the grids of the scan under way."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors.results import (
    FramePastGrid,
    GridChanged,
    GridTooLarge,
    GridUnknown,
    TooManyGrids,
)
from .wire import Frame, GridSize

MAX_BOXES = 65536
"""Of a grid. One with more is not drawn."""
NOT_SEEN = -1
"""In place of the spots in a box whose frame has not come."""
MAX_GRIDS = 2
"""Of a scan: the one of x and y, and that of x and z."""


@dataclass(eq=False)
class Grid:
    """Spots in the boxes of one grid.

    Attributes:
        dcid: its data collection, 0 if there is no such grid.
        size: its boxes, if known.
        counts: spots in each box, shape (boxes,), x fastest, then y, the box at the
            top left first; -1 where no frame has come yet.
        frames: the number of boxes whose frame has come.
        frames_added: the number of frames, also those that came again.
    """

    dcid: int = 0
    size: GridSize | None = None
    counts: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    frames: int = 0
    frames_added: int = 0
    _box_of_frames: Sequence[int] = ()

    @property
    def max_count(self) -> int:
        """The spots in the box with most; 0 before the first frame."""
        return int(self.counts.max(initial=0))

    def set_size(self, size: GridSize) -> None:
        """Set the size, before any frame is counted.

        Raises:
            NotUnderstood: it is too large.
        """
        if size.boxes > MAX_BOXES:
            raise GridTooLarge(self.dcid, size.boxes, MAX_BOXES)
        self.size = size
        self.counts = np.full(size.boxes, NOT_SEEN, np.int32)
        self._box_of_frames = size.box_of_frames().tolist()

    def add(self, frame: Frame) -> None:
        """Count a frame; one that comes again replaces what it said before.

        Raises:
            NotUnderstood: the grid has no such frame, or has another size.
        """
        if self.size is None:
            if frame.size is None:
                raise GridUnknown(self.dcid)
            self.set_size(frame.size)
        elif frame.size and frame.size != self.size:
            if self.frames_added:
                raise GridChanged(self.dcid)
            self.set_size(frame.size)  # the recipe knows better than ISPyB
        if frame.number > len(self._box_of_frames):
            raise FramePastGrid(self.dcid, frame.number, len(self._box_of_frames))
        box = self._box_of_frames[frame.number - 1]
        self.frames_added += 1
        self.frames += int(self.counts[box] == NOT_SEEN)
        self.counts[box] = frame.spots


NO_GRID = Grid()
"""In place of a grid that a scan does not have."""


class Grids:
    """The grids of one scan: of the one that was begun last.

    A scan is begun by a command to this IOC, or by the first frame with a box of a data
    collection with a higher id: ISPyB counts up, so frames of a lower one are of an
    earlier scan.
    Data collections are of one scan if a command or a frame names them together, or
    their frames name one group. The one with the lowest id is the grid of x and y.
    """

    def __init__(self) -> None:
        self._grids: dict[int, Grid] = {}  # by data collection
        self._dcgid: int | None = None

    @property
    def xy(self) -> Grid:
        """The first grid."""
        return self._nth(0)

    @property
    def xz(self) -> Grid:
        """The second grid, perpendicular to the first."""
        return self._nth(1)

    def _nth(self, n: int) -> Grid:
        dcids = sorted(self._grids)
        return self._grids[dcids[n]] if n < len(dcids) else NO_GRID

    def begin(self, dcids: Iterable[int], dcgid: int | None = None) -> None:
        """Begin the scan of data collections, or one of its grids again."""
        new = {dcid: Grid(dcid) for dcid in sorted(set(dcids))[:MAX_GRIDS]}
        together = self._grids | new
        if self._is_this(new, dcgid) and len(together) <= MAX_GRIDS:
            self._grids = together
        else:
            self._grids, self._dcgid = new, dcgid

    def add(self, frame: Frame) -> bool:
        """Count a frame, and say whether it is of this scan.

        Raises:
            NotUnderstood: it has no box in its grid, or the scan too many grids.
        """
        grid = self._grids.get(frame.dcid)
        if grid is None or not self._grids.keys() >= set(frame.dcg_dcids):
            named = {frame.dcid, *frame.dcg_dcids}
            known = self._grids if self._is_this(named, frame.dcgid) else {}
            if not known and frame.dcid < max(self._grids, default=0):
                return False
            kept = known.keys() | named
            if len(kept) > MAX_GRIDS:
                raise TooManyGrids(frame.dcid, len(kept), MAX_GRIDS)
            grids = {dcid: known.get(dcid) or Grid(dcid) for dcid in kept}
            grids[frame.dcid].add(frame)  # a scan begins with a frame that has a box
            self._grids, self._dcgid = grids, frame.dcgid
        else:
            grid.add(frame)
        return True

    def learn(self, dcid: int, size: GridSize) -> None:
        """Learn the size of a grid of this scan, unless it is known.

        Raises:
            NotUnderstood: it is too large.
        """
        grid = self._grids.get(dcid)
        if grid and grid.size is None:
            grid.set_size(size)

    def _is_this(self, dcids: Collection[int], dcgid: int | None) -> bool:
        same_group = dcgid is not None and dcgid == self._dcgid
        return same_group or not self._grids.keys().isdisjoint(dcids)
