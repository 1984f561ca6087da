"""Runs the dispatcher of the zocalo package, unchanged, in a process of its own."""

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pika
import yaml

from zocalo_ioc.errors import SettingsInvalid

from .recipe import write_recipes

logger = logging.getLogger(__name__)

FILTERS = "zocalo.services.dispatcher.filters"
"""The entry points of dlstbx, which looks data collections up in ISPyB."""
PROGRAM = Path(__file__).with_name("zocalo_dispatcher.py")
RESTART_PAUSE = 2.0
"""From its end to its next start, seconds."""
END_TIME = 10.0
"""How long it may take to end, seconds."""


def obstacle() -> str:
    """Return why Zocalo's dispatcher can't run here; empty if it can."""
    if find_spec("zocalo") is None:
        return "the zocalo package is not installed"
    if entry_points(group=FILTERS) and "ISPYB_CREDENTIALS" not in os.environ:
        return "dlstbx is installed, and ISPYB_CREDENTIALS is not set"
    return ""


class RealDispatcher:
    """Zocalo's own dispatcher, started again when it ends, as with its broker.

    Args:
        urls: of the broker's nodes.
        logbook: where it keeps a copy of each message.

    Raises:
        SettingsInvalid: it can't connect to such a broker, or is not installed.
    """

    def __init__(self, urls: Sequence[str], logbook: Path | None) -> None:
        if reason := obstacle():
            raise SettingsInvalid(
                f"--dispatcher: {reason}",
                "Install zocalo-ioc[zocalo] in an environment without dlstbx, or use "
                "the built-in one",
            )
        if any(url.startswith("amqps") for url in urls):
            raise SettingsInvalid(
                "--dispatcher: the real one does not support TLS",
                "Use the built-in one, or amqp",
            )
        self._urls = urls
        self._logbook = logbook

    async def run(self) -> None:
        """Keep it running until cancelled."""
        # it holds the password; without a name, nothing of it stays whatever happens
        with (
            tempfile.TemporaryFile("w+") as file,
            tempfile.TemporaryDirectory(prefix="zocalo-recipes-") as recipes,
        ):
            write_recipes(Path(recipes))
            configuration = _configuration(self._urls, self._logbook, recipes)
            yaml.safe_dump(configuration, file)
            file.flush()
            while True:
                file.seek(0)  # some systems share the position
                last_words = await self._run_once(file.fileno())
                logger.warning(
                    "Zocalo's dispatcher ended: %s. Restarting it; "
                    "--log-level debug shows its output",
                    last_words,
                )
                await asyncio.sleep(RESTART_PAUSE)

    async def _run_once(self, configuration: int) -> str:
        """Run it until it ends, and return the last line that it said.

        Args:
            configuration: descriptor of an open file.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # our modules must not hide those of other packages
            str(PROGRAM),
            "--service=Dispatcher",
            env=os.environ | {"ZOCALO_CONFIG": f"/dev/fd/{configuration}"},
            pass_fds=(configuration,),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            text = ""
            async for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                logger.log(_level(text), "Zocalo's dispatcher: %s", text)
            return text
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(END_TIME):
                    await process.wait()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _level(line: str) -> int:
    """Let pass what people need, of the much that it says."""
    needed = ("dispatcher starting", "rejected")
    return logging.INFO if any(w in line.lower() for w in needed) else logging.DEBUG


def _configuration(
    urls: Sequence[str], logbook: Path | None, recipes: str
) -> dict[str, Any]:
    """Return a Zocalo configuration for a broker and our recipes."""
    nodes = [pika.URLParameters(url) for url in urls]
    storage: dict[str, Any] = {
        "plugin": "storage",
        "zocalo.recipe_directory": recipes,
        "zocalo.default_transport": "PikaTransport",
    }
    if logbook:
        storage["zocalo.dispatcher.logbook_location"] = str(logbook)
    credentials: Any = nodes[0].credentials
    return {
        "version": 1,
        "rabbitmq": {
            "plugin": "pika",
            "host": ",".join(node.host for node in nodes),
            "port": ",".join(str(node.port) for node in nodes),
            "username": credentials.username,
            "password": credentials.password,
            "vhost": nodes[0].virtual_host,
        },
        "storage": storage,
        "environments": {"default": {"plugins": ["rabbitmq", "storage"]}},
    }
