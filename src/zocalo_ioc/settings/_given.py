"""A value that a user has given, and where."""

from dataclasses import dataclass, field

from ..errors import one_line, without_passwords
from ..errors.settings import OptionMissing
from ._broker_url import masked
from ._options import Option

_LONGEST = 80


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
        """The value, with the items of a list apart."""
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
