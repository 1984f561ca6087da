"""The declared records as a softioc database, and setting them."""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from softioc import alarm, builder, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher

from ..errors import ValueRefused
from ..errors.requests import ValueOutOfRange
from . import (
    DECLARATIONS,
    MOTOR,
    TABLES,
    UPDATED_TOGETHER,
    Group,
    Kind,
    Record,
    _identity,
    _motor,
)
from ._monitors import leave_memory_unlocked, locked, post
from ._puts import Put, listen, set_access
from ._pva import serve_groups

_DEVICE_TIME = -2
"""TSE of a record that takes its time stamp from `Records.update`."""
_STRING_LENGTH = 40


@dataclass(frozen=True)
class Handlers:
    """What is done when clients write.

    Attributes:
        commands: what to do for each command, given the value put; the put ends when
            it returns.
        on_put: told the name and the value that a client has written.
        on_refused: told which value was refused, and why. Called in a thread of EPICS,
            before the put ends.
        on_write: told who writes what to which PV, for the log. Called likewise.
    """

    commands: Mapping[str, Callable[[Any], Awaitable[object]]]
    on_put: Callable[[str, Any], None]
    on_refused: Callable[[ValueRefused], None]
    on_write: Callable[[str, str, str], None]


class Records:
    """The records of one IOC. There can be one a process.

    Args:
        prefix: what names start with, without the colon.
        access_file: an EPICS access security file; if none, anybody may write.
        grid_prefix: as prefix, of the grid scan device, for motor positions.

    Raises:
        SettingsInvalid: that file can't be read.
    """

    def __init__(
        self,
        prefix: str,
        access_file: Path | None = None,
        grid_prefix: str | None = None,
    ) -> None:
        set_access(access_file)
        self._prefix = prefix
        self._grid_prefix = grid_prefix
        self._handlers: Handlers | None = None
        # by thread: thread-local data is gone when a callback from EPICS returns
        self._refusing: dict[int, str] = {}
        self._shown: dict[str, Any] = {}
        self._declared = {record.name: record for record in DECLARATIONS}
        builder.SetDeviceName(prefix)
        self._records = {r.name: self._make(r) for r in DECLARATIONS}
        self._first_of = self._link_updates()
        motor = MOTOR if grid_prefix else ()
        serve_groups(prefix, self._records | _make_labels(), motor)

    def serve(self, handlers: Handlers) -> None:
        """Serve the records over CA and PVA, with callbacks in the running loop.

        Raises:
            SettingsInvalid: EPICS can't use the access security file.
        """
        self._handlers = handlers
        builder.LoadDatabase()
        _identity.load(self._prefix)
        if self._grid_prefix:
            _motor.load(self._prefix, self._grid_prefix)
        listen(self._on_put)
        leave_memory_unlocked()
        softioc.iocInit(AsyncioDispatcher(asyncio.get_running_loop()))

    def set(self, name: str, value: Any) -> None:
        """Set a record; text that is too long is cut.

        EPICS processes it before this returns, in this thread: to leave that to its own
        threads, as softioc does, costs three times as much. A value that the record
        has already is not set again, unless it is text.

        Args:
            name: its name, after the prefix.
            value: its value; an enumeration takes the number.
        """
        # text is also set from threads of EPICS, which may overtake each other
        if self._declared[name].kind is not Kind.TEXT_IN:
            if name in self._shown and self._shown[name] == value:
                return
            self._shown[name] = value
        self._store(name, value)
        self._records[name].set_field("PROC", 1)

    def update(self, group: Group, values: Mapping[str, Any], timestamp: float) -> None:
        """Set the records of a group, and of those updated with it, as one.

        Clients see all of the update or nothing: EPICS processes the records one
        after the other in the order of their declaration, under one lock, before this
        returns. All have the same time stamp.

        Args:
            group: the first group.
            values: value by name; what is not there keeps its value.
            timestamp: seconds since the epoch.
        """
        for name, value in values.items():
            self._store(name, value, timestamp=timestamp)
        self._first_of[group].set_field("PROC", 1)

    def get(self, name: str) -> Any:
        """Return the value of a record, as the latest put has left it."""
        return self._records[name].get()

    def put(self, name: str, value: Any) -> None:
        """Set a record that clients write, as if one had."""
        self._records[name].set(value)

    def _store(self, name: str, value: Any, **options: Any) -> None:
        declared = self._declared[name]
        severity, status = alarm.NO_ALARM, alarm.NO_ALARM
        if declared.kind in (Kind.TEXT_IN, Kind.STRINGIN):
            value, cut = _fit(value, (declared.length or _STRING_LENGTH) - 1)
            if cut and declared.kind is Kind.TEXT_IN:
                severity, status = alarm.MINOR_ALARM, alarm.HW_LIMIT_ALARM
        elif declared.kind.is_array:
            value = value[: declared.length]
        elif declared.is_missing(value):
            severity, status = alarm.INVALID_ALARM, alarm.UDF_ALARM
        self._records[name].set(value, severity=severity, alarm=status, **options)

    # -- making -------------------------------------------------------------

    def _make(self, record: Record) -> Any:
        fields: dict[str, Any] = {"DESC": record.description}
        if record.initial is not None:
            fields["initial_value"] = record.initial
        if not record.kind.writable:
            fields["SCAN"] = "Passive"
        else:
            fields["ASG"] = record.group.name
            fields |= self._put_handlers(record)
        severities = dict(record.severities)
        match record.kind:
            case Kind.AI:
                make = builder.aIn
                fields |= {"EGU": record.unit, "PREC": record.precision}
            case Kind.AO:
                make = builder.aOut
                fields |= {"EGU": record.unit, "PREC": record.precision}
                fields |= _limits(record)
            case Kind.BI:
                make = builder.boolIn
                zero, one = record.choices
                fields |= {"ZNAM": zero, "ONAM": one, "initial_value": 0}
                fields |= {"ZSV": severities.get(zero), "OSV": severities.get(one)}
            case Kind.COMMAND:
                make = builder.Action
                fields |= dict(zip(("ZNAM", "ONAM"), record.choices, strict=True))
            case Kind.LONGIN:
                make = builder.longIn
                fields["EGU"] = record.unit
            case Kind.LONGOUT:
                make = builder.longOut
                fields |= {"EGU": record.unit} | _limits(record)
            case Kind.MBBI | Kind.MBBO:
                options = [(name, severities.get(name)) for name in record.choices]
                mbb = builder.mbbIn if record.kind is Kind.MBBI else builder.mbbOut
                return mbb(record.name, *options, **fields)
            case Kind.STRINGIN:
                make = builder.stringIn
            case Kind.TEXT_IN:
                make = builder.longStringIn
                fields["length"] = record.length
            case Kind.TEXT_OUT | Kind.TEXT_COMMAND:
                make = builder.longStringOut
                fields["length"] = record.length
            case Kind.CALC:
                raise ValueError(f"{record.name} comes from a template")
            case Kind.DOUBLES | Kind.INTEGERS | Kind.STRINGS:
                make = builder.WaveformIn
                fields |= {"datatype": record.kind.dtype, "length": record.length}
                fields |= {"EGU": record.unit, "PREC": record.precision}
        return make(record.name, **fields)

    def _link_updates(self) -> dict[Group, Any]:
        """Chain the records that are updated as one; return the first of each chain."""
        first_of: dict[Group, Any] = {}
        now = time.time()
        for groups in UPDATED_TOGETHER:
            names = [
                r.name for group in groups for r in DECLARATIONS if r.group is group
            ]
            # the counter that tells clients of the update comes last
            names.sort(key=lambda name: name.endswith(":SEQ"))
            chain = [self._records[name] for name in names]
            for name, record in zip(names, chain, strict=True):
                record.PINI, record.TSE = "NO", _DEVICE_TIME
                missing = self._declared[name].missing
                initial = record.get() if missing is None else missing
                self._store(name, initial, timestamp=now)
            for record, after in pairwise(chain):
                record.FLNK = after
            if self._grid_prefix and Group.BEST in groups:
                chain[-2].FLNK = _motor.make_fanout(self._prefix, after=chain[-1])
            chain[0].PINI = "YES"
            first_of[groups[0]] = chain[0]
        return first_of

    # -- puts ---------------------------------------------------------------

    def _put_handlers(self, record: Record) -> dict[str, Any]:
        def validate(_: object, value: Any) -> bool:
            if self._refusing.get(threading.get_ident()) == record.name:
                return False  # it was refused before EPICS converted it
            complaint = record.complaint(value)
            if complaint and self._handlers:
                shown = repr(value) if isinstance(value, str) else f"{value:.10g}"
                problem = ValueOutOfRange(record.name, shown, complaint)
                self._handlers.on_refused(problem)
            return not complaint

        def on_update(value: Any) -> None:
            if self._handlers:
                self._handlers.on_put(record.name, value)

        async def run(value: Any) -> None:
            if self._handlers:
                await self._handlers.commands[record.name](value)

        async def run_if_set(value: int) -> None:
            if value:
                with self._busy(record.name):
                    await run(value)

        match record.kind:
            case Kind.COMMAND:
                handlers = {"blocking": True, "on_update": run_if_set}
                return handlers | {"validate": validate}
            case Kind.TEXT_COMMAND:
                handlers = {"blocking": True, "on_update": run, "always_update": True}
                return handlers | {"validate": validate}
            case _:
                return {"validate": validate, "on_update": on_update}

    def _on_put(self, put: Put) -> str | None:
        """Log a put, and refuse and explain what EPICS would convert wrongly or not."""
        self._refusing.pop(threading.get_ident(), None)
        # a filter may follow, as in DCID.VAL{"dbnd":{"d":1}}
        parts = re.split(r"[{$]", put.pv.removeprefix(f"{self._prefix}:"))
        name, _, field = parts[0].partition(".")
        record = self._declared.get(name)
        if self._handlers is None or record is None:
            return None
        value = put.value
        # what came through PV Access is known when it is there; a command ends late
        late = value is None and not record.kind.is_command
        if put.done != late:
            return None
        sent = self.get(name) if late else value
        self._handlers.on_write(put.who, put.pv, "" if sent is None else f"{sent!r}")
        if value is None or field not in ("", "VAL"):
            return None
        why = record.put_complaint(value, put.is_string)
        if why:
            self._refusing[threading.get_ident()] = name
            shown = repr(value) if isinstance(value, str) else f"{value:.10g}"
            self._handlers.on_refused(ValueOutOfRange(name, shown, why))
        elif put.is_string and record.kind is Kind.LONGOUT:
            return str(int(value))  # EPICS would take a leading 0 for octal
        return None

    @contextmanager
    def _busy(self, name: str) -> Generator[None]:
        """Show monitors a command as 1 while it runs, and make it 0 after."""
        record = self._records[name]
        post(record)
        try:
            yield
        finally:
            # A put without callback that came meanwhile has asked EPICS to process the
            # record once more: leave the 1 that it wrote, so that it runs, too.
            with locked(record):
                if record.get_field("RPRO") == "0":
                    record.set(0, process=False)
                    post(record)


def _make_labels() -> dict[str, Any]:
    """Make records with the names of the columns of tables."""
    return {
        table.labels: builder.WaveformIn(
            table.labels,
            [record.column for record in table.columns],
            DESC="Names of the columns",
        )
        for table in TABLES
    }


def _limits(record: Record) -> dict[str, float | None]:
    """Limits for display. EPICS would cut to drive limits what is to be refused."""
    return {"LOPR": record.low, "HOPR": record.high}


def _fit(text: str, room: int) -> tuple[str, bool]:
    """Cut a text to so many bytes, without cutting a character in two."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= room:
        return text, False
    return encoded[:room].decode(errors="ignore"), True
