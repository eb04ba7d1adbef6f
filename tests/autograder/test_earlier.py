import copy

import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.earlier import (
    NAME,
    BrokenHistory,
    is_earlier,
    is_recorded,
    read_earlier,
    record,
)


@pytest.fixture
def release(tiny):
    return copy.deepcopy(tiny.derived.release)


def cell(notebook, grade_id):
    return next(each for each in notebook.cells if grade_id_of(each) == grade_id)


def test_where_nothing_is_recorded_nothing_is_known(tmp_path, release):
    assert read_earlier(tmp_path) == {}
    assert not is_recorded(release, {})


def test_a_record_grows_and_forgets_nothing(tmp_path, release):
    before = cell(release, "double-visible").source
    record(tmp_path, release)
    cell(release, "double-visible").source = "assert double(3) == 6"
    assert not is_recorded(release, read_earlier(tmp_path))
    record(tmp_path, release)
    earlier, ours = read_earlier(tmp_path), cell(release, "double-visible")
    assert is_recorded(release, earlier)
    assert is_earlier(before, ours, earlier)


def test_recording_again_changes_no_byte(tmp_path, release):
    record(tmp_path, release)
    before = (tmp_path / NAME).read_bytes()
    record(tmp_path, release)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_record_holds_digests_of_locked_cells_and_no_text(tmp_path, release):
    record(tmp_path, release)
    assert read_earlier(tmp_path).keys() == {"imports-given", "double-visible", "double-graded"}
    assert "assert" not in (tmp_path / NAME).read_text()


def test_a_text_recorded_for_another_cell_is_no_earlier_one(tmp_path, release):
    record(tmp_path, release)
    other = cell(release, "imports-given").source
    assert not is_earlier(other, cell(release, "double-visible"), read_earlier(tmp_path))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# 3 points, graded when you submit.", True),
        ("# 1 point, graded when you submit.", True),
        ("# 0.5 points, graded when you submit.\r\n", True),
        ("# 3 points, graded when you submit.\nexit()", False),
        ("exit()\n# 3 points, graded when you submit.", False),
        ("# many points, graded when you submit.", False),
    ],
)
def test_what_differs_in_the_number_of_points_alone_is_of_another_release(
    release, source, expected
):
    assert is_earlier(source, cell(release, "double-graded"), {}) is expected


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1}', b"\xff", b"null"])
def test_a_damaged_record_is_told_and_not_written_over(tmp_path, release, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(BrokenHistory, match="Restore it from git"):
        record(tmp_path, release)
    assert (tmp_path / NAME).read_bytes() == content
