"""What a class looks like to staff and students, on a desk, a phone and paper.

Each picture is kept in ``build/screens``, for a person to look at; the best are in the guides. What
a machine can see of them is tested: that nothing is cut off, and that names are hidden where they
have to be.
"""

import threading

import nbformat
import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_reports import write_reports
from autograder.classroom.gradebook import open_gradebook
from autograder.classroom.marking import Mark, places, set_mark
from autograder.classroom.marking_server import MarkingServer
from autograder.classroom.roster import Person, enrol, write_roster
from autograder.classroom.session import Session
from autograder.cli.mark import write_again
from autograder.cli.similar import similar
from autograder.proving.disguise import disguised
from autograder.proving.simulate import simulate
from autograder.sandbox.limits import Limits
from tests.running import grade_all
from tests.screens.conftest import ASSIGNMENT, NOTEBOOK, Shown, course_copy, serving
from tests.screens.pictures import keep

pytestmark = [pytest.mark.browser, pytest.mark.needs_sandbox]
NAMES = (
    "Ada Lovelace,Alan Turing,Annie Easley,Barbara Liskov,Claude Shannon,Dana Angluin,Donald Knuth,"
    "Edsger Dijkstra,Evelyn Boyd,Frances Allen,Grace Hopper,Hedy Lamarr,Ida Rhodes,Jean Bartik,"
    "Joan Clarke,John Backus,Karen Jones,Katherine Johnson,Kurt Gödel,Lotfi Zadeh,"
    "Margaret Hamilton,Mary Keller,Noam Chomsky,Radia Perlman"
).split(",")
MISSING = Person("tony", "Tony", "Hoare", "tony@example.org")
RULES = """time_zone = "Europe/Zurich"

[late]
policy = "per_day"
percent = 10

[assignments.01_counting]
due = "2026-10-05 23:59"

[came.karen]
01_counting = "2026-10-06 10:00"
"""
ANSWER = """Both models see the same counts, so **what differs is the mass of the unseen**.

Add-$\\delta$ gives each unseen word the same share, $\\frac{{\\delta}}{{N + \\delta V}}$, whatever
the context; Kneser–Ney asks in how many contexts a word has stood. A word such as *Francisco* is
frequent, but only after one other word.

![my plot](attachment:plot.png)

{name}"""
SIZES = {"desk": (1280, "screen"), "phone": (390, "screen"), "paper": (690, "print")}


@pytest.fixture(scope="module")
def pretty(course, png, tmp_path_factory):
    """A class of people with names, graded; two of them share most of their code."""
    root = course_copy(course, tmp_path_factory.mktemp("pictures") / "course")
    folder = ClassFolder(root / "class")
    folder.set_secret("tests")
    material = load_material(Course.at(root).assignment(ASSIGNMENT))
    simulated = [each for each in simulate(material, 40, 0) if "loop" not in each.name]
    people = [
        Person(n.split()[0].lower(), *n.split(), f"{n.split()[0].lower()}@example.org")
        for n in NAMES
    ]
    for person, each in zip(people, simulated, strict=False):
        place = folder.submitted(ASSIGNMENT, person.student)
        place.mkdir(parents=True)
        (place / f"{NOTEBOOK}.ipynb").write_text(answered(each.content, person, png))
    copy_answers(folder, material, "noam", "radia")
    (folder.path / "class.toml").write_text(RULES)
    write_roster(folder, [*people, MISSING])
    session = Session.of(material, folder)
    students = [person.student for person in people]
    graded = list(grade_all(session, students, workers=2, limits=Limits(cell_seconds=6)))
    enrol(folder)
    write_reports(session, graded)
    return Shown(root, folder, nbformat.v4.new_notebook())


def answered(content, person, png):
    """Return a notebook with written answers, where it is one."""
    try:
        notebook = nbformat.reads(content, as_version=4)
    except nbformat.reader.NotJSONError:
        return content
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and settings.get("solution"):
            cell.source = ANSWER.format(name=person.name)
            cell.attachments = {"plot.png": {"image/png": png}}
    return nbformat.writes(notebook)


def copy_answers(folder, material, source, copy):
    """Let somebody hand in somebody else's answers, in other words."""
    paths = [folder.submitted(ASSIGNMENT, name) / f"{NOTEBOOK}.ipynb" for name in (source, copy)]
    notebook = nbformat.read(paths[0], as_version=4)
    questions = {question.name for question in material.questions}
    for cell in notebook.cells:
        if grade_id_of(cell) in questions:
            cell.source = disguised(cell.source)
    nbformat.write(notebook, paths[1])


def pictures(window, name):
    """Keep a page on a desk, a phone and paper, having seen that nothing is cut off."""
    for size, (width, medium) in SIZES.items():
        window.page.set_viewport_size({"width": width, "height": 900})
        window.page.emulate_media(media=medium)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width, size
        keep(window.page, f"{name}-{size}", whole=size != "desk")
        if size == "desk":
            keep(window.page, f"{name}-whole", whole=True)
    window.page.emulate_media(media="screen", color_scheme="dark")
    window.page.set_viewport_size({"width": 1280, "height": 900})
    keep(window.page, f"{name}-dark")


def test_the_report(look, pretty):
    window = look(pretty.folder.report_path(ASSIGNMENT, ".html").as_uri())
    pictures(window, "report")
    assert "Tony" in window.page.inner_text("body") or "tony" in window.page.inner_text("body")


def test_the_feedback_of_somebody_with_a_hint(look, pretty):
    pages = (pretty.folder.feedback_path(ASSIGNMENT, n.split()[0].lower(), NOTEBOOK) for n in NAMES)
    hinted = next(page for page in pages if page.is_file() and "Hint." in page.read_text())
    pictures(look(hinted.as_uri()), "feedback")


def test_what_is_alike(look, pretty):
    assignment = Course.at(pretty.root).assignment(ASSIGNMENT)
    similar(assignment, pretty.folder, [], 10, False)
    window = look(pretty.folder.report_path(ASSIGNMENT, "-alike.html").as_uri())
    assert "noam and radia" in window.page.locator("nav tbody tr").first.inner_text()
    pictures(window, "alike")
    window.page.emulate_media(media="screen", color_scheme="light")
    window.page.locator("#pair-1 details").evaluate_all(
        "all => all.forEach(each => each.open = true)"
    )
    window.page.evaluate("document.getElementById('pair-1').scrollIntoView()")
    keep(window.page, "alike-pair")
    assert window.foreign() == []


def test_the_page_on_which_a_person_marks_hides_the_name(look, pretty):
    session = Session.of(
        load_material(Course.at(pretty.root).assignment(ASSIGNMENT)), pretty.folder
    )
    with MarkingServer(places(session), "tea") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        window = look(server.address, f"http://{server.host}")
        words = window.page.inner_text("#answer")
        assert "name hidden" in words
        assert not [name for name in NAMES if any(part in words for part in name.split())]
        pictures(window, "mark")
        server.shutdown()
        thread.join()
    place = next(place for place in places(session) if place.student == "ada")
    set_mark(place, Mark(2.0, 3.0, "Say what N is."), place.digest, "tea", "")
    write_again(session, ["ada"])
    pictures(look(session.feedback_path("ada").as_uri()), "feedback-marked")


def test_the_formgrader(look, pretty):
    with serving(pretty) as home, open_gradebook(pretty.folder) as gradebook:
        window = look(f"{home}/formgrader/manage_assignments", home)
        window.page.locator("#main-table").get_by_text(ASSIGNMENT).first.wait_for()
        keep(window.page, "formgrader-assignments")
        listed = window.page.locator("#main-table").inner_text()
        assert "probes" not in listed
        assert "lecturers" not in listed
        window.open(f"{home}/formgrader/manage_submissions/{ASSIGNMENT}")
        window.page.get_by_text("Lovelace").first.wait_for()
        keep(window.page, "formgrader-submissions")
        ada = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, "ada")
        window.open(f"{home}/formgrader/submissions/{ada.id}/")
        window.page.wait_for_function(
            "window.MathJax && MathJax.Hub && MathJax.Hub.queue.pending === 0"
        )
        written = window.page.locator("img[alt='my plot']").first
        assert written.evaluate("image => image.naturalWidth") == 300
        keep(window.page, "formgrader-answer", whole=True)
