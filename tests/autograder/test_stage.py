import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.conventions import grade_id_of
from autograder.stage import stage
from autograder.submission import parse_notebook

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
    assert any('collect("double", double)' in cell.source for cell in result.cells)


@pytest.mark.parametrize("grade_id", OURS)
def test_a_deleted_test_cell_comes_back_in_its_place(tiny, staged, notebook, grade_id):
    expected = ids(staged(notebook)[0])
    del notebook["cells"][place(notebook, grade_id)]
    result, remarks = staged(notebook)
    assert remarks == (f"The cell {grade_id} had been deleted; it was put back.",)
    assert ids(result) == expected
    assert_ours_are_trusted(tiny, result)


@pytest.mark.parametrize("grade_id", OURS)
def test_a_doubled_test_cell_is_used_once(tiny, staged, notebook, grade_id):
    cell = notebook["cells"][place(notebook, grade_id)]
    notebook["cells"].append(copy.deepcopy(cell))
    result, remarks = staged(notebook)
    assert remarks == (f"The test cell {grade_id} stood there twice; one copy was used.",)
    assert_ours_are_trusted(tiny, result)


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


def test_a_question_turned_to_markdown_is_told(tiny, staged, notebook):
    notebook["cells"][place(notebook, "double")]["cell_type"] = "markdown"
    result, remarks = staged(notebook)
    assert remarks == ("The cell double had become a markdown cell; expected code.",)
    assert_ours_are_trusted(tiny, result)


def test_a_notebook_without_any_metadata_is_recognised_cell_by_cell(tiny, staged, notebook):
    expected = staged(notebook)[0]
    plain = [{key: cell[key] for key in ("cell_type", "source")} for cell in notebook["cells"]]
    result, remarks = staged({**notebook, "metadata": {}, "cells": plain})
    assert remarks == ()
    assert ids(result) == ids(expected)
    assert [cell.source for cell in result.cells] == [cell.source for cell in expected.cells]
    assert_ours_are_trusted(tiny, result)


def test_a_written_answer_that_is_not_found_without_metadata_is_told(tiny, staged, notebook):
    plain = [{key: cell[key] for key in ("cell_type", "source")} for cell in notebook["cells"]]
    apart = {"cell_type": "markdown", "source": "A cell between"}
    plain.insert(place(notebook, "why-written"), apart)
    plain.insert(place(notebook, "why-written"), {"cell_type": "code", "source": "1"})
    result, remarks = staged({**notebook, "cells": plain})
    assert remarks == ("The cell why-written had been deleted; it was put back.",)
    assert "Because." in [cell.source for cell in result.cells]


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


def test_the_real_assignment_without_metadata_is_recognised_too(material):
    release = json.loads(json.dumps(material.derived.release))
    expected = [grade_id_of(cell) for cell in material.derived.release.cells]
    for cell in release["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("grade_id", "").endswith("-written"):
            cell["source"] = "My answer."
        cell["metadata"] = {}
    parsed, _ = parse_notebook(json.dumps(release).encode(), "counting.ipynb")
    result, remarks = stage(parsed, material.derived)
    assert remarks == ()
    assert [grade_id_of(cell) for cell in result.cells] == expected


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
