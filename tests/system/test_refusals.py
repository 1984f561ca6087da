"""Values that a record can't take are refused at once, and MESSAGE says why."""

from typing import Any

import aioca
import pytest
from epicscorelibs.ca.cadef import CAException

from tests.support.ioc import Ioc


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("DCID", 5, -1),
        ("DCGID", 5, -1),
        ("START_FRAME", 5, -1),
        ("NUM_FRAMES", 5, -1),
        ("MESSAGE_INDEX", 5, -1),
        ("SORT_KEY", 1, 3),
        ("SOURCE", 2, 7),
        ("TIMEOUT", 179.0, 0.0),
        ("TIMEOUT", 179.0, -5.0),
        ("TIMEOUT", 179.0, float("nan")),
        ("TIMEOUT", 179.0, float("inf")),
    ],
)
async def test_the_old_value_stays_and_message_says_why(
    ioc: Ioc, name: str, good: float, bad: float
) -> None:
    await ioc.put(name, good)
    await ioc.put(name, bad)
    assert await ioc.get(name) == good
    message = await ioc.text("MESSAGE")
    assert message.startswith(f"{name} refused {bad:g}: it must be ")
    assert message.endswith("The old value is kept.")


@pytest.mark.parametrize("name", ["SORT_KEY", "SOURCE"])
async def test_a_choice_that_is_not_known_is_refused_and_message_says_why(
    ioc: Ioc, name: str
) -> None:
    await ioc.put(name, 1)
    with pytest.raises(aioca.CANothing):
        await ioc.put(name, "nonsense")
    assert await ioc.get(name) == 1
    message = await ioc.text("MESSAGE")
    assert message.startswith(f"{name} refused 'nonsense': it must be one of ")


async def test_a_number_past_the_choices_is_refused_also_as_text(ioc: Ioc) -> None:
    with pytest.raises(aioca.CANothing):
        await ioc.put("SORT_KEY", "7")
    assert (await ioc.text("MESSAGE")).startswith("SORT_KEY refused '7'")


@pytest.mark.parametrize("text", ["total_count", "1"])
async def test_a_choice_can_be_written_by_name_and_by_number(
    ioc: Ioc, text: str
) -> None:
    await ioc.put("DCID", -1)
    await ioc.put("SORT_KEY", text)
    assert await ioc.get("SORT_KEY") == 1
    assert (await ioc.text("MESSAGE")).startswith("DCID refused")


@pytest.mark.parametrize("name", ["FILENAME", "RECIPES", "PARAMETERS"])
async def test_text_that_is_not_utf_8_is_refused(ioc: Ioc, name: str) -> None:
    await ioc.put(name, "good")
    await aioca.caput(ioc.pv(name), [0xFF, 0xFE, 0x41], wait=True)
    assert await ioc.text(name) == "good"
    assert "UTF-8" in await ioc.text("MESSAGE")


@pytest.mark.parametrize("text", ["abc", "4294967297", "-1"])
async def test_a_text_that_is_no_number_for_the_record_is_explained(
    ioc: Ioc, text: str
) -> None:
    await ioc.put("DCID", 3)
    await aioca.caput(
        *(ioc.pv("DCID"), text), datatype=aioca.DBR_STRING, wait=True, throw=False
    )
    assert (await ioc.text("MESSAGE")).startswith("DCID refused")
    assert await ioc.get("DCID") == 3


@pytest.mark.parametrize("text", ["+1", "1.0", "0x1"])
async def test_a_choice_written_as_another_number_is_refused(
    ioc: Ioc, text: str
) -> None:
    await aioca.caput(
        *(ioc.pv("SOURCE"), text), datatype=aioca.DBR_STRING, wait=True, throw=False
    )
    assert await ioc.get("SOURCE") == 0
    assert (await ioc.text("MESSAGE")).startswith(f"SOURCE refused '{text}'")


@pytest.mark.parametrize("name", ["SUBMIT", "SEND"])
async def test_what_is_no_request_is_refused_by_the_name_of_its_record(
    ioc: Ioc, name: str
) -> None:
    await ioc.put(name, '{"dcid": 5}')
    message = await ioc.text("MESSAGE")
    assert message.startswith(f"{name} is invalid: command: ")


@pytest.mark.parametrize(
    ("name", "value"), [("STATE", 1), ("BEST:X", 1.0), ("RESULT:SEQ", 4)]
)
async def test_what_the_ioc_reports_can_not_be_written(
    ioc: Ioc, name: str, value: Any
) -> None:
    with pytest.raises(CAException, match="Write access denied"):
        await ioc.put(name, value)


@pytest.mark.parametrize("field", ["DISP", "SCAN", "PROC", "DESC", "TPRO"])
@pytest.mark.parametrize("record", ["DCID", "STATE"])
async def test_no_field_but_the_value_can_be_written(
    ioc: Ioc, record: str, field: str
) -> None:
    with pytest.raises(CAException, match="Write access denied"):
        await ioc.put(f"{record}.{field}", 1)


async def test_a_refused_value_does_not_get_into_the_request(ioc: Ioc) -> None:
    await ioc.put_all(DCID=201, NUM_FRAMES=10)
    await ioc.put("DCID", -201)
    await ioc.put("START", 1)
    assert await ioc.get("JOB:DCID") == 201
