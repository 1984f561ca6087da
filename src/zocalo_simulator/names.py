"""What options can name: kinds of trouble and queues. This imports nothing big."""

from enum import StrEnum

CENTRING_QUEUE = "reduce.xray_centering"
SERVICE_QUEUES = ("mimas", "per_image_analysis", CENTRING_QUEUE)
"""The queues that the simulated services consume, besides that of the triggers."""


class Trouble(StrEnum):
    """What can go wrong with the result of a scan."""

    NO_DIFFRACTION = "no-diffraction"
    LATE = "late"
    NO_RESULT = "no-result"
    DUPLICATE = "duplicate"
    DISAGREEMENT = "disagreement"
    MALFORMED = "malformed"
