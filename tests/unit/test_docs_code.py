"""Every block of code in README and the docs is checked, here or by being run.

A block of a page that is not run needs to be of a kind that is checked here, or to be
named among those that are not: so a new one is noticed.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from zocalo_ioc import commands, settings
from zocalo_ioc.commands import find
from zocalo_ioc.records import IMAGES, TABLES, ioc_stats, served
from zocalo_ioc.settings import options_of

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

RUN = {
    "docs/how-to/bluesky.md": ("python", "text"),  # tests/system/test_how_to.py
    "docs/how-to/ispyb.md": ("sql",),  # tests/support/mariadb.py
    "docs/how-to/move-from-dodal.md": ("{literalinclude}",),  # tests/dodal
    # tests/system/test_rehearsal.py, tests/support/mariadb.py
    "docs/how-to/rehearse.md": ("console", "sql"),
    "docs/how-to/scripts.md": ("python", "text"),  # tests/system/test_demo.py
    "docs/how-to/submit.md": ("console",),  # tests/system/test_how_to.py
    # tests/system/test_packaging.py
    "docs/tutorials/first-centre.md": ("console", "python", "text"),
}
"""The kinds of blocks that system tests run, or compare with what is printed."""
CHECKED = ("yaml", "json", "console", "sh")
"""Those that the tests here look at."""
BUILT = ("mermaid", "{toctree}", "{eval-rst}", "{include}")
"""Those that `make docs` draws or reads."""
SHOWN = {
    "README.md": ("text",),
    "docs/how-to/access-security.md": ("text",),
    "docs/how-to/contribute/add-a-kind-of-result.md": ("python",),
    "docs/how-to/contribute/add-a-record.md": ("python",),
    "docs/how-to/find-a-job.md": ("text",),
    "docs/how-to/rehearse.md": ("text",),
    "docs/how-to/screens.md": ("ini",),
    "docs/reference/simulation.md": ("text",),
}
"""Those that nothing checks: output with times in it, drawings, and changes."""
OTHERS = {
    *("apt", "cp", "export", "install", "jq", "ls", "mkdir", "python3"),
    *("caget", "camonitor", "caput", "git", "grep", "phoebus", "pip", "podman"),
    *(
        "pre-commit",
        "pvget",
        "pvmonitor",
        "pvput",
        "rabbitmqadmin",
        "rabbitmqctl",
        "systemctl",
        "journalctl",
    ),
    *("alarm-server", "curl", "docker", "kubectl", "nc", "procServ", "less", "set"),
    *("sudo", "xdg-open"),
}
"""Programs of others, whose options are not checked."""
OF_THE_MACHINE = {"autosave", "config", "help", "logbook", "rejected", "…", ">"}
"""What keeps a command from being read: it is left open, or looks for files."""
COMMANDS = {name: find(name).settings for name in commands.COMMANDS}


@dataclass(frozen=True)
class Block:
    """A block of code, and where it is."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.kind})"


BLOCKS = [
    Block(str(page.relative_to(ROOT)), token.map[0] + 1, kind, token.content)
    for page in PAGES
    for token in MarkdownIt().parse(page.read_text())
    if token.type == "fence" and token.map
    for kind in [token.info.partition(" ")[0]]
]


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    wanted = [
        block
        for block in BLOCKS
        if block.kind in kinds and block.kind not in RUN.get(block.page, ())
    ]
    return pytest.mark.parametrize("block", wanted, ids=str)


def test_every_block_is_run_or_checked() -> None:
    unknown = [
        str(block)
        for block in BLOCKS
        if block.kind not in (*CHECKED, *BUILT)
        and block.kind not in RUN.get(block.page, ())
        and block.kind not in SHOWN.get(block.page, ())
    ]
    assert unknown == []


@of_kind("yaml", "json")
def test_yaml_that_has_a_prefix_is_a_settings_file(
    block: Block, tmp_path: Path
) -> None:
    read = json.loads if block.kind == "json" else yaml.safe_load
    values = read(block.text)
    if "prefix" in values:
        file = tmp_path / "settings.yaml"
        file.write_text(block.text)
        assert settings.RunSettings.load(["--config", str(file)]).prefix


# -- what is typed into a terminal --------------------------------------------


def typed(block: Block) -> Iterator[list[str]]:
    """Yield the words of each command, without variables that are set before it."""
    text = block.text.replace("\\\n", " ")
    lines = text.splitlines()
    if block.kind == "console":
        lines = [line[2:] for line in lines if line.startswith(("$ ", "# "))]
    for line in lines:
        words = shlex.split(line, comments=True)
        ends = [n for n, word in enumerate(words) if word in ("|", "&&", "||")]
        for start, end in zip([0, *(n + 1 for n in ends)], [*ends, None], strict=True):
            command = words[start:end]
            while command and re.match(r"\w+=", command[0]):
                command = command[1:]
            if command:
                yield command


@of_kind("console", "sh")
def test_options_of_a_command_are_there(block: Block) -> None:
    for program, *words in typed(block):
        match Path(program).name, words:
            case "zocalo-ioc", [name, *rest] if name in COMMANDS:
                known = {*options_of(COMMANDS[name]), "help"}
                given = [w.split("=")[0] for w in rest if w.startswith("--")]
                options = [option[2:].replace("-", "_") for option in given]
                assert [option for option in options if option not in known] == []
                if not {*options, *rest} & OF_THE_MACHINE:
                    assert COMMANDS[name].load(rest)
            case "zocalo-ioc", [option]:
                assert option in ("--help", "--version")
            case "make", targets:
                makefile = (ROOT / "Makefile").read_text()
                for target in (word for word in targets if "=" not in word):
                    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
            case "python", [script, *_] if script.endswith(".py"):
                saved = f"Save this as `{script}`" in (ROOT / block.page).read_text()
                assert saved or (ROOT / script).exists()
            case "python", ["-m", module, *_]:
                assert module in OTHERS or find_spec(module)
            case other, _:
                assert other in OTHERS


NAMES = {
    *(record.name for record in (*served(motor=True, frames=True), *ioc_stats())),
    *(image.name for image in IMAGES),
    *(name for table in TABLES for name in (table.name, table.labels)),
    *("PVI", "P"),
    # what contributors add
    *("JOB:GRIDS", "RESULT:RESOLUTION"),
}
PREFIXES = "P|ZOCALO-DEMO|REHEARSAL|BL03I-EA-ZOC-01"


def test_pvs_that_are_named_are_there() -> None:
    pv = re.compile(rf"\b(?:{PREFIXES}):([A-Z][A-Z0-9_:]*)")
    named = {(p.name, name) for p in PAGES for name in pv.findall(p.read_text())}
    assert named
    unknown = [each for each in named if not any(n.startswith(each[1]) for n in NAMES)]
    assert unknown == []
