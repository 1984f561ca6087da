"""Our triggers beside those of dodal, on one broker."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from dodal.devices.zocalo import ZocaloStartInfo, ZocaloTrigger

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ
from tests.support.zocalo import write_configuration


@pytest.fixture
def dodal(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ZocaloTrigger:
    file = write_configuration(tmp_path, rabbitmq, "bluesky")
    monkeypatch.setenv("ZOCALO_CONFIG", str(file))
    return ZocaloTrigger(environment="bluesky")


def on_the_wire(message: tuple[Any, Any, bytes]) -> dict[str, Any]:
    """Everything a receiver can see, but for the guid that dodal does not send."""
    method, properties, body = message
    content = json.loads(body)
    content["parameters"].pop("guid", None)
    # connections are numbered; the rest of the delivery must agree
    return {
        "body": content,
        "exchange": method.exchange,
        "routing_key": method.routing_key,
        "properties": vars(properties),
    }


@pytest.mark.parametrize("filename", ["ins_10_31", None])
async def test_start_puts_on_the_queue_what_dodal_puts_there(
    ioc: Ioc, rabbitmq: RabbitMQ, dodal: ZocaloTrigger, filename: str | None
) -> None:
    start = ZocaloStartInfo(16085800, filename, 20, 1140, 3)
    await asyncio.to_thread(dodal.run_start, start)
    await ioc.put_all(
        DCID=16085800,
        FILENAME=filename or "",
        START_FRAME=20,
        NUM_FRAMES=1140,
        MESSAGE_INDEX=3,
    )
    await ioc.put("START", 1)
    theirs, ours = map(on_the_wire, rabbitmq.take(TRIGGERS, 2))
    assert ours == theirs


async def test_end_puts_on_the_queue_what_dodal_puts_there(
    ioc: Ioc, rabbitmq: RabbitMQ, dodal: ZocaloTrigger
) -> None:
    await asyncio.to_thread(dodal.run_end, 16085800)
    await ioc.put("DCID", 16085800)
    await ioc.put("END", 1)
    theirs, ours = map(on_the_wire, rabbitmq.take(TRIGGERS, 2))
    assert ours == theirs


async def test_every_message_has_a_guid_of_its_own(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=16085801, NUM_FRAMES=1)
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    bodies = [json.loads(body) for _, _, body in rabbitmq.take(TRIGGERS, 2)]
    assert len({body["parameters"]["guid"] for body in bodies}) == 2
