"""Plans with a real RunEngine: our device beside dodal's, and the example."""

import asyncio
import runpy
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import dodal.devices.zocalo as theirs
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus, MsgGenerator, RunEngineInterrupted
from dodal.devices.zocalo import get_full_processing_results
from dodal.devices.zocalo.zocalo_results import ZOCALO_STAGE_GROUP
from ophyd.sim import SynAxis

from tests.support.engine import running_engine
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.simulation import simulating
from tests.support.zocalo import (
    answering,
    centre_of,
    result_sender,
    write_configuration,
)
from zocalo_ioc.clients.ophyd_async import (
    NoResultsFromZocaloError,
    ZocaloResults,
    ZocaloTrigger,
)

ROOT = Path(__file__).parents[2]
COPIES = "results"
THEIR_QUEUE = "xrc.dodal"
RANKED_OTHERWISE = [
    centre_of(7) | {"n_voxels": 3, "sample_id": 12},
    centre_of(30) | {"n_voxels": 9, "sample_id": None},
    centre_of(9) | {"n_voxels": 20, "total_count": 400},
]


@pytest.fixture
def run_engine() -> Iterator[RunEngine]:
    with running_engine(call_returns_result=True) as engine:
        yield engine


@pytest.fixture
def documents(run_engine: RunEngine) -> list[tuple[str, Any]]:
    documents: list[tuple[str, Any]] = []

    def keep(name: str, document: Any) -> None:
        documents.append((name, document))

    run_engine.subscribe(keep)
    return documents


@pytest.fixture
def copies(rabbitmq: RabbitMQ) -> Iterator[Callable[..., None]]:
    """Sends a result to our queue and dodal's through an exchange, as the site does."""
    rabbitmq.declare(THEIR_QUEUE)
    rabbitmq.purge(THEIR_QUEUE)
    with rabbitmq.channel() as channel:
        channel.exchange_declare(COPIES, "topic", durable=True)
        for queue in (RESULTS, THEIR_QUEUE):
            channel.queue_bind(queue, COPIES, RESULTS)
    with result_sender(rabbitmq, COPIES) as sender:
        yield sender.send
    rabbitmq.delete(THEIR_QUEUE)


@pytest.fixture
def their_device(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> theirs.ZocaloResults:
    file = write_configuration(tmp_path, rabbitmq, "bluesky")
    monkeypatch.setenv("ZOCALO_CONFIG", str(file))
    return theirs.ZocaloResults(
        name="zocalo", zocalo_environment="bluesky", channel=THEIR_QUEUE, timeout_s=20
    )


def connected(device: ZocaloResults, run_engine: RunEngine) -> ZocaloResults:
    """Connect a device in the event loop in which plans use it."""
    connecting = asyncio.run_coroutine_threadsafe(device.connect(), run_engine.loop)
    connecting.result(20)
    return device


@pytest.fixture
def our_device(ioc: Ioc, run_engine: RunEngine) -> ZocaloResults:
    return connected(ZocaloResults(ioc.prefix, "zocalo", timeout_s=20), run_engine)


@pytest.fixture
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host of its own: its queues are those that the simulation makes."""
    return rabbitmq.virtual_host("bluesky")


@pytest.fixture
async def simulated(
    site: RabbitMQ, ioc_maker: Callable[..., Ioc], tmp_path: Path
) -> AsyncIterator[Ioc]:
    """An IOC that takes results beside others, through the exchange."""
    with simulating(site, tmp_path):
        pass  # it makes the exchange
    ioc = ioc_maker(
        *("run", "--broker", site.url),
        *("--results-exchange", "results", "--routing-key", RESULTS),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    ioc.stop()


def read_both(devices: tuple[Any, Any], send: Callable[[], None]) -> MsgGenerator[Any]:
    """Read a result with both devices, each in a run of its own."""
    found: list[Any] = []
    for device in devices:
        yield from bps.stage(device, group=ZOCALO_STAGE_GROUP)
    yield from bps.wait(ZOCALO_STAGE_GROUP)
    send()
    for device in devices:
        yield from bps.open_run()
        yield from bps.trigger_and_read([device])
        yield from bps.close_run()
        found.append((yield from get_full_processing_results(device)))
    for device in devices:
        yield from bps.unstage(device, wait=True)
    return found


def of_kind(kind: str, documents: list[tuple[str, Any]]) -> list[Any]:
    return [document for name, document in documents if name == kind]


def as_lists(values: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in values.items()}


@pytest.mark.parametrize("sort_key", ["max_count", "total_count", "n_voxels"])
def test_a_plan_reads_from_our_device_what_it_reads_from_dodals(
    run_engine: RunEngine,
    documents: list[tuple[str, Any]],
    our_device: ZocaloResults,
    their_device: theirs.ZocaloResults,
    copies: Callable[..., None],
    sort_key: str,
) -> None:
    their_device.sort_key = type(their_device.sort_key)(sort_key)
    our_device.sort_key = type(our_device.sort_key)(sort_key)

    def send() -> None:
        our_device.expect(7001)
        copies({"results": RANKED_OTHERWISE}, dcid=7001, dcgid=700)

    plan = read_both((their_device, our_device), send)
    done: Any = run_engine(plan)
    dodals, ours = done.plan_result
    assert len(dodals) == 3
    assert ours == dodals

    descriptors = of_kind("descriptor", documents)
    theirs_described, ours_described = [d["data_keys"] for d in descriptors]
    assert ours_described == theirs_described
    assert descriptors[0]["hints"] == descriptors[1]["hints"]
    their_event, our_event = [e["data"] for e in of_kind("event", documents)]
    assert as_lists(our_event) == as_lists(their_event)


def test_a_plan_that_finds_nothing_reads_the_same_from_both(
    run_engine: RunEngine,
    our_device: ZocaloResults,
    their_device: theirs.ZocaloResults,
    copies: Callable[..., None],
) -> None:
    def send() -> None:
        our_device.expect(7002)
        copies({"results": []}, dcid=7002, dcgid=1)

    done: Any = run_engine(read_both((their_device, our_device), send))
    assert done.plan_result == [[], []]


def test_a_scan_that_our_trigger_starts_is_read_alike_from_a_simulated_zocalo(
    simulated: Ioc,
    site: RabbitMQ,
    run_engine: RunEngine,
    documents: list[tuple[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The result comes through the exchange ``results``, to both."""
    file = write_configuration(tmp_path, site, "bluesky")
    monkeypatch.setenv("ZOCALO_CONFIG", str(file))
    dodals = theirs.ZocaloResults("zocalo", "bluesky", timeout_s=40)
    ours = connected(
        ZocaloResults(simulated.prefix, "zocalo", timeout_s=40), run_engine
    )
    trigger = ZocaloTrigger(simulated.prefix)

    def scan() -> None:
        for dcid in (7101, 7102):
            trigger.run_start(theirs.ZocaloStartInfo(dcid, "ins_10_31", 0, 400, 0))
        for dcid in (7101, 7102):
            trigger.run_end(dcid)

    with simulating(site, tmp_path, "--frame-rate", "20000"):
        done: Any = run_engine(read_both((dodals, ours), scan))
    from_dodals, from_ours = done.plan_result
    assert len(from_dodals) > 0
    assert from_ours == from_dodals
    described = [d["data_keys"] for d in of_kind("descriptor", documents)]
    assert described[0] == described[1]
    read = [as_lists(e["data"]) for e in of_kind("event", documents)]
    assert read[0] == read[1]


def test_a_plan_catches_our_time_out_as_dodals(
    run_engine: RunEngine, our_device: ZocaloResults
) -> None:
    our_device.timeout_s = 0.2

    def plan() -> MsgGenerator[Any]:
        yield from bps.stage(our_device, wait=True)
        try:
            yield from bps.trigger(our_device, wait=True)
        except FailedStatus as failed:
            return type(failed.__cause__).__mro__
        finally:
            yield from bps.unstage(our_device, wait=True)
        return ()

    done: Any = run_engine(plan())
    assert theirs.NoResultsFromZocaloError in done.plan_result
    assert NoResultsFromZocaloError in done.plan_result


@pytest.mark.parametrize("end", ["abort", "stop"])
def test_a_plan_that_is_ended_while_it_waits_ends_without_an_error(
    our_device: ZocaloResults, run_engine: RunEngine, end: str
) -> None:
    engine: Any = run_engine
    ending = threading.Thread(target=getattr(engine, end))

    def end_plan(_: object) -> None:
        engine.waiting_hook = None
        ending.start()

    @bpp.stage_decorator([our_device])
    def plan() -> MsgGenerator[None]:
        engine.waiting_hook = end_plan
        yield from bps.trigger(our_device, wait=True)

    with pytest.raises(RunEngineInterrupted):
        run_engine(plan())
    ending.join()
    assert run_engine.state == "idle"


# -- the event loop -------------------------------------------------------------

WAIT = 1.5


async def longest_pause(trigger: Callable[[], Any]) -> float:
    """Return for how long a trigger that waits held up another coroutine, in s."""
    pauses: list[float] = []

    async def look() -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            pauses.append(now - before)
            before = now

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.05)
    await trigger()
    await asyncio.sleep(0.05)
    looking.cancel()
    return max(pauses)


async def test_while_ours_waits_others_run_but_not_while_dodals_does(
    ioc: Ioc,
    their_device: theirs.ZocaloResults,
    copies: Callable[..., None],
) -> None:
    ours = ZocaloResults(ioc.prefix, name="zocalo", timeout_s=20)
    await ours.connect()
    paused: list[float] = []
    for device in (ours, their_device):
        await device.stage()
        ours.expect(7010)
        later = threading.Timer(
            WAIT, copies, [{"results": [centre_of(1)]}], {"dcid": 7010, "dcgid": 1}
        )
        later.start()
        paused.append(await longest_pause(device.trigger))
        later.join()
        await device.unstage()
    print("longest pause of another coroutine, ours and dodal's, s:", paused)
    assert paused[0] < 0.5 * WAIT  # one that waits in the loop holds it up throughout
    assert paused[1] > 0.9 * WAIT


# -- the example ----------------------------------------------------------------


@pytest.fixture
def example() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "examples" / "centring.py"))


@pytest.fixture
def motors() -> list[Any]:
    return [SynAxis(name=axis) for axis in "xyz"]


def test_the_example_scans_centres_and_moves(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    run_engine: RunEngine,
    documents: list[tuple[str, Any]],
    our_device: ZocaloResults,
    example: dict[str, Any],
    motors: list[Any],
) -> None:
    run_engine.subscribe(example["TellZocalo"](ZocaloTrigger(ioc.prefix)))
    grid = example["Grid"]((1.0, 2.0, 3.0), (0.1, 0.2, 0.5), (4, 2, 3))
    plan = example["centre_crystal"](motors, our_device, grid, [7020, 7021])
    with answering(rabbitmq) as zocalo:
        done: Any = run_engine(plan)
    # the end of either grid is answered; whichever came first was taken
    dcid = int(run_engine_event(documents)["zocalo-ispyb_dcid"])
    assert dcid in (7020, 7021)
    expected = [1.0 + 0.1 * (dcid % 100), 2.2, 4.0]
    np.testing.assert_allclose(done.plan_result, expected)
    np.testing.assert_allclose([motor.position for motor in motors], expected)
    assert sorted(zocalo.events) == [
        (dcid, event) for dcid in (7020, 7021) for event in ("end", "start")
    ]
    scan, centring = of_kind("start", documents)
    assert [c["ispyb_dcid"] for c in scan["data_collections"]] == [7020, 7021]
    assert [c["number_of_frames"] for c in scan["data_collections"]] == [8, 12]
    assert centring["dcids"] == [7020, 7021]
    assert [stop["exit_status"] for stop in of_kind("stop", documents)] == [
        "success"
    ] * 2


def run_engine_event(documents: list[tuple[str, Any]]) -> dict[str, Any]:
    return of_kind("event", documents)[-1]["data"]


def test_the_example_carries_on_when_nothing_diffracts(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    run_engine: RunEngine,
    documents: list[tuple[str, Any]],
    our_device: ZocaloResults,
    example: dict[str, Any],
    motors: list[Any],
) -> None:
    run_engine.subscribe(example["TellZocalo"](ZocaloTrigger(ioc.prefix)))
    grid = example["Grid"]((1.0, 2.0, 3.0), (0.1, 0.2, 0.5), (4, 2, 3))

    def plan() -> MsgGenerator[Any]:
        found = yield from example["centre_crystal"](
            motors, our_device, grid, [7031, 7032]
        )
        yield from bps.mv(motors[0], 17)  # on with the plan
        return found

    with result_sender(rabbitmq) as zocalo:

        def answer() -> None:
            rabbitmq.take(TRIGGERS, 4)
            zocalo.send({"results": []}, dcid=7032, dcg_dcids=[7031, 7032], dcgid=1)

        answering_once = threading.Thread(target=answer)
        answering_once.start()
        done: Any = run_engine(plan())
        answering_once.join()
    assert done.plan_result is None
    assert motors[0].position == 17
    data = run_engine_event(documents)
    assert np.shape(data["zocalo-centre_of_mass"]) == (0, 3)


def test_a_failed_trigger_in_a_callback_ends_the_run_with_the_reason(
    ioc: Ioc, rabbitmq: RabbitMQ, run_engine: RunEngine, example: dict[str, Any]
) -> None:
    run_engine.subscribe(example["TellZocalo"](ZocaloTrigger(ioc.prefix)))
    collection = {
        "ispyb_dcid": 7040,
        "filename": None,
        "start_frame_index": 0,
        "number_of_frames": 1,
        "message_index": 0,
    }

    @bpp.run_decorator(md={"data_collections": [collection]})
    def plan() -> MsgGenerator[None]:
        yield from bps.null()

    rabbitmq.delete(TRIGGERS)
    try:
        with pytest.raises(
            Exception, match="7040: the start message was not confirmed"
        ):
            run_engine(plan())
    finally:
        rabbitmq.declare(TRIGGERS)
