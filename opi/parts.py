"""The parts that screens are made of."""

from collections.abc import Iterable, Iterator
from typing import Any

from phoebusgen import widget

from widgets import (
    GAP,
    LABEL,
    LED,
    MARGIN,
    PITCH,
    TITLE,
    colors,
    command,
    entry,
    exact,
    fonts,
    heading,
    label,
    lamp,
    opens,
    pv,
    rows,
    set_property,
    value,
)
from zocalo_ioc.records import DECLARATIONS, Group

CANCEL_WARNING = "Abandon the current job? Its result will not be waited for."
PLOTS = "Centres and their boxes, to scale; the strongest is orange"
BLUE = (31, 119, 180)
ORANGE = (255, 127, 14)
STATUS = 952
"""Width of the line with the broker and the state."""


def title(text: str, width: int, *buttons: tuple[str, str]) -> Iterator[Any]:
    """Yield the name of a screen, and at the right end of it buttons to open others."""
    x = width - MARGIN
    for name, file in reversed(buttons):
        x -= 110
        yield opens(name, file, x, 7, 110)
        x -= GAP
    made = label(text, MARGIN, 0, x - MARGIN, TITLE)
    made.predefined_font(fonts.Header1)
    yield made


def status(x: int, y: int) -> Iterator[Any]:
    """Yield the broker and the state, in one line as wide as STATUS."""
    yield lamp("BROKER:CONNECTED", x + 2, y + 7, colors.OK, colors.MAJOR)
    yield label("Broker", x + LED + GAP, y + 5, 48)
    yield value("BROKER:HOST", x + 78, y + 5, 186)
    yield label("connected", x + 272, y + 5, 68)
    yield value("BROKER:CONNECTED", x + 344, y + 5, 36)
    state = value("STATE", x + 400, y, 220, 32)
    state.predefined_font(fonts.Header1)
    state.horizontal_alignment_center()
    yield state
    yield label("of DCID", x + 636, y + 5, 56)
    yield value("JOB:DCID", x + 698, y + 5, 120)
    yield label("for", x + 834, y + 5, 24)
    yield value("JOB:ELAPSED", x + 862, y + 5, STATUS - 862)


def request(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield what the next message says."""
    yield heading("Request", x, y, width)
    names = [r.name for r in DECLARATIONS if r.group is Group.REQUEST]
    second = {name.removeprefix("XZ:"): name for name in names if ":" in name}
    for n, name in enumerate((name for name in names if ":" not in name), 1):
        yield label(name.replace("_", " "), x, y + n * PITCH, LABEL)
        beside = [name, *([second[name]] if name in second else [])]
        each = (width - LABEL - len(beside) * GAP) // len(beside)
        for k, one in enumerate(beside):
            yield entry(one, x + LABEL + GAP + k * (each + GAP), y + n * PITCH, each)


def commands(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield the buttons; WAIT is of no use to a person at a screen."""
    yield heading("Commands", x, y, width)
    half = (width - GAP) // 2
    second = x + half + GAP
    yield from command("PROCESS", x, y + PITCH, half)
    yield from command("CANCEL", second, y + PITCH, half, CANCEL_WARNING)
    yield from command("START", x, y + PITCH + 32, half)
    yield from command("END", second, y + PITCH + 32, half)


def latest(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield what the latest result is."""
    yield heading("Latest result", x, y, width)
    records = [
        ("RESULT:DCID", "DCID"),
        ("RESULT:COUNT", "Centres"),
        ("RESULT:LATENCY", "Latency"),
    ]
    yield from rows(records, x, y + PITCH, width)


def view(across: str, x: int, y: int, size: tuple[int, int]) -> Any:
    """Return a plot, to scale, of all centres and boxes seen along one axis."""
    made = widget.XYPlot(f"x-{across} view", x, y, *size)
    made.show_toolbar(False)
    set_property(made, "show_legend", "true")  # else their names are at the axis
    x_axis, y_axis = widget.XYPlotXAxis(), widget.XYPlotYAxis()
    for axis, name, maximum in ((x_axis, "x", 20), (y_axis, across, 10)):
        axis.title(f"{name} (boxes)")
        axis.minimum(0)
        axis.maximum(maximum)
        axis.auto_scale(False)
        axis.show_grid(False)  # Phoebus draws it black, between the boxes
        axis.predefined_title_font(fonts.Default)
        axis.predefined_scale_font(fonts.FinePrint)
    made.add_x_axis(x_axis)
    made.add_y_axis(y_axis)
    across = across.upper()
    for trace in (
        _line(
            "boxes",
            _array("RESULT:OUTLINE:X"),
            _array(f"RESULT:OUTLINE:{across}"),
            BLUE,
        ),
        _points("centres", _array("CENTRES:X"), _array(f"CENTRES:{across}"), BLUE, 7),
        _line(
            "strongest box",
            _corners("X", "MIN", "MAX", "MAX", "MIN", "MIN"),
            _corners(across, "MIN", "MIN", "MAX", "MAX", "MIN"),
            ORANGE,
        ),
        _points(
            "strongest centre",
            _scalars("BEST:X"),
            _scalars(f"BEST:{across}"),
            ORANGE,
            11,
        ),
    ):
        made.add_trace(trace)
    extent = {pv("RESULT:OUTLINE:EXTENT"): True}
    made.rule("width", "x_axis.maximum", extent, {"true": "2 * pv0"}, True)
    made.rule("height", "y_axes[0].maximum", extent, {"true": "pv0"}, True)
    made.tool_tip("Centres and their boxes, to scale; the strongest is orange")
    return made


def _line(name: str, x: str, y: str, color: tuple[int, int, int]) -> Any:
    trace = _trace(name, x, y, color)
    trace.trace_type_line()
    trace.line_width(2)
    trace.point_type_none()
    return trace


def _array(name: str) -> str:
    """Return an array as it is, less its unit: Phoebus would put it in the legend."""
    return f"=scale(`{exact(name)}`, 1)"


def _scalars(*names: str) -> str:
    """Return an array of scalars."""
    return f"=arrayOf({', '.join(f'`{pv(name)}`' for name in names)})"


def _corners(axis: str, *ends: str) -> str:
    """Return where the strongest box has its corners: at -1, out of sight, if none."""
    return _scalars(*(f"BEST:BOX_{end}:{axis}" for end in ends))


def _points(name: str, x: str, y: str, color: tuple[int, int, int], size: int) -> Any:
    trace = _trace(name, x, y, color)
    trace.trace_type_none()
    trace.point_type_circles()
    trace.point_size(size)
    return trace


def _trace(name: str, x: str, y: str, color: tuple[int, int, int]) -> Any:
    trace = widget.XYPlotTrace()
    trace.name(name)
    trace.x_pv(x)
    trace.y_pv(y)
    trace.axis(0)
    trace.color(*color)
    return trace


def strongest(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield the strongest centre: a row an axis, its spots, and where the motors go."""
    columns = (
        ("Centre", "BEST:", 98),
        ("Box from", "BEST:BOX_MIN:", 66),
        ("to", "BEST:BOX_MAX:", 66),
        ("Size", "BEST:BOX_SIZE:", 66),
        ("Most spots", "BEST:MAX_VOXEL:", 80),
    )
    motor = (
        ("Centre", "BEST:MOTOR:", 122),
        ("Box from", "BEST:MOTOR:BOX_MIN:", 122),
        ("to", "BEST:MOTOR:BOX_MAX:", 122),
    )
    spots = (
        ("BEST:MAX_COUNT", "Strongest box"),
        ("BEST:TOTAL_COUNT", "All its boxes"),
        ("BEST:N_VOXELS", "Boxes"),
        ("BEST:SAMPLE_ID", "Sample"),
    )
    yield heading("Strongest centre, in boxes", x, y, 448)
    for n, axis in enumerate("XYZ", 2):
        yield label(axis.lower(), x + 10, y + n * PITCH, 22)
    yield from _by_axis(columns, x + 40, y + PITCH, units=False)
    yield heading("Its spots", x + 458, y, 260)
    for n, (name, text) in enumerate(spots, 1):
        yield label(text, x + 458, y + n * PITCH, 104)
        shown = value(name, x + 570, y + n * PITCH, 148)
        shown.precision(0)
        yield shown
    left = x + 728
    parts = [heading("On the motors", left, y, width - 728)]
    parts += _by_axis(motor, left, y + PITCH, units=True)
    for part in parts:  # only where the IOC knows the grid scan device
        part.visible(False)
        part.rule("grid", "visible", {pv("BEST:MOTOR:X"): True}, {"true": "true"})
    yield from parts


def _by_axis(
    columns: Iterable[tuple[str, str, int]], x: int, y: int, *, units: bool
) -> Iterator[Any]:
    """Yield columns: a text, and below it the records that start so, an axis each."""
    for text, prefix, width in columns:
        yield label(text, x, y, width)
        for n, axis in enumerate("XYZ", 1):
            yield value(f"{prefix}{axis}", x, y + n * PITCH, width, units=units)
        x += width + GAP
