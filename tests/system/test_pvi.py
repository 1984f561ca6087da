"""A device that ophyd-async makes of the prefix alone, through PVI."""

import asyncio
import json
from typing import Any

import pytest
from ophyd_async.core import (
    Device,
    Signal,
    SignalR,
    SignalRW,
    SignalW,
    StrictEnum,
    Table,
    TriggerableCommand,
)
from ophyd_async.epics.core import PviDeviceConnector

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import answering
from zocalo_ioc.records import DECLARATIONS, Record, Setting, Writable

DTYPES = {
    "Float": "<f8",
    "Int": "<i8",
    "Bool": "|S40",
    "Enum": "|S40",
    "String": "|S40",
    "Text": "|S40",
    "Floats": "<f8",
    "Ints": "<i4",
    "Strings": "|S40",
}


@pytest.fixture
async def device(ioc: Ioc) -> Any:
    device = Device(name="zocalo", connector=PviDeviceConnector(f"{ioc.prefix}:"))
    await device.connect()
    return device


def name_of(record: Record[Any]) -> str:
    return record.name.lower().replace(":", "_")


async def test_every_record_and_table_is_there_and_nothing_else(device: Device) -> None:
    names = {name for name, _ in device.children()}
    assert names == {*map(name_of, DECLARATIONS), "result_table", "history"}
    assert all(name.isidentifier() for name in names)


async def test_every_value_has_its_type_unit_and_choices(device: Device) -> None:
    children = dict(device.children())
    found: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for record in DECLARATIONS:
        if isinstance(record, Writable) and not isinstance(record, Setting):
            continue  # a command
        signal = children[name_of(record)]
        assert isinstance(signal, SignalR)
        key = (await signal.describe())[signal.name]
        found[record.name] = (
            type(signal),
            key.get("dtype_numpy"),
            key.get("units") or "",
            tuple(key.get("choices") or ()),
        )
        expected[record.name] = (
            SignalRW if record.writable else SignalR,
            DTYPES[type(record.datatype).__name__],
            record.datatype.unit,
            record.datatype.choices,
        )
    assert found == expected


async def test_arrays_are_arrays_and_texts_are_text(device: Any) -> None:
    assert (await device.centres_x.describe())["zocalo-centres_x"]["dtype"] == "array"
    await device.filename.set("ins_10_31")
    assert await device.filename.get_value() == "ins_10_31"
    long = json.dumps({"text": "x" * 1000})
    await device.parameters.set(long)
    assert await device.parameters.get_value() == long


async def test_limits_come_along(device: Any) -> None:
    key = (await device.timeout.describe())["zocalo-timeout"]
    assert key["limits"]["display"] == {"low": 0.1, "high": 86400}


async def test_tables_are_tables(ioc: Ioc, device: Any, rabbitmq: RabbitMQ) -> None:
    with answering(rabbitmq):
        await device.dcid.set(809 * 3 + 1)
        await device.num_frames.set(1)
        await device.process.trigger(timeout=30)
    result = await device.result_table.get_value()
    assert isinstance(result, Table)
    assert result.model_dump()["x"].tolist() == [28.5, 28.5]
    history = await device.history.get_value()
    assert history.model_dump()["state"][0] == "Done"


@pytest.mark.parametrize("name", ["start", "end", "wait", "process", "cancel"])
async def test_commands_are_commands(device: Device, name: str) -> None:
    assert isinstance(dict(device.children())[name], TriggerableCommand)


async def test_a_command_waits_for_its_end(ioc: Ioc, device: Any) -> None:
    await device.dcid.set(31)
    await device.num_frames.set(1)
    await device.start.trigger(timeout=30)
    assert await device.state.get_value() == "Started"
    wait = device.wait.trigger(timeout=30)
    await ioc.until_value("WAIT", 1)
    assert not wait.done
    await device.cancel.trigger(timeout=30)
    async with asyncio.timeout(5):
        await wait
    assert await device.state.get_value() == "Cancelled"


async def test_submit_is_written_and_waits_for_its_end(
    device: Any, rabbitmq: RabbitMQ
) -> None:
    assert isinstance(device.submit, SignalW)
    assert not isinstance(device.submit, SignalR)
    request = {"command": "start", "dcid": 32, "num_frames": 1}
    await device.submit.set(json.dumps(request), timeout=30)
    assert await device.state.get_value() == "Started"
    assert await device.job_dcid.get_value() == 32
    assert rabbitmq.depth(TRIGGERS) == 1
    await device.cancel.trigger()


class SortKey(StrictEnum):
    MAX_COUNT = "max_count"
    TOTAL_COUNT = "total_count"
    N_VOXELS = "n_voxels"


class Annotated(Device):
    sort_key: SignalRW[SortKey]
    filename: SignalRW[str]
    broker_connected: SignalR[bool]
    process: TriggerableCommand


async def test_a_device_with_types_of_its_own_is_filled(ioc: Ioc) -> None:
    device = Annotated("zocalo", PviDeviceConnector(f"{ioc.prefix}:"))
    await device.connect()
    await device.sort_key.set(SortKey.N_VOXELS)
    assert await device.sort_key.get_value() is SortKey.N_VOXELS
    assert await device.broker_connected.get_value() is True
    assert isinstance(dict(device.children())["state"], Signal)
