"""The results of an IOC that come while somebody listens, none of them old."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ophyd_async.core import NotConnectedError
from p4p.client.asyncio import Context, Subscription

from ...client import Result
from ...client._background import end_at_exit
from ...client._matching import Newness
from ...jobs import ENDED, ENDED_BY_RESULT
from ...recent import RECENT_RESULTS, unpack
from ._errors import NoZocaloSubscriptionError

_ANSWERS_WITHIN = 1.0
"""How long the IOC may take on a connection that was there before, in seconds."""
_WITHOUT_RESULT = {state.label for state in ENDED - ENDED_BY_RESULT}


@dataclass(frozen=True)
class Ending:
    """The end of a job that has no result.

    Attributes:
        dcid: its data collection.
        state: how it ended.
        job: its number.
    """

    dcid: int
    state: str
    job: int


class HopelessError(Exception):
    """A result that is awaited will not come, for its job has ended."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


class Inbox:
    """Listens to an IOC, in the event loop of the background thread.

    Args:
        prefix: that of the IOC, without the colon.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._context: Context | None = None
        self._monitors: Sequence[Subscription] = ()
        self._newness = Newness()
        self._results: deque[Result] = deque(maxlen=RECENT_RESULTS)
        self._session: object | None = None
        self._change: asyncio.Future[None] | None = None
        self._history_seq = 0
        self._history_read = False
        self._endings: Sequence[Ending] = ()
        self.since = 0
        """Number of the latest job that is of no interest."""

    @property
    def listens(self) -> bool:
        """Whether it listens."""
        return self._session is not None

    @property
    def results(self) -> Iterable[Result]:
        """Those that nobody has taken, oldest first."""
        return tuple(self._results)

    @property
    def missed(self) -> int:
        """How many were lost, so many came at once."""
        return self._newness.missed

    async def begin(self, within: float) -> None:
        """Listen from now on. What is there by now is not new, nor are its jobs.

        The connection is kept. If the IOC does not answer on it, there is a new one.

        Raises:
            NotConnectedError: the IOC does not answer within so many seconds.
        """
        self._set_session(None)
        try:
            async with asyncio.timeout(within):
                if not await self._answers():
                    self.close()
                    self._open()
                    await self._skip()
        except TimeoutError as error:
            self.close()
            raise NotConnectedError(f"pva://{self._prefix}:RESULT:RECENT") from error
        self._set_session(object())

    async def end(self) -> None:
        """Listen no more, but keep the connection."""
        self._set_session(None)

    def close(self) -> None:
        """Listen no more, and disconnect."""
        self._set_session(None)
        for monitor in self._monitors:
            monitor.close()
        if self._context:
            self._context.close()
        self._context, self._monitors = None, ()

    async def take(
        self,
        wanted: Callable[[Result], bool],
        hopeless: Callable[[Ending], bool],
        within: float,
    ) -> Result:
        """Wait for a result, and remove it from the inbox.

        Args:
            wanted: whether it is this one.
            hopeless: whether it will not come, since a job has ended so.
            within: how long to wait, in seconds.

        Raises:
            TimeoutError: it did not come.
            HopelessError: it will not come.
            NoZocaloSubscriptionError: the inbox listens no more.
        """
        session = self._session
        async with asyncio.timeout(within):
            while session and session is self._session:
                self._change = change = self._change or self._new_change()
                if result := next(filter(wanted, self._results), None):
                    self._results.remove(result)
                    return result
                await self._read_history()
                if ending := next(filter(hopeless, self._endings), None):
                    self.since = ending.job  # it is said once
                    raise HopelessError(ending)
                await asyncio.wait([change])
        raise NoZocaloSubscriptionError("Unstaged while waiting for a result")

    async def texts(self, *names: str) -> Sequence[str]:
        """Return the texts of records, choices or strings.

        Raises:
            TimeoutError: the IOC does not answer within some seconds.
        """
        async with asyncio.timeout(2 * _ANSWERS_WITHIN):
            values = await self._get(*names)
        return [str(v if isinstance(v, str) else v.choices[v.index]) for v in values]

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                await self._skip()
        except TimeoutError:
            return False
        return True

    async def _skip(self) -> None:
        """Have nothing be new that is there by now."""
        self._history_read = True
        names = "RESULT:RECENT", "HISTORY", "JOB:NUMBER"
        recent, history, number = await self._get(*names)
        self._endings = _endings(history)
        self._newness.new(unpack(recent, Result))
        self._results.clear()
        # the number is that of the job shown, which may not be the latest
        self.since = max(int(number), *_column(history, "job"), 0)

    async def _get(self, *names: str) -> Sequence[Any]:
        if self._context is None:
            raise TimeoutError
        pvs = [f"{self._prefix}:{name}" for name in names]
        return [got.value for got in await self._context.get(pvs)]

    def _open(self) -> None:
        end_at_exit()
        self._context = context = Context("pva", nt=False)

        def monitor(name: str, note: Callable[[Any], None]) -> Subscription:
            async def on_event(event: Any) -> None:
                note(event.value)
                self._changed()

            return context.monitor(f"{self._prefix}:{name}", on_event)

        self._monitors = [
            monitor("RESULT:RECENT", self._note_results),
            monitor("HISTORY:SEQ", self._note_history),
        ]

    def _note_results(self, recent: Any) -> None:
        self._results.extend(self._newness.new(unpack(recent, Result)))

    def _note_history(self, seq: Any) -> None:
        before, self._history_seq = self._history_seq, int(seq)
        if self._history_seq < before:  # the IOC was restarted, and counts anew
            self.since = 0
        self._history_read = False

    async def _read_history(self) -> None:
        while not self._history_read:
            self._history_read = True
            (history,) = await self._get("HISTORY")
            self._endings = _endings(history)

    def _set_session(self, session: object | None) -> None:
        self._session = session
        self._changed()

    def _changed(self) -> None:
        if self._change:
            self._change.set_result(None)
        self._change = None

    def _new_change(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()


def _endings(history: Any) -> Sequence[Ending]:
    columns = (_column(history, name) for name in ("dcid", "state", "job"))
    endings = (Ending(*row) for row in zip(*columns, strict=True))
    return [ending for ending in endings if ending.state in _WITHOUT_RESULT]


def _column(table: Any, name: str) -> Sequence[Any]:
    column = table[name]  # None if it is empty
    return () if column is None else list(column)
