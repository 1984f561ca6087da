"""How commands end: their exit statuses, for scripts, and what stderr says."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """How a command has ended."""

    WELL = 0
    FAILED = 1
    USAGE = 2
    NO_CENTRES = 3
    INTERRUPTED = 130


BAD_USAGE = {Exit.USAGE: "the options or settings can't be used; stderr says why"}
"""What commands have in common; each adds its own."""
AT_ONCE = {Exit.WELL: "done"} | BAD_USAGE
UNTIL_STOPPED = {
    Exit.WELL: "stopped by SIGTERM or Ctrl-C",
    Exit.FAILED: "it can't start at present, or an unexpected error; stderr says why",
} | BAD_USAGE


def complain(text: object) -> None:
    """Say on stderr what went wrong."""
    print(f"zocalo-ioc: {text}", file=sys.stderr)
