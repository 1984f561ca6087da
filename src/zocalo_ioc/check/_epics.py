"""Names, ports and access security: what EPICS has to say about the settings."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ..errors import checks as errors
from ..records import IMAGES, MAX_NAME, TABLES, interfaces, ioc_stats, served
from ._report import Finding, no, yes

_SERVERS = {"Channel Access": "EPICS_CA", "PV Access": "EPICS_PVA"}
"""What the variables of each begin with."""


def check_names(prefix: str, *, motor: bool, frames: bool) -> Finding:
    """Measure the names. A prefix that is too long for them is no setting."""
    images = IMAGES if frames else ()
    ours = (*served(motor=motor, frames=frames), *TABLES, *images)
    names = [f"{prefix}:{record.name}" for record in (*ours, *ioc_stats())]
    longest = max(names, key=len)
    count, length = len(names), len(longest)
    if length > MAX_NAME:
        problem = errors.NamesTooLong(longest, count, length, MAX_NAME)
        return no("PV names", problem)
    text = f"{longest}, the longest of {count}, has {length} characters of {MAX_NAME}."
    return yes("PV names", text)


def check_ports() -> Iterator[Finding]:
    """Try whether the servers of this IOC would get their ports."""
    for server, variables in _SERVERS.items():
        text, variable = interfaces.port(variables)
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**16:
            yield no(f"{server} port", errors.PortInvalid(variable, text))
            continue
        where = interfaces.addresses(variables)
        yield _check_port(server, int(text), where, variable)
    if problem := interfaces.channel_access_problem():
        yield no("Channel Access", problem)


def check_metrics_port(address: str, port: int) -> Finding:
    """Try whether Prometheus could be answered."""
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        problem = errors.MetricsPortInUse(address, port, reason)
        return no("--metrics-port", problem)
    return yes("--metrics-port", f"{address}:{port} is free.")


def _check_port(server: str, port: int, addresses: list[str], variable: str) -> Finding:
    what = f"{server} port"
    for address in addresses:
        try:
            socket.create_server((address, port)).close()
        except OSError as error:
            where = f"{port}" + (f" of {address}" if address else "")
            if error.errno == errno.EADDRINUSE:
                return no(what, errors.PortInUse(where, variable))
            reason = os.strerror(error.errno or 0)
            return no(what, errors.PortUnavailable(where, reason))
    return yes(what, f"{port} is free.")


def check_access_security(file: Path) -> Finding:
    """Have EPICS read an access security file. What is wrong goes to stderr."""
    what = "--access-security"
    try:
        file.read_bytes()
    except OSError as error:
        return no(what, errors.AccessFileUnreadable(str(file), error.strerror or ""))
    from softioc.imports import dbCore

    if dbCore.asInitFile(str(file).encode(), None):
        return no(what, errors.AccessFileInvalid(str(file)))
    return yes(what, f"EPICS can read {file}.")
