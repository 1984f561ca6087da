"""Messages exactly as Zocalo writes and reads them.

Triggers follow dodal's ``ZocaloTrigger``; results follow the recipe wrapper of
python-workflows and the X-ray centring service of Diamond Light Source.
"""

from ._frames import Frame, FramePayload, GridSize, Orientation, read_frame
from ._recipes import (
    RECIPE_HEADERS,
    Envelope,
    is_recipe_message,
    read_envelope,
    recipe_message,
)
from ._results import (
    Centre,
    Result,
    Source,
    read_result,
    result_message,
)
from ._submissions import Command, as_scan, identify, read_submission
from ._triggers import MAX_ID, TRIGGER_QUEUE, Event, Request, trigger_headers
from ._values import (
    INT32_MAX,
    Flag,
    Id,
    IdList,
    OptionalId,
    OptionalText,
    complaints,
    encode,
    none_if_null,
    validated,
)

__all__ = [
    "INT32_MAX",
    "MAX_ID",
    "RECIPE_HEADERS",
    "TRIGGER_QUEUE",
    "Centre",
    "Command",
    "Envelope",
    "Event",
    "Flag",
    "Frame",
    "FramePayload",
    "GridSize",
    "Id",
    "IdList",
    "OptionalId",
    "OptionalText",
    "Orientation",
    "Request",
    "Result",
    "Source",
    "as_scan",
    "complaints",
    "encode",
    "identify",
    "is_recipe_message",
    "none_if_null",
    "read_envelope",
    "read_frame",
    "read_result",
    "read_submission",
    "recipe_message",
    "result_message",
    "trigger_headers",
    "validated",
]
