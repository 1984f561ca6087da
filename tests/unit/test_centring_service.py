"""The centring service, sent frames as per-image analysis sends them."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from zocalo_ioc.broker import Delivery, Hub, LoopbackBroker, Queue, Subscription
from zocalo_simulator.centring_service import XrayCentring
from zocalo_simulator.recipe import RecipeMessage, load
from zocalo_simulator.scans import Scan
from zocalo_simulator.spots import spot_counts

RESULTS = "xrc.test"
CPU = "per-image-analysis-gridscan-i03-no-really"
GPU = "per-image-analysis-gridscan-i03-gpu"
GIVEN_UP_AFTER = 60.0


class Bench:
    """A centring service on a broker inside this process."""

    def __init__(self, faithful: bool = False) -> None:
        hub = Hub()
        self.results: list[dict[str, Any]] = []
        self.service = XrayCentring(GIVEN_UP_AFTER, faithful=faithful)
        self.service.broker = LoopbackBroker(hub, [self.service.subscription])
        LoopbackBroker(hub, [Subscription(Queue(RESULTS), self._note)])
        self.answers: list[bool | asyncio.Future[bool]] = []

    def _note(self, delivery: Delivery) -> bool:
        self.results.append(json.loads(delivery.body))
        return True

    def take(self, *frames: Delivery) -> None:
        self.answers += [self.service.on_message(frame) for frame in frames]

    async def answered(self) -> list[bool]:
        """Wait for the answers to all messages."""
        async with asyncio.timeout(10):
            return [a if isinstance(a, bool) else await a for a in self.answers]

    @property
    def waiting(self) -> int:
        return sum(not isinstance(a, bool) and not a.done() for a in self.answers)

    @property
    def centres(self) -> list[Any]:
        """The centres of each result, which may name either data collection."""
        return [result["payload"]["results"] for result in self.results]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def real() -> Bench:
    """A service that fails where the real one fails."""
    return Bench(faithful=True)


def scan_of(dcid: int, **more: Any) -> Scan:
    content: dict[str, Any] = {
        "dcids": [dcid, dcid + 1],
        "grid": [7, 5, 4],
        "crystals": [{"at": [dcid % 7 + 0.5, 2.5, 1.5], "strength": 90}],
    }
    return Scan.model_validate(content | more)


def frames_of(scan: Scan, recipe: str = CPU, run: int = 0) -> list[Delivery]:
    """Return the messages of all frames, one data collection after the other."""
    frames: list[Delivery] = []
    for dcid in scan.dcids:
        parameters = scan.ispyb(dcid) | {"results_queue": RESULTS}
        environment = {"ID": f"{recipe}-{dcid}-{run}"}
        analysis = 1 if recipe == GPU else 2
        step = RecipeMessage(load(recipe, parameters), environment, pointer=analysis)
        counts = spot_counts(scan, dcid, recipe == GPU, seed=0)
        for number, count in enumerate(counts.tolist(), start=1):
            payload = {"file-number": number, "n_spots_total": count}
            message, _ = step.send_to("result", payload)
            frames.append(Delivery(message.body, message.headers))
    return frames


def shuffled(frames: Sequence[Delivery], seed: int) -> list[Delivery]:
    order = np.random.default_rng(seed).permutation(len(frames))
    return [frames[number] for number in order]


async def centres_in_order(scan: Scan, recipe: str = CPU) -> list[Any]:
    bench = Bench()
    bench.take(*frames_of(scan, recipe))
    await bench.answered()
    return bench.centres


async def test_frames_are_acknowledged_with_the_result_and_not_before(
    bench: Bench,
) -> None:
    *most, last = frames_of(scan_of(10))
    bench.take(*most)
    await asyncio.sleep(0)
    assert bench.waiting == len(most)
    bench.take(last)
    assert all(await bench.answered())
    assert len(bench.results) == 1


@pytest.mark.parametrize("seed", range(20))
async def test_the_order_of_frames_makes_no_difference(bench: Bench, seed: int) -> None:
    scan = scan_of(10)
    bench.take(*shuffled(frames_of(scan), seed))
    assert all(await bench.answered())
    assert bench.centres == await centres_in_order(scan)


@pytest.mark.parametrize("seed", range(20))
async def test_frames_that_come_twice_make_no_difference(
    bench: Bench, seed: int
) -> None:
    scan = scan_of(10)
    frames = frames_of(scan)
    bench.take(*shuffled([*frames, *frames], seed))
    assert all(await bench.answered())
    assert bench.centres == await centres_in_order(scan)


@pytest.mark.parametrize("seed", range(20))
async def test_scans_at_a_time_do_not_mix(bench: Bench, seed: int) -> None:
    scans = [scan_of(dcid) for dcid in (10, 20, 30)]
    frames = [frame for scan in scans for frame in frames_of(scan)]
    of_gpu = frames_of(scans[0], GPU)
    bench.take(*shuffled(frames + of_gpu, seed))
    assert all(await bench.answered())
    expected = await centres_in_order(scans[0], GPU)
    for scan in scans:
        expected += await centres_in_order(scan)
    assert sorted(map(str, bench.centres)) == sorted(map(str, expected))


async def test_a_scan_that_is_processed_again_has_a_result_again(
    bench: Bench,
) -> None:
    scan = scan_of(10)
    bench.take(*frames_of(scan, run=1), *frames_of(scan, run=2))
    assert all(await bench.answered())
    assert len(bench.results) == 2


async def test_frames_that_come_once_more_after_the_result_are_acknowledged(
    bench: Bench,
) -> None:
    frames = frames_of(scan_of(10))
    bench.take(*frames)
    await bench.answered()
    bench.take(*frames)
    assert all(await bench.answered())
    assert len(bench.results) == 1


async def test_a_scan_that_stays_incomplete_is_given_up_with_all_its_messages(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.take(*frames_of(scan_of(10))[:50])
    now = time.monotonic()
    await bench.service.give_up(now + GIVEN_UP_AFTER - 1)
    assert bench.waiting == 50
    with caplog.at_level(logging.WARNING):
        await bench.service.give_up(now + GIVEN_UP_AFTER + 1)
    assert all(await bench.answered())
    assert bench.results == []
    assert "gave up on DCID 10: 35 of 35 frames arrived" in caplog.text
    assert "gave up on DCID 11: 15 of 28 frames arrived" in caplog.text


async def test_a_scan_that_was_given_up_can_be_processed_again(bench: Bench) -> None:
    frames = frames_of(scan_of(10))
    bench.take(*frames[:50])
    await bench.service.give_up(time.monotonic() + GIVEN_UP_AFTER + 1)
    bench.take(*frames)
    await bench.answered()
    assert len(bench.results) == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"payload": {"file-number": 0, "n_spots_total": 1}}, "file-number"),
        ({"payload": {"file-number": 36, "n_spots_total": 1}}, "has no frame 36"),
        ({"payload": {"file-number": 1, "n_spots_total": -1}}, "n_spots_total"),
        ({"payload": {"file-number": 1, "n_spots_total": 10**9}}, "n_spots_total"),
        ({"payload": {"file-number": 1}}, "n_spots_total"),
        ({"payload": None}, "payload"),
        ({"steps_x": "none"}, "gridinfo.steps_x"),
        ({"steps_x": 9_999, "steps_y": 9_999}, "too large"),
        ({"orientation": "diagonal"}, "orientation"),
        ({"dcid": "{ispyb_dcid}"}, "parameters.dcid"),
    ],
)
async def test_a_frame_that_cannot_be_used_is_rejected_with_the_reason(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, Any],
    complaint: str,
) -> None:
    frame = frames_of(scan_of(10))[0]
    body = json.loads(frame.body)
    step = body["recipe"]["3"]
    for name, value in change.items():
        for place in (body, step["parameters"], step["gridinfo"]):
            if name in place:
                place[name] = value
    bench.take(Delivery(json.dumps(body).encode(), frame.headers))
    assert await bench.answered() == [False]
    assert complaint in caplog.text


async def test_grids_of_different_widths_are_rejected(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.take(*frames_of(scan_of(10))[:35])
    wider = frames_of(scan_of(10, grid=[8, 5, 4], crystals=[]))
    bench.take(*wider[40:])
    assert not any(await bench.answered())
    assert "the grids are 7 and 8 boxes wide" in caplog.text


# -- where the real service is weaker ------------------------------------------


def frame(scan: Scan, number: int, numbered: int | None = None) -> Delivery:
    """Return a frame of the first grid, with another number if one is given."""
    delivery = frames_of(scan)[number - 1]
    body = json.loads(delivery.body)
    body["payload"]["file-number"] = numbered or number
    return Delivery(json.dumps(body).encode(), delivery.headers)


def spots_on(frame: Delivery) -> int:
    return json.loads(frame.body)["payload"]["n_spots_total"]


async def until_another_scan_is_centred(bench: Bench) -> None:
    """Wait until whatever has come before would have had its result."""
    bench.take(*frames_of(scan_of(50)))
    answer = bench.answers[-1]
    assert not isinstance(answer, bool)
    async with asyncio.timeout(10):
        await answer


async def test_a_frame_past_the_grid_is_rejected_and_says_what_else_would_happen(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    scan = scan_of(10)
    bench.take(frame(scan, 1, numbered=36), *frames_of(scan))
    assert (await bench.answered())[0] is False
    assert len(bench.results) == 1
    assert "The real service would send no result" in caplog.text


async def test_after_a_frame_past_the_grid_the_real_service_sends_no_result(
    real: Bench,
) -> None:
    scan = scan_of(10)
    real.take(frame(scan, 1, numbered=36), *frames_of(scan))
    await until_another_scan_is_centred(real)
    assert len(real.results) == 1
    assert real.waiting == len(frames_of(scan))


async def test_a_repeat_in_place_of_a_missing_frame_gives_a_wrong_result_of_the_real(
    real: Bench, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    scan = scan_of(10)
    first, *rest = frames_of(scan)
    brightest = max(rest[:34], key=spots_on)
    gap = [first, first, *(frame for frame in rest if frame is not brightest)]
    real.take(*gap)
    assert all(await real.answered())
    assert real.centres != await centres_in_order(scan)
    bench.take(*gap)
    await until_another_scan_is_centred(bench)
    assert len(bench.results) == 1
    assert "frame 1 arrived twice while 34 are missing" in caplog.text


async def test_a_well_without_a_sample_is_the_end_of_the_real_service(
    real: Bench, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    pin = {"loop_type": "multipin_1x140+70", "msp_sample_ids": {2: 12}}
    frames = frames_of(scan_of(10, **pin))
    bench.take(*frames)
    assert all(await bench.answered())
    assert bench.centres[0][0]["sample_id"] is None
    assert (
        "well 1 has no sample id. The real service would crash, and so would each one "
        "that gets these frames next\n"
    ) in caplog.text
    real.take(*frames)
    assert not any(await real.answered())
    assert real.results == []


async def test_three_grids_are_rejected(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for dcid in (10, 20, 30):
        others = [other for other in (10, 20, 30) if other != dcid]
        for delivery in frames_of(scan_of(dcid))[:35]:
            body = json.loads(delivery.body)
            body["recipe"]["3"]["parameters"]["dcg_dcids"] = others
            bench.take(Delivery(json.dumps(body).encode(), delivery.headers))
    assert not any(await bench.answered())
    assert "a volume needs two grids, not 3" in caplog.text


async def test_numbers_may_be_texts_and_floats(bench: Bench) -> None:
    scan = scan_of(10)
    for frame in frames_of(scan):
        body = json.loads(frame.body)
        step = body["recipe"]["3"]
        step["gridinfo"] = {
            key: str(float(value)) if isinstance(value, int | float) else value
            for key, value in step["gridinfo"].items()
        } | {"snaked": "1"}
        step["parameters"]["dcg_dcids"] = str(step["parameters"]["dcg_dcids"])
        body["payload"]["n_spots_total"] = str(body["payload"]["n_spots_total"])
        bench.take(Delivery(json.dumps(body).encode(), {"workflows-recipe": 1}))
    assert all(await bench.answered())
    assert bench.centres == await centres_in_order(scan)
