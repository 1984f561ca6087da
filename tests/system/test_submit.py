"""`zocalo-ioc submit`, in a process of its own as in a terminal."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import answering, number_of_centres, result_sender

FOUND, FAILED, NO_CENTRES, INTERRUPTED = 0, 1, 3, 130


@dataclass
class Ended:
    status: int | None
    output: str
    errors: str


class Submitting:
    """A running ``zocalo-ioc submit``."""

    started: ClassVar[list[Self]] = []

    def __init__(self, ioc: Ioc, *arguments: str, prefix: str = "") -> None:
        self.started.append(self)
        self.process = subprocess.Popen(
            [
                *(Path(sys.executable).with_name("zocalo-ioc"), "submit"),
                *(prefix or ioc.prefix, *arguments),
            ],
            env=ioc.client_environment | {"COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # whoever runs the tests in the background has SIGINT ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    async def end(self) -> Ended:
        output, errors = await asyncio.to_thread(self.process.communicate, timeout=60)
        return Ended(self.process.returncode, output, errors)


@pytest.fixture(autouse=True)
def nothing_runs_on() -> Iterator[None]:
    """End what a test that failed has left."""
    yield
    for each in Submitting.started:
        each.process.kill()
        each.process.communicate()
    Submitting.started.clear()


async def submit(ioc: Ioc, *arguments: str, prefix: str = "") -> Ended:
    return await Submitting(ioc, *arguments, prefix=prefix).end()


async def test_it_prints_the_centres_and_leaves_with_0(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    with answering(rabbitmq):
        ended = await submit(ioc, "6476", "--num-frames", "40")
    assert ended.status == FOUND, ended.errors
    count = number_of_centres(6476)
    assert count == 5
    rows = [line.split() for line in ended.output.splitlines()]
    row = ["76.500", "1.500", "2.500", "76-77", "1-2", "2-3", "6476", "6476", "1", "-"]
    assert rows[1:6] == [[str(n), *row] for n in range(1, 6)]
    assert ended.output.endswith("DCID 6476: 5 centres found by the CPU pipeline.\n")
    assert max(len(line) for line in ended.output.splitlines()) <= 80
    assert "waiting for the result" in ended.errors


async def test_json_has_every_number_of_every_centre(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    with answering(rabbitmq):
        ended = await submit(ioc, "6472", "--num-frames", "40", "--json")
    found = json.loads(ended.output)
    assert found["state"] == "Done"
    assert found["message"] == "DCID 6472: 1 centre found by the CPU pipeline."
    assert found["dcids"] == [6472]
    assert found["centres"] == [
        {
            **{"x": 72.5, "y": 1.5, "z": 2.5},
            **{"box_min_x": 72, "box_min_y": 1, "box_min_z": 2},
            **{"box_max_x": 73, "box_max_y": 2, "box_max_z": 3},
            **{"max_voxel_x": 72, "max_voxel_y": 1, "max_voxel_z": 2},
            **{"max_count": 6472, "total_count": 6472, "n_voxels": 1},
            "sample_id": None,
        }
    ]


async def test_the_grids_of_a_scan_are_one_job(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    with answering(rabbitmq) as zocalo:
        ended = await submit(
            ioc,
            *("7280", "7281", "--num-frames", "40", "--num-frames", "30"),
            *("--parameters", '{"of_two": true}', "--json"),
        )
    assert ended.status == FOUND, ended.errors
    assert json.loads(ended.output)["dcids"] == [7281, 7280]
    assert [event for _, event in zocalo.events] == ["start", "start", "end", "end"]


async def test_no_centre_has_a_status_of_its_own(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    running = Submitting(ioc, "6203", "--num-frames", "1", "--json")
    with result_sender(rabbitmq) as zocalo:
        await ioc.until_value("STATE", 4)
        zocalo.send({"results": []}, dcid=6203, dcgid=1)
        ended = await running.end()
    assert ended.status == NO_CENTRES
    assert json.loads(ended.output)["centres"] == []


async def test_start_and_end_can_be_sent_alone(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    started = await submit(
        ioc,
        *("6204", "--command", "start", "--num-frames", "7", "--filename", "ins_1"),
        *("--start-frame", "3", "--message-index", "2", "--recipes", "a,b"),
    )
    assert started.status == FOUND, started.errors
    assert await ioc.state() == "Started"
    ended = await submit(ioc, "6204", "--command", "end")
    assert ended.status == FOUND, ended.errors
    start, end = [json.loads(body) for _, _, body in rabbitmq.take(TRIGGERS, 2)]
    assert start["recipes"] == ["a", "b"]
    assert start["parameters"] | {"guid": ""} == {
        "ispyb_dcid": 6204,
        "filename": "ins_1",
        "start_frame_index": 3,
        "number_of_frames": 7,
        "message_index": 2,
        "event": "start",
        "guid": "",
    }
    assert end["parameters"]["event"] == "end"
    await ioc.put("CANCEL", 1)


async def test_a_job_without_a_result_is_done_at_once(ioc: Ioc) -> None:
    ended = await submit(ioc, "6210", "--num-frames", "1", "--no-expect-result")
    assert ended.status == FOUND, ended.errors
    said = "DCID 6210: end message sent, no result expected.\n"
    assert ended.output == said
    assert await ioc.state() == "Done"


async def test_a_job_is_cancelled_by_its_data_collection(ioc: Ioc) -> None:
    running = Submitting(ioc, "6211", "--num-frames", "1")
    await ioc.until_value("JOB:DCID", 6211)
    await ioc.until_value("STATE", 4)
    cancelled = await submit(ioc, "6211", "--command", "cancel", "--json")
    assert cancelled.status == FOUND, cancelled.errors
    assert json.loads(cancelled.output)["state"] == "Cancelled"
    assert "DCID 6211: cancelled" in (await running.end()).errors
    again = await submit(ioc, "6211", "--command", "cancel")
    assert again.status == FAILED
    assert "DCID 6211: no job to cancel" in again.errors


async def test_many_at_once_get_each_its_own_centres(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    dcids = range(8090, 8096)
    with answering(rabbitmq):
        running = [
            Submitting(ioc, str(dcid), "--num-frames", "1", "--json") for dcid in dcids
        ]
        ended = [await each.end() for each in running]
    for dcid, each in zip(dcids, ended, strict=True):
        found = json.loads(each.output)
        assert found["dcids"] == [dcid]
        assert len(found["centres"]) == number_of_centres(dcid)


async def test_what_failed_is_told_with_the_reason(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        ended = await submit(ioc, "6205", "--num-frames", "1")
    finally:
        rabbitmq.declare(TRIGGERS)
    assert ended.status == FAILED
    reason = ended.errors.splitlines()[-1]
    assert reason.startswith("zocalo-ioc: DCID 6205: the start message failed.")
    assert "processing_recipe" in reason


async def test_the_time_out_of_the_ioc_is_told(ioc: Ioc) -> None:
    await ioc.put("TIMEOUT", 0.5)
    ended = await submit(ioc, "6206", "--num-frames", "1")
    assert ended.status == FAILED
    assert "no result within 0.5 s" in ended.errors


async def test_giving_up_says_that_the_job_goes_on(ioc: Ioc) -> None:
    ended = await submit(ioc, "6207", "--num-frames", "1", "--timeout", "1")
    assert ended.status == FAILED
    assert "DCID 6207: still running after 1 s." in ended.errors
    # nobody is there to do it, for this is no terminal
    assert ended.errors.endswith(f"see {ioc.prefix}:MESSAGE.\n")
    assert await ioc.state() == "Processing"
    await ioc.put("CANCEL", 1)


async def test_ctrl_c_says_that_the_job_goes_on(ioc: Ioc) -> None:
    running = Submitting(ioc, "6208", "--num-frames", "1")
    await ioc.until_value("JOB:DCID", 6208)
    await ioc.until_value("STATE", 4)
    running.process.send_signal(signal.SIGINT)
    ended = await running.end()
    assert ended.status == INTERRUPTED
    assert "Interrupted. The job continues in the IOC" in ended.errors
    assert "Traceback" not in ended.errors
    await ioc.put("CANCEL", 1)


async def test_an_ioc_that_is_not_there_is_named(ioc: Ioc) -> None:
    ended = await submit(ioc, "1", "--num-frames", "1", prefix="NOBODY")
    assert ended.status == FAILED
    assert "NOBODY does not answer. Check that the IOC is running" in ended.errors
    assert ended.errors.endswith("Nothing was sent.\n")
    ended = await submit(
        ioc, "1", "--num-frames", "1", "--timeout", "0.2", prefix="NOBODY"
    )
    assert ended.status == FAILED
    reason = "zocalo-ioc: DCID 1: not connected after 0.2 s. Nothing was sent.\n"
    assert ended.errors.endswith(reason)
    ended = await submit(ioc, "1", "2", "--past", "--timeout", "0.2", prefix="NOBODY")
    assert ended.status == FAILED
    assert ended.errors.endswith("zocalo-ioc: DCID 1, 2: no answer after 0.2 s.\n")


async def test_an_ioc_that_dies_meanwhile_is_named(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    await ioc.get("VERSION")  # submit does not wait long for an IOC that is starting
    running = Submitting(ioc, "6209", "--num-frames", "1")
    await ioc.until_value("STATE", 4)
    await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    ended = await running.end()
    assert ended.status == FAILED
    assert f"Lost {ioc.prefix}" in ended.errors
    assert "Zocalo has every message" in ended.errors


async def test_in_a_narrow_terminal_progress_goes_away_and_no_number_is_cut_short(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    with answering(rabbitmq):
        status, shown = await in_a_terminal(ioc, "6472", "--num-frames", "1")
    assert status == FOUND
    erase_line, show_cursor = "\x1b[2K", "\x1b[?25h"
    assert "DCID 6472: connecting" in shown
    assert erase_line in shown
    assert "connecting" not in shown[shown.rindex(show_cursor) :]
    left = shown[shown.rindex(show_cursor) :]
    assert "1  72.500  1.500  2.500  72-73    1-2    2-3  6472   6472" in left


async def test_in_a_terminal_giving_up_says_how_to_abandon_the_job(ioc: Ioc) -> None:
    giving_up = "--num-frames", "1", "--timeout", "1"
    _, shown = await in_a_terminal(ioc, "6212", "6213", *giving_up)
    [command] = re.findall(r"To cancel it: zocalo-ioc submit \S+ (.*)\r", shown)
    assert await ioc.state() == "Processing"
    assert (await submit(ioc, *command.split())).status == FOUND
    assert await ioc.state() == "Cancelled"


async def in_a_terminal(ioc: Ioc, *arguments: str) -> tuple[int, str]:
    """Run it in a narrow terminal, and return its exit status and what was shown."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("zocalo-ioc")), "submit"),
        *(ioc.prefix, *arguments),
        env=ioc.client_environment | {"TERM": "xterm", "COLUMNS": "40"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while chunk := await asyncio.to_thread(_read, ours):
        seen += chunk
    os.close(ours)
    return await process.wait(), seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""
