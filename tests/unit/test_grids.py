"""The grids of the scan under way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.beam import steps_of_the_beam
from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.grids import MAX_BOXES, NOT_SEEN, Grids
from zocalo_ioc.wire import Frame, GridSize, Orientation


def a_size(nx: int = 3, ny: int = 2, *, snaked: bool = True, along: str = "horizontal"):
    orientation = Orientation(along)
    return GridSize(steps_x=nx, steps_y=ny, snaked=snaked, orientation=orientation)


SIZE = a_size()


def a_frame(
    number: int,
    spots: int = 5,
    dcid: int = 71,
    *,
    size: GridSize | None = SIZE,
    dcgid: int | None = None,
    others: tuple[int, ...] = (),
) -> Frame:
    return Frame(dcid, dcgid, others, number, spots, size)


@given(
    nx=st.integers(1, 9),
    ny=st.integers(1, 9),
    snaked=st.booleans(),
    along=st.sampled_from(["horizontal", "vertical"]),
    data=st.data(),
)
def test_each_frame_is_counted_in_the_box_where_the_beam_was(
    nx: int, ny: int, snaked: bool, along: str, data: st.DataObject
) -> None:
    spots = data.draw(
        st.lists(st.integers(0, 10**6), min_size=nx * ny, max_size=nx * ny)
    )
    picture = np.full((ny, nx), NOT_SEEN)
    frames = data.draw(st.lists(st.integers(1, nx * ny), max_size=2 * nx * ny))
    grids = Grids()
    size = a_size(nx, ny, snaked=snaked, along=along)
    path = list(steps_of_the_beam(nx, ny, snaked, along))
    for number in frames:
        assert grids.add(a_frame(number, spots[number - 1], size=size))
        x, y = path[number - 1]
        picture[y, x] = spots[number - 1]
    counted = grids.xy.counts.reshape(ny, nx) if frames else picture
    assert (counted == picture).all()
    assert grids.xy.frames == len(set(frames))
    assert grids.xy.max_count == max(0, *picture.ravel())


def test_the_later_of_two_counts_of_a_frame_holds() -> None:
    """The GPU pipeline counts first, and the CPU pipeline again."""
    grids = Grids()
    grids.add(a_frame(1, 5))
    grids.add(a_frame(1, 4))
    assert grids.xy.counts[0] == 4
    assert grids.xy.frames == 1


@pytest.mark.parametrize("dcids", [(71, 72), (72, 71)])
@pytest.mark.parametrize("told", ["together", "group"])
def test_the_grid_with_the_lower_id_is_that_of_x_and_y(
    dcids: tuple[int, int], told: str
) -> None:
    grids = Grids()
    first, second = dcids
    for dcid, other in ((first, second), (second, first)):
        names = {"others": (other,)} if told == "together" else {"dcgid": 7}
        grids.add(a_frame(dcid - 70, dcid=dcid, **names))  # type: ignore[arg-type]
    assert (grids.xy.dcid, grids.xy.frames) == (71, 1)
    assert (grids.xz.dcid, grids.xz.frames) == (72, 1)


def test_a_single_grid_has_no_second() -> None:
    grids = Grids()
    grids.add(a_frame(1))
    assert grids.xz.dcid == 0
    assert grids.xz.counts.size == 0


def test_a_new_scan_replaces_the_old_one() -> None:
    grids = Grids()
    grids.add(a_frame(1, dcid=71, others=(72,)))
    grids.add(a_frame(1, dcid=73))
    assert (grids.xy.dcid, grids.xz.dcid) == (73, 0)


def test_late_frames_of_an_earlier_scan_change_nothing() -> None:
    grids = Grids()
    grids.add(a_frame(1, dcid=73))
    assert not grids.add(a_frame(2, dcid=71, others=(72,)))
    assert (grids.xy.dcid, grids.xy.frames) == (73, 1)


def test_a_command_begins_a_scan_with_empty_grids() -> None:
    grids = Grids()
    grids.add(a_frame(1, dcid=80))
    grids.begin([72, 71])
    assert (grids.xy.dcid, grids.xz.dcid) == (71, 72)
    assert grids.xy.frames == grids.xz.frames == 0
    assert grids.xy.size is None


def test_grids_begun_one_by_one_are_one_scan_once_a_frame_says_so() -> None:
    """dodal's trigger starts each grid by itself, and knows of no group."""
    grids = Grids()
    grids.begin([71])
    grids.begin([72])
    grids.add(a_frame(1, dcid=71, others=(72,)))
    assert (grids.xy.dcid, grids.xz.dcid) == (71, 72)


def test_one_grid_begun_again_leaves_the_other() -> None:
    grids = Grids()
    grids.begin([71, 72])
    for dcid in (71, 72):
        grids.add(a_frame(1, dcid=dcid))
    grids.begin([72])
    assert (grids.xy.frames, grids.xz.frames) == (1, 0)


def test_a_third_grid_of_a_group_that_is_begun_is_a_new_scan() -> None:
    grids = Grids()
    grids.begin([71, 72], 7)
    grids.begin([73], 7)
    assert (grids.xy.dcid, grids.xz.dcid) == (73, 0)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (a_frame(1, dcid=90, size=None), "DCID 90: the recipe step has no gridinfo"),
        (a_frame(7, dcid=90), "DCID 90 has no frame 7: its grid has 6"),
        (a_frame(7), "DCID 71 has no frame 7: its grid has 6"),
        (a_frame(1, size=a_size(2, 3)), "DCID 71: the gridinfo differs from"),
        (a_frame(1, dcid=90, size=a_size(257, 256)), "its grid has 65792 boxes"),
        (a_frame(1, dcid=73, others=(71, 72)), "its scan would have 3 grids"),
    ],
)
def test_frames_without_a_box_are_refused_and_change_nothing(
    frame: Frame, why: str
) -> None:
    grids = Grids()
    grids.begin([71, 72])
    grids.add(a_frame(1))
    with pytest.raises(NotUnderstood, match=why):
        grids.add(frame)
    assert (grids.xy.dcid, grids.xy.frames) == (71, 1)
    assert grids.add(a_frame(2))


def test_a_grid_may_fill_the_records() -> None:
    grids = Grids()
    grids.add(a_frame(MAX_BOXES, size=a_size(256, 256)))
    assert grids.xy.counts.size == MAX_BOXES


def test_frames_without_size_are_counted_once_it_is_known() -> None:
    grids = Grids()
    grids.add(a_frame(1))
    grids.add(a_frame(2, size=None))
    assert grids.xy.frames == 2
