"""The screen for browsers: what DLS's cs-web-lib and PVWS show as Phoebus does.

cs-web-lib has no tables, and images only as video streams, so this has rows of text.
It takes rules for JavaScript, and Phoebus turns them into Python, so these are both. A
group that is hidden there shows what is inside, so each widget has a rule of its own.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from phoebusgen import widget

from parts import STATE_COLORS, broker, message, title, while_it_answers
from widgets import (
    GAP,
    HEIGHT,
    MARGIN,
    PITCH,
    TITLE,
    colors,
    exact,
    fonts,
    heading,
    label,
    pv,
    rows,
    text_of,
    value,
)

WIDTH, ROOM = 760, 712
SHOWN = 10
"""Centres that have a row."""
GRIDS = {
    "DCID": "DCID",
    "Columns": "NX",
    "Rows": "NY",
    "Frames": "FRAMES",
    "Expected": "EXPECTED",
    "Most spots": "MAX_COUNT",
}
CENTRES = {
    "x": ("X", 2),
    "y": ("Y", 2),
    "z": ("Z", 2),
    "Max": ("MAX_COUNT", 0),
    "Total": ("TOTAL_COUNT", 0),
    "Sample": ("SAMPLE_ID", 0),
}
"""Arrays and their decimals, by the headings of their columns."""


def web_screen() -> str:
    """Return the screen for browsers, which sets nothing."""

    def widgets() -> Iterator[Any]:
        yield from title("Zocalo  $(P)", WIDTH)
        inside = map(_while_it_answers, _inside())
        gone, screen = while_it_answers(WIDTH, TITLE, ROOM - TITLE, inside)
        beats = {pv("HEARTBEAT"): True}
        gone.rule("answers", "visible", beats, {"pvInt0 >= 0": "false"})
        yield from (gone, screen)

    return text_of("Zocalo $(P) web", WIDTH, ROOM, widgets())


def _inside() -> Iterator[Any]:
    half = (WIDTH - 3 * MARGIN) // 2
    right = 2 * MARGIN + half
    yield _state(MARGIN, 2, 220, 40)
    yield from broker(right, 2, half)
    yield message(MARGIN, 48, WIDTH - 2 * MARGIN)
    top = 96
    yield heading("Job", MARGIN, top, half)
    job = [
        ("JOB:DCID", "DCID"),
        ("JOB:NUMBER", "Number"),
        ("JOB:BY", "Started by"),
        ("JOB:ELAPSED", "Time taken"),
    ]
    yield from rows(job, MARGIN, top + PITCH, half)
    for made in rows([("JOB:REMAINING", "Time left")], MARGIN, top + 5 * PITCH, half):
        yield _only_when(made, ["STATE"], "pvInt0 > 0 && pvInt0 < 5")
    yield heading("Latest result", right, top, half)
    result = [
        ("RESULT:DCID", "DCID"),
        ("RESULT:JOB", "Of job"),
        ("RESULT:SOURCE", "Pipeline"),
        ("RESULT:DIMENSIONS", "Dimensions"),
        ("RESULT:COUNT", "Centres"),
    ]
    for made in rows(result, right, top + PITCH, half):
        yield _only_when(made, ["RESULT:SEQ"], "pvInt0 > 0")
    top += 6 * PITCH + GAP
    yield from _grids(MARGIN, top, WIDTH - 2 * MARGIN)
    yield from _centres(MARGIN, top + 3 * PITCH + GAP, WIDTH - 2 * MARGIN)


def _only_when(made: Any, names: Sequence[str], condition: str) -> Any:
    """Show a widget only under a condition, with pvInt0 and so on."""
    made.visible(False)
    of = dict.fromkeys([n if n.startswith("=") else pv(n) for n in names], True)
    made.rule("when", "visible", of, {condition: "true"})
    return made


def _while_it_answers(made: Any) -> Any:
    """Hide a widget when the IOC is gone: pvInt0 is then not a number."""
    if made.root.find(".//rule[@prop_id='visible']") is None:
        _only_when(made, ["JOB:NUMBER"], "pvInt0 >= 0")
    return made


def _state(x: int, y: int, width: int, height: int) -> Any:
    made = value("STATE", x, y, width, height)
    made.horizontal_alignment_center()
    made.predefined_font(fonts.Header2)
    by_state = {f"pvInt0 == {s.value}": color for s, color in STATE_COLORS.items()}
    made.rule("color", "background_color", {pv("STATE"): True}, by_state)
    return made


def _headings(texts: Sequence[str], x: int, y: int, width: int) -> Iterator[Any]:
    for n, text in enumerate(texts):
        yield heading(text, x + n * width, y, width)


def _grids(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield a row a grid, and how full it is; nothing if the IOC takes no frames."""
    each = width // (len(GRIDS) + 2)

    def inside() -> Iterator[Any]:
        yield from _headings(["Grid", *GRIDS, "Filled"], x, y, each)
        for n, grid in enumerate(("XY", "XZ"), start=1):
            top = y + n * PITCH
            yield label("-".join(grid.lower()), x, top, each - GAP)
            for k, name in enumerate(GRIDS.values(), start=1):
                shown = f"GRID:{grid}:{name}"
                yield value(shown, x + k * each, top, each - GAP, units=False)

    for made in inside():
        yield _only_when(made, ["GRID:XY:NX"], "pvInt0 >= 0")
    for n, grid in enumerate(("XY", "XZ"), start=1):
        seen, all_ = (pv(f"GRID:{grid}:{name}") for name in ("FRAMES", "EXPECTED"))
        share = f"=100 * `{seen}` / `{all_}`"
        left, top = x + (len(GRIDS) + 1) * each, y + n * PITCH
        bar = widget.ProgressBar(f"{grid} bar", share, left, top, each, HEIGHT)
        bar.limits_from_pv(False)
        yield _only_when(bar, [f"GRID:{grid}:EXPECTED"], "pvInt0 > 0")


def _centres(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield a row a centre, the strongest first."""
    old = label("earlier", x, y, width)
    old.text(" The centres are not of the job above")
    old.predefined_background_color(colors.Attention)
    old.transparent(False)
    jobs = ["RESULT:JOB", "JOB:NUMBER", "RESULT:SEQ"]
    yield _only_when(old, jobs, "pvInt0 != pvInt1 && pvInt2 > 0")
    each = width // (len(CENTRES) + 1)
    y += PITCH
    yield from _headings(["Centre", *CENTRES], x, y, each)
    for n in range(SHOWN):
        top = y + (n + 1) * PITCH
        of, is_there = ["RESULT:COUNT", "RESULT:DIMENSIONS"], f"pvInt0 > {n}"
        yield _only_when(label(str(n + 1), x, top, each - GAP), of, is_there)
        for k, (name, decimals) in enumerate(CENTRES.values(), start=1):
            element = f"=elementAt(`{exact(f'CENTRES:{name}')}`, {n})"
            place = x + k * each, top, each - GAP, HEIGHT
            made = widget.TextUpdate(f"{name} {n + 1}", element, *place)
            made.precision(decimals)
            made.vertical_alignment_middle()
            has_z = " && pvInt1 > 2" if name == "Z" else ""
            known = " && pvInt2 >= 0"  # the sample may not be
            yield _only_when(made, [*of, element], is_there + has_z + known)
