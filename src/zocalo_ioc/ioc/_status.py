"""Shows where the jobs and the connection are, and tells who waits for a job."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from ..broker import Connection
from ..centres import MISSING
from ..errors import Problem, one_line
from ..errors.broker import Connecting
from ..jobs import Job, Jobs
from ..records import DECLARATIONS, MAX_HISTORY, Group
from ..records.database import Records
from ..wire import Result

logger = logging.getLogger(__name__)

LOGGED_VALUE = 200
"""Characters of a value that go to the log when a client writes it."""

_HISTORY = [r for r in DECLARATIONS if r.group is Group.HISTORY and r.column]


class Status:
    """The records that say how things are: Status and History of the interface."""

    def __init__(self, records: Records, jobs: Jobs) -> None:
        self._records = records
        self._jobs = jobs
        self._endings: dict[Job, asyncio.Event] = {}
        self._connection = Connection(up=False, problem=Connecting())
        # by node: two that are down are tried in turn, for days
        self._logged: dict[str, Problem] = {}
        # arrays, for to make them of 100 rows takes longer than all else of a result
        self._history = {r.name: np.array([], r.kind.dtype) for r in _HISTORY}
        self._entries = 0
        self.on_entry: Callable[[Mapping[str, Any]], None] = lambda _: None
        """Told each new row of the history."""

    def show_jobs(self) -> None:
        """Show the current job, note the jobs that have ended, and tell who waits."""
        current = self._jobs.current
        self._records.set("JOB:DCID", current.dcid)
        self.show_elapsed(time.monotonic())
        self._say(self._message())
        self._records.set("STATE", current.state)
        for job in self._jobs.take_ended():
            logger.info("%s", job.describe(), extra=job.fields)
            self._note_job(job)
            if job in self._endings:
                self._endings.pop(job).set()

    def show_elapsed(self, now: float) -> None:
        """Show for how long the current job has run."""
        self._records.set("JOB:ELAPSED", self._jobs.current.elapsed(now))

    async def until_ended(self, job: Job) -> None:
        """Wait until a job has ended, and STATE and MESSAGE say so."""
        if job in self._jobs.running:
            await self._endings.setdefault(job, asyncio.Event()).wait()

    def connection_changed(self, connection: Connection) -> None:
        """Show the state of the connection."""
        if not connection.problem:
            logger.info("Connected to %s", connection.address)
            self._logged.clear()
        elif self._logged.get(connection.address) != connection.problem:
            logger.error("%s", connection.problem)
            self._logged[connection.address] = connection.problem
        self._connection = connection
        self.show_connection()
        self._say(self._message())

    def show_connection(self) -> None:
        """Show the state of the connection in its records."""
        self._records.set("BROKER:CONNECTED", self._connection.up)
        self._records.set("BROKER:HOST", self._connection.address)
        self._records.set("BROKER:RECONNECTS", self._connection.reconnects)

    def written(self, who: str, pv: str, value: str) -> None:
        """Log who writes what; called in a thread of EPICS."""
        what = f"{value[:LOGGED_VALUE]} to {pv}" if value else pv
        logger.info("%s writes %s", who, what)

    def report(self, *problems: Problem) -> None:
        """Say what is wrong, until there is something newer to say.

        This may be called in a thread of EPICS.
        """
        text = " ".join(map(str, problems))
        logger.warning("%s", text)
        self._say(text)

    def _say(self, text: str) -> None:
        self._records.set("MESSAGE", one_line(text))

    def note_result(
        self, known: bool, result: Result, arrived: float, latency: float
    ) -> None:
        """Note a result that ended no job: late, or somebody else's."""
        state = "Late" if known else "Other"
        self._note(_entry(result.dcid, state, arrived, result, latency))

    def _note_job(self, job: Job) -> None:
        latency = math.nan
        if job.result and job.last_sent is not None and job.ended_at is not None:
            latency = job.ended_at - job.last_sent
        entry = _entry(job.dcid, job.state.label, time.time(), job.result, latency)
        self._note(entry | {"dcgid": job.dcgid or entry["dcgid"]})

    def _note(self, entry: dict[str, Any]) -> None:
        """Put an entry on top of the history."""
        self.on_entry(entry)
        self._entries += 1
        for r in _HISTORY:
            newest = np.array([entry[r.column]], r.kind.dtype)
            column = np.concatenate((newest, self._history[r.name]))
            self._history[r.name] = column[:MAX_HISTORY]
        values = {**self._history, "HISTORY:SEQ": self._entries}
        self._records.update(Group.HISTORY, values, time.time())

    def _message(self) -> str:
        """Say where the job is and, when there is no connection, that as well."""
        problem = self._connection.problem
        job = self._jobs.current.describe()
        if not problem or str(problem) in job:
            return job
        what = "no messages can go" if self._connection.up else "no results can come"
        return f"{job} But {what}: {problem}"


def iso(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as ISO 8601 with the local zone."""
    local = datetime.fromtimestamp(seconds).astimezone()
    return local.isoformat(timespec="milliseconds")


def _entry(
    dcid: int, state: str, seconds: float, result: Result | None, latency: float
) -> dict[str, Any]:
    """Return a row of the history."""
    return {
        "dcid": dcid,
        "dcgid": MISSING if result is None or result.dcgid is None else result.dcgid,
        "state": state,
        "source": result.source if result else "",
        "centres": len(result.centres) if result else MISSING,
        "latency": round(latency, 3),  # tables show every digit there is
        "time": iso(seconds),
    }
