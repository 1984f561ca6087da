"""The options of a command, one for each field of its model, and what users give.

Command line, environment, settings file, help, errors and reference are all made from
these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.config import JsonDict

from ..errors import one_line, without_passwords
from ..errors.settings import OptionMissing
from ._urls import masked

ENV_PREFIX = "ZOCALO_IOC_"
POSITIONAL: JsonDict = {"positional": True}
"""``json_schema_extra`` of a field that the command line takes without its name."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """What a user can set, under three names, and what it can be set to.

    Attributes:
        name: its key in a settings file.
        group: the heading of its help.
        description: what it is for.
        value: what can be written, in words; for a list, as an item of it.
        metavar: the same as one word, for help.
        choices: all that can be written, if there are only so many.
        default: what it is if not given.
        required: there is no default.
        flag: the command line takes ``--option`` and ``--no-option``, without a value.
        many: it can be repeated; in the environment, spaces or commas are between.
        secret: it may hold a password.
        positional: the command line takes it without its name.
        needs: the name of the option without which it has no effect, if any.
    """

    name: str
    group: str
    description: str
    value: str
    metavar: str
    choices: tuple[str, ...]
    default: object
    required: bool
    flag: bool
    many: bool
    secret: bool
    positional: bool
    needs: str

    @property
    def on_command_line(self) -> str:
        """Its name on the command line."""
        if self.positional:
            return self.name.upper()
        return f"--{self.name.replace('_', '-')}"

    @property
    def values(self) -> str:
        """What can be written for all of it, in words."""
        return f"one or more: {self.value}" if self.many else self.value

    @property
    def shown_default(self) -> str:
        """What it is if not given, or nothing where that says nothing."""
        match self.default:
            case None | [] | bool():
                return ""
            case float():
                return f"{self.default:g}"
            case list():
                return ", ".join(map(str, self.default))
            case _:
                return str(self.default)

    @property
    def in_environment(self) -> str:
        """Its name in the environment."""
        return ENV_PREFIX + self.name.upper()


@cache
def options_of(model: type[BaseModel]) -> Mapping[str, Option]:
    """Return the options of a model by name: its own first, then those of its bases."""
    schema = model.model_json_schema()
    types: Schema = schema.get("$defs", {})
    required = schema.get("required", ())
    return {
        name: _option(name, group, schema["properties"][name], types, name in required)
        for name, group in _groups(model)
    }


def _groups(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the fields, each with the group of the class that declares it."""
    seen: set[str] = set()
    for parent in model.__mro__:
        for attribute in vars(parent).get("__annotations__", ()):
            if attribute in model.model_fields and attribute not in seen:
                seen.add(attribute)
                name = model.model_fields[attribute].alias or attribute
                yield name, str(vars(parent).get("group", "Options"))


def _option(
    name: str, group: str, field: Schema, types: Schema, required: bool
) -> Option:
    wanted, metavar = _resolved(field, types)
    many = wanted.get("type") == "array"
    item = wanted
    if many:
        item, metavar = _resolved(wanted["items"], types)
    choices = tuple(item.get("enum", ()))
    return Option(
        name=name,
        group=group,
        description=field["description"],
        value=_in_words(item),
        metavar=_metavar(name, field, many, choices) or metavar,
        choices=choices,
        default=field.get("default"),
        required=required,
        flag=item.get("type") == "boolean",
        many=many,
        secret=bool(item.get("writeOnly")),
        positional=bool(field.get("positional")),
        needs=field.get("needs", ""),
    )


def _metavar(name: str, field: Schema, many: bool, choices: Sequence[str]) -> str:
    if field.get("positional"):
        return f"{name.upper()}{'...' if many else ''}"
    return f"[{'|'.join(choices)}]" if choices else ""


def _resolved(field: Schema, types: Schema) -> tuple[Schema, str]:
    """Return what a value must be, and the name of its type."""
    match field:
        case {"anyOf": [wanted, _]}:
            return _resolved(wanted, types)
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            return _resolved(types[name], types)[0], name
        case _:
            return field, "TEXT"


def _in_words(item: Schema) -> str:
    match item:
        case {"enum": choices}:
            return f"one of {', '.join(f'`{choice}`' for choice in choices)}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return f"a whole number{_limits(item)}"
        case {"type": "number"}:
            return f"a number{_limits(item)}"
        case {"description": text} if "title" not in item:
            return str(text)
        case _:
            return "text"


def _limits(item: Schema) -> str:
    match item:
        case {"minimum": low, "maximum": high}:
            return f", {low} to {high}"
        case {"exclusiveMinimum": low, "maximum": high}:
            return f" above {low}, at most {high}"
        case {"minimum": low}:
            return f" from {low}"
        case _:
            return ""


_LONGEST = 80


# -- what users give for them -------------------------------------------------


@dataclass(frozen=True)
class Given:
    """A value that a user has given.

    Attributes:
        option: what it is for.
        value: a text, a list of texts, or whatever else a settings file has.
        where: the variable or key that has it; empty for the command line.
    """

    option: Option
    value: object = field(repr=False)
    where: str = ""

    @property
    def label(self) -> str:
        """How an error names it."""
        name = self.option.on_command_line
        return f"{name} ({self.where})" if self.where else name

    @property
    def parts(self) -> object:
        """The value, with the items of a list apart, or true and false of a flag."""
        if self.option.flag:
            return {"true": True, "false": False}.get(str(self.value), self.value)
        if not self.option.many:
            return self.value
        items = self.value if isinstance(self.value, list | tuple) else [self.value]
        return [
            part
            for item in items
            for part in (
                item.replace(",", " ").split() if isinstance(item, str) else [item]
            )
        ]

    def shown(self, item: int | None = None) -> str:
        """Return the value, or an item of it, for people: without any password."""
        value = self.parts
        if item is not None and isinstance(value, list):
            value = value[item]
        if not isinstance(value, str):
            return "a mapping" if isinstance(value, dict) else "a list"
        if self.option.secret:
            value = masked(value, str(self.value))
        text = one_line(without_passwords(value))
        return f"'{text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}'"


def missing(option: Option, otherwise: str = "") -> OptionMissing:
    """Return the problem that an option is not given."""
    return OptionMissing(
        option.on_command_line, option.in_environment, option.name, otherwise
    )


def plain(word: str) -> str:
    """Return a word, but for what looks like a part of a URL: it can be a password."""
    return "…" if "@" in word or "//" in word else one_line(word)
