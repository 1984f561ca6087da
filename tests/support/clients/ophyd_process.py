"""Use an IOC through classic ophyd: a line of JSON in, a line of JSON out.

usage: ophyd_process.py PREFIX
"""

import json
import sys
import time
from typing import Any

import numpy as np
from bluesky.run_engine import RunEngine
from ophyd import EpicsSignal, EpicsSignalRO
from ophyd.status import Status

from zocalo_ioc.clients.ophyd import Zocalo

LIMIT = 60


def serve(prefix: str) -> None:
    """Do what each line of the input says, and print one line for each."""
    device: Any = Zocalo(prefix, name="zocalo")
    device.wait_for_connection(timeout=20)
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        print(json.dumps(do(device, what, arguments)), flush=True)


def do(device: Any, what: str, arguments: list[Any]) -> Any:
    """Do one thing, and return what came of it."""
    match what:
        case "signals":
            return signals(device.prefix, arguments)
        case "read":
            return {name: as_json(r["value"]) for name, r in device.read().items()}
        case "trigger":
            return how_it_ends(device.trigger())
        case "set":
            statuses = [device.set(request) for request in arguments]
            return [how_it_ends(status) for status in statuses]
        case "plan":
            return documents(device, *arguments)
        case _:
            raise ValueError(what)


def how_it_ends(status: Status) -> str:
    """Return the error of a status, or nothing."""
    try:
        status.wait(LIMIT)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def documents(device: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Process in a plan, and return the event that came of it."""
    from bluesky import plan_stubs as bps

    events: list[dict[str, Any]] = []

    def plan() -> Any:
        yield from bps.open_run()
        yield from bps.abs_set(device, request, wait=True)
        yield from bps.create()
        yield from bps.read(device)
        yield from bps.save()
        yield from bps.close_run()

    def keep(name: str, document: Any) -> None:
        if name == "event":
            events.append(document["data"])

    RunEngine()(plan(), keep)
    [event] = events
    return {name: as_json(value) for name, value in event.items()}


def signals(prefix: str, names: list[str]) -> dict[str, Any]:
    """Read records with plain signals, and see a put wait for its end."""
    texts = ("FILENAME", "MESSAGE", "STATE", "SORT_KEY", "RESULT:JSON", "SUBMIT")
    found: dict[str, Any] = {}
    for name in names:
        signal = EpicsSignalRO(f"{prefix}:{name}", name="s", string=name in texts)
        signal.wait_for_connection(timeout=20)
        found[name] = as_json(signal.get())
    wait = EpicsSignal(f"{prefix}:WAIT", name="wait", put_complete=True)
    wait.wait_for_connection(timeout=20)
    began = time.monotonic()
    wait.set(1).wait(LIMIT)
    return found | {"waited": time.monotonic() - began}


def as_json(value: Any) -> Any:
    """Return a value with no NaN, which JSON does not have."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return "nan" if value != value else value  # only NaN is not itself


serve(sys.argv[1])
