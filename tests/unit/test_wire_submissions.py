"""What clients write to SUBMIT and SEND, and what follows from the grid before."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zocalo_ioc.errors import RequestInvalid
from zocalo_ioc.wire import (
    Command,
    Event,
    Request,
    as_scan,
    identify,
    read_submission,
)
from zocalo_ioc.wire._values import INT32_MAX


def read(*grids: dict[str, Any]) -> tuple[Command, list[Request]]:
    return read_submission(json.dumps(grids))


def scan(*grids: dict[str, Any]) -> list[tuple[int, int]]:
    """Return where each grid begins: its start frame and its message index."""
    _, requests = read(*({"command": "start"} | grid for grid in grids))
    return [(r.start_frame, r.message_index) for r in as_scan(requests)]


def test_an_object_is_a_scan_of_one_grid() -> None:
    command, requests = read_submission('{"command": "end", "dcid": 71, "dcgid": 7}')
    assert command is Command.END
    [request] = requests
    assert request.message(Event.END, "g") == Request(dcid=71).message(Event.END, "g")
    assert (request.dcgid, request.expect_result, request.id) == (7, True, "")


def test_every_command_is_read() -> None:
    for command in Command:
        assert read({"command": command, "dcid": 1})[0] is command


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a slip", "expected"),
        ("", "EOF"),
        ("[]", "at least 1"),
        ("71", "valid list"),
        ("[71]", "should be an object"),
        ('{"dcid": 71}', "command"),
        ('{"command": "stop", "dcid": 71}', "'cancel'"),
        ('{"command": "start", "dcid": -1}', "dcid"),
        ('{"command": "start", "dcid": 2147483648}', "dcid"),
        ('{"command": "start", "dcid": true}', "dcid: .*integer"),
        ('{"command": "start", "dcd": 71}', "dcd"),
        ('{"command": "end", "parameters": []}', "parameters: .*should be an object"),
        ('{"command": "start", "expect_result": "perhaps"}', "expect_result"),
        (
            '{"command": "start", "id": "forty characters are one more than fits."}',
            "id: .*up to 39 ASCII characters",
        ),
        ('{"command": "start", "id": "\\u00e9"}', "id: .*ASCII"),
        (
            '[{"command": "start", "dcid": 1}, {"command": "end", "dcid": 2}]',
            "the same",
        ),
    ],
)
def test_what_can_not_be_used_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(RequestInvalid, match=f"^SEND is invalid: .*{why}"):
        read_submission(text, "SEND")


def test_the_longest_id_is_taken() -> None:
    _, [request] = read({"command": "end", "dcid": 1, "id": "x" * 39})
    assert request.id == "x" * 39


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [("expect_result", False, True), ("id", "mine", "yours")],
)
def test_what_is_of_the_whole_job_may_be_said_of_any_grid(
    name: str, value: object, other: object
) -> None:
    grids = [{"command": "start", "dcid": dcid} for dcid in (1, 2, 3)]
    for said_of in (0, 1, 2):
        said = [g | {name: value} if n == said_of else g for n, g in enumerate(grids)]
        _, requests = read(*said)
        assert [getattr(request, name) for request in requests] == [value] * 3
    with pytest.raises(RequestInvalid, match=f"{name} must be the same in one list"):
        read(grids[0] | {name: value}, grids[1] | {name: other})


def test_a_grid_begins_where_the_one_before_ends() -> None:
    grids = [{"dcid": dcid, "num_frames": 10 * dcid} for dcid in (1, 2, 3)]
    assert scan(*grids) == [(0, 0), (10, 1), (30, 2)]


def test_a_scan_that_begins_later_goes_on_from_there() -> None:
    first = {"dcid": 1, "num_frames": 400, "start_frame": 7, "message_index": 2}
    assert scan(first, {"dcid": 2, "num_frames": 200}) == [(7, 2), (407, 3)]


@pytest.mark.parametrize("name", ["start_frame", "message_index"])
def test_what_a_grid_says_itself_wins_even_if_it_is_0(name: str) -> None:
    second = {"dcid": 2, "num_frames": 4, name: 0}
    expected = {"start_frame": 10, "message_index": 1} | {name: 0}
    assert scan({"dcid": 1, "num_frames": 10}, second)[1] == tuple(expected.values())


def test_a_data_collection_can_not_be_there_twice() -> None:
    _, requests = read(*({"command": "end", "dcid": dcid} for dcid in (1, 2, 1)))
    with pytest.raises(RequestInvalid, match="DCID 1 is given twice"):
        as_scan(requests)


@pytest.mark.parametrize("name", ["start_frame", "message_index"])
def test_numbers_that_follow_stay_in_32_bits(name: str) -> None:
    first = {"dcid": 1, "num_frames": 1}
    last = {"dcid": 2, "num_frames": 1}
    assert INT32_MAX in scan(first | {name: INT32_MAX - 1}, last)[1]
    with pytest.raises(RequestInvalid, match="DCID 2"):
        scan(first | {name: INT32_MAX}, last)
    # a number that is given does not follow
    assert INT32_MAX not in scan(first | {name: INT32_MAX}, last | {name: 0})[1]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_no_two_grids_share_a_frame_or_an_index(frames: list[int]) -> None:
    begins = scan(*({"dcid": n, "num_frames": k} for n, k in enumerate(frames, 1)))
    ends = [begin + count for (begin, _), count in zip(begins, frames, strict=True)]
    assert [begin for begin, _ in begins] == [0, *ends[:-1]]
    assert [index for _, index in begins] == [*range(len(frames))]


@pytest.mark.parametrize(
    ("text", "dcid", "id_"),
    [
        ('{"dcid": 71, "id": "mine"}', 71, "mine"),
        ('[{"dcid": 71, "id": "mine"}, {"dcid": 72}]', 71, "mine"),
        ('{"dcid": "seventy", "id": "mine"}', 0, "mine"),
        ('{"dcid": 71, "id": 5}', 71, ""),
        ('{"command": "stop", "nonsense": [], "dcid": 71}', 71, ""),
        ("a slip", 0, ""),
        ("[]", 0, ""),
        ("[71]", 0, ""),
        ("71", 0, ""),
        ("null", 0, ""),
    ],
)
def test_whoever_is_refused_is_named_as_far_as_can_be_read(
    text: str, dcid: int, id_: str
) -> None:
    request = identify(text)
    assert (request.dcid, request.id) == (dcid, id_)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_any_text_is_read_or_refused(value: object) -> None:
    for text in (str(value), json.dumps(value), json.dumps({"dcid": value})):
        with pytest.raises(RequestInvalid):
            read_submission(text)
        assert identify(text).dcid >= 0
