"""X-ray centring: from the spot counts of a scan's frames to its centres.

Pure functions of numpy arrays, after the X-ray centring service of Diamond Light
Source (dlstbx, ``xray_centering.py`` and ``xray_centering_3d.py``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zocalo_ioc.wire import GridSize

Counts = NDArray[np.int64]
"""Spot counts, one a frame or one a box."""


class RealServiceFails(ValueError):
    """The service of Diamond Light Source dies of this.

    Its messages then go to the next one that runs, until the broker puts them aside.
    """


@dataclass(frozen=True)
class Wells:
    """Which sample is where on a pin.

    Attributes:
        limits: the first and last x of each well, in boxes; empty if there are none.
        sample_ids: the ISPyB sample id in each well, by its number from 1.
        sample_id: the sample of a pin that has no well limits, if known.
        all_have_samples: whether a well without one is a failure.
    """

    limits: Sequence[tuple[float, float]] = ()
    sample_ids: Mapping[int, int] = field(default_factory=dict[int, int])
    sample_id: int | None = None
    all_have_samples: bool = False

    @classmethod
    def of_pin(
        cls,
        loop_type: str | None,
        step_um: float,
        sample_ids: Mapping[int, int],
        sample_id: int | None,
    ) -> "Wells":
        """Read the well limits from a loop type.

        Args:
            loop_type: ``multipin_<wells>x<width>+<offset>`` in micrometres: the first
                well is centred at the offset, the next one a width further.
            step_um: width of a box along x, in micrometres.
            sample_ids: the sample in each well, by its number from 1.
            sample_id: the sample of any other pin.
        """
        match = re.match(r"multipin_(\d{1,4})x(\d{1,9})\+(\d{1,9})", loop_type or "")
        wells, width, offset = map(int, match.groups()) if match else (0, 0, 0)
        middles = [offset + width * k for k in range(wells)]
        limits = [
            ((middle - width / 2) / step_um, (middle + width / 2) / step_um)
            for middle in middles
        ]
        return cls(limits, sample_ids, sample_id)

    def sample_at(self, x: float) -> int | None:
        """Return the sample at an x in boxes; None outside all wells.

        Raises:
            RealServiceFails: that well has no sample, if all must have one.
        """
        if not self.limits:
            return self.sample_id
        for well, (low, high) in enumerate(self.limits, start=1):
            if low <= x <= high:
                if self.all_have_samples and well not in self.sample_ids:
                    raise RealServiceFails(f"well {well} has no sample id")
                return self.sample_ids.get(well)
        return None


def to_grid(frames: Counts, size: GridSize) -> Counts:
    """Put the counts of frames, in the order they were taken, into a grid.

    Args:
        frames: shape (boxes,).
        size: of the grid.

    Returns:
        The counts indexed [x, y], shape (steps_x, steps_y).
    """
    boxes = np.empty_like(frames)
    boxes[size.box_of_frames()] = frames
    return boxes.reshape(size.steps_y, size.steps_x).T


def centres_3d(
    xy: Counts,
    xz: Counts,
    threshold: float = 0.25,
    threshold_absolute: float = 0,
    wells: Wells | None = None,
) -> list[dict[str, Any]]:
    """Find the centres in two perpendicular grids.

    The counts of both are multiplied to those of a volume. Its boxes with at least a
    part of the highest count fall into regions that touch, if only at a corner; each
    is a centre. On a pin with several samples that highest count is the one of the
    region, where regions are what touches before any box has been dropped; otherwise it
    is the highest of all.

    Args:
        xy: counts of the first grid, shape (nx, ny).
        xz: counts of the second grid, shape (nx, nz).
        threshold: that part, from 0 to 1.
        threshold_absolute: lower counts in a grid are taken as 0.
        wells: where the samples are. If it has several, regions have their own highest
            counts.

    Returns:
        The centres as in a result message, highest total count first: positions in
        boxes, where a box i covers i to i + 1; empty if there is no diffraction.

    Raises:
        RealServiceFails: the grids are not equally wide.
    """
    if len(xy) != len(xz):
        raise RealServiceFails(f"the grids are {len(xy)} and {len(xz)} boxes wide")
    wells = wells or Wells()
    xy, xz = (np.where(grid < threshold_absolute, 0, grid) for grid in (xy, xz))
    volume = xy[:, :, np.newaxis] * xz[:, np.newaxis, :]
    boxes = np.argwhere(volume > 0)
    counts = volume[tuple(boxes.T)]
    if not counts.size:
        return []
    if wells.sample_ids:
        regions = label(boxes, volume.shape)
        highest = np.zeros_like(counts)
        np.maximum.at(highest, regions, counts)
        highest = highest[regions]
    else:
        highest = counts.max()
    kept = counts >= threshold * highest
    boxes, counts = boxes[kept], counts[kept]
    regions = label(boxes, volume.shape)
    order = np.argsort(regions, kind="stable")
    starts = np.flatnonzero(np.diff(regions[order], prepend=-1))
    centres = [
        _centre(boxes[of_one], counts[of_one], wells)
        for of_one in np.split(order, starts[1:])
    ]
    return sorted(centres, key=lambda centre: -centre["total_count"])


def _centre(boxes: Counts, counts: Counts, wells: Wells) -> dict[str, Any]:
    """Sum up a region of a volume."""
    mass = np.average(boxes, axis=0, weights=counts) + 0.5
    return {
        "centre_of_mass": mass.tolist(),
        "max_voxel": boxes[counts.argmax()].tolist(),
        "max_count": float(counts.max()),
        "n_voxels": len(boxes),
        "total_count": float(counts.sum()),
        "bounding_box": [boxes.min(0).tolist(), (boxes.max(0) + 1).tolist()],
        "sample_id": wells.sample_at(mass[0].item()),
    }


def centre_2d(
    frames: Counts,
    size: GridSize,
    box_size_px: tuple[float, float] = (1.0, 1.0),
    snapshot_offset: tuple[float, float] = (0.0, 0.0),
    wells: Wells | None = None,
) -> dict[str, Any]:
    """Find the centre in one grid.

    Of the boxes with at least half the highest count, it is the middle of the largest
    region that touches, if only at a corner; of equal ones the first, line by line.

    Args:
        frames: counts in the order the frames were taken, shape (boxes,).
        size: of the grid.
        box_size_px: width and height of a box, in pixels of the snapshot.
        snapshot_offset: where the grid begins in the snapshot, in pixels.
        wells: where the samples are.

    Returns:
        The centre as in a result message; status ``fail`` and no numbers if there is
        no count at all.
    """
    grid_info = {
        "steps": [size.steps_x, size.steps_y],
        "box_size_px": list(box_size_px),
        "snapshot_offset": list(snapshot_offset),
    }
    if not frames.any():
        nothing = dict.fromkeys(_FOUND_2D)
        message = "No good images found"
        return nothing | grid_info | {"status": "fail", "message": message}
    rows = to_grid(frames, size).T
    highest = frames.max()
    boxes = np.argwhere(2 * rows >= highest)
    regions = label(boxes, rows.shape)
    best = boxes[regions == np.bincount(regions).argmax()]
    counts = rows[tuple(best.T)]
    y, x = (best.mean(0) + 0.5).tolist()
    found: dict[str, Any] = {
        "centre_of_mass": [x, y],
        "max_voxel": best[counts.argmax()][::-1].tolist(),
        "max_count": float(highest),
        "n_voxels": len(best),
        "total_count": float(counts.sum()),
        # by y, where it should be by x, as the service does it
        "sample_id": (wells or Wells()).sample_at(y - 0.5),
        "centre_x": snapshot_offset[0] + x * box_size_px[0],
        "centre_y": snapshot_offset[1] + y * box_size_px[1],
        "centre_x_box": x,
        "centre_y_box": y,
        "best_image": frames.argmax().item() + 1,
        "reflections_in_best_image": highest.item(),
        "best_region": best.tolist(),  # y, x, as the service sends it
    }
    return found | grid_info | {"status": "ok", "message": "ok"}


_FOUND_2D = (
    "centre_of_mass",
    "max_voxel",
    "max_count",
    "n_voxels",
    "total_count",
    "sample_id",
    "centre_x",
    "centre_y",
    "centre_x_box",
    "centre_y_box",
    "best_image",
    "reflections_in_best_image",
    "best_region",
)


# -- connected regions, with numpy alone --------------------------------------


def label(boxes: Counts, shape: tuple[int, ...]) -> Counts:
    """Return which region each box is in: those that touch, if only at a corner.

    Args:
        boxes: indices of the boxes, shape (n, dimensions), in ascending order as
            `numpy.argwhere` returns them, each once.
        shape: of the grid or volume.

    Returns:
        The number of each box's region, shape (n,), from 0 in the order of the first
        box of each.
    """
    first, second = _touching(boxes, shape)
    parents = np.arange(len(boxes))
    while first.size:
        # let each root follow the lowest root that it touches, and all others theirs
        roots = parents[first], parents[second]
        lowest = np.minimum(*roots)
        for root in roots:
            np.minimum.at(parents, root, lowest)
        while not np.array_equal(grandparents := parents[parents], parents):
            parents = grandparents
        apart = parents[first] != parents[second]
        first, second = first[apart], second[apart]
    return np.unique(parents, return_inverse=True)[1]


def _touching(boxes: Counts, shape: tuple[int, ...]) -> tuple[Counts, Counts]:
    """Return the pairs of neighbours, as positions in the list of boxes."""
    numbers = np.full([n + 2 for n in shape], -1)  # a margin saves looking for edges
    numbers[tuple((boxes + 1).T)] = np.arange(len(boxes))
    firsts: list[Counts] = []
    seconds: list[Counts] = []
    for step in product((-1, 0, 1), repeat=len(shape)):
        if step > (0,) * len(shape):  # the others are these, seen from the other side
            neighbours = numbers[tuple((boxes + 1 + step).T)]
            firsts.append(np.flatnonzero(neighbours >= 0))
            seconds.append(neighbours[neighbours >= 0])
    return np.concatenate(firsts), np.concatenate(seconds)
