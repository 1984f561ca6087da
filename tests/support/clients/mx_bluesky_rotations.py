"""Rotations of one sample as Hyperion tells Zocalo of them: ``… DCID:FRAMES …``.

The runs are those of its plan for several rotations, with the data collections that its
ISPyB callback adds; what the plan moves makes no difference.
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
from mx_bluesky.common.parameters.constants import (
    DocDescriptorNames,
    PlanNameConstants,
)
from mx_bluesky.hyperion.external_interaction.callbacks.rotation.ispyb_callback import (
    generate_start_info_from_ordered_runs,
)
from ophyd_async.core import init_devices, soft_signal_rw

environment, filename, *rotations = sys.argv[1:]

RE = RunEngine()
with init_devices():
    writer = soft_signal_rw(str, filename, name="eiger_odin_file_writer_id")


@bpp.run_decorator(md={"subplan_name": PlanNameConstants.ROTATION_MULTI})
def all_rotations() -> Generator[Any, Any, Any]:
    for rotation in rotations:
        yield from bpp.set_run_key_wrapper(one(*map(int, rotation.split(":"))), "one")


def one(dcid: int, frames: int) -> Generator[Any, Any, Any]:
    metadata = {
        "subplan_name": PlanNameConstants.ROTATION_MAIN,
        "scan_points": [{"omega": [0.1 * n for n in range(frames)]}],
        "ispyb_dcids": (dcid,),
    }

    @bpp.run_decorator(md=metadata)
    def run() -> Generator[Any, Any, Any]:
        yield from bps.create(name=DocDescriptorNames.ZOCALO_HW_READ)
        yield from bps.read(writer)
        yield from bps.save()

    yield from run()


callback = ZocaloCallback(
    PlanNameConstants.ROTATION_MULTI, environment, generate_start_info_from_ordered_runs
)
RE(all_rotations(), callback)
