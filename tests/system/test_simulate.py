"""A simulated Zocalo on a real broker, beside dodal and python-zocalo."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dodal.devices.zocalo import (
    ZocaloResults,
    ZocaloStartInfo,
    ZocaloTrigger,
)

from tests.support.beam import picture
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.simulation import Simulation, simulating
from tests.support.zocalo import write_configuration
from zocalo_ioc.exits import Exit
from zocalo_simulator.recipe import RecipeMessage, load
from zocalo_simulator.scans import Scan
from zocalo_simulator.spots import spot_counts

QUICKLY = ("--frame-rate", "20000")
SMALL: dict[str, Any] = {
    "grid": [8, 6, 5],
    "crystals": [{"at": [3.5, 2.5, 1.5], "strength": 100}],
}


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host of its own: its queues are those that the simulation makes."""
    return rabbitmq.virtual_host("zocalo")


@pytest.fixture(scope="module")
async def beside(
    site: RabbitMQ,
    ioc_maker: Callable[..., Ioc],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ioc]:
    """An IOC that takes results beside others, through the exchange."""
    with simulating(site, tmp_path_factory.mktemp("declares")):
        pass  # the exchange must be there
    ioc = ioc_maker(
        *("run", "--broker", site.url),
        *("--results-exchange", "results", "--routing-key", RESULTS),
        *("--frames-exchange", "results", "--frames-routing-key", "pia.i03"),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    ioc.stop()


async def submit(
    ioc: Ioc,
    command: str,
    frames: dict[int, int],
    filename: str | None = None,
    **options: Any,
) -> None:
    requests: list[dict[str, Any]] = []
    start_frame = 0
    for index, (dcid, count) in enumerate(frames.items()):
        request = {"command": command, "dcid": dcid, "num_frames": count}
        if filename:  # the GPU pipeline takes part
            request |= {"filename": filename, "message_index": index}
            request["start_frame"] = start_frame
        requests.append(request)
        start_frame += count
    await ioc.put("SUBMIT", json.dumps(requests), **options)


async def process(ioc: Ioc, *dcids: int, frames: int = 400, **options: Any) -> None:
    await submit(ioc, "process", dict.fromkeys(dcids, frames), **options)


async def columns(ioc: Ioc) -> dict[str, Any]:
    """Read the centres in the form that dodal's device has them."""
    read = {
        name: await ioc.get(f"CENTRES:{name.upper()}")
        for name in ("max_count", "total_count", "n_voxels", "sample_id")
    }
    for name, pv in (("centre_of_mass", ""), ("max_voxel", "MAX_VOXEL:")):
        axes = [await ioc.get(f"CENTRES:{pv}{axis}") for axis in "XYZ"]
        read[name] = np.transpose(axes)
    corners = [
        np.transpose([await ioc.get(f"CENTRES:BOX_{end}:{axis}") for axis in "XYZ"])
        for end in ("MIN", "MAX")
    ]
    return read | {"bounding_box": np.stack(corners, axis=1)}


@pytest.mark.parametrize("dispatcher", ["real", "built-in"])
async def test_dodal_and_the_ioc_get_the_same_centres_of_a_scan_that_dodal_triggers(
    site: RabbitMQ,
    beside: Ioc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dispatcher: str,
) -> None:
    file = write_configuration(tmp_path, site, "bluesky")
    monkeypatch.setenv("ZOCALO_CONFIG", str(file))
    trigger = ZocaloTrigger("bluesky")
    results = ZocaloResults("zocalo", "bluesky", timeout_s=30)
    await results.connect()
    await beside.put("SOURCE", "CPU")
    published = await beside.get("RESULT:SEQ")
    logbook = tmp_path / "logbook"
    with simulating(
        site, tmp_path, *QUICKLY, "--logbook", str(logbook), dispatcher=dispatcher
    ):
        await results.stage()
        first, second = 16085800, 16085801
        for index, dcid in enumerate((first, second)):
            start = ZocaloStartInfo(dcid, "ins_10_31", 1140 * index, 1140, index)
            await asyncio.to_thread(trigger.run_start, start)
        for dcid in (first, second):
            await asyncio.to_thread(trigger.run_end, dcid)
        await results.trigger()
        await results.unstage()
    await beside.until_value("RESULT:SEQ", published + 1)
    await beside.put("SOURCE", "Any")
    theirs = {name: r["value"] for name, r in (await results.read()).items()}
    for name, ours in (await columns(beside)).items():
        np.testing.assert_array_equal(ours, theirs[f"zocalo-{name}"], err_msg=name)
    assert len(theirs["zocalo-max_count"]) > 0
    assert await beside.get("RESULT:DCID") == theirs["zocalo-ispyb_dcid"]
    assert theirs["zocalo-ispyb_dcid"] in (first, second)
    assert await beside.get("RESULT:DCGID") == theirs["zocalo-ispyb_dcgid"]
    # two starts and two ends, and three recipes for each grid
    assert len([entry for entry in logbook.rglob("*") if entry.is_file()]) == 10


def test_the_password_for_zocalos_dispatcher_is_in_no_file(
    site: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with simulating(site, tmp_path, dispatcher="real"):
        files = [file for file in temporary.rglob("*") if file.is_file()]
        assert files  # the recipes
        assert not any(site.password in file.read_text() for file in files)
    assert list(temporary.iterdir()) == []


async def test_the_gpu_answers_before_the_end_and_the_cpu_after_it(
    site: RabbitMQ, beside: Ioc, tmp_path: Path
) -> None:
    scan = SMALL | {"dcids": [501, 502], "dcgid": 77}
    published = await beside.get("RESULT:SEQ")
    with simulating(site, tmp_path, *QUICKLY, collections={"scans": [scan]}):
        cpu, gpu = 0, 1
        await submit(beside, "start", {501: 48, 502: 40}, "ins_1_2")
        await beside.until_value("RESULT:SEQ", published + 1)
        assert await beside.get("RESULT:SOURCE") == gpu
        await submit(beside, "end", {501: 48, 502: 40})
        await beside.until_value("RESULT:SEQ", published + 2)
        assert await beside.get("RESULT:SOURCE") == cpu
        assert await beside.get("RESULT:DCGID") == 77
        x, y, z = [await beside.get(f"BEST:{axis}") for axis in "XYZ"]
        assert (x, y, z) == pytest.approx((3.5, 2.5, 1.5), abs=0.5)


@pytest.mark.parametrize(
    "scan",
    [
        {"dcids": [551, 552], "grid": [20, 12, 15], "crystals": [{"at": [7, 3, 9]}]},
        {"dcids": [561], "grid": [200, 30], "orientation": "vertical"},
    ],
)
async def test_frames_fill_the_grids_as_the_beam_moves(
    site: RabbitMQ, beside: Ioc, tmp_path: Path, scan: dict[str, Any]
) -> None:
    model = Scan.model_validate(scan)
    with simulating(site, tmp_path, *QUICKLY, collections={"scans": [scan]}):
        await process(beside, *model.dcids, timeout=170)
        for grid, dcid in zip(("XY", "XZ"), model.dcids, strict=False):
            spots = spot_counts(model, dcid, gpu=False, seed=0).tolist()
            size = model.size(dcid)
            await beside.until_value(f"GRID:{grid}:DCID", dcid)
            await beside.until_value(f"GRID:{grid}:FRAMES", len(spots))
            shown = await beside.get(f"GRID:{grid}:COUNTS")
            seen = picture(
                spots, (size.steps_x, size.steps_y), model.snaked, model.orientation
            )
            np.testing.assert_array_equal(shown, seen.ravel())


async def test_a_lone_grid_of_a_file_has_a_centre_in_two_dimensions(
    site: RabbitMQ, beside: Ioc, tmp_path: Path
) -> None:
    scan = {
        "dcids": [601],
        "grid": [8, 6],
        "orientation": "vertical",
        "crystals": [{"at": [6.5, 1.5]}],
    }
    with simulating(site, tmp_path, *QUICKLY, collections={"scans": [scan]}):
        await process(beside, 601, frames=48)
        assert await beside.state() == "Done"
        assert await beside.get("RESULT:DIMENSIONS") == 2
        assert await beside.get("BEST:X") == pytest.approx(6.5, abs=0.6)
        assert await beside.get("BEST:Y") == pytest.approx(1.5, abs=0.6)


async def test_frames_are_kept_until_they_are_acknowledged_with_their_result(
    site: RabbitMQ, beside: Ioc, tmp_path: Path
) -> None:
    parameters = Scan(dcids=[701], grid=[8, 6]).ispyb(701) | {"results_queue": RESULTS}
    recipe = load("per-image-analysis-gridscan-i03-no-really", parameters)
    step = RecipeMessage(recipe, {"ID": "by-hand"}, pointer=2)
    counts = [50 if number == 20 else 0 for number in range(1, 49)]
    frames = [
        (dict(message.headers), message.body)
        for number, count in enumerate(counts, start=1)
        for message in step.send_to(
            "result", {"file-number": number, "n_spots_total": str(float(count))}
        )
        if not message.exchange
    ]
    queue = "reduce.xray_centering"

    async def are_taken() -> bool:
        return site.depth(queue) == 0

    with simulating(site, tmp_path):
        site.put(queue, *frames[24:])
        await beside.until(are_taken)
    assert site.depth(queue) == 24
    published = await beside.get("RESULT:SEQ")
    with simulating(site, tmp_path):
        site.put(queue, *frames[:24])
        await beside.until_value("RESULT:SEQ", published + 1)
    assert site.depth(queue) == 0
    # number 20 is the fourth of the third line, which runs forwards
    assert (await beside.get("BEST:X"), await beside.get("BEST:Y")) == (3.5, 2.5)


def test_what_no_service_can_read_goes_to_the_queues_for_rejected_messages(
    site: RabbitMQ, tmp_path: Path
) -> None:
    recipe = {"1": {"parameters": ["no", "mapping"]}}
    bodies = [
        b"no JSON",
        b"[]",
        json.dumps({"recipes": ["unknown"], "recipe": 5}).encode(),
        json.dumps({"recipe": recipe, "recipe-pointer": 1}).encode(),
    ]
    queues = (
        *("processing_recipe", "mimas", "filewatcher"),
        *("per_image_analysis", "per_image_analysis.gpu", "reduce.xray_centering"),
    )
    with simulating(site, tmp_path) as simulation:
        for queue in queues:
            site.put(queue, *(({"workflows-recipe": True}, body) for body in bodies))
        for queue in queues:
            assert len(site.take(f"dlq.{queue}", len(bodies))) == len(bodies)
    assert simulation.log.count("message rejected") == len(queues) * len(bodies)


@pytest.mark.parametrize("dispatcher", ["real", "built-in"])
def test_a_broker_without_queues_ends_it_at_once_with_a_remedy(
    rabbitmq: RabbitMQ, tmp_path: Path, dispatcher: str
) -> None:
    empty = rabbitmq.virtual_host("empty")
    simulation = Simulation(empty, tmp_path / "log", "--dispatcher", dispatcher)
    assert simulation.wait() == Exit.USAGE
    queues = "processing_recipe", "mimas", "per_image_analysis"
    for text in ("--declare", *(f"no queue {queue}" for queue in queues)):
        assert text in simulation.log
    assert "starting" not in simulation.log


def test_images_without_mimas_or_a_file_are_warned_of(
    rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    options = "--declare", "--services", "images"
    host = rabbitmq.virtual_host("images")
    simulation = Simulation(host, tmp_path / "log", *options)
    simulation.until_logged("reject every message", "takes messages")
    simulation.stop()


def test_it_makes_what_is_missing_and_leaves_alone_what_is_there(
    rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    other = rabbitmq.virtual_host("other")
    with other.channel() as channel:
        channel.exchange_declare("results", "topic", durable=False)
        channel.exchange_declare("delayed", "fanout", durable=True)
    end = {"recipes": ["mimas"], "parameters": {"ispyb_dcid": 901, "event": "end"}}
    scan = SMALL | {"dcids": [901], "grid": [8, 6], "crystals": []}
    with simulating(
        other, tmp_path, *QUICKLY, collections={"scans": [scan]}
    ) as simulation:
        assert "exchange results exists with other properties" in simulation.log
        assert "exchange delayed exists with other properties" in simulation.log
        other.put("processing_recipe", ({}, json.dumps(end).encode()))
        other.take(RESULTS)
    with other.channel() as channel:
        channel.exchange_declare("results", "topic", durable=False)
        channel.exchange_declare("delayed", "fanout", durable=True)
        for name in ("command", "transient.status", "transient.statistics.cluster"):
            channel.exchange_declare(name, "fanout", durable=True)


def test_a_user_who_may_not_make_queues_is_told_so_at_once(
    rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    strict = rabbitmq.virtual_host("strict")
    user = strict.user
    strict.control("set_permissions", "-p", "strict", user, "^$", ".*", ".*")
    simulation = Simulation(
        strict, tmp_path / "log", "--declare", "--dispatcher", "built-in"
    )
    assert simulation.wait() == Exit.USAGE
    assert (
        "does not let this user create queues or exchanges: ACCESS_REFUSED"
        in simulation.log
    )


def test_nothing_to_simulate_is_a_mistake(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    options = ("--services", "dispatcher", "--dispatcher", "none")
    simulation = Simulation(rabbitmq, tmp_path / "log", *options)
    assert simulation.wait() == Exit.USAGE
    assert "leaves nothing to simulate" in simulation.log


def test_what_is_made_here_passes_on_messages_that_are_to_be_delayed(
    rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    fresh = rabbitmq.virtual_host("fresh")
    with simulating(fresh, tmp_path):
        pass
    with fresh.channel() as channel:
        channel.basic_publish("delayed", "mimas", b"later", mandatory=True)
    assert fresh.depth("mimas") == 1


async def test_services_run_beside_those_of_others(
    site: RabbitMQ, beside: Ioc, tmp_path: Path
) -> None:
    file = tmp_path / "collections.yaml"
    file.write_text(yaml.safe_dump({"scans": [SMALL | {"dcids": [801, 802]}]}))
    published = await beside.get("RESULT:SEQ")
    halves = [
        Simulation(
            *(site, tmp_path / services, *QUICKLY, "--services", services),
            *("--dispatcher", "built-in", "--collections", str(file)),
        )
        for services in ("dispatcher,images", "mimas,centring")
    ]
    halves[0].until_logged(
        "Dispatcher takes messages from", "Per-image analysis takes messages from"
    )
    halves[1].until_logged(
        "Mimas takes messages from", "X-ray centring takes messages from"
    )
    await process(beside, 801, 802)
    await beside.until_value("RESULT:SEQ", published + 1)
    assert [half.stop() for half in halves] == [0, 0]
    assert "X-ray centring" not in halves[0].log
    assert "Per-image analysis" not in halves[1].log


# -- trouble -------------------------------------------------------------------


@pytest.fixture(scope="module")
def troubled(
    site: RabbitMQ, beside: Ioc, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulation]:
    scans = {
        "no-diffraction": {"dcids": [1001, 1002]},
        "late": {"dcids": [1003, 1004], "late_by": 2.5},
        "no-result": {"dcids": [1005, 1006]},
        "duplicate": {"dcids": [1007, 1008]},
        "disagreement": {"dcids": [1009, 1010]},
        "malformed": {"dcids": [1011, 1012]},
    }
    listed = [SMALL | {"trouble": name} | scan for name, scan in scans.items()]
    rotation = {"dcids": [1013], "kind": "rotation"}
    with simulating(
        site,
        tmp_path_factory.mktemp("troubled"),
        *QUICKLY,
        collections={"scans": [*listed, rotation]},
    ) as simulation:
        yield simulation


async def test_a_scan_without_diffraction_has_no_centres(
    beside: Ioc, troubled: Simulation
) -> None:
    await process(beside, 1001, 1002)
    assert await beside.state() == "No centres"


async def test_a_late_result_comes_after_the_time_out(
    beside: Ioc, troubled: Simulation
) -> None:
    await beside.put("TIMEOUT", 1)
    await process(beside, 1003, 1004)
    assert await beside.state() == "Timed out"
    await beside.put("TIMEOUT", 180)
    await beside.until_value("RESULT:DCID", 1004)


@pytest.mark.parametrize("dcids", [(1005, 1006), (1011, 1012), (1013,)])
async def test_a_result_that_does_not_come_ends_in_a_time_out(
    beside: Ioc, troubled: Simulation, dcids: tuple[int, ...]
) -> None:
    await beside.put("TIMEOUT", 1)
    await process(beside, *dcids)
    assert await beside.state() == "Timed out"
    await beside.put("TIMEOUT", 180)


async def test_a_malformed_result_is_counted_as_rejected(
    beside: Ioc, troubled: Simulation
) -> None:
    before = await beside.get("BROKER:REJECTED")
    await beside.put("TIMEOUT", 1)
    await process(beside, 1011, 1012)
    await beside.put("TIMEOUT", 180)
    assert await beside.get("BROKER:REJECTED") == before + 1


async def test_a_duplicate_comes_twice(beside: Ioc, troubled: Simulation) -> None:
    before = await beside.get("RESULT:SEQ")
    await process(beside, 1007, 1008)
    assert await beside.state() == "Done"
    await beside.until_value("RESULT:SEQ", before + 2)


async def test_pipelines_that_disagree_have_different_centres(
    beside: Ioc, troubled: Simulation
) -> None:
    found: dict[int, float] = {}
    for command in ("start", "end"):
        before = await beside.get("RESULT:SEQ")
        await submit(beside, command, {1009: 48, 1010: 40}, "ins_1_3")
        await beside.until_value("RESULT:SEQ", before + 1)
        found[await beside.get("RESULT:SOURCE")] = await beside.get("BEST:X")
    cpu, gpu = 0, 1
    assert found[cpu] == pytest.approx(3.5, abs=0.5)
    assert found[gpu] == pytest.approx(8 - 3.5, abs=0.5)
