"""What people read is plain English: phrases that read as if translated fail."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"anew": "again",
    r"mend(s|ed|ing)?": "fix",
    r"sees? (that|to it)": "check that",
    r"sees? to": "check",
    r"(tells?|told|speaks?|spoken) of": "reports",
    r"what (came|comes|becomes|became) of": "the outcome of",
    r"again and again": "repeatedly",
    r"(results?|messages?|frames?) can (come|go)": "can arrive, can be sent",
    r"wins": "takes precedence",
    r"in place of": "instead of",
    r"(is|are) set as one": "is one update",
    r"for ever": "forever",
    r"whosever": "another client's",
    r"(can|to|not) be had": "is available",
    r"that which": "the one that",
    r"go(es)? on": "continue",
    r"ends? well": "succeeds",
    r"(is|are|was) done to": "a verb: cause, write, restart",
    r"(has|have) spoken": "announced",
    r"put aside": "renamed",
    r"knows? of": "has",
    r"by then": "when",
    r"is no (result|failure|alarm)": "is not a …",
    r"so that nobody": "a subject with a name",
    r"all is (well|there)": "all checks passed",
    r"rights of": "permissions",
    r"at the last": "last",
    r"(is|are) no need": "what happens instead",
    r"puts? end(s|ed)? well": "succeeds",
    r"(is|are) not there": "is missing",
}
"""What to write, by the pattern of what not to."""
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "opi").glob("*.py"))]


def strings(module: Path) -> Iterator[str]:
    """Yield every text in a module but docstrings: some are printed, logged or PVs."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and node not in docstrings:
            yield str(node.value)


@pytest.mark.parametrize("pattern", INSTEAD)
def test_no_text_reads_as_if_translated(texts: dict[str, str], pattern: str) -> None:
    found = [
        f"{name}: …{text[max(0, hit.start() - 30) : hit.end() + 20]}…"
        for name, text in texts.items()
        for hit in re.finditer(rf"\b{pattern}\b", text, re.IGNORECASE)
    ]
    assert found == [], f"write: {INSTEAD[pattern]}"


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """All that people read, with line ends as spaces."""
    read = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
    read |= {str(m.relative_to(ROOT)): "\n".join(strings(m)) for m in MODULES}
    return {name: re.sub(r"\s+", " ", text) for name, text in read.items()}
