"""The records as a table for people, and as JSON for programs."""

import json
import math
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from .. import __version__
from ..records import (
    DECLARATIONS,
    MOTOR,
    TABLES,
    Group,
    IocStatsRecord,
    Record,
    Table,
    ioc_stats,
)

_WIDTH_OF_PIPES = 160
_IOC = "The IOC itself"


def type_of(record: Record, quoted: Callable[[str], str] = str) -> str:
    """Say what values a record can have, with each choice quoted in some way."""
    kind = record.kind.value
    if record.length:
        kind += f", {record.length}"
    if record.choices and not record.kind.is_command:
        severities = dict(record.severities)
        kind += ": " + ", ".join(
            quoted(name) + (f" ({severities[name]})" if name in severities else "")
            for name in record.choices
        )
    if record.low is not None and record.high is not None:
        kind += f", {record.low:g} to {record.high:.10g}"
    return kind


def initially(record: Record) -> str:
    """Say what a record has at the start; empty if that is nothing."""
    if record.initial is None:
        return ""
    if record.choices and isinstance(record.initial, int):
        return record.choices[record.initial]
    return str(record.initial)


def print_table(prefix: str, grid_prefix: str | None) -> None:
    """Print the records, group by group."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_PIPES, highlight=False, markup=False)
    table = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("record", no_wrap=True)
    for heading in ("type", "initially", "unit", "meaning"):
        table.add_column(heading, overflow="fold")
    records = (*DECLARATIONS, *(MOTOR if grid_prefix else ()))
    for group in Group:
        of_group = [record for record in records if record.group is group]
        if of_group:
            _head(table, group.value)
        for r in of_group:
            name = f"{prefix}:{r.name}"
            table.add_row(name, type_of(r), initially(r), r.unit, r.description)
    _head(table, _IOC)
    for stat in ioc_stats():
        name = f"{prefix}:{stat.name}"
        table.add_row(name, stat.type, "", stat.unit, stat.description)
    _head(table, "For PV Access clients")
    for t in TABLES:
        table.add_row(f"{prefix}:{t.name}", "NTTable", "", "", t.description)
    table.add_row(f"{prefix}:PVI", "NTPVI", "", "", "All records and tables")
    console.print(table)


def _head(table: RichTable, text: str) -> None:
    table.add_row()
    table.add_row(text, style="bold")


def as_json(prefix: str, grid_prefix: str | None) -> str:
    """Return the records and tables as JSON."""
    records = (*DECLARATIONS, *(MOTOR if grid_prefix else ()))
    whole = {
        "version": __version__,
        "prefix": prefix,
        "records": [
            *(_record(prefix, record) for record in records),
            *(_ioc_record(prefix, record) for record in ioc_stats()),
        ],
        "tables": [_table(prefix, table) for table in TABLES],
        "pvi": f"{prefix}:PVI",
    }
    return json.dumps(whole, indent=2) + "\n"


def _record(prefix: str, record: Record) -> dict[str, Any]:
    """Return what is declared; what a record does not have is left out."""
    missing = record.missing
    said = {
        "unit": record.unit,
        "precision": record.precision or None,
        "low": record.low,
        "high": record.high,
        "length": record.length or None,
        "choices": list(record.choices),
        "severities": dict(record.severities),
        "missing": "NaN" if isinstance(missing, float) and math.isnan(missing)
        else missing,
    }  # fmt: skip
    return {
        "pv": f"{prefix}:{record.name}",
        "group": record.group.value,
        "type": record.kind.value,
        "description": record.description,
        "access": record.access,
        "pvi": record.pvi_name,
        "initial": record.initial,
    } | {name: value for name, value in said.items() if value not in ("", None, [], {})}


def _ioc_record(prefix: str, record: IocStatsRecord) -> dict[str, Any]:
    said = {
        "pv": f"{prefix}:{record.name}",
        "group": _IOC,
        "type": record.type,
        "description": record.description,
    }
    return said | ({"unit": record.unit} if record.unit else {})


def _table(prefix: str, table: Table) -> dict[str, Any]:
    return {
        "pv": f"{prefix}:{table.name}",
        "description": table.description,
        "columns": {r.column: f"{prefix}:{r.name}" for r in table.columns},
        "beside": {
            "seq": f"{prefix}:{table.counter}",
            **{field: f"{prefix}:{name}" for name, field in table.beside.items()},
        },
    }
