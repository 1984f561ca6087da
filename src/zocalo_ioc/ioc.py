"""The IOC: the only place where broker, jobs and records meet."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from . import __version__
from .broker import Broker, Connection, Consumer, Delivery, Message
from .centres import SortKey, best, rank
from .errors import NotUnderstood, Problem, RequestInvalid, ValueRefused
from .jobs import Job, Jobs
from .records import DECLARATIONS, Group
from .records.database import Records
from .wire import (
    TRIGGER_QUEUE,
    Event,
    Request,
    Result,
    Source,
    encode,
    read_result,
    trigger_headers,
)

logger = logging.getLogger(__name__)

MAX_CENTRES = 1024
LOGGED_BEGINNING = 500
"""How much of a rejected message goes to the log, in bytes."""

_COLUMNS = {r.name: r.column for r in DECLARATIONS if r.group is Group.CENTRES}
_BEST = {r.name: r.column for r in DECLARATIONS if r.group is Group.BEST}
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
        self._connection = Connection(up=False, trouble="Not connected to Zocalo yet.")
        self._headers = trigger_headers()
        self._sent = self._received = self._ignored = self._rejected = self._seq = 0
        self._puts: dict[str, Any] = {
            r.name: r.initial
            for r in DECLARATIONS
            if r.group in (Group.REQUEST, Group.OPTION)
        }
        self._records = Records(
            prefix,
            commands={
                "START": lambda: self._command(Event.START),
                "END": lambda: self._command(Event.END),
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
        self._show_job()
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

    # -- the way in: a put becomes a message --------------------------------

    async def _command(self, event: Event) -> None:
        # nothing may be awaited before this: it is the request as it was when put
        await self._send(event, self._request())

    def _request(self) -> Request:
        return Request(
            dcid=self._puts["DCID"],
            dcgid=self._puts["DCGID"],
            filename=self._puts["FILENAME"],
            start_frame=self._puts["START_FRAME"],
            num_frames=self._puts["NUM_FRAMES"],
            message_index=self._puts["MESSAGE_INDEX"],
            recipes=self._puts["RECIPES"],
            parameters=self._puts["PARAMETERS"],
        )

    async def _send(self, event: Event, request: Request) -> None:
        """Send a message and wait for its confirm; the job has what came of it."""
        guid = str(uuid4())
        try:
            message = request.message(event, guid)
        except RequestInvalid as problem:
            logger.warning("%s refused: %s", event.name, problem)
            self._jobs.refuse(request, f"{event.name} failed: {problem}")
            self._show_job()
            return
        job = self._jobs.begin(event, request)
        self._show_job()
        try:
            took = await self._broker.publish(
                Message(TRIGGER_QUEUE, encode(message), self._headers),
                self._send_timeout,
            )
        except Problem as problem:
            logger.error("DCID %d: %s not sent: %s", job.dcid, event, problem)
            reason = f"DCID {job.dcid}: the {event} message was not sent. {problem}"
            self._jobs.failed(job, reason)
        else:
            logger.info("DCID %d: %s confirmed, guid %s", job.dcid, event, guid)
            self._sent += 1
            self._records.set("BROKER:SENT", self._sent)
            self._records.set("BROKER:CONFIRM_TIME", took * 1000)
            self._records.set("GUID", guid)
            self._jobs.confirmed(job, event, time.monotonic())
        self._show_job()

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
        self._publish(result, arrived, now)
        if self._jobs.result(result):
            self._show_job()
        return True

    def _publish(self, result: Result, arrived: float, now: float) -> None:
        sent = self._jobs.last_sent(result.dcid)
        count = len(result.centres)
        columns = rank(result.centres, _SORT_KEYS[self._puts["SORT_KEY"]])
        top = best(columns)
        local = datetime.fromtimestamp(arrived).astimezone()
        self._seq += 1
        values: dict[str, Any] = {
            "RESULT:DCID": result.dcid,
            "RESULT:DCGID": -1 if result.dcgid is None else result.dcgid,
            "RESULT:SOURCE": tuple(Source).index(result.source),
            "RESULT:DIMENSIONS": result.dimensions,
            "RESULT:COUNT": count,
            "RESULT:TIME": local.isoformat(timespec="milliseconds"),
            "RESULT:LATENCY": math.nan if sent is None else now - sent,
            "RESULT:JSON": result.payload,
            **{name: columns[c][:MAX_CENTRES] for name, c in _COLUMNS.items()},
            **{name: top[c] for name, c in _BEST.items()},
            "RESULT:SEQ": self._seq,  # last: then all others are of this update
        }
        for name, value in values.items():
            self._records.set(name, value, arrived)
        logger.info("DCID %d: %d centres from %s", result.dcid, count, result.source)

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
        beats = 0
        while True:
            beats += 1
            now = time.monotonic()
            self._records.set("HEARTBEAT", beats)
            if self._jobs.expire(now, self._puts["TIMEOUT"]):
                self._show_job()
            self._show_elapsed(self._jobs.current, now)
            await asyncio.sleep(1 - time.monotonic() % 1)

    def _show_elapsed(self, job: Job, now: float) -> None:
        if not job.ended:
            self._records.set("JOB:ELAPSED", job.elapsed(now))

    def _show_job(self) -> None:
        job = self._jobs.current
        self._records.set("JOB:DCID", job.dcid)
        self._records.set("MESSAGE", self._message())
        self._records.set("STATE", job.state)

    def _message(self) -> str:
        """Say where the job is and, when there is no connection, that as well."""
        trouble = self._connection.trouble
        job = self._jobs.current.describe()
        return f"{job} But no results can come: {trouble}" if trouble else job

    def _connection_changed(self, connection: Connection) -> None:
        if connection.up:
            logger.info("Connected to %s", connection.address)
        else:
            logger.error("%s", connection.trouble)
        self._connection = replace(connection, trouble=connection.trouble)
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
