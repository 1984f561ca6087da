"""What the settings of every command have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from ..errors import SettingsInvalid
from ..errors.settings import OptionUseless
from ._options import Given, options_of
from .types import FILE


class Settings(BaseModel):
    """What every command takes.

    A class with a ``group`` has options that belong together, under that heading of
    the help. A command's settings are made of such classes and options of its own.
    """

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,  # a broker URL holds a password
    )
    group: ClassVar[str] = "Settings file"
    foreign_keys: ClassVar[bool] = False
    """Whether a settings file may have keys of other commands."""

    config: FILE | None = Field(default=None, description="a settings file, YAML")

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        for each in given.values():
            needed = each.option.needs
            # a variable may be for several IOCs, of which some do without it
            is_variable = each.where == each.option.in_environment
            if needed and needed not in given and not is_variable:
                yield OptionUseless(each.label, options_of(cls)[needed].on_command_line)

    @classmethod
    def load(cls, arguments: Sequence[str]) -> Self:
        """Read the settings of a command.

        Raises:
            SettingsInvalid: something is missing or can't be used; the text has a line
                for each problem.
            click.exceptions.Exit: for ``--help``.
        """
        from ._command_line import SettingsCommand

        return SettingsCommand("", cls).make_context("", list(arguments)).obj.load()


class OutputSettings(Settings):
    """What commands take that print a result."""

    group: ClassVar[str] = "Output"

    as_json: bool = Field(
        default=False, alias="json", description="print JSON instead of text"
    )
