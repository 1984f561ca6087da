"""Which data collections there are: those of a file, and a plausible rest."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from zocalo_ioc.errors import NotUnderstood

from .collections_file import CollectionsFile
from .names import Beamline, Detector, Trouble
from .payload import MAX_BOXES
from .scans import Behaviour, Crystal, Pipelines, Scan

NEARBY = 100
"""Ids of the grids of one scan are less far apart, for they are made together."""
TOGETHER = 60.0
"""And they are started within this time, in seconds."""
KEPT = 1000
"""How many scans, and how many collections that have not ended, are remembered."""
USUAL_FRAMES, USUAL_GRID = 400, [20, 20, 20]
"""Of a data collection whose start was not seen, or which has too many frames."""
MOST_FRAMES = 10_000
"""In a grid that is made up."""


@dataclass(frozen=True)
class Site:
    """What is the same for all recipes.

    Attributes:
        results_queue: the routing key of results.
        frames_key: that of the frames that whoever wants may listen to; ``pia.`` and
            the beamline if empty.
        beamline: where the data collections are from.
        detector: what they were taken with.
    """

    results_queue: str = "xrc.i03"
    beamline: Beamline = Beamline.I03
    detector: Detector = Detector.EIGER
    frames_key: str = ""


@dataclass(frozen=True)
class Start:
    """The start of a data collection that is in no file.

    Attributes:
        parameters: of its message.
        at: when it came, on the monotonic clock.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    at: float = field(default_factory=time.monotonic)

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self.parameters.get("number_of_frames") or USUAL_FRAMES


class NotLookedUp(Exception):
    """A data collection must be looked up first.

    Attributes:
        look_up: does it, or raises NotUnderstood.
    """

    def __init__(self, look_up: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.look_up = look_up


class Collections:
    """What ISPyB would know.

    Data collections that are in no file are made up, unless a file says that there are
    no others. Two that are started together, before either ends, are the grids of one
    scan, if their ids are near each other; one on its own is a scan of one grid.

    Args:
        file: the data collections that a file describes.
        seed: makes another choice of crystals and of trouble.
        chances: how probable each trouble is, for scans that name none.
        site: what is the same for all.
        look_up: returns the scan of a data collection that is in no file, or raises
            NotUnderstood; then none is made up. It may take seconds, in a thread.
    """

    def __init__(
        self,
        file: CollectionsFile | None = None,
        seed: int = 0,
        chances: Mapping[Trouble, float] | None = None,
        site: Site | None = None,
        look_up: Callable[[int], Scan] | None = None,
    ) -> None:
        self._look_up = look_up
        self._found: dict[int, Scan] = {}
        self._checked: set[int] = set()
        self.site = site or Site()
        if file is None:
            file = CollectionsFile(defaults=Behaviour())
        self._defaults = file.defaults
        self._seed = seed
        self._chances = chances or {}
        self._started: dict[int, Start] = {}
        self._listed = {
            dcid: self._with_trouble(scan) for scan in file.scans for dcid in scan.dcids
        }
        self._made: dict[int, tuple[Scan, Start]] = {}

    def check(self, dcid: int) -> None:
        """Look whether there is a data collection, or could be.

        Raises:
            NotUnderstood: there is none.
            NotLookedUp: it is to be looked up each time: a grid may have come to its
                scan.
        """
        if dcid in self._listed:
            return
        if self._look_up:
            if dcid not in self._checked:
                raise NotLookedUp(partial(self._check, dcid, self._look_up))
            self._checked.remove(dcid)
        elif self._defaults is None:
            raise NotUnderstood(
                f"DCID {dcid} is not in the collections file",
                "Add it there, or add defaults to make up others",
            )

    def find(self, dcid: int) -> Scan | None:
        """Return the scan of a data collection, if it is known by now.

        Raises:
            NotLookedUp: it is to be looked up.
        """
        if self._look_up and dcid not in self._listed and dcid not in self._found:
            raise NotLookedUp(partial(self._find, dcid, self._look_up))
        made = self._made.get(dcid)
        return self._known(dcid) or (made[0] if made else None)

    def _known(self, dcid: int) -> Scan | None:
        return self._listed.get(dcid) or self._found.get(dcid)

    async def _check(self, dcid: int, look_up: Callable[[int], Scan]) -> None:
        await self._find(dcid, look_up)
        self._checked.add(dcid)

    async def _find(self, dcid: int, look_up: Callable[[int], Scan]) -> None:
        scan = self._with_trouble(await asyncio.to_thread(look_up, dcid))
        if self._found.get(dcid) != scan:  # else its counts are known
            self._found |= dict.fromkeys(scan.dcids, scan)
            _forget_oldest(self._found)

    def parameters(self, dcid: int) -> dict[str, Any]:
        """Return what recipes of a data collection are filled in with.

        Nothing, if it is not known by now which scan it belongs to.
        """
        scan = self.find(dcid)
        if scan is None:
            return {}
        return scan.ispyb(dcid) | {
            "ispyb_beamline": self.site.beamline.value,
            "ispyb_detectorclass": self.site.detector.value,
            "results_queue": self.site.results_queue,
            "frames_key": self.site.frames_key or f"pia.{self.site.beamline}",
        }

    def start(self, dcid: int, parameters: Mapping[str, Any]) -> Scan | None:
        """Note a start, and return the scan if it is known already."""
        scan = self._known(dcid)
        if scan is None:
            self._started[dcid] = Start(parameters)
            _forget_oldest(self._started)
        return scan

    def end(self, dcid: int) -> tuple[Scan, Start | None]:
        """Note an end.

        Returns:
            The scan; and the start, if nothing could follow it as the scan was unknown.
        """
        if scan := self._known(dcid):
            return scan, None
        if dcid in self._started or dcid not in self._made:
            self._make(dcid)
        return self._made[dcid]

    def _make(self, dcid: int) -> None:
        """Find out which scan a data collection belongs to."""
        start = self._started.pop(dcid, None) or Start()
        near = [
            other
            for other, its in self._started.items()
            if abs(other - dcid) < NEARBY and abs(its.at - start.at) < TOGETHER
        ]
        starts = {dcid: start}
        if near:
            partner = min(near, key=lambda other: abs(other - dcid))
            starts[partner] = self._started.pop(partner)
        frames = {of: its.frames for of, its in starts.items()}
        behaviour = self._defaults or Behaviour()
        scan = self._with_trouble(plausible_scan(frames, behaviour, self._seed))
        for of, its in starts.items():
            self._made.pop(of, None)  # so that it is the newest
            self._made[of] = scan, its
        _forget_oldest(self._made)

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


def plausible_scan(frames: Mapping[int, int], behaviour: Behaviour, seed: int) -> Scan:
    """Return a scan of one to three crystals, always the same for one seed.

    Args:
        frames: the number of frames of its data collection, or of each of two.
        behaviour: what all scans have in common.
        seed: makes another choice.
    """
    dcids = sorted(frames)
    grid = _grid([frames[dcid] for dcid in dcids])
    crystals = crystals_in(grid, seed, dcids[0])
    common = behaviour.model_dump(exclude_unset=True)
    return Scan(dcids=dcids, grid=grid, crystals=crystals, **common)


def crystals_in(grid: Sequence[int], seed: int, dcid: int) -> list[Crystal]:
    """Return one to three crystals in boxes along two or three axes."""
    rng = np.random.default_rng([seed, dcid])
    return [
        Crystal(
            at=[round(n * rng.uniform(0.15, 0.85), 1) for n in grid],
            size=round(rng.uniform(1, 4), 1),
            strength=int(rng.integers(50, 1000)),
        )
        for _ in range(rng.integers(1, 4))
    ]


def _grid(frames: Sequence[int]) -> list[int]:
    """Find grids of so many frames, equally wide, near to a square.

    They are of the usual size if there is no way to do so.
    """
    if max(frames) <= MOST_FRAMES:
        common = math.gcd(*frames)
        widths = [n for n in range(1, common + 1) if common % n == 0]
        nx = min(widths, key=lambda n: abs(n - math.sqrt(max(frames))))
        grid = [nx, *(n // nx for n in frames)]
        if math.prod(grid) <= MAX_BOXES:
            return grid
    return USUAL_GRID[: len(frames) + 1]


def _forget_oldest(remembered: dict[int, Any]) -> None:
    while len(remembered) > KEPT:
        del remembered[next(iter(remembered))]
