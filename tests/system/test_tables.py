"""The NTTables: consistent, one event an update, also when read as fast as can be."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from p4p.client.asyncio import Context

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import centre_of, result_sender

CLIENTS = Path(__file__).parents[1] / "support" / "clients"
COLUMNS = [
    *("x", "y", "z"),
    *(f"box_min_{axis}" for axis in "xyz"),
    *(f"box_max_{axis}" for axis in "xyz"),
    *(f"max_voxel_{axis}" for axis in "xyz"),
    *("max_count", "total_count", "n_voxels", "sample_id"),
]


async def table(ioc: Ioc, name: str) -> Any:
    with Context("pva", nt=False) as context:
        async with asyncio.timeout(20):
            return await context.get(ioc.pv(name))


async def test_the_result_table_has_one_row_a_centre_strongest_first(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    results = [centre_of(7), centre_of(9)]
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": results}, dcid=4001, dcgid=1)
        await ioc.until_value("RESULT:DCID", 4001)
    value = await table(ioc, "RESULT:TABLE")
    assert value.getID() == "epics:nt/NTTable:1.0"
    assert list(value.labels) == COLUMNS == list(value.value)
    rows = list(zip(*(value.value[column] for column in COLUMNS), strict=True))
    assert rows == [
        (9.5, 1.5, 2.5, 9, 1, 2, 10, 2, 3, 9, 1, 2, 9, 9, 1, -1),
        (7.5, 1.5, 2.5, 7, 1, 2, 8, 2, 3, 7, 1, 2, 7, 7, 1, -1),
    ]


async def test_the_result_table_says_whose_it_is(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({}, dcid=4004, dcg_dcids=[4003, 4004], dcgid=400, gpu=True)
        await ioc.until_value("RESULT:DCID", 4004)
    value = await table(ioc, "RESULT:TABLE")
    assert list(value.dcids) == [4004, 4003]
    assert (value.dcgid, value.source) == (400, 1)
    assert value.seq == await ioc.get("RESULT:SEQ")
    assert value.job == await ioc.get("RESULT:JOB") == 0


async def test_the_history_has_the_columns_of_the_interface(ioc: Ioc) -> None:
    value = await table(ioc, "HISTORY")
    names = ["dcid", "dcgid", "state", "source", "centres", "latency", "time"]
    names += ["job", "id"]
    assert list(value.labels) == names == list(value.value)


async def test_a_job_is_in_the_history_once(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    await ioc.put_all(DCID=4010, DCGID=44, NUM_FRAMES=1)
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": [centre_of(1)]}, dcid=4010, dcgid=44, gpu=True)
        await ioc.until_newest(4010, "Done")
    rows = (await table(ioc, "HISTORY")).value
    mine = [i for i, dcid in enumerate(rows.dcid) if dcid == 4010]
    assert mine == [0]
    found = [rows[c][0] for c in ("dcgid", "state", "source", "centres")]
    assert found == [44, "Done", "GPU", 1]
    assert 0 < rows.latency[0] < 20
    assert rows.latency[0] == round(rows.latency[0], 3)


async def test_the_history_keeps_the_last_100(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    with result_sender(rabbitmq) as zocalo:
        for dcid in range(5000, 5150):
            zocalo.send({"results": []}, dcid=dcid, dcgid=1)
        await ioc.until_value("RESULT:DCID", 5149)
    dcids = (await table(ioc, "HISTORY")).value.dcid
    assert list(dcids) == list(range(5149, 5049, -1))


async def test_each_update_gives_a_monitor_one_event(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    seen: list[tuple[int, int]] = []
    arrived = asyncio.Event()

    async def note(value: Any) -> None:
        seen.append((value.seq, len(value.value.x)))
        arrived.set()

    async def next_event() -> None:
        async with asyncio.timeout(20):
            await arrived.wait()
        arrived.clear()

    with Context("pva", nt=False) as context, result_sender(rabbitmq) as zocalo:
        monitor = context.monitor(ioc.pv("RESULT:TABLE"), note)
        await next_event()
        seen.clear()
        before = await ioc.get("RESULT:SEQ")
        for n in range(20):
            zocalo.send({"results": [centre_of(1)] * n}, dcid=4020, dcgid=1)
            await next_event()
        monitor.close()
    assert seen == [(before + n + 1, n) for n in range(20)]


@pytest.mark.parametrize("name", ["RESULT:TABLE", "HISTORY"])
async def test_fast_readers_never_see_columns_of_different_updates(
    ioc: Ioc, rabbitmq: RabbitMQ, name: str
) -> None:
    """Readers in a process of their own get and monitor while 2,000 results come."""
    count = 2000
    before = int(await ioc.get("RESULT:SEQ"))
    reader = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CLIENTS / "read_table.py"),
        ioc.pv(name),
        ioc.pv("RESULT:SEQ"),
        str(before + count),
        env=ioc.client_environment,
        stdout=subprocess.PIPE,
    )
    assert reader.stdout is not None
    assert await reader.stdout.readline() == b"reading\n"
    with result_sender(rabbitmq) as zocalo:
        for dcid in range(1_000_001, 1_000_001 + count):
            # every number of a result is made of its DCID, so that no two agree
            results = [centre_of(dcid)] * (dcid % 60)
            zocalo.send({"results": results}, dcid=dcid, dcgid=dcid)
        # without confirms, RabbitMQ may lose messages of a sender that leaves at once
        async with asyncio.timeout(300):
            output, _ = await reader.communicate()
    found = json.loads(output)
    assert found["torn"] == []
    assert found["gets"] > 10  # on a busy machine most updates are overtaken
    assert found["events"] > 10
    assert rabbitmq.depth(RESULTS) == rabbitmq.depth(TRIGGERS) == 0
