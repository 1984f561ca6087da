"""The screens in the real Phoebus: pictures for the documentation, and clicks.

``make screens`` runs this; ``make test`` needs no Phoebus.
"""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.ioc import GridScan, Ioc
from tests.support.phoebus import ROOT, Phoebus, Screen, size_of
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender

PICTURES = ROOT / "docs" / "images"
PREFIX = "ZOCALO-DEMO"
GRID = "GRID-DEMO:FGS"
ORANGE = (255, 127, 14)
LEGEND = 60
"""Height of what is below a plot, where there are texts in the colours of the lines."""

Crystal = tuple[tuple[int, int, int], tuple[int, int, int], int]
CRYSTALS: list[Crystal] = [  # corner and size in boxes, spots in the strongest box
    ((9, 4, 3), (5, 4, 6), 48_231),
    ((21, 6, 8), (3, 5, 2), 30_977),
    ((2, 9, 9), (2, 2, 3), 21_400),
    ((30, 2, 1), (6, 3, 3), 12_006),
    ((15, 12, 10), (1, 1, 2), 905),
]


def centre_of(crystal: Crystal, sample: int) -> dict[str, Any]:
    corner, size, spots = crystal
    middle = [c + s * 0.47 for c, s in zip(corner, size, strict=True)]
    boxes = size[0] * size[1] * size[2]
    return {
        "centre_of_mass": middle,
        "max_voxel": [int(coordinate) for coordinate in middle],
        "max_count": spots,
        "n_voxels": boxes,
        "total_count": spots * boxes // 2,
        "bounding_box": [corner, [c + s for c, s in zip(corner, size, strict=True)]],
        "sample_id": sample,
    }


CENTRES = [centre_of(crystal, 381_620 + n) for n, crystal in enumerate(CRYSTALS)]


@pytest.fixture(scope="module")
def broker(unsteady_broker: RabbitMQ) -> RabbitMQ:
    unsteady_broker.start()
    unsteady_broker.declare(TRIGGERS, RESULTS)
    return unsteady_broker


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GridScan]:
    grid = GridScan(tmp_path_factory.mktemp("grid") / "log", GRID)
    yield grid
    grid.stop()


@pytest.fixture(scope="module")
async def ioc(
    broker: RabbitMQ, grid: GridScan, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ioc]:
    options = ("--broker", broker.url, "--results-queue", RESULTS)
    log = tmp_path_factory.mktemp("ioc") / "log"
    arguments = ("run", "--prefix", PREFIX, *options, "--grid-prefix", GRID)
    ioc = Ioc(log, PREFIX, *arguments)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await grid.put_all(X_START=-0.42, X_STEP_SIZE=0.02, Y_START=0.113)
    await grid.put_all(Y_STEP_SIZE=0.02, Z2_START=-0.08, Z_STEP_SIZE=0.02)
    yield ioc
    ioc.stop()


MAIN = Screen(ROOT / "opi" / "zocalo.bob", 0, 0)
ENGINEERING = Screen(ROOT / "opi" / "zocalo-engineering.bob", 1580, 0)
EMBEDDED = Screen(ROOT / "opi" / "zocalo-embedded.bob", 1580, 860)


@pytest.fixture(scope="module")
async def phoebus(
    ioc: Ioc, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Phoebus]:
    installed = ROOT / os.environ["PHOEBUS"]
    home = tmp_path_factory.mktemp("phoebus")
    screens = [MAIN, ENGINEERING, EMBEDDED]
    with Phoebus(installed, home, ioc.ports, ioc.prefix, screens) as phoebus:
        phoebus.until_still(MAIN)
        yield phoebus


def save(phoebus: Phoebus, name: str) -> None:
    phoebus.until_still(MAIN)
    phoebus.save(MAIN, PICTURES / f"zocalo-{name}.png")
    phoebus.save(ENGINEERING, PICTURES / f"zocalo-engineering-{name}.png")
    phoebus.save(EMBEDDED, PICTURES / f"zocalo-embedded-{name}.png")


async def scan(
    ioc: Ioc, broker: RabbitMQ, dcid: int, results: list[dict[str, Any]]
) -> None:
    await ioc.put_all(DCID=dcid, DCGID=dcid // 10, NUM_FRAMES=1140)
    await ioc.put("FILENAME", f"ins_10_{dcid % 100}")
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    with result_sender(broker) as zocalo:
        payload = {"results": results, "status": "success"}
        zocalo.send(payload, dcid=dcid, dcgid=dcid // 10)
        await ioc.until_value("RESULT:DCID", dcid)


async def test_before_a_scan(phoebus: Phoebus) -> None:
    save(phoebus, "idle")


@pytest.mark.parametrize("count", [1, 5, 0])
async def test_after_a_scan(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus, count: int
) -> None:
    await scan(ioc, broker, 16_085_800 + count, CENTRES[:count])
    save(phoebus, {0: "none", 1: "one", 5: "five"}[count])


async def test_after_a_2d_scan(ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus) -> None:
    flat = CENTRES[1] | {"centre_of_mass": [22.5, 8.4], "max_voxel": [22, 8]}
    del flat["bounding_box"]
    await scan(ioc, broker, 16_085_806, [flat])
    phoebus.until_still(MAIN)
    phoebus.save(MAIN, PICTURES / "zocalo-2d.png")


async def test_boxes_are_drawn_to_scale_in_both_views(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus
) -> None:
    await scan(ioc, broker, 16_085_810, CENTRES)
    pixels = phoebus.until_still(MAIN)
    wide, *others = [await ioc.get(f"BEST:BOX_SIZE:{axis}") for axis in "XYZ"]
    for view, high in zip(("x-y view", "x-z view"), others, strict=True):
        left, top, right, bottom = MAIN.box(view)
        width, height = size_of(pixels, ORANGE, (left, top, right, bottom - LEGEND))
        assert width / wide == pytest.approx(height / high, rel=0.03)


async def test_a_click_on_start_starts_a_job(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus
) -> None:
    await ioc.put_all(DCID=16_085_820, NUM_FRAMES=400)
    sent = await ioc.get("BROKER:SENT")
    before = phoebus.look(MAIN)
    phoebus.click(MAIN, "START button")
    await ioc.until_value("BROKER:SENT", sent + 1)
    assert await ioc.state() == "Started"
    assert await ioc.get("JOB:DCID") == 16_085_820
    assert broker.depth(TRIGGERS) >= 1
    phoebus.until_changed(MAIN, "STATE", before)
    phoebus.save(MAIN, PICTURES / "zocalo-started.png")


async def test_a_click_on_cancel_asks_before_it_cancels(
    ioc: Ioc, phoebus: Phoebus
) -> None:
    phoebus.click(MAIN, "CANCEL button")

    async def asks() -> bool:
        return bool(phoebus.windows("onfirm"))

    await ioc.until(asks)
    assert await ioc.state() == "Started"
    phoebus.press("Return")

    async def is_cancelled() -> bool:
        return await ioc.state() == "Cancelled"

    await ioc.until(is_cancelled)


async def test_with_the_broker_away(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus
) -> None:
    broker.stop()
    await ioc.until_value("BROKER:CONNECTED", 0, limit=60)
    save(phoebus, "broker-away")
