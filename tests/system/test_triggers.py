"""What START and END put on the broker."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import TRIGGERS, RabbitMQ

MAJOR = 2
PERSISTENT = 2


async def start(ioc: Ioc, dcid: int, **request: Any) -> None:
    await ioc.put_all(DCID=dcid, NUM_FRAMES=10, **request)
    await ioc.put("START", 1)


async def test_start_ends_when_the_broker_has_the_message(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await start(ioc, 101)
    assert rabbitmq.depth(TRIGGERS) == 1


async def test_a_message_outlives_a_restart_of_the_broker_in_any_queue(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await start(ioc, 106)
    [(_, properties, _)] = rabbitmq.take(TRIGGERS)
    assert properties.delivery_mode == PERSISTENT


async def test_start_leaves_the_job_started(ioc: Ioc) -> None:
    await start(ioc, 102)
    assert await ioc.state() == "Started"
    assert await ioc.get("JOB:DCID") == 102


async def test_end_leaves_the_job_processing(ioc: Ioc) -> None:
    await start(ioc, 103)
    await ioc.put("END", 1)
    assert await ioc.state() == "Processing"


async def test_guid_is_that_of_the_last_message(ioc: Ioc, rabbitmq: RabbitMQ) -> None:
    await start(ioc, 104)
    [(_, _, body)] = rabbitmq.take(TRIGGERS)
    assert await ioc.get("GUID") == json.loads(body)["parameters"]["guid"]


@pytest.mark.parametrize("given", ["mine", 5])
async def test_guid_is_that_of_the_last_message_also_if_parameters_give_it(
    ioc: Ioc, rabbitmq: RabbitMQ, given: str | int
) -> None:
    request = {"command": "end", "dcid": 104, "parameters": {"guid": given}}
    await ioc.put("SEND", json.dumps(request))
    [(_, _, body)] = rabbitmq.take(TRIGGERS)
    assert json.loads(body)["parameters"]["guid"] == given
    assert await ioc.get("GUID") == str(given)


async def test_confirmed_messages_are_counted_and_timed(ioc: Ioc) -> None:
    before = await ioc.get("BROKER:SENT")
    await start(ioc, 105)
    await ioc.put("END", 1)
    assert await ioc.get("BROKER:SENT") == before + 2
    assert 0 < await ioc.get("BROKER:CONFIRM_TIME") < 10_000


async def test_a_command_uses_the_request_as_it_was_when_put(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    dcids = list(range(1001, 1101))
    for dcid in dcids:
        # none of these waits: the next DCID is written while START may still run
        await ioc.put_all(DCID=dcid, NUM_FRAMES=dcid)
        await ioc.put("START", 1)
    bodies = [json.loads(body) for _, _, body in rabbitmq.take(TRIGGERS, len(dcids))]
    sent = [b["parameters"] for b in bodies]
    assert [p["ispyb_dcid"] for p in sent] == dcids
    assert [p["number_of_frames"] for p in sent] == dcids


async def test_commands_are_busy_while_they_run(ioc: Ioc) -> None:
    import aioca

    seen: list[int] = []
    monitor = aioca.camonitor(ioc.pv("START"), seen.append, all_updates=True)
    await ioc.until(lambda: _is(bool(seen)))
    await start(ioc, 106)
    await ioc.until(lambda: _is(len(seen) == 3))
    monitor.close()
    assert seen == [0, 1, 0]


async def test_start_without_callback_put_twice_at_once_runs_twice(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=107, NUM_FRAMES=10)
    await asyncio.gather(*(ioc.put("START", 1, wait=False) for _ in range(2)))
    assert len(rabbitmq.take(TRIGGERS, 2)) == 2


@pytest.mark.parametrize(
    ("request_values", "named"),
    [
        ({"DCID": 0, "NUM_FRAMES": 10}, "DCID"),
        ({"DCID": 108, "NUM_FRAMES": 0}, "NUM_FRAMES"),
        ({"DCID": 108, "NUM_FRAMES": 1, "PARAMETERS": "not JSON"}, "PARAMETERS"),
        ({"DCID": 108, "NUM_FRAMES": 1, "PARAMETERS": "[1]"}, "PARAMETERS"),
        ({"DCID": 108, "NUM_FRAMES": 1, "RECIPES": " , "}, "RECIPES"),
    ],
)
async def test_a_bad_request_fails_with_a_message_that_names_the_record(
    idle_ioc: Ioc, rabbitmq: RabbitMQ, request_values: dict[str, Any], named: str
) -> None:
    await idle_ioc.put_all(**request_values)
    await idle_ioc.put("START", 1)
    assert await idle_ioc.state() == "Failed"
    assert await idle_ioc.severity("STATE") == MAJOR
    message = await idle_ioc.text("MESSAGE")
    assert named in message
    assert "Write" in message
    assert rabbitmq.depth(TRIGGERS) == 0


async def test_an_unroutable_message_fails_and_says_so(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        await start(ioc, 109)
    finally:
        rabbitmq.declare(TRIGGERS)
    assert await ioc.state() == "Failed"
    assert "No queue processing_recipe" in await ioc.text("MESSAGE")
    await start(ioc, 110)
    assert await ioc.state() == "Started"


async def _is(value: bool) -> bool:
    return value
