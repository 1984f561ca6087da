"""Everything that a user can configure: options, environment and settings file."""

import re
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Self

import pika
import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    CliApp,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from typing_extensions import TypeAliasType

from .errors import SettingsInvalid
from .records import LONGEST_NAME
from .wire import TRIGGER_QUEUE

ENV_PREFIX = "ZOCALO_IOC_"
MAX_PREFIX = 60 - len(":") - LONGEST_NAME


def _split(value: object) -> object:
    """Separate the nodes of a cluster that one environment variable names."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _broker_url(url: SecretStr) -> SecretStr:
    secret = url.get_secret_value()
    try:
        if not secret.startswith(("amqp://", "amqps://")):
            raise ValueError
        pika.URLParameters(secret)
    except Exception:  # pika raises what its parsing meets; the text may hold passwords
        raise ValueError(
            "write amqp://user:password@host:port/vhost, "
            "with spaces, commas and other special characters of the password as %XX"
        ) from None
    return url


def _prefix(prefix: str) -> str:
    prefix = prefix.rstrip(":")
    if not re.fullmatch(rf"[A-Za-z0-9_\-+:\[\]<>;]{{1,{MAX_PREFIX}}}", prefix):
        raise ValueError(
            f"write 1 to {MAX_PREFIX} letters, digits or any of _-+:[]<>; "
            "for EPICS takes 60 in a whole name"
        )
    return prefix


def _results_queue(queue: str) -> str:
    if queue == TRIGGER_QUEUE:
        raise ValueError("triggers go to this queue; write the one that has results")
    return queue


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"can't use {folder}: {error.strerror}") from None
    return folder


# The names of these aliases are what --help shows.
PREFIX = TypeAliasType("PREFIX", Annotated[str, AfterValidator(_prefix)])
URL = TypeAliasType("URL", Annotated[SecretStr, AfterValidator(_broker_url)])
QUEUE = TypeAliasType(
    "QUEUE",
    Annotated[
        str,
        StringConstraints(min_length=1, max_length=255),
        AfterValidator(_results_queue),
    ],
)
SECONDS = TypeAliasType("SECONDS", Annotated[float, Field(gt=0, le=3600)])
FILE = TypeAliasType("FILE", Path)
FOLDER = TypeAliasType("FOLDER", Annotated[Path, AfterValidator(_folder)])


_from_file: ContextVar[dict[str, Any]] = ContextVar("from_file")


class _Settings(BaseSettings):
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
            return CliApp.run(cls, cli_args=list(arguments))
        except ValidationError as error:
            raise SettingsInvalid(_complaints(error)) from None
        except SettingsError as error:
            raise SettingsInvalid(*_parsing_trouble(error)) from None
        finally:
            _from_file.reset(reading)


class DemoSettings(_Settings):
    """Serve the PVs with a simulated Zocalo, in one process and without a broker."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc demo")

    prefix: Annotated[
        PREFIX, Field(description="what the names of all PVs start with")
    ] = "ZOCALO-DEMO"


class RunSettings(_Settings):
    """Serve the PVs, connected to a RabbitMQ broker."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc run")

    prefix: Annotated[
        PREFIX,
        Field(description="what the names of all PVs start with: BL03I-EA-ZOC-01"),
    ]
    broker: Annotated[
        list[URL],
        NoDecode,
        BeforeValidator(_split),
        Field(
            min_length=1,
            description="amqp://user:password@host:port/vhost; repeat it for the nodes "
            "of a cluster. A password is safer in the environment or the settings file",
        ),
    ]
    results_queue: Annotated[
        QUEUE, Field(description="take results from this queue, for example xrc.i03")
    ]
    send_timeout: Annotated[
        SECONDS, Field(description="how long a command waits for the broker, seconds")
    ] = 10.0
    autosave: Annotated[
        FOLDER | None,
        Field(description="where settings and the last result survive a restart"),
    ] = None

    @property
    def save_file(self) -> Path | None:
        """The file in which they are, one a prefix."""
        name = self.prefix.replace(":", "_")
        return self.autosave / f"{name}.json" if self.autosave else None

    @property
    def broker_urls(self) -> list[str]:
        """The URLs with their passwords."""
        return [url.get_secret_value() for url in self.broker]


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


def _complaints(error: ValidationError) -> str:
    complaints = [
        _complaint(str(entry["loc"][0]), entry["type"], entry["msg"])
        for entry in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(dict.fromkeys(complaints))


def _parsing_trouble(error: SettingsError) -> tuple[str, str]:
    """Say what is wrong with an option, without the passwords that may be in it."""
    what = str(error).removeprefix("error parsing CLI: ")
    start, unknown, rest = what.partition("unrecognized arguments: ")
    if unknown:  # name the options alone
        options = re.findall(r"(?<!\S)-{1,2}[\w-]+", rest)
        what = f"{start}{unknown}{' '.join(options) or 'see what follows the command'}"
    return what, "See the command's --help"


def _complaint(setting: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"the settings file has {setting}, which this command does not know"
    option = f"--{setting.replace('_', '-')}"
    if kind == "missing":
        return (
            f"{option} is missing: give it, set {ENV_PREFIX}{setting.upper()}, "
            f"or write {setting} in the settings file"
        )
    return f"{option}: {message.removeprefix('Value error, ')}"
