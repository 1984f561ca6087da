"""Run dodal's and mx-bluesky's own tests of Zocalo, with dodal's devices and with ours.

    python -m tests.dodal FOLDER

Their sources, of the versions installed, are unpacked into the folder. For ours, dodal
and mx-bluesky are changed as the how-to for moving a beamline says. It fails if a
test passes with dodal's devices but not with ours, unless it looks inside dodal's.
"""

import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from shutil import copytree
from xml.etree import ElementTree

from tests.support.ioc import Ioc

PREFIX = "BL03I-EA-ZOC-01"
HERE = Path(__file__).parent
PATCH = HERE.parents[1] / "docs" / "how-to" / "move-from-dodal.patch"
SUITES = {
    "dls-dodal": "tests/devices/test_zocalo*.py",
    "mx-bluesky": "tests/unit_tests/**/test_*.py",
}
PYTEST = (
    *("--quiet", "-n", "2", "--timeout", "60", "-p", "no:cacheprovider"),
    *("--import-mode", "importlib", "-o", "addopts="),
    *("-o", "asyncio_default_fixture_loop_scope=function"),
)
INSIDE = (
    "test_subscribe_only_on_called_stage",
    "test_zocalo_results_trigger_log_message",
    "test_if_expecting_gpu_then_read_until_gpu_result_found",
    "test_if_expecting_cpu_then_read_until_cpu_result_found",
    "test_if_zocalo_results_timeout_before_any_results_then_error",
    "test_run_start",
    "test__run_start_and_end",
)
"""Tests that replace or fill dodal's connection to RabbitMQ, which ours do not have."""


def sources(package: str, folder: Path) -> Path:
    """Return where the sources of a package are, of the version that is installed."""
    name = f"{package.replace('-', '_')}-{version(package)}"
    if not (folder / name).exists():
        options = "--quiet", "--no-deps", "--no-binary", package, "--dest", str(folder)
        pinned = f"{package}=={version(package)}"
        command = sys.executable, "-m", "pip", "download", *options, pinned
        subprocess.run(command, check=True)
        with tarfile.open(folder / f"{name}.tar.gz") as file:
            file.extractall(folder, filter="data")
    return folder / name


def change(folder: Path) -> None:
    """Put the packages into a folder, changed as a beamline that moves does it."""
    for name in ("dodal", "mx_bluesky"):
        copytree(Path(sysconfig.get_path("purelib")) / name, folder / name)
    subprocess.run(["git", "apply", PATCH], cwd=folder, check=True)


def passed(
    place: Path, tests: str, environment: dict[str, str], *with_: str
) -> set[str]:
    """Run the tests that have to do with Zocalo, and return those that passed."""
    files = [
        str(file.relative_to(place))
        for file in sorted(place.glob(tests))
        if "zocalo" in file.read_text().lower()
    ]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = sys.executable, "-m", "pytest", *PYTEST, *with_
        done = subprocess.run(
            [*command, f"--junitxml={report}", *files],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout.decode()  # else it broke off
        cases = ElementTree.parse(report).getroot().iter("testcase")
        return {
            f"{case.get('classname')}::{case.get('name')}"
            for case in cases
            if not {child.tag for child in case} & {"failure", "error", "skipped"}
        }


@contextmanager
def demo() -> Generator[dict[str, str]]:
    """Run an IOC for devices that connect; its clients need the environment."""
    with tempfile.TemporaryDirectory() as logs:
        ioc = Ioc(Path(logs) / "log", PREFIX, "demo", "--prefix", PREFIX)
        limit = time.monotonic() + 60
        try:
            while "Ctrl-C here ends the demo" not in ioc.log:
                assert ioc.process.poll() is None, ioc.log
                assert time.monotonic() < limit, ioc.log
                time.sleep(0.1)  # between two looks, up to the limit
            yield ioc.client_environment | {"OUR_PREFIX": PREFIX}
        finally:
            ioc.stop()


def main(folder: Path) -> int:
    """Run everything, and print a table."""
    folder.mkdir(exist_ok=True)
    worse: list[str] = []
    with demo() as environment, tempfile.TemporaryDirectory() as changed:
        change(Path(changed))
        ours = {
            "dls-dodal": ({"PYTHONPATH": str(HERE)}, "-p", "our_devices"),
            "mx-bluesky": ({"PYTHONPATH": changed},),
        }
        print(f"{'passed with':24}{'dodal':>8}{'ours':>8}  seconds")
        for package, tests in SUITES.items():
            begun = time.monotonic()
            place = sources(package, folder)
            added, *with_ = ours[package]
            before = passed(place, tests, environment)
            after = passed(place, tests, environment | added, *with_)
            name, took = f"{package} {version(package)}", time.monotonic() - begun
            print(f"{name:24}{len(before):8}{len(after):8}{took:9.0f}", flush=True)
            worse += sorted(before - after)
    unexplained = [test for test in worse if not any(it in test for it in INSIDE)]
    for test in worse:
        note = "" if test in unexplained else " (replaces dodal's connection)"
        print(f"not with ours: {test.split('.')[-1]}{note}")
    return bool(unexplained)


sys.exit(main(Path(sys.argv[1]).absolute()))
