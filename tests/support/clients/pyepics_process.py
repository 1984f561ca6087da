"""Put PROCESS through pyepics, and print what is read when the put has ended."""

import json
import sys

import epics

prefix = sys.argv[1]
assert epics.caput(f"{prefix}:PROCESS", 1, wait=True, timeout=60) == 1
state = epics.PV(f"{prefix}:STATE", form="time")
found = {
    "state": state.get(as_string=True),
    "severity": state.get_with_metadata(form="time", as_namespace=True).severity,
    "message": epics.caget(f"{prefix}:MESSAGE", as_string=True),
}
print(json.dumps(found))
