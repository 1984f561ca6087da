"""Jobs that outlive the program, whose clock begins anew."""

import pytest

from zocalo_ioc.jobs import Job, JobEvent, Jobs, SavedJobs
from zocalo_ioc.wire import Event, Request, Result, Source

DCID = 7
RESULT = Result(
    dcid=DCID,
    dcgid=None,
    dcg_dcids=(),
    source=Source.CPU,
    centres=(),
    payload="long",
    guid="",
)


def ignore(event: JobEvent, current: Job) -> None:
    pass


def restored(jobs: Jobs, *, saved_ahead: float, ahead: float, now: float) -> Jobs:
    text = jobs.save(saved_ahead).model_dump_json()
    again = Jobs(ignore)
    again.restore(SavedJobs.model_validate_json(text), ahead, now)
    return again


@pytest.fixture
def jobs() -> Jobs:
    """Jobs of which one waits for its result since 100, by the clock of the program."""
    jobs = Jobs(ignore)
    job = jobs.begin(Event.END, [Request(dcid=DCID)])
    jobs.confirmed(job, Event.END, DCID, 100)
    return jobs


def test_the_time_away_counts_by_the_clock_that_has_gone_on(jobs: Jobs) -> None:
    # 100 was 1100 there; now it is 1160, of which this program's clock shows 10
    again = restored(jobs, saved_ahead=1000, ahead=1150, now=10)
    [job] = again.running
    assert job.elapsed(10) == 60
    assert (job.first_sent, job.last_sent, job.last_ended) == (-50, -50, -50)
    assert again.last_sent(DCID) == -50


def test_a_clock_that_was_set_back_puts_nothing_into_the_future(jobs: Jobs) -> None:
    again = restored(jobs, saved_ahead=1000, ahead=500, now=10)
    [job] = again.running
    assert (job.first_sent, job.last_sent, job.last_ended) == (10, 10, 10)
    assert again.last_sent(DCID) == 10


def test_a_scan_is_still_ended_whole() -> None:
    jobs = Jobs(ignore)
    job = jobs.begin(Event.START, [Request(dcid=DCID), Request(dcid=DCID + 1)])
    job.whole = True
    jobs.cancel(130)
    again = restored(jobs, saved_ahead=1000, ahead=1150, now=10)
    assert again.whole_scan([DCID]) == (DCID, DCID + 1)


def test_the_end_of_the_latest_job_comes_back_without_the_payload(jobs: Jobs) -> None:
    jobs.result(RESULT, 130)
    again = restored(jobs, saved_ahead=1000, ahead=1150, now=10)
    assert again.running == []
    assert again.latest.ended_at == -20
    assert again.latest.result is not None
    assert again.latest.result.payload == ""
