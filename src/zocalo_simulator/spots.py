"""How many spots per-image analysis would find on each frame of a scan."""

import numpy as np
from numpy.typing import NDArray

from .centring import Counts, Orientation
from .messages import MAX_SPOTS
from .names import Trouble
from .scans import Scan

_FWHM = 4 * np.log(2)


def spot_counts(scan: Scan, dcid: int, gpu: bool, seed: int) -> Counts:
    """Return the number of spots on each frame, in the order they are taken.

    Args:
        scan: says where crystals are.
        dcid: one of its data collections.
        gpu: which pipeline counts: noise differs.
        seed: of the noise. It is the same for one seed, data collection and pipeline.

    Returns:
        Shape (nx * ny,).
    """
    rng = np.random.default_rng([seed, dcid, gpu])
    mean = _mean_counts(scan, dcid) + scan.background
    if scan.trouble is Trouble.NO_DIFFRACTION:
        mean = np.zeros_like(mean)
    elif scan.trouble is Trouble.DISAGREEMENT and gpu:
        mean = mean[::-1, ::-1]  # as if the GPU pipeline had the grid upside down
    counts = rng.poisson(mean).clip(max=MAX_SPOTS)
    return to_frames(counts, scan.snaked, scan.orientation)


def to_frames(grid: Counts, snaked: bool, orientation: Orientation) -> Counts:
    """Put the counts of a grid, indexed [x, y], into the order of its frames.

    The opposite of `to_grid`.
    """
    lines = (grid.T if orientation is Orientation.HORIZONTAL else grid).copy()
    if snaked:
        lines[1::2] = lines[1::2, ::-1]
    return lines.ravel()


def _mean_counts(scan: Scan, dcid: int) -> NDArray[np.float64]:
    """Add up what the crystals do to each box, indexed [x, y]."""
    axes, steps = scan.axes(dcid), scan.steps(dcid)
    middles = np.indices(steps) + 0.5
    mean = np.zeros(steps)
    for crystal in scan.crystals:
        at = np.array([crystal.at[axis] for axis in axes])
        distance = (middles - at[:, np.newaxis, np.newaxis]) / crystal.size
        mean += crystal.strength * np.exp(-_FWHM * (distance**2).sum(0))
    return mean
