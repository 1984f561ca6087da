"""What a simulated Zocalo knows of data collections, and how a file may say it."""

from pathlib import Path

import numpy as np
import pytest

from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.wire import INT32_MAX, Orientation
from zocalo_simulator.centring import to_grid
from zocalo_simulator.collections_file import CollectionsFile, read_collections
from zocalo_simulator.data_collections import Collections
from zocalo_simulator.names import Trouble
from zocalo_simulator.scans import Scan
from zocalo_simulator.spots import spot_counts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "collections.yaml"


# -- those in no file ----------------------------------------------------------


def of(frames: int) -> dict[str, int]:
    return {"number_of_frames": frames}


def test_two_that_start_before_either_ends_are_the_grids_of_one_scan() -> None:
    collections = Collections()
    collections.start(71, of(400))
    collections.start(72, of(300))
    (first, first_start), (second, second_start) = map(collections.end, (71, 72))
    assert first is second
    assert first.dcids == [71, 72]
    assert first.grid == [20, 20, 15]
    assert first_start
    assert second_start
    assert [s.parameters for s in (first_start, second_start)] == [of(400), of(300)]


def test_of_several_the_nearest_is_the_other_grid() -> None:
    collections = Collections()
    for dcid in (10, 20, 21, 11):
        collections.start(dcid, of(400))
    scans = [collections.end(dcid)[0].dcids for dcid in (10, 20, 11, 21)]
    assert scans == [[10, 11], [20, 21], [10, 11], [20, 21]]


def test_those_far_apart_are_two_scans() -> None:
    collections = Collections()
    collections.start(100, of(400))
    collections.start(900, of(400))
    assert [collections.end(dcid)[0].dcids for dcid in (100, 900)] == [[100], [900]]


def test_one_that_was_started_long_ago_is_no_second_grid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zocalo_simulator.data_collections.TOGETHER", 0)
    collections = Collections()
    collections.start(71, of(400))
    collections.start(72, of(400))
    assert collections.end(72)[0].dcids == [72]


@pytest.mark.parametrize("dcid", [5, INT32_MAX])
def test_one_on_its_own_is_a_scan_of_one_grid(dcid: int) -> None:
    collections = Collections()
    collections.start(dcid, of(400))
    scan, _ = collections.end(dcid)
    assert (scan.dcids, scan.grid) == ([dcid], [20, 20])
    assert all(len(crystal.at) == 2 for crystal in scan.crystals)
    assert collections.end(dcid)[0] is scan  # and when it ends once more


def test_a_grid_of_a_former_scan_that_starts_again_alone_is_a_scan_of_one_grid() -> (
    None
):
    collections = Collections()
    for dcid in (71, 72):
        collections.start(dcid, of(400))
    assert collections.end(71)[0].dcids == [71, 72]
    collections.start(71, of(400))
    assert collections.end(71)[0].dcids == [71]


def test_one_that_never_started_is_made_up_all_the_same() -> None:
    assert Collections().end(5)[0].grid == [20, 20]


@pytest.mark.parametrize("frames", [(1, 1), (397, 397), (400, 1), (1140, 600), (7, 21)])
def test_any_numbers_of_frames_make_two_grids_of_one_width(
    frames: tuple[int, int],
) -> None:
    collections = Collections()
    collections.start(71, of(frames[0]))
    collections.start(72, of(frames[1]))
    nx, ny, nz = collections.end(71)[0].grid
    assert (nx * ny, nx * nz) == frames


@pytest.mark.parametrize("frames", [(10**9, 10**9), (10_001, 1), (10_000, 9_999)])
def test_too_many_frames_make_two_grids_of_the_usual_size(
    frames: tuple[int, int],
) -> None:
    collections = Collections()
    collections.start(71, of(frames[0]))
    collections.start(72, of(frames[1]))
    assert collections.end(71)[0].grid == [20, 20, 20]


def test_a_seed_makes_the_same_scan_and_another_seed_another() -> None:
    scans = [Collections(seed=seed).end(5)[0] for seed in (1, 1, 2)]
    assert scans[0] == scans[1] != scans[2]


def test_a_probability_is_how_often_there_is_trouble() -> None:
    chances = {Trouble.LATE: 0.25, Trouble.DUPLICATE: 0.5}
    collections = Collections(chances=chances)
    scans = [collections.end(dcid)[0] for dcid in range(1, 2001, 2)]
    late = sum(scan.trouble is Trouble.LATE for scan in scans) / len(scans)
    duplicate = sum(scan.trouble is Trouble.DUPLICATE for scan in scans) / len(scans)
    assert late == pytest.approx(0.25, abs=0.05)
    assert duplicate == pytest.approx(0.75 * 0.5, abs=0.05)


# -- those in a file -----------------------------------------------------------


def test_a_file_says_what_a_scan_is(file: Path) -> None:
    file.write_text(
        """
        defaults: {background: 1, trouble: duplicate}
        scans:
          - dcids: [502, 501]
            grid: [30, 20, 10]
            step_um: [20, 10, 15]
            orientation: vertical
            dcgid: 7
            loop_type: multipin_2x300+150
            msp_sample_ids: {1: 11, 2: 12}
        """
    )
    collections = Collections(read_collections(file))
    scan = collections.start(501, {})
    assert scan is not None
    assert collections.end(502) == (scan, None)
    assert scan.trouble is None
    told = scan.ispyb(502)
    info = told["ispyb_dc_info"]
    assert (info["dataCollectionGroupId"], told["ispyb_dcg_dcids"]) == (7, [501])
    gridinfo = info["gridinfo"]
    assert (gridinfo["steps_x"], gridinfo["steps_y"]) == (30, 10)
    assert (gridinfo["dx_mm"], gridinfo["dy_mm"]) == (0.02, 0.015)
    other, _ = collections.end(5)
    assert (other.background, other.trouble) == (1, Trouble.DUPLICATE)


def test_an_empty_file_describes_nothing(file: Path) -> None:
    file.write_text("# nothing yet\n")
    assert read_collections(file) == CollectionsFile()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("scans: [}", "line 1: not YAML"),
        ("- dcids: [1]", "line 1: the whole file: "),
        ("scans:\n- grid: [3, 4]", "line 2: scans.0.dcids: is missing"),
        ("scans:\n- dcids: [1]\n  gird: [3, 4]", "line 3: scans.0.gird: unknown key"),
        ("scans:\n- dcids: [1]\n- dcids: [1]", "line 3: scans.1.dcids: 1 is in two"),
        ("scans:\n- dcids: [1, 1]", "line 2: scans.0.dcids: the two must differ"),
        ("scans:\n- dcids: [1]\n  grid: [3, 4, 5]", "line 3: scans.0.grid: 1 dcid"),
        ("scans:\n- dcids: [1, 2]\n  grid: [3, 4]", "scans.0.grid: 2 dcids need x, y"),
        ("scans:\n- dcids: [1]\n  grid: [3, 0]", "line 3: scans.0.grid.1: "),
        ("scans:\n- dcids: [1]\n  grid: [9999, 9999]", "line 3: scans.0.grid: it has"),
        ("scans:\n- dcids: [0]", "line 2: scans.0.dcids.0: "),
        ("scans:\n- dcids: [1]\n  trouble: bad", "line 3: scans.0.trouble: "),
        (
            "scans:\n- dcids: [1]\n  crystals:\n  - at: [1, 2, 3]",
            "line 4: scans.0.crystals.0.at: x and y are needed",
        ),
        (
            "scans:\n- dcids: [1]\n  trouble: disagreement\n  source: cpu",
            "scans.0.source: write both",
        ),
        (
            "defaults:\n  trouble: disagreement\n  source: gpu",
            "defaults.source: write both",
        ),
        (
            "scans:\n- dcids: [1, 2]\n  kind: rotation",
            "line 2: scans.0.dcids: a rotation has one",
        ),
        (
            "scans:\n- dcids: [1]\n  crystals:\n  - at: [1, .nan]",
            "line 4: scans.0.crystals.0.at.1: ",
        ),
        ("[" * 1000, "not YAML"),
        ("defaults:\n  dcids: [1]", "line 2: defaults.dcids: unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_line(
    file: Path, content: str, complaint: str
) -> None:
    file.write_text(content)
    with pytest.raises(SettingsInvalid) as refused:
        read_collections(file)
    assert complaint in str(refused.value)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"collections\.yaml: No such file"):
        read_collections(file)


# -- spots ---------------------------------------------------------------------


@pytest.mark.parametrize("snaked", [True, False])
@pytest.mark.parametrize("orientation", Orientation)
def test_spots_are_where_the_crystal_is_and_differ_with_seed_and_pipeline(
    snaked: bool, orientation: Orientation
) -> None:
    scan = Scan.model_validate(
        {
            "dcids": [1, 2],
            "grid": [9, 8, 7],
            "snaked": snaked,
            "orientation": orientation,
            "crystals": [{"at": [2.5, 5.5, 3.5], "strength": 1000}],
        }
    )
    counts = spot_counts(scan, 2, gpu=False, seed=0)
    grid = to_grid(counts, scan.size(2))
    assert np.unravel_index(grid.argmax(), grid.shape) == (2, 3)
    assert grid.max() == pytest.approx(1000, rel=0.15)
    assert np.array_equal(counts, spot_counts(scan, 2, gpu=False, seed=0))
    assert not np.array_equal(counts, spot_counts(scan, 2, gpu=True, seed=0))
    assert not np.array_equal(counts, spot_counts(scan, 2, gpu=False, seed=1))
