"""Writes what control engineers load into other tools, or checks that it is current.

usage: python db/generate.py [--check|--freeze]

``--freeze`` adds new PVs to the interface that versions keep, as part of a release.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from zocalo_ioc.describe import alarms, archive, database
from zocalo_ioc.records import IMAGES, TABLES, served

DB = Path(__file__).parent
FILES = {
    DB / "zocalo-ioc.db": lambda: database("$(P)", None, frames=True),
    DB / "zocalo-ioc-alarms.xml": lambda: alarms("$(P)", "$(OPI)"),
    DB / "zocalo-ioc-archive.csv": lambda: archive("$(P)", "$(GRID)", frames=False),
}
FROZEN = DB / "zocalo-ioc-interface.csv"
_HEADING = "pv,type,access,unit,choices or columns"


def interface() -> Iterator[str]:
    """Yield what clients rely on: type, access, unit and choices of each PV."""
    for r in served(motor=True, frames=True):
        kind, choices = r.type.partition(",")[0], "|".join(r.datatype.choices)
        yield f"$(P):{r.name},{kind},{r.access},{r.datatype.unit},{choices}"
    for table in TABLES:
        columns = "|".join(["seq", *table.beside, *table.columns])
        yield f"$(P):{table.name},NTTable,r,,{columns}"
    for image in IMAGES:
        yield f"$(P):{image.name},NTNDArray,r,,"


def frozen() -> list[str]:
    """Return the lines of the interface that was released."""
    return FROZEN.read_text().splitlines()[1:] if FROZEN.exists() else []


def main() -> None:
    """Write the files, or name those that are not current."""
    if sys.argv[1:] == ["--freeze"]:
        lines = [_HEADING, *dict.fromkeys([*frozen(), *interface()])]
        FROZEN.write_text("\n".join([*lines, ""]))
        return
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
