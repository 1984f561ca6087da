"""What the check of one thing has found."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Whether something is as the IOC needs it."""

    YES = "yes"
    NOTE = "note"
    """It will do, but should be known."""
    NO = "no"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do if it is not well."""

    what: str
    outcome: Outcome
    text: str


def yes(what: str, text: str) -> Finding:
    """Say that something is well."""
    return Finding(what, Outcome.YES, text)


def note(what: str, text: str) -> Finding:
    """Say that something is unusual."""
    return Finding(what, Outcome.NOTE, text)


def no(what: str, text: str) -> Finding:
    """Say what is wrong, and what to do about it."""
    return Finding(what, Outcome.NO, text)
