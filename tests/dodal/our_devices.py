"""A plug-in of pytest that puts our devices in place of dodal's.

In mx-bluesky's tests, the factories of the beamlines and the callback make ours, as
they do once a beamline has moved to the IOC; types are still checked against dodal's
classes. In dodal's own tests, which make the devices, ours take dodal's arguments.
"""

import os
from importlib import import_module
from typing import Any

import zocalo_ioc.clients.ophyd_async as ours

PREFIX = os.environ["OUR_PREFIX"]
DODAL = "dodal.devices.zocalo"
BEAMLINES = "i03", "i04"
CALLBACK = "mx_bluesky.common.external_interaction.callbacks.common.zocalo_callback"


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


if os.environ["SUITE"] == "dodal":
    put(f"{DODAL}.zocalo_results", ZocaloResults)
    put(f"{DODAL}.zocalo_interaction", ZocaloTrigger)
    put(DODAL, ZocaloResults, ZocaloTrigger)
else:
    for beamline in BEAMLINES:
        put(f"dodal.beamlines.{beamline}", ZocaloResults)
    put(CALLBACK, ZocaloTrigger)
