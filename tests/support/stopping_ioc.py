"""A zocalo-ioc that sends itself a signal at a chosen point, once.

Usage: stopping_ioc.py POINT SIGNAL, then what zocalo-ioc is given.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from zocalo_ioc import autosave
from zocalo_ioc.__main__ import main
from zocalo_ioc.broker._subscriber import Answers
from zocalo_ioc.jobs import Jobs

POINTS: dict[str, tuple[Any, str]] = {
    "confirm": (Jobs, "confirmed"),
    "acknowledgement": (Answers, "give"),
    "save": (autosave.os, "replace"),
}
"""What is about to be called: the broker has confirmed a message, and the put has not
ended; the records of a result are set, and it is not acknowledged; what is saved has
been written beside the file, and has not taken its place."""


def signal_once(call: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return a call before which, the first time, this process gets a signal."""
    due = [number]

    def signalled(*arguments: Any, **options: Any) -> Any:
        while due:
            os.kill(os.getpid(), due.pop())
        return call(*arguments, **options)

    return signalled


if __name__ == "__main__":
    point, number = sys.argv[1], int(sys.argv[2])
    del sys.argv[1:3]
    owner, name = POINTS[point]
    setattr(owner, name, signal_once(getattr(owner, name), number))
    main()
