"""A simulated Zocalo: services that speak its messages on its queues.

They know no EPICS, and nothing of the IOC but the broker protocol and the messages.
"""

from ._centring import (
    Counts,
    Orientation,
    Wells,
    centre_2d,
    centres_3d,
    to_grid,
)
from ._centring_service import XrayCentring
from ._collections import Collections
from ._collections_file import CollectionsFile, read_collections
from ._declare import SERVICE_QUEUES, declare
from ._real_dispatcher import RealDispatcher
from ._real_dispatcher import is_installed as dispatcher_is_installed
from ._scans import Crystal, Scan, Trouble
from ._zocalo import Options, SimulatedZocalo

__all__ = [
    "SERVICE_QUEUES",
    "Collections",
    "CollectionsFile",
    "Counts",
    "Crystal",
    "Options",
    "Orientation",
    "RealDispatcher",
    "Scan",
    "SimulatedZocalo",
    "Trouble",
    "Wells",
    "XrayCentring",
    "centre_2d",
    "centres_3d",
    "declare",
    "dispatcher_is_installed",
    "read_collections",
    "to_grid",
]
