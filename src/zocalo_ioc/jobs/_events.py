"""What can happen to jobs."""

from dataclasses import dataclass

from ..wire import Result
from ._job import Job


@dataclass(frozen=True)
class Began:
    """Messages of a job are about to be sent."""

    job: Job


@dataclass(frozen=True)
class Changed:
    """Something was confirmed for a job, or came for it, and it goes on."""

    job: Job


@dataclass(frozen=True)
class Ended:
    """A job has ended."""

    job: Job


@dataclass(frozen=True)
class Refused:
    """Requests can't be sent.

    Attributes:
        job: stands for them, and never ran.
    """

    job: Job


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
