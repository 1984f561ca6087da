"""Messages on the queues of results and of frames that can't be used."""

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


class GridUnknown(NotUnderstood):
    """Without the size of the grid nobody knows which box a frame is of."""

    text = "DCID {dcid}: the recipe step has no gridinfo, so its grid is unknown"
    dcid: Annotated[int, 71]


class GridTooLarge(NotUnderstood):
    """It does not fit the records."""

    text = "DCID {dcid}: its grid has {boxes} boxes; at most {limit} are shown"
    dcid: Annotated[int, 71]
    boxes: Annotated[int, 90000]
    limit: Annotated[int, 65536]


class GridChanged(NotUnderstood):
    """Frames of one data collection disagree on its grid."""

    text = "DCID {dcid}: the gridinfo differs from that of earlier frames"
    dcid: Annotated[int, 71]


class FramePastGrid(NotUnderstood):
    """The frame has no box."""

    text = "DCID {dcid} has no frame {number}: its grid has {boxes}"
    dcid: Annotated[int, 71]
    number: Annotated[int, 241]
    boxes: Annotated[int, 240]


class TooManyGrids(NotUnderstood):
    """Zocalo centres scans of one or two grids."""

    text = "DCID {dcid}: its scan would have {grids} grids; at most {limit} are shown"
    dcid: Annotated[int, 73]
    grids: Annotated[int, 3]
    limit: Annotated[int, 2]
