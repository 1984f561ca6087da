"""`zocalo-ioc map`: the grids of a scan as a picture, in a terminal or in a file."""

import asyncio
import math
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, Group
from rich.live import Live
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from ..client import Centre, Client, GridMap, Result, ZocaloError
from ..errors import Gone
from ..errors.clients import MatplotlibMissing, NoFrames, PictureNotWritten
from ..exits import Exit, complain
from ._display import Progress

_COLOURS = (
    *((68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142)),
    *((31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37)),
)
"""Of viridis, from no spots to most."""
_SHADES = " .:-=+*#%@"
"""In their place where there are no colours."""
_UNSEEN = (40, 40, 40)
_COLOUR_MAP = "viridis"
AGAIN = 0.5
"""Seconds between looks."""


async def show(prefix: str, file: Path | None, *, watch: bool) -> Exit:
    """Print the grids or write them to a file, and go on doing so if told to."""
    console = Console()
    try:
        async with Client(prefix) as zocalo:
            if file and watch:
                await _keep_drawn(zocalo, file)
            elif file:
                draw(await _look(zocalo), file)
            elif watch:
                with Live(console=console, refresh_per_second=4) as live:
                    while True:
                        live.update(as_text(await zocalo.grids(), console))
                        await asyncio.sleep(AGAIN)
            else:
                console.print(as_text(await zocalo.grids(), console))
    except (ZocaloError, Gone) as error:
        complain(error)
        return Exit.FAILED
    return Exit.WELL


@dataclass(frozen=True)
class Scan:
    """What there is to draw.

    Attributes:
        grids: the first and perhaps the second grid.
        result: that of this scan, once it is there.
    """

    grids: Sequence[GridMap]
    result: Result | None


async def _look(zocalo: Client) -> Scan:
    """Read what there is to draw.

    Raises:
        NoFrames: nothing yet.
    """
    grids, result = await zocalo.grids(), zocalo.last_result()
    if not grids:
        raise NoFrames
    is_theirs = bool(result and {grid.dcid for grid in grids} & {*result.dcids})
    return Scan(grids, result if is_theirs else None)


async def _keep_drawn(zocalo: Client, file: Path) -> None:
    """Draw the grids again whenever they have changed, for ever."""
    drawn: object = None
    while True:
        with suppress(NoFrames):
            scan = await _look(zocalo)
            counts = [(grid.dcid, grid.counts.tolist()) for grid in scan.grids]
            if drawn != (drawn := (counts, scan.result)):
                draw(scan, file)
        await asyncio.sleep(AGAIN)


# -- in a terminal ------------------------------------------------------------


def as_text(grids: Sequence[GridMap], console: Console) -> Group | Text:
    """Return grids for a terminal.

    Colours are those of the root of the counts, so that weak crystals show beside
    strong ones, and a line has two rows of boxes. Without colours it has one, in
    characters that are the darker the more spots there are, and ``?`` where no frame
    has come. Of a grid that is wider than the terminal, several boxes are drawn as one,
    which has the most spots of any of them.
    """
    if not grids:
        return Text(str(NoFrames()))
    highest = max(int(grid.counts.max()) for grid in grids)
    parts: list[Any] = []
    for grid in grids:
        rows, columns = grid.counts.shape
        n = math.ceil(columns / console.width)
        parts.append(
            Text(
                f"{grid.axes}  DCID {grid.dcid}  {columns} x {rows} boxes, "
                f"{grid.frames} of {grid.counts.size} frames, "
                f"up to {max(int(grid.counts.max()), 0)} spots"
                + (f", {n} x {n} boxes drawn as one" if n > 1 else "")
            )
        )
        levels = _levels(_reduced(grid.counts, n), highest)
        coloured = console.color_system is not None
        parts.append(Segments(_colours(levels)) if coloured else _shades(levels))
    return Group(*parts)


def _reduced(counts: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """Return the most spots of each n x n boxes."""
    missing = [(0, -length % n) for length in counts.shape]
    padded = np.pad(counts, missing, constant_values=-1)
    rows, columns = (length // n for length in padded.shape)
    return padded.reshape(rows, n, columns, n).max(axis=(1, 3))


def _shades(levels: NDArray[np.int64]) -> Text:
    rows = (
        "".join("?" if level < 0 else _SHADES[level] for level in row)
        for row in levels.tolist()
    )
    return Text("\n".join(rows))


def _levels(counts: NDArray[np.int32], highest: int) -> NDArray[np.int64]:
    """Return 0 to 9 for each box, -1 where no frame has come."""
    share = np.sqrt(np.maximum(counts, 0) / max(highest, 1))
    levels = np.rint(share * (len(_COLOURS) - 1)).astype(np.int64)
    return np.where(counts < 0, -1, levels)


def _colours(levels: NDArray[np.int64]) -> Iterable[Segment]:
    if len(levels) % 2:
        levels = np.vstack([levels, np.full_like(levels[:1], -2)])
    for upper, lower in zip(levels[::2].tolist(), levels[1::2].tolist(), strict=True):
        for above, below in zip(upper, lower, strict=True):
            yield Segment("▀", Style(color=_colour(above), bgcolor=_colour(below)))
        yield Segment.line()


def _colour(level: int) -> Color | None:
    if level == -2:  # past the last row
        return None
    return Color.from_rgb(*(_UNSEEN if level < 0 else _COLOURS[level]))


# -- in a file ----------------------------------------------------------------


def draw(scan: Scan, file: Path) -> None:
    """Draw grids to scale as heat maps, with the box of each centre numbered.

    Args:
        scan: what to draw.
        file: to write, ``.png``, ``.svg`` or ``.pdf``.

    Raises:
        MatplotlibMissing: it is not installed.
        PictureNotWritten: the file can't be written.
    """
    try:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import PowerNorm
        from matplotlib.figure import Figure
    except ImportError:
        raise MatplotlibMissing from None
    heights = [_height(grid) for grid in scan.grids]
    figure = Figure(figsize=(8, min(7 * sum(heights) + 1.5, 12)), layout="constrained")
    panels: Any = figure.subplots(
        len(heights), sharex=True, squeeze=False, height_ratios=heights
    )
    highest = max(int(grid.counts.max()) for grid in scan.grids)
    scale = PowerNorm(0.5, 0, max(highest, 1))
    for axes, grid in zip(panels.flat, scan.grids, strict=True):
        _draw_grid(axes, grid, scale)
        centres = scan.result.centres if scan.result else ()
        for rank, centre in enumerate(centres, start=1):
            _draw_box(axes, "xyz".index(grid.axes[1].lower()), centre, rank)
    panels.flat[-1].set_xlabel("x (boxes)")
    figure.colorbar(
        ScalarMappable(scale, _COLOUR_MAP), ax=panels, label="spots on a frame"
    )
    try:
        figure.savefig(file, dpi=150, bbox_inches="tight")
    except (OSError, ValueError) as error:
        raise PictureNotWritten(str(file), str(error)) from None


def _height(grid: GridMap) -> float:
    """Return how high a grid is for its width."""
    (rows, columns), (step_x, step_y) = grid.counts.shape, grid.step
    ratio = step_y / step_x
    return rows * (ratio if ratio > 0 else 1) / columns


def _draw_grid(axes: Any, grid: GridMap, scale: Any) -> None:
    rows, columns = grid.counts.shape
    of = f"{grid.frames} of {grid.counts.size} frames"
    axes.set_title(f"DCID {grid.dcid}: {columns} x {rows} boxes, {of}")
    axes.set_ylabel(f"{grid.axes[1].lower()} (boxes)")
    axes.set_facecolor("0.85")  # where no frame has come
    axes.locator_params(integer=True)
    axes.imshow(
        np.ma.masked_less(grid.counts, 0),
        extent=(0, columns, rows, 0),  # y and z downwards, as in snapshots
        aspect=_height(grid) * columns / rows,
        norm=scale,
        cmap=_COLOUR_MAP,
        interpolation="nearest",
    )


def _draw_box(axes: Any, slow: int, centre: Centre, rank: int) -> None:
    """Outline the box of a centre and number it, or mark a centre without a box."""
    if centre.box_min[0] < 0 or centre.box_min[slow] < 0:
        axes.plot(centre.position[0], centre.position[slow], "+", color="red")
        return
    (left, right), (top, bottom) = (
        (centre.box_min[axis], centre.box_max[axis]) for axis in (0, slow)
    )
    x, y = [left, right, right, left, left], [top, top, bottom, bottom, top]
    axes.plot(x, y, color="red", linewidth=1.5)
    axes.annotate(str(rank), (right, top), color="red", weight="bold", clip_on=False)


# -- below the progress of a job ----------------------------------------------


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
    with suppress(ZocaloError):  # it takes no frames; if it is gone, the job says so
        while True:
            grids = [grid for grid in await zocalo.grids() if grid.dcid in dcids]
            if grids:
                progress.bar.picture = as_text(grids, console)
            await asyncio.sleep(AGAIN)
