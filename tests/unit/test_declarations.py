"""The declared records, against the interface that users were promised.

The lists are written out by hand: they are the contract, not a copy of the code.
"""

import pytest

from zocalo_ioc.records import DECLARATIONS, LONGEST_NAME, Kind, Record
from zocalo_ioc.settings import MAX_PREFIX

REQUEST = [
    ("DCID", Kind.LONGOUT),
    ("DCGID", Kind.LONGOUT),
    ("FILENAME", Kind.TEXT_OUT),
    ("START_FRAME", Kind.LONGOUT),
    ("NUM_FRAMES", Kind.LONGOUT),
    ("MESSAGE_INDEX", Kind.LONGOUT),
    ("RECIPES", Kind.TEXT_OUT),
    ("PARAMETERS", Kind.TEXT_OUT),
]
COMMANDS = [
    ("START", Kind.COMMAND),
    ("END", Kind.COMMAND),
]
OPTIONS = [
    ("SORT_KEY", Kind.MBBO),
    ("SOURCE", Kind.MBBO),
    ("TIMEOUT", Kind.AO),
]
STATUS = [
    ("STATE", Kind.MBBI),
    ("MESSAGE", Kind.TEXT_IN),
    ("JOB:DCID", Kind.LONGIN),
    ("JOB:ELAPSED", Kind.AI),
    ("GUID", Kind.STRINGIN),
    ("BROKER:CONNECTED", Kind.BI),
    ("BROKER:HOST", Kind.STRINGIN),
    ("BROKER:SENT", Kind.LONGIN),
    ("BROKER:RECEIVED", Kind.LONGIN),
    ("BROKER:IGNORED", Kind.LONGIN),
    ("BROKER:REJECTED", Kind.LONGIN),
    ("BROKER:RECONNECTS", Kind.LONGIN),
    ("BROKER:CONFIRM_TIME", Kind.AI),
    ("HEARTBEAT", Kind.LONGIN),
    ("VERSION", Kind.STRINGIN),
]
RESULT = [
    ("RESULT:SEQ", Kind.LONGIN),
    ("RESULT:DCID", Kind.LONGIN),
    ("RESULT:DCIDS", Kind.INTEGERS),
    ("RESULT:DCGID", Kind.LONGIN),
    ("RESULT:SOURCE", Kind.MBBI),
    ("RESULT:DIMENSIONS", Kind.LONGIN),
    ("RESULT:COUNT", Kind.LONGIN),
    ("RESULT:TIME", Kind.STRINGIN),
    ("RESULT:LATENCY", Kind.AI),
    ("RESULT:JSON", Kind.TEXT_IN),
    *((f"RESULT:OUTLINE:{axis}", Kind.DOUBLES) for axis in "XYZ"),
    ("RESULT:OUTLINE:EXTENT", Kind.AI),
]
CENTRES = [
    ("CENTRES:X", Kind.DOUBLES),
    ("CENTRES:Y", Kind.DOUBLES),
    ("CENTRES:Z", Kind.DOUBLES),
    ("CENTRES:BOX_MIN:X", Kind.INTEGERS),
    ("CENTRES:BOX_MIN:Y", Kind.INTEGERS),
    ("CENTRES:BOX_MIN:Z", Kind.INTEGERS),
    ("CENTRES:BOX_MAX:X", Kind.INTEGERS),
    ("CENTRES:BOX_MAX:Y", Kind.INTEGERS),
    ("CENTRES:BOX_MAX:Z", Kind.INTEGERS),
    ("CENTRES:MAX_VOXEL:X", Kind.INTEGERS),
    ("CENTRES:MAX_VOXEL:Y", Kind.INTEGERS),
    ("CENTRES:MAX_VOXEL:Z", Kind.INTEGERS),
    ("CENTRES:MAX_COUNT", Kind.DOUBLES),
    ("CENTRES:TOTAL_COUNT", Kind.DOUBLES),
    ("CENTRES:N_VOXELS", Kind.INTEGERS),
    ("CENTRES:SAMPLE_ID", Kind.INTEGERS),
]
BEST = [
    ("BEST:X", Kind.AI),
    ("BEST:Y", Kind.AI),
    ("BEST:Z", Kind.AI),
    ("BEST:BOX_MIN:X", Kind.LONGIN),
    ("BEST:BOX_MIN:Y", Kind.LONGIN),
    ("BEST:BOX_MIN:Z", Kind.LONGIN),
    ("BEST:BOX_MAX:X", Kind.LONGIN),
    ("BEST:BOX_MAX:Y", Kind.LONGIN),
    ("BEST:BOX_MAX:Z", Kind.LONGIN),
    ("BEST:BOX_SIZE:X", Kind.LONGIN),
    ("BEST:BOX_SIZE:Y", Kind.LONGIN),
    ("BEST:BOX_SIZE:Z", Kind.LONGIN),
    ("BEST:MAX_VOXEL:X", Kind.LONGIN),
    ("BEST:MAX_VOXEL:Y", Kind.LONGIN),
    ("BEST:MAX_VOXEL:Z", Kind.LONGIN),
    ("BEST:MAX_COUNT", Kind.AI),
    ("BEST:TOTAL_COUNT", Kind.AI),
    ("BEST:N_VOXELS", Kind.LONGIN),
    ("BEST:SAMPLE_ID", Kind.LONGIN),
]

DECLARED = {record.name: record for record in DECLARATIONS}
EACH_RECORD = pytest.mark.parametrize(
    "record", DECLARATIONS, ids=[record.name for record in DECLARATIONS]
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [*REQUEST, *COMMANDS, *OPTIONS, *STATUS, *RESULT, *CENTRES, *BEST],
)
def test_a_record_of_the_interface_is_declared_with_its_type(
    name: str, kind: Kind
) -> None:
    assert DECLARED[name].kind is kind


@pytest.mark.parametrize(
    ("name", "initial"),
    [
        ("DCID", 0),
        ("DCGID", 0),
        ("FILENAME", ""),
        ("START_FRAME", 0),
        ("NUM_FRAMES", 0),
        ("MESSAGE_INDEX", 0),
        ("RECIPES", "mimas"),
        ("PARAMETERS", "{}"),
        ("TIMEOUT", 180),
    ],
)
def test_a_record_of_the_interface_starts_with_its_value(
    name: str, initial: float | str
) -> None:
    assert DECLARED[name].initial == initial


@pytest.mark.parametrize(
    ("name", "initial"), [("SORT_KEY", "max_count"), ("SOURCE", "Any")]
)
def test_an_option_of_the_interface_starts_with_its_choice(
    name: str, initial: str
) -> None:
    record = DECLARED[name]
    assert isinstance(record.initial, int)
    assert record.choices[record.initial] == initial


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("FILENAME", 256),
        ("RECIPES", 256),
        ("PARAMETERS", 4096),
        ("MESSAGE", 1024),
        ("RESULT:JSON", 65536),
        *((f"RESULT:OUTLINE:{axis}", 6 * 1024) for axis in "XYZ"),
        *((name, 1024) for name, _ in CENTRES),
    ],
)
def test_a_waveform_of_the_interface_has_its_length(name: str, length: int) -> None:
    assert DECLARED[name].length == length


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("SORT_KEY", ("max_count", "total_count", "n_voxels")),
        ("SOURCE", ("Any", "CPU", "GPU")),
        (
            "STATE",
            (
                *("Idle", "Starting", "Started", "Ending", "Processing"),
                *("Done", "No centres", "Timed out", "Failed", "Cancelled"),
            ),
        ),
        ("BROKER:CONNECTED", ("No", "Yes")),
        ("RESULT:SOURCE", ("CPU", "GPU")),
    ],
)
def test_an_enumeration_of_the_interface_has_its_choices_in_order(
    name: str, choices: tuple[str, ...]
) -> None:
    assert DECLARED[name].choices == choices


@pytest.mark.parametrize(
    ("name", "severities"),
    [
        ("STATE", {"No centres": "MINOR", "Timed out": "MAJOR", "Failed": "MAJOR"}),
        ("BROKER:CONNECTED", {"No": "MAJOR"}),
    ],
)
def test_a_state_of_the_interface_has_its_severity(
    name: str, severities: dict[str, str]
) -> None:
    assert dict(DECLARED[name].severities) == severities


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("TIMEOUT", "s"),
        ("JOB:ELAPSED", "s"),
        ("BROKER:CONFIRM_TIME", "ms"),
        ("RESULT:LATENCY", "s"),
        *((f"RESULT:OUTLINE:{name}", "box") for name in ("X", "Y", "Z", "EXTENT")),
        *(
            (f"{group}:{axis}", "box")
            for group in ("CENTRES", "BEST")
            for axis in "XYZ"
        ),
        *(
            (f"{group}:{box}:{axis}", "box")
            for group in ("CENTRES", "BEST")
            for box in ("BOX_MIN", "BOX_MAX", "MAX_VOXEL")
            for axis in "XYZ"
        ),
        *((f"BEST:BOX_SIZE:{axis}", "box") for axis in "XYZ"),
    ],
)
def test_a_record_of_the_interface_has_its_unit(name: str, unit: str) -> None:
    assert DECLARED[name].unit == unit


@pytest.mark.parametrize(("name", "kind"), [*REQUEST, *COMMANDS, *OPTIONS])
def test_what_clients_set_is_writable(name: str, kind: Kind) -> None:
    assert DECLARED[name].kind.writable


@pytest.mark.parametrize(("name", "kind"), [*STATUS, *RESULT, *CENTRES, *BEST])
def test_what_the_ioc_sets_is_read_only(name: str, kind: Kind) -> None:
    assert not DECLARED[name].kind.writable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DCID", 0),
        ("DCID", 2147483647),
        ("SORT_KEY", 0),
        ("SORT_KEY", 2),
        ("TIMEOUT", 180.0),
        ("FILENAME", "ins_10_31"),
        ("PARAMETERS", "not yet JSON"),
    ],
)
def test_a_record_takes_a_value_within_its_limits(
    name: str, value: float | str
) -> None:
    assert DECLARED[name].complaint(value) == ""


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("DCID", -1, "0 to 2147483647"),
        ("NUM_FRAMES", -1, "0 to 2147483647"),
        ("SORT_KEY", 3, "max_count, total_count, n_voxels"),
        ("SOURCE", 3, "Any, CPU, GPU"),
        ("TIMEOUT", 0, "0.1 to 86400 s"),
        ("TIMEOUT", float("nan"), "0.1 to 86400 s"),
        ("FILENAME", "\N{REPLACEMENT CHARACTER}", "UTF-8"),
    ],
)
def test_a_refused_value_is_answered_with_what_the_record_takes(
    name: str, value: float | str, complaint: str
) -> None:
    assert complaint in DECLARED[name].complaint(value)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("BEST:X", float("nan")),
        ("BEST:MAX_COUNT", float("nan")),
        ("BEST:N_VOXELS", -1),
        ("BEST:BOX_SIZE:Z", -1),
        ("BEST:SAMPLE_ID", -1),
        ("RESULT:DCGID", -1),
        ("RESULT:LATENCY", float("nan")),
    ],
)
def test_a_record_knows_the_value_that_stands_for_none(
    name: str, missing: float
) -> None:
    assert DECLARED[name].is_missing(missing)


@pytest.mark.parametrize(
    ("name", "value"), [("BEST:X", 0.0), ("BEST:N_VOXELS", 0), ("RESULT:SEQ", -1)]
)
def test_a_value_that_stands_for_itself_is_not_missing(name: str, value: float) -> None:
    assert not DECLARED[name].is_missing(value)


def test_no_two_records_share_a_name() -> None:
    assert len(DECLARED) == len(DECLARATIONS)


@EACH_RECORD
def test_a_record_has_a_description_that_fits_desc(record: Record) -> None:
    assert 1 <= len(record.description) <= 40


@EACH_RECORD
def test_a_unit_fits_egu(record: Record) -> None:
    assert len(record.unit) <= 15


@EACH_RECORD
def test_the_choices_fit_an_enumeration_of_epics(record: Record) -> None:
    assert len(record.choices) <= 16
    assert all(len(choice) <= 25 for choice in record.choices)


@EACH_RECORD
def test_severities_are_those_of_existing_choices(record: Record) -> None:
    assert {choice for choice, _ in record.severities} <= set(record.choices)


@EACH_RECORD
def test_the_longest_prefix_leaves_room_for_every_name(record: Record) -> None:
    assert len("P" * MAX_PREFIX + ":" + record.name) <= 60


def test_a_longer_prefix_would_not_leave_room_for_every_name() -> None:
    assert MAX_PREFIX + len(":") + LONGEST_NAME == 60


@pytest.mark.parametrize("prefix", ["BL03I-EA-ZOC-01", "ZOCALO-DEMO"])
def test_the_prefixes_of_the_documentation_are_short_enough(prefix: str) -> None:
    assert len(prefix) <= MAX_PREFIX
