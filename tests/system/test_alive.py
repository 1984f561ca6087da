"""`zocalo-ioc alive`, as probes run it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support import ports
from tests.support.ioc import Ioc, StuckIoc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.zocalo import result_sender

NO_BROKER = "run", "--broker", "amqp://127.0.0.1:1", "--results-queue", RESULTS


async def alive(ioc: Ioc, *options: str, **variables: str) -> tuple[int | None, str]:
    """Run it, and return its exit status and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("zocalo-ioc"), "alive", *options),
        env={**ioc.client_environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(40):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_an_ioc_without_a_broker_is_alive_but_not_connected(
    ioc_maker: Callable[..., Ioc],
) -> None:
    ioc = ioc_maker(*NO_BROKER)
    assert await alive(ioc, ioc.prefix, "--timeout", "30") == (0, "")
    status, output = await alive(ioc, ioc.prefix, "--connected", "--timeout", "30")
    assert status == 1
    assert f"{ioc.prefix} is not connected to its broker" in output


async def test_the_settings_of_the_ioc_tell_the_probe_what_to_look_for(
    ioc: Ioc, tmp_path: Path
) -> None:
    settings = tmp_path / "i03.yaml"
    settings.write_text(f"prefix: {ioc.prefix}\nresults_queue: xrc.i03\n")
    file = {"ZOCALO_IOC_CONFIG": str(settings)}
    assert await alive(ioc, "--connected", "--timeout", "30", **file) == (0, "")


async def test_an_ioc_that_has_ended_is_not_alive(
    ioc_maker: Callable[..., Ioc],
) -> None:
    ioc = ioc_maker(*NO_BROKER)
    await ioc.get("HEARTBEAT")
    await asyncio.to_thread(ioc.stop)
    status, output = await alive(ioc, ioc.prefix, "--timeout", "2")
    assert status == 1
    assert f"{ioc.prefix} does not answer" in output


async def test_an_ioc_that_only_answers_is_not_alive(
    tmp_path: Path, private_broker: RabbitMQ
) -> None:
    ioc = StuckIoc(
        tmp_path / "log", "STUCK", "run", "--prefix", "STUCK", *private_broker.options
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    assert await alive(ioc, "STUCK", "--timeout", "30") == (0, "")
    try:
        with result_sender(private_broker) as zocalo:
            zocalo.send({"results": []}, dcid=1, dcgid=1)
            await ioc.until_value("RESULT:DCID", 1)
        status, output = await alive(ioc, "STUCK", "--timeout", "4")
    finally:
        await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    assert status == 1
    assert "STUCK answers, but its heartbeat has not moved for 4 s" in output


async def test_nothing_holds_the_pipe_that_it_prints_to(ioc: Ioc) -> None:
    (port,) = ports.free_ports(1)
    # no caRepeater has this port, so EPICS starts one, the first that PATH has
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    own = {"PATH": path, "EPICS_CA_REPEATER_PORT": str(port)}
    try:
        assert await alive(ioc, ioc.prefix, "--timeout", "30", **own) == (0, "")
    finally:
        end_repeaters(port)


def end_repeaters(port: int) -> None:
    """End the processes, of this test's user, that were started to repeat at a port."""
    variable = f"EPICS_CA_REPEATER_PORT={port}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGTERM)
