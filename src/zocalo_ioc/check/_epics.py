"""Names, ports and access security: what EPICS has to say about the settings."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ..records import DECLARATIONS, MAX_NAME, MOTOR, TABLES, ioc_stats
from ._finding import Finding, no, yes

_SERVERS = {
    "Channel Access": ("EPICS_CA", 5064),
    "PV Access": ("EPICS_PVA", 5075),
}
"""What the variables of each begin with, and its usual port."""


def check_names(prefix: str, *, grid: bool) -> Finding:
    """Measure the names. A prefix that is too long for them is no setting."""
    ours = (*DECLARATIONS, *TABLES, *(MOTOR if grid else ()))
    names = [f"{prefix}:{record.name}" for record in (*ours, *ioc_stats())]
    longest = max(names, key=len)
    text = f"{longest}, the longest of {len(names)}, has {len(longest)} characters"
    if len(longest) > MAX_NAME:
        return no("PV names", f"{text}; EPICS takes {MAX_NAME}. Shorten --prefix.")
    return yes("PV names", f"{text} of {MAX_NAME}.")


def check_ports() -> Iterator[Finding]:
    """Try whether the servers of this IOC would get their ports."""
    for server, (variables, usual) in _SERVERS.items():
        # a server looks for its own variable first, then for that of all programs
        names = f"{variables}S_SERVER_PORT", f"{variables}_SERVER_PORT"
        text = next(filter(None, map(os.environ.get, names)), str(usual))
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**16:
            yield no(
                f"{server} port", f"{names[1]} is {text}. Set it to a port number."
            )
            continue
        interfaces = os.environ.get(f"{variables}S_INTF_ADDR_LIST", "").split()
        yield _check_port(server, int(text), interfaces or [""], names[1])


def check_metrics_port(address: str, port: int) -> Finding:
    """Try whether Prometheus could be answered."""
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        return no(
            "--metrics-port", f"{address}:{port} can't be had: {why}. Give another."
        )
    return yes("--metrics-port", f"{address}:{port} is free.")


def _check_port(
    server: str, port: int, interfaces: list[str], variable: str
) -> Finding:
    what = f"{server} port"
    for interface in interfaces:
        try:
            socket.create_server((interface.partition(":")[0], port)).close()
        except OSError as error:
            where = f"Port {port}" + (f" of {interface}" if interface else "")
            if error.errno != errno.EADDRINUSE:
                return no(
                    what, f"{where} can't be had: {os.strerror(error.errno or 0)}."
                )
            return no(
                what,
                f"{where} is in use. If by another IOC, clients that ask this machine "
                "by its address find only one of the two: set "
                f"{variable} to another port, here and for the clients.",
            )
    return yes(what, f"{port} is free.")


def check_access_security(file: Path) -> Finding:
    """Have EPICS read an access security file. What is wrong goes to stderr."""
    what = "--access-security"
    try:
        file.read_bytes()
    except OSError as error:
        return no(what, f"Can't read {file}: {error.strerror}.")
    from softioc.imports import dbCore

    if dbCore.asInitFile(str(file).encode(), None):
        return no(
            what, f"EPICS does not understand {file}; it says on stderr where. Mend it."
        )
    return yes(what, f"EPICS understands {file}.")
