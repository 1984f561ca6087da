"""What STATE, JOB and MESSAGE show, and the records of the connection."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence

from ..broker import Connection
from ..errors import Problem, one_line
from ..errors.broker import Connecting
from ..jobs import Job, State, Timeouts
from ..records import Pvs

logger = logging.getLogger(__name__)

_TURNS = 3
"""Of the event loop, until pika has a message, is told that it may write, and has
written it."""
_NOTICE = 10.0
"""How long MESSAGE says why a request was refused while a job runs, in seconds."""


class Display:
    """Shows one job, and what is wrong.

    Args:
        pvs: show it.

    Attributes:
        connection: its latest state.
        frames_connection: that of the connection for frames, if there is one.
    """

    def __init__(self, pvs: Pvs) -> None:
        self._pvs = pvs
        self._job = Job()
        self._reported = ""
        self._notice = ""
        self._end_of_notice: asyncio.Handle | None = None
        self.connection = Connection(up=False, problem=Connecting())
        self._problems: Sequence[Problem] = ()
        self.frames_connection: Connection | None = None
        self._soon: asyncio.Handle | None = None

    def show(self, job: Job) -> None:
        """Show a job from now on. The clock shows the times of one that goes on."""
        another, self._job = job is not self._job, job
        self._reported = ""
        if self._soon:
            self._soon.cancel()
        self._pvs.job.dcid.set(job.dcid)
        self._pvs.job.dcids.set(list(job.dcids) if job.dcid else [])
        self._pvs.job.by.set(job.by)
        if job.number:  # what is refused is no job
            self._pvs.job.number.set(job.number)
        if another or job.state is not State.STARTED:
            self.show_times(time.monotonic())
        self._say(self._message())
        self._pvs.job.state.set(job.state)

    def show_soon(self, job: Job, turns: int = _TURNS) -> None:
        """Show a job while the broker has its message, which goes out first."""
        if self._soon:
            self._soon.cancel()
        if turns:
            loop = asyncio.get_running_loop()
            self._soon = loop.call_soon(self.show_soon, job, turns - 1)
        else:
            self.show(job)

    def show_times(self, now: float) -> None:
        """Show for how long the job has run, and when it would time out."""
        self._pvs.job.elapsed.set(self._job.elapsed(now))
        remaining = self._job.remaining(now, timeouts(self._pvs))
        shown = self._pvs.job.remaining
        if remaining is not None:
            shown.set(remaining)
        elif not math.isnan(shown.get()):
            shown.set(math.nan)

    def notify(self, text: str) -> None:
        """Have MESSAGE say a text for some seconds, or until `end_notice`.

        What happens to the job meanwhile follows the text.
        """
        self.end_notice()
        self._reported = ""
        self._notice = text
        loop = asyncio.get_running_loop()
        self._end_of_notice = loop.call_later(_NOTICE, self._drop_notice)
        self._say(text)

    def end_notice(self) -> None:
        """Have MESSAGE no longer begin with a notice, from the next time it is set."""
        self._notice = ""
        if self._end_of_notice:
            self._end_of_notice.cancel()
            self._end_of_notice = None

    def _drop_notice(self) -> None:
        self.end_notice()
        self._say(self._message())

    def show_connection(self) -> None:
        """Show the state of the connection."""
        self._pvs.broker.connected.set(self.connection.up)
        self._pvs.broker.host.set(self.connection.address)
        self._pvs.broker.reconnects.set(self.connection.reconnects)
        self._say(self._message())

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say from now on what else is wrong."""
        self._problems = problems
        self._say(self._message())

    def report(self, *problems: Problem) -> None:
        """Log problems, and show them in place of the job until that changes.

        It may be called in a thread of EPICS.
        """
        self._reported = " ".join(map(str, problems))
        logger.warning("%s", self._reported)
        self._say(self._reported)

    def taken(self, loop: asyncio.AbstractEventLoop, name: str) -> None:
        """Stop saying that a record refused a value, now that it has taken another.

        It may be called in a thread of EPICS.
        """

        def withdraw() -> None:
            if self._reported is reported:
                self._reported = ""
                self._say(self._message())

        reported = self._reported
        if reported.startswith(f"{name} refused "):
            loop.call_soon_threadsafe(withdraw)

    def _say(self, text: str) -> None:
        self._pvs.job.message.set(one_line(text))

    def _message(self) -> str:
        """Say where the job is, and what else is wrong."""
        text = self._reported or self._job.describe()
        for connection in filter(None, (self.connection, self.frames_connection)):
            problem = connection.problem
            if problem and str(problem) not in text:
                text += f" But {connection.effect}: {problem}"
        further = (str(each) for each in self._problems)
        said = [text, *(each for each in further if each not in text)]
        return " ".join(filter(None, (self._notice, *said)))


def timeouts(pvs: Pvs) -> Timeouts:
    """Return how long jobs wait, as the options say now."""
    return Timeouts(pvs.options.timeout.get(), pvs.options.end_timeout.get())
