"""Writes the Phoebus screens, or checks that they are current.

usage: python opi/generate.py [--check]
"""

import sys
from collections.abc import Iterator
from typing import Any

from parts import (
    PLOTS,
    STATUS,
    commands,
    latest,
    request,
    status,
    strongest,
    title,
    view,
)
from widgets import (
    GAP,
    LED,
    MARGIN,
    OPI,
    PITCH,
    TITLE,
    colors,
    fonts,
    heading,
    label,
    lamp,
    opens,
    rows,
    set_property,
    table,
    text_of,
    value,
)
from zocalo_ioc.records import DECLARATIONS, Group

CENTRE_WIDTHS = (*[140] * 3, *[78] * 3, *[80] * 3, *[92] * 3, 80, 90, 72, 78)
HISTORY_WIDTHS = (140, 110, 110, 80, 80, 100, 280, 80, 400)


def main_screen() -> str:
    """Return the screen that operators look at all day."""
    # with the frame, menus and tool bars of Phoebus it fits a display of 1920 x 1080
    width, height = 1540, 880
    inner = width - 2 * MARGIN
    left = 400
    right = width - left - 3 * MARGIN
    top = TITLE + 54
    second = 2 * MARGIN + left
    plot = (right - GAP) // 2, 314
    bottom = top + 484
    four, three = 128, 104  # rows

    def widgets() -> Iterator[Any]:
        button = width - MARGIN - 110
        beside = button - 2 * GAP - STATUS
        yield from title("Zocalo  $(P)", beside)
        yield from status(beside, 4)
        yield opens("Engineering", "zocalo-engineering.bob", button, 7, 110)
        yield value("MESSAGE", MARGIN, TITLE + 4, inner, 40)
        yield from request(MARGIN, top, left)
        yield from commands(MARGIN, top + 10 * PITCH + GAP, left)
        yield from latest(MARGIN, top + 13 * PITCH + 3 * GAP, left)
        yield heading(PLOTS, second, top, right)
        yield view("y", second, top + PITCH, plot)
        yield view("z", second + plot[0] + GAP, top + PITCH, plot)
        yield from strongest(second, top + PITCH + plot[1] + GAP, right)
        yield heading(
            "Centres of the latest result, strongest first", MARGIN, bottom, inner
        )
        box = (MARGIN, bottom + PITCH, inner, four)
        yield table("RESULT:TABLE", CENTRE_WIDTHS, box)
        history = bottom + PITCH + four + GAP
        yield heading("History, newest first", MARGIN, history, inner)
        box = (MARGIN, history + PITCH, inner, three)
        yield table("HISTORY", HISTORY_WIDTHS, box)

    return text_of("Zocalo $(P)", width, height, widgets())


def engineering_screen() -> str:
    """Return the screen for those who look after the IOC."""
    width, height = 1260, 812
    column = (width - 4 * MARGIN) // 3
    first, second, third = (MARGIN + n * (column + MARGIN) for n in range(3))
    top = TITLE + 90
    counters = [
        ("BROKER:SENT", "Sent"),
        ("BROKER:RECEIVED", "Received"),
        ("BROKER:IGNORED", "Ignored"),
        ("BROKER:REJECTED", "Rejected"),
        ("BROKER:RECONNECTS", "Reconnects"),
        ("BROKER:CONFIRM_TIME", "Confirm time"),
        ("RESULT:SEQ", "Results"),
        ("HISTORY:SEQ", "History entries"),
    ]
    options = [r for r in DECLARATIONS if r.group is Group.OPTION]
    process = [
        (f"IOC:{name}", text)
        for name, text in (
            ("STARTTOD", "Started"),
            ("UPTIME", "Up for"),
            ("IOC_CPU_LOAD", "CPU load"),
            ("SYS_CPU_LOAD", "Host's CPU load"),
            ("MEM_USED", "Memory"),
            ("FD_CNT", "Open files"),
            ("FD_FREE", "Free files"),
            ("CA_CLNT_CNT", "CA clients"),
            ("CA_CONN_CNT", "CA connections"),
            ("RECORD_CNT", "Records"),
            ("EPICS_VERS", "EPICS"),
        )
    ]
    last = [
        ("GUID", "guid"),
        ("RESULT:DCID", "Result's DCID"),
        ("RESULT:DCGID", "Result's group"),
        ("RESULT:SOURCE", "Result's pipeline"),
        ("RESULT:DIMENSIONS", "Dimensions"),
        ("RESULT:LATENCY", "Latency"),
    ]
    software = [("VERSION", "zocalo-ioc"), ("HEARTBEAT", "Heartbeat")]

    def widgets() -> Iterator[Any]:
        yield from title(
            "Zocalo  $(P)  engineering", width, ("Operation", "zocalo.bob")
        )
        yield from status(MARGIN, TITLE)
        yield value("MESSAGE", MARGIN, TITLE + 40, width - 2 * MARGIN, 40)
        yield heading("Messages", first, top, column)
        yield from rows(counters, first, top + PITCH, column)
        y = top + 9 * PITCH + GAP
        yield heading("Options", first, y, column)
        yield from rows(options, first, y + PITCH, column)
        yield heading("Last messages", second, top, column)
        yield from rows(last, second, top + PITCH, column)
        y = top + 7 * PITCH + GAP
        yield heading("Software", second, y, column)
        yield from rows(software, second, y + PITCH, column)
        yield heading("Process", third, top, column)
        yield from rows(process, third, top + PITCH, column)
        y = top + 15 * PITCH + 2 * GAP
        yield heading("Latest result, as it came", first, y, width - 2 * MARGIN)
        json = value(
            "RESULT:JSON",
            first,
            y + PITCH,
            width - 2 * MARGIN,
            height - y - PITCH - MARGIN,
        )
        set_property(json, "interactive", "true")  # it scrolls, and can be copied
        yield json

    return text_of("Zocalo $(P) engineering", width, height, widgets())


def embedded_screen() -> str:
    """Return what a beamline puts into a screen of its own."""
    width, height = 420, 150

    def widgets() -> Iterator[Any]:
        yield lamp("BROKER:CONNECTED", 10, 9, colors.OK, colors.MAJOR)
        name = label("Zocalo", 10 + LED + GAP, 7, 60)
        name.predefined_font(fonts.DefaultBold)
        yield name
        state = value("STATE", 100, 5, 140, 26)
        state.predefined_font(fonts.Header3)
        state.horizontal_alignment_center()
        yield state
        yield value("JOB:DCID", 248, 7, 82)
        yield opens("Open", "zocalo.bob", 338, 5, 72)
        yield value("MESSAGE", 10, 37, 400, 40)
        yield label("Centres", 10, 85, 60)
        yield value("RESULT:COUNT", 74, 85, 60)
        yield label("of DCID", 146, 85, 58)
        yield value("RESULT:DCID", 208, 85, 100)
        for n, axis in enumerate("XYZ"):
            left = 10 + n * 136
            yield label(axis.lower(), left, 115, 16)
            yield value(f"BEST:{axis}", left + 18, 115, 110)

    return text_of("Zocalo $(P) embedded", width, height, widgets())


SCREENS = {
    OPI / "zocalo.bob": main_screen,
    OPI / "zocalo-engineering.bob": engineering_screen,
    OPI / "zocalo-embedded.bob": embedded_screen,
}


def main() -> None:
    """Write the screens, or name those that are not current."""
    made = {file: make() for file, make in SCREENS.items()}
    check = sys.argv[1:] == ["--check"]
    stale = [
        f"opi/{file.name}"
        for file, text in made.items()
        if not file.exists() or file.read_text() != text
    ]
    if check and stale:
        sys.exit(f"Not current: {', '.join(stale)}. Run: python opi/generate.py")
    for file, text in made.items():
        if not check:
            file.write_text(text)


if __name__ == "__main__":
    main()
