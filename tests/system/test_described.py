"""What `zocalo-ioc describe` lists for other tools is what an IOC serves."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import aioca
import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RabbitMQ
from zocalo_ioc.describe import alarms, archive

GRID = "NO-SUCH-GRID-SCAN"


async def missing(ioc: Ioc, names: list[str]) -> list[str]:
    """Return the PVs that the IOC does not serve."""
    await ioc.get("STATE")  # it is there, and found
    got = await aioca.caget(names, timeout=20, throw=False)
    return [value.name for value in got if not value.ok]


@pytest.fixture(scope="module")
def options(rabbitmq: RabbitMQ) -> list[str]:
    return ["run", *rabbitmq.options]


@pytest.fixture(scope="module")
def plain(ioc_maker: Callable[..., Ioc], options: list[str]) -> Ioc:
    return ioc_maker(*options)


@pytest.fixture(scope="module")
def full(ioc_maker: Callable[..., Ioc], options: list[str]) -> Ioc:
    return ioc_maker(*options, "--grid-prefix", GRID, "--frames-queue", "pia.i03")


def archived(ioc: Ioc, grid_prefix: str | None, frames: bool) -> list[str]:
    lines = archive(ioc.prefix, grid_prefix, frames).splitlines()
    return [line.partition(",")[0] for line in lines]


async def test_every_pv_of_the_archive_list_is_served(plain: Ioc, full: Ioc) -> None:
    assert await missing(plain, archived(plain, None, False)) == []
    assert await missing(full, archived(full, GRID, True)) == []


async def test_every_pv_of_the_alarm_tree_is_served(plain: Ioc) -> None:
    tree = ET.fromstring(alarms(plain.prefix, "/opi"))
    names = [pv.attrib["name"] for pv in tree.iter("pv")]
    assert await missing(plain, names) == []
