"""X-ray centring beside another way of calculating it, with scikit-image."""

import itertools
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from skimage import measure

from tests.support.beam import picture
from zocalo_ioc.wire import GridSize, Orientation
from zocalo_simulator.centring import (
    Counts,
    Wells,
    centre_2d,
    centres_3d,
    to_grid,
)

label: Any = measure.label
regionprops: Any = measure.regionprops

SCANS = range(400)
"""Seeds. A scan takes about 2 ms; any other range will do, too."""


# -- grids, as they might come -------------------------------------------------


def frames_of_any_kind(rng: np.random.Generator, count: int) -> Counts:
    """Empty, saturated, noisy, or with islands of any size."""
    match int(rng.integers(6)):
        case 0:
            return np.zeros(count, int)
        case 1:
            return np.full(count, 65535)
        case 2:
            return rng.poisson(0.3, count)
        case 3:
            return rng.integers(0, 6, count)
        case _:
            wanted = rng.random(count) < rng.random()
            return np.where(wanted, rng.integers(0, 1000, count), 0)


class Scan:
    """A scan of two grids, from 1 x 1 x 1 up, however it was taken."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        largest = int(rng.choice([1, 3, 12]))
        self.nx, ny, nz = (int(n) for n in rng.integers(1, largest + 1, 3))
        self.snaked = bool(rng.integers(2))
        self.orientation = Orientation(rng.choice(list(Orientation)))
        self.sizes = [
            GridSize(
                steps_x=self.nx,
                steps_y=n,
                snaked=self.snaked,
                orientation=self.orientation,
            )
            for n in (ny, nz)
        ]
        self.frames = [frames_of_any_kind(rng, self.nx * n) for n in (ny, nz)]
        self.threshold = float(rng.choice([0.25, 0.5, 0.0, 1.0]))
        self.threshold_absolute = float(rng.choice([0, 3]))
        self.wells = Wells(sample_id=7)
        if rng.integers(2):
            width = int(rng.integers(1, 200))
            pin = f"multipin_3x{width}+{int(rng.integers(200))}"
            self.wells = Wells.of_pin(pin, 20, {1: 11, 2: 12, 3: 13}, 7)

    @property
    def grids(self) -> list[Counts]:
        """The counts by box, indexed [x, y]."""
        return [
            picture(
                frames, (size.steps_x, size.steps_y), self.snaked, self.orientation
            ).T
            for size, frames in zip(self.sizes, self.frames, strict=True)
        ]


@pytest.fixture(params=[SCANS[i : i + 100] for i in range(0, len(SCANS), 100)])
def scans(request: pytest.FixtureRequest) -> list[Scan]:
    return [Scan(seed) for seed in request.param]


# -- the other way -------------------------------------------------------------


def expected_3d(scan: Scan) -> list[dict[str, Any]]:
    xy, xz = (np.where(g < scan.threshold_absolute, 0, g) for g in scan.grids)
    volume = np.einsum("xy,xz->xyz", xy, xz)
    several = bool(scan.wells.sample_ids)
    regions = label(volume > 0, connectivity=3) if several else np.ones_like(volume)
    centres: list[dict[str, Any]] = []
    for region in range(1, regions.max() + 1):
        inside = np.where(regions == region, volume, 0)
        kept = np.where(inside >= scan.threshold * inside.max(), inside, 0)
        for found in regionprops(label(kept > 0, connectivity=3), kept):
            centres.append(described_3d(found, kept, scan))
    return centres


def described_3d(found: Any, counts: Counts, scan: Scan) -> dict[str, Any]:
    boxes: list[Any] = [tuple(map(int, box)) for box in found.coords]
    total = sum(int(counts[box]) for box in boxes)
    x = sum(box[0] * int(counts[box]) for box in boxes) / total + 0.5
    return {
        "centre_of_mass": (np.array(found.centroid_weighted) + 0.5).tolist(),
        "max_voxel": list(max(boxes, key=lambda box: counts[box])),
        "max_count": int(found.intensity_max),
        "n_voxels": int(found.area),
        "total_count": total,
        "bounding_box": [list(found.bbox[:3]), list(found.bbox[3:])],
        "sample_id": expected_sample(x, scan),
    }


def expected_sample(x: float, scan: Scan) -> int | None:
    if not scan.wells.sample_ids:
        return 7
    inside = [
        scan.wells.sample_ids[well]
        for well, (low, high) in enumerate(scan.wells.limits, start=1)
        if low <= x <= high
    ]
    return inside[0] if inside else None


def in_order(centres: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(centres, key=lambda centre: centre["max_voxel"])


# -- the tests -----------------------------------------------------------------


def test_frames_get_to_the_box_they_were_taken_of(scans: list[Scan]) -> None:
    for scan in scans:
        for size, frames, grid in zip(scan.sizes, scan.frames, scan.grids, strict=True):
            assert np.array_equal(to_grid(frames, size), grid)


def test_centres_in_a_volume_are_those_that_scikit_image_finds(
    scans: list[Scan],
) -> None:
    for scan in scans:
        xy, xz = scan.grids
        ours = centres_3d(xy, xz, scan.threshold, scan.threshold_absolute, scan.wells)
        expected = expected_3d(scan)
        assert len(ours) == len(expected)
        totals = [centre["total_count"] for centre in ours]
        assert totals == sorted(totals, reverse=True)
        pairs = zip(in_order(ours), in_order(expected), strict=True)
        for centre, other in pairs:
            assert centre.pop("centre_of_mass") == pytest.approx(
                other.pop("centre_of_mass")
            )
            assert centre == other


def test_the_centre_in_a_grid_is_in_the_largest_region_that_scikit_image_finds(
    scans: list[Scan],
) -> None:
    for scan in scans:
        frames, size, rows = scan.frames[0], scan.sizes[0], scan.grids[0].T
        ours = centre_2d(frames, size, (16, 8), (100, 50), scan.wells)
        if not rows.any():
            assert (ours["status"], ours["centre_of_mass"]) == ("fail", None)
            continue
        kept = np.where(rows >= rows.max() / 2, rows, 0)
        found = regionprops(label(kept > 0, connectivity=2), kept)
        best = max(found, key=attrgetter("area"))
        y, x = best.centroid
        assert ours["status"] == "ok"
        assert ours["centre_of_mass"] == pytest.approx([x + 0.5, y + 0.5])
        assert ours["centre_x"] == pytest.approx(100 + 16 * (x + 0.5))
        assert ours["centre_y"] == pytest.approx(50 + 8 * (y + 0.5))
        assert ours["n_voxels"] == best.area
        assert ours["total_count"] == best.image_intensity.sum()
        assert ours["max_count"] == frames.max()
        assert frames[ours["best_image"] - 1] == frames.max()
        column, row = ours["max_voxel"]
        assert [row, column] in ours["best_region"]
        assert rows[row, column] == best.intensity_max
        assert sorted(ours["best_region"]) == sorted(best.coords.tolist())


def test_a_scan_without_counts_has_no_centre() -> None:
    assert centres_3d(np.zeros((3, 4), int), np.zeros((3, 2), int)) == []


def test_one_box_that_diffracts_has_its_centre_in_its_middle() -> None:
    [centre] = centres_3d(np.full((1, 1), 5), np.full((1, 1), 7))
    assert centre == {
        "centre_of_mass": [0.5, 0.5, 0.5],
        "max_voxel": [0, 0, 0],
        "max_count": 35,
        "n_voxels": 1,
        "total_count": 35,
        "bounding_box": [[0, 0, 0], [1, 1, 1]],
        "sample_id": None,
    }


def test_a_large_saturated_scan_has_its_centre_in_its_middle() -> None:
    saturated = np.full((1000, 10), 2_000_000)
    [centre] = centres_3d(saturated, saturated)
    assert centre["centre_of_mass"] == pytest.approx([500, 5, 5])
    assert centre["total_count"] == 100_000 * 2_000_000**2


def test_a_well_is_as_wide_as_the_loop_type_says() -> None:
    wells = Wells.of_pin("multipin_2x100+50", 20, {1: 11, 2: 12}, 7)
    # micrometres 0 to 100 and 100 to 200, in boxes of 20
    assert list(wells.limits) == [(0, 5), (5, 10)]
    assert [wells.sample_at(x) for x in (0, 4.9, 5.1, 10, 10.1)] == [
        *(11, 11, 12, 12),
        None,
    ]


@pytest.mark.parametrize(
    "loop_type", [None, "", "loop_400", "multipin_x+", "multipin_99999999x1+1"]
)
def test_any_other_pin_has_one_sample(loop_type: str | None) -> None:
    assert Wells.of_pin(loop_type, 20, {}, 7).sample_at(1000) == 7


def test_a_weak_crystal_of_another_sample_is_found_beside_a_strong_one() -> None:
    xy, xz = np.zeros((9, 3), int), np.zeros((9, 3), int)
    for grid, (strong, weak) in itertools.product((xy, xz), [(1000, 10)]):
        grid[1, 1], grid[7, 1] = strong, weak
    pin = Wells.of_pin("multipin_2x80+40", 20, {1: 11, 2: 12}, 11)
    assert [c["sample_id"] for c in centres_3d(xy, xz, wells=pin)] == [11, 12]
    assert len(centres_3d(xy, xz)) == 1
