"""One job: its state, and what a result has to name to belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from ..wire import Event, Result


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
SENDING = {Event.START: State.STARTING, Event.END: State.ENDING}
SENT = {Event.START: State.STARTED, Event.END: State.PROCESSING}


@dataclass(eq=False)
class Job:
    """The data collections of one scan, from the first command to the end.

    Only `Jobs` calls what changes it: `begin`, `confirm`, `receive` and `end`.

    Attributes:
        dcids: ISPyB data collection ids, one a grid; 0 where a request had none.
        dcgid: their group, 0 if unknown.
        state: where the job is.
        reason: what came of it, for people, once it has ended.
        first_sent: when its first message was confirmed.
        last_sent: when its latest message was confirmed.
        ended_at: when it ended.
        result: its result, once it came.
        guid: that of its latest message.
        to_end: those of its data collections whose end has not been commanded.
    """

    dcids: tuple[int, ...] = (0,)
    dcgid: int = 0
    state: State = State.IDLE
    reason: str = ""
    first_sent: float | None = None
    last_sent: float | None = None
    ended_at: float | None = None
    result: Result | None = None
    guid: str = ""
    to_end: set[int] = field(default_factory=set[int])
    _unconfirmed: set[tuple[Event, int]] = field(
        default_factory=set[tuple[Event, int]], repr=False
    )

    @property
    def dcid(self) -> int:
        """The data collection that speaks for the job: the first."""
        return self.dcids[0]

    @property
    def named(self) -> str:
        """How people are told which job it is."""
        return f"DCID {', '.join(map(str, self.dcids))}"

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self.state in ENDED

    @property
    def running(self) -> bool:
        """Whether the job has begun and is not over."""
        return self.state is not State.IDLE and not self.ended

    @property
    def waiting(self) -> bool:
        """Whether its messages are out and its result may come."""
        return self.state in SENT.values()

    @property
    def fields(self) -> dict[str, object]:
        """What a log line about it carries."""
        return {"dcid": self.dcid, "guid": self.guid}

    def awaits(self, result: Result) -> bool:
        """Whether a result belongs to this job, and the job still runs."""
        return self.running and (
            not {result.dcid, *result.dcg_dcids}.isdisjoint(self.dcids)
            or (self.dcgid > 0 and result.dcgid == self.dcgid)
        )

    def elapsed(self, now: float) -> float:
        """Seconds from the first confirmed message to the end, or until now."""
        if self.first_sent is None:
            return 0.0
        return (now if self.ended_at is None else self.ended_at) - self.first_sent

    def describe(self) -> str:
        """Say for people where the job is."""
        match self.state:
            case State.IDLE:
                return "Ready. Write DCID and NUM_FRAMES, then PROCESS."
            case State.STARTING:
                what = "sending the start message"
            case State.STARTED:
                what = "start message sent. Put END when the data is there"
            case State.ENDING:
                what = "sending the end message"
            case State.PROCESSING:
                what = "waiting for the result"
            case State.FAILED:
                return self.reason
            case _:
                what = self.reason
        return f"{self.named}: {what}."

    def begin(self, event: Event, dcids: Sequence[int]) -> None:
        """Note that messages are about to be sent, one a data collection."""
        self._unconfirmed |= {(event, dcid) for dcid in dcids}
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
        self._unconfirmed.discard((event, dcid))
        due = any(other is event for other, _ in self._unconfirmed)
        if self.state is SENDING[event] and not due:
            self.state = SENT[event]
            if self.result:
                self._finish(self.result, now)

    def receive(self, result: Result, now: float) -> None:
        """Keep the result, and end once no message is being sent."""
        self.result = result
        if self.waiting:
            self._finish(result, now)

    def _finish(self, result: Result, now: float) -> None:
        if result.centres:
            self.end(State.DONE, count_of_centres(result), now)
        else:
            self.end(State.NO_CENTRES, "no centre of diffraction found", now)

    def end(self, state: State, reason: str, now: float) -> None:
        """End the job."""
        self.state, self.reason, self.ended_at = state, reason, now


def count_of_centres(result: Result) -> str:
    """Say for people how many centres there are."""
    count = len(result.centres)
    return "1 centre" if count == 1 else f"{count} centres"
