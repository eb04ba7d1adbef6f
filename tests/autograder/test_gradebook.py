import copy
import dataclasses
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from sqlalchemy import event

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.derive import derive
from autograder.authoring.nbgrader_config import put_programs_on_path
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import ChangedAssignment, UnusableGradebook
from autograder.classroom.scoring import ScoreWriter, Standing, WrittenMark, answer_digests
from autograder.files import InTheWay
from autograder.judging.judge import Verdict


def executed(tiny, **sources):
    notebook = copy.deepcopy(tiny.derived.master)
    for cell in notebook.cells:
        cell.source = sources.get((grade_id_of(cell) or "").replace("-", "_"), cell.source)
    return notebook


def record(session, student, points, notebook=None, time=None, unchanged=()):
    verdict = Verdict("double", points, 2.0, "Right." if points == 2 else "Not right yet.")
    notebook = notebook or executed(session.material, double="def double(x): return 2 * x")
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        writer.write(student, notebook, (verdict,), time, unchanged)


def grade_of(gb, grade_id, student="ada"):
    return gb.find_grade(grade_id, "tiny", "01_tiny", student)


def test_what_is_recorded_is_what_the_gradebook_says(session):
    record(session, "ada", 2.0)
    record(session, "bob", 0.5)
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 2.0, "bob": 0.5}


def test_recording_again_replaces(session):
    record(session, "ada", 2.0)
    record(session, "ada", 1.0)
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 1.0}


@pytest.mark.parametrize("student", ["[bold]", "<script>", "=HYPERLINK(1)", "Zoë Ω 李", "a'b\"c"])
def test_names_are_names_whatever_is_in_them(session, student):
    record(session, student, 2.0)
    assert gradebook.scores(session.class_folder, "01_tiny") == {student: 2.0}


def test_the_gradebook_knows_cells_and_points(session):
    with gradebook.open_gradebook(session.class_folder) as gb:
        notebook = gb.find_notebook("tiny", "01_tiny")
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        sources = {cell.name: cell.source for cell in notebook.source_cells}
    assert points == {"double-graded": 2, "why-written": 3}
    assert "# collect double" in sources["double-graded"]
    assert "twice_of_it" not in sources["double"]


def test_an_answer_left_as_it_came_gets_nothing_and_needs_nobody(session):
    record(session, "ada", 0.0, executed(session.material))
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = grade_of(gb, "why-written")
        assert (grade.auto_score, grade.needs_manual_grade) == (0, False)
        comment = gb.find_comment("double", "tiny", "01_tiny", "ada")
        assert comment.comment == "No response."


def test_a_written_answer_waits_for_a_person(session):
    record(session, "ada", 2.0, executed(session.material, why_written="Because."))
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = grade_of(gb, "why-written")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)


# nbgrader 0.9.6 adds submissions in an order that SQLAlchemy 2.1 remarks upon.
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("gone", [(), ("why-written",), ("double", "why-written")])
def test_a_cell_that_is_gone_has_its_rows_and_asks_for_a_person(session, gone):
    """They are those that nbgrader's own way would leave."""
    notebook = executed(session.material, why_written="Because.")
    notebook.cells = [cell for cell in notebook.cells if grade_id_of(cell) not in gone]
    record(session, "ada", 2.0, notebook)
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.add_student("bob")
        theirs = gb.add_submission("01_tiny", "bob").notebooks[0]
        ours = gb.find_submission_notebook("tiny", "01_tiny", "ada")
        for rows in ("grades", "comments"):
            names = [{row.name for row in getattr(each, rows)} for each in (ours, theirs)]
            assert names[0] == names[1]
        grade = grade_of(gb, "why-written")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)
        assert gb.find_submission("01_tiny", "ada").needs_manual_grade


@pytest.mark.parametrize("kind", ["raw", "code", None])
def test_a_written_answer_that_is_gone_from_a_resubmission_asks_for_a_person(session, kind):
    untouched = executed(session.material)
    record(session, "ada", 1.0, untouched)
    changed = copy.deepcopy(untouched)
    (written,) = [cell for cell in changed.cells if grade_id_of(cell) == "why-written"]
    if kind is None:
        changed.cells.remove(written)
    else:
        written.cell_type, written.metadata = kind, NotebookNode()
    record(session, "ada", 1.0, changed)
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = grade_of(gb, "why-written")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)


def marked(session, **scores):
    """Mark cells of ada's as a person does in the formgrader."""
    with gradebook.open_gradebook(session.class_folder) as gb:
        for name, score in scores.items():
            grade = grade_of(gb, name.replace("_", "-"))
            grade.manual_score, grade.needs_manual_grade = score, False
        gb.db.commit()


def manual(session, grade_id):
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = grade_of(gb, grade_id)
        return grade.manual_score, grade.needs_manual_grade


def test_a_manual_score_survives_a_regrade_of_what_is_not_known_to_be_the_same(session):
    """Who looks once too often loses less than who is not asked."""
    answered = executed(session.material, why_written="Because.")
    record(session, "ada", 2.0, answered)
    marked(session, why_written=3.0, double_graded=1.5)
    record(session, "ada", 1.0, answered)
    assert manual(session, "why-written") == (3.0, True)
    assert manual(session, "double-graded") == (1.5, True)
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 4.5}


def test_a_marked_answer_asks_again_only_where_it_has_changed(session):
    answered = executed(session.material, why_written="Because.")
    record(session, "ada", 2.0, answered)
    marked(session, why_written=3.0)
    record(session, "ada", 1.0, answered, unchanged={"why-written", "double-graded"})
    assert manual(session, "why-written") == (3.0, False)
    assert manual(session, "double-graded") == (None, False)
    record(session, "ada", 1.0, answered, unchanged={"double-graded"})
    assert manual(session, "why-written") == (3.0, True)
    record(session, "ada", 1.0, answered, unchanged={"why-written"})
    assert manual(session, "why-written") == (3.0, True), "nobody has looked since"


def test_a_score_changed_by_hand_asks_again_where_the_automatic_one_changes(session):
    answered = executed(session.material)
    record(session, "ada", 1.0, answered)
    marked(session, double_graded=2.0)
    record(session, "ada", 1.0, answered, unchanged={"double-graded"})
    assert manual(session, "double-graded") == (2.0, False)
    record(session, "ada", 0.5, answered, unchanged={"double-graded"})
    assert manual(session, "double-graded") == (2.0, True)


def test_an_answer_that_is_the_same_and_waits_goes_on_waiting(session):
    answered = executed(session.material, why_written="Because.")
    for _ in range(2):
        record(session, "ada", 2.0, answered, unchanged={"why-written", "double-graded"})
        assert manual(session, "why-written") == (None, True)


def test_an_answer_whose_cell_has_gone_in_a_resubmission_asks_for_a_person(session):
    record(session, "ada", 0.0, executed(session.material))
    assert manual(session, "why-written") == (None, False)
    notebook = executed(session.material)
    notebook.cells = [cell for cell in notebook.cells if grade_id_of(cell) != "why-written"]
    record(session, "ada", 0.0, notebook)
    assert manual(session, "why-written") == (None, True)


@pytest.mark.parametrize(
    ("sources", "changed"),
    [
        ({}, set()),
        ({"why_written": "Why not?"}, {"why-written"}),
        ({"double": "def double(x): return x + x"}, {"double-graded"}),
        ({"double_visible": "pass", "imports_given": "pass"}, set()),
    ],
)
def test_the_digest_of_an_answer_changes_with_its_own_text(tiny, sources, changed):
    first, second = (answer_digests(executed(tiny, **given)) for given in ({}, sources))
    assert set(first) == set(second) == {"double-graded", "why-written"}
    assert {name for name in first if first[name] != second[name]} == changed


def test_an_answer_that_is_gone_or_no_text_of_this_world_has_a_digest_too(tiny):
    gone = executed(tiny)
    gone.cells = [cell for cell in gone.cells if grade_id_of(cell) != "double"]
    empty = executed(tiny, double="")
    assert answer_digests(gone) == answer_digests(empty) != answer_digests(executed(tiny))
    assert answer_digests(executed(tiny, why_written="\ud800"))


def test_an_unchanged_answer_that_the_gradebook_does_not_know_is_left_aside(session):
    record(session, "ada", 2.0, unchanged={"of another release-written", "double-graded"})
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 2.0}


def test_a_standing_says_what_the_total_is_made_of(session):
    record(session, "ada", 1.0, executed(session.material, why_written="Because."))

    def standing():
        with gradebook.open_gradebook(session.class_folder) as gb:
            return ScoreWriter(gb, session.material).standing("ada")

    assert (standing().total, standing().max_total) == (1.0, 5.0)
    assert standing().in_words == "written answers 0 of 3, 1 written answer waits"
    marked(session, why_written=2.5, double_graded=2.0)
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.find_comment("why-written", "tiny", "01_tiny", "ada").manual_comment = "Good."
        gb.find_submission_notebook("tiny", "01_tiny", "ada").late_submission_penalty = 0.5
        gb.db.commit()
    assert standing().total == gradebook.scores(session.class_folder, "01_tiny")["ada"] - 0.5 == 4.0
    assert standing().in_words == "written answers 2.5 of 3, changed by hand +1, late penalty 0.5"
    assert standing().written == (WrittenMark("why-written", 2.5, 3.0, "Good."),)


def test_what_is_asked_of_one_student_reads_no_table_through(session):
    """Else grading 10,000 takes the time of 10,000 times 10,000."""
    record(session, "ada", 1.0)
    plans = []

    def explain(connection, cursor, statement, parameters, *_):
        explained = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[-1] for row in explained)

    with gradebook.open_gradebook(session.class_folder) as gb:
        event.listen(gb.engine, "before_cursor_execute", explain)
        writer = ScoreWriter(gb, session.material)
        plans.clear()  # what is asked once a class may read all of it
        writer.standing("ada")
        writer.is_late("ada")
        writer.times("ada")
        writer.settle("ada", None, None, 0.5)
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


def test_a_standing_without_more_to_say_has_no_words():
    assert Standing(1.0, 2.0).in_words == ""


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([None], "1 written answer waits"),
        ([None, None], "2 written answers wait"),
        ([None, 1.0], "1 written answer waits"),
        ([1.0], None),
    ],
)
def test_a_standing_counts_the_answers_that_wait(points, words):
    written = tuple(WrittenMark("why-written", each, 2.0, "") for each in points)
    said = Standing(0.0, 2.0, written=written).in_words.split(", ")
    assert said[1:] == ([words] if words else [])


@pytest.mark.parametrize(("penalty", "total"), [(0.2, 0.3), (3.0, 0.0)])
def test_a_late_penalty_takes_no_more_than_there_is(session, penalty, total):
    record(session, "ada", 0.5)
    with gradebook.open_gradebook(session.class_folder) as gb:
        notebook = gb.find_submission_notebook("tiny", "01_tiny", "ada")
        notebook.late_submission_penalty = penalty
        gb.db.commit()
        standing = ScoreWriter(gb, session.material).standing("ada")
    assert (standing.total, standing.penalty) == (pytest.approx(total), penalty)


def test_a_standing_without_an_automatic_score_has_nothing_changed_by_hand(session):
    notebook = executed(session.material)
    notebook.cells = [cell for cell in notebook.cells if grade_id_of(cell) != "double-graded"]
    record(session, "ada", 2.0, notebook)
    with gradebook.open_gradebook(session.class_folder) as gb:
        standing = ScoreWriter(gb, session.material).standing("ada")
    assert (standing.total, standing.by_hand) == (0.0, 0.0)


NOON, HOUR = datetime(2026, 10, 5, 12, 0), timedelta(hours=1)


@pytest.mark.parametrize(
    ("due", "extension", "came", "late"),
    [
        (None, None, NOON, False),
        (NOON, None, None, False),
        (NOON, None, NOON, False),
        (NOON - HOUR, None, NOON, True),
        (NOON + HOUR, None, NOON, False),
        (NOON - HOUR, HOUR, NOON, False),
        (NOON - 2 * HOUR, HOUR, NOON, True),
    ],
)
def test_late_is_what_came_after_its_due_date_and_extension(session, due, extension, came, late):
    record(session, "ada", 2.0, time=came)
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.find_assignment("01_tiny").duedate = due
        gb.find_submission("01_tiny", "ada").extension = extension
        gb.db.commit()
        assert ScoreWriter(gb, session.material).is_late("ada") is late


def test_what_has_a_penalty_counts_as_late_until_it_is_looked_at_again(session):
    record(session, "ada", 2.0, time=NOON)
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.find_assignment("01_tiny").duedate = NOON + HOUR
        notebook = gb.find_submission_notebook("tiny", "01_tiny", "ada")
        notebook.late_submission_penalty = 0.5
        gb.db.commit()
        assert ScoreWriter(gb, session.material).is_late("ada")


def test_who_has_no_submission_has_no_standing(session):
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.add_student("bob")
        assert ScoreWriter(gb, session.material).standing("bob") is None


def test_a_student_whom_nobody_named_is_named_by_the_id_and_others_keep_their_names(session):
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.add_student("bob", first_name="Bob", last_name="Last")
        gb.add_student("cyd", last_name="Only")
        gb.add_student("eve", first_name="First")
        gb.add_student("dan")
    for student in ("ada", "bob", "cyd", "dan", "eve"):
        record(session, student, 2.0)
    with gradebook.open_gradebook(session.class_folder) as gb:
        names = {each.id: (each.last_name, each.first_name) for each in gb.students}
    assert names == {
        "ada": ("ada", ""),
        "bob": ("Last", "Bob"),
        "cyd": ("Only", None),
        "dan": ("dan", ""),
        "eve": (None, "First"),
    }


def test_the_judges_words_are_the_comment(session):
    answered = executed(session.material, double="def double(x): return x")
    record(session, "ada", 0.0, answered)
    with gradebook.open_gradebook(session.class_folder) as gb:
        comment = gb.find_comment("double", "tiny", "01_tiny", "ada")
        assert comment.comment == "Not right yet."


def test_a_time_is_recorded_and_none_leaves_what_is_known(session):
    time = datetime(2026, 10, 5, 12, 0)
    for known in (time, None):
        record(session, "ada", 2.0, time=known)
        with gradebook.open_gradebook(session.class_folder) as gb:
            assert gb.find_submission("01_tiny", "ada").timestamp == time


def test_knowing_an_assignment_already_changes_nothing(session):
    record(session, "ada", 2.0)
    before = session.class_folder.gradebook_path.read_bytes()
    gradebook.ensure_assignment(session.class_folder, session.material)
    assert session.class_folder.gradebook_path.read_bytes() == before


def test_edited_words_are_updated_also_after_students_have_submitted(session):
    record(session, "ada", 2.0)
    notebook = nbformat.from_dict(session.material.notebook)
    visible = next(cell for cell in notebook.cells if grade_id_of(cell) == "double-visible")
    visible.source += "  # edited"
    edited = dataclasses.replace(session.material, notebook=notebook)
    gradebook.ensure_assignment(session.class_folder, edited)
    with gradebook.open_gradebook(session.class_folder) as gb:
        cell = gb.find_source_cell("double-visible", "tiny", "01_tiny")
        assert cell.source.endswith("# edited")
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 2.0}


def test_a_question_more_after_students_have_submitted_is_refused_in_words(session):
    record(session, "ada", 2.0)
    notebook = nbformat.from_dict(session.material.notebook)
    extra = copy.deepcopy(notebook.cells[-2])
    extra.metadata.nbgrader["grade_id"] = "why_not-written"
    notebook.cells.append(extra)
    changed = dataclasses.replace(session.material, notebook=notebook)
    assert derive(notebook) == changed.derived
    with pytest.raises(ChangedAssignment, match="Grade this class with the version that it was"):
        gradebook.ensure_assignment(session.class_folder, changed)
    assert gradebook.scores(session.class_folder, "01_tiny") == {"ada": 2.0}


ADVICE = "If it is damaged, restore it from backups/, or move it away and run `autograder grade`"


def assert_unusable(class_folder, material, words):
    with pytest.raises(UnusableGradebook) as caught:
        gradebook.ensure_assignment(class_folder, material)
    assert "gradebook.db cannot be used as a gradebook: " in str(caught.value)
    assert words in str(caught.value)
    assert ADVICE in str(caught.value)


def test_random_bytes_are_no_gradebook_and_are_left_alone(tiny, class_folder):
    content = os.urandom(5000)
    class_folder.gradebook_path.write_bytes(content)
    assert_unusable(class_folder, tiny, "file is not a database")
    assert class_folder.gradebook_path.read_bytes() == content


def test_a_gradebook_cut_in_half_is_refused_in_words(session):
    path = session.class_folder.gradebook_path
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert_unusable(session.class_folder, session.material, "database disk image is malformed")


def test_a_folder_is_no_gradebook(tiny, class_folder):
    class_folder.gradebook_path.mkdir(parents=True)
    assert_unusable(class_folder, tiny, "unable to open database file")


def test_another_database_is_no_gradebook(tiny, class_folder):
    with sqlite3.connect(class_folder.gradebook_path) as database:
        database.execute("CREATE TABLE assignment (flavour TEXT)")
    database.close()
    assert_unusable(class_folder, tiny, "no such column")


def test_a_gradebook_that_cannot_be_written_is_refused_in_words(session):
    class ReadOnly(ClassFolder):
        @property
        def gradebook_url(self):
            return f"sqlite:///file:{self.gradebook_path}?mode=ro&uri=true"

    folder = ReadOnly(session.class_folder.path)
    with (
        pytest.raises(UnusableGradebook, match="attempt to write a readonly database"),
        gradebook.open_gradebook(folder) as gb,
    ):
        gb.update_or_create_student("ada")


def test_a_gradebook_that_is_locked_is_refused_in_words(session):
    class Impatient(ClassFolder):
        @property
        def gradebook_url(self):
            return f"sqlite:///{self.gradebook_path}?timeout=0.2"

    locker = sqlite3.connect(session.class_folder.gradebook_path)
    locker.execute("BEGIN EXCLUSIVE")
    try:
        assert_unusable(
            Impatient(session.class_folder.path), session.material, "database is locked"
        )
    finally:
        locker.close()


def tables_and_rows(path):
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def test_a_new_gradebook_is_what_nbgrader_itself_would_make(tmp_path):
    put_programs_on_path()
    Gradebook(f"sqlite:///{tmp_path / 'theirs.db'}").close()
    class_folder = ClassFolder(tmp_path)
    with gradebook.open_gradebook(class_folder):
        pass
    ours, theirs = (
        tables_and_rows(path) for path in (class_folder.gradebook_path, tmp_path / "theirs.db")
    )
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize(
    "name", ["gradebook-old.db", "gradebook-2026-10-05.db", "gradebook-.db", "gradebook-1.db"]
)
def test_a_backup_that_is_not_ours_is_neither_counted_nor_removed(session, name):
    folder = session.class_folder.path / "backups"
    folder.mkdir()
    (folder / name).write_text("a TA's own copy")
    made = [gradebook.back_up(session.class_folder) for _ in range(gradebook.BACKUPS + 1)]
    assert made[0].name == "gradebook-00001.db"
    assert sorted(folder.iterdir()) == sorted([folder / name, *made[1:]])


def test_a_folder_named_as_a_backup_stays_and_its_number_is_not_used(session):
    folder = session.class_folder.path / "backups"
    (folder / "gradebook-00007.db").mkdir(parents=True)
    made = [gradebook.back_up(session.class_folder) for _ in range(gradebook.BACKUPS + 1)]
    assert made[0].name == "gradebook-00008.db"
    assert (folder / "gradebook-00007.db").is_dir()


def test_backups_that_cannot_be_kept_are_told_in_words(session):
    (session.class_folder.path / "backups").write_text("a file")
    with pytest.raises(InTheWay, match="backups cannot be written: File exists"):
        gradebook.back_up(session.class_folder)
