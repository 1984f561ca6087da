"""What clients write to ``P:SEND``, checked before it is sent.

The IOC would refuse the same, but a put can't tell its client so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from uuid import uuid4

from pydantic_core import to_json

from ..errors.requests import RequestTooLong
from ..records import DECLARATIONS
from ..wire import Event, as_scan, read_submission

_SEND = next(record for record in DECLARATIONS if record.name == "SEND")


class RequestValues(TypedDict, total=False):
    """What can be said of a data collection, as `P:SUBMIT` takes it.

    Attributes:
        dcgid: data collection group id, to know the result by.
        filename: file name that the detector writes.
        start_frame: index of the first frame in that file, from 0.
        num_frames: number of frames, 1 or more; a start message needs it.
        message_index: which trigger of the detector this is, from 0.
        recipes: recipe names, comma separated.
        parameters: further parameters of the messages.
    """

    dcgid: int
    filename: str | None
    start_frame: int
    num_frames: int
    message_index: int
    recipes: str
    parameters: Mapping[str, Any] | str


Grid = Mapping[str, Any]
"""``dcid`` and whatever else is to be said of a data collection."""


def as_grids(dcids: int | Sequence[int | Grid], values: Grid) -> list[Grid]:
    """Return what is to be said of each grid of a scan.

    Args:
        dcids: one data collection or several, or more about each.
        values: what is the same for all.
    """
    each = [dcids] if isinstance(dcids, int) else dcids
    return [
        {**values, **(grid if isinstance(grid, Mapping) else {"dcid": grid})}
        for grid in each
    ]


def with_id(grids: Sequence[Grid]) -> list[Grid]:
    """Return the grids with an id by which the client knows its request again."""
    id_ = str(uuid4())
    return [{"id": id_, **grid} for grid in grids]


def submission(event: Event, grids: Sequence[Grid]) -> str:
    """Return the text that has the messages of one scan sent.

    Args:
        event: which messages.
        grids: what is to be said of each data collection.

    Raises:
        RequestInvalid: the IOC would refuse it.
    """
    text = to_json([{**grid, "command": event} for grid in grids]).decode()
    _, requests = read_submission(text, "The request")
    for request in as_scan(requests):
        request.message(event, guid="")
    if complaint := _SEND.datatype.refusal(text):
        raise RequestTooLong(complaint)
    return text
