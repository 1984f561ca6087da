"""The way in: a put becomes messages, and ends when they are confirmed."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from ..broker import Broker, Message
from ..errors import Problem, RequestInvalid
from ..errors.broker import SendingBroke
from ..errors.requests import CommandNotAllowed
from ..jobs import ENDED_BY_RESULT, Job, Jobs
from ..records.database import Records
from ..wire import (
    TRIGGER_QUEUE,
    Command,
    Event,
    Request,
    encode,
    read_submission,
    trigger_headers,
)
from ._status import Status

logger = logging.getLogger(__name__)


class WayIn:
    """Sends the messages of commands.

    Args:
        records: shows what was sent.
        jobs: told of each message.
        status: told when a job may have changed.
        broker: takes the messages.
        send_timeout: how long a message waits for the broker, in seconds.
    """

    def __init__(
        self,
        records: Records,
        jobs: Jobs,
        status: Status,
        broker: Broker,
        send_timeout: float,
    ) -> None:
        self._records = records
        self._jobs = jobs
        self._status = status
        self._broker = broker
        self._send_timeout = send_timeout
        self._headers = trigger_headers()
        self._sent = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def wait(self) -> None:
        """Wait until the current job has ended."""
        await self._status.until_ended(self._jobs.latest)

    async def cancel(self) -> None:
        """Abandon the current job."""
        self._jobs.cancel(time.monotonic())
        self._status.show_jobs()

    async def submit(self, text: str) -> None:
        """Do what a JSON object, or a list of them, asks for."""
        await self._submit("SUBMIT", text, set(Command))

    async def submit_message(self, text: str) -> None:
        """Do what a JSON object, or a list of them, asks for, but await no result."""
        await self._submit("SEND", text, {Command.START, Command.END})

    async def _submit(self, record: str, text: str, allowed: set[Command]) -> None:
        try:
            command, requests = read_submission(text, record)
            if command not in allowed:
                raise CommandNotAllowed(record, command)
        except RequestInvalid as problem:
            self._refuse([], str(problem))
            return
        if command is Command.PROCESS:
            await self.process(requests)
        else:
            await self.send(Event(command), requests)

    async def process(self, requests: Sequence[Request]) -> None:
        """Start every data collection, end every one, and wait for the result."""
        job = await self.send(Event.START, requests)
        if job is None or (job.ended and job.state not in ENDED_BY_RESULT):
            return
        job = await self.send(Event.END, requests)
        if job is not None:
            await self._status.until_ended(job)

    async def send(self, event: Event, requests: Sequence[Request]) -> Job | None:
        """Send a message for each request, and wait until all are confirmed.

        Returns:
            The job, which has what came of it; nothing if the request was refused.
        """
        try:
            messages = [request.message(event, str(uuid4())) for request in requests]
        except RequestInvalid as problem:
            self._refuse(requests, f"{event.name} failed. {problem}")
            return None
        job = self._jobs.begin(event, requests)
        tasks = [
            asyncio.create_task(self._send_one(job, event, request.dcid, message))
            for request, message in zip(requests, messages, strict=True)
        ]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # Show it while the broker has the message: it takes three turns of the loop
        # until pika has the message, is told that it may write, and has written it.
        for _ in range(3):
            await asyncio.sleep(0)
        self._status.show_jobs()
        # A job that has ended withdraws what was not sent; what was is still confirmed,
        # but nobody waits for it.
        sent = asyncio.gather(*tasks)
        ended = asyncio.ensure_future(self._status.until_ended(job))
        await asyncio.wait([sent, ended], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        return job

    async def _send_one(
        self, job: Job, event: Event, dcid: int, message: dict[str, Any]
    ) -> None:
        guid = str(message["parameters"]["guid"])
        fields = {"dcid": dcid, "guid": guid}
        job.guid = guid
        try:
            took = await self._broker.publish(
                Message(TRIGGER_QUEUE, encode(message), self._headers),
                self._send_timeout,
                wanted=lambda: not job.ended,
            )
        except Problem as problem:
            logger.error("DCID %d: %s failed, guid %s", dcid, event, guid, extra=fields)
            reason = f"DCID {dcid}: the {event} message failed. {problem}"
            self._jobs.failed(job, reason, time.monotonic())
        except Exception:  # a job must not wait for what failed in an unforeseen way
            logger.exception("DCID %d: %s failed, guid %s", dcid, event, guid)
            reason = f"DCID {dcid}: the {event} message failed. {SendingBroke()}"
            self._jobs.failed(job, reason, time.monotonic())
        else:
            logger.info(
                "DCID %d: %s confirmed, guid %s", dcid, event, guid, extra=fields
            )
            self._sent += 1
            self._records.set("BROKER:SENT", self._sent)
            self._records.set("BROKER:CONFIRM_TIME", took * 1000)
            self._records.set("GUID", guid)
            self._jobs.confirmed(job, event, dcid, time.monotonic())
        self._status.show_jobs()

    def _refuse(self, requests: Sequence[Request], reason: str) -> None:
        self._jobs.refuse(requests, reason)
        logger.warning("%s", reason, extra=self._jobs.current.fields)
        self._status.show_jobs()
