"""What supervises an IOC: its log in each form, Graylog and Prometheus."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK, free_ports
from tests.support.rabbitmq import RESULTS, RabbitMQ

DCID = 4711


@pytest.fixture(scope="module")
def graylog() -> Iterator[socket.socket]:
    """What listens as Graylog does, for GELF over UDP."""
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind((LOOPBACK, 0))
        listener.settimeout(10)
        yield listener


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
async def watched(
    rabbitmq: RabbitMQ,
    ioc_maker: Callable[..., Ioc],
    graylog: socket.socket,
    metrics_port: int,
) -> AsyncIterator[Ioc]:
    """An IOC that has done a job, rejected a message, and been asked for nonsense."""
    host = rabbitmq.virtual_host("operations", "processing_recipe", RESULTS)
    ioc = ioc_maker(
        *("run", "--broker", host.url),
        *("--results-queue", RESULTS, "--log-format", "json"),
        *("--log-graylog", f"{LOOPBACK}:{graylog.getsockname()[1]}"),
        *("--metrics-port", str(metrics_port)),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=DCID, NUM_FRAMES=1, START=1, END=1)
    host.put(RESULTS, ({}, b"nonsense"))
    body = {
        "payload": {"results": []},
        "recipe": {"1": {"parameters": {"dcid": DCID}}},
        "recipe-pointer": 1,
        "environment": {"ID": "the-guid-of-the-recipe"},
    }
    host.put(RESULTS, ({"workflows-recipe": True}, json.dumps(body).encode()))
    await ioc.put("WAIT", 1)
    await ioc.put("SEND", "a slip")
    yield ioc
    await asyncio.to_thread(ioc.stop)


def lines_of(ioc: Ioc) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ioc.log.splitlines() if line[:1] == "{"]


async def test_every_json_line_says_when_how_bad_what_and_who(watched: Ioc) -> None:
    lines = lines_of(watched)
    assert len(lines) > 5
    for line in lines:
        assert datetime.fromisoformat(line["time"]).tzinfo
        assert line["level"] in ("INFO", "WARNING", "ERROR")
        assert line["message"]
        assert line["logger"].startswith("zocalo_ioc")


async def test_every_line_of_a_job_has_its_dcid_and_a_guid(watched: Ioc) -> None:
    of_job = [line for line in lines_of(watched) if f"DCID {DCID}" in line["message"]]
    assert len(of_job) == 4  # start, end, result and how the job ended
    for line in of_job:
        assert line["dcid"] == DCID
        assert line["job"] == await watched.get("JOB:NUMBER")
        assert len(line["guid"]) > 10
    guids = [line["guid"] for line in of_job]
    assert guids[1] == await watched.get("GUID")
    assert "the-guid-of-the-recipe" in guids


async def test_no_password_gets_into_the_log(watched: Ioc, rabbitmq: RabbitMQ) -> None:
    assert rabbitmq.password not in watched.log


async def test_graylog_gets_the_same_with_the_fields(
    watched: Ioc, graylog: socket.socket, rabbitmq: RabbitMQ
) -> None:
    got: list[dict[str, Any]] = []
    while not any("no centre" in message["short_message"] for message in got):
        datagram = await asyncio.to_thread(graylog.recv, 65536)
        got.append(json.loads(zlib.decompress(datagram)))
    job = next(m for m in got if "start confirmed" in m["short_message"])
    assert job["_dcid"] == DCID
    assert job["_guid"] in job["short_message"]
    assert job["_job"] == await watched.get("JOB:NUMBER")
    assert job["_ioc"] == watched.prefix
    assert job["facility"] == "zocalo-ioc"
    assert rabbitmq.password not in str(got)


def scrape(port: int) -> dict[str, float]:
    """Return the value of each sample by its name and labels."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics") as answer:
        text = answer.read().decode()
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_prometheus_reads_what_the_records_say(
    watched: Ioc, metrics_port: int
) -> None:
    read = await asyncio.to_thread(scrape, metrics_port)
    assert read["zocalo_ioc_messages_sent_total"] == 2
    assert read["zocalo_ioc_results_received_total"] == 2
    assert read["zocalo_ioc_results_rejected_total"] == 1
    assert read["zocalo_ioc_results_ignored_total"] == 0
    assert read["zocalo_ioc_broker_connected"] == 1
    assert read["zocalo_ioc_broker_reconnects_total"] == 0
    confirm = await watched.get("BROKER:CONFIRM_TIME")
    assert read["zocalo_ioc_confirm_seconds"] == pytest.approx(confirm / 1000)
    assert read["zocalo_ioc_jobs_ended_total No centres"] == 1
    assert read["zocalo_ioc_jobs_ended_total Failed"] == 0
    assert read["zocalo_ioc_requests_refused_total"] == 1
    assert read["zocalo_ioc_state Failed"] == 1
    assert read["zocalo_ioc_result_latency_seconds_count"] == 1
    latency = await watched.get("RESULT:LATENCY")
    assert read["zocalo_ioc_result_latency_seconds_sum"] == pytest.approx(
        latency, abs=0.1
    )


async def test_a_scrape_that_never_ends_holds_nothing_up(
    watched: Ioc, metrics_port: int
) -> None:
    with socket.create_connection((LOOPBACK, metrics_port)) as slow:
        slow.sendall(b"GET /metrics")
        beats = await watched.get("HEARTBEAT")
        await watched.until_value("HEARTBEAT", beats + 2, limit=5)
        assert await asyncio.to_thread(scrape, metrics_port)


def test_metrics_are_on_loopback_only(watched: Ioc, metrics_port: int) -> None:
    tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
    rows = [row.split() for table in tables for row in table.read_text().splitlines()]
    listening = [row[1] for row in rows if row[3] == "0A"]
    here = [where for where in listening if where.endswith(f":{metrics_port:04X}")]
    assert here == [f"0100007F:{metrics_port:04X}"]


def test_a_metrics_port_in_use_is_told_at_the_start(metrics_port: int) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        program = Path(sys.executable).with_name("zocalo-ioc")
        ended = subprocess.run(
            [
                *(program, "run", "--prefix", "P", "--broker", "amqp://localhost:1"),
                *("--results-queue", "q", "--metrics-port", str(port)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 2
    assert f"--metrics-port: can't listen at {LOOPBACK}:{port}" in ended.stderr


def test_no_thread_of_epics_has_a_real_time_priority(watched: Ioc) -> None:
    threads = [
        int(task.name) for task in Path(f"/proc/{watched.process.pid}/task").iterdir()
    ]
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}


def test_memory_is_not_locked(watched: Ioc) -> None:
    status = Path(f"/proc/{watched.process.pid}/status").read_text()
    assert "VmLck:\t       0 kB" in status
