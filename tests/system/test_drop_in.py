"""Our devices stand in for dodal's: in ``isinstance``, in fixtures, and by mistake."""

import subprocess
import sys
from typing import Any

import dodal.devices.zocalo as theirs
import pytest

from tests.support.zocalo import centre_of
from zocalo_ioc.clients.ophyd_async import (
    ZocaloResults,
    ZocaloStartInfo,
    ZocaloTrigger,
)


def test_our_classes_are_taken_for_dodals() -> None:
    device: object = ZocaloResults("NOBODY")
    trigger: object = ZocaloTrigger("NOBODY")
    assert isinstance(device, theirs.ZocaloResults)
    assert isinstance(trigger, theirs.ZocaloTrigger)
    values = (1, "ins_10_31", 0, 4, 0)
    assert ZocaloStartInfo(*values) == theirs.ZocaloStartInfo(*values)


def test_without_dodal_the_classes_are_the_same_to_plans() -> None:
    program = """
import sys
sys.modules["dodal"] = None  # as if it were not installed
from zocalo_ioc.clients.ophyd_async import *
device = ZocaloResults("NOBODY", "zocalo")
print(*(signal.name for _, signal in device.children()), ZocaloTrigger("NOBODY").prefix)
print(ZocaloStartInfo(1, None, 0, 4, 0))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    signals, start_info = done.stdout.splitlines()
    assert "zocalo-centre_of_mass" in signals
    assert "zocalo-ispyb_dcgid NOBODY" in signals
    assert start_info == repr(ZocaloStartInfo(1, None, 0, 4, 0))


async def test_what_fixtures_of_mx_bluesky_put_is_read() -> None:
    device: Any = ZocaloResults("NOBODY", name="zocalo")
    await device.connect(mock=True)
    strong, weak = (centre_of(9) | {"sample_id": 4}), centre_of(7)
    put_results = device._put_results  # noqa: SLF001, the fixtures call it
    await put_results([strong, weak], {"dcid": 0, "dcgid": 0})
    assert (await device.max_voxel.get_value()).tolist() == [[9, 1, 2], [7, 1, 2]]
    assert (await device.sample_id.get_value()).tolist() == [4, -1]
    assert await device.ispyb_dcid.get_value() == 0


def test_an_environment_in_place_of_the_prefix_is_refused() -> None:
    for make in (
        lambda: ZocaloTrigger("bluesky"),
        lambda: ZocaloResults("dev_bluesky"),
        lambda: ZocaloResults("zocalo", "dev_bluesky"),
    ):
        with pytest.raises(ValueError, match='bluesky" is a Zocalo environment'):
            make()
