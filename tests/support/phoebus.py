"""The real Phoebus on a display of its own, looked at and clicked."""

import io
import os
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .ports import EpicsPorts

ROOT = Path(__file__).parents[2]
WINDOW = tuple(map(int, os.environ.get("WINDOW", "1600x900").split("x")))
"""The width and height of a window."""
FRAME = (1, 66)
"""Where the screen begins in its window, which has a tab and a tool bar above it."""
DISCONNECTED = (211, 55, 211)
"""The border of a widget whose PV is not connected, on white."""
TOLERANCE = 3
LETTER = 20
"""Pixels, more than a letter is high."""

Pixels = NDArray[np.uint8]


class Screen:
    """A screen in a window of its own, the windows side by side in rows of two."""

    def __init__(self, file: Path, number: int) -> None:
        self.file = file
        self.root = ET.parse(file).getroot()
        row, column = divmod(number, 2)
        self.x, self.y = column * WINDOW[0], row * WINDOW[1]

    @property
    def size(self) -> tuple[int, int]:
        return int(self.root.findtext("width", "")), int(
            self.root.findtext("height", "")
        )

    @property
    def geometry(self) -> str:
        return f"{WINDOW[0]}x{WINDOW[1]}+{self.x}+{self.y}"

    def box(self, widget: str) -> tuple[int, int, int, int]:
        """Return where a widget is in the screen: left, top, right and bottom."""
        found = _find(self.root, widget, 0, 0)
        if found is None:
            raise KeyError(widget)
        return found


def _find(
    parent: ET.Element, name: str, x: int, y: int
) -> tuple[int, int, int, int] | None:
    for child in parent.findall("widget"):
        left, top, width, height = (
            int(child.findtext(side, "")) for side in ("x", "y", "width", "height")
        )
        if child.findtext("name") == name:
            return x + left, y + top, x + left + width, y + top + height
        if inside := _find(child, name, x + left, y + top):
            return inside
    return None


class Phoebus:
    """Phoebus with some screens open, each in a window of its own.

    Args:
        installed: where Phoebus is.
        home: a folder for its files.
        ports: the IOC's.
        prefix: the macro P of the screens.
        screens: what to open.
    """

    def __init__(
        self,
        installed: Path,
        home: Path,
        ports: EpicsPorts,
        prefix: str,
        screens: list[Screen],
    ) -> None:
        self._screens = screens
        settings = home / "settings.ini"
        settings.write_text(
            "org.phoebus.pv.ca/addr_list=127.0.0.1\n"
            "org.phoebus.pv.ca/auto_addr_list=false\n"
            f"org.phoebus.pv.ca/server_port={ports.ca}\n"
            "org.phoebus.pv.pva/epics_pva_addr_list=\n"
            "org.phoebus.pv.pva/epics_pva_auto_addr_list=false\n"
            f"org.phoebus.pv.pva/epics_pva_name_servers=127.0.0.1:{ports.pva}\n"
            "org.phoebus.pv.pva/epics_pva_enable_ipv6=false\n"
        )
        resources = [
            argument
            for s in screens
            for argument in (
                "-resource",
                f"file:{s.file}?P={prefix}&target=window@{s.geometry}",
            )
        ]
        self._log = home / "phoebus.log"
        reading, writing = os.pipe()
        height = max(screen.y for screen in screens) + WINDOW[1]
        size = f"{2 * WINDOW[0]}x{height}x24"
        self._display = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", size],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            self._environment = os.environ | {
                "DISPLAY": f":{answer.readline().strip()}"
            }
        home_of_java = os.environ.get("JAVA_HOME")
        jars = f"{installed}/*:{installed}/lib/*"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *([f"{home_of_java}/bin/java"] if home_of_java else ["java"]),
                    "-Dprism.order=sw",
                    "-Dprism.lcdtext=false",
                    "-Dfile.encoding=UTF-8",
                    f"-Dphoebus.user={home}",
                    *("-cp", jars, "org.phoebus.product.Launcher"),
                    *("-settings", str(settings)),
                    *resources,
                ],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in (self._process, self._display):
            process.terminate()
            process.wait(20)

    def look(self, screen: Screen, *, window: bool = False) -> Pixels:
        """Return what a screen or its window shows, of shape (height, width, 3)."""
        (width, height), frame = (WINDOW, (0, 0)) if window else (screen.size, FRAME)
        part = f"{width}x{height}+{screen.x + frame[0]}+{screen.y + frame[1]}"
        shot = subprocess.run(
            ["import", "-window", "root", "-crop", part, "-depth", "8", "ppm:-"],
            env=self._environment,
            check=True,
            capture_output=True,
        )
        with Image.open(io.BytesIO(shot.stdout)) as image:
            return np.asarray(image)

    def until_still(
        self, screen: Screen, widget: str = "", limit: float = 60
    ) -> Pixels:
        """Wait until a screen is connected, and has not changed for two seconds.

        With a widget, it is the widget that has not changed.
        """
        end = time.monotonic() + limit
        left, top, right, bottom = screen.box(widget) if widget else (0, 0, None, None)
        part = slice(top, bottom), slice(left, right)
        before = self.look(screen)
        while True:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < end, f"the screen did not settle: {self._log}"
            time.sleep(2)  # between two looks, up to the limit
            now = self.look(screen)
            drawn = len(np.unique(now.reshape(-1, 3), axis=0)) > 20
            same = (now[part] == before[part]).all()
            if drawn and same and not shows(now, DISCONNECTED):
                return now
            before = now

    def until_changed(
        self, screen: Screen, widget: str, before: Pixels, limit: float = 20
    ) -> None:
        """Wait until a widget looks different from before."""
        end = time.monotonic() + limit
        left, top, right, bottom = screen.box(widget)
        part = slice(top, bottom), slice(left, right)
        while (self.look(screen)[part] == before[part]).all():
            assert time.monotonic() < end, f"{widget} did not change: {self._log}"
            time.sleep(0.2)  # likewise

    def save(self, screen: Screen, file: Path, *, window: bool = False) -> None:
        """Save a picture of a screen or its window."""
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(self.look(screen, window=window))
        few_colors = image.quantize(256, Image.Quantize.MAXCOVERAGE)
        few_colors.save(file, optimize=True)

    def click(self, screen: Screen, widget: str) -> None:
        """Click on the middle of a widget."""
        left, top, right, bottom = screen.box(widget)
        x = screen.x + FRAME[0] + (left + right) // 2
        y = screen.y + FRAME[1] + (top + bottom) // 2
        self._xdotool("mousemove", str(x), str(y), "click", "1")

    def press(self, key: str) -> None:
        """Press a key."""
        self._xdotool("key", key)

    def enter(self, screen: Screen, widget: str, text: str) -> None:
        """Click on a field, type a text in place of what is there, and press Return."""
        self.click(screen, widget)
        self._xdotool("key", "ctrl+a")
        self._xdotool("type", "--delay", "30", "--", text)
        self._xdotool("key", "Return")

    def windows(self, name: str) -> list[str]:
        """Return the windows with a name like this."""
        found = subprocess.run(
            ["xdotool", "search", "--name", name],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        return found.stdout.split()

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self._environment, check=True)


def shows(pixels: Pixels, color: tuple[int, int, int]) -> bool:
    """Whether there is any of a colour."""
    difference = np.abs(pixels.astype(int) - color)
    return bool((difference <= TOLERANCE).all(axis=-1).any())


def size_of(
    pixels: Pixels, color: tuple[int, int, int], box: tuple[int, int, int, int]
) -> tuple[int, int]:
    """Return the width and height of a frame of a colour within a part of a screen.

    Its sides are the lines longer than those of any letter.
    """
    left, top, right, bottom = box
    found = (pixels[top:bottom, left:right] == color).all(axis=-1)
    (rows,) = np.nonzero(found.sum(axis=1) > LETTER)
    (columns,) = np.nonzero(found.sum(axis=0) > LETTER)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
