"""Our way along a recipe beside that of python-workflows."""

import json
import re
import string
from typing import Any

import pytest
from workflows.recipe import Recipe, RecipeWrapper
from workflows.transport.pika_transport import PikaTransport

from zocalo_ioc.broker import Delivery, Message
from zocalo_ioc.errors import NotUnderstood
from zocalo_simulator.collections_file import CollectionsFile
from zocalo_simulator.data_collections import Collections
from zocalo_simulator.recipe import RECIPES, RecipeMessage, fill_in, load
from zocalo_simulator.scans import Scan

FILES = {file.stem: name for name, file in RECIPES.items()}
"""A recipe of each file."""
PARAMETERS = {
    "guid": "0c1d",
    "event": "start",
    "ispyb_dcid": 16085800,
    "ispyb_dcg_dcids": [16085801],
    "ispyb_dcg_experiment_type": "Mesh3D",
    "ispyb_dc_info": {
        "dataCollectionGroupId": 5,
        "gridinfo": {"steps_x": 3},
        **dict.fromkeys(("xBeam", "yBeam", "detectorDistance"), 1.5),
    },
    "ispyb_dc_class": {"grid": True},
    "ispyb_beamline": "i03",
    "ispyb_pin_info": {"loopType": None},
    "ispyb_msp_sample_ids": {1: 11},
    "number_of_frames": 400,
    "results_queue": "xrc.i03",
    "frames_key": "pia.i03",
}


class Wire(PikaTransport):
    """The real transport, but for the broker: it keeps what would go there."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def _send(
        self,
        destination: str,
        message: str,
        headers: dict[str, Any] | None = None,
        delay: float | None = None,
        expiration: int | None = None,
        transaction: int | None = None,
        exchange: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.sent.append(
            {
                "routing_key": destination,
                "body": json.loads(message),
                "headers": headers,
                "exchange": exchange or "",
            }
        )


def as_sent(messages: list[Message]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    for message in messages:
        sent.append(vars(message) | {"body": json.loads(message.body)})
        del sent[-1]["mandatory"]  # the real transport never is
    return sent


def steps_with_outputs(name: str) -> list[tuple[int, str]]:
    recipe = json.loads(RECIPES[name].read_text())
    return [
        (int(step), output)
        for step, content in recipe.items()
        if step != "start"
        for output in content.get("output", {})
    ]


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_a_recipe_is_valid_for_workflows(name: str) -> None:
    Recipe(RECIPES[name].read_text()).validate()


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_a_recipe_is_filled_in_and_started_as_workflows_does_it(name: str) -> None:
    theirs, transport = Recipe(RECIPES[name].read_text()), Wire()
    theirs.apply_parameters(PARAMETERS)
    wrapper = RecipeWrapper(recipe=theirs, transport=transport)
    wrapper.environment = {"ID": "0c1d"}
    wrapper.start()
    ours = RecipeMessage(load(name, PARAMETERS), {"ID": "0c1d"}).start()
    assert as_sent(ours) == transport.sent


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_each_step_sends_on_what_workflows_sends(name: str) -> None:
    for step, output in steps_with_outputs(name):
        transport = Wire()
        body = {
            "payload": {"some": "input"},
            "recipe": load(name, PARAMETERS),
            "recipe-pointer": step,
            "recipe-path": list(range(1, step)),
            "environment": {"ID": "0c1d"},
        }
        message = json.dumps(body).encode()
        wrapper = RecipeWrapper(message=json.loads(message), transport=transport)
        wrapper.send_to(output, {"some": ["output"]})
        read = RecipeMessage.read(Delivery(message, {"workflows-recipe": "True"}))
        assert as_sent(read.send_to(output, {"some": ["output"]})) == transport.sent
        assert transport.sent
        assert read.send_to("nowhere", {}) == []


@pytest.mark.parametrize(
    "written",
    [
        "{ispyb_dcid}",
        "of {ispyb_dcid} and {event}",
        "{ispyb_dc_info[dataCollectionGroupId]}",
        "{$REPLACE:ispyb_dcg_dcids}",
        "{$REPLACE:ispyb_dc_info[gridinfo]}",
        "{missing}",
        "{missing[key]}",
        "{$REPLACE:missing}",
        "{$REPLACE:ispyb_dc_info[missing]}",
        {"{event}": ["{ispyb_dcid}", 1, None]},
    ],
)
def test_a_placeholder_is_filled_in_as_workflows_does_it(written: object) -> None:
    theirs = Recipe({1: {"parameters": {"it": written}}})
    theirs.apply_parameters(PARAMETERS)
    assert fill_in(written, PARAMETERS) == theirs[1]["parameters"]["it"]


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_each_placeholder_of_a_recipe_is_a_parameter(name: str) -> None:
    scan = Scan(dcids=[1, 2], grid=[3, 3, 3])
    known = Collections(CollectionsFile(scans=[scan])).parameters(1)
    started = ("filename", "start_frame_index", "number_of_frames", "message_index")
    parameters = known | dict.fromkeys(("guid", "event", *started), "given")
    text = RECIPES[name].read_text()
    placeholders = re.findall(r"\{(?:\$REPLACE:)?([\w\[\]]+)\}", text)
    assert placeholders
    for name in placeholders:
        string.Formatter().get_field(name, (), parameters)


@pytest.mark.parametrize("name", ["nothing", "../mimas", "/etc/passwd", ""])
def test_an_unknown_recipe_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(NotUnderstood, match="There are mimas, "):
        load(name, {})


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"{}"),
        ({"workflows-recipe": True}, b"not JSON"),
        ({"workflows-recipe": True}, b"[]"),
        ({"workflows-recipe": True}, b"{}"),
        (
            {"workflows-recipe": True},
            b'{"payload": 1, "recipe": {}, "recipe-pointer": 1}',
        ),
        (
            {"workflows-recipe": True},
            b'{"payload": 1, "recipe": {"1": 5}, "recipe-pointer": 1}',
        ),
        ({"workflows-recipe": True}, b'{"recipe": [], "recipe-pointer": []}'),
        ({"workflows-recipe": True}, b'{"recipe": {}, "recipe-pointer": Infinity}'),
    ],
)
def test_what_is_no_message_of_a_recipe_is_not_understood(
    headers: dict[str, object], body: bytes
) -> None:
    with pytest.raises(NotUnderstood):
        RecipeMessage.read(Delivery(body, headers))


@pytest.mark.parametrize("output", [{"abort": 9}, [2, 9], "9", {"abort": {"x": 1}}, 3])
def test_a_recipe_with_an_output_that_leads_nowhere_is_not_understood(
    output: object,
) -> None:
    recipe = {
        "1": {"queue": "here", "output": output},
        "2": {"queue": "there"},
        "3": {"queue": 5},
    }
    body = json.dumps({"payload": {}, "recipe": recipe, "recipe-pointer": 1}).encode()
    with pytest.raises(NotUnderstood, match="has no queue for step"):
        RecipeMessage.read(Delivery(body, {"workflows-recipe": True}))
