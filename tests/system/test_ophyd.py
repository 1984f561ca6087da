"""Classic ophyd: plain signals for every record, and the device that uses them.

pyepics takes what it searches from the environment, once; so each client is a process.
"""

import asyncio
import json
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    answering,
    centre_of,
    number_of_centres,
    result_sender,
)
from zocalo_ioc.records import DECLARATIONS, Kind

CLIENT = Path(__file__).parents[1] / "support" / "clients" / "ophyd_process.py"


async def client(ioc: Ioc, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT), ioc.prefix, *arguments),
        env=ioc.client_environment,
        stdout=subprocess.PIPE,
    )


async def told(process: Process) -> Any:
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


async def told_by(ioc: Ioc, *arguments: str) -> Any:
    return await told(await client(ioc, *arguments))


def request(dcid: int, **more: object) -> str:
    return json.dumps({"dcid": dcid, "num_frames": 4} | more)


async def test_plain_signals_read_every_record_and_wait_for_the_end_of_a_put(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=8001, dcgid=1)
        await ioc.until_value("RESULT:DCID", 8001)
    await ioc.put_all(FILENAME="ins_10_31", DCID=8002, NUM_FRAMES=1, TIMEOUT=100)
    await ioc.put("START", 1)
    names = [record.name for record in DECLARATIONS]
    running = await client(ioc, "signals", *names)
    await ioc.until_value("WAIT", 1)
    await asyncio.sleep(0.3)  # for this long at least, it waits
    await ioc.put("CANCEL", 1)
    found = await told(running)
    assert found.pop("waited") >= 0.3
    assert set(found) == set(names)
    assert found["FILENAME"] == "ins_10_31"
    assert found["STATE"] == "Started"
    assert found["SORT_KEY"] == "max_count"
    assert found["MESSAGE"].startswith("DCID 8002: start message sent.")
    assert json.loads(found["RESULT:JSON"]) == {"results": []}
    assert found["DCID"] == 8002
    assert found["TIMEOUT"] == 100
    assert found["BEST:X"] == "nan"
    assert found["BEST:N_VOXELS"] == -1
    assert found["CENTRES:X"] == found["CENTRES:N_VOXELS"] == []
    assert 8001 in found["HISTORY:DCID"]
    arrays = [r for r in DECLARATIONS if r.kind in (Kind.DOUBLES, Kind.INTEGERS)]
    assert all(isinstance(found[record.name], list) for record in arrays)


async def test_the_device_reads_the_result(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": [centre_of(7), centre_of(9)]}, dcid=8005, dcgid=3)
        await ioc.until_value("RESULT:DCID", 8005)
    read = await told_by(ioc, "read")
    assert read["zocalo_best_x"] == 9.5
    assert read["zocalo_centres_x"] == [9.5, 7.5]
    assert read["zocalo_centres_box_max_z"] == [3, 3]
    assert read["zocalo_result_dcid"] == 8005
    assert read["zocalo_result_source"] == "CPU"
    assert read["zocalo_best_sample_id"] == -1


async def test_trigger_ends_with_the_result(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    await ioc.put_all(DCID=8010, NUM_FRAMES=1)
    with answering(rabbitmq):
        assert await told_by(ioc, "trigger") == ""
    assert await ioc.get("RESULT:DCID") == 8010


async def test_trigger_fails_with_the_message_of_the_ioc(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=8011, NUM_FRAMES=0)
    refused = await told_by(ioc, "trigger")
    assert refused.startswith(
        "JobFailedError: START failed. DCID 8011: NUM_FRAMES is 0"
    )
    await ioc.put_all(NUM_FRAMES=1, TIMEOUT=0.5)
    late = await told_by(ioc, "trigger")
    assert late.startswith("JobFailedError: DCID 8011: no result within 0.5 s")


async def test_no_centre_is_no_failure(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    running = await client(ioc, "set", request(8012))
    with result_sender(rabbitmq) as zocalo:
        await ioc.until_value("STATE", 4)
        zocalo.send({"results": []}, dcid=8012, dcgid=1)
        assert await told(running) == [""]


async def test_set_fails_with_the_message_of_the_ioc(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        [failed] = await told_by(ioc, "set", request(8013))
    finally:
        rabbitmq.declare(TRIGGERS)
    assert failed.startswith("JobFailedError: DCID 8013: the start message failed.")
    running = await client(ioc, "set", request(8014))
    await ioc.until_value("STATE", 4)
    await ioc.put("CANCEL", 1)
    assert await told(running) == ["JobFailedError: DCID 8014: cancelled."]


async def test_several_sets_at_once_wait_each_for_its_own(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    requests = [request(dcid) for dcid in (8020, 8021, 8022)]
    with result_sender(rabbitmq) as zocalo:
        running = await client(ioc, "set", *requests)
        await asyncio.to_thread(rabbitmq.take, TRIGGERS, 6)
        for dcid in (8021, 8020, 8022):
            zocalo.send({"results": []}, dcid=dcid, dcgid=1)
        assert await told(running) == ["", "", ""]


async def test_a_plan_sets_and_reads(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    with answering(rabbitmq):
        event = await told_by(ioc, "plan", request(8030))
    assert event["zocalo_result_dcids"] == [8030]
    assert len(event["zocalo_centres_x"]) == number_of_centres(8030)


async def test_an_ioc_that_dies_fails_the_status(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    options = ("--broker", private_broker.url, "--results-queue", RESULTS)
    ioc = ioc_maker("run", *options)
    running = await client(ioc, "set", request(8040))
    await ioc.until_value("STATE", 4)
    await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    [failed] = await told(running)
    assert (
        failed == f"JobFailedError: {ioc.prefix} does not answer. Is the IOC running?"
    )
