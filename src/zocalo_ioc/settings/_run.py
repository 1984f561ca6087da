"""The settings of `zocalo-ioc run`, and of `check`, which looks at them."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from ..errors import SettingsInvalid
from ..errors.files import CertificateUnusable
from ..errors.settings import OptionsExclusive
from ._ispyb import IspybSettings
from ._log import IocSettings
from ._options import Given, missing, options_of
from ._queues import FramesSettings, ResultsSettings, queue_of
from ._settings import OutputSettings, Settings
from ._urls import read_broker_file
from ._zocalo import broker_urls
from .types import (
    FILE,
    FOLDER,
    NAME,
    PORT,
    PREFIX,
    SECONDS,
    URL,
    WHOLE_SECONDS,
)


class BrokerSettings(Settings):
    """Where the broker is."""

    group: ClassVar[str] = "Broker"

    broker: list[URL] = Field(
        default=[],
        description="amqp://user:password@host:port/vhost, or amqps for TLS; repeat "
        "it for each node of a cluster. A password is safer in the environment or the "
        "settings file",
    )
    broker_file: FILE | None = Field(
        default=None,
        description="file of broker URLs, one per line, read again at each attempt to "
        "connect, so that a password can be changed without a restart",
    )
    zocalo_config: FILE | None = Field(
        default=None,
        description="file of the site's Zocalo configuration; ZOCALO_CONFIG if not "
        "given",
        json_schema_extra={"needs": "zocalo_environment"},
    )
    zocalo_environment: NAME | None = Field(
        default=None,
        description="environment in that configuration, for example bluesky",
    )
    send_timeout: SECONDS = Field(
        default=10.0, description="how long a command waits for the broker, seconds"
    )
    heartbeat: WHOLE_SECONDS = Field(
        default=10,
        description="AMQP heartbeat, seconds; after 1.5 silent heartbeats the IOC "
        "reconnects",
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        ways = ("broker", "broker_file", "zocalo_environment")
        found = [given[way].label for way in ways if way in given]
        for other in found[1:]:
            yield OptionsExclusive(found[0], other)
        if not found:
            otherwise = ". Alternatively, give --broker-file or --zocalo-environment"
            yield missing(options_of(cls)["broker"], otherwise)

    @property
    def broker_urls(self) -> list[str]:
        """The URLs with their passwords.

        Raises:
            SettingsInvalid: the file or the Zocalo configuration can't be used.
        """
        if self.broker_file:
            return read_broker_file(self.broker_file)
        if self.zocalo_environment:
            return broker_urls(self.zocalo_config, self.zocalo_environment)
        return [url.get_secret_value() for url in self.broker]


class TlsSettings(Settings):
    """How the connection to the broker is encrypted."""

    group: ClassVar[str] = "TLS"

    ca_file: FILE | None = Field(
        default=None,
        description="certificate authority that signs the broker's certificate, PEM",
    )
    client_certificate: FILE | None = Field(
        default=None, description="client certificate for the broker, PEM"
    )
    client_key: FILE | None = Field(
        default=None,
        description="private key of the client certificate, unless in the same file",
        json_schema_extra={"needs": "client_certificate"},
    )

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


class KeptSettings(Settings):
    """What is kept in files."""

    group: ClassVar[str] = "Files"

    autosave: FOLDER | None = Field(
        default=None,
        description="folder that keeps settings, jobs and the last result over a "
        "restart",
    )
    rejected: FOLDER | None = Field(
        default=None, description="folder for messages that are not results"
    )


class MetricsSettings(Settings):
    """Where Prometheus asks."""

    group: ClassVar[str] = "Metrics"

    metrics_port: PORT | None = Field(
        default=None, description="port for Prometheus; off if not given"
    )
    metrics_address: NAME = Field(
        default="127.0.0.1",
        description="interface for Prometheus; 0.0.0.0 for all",
        json_schema_extra={"needs": "metrics_port"},
    )


class RunSettings(
    BrokerSettings,
    TlsSettings,
    ResultsSettings,
    FramesSettings,
    IspybSettings,
    KeptSettings,
    MetricsSettings,
    IocSettings,
):
    """Serve the PVs, connected to a RabbitMQ broker.

    Requires --broker, --broker-file or --zocalo-environment, and --results-queue or
    --results-exchange with --routing-key.
    """

    group: ClassVar[str] = "PVs"

    prefix: PREFIX = Field(description="prefix of all PVs, for example BL03I-EA-ZOC-01")
    grid_prefix: PREFIX | None = Field(
        default=None,
        description="prefix of the fast grid scan device, for the strongest centre as "
        "motor positions: BL03I-MO-SGON-01:FGS",
    )
    access_security: FILE | None = Field(
        default=None,
        description="EPICS access security file, which says who may write which PVs",
    )

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
    def results(self) -> tuple[str, str, str, str, str]:
        """The queue of results, as `Queue` takes it."""
        queue, exchange = self.results_queue, self.results_exchange
        return queue_of("results", self.prefix, queue, exchange, self.routing_key)

    @property
    def frames(self) -> tuple[str, str, str, str, str] | None:
        """The queue of frames, as `Queue` takes it, if there is one."""
        queue, exchange = self.frames_queue, self.frames_exchange
        if not queue and not exchange:
            return None
        return queue_of("frames", self.prefix, queue, exchange, self.frames_routing_key)


class CheckSettings(RunSettings, OutputSettings):
    """Check everything that the IOC needs, with the options of run."""


def _unusable(option: str, file: Path | None, error: OSError) -> CertificateUnusable:
    return CertificateUnusable(option, str(file), f"{error.strerror or error}")
