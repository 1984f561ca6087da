"""The look of the screens: widgets for declared records, laid out in even rows."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import phoebusgen
from phoebusgen import widget
from phoebusgen.screen import Screen

from zocalo_ioc.records import (
    TABLES,
    Action,
    Enum,
    Setting,
    Text,
    ioc_stats,
    served,
)

OPI = Path(__file__).parent
MARGIN = 10
GAP = 8
HEIGHT = 22
PITCH = 26
TITLE = 40
LABEL = 118
LED = 18

SCALED = {"IOC:MEM_USED": 1e-6}
"""What records are multiplied by; their labels have the unit."""

ALL = {record.name: record for record in served(motor=True, frames=True)}
OTHERS = {record.name: record.description for record in ioc_stats()}
NAMES_OF_TABLES = {table.name for table in TABLES}

colors: Any = phoebusgen.colors
fonts: Any = phoebusgen.fonts


def pv(name: str) -> str:
    """Return the PV of a record, which must be one."""
    if name not in ALL and name not in OTHERS and name not in NAMES_OF_TABLES:
        raise KeyError(f"no record is called {name}")
    return f"$(P):{name}"


def exact(name: str) -> str:
    """Return the PV of an array, over PV Access: Phoebus pads those of CA with 0."""
    return f"pva://{pv(name)}"


def tip(shown: Any, name: str) -> Any:
    """Tell what a record is when the pointer rests on a widget."""
    description = ALL[name].description if name in ALL else OTHERS[name]
    shown.tool_tip(f"{description}\n{pv(name)}")
    return shown


def group(
    name: str, x: int, y: int, width: int, height: int, inside: Iterable[Any]
) -> Any:
    """Return widgets as one, placed by its corner."""
    made = widget.Group(name, x, y, width, height)
    made.no_style()
    made.predefined_background_color(colors.Background)
    made.add_widget(list(inside))
    return made


def says(
    name: str,
    names: Sequence[str],
    texts: Mapping[str, str],
    x: int,
    y: int,
    width: int,
    height: int = HEIGHT,
) -> Any:
    """Return a text made of records, nothing while one is missing.

    The conditions, of which the first that is true counts, and the texts are Python as
    in rules: pv0 is the first record.
    """
    made = label(name, x, y, width, height)
    made.text("")
    of = {name if "//" in name else pv(name): True for name in names}
    made.rule("text", "text", of, texts, True)
    made.visible(False)  # else Phoebus draws a border round it for want of a record
    made.rule("known", "visible", of, {"True": "true"})
    return made


def script(made: Any, name: str, pvs: Iterable[str], *before: str) -> None:
    """Have a widget run a script when a PV changes, with some lines before it."""
    text = (OPI / "scripts" / f"{name}.py").read_text()
    lines = "\n".join([*before, text])
    made.embedded_python_script(lines, dict.fromkeys(pvs, True), False)


def set_property(made: Any, name: str, text: str) -> None:
    """Set a property that phoebusgen has no method for."""
    ET.SubElement(made.root, name).text = text


def label(text: str, x: int, y: int, width: int, height: int = HEIGHT) -> Any:
    """Return a text that says what is beside or below it."""
    made = widget.Label(f"{text} label", text, x, y, width, height)
    made.vertical_alignment_middle()
    return made


def heading(text: str, x: int, y: int, width: int) -> Any:
    """Return the bar over a part of a screen."""
    made = label(f" {text}", x, y, width)
    made.predefined_font(fonts.DefaultBold)
    made.predefined_foreground_color(colors.Header_ForeGround)
    made.predefined_background_color(colors.Header_Background)
    made.transparent(False)
    return made


def value(
    name: str,
    x: int,
    y: int,
    width: int,
    height: int = HEIGHT,
    *,
    units: bool = True,
) -> Any:
    """Return what shows a record."""
    made = widget.TextUpdate(name, pv(name), x, y, width, height)
    if name in SCALED:
        made.pv_name(f"={SCALED[name]:f} * `{pv(name)}`")
        made.precision(0)
    made.vertical_alignment_middle()
    made.show_units(units)
    if name in ALL and isinstance(ALL[name].datatype, Text):
        made.format("String")
        made.wrap_words(height > HEIGHT)
        if height > HEIGHT:
            made.vertical_alignment_top()
    if name in ALL and getattr(ALL[name].datatype, "missing", None) is not None:
        # what is missing is INVALID: no number is shown for it, and no border
        made.rule("missing", "visible", {pv(name): True}, {"pvSev0 >= 3": "false"})
    return tip(made, name)


def lamp(name: str, x: int, y: int, on: Any, off: Any) -> Any:
    """Return a light that shows a record of two states."""
    made = widget.LED(f"{name} lamp", pv(name), x, y, LED, LED)
    made.predefined_on_color(on)
    made.predefined_off_color(off)
    return tip(made, name)


def entry(name: str, x: int, y: int, width: int) -> Any:
    """Return what sets a record."""
    record = ALL[name]
    if not isinstance(record, Setting):
        raise ValueError(f"{name} is not to be set")
    if isinstance(record.datatype, Enum):
        made = widget.ComboBox(name, pv(name), x, y, width, HEIGHT)
    else:
        made = widget.TextEntry(name, pv(name), x, y, width, HEIGHT)
        made.vertical_alignment_middle()
        if isinstance(record.datatype, Text):
            made.format("String")
    return tip(made, name)


def command(name: str, x: int, y: int, width: int, confirm: str = "") -> Any:
    """Return a button that runs a command."""
    if not isinstance(ALL[name], Action):
        raise ValueError(f"{name} is no command")
    made = widget.ActionButton(f"{name} button", name, "", x, y, width, HEIGHT + 8)
    made.action_write_pv(pv(name), 1, ALL[name].description)
    if confirm:
        made.confirmation_dialog(confirm)
    return tip(made, name)


def only_if(made: Any, names: Sequence[str], condition: str) -> Any:
    """Enable a widget only under a condition, with pv0 and so on as in rules."""
    of = dict.fromkeys(map(pv, names), True)
    made.rule("sense", "enabled", of, {f"not ({condition})": "false"})
    return made


def opens(text: str, file: str, x: int, y: int, width: int) -> Any:
    """Return a button that opens another screen of the same IOC."""
    made = widget.ActionButton(f"{text} button", text, "", x, y, width, HEIGHT + 4)
    made.action_open_display(file, "tab", text)
    made.tool_tip(f"Open {file}")
    return made


def table(
    name: str, by: str, widths: Mapping[str, int], box: tuple[int, int, int, int]
) -> Any:
    """Return a table whose cells a script makes of those of a PV.

    Args:
        name: the table that the PV holds.
        by: the script.
        widths: of the columns, by their headings.
        box: where.
    """
    (declared,) = (table for table in TABLES if table.name == name)
    made = widget.Table(name, "", *box)
    made.editable(False)
    for column, width in widths.items():
        made.column(column, width, False, [])
    script(made, by, [exact(name)], columns_of(name))
    made.tool_tip(f"{declared.description}\n$(P):{name}")
    return made


def columns_of(name: str) -> str:
    """Return a line of Python with the numbers of a table's columns, by name."""
    (declared,) = (table for table in TABLES if table.name == name)
    return f"COLUMNS = { ({column: n for n, column in enumerate(declared.columns)}) }"


def rows(
    records: Iterable[tuple[str, str]], x: int, y: int, width: int
) -> Iterable[Any]:
    """Yield a row a record: its label, and what shows or sets it."""
    for n, (name, text) in enumerate(records):
        top = y + n * PITCH
        yield label(text, x, top, LABEL)
        settable = name in ALL and ALL[name].writable
        show = entry if settable else value
        yield show(name, x + LABEL + GAP, top, width - LABEL - GAP)


def text_of(title: str, width: int, height: int, widgets: Iterable[Any]) -> str:
    """Return a screen as text."""
    made: Any = Screen(title)
    made.width(width)
    made.height(height)
    made.add_widget(list(widgets))
    text = "\n".join(line.rstrip() for line in str(made).splitlines()) + "\n"
    # Python 3.13 no longer escapes quotation marks in texts
    return re.sub(r">[^<]*<", lambda found: found[0].replace("&quot;", '"'), text)
