"""Values written with EPICS base's own caput, which sends every number as text."""

import asyncio
import subprocess
import sys
from pathlib import Path

import aioca
import pytest

from tests.support.ioc import Ioc

CAPUT = Path(sys.executable).with_name("caput")


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
