"""The records, one line each: everything that is made from them starts here.

To add a PV, add a line to the section it belongs to.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..centres import AXES, MAX_CENTRES, MISSING, OUTLINE_POINTS, SortKey
from ..grids import MAX_BOXES, NOT_SEEN
from ..jobs import State
from ..recent import RECENT_LENGTH
from ..wire import INT32_MAX, Source
from ._handles import (
    Action,
    Calculated,
    Counter,
    Group,
    Option,
    Readback,
    RequestField,
    Section,
    TextAction,
    Updated,
)
from .datatypes import (
    Array,
    Bool,
    Datatype,
    Enum,
    Float,
    Floats,
    Int,
    Ints,
    Push,
    String,
    Strings,
    Text,
)

MAX_DCIDS = 100
"""Length of the arrays of the data collections that a job or result is of."""
MAX_HISTORY = 100
"""Length of the arrays with one element a job or result."""

T = TypeVar("T")
_Lines = Sequence[float] | NDArray[np.float64]
_POSITIVE = Int(low=0, high=INT32_MAX)
_BUSY = Push({"Ready": False, "Busy": True})
_STEP = Float("mm", 4, missing=math.nan)

# Section by section, in the order of the interface


class RequestPvs(Section):
    """What the next message says."""

    group = Group.REQUEST
    dcid = RequestField("DCID", _POSITIVE, "ISPyB data collection id, 0 for none yet")
    dcgid = RequestField("DCGID", _POSITIVE, "Data collection group id, 0 if unknown")
    filename = RequestField("FILENAME", Text(256), "File name the detector writes")
    start_frame = RequestField(
        "START_FRAME", _POSITIVE, "Index of the first frame in the file"
    )
    num_frames = RequestField("NUM_FRAMES", _POSITIVE, "Number of frames")
    message_index = RequestField(
        "MESSAGE_INDEX", _POSITIVE, "Which trigger of the detector, from 0"
    )
    recipes = RequestField(
        "RECIPES", Text(256), "Recipe names, comma separated", initial="mimas"
    )
    parameters = RequestField(
        "PARAMETERS", Text(4096), "JSON object of further parameters", initial="{}"
    )
    xz_dcid = RequestField(
        "XZ:DCID", _POSITIVE, "Second grid of a 3-D scan, 0 for none"
    )
    xz_num_frames = RequestField("XZ:NUM_FRAMES", _POSITIVE, "Its number of frames")
    expect_result = RequestField(
        "EXPECT_RESULT",
        Bool({"No": False, "Yes": True}),
        "A result is expected",
        initial=1,
    )


class CommandPvs(Section):
    """What makes the IOC do something."""

    group = Group.COMMAND
    by: str = ""
    """Who put the command that runs now: user@host, empty if that is unknown."""
    start = Action("START", _BUSY, "Send the start message")
    end = Action("END", _BUSY, "Send the end message")
    wait = Action("WAIT", _BUSY, "Wait for the latest job to end")
    process = Action("PROCESS", _BUSY, "START, END and WAIT")
    cancel = Action("CANCEL", _BUSY, "Abandon the latest job")
    submit = TextAction("SUBMIT", Text(4096), "A whole request, as a JSON object")
    # EPICS does the puts to one record one after the other, so those that send messages
    # only have a record that no client holds while it waits for a result
    send = TextAction("SEND", Text(4096), "As SUBMIT, without awaiting a result")
    past = TextAction("PAST", Text(40), "Past results of this DCID to PAST:JSON")


class OptionPvs(Section):
    """What holds from now on."""

    group = Group.OPTION
    sort_key = Option(
        "SORT_KEY",
        Enum({key: key for key in SortKey}),
        "How new results rank their centres",
    )
    source = Option(
        "SOURCE",
        Enum({"Any": None, **{s: s for s in Source}}),
        "Pipeline to accept results from",
    )
    timeout = Option(
        "TIMEOUT",
        Float("s", 1, low=0.1, high=86400),
        "Time limit from END to the result",
        initial=180,
    )
    end_timeout = Option(
        "END_TIMEOUT",
        Float("s", 1, low=0.1, high=604800),
        "Time limit from START to END",
        initial=3600,
    )
    min_total_count = Option(
        "MIN_TOTAL_COUNT",
        Float("spots", 1, low=0, high=1e9),
        "Centres with fewer spots are dropped",
    )


class JobPvs(Section):
    """Where the current job is, and what is wrong, if anything."""

    group = Group.STATUS
    state = Readback(
        "STATE",
        Enum(
            {state.label: state for state in State},
            {
                State.NO_CENTRES.label: "MINOR",
                State.TIMED_OUT.label: "MAJOR",
                State.FAILED.label: "MAJOR",
            },
        ),
        "State of the latest job",
    )
    message = Readback("MESSAGE", Text(1024), "STATE in words, and any problem")
    dcid = Readback("JOB:DCID", Int(), "Its first data collection")
    dcids = Readback("JOB:DCIDS", Ints(MAX_DCIDS), "All its data collections")
    by = Readback("JOB:BY", String(), "Who began it: user@host")
    number = Readback("JOB:NUMBER", Int(), "Counts the jobs of this IOC")
    remaining = Readback("JOB:REMAINING", Float("s", 1), "Time until it times out")
    elapsed = Readback(
        "JOB:ELAPSED", Float("s", 1), "Since the first confirmed message"
    )
    guid = Readback("GUID", String(), "guid of the last message sent")


class BrokerPvs(Section):
    """The connection, and counts of messages."""

    group = Group.STATUS
    connected = Readback(
        "BROKER:CONNECTED",
        Bool({"No": False, "Yes": True}, {"No": "MAJOR"}),
        "Connected, consuming, messages confirmed",
    )
    consumers = Readback(
        "BROKER:CONSUMERS",
        Int(missing=MISSING, minor_from=2),
        "Consumers of the results queue",
        initial=MISSING,
    )
    queued = Readback(
        "BROKER:QUEUED",
        Int(missing=MISSING),
        "Results waiting in the queue",
        initial=MISSING,
    )
    host = Readback("BROKER:HOST", String(), "host:port in use")
    sent = Readback("BROKER:SENT", Int(), "Messages the broker confirmed")
    received = Readback("BROKER:RECEIVED", Int(), "Results taken off the queue")
    ignored = Readback("BROKER:IGNORED", Int(), "Results that SOURCE excludes")
    rejected = Readback("BROKER:REJECTED", Int(), "Messages rejected, not results")
    reconnects = Readback("BROKER:RECONNECTS", Int(), "Reconnections")
    confirm_time = Readback(
        "BROKER:CONFIRM_TIME", Float("ms", 3), "Duration of the last confirm"
    )


class ZocaloPvs(Section):
    """The queue that triggers go to."""

    group = Group.STATUS
    consumers = Readback(
        "ZOCALO:CONSUMERS",
        Int(missing=MISSING, major_to=0),
        "Running Zocalo dispatchers",
        initial=MISSING,
    )
    queued = Readback(
        "ZOCALO:QUEUED",
        Int(missing=MISSING),
        "Triggers waiting in the queue",
        initial=MISSING,
    )


class IspybPvs(Section):
    """The database of data collections."""

    group = Group.STATUS
    connected = Readback(
        "ISPYB:CONNECTED",
        Enum({"No": False, "Yes": True, "Off": None}, {"No": "MINOR"}),
        "ISPyB answers",
        initial=2,  # Off
    )
    past = Readback("PAST:JSON", Text(65536), "What PAST found in ISPyB")


class IocPvs(Section):
    """The IOC itself."""

    group = Group.STATUS
    autosave_ok = Readback(
        "AUTOSAVE:OK",
        Bool({"No": False, "Yes": True}, {"No": "MINOR"}),
        "The last save succeeded",
    )
    heartbeat = Readback("HEARTBEAT", Int(), "Counts up once a second")
    version = Readback("VERSION", String(), "Version of the software")


class ResultPvs(Section):
    """The latest result."""

    group = Group.RESULT
    job = Updated("RESULT:JOB", Int(), "Number of its job, 0 for none here")
    dcid = Updated("RESULT:DCID", Int(), "Data collection id")
    dcids = Updated("RESULT:DCIDS", Ints(MAX_DCIDS), "DCID, then others of the scan")
    dcgid = Updated("RESULT:DCGID", Int(missing=MISSING), "Data collection group id")
    source = Updated(
        "RESULT:SOURCE", Enum({s: s for s in Source}), "Pipeline it comes from"
    )
    dimensions = Updated("RESULT:DIMENSIONS", Int(), "2 or 3, 0 without a centre")
    count = Updated("RESULT:COUNT", Int(), "Number of centres")
    time = Updated("RESULT:TIME", String(), "When it arrived")
    latency = Updated(
        "RESULT:LATENCY", Float("s", 6, missing=math.nan), "From last message to result"
    )
    json = Updated("RESULT:JSON", Text(65536), "The result as received, JSON")
    outline: Mapping[str, Updated[_Lines]] = {
        axis: Updated(
            f"RESULT:OUTLINE:{axis.upper()}",
            Floats(OUTLINE_POINTS * MAX_CENTRES, "box"),
            f"Boxes as lines of a plot, {axis}",
        )
        for axis in AXES
    }
    extent = Updated(
        "RESULT:OUTLINE:EXTENT",
        Float("box"),
        "Range of a plot that shows all boxes",
        initial=10.0,
    )
    recent = Updated(
        "RESULT:RECENT",
        Floats(RECENT_LENGTH),
        "Latest results for programs, packed",
    )
    seq = Counter("RESULT:SEQ", Int(), "Counts results, set last")


def _centre_columns() -> Iterator[tuple[str, bool, str, str]]:
    """Yield the name, whether it is a float, unit and description of each column."""
    for axis in AXES:
        yield axis, True, "box", f"Centre of mass, {axis}"
    for end, meaning in (("min", "First box"), ("max", "One past the last box")):
        for axis in AXES:
            yield f"box_{end}:{axis}", False, "box", f"{meaning} of its box, {axis}"
    for axis in AXES:
        yield f"max_voxel:{axis}", False, "box", f"Box with most spots, {axis}"
    yield "max_count", True, "spots", "Spots in that box"
    yield "total_count", True, "spots", "Spots in all its boxes"
    yield "n_voxels", False, "boxes", "Number of its boxes"
    yield "sample_id", False, "", "ISPyB sample id, -1 if unknown"


def _centres() -> Iterator[Updated[Any]]:
    for name, is_float, unit, description in _centre_columns():
        datatype = Floats(MAX_CENTRES, unit, 3) if is_float else Ints(MAX_CENTRES, unit)
        yield Updated(f"CENTRES:{name.upper()}", datatype, description)


def _best() -> Iterator[Updated[Any]]:
    sizes = [(f"box_size:{a}", False, "box", f"Size of its box, {a}") for a in AXES]
    for name, is_float, unit, description in (*_centre_columns(), *sizes):
        datatype = (
            Float(unit, 3, missing=math.nan) if is_float else Int(unit, missing=MISSING)
        )
        yield Updated(f"BEST:{name.upper()}", datatype, description)


class CentrePvs(Section):
    """Every centre, strongest first, by the columns of `centres.rank`."""

    group = Group.CENTRES
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("centres_"): record for record in _centres()
    }


class BestPvs(Section):
    """The strongest centre, by the columns of `centres.best`."""

    group = Group.BEST
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("best_"): record for record in _best()
    }


def _history(
    name: str, datatype: type[Array[Any]], description: str, unit: str = ""
) -> Updated[Any]:
    return Updated(f"HISTORY:{name}", datatype(MAX_HISTORY, unit, 3), description)


class HistoryPvs(Section):
    """The last jobs and results."""

    group = Group.HISTORY
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("history_"): record
        for record in (
            _history("DCID", Ints, "Data collection ids, newest first"),
            _history("DCGID", Ints, "Data collection group ids"),
            _history("STATE", Strings, "How the jobs ended"),
            _history("SOURCE", Strings, "Pipelines the results came from"),
            _history("CENTRES", Ints, "Numbers of centres, -1 without result"),
            _history("LATENCY", Floats, "From last messages to results", "s"),
            _history("TIME", Strings, "When they ended or came"),
            _history("JOB", Ints, "Numbers of the jobs, 0 for none"),
            _history("ID", Strings, "What clients call their requests"),
        )
    }
    seq = Counter("HISTORY:SEQ", Int(), "Counts entries, set last")


class MotorPvs(Section):
    """The strongest centre as motor positions, with a grid scan device only."""

    group = Group.MOTOR
    positions: Mapping[str, Calculated] = {
        f"{corner}{axis}": Calculated(
            f"BEST:MOTOR:{corner}{axis.upper()}",
            Float("mm", 4),
            f"Motor {axis.upper()} of its {meaning}",
        )
        for corner, meaning in (
            ("", "centre of mass"),
            ("BOX_MIN:", "box, low corner"),
            ("BOX_MAX:", "box, high corner"),
        )
        for axis in AXES
    }


GRIDS = ("XY", "XZ")
"""The grids of a scan, by their axes."""


def _by_grid(
    name: str, datatype: Datatype[T], description: str
) -> dict[str, Updated[T]]:
    return {
        grid: Updated(f"GRID:{grid}:{name}", datatype, f"{description}, {grid}")
        for grid in GRIDS
    }


class GridPvs(Section):
    """Both grids of a scan, with a queue of frames only. COUNTS are set last."""

    group = Group.GRIDS
    dcid = _by_grid("DCID", Int(), "Data collection, 0 if there is none")
    nx = _by_grid("NX", Int("boxes"), "Boxes along x")
    ny = _by_grid("NY", Int("boxes"), "Boxes along y or z")
    step_x = _by_grid("STEP:X", _STEP, "Width of a box")
    step_y = _by_grid("STEP:Y", _STEP, "Height of a box")
    frames = _by_grid("FRAMES", Int("frames"), "Frames counted")
    expected = _by_grid("EXPECTED", Int("frames"), "Frames of the grid")
    max_count = _by_grid("MAX_COUNT", Int("spots"), "Highest of its counts")
    counts = _by_grid(
        "COUNTS", Ints(MAX_BOXES, "spots"), f"Spots in each box, {NOT_SEEN} unseen"
    )
