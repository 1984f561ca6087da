"""The Phoebus screens, against the records. Phoebus itself is not needed."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from zocalo_ioc.records import (
    DECLARATIONS,
    MOTOR,
    TABLES,
    Array,
    Bool,
    Float,
    Group,
    Int,
    Setting,
    Writable,
    ioc_stats,
)

OPI = Path(__file__).parents[2] / "opi"
SCREENS = sorted(OPI.glob("*.bob"))
FITS = 1900, 890
"""What the frame, menus and tool bars of Phoebus leave of 1920 x 1080 pixels."""
DECLARED = {record.name: record for record in (*DECLARATIONS, *MOTOR)}
DESCRIPTIONS = (
    {name: record.description for name, record in DECLARED.items()}
    | {record.name: record.description for record in ioc_stats()}
    | {table.name: table.description for table in TABLES}
)
SETTABLE = {r.name for r in DECLARATIONS if isinstance(r, Setting)}
COMMANDS = {r.name for r in DECLARATIONS if isinstance(r, Writable)} - SETTABLE
TWO_STATES = {r.name for r in DECLARATIONS if isinstance(r.datatype, Bool)}
ARRAYS = {r.name for r in DECLARATIONS if isinstance(r.datatype, Array)}
NUMBERS = {
    r.name
    for r in DECLARATIONS
    if isinstance(r.datatype, Float | Int) and not r.writable
}

EACH_SCREEN = pytest.mark.parametrize("file", SCREENS, ids=lambda file: file.stem)


def pvs(text: str | None) -> set[str]:
    """Return the names of records in a PV or formula, without the prefix."""
    return set(re.findall(r"\$\(P\):([\w:]+)", text or ""))


def widgets(file: Path, *types: str) -> list[ET.Element]:
    """Return the widgets of some types, or all."""
    found = ET.parse(file).getroot().iter("widget")
    return [w for w in found if not types or w.get("type") in types]


def pvs_of(file: Path, *types: str) -> set[str]:
    return set[str]().union(
        *(pvs(w.findtext("pv_name")) for w in widgets(file, *types))
    )


def box(widget: ET.Element) -> tuple[int, int, int, int]:
    x, y, width, height = (
        int(widget.findtext(side, "")) for side in ("x", "y", "width", "height")
    )
    return x, y, x + width, y + height


def test_the_screens_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, OPI / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_there_is_a_screen_for_each_purpose() -> None:
    names = {"zocalo.bob", "zocalo-engineering.bob", "zocalo-embedded.bob"}
    assert {file.name for file in SCREENS} == names


@EACH_SCREEN
def test_a_screen_is_a_display_of_phoebus(file: Path) -> None:
    assert ET.parse(file).getroot().tag == "display"


@EACH_SCREEN
def test_every_pv_of_a_screen_is_served(file: Path) -> None:
    assert pvs(file.read_text()) <= set(DESCRIPTIONS)


@EACH_SCREEN
def test_every_pv_of_a_screen_has_the_prefix(file: Path) -> None:
    named = re.findall(r"<(?:pv_name|x_pv|y_pv)[^>/]*>([^<]+)<", file.read_text())
    assert named
    assert all(pvs(name) for name in named)


@EACH_SCREEN
def test_the_only_macro_is_p(file: Path) -> None:
    assert set(re.findall(r"\$[({]([^)}]*)", file.read_text())) == {"P"}


@EACH_SCREEN
def test_what_can_be_typed_into_is_settable(file: Path) -> None:
    assert pvs_of(file, "textentry", "combo") <= SETTABLE


@EACH_SCREEN
def test_what_is_only_shown_is_no_array(file: Path) -> None:
    assert not pvs_of(file, "textupdate") & ARRAYS


@EACH_SCREEN
def test_a_lamp_shows_a_record_of_two_states(file: Path) -> None:
    assert pvs_of(file, "led") <= TWO_STATES


@EACH_SCREEN
def test_a_table_shows_a_table(file: Path) -> None:
    shown = {w.findtext("pv_name") for w in widgets(file, "table")}
    assert shown <= {f"pva://$(P):{table.name}" for table in TABLES}


@EACH_SCREEN
def test_a_table_has_the_columns_of_its_pv(file: Path) -> None:
    for widget in widgets(file, "table"):
        (declared,) = (t for t in TABLES if pvs(widget.findtext("pv_name")) == {t.name})
        names = [column.text for column in widget.findall("columns/column/name")]
        assert names == list(declared.columns)


@EACH_SCREEN
def test_a_plot_draws_numbers(file: Path) -> None:
    for trace in ET.parse(file).getroot().iter("trace"):
        for axis in ("x_pv", "y_pv"):
            assert pvs(trace.findtext(axis)) <= ARRAYS | NUMBERS


@EACH_SCREEN
def test_a_button_runs_a_command_or_opens_a_screen_that_is_there(file: Path) -> None:
    for action in ET.parse(file).getroot().iter("action"):
        if action.get("type") == "write_pv":
            assert pvs(action.findtext("pv_name")) <= COMMANDS
            assert action.findtext("value") == "1"
        else:
            assert action.get("type") == "open_display"
            assert (OPI / action.findtext("file", "")).exists()


@EACH_SCREEN
def test_a_click_that_cannot_be_undone_is_confirmed(file: Path) -> None:
    for button in widgets(file, "action_button"):
        cancels = pvs(button.findtext("actions/action/pv_name")) == {"CANCEL"}
        assert (button.findtext("show_confirm_dialog") == "true") == cancels


@EACH_SCREEN
def test_a_tool_tip_says_what_a_record_is(file: Path) -> None:
    for widget in widgets(file):
        for name in pvs(widget.findtext("pv_name")):
            expected = f"{DESCRIPTIONS[name]}\n$(P):{name}"
            assert widget.findtext("tooltip") == expected


@EACH_SCREEN
def test_nothing_overlaps(file: Path) -> None:
    boxes = [(w.findtext("name"), box(w)) for w in widgets(file)]
    for (one, a), (other, b) in combinations(boxes, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one} {a} overlaps {other} {b}"


@EACH_SCREEN
def test_a_screen_fits_a_usual_display(file: Path) -> None:
    root = ET.parse(file).getroot()
    size = [int(root.findtext(side, "")) for side in ("width", "height")]
    assert all(side <= room for side, room in zip(size, FITS, strict=True)), size


@EACH_SCREEN
def test_nothing_is_cut_off(file: Path) -> None:
    root = ET.parse(file).getroot()
    width, height = int(root.findtext("width", "")), int(root.findtext("height", ""))
    for widget in widgets(file):
        left, top, right, bottom = box(widget)
        assert left >= 0, widget.findtext("name")
        assert top >= 0, widget.findtext("name")
        assert right <= width, widget.findtext("name")
        assert bottom <= height, widget.findtext("name")


def test_the_main_screen_sets_the_whole_request() -> None:
    request = {r.name for r in DECLARATIONS if r.group is Group.REQUEST}
    assert request <= pvs_of(OPI / "zocalo.bob", "textentry", "combo")


def test_options_are_on_the_engineering_screen() -> None:
    options = {r.name for r in DECLARATIONS if r.group is Group.OPTION}
    assert options <= pvs_of(OPI / "zocalo-engineering.bob", "textentry", "combo")
