"""What mx-bluesky's own callback brings about at a simulated i03."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.mx_bluesky import MxBluesky
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.simulation import Simulation, simulating
from tests.support.zocalo import pipeline_and_centre

GRIDS: dict[str, Any] = {"grid": [20, 20, 15], "crystals": [{"at": [6.5, 8.5, 4.5]}]}
SCANS = [
    {"dcids": [601, 602], **GRIDS},
    {"dcids": [603], "kind": "rotation"},
    {"dcids": [604], "kind": "rotation"},
    {"dcids": [605, 606], **GRIDS},
    {"dcids": [607, 608], **GRIDS},
]


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("i03-mx-bluesky")


@pytest.fixture(scope="module")
def simulation(
    site: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulation]:
    folder = tmp_path_factory.mktemp("i03")
    with simulating(site, folder, collections={"scans": SCANS}) as simulation:
        yield simulation


def test_a_scan_has_a_result_of_each_pipeline_and_they_differ_a_little(
    site: RabbitMQ, simulation: Simulation, mx_bluesky: MxBluesky
) -> None:
    mx_bluesky.run(site, "grids", "ins_1_1", (601, 400), (602, 300))
    (first, gpu), (second, cpu) = map(pipeline_and_centre, site.take(RESULTS, 2))
    assert (first, second) == ("GPU", "CPU")
    assert cpu["centre_of_mass"] == pytest.approx([6.5, 8.5, 4.5], abs=0.5)
    assert gpu["centre_of_mass"] == pytest.approx(cpu["centre_of_mass"], abs=0.5)
    assert gpu["total_count"] != cpu["total_count"]
    assert "requeued" not in simulation.log


def test_rotations_are_analysed_and_have_no_result(
    site: RabbitMQ, simulation: Simulation, mx_bluesky: MxBluesky
) -> None:
    mx_bluesky.run(site, "rotations", "ins_1_2", (603, 400), (604, 400))
    for dcid in (603, 604):
        simulation.until_logged(
            f"DCID {dcid} has ended: a rotation data collection",
            f"File watcher: DCID {dcid}: 400 frames",
        )
    assert site.depth(RESULTS) == 0


def test_a_scan_with_each_index_0_has_its_gpu_result_late(
    site: RabbitMQ, simulation: Simulation, mx_bluesky: MxBluesky
) -> None:
    mx_bluesky.run(site, "unordered", "ins_1_3", (605, 400), (606, 300))
    results = map(pipeline_and_centre, site.take(RESULTS, 2))
    assert [pipeline for pipeline, _ in results] == ["CPU", "GPU"]
    put_off = "DCID 606: message_index is 0 where 1 was expected; requeued for 5 s"
    assert put_off in simulation.log


def test_a_scan_with_each_index_0_and_no_file_name_has_no_gpu_result(
    site: RabbitMQ, simulation: Simulation, mx_bluesky: MxBluesky
) -> None:
    mx_bluesky.run(site, "unordered", "", (607, 400), (608, 300))
    [(pipeline, _)] = map(pipeline_and_centre, site.take(RESULTS))
    assert pipeline == "CPU"
    assert len(site.take("dlq.per_image_analysis.gpu", 2)) == 2
    assert site.depth(RESULTS) == 0
    for dcid in (607, 608):
        assert f"GPU analysis: message rejected: DCID {dcid}" in simulation.log
