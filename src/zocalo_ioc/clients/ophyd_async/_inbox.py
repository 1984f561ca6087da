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

_ANSWERS_WITHIN = 1.0
"""How long the IOC may take on a connection that was there before, in seconds."""
_STATE = "HISTORY", "JOB:NUMBER", "JOB:DCID", "IOC:STARTTOD"
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
        prefix: of the IOC's PVs, without the colon.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._context: Context | None = None
        self._monitors: Sequence[Subscription] = ()
        self._newness = Newness()
        self._results: deque[Result] = deque(maxlen=RECENT_RESULTS)
        self._session: object | None = None
        self._change: asyncio.Future[None] | None = None
        self._history_read = False
        self._rows: set[tuple[Any, ...]] = set()  # of the history, as last read
        self._endings: Sequence[Ending] = ()
        self._jobs: dict[int, int] = {}  # the data collection of each, by number
        self._started = ""  # the IOC
        self._lost = False  # the connection, and what it missed is not yet known
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
    ) -> Result | None:
        """Wait for a result, and remove it from the inbox.

        Args:
            wanted: whether it is this one.
            hopeless: whether it will not come, since a job has ended so.
            within: how long to wait, in seconds.

        Returns:
            The result; nothing if the inbox listens no more.

        Raises:
            TimeoutError: it did not come.
            HopelessError: it will not come.
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
        return None

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
        recent, *state = await self._get("RESULT:RECENT", *_STATE)
        self._newness.new(unpack(recent, Result))
        self._results.clear()
        self.since = self._note_state(*state)

    def _note_state(self, history: Any, number: Any, dcid: Any, started: Any) -> int:
        """Return the number of the latest job."""
        self._note_history(history)
        self._started = started
        # the job shown may not be the latest
        ended = zip(_column(history, "job"), _column(history, "dcid"), strict=True)
        self._jobs = {int(number): int(dcid), **dict(ended)}
        return max(self._jobs)

    async def _get(self, *names: str) -> Sequence[Any]:
        if self._context is None:
            raise TimeoutError
        pvs = [f"{self._prefix}:{name}" for name in names]
        return [got.value for got in await self._context.get(pvs)]

    def _open(self) -> None:
        end_at_exit()
        self._context = context = Context("pva", nt=False)

        self._monitors = [
            context.monitor(f"{self._prefix}:RESULT:RECENT", self._on_results),
            context.monitor(
                *(f"{self._prefix}:HISTORY:SEQ", self._on_history),
                notify_disconnect=True,
            ),
        ]

    async def _on_results(self, event: Any) -> None:
        self._results.extend(self._newness.new(unpack(event.value, Result)))
        self._changed()

    async def _on_history(self, event: Any) -> None:
        self._history_read = False
        if isinstance(event, Exception):
            self._lost = True
            return
        if self._lost:
            if self._started:  # else it is the first connection
                await self._look_for_restart()
            self._lost = False
        self._changed()

    async def _look_for_restart(self) -> None:
        """Have jobs be new if the IOC was restarted and counts them from 1 again."""
        state = await self._get(*_STATE)
        rows, jobs, started = self._rows, self._jobs, self._started
        latest = self._note_state(*state)
        if started == self._started:
            return  # the connection was only interrupted
        if rows:
            restarted_count = rows.isdisjoint(self._rows)
        else:  # then the jobs are told apart by their data collections
            known = self._jobs
            restarted_count = any(
                known.get(j, dcid) != dcid for j, dcid in jobs.items()
            )
        # the latest jobs may have begun too late to be saved
        self.since = 0 if restarted_count else min(self.since, latest)

    async def _read_history(self) -> None:
        while not (self._history_read or self._lost):
            self._history_read = True
            (history,) = await self._get("HISTORY")
            self._note_history(history)

    def _note_history(self, history: Any) -> None:
        columns = (_column(history, name) for name in ("dcid", "state", "job"))
        endings = (Ending(*row) for row in zip(*columns, strict=True))
        self._endings = [it for it in endings if it.state in _WITHOUT_RESULT]
        self._rows = set(
            zip(_column(history, "time"), _column(history, "job"), strict=True)
        )

    def _set_session(self, session: object | None) -> None:
        self._session = session
        self._changed()

    def _changed(self) -> None:
        if self._change:
            self._change.set_result(None)
        self._change = None

    def _new_change(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()


def _column(table: Any, name: str) -> Sequence[Any]:
    column = table[name]  # None if it is empty
    return () if column is None else list(column)
