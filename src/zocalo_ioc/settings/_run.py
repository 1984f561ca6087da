"""The settings of `zocalo-ioc run` and `zocalo-ioc demo`."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from ._sources import Settings
from ._types import FOLDER, PREFIX, QUEUE, SECONDS, URL, split_list


class DemoSettings(Settings):
    """Serve the PVs with a simulated Zocalo, in one process and without a broker."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc demo")

    prefix: Annotated[
        PREFIX, Field(description="what the names of all PVs start with")
    ] = "ZOCALO-DEMO"


class RunSettings(Settings):
    """Serve the PVs, connected to a RabbitMQ broker."""

    model_config = SettingsConfigDict(cli_prog_name="zocalo-ioc run")

    prefix: Annotated[
        PREFIX,
        Field(description="what the names of all PVs start with: BL03I-EA-ZOC-01"),
    ]
    broker: Annotated[
        list[URL],
        NoDecode,
        BeforeValidator(split_list),
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
