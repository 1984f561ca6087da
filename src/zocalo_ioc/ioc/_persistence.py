"""What survives a restart of the IOC: options, request, last result, jobs, history."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from ..autosave import Autosave, Saved
from ..errors import NotUnderstood, Problem
from ..errors.files import NotSaved, SavedResultUnusable, SavedValueUnusable
from ..errors.outgoing import StoppedUnconfirmed
from ..jobs import Job, Jobs
from ..records import Pvs, Setting
from ._history import History
from ._results import Results
from ._triggers import failed_message

logger = logging.getLogger(__name__)


class Persistence:
    """Saves and restores the values of one IOC.

    Args:
        file: where they are; if None, nothing is saved.
        pvs: have the options and the request, and show whether saving works.
        jobs: those that are saved.
        results: have the last one.
        history: its rows.
        on_problem: called when `problem` has changed.

    Attributes:
        problem: why the latest values are not saved, if so.
    """

    def __init__(
        self,
        file: Path | None,
        pvs: Pvs,
        jobs: Jobs,
        results: Results,
        history: History,
        on_problem: Callable[[], None],
    ) -> None:
        self._autosave = Autosave(file, self._snapshot, self._note) if file else None
        self._pvs = pvs
        self._jobs = jobs
        self._results = results
        self._history = history
        self._on_problem = on_problem
        self._settings = {it.name: it for it in pvs.records if isinstance(it, Setting)}
        self._saved = Saved()
        self.problem: NotSaved | None = None

    def note_change(self) -> None:
        """Have the values saved soon."""
        if self._autosave:
            self._autosave.note_change()

    async def run(self) -> None:
        """Save changes until cancelled, and then what is left."""
        if self._autosave:
            await self._autosave.run()

    def restore_settings(self) -> list[Problem]:
        """Read what was saved, restore options and request, and return problems.

        Raises:
            SavedByAnother: another IOC has the file.
        """
        if not self._autosave:
            return []
        self._saved, problem = self._autosave.load()
        problems: list[Problem] = [problem] if problem else []
        for name, value in self._saved.values.items():
            setting = self._settings.get(name)
            if setting is None:
                problems.append(SavedValueUnusable(name, "there is no such record"))
            elif refusal := setting.datatype.refusal(value):
                problems.append(SavedValueUnusable(name, refusal))
            else:
                setting.put(value)
        return problems

    def restore_rest(self) -> list[Problem]:
        """Restore result, history and jobs once they can be shown; return problems.

        Jobs that lack a message can't go on.
        """
        problems: list[Problem] = []
        saved = self._saved
        if saved.result:
            try:
                self._results.restore(saved.result)
            except NotUnderstood as problem:
                problems.append(SavedResultUnusable(str(problem)))
        if saved.history:
            try:
                self._history.restore(saved.history)
            except (ValueError, OverflowError) as error:
                problems.append(SavedValueUnusable("HISTORY", str(error)))
        now = time.monotonic()
        for job in self._jobs.restore(saved.jobs, time.time() - now, now):
            self._jobs.failed(job, _stopped(job), now)
        self._saved = Saved()
        return problems

    def log_unfinished(self) -> None:
        """Log the jobs that run on without this IOC, or never began."""
        for job in self._jobs.running:
            if job.unconfirmed:
                logger.error("%s", _stopped(job), extra=job.fields)
            else:
                what = f"Stopped before the end of job {job.number}."
                logger.warning("%s %s", what, job.describe(), extra=job.fields)

    def _snapshot(self) -> Saved:
        return Saved(
            values={name: setting.seen for name, setting in self._settings.items()},
            result=self._results.last,
            jobs=self._jobs.save(time.time() - time.monotonic()),
            history=self._history.save(),
        )

    def _note(self, problem: NotSaved | None) -> None:
        if problem == self.problem:
            return
        if problem:
            logger.warning("%s", problem)
        else:
            logger.info("Values can be saved again")
        self.problem = problem
        self._on_problem()
        self._pvs.ioc.autosave_ok.set(problem is None)


def _stopped(job: Job) -> str:
    """Say that a message was not confirmed when the IOC was stopped."""
    (event, dcid), *_ = sorted(job.unconfirmed)
    return failed_message(event, dcid, StoppedUnconfirmed())
