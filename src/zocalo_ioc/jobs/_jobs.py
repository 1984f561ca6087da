"""Every job: which result belongs to which, and time-outs."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ..wire import INT32_MAX, Event, Request, Result
from ._events import Began, Changed, Ended, JobEvent, Refused, Unclaimed
from ._job import ENDED_BY_RESULT, Job, State, Timeouts
from ._saved import SavedJobs

KEPT = 1000
"""How many data collections, and groups, are remembered, the latest ones."""


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
        self.count = 0
        """The number of the latest job."""
        self._known = SavedJobs()

    def begin(self, event: Event, requests: Sequence[Request], guid: str = "") -> Job:
        """Note that messages are about to be sent, one a request; return their job.

        Args:
            event: the command.
            requests: the data collections.
            guid: that of the last of the messages.
        """
        dcids = tuple(request.dcid for request in requests)
        job = self.of(dcids)
        first = requests[0]
        if job is None:
            self.count = self.count % INT32_MAX + 1  # 0 is none
            expects = first.expect_result
            if event is Event.END:
                said = [
                    self._known.expects[d] for d in dcids if d in self._known.expects
                ]
                expects = any(said) if said else expects
            job = Job(dcids, number=self.count, expects_result=expects)
            self.running.append(job)
            for dcid in dcids:
                _remember(self._known.numbers, dcid, job.number)
            if event is Event.END:
                job.result = next(filter(None, map(self._known.early.get, dcids)), None)
        if event is Event.START:
            for dcid in dcids:
                self._known.early.pop(dcid, None)
                _remember(self._known.expects, dcid, job.expects_result)
                self._known.scans.pop(dcid, None)
        job.dcgid = next((r.dcgid for r in requests if r.dcgid), job.dcgid)
        if job.dcgid:
            _remember(self._known.group_numbers, job.dcgid, job.number)
        job.id = job.id or first.id
        job.guid = guid
        job.begin(event, dcids)
        self.current = self.latest = job
        self._emit(Began(job))
        return job

    def processing(self, dcid: int) -> Job | None:
        """Return the running job in which a data collection has been ended, if any."""
        return next(
            (j for j in self.running if dcid in j.dcids and dcid not in j.to_end), None
        )

    def of(self, dcids: Iterable[int]) -> Job | None:
        """Return the latest job that runs and has all of these data collections."""
        wanted, jobs = set(dcids), reversed(self.running)
        return next((job for job in jobs if set(job.dcids).issuperset(wanted)), None)

    def whole_scan(self, dcids: Sequence[int]) -> Sequence[int]:
        """Return the scan that one of its data collections was given for, if any.

        Its job may have ended since: a quick pipeline can be done before END.
        """
        if job := self.of(dcids):
            return job.dcids if job.whole else ()
        return self._known.scans.get(dcids[0], ())

    def refuse(
        self, requests: Sequence[Request], reason: str, *, failed: bool = True
    ) -> None:
        """Note that requests can't be carried out. Jobs that run go on, and stay shown.

        Args:
            requests: what was asked for.
            reason: why it can't be done, for people.
            failed: whether it is shown as a failure if no job runs.
        """
        refused = Job(state=State.FAILED, reason=reason)
        if requests:
            refused.dcids = tuple(request.dcid for request in requests)
            refused.id = requests[0].id
        if failed and not self.running:
            self.current = refused
        self._emit(Refused(refused))

    def confirmed(self, job: Job, event: Event, dcid: int, now: float) -> None:
        """Note that the broker has a message."""
        _remember(self._known.last_sent, dcid, now)
        ends = event is Event.END and job.running  # else START may have come since
        job.confirm(event, dcid, now)
        others = [
            other
            for other in self.running
            if ends and other is not job and dcid in other.to_end
        ]
        for other in others:
            other.confirm_elsewhere(dcid, now)
        self._settle([job, *others])

    def failed(self, job: Job, reason: str, now: float) -> None:
        """Note that a message could not be sent."""
        if job.running:
            job.end(State.FAILED, reason, now)
        self._settle([job])

    def cancel(self, now: float, dcids: Sequence[int] = ()) -> bool:
        """Abandon the latest job commanded, or those of data collections.

        Returns:
            Whether there was one that ran.
        """
        jobs = [
            job
            for job in self.running
            if (
                job is self.latest
                if not dcids
                else not set(dcids).isdisjoint(job.dcids)
            )
        ]
        for job in jobs:
            job.end(State.CANCELLED, "cancelled", now)
        self._settle(jobs)
        return bool(jobs)

    def number_of(self, result: Result) -> int:
        """Return the number of the job a result belongs to, the latest, or 0."""
        if jobs := self._awaiting(result):
            return jobs[-1].number
        numbers = [
            self._known.numbers.get(d, 0) for d in (result.dcid, *result.dcg_dcids)
        ]
        return max(*numbers, self._known.group_numbers.get(result.dcgid or 0, 0))

    def result(self, result: Result, now: float) -> None:
        """Give a result to the jobs it belongs to."""
        jobs = self._awaiting(result)
        for job in jobs:
            job.receive(result, now)
        self._settle(jobs)
        if not jobs:
            self.latest.receive_late(result)
            sent = self.last_sent(result.dcid)
            latency = None if sent is None else now - sent
            self._emit(Unclaimed(result, self.number_of(result), latency))

    def exclude(self, result: Result) -> None:
        """Note for the jobs it belongs to that a result came, but is not wanted."""
        for job in self._awaiting(result):
            job.excluded = result.source
            self._emit(Changed(job))

    def expire(
        self,
        now: float,
        timeouts: Timeouts,
        why: str = "",
        sent_after: float = -math.inf,
    ) -> None:
        """End the jobs whose time has passed.

        Args:
            now: the time.
            timeouts: how long jobs wait.
            why: what is known to keep results away.
            sent_after: jobs without a message confirmed since then go on.
        """
        late = [
            job
            for job in self.running
            if job.waiting
            and job.remaining(now, timeouts) == 0
            and (job.last_sent or now) > sent_after
        ]
        for job in late:
            job.time_out(now, timeouts, why)
        self._settle(late)

    def last_sent(self, dcid: int) -> float | None:
        """When the latest message for a data collection was confirmed, if ever."""
        return self._known.last_sent.get(dcid)

    def save(self, ahead: float) -> SavedJobs:
        """Return what is known of jobs.

        Args:
            ahead: how far the clock to save times of is ahead, in seconds.
        """
        latest = self.latest if self.count else None
        now = {"count": self.count, "latest": latest, "running": self.running}
        return self._known.model_copy(update=now).shifted(ahead)

    def restore(self, saved: SavedJobs, ahead: float, now: float) -> list[Job]:
        """Go on with saved jobs, before any other has begun.

        Args:
            saved: from `save`.
            ahead: how far the clock that it has times of is ahead by now, in seconds.
            now: the time.

        Returns:
            Those that run, but whose messages the broker has not all confirmed.
        """
        self._known = saved = saved.shifted(-ahead, now)
        self.count, self.running = saved.count, saved.running
        latest = saved.latest or self.latest
        same = (job for job in self.running if job.number == latest.number)
        self.current = self.latest = next(same, latest)
        return [job for job in self.running if job.unconfirmed]

    def _awaiting(self, result: Result) -> list[Job]:
        return [job for job in self.running if job.owns(result)]

    def _settle(self, jobs: Sequence[Job]) -> None:
        """Put aside those of the jobs that have ended, and emit an event for each."""
        ended = [job for job in jobs if job.ended and job in self.running]
        self.running = [job for job in self.running if not job.ended]
        for job in ended:
            if job is self.latest:
                self.current = job
            self._note_early(job)
            self._forget_start(job)
        for job in jobs:
            self._emit(Ended(job) if job in ended else Changed(job))

    def _note_early(self, job: Job) -> None:
        """Keep the result and the scan of a job for ENDs that are still to come.

        A quick pipeline can be done before the end message is sent.
        """
        for dcid in job.dcids:
            if job.whole and (dcid in job.to_end or job.state is State.FAILED):
                _remember(self._known.scans, dcid, job.dcids)
            else:
                self._known.scans.pop(dcid, None)
        if job.state not in ENDED_BY_RESULT:
            return
        for dcid in job.dcids:
            if job.result and dcid in job.to_end:
                _remember(self._known.early, dcid, job.result)
            else:
                self._known.early.pop(dcid, None)

    def _forget_start(self, job: Job) -> None:
        """Forget what START said, unless END is still to be sent, or sent again."""
        again = job.state in (State.TIMED_OUT, State.FAILED)
        for dcid in job.dcids:
            due = dcid in job.to_end or (Event.END, dcid) in job.unconfirmed
            if not (again and due):
                self._known.expects.pop(dcid, None)

    def _emit(self, event: JobEvent) -> None:
        self._handle(event, self.current)


T = TypeVar("T")


def _remember(kept: dict[int, T], dcid: int, value: T) -> None:
    """Remember a value, and forget the oldest ones to keep memory bounded."""
    kept.pop(dcid, None)
    kept[dcid] = value
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
