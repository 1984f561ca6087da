"""Which data collections there are: those of a file, and a plausible rest."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zocalo_ioc.wire import INT32_MAX

from .collections_file import CollectionsFile
from .names import Trouble
from .payload import MAX_BOXES
from .scans import Crystal, Pipelines, Scan

logger = logging.getLogger(__name__)

NEARBY = 100
"""Ids of the grids of one scan are less far apart, for they are made together."""
KEPT = 1000
"""How many scans, and how many collections that have not ended, are remembered."""
USUAL_FRAMES, USUAL_GRID = 400, [20, 20, 20]
"""Of a data collection whose start was not seen, or which has too many frames."""
MOST_FRAMES = 10_000
"""In a grid that is made up."""


@dataclass(frozen=True)
class Ended:
    """A scan of which a data collection has ended.

    Attributes:
        scan: the scan.
        dcids: what can be analysed now, in this order.
    """

    scan: Scan
    dcids: Sequence[int]


class Collections:
    """What ISPyB would know.

    Data collections that are in no file are the grids of scans. Two whose starts came
    before either's end are the grids of one scan, if their ids are near each other; one
    on its own is the first grid of a scan whose second one has the next id.

    Args:
        file: the data collections that a file describes.
        seed: makes another choice of crystals and of trouble.
        chances: how probable each trouble is, for scans that name none.
    """

    def __init__(
        self,
        file: CollectionsFile | None = None,
        seed: int = 0,
        chances: Mapping[Trouble, float] | None = None,
    ) -> None:
        self._file = file or CollectionsFile()
        self._seed = seed
        self._chances = chances or {}
        self._started: dict[int, int] = {}
        self._listed = {
            dcid: self._with_trouble(scan)
            for scan in self._file.scans
            for dcid in scan.dcids
        }
        self._made: dict[int, Ended] = {}

    def is_listed(self, dcid: int) -> bool:
        """Say whether the file describes a data collection."""
        return dcid in self._listed

    def find(self, dcid: int) -> Scan | None:
        """Return the scan of a data collection, if there is one by now."""
        made = self._made.get(dcid)
        return self._listed.get(dcid) or (made.scan if made else None)

    def start(self, dcid: int, frames: int | None) -> Scan | None:
        """Note a start, and return the scan if it is known already."""
        scan = self._listed.get(dcid)
        if scan is None:
            self._started[dcid] = frames or USUAL_FRAMES
            _forget_oldest(self._started)
        return scan

    def end(self, dcid: int) -> Ended:
        """Note an end, and return what can be analysed now."""
        if scan := self._listed.get(dcid):
            return Ended(scan, [dcid])
        if dcid not in self._started and (ended := self._made.get(dcid)):
            return ended  # its scan has been found out, or it ends once more
        frames = self._started.pop(dcid, USUAL_FRAMES)
        near = [other for other in self._started if abs(other - dcid) < NEARBY]
        if near:
            partner = min(near, key=lambda other: abs(other - dcid))
            scan = self._make({dcid: frames, partner: self._started.pop(partner)})
            self._made |= {of: Ended(scan, [of]) for of in (dcid, partner)}
        else:
            partner = dcid + 1 if dcid < INT32_MAX else dcid - 1
            scan = self._make({dcid: frames, partner: frames})
            self._made |= {of: Ended(scan, [partner, dcid]) for of in (dcid, partner)}
        _forget_oldest(self._made)
        return self._made[dcid]

    def _make(self, frames: Mapping[int, int]) -> Scan:
        for dcid in frames:
            self._made.pop(dcid, None)  # so that it is the newest
        return self._with_trouble(plausible_scan(frames, self._file, self._seed))

    def _with_trouble(self, scan: Scan) -> Scan:
        """Let chance decide what goes wrong with a scan, the same for one seed."""
        if scan.trouble is not None:
            return scan
        rng = np.random.default_rng([self._seed, min(scan.dcids), 1])
        for trouble, chance in self._chances.items():
            if rng.random() < chance:
                both = {"source": Pipelines.BOTH}
                more = both if trouble is Trouble.DISAGREEMENT else {}
                return scan.model_copy(update={"trouble": trouble, **more})
        return scan


def plausible_scan(frames: Mapping[int, int], file: CollectionsFile, seed: int) -> Scan:
    """Return a scan of one to three crystals, always the same for one seed.

    Args:
        frames: the number of frames of each of its two data collections.
        file: what all scans have in common.
        seed: makes another choice.
    """
    dcids = sorted(frames)
    grid = _grid(*(frames[dcid] for dcid in dcids))
    rng = np.random.default_rng([seed, dcids[0]])
    crystals = [
        Crystal(
            at=[round(n * rng.uniform(0.15, 0.85), 1) for n in grid],
            size=round(rng.uniform(1, 4), 1),
            strength=int(rng.integers(50, 1000)),
        )
        for _ in range(rng.integers(1, 4))
    ]
    common = file.defaults.model_dump(exclude_unset=True)
    return Scan(dcids=dcids, grid=grid, crystals=crystals, **common)


def _grid(xy: int, xz: int) -> list[int]:
    """Find two grids of so many frames, as wide as each other, near to a square.

    They are of the usual size if there is no way to do so.
    """
    if max(xy, xz) <= MOST_FRAMES:
        common = math.gcd(xy, xz)
        widths = [n for n in range(1, common + 1) if common % n == 0]
        nx = min(widths, key=lambda n: abs(n - math.sqrt(max(xy, xz))))
        grid = [nx, xy // nx, xz // nx]
        if math.prod(grid) <= MAX_BOXES:
            return grid
    return USUAL_GRID


def _forget_oldest(remembered: dict[int, Any]) -> None:
    while len(remembered) > KEPT:
        del remembered[next(iter(remembered))]
