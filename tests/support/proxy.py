"""Stands between an IOC and its broker, and can swallow or delay what they say."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from .ports import LOOPBACK


class Link:
    """A connection through the proxy.

    Attributes:
        flows: set while the client gets what the broker says.
        left: set once the client has closed it.
    """

    def __init__(self, client: socket.socket, broker: socket.socket) -> None:
        self.client, self.broker = client, broker
        self.flows, self.left = threading.Event(), threading.Event()
        self.flows.set()


class Proxy:
    """Relays connections to a port of this machine.

    Args:
        port: where it connects to.

    Attributes:
        delay: how long each thing that the broker says is kept back, in seconds.
    """

    def __init__(self, port: int) -> None:
        self._target = (LOOPBACK, port)
        self.delay = 0.0
        self._listener = socket.create_server((LOOPBACK, 0))
        self._passes = threading.Event()
        self._passes.set()
        self._links: list[Link] = []
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def swallow(self) -> None:
        """Keep every connection open, take what comes and pass nothing on."""
        self._passes.clear()

    def pass_on(self) -> None:
        """Relay the connections made from now on, and close those before."""
        for link in self._links:
            link.client.close()
            link.broker.close()
        self._links.clear()
        self._passes.set()

    def hold(self) -> Link:
        """Keep back what the broker says on the latest connection, until it flows."""
        link = self._links[-1]
        link.flows.clear()
        return link

    def close(self) -> None:
        self._listener.close()
        self.pass_on()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                link = Link(client, socket.create_connection(self._target))
                self._links.append(link)
                self._start(self._to_broker, link)
                self._start(self._to_client, link)

    def _to_broker(self, link: Link) -> None:
        self._relay(link.client, link.broker)
        link.left.set()

    def _to_client(self, link: Link) -> None:
        self._relay(link.broker, link.client, link.flows)

    def _relay(
        self,
        source: socket.socket,
        target: socket.socket,
        flows: threading.Event | None = None,
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if flows:
                    flows.wait()
                    time.sleep(self.delay)
                if self._passes.is_set():
                    target.sendall(data)
        with suppress(OSError):
            if self._passes.is_set():
                target.shutdown(socket.SHUT_WR)

    def _start(self, what: Callable[..., object], *arguments: object) -> None:
        threading.Thread(target=what, args=arguments, daemon=True).start()
