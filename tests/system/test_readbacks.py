"""Every record that the IOC is to set by itself is set by something."""

from collections.abc import Callable

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender
from zocalo_ioc.records import DECLARATIONS, Readback, Text

READBACKS = [record for record in DECLARATIONS if isinstance(record, Readback)]


async def test_no_readback_keeps_the_value_it_had_at_the_start(
    rabbitmq: RabbitMQ, ioc_maker: Callable[..., Ioc]
) -> None:
    host = rabbitmq.virtual_host("readbacks", TRIGGERS, RESULTS)
    nowhere = "--ispyb", "mysql://reader@127.0.0.1:1/ispyb"
    ioc = ioc_maker("run", *host.options, *nowhere)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.put_all(DCID=4711, NUM_FRAMES=1, START=1, SOURCE="GPU")
    await ioc.put("PAST", "4711")
    host.put(RESULTS, ({}, b"nonsense"))
    await ioc.until_value("BROKER:REJECTED", 1)
    with result_sender(host) as zocalo:
        zocalo.send({"results": []}, dcid=4711, dcgid=1)
    await ioc.until_value("BROKER:IGNORED", 1)
    rabbitmq.control("close_all_connections", "--vhost", "readbacks", "for a test")
    await ioc.until_value("BROKER:RECONNECTS", 1)
    for record in READBACKS:
        read = ioc.text if isinstance(record.datatype, Text) else ioc.get
        unset = (0, "") if record.initial is None else (record.initial,)

        async def is_set() -> bool:
            return await read(record.name) not in unset  # noqa: B023, it is awaited here

        await ioc.until(is_set)
