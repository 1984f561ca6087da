"""What the terminal client asks of an IOC, through Channel Access."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

import aioca
from aioca import CANothing, Subscription

from ..errors import Gone
from ..errors.clients import IocLost, IocSilent, ResultOvertaken
from ..jobs import State
from ..records import DECLARATIONS, Group
from ._history import History

_CONNECT_WITHIN = 5.0
_RESULT_WITHIN = 5.0
_COLUMNS = {r.name: r.column for r in DECLARATIONS if r.group is Group.CENTRES}
_WHOSE = "RESULT:DCIDS"

_Stamp = tuple[int, int]


class Link:
    """A connection to an IOC for one job.

    Args:
        prefix: that of the IOC.
        dcids: the data collections of the job.
        on_message: told what the IOC says of the job while it runs.
    """

    def __init__(
        self, prefix: str, dcids: Sequence[int], on_message: Callable[[str], None]
    ) -> None:
        self._prefix = prefix
        self._dcids = set(dcids)
        self._on_message = on_message
        self._monitors: list[Subscription] = []
        self._changed = asyncio.Event()
        self._gone = False
        self._before = 0
        self._job_dcid = 0
        # Records are updated together, with one time stamp, but come one by one. All
        # these are arrays, for which EPICS posts every update, changed or not.
        self._arriving: dict[_Stamp, dict[str, Any]] = {}
        self._latest: _Stamp = (0, 0)
        self._old: _Stamp | None = None
        self._found: dict[str, Any] | None = None

    async def __aenter__(self) -> Self:
        """Connect, and see what is there already.

        Raises:
            Gone: the IOC does not answer.
        """
        try:
            self._before = int(await self._get("HISTORY:SEQ"))
            self._monitor("HISTORY:SEQ", self._note, notify_disconnect=True)
            self._monitor("JOB:DCID", self._note_job)
            self._monitor("MESSAGE", self._note_message, datatype=aioca.DBR_CHAR_STR)
            for name in (_WHOSE, *_COLUMNS):
                self._monitor(
                    name, self._part_of_result(name), format=aioca.FORMAT_TIME
                )
            async with asyncio.timeout(_CONNECT_WITHIN):
                while self._latest == (0, 0):
                    await self._next_change()
        except (CANothing, Gone, TimeoutError) as error:
            self._close()
            raise IocSilent(self._prefix) from error
        self._old = self._latest
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def send(self, text: str) -> None:
        """Have messages sent, and wait until the broker has them or they failed."""
        pv = f"{self._prefix}:SEND"
        datatype = aioca.DBR_CHAR_STR
        put = aioca.caput(pv, text, datatype=datatype, wait=True, timeout=None)
        await self._unless_gone(put)

    async def ending(self, dcid: int) -> State | None:
        """Return how the job ended, if it has."""
        names = ("HISTORY:SEQ", "HISTORY:DCID", "HISTORY:STATE")
        while True:
            seq, dcids, states = [await self._get(name) for name in names]
            if seq == await self._get("HISTORY:SEQ"):
                return History(seq, dcids, states).ending(dcid, self._before)

    async def until_ended(self, dcid: int) -> State:
        """Wait for the end of the job."""
        while (state := await self.ending(dcid)) is None:
            await self._next_change()
        return state

    async def state(self, dcid: int) -> State:
        """Return the state of a job that has not ended."""
        state, latest = await self._get("STATE"), await self._get("JOB:DCID")
        return State(state) if latest == dcid else State.STARTED

    async def message(self, dcid: int, state: State) -> str:
        """Return what the IOC says of the job, or its state if it speaks of another."""
        message = await self._get("MESSAGE", datatype=aioca.DBR_CHAR_STR)
        if await self._get("JOB:DCID") == dcid:
            return str(message)
        return f"DCID {dcid}: {state.label.lower()}."

    async def result(self) -> tuple[list[int], dict[str, Any]]:
        """Return the data collections of the result, and its columns.

        Raises:
            Gone: it was overtaken by the results of others.
        """
        try:
            async with asyncio.timeout(_RESULT_WITHIN):
                while self._found is None:
                    await self._next_change()
        except TimeoutError:
            raise ResultOvertaken(self._prefix) from None
        columns = {column: self._found[name] for name, column in _COLUMNS.items()}
        return [int(dcid) for dcid in self._found[_WHOSE]], columns

    # -- what comes ---------------------------------------------------------

    async def _get(self, name: str, **options: Any) -> Any:
        pv = f"{self._prefix}:{name}"
        try:
            # aioca's own time-out can swallow a cancellation, such as Ctrl-C
            async with asyncio.timeout(_CONNECT_WITHIN):
                return await aioca.caget(pv, timeout=None, **options)
        except TimeoutError as error:
            raise IocSilent(self._prefix) from error
        except CANothing as error:  # lost while it was being read
            raise IocLost(self._prefix) from error

    def _monitor(self, name: str, note: Callable[[Any], None], **options: Any) -> None:
        pv = f"{self._prefix}:{name}"
        self._monitors.append(aioca.camonitor(pv, note, all_updates=True, **options))

    def _close(self) -> None:
        for monitor in self._monitors:
            monitor.close()

    async def _next_change(self) -> None:
        """Wait for a change since this was last waited for."""
        await self._unless_gone(self._changed.wait())
        # not before waiting: it may have come while the caller read
        self._changed.clear()

    async def _unless_gone(self, awaitable: Any) -> None:
        """Wait for something, but not for an IOC that is no more."""
        waiting = asyncio.ensure_future(awaitable)
        while not waiting.done() and not self._gone:
            await asyncio.wait([waiting], timeout=0.2)
        if self._gone:
            waiting.cancel()
            raise IocLost(self._prefix)
        await waiting

    def _note(self, value: Any) -> None:
        self._gone = self._gone or not value.ok
        self._changed.set()

    def _note_job(self, value: Any) -> None:
        self._job_dcid = int(value)

    def _note_message(self, value: Any) -> None:
        if self._old and self._job_dcid in self._dcids:
            self._on_message(str(value))

    def _part_of_result(self, name: str) -> Callable[[Any], None]:
        def note(value: Any) -> None:
            stamp = tuple(value.raw_stamp)
            parts = self._arriving.setdefault(stamp, {})
            parts[name] = value
            if len(parts) > len(_COLUMNS):
                self._take(stamp, parts)

        return note

    def _take(self, stamp: _Stamp, parts: dict[str, Any]) -> None:
        """Take a whole result."""
        self._latest = stamp
        self._arriving = {s: p for s, p in self._arriving.items() if s > stamp}
        if (
            self._old
            and stamp > self._old
            and not self._dcids.isdisjoint(parts[_WHOSE])
        ):
            self._found = parts
        self._changed.set()
