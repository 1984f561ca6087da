"""Have a data collection processed, through caproto: ``… PREFIX DCID``."""

import json
import sys

from caproto import ChannelType
from caproto.sync.client import write

prefix, dcid = sys.argv[1:]
request = json.dumps({"command": "process", "dcid": int(dcid), "num_frames": 4})
write(
    *(f"{prefix}:SUBMIT", [*request.encode(), 0]),
    data_type=ChannelType.CHAR,
    notify=True,
    timeout=60,
    repeater=False,
)
