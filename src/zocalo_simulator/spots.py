"""How many spots per-image analysis would find on each frame of a scan."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zocalo_ioc.errors import NotUnderstood

from .centring import Counts
from .messages import MAX_SPOTS
from .names import Trouble
from .scans import Scan

_FWHM = 4 * np.log(2)
KEPT = 100
"""The counts of so many data collections are remembered."""
GPU_SPOTS = 0.95
"""For one spot that the CPU pipeline finds, on average."""


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
    if gpu:
        mean *= GPU_SPOTS
    if scan.trouble is Trouble.NO_DIFFRACTION:
        mean = np.zeros_like(mean)
    elif scan.trouble is Trouble.DISAGREEMENT and gpu:
        mean = mean[::-1, ::-1]  # as if the GPU pipeline had the grid upside down
    counts = rng.poisson(mean).clip(max=MAX_SPOTS)
    return counts.T.ravel()[scan.size(dcid).box_of_frames()]


def _mean_counts(scan: Scan, dcid: int) -> NDArray[np.float64]:
    """Add up what the crystals do to each box, indexed [x, y]."""
    axes = scan.axes(dcid)
    steps = [scan.grid[axis] for axis in axes]
    middles = np.indices(steps) + 0.5
    mean = np.zeros(steps)
    for crystal in scan.crystals:
        at = np.array([crystal.at[axis] for axis in axes])
        distance = (middles - at[:, np.newaxis, np.newaxis]) / crystal.size
        mean += crystal.strength * np.exp(-_FWHM * (distance**2).sum(0))
    return mean


class Spots:
    """How many spots there are on the frames of each data collection.

    Args:
        find: returns the scan of a data collection.
        seed: of the noise.
    """

    def __init__(self, find: Callable[[int], Scan | None], seed: int) -> None:
        self._find = find
        # scans are compared by identity: they are many, and do not change
        self._counted: dict[tuple[int, bool], tuple[Scan, Counts]] = {}
        self._seed = seed

    def frames(self, dcid: int) -> int:
        """Return how many frames there are."""
        return self._scan(dcid).size(dcid).boxes

    def on_cpu(self, dcid: int) -> Counts:
        """Return what the CPU pipeline counts, shape (frames,)."""
        return self._counts(self._scan(dcid), dcid, gpu=False)

    def in_file(self, dcid: int) -> Counts:
        """Return what the GPU pipeline counts in the file of a data collection.

        It has the frames of all of its scan, in the order of their ids.
        """
        scan = self._scan(dcid)
        dcids = sorted(scan.dcids)
        return np.concatenate([self._counts(scan, of, gpu=True) for of in dcids])

    def _scan(self, dcid: int) -> Scan:
        if scan := self._find(dcid):
            return scan
        raise NotUnderstood(
            f"DCID {dcid} is not in the collections file, and its start was not seen"
        )

    def _counts(self, scan: Scan, dcid: int, gpu: bool) -> Counts:
        key = dcid, gpu
        if key not in self._counted or self._counted[key][0] is not scan:
            self._counted.pop(key, None)  # so that it is the newest
            self._counted[key] = scan, spot_counts(scan, dcid, gpu, self._seed)
            while len(self._counted) > KEPT:
                del self._counted[next(iter(self._counted))]
        return self._counted[key][1]
