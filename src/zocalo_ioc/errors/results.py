"""Messages on the queues of results and of frames that can't be used."""

from typing import Annotated

from ._groups import NotUnderstood


class NotARecipeMessage(NotUnderstood):
    text = "Not a recipe message: the header workflows-recipe is not true"
    cause = "Another program sent the message."


class MessageTooLong(NotUnderstood):
    text = "The message has {size} bytes; at most {limit} are read"
    cause = "Messages of that length are not read."
    size: Annotated[int, 5000000]
    limit: Annotated[int, 4194304]


class MessageNotJson(NotUnderstood):
    text = "Not JSON: {reason}"
    cause = "The body can't be parsed."
    reason: Annotated[str, "expected value at line 1 column 1"]


class NoSuchStep(NotUnderstood):
    text = "The recipe has no step {step}"
    cause = "The message is for a step that the recipe does not have."
    step: Annotated[str, "7"]


class ContentInvalid(NotUnderstood):
    text = "{reason}"
    cause = "A field is missing or invalid."
    reason: Annotated[str, "parameters.dcid: Field required"]


class GridUnknown(NotUnderstood):
    text = "DCID {dcid}: the recipe step has no gridinfo, so its grid is unknown"
    cause = "The box of a frame depends on the size of the grid."
    dcid: Annotated[int, 71]


class GridTooLarge(NotUnderstood):
    text = "DCID {dcid}: its grid has {boxes} boxes; at most {limit} are shown"
    cause = "The grid does not fit the records."
    dcid: Annotated[int, 71]
    boxes: Annotated[int, 90000]
    limit: Annotated[int, 65536]


class GridChanged(NotUnderstood):
    text = "DCID {dcid}: the gridinfo differs from that of earlier frames"
    cause = "Frames of one data collection disagree on its grid."
    dcid: Annotated[int, 71]


class FramePastGrid(NotUnderstood):
    text = "DCID {dcid} has no frame {number}: its grid has {boxes}"
    cause = "The frame is outside the grid."
    dcid: Annotated[int, 71]
    number: Annotated[int, 241]
    boxes: Annotated[int, 240]


class TooManyGrids(NotUnderstood):
    text = "DCID {dcid}: its scan would have {grids} grids; at most {limit} are shown"
    cause = "Zocalo centres scans of one or two grids."
    dcid: Annotated[int, 73]
    grids: Annotated[int, 3]
    limit: Annotated[int, 2]
