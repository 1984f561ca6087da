"""The rehearsal in the docs, typed as it stands there."""

import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RabbitMQ
from tests.support.simulation import SERVICES, Simulation

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "rehearse.md"
Terminal = Callable[[list[str]], list[str]]
MARK = "@@"


def blocks(page: str) -> list[list[tuple[str, str]]]:
    """Return what is typed and what is then seen, terminal by terminal."""
    consoles = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    return [
        [
            (typed, seen.strip())
            for typed, _, seen in (
                entry.partition("\n") for entry in f"\n{console}".split("\n$ ")[1:]
            )
        ]
        for console in consoles
    ]


def options(line: str) -> list[str]:
    """Return what a line says, without the program and the broker."""
    words = shlex.split(line.replace("docs/", f"{ROOT}/docs/"))
    assert words[0] == ".venv/bin/zocalo-ioc"
    where = words.index("--broker")
    return [word for word in words[1:where] + words[where + 2 :] if word != "simulate"]


def type_in(lines: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """Type lines into a shell, and return what it then shows after each."""
    script = "\n".join(f"{line}\necho {MARK}" for line in lines)
    script = script.replace(".venv/bin", str(Path(sys.executable).parent))
    shell = subprocess.run(
        ["bash", "-c", script.replace("docs/", f"{ROOT}/docs/")],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    shown = shell.stdout.split(f"{MARK}\n")[:-1]
    return ["\n".join(line.rstrip(" \0") for line in s.splitlines()) for s in shown]


@pytest.fixture
async def terminal(rabbitmq: RabbitMQ, tmp_path: Path) -> AsyncIterator[Terminal]:
    """What the page calls the third terminal, with both others running."""
    [[(simulate, _)], [_, (run, _)], *_] = blocks(PAGE.read_text())
    site = rabbitmq.virtual_host("rehearsal")
    simulation = Simulation(
        site, tmp_path / "zocalo", *options(simulate), "--frame-rate", "5000"
    )
    simulation.until_logged(*(f"{name} takes from" for name in SERVICES))
    simulation.until_logged("Dispatcher starting")
    command, *more = options(run)
    ioc = Ioc(tmp_path / "ioc", "REHEARSAL", command, "--broker", site.url, *more)
    await ioc.until_value("BROKER:CONNECTED", 1)
    yield lambda lines: type_in(lines, ioc.client_environment, tmp_path)
    ioc.stop()
    assert simulation.stop() == 0


def test_what_is_typed_in_the_rehearsal_shows_what_the_page_shows(
    terminal: Terminal,
) -> None:
    session = [entry for block in blocks(PAGE.read_text())[2:] for entry in block]
    shown = terminal([typed for typed, _ in session])
    assert [*zip([typed for typed, _ in session], shown, strict=True)] == session
