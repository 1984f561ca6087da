"""A running ``zocalo-ioc simulate``."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .rabbitmq import RabbitMQ

SERVICES = (
    *("Mimas", "File watcher", "Per-image analysis", "GPU analysis"),
    "X-ray centring",
)


class Simulation:
    """A simulated Zocalo in a process of its own."""

    def __init__(self, broker: RabbitMQ, log: Path, *options: str) -> None:
        self._log_file = log
        with log.open("a") as output:
            self._process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("zocalo-ioc"),
                    *("simulate", "--broker", broker.url, *options),
                ],
                env=os.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    def until_logged(self, *texts: str, times: int = 1, limit: float = 30) -> None:
        """Wait until the log has each text so many times."""
        end = time.monotonic() + limit
        while any(self.log.count(text) < times for text in texts):
            assert time.monotonic() < end, f"no {texts} in time\n{self.log}"
            assert self._process.poll() is None, f"it ended\n{self.log}"
            time.sleep(0.05)  # between two looks, up to the limit

    def wait(self, limit: float = 30) -> int:
        """Wait until it has ended by itself, and return the exit status."""
        return self._process.wait(limit)

    def stop(self) -> int:
        """End it, and return the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


@contextmanager
def simulating(
    broker: RabbitMQ,
    folder: Path,
    *options: str,
    dispatcher: str = "built-in",
    collections: dict[str, Any] | None = None,
) -> Generator[Simulation]:
    """Simulate a Zocalo until the end of the block."""
    if collections is not None:
        file = folder / "collections.yaml"
        file.write_text(yaml.safe_dump(collections))
        options = (*options, "--collections", str(file))
    simulation = Simulation(
        broker, folder / "log", "--declare", "--dispatcher", dispatcher, *options
    )
    try:
        ready = "dispatcher: Dispatcher starting"
        if dispatcher != "real":
            ready = "Dispatcher takes messages from processing_recipe"
        simulation.until_logged(
            *(f"{name} takes messages from" for name in SERVICES), ready
        )
        yield simulation
    finally:
        assert simulation.stop() == 0, simulation.log
