"""A worker of blueapi runs a plan with our device, which is asked for by name."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK, free_ports
from tests.support.rabbitmq import RabbitMQ
from tests.support.zocalo import answering, centre_of

ROOT = Path(__file__).parents[2]

Worker = Callable[..., Any]


@pytest.fixture
def worker(ioc: Ioc, tmp_path: Path) -> Iterator[Worker]:
    """A function that asks blueapi's REST interface, and returns its answer."""
    url = f"http://{LOOPBACK}:{free_ports(1)[0]}"
    module = "tests.support.beamline"
    sources = [
        {"kind": kind, "module": module} for kind in ("planFunctions", "deviceManager")
    ]
    config = tmp_path / "blueapi.json"  # which is YAML, too
    config.write_text(json.dumps({"api": {"url": url}, "env": {"sources": sources}}))

    def ask(path: str, method: str = "GET", **content: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        data = json.dumps(content).encode() if content else None
        with urlopen(
            Request(f"{url}/api/v1{path}", data, headers, method=method), timeout=20
        ) as it:
            return json.load(it)

    with (tmp_path / "blueapi.log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("blueapi"), "-c", config, "serve"],
            env=ioc.client_environment
            | {"BEAMLINE_ZOCALO": ioc.prefix, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: ask("/environment")["initialized"], process)
        yield ask
    finally:
        process.terminate()
        process.wait(20)
        print((tmp_path / "blueapi.log").read_text())


def until(condition: Callable[[], Any], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is so, and for as long as nobody answers."""
    end = time.monotonic() + 120
    while True:
        try:
            if condition():
                return
        except (URLError, HTTPError) as error:
            print(error)
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.2)  # between two looks, up to the limit


def run(ask: Worker, **params: Any) -> dict[str, Any]:
    """Run the plan, and return what the worker says of it in the end."""
    task = ask(
        "/tasks", "POST", name="centre", params=params, instrument_session="cm1-1"
    )
    ask("/worker/task", "PUT", task_id=task["task_id"])
    end = time.monotonic() + 60
    while not (said := ask(f"/tasks/{task['task_id']}"))["is_complete"]:
        assert time.monotonic() < end
        time.sleep(0.1)  # between two looks, up to the limit
    return said


def test_a_worker_lists_the_device_and_runs_a_plan_with_it(
    worker: Worker, rabbitmq: RabbitMQ
) -> None:
    names = [device["name"] for device in worker("/devices")["devices"]]
    assert names == ["zocalo"]
    with answering(rabbitmq):
        for dcid in (45_001, 45_002):
            done = run(worker, dcid=dcid, frames=4, zocalo="zocalo")
            assert done["errors"] == []
            expected = [x - 0.5 for x in centre_of(dcid)["centre_of_mass"]]
            assert done["outcome"]["result"] == expected


def test_a_worker_says_why_a_plan_failed(worker: Worker) -> None:
    done = run(worker, dcid=45_003, frames=0)
    assert "the number of frames is 0" in str(done["outcome"])
