"""The dispatcher: from a trigger to the first messages of its recipes.

It does what ``zocalo.service.dispatcher`` does, for where that is not installed.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from pydantic import BaseModel, Field
from pydantic_core import from_json

from zocalo_ioc.broker import Delivery
from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import Id, is_recipe_message, read_envelope, validated

from .data_collections import Collections
from .names import QUEUES, ServiceName
from .recipe import RecipeMessage, load
from .service import Service

logger = logging.getLogger(__name__)


class _Request(BaseModel):
    recipes: Annotated[list[str], Field(min_length=1)]
    parameters: dict[str, Any] = {}


class _Named(BaseModel):
    ispyb_dcid: Id


class Dispatcher(Service):
    """Starts the recipes that a message names.

    Several recipes of one message are started one by one, where Zocalo merges them.

    Args:
        collections: what ISPyB would know.
        logbook: where a copy of each message is kept, as
            ``<YYYY-MM>/<guid[:2]>/<guid[2:]>``.
    """

    name = "Dispatcher"
    [queue] = QUEUES[ServiceName.DISPATCHER]

    def __init__(self, collections: Collections, logbook: Path | None = None) -> None:
        super().__init__()
        self._collections = collections
        self._logbook = logbook

    def on_message(self, delivery: Delivery) -> bool | asyncio.Future[bool]:
        """Take a request, either bare or as the payload of a recipe's message."""
        try:
            if is_recipe_message(delivery.headers):
                content = read_envelope(delivery.headers, delivery.body).payload
            else:
                content = from_json(delivery.body)
            request = validated(_Request, content)
            guid = str(request.parameters.get("guid") or uuid4())
            parameters = request.parameters | {"guid": guid}
            if "ispyb_dcid" in parameters:
                dcid = validated(_Named, parameters, "parameters").ispyb_dcid
                self._collections.check(dcid)
                parameters |= self._collections.parameters(dcid)
            started = [
                RecipeMessage(load(name, parameters), {"ID": guid})
                for name in request.recipes
            ]
        except (ValueError, LookupError, NotUnderstood) as problem:
            logger.error("Dispatcher: message rejected: %s", problem)
            return False
        if self._logbook:
            recipes = [message.recipe for message in started]
            self._log(self._logbook, guid, delivery.headers, content, recipes)
        messages = [message for recipe in started for message in recipe.start()]
        return asyncio.ensure_future(self.send_and_accept(messages, f"message {guid}"))

    def _log(
        self,
        logbook: Path,
        guid: str,
        headers: Mapping[str, object],
        content: object,
        recipes: object,
    ) -> None:
        """Keep a copy of a message."""
        clean = re.sub(r"[^a-zA-Z0-9-]", "", guid)
        if len(clean) < 3:
            logger.warning(
                "Not written to the logbook, as the guid is unusable: %r", guid
            )
            return
        file = logbook / time.strftime("%Y-%m") / clean[:2] / clean[2:]
        parts = {
            "Incoming message header": headers,
            "Incoming message body": content,
            "Recipe object": recipes,
        }
        text = "\n".join(
            f"{title}:\n{json.dumps(part, indent=2, sort_keys=True, default=str)}\n"
            for title, part in parts.items()
        )
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        except OSError as error:
            logger.warning("Can't write to the logbook: %s", error)
