"""Messages on the queues of results and of frames that can't be used."""

from typing import Annotated

from ._groups import NotUnderstood


class NotARecipeMessage(NotUnderstood):
    """Another program sent the message."""

    text = "Not a recipe message: the header workflows-recipe is not true"


class MessageTooLong(NotUnderstood):
    """Messages of that length are not read."""

    text = "The message has {size} bytes; at most {limit} are read"
    size: Annotated[int, 5000000]
    limit: Annotated[int, 4194304]


class MessageNotJson(NotUnderstood):
    """The body can't be parsed."""

    text = "Not JSON: {reason}"
    reason: Annotated[str, "expected value at line 1 column 1"]


class NoSuchStep(NotUnderstood):
    """The message is for a step that the recipe does not have."""

    text = "The recipe has no step {step}"
    step: Annotated[str, "7"]


class ContentInvalid(NotUnderstood):
    """A field is missing or invalid."""

    text = "{reason}"
    reason: Annotated[str, "parameters.dcid: Field required"]


class GridUnknown(NotUnderstood):
    """The box of a frame depends on the size of the grid."""

    text = "DCID {dcid}: the recipe step has no gridinfo, so its grid is unknown"
    dcid: Annotated[int, 71]


class GridTooLarge(NotUnderstood):
    """The grid does not fit the records."""

    text = "DCID {dcid}: its grid has {boxes} boxes; at most {limit} are shown"
    dcid: Annotated[int, 71]
    boxes: Annotated[int, 90000]
    limit: Annotated[int, 65536]


class GridChanged(NotUnderstood):
    """Frames of one data collection disagree on its grid."""

    text = "DCID {dcid}: the gridinfo differs from that of earlier frames"
    dcid: Annotated[int, 71]


class FramePastGrid(NotUnderstood):
    """The frame is outside the grid."""

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
