"""The look of the screens: widgets for declared records, laid out in even rows."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import phoebusgen
from phoebusgen import widget
from phoebusgen.screen import Screen

from zocalo_ioc.records import (
    TABLES,
    Action,
    Enum,
    Record,
    Setting,
    Text,
    ioc_stats,
    served,
)

MARGIN = 10
GAP = 8
HEIGHT = 22
PITCH = 26
TITLE = 40
LABEL = 118
LED = 18

ALL = {record.name: record for record in served(motor=True, frames=True)}
OTHERS = {record.name: record.description for record in ioc_stats()}

colors: Any = phoebusgen.colors
fonts: Any = phoebusgen.fonts


def pv(name: str) -> str:
    """Return the PV of a record, which must be one."""
    if name not in ALL and name not in OTHERS:
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
    made.vertical_alignment_middle()
    made.show_units(units)
    if name in ALL and isinstance(ALL[name].datatype, Text):
        made.format("String")
        made.wrap_words(height > HEIGHT)
        if height > HEIGHT:
            made.vertical_alignment_top()
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


def command(name: str, x: int, y: int, width: int, confirm: str = "") -> Iterable[Any]:
    """Yield a button that runs a command, and a lamp that is lit while it runs."""
    if not isinstance(ALL[name], Action):
        raise ValueError(f"{name} is no command")
    height = HEIGHT + 4
    button = widget.ActionButton(
        f"{name} button", name, "", x, y, width - LED - 6, height
    )
    button.action_write_pv(pv(name), 1, ALL[name].description)
    if confirm:
        button.confirmation_dialog(confirm)
    yield tip(button, name)
    top = y + (height - LED) // 2
    yield lamp(name, x + width - LED, top, colors.On, colors.Read_Background)


def opens(text: str, file: str, x: int, y: int, width: int) -> Any:
    """Return a button that opens another screen of the same IOC."""
    made = widget.ActionButton(f"{text} button", text, "", x, y, width, HEIGHT + 4)
    made.action_open_display(file, "tab", text)
    made.tool_tip(f"Open {file}")
    return made


def table(name: str, widths: Sequence[int], box: tuple[int, int, int, int]) -> Any:
    """Return a table whose columns have the names that the PV gives them."""
    (declared,) = (table for table in TABLES if table.name == name)
    made = widget.Table(name, f"pva://$(P):{name}", *box)
    made.editable(False)
    made.predefined_font(fonts.FinePrint)
    for column, width in zip(declared.columns, widths, strict=True):
        made.column(column, width, False, [])
    made.tool_tip(f"{declared.description}\n$(P):{name}")
    return made


def rows(
    records: Iterable[Record[Any] | tuple[str, str]], x: int, y: int, width: int
) -> Iterable[Any]:
    """Yield a row a record: what it is called, and what shows or sets it.

    A record goes by its own name, or by the text that is given with its name.
    """
    for n, item in enumerate(records):
        name, text = item if isinstance(item, tuple) else (item.name, _title(item))
        top = y + n * PITCH
        yield label(text, x, top, LABEL)
        settable = name in ALL and ALL[name].writable
        show = entry if settable else value
        yield show(name, x + LABEL + GAP, top, width - LABEL - GAP)


def _title(record: Record[Any]) -> str:
    return record.name.replace("_", " ").replace(":", " ")


def text_of(title: str, width: int, height: int, widgets: Iterable[Any]) -> str:
    """Return a screen as text."""
    made: Any = Screen(title)
    made.width(width)
    made.height(height)
    made.add_widget(list(widgets))
    return "\n".join(line.rstrip() for line in str(made).splitlines()) + "\n"


OPI = Path(__file__).parent
