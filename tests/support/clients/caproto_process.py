"""Put PROCESS through caproto, and print what is read when the put has ended."""

import json
import sys
from typing import Any

from caproto import ChannelType
from caproto.sync.client import read, write

prefix = sys.argv[1]
write(f"{prefix}:PROCESS", 1, notify=True, timeout=60, repeater=False)
state: Any = read(f"{prefix}:STATE", data_type="time", repeater=False)
label: Any = read(f"{prefix}:STATE", data_type=ChannelType.STRING, repeater=False)
message: Any = read(f"{prefix}:MESSAGE", repeater=False)
found = {
    "state": label.data[0].decode(),
    "severity": int(state.metadata.severity),
    "message": bytes(message.data).split(b"\0")[0].decode(),
}
print(json.dumps(found))
