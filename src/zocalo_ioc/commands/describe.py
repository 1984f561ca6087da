"""`zocalo-ioc describe`: the PVs, without an IOC."""

import os
import sys
from typing import ClassVar, Literal

from pydantic import Field

from ..exits import AT_ONCE, Exit
from ..settings import Settings
from ..settings.types import PREFIX, SCREENS
from ._command import Command


class DescribeSettings(Settings):
    """Print the records, without starting an IOC.

    Accepts the settings file of an IOC, and ignores its other keys.
    """

    group: ClassVar[str] = "Records"
    foreign_keys: ClassVar[bool] = True

    prefix: PREFIX | None = Field(
        default=None, description="prefix of all PVs; $(P) if not given"
    )
    grid_prefix: PREFIX | None = Field(
        default=None,
        description="prefix of the fast grid scan device, to include motor positions",
    )
    frames: bool = Field(
        default=False, description="include the grids, which need a queue of frames"
    )
    screens: SCREENS | None = Field(
        default=None,
        description="folder or URL of zocalo.bob, for alarms to open; $(OPI) if not "
        "given",
    )
    format: Literal["table", "json", "database", "alarms", "archive"] = Field(
        default="table",
        description="a table for people, JSON, an EPICS database, an alarm tree for "
        "Phoebus, or a list of what to archive",
    )


def _describe(settings: DescribeSettings) -> None:
    from ..describe import describe

    try:
        describe(
            settings.prefix,
            settings.grid_prefix,
            settings.frames,
            settings.screens,
            settings.format,
        )
        sys.stdout.flush()
    except BrokenPipeError:  # the other end of a pipe, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)  # as rich does for the table


COMMAND = Command(DescribeSettings, _describe, AT_ONCE)
