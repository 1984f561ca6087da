"""The parts that screens are made of."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from phoebusgen import widget

from widgets import (
    GAP,
    HEIGHT,
    LED,
    MARGIN,
    PITCH,
    TITLE,
    colors,
    command,
    entry,
    exact,
    fonts,
    group,
    heading,
    label,
    lamp,
    only_if,
    opens,
    pv,
    says,
    table,
    tip,
    value,
)
from zocalo_ioc.jobs import State

GREY, BLUE, GREEN = (190, 190, 190), (130, 185, 255), (60, 200, 90)
ATTENTION, BLACK, DIM = (255, 160, 0), (0, 0, 0), (150, 150, 150)
YELLOW, RED = (255, 205, 60), (255, 80, 80)
STATE_COLORS = {
    State.IDLE: GREY,
    State.STARTING: BLUE,
    State.STARTED: BLUE,
    State.ENDING: BLUE,
    State.PROCESSING: BLUE,
    State.DONE: GREEN,
    State.NO_CENTRES: YELLOW,
    State.TIMED_OUT: RED,
    State.FAILED: RED,
    State.CANCELLED: GREY,
}
RUNS = "1 <= pvInt0 <= 4"
"""Whether the job whose STATE is pv0 runs."""
OF_THE_JOB = "pvInt0 == pvInt1 > 0"
"""Whether RESULT:JOB is JOB:NUMBER."""
CANCEL_WARNING = "Cancel the current job? The IOC will not wait for its result."
RUNNING_WARNING = "A job is running. Start another one?"
CENTRE_WIDTHS = {
    "#": 28,
    **dict.fromkeys("xyz", 54),
    **dict.fromkeys(("x box", "y box", "z box"), 60),
    **{"Max": 64, "Total": 78, "Sample": 62},
}
HISTORY_WIDTHS = {
    **{"Time": 116, "DCID": 78, "State": 82, "Centres": 68},
    **{"Latency": 66, "From": 44, "Job": 38, "Id": 82},
}


def title(text: str, width: int, *buttons: tuple[str, str]) -> Iterator[Any]:
    """Yield the name of a screen, and at the right end of it buttons to open others."""
    x = width - MARGIN
    for name, file in reversed(buttons):
        x -= 110
        yield opens(name, file, x, 7, 110)
        x -= GAP
    made = label(text, MARGIN, 0, x - MARGIN, TITLE)
    made.predefined_font(fonts.Header1)
    yield made


def while_it_answers(
    width: int, y: int, height: int, inside: Iterable[Any]
) -> Iterator[Any]:
    """Yield what is there only while the IOC answers, and a sentence behind it.

    The coordinates of what is inside begin at y.
    """
    gone = label("gone", MARGIN, y + MARGIN, width - 2 * MARGIN, 40)
    gone.text("The IOC of $(P) does not answer: is it running and reachable?")
    gone.predefined_font(fonts.Header3)
    gone.wrap_words(True)
    yield gone
    made = group("screen", 0, y, width, height, inside)
    made.transparent(False)
    made.visible(False)
    made.rule("answers", "visible", {pv("HEARTBEAT"): True}, {"pvInt0 >= 0": "true"})
    yield made


def state(x: int, y: int, width: int, height: int) -> Any:
    """Return the state of the job, in its colour."""
    made = widget.LEDMultiState("STATE", pv("STATE"), x, y, width, height)
    made.square(True)
    made.predefined_font(fonts.Header2)
    for each, color in STATE_COLORS.items():
        made.state(each.value, each.label, *color)
    return tip(made, "STATE")


def job(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield whose job it is, how far it is, and how long it has."""
    yield says(
        "job",
        ["JOB:DCID", "JOB:NUMBER", exact("JOB:DCIDS"), "JOB:BY"],
        {
            "pvInt0 > 0": '"DCID " + pvStr2.strip("[]") + ", job %d" % pvInt1 + '
            '(", started by " + pvStr3 if pvStr3 else "")',
        },
        x,
        y,
        width,
    )
    yield says(
        "time",
        ["STATE", "JOB:ELAPSED", "JOB:REMAINING"],
        {
            RUNS: '"%d s so far, times out in %d:%02d" '
            "% (pvInt1, pvInt2 / 60, pvInt2 % 60)",
            "pvInt0 > 4 and pv1 > 0": '"took %.1f s" % pv1',
        },
        x,
        y + HEIGHT,
        width,
    )


def progress(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield how many frames of the job's scan were seen, where the IOC takes frames."""
    grids = ("XY", "XZ")
    frames, expected = (
        [pv(f"GRID:{grid}:{name}") for grid in grids] for name in ("FRAMES", "EXPECTED")
    )
    dcids = [pv(name) for name in ("GRID:XY:DCID", "JOB:DCID", "GRID:XZ:DCID")]
    of = dict.fromkeys([*frames, *expected, *dcids], True)
    theirs = "pvInt4 == pvInt5 and pvInt2 + pvInt3 > 0"
    said = {
        "pvInt6 > 0 and pvInt3 == 0": '"%d of %d frames, x-y grid" % (pvInt0, pvInt2)',
        theirs: '"%d of %d frames" % (pvInt0 + pvInt1, pvInt2 + pvInt3)',
    }
    text = label("frames", x, y, width)
    text.rule("frames", "text", of, said, True)
    text.visible(False)
    text.rule("theirs", "visible", of, {theirs: "true"})
    yield text
    bar = widget.ProgressBar(
        "progress", f"=`{frames[0]}` + `{frames[1]}`", x, y + HEIGHT, width, 14
    )
    bar.limits_from_pv(False)
    bar.minimum(0)
    bar.visible(False)
    bar.rule("all", "maximum", of, {"True": "max(pv2 + pv3, 1)"}, True)
    bar.rule("theirs", "visible", of, {theirs: "true"})
    bar.tool_tip("Frames that per-image analysis has counted")
    yield bar


def broker(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield whether results can arrive."""
    yield lamp("BROKER:CONNECTED", x, y + 2, colors.OK, colors.MAJOR)
    yield label("Broker", x + LED + GAP, y, 50)
    yield value("BROKER:HOST", x + LED + GAP + 54, y, width - LED - GAP - 54)


def message(x: int, y: int, width: int, *, unless_idle: bool = False) -> Any:
    """Return what is going on, in words; on demand without the invitation when idle."""
    made = value("MESSAGE", x, y, width, 40)
    if unless_idle:
        names = ["STATE", "BROKER:CONNECTED", "ZOCALO:CONSUMERS", "BROKER:CONSUMERS"]
        of = dict.fromkeys(map(pv, names), True)
        well = "pvInt0 == 0 and pvInt1 == 1 and pvInt2 != 0 and pvInt3 < 2"
        made.rule("idle", "visible", of, {well: "false"})
    return made


def request(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield what the next message says."""
    beside = 106
    each = (width - beside - GAP) // 2
    yield heading("Scan", x, y, beside - GAP)
    yield heading("x-y grid", x + beside, y, each)
    yield heading("x-z grid", x + beside + each + GAP, y, each)
    for n, (text, *names) in enumerate(
        (
            ("DCID", "DCID", "XZ:DCID"),
            ("Frames", "NUM_FRAMES", "XZ:NUM_FRAMES"),
            ("First frame", "START_FRAME"),
            ("Message index", "MESSAGE_INDEX"),
            ("Group", "DCGID"),
            ("File name", "FILENAME"),
            ("Recipes", "RECIPES"),
            ("Parameters", "PARAMETERS"),
            ("Expect result", "EXPECT_RESULT"),
        ),
        start=1,
    ):
        yield label(text, x, y + n * PITCH, beside - GAP)
        wide = each if len(names) == 2 else width - beside
        for k, name in enumerate(names):
            left = x + beside + k * (each + GAP)
            yield entry(name, left, y + n * PITCH, wide)


def commands(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield the buttons; WAIT is of no use to a person at a screen."""
    yield heading("Commands", x, y, width)
    half = (width - GAP) // 2
    second, below = x + half + GAP, y + PITCH + HEIGHT + 12
    sends = ["STATE", "DCID", "BROKER:CONNECTED"]
    can_send = "pvInt0 not in (1, 3) and pvInt1 > 0 and pvInt2 == 1"
    for name, left, top in (("PROCESS", x, y + PITCH), ("START", x, below)):
        made = command(name, left, top, half, RUNNING_WARNING)
        made.disable_confirmation_dialog()
        runs = {RUNS: "true"}
        made.rule("runs", "show_confirm_dialog", {pv("STATE"): True}, runs)
        yield only_if(made, sends, can_send)
    end = command("END", second, below, half)
    ends = [*sends, "JOB:DCID"]
    yield only_if(end, ends, f"{can_send} and (pvInt0 == 2 or pvInt1 != pvInt3)")
    cancel = command("CANCEL", second, y + PITCH, half, CANCEL_WARNING)
    yield only_if(cancel, ["STATE"], RUNS)


def options(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield what holds for every job."""
    yield heading("Options", x, y, width)
    beside = 150
    for n, (text, name) in enumerate(
        (
            ("Results from", "SOURCE"),
            ("Strongest by", "SORT_KEY"),
            ("Wait for a result", "TIMEOUT"),
            ("Minimum total spots", "MIN_TOTAL_COUNT"),
        ),
        start=1,
    ):
        yield label(text, x, y + n * PITCH, beside - GAP)
        yield entry(name, x + beside, y + n * PITCH, width - beside)


def ignored(x: int, y: int, width: int) -> Any:
    """Return a warning that some results are ignored."""
    said = '"Only " + pvStr0 + " results accepted: %d ignored" % pvInt1'
    names = ["SOURCE", "BROKER:IGNORED"]
    return _warning("ignored", names, "pvInt0 > 0", said, x, y, width)


def ispyb(x: int, y: int, width: int) -> Any:
    """Return a warning that ISPyB does not answer."""
    names, said = ["ISPYB:CONNECTED"], '"ISPyB does not answer"'
    return _warning("ISPyB", names, "pvInt0 == 0", said, x, y, width)


def _warning(
    name: str, names: Sequence[str], condition: str, said: str, *place: int
) -> Any:
    made = says(name, names, {condition: said}, *place)
    made.predefined_background_color(colors.Attention)
    made.transparent(True)
    made.rule("all", "transparent", {pv(names[0]): True}, {condition: "false"})
    return made


def result(x: int, y: int, width: int, height: int) -> Iterator[Any]:
    """Yield the latest result: whose it is, the strongest centre, and a table."""
    yield whose(x, y, width)
    yield from strongest(x, y + PITCH, width)
    top = y + 3 * PITCH
    made = table(
        "RESULT:TABLE", "centres", CENTRE_WIDTHS, (x, top, width, y + height - top)
    )
    yield dimmed(made)


def whose(x: int, y: int, width: int) -> Any:
    """Return a heading that says whose result it is, and what it has."""
    made = heading("result", x, y, width)
    made.text(" Latest result: no answer through PV Access")
    names = ["RESULT:JOB", "JOB:NUMBER", "RESULT:SEQ", "RESULT:DCID", "RESULT:COUNT"]
    of = dict.fromkeys([*map(pv, names), pv("RESULT:SOURCE")], True)
    centres = '(" centre, " if pvInt4 == 1 else " centres, ")'
    said = f'"DCID %d, %d" % (pvInt3, pvInt4) + {centres} + pvStr5'
    made.rule(
        "whose",
        "text",
        of,
        {
            "pvInt2 == 0": '" No result yet"',
            OF_THE_JOB: f'" Result: " + {said}',
            "pvInt0 == 0": f'" Somebody else\'s result: " + {said}',
            "True": f'" Result of an earlier job: " + {said}',
        },
        True,
    )
    old = f"pvInt2 > 0 and not ({OF_THE_JOB})"
    first = dict.fromkeys(map(pv, names[:3]), True)
    made.rule("old", "background_color", first, {old: ATTENTION})
    made.rule("old text", "foreground_color", first, {old: BLACK})
    return made


def dimmed(made: Any) -> Any:
    """Make a widget grey when the result is not of the job shown."""
    of = {pv("RESULT:JOB"): True, pv("JOB:NUMBER"): True}
    made.rule("old", "foreground_color", of, {f"not ({OF_THE_JOB})": DIM})
    return made


def strongest(x: int, y: int, width: int) -> Iterator[Any]:
    """Yield the strongest centre in boxes, and where the motors go."""
    axes = [f"BEST:{axis}" for axis in "XYZ"]
    xy, xyz = "x %.2f, y %.2f", "x %.2f, y %.2f, z %.2f"
    texts = {
        "pvInt3 > 0 and pv2 >= 0": f'"{xyz}, %d spots" % (pv0, pv1, pv2, pv4)',
        "pvInt3 > 0": f'"{xy}, %d spots" % (pv0, pv1, pv4)',
    }
    names = [*axes, "RESULT:COUNT", "BEST:MAX_COUNT"]
    made = says("strongest", names, texts, x, y, width)
    made.predefined_font(fonts.Header3)
    yield dimmed(made)
    motors = [f"BEST:MOTOR:{axis}" for axis in "XYZ"]
    xy, xyz = (text.replace(".2f", ".4f") for text in (xy, xyz))
    known = "pv0 == pv0"  # else it is NaN
    texts = {
        f"{known} and pv2 == pv2": f'"motors {xyz} mm" % (pv0, pv1, pv2)',
        known: f'"motors {xy} mm" % (pv0, pv1)',
    }
    yield dimmed(says("motors", motors, texts, x, y + PITCH, width))


def history(x: int, y: int, width: int, height: int) -> Iterator[Any]:
    """Yield the latest jobs."""
    yield heading("History, newest first", x, y, width)
    box = (x, y + PITCH, width, height - PITCH)
    yield table("HISTORY", "history", HISTORY_WIDTHS, box)
