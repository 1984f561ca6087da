# Fills a table with the history, formatted.
# The generator puts COLUMNS, the numbers of the PV's columns by name, before this.
from time import strftime

from org.csstudio.display.builder.runtime.script import PVUtil

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def when(text):
    """Return the time of day, with the day before it if that is not today."""
    day, time = text[:10], text[11:19]
    if day == strftime("%Y-%m-%d"):
        return time
    return "%d %s %s" % (int(day[8:]), MONTHS[int(day[5:7]) - 1], time)


def cells(row):
    found, latency, job = (
        float(row[COLUMNS[name]]) for name in ("centres", "latency", "job")
    )
    yield when(str(row[COLUMNS["time"]]))
    yield "%d" % int(float(row[COLUMNS["dcid"]]))
    yield row[COLUMNS["state"]]
    yield "%d" % found if found >= 0 else u"\u2013"
    yield "%.2f s" % latency if latency >= 0 else u"\u2013"
    yield row[COLUMNS["source"]] or u"\u2013"
    yield "%d" % job if job > 0 else u"\u2013"
    yield row[COLUMNS["id"]]


try:
    rows = PVUtil.getTable(pvs[0])
except PVUtil.PVHasNoValueException:
    rows = []
widget.setValue([list(cells(row)) for row in rows])
