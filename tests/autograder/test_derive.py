import copy

from nbgrader import utils

from autograder.authoring.conventions import ANSWER_STUB, STUB, grade_id_of
from autograder.authoring.derive import derive


def cells(notebook):
    return {grade_id: cell for cell in notebook.cells if (grade_id := grade_id_of(cell))}


def test_the_master_has_stubs_and_the_hidden_line(tiny):
    master = cells(tiny.derived.master)
    assert "twice_of_it" not in master["double"].source
    assert "return twice" not in master["double"].source
    assert all(line.strip() in master["double"].source for line in STUB.splitlines())
    assert "# collect double" in master["double-graded"].source


def test_the_release_has_stubs_and_no_hidden_line_and_no_mark_scheme(tiny):
    release = cells(tiny.derived.release)
    assert release["double"].source == cells(tiny.derived.master)["double"].source
    assert release["double-graded"].source == "# 2 points, graded when you submit."
    assert release["why-written"].source == ANSWER_STUB


def test_what_is_neither_answer_nor_test_is_left_as_it_is(tiny):
    for derived in (tiny.derived.master, tiny.derived.release):
        assert len(derived.cells) == len(tiny.notebook.cells)
        for cell, original in zip(derived.cells, tiny.notebook.cells, strict=True):
            if grade_id_of(cell) in (None, "imports-given", "double-visible"):
                assert cell.source == original.source
                assert cell.metadata.get("tags") == original.metadata.get("tags")


def test_checksums_are_those_that_nbgrader_computes(tiny):
    for derived in (tiny.derived.master, tiny.derived.release):
        for cell in cells(derived).values():
            assert cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)


def test_locked_cells_cannot_be_edited_or_deleted(tiny):
    for grade_id, cell in cells(tiny.derived.release).items():
        locked = grade_id in ("imports-given", "double-visible", "double-graded")
        assert (cell.metadata.get("editable") is False) == locked
        assert cell.metadata.get("deletable") is False


def test_the_reference_is_not_changed_and_the_result_is_always_the_same(tiny):
    before = copy.deepcopy(tiny.notebook)
    first, second = derive(tiny.notebook), derive(tiny.notebook)
    assert tiny.notebook == before
    assert first == second


def test_a_graded_cell_without_its_line_gets_one_and_its_release_is_the_same(tiny):
    bare = copy.deepcopy(tiny.notebook)
    cell = next(cell for cell in bare.cells if grade_id_of(cell) == "double-graded")
    cell.source = "# 2 points, graded when you submit."
    made = derive(bare)
    (master,) = (c for c in made.master.cells if grade_id_of(c) == "double-graded")
    assert "# collect double" in master.source
    assert made.release == tiny.derived.release
