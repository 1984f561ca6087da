"""Clients that monitor an IOC, each with a connection of its own, until told to stop.

They cost the machine as little as can be: what is called for each update, in C, does
nothing.

    python -m benchmarks.watchers COUNT PV…
"""

import ctypes
import sys
import time

from epicscorelibs.path import get_lib

PREEMPTIVE, CONNECTED, VALUE, TIME_DOUBLE = 1, 2, 1, 20


def main(count: int, pvs: list[str]) -> None:
    """Watch, until standard input ends."""
    ca = ctypes.CDLL(get_lib("ca"))
    nothing = ctypes.CDLL(None).getpid  # needs no argument and has no effect
    channels: list[ctypes.c_void_p] = []
    for _ in range(count):
        ca.ca_context_create(PREEMPTIVE)
        for pv in pvs:
            channel = ctypes.c_void_p()
            ca.ca_create_channel(pv.encode(), nothing, None, 0, ctypes.byref(channel))
            ca.ca_create_subscription(
                TIME_DOUBLE, 0, channel, VALUE, nothing, None, None
            )
            channels.append(channel)
        ca.ca_flush_io()
        ca.ca_detach_context()
    while any(ca.ca_state(channel) != CONNECTED for channel in channels):
        time.sleep(0.1)
    print("watching", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
