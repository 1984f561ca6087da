"""The states of a job, found by trying everything in every state."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from zocalo_ioc.jobs import ENDED, ENDED_BY_RESULT, SENDING, Job, Jobs, State, Timeouts
from zocalo_ioc.wire import Centre, Event, Request, Result, Source

GRIDS = [Request(dcid=dcid, num_frames=400) for dcid in (1234567, 1234568)]
ROTATION = [Request(dcid=1234567, num_frames=400, expect_result=False)]
CENTRE = Centre(
    centre_of_mass=[0.5, 0.5],
    max_voxel=[0, 0],
    max_count=1,
    n_voxels=1,
    total_count=1,
)
FOUND, NONE = (
    Result(GRIDS[0].dcid, None, (), Source.CPU, centres, "{}", "")
    for centres in ((CENTRE,), ())
)
TIMEOUTS = Timeouts(result=180.0, end=3600.0)


def _start(requests: list[Request]) -> Callable[[Jobs], None]:
    def start(jobs: Jobs) -> None:
        if jobs.processing(requests[0].dcid):
            jobs.refuse(requests, "")
        else:
            jobs.begin(Event.START, requests)

    return start


def _end(requests: list[Request]) -> Callable[[Jobs], object]:
    return lambda jobs: jobs.begin(Event.END, requests)


def _confirm(jobs: Jobs) -> None:
    job = jobs.current
    for event, sending in SENDING.items():
        if job.state is sending:
            for dcid in job.dcids:
                jobs.confirmed(job, event, dcid, 0)


def _fail(jobs: Jobs) -> None:
    if jobs.current.state in SENDING.values():
        jobs.failed(jobs.current, "", 0)


Happening = tuple[str, Callable[[Jobs], object]]
HAPPENINGS: Sequence[Happening] = (
    ("START", _start(GRIDS)),
    ("START", _start(ROTATION)),
    ("END", _end(GRIDS)),
    ("END", _end(GRIDS[:1])),
    ("END", _end(ROTATION)),
    ("confirmed", _confirm),
    ("not sent", _fail),
    ("centres found", lambda jobs: jobs.result(FOUND, 0)),
    ("none found", lambda jobs: jobs.result(NONE, 0)),
    ("excluded by SOURCE", lambda jobs: jobs.exclude(FOUND)),
    ("END_TIMEOUT", lambda j: j.current.to_end and j.expire(TIMEOUTS.end, TIMEOUTS)),
    ("TIMEOUT", lambda jobs: jobs.expire(TIMEOUTS.result, TIMEOUTS)),
    ("CANCEL", lambda jobs: jobs.cancel(0)),
)


def transitions() -> Mapping[tuple[State, State], list[str]]:
    """Return what leads from one state to another."""
    found: dict[tuple[State, State], list[str]] = {}
    for (name, _), before, after in _steps():
        job, state = before.current, after.current.state
        names = found.setdefault((job.state, state), [])
        if name == "confirmed":
            name += _confirmed(job, after.current)
        if name not in names:
            names.append(name)
    return {edge: names for edge, names in found.items() if len(set(edge)) == 2}


def _confirmed(before: Job, after: Job) -> str:
    """Say in which case a confirm leads to a state."""
    if after.state in ENDED_BY_RESULT:
        expected = after.expects_result
        return ", its result was there" if expected else ", no result expected"
    waits = before.state is State.ENDING and after.state is State.STARTED
    return ", a grid is still to be ended" if waits else ""


def descriptions() -> Mapping[State, set[str]]:
    """Return what is said of a job in each state; of `State.FAILED`, the reason."""
    found = {State.IDLE: {_replay([]).current.describe()}}
    for _, _, after in _steps():
        job = after.current
        is_usual = not job.later and not (job.running and job.excluded)
        if is_usual and (text := job.describe()):
            found.setdefault(job.state, set()).add(text)
    both, one = (_named(requests) for requests in (GRIDS, ROTATION))
    return {
        state: {
            t for t in texts if t.count(both) == 0 or t.replace(both, one) not in texts
        }
        for state, texts in found.items()
    }


def _named(requests: list[Request]) -> str:
    return f"DCID {', '.join(str(request.dcid) for request in requests)}:"


def _steps() -> Iterator[tuple[Happening, Jobs, Jobs]]:
    """Try everything that can happen in every state that can be reached."""
    paths: list[list[Happening]] = [[]]
    seen: set[tuple[object, ...]] = set()
    for path in paths:
        before = _replay(path)
        job = before.current
        key = (
            job.state,
            len(job.result.centres) if job.result else None,
            (job.dcids, len(job.to_end), job.expects_result, job.excluded),
        )
        if key not in seen:
            seen.add(key)
            longer = [[*path, happening] for happening in HAPPENINGS]
            paths += longer
            yield from ((each[-1], before, _replay(each)) for each in longer)


def _replay(path: Sequence[Happening]) -> Jobs:
    jobs = Jobs(lambda _event, _job: None)
    for _, happen in path:
        happen(jobs)
    return jobs


_PAGE = """\
# The states of a job

The values of `P:STATE`, and what leads from one to the next. The picture is generated
by trying every event in every state that `zocalo_ioc.jobs` can reach.

```mermaid
stateDiagram-v2
    direction LR
{states}
    [*] --> Idle
{edges}
```

After {ended} a START or END begins a
new job. A result that arrives between START and END makes the job `Done`; END is still
sent, and its job is `Done` once the broker confirms it. A job of several data
collections is `Started` until each of them has been ended.

A request that is refused while a job runs changes no state, and MESSAGE gives the
reason for 10 s or until the next command. Without a running job the state is `Failed`,
unless the request was to cancel a data collection: its job may have ended just before.
START of a data collection whose end message was sent is refused until its job has
ended.

With `P:EXPECT_RESULT` at `No`, a job is `Done` once its end messages are confirmed. A
result that arrives anyway is published, and changes no state.

`Starting` and `Ending` last until the broker has confirmed the messages: milliseconds,
or up to the send time-out while it is away.
"""


def states_page() -> str:
    """Return the explanation of the states, with their picture."""
    ids = {state: state.label.replace(" ", "_") for state in State}
    edges: list[str] = []
    for (before, after), names in sorted(transitions().items()):
        if before not in ENDED:  # the page says the same of all that have
            edges.append(f"    {ids[before]} --> {ids[after]}: {' or '.join(names)}")
    edges += [f"    {ids[state]} --> [*]" for state in sorted(ENDED)]
    return _PAGE.format(
        states="\n".join(f'    state "{s.label}" as {ids[s]}' for s in State),
        edges="\n".join(edges),
        ended=", ".join(f"`{state.label}`" for state in sorted(ENDED)),
    )
