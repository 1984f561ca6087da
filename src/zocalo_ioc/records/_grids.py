"""The records of grids."""

import math
from typing import TypeVar

from ..grids import MAX_BOXES, NOT_SEEN
from ._handles import Group, Section, Updated
from .datatypes import Datatype, Float, Int, Ints

GRIDS = ("XY", "XZ")
"""The grids of a scan, by their axes."""

T = TypeVar("T")
_STEP = Float("mm", 4, missing=math.nan)


def _by_grid(
    name: str, datatype: Datatype[T], description: str
) -> dict[str, Updated[T]]:
    return {
        grid: Updated(f"GRID:{grid}:{name}", datatype, f"{description}, {grid}")
        for grid in GRIDS
    }


class GridPvs(Section):
    """Both grids of a scan, with a queue of frames only. COUNTS are set last."""

    group = Group.GRIDS
    dcid = _by_grid("DCID", Int(), "Data collection, 0 if none")
    nx = _by_grid("NX", Int("boxes"), "Boxes along x")
    ny = _by_grid("NY", Int("boxes"), "Boxes along y or z")
    step_x = _by_grid("STEP:X", _STEP, "Width of a box")
    step_y = _by_grid("STEP:Y", _STEP, "Height of a box")
    frames = _by_grid("FRAMES", Int("frames"), "Frames counted")
    expected = _by_grid("EXPECTED", Int("frames"), "Frames of the grid")
    max_count = _by_grid("MAX_COUNT", Int("spots"), "Most spots in a box")
    counts = _by_grid(
        "COUNTS", Ints(MAX_BOXES, "spots"), f"Spots per box, {NOT_SEEN} if no frame yet"
    )
