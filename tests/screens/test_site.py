"""The site as people meet it: for everybody, offline, and without an answer."""

import ast
import re
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jupytext
import pytest
from lxml import html

from autograder.authoring.reading import page_anchor, readings
from publishing.executed import KEPT
from publishing.site.building import build
from tests.screens.accessibility import DESKTOP, PHONE, findings, keyboard_findings, npm_packages
from tests.screens.conftest import PATIENCE

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "front": "index.html",
    "lecture": "lectures/01_counting.html",
    "assignment": "assignments/01_counting/counting.html",
    "api": "api/models.html",
    "guide": "docs/students.html",
    "table": "docs/reproduction.html",
    "search": "search.html?q=perplexity",
}
DRAWN = "async () => { await window.MathJax?.startup?.promise; }"
"""Resolves when MathJax is done with the page, or is not on it."""
SOLUTION = re.compile(r"### BEGIN SOLUTION(.*?)### END SOLUTION", re.DOTALL)
MARKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "# collect ")
LONG_ENOUGH = 25
"""Characters of a line that are somebody's answer, and not what everybody writes."""


@pytest.fixture(scope="module")
def site():
    """The folder of the site's pages, where `make site` has them, too."""
    npm_packages()
    return build(ROOT, ROOT / "build" / "site", ROOT / KEPT)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    """Where the site is shown."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def opened(chromium, address):
    """Return a function that opens a page of the site, and what it asked for."""
    contexts = []

    def opening(path, size=DESKTOP, scheme="light"):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        context.route(
            lambda url: not url.startswith((address, "data:", "blob:")), lambda route: route.abort()
        )
        page = context.new_page()
        page.goto(f"{address}/{path}", wait_until="load")
        page.wait_for_load_state("networkidle")
        page.evaluate(DRAWN)
        return page, asked

    yield opening
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_everybody_can_use_it_and_nothing_is_asked_of_the_network(
    opened, address, kind, scheme, tmp_path
):
    page, asked = opened(KINDS[kind], scheme=scheme)
    page.screenshot(path=tmp_path / f"{kind}-{scheme}.png")
    assert findings(page) == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_shows_it_without_moving_sideways(opened, kind, tmp_path):
    page, _ = opened(KINDS[kind], size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert findings(page) == []
    page.screenshot(path=tmp_path / f"{kind}-phone.png")


@pytest.mark.parametrize("kind", ["front", "lecture", "api"])
def test_every_control_is_reached_by_keyboard_and_shows_it(opened, kind):
    page, _ = opened(KINDS[kind])
    assert keyboard_findings(page) == []


def test_formulas_are_drawn(opened):
    page, _ = opened(KINDS["lecture"])
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0
    assert "\\frac" not in page.locator("main").inner_text()


def test_search_finds_where_a_word_is_taught(opened):
    page, _ = opened("search.html?q=Kneser")
    page.locator("#search-results li").first.wait_for()
    found = page.locator("#search-results li a").evaluate_all("links => links.map(l => l.href)")
    assert any("lectures/01_counting" in link for link in found)


def test_the_theme_is_switched_by_a_button(opened):
    page, _ = opened(KINDS["front"])
    shown = page.locator(".front-picture img:visible").first.get_attribute("src")
    assert shown is not None
    assert "light" in shown
    page.locator("button.theme-switch-button:visible").click()
    page.locator("button.theme-change-button[data-mode=dark]:visible").click()
    shown = page.locator(".front-picture img:visible").first.get_attribute("src")
    assert shown is not None
    assert "dark" in shown


def test_what_feedback_says_to_read_again_is_a_place_on_the_site(site, course):
    pages = {}
    for name in course.assignment_names():
        for question, reading in readings(course.assignment(name)).items():
            path = site / f"lectures/{reading.lecture}.html"
            if path not in pages:
                pages[path] = html.fromstring(path.read_bytes())
            there = pages[path].find(f".//section[@id='{page_anchor(reading.heading)}']")
            assert there is not None, f"{name}: {question} is to read {reading.heading!r}"
            assert reading.heading[:12] in there.text_content()


# --- no answer is given away ----------------------------------------------------------------------


def lines_of(text):
    return {" ".join(line.split()) for line in text.splitlines()}


def answers():
    """Return lines of reference solutions, checks, model answers and lecturers' pages."""
    found = set()
    for path in ROOT.glob("solutions/[0-9]*/*.py"):
        for cell in jupytext.read(path).cells:
            given = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code":
                found |= {line for text in SOLUTION.findall(cell.source) for line in lines_of(text)}
            elif given.get("solution"):
                found |= lines_of(cell.source)
    for path in ROOT.glob("solutions/[0-9]*/checks/*.py"):
        source = path.read_text(encoding="utf-8")
        found |= lines_of(source)
        values = [node.value for node in ast.walk(ast.parse(source)) if hasattr(node, "value")]
        found |= {" ".join(words.split()) for words in values if isinstance(words, str)}
    for path in ROOT.glob("solutions/lecturers/*.md"):
        found |= lines_of(path.read_text(encoding="utf-8"))
    return {line for line in found if len(line) >= LONG_ENOUGH and not line.startswith("#")}


def public():
    """Return the lines of what students are given anyway."""
    found = set()
    for pattern in ("assignments/*/*.ipynb", "lectures/*.ipynb"):
        for path in ROOT.glob(pattern):
            for cell in jupytext.read(path).cells:
                found |= lines_of(cell.source)
    for path in ROOT.glob("nextword/**/*.py"):
        found |= lines_of(path.read_text(encoding="utf-8"))
    return found


def secrets():
    """Return the answers that students are not given anyway, as a line or within one."""
    given = "\n".join(public())
    return {line for line in answers() if line not in given}


def given_away(folder):
    """Return answers that stand in files below a folder, with the file."""
    secret = secrets()
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in {".png", ".woff", ".woff2", ".ttf", ".inv"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".html":
            text = html.fromstring(text.encode()).text_content()
        found += [f"{path.relative_to(folder)}: {line}" for line in lines_of(text) & secret]
        if "assignments" in path.parts:
            found += [f"{path.relative_to(folder)}: {mark}" for mark in MARKS if mark in text]
    return found


def test_no_page_gives_an_answer_away(site):
    assert given_away(site) == []


def test_an_answer_on_a_page_would_be_seen(tmp_path):
    solved = next(ROOT.glob("solutions/01_counting/*.py")).read_text(encoding="utf-8")
    (tmp_path / "page.html").write_text(f"<pre>{escape(solved)}</pre>", encoding="utf-8")
    hint = next(line for line in secrets() if line.endswith("."))
    (tmp_path / "other.html").write_text(f"<p>{escape(hint)}</p>", encoding="utf-8")
    found = given_away(tmp_path)
    assert any(line.startswith("page.html") for line in found)
    assert any(line.startswith("other.html") for line in found)
