"""Clients that put with callback again and again, each in a process of its own.

    python -m benchmarks.putters CLIENTS PUTS PV VALUE

shares so many puts of a number, or of a text that begins with ``[``, among the clients,
and prints how many a second there were.
"""

import ctypes
import sys
import threading
import time
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from epicscorelibs.path import get_lib

PREEMPTIVE, OK, CHAR, LONG = 1, 1, 4, 5


class Answer(ctypes.Structure):
    """``struct event_handler_args`` of Channel Access."""

    _fields_ = (
        ("user", ctypes.c_void_p),
        ("channel", ctypes.c_void_p),
        ("type", ctypes.c_long),
        ("count", ctypes.c_long),
        ("value", ctypes.c_void_p),
        ("status", ctypes.c_int),
    )


Called = ctypes.CFUNCTYPE(None, Answer)
ca = ctypes.CDLL(get_lib("ca"))
ca.ca_array_put_callback.argtypes = (
    *(ctypes.c_long, ctypes.c_ulong, ctypes.c_void_p),
    *(ctypes.c_void_p, Called, ctypes.c_void_p),
)


def client(pv: str, value: str, puts: int, ready: Barrier) -> None:
    """Put so many times."""
    data: ctypes.Array[ctypes.c_char] | ctypes.c_int32
    if value.startswith("["):
        data = ctypes.create_string_buffer(value.encode())
        kind, count = CHAR, len(data)
    else:
        data = ctypes.c_int32(int(value))
        kind, count = LONG, 1
    ca.ca_context_create(PREEMPTIVE)
    channel, done = ctypes.c_void_p(), threading.Event()
    ca.ca_create_channel(pv.encode(), None, None, 0, ctypes.byref(channel))
    assert ca.ca_pend_io(ctypes.c_double(30)) == OK, f"{pv} does not answer"

    def note(_: Answer) -> None:
        done.set()

    when_done = Called(note)
    address = ctypes.addressof(data)
    for number in range(puts + 1):
        if number == 1:
            ready.wait(60)
        done.clear()
        ca.ca_array_put_callback(kind, count, channel, address, when_done, None)
        ca.ca_flush_io()
        assert done.wait(60), f"a put to {pv} did not end"


def main(clients: int, puts: int, pv: str, value: str) -> None:
    """Put, and print the rate; the first put of each client does not count."""
    fork = get_context("fork")
    ready = fork.Barrier(clients + 1)
    each = puts // clients
    processes = [
        fork.Process(target=client, args=(pv, value, each, ready), daemon=True)
        for _ in range(clients)
    ]
    for process in processes:
        process.start()
    ready.wait(60)
    began = time.perf_counter()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    print(clients * each / (time.perf_counter() - began))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
