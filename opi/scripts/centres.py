# Fills a table with the centres of the latest result, formatted.
# The generator puts COLUMNS, the numbers of the PV's columns by name, before this.
from org.csstudio.display.builder.runtime.script import PVUtil


def number(row, name, form):
    value = float(row[COLUMNS[name]])
    return form % value if value >= 0 else u"\u2013"  # NaN and -1 are missing


def span(row, axis):
    low, high = (
        int(float(row[COLUMNS[end + axis]])) for end in ("box_min_", "box_max_")
    )
    return u"%d\u2013%d" % (low, high) if low >= 0 else u"\u2013"


def cells(n, row):
    yield "%d" % n
    for axis in "xyz":
        yield number(row, axis, "%.2f")
    for axis in "xyz":
        yield span(row, axis)
    yield number(row, "max_count", "%.0f")
    yield number(row, "total_count", "%.0f")
    yield number(row, "sample_id", "%.0f")


try:
    found = PVUtil.getTable(pvs[0])
except PVUtil.PVHasNoValueException:
    found = []
widget.setValue([list(cells(n, row)) for n, row in enumerate(found, 1)])
