"""Ports for EPICS servers and brokers of the tests, all on loopback.

EPICS clients read where to search once, when their library starts. So a few ports are
set aside for all IOCs of a test run, and clients search every one of them.
"""

import os
import random
import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"
_IOCS = 24
_chance = random.SystemRandom()  # other test runs choose at the same time
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = range(10_000 + _WORKER, 32_000, 8)
"""Of one worker of a test run; up to eight workers choose others."""


def free_ports(count: int) -> list[int]:
    """Return ports that are free for TCP and UDP at this moment.

    They are none of those that Linux gives to outgoing connections: one of these, even
    a try to reach the very server, could take the port while the server is restarted.
    """
    ports: list[int] = []
    with ExitStack() as held:
        while len(ports) < count:
            port = _chance.choice(_PORTS)
            tcp = held.enter_context(socket.socket())
            udp = held.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            try:
                tcp.bind((LOOPBACK, port))
                udp.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
    return ports


class EpicsPorts:
    """One IOC's ports: CA, PVA and PVA's search."""

    def __init__(self, ca: int, pva: int, search: int) -> None:
        self.ca, self.pva, self.search = ca, pva, search

    @property
    def server(self) -> dict[str, str]:
        """The environment of the IOC."""
        return {
            "EPICS_CA_SERVER_PORT": str(self.ca),
            "EPICS_CAS_INTF_ADDR_LIST": LOOPBACK,
            "EPICS_PVA_SERVER_PORT": str(self.pva),
            "EPICS_PVA_BROADCAST_PORT": str(self.search),
            "EPICS_PVAS_INTF_ADDR_LIST": LOOPBACK,
        }

    @property
    def client(self) -> dict[str, str]:
        """The environment of a client in a process of its own."""
        return {
            "EPICS_CA_SERVER_PORT": str(self.ca),
            "EPICS_CA_ADDR_LIST": LOOPBACK,
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_PVA_BROADCAST_PORT": str(self.search),
            "EPICS_PVA_ADDR_LIST": LOOPBACK,
            "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        }


_numbers = free_ports(3 * _IOCS)
_unused = [EpicsPorts(*_numbers[i : i + 3]) for i in range(0, len(_numbers), 3)]


def search_everywhere() -> None:
    """Let the clients of this process find every IOC of the test run."""
    everywhere = {
        "EPICS_CA_ADDR_LIST": [f"{LOOPBACK}:{ports.ca}" for ports in _unused],
        "EPICS_PVA_ADDR_LIST": [f"{LOOPBACK}:{ports.search}" for ports in _unused],
    }
    os.environ |= {name: " ".join(where) for name, where in everywhere.items()}
    os.environ |= {"EPICS_CA_AUTO_ADDR_LIST": "NO", "EPICS_PVA_AUTO_ADDR_LIST": "NO"}


def borrow() -> EpicsPorts:
    """Take ports that no running IOC uses."""
    return _unused.pop()


def give_back(ports: EpicsPorts) -> None:
    """Make ports available to the next IOC."""
    _unused.append(ports)
