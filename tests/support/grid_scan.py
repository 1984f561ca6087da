"""An IOC that stands in for the fast grid scan device of a beamline.

usage: grid_scan.py PREFIX [P]

With P it also loads the template for motor positions, for the zocalo-ioc P.
"""

import asyncio
import signal
import sys
from typing import Any

from softioc import builder, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher

from zocalo_ioc.records._motor import STARTS, TEMPLATE

POSITIONS = ["X_START", "Y_START", "Z_START", "Y2_START", "Z2_START"]
SIZES = ["X_STEP_SIZE", "Y_STEP_SIZE", "Z_STEP_SIZE"]
NUMBERS = ["X_NUM_STEPS", "Y_NUM_STEPS", "Z_NUM_STEPS"]


def make(name: str) -> None:
    """Make a setting whose readback follows it."""
    is_number = name in NUMBERS
    fields = {} if is_number else {"EGU": "mm", "PREC": 4}
    readback: Any = (builder.longIn if is_number else builder.aIn)(
        f"{name}_RBV", initial_value=0, **fields
    )
    out = builder.longOut if is_number else builder.aOut
    out(name, initial_value=0, on_update=readback.set, **fields)


async def serve(prefix: str, zocalo: str | None) -> None:
    builder.SetDeviceName(prefix)
    for name in (*POSITIONS, *SIZES, *NUMBERS):
        make(name)
    builder.LoadDatabase()
    if zocalo:
        for axis, start in STARTS.items():
            softioc.dbLoadDatabase(
                str(TEMPLATE),
                substitutions=f"P={zocalo},GRID={prefix}:,AXIS={axis},START={start}",
            )
    loop = asyncio.get_running_loop()
    softioc.iocInit(AsyncioDispatcher(loop))
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
    softioc.safeEpicsExit(0)
