"""The examples of the how-tos print what is printed there, against the demo."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.pages import blocks as consoles
from tests.support.pages import type_in
from tests.support.tools import SETTING_UP, comparable

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
EXAMPLES = HOW_TO.parents[1] / "examples"


@pytest.fixture(scope="module")
def demo(ioc_maker: Callable[..., Ioc]) -> Ioc:
    return ioc_maker("demo")


def blocks(text: str, kind: str) -> str:
    return "".join(re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL))


async def printed(demo: Ioc, *command: str) -> str:
    """Run a command against the demo, and return its output with the usual prefix."""
    process = await asyncio.create_subprocess_exec(
        *command, env=demo.client_environment, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().replace(demo.prefix, "ZOCALO-DEMO")


@pytest.mark.parametrize("part", ["ophyd-async", "ophyd"])
async def test_the_code_for_bluesky_prints_what_is_said(demo: Ioc, part: str) -> None:
    page = (HOW_TO / "bluesky.md").read_text().split("## Classic ophyd")
    text = page[part == "ophyd"]
    code = blocks(text, "python").replace("ZOCALO-DEMO", demo.prefix)
    assert await printed(demo, sys.executable, "-c", code) == blocks(text, "text")


WITHOUT_OPHYD = """
import runpy, sys
sys.modules["ophyd"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


async def test_the_example_plan_needs_only_ophyd_async(demo: Ioc) -> None:
    words = WITHOUT_OPHYD, str(EXAMPLES / "centring.py"), demo.prefix, "81", "82"
    output = await printed(demo, sys.executable, "-c", *words)
    assert re.fullmatch(r"Moved to [\d.]+, [\d.]+, [\d.]+ mm\n", output)


async def test_the_commands_for_a_terminal_find_centres(demo: Ioc) -> None:
    lines = blocks((HOW_TO / "submit.md").read_text(), "console").splitlines()
    commands = [line.removeprefix("$ ").split(" | ")[0] for line in lines]
    assert len(commands) == 3
    program = Path(sys.executable).with_name("zocalo-ioc")
    for command in commands:
        _, *arguments = command.replace("ZOCALO-DEMO", demo.prefix).split()
        assert "12.9" in await printed(demo, str(program), *arguments)


NO_BROKER = "run", "--broker", "amqp://127.0.0.1:1", "--results-queue", "xrc.i03"


@pytest.mark.parametrize("tools", SETTING_UP)
@pytest.mark.parametrize(
    ("page", "options"),
    [
        ("scripts.md", ("demo",)),
        ("other-jobs.md", ("demo",)),
        ("motor-positions.md", (*NO_BROKER, "--grid-prefix", "GRID")),
    ],
)
async def test_epics_commands_do_what_is_said(
    ioc_maker: Callable[..., Ioc],
    tmp_path: Path,
    page: str,
    options: tuple[str, ...],
    tools: str,
) -> None:
    ioc = ioc_maker(*options)
    await ioc.get("STATE")  # it is there
    programs = "ca" if tools == "caproto" else ("ca", "pv")  # it has none for PVA
    text = re.sub(
        r"(ZOCALO-DEMO|BL03I-EA-ZOC-01|\bP):",
        f"{ioc.prefix}:",
        (HOW_TO / page).read_text(),
    )
    session = [
        entry
        for block in consoles(text)
        for entry in block
        if entry[0].startswith(programs)
    ]
    assert session
    setting_up = SETTING_UP[tools]
    lines = [*setting_up, *(f"{line} || echo failed" for line, _ in session)]
    shown = type_in(lines, ioc.client_environment, tmp_path)[len(setting_up) :]
    assert "failed" not in "".join(shown)
    assert not re.search("refused|failed|can't be used", ioc.log)
    told = [(entry, s) for entry, s in zip(session, shown, strict=True) if entry[1]]
    # columns depend on the length of the prefix, as caproto's output does not
    page_shows = comparable("caproto", [entry for entry, _ in told])
    assert comparable("caproto", [(e[0], s) for e, s in told]) == page_shows
