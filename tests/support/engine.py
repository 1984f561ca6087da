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
        limit = time.monotonic() + 20
        while engine.loop.is_running():
            assert time.monotonic() < limit, "the event loop does not stop"
            time.sleep(0.01)  # between two looks, up to the limit
        engine.loop.close()
