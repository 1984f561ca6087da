"""Get and monitor a table as fast as can be, and print what did not belong together."""

import json
import sys
from typing import Any

from p4p.client.thread import Context

table, counter, last = sys.argv[1], sys.argv[2], int(sys.argv[3])


FIRST = 1_000_000  # what has a lower DCID is of another test


def is_torn(value: Any) -> bool:
    """Say whether columns are missing, or of different lengths or updates."""
    # p4p makes None of a column that is missing, and at times of one that is empty,
    # where it has merged updates
    columns = {
        name: list(() if column is None else column)
        for name, column in value.value.items()
        if column is not None or value.changed(f"value.{name}")
    }
    if len(columns) != len(value.value.keys()):
        return True
    if len({len(column) for column in columns.values()}) != 1:
        return True
    if "max_count" in columns:  # all centres of one result are alike
        rows = set(zip(columns["max_count"], columns["total_count"], strict=True))
        boxes = [count % 100 for count in columns["max_count"]]
        return (
            len(rows) > 1
            or [x - 0.5 for x in columns["x"]] != boxes
            or columns["max_voxel_x"] != boxes
            or columns["box_min_x"] != boxes
            or [x - 1 for x in columns["box_max_x"]] != boxes
            or set(columns["n_voxels"]) - {1} != set()
        )
    rows = zip(columns["dcid"], columns["dcgid"], columns["centres"], strict=True)
    return any(
        dcid > FIRST and (dcgid != dcid or centres != dcid % 60)
        for dcid, dcgid, centres in rows
    )


torn: list[str] = []
events = gets = 0


def note(value: Any) -> None:
    """Check what a monitor was sent."""
    global events
    events += 1
    if is_torn(value):
        torn.append(f"event {value.seq}")


with Context("pva", nt=False) as context:
    monitor = context.monitor(table, note)
    print("reading", flush=True)
    while True:
        count: Any = context.get(counter)
        if count.value >= last:
            break
        value: Any = context.get(table)
        gets += 1
        if is_torn(value):
            torn.append(f"get {value.seq}")
    monitor.close()
print(json.dumps({"torn": torn[:5], "events": events, "gets": gets}))
