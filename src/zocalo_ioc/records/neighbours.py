"""Looks for an IOC that serves the same names, as a client would."""

import ctypes
import time
from typing import Any

from epicscorelibs import path

from ..errors.files import PrefixServed

SEARCH_TIME = 0.5
"""Seconds, in which Channel Access searches four times."""
_PREEMPTIVE, _NORMAL = 1, 1


class Search:
    """Searches for the heartbeat of another IOC, in threads of Channel Access.

    Begin it before the IOC of this process is initialised: later, Channel Access would
    find the record of this process. End it in the same thread.

    Args:
        prefix: what the names of both would start with.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._ended = False
        self._ca: Any = ctypes.CDLL(path.get_lib("ca"))
        self._ca.ca_host_name.restype = ctypes.c_char_p
        self._channel = ctypes.c_void_p()
        self._ca.ca_context_create(_PREEMPTIVE)
        name = f"{prefix}:HEARTBEAT".encode()
        self._ca.ca_create_channel(name, None, None, 0, ctypes.byref(self._channel))
        self._ca.ca_flush_io()
        self._end = time.monotonic() + SEARCH_TIME

    def end(self) -> None:
        """Search for what is left of the time. Once it has ended this does nothing.

        Raises:
            PrefixServed: there is another IOC.
        """
        if self._ended:
            return
        self._ended = True
        left = max(self._end - time.monotonic(), 0.001)  # 0 would be for ever
        try:
            if self._ca.ca_pend_io(ctypes.c_double(left)) == _NORMAL:
                address = self._ca.ca_host_name(self._channel).decode()
                raise PrefixServed(self._prefix, address)
        finally:
            self._ca.ca_context_destroy()
