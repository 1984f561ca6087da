"""The commands of `zocalo-ioc`, a module each, which is imported when it is needed.

A module has a `Command` with the name ``COMMAND``.
"""

from collections.abc import Mapping
from importlib import import_module

from ._command import Command

COMMANDS: Mapping[str, str] = {
    "run": "serve the PVs, connected to a RabbitMQ broker",
    "demo": "serve the PVs with a simulated Zocalo, without a broker",
    "simulate": "simulate Zocalo on a RabbitMQ broker, without a beamline",
    "check": "check that everything the IOC needs is in place",
    "describe": "list the PVs, for people or in forms that other tools read",
    "files": "copy screens, databases and examples to a folder, or show where they are",
    "map": "show the grids of a scan as a heat map, in a terminal or as a picture",
    "alive": "check that an IOC answers, for container probes",
    "submit": "process data collections with a running IOC, and print the centres",
}
"""What there is, and what it does in a line."""


def find(name: str) -> Command:
    """Return a command."""
    command: Command = import_module(f"{__name__}.{name}").COMMAND
    return command


__all__ = ["COMMANDS", "Command", "find"]
