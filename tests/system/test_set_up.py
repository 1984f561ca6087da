"""make sets up an environment that works, whatever the shell and the machine have."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import DOCS

ROOT = DOCS.parent
BARE = {n: v for n, v in os.environ.items() if not re.match("MAKE|MFLAGS|PYTHON", n)}
"""The environment of a terminal, without what this run of the tests adds."""


def of_another_project(folder: Path) -> dict[str, str]:
    """Return what the shell of another project may export."""
    [version] = re.findall(
        r"^pydantic==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    installed = folder / f"pydantic-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: pydantic\nVersion: {version}\n"
    )
    constraint = folder / "constraint"
    constraint.write_text("pydantic==1.0\n")
    return {
        "PYTHONPATH": str(folder),
        "PYTHONHOME": str(folder),
        "PIP_USER": "1",
        "PIP_TARGET": str(folder),
        "PIP_PREFIX": str(folder),
        "PIP_CONSTRAINT": str(constraint),
    }


def make(clone: Path, *options: str) -> list[str]:
    return ["make", "-C", str(clone), f"PYTHON={sys.executable}", *options]


def is_up_to_date(clone: Path) -> bool:
    asked = subprocess.run(make(clone, "-q", ".venv/.ready"), env=BARE, check=False)
    assert asked.returncode in (0, 1)
    return asked.returncode == 0


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A clone that two terminals of another project set up, and what they showed."""
    clone = tmp_path_factory.mktemp("clones") / "zocalo-ioc"
    others = (".*", "__pycache__", "*.egg-info", "build", "dist", "docs", "tests")
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*others))
    environment = BARE | of_another_project(tmp_path_factory.mktemp("other"))
    terminals = [
        subprocess.Popen(
            make(clone, ".venv/.ready"),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    shown = [terminal.communicate(timeout=300)[0] for terminal in terminals]
    assert [terminal.returncode for terminal in terminals] == [0, 0], shown
    return clone, shown


def test_another_project_in_the_shell_changes_nothing(
    set_up: tuple[Path, list[str]],
) -> None:
    clone, _ = set_up
    command = [clone / ".venv" / "bin" / "zocalo-ioc", "describe", "--prefix", "P"]
    subprocess.run(command, env=BARE, stdout=subprocess.DEVNULL, check=True)


def test_two_at_once_set_up_one_environment(set_up: tuple[Path, list[str]]) -> None:
    _, shown = set_up
    assert "".join(shown).count("Setting up .venv") == 1


def test_an_environment_is_made_again_in_a_clone_that_was_moved(
    set_up: tuple[Path, list[str]], tmp_path: Path
) -> None:
    clone, _ = set_up
    assert is_up_to_date(clone)
    subprocess.run(["cp", "-al", clone, tmp_path / "moved"], check=True)
    assert not is_up_to_date(tmp_path / "moved")


def test_an_environment_is_made_again_without_its_python(
    set_up: tuple[Path, list[str]],
) -> None:
    clone, _ = set_up
    python, away = clone / ".venv/bin/python", clone / ".venv/bin/away"
    python.rename(away)
    assert not is_up_to_date(clone)
    away.rename(python)
    (clone / ".venv" / ".ready").touch()


def test_the_package_to_install_is_that_of_the_python_found(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\ncase "$2" in *ensurepip) exit 1 ;; esac\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    for tool in ("dirname", "id"):  # without apt-get, nothing is installed
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    told = subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "install-system.sh", python],
        env={"PATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    package = f"python3.{sys.version_info.minor}-venv"
    assert told.stderr.endswith(f"sudo apt-get install {package}\n")


def test_make_help_lists_the_targets() -> None:
    listed = subprocess.run(
        make(ROOT, "-s", "--no-print-directory", "help"),
        env=BARE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^  make (\w+)  ", listed, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "  make demo " in listed
