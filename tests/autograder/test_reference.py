"""The reference module holds a notebook's definitions, and running it runs nothing else."""

import dataclasses
import traceback

import nbformat.v4
import pytest

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


def test_the_course_loads(material):
    for question in material.checked:
        assert reference_function(material.reference, question.name).__doc__
