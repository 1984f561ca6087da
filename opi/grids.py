"""The grids of a scan: heat maps, or plots where the IOC takes no frames."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from typing import Any

from phoebusgen import widget

from widgets import (
    GAP,
    HEIGHT,
    PITCH,
    columns_of,
    exact,
    fonts,
    group,
    heading,
    pv,
    says,
    script,
)

GRIDS = "XY", "XZ"
SIZE = "NX", "NY", "STEP:X", "STEP:Y"
Room = tuple[int, int, int, int]
"""Left, top, width and height."""
SHOWN = 10
"""Centres whose boxes are drawn, and numbered."""
AXES = 30, 31
"""What the axes of an Image widget take of its width and height."""
RED = (255, 70, 70)
ORANGE = (255, 150, 30)
BLUE = (31, 119, 180)
UNSEEN = (215, 215, 215)
VIRIDIS = (
    *((1, 68, 1, 84), (28, 72, 40, 120), (57, 62, 74, 137), (85, 49, 104, 142)),
    *((113, 38, 130, 142), (142, 31, 158, 137), (170, 53, 183, 121)),
    *((198, 109, 205, 89), (227, 180, 222, 44), (255, 253, 231, 37)),
)
"""Positions of 255, and their red, green and blue."""
HAS_FRAMES = "GRID:XY:NX"
"""A record that there is only where the IOC takes frames."""


def maps(x: int, y: int, width: int, height: int, *, brief: bool = False) -> Any:
    """Return both grids, arranged in a room of that size as they are largest."""
    across, down = (width - GAP) // 2, (height - GAP) // 2
    above, below = (0, 0, width, down), (0, down + GAP, width, down)
    left, right = (0, 0, across, height), (across + GAP, 0, across, height)
    made = [
        *_map("XY", [left] if brief else [above, left], brief=brief),
        *_map("XZ", [right] if brief else [below, right], brief=brief),
    ]
    shown = group("grids", x, y, width, height, made)
    shown.transparent(False)  # there are plots behind
    shown.visible(False)
    shown.rule("frames", "visible", {pv(HAS_FRAMES): True}, {"True": "true"})
    return shown


def _map(grid: str, rooms: Sequence[Room], *, brief: bool) -> Iterator[Any]:
    x, y, width, height = rooms[0]
    slow = grid[1].lower()
    caption = heading(grid, x, y, width)
    of = [pv(f"GRID:{grid}:{name}") for name in ("DCID", "NX", "NY", "FRAMES")]
    sized = f'" x-{slow}: DCID %d, %d x %d boxes" % (pvInt0, pvInt1, pvInt2)'
    caption.rule(
        "caption",
        "text",
        dict.fromkeys(of, True),
        {
            **({} if brief else {"pvInt1 > 0": sized}),
            "pvInt0 > 0 and pvInt3 == 0": f'" x-{slow}: DCID %d, no frames" % pvInt0',
            "pvInt0 > 0": f'" x-{slow}: DCID %d" % pvInt0',
            "True": f'" x-{slow}: no grid"',
        },
        True,
    )
    yield caption
    seen = [f"GRID:{grid}:{name}" for name in ("FRAMES", "EXPECTED", "MAX_COUNT")]
    said = {
        "pvInt2 > 0": '"%d of %d frames, up to %d spots" % (pvInt0, pvInt1, pvInt2)',
        "pvInt1 > 0": '"%d of %d frames, no spots" % (pvInt0, pvInt1)',
        "pvInt0 > 0": '"%d frames of a grid of unknown size" % pvInt0',
    }
    below = says(f"{grid} frames", seen, said, x, y + HEIGHT, width)
    if not brief:
        yield below
    top = y + (PITCH if brief else 2 * HEIGHT)
    counts = exact(f"GRID:{grid}:COUNTS")
    # drawn again each second, since Phoebus drops a drawing if its display is busy
    root = f"=arrayPow(arraySum(`{counts}`, 1), 0.5 + 0 * `{pv('HEARTBEAT')}`)"
    made = widget.Image(f"{grid} map", root, x, top, width, y + height - top)
    made.visible(False)  # until the script has fitted it to the grid
    made.show_toolbar(False)
    made.auto_scale(False)
    made.minimum(0)
    made.maximum(7)
    made.interpolation_none()
    made.root.append(_color_map())
    bar = widget.ColorBar()
    bar.visible(False)
    made.add_color_bar(bar)
    x_axis, y_axis = widget.ImageXAxis(), widget.ImageYAxis()
    for axis, low, high in ((x_axis, 0, 20), (y_axis, 10, 0)):  # y downwards
        axis.title("")
        axis.minimum(low)
        axis.maximum(high)
        axis.predefined_scale_font(fonts.FinePrint)
    made.add_x_axis(x_axis)
    made.add_y_axis(y_axis)
    # boxes, then their numbers, which the script puts where there is room
    for form in ("", "{}"):
        for n in range(SHOWN, 0, -1):  # the strongest is drawn last
            made.add_roi(_region(form.format(n), RED if n == 1 else ORANGE))
    made.tool_tip(
        f"Spots in each box of the {grid} grid, on a square-root scale; grey: no frame "
        f"yet.\nOutlines: the boxes of up to {SHOWN} centres, numbered as in the table."
    )
    captions = [caption] if brief else [caption, below]
    names = [each.root.findtext("name") for each in captions]
    watched = [
        *(f"GRID:{g}:{size}" for g in GRIDS for size in SIZE),
        *(f"GRID:{g}:{each}" for each in ("MAX_COUNT", "DCID") for g in GRIDS),
    ]
    script(
        made,
        "grid_map",
        [*map(pv, watched), exact("RESULT:DCIDS"), exact("RESULT:TABLE")],
        f"ROOMS = {[*rooms]}",
        f"CAPTION, AXES, NAMES = {top - y}, {AXES}, {names}",
        f"WHICH, SLOW = {GRIDS.index(grid)}, {slow!r}",
        columns_of("RESULT:TABLE"),
    )
    yield made


def _color_map() -> ET.Element:
    """Return the colours: grey where no frame has come, then those of viridis."""
    made = ET.Element("color_map")
    for position, *color in ((0, *UNSEEN), *VIRIDIS):
        section = zip(("red", "green", "blue"), map(str, color), strict=True)
        ET.SubElement(made, "section", {"value": str(position), **dict(section)})
    return made


def _region(name: str, color: tuple[int, int, int]) -> Any:
    made = widget.RegionOfInterest()
    made.name(name)
    made.color(*color)
    made.visible(False)
    made.interactive(False)
    return made


def plots(x: int, y: int, width: int, height: int, *, beside: bool = False) -> Any:
    """Return the boxes of the centres alone, where the size of the grid is unknown."""
    across = (width - GAP) // 2 if beside else width
    down = height if beside else (height - GAP) // 2
    made: list[Any] = []
    for n, slow in enumerate("yz"):
        left, top = (n * (across + GAP), 0) if beside else (0, n * (down + GAP))
        caption = heading(f"{slow} heading", left, top, across)
        caption.text(f" x-{slow}: boxes of the centres")
        made += [caption, _plot(slow, left, top + PITCH, across, down - PITCH)]
    return group("plots", x, y, width, height, made)


def _plot(across: str, x: int, y: int, width: int, height: int) -> Any:
    made = widget.XYPlot(f"x-{across} plot", x, y, width, height)
    made.show_toolbar(False)
    x_axis, y_axis = widget.XYPlotXAxis(), widget.XYPlotYAxis()
    for axis, low, high in ((x_axis, 0, 20), (y_axis, 10, 0)):
        axis.title("")
        axis.minimum(low)
        axis.maximum(high)
        axis.auto_scale(False)
        axis.show_grid(False)  # Phoebus draws it black, between the boxes
        axis.predefined_scale_font(fonts.FinePrint)
    made.add_x_axis(x_axis)
    made.add_y_axis(y_axis)
    name = across.upper()
    for trace in (
        _line(
            _array("RESULT:OUTLINE:X"),
            _array(f"RESULT:OUTLINE:{name}"),
            ORANGE,
        ),
        _points(_array("CENTRES:X"), _array(f"CENTRES:{name}"), ORANGE, 7),
        _line(
            _corners("X", "MIN", "MAX", "MAX", "MIN", "MIN"),
            _corners(name, "MIN", "MIN", "MAX", "MAX", "MIN"),
            RED,
        ),
        _points(_scalars("BEST:X"), _scalars(f"BEST:{name}"), RED, 9),
    ):
        made.add_trace(trace)
    # as wide as it is to the scale of its height
    extent = {pv("RESULT:OUTLINE:EXTENT"): True}
    share = round((width - 50) / (height - 40), 3)
    made.rule("width", "x_axis.maximum", extent, {"True": f"{share} * pv0"}, True)
    made.rule("height", "y_axes[0].minimum", extent, {"True": "pv0"}, True)
    made.tool_tip("Centres and their boxes, to scale; the strongest is red")
    return made


def _line(x: str, y: str, color: tuple[int, int, int]) -> Any:
    trace = _trace(x, y, color)
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


def _points(x: str, y: str, color: tuple[int, int, int], size: int) -> Any:
    trace = _trace(x, y, color)
    trace.trace_type_none()
    trace.point_type_circles()
    trace.point_size(size)
    return trace


def _trace(x: str, y: str, color: tuple[int, int, int]) -> Any:
    trace = widget.XYPlotTrace()
    trace.name("")  # Phoebus would write it at the axis
    trace.x_pv(x)
    trace.y_pv(y)
    trace.axis(0)
    trace.color(*color)
    return trace
