"""Draws the grids of a scan, its centres and their boxes."""

from pathlib import Path

from ._zocalo import Options


def plot(dcid: int, options: Options, file: Path) -> None:
    """Draw."""
    raise NotImplementedError(dcid, options, file)
