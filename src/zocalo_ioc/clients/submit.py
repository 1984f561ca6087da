"""`zocalo-ioc submit`: drives a running IOC from a terminal, through Channel Access."""

import asyncio
import json
import sys

from ..client import Client, IocGone, PastResult, Result, ZocaloError
from ..client._request import submission
from ..errors import RequestInvalid
from ..exits import Exit, complain
from ..jobs import State, count_of_centres, named
from ..settings import SubmitSettings
from ..wire import Command, Event
from ._display import Progress, as_json, as_rows, as_table
from .grids import live_map

_CHECKED = {
    "process": (Event.START, Event.END),
    "start": (Event.START,),
    "end": (Event.END,),
    "cancel": (Command.CANCEL,),
}


def submit(settings: SubmitSettings) -> Exit:
    """Do what the settings say, and return the exit status."""
    job = _Job(settings)
    try:
        if settings.past:
            return asyncio.run(print_past(settings))
        return asyncio.run(job.run())
    except KeyboardInterrupt:
        complain(f"Interrupted. {job.what_remains()}")
        return Exit.INTERRUPTED


class _Job:
    def __init__(self, settings: SubmitSettings) -> None:
        self._settings = settings
        self._prefix = settings.prefix
        self._named = named(settings.dcids)
        self._submitted = False

    async def run(self) -> Exit:
        """Submit the job, wait for its end and print what came of it."""
        settings = self._settings
        try:
            for command in _CHECKED[settings.command]:
                submission(command, settings.grids)
        except RequestInvalid as problem:
            complain(problem)
            return Exit.USAGE
        try:
            async with asyncio.timeout(settings.timeout):
                result = await self._follow()
        except TimeoutError:
            so_far = "still running" if self._submitted else "not connected"
            waited = f"{self._named}: {so_far} after {settings.timeout:g} s."
            complain(f"{waited} {self.what_remains()}")
            return Exit.FAILED
        except IocGone as error:
            complain(f"{error} {self._what_was_sent()}")
            return Exit.FAILED
        except ZocaloError as error:
            if settings.as_json:
                print(as_json(error.state, str(error), None))
            complain(error)
            return Exit.FAILED
        if result is None:
            state, done = self._outcome()
            self._print(state, f"{self._named}: {done}.", None)
            return Exit.WELL
        found = bool(result.centres)
        state = State.DONE if found else State.NO_CENTRES
        self._print(state, f"{self._named}: {result.describe()}.", result)
        return Exit.WELL if found else Exit.NO_CENTRES

    def what_remains(self) -> str:
        """Say what goes on without this client."""
        if not self._submitted:
            return "Nothing was sent."
        goes_on = f"The job continues in the IOC; see {self._prefix}:MESSAGE."
        if not sys.stderr.isatty():  # nobody is there to do it
            return goes_on
        dcids = " ".join(map(str, self._settings.dcids))
        abandon = f"zocalo-ioc submit {self._prefix} {dcids} --command cancel"
        return f"{goes_on} To cancel it: {abandon}"

    def _what_was_sent(self) -> str:
        if not self._submitted:
            return "Nothing was sent."
        return (
            "Zocalo has every message that the broker confirmed; once the IOC is back, "
            f"{self._prefix}:HISTORY shows any result."
        )

    async def _follow(self) -> Result | None:
        settings = self._settings
        with Progress(f"{self._named}: connecting to {self._prefix}") as progress:
            async with Client(self._prefix) as zocalo:
                self._submitted = True
                match settings.command:
                    case "process":
                        async with live_map(zocalo, progress, settings.dcids):
                            return await zocalo.process(
                                settings.grids,
                                expect_result=settings.expect_result,
                                on_message=progress.show,
                            )
                    case "start":
                        await zocalo.start(settings.grids)
                    case "end":
                        await zocalo.end(settings.grids)
                    case "cancel":
                        await zocalo.cancel(settings.dcids)
                return None

    def _outcome(self) -> tuple[State, str]:
        """Return the state of a job without a result, and the same for people."""
        match self._settings.command:
            case "start":
                return State.STARTED, "start message sent"
            case "cancel":
                return State.CANCELLED, "cancelled"
            case _ if self._settings.expect_result:
                return State.PROCESSING, "end message sent"
            case _:
                return State.DONE, "end message sent, no result expected"

    def _print(self, state: State, message: str, result: Result | None) -> None:
        if self._settings.as_json:
            print(as_json(state, message, result))
            return
        if result:
            as_table(result.columns)
        print(message)


# -- past results -------------------------------------------------------------


async def print_past(settings: SubmitSettings) -> Exit:
    """Print the results that ISPyB has, and return the exit status."""
    found = False
    try:
        async with asyncio.timeout(settings.timeout), Client(settings.prefix) as zocalo:
            for dcid in settings.dcids:
                results = await zocalo.past(dcid)
                found |= any(result.count for result in results)
                if settings.as_json:
                    print(_as_json(dcid, results))
                else:
                    _print(dcid, results)
    except TimeoutError:
        complain(f"{named(settings.dcids)}: no answer after {settings.timeout:g} s.")
        return Exit.FAILED
    except ZocaloError as error:
        complain(error)
        return Exit.FAILED
    return Exit.WELL if found else Exit.NO_CENTRES


def _print(dcid: int, results: list[PastResult]) -> None:
    for result in results:
        centres = count_of_centres(result.count)
        named = filter(None, (f"DCID {dcid}", result.type, result.status))
        shown = len(as_rows(result.columns))
        rest = "" if shown == result.count else f", of which {shown or 'none'} shown"
        print(f"{', '.join(named)}: {centres}{rest}")
        as_table(result.columns)
    if not results:
        print(f"DCID {dcid}: ISPyB has no result")


def _as_json(dcid: int, results: list[PastResult]) -> str:
    return json.dumps(
        {
            "dcid": dcid,
            "results": [
                {
                    "type": result.type,
                    "status": result.status,
                    "count": result.count,
                    "centres": as_rows(result.columns),
                }
                for result in results
            ],
        }
    )
