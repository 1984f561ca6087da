"""The wheel holds all that a user needs who has no clone of the repository."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from zocalo_ioc.describe import archive
from zocalo_ioc.settings import RunSettings

ROOT = Path(__file__).parents[2]
VERSION = "1.2.3"


def run(arguments: Sequence[object], **environment: str) -> str:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | environment,
        cwd=environment.get("HOME"),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel alone, made of a copy of what is built."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    for part in ("src", "db", "opi", "examples"):
        shutil.copytree(ROOT / part, source / part, ignore=ignored)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    alone = ("--no-deps", "--no-build-isolation", "--ignore-installed")
    run(
        (*pip, *alone, "--prefix", folder, source),
        SETUPTOOLS_SCM_PRETEND_VERSION=VERSION,
    )
    shutil.rmtree(source)
    return folder


def command(installed: Path, *arguments: object) -> str:
    """Run the installed command in an empty folder."""
    [packages] = installed.glob("lib/python*/site-packages")
    empty = installed / "empty"
    empty.mkdir(exist_ok=True)
    code = "from zocalo_ioc.__main__ import main; main()"
    paths = {"PYTHONPATH": str(packages), "HOME": str(empty)}
    return run(("-c", code, *arguments), **paths)


def test_the_version_is_that_of_the_package(installed: Path) -> None:
    assert command(installed, "--version") == f"zocalo-ioc {VERSION}\n"


def test_screens_databases_and_the_unit_can_be_had(installed: Path) -> None:
    where = command(installed, "files").splitlines()
    share = installed / "share" / "zocalo-ioc"
    assert [Path(line) for line in where] == [
        share / folder for folder in ("db", "opi", "systemd")
    ]
    copied = installed / "copied"
    names = command(installed, "files", copied).splitlines()
    for file in ("db/zocalo-ioc.db", "opi/zocalo.bob", "db/motor-centre.template"):
        assert str(copied / file) in names
        assert (copied / file).read_bytes() == (ROOT / file).read_bytes()
    assert (copied / "systemd" / "zocalo-ioc@.service").exists()


def test_the_pvs_can_be_described(installed: Path) -> None:
    told = command(installed, "describe", "--prefix", "P", "--format", "archive")
    assert told == archive("P", None)


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
