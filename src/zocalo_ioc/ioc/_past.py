"""Past results of a data collection, which ISPyB has."""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..errors import Problem
from ..errors import ispyb as errors
from ..ispyb import Ispyb, PastResult
from ..records import Pvs
from ..wire import INT32_MAX
from ._display import Display

logger = logging.getLogger(__name__)

MAX_SHOWN = 100
"""Centres in ``P:PAST:JSON``, so that it fits its record."""


class Past:
    """Does what ``P:PAST`` asks for.

    Args:
        pvs: gets the answer.
        display: says what went wrong.

    Attributes:
        ispyb: where to look.
    """

    def __init__(self, pvs: Pvs, display: Display) -> None:
        self.ispyb: Ispyb | None = None
        self._pvs = pvs
        self._display = display

    async def read(self, text: str) -> None:
        """Look up the results of the data collection that a text names."""
        answer: dict[str, Any] = {"dcid": 0}
        try:
            answer["dcid"] = dcid = _dcid(text)
            if self.ispyb is None:
                raise errors.IspybNotUsed
            results = await self.ispyb.read_past(dcid)
            if results is None:
                raise errors.DcidUnknown(dcid)
            answer["results"] = _shown(results)
        except Problem as problem:
            answer["problem"] = str(problem)
            logger.warning("PAST failed. %s", problem)
            self._display.notify(f"PAST failed. {problem}")
        self._pvs.ispyb.past.set(json.dumps(answer))


def _dcid(text: str) -> int:
    found = re.fullmatch(r"\s*0*([1-9][0-9]{0,9})\s*", text)
    if not found or int(found[1]) > INT32_MAX:
        raise errors.NotADcid(text[:40])
    return int(found[1])


def _shown(results: Sequence[PastResult]) -> list[dict[str, Any]]:
    """Return results as JSON has them, the latest first, and of centres the first."""
    left = MAX_SHOWN
    shown: list[dict[str, Any]] = []
    for result in reversed(results):
        centres = result.centres[:left]
        left -= len(centres)
        values = asdict(result) | {"centres": centres, "count": len(result.centres)}
        shown.append(values)
    return shown
