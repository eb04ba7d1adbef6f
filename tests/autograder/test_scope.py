"""No name of a test cell reaches a student's function, nor the other way round."""

import copy
import json
import warnings

import nbformat
import pytest

from autograder.authoring.conventions import EXPLORATION, grade_id_of, role_of
from autograder.authoring.course import Course
from autograder.authoring.derive import derive
from autograder.authoring.material import Material, load_material
from autograder.authoring.scope import (
    LentName,
    bound_names,
    in_a_scope,
    is_test,
    refuse_lent_names,
    used_names,
)
from autograder.classroom.stage import stage
from autograder.classroom.submission import parse_notebook
from tests.autograder.conftest import ASSIGNMENTS


def in_scope(source: str) -> dict[str, object]:
    namespace: dict[str, object] = {}
    exec(in_a_scope(source, "test_f"), namespace)
    return namespace


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "import math\nassert math",
        "def helper():\n    return 1\nassert helper() == 1",
        "class Small:\n    size = 1\nassert Small.size == 1",
        "for i in range(3):\n    pass",
        "a, (b, *c) = 1, (2, 3)",
        "if (n := 3) > 2:\n    pass",
        "x: int = 1",
        "x = 1\n\n\n# The end.",
    ],
)
def test_a_cell_binds_the_name_of_its_function_only(source):
    assert in_scope(source).keys() - {"__builtins__"} == {"test_f"}


def test_a_text_over_several_lines_stays_as_it_is():
    source = 'x = """a\n  b\n"""\ny = (\n    "c"\n    "d"\n)\nassert x == "a\\n  b\\n", repr(x)'
    assert in_scope(source)
    assert '"""a\n  b\n"""\n    y = (\n        "c"\n' in in_a_scope(source, "test_f")


def test_a_formatted_text_over_several_lines_stays_as_it_is():
    source = 'n = 3\nx = f"""{n}\n {n}\n"""\nassert x == "3\\n 3\\n", repr(x)'
    assert in_scope(source)


@pytest.mark.parametrize("source", ["assert f(2) == 4", "f(2)", "%time x = f(2)", "x = (", ""])
def test_what_binds_nothing_or_is_no_python_is_left_as_it_is(source):
    assert in_a_scope(source, "test_f") == source


def test_a_failing_test_says_in_which_line():
    with pytest.raises(AssertionError, match="too small") as failure:
        in_scope("x = 1\nassert x == 2, 'too small'")
    assert failure.traceback[-1].name == "test_f"
    assert failure.traceback[-1].lineno == 2


def test_names_that_a_cell_uses_are_found_in_its_functions_too():
    source = (
        "import a\ndef f(x):\n    y = x\n    return [z for _ in b if y]\nclass C(d):\n    e = g"
    )
    assert used_names(source) - bound_names(source) == {"z", "b", "d", "g"}


def with_cell(notebook, source, **nbgrader):
    notebook = copy.deepcopy(notebook)
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    notebook.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
    return notebook


def test_a_cell_that_uses_what_only_tests_bind_is_refused(tiny: Material):
    notebook = copy.deepcopy(tiny.notebook)
    tests = next(cell for cell in notebook.cells if is_test(cell))
    tests.source = "half = double(1) / 4\nassert half == 0.5"
    derive(notebook)
    borrowing = with_cell(notebook, "print(half)")
    with pytest.raises(LentName, match=r"cell 'print\(half\)' uses 'half', which only the tests"):
        derive(borrowing)
    refuse_lent_names(with_cell(borrowing, "half = 0.5").cells)


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def real(request: pytest.FixtureRequest, course: Course) -> Material:
    return load_material(course.assignment(request.param))


def test_released_test_cells_bind_one_name_each(real: Material):
    for notebook in (real.derived.release, real.derived.master):
        for cell in filter(is_test, notebook.cells):
            name = grade_id_of(cell).removesuffix("-visible")
            assert bound_names(cell.source) == {f"test_{name}"}


HELPERS = """

def _named_alike(name):
    def helper(word):
        return (name, word)
    helper.__qualname__ = name
    return helper


{bindings}
_answer = {question}


def {question}(*args, _answer=_answer, _names={names}, **kwargs):
    for name in _names:
        helper = globals()[name]
        assert callable(helper) and helper("word") == (name, "word"), f"helper {{name}} is lost"
    return _answer(*args, **kwargs)
"""


def names_of_tests(material: Material) -> list[str]:
    """Return what is bound in any test cell of an assignment, and nowhere else."""
    code = [cell for cell in material.notebook.cells if cell.cell_type == "code"]
    others = {name for cell in code if not is_test(cell) for name in bound_names(cell.source)}
    tests = {name for cell in code if is_test(cell) for name in bound_names(cell.source)}
    return sorted(tests - others)


def with_helpers(material: Material, question: str | None):
    """Return the reference notebook as a student's, helpers of all names in one question's cell.

    With None for the question, in every question's.
    """
    names = names_of_tests(material)
    bindings = "\n".join(f'{name} = _named_alike("{name}")' for name in names)
    notebook = copy.deepcopy(material.derived.release)
    answers = {grade_id_of(cell): cell.source for cell in material.notebook.cells}
    for cell in notebook.cells:
        name = grade_id_of(cell)
        if name is not None and role_of(cell) is None:
            cell.source = answers[name]
            if question in (None, name):
                cell.source += HELPERS.format(bindings=bindings, question=name, names=names)
    return notebook


def run_through(cells, at_graded):
    """Run a notebook's cells in order, as at home or when it is graded; call at each graded one."""
    namespace: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in cells:
            name = grade_id_of(cell) or ""
            if name.endswith("-graded"):
                at_graded(name.removesuffix("-graded"), namespace)
            elif cell.cell_type == "code" and EXPLORATION not in cell.metadata.get("tags", []):
                exec(compile(cell.source, name or "cell", "exec"), namespace)
    return namespace


def test_helpers_named_like_anything_in_a_test_cell_are_called_by_every_function(real: Material):
    """At home the visible tests pass; when it is graded, each function has its own helpers."""
    names = names_of_tests(real)
    assert len(names) > 30
    home = with_helpers(real, None)
    parsed, _ = parse_notebook(json.dumps(home).encode(), "real.ipynb")
    staged, remarks = stage(parsed, real.derived, real.earlier)
    assert remarks == ()
    graded = []

    def helpers_are_there(question, namespace):
        graded.append(question)
        for name in names:
            assert namespace[name]("x") == (name, "x"), (question, name)

    for cells in (home.cells, staged.cells):
        run_through(cells, helpers_are_there)
    assert graded == 2 * [question.name for question in real.questions]


def test_helpers_of_one_question_serve_the_functions_after_it(real: Material):
    """Visible tests of all later questions run between a helper and its last call."""
    first = real.questions[0].name
    namespace = run_through(with_helpers(real, first).cells, lambda *_: None)
    for name in names_of_tests(real):
        assert namespace[name]("x") == (name, "x"), name


def test_helpers_would_be_lost_in_tests_that_keep_no_names(real: Material):
    """What the tests above see: the reference notebook's cells, as they were released before."""
    flat = {grade_id_of(cell): cell.source for cell in real.notebook.cells if is_test(cell)}
    notebook = with_helpers(real, None)
    for cell in filter(is_test, notebook.cells):
        cell.source = flat[grade_id_of(cell)]
    with pytest.raises(AssertionError, match="is lost"):
        run_through(notebook.cells, lambda *_: None)
