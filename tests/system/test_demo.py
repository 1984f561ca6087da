"""The demo, used as its first lines say."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import aioca
import pytest

from tests.support import ports
from tests.support.ioc import Ioc
from tests.support.pages import DOCS, blocks, type_in
from tests.support.tools import SETTING_UP, comparable


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A demo on the ports of its own, whose output can be read."""
    borrowed = ports.borrow()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("zocalo-ioc"), "demo"],
        env=os.environ | borrowed.server,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()
    ports.give_back(borrowed)


def commands(demo: subprocess.Popen[str]) -> list[str]:
    """Read the lines that are to be pasted: the indented ones."""
    assert demo.stdout is not None
    pasted: list[str] = []
    for line in demo.stdout:
        if line.startswith("  "):
            pasted.append(line.strip())
        elif line.startswith("Ctrl-C"):
            return pasted
    raise AssertionError("the demo ended early")


def test_the_pasted_commands_return_a_centre(demo: subprocess.Popen[str]) -> None:
    script = "set -e\n" + "\n".join(commands(demo))
    # a shell that knows of no EPICS settings but those pasted
    bare = {k: v for k, v in os.environ.items() if not k.startswith("EPICS")}
    pasted = subprocess.run(
        ["bash", "-c", script], env=bare, capture_output=True, text=True, timeout=60
    )
    assert pasted.returncode == 0, pasted.stderr
    lines = pasted.stdout.splitlines()
    read = dict(line.split(maxsplit=1) for line in lines if line.startswith("ZOCALO"))
    assert read["ZOCALO-DEMO:STATE"] == "Done"
    coordinates = [float(read[f"ZOCALO-DEMO:BEST:{axis}"]) for axis in "XYZ"]
    assert all(0 < coordinate < 20 for coordinate in coordinates)


@pytest.mark.parametrize("tools", SETTING_UP)
def test_the_session_of_the_readme_shows_what_it_shows(
    demo: subprocess.Popen[str], tmp_path: Path, tools: str
) -> None:
    setting_up = [line for line in commands(demo) if line.startswith("export EPICS")]
    setting_up += SETTING_UP[tools]
    _, session, *_ = blocks((DOCS.parent / "README.md").read_text())
    typed = [line for line, _ in session]
    shown = type_in([*setting_up, *typed], os.environ, tmp_path)
    seen = zip((line for line, _ in session), shown[len(setting_up) :], strict=True)
    assert comparable(tools, seen) == comparable(tools, session)


def test_the_example_for_scripts_finds_the_centre(demo: subprocess.Popen[str]) -> None:
    page = (DOCS / "how-to" / "scripts.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    [printed] = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    exported = dict(setting.split("=", 1) for setting in commands(demo)[0].split()[1:])
    run = subprocess.run(
        [sys.executable, "-c", example],
        env=os.environ | exported,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout == printed, run.stderr


async def test_a_monitor_sees_each_state_of_a_job(
    ioc_maker: Callable[..., Ioc],
) -> None:
    demo = ioc_maker("demo")
    states: list[str] = []
    monitor = aioca.camonitor(
        demo.pv("STATE"), states.append, datatype=aioca.DBR_ENUM_STR, all_updates=True
    )
    await demo.put_all(DCID=1, NUM_FRAMES=400)
    await demo.put("PROCESS", 1)

    async def has_ended() -> bool:
        return "Done" in states

    await demo.until(has_ended)
    monitor.close()
    await demo.until_value("GRID:XY:FRAMES", 400)
    all_states = ["Idle", "Starting", "Started", "Ending", "Processing", "Done"]
    assert states == all_states


def test_the_script_types_what_the_demo_prints_and_nothing_else() -> None:
    borrowed = ports.borrow()
    zocalo_ioc = Path(sys.executable).with_name("zocalo-ioc")
    demo = f"echo '  message of EPICS'; exec {zocalo_ioc} demo"
    subprocess.run(
        [DOCS.parent / "scripts" / "try-demo.sh", "sh", "-c", demo],
        env=os.environ | borrowed.server,
        timeout=120,
        check=True,
    )
    ports.give_back(borrowed)


def test_ctrl_c_ends_the_demo_with_status_0(demo: subprocess.Popen[str]) -> None:
    commands(demo)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 0
