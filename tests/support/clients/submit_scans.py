"""Submit scans of two grids one after the other; print what came of each."""

import asyncio
import json
import sys

import aioca


async def main(prefix: str, first: int, count: int) -> None:
    ended: list[tuple[int, str, int]] = []
    for n in range(count):
        dcids = first + 2 * n, first + 2 * n + 1
        grids = [
            {
                "command": "process",
                "dcid": dcid,
                "num_frames": 4,
                "parameters": {"of_two": True},
            }
            for dcid in dcids
        ]
        await aioca.caput(
            f"{prefix}:SUBMIT",
            json.dumps(grids),
            datatype=aioca.DBR_CHAR_STR,
            wait=True,
            timeout=60,
        )
        ended.append(await outcome(prefix, dcids[0]))
    print(json.dumps(ended))


async def outcome(prefix: str, dcid: int) -> tuple[int, str, int]:
    """Return what the history says of the job: DCID, state and number of centres."""
    columns = [f"{prefix}:HISTORY:{name}" for name in ("DCID", "STATE", "CENTRES")]
    # the history of another client's job may come between the columns
    while str(values := await aioca.caget(columns)) != str(await aioca.caget(columns)):
        pass
    rows = zip(*values, strict=True)
    found, state, centres = next(row for row in rows if row[0] == dcid)
    return int(found), str(state), int(centres)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
