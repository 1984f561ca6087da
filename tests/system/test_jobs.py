"""WAIT, PROCESS, CANCEL and SUBMIT end when, and as, they should."""

import asyncio
import getpass
import json
import math
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    Answering,
    answering,
    centre_of,
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


@pytest.mark.parametrize(
    ("record", "value", "why"),
    [
        ("SUBMIT", "a slip of somebody else's", "SUBMIT is invalid: "),
        ("SEND", '{"command": "process", "dcid": 5}', "SEND does not take process"),
        ("START", 1, "START failed. No DCID was given"),
        ("END", 1, "END failed. No DCID was given"),
        ("PROCESS", 1, "START failed. No DCID was given"),
    ],
)
async def test_a_refused_request_disturbs_no_running_job(
    ioc: Ioc, record: str, value: str | int, why: str
) -> None:
    putting = asyncio.create_task(ioc.put("SUBMIT", submission(3010)))
    await ioc.until(lambda: has_state(ioc, "Processing"))
    shown = "JOB:DCID", "JOB:NUMBER"
    before = [await ioc.get(name) for name in shown]
    if record != "SUBMIT":  # another put to that record would wait for its turn
        await ioc.put(record, value)
    else:
        await ioc.put("SEND", value)
        why = why.replace("SUBMIT", "SEND")
    assert await ioc.state() == "Processing"
    assert await ioc.severity("STATE") == 0
    assert [await ioc.get(name) for name in shown] == before
    # what happens meanwhile, such as a look at the queues, is said after it
    assert (await ioc.text("MESSAGE")).startswith(why)
    assert (await ioc.get("HISTORY:STATE"))[0] == "Refused"
    await ioc.put("CANCEL", 1)
    await putting
    assert await ioc.state() == "Cancelled"


async def test_the_next_command_ends_what_message_says_of_a_refusal(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3015, command="start"))
    await ioc.put("SEND", "a slip")
    await ioc.put("SEND", submission(3015, command="end"))
    assert (await ioc.text("MESSAGE")).startswith("DCID 3015: waiting for the result.")


async def test_message_says_for_10_s_why_a_request_was_refused(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3016, command="end"))
    began = time.monotonic()
    await ioc.put("SEND", "a slip")

    async def is_over() -> bool:
        return (await ioc.text("MESSAGE")).startswith("DCID 3016: waiting")

    await ioc.until(is_over)
    assert 9.5 < time.monotonic() - began < 20


async def test_a_refused_request_is_in_the_history_with_its_id(ioc: Ioc) -> None:
    await ioc.put("SUBMIT", '{"command": "start", "dcid": 3017, "id": "mine"}')
    await ioc.put("SUBMIT", '{"dcid": 3018, "id": "unfinished"}')
    await ioc.put("SUBMIT", "not even JSON")
    rows = [(await ioc.get(f"HISTORY:{name}"))[:3] for name in ("STATE", "DCID", "ID")]
    assert list(zip(*rows, strict=True)) == [
        ("Refused", 0, ""),
        ("Refused", 3018, "unfinished"),
        ("Refused", 3017, "mine"),
    ]


async def test_start_of_what_is_being_processed_is_refused(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3019, command="end"))
    number = await ioc.get("JOB:NUMBER")
    await ioc.put("SEND", submission(3019, command="start"))
    assert await ioc.state() == "Processing"
    assert (await ioc.text("MESSAGE")).startswith(
        f"START failed. DCID 3019 is being processed in job {number}."
    )
    assert await ioc.get("JOB:NUMBER") == number


async def test_cancel_of_a_data_collection_ends_its_job_and_no_other(ioc: Ioc) -> None:
    for dcid in (3040, 3041):
        await ioc.put("SEND", submission(dcid, command="end"))
    await ioc.put("SEND", '{"command": "cancel", "dcid": 3040}')
    assert await ioc.state() == "Processing"
    assert await ioc.get("JOB:DCID") == 3041
    assert (await ioc.get("HISTORY:STATE"))[0] == "Cancelled"
    assert (await ioc.get("HISTORY:DCID"))[0] == 3040


async def test_cancel_of_a_data_collection_without_a_job_is_refused(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3042, command="end"))
    await ioc.put("SEND", '{"command": "cancel", "dcid": 3043}')
    assert (await ioc.text("MESSAGE")).startswith("DCID 3043: no job to cancel.")
    assert await ioc.state() == "Processing"


async def test_cancel_of_a_job_that_has_just_ended_raises_no_alarm(
    idle_ioc: Ioc,
) -> None:
    ioc = idle_ioc
    await ioc.put("SEND", submission(3044, command="end", expect_result=False))
    number = await ioc.get("JOB:NUMBER")
    await ioc.put("SEND", '{"command": "cancel", "dcid": 3044, "id": "late"}')
    assert (await ioc.text("MESSAGE")).startswith("DCID 3044: no job to cancel.")
    assert (await ioc.state(), await ioc.severity("STATE")) == ("Done", 0)
    shown = await ioc.get("JOB:DCID"), await ioc.get("JOB:NUMBER")
    assert shown == (3044, number)
    row = [(await ioc.get(f"HISTORY:{name}"))[0] for name in ("STATE", "ID")]
    assert row == ["Refused", "late"]


async def test_cancel_ends_what_message_says_of_a_refusal(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3045, command="end"))
    await ioc.put("SEND", submission(3045, command="start"))
    await ioc.put("SEND", '{"command": "cancel", "dcid": 3045}')
    assert (await ioc.text("MESSAGE")).startswith("DCID 3045: cancelled.")


async def test_a_3d_scan_of_the_request_records_is_two_data_collections(
    ioc: Ioc, zocalo: Answering
) -> None:
    await ioc.put_all(DCID=3050, NUM_FRAMES=400, START_FRAME=7, MESSAGE_INDEX=2)
    await ioc.put_all(
        **{"XZ:DCID": 3051, "XZ:NUM_FRAMES": 200}, PARAMETERS='{"of_two": true}'
    )
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Done"
    assert list(await ioc.get("JOB:DCIDS")) == [3050, 3051]
    starts = [(3050, "start"), (3051, "start")]
    assert zocalo.events == [*starts, (3050, "end"), (3051, "end")]


@pytest.mark.parametrize("one_write", [True, False], ids=["SEND", "START"])
async def test_the_second_grid_follows_the_first_on_the_wire(
    ioc: Ioc, rabbitmq: RabbitMQ, one_write: bool
) -> None:
    if one_write:
        grids = [
            {"dcid": 3052, "num_frames": 400, "start_frame": 7, "message_index": 2},
            {"dcid": 3053, "num_frames": 200},
        ]
        await ioc.put("SEND", json.dumps([g | {"command": "start"} for g in grids]))
    else:
        await ioc.put_all(DCID=3052, NUM_FRAMES=400, START_FRAME=7, MESSAGE_INDEX=2)
        await ioc.put_all(**{"XZ:DCID": 3053, "XZ:NUM_FRAMES": 200})
        await ioc.put("START", 1)
    sent = [json.loads(body)["parameters"] for _, _, body in rabbitmq.take(TRIGGERS, 2)]
    names = "ispyb_dcid", "start_frame_index", "number_of_frames", "message_index"
    assert [tuple(each[name] for name in names) for each in sent] == [
        (3052, 7, 400, 2),
        (3053, 407, 200, 3),
    ]


async def test_a_job_without_a_result_is_done_with_its_end_message(ioc: Ioc) -> None:
    await ioc.put_all(DCID=3060, NUM_FRAMES=4, EXPECT_RESULT=0)
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Done"
    assert await ioc.severity("STATE") == 0
    assert "no result expected" in await ioc.text("MESSAGE")


async def test_remaining_counts_down_while_a_job_runs(ioc: Ioc) -> None:
    await ioc.put("SEND", submission(3061, command="start"))
    assert 3590 < await ioc.get("JOB:REMAINING") <= 3600
    await ioc.put("SEND", submission(3061, command="end"))
    assert 170 < await ioc.get("JOB:REMAINING") <= 180

    async def has_less() -> bool:
        return await ioc.get("JOB:REMAINING") < 179.5

    await ioc.until(has_less)
    await ioc.put("CANCEL", 1)
    assert math.isnan(await ioc.get("JOB:REMAINING"))
    assert await ioc.severity("JOB:REMAINING") == 0


async def test_both_results_of_one_job_are_published_with_its_number(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put("SEND", submission(3070, command="end"))
    number = await ioc.get("JOB:NUMBER")
    seq = await ioc.get("RESULT:SEQ")
    with result_sender(rabbitmq) as zocalo:
        for n, more in enumerate(({"gpu": True}, {}), 1):
            zocalo.send({"results": [centre_of(1)]}, dcid=3070, dcgid=1, **more)
            await ioc.until_value("RESULT:SEQ", seq + n)
            assert await ioc.get("RESULT:JOB") == number
    await ioc.until_newest(3070, "Late")
    assert await ioc.state() == "Done"
    assert (await ioc.text("MESSAGE")).startswith(
        "DCID 3070: 1 centre found by the GPU pipeline. "
        "A result came later: 1 centre found by the CPU pipeline."
    )
    rows = [
        list((await ioc.get(f"HISTORY:{name}"))[:2])
        for name in ("STATE", "SOURCE", "JOB")
    ]
    assert rows == [["Late", "Done"], ["CPU", "GPU"], [number, number]]


async def test_the_time_out_names_the_source_that_excluded_the_result(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put("SOURCE", 2)
    await ioc.put("SEND", submission(3071, command="end"))
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": [centre_of(1)]}, dcid=3071, dcgid=1)
    why = "SOURCE excluded the result of the CPU pipeline."

    await ioc.until_said(f"DCID 3071: waiting for the result. {why}")
    assert await ioc.state() == "Processing"
    await ioc.put("TIMEOUT", 0.1)
    await ioc.until(lambda: has_state(ioc, "Timed out"))
    # a refusal just before is said first
    assert f"DCID 3071: no result within 0.1 s. {why}" in await ioc.text("MESSAGE")


async def test_centres_with_too_few_spots_are_dropped(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put("MIN_TOTAL_COUNT", 3)
    weak, strong = centre_of(2), centre_of(3)
    with result_sender(rabbitmq) as zocalo:
        for dcid, centres, state in (
            (3072, [weak, strong], "Done"),
            (3073, [weak], "No centres"),
        ):
            await ioc.put("SEND", submission(dcid, command="end"))
            zocalo.send({"results": centres}, dcid=dcid, dcgid=1)
            await ioc.until_newest(dcid, state)
            assert await ioc.get("RESULT:COUNT") == len(centres) - 1
            assert (await ioc.get("HISTORY:CENTRES"))[0] == len(centres) - 1
            assert json.loads(await ioc.text("RESULT:JSON"))["results"] == centres
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


async def test_process_of_a_bad_request_fails(idle_ioc: Ioc) -> None:
    await idle_ioc.put("PROCESS", 1)
    assert await idle_ioc.state() == "Failed"
    assert "DCID" in await idle_ioc.text("MESSAGE")


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
    ioc = ioc_maker("run", *rabbitmq.options)
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
        ('{"command": "stop", "dcid": 5}', "'start', 'end', 'process' or 'cancel'"),
        ('{"command": "start", "dcid": -5}', "dcid"),
        ('{"command": "start", "dcid": 5, "dcd": 6}', "dcd"),
        ('{"command": "start", "dcid": 5}', "NUM_FRAMES"),
        ('[{"command": "end", "dcid": 5}, {"command": "end", "dcid": 5}]', "twice"),
        ('[{"command": "end", "dcid": 5}, {"command": "start", "dcid": 6}]', "same"),
    ],
)
async def test_a_submission_that_can_not_be_used_fails_and_says_why(
    idle_ioc: Ioc, text: str, why: str
) -> None:
    await idle_ioc.put("SUBMIT", text)
    assert await idle_ioc.state() == "Failed"
    assert why in await idle_ioc.text("MESSAGE")


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
        await ioc.until_newest(555_555, "Other")


async def test_a_job_says_who_began_it(ioc: Ioc, zocalo: Answering) -> None:
    me = f"{getpass.getuser()}@{socket.gethostname()}"[:39]
    await process(ioc, 3091)
    assert await ioc.get("JOB:BY") == me
    await ioc.put("SUBMIT", json.dumps({"command": "start", "dcid": 1}))
    assert await ioc.get("JOB:BY") == ""  # nobody began what was refused
    await ioc.put("SEND", json.dumps({"command": "end", "dcid": 3092}))
    assert await ioc.get("JOB:BY") == me


async def test_each_of_several_jobs_says_who_began_it(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    """Four clients put SUBMIT at once, so three of them wait for their turn."""
    people = {"alice": 3093, "bob": 3094, "carol": 3095, "dave": 3096}
    clients: list[asyncio.subprocess.Process] = []
    for who, dcid in people.items():
        clients.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, str(CLIENTS / "caproto_submit.py")),
                *(ioc.prefix, str(dcid)),
                env=ioc.client_environment | {"LOGNAME": who},
            )
        )
        await ioc.until(lambda who=who: asyncio.sleep(0, f"{who}@" in ioc.log))
    with result_sender(rabbitmq) as zocalo:
        for who, dcid in people.items():
            await ioc.until_value("JOB:DCID", dcid)
            await ioc.until_value("STATE", 4)
            assert (await ioc.get("JOB:BY")).partition("@")[0] == who
            zocalo.send({"results": []}, dcid=dcid, dcgid=1)
    assert [await client.wait() for client in clients] == [0, 0, 0, 0]


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
            zocalo.send({"results": [centre_of(1)]}, dcid=3101, dcgid=1)
        output, errors = await running.communicate()
    rabbitmq.declare(TRIGGERS)
    assert running.returncode == 0, errors.decode()
    assert time.monotonic() - began < 30
    found = json.loads(output)
    assert found["state"] == outcome
    assert found["severity"] == severity
    told = {"Done": "1 centre", "Failed": "No queue", "Timed out": "no result within"}
    assert told.get(outcome, "cancelled") in found["message"]


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


async def has_ended(ioc: Ioc) -> bool:
    return math.isnan(await ioc.get("JOB:REMAINING"))


async def has_state(ioc: Ioc, state: str) -> bool:
    return await ioc.state() == state
