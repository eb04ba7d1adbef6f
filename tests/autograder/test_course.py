import pytest

from autograder.authoring.course import Course, NoCourseHere, UnknownAssignment


@pytest.fixture
def small(tmp_path):
    for name in ("02_windows", "01_counting", "drafts"):
        (tmp_path / "solutions" / name).mkdir(parents=True)
    (tmp_path / "solutions" / "03_a_file").write_text("")
    return Course.at(tmp_path)


def test_assignments_are_the_numbered_folders_in_order(small):
    assert small.assignment_names() == ["01_counting", "02_windows"]


def test_an_assignment_knows_its_files(small):
    assignment = small.assignment("02_windows")
    assert assignment.notebook_name == "windows"
    assert assignment.text_path == small.root / "solutions/02_windows/windows.py"
    assert assignment.notebook_path == small.root / "solutions/02_windows/windows.ipynb"
    assert assignment.release_path == small.root / "assignments/02_windows/windows.ipynb"


def test_a_folder_without_solutions_is_no_course_and_the_words_say_what_to_do(tmp_path):
    with pytest.raises(NoCourseHere, match=r"has no folder solutions/\. Run this from .*--course"):
        Course.at(tmp_path)


@pytest.mark.parametrize("name", ["01_countng", "counting", "1_counting"])
def test_an_unknown_assignment_is_met_with_the_nearest(small, name):
    with pytest.raises(UnknownAssignment) as caught:
        small.assignment(name)
    assert str(caught.value) == (
        f"No assignment {name!r}. Known: 01_counting, 02_windows. Did you mean 01_counting?"
    )


@pytest.mark.parametrize("name", ["zzz", "", "..", "../solutions/01_counting"])
def test_nothing_is_suggested_where_nothing_is_near_and_no_path_is_followed(small, name):
    with pytest.raises(UnknownAssignment, match="Known: 01_counting, 02_windows"):
        small.assignment(name)


def test_a_course_without_assignments_says_so(tmp_path):
    (tmp_path / "solutions").mkdir()
    with pytest.raises(UnknownAssignment, match=r"No assignment '01'\. Known: none yet\."):
        Course.at(tmp_path).assignment("01")


@pytest.mark.parametrize(("name", "imports"), [("01_counting", False), ("04_recurrent", True)])
def test_whether_a_notebook_imports_torch_is_read_off_its_file(course, name, imports):
    """01 names torch in its text, as something that may be used."""
    assert course.assignment(name).imports_torch is imports
