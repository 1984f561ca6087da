"""The records as an EPICS database, an alarm tree and a list of what to archive.

Each function takes the prefix, which may be the macro ``$(P)``, that of the grid scan
device, if there are to be motor positions, and whether there are to be grids.
"""

import tempfile
import xml.etree.ElementTree as ET
from typing import Any

from ..records import (
    DECLARATIONS,
    Array,
    Group,
    Record,
    Text,
    ioc_stats,
    served,
)

CHANGE = (Group.OPTION, Group.STATUS, Group.RESULT, Group.BEST, Group.MOTOR)
"""What has records whose course is worth keeping."""
NO_COURSE = (
    *("HEARTBEAT", "JOB:ELAPSED", "JOB:REMAINING"),
    *("RESULT:TIME", "RESULT:OUTLINE:EXTENT"),
)
IOC_COURSE = ("IOC_CPU_LOAD", "MEM_USED", "FD_CNT", "CA_CLNT_CNT", "STARTTOD")
IOC_ALARMS = ("FD_FREE", "SYS_CPU_LOAD")
DELAYS = {
    "BROKER:CONNECTED": 10,
    "BROKER:CONSUMERS": 30,  # as long as RabbitMQ may take a lost connection for alive
    "ZOCALO:CONSUMERS": 30,
    "IOC:SYS_CPU_LOAD": 60,
}
"""How long an alarm must last before the alarm server tells of it, in seconds."""

GUIDANCE = {
    "STATE": "{P}:MESSAGE says what happened to the data collection {P}:JOB:DCID.",
    "BROKER:CONNECTED": "{P}:MESSAGE says why. No results can come until it is "
    "mended; the IOC connects again by itself.",
    "BROKER:CONSUMERS": "Another program takes results from the queue. Stop it, or use "
    "--results-exchange.",
    "ZOCALO:CONSUMERS": "Nothing is processed until Zocalo's dispatcher runs.",
}


def database(prefix: str, grid_prefix: str | None, frames: bool) -> str:
    """Return the records as an EPICS database. It can be made once a process."""
    # EPICS is loaded only when it is needed
    from softioc import builder

    from ..records.database import Records

    Records(prefix, grid_prefix=grid_prefix, frames=frames)
    header = (
        "The records of zocalo-ioc, for reference: it makes them itself, and loads\n"
        "those of iocStats. Made by zocalo-ioc describe --format database."
    )
    if prefix == "$(P)":
        header += "\nP is the prefix."
    with tempfile.NamedTemporaryFile("r", suffix=".db") as file:
        builder.WriteRecords(file.name, f"{header}\n")
        text = file.read()
    return text + (_motor_records(prefix, grid_prefix) if grid_prefix else "")


def _motor_records(prefix: str, grid_prefix: str) -> str:
    from ..records._motor import TEMPLATE, macros

    text = ""
    for axis_macros in macros(prefix, grid_prefix):
        axis = TEMPLATE.read_text().partition("\n\n")[2].partition("\n\n")[2]
        for name, value in axis_macros.items():
            axis = axis.replace(f"$({name})", value)
        text += f"\n{axis.replace('$(LINK=CP MS)', axis_macros['LINK'])}"
    return text


def alarms(prefix: str, _: str | None, __: bool) -> str:
    """Return an alarm tree for the alarm server of Phoebus."""
    config = ET.Element("config", name="Zocalo")
    component = ET.SubElement(config, "component", name=prefix)
    names = [record.name for record in DECLARATIONS if record.datatype.alarming]
    ours = {r.name: r.description for r in (*DECLARATIONS, *ioc_stats())}
    for name in (*names, *(f"IOC:{name}" for name in IOC_ALARMS)):
        pv = ET.SubElement(component, "pv", name=f"{prefix}:{name}")
        ET.SubElement(pv, "description").text = f"Zocalo: {ours[name]}"
        ET.SubElement(pv, "latching").text = "false"
        if name in DELAYS:
            ET.SubElement(pv, "delay").text = str(DELAYS[name])
        if name in GUIDANCE:
            guidance = ET.SubElement(pv, "guidance")
            ET.SubElement(guidance, "title").text = "What to do"
            details = GUIDANCE[name].replace("{P}", prefix)
            ET.SubElement(guidance, "details").text = details
    ET.indent(config)
    comment = "For alarm-server -import"
    if prefix == "$(P)":
        comment += "; put your prefix in place of $(P) first"
    return f"<!-- {comment}. -->\n{ET.tostring(config, encoding='unicode')}\n"


def archive(prefix: str, grid_prefix: str | None, frames: bool) -> str:
    """Return what to archive: PV, how it is sampled, the shortest period in seconds."""
    records = served(motor=bool(grid_prefix), frames=frames)
    names = [record.name for record in records if _has_a_course(record)]
    lines = [f"{prefix}:{name},MONITOR,0.1" for name in names]
    lines += [f"{prefix}:IOC:{name},MONITOR,1" for name in IOC_COURSE]
    return "\n".join([*lines, ""])


def _has_a_course(record: Record[Any]) -> bool:
    return (
        record.group in CHANGE
        and not isinstance(record.datatype, Array | Text)
        and record.name not in NO_COURSE
    )
