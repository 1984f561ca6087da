"""A beamline as blueapi loads it: our device in place of dodal's, and a plan."""

import os

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator
from dodal.common import inject
from dodal.device_manager import DeviceManager
from dodal.devices.zocalo import ZocaloResults, get_full_processing_results

import zocalo_ioc.clients.ophyd_async as ours

PREFIX = os.environ["BEAMLINE_ZOCALO"]
devices = DeviceManager()


@devices.factory()
def zocalo() -> ZocaloResults:
    """Make the device; blueapi gives it the name of this function."""
    return ours.ZocaloResults(PREFIX, timeout_s=30)  # pyright: ignore[reportReturnType]


def centre(
    dcid: int,
    frames: int,
    zocalo: ZocaloResults = inject("zocalo"),  # noqa: B008, as blueapi wants it
) -> MsgGenerator[list[float]]:
    """Have a grid processed, and return where its strongest crystal is."""
    trigger = ours.ZocaloTrigger(PREFIX)

    @bpp.stage_decorator([zocalo])
    @bpp.run_decorator()
    def process() -> MsgGenerator[None]:
        trigger.run_start(ours.ZocaloStartInfo(dcid, None, 0, frames, 0))
        trigger.run_end(dcid)
        yield from bps.trigger_and_read([zocalo])

    yield from process()
    results = yield from get_full_processing_results(zocalo)
    return results[0]["centre_of_mass"]
