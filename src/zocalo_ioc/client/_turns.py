"""Puts with callback to one record are done one after the other.

EPICS stalls a client process that has two of them under way: its server closes the
connection after a while, and does the second put all the same. All event loops of a
process share one connection, so the turns are those of the process.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

_lock = threading.Lock()
_last: dict[str, Future[None]] = {}


async def take_turn(pv: str) -> Callable[[], None]:
    """Wait until no other put to a PV is under way; return what ends the turn."""
    mine = Future[None]()
    with _lock:
        before, _last[pv] = _last.get(pv), mine

    def release() -> None:
        mine.set_result(None)

    if before:
        try:
            await asyncio.shield(asyncio.wrap_future(before))
        except BaseException:
            # the one after must still wait for the one before
            before.add_done_callback(lambda _: release())
            raise
    return release
