# Fits an Image widget to a grid, and draws the boxes of the centres over it.
# The generator puts some constants before this: where the map is in each arrangement of
# the two (ROOMS: left, top, width and height with its caption), what caption and axes
# take (CAPTION, AXES), the NAMES of the captions, WHICH of the grids it is, its SLOW axis,
# and the numbers of the columns of the table of centres (COLUMNS).
from org.csstudio.display.builder.runtime.script import PVUtil, ScriptUtil

LETTER = 14.0
"""Pixels, the height of a number and its width."""


def pixels_per_box(room, grid):
    columns, rows, ratio = grid
    wide, high = room[2] - AXES[0], room[3] - CAPTION - AXES[1]
    return min(wide / float(columns), high / (rows * ratio))


def size_of(nx, ny, step_x, step_y):
    """Return columns, rows, and how high a box is for its width."""
    wide, high = PVUtil.getDouble(step_x), PVUtil.getDouble(step_y)
    ratio = high / wide if wide > 0 and high > 0 else 1.0
    return PVUtil.getInt(nx), PVUtil.getInt(ny), ratio


def draw():
    grids = size_of(*pvs[0:4]), size_of(*pvs[4:8])
    most_xy, most_xz, xy, xz, dcids, table = pvs[8:]
    # both maps are of one scale, and arranged so that they are as large as they can be
    known = [grid for grid in grids if grid[0] > 0] or [(1, 1, 1.0)]
    scales = [min(pixels_per_box(room, grid) for grid in known) for room in ROOMS]
    scale = max(scales)
    room = ROOMS[scales.index(scale)]
    for n, name in enumerate(NAMES):
        caption = ScriptUtil.findWidgetByName(widget, name)
        caption.setPropertyValue("x", room[0])
        caption.setPropertyValue("y", room[1] + n * CAPTION / 2)
        caption.setPropertyValue("width", room[2])
    columns, rows, ratio = grids[WHICH]
    if columns < 1:
        widget.setPropertyValue("visible", False)
        return
    widget.setPropertyValue("x", room[0])
    widget.setPropertyValue("y", room[1] + CAPTION)
    widget.setPropertyValue("width", int(round(columns * scale)) + AXES[0])
    widget.setPropertyValue("height", int(round(rows * ratio * scale)) + AXES[1])
    widget.setPropertyValue("x_axis.maximum", float(columns))
    widget.setPropertyValue("y_axis.minimum", float(rows))  # downwards
    widget.setPropertyValue("data_width", columns)
    widget.setPropertyValue("data_height", rows)
    # one scale of colours for both grids, and not a full one for a few spots
    most = max(48, PVUtil.getInt(most_xy), PVUtil.getInt(most_xz))
    widget.setPropertyValue("maximum", (most + 1) ** 0.5)
    outline(xy, xz, dcids, table, columns, scale, scale * ratio)
    widget.setPropertyValue("visible", True)


def outline(xy, xz, dcids, table, columns, wide, high):
    grids = [PVUtil.getInt(xy), PVUtil.getInt(xz)]
    theirs = any(int(dcid) in grids for dcid in PVUtil.getDoubleArray(dcids))
    centres = PVUtil.getTable(table) if theirs else []
    count = len(widget.getPropertyValue("rois")) // 2
    for n in range(count):
        box = box_of(centres[n]) if n < len(centres) else None
        place(count - 1 - n, box)  # the last is drawn over the others
        place(2 * count - 1 - n, box and number_of(box, columns, wide, high))


def place(n, region):
    roi = "rois[%d]." % n
    widget.setPropertyValue(roi + "visible", region is not None)
    for name, value in zip(("x", "y", "width", "height"), region or ()):
        widget.setPropertyValue(roi + name + "_value", float(value))


def number_of(box, columns, wide, high):
    """Return where the number of a box is, with boxes of wide x high pixels."""
    left, top, width = box[:3]
    if wide < 2:
        return None  # too small for numbers
    if top * high < LETTER:  # nor above this box
        left, top = left + width + 2 / wide, LETTER / high
    return min(left, columns - LETTER / wide), top, 0, 0


def box_of(row):
    """Return left, top, width and height of a centre's box, or of the centre."""
    names = ["x", SLOW, "box_min_x", "box_min_" + SLOW, "box_max_x", "box_max_" + SLOW]
    x, y, left, top, right, bottom = [float(row[COLUMNS[name]]) for name in names]
    if left >= 0 and top >= 0:
        return left, top, right - left, bottom - top
    if x >= 0 and y >= 0:  # neither is NaN
        return int(x), int(y), 1, 1
    return None


try:
    draw()
except PVUtil.PVHasNoValueException:
    widget.setPropertyValue("visible", False)
