"""What dodal's own trigger brings about at a simulated i03."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dodal.devices.zocalo import ZocaloStartInfo, ZocaloTrigger

from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.simulation import Simulation, simulating
from tests.support.zocalo import pipeline_and_centre, write_configuration

GRIDS: dict[str, Any] = {"grid": [20, 20, 15], "crystals": [{"at": [6.5, 8.5, 4.5]}]}
SCANS = [
    {"dcids": [501, 502], **GRIDS},
    {"dcids": [503], "kind": "rotation"},
    {"dcids": [505, 506], **GRIDS},
    {"dcids": [507, 508], **GRIDS},
]
GPU_QUEUE = "per_image_analysis.gpu"


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("i03")


@pytest.fixture(scope="module")
def simulation(
    site: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulation]:
    folder = tmp_path_factory.mktemp("i03")
    with simulating(site, folder, collections={"scans": SCANS}) as simulation:
        yield simulation


@pytest.fixture
def trigger(
    site: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ZocaloTrigger:
    file = write_configuration(tmp_path, site, "bluesky")
    monkeypatch.setenv("ZOCALO_CONFIG", str(file))
    return ZocaloTrigger("bluesky")


def run(trigger: ZocaloTrigger, *starts: ZocaloStartInfo) -> None:
    for start in starts:
        trigger.run_start(start)
    for start in starts:
        trigger.run_end(start.ispyb_dcid)


def result(site: RabbitMQ) -> tuple[str, dict[str, Any]]:
    """Take a result, and return its pipeline and its one centre."""
    return pipeline_and_centre(*site.take(RESULTS))


def test_a_scan_has_a_result_of_each_pipeline_and_they_differ_a_little(
    site: RabbitMQ, simulation: Simulation, trigger: ZocaloTrigger
) -> None:
    run(
        trigger,
        ZocaloStartInfo(501, "ins_1_1", 0, 400, 0),
        ZocaloStartInfo(502, "ins_1_1", 400, 300, 1),
    )
    (first, gpu), (second, cpu) = result(site), result(site)
    assert (first, second) == ("GPU", "CPU")
    assert cpu["centre_of_mass"] == pytest.approx([6.5, 8.5, 4.5], abs=0.5)
    assert gpu["centre_of_mass"] == pytest.approx(cpu["centre_of_mass"], abs=0.5)
    assert gpu["total_count"] != cpu["total_count"]


def test_a_rotation_is_analysed_and_has_no_result(
    site: RabbitMQ, simulation: Simulation, trigger: ZocaloTrigger
) -> None:
    run(trigger, ZocaloStartInfo(503, "ins_1_2", 0, 400, 0))
    simulation.until_logged("File watcher: DCID 503: 400 frames")
    assert "DCID 503 has ended: a rotation data collection" in simulation.log
    assert site.depth(RESULTS) == 0


def test_a_scan_with_each_index_0_has_its_gpu_result_late(
    site: RabbitMQ, simulation: Simulation, trigger: ZocaloTrigger
) -> None:
    run(
        trigger,
        ZocaloStartInfo(505, "ins_1_3", 0, 400, 0),
        ZocaloStartInfo(506, "ins_1_3", 400, 300, 0),
    )
    assert (result(site)[0], result(site)[0]) == ("CPU", "GPU")
    put_off = "DCID 506: message_index is 0 where 1 was expected; requeued for 5 s"
    assert put_off in simulation.log


def test_a_scan_without_file_name_has_no_gpu_result(
    site: RabbitMQ, simulation: Simulation, trigger: ZocaloTrigger
) -> None:
    run(
        trigger,
        ZocaloStartInfo(507, None, 0, 400, 0),
        ZocaloStartInfo(508, None, 0, 300, 0),
    )
    assert result(site)[0] == "CPU"
    assert len(site.take(f"dlq.{GPU_QUEUE}", 2)) == 2
    assert site.depth(RESULTS) == 0
    for dcid in (507, 508):
        assert f"GPU analysis: message rejected: DCID {dcid}" in simulation.log
