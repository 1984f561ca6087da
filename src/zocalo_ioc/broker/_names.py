"""Looks up host names, which pika does without a deadline."""

import asyncio
from typing import Any

from ..errors.broker import HostNotLookedUp

LOOK_UP_TIME = 4.0
"""How long the DNS may take, in seconds."""


class Names:
    """Looks host names up, each once at a time.

    A look-up can't be cancelled: it keeps one of a few threads until the DNS has
    answered or the system gives up, which other look-ups and autosave need as well.
    """

    def __init__(self) -> None:
        self._look_ups: dict[str, asyncio.Task[Any]] = {}

    async def look_up(self, host: str, port: int) -> None:
        """Wait until a host has an address.

        Raises:
            HostNotLookedUp: the DNS does not answer.
            OSError: the host is not known.
        """
        look_up = self._look_ups.get(host)
        if look_up is None:
            loop = asyncio.get_running_loop()
            look_up = loop.create_task(loop.getaddrinfo(host, port))
            self._look_ups[host] = look_up
        done, _ = await asyncio.wait([look_up], timeout=LOOK_UP_TIME)
        if not done:
            raise HostNotLookedUp(f"{host}:{port}")
        del self._look_ups[host]
        look_up.result()
