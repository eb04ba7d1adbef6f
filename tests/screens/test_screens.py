"""Nothing that a student sends runs where somebody looks at it."""

import re
from pathlib import Path

import pytest
from nbconvert import HTMLExporter

from tests.screens.conftest import ASSIGNMENT, NOTEBOOK
from tests.screens.payloads import (
    ACTING_BY_THEMSELVES,
    ACTING_WHEN_CLICKED,
    NAMES,
)
from tests.screens.pictures import keep

pytestmark = pytest.mark.browser
# The page itself asks for these two, whatever stands on it: nbgrader's styles name the other.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/latest.js"
PAGES = (
    "manage_assignments",
    f"manage_submissions/{ASSIGNMENT}",
    "gradebook",
    f"gradebook/{ASSIGNMENT}",
    f"gradebook/{ASSIGNMENT}/{NOTEBOOK}",
    "manage_students",
)


@pytest.fixture(scope="module")
def submissions(server, shown):
    """The address of every student's notebook in the formgrader."""
    from autograder.classroom.gradebook import open_gradebook

    with open_gradebook(shown.folder) as gradebook:
        return {
            notebook.student.id: f"{server}/formgrader/submissions/{notebook.id}/"
            for notebook in gradebook.notebook_submissions(NOTEBOOK, ASSIGNMENT)
        }


@pytest.fixture(scope="module")
def nbgrader_feedback(shown):
    """nbgrader's own feedback pages, by student."""
    shown.nbgrader("generate_feedback", ASSIGNMENT)
    folder = shown.folder.path / "nbgrader_feedback"
    return {name: folder / name / ASSIGNMENT / f"{NOTEBOOK}.html" for name in NAMES}


# --- the harness itself --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTING_BY_THEMSELVES)
def test_the_harness_notices_what_acts_by_itself(look, tmp_path, name):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><body>{ACTING_BY_THEMSELVES[name]}")
    window = look(page.as_uri())
    assert window.acted() or [url for url in window.foreign() if "elsewhere" in url]


@pytest.mark.parametrize("name", ACTING_WHEN_CLICKED)
def test_the_harness_notices_what_acts_when_clicked(look, tmp_path, name):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><body>{ACTING_WHEN_CLICKED[name]}")
    window = look(page.as_uri())
    assert not window.acted()
    window.click_everything("body")
    assert window.acted() or name == "data link"  # which browsers no longer open at the top


def test_the_same_notebook_acts_where_nothing_is_done_about_it(look, shown, tmp_path):
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(shown.raw)
    page = tmp_path / "page.html"
    page.write_text(html)
    window = look(page.as_uri())
    assert window.acted() or window.foreign()


# --- the formgrader ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_students_notebook_does_nothing_in_the_formgrader(look, server, submissions, name):
    window = look(submissions[name], server)
    window.click_everything("#notebook-container .rendered_html")
    window.page.evaluate("typeof toggle_name === 'function' && toggle_name(true)")
    window.page.wait_for_load_state("networkidle")
    assert not window.acted()
    assert window.foreign() == []
    assert window.page.url.startswith(submissions[name])


def test_the_formgrader_shows_text_formulas_and_the_attached_picture(look, server, submissions):
    window = look(submissions["ada"], server)
    page = window.page
    page.wait_for_function("window.MathJax && MathJax.Hub && MathJax.Hub.queue.pending === 0")
    picture = page.locator('img[alt="plot"]').first
    assert picture.evaluate("image => image.naturalWidth") == 300
    assert page.locator(".MathJax").count() > 5
    text = page.locator("#notebook-container").first.inner_text().replace("\u200b", "")
    assert "x<y" in text
    assert "<script>top.__pwned=1</script>" in text
    assert "shown instead of HTML" in text
    keep(page, "hostile-formgrader", whole=True)


@pytest.mark.parametrize("path", PAGES)
def test_names_do_nothing_in_the_formgraders_lists(look, server, shown, path):
    window = look(f"{server}/formgrader/{path}", server)
    assert not window.acted()
    assert window.foreign() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_does_nothing_on_the_students_own_pages(look, server, shown, name):
    from urllib.parse import quote

    for path in (name, f"{name}/{ASSIGNMENT}"):
        window = look(f"{server}/formgrader/manage_students/{quote(path)}", server)
        assert not window.acted()
        assert window.foreign() == []


def test_a_file_that_lies_beside_a_graded_notebook_is_shown_without_scripts(
    look, server, shown, submissions
):
    folder = shown.folder.path / "autograded" / "ada" / ASSIGNMENT
    assert {path.name for path in folder.iterdir()} == {
        "counting.ipynb",
        "timestamp.txt",
        "submission_secret.txt",
    }
    (folder / "left.html").write_text("<h1>left</h1><script>top.__pwned=1</script>")
    window = look(f"{submissions['ada']}left.html", server)
    assert window.page.locator("h1").inner_text() == "left"
    assert not window.acted()


# --- pages in files ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_students_notebook_does_nothing_in_nbgraders_feedback(look, nbgrader_feedback, name):
    page = nbgrader_feedback[name].as_uri()
    window = look(page)
    window.click_everything("#notebook-container .rendered_html")
    assert not window.acted()
    asked = {url.partition("?")[0] for url in window.foreign()}
    assert {url for url in asked if "/fonts/glyphicons-" not in url} <= {MATHJAX}


def test_nbgraders_feedback_shows_text_and_the_attached_picture(look, nbgrader_feedback):
    page = nbgrader_feedback["ada"].as_uri()
    window = look(page)
    picture = window.page.locator('img[alt="plot"]').first
    assert picture.evaluate("image => image.naturalWidth") == 300
    keep(window.page, "hostile-nbgrader-feedback", whole=True)


OURS = re.compile(rf"(\.\./)+lectures/\w+\.ipynb(#[^\s\"'<>]*)?|{NOTEBOOK}-practice\.ipynb")
"""Where a feedback page leads: to what to read again, and to the practice notebook."""


@pytest.mark.parametrize("name", NAMES)
def test_a_students_words_do_nothing_in_our_feedback(look, shown, name):
    page = shown.folder.feedback_path(ASSIGNMENT, name, NOTEBOOK).as_uri()
    window = look(page)
    links = window.page.locator("a")
    for leads in links.evaluate_all("links => links.map(link => link.getAttribute('href'))"):
        assert OURS.fullmatch(leads), leads
    links.evaluate_all("links => links.forEach(link => link.remove())")
    window.click_everything("body")
    assert not window.acted()
    assert window.foreign() == []
    assert "<script>top.__pwned=1</script>" in window.page.inner_text("body")
    keep(window.page, "hostile-feedback")


def test_students_words_do_nothing_in_the_report(look, shown):
    page = shown.folder.report_path(ASSIGNMENT, ".html").as_uri()
    window = look(page, shown.folder.path.as_uri())
    assert NAMES[0] in window.page.inner_text("body")
    links = window.page.locator("a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(links) == {"file:"}
    window.click_everything("thead")
    assert not window.acted()
    assert window.foreign() == []
    keep(window.page, "hostile-report", whole=True)


def test_the_report_links_the_pages_of_everybody_whatever_the_name(look, shown):
    from urllib.parse import unquote, urlsplit

    window = look(shown.folder.report_path(ASSIGNMENT, ".html").as_uri())
    links = window.page.locator("#students a").evaluate_all("links => links.map(link => link.href)")
    found = [Path(unquote(urlsplit(link).path)) for link in links]
    assert len(found) == 2 * len(NAMES)
    assert all(path.is_file() and path.is_relative_to(shown.folder.path) for path in found)


def test_the_report_is_sorted_and_filtered_without_a_server(look, shown):
    window = look(shown.folder.report_path(ASSIGNMENT, ".html").as_uri())
    page = window.page

    def names():
        return page.locator("#students tbody tr:visible td.name").all_inner_texts()

    assert sorted(names()) == sorted(NAMES)
    student = page.locator("#students th button").first
    student.click()
    ascending = names()
    student.click()
    assert names() == ascending[::-1]
    assert ascending[0] != ascending[-1]
    page.locator("#search").fill("ada")
    assert names() == ["ada"]
    assert page.locator("#shown").inner_text() == f"1 of {len(NAMES)} shown"
    page.locator("#search").fill("")
    page.locator("#only").select_option("waits")
    assert len(names()) == len(NAMES)  # everybody's written answer
    page.locator("#only").select_option("late")
    assert names() == []


@pytest.mark.parametrize(("width", "medium"), [(1280, "screen"), (360, "screen"), (690, "print")])
def test_the_report_fits_desktop_phone_and_paper(look, shown, width, medium):
    window = look(shown.folder.report_path(ASSIGNMENT, ".html").as_uri())
    window.page.set_viewport_size({"width": width, "height": 900})
    window.page.emulate_media(media=medium)
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width
    keep(window.page, f"hostile-report-{width}-{medium}", whole=True)
