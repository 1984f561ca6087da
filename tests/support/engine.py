"""Bluesky's RunEngine, which leaves its event loop to whoever made it."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from bluesky import RunEngine


@contextmanager
def running_engine(**options: Any) -> Generator[RunEngine]:
    """Make a RunEngine without signal handlers; close its event loop at the end."""
    engine = RunEngine(context_managers=[], **options)
    try:
        yield engine
    finally:
        engine.loop.call_soon_threadsafe(engine.loop.stop)
        while engine.loop.is_running():
            time.sleep(0.01)  # between two looks; the loop was just told to stop
        engine.loop.close()
