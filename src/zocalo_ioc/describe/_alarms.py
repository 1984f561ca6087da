"""Every alarm: what to do, whom to tell, and all of them as an alarm tree."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote


class Alarm(NamedTuple):
    """One alarm. ``{P}`` in its texts is the prefix.

    Attributes:
        spoken: what is wrong; the alarm server speaks this after the severity.
        guidance: what it means and what to do.
        tell: who can help if that is not enough.
        delay: how long it must last before it is shown, in seconds.
        filter: what must be so as well.
    """

    spoken: str
    guidance: str
    tell: str
    delay: int = 0
    filter: str = ""


_ENGINEER = "the control engineer"
_ZOCALO = "Zocalo support"
ALARMS: Mapping[str, Alarm] = {
    "STATE": Alarm(
        "A Zocalo job failed or timed out",
        "{P}:MESSAGE gives the reason and the remedy. Once that is fixed, process the "
        "data collection again. STATE keeps its alarm until the next job starts.",
        _ZOCALO,
        filter="'{P}:STATE' > 6",  # No centres is for screens alone
    ),
    "BROKER:CONNECTED": Alarm(
        "Zocalo can't be reached",
        "{P}:MESSAGE gives the reason. No results can arrive until the broker is back; "
        "the IOC reconnects automatically. Don't restart it.",
        _ENGINEER,
        10,
    ),
    "BROKER:CONSUMERS": Alarm(
        "Another program takes Zocalo results",
        "Each result reaches only one of the two. Stop the other program, or use "
        "--results-exchange.",
        _ENGINEER,
        30,  # as long as RabbitMQ may take a lost connection for alive
    ),
    "ZOCALO:CONSUMERS": Alarm(
        "Zocalo's dispatcher is not running",
        "Triggers wait, and nothing is processed, until the dispatcher runs again.",
        _ZOCALO,
        30,
    ),
    "ISPYB:CONNECTED": Alarm(
        "ISPyB does not answer the Zocalo IOC",
        "Jobs continue, but the IOC can't look up frames and grids: write NUM_FRAMES "
        "and, for two grids, both DCIDs.",
        _ENGINEER,
        30,
    ),
    "AUTOSAVE:OK": Alarm(
        "The Zocalo IOC can't save its values",
        "Jobs continue, but a restart would lose options and jobs. The IOC's log gives "
        "the reason. The IOC keeps trying.",
        _ENGINEER,
        30,
    ),
    "IOC:FD_FREE": Alarm(
        "The Zocalo IOC is running out of file descriptors",
        "Each client takes one, and without any left, no new client can connect. "
        "{P}:IOC:CA_CLNT_CNT counts the clients. Close some, or raise the limit of "
        "open files.",
        _ENGINEER,
    ),
    "IOC:SYS_CPU_LOAD": Alarm(
        "The machine of the Zocalo IOC is busy",
        "Jobs continue, perhaps more slowly. Find the program that uses the processor "
        "with top, on the machine in {P}:IOC:HOSTNAME.",
        _ENGINEER,
        60,
    ),
}


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
    for name, alarm in ALARMS.items():
        pv = ET.SubElement(component, "pv", name=f"{prefix}:{name}")
        ET.SubElement(pv, "description").text = alarm.spoken
        ET.SubElement(pv, "latching").text = "false"
        ET.SubElement(pv, "annunciating").text = "true"
        if alarm.delay:
            ET.SubElement(pv, "delay").text = str(alarm.delay)
        if alarm.filter:
            ET.SubElement(pv, "filter").text = alarm.filter.replace("{P}", prefix)
        guidance = alarm.guidance.replace("{P}", prefix)
        guidance += f" If that does not help, tell {alarm.tell}."
        _add_details(pv, "guidance", "What to do", guidance)
    ET.indent(config)
    comment = "For alarm-server -import"
    text = ET.tostring(config, encoding="unicode")
    if macros := [macro for macro in ("$(P)", "$(OPI)") if macro in text]:
        comment += f"; replace {' and '.join(macros)} first"
    return f"<!-- {comment}. -->\n{text}\n"


def _add_details(parent: ET.Element, tag: str, title: str, details: str) -> None:
    element = ET.SubElement(parent, tag)
    ET.SubElement(element, "title").text = title
    ET.SubElement(element, "details").text = details
