"""`ZocaloResults` and `ZocaloTrigger` do what dodal's devices of these names do."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import dodal.devices.zocalo as theirs
import numpy as np
import pytest
from ophyd_async.core import NotConnectedError, set_mock_value

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    ResultSender,
    answering,
    centre_of,
    number_of_centres,
    result_sender,
)
from zocalo_ioc.clients.ophyd_async import (
    NoResultsFromZocaloError,
    NotTriggeredError,
    NoZocaloSubscriptionError,
    ZocaloResults,
    ZocaloSource,
    ZocaloStartInfo,
    ZocaloTrigger,
)

CLIENTS = Path(__file__).parents[1] / "support" / "clients"


def centre(max_count: int, total_count: int, n_voxels: int) -> dict[str, Any]:
    return centre_of(max_count) | {"total_count": total_count, "n_voxels": n_voxels}


@pytest.fixture
def zocalo(rabbitmq: RabbitMQ) -> Iterator[ResultSender]:
    with result_sender(rabbitmq) as sender:
        yield sender


@pytest.fixture
async def staged(ioc: Ioc) -> AsyncIterator[Callable[..., Any]]:
    """Makes devices that are connected and staged."""
    made: list[ZocaloResults] = []

    async def make(
        name: str = "zocalo", timeout_s: float = 20, **options: Any
    ) -> ZocaloResults:
        device = ZocaloResults(ioc.prefix, name, timeout_s=timeout_s, **options)
        await device.connect()
        await device.stage()
        made.append(device)
        return device

    yield make
    for device in made:
        await device.unstage()


@pytest.fixture
async def device(staged: Callable[..., Any]) -> ZocaloResults:
    return await staged()


def start(dcid: int, frames: int = 4) -> ZocaloStartInfo:
    return ZocaloStartInfo(dcid, "ins_10_31", 0, frames, 0)


# -- what is read ---------------------------------------------------------------


async def test_the_signals_have_the_shapes_and_types_of_dodals(
    device: ZocaloResults, zocalo: ResultSender
) -> None:
    results = [centre_of(7) | {"sample_id": 31}, centre_of(9)]
    device.expect(6001)
    zocalo.send({"results": results}, dcid=6001, dcgid=600)
    await device.trigger()
    read = {name: reading["value"] for name, reading in (await device.read()).items()}
    described = await device.describe()
    shapes = {
        "centre_of_mass": ([2, 3], "<f8", [[9.5, 1.5, 2.5], [7.5, 1.5, 2.5]]),
        "max_voxel": ([2, 3], "<u8", [[9, 1, 2], [7, 1, 2]]),
        "bounding_box": (
            *([2, 2, 3], "<u8"),
            [[[9, 1, 2], [10, 2, 3]], [[7, 1, 2], [8, 2, 3]]],
        ),
        "max_count": ([2], "<u8", [9, 7]),
        "total_count": ([2], "<u8", [9, 7]),
        "n_voxels": ([2], "<u8", [1, 1]),
        "sample_id": ([2], "<i8", [-1, 31]),
    }
    for name, (shape, dtype, value) in shapes.items():
        key = described[f"zocalo-{name}"]
        assert (key["shape"], key.get("dtype_numpy")) == (shape, dtype)
        assert read[f"zocalo-{name}"].tolist() == value
    assert read["zocalo-ispyb_dcid"] == 6001
    assert read["zocalo-ispyb_dcgid"] == 600
    assert device.hints == {"fields": list(described)}


@pytest.mark.parametrize(
    ("key", "ranked"),
    [
        ("max_count", [30, 20, 10]),
        ("total_count", [10, 30, 20]),
        ("n_voxels", [20, 10, 30]),
    ],
)
async def test_centres_are_ranked_by_the_key_of_the_device(
    ioc: Ioc,
    staged: Callable[..., Any],
    zocalo: ResultSender,
    key: str,
    ranked: list[int],
) -> None:
    device = await staged(sort_key=key)
    device.expect(6002)
    results = [centre(10, 9, 5), centre(20, 7, 6), centre(30, 8, 4)]
    zocalo.send({"results": results}, dcid=6002, dcgid=1)
    await device.trigger()
    assert (await device.max_count.get_value()).tolist() == ranked
    assert (await device.max_voxel.get_value())[:, 0].tolist() == ranked


async def test_when_nothing_diffracts_the_arrays_are_empty(
    device: ZocaloResults, zocalo: ResultSender
) -> None:
    device.expect(6003)
    zocalo.send({"results": []}, dcid=6003, dcgid=1)
    await device.trigger()
    assert (await device.centre_of_mass.get_value()).shape == (0, 3)
    assert (await device.bounding_box.get_value()).shape == (0, 2, 3)
    assert (await device.max_count.get_value()).shape == (0,)
    assert await device.ispyb_dcid.get_value() == 6003


async def test_what_a_2d_result_does_not_have_is_nan_or_0(
    device: ZocaloResults, zocalo: ResultSender
) -> None:
    flat = centre_of(3) | {"centre_of_mass": [3.5, 1.5], "max_voxel": [3, 1]}
    flat.pop("bounding_box")
    device.expect(6004)
    zocalo.send({"results": [flat], "type": "2d"}, dcid=6004, dcgid=1)
    await device.trigger()
    mass = await device.centre_of_mass.get_value()
    np.testing.assert_array_equal(mass, [[3.5, 1.5, np.nan]])
    assert (await device.max_voxel.get_value()).tolist() == [[3, 1, 0]]
    assert not (await device.bounding_box.get_value()).any()


# -- which result is taken ------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "taken"), [(ZocaloSource.CPU, 2), ("GPU", 1), (None, 1)]
)
async def test_results_of_another_source_are_passed_over(
    ioc: Ioc,
    staged: Callable[..., Any],
    zocalo: ResultSender,
    source: str | None,
    taken: int,
) -> None:
    device = await staged(results_source=source)
    device.expect(6010)
    zocalo.send({"results": [centre_of(1)]}, dcid=6010, dcgid=1, gpu=True)
    zocalo.send({"results": [centre_of(2)]}, dcid=6010, dcgid=1)
    await device.trigger()
    assert (await device.max_count.get_value()).tolist() == [taken]


async def test_a_result_from_before_staging_is_never_taken(
    ioc: Ioc, staged: Callable[..., Any], zocalo: ResultSender
) -> None:
    zocalo.send({"results": [centre_of(1)]}, dcid=6011, dcgid=1)
    await ioc.until_value("RESULT:DCID", 6011)
    device = await staged(timeout_s=0.5)
    device.expect(6011)
    with pytest.raises(NoResultsFromZocaloError):
        await device.trigger()


async def test_results_that_came_since_staging_are_taken_in_turn(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    device.expect(6013, 6014, 6015)
    for count in (1, 2, 3):
        zocalo.send({"results": [centre_of(count)]}, dcid=6012 + count, dcgid=1)
    await ioc.until_value("RESULT:DCID", 6015)
    for count in (1, 2, 3):
        await device.trigger()
        assert await device.ispyb_dcid.get_value() == 6012 + count


async def test_no_result_is_lost_while_the_event_loop_is_held_up(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender, rabbitmq: RabbitMQ
) -> None:
    device.expect(*range(6100, 6150))
    for n in range(50):
        zocalo.send({"results": []}, dcid=6100 + n, dcgid=1)
    while rabbitmq.depth(RESULTS):
        pass  # without giving way to the device
    for n in range(50):
        await device.trigger()
        assert await device.ispyb_dcid.get_value() == 6100 + n


async def test_a_device_that_was_told_its_dcids_leaves_those_of_others(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    ZocaloTrigger(ioc.prefix).run_start(start(6020))
    zocalo.send({"results": [centre_of(1)]}, dcid=9999, dcgid=1)
    zocalo.send({"results": [centre_of(2)]}, dcid=6020, dcgid=1)
    await device.trigger()
    assert await device.ispyb_dcid.get_value() == 6020


async def test_the_result_of_two_grids_belongs_to_either(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    device.expect(6030)
    zocalo.send({"results": []}, dcid=6031, dcg_dcids=[6030, 6031], dcgid=1)
    await device.trigger()
    assert await device.ispyb_dcid.get_value() == 6031


async def test_a_result_that_comes_twice_is_taken_once(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    trigger = ZocaloTrigger(ioc.prefix)
    trigger.run_start(start(6040))
    zocalo.send({"results": []}, dcid=6040, dcgid=1)
    await device.trigger()
    trigger.run_start(start(6041))
    zocalo.send({"results": [centre_of(1)]}, dcid=6040, dcgid=1)
    zocalo.send({"results": []}, dcid=6041, dcgid=1)
    await device.trigger()
    assert await device.ispyb_dcid.get_value() == 6041


async def test_two_devices_with_triggers_of_their_own_take_each_its_own(
    ioc: Ioc, staged: Callable[..., Any], rabbitmq: RabbitMQ
) -> None:
    devices = [await staged(name=name) for name in "ab"]
    with answering(rabbitmq):
        for n in range(5):
            dcids = 6050 + 2 * n, 6051 + 2 * n
            for dcid, device in zip(dcids, devices, strict=True):
                trigger = ZocaloTrigger(ioc.prefix, results=device)
                await asyncio.to_thread(trigger.run_start, start(dcid))
                await asyncio.to_thread(trigger.run_end, dcid)
            await asyncio.gather(*(device.trigger() for device in devices))
            for dcid, device in zip(dcids, devices, strict=True):
                assert await device.ispyb_dcid.get_value() == dcid


async def test_two_processes_at_once_take_each_its_own_results(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    firsts, scans = (20_000, 30_000), 40
    with answering(rabbitmq):
        processes = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, str(CLIENTS / "ophyd_async_scans.py")),
                *(ioc.prefix, str(first), str(scans)),
                env=ioc.client_environment,
                stdout=subprocess.PIPE,
            )
            for first in firsts
        ]
        outputs = [(await process.communicate())[0] for process in processes]
    for first, output in zip(firsts, outputs, strict=True):
        dcids = range(first, first + scans)
        expected = [[dcid, dcid, number_of_centres(dcid)] for dcid in dcids]
        assert json.loads(output) == expected


# -- when none comes ------------------------------------------------------------


async def test_a_time_out_says_what_was_awaited_and_what_came_instead(
    ioc: Ioc, staged: Callable[..., Any], zocalo: ResultSender
) -> None:
    device = await staged(timeout_s=0.5)
    device.expect(6061, 6060)
    zocalo.send({"results": []}, dcid=6060, dcgid=1, gpu=True)
    zocalo.send({"results": []}, dcid=9999, dcgid=1)
    with pytest.raises(NoResultsFromZocaloError) as caught:
        await device.trigger()
    assert isinstance(caught.value, theirs.NoResultsFromZocaloError)
    said = str(caught.value)
    assert "No result of DCID 6060, 6061 from CPU arrived within 0.5 s" in said
    assert "Ignored: DCID 6060 from GPU; DCID 9999 from CPU." in said
    assert f"{ioc.prefix} says: " in said


async def test_a_time_out_tells_of_results_that_the_ioc_holds_back(
    ioc: Ioc, staged: Callable[..., Any]
) -> None:
    await ioc.put("SOURCE", "GPU")
    device = await staged(timeout_s=0.1)
    with pytest.raises(NoResultsFromZocaloError, match="SOURCE accepts only GPU"):
        await device.trigger()


async def test_a_device_that_is_not_staged_can_not_be_triggered(ioc: Ioc) -> None:
    device = ZocaloResults(ioc.prefix, name="zocalo")
    with pytest.raises(NoZocaloSubscriptionError, match="zocalo must be staged") as it:
        await device.trigger()
    assert isinstance(it.value, theirs.NoZocaloSubscriptionError)


async def test_unstaging_ends_a_wait_without_an_error(device: ZocaloResults) -> None:
    waiting = device.trigger()
    await asyncio.sleep(0)
    await device.unstage()
    await waiting
    assert await device.ispyb_dcid.get_value() == 0


async def test_an_ioc_that_is_not_there_is_named(ioc: Ioc) -> None:
    with pytest.raises(NotConnectedError, match="pva://NOBODY:RESULT:RECENT"):
        await ZocaloResults("NOBODY").connect(timeout=0.3)


async def test_a_result_is_taken_after_the_ioc_was_restarted(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, tmp_path: Path
) -> None:
    first = ioc_maker("run", *private_broker.options, "--autosave", str(tmp_path))
    device = ZocaloResults(first.prefix, name="zocalo", timeout_s=60)
    await device.connect(timeout=40)
    with result_sender(private_broker) as zocalo:
        zocalo.send({"results": [centre_of(1)]}, dcid=6069, dcgid=1)
        await first.until_value("RESULT:DCID", 6069)
        await first.put_all(DCID=6068, NUM_FRAMES=1)
        await first.put("START", 1)
        await device.stage()
        waiting = device.trigger()
        await first.put("DCID", 6070)
        await first.put("START", 1)
        await asyncio.to_thread(first.stop)
        second = Ioc(tmp_path / "log", first.prefix, *first.arguments)
        for dcid in (6068, 6070):  # the jobs of both run on
            zocalo.send({"results": [centre_of(2)]}, dcid=dcid, dcgid=1)
        try:
            await waiting
            assert await device.ispyb_dcid.get_value() == 6070
            await device.unstage()
        finally:
            await asyncio.to_thread(second.stop)


async def test_a_mocked_device_needs_no_ioc() -> None:
    device = ZocaloResults("NOBODY", name="zocalo")
    await device.connect(mock=True)
    set_mock_value(device.centre_of_mass, np.array([[1.0, 2.0, 3.0]]))
    await device.stage()
    await device.trigger()
    assert (await device.centre_of_mass.get_value()).tolist() == [[1, 2, 3]]
    await device.unstage()


# -- triggers -------------------------------------------------------------------


async def test_a_job_that_is_triggered_without_a_result_leaves_devices_alone(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    trigger = ZocaloTrigger(ioc.prefix, expect_result=False)
    await asyncio.to_thread(trigger.run_start, start(6082))
    await asyncio.to_thread(trigger.run_end, 6082)
    assert await ioc.state() == "Done"
    assert "no result expected" in await ioc.text("MESSAGE")
    # it was told of no job, so it takes what is expected otherwise
    device.expect(6083)
    zocalo.send({"results": [centre_of(1)]}, dcid=6083, dcgid=1)
    await device.trigger()
    assert await device.ispyb_dcid.get_value() == 6083


async def test_the_result_of_a_dcid_given_as_text_is_taken(
    ioc: Ioc, device: ZocaloResults, zocalo: ResultSender
) -> None:
    dcid: Any = "6084"  # dodal's class sends it as it is
    await asyncio.to_thread(ZocaloTrigger(ioc.prefix).run_start, start(dcid))
    await asyncio.to_thread(ZocaloTrigger(ioc.prefix).run_end, dcid)
    zocalo.send({"results": []}, dcid=6084, dcgid=1)
    await device.trigger()
    assert await device.ispyb_dcid.get_value() == 6084


async def test_a_message_that_was_not_sent_raises_what_the_ioc_says(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    trigger = ZocaloTrigger(ioc.prefix)
    rabbitmq.delete(TRIGGERS)
    try:
        with pytest.raises(NotTriggeredError, match="processing_recipe"):
            await asyncio.to_thread(trigger.run_start, start(6080))
    finally:
        rabbitmq.declare(TRIGGERS)


async def test_a_bad_request_raises_before_it_is_sent(ioc: Ioc) -> None:
    with pytest.raises(NotTriggeredError, match="the number of frames is 0"):
        ZocaloTrigger(ioc.prefix).run_start(start(6081, frames=0))
    assert await ioc.get("JOB:DCID") != 6081


async def test_a_trigger_names_an_ioc_that_does_not_answer() -> None:
    with pytest.raises(NotTriggeredError, match=r"NOBODY did not answer within 0\.3 s"):
        ZocaloTrigger("NOBODY", timeout_s=0.3).run_end(1)


async def test_a_trigger_does_not_wait_behind_the_jobs_of_others(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    submission = json.dumps({"command": "process", "dcid": 6090, "num_frames": 1})
    other = asyncio.create_task(ioc.put("SUBMIT", submission))
    await ioc.until_value("STATE", 4)
    await asyncio.to_thread(
        ZocaloTrigger(ioc.prefix, timeout_s=5).run_start, start(6091)
    )
    assert not other.done()
    await ioc.put("CANCEL", 1)
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=6090, dcgid=1)
        await other
