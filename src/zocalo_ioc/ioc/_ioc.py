"""Puts the parts of an IOC together, and keeps them going."""

import asyncio
import gc
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__
from ..autosave import Autosave, Saved
from ..broker import Broker, Connect, Connection, Queue, Subscription
from ..errors import IspybUnavailable, NotUnderstood, Problem
from ..errors.files import (
    NotSaved,
    PackageMissing,
    SavedResultUnusable,
    SavedValueUnusable,
)
from ..errors.outgoing import StoppedUnconfirmed
from ..ispyb import Ispyb
from ..jobs import Job, Jobs, Timeouts
from ..records import GridPvs, Setting, count
from ..records.database import Handlers, Records
from ..rejected import Rejected
from ..wire import Event, Request
from ._display import Display
from ._frames import Frames
from ._history import History
from ._job_events import JobEvents
from ._logs import ConnectionLog, log_put
from ._past import Past
from ._queues import Queues
from ._results import Results
from ._triggers import Triggers
from ._waiters import Waiters

logger = logging.getLogger(__name__)

FRAMES_AHEAD = 400
FRAMES_ACKNOWLEDGED = 100
"""Frames that the broker sends ahead, and that are acknowledged at once: with these
4,000 a second take a quarter of a core."""
RESULTS_FIRST = 5.0
"""How long after connecting the jobs of an earlier IOC wait, in seconds, if their time
has passed: the queue may have their results."""
TICK = 0.2
"""How often time-outs are looked for, in seconds."""


class Ioc:
    """An IOC that serves the records of one prefix.

    Args:
        prefix: what the names of all PVs start with.
        connect: makes the broker.
        results: the queue that results come from.
        frames: the queue that the spots on each frame come from, to draw the grids.
        send_timeout: how long a command waits for the broker, in seconds.
        save_file: what survives a restart; see `Saved`.
        rejected_file: where messages that are no results are kept.
        access_file: an EPICS access security file.
        grid_prefix: the grid scan device, for motor positions.
    """

    def __init__(
        self,
        prefix: str,
        connect: Connect,
        results: Queue,
        send_timeout: float = 10.0,
        save_file: Path | None = None,
        rejected_file: Path | None = None,
        access_file: Path | None = None,
        grid_prefix: str | None = None,
        frames: Queue | None = None,
    ) -> None:
        self._prefix = prefix
        self._autosave = (
            Autosave(save_file, self._snapshot, self._saved) if save_file else None
        )
        self._unsaved: NotSaved | None = None
        self._records = Records(
            prefix, access_file, grid_prefix, frames=frames is not None
        )
        self._settings = {
            record.name: record
            for record in self._records.records
            if isinstance(record, Setting)
        }
        self._display = Display(self._records, self._timeouts)
        self._past = Past(self._records, self._display)
        self._connection_log = ConnectionLog()
        waiters = Waiters()
        self._history = History(self._records)
        self._events = JobEvents(self._display, self._history, waiters)
        self._events.on_change = self._changed
        self._frames: Frames | None = None
        self._frames_broker: Broker | None = None
        self._ispyb: Ispyb | None = None
        if frames and self._records.grids:
            self._frames_broker = self._read_frames(
                frames, self._records.grids, connect
            )
        self._jobs = Jobs(self._events.handle)
        self._expire_from = 0.0
        self._results = Results(
            self._records,
            self._jobs,
            self._display,
            self._changed,
            Rejected(rejected_file) if rejected_file else None,
        )
        subscriptions = [Subscription(results, self._results.on_message)]
        self._queues = Queues(self._records, results, self._problems_changed)
        self._broker = connect(
            subscriptions, self._queues.watches, self._connection_changed
        )
        self._triggers = Triggers(
            self._records, self._jobs, waiters, self._broker, send_timeout
        )

    def serve_metrics(self, address: str, port: int) -> None:
        """Answer Prometheus from now on.

        Raises:
            SettingsInvalid: the port can't be had, or ``prometheus_client`` is missing.
        """
        try:
            from ..metrics import Metrics
        except ImportError:
            raise PackageMissing(
                "--metrics-port", "prometheus_client", extra="metrics"
            ) from None
        metrics = Metrics(self._prefix, self._records)
        metrics.serve(address, port)
        self._events.on_row = metrics.note

    def look_up_in(self, url: str, *, required: bool) -> None:
        """Look data collections up in ISPyB from now on.

        Args:
            url: the database.
            required: whether a data collection that is not there is refused.

        Raises:
            SettingsInvalid: a package is missing.
        """
        self._ispyb = Ispyb(url, self._ispyb_changed)
        self._triggers.look_up.ispyb = self._ispyb
        self._triggers.look_up.required = required
        self._past.ispyb = self._ispyb
        if self._frames:
            self._frames.ispyb = self._ispyb

    def _ispyb_changed(self, problem: IspybUnavailable | None) -> None:
        self._records.ispyb.connected.set(problem is None)

    async def serve(
        self, stop: asyncio.Event, on_served: Callable[[], None] = lambda: None
    ) -> None:
        """Serve the PVs until stopped, then close the connection properly.

        Args:
            stop: ends it when set.
            on_served: called once, when clients find the PVs.
        """
        saved, problems = self._restore_values()
        self._handle_commands()
        self._records.serve(
            Handlers(
                on_put=self._changed,
                on_refused=self._display.report,
                on_write=log_put,
            )
        )
        logger.info("zocalo-ioc %s serves %s:…", __version__, self._prefix)
        self._records.ioc.version.set(__version__)
        self._records.ioc.autosave_ok.set(True)
        self._display.show_connection()
        problems += self._restore_result(saved) + self._restore_jobs(saved)
        self._display.show(self._jobs.current)
        if problems:
            self._display.report(*problems)
        # Else the garbage collector looks through all that there is by now again and
        # again while a long result is read, which then takes a third longer.
        gc.freeze()
        on_served()
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(self._broker.run()),
                tasks.create_task(self._tick()),
            ]
            if self._frames_broker:
                parts.append(tasks.create_task(self._frames_broker.run()))
            if self._ispyb:
                self._ispyb_changed(self._ispyb.problem)
                parts.append(tasks.create_task(self._ispyb.run()))
            if self._autosave:
                parts.append(tasks.create_task(self._autosave.run()))
            await stop.wait()
            logger.info("Stopping")
            await self._broker.close()
            if self._frames_broker:
                await self._frames_broker.close()
            self._log_unfinished()
            for part in parts:
                part.cancel()

    def _log_unfinished(self) -> None:
        """Log the jobs that run on without this IOC, or never began."""
        for job in self._jobs.running:
            if job.unconfirmed:
                logger.error("%s", _stopped(job), extra=job.fields)
            else:
                what = f"Stopped before the end of job {job.number}."
                logger.warning("%s %s", what, job.describe(), extra=job.fields)

    async def _tick(self) -> None:
        """Count the seconds, and end the jobs that have waited too long."""
        beats, began = 0, time.monotonic()
        while True:
            now = time.monotonic()
            if now - began >= beats:
                beats += 1
                count(self._records.ioc.heartbeat)
            why = " ".join(map(str, self._queues.problems))
            if now >= self._expire_from:
                self._jobs.expire(now, self._timeouts(), why)
            self._display.show_times(now)
            await asyncio.sleep(TICK)

    def _handle_commands(self) -> None:
        # A command reads the request before it awaits anything, so it gets it as it
        # was when the command was put.
        commands, triggers = self._records.commands, self._triggers
        commands.start.run = lambda: triggers.send(Event.START, self._requests())
        commands.end.run = lambda: triggers.send(Event.END, self._requests())
        commands.wait.run = triggers.wait
        commands.process.run = lambda: triggers.process(self._requests())
        commands.cancel.run = triggers.cancel
        commands.submit.run = triggers.submit
        commands.send.run = triggers.submit_message
        commands.past.run = self._past.read

    def _requests(self) -> list[Request]:
        request = self._records.request
        both: dict[str, Any] = {
            "dcgid": request.dcgid.get(),
            "filename": request.filename.get(),
            "recipes": request.recipes.get(),
            "parameters": request.parameters.get(),
            "expect_result": request.expect_result.get(),
        }
        first = Request(
            **both,
            dcid=request.dcid.get(),
            start_frame=request.start_frame.get(),
            num_frames=request.num_frames.get(),
            message_index=request.message_index.get(),
        )
        if not (xz := request.xz_dcid.get()):
            return [first]
        frames = request.xz_num_frames.get()
        return [first, Request(**both, dcid=xz, num_frames=frames)]

    def _timeouts(self) -> Timeouts:
        options = self._records.options
        return Timeouts(options.timeout.get(), options.end_timeout.get())

    def _read_frames(self, queue: Queue, pvs: GridPvs, connect: Connect) -> Broker:
        """Take frames over a connection of their own, so that no result waits."""
        self._frames = frames = Frames(self._records, pvs)
        self._events.on_start = frames.begin
        subscription = Subscription(
            queue, frames.on_message, FRAMES_AHEAD, FRAMES_ACKNOWLEDGED
        )
        log = ConnectionLog()

        def on_change(connection: Connection) -> None:
            log.note(connection)
            self._display.frames_connection = connection
            self._display.show_connection()

        return connect([subscription], [], on_change)

    def _connection_changed(self, connection: Connection) -> None:
        self._connection_log.note(connection)
        self._display.connection = connection
        self._display.show_connection()
        if connection.up and self._expire_from == math.inf:
            self._expire_from = time.monotonic() + RESULTS_FIRST

    def _problems_changed(self) -> None:
        unsaved = [self._unsaved] if self._unsaved else []
        self._display.show_problems([*self._queues.problems, *unsaved])

    # -- what survives a restart --------------------------------------------

    def _changed(self) -> None:
        if self._autosave:
            self._autosave.note_change()

    def _saved(self, problem: NotSaved | None) -> None:
        if problem == self._unsaved:
            return
        if problem:
            logger.warning("%s", problem)
        else:
            logger.info("Saving works again")
        self._unsaved = problem
        self._problems_changed()
        self._records.ioc.autosave_ok.set(problem is None)

    def _snapshot(self) -> Saved:
        values = {name: setting.seen for name, setting in self._settings.items()}
        return Saved(
            values=values,
            result=self._results.last,
            jobs=self._jobs.save(time.time() - time.monotonic()),
            history=self._history.save(),
        )

    def _restore_values(self) -> tuple[Saved, list[Problem]]:
        """Bring back options and request; return what was saved, and problems."""
        if not self._autosave:
            return Saved(), []
        saved, problem = self._autosave.load()
        problems: list[Problem] = [problem] if problem else []
        for name, value in saved.values.items():
            setting = self._settings.get(name)
            if setting is None:
                problems.append(SavedValueUnusable(name, "there is no such record"))
            elif refusal := setting.datatype.refusal(value):
                problems.append(SavedValueUnusable(name, refusal))
            else:
                setting.put(value)
        return saved, problems

    def _restore_result(self, saved: Saved) -> list[Problem]:
        if saved.result is None:
            return []
        try:
            self._results.restore(saved.result)
        except NotUnderstood as problem:
            return [SavedResultUnusable(str(problem))]
        return []

    def _restore_jobs(self, saved: Saved) -> list[Problem]:
        """Bring back history and jobs; those that lack a message can't go on."""
        problems: list[Problem] = []
        if saved.history:
            try:
                self._history.restore(saved.history)
            except (ValueError, OverflowError) as error:
                problems.append(SavedValueUnusable("HISTORY", str(error)))
        now = time.monotonic()
        for job in self._jobs.restore(saved.jobs, time.time() - now, now):
            self._jobs.failed(job, _stopped(job), now)
        if self._jobs.running:
            self._expire_from = math.inf
        return problems


def _stopped(job: Job) -> str:
    """Say that a message was not confirmed when the IOC was stopped."""
    (event, dcid), *_ = sorted(job.unconfirmed)
    return f"DCID {dcid}: the {event} message failed. {StoppedUnconfirmed()}"
