"""Past results, as clients read them."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..centres import MISSING, SortKey, rank
from ._errors import RequestRefused
from ._link import Link
from ._result import PastResult


async def read_past(link: Link, dcid: int) -> list[PastResult]:
    """Return the results that ISPyB has, the latest first.

    Raises:
        RequestRefused: the IOC uses no ISPyB, or that does not know the data
            collection or can't be read.
        IocGone: the IOC does not answer.
    """
    while True:
        await link.put("PAST", str(dcid), link.breaks)
        answer = json.loads(await link.text("PAST:JSON"))
        if answer["dcid"] in (0, dcid):  # else another client asked meanwhile
            break
    if problem := answer.get("problem"):
        raise RequestRefused(problem)
    return [
        PastResult(dcid, each["type"], each["status"], each["count"], _columns(each))
        for each in answer["results"]
    ]


def _columns(result: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {}
    for name, empty in rank([], SortKey.TOTAL_COUNT).items():
        missing = np.nan if empty.dtype.kind == "f" else MISSING
        values = [centre.get(name) for centre in result["centres"]]
        filled = [missing if value is None else value for value in values]
        columns[name] = np.array(filled, empty.dtype)
    return columns
