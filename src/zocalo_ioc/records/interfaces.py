"""Where EPICS is to serve, by the environment."""

import os
import socket

from ..errors.files import ChannelAccessUnusable

_USUAL_PORTS = {"EPICS_CA": 5064, "EPICS_PVA": 5075}


def port(server: str) -> tuple[str, str]:
    """Return the port of a server as text, and the variable to set it with.

    Args:
        server: ``EPICS_CA`` or ``EPICS_PVA``.
    """
    # a server looks for its own variable first, then for that of all programs
    names = f"{server}S_SERVER_PORT", f"{server}_SERVER_PORT"
    usual = str(_USUAL_PORTS[server])
    return next(filter(None, map(os.environ.get, names)), usual), names[1]


def addresses(server: str) -> list[str]:
    """Return the addresses that a server is to serve on; an empty one is for all."""
    listed = os.environ.get(f"{server}S_INTF_ADDR_LIST", "").split()
    return [address.partition(":")[0] for address in listed] or [""]


def channel_access_problem() -> ChannelAccessUnusable | None:
    """Return why Channel Access could serve on no address, if so.

    EPICS would then halt the thread that initialises it, for good: the process would
    heed no signal but SIGKILL.
    """
    text, _ = port("EPICS_CA")
    number = int(text) if text.isdecimal() and int(text) < 2**16 else 0
    problem = None
    for address in addresses("EPICS_CA"):
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as EPICS does
            try:
                probe.bind((address, number))
            except OSError as error:
                where = f"{text} of {address}" if address else text
                problem = ChannelAccessUnusable(where, error.strerror or "")
            else:
                return None
    return problem
