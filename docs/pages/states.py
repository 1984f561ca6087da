"""The states of a job, found by trying everything in every state."""

from collections.abc import Callable, Iterator, Mapping

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
FOUND, NONE = (
    Result(REQUEST.dcid, None, (), Source.CPU, centres, "{}", "")
    for centres in ((CENTRE,), ())
)
TIMEOUT = 180.0


def _confirm(jobs: Jobs) -> None:
    for event, sending in SENDING.items():
        if jobs.current.state is sending:
            jobs.confirmed(jobs.current, event, REQUEST.dcid, 0)


def _fail(jobs: Jobs) -> None:
    if jobs.current.state in SENDING.values():
        jobs.failed(jobs.current, "", 0)


HAPPENINGS: Mapping[str, Callable[[Jobs], object]] = {
    "START": lambda jobs: jobs.begin(Event.START, [REQUEST]),
    "END": lambda jobs: jobs.begin(Event.END, [REQUEST]),
    "confirmed": _confirm,
    "not sent": _fail,
    "centres found": lambda jobs: jobs.result(FOUND, 0),
    "none found": lambda jobs: jobs.result(NONE, 0),
    "time-out": lambda jobs: jobs.expire(TIMEOUT, TIMEOUT),
    "CANCEL": lambda jobs: jobs.cancel(0),
}


def transitions() -> Mapping[tuple[State, State], list[str]]:
    """Return what leads from one state to another."""
    found: dict[tuple[State, State], list[str]] = {}
    for name, before, after in _steps():
        names = found.setdefault((before.current.state, after.current.state), [])
        if name not in names:
            names.append(name)
    return {edge: names for edge, names in found.items() if len(set(edge)) == 2}


def descriptions() -> Mapping[State, set[str]]:
    """Return what is said of a job in each state; of `State.FAILED`, the reason."""
    found = {State.IDLE: {_replay([]).current.describe()}}
    for _, _, after in _steps():
        if text := after.current.describe():
            found.setdefault(after.current.state, set()).add(text)
    return found


def _steps() -> Iterator[tuple[str, Jobs, Jobs]]:
    """Try everything that can happen in every state that can be reached."""
    paths: list[list[str]] = [[]]
    seen: set[tuple[State, int]] = set()
    for path in paths:
        before = _replay(path)
        result = before.current.result
        key = before.current.state, -1 if result is None else len(result.centres)
        if key not in seen:
            seen.add(key)
            longer = [[*path, name] for name in HAPPENINGS]
            paths += longer
            yield from ((each[-1], before, _replay(each)) for each in longer)


def _replay(path: list[str]) -> Jobs:
    jobs = Jobs(lambda _event, _job: None)
    for name in path:
        HAPPENINGS[name](jobs)
    return jobs


_PAGE = """\
# The states of a job

What `P:STATE` can say, and what leads from one state to the next. The picture is drawn
by trying everything that can happen in every state that the code of `zocalo_ioc.jobs`
can reach, so it can't differ from what the IOC does.

```mermaid
stateDiagram-v2
    direction LR
{states}
    [*] --> Idle
{edges}
```

After {ended} a START or END begins a
new job. A bad request is `Failed` at once, and does not affect other jobs. A result
that comes between START and END makes the job `Done`; the END is still sent, and its
job is `Done` as soon as it is confirmed.

`Starting` and `Ending` last until the broker has confirmed the messages: some
milliseconds, or up to the send time-out while it is away.
"""


def states_page() -> str:
    """Return the explanation of the states, with their picture."""
    ids = {state: state.label.replace(" ", "_") for state in State}
    edges: list[str] = []
    for (before, after), names in sorted(transitions().items()):
        if before not in ENDED:  # the page says the same of all that have
            early = before in SENDING.values() and after in ENDED_BY_RESULT
            label = ", ".join(names) + (", its result was there" if early else "")
            edges.append(f"    {ids[before]} --> {ids[after]}: {label}")
    edges += [f"    {ids[state]} --> [*]" for state in sorted(ENDED)]
    return _PAGE.format(
        states="\n".join(f'    state "{s.label}" as {ids[s]}' for s in State),
        edges="\n".join(edges),
        ended=", ".join(f"`{state.label}`" for state in sorted(ENDED)),
    )
