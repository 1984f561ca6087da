"""Put PROCESS through PV Access, and print what is read when the put has ended."""

import json
import sys
from typing import Any

from p4p.client.thread import Context

prefix = sys.argv[1]
with Context("pva") as context:
    context.put(f"{prefix}:PROCESS", 1, wait=True, timeout=60)
    state: Any = context.get(f"{prefix}:STATE")
    message: Any = context.get(f"{prefix}:MESSAGE")
    found = {
        "state": state.raw["value.choices"][int(state)],
        "severity": state.severity,
        "message": message,
    }
    print(
        json.dumps(found, default=lambda value: bytes(value).split(b"\0")[0].decode())
    )
