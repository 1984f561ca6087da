"""Puts that wait for a job to end."""

import asyncio

from ..jobs import Job


class Waiters:
    """Coroutines that wait, each for a job."""

    def __init__(self) -> None:
        self._endings: dict[Job, asyncio.Event] = {}

    async def until_ended(self, job: Job) -> None:
        """Wait until a job has ended, and STATE and MESSAGE say so."""
        if job.running:
            await self._endings.setdefault(job, asyncio.Event()).wait()

    def wake(self, job: Job) -> None:
        """Have those go on that wait for a job which has ended."""
        if ending := self._endings.pop(job, None):
            ending.set()
