"""The simulated services one by one, beside those of a site on the same queues."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.simulation import Simulation
from tests.support.site_services import PROGRAMS, centre, running
from tests.support.zocalo import write_configuration
from zocalo_simulator.declare import declare
from zocalo_simulator.recipe import write_recipes
from zocalo_simulator.scans import Crystal, Scan
from zocalo_simulator.spots import spot_counts

SCAN = Scan(dcids=[801, 802], grid=[8, 6, 5], crystals=[Crystal(at=[3.5, 2.5, 1.5])])
SPOTS = {of: spot_counts(SCAN, of, gpu=False, seed=0).tolist() for of in SCAN.dcids}


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    site = rabbitmq.virtual_host("services")
    declare(site.url, RESULTS)
    return site


@pytest.fixture(scope="module")
async def ioc(ioc_maker: Callable[..., Ioc], site: RabbitMQ) -> Ioc:
    ioc = ioc_maker("run", *site.options)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc


@pytest.mark.parametrize(
    "simulated",
    ["dispatcher", "mimas", "images", "centring", "images,centring"],
)
async def test_the_result_is_right_whoever_runs_the_other_services(
    site: RabbitMQ, ioc: Ioc, tmp_path: Path, simulated: str
) -> None:
    others = PROGRAMS.keys() - set(simulated.split(","))
    write_recipes(tmp_path)
    configuration = write_configuration(tmp_path, site, "default", recipes=tmp_path)
    known = {of: SCAN.ispyb(of) | INSTRUMENT for of in SCAN.dcids}
    content = {"ispyb": known, "spots": SPOTS}
    collections = tmp_path / "collections.yaml"
    collections.write_text(yaml.safe_dump({"scans": [SCAN.model_dump(mode="json")]}))
    options = ("--services", simulated, "--collections", str(collections))
    with running(others, tmp_path, configuration, content):
        simulation = Simulation(
            *(site, tmp_path / "log", *options),
            *("--dispatcher", "built-in", "--frame-rate", "20000"),
        )
        try:
            await until_taken(site, ioc)
            published = await ioc.get("RESULT:SEQ")
            grids = [
                {"command": "process", "dcid": of, "num_frames": len(SPOTS[of])}
                for of in SCAN.dcids
            ]
            await ioc.put("SUBMIT", json.dumps(grids))
        finally:
            simulation.stop()
    assert await ioc.state() == "Done", (tmp_path / "site.log").read_text()
    assert await ioc.get("RESULT:SEQ") == published + 1
    expected = centre(SPOTS[801], SPOTS[802], nx=8)
    position = [await ioc.get(f"BEST:{axis}") for axis in "XYZ"]
    assert position == pytest.approx(expected["centre_of_mass"])
    for name in ("MAX_COUNT", "N_VOXELS", "TOTAL_COUNT"):
        assert await ioc.get(f"BEST:{name}") == expected[name.lower()]


INSTRUMENT = {
    "ispyb_beamline": "i03",
    "ispyb_detectorclass": "eiger",
    "results_queue": RESULTS,
    "frames_key": "pia.i03",
}


async def until_taken(site: RabbitMQ, ioc: Ioc) -> None:
    """Wait until each queue has its service."""
    queues = [queue for one in PROGRAMS.values() for queue in one.values()]
    with site.channel() as channel:

        async def have_consumers() -> bool:
            declared = [channel.queue_declare(of, passive=True) for of in queues]
            return all(each.method.consumer_count for each in declared)

        await ioc.until(have_consumers)
