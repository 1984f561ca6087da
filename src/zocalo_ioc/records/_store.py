"""Sets and reads records in EPICS: nothing else in the package does.

EPICS processes a record before `EpicsStore.set` returns, in the caller's thread: to
leave that to EPICS's own threads, as softioc does, costs three times as much.
"""

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from softioc import alarm

from ._handles import Change, Record, Store
from .datatypes import Alarm, Text

_DEVICE_TIME = -2
"""TSE of a record that takes its time stamp from `EpicsStore.update`."""
_ALARMS: Mapping[Alarm, Mapping[str, int]] = {
    Alarm.NONE: {"severity": alarm.NO_ALARM, "alarm": alarm.NO_ALARM},
    Alarm.MISSING: {"severity": alarm.INVALID_ALARM, "alarm": alarm.UDF_ALARM},
    Alarm.CUT: {"severity": alarm.MINOR_ALARM, "alarm": alarm.HW_LIMIT_ALARM},
}


class EpicsStore(Store):
    """The values of the records of one IOC.

    Attributes:
        made: the records of softioc, by name.
    """

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}
        self._first: dict[str, Any] = {}  # of its update, by the name of each record

    def get(self, record: Record[Any]) -> Any:
        """Return the raw value of a record."""
        return self.made[record.name].get()

    def put(self, record: Record[Any], raw: Any) -> None:
        """Set a record to a raw value, as if a client had."""
        self.made[record.name].set(raw)

    def set(self, record: Record[Any], value: Any) -> None:
        """Set a record, unless it has that value already."""
        name = record.name
        # text is also set from threads of EPICS, which may overtake each other
        if not isinstance(record.datatype, Text):
            if name in self._shown and self._shown[name] == value:
                return
            self._shown[name] = value
        self._write(record, value)
        self.made[name].set_field("PROC", 1)

    def update(self, changes: Sequence[Change], timestamp: float) -> None:
        """Set the records of an update as one.

        EPICS processes them one after the other under one lock.
        """
        for change in changes:
            self._write(change.record, change.value, timestamp=timestamp)
        self._first[changes[0].record.name].set_field("PROC", 1)

    def link(self, records: Sequence[Record[Any]]) -> None:
        """Have EPICS process records one after the other, with one time stamp.

        Call this before the IOC is initialised.
        """
        now = time.time()
        for record in records:
            made = self.made[record.name]
            made.PINI, made.TSE = "NO", _DEVICE_TIME
            missing = getattr(record.datatype, "missing", None)
            initial = self.get(record) if missing is None else missing
            self._write(record, record.datatype.decode(initial), now)
            self._first[record.name] = self.made[records[0].name]
        self.made[records[0].name].PINI = "YES"
        for record, after in pairwise(records):
            self.made[record.name].FLNK = self.made[after.name]

    def _write(
        self, record: Record[Any], value: Any, timestamp: float | None = None
    ) -> None:
        """Leave a value for EPICS to take when it processes the record."""
        raw, raised = record.datatype.encode(value)
        self.made[record.name].set(raw, **_ALARMS[raised], timestamp=timestamp)
