"""The life of data collections: their states, and which result belongs to which.

Pure: no EPICS, no broker and no clock. Times are arguments, in seconds of any one clock.
A job ends once; a command for a data collection whose job has ended makes a new one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from .wire import Event, Request, Result


class State(IntEnum):
    """The values of ``P:STATE``, in the order of the record."""

    IDLE = 0
    STARTING = 1
    STARTED = 2
    ENDING = 3
    PROCESSING = 4
    DONE = 5
    NO_CENTRES = 6
    TIMED_OUT = 7
    FAILED = 8
    CANCELLED = 9

    @property
    def label(self) -> str:
        """The text of the state, as ``P:STATE`` shows it."""
        return self.name.replace("_", " ").capitalize()


ENDED = frozenset(
    {State.DONE, State.NO_CENTRES, State.TIMED_OUT, State.FAILED, State.CANCELLED}
)
KEPT = 1000
"""How many data collections are remembered, the latest ones."""


@dataclass(eq=False)
class Job:
    """One data collection, from its first command to its end.

    Attributes:
        dcid: ISPyB data collection id, 0 where a request had none.
        dcgid: its group, 0 if unknown.
        state: where it is.
        reason: why it failed or what came of it, for people.
        first_sent: when its first message was confirmed.
        last_sent: when its latest message was confirmed.
        result: its result, once it came.
    """

    dcid: int
    dcgid: int = 0
    state: State = State.IDLE
    reason: str = ""
    first_sent: float | None = None
    last_sent: float | None = None
    result: Result | None = None
    end_commanded: bool = field(default=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self.state in ENDED

    def awaits(self, result: Result) -> bool:
        """Whether a result belongs to this job, and the job still runs."""
        return not self.ended and (
            result.dcid == self.dcid
            or self.dcid in result.dcg_dcids
            or (self.dcgid > 0 and result.dcgid == self.dcgid)
        )

    def elapsed(self, now: float) -> float:
        """Seconds since the first message was confirmed, 0 before."""
        return 0.0 if self.first_sent is None else now - self.first_sent

    def describe(self) -> str:
        """Say for people where the job is."""
        match self.state:
            case State.IDLE:
                return "Ready. Write DCID and NUM_FRAMES, then START."
            case State.STARTING:
                what = "sending the start message"
            case State.STARTED:
                what = "start message sent. Put END when the data is there"
            case State.ENDING:
                what = "sending the end message"
            case State.PROCESSING:
                what = "both messages sent, waiting for the result"
            case State.FAILED:
                return self.reason
            case _:
                what = self.reason
        return f"DCID {self.dcid}: {what}."


class Jobs:
    """Every data collection that this IOC was told of."""

    def __init__(self) -> None:
        self.current = Job(0)
        """The latest job commanded, of which ``P:STATE`` speaks."""
        self._by_dcid: dict[int, Job] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(self._by_dcid.values())

    def begin(self, event: Event, request: Request) -> Job:
        """Note that a message is about to be sent, and return its job."""
        known = self._by_dcid.pop(request.dcid, None)
        job = known
        if job is None or job.ended:
            job = Job(request.dcid, request.dcgid)
        if event is Event.END:
            # a quick pipeline can be done before the end message is sent
            if known and known.result and not known.end_commanded:
                job.result, job.reason = known.result, known.reason
            job.end_commanded = True
        job.dcgid = request.dcgid or job.dcgid
        job.state = State.STARTING if event is Event.START else State.ENDING
        self._by_dcid[request.dcid] = self.current = job
        self._forget()
        return job

    def refuse(self, request: Request, reason: str) -> Job:
        """Note that a request can't be sent. Other jobs go on."""
        self.current = Job(request.dcid, request.dcgid, State.FAILED, reason)
        return self.current

    def confirmed(self, job: Job, event: Event, now: float) -> None:
        """Note that the broker has a message."""
        if job.first_sent is None:
            job.first_sent = now
        job.last_sent = now
        sending = State.STARTING if event is Event.START else State.ENDING
        if job.state is not sending:
            return
        job.state = State.STARTED if event is Event.START else State.PROCESSING
        if job.result:
            _finish(job, job.result)

    def failed(self, job: Job, reason: str) -> None:
        """Note that a message could not be sent."""
        if not job.ended:
            job.state, job.reason = State.FAILED, reason

    def result(self, result: Result) -> list[Job]:
        """Give a result to the jobs it belongs to, and return those it ended."""
        ended: list[Job] = []
        for job in self:
            if job.awaits(result):
                job.result = result
                if job.state in (State.STARTED, State.PROCESSING):
                    _finish(job, result)
                    ended.append(job)
        return ended

    def expire(self, now: float, timeout: float) -> list[Job]:
        """End the jobs that have waited for longer than ``timeout`` seconds."""
        late = [job for job in self if _deadline(job, timeout) <= now]
        for job in late:
            job.state = State.TIMED_OUT
            job.reason = (
                f"no result within {timeout:g} s. "
                "See that Zocalo is running, or raise TIMEOUT"
            )
        return late

    def last_sent(self, dcid: int) -> float | None:
        """When the latest message for a data collection was confirmed, if ever."""
        job = self._by_dcid.get(dcid)
        return job.last_sent if job else None

    def _forget(self) -> None:
        """Keep memory bounded: drop the oldest that have ended."""
        surplus = len(self._by_dcid) - KEPT
        if surplus > 0:
            ended = [dcid for dcid, job in self._by_dcid.items() if job.ended]
            for dcid in ended[:surplus]:
                del self._by_dcid[dcid]


def _finish(job: Job, result: Result) -> None:
    count = len(result.centres)
    if count == 0:
        job.state, job.reason = State.NO_CENTRES, "no centre of diffraction found"
        return
    job.state = State.DONE
    job.reason = "1 centre" if count == 1 else f"{count} centres"


def _deadline(job: Job, timeout: float) -> float:
    waits = job.state in (State.STARTED, State.PROCESSING)
    if not waits or job.last_sent is None:
        return float("inf")
    return job.last_sent + timeout
