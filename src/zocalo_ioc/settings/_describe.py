"""The settings of `zocalo-ioc describe`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ._sources import Settings
from ._types import PREFIX


class DescribeSettings(Settings):
    """Print the records, without starting an IOC."""

    # so that the settings file of the IOC will do
    model_config = SettingsConfigDict(
        cli_prog_name="zocalo-ioc describe", extra="ignore"
    )

    prefix: Annotated[
        PREFIX | None,
        Field(description="what the names of all PVs start with; $(P) if not given"),
    ] = None
    grid_prefix: Annotated[
        PREFIX | None,
        Field(description="the fast grid scan device, to have motor positions, too"),
    ] = None
    format: Annotated[
        Literal["table", "json", "database", "alarms", "archive"],
        Field(
            description="a table for people, JSON, an EPICS database, an alarm tree "
            "for Phoebus, or a list of what to archive"
        ),
    ] = "table"
