"""The wheel alone, in an empty environment, is all that the tutorial needs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ports
from tests.support.pages import DOCS, Entry, blocks, entries, type_in
from tests.support.tools import SETTING_UP, comparable
from zocalo_ioc.describe import archive
from zocalo_ioc.settings import RunSettings

ROOT = DOCS.parent
PORTS = r" EPICS_\w+_(SERVER|BROADCAST)_PORT=\d+"
TUTORIAL = re.sub(PORTS, "", (DOCS / "tutorials" / "first-centre.md").read_text())
INSTALLATION, DEMO, MONITOR, *_ = blocks(TUTORIAL)
TIME = r"[-\d]{10} [:.\d]{15}"


def copy_checkout(clone: Path) -> None:
    """Copy what a wheel is made of, as a clone beside the folder of the tutorial."""
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    for part in ("src", "db", "opi", "examples"):
        shutil.copytree(ROOT / part, clone / part, ignore=ignored)
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, clone)
    earlier_build = clone / "build" / "lib" / "zocalo_ioc"
    earlier_build.mkdir(parents=True)
    (earlier_build / "removed_since.py").touch()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a terminal whose machine has Python, and nothing else.

    pip may take any package, but only in the version that the tests have.
    """
    tools = tmp_path_factory.mktemp("bin")
    python = tools / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    lock = (ROOT / "requirements-test.lock").read_text()
    locked = tools / "locked"
    locked.write_text("\n".join(re.findall(r"^\w.*==[^\\\n]+", lock, re.MULTILINE)))
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match("EPICS|PYTHON|VIRTUAL_ENV|ZOCALO", name)
    }
    return kept | {
        "PATH": f"{tools}:/usr/bin:/bin",
        "PIP_CONSTRAINT": str(locked),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="module")
def folder(
    environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of the tutorial, in which its first lines were typed."""
    home = tmp_path_factory.mktemp("home")
    copy_checkout(home / "zocalo-ioc")
    folder = home / "first-centre"
    folder.mkdir()
    typed = [line for line, _ in INSTALLATION]
    assert [*zip(typed, type_in(typed, environment, folder), strict=True)] == (
        INSTALLATION
    )
    return folder


# -- the tutorial -------------------------------------------------------------


@contextmanager
def terminal(
    lines: list[Entry], environment: Mapping[str, str], folder: Path, log: Path
) -> Generator[None]:
    """Type lines whose last one runs until Ctrl-C, and wait for what it first shows."""
    typed = "\n".join(line for line, _ in lines)
    last_shown = lines[-1][1].splitlines()[-1]
    with log.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-c", typed],
            env=environment,
            cwd=folder,
            stdout=output,
            start_new_session=True,
            # whoever runs the tests in the background has SIGINT ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        end = time.monotonic() + 60
        while masked(last_shown) not in masked(log.read_text()):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)  # between two looks, up to the limit
        yield
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def masked(shown: str) -> str:
    """Return what a terminal shows without what differs between any two runs."""
    shown = re.sub(TIME, "TIME", shown)
    shown = re.sub(PORTS, "", shown)
    shown = re.sub(r"/lib/python3\.\d+/", "/lib/python3.11/", shown)
    return re.sub(r"/\S+(?=/venv/)", "/home/you/first-centre", shown)


def lasting(watched: str) -> str:
    """Return what a monitor shows without states that are over at once."""
    return re.sub(r".*(Starting|Ending) *\n| +$", "", masked(watched), flags=re.M)


def third_terminal() -> Iterator[Entry]:
    """Return what is typed there. A file that is to be saved is typed in, too."""
    rest = TUTORIAL.partition("In a third terminal")[2]
    for name, kind, block in re.findall(
        r"(?:Save this as\s`(\S+)`:\n\n)?```(console|python)\n(.*?)```", rest, re.DOTALL
    ):
        if kind == "console":
            yield from entries(block)
        else:
            yield f"cat > {name} <<'END'\n{block}END", ""


@pytest.mark.parametrize("tools", SETTING_UP)
def test_what_is_typed_in_the_tutorial_shows_what_the_page_shows(
    folder: Path, environment: dict[str, str], tmp_path: Path, tools: str
) -> None:
    epics = ports.borrow()
    demo_log, monitor_log = tmp_path / "demo", tmp_path / "monitor"
    server, client = {**environment, **epics.server}, {**environment, **epics.client}
    activate = INSTALLATION[1]
    session = [*third_terminal()]
    setting_up = SETTING_UP["caproto"] if tools == "caproto" else []
    typed = [*setting_up, *(line for line, _ in session)]
    with terminal([activate, *DEMO], server, folder, demo_log):
        assert DEMO[0][1] in masked(demo_log.read_text())
        with terminal(MONITOR, client, folder, monitor_log):
            shown = type_in(typed, client, folder)
    ports.give_back(epics)
    seen = zip((line for line, _ in session), shown[len(setting_up) :], strict=True)
    assert comparable(tools, seen) == comparable(tools, session)
    [watched] = re.findall(r"```text\n(.*?)```", TUTORIAL, re.DOTALL)
    assert lasting(monitor_log.read_text()).startswith(lasting(watched))


# -- what else comes with the wheel -------------------------------------------


def command(folder: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Run the installed command in an empty folder."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [folder / "venv" / "bin" / "zocalo-ioc", *arguments],
        env=environment,
        cwd=empty,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    ).stdout


def test_screens_databases_and_the_unit_can_be_had(
    folder: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    where = command(folder, environment, "files").splitlines()
    share = folder / "venv" / "share" / "zocalo-ioc"
    assert [Path(line) for line in where] == [
        share / part for part in ("db", "opi", "systemd")
    ]
    names = command(folder, environment, "files", str(tmp_path)).splitlines()
    for file in ("db/zocalo-ioc.db", "opi/zocalo.bob", "db/motor-centre.template"):
        assert str(tmp_path / file) in names
        assert (tmp_path / file).read_bytes() == (ROOT / file).read_bytes()
    assert (tmp_path / "systemd" / "zocalo-ioc@.service").exists()


def test_what_an_earlier_build_left_is_not_in_the_wheel(folder: Path) -> None:
    [installed] = folder.glob("venv/lib/python3*/site-packages/zocalo_ioc")
    assert (installed / "py.typed").exists()
    assert not (installed / "removed_since.py").exists()


def test_the_pvs_can_be_described(folder: Path, environment: Mapping[str, str]) -> None:
    options = ("--prefix", "P", "--format", "archive")
    assert command(folder, environment, "describe", *options) == archive(
        "P", None, False
    )


def test_the_unit_starts_the_ioc_with_settings_that_can_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = ROOT / "examples" / "systemd"
    unit = (folder / "zocalo-ioc@.service").read_text().replace("%i", "i03")
    [start] = re.findall(r"^ExecStart=\S+ run (.*)", unit, re.MULTILINE)
    options = start.replace("/etc/zocalo-ioc", str(folder)).split()
    variables = re.findall(r"^Environment=(\w+)=(\S+)", unit, re.MULTILINE)
    lines = (folder / "i03.env").read_text().splitlines()
    variables += [line.split("=", 1) for line in lines if not line.startswith("#")]
    for name, value in variables:
        monkeypatch.setenv(name, value.replace("/var/lib", str(tmp_path)))
    settings = RunSettings.load(options)
    assert settings.broker_urls == [
        "amqp://user:password@rabbitmq.example.org:5672/zocalo"
    ]
    assert settings.save_file == tmp_path / "zocalo-ioc/i03/BL03I-EA-ZOC-01.json"
