"""Reads the file that says what data collections are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zocalo_ioc.errors import SettingsInvalid

from .scans import Behaviour, Scan

COMPLAINTS = 5
"""So many mistakes are told at a time."""


class CollectionsFile(BaseModel):
    """What the file says.

    Attributes:
        scans: the data collections that there are.
        defaults: of those that are made up. Without it, there are no others.
    """

    model_config = ConfigDict(extra="forbid")

    defaults: Behaviour | None = None
    scans: Annotated[list[Scan], Field(max_length=100_000)] = []

    @model_validator(mode="after")
    def _each_dcid_once(self) -> "CollectionsFile":
        seen: set[int] = set()
        for number, scan in enumerate(self.scans):
            if twice := seen & set(scan.dcids):
                raise ValueError(f"scans.{number}.dcids: {min(twice)} is in two scans")
            seen |= set(scan.dcids)
        return self


def read_collections(file: Path) -> CollectionsFile:
    """Read a collections file.

    Raises:
        SettingsInvalid: it can't be used, with the keys and lines concerned.
    """
    try:
        text = file.read_text()
        tree = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise SettingsInvalid(f"Can't read {file}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or error
        raise SettingsInvalid(f"{file}{where}: not YAML: {what}") from None
    try:
        return CollectionsFile.model_validate({} if content is None else content)
    except ValidationError as error:
        complaints = [
            _complaint(file, tree, entry["loc"], entry["msg"])
            for entry in error.errors(include_url=False)
        ]
        more = len(complaints) - COMPLAINTS
        told = complaints[:COMPLAINTS] + ([f"and {more} more"] if more > 0 else [])
        raise SettingsInvalid("\n  ".join(["", *told]).strip()) from None


def _complaint(
    file: Path, tree: yaml.Node | None, keys: Sequence[int | str], message: str
) -> str:
    what = message.removeprefix("Value error, ")
    path, colon, rest = what.partition(": ")
    if message != what and colon:  # ours say which key they mean
        keys, what = [*keys, *path.split(".")], rest
    what = {
        "Extra inputs are not permitted": "unknown key",
        "Field required": "is missing",
    }.get(what, what)
    if what.startswith("Input should be a valid dictionary"):
        what = "write keys with values, as key: value"
    name = ".".join(map(str, keys)) or "the whole file"
    return f"{file}, line {_line(tree, keys)}: {name}: {what}"


def _line(node: yaml.Node | None, keys: Sequence[int | str]) -> int:
    """Find the line that a key is on, or else the one that it should be in."""
    line = 1
    for key in keys:
        found: Any = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and int(key) < len(node.value):
            found = (node.value[int(key)],) * 2
        if found is None:
            return line
        line, node = found[0].start_mark.line + 1, found[1]
    return line
