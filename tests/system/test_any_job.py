"""Any kind of job, from a terminal with EPICS base's own tools, and several at once."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aioca
import pytest

from tests.support.ioc import Ioc
from tests.support.pages import entries, type_in
from tests.support.rabbitmq import RabbitMQ
from tests.support.simulation import Simulation, simulating
from tests.support.tools import BASE, SETTING_UP
from zocalo_ioc import Client
from zocalo_ioc.clients.ophyd_async import ZocaloStartInfo, ZocaloTrigger

MAJOR = 2
GRIDS: dict[str, Any] = {
    "grid": [20, 20, 15],
    "crystals": [{"at": [6.5, 8.5, 4.5]}],
    # for others to see that it is being processed
    **{"trouble": "late", "late_by": 4},
}
SCANS = [
    *({"dcids": dcids, **GRIDS} for dcids in ([701, 702], [721, 722])),
    *({"dcids": [dcid], "kind": "rotation"} for dcid in (703, 704, 711, 712, 713)),
]


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("any-job")


@pytest.fixture(scope="module")
async def zocalo(
    site: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Simulation]:
    """A simulated i03."""
    folder = tmp_path_factory.mktemp("i03")
    with simulating(site, folder, collections={"scans": SCANS}) as simulation:
        yield simulation


@pytest.fixture(scope="module")
async def ioc(site: RabbitMQ, zocalo: Simulation, ioc_maker: Callable[..., Ioc]) -> Ioc:
    ioc = ioc_maker("run", *site.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.until_value("ZOCALO:CONSUMERS", 1)
    return ioc


# -- terminal sessions ------------------------------------------------------------

SETTING = "see() { caget P:STATE P:STATE.SEVR; caget -S P:MESSAGE; }"
"""What is typed first: see shows state, alarm and message."""
GRID_SCAN = """
$ caput -t P:SOURCE GPU
GPU
$ caput -t -S P:FILENAME ins_10_31
ins_10_31
$ caput -t P:DCID 701
701
$ caput -t P:NUM_FRAMES 400
400
$ caput -t P:XZ:DCID 702
702
$ caput -t P:XZ:NUM_FRAMES 300
300
$ caput -t -c P:START 1
Ready
$ see
P:STATE Started
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 701, 702: start message sent. Put 1 to END when the data is complete.
$ caput -t -c P:END 1
Ready
$ see
P:STATE Processing
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 701, 702: waiting for the result.
$ caput -t -c -w 60 P:WAIT 1
Ready
$ see
P:STATE Done
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 701, 702: 1 centre found by the GPU pipeline.
$ caget P:RESULT:DIMENSIONS P:RESULT:SOURCE
P:RESULT:DIMENSIONS 3
P:RESULT:SOURCE GPU
"""
ROTATION = """
$ caput -t P:XZ:DCID 0
0
$ caput -t P:DCID 703
703
$ caput -t P:NUM_FRAMES 3600
3600
$ caput -t P:EXPECT_RESULT No
No
$ caput -t -c P:START 1
Ready
$ see
P:STATE Started
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 703: start message sent. Put 1 to END when the data is complete.
$ caput -t -c P:END 1
Ready
$ see
P:STATE Done
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 703: end message sent, no result expected.
$ caput -t -c P:WAIT 1
Ready
$ caput -t P:EXPECT_RESULT Yes
Yes
"""
REPROCESSING = """
$ caput -t P:DCID 704
704
$ caput -t -S P:RECIPES archive-nexus
archive-nexus
$ caput -t -S P:PARAMETERS '{"ispyb_process": 12}'
{\\"ispyb_process\\": 12}
$ caput -t P:EXPECT_RESULT No
No
$ caput -t -c P:END 1
Ready
$ see
P:STATE Done
P:STATE.SEVR NO_ALARM
P:MESSAGE DCID 704: end message sent, no result expected.
$ caput -t -c P:WAIT 1
Ready
$ caput -t P:EXPECT_RESULT Yes
Yes
$ caput -t -S P:RECIPES mimas
mimas
$ caput -t -S P:PARAMETERS '{}'
{}
"""


@pytest.mark.parametrize(
    "session", [GRID_SCAN, ROTATION, REPROCESSING], ids=["grids", "rotation", "other"]
)
async def test_a_job_is_run_from_a_terminal(
    ioc: Ioc, zocalo: Simulation, tmp_path: Path, session: str
) -> None:
    expected = entries(session)
    setting_up = [*SETTING_UP["base"], SETTING]
    typed = [
        re.sub(r"\bP:", f"{ioc.prefix}:", line)
        for line in (*setting_up, *(line for line, _ in expected))
    ]
    environment = ioc.client_environment
    shown = await asyncio.to_thread(type_in, typed, environment, tmp_path)
    seen = [
        re.sub(" +", " ", text.replace(f"{ioc.prefix}:", "P:"))
        for text in shown[len(setting_up) :]
    ]
    lines = [line for line, _ in expected]
    assert [*zip(lines, seen, strict=True)] == expected


async def test_what_was_typed_reached_zocalo(zocalo: Simulation) -> None:
    zocalo.until_logged(
        "DCID 701 has ended: a grid of 20 x 20 boxes, scanned together with 702",
        "DCID 703 has ended: a rotation data collection",
    )


# -- several at once ----------------------------------------------------------------


async def test_rotations_and_a_grid_scan_of_three_clients_overlap(
    ioc: Ioc, zocalo: Simulation
) -> None:
    """A terminal, a plan's trigger and the client; nothing is in alarm at any time."""
    await ioc.put_all(TIMEOUT=20, SOURCE=0)
    before = await ioc.get("JOB:NUMBER")
    alarms: list[tuple[str, int]] = []
    monitors = [
        aioca.camonitor(
            ioc.pv(name),
            lambda value, name=name: alarms.append((name, value.severity)),
            format=aioca.FORMAT_TIME,
            all_updates=True,
        )
        for name in ("STATE", "BROKER:CONNECTED", "ZOCALO:CONSUMERS")
    ]
    trigger = ZocaloTrigger(ioc.prefix, expect_result=False)
    async with asyncio.timeout(100), Client(ioc.prefix) as client:
        await terminal(ioc, "start", 711, expect_result=False, id="terminal")
        start = ZocaloStartInfo(712, "ins_1_2", 0, 400, 0)
        await asyncio.to_thread(trigger.run_start, start)
        grids = [{"dcid": 721, "num_frames": 400}, {"dcid": 722, "num_frames": 300}]
        scan = asyncio.create_task(client.process(grids, id="client"))
        await ioc.until_value("JOB:DCID", 721)
        await ioc.until_value("STATE", 4)
        await terminal(ioc, "start", 713, expect_result=False)
        assert await ioc.state() == "Started"
        assert list(await ioc.get("JOB:DCIDS")) == [713]
        result = await scan
        assert await ioc.get("JOB:DCID") == 713  # commanded last
        await client.cancel(713)
        assert await ioc.state() == "Cancelled"
        await ioc.put("TIMEOUT", 0.1)  # it is for results, and no job waits for one
        beats = await ioc.get("HEARTBEAT")
        await ioc.until(lambda: counts_up_to(ioc, beats + 2))
        await asyncio.to_thread(trigger.run_end, 712)
        assert (await ioc.get("JOB:DCID"), await ioc.state()) == (712, "Done")
        await terminal(ioc, "end", 711)
        assert (await ioc.get("JOB:DCID"), await ioc.state()) == (711, "Done")
    assert len(result.centres) == 1
    rows = [
        list((await ioc.get(f"HISTORY:{name}"))[:4])
        for name in ("DCID", "STATE", "JOB")
    ]
    assert [*zip(*rows, strict=True)] == [
        (711, "Done", before + 1),
        (712, "Done", before + 2),
        (713, "Cancelled", before + 4),
        (721, "Done", before + 3),
    ]
    ids = list((await ioc.get("HISTORY:ID"))[:4])
    assert (ids[0], ids[3]) == ("terminal", "client")
    for monitor in monitors:
        monitor.close()
    assert {name for name, _ in alarms} == {
        "STATE",
        "BROKER:CONNECTED",
        "ZOCALO:CONSUMERS",
    }
    assert [alarm for alarm in alarms if alarm[1] != 0] == []


async def terminal(ioc: Ioc, command: str, dcid: int, **more: Any) -> None:
    """Write to SEND with EPICS base's own caput."""
    request = {"command": command, "dcid": dcid, "num_frames": 400} | more
    process = await asyncio.create_subprocess_exec(
        *(BASE / "caput", "-S", "-c", ioc.pv("SEND"), json.dumps(request)),
        env=ioc.client_environment | {"PATH": f"{BASE}"},  # it starts caRepeater
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


async def counts_up_to(ioc: Ioc, beats: int) -> bool:
    return await ioc.get("HEARTBEAT") >= beats
