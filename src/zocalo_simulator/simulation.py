"""A whole Zocalo: its services, on one connection."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zocalo_ioc.broker import Broker, Subscription
from zocalo_ioc.errors.files import PackageMissing

from .analysis import FileWatcher, PerImageAnalysis
from .centring_service import XrayCentring
from .collections_file import CollectionsFile
from .data_collections import Collections, Site
from .dispatcher import Dispatcher
from .gpu_analysis import SPEED, GpuAnalysis
from .mimas import Mimas
from .names import ServiceName, Trouble
from .scans import Behaviour
from .service import Service
from .spots import Spots
from .trouble import TroubleMaker

if TYPE_CHECKING:
    from .ispyb import Ispyb

SETTLE_TIME = 1.0
"""How long results may take that are on their way at the end, seconds."""


@dataclass(frozen=True)
class Options:
    """How a simulated Zocalo behaves.

    Attributes:
        site: what is the same for all recipes.
        collections: the data collections that a file describes.
        seed: of noise, of crystals and of trouble by chance.
        frame_rate: frames a second in the CPU pipeline.
        chances: how probable each trouble is, for scans that name none.
        give_up_after: how long frames wait for the other frames of their scan, seconds.
        faithful: whether centring fails where the real service fails.
        logbook: folder where the dispatcher keeps a copy of each message.
        services: which of them there are.
        ispyb: what data collections that are in no file are, and where results are
            kept; its URL.
    """

    site: Site = field(default_factory=Site)
    collections: CollectionsFile = field(
        default_factory=lambda: CollectionsFile(defaults=Behaviour())
    )
    seed: int = 0
    frame_rate: float = 500.0
    chances: Mapping[Trouble, float] = field(default_factory=dict[Trouble, float])
    give_up_after: float = 900.0
    faithful: bool = False
    logbook: Path | None = None
    services: Collection[ServiceName] = tuple(ServiceName)
    ispyb: str | None = None


class SimulatedZocalo:
    """The services of a Zocalo.

    Args:
        options: how they behave.
        connect: makes the connection of all services.
    """

    def __init__(
        self, options: Options, connect: Callable[[Sequence[Subscription]], Broker]
    ) -> None:
        self._ispyb = ispyb = open_ispyb(options)
        collections = Collections(
            options.collections,
            options.seed,
            options.chances,
            options.site,
            ispyb.find if ispyb else None,
        )
        spots = Spots(collections.find, options.seed)
        gpu = GpuAnalysis(spots, options.frame_rate * SPEED)
        trouble = TroubleMaker(collections, options.seed)
        self._centring = XrayCentring(
            options.give_up_after,
            trouble.send_result,
            options.faithful,
            ispyb.write_result if ispyb else None,
        )
        services: dict[ServiceName, Sequence[Service]] = {
            ServiceName.MIMAS: [Mimas(collections)],
            ServiceName.IMAGES: [
                FileWatcher(spots, options.frame_rate, gpu),
                PerImageAnalysis(spots),
                gpu,
            ],
            ServiceName.CENTRING: [self._centring],
            ServiceName.DISPATCHER: [Dispatcher(collections, options.logbook)],
        }
        chosen = [each for name in options.services for each in services[name]]
        self._broker = connect([service.subscription for service in chosen])
        for service in chosen:
            service.broker = self._broker

    async def run(self) -> None:
        """Serve without end."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._centring.run())
            tasks.create_task(self._broker.run())
            if self._ispyb:
                tasks.create_task(asyncio.to_thread(self._ispyb.report))

    async def close(self) -> None:
        """Finish what is nearly done, and close the connection."""
        await self._centring.settle(SETTLE_TIME)
        await self._broker.close()


def open_ispyb(options: Options) -> "Ispyb | None":
    """Return ISPyB, which is not connected yet, if it is used.

    Raises:
        PackageMissing: SQLAlchemy or the driver is not installed.
    """
    if options.ispyb is None:
        return None
    behaviour = options.collections.defaults or Behaviour()
    try:
        from .ispyb import Ispyb

        return Ispyb(options.ispyb, behaviour, options.seed)
    except ModuleNotFoundError as error:
        raise PackageMissing("--ispyb", f"{error.name}", extra="ispyb") from None
