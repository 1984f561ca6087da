"""What the declarations of tables and images say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._handles import Counter, Record, attribute


class _OfRecords:
    """What is made of records for PV Access clients.

    Attributes:
        name: its name, after the prefix.
        access: what clients do with it, in the words of PVI.
    """

    name: str
    access = "r"

    @property
    def pvi_name(self) -> str:
        """Its name as an attribute of a device."""
        return attribute(self.name)


@dataclass(frozen=True)
class Image(_OfRecords):
    """An NTNDArray for PV Access clients, made of records.

    Attributes:
        name: its name, after the prefix.
        pixels: the array, row after row. An update of it makes one of the image.
        size: its columns and rows.
        description: what it shows.
    """

    name: str
    pixels: Record[Any]
    size: tuple[Record[int], Record[int]]
    description: str


@dataclass(frozen=True)
class Table(_OfRecords):
    """An NTTable for PV Access clients, made of arrays that are records, too.

    Attributes:
        name: its name, after the prefix.
        columns: the arrays, by the names of the columns.
        counter: the record whose update makes one update of the table.
        description: what a row is.
        beside: records with further values of the same update, by field.
    """

    name: str
    columns: Mapping[str, Record[Any]]
    counter: Counter
    description: str
    beside: Mapping[str, Record[Any]] = field(default_factory=dict[str, Record[Any]])

    @property
    def labels(self) -> str:
        """The record with the names of the columns."""
        return f"{self.name}:LABELS"
