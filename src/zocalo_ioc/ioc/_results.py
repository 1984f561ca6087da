"""Results: a message becomes PVs, and is then acknowledged."""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from ..autosave import SavedResult
from ..broker import Delivery
from ..centres import MISSING, SortKey, best, extent, outlines, rank
from ..errors import NotUnderstood
from ..errors.files import RejectedNotWritten
from ..jobs import Jobs, count_of_centres
from ..records import DECLARATIONS, Group
from ..records.database import Records
from ..rejected import Rejected
from ..wire import RECIPE_HEADERS, Result, Source, read_result
from ._display import Display
from ._history import iso

logger = logging.getLogger(__name__)

LOGGED_BEGINNING = 500
"""How much of a rejected message goes to the log, in bytes."""

_COLUMNS = {r.name: r.column for r in DECLARATIONS if r.group is Group.CENTRES}
_BEST = {r.name: r.column for r in DECLARATIONS if r.group is Group.BEST}
_SORT_KEYS = tuple(SortKey)
_SOURCES = (None, *Source)


class Results:
    """Publishes results.

    Args:
        records: show them, and hold the options.
        jobs: told of each result.
        display: says when a rejected message can't be kept.
        on_publish: told that there is a newer `last`.
        rejected: keeps messages that are no results.
    """

    def __init__(
        self,
        records: Records,
        jobs: Jobs,
        display: Display,
        on_publish: Callable[[], None],
        rejected: Rejected | None,
    ) -> None:
        self._records = records
        self._jobs = jobs
        self._display = display
        self._on_publish = on_publish
        self._rejected = rejected
        self._counts = {"RECEIVED": 0, "IGNORED": 0, "REJECTED": 0}
        self._published = 0
        self.last: SavedResult | None = None
        """The latest result published."""

    def on_message(self, delivery: Delivery) -> bool:
        """Publish a result, and say whether it was understood."""
        arrived, now = time.time(), time.monotonic()
        self._count("RECEIVED")
        try:
            result = read_result(delivery.headers, delivery.body)
        except NotUnderstood as problem:
            self._reject(delivery, str(problem), iso(arrived))
            return False
        if _SOURCES[self._records.get("SOURCE")] not in (None, result.source):
            self._count("IGNORED")
            logger.info(
                "DCID %d: ignored a result of %s",
                result.dcid,
                result.source,
                extra=_fields(result),
            )
            return True
        sent = self._jobs.last_sent(result.dcid)
        latency = math.nan if sent is None else now - sent
        self._publish(result, arrived, latency)
        logger.info(
            "DCID %d: a result of %s with %s, guid %s",
            result.dcid,
            result.source,
            count_of_centres(result),
            result.guid,
            extra=_fields(result),
        )
        self.last = SavedResult(
            number=self._published,
            arrived=arrived,
            latency=None if sent is None else latency,
            body=delivery.body,
        )
        self._on_publish()
        self._jobs.result(result, now)
        return True

    def _reject(self, delivery: Delivery, why: str, arrived: str) -> None:
        self._count("REJECTED")
        logger.warning(
            "A message was no result and is rejected: %s It begins with %r",
            why,
            delivery.body[:LOGGED_BEGINNING],
        )
        if self._rejected is None:
            return
        try:
            self._rejected.keep(arrived, why, delivery.headers, delivery.body)
        except OSError as error:
            file = str(self._rejected.file)
            self._display.report(RejectedNotWritten(file, error.strerror or ""))

    def restore(self, saved: SavedResult) -> None:
        """Publish a saved result as it was.

        Raises:
            NotUnderstood: it is damaged.
        """
        result = read_result(RECIPE_HEADERS, saved.body)
        self._published = saved.number - 1
        latency = math.nan if saved.latency is None else saved.latency
        self._publish(result, saved.arrived, latency)
        logger.info(
            "DCID %d: its result was saved, and is back",
            result.dcid,
            extra=_fields(result),
        )
        self.last = saved

    def _publish(self, result: Result, arrived: float, latency: float) -> None:
        columns = rank(result.centres, _SORT_KEYS[self._records.get("SORT_KEY")])
        top = best(columns)
        self._published += 1
        values: dict[str, Any] = {
            "RESULT:DCID": result.dcid,
            "RESULT:DCIDS": list(dict.fromkeys((result.dcid, *result.dcg_dcids))),
            "RESULT:DCGID": MISSING if result.dcgid is None else result.dcgid,
            "RESULT:SOURCE": tuple(Source).index(result.source),
            "RESULT:DIMENSIONS": result.dimensions,
            "RESULT:COUNT": len(result.centres),
            "RESULT:TIME": iso(arrived),
            "RESULT:LATENCY": latency,
            "RESULT:JSON": result.payload,
            "RESULT:OUTLINE:EXTENT": extent(columns),
            "RESULT:SEQ": self._published,
        }
        values |= {
            f"RESULT:OUTLINE:{axis.upper()}": line
            for axis, line in outlines(columns).items()
        }
        values |= {name: columns[column] for name, column in _COLUMNS.items()}
        values |= {name: top[column] for name, column in _BEST.items()}
        self._records.update(Group.RESULT, values, arrived)

    def _count(self, name: str) -> None:
        self._counts[name] += 1
        self._records.set(f"BROKER:{name}", self._counts[name])


def _fields(result: Result) -> dict[str, object]:
    """Return what a log line about a result carries."""
    return {"dcid": result.dcid, "guid": result.guid}
