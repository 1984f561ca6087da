"""Tells systemd how the IOC does, where that has started it."""

import asyncio
import os
import socket
from contextlib import suppress


class Service:
    """The socket of systemd that ``$NOTIFY_SOCKET`` names; see sd_notify(3)."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        if address := os.getenv("NOTIFY_SOCKET"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            abstract = address.startswith("@")
            self._socket.connect("\0" + address[1:] if abstract else address)

    def tell(self, state: str) -> None:
        """Tell a state, such as ``READY=1``."""
        if self._socket:
            with suppress(OSError):
                self._socket.send(state.encode())

    async def run(self, stop: asyncio.Event) -> None:
        """Tell that the event loop turns, until it is to stop; tell that as well."""
        timeout = os.getenv("WATCHDOG_USEC")
        period = int(timeout) / 2e6 if timeout else None
        while not stop.is_set():
            self.tell("WATCHDOG=1")
            with suppress(TimeoutError):
                async with asyncio.timeout(period):
                    await stop.wait()
        self.tell("STOPPING=1")
