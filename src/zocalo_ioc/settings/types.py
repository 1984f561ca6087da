"""The types of settings, and what is wrong with a value that is none."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from typing_extensions import TypeAliasType

from ..records import LONGEST_NAME, MAX_NAME
from ..wire import INT32_MAX, TRIGGER_QUEUE
from ._urls import broker_url, ispyb_url

MAX_PREFIX = MAX_NAME - len(":") - LONGEST_NAME


def _prefix(prefix: str) -> str:
    prefix = prefix.rstrip(":")
    if not re.fullmatch(rf"[A-Za-z0-9_\-+:\[\]<>;{{}}]{{1,{MAX_PREFIX}}}", prefix):
        raise ValueError(
            f"write at most {MAX_PREFIX} letters, digits or any of _-+:;[]<>{{}}; "
            f"EPICS allows {MAX_NAME} characters in a whole name"
        )
    return prefix


def _results_queue(queue: str) -> str:
    if queue == TRIGGER_QUEUE:
        raise ValueError("this queue is for triggers; write the queue of results")
    return queue


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"creating it failed: {error.strerror}") from None
    return folder


def _screens(place: str) -> str:
    if not re.match(r"/|\w+://", place):
        raise ValueError("write a whole path, or a URL")
    return place.rstrip("/")


# The names of these aliases are what --help shows, the descriptions what the reference
# says of the values.
PREFIX = TypeAliasType(
    "PREFIX",
    Annotated[
        str,
        AfterValidator(_prefix),
        Field(
            description=f"1 to {MAX_PREFIX} letters, digits or any of `_-+:[]<>;{{}}`"
        ),
    ],
)
URL = TypeAliasType(
    "URL",
    Annotated[
        SecretStr,
        AfterValidator(broker_url),
        Field(description="a URL, with special characters in it as `%XX`"),
    ],
)
ISPYB_URL = TypeAliasType(
    "ISPYB_URL",
    Annotated[
        SecretStr,
        AfterValidator(ispyb_url),
        Field(description="a URL, with special characters in it as `%XX`"),
    ],
)
QUEUE = TypeAliasType(
    "QUEUE",
    Annotated[
        str,
        StringConstraints(min_length=1, max_length=255),
        AfterValidator(_results_queue),
        Field(description=f"the name of a queue other than `{TRIGGER_QUEUE}`"),
    ],
)
NAME = TypeAliasType(
    # two of them and a prefix go into the name of a queue, which may have 255
    "NAME",
    Annotated[
        str,
        StringConstraints(min_length=1, max_length=90),
        Field(description="1 to 90 characters"),
    ],
)
_POSITIVE = Annotated[int, Field(ge=1, le=INT32_MAX)]
DCIDS = TypeAliasType("DCIDS", list[_POSITIVE])
COUNTS = TypeAliasType("COUNTS", tuple[_POSITIVE, ...])
NUMBER = TypeAliasType("NUMBER", Annotated[int, Field(ge=0, le=INT32_MAX)])
NUMBERS = TypeAliasType("NUMBERS", tuple[NUMBER, ...])
NAMES = TypeAliasType("NAMES", tuple[str, ...])
RECIPES = TypeAliasType("RECIPES", str)
JSON = TypeAliasType("JSON", Annotated[str, Field(description="JSON")])
SECONDS = TypeAliasType("SECONDS", Annotated[float, Field(gt=0, le=3600)])
WHOLE_SECONDS = TypeAliasType("WHOLE_SECONDS", Annotated[int, Field(ge=1, le=600)])
PORT = TypeAliasType("PORT", Annotated[int, Field(ge=1, le=65535)])
FILE = TypeAliasType("FILE", Annotated[Path, Field(description="a file")])
FOLDER = TypeAliasType(
    "FOLDER",
    Annotated[
        Path,
        AfterValidator(_folder),
        Field(description="a folder, created if missing"),
    ],
)
SCREENS = TypeAliasType(
    "SCREENS",
    Annotated[
        str,
        AfterValidator(_screens),
        Field(description="the whole path of the folder with zocalo.bob, or its URL"),
    ],
)
