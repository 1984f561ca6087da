"""Stands between an IOC and its broker, and can swallow what they say."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from .ports import LOOPBACK


class Proxy:
    """Relays connections to a port of this machine.

    Args:
        port: where it connects to.
    """

    def __init__(self, port: int) -> None:
        self._target = (LOOPBACK, port)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def swallow(self) -> None:
        """Keep every connection open, take what comes and pass nothing on."""
        self._passes.clear()

    def pass_on(self) -> None:
        """Relay the connections made from now on, and close those before."""
        for end in self._sockets:
            end.close()
        self._sockets.clear()
        self._passes.set()

    def close(self) -> None:
        self._listener.close()
        self.pass_on()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                self._start(self._relay, near, far)
                self._start(self._relay, far, near)

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._passes.is_set():
                    target.sendall(data)
        with suppress(OSError):
            if self._passes.is_set():
                target.shutdown(socket.SHUT_WR)

    def _start(self, what: Callable[..., object], *arguments: object) -> None:
        threading.Thread(target=what, args=arguments, daemon=True).start()
