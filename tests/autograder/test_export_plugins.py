"""nbgrader's export with our formats: the same marks as our own command writes."""

import pytest
from nbgrader.apps import ExportApp
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from traitlets.config import Config

from autograder.classroom import export_plugins
from autograder.classroom.exports import CannotExport, Format
from autograder.classroom.marks_out import Order, write_marks
from autograder.classroom.roster import Person, write_roster
from tests.running import grade_all

PLUGINS = {
    Format.csv: export_plugins.Csv,
    Format.canvas: export_plugins.Canvas,
    Format.moodle: export_plugins.Moodle,
    Format.moodle_gradebook: export_plugins.MoodleGradebook,
    Format.gradescope: export_plugins.Gradescope,
}
GIVEN = {
    Format.canvas: 'Student,ID,SIS Login ID,Section,01 tiny (7)\n"L, Ada",1,ada,A,\n',
    Format.moodle: "Identifier,Full name,Email address,Grade\nParticipant 1,Ada L,ada@x.org,\n",
}


@pytest.fixture
def graded(session, right, submit, ran):
    folder = session.class_folder
    people = (Person("ada", "Ada", "L", "ada@x.org", canvas_id="1"), Person("bob", "Bob", "M"))
    write_roster(folder, people)
    for student in ("ada", "bob"):
        submit(folder, student, right)
    list(grade_all(session, ["ada", "bob"]))
    return folder


@pytest.fixture
def export(graded, tiny, monkeypatch, tmp_path):
    """Return a function that exports as nbgrader does."""
    monkeypatch.setattr(export_plugins, "load_coursework", lambda assignment: tiny)

    def run(plugin, to, **settings):
        course = {"root": str(tiny.assignment.course.root), "db_url": graded.gradebook_url}
        asked = {"to": str(to), "assignment": ["01_tiny"]} | settings
        app = ExportApp(config=Config(CourseDirectory=course, MarksExport=asked))
        app.coursedir = CourseDirectory(parent=app)
        plugin(parent=app).export(None)

    return run


@pytest.mark.parametrize("format_", Format)
def test_the_same_marks_in_every_format(graded, export, tiny, tmp_path, format_):
    given = tmp_path / "given.csv"
    given.write_text(GIVEN.get(format_, ""))
    order = Order(format_, given if format_ in GIVEN else None)
    _, _, ours = write_marks(graded, tiny, order, tmp_path / "ours.csv")
    theirs = tmp_path / "theirs.csv"
    settings = {"given": str(given)} if format_ in GIVEN else {}
    export(PLUGINS[format_], theirs, **settings)
    assert theirs.read_bytes() == ours.read_bytes()
    assert ",2" in theirs.read_text()
    assert issubclass(PLUGINS[format_], ExportPlugin)


def test_only_some_students(export, tmp_path):
    path = tmp_path / "marks.csv"
    export(export_plugins.Csv, path, student=["bob"])
    assert "bob" in path.read_text()
    assert "ada" not in path.read_text()


@pytest.mark.parametrize("names", [[], ["01_tiny", "02_more"]])
def test_one_assignment_is_expected(export, tmp_path, names):
    with pytest.raises(CannotExport, match="--assignment 01_counting"):
        export(export_plugins.Csv, tmp_path / "marks.csv", assignment=names)


def test_what_canvas_gave_is_asked_for(export, tmp_path):
    with pytest.raises(CannotExport, match="name that file as well"):
        export(export_plugins.Canvas, tmp_path / "marks.csv")
