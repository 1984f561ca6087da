"""The payload of a result, from the counts of a scan's grids."""

from collections.abc import Sequence
from typing import Any

from .centring import Counts, RealServiceFails, centre_2d, centres_3d, to_grid
from .messages import CentringParameters, Gridinfo

MAX_BOXES = 2_000_000
"""A larger grid or volume is a mistake, and would need gigabytes."""


def centre(
    grids: Sequence[tuple[Gridinfo, Counts]],
    parameters: CentringParameters,
    faithful: bool = False,
) -> dict[str, Any]:
    """Return the payload of a result.

    Args:
        grids: of a scan, sorted by DCID, each with the counts of its frames in the
            order they were taken.
        parameters: of the recipe step.
        faithful: whether to fail where the real service fails.

    Raises:
        ValueError: the grids make no volume.
        RealServiceFails: or something else that the real service dies of.
    """
    first, frames = grids[0]
    wells = parameters.wells(first.dx_mm, faithful)
    if not parameters.dcg_dcids:
        result = centre_2d(
            frames, first, first.box_size_px, first.snapshot_offset, wells
        )
        return {"results": [result], "status": "success", "type": "2d"}
    if len(grids) != 2:
        raise RealServiceFails(f"a volume needs two grids, not {len(grids)}")
    if first.boxes * grids[1][0].steps_y > MAX_BOXES:
        raise ValueError("the volume is too large")
    xy, xz = (to_grid(counts, info) for info, counts in grids)
    several = bool(parameters.msp_sample_ids)
    results = centres_3d(
        xy,
        xz,
        parameters.threshold_msp if several else parameters.threshold,
        parameters.threshold_absolute_msp if several else parameters.threshold_absolute,
        wells,
    )
    return {"results": results, "status": "success", "type": "3d"}
