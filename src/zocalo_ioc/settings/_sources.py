"""Where settings come from: the command line, the environment and a YAML file."""

import re
from argparse import Action, HelpFormatter
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Self, get_args

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliPositionalArg,
    CliSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ..errors import SettingsInvalid
from ._types import FILE

ENV_PREFIX = "ZOCALO_IOC_"
_POSITIONAL = get_args(CliPositionalArg[str])[1]

_from_file: ContextVar[dict[str, Any]] = ContextVar("from_file")


class Settings(BaseSettings):
    """What every command takes."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_exit_on_error=False,
        hide_input_in_errors=True,  # a broker URL holds a password
        extra="forbid",  # a misspelt key of the settings file
    )

    config: Annotated[FILE | None, Field(description="a settings file, YAML")] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the command line win, then the environment, then the file."""
        file_settings = InitSettingsSource(settings_cls, _from_file.get())
        return (init_settings, env_settings, file_settings)

    @classmethod
    def load(cls, arguments: Sequence[str]) -> Self:
        """Read the settings of a command.

        Raises:
            SettingsInvalid: something is missing or can't be used.
            SystemExit: ``--help``, or an unknown option.
        """
        file = _ConfigOption.find(arguments)
        reading = _from_file.set(_read(file) if file else {})
        try:
            source = CliSettingsSource[Any](cls, formatter_class=_Help)
            return CliApp.run(cls, cli_args=list(arguments), cli_settings_source=source)
        except ValidationError as error:
            raise SettingsInvalid(cls._complaints(error)) from None
        except SettingsError as error:
            raise SettingsInvalid(*_parsing_trouble(error)) from None
        finally:
            _from_file.reset(reading)

    @classmethod
    def _complaints(cls, error: ValidationError) -> str:
        complaints = [
            _complaint(
                name := str(entry["loc"][0]),
                cls._option(name),
                *(entry["type"], entry["msg"]),
            )
            for entry in error.errors(include_url=False, include_input=False)
        ]
        return "; ".join(dict.fromkeys(complaints))

    @classmethod
    def _option(cls, setting: str) -> str:
        """Return how the command line names a setting."""
        field = cls.model_fields.get(setting)
        if field and _POSITIONAL in field.metadata:
            return setting.upper()
        return f"--{setting.replace('_', '-')}"


class _Help(HelpFormatter):
    """Help that names no default where there is none, and one value of a list."""

    def _get_help_string(self, action: Action) -> str | None:
        text = super()._get_help_string(action)
        return text and re.sub(r" \(default: (null|\[\]|\(\))\)$", "", text)

    def _format_args(self, action: Action, default_metavar: str) -> str:
        text = super()._format_args(action, default_metavar)
        return re.sub(r"list\[(\w+)\]", r"\1", text)


class _ConfigOption(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, cli_ignore_unknown_args=True, cli_parse_args=False
    )
    config: Path | None = None

    @classmethod
    def find(cls, arguments: Sequence[str]) -> Path | None:
        """Find ``--config`` before the other settings are read."""
        rest = [a for a in arguments if a not in ("-h", "--help")]
        return CliApp.run(cls, cli_args=rest).config


def _read(file: Path) -> dict[str, Any]:
    """Read a settings file. Errors do not quote it: it may hold passwords."""
    try:
        values = yaml.safe_load(file.read_text())
    except OSError as error:
        raise SettingsInvalid(f"Can't read {file}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise SettingsInvalid(f"{file} is not YAML{where}") from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsInvalid(
            f"{file} has no settings", "Write lines such as prefix: P"
        )
    return {key.replace("-", "_"): value for key, value in values.items()}


def _parsing_trouble(error: SettingsError) -> tuple[str, str]:
    """Say what is wrong with an option, without the passwords that may be in it."""
    what = str(error).removeprefix("error parsing CLI: ")
    start, unknown, rest = what.partition("unrecognized arguments: ")
    if unknown:  # name the options alone
        options = re.findall(r"(?<!\S)-{1,2}[\w-]+", rest)
        what = f"{start}{unknown}{' '.join(options) or 'see what follows the command'}"
    return what, "See the command's --help"


def _complaint(setting: str, option: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"the settings file has {setting}, which this command does not know"
    if kind == "missing":
        return (
            f"{option} is missing: give it, set {ENV_PREFIX}{setting.upper()}, "
            f"or write {setting} in the settings file"
            + (f", {message}" if message != "Field required" else "")
        )
    return f"{option}: {message.removeprefix('Value error, ')}"
