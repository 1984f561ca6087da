"""Numbers, with units and limits."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from ._datatype import Alarm, Datatype

N = TypeVar("N", int, float)


@dataclass(frozen=True, eq=False)
class _Number(Datatype[N]):
    """What `Float` and `Int` share.

    Attributes:
        unit: EGU.
        precision: PREC, of a `Float`.
        low, high: the values that clients may write, both included: LOPR and HOPR.
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
            if not is_string:  # EPICS would take the code of its first character
                return "it was sent as characters: use caput without -S"
            if not self._written.fullmatch(value):
                return "it must be a plain decimal number"
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
    dtype = "float64"
    _written = re.compile(
        r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*", re.ASCII
    )

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make an ai or ao."""
        make = builder.aOut if writable else builder.aIn
        fields |= {"EGU": self.unit, "PREC": self.precision}
        if writable and self.low is not None and self.high is not None:
            # the control limits, to which EPICS cuts: just outside, to be refused
            fields["DRVL"] = min(math.nextafter(self.low, -math.inf), self.low - 1e-9)
            fields["DRVH"] = max(math.nextafter(self.high, math.inf), self.high + 1e-9)
        if self.missing is None and not writable:
            fields["UDFS"] = "NO_ALARM"  # else NaN would be INVALID here as well
        return make(name, **fields, LOPR=self.low, HOPR=self.high)

    def refusal(self, raw: object) -> str:
        """Say that it is not a number, or past the limits."""
        if not isinstance(raw, int | float):
            return "it must be a number"
        return super().refusal(raw)


@dataclass(frozen=True, eq=False)
class Int(_Number[int]):
    """A whole number of 32 bits.

    Attributes:
        minor_from: the number from which on it is a MINOR alarm.
        major_to: the number up to which it is a MAJOR alarm.
    """

    minor_from: int | None = None
    major_to: int | None = None
    types = "longin", "longout"
    dtype = "int32"
    _written = re.compile(r"\s*[-+]?[0-9]+\s*", re.ASCII)

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a longin or longout."""
        make = builder.longOut if writable else builder.longIn
        if self.minor_from is not None:
            fields |= {"HIGH": self.minor_from, "HSV": "MINOR"}
        if self.major_to is not None:
            fields |= {"LOLO": self.major_to, "LLSV": "MAJOR"}
        return make(name, **fields, EGU=self.unit, LOPR=self.low, HOPR=self.high)

    @property
    def alarming(self) -> bool:
        """Whether some values are alarms."""
        return (self.minor_from, self.major_to) != (None, None)

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the limits."""
        if self.minor_from is not None:
            return f", {self.minor_from} or more MINOR"
        if self.major_to is not None:
            return f", {self.major_to} MAJOR"
        return super().summary(quoted)

    def refusal(self, raw: object) -> str:
        """Say that it is not a whole number, or past the limits."""
        if not isinstance(raw, int):
            return "it must be a whole number"
        return super().refusal(raw)
