"""A result, as clients read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..centres import AXES
from ..jobs import outcome
from ..recent import RecentResult

Vector = tuple[float, float, float]
Box = tuple[int, int, int]


@dataclass(frozen=True)
class Centre:
    """One crystal. Positions are in grid boxes: the middle of box 0 is at 0.5.

    What a 2-D result does not have, the z of everything, is NaN or -1.

    Attributes:
        position: its centre of mass, x, y and z.
        box_min: the first box of its bounding box.
        box_max: one past the last box.
        max_voxel: the box with most spots.
        max_count: spots in that box.
        total_count: spots in all its boxes.
        n_voxels: how many boxes it has.
        sample_id: ISPyB sample id, -1 if unknown.
    """

    position: Vector
    box_min: Box
    box_max: Box
    max_voxel: Box
    max_count: float
    total_count: float
    n_voxels: int
    sample_id: int


class Centres:
    """What has columns of centres."""

    columns: Mapping[str, NDArray[Any]]

    @property
    def centres(self) -> list[Centre]:
        """The centres one by one, the strongest first; empty if nothing diffracts."""
        prefixes = ("", "box_min_", "box_max_", "max_voxel_")
        vectors = [map(tuple, self.vectors(prefix).tolist()) for prefix in prefixes]
        names = ("max_count", "total_count", "n_voxels", "sample_id")
        numbers = [self.columns[name].tolist() for name in names]
        return [Centre(*row) for row in zip(*vectors, *numbers, strict=True)]

    def vectors(self, prefix: str = "") -> NDArray[Any]:
        """Return three columns as one array of shape (n, 3).

        Args:
            prefix: empty for the positions, or ``box_min_``, ``box_max_`` or
                ``max_voxel_``.
        """
        return np.stack([self.columns[prefix + axis] for axis in AXES], axis=1)


@dataclass(frozen=True, eq=False)
class Result(RecentResult, Centres):
    """One result of Zocalo, also one in which nothing diffracts.

    Attributes:
        seq: counts the results of the IOC; a gap is a result that was not read.
        time: when it arrived, in seconds since the epoch.
        job: number of the job that it is of, 0 if of none.
        dcids: ISPyB data collection ids that it is of, the one it names first.
        dcgid: their group, -1 if unknown.
        source: the pipeline it comes from.
        columns: the columns of ``P:RESULT:TABLE`` by name, each an array of shape
            (n,) for n centres, the strongest first: ``x``, ``box_min_x``,
            ``max_count``, ….
    """

    def describe(self) -> str:
        """Say for people what was found, and by which pipeline."""
        return outcome(len(self.columns["x"]), self.source)


@dataclass(frozen=True, eq=False)
class PastResult(Centres):
    """A result that ISPyB has of the group of a data collection.

    Attributes:
        dcid: the data collection that was asked for.
        type: ``3d`` or ``2d``.
        status: ``success``, ``failed`` or ``pending``.
        count: how many centres it has; of many, the columns have the first.
        columns: as of `Result`, highest total_count first. ISPyB has no max_count.
    """

    dcid: int
    type: str | None
    status: str | None
    count: int
    columns: Mapping[str, NDArray[Any]]
