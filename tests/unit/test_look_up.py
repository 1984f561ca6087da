"""What requests leave out comes from ISPyB; what they give wins."""

from collections.abc import Sequence

import pytest

from zocalo_ioc.errors.ispyb import DcidUnknown, FramesUnknown, GridsLeftOut
from zocalo_ioc.ispyb import DataCollection, Filled, fill_in, grids_left_out
from zocalo_ioc.wire import Request

GROUP = (
    DataCollection(71, 5, 400, is_grid=True),
    DataCollection(72, 5, 240, is_grid=True),
    DataCollection(73, 5, 3600, is_grid=False),
)


def filled(
    *requests: Request,
    start: bool = True,
    found: Sequence[DataCollection] = GROUP,
    required: bool = True,
) -> Filled:
    return fill_in(start, requests, found, required)


def notes(result: Filled) -> list[str]:
    return [str(note) for note in result.notes]


@pytest.mark.parametrize("dcid", [71, 72])
def test_a_grid_alone_starts_every_grid_of_its_group_in_order(dcid: int) -> None:
    request = Request(dcid=dcid, filename="ins", start_frame=10, message_index=3)
    result = filled(request)
    assert [
        (r.dcid, r.num_frames, r.start_frame, r.message_index) for r in result.requests
    ] == [
        (71, 400, 10, 3),
        (72, 240, 410, 4),
    ]
    assert {(r.dcgid, r.filename) for r in result.requests} == {(5, "ins")}
    assert result.whole
    assert not result.notes


def test_a_grid_with_its_frames_is_left_alone() -> None:
    result = filled(Request(dcid=71, num_frames=400))
    assert [(r.dcid, r.dcgid) for r in result.requests] == [(71, 5)]
    assert not result.whole
    assert not result.notes


@pytest.mark.parametrize(
    ("asked", "left"), [([71], ["72"]), ([71, 72], []), ([73], []), ([9], [])]
)
def test_grids_of_the_scan_that_are_not_asked_for_are_left_out(
    asked: Sequence[int], left: Sequence[str]
) -> None:
    requests = [Request(dcid=dcid, num_frames=1) for dcid in asked]
    assert list(grids_left_out(requests, GROUP)) == [GridsLeftOut(d) for d in left]


def test_what_is_no_grid_is_left_alone() -> None:
    result = filled(Request(dcid=73))
    assert [(r.dcid, r.num_frames) for r in result.requests] == [(73, 3600)]


def test_grids_that_are_given_get_their_frames_and_no_others_are_added() -> None:
    three = (*GROUP, DataCollection(74, 5, 100, is_grid=True))
    result = filled(Request(dcid=72), Request(dcid=74), found=three)
    assert [(r.dcid, r.num_frames, r.start_frame) for r in result.requests] == [
        (72, 240, 0),
        (74, 100, 0),
    ]
    assert not result.whole


def test_an_end_message_gets_its_group_and_no_other_grids() -> None:
    result = filled(Request(dcid=71), start=False)
    assert [(r.dcid, r.dcgid) for r in result.requests] == [(71, 5)]


def test_what_contradicts_ispyb_is_kept_and_reported() -> None:
    result = filled(Request(dcid=71, num_frames=390, dcgid=6))
    assert [(r.num_frames, r.dcgid) for r in result.requests] == [(390, 6)]
    assert notes(result) == [
        "ISPyB has 400 images for DCID 71, not 390.",
        "ISPyB has DCID 71 in group 5, not 6.",
    ]


def test_grids_of_different_groups_are_reported() -> None:
    found = (GROUP[0], DataCollection(90, 6, 100, is_grid=True))
    requests = Request(dcid=71, num_frames=400), Request(dcid=90, num_frames=100)
    assert notes(filled(*requests, found=found)) == [
        "ISPyB has DCID 71 in group 5, and DCID 90 in another."
    ]


def test_a_data_collection_that_ispyb_does_not_know_is_refused() -> None:
    with pytest.raises(DcidUnknown):
        filled(Request(dcid=70, num_frames=400))


def test_unless_it_need_not_be_known_and_has_its_frames() -> None:
    result = filled(Request(dcid=70, num_frames=400), required=False)
    assert [r.num_frames for r in result.requests] == [400]
    assert notes(result) == ["DCID 70 is not in ISPyB. Check DCID."]
    with pytest.raises(FramesUnknown):
        filled(Request(dcid=70), required=False)


def test_images_that_ispyb_does_not_have_yet_contradict_nothing() -> None:
    found = [DataCollection(71, 5, 0, is_grid=True)]
    assert not filled(Request(dcid=71, num_frames=400), found=found).notes
    with pytest.raises(FramesUnknown):
        filled(Request(dcid=71), found=found)
