"""The floor: the least that makes records of results, of the same number and types.

It ranks, checks and tells nothing, and forgets which result belongs to whom.

    python -m benchmarks.bare PREFIX BROKER QUEUE
"""

import asyncio
import json
import sys
from typing import Any

import numpy as np
import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from softioc import builder, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher

from zocalo_ioc.records import (
    DECLARATIONS,
    Array,
    Enum,
    Float,
    Group,
    Record,
    String,
    Text,
)

RESULT = (Group.RESULT, Group.CENTRES, Group.BEST)


def make(declared: Record[Any]) -> Any:
    """Make a record of the type and length that the real one has."""
    match declared.datatype:
        case Array(dtype=dtype, length=length):
            return builder.WaveformIn(declared.name, datatype=dtype, length=length)
        case Enum(choices=choices) if not declared.writable:
            return builder.mbbIn(declared.name, *choices)
        case Float() if not declared.writable:
            return builder.aIn(declared.name)
        case String():
            return builder.stringIn(declared.name)
        case Text(length=length):
            return builder.longStringIn(declared.name, length=length)
        case _:
            return builder.longIn(declared.name)


async def nothing(_: object) -> None:
    """Do nothing."""


async def main(prefix: str, broker: str, queue: str) -> None:
    """Serve, and set all records whenever a message comes."""
    builder.SetDeviceName(prefix)
    records = [(d, make(d)) for d in DECLARATIONS if d.group in RESULT]
    records.sort(key=lambda pair: pair[0].name == "RESULT:SEQ")  # comes last
    others = [make(d) for d in DECLARATIONS if d.group not in RESULT]
    builder.Action("PUT", on_update=nothing, blocking=True)
    builder.LoadDatabase()
    softioc.iocInit(AsyncioDispatcher(asyncio.get_running_loop()))
    others[0].set(1)

    def on_message(channel: Any, method: Any, _: object, body: bytes) -> None:
        message = json.loads(body)
        payload = message["payload"]
        text = json.dumps(payload)
        rows = [
            (
                *row["centre_of_mass"],
                *row["bounding_box"][0],
                *row["bounding_box"][1],
                *row["max_voxel"],
                row["max_count"],
                row["total_count"],
                row["n_voxels"],
                -1,
            )
            for row in payload["results"]
        ]
        columns = iter(np.array(rows, float).T)
        dcid = message["recipe"]["1"]["parameters"]["dcid"]
        for declared, record in records:
            match declared.datatype:
                case Array() if declared.column and declared.group is Group.CENTRES:
                    record.set(next(columns))
                case Array():
                    record.set([dcid])
                case Text(length=length):
                    record.set(text[: length - 1])
                case String():
                    record.set(str(dcid))
                case Enum():
                    record.set(0)
                case _:
                    record.set(dcid)
        channel.basic_ack(method.delivery_tag)

    def on_channel(channel: Any) -> None:
        channel.basic_qos(prefetch_count=10)
        channel.basic_consume(queue, on_message)

    parameters = pika.URLParameters(broker)
    AsyncioConnection(parameters, lambda it: it.channel(on_open_callback=on_channel))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
