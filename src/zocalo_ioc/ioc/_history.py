"""The rows of HISTORY: jobs that have ended, and results that ended none."""

import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from ..centres import MISSING
from ..jobs import REFUSED, Job, Unclaimed
from ..records import MAX_HISTORY, Pvs, after
from ..wire import Result

Row = Mapping[str, Any]
"""The value in each column."""


class History:
    """The latest rows, newest first."""

    def __init__(self, pvs: Pvs) -> None:
        self._pvs = pvs.history
        self._update = pvs.update
        # arrays, for to make them of 100 rows takes longer than all else of a result
        self._columns = {
            name: np.array([], record.datatype.dtype)
            for name, record in self._pvs.columns.items()
        }
        self._rows = 0

    def save(self) -> dict[str, list[Any]]:
        """Return the values of each column."""
        return {
            name: (it.astype(str) if it.dtype.kind == "S" else it).tolist()
            for name, it in self._columns.items()
        }

    def restore(self, saved: Mapping[str, Sequence[Any]]) -> None:
        """Show saved rows.

        Raises:
            ValueError: they are not the rows of a history.
        """
        columns = {
            name: np.array(saved.get(name, ()), record.datatype.dtype)
            for name, record in self._pvs.columns.items()
        }
        lengths = {len(column) for column in columns.values()}
        if lengths != {len(next(iter(saved.values()), ()))}:
            raise ValueError("columns differ in length")
        self._columns, (self._rows,) = columns, lengths
        self._show()

    def add(self, row: Row) -> None:
        """Put a row on top."""
        self._rows = after(self._rows)
        for name, record in self._pvs.columns.items():
            newest = np.array([row[name]], record.datatype.dtype)
            column = np.concatenate((newest, self._columns[name]))[:MAX_HISTORY]
            self._columns[name] = column
        self._show()

    def _show(self) -> None:
        changes = [self._pvs.seq.to(self._rows)]
        for name, record in self._pvs.columns.items():
            changes.append(record.to(self._columns[name]))
        self._update(changes, time.time())


def iso(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as ISO 8601 with the local zone."""
    local = datetime.fromtimestamp(seconds).astimezone()
    return local.isoformat(timespec="milliseconds")


def job_row(job: Job) -> Row:
    """Return the row of a job that has ended."""
    latency = math.nan
    sent, ended = job.last_sent, job.ended_at
    if job.expects_result and job.result and sent is not None and ended is not None:
        latency = ended - sent
    row = _row(job.dcid, job.state.label, job.number, job.result, latency)
    return row | {"dcgid": job.dcgid or row["dcgid"], "id": job.id}


def refused_row(job: Job) -> Row:
    """Return the row of a request that was refused."""
    return _row(job.dcid, REFUSED, 0, None, math.nan) | {"id": job.id}


def result_row(unclaimed: Unclaimed) -> Row:
    """Return the row of a result that came late, or is somebody else's."""
    result, number, latency = unclaimed.result, unclaimed.number, unclaimed.latency
    state = "Late" if number else "Other"
    return _row(
        result.dcid, state, number, result, math.nan if latency is None else latency
    )


def _row(
    dcid: int, state: str, number: int, result: Result | None, latency: float
) -> dict[str, Any]:
    return {
        "dcid": dcid,
        "dcgid": MISSING if result is None or result.dcgid is None else result.dcgid,
        "state": state,
        "source": result.source if result else "",
        "centres": len(result.centres) if result else MISSING,
        "latency": round(latency, 3),  # tables show every digit there is
        "time": iso(time.time()),
        "job": number,
        "id": "",
    }
