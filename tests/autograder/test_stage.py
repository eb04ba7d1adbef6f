import copy
import json
import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell as code_cell
from nbformat.v4 import new_markdown_cell as markdown_cell
from nbgrader.utils import compute_checksum, determine_grade

from autograder.authoring.conventions import ANSWER_STUB, grade_id_of
from autograder.authoring.earlier import read_earlier, record
from autograder.authoring.material import load_material
from autograder.authoring.recognise import recognise
from autograder.classroom.stage import stage
from autograder.classroom.submission import parse_notebook
from tests.autograder.conftest import ASSIGNMENTS

OURS = ("imports-given", "double-visible", "double-graded")


@pytest.fixture
def staged(tiny):
    """Return a function that parses and stages a student's JSON."""

    def run(data):
        notebook, _ = parse_notebook(json.dumps(data).encode(), "tiny.ipynb")
        return stage(notebook, tiny.derived)

    return run


@pytest.fixture
def notebook(right):
    return copy.deepcopy(right)


def place(data, grade_id):
    return next(
        i
        for i, cell in enumerate(data["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def ids(notebook):
    return [grade_id for cell in notebook.cells if (grade_id := grade_id_of(cell))]


def assert_ours_are_trusted(tiny, notebook):
    """Every cell of ours is there once, as the master has it, and the notebook is valid."""
    masters = {grade_id_of(cell): cell for cell in tiny.derived.master.cells}
    for grade_id in OURS:
        (cell,) = [cell for cell in notebook.cells if grade_id_of(cell) == grade_id]
        assert cell.source == masters[grade_id].source
        assert cell.metadata == masters[grade_id].metadata
        assert cell.cell_type == "code"
    nbformat.validate(notebook)
    assert notebook.metadata == tiny.derived.master.metadata


def test_a_good_submission_keeps_its_answers_and_gets_the_hidden_line(tiny, staged, notebook):
    result, remarks = staged(notebook)
    assert remarks == ()
    assert_ours_are_trusted(tiny, result)
    assert ids(result) == [*OURS[:1], "double", *OURS[1:], "why-written"]
    answer = next(cell for cell in result.cells if grade_id_of(cell) == "double")
    assert answer.source == "def double(x):\n    return x + x\n"
    assert any("# collect double" in cell.source for cell in result.cells)


def test_ids_of_cells_are_ours_so_that_they_tell_no_two_submissions_apart(staged, notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"theirs-{number}"
    result, _ = staged(notebook)
    assert [cell["id"] for cell in result.cells] == [
        f"cell-{number}" for number in range(len(notebook["cells"]))
    ]


def test_an_own_cell_keeps_no_metadata_but_the_tag_of_what_is_for_looking(staged, notebook):
    metadata = {"tags": ["exploration", "raises-exception"], "collapsed": True}
    own = {"cell_type": "code", "source": "mine = 1", "outputs": []}
    notebook["cells"] += [own | {"metadata": {"collapsed": True}}, own | {"metadata": metadata}]
    result, remarks = staged(notebook)
    assert remarks == ()
    assert [cell.metadata for cell in result.cells[-2:]] == [{}, {"tags": ["exploration"]}]


@pytest.mark.parametrize("grade_id", OURS)
def test_a_deleted_test_cell_comes_back_in_its_place(tiny, staged, notebook, grade_id):
    expected = ids(staged(notebook)[0])
    del notebook["cells"][place(notebook, grade_id)]
    result, remarks = staged(notebook)
    assert remarks == (f"The cell {grade_id} had been deleted; it was put back.",)
    assert ids(result) == expected
    assert_ours_are_trusted(tiny, result)


@pytest.mark.parametrize("with_metadata", [True, False])
@pytest.mark.parametrize("grade_id", OURS)
def test_a_doubled_test_cell_is_used_once(tiny, staged, notebook, grade_id, with_metadata):
    again = copy.deepcopy(notebook["cells"][place(notebook, grade_id)])
    notebook["cells"].append(again if with_metadata else again | {"metadata": {}})
    result, remarks = staged(notebook)
    assert remarks == (f"The test cell {grade_id} stood there twice; one copy was used.",)
    assert_ours_are_trusted(tiny, result)


def test_what_happened_to_several_cells_is_told_in_one_remark(staged, notebook):
    notebook["cells"] += [copy.deepcopy(notebook["cells"][place(notebook, name)]) for name in OURS]
    _, remarks = staged(notebook)
    words = (
        "The test cells imports-given, double-visible and double-graded stood there twice; "
        "one copy of each was used."
    )
    assert remarks == (words,)
    notebook["cells"] += notebook["cells"][-2:]
    assert staged(notebook)[1] == (words,), "a third copy is no other cell"


@pytest.mark.parametrize("change", [{"source": "print('skipped')"}, {"cell_type": "markdown"}])
@pytest.mark.parametrize("grade_id", OURS)
def test_an_edited_test_cell_is_replaced_and_told(tiny, staged, notebook, grade_id, change):
    notebook["cells"][place(notebook, grade_id)].update(change)
    result, remarks = staged(notebook)
    assert remarks == (f"The locked cell {grade_id} had been edited; ours was put back.",)
    assert_ours_are_trusted(tiny, result)


@pytest.mark.parametrize(
    "metadata",
    [
        {"tags": ["skip-execution"]},
        {"tags": ["exploration", "raises-exception"]},
        {"nbgrader": {"grade_id": "double-graded", "points": -5, "grade": False, "locked": []}},
    ],
)
def test_tags_and_flags_on_a_test_cell_change_nothing(tiny, staged, notebook, metadata):
    notebook["cells"][place(notebook, "double-graded")]["metadata"].update(metadata)
    result, remarks = staged(notebook)
    assert remarks == ()
    assert_ours_are_trusted(tiny, result)


def test_a_tag_on_an_answer_does_not_stop_it_from_running(staged, notebook):
    notebook["cells"][place(notebook, "double")]["metadata"]["tags"] = ["exploration"]
    result, _ = staged(notebook)
    assert result.cells[place(notebook, "double")].metadata.get("tags") is None


def test_another_kernel_in_the_metadata_changes_nothing(tiny, staged, notebook):
    notebook["metadata"] = {"kernelspec": {"name": "bash", "display_name": "Bash"}}
    result, remarks = staged(notebook)
    assert remarks == ()
    assert result.metadata.kernelspec.name == "python3"


def test_a_deleted_question_is_told(tiny, staged, notebook):
    del notebook["cells"][place(notebook, "double")]
    result, remarks = staged(notebook)
    assert remarks == ("The cell double for your answer had been deleted.",)
    assert_ours_are_trusted(tiny, result)


def test_a_doubled_question_is_run_twice_in_order_and_told(tiny, staged, notebook):
    index = place(notebook, "double")
    again = copy.deepcopy(notebook["cells"][index])
    again["source"] = "def double(x):\n    return 2 * x\n"
    notebook["cells"].insert(index + 1, again)
    result, remarks = staged(notebook)
    assert remarks == ("The cell double stood there twice; both were run, in order.",)
    assert result.cells[index + 1].source == again["source"]
    assert ids(result).count("double") == 1
    assert_ours_are_trusted(tiny, result)


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_question_turned_to_text_is_told(tiny, staged, notebook, kind):
    notebook["cells"][place(notebook, "double")]["cell_type"] = kind
    result, remarks = staged(notebook)
    assert remarks == (f"The cell double had become a {kind} cell; expected code.",)
    assert_ours_are_trusted(tiny, result)


def test_a_notebook_without_any_metadata_is_recognised_cell_by_cell(tiny, staged, notebook):
    expected = staged(notebook)[0]
    plain = [{key: cell[key] for key in ("cell_type", "source")} for cell in notebook["cells"]]
    result, remarks = staged({**notebook, "metadata": {}, "cells": plain})
    assert remarks == ()
    assert ids(result) == ids(expected)
    assert [cell.source for cell in result.cells] == [cell.source for cell in expected.cells]
    assert_ours_are_trusted(tiny, result)


def test_a_written_answer_without_metadata_is_found_by_its_place(tiny, staged, notebook):
    plain = [{key: cell[key] for key in ("cell_type", "source")} for cell in notebook["cells"]]
    plain.insert(place(notebook, "why-written"), {"cell_type": "code", "source": "1"})
    result, remarks = staged({**notebook, "cells": plain})
    assert remarks == ()
    (answer,) = [cell for cell in result.cells if grade_id_of(cell) == "why-written"]
    assert answer.source == "Because."


def test_a_written_answer_is_looked_for_behind_every_cell_that_is_known(staged, notebook):
    notebook["cells"][place(notebook, "why-written")]["metadata"] = {}
    own = {"cell_type": "markdown", "source": "Looks good.", "metadata": {}}
    notebook["cells"].insert(place(notebook, "double-graded"), own)
    result, remarks = staged(notebook)
    (answer,) = [cell for cell in result.cells if grade_id_of(cell) == "why-written"]
    assert (answer.source, remarks) == ("Because.", ())


def test_of_two_texts_in_its_place_the_first_is_the_written_answer(staged, notebook):
    index = place(notebook, "why-written")
    notebook["cells"][index]["metadata"] = {}
    own = {"cell_type": "markdown", "source": "And more.", "metadata": {}}
    notebook["cells"].insert(index + 1, own)
    result, remarks = staged(notebook)
    assert [grade_id_of(cell) for cell in result.cells[index : index + 2]] == ["why-written", None]
    assert len(remarks) == 1
    assert "why-written goes on in cells below" in remarks[0]


def test_two_written_answers_without_metadata_are_told_by_their_order():
    released = [markdown_cell("YOUR ANSWER HERE", id=f"ours-{i}") for i in range(2)]
    for number, cell in enumerate(released):
        flags = {"grade": True, "solution": True}
        cell.metadata.nbgrader = {"grade_id": f"why_{number}-written", **flags}
    cells = [markdown_cell("Because.", id="a"), markdown_cell("Why not?", id="b")]
    assert recognise(cells, released).grade_ids == {"a": "why_0-written", "b": "why_1-written"}


def test_a_cell_that_defines_two_questions_is_the_answer_to_the_first():
    released = [code_cell("def f(): ...", id="f"), code_cell("def g(): ...", id="g")]
    for cell in released:
        cell.metadata.nbgrader = {"grade_id": cell["id"], "solution": True}
    both = code_cell("def g(): ...\n\ndef f(): ...", id="both")
    assert recognise([both], released).grade_ids == {"both": "f"}


def test_an_answer_is_known_wherever_in_its_cell_the_function_stands(staged, notebook):
    data = stripped(notebook)
    cell = data["cells"][place(notebook, "double")]
    cell["source"] = f"# My answer.\nimport math\n\n{cell['source']}"
    result, remarks = staged(data)
    assert remarks == ()
    assert grade_id_of(result.cells[place(notebook, "double")]) == "double"


def test_text_in_place_of_a_deleted_test_cell_is_the_students_own(staged, notebook):
    own = {"cell_type": "markdown", "source": "It works.", "metadata": {}}
    index = place(notebook, "double-visible")
    notebook["cells"][index] = own
    result, remarks = staged(notebook)
    assert remarks == ("The cell double-visible had been deleted; it was put back.",)
    assert [cell for cell in result.cells if cell.source == own["source"]]


def test_a_text_that_quotes_a_definition_is_no_answer(staged, notebook):
    quoted = {"cell_type": "markdown", "source": "def double(x): ...", "metadata": {}}
    data = stripped(notebook)
    index = place(notebook, "double")
    data["cells"].insert(index, quoted)
    result, remarks = staged(data)
    assert remarks == ()
    assert grade_id_of(result.cells[index]) is None
    assert grade_id_of(result.cells[index + 1]) == "double"


def test_of_two_definitions_the_one_that_says_so_is_the_answer(staged, notebook):
    index = place(notebook, "double")
    own = {"cell_type": "code", "source": "def double(x):\n    return 3 * x\n", "metadata": {}}
    notebook["cells"].insert(index, own)
    result, remarks = staged(notebook)
    assert remarks == ()
    assert grade_id_of(result.cells[index]) is None
    assert grade_id_of(result.cells[index + 1]) == "double"


def test_prose_of_ours_is_not_taken_for_a_written_answer(material):
    release = json.loads(json.dumps(material.derived.release))
    written = [
        cell
        for cell in release["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").endswith("-written")
    ]
    assert written, "the assignment has no written question any more: test another"
    for cell in written:
        release["cells"].remove(cell)
    parsed, _ = parse_notebook(json.dumps(release).encode(), "counting.ipynb")
    result, remarks = stage(parsed, material.derived)
    for cell in written:
        grade_id = cell["metadata"]["nbgrader"]["grade_id"]
        assert f"The cell {grade_id} had been deleted; it was put back." in remarks
        (restored,) = [each for each in result.cells if grade_id_of(each) == grade_id]
        assert restored.source == cell["source"]


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def real(request, course):
    """The material of each assignment in turn."""
    return load_material(course.assignment(request.param))


def solved(material):
    """The reference as a student's JSON, with each written question answered."""
    notebook = copy.deepcopy(material.derived.master)
    released = {grade_id_of(cell): cell.source for cell in material.derived.release.cells}
    for cell in notebook.cells:
        grade_id = grade_id_of(cell) or ""
        if grade_id.endswith("-written"):
            cell.source = "My answer."
        elif is_locked(grade_id):
            cell.source = released[grade_id]
    return json.loads(json.dumps(notebook))


def is_locked(grade_id):
    return grade_id.endswith(("-visible", "-graded", "-given"))


def stripped(data):
    """The same as an editor leaves it that drops all metadata of cells."""
    return {**data, "cells": [{**cell, "metadata": {}} for cell in data["cells"]]}


def staged_of(material, data):
    parsed, _ = parse_notebook(json.dumps(data).encode(), "real.ipynb")
    return stage(parsed, material.derived, material.earlier)


def assert_locked_cells_are_the_masters(material, notebook, in_order=True):
    ours = [cell for cell in material.derived.master.cells if is_locked(grade_id_of(cell) or "")]
    staged = [cell for cell in notebook.cells if is_locked(grade_id_of(cell) or "")]
    expected = {grade_id_of(cell): cell.source for cell in ours}
    assert {grade_id_of(cell): cell.source for cell in staged} == expected
    assert len(staged) == len(ours)
    if in_order:
        assert [grade_id_of(cell) for cell in staged] == list(expected)


def test_the_reference_of_every_assignment_without_metadata_is_staged_as_with_it(real):
    expected, nothing = staged_of(real, solved(real))
    result, remarks = staged_of(real, stripped(solved(real)))
    assert (remarks, nothing) == ((), ())
    assert_locked_cells_are_the_masters(real, result)
    assert [(cell.source, cell.metadata) for cell in result.cells] == [
        (cell.source, cell.metadata) for cell in expected.cells
    ]


@pytest.mark.parametrize("change", ["add", "delete prose", "delete a locked cell", "move last"])
def test_locked_cells_of_the_same_text_are_told_apart_by_order(real, change):
    data = solved(real)
    locked = [
        i
        for i, cell in enumerate(data["cells"])
        if is_locked(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
    ]
    if change == "add":
        own = {"cell_type": "code", "source": "mine = 1", "metadata": {}, "outputs": []}
        for i in reversed(locked[::3]):
            data["cells"].insert(i, own)
    elif change == "delete prose":
        prose = [
            i
            for i, cell in enumerate(data["cells"])
            if cell["cell_type"] == "markdown" and not cell["metadata"].get("nbgrader")
        ]
        for i in reversed(prose[1::2]):
            del data["cells"][i]
    elif change == "delete a locked cell":
        del data["cells"][locked[1]]
    else:
        data["cells"].append(data["cells"].pop(locked[1]))
    result, remarks = staged_of(real, stripped(data))
    assert_locked_cells_are_the_masters(real, result, in_order=change != "move last")
    name = grade_id_of(real.derived.master.cells[locked[1]])
    deleted = (f"The cell {name} had been deleted; it was put back.",)
    assert remarks == (deleted if change == "delete a locked cell" else ())


def test_two_locked_cells_of_one_text_belong_to_the_answers_before_them(course):
    material = load_material(course.assignment("05_gradients"))
    data = stripped(solved(material))
    twins = ["must_vanish", "may_explode"]
    released = {grade_id_of(cell): cell.source for cell in material.derived.release.cells}
    assert released["must_vanish-graded"] == released["may_explode-graded"]
    result, _ = staged_of(material, data)
    order = [grade_id_of(cell) for cell in result.cells]
    assert all(order.index(name) < order.index(f"{name}-graded") for name in twins)
    assert order.index("must_vanish-graded") < order.index("may_explode-graded")


@pytest.mark.parametrize("gone", ["must_vanish-graded", "may_explode-graded"])
def test_of_two_locked_cells_of_one_text_the_one_that_is_gone_is_told(course, gone):
    material = load_material(course.assignment("05_gradients"))
    data = solved(material)
    del data["cells"][place(data, gone)]
    result, remarks = staged_of(material, stripped(data))
    assert remarks == (f"The cell {gone} had been deleted; it was put back.",)
    assert_locked_cells_are_the_masters(material, result)


@pytest.mark.parametrize("with_metadata", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda source: source.replace("\n", "\r\n"),
        lambda source: source.replace("\n", "\r"),
        lambda source: source + "\n",
        lambda source: source + "\n\n",
        lambda source: source.rstrip("\n").replace("\n", "  \n") + "\t",
    ],
)
def test_line_ends_and_space_at_ends_are_no_edit(material, change, with_metadata):
    data = solved(material)
    for cell in data["cells"]:
        cell["source"] = change(cell["source"])
    result, remarks = staged_of(material, data if with_metadata else stripped(data))
    assert remarks == ()
    assert_locked_cells_are_the_masters(material, result)


EARLIER = (
    "Your notebook is of an earlier release of the assignment; the tests of the current one were "
    "used."
)


def test_where_only_the_points_differ_an_earlier_release_is_told_once(material):
    data = solved(material)
    changed = 0
    for cell in data["cells"]:
        before = cell["source"]
        cell["source"] = re.sub(r"\A# [\d.]+ points?", "# 77.5 points", before)
        changed += cell["source"] != before
    assert changed > 1
    result, remarks = staged_of(material, data)
    assert remarks == (EARLIER,)
    assert_locked_cells_are_the_masters(material, result)


def test_a_text_of_a_recorded_release_is_no_edit_and_another_is(tiny, notebook, tmp_path):
    old = copy.deepcopy(tiny.derived.release)
    place_of_test = place(notebook, "double-visible")
    old.cells[place_of_test].source = "assert double(3) == 6"
    record(tmp_path, old)
    earlier = read_earlier(tmp_path)
    edited = "The locked cell double-visible had been edited; ours was put back."
    for number, expected in ((6, EARLIER), (7, edited)):
        notebook["cells"][place_of_test]["source"] = f"assert double(3) == {number}"
        parsed, _ = parse_notebook(json.dumps(notebook).encode(), "tiny.ipynb")
        result, remarks = stage(parsed, tiny.derived, earlier)
        assert remarks == (expected,)
        assert_ours_are_trusted(tiny, result)


def test_of_two_definitions_without_metadata_the_first_is_the_answer(tiny, staged, notebook):
    data = stripped(notebook)
    index = place(notebook, "double")
    again = {**data["cells"][index], "source": "def double(x):\n    return 3 * x\n"}
    data["cells"].insert(index + 1, again)
    result, _ = staged(data)
    (answer,) = [cell for cell in result.cells if grade_id_of(cell) == "double"]
    assert answer.source == notebook["cells"][index]["source"]


@pytest.mark.parametrize("grade_id", ["other-written", "double-visible", "no name"])
def test_a_cell_with_a_grade_id_is_not_taken_for_a_written_answer(staged, notebook, grade_id):
    cell = notebook["cells"][place(notebook, "why-written")]
    cell["metadata"]["nbgrader"]["grade_id"] = grade_id
    result, remarks = staged(notebook)
    (restored,) = [cell for cell in result.cells if grade_id_of(cell) == "why-written"]
    assert "Because." not in restored.source
    assert "The cell why-written had been deleted; it was put back." in remarks


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Because.", "Because.\n\n"), (ANSWER_STUB, ""), ("", ""), (None, "")],
)
@pytest.mark.parametrize("at_the_end", [True, False])
def test_a_written_answer_that_goes_on_in_a_new_cell_is_for_a_person(
    tiny, staged, notebook, written, kept, at_the_end
):
    index = place(notebook, "why-written")
    given_text = tiny.derived.master.cells[index].source
    notebook["cells"][index]["source"] = given_text if written is None else written
    own = {"cell_type": "markdown", "source": "And more.", "metadata": {}}
    notebook["cells"][index + 1 :] = [own] if at_the_end else [own, *notebook["cells"][index + 1 :]]
    result, remarks = staged(notebook)
    assert remarks == (
        (
            "The written answer why-written goes on in cells below the one that was given for it; "
            "a person reads them too."
        ),
    )
    (answer,) = [cell for cell in result.cells if grade_id_of(cell) == "why-written"]
    (given,) = [cell for cell in tiny.derived.master.cells if grade_id_of(cell) == "why-written"]
    assert compute_checksum(answer) != given.metadata.nbgrader.get("checksum")
    assert answer.source == f"{kept}*The answer goes on below.*"
    assert result.cells[index + 1].source == "And more."


def test_a_copy_of_the_cell_for_a_written_answer_is_marked_for_a_person(tiny, staged, notebook):
    index = place(notebook, "why-written")
    copied = copy.deepcopy(notebook["cells"][index])
    notebook["cells"][index]["source"] = tiny.derived.master.cells[index].source
    notebook["cells"].insert(index + 1, copied)
    result, _ = staged(notebook)
    assert determine_grade(result.cells[index])[0] is None


def test_only_a_written_answer_goes_on_in_text_below(staged, notebook):
    own = {"cell_type": "markdown", "source": "So it is.", "metadata": {}}
    index = place(notebook, "double")
    notebook["cells"][index:index] = [own]
    notebook["cells"].insert(index + 2, own)
    result, remarks = staged(notebook)
    assert remarks == ()
    assert result.cells[index + 1].source == notebook["cells"][index + 1]["source"]


def test_another_answer_that_has_become_text_is_not_where_a_written_one_goes_on(staged, notebook):
    answer = notebook["cells"].pop(place(notebook, "double"))
    notebook["cells"].insert(place(notebook, "why-written") + 1, answer | {"cell_type": "markdown"})
    _, remarks = staged(notebook)
    assert remarks == ("The cell double had become a markdown cell; expected code.",)


@pytest.mark.parametrize(
    "own", [{"cell_type": "markdown", "source": "  \n"}, {"cell_type": "code", "source": "1 + 1"}]
)
def test_an_empty_cell_or_code_below_is_no_written_answer(tiny, staged, notebook, own):
    index = place(notebook, "why-written")
    notebook["cells"][index]["source"] = tiny.derived.master.cells[index].source
    notebook["cells"].insert(index + 1, {"metadata": {}, **own})
    result, remarks = staged(notebook)
    assert remarks == ()
    assert determine_grade(result.cells[index])[0] == 0


@pytest.mark.parametrize("kind", ["raw", "code"])
def test_a_written_answer_in_a_cell_of_another_kind_is_read(staged, notebook, kind):
    index = place(notebook, "why-written")
    notebook["cells"][index]["cell_type"] = kind
    result, remarks = staged(notebook)
    assert remarks == (
        "The written answer why-written had become a code or raw cell; it is read as text.",
    )
    assert (result.cells[index].cell_type, result.cells[index].source) == ("markdown", "Because.")
    assert determine_grade(result.cells[index])[0] is None


def test_an_exploration_cell_that_lost_its_tag_is_not_run(staged, notebook):
    result, _ = staged(stripped(notebook))
    (cell,) = [cell for cell in result.cells if cell.source == "double(21)"]
    assert cell.metadata.tags == ["exploration"]


def test_a_deleted_test_cell_comes_back_behind_an_answer_in_another_cell(tiny, staged, notebook):
    own = {"cell_type": "code", "source": "double = lambda x: 2 * x", "metadata": {}}
    doomed = {"double", "double-visible", "double-graded"}
    kept = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") not in doomed
    ]
    result, _ = staged({**notebook, "cells": [*kept, own]})
    order = [cell.source for cell in result.cells]
    tests = [i for i, cell in enumerate(result.cells) if (grade_id_of(cell) or "") in doomed]
    assert min(tests) >= order.index(own["source"])
    assert_ours_are_trusted(tiny, result)


def test_a_deleted_test_cell_comes_back_behind_the_last_definition(tiny, staged, notebook):
    notebook["cells"].append(
        {"cell_type": "code", "source": "double = lambda x: 2 * x", "metadata": {}}
    )
    del notebook["cells"][place(notebook, "double-graded")]
    result, _ = staged(notebook)
    assert grade_id_of(result.cells[-1]) == "double-graded"
    assert_ours_are_trusted(tiny, result)


def test_a_deleted_given_cell_comes_back_in_its_place_whatever_has_its_name(staged, notebook):
    notebook["cells"].append({"cell_type": "code", "source": "imports = 1", "metadata": {}})
    del notebook["cells"][place(notebook, "imports-given")]
    result, _ = staged(notebook)
    assert ids(result)[0] == "imports-given"


def test_an_unknown_grade_id_makes_a_cell_the_students_own(tiny, staged, notebook):
    for grade_id in ("other-graded", "No Such Thing", "double-graded-2", "-graded"):
        cell = {
            "cell_type": "code",
            "source": "1",
            "metadata": {"nbgrader": {"grade_id": grade_id}},
        }
        notebook["cells"].append(cell)
    result, remarks = staged(notebook)
    assert remarks == ()
    assert_ours_are_trusted(tiny, result)
    assert set(ids(result)) == {*OURS, "double", "why-written"}


def test_nothing_submitted_is_staged_without_a_remark(tiny):
    result, remarks = stage(nbformat.v4.new_notebook(), tiny.derived)
    assert remarks == ()
    assert_ours_are_trusted(tiny, result)


@settings(deadline=None)
@given(data=st.data())
def test_whatever_happened_to_the_cells_ours_are_there_once_and_own_cells_in_order(
    tiny, right, data
):
    cells = copy.deepcopy(right["cells"])
    cells += [
        {"cell_type": "code", "source": f"own_{i} = {i}", "metadata": {}, "outputs": []}
        for i in range(3)
    ]
    chosen = data.draw(st.lists(st.integers(0, len(cells) - 1), max_size=12))
    picked = [copy.deepcopy(cells[i]) for i in chosen]
    for cell in picked:
        damage = data.draw(st.sampled_from(["none", "metadata", "type", "tags", "source"]))
        if damage == "metadata":
            cell["metadata"] = {}
        elif damage == "type":
            cell["cell_type"] = "raw"
        elif damage == "tags":
            cell["metadata"]["tags"] = ["skip-execution", "exploration"]
        elif damage == "source":
            cell["source"] = "changed = True"
    parsed, _ = parse_notebook(json.dumps({**right, "cells": picked}).encode(), "tiny.ipynb")
    before = copy.deepcopy(parsed)
    result, _ = stage(parsed, tiny.derived)
    assert parsed == before
    assert_ours_are_trusted(tiny, result)
    own = [cell["source"] for cell in picked if cell["source"].startswith("own_")]
    assert [cell.source for cell in result.cells if cell.source.startswith("own_")] == own
