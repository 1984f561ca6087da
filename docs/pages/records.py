"""The reference of the records."""

from collections.abc import Iterable, Iterator
from typing import Any

from zocalo_ioc.describe import initially, type_of
from zocalo_ioc.records import (
    DECLARATIONS,
    IMAGES,
    TABLES,
    Bool,
    Group,
    Record,
    ioc_stats,
    served,
)
from zocalo_ioc.wire import MAX_ID, Command, Request

from .markdown import quoted, table


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
            *table(
                ["PV", "rows", "columns", "beside the rows"],
                [
                    (
                        quoted(f"P:{each.name}"),
                        each.description,
                        _listed(each.columns),
                        _listed(["seq", *each.beside]),
                    )
                    for each in TABLES
                ],
            ),
            "",
            "`seq` counts the updates of a table; what is beside the rows is of the",
            "same update, as is the time stamp.",
            "",
            "## Images for PV Access clients",
            *table(
                ["PV", "pixels", "columns and rows", "shows"],
                [
                    (
                        quoted(f"P:{each.name}"),
                        quoted(f"P:{each.pixels.name}"),
                        _listed(f"P:{record.name}" for record in each.size),
                        each.description,
                    )
                    for each in IMAGES
                ],
            ),
            "",
            "## PVI",
            "",
            "`P:PVI` lists every record, table and image under its name in lower case,",
            "with `_` for `:`, and says how it is used: `r` is read, `rw` read and",
            "written, `w` only written, `x` executed.",
            "ophyd-async makes a device of it.",
            "",
        ]
    )


_NOTES = {
    Group.REQUEST: (
        "What the next message says. A command uses these as they are when it is put;",
        "SUBMIT and SEND do not look at them. Texts are arrays of characters, which",
        "`caput` writes with `-S`.",
        "",
        "A 3-D grid scan is two data collections: with XZ:DCID set, START, END and",
        "PROCESS act on both. The second starts at frame START_FRAME + NUM_FRAMES, and",
        "its message index is MESSAGE_INDEX + 1. Set EXPECT_RESULT to `No` for a job",
        "from which no centres come, such as a rotation: it is `Done` once the end",
        "message is confirmed.",
    ),
    Group.COMMAND: (
        "Write 1; the value is 1, `Busy`, until the command has ended. SUBMIT and SEND",
        "take a text. START, END and SEND end when the broker has confirmed the",
        "message, WAIT and PROCESS with the job, SUBMIT as its `command` does, each",
        "also when it has failed. A put with callback ends with the command; what came",
        "of it is in `P:STATE` and `P:MESSAGE` by then.",
    ),
    Group.OPTION: (
        "They hold from then on, TIMEOUT and END_TIMEOUT also for jobs that are",
        "waiting. Where Zocalo sends two results for a scan, one from each pipeline,",
        "set SOURCE to the one that you want.",
    ),
    Group.STATUS: (
        "STATE, MESSAGE and `P:JOB:…` show the job that was commanded last. [The",
        "states of a job](../explanations/job-states.md) has what leads to what.",
    ),
    Group.RESULT: (
        "The latest result. It, all centres and the strongest are set as one, with one",
        "time stamp. What a result does not have is NaN or -1; a number that stands",
        "alone is then INVALID.",
    ),
    Group.CENTRES: (
        "Arrays with an element a centre, as long as there are centres, at most 1024.",
        "Box *i* of an axis covers *i* to *i* + 1, so the middle of the first is 0.5.",
    ),
    Group.BEST: (
        "The first of the above, in scalars; INVALID where there is no centre.",
    ),
    Group.MOTOR: (
        "There are these with `--grid-prefix` only: see [motor",
        "positions](../how-to/motor-positions.md).",
    ),
    Group.HISTORY: (
        "The last 100 jobs, results and refused requests, newest first. A result that",
        "ended no job is `Late` if its job had ended, and `Other` if this IOC had none",
        "for its data collection. A request that was refused is `Refused`.",
    ),
    Group.GRIDS: (
        "There are these with `--frames-queue` or `--frames-exchange` only: see [live",
        "maps](../how-to/live-maps.md). A scan of one grid has an empty XZ grid.",
    ),
}


def _ioc_stats() -> Iterator[str]:
    yield from ("", "## The IOC itself", "")
    yield "These are of iocStats, as every EPICS IOC has them. They are read only,"
    yield "unless an access security file says otherwise: processing `P:IOC:SYSRESET`"
    yield "ends the IOC, for what supervises it to start it again."
    yield from table(
        ["record", "meaning", "type", "unit"],
        [
            (quoted(f"P:{record.name}"), record.description, record.type, record.unit)
            for record in ioc_stats()
        ],
    )


def _group(group: Group) -> Iterator[str]:
    yield from ("", f"## {group.value}", "", *_NOTES[group])
    records = [r for r in served(motor=True, frames=True) if r.group is group]
    headings = ["record", "meaning", "type", "initially", "unit"]
    yield from table(headings, map(_row, records))
    if group is Group.COMMAND:
        yield from _submission()


def _row(record: Record[Any]) -> tuple[str, ...]:
    initial = quoted(initially(record)) if initially(record) else ""
    kind = type_of(record, quoted)
    return (
        quoted(f"P:{record.name}"),
        record.description,
        kind,
        initial,
        record.datatype.unit,
    )


def _submission() -> Iterator[str]:
    """Say what SUBMIT and SEND take: the request records as keys of an object."""
    requests = {r.name.lower(): r for r in DECLARATIONS if r.group is Group.REQUEST}
    yield from ("", "### What SUBMIT and SEND take", "")
    yield "A JSON object with these keys, or a list of them for the grids of one scan:"
    yield "all are started, then all ended, then one result is awaited. `dcid`,"
    yield "`command` and, to start, `num_frames` are needed. In a list `start_frame` is"
    yield "by default that of the one before plus its `num_frames`, and `message_index`"
    yield "that of the one before plus 1. `cancel` abandons the jobs of its data"
    yield "collections, and no other."
    commands = [quoted(command) for command in Command]
    rows = [("`command`", f"{', '.join(commands)}; SEND does not take `process`", "")]
    for key in Request.model_fields:
        if key == "id":
            meaning = f"Up to {MAX_ID} characters of your own, for `P:HISTORY`"
            rows.append((quoted(key), meaning, ""))
            continue
        record = requests[key]
        is_bool = isinstance(record.datatype, Bool)
        default = "true" if is_bool else initially(record)
        rows.append(
            (quoted(key), record.description, quoted(default) if default else "")
        )
    yield from table(["key", "meaning", "if not given"], rows)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
