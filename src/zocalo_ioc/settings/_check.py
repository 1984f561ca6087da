"""The settings of `zocalo-ioc check`: those of `run`, which it looks at."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import CliToggleFlag, SettingsConfigDict

from ._run import RunSettings


class CheckSettings(RunSettings):
    """Look at everything that the IOC will need, with the options of run."""

    model_config = SettingsConfigDict(
        cli_prog_name="zocalo-ioc check", cli_shortcuts={"as-json": "json"}
    )

    as_json: Annotated[
        CliToggleFlag[bool], Field(description="print JSON instead of text")
    ] = False
