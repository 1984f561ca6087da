"""Messages of recipes, as the recipe wrapper of python-workflows wraps them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic_core import from_json

from ..errors import results as errors
from ._values import encode, validated

RECIPE_HEADERS: Mapping[str, object] = {"workflows-recipe": True}
"""The headers of a recipe message, as python-workflows sends them."""
MAX_BODY = 4 * 1024**2
"""Bytes of a message. Reading a longer one would keep a process from its other work."""


def is_recipe_message(headers: Mapping[str, object]) -> bool:
    """Say whether headers mark a recipe message, by the rule of python-workflows.

    The mark is true, which some transports turn into a text or a 1.
    """
    return headers.get("workflows-recipe") in (True, "True", "true")


class Envelope(BaseModel):
    """What a recipe message wraps.

    Attributes:
        payload: the content.
        recipe: the steps by their number as a text.
        pointer: the number of the current step.
        path: the numbers of the steps before.
        environment: what all messages of a recipe have in common: their ``ID``.
    """

    payload: Any
    recipe: dict[str, Any]
    pointer: Annotated[int, Field(alias="recipe-pointer")]
    path: Annotated[Any, Field(alias="recipe-path")] = ()
    environment: dict[str, Any] = {}

    @property
    def step(self) -> Any:
        """What the recipe says of the current step."""
        return self.recipe[str(self.pointer)]


def read_envelope(headers: Mapping[str, object], body: bytes) -> Envelope:
    """Unwrap a recipe message.

    Raises:
        NotUnderstood: it is not a recipe message, with what it lacks.
    """
    if not is_recipe_message(headers):
        raise errors.NotARecipeMessage
    if len(body) > MAX_BODY:
        raise errors.MessageTooLong(len(body), MAX_BODY)
    try:
        content = from_json(body)
    except ValueError as error:
        raise errors.MessageNotJson(str(error)) from error
    envelope = validated(Envelope, content)
    pointer = str(envelope.pointer)
    if pointer not in envelope.recipe:
        raise errors.NoSuchStep(pointer)
    return envelope


def recipe_message(
    payload: object,
    recipe: Mapping[str, object],
    pointer: int,
    path: Sequence[int],
    environment: Mapping[str, object],
) -> tuple[Mapping[str, object], bytes]:
    """Return headers and body of a recipe message, see `Envelope`."""
    body = {
        "payload": payload,
        "recipe": recipe,
        "recipe-pointer": pointer,
        "recipe-path": path,
        "environment": environment,
    }
    return RECIPE_HEADERS, encode(body)
