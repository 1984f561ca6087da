"""What clients write to ``P:SEND``, checked before it is sent.

The IOC would refuse the same, but a put can't tell its client so.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import Any, SupportsIndex, TypedDict
from uuid import uuid4

import numpy as np
from pydantic_core import to_json

from ..errors.requests import RequestTooLong
from ..records import DECLARATIONS
from ..wire import Command, Event, as_scan, read_submission

_SEND = next(record for record in DECLARATIONS if record.name == "SEND")


class RequestValues(TypedDict, total=False):
    """What can be said of a data collection, as `P:SUBMIT` takes it.

    Attributes:
        dcgid: data collection group id, to know the result by.
        filename: name of the file that the detector writes.
        start_frame: index of the first frame in that file, from 0.
        num_frames: number of frames, 1 or more; a start message needs it, unless the
            IOC has it from ISPyB.
        message_index: which trigger of the detector this is, from 0.
        recipes: recipe names, comma separated.
        parameters: further parameters of the messages.
        id: up to 39 characters of your own, by which the request is found in
            ``P:HISTORY``. Use each for one request.
    """

    dcgid: SupportsIndex
    filename: str | None
    start_frame: SupportsIndex
    num_frames: SupportsIndex
    message_index: SupportsIndex
    recipes: str
    parameters: Mapping[str, Any] | str
    id: str


Grid = Mapping[str, Any]
"""``dcid`` and whatever else is to be said of a data collection."""
Dcids = SupportsIndex | Iterable[SupportsIndex | Grid]
"""One data collection, or the grids of one scan; numbers may be NumPy's."""


def as_grids(
    dcids: Dcids, values: Grid | None = None, expect_result: bool = True
) -> list[Grid]:
    """Return what is to be said of each grid of a scan.

    Args:
        dcids: one data collection or several, or more about each.
        values: what is the same for all.
        expect_result: whether a result will come.
    """
    common = {} if expect_result else {"expect_result": False}
    each = dcids if isinstance(dcids, Iterable) else [dcids]
    return [
        {**common, **(values or {})}
        | (dict(grid) if isinstance(grid, Mapping) else {"dcid": index(grid)})
        for grid in each
    ]


def with_id(grids: Sequence[Grid]) -> list[Grid]:
    """Return the grids with an id by which the client knows its request again."""
    id_ = str(uuid4())
    return [{"id": id_, **grid} for grid in grids]


def submission(command: Event | Command, grids: Sequence[Grid]) -> str:
    """Return the text that has the messages of one scan sent, or its job cancelled.

    Args:
        command: which messages, or `Command.CANCEL`.
        grids: what is to be said of each data collection.

    Raises:
        RequestInvalid: the IOC would refuse it.
    """
    written = [{**grid, "command": command} for grid in grids]
    text = to_json(written, fallback=_plain).decode()
    _, requests = read_submission(text, "The request")
    if isinstance(command, Event):
        for given, request in zip(grids, as_scan(requests), strict=True):
            if "num_frames" not in given:  # the IOC may have it from ISPyB
                request = request.model_copy(update={"num_frames": 1})
            request.message(command, guid="")
    if complaint := _SEND.datatype.refusal(text):
        raise RequestTooLong(complaint)
    return text


def _plain(value: object) -> object:
    """Return what NumPy has as Python has it."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} can't be written as JSON")
