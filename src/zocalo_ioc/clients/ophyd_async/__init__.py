"""Devices for Bluesky plans and their document callbacks, instead of dodal's.

`ZocaloTrigger` triggers processing, and `ZocaloResults` waits for the results and reads
them. `Zocalo` has a signal or command for every record of an IOC, and `GridMap` the map
of a grid. Each takes the prefix of a running IOC. Results arrive over PV Access, and
triggers use Channel Access.
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
