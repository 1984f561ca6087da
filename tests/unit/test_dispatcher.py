"""The simulated dispatcher, on a broker inside this process."""

import json
from typing import Any

import pytest

from zocalo_ioc.broker import Delivery, Hub, LoopbackBroker, Queue, Subscription
from zocalo_simulator.dispatcher import Dispatcher

REQUEST = {"recipes": ["mimas"], "parameters": {"ispyb_dcid": 71, "event": "end"}}
AS_PAYLOAD = {
    "payload": REQUEST,
    "recipe": {"1": {"queue": "processing_recipe"}, "start": [[1, []]]},
    "recipe-pointer": 1,
}


class Bench:
    """A dispatcher, and what Mimas gets from it."""

    def __init__(self) -> None:
        hub = Hub()
        self.dispatcher = Dispatcher()
        self.dispatcher.broker = LoopbackBroker(hub, [self.dispatcher.subscription])
        LoopbackBroker(hub, [Subscription(Queue("mimas"), self._note)])
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


@pytest.mark.parametrize("content", [{}, {"recipes": []}, AS_PAYLOAD])
async def test_a_message_that_names_no_recipe_is_rejected(
    bench: Bench, content: object
) -> None:
    assert not await bench.take(content, {})
    assert bench.sent == []
