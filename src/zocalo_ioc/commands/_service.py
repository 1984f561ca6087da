"""Tells systemd how the IOC does, where that has started it."""

import asyncio
import logging
import os
import socket
from contextlib import suppress

logger = logging.getLogger(__name__)


class Service:
    """The socket of systemd that ``$NOTIFY_SOCKET`` names; see sd_notify(3)."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        if address := os.getenv("NOTIFY_SOCKET"):
            self._socket = _connected(address)

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


def _connected(address: str) -> socket.socket | None:
    """Return a socket, or None: an inherited address may lead nowhere."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.setblocking(False)
    try:
        notify.connect("\0" + address[1:] if address.startswith("@") else address)
    except OSError as error:
        notify.close()
        logger.warning("Can't notify systemd: NOTIFY_SOCKET is %s: %s", address, error)
        return None
    return notify
