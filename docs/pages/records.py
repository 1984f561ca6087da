"""The reference of the records."""

from collections.abc import Iterable, Iterator

from zocalo_ioc.describe import initially, type_of
from zocalo_ioc.records import DECLARATIONS, MOTOR, TABLES, Group, Record, ioc_stats


def records_page() -> str:
    """Return the reference of the records."""
    return "\n".join(
        [
            "# Records",
            "",
            "`P` is the prefix. This page is made from the declarations of the",
            "records; `zocalo-ioc` serves each over Channel Access and PV Access.",
            *(line for group in Group for line in _group(group)),
            *_ioc_stats(),
            "",
            "## Tables for PV Access clients",
            "",
            "| PV | rows | columns | beside the rows |",
            "| --- | --- | --- | --- |",
            *(
                f"| `P:{table.name}` | {table.description} "
                f"| {_listed(record.column for record in table.columns)} "
                f"| {_listed(['seq', *table.beside.values()])} |"
                for table in TABLES
            ),
            "",
            "`seq` counts the updates of a table; what is beside the rows is of the",
            "same update, as is the time stamp.",
            "",
            "## PVI",
            "",
            "`P:PVI` lists every record and table under its name in lower case, with",
            "`_` for `:`, and says how it is used: `r` is read, `rw` read and written,",
            "`w` only written, `x` executed. ophyd-async makes a device of it.",
            "",
        ]
    )


_NOTES = {
    Group.MOTOR: (
        "",
        "There are these with `--grid-prefix` only: see [motor",
        "positions](../how-to/motor-positions.md).",
    )
}


def _ioc_stats() -> Iterator[str]:
    yield from ("", "## The IOC itself", "")
    yield "These are of iocStats, as every EPICS IOC has them. They are read only,"
    yield "unless an access security file says otherwise: processing `P:IOC:SYSRESET`"
    yield "ends the IOC, for what supervises it to start it again."
    yield from ("", "| record | type | unit | meaning |", "| --- | --- | --- | --- |")
    for record in ioc_stats():
        cells = (f"`P:{record.name}`", record.type, record.unit, record.description)
        yield f"| {' | '.join(cells)} |"


def _group(group: Group) -> Iterator[str]:
    yield from ("", f"## {group.value}", "")
    yield "| record | type | initially | unit | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for record in (*DECLARATIONS, *MOTOR):
        if record.group is group:
            yield _row(record)
    yield from _NOTES.get(group, ())


def _row(record: Record) -> str:
    initial = _quoted(initially(record)) if initially(record) else ""
    kind = type_of(record, _quoted)
    cells = (f"`P:{record.name}`", kind, initial, record.unit, record.description)
    return f"| {' | '.join(cells)} |"


def _quoted(text: str) -> str:
    return f"`{text}`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
