"""What mx-bluesky's own callback tells Zocalo: ``… KIND … DCID:FRAMES …``.

KIND is a ``grids`` scan, one whose message indices are all 0 (``unordered``), or
``rotations``. The plan is a run that reads the name of the file; what it moves makes no
difference.
"""
# pyright: basic, reportMissingImports=false

import sys
from collections.abc import Generator
from dataclasses import replace
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
from mx_bluesky.hyperion.external_interaction.callbacks.rotation.ispyb_callback import (
    generate_start_info_from_ordered_runs,
)
from ophyd_async.core import init_devices, soft_signal_rw

environment, kind, filename, *grids = sys.argv[1:]
dcids, frames = zip(*(map(int, grid.split(":")) for grid in grids), strict=True)
omegas = [90 * n for n in range(len(grids))]
keys = [str(omega) for omega in omegas]
points = [{"x": [0.0] * count} for count in frames]

RE = RunEngine()
with init_devices():
    writer = soft_signal_rw(str, filename, name="eiger_odin_file_writer_id")


@bpp.run_decorator(
    md={
        "subplan_name": "scan",
        "grid_plane_to_id_map": dict(zip(keys, dcids, strict=True)),
        "omega_to_scan_spec": dict(zip(keys, points, strict=True)),
        "ispyb_dcids": dcids,
        "scan_points": points,
    }
)
def scan() -> Generator[Any, Any, Any]:
    yield from bps.create(name=DocDescriptorNames.ZOCALO_HW_READ)
    yield from bps.read(writer)
    yield from bps.save()


def grid_infos() -> Generator[Any, Any, Any]:
    return generate_start_info_from_omega_map(omegas)


def unordered_infos() -> Generator[Any, Any, Any]:
    infos = grid_infos()
    start = yield next(infos)
    yield [replace(info, message_index=0) for info in infos.send(start)]


infos = {
    "grids": grid_infos,
    "unordered": unordered_infos,
    "rotations": generate_start_info_from_ordered_runs,
}
RE(scan(), ZocaloCallback("scan", environment, infos[kind]))
