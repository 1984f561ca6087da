"""The grids of a job below its progress, while it runs in a terminal."""

import asyncio
import math
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import numpy as np

from ..client import Client, GridMap, ZocaloError
from ._display import Progress
from .grids import AGAIN, as_text


@asynccontextmanager
async def live_map(
    zocalo: Client, progress: Progress, dcids: Collection[int]
) -> AsyncGenerator[None]:
    """Show the grids of data collections as they fill, if the IOC takes frames."""
    task = asyncio.create_task(_follow(zocalo, progress, dcids))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _follow(zocalo: Client, progress: Progress, dcids: Collection[int]) -> None:
    if not (console := progress.console).is_terminal:
        return
    coloured = console.color_system is not None
    with suppress(ZocaloError):  # it takes no frames; if it is gone, the job says so
        while True:
            grids = [grid for grid in await zocalo.grids() if grid.dcid in dcids]
            if grids:
                small = [reduced(grid, console.width) for grid in grids]
                progress.bar.picture = as_text(small, coloured=coloured)
            await asyncio.sleep(AGAIN)


def reduced(grid: GridMap, width: int) -> GridMap:
    """Return a grid of so few columns, whose boxes have the most spots of several."""
    n = math.ceil(grid.counts.shape[1] / width)
    missing = [(0, -length % n) for length in grid.counts.shape]
    padded = np.pad(grid.counts, missing, constant_values=-1)
    rows, columns = (length // n for length in padded.shape)
    return replace(grid, counts=padded.reshape(rows, n, columns, n).max(axis=(1, 3)))
