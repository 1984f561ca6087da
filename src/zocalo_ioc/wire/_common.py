"""What triggers and recipe messages have in common."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..errors.results import ContentInvalid

Model = TypeVar("Model", bound=BaseModel)


def encode(message: object) -> bytes:
    """Return the body of a message.

    Raises:
        ValueError: a number is infinite or none.
    """
    return json.dumps(message, allow_nan=False).encode()


_WORDS = {
    "model_type": "Input should be an object",
    "extra_forbidden": "Not known here",
    "string_pattern_mismatch": "Input should be up to 39 ASCII characters",
}


def complaints(error: ValidationError, where: str = "", at_most: int = 3) -> str:
    """Say what is wrong where, without what pydantic says of its models."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said: list[str] = []
    for entry in errors[:at_most]:
        path = ".".join(map(str, [where, *entry["loc"]] if where else entry["loc"]))
        what = _WORDS.get(entry["type"], entry["msg"])
        said.append(f"{path or 'The message'}: {what}")
    if len(errors) > at_most:
        said.append(f"and {len(errors) - at_most} more")
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
