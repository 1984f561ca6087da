"""Devices for Bluesky plans and their document callbacks, in place of dodal's.

`ZocaloResults` waits for results and reads them; `ZocaloTrigger` has data collections
processed. Both are given the prefix of a running IOC. Results come over PV Access;
triggers go over Channel Access.
"""

from ...wire import Source as ZocaloSource
from ._errors import (
    NoResultsFromZocaloError,
    NotTriggeredError,
    NoZocaloSubscriptionError,
)
from ._results import ZocaloResults
from ._trigger import ZocaloStartInfo, ZocaloTrigger

__all__ = [
    "NoResultsFromZocaloError",
    "NoZocaloSubscriptionError",
    "NotTriggeredError",
    "ZocaloResults",
    "ZocaloSource",
    "ZocaloStartInfo",
    "ZocaloTrigger",
]
