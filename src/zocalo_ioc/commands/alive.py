"""`zocalo-ioc alive`: whether an IOC works, for the probes of containers."""

import asyncio
from typing import ClassVar

from pydantic import Field

from ..exits import BAD_USAGE, Exit, complain
from ..settings import POSITIONAL, Settings
from ..settings.types import PREFIX, SECONDS
from ._command import Command


class AliveSettings(Settings):
    """Check that an IOC answers and that its heartbeat moves.

    Accepts the settings file of the IOC with --config.
    """

    group: ClassVar[str] = "Probe"
    foreign_keys: ClassVar[bool] = True

    prefix: PREFIX = Field(
        description="prefix of the IOC's PVs", json_schema_extra=POSITIONAL
    )
    connected: bool = Field(
        default=False, description="also check that the IOC is connected to its broker"
    )
    timeout: SECONDS = Field(
        default=5.0, description="how long to wait for the heartbeat to move, seconds"
    )


def _alive(settings: AliveSettings) -> Exit:
    from ..clients.alive import look

    problem = asyncio.run(
        look(settings.prefix, settings.timeout, connected=settings.connected)
    )
    if problem:
        complain(problem)
        return Exit.FAILED
    return Exit.WELL


_EXITS = {
    Exit.WELL: "the IOC is alive, with `--connected` also connected to its broker",
    Exit.FAILED: "the IOC is not alive or not connected; stderr says why",
}

COMMAND = Command(AliveSettings, _alive, _EXITS | BAD_USAGE)
