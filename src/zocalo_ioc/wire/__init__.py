"""Messages exactly as Zocalo writes and reads them.

Triggers follow dodal's ``ZocaloTrigger``; results follow the recipe wrapper of
python-workflows and the X-ray centring service of Diamond Light Source.
"""

from ._common import INT32_MAX, complaints, encode
from ._results import (
    RESULT_HEADERS,
    Centre,
    Result,
    Source,
    read_result,
    result_message,
)
from ._triggers import (
    TRIGGER_QUEUE,
    Command,
    Event,
    Request,
    read_submission,
    trigger_headers,
)

__all__ = [
    "INT32_MAX",
    "RESULT_HEADERS",
    "TRIGGER_QUEUE",
    "Centre",
    "Command",
    "Event",
    "Request",
    "Result",
    "Source",
    "complaints",
    "encode",
    "read_result",
    "read_submission",
    "result_message",
    "trigger_headers",
]
