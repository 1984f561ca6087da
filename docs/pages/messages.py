"""The reference of everything that can go wrong, and what to do about it."""

import sys
from collections.abc import Iterator
from inspect import getdoc
from typing import Any

from zocalo_ioc.errors import Problem
from zocalo_ioc.jobs import State
from zocalo_simulator.remedies import REMEDIES

from .markdown import quoted, table
from .states import descriptions

_INTRODUCTION = """\
# Messages and errors

Everything that `P:MESSAGE`, the log and the commands say, and what to do about it.
*Examples* in italics differ from case to case.

## What MESSAGE says of a job

The text of the job's state, below, comes first. One or more of these may follow:

- *But no results can arrive:* or *But no messages can be sent:*, with the reason, until
  the connection is restored; see [NoConnection](#noconnection) and
  [NoResults](#noresults).
- a queue with too many consumers, or none; see [WrongConsumers](#wrongconsumers).
- *A result came later:*, with the centres and the pipeline, if a result arrives after
  the job has ended.
- *SOURCE excluded the result of the CPU pipeline*, while the job waits for another.

While a job runs, the reason for refusing a request is shown before the job's text, for
10 s or until the next command.
"""


def messages_page() -> str:
    """Return the reference of messages and errors."""
    lines = [_INTRODUCTION.rstrip(), *table(["STATE", "MESSAGE"], _of_states())]
    for group in Problem.__subclasses__():
        about = (getdoc(group) or "").replace("``", "`")
        lines += ["", f"## {group.__name__}", "", about]
        rows = [_row(problem) for problem in kinds(group)]
        lines += table(["message", "what to do", "cause"], rows)
    return "\n".join([*lines, ""])


def kinds(group: type[Problem]) -> list[type[Problem]]:
    """Return the problems of a group, as they stand in the modules."""

    def place(kind: type[Problem]) -> tuple[str, int]:
        names = list(vars(sys.modules[kind.__module__]))
        return kind.__module__, names.index(kind.__name__)

    return sorted(group.kinds(), key=place)


def _row(problem: type[Problem]) -> tuple[str, str, str]:
    facts = {name: _Emphasised(fact) for name, fact in problem.examples().items()}
    remedy = escaped(problem.remedy)
    if problem in REMEDIES:
        remedy += f".<br>Of `zocalo-ioc simulate`: {escaped(REMEDIES[problem])}"
    message, advice = (t.format_map(facts) for t in (escaped(problem.text), remedy))
    return message, advice, problem.cause


class _Emphasised:
    def __init__(self, fact: Any) -> None:
        self._fact = fact

    def __format__(self, spec: str) -> str:
        return f"<em>{escaped(format(self._fact, spec))}</em>"


def escaped(text: str) -> str:
    """Return a text that Markdown leaves alone."""
    for character in r"\`*<":
        text = text.replace(character, "&lt;" if character == "<" else f"\\{character}")
    return text


def _of_states() -> Iterator[tuple[str, str]]:
    found = descriptions()
    for state in State:
        for text in sorted(found.get(state, ())):
            yield quoted(state.label), escaped(text)
