"""The declared records, against the interface that users were promised.

The lists are written out by hand: they are the contract, not a copy of the code.
"""

import pytest

from zocalo_ioc.records import (
    DECLARATIONS,
    LONGEST_NAME,
    Array,
    Enum,
    Float,
    Text,
    Writable,
)
from zocalo_ioc.records.datatypes import Alarm
from zocalo_ioc.settings import MAX_PREFIX

REQUEST = [
    ("DCID", "longout"),
    ("DCGID", "longout"),
    ("FILENAME", "char waveform"),
    ("START_FRAME", "longout"),
    ("NUM_FRAMES", "longout"),
    ("MESSAGE_INDEX", "longout"),
    ("RECIPES", "char waveform"),
    ("PARAMETERS", "char waveform"),
    ("XZ:DCID", "longout"),
    ("XZ:NUM_FRAMES", "longout"),
    ("EXPECT_RESULT", "bo"),
]
COMMANDS = [
    ("START", "bo"),
    ("END", "bo"),
    ("WAIT", "bo"),
    ("PROCESS", "bo"),
    ("CANCEL", "bo"),
    ("SUBMIT", "char waveform, a command"),
    ("SEND", "char waveform, a command"),
    ("PAST", "char waveform, a command"),
]
OPTIONS = [
    ("SORT_KEY", "mbbo"),
    ("SOURCE", "mbbo"),
    ("TIMEOUT", "ao"),
    ("END_TIMEOUT", "ao"),
    ("MIN_TOTAL_COUNT", "ao"),
]
STATUS = [
    ("STATE", "mbbi"),
    ("MESSAGE", "char waveform, read only"),
    ("JOB:DCID", "longin"),
    ("JOB:DCIDS", "long waveform, read only"),
    ("JOB:BY", "stringin"),
    ("JOB:NUMBER", "longin"),
    ("JOB:REMAINING", "ai"),
    ("JOB:ELAPSED", "ai"),
    ("GUID", "stringin"),
    ("BROKER:CONNECTED", "bi"),
    ("BROKER:CONSUMERS", "longin"),
    ("BROKER:QUEUED", "longin"),
    ("ZOCALO:CONSUMERS", "longin"),
    ("ZOCALO:QUEUED", "longin"),
    ("ISPYB:CONNECTED", "mbbi"),
    ("BROKER:HOST", "stringin"),
    ("BROKER:SENT", "longin"),
    ("BROKER:RECEIVED", "longin"),
    ("BROKER:IGNORED", "longin"),
    ("BROKER:REJECTED", "longin"),
    ("BROKER:RECONNECTS", "longin"),
    ("BROKER:CONFIRM_TIME", "ai"),
    ("AUTOSAVE:OK", "bi"),
    ("HEARTBEAT", "longin"),
    ("VERSION", "stringin"),
]
RESULT = [
    ("RESULT:SEQ", "longin"),
    ("RESULT:JOB", "longin"),
    ("RESULT:DCID", "longin"),
    ("RESULT:DCIDS", "long waveform, read only"),
    ("RESULT:DCGID", "longin"),
    ("RESULT:SOURCE", "mbbi"),
    ("RESULT:DIMENSIONS", "longin"),
    ("RESULT:COUNT", "longin"),
    ("RESULT:TIME", "stringin"),
    ("RESULT:LATENCY", "ai"),
    ("RESULT:JSON", "char waveform, read only"),
    *((f"RESULT:OUTLINE:{axis}", "double waveform, read only") for axis in "XYZ"),
    ("RESULT:OUTLINE:EXTENT", "ai"),
]
CENTRES = [
    ("CENTRES:X", "double waveform, read only"),
    ("CENTRES:Y", "double waveform, read only"),
    ("CENTRES:Z", "double waveform, read only"),
    ("CENTRES:BOX_MIN:X", "long waveform, read only"),
    ("CENTRES:BOX_MIN:Y", "long waveform, read only"),
    ("CENTRES:BOX_MIN:Z", "long waveform, read only"),
    ("CENTRES:BOX_MAX:X", "long waveform, read only"),
    ("CENTRES:BOX_MAX:Y", "long waveform, read only"),
    ("CENTRES:BOX_MAX:Z", "long waveform, read only"),
    ("CENTRES:MAX_VOXEL:X", "long waveform, read only"),
    ("CENTRES:MAX_VOXEL:Y", "long waveform, read only"),
    ("CENTRES:MAX_VOXEL:Z", "long waveform, read only"),
    ("CENTRES:MAX_COUNT", "double waveform, read only"),
    ("CENTRES:TOTAL_COUNT", "double waveform, read only"),
    ("CENTRES:N_VOXELS", "long waveform, read only"),
    ("CENTRES:SAMPLE_ID", "long waveform, read only"),
]
BEST = [
    ("BEST:X", "ai"),
    ("BEST:Y", "ai"),
    ("BEST:Z", "ai"),
    ("BEST:BOX_MIN:X", "longin"),
    ("BEST:BOX_MIN:Y", "longin"),
    ("BEST:BOX_MIN:Z", "longin"),
    ("BEST:BOX_MAX:X", "longin"),
    ("BEST:BOX_MAX:Y", "longin"),
    ("BEST:BOX_MAX:Z", "longin"),
    ("BEST:BOX_SIZE:X", "longin"),
    ("BEST:BOX_SIZE:Y", "longin"),
    ("BEST:BOX_SIZE:Z", "longin"),
    ("BEST:MAX_VOXEL:X", "longin"),
    ("BEST:MAX_VOXEL:Y", "longin"),
    ("BEST:MAX_VOXEL:Z", "longin"),
    ("BEST:MAX_COUNT", "ai"),
    ("BEST:TOTAL_COUNT", "ai"),
    ("BEST:N_VOXELS", "longin"),
    ("BEST:SAMPLE_ID", "longin"),
]

DECLARED = {record.name: record for record in DECLARATIONS}


def test_the_records_of_the_interface_are_declared_with_their_types() -> None:
    promised = [*REQUEST, *COMMANDS, *OPTIONS, *STATUS, *RESULT, *CENTRES, *BEST]
    for name, type_name in promised:
        assert DECLARED[name].type == type_name, name


def test_clients_write_request_commands_and_options_and_nothing_else() -> None:
    promised = {name for name, _ in (*REQUEST, *COMMANDS, *OPTIONS)}
    assert {r.name for r in DECLARATIONS if r.writable} == promised
    assert {r.name for r in DECLARATIONS if isinstance(r, Writable)} == promised


def test_request_and_options_start_with_their_values() -> None:
    for name, initial in {
        "DCID": 0,
        "DCGID": 0,
        "FILENAME": "",
        "START_FRAME": 0,
        "NUM_FRAMES": 0,
        "MESSAGE_INDEX": 0,
        "RECIPES": "mimas",
        "PARAMETERS": "{}",
        "XZ:DCID": 0,
        "XZ:NUM_FRAMES": 0,
        "TIMEOUT": 180,
        "END_TIMEOUT": 3600,
        "MIN_TOTAL_COUNT": 0,
    }.items():
        assert DECLARED[name].initial == initial, name
    choices = {"SORT_KEY": "max_count", "SOURCE": "Any", "EXPECT_RESULT": "Yes"}
    for name, choice in choices.items():
        initial = DECLARED[name].initial
        assert isinstance(initial, int)
        assert DECLARED[name].datatype.choices[initial] == choice, name


def test_waveforms_have_their_lengths() -> None:
    for name, length in {
        "FILENAME": 256,
        "RECIPES": 256,
        "PARAMETERS": 4096,
        "MESSAGE": 1024,
        "RESULT:JSON": 65536,
        **{f"RESULT:OUTLINE:{axis}": 6 * 1024 for axis in "XYZ"},
        **{name: 1024 for name, _ in CENTRES},
    }.items():
        datatype = DECLARED[name].datatype
        assert isinstance(datatype, Text | Array), name
        assert datatype.length == length, name


def test_enumerations_have_their_choices_in_order() -> None:
    for name, choices in {
        "SORT_KEY": ("max_count", "total_count", "n_voxels"),
        "SOURCE": ("Any", "CPU", "GPU"),
        "STATE": (
            *("Idle", "Starting", "Started", "Ending", "Processing"),
            *("Done", "No centres", "Timed out", "Failed", "Cancelled"),
        ),
        "BROKER:CONNECTED": ("No", "Yes"),
        "RESULT:SOURCE": ("CPU", "GPU"),
    }.items():
        assert DECLARED[name].datatype.choices == choices, name


def test_states_have_their_severities() -> None:
    for name, severities in {
        "STATE": {"No centres": "MINOR", "Timed out": "MAJOR", "Failed": "MAJOR"},
        "BROKER:CONNECTED": {"No": "MAJOR"},
    }.items():
        datatype = DECLARED[name].datatype
        assert isinstance(datatype, Enum), name
        assert datatype.severities == severities, name


def test_records_have_their_units() -> None:
    boxes = ("BOX_MIN", "BOX_MAX", "MAX_VOXEL")
    for name, unit in {
        "TIMEOUT": "s",
        "JOB:ELAPSED": "s",
        "BROKER:CONFIRM_TIME": "ms",
        "RESULT:LATENCY": "s",
        **{f"RESULT:OUTLINE:{name}": "box" for name in ("X", "Y", "Z", "EXTENT")},
        **{f"{group}:{a}": "box" for group in ("CENTRES", "BEST") for a in "XYZ"},
        **{f"CENTRES:{box}:{axis}": "box" for box in boxes for axis in "XYZ"},
        **{f"BEST:{b}:{a}": "box" for b in (*boxes, "BOX_SIZE") for a in "XYZ"},
    }.items():
        assert DECLARED[name].datatype.unit == unit, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DCID", 0),
        ("DCID", 2147483647),
        ("SORT_KEY", 0),
        ("SORT_KEY", 2),
        ("TIMEOUT", 180.0),
        ("FILENAME", "ins_10_31"),
        ("FILENAME", "x" * 255),
        ("PARAMETERS", "not yet JSON"),
    ],
)
def test_a_record_takes_a_value_within_its_limits(
    name: str, value: float | str
) -> None:
    assert DECLARED[name].datatype.refusal(value) == ""


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("DCID", -1, "0 to 2147483647"),
        ("DCID", 1.0, "whole number"),
        ("DCID", "1", "whole number"),
        ("NUM_FRAMES", -1, "0 to 2147483647"),
        ("SORT_KEY", 3, "max_count, total_count, n_voxels"),
        ("SORT_KEY", "max_count", "whole number"),
        ("SOURCE", 3, "Any, CPU, GPU"),
        ("TIMEOUT", 0, "0.1 to 86400 s"),
        ("TIMEOUT", float("nan"), "0.1 to 86400 s"),
        ("TIMEOUT", "180", "a number"),
        ("FILENAME", "\N{REPLACEMENT CHARACTER}", "UTF-8"),
        ("FILENAME", "x" * 256, "255 bytes"),
        ("FILENAME", 1, "text"),
    ],
)
def test_a_refused_value_is_answered_with_what_the_record_takes(
    name: str, value: float | str, refusal: str
) -> None:
    assert refusal in DECLARED[name].datatype.refusal(value)


def test_a_value_that_stands_for_none_raises_an_alarm() -> None:
    for name, missing in {
        "BEST:X": float("nan"),
        "BEST:MAX_COUNT": float("nan"),
        "BEST:N_VOXELS": -1,
        "BEST:BOX_SIZE:Z": -1,
        "BEST:SAMPLE_ID": -1,
        "RESULT:DCGID": -1,
        "RESULT:LATENCY": float("nan"),
    }.items():
        assert DECLARED[name].datatype.encode(missing)[1] is Alarm.MISSING, name


def test_a_value_that_stands_for_itself_raises_no_alarm() -> None:
    for name, value in {"BEST:X": 0.0, "BEST:N_VOXELS": 0, "RESULT:SEQ": -1}.items():
        assert DECLARED[name].datatype.encode(value) == (value, Alarm.NONE), name
    assert Float().encode(float("nan"))[1] is Alarm.NONE


def test_a_text_that_is_too_long_is_cut_between_characters_and_raises_an_alarm() -> (
    None
):
    assert Text(5).encode("1234") == ("1234", Alarm.NONE)
    assert Text(5).encode("12345") == ("1234", Alarm.CUT)
    assert Text(5).encode("123ü") == ("123", Alarm.CUT)


def test_no_two_records_share_a_name() -> None:
    assert len(DECLARED) == len(DECLARATIONS)


def test_declarations_fit_the_fields_of_epics() -> None:
    for record in DECLARATIONS:
        datatype, name = record.datatype, record.name
        assert 1 <= len(record.description) <= 40, name
        assert len(datatype.unit) <= 15, name
        assert len(datatype.choices) <= 16, name
        assert all(len(choice) <= 25 for choice in datatype.choices), name
        if isinstance(datatype, Enum):
            assert set(datatype.severities) <= set(datatype.choices), name


def test_the_longest_prefix_leaves_room_for_every_name_and_a_longer_one_does_not() -> (
    None
):
    for record in DECLARATIONS:
        assert len("P" * MAX_PREFIX + ":" + record.name) <= 60, record.name
    assert MAX_PREFIX + len(":") + LONGEST_NAME == 60


@pytest.mark.parametrize("prefix", ["BL03I-EA-ZOC-01", "ZOCALO-DEMO"])
def test_the_prefixes_of_the_documentation_are_short_enough(prefix: str) -> None:
    assert len(prefix) <= MAX_PREFIX
