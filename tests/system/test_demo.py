"""The demo, used as its first lines say."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ports


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
    assert read["ZOCALO-DEMO:STATE"] == "[Done]"
    coordinates = [
        float(read[f"ZOCALO-DEMO:BEST:{axis}"].strip("[]")) for axis in "XYZ"
    ]
    assert all(0 < coordinate < 20 for coordinate in coordinates)


def test_the_example_of_the_readme_finds_the_centre(
    demo: subprocess.Popen[str],
) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    [example] = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)
    exported = dict(setting.split("=", 1) for setting in commands(demo)[0].split()[1:])
    run = subprocess.run(
        [sys.executable, "-c", example],
        env=os.environ | exported,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (
        run.stdout.strip()
        == "[14.836930703324246, 7.586720984397836, 5.433856815637059]"
    ), run.stderr


def test_ctrl_c_ends_the_demo_with_status_0(demo: subprocess.Popen[str]) -> None:
    commands(demo)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 0
