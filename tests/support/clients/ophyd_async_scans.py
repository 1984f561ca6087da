"""Trigger scans one after the other through ophyd-async; print what came of each."""

import asyncio
import json
import sys

from zocalo_ioc.clients.ophyd_async import (
    ZocaloResults,
    ZocaloStartInfo,
    ZocaloTrigger,
)


async def main(prefix: str, first: int, count: int) -> None:
    trigger = ZocaloTrigger(prefix)
    device = ZocaloResults(prefix, name="zocalo", timeout_s=30)
    await device.connect()
    found: list[tuple[int, int, int]] = []
    for dcid in range(first, first + count):
        await device.stage()
        trigger.run_start(ZocaloStartInfo(dcid, None, 0, 4, 0))
        trigger.run_end(dcid)
        await device.trigger()
        centres = await device.max_count.get_value()
        found.append((dcid, await device.ispyb_dcid.get_value(), len(centres)))
        await device.unstage()
    print(json.dumps(found))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
