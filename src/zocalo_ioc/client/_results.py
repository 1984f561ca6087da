"""The results of an IOC as they come."""

from collections import deque
from typing import Any

import aioca

from ..recent import RECENT_RESULTS, unpack
from ._link import Link
from ._matching import Newness
from ._result import Result


class Results:
    """The latest results of an IOC that came since it was listened to.

    Args:
        link: a connection to the IOC.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._newness = Newness()
        self._results: deque[tuple[int, Result]] = deque(maxlen=RECENT_RESULTS)
        self.count = 0
        """How many new results there have been."""

    @property
    def last(self) -> Result | None:
        """The latest, also if it is not new."""
        return self._newness.latest

    async def open(self) -> None:
        """Begin to listen. The result that is there by now is not new.

        Raises:
            IocGone: the IOC goes away meanwhile.
        """
        breaks = self._link.breaks
        # an empty array without a time stamp is nothing at all to Channel Access
        options = {"format": aioca.FORMAT_TIME}
        self._link.monitor("RESULT:RECENT", self._note, **options)

        async def begun() -> bool | None:
            return self._newness.begun or None

        await self._link.until(begun, breaks)

    def after(self, number: int) -> list[tuple[int, Result]]:
        """Return the results after one of a number, each with its own number."""
        return [(n, result) for n, result in self._results if n > number]

    def _note(self, recent: Any) -> None:
        for result in self._newness.new(unpack(recent, Result)):
            self.count += 1
            self._results.append((self.count, result))
        self._link.changed()
