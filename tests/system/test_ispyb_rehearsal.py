"""From rows in a database to a centre, with every part real but Zocalo."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.ioc import Ioc
from tests.support.mariadb import KEEPER, MariaDB
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.simulation import Simulation, simulating
from zocalo_ioc.client import Client, RequestRefused
from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.wire import Event
from zocalo_simulator.plot import draw
from zocalo_simulator.simulation import Options

UNKNOWN = 1_000_000


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    return rabbitmq.virtual_host("rehearsal-ispyb")


@pytest.fixture(scope="module")
def simulation(
    site: RabbitMQ, ispyb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulation]:
    options = "--ispyb", ispyb.url_with(KEEPER), "--frame-rate", "20000"
    folder: Path = tmp_path_factory.mktemp("zocalo")
    with simulating(site, folder, *options) as running:
        yield running


@pytest.fixture(scope="module")
async def ioc(
    site: RabbitMQ,
    ispyb: MariaDB,
    simulation: Simulation,
    ioc_maker: Callable[..., Ioc],
) -> AsyncIterator[Ioc]:
    queue = "--results-queue", RESULTS
    ioc = ioc_maker("run", "--broker", site.url, *queue, "--ispyb", ispyb.url)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await ioc.until_value("ISPYB:CONNECTED", 1)
    yield ioc
    ioc.stop()


async def test_a_dcid_and_process_lead_from_rows_to_a_centre(
    ioc: Ioc, ispyb: MariaDB
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    await ioc.put("DCID", xy)
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Done"
    assert await ioc.get("RESULT:DIMENSIONS") == 3
    assert (await ioc.get("JOB:DCIDS")).tolist() == [xy, xz]
    async with Client(ioc.prefix) as zocalo:
        [kept] = await zocalo.past(xz)
    shown = json.loads(await ioc.text("RESULT:JSON"))["results"]
    assert kept.type == "3d"
    by_count = sorted(shown, key=lambda centre: -centre["total_count"])
    for centre, sent in zip(kept.centres, by_count, strict=True):
        assert centre.position == pytest.approx(sent["centre_of_mass"], rel=1e-5)
        assert [list(centre.box_min), list(centre.box_max)] == sent["bounding_box"]
        assert list(centre.max_voxel) == sent["max_voxel"]
        assert centre.total_count == pytest.approx(sent["total_count"], rel=1e-5)


@pytest.mark.parametrize("number", [0, 1])
async def test_clients_need_only_one_grid_of_a_scan(
    ioc: Ioc, ispyb: MariaDB, number: int
) -> None:
    _, dcids = ispyb.add_scan(400, 240)
    messages: list[str] = []
    async with Client(ioc.prefix) as zocalo:
        result = await zocalo.process(dcids[number], on_message=messages.append)
    assert result.centres
    assert (await ioc.get("JOB:DCIDS")).tolist() == dcids
    named = f"DCID {dcids[number]}"
    assert messages[:2] == [f"{named}: sending the {e} message." for e in Event]


async def test_a_client_reads_why_its_grid_is_refused(ioc: Ioc) -> None:
    async with Client(ioc.prefix) as zocalo:
        with pytest.raises(RequestRefused, match=f"DCID {UNKNOWN} is not in ISPyB"):
            await zocalo.process(UNKNOWN)


async def test_a_single_grid_is_what_ispyb_says(
    ioc: Ioc, ispyb: MariaDB, simulation: Simulation
) -> None:
    _, (dcid,) = ispyb.add_scan(240)
    await ioc.put("DCID", dcid)
    await ioc.put("PROCESS", 1)
    assert await ioc.state() == "Done"
    assert await ioc.get("RESULT:DIMENSIONS") == 2
    assert f"DCID {dcid} has ended: a grid of 20 x 12 boxes" in simulation.log


async def test_a_rotation_is_not_centred(
    ioc: Ioc, ispyb: MariaDB, simulation: Simulation
) -> None:
    _, (dcid,) = ispyb.add_scan(3600, grids=False)
    request = {"command": "process", "dcid": dcid, "expect_result": False}
    await ioc.put("SUBMIT", json.dumps(request))
    assert await ioc.state() == "Done"
    simulation.until_logged(f"DCID {dcid} has ended: a rotation data collection")


def test_what_is_drawn_is_the_scan_that_ispyb_has(ispyb: MariaDB) -> None:
    options = Options(ispyb=ispyb.url)
    _, (xy, xz) = ispyb.add_scan(400, 240)
    titles = [axes.get_title() for axes in draw(xz, options).axes]
    assert titles[:2] == [f"DCID {xy}: 20 x 20 boxes", f"DCID {xz}: 20 x 12 boxes"]
    with pytest.raises(SettingsInvalid, match=f"--plot: DCID {UNKNOWN} is not in"):
        draw(UNKNOWN, options)


def trigger(site: RabbitMQ, event: Event, dcid: int) -> None:
    parameters = {"ispyb_dcid": dcid, "event": event, "guid": str(uuid4())}
    message = {"recipes": ["mimas"], "parameters": parameters}
    site.put("processing_recipe", ({}, json.dumps(message).encode()))


def test_what_ispyb_does_not_know_is_rejected(
    site: RabbitMQ, simulation: Simulation
) -> None:
    trigger(site, Event.END, UNKNOWN)
    simulation.until_logged(f"rejected: DCID {UNKNOWN} is not in ISPyB")


def test_three_grids_are_what_the_real_service_dies_of(
    site: RabbitMQ, ispyb: MariaDB, simulation: Simulation
) -> None:
    _, dcids = ispyb.add_scan(400, 240, 240)
    for dcid in dcids:
        trigger(site, Event.END, dcid)
    named = ", ".join(map(str, dcids))
    simulation.until_logged(
        f"X-ray centring: DCID {named}: 880 frames rejected: "
        "a volume needs two grids, not 3. The real service would crash",
        f"DCID {dcids[0]} has ended: a grid of 20 x 20 boxes, scanned together with "
        f"{dcids[1]}, {dcids[2]}",
    )


def test_grids_of_unequal_width_are_what_the_real_service_dies_of(
    site: RabbitMQ, ispyb: MariaDB, simulation: Simulation
) -> None:
    _, (xy, xz) = ispyb.add_scan(400, 240)
    ispyb.execute(f"UPDATE GridInfo SET steps_x = 12 WHERE dataCollectionId = {xz}")
    for dcid in (xy, xz):
        trigger(site, Event.END, dcid)
    simulation.until_logged(f"DCID {xy}, {xz}: 544 frames rejected: ")
    assert "The real service would crash" in simulation.log


def test_a_database_that_hangs_keeps_nothing_else_waiting(
    rabbitmq: RabbitMQ, ispyb: MariaDB, tmp_path: Path
) -> None:
    host = rabbitmq.virtual_host("rehearsal-hanging")
    _, dcids = ispyb.add_scan(400, 240)
    options = "--ispyb", ispyb.url_with(KEEPER), "--frame-rate", "20000"
    listed = {"dcids": [UNKNOWN], "grid": [20, 20]}
    with simulating(
        host, tmp_path, *options, collections={"scans": [listed]}
    ) as simulation:
        simulation.until_logged(f"ISPyB at 127.0.0.1:{ispyb.port} answers")
        with ispyb.halted():
            for dcid in dcids * 2:
                trigger(host, Event.END, dcid)
            trigger(host, Event.END, UNKNOWN)
            simulation.until_logged("rejected: DCID", times=4)
        centred, rejected = (
            simulation.log.index(text)
            for text in (
                f"X-ray centring: DCID {UNKNOWN}",
                f"rejected: DCID {dcids[1]}",
            )
        )
        assert centred < rejected
        host.take(RESULTS)
        assert (
            f"DCID {UNKNOWN}: its result is not in ISPyB: ISPyB: no" in simulation.log
        )
        trigger(host, Event.END, UNKNOWN)
        simulation.until_logged(f"not in ISPyB: DCID {UNKNOWN} is not in ISPyB")


def test_a_user_without_the_rights_is_named_at_once_and_with_the_result(
    rabbitmq: RabbitMQ, ispyb: MariaDB, tmp_path: Path
) -> None:
    host = rabbitmq.virtual_host("rehearsal-rights")
    _, (dcid,) = ispyb.add_scan(400)
    with simulating(host, tmp_path, "--ispyb", ispyb.url) as simulation:
        trigger(host, Event.END, dcid)
        simulation.until_logged(
            f"DCID {dcid}: its result is not in ISPyB: ISPyB: this user may not write "
            f"to XrayCentring at 127.0.0.1:{ispyb.port}. GRANT INSERT on it."
        )
        host.take(RESULTS)
    wrong = ispyb.url_with("keeper:not-the-password")
    with simulating(host, tmp_path, "--ispyb", wrong) as simulation:
        simulation.until_logged("refused the user name or password")
        assert "not-the-password" not in simulation.log
