"""What an IOC tells systemd."""

import asyncio
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ioc import Ioc, StuckIoc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.zocalo import result_sender
from zocalo_ioc.commands._service import Service

PERIOD = 0.5
"""In which a watchdog is to hear something, in seconds."""


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "notify")  # a short one, as such a socket needs
        yield "@" + path if request.param == "abstract" else path


@pytest.fixture
def systemd(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", str(int(PERIOD * 1e6)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0"))
        systemd.settimeout(40)
        yield systemd


async def until(systemd: socket.socket, wanted: str) -> None:
    while await asyncio.to_thread(systemd.recv, 100) != wanted.encode():
        pass


async def test_systemd_hears_of_start_life_and_stop(
    systemd: socket.socket, ioc_maker: Callable[..., Ioc]
) -> None:
    broker = ("--broker", "amqp://127.0.0.1:1", "--results-queue", RESULTS)
    ioc = ioc_maker("run", *broker)
    await until(systemd, "READY=1")
    assert await ioc.get("HEARTBEAT") >= 0
    for _ in range(3):
        await until(systemd, "WATCHDOG=1")
    assert await asyncio.to_thread(ioc.stop) == 0
    await until(systemd, "STOPPING=1")


@pytest.mark.parametrize(
    "stale", ["/nowhere/notify", "@zocalo-ioc-nobody", "vsock:2:1", f"/{'long' * 30}"]
)
def test_a_socket_that_can_not_be_reached_is_a_warning(
    stale: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", stale)
    Service().tell("READY=1")
    [warning] = caplog.messages
    assert warning.startswith(f"Can't notify systemd: NOTIFY_SOCKET is {stale}: ")


async def test_an_ioc_that_hangs_no_longer_says_that_it_lives(
    systemd: socket.socket,
    private_broker: RabbitMQ,
    tmp_path: Path,
) -> None:
    ioc = StuckIoc(
        tmp_path / "log", "STUCK", "run", "--prefix", "STUCK", *private_broker.options
    )
    try:
        await until(systemd, "READY=1")
        await ioc.until_value("BROKER:CONNECTED", 1)
        with result_sender(private_broker) as zocalo:
            zocalo.send({}, dcid=5)
        await ioc.until_value("RESULT:SEQ", 1)
        systemd.settimeout(4 * PERIOD)
        with pytest.raises(TimeoutError):
            await until(systemd, "it hangs")
    finally:
        ioc.process.kill()
        ioc.stop()
