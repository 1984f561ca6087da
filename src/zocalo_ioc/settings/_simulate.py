"""The settings of `zocalo-ioc simulate`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from zocalo_simulator.names import QUEUES, Beamline, Detector, ServiceName, Trouble

from ..errors import SettingsInvalid
from ._given import Given, missing
from ._log import LogSettings
from ._options import options_of
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
        raise ValueError("a service takes what is there; write another queue")
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
    """Play Zocalo on a RabbitMQ broker, or draw what it would see of a scan.

    It needs --broker or --plot.
    """

    group: ClassVar[str] = "Simulation"

    broker: Annotated[
        list[URL],
        Field(
            description="amqp://user:password@host:port/vhost; repeat it for the nodes "
            "of a cluster. A password is safer in the environment or the settings file",
        ),
    ] = []  # noqa: RUF012, pydantic copies it
    declare: Annotated[
        bool,
        Field(description="make the queues, exchange and bindings that Zocalo needs"),
    ] = False
    results_queue: Annotated[
        QUEUE,
        AfterValidator(_not_a_service),
        Field(description="send results to this queue, through results"),
    ] = "xrc.i03"
    beamline: Annotated[
        BEAMLINE, Field(description="which recipes Mimas starts depends on it")
    ] = Beamline.I03
    detector: Annotated[DETECTOR, Field(description="and on the detector")] = (
        Detector.EIGER
    )
    frames_key: Annotated[
        QUEUE,
        Field(
            description="send the spots on each frame through results, too, with this "
            "routing key; pia. and the beamline if not given"
        ),
    ] = ""
    collections: Annotated[
        FILE | None,
        Field(
            description="the data collections that there are, YAML; if not given, all "
            "are made up"
        ),
    ] = None
    ispyb: Annotated[
        ISPYB_URL | None,
        Field(
            description="take what data collections are from here, and keep results "
            "there: mysql://user:password@host:3306/ispyb"
        ),
    ] = None
    frame_rate: Annotated[
        RATE,
        Field(
            description="frames analysed a second; the GPU pipeline does twice as many"
        ),
    ] = 500.0
    seed: Annotated[
        NUMBER, Field(description="makes another choice of noise, crystals and trouble")
    ] = 0
    trouble: Annotated[
        list[TROUBLE],
        Field(
            description="let this go wrong with a probability, for example late=0.1; "
            f"repeat it for others. There are {', '.join(Trouble)}",
        ),
    ] = []  # noqa: RUF012, likewise
    services: Annotated[
        list[SERVICE],
        Field(
            min_length=1,
            description=f"simulate only these of {', '.join(ServiceName)}; others are "
            "the site's own",
        ),
    ] = list(ServiceName)  # noqa: RUF012, likewise
    dispatcher: Annotated[
        Literal["auto", "real", "built-in", "none"],
        Field(
            description="real: that of the zocalo package; none: the site's own; auto: "
            "the real one if it is installed, or else the built-in one"
        ),
    ] = "auto"
    logbook: Annotated[
        FOLDER | None,
        Field(description="where the dispatcher keeps a copy of each message"),
    ] = None
    faithful: Annotated[
        bool,
        Field(
            description="let centring fail where the real service fails; otherwise "
            "the log says that it would"
        ),
    ] = False
    give_up_after: Annotated[
        SECONDS,
        Field(description="how long frames wait for others of their scan, seconds"),
    ] = 900.0
    plot: Annotated[
        DCID | None,
        Field(description="draw the scan of this data collection, and do nothing else"),
    ] = None
    plot_file: Annotated[
        FILE | None,
        Field(description="where to, .png, .svg or .pdf; dcid-<DCID>.png if not given"),
    ] = None

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
