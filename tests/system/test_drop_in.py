"""Our devices stand in for dodal's: in ``isinstance``, in fixtures, and by mistake."""

import math
import subprocess
import sys
from functools import partial
from typing import Any

import dodal.devices.zocalo as theirs
import numpy as np
import pytest

from tests.support.zocalo import centre_of
from zocalo_ioc.clients.ophyd_async import (
    GridMap,
    Zocalo,
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
        lambda: Zocalo("bluesky"),
        lambda: GridMap("bluesky"),
    ):
        with pytest.raises(ValueError, match='bluesky" is a Zocalo environment'):
            make()


def test_dodals_arguments_and_what_is_not_a_prefix_are_refused() -> None:
    trigger: Any = ZocaloTrigger
    results: Any = ZocaloResults
    for make, wrong in (
        (lambda: trigger(environment="live"), "environment is an argument of dodal's"),
        (lambda: results(zocalo_environment="live"), "zocalo_environment is an"),
        (lambda: results(channel="xrc.i04"), "channel is an argument of dodal's class"),
        (lambda: results(results_source="GPU"), "No PV prefix given"),
        (trigger, "No PV prefix given"),
        (lambda: results(None), "No PV prefix given"),
        (lambda: results(7), "7 is not a PV prefix"),
        (lambda: Zocalo(":"), "':' is not a PV prefix"),
    ):
        with pytest.raises(ValueError, match=f'{wrong}.* Give the PV prefix .* "BL03I'):
            make()


def test_arguments_that_can_not_be_used_are_refused_at_once() -> None:
    device: Any = ZocaloResults("NOBODY")
    results: Any = partial(ZocaloResults, "NOBODY")
    for use, said in (
        (lambda: device.expect("71"), "'71' is not a data collection id"),
        (lambda: device.expect(None), "None is not a data collection id"),
        (lambda: device.expect([71, 72]), "Give whole numbers .* expect(71, 72)"),
        (lambda: device.expect(0), "0 is not a data collection id"),
        (
            lambda: results(results_source="gpu"),
            """results_source is 'gpu'. Give "CPU" or "GPU", or None for any""",
        ),
        (lambda: results(sort_key="x"), """'x'. Give "max_count" or .*"n_voxels"."""),
        (lambda: results(timeout_s="5"), "timeout_s is '5'. Give a number of seconds"),
        (lambda: results(timeout_s=None), "timeout_s is None"),
        (lambda: results(timeout_s=math.nan), "timeout_s is nan"),
        (lambda: ZocaloTrigger("NOBODY", timeout_s=-1), "timeout_s is -1"),
    ):
        pattern = said.replace("(", r"\(").replace(")", r"\)")
        with pytest.raises(ValueError, match=pattern):
            use()
    device.expect(np.int64(71))
    results(results_source=theirs.ZocaloSource.GPU, timeout_s=np.int_(5))
