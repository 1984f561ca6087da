"""What is saved of jobs, for them to outlive the program."""

from dataclasses import replace
from math import inf
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from ..wire import Result
from ._job import Job


class SavedJobs(BaseModel):
    """What `Jobs` know, with times of a clock that runs on between programs.

    Attributes:
        count: the number of the latest job.
        latest: the latest job begun, if there was one.
        running: the jobs that have not ended, oldest first.
        last_sent: when the latest message for a data collection was confirmed.
        numbers: of the latest jobs, by data collection.
        group_numbers: and by group.
        early: results that came before END was commanded, by data collection.
        expects: whether START said that a result will come, by data collection, until
            END is confirmed.
        scans: those that one END is still to end, by data collection.
    """

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0, lt=2**31)] = 0
    latest: Job | None = None
    running: list[Job] = []
    last_sent: dict[int, float] = {}
    numbers: dict[int, int] = {}
    group_numbers: dict[int, int] = {}
    early: dict[int, Result] = {}
    expects: dict[int, bool] = {}
    scans: dict[int, tuple[int, ...]] = {}

    def shifted(self, by: float, latest: float = inf) -> Self:
        """Return a copy with times of another clock, and without payloads.

        Args:
            by: how far that clock is ahead, in seconds.
            latest: no time is after this one, even if a clock was set back.
        """

        def shift(time: float | None) -> float | None:
            return None if time is None else min(time + by, latest)

        def copy(job: Job) -> Job:
            return replace(
                job,
                first_sent=shift(job.first_sent),
                last_sent=shift(job.last_sent),
                last_ended=shift(job.last_ended),
                ended_at=shift(job.ended_at),
                result=job.result and replace(job.result, payload=""),
                later=job.later and replace(job.later, payload=""),
                to_end=set(job.to_end),
                unconfirmed=set(job.unconfirmed),
            )

        return self.model_copy(
            update={
                "latest": self.latest and copy(self.latest),
                "running": [copy(job) for job in self.running],
                "last_sent": {
                    d: min(t + by, latest) for d, t in self.last_sent.items()
                },
                "numbers": dict(self.numbers),
                "group_numbers": dict(self.group_numbers),
                "early": {d: replace(r, payload="") for d, r in self.early.items()},
                "expects": dict(self.expects),
                "scans": dict(self.scans),
            }
        )
