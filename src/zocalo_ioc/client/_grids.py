"""The grids of a scan, as clients read them."""

import asyncio
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors.clients import GridsNotServed
from ..records import GRIDS
from ._errors import RequestRefused
from ._link import Link

_FOUND_WITHIN = 2.0


@dataclass(frozen=True, eq=False)
class GridMap:
    """The spots in each box of one grid, as far as its frames have arrived.

    Attributes:
        axes: ``XY`` for the first grid of a scan, ``XZ`` for the second.
        dcid: ISPyB data collection id.
        counts: shape (rows, columns), the first row at the top; -1 where no frame has
            arrived yet.
        step: width and height of a box in mm, NaN where unknown.
    """

    axes: str
    dcid: int
    counts: NDArray[np.int32]
    step: tuple[float, float]

    @property
    def frames(self) -> int:
        """The number of boxes whose frame has arrived."""
        return int((self.counts >= 0).sum())


async def read_grids(link: Link) -> list[GridMap]:
    """Return the grids of the scan that the IOC shows; none before their first frame.

    Raises:
        RequestRefused: the IOC takes no frames.
        IocGone: the IOC does not answer.
    """
    await link.get("HISTORY:SEQ")  # is it there?
    try:
        async with asyncio.timeout(_FOUND_WITHIN):
            await link.get(f"GRID:{GRIDS[0]}:NX")
    except TimeoutError:
        raise RequestRefused(str(GridsNotServed(link.prefix))) from None
    grids = await asyncio.gather(*(_read(link, axes) for axes in GRIDS))
    return [grid for grid in grids if grid.counts.size]


async def _read(link: Link, axes: str) -> GridMap:
    names = ("DCID", "NX", "NY", "STEP:X", "STEP:Y", "COUNTS", "DCID", "NX", "NY")
    while True:
        # the server answers in the order in which it is asked
        read = await asyncio.gather(*(link.get(f"GRID:{axes}:{n}") for n in names))
        dcid, nx, ny, step_x, step_y, counts, *after = read
        if [dcid, nx, ny] == after and len(counts) == nx * ny:
            size = int(ny), int(nx)
            step = float(step_x), float(step_y)
            return GridMap(axes, int(dcid), np.array(counts).reshape(size), step)
