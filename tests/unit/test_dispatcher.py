"""The simulated dispatcher, on a broker inside this process."""

import json
from typing import Any

import pytest

from zocalo_ioc.broker import Delivery, Hub, LoopbackBroker, Queue, Subscription
from zocalo_simulator.collections_file import CollectionsFile
from zocalo_simulator.data_collections import Collections
from zocalo_simulator.dispatcher import Dispatcher
from zocalo_simulator.scans import Behaviour, Scan

REQUEST = {"recipes": ["mimas"], "parameters": {"ispyb_dcid": 71, "event": "end"}}
AS_PAYLOAD = {
    "payload": REQUEST,
    "recipe": {"1": {"queue": "processing_recipe"}, "start": [[1, []]]},
    "recipe-pointer": 1,
}


class Bench:
    """A dispatcher, and what Mimas gets from it."""

    def __init__(self, file: CollectionsFile | None = None) -> None:
        hub = Hub()
        self.dispatcher = Dispatcher(Collections(file))
        self.dispatcher.broker = LoopbackBroker(hub, [self.dispatcher.subscription])
        for queue in ("mimas", "filewatcher"):
            LoopbackBroker(hub, [Subscription(Queue(queue), self._note)])
        self.sent: list[dict[str, Any]] = []

    def _note(self, delivery: Delivery) -> bool:
        self.sent.append(json.loads(delivery.body))
        return True

    async def take(self, content: object, headers: dict[str, object]) -> bool:
        answer = self.dispatcher.on_message(
            Delivery(json.dumps(content).encode(), headers)
        )
        return answer if isinstance(answer, bool) else await answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_bare_request_starts_its_recipe(bench: Bench) -> None:
    assert await bench.take(REQUEST, {})
    [message] = bench.sent
    assert message["recipe"]["1"]["parameters"]["dcid"] == "71"


@pytest.mark.parametrize("marked", [True, "True", "true", 1])
async def test_a_request_in_a_recipe_message_starts_its_recipe(
    bench: Bench, marked: object
) -> None:
    assert await bench.take(AS_PAYLOAD, {"workflows-recipe": marked})
    [message] = bench.sent
    assert message["recipe"]["1"]["parameters"]["dcid"] == "71"


SCAN = Scan(dcids=[71, 72], grid=[8, 6, 5], dcgid=9)


async def test_a_recipe_is_filled_in_with_what_ispyb_knows() -> None:
    bench = Bench(CollectionsFile(scans=[SCAN]))
    recipe = "per-image-analysis-gridscan-i03-no-really"
    # no more than the real Mimas sends
    request = {"recipes": [recipe], "parameters": {"ispyb_dcid": 72}}
    assert await bench.take(request, {})
    [message] = bench.sent
    centring, result = (message["recipe"][step] for step in "34")
    assert centring["parameters"]["dcg_dcids"] == [71]
    assert (centring["gridinfo"]["steps_x"], centring["gridinfo"]["steps_y"]) == (8, 5)
    assert (result["queue"], result["parameters"]["dcgid"]) == ("xrc.i03", "9")


@pytest.mark.parametrize(
    ("file", "dcid", "accepted"),
    [
        (CollectionsFile(scans=[SCAN]), 71, True),
        (CollectionsFile(scans=[SCAN]), 73, False),
        (CollectionsFile(scans=[SCAN], defaults=Behaviour()), 73, True),
        (CollectionsFile(), 71, False),
        (None, 71, True),
        (None, 0, False),
        (None, "none", False),
    ],
)
async def test_a_data_collection_that_ispyb_does_not_know_is_rejected(
    file: CollectionsFile | None, dcid: object, accepted: bool
) -> None:
    request = {"recipes": ["mimas"], "parameters": {"ispyb_dcid": dcid}}
    assert await Bench(file).take(request, {}) is accepted


@pytest.mark.parametrize("content", [{}, {"recipes": []}, AS_PAYLOAD])
async def test_a_message_that_names_no_recipe_is_rejected(
    bench: Bench, content: object
) -> None:
    assert not await bench.take(content, {})
    assert bench.sent == []
