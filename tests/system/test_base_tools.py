"""Values written with EPICS base's own caput, which sends every number as text."""

import asyncio
import math
import re
import subprocess
from collections.abc import Callable
from typing import Any

import aioca
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from p4p.client.asyncio import Context, RemoteError

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RabbitMQ
from tests.support.tools import BASE
from zocalo_ioc.records import DECLARATIONS, Action, Record, TextAction
from zocalo_ioc.records.datatypes import Float, Int, Text

WRITABLE = [record for record in DECLARATIONS if record.writable]


def is_float(record: Record[Any]) -> bool:
    return isinstance(record.datatype, Float)


CAPUT = BASE / "caput"


@pytest.fixture(scope="module")
async def ioc(ioc_maker: Callable[..., Ioc], rabbitmq: RabbitMQ) -> Ioc:
    """An IOC without jobs, for a job that times out has something newer to say."""
    ioc = ioc_maker("run", *rabbitmq.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc


async def caput(ioc: Ioc, *arguments: str) -> str:
    """Run EPICS base's caput on a record of the IOC, and return all that it prints."""
    *options, name, value = arguments
    process = await asyncio.create_subprocess_exec(
        *(CAPUT, *options, ioc.pv(name), value),
        env=ioc.client_environment | {"PATH": f"{BASE}"},  # it starts caRepeater
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(40):
        output, _ = await process.communicate()
    return output.decode()


@pytest.mark.parametrize("options", [(), ("-c",)])
async def test_a_text_that_is_not_a_decimal_number_is_refused(
    ioc: Ioc, options: tuple[str, ...]
) -> None:
    await ioc.put_all(DCID=7, TIMEOUT=60.0)
    for text in ("1234567x", "1,234", "12 34", "", " ", "0x10", "1.5", "1e3", "1_0"):
        output = await caput(ioc, *options, "DCID", text)
        if not options:  # EPICS can't fail a put with callback
            assert "Channel write request failed" in output, text
        assert await ioc.get("DCID") == 7, text
        message = await ioc.text("MESSAGE")
        assert message.startswith(f"DCID refused {text!r}: "), text
    for text in ("60s", "", "1,5", "nan", "0x10"):
        await caput(ioc, *options, "TIMEOUT", text)
        assert await ioc.get("TIMEOUT") == 60, text
        assert (await ioc.text("MESSAGE")).startswith(f"TIMEOUT refused {text!r}: ")


async def test_message_reports_a_refusal_until_the_record_takes_a_value(
    ioc: Ioc,
) -> None:
    async def is_withdrawn() -> bool:
        return "refused" not in await ioc.text("MESSAGE")

    for put, value in (
        (put_with_caput, 7),
        (put_with_caput, 8),
        (put_with_ca, 7),
        (put_with_ca, 8),
        (put_with_pva, 8),
    ):
        await ioc.put("DCID", 7)
        await caput(ioc, "DCID", "12x")
        await put(ioc, "NUM_FRAMES", value)
        assert (await ioc.text("MESSAGE")).startswith("DCID refused '12x': ")
        await put(ioc, "DCID", value)
        await ioc.until(is_withdrawn)


async def test_a_decimal_number_is_taken_as_it_reads(ioc: Ioc) -> None:
    for text, number in (("010", 10), (" 12 ", 12), ("+5", 5), ("08", 8), ("0", 0)):
        await caput(ioc, "DCID", text)
        assert await ioc.get("DCID") == number, text
    for text, number in (("010.5", 10.5), ("1e2", 100), ("0090", 90), (".5", 0.5)):
        await caput(ioc, "TIMEOUT", text)
        assert await ioc.get("TIMEOUT") == number, text


async def test_a_fraction_is_refused_where_a_whole_number_belongs(ioc: Ioc) -> None:
    await ioc.put("DCID", 7)
    await ioc.put("DCID", 1.5, datatype=aioca.DBR_DOUBLE, throw=False)
    assert await ioc.get("DCID") == 7
    assert (await ioc.text("MESSAGE")).startswith("DCID refused 1.5: ")


async def test_a_command_takes_nothing_but_one(ioc: Ioc) -> None:
    await ioc.put_all(DCID=8123, NUM_FRAMES=10)
    before = await ioc.get("BROKER:SENT")
    for options in ((), ("-c",)):
        for text in ("2", "-1", "0.5", "Bsy", "65537"):
            await caput(ioc, *options, "START", text)
            assert (await ioc.text("MESSAGE")).startswith("START refused "), text
            assert await ioc.get("START") == 0, text
    await put_with_pva(ioc, "START", 2)
    assert (await ioc.text("MESSAGE")).startswith("START refused 2: it must be 1.")
    await caput(ioc, "-c", "START", "0")
    assert await ioc.get("BROKER:SENT") == before
    for text in ("1", "Busy"):
        await caput(ioc, "-c", "START", text)
    assert await ioc.get("BROKER:SENT") == before + 2
    assert await ioc.get("START") == 0
    await ioc.put("CANCEL", 1)


@pytest.mark.parametrize(
    ("value", "datatype"),
    [(1.5, aioca.DBR_DOUBLE), (65537, aioca.DBR_LONG), (2, aioca.DBR_SHORT)],
)
async def test_what_is_refused_while_a_command_runs_is_not_done_after_it(
    ioc_maker: Callable[..., Ioc],
    private_broker: RabbitMQ,
    value: float,
    datatype: object,
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=71, NUM_FRAMES=1)
    with private_broker.halted():
        put = asyncio.create_task(ioc.put("START", 1))
        await ioc.until_value("START", 1)
        await ioc.put("START", value, datatype=datatype, wait=False)
        await ioc.until_logged("START refused")
    await put
    await ioc.until_value("START", 0)
    await ioc.put("END", 1)  # it comes after whatever START may still do
    assert await ioc.get("BROKER:SENT") == 2
    assert await ioc.get("START") == 0


async def test_characters_and_parts_of_an_array_are_judged_as_well(ioc: Ioc) -> None:
    await ioc.put("DCID", 7)
    await ioc.put("DCID", "5", datatype=aioca.DBR_CHAR_STR, throw=False)
    assert (await ioc.text("MESSAGE")).startswith("DCID refused '5': ")
    part = ioc.pv("DCID.VAL[0:0]")
    await aioca.caput(part, "12x", datatype=aioca.DBR_STRING, throw=False)
    assert (await ioc.text("MESSAGE")).startswith("DCID refused '12x': ")
    assert await ioc.get("DCID") == 7


async def test_text_without_the_option_for_long_strings_is_explained(ioc: Ioc) -> None:
    for name in ("FILENAME", "RECIPES", "PARAMETERS", "SUBMIT", "SEND"):
        for text in ("x", "123"):
            await caput(ioc, name, text)
            message = await ioc.text("MESSAGE")
            assert message.startswith(f"{name} refused {text!r}: "), name
            assert "caput -S" in message, name
    assert await ioc.text("FILENAME") == ""
    await caput(ioc, "-S", "FILENAME", "ins_10_31")
    assert await ioc.text("FILENAME") == "ins_10_31"


async def test_a_number_is_no_text_but_the_codes_of_characters_are(ioc: Ioc) -> None:
    await ioc.put("FILENAME", "old")
    for datatype in (aioca.DBR_LONG, aioca.DBR_DOUBLE):
        await ioc.put("FILENAME", 123, datatype=datatype, throw=False)
        assert (await ioc.text("MESSAGE")).startswith("FILENAME refused 123: ")
        assert await ioc.text("FILENAME") == "old"
    codes = [*b"from Phoebus", 0]  # as it sends them
    await ioc.put("FILENAME", codes, datatype=aioca.DBR_LONG)
    assert await ioc.text("FILENAME") == "from Phoebus"
    assert f"writes 'from Phoebus' to {ioc.pv('FILENAME')}" in ioc.log
    await ioc.put("FILENAME", [0], datatype=aioca.DBR_LONG)
    assert await ioc.text("FILENAME") == ""


@pytest.mark.parametrize("name", [r.name for r in WRITABLE if is_float(r)])
async def test_a_number_that_is_none_leaves_no_alarm(ioc: Ioc, name: str) -> None:
    before = await ioc.get(name)
    for value in (math.nan, math.inf, 1e12, -1.0):
        for put in (put_with_pva, put_with_ca):
            await put(ioc, name, value)
            assert await ioc.get(name) == before
            assert (await ioc.text("MESSAGE")).startswith(f"{name} refused ")
            assert await ioc.severity(name) == 0
    limits = await ioc.get(name, format=aioca.FORMAT_CTRL)
    assert limits.upper_ctrl_limit == pytest.approx(limits.upper_disp_limit)
    low = pytest.approx(limits.lower_disp_limit, abs=1e-8)
    assert limits.lower_ctrl_limit == low


# -- whatever is put, by whichever way ----------------------------------------

SPELT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
CHOICES = {choice for record in WRITABLE for choice in record.datatype.choices}
RUNNING = {"1", "Busy", "+1", "01"}
"""What runs a command, in some way of putting."""
TEXTS = (
    st.from_regex(r"\A[ \t]{0,2}[-+]?[0-9]{0,12}[.,ex ]?[0-9]{0,3}[ x]?\Z")
    | st.text("0123456789+-.,eExX _%anif\n\t\x1c\x85\xa0\u0663", max_size=12)
    | st.sampled_from(sorted(CHOICES))
)
NUMBERS = (
    st.integers(-(2**31), 2**31 - 1)
    | st.integers(0, 3)
    | st.floats(-1e6, 1e6)
    | st.sampled_from([math.nan, math.inf, 0.1, 86400.0, 1e9])
)


async def put_with_caput(ioc: Ioc, name: str, value: Any) -> None:
    await caput(ioc, "-c", "--", name, f"{value}")


async def put_with_ca(ioc: Ioc, name: str, value: Any) -> None:
    """A text as EPICS string, as caput sends it; a number as a double."""
    kind = aioca.DBR_STRING if isinstance(value, str) else aioca.DBR_DOUBLE
    pv = ioc.pv(name)
    await aioca.caput(pv, value, datatype=kind, wait=True, timeout=40, throw=False)


async def put_with_pva(ioc: Ioc, name: str, value: Any) -> None:
    """A put that ends when it has been logged, unless the client refuses it."""
    logged = ioc.log.count(" writes ")
    with Context("pva") as pva:
        try:
            async with asyncio.timeout(40):
                await pva.put(ioc.pv(name), value)
        except (ValueError, TypeError, OverflowError, RemoteError):
            return
    await ioc.until(lambda: asyncio.sleep(0, ioc.log.count(" writes ") > logged))


def meaning(record: Record[Any], value: Any) -> Any:
    """Return what a record holds after a put, or None if the put is refused."""
    kind = record.datatype
    if isinstance(kind, Text):
        return "" if value == 0 else value if isinstance(value, str) else None
    if isinstance(value, str):
        if value in kind.choices:
            return kind.choices.index(value)
        stripped = value if kind.choices else value.strip(" \t\n\r\f\v")
        if not SPELT.fullmatch(stripped):
            return None
        if kind.choices and not re.fullmatch("[0-9]", stripped):
            return None
        if isinstance(kind, Int) and not re.fullmatch("[-+]?[0-9]+", stripped):
            return None
        value = float(stripped)
    low, high = getattr(kind, "low", 0), getattr(kind, "high", len(kind.choices) - 1)
    if not isinstance(kind, Float) and value % 1 != 0:
        return None
    return value if low <= value <= high else None


WAYS = {
    "caput": (put_with_caput, TEXTS, 15),
    "CA, texts": (put_with_ca, TEXTS, 30),
    "CA, numbers": (put_with_ca, NUMBERS, 12),
    "PVA, texts": (put_with_pva, TEXTS, 8),
    "PVA, numbers": (put_with_pva, NUMBERS, 8),
}


def examples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    found: list[Any] = []

    @settings(max_examples=count, deadline=None, database=None)
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("record", WRITABLE, ids=lambda record: record.name)
async def test_value_message_log_and_state_agree_whatever_is_put(
    ioc: Ioc, record: Record[Any], way: str
) -> None:
    put, strategy, count = WAYS[way]
    name, is_text = record.name, isinstance(record.datatype, Text)
    state, reached = await ioc.get("STATE"), 0
    for value in examples(strategy, count):
        if isinstance(record, Action) and (f"{value}".strip() in RUNNING or value == 1):
            continue
        if isinstance(record, TextAction) and (way.startswith("PVA") or value == 0):
            continue  # it would run, whatever it is
        read = ioc.text if is_text else ioc.get
        before, logged = await read(name), len(ioc.log)
        await put(ioc, name, value)
        after, said, log = await read(name), await ioc.text("MESSAGE"), ioc.log[logged:]
        written = re.findall(rf" writes (.*) to {ioc.pv(name)}\n", log)
        refused = re.findall(rf" WARNING ({name} refused .*)\n", log)
        reached += bool(written)
        if refused:
            assert (after, said) == (before, refused[-1]), value
        elif written:
            [shown] = written
            wanted = meaning(record, eval(shown, {"nan": math.nan, "inf": math.inf}))
            assert after == pytest.approx(wanted), value
        else:
            assert way.startswith(("caput", "PVA")), value  # its client refused it
            assert after == before, value
        if way == "CA, texts":
            should_be = None if is_text else meaning(record, value)
            assert bool(refused) == (should_be is None), (value, log)
        assert await ioc.get("STATE") == state, value
    silent = isinstance(record, Action | TextAction) and way.startswith("PVA")
    assert reached or silent  # the log does not have their values
