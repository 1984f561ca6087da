"""What follows from each event of a job. `Jobs` calls it, so nobody can forget to."""

import logging
from collections.abc import Callable

from ..jobs import Began, Changed, Ended, Job, JobEvent, Refused, State, Unclaimed
from ._display import Display
from ._history import History, Row, job_row, refused_row, result_row
from ._waiters import Waiters

logger = logging.getLogger(__name__)


class JobEvents:
    """Shows and logs jobs, adds to the history, and wakes puts.

    Args:
        display: shows the current job.
        history: gets a row for each job that has ended.
        waiters: wait for jobs to end.
    """

    def __init__(self, display: Display, history: History, waiters: Waiters) -> None:
        self._display = display
        self._history = history
        self._waiters = waiters
        self.on_row: Callable[[Row], None] = lambda _: None
        """Called with each new row of the history, for metrics."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after each event, to save what has changed."""
        self.on_start: Callable[[Job], None] = lambda _: None
        """Called with each job whose start messages go out, to draw its grids."""

    def handle(self, event: JobEvent, current: Job) -> None:
        """Do what follows from an event.

        Args:
            event: what has happened.
            current: the job to show.
        """
        match event:
            case Began(job):
                self._display.end_notice()
                self._display.show_soon(current)
                if job.state is State.STARTING:
                    self.on_start(job)
            case Changed():
                self._display.show(current)
            case Refused(job):
                logger.warning("%s", job.reason, extra=job.fields)
                if job is current:
                    self._display.end_notice()
                    self._display.show(job)
                else:
                    self._display.notify(job.reason)
                self._add(refused_row(job))
            case Unclaimed():
                self._add(result_row(event))
                self._display.show(current)
            case Ended(job):
                if job.state is State.CANCELLED:
                    self._display.end_notice()
                self._display.show(current)
                said = f"Job {job.number} ended. {job.describe()}"
                logger.info("%s", said, extra=job.fields)
                self._add(job_row(job))
                self._waiters.wake(job)
        self.on_change()

    def _add(self, row: Row) -> None:
        self.on_row(row)
        self._history.add(row)
