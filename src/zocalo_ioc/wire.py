"""Messages exactly as Zocalo writes and reads them.

Triggers follow dodal's ``ZocaloTrigger``; results follow the recipe wrapper of
python-workflows and the X-ray centring service of Diamond Light Source.
"""

import getpass
import json
import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import from_json, to_json

from .errors import NotUnderstood, RequestInvalid

TRIGGER_QUEUE = "processing_recipe"
"""The queue, on the default exchange, from which Zocalo's dispatcher takes triggers."""

INT32_MAX = 2**31 - 1
Int31 = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""Ids, box numbers and numbers of boxes: what a 32-bit record holds, but for -1."""


class Event(StrEnum):
    """What a trigger tells Zocalo about a data collection."""

    START = "start"
    END = "end"


class Source(StrEnum):
    """The pipeline that a result comes from."""

    CPU = "CPU"
    GPU = "GPU"


def _empty_if_null(value: object) -> object:
    return "" if value is None else value


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
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dcid: Int31 = 0
    dcgid: Int31 = 0
    filename: Annotated[str, BeforeValidator(_empty_if_null)] = ""
    start_frame: Int31 = 0
    num_frames: Int31 = 0
    message_index: Int31 = 0
    recipes: str = "mimas"
    parameters: dict[str, Any] | str = "{}"

    def message(self, event: Event, guid: str) -> dict[str, Any]:
        """Return the message that tells Zocalo of an event.

        Raises:
            RequestInvalid: a value is missing or can't be used.
        """
        if self.dcid < 1:
            raise RequestInvalid(
                "No data collection id", "Write the ISPyB id to DCID, then try again"
            )
        recipes = [name for part in self.recipes.split(",") if (name := part.strip())]
        if not recipes:
            raise RequestInvalid(
                f"DCID {self.dcid}: RECIPES is empty",
                "Write the recipe names, usually mimas",
            )
        parameters: dict[str, Any] = {"ispyb_dcid": self.dcid}
        if event is Event.START:
            if self.num_frames < 1:
                raise RequestInvalid(
                    f"DCID {self.dcid}: NUM_FRAMES is {self.num_frames}",
                    "Write the number of frames, 1 or more",
                )
            parameters |= {
                "filename": self.filename or None,
                "start_frame_index": self.start_frame,
                "number_of_frames": self.num_frames,
                "message_index": self.message_index,
            }
        parameters |= {"event": event.value, "guid": guid} | self._extra_parameters()
        return {"recipes": recipes, "parameters": parameters}

    def _extra_parameters(self) -> dict[str, Any]:
        extra = self.parameters
        try:
            if isinstance(extra, str):
                extra = from_json(extra)
            encode(extra)  # a number too large for JSON is infinite by now
        except ValueError as error:
            raise RequestInvalid(
                f"DCID {self.dcid}: PARAMETERS is not JSON ({error})",
                'Write a JSON object such as {"key": "value"}, or {} for none',
            ) from error
        if not isinstance(extra, dict):
            raise RequestInvalid(
                f"DCID {self.dcid}: PARAMETERS is no JSON object",
                'Write one such as {"key": "value"}, or {} for none',
            )
        return extra


class Command(StrEnum):
    """What a submission asks for."""

    START = "start"
    END = "end"
    PROCESS = "process"


class _Submission(Request):
    command: Command


_SUBMISSIONS: TypeAdapter[list[_Submission]] = TypeAdapter(
    Annotated[
        list[_Submission],
        BeforeValidator(lambda value: [value] if isinstance(value, dict) else value),
        Field(min_length=1),
    ]
)


def read_submission(text: str) -> tuple[Command, list[Request]]:
    """Read what was written to ``P:SUBMIT``: an object, or a list of them for one scan.

    Raises:
        RequestInvalid: it can't be used, and why.
    """
    try:
        submissions = _SUBMISSIONS.validate_python(from_json(text))
        if len({submission.command for submission in submissions}) > 1:
            raise ValueError("the commands of one list must be the same")
        if len({submission.dcid for submission in submissions}) < len(submissions):
            raise ValueError("each dcid of one list must be another")
    except ValueError as error:
        why = _complaints(error) if isinstance(error, ValidationError) else str(error)
        raise RequestInvalid(
            f"SUBMIT can't be used: {why}",
            'Write such as {"command": "process", "dcid": 123, "num_frames": 400}',
        ) from error
    return submissions[0].command, list(submissions)


def encode(message: object) -> bytes:
    """Return the body of a message.

    Raises:
        ValueError: a number is infinite or none.
    """
    return json.dumps(message, allow_nan=False).encode()


def trigger_headers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the headers that say who triggers, as dodal's ``ZocaloTrigger`` does."""
    user = environ.get("ZOCALO_GO_USER")
    if not user:
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # no such user id, as in some containers
            user = "zocalo-ioc"
    return {
        "zocalo.go.user": user,
        "zocalo.go.host": environ.get("ZOCALO_GO_HOSTNAME") or socket.gethostname(),
    }


def _null_if_empty(value: object) -> object:
    """Recipes are filled in as text, so nothing at all may come as one of these."""
    return None if value in ("", "None", "null", 0, "0") else value


def _is_set(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "no", "none", "null")
    return bool(value)


def _dcids(value: object) -> object:
    """Accept a list, or the text of one as a recipe may hold it."""
    value = _null_if_empty(value) or []
    if isinstance(value, str):
        return [part for part in value.strip("[]() ").split(",") if part.strip()]
    return value


def _unless_failed(
    value: object, read: Callable[[object], "Centre"]
) -> "Centre | None":
    """Drop what 2-D centring did not find: it has null where the numbers would be."""
    failed = isinstance(value, dict) and value.get("status") == "fail"
    return None if failed else read(value)


Coordinates = Annotated[list[FiniteFloat], Field(min_length=2, max_length=3)]
Voxel = Annotated[list[Int31], Field(min_length=2, max_length=3)]
Corner = Annotated[list[Int31], Field(min_length=3, max_length=3)]
SampleId = Annotated[Int31 | None, BeforeValidator(_null_if_empty)]


class Centre(BaseModel):
    """A centre of diffraction, in grid boxes: box *i* covers [*i*, *i* + 1).

    Attributes:
        centre_of_mass: x, y and, of a 3-D result, z.
        max_voxel: the box with the highest count; as many numbers.
        max_count: that count.
        n_voxels: number of boxes.
        total_count: sum of their counts.
        bounding_box: its first box, and one past its last; absent from 2-D results.
        sample_id: ISPyB sample id, if known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    centre_of_mass: Coordinates
    max_voxel: Voxel
    max_count: FiniteFloat
    n_voxels: Int31
    total_count: FiniteFloat
    bounding_box: Annotated[list[Corner], Field(min_length=2, max_length=2)] | None = (
        None
    )
    sample_id: SampleId = None

    @model_validator(mode="after")
    def _dimensions_agree(self) -> Self:
        if len(self.centre_of_mass) != len(self.max_voxel):
            raise ValueError("centre_of_mass and max_voxel differ in length")
        return self


class _Payload(BaseModel):
    results: Annotated[
        list[Annotated[Centre, WrapValidator(_unless_failed)]],
        BeforeValidator(lambda value: [] if value is None else value),
    ] = []


class _Parameters(BaseModel):
    dcid: Annotated[Int31, Field(ge=1)]
    dcgid: Annotated[Int31 | None, BeforeValidator(_null_if_empty)] = None
    dcg_dcids: Annotated[list[Int31], BeforeValidator(_dcids)] = []
    gpu: Annotated[bool, BeforeValidator(_is_set)] = False


class _Step(BaseModel):
    parameters: _Parameters


class _Envelope(BaseModel):
    payload: Any
    recipe: dict[str, Any]
    recipe_pointer: Annotated[int, Field(alias="recipe-pointer")]
    environment: dict[str, Any] = {}


@dataclass(frozen=True)
class Result:
    """A result of Zocalo.

    Attributes:
        dcid: the data collection it names.
        dcgid: its group, if known.
        dcg_dcids: the other data collections of the group, if known.
        source: the pipeline it comes from.
        centres: the centres, in the order they came.
        payload: the payload as JSON, whatever kind of job sent it.
        guid: the recipe's id, empty if unknown.
    """

    dcid: int
    dcgid: int | None
    dcg_dcids: tuple[int, ...]
    source: Source
    centres: tuple[Centre, ...]
    payload: str
    guid: str

    @property
    def dimensions(self) -> int:
        """2 or 3; 0 when there is no centre."""
        return max((len(c.centre_of_mass) for c in self.centres), default=0)


def read_result(headers: Mapping[str, object], body: bytes) -> Result:
    """Read a message of the results queue, as python-workflows wraps it.

    Raises:
        NotUnderstood: it is no result, with what it lacks.
    """
    if headers.get("workflows-recipe") not in (True, "True", "true"):
        raise NotUnderstood(
            "Not a recipe message: the header workflows-recipe is not true"
        )
    try:
        envelope = _validated(_Envelope, from_json(body))
        pointer = str(envelope.recipe_pointer)
        if pointer not in envelope.recipe:
            raise NotUnderstood(f"The recipe has no step {pointer}")
        step = _validated(_Step, envelope.recipe[pointer], f"recipe.{pointer}")
        parameters, payload = step.parameters, envelope.payload
        centres: Sequence[Centre | None] = ()
        if isinstance(payload, dict):
            centres = _validated(_Payload, payload, "payload").results
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"Not JSON: {error}") from error
    return Result(
        dcid=parameters.dcid,
        dcgid=parameters.dcgid,
        dcg_dcids=tuple(parameters.dcg_dcids),
        source=Source.GPU if parameters.gpu else Source.CPU,
        centres=tuple(filter(None, centres)),
        payload=to_json(payload, inf_nan_mode="constants").decode(),
        guid=_guid(envelope.environment.get("ID")),
    )


def _guid(value: object) -> str:
    """Return the id of a recipe, if it is one: it goes to the log."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w-]{1,64}", value) else ""


Model = TypeVar("Model", bound=BaseModel)


def _validated(model: type[Model], value: object, where: str = "") -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise NotUnderstood(_complaints(error, where)) from error


def _complaints(error: ValidationError, where: str = "", at_most: int = 3) -> str:
    """Say what is wrong where, without what pydantic says of its models."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said: list[str] = []
    for entry in errors[:at_most]:
        path = ".".join(map(str, [where, *entry["loc"]] if where else entry["loc"]))
        is_model = entry["type"] == "model_type"
        what = "Input should be an object" if is_model else entry["msg"]
        said.append(f"{path or 'The message'}: {what}")
    if len(errors) > at_most:
        said.append(f"and {len(errors) - at_most} more")
    return "; ".join(said)


def result_message(
    payload: object, parameters: Mapping[str, object], guid: str
) -> tuple[dict[str, object], bytes]:
    """Return headers and body of a result, wrapped as the last step of a recipe."""
    body = {
        "payload": payload,
        "recipe": {"1": {"parameters": dict(parameters)}, "start": [[1, []]]},
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": guid},
    }
    return {"workflows-recipe": True}, encode(body)
