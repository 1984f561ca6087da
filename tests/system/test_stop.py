"""What clients see of an IOC that is stopped while their puts wait."""

import asyncio
import os
import signal
import socket
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aioca
import pytest

from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

SUBMIT = '{"command": "process", "dcid": 71, "num_frames": 1}'


async def connected(ioc_maker: Callable[..., Ioc], broker: RabbitMQ) -> Ioc:
    ioc = ioc_maker("run", *broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=71, NUM_FRAMES=1)
    return ioc


@pytest.mark.parametrize("name", ["START", "END", "PROCESS", "SUBMIT", "SEND"])
async def test_a_put_whose_message_is_not_confirmed_never_ends_well(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, name: str
) -> None:
    ioc = await connected(ioc_maker, private_broker)
    value = SUBMIT.replace("process", "start") if name == "SEND" else SUBMIT
    with private_broker.halted():
        command = value if name in ("SUBMIT", "SEND") else 1
        put = asyncio.create_task(ioc.put(name, command))
        await ioc.until_value("STATE", 3 if name == "END" else 1)
        assert await asyncio.to_thread(ioc.stop) == 0
        with pytest.raises(aioca.CANothing):
            await put
    event = "end" if name == "END" else "start"
    assert f"DCID 71: the {event} message failed. " in ioc.log


@pytest.mark.parametrize("name", ["WAIT", "PROCESS"])
async def test_a_put_that_waits_for_a_result_never_ends_well(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, name: str
) -> None:
    ioc = await connected(ioc_maker, private_broker)
    if name == "WAIT":
        await ioc.put_all(START=1, END=1)
    put = asyncio.create_task(ioc.put(name, 1))
    await ioc.until_value("STATE", 4)
    assert await asyncio.to_thread(ioc.stop) == 0
    with pytest.raises(aioca.CANothing):
        await put
    assert "DCID 71: waiting for the result" in ioc.log


async def test_a_message_confirmed_while_the_ioc_stops_is_not_called_failed(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    ioc = await connected(ioc_maker, private_broker)
    with private_broker.halted():
        put = asyncio.create_task(ioc.put("START", 1))
        await ioc.until_value("STATE", 1)
        ioc.process.send_signal(signal.SIGTERM)
        await ioc.until_logged("Stopping")
    assert await asyncio.to_thread(ioc.stop) == 0
    assert "DCID 71: start confirmed" in ioc.log
    assert len(private_broker.take(TRIGGERS)) == 1
    with suppress(aioca.CANothing):  # EPICS may not answer it before the process ends
        await put


async def test_an_ioc_that_waits_for_the_dns_stops_at_once(
    ioc_maker: Callable[..., Ioc], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import socket, time; socket.getaddrinfo = lambda *_, **__: time.sleep(600)"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.getenv("PYTHONPATH")])])
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        broker = ("--broker", "amqp://node1.invalid", "--results-queue", RESULTS)
        ioc = ioc_maker("run", *broker)

    await ioc.until_said("DNS does not answer")
    began = time.monotonic()
    assert await asyncio.to_thread(ioc.stop) == 0
    assert time.monotonic() - began < 5


async def test_graylog_gets_the_last_lines(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as graylog:
        graylog.bind((LOOPBACK, 0))
        graylog.settimeout(5)
        address = f"{LOOPBACK}:{graylog.getsockname()[1]}"
        ioc = ioc_maker("run", *private_broker.options, "--log-graylog", address)
        await ioc.until_value("BROKER:CONNECTED", 1)
        assert await asyncio.to_thread(ioc.stop) == 0
        while b"Stopping" not in zlib.decompress(graylog.recv(65536)):
            pass
