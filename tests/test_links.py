"""Every relative link of every page leads to something that is there, and to a heading that is."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
MARKDOWN = MarkdownIt("commonmark").enable("table")
IN_HTML = re.compile(r"""(?:href|src|srcset)=["']([^"']+)["']""")


def pages() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = [ROOT / name for name in listed.stdout.split("\0") if name]
    apart = {"templates", "publishing"}  # a course's beginning; pages whose links the site resolves
    return [path for path in found if path.exists() and not apart & set(path.parts)]


def tokens(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def links(text: str) -> set[str]:
    """Return where a page leads: links, pictures, and what its HTML names."""
    found: set[str] = set()
    for token in tokens(text):
        if token.type in ("link_open", "image"):
            found.add(str(token.attrGet("href") or token.attrGet("src")))
        elif token.type in ("html_block", "html_inline"):
            found |= set(IN_HTML.findall(token.content))
    return found


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    parsed = list(MARKDOWN.parse(text))
    headings = [
        following.content
        for token, following in itertools.pairwise(parsed)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in headings}


def broken(path: Path) -> list[str]:
    """Return a line for every link of a page that leads nowhere."""
    problems = []
    for link in sorted(links(path.read_text(encoding="utf-8"))):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            problems.append(f"{link}: there is no {target}")
        elif not target.is_relative_to(ROOT):
            problems.append(f"{link}: leads out of the repository")
        elif parts.fragment and target.suffix == ".md":
            known = anchors(target.read_text(encoding="utf-8"))
            if unquote(parts.fragment) not in known:
                problems.append(f"{link}: no such heading. There are {sorted(known)}")
    return problems


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One, two\n\n[here](#one-two) [no](#three) ![no](no.png) | [out](https://a.b)\n\n"
        '<img src="gone.svg">\n\n    [in code](nowhere.md)\n\n[self](page.md#one-two)\n'
    )
    lead = {"#one-two", "#three", "no.png", "https://a.b", "gone.svg", "page.md#one-two"}
    assert links(page.read_text()) == lead
    assert {words.partition(":")[0] for words in broken(page)} >= {"#three", "no.png", "gone.svg"}


def test_every_guide_is_reached_from_the_readme() -> None:
    """In two steps at most, so that nobody has to know that it is there."""
    first = {(ROOT / link).resolve() for link in links((ROOT / "README.md").read_text("utf-8"))}
    reached = set(first)
    for page in first:
        if page.suffix == ".md":
            for link in links(page.read_text(encoding="utf-8")):
                reached.add((page.parent / link.partition("#")[0]).resolve())
    assert set((ROOT / "docs").glob("*.md")) - reached == set()
