"""The settings of commands that print a result."""

from typing import ClassVar

from pydantic import Field

from ._settings import Settings


class OutputSettings(Settings):
    """What commands take that print a result."""

    group: ClassVar[str] = "Output"

    as_json: bool = Field(
        default=False, alias="json", description="print JSON instead of text"
    )
