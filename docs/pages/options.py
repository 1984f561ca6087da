"""The reference of the commands: their options and exit statuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import BaseSettings

from zocalo_ioc import settings
from zocalo_ioc.exits import EXITS

from .markdown import quoted, table

COMMANDS: Mapping[str, type[BaseSettings]] = {
    "run": settings.RunSettings,
    "demo": settings.DemoSettings,
    "simulate": settings.SimulateSettings,
    "check": settings.CheckSettings,
    "describe": settings.DescribeSettings,
    "files": settings.FilesSettings,
    "submit": settings.SubmitSettings,
}
Schema = Mapping[str, Any]

_NOTES = {
    "run": (
        "It needs `--broker` or `--zocalo-environment`, and `--results-queue` or",
        "`--results-exchange` with `--routing-key`.",
    ),
    "simulate": (
        "It needs `--broker` or `--plot`. [The simulation](simulation.md) says more.",
    ),
    "describe": (
        "The settings file of an IOC will do: other keys in it are left alone.",
    ),
}
_INTRODUCTION = """\
# Commands and options

Each option can be given on the command line, as an environment variable, or as a key of
the YAML file that `--config` names; its names are listed here in this order. The
command line wins, then the environment, then the file. What can be given more than once
is a list in the file, and has spaces or commas between in the environment.
`zocalo-ioc COMMAND --help` lists the options in a terminal.
"""


def options_page() -> str:
    """Return the reference of the commands."""
    return "\n".join(
        [
            _INTRODUCTION,
            "## Every command",
            *_table(settings.LogSettings, ["config"]),
            "",
            "## Commands that log",
            "",
            "These are for `run`, `demo`, `simulate` and `check`.",
            *_table(settings.LogSettings, list(settings.LogSettings.__annotations__)),
            *(line for command in COMMANDS for line in _command(command)),
            "",
            "## Exit statuses",
            *table(["status", "of", "means"], _exits()),
            "",
        ]
    )


def _exits() -> Iterator[tuple[str, ...]]:
    meanings = {pair for statuses in EXITS.values() for pair in statuses.items()}
    for status, meaning in sorted(meanings):
        of = [name for name, found in EXITS.items() if found.get(status) == meaning]
        yield quoted(int(status)), ", ".join(map(quoted, of)), meaning


def _command(command: str) -> Iterator[str]:
    model = COMMANDS[command]
    yield from ("", f"## {command}", "", (model.__doc__ or "").strip())
    for other, parent in COMMANDS.items():
        if other != command and issubclass(model, parent):
            yield f"It takes the options of [{other}](#{other}), and:"
    yield from _NOTES.get(command, ())
    yield from _table(model, list(model.__annotations__))


def _table(model: type[BaseSettings], names: list[str]) -> Iterator[str]:
    schema = model.model_json_schema()
    wanted = [name for name in names if name in model.model_fields]
    rows = [_row(model, name, schema) for name in wanted]
    yield from table(["option", "value", "meaning"], rows)


def _row(model: type[BaseSettings], name: str, schema: Schema) -> tuple[str, ...]:
    field: Schema = schema["properties"][name]
    names = "<br>".join(map(quoted, _names(model, name)))
    value = _value(field, schema["$defs"])
    if name in schema.get("required", ()):
        value += "; required"
    elif default := _default(field.get("default")):
        value += f"; {default} if not given"
    return names, value, field["description"].replace("<", "&lt;")


def _names(model: type[BaseSettings], name: str) -> Iterator[str]:
    """Yield how the command line, the environment and the settings file name it."""
    metadata = {str(entry) for entry in model.model_fields[name].metadata}
    if any("CliPositionalArg" in entry for entry in metadata):
        yield name.upper()
        return
    yield f"--{name.replace('_', '-')}"
    if shortcut := (model.model_config.get("cli_shortcuts") or {}).get(name):
        yield f"--{shortcut}"
    yield settings.ENV_PREFIX + name.upper()
    yield name


def _default(value: object) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return ""
    return quoted(f"{value:g}" if isinstance(value, float) else value)


def _value(field: Schema, types: Schema) -> str:
    """Say what values a setting can have."""
    match field:
        case {"anyOf": [wanted, _]}:
            return _value(wanted, types)
        case {"$ref": reference}:
            return _value(types[str(reference).rpartition("/")[2]], types)
        case {"type": "array", "items": items}:
            return f"one or more: {_value(items, types)}"
        case {"enum": choices}:
            return ", ".join(map(quoted, choices))
        case {"type": "boolean"}:
            return "none; in the environment and the file, `true` or `false`"
        case {"type": "integer"}:
            return f"whole number{_limits(field)}"
        case {"type": "number"}:
            return f"number{_limits(field)}"
        case {"description": text} if "title" not in field:
            return str(text)
        case _:
            return "text"


def _limits(field: Schema) -> str:
    match field:
        case {"minimum": low, "maximum": high}:
            return f", {low} to {high}"
        case {"exclusiveMinimum": low, "maximum": high}:
            return f" above {low}, at most {high}"
        case {"minimum": low}:
            return f" from {low}"
        case _:
            return ""
