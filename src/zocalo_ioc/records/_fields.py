"""The fields of a record in the memory of EPICS, where the IOC writes its values.

The records that the IOC sets are plain soft records: EPICS processes what it finds in
their fields. With softioc's device support it would call into Python for each of them.
"""

import ctypes
import struct
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from softioc import alarm
from softioc.fields import EPICS_epoch

from . import _epics
from ._handles import Record
from .datatypes import Alarm, Array, Text

C = TypeVar("C", ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_size_t)

_ALARMS: Mapping[Alarm, tuple[int, int]] = {
    Alarm.NONE: (alarm.NO_ALARM, alarm.NO_ALARM),
    Alarm.MISSING: (alarm.INVALID_ALARM, alarm.UDF_ALARM),
    Alarm.CUT: (alarm.MINOR_ALARM, alarm.HW_LIMIT_ALARM),
}
_TIME = struct.Struct("=II")


class Fields:
    """What `EpicsStore` writes of one record.

    Args:
        record: its declaration.
        address: where EPICS has it.
    """

    def __init__(self, record: Record[Any], address: int) -> None:
        self._address = address
        datatype = record.datatype
        self._dtype = np.dtype(datatype.dtype)
        self._is_array = isinstance(datatype, Array | Text)
        self._type = "waveform" if self._is_array else record.type
        self._severity = self._view("NSEV", ctypes.c_uint16)
        self._status = self._view("NSTA", ctypes.c_uint16)
        self._undefined = self._view("UDF", ctypes.c_uint8)
        self._time = _bytes_at(self._place("TIME"), _TIME.size)
        place, length = self._place("VAL"), 1
        if isinstance(datatype, Array | Text):
            self._length = self._view("NORD", ctypes.c_uint32)
            place, length = self._view("BPTR", ctypes.c_size_t).value, datatype.length
        self._value = _bytes_at(place, length * self._dtype.itemsize)

    def pack(self, raw: Any) -> bytes:
        """Return a raw value as EPICS has it in memory."""
        if isinstance(raw, str):
            return raw.encode(errors="replace") + b"\0"
        return np.asarray(raw, self._dtype).tobytes()

    def write(self, value: bytes, raised: Alarm, time: bytes) -> None:
        """Leave a value for EPICS to take when it processes the locked record.

        Args:
            value: from `pack`.
            raised: the alarm that it raises.
            time: from `pack_time`.
        """
        self._value.raw = value
        self._severity.value, self._status.value = _ALARMS[raised]
        self._undefined.value = 0
        self._time.raw = time
        if self._is_array:
            length = len(value) // self._dtype.itemsize
            if length != self._length.value:
                self._length.value = length
                _epics.post(self._address, self._place("NORD"))

    def _place(self, field: str) -> int:
        return self._address + _epics.offset(self._type, field)

    def _view(self, field: str, kind: type[C]) -> C:
        return kind.from_address(self._place(field))


def pack_time(seconds: float) -> bytes:
    """Return seconds since the epoch as EPICS has them in memory."""
    whole, part = divmod(seconds, 1.0)
    return _TIME.pack(int(whole) - EPICS_epoch, int(1e9 * part))


def _bytes_at(address: int, size: int) -> "ctypes.Array[ctypes.c_char]":
    return (ctypes.c_char * size).from_address(address)
