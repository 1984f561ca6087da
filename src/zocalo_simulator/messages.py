"""What the centring service is sent, as models that take numbers as text, too."""

from dataclasses import replace
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
)

from zocalo_ioc.wire import (
    Flag,
    FramePayload,
    GridSize,
    Id,
    IdList,
    OptionalId,
    OptionalText,
    none_if_null,
    validated,
)

from .centring import Wells
from .recipe import RecipeMessage


def _wells(value: object) -> object:
    return none_if_null(value) or {}


MAX_SPOTS = 2_000_000
"""On a frame. With more, the sum of a large volume's counts would overflow."""


class Gridinfo(GridSize, frozen=True):
    """What ISPyB says of a grid, and of the snapshot that it is drawn on.

    Attributes:
        dx_mm: width of a box.
        dy_mm: height of a box.
        microns_per_pixel_x: of the snapshot.
        microns_per_pixel_y: of the snapshot.
        snapshot_offset_x_pixel: where the grid begins in the snapshot.
        snapshot_offset_y_pixel: where the grid begins in the snapshot.
    """

    dx_mm: PositiveFloat = Field(...)  # must be known, unlike to the IOC
    dy_mm: PositiveFloat = Field(...)
    microns_per_pixel_x: Annotated[PositiveFloat, Field(alias="micronsPerPixelX")]
    microns_per_pixel_y: Annotated[PositiveFloat, Field(alias="micronsPerPixelY")]
    snapshot_offset_x_pixel: Annotated[
        FiniteFloat, Field(alias="snapshot_offsetXPixel")
    ]
    snapshot_offset_y_pixel: Annotated[
        FiniteFloat, Field(alias="snapshot_offsetYPixel")
    ]

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
    dcg_dcids: IdList = []
    beamline: str = ""
    gpu: Flag = False
    sample_id: OptionalId = None
    loop_type: OptionalText = None
    msp_sample_ids: Annotated[dict[int, Id], BeforeValidator(_wells)] = {}
    threshold: NonNegativeFloat = 0.25
    threshold_absolute: NonNegativeFloat = 0
    threshold_msp: NonNegativeFloat = 0.25
    threshold_absolute_msp: NonNegativeFloat = 3

    @property
    def dcids(self) -> tuple[int, ...]:
        """All data collections of the scan, the lowest first."""
        return tuple(sorted({self.dcid, *self.dcg_dcids}))

    def wells(self, dx_mm: float, all_have_samples: bool = False) -> Wells:
        """Return where samples are, in boxes of a width."""
        wells = Wells.of_pin(
            self.loop_type, 1000 * dx_mm, self.msp_sample_ids, self.sample_id
        )
        return replace(wells, all_have_samples=all_have_samples)


class Frame(FramePayload):
    """A frame whose spots don't overflow."""

    spots: Annotated[NonNegativeInt, Field(alias="n_spots_total", le=MAX_SPOTS)]


class _Step(BaseModel):
    parameters: CentringParameters
    gridinfo: Gridinfo


def read_frame(message: RecipeMessage) -> tuple[CentringParameters, Gridinfo, Frame]:
    """Read a frame's message.

    Raises:
        NotUnderstood: it can't be used, with what it lacks.
    """
    step = validated(_Step, message.step)
    frame = validated(Frame, message.payload, "payload")
    return step.parameters, step.gridinfo, frame
