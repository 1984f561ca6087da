"""The command line."""

import asyncio
import ctypes
import logging
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

from . import __version__
from .errors import SettingsInvalid, without_passwords
from .exits import Exit
from .logs import logging_as
from .settings import (
    DemoSettings,
    DescribeSettings,
    FilesSettings,
    LogSettings,
    RunSettings,
    SimulateSettings,
    SubmitSettings,
)

USAGE = """\
usage: zocalo-ioc COMMAND [options]

An EPICS soft IOC for Zocalo: trigger processing and read X-ray centres through PVs.

commands:
  run        serve the PVs, connected to a RabbitMQ broker
  demo       serve the PVs with a simulated Zocalo, without a broker
  simulate   play Zocalo on a RabbitMQ broker, without a beamline
  check      say, before the first run, whether all is there that it will need
  describe   list the PVs, for people or in forms that other tools read
  files      copy screens, databases and examples to a folder, or say where they are
  submit     have data collections processed by a running IOC, and print the centres

options:
  -h, --help  show this text, or after a command its options
  --version   show the version

Each option can also come from a YAML file (--config FILE) or an environment variable
(--results-queue from ZOCALO_IOC_RESULTS_QUEUE). The command line wins, then the
environment, then the file.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name."""
    try:
        match list(sys.argv[1:] if arguments is None else arguments):
            case ["run", *options]:
                settings = RunSettings.load(options)
                _serve(settings, lambda stop: _run(settings, stop))
            case ["demo", *options]:
                demo_settings = DemoSettings.load(options)
                _serve(demo_settings, lambda stop: _demo(demo_settings, stop))
            case ["simulate", *options]:
                simulate_settings = SimulateSettings.load(options)
                _serve(
                    simulate_settings,
                    lambda stop: _simulate(simulate_settings, stop),
                    epics=False,
                )
            case ["check", *options]:
                sys.exit(_check(options))
            case ["describe", *options]:
                _describe(DescribeSettings.load(options))
            case ["files", *options]:
                _files(FilesSettings.load(options))
            case ["submit", *options]:
                sys.exit(_submit(SubmitSettings.load(options)))
            case ["--version"]:
                print(f"zocalo-ioc {__version__}")
            case ["-h" | "--help", *_]:
                print(USAGE, end="")
            case []:
                print(USAGE, end="", file=sys.stderr)
                sys.exit(Exit.USAGE)
            case unknown:
                name = unknown[0] if re.fullmatch(r"[\w-]+", unknown[0]) else "of it"
                remedy = "Try run, demo or another that --help lists"
                raise SettingsInvalid(f"There is no command {name}", remedy)
    except SettingsInvalid as problem:
        # whatever was written where it does not belong, a password is not shown
        text = without_passwords(str(problem))
        print(f"zocalo-ioc: {text}", file=sys.stderr)
        sys.exit(Exit.USAGE)


async def _run(settings: RunSettings, stop: asyncio.Event) -> None:
    # EPICS is loaded only when it is needed: --help answers at once
    from .broker import AmqpBroker, Consumer
    from .ioc import Ioc

    urls, tls = settings.broker_urls, settings.tls()
    queue = settings.results_queue or settings.own_queue
    exchange, key = settings.results_exchange or "", settings.routing_key or ""
    ioc = Ioc(
        settings.prefix,
        lambda take, on_change: AmqpBroker(
            urls,
            Consumer(queue, take, exchange, key),
            on_change,
            name=f"zocalo-ioc {settings.prefix}",
            heartbeat=settings.heartbeat,
            tls=tls,
        ),
        settings.send_timeout,
        settings.save_file,
        settings.rejected_file,
        settings.access_security,
        settings.grid_prefix,
    )
    if settings.metrics_port:
        ioc.serve_metrics(settings.metrics_address, settings.metrics_port)
    await ioc.serve(stop)


async def _demo(settings: DemoSettings, stop: asyncio.Event) -> None:
    from .demo import demo

    await demo(settings.prefix, stop)


async def _simulate(settings: SimulateSettings, stop: asyncio.Event) -> None:
    from .simulate import simulate

    await simulate(settings, stop)


def _submit(settings: SubmitSettings) -> int:
    from .clients.submit import submit

    return submit(settings)


def _describe(settings: DescribeSettings) -> None:
    from .describe import describe

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as for other tools in a pipe
    describe(settings)


def _files(settings: FilesSettings) -> None:
    from .files import provide

    provide(settings.folder)


def _check(options: Sequence[str]) -> int:
    from .check import check

    return check(options)


def _serve(
    settings: LogSettings,
    command: Callable[[asyncio.Event], Awaitable[None]],
    *,
    epics: bool = True,
) -> None:
    """Run a command until SIGTERM or Ctrl-C, then leave with exit status 0."""

    async def until_signalled() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await command(stop)
        if epics:
            _leave()

    with logging_as(settings, getattr(settings, "prefix", "")):
        asyncio.run(until_signalled())


def _leave() -> NoReturn:
    """End the process at once, with status 0.

    A loop that ends cancels the commands that still run, and EPICS would tell clients
    that their puts have ended well. This way they see the connection break.
    """
    logging.shutdown()
    ctypes.CDLL(None).fflush(None)  # what EPICS has printed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
