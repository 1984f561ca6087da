"""Who may write is up to the access security file, and who has is in the log."""

import asyncio
import getpass
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from epicscorelibs.ca.cadef import CAException
from p4p.client.asyncio import Context
from p4p.client.raw import RemoteError

from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK
from tests.support.rabbitmq import RESULTS, RabbitMQ

EXAMPLE = Path(__file__).parents[2] / "db" / "zocalo-ioc.acf"
ME, HERE = getpass.getuser(), socket.gethostname()

Start = Callable[[str], Ioc]


def example(**groups: str) -> str:
    """Return the example with other people and machines in its groups."""
    text = EXAMPLE.read_text()
    for name, members in groups.items():
        pattern = rf"^(.AG\({name}\))\s*\{{.*\}}$"
        text, found = re.subn(pattern, rf"\1 {{ {members} }}", text, flags=re.M)
        assert found == 1
    return text


@pytest.fixture
async def start(
    rabbitmq: RabbitMQ, ioc_maker: Callable[..., Ioc], tmp_path: Path
) -> AsyncIterator[Start]:
    """Starts an IOC with an access security file."""
    iocs: list[Ioc] = []

    def start(text: str) -> Ioc:
        file = tmp_path / "access.acf"
        file.write_text(text)
        options = ("--results-queue", RESULTS, "--access-security", str(file))
        iocs.append(ioc_maker("run", "--broker", rabbitmq.url, *options))
        return iocs[-1]

    yield start
    for ioc in iocs:
        await asyncio.to_thread(ioc.stop)


def put_chars(ioc: Ioc, name: str, payload: bytes, count: int) -> None:
    """Write a char waveform with a request that claims to have so many elements."""

    def message(
        command: int, kind: int, n: int, one: int, two: int, data: bytes
    ) -> bytes:
        size = len(data)
        extended = struct.pack(">HHHHIIII", command, 0xFFFF, kind, 0, one, two, size, n)
        return extended + data

    def text(value: str) -> bytes:
        raw = value.encode() + b"\0"
        return raw.ljust(-len(raw) // 8 * -8, b"\0")

    with socket.create_connection((LOOPBACK, ioc.ports.ca), timeout=10) as link:
        link.sendall(struct.pack(">HHHHII", 0, 0, 0, 13, 0, 0))
        link.sendall(message(18, 0, 0, 1, 13, text(ioc.pv(name))))
        while True:  # until the answer to the creation, which has the channel's number
            head = link.recv(16, socket.MSG_WAITALL)
            command, size, _, _, _, channel = struct.unpack(">HHHHII", head)
            link.recv(size, socket.MSG_WAITALL)
            if command == 18:
                break
        link.sendall(message(4, 4, count, channel, 1, payload))
        link.sendall(struct.pack(">HHHHII", 23, 0, 0, 0, 0, 0))  # an echo comes after
        while struct.unpack(">HHHHII", link.recv(16, socket.MSG_WAITALL))[0] != 23:
            pass


async def refused(ioc: Ioc, name: str, value: int) -> bool:
    try:
        await ioc.put(name, value)
    except CAException as error:
        return "Write access denied" in str(error)
    return False


@pytest.mark.parametrize(
    ("groups", "may_not_write"),
    [
        ({}, {"DCID", "CANCEL", "SORT_KEY"}),
        ({"users": ME}, {"SORT_KEY"}),
        ({"beamline": f'"{HERE}"'}, {"SORT_KEY"}),
        ({"staff": ME}, set[str]()),
    ],
)
async def test_the_example_lets_everybody_read_and_only_its_groups_write(
    start: Start, groups: dict[str, str], may_not_write: set[str]
) -> None:
    ioc = start(example(**groups))
    assert await ioc.get("DCID") == 0
    names = ("DCID", "CANCEL", "SORT_KEY")
    assert {name for name in names if await refused(ioc, name, 1)} == may_not_write


async def test_access_is_refused_through_pv_access_too(start: Start) -> None:
    ioc = start(example())
    await ioc.get("DCID")
    with Context("pva") as context:
        with pytest.raises(RemoteError, match="permitted"):
            await context.put(ioc.pv("DCID"), 1)
        assert await context.get(ioc.pv("DCID")) == 0


@pytest.mark.parametrize("text", ["ASG(DEFAULT) { RULE(1, READ", "ASG DEFAULT"])
def test_a_file_that_epics_does_not_understand_keeps_the_ioc_from_starting(
    start: Start, text: str
) -> None:
    ioc = start(text)
    assert ioc.process.wait(20) == 2
    assert "can't start with the access security file" in ioc.log
    assert "Traceback" not in ioc.log


def test_a_file_that_is_not_there_keeps_the_ioc_from_starting(
    rabbitmq: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    ioc = ioc_maker(
        *("run", *rabbitmq.options),
        *("--access-security", "/no/such/file.acf"),
    )
    assert ioc.process.wait(20) == 2
    assert "can't read /no/such/file.acf" in ioc.log


async def test_a_put_through_channel_access_is_logged_with_who_made_it(
    ioc: Ioc,
) -> None:
    await ioc.put("DCID", 9001)
    await ioc.put("FILENAME", "ins_10_31")
    assert f"{ME}@{HERE} writes 9001 to {ioc.pv('DCID')}" in ioc.log
    assert f"{ME}@{HERE} writes 'ins_10_31' to {ioc.pv('FILENAME')}" in ioc.log


async def test_a_put_through_pv_access_is_logged_with_who_made_it(ioc: Ioc) -> None:
    with Context("pva") as context:
        await context.put(ioc.pv("DCID"), 9002)
        await context.put(ioc.pv("CANCEL"), 1)
    assert re.search(rf"{ME}@\S+ writes 9002 to {ioc.pv('DCID')}\n", ioc.log)
    assert re.search(rf"{ME}@\S+ writes {ioc.pv('CANCEL')}\n", ioc.log)


@pytest.mark.parametrize("count", [1_000_000, 200_000_000, 2**32 - 1])
async def test_a_client_that_claims_more_than_it_sends_does_no_harm(
    ioc: Ioc, count: int
) -> None:
    put_chars(ioc, "FILENAME", b"abcdefgh", count)
    await ioc.put("DCID", 9003)
    assert await ioc.get("DCID") == 9003


async def test_what_clients_write_can_not_look_like_another_line_of_the_log(
    ioc: Ioc,
) -> None:
    await ioc.put("SUBMIT", '{"command": "start", "x\\n2026-01-01 INFO forged": 1}')
    message = await ioc.text("MESSAGE")
    assert "\n" not in message
    assert "\\n2026-01-01 INFO forged" in message
    assert not [line for line in ioc.log.splitlines() if line.startswith("2026-01-01")]


async def test_a_put_through_a_filter_is_logged_too(ioc: Ioc) -> None:
    await ioc.put('DCID.VAL{"dbnd":{"d":1}}', 9004)
    assert f"{ME}@{HERE} writes 9004 to {ioc.pv('DCID')}" in ioc.log


async def test_of_a_long_text_only_the_beginning_is_logged(ioc: Ioc) -> None:
    await ioc.put("SUBMIT", "x" * 4000)
    (line,) = [line for line in ioc.log.splitlines() if "writes 'xxx" in line]
    assert len(line) < 400
