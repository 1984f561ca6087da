"""A grid scan as mx-bluesky's own callback tells Zocalo of it: ``… DCID:FRAMES …``.

Its plan is a run that reads the name of the file; what it moves makes no difference.
"""
# pyright: basic, reportMissingImports=false

import sys
from collections.abc import Generator
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky import RunEngine
from mx_bluesky.common.external_interaction.callbacks.common.zocalo_callback import (
    ZocaloCallback,
)
from mx_bluesky.common.external_interaction.callbacks.grid.utils import (
    generate_start_info_from_omega_map,
)
from mx_bluesky.common.parameters.constants import DocDescriptorNames
from ophyd_async.core import init_devices, soft_signal_rw

environment, filename, *grids = sys.argv[1:]
dcids, frames = zip(*(map(int, grid.split(":")) for grid in grids), strict=True)
omegas = [90 * n for n in range(len(grids))]
keys = [str(omega) for omega in omegas]

RE = RunEngine()
with init_devices():
    writer = soft_signal_rw(str, filename, name="eiger_odin_file_writer_id")


@bpp.run_decorator(
    md={
        "subplan_name": "scan",
        "grid_plane_to_id_map": dict(zip(keys, dcids, strict=True)),
        "omega_to_scan_spec": {
            key: {"x": [0.0] * count} for key, count in zip(keys, frames, strict=True)
        },
    }
)
def scan() -> Generator[Any, Any, Any]:
    yield from bps.create(name=DocDescriptorNames.ZOCALO_HW_READ)
    yield from bps.read(writer)
    yield from bps.save()


callback = ZocaloCallback(
    "scan", environment, lambda: generate_start_info_from_omega_map(omegas)
)
RE(scan(), callback)
