"""Results: a message becomes PVs, and is then acknowledged."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..autosave import SavedResult
from ..broker import Delivery
from ..centres import MISSING, best, extent, outlines, rank
from ..errors import NotUnderstood
from ..jobs import Jobs, count_of_centres
from ..recent import RECENT_LENGTH, RECENT_RESULTS, RecentResult, pack
from ..records import Pvs, after, count
from ..rejected import Rejected
from ..wire import RECIPE_HEADERS, Result, read_result
from ._display import Display
from ._history import iso

logger = logging.getLogger(__name__)

LOGGED_BEGINNING = 500
"""How much of a rejected message goes to the log, in bytes."""


class Results:
    """Publishes results.

    Args:
        pvs: show them, and hold the options.
        jobs: told of each result.
        display: says when a rejected message can't be kept.
        rejected: keeps messages that are no results.
    """

    def __init__(
        self,
        pvs: Pvs,
        jobs: Jobs,
        display: Display,
        rejected: Rejected | None,
    ) -> None:
        self._pvs = pvs
        self._jobs = jobs
        self._display = display
        self._rejected = rejected
        self._published = 0
        self._recent: deque[NDArray[np.float64]] = deque(maxlen=RECENT_RESULTS)
        self.last: SavedResult | None = None
        """The latest result published."""

    def on_message(self, delivery: Delivery) -> bool | asyncio.Future[bool]:
        """Publish a result, and say whether it was understood."""
        arrived, now = time.time(), time.monotonic()
        count(self._pvs.broker.received)
        try:
            result = self._read(delivery.headers, delivery.body)
        except NotUnderstood as problem:
            return self._reject(delivery, str(problem), iso(arrived))
        if self._pvs.options.source.get() not in (None, result.source):
            count(self._pvs.broker.ignored)
            self._jobs.exclude(result)
            logger.info(
                "DCID %d: ignored a result from %s",
                result.dcid,
                result.source,
                extra=_fields(result, self._jobs.number_of(result)),
            )
            return True
        sent = self._jobs.last_sent(result.dcid)
        latency = math.nan if sent is None else now - sent
        number = self._jobs.number_of(result)
        self._published = after(self._published)
        self._publish(result, arrived, latency, number)
        logger.info(
            "DCID %d: result from %s with %s, guid %s, job %d",
            result.dcid,
            result.source,
            count_of_centres(len(result.centres)),
            result.guid,
            number,
            extra=_fields(result, number),
        )
        self.last = SavedResult(
            number=self._published,
            arrived=arrived,
            latency=None if sent is None else latency,
            job=number,
            body=delivery.body,
        )
        self._jobs.result(result, now)
        return True

    def _read(self, headers: Mapping[str, object], body: bytes) -> Result:
        least = self._pvs.options.min_total_count.get()
        return read_result(headers, body).at_least(least)

    def _reject(
        self, delivery: Delivery, why: str, arrived: str
    ) -> bool | asyncio.Future[bool]:
        logger.warning(
            "Message rejected, not a Zocalo result: %s The message begins with %r",
            why,
            delivery.body[:LOGGED_BEGINNING],
        )
        if self._rejected:
            return asyncio.create_task(
                self._keep(self._rejected, arrived, why, delivery)
            )
        count(self._pvs.broker.rejected)
        return False

    async def _keep(
        self, rejected: Rejected, arrived: str, why: str, delivery: Delivery
    ) -> bool:
        """Reject a message once it is kept. If the IOC ends before, it comes again."""
        headers, body = delivery.headers, delivery.body
        if problem := await rejected.keep(arrived, why, headers, body):
            self._display.report(problem)
        count(self._pvs.broker.rejected)
        return False

    def restore(self, saved: SavedResult) -> None:
        """Publish a saved result as it was.

        Raises:
            NotUnderstood: it is damaged.
        """
        result = self._read(RECIPE_HEADERS, saved.body)
        self._published = saved.number
        latency = math.nan if saved.latency is None else saved.latency
        self._publish(result, saved.arrived, latency, saved.job)
        logger.info(
            "DCID %d: restored the saved result",
            result.dcid,
            extra=_fields(result, saved.job),
        )
        self.last = saved

    def _publish(
        self, result: Result, arrived: float, latency: float, job: int
    ) -> None:
        columns = rank(result.centres, self._pvs.options.sort_key.get())
        lines, top = outlines(columns), best(columns)
        dcids = tuple(dict.fromkeys((result.dcid, *result.dcg_dcids)))
        dcgid = MISSING if result.dcgid is None else result.dcgid
        recent = RecentResult(
            self._published, arrived, job, dcids, dcgid, result.source, columns
        )
        self._recent.appendleft(pack(recent))
        while sum(map(len, self._recent)) > RECENT_LENGTH:
            self._recent.pop()
        pvs = self._pvs.result
        changes = [
            pvs.job.to(job),
            pvs.dcid.to(result.dcid),
            pvs.dcids.to(dcids),
            pvs.dcgid.to(dcgid),
            pvs.source.to(result.source),
            pvs.dimensions.to(result.dimensions),
            pvs.count.to(len(result.centres)),
            pvs.time.to(iso(arrived)),
            pvs.latency.to(latency),
            pvs.json.to(result.payload),
            *(pv.to(lines[axis]) for axis, pv in pvs.outline.items()),
            pvs.extent.to(extent(columns)),
            *(pv.to(columns[name]) for name, pv in self._pvs.centres.columns.items()),
            *(pv.to(top[name]) for name, pv in self._pvs.best.columns.items()),
            pvs.recent.to(np.concatenate(self._recent)),
            pvs.seq.to(self._published),
        ]
        self._pvs.update(changes, arrived)


def _fields(result: Result, job: int) -> dict[str, object]:
    """Return what a log line about a result carries."""
    return {"dcid": result.dcid, "guid": result.guid, "job": job}
