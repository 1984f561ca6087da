"""What the centring service is sent, as models that take numbers as text, too."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from zocalo_ioc.errors import NotUnderstood
from zocalo_ioc.wire import INT32_MAX, complaints

from .centring import Orientation, Wells
from .recipe import RecipeMessage


def is_set(value: object) -> bool:
    """Say whether a flag of a recipe is set, also as a text."""
    text = str(value).strip().lower()
    return text not in ("", "0", "false", "no", "none", "null")


def _none_if_empty(value: object) -> object:
    return None if value in ("", "None", "null") else value


def _whole(value: object) -> object:
    """Read a whole number that was written as a float, perhaps as a text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _list(value: object) -> object:
    value = _none_if_empty(value) or []
    if isinstance(value, str):
        return [part for part in value.strip("[]() ").split(",") if part.strip()]
    return value


def _wells(value: object) -> object:
    return _none_if_empty(value) or {}


MAX_SPOTS = 2_000_000
"""On a frame. With more, the sum of a large volume's counts would overflow."""

Steps = Annotated[PositiveInt, Field(le=10_000), BeforeValidator(_whole)]
Id = Annotated[int, Field(ge=1, le=INT32_MAX), BeforeValidator(_whole)]


class Gridinfo(BaseModel):
    """What ISPyB says of a grid.

    Attributes:
        steps_x: boxes along x.
        steps_y: boxes along y.
        dx_mm: width of a box.
        dy_mm: height of a box.
        microns_per_pixel_x: of the snapshot.
        microns_per_pixel_y: of the snapshot.
        snapshot_offset_x_pixel: where the grid begins in the snapshot.
        snapshot_offset_y_pixel: where the grid begins in the snapshot.
        snaked: whether every second line was scanned backwards.
        orientation: the direction of the lines.
    """

    steps_x: Steps
    steps_y: Steps
    dx_mm: PositiveFloat
    dy_mm: PositiveFloat
    microns_per_pixel_x: Annotated[PositiveFloat, Field(alias="micronsPerPixelX")]
    microns_per_pixel_y: Annotated[PositiveFloat, Field(alias="micronsPerPixelY")]
    snapshot_offset_x_pixel: Annotated[
        FiniteFloat, Field(alias="snapshot_offsetXPixel")
    ]
    snapshot_offset_y_pixel: Annotated[
        FiniteFloat, Field(alias="snapshot_offsetYPixel")
    ]
    snaked: Annotated[bool, BeforeValidator(is_set)]
    orientation: Orientation

    @property
    def steps(self) -> tuple[int, int]:
        """Boxes along x and y."""
        return self.steps_x, self.steps_y

    @property
    def frames(self) -> int:
        """The number of frames."""
        return self.steps_x * self.steps_y

    @property
    def box_size_px(self) -> tuple[float, float]:
        """Width and height of a box in the snapshot."""
        return (
            1000 * self.dx_mm / self.microns_per_pixel_x,
            1000 * self.dy_mm / self.microns_per_pixel_y,
        )

    @property
    def snapshot_offset(self) -> tuple[float, float]:
        """Where the grid begins in the snapshot, pixels."""
        return self.snapshot_offset_x_pixel, self.snapshot_offset_y_pixel


class CentringParameters(BaseModel):
    """The parameters of the recipe step, see `centres_3d` and `Wells`."""

    dcid: Id
    experiment_type: str
    dcg_dcids: Annotated[list[Id], BeforeValidator(_list)] = []
    beamline: str = ""
    gpu: Annotated[bool, BeforeValidator(is_set)] = False
    sample_id: Annotated[Id | None, BeforeValidator(_none_if_empty)] = None
    loop_type: Annotated[str | None, BeforeValidator(_none_if_empty)] = None
    msp_sample_ids: Annotated[dict[int, Id], BeforeValidator(_wells)] = {}
    threshold: NonNegativeFloat = 0.25
    threshold_absolute: NonNegativeFloat = 0
    threshold_msp: NonNegativeFloat = 0.25
    threshold_absolute_msp: NonNegativeFloat = 3

    @property
    def dcids(self) -> tuple[int, ...]:
        """All data collections of the scan, the lowest first."""
        return tuple(sorted({self.dcid, *self.dcg_dcids}))

    def wells(self, dx_mm: float) -> Wells:
        """Return where samples are, in boxes of a width."""
        return Wells.of_pin(
            self.loop_type, 1000 * dx_mm, self.msp_sample_ids, self.sample_id
        )


class Frame(BaseModel):
    """What per-image analysis says of a frame.

    Attributes:
        number: of the frame in its data collection, from 1.
        spots: how many there are on it.
    """

    number: Annotated[PositiveInt, Field(alias="file-number"), BeforeValidator(_whole)]
    spots: Annotated[
        NonNegativeInt,
        Field(alias="n_spots_total", le=MAX_SPOTS),
        BeforeValidator(_whole),
    ]
    seen_at: Annotated[NonNegativeFloat, Field(alias="file-seen-at")] = 0


class _Step(BaseModel):
    parameters: CentringParameters
    gridinfo: Gridinfo


def read_frame(message: RecipeMessage) -> tuple[CentringParameters, Gridinfo, Frame]:
    """Read a frame's message.

    Raises:
        NotUnderstood: it can't be used, with what it lacks.
    """
    payload: Any = message.payload
    try:
        step = _Step.model_validate(message.step)
    except ValidationError as error:
        raise NotUnderstood(complaints(error)) from error
    try:
        frame = Frame.model_validate(payload)
    except ValidationError as error:
        raise NotUnderstood(complaints(error, "payload")) from error
    if frame.number > step.gridinfo.frames:
        raise NotUnderstood(
            f"DCID {step.parameters.dcid} has no frame {frame.number}: "
            f"its grid has {step.gridinfo.frames}"
        )
    return step.parameters, step.gridinfo, frame
