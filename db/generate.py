"""Writes what control engineers load into other tools, or checks that it is current.

usage: python db/generate.py [--check]
"""

import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from softioc import builder

from zocalo_ioc.records import DECLARATIONS, MOTOR, Group, Kind, Record, ioc_stats
from zocalo_ioc.records.database import Records

DB = Path(__file__).parent
TEXTS = (Kind.TEXT_IN, Kind.TEXT_OUT, Kind.TEXT_COMMAND)
CHANGE = (Group.OPTION, Group.STATUS, Group.RESULT, Group.BEST, Group.MOTOR)
"""What has records whose course is worth keeping."""
NO_COURSE = ("HEARTBEAT", "JOB:ELAPSED", "RESULT:TIME", "RESULT:OUTLINE:EXTENT")
IOC_COURSE = ("IOC_CPU_LOAD", "MEM_USED", "FD_CNT", "CA_CLNT_CNT", "STARTTOD")
IOC_ALARMS = ("FD_FREE", "SYS_CPU_LOAD")
DELAYS = {"BROKER:CONNECTED": 10, "IOC:SYS_CPU_LOAD": 60}
"""How long an alarm must last before the alarm server tells of it, in seconds."""

GUIDANCE = {
    "STATE": "$(P):MESSAGE says what happened to the data collection $(P):JOB:DCID.",
    "BROKER:CONNECTED": "$(P):MESSAGE says why. No results can come until it is "
    "mended; the IOC connects again by itself.",
}


def database() -> str:
    """Return the records as an EPICS database."""
    Records("$(P)")
    header = (
        "The records of zocalo-ioc, for reference: it makes them itself. Made by\n"
        "db/generate.py. P is the prefix.\n"
    )
    with tempfile.NamedTemporaryFile("r", suffix=".db") as file:
        builder.WriteRecords(file.name, header)
        return file.read()


def alarms() -> str:
    """Return an alarm tree for the alarm server of Phoebus."""
    config = ET.Element("config", name="Zocalo")
    component = ET.SubElement(config, "component", name="$(P)")
    names = [record.name for record in DECLARATIONS if record.severities]
    ours = {r.name: r.description for r in (*DECLARATIONS, *ioc_stats())}
    for name in (*names, *(f"IOC:{name}" for name in IOC_ALARMS)):
        pv = ET.SubElement(component, "pv", name=f"$(P):{name}")
        ET.SubElement(pv, "description").text = f"Zocalo: {ours[name]}"
        ET.SubElement(pv, "latching").text = "false"
        if name in DELAYS:
            ET.SubElement(pv, "delay").text = str(DELAYS[name])
        if name in GUIDANCE:
            guidance = ET.SubElement(pv, "guidance")
            ET.SubElement(guidance, "title").text = "What to do"
            ET.SubElement(guidance, "details").text = GUIDANCE[name]
    ET.indent(config)
    comment = (
        "<!-- For alarm-server -import; put your prefix in place of $(P) first. -->"
    )
    return f"{comment}\n{ET.tostring(config, encoding='unicode')}\n"


def archive() -> str:
    """Return what to archive: PV, how it is sampled, the shortest period in seconds."""
    names = [record.name for record in (*DECLARATIONS, *MOTOR) if _has_a_course(record)]
    lines = [f"$(P):{name},MONITOR,0.1" for name in names]
    lines += [f"$(P):IOC:{name},MONITOR,1" for name in IOC_COURSE]
    return "\n".join([*lines, ""])


def _has_a_course(record: Record) -> bool:
    return (
        record.group in CHANGE
        and record.kind not in TEXTS
        and not record.kind.is_array
        and record.name not in NO_COURSE
    )


FILES = {
    DB / "zocalo-ioc.db": database,
    DB / "zocalo-ioc-alarms.xml": alarms,
    DB / "zocalo-ioc-archive.csv": archive,
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
