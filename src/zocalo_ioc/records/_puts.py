"""Tells of choices that EPICS itself refuses.

A text that is no choice of an enumeration never reaches the record: the client is told
that its put has failed, and nobody else learns why. EPICS shows every put to those who
listen before it converts it, if access security asks for that.
"""

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from softioc import imports

_DBR_STRING = 0
_ACCESS = Path(__file__).with_name("anybody.acf")


class _Put(ctypes.Structure):
    """``asTrapWriteMessage`` of EPICS base. A channel begins with its name."""

    _fields_ = (
        ("user", ctypes.c_char_p),
        ("host", ctypes.c_char_p),
        ("channel", ctypes.POINTER(ctypes.c_char_p)),
        ("private", ctypes.c_void_p),
        ("type", ctypes.c_int),
        ("count", ctypes.c_int),
        ("data", ctypes.c_char_p),
    )


_Listener = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Put), ctypes.c_int)
_kept: list[object] = []  # what EPICS calls must live for as long as the process


def watch(
    choices: Mapping[str, tuple[str, ...]], refused: Callable[[str, str], None]
) -> None:
    """Call ``refused`` with the PV and the text when a choice is not known.

    Call this before the IOC is initialised.

    Args:
        choices: the names of the values, by PV.
        refused: called in a thread of EPICS, before the put ends.
    """

    def listen(put: Any, after: int) -> None:
        message: _Put = put.contents
        if after or message.type != _DBR_STRING or not message.data:
            return
        pv = message.channel.contents.value
        name = pv.decode().removesuffix(".VAL") if pv else ""
        known = choices.get(name)
        text = message.data.decode(errors="replace")
        if known is None or text in known:
            return
        if not (text.strip().isdigit() and int(text) < len(known)):
            refused(name, text)

    listener = _Listener(listen)
    _kept.append(listener)
    imports.dbCore.asSetFilename(str(_ACCESS).encode())
    imports.dbCore.asTrapWriteRegisterListener(listener)
