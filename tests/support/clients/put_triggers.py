"""Start and end data collections one after the other, each with a put with callback."""

import asyncio
import json
import sys

import aioca


async def main(prefix: str, first: int, count: int) -> None:
    for dcid in range(first, first + count):
        for command in ("start", "end"):
            await aioca.caput(
                f"{prefix}:SUBMIT",
                json.dumps({"command": command, "dcid": dcid, "num_frames": 1}),
                datatype=aioca.DBR_CHAR_STR,
                wait=True,
                timeout=300,
            )


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
