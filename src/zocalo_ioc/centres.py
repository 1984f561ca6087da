"""From a list of centres to ranked columns, one row a centre, strongest first."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .wire import Centre

AXES = ("x", "y", "z")
MAX_CENTRES = 1024
"""Centres of one result that clients see."""
MISSING = -1
"""What stands for an integer that a result does not have; for a float it is NaN."""


class SortKey(StrEnum):
    """What centres are ranked by, highest first."""

    MAX_COUNT = "max_count"
    TOTAL_COUNT = "total_count"
    N_VOXELS = "n_voxels"


Columns = Mapping[str, NDArray[np.float64] | NDArray[np.int32]]
"""One array a column, all of one length: ``x``, ``y``, ``z`` (boxes, float64),
``box_min_x`` … ``box_max_z``, ``max_voxel_x`` … (boxes, int32), ``max_count``,
``total_count`` (float64), ``n_voxels``, ``sample_id`` (int32)."""


def rank(centres: Sequence[Centre], key: SortKey) -> Columns:
    """Return the centres as columns of shape (n,), strongest first.

    Equal ones keep the order they came in.
    """
    ranked = sorted(centres, key=lambda centre: getattr(centre, key), reverse=True)
    boxes = [c.bounding_box or [[MISSING] * 3] * 2 for c in ranked]
    columns: dict[str, NDArray[np.float64] | NDArray[np.int32]] = {}
    columns |= _by_axis("", [_padded(c.centre_of_mass, np.nan) for c in ranked], float)
    columns |= _by_axis("box_min_", [box[0] for box in boxes], np.int32)
    columns |= _by_axis("box_max_", [box[1] for box in boxes], np.int32)
    columns |= _by_axis(
        "max_voxel_", [_padded(c.max_voxel, MISSING) for c in ranked], np.int32
    )
    columns["max_count"] = np.array([c.max_count for c in ranked], float)
    columns["total_count"] = np.array([c.total_count for c in ranked], float)
    columns["n_voxels"] = np.array([c.n_voxels for c in ranked], np.int32)
    columns["sample_id"] = np.array(
        [MISSING if c.sample_id is None else c.sample_id for c in ranked], np.int32
    )
    return columns


def best(columns: Columns) -> dict[str, float | int]:
    """Return the strongest centre, column by column, with ``box_size_x|y|z`` added.

    What the result does not have, everything if it has no centre, is NaN or -1.
    """
    row = {
        name: column[0].item()
        if column.size
        else (np.nan if column.dtype.kind == "f" else MISSING)
        for name, column in columns.items()
    }
    for axis in AXES:
        low, high = row[f"box_min_{axis}"], row[f"box_max_{axis}"]
        row[f"box_size_{axis}"] = MISSING if high == MISSING else high - low
    return row


_TURNS = {"x": (0, 1, 1, 0, 0), "y": (0, 0, 1, 1, 0), "z": (0, 0, 1, 1, 0)}
"""Which end of a box, 0 or 1, each corner has on the way round it and back."""

OUTLINE_POINTS = 6
"""Points of one box in `outlines`: the corners, the first one again, and NaN."""


def outlines(columns: Columns) -> dict[str, NDArray[np.float64]]:
    """Return the boxes as lines to plot, ``x``, ``y`` and ``z`` of shape (6 n,).

    ``y`` against ``x``, or ``z`` against ``x``, goes round the n boxes one after the
    other, strongest first, with NaN after each. A centre without a box has no line.
    """
    boxed = columns["box_min_x"] != MISSING
    lines: dict[str, NDArray[np.float64]] = {}
    for axis, turns in _TURNS.items():
        ends = np.stack([columns[f"box_{end}_{axis}"][boxed] for end in ("min", "max")])
        line = np.full((ends.shape[1], OUTLINE_POINTS), np.nan)
        line[:, :-1] = ends.T[:, turns]
        lines[axis] = line.ravel()
    return lines


def extent(columns: Columns) -> float:
    """Return the height of a plot, twice as wide as it is high, that holds everything.

    It is a multiple of 10 boxes, so that it seldom changes.
    """
    needed = 1.0
    for axis, share in (("x", 2), ("y", 1), ("z", 1)):
        for column in (columns[axis], columns[f"box_max_{axis}"]):
            highest = column.max(initial=0, where=np.isfinite(column)).item()
            needed = max(needed, highest / share)
    return 10.0 * math.ceil(needed / 10)


def _padded(numbers: Sequence[float], missing: float) -> list[float]:
    """Give a 2-D position a third number."""
    return [*numbers, missing][:3]


def _by_axis(
    prefix: str, rows: Sequence[Sequence[float]], dtype: type[float] | type[np.int32]
) -> dict[str, NDArray[np.float64] | NDArray[np.int32]]:
    table = np.array(rows, dtype).reshape(-1, 3)
    return {prefix + axis: table[:, i] for i, axis in enumerate(AXES)}
