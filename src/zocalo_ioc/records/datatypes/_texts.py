"""Texts, which are cut where they are too long."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._datatype import Alarm, Datatype

_STRING_BYTES = 40


@dataclass(frozen=True, eq=False)
class String(Datatype[str]):
    """A text of up to 39 bytes, which the IOC sets."""

    types = "stringin", "stringout"
    dtype = "S40"
    zero = ""

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
    dtype = "uint8"
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
        """Say that it was sent as an EPICS string, or as a number."""
        if is_string:
            return "it was sent as a short string: use caput -S"
        if isinstance(value, str) or value == 0:  # Phoebus's empty text
            return ""
        return "it was sent as a number: use caput -S"  # EPICS would take a code

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the length."""
        return f", {self.length}"


def _cut(text: str, room: int) -> str:
    """Cut a text to so many bytes, without cutting a character in two."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= room:
        return text
    return encoded[:room].decode(errors="ignore")
