"""Motor positions of the strongest centre, against dodal and a grid scan device."""

import math
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dodal.devices.fast_grid_scan import ZebraGridScanParamsThreeD
from ophyd_async.core import Device
from ophyd_async.epics.core import PviDeviceConnector
from p4p.client.asyncio import Context

from tests.support.ioc import GridScan, Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import ResultSender, result_sender

GRID = "TEST-GRID:FGS"
STEPS = (40, 20, 15)
INVALID = 3
SETTINGS = {
    "X_START": "x_start_mm",
    "Y_START": "y1_start_mm",
    "Z2_START": "z2_start_mm",
    "X_STEP_SIZE": "x_step_size_mm",
    "Y_STEP_SIZE": "y_step_size_mm",
    "Z_STEP_SIZE": "z_step_size_mm",
    "X_NUM_STEPS": "x_steps",
    "Y_NUM_STEPS": "y_steps",
    "Z_NUM_STEPS": "z_steps",
}
MOTOR = [
    f"BEST:MOTOR:{c}{axis}" for c in ("", "BOX_MIN:", "BOX_MAX:") for axis in "XYZ"
]


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host of its own: two consumers of one queue share its results."""
    return rabbitmq.virtual_host("motor", TRIGGERS, RESULTS)


@pytest.fixture(scope="module")
def motor_ioc(site: RabbitMQ, ioc_maker: Callable[..., Ioc]) -> Ioc:
    return ioc_maker("run", *site.options, "--grid-prefix", GRID)


@pytest.fixture(scope="module")
def grid_maker(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., GridScan]]:
    made: list[GridScan] = []

    def make(prefix: str, *options: str) -> GridScan:
        log: Path = tmp_path_factory.mktemp("grid") / "log"
        made.append(GridScan(log, prefix, *options))
        return made[-1]

    yield make
    for grid in made:
        grid.stop()


@pytest.fixture(scope="module")
def grid(motor_ioc: Ioc, grid_maker: Callable[..., GridScan]) -> GridScan:
    return grid_maker(GRID)


@pytest.fixture
async def sender(motor_ioc: Ioc, site: RabbitMQ) -> AsyncIterator[ResultSender]:
    await motor_ioc.until_value("BROKER:CONNECTED", 1)
    site.purge(RESULTS)
    with result_sender(site) as zocalo:
        yield zocalo


def random_grid(rng: random.Random) -> ZebraGridScanParamsThreeD:
    x, y, z = STEPS
    grid = ZebraGridScanParamsThreeD(
        transmission_fraction=1, x_steps=x, y_steps=y, z_steps=z
    )
    for field in SETTINGS.values():
        if "start" in field:
            setattr(grid, field, rng.uniform(-3, 3))
        elif "size" in field:
            setattr(grid, field, rng.uniform(0.002, 0.1))
    return grid


def random_centre(rng: random.Random) -> dict[str, Any]:
    low = [rng.randrange(n) for n in STEPS]
    high = [rng.randint(a + 1, n) for a, n in zip(low, STEPS, strict=True)]
    return {
        "centre_of_mass": [rng.uniform(a, b) for a, b in zip(low, high, strict=True)],
        "max_voxel": low,
        "max_count": 1,
        "n_voxels": 1,
        "total_count": 1,
        "bounding_box": [low, high],
    }


def expected(
    grid: ZebraGridScanParamsThreeD, centre: dict[str, Any]
) -> dict[str, float]:
    """Let dodal, for whom the middle of the first box is 0, convert every corner."""
    low, high = centre["bounding_box"]
    positions = {"": centre["centre_of_mass"], "BOX_MIN:": low, "BOX_MAX:": high}
    found: dict[str, float] = {}
    for name, position in positions.items():
        in_steps = [coordinate - 0.5 for coordinate in position]
        motor = grid.grid_position_to_motor_position(in_steps)  # type: ignore
        found |= {f"BEST:MOTOR:{name}{a}": m for a, m in zip("XYZ", motor, strict=True)}
    return found


async def read(ioc: Ioc) -> dict[str, float]:
    return {name: float(await ioc.get(name)) for name in MOTOR}


async def set_up(grid: GridScan, wanted: ZebraGridScanParamsThreeD) -> None:
    await grid.put_all(**{n: getattr(wanted, field) for n, field in SETTINGS.items()})


async def next_result(ioc: Ioc, sender: ResultSender, *centres: object) -> None:
    before = await ioc.get("RESULT:SEQ")
    sender.send({"results": centres}, dcid=1, dcgid=1)
    await ioc.until_value("RESULT:SEQ", before + 1)


async def severities(ioc: Ioc) -> set[int]:
    return {await ioc.severity(name) for name in MOTOR}


async def test_motor_positions_are_nan_while_there_is_no_grid(
    motor_ioc: Ioc, sender: ResultSender
) -> None:
    await next_result(motor_ioc, sender, random_centre(random.Random(1)))
    assert await severities(motor_ioc) == {INVALID}
    assert all(math.isnan(value) for value in (await read(motor_ioc)).values())


async def test_motor_positions_are_dodals_as_soon_as_the_result_is_counted(
    motor_ioc: Ioc, sender: ResultSender, grid: GridScan
) -> None:
    rng = random.Random(2)
    for _ in range(10):
        wanted = random_grid(rng)
        await set_up(grid, wanted)
        last = random_centre(rng)
        await next_result(motor_ioc, sender, last)

        async def follows(
            wanted: ZebraGridScanParamsThreeD = wanted, last: dict[str, Any] = last
        ) -> bool:
            return await read(motor_ioc) == pytest.approx(expected(wanted, last))

        await motor_ioc.until(follows)  # the grid's readbacks need not be there yet
        for _ in range(3):
            centre = random_centre(rng)
            await next_result(motor_ioc, sender, centre)
            assert await read(motor_ioc) == pytest.approx(expected(wanted, centre))
    await next_result(motor_ioc, sender)  # no centre
    assert await severities(motor_ioc) == {INVALID}
    assert all(math.isnan(value) for value in (await read(motor_ioc)).values())


async def test_motor_positions_are_listed_in_pvi(motor_ioc: Ioc) -> None:
    with Context("pva", nt=False) as context:
        pvi: Any = await context.get(motor_ioc.pv("PVI"))
    names = {entry.get("r") for entry in pvi.value.todict().values()}
    assert {motor_ioc.pv(name) for name in MOTOR} <= names


async def test_a_new_grid_is_no_new_result(
    motor_ioc: Ioc, sender: ResultSender, grid: GridScan
) -> None:
    centre = random_centre(random.Random(3))
    await next_result(motor_ioc, sender, centre)
    before = await motor_ioc.get("RESULT:SEQ", format=1)
    wanted = random_grid(random.Random(4))
    await set_up(grid, wanted)

    async def follows() -> bool:
        return await read(motor_ioc) == pytest.approx(expected(wanted, centre))

    await motor_ioc.until(follows)
    after = await motor_ioc.get("RESULT:SEQ", format=1)
    assert (after, after.timestamp) == (before, before.timestamp)


async def test_pvi_lists_the_motor_positions(motor_ioc: Ioc) -> None:
    device = Device(name="zocalo", connector=PviDeviceConnector(f"{motor_ioc.prefix}:"))
    await device.connect()
    names = {name for name, _ in device.children()}
    assert {name.lower().replace(":", "_") for name in MOTOR} < names


async def test_motor_positions_are_nan_until_a_grid_that_is_gone_is_back(
    motor_ioc: Ioc,
    sender: ResultSender,
    grid: GridScan,
    grid_maker: Callable[..., GridScan],
) -> None:
    async def is_valid() -> bool:
        return await severities(motor_ioc) == {0}

    async def is_invalid() -> bool:
        return await severities(motor_ioc) == {INVALID} and all(
            math.isnan(value) for value in (await read(motor_ioc)).values()
        )

    centre = random_centre(random.Random(7))
    await next_result(motor_ioc, sender, centre)
    await motor_ioc.until(is_valid)
    seen: list[float] = []
    monitor = motor_ioc.monitor("BEST:MOTOR:X", seen.append)
    beat = await motor_ioc.get("HEARTBEAT")
    await motor_ioc.until_value("HEARTBEAT", beat + 3)
    monitor.close()
    assert len(seen) == 1, "a position that does not change is told once"
    grid.stop()
    await motor_ioc.until(is_invalid)

    back, wanted = grid_maker(GRID), random_grid(random.Random(8))
    await set_up(back, wanted)

    async def follows() -> bool:
        return await read(motor_ioc) == pytest.approx(expected(wanted, centre))

    await motor_ioc.until(follows, limit=40)  # Channel Access searches ever less often
    assert await severities(motor_ioc) == {0}


async def test_the_template_works_in_another_ioc(
    ioc: Ioc,
    rabbitmq: RabbitMQ,
    grid_maker: Callable[..., GridScan],
) -> None:
    grid = grid_maker("TEST-OTHER:FGS", ioc.prefix)
    wanted, centre = random_grid(random.Random(5)), random_centre(random.Random(6))
    await set_up(grid, wanted)
    with result_sender(rabbitmq) as sender:
        await next_result(ioc, sender, centre)

    async def follows() -> bool:
        return await read(ioc) == pytest.approx(expected(wanted, centre))

    await ioc.until(follows)
