"""A term's day on a JupyterHub: fetch, validate, submit, collect, grade, release, read."""

import json
import re

import nbformat
import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import open_gradebook
from autograder.classroom.marks_log import read_log
from tests.hub.conftest import GRADER
from tests.screens.pictures import keep

pytestmark = pytest.mark.browser
ASSIGNMENT, NOTEBOOK = "01_counting", "counting"
PATIENCE = 120_000
"""Milliseconds: a user's server takes seconds to start, on a busy machine many."""


def enter(look, hub, user):
    """Log a user in, and wait until the server that is started for it shows JupyterLab."""
    window = look(f"{hub.url}/hub/login", hub.url)
    page = window.page
    page.set_default_timeout(PATIENCE)
    page.locator("#username_input").fill(user)
    page.locator("#password_input").fill(hub.password)
    page.locator("#login_submit").click()
    page.wait_for_url(re.compile(rf"/user/{user}/lab"))
    page.locator("#jp-main-dock-panel").wait_for()
    return page


def open_list(page):
    """Open nbgrader's list of assignments."""
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()
    page.locator("#released_assignments_list").wait_for()


def solve(path, material, questions):
    """Write reference answers into a student's notebook, as a student would type them."""
    notebook = nbformat.read(path, as_version=4)
    right = {grade_id_of(cell): cell.source for cell in material.notebook.cells}
    for cell in notebook.cells:
        name = grade_id_of(cell)
        if name in questions:
            marks = ("### BEGIN SOLUTION", "### END SOLUTION")
            lines = [line for line in right[name].splitlines() if line.strip() not in marks]
            cell.source = "\n".join(lines)
    nbformat.write(notebook, path)


def set_a_mark(page, hub):
    """Mark ada's written answer in the formgrader."""
    with open_gradebook(ClassFolder(hub.folder)) as gradebook:
        submission = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, "ada")
        address = f"{hub.url}/user/{GRADER}/formgrader/submissions/{submission.id}/"
        written = next(g.name for g in submission.grades if g.name.endswith("-written"))
    page.goto(address)
    field = page.locator(f"input.score[id='{written}']")
    field.fill("1")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        field.press("Tab")


def test_two_students_and_a_grader(hub, look):
    hub.run("nbgrader", "release_assignment", ASSIGNMENT)
    material = load_material(Course.at(hub.root).assignment(ASSIGNMENT))
    everything = [question.name for question in material.questions]

    ada = enter(look, hub, "ada")
    open_list(ada)
    ada.get_by_role("button", name="Fetch", exact=True).click()
    fetched = ada.locator("#fetched_assignments_list")
    fetched.get_by_text(ASSIGNMENT).first.wait_for()
    fetched.locator(".assignment-notebooks-link").click()  # opens the list of its notebooks
    fetched.get_by_role("button", name="Validate").click()
    said = ada.locator(".jp-Dialog")
    said.wait_for()
    words = said.inner_text()
    assert "failed" in words.lower(), "an untouched notebook is no success"
    assert "Success" not in words
    keep(ada, "hub-validate")
    said.get_by_role("button").last.click()
    solve(hub.homes / "ada" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", material, everything)
    fetched.get_by_role("button", name="Submit").click()
    ada.locator("#submitted_assignments_list").get_by_text(ASSIGNMENT).first.wait_for()
    keep(ada, "hub-assignments")

    bob = enter(look, hub, "bob")
    open_list(bob)
    bob.get_by_role("button", name="Fetch", exact=True).click()
    bob.locator("#fetched_assignments_list").get_by_text(ASSIGNMENT).first.wait_for()
    solve(hub.homes / "bob" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", material, everything[:1])
    bob.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    bob.locator("#submitted_assignments_list").get_by_text(ASSIGNMENT).first.wait_for()

    told = json.loads(hub.run("autograder", "collect", ASSIGNMENT, str(hub.exchange), "--json"))
    assert sorted(row["student"] for row in told) == ["ada", "bob"]
    said = hub.run("autograder", "grade", ASSIGNMENT, "--workers", "2")
    assert "ada" in said
    hub.run("nbgrader", "generate_feedback", ASSIGNMENT)
    hub.run("nbgrader", "release_feedback", ASSIGNMENT)

    tea = enter(look, hub, GRADER)
    tea.goto(f"{hub.url}/user/{GRADER}/formgrader")
    tea.locator("#main-table").get_by_text(ASSIGNMENT).first.wait_for()
    keep(tea, "hub-formgrader")
    listed = tea.locator("#main-table").inner_text()
    assert [name for name in (ASSIGNMENT, "probes", "lecturers") if name in listed] == [ASSIGNMENT]

    set_a_mark(tea, hub)
    last = list(read_log(ClassFolder(hub.folder)))[-1]
    assert (last.student, last.points, last.by) == ("ada", 1.0, GRADER)

    ada.get_by_role("button", name="Fetch Feedback").first.click()
    ada.get_by_text("(view feedback)").first.click()
    feedback = hub.homes / "ada" / ASSIGNMENT / "feedback"
    (page,) = feedback.rglob(f"{NOTEBOOK}.html")
    points = f"{material.points:g}"
    assert re.search(rf"Score: {points}(\.0)? / ", page.read_text()), "ada has all of it"
    assert not list((hub.homes / "bob" / ASSIGNMENT).rglob("*.html")), "bob reads his own only"
