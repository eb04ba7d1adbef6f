"""A notebook that breaks the convention is refused in words that say what, where and how."""

import nbformat.v4
import pytest

from autograder.authoring.conventions import (
    BrokenConvention,
    Question,
    grade_id_of,
    questions,
    split_grade_id,
)

HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


def cell(grade_id, source, kind="code", grade=False, solution=False, locked=False, **metadata):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = make(source)
    flags = {"grade": grade, "solution": solution, "locked": locked}
    made.metadata["nbgrader"] = {"grade_id": grade_id, **flags, **metadata}
    return made


@pytest.fixture
def good():
    """The cells of a notebook that follows the convention, by what they are."""
    return {
        "given": cell("tools-given", "import math", locked=True),
        "prose": nbformat.v4.new_markdown_cell("Words."),
        "solution": cell("f", "def f(x):\n    return x", solution=True),
        "visible": cell("f-visible", "assert f(1) == 1", locked=True),
        "graded": cell("f-graded", HIDDEN.format("# collect f"), grade=True, locked=True, points=2),
        "written": cell(
            "why-written", "Because.", "markdown", grade=True, solution=True, points=1.5
        ),
    }


def asked(cells):
    return questions(nbformat.v4.new_notebook(cells=list(cells.values())))


def refusal(cells):
    with pytest.raises(BrokenConvention) as caught:
        asked(cells)
    return str(caught.value)


def test_a_good_notebook_asks_its_graded_questions_in_order(good):
    assert asked(good) == (Question("f", 2.0),)


def test_the_notebooks_of_the_course_follow_the_convention(material):
    assert [each.name for each in material.checked] == [
        q.name for q in questions(material.notebook)
    ]


@pytest.mark.parametrize(("role", "grade_id"), [("visible", "f-visible"), ("graded", "f-graded")])
def test_a_missing_test_cell_is_named(good, role, grade_id):
    del good[role]
    assert refusal(good) == f"question 'f' has no cell {grade_id!r}"


def test_test_cells_without_a_solution_cell_are_named(good):
    del good["solution"]
    assert refusal(good).splitlines() == [
        "cell 'f-visible' has no solution cell 'f'",
        "cell 'f-graded' has no solution cell 'f'",
    ]


def test_a_written_question_and_a_given_cell_may_stand_alone(good):
    only = {role: good[role] for role in ("given", "written")}
    assert asked(only) == ()


def test_a_grade_id_on_two_cells_is_counted(good):
    good["again"] = cell("f-visible", "assert f(1) == 1", locked=True)
    assert refusal(good) == "grade_id 'f-visible' stands on 2 cells: every cell needs its own"


@pytest.mark.parametrize(
    "grade_id", ["F", "f-hidden", "f-graded-2", "2f", "f g", "-graded", "f-", "f\n", "é"]
)
def test_a_grade_id_of_another_form_is_named_with_the_form(good, grade_id):
    good["odd"] = cell(grade_id, "", locked=True)
    assert refusal(good) == (
        f"grade_id {grade_id!r}: expected the name of a function, alone or followed by "
        "-visible, -graded, -written, -given"
    )


@pytest.mark.parametrize("grade_id", ["", None, 7, ["f"]])
def test_a_cell_for_nbgrader_without_a_grade_id_is_named_by_its_place(good, grade_id):
    good["odd"] = cell(grade_id, "1", grade=True, locked=True, points=3)
    assert refusal(good) == "cell 7 has nbgrader metadata, but no grade_id that is text"


FLAGS = ("grade", "solution", "locked")


@pytest.mark.parametrize("role", ["given", "solution", "visible", "graded", "written"])
@pytest.mark.parametrize("flag", FLAGS)
def test_a_wrong_flag_is_told_beside_the_right_one(good, role, flag):
    metadata = good[role].metadata.nbgrader
    right = {name: str(metadata[name]).lower() for name in FLAGS}
    metadata[flag] = not metadata[flag]
    came = {name: str(metadata[name]).lower() for name in FLAGS}
    expected, found = (
        ", ".join(f"{name}={each[name]}" for name in FLAGS) for each in (right, came)
    )
    grade_id = metadata["grade_id"]
    assert f"cell {grade_id!r}: expected {expected}; came {found}" in refusal(good).splitlines()


@pytest.mark.parametrize("role", ["given", "solution", "visible", "graded"])
def test_a_markdown_cell_in_a_code_cells_place_is_named(good, role):
    metadata = good[role].metadata
    good[role] = nbformat.v4.new_markdown_cell(good[role].source, metadata=metadata)
    grade_id = grade_id_of(good[role])
    assert f"cell {grade_id!r} is markdown; expected code" in refusal(good).splitlines()


@pytest.mark.parametrize("role", ["graded", "written"])
@pytest.mark.parametrize("points", [None, 0, -1, "2", float("nan"), float("inf")])
def test_a_graded_or_written_cell_needs_points(good, role, points):
    good[role].metadata.nbgrader["points"] = points
    assert refusal(good) == f"cell {grade_id_of(good[role])!r} has no points"


@pytest.mark.parametrize("source", ["", HIDDEN.format(""), HIDDEN.format("# collect f")])
def test_a_graded_cell_may_say_what_is_collected_or_leave_it_out(good, source):
    good["graded"].source = source
    assert asked(good)


def test_a_graded_cell_that_says_something_else_is_collected_is_refused(good):
    good["graded"].source = HIDDEN.format("# collect g")
    assert refusal(good) == "cell 'f-graded' says that 'g' is collected; expected: # collect f"


@pytest.mark.parametrize(
    "source", ["", "def g(): pass", "f = abs", "def f(:", "if 1:\n def f(): 1"]
)
def test_a_solution_cell_needs_to_define_its_function(good, source):
    good["solution"].source = source
    assert refusal(good) == "cell 'f' does not define a function 'f'"


def test_a_question_may_be_a_class(good):
    good["solution"].source = "class f: pass"
    assert asked(good) == (Question("f", 2.0),)


def test_everything_that_is_wrong_is_told_at_once(good):
    del good["visible"]
    good["solution"].source = ""
    good["graded"].metadata.nbgrader["points"] = 0
    assert len(refusal(good).splitlines()) == 3


@pytest.mark.parametrize(
    ("grade_id", "parts"),
    [
        ("f", ("f", None)),
        ("f_2", ("f_2", None)),
        ("f-graded", ("f", "graded")),
        ("add_delta_prob-written", ("add_delta_prob", "written")),
    ],
)
def test_a_grade_id_has_a_question_and_a_role(grade_id, parts):
    assert split_grade_id(grade_id) == parts


@pytest.mark.parametrize("metadata", [{}, {"nbgrader": None}, {"nbgrader": []}, {"nbgrader": {}}])
def test_a_cell_without_grading_metadata_has_no_grade_id(metadata):
    assert grade_id_of(nbformat.from_dict({"metadata": metadata})) is None
