"""The pages that are made from the code are current."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from zocalo_ioc import client
from zocalo_ioc.check._epics import check_names
from zocalo_ioc.clients import ophyd_async
from zocalo_simulator.collections_file import read_collections
from zocalo_simulator.names import Trouble
from zocalo_simulator.scans import Crystal, Scan

ROOT = Path(__file__).parents[2]


def test_generated_pages_are_current() -> None:
    script = ROOT / "docs" / "generate.py"
    checked = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_page_on_the_simulation_has_every_key_and_trouble() -> None:
    page = (ROOT / "docs" / "reference" / "simulation.md").read_text()
    wanted = [f"`{key}`" for key in (*Scan.model_fields, *Crystal.model_fields)]
    wanted += [f"`{trouble}`" for trouble in Trouble]
    assert [text for text in wanted if text not in page] == []


def test_the_reference_has_every_public_name() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    documented = re.findall(r"auto(?:class|exception):: zocalo_ioc\.(\S+)", page)
    public = [f"client.{name}" for name in client.__all__]
    public += [f"clients.ophyd_async.{name}" for name in ophyd_async.__all__]
    assert [name for name in public if name not in documented] == []
    (members,) = re.findall(r"client\.Client\n +:members: (.*)", page)
    methods = {name for name in vars(client.Client) if not name.startswith("_")}
    assert {*members.split(", ")} == methods


def test_the_rehearsal_has_a_collections_file_that_can_be_read() -> None:
    file = read_collections(ROOT / "docs" / "how-to" / "rehearsal.yaml")
    assert len(file.scans) > 5


def test_the_page_for_operators_quotes_what_the_screens_show() -> None:
    page = (ROOT / "docs" / "how-to" / "respond-to-alarms.md").read_text()
    _, signs = page.split("## Other signs")
    screen = unescape((ROOT / "opi" / "zocalo.bob").read_text())
    quoted = re.findall(r"\*([^*]+)\*", signs)
    assert len(quoted) > 10
    assert [text for text in quoted if text not in screen] == []


def test_the_page_on_check_shows_its_line_on_names() -> None:
    page = (ROOT / "docs" / "how-to" / "check.md").read_text()
    finding = check_names("BL03I-EA-ZOC-01", motor=False, frames=False)
    assert finding.text in page


def test_message_is_set_in_one_place() -> None:
    source = ROOT / "src" / "zocalo_ioc"
    places = [
        str(file.relative_to(source))
        for file in source.rglob("*.py")
        for _ in re.findall(r"\bmessage\.set\(", file.read_text())
    ]
    assert places == ["ioc/_display.py"]


def test_the_page_on_the_architecture_names_files_and_functions_that_exist() -> None:
    source = ROOT / "src" / "zocalo_ioc"
    files = [*source.rglob("*.py")]
    trees = [tree for file in files for tree in ast.walk(ast.parse(file.read_text()))]
    exist = {f"{path}" for file in files for path in (file, file.parent)}
    exist |= {made for tree in trees for made in _made_in(tree)}
    for each in [tree for tree in trees if isinstance(tree, ast.ClassDef)]:
        made = (name for tree in ast.walk(each) for name in _made_in(tree))
        exist |= {f"{each.name}.{name}" for name in made}
    page = (ROOT / "docs" / "explanations" / "architecture.md").read_text()
    words = set(re.findall(r"`([\w./]+)`", page))
    names = words - {"await", "pyproject.toml", "src/zocalo_ioc"}
    assert len(names) > 60

    def is_there(name: str) -> bool:
        end = f"/{name.rstrip('/')}"
        return name in exist or any(path.endswith(end) for path in exist)

    assert sorted(name for name in names if not is_there(name)) == []


def _made_in(tree: ast.AST) -> Iterator[str]:
    """Yield what a statement defines or assigns."""
    match tree:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield tree.name
        case ast.Attribute(ctx=ast.Store()):
            yield tree.attr
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass
