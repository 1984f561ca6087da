"""What softioc has no way for: processing and locking records, and posting monitors."""

import ctypes
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache

from softioc import imports

_DBE_VALUE_AND_LOG = 1 | 2
_ROOM = 256
"""Bytes for a ``struct dbAddr`` of EPICS, which has about 60."""
_RECORDS_READY = b"initHookAfterInitialProcess"
_Process = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)
_PROCESS = 4 * ctypes.sizeof(ctypes.c_size_t)
"""Where ``process`` is in the record support of EPICS, in bytes."""

_kept: list[object] = []  # what EPICS calls must live for as long as the process


def leave_memory_unlocked() -> None:
    """Stop EPICS from locking all memory of a process that has real-time rights.

    Locked memory is resident whether used or not: 235 MB in place of 65, and 3 MB more
    for each Channel Access client. Call this before the IOC is initialised.
    """
    ctypes.c_int.in_dll(imports.dbCore, "dbThreadRealtimeLock").value = 0


def before_clients(do: Callable[[], None]) -> None:
    """Call something once EPICS has its records, and before it lets clients in.

    Call this before the IOC is initialised.
    """
    name_of = imports.Com.initHookName
    name_of.restype = ctypes.c_char_p

    @ctypes.CFUNCTYPE(None, ctypes.c_int)
    def hook(state: int) -> None:
        if name_of(state) == _RECORDS_READY:
            do()

    _kept.append(hook)
    imports.Com.initHookRegister(hook)


def find(name: str) -> int:
    """Return the address of a record, once the database is loaded.

    Raises:
        KeyError: there is none of this name.
    """
    found = ctypes.create_string_buffer(_ROOM)
    if imports.dbCore.dbNameToAddr(name.encode(), found):
        raise KeyError(name)
    return ctypes.c_size_t.from_buffer(found).value  # its first member


@cache
def offset(record_type: str, field: str) -> int:
    """Return where a field is in a record of EPICS, in bytes."""
    return imports.get_field_offsets(record_type)[field][0]


@contextmanager
def locked(address: int) -> Generator[None]:
    """Keep everybody else from a record, and from those that are linked to it."""
    pointer = ctypes.c_void_p(address)
    imports.dbCore.dbScanLock(pointer)
    try:
        yield
    finally:
        imports.dbCore.dbScanUnlock(pointer)


def process(address: int) -> None:
    """Have EPICS process a locked record."""
    imports.dbCore.dbProcess(ctypes.c_void_p(address))


def complete(address: int) -> None:
    """Have EPICS end what it began when it processed a record; its put ends, too.

    EPICS can be asked to do that in a thread of its own, which then waits for Python.
    """
    support = ctypes.c_size_t.from_address(address + offset("bo", "RSET")).value
    with locked(address):
        _Process(ctypes.c_size_t.from_address(support + _PROCESS).value)(address)


def post(address: int, field: int) -> None:
    """Tell monitors the value of a field, by its address, of a locked record."""
    pointer, value = ctypes.c_void_p(address), ctypes.c_void_p(field)
    imports.dbCore.db_post_events(pointer, value, _DBE_VALUE_AND_LOG)
