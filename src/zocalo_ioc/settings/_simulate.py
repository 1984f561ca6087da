"""The settings of `zocalo-ioc simulate`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from zocalo_simulator.names import QUEUES, Beamline, Detector, ServiceName, Trouble

from ..errors import SettingsInvalid
from ._log import LogSettings
from ._options import Given, missing, options_of
from .types import FILE, FOLDER, ISPYB_URL, QUEUE, SECONDS, URL


def _chance(text: str) -> str:
    name, equals, chance = text.partition("=")
    try:
        if not equals or not 0 <= float(chance) <= 1:
            raise ValueError
        Trouble(name)
    except ValueError:
        raise ValueError(
            f"write one of {', '.join(Trouble)}, with its probability: late=0.1"
        ) from None
    return text


def _not_a_service(queue: str) -> str:
    if any(queue in queues for queues in QUEUES.values()):
        raise ValueError("a simulated service reads this queue; write another")
    return queue


TROUBLE = TypeAliasType(
    "TROUBLE",
    Annotated[
        str,
        AfterValidator(_chance),
        Field(description="kind=probability, from 0 to 1"),
    ],
)
SERVICE = TypeAliasType("SERVICE", ServiceName)
BEAMLINE = TypeAliasType("BEAMLINE", Beamline)
DETECTOR = TypeAliasType("DETECTOR", Detector)
DCID = TypeAliasType("DCID", Annotated[int, Field(ge=1, le=2**31 - 1)])
RATE = TypeAliasType("RATE", Annotated[float, Field(gt=0, le=100_000)])
NUMBER = TypeAliasType("NUMBER", Annotated[int, Field(ge=0)])


class SimulateSettings(LogSettings):
    """Simulate Zocalo on a RabbitMQ broker, or draw a simulated scan.

    Requires --broker or --plot.
    """

    group: ClassVar[str] = "Simulation"

    broker: list[URL] = Field(
        default=[],
        description="amqp://user:password@host:port/vhost; repeat it for each node of "
        "a cluster. A password is safer in the environment or the settings file",
    )
    declare: bool = Field(
        default=False,
        description="create the queues, exchange and bindings that Zocalo needs",
    )
    results_queue: Annotated[QUEUE, AfterValidator(_not_a_service)] = Field(
        default="xrc.i03",
        description="queue for results, bound to the exchange results",
    )
    beamline: BEAMLINE = Field(
        default=Beamline.I03,
        description="beamline, which decides the recipes that Mimas starts",
    )
    detector: DETECTOR = Field(
        default=Detector.EIGER,
        description="detector, which also affects these recipes",
    )
    frames_key: QUEUE = Field(
        default="",
        description="also publish the spots on each frame, with this routing key; "
        "pia. and the beamline if not given",
    )
    collections: FILE | None = Field(
        default=None,
        description="YAML file of data collections; without it, all are invented",
    )
    ispyb: ISPYB_URL | None = Field(
        default=None,
        description="read data collections from this ISPyB, and write results to it: "
        "mysql://user:password@host:3306/ispyb",
    )
    frame_rate: RATE = Field(
        default=500.0,
        description="frames analysed a second; the GPU pipeline does twice as many",
    )
    seed: NUMBER = Field(
        default=0, description="seed of the random noise, crystals and trouble"
    )
    trouble: list[TROUBLE] = Field(
        default=[],
        description="simulate trouble with a probability, for example "
        f"late=0.1; repeat it for more kinds: {', '.join(Trouble)}",
    )
    services: list[SERVICE] = Field(
        default=list(ServiceName),
        min_length=1,
        description=f"simulate only some of {', '.join(ServiceName)}; the site "
        "runs the others",
    )
    dispatcher: Literal["auto", "real", "built-in", "none"] = Field(
        default="auto",
        description="real: the one in the zocalo package; none: the site runs one; "
        "auto: the real one if installed, else the built-in one",
    )
    logbook: FOLDER | None = Field(
        default=None,
        description="folder where the dispatcher keeps a copy of each message",
    )
    faithful: bool = Field(
        default=False,
        description="make centring fail where the real service fails; otherwise only "
        "log it",
    )
    give_up_after: SECONDS = Field(
        default=900.0,
        description="how long frames wait for the other frames of their scan, seconds",
    )
    plot: DCID | None = Field(
        default=None, description="only draw the scan of this data collection"
    )
    plot_file: FILE | None = Field(
        default=None,
        description="file for --plot: .png, .svg or .pdf; dcid-<DCID>.png if not given",
        json_schema_extra={"needs": "plot"},
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        if not {"broker", "plot"} & given.keys():
            yield missing(options_of(cls)["broker"])

    @property
    def broker_urls(self) -> list[str]:
        """The URLs with their passwords."""
        return [url.get_secret_value() for url in self.broker]

    @property
    def ispyb_url(self) -> str | None:
        """The URL of ISPyB with its password, if it is used."""
        return self.ispyb.get_secret_value() if self.ispyb else None

    @property
    def chances(self) -> dict[Trouble, float]:
        """How probable each trouble is."""
        pairs = (entry.split("=") for entry in self.trouble)
        return {Trouble(name): float(chance) for name, chance in pairs}

    @property
    def picture(self) -> Path:
        """The file to draw to."""
        return self.plot_file or Path(f"dcid-{self.plot}.png")
