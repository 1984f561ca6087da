"""`zocalo-ioc describe` lists every PV, in each of its forms."""

import csv
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from zocalo_ioc.commands.describe import DescribeSettings
from zocalo_ioc.describe import alarms, describe
from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.records import DECLARATIONS, IMAGES, MOTOR, TABLES, ioc_stats, served

P = "BL03I-EA-ZOC-01"
GRID = "BL03I-MO-SGON-01:FGS"
EVERY = {f"{P}:{r.name}" for r in (*served(), *ioc_stats())}
WITH_GRID = EVERY | {f"{P}:{record.name}" for record in served(motor=True)}
WITH_FRAMES = EVERY | {f"{P}:{record.name}" for record in served(frames=True)}


def described(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    settings = DescribeSettings.load(["--prefix", P, *options])
    describe(
        settings.prefix,
        settings.grid_prefix,
        settings.frames,
        settings.screens,
        settings.format,
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), EVERY),
        (("--grid-prefix", GRID), WITH_GRID),
        (("--frames",), WITH_FRAMES),
    ],
)
def test_json_has_every_record(
    capsys: pytest.CaptureFixture[str], options: list[str], expected: set[str]
) -> None:
    whole = json.loads(described(capsys, "--format", "json", *options))
    assert {record["pv"] for record in whole["records"]} == expected
    assert [table["pv"] for table in whole["tables"]] == [
        f"{P}:{table.name}" for table in TABLES
    ]
    images = IMAGES if "--frames" in options else ()
    assert [image["pv"] for image in whole["images"]] == [
        f"{P}:{image.name}" for image in images
    ]


def test_json_says_what_a_record_takes(capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(described(capsys, "--format", "json"))
    timeout = next(r for r in whole["records"] if r["pv"] == f"{P}:TIMEOUT")
    assert timeout == {
        "pv": f"{P}:TIMEOUT",
        "group": "Options",
        "type": "ao",
        "description": "Time limit from END to the result",
        "access": "rw",
        "pvi": "timeout",
        "initial": 180,
        "unit": "s",
        "precision": 1,
        "low": 0.1,
        "high": 86400,
    }


def test_in_a_pipe_the_table_has_a_line_for_every_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = described(capsys, "--grid-prefix", GRID).splitlines()
    first = {line.partition(" ")[0] for line in lines}
    tables = {f"{P}:{table.name}" for table in TABLES} | {f"{P}:PVI"}
    assert {word for word in first if word.startswith(P)} == WITH_GRID | tables


def test_the_archive_list_has_the_prefix_put_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = described(capsys, "--format", "archive", "--grid-prefix", GRID)
    rows = list(csv.reader(archive.splitlines()))
    assert f"{P}:BEST:MOTOR:X" in {name for name, _, _ in rows} <= WITH_GRID
    assert "$(" not in archive


def test_every_alarm_is_spoken_says_what_to_do_and_opens_the_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--format", "alarms", "--screens", "/dls_sw/i03/opi/")
    tree = ET.fromstring(described(capsys, *options))
    alarms = list(tree.iter("pv"))
    names = {str(alarm.get("name")) for alarm in alarms}
    assert names <= EVERY
    alarming = {f"{P}:{r.name}" for r in DECLARATIONS if r.datatype.alarming}
    assert names >= alarming
    for alarm in alarms:
        assert alarm.findtext("annunciating") == "true"
        assert alarm.findtext("description")
        assert alarm.findtext("guidance/details")
    # those of a component are all its PVs' as well
    [display] = tree.iterfind("component/display/details")
    assert display.text == f"file:///dls_sw/i03/opi/zocalo.bob?P={P}"


def test_a_prefix_with_braces_is_escaped_where_an_alarm_opens_a_screen() -> None:
    tree = ET.fromstring(alarms("XF:17ID-ES:FMX{Zoc:1}", "http://opi.example.org"))
    [display] = tree.iterfind("component/display/details")
    screen = "http://opi.example.org/zocalo.bob"
    assert display.text == f"{screen}?P=XF:17ID-ES:FMX%7BZoc:1%7D"


def test_screens_are_named_by_their_whole_path() -> None:
    with pytest.raises(SettingsInvalid, match="--screens: can't use 'opi'"):
        DescribeSettings.load(["--screens", "opi"])


def test_the_database_has_the_motor_positions_with_their_links() -> None:
    options = ("--prefix", P, "--grid-prefix", GRID, "--format", "database")
    program = Path(sys.executable).with_name("zocalo-ioc")
    text = subprocess.run(
        [program, "describe", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for record in MOTOR:
        assert f'record(calc, "{P}:{record.name}")' in text
    assert f'"{GRID}:Z2_START_RBV CP MS"' in text
    assert "$(" not in text


def test_the_settings_file_of_the_ioc_will_do(tmp_path: Path) -> None:
    file = tmp_path / "i03.yaml"
    file.write_text(f"prefix: {P}\nbroker: amqp://localhost\nresults_queue: xrc.i03\n")
    assert DescribeSettings.load(["--config", str(file)]).prefix == P


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_pipe_whose_reader_has_seen_enough_gets_no_traceback(form: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "zocalo_ioc", "describe", "--format", form]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")
