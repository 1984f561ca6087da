"""What mx-bluesky's own callback tells Zocalo: ``… KIND … DCID:FRAMES …``.

KIND is a ``grids`` scan, one whose message indices are all 0 (``unordered``), or
``rotations`` of one sample. The plans are runs that read the name of the file; what
they move makes no difference.
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
from mx_bluesky.common.parameters.constants import (
    DocDescriptorNames,
    PlanNameConstants,
)
from mx_bluesky.hyperion.external_interaction.callbacks.rotation.ispyb_callback import (
    generate_start_info_from_ordered_runs,
)
from ophyd_async.core import init_devices, soft_signal_rw

environment, kind, filename, *collections = sys.argv[1:]
dcids, frames = zip(*(map(int, each.split(":")) for each in collections), strict=True)
omegas = [90 * n for n in range(len(dcids))]

RE = RunEngine()
with init_devices():
    writer = soft_signal_rw(str, filename, name="eiger_odin_file_writer_id")


def scan() -> Generator[Any, Any, Any]:
    points = [{"x": [0.0] * count} for count in frames]
    keys = [str(omega) for omega in omegas]
    yield from one_run(
        subplan_name="scan",
        grid_plane_to_id_map=dict(zip(keys, dcids, strict=True)),
        omega_to_scan_spec=dict(zip(keys, points, strict=True)),
    )


@bpp.run_decorator(md={"subplan_name": "scan"})
def rotations() -> Generator[Any, Any, Any]:
    for dcid, count in zip(dcids, frames, strict=True):
        rotation = one_run(
            subplan_name=PlanNameConstants.ROTATION_MAIN,
            scan_points=[{"omega": [0.1 * n for n in range(count)]}],
            ispyb_dcids=(dcid,),
        )
        yield from bpp.set_run_key_wrapper(rotation, "rotation")


def one_run(**metadata: Any) -> Generator[Any, Any, Any]:
    @bpp.run_decorator(md=metadata)
    def run() -> Generator[Any, Any, Any]:
        yield from bps.create(name=DocDescriptorNames.ZOCALO_HW_READ)
        yield from bps.read(writer)
        yield from bps.save()

    yield from run()


def grid_infos() -> Generator[Any, Any, Any]:
    return generate_start_info_from_omega_map(omegas)


def unordered_infos() -> Generator[Any, Any, Any]:
    infos = grid_infos()
    start = yield next(infos)
    yield [replace(info, message_index=0) for info in infos.send(start)]


plan, infos = {
    "grids": (scan, grid_infos),
    "unordered": (scan, unordered_infos),
    "rotations": (rotations, generate_start_info_from_ordered_runs),
}[kind]
RE(plan(), ZocaloCallback("scan", environment, infos))
