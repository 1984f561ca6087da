"""Values as recipes hold them, and reading and writing whole messages.

Recipes are filled in as text, so a number, a flag, a list or nothing may be a text.
pydantic reads numbers from text, and whole numbers from floats; the rest is here.
"""

import json
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, FailFast, Field, ValidationError

from ..errors.results import ContentInvalid

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


Model = TypeVar("Model", bound=BaseModel)


def encode(message: object) -> bytes:
    """Return the body of a message.

    Raises:
        ValueError: a number is infinite or none.
    """
    return json.dumps(message, allow_nan=False).encode()


_MOST_TOLD = 3
_WORDS = {
    "model_type": "Input should be an object",
    "extra_forbidden": "Unknown key",
    "string_pattern_mismatch": "Input should be up to 39 ASCII characters",
}


def complaints(error: ValidationError, where: str = "") -> str:
    """Say what is wrong where, without what pydantic says of its models."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said: list[str] = []
    for entry in errors[:_MOST_TOLD]:
        path = ".".join(map(str, [where, *entry["loc"]] if where else entry["loc"]))
        what = _WORDS.get(entry["type"], entry["msg"])
        said.append(f"{path or 'The message'}: {what}")
    if len(errors) > _MOST_TOLD:
        said.append(f"and {len(errors) - _MOST_TOLD} more")
    return "; ".join(said)


def validated(model: type[Model], value: object, where: str = "") -> Model:
    """Read a part of a message.

    Args:
        model: what it should be.
        value: what it is.
        where: what errors call it.

    Raises:
        NotUnderstood: it can't be used, with what it lacks.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ContentInvalid(complaints(error, where)) from error
