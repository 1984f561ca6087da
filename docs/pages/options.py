"""The reference of the commands: their options and exit statuses."""

import re
from collections.abc import Iterator
from inspect import cleandoc

from zocalo_ioc.commands import COMMANDS, find
from zocalo_ioc.settings import LogSettings, Option, RunSettings, Settings, options_of

from .markdown import quoted, table

_SHARED = {
    "Every command": ("", Settings),
    "Commands that log": (
        "For `run`, `demo`, `simulate` and `check`.",
        LogSettings,
    ),
}
_INTRODUCTION = """\
# Commands and options

Each option can be given on the command line, as an environment variable, or as a key of
the YAML file of `--config`, listed here in this order. The command line takes
precedence, then the environment, then the file. An option that can be repeated is a
list in the file, and is separated by spaces or commas in the environment. A variable
that begins with `ZOCALO_IOC_` and belongs to no command causes a warning. [The
simulation](simulation.md) explains `simulate`.
"""


def options_page() -> str:
    """Return the reference of the commands."""
    lines = [_INTRODUCTION.rstrip()]
    known: set[str] = set()
    for heading, (text, model) in _SHARED.items():
        lines += ["", f"## {heading}", *(["", text] if text else [])]
        lines += _table(model, known)
        known |= set(options_of(model))
    for command in COMMANDS:
        lines += _command(command, known)
    lines += ["", "## Exit statuses", *table(["status", "of", "meaning"], _exits()), ""]
    return "\n".join(lines)


def _command(command: str, known: set[str]) -> Iterator[str]:
    model = find(command).settings
    text = re.sub(r"(--[\w-]+)", r"`\1`", cleandoc(model.__doc__ or ""))
    yield from ("", f"## {command}", "", text)
    if model is not RunSettings and issubclass(model, RunSettings):
        yield "It takes the options of [run](#run), and:"
        known = known | set(options_of(RunSettings))
    yield from _table(model, known)


def _table(model: type[Settings], known: set[str]) -> Iterator[str]:
    options = [o for name, o in options_of(model).items() if name not in known]
    yield from table(["option", "value", "meaning"], map(_row, options))


def _row(option: Option) -> tuple[str, ...]:
    names = [option.on_command_line, option.in_environment, option.name]
    value = option.values
    if option.flag:
        value = f"none, or `--no-…`; in the environment and the file, {value}"
    if option.required:
        value += "; required"
    elif option.shown_default:
        value += f"; {quoted(option.shown_default)} if not given"
    return (
        "<br>".join(map(quoted, names)),
        value,
        option.description.replace("<", "&lt;"),
    )


def _exits() -> Iterator[tuple[str, ...]]:
    exits = {name: find(name).exits for name in COMMANDS}
    meanings = {pair for statuses in exits.values() for pair in statuses.items()}
    for status, meaning in sorted(meanings):
        of = [name for name, found in exits.items() if found.get(status) == meaning]
        yield quoted(int(status)), ", ".join(map(quoted, of)), meaning
