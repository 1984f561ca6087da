"""What clients write to ``P:SEND``, checked before it is sent.

The IOC would refuse the same, but a put can't tell its client so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from ..errors.requests import RequestTooLong
from ..records import DECLARATIONS
from ..wire import Event, read_submission

_SEND = next(record for record in DECLARATIONS if record.name == "SEND")


def submission(event: Event, grids: Sequence[Mapping[str, Any]]) -> str:
    """Return the text that has the messages of one scan sent.

    Args:
        event: which messages.
        grids: ``dcid`` and whatever else is to be said of each data collection.

    Raises:
        RequestInvalid: the IOC would refuse it.
    """
    text = to_json([{**grid, "command": event} for grid in grids]).decode()
    _, requests = read_submission(text, "The request")
    for request in requests:
        request.message(event, guid="")
    if complaint := _SEND.datatype.refusal(text):
        raise RequestTooLong(complaint)
    return text
