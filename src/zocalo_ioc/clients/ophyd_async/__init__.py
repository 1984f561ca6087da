"""Devices for Bluesky plans and their document callbacks, in place of dodal's.

`ZocaloResults` waits for results and reads them; `ZocaloTrigger` has data collections
processed. `Zocalo` is everything that an IOC serves, and `GridMap` the map of a grid.
Each is given the prefix of a running IOC. Results come over PV Access; triggers go over
Channel Access.
"""

from ...wire import Source as ZocaloSource
from ._errors import (
    NoResultsFromZocaloError,
    NotTriggeredError,
    NoZocaloSubscriptionError,
)
from ._grid import GridMap
from ._results import ZocaloResults
from ._trigger import ZocaloStartInfo, ZocaloTrigger
from ._zocalo import Zocalo

__all__ = [
    "GridMap",
    "NoResultsFromZocaloError",
    "NoZocaloSubscriptionError",
    "NotTriggeredError",
    "Zocalo",
    "ZocaloResults",
    "ZocaloSource",
    "ZocaloStartInfo",
    "ZocaloTrigger",
]
