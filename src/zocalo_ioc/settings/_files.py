"""The settings of `zocalo-ioc files`."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from ._sources import Settings
from ._types import FILE


class FilesSettings(Settings):
    """Say where screens, databases and examples are, or copy them to a folder."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc files", extra="ignore")

    folder: CliPositionalArg[
        Annotated[FILE | None, Field(description="a folder to copy them to")]
    ] = None
