"""Results of X-ray centring that ISPyB has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..centres import AXES

CENTRE_COLUMNS: Mapping[str, str] = {
    **{axis: f"centreOfMass{axis.upper()}" for axis in AXES},
    **{
        f"box_{end}_{axis}": f"boundingBox{end.capitalize()}{axis.upper()}"
        for end in ("min", "max")
        for axis in AXES
    },
    **{f"max_voxel_{axis}": f"maxVoxel{axis.upper()}" for axis in AXES},
    "total_count": "totalCount",
    "n_voxels": "numberOfVoxels",
    "sample_id": "blSampleId",
}
"""The columns of ``P:RESULT:TABLE``, and where ISPyB has them. It has no max_count."""


@dataclass(frozen=True)
class PastResult:
    """What ISPyB has of a result.

    Attributes:
        type: ``3d`` or ``2d``.
        status: ``success``, ``failed`` or ``pending``.
        centres: the columns of each, by their names in ``P:RESULT:TABLE``, highest
            total_count first; None for what it does not have.
    """

    type: str | None
    status: str | None
    centres: Sequence[Mapping[str, float | None]]


def past_results(rows: Iterable[Sequence[Any]]) -> list[PastResult]:
    """Return the results in rows of a join, ordered by result.

    Args:
        rows: id, type and status of a result, and the `CENTRE_COLUMNS` of a centre.
    """
    return [
        PastResult(kind, status, [_centre(r[3:]) for r in group if r[3] is not None])
        for (id_, kind, status), group in groupby(rows, lambda row: tuple(row[:3]))
        if id_ is not None
    ]


def _centre(values: Sequence[float | None]) -> dict[str, float | None]:
    return {
        # ISPyB has box numbers as floating-point numbers
        name: int(value) if value is not None and name.startswith("box_") else value
        for name, value in zip(CENTRE_COLUMNS, values, strict=True)
    }
