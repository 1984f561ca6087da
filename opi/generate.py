"""Writes the Phoebus screens, or checks that they are current.

usage: python opi/generate.py [--check]
"""

import sys
from collections.abc import Iterator
from typing import Any

from grids import maps, plots
from parts import (
    broker,
    commands,
    history,
    ignored,
    ispyb,
    job,
    message,
    options,
    progress,
    request,
    result,
    state,
    strongest,
    title,
    while_it_answers,
    whose,
)
from web import web_screen
from widgets import (
    GAP,
    HEIGHT,
    LED,
    MARGIN,
    OPI,
    PITCH,
    TITLE,
    colors,
    heading,
    label,
    lamp,
    opens,
    pv,
    rows,
    set_property,
    text_of,
    value,
)

# what the frame, menus and tool bars of Phoebus leave of its window of 1600 x 900
WIDTH, ROOM = 1560, 712
RIGHT = 600
TOP = 92
"""Where the parts below the state begin."""


def main_screen() -> str:
    """Return the screen that operators look at all day, and run scans from."""
    left = 330
    middle = 2 * MARGIN + left

    def inside() -> Iterator[Any]:
        yield from _top()
        yield from request(MARGIN, TOP, left)
        yield from commands(MARGIN, TOP + 10 * PITCH + GAP, left)
        yield from options(MARGIN, TOP + 14 * PITCH, left)
        yield from _scan(middle, unless_idle=False)

    def widgets() -> Iterator[Any]:
        screens = (
            ("Watch", "zocalo-watch.bob"),
            ("Engineering", "zocalo-engineering.bob"),
        )
        yield from title("Zocalo  $(P)", WIDTH, *screens)
        yield from while_it_answers(WIDTH, TITLE, ROOM - TITLE, inside())

    return text_of("Zocalo $(P)", WIDTH, ROOM, widgets())


def watch_screen() -> str:
    """Return the screen for where plans begin the scans, and people only look."""

    def inside() -> Iterator[Any]:
        yield from _top()
        yield from _scan(MARGIN, unless_idle=True)

    def widgets() -> Iterator[Any]:
        yield from title("Zocalo  $(P)", WIDTH, ("Operate", "zocalo.bob"))
        yield from while_it_answers(WIDTH, TITLE, ROOM - TITLE, inside())

    return text_of("Zocalo $(P) watch", WIDTH, ROOM, widgets())


def _top() -> Iterator[Any]:
    """Yield the line with the state."""
    yield state(MARGIN, 2, 220, 40)
    yield from job(240, 0, 400)
    yield from progress(650, 0, 280)
    x, half = WIDTH - RIGHT - MARGIN, (RIGHT - GAP) // 2
    yield from broker(x, 0, half)
    yield ispyb(x + half + GAP, 0, half)
    yield ignored(x, HEIGHT, RIGHT)


def _scan(x: int, *, unless_idle: bool) -> Iterator[Any]:
    """Yield what a scan looks like, from x to the right end of the screen."""
    yield message(MARGIN, 48, WIDTH - 2 * MARGIN, unless_idle=unless_idle)
    right = WIDTH - RIGHT - MARGIN
    bottom = ROOM - TITLE - MARGIN
    across, down = right - x - MARGIN, bottom - TOP
    yield plots(x, TOP, across, down)
    yield maps(x, TOP, across, down)
    table = 14 * PITCH + 18
    yield from result(right, TOP, RIGHT, table)
    yield from history(right, TOP + table + GAP, RIGHT, down - table - GAP)


def engineering_screen() -> str:
    """Return the screen for those who look after the IOC."""
    width, height = 1260, ROOM
    column = (width - 4 * MARGIN) // 3
    first, second, third = (MARGIN + n * (column + MARGIN) for n in range(3))
    top = TOP
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
    options = [
        ("SOURCE", "Results from"),
        ("SORT_KEY", "Strongest by"),
        ("TIMEOUT", "Wait for result"),
        ("END_TIMEOUT", "Wait for END"),
        ("MIN_TOTAL_COUNT", "Min. total spots"),
    ]
    process = [
        (f"IOC:{name}", text)
        for name, text in (
            ("STARTTOD", "Started"),
            ("UPTIME", "Up for"),
            ("IOC_CPU_LOAD", "CPU load"),
            ("SYS_CPU_LOAD", "Host CPU load"),
            ("MEM_USED", "Memory, MB"),
            ("FD_CNT", "Open files"),
            ("FD_FREE", "Free files"),
            ("CA_CLNT_CNT", "CA clients"),
            ("CA_CONN_CNT", "CA connections"),
            ("RECORD_CNT", "Records"),
            ("EPICS_VERS", "EPICS"),
        )
    ]
    last = [
        ("GUID", "GUID"),
        ("RESULT:DCID", "Result's DCID"),
        ("RESULT:DCGID", "Result's group"),
        ("RESULT:DIMENSIONS", "Dimensions"),
        ("RESULT:LATENCY", "Latency"),
        ("RESULT:SOURCE", "Result's pipeline"),
    ]
    software = [("VERSION", "zocalo-ioc"), ("HEARTBEAT", "Heartbeat")]

    def widgets() -> Iterator[Any]:
        yield from title(
            "Zocalo  $(P)  engineering",
            width,
            ("Operate", "zocalo.bob"),
            ("Watch", "zocalo-watch.bob"),
        )
        yield from while_it_answers(width, TITLE, height - TITLE, inside())

    def inside() -> Iterator[Any]:
        yield state(MARGIN, 2, 220, 40)
        yield from job(240, 0, 400)
        yield from broker(650, 0, 300)
        yield label("ISPyB", 970, 0, 50)
        yield value("ISPYB:CONNECTED", 1024, 0, 60)
        yield message(MARGIN, 48, width - 2 * MARGIN)
        yield heading("Messages", first, top, column)
        yield from rows(counters, first, top + PITCH, column)
        y = top + 9 * PITCH + GAP
        yield heading("Options", first, y, column)
        yield from rows(options, first, y + PITCH, column)
        yield heading("Last messages", second, top, column)
        *others, pipeline = rows(last, second, top + PITCH, column)
        yield from others
        is_there = {pv("RESULT:SEQ"): True}, {"pvInt0 < 1": "false"}
        pipeline.rule("none", "visible", *is_there)  # before a result, it says CPU
        yield pipeline
        y = top + 7 * PITCH + GAP
        yield heading("Software", second, y, column)
        yield from rows(software, second, y + PITCH, column)
        yield heading("Process", third, top, column)
        yield from rows(process, third, top + PITCH, column)
        y = top + 15 * PITCH + 2 * GAP
        yield heading("Latest result, as received", first, y, width - 2 * MARGIN)
        json = value(
            "RESULT:JSON",
            first,
            y + PITCH,
            width - 2 * MARGIN,
            height - TITLE - y - PITCH - MARGIN,
        )
        set_property(json, "interactive", "true")  # it scrolls, and can be copied
        yield json

    return text_of("Zocalo $(P) engineering", width, height, widgets())


def embedded_screen() -> str:
    """Return what a beamline puts into a screen of its own."""
    width, height = 460, 250
    inner = width - 2 * MARGIN

    def inside() -> Iterator[Any]:
        yield lamp("BROKER:CONNECTED", MARGIN, 8, colors.OK, colors.MAJOR)
        yield state(MARGIN + LED + GAP, 4, 150, 26)
        yield opens("Open", "zocalo-watch.bob", width - MARGIN - 70, 4, 70)
        yield from progress(196, 0, 170)
        yield whose(MARGIN, 38, inner)
        yield next(strongest(MARGIN, 62, inner))
        yield plots(MARGIN, 90, inner, height - 100, beside=True)
        yield maps(MARGIN, 90, inner, height - 100, brief=True)

    def widgets() -> Iterator[Any]:
        yield from while_it_answers(width, 0, height, inside())

    return text_of("Zocalo $(P) embedded", width, height, widgets())


SCREENS = {
    OPI / "zocalo.bob": main_screen,
    OPI / "zocalo-watch.bob": watch_screen,
    OPI / "zocalo-engineering.bob": engineering_screen,
    OPI / "zocalo-embedded.bob": embedded_screen,
    OPI / "zocalo-web.bob": web_screen,
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
