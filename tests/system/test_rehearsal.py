"""The rehearsal in the docs, typed as it stands there."""

import shlex
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.pages import blocks, type_in
from tests.support.rabbitmq import RabbitMQ
from tests.support.simulation import SERVICES, Simulation
from tests.support.tools import SETTING_UP, comparable

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "rehearse.md"
Terminal = Callable[[list[str]], list[str]]


def options(line: str) -> list[str]:
    """Return what a line says, without the program and the broker."""
    words = shlex.split(line.replace("docs/", f"{ROOT}/docs/"))
    assert words[0] == ".venv/bin/zocalo-ioc"
    where = words.index("--broker")
    return [word for word in words[1:where] + words[where + 2 :] if word != "simulate"]


def here(line: str) -> str:
    """Return a line of the page as it is typed in this clone."""
    line = line.replace(".venv/bin", str(Path(sys.executable).parent))
    return line.replace("docs/", f"{ROOT}/docs/")


@pytest.fixture
async def terminal(rabbitmq: RabbitMQ, tmp_path: Path) -> AsyncIterator[Terminal]:
    """What the page calls the third terminal, with both others running."""
    [[(simulate, _)], [_, (run, _)], *_] = blocks(PAGE.read_text())
    site = rabbitmq.virtual_host("rehearsal")
    simulation = Simulation(
        site, tmp_path / "zocalo", *options(simulate), "--frame-rate", "5000"
    )
    simulation.until_logged(*(f"{name} takes messages from" for name in SERVICES))
    simulation.until_logged("Dispatcher starting")
    command, *more = options(run)
    ioc = Ioc(tmp_path / "ioc", "REHEARSAL", command, "--broker", site.url, *more)
    await ioc.until_value("BROKER:CONNECTED", 1)
    environment = ioc.client_environment
    yield lambda lines: type_in([here(line) for line in lines], environment, tmp_path)
    ioc.stop()
    assert simulation.stop() == 0


@pytest.mark.parametrize("tools", SETTING_UP)
def test_what_is_typed_in_the_rehearsal_shows_what_the_page_shows(
    terminal: Terminal, tools: str
) -> None:
    session = [entry for block in blocks(PAGE.read_text())[2:] for entry in block]
    setting_up = SETTING_UP[tools]
    shown = terminal([*setting_up, *(typed for typed, _ in session)])
    seen = zip((line for line, _ in session), shown[len(setting_up) :], strict=True)
    assert comparable(tools, seen) == comparable(tools, session)
