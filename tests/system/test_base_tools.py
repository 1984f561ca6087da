"""Values written with EPICS base's own caput, which sends every number as text."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aioca
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ

CAPUT = Path(sys.executable).with_name("caput")


@pytest.fixture(scope="module")
async def ioc(ioc_maker: Callable[..., Ioc], rabbitmq: RabbitMQ) -> Ioc:
    """An IOC without jobs, for a job that times out has something newer to say."""
    ioc = ioc_maker("run", "--broker", rabbitmq.url, "--results-queue", RESULTS)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc


async def caput(ioc: Ioc, *arguments: str) -> str:
    """Run EPICS base's caput on a record of the IOC, and return all that it prints."""
    *options, name, value = arguments
    process = await asyncio.create_subprocess_exec(
        *(CAPUT, *options, ioc.pv(name), value),
        env=ioc.client_environment,
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
    ioc = ioc_maker("run", "--broker", private_broker.url, "--results-queue", RESULTS)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=71, NUM_FRAMES=1)
    with private_broker.halted():
        put = asyncio.create_task(ioc.put("START", 1))
        await ioc.until_value("START", 1)
        await ioc.put("START", value, datatype=datatype, wait=False)
        await ioc.until(lambda: asyncio.sleep(0, "START refused" in ioc.log))
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


NUMBERS = {
    "DCID": (r"[-+]?[0-9]+", int, 0, 2**31 - 1),
    "NUM_FRAMES": (r"[-+]?[0-9]+", int, 0, 2**31 - 1),
    "TIMEOUT": (r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", float, 0.1, 86400),
    "SORT_KEY": (r"[0-9]", int, 0, 2),
    "SOURCE": (r"[0-9]", int, 0, 2),
}
CHOICES = {
    "SORT_KEY": ["max_count", "total_count", "n_voxels"],
    "SOURCE": ["Any", "CPU", "GPU"],
}
TEXTS = (
    st.from_regex(r"\A[ \t]{0,2}[-+]?[0-9]{0,12}[.,ex ]?[0-9]{0,3}[ x]?\Z")
    | st.text("0123456789+-.,eExX _%anif\n\t\x1c\x85\xa0\u0663", max_size=12)
    | st.sampled_from([name for names in CHOICES.values() for name in names])
)


def meaning(name: str, text: str) -> float | None:
    """Return the value that a text stands for, or None if there is none."""
    if text in CHOICES.get(name, ()):
        return CHOICES[name].index(text)
    pattern, kind, low, high = NUMBERS[name]
    stripped = text if name in CHOICES else text.strip(" \t\n\r\f\v")
    if not re.fullmatch(pattern, stripped, re.IGNORECASE):
        return None
    value = kind(stripped)
    return value if low <= value <= high else None


@pytest.mark.parametrize("name", NUMBERS)
async def test_value_message_and_state_agree_whatever_text_is_put(
    ioc: Ioc, name: str
) -> None:
    """Strings on the wire, as base's caput sends them."""
    state = await ioc.get("STATE")
    texts: list[str] = []

    @settings(max_examples=60, deadline=None, database=None)
    @given(TEXTS)
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    for text in dict.fromkeys(texts):
        before, wanted = await ioc.get(name), meaning(name, text)
        await aioca.caput(
            *(ioc.pv(name), text), datatype=aioca.DBR_STRING, wait=True, throw=False
        )
        said = (await ioc.text("MESSAGE")).startswith(f"{name} refused {text!r}: ")
        after = await ioc.get(name)
        if wanted is None:
            assert (after, said) == (before, True), text
        else:
            assert (after, said) == (pytest.approx(wanted), False), text
        assert await ioc.get("STATE") == state, text
