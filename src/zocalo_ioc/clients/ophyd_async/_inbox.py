"""The results of an IOC that come while somebody listens, none of them old."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ophyd_async.core import NotConnectedError
from p4p.client.asyncio import Context, Subscription

from ...centres import AXES
from ...wire import Source
from ._errors import NoZocaloSubscriptionError

_KEPT = 100
# as many results as this may come while the event loop is held up
_REQUEST = "record[queueSize=100]field()"


@dataclass(frozen=True)
class Result:
    """One update of ``P:RESULT:TABLE``.

    Attributes:
        dcids: the data collections it is of, the one it names first.
        dcgid: their group, -1 if unknown.
        source: the pipeline it comes from.
        columns: the columns of the table, of shape (n,).
    """

    dcids: tuple[int, ...]
    dcgid: int
    source: Source
    columns: dict[str, NDArray[Any]]

    def vectors(self, prefix: str = "") -> NDArray[Any]:
        """Return the columns of three axes as one array of shape (n, 3)."""
        return np.stack([self.columns[prefix + axis] for axis in AXES], axis=1)


class Inbox:
    """Listens to the results of an IOC.

    Over PV Access, for one event there has all of a result, and whose it is. Channel
    Access would need some twenty PVs that come one by one.

    Args:
        prefix: that of the IOC, without the colon.
    """

    def __init__(self, prefix: str) -> None:
        self._pv = f"{prefix}:RESULT:TABLE"
        self._context: Context | None = None
        self._monitor: Subscription | None = None
        self._latest: tuple[int, float] | None = None
        self._results: deque[Result] = deque(maxlen=_KEPT)
        self._changed = asyncio.Event()
        self.lost = 0
        """How many came in vain while the event loop was held up."""

    async def open(self, within: float) -> None:
        """Begin to listen. What is there by now is not new.

        Raises:
            NotConnectedError: the IOC does not answer within so many seconds.
        """
        self._context = Context("pva", nt=False)
        self._monitor = self._context.monitor(self._pv, self._note, _REQUEST)
        try:
            async with asyncio.timeout(within):
                while self._latest is None:
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
        time = event.timeStamp
        at = time.secondsPastEpoch + time.nanoseconds * 1e-9
        if self._is_new(event.seq, at):
            self._results.append(_result(event))
            if self._latest and event.seq > self._latest[0]:
                self.lost += event.seq - self._latest[0] - 1
        self._latest = event.seq, at

    def _is_new(self, seq: int, at: float) -> bool:
        """Whether this is a new result.

        After a restart the IOC may count anew, or show the last result that it saved.
        """
        if self._latest is None or seq == 0:
            return False
        last_seq, last_at = self._latest
        return seq > last_seq or at > last_at


def _result(table: Any) -> Result:
    # where events were lost, p4p has None for an array that became empty meanwhile
    columns = {name: () if c is None else c for name, c in table.value.items()}
    return Result(
        dcids=tuple(int(dcid) for dcid in table.dcids),
        dcgid=int(table.dcgid),
        source=tuple(Source)[table.source],
        columns={name: np.asarray(column) for name, column in columns.items()},
    )
