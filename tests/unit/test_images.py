"""The services that look at images, on a broker inside this process."""

import asyncio
import json
import time
from typing import Any

import pytest

from zocalo_ioc.broker import Delivery, Hub, LoopbackBroker, Queue, Subscription
from zocalo_simulator import analysis, gpu_analysis
from zocalo_simulator.analysis import FileWatcher, PerImageAnalysis
from zocalo_simulator.collections_file import CollectionsFile
from zocalo_simulator.data_collections import Collections
from zocalo_simulator.gpu_analysis import GpuAnalysis
from zocalo_simulator.recipe import RecipeMessage, load
from zocalo_simulator.scans import Crystal, Scan
from zocalo_simulator.spots import GPU_SPOTS, Spots, spot_counts

SCANS = [
    Scan(
        dcids=[71, 72],
        grid=[8, 6, 5],
        crystals=[Crystal(at=[3.5, 2.5, 1.5])],
        background=0,
    ),
    Scan(dcids=[81, 82], grid=[4, 3, 2]),
]
XY, XZ = 48, 40
CPU = "per-image-analysis-gridscan-i03-no-really"
GPU = "per-image-analysis-gridscan-i03-gpu"
BEHIND, PUT_OFF = 0.2, 0.3


class Bench:
    """The services, and what X-ray centring gets from them."""

    def __init__(self, rate: float) -> None:
        hub = Hub()
        self.collections = Collections(CollectionsFile(scans=SCANS))
        spots = Spots(self.collections.find, seed=0)
        gpu = GpuAnalysis(spots, 2 * rate)
        self.services = [FileWatcher(spots, rate, gpu), PerImageAnalysis(spots), gpu]
        for service in self.services:
            service.broker = LoopbackBroker(hub, [service.subscription])
        self.subscriptions = {s.queue: s.subscription for s in self.services}
        centring = Queue("reduce.xray_centering")
        LoopbackBroker(hub, [Subscription(centring, self._note)])
        self.frames: dict[tuple[int, bool], list[dict[str, Any]]] = {}
        self.begun: dict[tuple[int, bool], float] = {}
        self._came = asyncio.Event()

    def _note(self, delivery: Delivery) -> bool:
        body = json.loads(delivery.body)
        parameters = body["recipe"][str(body["recipe-pointer"])]["parameters"]
        key = int(parameters["dcid"]), bool(parameters.get("gpu"))
        self.begun.setdefault(key, time.monotonic())
        self.frames.setdefault(key, []).append(body["payload"])
        self._came.set()
        return True

    def take(
        self, recipe: str, dcid: int, guid: str = "", **parameters: Any
    ) -> bool | asyncio.Future[bool]:
        known = self.collections.parameters(dcid) | parameters
        run = RecipeMessage(load(recipe, known), {"ID": guid or f"{recipe}{dcid}"})
        [message] = run.start()
        on_message = self.subscriptions[message.routing_key].on_message
        return on_message(Delivery(message.body, message.headers))

    def on_gpu(
        self, dcid: int, index: int, first: int, frames: int, filename: str | None = "x"
    ) -> bool | asyncio.Future[bool]:
        return self.take(
            *(GPU, dcid),
            filename=filename,
            message_index=index,
            start_frame_index=first,
            number_of_frames=frames,
        )

    async def until_in(self, dcid: int, gpu: bool, frames: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.frames.get((dcid, gpu), [])) < frames:
                self._came.clear()
                await self._came.wait()
        return sorted(self.frames[dcid, gpu], key=lambda f: f["file-number"])


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(analysis, "BEHIND_GPU", BEHIND)
    monkeypatch.setattr(gpu_analysis, "REQUEUED_FOR", PUT_OFF)
    return Bench(rate=5000)


def counts(dcid: int, gpu: bool) -> list[int]:
    return spot_counts(SCANS[0], dcid, gpu, seed=0).tolist()


async def done(answer: bool | asyncio.Future[bool]) -> bool:
    return answer if isinstance(answer, bool) else await answer


async def test_on_cpus_each_frame_is_a_message_with_what_the_real_one_says(
    bench: Bench,
) -> None:
    assert await done(bench.take(CPU, 72))
    frames = await bench.until_in(72, False, XZ)
    assert [frame["n_spots_total"] for frame in frames] == counts(72, gpu=False)
    assert [frame["file-number"] for frame in frames] == [*range(1, XZ + 1)]
    brightest = max(frames, key=lambda frame: frame["n_spots_total"])
    assert brightest.keys() == {
        *("n_spots_4A", "n_spots_no_ice", "n_spots_total", "total_intensity"),
        *("d_min_distl_method_1", "d_min_distl_method_2", "estimated_d_min"),
        *("noisiness_method_1", "noisiness_method_2"),
        *("file", "file-number", "file-seen-at"),
    }


async def test_a_data_collection_that_comes_twice_is_analysed_once(
    bench: Bench,
) -> None:
    answers = [bench.take(CPU, 72) for _ in range(2)]
    assert [await done(answer) for answer in answers] == [True, True]
    assert await done(bench.take(CPU, 72))
    assert await done(bench.take(CPU, 71))
    await bench.until_in(71, False, XY)
    assert len(bench.frames[72, False]) == XZ


async def test_the_gpu_takes_frames_by_their_place_in_the_file(bench: Bench) -> None:
    assert await done(bench.on_gpu(71, 0, 0, XY))
    assert await done(bench.on_gpu(72, 1, XY, XZ))
    frames = await bench.until_in(72, True, XZ)
    assert [frame["n_spots_total"] for frame in frames] == counts(72, gpu=True)
    assert frames[0].keys() == {
        *("num_strong_pixels", "n_spots_total"),
        *("file", "file-number", "file-seen-at"),
    }
    assert sum(counts(72, gpu=True)) == pytest.approx(
        GPU_SPOTS * sum(counts(72, gpu=False)), rel=0.05
    )


async def test_with_a_start_frame_of_0_the_gpu_sees_the_first_grid_again(
    bench: Bench,
) -> None:
    assert await done(bench.on_gpu(72, 0, 0, XZ))
    frames = await bench.until_in(72, True, XZ)
    assert [frame["n_spots_total"] for frame in frames] == counts(71, gpu=True)[:XZ]


async def test_the_gpu_sends_as_many_frames_as_the_start_says(bench: Bench) -> None:
    assert await done(bench.on_gpu(72, 0, XY, XZ + 5))
    frames = await bench.until_in(72, True, XZ + 5)
    assert [frame["n_spots_total"] for frame in frames[XZ:]] == [0] * 5


async def test_the_gpu_puts_off_what_is_out_of_order(bench: Bench) -> None:
    began = time.monotonic()
    answers = [bench.on_gpu(72, 1, XY, XZ), bench.on_gpu(71, 0, 0, XY)]
    assert [await done(answer) for answer in answers] == [True, True]
    assert max(bench.begun[71, True], began + PUT_OFF) <= bench.begun[72, True]


async def test_two_groups_in_turn_are_out_of_order(bench: Bench) -> None:
    began = time.monotonic()
    answers = [
        *(bench.on_gpu(71, 0, 0, XY), bench.on_gpu(81, 0, 0, 12)),
        bench.on_gpu(72, 1, XY, XZ),
    ]
    assert [await done(answer) for answer in answers] == [True, True, True]
    assert bench.begun[81, True] < began + PUT_OFF <= bench.begun[72, True]


@pytest.mark.parametrize("filename", [None, "None", ""])
async def test_the_gpu_rejects_what_has_no_file_name(
    bench: Bench, filename: str | None
) -> None:
    assert not await done(bench.on_gpu(71, 0, 0, XY, filename))


async def test_the_cpus_have_their_frames_some_time_after_the_gpu(
    bench: Bench,
) -> None:
    began = time.monotonic()
    answers = [bench.on_gpu(71, 0, 0, XY), bench.take(CPU, 71)]
    assert [await done(answer) for answer in answers] == [True, True]
    await bench.until_in(71, False, XY)
    assert max(bench.begun[71, True], began + BEHIND) <= bench.begun[71, False]


async def test_frames_come_at_the_rate_that_is_asked_for() -> None:
    slow = Bench(rate=160)
    began = time.monotonic()
    assert await done(slow.take(CPU, 71))
    assert 0.9 * XY / 160 < time.monotonic() - began < 10 * XY / 160


@pytest.mark.parametrize("recipe", ["archive-nexus", "processing-rlv-eiger"])
async def test_a_recipe_that_analyses_nothing_ends_there(
    bench: Bench, recipe: str
) -> None:
    assert await done(bench.take(recipe, 71))
    assert bench.frames == {}
