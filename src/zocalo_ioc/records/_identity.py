"""Who and where this process is, in the records of iocStats.

softioc builds iocStats without its code for Linux, so most of them say "not available".
"""

import json
import os
import platform
import socket
import sys
from collections.abc import Iterator, Mapping
from tempfile import NamedTemporaryFile

from softioc import softioc

from ..wire import trigger_headers
from . import IOC_STATS

_STRING = 39
"""Characters of an EPICS string."""


def load(prefix: str) -> None:
    """Load the records of iocStats, before the IOC is initialised.

    ``ENGINEER`` and ``LOCATION`` come from the environment variables of these names, or
    else are the login name and the host.
    """
    headers = trigger_headers()
    os.environ.setdefault("ENGINEER", headers["zocalo.go.user"])
    os.environ.setdefault("LOCATION", headers["zocalo.go.host"])
    softioc.devIocStats(f"{prefix}:{IOC_STATS}")
    with NamedTemporaryFile("w", suffix=".db") as file:
        file.writelines(_changes(f"{prefix}:{IOC_STATS}", _values()))
        file.flush()
        softioc.dbLoadDatabase(file.name)


def _values() -> Mapping[str, str | int]:
    folder, command = os.getcwd(), sys.argv[0]
    return {
        "HOSTNAME": socket.gethostname()[:_STRING],
        "KERNEL_VERS": platform.release()[:_STRING],
        "PROCESS_ID": os.getpid(),
        "APP_DIR": folder,
        "APP_DIR1": folder[:_STRING],
        "APP_DIR2": folder[_STRING : 2 * _STRING],
        "ST_SCRIPT": command,
        "ST_SCRIPT1": command[:_STRING],
        "ST_SCRIPT2": command[_STRING : 2 * _STRING],
    }


def _changes(prefix: str, values: Mapping[str, str | int]) -> Iterator[str]:
    """Yield, for records that are loaded already, what makes each a constant."""
    for name, value in values.items():
        link = json.dumps({"const": value})
        yield (
            f'record("*", "{prefix}:{name}") '
            f'{{ field(DTYP, "Soft Channel") field(INP, {link}) }}\n'
        )
