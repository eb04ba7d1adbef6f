"""A course with nbgrader's folders: names, what is refused, and questions that get checks."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.conventions import BrokenConvention, Question, grade_id_of
from autograder.authoring.course import Course, UnknownAssignment
from autograder.authoring.coursework import Coursework, load_coursework
from autograder.authoring.material import BrokenCheck
from autograder.authoring.nbgraders_course import NotForUs
from autograder.authoring.pairs import UnreadableSource, pairs
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.grading import rejudge
from autograder.classroom.results import read_result
from autograder.classroom.session import sitting
from autograder.classroom.stage import stage
from autograder.classroom.submission import parse_notebook, read_submission
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode, execute
from tests.running import grade_all

DOUBLE = '''def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION'''
WITNESS = """# 2 points
### BEGIN HIDDEN TESTS
# collect double
### END HIDDEN TESTS"""
CHECK = """from autograder.authoring.checking import Check, Group, case


def draw(rng, reference):
    for _ in range(4):
        yield case("all", float(rng.uniform(1, 9)))


check = Check({"all": Group("numbers", 2)}, draw)
"""


def marked(grade_id, source, kind="code", **flags):
    cell = new_code_cell(source) if kind == "code" else new_markdown_cell(source)
    base = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = base | flags | {"grade_id": grade_id}
    return cell


def half():
    """The cells of a question without a check: a solution, and asserts."""
    return [
        marked("Half", "### BEGIN SOLUTION\nhalf = 0.5\n### END SOLUTION", solution=True),
        marked("is-half", "assert half == 0.5", grade=True, points=1),
    ]


def double():
    """The cells of a question with a check."""
    return [
        marked("double", DOUBLE, solution=True),
        marked("double-visible", "assert double(2) == 4", locked=True),
        marked("double-graded", WITNESS, grade=True, locked=True, points=2),
    ]


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a course of one assignment, given the cells of notebooks."""

    def written(**notebooks):
        folder = tmp_path / "course" / "source" / "ps1"
        folder.mkdir(parents=True, exist_ok=True)
        for name, cells in notebooks.items():
            nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")
        return Course.at(tmp_path / "course")

    return written


@pytest.fixture
def with_check(tmp_path):
    """Let the question `double` of any notebook have a check."""
    checks = tmp_path / "course" / "source" / "ps1" / "checks"
    checks.mkdir(parents=True)
    (checks / "double.py").write_text(CHECK)


def test_assignments_have_any_name_and_their_notebooks_in_order(make):
    course = make(b=half(), a=half())
    assert course.assignment_names() == ["ps1"]
    assignment = course.assignment("ps1")
    assert [each.notebook_name for each in assignment.notebooks] == ["a", "b"]
    assert assignment.notebooks[0].release_path == course.root / "release" / "ps1" / "a.ipynb"
    with pytest.raises(UnknownAssignment, match="Did you mean ps1"):
        course.assignment("ps2")


def test_where_there_are_solutions_a_folder_source_means_nothing(make):
    course = make(a=half())
    (course.root / "solutions").mkdir()
    assert not course.is_nbgraders
    assert course.assignment_names() == []


def test_notebooks_are_their_own_truth_and_are_left_alone_by_sync(make):
    course = make(a=half())
    assert list(pairs(course)) == []
    assert course.assignment("ps1").notebooks[0].truth_path.suffix == ".ipynb"


def test_questions_are_named_after_their_notebook_where_there_are_several(make):
    work = load_coursework(make(a=half(), b=half()).assignment("ps1"))
    assert isinstance(work, Coursework)
    assert work.questions == (
        Question("a/is-half", 1.0, inside=True),
        Question("b/is-half", 1.0, inside=True),
    )
    assert work.points == 2


def test_of_one_notebook_questions_keep_their_names(make):
    work = load_coursework(make(a=half()).assignment("ps1"))
    assert work.questions == (Question("is-half", 1.0, inside=True),)


def test_a_cell_that_is_marked_as_nothing_is_a_cell_of_nobodys(make):
    (sheet,) = load_coursework(make(a=[*half(), marked("x", "1")]).assignment("ps1")).sheets
    assert grade_id_of(sheet.notebook.cells[-1]) is None


def refusal(course, kind):
    with pytest.raises(kind) as caught:
        load_coursework(course.assignment("ps1"))
    return str(caught.value)


def test_the_same_grade_id_twice_is_refused(make):
    words = refusal(make(a=[*half(), *half()]), UnreadableSource)
    assert "Duplicate grade id" in words


def test_tests_that_nbgrader_would_write_are_refused(make):
    cells = [*half(), marked("auto", "### AUTOTEST half", grade=True, points=1)]
    assert "everybody would pass" in refusal(make(a=cells), NotForUs)


def test_another_language_is_refused(make):
    course = make(a=half())
    path = course.root / "source" / "ps1" / "a.ipynb"
    data = json.loads(path.read_text())
    data["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    path.write_text(json.dumps(data))
    assert "is written in R; expected Python" in refusal(course, NotForUs)


def test_older_marks_are_refused_with_nbgraders_own_remedy(make):
    cells = half()
    cells[0].metadata.nbgrader["schema_version"] = 1
    assert "nbgrader update" in refusal(make(a=cells), UnreadableSource)


def test_points_that_are_none_are_refused(make):
    task = marked("do-it", "Do it.", "markdown", task=True, locked=True)
    assert "'do-it': expected points, 0 or more; came None" in refusal(
        make(a=[*half(), task]), BrokenConvention
    )
    cells = half()
    cells[1].metadata.nbgrader["points"] = -1
    assert "nbgrader would not release it: -1 is less" in refusal(make(a=cells), UnreadableSource)


def test_a_question_that_collects_evidence_needs_its_check_and_our_convention(make):
    assert "Question 'double' has no check: expected" in refusal(
        make(a=[*half(), *double()]), BrokenCheck
    )
    bare = [cell for cell in double() if grade_id_of(cell) != "double-visible"]
    words = refusal(make(a=[*half(), *bare]), BrokenConvention)
    assert words == "question 'double' has no cell 'double-visible'"


@pytest.fixture
def mixed(make, with_check):
    """A notebook of which one question has a check and the others have not."""
    return load_coursework(make(a=[*half(), *double()], b=half()).assignment("ps1"))


def test_a_question_gets_a_check_and_the_others_keep_their_asserts(mixed):
    assert [(each.name, each.inside) for each in mixed.questions] == [
        ("a/is-half", True),
        ("a/double", False),
        ("b/is-half", True),
    ]


@pytest.mark.needs_sandbox
def test_each_question_is_graded_in_its_own_way(mixed, tmp_path):
    folder = ClassFolder(tmp_path / "class")
    session = sitting(mixed, folder)
    cheat = "import sys; sys.modules['__main__'].__dict__['double'] = lambda x: 4"
    for student, answer in (("ada", DOUBLE), ("eve", f"def double(x): return 4\n{cheat}")):
        path = folder.submitted("ps1", student)
        path.mkdir(parents=True)
        for sheet in mixed.sheets:
            released = sheet.derived.release
            answers = {"double": answer, "Half": "half = 0.5"}
            cells = [dict(cell) for cell in released.cells]
            for cell in cells:
                name = cell["metadata"].get("nbgrader", {}).get("grade_id")
                cell["source"] = answers.get(name, cell["source"])
            name = f"{sheet.assignment.notebook_name}.ipynb"
            (path / name).write_text(json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}))
    points = {
        graded.student: [verdict.points for verdict in graded.verdicts]
        for graded in grade_all(session, ["ada", "eve"])
    }
    assert points == {"ada": [1.0, 2.0, 1.0], "eve": [1.0, 0.0, 1.0]}
    assert (folder.path / "evidence" / "ps1" / "a" / "ada.json").is_file()
    verdicts = read_result(folder.verdict_path("ps1", "ada")).verdicts
    assert [(each.question, each.inside) for each in verdicts] == [
        ("a/is-half", True),
        ("a/double", False),
        ("b/is-half", True),
    ]
    (again,) = grade_all(session, ["eve"], question="a/double")
    assert [verdict.points for verdict in again.verdicts] == [1.0, 0.0, 1.0]
    (judged,) = rejudge(session, ["ada"])
    assert judged.points == 4


@pytest.mark.needs_sandbox
def test_a_notebook_that_cannot_be_read_costs_its_own_questions(make, tmp_path):
    work = load_coursework(make(a=half(), b=half()).assignment("ps1"))
    folder = ClassFolder(tmp_path / "class")
    path = folder.submitted("ps1", "ada")
    path.mkdir(parents=True)
    (path / "a.ipynb").write_bytes(b"%PDF")
    nbformat.write(new_notebook(cells=half()), path / "b.ipynb")
    (folder.submitted("ps1", "bob")).mkdir(parents=True)
    (folder.submitted("ps1", "bob") / "b.ipynb").symlink_to(path / "b.ipynb")
    ada, bob = sorted(grade_all(sitting(work, folder), ["ada", "bob"]), key=lambda g: g.student)
    assert {each.question: each.points for each in ada.verdicts} == {"a/is-half": 0, "b/is-half": 1}
    assert ada.verdicts[0].says == "There was no notebook to grade."
    assert ada.remarks[0].startswith("a: a.ipynb is ")
    assert bob.points == 0
    assert any("is no regular file" in remark for remark in bob.remarks)


def test_an_edited_test_is_another_exam_where_it_judges(make, tmp_path):
    class_folder = ClassFolder(tmp_path / "class")
    before = sitting(load_coursework(make(a=half()).assignment("ps1")), class_folder)
    cells = half()
    cells[1].source += "\nassert half < 1"
    after = sitting(load_coursework(make(a=cells).assignment("ps1")), class_folder)
    assert before.exam.digest != after.exam.digest


FILES = {"data/rows.csv": b"1 2\n", "tools.py": b"TRUE = True\n"}
LOOK = "import os, tools\nassert open('data/rows.csv').read() == '1 2\\n'\nassert tools.TRUE"


@pytest.mark.needs_sandbox
@pytest.mark.parametrize("mode", [Mode.WARM, Mode.COLD])
def test_files_lie_beside_the_notebook_and_can_be_written(make, mode):
    (sheet,) = load_coursework(make(a=half()).assignment("ps1")).sheets
    staged, _ = stage(new_notebook(cells=[new_code_cell(LOOK)]), sheet.derived)
    staged.cells[0].source += "\nopen('tools.py', 'a').write('more')"
    execution = execute(staged, {}, Limits(), mode, FILES)
    assert [output for output in staged.cells[0].outputs if output.output_type == "error"] == []
    assert execution.incidents == ()


FLOOD = "print('x' * 10 ** 6)\n"


@pytest.mark.needs_sandbox
@pytest.mark.parametrize("mode", [Mode.WARM, Mode.COLD])
@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (f"{FLOOD}raise ValueError('no')", "error"),
        ("raise ValueError('no' * 10 ** 6)", "error"),
        (f"{FLOOD}0.5", "execute_result"),
    ],
)
def test_what_decides_on_points_is_kept_of_a_flood(make, mode, source, kept):
    cells = half()
    cells[1].source = source
    (sheet,) = load_coursework(make(a=cells).assignment("ps1")).sheets
    execution = execute(sheet.derived.master, {}, Limits(), mode)
    asserted = next(c for c in execution.notebook.cells if grade_id_of(c) == "is-half")
    assert asserted.outputs[-1].output_type == kept


@pytest.mark.needs_sandbox
@pytest.mark.parametrize("mode", [Mode.WARM, Mode.COLD])
@pytest.mark.parametrize("end", ["while True: pass", "import os; os._exit(0)"])
def test_a_test_cell_that_is_stopped_or_not_reached_earns_nothing(make, mode, end):
    cells = half()
    cells[1].source = end
    (sheet,) = load_coursework(make(a=cells).assignment("ps1")).sheets
    limits = Limits(cell_seconds=3, restarts=0)
    execution = execute(sheet.derived.master, {}, limits, mode)
    assert execution.absences["is-half"].startswith("The test cell was stopped")
    own = [new_code_cell(f"# my own\n{end}"), *sheet.derived.master.cells]
    staged, _ = stage(new_notebook(cells=own), sheet.derived)
    stopped = execute(staged, {}, limits, mode)
    assert stopped.absences["is-half"] == "The test cell was not reached: the run ended before it."


@pytest.fixture
def staged(make):
    (sheet,) = load_coursework(
        make(
            a=[
                *half(),
                marked("task-1", "Do it.", "markdown", task=True, locked=True, points=3),
                marked("by-hand", "code = 1", grade=True, solution=True, points=1),
            ]
        ).assignment("ps1")
    ).sheets

    def run(change):
        cells = json.loads(json.dumps(sheet.derived.release))["cells"]
        change(cells)
        data = {"cells": cells, "nbformat": 4, "metadata": {}}
        return stage(parse_notebook(json.dumps(data).encode(), "a.ipynb")[0], sheet.derived)

    return run


def test_the_last_of_two_copies_of_a_test_is_the_test_as_nbgrader_has_it(staged):
    notebook, remarks = staged(lambda cells: cells.insert(0, dict(cells[1])))
    assert [grade_id_of(cell) for cell in notebook.cells][:2] == ["Half", "is-half"]
    assert remarks == ("The test cell is-half stood there twice; one copy was used.",)


def test_a_deleted_test_follows_an_answer_that_has_lost_its_marks(staged):
    def change(cells):
        cells[0] |= {"metadata": {}, "source": "half = 0.5"}
        del cells[1]

    notebook, _ = staged(change)
    sources = [cell.source for cell in notebook.cells]
    assert sources.index("half = 0.5") < sources.index("assert half == 0.5")


def test_a_task_that_was_changed_is_put_back(staged):
    notebook, remarks = staged(lambda cells: cells[2].update(source="Mine."))
    assert notebook.cells[2].source == "Do it."
    assert remarks == ("The locked cell task-1 had been edited; ours was put back.",)


@pytest.mark.parametrize("place", [0, 3])
def test_code_that_became_text_is_run_as_code(staged, place):
    def change(cells):
        cells[place] |= {"cell_type": "markdown", "source": "half = 0.5"}

    notebook, (remark,) = staged(change)
    assert notebook.cells[place].cell_type == "code"
    assert notebook.cells[place].source == "half = 0.5"
    assert "it was run as code" in remark


def test_one_of_several_notebooks_is_not_taken_for_another(tmp_path):
    for name in ("b.ipynb", "a (1).ipynb", "extra.ipynb"):
        (tmp_path / name).write_text('{"cells": [], "nbformat": 4, "metadata": {}}')
    (tmp_path / "a (1).ipynb").unlink()
    missing = read_submission(tmp_path, "a", ["b"])
    assert not missing.readable
    assert missing.remarks[0].startswith("Expected a.ipynb, found extra.ipynb")
    assert read_submission(tmp_path, "b", ["a"]).remarks == (
        "Only a.ipynb and b.ipynb were graded; there is also extra.ipynb.",
    )
    (tmp_path / "a (1).ipynb").write_text('{"cells": [], "nbformat": 4, "metadata": {}}')
    (remark,) = read_submission(tmp_path, "a", ["b"]).remarks
    assert remark == "Expected a.ipynb, found a (1).ipynb, which was graded instead."
