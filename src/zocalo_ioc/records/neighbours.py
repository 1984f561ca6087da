"""Looks for an IOC that serves the same names, as a client would."""

import ctypes
from typing import Any

from epicscorelibs import path

from ..errors.files import PrefixServed

SEARCH_TIME = 0.5
"""Seconds, in which Channel Access searches four times."""
_PREEMPTIVE, _NORMAL = 1, 1


def refuse_if_served(prefix: str) -> None:
    """Search for the heartbeat of another IOC. Call this in a thread of its own.

    Raises:
        PrefixServed: there is one.
    """
    ca: Any = ctypes.CDLL(path.get_lib("ca"))
    ca.ca_host_name.restype = ctypes.c_char_p
    channel = ctypes.c_void_p()
    ca.ca_context_create(_PREEMPTIVE)
    try:
        name = f"{prefix}:HEARTBEAT".encode()
        ca.ca_create_channel(name, None, None, 0, ctypes.byref(channel))
        if ca.ca_pend_io(ctypes.c_double(SEARCH_TIME)) == _NORMAL:
            raise PrefixServed(prefix, ca.ca_host_name(channel).decode())
    finally:
        ca.ca_context_destroy()
