"""The data collections of commands, looked up in ISPyB."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from ..errors import IspybUnavailable
from ..errors import ispyb as errors
from ..ispyb import DataCollection, Filled, Ispyb, fill_in
from ..wire import Event, Request

Found = Sequence[DataCollection] | IspybUnavailable | None
"""What there is, or why that is not known; None if nothing was looked up."""


class LookUp:
    """Looks up the data collections of commands, which take effect in order.

    Attributes:
        ispyb: where to look; nothing is looked up without.
        required: whether a data collection that ISPyB does not know is refused.
    """

    def __init__(self) -> None:
        self.ispyb: Ispyb | None = None
        self.required = True
        self._last: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def turn(
        self, event: Event | None = None, requests: Sequence[Request] = ()
    ) -> AsyncGenerator[Found]:
        """Look requests up, and wait for the commands before.

        The block begins at once if there is nothing to look up or to wait for, and at
        most ``LIMIT`` of `ispyb` later: the looks of several commands go on together.

        Args:
            event: what is commanded; None if that is no message.
            requests: what for.
        """
        before = self._last
        mine = self._last = asyncio.get_running_loop().create_future()
        try:
            found = await self._look(event, requests)
            if before and not before.done():
                await asyncio.wait([before])
            yield found
        finally:
            mine.set_result(None)

    async def _look(self, event: Event | None, requests: Sequence[Request]) -> Found:
        dcids = [request.dcid for request in requests if request.dcid]
        if self.ispyb is None or event is None or not dcids:
            return None
        needed = event is Event.START and not all(r.num_frames for r in requests)
        if self.ispyb.problem and not needed:
            return self.ispyb.problem  # so that triggers are late only once
        try:
            return await self.ispyb.read_groups(dcids)
        except IspybUnavailable as problem:
            return problem

    def fill_in(
        self, event: Event, requests: Sequence[Request], found: Found
    ) -> Filled:
        """Fill in requests with what was found.

        Raises:
            RequestInvalid: a request can't be sent, by what ISPyB knows.
        """
        if found is None:
            return Filled(requests)
        if isinstance(found, IspybUnavailable):
            for request in requests:
                if event is Event.START and not request.num_frames:
                    raise errors.FramesNotLookedUp(request.dcid, found)
            return Filled(requests, [found])
        return fill_in(event is Event.START, requests, found, self.required)
