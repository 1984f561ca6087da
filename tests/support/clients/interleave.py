"""Put commands of every kind in any order for a while; print what came of each.

Each line is JSON: the command, its data collections, how it ended, and seconds taken.
"""

import asyncio
import json
import random
import sys
import time

import aioca

from zocalo_ioc.client import Client, ZocaloError


async def main(prefix: str, first: int, seconds: float) -> None:
    rng = random.Random(first)
    end = time.monotonic() + seconds
    started: list[int] = []
    async with Client(prefix) as zocalo:
        for dcid in range(first, first + 100_000, 2):
            if time.monotonic() > end:
                break
            names = ["start", "process", "both", "cancel", "record"]
            names += ["end"] * bool(started)
            command, dcids = rng.choice(names), [dcid]
            if command == "end":
                dcids = [started.pop()]
            elif command == "both":
                dcids = [dcid, dcid + 1]
            began = time.monotonic()
            try:
                match command:
                    case "start":
                        await zocalo.start(dcids, num_frames=1)
                        started.append(dcid)
                    case "end":
                        await zocalo.end(dcids, num_frames=1)
                    case "cancel":
                        await zocalo.cancel()
                    case "record":  # of whatever data collection has been put last
                        name = rng.choice(("START", "END", "PROCESS", "WAIT"))
                        await aioca.caput(f"{prefix}:NUM_FRAMES", 1)
                        await aioca.caput(f"{prefix}:DCID", dcid)
                        await aioca.caput(f"{prefix}:{name}", 1, wait=True, timeout=300)
                    case _:
                        result = await zocalo.process(dcids, num_frames=1)
                        assert set(result.dcids) & set(dcids), "another's result"
                how = "well"
            except ZocaloError as error:
                how = f"{type(error).__name__}: {error}"
            took = time.monotonic() - began
            print(json.dumps([command, dcids, how, round(took, 3)]), flush=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
