"""What is wrong with built pages: links, pictures, headings, what is asked of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

_PARTS = "_static"
"""The folder of what pages are made of; what is HTML there is no page."""
_FETCHING = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"))
_LINKED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect"}
_FROM_AFAR = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")
_HEADINGS = re.compile(r"^h[1-6]$")


def faults_of(site: Path) -> list[str]:
    """Return what is wrong with the pages below a folder, a line each, beginning with the page.

    A link leads nowhere, a picture has no alternative text, headings skip a level or a page has not
    exactly one first one, or something is fetched from elsewhere, or from where it is not.

    Parameters
    ----------
    site
        The folder of built pages.
    """
    found = []
    pages = [path for path in site.rglob("*.html") if _PARTS not in path.parts]
    for path in sorted(pages):
        page = _page(path)
        faults = (_pictures(page), _headings(page), _fetched(page, path), _links(page, path, site))
        found += [f"{path.relative_to(site)}: {fault}" for fault in chain(*faults)]
    for path in sorted(site.rglob("*.css")):
        if _FROM_AFAR.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)}: fetches something from elsewhere")
    _page.cache_clear()
    _anchors.cache_clear()
    return found


@cache
def _page(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_bytes(), "lxml", from_encoding="utf-8")


@cache
def _anchors(path: Path) -> frozenset[str]:
    page = _page(path)
    named = {str(tag["name"]) for tag in page.find_all("a", attrs={"name": True})}
    return frozenset({str(tag["id"]) for tag in page.find_all(id=True)} | named)


def _pictures(page: BeautifulSoup) -> Iterator[str]:
    for picture in page.find_all("img"):
        alt = str(picture.get("alt") or "").strip()
        source = str(picture.get("src", ""))
        if not alt or alt in source:
            yield f"the picture {source} has no alternative text"


def _headings(page: BeautifulSoup) -> Iterator[str]:
    main = page.find("main") or page
    levels = [(int(tag.name[1]), tag.get_text(" ", strip=True)) for tag in main.find_all(_HEADINGS)]
    first = [words for level, words in levels if level == 1]
    if len(first) != 1:
        yield f"expected one heading of the first level, found {len(first)}: {first}"
    for (before, _), (level, words) in pairwise(levels):
        if level > before + 1:
            yield f"the heading {words!r} is of level {level}, the one before of level {before}"


def _fetched(page: BeautifulSoup, path: Path) -> Iterator[str]:
    addresses = [
        str(tag[attribute])
        for name, attribute in _FETCHING
        for tag in page.find_all(name)
        if tag.has_attr(attribute)
    ]
    addresses += [
        str(tag["href"])
        for tag in page.find_all("link", href=True)
        if _LINKED & set(tag.get("rel") or ())
    ]
    for address in addresses:
        parts = urlsplit(address)
        if parts.netloc:
            yield f"fetches {address} from elsewhere"
        elif parts.scheme != "data" and not (path.parent / unquote(parts.path)).is_file():
            yield f"fetches {address}, which is not there"
    if any(_FROM_AFAR.search(tag.get_text()) for tag in page.find_all("style")):
        yield "a style fetches something from elsewhere"


def _links(page: BeautifulSoup, path: Path, site: Path) -> Iterator[str]:
    for tag in page.find_all("a", href=True):
        address = str(tag["href"])
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or not target.is_relative_to(site.resolve()):
            yield f"the link {address} leads nowhere"
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in _anchors(target)
        ):
            yield f"the link {address} leads to a place that the page does not have"
