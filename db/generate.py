"""Writes what control engineers load into other tools, or checks that it is current.

usage: python db/generate.py [--check]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from zocalo_ioc.describe import alarms, archive, database

DB = Path(__file__).parent
FILES = {
    DB / "zocalo-ioc.db": lambda: database("$(P)", None, frames=True),
    DB / "zocalo-ioc-alarms.xml": lambda: alarms("$(P)", "$(OPI)"),
    DB / "zocalo-ioc-archive.csv": lambda: archive("$(P)", "$(GRID)", frames=False),
}


def main() -> None:
    """Write the files, or name those that are not current."""
    made = {file: make() for file, make in FILES.items()}
    check = sys.argv[1:] == ["--check"]
    stale = list(_stale(made))
    if check and stale:
        sys.exit(f"Not current: {', '.join(stale)}. Run: python db/generate.py")
    for file, text in made.items():
        if not check:
            file.write_text(text)


def _stale(made: dict[Path, str]) -> Iterator[str]:
    for file, text in made.items():
        if not file.exists() or file.read_text() != text:
            yield f"db/{file.name}"


if __name__ == "__main__":
    main()
