"""The commands of EPICS's shell, such as `dbl`, `dbpr` and `casr`."""

import ctypes

from softioc import imports

_run = imports.Com.iocshCmd
_run.argtypes = (ctypes.c_char_p,)
_flush = ctypes.CDLL(None).fflush


def run_command(line: str) -> None:
    """Carry out a command; EPICS prints on stdout and stderr what comes of it."""
    _run(line.encode())
    _flush(None)
