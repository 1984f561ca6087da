"""The IOC behind p4p's PVA gateway, as clients in another network reach it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from p4p.client.asyncio import Context

from tests.support import ports
from tests.support.ioc import Ioc

STARTED, PROCESSING, DONE = 2, 4, 5
PVAGW = Path(sys.executable).with_name("pvagw")


@pytest.fixture(scope="module")
def ioc(ioc_maker: Callable[..., Ioc]) -> Ioc:
    return ioc_maker("demo")


@pytest.fixture(scope="module")
def gateway(
    ioc: Ioc, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What a client knows that knows of the gateway alone."""
    front, folder = ports.borrow(), tmp_path_factory.mktemp("gateway")
    loopback = {"addrlist": ports.LOOPBACK, "autoaddrlist": False}
    inside = {"name": "inside", "provider": "pva", "bcastport": ioc.ports.search}
    outside = {"name": "outside", "clients": ["inside"]}
    outside |= {"interface": [ports.LOOPBACK], "statusprefix": "GATEWAY:"}
    outside |= {"serverport": front.pva, "bcastport": front.search}
    configuration = {
        "version": 2,
        "clients": [inside | loopback],
        "servers": [outside | loopback],
    }
    (folder / "pvagw.json").write_text(json.dumps(configuration))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([PVAGW, folder / "pvagw.json"], stderr=log)
    yield {
        "EPICS_PVA_NAME_SERVERS": f"{ports.LOOPBACK}:{front.pva}",
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    }
    process.terminate()
    process.wait(20)
    ports.give_back(front)


@pytest.fixture
async def client(gateway: dict[str, str]) -> AsyncIterator[Context]:
    with Context("pva", conf=gateway, useenv=False, nt=False) as context:
        yield context


async def get(client: Context, pv: str) -> Any:
    async with asyncio.timeout(40):  # EPICS searches ever less often
        got: Any = await client.get(pv)
        return got.value


async def put(client: Context, pv: str, value: int) -> None:
    async with asyncio.timeout(40):
        await client.put(pv, {"value": value}, wait=True)


async def until(client: Context, pv: str, condition: Callable[[Any], bool]) -> Any:
    """Monitor a PV, and return the first value that meets a condition."""
    met: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def note(value: Any) -> None:
        if not met.done() and condition(value):
            met.set_result(value)

    with client.monitor(pv, note):
        async with asyncio.timeout(40):
            return await met


async def test_commands_end_with_what_they_do_behind_a_gateway(
    ioc: Ioc, client: Context
) -> None:
    assert (await get(client, "GATEWAY:clients")) is not None  # it is the gateway
    await put(client, ioc.pv("DCID"), 6001)
    await put(client, ioc.pv("NUM_FRAMES"), 400)
    await put(client, ioc.pv("START"), 1)
    assert (await get(client, ioc.pv("STATE"))).index == STARTED
    await put(client, ioc.pv("PROCESS"), 1)
    assert (await get(client, ioc.pv("STATE"))).index == DONE


async def test_monitors_behind_a_gateway_see_states_and_whole_tables(
    ioc: Ioc, client: Context
) -> None:
    seen: list[int] = []

    async def note(state: Any) -> None:
        seen.append(state.value.index)

    with client.monitor(ioc.pv("STATE"), note):
        await put(client, ioc.pv("DCID"), 6002)
        table = asyncio.create_task(
            until(client, ioc.pv("RESULT:TABLE"), lambda value: 6002 in value.dcids)
        )
        await put(client, ioc.pv("NUM_FRAMES"), 400)
        await put(client, ioc.pv("PROCESS"), 1)
        await ioc.until(lambda: asyncio.sleep(0, seen[-1:] == [DONE]))
    assert PROCESSING in seen
    rows = (await table).value
    assert len(rows.x) == await ioc.get("RESULT:COUNT") > 0
    assert rows.x[0] == await ioc.get("BEST:X")


async def test_a_refusal_behind_a_gateway_is_explained(
    ioc: Ioc, client: Context
) -> None:
    await put(client, ioc.pv("DCID"), -1)
    message = await get(client, ioc.pv("MESSAGE"))
    assert message.startswith("DCID refused -1: ")
