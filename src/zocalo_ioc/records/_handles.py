"""Typed handles: a record as it is declared, and what may be done with it.

The class of a handle says who sets the record: clients (`Option`, `RequestField`,
`Action`, `TextAction`), the IOC (`Readback`, `Updated`), or EPICS (`Calculated`).
"""

import copy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from .datatypes import Datatype

T = TypeVar("T")


class Group(StrEnum):
    """The parts of the interface."""

    REQUEST = "Request"
    COMMAND = "Commands"
    OPTION = "Options"
    STATUS = "Status"
    RESULT = "Result"
    CENTRES = "Every centre, strongest first"
    BEST = "The strongest centre"
    MOTOR = "The strongest centre, as motor positions"
    HISTORY = "History"
    GRIDS = "Grids: spots counted so far"


class Store:
    """Raw values of records, in memory alone; `EpicsStore` has them in EPICS."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, record: "Record[Any]") -> Any:
        """Return the raw value of a record."""
        unset = record.datatype.zero if record.initial is None else record.initial
        return self._values.get(record.name, unset)

    def set(self, record: "Record[Any]", value: Any) -> None:
        """Set a record."""
        self._values[record.name], _ = record.datatype.encode(value)

    def update(self, changes: "Sequence[Change]", timestamp: float) -> None:
        """Set the records of an update as one."""
        for change in changes:
            self.set(change.record, change.value)

    def put(self, record: "Record[Any]", raw: Any) -> None:
        """Set a record to a raw value, as if a client had."""
        self._values[record.name] = raw


class Record(Generic[T]):
    """The declaration of a record. One that has a store is a handle, too.

    Attributes:
        name: its name, after the prefix.
        datatype: what it holds.
        description: DESC, at most 40 characters.
        initial: its raw value at the start, if it is declared.
        group: the part of the interface it is in.
        column: the column that it is of its table, or of the ranked centres.
        store: where its value is.
        writable: whether clients may write it.
        access: how PVI says what clients do with it: read, write, both or execute.
    """

    writable: ClassVar = False
    access: ClassVar = "r"
    group: Group
    column: str = ""
    store: Store

    def __init__(
        self,
        name: str,
        datatype: Datatype[T],
        description: str,
        *,
        initial: float | str | None = None,
    ) -> None:
        self.name = name
        self.datatype = datatype
        self.description = description
        if initial is None and self.writable:
            initial = datatype.zero
        self.initial = initial

    def bound(self, group: Group, store: Store, column: str) -> Self:
        """Return a handle, for the records of one IOC."""
        handle = copy.copy(self)
        handle.group, handle.column, handle.store = group, column, store
        return handle

    @property
    def type(self) -> str:
        """The EPICS record type."""
        return self.datatype.types[self.writable]

    @property
    def pvi_name(self) -> str:
        """Its name as an attribute of a device, for example ``result_seq``."""
        return attribute(self.name)

    def get(self) -> T:
        """Return the value, as the latest put or set has left it."""
        return self.datatype.decode(self.store.get(self))


class Readback(Record[T]):
    """A record that the IOC sets when it knows something new."""

    def set(self, value: T) -> None:
        """Set the record. Clients have it when this returns; see `database`."""
        self.store.set(self, value)


def after(number: int) -> int:
    """Return the next number of a counter, which has 31 bits: 0 follows the last."""
    return (number + 1) % 2**31


def count(record: Readback[int]) -> None:
    """Add one to a record."""
    record.set(after(record.get()))


@dataclass(frozen=True)
class Change:
    """A new value of a record, as part of an update."""

    record: Record[Any]
    value: Any


class Updated(Record[T]):
    """A record that the IOC sets as one with others, in `Pvs.update`."""

    def to(self, value: T) -> Change:
        """Return the record with a new value, for `Pvs.update`."""
        return Change(self, value)


class Counter(Updated[int]):
    """The record that is set last in an update, so that clients know of it."""


class Calculated(Record[float]):
    """A record that EPICS calculates. A template makes it."""

    @property
    def type(self) -> str:
        """The EPICS record type."""
        return "calc"


class Writable(Record[T]):
    """A record that clients write."""

    writable = True
    access = "rw"


class Setting(Writable[T]):
    """A value that clients write, and that survives a restart of the IOC.

    Attributes:
        seen: the raw value of the latest put that the event loop has seen. A command
            runs in that loop as well, so it sees what was put before it, and nothing
            that was put after.
    """

    seen: Any

    def bound(self, group: Group, store: Store, column: str) -> Self:
        """Return a handle, for the records of one IOC."""
        handle = super().bound(group, store, column)
        handle.seen = self.initial
        return handle

    def put(self, raw: Any) -> None:
        """Set the record to a raw value, as if a client had."""
        self.seen = raw
        self.store.put(self, raw)


class Option(Setting[T]):
    """A setting that holds from the moment at which EPICS has it."""


class RequestField(Setting[T]):
    """A part of the next request, which a command takes as it was when it was put."""

    def get(self) -> T:
        """Return the value of the latest put that the event loop has seen."""
        return self.datatype.decode(self.seen)


class Action(Writable[bool]):
    """A record that makes the IOC do something. A put ends when that is done."""

    access = "x"
    run: Callable[[], Awaitable[object]]
    """What to do."""


class TextAction(Writable[str]):
    """A command that takes a text.

    PVI calls it written only: plans that save and load what can be read and written
    would do what it says once more.
    """

    access = "w"
    run: Callable[[str], Awaitable[object]]
    """What to do with the text."""

    @property
    def type(self) -> str:
        """The EPICS record type."""
        return f"{super().type}, a command"


class Section:
    """Handles of one part of the interface.

    A subclass declares each record as a class attribute, or those that are set column
    by column as one dictionary. An instance has handles in place of the declarations.
    """

    group: ClassVar[Group]

    def __init__(self, store: Store) -> None:
        self.records: list[Record[Any]] = []
        for name, declared in vars(type(self)).items():
            match declared:
                case _ if name.startswith("_"):
                    pass
                case Record():
                    handle = self._bound(declared, store)
                    setattr(self, name, handle)
                case dict():
                    columns: dict[str, Record[Any]] = declared
                    handles = {c: self._bound(r, store, c) for c, r in columns.items()}
                    setattr(self, name, handles)
                case _:
                    pass

    def _bound(
        self, declared: Record[Any], store: Store, column: str = ""
    ) -> Record[Any]:
        handle = declared.bound(self.group, store, column)
        self.records.append(handle)
        return handle


def attribute(name: str) -> str:
    """Return the name of a record or table as an attribute of a device."""
    return name.lower().replace(":", "_")
