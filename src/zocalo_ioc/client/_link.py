"""A Channel Access connection to an IOC, which notices when the IOC goes away."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import aioca
from aioca import CANothing, Subscription
from epicscorelibs.ca import cadef

from ..errors.clients import IocLost, IocSilent
from ..jobs import State
from ._errors import IocGone, RequestRefused
from ._matching import History

_lock = threading.Lock()
_last: dict[str, Future[None]] = {}


async def take_turn(pv: str) -> Callable[[], None]:
    """Wait until no other put to a PV is under way; return what ends the turn.

    EPICS stalls a client process that has two puts with callback to one record under
    way: its server closes the connection after a while, and does the second put all the
    same. All event loops of a process share one connection, so the turns are those of
    the process.
    """
    mine = Future[None]()
    with _lock:
        before, _last[pv] = _last.get(pv), mine

    def release() -> None:
        mine.set_result(None)

    if before:
        try:
            await asyncio.shield(asyncio.wrap_future(before))
        except BaseException:
            # the one after must still wait for the one before
            before.add_done_callback(lambda _: release())
            raise
    return release


CONNECT_WITHIN = 5.0
"""How long the IOC may take to answer, in seconds."""

T = TypeVar("T")


class Link:
    """A connection to an IOC.

    Args:
        prefix: of the IOC's PVs.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.breaks = 0
        """How often the connection has been lost."""
        self._monitors = set[Subscription]()
        self._puts: set[asyncio.Task[CANothing]] = set()
        self._change = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Connect.

        Raises:
            IocGone: the IOC does not answer.
        """
        await self.get("HISTORY:SEQ")
        self.monitor("HISTORY:SEQ", self._note, notify_disconnect=True)
        self.monitor("STATE", self._note)

    def close(self) -> None:
        """End the monitors."""
        for monitor in self._monitors:
            monitor.close()
        self._monitors.clear()

    def monitor(
        self, name: str, note: Callable[[Any], None], **options: Any
    ) -> Subscription:
        """Have every update of a record noted, until the connection is closed."""
        pv = f"{self.prefix}:{name}"
        monitor = aioca.camonitor(pv, note, all_updates=True, **options)
        self._monitors.add(monitor)
        return monitor

    @contextmanager
    def watching(
        self, name: str, note: Callable[[Any], None], **options: Any
    ) -> Generator[None]:
        """Have every update of a record noted meanwhile."""
        monitor = self.monitor(name, note, **options)
        try:
            yield
        finally:
            monitor.close()
            self._monitors.discard(monitor)  # it may be closed by now

    async def get(self, name: str, **options: Any) -> Any:
        """Return the value that a record has now.

        Raises:
            IocGone: the IOC does not answer.
        """
        pv = f"{self.prefix}:{name}"
        try:
            # aioca's own time-out can swallow a cancellation, such as Ctrl-C
            async with asyncio.timeout(CONNECT_WITHIN):
                value = await aioca.caget(pv, timeout=None, throw=False, **options)
        except TimeoutError as error:
            silent = IocSilent(prefix=self.prefix)
            raise IocGone(str(silent)) from error
        if not value.ok:
            raise self._gone()
        return value

    async def text(self, name: str) -> str:
        """Return the text that a long string record has now."""
        return str(await self.get(name, datatype=aioca.DBR_CHAR_STR))

    async def history(self) -> History:
        """Return the history, all of one update."""
        columns = (f"HISTORY:{name}" for name in ("DCID", "DCGID", "STATE", "ID"))
        names = ("HISTORY:SEQ", *columns, "HISTORY:SEQ")
        while True:
            seq, *rows, after = await asyncio.gather(*map(self.get, names))
            if seq == after:
                return History(int(seq), *rows)

    async def sent(self) -> int:
        """Return how many messages the broker has confirmed."""
        return int(await self.get("BROKER:SENT"))

    async def shown(self) -> tuple[Collection[int], State, str]:
        """Return JOB:DCIDS, STATE and MESSAGE, all of one job."""
        while True:
            # the server answers in the order in which it is asked
            dcids, state, message, after = await asyncio.gather(
                self.get("JOB:DCIDS"),
                self.get("STATE"),
                self.text("MESSAGE"),
                self.get("JOB:DCIDS"),
            )
            if (shown := dcids.tolist()) == after.tolist():
                return shown, State(int(state)), message

    async def put(self, name: str, value: str | int, breaks: int) -> int:
        """Write to a record, and wait until the put has ended.

        Args:
            name: of the record.
            value: to write.
            breaks: `breaks` when the job began.

        Returns:
            How many messages the broker had confirmed before.

        Raises:
            IocGone: the IOC went away meanwhile.
            RequestRefused: this client may not write.
        """
        pv = f"{self.prefix}:{name}"
        datatype = aioca.DBR_CHAR_STR if isinstance(value, str) else None
        release = await take_turn(pv)
        try:
            sent = await self.sent()
            self._check(breaks)
        except BaseException:
            release()
            raise
        put = asyncio.create_task(
            aioca.caput(pv, value, datatype, wait=True, timeout=None, throw=False)
        )
        # a put that nobody waits for any more is still under way, and keeps its turn
        self._puts.add(put)
        put.add_done_callback(self._puts.discard)
        put.add_done_callback(lambda _: release())
        while not put.done():
            if self.breaks != breaks:
                put.cancel()  # else it would be done once the IOC is back
                raise self._gone()
            await asyncio.wait([put, self._change], return_when=asyncio.FIRST_COMPLETED)
        answer = put.result()
        self._check(breaks)
        if not answer.ok:
            if answer.errorcode == cadef.ECA_DISCONN:
                raise self._gone()
            raise RequestRefused(f"{answer}.")  # such as "write access denied"
        return sent

    async def until(self, look: Callable[[], Awaitable[T | None]], breaks: int) -> T:
        """Look again after each change, until there is something to be seen.

        Args:
            look: returns what was looked for, or nothing yet.
            breaks: `breaks` when the job began.

        Raises:
            IocGone: the IOC went away meanwhile.
        """
        while True:
            change = self._change  # before looking, for it may come meanwhile
            self._check(breaks)
            if (found := await look()) is not None:
                self._check(breaks)
                return found
            await asyncio.wait([change])

    def changed(self) -> None:
        """Have all look again."""
        change = self._change
        self._change = asyncio.get_running_loop().create_future()
        change.set_result(None)

    def _note(self, value: Any) -> None:
        self.breaks += not value.ok
        self.changed()

    def _check(self, breaks: int) -> None:
        if self.breaks != breaks:
            raise self._gone()

    def _gone(self) -> IocGone:
        return IocGone(str(IocLost(prefix=self.prefix)))
