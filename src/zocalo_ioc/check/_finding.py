"""What the check of one thing has found."""

from dataclasses import dataclass
from enum import StrEnum

from ..errors import Problem, without_passwords


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


def note(what: str, problem: Problem) -> Finding:
    """Say that something is unusual, but will do."""
    return Finding(what, Outcome.NOTE, _said(what, problem))


def no(what: str, problem: Problem) -> Finding:
    """Say that something is wrong."""
    return Finding(what, Outcome.NO, without_passwords(_said(what, problem)))


def _said(what: str, problem: Problem) -> str:
    return str(problem).removeprefix(f"{what}: ")
