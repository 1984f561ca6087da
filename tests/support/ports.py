"""Ports for EPICS servers and brokers of the tests, all on loopback.

Each test process claims its ports, so that test runs on one machine never meet. EPICS
clients read where to search once, when their library starts. So a few ports are set
aside for all IOCs of a process, and clients search every one of them.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

LOOPBACK = "127.0.0.1"
_IOCS = 24
_BLOCK = 512
_BLOCKS = range(10_240, 32_768, _BLOCK)
"""Linux gives the ports above to outgoing connections: one of these, even an attempt to
reach the very server, could take a port while its server is restarted."""
_claims: list[socket.socket] = []


def _claim() -> range:
    """Claim a block of ports until this process ends, and return it.

    The servers must bind the ports themselves, so what is held is the first port of the
    block: another test run, or another worker of this one, passes over the block.
    """
    for first in _BLOCKS:
        claim = socket.socket()
        try:
            claim.bind((LOOPBACK, first))
            claim.listen()
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return range(first + 1, first + _BLOCK)
    raise RuntimeError("Every block of ports is claimed by a test run")


def _is_free(port: int) -> bool:
    """Whether no program outside the test runs has a port, for TCP or UDP."""
    with ExitStack() as sockets:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                sockets.enter_context(socket.socket(type=kind)).bind((LOOPBACK, port))
            except OSError:
                return False
    return True


def _claimed_ports() -> Iterator[int]:
    while True:
        yield from filter(_is_free, _claim())


_ports = _claimed_ports()


def free_ports(count: int) -> list[int]:
    """Return ports for TCP and UDP that this process alone uses, each only once."""
    return list(islice(_ports, count))


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
    """Let the clients of this process find every IOC that it starts."""
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
