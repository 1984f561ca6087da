"""A device with everything that an IOC serves."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from ophyd_async.core import (
    Array1D,
    SignalR,
    SignalRW,
    SignalW,
    StandardReadable,
    StrictEnum,
    Table,
    TriggerableCommand,
)
from ophyd_async.core import StandardReadableFormat as Format
from ophyd_async.epics.core import PviDeviceConnector

from ._arguments import as_prefix


class SortKey(StrictEnum):
    """What centres are ranked by."""

    MAX_COUNT = "max_count"
    TOTAL_COUNT = "total_count"
    N_VOXELS = "n_voxels"


class SourceOption(StrictEnum):
    """The pipeline that results are taken from."""

    ANY = "Any"
    CPU = "CPU"
    GPU = "GPU"


class State(StrictEnum):
    """Where the job is."""

    IDLE = "Idle"
    STARTING = "Starting"
    STARTED = "Started"
    ENDING = "Ending"
    PROCESSING = "Processing"
    DONE = "Done"
    NO_CENTRES = "No centres"
    TIMED_OUT = "Timed out"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class IspybConnected(StrictEnum):
    """Whether ISPyB answers."""

    NO = "No"
    YES = "Yes"
    OFF = "Off"


class Source(StrictEnum):
    """The pipeline that a result comes from."""

    CPU = "CPU"
    GPU = "GPU"


class Zocalo(StandardReadable):
    """Every record of an IOC, by its name in lower case with ``_`` for ``:``.

    A plan reads the job, the latest result and its strongest centre with `read`, and
    the options with `read_configuration`. It connects over PV Access, through
    ``P:PVI``, and can be mocked. Signals that an IOC does not serve are None.

    Args:
        prefix: of the IOC's PVs.
        name: of the device.

    Example:
        A whole scan of two grids::

            zocalo = Zocalo("BL03I-EA-ZOC-01", name="zocalo")
            grids = [
                {"command": "process", "dcid": 71, "num_frames": 400},
                {"command": "process", "dcid": 72, "num_frames": 300},
            ]
            yield from bps.abs_set(zocalo.submit, json.dumps(grids), wait=True)
            x = yield from bps.rd(zocalo.best_x)
    """

    def __init__(self, prefix: str, name: str = "") -> None:
        self.prefix = as_prefix(prefix)
        super().__init__(name, connector=PviDeviceConnector(f"{self.prefix}:"))

    # Request
    dcid: SignalRW[int]
    dcgid: SignalRW[int]
    filename: SignalRW[str]
    start_frame: SignalRW[int]
    num_frames: SignalRW[int]
    message_index: SignalRW[int]
    recipes: SignalRW[str]
    parameters: SignalRW[str]
    xz_dcid: SignalRW[int]
    xz_num_frames: SignalRW[int]
    expect_result: SignalRW[bool]

    # Commands
    start: TriggerableCommand
    end: TriggerableCommand
    wait: TriggerableCommand
    process: TriggerableCommand
    cancel: TriggerableCommand
    submit: SignalW[str]
    send: SignalW[str]
    past: SignalW[str]

    # Options
    sort_key: Annotated[SignalRW[SortKey], Format.CONFIG_SIGNAL]
    source: Annotated[SignalRW[SourceOption], Format.CONFIG_SIGNAL]
    timeout: Annotated[SignalRW[float], Format.CONFIG_SIGNAL]
    end_timeout: Annotated[SignalRW[float], Format.CONFIG_SIGNAL]
    min_total_count: Annotated[SignalRW[float], Format.CONFIG_SIGNAL]

    # Status
    state: Annotated[SignalR[State], Format.UNCACHED_SIGNAL]
    message: SignalR[str]
    job_dcid: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    job_dcids: Annotated[SignalR[Array1D[np.int32]], Format.UNCACHED_SIGNAL]
    job_by: SignalR[str]
    job_number: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    job_remaining: SignalR[float]
    job_elapsed: SignalR[float]
    guid: SignalR[str]
    broker_connected: SignalR[bool]
    broker_consumers: SignalR[int]
    broker_queued: SignalR[int]
    broker_host: SignalR[str]
    broker_sent: SignalR[int]
    broker_received: SignalR[int]
    broker_ignored: SignalR[int]
    broker_rejected: SignalR[int]
    broker_reconnects: SignalR[int]
    broker_confirm_time: SignalR[float]
    zocalo_consumers: SignalR[int]
    zocalo_queued: SignalR[int]
    ispyb_connected: SignalR[IspybConnected]
    past_json: SignalR[str]
    autosave_ok: SignalR[bool]
    heartbeat: SignalR[int]
    version: Annotated[SignalR[str], Format.CONFIG_SIGNAL]

    # Result
    result_job: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    result_dcid: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    result_dcids: Annotated[SignalR[Array1D[np.int32]], Format.UNCACHED_SIGNAL]
    result_dcgid: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    result_source: Annotated[SignalR[Source], Format.UNCACHED_SIGNAL]
    result_dimensions: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    result_count: Annotated[SignalR[int], Format.HINTED_UNCACHED_SIGNAL]
    result_time: SignalR[str]
    result_latency: Annotated[SignalR[float], Format.UNCACHED_SIGNAL]
    result_json: SignalR[str]
    result_outline_x: SignalR[Array1D[np.float64]]
    result_outline_y: SignalR[Array1D[np.float64]]
    result_outline_z: SignalR[Array1D[np.float64]]
    result_outline_extent: SignalR[float]
    result_recent: SignalR[Array1D[np.float64]]
    result_seq: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]

    # Every centre, strongest first
    centres_x: SignalR[Array1D[np.float64]]
    centres_y: SignalR[Array1D[np.float64]]
    centres_z: SignalR[Array1D[np.float64]]
    centres_box_min_x: SignalR[Array1D[np.int32]]
    centres_box_min_y: SignalR[Array1D[np.int32]]
    centres_box_min_z: SignalR[Array1D[np.int32]]
    centres_box_max_x: SignalR[Array1D[np.int32]]
    centres_box_max_y: SignalR[Array1D[np.int32]]
    centres_box_max_z: SignalR[Array1D[np.int32]]
    centres_max_voxel_x: SignalR[Array1D[np.int32]]
    centres_max_voxel_y: SignalR[Array1D[np.int32]]
    centres_max_voxel_z: SignalR[Array1D[np.int32]]
    centres_max_count: SignalR[Array1D[np.float64]]
    centres_total_count: SignalR[Array1D[np.float64]]
    centres_n_voxels: SignalR[Array1D[np.int32]]
    centres_sample_id: SignalR[Array1D[np.int32]]

    # The strongest centre
    best_x: Annotated[SignalR[float], Format.HINTED_UNCACHED_SIGNAL]
    best_y: Annotated[SignalR[float], Format.HINTED_UNCACHED_SIGNAL]
    best_z: Annotated[SignalR[float], Format.HINTED_UNCACHED_SIGNAL]
    best_box_min_x: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_min_y: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_min_z: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_max_x: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_max_y: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_max_z: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_max_voxel_x: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_max_voxel_y: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_max_voxel_z: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_max_count: Annotated[SignalR[float], Format.UNCACHED_SIGNAL]
    best_total_count: Annotated[SignalR[float], Format.UNCACHED_SIGNAL]
    best_n_voxels: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_sample_id: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_size_x: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_size_y: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]
    best_box_size_z: Annotated[SignalR[int], Format.UNCACHED_SIGNAL]

    # History
    history_dcid: SignalR[Array1D[np.int32]]
    history_dcgid: SignalR[Array1D[np.int32]]
    history_state: SignalR[Sequence[str]]
    history_source: SignalR[Sequence[str]]
    history_centres: SignalR[Array1D[np.int32]]
    history_latency: SignalR[Array1D[np.float64]]
    history_time: SignalR[Sequence[str]]
    history_job: SignalR[Array1D[np.int32]]
    history_id: SignalR[Sequence[str]]
    history_seq: SignalR[int]

    # For PV Access
    result_table: SignalR[Table]
    history: SignalR[Table]

    # Not of every IOC
    best_motor_x: SignalR[float] | None
    best_motor_y: SignalR[float] | None
    best_motor_z: SignalR[float] | None
    best_motor_box_min_x: SignalR[float] | None
    best_motor_box_min_y: SignalR[float] | None
    best_motor_box_min_z: SignalR[float] | None
    best_motor_box_max_x: SignalR[float] | None
    best_motor_box_max_y: SignalR[float] | None
    best_motor_box_max_z: SignalR[float] | None
    grid_xy_dcid: SignalR[int] | None
    grid_xz_dcid: SignalR[int] | None
    grid_xy_nx: SignalR[int] | None
    grid_xz_nx: SignalR[int] | None
    grid_xy_ny: SignalR[int] | None
    grid_xz_ny: SignalR[int] | None
    grid_xy_step_x: SignalR[float] | None
    grid_xz_step_x: SignalR[float] | None
    grid_xy_step_y: SignalR[float] | None
    grid_xz_step_y: SignalR[float] | None
    grid_xy_frames: SignalR[int] | None
    grid_xz_frames: SignalR[int] | None
    grid_xy_expected: SignalR[int] | None
    grid_xz_expected: SignalR[int] | None
    grid_xy_max_count: SignalR[int] | None
    grid_xz_max_count: SignalR[int] | None
    grid_xy_counts: SignalR[Array1D[np.int32]] | None
    grid_xz_counts: SignalR[Array1D[np.int32]] | None
    grid_xy_image: SignalR[np.ndarray] | None  # pyright: ignore[reportMissingTypeArgument]
    grid_xz_image: SignalR[np.ndarray] | None  # pyright: ignore[reportMissingTypeArgument]
