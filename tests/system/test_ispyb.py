"""Data collections are looked up in a real database, which is never in the way."""

import asyncio
import json
import math
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.support.frames import FRAMES, FrameSender
from tests.support.ioc import Ioc
from tests.support.mariadb import READER, MariaDB
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import centre_of, result_sender
from zocalo_ioc.__main__ import main
from zocalo_ioc.client import Client, JobCancelled, RequestRefused
from zocalo_ioc.jobs import State

MINOR, MAJOR = 1, 2
LIMIT = 1.5
"""No trigger is later: 1 s for the look, and what a busy machine needs."""
UNKNOWN = 1_000_000


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("ispyb", TRIGGERS, RESULTS, FRAMES)


@pytest.fixture(scope="module")
def run(ioc_maker: Callable[..., Ioc], broker: RabbitMQ) -> Callable[..., Ioc]:
    def run(*options: str, **more: Any) -> Ioc:
        queues = "--results-queue", RESULTS, "--frames-queue", FRAMES
        return ioc_maker("run", "--broker", broker.url, *queues, *options, **more)

    return run


@pytest.fixture(scope="module")
async def shared_ioc(run: Callable[..., Ioc], ispyb: MariaDB) -> Ioc:
    return run("--ispyb", ispyb.url)


@pytest.fixture
async def ioc(shared_ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ) -> AsyncIterator[Ioc]:
    """An IOC that reads ISPyB, with the initial request; its jobs are cancelled."""
    ispyb.added.clear()
    await shared_ioc.until_value("ISPYB:CONNECTED", 1)
    await shared_ioc.until_value("BROKER:CONNECTED", 1)
    await shared_ioc.put_all(DCID=0, DCGID=0, NUM_FRAMES=0)
    broker.purge(TRIGGERS, RESULTS)
    yield shared_ioc
    added = [{"command": "cancel", "dcid": dcid} for dcid in ispyb.added]
    if added:
        await shared_ioc.put("SUBMIT", json.dumps(added))


def sent(broker: RabbitMQ, count: int) -> list[dict[str, Any]]:
    """Take so many triggers, and return the parameters of each, but for the guid."""
    messages = [json.loads(body) for _, _, body in broker.take(TRIGGERS, count)]
    parameters = [message["parameters"] for message in messages]
    return [{k: v for k, v in each.items() if k != "guid"} for each in parameters]


def started(dcid: int, frames: int, first: int = 0, index: int = 0) -> dict[str, Any]:
    return {
        "event": "start",
        "ispyb_dcid": dcid,
        "filename": None,
        "number_of_frames": frames,
        "start_frame_index": first,
        "message_index": index,
    }


def ended(dcid: int) -> dict[str, Any]:
    return {"event": "end", "ispyb_dcid": dcid}


async def test_a_dcid_alone_runs_the_whole_scan_to_its_centre(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    dcgid, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xy)
    putting = asyncio.create_task(ioc.put("PROCESS", 1))
    messages = await asyncio.to_thread(sent, broker, 4)
    assert messages == [
        started(xy, 400),
        started(xz, 240, first=400, index=1),
        ended(xy),
        ended(xz),
    ]
    payload = {"results": [centre_of(1)], "status": "success", "type": "3d"}
    with result_sender(broker) as zocalo:
        zocalo.send(payload, dcid=UNKNOWN, dcgid=dcgid)  # matched by its group
    await putting
    assert await ioc.state() == "Done"
    assert await ioc.get("NUM_FRAMES") == 0  # the request is as it was written


async def test_a_client_that_gives_one_grid_follows_the_whole_scan(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xz)
    async with asyncio.timeout(40), Client(ioc.prefix) as zocalo:
        waiting = asyncio.create_task(zocalo.process_request_records())
        await asyncio.to_thread(sent, broker, 4)
        with result_sender(broker) as sender:
            sender.send({"results": [centre_of(1)]}, dcid=xy)
        result = await waiting
        assert result
        assert result.dcids == (xy,)
        told: list[str] = []
        waiting = asyncio.create_task(zocalo.process(xz, on_message=told.append))
        await asyncio.to_thread(sent, broker, 4)
        message = f"DCID {xy}, {xz}: waiting for the result."
        await ioc.until(lambda: asyncio.sleep(0, message in "".join(told)))
        await zocalo.cancel(xy)
        with pytest.raises(JobCancelled, match=f"DCID {xy}, {xz}: cancelled"):
            await waiting


async def test_the_end_of_one_grid_ends_the_scan_that_it_has_started(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xz)
    await ioc.put("START", 1)
    assert sent(broker, 2) == [started(xy, 400), started(xz, 240, first=400, index=1)]
    await ioc.put("END", 1)
    assert sent(broker, 2) == [ended(xy), ended(xz)]
    assert await ioc.state() == "Processing"


async def test_one_end_ends_all_grids_also_after_a_quick_result(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xy)
    await ioc.put("START", 1)
    sent(broker, 2)
    payload = {"results": [centre_of(1)], "status": "success", "type": "3d"}
    with result_sender(broker) as zocalo:
        zocalo.send(payload, dcid=xz, gpu=True)
    await ioc.until_value("STATE", State.DONE)
    await ioc.put("END", 1)
    assert sent(broker, 2) == [ended(xy), ended(xz)]
    assert (await ioc.get("JOB:DCIDS")).tolist() == [xy, xz]
    assert await ioc.state() == "Done"


async def test_a_client_that_starts_each_grid_by_itself_is_left_alone(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    for dcid, frames, first in (xy, 400, 0), (xz, 240, 400):
        request = {"dcid": dcid, "num_frames": frames, "start_frame": first}
        await ioc.put("SUBMIT", json.dumps(request | {"command": "start"}))
    await ioc.put("SUBMIT", json.dumps({"command": "end", "dcid": xy}))
    messages = [started(xy, 400), started(xz, 240, first=400), ended(xy)]
    assert sent(broker, 3) == messages
    assert broker.depth(TRIGGERS) == 0


async def test_grids_have_their_size_before_the_first_frame(
    ioc: Ioc, ispyb: MariaDB
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xy)
    await ioc.put("START", 1)
    for grid, dcid, rows in ("XY", xy, 20), ("XZ", xz, 12):
        await ioc.until_value(f"GRID:{grid}:DCID", dcid)
        await ioc.until_value(f"GRID:{grid}:NY", rows)
        assert await ioc.get(f"GRID:{grid}:NX") == 20
        assert await ioc.get(f"GRID:{grid}:STEP:X") == 0.02
        assert await ioc.get(f"GRID:{grid}:EXPECTED") == 20 * rows
        assert set(await ioc.get(f"GRID:{grid}:COUNTS")) == {-1}


async def test_frames_whose_recipe_has_no_grid_are_drawn_whoever_started_the_scan(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    sender = FrameSender(broker)
    sender.send([(n, n) for n in range(1, 401)], None, dcid)
    await ioc.until_value("GRID:XY:FRAMES", 400)
    counts = (await ioc.get("GRID:XY:COUNTS")).reshape(20, 20)
    assert counts[0].tolist() == list(range(1, 21))
    assert counts[1].tolist() == list(range(40, 20, -1))  # snaked
    rejected = await ioc.get("BROKER:REJECTED")
    sender.send([(1, 1), (2, 1)], None, UNKNOWN)
    await ioc.until_value("BROKER:REJECTED", rejected + 2)
    sender.close()


async def test_past_results_are_there_on_request(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    dcgid, (dcid, _) = ispyb.add_scan(400, 240)
    ispyb.add_result(dcgid, {"centreOfMassX": None}, kind="2d")  # no diffraction
    places = {f"centreOfMass{axis}": n + 0.5 for n, axis in enumerate("XYZ")}
    box = {f"boundingBox{end}X": n for n, end in enumerate(("Min", "Max"))}
    weak, strong = ({**places, **box, "totalCount": n} for n in (10.0, 2000.0))
    ispyb.add_result(dcgid, weak, strong | {"maxVoxelX": 7, "blSampleId": 3})
    async with Client(ioc.prefix) as zocalo:
        volume, plane = await zocalo.past(dcid)
        with pytest.raises(RequestRefused, match=f"DCID {UNKNOWN} is not in ISPyB"):
            await zocalo.past(UNKNOWN)
    assert (volume.type, plane.type) == ("3d", "2d")
    best, other = volume.centres
    assert (best.position, best.total_count) == ((0.5, 1.5, 2.5), 2000)
    assert (best.max_voxel[0], best.box_max, best.sample_id) == (7, (1, -1, -1), 3)
    assert (other.total_count, other.sample_id) == (10, -1)
    assert math.isnan(best.max_count)
    assert (plane.count, plane.centres) == (0, [])
    assert f"PAST failed. DCID {UNKNOWN} is not in ISPyB" in await ioc.text("MESSAGE")
    assert broker.depth(TRIGGERS) == 0


async def test_submit_prints_past_results(ioc: Ioc, ispyb: MariaDB) -> None:
    async def submit(*arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zocalo_ioc", "submit", ioc.prefix, *arguments),
            env=ioc.client_environment,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    dcgid, (dcid, other) = ispyb.add_scan(400, 240)
    assert await submit(str(dcid), "--past") == (
        3,
        f"DCID {dcid}: ISPyB has no result\n",
    )
    ispyb.add_result(dcgid, {"centreOfMassX": 4.25, "totalCount": 90})
    status, out = await submit(str(other), "--past")
    assert status == 0
    assert f"DCID {other}, 3d, success: 1 centre" in out
    assert "4.250" in out
    status, out = await submit(str(other), "--past", "--json")
    [result] = json.loads(out)["results"]
    assert result["centres"][0]["x"] == 4.25
    many = ({"centreOfMassX": 7, "totalCount": n} for n in range(120))
    ispyb.add_result(dcgid, *many)
    _, out = await submit(str(other), "--past")
    first, *_, last = (line for line in out.splitlines() if line.startswith("DCID"))
    assert first == f"DCID {other}, 3d, success: 120 centres, of which 100 shown"
    assert last == f"DCID {other}, 3d, success: 1 centre, of which none shown"


async def test_what_is_no_data_collection_id_has_no_past(ioc: Ioc) -> None:
    await ioc.put("PAST", "seventy")
    problem = "'seventy' is not a data collection id. Write a number, 1 or more."
    assert json.loads(await ioc.text("PAST:JSON")) == {"dcid": 0, "problem": problem}


async def test_an_unknown_data_collection_fails_at_once(
    ioc: Ioc, broker: RabbitMQ
) -> None:
    await ioc.put_all(DCID=UNKNOWN, NUM_FRAMES=400)
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Failed"
    assert await ioc.severity("STATE") == MAJOR
    reason = f"START failed. DCID {UNKNOWN} is not in ISPyB. Check DCID."
    assert (await ioc.text("MESSAGE")).startswith(reason)
    assert broker.depth(TRIGGERS) == 0


async def test_what_contradicts_ispyb_goes_out_as_given_and_message_says_so(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    await ioc.put_all(DCID=dcid, NUM_FRAMES=390)
    await ioc.put("START", 1)
    assert sent(broker, 1) == [started(dcid, 390)]
    note = f"ISPyB has 400 images for DCID {dcid}, not 390."
    assert note in await ioc.text("MESSAGE")
    assert await ioc.state() == "Started"


async def test_what_contradicts_ispyb_is_still_said_with_the_result(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    dcgid, (dcid,) = ispyb.add_scan(400)
    await ioc.put_all(DCID=dcid, DCGID=dcgid + 1)
    note = f"ISPyB has DCID {dcid} in group {dcgid}, not {dcgid + 1}."
    logged = ioc.log.count(note)
    putting = asyncio.create_task(ioc.put("PROCESS", 1))
    await asyncio.to_thread(sent, broker, 2)
    payload = {"results": [centre_of(1)], "status": "success", "type": "3d"}
    with result_sender(broker) as zocalo:
        zocalo.send(payload, dcid=dcid)
    await putting
    assert await ioc.state() == "Done"
    assert f"found by the CPU pipeline. {note}" in await ioc.text("MESSAGE")
    assert ioc.log.count(note) > logged


async def test_message_names_the_grids_that_process_leaves_out(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put_all(DCID=xy, NUM_FRAMES=400)  # which may be those of the last scan
    await ioc.put("PROCESS", 1, wait=False)
    assert sent(broker, 2) == [started(xy, 400), ended(xy)]
    await ioc.until_value("STATE", State.PROCESSING)
    note = (
        f"The scan also includes DCID {xz} in ISPyB. "
        "To process all its grids, write one DCID, and 0 to NUM_FRAMES."
    )
    assert note in await ioc.text("MESSAGE")
    await ioc.put("CANCEL", 1)
    await ioc.put("START", 1)  # the other one may follow
    assert "in the same scan" not in await ioc.text("MESSAGE")
    await ioc.put("CANCEL", 1)


async def test_a_job_cancelled_while_its_end_waits_for_its_turn_sends_no_end(
    ioc_maker: Callable[..., Ioc], ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid, other) = ispyb.add_scan(400, 240)
    proxy = Proxy(broker.port)
    ioc = ioc_maker(
        *("run", "--broker", broker.url_with(port=proxy.port)),
        *("--results-queue", RESULTS, "--ispyb", ispyb.url),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.until_value("ISPYB:CONNECTED", 1)
    broker.purge(TRIGGERS)
    confirm = proxy.hold()
    await ioc.put_all(DCID=dcid, NUM_FRAMES=400)
    process = asyncio.create_task(ioc.put("PROCESS", 1, timeout=15))
    assert await asyncio.to_thread(sent, broker, 1) == [started(dcid, 400)]
    start = {"command": "start", "dcid": other, "num_frames": 240}
    cancel = {"command": "cancel", "dcid": dcid}
    with ispyb.locked("DataCollection"):  # the next command looks for 1 s
        await ioc.put("SEND", json.dumps(start), wait=False)
        await ioc.put("SUBMIT", json.dumps(cancel), wait=False)
        await ioc.get("HEARTBEAT")  # by now it has both puts
        confirm.flows.set()
        await process
    assert list(await ioc.get("HISTORY:STATE")) == ["Cancelled"]
    assert sent(broker, 1) == [started(other, 240)]
    assert broker.depth(TRIGGERS) == 0
    await asyncio.to_thread(ioc.stop)
    proxy.close()


async def test_a_command_that_a_stop_cuts_short_is_in_the_log(
    run: Callable[..., Ioc], ispyb: MariaDB
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    ioc = run("--ispyb", ispyb.url)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.until_value("ISPYB:CONNECTED", 1)
    await ioc.put("DCID", dcid)
    with ispyb.locked("DataCollection"):
        await ioc.put("START", 1, wait=False)
        await ioc.until_value("START", 1)
        await asyncio.to_thread(ioc.stop)
    assert f"Stopped before the START of DCID {dcid} was sent" in ioc.log


async def test_a_database_that_is_stopped_is_missed_only_where_it_is_needed(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    ispyb.stop()
    try:
        await ioc.put("DCID", dcid)
        await ioc.put("START", 1)
        assert await ioc.severity("ISPYB:CONNECTED") == MINOR
        assert await ioc.state() == "Failed"
        reason = f"DCID {dcid}: NUM_FRAMES is 0. ISPyB: nothing listens at "
        assert reason in await ioc.text("MESSAGE")
        await ioc.put("NUM_FRAMES", 400)
        await ioc.put("START", 1)
        assert sent(broker, 1) == [started(dcid, 400)]
        assert "ISPyB: nothing listens at" in await ioc.text("MESSAGE")
    finally:
        ispyb.start()
    await ioc.put("NUM_FRAMES", 0)
    await ioc.put("START", 1)  # a look, also before the next probe
    assert sent(broker, 1) == [started(dcid, 400)]
    assert await ioc.get("ISPYB:CONNECTED") == 1


async def test_a_database_that_hangs_delays_triggers_by_no_more_than_the_limit(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, dcids = ispyb.add_scan(400, 240)
    beats: list[float] = []
    watching = ioc.monitor("HEARTBEAT", lambda _: beats.append(time.monotonic()))
    submission = {"command": "start", "num_frames": 4}
    try:
        with ispyb.halted():
            for limit in LIMIT, 0.5:  # it is known to hang by then
                began = time.monotonic()
                puts = [
                    ioc.put("SUBMIT", json.dumps(submission | {"dcid": dcid}))
                    for dcid in dcids
                ]
                await asyncio.gather(*puts)
                assert time.monotonic() - began < limit
            assert len(sent(broker, 4)) == 4
            assert await ioc.severity("ISPYB:CONNECTED") == MINOR
            assert "ISPyB: no answer from" in await ioc.text("MESSAGE")
            await ioc.put("DCID", ispyb.added[0])  # without its frames
            began = time.monotonic()
            await ioc.put("START", 1)
            assert time.monotonic() - began < LIMIT
            assert "NUM_FRAMES is 0. ISPyB: no answer" in await ioc.text("MESSAGE")
            await ioc.until_value("HEARTBEAT", await ioc.get("HEARTBEAT") + 3)
    finally:
        watching.close()
    assert max(b - a for a, b in pairwise(beats)) < LIMIT


async def test_commands_take_effect_in_order_while_the_database_hangs(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid, other) = ispyb.add_scan(400, 240)
    await ioc.put_all(DCID=dcid, NUM_FRAMES=400)
    with ispyb.halted():
        await ioc.put("START", 1, wait=False)
        await ioc.put("END", 1, wait=False)
        assert sent(broker, 2) == [started(dcid, 400), ended(dcid)]
    await ioc.until_value("ISPYB:CONNECTED", 1)
    await ioc.put("DCID", other)
    with ispyb.halted():
        await ioc.put("PROCESS", 1, wait=False)
        await ioc.put("CANCEL", 1)
        assert await ioc.state() == "Cancelled"
        assert await ioc.get("JOB:DCID") == other
    broker.purge(TRIGGERS)  # the start message may have been on its way already


async def test_the_alarm_comes_and_goes_by_itself(ioc: Ioc, ispyb: MariaDB) -> None:
    ispyb.stop(signal.SIGKILL)
    try:
        await ioc.until_value("ISPYB:CONNECTED", 0)
        assert await ioc.severity("ISPYB:CONNECTED") == MINOR
    finally:
        ispyb.start()
    await ioc.until_value("ISPYB:CONNECTED", 1)
    assert await ioc.severity("ISPYB:CONNECTED") == 0


async def test_one_end_ends_all_grids_also_after_a_restart_of_the_ioc(
    run: Callable[..., Ioc], ispyb: MariaDB, broker: RabbitMQ, tmp_path: Path
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    options = "--ispyb", ispyb.url, "--autosave", str(tmp_path)
    ioc = run(*options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("DCID", xy)
    await ioc.until_value("ISPYB:CONNECTED", 1)
    await ioc.put("START", 1)
    sent(broker, 2)
    await asyncio.to_thread(ioc.stop)

    def pass_on(prefix: str) -> None:
        (tmp_path / f"{ioc.prefix}.json").rename(tmp_path / f"{prefix}.json")

    ioc = run(*options, before=pass_on)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("END", 1)
    assert sent(broker, 2) == [ended(xy), ended(xz)]
    await ioc.put("CANCEL", 1)


async def test_a_slow_answer_is_used(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    await ioc.put("DCID", dcid)
    with ispyb.locked("GridInfo"):
        putting = asyncio.create_task(ioc.put("START", 1))
        await asyncio.sleep(0.3)  # what makes it slow
        assert not putting.done()
    await putting
    assert sent(broker, 1) == [started(dcid, 400)]


async def test_a_missing_column_is_named(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    await ioc.put("DCID", dcid)
    with ispyb.changed(
        "ALTER TABLE DataCollection RENAME COLUMN numberOfImages TO images",
        "ALTER TABLE DataCollection RENAME COLUMN images TO numberOfImages",
    ):
        await ioc.put("START", 1)
        assert "has no numberOfImages" in await ioc.text("MESSAGE")
        assert await ioc.severity("ISPYB:CONNECTED") == MINOR
        await ioc.put("NUM_FRAMES", 400)
        await ioc.put("START", 1)
        assert sent(broker, 1) == [started(dcid, 400)]


async def test_rights_that_are_granted_count_without_a_restart(
    ioc: Ioc, ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    await ioc.put("DCID", dcid)
    with ispyb.changed(
        "GRANT SELECT ON ispyb.DataCollection TO reader",
        "REVOKE SELECT ON ispyb.* FROM reader",
        "GRANT SELECT ON ispyb.* TO reader",
        "REVOKE SELECT ON ispyb.DataCollection FROM reader",
    ):
        ispyb.execute("KILL USER reader")  # rights are read at the login
        await ioc.put("START", 1)
        assert "may not read GridInfo" in await ioc.text("MESSAGE")
    await ioc.put("START", 1)
    assert sent(broker, 1) == [started(dcid, 400)]


async def test_past_results_that_can_not_be_read_leave_triggers_alone(
    ioc: Ioc, ispyb: MariaDB
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    changes: list[int] = []
    watching = ioc.monitor("ISPYB:CONNECTED", changes.append)
    with ispyb.changed(
        "ALTER TABLE XrayCentringResult RENAME COLUMN totalCount TO total",
        "ALTER TABLE XrayCentringResult RENAME COLUMN total TO totalCount",
    ):
        await ioc.put("PAST", str(dcid))
        assert "has no totalCount" in await ioc.text("PAST:JSON")
    await ioc.put("PAST", str(dcid))
    assert json.loads(await ioc.text("PAST:JSON"))["results"] == []
    watching.close()
    assert set(changes) <= {1}


async def test_a_wrong_password_is_reported_and_shown_nowhere(
    run: Callable[..., Ioc], ispyb: MariaDB, broker: RabbitMQ
) -> None:
    _, (dcid,) = ispyb.add_scan(400)
    ioc = run("--ispyb", ispyb.url_with("reader:not-the-password"))
    await ioc.until_value("BROKER:CONNECTED", 1)
    broker.purge(TRIGGERS)
    await ioc.put("DCID", dcid)
    await ioc.put("START", 1)
    reason = f"ISPyB: 127.0.0.1:{ispyb.port} refused the user name or password"
    assert reason in await ioc.text("MESSAGE")
    assert await ioc.severity("ISPYB:CONNECTED") == MINOR
    await ioc.put("NUM_FRAMES", 400)
    await ioc.put("START", 1)
    assert sent(broker, 1) == [started(dcid, 400)]
    assert ioc.log.count(reason) == 2, ioc.log  # once from the probe, once refused
    assert "not-the-password" not in ioc.log
    assert "'reader'" not in ioc.log


async def test_without_required_an_unknown_data_collection_goes_out(
    run: Callable[..., Ioc], ispyb: MariaDB, broker: RabbitMQ, tmp_path: Path
) -> None:
    user, password = READER.split(":")
    credentials = tmp_path / "ispyb.cfg"
    credentials.write_text(
        f"[ispyb_sqlalchemy]\nusername = {user}\npassword = {password}\n"
        f"host = 127.0.0.1\nport = {ispyb.port}\ndatabase = ispyb\n"
    )
    ioc = run("--ispyb-credentials", str(credentials), "--no-ispyb-required")
    await ioc.until_value("ISPYB:CONNECTED", 1)
    await ioc.until_value("BROKER:CONNECTED", 1)
    broker.purge(TRIGGERS)
    await ioc.put_all(DCID=UNKNOWN, NUM_FRAMES=400)
    await ioc.put("START", 1)
    assert sent(broker, 1) == [started(UNKNOWN, 400)]
    assert f"DCID {UNKNOWN} is not in ISPyB" in await ioc.text("MESSAGE")


def test_the_user_of_these_tests_may_do_nothing_but_select(ispyb: MariaDB) -> None:
    engine = create_engine(ispyb.url.replace("mysql:", "mysql+pymysql:"))
    with (
        engine.connect() as connection,
        pytest.raises(OperationalError, match="denied"),
    ):
        connection.execute(text("UPDATE DataCollection SET numberOfImages = 1"))
    engine.dispose()


def test_check_finds_out_whether_ispyb_can_be_read(
    broker: RabbitMQ, ispyb: MariaDB, capsys: pytest.CaptureFixture[str]
) -> None:
    def checked(url: str) -> str:
        options = "--prefix", "TEST-CHECK", "--results-queue", RESULTS
        with pytest.raises(SystemExit):
            main(["check", "--broker", broker.url, "--ispyb", url, *options])
        out = capsys.readouterr().out
        assert "cret" not in out
        return next(line for line in out.splitlines() if "ISPyB:" in line)

    assert checked(ispyb.url).startswith("yes ")
    nobody = checked(ispyb.url_with("reader:secret"))
    assert nobody.startswith("NO ")
    assert "refused the user name or password" in nobody
    assert "has no database ispyc" in checked(ispyb.url_with(database="ispyc"))
    assert nobody.count("ISPyB:") == 1
    proxy = Proxy(ispyb.port)
    proxy.delay = 0.6  # each answer is in time, but not the whole
    assert "no answer from" in checked(ispyb.url_with(port=proxy.port))
    proxy.close()
    with ispyb.changed(
        "REVOKE SELECT ON ispyb.* FROM reader",
        "GRANT SELECT ON ispyb.DataCollection TO reader",
        "REVOKE SELECT ON ispyb.DataCollection FROM reader",
        "GRANT SELECT ON ispyb.* TO reader",
    ):
        assert "may not read GridInfo" in checked(ispyb.url)
