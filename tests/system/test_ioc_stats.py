"""The records of iocStats in a running IOC."""

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
