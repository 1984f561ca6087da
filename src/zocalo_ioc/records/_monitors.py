"""What softioc has no way for: locking a record, posting monitors, unlocked memory."""

import ctypes
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

from softioc import imports

_DBE_VALUE_AND_LOG = 1 | 2


def leave_memory_unlocked() -> None:
    """Stop EPICS from locking all memory of a process that has real-time rights.

    Locked memory is resident whether used or not: 235 MB in place of 65, and 3 MB more
    for each Channel Access client. Call this before the IOC is initialised.
    """
    ctypes.c_int.in_dll(imports.dbCore, "dbThreadRealtimeLock").value = 0


def post(record: Any) -> None:
    """Tell monitors the value of a command record that is being processed.

    EPICS posts monitors only once an asynchronous record is done, by when the value
    is 0 again; without this no screen would ever see a command run.
    """
    pointer = ctypes.c_void_p(_address(record))
    field = ctypes.c_void_p(_address(record) + _offset_of_value())
    with locked(record):
        imports.dbCore.db_post_events(pointer, field, _DBE_VALUE_AND_LOG)


@cache
def _offset_of_value() -> int:
    """Return where the value of a command record is in it, in bytes."""
    return imports.get_field_offsets("bo")["VAL"][0]


@contextmanager
def locked(record: Any) -> Generator[None]:
    """Keep everybody else from a record."""
    pointer = ctypes.c_void_p(_address(record))
    imports.dbCore.dbScanLock(pointer)
    try:
        yield
    finally:
        imports.dbCore.dbScanUnlock(pointer)


def _address(record: Any) -> int:
    return record._record.record.value  # noqa: SLF001, there is no other way
