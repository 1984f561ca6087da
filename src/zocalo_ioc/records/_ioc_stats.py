"""The records of iocStats, which comes with softioc: load, memory and more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

IOC_STATS = "IOC"
"""What the names of the records of iocStats start with, after the prefix: without it
they would have a HEARTBEAT, too."""

_RECORD = re.compile(
    r'record\(\s*(\w+),\s*"\$\(IOCNAME\):([^"]+)"\)\s*\{(.*?)^\}',
    re.DOTALL | re.MULTILINE,
)
_FIELD = re.compile(r'field\((\w+),\s*"([^"]*)"\s*\)')
_QUEUE = re.compile(r'substitute "([^"]*)"\s*include "([^"]*)"')


@dataclass(frozen=True)
class IocStatsRecord:
    """A record of iocStats: its name after the prefix, record type, DESC and EGU."""

    name: str
    type: str
    description: str
    unit: str


def ioc_stats() -> list[IocStatsRecord]:
    """Read the records from the database that softioc loads, in its order."""
    spec = find_spec("softioc")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "iocStats" / "iocAdmin" / "Db"
    template = (folder / "ioc.template").read_text()
    found = list(_records(template))
    for macros, file in _QUEUE.findall(template):
        text = (folder / file).read_text()
        for macro in macros.split(","):
            name, value = macro.strip().split("=")
            text = text.replace(f"$({name})", value)
        found += _records(text)
    return found


def _records(text: str) -> Iterator[IocStatsRecord]:
    for kind, name, body in _RECORD.findall(text):
        fields = dict(_FIELD.findall(body))
        description = fields["DESC"].replace("$(IOCNAME) ", "")
        unit = fields.get("EGU", "")
        yield IocStatsRecord(f"{IOC_STATS}:{name}", kind, description, unit)
