"""The life of jobs: their states, which result belongs to which, and time-outs.

Pure: no EPICS, no broker and no clock. Times are arguments, in seconds of any one
clock. A job ends once; a command for a data collection whose job has ended makes a new
one. Nothing happens to a job without an event: `Jobs` gives each to its handler.
"""

from ._events import Began, Changed, Ended, JobEvent, Refused, Unclaimed
from ._job import (
    ENDED,
    ENDED_BY_RESULT,
    REFUSED,
    SENDING,
    Job,
    State,
    Timeouts,
    count_of_centres,
    named,
    outcome,
)
from ._jobs import KEPT, Jobs
from ._saved import SavedJobs

__all__ = [
    "ENDED",
    "ENDED_BY_RESULT",
    "KEPT",
    "REFUSED",
    "SENDING",
    "Began",
    "Changed",
    "Ended",
    "Job",
    "JobEvent",
    "Jobs",
    "Refused",
    "SavedJobs",
    "State",
    "Timeouts",
    "Unclaimed",
    "count_of_centres",
    "named",
    "outcome",
]
