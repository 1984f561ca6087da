"""What can happen to jobs."""

from dataclasses import dataclass

from ..wire import Result
from ._job import Job


@dataclass(frozen=True)
class _OfJob:
    job: Job


class Began(_OfJob):
    """Messages of a job are about to be sent."""


class Changed(_OfJob):
    """Something was confirmed for a job, or came for it, and it goes on."""


class Ended(_OfJob):
    """A job has ended."""


class Refused(_OfJob):
    """Requests can't be sent. The job stands for them, and never ran."""


@dataclass(frozen=True)
class Unclaimed:
    """A result belongs to no job that runs.

    Attributes:
        result: the result.
        number: of the job that it belongs to and that has ended; 0 if there was none.
        latency: seconds since the latest message for its data collection was confirmed,
            if one ever was.
    """

    result: Result
    number: int
    latency: float | None


JobEvent = Began | Changed | Ended | Refused | Unclaimed
