"""Every job: which result belongs to which, and time-outs."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..wire import Event, Request, Result
from ._events import Began, Changed, Ended, JobEvent, Refused, Unclaimed
from ._job import ENDED_BY_RESULT, Job, State

KEPT = 1000
"""How many data collections are remembered, the latest ones."""


class Jobs:
    """Every job that this IOC was told to do.

    Args:
        handle: handles each event, given the job that is current after it. It is called
            when the jobs have changed, before the method that changed them returns.
    """

    def __init__(self, handle: Callable[[JobEvent, Job], None]) -> None:
        self._handle = handle
        self.latest = Job()
        """The latest job begun."""
        self.current = self.latest
        """The job that ``P:STATE`` shows: the latest, or a request refused since."""
        self.running: list[Job] = []
        """The jobs that have not ended, oldest first."""
        self._last_sent: dict[int, float] = {}
        self._early: dict[int, Result] = {}  # what came before END was commanded

    def begin(self, event: Event, requests: Sequence[Request], guid: str = "") -> Job:
        """Note that messages are about to be sent, one a request; return their job.

        Args:
            event: the command.
            requests: the data collections.
            guid: that of the last of the messages.
        """
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
        job.guid = guid
        job.begin(event, dcids)
        self.current = self.latest = job
        self._emit(Began(job))
        return job

    def refuse(self, requests: Sequence[Request], reason: str) -> None:
        """Note that requests can't be sent. Other jobs go on."""
        dcids = tuple(request.dcid for request in requests)
        self.current = Job(dcids or (0,), state=State.FAILED, reason=reason)
        self._emit(Refused(self.current))

    def confirmed(self, job: Job, event: Event, dcid: int, now: float) -> None:
        """Note that the broker has a message."""
        _remember(self._last_sent, dcid, now)
        job.confirm(event, dcid, now)
        self._settle([job])

    def failed(self, job: Job, reason: str, now: float) -> None:
        """Note that a message could not be sent."""
        if job.running:
            job.end(State.FAILED, reason, now)
        self._settle([job])

    def cancel(self, now: float) -> None:
        """Abandon the latest job commanded, if it runs.

        A request that was refused since does not stand in the way.
        """
        if self.latest.running:
            self.latest.end(State.CANCELLED, "cancelled", now)
            self._settle([self.latest])

    def result(self, result: Result, now: float) -> None:
        """Give a result to the jobs it belongs to."""
        jobs = [job for job in self.running if job.awaits(result)]
        for job in jobs:
            job.receive(result, now)
        self._settle(jobs)
        if not jobs:
            sent = self.last_sent(result.dcid)
            self._emit(Unclaimed(result, None if sent is None else now - sent))

    def expire(self, now: float, timeout: float, why: str = "") -> None:
        """End the jobs whose last message is ``timeout`` seconds old.

        Args:
            now: the time.
            timeout: seconds.
            why: what is known to keep results away.
        """
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
            advice = why.removesuffix(".") or f"{remedy}, or raise TIMEOUT"
            reason = f"no result within {timeout:g} s. {advice}"
            job.end(State.TIMED_OUT, reason, now)
        self._settle(late)

    def last_sent(self, dcid: int) -> float | None:
        """When the latest message for a data collection was confirmed, if ever."""
        return self._last_sent.get(dcid)

    def _settle(self, jobs: Sequence[Job]) -> None:
        """Put aside those of the jobs that have ended, and emit an event for each."""
        ended = [job for job in jobs if job.ended and job in self.running]
        self.running = [job for job in self.running if not job.ended]
        for job in ended:
            if job is self.latest:
                self.current = job
            self._note_early(job)
        for job in jobs:
            self._emit(Ended(job) if job in ended else Changed(job))

    def _note_early(self, job: Job) -> None:
        """Keep the result of a job for those of its ENDs that are still to come.

        A quick pipeline can be done before the end message is sent.
        """
        if job.result is None or job.state not in ENDED_BY_RESULT:
            return
        for dcid in job.dcids:
            if dcid in job.to_end:
                _remember(self._early, dcid, job.result)
            else:
                self._early.pop(dcid, None)

    def _emit(self, event: JobEvent) -> None:
        self._handle(event, self.current)


T = TypeVar("T")


def _remember(kept: dict[int, T], dcid: int, value: T) -> None:
    """Remember a value, and forget the oldest ones to keep memory bounded."""
    kept.pop(dcid, None)
    kept[dcid] = value
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
