import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from autograder.sandbox.absence import failed_cells, helpers_not_run, why_absent

HIDDEN = "### BEGIN HIDDEN TESTS\n# collect double\n### END HIDDEN TESTS"
MISSING = "There is no function double when its test cell runs."
DEFINITION = "def double(x):\n    return 2 * x"


def code(source, error=None, name=None, tags=()):
    """Return a cell that has run; `error` is what it raised, and what that said."""
    cell = new_code_cell(source)
    cell.metadata = NotebookNode({"tags": list(tags)} if tags else {})
    if name is not None:
        flags = {"grade": name.endswith("-graded"), "solution": "-" not in name}
        cell.metadata["nbgrader"] = NotebookNode(flags, grade_id=name, locked="-" in name)
    if error is not None:
        ename, evalue = error
        cell.outputs = [new_output("error", ename=ename, evalue=evalue, traceback=[])]
    return cell


def undefined(name):
    return "NameError", f"name '{name}' is not defined"


def graded(question="double", error=None):
    return code(HIDDEN, error or undefined(question), name=f"{question}-graded")


def why(*cells):
    """Return why nothing came back from the graded cell of `double`."""
    (place,) = [
        i for i, cell in enumerate(cells) if cell.metadata.get("nbgrader") and is_the_test(cell)
    ]
    return why_absent("double", cells, place)


def is_the_test(cell):
    return cell.metadata.nbgrader.grade_id == "double-graded"


def test_a_missing_module_is_named_with_its_cell_and_what_is_there():
    error = ("ModuleNotFoundError", "No module named 'pandas'")
    cell = code(f"import pandas\n{DEFINITION}", error, name="double")
    assert why(cell, graded()) == (
        f"{MISSING} Cell 1 (double) stopped with ModuleNotFoundError: No module named 'pandas'. "
        "When a notebook is graded, only the packages that its first cell names are there, and "
        "files beside the notebook are not read."
    )


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u3000"])
def test_a_space_that_is_none_is_told(space):
    error = ("SyntaxError", "invalid non-printable character U+00A0")
    cell = code(f"def double(x):\n{space}return 2 * x", error, name="double")
    assert why(cell, graded()).endswith(
        "Some of its spaces are not ordinary ones: type them again."
    )


def test_an_ordinary_syntax_error_is_not_blamed_on_spaces():
    cell = code(
        "def double(x:\n    return 1", ("SyntaxError", "'(' was never closed"), name="double"
    )
    assert why(cell, graded()) == (
        f"{MISSING} Cell 1 (double) stopped with SyntaxError: '(' was never closed."
    )


@pytest.mark.parametrize("call", ["breakpoint()", "pdb.set_trace()"])
def test_a_debugger_left_in_is_told(call):
    cell = code(f"{call}\n{DEFINITION}", ("BdbQuit", ""), name="double")
    assert "Cell 1 (double) stopped with BdbQuit. It calls the debugger" in why(cell, graded())


@pytest.mark.parametrize("magic", ["%%timeit", "%%time -q", "%%capture out"])
def test_a_cell_that_runs_in_a_place_of_its_own_is_told(magic):
    words = why(code(f"{magic}\n{DEFINITION}", name="double"), graded())
    name = magic.split()[0]
    assert words.startswith(f"{MISSING} Cell 1 (double) begins with {name}, which runs the cell in")
    assert words.endswith(f"Take {name} out.")


def test_a_definition_that_was_deleted_again_is_told():
    words = why(code(DEFINITION, name="double"), code("del double"), graded())
    assert words == (
        f"{MISSING} Cell 1 (double) defines it, but it was gone again, or the cell had not run to "
        "its end."
    )


def test_a_definition_in_an_exploration_cell_is_told():
    stub = code("# your code", name="double")
    cell = code(DEFINITION, tags=["exploration"])
    assert why(stub, cell, graded()) == (
        f"{MISSING} Cell 2 (def double(x):) defines it, but is tagged `exploration`, and such "
        "cells are not run when a notebook is graded. Write it in the cell given for it."
    )


def test_a_definition_below_its_tests_is_told():
    assert why(graded(), code(DEFINITION)) == (
        f"{MISSING} Cell 2 (def double(x):) defines it, but stands below the test cell, and cells "
        "run from top to bottom. Move it above its tests."
    )


@pytest.mark.parametrize(("make", "kind"), [(new_markdown_cell, "markdown"), (new_raw_cell, "raw")])
def test_a_definition_in_a_cell_of_text_is_told(make, kind):
    assert why(make(DEFINITION), graded()) == (
        f"{MISSING} Cell 1 (def double(x):) defines it, but is a {kind} cell. Make it a code cell."
    )


def test_where_nothing_defines_it_the_first_failure_is_told():
    first = code("import pandas", ("ModuleNotFoundError", "No module named 'pandas'"))
    words = why(first, code("x = 1 / 0", ("ZeroDivisionError", "division by zero")), graded())
    assert words.startswith(
        f"{MISSING} No cell of your notebook defines it. Cell 1 (import pandas) stopped with "
        "ModuleNotFoundError: No module named 'pandas'."
    )
    assert "ZeroDivisionError" not in words
    assert why(graded()) == f"{MISSING} No cell of your notebook defines it."


def test_the_failure_that_a_chain_of_name_errors_began_with_is_told():
    first = code("import torche as t", ("ModuleNotFoundError", "No module named 'torche'"))
    second = code("y = t.ones(3)", undefined("t"))
    answer = code(f"z = y + 1\n{DEFINITION}", undefined("y"), name="double")
    assert why(first, second, answer, graded()).startswith(
        f"{MISSING} Cell 3 (double) stopped with NameError: name 'y' is not defined. Before that: "
        "Cell 1 (import torche as t) stopped with ModuleNotFoundError: No module named 'torche'."
    )


def test_a_failing_test_cell_is_no_failure_of_the_students():
    visible = code("assert double(2) == 4", undefined("double"), name="double-visible")
    assert why(visible, graded()) == f"{MISSING} No cell of your notebook defines it."
    assert failed_cells([visible, graded()]) is None


def test_a_test_cell_that_stopped_otherwise_says_with_what_and_not_what_that_said():
    words = why(graded(error=("RuntimeError", "the secret inputs are 1, 2, 3")))
    assert words == "The test cell stopped with RuntimeError before it could call your function."


def test_a_test_cell_that_stopped_for_another_name_is_not_called_a_missing_function():
    words = why(graded(error=undefined("collect")))
    assert words == "The test cell stopped with NameError before it could call your function."


def test_a_test_cell_that_ran_and_gave_nothing_is_told():
    cell = code("# 2 points", name="double-graded")
    assert why(cell) == "The test cell ran, but nothing came back from it."


SECRET = "inputs were 1, 2, 3"


@pytest.mark.parametrize(
    ("source", "error", "shown"),
    [
        ("boom()", ("ValueError", SECRET), "ValueError"),
        ("boom()", (f"E{SECRET}", "x"), "an error of its own"),
        ("boom()", ("ModuleNotFoundError", f"No module named 'a' {SECRET}"), "ModuleNotFoundError"),
        ("boom()", ("ModuleNotFoundError", "No module named 'x123'"), "ModuleNotFoundError"),
        ("boom()", ("NameError", "name 'x123' is not defined"), "NameError"),
        (
            "import pandas",
            ("ModuleNotFoundError", "No module named 'pandas'"),
            "ModuleNotFoundError: No module named 'pandas'",
        ),
        ("y = t", ("NameError", "name 't' is not defined"), "NameError: name 't' is not defined"),
    ],
)
def test_below_a_graded_cell_nothing_is_repeated_that_could_be_its_inputs(source, error, shown):
    below = [graded("other"), code(source, error)]
    assert failed_cells(below) == f"Stopped with an error: Cell 2 ({source}) with {shown}."


def test_hidden_asserts_of_nbgraders_are_as_secret_as_our_cases():
    asserted = "### BEGIN HIDDEN TESTS\nassert double(17) == 34\n### END HIDDEN TESTS"
    below = [code(asserted, name="test_double"), code("boom()", ("ValueError", SECRET))]
    below[0].metadata["nbgrader"] |= {"grade": True, "solution": False}
    assert failed_cells(below) == "Stopped with an error: Cell 2 (boom()) with ValueError."


def test_above_every_graded_cell_what_was_raised_is_repeated():
    cells = [code("boom()", ("ValueError", "odd shape (3,)")), graded()]
    assert failed_cells(cells) == (
        "Stopped with an error: Cell 1 (boom()) with ValueError: odd shape (3,)."
    )


def test_what_a_student_raised_is_cut_and_plain():
    hostile = "\x1b[31m\u202e" + "x" * 10_000 + "\nsecond line"
    words = failed_cells([code("boom()", ("E\x07" * 100, hostile))])
    assert words.isprintable()
    assert len(words) < 400
    assert "second line" not in words


def test_a_cells_first_line_is_cut_and_plain():
    words = failed_cells([code("\x1b[2J" + "y" * 10_000, ("ValueError", ""))])
    assert words.isprintable()
    assert len(words) < 200


def test_of_many_failures_the_first_are_listed_and_the_rest_counted():
    words = failed_cells([code(f"a{i}", undefined(f"a{i}")) for i in range(8)])
    assert words.count("NameError") == 5
    assert words.endswith("; and 3 more.")


def test_what_has_not_been_written_is_no_failure():
    stub = code("def f(): ...\nf()", ("NotImplementedError", ""), name="double")
    assert failed_cells([stub]) is None


HELPER = code("def pad(x):\n    return x", tags=["exploration"])


def test_a_helper_in_a_cell_that_is_not_run_is_told():
    answer = code("def double(x):\n    return 2 * pad(x)", name="double")
    said = helpers_not_run([HELPER, answer, graded()])
    assert "defined only in cells tagged `exploration`" in said
    assert ": pad. Define it in" in said


def test_any_number_of_names_costs_no_more_than_their_text():
    """A search for each name would keep the program that grades busy for minutes."""
    names = [f"f{number}" for number in range(60_000)]
    many = code("\n".join(f"def {name}(): 0" for name in names), tags=["exploration"])
    calls = code("\n".join(f"{name}()" for name in names))
    assert ": f0, f1, f10, f100, f1000. Define" in helpers_not_run([many, calls])


@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    return 2 * x",
        "def pad(x):\n    return x\ndef double(x):\n    return pad(x)",
        "pad = lambda x: x\ndouble = lambda x: pad(x)",
        "def double(x, pad):\n    return pad(x)",
        "from numpy import pad\ndef double(x):\n    return pad(x)",
        "def double(x):\n    return np.pad(x)",
    ],
)
def test_a_helper_that_is_there_or_not_called_is_no_remark(answer):
    assert helpers_not_run([HELPER, code(answer), graded()]) is None
