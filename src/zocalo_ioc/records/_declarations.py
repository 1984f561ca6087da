"""The records, one line each: everything that is made from them starts here.

To add a PV, add a line to `DECLARATIONS`.
"""

import math
from collections.abc import Iterator

from ..centres import AXES, MISSING, OUTLINE_POINTS, SortKey
from ..jobs import State
from ..wire import INT32_MAX, Source
from ._record import Group, Kind, Record, Table

MAX_CENTRES = 1024
"""Length of the arrays with one element a centre."""
MAX_DCIDS = 100
"""Length of the array of the data collections that a result is of."""
MAX_HISTORY = 100
"""Length of the arrays with one element a job or result."""


_MICROSECONDS, _MILLISECONDS = 6, 3


def _request() -> Iterator[Record]:
    def integer(name: str, description: str) -> Record:
        return Record(
            Group.REQUEST, name, Kind.LONGOUT, description,
            initial=0, low=0, high=INT32_MAX,
        )  # fmt: skip

    def text(name: str, description: str, length: int, initial: str) -> Record:
        return Record(
            Group.REQUEST, name, Kind.TEXT_OUT, description,
            initial=initial, length=length,
        )  # fmt: skip

    yield integer("DCID", "ISPyB data collection id, 0 for none yet")
    yield integer("DCGID", "Data collection group id, 0 if unknown")
    yield text("FILENAME", "File name the detector writes", 256, "")
    yield integer("START_FRAME", "Index of the first frame in the file")
    yield integer("NUM_FRAMES", "Number of frames")
    yield integer("MESSAGE_INDEX", "Which trigger of the detector, from 0")
    yield text("RECIPES", "Recipe names, comma separated", 256, "mimas")
    yield text("PARAMETERS", "JSON object of further parameters", 4096, "{}")


def _commands() -> Iterator[Record]:
    def command(name: str, description: str) -> Record:
        return Record(
            Group.COMMAND, name, Kind.COMMAND, description,
            initial=0, choices=("Ready", "Busy"),
        )  # fmt: skip

    yield command("START", "Send the start message")
    yield command("END", "Send the end message")
    yield command("WAIT", "Wait until the current job has ended")
    yield command("PROCESS", "START, END and WAIT")
    yield command("CANCEL", "Abandon the current job")
    yield Record(
        Group.COMMAND, "SUBMIT", Kind.TEXT_COMMAND, "A whole request, as a JSON object",
        initial="", length=4096,
    )  # fmt: skip
    # EPICS does the puts to one record one after the other, so those that send messages
    # only have a record that no client holds while it waits for a result
    yield Record(
        Group.COMMAND, "SEND", Kind.TEXT_COMMAND, "As SUBMIT, but only start and end",
        initial="", length=4096,
    )  # fmt: skip


def _options() -> Iterator[Record]:
    yield Record(
        Group.OPTION, "SORT_KEY", Kind.MBBO, "Centres of the next results ranked by",
        initial=0, choices=tuple(SortKey),
    )  # fmt: skip
    yield Record(
        Group.OPTION, "SOURCE", Kind.MBBO, "Results from any other are ignored",
        initial=0, choices=("Any", *Source),
    )  # fmt: skip
    yield Record(
        Group.OPTION, "TIMEOUT", Kind.AO, "Wait for a result, from last message",
        initial=180, unit="s", precision=1, low=0.1, high=86400,
    )  # fmt: skip


def _status() -> Iterator[Record]:
    def status(
        name: str,
        kind: Kind,
        description: str,
        *,
        unit: str = "",
        precision: int = 0,
        length: int = 0,
        choices: tuple[str, ...] = (),
        severities: tuple[tuple[str, str], ...] = (),
    ) -> Record:
        return Record(
            Group.STATUS, name, kind, description, unit=unit, precision=precision,
            length=length, choices=choices, severities=severities,
        )  # fmt: skip

    yield status(
        "STATE", Kind.MBBI, "State of the current job",
        choices=tuple(state.label for state in State),
        severities=(
            (State.NO_CENTRES.label, "MINOR"),
            (State.TIMED_OUT.label, "MAJOR"),
            (State.FAILED.label, "MAJOR"),
        ),
    )  # fmt: skip
    yield status(
        "MESSAGE", Kind.TEXT_IN, "STATE for people, and what is wrong", length=1024
    )
    yield status("JOB:DCID", Kind.LONGIN, "Data collection STATE speaks of")
    yield status(
        "JOB:ELAPSED", Kind.AI, "Since the first confirmed message",
        unit="s", precision=1,
    )  # fmt: skip
    yield status("GUID", Kind.STRINGIN, "guid of the last message sent")
    yield status(
        "BROKER:CONNECTED", Kind.BI, "Connected and consuming results",
        choices=("No", "Yes"), severities=(("No", "MAJOR"),),
    )  # fmt: skip
    yield status("BROKER:HOST", Kind.STRINGIN, "host:port in use")
    yield status("BROKER:SENT", Kind.LONGIN, "Messages the broker confirmed")
    yield status("BROKER:RECEIVED", Kind.LONGIN, "Results taken off the queue")
    yield status("BROKER:IGNORED", Kind.LONGIN, "Results that SOURCE excludes")
    yield status("BROKER:REJECTED", Kind.LONGIN, "Messages that are no result")
    yield status("BROKER:RECONNECTS", Kind.LONGIN, "Times the connection came back")
    yield status(
        "BROKER:CONFIRM_TIME", Kind.AI, "How long the last confirm took",
        unit="ms", precision=3,
    )  # fmt: skip
    yield status("HEARTBEAT", Kind.LONGIN, "Counts up once a second")
    yield status("VERSION", Kind.STRINGIN, "Version of the software")


def _result() -> Iterator[Record]:
    yield Record(Group.RESULT, "RESULT:DCID", Kind.LONGIN, "Data collection id")
    yield Record(
        Group.RESULT, "RESULT:DCIDS", Kind.INTEGERS, "DCID, then others of the scan",
        length=MAX_DCIDS,
    )  # fmt: skip
    yield Record(
        Group.RESULT, "RESULT:DCGID", Kind.LONGIN, "Data collection group id",
        missing=MISSING,
    )  # fmt: skip
    yield Record(
        Group.RESULT, "RESULT:SOURCE", Kind.MBBI, "Pipeline it comes from",
        choices=tuple(Source),
    )  # fmt: skip
    yield Record(
        Group.RESULT, "RESULT:DIMENSIONS", Kind.LONGIN, "2 or 3, 0 without a centre"
    )
    yield Record(Group.RESULT, "RESULT:COUNT", Kind.LONGIN, "Number of centres")
    yield Record(Group.RESULT, "RESULT:TIME", Kind.STRINGIN, "When it arrived")
    yield Record(
        Group.RESULT, "RESULT:LATENCY", Kind.AI, "From last message to result",
        unit="s", precision=_MICROSECONDS, missing=math.nan,
    )  # fmt: skip
    yield Record(
        Group.RESULT, "RESULT:JSON", Kind.TEXT_IN, "The payload as it came",
        length=65536,
    )  # fmt: skip
    for axis in AXES:
        yield Record(
            Group.RESULT, f"RESULT:OUTLINE:{axis.upper()}", Kind.DOUBLES,
            f"Boxes as lines to plot, {axis}", unit="box",
            length=OUTLINE_POINTS * MAX_CENTRES,
        )  # fmt: skip
    yield Record(
        Group.RESULT, "RESULT:OUTLINE:EXTENT", Kind.AI,
        "Height of a plot 2:1 that holds all", unit="box", initial=10.0,
    )  # fmt: skip
    yield Record(Group.RESULT, "RESULT:SEQ", Kind.LONGIN, "Counts results, set last")


def _centre_columns() -> Iterator[tuple[str, str, bool, str, str]]:
    """Yield name, column, whether it is a float, unit and description."""
    for axis in AXES:
        yield axis.upper(), axis, True, "box", f"Centre of mass, {axis}"
    for end, meaning in (("MIN", "First box"), ("MAX", "One past the last box")):
        for axis in AXES:
            name, column = f"BOX_{end}:{axis.upper()}", f"box_{end.lower()}_{axis}"
            yield name, column, False, "box", f"{meaning} of its box, {axis}"
    for axis in AXES:
        name = f"MAX_VOXEL:{axis.upper()}"
        yield name, f"max_voxel_{axis}", False, "box", f"Box with most spots, {axis}"
    yield "MAX_COUNT", "max_count", True, "spots", "Spots in that box"
    yield "TOTAL_COUNT", "total_count", True, "spots", "Spots in all its boxes"
    yield "N_VOXELS", "n_voxels", False, "boxes", "Number of its boxes"
    yield "SAMPLE_ID", "sample_id", False, "", "ISPyB sample id, -1 if unknown"


def _centres() -> Iterator[Record]:
    for name, column, is_float, unit, description in _centre_columns():
        yield Record(
            Group.CENTRES, f"CENTRES:{name}",
            Kind.DOUBLES if is_float else Kind.INTEGERS, description,
            unit=unit, precision=3 if is_float else 0, length=MAX_CENTRES,
            column=column,
        )  # fmt: skip


def _best() -> Iterator[Record]:
    def best(name: str, column: str, is_float: bool, unit: str, text: str) -> Record:
        return Record(
            Group.BEST, f"BEST:{name}", Kind.AI if is_float else Kind.LONGIN, text,
            unit=unit, precision=3 if is_float else 0, column=column,
            missing=math.nan if is_float else MISSING,
        )  # fmt: skip

    for arguments in _centre_columns():
        yield best(*arguments)
    for axis in AXES:
        name, column = f"BOX_SIZE:{axis.upper()}", f"box_size_{axis}"
        yield best(name, column, False, "box", f"Size of its box, {axis}")


def _motor() -> Iterator[Record]:
    for name, text in (
        ("", "centre of mass"),
        ("BOX_MIN:", "box, low corner"),
        ("BOX_MAX:", "box, high corner"),
    ):
        for axis in AXES:
            yield Record(
                Group.MOTOR, f"BEST:MOTOR:{name}{axis.upper()}", Kind.CALC,
                f"Motor {axis.upper()} of its {text}", unit="mm", precision=4,
            )  # fmt: skip


def _history() -> Iterator[Record]:
    def column(name: str, kind: Kind, description: str, unit: str = "") -> Record:
        return Record(
            Group.HISTORY, f"HISTORY:{name.upper()}", kind, description, unit=unit,
            precision=_MILLISECONDS, length=MAX_HISTORY, column=name,
        )  # fmt: skip

    yield column("dcid", Kind.INTEGERS, "Data collection ids, newest first")
    yield column("dcgid", Kind.INTEGERS, "Data collection group ids")
    yield column("state", Kind.STRINGS, "How the jobs ended")
    yield column("source", Kind.STRINGS, "Pipelines the results came from")
    yield column("centres", Kind.INTEGERS, "Numbers of centres, -1 without result")
    yield column("latency", Kind.DOUBLES, "From last messages to results", "s")
    yield column("time", Kind.STRINGS, "When they ended or came")
    yield Record(Group.HISTORY, "HISTORY:SEQ", Kind.LONGIN, "Counts entries, set last")


TABLES = (
    Table(
        "RESULT:TABLE", tuple(_centres()), "RESULT:SEQ", "One row a centre",
        beside={
            "RESULT:DCIDS": "dcids",
            "RESULT:DCGID": "dcgid",
            "RESULT:SOURCE": "source",
        },
    ),
    Table(
        "HISTORY", tuple(r for r in _history() if r.column), "HISTORY:SEQ",
        "The last jobs and results",
    ),
)  # fmt: skip

UPDATED_TOGETHER = ((Group.RESULT, Group.CENTRES, Group.BEST), (Group.HISTORY,))
"""Groups whose records are updated as one: no client sees half an update."""

DECLARATIONS: tuple[Record, ...] = (
    *_request(),
    *_commands(),
    *_options(),
    *_status(),
    *_result(),
    *_centres(),
    *_best(),
    *_history(),
)
"""Every record, in the order of the interface."""

MOTOR = tuple(_motor())
"""Records that there are with a grid scan device only. A template makes them."""

IOC_STATS = "IOC"
"""What the names of the records of iocStats start with, after the prefix: without it
they would have a HEARTBEAT, too."""

LONGEST_NAME = max(
    *(len(record.name) for record in (*DECLARATIONS, *MOTOR)),
    len(f"{IOC_STATS}:CBMEDIUM_Q_OVERRUNS"),
)
"""Length of the longest name, without prefix and colon."""
MAX_NAME = 60
"""Characters that EPICS takes in a whole name."""
