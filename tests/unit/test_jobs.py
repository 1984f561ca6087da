"""The life of jobs: what ends them, which result is whose, and when time is up."""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from zocalo_ioc.jobs import (
    KEPT,
    Began,
    Changed,
    Ended,
    Job,
    JobEvent,
    Jobs,
    Refused,
    State,
    Timeouts,
    Unclaimed,
)
from zocalo_ioc.wire import Centre, Event, Request, Result, Source

CENTRE = Centre(
    centre_of_mass=[7.5, 2.25, 3.0],
    max_voxel=[7, 2, 3],
    max_count=2028,
    n_voxels=45,
    total_count=30481,
)
LABELS = [
    *("Idle", "Starting", "Started", "Ending", "Processing"),
    *("Done", "No centres", "Timed out", "Failed", "Cancelled"),
]
NO_TIME, MINUTES = Timeouts(0.0, 0.0), Timeouts(180.0, 180.0)
RUNNING = [State.STARTING, State.STARTED, State.ENDING, State.PROCESSING]
SENDING = [State.STARTING, State.ENDING]
WAITING = [State.STARTED, State.PROCESSING]
ENDED = [
    *(State.DONE, State.NO_CENTRES),
    *(State.TIMED_OUT, State.FAILED, State.CANCELLED),
]


class Recorded(Jobs):
    """Jobs whose events are kept, each with the job that is current after it."""

    def __init__(self) -> None:
        self.events: list[tuple[JobEvent, Job]] = []
        super().__init__(self._note)

    def _note(self, event: JobEvent, current: Job) -> None:
        self.events.append((event, current))

    def ended(self) -> list[Job]:
        """The jobs that were said to have ended since this was last asked."""
        events, self.events = self.events, []
        return [event.job for event, _ in events if isinstance(event, Ended)]

    def waiting_for(self, result: Result) -> list[Job]:
        """Give them a result, and return the jobs that it belongs to."""
        self.events.clear()
        self.result(result, 0.0)
        return [e.job for e, _ in self.events if isinstance(e, Changed | Ended)]

    def expired(self, now: float, timeout: float) -> list[Job]:
        """Have time pass, and return the jobs that this ends."""
        self.ended()
        self.expire(now, Timeouts(timeout, timeout))
        return self.ended()


def result_for(
    dcid: int, *others: int, dcgid: int | None = None, centres: int = 1
) -> Result:
    """A result of Zocalo, and the other data collections of its group."""
    return Result(
        dcid=dcid,
        dcgid=dcgid,
        dcg_dcids=others,
        source=Source.CPU,
        centres=(CENTRE,) * centres,
        payload="{}",
        guid="d6f117bb-c856-4df8-b9bc-2d3c625e9fd5",
    )


def begin(jobs: Jobs, event: Event, *dcids: int, **values: Any) -> Job:
    return jobs.begin(event, [Request(dcid=dcid, **values) for dcid in dcids])


def send(
    jobs: Recorded, event: Event, *dcids: int, now: float = 0.0, **values: Any
) -> Job:
    """Begin a command, and have every message of it confirmed."""
    job = begin(jobs, event, *dcids, **values)
    for dcid in dcids:
        jobs.confirmed(job, event, dcid, now)
    return job


def bring_to(state: State, jobs: Recorded, *dcids: int, dcgid: int = 0) -> Job:
    """Take a job to a state, by commands, confirms and results at time 0."""
    job = begin(jobs, Event.START, *dcids, dcgid=dcgid)
    if state is State.STARTING:
        return job
    send(jobs, Event.START, *dcids)
    if state is State.STARTED:
        return job
    begin(jobs, Event.END, *dcids)
    if state is State.ENDING:
        return job
    send(jobs, Event.END, *dcids)
    match state:
        case State.DONE:
            jobs.result(result_for(*dcids), 0.0)
        case State.NO_CENTRES:
            jobs.result(result_for(*dcids, centres=0), 0.0)
        case State.TIMED_OUT:
            jobs.expire(0.0, NO_TIME)
        case State.FAILED:
            jobs.failed(job, f"DCID {dcids[0]}: no broker", 0.0)
        case State.CANCELLED:
            jobs.cancel(0.0)
        case _:
            pass
    return job


# -- commands ---------------------------------------------------------------


def test_the_states_are_those_of_the_record_in_its_order() -> None:
    assert {state.value: state.label for state in State} == dict(enumerate(LABELS))


def test_before_the_first_command_the_current_job_is_idle() -> None:
    assert Recorded().current.state is State.IDLE


def test_before_the_first_command_nothing_runs() -> None:
    assert Recorded().running == []


@pytest.mark.parametrize(
    ("event", "sending"),
    [(Event.START, State.STARTING), (Event.END, State.ENDING)],
)
def test_a_job_is_sending_until_the_broker_confirms(
    event: Event, sending: State
) -> None:
    assert begin(Recorded(), event, 1).state is sending


@pytest.mark.parametrize(
    ("event", "sent"),
    [(Event.START, State.STARTED), (Event.END, State.PROCESSING)],
)
def test_a_confirm_moves_the_job_on(event: Event, sent: State) -> None:
    assert send(Recorded(), event, 1).state is sent


@pytest.mark.parametrize(
    ("event", "sending"),
    [(Event.START, State.STARTING), (Event.END, State.ENDING)],
)
def test_a_scan_of_two_grids_is_sending_until_both_messages_are_confirmed(
    event: Event, sending: State
) -> None:
    jobs = Recorded()
    job = begin(jobs, event, 1, 2)
    jobs.confirmed(job, event, 2, 0.0)
    assert job.state is sending


@pytest.mark.parametrize(
    ("event", "sent"),
    [(Event.START, State.STARTED), (Event.END, State.PROCESSING)],
)
def test_a_scan_of_two_grids_moves_on_once_both_messages_are_confirmed(
    event: Event, sent: State
) -> None:
    jobs = Recorded()
    job = begin(jobs, event, 1, 2)
    jobs.confirmed(job, event, 2, 0.0)
    jobs.confirmed(job, event, 1, 0.0)
    assert job.state is sent


def test_a_late_confirm_of_the_start_does_not_confirm_the_end() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1)
    begin(jobs, Event.END, 1)
    jobs.confirmed(job, Event.START, 1, 0.0)
    assert job.state is State.ENDING


def test_a_grid_that_is_started_again_does_not_make_up_for_the_other() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    send(jobs, Event.START, 1)
    assert job.state is State.STARTING


def test_the_confirm_of_the_end_does_not_wait_for_that_of_the_start() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1)
    begin(jobs, Event.END, 1)
    jobs.confirmed(job, Event.END, 1, 0.0)
    assert job.state is State.PROCESSING


@pytest.mark.parametrize("state", RUNNING)
@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("dcids", [(1, 2), (2, 1), (1,), (2,)])
def test_a_command_for_data_collections_of_a_running_job_joins_it(
    state: State, event: Event, dcids: tuple[int, ...]
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1, 2)
    assert begin(jobs, event, *dcids) is job


@pytest.mark.parametrize("dcids", [(3,), (2, 3), (1, 2, 3)])
def test_a_command_for_another_data_collection_makes_a_job_of_its_own(
    dcids: tuple[int, ...],
) -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1, 2)
    assert begin(jobs, Event.START, *dcids) is not job


def test_of_two_jobs_with_the_data_collection_a_command_joins_the_later() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    later = send(jobs, Event.START, 1, 2)
    assert begin(jobs, Event.END, 1) is later


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("event", Event)
def test_a_command_for_a_data_collection_whose_job_has_ended_makes_a_new_job(
    state: State, event: Event
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    assert begin(jobs, event, 1) is not job


@pytest.mark.parametrize("event", Event)
def test_the_job_commanded_last_is_the_current_one(event: Event) -> None:
    jobs = Recorded()
    first = send(jobs, Event.START, 1)
    send(jobs, Event.START, 2)
    begin(jobs, event, 1)
    assert jobs.current is first


def test_the_jobs_that_run_are_listed_oldest_first() -> None:
    jobs = Recorded()
    oldest, middle, latest = (send(jobs, Event.START, dcid) for dcid in (3, 1, 2))
    assert jobs.running == [oldest, middle, latest]


def test_the_first_data_collection_speaks_for_a_job() -> None:
    assert begin(Recorded(), Event.START, 2, 1).dcid == 2


# -- results ----------------------------------------------------------------


@pytest.mark.parametrize("before", WAITING)
@pytest.mark.parametrize(
    ("centres", "after"), [(0, State.NO_CENTRES), (1, State.DONE), (2, State.DONE)]
)
def test_a_result_ends_the_job_that_waits_for_it(
    before: State, centres: int, after: State
) -> None:
    jobs = Recorded()
    job = bring_to(before, jobs, 1)
    jobs.result(result_for(1, centres=centres), 0.0)
    assert job.state is after


@pytest.mark.parametrize("state", SENDING)
def test_a_result_does_not_end_a_job_whose_message_is_being_sent(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.result(result_for(1), 0.0)
    assert job.state is state


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize(("centres", "after"), [(0, State.NO_CENTRES), (1, State.DONE)])
def test_a_result_that_came_while_a_message_was_being_sent_ends_the_job_at_the_confirm(
    event: Event, centres: int, after: State
) -> None:
    jobs = Recorded()
    job = begin(jobs, event, 1)
    jobs.result(result_for(1, centres=centres), 0.0)
    jobs.confirmed(job, event, 1, 1.0)
    assert job.state is after


def test_a_result_that_came_while_two_grids_were_being_sent_waits_for_both() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.END, 1, 2)
    jobs.result(result_for(1, 2), 0.0)
    jobs.confirmed(job, Event.END, 1, 1.0)
    assert job.state is State.ENDING


def test_a_job_keeps_its_result() -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 1)
    result = result_for(1)
    jobs.result(result, 0.0)
    assert job.result is result


MATCHING = pytest.mark.parametrize(
    "result",
    [
        pytest.param(result_for(11), id="by dcid"),
        pytest.param(result_for(12), id="by the dcid of the second grid"),
        pytest.param(result_for(99, 11), id="by dcg_dcids"),
        pytest.param(result_for(99, 98, 12), id="by the last of dcg_dcids"),
        pytest.param(result_for(99, dcgid=10), id="by dcgid"),
        pytest.param(result_for(11, dcgid=90), id="by dcid, of another group"),
    ],
)


@MATCHING
def test_a_result_belongs_to_the_job_that_it_names(result: Result) -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 11, 12, dcgid=10)
    assert jobs.waiting_for(result) == [job]


FOREIGN = [
    pytest.param(result_for(99), id="dcid"),
    pytest.param(result_for(99, 98), id="dcg_dcids"),
    pytest.param(result_for(99, dcgid=90), id="dcgid"),
    pytest.param(result_for(10), id="dcid equal to the job's dcgid"),
    pytest.param(result_for(99, dcgid=11), id="dcgid equal to the job's dcid"),
    pytest.param(result_for(99, dcgid=None), id="no dcgid"),
    pytest.param(result_for(99, dcgid=0), id="dcgid 0"),
]


@pytest.mark.parametrize("result", FOREIGN)
@pytest.mark.parametrize("dcgid", [0, 10])
def test_a_result_belongs_to_no_job_that_it_does_not_name(
    dcgid: int, result: Result
) -> None:
    jobs = Recorded()
    send(jobs, Event.END, 11, 12, dcgid=dcgid)
    assert jobs.waiting_for(result) == []


@pytest.mark.parametrize("result", FOREIGN)
@pytest.mark.parametrize("dcgid", [0, 10])
def test_a_result_for_something_never_started_ends_nothing(
    dcgid: int, result: Result
) -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 11, 12, dcgid=dcgid)
    jobs.result(result, 0.0)
    assert job.state is State.PROCESSING


@pytest.mark.parametrize("result", [result_for(1), result_for(1, 0, dcgid=0)])
def test_a_result_leaves_an_idle_ioc_idle(result: Result) -> None:
    jobs = Recorded()
    jobs.result(result, 0.0)
    assert jobs.current.state is State.IDLE


def test_a_result_ends_every_job_that_it_belongs_to() -> None:
    jobs = Recorded()
    both = [send(jobs, Event.START, dcid) for dcid in (1, 2)]
    jobs.result(result_for(1, 2), 0.0)
    assert [job.state for job in both] == [State.DONE, State.DONE]


def test_a_result_leaves_the_jobs_of_others_running() -> None:
    jobs = Recorded()
    _, other = (send(jobs, Event.START, dcid) for dcid in (1, 2))
    jobs.result(result_for(1), 0.0)
    assert jobs.running == [other]


@pytest.mark.parametrize(
    "dcgids", [(10, 0), (0, 10), (10, 10)], ids=["first", "second", "both"]
)
def test_a_scan_belongs_to_the_group_that_any_of_its_grids_names(
    dcgids: tuple[int, int],
) -> None:
    jobs = Recorded()
    requests = [Request(dcid=n, dcgid=dcgid) for n, dcgid in enumerate(dcgids, 1)]
    job = jobs.begin(Event.START, requests)
    assert job.dcgid == 10


@pytest.mark.parametrize("dcgids", [(10, 0), (0, 10)])
def test_a_job_knows_its_group_from_whichever_command_named_it(
    dcgids: tuple[int, int],
) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, dcgid=dcgids[0])
    job = send(jobs, Event.END, 1, dcgid=dcgids[1])
    assert job.dcgid == 10


@pytest.mark.parametrize("state", ENDED)
def test_a_late_or_duplicate_result_belongs_to_no_job(state: State) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1, dcgid=10)
    assert jobs.waiting_for(result_for(1, 1, dcgid=10)) == []


@pytest.mark.parametrize("state", ENDED)
def test_a_late_or_duplicate_result_leaves_its_job_as_it_was(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.result(result_for(1, centres=int(state is State.NO_CENTRES)), 0.0)
    assert job.state is state


@pytest.mark.parametrize("state", ENDED)
def test_a_late_or_duplicate_result_leaves_the_job_of_the_next_scan_running(
    state: State,
) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1, dcgid=10)
    later = send(jobs, Event.START, 2, dcgid=20)
    jobs.result(result_for(1, 1, dcgid=10), 0.0)
    assert later.state is State.STARTED


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize(
    ("event", "sent"),
    [(Event.START, State.STARTED), (Event.END, State.PROCESSING)],
)
def test_a_late_or_duplicate_result_is_not_kept_for_the_next_command(
    state: State, event: Event, sent: State
) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1)
    jobs.result(result_for(1), 0.0)
    assert send(jobs, event, 1).state is sent


# -- results that come before the end message ---------------------------------


def started_and_done(jobs: Recorded, *dcids: int, result: Result | None = None) -> Job:
    """Have the result come after the start message and before the end message."""
    job = send(jobs, Event.START, *dcids)
    jobs.result(result or result_for(*dcids), 0.0)
    return job


@pytest.mark.parametrize(("centres", "after"), [(0, State.NO_CENTRES), (1, State.DONE)])
def test_the_end_takes_the_result_that_came_before_it(
    centres: int, after: State
) -> None:
    jobs = Recorded()
    started_and_done(jobs, 1, result=result_for(1, centres=centres))
    assert send(jobs, Event.END, 1).state is after


def test_the_end_takes_an_early_result_only_when_its_message_is_confirmed() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    assert begin(jobs, Event.END, 1).state is State.ENDING


@MATCHING
def test_the_end_takes_an_early_result_however_it_named_the_job(
    result: Result,
) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 11, 12, dcgid=10)
    jobs.result(result, 0.0)
    assert send(jobs, Event.END, 11, 12).result is result


@pytest.mark.parametrize("dcid", [1, 2])
def test_each_grid_of_a_scan_can_be_ended_apart_after_an_early_result(
    dcid: int,
) -> None:
    jobs = Recorded()
    started_and_done(jobs, 1, 2)
    send(jobs, Event.END, 3 - dcid)
    assert send(jobs, Event.END, dcid).state is State.DONE


def test_grids_started_apart_can_be_ended_together_after_an_early_result() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    send(jobs, Event.START, 2)
    jobs.result(result_for(2), 0.0)
    assert send(jobs, Event.END, 1, 2).state is State.DONE


def test_a_second_end_does_not_take_an_early_result_again() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    send(jobs, Event.END, 1)
    assert send(jobs, Event.END, 1).state is State.PROCESSING


def test_a_second_start_waits_for_a_result_of_its_own() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    assert send(jobs, Event.START, 1).state is State.STARTED


def test_the_end_of_a_second_start_does_not_take_the_result_of_the_first() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    send(jobs, Event.START, 1)
    assert send(jobs, Event.END, 1).state is State.PROCESSING


def test_an_early_result_is_not_taken_by_the_end_of_another_data_collection() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    assert send(jobs, Event.END, 2).state is State.PROCESSING


def test_a_job_that_may_take_an_early_result_can_still_be_cancelled() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    job = begin(jobs, Event.END, 1)
    jobs.cancel(0.0)
    assert job.state is State.CANCELLED


def test_an_end_that_failed_leaves_the_early_result_to_the_next() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    jobs.failed(begin(jobs, Event.END, 1), "no broker", 0.0)
    assert send(jobs, Event.END, 1).state is State.DONE


def test_notes_are_said_until_a_result_makes_them_unimportant() -> None:
    for passes in (False, True):
        jobs = Recorded()
        job = send(jobs, Event.START, 1)
        job.notes, job.notes_pass = "ISPyB is away.", passes
        assert job.describe().endswith(". ISPyB is away.")
        send(jobs, Event.END, 1)
        jobs.result(result_for(1), 0.0)
        assert ("ISPyB" in job.describe()) is not passes


def whole_scan() -> tuple[Recorded, Job]:
    """Return jobs with one that one of its two data collections was given for."""
    jobs = Recorded()
    job = send(jobs, Event.START, 1, 2)
    job.whole = True
    return jobs, job


def fail_to_end(jobs: Recorded) -> None:
    jobs.failed(begin(jobs, Event.END, 1, 2), "no broker", 0.0)


EARLY_ENDS: dict[str, Callable[[Recorded], object]] = {
    "result": lambda jobs: jobs.result(result_for(1), 0.0),
    "cancelled": lambda jobs: jobs.cancel(0.0),
    "timed out": lambda jobs: jobs.expire(1e6, NO_TIME),
    "failed": fail_to_end,
}


@pytest.mark.parametrize("end_early", EARLY_ENDS.values(), ids=EARLY_ENDS)
def test_a_scan_is_ended_whole_although_its_job_is_over(
    end_early: Callable[[Recorded], object],
) -> None:
    jobs, _ = whole_scan()
    end_early(jobs)
    assert not jobs.running
    assert jobs.whole_scan([2]) == (1, 2)


def test_a_scan_that_was_ended_or_is_started_again_is_ended_whole_no_more() -> None:
    for event in Event:
        jobs, _ = whole_scan()
        jobs.result(result_for(1), 0.0)
        again = [send(jobs, event, dcid) for dcid in (1, 2)]
        assert len(again) == 2
        assert not jobs.whole_scan([1])


def test_the_end_takes_a_result_that_came_before_the_start_was_confirmed() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1)
    jobs.result(result_for(1), 0.0)
    jobs.confirmed(job, Event.START, 1, 0.0)
    assert send(jobs, Event.END, 1).state is State.DONE


def test_the_second_grids_end_takes_a_result_that_came_after_the_firsts() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, 2)
    send(jobs, Event.END, 1)
    jobs.result(result_for(1, 2), 0.0)
    assert send(jobs, Event.END, 2).state is State.DONE


# -- time-outs --------------------------------------------------------------


@pytest.mark.parametrize("state", WAITING)
def test_a_job_without_a_result_times_out(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.expire(180.0, MINUTES)
    assert job.state is State.TIMED_OUT


@pytest.mark.parametrize("state", WAITING)
def test_a_job_does_not_time_out_too_soon(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.expire(179.0, MINUTES)
    assert job.state is state


@pytest.mark.parametrize("state", SENDING)
def test_a_job_whose_message_is_being_sent_does_not_time_out(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.expire(1e6, MINUTES)
    assert job.state is state


def test_only_jobs_sent_since_a_restart_time_out_before_the_results_are_there() -> None:
    jobs = Recorded()
    send(jobs, Event.END, 1, now=10.0)
    again = send(jobs, Event.START, 2, now=20.0)
    send(jobs, Event.END, 2, now=60.0)
    new = send(jobs, Event.END, 3, now=60.0)
    jobs.expire(1e6, MINUTES, sent_after=50.0)
    assert jobs.ended() == [again, new]


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize(
    ("now", "expected"), [(289.0, False), (290.0, True)], ids=["before", "after"]
)
def test_the_time_out_counts_from_the_last_confirmed_message(
    event: Event, now: float, expected: bool
) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, now=10.0)
    job = send(jobs, event, 1, now=110.0)
    assert (job in jobs.expired(now, 180.0)) is expected


def test_the_confirm_of_a_start_does_not_put_off_the_time_out_of_the_end() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1)
    send(jobs, Event.END, 1, now=10.0)
    jobs.confirmed(job, Event.START, 1, 100.0)
    assert jobs.expired(190.0, 180.0) == [job]


@pytest.mark.parametrize(
    ("state", "limits"),
    [
        (State.STARTED, Timeouts(60.0, 3600.0)),
        (State.PROCESSING, Timeouts(3600.0, 60.0)),
    ],
)
def test_a_time_out_holds_for_what_the_job_waits_for(
    state: State, limits: Timeouts
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.expire(3599.0, limits)
    assert job.state is state
    jobs.expire(3600.0, limits)
    assert job.state is State.TIMED_OUT


def test_a_scan_of_which_one_grid_was_ended_waits_for_the_end_of_the_other() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, 2, now=0.0)
    job = send(jobs, Event.END, 1, now=100.0)
    assert job.remaining(150.0, Timeouts(60.0, 3600.0)) == 3550.0


@pytest.mark.parametrize(
    ("state", "remaining"),
    [
        (State.STARTING, 3600.0),
        (State.STARTED, 3580.0),
        (State.ENDING, 180.0),
        (State.PROCESSING, 160.0),
        *((state, None) for state in ENDED),
    ],
)
def test_a_job_knows_how_long_it_will_wait(
    state: State, remaining: float | None
) -> None:
    job = bring_to(state, Recorded(), 1)
    assert job.remaining(20.0, Timeouts(180.0, 3600.0)) == remaining


def test_nothing_remains_before_the_first_job() -> None:
    assert Recorded().current.remaining(0.0, MINUTES) is None


def test_the_time_out_counts_from_the_last_confirmed_grid() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    jobs.confirmed(job, Event.START, 2, 0.0)
    jobs.confirmed(job, Event.START, 1, 100.0)
    assert jobs.expired(279.0, 180.0) == []


def test_the_messages_of_another_job_do_not_put_off_a_time_out() -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1, now=0.0)
    send(jobs, Event.START, 2, now=100.0)
    assert jobs.expired(180.0, 180.0) == [job]


@pytest.mark.parametrize(
    ("now", "timeout", "state"),
    [(101.0, 50.0, State.TIMED_OUT), (200.0, 500.0, State.STARTED)],
    ids=["shorter", "longer"],
)
def test_a_changed_time_out_holds_for_the_jobs_that_run(
    now: float, timeout: float, state: State
) -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1, now=0.0)
    jobs.expire(100.0, MINUTES)
    jobs.expire(now, Timeouts(timeout, timeout))
    assert job.state is state


def test_jobs_that_time_out_are_returned_once() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    jobs.expire(180.0, MINUTES)
    assert jobs.expired(181.0, 180.0) == []


@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_has_ended_does_not_time_out(state: State) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1)
    assert jobs.expired(1e6, 180.0) == []


# -- failures, cancelling and refusals ------------------------------------------


@pytest.mark.parametrize("state", RUNNING)
def test_a_message_that_can_not_be_sent_fails_its_job(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.failed(job, "DCID 1: no broker", 0.0)
    assert job.state is State.FAILED


def test_one_message_that_can_not_be_sent_fails_the_whole_scan() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    jobs.confirmed(job, Event.START, 1, 0.0)
    jobs.failed(job, "DCID 2: no broker", 0.0)
    assert job.state is State.FAILED


def test_a_failed_message_leaves_other_jobs_running() -> None:
    jobs = Recorded()
    job, other = (begin(jobs, Event.START, dcid) for dcid in (1, 2))
    jobs.failed(job, "DCID 1: no broker", 0.0)
    assert jobs.running == [other]


def test_of_several_failures_the_first_is_the_reason() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    jobs.failed(job, "the cause", 0.0)
    jobs.failed(job, "a consequence", 0.0)
    assert job.reason == "the cause"


@pytest.mark.parametrize("state", RUNNING)
def test_cancel_ends_the_current_job(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.cancel(0.0)
    assert job.state is State.CANCELLED


def test_cancel_leaves_other_jobs_running() -> None:
    jobs = Recorded()
    other = send(jobs, Event.START, 1)
    send(jobs, Event.START, 2)
    jobs.cancel(0.0)
    assert jobs.running == [other]


def test_cancel_with_no_job_at_all_does_nothing() -> None:
    jobs = Recorded()
    jobs.cancel(0.0)
    assert jobs.current.state is State.IDLE


@pytest.mark.parametrize("state", ENDED)
def test_cancel_does_not_change_a_job_that_has_ended(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.cancel(0.0)
    assert job.state is state


@pytest.mark.parametrize("state", ENDED)
def test_cancel_after_the_current_job_has_ended_spares_the_others(
    state: State,
) -> None:
    jobs = Recorded()
    other = begin(jobs, Event.START, 1)
    bring_to(state, jobs, 2)
    jobs.cancel(0.0)
    assert other.state is State.STARTING


@pytest.mark.parametrize("state", RUNNING)
def test_a_refusal_leaves_the_running_job_alone(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.refuse([Request(dcid=1)], "END failed. RECIPES is empty.")
    assert job.state is state


@pytest.mark.parametrize("state", RUNNING)
def test_a_refusal_while_a_job_runs_is_not_shown_in_its_place(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.refuse([Request(dcid=2)], "START failed. RECIPES is empty.")
    assert jobs.current is job


def test_a_refusal_is_not_shown_while_an_earlier_job_runs() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    latest = bring_to(State.DONE, jobs, 2)
    jobs.refuse([], "SUBMIT can't be used.")
    assert jobs.current is latest


def test_a_refusal_with_no_job_running_is_shown() -> None:
    jobs = Recorded()
    bring_to(State.DONE, jobs, 1)
    jobs.refuse([Request(dcid=2)], "START failed. RECIPES is empty.")
    assert (jobs.current.dcid, jobs.current.state) == (2, State.FAILED)


def test_a_refusal_that_is_no_failure_is_not_shown() -> None:
    jobs = Recorded()
    done = bring_to(State.DONE, jobs, 1)
    jobs.refuse([Request(dcid=1)], "DCID 1: no job to cancel.", failed=False)
    assert jobs.current is done


def test_a_refusal_gives_its_reason() -> None:
    jobs = Recorded()
    jobs.refuse([Request(dcid=2)], "START failed. RECIPES is empty.")
    assert jobs.current.describe() == "START failed. RECIPES is empty."


def test_a_refusal_of_what_could_not_be_read_names_no_data_collection() -> None:
    jobs = Recorded()
    jobs.refuse([], "SUBMIT can't be used.")
    assert jobs.current.dcid == 0


def test_a_refused_request_does_not_run() -> None:
    jobs = Recorded()
    jobs.refuse([Request(dcid=2)], "START failed.")
    assert jobs.running == []


def test_cancel_reaches_the_latest_job_also_after_a_refusal() -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1)
    jobs.refuse([Request(dcid=1)], "END failed.")
    jobs.cancel(0.0)
    assert job.state is State.CANCELLED
    assert jobs.current is job


def test_the_end_takes_an_early_result_also_after_a_refusal() -> None:
    jobs = Recorded()
    started_and_done(jobs, 1)
    jobs.refuse([Request(dcid=1)], "END failed. RECIPES is empty.")
    assert send(jobs, Event.END, 1).state is State.DONE


def test_a_refusal_carries_the_id_of_its_request() -> None:
    jobs = Recorded()
    jobs.refuse([Request(dcid=2, id="mine")], "START failed.")
    assert jobs.current.id == "mine"


@pytest.mark.parametrize("state", RUNNING)
@pytest.mark.parametrize("dcids", [(1,), (2,), (9, 2)])
def test_cancel_of_a_data_collection_ends_its_job(
    state: State, dcids: tuple[int, ...]
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1, 2)
    send(jobs, Event.START, 3)
    assert jobs.cancel(0.0, dcids)
    assert job.state is State.CANCELLED


def test_cancel_of_a_data_collection_ends_no_other_job() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    other = send(jobs, Event.START, 2)
    jobs.cancel(0.0, [1])
    assert jobs.running == [other]
    assert jobs.current is other


@pytest.mark.parametrize("state", ENDED)
def test_cancel_of_a_data_collection_whose_job_has_ended_does_nothing(
    state: State,
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    later = send(jobs, Event.START, 2)
    assert not jobs.cancel(0.0, [1])
    assert job.state is state
    assert jobs.running == [later]


# -- jobs without a result ------------------------------------------------------


def test_a_job_without_a_result_is_done_once_its_end_is_confirmed() -> None:
    jobs = Recorded()
    begin(jobs, Event.START, 1, expect_result=False)
    job = send(jobs, Event.END, 1)
    assert (job.state, job.reason) == (
        State.DONE,
        "end message sent, no result expected",
    )


def test_a_job_without_a_result_waits_for_the_end_of_every_data_collection() -> None:
    jobs = Recorded()
    begin(jobs, Event.START, 1, 2, expect_result=False)
    assert send(jobs, Event.END, 1).state is State.STARTED
    assert send(jobs, Event.END, 2).state is State.DONE


def test_an_end_without_a_start_says_whether_a_result_will_come() -> None:
    jobs = Recorded()
    assert send(jobs, Event.END, 1, expect_result=False).state is State.DONE


@pytest.mark.parametrize("started", [True, False])
def test_the_end_does_not_change_what_the_start_said_about_a_result(
    started: bool,
) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, expect_result=started)
    job = send(jobs, Event.END, 1, expect_result=not started)
    assert job.state is (State.PROCESSING if started else State.DONE)


@pytest.mark.parametrize("why", [State.FAILED, State.TIMED_OUT])
@pytest.mark.parametrize("started", [True, False])
def test_an_end_that_is_put_again_keeps_what_the_start_said_about_a_result(
    started: bool, why: State
) -> None:
    """The first one failed, or came too late."""
    jobs = Recorded()
    job = send(jobs, Event.START, 1, expect_result=started)
    if why is State.FAILED:
        begin(jobs, Event.END, 1)
        jobs.failed(job, "DCID 1: no broker", 0.0)
    else:
        jobs.expire(0.0, NO_TIME)
    assert job.state is why
    again = send(jobs, Event.END, 1, expect_result=not started)
    assert again.state is (State.PROCESSING if started else State.DONE)


def test_an_end_after_that_of_the_start_says_whether_a_result_will_come() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    send(jobs, Event.END, 1)
    jobs.expire(180.0, MINUTES)
    assert send(jobs, Event.END, 1, expect_result=False).state is State.DONE


def test_a_cancelled_start_says_nothing_about_the_result_of_a_later_end() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, expect_result=False)
    jobs.cancel(0.0)
    assert send(jobs, Event.END, 1).state is State.PROCESSING


def test_rotations_started_apart_can_be_ended_together() -> None:
    jobs = Recorded()
    apart = [send(jobs, Event.START, dcid, expect_result=False) for dcid in (1, 2)]
    together = send(jobs, Event.END, 1, 2)
    assert {job.state for job in (together, *apart)} == {State.DONE}
    assert jobs.running == []


def test_grids_started_apart_and_ended_together_wait_for_the_result() -> None:
    jobs = Recorded()
    apart = [send(jobs, Event.START, dcid) for dcid in (1, 2)]
    together = send(jobs, Event.END, 1, 2)
    assert {job.state for job in (together, *apart)} == {State.PROCESSING}
    assert jobs.expired(180.0, 180.0) == [*apart, together]
    assert {job.reason[:9] for job in (together, *apart)} == {"no result"}


def test_a_scan_of_which_one_grid_was_ended_with_another_waits_for_the_other_end() -> (
    None
):
    jobs = Recorded()
    scan = send(jobs, Event.START, 1, 2)
    send(jobs, Event.END, 2, 3)
    assert scan.state is State.STARTED
    assert send(jobs, Event.END, 1) is scan
    assert scan.state is State.PROCESSING


def test_the_late_confirm_of_a_cancelled_end_does_not_end_a_new_start() -> None:
    jobs = Recorded()
    cancelled = begin(jobs, Event.END, 1)
    jobs.cancel(0.0)
    job = send(jobs, Event.START, 1)
    jobs.confirmed(cancelled, Event.END, 1, 0.0)
    assert job.state is State.STARTED


def test_a_job_without_a_result_that_was_started_waits_for_the_end_only() -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1, expect_result=False)
    assert jobs.expired(180.0, 180.0) == [job]
    assert "END" in job.reason


@pytest.mark.parametrize("centres", [0, 1])
def test_a_result_that_was_not_expected_is_kept_and_changes_no_state(
    centres: int,
) -> None:
    jobs = Recorded()
    job = send(jobs, Event.START, 1, expect_result=False)
    result = result_for(1, centres=centres)
    assert jobs.waiting_for(result) == [job]
    assert job.state is State.STARTED
    send(jobs, Event.END, 1)
    assert (job.state, job.result) == (State.DONE, result)


# -- several data collections, one after the other --------------------------------


def test_a_scan_is_started_until_every_grid_has_been_ended() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, 2)
    job = send(jobs, Event.END, 2)
    assert job.state is State.STARTED
    assert job.describe() == "DCID 1, 2: waiting for END of DCID 1."
    assert send(jobs, Event.END, 1).state is State.PROCESSING


@pytest.mark.parametrize("state", [State.ENDING, State.PROCESSING])
def test_a_data_collection_whose_end_was_sent_is_being_processed(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1, 2)
    assert [jobs.processing(dcid) for dcid in (1, 2, 3)] == [job, job, None]


@pytest.mark.parametrize("state", [State.STARTING, State.STARTED, *ENDED])
def test_a_data_collection_is_not_being_processed_before_or_after(
    state: State,
) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1)
    assert jobs.processing(1) is None


def test_of_a_scan_only_the_grid_that_was_ended_is_being_processed() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, 2)
    job = send(jobs, Event.END, 1)
    assert [jobs.processing(dcid) for dcid in (1, 2)] == [job, None]


# -- numbers and ids ---------------------------------------------------------------


def test_jobs_are_counted_from_1_and_refusals_are_not() -> None:
    jobs = Recorded()
    first = begin(jobs, Event.START, 1)
    jobs.refuse([Request(dcid=3)], "START failed.")
    assert [first.number, begin(jobs, Event.END, 2).number, jobs.count] == [1, 2, 2]


def test_a_command_that_joins_a_job_does_not_change_its_number() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    assert send(jobs, Event.END, 1).number == 1


@pytest.mark.parametrize("state", RUNNING + ENDED)
@pytest.mark.parametrize(
    "result",
    [result_for(11), result_for(12), result_for(99, 12), result_for(99, dcgid=10)],
)
def test_a_result_has_the_number_of_its_job_running_or_ended(
    state: State, result: Result
) -> None:
    jobs = Recorded()
    bring_to(State.DONE, jobs, 1)
    bring_to(state, jobs, 11, 12, dcgid=10)
    send(jobs, Event.START, 2)
    assert jobs.number_of(result) == 2


def test_a_result_of_a_data_collection_of_several_jobs_has_the_number_of_the_one_that_waits() -> (  # noqa: E501
    None
):
    jobs = Recorded()
    waiting = send(jobs, Event.START, 1)
    send(jobs, Event.START, 1, 2)
    jobs.cancel(0.0)
    assert jobs.number_of(result_for(1, 2)) == waiting.number


@pytest.mark.parametrize("result", FOREIGN)
def test_a_result_of_somebody_elses_has_no_number(result: Result) -> None:
    jobs = Recorded()
    send(jobs, Event.END, 11, 12, dcgid=12345)
    assert jobs.number_of(result) == 0


@pytest.mark.parametrize(
    ("ids", "expected"),
    [(("a", ""), "a"), (("", "b"), "b"), (("a", "b"), "a")],
)
def test_a_job_has_the_id_of_the_first_request_that_names_one(
    ids: tuple[str, str], expected: str
) -> None:
    jobs = Recorded()
    jobs.begin(Event.START, [Request(dcid=1, id=ids[0])])
    assert jobs.begin(Event.END, [Request(dcid=1, id=ids[1])]).id == expected


# -- the end, once ------------------------------------------------------------


Happening = Callable[[Recorded, Job], object]


def test_nothing_has_ended_while_every_job_runs() -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1)
    assert jobs.ended() == []


@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_ends_no_longer_runs(state: State) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1)
    assert jobs.running == []


@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_has_ended_is_given_out(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    assert jobs.ended() == [job]


@pytest.mark.parametrize("event", Event)
def test_a_job_that_a_confirm_ends_is_given_out(event: Event) -> None:
    jobs = Recorded()
    job = begin(jobs, event, 1)
    jobs.result(result_for(1), 0.0)
    jobs.confirmed(job, event, 1, 0.0)
    assert jobs.ended() == [job]


HAPPENING: dict[str, Happening] = {
    "result": lambda jobs, _: jobs.result(result_for(1), 9.0),
    "expire": lambda jobs, _: jobs.expire(1e6, NO_TIME),
    "cancel": lambda jobs, _: jobs.cancel(9.0),
    "failed": lambda jobs, job: jobs.failed(job, "gone", 9.0),
    "start confirmed": lambda jobs, job: jobs.confirmed(job, Event.START, 1, 9.0),
    "end confirmed": lambda jobs, job: jobs.confirmed(job, Event.END, 1, 9.0),
}
HAPPENINGS = pytest.mark.parametrize("happening", HAPPENING.values(), ids=HAPPENING)


@HAPPENINGS
@pytest.mark.parametrize("state", ENDED)
def test_an_ended_job_is_not_given_out_twice(
    state: State, happening: Happening
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.ended()
    happening(jobs, job)
    assert jobs.ended() == []


@HAPPENINGS
@pytest.mark.parametrize("state", ENDED)
def test_nothing_that_happens_later_changes_what_a_job_came_to(
    state: State, happening: Happening
) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    before = (job.state, job.reason, job.result, job.ended_at, job.elapsed(10.0))
    happening(jobs, job)
    after = (job.state, job.reason, job.result, job.ended_at, job.elapsed(10.0))
    assert after == before


def test_a_refusal_is_not_given_out_as_an_ended_job() -> None:
    jobs = Recorded()
    jobs.refuse([Request(dcid=1)], "START failed.")
    assert jobs.ended() == []


# -- events -------------------------------------------------------------------


Changing = Callable[[Recorded, Job], object]
JOB_EVENTS: dict[str, tuple[State | None, Changing, type[JobEvent]]] = {
    "a command": (None, lambda jobs, _: begin(jobs, Event.START, 1), Began),
    "a second command": (
        State.STARTED,
        lambda jobs, _: begin(jobs, Event.END, 1),
        Began,
    ),
    "a confirm": (
        State.ENDING,
        lambda jobs, job: jobs.confirmed(job, Event.END, 1, 0.0),
        Changed,
    ),
    "a failure": (State.ENDING, lambda jobs, job: jobs.failed(job, "", 0.0), Ended),
    "an early result": (
        State.ENDING,
        lambda jobs, _: jobs.result(result_for(1), 0.0),
        Changed,
    ),
    "a result": (
        State.PROCESSING,
        lambda jobs, _: jobs.result(result_for(1), 0.0),
        Ended,
    ),
    "time": (State.STARTED, lambda jobs, _: jobs.expire(1e6, NO_TIME), Ended),
    "cancelling": (State.STARTED, lambda jobs, _: jobs.cancel(0.0), Ended),
    "a refusal": (
        State.STARTED,
        lambda jobs, _: jobs.refuse([Request(dcid=1)], ""),
        Refused,
    ),
    "a foreign result": (
        State.STARTED,
        lambda jobs, _: jobs.result(result_for(9), 0.0),
        Unclaimed,
    ),
}


@pytest.mark.parametrize(
    ("state", "change", "event"), JOB_EVENTS.values(), ids=JOB_EVENTS
)
def test_whatever_happens_emits_one_event_with_the_job_to_show(
    state: State | None, change: Changing, event: type[JobEvent]
) -> None:
    jobs = Recorded()
    job = jobs.current if state is None else bring_to(state, jobs, 1)
    jobs.events.clear()
    change(jobs, job)
    ((emitted, shown),) = jobs.events
    assert type(emitted) is event
    assert shown is jobs.current


def test_a_job_has_ended_and_runs_no_longer_when_its_event_is_handled() -> None:
    seen: list[tuple[bool, list[Job]]] = []

    def handle(event: JobEvent, current: Job) -> None:
        seen.append((current.ended, list(jobs.running)))

    jobs = Jobs(handle)
    begin(jobs, Event.START, 1)
    jobs.cancel(0.0)
    assert seen[-1] == (True, [])


@pytest.mark.parametrize(
    ("sent", "number", "latency"),
    [((), 0, None), ((1,), 1, 30.0)],
    ids=["other", "late"],
)
def test_a_result_that_nobody_waits_for_comes_with_its_job_and_latency(
    sent: tuple[int, ...], number: int, latency: float | None
) -> None:
    jobs = Recorded()
    for dcid in sent:
        send(jobs, Event.START, dcid, now=10.0)
    jobs.cancel(20.0)
    result = result_for(1)
    jobs.result(result, 40.0)
    assert jobs.events[-1][0] == Unclaimed(result, number, latency)


def test_a_job_knows_the_guid_of_its_latest_message() -> None:
    jobs = Recorded()
    jobs.begin(Event.START, [Request(dcid=1)], "first")
    job = jobs.begin(Event.END, [Request(dcid=1)], "second")
    assert job.guid == "second"


# -- times and memory ---------------------------------------------------------


def test_a_job_has_taken_no_time_before_its_first_message_is_confirmed() -> None:
    assert begin(Recorded(), Event.START, 1).elapsed(100.0) == 0.0


@pytest.mark.parametrize("event", Event)
def test_a_job_takes_time_from_its_first_confirmed_message(event: Event) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, now=10.0)
    assert send(jobs, event, 1, now=20.0).elapsed(35.0) == 25.0


AT_30_S: dict[str, Happening] = {
    "result": lambda jobs, _: jobs.result(result_for(1), 30.0),
    "expire": lambda jobs, _: jobs.expire(30.0, Timeouts(15.0, 15.0)),
    "cancel": lambda jobs, _: jobs.cancel(30.0),
    "failed": lambda jobs, job: jobs.failed(job, "gone", 30.0),
}


@pytest.mark.parametrize("end", AT_30_S.values(), ids=AT_30_S)
def test_a_job_takes_no_more_time_once_it_has_ended(end: Happening) -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 1, now=10.0)
    end(jobs, job)
    assert job.elapsed(99.0) == 20.0


def test_a_job_that_ended_before_its_first_confirm_has_taken_no_time() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    jobs.failed(job, "DCID 1: no broker", 10.0)
    jobs.confirmed(job, Event.START, 2, 11.0)
    assert job.elapsed(12.0) == 0.0


@pytest.mark.parametrize("event", Event)
def test_the_last_message_of_a_data_collection_is_remembered(event: Event) -> None:
    jobs = Recorded()
    send(jobs, Event.START, 1, now=10.0)
    send(jobs, event, 1, now=20.0)
    assert jobs.last_sent(1) == 20.0


def test_the_last_message_is_remembered_for_each_grid() -> None:
    jobs = Recorded()
    job = begin(jobs, Event.START, 1, 2)
    jobs.confirmed(job, Event.START, 2, 10.0)
    jobs.confirmed(job, Event.START, 1, 20.0)
    assert (jobs.last_sent(1), jobs.last_sent(2)) == (20.0, 10.0)


@pytest.mark.parametrize("state", ENDED)
def test_the_last_message_is_remembered_after_the_job_has_ended(state: State) -> None:
    jobs = Recorded()
    bring_to(state, jobs, 1)
    assert jobs.last_sent(1) == 0.0


@pytest.mark.parametrize("dcid", [1, 2])
def test_nothing_was_sent_for_what_was_not_confirmed(dcid: int) -> None:
    jobs = Recorded()
    begin(jobs, Event.START, 1)
    assert jobs.last_sent(dcid) is None


@pytest.mark.parametrize(("dcid", "expected"), [(1, None), (2, 0.0), (KEPT + 1, 0.0)])
def test_the_latest_data_collections_are_remembered(
    dcid: int, expected: float | None
) -> None:
    jobs = Recorded()
    for number in range(1, KEPT + 2):
        bring_to(State.DONE, jobs, number)
    assert jobs.last_sent(dcid) == expected


def test_a_data_collection_in_use_is_not_the_one_to_be_forgotten() -> None:
    jobs = Recorded()
    for number in [*range(1, KEPT + 1), 1, KEPT + 1]:
        bring_to(State.DONE, jobs, number)
    assert jobs.last_sent(1) == 0.0


@pytest.mark.parametrize(
    ("dcid", "state"), [(1, State.PROCESSING), (2, State.DONE), (KEPT + 1, State.DONE)]
)
def test_the_latest_early_results_are_remembered(dcid: int, state: State) -> None:
    jobs = Recorded()
    for number in range(1, KEPT + 2):
        started_and_done(jobs, number)
    assert send(jobs, Event.END, dcid).state is state


@pytest.mark.parametrize(
    "scan",
    [
        pytest.param(started_and_done, id="early results"),
        *(pytest.param(partial(bring_to, state), id=state.label) for state in ENDED),
    ],
)
def test_memory_does_not_grow_with_the_number_of_scans(
    scan: Callable[[Jobs, int], Job],
) -> None:
    jobs = Recorded()
    jobs.count = 100_000  # numbers of one length from here
    sizes: list[int] = []
    for first in (100_000, 200_000):
        for dcid in range(first, first + KEPT):
            scan(jobs, dcid)
            jobs.ended()
        sizes.append(len(pickle.dumps(jobs)))
    assert sizes[0] == sizes[1]


# -- what people read ---------------------------------------------------------


def test_an_idle_ioc_says_what_to_do() -> None:
    assert "PROCESS" in Recorded().current.describe()


@pytest.mark.parametrize("state", [state for state in State if state.value > 0])
def test_the_description_names_the_data_collection(state: State) -> None:
    assert (
        bring_to(state, Recorded(), 16085800).describe().startswith("DCID 16085800: ")
    )


@pytest.mark.parametrize(
    "state", [state for state in RUNNING + ENDED if state is not State.FAILED]
)
def test_the_description_names_every_grid(state: State) -> None:
    assert bring_to(state, Recorded(), 11, 12).describe().startswith("DCID 11, 12: ")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.STARTING, "sending the start message"),
        (State.STARTED, "Put 1 to END"),
        (State.ENDING, "sending the end message"),
        (State.PROCESSING, "waiting for the result"),
        (State.DONE, "1 centre found by the CPU pipeline."),
        (State.NO_CENTRES, "no centre"),
        (State.TIMED_OUT, "TIMEOUT"),
        (State.FAILED, "no broker"),
        (State.CANCELLED, "cancelled"),
    ],
)
def test_the_description_says_where_the_job_is(state: State, says: str) -> None:
    assert says in bring_to(state, Recorded(), 1).describe()


def test_the_description_counts_the_centres() -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 1)
    jobs.result(result_for(1, centres=3), 0.0)
    assert "3 centres" in job.describe()


def test_the_description_of_a_time_out_says_what_to_do_for_a_rotation() -> None:
    jobs = Recorded()
    job = bring_to(State.PROCESSING, jobs, 1)
    jobs.expire(180.0, MINUTES)
    assert "as for a rotation, set EXPECT_RESULT to No." in job.describe()


def test_the_description_of_a_time_out_says_how_long_the_job_waited() -> None:
    jobs = Recorded()
    job = send(jobs, Event.END, 1)
    jobs.expire(180.0, MINUTES)
    assert "within 180 s" in job.describe()


@pytest.mark.parametrize("state", WAITING)
def test_a_result_that_source_excludes_is_told_to_those_who_wait(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    jobs.exclude(result_for(1))
    assert job.state is state
    assert "SOURCE excluded the result of the CPU pipeline." in job.describe()


def test_the_time_out_of_a_job_whose_result_was_excluded_says_so() -> None:
    jobs = Recorded()
    job = bring_to(State.PROCESSING, jobs, 1)
    jobs.exclude(result_for(1))
    jobs.expire(180.0, MINUTES)
    assert job.describe() == (
        "DCID 1: no result within 180 s. "
        "SOURCE excluded the result of the CPU pipeline."
    )


def test_a_result_that_source_excludes_changes_no_other_job() -> None:
    jobs = Recorded()
    job = bring_to(State.PROCESSING, jobs, 1)
    jobs.exclude(result_for(2))
    assert "SOURCE" not in job.describe()


@pytest.mark.parametrize("state", ENDED)
def test_a_result_that_comes_later_is_said_to_have_come(state: State) -> None:
    jobs = Recorded()
    job = bring_to(state, jobs, 1)
    before = job.describe()
    jobs.result(result_for(1, centres=2), 0.0)
    assert (
        job.describe()
        == f"{before} A result came later: 2 centres found by the CPU pipeline."
    )


def test_a_result_that_comes_once_more_is_not_said_to_have_come_later() -> None:
    jobs = Recorded()
    job = bring_to(State.DONE, jobs, 1)
    jobs.result(result_for(1), 0.0)
    assert "later" not in job.describe()
