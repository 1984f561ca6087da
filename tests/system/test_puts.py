"""What monitors see of a put, and of the command that it runs."""

import aioca

from tests.support.ioc import Ioc


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
