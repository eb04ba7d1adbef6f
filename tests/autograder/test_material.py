"""An assignment is loaded whole and consistent, or it is refused with what to put right."""

import importlib
import shutil
import sys
from types import ModuleType

import pytest

from autograder import pairs
from autograder.checking import Check, CorrectWay, Group, Misconception, misconception
from autograder.conventions import BrokenConvention
from autograder.course import Course
from autograder.material import BrokenCheck, load_material
from autograder.reference import BrokenReference, UnknownReference

CELLS = """# %% nbgrader={"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}
def f(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "f-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
assert f(1) == 1

# %% nbgrader={"grade": true, "grade_id": "f-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
from nextword.evidence import collect

collect("f", f)
### END HIDDEN TESTS
"""  # noqa: E501

CHECK = """
from autograder.checking import Check, Group, case, correct_way, misconception


def draw(rng, reference):
    yield case("all", float(rng.normal()))


check = Check({"all": Group("all", 3)}, draw)


@misconception("all", hint="Not the negative.")
def negative(x):
    return -x


@correct_way
def added(x):
    return x + 0
"""


@pytest.fixture
def load(tmp_path, monkeypatch, course):
    """Return a function that loads an assignment made of cells and checks."""
    root = tmp_path / "course"
    checks = tmp_path / "checks"
    folder = root / "solutions" / "01_odd"
    folder.mkdir(parents=True)
    shutil.copy(course.root / "jupytext.toml", root)
    monkeypatch.setattr("autograder.checks.__path__", [str(checks)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def loaded(cells=CELLS, checks_package=True, **modules):
        if checks_package:
            package = checks / "odd"
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            for name, source in modules.items():
                (package / f"{name}.py").write_text(source)
        (folder / "odd.py").write_text(cells)
        pairs.sync(folder / "odd.py", pairs.Step.FROM_TEXT)
        importlib.invalidate_caches()
        return load_material(Course.at(root).assignment("01_odd"))

    yield loaded
    for name in [name for name in sys.modules if name.startswith("autograder.checks.odd")]:
        del sys.modules[name]


def test_a_consistent_assignment_is_loaded_with_all_its_ways(load):
    (kit,) = load(f=CHECK).kits
    assert (kit.name, kit.question.points) == ("f", 3)
    assert [way.name for way in kit.misconceptions] == ["negative"]
    assert [way.name for way in kit.correct_ways] == ["added"]


def test_modules_beside_the_checks_that_hold_none_are_no_checks(load):
    assert load(f=CHECK, drawing="WORDS = ['a']").points == 3


def test_the_course_is_consistent(material):
    assert material.points == sum(kit.check.points for kit in material.kits)
    for kit in material.kits:
        assert isinstance(kit.check, Check)
        assert kit.misconceptions
        assert all(isinstance(way, Misconception) and way.hint for way in kit.misconceptions)
        assert len(kit.correct_ways) >= 2
        assert all(isinstance(way, CorrectWay) for way in kit.correct_ways)
        names = [way.name for way in (*kit.misconceptions, *kit.correct_ways)]
        assert len(names) == len(set(names)), "their names tell them apart"
        assert len({group.says for group in kit.check.groups.values()}) == len(kit.check.groups)


def test_an_assignment_without_a_folder_of_checks_is_refused(load):
    with pytest.raises(BrokenCheck, match="expected the folder autograder/checks/odd/"):
        load(checks_package=False)


def test_an_import_that_fails_inside_the_checks_is_not_taken_for_a_missing_folder(load):
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load(f="import no_such_module")


def test_a_question_without_a_check_is_refused(load):
    with pytest.raises(BrokenCheck, match=r"expected autograder/checks/odd/f\.py"):
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
    monkeypatch.setattr("autograder.material.load_reference", lambda *args: ModuleType("toy"))
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
    ways = (misconception("one", hint="")(len),)
    assert toy_material(check=check, misconceptions=ways).points == 3.5
