"""The data collections of commands, looked up in ISPyB."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from ..errors import IspybUnavailable
from ..errors import ispyb as errors
from ..ispyb import DataCollection, Filled, Ispyb, fill_in, grids_left_out
from ..wire import Event, Request

logger = logging.getLogger(__name__)

Found = Sequence[DataCollection] | IspybUnavailable | None
"""What there is, or why that is not known; None if nothing was looked up."""


class LookUp:
    """Looks up the data collections of commands, which take effect in order.

    Attributes:
        ispyb: where to look; nothing is looked up without.
        required: whether a data collection that ISPyB does not know is refused.
        waiting: what is commanded, and for which data collections, by the turn that it
            waits for.
    """

    def __init__(self) -> None:
        self.ispyb: Ispyb | None = None
        self.required = True
        self.waiting: dict[asyncio.Future[None], tuple[Event, Sequence[int]]] = {}
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
        if event:
            self.waiting[mine] = event, [request.dcid for request in requests]
        try:
            found = await self._look(event, requests)
            if before and not before.done():
                await asyncio.wait([before])
            self.waiting.pop(mine, None)
            yield found
        finally:
            self.waiting.pop(mine, None)
            mine.set_result(None)

    def log_unfinished(self) -> None:
        """Log the commands that are still waiting, of which nothing will come."""
        for event, dcids in self.waiting.values():
            what = "Stopped before the %s of DCID %s was sent: ISPyB had not answered."
            logger.error(what, event.name, ", ".join(map(str, dcids)))

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
        self, event: Event, requests: Sequence[Request], found: Found, *, whole: bool
    ) -> Filled:
        """Fill in requests with what was found.

        Args:
            event: what is commanded.
            requests: what for.
            found: from `turn`.
            whole: whether no others of the scan follow.

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
        filled = fill_in(event is Event.START, requests, found, self.required)
        left_out = grids_left_out(filled.requests, found) if whole else ()
        return replace(filled, notes=[*filled.notes, *left_out])
