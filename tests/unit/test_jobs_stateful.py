"""Jobs under anything that can happen in any order, against a model of the promises.

The model keeps a log of each job, when each message was last begun and confirmed, and
works out from it what the state must be. It shares no state machine with the code.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from zocalo_ioc.jobs import (
    Began,
    Changed,
    Ended,
    Job,
    JobEvent,
    Jobs,
    Refused,
    SavedJobs,
    State,
    Timeouts,
    Unclaimed,
)
from zocalo_ioc.wire import Centre, Event, Request, Result, Source

SCANS = [(0, (1,)), (10, (2, 3))]
"""Groups, 0 where it is unknown, and their data collections: few, so that they meet."""
FOREIGN = 99
CENTRE = Centre(
    centre_of_mass=[7.5, 2.25],
    max_voxel=[7, 2],
    max_count=61,
    n_voxels=9,
    total_count=402,
)
LABELS = {Event.START: "Starting", Event.END: "Ending"}

Message = tuple[Job, Event, int]


@st.composite
def commands(draw: st.DrawFn) -> list[Request]:
    """All or some grids of a scan, in any order, which may or may not say the group."""
    group, dcids = draw(st.sampled_from(SCANS))
    some = st.lists(st.sampled_from(dcids), min_size=1, unique=True)
    expects = draw(st.sampled_from((True, True, False)))
    id_ = draw(st.sampled_from(("", "a", "b")))
    return [
        Request(
            dcid=dcid,
            dcgid=draw(st.sampled_from((0, group))),
            expect_result=expects,
            id=id_,
        )
        for dcid in draw(st.just(list(dcids)) | some)
    ]


DCIDS = [dcid for _, dcids in SCANS for dcid in dcids]
results = st.builds(
    Result,
    dcid=st.sampled_from([*DCIDS, FOREIGN]),
    dcgid=st.sampled_from([None, None, *(group for group, _ in SCANS), FOREIGN]),
    dcg_dcids=st.just(()) | st.tuples(st.sampled_from([*DCIDS, 0, FOREIGN])),
    source=st.sampled_from(Source),
    centres=st.sampled_from([(), (CENTRE,), (CENTRE, CENTRE)]),
    payload=st.just("{}"),
    guid=st.just(""),
)


@dataclass
class Expected:
    """What has happened to one job, and what it must be from that."""

    dcids: tuple[int, ...]
    number: int
    expects: bool
    id: str = ""
    group: int = 0
    begun: dict[tuple[Event, int], int] = field(
        default_factory=dict[tuple[Event, int], int]
    )
    confirmed: dict[tuple[Event, int], int] = field(
        default_factory=dict[tuple[Event, int], int]
    )
    elsewhere: dict[int, int] = field(default_factory=dict[int, int])
    results: list[Result] = field(default_factory=list[Result])
    last_confirm: int = 0
    last_end: int = 0
    ending: str = ""

    @property
    def command(self) -> Event:
        """The latest command."""
        event, _ = max(self.begun, key=lambda message: self.begun[message])
        return event

    @property
    def sending(self) -> bool:
        """Whether the broker lacks a message that the latest command needs."""
        return any(
            self.confirmed.get((event, dcid), -1) < begun
            for (event, dcid), begun in self.begun.items()
            if event is self.command
        )

    @property
    def unconfirmed(self) -> bool:
        """Whether the broker lacks any message."""
        return any(
            self.confirmed.get(message, -1) < begun
            for message, begun in self.begun.items()
        )

    @property
    def label(self) -> str:
        """What P:STATE must show."""
        sending = LABELS[self.command]
        sent = "Started" if self.not_told_the_end else "Processing"
        return self.ending or (sending if self.sending else sent)

    @property
    def not_told_the_end(self) -> list[int]:
        """The data collections whose end was not commanded since their start was."""
        return [
            dcid
            for dcid in self.dcids
            if self.begun.get((Event.START, dcid), -1)
            > max(self.begun.get((Event.END, dcid), -1), self.elsewhere.get(dcid, -1))
        ]


class Scanning(RuleBasedStateMachine):
    """Commands, confirms, failures, results and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self._handle)
        self.log = count()
        self.now = 0
        self.expected: dict[Job, Expected] = {}
        self.current: Job | None = None
        self.commanded: Job | None = None
        self.in_flight: list[Message] = []
        self.early: dict[int, Result] = {}
        self.started: dict[int, bool] = {}
        self.groups: dict[int, int] = {}
        self.seen: list[Result] = []
        self.ended: list[Job] = []
        self.told: dict[Job, State] = {}
        self.shown: Job | None = None
        self.events: list[JobEvent] = []

    def _handle(self, event: JobEvent, current: Job) -> None:
        """Keep what the IOC would show from events alone."""
        self.events.append(event)
        self.shown = current
        match event:
            case Began(job) | Changed(job) | Ended(job):
                self.told[job] = job.state
            case _:
                pass
        if isinstance(event, Ended):
            self.ended.append(event.job)

    # -- what happens ------------------------------------------------------

    @rule(requests=commands())
    def start(self, requests: list[Request]) -> None:
        """Unless that is refused, since Zocalo has the end message already."""
        refused = [r.dcid for r in requests if self.jobs.processing(r.dcid)]
        assert refused == [r.dcid for r in requests if self._is_processed(r.dcid)]
        if refused:
            self.refuse(requests)
        else:
            self._command(Event.START, requests)

    @rule(requests=commands())
    def end(self, requests: list[Request]) -> None:
        self._command(Event.END, requests)

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), event=st.sampled_from(Event))
    def command_again(self, data: st.DataObject, event: Event) -> None:
        """For all that an earlier job was for, whatever became of that."""
        earlier = data.draw(st.sampled_from(list(self.expected.values())), "earlier")
        requests = [Request(dcid=dcid) for dcid in earlier.dcids]
        (self.start if event is Event.START else self.end)(requests)

    @precondition(lambda self: self.in_flight)
    @rule()
    def confirm_all(self) -> None:
        """As a quick broker does."""
        for message in list(self.in_flight):
            self._confirm(message)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), seconds=st.integers(0, 5))
    def confirm(self, data: st.DataObject, seconds: int) -> None:
        """In any order; also what was sent for a job that has ended since."""
        self.now += seconds
        self._confirm(data.draw(st.sampled_from(self.in_flight), "message"))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        """One or several messages fail at once, of one or more jobs."""
        lost = st.lists(st.sampled_from(self.in_flight), min_size=1, unique=True)
        self._fail(data.draw(lost, "lost"))

    @rule(requests=commands(), result=results)
    def early_result(self, requests: list[Request], result: Result) -> None:
        """As a quick pipeline sends it, before the end message."""
        self.start(requests)
        self.confirm_all()
        self._result(replace(result, dcid=requests[0].dcid))

    @rule(requests=commands(), expects=st.booleans(), stopped=st.booleans())
    def end_again(
        self, requests: list[Request], *, expects: bool, stopped: bool
    ) -> None:
        """As after an outage of the broker, or a stop of the IOC, in an END."""
        self.start(requests)
        self.confirm_all()
        self.end(requests)
        if stopped:
            self.restart(0, 0)
        else:
            self._fail(list(self.in_flight))
        update = {"expect_result": expects}
        self.end([request.model_copy(update=update) for request in requests])

    @rule(requests=commands())
    def start_and_cancel(self, requests: list[Request]) -> None:
        self.start(requests)
        self.cancel()

    @rule(result=results)
    def result(self, result: Result) -> None:
        self._result(result)

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), result=results)
    def result_of_a_job(self, data: st.DataObject, result: Result) -> None:
        """Wanted or late: it names any job there has been, one way or another."""
        expected = data.draw(st.sampled_from(list(self.expected.values())), "job")
        dcid = data.draw(st.sampled_from(expected.dcids), "dcid")
        names = data.draw(st.sampled_from(["dcid", "dcg_dcids", "dcgid"]), "by")
        parameters: dict[str, Any] = {"dcid": FOREIGN, "dcg_dcids": (), "dcgid": None}
        parameters[names] = {
            "dcid": dcid,
            "dcg_dcids": (FOREIGN, dcid),
            "dcgid": expected.group,
        }[names]
        self._result(
            Result(
                **parameters,
                source=result.source,
                centres=result.centres,
                payload=result.payload,
                guid=result.guid,
            )
        )

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def duplicate_result(self, data: st.DataObject) -> None:
        self._result(data.draw(st.sampled_from(self.seen), "result"))

    @rule()
    def cancel(self) -> None:
        runs = self.commanded and not self.expected[self.commanded].ending
        assert self.jobs.cancel(self.now) is bool(runs)
        if self.commanded and runs:
            self._end(self.expected[self.commanded], "Cancelled")
            self.current = self.commanded

    @rule(requests=commands())
    def cancel_by_dcid(self, requests: list[Request]) -> None:
        dcids = {request.dcid for request in requests}
        meant = [
            expected
            for expected in self.expected.values()
            if not expected.ending and dcids & set(expected.dcids)
        ]
        assert self.jobs.cancel(self.now, sorted(dcids)) is bool(meant)
        for expected in meant:
            self._end(expected, "Cancelled")
            if self.commanded and expected is self.expected[self.commanded]:
                self.current = self.commanded

    @rule(requests=commands())
    def refuse(self, requests: list[Request]) -> None:
        before = self.jobs.current
        self.jobs.refuse(requests, "START failed. RECIPES is empty.")
        refused = self.events[-1]
        assert isinstance(refused, Refused)
        assert (refused.job.id, refused.job.number) == (requests[0].id, 0)
        if all(expected.ending for expected in self.expected.values()):
            assert self.jobs.current is refused.job
            assert self.jobs.current.state.label == "Failed"
            self.current = None
        else:
            assert self.jobs.current is before

    @rule(result=results)
    def excluded_result(self, result: Result) -> None:
        """One that P:SOURCE excludes changes no state."""
        self.jobs.exclude(result)

    @rule(seconds=st.integers(0, 5), end=st.integers(1, 10), result=st.integers(1, 10))
    def time_passes(self, seconds: int, end: int, result: int) -> None:
        self.now += seconds
        self._expire(Timeouts(result, end))

    @rule(seconds=st.integers(0, 5), ahead=st.integers(-1000, 1000))
    def restart(self, seconds: int, ahead: int) -> None:
        """What the broker has not confirmed fails; all else goes on, time as well."""
        text = self.jobs.save(ahead).model_dump_json()
        self.now += seconds
        self.jobs = Jobs(self._handle)
        saved = SavedJobs.model_validate_json(text)
        stopped = self.jobs.restore(saved, ahead, self.now)
        restored = {job.number: job for job in (self.jobs.latest, *self.jobs.running)}
        new = {job: restored.get(job.number, job) for job in self.expected}
        self.expected = {new[job]: it for job, it in self.expected.items()}
        self.told = {new[job]: state for job, state in self.told.items()}
        self.ended = [new[job] for job in self.ended]
        self.commanded = self.commanded and new[self.commanded]
        self.current = self.commanded
        self.shown = self.jobs.current
        self.early = {d: replace(r, payload="") for d, r in self.early.items()}
        for expected in self.expected.values():
            if not expected.ending:
                results = [replace(r, payload="") for r in expected.results]
                expected.results = results
        unconfirmed = [job for job, it in self.expected.items() if it.unconfirmed]
        assert stopped == [job for job in unconfirmed if not self.expected[job].ending]
        self.in_flight.clear()
        for job in stopped:
            self.jobs.failed(job, "stopped", self.now)
            self._end(self.expected[job], "Failed")

    # -- what it must lead to ------------------------------------------------

    def _command(self, event: Event, requests: list[Request]) -> None:
        dcids = tuple(request.dcid for request in requests)
        to_join = [
            job
            for job, expected in self.expected.items()
            if not expected.ending and set(dcids) <= set(expected.dcids)
        ]
        job = self.jobs.begin(event, requests)
        if to_join:
            assert job in to_join
        else:
            assert job not in self.expected
            number = len(self.expected) + 1
            expects = requests[0].expect_result
            if event is Event.END and not self.started.keys().isdisjoint(dcids):
                expects = any(self.started.get(dcid) for dcid in dcids)
            self.expected[job] = Expected(dcids, number, expects)
        expected = self.expected[job]
        if event is Event.START:
            self.started |= dict.fromkeys(dcids, expected.expects)
        expected.id = expected.id or requests[0].id
        if event is Event.START:
            self.early = {d: r for d, r in self.early.items() if d not in dcids}
        elif not to_join:
            expected.results += [self.early[d] for d in dcids if d in self.early]
        for request in requests:
            expected.begun[event, request.dcid] = next(self.log)
            expected.group = expected.group or request.dcgid
            self.in_flight.append((job, event, request.dcid))
        self.groups[expected.group] = expected.number
        self.current = self.commanded = job

    def _end(self, expected: Expected, ending: str) -> None:
        """What START said holds for an END that is put after one that failed."""
        expected.ending = ending
        for dcid in expected.dcids:
            ends = Event.END, dcid
            lost = expected.begun.get(ends, -1) > expected.confirmed.get(ends, -1)
            due = dcid in expected.not_told_the_end or lost
            if not due or ending not in ("Failed", "Timed out"):
                self.started.pop(dcid, None)

    def _is_processed(self, dcid: int) -> bool:
        """Whether a job runs in which a data collection was ended after its start."""
        return any(
            dcid in expected.dcids
            and dcid not in expected.not_told_the_end
            and not expected.ending
            for expected in self.expected.values()
        )

    def _expire(self, timeouts: Timeouts) -> None:
        late = {
            job
            for job, expected in self.expected.items()
            if not expected.ending
            and not expected.sending
            and (
                self.now - expected.last_confirm >= timeouts.end
                if expected.not_told_the_end
                else self.now - expected.last_end >= timeouts.result
            )
        }
        before = len(self.ended)
        self.jobs.expire(self.now, timeouts)
        assert set(self.ended[before:]) == late
        for job in late:
            self._end(self.expected[job], "Timed out")

    def _confirm(self, message: Message) -> None:
        self.in_flight.remove(message)
        job, event, dcid = message
        self.jobs.confirmed(job, event, dcid, self.now)
        assert self.jobs.last_sent(dcid) == self.now
        expected = self.expected[job]
        expected.confirmed[event, dcid] = next(self.log)
        expected.last_confirm = self.now
        if event is Event.END:
            expected.last_end = self.now
        others = [
            other
            for other, it in self.expected.items()
            if event is Event.END
            and not expected.ending
            and other is not job
            and not it.ending
            and dcid in it.not_told_the_end
        ]
        for other in others:
            self.expected[other].elsewhere[dcid] = next(self.log)
            self.expected[other].last_confirm = self.expected[other].last_end = self.now
        self._end_by_result([job, *others])

    def _fail(self, messages: Collection[Message]) -> None:
        for message in messages:
            self.in_flight.remove(message)
            job, event, dcid = message
            self.jobs.failed(job, f"DCID {dcid}: {event} not sent", self.now)
            if not self.expected[job].ending:
                self._end(self.expected[job], "Failed")

    def _result(self, result: Result) -> None:
        self.seen.append(result)
        named = {result.dcid, *result.dcg_dcids}
        belongs_to = [
            job
            for job, expected in self.expected.items()
            if not expected.ending
            and (
                any(dcid in named for dcid in expected.dcids)
                or (expected.group != 0 and expected.group == result.dcgid)
            )
        ]
        number = self.jobs.number_of(result)
        self.events.clear()
        self.jobs.result(result, self.now)
        if belongs_to:
            told = [e.job for e in self.events if isinstance(e, Changed | Ended)]
            assert told == belongs_to
            assert number == self.expected[belongs_to[-1]].number
        else:
            [event] = self.events
            assert isinstance(event, Unclaimed)
            ended = [
                expected.number
                for expected in self.expected.values()
                if any(dcid in named for dcid in expected.dcids)
            ]
            group = self.groups.get(result.dcgid, 0) if result.dcgid else 0
            assert event.number == number == max([*ended, group], default=0)
        for job in belongs_to:
            self.expected[job].results.append(result)
        self._end_by_result(belongs_to)

    def _end_by_result(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            expected = self.expected[job]
            if expected.ending or expected.sending:
                continue
            if not expected.expects:
                if not expected.not_told_the_end:
                    self._end(expected, "Done")
                    for dcid in expected.dcids:
                        self.early.pop(dcid, None)
            elif expected.results:
                # which of several results is taken is not promised
                assert job.result is not None
                assert job.result in expected.results
                self._end(expected, "Done" if job.result.centres else "No centres")
                for dcid in expected.dcids:
                    self.early.pop(dcid, None)
                for dcid in expected.not_told_the_end:
                    self.early[dcid] = job.result

    # -- what always holds -----------------------------------------------------

    @invariant()
    def every_job_is_where_it_must_be(self) -> None:
        states = {job: job.state.label for job in self.expected}
        assert states == {job: e.label for job, e in self.expected.items()}

    @invariant()
    def every_job_has_its_number_and_id(self) -> None:
        known = [(job.number, job.id) for job in self.expected]
        assert known == [(e.number, e.id) for e in self.expected.values()]
        assert self.jobs.count == len(self.expected)

    @invariant()
    def the_jobs_that_have_not_ended_run(self) -> None:
        assert self.jobs.running == [
            job for job, expected in self.expected.items() if not expected.ending
        ]

    @invariant()
    def the_job_commanded_last_is_current(self) -> None:
        assert self.current is None or self.jobs.current is self.current

    @invariant()
    def nothing_happens_to_a_job_without_an_event(self) -> None:
        assert self.told == {job: job.state for job in self.expected}
        assert self.shown is None or self.shown is self.jobs.current

    @invariant()
    def the_end_of_a_job_is_said_once(self) -> None:
        assert len(set(self.ended)) == len(self.ended)
        over = {job for job, expected in self.expected.items() if expected.ending}
        assert set(self.ended) == over

    def teardown(self) -> None:
        """No job is stuck: once every message has its answer, time ends them all."""
        for number, message in enumerate(list(self.in_flight)):
            if number % 3:
                self._fail([message])
            else:
                self._confirm(message)
        self.now += 1000
        self._expire(Timeouts(1000, 1000))
        assert self.jobs.running == []
        assert set(self.ended) == set(self.expected)
        self.every_job_is_where_it_must_be()
        self.the_end_of_a_job_is_said_once()


@pytest.mark.hypothesis
def test_whatever_happens_every_job_ends_once_as_promised() -> None:
    run_state_machine_as_test(Scanning, settings=settings(stateful_step_count=60))
