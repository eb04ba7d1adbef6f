"""What staff and students look at can be used by everybody: seen, heard, and without a mouse."""

import pytest

from tests.screens.accessibility import DESKTOP, PHONE, findings, keyboard_findings
from tests.screens.conftest import ASSIGNMENT, NOTEBOOK, PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(shown, marking):
    """The addresses of our own pages, by kind."""
    return {
        "feedback": shown.folder.feedback_path(ASSIGNMENT, "ada", NOTEBOOK).as_uri(),
        "report": shown.folder.report_path(ASSIGNMENT, ".html").as_uri(),
        "marking": marking.address,
    }


@pytest.fixture
def opened(chromium):
    """Return a function that opens a page."""
    contexts = []

    def opening(address, size=DESKTOP, scheme="light"):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(address, wait_until="load")
        return page

    yield opening
    for context in contexts:
        context.close()


def test_axe_and_the_keyboard_notice_what_is_wrong(opened, tmp_path):
    (tmp_path / "page.html").write_text(
        "<!doctype html><title>x</title><style>a:focus { outline: none }</style><h3>Deep</h3>"
        "<img src=x.png><p style='color: #bbb; background: #fff'>pale</p>"
        "<a href=x>shows nothing</a><button tabindex=-1>for a mouse</button>"
    )
    page = opened((tmp_path / "page.html").as_uri())
    found = "\n".join(findings(page))
    for rule in ("image-alt", "color-contrast", "html-has-lang", "region", "heading"):
        assert rule in found
    (unseen,) = keyboard_findings(page)
    assert "shows nothing does not show that it is reached" in unseen


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["feedback", "report", "marking"])
def test_axe_finds_nothing(opened, pages, kind, scheme, size, tmp_path):
    page = opened(pages[kind], size, scheme)
    page.screenshot(path=tmp_path / f"{kind}-{scheme}-{size[0]}.png", full_page=True)
    assert findings(page) == []


@pytest.mark.parametrize("kind", ["feedback", "report", "marking"])
def test_every_control_is_reached_by_keyboard_and_shows_it(opened, pages, kind):
    page = opened(pages[kind])
    page.evaluate("document.activeElement.blur()")
    assert keyboard_findings(page) == []
