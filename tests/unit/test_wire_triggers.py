"""The messages that start processing, key for key as Zocalo expects them."""

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zocalo_ioc.errors import RequestInvalid
from zocalo_ioc.wire import Event, Request, encode, trigger_headers

GUID = "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5"


def replace(request: Request, **changes: object) -> Request:
    return request.model_copy(update=changes)


GRIDSCAN = Request(
    dcid=16085800,
    filename="ins_10_31",
    start_frame=0,
    num_frames=1140,
    message_index=0,
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_a_start_message_is_the_one_that_zocalo_expects() -> None:
    assert GRIDSCAN.message(Event.START, GUID) == {
        "recipes": ["mimas"],
        "parameters": {
            "ispyb_dcid": 16085800,
            "filename": "ins_10_31",
            "start_frame_index": 0,
            "number_of_frames": 1140,
            "message_index": 0,
            "event": "start",
            "guid": "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5",
        },
    }


def test_an_end_message_is_the_one_that_zocalo_expects() -> None:
    assert GRIDSCAN.message(Event.END, "9a96e59c-da30-494c-8380-c7a5c828c2c9") == {
        "recipes": ["mimas"],
        "parameters": {
            "event": "end",
            "ispyb_dcid": 16085800,
            "guid": "9a96e59c-da30-494c-8380-c7a5c828c2c9",
        },
    }


@pytest.mark.parametrize(
    ("request_", "key", "sent"),
    [
        (replace(GRIDSCAN, dcid=2147483647), "ispyb_dcid", 2147483647),
        (replace(GRIDSCAN, filename="a b/ü.h5"), "filename", "a b/ü.h5"),
        (replace(GRIDSCAN, start_frame=1140), "start_frame_index", 1140),
        (replace(GRIDSCAN, num_frames=1), "number_of_frames", 1),
        (replace(GRIDSCAN, message_index=7), "message_index", 7),
    ],
)
def test_each_request_record_has_its_key_in_the_start_message(
    request_: Request, key: str, sent: object
) -> None:
    assert request_.message(Event.START, GUID)["parameters"][key] == sent


def test_an_empty_file_name_is_sent_as_null() -> None:
    message = replace(GRIDSCAN, filename="").message(Event.START, GUID)
    assert '"filename": null' in encode(message).decode()


@pytest.mark.parametrize("event", Event)
def test_the_group_id_is_never_sent(event: Event) -> None:
    message = replace(GRIDSCAN, dcgid=424242).message(event, GUID)
    assert b"424242" not in encode(message)


def test_an_end_message_needs_no_number_of_frames() -> None:
    message = Request(dcid=1).message(Event.END, GUID)
    assert message["parameters"] == {"ispyb_dcid": 1, "event": "end", "guid": GUID}


@pytest.mark.parametrize(
    ("text", "recipes"),
    [
        ("mimas", ["mimas"]),
        ("mimas,xia2", ["mimas", "xia2"]),
        (" mimas , xia2 ", ["mimas", "xia2"]),
        (",mimas,,xia2,", ["mimas", "xia2"]),
        ("xia2,mimas,xia2", ["xia2", "mimas", "xia2"]),
    ],
)
@pytest.mark.parametrize("event", Event)
def test_recipe_names_are_split_on_commas(
    event: Event, text: str, recipes: list[str]
) -> None:
    message = replace(GRIDSCAN, recipes=text).message(event, GUID)
    assert message["recipes"] == recipes


@pytest.mark.parametrize("event", Event)
def test_further_parameters_are_added_to_those_of_the_message(event: Event) -> None:
    plain = GRIDSCAN.message(event, GUID)["parameters"]
    extra = {"beamline": "i03", "nested": {"list": [1, 2.5, None]}}
    message = replace(GRIDSCAN, parameters=json.dumps(extra)).message(event, GUID)
    assert message["parameters"] == {**plain, **extra}


@pytest.mark.parametrize("event", Event)
def test_further_parameters_win_over_those_of_the_message(event: Event) -> None:
    message = replace(GRIDSCAN, parameters='{"event": "other"}').message(event, GUID)
    assert message["parameters"]["event"] == "other"


def test_further_parameters_do_not_name_another_data_collection() -> None:
    """The IOC would wait for the result of the wrong one."""
    same, other = (
        replace(GRIDSCAN, parameters=json.dumps({"ispyb_dcid": dcid}))
        for dcid in (GRIDSCAN.dcid, GRIDSCAN.dcid + 1)
    )
    assert same.message(Event.END, GUID)["parameters"]["ispyb_dcid"] == GRIDSCAN.dcid
    with pytest.raises(RequestInvalid, match="another data collection in ispyb_dcid"):
        other.message(Event.END, GUID)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_any_json_object_is_merged_unchanged(extra: dict[str, object]) -> None:
    plain = GRIDSCAN.message(Event.START, GUID)["parameters"]
    request = replace(GRIDSCAN, parameters=json.dumps(extra, ensure_ascii=False))
    message = request.message(Event.START, GUID)
    assert message["parameters"] == {**plain, **extra}


NO_DCID = replace(GRIDSCAN, dcid=0)
NO_RECIPES = replace(GRIDSCAN, recipes="")
OF_EVERY_EVENT = [
    pytest.param(NO_DCID, "DCID", id="no data collection"),
    pytest.param(replace(GRIDSCAN, dcid=-1), "DCID", id="negative data collection"),
    pytest.param(NO_RECIPES, "RECIPES", id="no recipe"),
    pytest.param(replace(GRIDSCAN, recipes=" , ,"), "RECIPES", id="only commas"),
    *(
        pytest.param(replace(GRIDSCAN, parameters=text), "PARAMETERS", id=meaning)
        for meaning, text in {
            "empty text": "",
            "no JSON": "energy=12.7",
            "unfinished JSON": '{"energy": ',
            "JSON with more after it": "{} {}",
            "a list": "[1, 2]",
            "a string": '"energy"',
            "null": "null",
            "deeply nested lists": "[" * 4000,
            "deeply nested objects": '{"a":' * 800 + "1" + "}" * 800,
            "not a number": '{"energy": NaN}',
            "infinity": '{"energy": Infinity}',
            "a number too large for a float": '{"energy": 1e999}',
            "half a character": '{"energy": "\\ud800"}',
        }.items()
    ),
]
OF_START = [
    pytest.param(replace(GRIDSCAN, num_frames=0), "NUM_FRAMES", id="no frames"),
    pytest.param(replace(GRIDSCAN, num_frames=-1), "NUM_FRAMES", id="negative frames"),
]


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize(("request_", "record"), OF_EVERY_EVENT)
def test_a_bad_request_names_the_record_to_correct(
    request_: Request, record: str, event: Event
) -> None:
    with pytest.raises(RequestInvalid, match=rf"\b{record}\b"):
        request_.message(event, GUID)


@pytest.mark.parametrize(("request_", "record"), OF_START)
def test_a_bad_start_names_the_record_to_correct(
    request_: Request, record: str
) -> None:
    with pytest.raises(RequestInvalid, match=rf"\b{record}\b"):
        request_.message(Event.START, GUID)


def test_a_bad_request_names_the_keys_of_submit_where_records_have_other_names() -> (
    None
):
    """What is written to the records does not reach SUBMIT."""
    with pytest.raises(RequestInvalid, match="num_frames in SUBMIT"):
        replace(GRIDSCAN, num_frames=0).message(Event.START, GUID)
    with pytest.raises(RequestInvalid, match="dcid in SUBMIT"):
        NO_DCID.message(Event.END, GUID)


@pytest.mark.parametrize(("request_", "record"), [*OF_EVERY_EVENT, *OF_START])
def test_a_bad_request_says_what_to_write(request_: Request, record: str) -> None:
    with pytest.raises(RequestInvalid, match=r"\. Write .+\.$"):
        request_.message(Event.START, GUID)


@pytest.mark.parametrize(
    "request_", [replace(GRIDSCAN, recipes=""), replace(GRIDSCAN, parameters="x")]
)
def test_a_bad_request_names_its_data_collection(request_: Request) -> None:
    with pytest.raises(RequestInvalid, match="16085800"):
        request_.message(Event.START, GUID)


@settings(deadline=None, max_examples=300)
@given(
    st.builds(
        Request,
        dcid=st.integers(0, 3),
        num_frames=st.integers(0, 3),
        filename=st.text(max_size=5),
        recipes=st.text(alphabet="ab, ", max_size=5),
        parameters=st.text(max_size=20) | JSON_VALUES.map(json.dumps),
    ),
    st.sampled_from(Event),
)
def test_any_request_becomes_json_or_is_refused(
    request_: Request, event: Event
) -> None:
    try:
        message = request_.message(event, GUID)
    except RequestInvalid:
        return
    assert json.loads(encode(message), parse_constant=pytest.fail) == message


def test_headers_take_user_and_host_from_the_zocalo_variables() -> None:
    environment = {"ZOCALO_GO_USER": "gda2", "ZOCALO_GO_HOSTNAME": "i03-control"}
    assert trigger_headers(environment) == {
        "zocalo.go.user": "gda2",
        "zocalo.go.host": "i03-control",
    }


def test_headers_follow_the_environment_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZOCALO_GO_USER", "gda2")
    monkeypatch.setenv("ZOCALO_GO_HOSTNAME", "i03-control")
    assert trigger_headers() == {
        "zocalo.go.user": "gda2",
        "zocalo.go.host": "i03-control",
    }


@pytest.mark.parametrize("environment", [{}, {"ZOCALO_GO_USER": ""}])
def test_without_a_zocalo_user_the_login_name_is_sent(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.setenv("LOGNAME", "ab12345")
    assert trigger_headers(environment)["zocalo.go.user"] == "ab12345"


@pytest.mark.parametrize("environment", [{}, {"ZOCALO_GO_HOSTNAME": ""}])
def test_without_a_zocalo_host_the_host_name_is_sent(
    environment: dict[str, str],
) -> None:
    assert trigger_headers(environment)["zocalo.go.host"] == socket.gethostname()
