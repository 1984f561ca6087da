"""The records of iocStats in a running IOC."""

import os
import platform
import socket

import aioca

from tests.support.ioc import Ioc
from zocalo_ioc.records import ioc_stats


async def test_every_record_of_iocstats_is_served_under_the_prefix(ioc: Ioc) -> None:
    pvs = [ioc.pv(record.name) for record in ioc_stats()]
    found = await aioca.connect(pvs, timeout=20)
    assert [result.ok for result in found] == [True] * len(pvs)


async def test_iocstats_counts_the_clients(ioc: Ioc) -> None:
    async def is_counted() -> bool:
        return await ioc.get("IOC:CA_CLNT_CNT") >= 1

    await ioc.until(is_counted)


async def test_iocstats_says_who_and_where_the_process_is(ioc: Ioc) -> None:
    async def value(name: str) -> object:
        return await ioc.get(f"IOC:{name}")

    assert await value("HOSTNAME") == socket.gethostname()[:39]
    assert await value("KERNEL_VERS") == platform.release()[:39]
    assert await value("PROCESS_ID") == ioc.process.pid
    assert await value("APP_DIR1") == os.getcwd()[:39]
    assert await ioc.text("IOC:APP_DIR") == os.getcwd()
    assert (await ioc.text("IOC:ST_SCRIPT")).endswith("zocalo-ioc")
    for name in ("ENGINEER", "LOCATION"):
        assert await value(name) not in ("", "<not available>")
