"""Loads the template that gives the strongest centre as motor positions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from softioc import builder, softioc

TEMPLATE = Path(__file__).with_name("motor-centre.template")
STARTS = {"X": "X_START", "Y": "Y_START", "Z": "Z2_START"}
"""Where the grid starts on each axis; Z is scanned in the second of the two grids."""
_READ = "START", "STEP"
"""Records that read the device, and have positions on their axis calculated."""


def make_fanout(prefix: str, after: Any) -> Any:
    """Return a record that has the motor positions calculated, then processes another.

    Those that calculate can't do so themselves: they are also processed when the grid
    changes, and that is no update of the result.
    """
    read = [f"{prefix}:BEST:MOTOR:{name}:{a}" for a in STARTS for name in _READ]
    links = {f"LNK{n}": name for n, name in enumerate(read)}
    fanout: Any = builder.records.fanout  # pyright: ignore[reportAttributeAccessIssue]
    return fanout(
        "BEST:MOTOR",
        DESC="Calculates the motor positions",
        SELM="All",
        FLNK=after,
        **links,
    )


def load(prefix: str, grid_prefix: str) -> None:
    """Load the template for each axis, before the IOC is initialised.

    Args:
        prefix: what names start with, without the colon.
        grid_prefix: the same of the fast grid scan device.
    """
    for of_axis in macros(prefix, grid_prefix):
        substitutions = ",".join(f"{name}={value}" for name, value in of_axis.items())
        softioc.dbLoadDatabase(str(TEMPLATE), substitutions=substitutions)


def macros(prefix: str, grid_prefix: str) -> Iterator[dict[str, str]]:
    """Yield the macros of the template for each axis; prefixes as for `load`."""
    for axis, start in STARTS.items():
        yield {
            "P": prefix,
            "GRID": f"{grid_prefix}:",
            "AXIS": axis,
            "START": start,
            "LINK": "MS",
        }
