"""The life of jobs: their states, which result belongs to which, and time-outs.

Pure: no EPICS, no broker and no clock. Times are arguments, in seconds of any one
clock. A job ends once; a command for a data collection whose job has ended makes a new
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

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


ENDED_BY_RESULT = frozenset({State.DONE, State.NO_CENTRES})
ENDED = ENDED_BY_RESULT | {State.TIMED_OUT, State.FAILED, State.CANCELLED}
SENDING = {Event.START: State.STARTING, Event.END: State.ENDING}
SENT = {Event.START: State.STARTED, Event.END: State.PROCESSING}
KEPT = 1000
"""How many data collections are remembered, the latest ones."""


@dataclass(eq=False)
class Job:
    """The data collections of one scan, from the first command to the end.

    Attributes:
        dcids: ISPyB data collection ids, one a grid; 0 where a request had none.
        dcgid: their group, 0 if unknown.
        state: where the job is.
        reason: what came of it, for people, once it has ended.
        first_sent: when its first message was confirmed.
        last_sent: when its latest message was confirmed.
        ended_at: when it ended.
        result: its result, once it came.
        guid: that of its latest message.
        to_end: those of its data collections whose end has not been commanded.
    """

    dcids: tuple[int, ...] = (0,)
    dcgid: int = 0
    state: State = State.IDLE
    reason: str = ""
    first_sent: float | None = None
    last_sent: float | None = None
    ended_at: float | None = None
    result: Result | None = None
    guid: str = ""
    to_end: set[int] = field(default_factory=set[int])
    _unconfirmed: set[tuple[Event, int]] = field(
        default_factory=set[tuple[Event, int]], repr=False
    )

    @property
    def dcid(self) -> int:
        """The data collection that speaks for the job: the first."""
        return self.dcids[0]

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self.state in ENDED

    @property
    def waiting(self) -> bool:
        """Whether its messages are out and its result may come."""
        return self.state in SENT.values()

    @property
    def fields(self) -> dict[str, object]:
        """What a log line about it carries."""
        return {"dcid": self.dcid, "guid": self.guid}

    def awaits(self, result: Result) -> bool:
        """Whether a result belongs to this job, and the job still runs."""
        return (
            not self.ended
            and self.state is not State.IDLE
            and (
                not {result.dcid, *result.dcg_dcids}.isdisjoint(self.dcids)
                or (self.dcgid > 0 and result.dcgid == self.dcgid)
            )
        )

    def elapsed(self, now: float) -> float:
        """Seconds from the first confirmed message to the end, or until now."""
        if self.first_sent is None:
            return 0.0
        return (now if self.ended_at is None else self.ended_at) - self.first_sent

    def describe(self) -> str:
        """Say for people where the job is."""
        match self.state:
            case State.IDLE:
                return "Ready. Write DCID and NUM_FRAMES, then PROCESS."
            case State.STARTING:
                what = "sending the start message"
            case State.STARTED:
                what = "start message sent. Put END when the data is there"
            case State.ENDING:
                what = "sending the end message"
            case State.PROCESSING:
                what = "waiting for the result"
            case State.FAILED:
                return self.reason
            case _:
                what = self.reason
        return f"{_named(self.dcids)}: {what}."

    def begin(self, event: Event, dcids: Sequence[int]) -> None:
        """Note that messages are about to be sent, one a data collection."""
        self._unconfirmed |= {(event, dcid) for dcid in dcids}
        if event is Event.START:
            self.to_end |= set(dcids)
        else:
            self.to_end -= set(dcids)
        self.state = SENDING[event]

    def confirm(self, event: Event, dcid: int, now: float) -> None:
        """Note that the broker has a message."""
        if self.ended:
            return
        if self.first_sent is None:
            self.first_sent = now
        self.last_sent = now
        self._unconfirmed.discard((event, dcid))
        due = any(other is event for other, _ in self._unconfirmed)
        if self.state is SENDING[event] and not due:
            self.state = SENT[event]
            if self.result:
                self._finish(self.result, now)

    def take(self, result: Result, now: float) -> None:
        """Take the result, and end once no message is being sent."""
        self.result = result
        if self.waiting:
            self._finish(result, now)

    def _finish(self, result: Result, now: float) -> None:
        if result.centres:
            self.end(State.DONE, count_of_centres(result), now)
        else:
            self.end(State.NO_CENTRES, "no centre of diffraction found", now)

    def end(self, state: State, reason: str, now: float) -> None:
        """End the job."""
        self.state, self.reason, self.ended_at = state, reason, now


class Jobs:
    """Every job that this IOC was told to do."""

    def __init__(self) -> None:
        self.latest = Job()
        """The latest job begun."""
        self.current = self.latest
        """What ``P:STATE`` speaks of: the latest job, or a request refused since."""
        self.running: list[Job] = []
        """The jobs that have not ended, oldest first."""
        self._ended: list[Job] = []
        self._last_sent: dict[int, float] = {}
        self._early: dict[int, Result] = {}  # what came before END was commanded

    def begin(self, event: Event, requests: Sequence[Request]) -> Job:
        """Note that messages are about to be sent, one a request; return their job."""
        dcids = tuple(request.dcid for request in requests)
        job = next(
            (job for job in reversed(self.running) if set(dcids) <= set(job.dcids)),
            None,
        )
        if job is None:
            job = Job(dcids)
            self.running.append(job)
            if event is Event.END:
                job.result = next(filter(None, map(self._early.get, dcids)), None)
        if event is Event.START:
            for dcid in dcids:
                self._early.pop(dcid, None)
        job.dcgid = next((r.dcgid for r in requests if r.dcgid), job.dcgid)
        job.begin(event, dcids)
        self.current = self.latest = job
        return job

    def refuse(self, requests: Sequence[Request], reason: str) -> None:
        """Note that requests can't be sent. Other jobs go on."""
        dcids = tuple(request.dcid for request in requests)
        self.current = Job(dcids or (0,), state=State.FAILED, reason=reason)

    def confirmed(self, job: Job, event: Event, dcid: int, now: float) -> None:
        """Note that the broker has a message."""
        _keep(self._last_sent, dcid, now)
        job.confirm(event, dcid, now)
        self._sweep()

    def failed(self, job: Job, reason: str, now: float) -> None:
        """Note that a message could not be sent."""
        self._end([job], State.FAILED, reason, now)

    def cancel(self, now: float) -> None:
        """Abandon the latest job commanded, if it runs.

        A request that was refused since does not stand in the way.
        """
        if self.latest in self.running:
            self._end([self.latest], State.CANCELLED, "cancelled", now)

    def result(self, result: Result, now: float) -> list[Job]:
        """Give a result to the jobs it belongs to, and return these."""
        jobs = [job for job in self.running if job.awaits(result)]
        for job in jobs:
            job.take(result, now)
        self._sweep()
        return jobs

    def expire(self, now: float, timeout: float) -> list[Job]:
        """End the jobs whose last message is ``timeout`` seconds old; return them."""
        late = [
            job
            for job in self.running
            if job.waiting
            and job.last_sent is not None
            and now - job.last_sent >= timeout
        ]
        for job in late:
            if job.state is State.STARTED:
                remedy = "No END was put: do so when the data is there"
            else:
                remedy = "See that Zocalo is running"
            reason = f"no result within {timeout:g} s. {remedy}, or raise TIMEOUT"
            self._end([job], State.TIMED_OUT, reason, now)
        return late

    def take_ended(self) -> list[Job]:
        """Return the jobs that have ended since this was last asked."""
        ended, self._ended = self._ended, []
        return ended

    def last_sent(self, dcid: int) -> float | None:
        """When the latest message for a data collection was confirmed, if ever."""
        return self._last_sent.get(dcid)

    def _end(self, jobs: Sequence[Job], state: State, reason: str, now: float) -> None:
        for job in jobs:
            if not job.ended:
                job.end(state, reason, now)
        self._sweep()

    def _sweep(self) -> None:
        """Put aside the jobs that have ended."""
        ended = [job for job in self.running if job.ended]
        self._ended += ended
        for job in ended:
            if job is self.latest:
                self.current = job
            if job.result is None or job.state not in ENDED_BY_RESULT:
                continue
            for dcid in job.dcids:
                # a quick pipeline can be done before the end message is sent
                if dcid in job.to_end:
                    _keep(self._early, dcid, job.result)
                else:
                    self._early.pop(dcid, None)
        self.running = [job for job in self.running if not job.ended]


def count_of_centres(result: Result) -> str:
    """Say for people how many centres there are."""
    count = len(result.centres)
    return "1 centre" if count == 1 else f"{count} centres"


def _named(dcids: Sequence[int]) -> str:
    return f"DCID {', '.join(map(str, dcids))}"


T = TypeVar("T")


def _keep(kept: dict[int, T], dcid: int, value: T) -> None:
    """Remember a value, and forget the oldest ones to keep memory bounded."""
    kept.pop(dcid, None)
    kept[dcid] = value
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
