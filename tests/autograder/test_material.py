"""An assignment is loaded whole and consistent, or it is refused with what to put right."""

import ast
import builtins
import dis
import inspect
import shutil
import sys
import textwrap
from difflib import SequenceMatcher
from types import CodeType, ModuleType

import pytest

from autograder.authoring import pairs
from autograder.authoring.checking import Alternative, Check, Group, Misconception, misconception
from autograder.authoring.conventions import BrokenConvention
from autograder.authoring.course import Course
from autograder.authoring.course_modules import BrokenCourseModule
from autograder.authoring.material import BrokenCheck, load_material
from autograder.authoring.reference import BrokenReference, UnknownReference
from autograder.authoring.slips import MisfitSlip
from autograder.proving.simulate import answer_source
from tests.autograder.conftest import ASSIGNMENTS
from tests.course_code import module

CELLS = """# %% nbgrader={"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}
def f(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "f-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
assert f(1) == 1

# %% nbgrader={"grade": true, "grade_id": "f-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
# collect f
### END HIDDEN TESTS
"""  # noqa: E501

CHECK = """
from autograder.authoring.checking import Check, Group, alternative, case, misconception


def draw(rng, reference):
    yield case("all", float(rng.normal()))


check = Check({"all": Group("all", 3)}, draw)


@misconception("all", hint="Not the negative.")
def negative(x):
    return -x


@alternative
def added(x):
    return x + 0
"""


@pytest.fixture
def load(tmp_path, monkeypatch, course):
    """Return a function that loads an assignment made of cells and checks."""
    root = tmp_path / "course"
    folder = root / "solutions" / "01_odd"
    folder.mkdir(parents=True)
    shutil.copy(course.root / "jupytext.toml", root)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def loaded(cells=CELLS, **modules):
        (folder / "checks").mkdir()
        for name, source in modules.items():
            (folder / "checks" / f"{name}.py").write_text(source)
        (folder / "odd.py").write_text(cells)
        pairs.sync(folder / "odd.py", pairs.Step.FROM_TEXT)
        return load_material(Course.at(root).assignment("01_odd"))

    return loaded


def test_a_consistent_assignment_is_loaded_with_its_mistakes_and_alternatives(load):
    (question,) = load(f=CHECK).checked
    assert (question.name, question.points) == ("f", 3)
    assert [each.name for each in question.misconceptions] == ["negative"]
    assert [each.name for each in question.alternatives] == ["added"]


SLIP = """
twice = slip(REFERENCE, ("return x", "return 2 * x"), loses="all", hint="Twice.")
"""


def with_a_slip(changed="return x"):
    imported = CHECK.replace("misconception\n", "misconception, slip, REFERENCE\n")
    return imported + SLIP.replace("return x", changed)


def test_a_slip_is_a_misconception_named_by_its_variable(load):
    (question,) = load(f=with_a_slip()).checked
    assert [each.name for each in question.misconceptions] == ["negative", "twice"]
    assert question.misconceptions[1].function(3) == 6


def test_a_slip_that_no_longer_fits_is_refused_by_its_name(load):
    with pytest.raises(MisfitSlip, match="slip 'twice' of f replaces 'return y'"):
        load(f=with_a_slip("return y"))


def test_modules_beside_the_checks_that_hold_none_are_no_checks(load):
    assert load(f=CHECK, drawing="WORDS = ['a']").points == 3


def test_the_course_is_consistent(material):
    assert material.points == sum(question.check.points for question in material.checked)
    for question in material.checked:
        assert isinstance(question.check, Check)
        assert question.misconceptions
        assert all(
            isinstance(each, Misconception) and each.hint for each in question.misconceptions
        )
        assert len(question.alternatives) >= 2
        assert all(isinstance(each, Alternative) for each in question.alternatives)
        names = [each.name for each in (*question.misconceptions, *question.alternatives)]
        assert len(names) == len(set(names)), "their names tell them apart"
        assert len({group.says for group in question.check.groups.values()}) == len(
            question.check.groups
        )


def test_a_check_that_cannot_be_imported_is_told_with_its_place_and_the_reason(load):
    with pytest.raises(BrokenCourseModule, match=r"odd/f\.py cannot .* named 'no_such_module'"):
        load(f="import no_such_module")


def test_a_question_without_a_check_is_refused(load):
    with pytest.raises(BrokenCheck, match=r"expected .*01_odd/checks/f\.py"):
        load(g=CHECK)


@pytest.mark.parametrize("source", ["", "check = None", "check = {'groups': {}}"])
def test_a_check_that_is_none_is_refused(load, source):
    with pytest.raises(BrokenCheck, match=r"expected `check = Check\(\.\.\.\)`"):
        load(f=source)


def test_a_check_worth_other_points_than_its_cell_is_refused(load):
    with pytest.raises(BrokenCheck, match=r"groups are worth 2 points, but .* f-graded gives 3"):
        load(f=CHECK.replace('Group("all", 3)', 'Group("all", 2)'))


def test_a_misconception_that_loses_an_unknown_group_is_refused(load):
    with pytest.raises(BrokenCheck, match=r"'negative' loses \['al'\]; expected .* \['all'\]"):
        load(f=CHECK.replace('@misconception("all"', '@misconception("al"'))


def test_a_misconception_that_loses_nothing_is_refused(load):
    with pytest.raises(BrokenCheck, match="'negative' loses nothing"):
        load(f=CHECK.replace('@misconception("all", ', "@misconception("))


def test_a_check_of_a_question_that_is_not_asked_is_refused(load):
    with pytest.raises(BrokenCheck, match="checks a question 'g' that the notebook does not ask"):
        load(f=CHECK, g=CHECK)


def test_a_check_that_names_an_unknown_reference_is_refused(load, monkeypatch):
    monkeypatch.setattr(
        "autograder.authoring.material.load_reference", lambda *args: ModuleType("toy")
    )
    with pytest.raises(UnknownReference, match="No reference 'f' in toy"):
        load(f=CHECK)


def test_a_notebook_that_breaks_the_convention_is_refused(load):
    with pytest.raises(BrokenConvention, match="no points"):
        load(CELLS.replace('"points": 3, ', '"points": 0, '), f=CHECK)


def test_a_reference_that_cannot_be_executed_is_refused(load):
    with pytest.raises(BrokenReference, match="cell f> does not parse"):
        load(CELLS.replace("def f(x):", "def f(x:"), f=CHECK)


def test_a_pair_out_of_step_is_refused(load):
    material = load(f=CHECK)
    path = material.assignment.text_path
    path.write_text(CELLS.replace("return x", "return x + 1"))
    with pytest.raises(pairs.PairOutOfStep, match="autograder sync"):
        load_material(material.assignment)


def test_the_points_of_an_assignment_are_those_of_its_questions(toy_material):
    check = Check({"one": Group("", 1.5), "two": Group("", 2)}, lambda rng, reference: ())
    misconceptions = (misconception("one", hint="")(len),)
    assert toy_material(check=check, misconceptions=misconceptions).points == 3.5


def lines_of(function):
    """Return a function's code, line by line, without its name, docstring and annotations."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(tree, ast.FunctionDef):
        return []
    tree.name, tree.decorator_list, tree.returns = "f", [], None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    tree.body = body or [ast.Pass()]
    return ast.unparse(tree).splitlines()


def changed_lines(right, wrong):
    changes = SequenceMatcher(None, right, wrong, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in changes if kind != "equal")


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_mistake_that_is_near_a_right_answer_is_written_as_a_slip_of_it(course, name):
    material = load_material(course.assignment(name))
    for question in material.checked:
        check = module(f"{material.assignment.notebook_name}.{question.name}")
        mistakes = [each for each in vars(check).values() if isinstance(each, Misconception)]
        rights = [
            getattr(material.reference, question.name),
            *(each.function for each in question.alternatives),
        ]
        for mistake in mistakes:
            wrong = lines_of(mistake.function)
            least = min(changed_lines(lines_of(right), wrong) for right in rights)
            assert least > 2, (
                f"{question.name}: {mistake.name} changes {least} lines of a right answer"
            )


def global_names(code):
    """Yield the names that code looks up outside of its functions."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from global_names(inner)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_known_answer_stands_on_what_the_notebook_defines(course, name):
    material = load_material(course.assignment(name))
    known = vars(material.reference).keys() | vars(builtins).keys()
    for question in material.checked:
        for answer in (*question.alternatives, *question.misconceptions):
            source = answer_source(answer, question.name)
            names = set(global_names(compile(source, answer.name, "exec")))
            assert names <= known | {question.name}, f"{question.name}: {answer.name}"
