"""What can go wrong for a client. The text of each has the IOC's reason."""

from typing import ClassVar

from ..jobs import State


class ZocaloError(Exception):
    """A request did not lead to a result; ``state`` is what ``P:STATE`` calls that."""

    state: ClassVar[State] = State.FAILED


class RequestRefused(ZocaloError):
    """The request is not valid, or the IOC does not accept it. Nothing was sent."""


class JobFailed(ZocaloError):
    """A message could not be sent, for example because the broker has no queue."""


class JobTimedOut(ZocaloError):
    """No result came within ``P:TIMEOUT``."""

    state = State.TIMED_OUT


class JobCancelled(ZocaloError):
    """Somebody wrote to ``P:CANCEL``."""

    state = State.CANCELLED


class IocGone(ZocaloError):
    """The IOC does not answer, or stopped before the job ended.

    Messages that the broker had confirmed by then are with Zocalo.
    """


class ResultMissed(ZocaloError):
    """The result came, but this client was too slow to read it."""
