"""What the history of an IOC says of the jobs of one client.

STATE and MESSAGE speak of the latest job, which may be another client's; the history
has every job, and all of one update together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..jobs import ENDED, State

_STATES = {state.label: state for state in ENDED}


@dataclass(frozen=True)
class History:
    """The history at one moment.

    Attributes:
        seq: how many entries there have been.
        dcids: the data collection of each entry, newest first.
        states: how each ended.
    """

    seq: int
    dcids: Sequence[int]
    states: Sequence[str]

    def ending(self, dcid: int, since: int) -> State | None:
        """Return how the latest job of a data collection ended.

        Args:
            dcid: the data collection that speaks for the job.
            since: `seq` at a moment before the job began.

        Returns:
            The state; nothing if no such job has ended since.
        """
        rows = zip(self.dcids, self.states, strict=False)
        for found, state in list(rows)[: max(0, self.seq - since)]:
            if found == dcid and state in _STATES:
                return _STATES[state]
        return None
