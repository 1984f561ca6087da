"""Reading frames as python-workflows wraps them, and refusing everything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workflows.recipe import RecipeWrapper

from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import Frame, GridSize, Orientation, read_frame

HEADERS = {"workflows-recipe": True}
GRIDINFO: dict[str, Any] = {
    "steps_x": 20.0,
    "steps_y": 12.0,
    "dx_mm": 0.02,
    "dy_mm": 0.02,
    "micronsPerPixelX": 1.25,
    "micronsPerPixelY": 1.25,
    "snapshot_offsetXPixel": 461.0,
    "snapshot_offsetYPixel": 212.5,
    "snaked": 1,
    "orientation": "horizontal",
}
SIZE = GridSize(
    steps_x=20,
    steps_y=12,
    dx_mm=0.02,
    dy_mm=0.02,
    snaked=True,
    orientation=Orientation.HORIZONTAL,
)
PARAMETERS = {"dcid": 71, "dcgid": 7, "dcg_dcids": [72]}
PAYLOAD = {"file-number": 1, "n_spots_total": 5, "file": "/dls/i03/grid_1.nxs"}
FRAME = Frame(71, 7, (72,), 1, 5, SIZE)


def message(
    payload: object = PAYLOAD,
    parameters: object = PARAMETERS,
    gridinfo: object = GRIDINFO,
) -> dict[str, Any]:
    step = {"exchange": "results", "queue": "pia.i03", "parameters": parameters}
    return {
        "payload": payload,
        "recipe": {
            "1": {"queue": "per_image_analysis", "output": {"map": 2}},
            "2": step | {"gridinfo": gridinfo},
            "start": [[1, []]],
        },
        "recipe-pointer": 2,
        "recipe-path": [1],
        "environment": {"ID": "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5"},
    }


def read(whole: object) -> Frame:
    return read_frame(HEADERS, json.dumps(whole).encode())


def test_a_frame_sent_by_workflows_is_read() -> None:
    sent: list[dict[str, Any]] = []

    class Collector:
        def send(self, _: str, message: dict[str, Any], **how: Any) -> None:
            sent.append(message)

    before = message() | {"recipe-pointer": 1, "recipe-path": []}
    RecipeWrapper(message=before, transport=Collector()).send_to("map", PAYLOAD)
    assert [read(each) for each in sent] == [FRAME]


@pytest.mark.parametrize("gridinfo", [str(GRIDINFO), json.dumps(GRIDINFO)])
def test_a_grid_may_be_the_text_that_a_recipe_makes_of_it(gridinfo: str) -> None:
    assert read(message(gridinfo=gridinfo)) == FRAME


def test_numbers_may_be_texts() -> None:
    texts = {name: str(value) for name, value in GRIDINFO.items()}
    parameters = {"dcid": "71", "dcgid": "7", "dcg_dcids": "[72]"}
    payload = {"file-number": "1", "n_spots_total": "5"}
    assert read(message(payload, parameters, texts)) == FRAME


@pytest.mark.parametrize("gridinfo", [None, "", "None"])
def test_a_recipe_need_not_tell_the_grid(gridinfo: object) -> None:
    assert read(message(gridinfo=gridinfo)).size is None


def test_a_group_need_not_be_known() -> None:
    frame = read(message(parameters={"dcid": 71, "dcgid": 0, "dcg_dcids": ""}))
    assert (frame.dcgid, frame.dcg_dcids) == (None, ())


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (message({"n_spots_total": 5}), "payload.file-number: Field required"),
        (message({"file-number": 1}), "payload.n_spots_total: Field required"),
        (message(PAYLOAD | {"n_spots_total": -1}), "payload.n_spots_total: Input"),
        (message(PAYLOAD | {"n_spots_total": None}), "payload.n_spots_total: Input"),
        (message(PAYLOAD | {"file-number": 0}), "payload.file-number: Input"),
        (message(parameters={}), "recipe.2.parameters.dcid: Field required"),
        (message(gridinfo=GRIDINFO | {"steps_x": 0}), "recipe.2.gridinfo.steps_x"),
        (message(gridinfo=GRIDINFO | {"orientation": "up"}), "gridinfo.orientation"),
        (message(gridinfo="[" * 1000), "recipe.2.gridinfo"),
        (message([]), "payload: Input"),
    ],
)
def test_what_is_no_frame_is_refused_with_the_reason(whole: object, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        read(whole)


@given(body=st.binary(max_size=200))
def test_any_other_body_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_frame(HEADERS, body)
