"""The results of an IOC, put together of its records as they come."""

from collections import deque
from collections.abc import Callable
from typing import Any

import aioca
import numpy as np

from ..records import DECLARATIONS, Group
from ..wire import Source
from ._link import Link
from ._matching import Newness, Stamp
from ._result import Result

_KEPT = 100
_COLUMNS = {r.name: r.column for r in DECLARATIONS if r.group is Group.CENTRES}
# EPICS sends each update of these, changed or not; they have one time stamp, but come
# one by one
_PARTS = ("RESULT:SEQ", "RESULT:DCIDS", "RESULT:DCGID", *_COLUMNS)
# this one it sends when it changes
_SOURCE = "RESULT:SOURCE"


class Results:
    """The latest results of an IOC that came since it was listened to.

    Args:
        link: a connection to the IOC.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._newness = Newness()
        self._arriving: dict[Stamp, dict[str, Any]] = {}
        self._sources: deque[tuple[Stamp, Source]] = deque(maxlen=_KEPT)
        self._results: deque[tuple[int, Result]] = deque(maxlen=_KEPT)
        self.count = 0
        """How many new results there have been."""
        self.last: Result | None = None
        """The latest, also if it is not new."""

    async def open(self) -> None:
        """Begin to listen. The result that is there by now is not new.

        Raises:
            IocGone: the IOC goes away meanwhile.
        """
        breaks = self._link.breaks
        options = {"format": aioca.FORMAT_TIME}
        self._link.monitor(_SOURCE, self._note_source, **options)
        for name in _PARTS:
            self._link.monitor(name, self._part(name), **options)

        async def begun() -> bool | None:
            return self._newness.begun or None

        await self._link.until(begun, breaks)

    def after(self, number: int) -> list[tuple[int, Result]]:
        """Return the results after one of a number, each with its own number."""
        return [(n, result) for n, result in self._results if n > number]

    def _note_source(self, value: Any) -> None:
        source = tuple(Source)[int(value)]
        self._sources.append((tuple(value.raw_stamp), source))

    def _part(self, name: str) -> Callable[[Any], None]:
        def note(value: Any) -> None:
            stamp: Stamp = tuple(value.raw_stamp)
            parts = self._arriving.setdefault(stamp, {})
            parts[name] = value
            if len(parts) == len(_PARTS):
                self._take(stamp, parts)

        return note

    def _take(self, stamp: Stamp, parts: dict[str, Any]) -> None:
        """Take a whole result, and drop older ones of which a part was lost."""
        self._arriving = {s: p for s, p in self._arriving.items() if s > stamp}
        seq = int(parts["RESULT:SEQ"])
        sources = [source for at, source in self._sources if at <= stamp]
        is_new = self._newness.is_new(seq, stamp)
        if seq and sources:
            columns = {c: np.array(parts[name]) for name, c in _COLUMNS.items()}
            self.last = result = Result(
                seq=seq,
                dcids=tuple(int(dcid) for dcid in parts["RESULT:DCIDS"]),
                dcgid=int(parts["RESULT:DCGID"]),
                source=sources[-1],
                columns=columns,
            )
            if is_new:
                self.count += 1
                self._results.append((self.count, result))
        self._link.changed()
