"""Put PROCESS through aioca, and print what is read when the put has ended."""

import asyncio
import json
import sys

import aioca


async def main(prefix: str) -> None:
    await aioca.caput(f"{prefix}:PROCESS", 1, wait=True, timeout=60)
    state = await aioca.caget(f"{prefix}:STATE", format=aioca.FORMAT_TIME)
    label = await aioca.caget(f"{prefix}:STATE", datatype=aioca.DBR_ENUM_STR)
    message = await aioca.caget(f"{prefix}:MESSAGE", datatype=aioca.DBR_CHAR_STR)
    found = {"state": label, "severity": state.severity, "message": message}
    print(json.dumps(found, default=str))


asyncio.run(main(sys.argv[1]))
