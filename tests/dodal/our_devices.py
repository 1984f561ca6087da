"""A plug-in of pytest that puts our devices in place of dodal's in dodal's own tests.

These make the devices themselves, so ours take dodal's arguments.
"""

import os
from importlib import import_module
from typing import Any

import zocalo_ioc.clients.ophyd_async as ours

PREFIX = os.environ["OUR_PREFIX"]
DODAL = "dodal.devices.zocalo"


class ZocaloResults(ours.ZocaloResults):
    """Takes dodal's arguments."""

    def __init__(
        self,
        name: str = "",
        zocalo_environment: str = "",
        channel: str = "",
        **options: Any,
    ) -> None:
        super().__init__(PREFIX, name, **options)


class ZocaloTrigger(ours.ZocaloTrigger):
    """Takes dodal's argument."""

    def __init__(self, environment: str = "") -> None:
        super().__init__(PREFIX)


def put(module: str, *kinds: type) -> None:
    """Put classes in place of those of the same names."""
    vars(import_module(module)).update({kind.__name__: kind for kind in kinds})


put(f"{DODAL}.zocalo_results", ZocaloResults)
put(f"{DODAL}.zocalo_interaction", ZocaloTrigger)
put(DODAL, ZocaloResults, ZocaloTrigger)
