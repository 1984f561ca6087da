"""What happens as time passes: time-outs, elapsed times and the heartbeat."""

import asyncio
import math
import time

from ..jobs import Jobs
from ..records import Pvs, count
from ._display import Display, timeouts
from ._queues import Queues

RESULTS_FIRST = 5.0
"""How long after connecting the jobs of an earlier IOC wait, in seconds, if their time
has passed: the queue may have their results."""
TICK = 0.2
"""How often time-outs are looked for, in seconds."""


class Clock:
    """Counts the seconds, and ends the jobs that have waited too long.

    Args:
        pvs: show the heartbeat, and have the limits.
        jobs: wait.
        display: shows for how long the current job has run.
        queues: know what may keep results away.
    """

    def __init__(self, pvs: Pvs, jobs: Jobs, display: Display, queues: Queues) -> None:
        self._pvs = pvs
        self._jobs = jobs
        self._display = display
        self._queues = queues
        self._restored = self._hold_until = -math.inf

    def hold(self) -> None:
        """End no restored job before the broker has been there for a while."""
        self._restored, self._hold_until = time.monotonic(), math.inf

    def note_connected(self) -> None:
        """Note that the broker is there."""
        if self._hold_until == math.inf:
            self._hold_until = time.monotonic() + RESULTS_FIRST

    async def run(self) -> None:
        """Tick, without end."""
        beats, began = 0, time.monotonic()
        while True:
            now = time.monotonic()
            if now - began >= beats:
                beats += 1
                count(self._pvs.ioc.heartbeat)
            why = " ".join(map(str, self._queues.problems))
            sent_after = self._restored if now < self._hold_until else -math.inf
            self._jobs.expire(now, timeouts(self._pvs), why, sent_after)
            self._display.show_times(now)
            await asyncio.sleep(TICK)
