"""What is wrong with built pages: links, pictures, headings, what is asked of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

_PARTS = "_static"
"""The folder of what pages are made of; what is HTML there is no page."""
_FETCHING = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"))
_LINKED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect"}
_FROM_AFAR = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")
_REGULAR = {"re": "http://exslt.org/regular-expressions"}


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
    site = site.resolve()
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
def _page(path: Path) -> html.HtmlElement:
    return html.fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))


@cache
def _anchors(path: Path) -> frozenset[str]:
    return frozenset(_page(path).xpath("//@id | //a/@name"))


def _pictures(page: html.HtmlElement) -> Iterator[str]:
    for picture in page.iter("img"):
        alt, source = picture.get("alt", "").strip(), picture.get("src", "")
        if not alt or alt in source:
            yield f"the picture {source} has no alternative text"


def _headings(page: html.HtmlElement) -> Iterator[str]:
    found = page.xpath("//main//*[re:test(name(), '^h[1-6]$')]", namespaces=_REGULAR)
    levels = [(int(tag.tag[1]), " ".join(tag.text_content().split())) for tag in found]
    first = [words for level, words in levels if level == 1]
    if len(first) != 1:
        yield f"expected one heading of the first level, found {len(first)}: {first}"
    for (before, _), (level, words) in pairwise(levels):
        if level > before + 1:
            yield f"the heading {words!r} is of level {level}, the one before of level {before}"


def _fetched(page: html.HtmlElement, path: Path) -> Iterator[str]:
    addresses = [
        tag.get(attribute)
        for name, attribute in _FETCHING
        for tag in page.iter(name)
        if tag.get(attribute)
    ]
    addresses += [
        tag.get("href", "")
        for tag in page.iter("link")
        if _LINKED & set(tag.get("rel", "").split())
    ]
    for address in addresses:
        parts = urlsplit(address)
        if parts.netloc:
            yield f"fetches {address} from elsewhere"
        elif parts.scheme != "data" and not (path.parent / unquote(parts.path)).is_file():
            yield f"fetches {address}, which is not there"
    if any(_FROM_AFAR.search(tag.text_content()) for tag in page.iter("style")):
        yield "a style fetches something from elsewhere"


def _links(page: html.HtmlElement, path: Path, site: Path) -> Iterator[str]:
    for address in page.xpath("//a/@href"):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or not target.is_relative_to(site):
            yield f"the link {address} leads nowhere"
        elif (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in _anchors(target)
        ):
            yield f"the link {address} leads to a place that the page does not have"
