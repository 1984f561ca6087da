"""The records that clients write, and those of the state of the IOC, one line each.

Everything that is made from the records starts here, and in `_results` and `_grids`. To
add a PV, add a line to the section it belongs to.
"""

from ..centres import MISSING, SortKey
from ..jobs import State
from ..wire import INT32_MAX, Source
from ._handles import Action, Group, Option, Readback, RequestField, Section, TextAction
from .datatypes import Bool, Enum, Float, Int, Ints, Push, String, Text

MAX_DCIDS = 100
"""Length of the arrays of the data collections that a job or result is of."""

_POSITIVE = Int(low=0, high=INT32_MAX)
_BUSY = Push({"Ready": False, "Busy": True})

# Section by section, in the order of the interface


class RequestPvs(Section):
    """The contents of the next message."""

    group = Group.REQUEST
    dcid = RequestField("DCID", _POSITIVE, "ISPyB data collection id, 0 for none yet")
    dcgid = RequestField("DCGID", _POSITIVE, "Data collection group id, 0 if unknown")
    filename = RequestField(
        "FILENAME", Text(256), "Name of the file the detector writes"
    )
    start_frame = RequestField(
        "START_FRAME", _POSITIVE, "Index of the first frame in the file"
    )
    num_frames = RequestField("NUM_FRAMES", _POSITIVE, "Number of frames")
    message_index = RequestField(
        "MESSAGE_INDEX", _POSITIVE, "Index of the detector's trigger, from 0"
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
    xz_num_frames = RequestField(
        "XZ:NUM_FRAMES", _POSITIVE, "Number of frames of the second grid"
    )
    expect_result = RequestField(
        "EXPECT_RESULT",
        Bool({"No": False, "Yes": True}),
        "A result is expected",
        initial=1,
    )


class CommandPvs(Section):
    """Commands to the IOC."""

    group = Group.COMMAND
    by: str = ""
    """Who put the command that runs now: user@host, empty if unknown."""
    start = Action("START", _BUSY, "Send the start message")
    end = Action("END", _BUSY, "Send the end message")
    wait = Action("WAIT", _BUSY, "Wait for the latest job to end")
    process = Action("PROCESS", _BUSY, "START, END and WAIT")
    cancel = Action("CANCEL", _BUSY, "Abandon the latest job")
    submit = TextAction("SUBMIT", Text(4096), "A whole request, as a JSON object")
    # EPICS does the puts to one record one after the other, so those that send messages
    # only have a record that no client holds while it waits for a result
    send = TextAction("SEND", Text(4096), "As SUBMIT, without awaiting a result")
    past = TextAction("PAST", Text(40), "Read past results of a DCID from ISPyB")


class OptionPvs(Section):
    """Options, in force at once."""

    group = Group.OPTION
    sort_key = Option(
        "SORT_KEY",
        Enum({key: key for key in SortKey}),
        "How centres of new results are ranked",
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
    """The state of the current job, and any problem."""

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
    dcid = Readback("JOB:DCID", Int(), "First data collection of the job")
    dcids = Readback("JOB:DCIDS", Ints(MAX_DCIDS), "All data collections of the job")
    by = Readback("JOB:BY", String(), "Who started the job: user@host")
    number = Readback("JOB:NUMBER", Int(), "Counts the jobs of this IOC")
    remaining = Readback("JOB:REMAINING", Float("s", 1), "Time until the job times out")
    elapsed = Readback(
        "JOB:ELAPSED", Float("s", 1), "Time since the first confirmed message"
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
    rejected = Readback("BROKER:REJECTED", Int(), "Messages rejected as invalid")
    reconnects = Readback("BROKER:RECONNECTS", Int(), "Reconnections")
    confirm_time = Readback(
        "BROKER:CONFIRM_TIME", Float("ms", 3), "Time the broker took to confirm"
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
    past = Readback("PAST:JSON", Text(65536), "Results that PAST read from ISPyB")


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
