"""Options, request, the last result, jobs and history survive a restart of the IOC."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aioca
import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import centre_of, result_sender


class Saving:
    """Starts IOCs, each of which finds what the one before has saved.

    Each has a prefix of its own: clients find a new name at once, but search for one
    that they have lost with growing pauses.
    """

    def __init__(self, make: Callable[..., Ioc], url: str, folder: Path) -> None:
        self._make, self._url, self._folder = make, url, folder
        self.file = folder / "none yet"

    async def start(self) -> Ioc:
        ioc = self._make(
            *("run", "--broker", self._url, "--results-queue", RESULTS),
            *("--autosave", str(self._folder)),
            before=self._pass_on,
        )
        await ioc.get("HEARTBEAT")
        return ioc

    def _pass_on(self, prefix: str) -> None:
        after = self._folder / f"{prefix}.json"
        if self.file.exists():
            self.file.rename(after)
        self.file = after

    async def stop(self, ioc: Ioc) -> None:
        assert await asyncio.to_thread(ioc.stop) == 0

    def has_saved(self, text: str) -> bool:
        return self.file.exists() and text in self.file.read_text()


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host whose results no other IOC takes."""
    return rabbitmq.virtual_host("autosave", TRIGGERS, RESULTS)


@pytest.fixture
def saving(broker: RabbitMQ, ioc_maker: Callable[..., Ioc], tmp_path: Path) -> Saving:
    broker.purge(RESULTS)
    return Saving(ioc_maker, broker.url, tmp_path)


async def test_options_and_request_come_back(saving: Saving) -> None:
    before: dict[str, Any] = {
        "DCID": 5,
        "FILENAME": "ins_10_31",
        "SORT_KEY": 2,
        "SOURCE": 1,
        "TIMEOUT": 33.5,
    }
    ioc = await saving.start()
    await ioc.put_all(**before)
    await saving.stop(ioc)
    again = await saving.start()
    assert await again.text("FILENAME") == before.pop("FILENAME")
    assert {name: await again.get(name) for name in before} == before
    await saving.stop(again)


async def test_what_came_back_is_used(saving: Saving, broker: RabbitMQ) -> None:
    ioc = await saving.start()
    await ioc.put_all(DCID=6001, NUM_FRAMES=10)
    await saving.stop(ioc)
    again = await saving.start()
    await again.put("START", 1)
    assert await again.get("JOB:DCID") == 6001
    assert await again.state() == "Started"
    await saving.stop(again)


async def test_the_last_result_comes_back_with_its_time(
    saving: Saving, broker: RabbitMQ
) -> None:
    ioc = await saving.start()
    await ioc.until_value("BROKER:CONNECTED", 1)
    with result_sender(broker) as zocalo:
        for dcid in (7, 8):
            zocalo.send({"results": [centre_of(dcid)]}, dcid=dcid, dcgid=4)
    await ioc.until_value("RESULT:DCID", 8)
    names = ("RESULT:SEQ", "RESULT:DCID", "RESULT:TIME", "BEST:X", "BEST:BOX_MAX:Z")
    before = await stamped(ioc, *names)
    await saving.stop(ioc)
    again = await saving.start()
    await again.until_value("RESULT:DCID", 8)
    assert await stamped(again, *names) == before
    await saving.stop(again)


async def stamped(ioc: Ioc, *names: str) -> list[tuple[Any, float]]:
    values = [await ioc.get(name, format=aioca.FORMAT_TIME) for name in names]
    return [(value + type(value)(), value.timestamp) for value in values]


async def test_a_killed_ioc_has_saved_what_was_put_a_moment_ago(saving: Saving) -> None:
    ioc = await saving.start()
    await ioc.put("DCID", 77)

    async def is_saved() -> bool:
        return saving.has_saved('"DCID":77')

    await ioc.until(is_saved)
    await asyncio.to_thread(ioc.stop, signal.SIGKILL)
    again = await saving.start()
    assert await again.get("DCID") == 77
    await saving.stop(again)


async def test_a_damaged_file_is_reported_and_not_used(saving: Saving) -> None:
    ioc = await saving.start()
    await ioc.put("DCID", 9)
    await saving.stop(ioc)
    saving.file.write_bytes(b'{"values": {"DCID": 9')
    again = await saving.start()
    assert await again.get("DCID") == 0

    await again.until_logged("Started without the values saved")
    await saving.stop(again)


async def test_saved_values_that_can_not_be_used_are_named_and_others_are_used(
    saving: Saving,
) -> None:
    unusable = {
        "DCID": -1,
        "DCGID": "text",
        "START_FRAME": 1.5,
        "SORT_KEY": 17,
        "FILENAME": "x" * 300,
        "NO_SUCH": 1,
    }
    ioc = await saving.start()
    await saving.stop(ioc)
    saving.file.write_text(json.dumps({"values": unusable | {"NUM_FRAMES": 12}}))
    again = await saving.start()
    assert await again.get("NUM_FRAMES") == 12

    async def all_are_named() -> bool:
        return all(f"The saved {name} is not used" in again.log for name in unusable)

    await again.until(all_are_named)
    await saving.stop(again)


async def test_a_file_that_can_not_be_read_is_reported(saving: Saving) -> None:
    ioc = await saving.start()
    await saving.stop(ioc)
    saving.file.mkdir()
    again = await saving.start()
    assert await again.get("DCID") == 0

    await again.until_logged("Started without the values saved")
    await saving.stop(again)


async def test_a_folder_that_is_gone_is_an_alarm_until_it_is_back(
    saving: Saving, tmp_path: Path
) -> None:
    ioc = await saving.start()
    assert await ioc.get("AUTOSAVE:OK") == 1
    aside = tmp_path.with_name("aside")
    os.rename(tmp_path, aside)
    await ioc.put("DCID", 12)
    await ioc.until_value("AUTOSAVE:OK", 0)
    assert await ioc.severity("AUTOSAVE:OK") == 1
    assert "Can't save to " in await ioc.text("MESSAGE")
    os.rename(aside, tmp_path)
    await ioc.until_value("AUTOSAVE:OK", 1, limit=10)
    assert "Can't save" not in await ioc.text("MESSAGE")
    assert saving.has_saved('"DCID":12')
    await saving.stop(ioc)


async def test_counters_go_on_with_0_after_the_last_number_of_31_bits(
    saving: Saving, broker: RabbitMQ
) -> None:
    last = 2**31 - 1
    ioc = await saving.start()
    await ioc.until_value("BROKER:CONNECTED", 1)
    with result_sender(broker) as zocalo:
        zocalo.send({"results": [centre_of(7)]}, dcid=7)
        await ioc.until_value("RESULT:SEQ", 1)
        await saving.stop(ioc)
        saved = json.loads(saving.file.read_text())
        saved["result"]["number"] = saved["jobs"]["count"] = last
        saving.file.write_text(json.dumps(saved))
        again = await saving.start()
        assert await again.get("RESULT:SEQ") == last
        zocalo.send({"results": [centre_of(8)]}, dcid=8)
        await again.until_value("RESULT:DCID", 8)
        assert await again.get("RESULT:SEQ") == 0
    await again.put("SEND", '{"command": "start", "dcid": 9, "num_frames": 1}')
    assert await again.get("JOB:NUMBER") == 1  # for 0 is none
    assert await again.state() == "Started"
    await saving.stop(again)


# -- jobs and history ---------------------------------------------------------------


async def waiting_for_a_result(saving: Saving, dcid: int) -> Ioc:
    """Return an IOC that is about to go away while a job waits for its result."""
    ioc = await saving.start()
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("SEND", f'{{"command": "end", "dcid": {dcid}, "id": "mine"}}')
    assert await ioc.state() == "Processing"

    async def is_saved() -> bool:
        return saving.has_saved(f'"dcids":[{dcid}]') and saving.has_saved('"state":4')

    await ioc.until(is_saved)
    return ioc


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_running_job_goes_on_and_a_wait_waits_for_it(
    saving: Saving, broker: RabbitMQ, number: signal.Signals
) -> None:
    ioc = await waiting_for_a_result(saving, 6101)
    remaining, job = await ioc.get("JOB:REMAINING"), await ioc.get("JOB:NUMBER")
    await asyncio.to_thread(ioc.stop, number)
    again = await saving.start()
    assert await again.state() == "Processing"
    assert await again.get("JOB:DCID") == 6101
    assert await again.get("JOB:NUMBER") == job
    assert remaining - 40 < await again.get("JOB:REMAINING") < remaining - 0.5
    waiting = asyncio.create_task(again.put("WAIT", 1))
    await asyncio.wait([waiting], timeout=1)
    assert not waiting.done()
    with result_sender(broker) as zocalo:
        zocalo.send({"results": [centre_of(6101)]}, dcid=6101)
    await waiting
    assert await again.state() == "Done"
    assert await again.get("RESULT:JOB") == job
    assert (await again.get("HISTORY:ID"))[0] == "mine"
    await saving.stop(again)


async def test_a_result_that_came_while_the_ioc_was_away_ends_its_job_although_late(
    saving: Saving, broker: RabbitMQ
) -> None:
    ioc = await waiting_for_a_result(saving, 6102)
    await ioc.put("TIMEOUT", 3)
    await saving.stop(ioc)
    with result_sender(broker) as zocalo:
        zocalo.send({"results": [centre_of(6102)]}, dcid=6102)
    await asyncio.sleep(3)
    again = await saving.start()
    await again.until_newest(6102, "Done")
    assert list(await again.get("HISTORY:STATE")) == ["Done"]
    await saving.stop(again)


async def test_a_job_whose_time_passed_while_the_ioc_was_away_times_out(
    saving: Saving,
) -> None:
    ioc = await waiting_for_a_result(saving, 6103)
    await ioc.put("TIMEOUT", 3)
    await saving.stop(ioc)
    await asyncio.sleep(3)
    again = await saving.start()
    await again.until_value("BROKER:CONNECTED", 1)
    await again.until_value("STATE", 7, limit=10)
    assert "no result within 3 s" in await again.text("MESSAGE")
    await saving.stop(again)


async def test_a_job_begun_after_a_restart_times_out_although_no_results_can_arrive(
    saving: Saving, broker: RabbitMQ
) -> None:
    ioc = await waiting_for_a_result(saving, 6106)
    await saving.stop(ioc)
    broker.delete(RESULTS)
    try:
        again = await saving.start()
        await again.until_said("has no queue")
        await again.put_all(TIMEOUT=1, DCID=6107, NUM_FRAMES=1)
        await again.put("PROCESS", 1, timeout=15)
        assert await again.state() == "Timed out"
        assert list(await again.get("HISTORY:DCID")) == [6107]  # 6106 still waits
    finally:
        broker.declare(RESULTS)
    await again.until_value("BROKER:CONNECTED", 1)

    async def both_have_timed_out() -> bool:
        return list(await again.get("HISTORY:DCID")) == [6106, 6107]

    await again.until(both_have_timed_out)
    await saving.stop(again)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_message_that_was_not_confirmed_at_a_stop_has_failed_after_it(
    ioc_maker: Callable[..., Ioc],
    private_broker: RabbitMQ,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    saving = Saving(ioc_maker, private_broker.url, tmp_path)
    ioc = await saving.start()
    await ioc.until_value("BROKER:CONNECTED", 1)
    with private_broker.halted():
        put = asyncio.create_task(
            ioc.put("SEND", '{"command": "start", "dcid": 6104, "num_frames": 1}')
        )

        async def is_saved() -> bool:
            return saving.has_saved('"unconfirmed":[["start",6104]]')

        await ioc.until(is_saved)
        await asyncio.to_thread(ioc.stop, number)
        with pytest.raises(aioca.CANothing):
            await put
        again = await saving.start()
        assert await again.state() == "Failed"
        assert (await again.text("MESSAGE")).startswith(
            "DCID 6104: the start message failed. The IOC was stopped before"
        )
        assert list(await again.get("HISTORY:STATE")) == ["Failed"]
    await saving.stop(again)


async def test_history_comes_back(saving: Saving) -> None:
    ioc = await saving.start()
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put("SEND", '{"command": "start", "id": "refused"}')
    await ioc.put("SEND", '{"command": "end", "dcid": 6105, "expect_result": false}')
    await ioc.until_value("STATE", 5)
    columns = "DCID", "DCGID", "STATE", "CENTRES", "TIME", "JOB", "ID"

    async def history(ioc: Ioc) -> list[list[Any]]:
        return [list(await ioc.get(f"HISTORY:{column}")) for column in columns]

    before = await history(ioc)
    assert before[2] == ["Done", "Refused"]
    await saving.stop(ioc)
    again = await saving.start()
    assert await history(again) == before
    assert await again.state() == "Done"  # the latest job is shown
    await saving.stop(again)
