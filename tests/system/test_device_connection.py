"""The connection of a device: kept, replaced when lost, and used in any event loop."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import aioca
import bluesky.plan_stubs as bps

from tests.support.engine import running_engine
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RabbitMQ
from tests.support.zocalo import answering, result_sender
from zocalo_ioc.client._background import loop
from zocalo_ioc.clients.ophyd_async import (
    ZocaloResults,
    ZocaloStartInfo,
    ZocaloTrigger,
)


async def test_staging_again_finds_the_ioc_on_the_connection_that_is_there(
    ioc: Ioc,
) -> None:
    device = ZocaloResults(ioc.prefix, "zocalo")
    await device.connect()
    took: list[float] = []
    for _ in range(20):
        begun = time.perf_counter()
        await device.stage()
        took.append(time.perf_counter() - begun)
        await device.unstage()
    # whoever looks for an IOC waits some 10 ms before the question is sent
    assert sorted(took)[10] < 0.01


def test_a_device_staged_outside_the_loop_of_the_run_engine_works_inside(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    device = ZocaloResults(ioc.prefix, "zocalo", timeout_s=20)
    trigger = ZocaloTrigger(ioc.prefix)

    async def connect_and_stage() -> None:
        await device.connect()
        await device.stage()

    asyncio.run(connect_and_stage())
    with running_engine() as engine, answering(rabbitmq):
        trigger.run_start(ZocaloStartInfo(41_000, None, 0, 4, 0))
        trigger.run_end(41_000)
        engine(bps.trigger(device, wait=True))
    assert asyncio.run(device.ispyb_dcid.get_value()) == 41_000

    async def unstage() -> None:
        await device.unstage()

    asyncio.run(unstage())


async def test_an_ioc_that_hangs_is_replaced_by_one_that_answers(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, tmp_path: Path
) -> None:
    options = ("run", *private_broker.options)
    first = ioc_maker(*options)
    device = ZocaloResults(first.prefix, "zocalo", timeout_s=20)
    await device.connect(timeout=40)
    first.process.send_signal(signal.SIGSTOP)
    second = Ioc(tmp_path / "log", first.prefix, *first.arguments)
    try:
        await device.stage()
        device.expect(41_010)
        with result_sender(private_broker) as zocalo:
            first.process.kill()  # else it takes the result
            zocalo.send({"results": []}, dcid=41_010, dcgid=1)
            await device.trigger()
        assert await device.ispyb_dcid.get_value() == 41_010
        await device.unstage()
    finally:
        first.process.kill()
        await asyncio.to_thread(second.stop)


async def test_a_restarted_ioc_that_counts_from_1_again_is_understood(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, tmp_path: Path
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    device = ZocaloResults(ioc.prefix, "zocalo", timeout_s=60)
    await device.connect(timeout=40)
    await ioc.put_all(DCID=41_020, NUM_FRAMES=1)
    await ioc.put("START", 1)
    look = threading.Event()
    with ExitStack() as at_end, answering(private_broker):
        at_end.callback(look.set)
        for dcid in (41_021, 41_022):
            await device.stage()
            waiting = device.trigger()
            if dcid == 41_021:  # HISTORY is empty, until the device looks again
                loop().call_soon_threadsafe(look.wait)
            await asyncio.to_thread(ioc.stop)
            aioca.purge_channel_caches()  # they may break only when they are used
            ioc = Ioc(tmp_path / f"{dcid}", ioc.prefix, *ioc.arguments)
            at_end.callback(ioc.stop)
            await ioc.until_value("BROKER:CONNECTED", 1)
            await ioc.put_all(DCID=dcid, NUM_FRAMES=1)
            await ioc.put("PROCESS", 1)
            look.set()
            await waiting
            assert await device.ispyb_dcid.get_value() == dcid
            await device.unstage()
            look.clear()


def test_a_process_with_a_connected_device_ends_without_a_word(ioc: Ioc) -> None:
    program = f"""
import asyncio
from zocalo_ioc.clients.ophyd_async import ZocaloResults
device = ZocaloResults("{ioc.prefix}", "zocalo")
async def main():
    await device.connect()
    await device.stage()
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", program],
        env=ioc.client_environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
