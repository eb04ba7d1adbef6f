import re

import pytest

from autograder.authoring import pairs
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import BrokenCheck, load_material
from autograder.authoring.new_question import BadQuestionName, new_question
from autograder.authoring.pairs import PairOutOfStep
from autograder.authoring.release import check_release, write_release
from autograder.judging.exam import draw_exam
from autograder.judging.judge import judge


@pytest.fixture
def assignment(course, tmp_path):
    root = tmp_path / "course"
    text_path = root / "solutions" / "01_fresh" / "fresh.py"
    text_path.parent.mkdir(parents=True)
    (root / "jupytext.toml").write_bytes((course.root / "jupytext.toml").read_bytes())
    header = course.assignment("01_counting").text_path.read_text().partition("# %%")[0]
    text_path.write_text(header + "# %% [markdown]\n# # A fresh assignment\n")
    pairs.sync(text_path)
    return Course.at(root).assignment("01_fresh")


def test_a_new_question_can_be_released_and_graded_at_once(assignment):
    text_path, check_path = new_question(assignment, "total", 4)
    assert text_path == assignment.text_path
    assert check_path == assignment.checks_folder / "total.py"
    material = load_material(assignment)
    assert [(question.name, question.points) for question in material.checked] == [("total", 4.0)]
    (exam,) = draw_exam(material, "a").questions
    (question,) = material.checked
    assert judge(exam, exam.evidence_of(material.reference.total)).points == 4
    for alternative in question.alternatives:
        assert judge(exam, exam.evidence_of(alternative.function)).points == 4
    for mistake in question.misconceptions:
        verdict = judge(exam, exam.evidence_of(mistake.function))
        assert (verdict.points, verdict.misconception) == (0, mistake.name)
    write_release(material)
    check_release(material)


def test_its_cells_follow_the_convention_and_the_pair_is_in_step(assignment):
    new_question(assignment, "total", 2.5)
    notebook = pairs.check(assignment.text_path)
    assert [grade_id_of(cell) for cell in notebook.cells if grade_id_of(cell)] == [
        "total",
        "total-visible",
        "total-graded",
    ]
    assert notebook.cells[-1].metadata.nbgrader["points"] == 2.5


def test_a_second_question_comes_behind_the_first(assignment):
    new_question(assignment, "total", 1)
    new_question(assignment, "mean_of", 2)
    material = load_material(assignment)
    assert [question.name for question in material.checked] == ["total", "mean_of"]
    assert "# ## Mean of" in assignment.text_path.read_text()


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["Total", "2nd", "a b", "a-b", "class", "", "../up", "x\n", "été"])
def test_a_name_that_is_no_function_name_is_refused(assignment, name):
    before = content(assignment.course.root)
    words = f"{name!r} cannot name a question: expected a function's name in lower case"
    with pytest.raises(BadQuestionName, match=re.escape(words)):
        new_question(assignment, name, 1)
    assert content(assignment.course.root) == before
    assert not assignment.checks_folder.exists()


def test_a_taken_name_is_refused_and_nothing_is_overwritten(assignment):
    new_question(assignment, "total", 1)
    before = content(assignment.course.root)
    with pytest.raises(BadQuestionName, match="01_fresh already has a question 'total'"):
        new_question(assignment, "total", 1)
    assert content(assignment.course.root) == before


def test_a_check_that_is_there_already_is_not_overwritten(assignment):
    assignment.checks_folder.mkdir()
    (assignment.checks_folder / "total.py").write_text("mine")
    with pytest.raises(BadQuestionName, match="already has a question"):
        new_question(assignment, "total", 1)
    assert (assignment.checks_folder / "total.py").read_text() == "mine"


@pytest.mark.parametrize("points", [0, -1, float("nan"), float("inf")])
def test_points_are_above_zero_and_finite(assignment, points):
    with pytest.raises(BadQuestionName, match="expected points above 0, came"):
        new_question(assignment, "total", points)
    assert not assignment.checks_folder.exists()


def test_a_pair_out_of_step_is_refused_before_anything_is_written(assignment):
    text = assignment.text_path.read_text() + "# edited\n"
    assignment.text_path.write_text(text)
    with pytest.raises(PairOutOfStep):
        new_question(assignment, "total", 1)
    assert assignment.text_path.read_text() == text
    assert not assignment.checks_folder.exists()


def test_a_check_whose_question_is_deleted_is_named(assignment):
    before = assignment.text_path.read_text()
    new_question(assignment, "total", 1)
    assignment.text_path.write_text(before)
    pairs.sync(assignment.text_path, pairs.Step.FROM_TEXT)
    with pytest.raises(BrokenCheck, match="checks a question 'total' that the notebook does not"):
        load_material(assignment)
