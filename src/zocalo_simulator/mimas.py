"""Mimas: decides which recipes follow the start and the end of a data collection."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from pydantic import BaseModel, Field

from zocalo_ioc.wire import Event, Id, validated

from .data_collections import Collections
from .mimas_rules import GPU_RECIPE, recipes_after
from .names import QUEUES, ServiceName
from .recipe import RecipeMessage
from .scans import Kind, Pipelines, Scan
from .service import Service

logger = logging.getLogger(__name__)

_PASSED_ON = ("filename", "start_frame_index", "number_of_frames", "message_index")


class _Parameters(BaseModel):
    dcid: Id
    event: Event
    number_of_frames: Annotated[int, Field(ge=1)] | None = None


class Mimas(Service):
    """Answers events with recipes, by its rules and by what ISPyB would tell.

    What follows the start of a data collection that no file describes follows its end,
    for until then it is not known which grids its scan has.

    Args:
        collections: what ISPyB would know.
    """

    name = "Mimas"
    [queue] = QUEUES[ServiceName.MIMAS]

    def __init__(self, collections: Collections) -> None:
        super().__init__()
        self._collections = collections

    def handle(self, message: RecipeMessage) -> asyncio.Future[bool]:
        """Send the recipes that follow to the dispatcher."""
        event = validated(_Parameters, message.parameters, "parameters")
        self._collections.check(event.dcid)
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
        passed_on = {name: message.parameters.get(name) for name in _PASSED_ON}
        start = None
        if event.event is Event.START:
            passed_on["number_of_frames"] = event.number_of_frames
            scan = self._collections.start(event.dcid, passed_on)
        else:
            scan, start = self._collections.end(event.dcid)
        happened = "started" if event.event is Event.START else "ended"
        described = _described(scan, event)
        logger.info("Mimas: DCID %d has %s: %s", event.dcid, happened, described)
        causes: list[tuple[Event, Mapping[str, Any]]] = [(event.event, passed_on)]
        if start:
            causes.insert(0, (Event.START, start.parameters))
        for cause, parameters in causes:
            for recipe in self._recipes(cause, scan) if scan else ():
                yield {
                    "recipes": [recipe],
                    "parameters": {
                        # Zocalo's own dispatcher asks no ISPyB
                        **self._collections.parameters(event.dcid),
                        **parameters,
                        "guid": _guid(message.guid, recipe, event.dcid),
                    },
                }

    def _recipes(self, event: Event, scan: Scan) -> Iterable[str]:
        site = self._collections.site
        for recipe in recipes_after(event, scan.kind, site.detector, site.beamline):
            pipeline = Pipelines.GPU if recipe == GPU_RECIPE else Pipelines.CPU
            if scan.source in (pipeline, Pipelines.BOTH):
                yield recipe


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
        return f"{frames or 'an unknown number of'} frames, not in the collections file"
    if scan.kind is not Kind.GRID:
        return f"a {scan.kind} data collection, so nothing is centred"
    size = scan.size(event.dcid)
    frames = event.number_of_frames
    text = f"a grid of {size.steps_x} x {size.steps_y} boxes"
    if others := scan.others(event.dcid):
        text += f", scanned together with {', '.join(map(str, others))}"
    if event.event is Event.START and scan.trouble:
        text += f"; simulated trouble: {scan.trouble}"
    if event.event is Event.START and frames not in (None, size.boxes):
        text += f"; the start message says {frames} frames"
    return text
