"""Everything that a user can configure: options, environment and settings file."""

from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Self

import pika
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
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)
from typing_extensions import TypeAliasType
from yaml import YAMLError

from .errors import SettingsInvalid
from .records import LONGEST_NAME

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
            "with special characters of the password as %XX"
        ) from None
    return url


# The names of these aliases are what --help shows.
PREFIX = TypeAliasType(
    "PREFIX",
    Annotated[
        str,
        BeforeValidator(lambda v: v.rstrip(":") if isinstance(v, str) else v),
        StringConstraints(
            min_length=1, max_length=MAX_PREFIX, pattern=r"^[A-Za-z0-9_\-+:\[\]<>;]+$"
        ),
    ],
)
URL = TypeAliasType("URL", Annotated[SecretStr, AfterValidator(_broker_url)])
QUEUE = TypeAliasType(
    "QUEUE", Annotated[str, StringConstraints(min_length=1, max_length=255)]
)
SECONDS = TypeAliasType("SECONDS", Annotated[float, Field(gt=0, le=3600)])
FILE = TypeAliasType("FILE", Path)


_settings_file: ContextVar[Path | None] = ContextVar("settings_file", default=None)


class _Settings(BaseSettings):
    """What every command takes."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        cli_kebab_case=True,
        cli_hide_none_type=True,
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
        file = _settings_file.get()
        file_settings = YamlConfigSettingsSource(settings_cls, file) if file else None
        return (init_settings, env_settings, *filter(None, [file_settings]))

    @classmethod
    def load(cls, arguments: Sequence[str]) -> Self:
        """Read the settings of a command.

        Raises:
            SettingsInvalid: something is missing or can't be used.
            SystemExit: ``--help``, or an unknown option.
        """
        file = _ConfigOption.find(arguments)
        if file is not None and not file.is_file():
            raise SettingsInvalid(f"There is no settings file {file}")
        reading = _settings_file.set(file)
        try:
            return CliApp.run(cls, cli_args=list(arguments))
        except ValidationError as error:
            raise SettingsInvalid(_complaints(error)) from None
        except (SettingsError, YAMLError) as error:
            raise SettingsInvalid(str(error)) from None
        finally:
            _settings_file.reset(reading)


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


def _complaints(error: ValidationError) -> str:
    return "; ".join(
        _complaint(str(entry["loc"][0]), entry["type"], entry["msg"])
        for entry in error.errors(include_url=False, include_input=False)
    )


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
