"""What a declaration of a record or of a table says."""

import math
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The type of a record, as EPICS calls it; one in, to be set by the IOC alone."""

    AI = "ai"
    AO = "ao"
    BI = "bi"
    CALC = "calc"
    COMMAND = "bo"
    LONGIN = "longin"
    LONGOUT = "longout"
    MBBI = "mbbi"
    MBBO = "mbbo"
    STRINGIN = "stringin"
    TEXT_IN = "char waveform, read only"
    TEXT_OUT = "char waveform"
    TEXT_COMMAND = "char waveform, a command"
    DOUBLES = "double waveform, read only"
    INTEGERS = "long waveform, read only"
    STRINGS = "string waveform, read only"

    @property
    def writable(self) -> bool:
        """Whether clients may write it."""
        return self in (Kind.AO, Kind.LONGOUT, Kind.MBBO, Kind.TEXT_OUT) or (
            self.is_command
        )

    @property
    def is_command(self) -> bool:
        """Whether a put makes the IOC do something, and ends with it."""
        return self in (Kind.COMMAND, Kind.TEXT_COMMAND)

    @property
    def access(self) -> str:
        """How PVI says what clients do with it: read, write, both or execute.

        A text command is written only: plans that save and load what can be read and
        written would do what it says once more.
        """
        match self:
            case Kind.COMMAND:
                return "x"
            case Kind.TEXT_COMMAND:
                return "w"
            case _:
                return "rw" if self.writable else "r"

    @property
    def is_array(self) -> bool:
        """Whether it has a length that changes."""
        return self in _DTYPES

    @property
    def dtype(self) -> str:
        """How numpy calls the type of the elements of an array."""
        return _DTYPES[self]


_DTYPES = {Kind.DOUBLES: "float64", Kind.INTEGERS: "int32", Kind.STRINGS: "S40"}


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


@dataclass(frozen=True)
class Record:
    """The declaration of a record.

    Attributes:
        group: the part of the interface it is in.
        name: its name, after the prefix.
        kind: its type.
        description: DESC, at most 40 characters.
        initial: its value at the start.
        unit: EGU.
        precision: PREC.
        low, high: the values it takes, both included. They are LOPR and HOPR.
        length: elements of a waveform, bytes of a text with its closing null.
        choices: names of the values of an enumeration, from 0.
        severities: alarm severities of some of those.
        column: the column that it is of its table, or of the ranked centres.
        missing: the value that stands for none; it has INVALID severity.
    """

    group: Group
    name: str
    kind: Kind
    description: str
    _: KW_ONLY
    initial: float | str | None = None
    unit: str = ""
    precision: int = 0
    low: float | None = None
    high: float | None = None
    length: int = 0
    choices: tuple[str, ...] = ()
    severities: tuple[tuple[str, str], ...] = ()
    column: str = ""
    missing: float | None = None

    @property
    def access(self) -> str:
        """What clients do with it, in the words of PVI."""
        return self.kind.access

    @property
    def pvi_name(self) -> str:
        """Its name as an attribute of a device, for example ``result_seq``."""
        return _attribute(self.name)

    def is_missing(self, value: object) -> bool:
        """Whether a value stands for none."""
        if self.missing is None or not isinstance(value, int | float):
            return False
        return math.isnan(value) if math.isnan(self.missing) else value == self.missing

    def complaint(self, value: object) -> str:
        """Say why the record can't take a value; empty if it can."""
        if isinstance(value, str) != isinstance(self.initial, str):
            return f"it must be a {type(self.initial).__name__}"
        if isinstance(value, str):
            if "\ufffd" in value:
                return "it is no UTF-8 text"
            if len(value.encode()) >= self.length:
                return f"it is longer than {self.length - 1} bytes"
            return ""
        if not isinstance(value, int if self.kind is not Kind.AO else int | float):
            return "it must be a whole number"
        low, high = self.low, self.high
        if self.choices:
            low, high = 0, len(self.choices) - 1
            meaning = f" ({', '.join(self.choices)})"
        else:
            meaning = f" {self.unit}" if self.unit else ""
        if low is None or high is None or low <= value <= high:
            return ""
        return f"it must be {low:g} to {high:.10g}{meaning}"

    def put_complaint(self, value: float | str, is_string: bool) -> str:
        """Say why the record can't take what a client sends; empty if it can.

        EPICS converts a string by its leading part, and cuts fractions off.

        Args:
            value: what was sent.
            is_string: whether it was sent as an EPICS string, as caput does.
        """
        if isinstance(self.initial, str):
            return "it was sent as a short string: use caput -S" if is_string else ""
        if self.choices:
            return self._choice_complaint(value, is_string)
        whole = self.kind is Kind.LONGOUT
        if isinstance(value, str):
            if not (_WHOLE if whole else _DECIMAL).fullmatch(value):
                return "it must be a decimal number and nothing else"
            value = float(value)
        return self.complaint(int(value) if whole and value % 1 == 0 else value)

    def _choice_complaint(self, value: float | str, is_string: bool) -> str:
        if self.kind is Kind.COMMAND:
            accepted = ("0", "1", *self.choices) if is_string else (0, 1)
            taken = (value.strip() if isinstance(value, str) else value) in accepted
            return "" if taken else "it must be 1"
        if not isinstance(value, str):
            return self.complaint(int(value) if value % 1 == 0 else value)
        is_number = re.match(r"\s*[-+]?[0-9]", value)
        is_past = re.fullmatch(r"[0-9]{1,9}", value) and int(value) >= len(self.choices)
        if value in self.choices or (is_number and not is_past):
            return ""
        return f"it must be one of {', '.join(self.choices)}"


_WHOLE = re.compile(r"\s*[-+]?[0-9]+\s*")
_DECIMAL = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*")


@dataclass(frozen=True)
class Table:
    """An NTTable for PV Access clients, made of arrays that are records, too.

    Attributes:
        name: its name, after the prefix.
        columns: the arrays.
        counter: the record whose update makes one update of the table.
        description: what a row is.
        beside: fields with further values of the same update, by the name of the record
            that has the value.
    """

    name: str
    columns: tuple[Record, ...]
    counter: str
    description: str
    beside: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def pvi_name(self) -> str:
        """Its name as an attribute of a device."""
        return _attribute(self.name)

    @property
    def access(self) -> str:
        """What clients do with it, in the words of PVI."""
        return "r"

    @property
    def labels(self) -> str:
        """The record with the names of the columns."""
        return f"{self.name}:LABELS"


def _attribute(name: str) -> str:
    return name.lower().replace(":", "_")
