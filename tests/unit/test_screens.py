"""The Phoebus screens, against the records. Phoebus itself is not needed."""

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from zocalo_ioc.jobs import State
from zocalo_ioc.records import (
    DECLARATIONS,
    TABLES,
    Array,
    Bool,
    Float,
    Group,
    Int,
    Setting,
    Writable,
    ioc_stats,
    served,
)

OPI = Path(__file__).parents[2] / "opi"
SCREENS = sorted(OPI.glob("*.bob"))
WEB = OPI / "zocalo-web.bob"
FITS = 1576, 716
"""What frame, menus and tool bars of Phoebus leave of its window of 1600 x 900."""
ON_TOP = {"grids": "plots", "screen": "gone label"}
"""What is drawn over what on purpose: the maps where the IOC takes frames, and all
that there is over the sentence that the IOC does not answer."""
DECLARED = {record.name: record for record in served(motor=True, frames=True)}
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
    purposes = "", "-watch", "-engineering", "-embedded", "-web"
    names = {f"zocalo{purpose}.bob" for purpose in purposes}
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
    shown = [w.findtext("pv_name", "") for w in widgets(file, "textupdate")]
    elements = [name for name in shown if name.startswith("=elementAt(")]
    assert not set[str]().union(*map(pvs, {*shown} - {*elements})) & ARRAYS


@EACH_SCREEN
def test_a_lamp_shows_a_record_of_two_states(file: Path) -> None:
    assert pvs_of(file, "led") <= TWO_STATES


@EACH_SCREEN
def test_a_script_reads_a_table_by_the_columns_of_its_pv(file: Path) -> None:
    scripts = [
        script
        for script in ET.parse(file).getroot().iter("script")
        if "COLUMNS = " in (script.findtext("text") or "")
    ]
    for script in scripts:
        names = {name for pv in script.iter("pv_name") for name in pvs(pv.text)}
        (table,) = (table for table in TABLES if table.name in names)
        found = re.search("^COLUMNS = (.+)$", script.findtext("text", ""), re.M)
        assert found
        assert list(ast.literal_eval(found[1])) == list(table.columns)


@pytest.mark.parametrize("file", sorted({*SCREENS} - {WEB}), ids=lambda file: file.stem)
def test_the_state_has_its_name_for_each_value(file: Path) -> None:
    (shown,) = widgets(file, "multi_state_led")
    labels = {
        int(state.findtext("value", "")): state.findtext("label")
        for state in shown.iter("state")
    }
    assert labels == {state.value: state.label for state in State}


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
        commands = pvs(button.findtext("actions/action/pv_name"))
        asks = button.findtext("show_confirm_dialog") == "true"
        assert asks == (commands == {"CANCEL"})
        rules = {rule.get("prop_id") for rule in button.iter("rule")}
        begins = bool(commands & {"START", "PROCESS"})  # a job, maybe in another
        assert ("show_confirm_dialog" in rules) == begins


@EACH_SCREEN
def test_a_tool_tip_says_what_a_record_is(file: Path) -> None:
    for widget in widgets(file):
        shown = widget.findtext("pv_name", "")
        for name in () if shown.startswith("=") else pvs(shown):
            expected = f"{DESCRIPTIONS[name]}\n$(P):{name}"
            assert widget.findtext("tooltip") == expected


def overlaps(parent: ET.Element) -> list[str]:
    """Return what overlaps in a screen, or in a group of it."""
    children = parent.findall("widget")
    boxes = [(child.findtext("name", ""), box(child)) for child in children]
    return [
        f"{one} {a} overlaps {other} {b}"
        for (one, a), (other, b) in combinations(boxes, 2)
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        if ON_TOP.get(other) != one
    ] + [found for child in children for found in overlaps(child)]


@EACH_SCREEN
def test_nothing_overlaps(file: Path) -> None:
    assert overlaps(ET.parse(file).getroot()) == []


@pytest.mark.parametrize(("moved", "apart"), [(0, False), (99, False), (100, True)])
def test_an_overlap_is_found(moved: int, apart: bool) -> None:
    one = "<widget><name>a</name><x>5</x><y>5</y><width>{}</width><height>9</height>"
    pair = one.format(100) + "</widget>" + one.format(100) + "</widget>"
    group = ET.fromstring(f"<display>{one.format(300)}{pair}</widget></display>")
    last = list(group.iter("widget"))[-1]
    last.find("x").text = str(5 + moved)  # pyright: ignore[reportOptionalMemberAccess]
    assert (not overlaps(group)) == apart


@EACH_SCREEN
def test_a_screen_fits_a_usual_display(file: Path) -> None:
    root = ET.parse(file).getroot()
    size = [int(root.findtext(side, "")) for side in ("width", "height")]
    assert all(side <= room for side, room in zip(size, FITS, strict=True)), size


@EACH_SCREEN
def test_nothing_is_cut_off(file: Path) -> None:
    root = ET.parse(file).getroot()
    for parent in (root, *widgets(file, "group")):
        width, height = (int(parent.findtext(side, "")) for side in ("width", "height"))
        for widget in parent.findall("widget"):
            left, top, right, bottom = box(widget)
            assert left >= 0, widget.findtext("name")
            assert top >= 0, widget.findtext("name")
            assert right <= width, widget.findtext("name")
            assert bottom <= height, widget.findtext("name")


def test_the_main_screen_sets_the_whole_request() -> None:
    request = {r.name for r in DECLARATIONS if r.group is Group.REQUEST}
    assert request <= pvs_of(OPI / "zocalo.bob", "textentry", "combo")


@pytest.mark.parametrize("file", [OPI / "zocalo-watch.bob", WEB])
def test_a_screen_to_watch_sets_nothing(file: Path) -> None:
    assert not widgets(file, "textentry", "combo")
    writes = [a for a in ET.parse(file).iter("action") if a.get("type") == "write_pv"]
    assert not writes


@EACH_SCREEN
def test_nothing_is_shown_of_an_ioc_that_is_gone_but_one_sentence(file: Path) -> None:
    root = ET.parse(file).getroot()
    shown = [w for w in root.findall("widget") if w.findtext("visible") != "false"]
    said = [w for w in shown if "does not answer" in w.findtext("text", "")]
    assert len(said) == 1
    assert not any(pvs(w.findtext("pv_name")) for w in shown)


CS_WEB_LIB = {
    *("action_button", "arc", "bool_button", "byte_monitor", "checkbox", "choice"),
    *("combo", "databrowser", "ellipse", "embedded", "group", "image", "label", "led"),
    *("linearmeter", "meter", "navtabs", "picture", "polygon", "polyline"),
    *("progressbar", "rectangle", "scaledslider", "slide_button", "stripchart"),
    *("symbol", "tabs", "tank", "textentry", "textupdate", "thermometer", "xyplot"),
}
"""The widgets of cs-web-lib 0.10.24: BOB_WIDGET_MAPPING in its bobParser.ts."""


def test_the_screen_for_browsers_has_widgets_of_cs_web_lib() -> None:
    types = {widget.get("type") for widget in widgets(WEB)}
    assert types <= CS_WEB_LIB
    assert "image" not in types  # a video stream there


def test_the_screen_for_browsers_has_no_python() -> None:
    root = ET.parse(WEB).getroot()
    assert root.find(".//script") is None
    assert not list(root.iterfind(".//rule[@out_exp='true']"))
    for condition in root.iter("exp"):
        comparison = r"pv(Int|Sev)\d (==|!=|>=?|<) \d+|pvInt\d != pvInt\d"
        parts = condition.get("bool_exp", "").split(" && ")
        assert all(re.fullmatch(comparison, part) for part in parts), parts


def test_the_state_has_its_color_for_each_value_in_browsers() -> None:
    rule = ET.parse(WEB).find(".//rule[@prop_id='background_color']")
    assert rule is not None
    conditions = [condition.get("bool_exp") for condition in rule.iter("exp")]
    assert conditions == [f"pvInt0 == {state.value}" for state in State]
    assert len(list(rule.iter("color"))) == len(State)


def test_each_widget_hides_by_itself_in_browsers_when_the_ioc_is_gone() -> None:
    (screen,) = (w for w in widgets(WEB) if w.findtext("name") == "screen")
    for widget in screen.iter("widget"):
        assert widget.findtext("visible") == "false", widget.findtext("name")
        assert widget.find(".//rule[@prop_id='visible']") is not None


@pytest.mark.parametrize("name", ["zocalo", "zocalo-watch"])
def test_operators_are_warned_only_when_ispyb_does_not_answer(name: str) -> None:
    (warning,) = (
        label
        for label in widgets(OPI / f"{name}.bob", "label")
        if label.find(".//rule/pv_name[.='$(P):ISPYB:CONNECTED']") is not None
    )
    conditions = [
        condition.get("bool_exp")
        for rule in warning.iter("rule")
        if rule.get("prop_id") != "visible"
        for condition in rule.iter("exp")
    ]
    assert conditions == ["pvInt0 == 0"] * 2


def test_whether_ispyb_answers_is_on_the_engineering_screen() -> None:
    assert "ISPYB:CONNECTED" in pvs_of(OPI / "zocalo-engineering.bob", "textupdate")


def test_options_are_on_the_engineering_screen() -> None:
    options = {r.name for r in DECLARATIONS if r.group is Group.OPTION}
    assert options <= pvs_of(OPI / "zocalo-engineering.bob", "textentry", "combo")
