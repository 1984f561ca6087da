"""EPICS's shell on standard input: of a terminal, of procServ or of a socket."""

import asyncio
import logging
import os
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TextIO

try:
    import readline
except ImportError:  # Python can be built without
    readline = None

_PROMPT = os.environ.get("IOCSH_PS1", "epics> ")
"""As EPICS's own shell has it."""


class Shell:
    """A shell whose end, `exit` or the end of the input, ends the IOC.

    Args:
        stop: set at the end.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = stop
        self._awaits_line = False

    @contextmanager
    def terminal(self) -> Generator[None]:
        """Print log lines above the one that is typed; then leave all as it was."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            yield
            return
        if readline:
            readline.parse_and_bind("set enable-bracketed-paste off")
        attributes = termios.tcgetattr(sys.stdin)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(_Above(self, sys.stderr))
        yield
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, attributes)
        if self._awaits_line:
            print(flush=True)

    def start(self) -> None:
        """Read commands from now on; the records must be served."""
        Thread(target=self._read, name="shell", daemon=True).start()

    @property
    def line(self) -> str:
        """The prompt and what has been typed, while a command is awaited."""
        if not self._awaits_line:
            return ""
        return _PROMPT + (readline.get_line_buffer() if readline else "")

    def _read(self) -> None:
        from ..records.iocsh import run_command

        prompt = _PROMPT if sys.stdin.isatty() else ""
        with suppress(EOFError):
            while True:
                self._awaits_line = True
                line = input(prompt)
                self._awaits_line = False
                if line.strip() == "exit":
                    break
                run_command(line)
        self._loop.call_soon_threadsafe(self._stop.set)


class _Above:
    """A terminal whose last line is the shell's, and is printed again below others."""

    def __init__(self, shell: Shell, terminal: TextIO) -> None:
        self._shell = shell
        self._terminal = terminal

    def write(self, text: str) -> None:
        line = self._shell.line
        first, *others = text.split("\n")
        # spaces in place of escape codes, which not every terminal knows
        text = "\n".join([first.ljust(len(line)), *others])
        self._terminal.write(f"\r{text}{line}" if line else text)

    def flush(self) -> None:
        self._terminal.flush()
