"""The screens in the real Phoebus: pictures for the documentation, and clicks.

``make screens`` runs this; ``make test`` needs no Phoebus. With ``PICTURES``, a folder,
whole windows of the size ``WINDOW`` are saved there too, in every state.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pika
import pika.exceptions
import pytest

from tests.support.frames import FRAMES, FrameSender, snaked
from tests.support.ioc import GridScan, Ioc
from tests.support.phoebus import ROOT, Phoebus, Screen, size_of
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender

IMAGES = ROOT / "docs" / "images"
PREFIX = "ZOCALO-DEMO"
GRID = "GRID-DEMO:FGS"
RED = (255, 70, 70)
"""The colour of the strongest box."""

Crystal = tuple[tuple[int, int, int], tuple[int, int, int], int]
Size = tuple[int, int, int]
"""Of a scan, in boxes."""
SIZE: Size = (36, 16, 14)
CRYSTALS: list[Crystal] = [  # corner and size in boxes, spots in the strongest box
    ((9, 4, 3), (5, 4, 6), 48_231),
    ((21, 6, 8), (3, 5, 2), 30_977),
    ((2, 9, 9), (2, 2, 3), 21_400),
    ((30, 2, 1), (6, 3, 3), 12_006),
    ((15, 12, 10), (1, 1, 2), 905),
]
MANY_SIZE: Size = (210, 20, 20)
MANY: list[Crystal] = [
    ((3 + 5 * n, 2 + 7 * n % 15, 1 + 5 * n % 16), (2, 2, 2), 900 - 20 * n)
    for n in range(40)
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


def spots(crystals: Sequence[Crystal], size: Size, slow: int) -> np.ndarray:
    """Return the spots in each box of the grid of x and another axis, by rows."""
    rows, columns = np.indices((size[slow], size[0]), float) + 0.5
    image = np.random.default_rng(slow).poisson(2, rows.shape).astype(float)
    for corner, extent, strongest in crystals:
        x, y = ((c + s / 2) for c, s in ((corner[a], extent[a]) for a in (0, slow)))
        near = ((columns - x) / extent[0]) ** 2 + ((rows - y) / extent[slow]) ** 2
        image += strongest**0.5 * 4 * np.exp(-4 * near)
    return image.astype(int)


@pytest.fixture(scope="module")
def broker(unsteady_broker: RabbitMQ) -> RabbitMQ:
    unsteady_broker.start()
    unsteady_broker.declare(TRIGGERS, RESULTS, FRAMES)
    return unsteady_broker


@pytest.fixture(scope="module")
def dispatcher(broker: RabbitMQ) -> Iterator[None]:
    """Take triggers, so that nothing says that nobody does."""
    url = pika.URLParameters(broker.url)
    url.heartbeat = 0
    connection = pika.BlockingConnection(url)

    def take(*_: object) -> None:
        """Leave it at that."""

    connection.channel().basic_consume(TRIGGERS, take, auto_ack=True)
    yield
    with suppress(pika.exceptions.AMQPError):  # some test stops the broker
        connection.close()


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GridScan]:
    grid = GridScan(tmp_path_factory.mktemp("grid") / "log", GRID)
    yield grid
    grid.stop()


@pytest.fixture(scope="module")
async def ioc(
    broker: RabbitMQ,
    dispatcher: None,
    grid: GridScan,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ioc]:
    queues = ("--results-queue", RESULTS, "--frames-queue", FRAMES)
    log = tmp_path_factory.mktemp("ioc") / "log"
    arguments = ("run", "--prefix", PREFIX, "--broker", broker.url, *queues)
    ioc = Ioc(log, PREFIX, *arguments, "--grid-prefix", GRID)
    await ioc.until_value("BROKER:CONNECTED", 1)
    await grid.put_all(X_START=-0.42, X_STEP_SIZE=0.02, Y_START=0.113)
    await grid.put_all(Y_STEP_SIZE=0.02, Z2_START=-0.08, Z_STEP_SIZE=0.02)
    yield ioc
    ioc.stop()


OPI = ROOT / "opi"
MAIN = Screen(OPI / "zocalo.bob", 0)
SCREENS = {
    "": MAIN,
    "-watch": Screen(OPI / "zocalo-watch.bob", 1),
    "-engineering": Screen(OPI / "zocalo-engineering.bob", 2),
    "-embedded": Screen(OPI / "zocalo-embedded.bob", 3),
    "-web": Screen(OPI / "zocalo-web.bob", 4),
}
DOCUMENTED = {
    *("filling", "five", "none", "broker-away", "watch-five"),
    *("engineering-five", "embedded-five", "web-five"),
}


@pytest.fixture(scope="module")
async def phoebus(
    ioc: Ioc, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Phoebus]:
    installed = ROOT / os.environ["PHOEBUS"]
    home = tmp_path_factory.mktemp("phoebus")
    screens = [*SCREENS.values()]
    with Phoebus(installed, home, ioc.ports, ioc.prefix, screens) as phoebus:
        phoebus.until_still(MAIN, limit=400)  # Phoebus takes long to start
        yield phoebus


@pytest.fixture
def save(phoebus: Phoebus) -> Any:
    def save(name: str, *, still: str | None = "") -> None:
        if still is not None:
            phoebus.until_still(MAIN, still)
        for kind, screen in SCREENS.items():
            what = f"{kind}-{name}".strip("-")
            if what in DOCUMENTED:
                phoebus.save(screen, IMAGES / f"zocalo-{what}.png")
            if folder := os.environ.get("PICTURES"):
                file = Path(folder) / f"{what}.png"
                phoebus.save(screen, file, window=True)

    return save


class Scan:
    """A scan of two grids, step by step."""

    def __init__(
        self,
        ioc: Ioc,
        broker: RabbitMQ,
        dcid: int,
        crystals: Sequence[Crystal] = (),
        size: Size = SIZE,
    ) -> None:
        self.ioc, self.broker, self.dcid = ioc, broker, dcid
        self.crystals, self.size = crystals, size

    @property
    def dcids(self) -> tuple[int, int]:
        return self.dcid, self.dcid + 1

    async def request(self) -> None:
        x, y, z = self.size
        first, second = self.dcids
        await self.ioc.put_all(DCID=first, DCGID=first // 10, NUM_FRAMES=x * y)
        await self.ioc.put("XZ:DCID", second)
        await self.ioc.put("XZ:NUM_FRAMES", x * z)
        await self.ioc.put("FILENAME", f"ins_10_{first % 100}")

    async def frames(self, share: float = 1) -> None:
        """Send the frames of both grids, or a share of all."""
        sender = FrameSender(self.broker)
        left = round(share * self.size[0] * sum(self.size[1:]))
        for slow, dcid in zip((1, 2), self.dcids, strict=True):
            counts = snaked(spots(self.crystals, self.size, slow))
            numbered = list(enumerate(counts.tolist(), start=1))[: max(left, 0)]
            left -= len(counts)
            size = self.size[0], self.size[slow]
            others = [other for other in self.dcids if other != dcid]
            sender.send(numbered, size, dcid, others, dy_mm=0.02)
        sender.close()
        if self.crystals:
            await self.ioc.until_value("GRID:XY:DCID", self.dcid)

    async def result(self, **parameters: Any) -> None:
        """Send the result, as Zocalo does: by the second grid."""
        first, second = self.dcids
        centres = [centre_of(c, 381_620 + n) for n, c in enumerate(self.crystals)]
        seen = await self.ioc.get("BROKER:RECEIVED")
        with result_sender(self.broker) as zocalo:
            payload = {"results": centres, "status": "success"}
            of = {"dcid": second, "dcgid": first // 10, "dcg_dcids": [first]}
            zocalo.send(payload, **of, **parameters)
            await self.ioc.until_value("BROKER:RECEIVED", seen + 1)

    async def start(self) -> None:
        await self.request()
        await self.ioc.put("START", 1)

    async def whole(self) -> None:
        await self.start()
        await self.frames()
        await self.ioc.put("END", 1)
        await self.result()


async def test_before_a_scan(save: Any) -> None:
    save("idle")


@pytest.mark.parametrize("count", [1, 5, 0])
async def test_after_a_scan(ioc: Ioc, broker: RabbitMQ, save: Any, count: int) -> None:
    await Scan(ioc, broker, 16_085_000 + 10 * count, CRYSTALS[:count]).whole()
    save({0: "none", 1: "one", 5: "five"}[count])


async def test_after_a_wide_scan(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus, save: Any
) -> None:
    await Scan(ioc, broker, 16_085_100, MANY, MANY_SIZE).whole()
    save("many")
    left, _, right, _ = MAIN.box("grids")
    wide = (right - left) / MANY_SIZE[0]
    (_, columns) = np.nonzero((phoebus.look(MAIN) == RED).all(axis=-1))
    inside = columns[(columns > left) & (columns < right)]
    assert np.ptp(inside) > 4 * wide  # beside the box, with no room for a number above


async def test_while_a_scan_fills(ioc: Ioc, broker: RabbitMQ, save: Any) -> None:
    scan = Scan(ioc, broker, 16_085_110, CRYSTALS)
    await scan.start()
    for n, share in enumerate((0.1, 1 / 3, 0.6, 1)):
        await scan.frames(share)
        await ioc.until_value("GRID:XZ:FRAMES", max(0, round(share * 1080) - 576))
        save("filling" if n == 1 else f"film-{n}", still="grids")
    await ioc.put("END", 1)
    save("processing", still="STATE")
    await scan.result(gpu=True)


async def test_other_ends(ioc: Ioc, broker: RabbitMQ, save: Any) -> None:
    rotation = {"command": "process", "dcid": 16_085_900, "num_frames": 3600}
    await ioc.put("SUBMIT", json.dumps(rotation | {"expect_result": False}))
    save("rotation")
    await ioc.put("TIMEOUT", 0.5)
    scan = Scan(ioc, broker, 16_085_930, CRYSTALS)
    await scan.request()
    await ioc.put("PROCESS", 1)
    save("timed-out")
    await ioc.put("TIMEOUT", 180)
    await Scan(ioc, broker, 16_085_940, CRYSTALS[1:3]).frames()
    await Scan(ioc, broker, 16_085_940, CRYSTALS[1:3]).result()
    save("other")
    await ioc.put("SOURCE", "GPU")
    scan = Scan(ioc, broker, 16_085_950, CRYSTALS)
    await scan.start()
    await ioc.put("END", 1)
    await scan.result()
    save("ignored", still="STATE")
    await ioc.put("CANCEL", 1)
    await ioc.put("SOURCE", "Any")


async def test_boxes_are_drawn_to_scale_in_both_maps(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus
) -> None:
    await Scan(ioc, broker, 16_085_960, CRYSTALS).whole()
    pixels = phoebus.until_still(MAIN)
    wide, *others = [await ioc.get(f"BEST:BOX_SIZE:{axis}") for axis in "XYZ"]
    left, top, right, bottom = MAIN.box("grids")
    middle = (top + bottom) // 2
    for high, part in zip(others, ((top, middle), (middle, bottom)), strict=True):
        width, height = size_of(pixels, RED, (left, part[0], right, part[1]))
        assert width / wide == pytest.approx(height / high, rel=0.05)


async def test_a_scan_is_run_by_mouse_and_keyboard(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus, save: Any
) -> None:
    scan = Scan(ioc, broker, 16_085_970, CRYSTALS)
    typed = {"DCID": 16_085_970, "XZ:DCID": 16_085_971}
    typed |= {"NUM_FRAMES": 576, "XZ:NUM_FRAMES": 504}
    for name, number in typed.items():
        phoebus.enter(MAIN, name, str(number))
        await ioc.until_value(name, number)
    sent = await ioc.get("BROKER:SENT")
    phoebus.click(MAIN, "PROCESS button")
    await ioc.until_value("BROKER:SENT", sent + 4)
    assert list(await ioc.get("JOB:DCIDS")) == list(scan.dcids)
    await scan.frames()
    await scan.result()
    await ioc.until_value("STATE", 5)
    save("clicked")


async def test_a_start_while_a_job_runs_asks_first_and_cancel_does(
    ioc: Ioc, broker: RabbitMQ, phoebus: Phoebus, save: Any
) -> None:
    sent = await ioc.get("BROKER:SENT")
    phoebus.enter(MAIN, "DCID", "16085980")
    await ioc.until_value("DCID", 16_085_980)
    phoebus.click(MAIN, "START button")
    await ioc.until_value("BROKER:SENT", sent + 2)
    number = await ioc.get("JOB:NUMBER")

    async def asks() -> bool:
        return bool(phoebus.windows("onfirm"))

    for button, answer in (("START", "Escape"), ("CANCEL", "Return")):
        phoebus.until_still(MAIN, "STATE")
        phoebus.click(MAIN, f"{button} button")
        await ioc.until(asks)
        save(f"asks-{button.lower()}", still=None)
        phoebus.press(answer)

    async def is_cancelled() -> bool:
        return await ioc.state() == "Cancelled"

    await ioc.until(is_cancelled)
    assert await ioc.get("JOB:NUMBER") == number
    save("cancelled")


async def test_a_refused_value_is_explained(
    ioc: Ioc, phoebus: Phoebus, save: Any
) -> None:
    phoebus.enter(MAIN, "DCID", "-5")

    await ioc.until_said("-5")
    save("refused", still="MESSAGE")


async def test_without_a_grid_scan_device(
    ioc: Ioc, broker: RabbitMQ, grid: GridScan, save: Any
) -> None:
    grid.stop()
    await Scan(ioc, broker, 16_085_985, CRYSTALS).whole()
    assert await ioc.severity("BEST:MOTOR:X") == 3
    save("no-grid-scan-device")


async def test_with_the_broker_away(ioc: Ioc, broker: RabbitMQ, save: Any) -> None:
    await Scan(ioc, broker, 16_085_990, CRYSTALS[:3]).whole()
    await ioc.until_value("GRID:XZ:FRAMES", 504)
    broker.stop()
    await ioc.until_value("BROKER:CONNECTED", 0, limit=60)
    save("broker-away")


async def test_without_the_ioc(ioc: Ioc, phoebus: Phoebus, save: Any) -> None:
    before = phoebus.look(MAIN)
    ioc.stop()
    phoebus.until_changed(MAIN, "gone label", before, 60)
    save("gone")
