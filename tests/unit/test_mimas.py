"""Which recipes Mimas asks for."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from zocalo_ioc.broker import Delivery, Hub, LoopbackBroker, Queue, Subscription
from zocalo_ioc.wire import Event
from zocalo_simulator.collections_file import CollectionsFile
from zocalo_simulator.data_collections import Collections, Site
from zocalo_simulator.mimas import Mimas
from zocalo_simulator.mimas_rules import RULES, recipes_after
from zocalo_simulator.names import Beamline, Detector
from zocalo_simulator.recipe import RECIPES, RecipeMessage, load
from zocalo_simulator.scans import Kind, Scan

GPU = "per-image-analysis-gridscan-i03-gpu"
CPU = "per-image-analysis-gridscan-i03-no-really"
START, END = Event
EIGER, PILATUS = Detector
GRID, ROTATION, SERIAL = Kind

AT_THE_SITE: Sequence[tuple[Kind, str, Detector, set[str], set[str]]] = [
    (GRID, "i03", EIGER, {GPU}, {CPU, "archive-nexus"}),
    *(
        (
            *(GRID, beamline, EIGER, set[str]()),
            {"per-image-analysis-gridscan-i03", "archive-nexus"},
        )
        for beamline in ("i04", "i04-1", "i23", "i24")
    ),
    (
        *(GRID, "i02-1", EIGER, set[str]()),
        {"per-image-analysis-gridscan-swmr-vmxm", "archive-nexus"},
    ),
    (
        *(GRID, "i02-2", EIGER, set[str]()),
        {"vmxi-spot-counts-per-image", "archive-nexus"},
    ),
    *(
        (
            *(GRID, beamline, PILATUS),
            {"per-image-analysis-gridscan", "archive-cbfs"},
            set[str](),
        )
        for beamline in ("i03", "i04", "i24")
    ),
    (
        *(ROTATION, "i03", EIGER, set[str]()),
        {
            "per-image-analysis-rotation-swmr",
            "archive-nexus",
            "processing-rlv-eiger",
            "processing-mmcif-gen",
            "generate-diffraction-preview",
        },
    ),
    (SERIAL, "i24", EIGER, {"pia-index-ssx-swmr"}, {"archive-nexus"}),
]
"""As seen with the real service."""


@pytest.mark.parametrize(("kind", "beamline", "detector", "start", "end"), AT_THE_SITE)
def test_recipes_follow_as_at_the_site(
    kind: Kind, beamline: str, detector: Detector, start: set[str], end: set[str]
) -> None:
    for event, expected in ((START, start), (END, end)):
        assert {*recipes_after(event, kind, detector, Beamline(beamline))} == expected


def test_each_recipe_that_follows_can_be_run() -> None:
    assert {recipe for rule in RULES for recipe in rule.recipes} < RECIPES.keys()


class Bench:
    """Mimas, and what the dispatcher gets from it."""

    def __init__(self, *scans: Scan) -> None:
        hub = Hub()
        file = CollectionsFile(scans=[*scans]) if scans else None
        self.mimas = Mimas(Collections(file, site=Site()))
        self.mimas.broker = LoopbackBroker(hub, [self.mimas.subscription])
        LoopbackBroker(hub, [Subscription(Queue("processing_recipe"), self._note)])
        self.requests: list[dict[str, Any]] = []

    def _note(self, delivery: Delivery) -> bool:
        self.requests.append(json.loads(delivery.body)["payload"])
        return True

    async def take(self, event: Event, dcid: int, **parameters: Any) -> list[str]:
        """Let Mimas have an event, and return the recipes that it asks for."""
        self.requests.clear()
        named = {"ispyb_dcid": dcid, "event": event.value, **parameters}
        [message] = RecipeMessage(
            load("mimas", named), {"ID": f"{event}{dcid}"}
        ).start()
        answer = self.mimas.on_message(Delivery(message.body, message.headers))
        assert not isinstance(answer, bool)
        assert await answer
        return [recipe for request in self.requests for recipe in request["recipes"]]


SCAN = Scan(dcids=[71, 72], grid=[8, 6, 5])
STARTED = {
    "filename": "ins_1",
    "start_frame_index": 48,
    "number_of_frames": 40,
    "message_index": 1,
}


async def test_the_gpu_begins_at_the_start_with_what_the_start_says() -> None:
    bench = Bench(SCAN)
    assert await bench.take(START, 72, **STARTED) == [GPU]
    assert bench.requests[0]["parameters"].items() >= STARTED.items()
    assert await bench.take(END, 72) == [CPU, "archive-nexus"]


async def test_of_a_scan_in_no_file_the_gpu_begins_at_the_end() -> None:
    bench = Bench()
    assert await bench.take(START, 72, **STARTED) == []
    assert await bench.take(END, 72) == [GPU, CPU, "archive-nexus"]
    assert bench.requests[0]["parameters"].items() >= STARTED.items()
    assert bench.requests[1]["parameters"]["filename"] is None


@pytest.mark.parametrize(
    ("source", "recipes"),
    [("cpu", [CPU, "archive-nexus"]), ("gpu", [GPU]), ("both", [GPU, CPU])],
)
async def test_a_scan_may_be_for_one_pipeline(source: str, recipes: list[str]) -> None:
    bench = Bench(SCAN.model_copy(update={"source": source}))
    asked = await bench.take(START, 71) + await bench.take(END, 71)
    assert asked[: len(recipes)] == recipes


async def test_an_event_that_comes_twice_has_the_same_guids_and_no_others() -> None:
    bench = Bench(SCAN)
    guids = []
    for dcid in (71, 71, 72):
        await bench.take(END, dcid)
        guids.append([request["parameters"]["guid"] for request in bench.requests])
    assert guids[0] == guids[1] != guids[2]
    assert len({*guids[0], *guids[2]}) == 4
