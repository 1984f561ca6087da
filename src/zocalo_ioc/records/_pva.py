"""What PV Access clients see besides the records: tables, images, and PVI.

QSRV makes such a PV, which it calls a group, of notes on the records that are in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from . import IMAGES, TABLES, Image, Record, Table, served

_VALUE = {"+type": "plain", "+channel": "VAL"}
_ALARM_AND_TIME = {"+type": "meta", "+channel": "VAL"}
_HOLDS_PVI = "VERSION"
_READS_ALL = {"+trigger": "*"}
"""Of the field whose update is one of the whole group.

One or two fields come after it. When a client subscribes, EPICS begins to watch one
field after the other while another thread reads them. If that has read the last one
just when the first thread is done, both send what there is, and the first update can be
incomplete. Here it is still reading all for this field.
"""

_Notes = defaultdict[str, dict[str, dict[str, Any]]]  # by record, then by group


def serve_groups(
    prefix: str, records: Mapping[str, Any], *, motor: bool, frames: bool
) -> None:
    """Serve every table, the images, and PVI.

    Args:
        prefix: what names start with.
        records: the records by name, with one for the names of each table's columns.
        motor: whether there is a grid scan device.
        frames: whether there is a queue of frames, and so are images.
    """
    notes: _Notes = defaultdict(lambda: defaultdict(dict))
    for table in TABLES:
        _note_table(f"{prefix}:{table.name}", table, notes)
    images = IMAGES if frames else ()
    for image in images:
        _note_image(f"{prefix}:{image.name}", image, notes)
    listed = served(motor=motor, frames=frames)
    _note_pvi(prefix, (*listed, *TABLES, *images), notes)
    for name, groups in notes.items():
        records[name].add_info("Q:group", groups)  # of several, EPICS keeps the last


def _note_table(pv: str, table: Table, notes: _Notes) -> None:
    """Make an NTTable of arrays, with further values of the same update beside it."""
    notes[table.labels][pv] = {"+id": "epics:nt/NTTable:1.0", "labels": _VALUE}
    for n, (column, record) in enumerate(table.columns.items()):
        notes[record.name][pv] = {f"value.{column}": _VALUE | {"+putorder": n}}
        # EPICS queues a change with the value that a number had, and reads the rest
        # later: of an array it reads that, too, later
        if n == len(table.columns) - 2:
            notes[record.name][pv][f"value.{column}"] |= _READS_ALL
    for field, record in table.beside.items():
        notes[record.name][pv] = {field: _VALUE}
    counter = {"": _ALARM_AND_TIME, "seq": _VALUE}
    notes[table.counter.name][pv] = counter


def _note_image(pv: str, image: Image, notes: _Notes) -> None:
    """Make an NTNDArray of an array, whose update makes one of the image."""
    for n, record in enumerate(image.size):  # these come after the pixels
        notes[record.name][pv] = {f"dimension[{n}].size": _VALUE | {"+putorder": n}}
    notes[image.pixels.name][pv] = {
        "+id": "epics:nt/NTNDArray:1.0",
        "": _ALARM_AND_TIME,
        "value": {"+type": "any", "+channel": "VAL"} | _READS_ALL,
    }


def _note_pvi(
    prefix: str, entries: Iterable[Record[Any] | Table | Image], notes: _Notes
) -> None:
    """List records and tables as FastCS does, so that ophyd-async makes a device."""
    pv = f"{prefix}:PVI"
    notes[_HOLDS_PVI][pv] = {
        "+id": "epics:nt/NTPVI:1.0",
        "": _ALARM_AND_TIME | _READS_ALL,  # without any, EPICS warns
        "display.description": _constant("All records and tables"),
    }
    # constants, for EPICS would cut what it reads of a record's NAME to 39 characters
    for entry in entries:
        field = f"value.{entry.pvi_name}.{entry.access}"
        notes[_HOLDS_PVI][pv][field] = _constant(f"{prefix}:{entry.name}")


def _constant(text: str) -> dict[str, str]:
    return {"+type": "const", "+const": text}
