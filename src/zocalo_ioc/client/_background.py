"""A client for code without an event loop of its own, such as classic ophyd."""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from ._client import Client

T = TypeVar("T")


class BackgroundClient:
    """A client in the event loop of a thread, connected when it is first used.

    Args:
        prefix: that of the IOC.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.rstrip(":")
        self._client: Client | None = None
        self._connecting: asyncio.Lock | None = None

    def do(self, what: Callable[[Client], Coroutine[Any, Any, T]]) -> Future[T]:
        """Do something with the client; it may be called in any thread."""
        return asyncio.run_coroutine_threadsafe(self._do(what), _loop())

    async def _do(self, what: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._client is None:
                self._client = await Client(self.prefix).__aenter__()
                _end_at_exit()
        return await what(self._client)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="zocalo client", daemon=True).start()
    return loop


@cache
def _end_at_exit() -> None:
    """End the thread at the exit before aioca, which is loaded by now, ends EPICS."""
    thread, loop = threading.current_thread(), _loop()

    def end() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    atexit.register(end)
