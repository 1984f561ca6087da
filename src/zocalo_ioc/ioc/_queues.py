"""Who takes messages from the queue of results, and from that of triggers."""

import logging
from collections.abc import Callable

from ..broker import Counts, Queue, Watch
from ..centres import MISSING
from ..errors import Problem
from ..errors.queues import DispatcherMissing, ResultsShared
from ..records import Pvs
from ..wire import TRIGGER_QUEUE

logger = logging.getLogger(__name__)


class Queues:
    """Shows the consumers and messages of both queues.

    Args:
        pvs: show them.
        results: the queue of results.
        on_problems: called when there are other `problems`.

    Attributes:
        watches: for the broker.
        problems: what is wrong with who takes messages.
    """

    def __init__(
        self, pvs: Pvs, results: Queue, on_problems: Callable[[], None]
    ) -> None:
        self._pvs = pvs
        self._results = results.name
        self._on_problems = on_problems
        self.watches = (
            Watch(results.name, self._on_results),
            Watch(TRIGGER_QUEUE, self._on_triggers),
        )
        self.problems: list[Problem] = []
        self._logged: set[Problem] = set()

    def _on_results(self, counts: Counts | None) -> None:
        pvs = self._pvs.broker
        pvs.consumers.set(counts.consumers if counts else MISSING)
        pvs.queued.set(counts.messages if counts else MISSING)
        self._check()

    def _on_triggers(self, counts: Counts | None) -> None:
        pvs = self._pvs.zocalo
        pvs.consumers.set(counts.consumers if counts else MISSING)
        pvs.queued.set(counts.messages if counts else MISSING)
        self._check()

    def _check(self) -> None:
        problems: list[Problem] = []
        if self._pvs.zocalo.consumers.get() == 0:
            problems.append(DispatcherMissing(TRIGGER_QUEUE))
        consumers = self._pvs.broker.consumers.get()
        if consumers > 1:
            problems.append(ResultsShared(self._results, consumers))
        for problem in problems:
            if problem not in self._logged:
                logger.warning("%s", problem)
        # what is not known, as without a connection, may still be so
        known = MISSING not in (consumers, self._pvs.zocalo.consumers.get())
        self._logged = {*problems} if known else {*problems, *self._logged}
        if problems != self.problems:
            self.problems = problems
            self._on_problems()
