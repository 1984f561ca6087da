"""One job, followed from outside from before its first message."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import aioca

from ..jobs import ENDED_BY_RESULT, REFUSED, SENDING
from ._errors import (
    JobCancelled,
    JobFailed,
    JobTimedOut,
    RequestRefused,
    ZocaloError,
)
from ._link import Link
from ._matching import Claim, Ending

_SETTLED_WITHIN = 5.0
_ERRORS: Mapping[str, type[ZocaloError]] = {
    REFUSED: RequestRefused,
    **{e.state.label: e for e in (JobFailed, JobTimedOut, JobCancelled)},
}
_WITH_RESULT = {state.label for state in ENDED_BY_RESULT}


class Job:
    """A job of this client's.

    Args:
        link: a connection to its IOC.
        claim: what tells it from those of others.
    """

    def __init__(self, link: Link, claim: Claim) -> None:
        self._link = link
        self._breaks = link.breaks
        self._claim = claim

    async def put(self, record: str, value: str | int) -> None:
        """Have a command done, and see whether it worked.

        Raises:
            RequestRefused: the IOC refused it.
            JobFailed: a message could not be sent.
            JobTimedOut, JobCancelled: the job ended so meanwhile.
            IocGone: the IOC went away meanwhile.
        """
        before = await self._link.put(record, value, self._breaks)

        async def outcome() -> ZocaloError | bool | None:
            """Return what went wrong, whether the messages are sent, or nothing yet."""
            if ending := await self._ending():
                return ending.state in _WITH_RESULT or await self._failure(ending)
            dcid, state, _ = await self._link.shown()
            if dcid == self._claim.dcid and state in SENDING.values():
                return None
            due = len(self._claim.dcids)
            return await self._link.sent() - before >= due or None

        # an IOC that is stopped ends puts as if they had worked
        try:
            async with asyncio.timeout(_SETTLED_WITHIN):
                worked = await self._link.until(outcome, self._breaks)
        except TimeoutError:
            raise self._unexplained(f"{record} was not confirmed") from None
        if isinstance(worked, ZocaloError):
            raise worked

    async def cancel(self, text: str) -> None:
        """Have jobs abandoned, as a text for SEND says.

        Raises:
            RequestRefused: none of them runs.
            IocGone: the IOC went away meanwhile.
        """
        await self._link.put("SEND", text, self._breaks)
        if ending := await self._ending():
            raise await self._failure(ending)

    async def until_ended(self) -> int:
        """Wait for the end of the job.

        Returns:
            The group of its data collections, -1 if unknown.

        Raises:
            JobFailed, JobTimedOut, JobCancelled: it had no result.
            IocGone: the IOC went away meanwhile.
        """
        ending = await self._link.until(self._ending, self._breaks)
        if ending.state not in _WITH_RESULT:
            raise await self._failure(ending)
        return ending.dcgid

    @contextmanager
    def relaying(self, on_message: Callable[[str], None]) -> Generator[None]:
        """Pass on what the IOC says of the job."""
        latest = 0

        def note_dcid(value: Any) -> None:
            nonlocal latest
            latest = int(value)

        def note_message(value: Any) -> None:
            if latest == self._claim.dcid:
                on_message(str(value))

        text = {"datatype": aioca.DBR_CHAR_STR}
        monitors = [
            self._link.monitor("JOB:DCID", note_dcid),
            self._link.monitor("MESSAGE", note_message, **text),
        ]
        try:
            yield
        finally:
            for monitor in monitors:
                self._link.forget(monitor)

    async def _ending(self) -> Ending | None:
        return self._claim.ending(await self._link.history())

    async def _failure(self, ending: Ending) -> ZocaloError:
        dcid, _, message = await self._link.shown()
        error = _ERRORS[ending.state]
        if dcid == self._claim.dcid or ending.state == REFUSED:
            return error(message)
        return self._unexplained(ending.state.lower(), error)

    def _unexplained(
        self, what: str, error: type[ZocaloError] = JobFailed
    ) -> ZocaloError:
        where = f"The log of {self._link.prefix} has the reason."
        return error(f"DCID {self._claim.dcid}: {what}. {where}")
