"""The IOC: the only place where broker, jobs and records meet."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from . import __version__
from .broker import Broker, Connection, Consumer, Delivery, Message
from .centres import MISSING, SortKey, best, rank
from .errors import NotUnderstood, Problem, RequestInvalid, ValueRefused
from .jobs import ENDED_BY_RESULT, Job, Jobs
from .records import DECLARATIONS, MAX_HISTORY, Group
from .records.database import Records
from .wire import (
    TRIGGER_QUEUE,
    Command,
    Event,
    Request,
    Result,
    Source,
    encode,
    read_result,
    read_submission,
    trigger_headers,
)

logger = logging.getLogger(__name__)

TICK = 0.2
"""How often time-outs are looked for, in seconds."""
LOGGED_BEGINNING = 500
"""How much of a rejected message goes to the log, in bytes."""

_COLUMNS = {r.name: r.column for r in DECLARATIONS if r.group is Group.CENTRES}
_BEST = {r.name: r.column for r in DECLARATIONS if r.group is Group.BEST}
_HISTORY = [r for r in DECLARATIONS if r.group is Group.HISTORY and r.column]
_REQUEST = {r.name: r.name.lower() for r in DECLARATIONS if r.group is Group.REQUEST}
_SORT_KEYS = tuple(SortKey)
_SOURCES = (None, *Source)


class Ioc:
    """An IOC that serves the records of one prefix.

    Args:
        prefix: what the names of all PVs start with.
        results_queue: where results come from.
        connect: makes the broker from what is consumed and who is told of changes.
        send_timeout: how long a command waits for the broker, in seconds.
    """

    def __init__(
        self,
        prefix: str,
        results_queue: str,
        connect: Callable[[Consumer, Callable[[Connection], None]], Broker],
        send_timeout: float = 10.0,
    ) -> None:
        self._send_timeout = send_timeout
        self._jobs = Jobs()
        self._endings: dict[Job, asyncio.Event] = {}
        self._history: deque[dict[str, Any]] = deque(maxlen=MAX_HISTORY)
        self._connection = Connection(up=False, trouble="Connecting to the broker.")
        self._headers = trigger_headers()
        self._sent = self._received = self._ignored = self._rejected = 0
        self._results = self._entries = 0
        self._puts: dict[str, Any] = {
            r.name: r.initial
            for r in DECLARATIONS
            if r.group in (Group.REQUEST, Group.OPTION)
        }
        # nothing may be awaited before the request is read: it is as it was when put
        self._records = Records(
            prefix,
            commands={
                "START": lambda _: self._send(Event.START, [self._request()]),
                "END": lambda _: self._send(Event.END, [self._request()]),
                "WAIT": lambda _: self._until_ended(self._jobs.current),
                "PROCESS": lambda _: self._process([self._request()]),
                "CANCEL": self._cancel,
                "SUBMIT": self._submit,
            },
            on_put=self._puts.__setitem__,
            on_refused=self._refused,
        )
        consumer = Consumer(results_queue, self._take)
        self._broker = connect(consumer, self._connection_changed)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve the PVs until stopped, then close the connection properly."""
        self._records.serve()
        self._records.set("VERSION", __version__)
        self._show_connection()
        self._show_jobs()
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(self._broker.run()),
                tasks.create_task(self._tick()),
            ]
            await stop.wait()
            logger.info("Stopping")
            await self._broker.close()
            for part in parts:
                part.cancel()

    # -- the way in: a put becomes messages ---------------------------------

    def _request(self) -> Request:
        return Request(**{field: self._puts[name] for name, field in _REQUEST.items()})

    async def _submit(self, text: str) -> None:
        try:
            command, requests = read_submission(text)
        except RequestInvalid as problem:
            logger.warning("%s", problem)
            self._jobs.refuse([], str(problem))
            self._show_jobs()
            return
        match command:
            case Command.PROCESS:
                await self._process(requests)
            case Command.START | Command.END:
                await self._send(Event(command), requests)

    async def _process(self, requests: Sequence[Request]) -> None:
        job = await self._send(Event.START, requests)
        if job is None or (job.ended and job.state not in ENDED_BY_RESULT):
            return
        job = await self._send(Event.END, requests)
        if job is not None:
            await self._until_ended(job)

    async def _send(self, event: Event, requests: Sequence[Request]) -> Job | None:
        """Send a message for each request, and wait until all are confirmed.

        Returns:
            The job, which has what came of it; nothing if the request was refused.
        """
        guids = [str(uuid4()) for _ in requests]
        try:
            bodies = [
                encode(request.message(event, guid))
                for request, guid in zip(requests, guids, strict=True)
            ]
        except RequestInvalid as problem:
            logger.warning("%s refused: %s", event.name, problem)
            self._jobs.refuse(requests, f"{event.name} failed. {problem}")
            self._show_jobs()
            return None
        job = self._jobs.begin(event, requests)
        self._show_jobs()
        sending = asyncio.gather(
            *(
                self._send_one(job, event, request.dcid, guid, body)
                for request, guid, body in zip(requests, guids, bodies, strict=True)
            )
        )
        ended = asyncio.ensure_future(self._until_ended(job))
        await asyncio.wait([sending, ended], return_when=asyncio.FIRST_COMPLETED)
        # a job cancelled meanwhile withdraws what has not been sent
        ended.cancel()
        if sending.done():
            sending.result()  # raises what should not have happened
        else:
            sending.cancel()
        return job

    async def _send_one(
        self, job: Job, event: Event, dcid: int, guid: str, body: bytes
    ) -> None:
        message = Message(TRIGGER_QUEUE, body, self._headers)
        try:
            took = await self._broker.publish(message, self._send_timeout)
        except Problem as problem:
            logger.error("DCID %d: %s not sent: %s", dcid, event, problem)
            reason = f"DCID {dcid}: the {event} message was not sent. {problem}"
            self._jobs.failed(job, reason, time.monotonic())
        else:
            logger.info("DCID %d: %s confirmed, guid %s", dcid, event, guid)
            self._sent += 1
            self._records.set("BROKER:SENT", self._sent)
            self._records.set("BROKER:CONFIRM_TIME", took * 1000)
            self._records.set("GUID", guid)
            self._jobs.confirmed(job, event, dcid, time.monotonic())
        self._show_jobs()

    async def _cancel(self, _: object) -> None:
        self._jobs.cancel(time.monotonic())
        self._show_jobs()

    async def _until_ended(self, job: Job) -> None:
        if job in self._jobs.running:
            await self._endings.setdefault(job, asyncio.Event()).wait()

    # -- the way out: a message becomes PVs ---------------------------------

    def _take(self, delivery: Delivery) -> bool:
        """Publish a result, and say whether it was understood."""
        arrived, now = time.time(), time.monotonic()
        self._received += 1
        self._records.set("BROKER:RECEIVED", self._received)
        try:
            result = read_result(delivery.headers, delivery.body)
        except NotUnderstood as problem:
            self._reject(problem, delivery)
            return False
        wanted = _SOURCES[self._puts["SOURCE"]]
        if wanted not in (None, result.source):
            logger.info("DCID %d: ignored a result of %s", result.dcid, result.source)
            self._ignored += 1
            self._records.set("BROKER:IGNORED", self._ignored)
            return True
        sent = self._jobs.last_sent(result.dcid)
        latency = math.nan if sent is None else now - sent
        self._publish(result, arrived, latency)
        if not self._jobs.result(result, now):
            known = "Other" if sent is None else "Late"
            self._note(_entry(result.dcid, known, arrived, result, latency))
        self._show_jobs()
        return True

    def _publish(self, result: Result, arrived: float, latency: float) -> None:
        columns = rank(result.centres, _SORT_KEYS[self._puts["SORT_KEY"]])
        top = best(columns)
        self._results += 1
        values: dict[str, Any] = {
            "RESULT:DCID": result.dcid,
            "RESULT:DCGID": MISSING if result.dcgid is None else result.dcgid,
            "RESULT:SOURCE": tuple(Source).index(result.source),
            "RESULT:DIMENSIONS": result.dimensions,
            "RESULT:COUNT": len(result.centres),
            "RESULT:TIME": _iso(arrived),
            "RESULT:LATENCY": latency,
            "RESULT:JSON": result.payload,
            "RESULT:SEQ": self._results,
        }
        values |= {name: columns[column] for name, column in _COLUMNS.items()}
        values |= {name: top[column] for name, column in _BEST.items()}
        self._records.update(Group.RESULT, values, arrived)
        logger.info(
            "DCID %d: %d centres from %s",
            result.dcid,
            len(result.centres),
            result.source,
        )

    def _reject(self, problem: NotUnderstood, delivery: Delivery) -> None:
        self._rejected += 1
        self._records.set("BROKER:REJECTED", self._rejected)
        logger.warning(
            "A message was no result and is rejected: %s It begins with %r",
            problem,
            delivery.body[:LOGGED_BEGINNING],
        )

    # -- status -------------------------------------------------------------

    async def _tick(self) -> None:
        """Count the seconds, and end the jobs that have waited too long."""
        beats, began = 0, time.monotonic()
        while True:
            now = time.monotonic()
            if now - began >= beats:
                beats += 1
                self._records.set("HEARTBEAT", beats)
            if self._jobs.expire(now, self._puts["TIMEOUT"]):
                self._show_jobs()
            elif self._jobs.current in self._jobs.running:
                self._show_elapsed(now)
            await asyncio.sleep(TICK)

    def _show_elapsed(self, now: float) -> None:
        self._records.set("JOB:ELAPSED", self._jobs.current.elapsed(now))

    def _show_jobs(self) -> None:
        """Show the current job, note those that have ended, and tell who waits."""
        job = self._jobs.current
        self._records.set("JOB:DCID", job.dcid)
        self._show_elapsed(time.monotonic())
        self._records.set("MESSAGE", self._message())
        self._records.set("STATE", job.state)
        for job in self._jobs.take_ended():
            logger.info("%s", job.describe())
            self._note_job(job)
            if job in self._endings:
                self._endings.pop(job).set()

    def _message(self) -> str:
        """Say where the job is and, when there is no connection, that as well."""
        trouble = self._connection.trouble
        job = self._jobs.current.describe()
        return f"{job} But no results can come: {trouble}" if trouble else job

    def _note_job(self, job: Job) -> None:
        latency = math.nan
        if job.result and job.last_sent is not None and job.ended_at is not None:
            latency = job.ended_at - job.last_sent
        self._note(
            _entry(job.dcid, job.state.label, time.time(), job.result, latency)
            | {"dcgid": job.dcgid or MISSING}
        )

    def _note(self, entry: dict[str, Any]) -> None:
        """Put an entry on top of the history."""
        self._history.appendleft(entry)
        self._entries += 1
        values: dict[str, Any] = {
            r.name: [entry[r.column] for entry in self._history] for r in _HISTORY
        }
        values["HISTORY:SEQ"] = self._entries
        self._records.update(Group.HISTORY, values, time.time())

    def _connection_changed(self, connection: Connection) -> None:
        if connection.up:
            logger.info("Connected to %s", connection.address)
        else:
            logger.error("%s", connection.trouble)
        self._connection = connection
        self._show_connection()
        self._records.set("MESSAGE", self._message())

    def _show_connection(self) -> None:
        self._records.set("BROKER:CONNECTED", self._connection.up)
        self._records.set("BROKER:HOST", self._connection.address)
        self._records.set("BROKER:RECONNECTS", self._connection.reconnects)

    def _refused(self, name: str, why: str) -> None:
        """Say why a value was refused; called in a thread of EPICS."""
        problem = ValueRefused(f"{name} refused {why}", "The old value stays")
        logger.warning("%s", problem)
        self._records.set("MESSAGE", str(problem))


def _iso(seconds: float) -> str:
    local = datetime.fromtimestamp(seconds).astimezone()
    return local.isoformat(timespec="milliseconds")


def _entry(
    dcid: int, state: str, seconds: float, result: Result | None, latency: float
) -> dict[str, Any]:
    """Return a row of the history."""
    return {
        "dcid": dcid,
        "dcgid": MISSING if result is None or result.dcgid is None else result.dcgid,
        "state": state,
        "source": result.source if result else "",
        "centres": len(result.centres) if result else MISSING,
        "latency": latency,
        "time": _iso(seconds),
    }
