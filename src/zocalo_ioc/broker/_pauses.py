"""Pauses between tries, which grow while these fail."""

import asyncio
from time import perf_counter

SHORTEST, LONGEST = 0.1, 2.0
"""Seconds. The longest leaves time for a few tries within a send time-out."""
STEADY_TIME = 3.0
"""What lasted for so many seconds was good: after it pauses are short again. Shorter
than `CONFIRM_TIME`: results must not wait while the only node rejects triggers."""


class Pauses:
    """The pauses of one thing that is tried again and again."""

    def __init__(self) -> None:
        self._next = SHORTEST
        self._began = perf_counter()

    async def take(self) -> None:
        """Pause after a try, for twice as long as after the one before."""
        if perf_counter() - self._began > STEADY_TIME:
            self._next = SHORTEST
        await asyncio.sleep(self._next)
        self._next = min(2 * self._next, LONGEST)
        self._began = perf_counter()
