"""What a command is, and what those that run until stopped have in common."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors.settings import SettingsProblems, VariableUnknown
from ..exits import Exit, complain
from ..logs import logging_as
from ..settings import (
    ENV_PREFIX,
    IocSettings,
    LogSettings,
    Settings,
    Sources,
    closest,
    options_of,
)
from ._service import Service
from ._shell import Shell
from ._tools import put_tools_on_path

logger = logging.getLogger(__name__)
ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Command:
    """A command: its settings, what it does with them, and how it can end.

    Attributes:
        settings: the model of its options.
        run: takes the settings; returns an exit status, or None when done.
        exits: what its exit statuses mean.
        refused: what it does when its settings can't be used; if None, stderr has each
            problem and the status is 2.
        warns: whether it reports misspelt variables of the environment by itself.
    """

    settings: type[Settings]
    run: Callable[[Any], Exit | None]
    exits: Mapping[Exit, str]
    refused: Callable[[Sources, SettingsProblems], Exit] | None = None
    warns: bool = False

    def __call__(self, sources: Sources) -> Exit | None:
        """Run it with what users give.

        Raises:
            SettingsInvalid: that can't be used.
        """
        if not self.warns:
            self._warn()
        try:
            settings = sources.load()
        except SettingsProblems as problems:
            if self.refused is None:
                if self.warns:  # it does not get as far as that
                    self._warn()
                raise
            return self.refused(sources, problems)
        put_tools_on_path()
        return self.run(settings)

    def _warn(self) -> None:
        for warning in misspelt_variables(self.settings):
            complain(f"warning: {warning}")


def serve(
    settings: LogSettings,
    work: Callable[[asyncio.Event], Awaitable[None]],
    prefix: str = "",
) -> None:
    """Work until SIGTERM or Ctrl-C, with the log as the settings say.

    Args:
        settings: what to log, and where to.
        work: ends when the event is set.
        prefix: of the IOC, for the log.
    """

    async def work_until_signalled() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, stop.set)
        # procServ starts programs with SIGTERM blocked
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        await work(stop)

    with logging_as(settings, prefix):
        for warning in misspelt_variables(type(settings)):
            logger.warning("%s", warning)
        asyncio.run(work_until_signalled())


def serve_ioc(
    settings: IocSettings,
    work: Callable[[asyncio.Event, Callable[[], None]], Awaitable[None]],
    prefix: str,
) -> None:
    """Serve an IOC until SIGTERM, Ctrl-C or the shell's end, and leave with status 0.

    Args:
        settings: what to log, and whether there is a shell.
        work: ends when the event is set; calls the function once the PVs are served.
        prefix: of the IOC, for the log.
    """
    # With real-time priorities, which EPICS gives its threads but not the event loop,
    # the thread of each client interrupts the loop at each update. This is read when
    # EPICS is loaded, which is later.
    os.environ.setdefault("EPICS_ALLOW_POSIX_THREAD_PRIORITY_SCHEDULING", "NO")

    async def work_and_leave(stop: asyncio.Event) -> None:
        service = Service()
        telling = asyncio.create_task(service.run(stop))
        shell = Shell(stop) if settings.shell else None

        def on_served() -> None:
            service.tell("READY=1")
            if shell:
                shell.start()

        with shell.terminal() if shell else nullcontext():
            await work(stop, on_served)
        telling.cancel()
        leave(Exit.WELL)

    serve(settings, work_and_leave, prefix)


def leave(status: Exit) -> NoReturn:
    """End the process at once.

    A loop that ends cancels the commands that still run, and EPICS would tell clients
    that their puts have ended well. This way they see the connection break.
    """
    logging.shutdown()
    ctypes.CDLL(None).fflush(None)  # what EPICS has printed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


# -- variables that are misspelt ----------------------------------------------


def misspelt_variables(model: type[Settings]) -> list[VariableUnknown]:
    """Return a warning for each variable that no command knows.

    Args:
        model: the settings of the command that runs. Others' are looked at only when
            a variable is not of this one.
    """
    known = _variables(model)
    found = [name for name in os.environ if name.startswith(ENV_PREFIX)]
    if all(name in known for name in found):
        return []
    from . import COMMANDS, find

    of_all = set[str]().union(*(_variables(find(name).settings) for name in COMMANDS))
    return [
        VariableUnknown(name, _hint(name, of_all))
        for name in sorted(found)
        if name not in of_all
    ]


def _hint(name: str, known: Iterable[str]) -> str:
    """Suggest another; the prefix that all have would make all look alike."""
    without = {each.removeprefix(ENV_PREFIX): each for each in known}
    near = closest(name.removeprefix(ENV_PREFIX), list(without))
    return "".join(f"; did you mean {without[each]}?" for each in near)


def _variables(model: type[Settings]) -> set[str]:
    return {option.in_environment for option in options_of(model).values()}
