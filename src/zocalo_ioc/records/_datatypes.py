"""Datatypes: what a record holds, a class each.

A datatype knows its EPICS record types, how softioc makes them, and which values they
refuse in which words. Values have two forms: that of Python, such as ``State.DONE``,
and the raw one that EPICS stores, such as 5.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum as PythonEnum
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
N = TypeVar("N", int, float)

_STRING_BYTES = 40


class Alarm(PythonEnum):
    """What a value that is set makes of the alarm of its record."""

    NONE = "no alarm of its own"
    MISSING = "the value stands for none"
    CUT = "the text was too long"


class Datatype(Generic[T]):
    """What a record holds.

    Attributes:
        types: names of the EPICS record types, first read only, then writable.
        zero: the raw value that a writable record starts with.
        unit: EGU.
        choices: names of the values of an enumeration, from 0.
        dtype: how numpy calls the type of an element of an array.
    """

    types: ClassVar[tuple[str, str]]
    dtype: ClassVar[str]
    zero: ClassVar[Any] = 0
    unit: str = ""
    choices: tuple[str, ...] = ()

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make the record with ``softioc.builder``."""
        raise NotImplementedError

    def encode(self, value: T) -> tuple[Any, Alarm]:
        """Return the raw form of a value, and the alarm that it raises."""
        return value, Alarm.NONE

    def decode(self, raw: Any) -> T:
        """Return a value from its raw form."""
        return raw

    def refusal(self, raw: object) -> str:
        """Say why a raw value is refused; empty if it is not."""
        raise NotImplementedError

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say why what a client sends is refused; empty if it is not.

        EPICS converts a string by its leading part, and cuts fractions off.

        Args:
            value: what was sent.
            is_string: whether it was sent as an EPICS string, as caput does.
        """
        return ""

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say which values there are, with each choice quoted in some way."""
        return ""


@dataclass(frozen=True, eq=False)
class _Number(Datatype[N]):
    """What `Float` and `Int` share.

    Attributes:
        unit: EGU.
        precision: PREC, of a `Float`.
        low, high: the values that clients may write, both included: LOPR and HOPR.
            EPICS would cut to drive limits what should be refused.
        missing: the value that stands for none.
    """

    _written: ClassVar[re.Pattern[str]]
    unit: str = ""
    precision: int = 0
    low: N | None = None
    high: N | None = None
    missing: N | None = None

    def encode(self, value: N) -> tuple[N, Alarm]:
        """Return the number, with an alarm if it stands for none."""
        is_nan = value != value  # and so not equal to `missing`, which is NaN, too
        is_missing = value == self.missing or (is_nan and self.missing is not None)
        return value, Alarm.MISSING if is_missing else Alarm.NONE

    def refusal(self, raw: object) -> str:
        """Say that a number is past the limits."""
        assert isinstance(raw, int | float)
        low, high = self.low, self.high
        if low is None or high is None or low <= raw <= high:
            return ""
        unit = f" {self.unit}" if self.unit else ""
        return f"it must be {low:g} to {high:.10g}{unit}"

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say that it is more than a number, or past the limits."""
        if isinstance(value, str):
            if not self._written.fullmatch(value):
                return "it must be a decimal number and nothing else"
            value = float(value)
        return self.refusal(int(value) if value % 1 == 0 else value)

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the limits."""
        if self.low is None or self.high is None:
            return ""
        return f", {self.low:g} to {self.high:.10g}"


class Float(_Number[float]):
    """A number of 64 bits."""

    types = "ai", "ao"
    _written = re.compile(
        r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*", re.ASCII
    )

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make an ai or ao."""
        make = builder.aOut if writable else builder.aIn
        fields |= {"EGU": self.unit, "PREC": self.precision}
        return make(name, **fields, LOPR=self.low, HOPR=self.high)

    def refusal(self, raw: object) -> str:
        """Say that it is not a number, or past the limits."""
        if not isinstance(raw, int | float):
            return "it must be a number"
        return super().refusal(raw)


class Int(_Number[int]):
    """A whole number of 32 bits."""

    types = "longin", "longout"
    _written = re.compile(r"\s*[-+]?[0-9]+\s*", re.ASCII)

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a longin or longout."""
        make = builder.longOut if writable else builder.longIn
        return make(name, **fields, EGU=self.unit, LOPR=self.low, HOPR=self.high)

    def refusal(self, raw: object) -> str:
        """Say that it is not a whole number, or past the limits."""
        if not isinstance(raw, int):
            return "it must be a whole number"
        return super().refusal(raw)


@dataclass(frozen=True, eq=False)
class Enum(Datatype[T]):
    """One of up to 16 values, each with a name.

    Attributes:
        values: the values by name, in the order of their numbers.
        severities: alarm severities of some names.
    """

    types = "mbbi", "mbbo"
    values: Mapping[str, T]
    severities: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def choices(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The names."""
        return tuple(self.values)

    @cached_property
    def _values(self) -> tuple[T, ...]:
        return tuple(self.values.values())

    @cached_property
    def _numbers(self) -> dict[T, int]:
        return {value: number for number, value in enumerate(self._values)}

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make an mbbi or mbbo."""
        make = builder.mbbOut if writable else builder.mbbIn
        options = [(choice, self.severities.get(choice)) for choice in self.choices]
        return make(name, *options, **fields)

    def encode(self, value: T) -> tuple[int, Alarm]:
        """Return the number of a value."""
        return self._numbers[value], Alarm.NONE

    def decode(self, raw: int) -> T:
        """Return the value of a number."""
        return self._values[raw]

    def refusal(self, raw: object) -> str:
        """Say that it is not the number of a choice."""
        if not isinstance(raw, int):
            return "it must be a whole number"
        if 0 <= raw < len(self.choices):
            return ""
        return f"it must be 0 to {len(self.choices) - 1} ({', '.join(self.choices)})"

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say that it is neither a choice nor the number of one."""
        if not isinstance(value, str):
            return self.refusal(int(value) if value % 1 == 0 else value)
        if value in (*self.choices, *map(str, range(len(self.choices)))):
            return ""
        return f"it must be one of {', '.join(self.choices)}"

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Name the choices, with their severities."""
        return ": " + ", ".join(
            quoted(choice)
            + (f" ({self.severities[choice]})" if choice in self.severities else "")
            for choice in self.choices
        )


class Bool(Enum[bool]):
    """Two values with names: first that of False, then that of True."""

    types = "bi", "bo"

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a bi, or a bo that runs something at every put."""
        make = builder.Action if writable else builder.boolIn
        zero, one = self.choices
        fields |= {"ZNAM": zero, "ONAM": one, "initial_value": 0}
        if not writable:
            severities = self.severities
            fields |= {"ZSV": severities.get(zero), "OSV": severities.get(one)}
        return make(name, **fields)

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say that it is neither 0 nor 1."""
        accepted = ("0", "1", *self.choices) if is_string else (0, 1)
        taken = (value.strip() if isinstance(value, str) else value) in accepted
        return "" if taken else "it must be 1"


@dataclass(frozen=True, eq=False)
class String(Datatype[str]):
    """A text of up to 39 bytes, which the IOC sets."""

    types = "stringin", "stringout"

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a stringin."""
        assert not writable
        return builder.stringIn(name, **fields)

    def encode(self, value: str) -> tuple[str, Alarm]:
        """Cut a text that is too long."""
        return _cut(value, _STRING_BYTES - 1), Alarm.NONE


@dataclass(frozen=True, eq=False)
class Text(Datatype[str]):
    """A text in an array of characters.

    Attributes:
        length: bytes, with the null that ends it.
    """

    types = "char waveform, read only", "char waveform"
    zero = ""
    length: int

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a waveform of characters."""
        make = builder.longStringOut if writable else builder.longStringIn
        return make(name, **fields, length=self.length)

    def encode(self, value: str) -> tuple[str, Alarm]:
        """Cut a text that is too long, with an alarm."""
        text = _cut(value, self.length - 1)
        return text, Alarm.NONE if text is value else Alarm.CUT

    def refusal(self, raw: object) -> str:
        """Say that it is not a text, or too long."""
        if not isinstance(raw, str):
            return "it must be text"
        if "\ufffd" in raw:
            return "it is not UTF-8 text"
        if len(raw.encode()) >= self.length:
            return f"it is longer than {self.length - 1} bytes"
        return ""

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say that it was sent as an EPICS string."""
        return "it was sent as a short string: use caput -S" if is_string else ""

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the length."""
        return f", {self.length}"


@dataclass(frozen=True, eq=False)
class Array(Datatype[T]):
    """Elements of one type, as many as there are, up to a length.

    Attributes:
        length: the most elements.
        unit: EGU.
        precision: PREC.
    """

    length: int
    unit: str = ""
    precision: int = 0

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a waveform."""
        assert not writable
        fields |= {"datatype": self.dtype, "length": self.length}
        return builder.WaveformIn(name, **fields, EGU=self.unit, PREC=self.precision)

    def encode(self, value: Any) -> tuple[Any, Alarm]:
        """Leave out the elements past the length."""
        return value[: self.length], Alarm.NONE

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the length."""
        return f", {self.length}"


class Floats(Array[Sequence[float] | NDArray[np.float64]]):
    """Numbers of 64 bits."""

    types = "double waveform, read only", "double waveform"
    dtype = "float64"


class Ints(Array[Sequence[int] | NDArray[np.int32]]):
    """Whole numbers of 32 bits."""

    types = "long waveform, read only", "long waveform"
    dtype = "int32"


class Strings(Array[Sequence[str] | NDArray[np.bytes_]]):
    """Texts of up to 39 bytes."""

    types = "string waveform, read only", "string waveform"
    dtype = "S40"


def _cut(text: str, room: int) -> str:
    """Cut a text to so many bytes, without cutting a character in two."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= room:
        return text
    return encoded[:room].decode(errors="ignore")
