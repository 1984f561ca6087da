"""Messages that are no results are counted, logged and, if asked for, kept."""

import asyncio
import base64
import json
import os
import resource
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from zocalo_ioc.rejected import MAX_BODY, MAX_SIZE, Rejected

HEADERS = {"workflows-recipe": True}


@pytest.fixture
async def keeping(
    private_broker: RabbitMQ, ioc_maker: Callable[..., Ioc], tmp_path: Path
) -> AsyncIterator[Ioc]:
    ioc = ioc_maker(
        *("run", *private_broker.options),
        *("--rejected", str(tmp_path)),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    await asyncio.to_thread(ioc.stop)


def kept(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_rejected_messages_are_kept_with_the_reason(
    keeping: Ioc, private_broker: RabbitMQ, tmp_path: Path
) -> None:
    private_broker.put(RESULTS, (HEADERS, b"{"), ({}, b"\xff\xfe"))
    await keeping.until_value("BROKER:REJECTED", 2)
    first, second = kept(tmp_path / f"{keeping.prefix}.jsonl")
    assert "Not JSON" in first.pop("reason")
    assert first.pop("time") < second.pop("time")
    assert first == {"headers": {"workflows-recipe": "True"}, "bytes": 1, "body": "{"}
    assert "workflows-recipe is not true" in second.pop("reason")
    assert second == {"headers": {}, "bytes": 2, "body_base64": "//4="}


async def test_a_message_with_a_header_whose_name_is_not_utf_8_is_kept(
    keeping: Ioc, private_broker: RabbitMQ, tmp_path: Path, monkeypatch: Any
) -> None:
    def encode(pieces: list[bytes], value: str) -> int:
        name = value.encode("latin-1")
        pieces += [bytes([len(name)]), name]
        return 1 + len(name)

    monkeypatch.setattr("pika.data.encode_short_string", encode)  # of this sender
    private_broker.put(RESULTS, (HEADERS | {"größe": 1}, b"{"))
    await keeping.until_value("BROKER:REJECTED", 1)
    [message] = kept(tmp_path / f"{keeping.prefix}.jsonl")
    assert message["headers"] == {"workflows-recipe": "True", r"gr\xf6\xdfe": "1"}


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


async def test_a_header_nested_too_deeply_does_not_keep_results_from_coming(
    keeping: Ioc, private_broker: RabbitMQ
) -> None:
    result = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": 8}}},
        "recipe-pointer": 1,
    }
    body = json.dumps(result).encode()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # for this sender
    try:
        private_broker.put(RESULTS, (HEADERS | {"deep": nested(2000)}, body))
    finally:
        sys.setrecursionlimit(limit)
    await keeping.until_value("RESULT:DCID", 8)


async def test_a_folder_that_can_not_be_written_is_told_and_results_go_on(
    keeping: Ioc, private_broker: RabbitMQ, tmp_path: Path
) -> None:
    (tmp_path / f"{keeping.prefix}.jsonl").mkdir()
    result = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": 7}}},
        "recipe-pointer": 1,
    }
    private_broker.put(RESULTS, (HEADERS, b"{"))
    await keeping.until_value("BROKER:REJECTED", 1)
    message = await keeping.text("MESSAGE")
    assert "Can't write a rejected message" in message
    assert "--rejected" in message
    private_broker.put(RESULTS, (HEADERS, json.dumps(result).encode()))
    await keeping.until_value("RESULT:DCID", 7)


async def test_a_disk_that_does_not_answer_holds_up_nothing_else(
    keeping: Ioc, private_broker: RabbitMQ, tmp_path: Path
) -> None:
    file = tmp_path / f"{keeping.prefix}.jsonl"
    os.mkfifo(file)  # opening it takes until somebody reads it
    result = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": 7}}},
        "recipe-pointer": 1,
    }
    private_broker.put(RESULTS, (HEADERS, b"{"), (HEADERS, json.dumps(result).encode()))
    await keeping.until_value("RESULT:DCID", 7)
    assert await keeping.get("BROKER:REJECTED") == 0
    await keeping.until_value("BROKER:REJECTED", 1)
    assert "the disk does not answer" in await keeping.text("MESSAGE")
    private_broker.put(RESULTS, *[(HEADERS, b"[")] * 20)  # more than are sent ahead
    await keeping.until_value("BROKER:REJECTED", 21)
    first = await asyncio.to_thread(file.read_text)  # now it answers
    assert json.loads(first)["body"] == "{"
    await asyncio.to_thread(file.unlink)
    private_broker.put(RESULTS, (HEADERS, b"]"))
    await keeping.until_value("BROKER:REJECTED", 22)
    assert [line["body"] for line in kept(file)] == ["]"]


async def test_the_file_is_put_aside_when_it_is_full(tmp_path: Path) -> None:
    rejected = Rejected(tmp_path / "P.jsonl")
    for number in range(30):
        await rejected.keep(f"{number}", "why", {}, b"x" * MAX_BODY)
    files = tmp_path / "P.jsonl", tmp_path / "P.old.jsonl"
    assert all(file.stat().st_size < MAX_SIZE + 2 * MAX_BODY for file in files)
    assert kept(files[0])[-1]["time"] == "29"


async def test_of_a_long_message_the_beginning_is_kept_with_its_length(
    tmp_path: Path,
) -> None:
    await Rejected(tmp_path / "P.jsonl").keep("now", "why", {}, b"x" * (MAX_BODY + 5))
    (line,) = kept(tmp_path / "P.jsonl")
    assert (line["bytes"], len(line["body"])) == (MAX_BODY + 5, MAX_BODY)


async def test_a_text_cut_inside_a_character_is_kept_as_bytes(tmp_path: Path) -> None:
    body = b"x" + "ü".encode() * MAX_BODY
    await Rejected(tmp_path / "P.jsonl").keep("now", "why", {}, body)
    (line,) = kept(tmp_path / "P.jsonl")
    assert base64.b64decode(line["body_base64"]) == body[:MAX_BODY]


async def test_a_message_for_which_the_disk_has_no_room_leaves_no_part_of_itself(
    tmp_path: Path,
) -> None:
    file = tmp_path / "P.jsonl"
    rejected = Rejected(file)
    await rejected.keep("1", "why", {}, b"x")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, hard))
    try:
        problem = await rejected.keep("2", "why", {}, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in str(problem)
    await rejected.keep("3", "why", {}, b"x")
    assert [line["time"] for line in kept(file)] == ["1", "3"]
