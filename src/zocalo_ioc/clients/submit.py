"""`zocalo-ioc submit`: drives a running IOC from a terminal, through Channel Access."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aioca import CANothing

from ..errors import Gone, RequestInvalid
from ..exits import Exit
from ..jobs import ENDED_BY_RESULT, State
from ..settings import SubmitSettings
from ..wire import Event
from ._ca import Link
from ._display import Progress, as_json, as_table
from ._submission import submission

_EVENTS = {
    "process": (Event.START, Event.END),
    "start": (Event.START,),
    "end": (Event.END,),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        state: how it ended, or how it stands after a start or an end alone.
        message: the same for people.
        dcids: the data collections that the result is of.
        columns: the centres, strongest first, one array a column.
    """

    state: State
    message: str
    dcids: Sequence[int] = ()
    columns: dict[str, Any] | None = None

    @property
    def status(self) -> Exit:
        """The exit status of the command."""
        match self.state:
            case State.NO_CENTRES:
                return Exit.NO_CENTRES
            case State.FAILED | State.TIMED_OUT | State.CANCELLED:
                return Exit.FAILED
            case _:
                return Exit.WELL


def submit(settings: SubmitSettings) -> Exit:
    """Do what the settings say, and return the exit status."""
    job = _Job(settings)
    try:
        return asyncio.run(job.run())
    except KeyboardInterrupt:
        _complain(f"Interrupted. {job.what_remains()}")
        return Exit.INTERRUPTED


class _Job:
    def __init__(self, settings: SubmitSettings) -> None:
        self._settings = settings
        self._prefix = settings.prefix
        self._named = f"DCID {', '.join(map(str, settings.dcids))}"
        self._submitted = False

    async def run(self) -> Exit:
        """Submit the job, wait for its end and print what came of it."""
        settings = self._settings
        try:
            events = _EVENTS[settings.command]
            texts = [submission(event, settings.grids) for event in events]
        except RequestInvalid as problem:
            _complain(str(problem))
            return Exit.USAGE
        try:
            async with asyncio.timeout(settings.timeout):
                outcome = await self._follow(texts)
        except TimeoutError:
            waited = f"{self._named}: no end after {settings.timeout:g} s."
            _complain(f"{waited} {self.what_remains()}")
            return Exit.FAILED
        except (Gone, CANothing) as error:
            _complain(f"{error} {self._what_was_sent()}")
            return Exit.FAILED
        if settings.as_json:
            print(
                as_json(outcome.state, outcome.message, outcome.dcids, outcome.columns)
            )
        else:
            if outcome.columns is not None:
                as_table(outcome.columns)
            if outcome.status != Exit.FAILED:
                print(outcome.message)
        if outcome.status == Exit.FAILED:
            _complain(outcome.message)
        return outcome.status

    def what_remains(self) -> str:
        """Say what goes on without this client."""
        if not self._submitted:
            return "Nothing was sent."
        return (
            f"{self._named} goes on in the IOC; {self._prefix}:MESSAGE says how. "
            f"To abandon it, put 1 to {self._prefix}:CANCEL."
        )

    def _what_was_sent(self) -> str:
        if not self._submitted:
            return "Nothing was sent."
        return (
            "What the broker has confirmed is with Zocalo; once the IOC is back, "
            f"{self._prefix}:HISTORY shows a result that comes."
        )

    async def _follow(self, texts: Sequence[str]) -> Outcome:
        dcid = self._settings.dcids[0]
        with Progress(f"{self._named}: connecting to {self._prefix}") as progress:
            async with Link(self._prefix, self._settings.dcids, progress.show) as link:
                ending = None
                for text in texts:
                    self._submitted = True
                    await link.send(text)
                    ending = await link.ending(dcid)
                    if ending not in (None, *ENDED_BY_RESULT):
                        break
                if self._settings.command == "process":
                    ending = await link.until_ended(dcid)
                elif ending is None:
                    ending = await link.state(dcid)
                message = await link.message(dcid, ending)
                if ending in ENDED_BY_RESULT and self._settings.command == "process":
                    return Outcome(ending, message, *await link.result())
                return Outcome(ending, message)


def _complain(text: str) -> None:
    print(f"zocalo-ioc: {text}", file=sys.stderr)
