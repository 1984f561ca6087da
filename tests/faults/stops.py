"""What becomes of an IOC and its promises when it is stopped at the worst points."""

import asyncio
import itertools
import json
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aioca
from epicscorelibs.ca.cadef import ECA_TIMEOUT

from tests.support.ioc import Ioc, StoppingIoc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

from .load import Outcome, published, result_of
from .scenarios import QUEUE, connected

STOPPED = {signal.SIGTERM: 0, signal.SIGKILL: -signal.SIGKILL}
"""How an IOC ends."""


class Restarts:
    """IOCs one after the other, each of which finds what the one before has saved.

    Each has a prefix of its own, which clients find at once.
    """

    def __init__(self, folder: Path, broker: RabbitMQ, name: str) -> None:
        self._folder, self._broker, self._name = folder, broker, name
        self._numbers = itertools.count(1)
        self._file = folder / "none yet"

    @asynccontextmanager
    async def running(
        self, stop: tuple[str, signal.Signals] | None = None
    ) -> AsyncGenerator[Ioc]:
        """Run an IOC, connected, until the end of the block.

        Args:
            stop: a point and a signal. At the end of the block, the IOC must have been
                stopped there, or be stopped soon.
        """
        prefix = f"{self._name}-{next(self._numbers)}"
        file = self._folder / f"{prefix}.json"
        if self._file.exists():
            self._file.rename(file)
        self._file = file
        log = self._folder / f"{prefix}.log"
        options = ("run", "--prefix", prefix, "--broker", self._broker.url, *QUEUE)
        options += ("--autosave", str(self._folder))
        if stop:
            ioc = StoppingIoc(*stop, log, prefix, *options)
        else:
            ioc = Ioc(log, prefix, *options)
        try:
            await connected(ioc)
            yield ioc
            if stop:
                status = await asyncio.to_thread(ioc.process.wait, 60)
                assert status == STOPPED[stop[1]], ioc.log
        finally:
            await asyncio.to_thread(ioc.stop)
            aioca.purge_channel_caches()  # else they are searched for, ever more
        assert "Started without the values saved" not in ioc.log


async def stopped_after_a_confirm(
    folder: Path, broker: RabbitMQ, number: signal.Signals, times: int
) -> Outcome:
    """Stop the IOC when the broker has confirmed a message, before the put ends."""
    outcome = _outcome("between confirm and put end", number, times)
    restarts = Restarts(folder, broker, f"CONFIRM-{number}")
    broker.purge(TRIGGERS, RESULTS)
    started, ended_well = 0, 0
    for dcid in range(1, times + 1):
        async with restarts.running(("confirm", number)) as ioc:
            ends_well = await _ends_well(_start(ioc, dcid))
        messages = broker.take(TRIGGERS, broker.depth(TRIGGERS))
        sent = [json.loads(body)["parameters"]["ispyb_dcid"] for *_, body in messages]
        outcome.duplicated += len(sent) - 1
        began = time.monotonic()
        async with restarts.running() as again:
            outcome.recoveries.append(time.monotonic() - began)
            goes_on = await again.get("JOB:DCID") == dcid
            goes_on = goes_on and await again.state() == "Started"
            await again.put("CANCEL", 1)
        started, ended_well = started + goes_on, ended_well + ends_well
        # what was confirmed within the last second before a kill need not be saved
        must_go_on = number == signal.SIGTERM
        outcome.lost += sent != [dcid] or (must_go_on and not goes_on)
    outcome.remarks = f"{ended_well} puts succeeded, {started} jobs continued"
    return outcome


async def stopped_without_a_confirm(
    folder: Path, broker: RabbitMQ, number: signal.Signals, times: int
) -> Outcome:
    """Stop the IOC when it waits for a confirm of a broker that is halted."""
    outcome = _outcome("while a halted broker does not confirm", number, times)
    restarts = Restarts(folder, broker, f"HALTED-{number}")
    broker.purge(TRIGGERS, RESULTS)
    failed, ended_well = 0, 0
    for dcid in range(1, times + 1):
        async with restarts.running() as ioc:
            with broker.halted():
                put = asyncio.create_task(_ends_well(_start(ioc, dcid)))
                await ioc.until_value("JOB:DCID", dcid)
                assert await asyncio.to_thread(ioc.stop, number) == STOPPED[number]
                ends_well = await put
        began = time.monotonic()
        async with restarts.running() as again:
            outcome.recoveries.append(time.monotonic() - began)
            shown = await again.get("JOB:DCID") == dcid
            shown = shown and await again.state() == "Failed"
        failed, ended_well = failed + shown, ended_well + ends_well
        # what was put within the last second before a kill need not be saved
        outcome.lost += ends_well or (number == signal.SIGTERM and not shown)
    outcome.remarks = f"{ended_well} puts succeeded, {failed} are shown as Failed"
    return outcome


async def stopped_before_an_acknowledgement(
    folder: Path, broker: RabbitMQ, number: signal.Signals, times: int
) -> Outcome:
    """Stop the IOC when the records of a result are set, before it is acknowledged."""
    outcome = _outcome("between records set and acknowledgement", number, times)
    restarts = Restarts(folder, broker, f"ACK-{number}")
    broker.purge(TRIGGERS, RESULTS)
    for dcid in range(1, times + 1):
        async with restarts.running(("acknowledgement", number)) as ioc:
            broker.put(RESULTS, ({"workflows-recipe": True}, result_of(dcid)))
        began = time.monotonic()
        async with restarts.running() as again:
            outcome.recoveries.append(time.monotonic() - began)
            await again.until(lambda again=again, dcid=dcid: _shows(again, dcid))
            await again.until(lambda: _none_left(broker))
        outcome.lost += dcid not in published(ioc.log) + published(again.log)
        outcome.duplicated += len(published(ioc.log) + published(again.log)) - 1
    return outcome


async def stopped_during_a_save(
    folder: Path, broker: RabbitMQ, number: signal.Signals, times: int
) -> Outcome:
    """Stop the IOC when it has written what it saves, but not put it in place."""
    outcome = _outcome("in the middle of a save", number, times)
    restarts = Restarts(folder, broker, f"SAVE-{number}")
    before = 0
    for dcid in range(1, times + 1):
        async with restarts.running(("save", number)) as ioc:
            assert await ioc.get("DCID") == before
            await _ends_well(ioc.put("DCID", dcid))  # or is stopped before it answers
        began = time.monotonic()
        async with restarts.running() as again:
            outcome.recoveries.append(time.monotonic() - began)
            before = await again.get("DCID")
            # what was put within the last second before a kill need not be there
            allowed = {dcid} if number == signal.SIGTERM else {dcid, dcid - 1}
            outcome.lost += before not in allowed
            await again.put("DCID", dcid)
            before = dcid
    return outcome


Stopped = Callable[[Path, RabbitMQ, signal.Signals, int], Awaitable[Outcome]]
POINTS: dict[str, Stopped] = {
    "unconfirmed": stopped_without_a_confirm,
    "confirm": stopped_after_a_confirm,
    "acknowledgement": stopped_before_an_acknowledgement,
    "save": stopped_during_a_save,
}
"""What stops an IOC, by the point where it does."""


def _outcome(where: str, number: signal.Signals, times: int) -> Outcome:
    fault = f"IOC stopped ({number.name}) {where}"
    return Outcome(fault, times, times, measured_from="the IOC is started again")


def _start(ioc: Ioc, dcid: int) -> Awaitable[None]:
    """Put a start with callback."""
    request = json.dumps({"command": "start", "dcid": dcid, "num_frames": 1})
    return ioc.put("SEND", request)


async def _ends_well(put: Awaitable[None]) -> bool:
    """Whether a put ended well; if not, the connection must break while it waits."""
    try:
        await put
    except aioca.CANothing as error:
        if error.errorcode == ECA_TIMEOUT:  # it hung
            raise
        return False
    return True


async def _shows(ioc: Ioc, dcid: int) -> bool:
    return await ioc.get("RESULT:DCID") == dcid


async def _none_left(broker: RabbitMQ) -> bool:
    return await asyncio.to_thread(broker.total, RESULTS) == 0
