"""The records as a table for people, and as JSON for programs."""

import json
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from .. import __version__
from ..records import (
    IMAGES,
    TABLES,
    Action,
    Group,
    Image,
    IocStatsRecord,
    Record,
    Table,
    ioc_stats,
    served,
)

_WIDTH_OF_PIPES = 160
_IOC = "The IOC itself"


def type_of(record: Record[Any], quoted: Callable[[str], str] = str) -> str:
    """Say what values a record can have, with each choice quoted in some way."""
    if isinstance(record, Action):
        return record.type
    return record.type + record.datatype.summary(quoted)


def initially(record: Record[Any]) -> str:
    """Say what a record has at the start; empty if that is nothing."""
    if record.initial is None:
        return ""
    choices = record.datatype.choices
    return choices[int(record.initial)] if choices else str(record.initial)


def print_table(prefix: str, grid_prefix: str | None, frames: bool) -> None:
    """Print the records, group by group."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_PIPES, highlight=False, markup=False)
    table = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("record", no_wrap=True)
    for heading in ("type", "initially", "unit", "meaning"):
        table.add_column(heading, overflow="fold")
    records = served(motor=bool(grid_prefix), frames=frames)
    for group in Group:
        of_group = [record for record in records if record.group is group]
        if of_group:
            _head(table, group.value)
        for r in of_group:
            name = f"{prefix}:{r.name}"
            table.add_row(
                name, type_of(r), initially(r), r.datatype.unit, r.description
            )
    _head(table, _IOC)
    for stat in ioc_stats():
        name = f"{prefix}:{stat.name}"
        table.add_row(name, stat.type, "", stat.unit, stat.description)
    _head(table, "For PV Access clients")
    for t in TABLES:
        table.add_row(f"{prefix}:{t.name}", "NTTable", "", "", t.description)
    for image in IMAGES if frames else ():
        name = f"{prefix}:{image.name}"
        table.add_row(name, "NTNDArray", "", "", image.description)
    table.add_row(f"{prefix}:PVI", "NTPVI", "", "", "All records, tables and images")
    console.print(table)


def _head(table: RichTable, text: str) -> None:
    table.add_row()
    table.add_row(text, style="bold")


def as_json(prefix: str, grid_prefix: str | None, frames: bool) -> str:
    """Return the records and tables as JSON."""
    records = served(motor=bool(grid_prefix), frames=frames)
    whole = {
        "version": __version__,
        "prefix": prefix,
        "records": [
            *(_record(prefix, record) for record in records),
            *(_ioc_record(prefix, record) for record in ioc_stats()),
        ],
        "tables": [_table(prefix, table) for table in TABLES],
        "images": [_image(prefix, image) for image in IMAGES if frames],
        "pvi": f"{prefix}:PVI",
    }
    return json.dumps(whole, indent=2) + "\n"


_DETAILS = ("unit", "precision", "low", "high", "length", "choices", "severities")
_NOTHING = ("", None, (), {})


def _record(prefix: str, record: Record[Any]) -> dict[str, Any]:
    """Return what is declared; what a record does not have is left out."""
    details = {name: getattr(record.datatype, name, None) for name in _DETAILS}
    details["precision"] = details["precision"] or None
    missing = getattr(record.datatype, "missing", None)
    details["missing"] = "NaN" if isinstance(missing, float) else missing
    return {
        "pv": f"{prefix}:{record.name}",
        "group": record.group.value,
        "type": record.type,
        "description": record.description,
        "access": record.access,
        "pvi": record.pvi_name,
        "initial": record.initial,
    } | {name: value for name, value in details.items() if value not in _NOTHING}


def _ioc_record(prefix: str, record: IocStatsRecord) -> dict[str, Any]:
    said = {
        "pv": f"{prefix}:{record.name}",
        "group": _IOC,
        "type": record.type,
        "description": record.description,
    }
    return said | ({"unit": record.unit} if record.unit else {})


def _image(prefix: str, image: Image) -> dict[str, Any]:
    return {
        "pv": f"{prefix}:{image.name}",
        "description": image.description,
        "pixels": f"{prefix}:{image.pixels.name}",
        "size": [f"{prefix}:{record.name}" for record in image.size],
    }


def _table(prefix: str, table: Table) -> dict[str, Any]:
    return {
        "pv": f"{prefix}:{table.name}",
        "description": table.description,
        "columns": {c: f"{prefix}:{r.name}" for c, r in table.columns.items()},
        "beside": {
            "seq": f"{prefix}:{table.counter.name}",
            **{field: f"{prefix}:{r.name}" for field, r in table.beside.items()},
        },
    }
