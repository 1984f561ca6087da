"""What all datatypes have in common."""

from collections.abc import Callable
from enum import Enum as PythonEnum
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")


class Alarm(PythonEnum):
    """What a value that is set makes of the alarm of its record."""

    NONE = "no alarm of its own"
    MISSING = "the value stands for none"
    CUT = "the text was too long"


class Datatype(Generic[T]):
    """What a record holds.

    Attributes:
        types: names of the EPICS record types, first read only, then writable.
        zero: the raw value that a record starts with, if no other is declared.
        unit: EGU.
        choices: names of the values of an enumeration, from 0.
        dtype: how numpy calls the type of the value, or of an element of an array.
    """

    types: ClassVar[tuple[str, str]]
    dtype: ClassVar[str]
    zero: ClassVar[Any] = 0
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def alarming(self) -> bool:
        """Whether some values are alarms; those that stand for none are not meant."""
        return False

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
