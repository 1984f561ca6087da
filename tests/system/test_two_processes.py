"""Callbacks that trigger Zocalo in another process than the one with the device."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import answering, centre_of, result_sender
from zocalo_ioc.clients.ophyd_async import NoResultsFromZocaloError, ZocaloResults

CALLBACKS = Path(__file__).parents[1] / "support" / "clients" / "zocalo_trigger.py"
STRANGER = 999
SCANS = 20


@pytest.fixture
async def device(ioc: Ioc) -> ZocaloResults:
    device = ZocaloResults(ioc.prefix, "zocalo", timeout_s=30)
    await device.connect()
    return device


@pytest.fixture
async def trigger(ioc: Ioc) -> AsyncIterator[Callable[[int], Awaitable[str]]]:
    """Triggers a data collection from another process, and returns what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CALLBACKS), ioc.prefix),
        env=ioc.client_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    stdin, stdout = process.stdin, process.stdout

    async def trigger(dcid: int) -> str:
        stdin.write(f"{dcid}\n".encode())
        return (await stdout.readline()).decode().strip()

    yield trigger
    stdin.close()
    assert await process.wait() == 0


async def test_results_of_strangers_that_come_first_are_left(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    device: ZocaloResults,
    trigger: Callable[[int], Awaitable[str]],
) -> None:
    with result_sender(rabbitmq) as stranger, answering(rabbitmq):
        for dcid in range(40_000, 40_000 + SCANS):
            await device.stage()
            seq = await ioc.get("RESULT:SEQ")
            stranger.send({"results": [centre_of(1)]}, dcid=STRANGER, dcgid=1)
            await ioc.until_value("RESULT:SEQ", seq + 1)
            assert await trigger(dcid) == "triggered"
            await device.trigger()
            assert await device.ispyb_dcid.get_value() == dcid
            await device.unstage()


async def test_a_late_result_of_a_scan_before_is_left(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    device: ZocaloResults,
    trigger: Callable[[int], Awaitable[str]],
) -> None:
    await trigger(40_100)
    await device.stage()
    with result_sender(rabbitmq) as zocalo:
        zocalo.send({"results": [centre_of(1)]}, dcid=40_100, dcgid=1)
        await ioc.until_value("RESULT:DCID", 40_100)
        await trigger(40_101)
        zocalo.send({"results": [centre_of(2)]}, dcid=40_101, dcgid=1)
        await device.trigger()
    assert await device.ispyb_dcid.get_value() == 40_101
    await device.unstage()


async def test_a_start_that_fails_in_the_other_process_fails_the_plan_at_once(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    device: ZocaloResults,
    trigger: Callable[[int], Awaitable[str]],
) -> None:
    await device.stage()
    waiting = device.trigger()
    rabbitmq.delete(TRIGGERS)
    try:
        assert "40200: the start message was not confirmed" in await trigger(40_200)
        failed = time.monotonic()
        with pytest.raises(NoResultsFromZocaloError) as caught:
            await waiting
        assert time.monotonic() - failed < 1
    finally:
        rabbitmq.declare(TRIGGERS)
    said = str(caught.value)
    assert said.startswith("DCID 40200 has no result: Failed.")
    assert f"{ioc.prefix} says: DCID 40200: the start message failed" in said
    # it is said once: the next scan may succeed
    with answering(rabbitmq):
        await trigger(40_201)
        await device.trigger()
    assert await device.ispyb_dcid.get_value() == 40_201
    await device.unstage()


async def test_a_job_that_is_cancelled_fails_the_plan_and_one_of_others_does_not(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    device: ZocaloResults,
    trigger: Callable[[int], Awaitable[str]],
) -> None:
    await device.stage()
    device.expect(40_301)
    waiting = device.trigger()
    for dcid in (40_300, 40_301):
        assert await trigger(dcid) == "triggered"
        assert not waiting.done
        await ioc.put("CANCEL", 1)
    with pytest.raises(NoResultsFromZocaloError, match="40301 has no result: Cancel"):
        await waiting
    await device.unstage()
