"""The reference module holds a notebook's definitions, and running it runs nothing else."""

import dataclasses
import sys
import traceback

import nbformat.v4
import pytest

from autograder.authoring.late import import_for
from autograder.authoring.reference import (
    BrokenReference,
    UnknownReference,
    load_reference,
    reference_function,
)


def cell(source, grade_id=None, tags=()):
    made = nbformat.v4.new_code_cell(source)
    made.metadata["tags"] = list(tags)
    if grade_id:
        flags = {"grade": grade_id.endswith("-graded"), "locked": "-" in grade_id}
        made.metadata["nbgrader"] = flags | {"grade_id": grade_id, "solution": "-" not in grade_id}
    return made


def load(*cells):
    return load_reference(nbformat.v4.new_notebook(cells=list(cells)), "toy")


SOLUTION = "def f(x):\n    return SCALE * math.floor(x)"


def test_functions_imports_and_constants_make_the_reference():
    module = load(cell("import math\nSCALE = 3"), cell(SOLUTION, "f"))
    assert reference_function(module, "f")(2.5) == 6


def test_a_solution_and_a_given_cell_may_define_functions_and_classes():
    module = load(
        cell("class Given:\n    size = 4", "tools-given"),
        cell("def helper():\n    return Given.size\n\ndef f():\n    return helper()", "f"),
    )
    assert module.f() == 4


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('training')",
        "counts = 1 / 0",
        "for step in range(3):\n    1 / 0",
        "print(1 / 0)",
        "assert False",
        "with open('no such file'):\n    pass",
        "x += 1",
        "config.SIZE = 3",
        "SIZES[0] = 3",
        "if True:\n    import no_such_module",
    ],
)
def test_training_plotting_and_tests_never_run(source):
    load(cell(source), cell(source, "f"), cell(source, "f-visible"), cell(source, "f-graded"))


@pytest.mark.parametrize("grade_id", [None, "f-visible", "f-graded"])
def test_functions_of_other_cells_are_no_reference(grade_id):
    module = load(cell("def f(): return 1", grade_id))
    with pytest.raises(UnknownReference):
        reference_function(module, "f")


def test_an_exploration_changes_no_constant():
    module = load(
        cell("SIZE = 3"), cell("SIZE = 4", tags=["exploration"]), cell("def f(): return SIZE", "f")
    )
    assert module.f() == 3


def test_a_capital_letter_in_a_test_cell_is_no_constant():
    module = load(cell("def f(): return 3", "f"), cell("J = f() / nothing_yet", "f-visible"))
    assert module.f() == 3
    assert not hasattr(module, "J")


def test_a_cell_with_magics_is_passed_over_unless_it_is_one_of_ours():
    load(cell("%matplotlib inline"))
    with pytest.raises(BrokenReference, match="cell f> does not parse"):
        load(cell("%matplotlib inline\ndef f(): pass", "f"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(:", "does not parse"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("SIZE = 1 / 0", "ZeroDivisionError"),
        ("class C(missing): pass", "NameError"),
        ("def f(x: Missing): pass", "NameError"),
    ],
)
def test_definitions_that_fail_are_named_with_their_cell(source, words):
    with pytest.raises(BrokenReference, match=f"toy, cell f>.*{words}"):
        load(cell(source, "f"))


def test_an_unknown_reference_names_those_there_are():
    module = load(cell("import math\nSIZE = 1\ndef f(): pass\ndef _own(): pass", "f"))
    with pytest.raises(UnknownReference, match=r"No reference 'g' in toy. It defines: f$"):
        reference_function(module, "g")
    with pytest.raises(UnknownReference):
        reference_function(module, "SIZE")


def test_a_traceback_through_the_reference_shows_its_lines():
    module = load(cell("def f():\n    return 1 / 0  # here", "f"))
    with pytest.raises(ZeroDivisionError) as caught:
        module.f()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 1 / 0  # here"


def test_a_reference_may_define_a_dataclass():
    source = "from dataclasses import dataclass\n@dataclass\nclass Model:\n    size: int = 3"
    model = load(cell(source, "model-given")).Model()
    assert dataclasses.asdict(model) == {"size": 3}


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """A package that nobody has imported yet."""
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text("class Tensor:\n    size = 7\n")
    (tmp_path / "heavy" / "inner.py").write_text("SIZE = 8\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "heavy"
    for name in ("heavy", "heavy.inner"):
        sys.modules.pop(name, None)


TYPED = "def f(x: heavy.Tensor, *more: heavy.Tensor, y: int = 1) -> heavy.Tensor:\n    {}"


def test_what_is_imported_whole_is_imported_when_a_function_wants_it(heavy):
    module = load(cell("import math, heavy\nSIZE = math.pi"), cell(TYPED.format("pass"), "f"))
    assert module.f(1) is None
    assert heavy not in sys.modules
    assert module.f.__annotations__["y"] is int
    assert module.f.__annotations__["return"] == "heavy.Tensor"
    source = TYPED.format("return heavy.Tensor.size")
    assert load(cell("import heavy"), cell(source, "f")).f(1) == 7
    assert heavy in sys.modules


@pytest.mark.parametrize(
    "body", ["return heavy.Tensor()", "return [heavy.Tensor() for _ in range(x)]"]
)
def test_what_functions_name_is_imported_before_their_time_counts(heavy, body):
    module = load(cell("import heavy"), cell(TYPED.format(body), "f"))
    import_for(print)
    import_for(load)
    assert heavy not in sys.modules
    import_for(module.f)
    assert heavy in sys.modules


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import heavy as h", "h.Tensor.size"),
        ("import heavy.inner", "heavy.inner.SIZE"),
        ("import heavy.inner as i", "i.SIZE"),
        ("from heavy import Tensor", "Tensor.size"),
    ],
)
def test_every_kind_of_import_is_what_it_is_in_the_notebook(heavy, source, said):
    module = load(cell(source), cell(f"def f():\n    return {said}", "f"))
    assert module.f() in (7, 8)


def test_the_course_loads(material):
    for question in material.checked:
        assert reference_function(material.reference, question.name).__doc__
