"""Looks for an IOC that serves the same names, as a client would."""

import ctypes
import threading
from typing import Any

from epicscorelibs import path

from ..errors.files import PrefixServed

SEARCH_TIME = 0.5
"""Seconds, in which Channel Access searches four times."""
END_TIME = 2.0
"""How long the end may take, in seconds. With a name server that does not answer,
Channel Access takes half a minute to end."""
_NORMAL = 1


class Search:
    """Searches for the heartbeat of another IOC, in a thread.

    Begin it before the IOC of this process is initialised: later, Channel Access would
    find the record of this process.

    Args:
        prefix: what the names of both would start with.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._address = ""
        self._ca: Any = ctypes.CDLL(path.get_lib("ca"))
        self._ca.ca_host_name.restype = ctypes.c_char_p
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._search, daemon=True)
        self._thread.start()
        self._begun.wait(END_TIME)  # host names to search at may take the DNS longer

    def _search(self) -> None:
        ca, channel = self._ca, ctypes.c_void_p()
        ca.ca_context_create(0)
        name = f"{self._prefix}:HEARTBEAT".encode()
        ca.ca_create_channel(name, None, None, 0, ctypes.byref(channel))
        self._begun.set()
        if ca.ca_pend_io(ctypes.c_double(SEARCH_TIME)) == _NORMAL:
            self._address = ca.ca_host_name(channel).decode()
        ca.ca_context_destroy()

    def end(self) -> None:
        """Wait for the end of the search.

        Raises:
            PrefixServed: there is another IOC.
        """
        self._thread.join(END_TIME)
        if self._address:
            raise PrefixServed(self._prefix, self._address)
