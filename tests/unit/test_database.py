"""The files for control engineers, against the records and against what reads them."""

import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from zocalo_ioc.records import (
    DECLARATIONS,
    LONGEST_NAME,
    MOTOR,
    TABLES,
    Enum,
    Float,
    ioc_stats,
    served,
)

DB = Path(__file__).parents[2] / "db"
DECLARED = {record.name: record for record in served(frames=True)}
EVERY_NAME = {r.name for r in (*served(motor=True, frames=True), *ioc_stats())}

LOAD = """
import os, sys
from softioc import builder, softioc
from softioc.imports import dbCore

builder.LoadDatabase()
os.chdir(sys.argv[1])
softioc.dbLoadDatabase("zocalo-ioc.db", substitutions="P=TEST")
sys.exit(dbCore.dbLoadTemplate(b"motor-centre.substitutions", b""))
"""


def records_of(file: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the type and the fields of each record, by name without the prefix."""
    text = (DB / file).read_text()
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for kind, name, body in re.findall(
        r'^record\((\w+), "\$\(P\):(.+?)"\)\s*\{(.*?)^\}',
        text,
        re.MULTILINE | re.DOTALL,
    ):
        found[name] = kind, dict(re.findall(r'field\((\w+),\s*"(.*)"\)', body))
    return found


def names_in(text: str) -> list[str]:
    return re.findall(r"\$\(P\):([\w:]+)", text)


def test_the_files_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, DB / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_database_has_every_record_and_no_other() -> None:
    labels = {table.labels for table in TABLES}
    assert set(records_of("zocalo-ioc.db")) == set(DECLARED) | labels


def test_the_records_of_the_database_are_as_declared() -> None:
    found = records_of("zocalo-ioc.db")
    for name, declared in DECLARED.items():
        kind, fields = found[name]
        is_waveform = "waveform" in declared.type
        assert kind == ("waveform" if is_waveform else declared.type), name
        assert fields["DESC"] == declared.description, name
        assert fields.get("EGU", "") == declared.datatype.unit, name


def test_epics_loads_the_database_and_the_substitutions() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, DB], capture_output=True, text=True, check=False
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")


@pytest.mark.parametrize("axis", "XYZ")
def test_the_template_makes_the_declared_motor_positions(axis: str) -> None:
    found = {
        name.replace("$(AXIS)", axis): fields
        for name, (kind, fields) in records_of("motor-centre.template").items()
        if kind == "calc"
    }
    declared = {r.name: r for r in MOTOR if r.name.endswith(f":{axis}")}
    assert set(found) == set(declared)
    for name, record in declared.items():
        assert found[name]["DESC"].replace("$(AXIS)", axis) == record.description
        assert isinstance(record.datatype, Float)
        assert found[name]["EGU"] == record.datatype.unit
        assert found[name]["PREC"] == str(record.datatype.precision)


def test_the_alarm_tree_is_what_the_alarm_server_reads() -> None:
    config = ET.parse(DB / "zocalo-ioc-alarms.xml").getroot()
    assert config.tag == "config"
    tags = {element.tag for element in config.iter("pv") for element in element}
    known = {"description", "latching", "annunciating", "delay", "filter", "guidance"}
    assert tags <= known


def test_every_alarm_is_of_a_record() -> None:
    text = (DB / "zocalo-ioc-alarms.xml").read_text()
    assert set(names_in(text)) <= EVERY_NAME


def test_every_state_that_is_an_alarm_is_in_the_alarm_tree() -> None:
    config = ET.parse(DB / "zocalo-ioc-alarms.xml")
    watched = {pv.get("name", "").removeprefix("$(P):") for pv in config.iter("pv")}
    alarms = {
        record.name
        for record in DECLARATIONS
        if isinstance(record.datatype, Enum) and record.datatype.severities
    }
    assert alarms <= watched


def test_no_pv_of_a_released_version_is_taken_away_or_changed() -> None:
    generate = runpy.run_path(str(DB / "generate.py"))
    kept = {*generate["interface"]()}
    assert len(kept) > 100
    assert [line for line in generate["frozen"]() if line not in kept] == []


def test_what_is_to_be_archived_is_a_record() -> None:
    names = names_in((DB / "zocalo-ioc-archive.csv").read_text())
    assert {"STATE", "BEST:X", "BROKER:CONNECTED"} <= set(names) <= EVERY_NAME


def test_no_record_of_iocstats_has_the_name_of_one_of_ours() -> None:
    ours = {record.name for record in served(motor=True, frames=True)}
    assert not ours & {record.name for record in ioc_stats()}


def test_the_longest_prefix_leaves_room_for_iocstats() -> None:
    assert max(len(record.name) for record in ioc_stats()) <= LONGEST_NAME
