"""The declared records as a softioc database, and setting them."""

import asyncio
import ctypes
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from softioc import alarm, builder, imports, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher

from . import DECLARATIONS, Group, Kind, Record

DEVICE_TIME = -2
"""TSE of a record that takes its time stamp from `Records.set`."""
_UPDATED_TOGETHER = (Group.RESULT, Group.CENTRES, Group.BEST)
_DBE_VALUE_AND_LOG = 1 | 2


class Records:
    """The records of one IOC. There can be one a process.

    Args:
        prefix: what names start with, without the colon.
        commands: what to do for each command record; the put ends when it returns.
        on_put: told the name and the value that a client has written.
        on_refused: told the name, and why the value written to it was refused. Called
            in a thread of EPICS, before the put ends.
    """

    def __init__(
        self,
        prefix: str,
        commands: Mapping[str, Callable[[], Awaitable[None]]],
        on_put: Callable[[str, Any], None],
        on_refused: Callable[[str, str], None],
    ) -> None:
        self._prefix = prefix
        self._commands = commands
        self._on_put = on_put
        self._on_refused = on_refused
        self._declared = {record.name: record for record in DECLARATIONS}
        builder.SetDeviceName(prefix)
        self._records = {r.name: self._make(r) for r in DECLARATIONS}
        builder.LoadDatabase()

    def serve(self) -> None:
        """Serve the records over CA and PVA, with callbacks in the running loop."""
        softioc.iocInit(AsyncioDispatcher(asyncio.get_running_loop()))
        for name, record in self._declared.items():
            if record.missing is not None:
                self.set(name, record.missing)

    def set(self, name: str, value: Any, timestamp: float | None = None) -> None:
        """Set a record; text that is too long is cut.

        Args:
            name: its name, after the prefix.
            value: its value; an enumeration takes the number.
            timestamp: seconds since the epoch; now if not given.
        """
        declared = self._declared[name]
        severity, status = alarm.NO_ALARM, alarm.NO_ALARM
        if declared.kind in (Kind.TEXT_IN, Kind.STRINGIN):
            room = declared.length or 40
            value, cut = _fit(value, room - 1)
            if cut and declared.kind is Kind.TEXT_IN:
                severity, status = alarm.MINOR_ALARM, alarm.HW_LIMIT_ALARM
        elif declared.is_missing(value):
            severity, status = alarm.INVALID_ALARM, alarm.UDF_ALARM
        extra = {} if timestamp is None else {"timestamp": timestamp}
        self._records[name].set(value, severity=severity, alarm=status, **extra)

    def _make(self, record: Record) -> Any:
        fields: dict[str, Any] = {"DESC": record.description}
        if record.initial is not None:
            fields["initial_value"] = record.initial
        if record.kind.writable:
            fields |= self._put_handlers(record)
        elif record.group in _UPDATED_TOGETHER:
            fields["TSE"] = DEVICE_TIME
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
                fields |= {"ZNAM": zero, "ONAM": one}
                fields |= {"ZSV": severities.get(zero), "OSV": severities.get(one)}
                fields["initial_value"] = 0
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
            case Kind.TEXT_OUT:
                make = builder.longStringOut
                fields["length"] = record.length
            case Kind.DOUBLES | Kind.INTEGERS:
                make = builder.WaveformIn
                dtype = "float64" if record.kind is Kind.DOUBLES else "int32"
                fields |= {"datatype": dtype, "length": record.length}
                fields |= {"EGU": record.unit, "PREC": record.precision}
        return make(record.name, **fields)

    def _put_handlers(self, record: Record) -> dict[str, Any]:
        if record.kind is Kind.COMMAND:
            return {"blocking": True, "on_update": self._runner(record.name)}

        def validate(_: object, value: Any) -> bool:
            complaint = record.complaint(value)
            if complaint:
                shown = repr(value) if isinstance(value, str) else f"{value:.10g}"
                self._on_refused(record.name, f"{shown}: {complaint}")
            return not complaint

        def on_update(value: Any) -> None:
            self._on_put(record.name, value)

        return {"validate": validate, "on_update": on_update}

    def _runner(self, name: str) -> Callable[[int], Awaitable[None]]:
        command = self._commands[name]

        async def run(value: int) -> None:
            if not value:
                return
            record = self._records[name]
            _post(record)
            await command()
            # A put without callback that came meanwhile has asked EPICS to process the
            # record once more: leave the 1 that it wrote, so that it runs, too.
            if record.get_field("RPRO") == "0":
                record.set(0, process=False)
                _post(record)

        return run


def _post(record: Any) -> None:
    """Tell monitors the value of a command record that is being processed.

    EPICS posts monitors only once an asynchronous record is done, by when the value
    is 0 again; without this no screen would ever see a command run.
    """
    address = record._record.record.value  # noqa: SLF001, softioc has no way for it
    offset = imports.get_field_offsets("bo")["VAL"][0]
    pointer, field = ctypes.c_void_p(address), ctypes.c_void_p(address + offset)
    imports.dbCore.dbScanLock(pointer)
    imports.dbCore.db_post_events(pointer, field, ctypes.c_uint(_DBE_VALUE_AND_LOG))
    imports.dbCore.dbScanUnlock(pointer)


def _limits(record: Record) -> dict[str, float | None]:
    """Limits for display. EPICS would cut to drive limits what is to be refused."""
    return {"LOPR": record.low, "HOPR": record.high}


def _fit(text: str, room: int) -> tuple[str, bool]:
    """Cut a text to so many bytes, without cutting a character in two."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= room:
        return text, False
    return encoded[:room].decode(errors="ignore"), True
