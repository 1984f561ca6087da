"""The exit statuses of the commands, for scripts."""

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """How a command has ended."""

    WELL = 0
    FAILED = 1
    USAGE = 2
    NO_CENTRES = 3
    INTERRUPTED = 130


_UNTIL_STOPPED = {
    Exit.WELL: "stopped by SIGTERM or Ctrl-C",
    Exit.FAILED: "something unforeseen; the log has it",
}
_AT_ONCE = {Exit.WELL: "done"}
_CHECK = {Exit.WELL: "nothing is wrong", Exit.FAILED: "something needs to be done"}
_SUBMIT = {
    Exit.WELL: "there are centres, or the messages that were asked for are sent",
    Exit.FAILED: "the job failed, timed out or was cancelled, or the IOC is not there",
    Exit.NO_CENTRES: "no centre of diffraction was found",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; the job goes on",
}
_BAD_USAGE = {Exit.USAGE: "the options or settings can't be used; stderr says why"}

EXITS: Mapping[str, Mapping[Exit, str]] = {
    "run": _UNTIL_STOPPED | _BAD_USAGE,
    "demo": _UNTIL_STOPPED | _BAD_USAGE,
    "simulate": _UNTIL_STOPPED | _BAD_USAGE,
    "check": _CHECK,
    "describe": _AT_ONCE | _BAD_USAGE,
    "files": _AT_ONCE | _BAD_USAGE,
    "submit": _SUBMIT | _BAD_USAGE,
}
"""What each means, by command."""
