"""Sessions in the EPICS shell of an IOC: in a terminal, in procServ and on a socket."""

import asyncio
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import aioca
import pytest

from tests.support import ports
from tests.support.pages import DOCS, blocks

PROGRAM = Path(sys.executable).with_name("zocalo-ioc")
PAGE = DOCS / "how-to" / "shell.md"
LOGGED = r"[-\d]{10} [:\d]{8},\d{3} [A-Z]+ "


class Console:
    """What somebody sees of an IOC, and types into."""

    def __init__(self, prefix: str, folder: Path, cleaning_up: ExitStack) -> None:
        self.prefix = prefix
        self.folder = folder
        self.seen = ""
        self._clean = cleaning_up
        self._ports = ports.borrow()
        cleaning_up.callback(ports.give_back, self._ports)

    def start(self, *before: str | Path, file: int) -> None:
        """Start the demo, or a program that starts it, on a file."""
        self.process = subprocess.Popen(
            [*before, PROGRAM, "demo", "--prefix", self.prefix, "--shell"],
            env=os.environ | self._ports.server | {"TERM": "vt100"},
            stdin=file,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        self._clean.callback(self.stop)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def attach(self, file: int) -> None:
        self.file = file

    def type(self, text: str) -> None:
        os.write(self.file, text.encode())

    def until(self, pattern: str, limit: float = 40) -> str:
        """Wait until something is shown, and return everything up to it."""
        end = time.monotonic() + limit
        while not (found := re.search(pattern, self.seen)):
            left = max(0, end - time.monotonic())
            assert select.select([self.file], [], [], left)[0], self.seen
            self.seen += os.read(self.file, 4096).decode(errors="replace")
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown

    async def put(self, name: str, value: int) -> None:
        await aioca.caput(f"{self.prefix}:{name}", value, wait=True, timeout=60)


def terminal(console: Console, cleaning_up: ExitStack) -> None:
    ours, theirs = pty.openpty()
    cleaning_up.callback(os.close, ours)
    cleaning_up.callback(os.close, theirs)
    console.start(file=theirs)
    console.attach(ours)


def procserv(console: Console, cleaning_up: ExitStack) -> None:
    where = console.folder / "console"
    log = console.folder / "log"
    options = "-f", "-L", log, "--killsig", "15", "-i", "^D^C", "-P", f"unix:{where}"
    nothing = cleaning_up.enter_context((console.folder / "null").open("w+")).fileno()
    console.start("procServ", *options, file=nothing)
    attach(console, cleaning_up)


def attach(console: Console, cleaning_up: ExitStack) -> socket.socket:
    """Connect to procServ, as `nc -U` does."""
    client = cleaning_up.enter_context(socket.socket(socket.AF_UNIX))
    end = time.monotonic() + 20
    while client.connect_ex(str(console.folder / "console")):
        assert time.monotonic() < end, "procServ does not listen"
        time.sleep(0.05)  # between two looks, up to the limit
    console.attach(client.fileno())
    return client


def plain_socket(console: Console, cleaning_up: ExitStack) -> None:
    ours, theirs = socket.socketpair()
    cleaning_up.enter_context(ours)
    with theirs:
        console.start(file=theirs.fileno())
    console.attach(ours.fileno())


@pytest.fixture
async def cleaning_up() -> AsyncIterator[ExitStack]:
    with ExitStack() as stack:
        yield stack
        aioca.purge_channel_caches()  # while there is a loop to tell of disconnections


@pytest.mark.parametrize("make", [terminal, procserv, plain_socket])
async def test_commands_are_answered_while_a_job_runs_and_logs(
    make: Callable[[Console, ExitStack], None],
    cleaning_up: ExitStack,
    tmp_path: Path,
) -> None:
    console = Console(f"SHELL-{os.getpid()}-{make.__name__}", tmp_path, cleaning_up)
    make(console, cleaning_up)
    console.until("Connected to the simulation")
    console.type("dbl longout\n")
    console.until(f"{console.prefix}:DCID\r?\n")
    console.type("casr\n")
    console.until(r"Channel Access Server V[\d.]+\r?\n")
    # a command is half typed when the log has more to say
    console.type(f"dbpr {console.prefix}:ST")
    await asyncio.gather(console.put("DCID", 71), console.put("NUM_FRAMES", 400))
    await console.put("PROCESS", 1)
    shown = console.until("DCID 71: 1 centre found")
    console.type("ATE 2\n")
    console.until(r"VAL : 5\b")
    for line in re.findall("[^\r\n]*INFO[^\r\n]*", shown):
        assert re.match(LOGGED, line), line


async def test_the_session_of_the_page_prints_what_it_shows(
    cleaning_up: ExitStack, tmp_path: Path
) -> None:
    console = Console(f"SHELL-{os.getpid()}-PAGE", tmp_path, cleaning_up)
    plain_socket(console, cleaning_up)
    console.until("Connected to the simulation")
    [(_, session)] = blocks(PAGE.read_text().replace("ZOCALO-DEMO", console.prefix))[0]
    for entry in session.split("epics> ")[1:]:
        typed, *shown = entry.splitlines()
        console.type(f"{typed}\n")
        for line in shown:
            if line != "…":
                console.until(r"\s+".join(map(re.escape, line.split())))


async def test_exit_ends_the_ioc_and_leaves_the_terminal_as_it_was(
    cleaning_up: ExitStack, tmp_path: Path
) -> None:
    console = Console(f"SHELL-{os.getpid()}-EXIT", tmp_path, cleaning_up)
    terminal(console, cleaning_up)
    before = termios.tcgetattr(console.file)
    console.until("epics> ")
    console.type("exit\n")
    console.until("Stopping")
    assert await asyncio.to_thread(console.process.wait, 20) == 0
    assert termios.tcgetattr(console.file) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_terminal_is_as_it_was_after_a_signal_in_mid_line(
    cleaning_up: ExitStack, tmp_path: Path, number: signal.Signals
) -> None:
    console = Console(f"SHELL-{os.getpid()}-END", tmp_path, cleaning_up)
    terminal(console, cleaning_up)
    before = termios.tcgetattr(console.file)
    console.until("epics> ")
    console.type("dbl lon")
    console.until("(?s)dbl .*lon")  # the log may come between
    console.process.send_signal(number)
    console.until("Stopping")
    assert await asyncio.to_thread(console.process.wait, 20) == 0
    assert termios.tcgetattr(console.file) == before


async def test_ctrl_x_in_procserv_ends_the_ioc_cleanly(
    cleaning_up: ExitStack, tmp_path: Path
) -> None:
    console = Console(f"SHELL-{os.getpid()}-CTRL-X", tmp_path, cleaning_up)
    procserv(console, cleaning_up)
    console.until("epics> ")
    console.type("\x18")
    console.until("Normal exit status = 0")  # procServ may drop the last output


async def test_whoever_detaches_from_procserv_leaves_the_ioc_running(
    cleaning_up: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOCSH_PS1", "bl03i-ea-zoc-01 > ")
    console = Console(f"SHELL-{os.getpid()}-DETACH", tmp_path, cleaning_up)
    procserv(console, cleaning_up)
    console.until("bl03i-ea-zoc-01 > ")
    attach(console, cleaning_up).close()
    await console.put("DCID", 4711)
    attach(console, cleaning_up)
    console.type(f"dbpr {console.prefix}:DCID 0\n")
    console.until(r"VAL ?: 4711")
