"""What triggers and results have in common."""

import json
from typing import Annotated

from pydantic import Field, ValidationError

INT32_MAX = 2**31 - 1
Int31 = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""Ids, box numbers and numbers of boxes: what a 32-bit record holds, but for -1."""


def encode(message: object) -> bytes:
    """Return the body of a message.

    Raises:
        ValueError: a number is infinite or none.
    """
    return json.dumps(message, allow_nan=False).encode()


_WORDS = {
    "model_type": "Input should be an object",
    "extra_forbidden": "Not known here",
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
