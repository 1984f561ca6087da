"""Prefixes as sites have them."""

import asyncio
from pathlib import Path
from typing import Any

import aioca
from p4p.client.asyncio import Context

from tests.support.ioc import Ioc


async def test_a_prefix_with_braces_is_served_over_both_protocols(
    tmp_path: Path,
) -> None:
    prefix = "XF:17ID-ES:FMX{Zoc:1}"
    ioc = Ioc(tmp_path / "log", prefix, "demo", "--prefix", prefix)
    try:
        text = aioca.DBR_STRING
        await aioca.caput(ioc.pv("DCID"), "7x", datatype=text, timeout=40, throw=False)
        assert (await ioc.text("MESSAGE")).startswith("DCID refused '7x': ")
        await ioc.put_all(DCID=71, NUM_FRAMES=400, PROCESS=1)
        assert await ioc.state() == "Done"
        with Context("pva") as pva:
            async with asyncio.timeout(40):
                table: Any = await pva.get(ioc.pv("RESULT:TABLE"))
        assert 71 in table.dcids
    finally:
        aioca.purge_channel_caches()
        await asyncio.to_thread(ioc.stop)
