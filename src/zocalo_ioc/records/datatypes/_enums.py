"""Enumerations, with alarm severities."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from ._datatype import Alarm, Datatype

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Enum(Datatype[T]):
    """One of up to 16 values, each with a name.

    Attributes:
        values: the values by name, in the order of their numbers.
        severities: alarm severities of some names.
    """

    types = "mbbi", "mbbo"
    dtype = "uint16"
    values: Mapping[str, T]
    severities: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def choices(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The names."""
        return tuple(self.values)

    @property
    def alarming(self) -> bool:
        """Whether some values are alarms."""
        return bool(self.severities)

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
        """Make a bi or bo."""
        make = builder.boolOut if writable else builder.boolIn
        zero, one = self.choices
        alarms = self.severities.get(zero), self.severities.get(one)
        fields |= {"ZNAM": zero, "ONAM": one, "ZSV": alarms[0], "OSV": alarms[1]}
        return make(name, **{"initial_value": 0} | fields)


class Push(Bool):
    """A command: 1 while it runs, and 0 after."""

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a bo that runs something at every put."""
        zero, one = self.choices
        fields |= {"ZNAM": zero, "ONAM": one, "initial_value": 0}
        return builder.Action(name, **fields)

    def refusal(self, raw: object) -> str:
        """Say that it is neither 0 nor 1; writing 0 does nothing."""
        return "" if raw in (0, 1) else "it must be 1"

    def put_refusal(self, value: float | str, is_string: bool) -> str:
        """Say that it is neither 0 nor 1."""
        accepted = ("0", "1", *self.choices) if is_string else (0, 1)
        taken = (value.strip() if isinstance(value, str) else value) in accepted
        return "" if taken else "it must be 1"
