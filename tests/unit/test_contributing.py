"""Adding a record takes the lines that the page for contributors shows."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "contribute" / "add-a-record.md").read_text()
MADE = ("docs", "db", "opi")
INSERTED_AFTER = {
    "records/_declarations.py": 'Readback("JOB:DCID"',
    "ioc/_display.py": "job.dcid.set(",
    "clients/ophyd_async/_zocalo.py": "job_dcid:",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what a record is made of, with the lines of the page in it."""
    ignored = shutil.ignore_patterns("_build", "_static", "images", "__pycache__")
    for part in ("src", *MADE):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    added = re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL)
    for (name, after), line in zip(INSERTED_AFTER.items(), added, strict=True):
        file = tmp_path / "src" / "zocalo_ioc" / name
        [before] = [li for li in file.read_text().splitlines() if after in li]
        indent = before[: len(before) - len(before.lstrip())]
        file.write_text(file.read_text().replace(before, f"{before}\n{indent}{line}"))
    return tmp_path


def lines_added(old: Path, new: Path) -> int:
    added = Counter(new.read_text().splitlines()) - Counter(
        old.read_text().splitlines()
    )
    return added.total()


def test_what_is_made_of_a_new_record_changes_as_the_page_says(clone: Path) -> None:
    for part in MADE:
        script = clone / part / "generate.py"
        environment = {"PYTHONPATH": str(clone / "src")}
        subprocess.run([sys.executable, script], env=environment, check=True)
    made = [file for part in MADE for file in (clone / part).rglob("*.*")]
    changed = {
        str(file.relative_to(clone)): lines_added(ROOT / file.relative_to(clone), file)
        for file in made
        if file.suffix in (".md", ".db", ".csv", ".xml", ".bob")
        and file.read_bytes() != (ROOT / file.relative_to(clone)).read_bytes()
    }
    said = re.findall(r"^ (\S+\.\w+) +\| +(\d+)", PAGE, re.MULTILINE)
    assert changed == {name: int(count) for name, count in said}
