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
            "`P` is the prefix. The IOC serves each record over Channel Access and PV",
            "Access. [Compatibility](compatibility.md) says what versions keep.",
            *(line for group in Group for line in _group(group)),
            *_ioc_stats(),
            "",
            "## Tables for PV Access clients",
            *table(
                ["PV", "rows", "columns", "further fields"],
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
            "`seq` counts the updates of a table. The rows, the further fields and the",
            "time stamp belong to the same update.",
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
        "The contents of the next message. A command uses the values at the time of",
        "its put; SUBMIT and SEND ignore them. Texts are arrays of characters, which",
        "`caput` writes with `-S`.",
        "",
        "A 3-D grid scan is two data collections: with XZ:DCID set, START, END and",
        "PROCESS act on both. The second starts at frame START_FRAME + NUM_FRAMES, and",
        "has the message index MESSAGE_INDEX + 1. Set EXPECT_RESULT to `No` for a job",
        "without a result, such as a rotation: it is `Done` once the end message is",
        "confirmed.",
    ),
    Group.COMMAND: (
        "Write 1; the value is 1, `Busy`, until the command has ended. SUBMIT and SEND",
        "take a text. START, END and SEND end when the broker has confirmed the",
        "message, WAIT and PROCESS with the job, SUBMIT as its `command` does, and all",
        "when they fail. A put with callback ends with the command, when `P:STATE` and",
        "`P:MESSAGE` show the outcome.",
    ),
    Group.OPTION: (
        "In force at once, TIMEOUT and END_TIMEOUT also for waiting jobs. If Zocalo",
        "sends a result from each of two pipelines, set SOURCE to the one you want.",
    ),
    Group.STATUS: (
        "STATE, MESSAGE and `P:JOB:…` show the latest job. [The states of a",
        "job](../explanations/job-states.md) shows the transitions.",
    ),
    Group.RESULT: (
        "The latest result. These records, all centres and the strongest are one",
        "update with one time stamp. Missing values are NaN or -1, and INVALID in",
        "scalars.",
    ),
    Group.CENTRES: (
        "Arrays with one element per centre, at most 1024. Box *i* of an axis covers",
        "*i* to *i* + 1, so the middle of the first box is 0.5.",
    ),
    Group.BEST: ("The first of the above as scalars; INVALID without a centre.",),
    Group.MOTOR: (
        "Only with `--grid-prefix`: see [motor",
        "positions](../how-to/motor-positions.md).",
    ),
    Group.HISTORY: (
        "The last 100 jobs, results and refused requests, newest first. A result that",
        "ended no job is `Late` if its job had ended, and `Other` if it belongs to no",
        "job of this IOC. A refused request is `Refused`.",
    ),
    Group.GRIDS: (
        "Only with `--frames-queue` or `--frames-exchange`: see [live",
        "maps](../how-to/live-maps.md). A scan of one grid has an empty XZ grid.",
    ),
}


def _ioc_stats() -> Iterator[str]:
    yield from ("", "## The IOC itself", "")
    yield "The records of iocStats, as in other EPICS IOCs. They are read-only unless"
    yield "an access security file says otherwise. `P:IOC:SYSRESET` then ends the IOC,"
    yield "so that its supervisor restarts it."
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
    yield "A JSON object with these keys, or a list with one for each grid of a scan:"
    yield "the IOC starts all, then ends all, then waits for one result. `dcid`,"
    yield "`command` and, to start, `num_frames` are required. In a list,"
    yield "`start_frame` continues after the frames of the previous grid by default,"
    yield "and `message_index` counts up. `cancel` abandons the jobs of its data"
    yield "collections, and no others."
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
