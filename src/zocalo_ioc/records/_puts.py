"""Listens to what clients write, before EPICS converts it.

EPICS shows every put to those who listen, if the access security file says TRAPWRITE.
That is how a put is logged with who made it, and how a text that is no choice of an
enumeration is explained: it never reaches the record, so only its writer learns of it.
It is also how ``1234567x`` is refused, of which EPICS would take the leading digits,
and how ``010`` is ten, which EPICS would read as octal.
"""

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softioc import imports

from ..errors.files import AccessSecurityInvalid, FileUnreadable

_DEFAULT_ACCESS = Path(__file__).with_name("default.acf")
_STRING, _CHAR = 0, 4
_STRING_LENGTH = 40
_CHARS_READ = 256
_NUMBERS = {
    1: ctypes.c_int16,
    2: ctypes.c_float,
    3: ctypes.c_uint16,
    5: ctypes.c_int32,
    6: ctypes.c_double,
}
"""By the DBR codes of Channel Access."""


@dataclass(frozen=True)
class Put:
    """What a client writes.

    Attributes:
        who: ``user@host``, as the client says.
        pv: the PV.
        value: what is written; none through PV Access, which does not tell.
        is_string: whether it is an EPICS string, for EPICS to convert.
        done: whether it has been written.
    """

    who: str
    pv: str
    value: str | float | None
    is_string: bool
    done: bool


class _Message(ctypes.Structure):
    """``asTrapWriteMessage`` of EPICS base. A channel begins with its name."""

    _fields_ = (
        ("user", ctypes.c_char_p),
        ("host", ctypes.c_char_p),
        ("channel", ctypes.POINTER(ctypes.c_char_p)),
        ("private", ctypes.c_void_p),
        ("type", ctypes.c_int),
        ("count", ctypes.c_int),
        ("data", ctypes.c_void_p),
    )


_Listener = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Message), ctypes.c_int)
_kept: list[object] = []  # what EPICS calls must live for as long as the process


def listen(told: Callable[[Put], str | int | None]) -> None:
    """Tell of each put, twice: before and after it is made.

    Call this before the IOC is initialised.

    Args:
        told: called in the thread of EPICS that makes the put. For an EPICS string it
            may return another, not longer, for EPICS to convert in its place; for
            anything else 0, to have it written in its place.
    """

    def on_put(pointer: Any, done: int) -> None:
        message: _Message = pointer.contents
        pv = _text(message.channel.contents.value)
        who = f"{_text(message.user)}@{_text(message.host)}"
        is_string = message.type == _STRING
        put = Put(who, pv, _value(message), is_string, bool(done))
        instead = told(put)
        if isinstance(instead, str):
            ctypes.memmove(message.data, instead.encode() + b"\0", len(instead) + 1)
        elif instead is not None:
            size = ctypes.sizeof(_NUMBERS.get(message.type, ctypes.c_uint8))
            ctypes.memset(message.data, 0, size)

    listener = _Listener(on_put)
    _kept.append(listener)
    imports.dbCore.asTrapWriteRegisterListener(listener)


def set_access(file: Path | None) -> None:
    """Let an access security file say who may write, or everybody write commands.

    Call this before the IOC is initialised.

    Raises:
        SettingsInvalid: the file can't be read. What else is wrong with it makes
            EPICS say so, and `softioc.iocInit` fail.
    """
    file = (file or _DEFAULT_ACCESS).absolute()  # EPICS takes no relative one
    try:
        file.read_bytes()
    except OSError as error:
        reason = error.strerror or ""
        raise FileUnreadable("--access-security", str(file), reason) from None

    def check(status: Any, *_: object) -> Any:
        if status:
            raise AccessSecurityInvalid(str(file))
        return status

    imports.dbCore.asSetFilename(os.fsencode(file))
    imports.iocInit.errcheck = check


def _value(message: _Message) -> str | float | None:
    if not message.data or message.count < 1:
        return None
    match message.type:
        case _ if message.type == _STRING:
            return _text(ctypes.string_at(message.data, _STRING_LENGTH))
        case _ if message.type == _CHAR:
            # the client says how many, and EPICS has not checked it
            length = min(message.count, _CHARS_READ)
            return _text(ctypes.string_at(message.data, length))
        case known if known in _NUMBERS:
            length = min(message.count, _CHARS_READ)
            numbers = (_NUMBERS[known] * length).from_address(message.data)
            if length == 1 or not isinstance(numbers[0], int):
                return numbers[0]
            # Phoebus sends a text as the codes of its characters
            return _text(bytes(number % 256 for number in numbers))
        case _:
            return None


def _text(value: bytes | None) -> str:
    return (value or b"").split(b"\0")[0].decode(errors="replace")
