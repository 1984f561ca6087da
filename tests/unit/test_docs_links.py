"""Links lead somewhere on GitHub, too, where pages are read without being built."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def tokens(page: Path) -> Iterator[Token]:
    for block in MARKDOWN.parse(page.read_text()):
        yield block
        yield from block.children or ()


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to headings."""
    blocks = MARKDOWN.parse(page.read_text())
    headings = [
        after.content
        for block, after in itertools.pairwise(blocks)
        if block.type == "heading_open"
    ]
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def trouble(page: Path, link: str) -> str:
    """Say what is wrong with a link; empty if nothing is."""
    target = urlsplit(link)
    if target.scheme in ("http", "https"):
        return "" if "." in (target.hostname or "") else "there is no such host"
    if target.scheme:
        return f"what is {target.scheme}?"
    file = (page.parent / unquote(target.path)).resolve() if target.path else page
    if not file.exists():
        return "there is no such file"
    if not file.is_relative_to(ROOT):
        return "it leads out of the repository"
    if target.fragment and target.fragment not in anchors(file):
        return "the page has no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    links = [
        str(token.attrs["src" if token.type == "image" else "href"])
        for token in tokens(page)
        if token.type in ("link_open", "image")
    ]
    broken = {link: why for link in links if (why := trouble(page, link))}
    assert broken == {}


def test_a_broken_link_is_found() -> None:
    page = ROOT / "docs" / "index.md"
    assert trouble(page, "how-to/nowhere.md")
    assert trouble(page, "reference/messages.md#nowhere")
    assert trouble(page, "../../elsewhere")
    assert trouble(page, "https://nowhere/")
    assert not trouble(page, "reference/messages.md#noresults")


@pytest.mark.parametrize("part", ["tutorials", "how-to", "reference", "explanations"])
def test_every_page_is_listed_in_that_of_its_folder(part: str) -> None:
    index = ROOT / "docs" / f"{part}.md"
    targets = {
        (index.parent / str(token.attrs["href"])).resolve()
        for token in tokens(index)
        if token.type == "link_open"
    }
    assert set(index.with_suffix("").rglob("*.md")) - targets == set()
