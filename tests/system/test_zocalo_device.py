"""The devices of everything that an IOC serves, and of the map of a grid."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky import plans as bp
from bluesky.utils import MsgGenerator
from ophyd_async.core import SignalR, SignalRW, SignalW, init_devices, set_mock_value
from ophyd_async.plan_stubs import ensure_connected

from tests.support.engine import running_engine
from tests.support.frames import FRAMES, FrameSender, snaked
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.zocalo import answering
from zocalo_ioc.clients.ophyd_async import GridMap, Zocalo
from zocalo_ioc.clients.ophyd_async._zocalo import State
from zocalo_ioc.records import IMAGES, TABLES, Action, TextAction, served

from .test_grids import XY, picture

EVERY = {r.pvi_name: r for r in served(motor=True, frames=True)}
ALWAYS = {r.pvi_name: r for r in served()}
PVA_ONLY = {each.pvi_name for each in (*TABLES, *IMAGES)}


def test_every_record_has_its_signal_and_no_other() -> None:
    names = {n for c in Zocalo.__mro__ for n in vars(c).get("__annotations__", {})}
    assert {n for n in names if not n.startswith("_")} >= EVERY.keys() | PVA_ONLY
    ours = set(vars(Zocalo)["__annotations__"])
    assert ours == EVERY.keys() | PVA_ONLY


async def test_it_can_be_mocked_without_an_ioc() -> None:
    async with init_devices(mock=True):
        zocalo = Zocalo("NOT-THERE", name="zocalo")
    set_mock_value(zocalo.best_x, 7.5)
    set_mock_value(zocalo.state, State.NO_CENTRES)
    read = await zocalo.read()
    assert read["zocalo-best_x"]["value"] == 7.5
    assert read["zocalo-state"]["value"] == "No centres"
    assert "zocalo-timeout" in await zocalo.read_configuration()
    await zocalo.process.trigger()


async def test_it_connects_with_every_type_as_declared(ioc: Ioc) -> None:
    zocalo = Zocalo(ioc.prefix, name="zocalo")
    await zocalo.connect()
    children = dict(zocalo.children())
    assert children.keys() == ALWAYS.keys() | {table.pvi_name for table in TABLES}
    for name, record in ALWAYS.items():
        match record:
            case Action():
                continue
            case TextAction():
                assert isinstance(children[name], SignalW)
            case _:
                kind = SignalRW if record.writable else SignalR
                assert isinstance(children[name], kind), name
    assert zocalo.best_motor_x is None
    assert zocalo.grid_xy_counts is None


@pytest.fixture
def engine() -> Iterator[RunEngine]:
    with running_engine() as engine:
        yield engine


async def run(engine: RunEngine, plan: Any) -> list[tuple[str, Any]]:
    """Run a plan, and return its documents."""
    documents: list[tuple[str, Any]] = []

    def keep(name: str, document: Any) -> None:
        documents.append((name, document))

    engine.subscribe(keep)
    await asyncio.to_thread(engine, plan)
    return documents


async def test_a_plan_processes_a_scan_and_reads_its_centre(
    ioc: Ioc, rabbitmq: RabbitMQ, engine: RunEngine
) -> None:
    with answering(rabbitmq):
        documents = await run(engine, _process(Zocalo(ioc.prefix, "zocalo")))
    (event,) = [document for name, document in documents if name == "event"]
    assert event["data"]["zocalo-best_x"] == 28.5
    assert event["data"]["zocalo-state"] == "Done"
    (descriptor,) = [document for name, document in documents if name == "descriptor"]
    assert "zocalo-sort_key" in descriptor["configuration"]["zocalo"]["data"]
    assert descriptor["hints"]["zocalo"]["fields"][:3] == [
        *("zocalo-result_count", "zocalo-best_x", "zocalo-best_y")
    ]


def _process(zocalo: Zocalo) -> MsgGenerator[None]:
    yield from ensure_connected(zocalo)
    scan = {"command": "process", "dcid": 809 * 3 + 1, "num_frames": 1}
    yield from bps.abs_set(zocalo.submit, json.dumps(scan), wait=True, timeout=30)
    yield from bp.count([zocalo])


async def test_the_map_fills_in_the_documents_of_a_plan(
    with_grids: Ioc, rabbitmq: RabbitMQ, engine: RunEngine
) -> None:
    spots = picture(XY, 6)
    frames = list(enumerate(snaked(spots).tolist(), start=1))
    sender = FrameSender(rabbitmq)

    def scan() -> MsgGenerator[None]:
        grid = GridMap(with_grids.prefix, "XY", "grid")
        yield from ensure_connected(grid)
        sender.send(frames[:100], XY, 7901)
        while (yield from bps.rd(grid.frames)) < 100:
            yield from bps.sleep(0.05)
        yield from bps.open_run()
        yield from bps.monitor(grid.image, name="map")
        sender.send(frames[100:], XY, 7901)
        while (yield from bps.rd(grid.frames)) < spots.size:
            yield from bps.sleep(0.1)
        yield from bps.sleep(0.3)
        yield from bps.unmonitor(grid.image)
        yield from bps.create()
        yield from bps.read(grid)
        yield from bps.save()
        yield from bps.close_run()

    documents = await run(engine, scan())
    sender.close()
    events = [document["data"] for name, document in documents if name == "event"]
    pictures = [np.array(e["grid-image"]) for e in events if "grid-image" in e]
    assert (pictures[0] == -1).sum() == 140
    assert (pictures[-1] == spots).all()
    assert (np.array(events[-1]["grid-counts"]) == spots.ravel()).all()
    assert events[-1]["grid-frames"] == 240


@pytest.fixture(scope="module")
async def with_grids(ioc_maker: Callable[..., Ioc], rabbitmq: RabbitMQ) -> Ioc:
    rabbitmq.declare(FRAMES)
    queues = ("--results-queue", RESULTS, "--frames-queue", FRAMES)
    ioc = ioc_maker("run", "--broker", rabbitmq.url, *queues)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc
