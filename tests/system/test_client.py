"""`zocalo_ioc.Client` with a real IOC and a real broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import (
    ResultSender,
    answering,
    centre_of,
    number_of_centres,
    result_sender,
)
from zocalo_ioc import Client, ZocaloError
from zocalo_ioc.client import (
    Centre,
    IocGone,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    RequestRefused,
)
from zocalo_ioc.client._job import Job
from zocalo_ioc.client._link import Link
from zocalo_ioc.client._matching import Claim, History
from zocalo_ioc.wire import Source

LIMIT = 40


@pytest.fixture
async def zocalo(ioc: Ioc) -> AsyncIterator[Client]:
    async with asyncio.timeout(LIMIT), Client(ioc.prefix) as client:
        yield client


@pytest.fixture
def sender(rabbitmq: RabbitMQ) -> Iterator[ResultSender]:
    with result_sender(rabbitmq) as sender:
        yield sender


# -- results --------------------------------------------------------------------


async def test_process_returns_the_centres(zocalo: Client, rabbitmq: RabbitMQ) -> None:
    with answering(rabbitmq):
        result = await zocalo.process(7272, num_frames=400)
    assert (result.dcids, result.source) == ((7272,), Source.CPU)
    assert len(result.centres) == number_of_centres(7272)
    assert result.centres[0] == Centre(
        position=(72.5, 1.5, 2.5),
        box_min=(72, 1, 2),
        box_max=(73, 2, 3),
        max_voxel=(72, 1, 2),
        max_count=7272,
        total_count=7272,
        n_voxels=1,
        sample_id=-1,
    )
    assert result.vectors("box_max_").tolist() == [[73, 2, 3]] * len(result.centres)


async def test_process_goes_on_with_a_job_that_was_started(
    zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    await zocalo.start(9204, num_frames=1)
    with answering(rabbitmq):
        result = await zocalo.process(9204, num_frames=1)
    assert result.dcids == (9204,)


async def test_two_grids_are_one_job_and_may_differ(
    zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    grids = [{"dcid": 9200, "num_frames": 40}, {"dcid": 9201, "num_frames": 30}]
    with answering(rabbitmq) as site:
        result = await zocalo.process(grids, parameters={"of_two": True})
    assert result.dcids == (9201, 9200)
    assert [event for _, event in site.events] == ["start", "start", "end", "end"]


async def test_when_nothing_diffracts_there_are_no_centres(
    ioc: Ioc, zocalo: Client, sender: ResultSender
) -> None:
    waiting = asyncio.create_task(zocalo.process(9202, num_frames=1))
    await ioc.until_value("STATE", 4)
    sender.send({"results": []}, dcid=9202, dcgid=1)
    assert (await waiting).centres == []


async def test_many_at_once_get_each_its_own_result(
    ioc: Ioc, rabbitmq: RabbitMQ
) -> None:
    """From one client and from two, whose puts are to one record."""
    dcids = range(9210, 9240)
    async with asyncio.timeout(LIMIT), Client(ioc.prefix) as a, Client(ioc.prefix) as b:
        with answering(rabbitmq):
            results = await asyncio.gather(
                *((a, b)[dcid % 2].process(dcid, num_frames=1) for dcid in dcids)
            )
    assert [result.dcids for result in results] == [(dcid,) for dcid in dcids]
    counts = [len(result.centres) for result in results]
    assert counts == [number_of_centres(dcid) for dcid in dcids]


async def test_a_result_that_comes_before_the_end_message_is_returned(
    ioc: Ioc, zocalo: Client, sender: ResultSender
) -> None:
    await zocalo.start(9250, num_frames=1)
    sender.send({"results": [centre_of(3)]}, dcid=9250, dcgid=1)
    await ioc.until_value("RESULT:DCID", 9250)

    class Early(Client):
        async def _begin(self, grids: Any, *, continues: bool = False) -> Any:
            begun = await super()._begin(grids, continues=continues)
            sender.send({"results": [centre_of(5)]}, dcid=9251, dcgid=1)
            await ioc.until_value("RESULT:DCID", 9251)
            return begun

    async with Early(ioc.prefix) as early:
        sent = asyncio.create_task(early.process(9251, num_frames=1))
        await ioc.until_value("JOB:DCID", 9251)
        await ioc.until_value("STATE", 4)
        sender.send({"results": [centre_of(6)]}, dcid=9251, dcgid=1)
        result = await sent
    assert result.dcids == (9251,)


async def test_an_old_result_of_the_same_data_collection_is_not_returned(
    ioc: Ioc, zocalo: Client, sender: ResultSender
) -> None:
    for count in (1, 2):
        waiting = asyncio.create_task(zocalo.process(9252, num_frames=1))
        await ioc.until_value("JOB:DCID", 9252)
        await ioc.until_value("STATE", 4)
        sender.send({"results": [centre_of(count)]}, dcid=9252, dcgid=1)
        result = await waiting
        assert result.columns["max_count"].tolist() == [count]


async def test_an_end_that_comes_while_the_history_is_read_is_not_missed(
    ioc: Ioc, zocalo: Client, sender: ResultSender
) -> None:
    class SlowReader(Link):
        async def history(self) -> History:
            history = await super().history()
            if await ioc.get("STATE") == 4:
                sender.send({"results": []}, dcid=9253, dcgid=1)
                await ioc.until_value("STATE", 6)
                await ioc.get("HISTORY:SEQ")  # its monitor was told before
            return history

    link = SlowReader(ioc.prefix)
    await link.open()
    job = Job(link, Claim((9253,), int(await link.get("HISTORY:SEQ"))))
    await zocalo.start(9253, num_frames=1)
    await zocalo.end(9253)
    await job.until_ended()
    link.close()


async def test_a_result_is_returned_that_names_the_group_alone(
    zocalo: Client, rabbitmq: RabbitMQ, sender: ResultSender
) -> None:
    """Of both jobs that have the group, as the IOC gives it to both."""
    dcids = 9255, 9256
    waiting = [
        asyncio.create_task(zocalo.process(dcid, num_frames=1, dcgid=90))
        for dcid in dcids
    ]
    assert len(await asyncio.to_thread(sent, rabbitmq, 4)) == 4
    sender.send({"results": [centre_of(3)]}, dcid=9257, dcgid=90)
    for result in await asyncio.gather(*waiting):
        assert (result.dcids, result.dcgid) == ((9257,), 90)


async def test_results_are_those_of_everybody_from_now_on(
    ioc: Ioc, zocalo: Client, sender: ResultSender
) -> None:
    sender.send({"results": []}, dcid=9260, dcgid=1)
    await ioc.until_value("RESULT:DCID", 9260)
    results = zocalo.results()
    sent = [(9261, "CPU"), (9262, "GPU"), (9263, "GPU"), (9264, "CPU")]
    for dcid, source in sent:
        values = {"gpu": True} if source == "GPU" else {}
        sender.send({"results": [centre_of(dcid)]}, dcid=dcid, dcgid=5, **values)
    found = [await anext(results) for _ in sent]
    assert [(r.dcids[0], r.source) for r in found] == sent
    assert [r.dcgid for r in found] == [5] * 4
    assert np.diff([r.seq for r in found]).tolist() == [1, 1, 1]


# -- failures -------------------------------------------------------------------


async def test_a_request_that_is_not_valid_raises_before_anything_is_sent(
    zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    with pytest.raises(RequestRefused, match="DCID 9270: the number of frames is 0"):
        await zocalo.process(9270)
    assert rabbitmq.depth(TRIGGERS) == 0


async def test_what_the_ioc_refuses_raises_its_reason(ioc: Ioc, zocalo: Client) -> None:
    await ioc.put("DCID", 9271)
    with pytest.raises(RequestRefused, match="the number of frames is 0"):
        await zocalo.process_request_records()
    await ioc.put_all(**{"DCID": 0, "XZ:DCID": 9271})
    with pytest.raises(RequestRefused, match="No DCID was given"):
        await zocalo.process_request_records()


async def test_a_client_that_may_not_write_is_told_so(
    ioc_maker: Callable[..., Ioc], rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    file = tmp_path / "nobody.acf"
    file.write_text("ASG(DEFAULT) { RULE(1, READ) } ASG(TRIGGER) { RULE(1, READ) }")
    ioc = ioc_maker(
        *("run", *rabbitmq.options),
        *("--access-security", str(file)),
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    async with asyncio.timeout(LIMIT), Client(ioc.prefix) as zocalo:
        with pytest.raises(RequestRefused, match="SEND: Write access denied"):
            await zocalo.start(1, num_frames=1)


async def test_a_message_without_a_queue_raises_the_reason(
    zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.delete(TRIGGERS)
    try:
        with pytest.raises(JobFailed, match=r"9272: the start .*processing_recipe"):
            await zocalo.process(9272, num_frames=1)
    finally:
        rabbitmq.declare(TRIGGERS)


async def test_the_time_out_of_the_ioc_raises(ioc: Ioc, zocalo: Client) -> None:
    await ioc.put("TIMEOUT", 0.3)
    with pytest.raises(JobTimedOut, match=r"no result within 0\.3 s"):
        await zocalo.process(9273, num_frames=1)


async def test_cancelling_raises(ioc: Ioc, zocalo: Client) -> None:
    waiting = asyncio.create_task(zocalo.process(9274, num_frames=1))
    await ioc.until_value("JOB:DCID", 9274)
    await ioc.until_value("STATE", 4)
    await zocalo.cancel()
    with pytest.raises(JobCancelled, match="DCID 9274: cancelled"):
        await waiting


async def test_cancel_of_data_collections_abandons_their_job_and_no_other(
    ioc: Ioc, zocalo: Client
) -> None:
    scans = [(9277, 9278), (9279,)]
    waiting = [
        asyncio.create_task(zocalo.process(scan, num_frames=1)) for scan in scans
    ]
    for first, *_ in scans:
        confirmed = f"DCID {first}: end confirmed"
        await ioc.until(lambda text=confirmed: asyncio.sleep(0, text in ioc.log))
    await zocalo.cancel(9278)
    with pytest.raises(JobCancelled, match="DCID 9277"):
        await waiting[0]
    assert not waiting[1].done()
    await zocalo.cancel([9279])
    with pytest.raises(JobCancelled, match="DCID 9279"):
        await waiting[1]


async def test_cancel_of_what_does_not_run_is_refused(zocalo: Client) -> None:
    for dcids, why in ((9280, "DCID 9280: no job to cancel"), (-1, "dcid")):
        with pytest.raises(RequestRefused, match=why):
            await zocalo.cancel(dcids)


async def test_a_job_without_a_result_is_over_with_its_end_message(
    ioc: Ioc, zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    told: list[str] = []
    result = await zocalo.process(
        9281, num_frames=1, expect_result=False, on_message=told.append
    )
    assert result is None
    assert [message.partition(": ")[2] for message in told] == [
        "sending the start message.",
        "sending the end message.",
    ]
    assert await ioc.state() == "Done"
    await ioc.put_all(DCID=9282, NUM_FRAMES=1, EXPECT_RESULT=0)
    assert await zocalo.process_request_records() is None
    assert [e["event"] for e in sent(rabbitmq, 4)] == ["start", "end"] * 2


async def test_a_scan_of_the_request_records_may_have_two_grids(
    ioc: Ioc, zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    await ioc.put_all(DCID=9284, NUM_FRAMES=1, PARAMETERS='{"of_two": true}')
    await ioc.put_all(**{"XZ:DCID": 9285, "XZ:NUM_FRAMES": 1})
    with answering(rabbitmq):
        result = await zocalo.process_request_records()
    assert result
    assert result.dcids == (9285, 9284)


async def test_numbers_may_be_those_of_numpy(
    zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    await zocalo.start(
        np.array([9288, 9289]),
        num_frames=np.int64(4),
        parameters={"steps": np.float32(0.5), "box": np.arange(3)},
    )
    await zocalo.end(np.int64(9288))
    await zocalo.end([{"dcid": np.uint16(9289)}])
    await zocalo.cancel([np.int32(9288)])
    starts = sent(rabbitmq, 4)[:2]
    assert [each["ispyb_dcid"] for each in starts] == [9288, 9289]
    assert [each["number_of_frames"] for each in starts] == [4, 4]
    assert [each["box"] for each in starts] == [[0, 1, 2]] * 2


async def test_a_request_is_found_by_its_id(ioc: Ioc, zocalo: Client) -> None:
    await zocalo.process(9287, num_frames=1, expect_result=False, id="run 42")
    assert (await ioc.get("HISTORY:ID"))[0] == "run 42"


def sent(rabbitmq: RabbitMQ, count: int) -> list[dict[str, Any]]:
    """Return the parameters of messages that were sent."""
    return [json.loads(b)["parameters"] for _, _, b in rabbitmq.take(TRIGGERS, count)]


async def test_the_reason_is_not_that_of_another_job(ioc: Ioc, zocalo: Client) -> None:
    first = asyncio.create_task(zocalo.process(9275, num_frames=1))
    await ioc.until_value("JOB:DCID", 9275)
    await ioc.until_value("STATE", 4)
    await zocalo.start(9276, num_frames=1)
    await ioc.put("TIMEOUT", 0.3)
    with pytest.raises(JobTimedOut, match="DCID 9275: timed out"):
        await first


async def test_an_ioc_that_is_not_there_is_named() -> None:
    with pytest.raises(IocGone, match="NOBODY does not answer"):
        await Client("NOBODY").__aenter__()


async def test_latest_results_that_can_not_be_read_are_named(
    ioc_maker: Callable[..., Ioc],
    rabbitmq: RabbitMQ,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = rabbitmq.virtual_host("long-arrays", TRIGGERS, RESULTS)
    with monkeypatch.context() as environment:
        environment.setenv("EPICS_CA_AUTO_ARRAY_BYTES", "NO")
        environment.setenv("EPICS_CA_MAX_ARRAY_BYTES", "16384")
        ioc = ioc_maker("run", *broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    with result_sender(broker) as sender:
        sender.send({"results": [centre_of(1)] * 200}, dcid=9286, dcgid=1)
    await ioc.until_value("RESULT:DCID", 9286)
    async with asyncio.timeout(LIMIT):
        with pytest.raises(IocGone, match=f"{ioc.prefix}:RESULT:RECENT can't be"):
            await Client(ioc.prefix).__aenter__()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_an_ioc_that_ends_while_a_result_is_awaited_fails_the_job(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, number: signal.Signals
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    async with asyncio.timeout(LIMIT), Client(ioc.prefix) as zocalo:
        results = zocalo.results()
        waiting = asyncio.create_task(zocalo.process(9280, num_frames=1))
        await ioc.until_value("STATE", 4)
        await asyncio.to_thread(ioc.stop, number)
        with pytest.raises(IocGone, match=f"Lost {ioc.prefix}"):
            await waiting
        with pytest.raises(IocGone):
            await anext(results)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_an_ioc_that_ends_during_a_put_fails_the_job(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, number: signal.Signals
) -> None:
    ioc = ioc_maker("run", *private_broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    private_broker.stop()
    async with asyncio.timeout(LIMIT), Client(ioc.prefix) as zocalo:
        waiting = asyncio.create_task(zocalo.start(9281, num_frames=1))
        queued = asyncio.create_task(zocalo.start(9282, num_frames=1))
        await ioc.until_value("STATE", 1)
        await asyncio.to_thread(ioc.stop, number)
        for each in (waiting, queued):
            with pytest.raises(IocGone):
                await each


async def test_a_client_can_be_used_again_once_the_ioc_is_back(
    ioc_maker: Callable[..., Ioc], private_broker: RabbitMQ, tmp_path: Path
) -> None:
    first = ioc_maker("run", *private_broker.options)
    await first.until_value("BROKER:CONNECTED", 1)
    async with asyncio.timeout(60), Client(first.prefix) as zocalo:
        waiting = asyncio.create_task(zocalo.process(9283, num_frames=1))
        await first.until_value("STATE", 4)
        await asyncio.to_thread(first.stop)
        with pytest.raises(IocGone):
            await waiting
        private_broker.purge(TRIGGERS, RESULTS)
        second = Ioc(tmp_path / "log", first.prefix, *first.arguments)
        try:
            await second.until_value("BROKER:CONNECTED", 1)
            with answering(private_broker):
                result = await zocalo.process(9284, num_frames=1)
        finally:
            await asyncio.to_thread(second.stop)
    assert result.dcids == (9284,)


# -- puts -----------------------------------------------------------------------


async def test_a_put_that_is_given_up_keeps_the_next_one_waiting(
    ioc: Ioc, zocalo: Client, rabbitmq: RabbitMQ
) -> None:
    """Two of one process at once would stall it: the second came 20 s later."""
    await ioc.put_all(DCID=9290, NUM_FRAMES=1)
    giving_up = asyncio.create_task(zocalo.process_request_records())
    await ioc.until_value("STATE", 4)
    giving_up.cancel()
    next_one = asyncio.create_task(zocalo.process_request_records())
    await asyncio.to_thread(rabbitmq.take, TRIGGERS, 2)
    assert rabbitmq.depth(TRIGGERS) == 0
    await zocalo.cancel()
    await asyncio.to_thread(rabbitmq.take, TRIGGERS, 2)
    await ioc.until_value("STATE", 4)
    await zocalo.cancel()
    with pytest.raises(ZocaloError, match="cancelled"):
        await next_one


def test_importing_the_package_loads_no_epics() -> None:
    code = "import sys, zocalo_ioc; print('aioca' in sys.modules)"
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, env=os.environ, capture_output=True, check=True)
    assert output.stdout == b"False\n"
