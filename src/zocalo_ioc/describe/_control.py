"""The records as an EPICS database, an alarm tree and a list of what to archive.

The database and the list take the prefix, which may be the macro ``$(P)``, that of the
grid scan device, if there are to be motor positions, and whether there are to be grids.
"""

import tempfile
import xml.etree.ElementTree as ET
from typing import Any, NamedTuple
from urllib.parse import quote

from ..records import Array, Group, Record, Text, served

CHANGE = (Group.OPTION, Group.STATUS, Group.RESULT, Group.BEST, Group.MOTOR)
"""What has records whose course is worth keeping."""
NO_COURSE = (
    "HEARTBEAT",
    "JOB:ELAPSED",
    "JOB:REMAINING",
    "RESULT:TIME",
    "RESULT:OUTLINE:EXTENT",
)
IOC_COURSE = ("IOC_CPU_LOAD", "MEM_USED", "FD_CNT", "CA_CLNT_CNT", "STARTTOD")


class _Alarm(NamedTuple):
    """What the alarm server shows and speaks, after the severity, and when.

    Attributes:
        spoken: what is wrong.
        guidance: what to do.
        delay: how long it must last before, in seconds.
        filter: what must be so as well.
    """

    spoken: str
    guidance: str
    delay: int = 0
    filter: str = ""


_ALARMS = {
    "STATE": _Alarm(
        "A Zocalo job failed or timed out",
        "{P}:MESSAGE says what happened to the data collection {P}:JOB:DCID.",
        filter="'{P}:STATE' > 6",  # No centres is for screens alone
    ),
    "BROKER:CONNECTED": _Alarm(
        "Zocalo can't be reached",
        "{P}:MESSAGE says why. No results can arrive until this is fixed; the IOC "
        "reconnects automatically.",
        10,
    ),
    "BROKER:CONSUMERS": _Alarm(
        "Another program takes Zocalo results",
        "Stop the other consumer of the results queue, or use --results-exchange.",
        30,  # as long as RabbitMQ may take a lost connection for alive
    ),
    "ZOCALO:CONSUMERS": _Alarm(
        "Zocalo's dispatcher is not running",
        "Nothing is processed until Zocalo's dispatcher runs.",
        30,
    ),
    "ISPYB:CONNECTED": _Alarm(
        "ISPyB does not answer the Zocalo IOC",
        "Jobs go on, but what a request leaves out is not filled in.",
        30,
    ),
    "AUTOSAVE:OK": _Alarm(
        "The Zocalo IOC can't save its values",
        "The log says why. The IOC keeps trying.",
        30,
    ),
    "IOC:FD_FREE": _Alarm(
        "The Zocalo IOC is running out of file descriptors",
        "{P}:IOC:CA_CLNT_CNT says how many clients there are. Raise the limit of open "
        "files.",
    ),
    "IOC:SYS_CPU_LOAD": _Alarm(
        "The machine of the Zocalo IOC is busy",
        "Find the program with top on {P}:IOC:HOSTNAME.",
        60,
    ),
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
        axis = TEMPLATE.read_text().partition("\n\n")[2]
        for name, value in axis_macros.items():
            axis = axis.replace(f"$({name})", value)
        text += f"\n{axis.replace('$(LINK=CP MS)', axis_macros['LINK'])}"
    return text


def alarms(prefix: str, screens: str) -> str:
    """Return an alarm tree for the alarm server of Phoebus.

    Args:
        prefix: the prefix, or ``$(P)``.
        screens: the folder or URL that has ``zocalo.bob``.
    """
    config = ET.Element("config", name="Zocalo")
    component = ET.SubElement(config, "component", name=prefix)
    place = f"file://{screens}" if screens.startswith("/") else screens
    macro = quote(prefix, safe="$():")
    _add_details(component, "display", "Zocalo", f"{place}/zocalo.bob?P={macro}")
    for name, alarm in _ALARMS.items():
        pv = ET.SubElement(component, "pv", name=f"{prefix}:{name}")
        ET.SubElement(pv, "description").text = alarm.spoken
        ET.SubElement(pv, "latching").text = "false"
        ET.SubElement(pv, "annunciating").text = "true"
        if alarm.delay:
            ET.SubElement(pv, "delay").text = str(alarm.delay)
        if alarm.filter:
            ET.SubElement(pv, "filter").text = alarm.filter.replace("{P}", prefix)
        guidance = alarm.guidance.replace("{P}", prefix)
        _add_details(pv, "guidance", "What to do", guidance)
    ET.indent(config)
    comment = "For alarm-server -import"
    text = ET.tostring(config, encoding="unicode")
    if macros := [macro for macro in ("$(P)", "$(OPI)") if macro in text]:
        comment += f"; put your own in place of {' and '.join(macros)} first"
    return f"<!-- {comment}. -->\n{text}\n"


def _add_details(parent: ET.Element, tag: str, title: str, details: str) -> None:
    element = ET.SubElement(parent, tag)
    ET.SubElement(element, "title").text = title
    ET.SubElement(element, "details").text = details


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
