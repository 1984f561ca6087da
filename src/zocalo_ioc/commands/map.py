"""`zocalo-ioc map`: the grids of a scan, in a terminal or as a picture."""

import asyncio
from typing import ClassVar

from pydantic import Field

from ..exits import BAD_USAGE, Exit
from ..settings import POSITIONAL, Settings
from ..settings.types import FILE, PREFIX
from ._command import Command


class MapSettings(Settings):
    """Show heat maps of the grids of a running IOC.

    The IOC must take frames: see --frames-queue of zocalo-ioc run.
    """

    group: ClassVar[str] = "Picture"

    prefix: PREFIX = Field(
        description="prefix of the IOC's PVs", json_schema_extra=POSITIONAL
    )
    output: FILE | None = Field(
        default=None, description="write a picture to this file: .png, .svg or .pdf"
    )
    watch: bool = Field(default=False, description="update until Ctrl-C")


def _map(settings: MapSettings) -> Exit:
    from ..clients.grids import show

    try:
        looking = show(settings.prefix, settings.output, watch=settings.watch)
        return asyncio.run(looking)
    except KeyboardInterrupt:
        return Exit.WELL


_EXITS = {
    Exit.WELL: "done",
    Exit.FAILED: "the IOC does not answer or takes no frames; stderr says why",
}

COMMAND = Command(MapSettings, _map, _EXITS | BAD_USAGE)
