"""The results of an IOC that come while somebody listens, none of them old."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ophyd_async.core import NotConnectedError
from p4p.client.asyncio import Context, Subscription

from ...client import Result
from ...client._matching import Newness
from ...recent import RECENT_RESULTS, unpack
from ._errors import NoZocaloSubscriptionError


class Inbox:
    """Listens to the results of an IOC.

    Args:
        prefix: that of the IOC, without the colon.
    """

    def __init__(self, prefix: str) -> None:
        self._pv = f"{prefix}:RESULT:RECENT"
        self._context: Context | None = None
        self._monitor: Subscription | None = None
        self._newness = Newness()
        self._results: deque[Result] = deque(maxlen=RECENT_RESULTS)
        self._changed = asyncio.Event()

    async def open(self, within: float) -> None:
        """Begin to listen. What is there by now is not new.

        Raises:
            NotConnectedError: the IOC does not answer within so many seconds.
        """
        self._context = Context("pva", nt=False)
        self._monitor = self._context.monitor(self._pv, self._note)
        try:
            async with asyncio.timeout(within):
                while not self._newness.begun:
                    await self._next_change()
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise NotConnectedError(f"pva://{self._pv}") from error
            raise

    def close(self) -> None:
        """Listen no more."""
        if self._monitor:
            self._monitor.close()
        if self._context:
            self._context.close()
        self._monitor = self._context = None
        self._changed.set()

    async def take(self, wanted: Callable[[Result], bool]) -> Result:
        """Wait for a result, and remove it from the inbox.

        Raises:
            NoZocaloSubscriptionError: the inbox is closed.
        """
        while self._context:
            for result in self._results:
                if wanted(result):
                    self._results.remove(result)
                    return result
            await self._next_change()
        raise NoZocaloSubscriptionError("Unstaged while a result was awaited")

    @property
    def results(self) -> Iterable[Result]:
        """Those that nobody has taken, oldest first."""
        return tuple(self._results)

    @property
    def lost(self) -> int:
        """How many came in vain while the event loop was held up."""
        return self._newness.missed

    async def text(self, pv: str) -> str:
        """Return the text of another PV, a choice or a string."""
        if self._context is None:
            return ""
        got: Any = await self._context.get(pv)
        value = got.value
        return str(value if isinstance(value, str) else value.choices[value.index])

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _note(self, event: Any) -> None:
        self._changed.set()
        self._results.extend(self._newness.new(unpack(event.value, Result)))
