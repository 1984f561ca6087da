"""Triggers: a put becomes messages, and ends when they are confirmed."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from ..broker import Broker, Message
from ..errors import IspybUnavailable, Problem, RequestInvalid, one_line
from ..errors.outgoing import SendingBroke
from ..errors.requests import (
    CommandNotAllowed,
    DcidMissing,
    NothingToCancel,
    StillProcessed,
)
from ..ispyb import Filled
from ..jobs import Job, Jobs, named
from ..records import Pvs, count
from ..wire import (
    TRIGGER_QUEUE,
    Command,
    Event,
    Request,
    as_scan,
    encode,
    identify,
    read_submission,
    trigger_headers,
)
from ._look_up import Found, LookUp
from ._waiters import Waiters

logger = logging.getLogger(__name__)


class _Trigger(NamedTuple):
    """A message to send, and what it is about."""

    dcid: int
    guid: str
    content: dict[str, Any]


class Triggers:
    """Does what commands ask for.

    Args:
        pvs: shows what was sent.
        jobs: told of each message.
        waiters: wait for jobs to end.
        broker: takes the messages.
        send_timeout: how long a message waits for the broker, in seconds.
    """

    def __init__(
        self,
        pvs: Pvs,
        jobs: Jobs,
        waiters: Waiters,
        broker: Broker,
        send_timeout: float,
    ) -> None:
        self._pvs = pvs
        self._jobs = jobs
        self._waiters = waiters
        self._broker = broker
        self._send_timeout = send_timeout
        self._headers = trigger_headers()
        self._tasks: set[asyncio.Task[None]] = set()
        self.look_up = LookUp()

    async def wait(self) -> None:
        """Wait for the latest job to end."""
        async with self.look_up.turn():
            latest = self._jobs.latest
        await self._waiters.until_ended(latest)

    async def cancel(self) -> None:
        """Abandon the latest job."""
        async with self.look_up.turn():
            self._jobs.cancel(time.monotonic())

    async def submit(self, text: str) -> None:
        """Do what a JSON object, or a list of them, asks for."""
        await self._submit("SUBMIT", text, set(Command))

    async def submit_message(self, text: str) -> None:
        """Do what a JSON object, or a list of them, asks for, but await no result."""
        await self._submit("SEND", text, set(Command) - {Command.PROCESS})

    async def _submit(self, record: str, text: str, allowed: set[Command]) -> None:
        try:
            command, requests = read_submission(text, record)
            if command not in allowed:
                raise CommandNotAllowed(record, command)
        except RequestInvalid as problem:
            self._jobs.refuse([identify(text)], str(problem))
            return
        match command:
            case Command.PROCESS:
                await self.process(requests)
            case Command.CANCEL:
                async with self.look_up.turn():
                    self._cancel(requests)
            case _:
                await self.send(Event(command), requests)

    def _cancel(self, requests: Sequence[Request]) -> None:
        """Abandon the jobs of data collections, and no other."""
        dcids = [request.dcid for request in requests]
        if 0 in dcids:
            self._jobs.refuse(requests, str(DcidMissing()))
        elif not self._jobs.cancel(time.monotonic(), dcids):
            # the job may have ended just before: as with CANCEL, that is no failure
            problem = NothingToCancel(", ".join(map(str, dcids)))
            self._jobs.refuse(requests, str(problem), failed=False)

    async def process(self, requests: Sequence[Request]) -> None:
        """Start every data collection, end every one, and wait for the result.

        Args:
            requests: the grids of one scan; what follows from the grid before may be
                left out.
        """
        job = await self.send(Event.START, requests, whole=True)
        if job is None or job.abandoned:
            return
        job = await self.send(Event.END, requests, after=job)
        if job is not None:
            await self._waiters.until_ended(job)

    async def send(
        self,
        event: Event,
        requests: Sequence[Request],
        *,
        whole: bool = False,
        after: Job | None = None,
    ) -> Job | None:
        """Send a message for each request, and wait until all are confirmed.

        Args:
            event: which messages.
            requests: as for `process`.
            whole: whether no others of the scan follow.
            after: a job; nothing is sent if it was abandoned.

        Returns:
            The job, whose state says how it went; None if nothing was sent.
        """
        by = self._pvs.commands.by  # others may command something meanwhile
        try:
            async with self.look_up.turn(event, requests) as found:
                if after and after.abandoned:  # before it was its turn
                    return None
                job, messages = self._begin(event, requests, found, whole=whole)
        except RequestInvalid as problem:
            self._jobs.refuse(requests, f"{event.name} failed. {problem}")
            return None
        job.by = job.by or by
        tasks = [asyncio.create_task(self._send_one(job, event, m)) for m in messages]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # A job that has ended withdraws what was not sent; what was is still confirmed,
        # but nobody waits for it.
        await self._waiters.until_ended(job, or_done=tasks)
        return job

    def _begin(
        self,
        event: Event,
        requests: Sequence[Request],
        found: Found,
        *,
        whole: bool,
    ) -> tuple[Job, list[_Trigger]]:
        dcids = [request.dcid for request in requests]
        scan = self._jobs.whole_scan(dcids) if event is Event.END else ()
        if scan:
            grids = [requests[0].model_copy(update={"dcid": dcid}) for dcid in scan]
            filled = Filled(grids, whole=True)
        elif event is Event.END and self._jobs.of(dcids):
            filled = Filled(requests)  # ISPyB was asked when it began
        else:
            filled = self.look_up.fill_in(event, requests, found, whole=whole)
        requests = as_scan(filled.requests)
        contents = [request.message(event, str(uuid4())) for request in requests]
        messages = [  # PARAMETERS may give another guid
            _Trigger(
                request.dcid, one_line(str(content["parameters"]["guid"])), content
            )
            for request, content in zip(requests, contents, strict=True)
        ]
        for request in requests if event is Event.START else ():
            if job := self._jobs.processing(request.dcid):
                raise StillProcessed(request.dcid, job.number)
        job = self._jobs.begin(event, requests, messages[-1].guid)
        job.whole |= filled.whole
        if notes := " ".join(map(str, filled.notes)):
            job.notes, job.notes_pass = notes, isinstance(found, IspybUnavailable)
            if not job.notes_pass:  # else it has been logged
                logger.warning("%s: %s", named(job.dcids), notes, extra=job.fields)
        return job, messages

    async def _send_one(self, job: Job, event: Event, trigger: _Trigger) -> None:
        dcid, guid = trigger.dcid, trigger.guid
        what = dcid, event, guid, job.number
        fields = {"dcid": dcid, "guid": guid, "job": job.number}
        try:
            took = await self._broker.publish(
                Message(TRIGGER_QUEUE, encode(trigger.content), self._headers),
                self._send_timeout,
                wanted=lambda: not job.ended,
            )
        except Exception as error:  # also an unforeseen one: the job must not wait
            problem = error if isinstance(error, Problem) else None
            failed = "DCID %d: %s failed, guid %s, job %d"
            logger.error(failed, *what, exc_info=not problem, extra=fields)
            reason = failed_message(event, dcid, problem or SendingBroke())
            self._jobs.failed(job, reason, time.monotonic())
        else:
            logger.info("DCID %d: %s confirmed, guid %s, job %d", *what, extra=fields)
            count(self._pvs.broker.sent)
            self._pvs.broker.confirm_time.set(took * 1000)
            self._pvs.job.guid.set(guid)
            self._jobs.confirmed(job, event, dcid, time.monotonic())


def failed_message(event: Event, dcid: int, problem: Problem) -> str:
    """Say that a message was not sent, and why."""
    return f"DCID {dcid}: the {event} message failed. {problem}"
