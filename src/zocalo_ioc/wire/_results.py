"""Results, as the recipe wrapper of python-workflows wraps them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    FiniteFloat,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError, to_json

from ._recipes import read_envelope, recipe_message
from ._values import INT32_MAX, Flag, Id, IdList, Int31, OptionalId, validated

MAX_CENTRES = 10_000


class Source(StrEnum):
    """The pipeline that a result comes from."""

    CPU = "CPU"
    GPU = "GPU"


def _unless_failed(
    value: object, read: Callable[[object], "Centre"]
) -> "Centre | None":
    """Drop what 2-D centring did not find: it has null where the numbers would be."""
    failed = isinstance(value, dict) and value.get("status") == "fail"
    return None if failed else read(value)


Coordinate = Annotated[FiniteFloat, Field(ge=-INT32_MAX, le=INT32_MAX)]
Coordinates = Annotated[list[Coordinate], Field(min_length=2, max_length=3)]
Voxel = Annotated[list[Int31], Field(min_length=2, max_length=3)]
Corner = Annotated[list[Int31], Field(min_length=3, max_length=3)]


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
    sample_id: OptionalId = None

    @model_validator(mode="after")
    def _dimensions_agree(self) -> Self:
        if len(self.centre_of_mass) != len(self.max_voxel):
            raise ValueError("centre_of_mass and max_voxel differ in length")
        return self


class _Payload(BaseModel):
    results: Annotated[
        list[Annotated[Centre, WrapValidator(_unless_failed)]],
        Field(max_length=MAX_CENTRES),
        FailFast(),  # each complaint takes time, and three are shown
        BeforeValidator(lambda value: [] if value is None else value),
    ] = []


def _not_zero(value: object) -> object:
    if value in (0, "0"):
        reason = "ISPyB has no data collection 0, which dodal's test fixtures send"
        raise PydanticCustomError("zero", reason)
    return value


class _Parameters(BaseModel):
    dcid: Annotated[Id, BeforeValidator(_not_zero)]
    dcgid: OptionalId = None
    dcg_dcids: IdList = []
    gpu: Flag = False


class _Step(BaseModel):
    parameters: _Parameters


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

    def at_least(self, total_count: float) -> Self:
        """Return it without the centres that have a smaller total count."""
        kept = tuple(c for c in self.centres if c.total_count >= total_count)
        return replace(self, centres=kept)

    @property
    def dimensions(self) -> int:
        """2 or 3; 0 when there is no centre."""
        return max((len(c.centre_of_mass) for c in self.centres), default=0)


def read_result(headers: Mapping[str, object], body: bytes) -> Result:
    """Read a message of the results queue, as python-workflows wraps it.

    Raises:
        NotUnderstood: it is no result, with what it lacks.
    """
    envelope = read_envelope(headers, body)
    step = validated(_Step, envelope.step, f"recipe.{envelope.pointer}")
    parameters, payload = step.parameters, envelope.payload
    centres: Sequence[Centre | None] = ()
    if isinstance(payload, dict):
        centres = validated(_Payload, payload, "payload").results
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
    return (
        value if isinstance(value, str) and re.fullmatch(r"[\w-]{1,64}", value) else ""
    )


def result_message(
    payload: object, parameters: Mapping[str, object], guid: str
) -> tuple[Mapping[str, object], bytes]:
    """Return headers and body of a result, wrapped as the last step of a recipe."""
    recipe = {"1": {"parameters": dict(parameters)}, "start": [[1, []]]}
    return recipe_message(payload, recipe, 1, (), {"ID": guid})
