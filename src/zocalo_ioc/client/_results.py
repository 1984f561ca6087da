"""The results of an IOC as they come."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import aioca

from ..errors.clients import RecentNotRead, ResultOvertaken
from ..recent import RECENT_RESULTS, unpack
from ._errors import IocGone, ResultMissed
from ._link import CONNECT_WITHIN, Link
from ._matching import Claim, Newness
from ._result import Result

_RESULT_WITHIN = 5.0


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
            IocGone: the IOC stops meanwhile, or the latest results can't be read.
        """
        breaks = self._link.breaks
        # an empty array without a time stamp is nothing at all to Channel Access
        options = {"format": aioca.FORMAT_TIME}
        self._link.monitor("RESULT:RECENT", self._note, **options)

        async def begun() -> bool | None:
            return self._newness.begun or None

        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await self._link.until(begun, breaks)
        except TimeoutError:
            raise IocGone(str(RecentNotRead(prefix=self._link.prefix))) from None

    async def of(self, claim: Claim, dcgid: int, seen: int) -> Result:
        """Return the result of a job that has ended with one.

        Args:
            claim: what tells the job from others.
            dcgid: the group that it ended with.
            seen: `count` before the job began.

        Raises:
            ResultMissed: so many others came that it was lost.
            IocGone: the IOC went away meanwhile.
        """

        async def found() -> Result | None:
            mine = (r for _, r in self._after(seen) if claim.has(r, dcgid))
            return next(mine, None)

        try:
            async with asyncio.timeout(_RESULT_WITHIN):
                return await self._link.until(found, self._link.breaks)
        except TimeoutError:
            overtaken = ResultOvertaken(prefix=self._link.prefix)
            raise ResultMissed(str(overtaken)) from None

    def following(self) -> AsyncIterator[Result]:
        """Iterate over the results that come from now on."""
        return self._follow(self.count, self._link.breaks)

    async def _follow(self, number: int, breaks: int) -> AsyncIterator[Result]:
        async def next_one() -> tuple[int, Result] | None:
            return next(iter(self._after(number)), None)

        while True:
            number, result = await self._link.until(next_one, breaks)
            yield result

    def _after(self, number: int) -> list[tuple[int, Result]]:
        """Return the results after one of a number, each with its own number."""
        return [(n, result) for n, result in self._results if n > number]

    def _note(self, recent: Any) -> None:
        for result in self._newness.new(unpack(recent, Result)):
            self.count += 1
            self._results.append((self.count, result))
        self._link.changed()
