"""Pages of the docs, typed into shells as they stand there."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
MARK = "@@"

Entry = tuple[str, str]
"""What is typed, and what is then seen."""


def entries(console: str) -> list[Entry]:
    """Return what is typed at the prompts of a terminal, and what is then seen."""
    typed_and_seen = (text.partition("\n") for text in f"\n{console}".split("\n$ ")[1:])
    return [(typed, seen.strip("\n")) for typed, _, seen in typed_and_seen]


def blocks(page: str) -> list[list[Entry]]:
    """Return the terminals of a page."""
    consoles = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    return [entries(console) for console in consoles]


def type_in(
    lines: Sequence[str], environment: Mapping[str, str], folder: Path
) -> list[str]:
    """Type lines into a shell, and return what it then shows after each."""
    shell = subprocess.run(
        ["bash", "-c", "\n".join(f"{line}\necho {MARK}" for line in lines)],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        timeout=200,
        check=False,
    )
    shown = shell.stdout.split(f"{MARK}\n")[:-1]
    return ["\n".join(line.rstrip(" \0") for line in s.splitlines()) for s in shown]
