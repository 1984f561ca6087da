"""The settings of `zocalo-ioc run` and `zocalo-ioc demo`."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode, SettingsConfigDict

from ..errors import SettingsInvalid
from ._log import LogSettings
from ._types import (
    FILE,
    FOLDER,
    NAME,
    PORT,
    PREFIX,
    QUEUE,
    SECONDS,
    URL,
    WHOLE_SECONDS,
    split_list,
)
from ._zocalo import broker_urls


class DemoSettings(LogSettings):
    """Serve the PVs with a simulated Zocalo, in one process and without a broker."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc demo")

    prefix: Annotated[
        PREFIX, Field(description="what the names of all PVs start with")
    ] = "ZOCALO-DEMO"


def _broker_or_environment(urls: list[URL], info: ValidationInfo) -> list[URL]:
    if bool(urls) == bool(info.data.get("zocalo_environment")):
        if urls:
            raise ValueError("give this or --zocalo-environment, not both")
        raise PydanticCustomError("missing", "or give --zocalo-environment")
    return urls


def _key_for_exchange(key: str | None, info: ValidationInfo) -> str | None:
    if key and not info.data.get("results_exchange"):
        raise ValueError("this is of use only with --results-exchange")
    if info.data.get("results_exchange") and not key:
        raise PydanticCustomError("missing", "--results-exchange needs it")
    return key


def _queue_or_exchange(queue: str | None, info: ValidationInfo) -> str | None:
    exchange = info.data.get("results_exchange")
    if queue and exchange:
        raise ValueError("give this or --results-exchange, not both")
    if not queue and not exchange:
        raise PydanticCustomError(
            "missing", "or give --results-exchange and --routing-key"
        )
    return queue


class RunSettings(LogSettings):
    """Serve the PVs, connected to a RabbitMQ broker."""

    model_config = SettingsConfigDict(
        cli_prog_name="zocalo-ioc run", validate_default=True
    )

    prefix: Annotated[
        PREFIX,
        Field(description="what the names of all PVs start with: BL03I-EA-ZOC-01"),
    ]
    zocalo_config: Annotated[
        FILE | None,
        Field(description="the site's Zocalo configuration; ZOCALO_CONFIG if not set"),
    ] = None
    zocalo_environment: Annotated[
        NAME | None,
        Field(description="connect as this environment of the configuration says"),
    ] = None
    broker: Annotated[
        list[URL],
        NoDecode,
        BeforeValidator(split_list),
        AfterValidator(_broker_or_environment),
        Field(
            description="amqp://user:password@host:port/vhost, or amqps for TLS; "
            "repeat it for the nodes of a cluster. A password is safer in the "
            "environment or the settings file",
        ),
    ] = []  # noqa: RUF012, pydantic copies it
    ca_file: Annotated[
        FILE | None,
        Field(description="trust brokers with certificates of this authority, PEM"),
    ] = None
    client_certificate: Annotated[
        FILE | None,
        Field(description="certificate to show to the broker, PEM"),
    ] = None
    client_key: Annotated[
        FILE | None,
        Field(description="its private key, if that is not in the same file"),
    ] = None
    results_exchange: Annotated[
        NAME | None,
        Field(description="take results beside others, through a queue of its own"),
    ] = None
    routing_key: Annotated[
        NAME | None,
        AfterValidator(_key_for_exchange),
        Field(description="of the results on the exchange, for example xrc.i03"),
    ] = None
    results_queue: Annotated[
        QUEUE | None,
        AfterValidator(_queue_or_exchange),
        Field(description="take results from this queue, for example xrc.i03"),
    ] = None
    send_timeout: Annotated[
        SECONDS, Field(description="how long a command waits for the broker, seconds")
    ] = 10.0
    heartbeat: Annotated[
        WHOLE_SECONDS,
        Field(description="a broker silent for 1.5 of these is given up, seconds"),
    ] = 10
    autosave: Annotated[
        FOLDER | None,
        Field(description="where settings and the last result survive a restart"),
    ] = None
    rejected: Annotated[
        FOLDER | None,
        Field(description="where messages that are no results are kept"),
    ] = None
    access_security: Annotated[
        FILE | None,
        Field(description="an EPICS access security file: who may write what"),
    ] = None
    grid_prefix: Annotated[
        PREFIX | None,
        Field(
            description="the fast grid scan device, for the strongest centre as motor "
            "positions: BL03I-MO-SGON-01:FGS"
        ),
    ] = None
    metrics_port: Annotated[
        PORT | None,
        Field(description="answer Prometheus here; off if not given"),
    ] = None
    metrics_address: Annotated[
        NAME,
        Field(description="of the interface for that; 0.0.0.0 for all"),
    ] = "127.0.0.1"

    @property
    def save_file(self) -> Path | None:
        """The file in which they are, one a prefix."""
        return self.autosave / f"{self._file_name}.json" if self.autosave else None

    @property
    def rejected_file(self) -> Path | None:
        """The file in which they are, one a prefix."""
        return self.rejected / f"{self._file_name}.jsonl" if self.rejected else None

    @property
    def _file_name(self) -> str:
        return self.prefix.replace(":", "~")  # no prefix has that

    @property
    def broker_urls(self) -> list[str]:
        """The URLs with their passwords.

        Raises:
            SettingsInvalid: the Zocalo configuration can't be used.
        """
        if self.zocalo_environment:
            return broker_urls(self.zocalo_config, self.zocalo_environment)
        return [url.get_secret_value() for url in self.broker]

    @property
    def own_queue(self) -> str:
        """The queue that is made for results from an exchange.

        It keeps its binding for a day without an IOC, and so is another one for
        another routing key.
        """
        return f"zocalo-ioc.{self.prefix}.{self.results_exchange}.{self.routing_key}"

    def tls(self) -> ssl.SSLContext:
        """Return what ``amqps`` is done with; the broker's certificate is verified.

        Raises:
            SettingsInvalid: a certificate or key can't be used.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise _unusable("--ca-file", self.ca_file, error) from None
        if self.client_certificate:
            try:
                # an encrypted key would have it ask for the password at the terminal
                context.load_cert_chain(
                    self.client_certificate, self.client_key, password=""
                )
            except (OSError, ssl.SSLError) as error:
                raise _unusable(
                    "--client-certificate", self.client_certificate, error
                ) from None
        return context


def _unusable(option: str, file: Path | None, error: OSError) -> SettingsInvalid:
    return SettingsInvalid(
        f"{option}: can't use {file}: {error.strerror or error}",
        "It must hold PEM certificates, and the key must belong to them and have no "
        "password",
    )
