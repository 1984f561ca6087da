"""An IOC process, and what tests ask of it through aioca."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aioca

from . import ports


class Ioc:
    """A running ``zocalo-ioc``, which the tests talk to through Channel Access."""

    program: tuple[str | Path, ...] = (Path(sys.executable).with_name("zocalo-ioc"),)

    def __init__(self, log: Path, prefix: str, *arguments: str) -> None:
        self.prefix = prefix
        self.arguments = arguments
        self.ports = ports.borrow()
        self._gave_back = False
        self._started = False
        self.log_file = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [*self.program, *arguments],
                env=os.environ | self.ports.server,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def client_environment(self) -> dict[str, str]:
        """The environment of a client in a process of its own."""
        return os.environ | self.ports.client

    @property
    def memory(self) -> int:
        """The memory that it has for itself, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("RssAnon")]
        return int(line.split()[1]) // 1024

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)
        if not self._gave_back:
            self._gave_back = True
            ports.give_back(self.ports)
        return self.process.returncode

    def pv(self, name: str) -> str:
        return f"{self.prefix}:{name}"

    async def get(self, name: str, **options: Any) -> Any:
        await self._until_started()
        return await aioca.caget(self.pv(name), timeout=40, **options)

    async def _until_started(self, limit: float = 40) -> None:
        """Wait until EPICS runs, or the process has ended.

        A client that begins to search before that searches ever less often: on a busy
        machine after 1 s, 2 s, 4 s, 8 s …
        """
        end = time.monotonic() + limit
        while not self._started and self.process.poll() is None:
            self._started = "iocRun: " in self.log or time.monotonic() > end
            await asyncio.sleep(0.02)

    def monitor(
        self, name: str, told: Callable[[Any], None], *, all_updates: bool = False
    ) -> aioca.Subscription:
        """Subscribe to a record; close the subscription when done."""
        return aioca.camonitor(self.pv(name), told, all_updates=all_updates)

    async def text(self, name: str) -> str:
        value = await self.get(name, datatype=aioca.DBR_CHAR_STR)
        return str(value)

    async def state(self) -> str:
        return str(await self.get("STATE", datatype=aioca.DBR_ENUM_STR))

    async def severity(self, name: str) -> int:
        value = await self.get(name, format=aioca.FORMAT_TIME)
        return int(value.severity)

    async def put(self, name: str, value: Any, **options: Any) -> None:
        if isinstance(value, str) and name not in ("SORT_KEY", "SOURCE"):
            options["datatype"] = aioca.DBR_CHAR_STR
        options = {"wait": True, "timeout": 40} | options
        await aioca.caput(self.pv(name), value, **options)

    async def put_all(self, **values: Any) -> None:
        for name, value in values.items():
            await self.put(name, value)

    async def until(
        self, condition: Callable[[], Awaitable[bool]], limit: float = 40
    ) -> None:
        """Wait until something is so, or fail."""
        end = time.monotonic() + limit
        while not await condition():
            assert time.monotonic() < end, f"not so within {limit} s\n{self.log}"
            await asyncio.sleep(0.02)

    async def until_said(self, text: str) -> None:
        """Wait until MESSAGE has a text."""

        async def is_said() -> bool:
            return text in await self.text("MESSAGE")

        await self.until(is_said)

    async def until_logged(self, text: str) -> None:
        """Wait until the log has a text."""

        async def is_logged() -> bool:
            return text in self.log

        await self.until(is_logged)

    async def until_value(self, name: str, value: object, limit: float = 40) -> None:
        async def is_so() -> bool:
            return await self.get(name) == value

        await self.until(is_so, limit)

    async def until_newest(self, dcid: int, state: str) -> None:
        """Wait for the newest row of the history, which is set after all else."""

        async def is_so() -> bool:
            dcids, states = [
                await self.get(f"HISTORY:{name}") for name in ("DCID", "STATE")
            ]
            return [(dcid, state)] == [*zip(dcids[:1], states[:1], strict=False)]

        await self.until(is_so)


class GridScan(Ioc):
    """A running IOC that stands in for the fast grid scan device."""

    program = (sys.executable, Path(__file__).with_name("grid_scan.py"))

    def __init__(self, log: Path, prefix: str, *arguments: str) -> None:
        super().__init__(log, prefix, prefix, *arguments)


class StuckIoc(Ioc):
    """A running IOC that stops for good as it acknowledges a result."""

    program = (sys.executable, Path(__file__).with_name("stuck_ioc.py"))


class StoppingIoc(Ioc):
    """A running IOC that sends itself a signal at a chosen point, once."""

    def __init__(
        self, point: str, number: signal.Signals, log: Path, prefix: str, *options: str
    ) -> None:
        script = Path(__file__).with_name("stopping_ioc.py")
        self.program = (sys.executable, script, point, f"{int(number)}")
        super().__init__(log, prefix, *options)
