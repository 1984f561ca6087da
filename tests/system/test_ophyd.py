"""Classic ophyd: plain signals for every record, and the device that uses them.

pyepics takes what it searches from the environment, once; so each client is a process.
"""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    answering,
    centre_of,
    number_of_centres,
    result_sender,
)
from zocalo_ioc.records import DECLARATIONS, Floats, Ints

CLIENT = Path(__file__).parents[1] / "support" / "clients" / "ophyd_process.py"


class Client:
    """A process that uses an IOC through ophyd."""

    def __init__(self, ioc: Ioc) -> None:
        self.process = subprocess.Popen(
            [sys.executable, CLIENT, ioc.prefix],
            env=ioc.client_environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *what: object) -> None:
        assert self.process.stdin is not None
        print(json.dumps(what), file=self.process.stdin, flush=True)

    async def answer(self) -> Any:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        return json.loads(line)

    async def told(self, *what: object) -> Any:
        self.ask(*what)
        return await self.answer()

    def stop(self) -> None:
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def client(shared_ioc: Ioc) -> Iterator[Client]:
    client = Client(shared_ioc)
    yield client
    client.stop()


def request(dcid: int) -> dict[str, int]:
    return {"dcid": dcid, "num_frames": 4}


async def test_plain_signals_read_every_record_and_wait_for_the_end_of_a_put(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": []}, dcid=8001, dcgid=1)
        await ioc.until_value("RESULT:DCID", 8001)
    await ioc.put_all(FILENAME="ins_10_31", DCID=8002, NUM_FRAMES=1, TIMEOUT=100)
    await ioc.put("START", 1)
    names = [record.name for record in DECLARATIONS]
    client.ask("signals", *names)
    await ioc.until_value("WAIT", 1)
    await asyncio.sleep(0.3)  # for this long at least, it waits
    await ioc.put("CANCEL", 1)
    found = await client.answer()
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
    arrays = [r for r in DECLARATIONS if isinstance(r.datatype, Floats | Ints)]
    assert all(isinstance(found[record.name], list) for record in arrays)


async def test_the_device_reads_the_result(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": [centre_of(7), centre_of(9)]}, dcid=8005, dcgid=3)
        await ioc.until_value("RESULT:DCID", 8005)
    read = await client.told("read")
    assert read["zocalo_best_x"] == 9.5
    assert read["zocalo_centres_x"] == [9.5, 7.5]
    assert read["zocalo_centres_box_max_z"] == [3, 3]
    assert read["zocalo_result_dcid"] == 8005
    assert read["zocalo_result_source"] == "CPU"
    assert read["zocalo_best_sample_id"] == -1


async def test_trigger_ends_with_the_result(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    await ioc.put_all(DCID=8010, NUM_FRAMES=1)
    with answering(rabbitmq):
        assert await client.told("trigger") == ""
    assert await ioc.get("RESULT:DCID") == 8010


async def test_trigger_fails_with_the_message_of_the_ioc(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    await ioc.put_all(DCID=8011, NUM_FRAMES=0)
    refused = await client.told("trigger")
    assert refused.startswith(
        "RequestRefused: START failed. DCID 8011: the number of frames is 0"
    )
    await ioc.put_all(NUM_FRAMES=1, TIMEOUT=0.5)
    late = await client.told("trigger")
    assert late.startswith("JobTimedOut: DCID 8011: no result within 0.5 s")


async def test_no_centre_is_no_failure(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    client.ask("set", request(8012))
    with result_sender(rabbitmq) as zocalo:
        await ioc.until_value("STATE", 4)
        zocalo.send({"results": []}, dcid=8012, dcgid=1)
        assert await client.answer() == [""]


async def test_set_fails_with_the_message_of_the_ioc(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        [failed] = await client.told("set", request(8013))
    finally:
        rabbitmq.declare(TRIGGERS)
    assert failed.startswith("JobFailed: DCID 8013: the start message failed.")
    client.ask("set", request(8014))
    await ioc.until_value("STATE", 4)
    await ioc.put("CANCEL", 1)
    [cancelled] = await client.answer()
    assert cancelled.startswith("JobCancelled: DCID 8014: cancelled.")


async def test_several_sets_at_once_wait_each_for_its_own(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    requests = [request(dcid) for dcid in (8020, 8021, 8022)]
    with result_sender(rabbitmq) as zocalo:
        client.ask("set", *requests)
        await asyncio.to_thread(rabbitmq.take, TRIGGERS, 6)
        for dcid in (8021, 8020, 8022):
            zocalo.send({"results": []}, dcid=dcid, dcgid=1)
        assert await client.answer() == ["", "", ""]


async def test_a_plan_sets_and_reads(
    ioc: Ioc, rabbitmq: RabbitMQ, client: Client
) -> None:
    with answering(rabbitmq):
        event = await client.told("plan", request(8030))
    assert event["zocalo_result_dcids"] == [8030]
    assert len(event["zocalo_centres_x"]) == number_of_centres(8030)


async def test_an_ioc_that_dies_fails_the_status(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    client = Client(ioc)
    client.ask("set", request(8040))
    await ioc.until_value("STATE", 4)
    await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    [failed] = await client.answer()
    client.stop()
    assert failed.startswith(f"IocGone: Lost {ioc.prefix}")
