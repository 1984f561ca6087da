"""Run dodal's and mx-bluesky's own tests of Zocalo, with dodal's devices and with ours.

    python -m tests.dodal FOLDER

Their sources, of the versions installed, are unpacked into the folder. It fails if a
test passes with dodal's devices but not with ours, unless it looks inside dodal's.
"""

import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from tests.support.ioc import Ioc

PREFIX = "BL03I-EA-ZOC-01"
SUITES = {"dodal": "tests/devices", "mx-bluesky": "tests/unit_tests"}
PACKAGES = {"dodal": "dls-dodal", "mx-bluesky": "mx-bluesky"}
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


def sources(suite: str, folder: Path) -> Path:
    """Return where the sources of a package are, of the version that is installed."""
    package = PACKAGES[suite]
    name = f"{package.replace('-', '_')}-{version(package)}"
    if not (folder / name).exists():
        options = "--quiet", "--no-deps", "--no-binary", package, "--dest", str(folder)
        pinned = f"{package}=={version(package)}"
        command = sys.executable, "-m", "pip", "download", *options, pinned
        subprocess.run(command, check=True)
        with tarfile.open(folder / f"{name}.tar.gz") as file:
            file.extractall(folder, filter="data")
    return folder / name


def passed(suite: str, place: Path, ioc: Ioc, *options: str) -> set[str]:
    """Run the tests that have to do with Zocalo, and return those that passed."""
    files = [
        str(file.relative_to(place))
        for file in (place / SUITES[suite]).rglob("test_*.py")
        if "zocalo" in file.read_text().lower()
        and (suite != "dodal" or "zocalo" in file.name)
    ]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--quiet", "-n", "2"),
                *("--import-mode", "importlib", "-p", "no:cacheprovider"),
                *(
                    "-o",
                    "addopts=",
                    "-o",
                    "asyncio_default_fixture_loop_scope=function",
                ),
                *("--timeout", "60", f"--junitxml={report}", *options, *sorted(files)),
            ],
            cwd=place,
            env=ioc.client_environment
            | {
                "SUITE": suite,
                "OUR_PREFIX": PREFIX,
                "PYTHONPATH": str(Path(__file__).parent),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert report.exists(), done.stdout.decode()
        cases = ElementTree.parse(report).getroot().iter("testcase")
        return {
            f"{case.get('classname')}::{case.get('name')}"
            for case in cases
            if not {child.tag for child in case} & {"failure", "error", "skipped"}
        }


@contextmanager
def demo() -> Generator[Ioc]:
    """Run an IOC for devices that connect."""
    with tempfile.TemporaryDirectory() as logs:
        ioc = Ioc(Path(logs) / "log", PREFIX, "demo", "--prefix", PREFIX)
        try:
            while "Ctrl-C here ends the demo" not in ioc.log:
                assert ioc.process.poll() is None, ioc.log
                time.sleep(0.1)  # between two looks
            yield ioc
        finally:
            ioc.stop()


def main(folder: Path) -> int:
    """Run everything, and print a table."""
    folder.mkdir(exist_ok=True)
    worse: list[str] = []
    with demo() as ioc:
        print(f"{'passed with':24}{'dodal':>8}{'ours':>8}  seconds")
        for suite in SUITES:
            begun = time.monotonic()
            place = sources(suite, folder)
            theirs = passed(suite, place, ioc)
            ours = passed(suite, place, ioc, "-p", "our_devices")
            name = f"{suite} {version(PACKAGES[suite])}"
            took = time.monotonic() - begun
            print(f"{name:24}{len(theirs):8}{len(ours):8}{took:9.0f}")
            worse += sorted(theirs - ours)
    unexplained = [
        test for test in worse if not any(inside in test for inside in INSIDE)
    ]
    for test in worse:
        note = "" if test in unexplained else " (replaces dodal's connection)"
        print(f"not with ours: {test.split('.')[-1]}{note}")
    return bool(unexplained)


sys.exit(main(Path(sys.argv[1]).absolute()))
