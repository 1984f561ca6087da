"""The client."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal, Self, Unpack, overload

from ..errors import RequestInvalid
from ..jobs import named
from ..wire import Command, Event
from ._errors import RequestRefused
from ._grids import GridMap, read_grids
from ._job import Job
from ._link import Link
from ._matching import Claim
from ._past import read_past
from ._request import Dcids, Grid, RequestValues, as_grids, submission, with_id
from ._result import PastResult, Result
from ._results import Results


def _ignore(_: str) -> None:
    pass


class Client:
    """A connection to an IOC.

    Any number of tasks may use one client at the same time, beside other clients, plans
    and screens; each gets the result of its own data collections. No record is held
    while a result is awaited.

    Example:
        Two grids of one scan::

            async with Client("BL03I-EA-ZOC-01") as zocalo:
                result = await zocalo.process([71, 72], num_frames=400)
                for centre in result.centres:
                    print(centre.position, centre.total_count)

    Every method raises `IocGone` if the IOC does not answer, or stops meanwhile.
    The client can be used again once the IOC is back.

    Args:
        prefix: of the IOC's PVs.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.rstrip(":")
        self._opened: tuple[Link, Results] | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            IocGone: the IOC does not answer within 5 s, or within another 5 s does not
                send the latest results.
        """
        link = Link(self.prefix)
        results = Results(link)
        try:
            await link.open()
            await results.open()
        except BaseException:
            link.close()
            raise
        self._opened = link, results
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._opened:
            self._opened[0].close()
        self._opened = None

    @overload
    async def process(
        self,
        dcids: Dcids,
        *,
        expect_result: Literal[True] = True,
        on_message: Callable[[str], None] = _ignore,
        **values: Unpack[RequestValues],
    ) -> Result: ...

    @overload
    async def process(
        self,
        dcids: Dcids,
        *,
        expect_result: bool,
        on_message: Callable[[str], None] = _ignore,
        **values: Unpack[RequestValues],
    ) -> Result | None: ...

    async def process(
        self,
        dcids: Dcids,
        *,
        expect_result: bool = True,
        on_message: Callable[[str], None] = _ignore,
        **values: Unpack[RequestValues],
    ) -> Result | None:
        """Send start and end messages, and wait for the result.

        To wait for a limited time, use `asyncio.timeout`. The job then continues.

        Args:
            dcids: a data collection, or the grids of one scan. Where the grids differ,
                an element is a mapping with ``dcid`` and the values of that grid.
            expect_result: False for jobs that send no result, such as rotations.
            on_message: called with a sentence for people each time that the job gets
                on, or that something hinders it.
            values: of all of them; ``num_frames`` is needed, unless the IOC has it from
                ISPyB.

        Returns:
            The result; it has no centres if nothing diffracts. None if no result is
            expected: the end messages are confirmed then.

        Raises:
            RequestRefused: a value is missing or not valid.
            JobFailed: a message could not be sent.
            JobTimedOut: no result came in time.
            JobCancelled: the job was abandoned.
            ResultMissed: so many other results came at once that this one was lost.
        """
        grids = with_id(as_grids(dcids, values, expect_result))
        sends = [(event, _text(event, grids)) for event in Event]
        _, results = self._connected
        seen = results.count
        job = await self._begin(grids, continues=True)
        for event, text in sends:
            on_message(f"{named(job.claim.dcids)}: sending the {event} message.")
            await job.send(text)
        if not all(grid.get("expect_result", True) for grid in grids):
            return None
        on_message(f"{named(job.claim.dcids)}: waiting for the result.")
        with job.relaying(on_message):
            dcgid = await job.until_ended()
        return await results.of(job.claim, dcgid, seen)

    async def start(
        self,
        dcids: Dcids,
        *,
        expect_result: bool = True,
        **values: Unpack[RequestValues],
    ) -> None:
        """Send start messages, and wait until the broker has confirmed them.

        Args:
            dcids: as for `process`.
            expect_result: as for `process`.
            values: as for `process`.

        Raises:
            RequestRefused: a value is missing or not valid.
            JobFailed: a message could not be sent.
        """
        await self._send(Event.START, as_grids(dcids, values, expect_result))

    async def end(
        self,
        dcids: Dcids,
        *,
        expect_result: bool = True,
        **values: Unpack[RequestValues],
    ) -> None:
        """Send end messages, and wait until the broker has confirmed them.

        Args:
            dcids: as for `process`.
            expect_result: as for `process`, if these were not started. A job that was
                started is what it was started as.
            values: as for `process`.

        Raises:
            RequestRefused: a value is not valid.
            JobFailed: a message could not be sent.
            JobTimedOut, JobCancelled: the job that was started ended before the end
                messages were confirmed. The broker may still have them.
        """
        await self._send(Event.END, as_grids(dcids, values, expect_result))

    async def cancel(self, dcids: Dcids | None = None) -> None:
        """Abandon the jobs of data collections, whoever began them.

        Args:
            dcids: the data collections; without any, the current job of the IOC is
                abandoned, even another client's.

        Raises:
            RequestRefused: none of them is being processed.
        """
        if dcids is None:
            link, _ = self._connected
            await link.get("STATE")  # is it there?
            await link.put("CANCEL", 1, link.breaks)
            return
        grids = with_id(as_grids(dcids))
        text = _text(Command.CANCEL, grids)
        job = await self._begin(grids)
        await job.cancel(text)

    def results(self) -> AsyncIterator[Result]:
        """Iterate over the results that come from now on, whoever asked for them.

        A client that is more than 100 results behind misses the oldest.
        """
        return self._connected[1].following()

    async def grids(self) -> list[GridMap]:
        """Return the spots counted so far in each box of the scan under way.

        Returns:
            The first grid and, of a 3-D scan, the second; none before the first frame.

        Raises:
            RequestRefused: the IOC takes no frames.
        """
        return await read_grids(self._connected[0])

    async def past(self, dcid: int) -> list[PastResult]:
        """Return the results that ISPyB has of the group of a data collection.

        Returns:
            The latest first; none if it was never centred.

        Raises:
            RequestRefused: the IOC uses no ISPyB, or that does not know the data
                collection or can't be read.
        """
        return await read_past(self._connected[0], dcid)

    def last_result(self) -> Result | None:
        """Return the latest result, also one from before; None if there was none."""
        return self._connected[1].last

    async def process_request_records(self) -> Result | None:
        """Process the data collections of the request records, with ``P:PROCESS``.

        For one client at a time: others may write the same records.

        Returns:
            As `process`, by what ``P:EXPECT_RESULT`` says.

        Raises:
            ZocaloError: as from `process`.
        """
        link, results = self._connected
        seen = results.count
        first, second = [int(await link.get(name)) for name in ("DCID", "XZ:DCID")]
        expects_result = bool(await link.get("EXPECT_RESULT"))
        job = await self._begin(as_grids([first, second] if second else first))
        dcgid = await job.process()
        return await results.of(job.claim, dcgid, seen) if expects_result else None

    async def _send(self, event: Event, grids: Sequence[Grid]) -> None:
        grids = with_id(grids)
        text = _text(event, grids)
        job = await self._begin(grids, continues=event == Event.END)
        await job.send(text)

    async def _begin(self, grids: Sequence[Grid], *, continues: bool = False) -> Job:
        link, _ = self._connected
        dcids = tuple(int(grid["dcid"]) for grid in grids)
        id_ = str(grids[0].get("id", ""))
        since = int(await link.get("HISTORY:SEQ"))
        return Job(link, Claim(dcids, since, id_, continues))

    @property
    def _connected(self) -> tuple[Link, Results]:
        if self._opened is None:
            raise RuntimeError("Use the client with `async with Client(…) as zocalo:`")
        return self._opened


def _text(command: Event | Command, grids: Sequence[Grid]) -> str:
    try:
        return submission(command, grids)
    except RequestInvalid as problem:
        raise RequestRefused(str(problem)) from problem
