"""What monitors see of a put, and of the command that it runs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aioca
from p4p.client.asyncio import Context

from tests.support.ioc import Ioc
from zocalo_ioc.jobs import State


async def test_a_put_to_a_setting_updates_monitors_once(ioc: Ioc) -> None:
    await ioc.put("FILENAME", "zero")
    seen: list[str] = []
    monitor = aioca.camonitor(
        ioc.pv("FILENAME"),
        lambda value: seen.append(str(value)),
        datatype=aioca.DBR_CHAR_STR,
        all_updates=True,
    )

    async def has_seen(text: str) -> bool:
        return text in seen

    await ioc.until(lambda: has_seen("zero"))
    for text in ("one", "two"):
        await ioc.put("FILENAME", text)
        await ioc.put("CANCEL", 1)  # which the event loop runs after all of that put
    await ioc.until(lambda: has_seen("two"))
    monitor.close()
    assert seen == ["zero", "one", "two"]


@asynccontextmanager
async def processing(ioc: Ioc, dcid: int) -> AsyncGenerator[list[int]]:
    """Have PROCESS wait for a result; give what monitors have seen of it."""
    seen: list[int] = []
    monitor = aioca.camonitor(
        ioc.pv("PROCESS"), lambda value: seen.append(int(value)), all_updates=True
    )

    async def is_there() -> bool:
        return bool(seen)

    await ioc.until(is_there)
    await ioc.put_all(DCID=dcid, NUM_FRAMES=1)
    await ioc.put("PROCESS", 1, wait=False)
    await ioc.until_value("JOB:DCID", dcid)
    await ioc.until_value("STATE", State.PROCESSING)
    try:
        yield seen
    finally:
        monitor.close()
        await ioc.put("CANCEL", 1)
        await ioc.until_value("PROCESS", 0)


async def test_whatever_is_written_to_a_running_command_it_is_1_until_it_ends(
    ioc: Ioc,
) -> None:
    async with processing(ioc, 8001) as seen:
        number = await ioc.get("JOB:NUMBER")
        for value in 0, 2, "0":
            await aioca.caput(ioc.pv("PROCESS"), value)
            assert await ioc.get("PROCESS") == 1
        with Context("pva") as pva:
            for value in 0, 2:
                await pva.put(ioc.pv("PROCESS"), value, wait=False)
                assert await ioc.get("PROCESS") == 1
        await ioc.put("CANCEL", 1)
        await ioc.until_value("PROCESS", 0)
        await ioc.put("PROCESS", 0)
        assert seen == [0, 1, 0]
        assert await ioc.get("JOB:NUMBER") == number


async def test_a_number_refused_through_pv_access_while_a_command_runs_is_reported(
    ioc: Ioc,
) -> None:
    async with processing(ioc, 8002):
        with Context("pva") as pva:
            await pva.put(ioc.pv("PROCESS"), 2, wait=False)
        assert (await ioc.text("MESSAGE")).startswith("PROCESS refused 2")


async def test_a_0_that_follows_does_not_undo_a_1_that_waits(ioc: Ioc) -> None:
    async with processing(ioc, 8003):
        number = await ioc.get("JOB:NUMBER")
        for value in 1, 0:  # as a push button does
            await ioc.put("PROCESS", value, wait=False)
        await ioc.put("CANCEL", 1)
        await ioc.until_value("JOB:NUMBER", number + 1)
        await ioc.until_value("STATE", State.PROCESSING)
