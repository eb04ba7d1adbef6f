import dataclasses
import json
import re
import shutil

import nbformat
import pytest

from autograder.authoring import earlier, pairs, release
from autograder.authoring.material import load_material
from autograder.authoring.release import (
    Leak,
    ReleaseFailed,
    StaleRelease,
    WorkedOn,
    check_release,
    refuse_leaks,
    write_release,
)
from tests.autograder.conftest import ASSIGNMENTS


@pytest.fixture(scope="module")
def release_folder(tiny, tmp_path_factory):
    """A release made once: nbgrader takes seconds for it."""
    return write_release(tiny, tmp_path_factory.mktemp("released")).parent


@pytest.fixture
def released(tiny_copy, release_folder):
    shutil.copytree(release_folder, tiny_copy.assignment.release_folder)
    earlier.record(tiny_copy.assignment.text_path.parent, tiny_copy.derived.release)
    return tiny_copy


def change(material, edit):
    path = material.assignment.release_path
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))


def test_a_release_made_by_nbgrader_is_what_we_derive_and_is_current(released):
    check_release(released)
    written = pairs.read_notebook(released.assignment.release_path)
    for cell, ours in zip(written.cells, released.derived.release.cells, strict=True):
        assert (cell.source, cell.metadata) == (ours.source, ours.metadata)


def test_a_release_goes_where_it_is_told(tiny_copy, tmp_path):
    path = write_release(tiny_copy, tmp_path / "elsewhere")
    assert path == tmp_path / "elsewhere" / "01_tiny" / "tiny.ipynb"
    assert path.is_file()
    assert not tiny_copy.assignment.release_folder.exists()


def test_releasing_again_gives_the_same_bytes_and_touches_no_other_file(released):
    root = released.assignment.course.root
    (released.assignment.release_folder / "my solution.ipynb").write_text("years of work")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    write_release(released)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "work",
    [
        lambda cells: cells[2].update(source="def double(x):\n    return x + x"),
        lambda cells: cells[3].update(execution_count=1),
        lambda cells: cells[5].update(source="Because."),
    ],
)
def test_a_release_in_which_somebody_has_worked_is_not_replaced(released, work):
    change(released, lambda data: work(data["cells"]))
    before = released.assignment.release_path.read_bytes()
    with pytest.raises(WorkedOn, match="somebody has worked in it"):
        write_release(released)
    assert released.assignment.release_path.read_bytes() == before


def test_a_release_leaves_a_record_beside_the_solution_which_students_never_get(tiny_copy):
    folder = tiny_copy.assignment.text_path.parent
    (folder / earlier.NAME).write_text("{}")  # there before, where nbgrader looks
    written = write_release(tiny_copy)
    assert earlier.is_recorded(tiny_copy.derived.release, earlier.read_earlier(folder))
    assert [path.name for path in written.parent.iterdir()] == ["tiny.ipynb"]


def test_a_release_that_is_not_recorded_is_not_current(released):
    (released.assignment.text_path.parent / earlier.NAME).unlink()
    with pytest.raises(StaleRelease, match=r"no record of this release\. Run: autograder release"):
        check_release(released)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_current_release_of_every_assignment_is_recorded(course, name):
    material = load_material(course.assignment(name))
    assert earlier.is_recorded(material.derived.release, material.earlier)


def test_a_release_holds_the_notebook_and_nothing_else(released):
    assert [path.name for path in released.assignment.release_folder.iterdir()] == ["tiny.ipynb"]


def test_a_missing_release_is_stale(tiny_copy):
    with pytest.raises(StaleRelease, match=r"is missing\. Run: autograder release 01_tiny"):
        check_release(tiny_copy)


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data["cells"][0].update(source="# Another title"),
        lambda data: data["cells"].pop(),
        lambda data: data["cells"].append(data["cells"][0] | {"id": "another"}),
        lambda data: data["cells"][-1]["metadata"].update(tags=[]),
        lambda data: data["cells"][4]["metadata"]["nbgrader"].update(points=99),
        lambda data: data["cells"][3]["metadata"].update(editable=True),
        lambda data: data["metadata"].update(kernelspec={"name": "bash", "display_name": "b"}),
        lambda data: data["cells"][0].update(cell_type="raw"),
    ],
)
def test_a_release_that_differs_from_its_solution_is_stale(released, edit):
    change(released, edit)
    with pytest.raises(
        StaleRelease, match=r"is not what tiny\.py gives today\. Run: autograder release 01_tiny"
    ):
        check_release(released)


def test_a_solution_edited_after_the_release_makes_it_stale(released):
    notebook = nbformat.from_dict(released.notebook)
    notebook.cells[0].source = "# Another title"
    with pytest.raises(StaleRelease):
        check_release(dataclasses.replace(released, notebook=notebook))


def test_another_file_beside_the_release_is_a_leak(released):
    (released.assignment.release_folder / "tiny.py").write_text("the solution")
    with pytest.raises(Leak, match=r"holds more than the notebook: \['tiny\.py'\]"):
        check_release(released)


def test_output_in_a_release_is_a_leak(released):
    output = {"output_type": "stream", "name": "stdout", "text": "4"}
    change(released, lambda data: data["cells"][3].update(outputs=[output]))
    with pytest.raises(Leak, match="carries output, which may show expected values"):
        check_release(released)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    twice_of_it = 2 * x", "a line of a solution: 'twice_of_it = 2 * x'"),
        ("return twice_of_it", "a line of a solution: 'return twice_of_it'"),
        ("# collect double", "'# collect '"),
        ("from autograder.guest.collect import collect", "'autograder'"),
        ("### BEGIN HIDDEN TESTS", "'BEGIN HIDDEN'"),
        ("### END SOLUTION", "'END SOLUTION'"),
        ("=== BEGIN MARK SCHEME ===", "'BEGIN MARK SCHEME'"),
    ],
)
@pytest.mark.parametrize("index", [0, 2, 4])
def test_a_leaked_line_is_found_in_any_cell_and_quoted(tiny, line, words, index):
    notebook = nbformat.from_dict(tiny.derived.release)
    refuse_leaks(tiny, notebook)
    notebook.cells[index].source += "\n" + line
    with pytest.raises(Leak, match=re.escape(f"of the release holds {words}")):
        refuse_leaks(tiny, notebook)


def test_where_something_leaks_the_old_release_stays(released, monkeypatch):
    before = released.assignment.release_path.read_bytes()

    def leak(material, notebook):
        raise Leak("a leak")

    monkeypatch.setattr(release, "refuse_leaks", leak)
    with pytest.raises(Leak):
        write_release(released)
    assert released.assignment.release_path.read_bytes() == before


def test_where_nbgrader_fails_its_words_are_given_and_the_old_release_stays(released):
    before = released.assignment.release_path.read_bytes()
    path = released.assignment.notebook_path
    path.write_text(path.read_text().replace("### END SOLUTION", ""))
    with pytest.raises(ReleaseFailed, match="nbgrader could not release 01_tiny"):
        write_release(released)
    assert released.assignment.release_path.read_bytes() == before
