"""Puts that wait for a job to end."""

import asyncio
from collections.abc import Collection

from ..jobs import Job


class Waiters:
    """Coroutines that wait, each for a job."""

    def __init__(self) -> None:
        self._waiting: dict[Job, list[asyncio.Future[None]]] = {}

    async def until_ended(
        self, job: Job, or_done: Collection[asyncio.Task[None]] = ()
    ) -> None:
        """Wait until a job has ended, and STATE and MESSAGE say so, or tasks are done.

        Args:
            job: the job.
            or_done: tasks; the wait also ends when all of them are done.
        """
        if not job.running:
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = len(or_done)

        def one_is_done(_: object) -> None:
            nonlocal left
            left -= 1
            if not left and not over.done():
                over.set_result(None)

        for task in or_done:
            task.add_done_callback(one_is_done)
        self._waiting.setdefault(job, []).append(over)
        try:
            await over
        finally:
            others = self._waiting.get(job, [])
            if over in others:
                others.remove(over)
            if not others:
                self._waiting.pop(job, None)

    def wake(self, job: Job) -> None:
        """Resume those that wait for a job, which has ended."""
        for over in self._waiting.pop(job, ()):
            if not over.done():
                over.set_result(None)
