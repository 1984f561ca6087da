"""What it costs to look a data collection up in ISPyB."""

import time
from pathlib import Path

import aioca
from tests.support.ioc import Ioc
from tests.support.mariadb import MariaDB
from tests.support.rabbitmq import TRIGGERS

from zocalo_ioc.ispyb import LIMIT

from .finding import Finding, milliseconds
from .puts import FRAMES
from .stand import Stand, alternate


async def latency(stand: Stand, folder: Path, times: int = 500) -> list[Finding]:
    """Time START with and without a look, and while the database hangs."""
    (folder / "ispyb").mkdir()
    ispyb = MariaDB(folder / "ispyb")
    try:
        ispyb.create()
        _, (dcid,) = ispyb.add_scan(FRAMES)
        asking = stand.launch("ours", "--ispyb", ispyb.url)
        alone = stand.launch("ours")
        for ioc in asking, alone:
            await ioc.until_value("BROKER:CONNECTED", 1)
            await ioc.put_all(DCID=dcid, NUM_FRAMES=FRAMES)
        await asking.until_value("ISPYB:CONNECTED", 1)
        taken = await alternate(
            times,
            {"asking": lambda: _start(asking), "alone": lambda: _start(alone)},
        )
        with ispyb.halted():
            began = time.perf_counter()
            await _start(asking)
            late = time.perf_counter() - began
    finally:
        ispyb.stop()
    stand.broker.purge(TRIGGERS)
    stand.stop(asking, alone)
    return [
        Finding(
            "START with a look into ISPyB, put to callback",
            milliseconds(taken["asking"]),
            f"without: {milliseconds(taken['alone'])}",
            taken["asking"].median / taken["alone"].median,
            2,
            "at most",
        ),
        Finding(
            "the first START while ISPyB hangs, put to callback",
            f"{late * 1000:.0f} ms",
            f"the limit of a look: {LIMIT * 1000:.0f} ms",
            late / LIMIT,
            1.1,
            "at most",
        ),
    ]


async def _start(ioc: Ioc) -> None:
    await aioca.caput(ioc.pv("START"), 1, wait=True, timeout=30)
