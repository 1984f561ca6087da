"""WAIT, PROCESS, CANCEL and SUBMIT end when, and as, they should."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    Answering,
    answering,
    number_of_centres,
    result_sender,
)

MINOR, MAJOR = 1, 2
FIRSTS = 10_000, 10_400
"""First data collections of two clients with 400 each: all have other answers."""
CLIENTS = Path(__file__).parents[1] / "support" / "clients"


@pytest.fixture
def zocalo(ioc: Ioc, rabbitmq: RabbitMQ) -> Iterator[Answering]:
    """A Zocalo that answers; after `ioc`, which empties the queues."""
    with answering(rabbitmq) as zocalo:
        yield zocalo


async def process(ioc: Ioc, dcid: int, **options: Any) -> None:
    await ioc.put_all(DCID=dcid, NUM_FRAMES=4)
    await ioc.put("PROCESS", 1, **options)


async def test_process_ends_with_the_result(ioc: Ioc, zocalo: Answering) -> None:
    await process(ioc, 3001)
    assert await ioc.state() == "Done"
    assert await ioc.get("RESULT:DCID") == 3001
    assert await ioc.get("BEST:X") == 1.5
    assert zocalo.events == [(3001, "start"), (3001, "end")]


async def test_process_ends_with_the_time_out(ioc: Ioc) -> None:
    await ioc.put("TIMEOUT", 0.5)
    await process(ioc, 3002)
    assert await ioc.state() == "Timed out"
    assert await ioc.severity("STATE") == MAJOR
    assert "no result within 0.5 s" in await ioc.text("MESSAGE")


async def test_changing_the_time_out_affects_a_running_job(ioc: Ioc) -> None:
    putting = asyncio.create_task(process(ioc, 3003))
    await ioc.until(lambda: has_state(ioc, "Processing"))
    await ioc.put("TIMEOUT", 0.5)
    await putting
    assert await ioc.state() == "Timed out"


async def test_cancel_ends_process_at_once(ioc: Ioc) -> None:
    putting = asyncio.create_task(process(ioc, 3004))
    await ioc.until(lambda: has_state(ioc, "Processing"))
    await ioc.put("CANCEL", 1)
    await putting
    assert await ioc.state() == "Cancelled"
    assert await ioc.severity("STATE") == 0


async def test_what_went_out_is_counted_when_its_job_is_cancelled(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    before = await ioc.get("BROKER:SENT")
    await ioc.put_all(DCID=3009, NUM_FRAMES=4)
    for _ in range(30):
        await asyncio.gather(ioc.put("START", 1), ioc.put("CANCEL", 1))

    async def all_are_counted() -> bool:
        sent = await ioc.get("BROKER:SENT") - before
        return sent == rabbitmq.depth(TRIGGERS)

    await ioc.until(all_are_counted)
    assert "never retrieved" not in ioc.log


async def test_cancel_reaches_a_job_that_a_bad_request_has_hidden(ioc: Ioc) -> None:
    putting = asyncio.create_task(process(ioc, 3010))
    await ioc.until(lambda: has_state(ioc, "Processing"))
    await ioc.put("SUBMIT", "a slip of somebody else's")
    assert await ioc.state() == "Failed"
    await ioc.put("CANCEL", 1)
    await putting
    assert await ioc.state() == "Cancelled"
    assert await ioc.get("JOB:DCID") == 3010


async def test_wait_waits_for_the_job_that_a_bad_request_has_hidden(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=3015, NUM_FRAMES=4)
    await ioc.put("START", 1)
    await ioc.put("SUBMIT", "a slip of somebody else's")
    waiting = asyncio.create_task(ioc.put("WAIT", 1))
    await ioc.until_value("WAIT", 1)
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=3015, dcgid=1)
        await waiting
    assert await ioc.state() == "No centres"


async def test_process_ends_when_a_message_can_not_be_sent(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        await process(ioc, 3005)
    finally:
        rabbitmq.declare(TRIGGERS)
    assert await ioc.state() == "Failed"
    assert "No queue processing_recipe" in await ioc.text("MESSAGE")


async def test_process_of_a_bad_request_fails(ioc: Ioc) -> None:
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Failed"
    assert "DCID" in await ioc.text("MESSAGE")


async def test_wait_ends_with_the_current_job(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    await ioc.put_all(DCID=3006, NUM_FRAMES=4)
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    waiting = asyncio.create_task(ioc.put("WAIT", 1))
    await ioc.until_value("WAIT", 1)
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=999_999, dcgid=1)  # somebody else's
        zocalo.send({"results": []}, dcid=3006, dcgid=1)
        await waiting
    assert await ioc.state() == "No centres"
    assert await ioc.severity("STATE") == MINOR


async def test_wait_without_a_job_ends_at_once(
    rabbitmq: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker("run", "--broker", rabbitmq.url, "--results-queue", RESULTS)
    await ioc.put("WAIT", 1)
    assert await ioc.state() == "Idle"
    await asyncio.to_thread(ioc.stop)


async def test_elapsed_runs_from_the_first_confirm_to_the_end(ioc: Ioc) -> None:
    await ioc.put("TIMEOUT", 1)
    await process(ioc, 3007)
    elapsed = await ioc.get("JOB:ELAPSED")
    assert 1 <= elapsed < 1.5
    await ioc.put("SORT_KEY", 1)
    await asyncio.sleep(0.5)  # longer than it is between two updates
    assert await ioc.get("JOB:ELAPSED") == elapsed


async def test_a_command_is_1_while_it_runs_and_0_after(ioc: Ioc) -> None:
    putting = asyncio.create_task(process(ioc, 3008))
    await ioc.until_value("PROCESS", 1)
    await ioc.put("CANCEL", 1)
    await putting
    assert await ioc.get("PROCESS") == 0


def submission(*dcids: int, command: str = "process", **more: Any) -> str:
    grids = [
        {"command": command, "dcid": dcid, "num_frames": 4} | more for dcid in dcids
    ]
    return json.dumps(grids if len(grids) > 1 else grids[0])


async def test_submit_of_an_object_runs_it_whole(ioc: Ioc, zocalo: Answering) -> None:
    await ioc.put("SUBMIT", submission(3011))
    assert await ioc.state() == "Done"
    assert zocalo.events == [(3011, "start"), (3011, "end")]


async def test_submit_of_a_list_starts_all_ends_all_and_awaits_one_result(
    ioc: Ioc, zocalo: Answering
) -> None:
    await ioc.put("SUBMIT", submission(3020, 3021, parameters={"of_two": True}))
    assert await ioc.state() == "Done"
    assert await ioc.get("RESULT:DCID") == 3021
    starts = [(3020, "start"), (3021, "start")]
    assert zocalo.events == [*starts, (3020, "end"), (3021, "end")]


async def test_submit_neither_reads_nor_changes_the_request(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=1, NUM_FRAMES=77, FILENAME="other")
    await ioc.put("SUBMIT", submission(3012, command="start"))
    [(_, _, body)] = rabbitmq.take(TRIGGERS)
    sent = json.loads(body)["parameters"]
    assert (sent["filename"], sent["number_of_frames"]) == (None, 4)
    assert await ioc.get("DCID") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing like JSON", "expected"),
        ("[]", "at least 1"),
        ('{"dcid": 5}', "command"),
        ('{"command": "stop", "dcid": 5}', "'start', 'end' or 'process'"),
        ('{"command": "start", "dcid": -5}', "dcid"),
        ('{"command": "start", "dcid": 5, "dcd": 6}', "dcd"),
        ('{"command": "start", "dcid": 5}', "NUM_FRAMES"),
        ('[{"command": "end", "dcid": 5}, {"command": "end", "dcid": 5}]', "another"),
        ('[{"command": "end", "dcid": 5}, {"command": "start", "dcid": 6}]', "same"),
    ],
)
async def test_a_submission_that_can_not_be_used_fails_and_says_why(
    ioc: Ioc, text: str, why: str
) -> None:
    await ioc.put("SUBMIT", text)
    assert await ioc.state() == "Failed"
    assert why in await ioc.text("MESSAGE")


async def test_the_same_submission_put_twice_runs_twice(
    ioc: Ioc, zocalo: Answering
) -> None:
    for _ in range(2):
        await ioc.put("SUBMIT", submission(3013))
    assert zocalo.events == [(3013, "start"), (3013, "end")] * 2


async def test_a_late_result_is_published_and_disturbs_no_later_job(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put("TIMEOUT", 0.3)
    await process(ioc, 3031)
    await ioc.put("TIMEOUT", 60)
    later = asyncio.create_task(process(ioc, 3032))
    await ioc.until(lambda: has_state(ioc, "Processing"))
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=3031, dcgid=1)
        await ioc.until_value("RESULT:DCID", 3031)
        assert not later.done()
        zocalo.send({"results": []}, dcid=3032, dcgid=1)
        await later
    states = await ioc.get("HISTORY:STATE")
    dcids = await ioc.get("HISTORY:DCID")
    newest_first = list(zip(dcids[:3], states[:3], strict=True))
    assert newest_first == [(3032, "No centres"), (3031, "Late"), (3031, "Timed out")]


async def test_a_result_of_somebody_elses_is_in_the_history(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=555_555, dcgid=1)
        await ioc.until_value("RESULT:DCID", 555_555)
    assert (await ioc.get("HISTORY:STATE"))[0] == "Other"


@pytest.mark.parametrize("client", ["aioca", "pyepics", "p4p", "caproto", "shell"])
@pytest.mark.parametrize(
    ("outcome", "severity"),
    [("Done", 0), ("Timed out", 2), ("Cancelled", 0), ("Failed", 2)],
)
async def test_every_client_finds_the_outcome_when_its_put_has_ended(
    ioc: Ioc, rabbitmq: RabbitMQ, client: str, outcome: str, severity: int
) -> None:
    """The client, in a process of its own, puts PROCESS, then reads at once."""
    await ioc.put_all(DCID=3101, NUM_FRAMES=4)
    if outcome == "Failed":
        rabbitmq.delete(TRIGGERS)
    await ioc.put("TIMEOUT", 0.5 if outcome == "Timed out" else 60)
    began = time.monotonic()
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CLIENTS / f"{client}_process.py"),
        ioc.prefix,
        env=ioc.client_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if outcome in ("Done", "Cancelled"):
        await ioc.until(lambda: has_state(ioc, "Processing"))
    if outcome == "Cancelled":
        await ioc.put("CANCEL", 1)
    with result_sender(rabbitmq) as zocalo:
        if outcome == "Done":
            zocalo.send({"results": [CENTRE]}, dcid=3101, dcgid=1)
        output, errors = await running.communicate()
    rabbitmq.declare(TRIGGERS)
    assert running.returncode == 0, errors.decode()
    assert time.monotonic() - began < 30
    found = json.loads(output)
    assert found["state"] == outcome
    assert found["severity"] == severity
    told = {"Done": "1 centre", "Failed": "No queue", "Timed out": "no result within"}
    assert told.get(outcome, "cancelled") in found["message"]


CENTRE = {
    "centre_of_mass": [3.5, 1.25, 7.75],
    "max_voxel": [3, 1, 7],
    "max_count": 900,
    "n_voxels": 12,
    "total_count": 4000,
    "bounding_box": [[2, 1, 6], [5, 2, 9]],
}


async def test_two_clients_submitting_at_once_each_get_their_own_results(
    ioc: Ioc, zocalo: Answering
) -> None:
    """Each client, a process of its own, submits 200 scans of two grids."""
    clients = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(CLIENTS / "submit_scans.py"),
            ioc.prefix,
            str(first),
            "200",
            env=ioc.client_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for first in FIRSTS
    ]
    outputs = [await client.communicate() for client in clients]
    for (output, errors), first in zip(outputs, FIRSTS, strict=True):
        ended = json.loads(output or "null")
        assert ended == [
            [dcid, "Done", number_of_centres(dcid + 1)]
            for dcid in range(first, first + 400, 2)
        ], errors
    assert len(zocalo.events) == 2 * 200 * 4


async def has_state(ioc: Ioc, state: str) -> bool:
    return await ioc.state() == state
