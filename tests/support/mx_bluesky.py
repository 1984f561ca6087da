"""mx-bluesky, which the environment of the tests does not have."""

import os
import subprocess
import sys
from pathlib import Path

from .rabbitmq import RabbitMQ
from .zocalo import write_configuration

PACKAGES = ("mx-bluesky==1.6.16", "pydantic-extra-types==2.11.1", "semver==3.1.2")
"""Without what they need: the callback gets by with what dodal brings."""
SCAN = Path(__file__).parent / "clients" / "mx_bluesky_scan.py"


class MxBluesky:
    """mx-bluesky in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        pip = sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"
        options = "install", "--no-deps", "--target", str(folder / "packages")
        subprocess.run([*pip, *options, *PACKAGES], check=True, timeout=200)

    def run(
        self, site: RabbitMQ, kind: str, filename: str, *collections: tuple[int, int]
    ) -> None:
        """Have its callback trigger data collections.

        Args:
            site: where Zocalo is.
            kind: see ``mx_bluesky_scan.py``.
            filename: of the file writer.
            collections: the DCID and the number of frames of each.
        """
        file = write_configuration(self._folder, site, "bluesky")
        packages = str(self._folder / "packages")
        paths = packages, *filter(None, [os.environ.get("PYTHONPATH")])
        subprocess.run(
            [
                *(sys.executable, str(SCAN), "bluesky", kind, filename),
                *(f"{dcid}:{frames}" for dcid, frames in collections),
            ],
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(paths), "ZOCALO_CONFIG": str(file)},
            check=True,
            timeout=200,
        )
