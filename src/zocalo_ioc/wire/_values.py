"""Values as recipes hold them.

Recipes are filled in as text, so a number, a flag, a list or nothing may be a text.
pydantic reads numbers from text, and whole numbers from floats; the rest is here.
"""

from typing import Annotated

from pydantic import BeforeValidator, FailFast, Field

INT32_MAX = 2**31 - 1
Int31 = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""Ids, box numbers and numbers of boxes: what a 32-bit record holds, but for -1."""
Id = Annotated[int, Field(ge=1, le=INT32_MAX)]
"""An id in ISPyB."""

MAX_IDS = 1_000
"""In a list."""

_NULL = ("", "none", "null")
_UNSET = (*_NULL, "0", "false", "no")


def none_if_null(value: object) -> object:
    """Return None for a text that stands for null, and any other value as it is."""
    is_null = isinstance(value, str) and value.strip().lower() in _NULL
    return None if is_null else value


def _is_set(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in _UNSET
    return bool(value)


def _none_if_no_id(value: object) -> object:
    return None if value in (0, "0") else none_if_null(value)


def _list(value: object) -> object:
    value = none_if_null(value) or []
    if isinstance(value, str):
        return [part for part in value.strip("[]() ").split(",") if part.strip()]
    return value


Flag = Annotated[bool, BeforeValidator(_is_set)]
OptionalId = Annotated[Int31 | None, BeforeValidator(_none_if_no_id)]
"""An id in ISPyB, which 0 is not."""
OptionalText = Annotated[str | None, BeforeValidator(none_if_null)]
IdList = Annotated[
    list[Int31],
    Field(max_length=MAX_IDS),
    FailFast(),  # each complaint takes time, and three are shown
    BeforeValidator(_list),
]
"""A list, or the text of one: ``[1, 2]``, ``1,2``."""
