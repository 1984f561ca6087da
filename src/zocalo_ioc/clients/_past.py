"""What `zocalo-ioc submit --past` prints."""

import json

from ..client import Client, PastResult, ZocaloError
from ..exits import Exit, complain
from ..jobs import count_of_centres
from ..settings import SubmitSettings
from ._display import as_rows, as_table


async def print_past(settings: SubmitSettings) -> Exit:
    """Print the results that ISPyB has, and return the exit status."""
    found = False
    try:
        async with Client(settings.prefix) as zocalo:
            for dcid in settings.dcids:
                results = await zocalo.past(dcid)
                found |= any(result.count for result in results)
                if settings.as_json:
                    print(_as_json(dcid, results))
                else:
                    _print(dcid, results)
    except ZocaloError as error:
        complain(error)
        return Exit.FAILED
    return Exit.WELL if found else Exit.NO_CENTRES


def _print(dcid: int, results: list[PastResult]) -> None:
    for result in results:
        centres = count_of_centres(result.count)
        named = filter(None, (f"DCID {dcid}", result.type, result.status))
        shown = len(as_rows(result.columns))
        rest = "" if shown == result.count else f", of which {shown or 'none'} shown"
        print(f"{', '.join(named)}: {centres}{rest}")
        as_table(result.columns)
    if not results:
        print(f"DCID {dcid}: ISPyB has no result")


def _as_json(dcid: int, results: list[PastResult]) -> str:
    return json.dumps(
        {
            "dcid": dcid,
            "results": [
                {
                    "type": result.type,
                    "status": result.status,
                    "count": result.count,
                    "centres": as_rows(result.columns),
                }
                for result in results
            ],
        }
    )
