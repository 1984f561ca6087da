import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import aioca
import hypothesis
import pytest

from tests.support import ports
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

if TYPE_CHECKING:
    from tests.support.mariadb import MariaDB
    from tests.support.mx_bluesky import MxBluesky

ports.search_everywhere()  # before any EPICS client library is loaded

# blueapi has an environment of its own, in which make bounds runs these
collect_ignore = [] if find_spec("blueapi") else ["system/test_blueapi.py"]

# The same examples in each run, so that a failure comes from the change at hand. The
# thorough profile, of make faults, looks for more.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=5000, deadline=None)
hypothesis.settings.load_profile("repeatable")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    server = RabbitMQ(tmp_path_factory.mktemp("rabbitmq"))
    server.start()
    server.declare(TRIGGERS, RESULTS)
    yield server
    server.close()


@pytest.fixture(scope="session")
def mx_bluesky(tmp_path_factory: pytest.TempPathFactory) -> "MxBluesky":
    from tests.support.mx_bluesky import MxBluesky

    return MxBluesky(tmp_path_factory.mktemp("mx-bluesky"))


@asynccontextmanager
async def making_iocs(
    folders: pytest.TempPathFactory,
) -> AsyncGenerator[Callable[..., Ioc]]:
    """Make IOCs that end with the block."""
    made: list[Ioc] = []

    def make(
        command: str, *options: str, before: Callable[[str], None] = lambda _: None
    ) -> Ioc:
        """Start an IOC with a prefix of its own and further options."""
        log = folders.mktemp("ioc") / "log"
        prefix = f"TEST-{os.getpid()}-{next(_numbers)}"
        before(prefix)
        ioc = Ioc(log, prefix, command, "--prefix", prefix, *options)
        made.append(ioc)
        return ioc

    yield make
    aioca.purge_channel_caches()  # while there is a loop to tell of disconnections
    for ioc in made:
        ioc.process.terminate()
    for ioc in made:
        ioc.stop()


@pytest.fixture(scope="module")
async def ioc_maker(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Callable[..., Ioc]]:
    async with making_iocs(tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
async def shared_ioc(
    rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ioc]:
    async with making_iocs(tmp_path_factory) as make:
        yield make("run", *rabbitmq.options)


@pytest.fixture
async def ioc(shared_ioc: Ioc, rabbitmq: RabbitMQ) -> Ioc:
    """An IOC on the broker, idle, with empty queues and the initial request."""
    await shared_ioc.until_value("BROKER:CONNECTED", 1)
    rabbitmq.purge(TRIGGERS, RESULTS)
    await shared_ioc.put_all(
        DCID=0,
        DCGID=0,
        FILENAME="",
        START_FRAME=0,
        NUM_FRAMES=0,
        MESSAGE_INDEX=0,
        RECIPES="mimas",
        PARAMETERS="{}",
        **{"XZ:DCID": 0, "XZ:NUM_FRAMES": 0},
        EXPECT_RESULT=1,
        SORT_KEY=0,
        SOURCE=0,
        TIMEOUT=180,
        END_TIMEOUT=3600,
        MIN_TOTAL_COUNT=0,
    )
    return shared_ioc


@pytest.fixture
async def idle_ioc(ioc: Ioc, rabbitmq: RabbitMQ) -> Ioc:
    """The same, in which no job runs, not even one that a test has left behind."""
    await ioc.put_all(TIMEOUT=0.1, END_TIMEOUT=0.1)
    await ioc.put("SEND", '{"command": "end", "dcid": 2147483647}')
    await ioc.until_value("STATE", 7)  # the latest job has timed out after all others
    await ioc.put_all(TIMEOUT=180, END_TIMEOUT=3600)
    rabbitmq.purge(TRIGGERS)
    return ioc


@pytest.fixture(scope="session")
def unsteady_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    server = RabbitMQ(tmp_path_factory.mktemp("unsteady"))
    yield server
    server.close()


@pytest.fixture
def private_broker(unsteady_broker: RabbitMQ) -> RabbitMQ:
    """A broker that a test may stop, running and with empty queues."""
    unsteady_broker.start()
    unsteady_broker.declare(TRIGGERS, RESULTS)
    unsteady_broker.purge(TRIGGERS, RESULTS)
    return unsteady_broker


@pytest.fixture(scope="session")
def ispyb(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[MariaDB]":
    from tests.support.mariadb import MariaDB  # the models of ISPyB take seconds

    database = MariaDB(tmp_path_factory.mktemp("mariadb"))
    try:
        database.create()
        yield database
    finally:
        database.stop()
