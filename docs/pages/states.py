"""The states of a job, found out by trying."""

from collections import deque
from collections.abc import Callable, Iterator

from zocalo_ioc.jobs import ENDED, ENDED_BY_RESULT, SENDING, Jobs, State
from zocalo_ioc.wire import Centre, Event, Request, Result, Source

REQUEST = Request(dcid=1234567, num_frames=400)
CENTRE = Centre(
    centre_of_mass=[0.5, 0.5],
    max_voxel=[0, 0],
    max_count=1,
    n_voxels=1,
    total_count=1,
)
NOW, TIMEOUT = 0.0, 180.0


def _begin(event: Event) -> Callable[[Jobs], None]:
    def apply(jobs: Jobs) -> None:
        jobs.begin(event, [REQUEST])

    return apply


def _confirm(jobs: Jobs) -> None:
    job = jobs.current
    for event, sending in (
        (Event.START, State.STARTING),
        (Event.END, State.ENDING),
    ):
        if job.state is sending:
            jobs.confirmed(job, event, REQUEST.dcid, NOW)


def _fail(jobs: Jobs) -> None:
    if jobs.current.state in (State.STARTING, State.ENDING):
        jobs.failed(jobs.current, "", NOW)


def _result(*centres: Centre) -> Callable[[Jobs], None]:
    result = Result(REQUEST.dcid, None, (), Source.CPU, centres, "{}", "")

    def apply(jobs: Jobs) -> None:
        jobs.result(result, NOW)

    return apply


def _expire(jobs: Jobs) -> None:
    jobs.expire(NOW + TIMEOUT, TIMEOUT)


def _cancel(jobs: Jobs) -> None:
    jobs.cancel(NOW)


HAPPENINGS: dict[str, Callable[[Jobs], None]] = {
    "START": _begin(Event.START),
    "END": _begin(Event.END),
    "confirmed": _confirm,
    "not sent": _fail,
    "centres found": _result(CENTRE),
    "none found": _result(),
    "time-out": _expire,
    "CANCEL": _cancel,
}


def transitions() -> dict[tuple[State, State], list[str]]:
    """Return what leads from one state to another."""
    found: dict[tuple[State, State], list[str]] = {}
    for name, before, after in _steps():
        edge = before.current.state, after.current.state
        if edge[0] is not edge[1] and name not in found.setdefault(edge, []):
            found[edge].append(name)
    return found


def descriptions() -> dict[State, set[str]]:
    """Return what is said of a job in each state; of `State.FAILED`, the reason."""
    found = {State.IDLE: {_jobs().current.describe()}}
    for _, _, after in _steps():
        job = after.current
        if text := job.describe():
            found.setdefault(job.state, set()).add(text)
    return found


def _steps() -> Iterator[tuple[str, Jobs, Jobs]]:
    """Try everything that can happen in every state that can be reached."""
    paths: deque[list[str]] = deque([[]])
    seen: set[tuple[State, int]] = set()
    while paths:
        path = paths.popleft()
        before = _replay(path)
        result = before.current.result
        key = before.current.state, -1 if result is None else len(result.centres)
        if key in seen:
            continue
        seen.add(key)
        for name in HAPPENINGS:
            paths.append([*path, name])
            yield name, before, _replay([*path, name])


def _jobs() -> Jobs:
    return Jobs(lambda event, current: None)


def _replay(path: list[str]) -> Jobs:
    jobs = _jobs()
    for name in path:
        HAPPENINGS[name](jobs)
    return jobs


def states_page() -> str:
    """Return the explanation of the states, with their picture."""
    ended = ", ".join(f"`{state.label}`" for state in sorted(ENDED))
    lines = [
        "# The states of a job",
        "",
        "What `P:STATE` can say, and what leads from one state to the next. The",
        "picture is made by trying everything that can happen in every state that the",
        "code of `zocalo_ioc.jobs` can reach, so it can't differ from what the IOC",
        "does.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    direction LR",
        *(f'    state "{state.label}" as {_id(state)}' for state in State),
        "    [*] --> Idle",
    ]
    for (before, after), names in sorted(transitions().items()):
        if before in ENDED:
            continue  # told below: they are the same for all of these
        early = before in SENDING.values() and after in ENDED_BY_RESULT
        label = ", ".join(names) + (", its result was there" if early else "")
        lines.append(f"    {_id(before)} --> {_id(after)}: {label}")
    lines += [f"    {_id(state)} --> [*]" for state in sorted(ENDED)]
    lines += [
        "```",
        "",
        f"After {ended} a START or END begins",
        "a new job. A bad request is `Failed` at once, and leaves other jobs alone. A",
        "result that comes between START and END makes the job `Done`; the END then",
        "still goes out, and its job is `Done` as soon as it is confirmed.",
        "",
        "`Starting` and `Ending` last until the broker has confirmed the messages:",
        "some milliseconds, or up to the send time-out while it is away.",
        "",
    ]
    return "\n".join(lines)


def _id(state: State) -> str:
    return state.label.replace(" ", "_")
