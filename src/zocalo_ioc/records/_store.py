"""Sets and reads records in EPICS: nothing else in the package does.

EPICS processes a record before `EpicsStore.set` returns, in the caller's thread: to
leave that to EPICS's own threads, as softioc does, costs three times as much.
"""

import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ._epics import find, locked, process
from ._fields import Fields, pack_time
from ._handles import Change, Record, Store
from .datatypes import Alarm, Text

_Value = tuple[Record[Any], Any, Alarm]
"""A raw value, and the alarm that it raises."""


class EpicsStore(Store):
    """The values of the records of one IOC.

    Attributes:
        made: the records of softioc, by name.
        addresses: where EPICS has them, once it is initialised.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Any] = {}
        self.addresses: dict[str, int] = {}
        self._fields: dict[str, Fields] = {}
        self._first: dict[str, str] = {}  # of its update, for the name of each record

    def get(self, record: Record[Any]) -> Any:
        """Return the raw value of a record."""
        return self.made[record.name].get() if record.writable else super().get(record)

    def put(self, record: Record[Any], raw: Any) -> None:
        """Set a record to a raw value, as if a client had."""
        self.made[record.name].set(raw)

    def set(self, record: Record[Any], value: Any) -> None:
        """Set a record, unless it has that value already; a text is set in any case."""
        raw, raised = record.datatype.encode(value)
        if isinstance(record.datatype, Text) or self.get(record) != raw:
            self._write([(record, raw, raised)], time.time())

    def update(self, changes: Sequence[Change], timestamp: float) -> None:
        """Set the records of an update as one.

        EPICS processes them one after the other under one lock.
        """
        values = [(it.record, *it.record.datatype.encode(it.value)) for it in changes]
        self._write(values, timestamp)

    def link(self, records: Sequence[Record[Any]]) -> None:
        """Have EPICS process records one after the other, with one time stamp.

        Call this before the IOC is initialised.
        """
        for record in records:
            self._first[record.name] = records[0].name
        for record, after in pairwise(records):
            self.made[record.name].FLNK = self.made[after.name]

    def start(self, records: Iterable[Record[Any]]) -> None:
        """Set records for the first time, once EPICS has them and before clients do."""
        self.addresses = {name: find(str(made)) for name, made in self.made.items()}
        updates: dict[str, list[_Value]] = {}
        for record in records:
            name = record.name
            self._fields[name] = Fields(record, self.addresses[name])
            missing = getattr(record.datatype, "missing", None)
            initial = self.get(record) if missing is None else missing
            value = record.datatype.encode(record.datatype.decode(initial))
            updates.setdefault(self._first.get(name, name), []).append((record, *value))
        for values in updates.values():
            self._write(values, time.time())

    def _write(self, values: Sequence[_Value], timestamp: float) -> None:
        """Set one record, or all of an update."""
        stamp = pack_time(timestamp)
        packed = [
            (fields := self._fields[record.name], fields.pack(raw), raised)
            for record, raw, raised in values
        ]
        name = values[0][0].name
        first = self.addresses[self._first.get(name, name)]
        with locked(first):
            for fields, value, raised in packed:
                fields.write(value, raised, stamp)
            self._values.update((record.name, raw) for record, raw, _ in values)
            process(first)
