"""Reading results as python-workflows wraps them, and refusing everything else."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workflows.recipe import RecipeWrapper

from tests.support.centres import CENTRE_2D, CENTRE_3D
from zocalo_ioc.centres import SortKey, best, rank
from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import Result, Source, encode, read_result, result_message
from zocalo_ioc.wire._recipes import MAX_BODY
from zocalo_ioc.wire._results import MAX_CENTRES
from zocalo_ioc.wire._values import MAX_IDS

HEADERS = {"workflows-recipe": True}
GUID = "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5"
FAILED_2D: dict[str, Any] = {
    **dict.fromkeys(CENTRE_2D),
    "steps": [40, 20],
    "status": "fail",
    "message": "fail: no diffraction found",
}
PARAMETERS: dict[str, Any] = {"dcid": 16085800, "dcgid": 9440110}
NUMBERS = ["max_count", "n_voxels", "total_count"]


def xrc(*results: object, kind: str = "3d") -> dict[str, Any]:
    return {"results": list(results), "status": "success", "type": kind}


def message(payload: object, **parameters: object) -> dict[str, Any]:
    """Return a message as the last step of a recipe gets it."""
    return {
        "payload": payload,
        "recipe": {
            "1": {
                "service": "DLS XRC ISPyB",
                "queue": "reduce.xray_centering",
                "parameters": {"dcid": 1, "gpu": True},
                "output": {"success": 2},
            },
            "2": {
                "exchange": "results",
                "queue": "xrc.i03",
                "parameters": PARAMETERS | parameters,
            },
            "start": [[1, []]],
        },
        "recipe-pointer": 2,
        "recipe-path": [1],
        "environment": {"ID": GUID},
    }


def read(whole: object) -> Result:
    return read_result(HEADERS, json.dumps(whole).encode())


def without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in mapping.items() if k != key}


class Collector:
    """Keeps what python-workflows sends."""

    def __init__(self) -> None:
        self.headers: dict[str, object] = {}
        self.body = b""

    def send(
        self,
        destination: str,
        message: dict[str, Any],
        headers: dict[str, object],
        exchange: str,
    ) -> None:
        self.headers = headers
        self.body = json.dumps(message).encode()


@pytest.fixture
def sent_by_workflows() -> Collector:
    """A result as the centring service sends it."""
    collector = Collector()
    before = message({"file-number": 1}, gpu="1") | {"recipe-pointer": 1}
    RecipeWrapper(message=before, transport=collector).send_to(
        "success", xrc(CENTRE_3D)
    )
    return collector


def test_what_python_workflows_sends_is_read(sent_by_workflows: Collector) -> None:
    result = read_result(sent_by_workflows.headers, sent_by_workflows.body)
    assert (result.dcid, result.source, len(result.centres)) == (
        *(16085800, Source.GPU),
        1,
    )


def test_a_3d_centre_is_read_whole() -> None:
    (centre,) = read(message(xrc(CENTRE_3D))).centres
    assert centre.model_dump() == CENTRE_3D


def test_a_2d_centre_with_all_its_keys_is_read_without_a_box() -> None:
    (centre,) = read(message(xrc(CENTRE_2D, kind="2d"))).centres
    assert centre.model_dump() == {
        "centre_of_mass": [12.5, 4.5],
        "max_voxel": [12, 4],
        "max_count": 61,
        "n_voxels": 9,
        "total_count": 402,
        "bounding_box": None,
        "sample_id": None,
    }


@pytest.mark.parametrize(
    ("centres", "dimensions"), [([CENTRE_3D], 3), ([CENTRE_2D], 2), ([], 0)]
)
def test_dimensions_are_those_of_the_centres(
    centres: list[object], dimensions: int
) -> None:
    assert read(message(xrc(*centres))).dimensions == dimensions


def test_centres_keep_the_order_they_came_in() -> None:
    counts = [5, 9, 1, 7]
    results = [CENTRE_3D | {"max_count": count} for count in counts]
    assert [c.max_count for c in read(message(xrc(*results))).centres] == counts


def test_a_failed_2d_centre_counts_as_no_centre() -> None:
    assert read(message(xrc(FAILED_2D, kind="2d"))).centres == ()


def test_only_the_failed_of_several_centres_are_dropped() -> None:
    result = read(message(xrc(FAILED_2D, CENTRE_2D, FAILED_2D, kind="2d")))
    assert [c.centre_of_mass for c in result.centres] == [[12.5, 4.5]]


@pytest.mark.parametrize(
    "payload",
    [xrc(), {"status": "success", "type": "3d"}, xrc() | {"results": None}],
    ids=["empty", "missing", "null"],
)
def test_no_results_mean_no_centre(payload: object) -> None:
    assert read(message(payload)).centres == ()


@pytest.mark.parametrize("payload", [[1, {"a": 2}], "done", None, 7, True, {"a": "b"}])
def test_another_kind_of_job_may_send_any_payload(payload: object) -> None:
    result = read(message(payload))
    assert (result.centres, json.loads(result.payload)) == ((), payload)


@pytest.mark.parametrize(
    "payload", [xrc(CENTRE_3D), xrc(CENTRE_2D, FAILED_2D), xrc(), {"ü": "\0\U0001f48e"}]
)
def test_the_payload_is_kept_as_it_came(payload: object) -> None:
    assert json.loads(read(message(payload)).payload) == payload


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_of_a_centre_may_come_as_text(key: str) -> None:
    (centre,) = read(message(xrc(CENTRE_3D | {key: str(CENTRE_3D[key])}))).centres
    assert getattr(centre, key) == CENTRE_3D[key]


@pytest.mark.parametrize("key", ["n_voxels", "sample_id"])
def test_a_whole_number_of_a_centre_may_come_as_a_float(key: str) -> None:
    (centre,) = read(message(xrc(CENTRE_3D | {key: float(CENTRE_3D[key])}))).centres
    assert getattr(centre, key) == CENTRE_3D[key]


@pytest.mark.parametrize("number", [str, float])
@pytest.mark.parametrize("key", ["dcid", "dcgid"])
def test_an_id_may_come_as_text_or_float(key: str, number: type[str | float]) -> None:
    result = read(message(None, **{key: number(424242)}))
    assert getattr(result, key) == 424242


def test_the_recipe_pointer_may_come_as_text() -> None:
    assert read(message(None) | {"recipe-pointer": "2"}).dcid == 16085800


@pytest.mark.parametrize(
    ("sample_id", "known"),
    [(12, 12), ("12", 12), (None, None), ("", None), ("None", None)],
)
def test_a_sample_id_is_a_number_or_unknown(
    sample_id: object, known: int | None
) -> None:
    (centre,) = read(message(xrc(CENTRE_3D | {"sample_id": sample_id}))).centres
    assert centre.sample_id == known


def test_a_missing_sample_id_is_unknown() -> None:
    (centre,) = read(message(xrc(without(CENTRE_3D, "sample_id")))).centres
    assert centre.sample_id is None


@pytest.mark.parametrize("dcgid", [None, "", "None", "null", " none ", 0, "0"])
def test_an_empty_group_id_is_unknown(dcgid: object) -> None:
    assert read(message(None, dcgid=dcgid)).dcgid is None


def test_a_missing_group_id_is_unknown() -> None:
    whole = message(None)
    del whole["recipe"]["2"]["parameters"]["dcgid"]
    assert read(whole).dcgid is None


@pytest.mark.parametrize(
    ("given_", "dcids"),
    [
        ([1, 2], (1, 2)),
        (["1", "2"], (1, 2)),
        ("[1, 2]", (1, 2)),
        ("1,2", (1, 2)),
        ("1", (1,)),
        ([], ()),
        ("[]", ()),
        ("", ()),
        (None, ()),
        ("None", ()),
    ],
)
def test_the_dcids_of_the_group_come_as_a_list_or_as_text(
    given_: object, dcids: tuple[int, ...]
) -> None:
    assert read(message(None, dcg_dcids=given_)).dcg_dcids == dcids


def test_without_dcids_of_the_group_there_are_none() -> None:
    assert read(message(None)).dcg_dcids == ()


@pytest.mark.parametrize("gpu", [True, "True", "true", 1, "1"])
def test_a_result_whose_parameters_say_gpu_is_of_the_gpu(gpu: object) -> None:
    assert read(message(None, gpu=gpu)).source is Source.GPU


@pytest.mark.parametrize("gpu", [False, "False", "false", 0, "0", "", None, "None"])
def test_a_result_whose_parameters_deny_gpu_is_of_the_cpu(gpu: object) -> None:
    assert read(message(None, gpu=gpu)).source is Source.CPU


def test_a_result_whose_parameters_lack_gpu_is_of_the_cpu() -> None:
    assert read(message(None)).source is Source.CPU


def test_the_guid_is_the_id_of_the_environment() -> None:
    assert read(message(None)).guid == GUID


def test_a_guid_of_64_characters_is_read() -> None:
    guid = "x" * 64
    assert read(message(None) | {"environment": {"ID": guid}}).guid == guid


@pytest.mark.parametrize(
    "environment",
    [{}, {"ID": None}, {"ID": "x" * 65}, {"ID": "two\nlines"}],
    ids=["missing", "null", "too long", "two lines"],
)
def test_an_unknown_guid_is_empty(environment: object) -> None:
    assert read(message(None) | {"environment": environment}).guid == ""


@pytest.mark.parametrize("optional", ["recipe-path", "environment"])
def test_a_message_may_lack_what_is_not_needed(optional: str) -> None:
    assert read(without(message(None), optional)).dcid == 16085800


def test_unknown_keys_are_ignored_at_every_level() -> None:
    whole = message(xrc(CENTRE_3D | {"new": 1}) | {"new": 2}, new=3)
    whole["new"] = 4
    whole["recipe"]["2"]["new"] = 5
    assert len(read(whole).centres) == 1


@pytest.mark.parametrize("value", [True, "True", "true", 1])
def test_each_form_of_the_recipe_header_is_accepted(value: object) -> None:
    body = json.dumps(message(None)).encode()
    assert read_result({"workflows-recipe": value}, body).dcid == 16085800


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"workflows-recipe": False},
        {"workflows-recipe": "False"},
        {"workflows-recipe": 0},
        {"workflows-recipe": None},
        {"workflows-recipe": ["True"]},
        {"Workflows-Recipe": True},
    ],
)
def test_a_message_without_the_recipe_header_is_refused(
    headers: dict[str, object],
) -> None:
    with pytest.raises(NotUnderstood, match="workflows-recipe"):
        read_result(headers, json.dumps(message(None)).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"{} {}",
        b"gpu",
        b"[" * 100_000,
        b'"\\ud800"',
        b"1" * 10_000,
    ],
    ids=[
        *("empty", "not UTF-8", "unfinished", "two values", "a word"),
        *("deeply nested", "half a character", "endless number"),
    ],
)
def test_a_body_that_is_no_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NotUnderstood, match="JSON"):
        read_result(HEADERS, body)


@pytest.mark.parametrize("body", [None, [], 5, "text"])
def test_a_body_that_is_no_object_is_refused_as_such(body: object) -> None:
    with pytest.raises(NotUnderstood, match=r"(?i)\b(body|message)\b"):
        read(body)


@pytest.mark.parametrize("key", ["payload", "recipe", "recipe-pointer"])
def test_a_message_that_lacks_a_part_names_it(key: str) -> None:
    with pytest.raises(NotUnderstood, match=f"^{key}: "):
        read(without(message(None), key))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recipe", []),
        ("recipe", "2"),
        ("recipe", None),
        ("recipe-pointer", None),
        ("recipe-pointer", "start"),
        ("recipe-pointer", 1.5),
        ("recipe-pointer", [2]),
        ("environment", "ID"),
    ],
)
def test_a_message_with_an_unusable_part_names_it(key: str, value: object) -> None:
    with pytest.raises(NotUnderstood, match=f"^{key}: "):
        read(message(None) | {key: value})


@pytest.mark.parametrize("pointer", [0, 3, -1, 10**30])
def test_a_pointer_to_no_step_names_the_step(pointer: int) -> None:
    with pytest.raises(NotUnderstood, match=f"no step {pointer}"):
        read(message(None) | {"recipe-pointer": pointer})


@pytest.mark.parametrize("step", [None, [], 5, "text"])
def test_a_step_that_is_no_object_is_named(step: object) -> None:
    whole = message(None)
    whole["recipe"]["2"] = step
    with pytest.raises(NotUnderstood, match=r"(recipe\.|step )2\b"):
        read(whole)


@pytest.mark.parametrize(
    "step", [{}, {"parameters": None}, {"parameters": []}, {"parameters": "dcid"}]
)
def test_a_step_without_usable_parameters_is_refused_naming_them(step: object) -> None:
    whole = message(None)
    whole["recipe"]["2"] = step
    with pytest.raises(NotUnderstood, match="parameters: "):
        read(whole)


def test_parameters_without_a_dcid_are_refused_naming_it() -> None:
    whole = message(None)
    del whole["recipe"]["2"]["parameters"]["dcid"]
    with pytest.raises(NotUnderstood, match=r"parameters\.dcid: "):
        read(whole)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("dcid", v) for v in (None, "", "{ispyb_dcid}", 0, -1, 1.5, 2**31, [1])),
        *(("dcgid", v) for v in ("{ispyb_dcgid}", -1, 1.5, 2**31, [1])),
        *(("dcg_dcids", v) for v in ("{ispyb_dcg_dcids}", [None], [[1]], {"a": 1})),
    ],
)
def test_an_unusable_parameter_is_refused_naming_it(key: str, value: object) -> None:
    with pytest.raises(NotUnderstood, match=rf"parameters\.{key}\b"):
        read(message(None, **{key: value}))


def test_data_collection_0_is_refused_saying_where_it_may_come_from() -> None:
    zero = message(xrc())
    zero["recipe"]["2"]["parameters"]["dcid"] = 0
    with pytest.raises(NotUnderstood, match="no data collection 0, which dodal's test"):
        read(zero)


@pytest.mark.parametrize("results", [5, "text", True, {"centre_of_mass": [1, 2, 3]}])
def test_results_that_are_no_list_are_refused_naming_them(results: object) -> None:
    with pytest.raises(NotUnderstood, match="results: "):
        read(message(xrc() | {"results": results}))


@pytest.mark.parametrize("entry", [None, 5, "text", []])
def test_a_centre_that_is_no_object_is_refused_naming_it(entry: object) -> None:
    with pytest.raises(NotUnderstood, match=r"results\.1: "):
        read(message(xrc(CENTRE_3D, entry)))


@pytest.mark.parametrize("key", ["centre_of_mass", "max_voxel", *NUMBERS])
def test_a_centre_that_lacks_a_value_is_refused_naming_it(key: str) -> None:
    with pytest.raises(NotUnderstood, match=rf"results\.1\.{key}: "):
        read(message(xrc(CENTRE_3D, without(CENTRE_3D, key))))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("centre_of_mass", None),
        ("centre_of_mass", [1.5]),
        ("centre_of_mass", [1.5, 2.5, 3.5, 4.5]),
        ("centre_of_mass", [1.5, 2.5, None]),
        ("centre_of_mass", [1.5, 2.5, float("nan")]),
        ("centre_of_mass", [1.5, 2.5, 2.0**31]),
        ("max_voxel", [1, 2, -1]),
        ("max_voxel", [1, 2, 2.5]),
        ("max_voxel", [1, 2, 2**31]),
        ("max_count", None),
        ("max_count", float("inf")),
        ("total_count", "many"),
        ("n_voxels", -1),
        ("n_voxels", 2**31),
        ("bounding_box", [[1, 2, 3]]),
        ("bounding_box", [[1, 2], [3, 4]]),
        ("bounding_box", "box"),
        ("sample_id", "pin"),
        ("sample_id", 2**31),
    ],
)
def test_an_unusable_value_of_a_centre_is_refused_naming_it(
    key: str, value: object
) -> None:
    with pytest.raises(NotUnderstood, match=rf"results\.1\.{key}\b"):
        read(message(xrc(CENTRE_3D, CENTRE_3D | {key: value})))


def test_a_bad_centre_after_a_failed_one_is_named_by_its_place_in_the_message() -> None:
    with pytest.raises(NotUnderstood, match=r"results\.1\.max_count"):
        read(message(xrc(FAILED_2D, without(CENTRE_2D, "max_count"), kind="2d")))


def test_a_centre_of_two_and_three_dimensions_is_refused_naming_both() -> None:
    mixed = CENTRE_3D | {"centre_of_mass": [1.5, 2.5]}
    with pytest.raises(NotUnderstood, match="centre_of_mass and max_voxel"):
        read(message(xrc(mixed)))


def test_of_many_complaints_only_the_first_are_told() -> None:
    with pytest.raises(NotUnderstood, match=r"and 2 more\.$"):
        read(message(xrc(*[{}] * 4)))


def test_as_many_centres_as_are_read_are_taken() -> None:
    result = read(message(xrc(*[CENTRE_2D] * MAX_CENTRES, kind="2d")))
    assert len(result.centres) == MAX_CENTRES


def test_more_centres_than_are_read_are_refused_with_the_limit() -> None:
    with pytest.raises(NotUnderstood, match=rf"results: .*\b{MAX_CENTRES} items"):
        read(message(xrc(*[FAILED_2D] * (MAX_CENTRES + 1), kind="2d")))


def test_more_group_members_than_are_read_are_refused_with_the_limit() -> None:
    members = list(range(1, MAX_IDS + 2))
    with pytest.raises(NotUnderstood, match=rf"dcg_dcids: .*\b{MAX_IDS} items"):
        read(message(xrc(CENTRE_3D), dcg_dcids=members))


def test_a_message_of_the_greatest_length_is_read() -> None:
    body = encode(message(xrc(CENTRE_3D)))
    assert (
        read_result(HEADERS, body.ljust(MAX_BODY)).dcid
        == read_result(HEADERS, body).dcid
    )


def test_a_longer_message_is_refused_with_both_lengths() -> None:
    with pytest.raises(NotUnderstood, match=rf"{MAX_BODY + 1} bytes.* {MAX_BODY} are"):
        read_result(HEADERS, encode(message(xrc(CENTRE_3D))).ljust(MAX_BODY + 1))


def test_a_result_that_we_write_is_read_back() -> None:
    parameters = PARAMETERS | {"dcg_dcids": [16085801], "gpu": True}
    result = read_result(*result_message(xrc(CENTRE_3D), parameters, GUID))
    assert result == read(message(xrc(CENTRE_3D), dcg_dcids=[16085801], gpu=True))


def test_a_result_that_we_write_is_understood_by_python_workflows() -> None:
    _, body = result_message(xrc(CENTRE_3D), PARAMETERS, GUID)
    wrapper = RecipeWrapper(message=json.loads(body))
    assert wrapper.recipe_step == {"parameters": PARAMETERS}


# A guess seldom comes upon what the reader looks for, so some values are given.
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 2**31, 2**63, 2**64, 10**400]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "1", "fail", "None", "[1, 2]", "\ud800", "1e999", "٣"]),
)
KEYS = st.text(max_size=4) | st.sampled_from(
    ["1", "2", "parameters", "dcid", "results", "status", "ID", *CENTRE_3D]
)
JSON_VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=10,
)
VALID = [
    message(xrc(CENTRE_3D, CENTRE_3D), dcg_dcids=[16085801], gpu="True"),
    message(xrc(CENTRE_2D, FAILED_2D, kind="2d")),
    message(None),
]


def places(value: object) -> list[tuple[Any, Any]]:
    """Return each container with each of its keys or indices, at any depth."""
    if isinstance(value, dict):
        here: list[tuple[Any, Any]] = [(value, key) for key in value]
        inner: list[Any] = list(value.values())
    elif isinstance(value, list):
        here = [(value, i) for i in range(len(value))]
        inner = value
    else:
        return []
    return here + [place for part in inner for place in places(part)]


@st.composite
def mutated_messages(draw: st.DrawFn) -> bytes:
    """Valid messages with up to three parts replaced, or taken away."""
    whole = deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(whole)))
        if draw(st.booleans()):
            container[key] = draw(JSON_VALUES)
        else:
            del container[key]
    return json.dumps(whole).encode()


@st.composite
def damaged_messages(draw: st.DrawFn) -> bytes:
    """Valid messages of which some bytes have been overwritten."""
    body = json.dumps(draw(st.sampled_from(VALID))).encode()
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 8)))
    return body[:start] + draw(st.binary(max_size=8)) + body[end:]


def read_or_refuse(
    headers: Mapping[str, object], body: bytes
) -> Result | NotUnderstood:
    try:
        return read_result(headers, body)
    except NotUnderstood as refusal:
        return refusal


@settings(deadline=None, max_examples=300)
@given(mutated_messages())
def test_a_mutated_message_is_read_or_refused(body: bytes) -> None:
    assert isinstance(read_or_refuse(HEADERS, body), Result | NotUnderstood)


@settings(deadline=None, max_examples=300)
@given(damaged_messages() | st.binary())
def test_a_damaged_message_is_read_or_refused(body: bytes) -> None:
    assert isinstance(read_or_refuse(HEADERS, body), Result | NotUnderstood)


@settings(deadline=None, max_examples=300)
@given(JSON_VALUES, JSON_VALUES)
def test_any_json_is_read_or_refused(payload: object, parameters: object) -> None:
    for whole in (payload, message(payload) | {"recipe": {"2": parameters}}):
        answer = read_or_refuse(HEADERS, json.dumps(whole).encode())
        assert isinstance(answer, Result | NotUnderstood)


@settings(deadline=None)
@given(st.dictionaries(st.just("workflows-recipe"), JSON_VALUES))
def test_a_message_with_any_header_is_read_or_refused(
    headers: dict[str, object],
) -> None:
    answer = read_or_refuse(headers, json.dumps(VALID[0]).encode())
    assert isinstance(answer, Result | NotUnderstood)


@settings(deadline=None, max_examples=300)
@given(mutated_messages())
def test_the_centres_of_every_result_can_be_ranked(body: bytes) -> None:
    result = read_or_refuse(HEADERS, body)
    centres = result.centres if isinstance(result, Result) else ()
    for key in SortKey:
        columns = rank(centres, key)
        best(columns)
        assert len(columns["x"]) == len(centres)
