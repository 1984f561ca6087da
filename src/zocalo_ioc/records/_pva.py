"""What PV Access clients see besides the records: tables, and the list of everything.

QSRV makes such a PV, which it calls a group, of notes on the records that are in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import DECLARATIONS, TABLES, Record, Table

_VALUE = {"+type": "plain", "+channel": "VAL"}
_ALARM_AND_TIME = {"+type": "meta", "+channel": "VAL"}
_HOLDS_PVI = "VERSION"

_Notes = defaultdict[str, dict[str, dict[str, Any]]]  # by record, then by group


def serve_groups(
    prefix: str, records: Mapping[str, Any], others: Sequence[Record[Any]] = ()
) -> None:
    """Serve every table, and PVI.

    Args:
        prefix: what names start with.
        records: the records by name, with one for the names of each table's columns.
        others: further ones that PVI lists.
    """
    notes: _Notes = defaultdict(lambda: defaultdict(dict))
    for table in TABLES:
        _note_table(f"{prefix}:{table.name}", table, notes)
    _note_pvi(prefix, (*DECLARATIONS, *others, *TABLES), notes)
    for name, groups in notes.items():
        records[name].add_info("Q:group", groups)  # of several, EPICS keeps the last


def _note_table(pv: str, table: Table, notes: _Notes) -> None:
    """Make an NTTable of arrays, with further values of the same update beside it."""
    notes[table.labels][pv] = {"+id": "epics:nt/NTTable:1.0", "labels": _VALUE}
    for n, (column, record) in enumerate(table.columns.items()):
        notes[record.name][pv] = {f"value.{column}": _VALUE | {"+putorder": n}}
    for field, record in table.beside.items():
        notes[record.name][pv] = {field: _VALUE}
    counter = {"": _ALARM_AND_TIME, "seq": _VALUE | {"+trigger": "*"}}
    notes[table.counter.name][pv] = counter


def _note_pvi(
    prefix: str, entries: Iterable[Record[Any] | Table], notes: _Notes
) -> None:
    """List records and tables as FastCS does, so that ophyd-async makes a device."""
    pv = f"{prefix}:PVI"
    notes[_HOLDS_PVI][pv] = {
        "+id": "epics:nt/NTPVI:1.0",
        "": _ALARM_AND_TIME | {"+trigger": "*"},  # without any, EPICS warns
        "display.description": _constant("All records and tables"),
    }
    # constants, for EPICS would cut what it reads of a record's NAME to 39 characters
    for entry in entries:
        field = f"value.{entry.pvi_name}.{entry.access}"
        notes[_HOLDS_PVI][pv][field] = _constant(f"{prefix}:{entry.name}")


def _constant(text: str) -> dict[str, str]:
    return {"+type": "const", "+const": text}
