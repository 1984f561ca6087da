"""Mimas: decides which recipes follow the start and the end of a data collection."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from pydantic import BaseModel, Field

from zocalo_ioc.wire import Event, Id, validated

from .data_collections import Collections
from .names import QUEUES, ServiceName
from .recipe import RecipeMessage
from .scans import Kind, Pipelines, Scan
from .service import Service

logger = logging.getLogger(__name__)

CPU_RECIPE = "per-image-analysis-gridscan-i03-no-really"
GPU_RECIPE = "per-image-analysis-gridscan-i03-gpu"

_PASSED_ON = ("filename", "start_frame_index", "number_of_frames", "message_index")


class _Parameters(BaseModel):
    dcid: Id
    event: Event
    number_of_frames: Annotated[int, Field(ge=1)] | None = None


class Mimas(Service):
    """Answers events with recipes, as ISPyB would tell it.

    At the start of a grid the GPU pipeline follows, for it reads frames while they are
    taken, at the end the CPU pipeline; of a scan that no file describes both follow the
    end, for until then it is not known which grids it has.

    Args:
        collections: what ISPyB would know.
        beamline: in the parameters of recipes.
        results_queue: the routing key of results.
    """

    name = "Mimas"
    queue = QUEUES[ServiceName.MIMAS]

    def __init__(
        self, collections: Collections, beamline: str, results_queue: str
    ) -> None:
        super().__init__()
        self._collections = collections
        self._common = {"ispyb_beamline": beamline, "results_queue": results_queue}

    def handle(self, message: RecipeMessage) -> asyncio.Future[bool]:
        """Send the recipes that follow to the dispatcher."""
        event = validated(_Parameters, message.parameters, "parameters")
        replies = [
            reply
            for request in self._requests(event, message)
            for reply in message.send_to("dispatcher", request)
        ]
        of = f"the {event.event} of DCID {event.dcid}"
        return asyncio.ensure_future(self.send_and_accept(replies, of))

    def _requests(
        self, event: _Parameters, message: RecipeMessage
    ) -> Iterable[dict[str, Any]]:
        dcid = event.dcid
        if event.event is Event.START:
            scan = self._collections.start(dcid, event.number_of_frames)
            recipes, dcids = [GPU_RECIPE], [dcid]
            logger.info("Mimas: DCID %d has started: %s", dcid, _described(scan, event))
        else:
            was_known = self._collections.is_listed(dcid)
            ended = self._collections.end(dcid)
            scan, dcids = ended.scan, ended.dcids
            recipes = [CPU_RECIPE] if was_known else [GPU_RECIPE, CPU_RECIPE]
            logger.info("Mimas: DCID %d has ended: %s", dcid, _described(scan, event))
        if scan is None or scan.kind is Kind.ROTATION:
            return
        passed_on = {name: message.parameters.get(name) for name in _PASSED_ON}
        for recipe in recipes:
            pipeline = Pipelines.GPU if recipe == GPU_RECIPE else Pipelines.CPU
            if scan.source not in (pipeline, Pipelines.BOTH):
                continue
            for of in dcids:
                guid = {"guid": _guid(message.guid, recipe, of)}
                parameters = passed_on | scan.ispyb(of) | self._common | guid
                yield {"recipes": [recipe], "parameters": parameters}


def _guid(cause: str, recipe: str, dcid: int) -> str:
    """Return an id for a run of a recipe.

    It is the same for a message that is delivered once more, so that no second result
    comes of it.
    """
    same = uuid5(NAMESPACE_OID, f"{cause} {recipe} {dcid}")
    return str(same if cause else uuid4())


def _described(scan: Scan | None, event: _Parameters) -> str:
    if scan is None:
        frames = event.number_of_frames
        return f"{frames or 'an unknown number of'} frames, in no file"
    if scan.kind is Kind.ROTATION:
        return "a rotation, so nothing is centred"
    nx, ny = scan.steps(event.dcid)
    frames = event.number_of_frames
    text = f"a grid of {nx} x {ny} boxes"
    if len(scan.dcids) > 1:
        others = ", ".join(str(dcid) for dcid in scan.dcids if dcid != event.dcid)
        text += f", of one scan with {others}"
    if event.event is Event.START and scan.trouble:
        text += f"; trouble to come: {scan.trouble}"
    if event.event is Event.START and frames not in (None, nx * ny):
        text += f"; the start says {frames} frames, which is not as many"
    return text
