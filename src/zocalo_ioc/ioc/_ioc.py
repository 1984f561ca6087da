"""Puts the parts of an IOC together, and keeps them going."""

import asyncio
import gc
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .. import __version__
from ..broker import Broker, Connect, Connection, Queue, Subscription
from ..errors import IspybUnavailable
from ..errors.files import PackageMissing
from ..ispyb import Ispyb
from ..jobs import Jobs
from ..records import GridPvs
from ..records.database import Handlers, Records
from ..rejected import Rejected
from ._clock import Clock
from ._commands import handle_commands
from ._display import Display
from ._frames import Frames
from ._history import History
from ._job_events import JobEvents
from ._logs import ConnectionLog, log_put
from ._past import Past
from ._persistence import Persistence
from ._queues import Queues
from ._results import Results
from ._triggers import Triggers
from ._waiters import Waiters

logger = logging.getLogger(__name__)


class Ioc:
    """An IOC that serves the records of one prefix.

    Args:
        prefix: prefix of all PVs.
        connect: makes the broker.
        results: the queue that results come from.
        frames: the queue that the spots on each frame come from, to draw the grids.
        send_timeout: how long a command waits for the broker, in seconds.
        save_file: what survives a restart; see `Saved`.
        rejected_file: folder for messages that are not results.
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
        self._records = Records(
            prefix, access_file, grid_prefix, frames=frames is not None
        )
        self._display = Display(self._records)
        self._past = Past(self._records, self._display)
        self._connection_log = ConnectionLog()
        self._ispyb: Ispyb | None = None
        waiters = Waiters()
        history = History(self._records)
        self._events = JobEvents(self._display, history, waiters)
        self._jobs = Jobs(self._events.handle)
        rejected = Rejected(rejected_file) if rejected_file else None
        handler = Results(self._records, self._jobs, self._display, rejected)
        self._persistence = Persistence(
            save_file,
            self._records,
            self._jobs,
            handler,
            history,
            self._problems_changed,
        )
        self._events.on_change = self._persistence.note_change
        self._queues = Queues(self._records, results, self._problems_changed)
        self._clock = Clock(self._records, self._jobs, self._display, self._queues)
        self._broker = connect(
            [Subscription(results, handler.on_message)],
            self._queues.watches,
            self._connection_changed,
        )
        self._triggers = Triggers(
            self._records, self._jobs, waiters, self._broker, send_timeout
        )
        self._frames: Frames | None = None
        self._frames_broker: Broker | None = None
        if frames and self._records.grids:
            self._frames_broker = self._read_frames(
                frames, self._records.grids, connect
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
            required: whether a data collection that ISPyB does not have is refused.

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
        self,
        stop: asyncio.Event,
        on_served: Callable[[], None] = lambda: None,
        before_serving: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve the PVs until stopped, then close the connection properly.

        Args:
            stop: ends it when set.
            on_served: called once, when clients find the PVs.
            before_serving: called once, before they find them.
        """
        problems = self._persistence.restore_settings()
        handle_commands(self._records, self._triggers, self._past)
        self._records.serve(
            Handlers(
                on_setting=self._persistence.note_change,
                on_refused=self._display.report,
                on_write=log_put,
                on_taken=partial(self._display.taken, asyncio.get_running_loop()),
            ),
            before_serving,
        )
        logger.info("zocalo-ioc %s serves %s:…", __version__, self._prefix)
        self._records.ioc.version.set(__version__)
        self._records.ioc.autosave_ok.set(True)
        self._display.show_connection()
        problems += self._persistence.restore_rest()
        if self._jobs.running:
            self._clock.hold()
        self._display.show(self._jobs.current)
        if problems:
            self._display.report(*problems)
        # Else the garbage collector looks through all that there is by now again and
        # again while a long result is read, which then takes a third longer.
        gc.freeze()
        on_served()
        running = (
            self._broker,
            self._clock,
            self._persistence,
            self._frames_broker,
            self._ispyb,
        )
        if self._ispyb:
            self._ispyb_changed(self._ispyb.problem)
        async with asyncio.TaskGroup() as tasks:
            parts = [tasks.create_task(part.run()) for part in running if part]
            await stop.wait()
            logger.info("Stopping")
            brokers = self._broker, self._frames_broker
            await asyncio.gather(*(each.close() for each in brokers if each))
            self._triggers.look_up.log_unfinished()
            self._persistence.log_unfinished()
            for part in parts:
                part.cancel()

    def _read_frames(self, queue: Queue, pvs: GridPvs, connect: Connect) -> Broker:
        """Take frames over a connection of their own, so that no result waits."""
        self._frames = frames = Frames(self._records, pvs)
        self._events.on_start = frames.begin
        log = ConnectionLog("Frames: ")

        def on_change(connection: Connection) -> None:
            log.note(connection)
            self._display.frames_connection = connection
            self._display.show_connection()

        return connect([frames.subscription(queue)], [], on_change)

    def _connection_changed(self, connection: Connection) -> None:
        self._connection_log.note(connection)
        self._display.connection = connection
        self._display.show_connection()
        if connection.up:
            self._clock.note_connected()

    def _problems_changed(self) -> None:
        unsaved = self._persistence.problem
        problems = [*self._queues.problems, *([unsaved] if unsaved else [])]
        self._display.show_problems(problems)
