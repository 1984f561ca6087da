"""`zocalo-ioc run`: the IOC, connected to a RabbitMQ broker."""

import asyncio
from collections.abc import Callable
from functools import partial
from importlib import import_module

from ..errors import NotStarted, SettingsInvalid
from ..exits import UNTIL_STOPPED, Exit, complain
from ..settings import RunSettings
from ._command import Command, leave, serve_ioc


def _run(settings: RunSettings) -> None:
    serve_ioc(settings, partial(_ioc, settings), settings.prefix)


async def _ioc(
    settings: RunSettings, stop: asyncio.Event, on_served: Callable[[], None]
) -> None:
    # EPICS is loaded only when it is needed: --help answers at once
    from ..records.neighbours import Search

    search = Search(settings.prefix)  # goes on while the rest is loaded

    def refuse_if_served() -> None:
        try:
            search.end()
        except NotStarted as problem:  # EPICS can't abandon its initialisation
            complain(problem)
            leave(Exit.FAILED)

    # softioc looks through the stack of its importer several times, which takes longer
    # from further down.
    import_module("softioc.builder")
    from ..broker import AmqpBroker, Queue
    from ..ioc import Ioc

    urls = settings.broker_urls  # what is wrong with it or TLS is to be said now
    settings.tls()
    ioc = Ioc(
        settings.prefix,
        lambda subscriptions, watches, on_change: AmqpBroker(
            (lambda: settings.broker_urls) if settings.broker_file else (lambda: urls),
            subscriptions,
            on_change,
            watches=watches,
            name=f"zocalo-ioc {settings.prefix}",
            heartbeat=settings.heartbeat,
            tls=settings.tls,
        ),
        Queue(*settings.results),
        settings.send_timeout,
        settings.save_file,
        settings.rejected_file,
        settings.access_security,
        settings.grid_prefix,
        Queue(*settings.frames) if settings.frames else None,
    )
    try:
        if settings.metrics_port:
            ioc.serve_metrics(settings.metrics_address, settings.metrics_port)
        if url := settings.ispyb_url:
            ioc.look_up_in(url, required=settings.ispyb_required)
        await ioc.serve(stop, on_served, refuse_if_served)
    except (NotStarted, SettingsInvalid):  # perhaps another IOC has the file or port
        search.end()
        raise


COMMAND = Command(RunSettings, _run, UNTIL_STOPPED, warns=True)
