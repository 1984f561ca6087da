"""The X-ray centring service: gathers the frames of a scan, and sends its centres."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from zocalo_ioc.broker import Message
from zocalo_ioc.errors import NotUnderstood, Problem

from .centring import Counts, RealServiceFails
from .messages import CentringParameters, Frame, Gridinfo, read_frame
from .names import CENTRING_QUEUE
from .payload import MAX_BOXES, centre
from .recipe import RecipeMessage
from .service import Send, Service

logger = logging.getLogger(__name__)

WOULD_DIE = (
    ". The real service would crash, and so would each one that gets these frames next"
)
REMEMBERED = 10_000
"""So many finished runs are remembered, for frames of them that come once more."""


class _Key(NamedTuple):
    """A run of the recipe for one data collection."""

    guid: str
    dcid: int
    gpu: bool


@dataclass(eq=False)
class _Run:
    """What is in of one data collection.

    Attributes:
        gridinfo: its grid.
        counts: spots on each frame, -1 where it is not in yet.
        missing: how many messages are still to come.
        answers: of the messages, to be acknowledged with the result.
        active_at: when the last message came, on the monotonic clock.
        message: the last message.
        in_result: whether its result is on its way.
        has_repeats: whether a frame has come twice.
    """

    gridinfo: Gridinfo
    counts: Counts
    missing: int
    active_at: float
    message: RecipeMessage
    answers: list[asyncio.Future[bool]] = field(
        default_factory=list[asyncio.Future[bool]]
    )
    in_result: bool = False
    has_repeats: bool = False

    def answer(self, accepted: bool) -> None:
        for answer in self.answers:
            if not answer.done():
                answer.set_result(accepted)


KeepResult = Callable[[CentringParameters, dict[str, Any]], None]
"""Keeps the payload of a result in a database, or raises Problem. It may block."""
SendResult = Callable[[int, bool, Sequence[Message], Send], Awaitable[None]]
"""Sends the result of a data collection, given whether it is of the GPU pipeline."""


async def send_plainly(
    dcid: int, gpu: bool, messages: Sequence[Message], send: Send
) -> None:
    """Send a result as it is."""
    await send(messages)


class XrayCentring(Service):
    """Centres each scan when all frames of all its grids are in.

    They may come in any order, also more than once, and of several scans at a time.
    The messages of a scan are acknowledged when the broker has confirmed its result; if
    it does not come to that, some time after the last of them has come.

    Args:
        give_up_after: that time, in seconds.
        send_result: sends a result.
        faithful: whether to fail where the real service does, in place of only saying
            that it would: it counts messages, not frames, so one that comes twice, or
            that the grid does not have, stands for one that is missing.
        keep_result: keeps each result before it is sent, if it is to be kept.
    """

    name = "X-ray centring"
    queue = CENTRING_QUEUE
    prefetch = 65535  # the most there can be: all frames of a scan must get here

    def __init__(
        self,
        give_up_after: float = 900.0,
        send_result: SendResult = send_plainly,
        faithful: bool = False,
        keep_result: KeepResult | None = None,
    ) -> None:
        super().__init__()
        self._keep_result = keep_result
        self._faithful = faithful
        self._give_up_after = give_up_after
        self._send_result = send_result
        self._runs: dict[_Key, _Run] = {}
        self._finished: dict[_Key, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, message: RecipeMessage) -> bool | asyncio.Future[bool]:
        """Take a frame."""
        parameters, gridinfo, frame = read_frame(message)
        key = _Key(message.guid, parameters.dcid, parameters.gpu)
        if key in self._finished:  # its frame was in the result, so this is a repeat
            logger.debug("DCID %d: duplicate frame %d", parameters.dcid, frame.number)
            return True
        if frame.number > gridinfo.boxes and not self._faithful:
            raise NotUnderstood(
                f"DCID {key.dcid} has no frame {frame.number}: its grid has "
                f"{gridinfo.boxes}. The real service would send no result"
            )
        run = self._runs.get(key) or self._begin(key, gridinfo, message)
        if run.gridinfo != gridinfo:
            raise NotUnderstood(f"DCID {parameters.dcid}: its grid has changed")
        if frame.number > gridinfo.boxes:
            run.missing -= 1
            return True
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        run.answers.append(answer)
        self._note(run, key, frame, parameters, message)
        return answer

    def _begin(self, key: _Key, gridinfo: Gridinfo, message: RecipeMessage) -> _Run:
        if gridinfo.boxes > MAX_BOXES:
            raise NotUnderstood(f"DCID {key.dcid}: its grid is too large")
        counts = np.full(gridinfo.boxes, -1)
        run = _Run(gridinfo, counts, counts.size, time.monotonic(), message)
        self._runs[key] = run
        return run

    def _note(
        self,
        run: _Run,
        key: _Key,
        frame: Frame,
        parameters: CentringParameters,
        message: RecipeMessage,
    ) -> None:
        """Note a frame, and begin centring if it was the last."""
        run.active_at, run.message = time.monotonic(), message
        if run.counts[frame.number - 1] >= 0 and not self._faithful:
            self._warn_of_repeat(run, key, frame)
            return
        run.counts[frame.number - 1] = frame.spots
        run.missing -= 1
        if run.missing:
            return
        if parameters.dcg_dcids:
            scan = [self._complete(dcid, key) for dcid in parameters.dcids]
        elif parameters.experiment_type != "Mesh3D":
            scan = [key]
        else:
            return  # alone it can't be centred, and it names no other grid
        keys = [of_grid for of_grid in scan if of_grid]
        if len(keys) == len(scan):
            for of_grid in keys:
                self._runs[of_grid].in_result = True
            task = asyncio.create_task(self._finish(keys, parameters, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _warn_of_repeat(self, run: _Run, key: _Key, frame: Frame) -> None:
        if run.missing and not run.has_repeats:
            logger.warning(
                "X-ray centring: DCID %d: frame %d arrived twice while %d are missing. "
                "The real service would send a wrong result, or none",
                *(key.dcid, frame.number, run.missing),
            )
        run.has_repeats = True

    def _complete(self, dcid: int, last: _Key) -> _Key | None:
        """Find the frames of one grid of the scan that the last frame belongs to."""
        if dcid == last.dcid:
            return last
        for key, run in self._runs.items():
            wanted = (key.dcid, key.gpu) == (dcid, last.gpu) and not run.in_result
            if wanted and not run.missing:
                return key
        return None

    async def _finish(
        self,
        keys: Sequence[_Key],
        parameters: CentringParameters,
        message: RecipeMessage,
    ) -> None:
        """Send the result of a scan, and answer its messages."""
        runs = [self._runs[key] for key in keys]
        dcids = ", ".join(str(key.dcid) for key in keys)
        frames = sum(run.gridinfo.boxes for run in runs)
        try:
            grids = [(run.gridinfo, run.counts.clip(0)) for run in runs]
            payload = await asyncio.to_thread(self._centre, grids, parameters)
            found = [c for c in payload["results"] if c.get("status") != "fail"]
            count = f"{len(found)} centre{'' if len(found) == 1 else 's'}"
            source = "GPU" if parameters.gpu else "CPU"
            logger.info(
                "X-ray centring: DCID %s: %s in %d frames (%s)",
                *(dcids, count, frames, source),
            )
            await self._keep(parameters, payload)
            messages = message.send_to("success", payload)
            await self._send_result(
                parameters.dcid, parameters.gpu, messages, self.send
            )
            accepted = True
        except Exception as problem:  # whatever it is, the frames must be answered
            died = isinstance(problem, RealServiceFails)
            logger.error(
                "X-ray centring: DCID %s: %d frames rejected: %s%s",
                *(dcids, frames, problem, WOULD_DIE if died else ""),
                exc_info=not isinstance(problem, Problem | ValueError),
            )
            accepted = False
        for key, run in zip(keys, runs, strict=True):
            del self._runs[key]
            if key.guid and accepted:
                self._finished[key] = None
            run.answer(accepted)
        while len(self._finished) > REMEMBERED:
            del self._finished[next(iter(self._finished))]

    async def _keep(
        self, parameters: CentringParameters, payload: dict[str, Any]
    ) -> None:
        if self._keep_result is None:
            return
        try:
            await asyncio.to_thread(self._keep_result, parameters, payload)
        except Problem as problem:
            what = "X-ray centring: DCID %d: its result is not in ISPyB: %s"
            logger.error(what, parameters.dcid, problem)

    def _centre(
        self,
        grids: Sequence[tuple[Gridinfo, Counts]],
        parameters: CentringParameters,
    ) -> dict[str, Any]:
        """Return the payload of a result, also where the real service fails."""
        try:
            return centre(grids, parameters, faithful=True)
        except RealServiceFails as failure:
            if self._faithful:
                raise
            payload = centre(grids, parameters)
            logger.warning(
                "X-ray centring: DCID %d: %s%s", parameters.dcid, failure, WOULD_DIE
            )
            return payload

    async def settle(self, limit: float) -> None:
        """Wait for results that are on their way, at most so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limit)

    async def run(self) -> None:
        """Give up, from time to time, what has not become complete."""
        while True:
            await asyncio.sleep(min(self._give_up_after / 4, 60))
            await self.give_up(time.monotonic())

    async def give_up(self, now: float) -> None:
        """Acknowledge the frames of scans that have waited too long for others."""
        for key, run in list(self._runs.items()):
            waited = now - run.active_at
            if run.in_result or waited < self._give_up_after:
                continue
            came = run.gridinfo.boxes - run.missing
            of = f"{came} of {run.gridinfo.boxes} frames"
            logger.warning(
                "X-ray centring: gave up on DCID %d: %s arrived, the last %.0f s ago. "
                "%d messages are acknowledged without a result",
                *(key.dcid, of, waited, len(run.answers)),
            )
            del self._runs[key]
            await self.send_and_accept(run.message.send_to("abort", {}), "giving up")
            run.answer(True)
