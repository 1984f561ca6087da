"""What ISPyB and the pin would tell of a scan: its grids, its samples, its crystals."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from zocalo_ioc.wire import GridSize, Id, Orientation

from .names import Trouble
from .payload import MAX_BOXES

MICRONS_PER_PIXEL = 1.25
"""Of the snapshots that grids are drawn on."""
_GEOMETRY = {"xBeam": 159.5, "yBeam": 166.2, "detectorDistance": 300.0}
"""Where the beam meets the detector, and how far it is away, mm."""
_IMAGE_DIRECTORY = "/dls/simulated/"
_OTHER_CLASSES = ("screen", "characterization", "serial_jet", "diamond_anvil_cell")


class Pipelines(StrEnum):
    """Which pipelines analyse a scan."""

    CPU = "cpu"
    GPU = "gpu"
    BOTH = "both"


Boxes = Annotated[int, Field(ge=1, le=10_000)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Position = Annotated[float, Field(ge=-1e6, le=1e6)]


class Behaviour(BaseModel):
    """What may be said of scans in general as well as of a single one.

    Attributes:
        source: which pipelines may analyse it.
        background: mean number of spots that noise adds to a frame.
        snaked: whether every second line is scanned backwards.
        orientation: the direction of the lines.
        step_um: width of a box along x, y and, for two grids, z; micrometres.
        trouble: what goes wrong.
        late_by: how much later a late result comes, seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Pipelines = Pipelines.BOTH
    background: Annotated[float, Field(ge=0, le=1000)] = 0.2
    snaked: bool = True
    orientation: Orientation = Orientation.HORIZONTAL
    step_um: Annotated[list[Positive], Field(min_length=2, max_length=3)] = [20, 20, 20]
    trouble: Trouble | None = None
    late_by: Annotated[float, Field(ge=0, le=3600)] = 30

    @model_validator(mode="after")
    def _both_disagree(self) -> Self:
        if self.trouble is Trouble.DISAGREEMENT and self.source is not Pipelines.BOTH:
            raise ValueError("source: write both; one pipeline can't disagree")
        return self


class Crystal(BaseModel):
    """A crystal on the pin.

    Attributes:
        at: its middle in boxes: x, y and, in a scan of two grids, z.
        size: its width at half strength, boxes.
        strength: spots on a frame through its middle.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[list[Position], Field(min_length=2, max_length=3)]
    size: Positive = 2
    strength: Annotated[float, Field(ge=0, le=1e6)] = 500


class Kind(StrEnum):
    """What a data collection is."""

    GRID = "grid"
    ROTATION = "rotation"
    SERIAL = "serial"


_EXPERIMENTS = {Kind.ROTATION: "SAD", Kind.SERIAL: "Serial Fixed"}
"""What ISPyB calls them."""


class Scan(Behaviour):
    """One data collection, or the two that are the grids of one scan.

    Attributes:
        dcids: its data collections; of two the lower one is the grid in x and y, the
            other the grid in x and z.
        dcgid: their group; the lowest DCID if it is not given.
        kind: nothing but grids is centred.
        grid: number of boxes along x, y and, for two grids, z. The frames of any other
            kind are as many as of such a grid.
        crystals: where it diffracts.
        sample_id: the ISPyB id of the sample, if known.
        loop_type: such as ``multipin_3x400+200``, see `Wells.of_pin`.
        msp_sample_ids: the sample in each well of a multi-sample pin.
    """

    dcids: Annotated[list[Id], Field(min_length=1, max_length=2)]
    dcgid: Id | None = None
    kind: Kind = Kind.GRID
    grid: Annotated[list[Boxes], Field(min_length=2, max_length=3)] = [20, 20, 20]
    crystals: list[Crystal] = []
    sample_id: Id | None = None
    loop_type: Annotated[str, Field(max_length=80)] | None = None
    msp_sample_ids: dict[Annotated[int, Field(ge=1)], Id] = {}

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if len(set(self.dcids)) < len(self.dcids):
            raise ValueError("dcids: the two must differ")
        if self.kind is not Kind.GRID and len(self.dcids) > 1:
            raise ValueError(f"dcids: a {self.kind} has one")
        axes = "x, y and z" if self.dimensions == 3 else "x and y"
        if "grid" in self.model_fields_set and len(self.grid) != self.dimensions:
            raise ValueError(f"grid: {len(self.dcids)} dcids need {axes}")
        if len(self.step_um) < self.dimensions:
            raise ValueError(f"step_um: {len(self.dcids)} dcids need {axes}")
        if math.prod(self.grid[: self.dimensions]) > MAX_BOXES:
            raise ValueError(f"grid: it has more than {MAX_BOXES:,} boxes")
        for number, crystal in enumerate(self.crystals):
            if len(crystal.at) != self.dimensions:
                raise ValueError(f"crystals.{number}.at: {axes} are needed")
        return self

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return len(self.dcids) + 1

    @property
    def group(self) -> int:
        """The data collection group id."""
        return self.dcgid or min(self.dcids)

    def axes(self, dcid: int) -> Sequence[int]:
        """Return the axes of a grid: 0, 1 and 2 are x, y and z."""
        return (0, 1) if dcid == min(self.dcids) else (0, 2)

    def others(self, dcid: int) -> Sequence[int]:
        """Return the data collections that a grid makes a volume with."""
        return [other for other in self.dcids if other != dcid]

    def size(self, dcid: int) -> GridSize:
        """Return the size of a grid; it has as many boxes as frames are taken."""
        x, y = self.axes(dcid)
        return GridSize(
            steps_x=self.grid[x],
            steps_y=self.grid[y],
            dx_mm=self.step_um[x] / 1000,
            dy_mm=self.step_um[y] / 1000,
            snaked=self.snaked,
            orientation=self.orientation,
        )

    def ispyb(self, dcid: int) -> dict[str, Any]:
        """Return what recipes get from ISPyB, by the names of dlstbx's filter."""
        size = self.size(dcid)
        width, height = (self.grid[n] * self.step_um[n] for n in self.axes(dcid))
        gridinfo = size.model_dump(mode="json") | {
            "steps_x": float(size.steps_x),
            "steps_y": float(size.steps_y),
            "micronsPerPixelX": MICRONS_PER_PIXEL,
            "micronsPerPixelY": MICRONS_PER_PIXEL,
            "snapshot_offsetXPixel": 512 - width / MICRONS_PER_PIXEL / 2,
            "snapshot_offsetYPixel": 384 - height / MICRONS_PER_PIXEL / 2,
        }
        others = self.others(dcid)
        mesh = "Mesh3D" if others else "Mesh"
        is_grid = self.kind is Kind.GRID
        return {
            "ispyb_dcid": dcid,
            "ispyb_dcg_dcids": others,
            "ispyb_dcg_experiment_type": mesh if is_grid else _EXPERIMENTS[self.kind],
            "ispyb_dc_class": {
                "grid": is_grid,
                "rotation": self.kind is Kind.ROTATION,
                "serial_fixed": self.kind is Kind.SERIAL,
                **dict.fromkeys(_OTHER_CLASSES, False),
            },
            "ispyb_dc_info": {
                "dataCollectionId": dcid,
                "dataCollectionGroupId": self.group,
                "BLSAMPLEID": self.sample_id,
                "numberOfImages": size.boxes,
                "gridinfo": gridinfo if is_grid else None,
                **_GEOMETRY,
            },
            "ispyb_image_directory": _IMAGE_DIRECTORY,
            "ispyb_image_template": f"{self.kind}_{dcid}_master.h5",
            "ispyb_pin_info": {"loopType": self.loop_type},
            "ispyb_msp_sample_ids": self.msp_sample_ids,
        }
