"""Results that come faster than EPICS tells its clients of them.

EPICS then skips some of them in its monitors, unless it may use real-time priorities.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from p4p.client.asyncio import Context

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import centre_of, result_sender
from zocalo_ioc import Client
from zocalo_ioc.clients.ophyd_async import ZocaloResults

COUNT = 90
"""Results at once; clients keep 100 that nobody has taken."""
FIRST = 6101


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host whose results no other IOC takes."""
    return rabbitmq.virtual_host("bursts", TRIGGERS, RESULTS)


@pytest.fixture
async def ordinary_ioc(
    ioc_maker: Callable[..., Ioc], broker: RabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ioc]:
    """An IOC without real-time priorities, as an ordinary user runs it."""
    monkeypatch.setenv("EPICS_ALLOW_POSIX_THREAD_PRIORITY_SCHEDULING", "NO")
    ioc = ioc_maker("run", *broker.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield ioc
    ioc.stop()


async def burst(ioc: Ioc, broker: RabbitMQ) -> None:
    """Send results with 1, 2, … spots, and wait until all are published."""
    with result_sender(broker) as zocalo:
        for n in range(COUNT):
            zocalo.send({"results": [centre_of(n + 1)]}, dcid=FIRST + n, dcgid=1)
        await ioc.until_value("RESULT:SEQ", COUNT)


async def test_zocalo_results_takes_every_result_of_a_burst(
    ordinary_ioc: Ioc, broker: RabbitMQ
) -> None:
    device = ZocaloResults(ordinary_ioc.prefix, "zocalo", timeout_s=5)
    await device.connect()
    await device.stage()
    device.expect(*range(FIRST, FIRST + COUNT))
    await burst(ordinary_ioc, broker)
    for n in range(COUNT):
        await device.trigger()
        assert await device.ispyb_dcid.get_value() == FIRST + n
        assert (await device.max_count.get_value()).tolist() == [n + 1]
    await device.unstage()


async def test_the_client_has_every_result_of_a_burst(
    ordinary_ioc: Ioc, broker: RabbitMQ
) -> None:
    async with Client(ordinary_ioc.prefix) as zocalo:
        results = zocalo.results()
        await burst(ordinary_ioc, broker)
        for n in range(COUNT):
            result = await anext(results)
            assert (result.seq, result.dcids) == (n + 1, (FIRST + n,))
            assert [centre.max_count for centre in result.centres] == [n + 1]


async def test_the_table_never_has_the_number_of_another_result(
    ordinary_ioc: Ioc, broker: RabbitMQ
) -> None:
    seen: list[tuple[int, list[int]]] = []

    async def note(table: Any) -> None:
        seen.append((int(table.seq), list(table.dcids)))

    with Context("pva", nt=False) as context:
        pv, request = ordinary_ioc.pv("RESULT:TABLE"), "record[queueSize=100]field()"
        monitor = context.monitor(pv, note, request)
        await ordinary_ioc.until(lambda: _is(seen))
        seen.clear()
        await burst(ordinary_ioc, broker)
        await ordinary_ioc.until(lambda: _is(seen and seen[-1][0] == COUNT))
        monitor.close()
    assert seen == [(seq, [FIRST - 1 + seq]) for seq, _ in seen]


async def _is(condition: object) -> bool:
    return bool(condition)
