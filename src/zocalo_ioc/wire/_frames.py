"""Frames: what per-image analysis has counted, as the recipe wrapper wraps it."""

import ast
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field

from ._recipes import read_envelope
from ._values import Flag, Id, IdList, Int31, OptionalId, none_if_null, validated


class Orientation(StrEnum):
    """The direction of the lines of a grid scan."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


_LONGEST_TEXT = 2000


def _gridinfo(value: object) -> object:
    """Read gridinfo also as the text of a dictionary.

    A recipe has that with ``{ispyb_dc_grid_info}``, without ``$REPLACE``.
    """
    value = none_if_null(value)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(value)
    return value


Steps = Annotated[int, Field(ge=1, le=10_000)]
Size = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class GridSize(BaseModel, frozen=True):
    """What ISPyB says of the boxes of a grid.

    Attributes:
        steps_x: boxes along x.
        steps_y: boxes along y; of the second grid of a scan, along z.
        dx_mm: width of a box, if known.
        dy_mm: height of a box, if known.
        snaked: whether every second line is scanned backwards.
        orientation: the direction of the lines.
    """

    steps_x: Steps
    steps_y: Steps
    dx_mm: Annotated[Size | None, BeforeValidator(none_if_null)] = None
    dy_mm: Annotated[Size | None, BeforeValidator(none_if_null)] = None
    snaked: Flag
    orientation: Annotated[Orientation, BeforeValidator(_lower)]

    @property
    def boxes(self) -> int:
        """The number of boxes, and of frames."""
        return self.steps_x * self.steps_y

    def box_of_frames(self) -> NDArray[np.intp]:
        """Return the box of each frame, in the order the frames are taken.

        Returns:
            Shape (boxes,). Boxes count from 0, x fastest, then y.
        """
        boxes = np.arange(self.boxes).reshape(self.steps_y, self.steps_x)
        lines = boxes if self.orientation is Orientation.HORIZONTAL else boxes.T
        lines = lines.copy()
        if self.snaked:
            lines[1::2] = lines[1::2, ::-1]
        return lines.ravel()


class FramePayload(BaseModel):
    """What per-image analysis says of a frame.

    Attributes:
        number: of the frame in its data collection, from 1.
        spots: how many there are on it.
    """

    number: Annotated[Id, Field(alias="file-number")]
    spots: Annotated[Int31, Field(alias="n_spots_total")]


class _Parameters(BaseModel):
    dcid: Id
    dcgid: OptionalId = None
    dcg_dcids: IdList = []


class _Step(BaseModel):
    parameters: _Parameters
    gridinfo: Annotated[GridSize | None, BeforeValidator(_gridinfo)] = None


@dataclass(frozen=True)
class Frame:
    """What per-image analysis says of a frame.

    Attributes:
        dcid: its data collection.
        dcgid: the group of that, if known.
        dcg_dcids: the other data collections of the group, if known.
        number: of the frame in its data collection, from 1.
        spots: how many there are on it.
        size: of the grid, if the recipe tells.
    """

    dcid: int
    dcgid: int | None
    dcg_dcids: tuple[int, ...]
    number: int
    spots: int
    size: GridSize | None


def read_frame(headers: Mapping[str, object], body: bytes) -> Frame:
    """Read a message of the frames queue, as python-workflows wraps it.

    Raises:
        NotUnderstood: it is no frame, with what it lacks.
    """
    envelope = read_envelope(headers, body)
    step = validated(_Step, envelope.step, f"recipe.{envelope.pointer}")
    payload = validated(FramePayload, envelope.payload, "payload")
    parameters = step.parameters
    return Frame(
        dcid=parameters.dcid,
        dcgid=parameters.dcgid,
        dcg_dcids=tuple(parameters.dcg_dcids),
        number=payload.number,
        spots=payload.spots,
        size=step.gridinfo,
    )
