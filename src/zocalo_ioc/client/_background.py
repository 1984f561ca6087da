"""An event loop in a thread of its own, and a client in it for code that has none."""

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
        prefix: of the IOC's PVs.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.rstrip(":")
        self._client: Client | None = None
        self._connecting: asyncio.Lock | None = None

    def do(self, what: Callable[[Client], Coroutine[Any, Any, T]]) -> Future[T]:
        """Do something with the client; it may be called in any thread."""
        return asyncio.run_coroutine_threadsafe(self._do(what), loop())

    async def _do(self, what: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._client is None:
                self._client = await Client(self.prefix).__aenter__()
                end_at_exit()
        return await what(self._client)


async def in_background(what: Coroutine[Any, Any, T]) -> T:
    """Have something done in the event loop of the thread, and wait in any other."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, loop()))


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of the thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="zocalo client", daemon=True).start()
    return loop


def end_at_exit() -> None:
    """End the thread at the exit, before EPICS ends that has been used by now.

    Call it in the thread.
    """
    atexit.unregister(_end)  # what is registered last is called first
    atexit.register(_end, threading.current_thread())


def _end(thread: threading.Thread) -> None:
    if thread.is_alive():
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop()).result()
        loop().call_soon_threadsafe(loop().stop)
        thread.join()  # and not closed: what is still to end may call the loop


async def _cancel_all() -> None:
    """Cancel what runs, such as monitors, which complain if they are just left."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1)
