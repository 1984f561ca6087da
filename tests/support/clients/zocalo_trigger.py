"""Trigger data collections as callbacks in a process of their own do, one a line."""

import sys

from zocalo_ioc.clients.ophyd_async import (
    NotTriggeredError,
    ZocaloStartInfo,
    ZocaloTrigger,
)

trigger = ZocaloTrigger(sys.argv[1])
for line in sys.stdin:
    dcid = int(line)
    try:
        trigger.run_start(ZocaloStartInfo(dcid, None, 0, 4, 0))
        trigger.run_end(dcid)
        print("triggered", flush=True)
    except NotTriggeredError as error:
        print(error, flush=True)
