"""What goes to Zocalo for scans, beside what mx-bluesky's own callbacks send."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.mx_bluesky import MxBluesky
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from zocalo_ioc import Client

GRIDS = ((16085800, 400), (16085801, 280))
ROTATIONS = ((16085802, 3600), (16085803, 1800))
FILENAME = "ins_10_31"
Message = dict[str, Any]


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host whose triggers nobody else takes."""
    return rabbitmq.virtual_host("mx-bluesky", TRIGGERS, RESULTS)


@pytest.fixture
async def own_ioc(ioc_maker: Callable[..., Ioc], broker: RabbitMQ) -> Ioc:
    ioc = ioc_maker("run", *broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc


Theirs = Callable[[str, tuple[tuple[int, int], ...]], list[Message]]


@pytest.fixture(scope="module")
def theirs(broker: RabbitMQ, mx_bluesky: MxBluesky) -> Theirs:
    """What mx-bluesky sends for two data collections, each with its frames."""

    @cache
    def run(kind: str, collections: tuple[tuple[int, int], ...]) -> list[Message]:
        mx_bluesky.run(broker, kind, FILENAME, *collections)
        return taken(broker)

    return run


def taken(site: RabbitMQ) -> list[Message]:
    """Take four messages, and return what a receiver can see of each.

    But for the guid, which mx-bluesky leaves to the dispatcher to make.
    """
    found: list[Message] = []
    for method, properties, body in site.take(TRIGGERS, 4):
        content = json.loads(body)
        content["parameters"].pop("guid", None)
        seen = {"exchange": method.exchange, "queue": method.routing_key}
        found.append(seen | {"body": content, "properties": vars(properties)})
    return found


async def with_the_request_records(ioc: Ioc) -> None:
    (xy, xy_frames), (xz, xz_frames) = GRIDS
    await ioc.put_all(DCID=xy, NUM_FRAMES=xy_frames, FILENAME=FILENAME)
    await ioc.put_all(**{"XZ:DCID": xz, "XZ:NUM_FRAMES": xz_frames})
    await ioc.put_all(START=1, END=1)


async def with_one_write_each(ioc: Ioc) -> None:
    for command in ("start", "end"):
        grids = [
            {"command": command, "dcid": dcid, "num_frames": n, "filename": FILENAME}
            for dcid, n in GRIDS
        ]
        await ioc.put("SEND", json.dumps(grids))


async def with_the_client(ioc: Ioc) -> None:
    grids = [{"dcid": dcid, "num_frames": frames} for dcid, frames in GRIDS]
    async with asyncio.timeout(40), Client(ioc.prefix) as zocalo:
        await zocalo.start(grids, filename=FILENAME)
        await zocalo.end(grids)


@pytest.mark.parametrize(
    "ours", [with_the_request_records, with_one_write_each, with_the_client]
)
async def test_the_messages_of_both_grids_are_those_of_mx_bluesky(
    own_ioc: Ioc,
    broker: RabbitMQ,
    theirs: Theirs,
    ours: Callable[[Ioc], Awaitable[None]],
) -> None:
    messages = theirs("grids", GRIDS)
    assert said(messages[:2]) == [[16085800, 0, 400, 0], [16085801, 400, 280, 1]]
    await ours(own_ioc)
    assert taken(broker) == messages
    await own_ioc.put("CANCEL", 1)


def said(starts: list[Message]) -> list[list[int]]:
    """Return what start messages say of their frames."""
    names = "ispyb_dcid", "start_frame_index", "number_of_frames", "message_index"
    found = (message["body"]["parameters"] for message in starts)
    return [[parameters[name] for name in names] for parameters in found]


# -- rotations: each sweep begins in the file where the one before ended ------------


async def rotations_with_the_request_records(ioc: Ioc) -> None:
    await ioc.put_all(**{"EXPECT_RESULT": 0, "FILENAME": FILENAME, "XZ:DCID": 0})
    start_frame = 0
    for dcid, frames in ROTATIONS:
        await ioc.put_all(DCID=dcid, NUM_FRAMES=frames, START_FRAME=start_frame)
        await ioc.put("START", 1)
        start_frame += frames
    for dcid, _ in ROTATIONS:
        await ioc.put_all(DCID=dcid)
        await ioc.put("END", 1)


async def rotations_with_one_write_each(ioc: Ioc) -> None:
    start_frame = 0
    for dcid, frames in ROTATIONS:
        start = {"command": "start", "dcid": dcid, "num_frames": frames}
        more = {"filename": FILENAME, "expect_result": False}
        await ioc.put("SEND", json.dumps(start | more | {"start_frame": start_frame}))
        start_frame += frames
    for dcid, _ in ROTATIONS:
        await ioc.put("SEND", json.dumps({"command": "end", "dcid": dcid}))


async def rotations_with_the_client(ioc: Ioc) -> None:
    start_frame = 0
    async with asyncio.timeout(40), Client(ioc.prefix) as zocalo:
        for dcid, frames in ROTATIONS:
            await zocalo.start(
                dcid,
                num_frames=frames,
                filename=FILENAME,
                start_frame=start_frame,
                expect_result=False,
            )
            start_frame += frames
        for dcid, _ in ROTATIONS:
            await zocalo.end(dcid)


@pytest.mark.parametrize(
    "ours",
    [
        rotations_with_the_request_records,
        rotations_with_one_write_each,
        rotations_with_the_client,
    ],
)
async def test_the_messages_of_rotations_are_those_of_mx_bluesky(
    own_ioc: Ioc,
    broker: RabbitMQ,
    theirs: Theirs,
    ours: Callable[[Ioc], Awaitable[None]],
) -> None:
    messages = theirs("rotations", ROTATIONS)
    assert said(messages[:2]) == [[16085802, 0, 3600, 0], [16085803, 3600, 1800, 0]]
    await ours(own_ioc)
    assert taken(broker) == messages
    assert await own_ioc.state() == "Done"
