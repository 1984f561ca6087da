"""The command ``zocalo-ioc simulate``: a simulated Zocalo on a real broker."""

import asyncio
import itertools
import logging
from collections.abc import Callable

import pika

from zocalo_simulator.collections_file import read_collections
from zocalo_simulator.data_collections import Site
from zocalo_simulator.declare import (
    BROADCASTS,
    RESULTS_EXCHANGE,
    Refused,
    declare,
    missing,
)
from zocalo_simulator.names import QUEUES, ServiceName
from zocalo_simulator.real_dispatcher import RealDispatcher, obstacle
from zocalo_simulator.remedies import REMEDIES
from zocalo_simulator.simulation import Options, SimulatedZocalo

from .broker import (
    CONNECTION_ERRORS,
    AmqpBroker,
    Connection,
    Queue,
    connection_problem,
)
from .errors import SettingsInvalid
from .errors.settings import (
    DeclareForbidden,
    OptionUseless,
    QueuesNotDeclared,
    ServicesMissing,
)
from .settings import SimulateSettings

logger = logging.getLogger(__name__)

PREPARE_PAUSE = 2.0
"""Between two tries to reach the broker, seconds."""


async def simulate(settings: SimulateSettings, stop: asyncio.Event) -> None:
    """Play Zocalo until stopped, or draw what it would see of a scan.

    Raises:
        SettingsInvalid: the collections file or the dispatcher can't be used, or the
            broker lacks queues.
    """
    options = _options(settings)
    if settings.plot is not None:
        from zocalo_simulator.plot import plot

        plot(settings.plot, options, settings.picture)
        print(f"Drew DCID {settings.plot} to {settings.picture}")
        return
    if not _knows_collections(settings, options):
        logger.warning(
            "Without the simulated Mimas, the other services know no data collections "
            "and reject every message. Give --collections or --ispyb"
        )
    urls = settings.broker_urls
    real = None
    if _uses_real(settings):
        real = RealDispatcher(urls, settings.logbook)
        logger.info("Using the dispatcher of the zocalo package")
    elif ServiceName.DISPATCHER in options.services:
        logger.info("Using the built-in dispatcher")
    if not await _is_ready(settings, stop):
        return
    zocalo = SimulatedZocalo(
        options,
        lambda subscriptions: AmqpBroker(
            lambda: urls, subscriptions, _reporter(), name="zocalo-ioc simulate"
        ),
    )
    async with asyncio.TaskGroup() as tasks:
        parts = [tasks.create_task(zocalo.run())]
        if real:
            parts.append(tasks.create_task(real.run()))
        await stop.wait()
        logger.info("Stopping")
        await zocalo.close()
        for part in parts:
            part.cancel()


def _options(settings: SimulateSettings) -> Options:
    file = settings.collections
    services = _services(settings)
    if _uses_real(settings):
        services.remove(ServiceName.DISPATCHER)
    return Options(
        site=Site(
            settings.results_queue,
            settings.beamline,
            settings.detector,
            settings.frames_key,
        ),
        seed=settings.seed,
        frame_rate=settings.frame_rate,
        chances=settings.chances,
        give_up_after=settings.give_up_after,
        faithful=settings.faithful,
        logbook=settings.logbook,
        services=services,
        ispyb=settings.ispyb_url,
        **({"collections": read_collections(file)} if file else {}),
    )


def _knows_collections(settings: SimulateSettings, options: Options) -> bool:
    """Return whether the services can know the data collections they are to know."""
    needed = {ServiceName.DISPATCHER, ServiceName.IMAGES} & set(options.services)
    told = ServiceName.MIMAS in options.services or settings.collections
    return not needed or bool(told or settings.ispyb)


def _services(settings: SimulateSettings) -> set[ServiceName]:
    left_out = {ServiceName.DISPATCHER} if settings.dispatcher == "none" else set()
    services = set(settings.services) - left_out
    if not services:
        raise ServicesMissing
    if settings.dispatcher == "real" and ServiceName.DISPATCHER not in services:
        raise OptionUseless("--dispatcher real", "dispatcher among --services")
    return services


def _uses_real(settings: SimulateSettings) -> bool:
    if ServiceName.DISPATCHER not in settings.services:
        return False
    if settings.dispatcher != "auto":
        return settings.dispatcher == "real"
    speaks_tls = any(url.startswith("amqps") for url in settings.broker_urls)
    return not obstacle() and not speaks_tls


async def _is_ready(settings: SimulateSettings, stop: asyncio.Event) -> bool:
    """Look for queues, or make them, as soon as a node answers.

    Returns:
        False if stopped before.

    Raises:
        SettingsInvalid: some are missing.
    """
    for url in itertools.cycle(settings.broker_urls):
        node = pika.URLParameters(url)
        address = f"{node.host}:{node.port}"
        try:
            await asyncio.to_thread(_prepare, settings, url, address)
        except Refused as refusal:
            raise DeclareForbidden(address, f"{refusal}") from None
        except SettingsInvalid:
            raise
        except CONNECTION_ERRORS as error:
            problem = connection_problem(address, error)
            logger.warning("%s", problem.say(REMEDIES))
        else:
            return True
        try:
            async with asyncio.timeout(PREPARE_PAUSE):
                await stop.wait()
            return False
        except TimeoutError:
            pass
    return False


def _prepare(settings: SimulateSettings, url: str, address: str) -> None:
    if settings.declare:
        declare(url, settings.results_queue)
        logger.info("All queues exist at %s", address)
        return
    services = _services(settings)
    queues = [
        queue for name in ServiceName if name in services for queue in QUEUES[name]
    ]
    exchanges = [RESULTS_EXCHANGE] if ServiceName.CENTRING in services else []
    if _uses_real(settings):
        exchanges += BROADCASTS
    if absent := missing(url, queues, exchanges):
        raise QueuesNotDeclared(address, ", no ".join(absent))


def _reporter() -> Callable[[Connection], None]:
    """Log how the connection is, and which services work."""
    working: set[Queue] = set()

    def report(connection: Connection) -> None:
        if connection.problem:
            logger.warning("%s", connection.problem.say(REMEDIES))
        for queue in connection.subscribed:
            if queue not in working:
                logger.info(
                    "%s takes messages from %s at %s",
                    *(queue.content, queue.name, connection.address),
                )
        working.clear()
        working.update(connection.subscribed)

    return report
