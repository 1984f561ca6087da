"""What every error is: a reason, and a remedy if there is one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, cast, dataclass_transform, get_args


def one_line(text: str) -> str:
    """Escape control characters: what clients write must not look like another line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)


def without_passwords(text: str) -> str:
    """Return a text without the user and password of the URLs in it."""
    return re.sub(r"//.*@", "//…@", text)


@dataclass_transform(eq_default=False)
class Problem(Exception):
    """Something that a user can act on.

    A subclass is a dataclass. Its fields are the facts, which fill the braces of
    `text` and `remedy`; each has an example, ``address: Annotated[str, "node1:5672"]``.
    Neither text ever holds a user name or a password.

    Attributes:
        text: what is wrong.
        remedy: what to do about it.
        cause: the usual cause, for the reference.
    """

    text: str = ""
    remedy: str = ""
    cause: str = ""

    def __init_subclass__(cls) -> None:
        dataclass(eq=False, repr=False)(cls)

    def __str__(self) -> str:
        return self.say()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def say(self, remedies: "Remedies" = MappingProxyType({})) -> str:
        """Return the text and the remedy.

        Args:
            remedies: those that differ in the command that says it.
        """
        facts = {
            name: fact.say(remedies) if isinstance(fact, Problem) else fact
            for name, fact in vars(self).items()
        }
        said = self.text, remedies.get(type(self), self.remedy)
        return " ".join(_sentence(part.format_map(facts)) for part in said if part)

    def _say_instead(self, text: str, remedy: str) -> None:
        self.text, self.remedy = _literal(text), _literal(remedy)

    @classmethod
    def examples(cls) -> dict[str, Any]:
        """Return an example of each fact."""
        return {field.name: get_args(field.type)[1] for field in fields(cast(Any, cls))}

    @classmethod
    def kinds(cls) -> Iterator[type["Problem"]]:
        """Yield what can be raised of this class."""
        below = cls.__subclasses__()
        for each in below:
            yield from each.kinds()
        if not below:
            yield cls


Remedies = Mapping[type[Problem], str]
"""What to do about a problem in one command, where it is not what others do."""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
