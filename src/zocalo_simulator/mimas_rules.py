"""Which recipes follow the start and the end of a data collection.

The rules of ``dlstbx.mimas``, without the jobs for ISPyB that it makes as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zocalo_ioc.wire import Event

from .names import Beamline, Detector
from .scans import Kind

GPU_RECIPE = "per-image-analysis-gridscan-i03-gpu"

_ALL = frozenset(Beamline)
_VMXI = frozenset({Beamline.I02_2})
_VMXM = frozenset({Beamline.I02_1})
_I03 = frozenset({Beamline.I03})
_I24 = frozenset({Beamline.I24})
_MX = _ALL - _VMXI

_GRID, _ROTATION, _SERIAL = ({kind} for kind in Kind)
_EIGER, _PILATUS = ({detector} for detector in Detector)


@dataclass(frozen=True)
class Rule:
    """Recipes, and when they follow."""

    event: Event
    kinds: Collection[Kind]
    detectors: Collection[Detector]
    beamlines: Collection[Beamline]
    recipes: Sequence[str]


RULES = (
    Rule(Event.START, _GRID, _EIGER, _I03, [GPU_RECIPE]),
    Rule(
        *(Event.START, _GRID, _PILATUS, _MX),
        ["archive-cbfs", "per-image-analysis-gridscan"],
    ),
    Rule(
        *(Event.START, _ROTATION, _PILATUS, _MX),
        ["archive-cbfs", "per-image-analysis-rotation"],
    ),
    Rule(Event.START, _SERIAL, _EIGER, _I24, ["pia-index-ssx-swmr"]),
    Rule(Event.START, _SERIAL, _PILATUS, _I24, ["pia-index-ssx-pilatus"]),
    Rule(
        *(Event.END, _GRID, _EIGER, _I03),
        ["per-image-analysis-gridscan-i03-no-really"],
    ),
    Rule(
        *(Event.END, _GRID, _EIGER, _MX - _I03 - _VMXM),
        ["per-image-analysis-gridscan-i03"],
    ),
    Rule(
        *(Event.END, _GRID, _EIGER, _VMXM),
        ["per-image-analysis-gridscan-swmr-vmxm"],
    ),
    Rule(
        *(Event.END, _ROTATION, _EIGER, _MX - _VMXM),
        ["per-image-analysis-rotation-swmr"],
    ),
    Rule(
        *(Event.END, _ROTATION, _EIGER, _VMXM),
        ["per-image-analysis-rotation-swmr-vmxm"],
    ),
    # on i03 anything but a grid is taken for a rotation
    Rule(Event.END, _SERIAL, _EIGER, _I03, ["per-image-analysis-rotation-swmr"]),
    Rule(Event.END, Kind, _EIGER, _MX, ["archive-nexus"]),
    Rule(Event.END, Kind, Detector, _VMXI, ["archive-nexus"]),
    Rule(Event.END, _GRID, Detector, _VMXI, ["vmxi-spot-counts-per-image"]),
    Rule(Event.END, _ROTATION, _EIGER, _MX, ["processing-rlv-eiger"]),
    Rule(Event.END, _ROTATION, _PILATUS, _MX, ["processing-rlv"]),
    Rule(Event.END, _ROTATION, Detector, _MX, ["generate-diffraction-preview"]),
    Rule(Event.END, _ROTATION, Detector, _MX - _VMXM, ["processing-mmcif-gen"]),
    Rule(
        *(Event.END, _ROTATION, Detector, _VMXI),
        [
            "vmxi-per-image-analysis",
            "processing-mmcif-gen",
            "generate-diffraction-preview",
        ],
    ),
)


def recipes_after(
    event: Event, kind: Kind, detector: Detector, beamline: Beamline
) -> list[str]:
    """Return the names of the recipes that follow an event."""
    return [
        recipe
        for rule in RULES
        if rule.event is event
        and kind in rule.kinds
        and detector in rule.detectors
        and beamline in rule.beamlines
        for recipe in rule.recipes
    ]
