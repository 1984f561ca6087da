"""What goes wrong with results on request."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zocalo_ioc.broker import Message
from zocalo_ioc.errors import NotUnderstood

from .data_collections import Collections, NotLookedUp
from .names import Trouble
from .scans import Scan
from .service import Send

logger = logging.getLogger(__name__)


class TroubleMaker:
    """Sends results, but for those that are to go wrong.

    No diffraction and pipelines that disagree are made where spots are counted.

    Args:
        collections: says what goes wrong with which scan.
        seed: makes another choice of malformed messages.
    """

    def __init__(self, collections: Collections, seed: int) -> None:
        self._collections = collections
        self._rng = np.random.default_rng([seed, 2])

    async def send_result(
        self, dcid: int, gpu: bool, messages: Sequence[Message], send: Send
    ) -> None:
        """Send the result of a data collection, see `SendResult`."""
        scan = await self._scan(dcid)
        trouble = scan.trouble if scan else None
        if trouble:
            logger.info("X-ray centring: DCID %d: simulated trouble: %s", dcid, trouble)
        match trouble:
            case Trouble.NO_RESULT:
                return
            case Trouble.LATE if scan:
                await asyncio.sleep(scan.late_by)
            case Trouble.DUPLICATE:
                await send(messages)
            case Trouble.MALFORMED:
                messages = [self._malformed(message) for message in messages]
            case _:
                pass
        await send(messages)

    async def _scan(self, dcid: int) -> Scan | None:
        try:
            return self._collections.find(dcid)
        except NotLookedUp as missing:
            try:
                await missing.look_up()
            except NotUnderstood:
                return None  # the result is there
        return self._collections.find(dcid)

    def _malformed(self, message: Message) -> Message:
        """Break a result in one of the ways in which the IOC must reject it."""
        body = json.loads(message.body)
        step = body["recipe"][str(body["recipe-pointer"])]
        match int(self._rng.integers(4)):
            case 0:  # cut off
                return replace(message, body=message.body[: len(message.body) // 2])
            case 1:
                return replace(message, headers={})
            case 2:
                del step["parameters"]["dcid"]
            case _:
                body["payload"]["results"] = [{"centre_of_mass": ["nowhere"]}]
        return replace(message, body=json.dumps(body).encode())
