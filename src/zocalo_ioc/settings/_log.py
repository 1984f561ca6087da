"""The settings of what is logged, for commands that run until stopped."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from ._settings import Settings


def _host_and_port(text: str) -> str:
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})", text)
    if not match or not 0 < int(match[2]) < 2**16:
        raise ValueError("write host and port, such as graylog.example.org:12201")
    return text


ADDRESS = TypeAliasType(
    "ADDRESS",
    Annotated[str, AfterValidator(_host_and_port), Field(description="`host:port`")],
)


class LogSettings(Settings):
    """What commands take that log."""

    group: ClassVar[str] = "Log"

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="lowest level to log"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="text, or one JSON object per line, on stderr"
    )
    log_graylog: ADDRESS | None = Field(
        default=None,
        description="also send the log to Graylog: GELF over UDP to HOST:PORT",
    )


class IocSettings(LogSettings):
    """What commands take that serve PVs."""

    group: ClassVar[str] = "Shell"

    shell: bool = Field(
        default=False,
        description="read commands of the EPICS shell from standard input, such as "
        "dbl; exit, or the end of the input, ends the IOC",
    )
