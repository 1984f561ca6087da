"""One job: its state, and what a result has to name to belong to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from ..wire import Event, Result, Source


class State(IntEnum):
    """The values of ``P:STATE``, in the order of the record."""

    IDLE = 0
    STARTING = 1
    STARTED = 2
    ENDING = 3
    PROCESSING = 4
    DONE = 5
    NO_CENTRES = 6
    TIMED_OUT = 7
    FAILED = 8
    CANCELLED = 9

    @property
    def label(self) -> str:
        """The text of the state, as ``P:STATE`` shows it."""
        return self.name.replace("_", " ").capitalize()


ENDED_BY_RESULT = frozenset({State.DONE, State.NO_CENTRES})
ENDED = ENDED_BY_RESULT | {State.TIMED_OUT, State.FAILED, State.CANCELLED}
REFUSED = "Refused"
"""What the history calls a request that could not be sent; such a job has no state."""
SENDING = {Event.START: State.STARTING, Event.END: State.ENDING}


@dataclass(frozen=True)
class Timeouts:
    """How long jobs wait, in seconds.

    Attributes:
        result: for the result, from the last confirmed end message.
        end: for END, from the last confirmed message.
    """

    result: float
    end: float


@dataclass(eq=False)
class Job:
    """The data collections of one scan, from the first command to the end.

    Only `Jobs` calls what changes it: `begin`, `confirm`, `receive` and `end`.

    Attributes:
        dcids: ISPyB data collection ids, one a grid; 0 where a request had none.
        dcgid: their group, 0 if unknown.
        number: counts the jobs of an IOC, from 1; 0 is none.
        expects_result: whether a result will come. If not, the job is done once every
            end message is confirmed.
        id: the client's own name for the request.
        by: who began it: user@host, empty if that is unknown.
        state: where the job is.
        reason: what came of it, for people, once it has ended.
        first_sent: when its first message was confirmed.
        last_sent: when its latest message was confirmed.
        last_ended: when its latest end message was confirmed.
        ended_at: when it ended.
        result: its result, once it came.
        later: the latest result that came for it after it had ended.
        excluded: the pipeline whose result for it ``P:SOURCE`` excluded, if any.
        guid: that of its latest message.
        notes: what else should be known of it.
        notes_pass: whether that is of no importance any more when a result has come.
        whole: whether one data collection was given for all of them.
        to_end: those of its data collections whose end has not been commanded.
        unconfirmed: its messages that the broker has not confirmed.
    """

    dcids: tuple[int, ...] = (0,)
    dcgid: int = 0
    number: int = 0
    expects_result: bool = True
    id: str = ""
    by: str = ""
    state: State = State.IDLE
    reason: str = ""
    first_sent: float | None = None
    last_sent: float | None = None
    last_ended: float | None = None
    ended_at: float | None = None
    result: Result | None = None
    later: Result | None = None
    excluded: Source | None = None
    guid: str = ""
    notes: str = ""
    notes_pass: bool = False
    whole: bool = False
    to_end: set[int] = field(default_factory=set[int])
    unconfirmed: set[tuple[Event, int]] = field(
        default_factory=set[tuple[Event, int]], repr=False
    )

    @property
    def dcid(self) -> int:
        """The data collection that speaks for the job: the first."""
        return self.dcids[0]

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self.state in ENDED

    @property
    def abandoned(self) -> bool:
        """Whether the job is over, but not by its result."""
        return self.ended and self.state not in ENDED_BY_RESULT

    @property
    def running(self) -> bool:
        """Whether the job has begun and is not over."""
        return self.state is not State.IDLE and not self.ended

    @property
    def waiting(self) -> bool:
        """Whether its messages are out and its result may come."""
        return self.state in (State.STARTED, State.PROCESSING)

    @property
    def fields(self) -> dict[str, object]:
        """What a log line about it carries."""
        return {"dcid": self.dcid, "guid": self.guid, "job": self.number}

    def owns(self, result: Result) -> bool:
        """Whether a result belongs to this job."""
        return not {result.dcid, *result.dcg_dcids}.isdisjoint(self.dcids) or (
            self.dcgid > 0 and result.dcgid == self.dcgid
        )

    def elapsed(self, now: float) -> float:
        """Seconds from the first confirmed message to the end, or until now."""
        if self.first_sent is None:
            return 0.0
        return (now if self.ended_at is None else self.ended_at) - self.first_sent

    def remaining(self, now: float, timeouts: Timeouts) -> float | None:
        """Seconds until the job times out; none while it does not run.

        While a message is being sent, the time does not pass.
        """
        if not self.running:
            return None
        if self.to_end:
            since, limit = self.last_sent, timeouts.end
        else:
            since, limit = self.last_ended, timeouts.result
        if since is None or not self.waiting:
            since = now
        return max(0.0, since + limit - now)

    def describe(self) -> str:
        """Say for people where the job is."""
        if self.state is State.IDLE:
            return "Ready. Write DCID and NUM_FRAMES, then PROCESS."
        text = f"{named(self.dcids)}: {self._progress()}."
        if self.state is State.FAILED:
            text = self.reason
        if self.excluded and self.running:
            text += f" SOURCE excluded the result of the {self.excluded} pipeline."
        if self.notes and not (self.notes_pass and self.state in ENDED_BY_RESULT):
            text += f" {self.notes}"
        if self.later:
            found = outcome(len(self.later.centres), self.later.source)
            text += f" A result came later: {found}."
        return text

    def _progress(self) -> str:
        match self.state:
            case State.STARTING:
                return "sending the start message"
            case State.STARTED if len(self.to_end) < len(self.dcids):
                rest = named(dcid for dcid in self.dcids if dcid in self.to_end)
                return f"waiting for END of {rest}"
            case State.STARTED:
                return "start message sent. Put 1 to END when the data is complete"
            case State.ENDING:
                return "sending the end message"
            case State.PROCESSING:
                return "waiting for the result"
            case _:
                return self.reason

    def begin(self, event: Event, dcids: Sequence[int]) -> None:
        """Note that messages are about to be sent, one a data collection."""
        self.unconfirmed |= {(event, dcid) for dcid in dcids}
        if event is Event.START:
            self.to_end |= set(dcids)
        else:
            self.to_end -= set(dcids)
        self.state = SENDING[event]

    def confirm(self, event: Event, dcid: int, now: float) -> None:
        """Note that the broker has a message."""
        if self.ended:
            return
        if self.first_sent is None:
            self.first_sent = now
        self.last_sent = now
        if event is Event.END:
            self.last_ended = now
        self.unconfirmed.discard((event, dcid))
        due = any(other is event for other, _ in self.unconfirmed)
        if self.state is SENDING[event] and not due:
            self.state = State.STARTED if self.to_end else State.PROCESSING
            self._end_if_done(now)

    def confirm_elsewhere(self, dcid: int, now: float) -> None:
        """Note that the broker has the end message of a later job for its part."""
        self.to_end.discard(dcid)
        self.last_sent = self.last_ended = now
        if self.state is State.STARTED and not self.to_end:
            self.state = State.PROCESSING
            self._end_if_done(now)

    def receive(self, result: Result, now: float) -> None:
        """Keep the result, and end once no message is being sent."""
        self.result = result
        self._end_if_done(now)

    def receive_late(self, result: Result) -> None:
        """Keep a result that came after the end, unless it is the same once more."""
        shown = self.later or self.result
        again = shown and (shown.source, shown.centres) == (
            result.source,
            result.centres,
        )
        if self.ended and self.owns(result) and not again:
            self.later = result

    def _end_if_done(self, now: float) -> None:
        if not self.expects_result:
            if self.state is State.PROCESSING:
                self.end(State.DONE, "end message sent, no result expected", now)
        elif self.result and self.waiting:
            count = len(self.result.centres)
            state = State.DONE if count else State.NO_CENTRES
            self.end(state, outcome(count, self.result.source), now)

    def time_out(self, now: float, timeouts: Timeouts, why: str) -> None:
        """End the job, for its time has passed; say why if that is known."""
        if self.to_end:
            what = f"no END within {timeouts.end:g} s"
            remedy = "Put 1 to END when the data is complete, or raise END_TIMEOUT"
        elif self.excluded:
            what = f"no result within {timeouts.result:g} s"
            remedy = f"SOURCE excluded the result of the {self.excluded} pipeline"
        else:
            what = f"no result within {timeouts.result:g} s"
            remedy = why or (
                "Check that Zocalo is running, or raise TIMEOUT. If no result is "
                "expected, as for a rotation, set EXPECT_RESULT to No"
            )
        self.end(State.TIMED_OUT, f"{what}. {remedy.removesuffix('.')}", now)

    def end(self, state: State, reason: str, now: float) -> None:
        """End the job."""
        self.state, self.reason, self.ended_at = state, reason, now


def outcome(count: int, source: Source) -> str:
    """Say for people how many centres a result has, and from which pipeline."""
    return f"{count_of_centres(count)} found by the {source} pipeline"


def count_of_centres(count: int) -> str:
    """Say for people how many centres there are."""
    return "1 centre" if count == 1 else f"{count or 'no'} centres"


def named(dcids: Iterable[int]) -> str:
    """Say for people which data collections they are."""
    return f"DCID {', '.join(map(str, dcids))}"
