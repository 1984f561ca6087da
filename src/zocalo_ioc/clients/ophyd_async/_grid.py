"""A device for the map of one grid."""

from typing import Annotated

import numpy as np
from ophyd_async.core import Array1D, SignalR, StandardReadable
from ophyd_async.core import StandardReadableFormat as Format
from ophyd_async.epics.core import EpicsDevice, PvSuffix

from ._arguments import as_prefix


class GridMap(StandardReadable, EpicsDevice):
    """The spots in each box of a grid, while its frames arrive.

    Read it for the map as it is, or monitor ``image`` to have it fill in the documents.
    The IOC must take frames.

    Args:
        prefix: of the IOC's PVs.
        axes: ``XY`` for the first grid of a scan, ``XZ`` for the second.
        name: of the device.

    Example:
        A stream of the first grid while a scan is processed::

            grid = GridMap("BL03I-EA-ZOC-01", "XY", name="grid")
            yield from bps.monitor(grid.image)
            yield from bps.abs_set(zocalo.submit, scan, wait=True)
            yield from bps.unmonitor(grid.image)
    """

    dcid: Annotated[SignalR[int], PvSuffix("DCID"), Format.UNCACHED_SIGNAL]
    nx: Annotated[SignalR[int], PvSuffix("NX"), Format.UNCACHED_SIGNAL]
    ny: Annotated[SignalR[int], PvSuffix("NY"), Format.UNCACHED_SIGNAL]
    step_x: Annotated[SignalR[float], PvSuffix("STEP:X"), Format.UNCACHED_SIGNAL]
    step_y: Annotated[SignalR[float], PvSuffix("STEP:Y"), Format.UNCACHED_SIGNAL]
    frames: Annotated[SignalR[int], PvSuffix("FRAMES"), Format.HINTED_UNCACHED_SIGNAL]
    expected: Annotated[SignalR[int], PvSuffix("EXPECTED"), Format.UNCACHED_SIGNAL]
    max_count: Annotated[SignalR[int], PvSuffix("MAX_COUNT"), Format.UNCACHED_SIGNAL]
    counts: Annotated[
        SignalR[Array1D[np.int32]], PvSuffix("COUNTS"), Format.UNCACHED_SIGNAL
    ]
    image: Annotated[
        SignalR[np.ndarray],  # pyright: ignore[reportMissingTypeArgument]
        PvSuffix("IMAGE"),
    ]

    def __init__(self, prefix: str, axes: str = "XY", name: str = "") -> None:
        super().__init__(f"pva://{as_prefix(prefix)}:GRID:{axes}:", name=name)
