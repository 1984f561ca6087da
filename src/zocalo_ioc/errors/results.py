"""Messages on the results queue that are not results."""

from typing import Annotated

from ._groups import NotUnderstood


class NotARecipeMessage(NotUnderstood):
    """Another program put it on the queue."""

    text = "Not a recipe message: the header workflows-recipe is not true"


class MessageTooLong(NotUnderstood):
    """It is not even read."""

    text = "The message has {size} bytes; at most {limit} are read"
    size: Annotated[int, 5000000]
    limit: Annotated[int, 4194304]


class MessageNotJson(NotUnderstood):
    """It can't be parsed."""

    text = "Not JSON: {reason}"
    reason: Annotated[str, "expected value at line 1 column 1"]


class NoSuchStep(NotUnderstood):
    """The recipe does not have the step that the message is for."""

    text = "The recipe has no step {step}"
    step: Annotated[str, "7"]


class ContentInvalid(NotUnderstood):
    """A part is missing, or not as Zocalo writes it."""

    text = "{reason}"
    reason: Annotated[str, "parameters.dcid: Field required"]
