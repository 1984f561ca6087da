"""Where settings come from: the command line, then the environment, then a file."""

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import SettingsInvalid, without_passwords
from ..errors.files import FileUnreadable, SettingsEmpty, SettingsNotYaml
from ..errors.settings import (
    KeyUnknown,
    OptionMissing,
    OptionUseless,
    SettingsProblems,
    ValueUnusable,
)
from ._options import Given, Option, missing, options_of, plain
from ._settings import Settings

_UNREAD = FileUnreadable, SettingsNotYaml, SettingsEmpty
"""Problems of a settings file that may well have what seems to be missing."""


@dataclass
class Sources:
    """What users give for the settings of a command.

    Attributes:
        model: the settings.
        command_line: what the command line has, by name.
        problems: what is wrong with the command line itself.
        guessed: options that it has misspelt, whose values are not judged as well.
    """

    model: type[Settings]
    command_line: Mapping[str, object] = field(repr=False)
    problems: list[SettingsInvalid]
    guessed: Container[str | None] = ()

    def load(self) -> Any:
        """Return the settings.

        Raises:
            SettingsProblems: something is missing or can't be used.
        """
        problems = list(self.problems)
        given = self._given(problems)
        settings, wrong = validated(self.model, given, self.guessed)
        if any(isinstance(problem, _UNREAD) for problem in problems):
            may_be_there = OptionMissing, OptionUseless
            wrong = [each for each in wrong if not isinstance(each, may_be_there)]
        if problems or wrong or settings is None:
            raise SettingsProblems([*problems, *wrong])
        return settings

    def load_part(self, part: type[Settings]) -> Any:
        """Return a part of the settings, or its defaults: the rest may be wrong."""
        given = self._given([])
        known = {name: given[name] for name in options_of(part) if name in given}
        return validated(part, known)[0] or part()

    def _given(self, problems: list[SettingsInvalid]) -> dict[str, Given]:
        """Return what is given by name: the one place that says which source wins."""
        options = options_of(self.model)
        own = {n: Given(options[n], v) for n, v in self.command_line.items()}
        environment = {
            name: Given(option, os.environ[variable], variable)
            for name, option in options.items()
            if (variable := option.in_environment) in os.environ
        }
        given = environment | own
        file: dict[str, Given] = {}
        if "config" in given:
            path = Path(str(given["config"].value))
            try:
                file = dict(_from_file(self.model, path, problems))
            except SettingsInvalid as problem:
                problems.append(problem)
        given = file | given
        return {
            n: each for n, each in given.items() if each.parts != options[n].default
        }


def validated(
    model: type[Settings],
    given: Mapping[str, Given],
    guessed: Container[str | None] = (),
) -> tuple[Settings | None, list[SettingsInvalid]]:
    """Return the settings, if they can be used, and what is wrong with them.

    Args:
        model: the settings.
        given: what users give, by name.
        guessed: those whose values are not judged.
    """
    conflicts = list(model.conflicts(given))
    try:
        values = {name: entry.parts for name, entry in given.items()}
        return model.model_validate(values), conflicts
    except ValidationError as error:
        details = [
            entry
            for entry in error.errors(include_url=False)
            if str(entry["loc"][0]) not in guessed
        ]
    options = options_of(model)
    order = list(options)
    details.sort(key=lambda entry: order.index(str(entry["loc"][0])))
    return None, [*(_problem(entry, options, given) for entry in details), *conflicts]


def _problem(
    entry: ErrorDetails, options: Mapping[str, Option], given: Mapping[str, Given]
) -> SettingsInvalid:
    name, index = str(entry["loc"][0]), next(iter(entry["loc"][1:]), None)
    item = index if isinstance(index, int) else None
    if name not in given:
        return missing(options[name])
    if entry["type"] == "value_error":
        advice = str(entry.get("ctx", {})["error"])
    else:
        wanted = options[name].values if item is None else options[name].value
        advice = f"write {wanted.replace('`', '')}"
    shown = given[name].shown(item)
    return ValueUnusable(given[name].label, shown, advice)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a suggestion, or nothing if there is none."""
    return "".join(f"; did you mean {near}?" for near in closest(word, known))


def closest(word: str, known: Sequence[str]) -> list[str]:
    """Return the known word that is most like another, if one is."""
    by_letters = {name.strip("-"): name for name in known}
    found = get_close_matches(word.strip("-"), by_letters, n=1)
    return [by_letters[name] for name in found]


# -- the settings file --------------------------------------------------------


class _Texts(yaml.SafeLoader):
    """Leaves what is written as it is, so that a file means what an option means."""

    yaml_implicit_resolvers = {  # noqa: RUF012, of yaml
        first: [(tag, rule) for tag, rule in rules if tag.endswith(":null")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _from_file(
    model: type[Settings], file: Path, problems: list[SettingsInvalid]
) -> Iterator[tuple[str, Given]]:
    options = options_of(model)
    for key, value in _read(file).items():
        name = key.replace("-", "_")
        if name in options and value is not None:
            yield name, Given(options[name], value, f"{name} in {_name(file)}")
        elif name not in options and not model.foreign_keys:
            hint = did_you_mean(name, list(options))
            problems.append(KeyUnknown(_name(file), plain(key), hint))


def _read(file: Path) -> dict[str, Any]:
    """Read a settings file. Errors do not quote it: it may hold passwords."""
    try:
        values = yaml.load(file.read_text(), _Texts)
    except OSError as error:
        reason = error.strerror or ""
        raise FileUnreadable("--config", _name(file), reason) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at or before line {mark.line + 1}" if mark else ""
        raise SettingsNotYaml(_name(file), where) from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsEmpty(_name(file))
    return values


def _name(file: Path) -> str:
    """Return how a file is named in errors: a URL can be where it belongs."""
    return without_passwords(str(file))
