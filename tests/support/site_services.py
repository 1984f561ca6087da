"""A site's own Zocalo: its dispatcher, and services of python-workflows.

Each runs as a site runs it: ``zocalo.service --service=…``, found by its entry point.
What ISPyB knows and what is on the frames is in the file that ``SITE_DATA`` names.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import workflows.recipe
from workflows.services.common_service import CommonService

PROGRAM = Path(sys.executable).with_name("zocalo.service")
CPU_RECIPE = "per-image-analysis-gridscan-i03-no-really"
ENTRY_POINTS = """\
[workflows.services]
SiteMimas = tests.support.site_services:Mimas
SiteFileWatcher = tests.support.site_services:FileWatcher
SitePerImageAnalysis = tests.support.site_services:PerImageAnalysis
SiteCentring = tests.support.site_services:Centring
[zocalo.services.dispatcher.filters]
ispyb = tests.support.site_services:ispyb_filter
"""
PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "dispatcher": {"Dispatcher": "processing_recipe"},
    "mimas": {"SiteMimas": "mimas"},
    "images": {
        "SiteFileWatcher": "filewatcher",
        "SitePerImageAnalysis": "per_image_analysis",
    },
    "centring": {"SiteCentring": "reduce.xray_centering"},
}
"""The services, and the queue of each, that do what one of ``--services`` does."""


@cache
def data() -> dict[str, Any]:
    return json.loads(Path(os.environ["SITE_DATA"]).read_text())


def ispyb_filter(message: Any, parameters: dict[str, Any]) -> tuple[Any, Any]:
    """Add what ISPyB knows, as dlstbx's filter does in Zocalo's dispatcher."""
    return message, data()["ispyb"][str(parameters["ispyb_dcid"])] | parameters


class _Service(CommonService):
    queue: str
    _transport: Any

    def initializing(self) -> None:
        workflows.recipe.wrap_subscribe(
            self._transport,
            self.queue,
            self.handle,
            acknowledgement=True,
            prefetch_count=1000,
        )

    def handle(self, rw: Any, header: Any, payload: Any) -> None:
        self.work(rw, payload)
        self._transport.ack(header)

    def work(self, rw: Any, payload: Any) -> None:
        raise NotImplementedError


class Mimas(_Service):
    """Starts the CPU pipeline at the end of each data collection."""

    queue = "mimas"

    def work(self, rw: Any, payload: Any) -> None:
        parameters = rw.recipe_step["parameters"]
        if parameters["event"] == "end":
            dcid = {"ispyb_dcid": int(parameters["dcid"])}
            rw.send_to("dispatcher", {"recipes": [CPU_RECIPE], "parameters": dcid})


class FileWatcher(_Service):
    queue = "filewatcher"

    def work(self, rw: Any, payload: Any) -> None:
        spots = data()["spots"][rw.recipe_step["parameters"]["dcid"]]
        for number in range(1, len(spots) + 1):
            rw.send_to("every", {"file-number": number, "file-seen-at": 0})


class PerImageAnalysis(_Service):
    queue = "per_image_analysis"

    def work(self, rw: Any, payload: Any) -> None:
        spots = data()["spots"][rw.recipe_step["parameters"]["dcid"]]
        count = spots[payload["file-number"] - 1]
        rw.send_to("result", payload | {"n_spots_total": count})


class Centring(_Service):
    """Sends the centre of a scan, and acknowledges its frames then."""

    queue = "reduce.xray_centering"

    def initializing(self) -> None:
        self._frames: dict[int, dict[int, int]] = {}
        self._headers: list[Any] = []
        super().initializing()

    def handle(self, rw: Any, header: Any, payload: Any) -> None:
        step = rw.recipe_step
        dcid, others = int(step["parameters"]["dcid"]), step["parameters"]["dcg_dcids"]
        of_grid = self._frames.setdefault(dcid, {})
        of_grid[payload["file-number"]] = payload["n_spots_total"]
        self._headers.append(header)
        nx = int(step["gridinfo"]["steps_x"])
        counts = [self._frames.get(of, {}) for of in sorted([dcid, *others])]
        expected = [len(data()["spots"][str(of)]) for of in sorted([dcid, *others])]
        if [len(of) for of in counts] == expected:
            xy, xz = ([of[n + 1] for n in range(len(of))] for of in counts)
            results = [centre(xy, xz, nx)]
            rw.send_to("success", {"results": results, "status": "success"})
            while self._headers:
                self._transport.ack(self._headers.pop())


def centre(xy: Iterable[int], xz: Iterable[int], nx: int) -> dict[str, Any]:
    """Return the centre of a scan of one crystal, snaked along x."""
    first, second = (np.reshape(list(counts), (-1, nx)) for counts in (xy, xz))
    for lines in first, second:
        lines[1::2] = lines[1::2, ::-1]
    volume = np.einsum("yx,zx->xyz", first, second)
    volume = np.where(volume < 0.25 * volume.max(), 0, volume)
    boxes = np.argwhere(volume)
    counts = volume[volume > 0]
    return {
        "centre_of_mass": ((boxes.T * counts).sum(1) / counts.sum() + 0.5).tolist(),
        "max_voxel": boxes[counts.argmax()].tolist(),
        "max_count": float(counts.max()),
        "n_voxels": len(boxes),
        "total_count": float(counts.sum()),
        "bounding_box": [boxes.min(0).tolist(), (boxes.max(0) + 1).tolist()],
        "sample_id": None,
    }


@contextmanager
def running(
    services: Iterable[str], folder: Path, configuration: Path, content: object
) -> Generator[None]:
    """Run what does the same as some of ``--services``, until the end of the block.

    Args:
        services: their names.
        folder: for files.
        configuration: of Zocalo.
        content: what ISPyB knows, and the spots on the frames.
    """
    (folder / "site-1.0.dist-info").mkdir()
    (folder / "site-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "data.json").write_text(json.dumps(content))
    path = [str(folder), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "SITE_DATA": str(folder / "data.json"),
        "ZOCALO_CONFIG": str(configuration),
    }
    programs = [program for name in services for program in PROGRAMS[name]]
    with (folder / "site.log").open("w") as log:
        processes = [
            subprocess.Popen(
                [PROGRAM, f"--service={program}"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it has processes of its own
            )
            for program in programs
        ]
        try:
            yield
        finally:
            for process in processes:
                os.killpg(process.pid, 9)
                process.wait()
