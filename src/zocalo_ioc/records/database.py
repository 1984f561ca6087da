"""The declared records as a softioc database."""

import asyncio
import inspect
import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softioc import builder, softioc

from ..errors import ValueRefused
from ..errors.requests import ValueOutOfRange
from . import (
    TABLES,
    Action,
    Int,
    Pvs,
    Record,
    Setting,
    TextAction,
    Writable,
    _identity,
    _motor,
)
from ._busy import Busy
from ._epics import before_clients, complete, leave_memory_unlocked
from ._puts import Put, listen, set_access
from ._pva import serve_groups
from ._store import EpicsStore
from ._writers import Writers
from .interfaces import channel_access_problem

logger = logging.getLogger(__name__)

_DEVICE_TIME = -2
"""TSE of a record whose time stamp the store writes."""


@dataclass(frozen=True)
class Handlers:
    """What is done when clients write.

    Attributes:
        on_setting: called in the event loop when a client has written a setting.
        on_refused: told which value was refused, and why. Called in a thread of EPICS,
            before the put ends.
        on_write: told who writes what to which PV, for the log. Called likewise.
        on_taken: told which record takes what a client wrote, so far as is known.
            Called likewise, perhaps twice.
    """

    on_setting: Callable[[], None]
    on_refused: Callable[[ValueRefused], None]
    on_write: Callable[[str, str, str], None]
    on_taken: Callable[[str], None]


class Records(Pvs):
    """The records of one IOC. There can be one a process.

    Args:
        prefix: what names start with, without the colon.
        access_file: an EPICS access security file; if none, anybody may write.
        grid_prefix: as prefix, of the grid scan device, for motor positions.
        frames: whether there are the records of the grids.

    Raises:
        SettingsInvalid: that file can't be read.
    """

    def __init__(
        self,
        prefix: str,
        access_file: Path | None = None,
        grid_prefix: str | None = None,
        *,
        frames: bool = False,
    ) -> None:
        self._epics = EpicsStore()
        super().__init__(self._epics, frames=frames)
        set_access(access_file)
        self._prefix = prefix
        self._grid_prefix = grid_prefix
        self._handlers: Handlers | None = None
        # by thread: thread-local data is gone when a callback from EPICS returns
        self._refusing: dict[int, str] = {}
        self._judged: dict[int, Any] = {}
        self._by_name = {record.name: record for record in self.records}
        self._busy: dict[str, Busy] = {}
        self._writers = {record.name: Writers() for record in self.commands.records}
        builder.SetDeviceName(prefix)
        made = self._epics.made
        for record in self.records:
            made[record.name] = self._make(record)
        for records in self.updates:
            self._epics.link(records)
        if grid_prefix:
            before, last = (made[record.name] for record in self.updates[0][-2:])
            before.FLNK = _motor.make_fanout(prefix, after=last)
        serve_groups(
            prefix, made | _make_labels(), motor=bool(grid_prefix), frames=frames
        )

    def serve(
        self, handlers: Handlers, before_serving: Callable[[], None] = lambda: None
    ) -> None:
        """Serve the records over CA and PVA, with callbacks in the running loop.

        Args:
            handlers: what is done when clients write.
            before_serving: called once EPICS has its records, and before it lets
                clients in. It can't raise anything.

        Raises:
            SettingsInvalid: EPICS can't use the access security file.
            ChannelAccessUnusable: clients could reach no record.
            AttributeError: a command has nothing to run.
        """
        for command in self.commands.records:
            assert isinstance(command, Action | TextAction)
            _ = command.run
        if problem := channel_access_problem():
            raise problem
        self._handlers = handlers
        builder.LoadDatabase()
        _identity.load(self._prefix)
        if self._grid_prefix:
            _motor.load(self._prefix, self._grid_prefix)
        listen(self._on_put)
        leave_memory_unlocked()
        readbacks = [it for it in self.records if not isinstance(it, Writable)]
        before_clients(before_serving)
        before_clients(lambda: self._epics.start(readbacks))
        softioc.iocInit(_Dispatcher())

    def _make(self, record: Record[Any]) -> Any:
        fields: dict[str, Any] = {"DESC": record.description}
        if record.initial is not None:
            fields["initial_value"] = record.initial
        if isinstance(record, Writable):
            fields["ASG"] = record.group.name
            fields |= self._put_handlers(record)
        else:
            fields |= {"SCAN": "Passive", "PINI": "NO", "TSE": _DEVICE_TIME}
        made = record.datatype.make(
            builder, record.name, writable=record.writable, **fields
        )
        if not record.writable:  # then the store writes it, not softioc
            made.DTYP = made.INP = None
        return made

    # -- puts ---------------------------------------------------------------

    def _put_handlers(self, record: Writable[Any]) -> dict[str, Any]:
        def validate(_: object, value: Any) -> bool:
            self._judged[threading.get_ident()] = value
            if writers := self._writers.get(record.name):
                writers.processing()
            if self._refusing.get(threading.get_ident()) == record.name:
                return False  # it was refused before EPICS converted it
            refusal = record.datatype.refusal(value)
            if refusal:
                self._refused(record.name, value, refusal)
                if isinstance(record, Action):
                    # else it could go back to a 1 that waited: see Busy
                    self._epics.made[record.name].set(0, process=False)
            elif self._handlers:
                self._handlers.on_taken(record.name)
            return not refusal

        def on_update(value: Any) -> None:
            if isinstance(record, Setting) and self._handlers:
                record.seen = value
                self._handlers.on_setting()

        match record:
            case Action():
                busy = self._busy[record.name] = Busy(self._epics, record.name)

                async def run_if_set(value: int) -> None:
                    if value:
                        with busy.run():
                            self._note_writer(record)
                            await record.run()

                handlers = {"blocking": True, "on_update": run_if_set}
                return handlers | {"validate": validate}
            case TextAction():

                async def run(text: str) -> None:
                    self._note_writer(record)
                    await record.run(text)

                handlers = {"blocking": True, "on_update": run, "always_update": True}
                return handlers | {"validate": validate}
            case _:
                return {"validate": validate, "on_update": on_update}

    def _note_writer(self, record: Action | TextAction) -> None:
        """Note whose command runs; it reads that before it awaits anything."""
        self.commands.by = self._writers[record.name].current

    def _on_put(self, put: Put) -> str | int | None:
        """Log a put, and refuse and explain what EPICS would convert wrongly or not."""
        thread = threading.get_ident()
        self._refusing.pop(thread, None)
        judged = self._judged.pop(thread, None)
        # a filter may follow, as in DCID.VAL{"dbnd":{"d":1}} or DCID.VAL[0:0]
        parts = re.split(r"[{$\[]", put.pv.removeprefix(f"{self._prefix}:"))
        name, _, field = parts[0].partition(".")
        record = self._by_name.get(name)
        if self._handlers is None or record is None:
            return None
        value = put.value
        if writers := self._writers.get(name):
            if put.done:
                self._put_ends(record, writers)
            else:
                writers.put_begins(put.who)
        # what came through PV Access is known when it is there; a command ends late
        late = value is None and not isinstance(record, Action | TextAction)
        if put.done and judged != judged:
            # a NaN through PV Access has been refused, but EPICS leaves its alarm
            self._epics.put(record, self._epics.get(record))
        if put.done != late:
            return None
        sent = value
        if late:
            sent = self._epics.get(record) if judged is None else judged
        said = "" if sent is None else f"{sent!r}".removesuffix(".0")
        self._handlers.on_write(put.who, put.pv, said)
        if value is None or field not in ("", "VAL"):
            return None
        refusal = record.datatype.put_refusal(value, put.is_string)
        if refusal:
            self._refusing[thread] = name
            self._refused(name, value, refusal)
            if isinstance(record, Action) and not put.is_string:
                return 0  # if it runs, another thread processes it, once it has ended
            if "nan" in f"{value}".lower():
                return "0" if put.is_string else 0  # a NaN would leave its alarm
        else:
            self._handlers.on_taken(name)  # `validate` does not see an unchanged value
            if put.is_string and isinstance(record.datatype, Int):
                return str(int(value))  # EPICS would take a leading 0 for octal
        return None

    def _put_ends(self, record: Record[Any], writers: Writers) -> None:
        """Note that a put to a command has ended, and undo it if it is none."""
        busy = self._busy.get(record.name)
        undone = busy.undo() if busy else None
        if undone is None:
            writers.put_ends()
        else:
            writers.put_is_undone()
            if refusal := record.datatype.refusal(undone):
                self._refused(record.name, undone, refusal)

    def _refused(self, name: str, value: float | str, refusal: str) -> None:
        if self._handlers:
            shown = "" if isinstance(value, str) else f"{value:.10g}"
            if not shown or float(shown) != value:
                shown = repr(value)
            self._handlers.on_refused(ValueOutOfRange(name, shown, refusal))


class _Dispatcher:
    """Runs in the event loop each `on_update` of a record that was put.

    softioc calls it in the thread of EPICS that processes the record. softioc's own
    hands each result back to EPICS, where nobody waits for it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(
        self,
        func: Callable[..., Any],
        func_args: Sequence[Any] = (),
        completion: Callable[..., None] | None = None,
        completion_args: Sequence[Any] = (),
    ) -> None:
        """Call a function; if it is that of a command, await it and end the put."""
        waits = inspect.iscoroutinefunction(func)

        async def run() -> None:
            try:
                returned = func(*func_args)
                if waits:
                    await returned
            except Exception:
                logger.exception("A put failed because of an unexpected error")
            if waits:  # if it was cancelled, the put must not end well
                complete(completion_args[0].record.value)

        def start() -> None:
            task = self._loop.create_task(run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(start)


def _make_labels() -> dict[str, Any]:
    """Make records with the names of the columns of tables."""
    return {
        table.labels: builder.WaveformIn(
            table.labels, list(table.columns), DESC="Names of the columns"
        )
        for table in TABLES
    }
