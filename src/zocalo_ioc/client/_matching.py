"""Which job and which result are a client's own, and which results are new.

Pure, and decided here alone. STATE, MESSAGE and the result records speak of the latest
job and the latest result, which may be another client's; the history has every job.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from ..jobs import ENDED, REFUSED
from ._result import Result

_ENDINGS = {REFUSED, *(state.label for state in ENDED)}


@dataclass(frozen=True)
class History:
    """The history at one moment.

    Attributes:
        seq: how many entries there have been.
        dcids: the data collection of each entry, newest first.
        dcgids: their groups, -1 if unknown.
        states: how each ended.
        ids: what clients call their requests.
    """

    seq: int
    dcids: Sequence[int]
    dcgids: Sequence[int]
    states: Sequence[str]
    ids: Sequence[str]


class Ending(NamedTuple):
    """How a job ended.

    Attributes:
        state: as the history calls it, or `REFUSED`.
        dcgid: the group of its data collections, -1 if unknown.
    """

    state: str
    dcgid: int


@dataclass(frozen=True)
class Claim:
    """What tells a client's job from those of others.

    Attributes:
        dcids: its data collections; the first is the one that was asked for.
        since: `History.seq` at a moment before the job began.
        id: what the client calls its request; if empty, the data collections tell.
        continues: whether it may go on with a job that another request began, whose id
            the history has.
    """

    dcids: tuple[int, ...]
    since: int
    id: str = ""
    continues: bool = False

    @property
    def dcid(self) -> int:
        """The first data collection that was asked for."""
        return self.dcids[0]

    def ending(self, history: History) -> Ending | None:
        """Return how the job ended; nothing if it has not ended."""
        columns = history.dcids, history.dcgids, history.states, history.ids
        rows = list(zip(*columns, strict=False))
        for dcid, dcgid, state, id_ in rows[: max(0, history.seq - self.since)]:
            same_id = id_ == self.id
            by_id = self.id and same_id
            by_dcid = (
                (not self.id or self.continues)
                and dcid in self.dcids
                and (same_id or state != REFUSED)  # else another was refused
            )
            if (by_id or by_dcid) and state in _ENDINGS:
                return Ending(state, int(dcgid))
        return None

    def has(self, result: Result, dcgid: int) -> bool:
        """Whether a result that came since the job began is the job's.

        Args:
            result: that came.
            dcgid: the group that the job ended with.
        """
        return not set(self.dcids).isdisjoint(result.dcids) or result.dcgid == dcgid > 0


class Newness:
    """Tells new results from those that a client has seen, or that are from before.

    After a restart the IOC may count from 1 again, or show the result that it saved: a
    result is new if its number is higher, or its time.
    """

    def __init__(self) -> None:
        self.begun = False
        """Whether what was there before has been seen."""
        self.missed = 0
        """How many results were never seen."""
        self.latest: Result | None = None
        """The latest, also if it is from before."""

    def new(self, recent: Iterable[Result]) -> list[Result]:
        """Return those of the recent results, newest first, that are new, oldest first.

        What the first call is given is not new.
        """
        new = list(takewhile(self._is_new, recent))[::-1]
        begun, self.begun = self.begun, True
        if not new:
            return []
        before, self.latest = self.latest, new[-1]
        if not begun:
            return []
        self.missed += max(0, new[0].seq - (before.seq if before else 0) - 1)
        return new

    def _is_new(self, result: Result) -> bool:
        latest = self.latest
        return latest is None or result.seq > latest.seq or result.time > latest.time
