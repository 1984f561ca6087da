"""Draws what a simulated Zocalo sees of a scan: its grids, centres and their boxes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zocalo_ioc.errors import NotUnderstood, SettingsInvalid

from .centring import Counts, to_grid
from .collections_file import CollectionsFile
from .data_collections import Collections
from .messages import CentringParameters, Gridinfo
from .payload import centre
from .scans import Kind, Pipelines, Scan
from .simulation import Options, open_ispyb
from .spots import spot_counts

AXES = "xyz"
WIDTH, HEIGHT = 7.0, 8.0
"""The most that the grids may have, inches."""
NARROWEST = 2.5
"""The least that they have, likewise."""


def plot(dcid: int, options: Options, file: Path) -> None:
    """Draw the scan of a data collection into a file, see `draw`.

    Raises:
        SettingsInvalid: it can't be drawn.
    """
    figure = draw(dcid, options)
    try:
        figure.savefig(file, dpi=150, bbox_inches="tight")
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"--plot-file: can't write {file}: {error}") from None


def draw(dcid: int, options: Options) -> Any:
    """Draw the scan of a data collection, and return the matplotlib figure.

    Each grid is drawn to scale, its counts as a heat map; centres are marked and
    numbered, the one with the highest total count first, and their boxes outlined.

    Raises:
        SettingsInvalid: it can't be drawn.
    """
    try:
        from matplotlib.colors import PowerNorm
        from matplotlib.figure import Figure
    except ImportError:
        remedy = "Install zocalo-ioc[plot]"
        raise SettingsInvalid("--plot needs matplotlib", remedy) from None
    scan = _scan(dcid, options)
    gpu = scan.source is Pipelines.GPU
    frames = {of: spot_counts(scan, of, gpu, options.seed) for of in sorted(scan.dcids)}
    found = _found(scan, frames)
    heights = [_height(scan, of) for of in frames]
    width = max(min(WIDTH, HEIGHT / sum(heights)), NARROWEST)
    height = min(max(width * sum(heights), NARROWEST), HEIGHT)
    figure = Figure(figsize=(width + 1.8, height + 1.6), layout="constrained")
    panels: Any = figure.subplots(
        len(heights), sharex=True, squeeze=False, height_ratios=heights
    )
    highest = max(counts.max() for counts in frames.values())
    # its root shows weak crystals beside strong ones
    colours = PowerNorm(0.5, 0, max(highest, 1))
    image: Any = None
    for axes, (of, counts) in zip(panels.flat, frames.items(), strict=True):
        image = _draw_grid(axes, scan, of, counts, colours)
        for rank, one in enumerate(found, start=1):
            _draw_centre(axes, scan.axes(of), one, rank)
    panels.flat[-1].set_xlabel("x (boxes)")
    figure.colorbar(image, ax=panels, label="spots on a frame")
    figure.suptitle(_title(scan, len(found), gpu))
    return figure


def _scan(dcid: int, options: Options) -> Scan:
    file, ispyb = options.collections, open_ispyb(options)
    try:
        if ispyb and not any(dcid in scan.dcids for scan in file.scans):
            file = CollectionsFile(scans=[ispyb.find(dcid)])
        collections = Collections(file, options.seed, options.chances, options.site)
        collections.check(dcid)
    except NotUnderstood as problem:
        raise SettingsInvalid(f"--plot: {problem}") from None
    scan, _ = collections.end(dcid)
    if scan.kind is not Kind.GRID:
        raise SettingsInvalid(f"--plot: DCID {dcid} is a {scan.kind}", "Choose a grid")
    return scan


def _found(scan: Scan, frames: Mapping[int, Counts]) -> Sequence[Mapping[str, Any]]:
    """Centre as the service does."""
    told = {dcid: scan.ispyb(dcid) for dcid in frames}
    grids = [
        (Gridinfo.model_validate(told[dcid]["ispyb_dc_info"]["gridinfo"]), counts)
        for dcid, counts in frames.items()
    ]
    first = next(iter(told.values()))
    parameters = CentringParameters(
        dcid=first["ispyb_dcid"],
        experiment_type=first["ispyb_dcg_experiment_type"],
        dcg_dcids=first["ispyb_dcg_dcids"],
        sample_id=scan.sample_id,
        loop_type=scan.loop_type,
        msp_sample_ids=scan.msp_sample_ids,
    )
    results = centre(grids, parameters)["results"]
    return [result for result in results if result.get("status") != "fail"]


def _height(scan: Scan, dcid: int) -> float:
    """Return how high a grid is for its width."""
    x, y = scan.axes(dcid)
    return scan.grid[y] * scan.step_um[y] / (scan.grid[x] * scan.step_um[x])


def _draw_grid(axes: Any, scan: Scan, dcid: int, counts: Counts, colours: Any) -> Any:
    """Draw counts as a heat map to scale, with the axes in boxes."""
    size, (x, y) = scan.size(dcid), scan.axes(dcid)
    nx, ny = size.steps_x, size.steps_y
    axes.set_title(f"DCID {dcid}: {nx} x {ny} boxes", fontsize="medium")
    axes.set_ylabel(f"{AXES[y]} (boxes)")
    axes.locator_params(integer=True)
    return axes.imshow(
        to_grid(counts, size).T,
        extent=(0, nx, ny, 0),  # y and z downwards, as in the snapshots
        aspect=scan.step_um[y] / scan.step_um[x],
        norm=colours,
        cmap="viridis",
        interpolation="nearest",
    )


def _draw_centre(
    axes: Any, of_axes: Sequence[int], one: Mapping[str, Any], rank: int
) -> None:
    """Mark a centre, and outline its box."""
    x, y = (one["centre_of_mass"][axis] for axis in of_axes)
    axes.plot(x, y, "+", color="red", markersize=12, markeredgewidth=2)
    left, top, right, bottom = _outline(one, of_axes)
    axes.plot(
        [left, right, right, left, left],
        [top, top, bottom, bottom, top],
        color="red",
        linewidth=1.5,
    )
    axes.annotate(
        str(rank),
        (right, top),
        xytext=(3, 3),
        textcoords="offset points",
        color="red",
        weight="bold",
        clip_on=False,
    )


def _outline(
    one: Mapping[str, Any], of_axes: Sequence[int]
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a centre's box."""
    if "bounding_box" in one:
        low, high = one["bounding_box"]
    else:  # a 2-D centre tells its boxes, as y and x
        rows, columns = zip(*one["best_region"], strict=True)
        low = [min(columns), min(rows)]
        high = [max(columns) + 1, max(rows) + 1]
    x, y = of_axes
    return low[x], low[y], high[x], high[y]


def _title(scan: Scan, centres: int, gpu: bool) -> str:
    found = f"{centres or 'no'} centre{'' if centres == 1 else 's'}"
    trouble = f", trouble: {scan.trouble}" if scan.trouble else ""
    lines = f"{scan.orientation}{', snaked' if scan.snaked else ''}"
    return f"{found} ({'GPU' if gpu else 'CPU'}), {lines}{trouble}"
