"""The settings of `zocalo-ioc files`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict
from typing_extensions import TypeAliasType

from ._sources import Settings

COPIES = TypeAliasType("COPIES", Annotated[Path, Field(description="a folder")])


class FilesSettings(Settings):
    """Say where screens, databases and examples are, or copy them to a folder."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc files", extra="ignore")

    folder: CliPositionalArg[
        Annotated[COPIES | None, Field(description="a folder to copy them to")]
    ] = None
