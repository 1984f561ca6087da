"""Triggers, as dodal's ``ZocaloTrigger`` sends them."""

import getpass
import os
import socket
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError, from_json

from ..errors import requests as errors
from ._values import Int31, encode

TRIGGER_QUEUE = "processing_recipe"
"""The queue, on the default exchange, from which Zocalo's dispatcher takes triggers."""


MAX_ID = 39
"""Characters of ``id``: what an EPICS string holds."""


class Event(StrEnum):
    """What a trigger tells Zocalo about a data collection."""

    START = "start"
    END = "end"


def _empty_if_null(value: object) -> object:
    return "" if value is None else value


def _number(value: object) -> object:
    """Refuse true and false, which pydantic takes for 1 and 0."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def _object_or_text(value: object) -> object:
    if isinstance(value, dict | str):
        return value
    raise PydanticCustomError("dict_type", "Input should be an object")


_Parameters = Annotated[dict[str, Any] | str, BeforeValidator(_object_or_text)]
_Number = Annotated[Int31, BeforeValidator(_number)]


class Request(BaseModel):
    """What the next message says, with the values that the request records have.

    Attributes:
        dcid: ISPyB data collection id, from 1.
        dcgid: data collection group id, 0 if unknown; matches results, is never sent.
        filename: file name the detector writes; empty is sent as null.
        start_frame: ``start_frame_index``, from 0.
        num_frames: ``number_of_frames``, from 1 in a start message.
        message_index: ``message_index``, from 0.
        recipes: recipe names, comma separated.
        parameters: a JSON object, or its text, merged over those of the message.
        expect_result: whether a result will come; never sent.
        id: the client's own name for the request; never sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dcid: _Number = 0
    dcgid: _Number = 0
    filename: Annotated[str, BeforeValidator(_empty_if_null)] = ""
    start_frame: _Number = 0
    num_frames: _Number = 0
    message_index: _Number = 0
    recipes: str = "mimas"
    parameters: _Parameters = "{}"
    expect_result: bool = True
    id: Annotated[str, Field(pattern=f"^[ -~]{{0,{MAX_ID}}}$")] = ""

    def message(self, event: Event, guid: str) -> dict[str, Any]:
        """Return the message that tells Zocalo of an event.

        Raises:
            RequestInvalid: a value is missing or can't be used.
        """
        if self.dcid < 1:
            raise errors.DcidMissing
        recipes = [name for part in self.recipes.split(",") if (name := part.strip())]
        if not recipes:
            raise errors.RecipesMissing(self.dcid)
        parameters: dict[str, Any] = {"ispyb_dcid": self.dcid}
        if event is Event.START:
            if self.num_frames < 1:
                raise errors.FramesMissing(self.dcid, self.num_frames)
            parameters |= {
                "filename": self.filename or None,
                "start_frame_index": self.start_frame,
                "number_of_frames": self.num_frames,
                "message_index": self.message_index,
            }
        parameters |= {"event": event.value, "guid": guid} | self._extra_parameters()
        if str(parameters["ispyb_dcid"]) != str(self.dcid):
            raise errors.DcidOverridden(self.dcid)
        return {"recipes": recipes, "parameters": parameters}

    def _extra_parameters(self) -> dict[str, Any]:
        extra = self.parameters
        try:
            if isinstance(extra, str):
                extra = from_json(extra)
            encode(extra)  # a number too large for JSON is infinite by now
        except ValueError as error:
            raise errors.ParametersNotJson(self.dcid, str(error)) from error
        if not isinstance(extra, dict):
            raise errors.ParametersNotAnObject(self.dcid)
        return extra


def trigger_headers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the headers that say who triggers, as dodal's ``ZocaloTrigger`` does."""
    user = environ.get("ZOCALO_GO_USER")
    if not user:
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # no such user id, as in some containers
            user = "zocalo-ioc"
    host = environ.get("ZOCALO_GO_HOSTNAME") or socket.gethostname()
    values = {"zocalo.go.user": user, "zocalo.go.host": host}
    # what is no UTF-8 in the environment can't be sent
    return {key: v.encode(errors="replace").decode() for key, v in values.items()}
