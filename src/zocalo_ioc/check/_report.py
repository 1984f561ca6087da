"""What checks find, and how it is told: as it comes, for people, or whole as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table

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


_STYLES = {Outcome.YES: "green", Outcome.NOTE: "yellow", Outcome.NO: "bold red"}
_MARKS = {Outcome.YES: "yes", Outcome.NOTE: "note", Outcome.NO: "NO"}
_WIDTH = 26


def report(findings: Iterable[Finding], *, as_json: bool) -> list[Finding]:
    """Print the findings, and return them."""
    if as_json:
        return _print_json(findings)
    console = Console(highlight=False)
    told: list[Finding] = []
    for found in findings:
        told.append(found)
        _print(console, found)
    wrong = sum(found.outcome is Outcome.NO for found in told)
    if wrong:
        last = f"{wrong} of {len(told)} checks failed."
    else:
        last = "All checks passed: start zocalo-ioc run with the same settings."
    console.print(last, style="bold" if wrong else "green", soft_wrap=True)
    return told


def _print(console: Console, found: Finding) -> None:
    if not console.is_terminal:  # a line each, whatever its length
        print(f"{_MARKS[found.outcome]:4}  {found.what}: {found.text}", flush=True)
        return
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=4, style=_STYLES[found.outcome])
    row.add_column(width=_WIDTH, overflow="fold")
    row.add_column(overflow="fold")
    row.add_row(_MARKS[found.outcome], _plain(found.what), _plain(found.text))
    console.print(row)


def _plain(text: str) -> str:
    """Keep what looks like markup of rich's, such as an IPv6 address."""
    return text.replace("[", r"\[")


def _print_json(findings: Iterable[Finding]) -> list[Finding]:
    told = list(findings)
    well = all(found.outcome is not Outcome.NO for found in told)
    checks = [asdict(found) for found in told]
    print(json.dumps({"ok": well, "checks": checks}, indent=2))
    return told
