"""What options can name: services, their queues and kinds of trouble."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from zocalo_ioc.wire import TRIGGER_QUEUE


class ServiceName(StrEnum):
    """The services that can be simulated."""

    DISPATCHER = "dispatcher"
    MIMAS = "mimas"
    IMAGES = "images"
    CENTRING = "centring"


FRAMES_QUEUE = "filewatcher"
CPU_QUEUE = "per_image_analysis"
GPU_QUEUE = "per_image_analysis.gpu"
CENTRING_QUEUE = "reduce.xray_centering"

QUEUES: Mapping[ServiceName, Sequence[str]] = {
    ServiceName.DISPATCHER: (TRIGGER_QUEUE,),
    ServiceName.MIMAS: ("mimas",),
    ServiceName.IMAGES: (FRAMES_QUEUE, CPU_QUEUE, GPU_QUEUE),
    ServiceName.CENTRING: (CENTRING_QUEUE,),
}
"""The queues that each consumes."""


class Beamline(StrEnum):
    """The beamlines for which Mimas has rules."""

    I02_1 = "i02-1"
    I02_2 = "i02-2"
    I03 = "i03"
    I04 = "i04"
    I04_1 = "i04-1"
    I23 = "i23"
    I24 = "i24"


class Detector(StrEnum):
    """The kinds of detector that Mimas tells apart."""

    EIGER = "eiger"
    PILATUS = "pilatus"


class Trouble(StrEnum):
    """What can go wrong with the result of a scan."""

    NO_DIFFRACTION = "no-diffraction"
    LATE = "late"
    NO_RESULT = "no-result"
    DUPLICATE = "duplicate"
    DISAGREEMENT = "disagreement"
    MALFORMED = "malformed"
