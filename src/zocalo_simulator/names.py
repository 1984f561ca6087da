"""What options can name: services, their queues and kinds of trouble."""

from collections.abc import Mapping
from enum import StrEnum

from zocalo_ioc.wire import TRIGGER_QUEUE


class ServiceName(StrEnum):
    """The services that can be simulated."""

    DISPATCHER = "dispatcher"
    MIMAS = "mimas"
    IMAGES = "images"
    CENTRING = "centring"


QUEUES: Mapping[ServiceName, str] = {
    ServiceName.DISPATCHER: TRIGGER_QUEUE,
    ServiceName.MIMAS: "mimas",
    ServiceName.IMAGES: "per_image_analysis",
    ServiceName.CENTRING: "reduce.xray_centering",
}
"""The queue that each consumes."""


class Trouble(StrEnum):
    """What can go wrong with the result of a scan."""

    NO_DIFFRACTION = "no-diffraction"
    LATE = "late"
    NO_RESULT = "no-result"
    DUPLICATE = "duplicate"
    DISAGREEMENT = "disagreement"
    MALFORMED = "malformed"
