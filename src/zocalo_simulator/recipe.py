"""Recipes: loading them, filling in their placeholders, and walking along them.

The same as ``Recipe`` and ``RecipeWrapper`` of python-workflows, as far as the recipes
of this simulation need it. The wheel does without that package, which would bring in
ten others; the tests compare the two.
"""

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from zocalo_ioc.broker import Delivery, Message
from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import Id, read_envelope, recipe_message, validated

_FOLDER = Path(__file__).with_name("recipes")

_NAMES = {
    "mimas": ["mimas"],
    "gridscan-gpu": ["per-image-analysis-gridscan-i03-gpu"],
    "gridscan": [
        "per-image-analysis-gridscan",
        "per-image-analysis-gridscan-i03",
        "per-image-analysis-gridscan-i03-no-really",
        "per-image-analysis-gridscan-swmr-vmxm",
    ],
    "frames": [
        "per-image-analysis-rotation",
        "per-image-analysis-rotation-swmr",
        "per-image-analysis-rotation-swmr-vmxm",
        "pia-index-ssx-pilatus",
        "pia-index-ssx-swmr",
        "vmxi-per-image-analysis",
        "vmxi-spot-counts-per-image",
    ],
    "files": [
        "archive-cbfs",
        "archive-nexus",
        "generate-diffraction-preview",
        "processing-mmcif-gen",
        "processing-rlv",
        "processing-rlv-eiger",
    ],
}
RECIPES: Mapping[str, Path] = {
    name: _FOLDER / f"{shape}.json" for shape, names in _NAMES.items() for name in names
}
"""The file of each recipe. Those that centre nothing end after per-image analysis, or
do no more than wait for the files."""

Recipe = dict[str, Any]
"""The steps by their number as a string, and at ``start`` where to begin."""

_REPLACE = "{$REPLACE:"
"""What follows it is replaced by the parameter itself, not by its text."""


def load(name: str, parameters: Mapping[str, Any]) -> Recipe:
    """Read a recipe and fill in its placeholders.

    Raises:
        NotUnderstood: there is no such recipe.
    """
    if name not in RECIPES:
        known = ", ".join(RECIPES)
        raise NotUnderstood(f"There is no recipe {name[:80]}", f"There are {known}")
    return fill_in(json.loads(RECIPES[name].read_text()), parameters)


def write_recipes(folder: Path) -> None:
    """Write each recipe to a file of its name, for Zocalo's own dispatcher."""
    for name, file in RECIPES.items():
        (folder / f"{name}.json").write_text(file.read_text())


def fill_in(item: Any, parameters: Mapping[str, Any]) -> Any:
    """Replace ``{name}`` and ``{name[key]}`` by the text of parameters.

    What is no parameter stays as it is; ``{$REPLACE:name}`` is then None.
    """
    match item:
        case str() if item.startswith(_REPLACE) and item.endswith("}"):
            try:
                field = item.removeprefix(_REPLACE)[:-1]
                return string.Formatter().get_field(field, (), parameters)[0]
            except KeyError:
                return None
        case str():
            return string.Formatter().vformat(item, (), _Filled(parameters))
        case dict():
            return {
                fill_in(key, parameters): fill_in(value, parameters)
                for key, value in item.items()
            }
        case list():
            return [fill_in(entry, parameters) for entry in item]
        case _:
            return item


class _Unfilled:
    """The place of a parameter that is missing, as it was written."""

    def __init__(self, written: str) -> None:
        self._written = written

    def __getitem__(self, key: str) -> "_Unfilled":
        return _Unfilled(f"{self._written}[{key}]")

    def __format__(self, _: str) -> str:
        return f"{{{self._written}}}"


class _Filled(dict[str, Any]):
    def __missing__(self, key: str) -> _Unfilled:
        return _Unfilled(key)


@dataclass(frozen=True)
class RecipeMessage:
    """A message at a step of a recipe.

    Attributes:
        recipe: the whole of it.
        environment: what all its messages have in common: their ``ID``.
        payload: the content.
        pointer: the number of the step; None before the first.
        path: the steps before.
    """

    recipe: Recipe
    environment: Mapping[str, Any]
    payload: Any = None
    pointer: int | None = None
    path: tuple[int, ...] = ()

    @classmethod
    def read(cls, delivery: Delivery) -> "RecipeMessage":
        """Read a message as python-workflows wraps it.

        Raises:
            NotUnderstood: it is not one.
        """
        envelope = read_envelope(delivery.headers, delivery.body)
        if not isinstance(envelope.step, dict):
            raise NotUnderstood(f"Step {envelope.pointer} is not an object")
        path = envelope.path if isinstance(envelope.path, list) else ()
        message = cls(
            recipe=envelope.recipe,
            environment=envelope.environment,
            payload=envelope.payload,
            pointer=envelope.pointer,
            path=tuple(path),
        )
        outputs = message.step.get("output")
        for name in outputs if isinstance(outputs, dict) else ("",):
            for step in message._connected_to(name):
                if not _has_queue(message.recipe.get(str(step))):
                    raise NotUnderstood(f"The recipe has no queue for step {step}")
        return message

    @property
    def guid(self) -> str:
        """The id that all messages of this run of the recipe share."""
        return str(self.environment.get("ID", ""))

    @property
    def step(self) -> Mapping[str, Any]:
        """What the recipe says of this step."""
        return self.recipe[str(self.pointer)]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of this step."""
        return self.step.get("parameters") or {}

    @property
    def dcid(self) -> int:
        """The data collection that this step names, or else another one.

        Raises:
            NotUnderstood: none does.
        """
        for step in (self.step, *self.recipe.values()):
            match step:
                case {"parameters": {"dcid": dcid}}:
                    return validated(_Parameters, {"dcid": dcid}, "parameters").dcid
                case _:
                    pass
        raise NotUnderstood("The recipe has no dcid")

    def start(self) -> list[Message]:
        """Return the messages that the recipe begins with."""
        return [self._to(step, payload, ()) for step, payload in self.recipe["start"]]

    def send_to(
        self, output: str, payload: object, mandatory: bool = True
    ) -> list[Message]:
        """Return the messages that bring a payload to what is connected to an output.

        Nothing may be connected to it.

        Args:
            output: its name.
            payload: the content.
            mandatory: whether somebody must listen at an exchange. At a queue, always.
        """
        assert self.pointer is not None
        path = (*self.path, self.pointer)
        messages = [
            self._to(step, payload, path) for step in self._connected_to(output)
        ]
        return [
            replace(message, mandatory=mandatory or not message.exchange)
            for message in messages
        ]

    def _connected_to(self, output: str) -> list[int]:
        outputs: Any = self.step.get("output")
        if isinstance(outputs, dict):
            outputs = outputs.get(output)
        steps = [] if outputs is None else outputs
        return steps if isinstance(steps, list) else [steps]

    def _to(self, step: int, payload: object, path: tuple[int, ...]) -> Message:
        target = self.recipe[str(step)]
        headers, body = recipe_message(
            payload, self.recipe, step, path, self.environment
        )
        return Message(
            routing_key=target["queue"],
            body=body,
            headers=headers,
            exchange=target.get("exchange", ""),
        )


class _Parameters(BaseModel):
    dcid: Id


def _has_queue(step: object) -> bool:
    match step:
        case {"queue": str(), **rest}:
            return isinstance(rest.get("exchange", ""), str)
        case _:
            return False
