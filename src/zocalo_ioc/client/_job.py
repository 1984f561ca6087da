"""One job, followed from outside from before its first message."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
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

    Attributes:
        claim: the same, with the whole scan once that is known.
    """

    def __init__(self, link: Link, claim: Claim) -> None:
        self._link = link
        self._breaks = link.breaks
        self.claim = claim

    async def send(self, text: str) -> None:
        """Have messages sent, and see whether it worked.

        Args:
            text: for SEND.

        Raises:
            RequestRefused: the IOC refused it.
            JobFailed: a message could not be sent.
            JobTimedOut, JobCancelled: the job ended so meanwhile.
            IocGone: the IOC went away meanwhile.
        """
        before = await self._link.put("SEND", text, self._breaks)

        async def outcome() -> ZocaloError | bool | None:
            """Return what went wrong, whether the messages are sent, or nothing yet."""
            if ending := await self._ending():
                return ending.state in _WITH_RESULT or await self._failure(ending)
            dcids, state, _ = await self._link.shown()
            if self.claim.dcid in dcids and state in SENDING.values():
                return None
            due = len(self.claim.dcids)
            return await self._link.sent() - before >= due or None

        # an IOC that is stopped ends puts as if they had worked
        try:
            async with asyncio.timeout(_SETTLED_WITHIN):
                worked = await self._link.until(outcome, self._breaks)
        except TimeoutError:
            raise self._unexplained("SEND was not confirmed") from None
        if isinstance(worked, ZocaloError):
            raise worked

    async def process(self) -> int:
        """Have the request records processed, with a put that ends when the job does.

        Returns:
            As `until_ended`.

        Raises:
            ZocaloError: as from `send` and `until_ended`.
        """
        asked = self.claim.dcid

        def note(dcids: Any) -> None:
            if asked in dcids:  # with ISPyB, one grid stands for the whole scan
                self.claim = replace(self.claim, dcids=(asked, *map(int, dcids)))
                self._link.changed()

        with self._link.watching("JOB:DCIDS", note, format=aioca.FORMAT_TIME):
            await self._link.put("PROCESS", 1, self._breaks)
            try:
                async with asyncio.timeout(_SETTLED_WITHIN):
                    return await self.until_ended()
            except TimeoutError:
                raise self._unexplained("the end of PROCESS was not seen") from None

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
        shown = False

        def note_dcids(value: Any) -> None:
            nonlocal shown
            shown = self.claim.dcid in value

        def note_message(value: Any) -> None:
            if shown:
                on_message(str(value))

        with (
            self._link.watching("JOB:DCIDS", note_dcids, format=aioca.FORMAT_TIME),
            self._link.watching("MESSAGE", note_message, datatype=aioca.DBR_CHAR_STR),
        ):
            yield

    async def _ending(self) -> Ending | None:
        return self.claim.ending(await self._link.history())

    async def _failure(self, ending: Ending) -> ZocaloError:
        dcids, _, message = await self._link.shown()
        error = _ERRORS[ending.state]
        if self.claim.dcid in dcids or ending.state == REFUSED:
            return error(message)
        return self._unexplained(ending.state.lower(), error)

    def _unexplained(
        self, what: str, error: type[ZocaloError] = JobFailed
    ) -> ZocaloError:
        where = f"The log of {self._link.prefix} has the reason."
        return error(f"DCID {self.claim.dcid}: {what}. {where}")
