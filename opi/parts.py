"""The parts that screens are made of."""

from collections.abc import Iterator
from typing import Any

from phoebusgen import widget

from widgets import (
    GAP,
    LED,
    MARGIN,
    PITCH,
    TITLE,
    colors,
    command,
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


def title(text: str, width: int, *buttons: tuple[str, str]) -> Iterator[Any]:
    """Yield the top line of a screen, with buttons that open others."""
    x = width - MARGIN
    for name, file in reversed(buttons):
        x -= 110
        yield opens(name, file, x, 7, 110)
        x -= GAP
    made = label(text, MARGIN, 0, x - MARGIN, TITLE)
    made.predefined_font(fonts.Header1)
    yield made


def status(y: int, width: int) -> Iterator[Any]:
    """Yield the broker, the state and the message."""
    x = MARGIN
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
    yield value("JOB:ELAPSED", x + 862, y + 5, 90)
    yield value("MESSAGE", x, y + 40, width - 2 * MARGIN, 40)


def request(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield what the next message says."""
    yield heading("Request", x, y, width)
    records = [r for r in DECLARATIONS if r.group is Group.REQUEST]
    yield from rows(records, x, y + PITCH, width)


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
        ("RESULT:TIME", "Arrived"),
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
        axis.show_grid(True)
        axis.predefined_title_font(fonts.Default)
        axis.predefined_scale_font(fonts.FinePrint)
    made.add_x_axis(x_axis)
    made.add_y_axis(y_axis)
    across = across.upper()
    for trace in (
        _line("boxes", "RESULT:OUTLINE:X", f"RESULT:OUTLINE:{across}", BLUE),
        _points("centres", "CENTRES:X", f"CENTRES:{across}", BLUE, 7),
        _strongest_box(across),
        _points("strongest", "BEST:X", f"BEST:{across}", ORANGE, 11),
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


def _strongest_box(across: str) -> Any:
    """Return a line round the strongest box: at -1, out of sight, if there is none."""
    trace = _line("strongest box", "BEST:X", f"BEST:{across}", ORANGE)
    trace.x_pv(_corners("X", "MIN", "MAX", "MAX", "MIN", "MIN"))
    trace.y_pv(_corners(across, "MIN", "MIN", "MAX", "MAX", "MIN"))
    return trace


def _corners(axis: str, *ends: str) -> str:
    corners = (f"`{pv(f'BEST:BOX_{end}:{axis}')}`" for end in ends)
    return f"=arrayOf({', '.join(corners)})"


def _points(name: str, x: str, y: str, color: tuple[int, int, int], size: int) -> Any:
    trace = _trace(name, x, y, color)
    trace.trace_type_none()
    trace.point_type_circles()
    trace.point_size(size)
    return trace


def _trace(name: str, x: str, y: str, color: tuple[int, int, int]) -> Any:
    trace = widget.XYPlotTrace()
    trace.name(name)
    trace.x_pv(exact(x))
    trace.y_pv(exact(y))
    trace.axis(0)
    trace.color(*color)
    return trace


def strongest(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield the strongest centre: a row an axis, then its counts."""
    yield heading("Strongest centre, in boxes", x, y, 498)
    columns = (
        ("Centre", "BEST:", 98),
        ("Box from", "BEST:BOX_MIN:", 80),
        ("to", "BEST:BOX_MAX:", 80),
        ("Size", "BEST:BOX_SIZE:", 80),
        ("Most spots", "BEST:MAX_VOXEL:", 80),
    )
    motor = (
        ("Centre", "BEST:MOTOR:", 122),
        ("Box from", "BEST:MOTOR:BOX_MIN:", 122),
        ("to", "BEST:MOTOR:BOX_MAX:", 122),
    )
    left = x + 40
    for text, prefix, column in columns:
        yield label(text, left, y + PITCH, column)
        for n, axis in enumerate("XYZ", 2):
            yield value(f"{prefix}{axis}", left, y + n * PITCH, column, units=False)
        left += column + GAP
    for n, axis in enumerate("XYZ", 2):
        yield label(axis.lower(), x + 10, y + n * PITCH, 22)
    left = x + 508
    parts = [heading("On the motors", left, y, width - 508)]
    for text, prefix, column in motor:
        parts.append(label(text, left, y + PITCH, column))
        for n, axis in enumerate("XYZ", 2):
            parts.append(value(f"{prefix}{axis}", left, y + n * PITCH, column))
        left += column + GAP
    for part in parts:  # only where the IOC knows the grid scan device
        part.visible(False)
        part.rule("grid", "visible", {pv("BEST:MOTOR:X"): True}, {"true": "true"})
    yield from parts
    left = x
    for text, name, wide in (
        ("Spots in its strongest box", "BEST:MAX_COUNT", 180),
        ("in all boxes", "BEST:TOTAL_COUNT", 86),
        ("Boxes", "BEST:N_VOXELS", 48),
        ("Sample", "BEST:SAMPLE_ID", 56),
    ):
        yield label(text, left, y + 5 * PITCH + 4, wide)
        shown = value(name, left + wide, y + 5 * PITCH + 4, 110)
        shown.precision(0)
        yield shown
        left += wide + 110 + 2 * GAP
