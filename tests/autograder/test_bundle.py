"""What goes into the zip file for students, and what never does."""

from __future__ import annotations

import ast
import functools
import io
import json
import posixpath
import re
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pytest
from nbformat import NotebookNode
from typer.testing import CliRunner

from autograder.authoring import bundle as module
from autograder.authoring import pairs
from autograder.authoring.bundle import Bundle, NothingToBundle, make_bundle
from autograder.authoring.bundle_file import BrokenBundleFile, read_bundle_file
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.new_course import new_course
from autograder.authoring.pairs import read_notebook
from autograder.authoring.release import MARKS, Leak, StaleRelease, write_release
from autograder.authoring.student_project import BrokenProject, student_project
from autograder.cli.app import app
from tests.test_links import links

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course.at(ROOT)


@pytest.fixture(scope="module")
def ours() -> Bundle:
    """The bundle of this course."""
    return make_bundle(COURSE)


@pytest.fixture(scope="module")
def released_averages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small course, released."""
    from autograder.authoring.coursework import load_coursework

    course = new_course(tmp_path_factory.mktemp("new") / "averages")
    write_release(load_coursework(course.assignment("01_averages")))
    return course.root


@pytest.fixture
def averages(released_averages: Path, tmp_path: Path) -> Course:
    """The small course, which a test may spoil."""
    shutil.copytree(released_averages, tmp_path / "averages")
    return Course.at(tmp_path / "averages")


def texts(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """Yield the text of every file that is text."""
    for path, content in bundle.files.items():
        if not path.endswith(".npz"):
            yield path, content.decode("utf-8")


def notebooks(bundle: Bundle) -> Iterator[tuple[str, dict]]:
    for path, content in bundle.files.items():
        if path.endswith(".ipynb"):
            yield path, json.loads(content)


# --- this course's -------------------------------------------------------------------------------


def test_it_holds_what_students_need(ours: Bundle) -> None:
    for name in COURSE.assignment_names():
        assignment = COURSE.assignment(name)
        place = f"assignments/{name}/{assignment.notebook_name}.ipynb"
        assert ours.files[place] == assignment.release_path.read_bytes()
    lectures = {f"lectures/{path.name}" for path in COURSE.lectures.glob("*.ipynb")}
    assert lectures <= set(ours.notebooks)
    assert {"README.md", "LICENSE", "NOTICE.md", "environment.yml", "constraints.txt"} <= set(
        ours.files
    )
    for folder in ("nextword", "data"):
        tracked = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        there = {
            path.relative_to(ROOT).as_posix() for path in tracked if "__pycache__" not in path.parts
        }
        assert there == {path for path in ours.files if path.startswith(f"{folder}/")}


def test_it_holds_nothing_else(ours: Bundle) -> None:
    places = {path.partition("/")[0] for path in ours.files}
    said = read_bundle_file(COURSE)
    assert places == {"assignments", "lectures", "README.md", *said.files}
    suffixes = {Path(path).suffix for path in ours.files}
    assert suffixes == {
        ".ipynb",
        ".py",
        ".typed",
        ".md",
        ".txt",
        ".csv",
        ".npz",
        ".toml",
        ".yml",
        "",
        ".0",
    }
    assert not [path for path in ours.files if re.search(r"(^|/)(checks|solutions|class|\.)", path)]


def solution_lines(notebook: NotebookNode) -> set[str]:
    """Return what stands between the marks of a reference notebook."""
    found: set[str] = set()
    for cell in notebook.cells:
        for block in re.findall(r"BEGIN SOLUTION.*?\n(.*?)[^\n]*END SOLUTION", cell.source, re.S):
            found |= {line.strip() for line in block.splitlines()}
    return found


def written_lines(notebook: NotebookNode) -> set[str]:
    """Return model answers and rubrics: the text of cells in which students write."""
    cells = [cell for cell in notebook.cells if (grade_id_of(cell) or "").endswith("-written")]
    assert all(cell.cell_type == "markdown" for cell in cells)
    return {line.strip() for cell in cells for line in cell.source.splitlines()}


def strings(path: Path) -> set[str]:
    """Return the texts that a check holds: hints, the words of groups, snippets of wrong ways."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.value.strip()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def lines_of(folder: Path, pattern: str) -> set[str]:
    """Return the lines of files, without what stands before and behind them."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern))]
    return {line.strip() for text in texts for line in text.splitlines()}


LONG_ENOUGH = 45
"""Characters from which a line of a solution says more than Python and the statement do."""


def shown(notebook: NotebookNode) -> str:
    """Return what a reference notebook shows to students: all that is outside of its marks."""
    cells = [c for c in notebook.cells if not (grade_id_of(c) or "").endswith("-written")]
    marked = r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME).*?END \1"
    return "\n".join(re.sub(marked, "", cell.source, flags=re.S) for cell in cells)


@functools.cache
def secrets() -> tuple[set[str], set[str]]:
    """Return lines that students must not get, and texts that must not be part of any line."""
    lines = lines_of(COURSE.solutions, "lecturers/*.md") | lines_of(COURSE.solutions, "probes/*.py")
    texts: set[str] = set()
    for name in COURSE.assignment_names():
        assignment = COURSE.assignment(name)
        reference = read_notebook(assignment.notebook_path)
        lines |= solution_lines(reference) | written_lines(reference)
        lines |= lines_of(assignment.checks_folder, "*.py")
        for check in assignment.checks_folder.glob("*.py"):
            texts |= {text for text in strings(check) if "\n" not in text}
        history = json.loads((assignment.folder / "released.json").read_text())
        texts |= {digest for digests in history.values() for digest in digests}
    return (
        {line for line in lines if len(line) >= LONG_ENOUGH},
        {text for text in texts if len(text) >= LONG_ENOUGH},
    )


def plain(path: str, text: str) -> str:
    """Return a file's text as people read it: of a notebook, what its cells say."""
    if not path.endswith(".ipynb"):
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def held(text: str) -> set[str]:
    """Return what a text holds of what students must not get."""
    lines, parts = secrets()
    found = lines & {line.strip() for line in text.splitlines()}
    found |= {part for part in parts if part in text}
    return {each for each in found if not each.startswith(("from ", "import "))}


def test_there_are_things_that_students_must_not_get() -> None:
    lines, parts = secrets()
    assert len(lines) > 2_000
    assert len(parts) > 500
    hint = next(iter(sorted(parts)))
    assert held(f"{hint} is said") == {hint}


def test_no_file_holds_a_line_of_a_solution_a_check_or_a_hint(ours: Bundle) -> None:
    given = [
        plain(path, text)
        for path, text in texts(ours)
        if not path.endswith(".csv") and not path.startswith("assignments/")
    ]
    assert held("\n".join(given)) == set()


@pytest.mark.parametrize("name", COURSE.assignment_names())
def test_an_assignment_holds_only_what_its_reference_shows(name: str, ours: Bundle) -> None:
    """Rules, which checks quote; signatures; functions that are lent."""
    assignment = COURSE.assignment(name)
    path = f"assignments/{name}/{assignment.notebook_name}.ipynb"
    statement = shown(read_notebook(assignment.notebook_path))
    found = held(plain(path, ours.files[path].decode()))
    assert {each for each in found if each not in statement} == set()


def test_no_file_holds_a_mark_or_a_hidden_line(ours: Bundle) -> None:
    for path, text in texts(ours):
        for mark in (*MARKS, "# collect ", "HIDDEN TESTS"):
            assert mark not in text, path


def test_notebooks_hold_no_output_and_no_history(ours: Bundle) -> None:
    count = 0
    for path, notebook in notebooks(ours):
        assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}, path
        assert set(notebook["metadata"]) == {"kernelspec"}, path
        for cell in notebook["cells"]:
            assert set(cell["metadata"]) <= {
                "deletable",
                "editable",
                "nbgrader",
                "slideshow",
                "tags",
            }
            assert cell.get("outputs", []) == []
            assert cell.get("execution_count") is None
            assert "attachments" not in cell
            count += 1
    assert count > 500


def test_lectures_come_without_what_speakers_say(ours: Bundle) -> None:
    said = {
        cell.source
        for path in COURSE.lectures.glob("*.ipynb")
        for cell in read_notebook(path).cells
        if cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
    }
    assert len(said) > 50
    given = {
        "".join(cell["source"]) for _, notebook in notebooks(ours) for cell in notebook["cells"]
    }
    assert given & said == set()


def test_the_same_course_gives_the_same_bytes(ours: Bundle) -> None:
    again = Bundle(ours.name, dict(reversed(ours.files.items())), ours.notebooks)
    assert ours.as_zip() == again.as_zip()


def test_nothing_of_this_machine_is_in_the_zip_file(ours: Bundle) -> None:
    with zipfile.ZipFile(io.BytesIO(ours.as_zip())) as archive:
        entries = archive.infolist()
        assert archive.comment == b""
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.filename.partition("/")[0] for entry in entries} == {"next-word"}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(entry.create_system, entry.external_attr >> 16) for entry in entries} == {
        (3, 0o100644)
    }
    assert {(entry.extra, entry.comment) for entry in entries} == {(b"", b"")}


def test_students_install_what_the_course_says_and_nothing_of_staff(ours: Bundle) -> None:
    course = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    students = tomllib.loads(ours.files["pyproject.toml"].decode())
    assert students["build-system"] == course["build-system"]
    kept = set(students["project"])
    assert kept == set(course["project"]) - {"optional-dependencies", "scripts", "entry-points"}
    assert all(students["project"][key] == course["project"][key] for key in kept)
    wheel = students["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["nextword"], "force-include": {"data": "nextword/_data"}}
    assert list(students["tool"]) == ["hatch"]
    for path in [students["project"]["readme"], *students["project"]["license-files"]]:
        assert path in ours.files


def test_every_recording_that_a_lecture_shows_is_there(ours: Bundle) -> None:
    lectures = [text for path, text in texts(ours) if path.startswith("lectures/")]
    named = set(re.findall(r'recorded(?:_arrays)?\(\\"([\w/]+)\\"\)', "".join(lectures)))
    assert len(named) > 15
    there = {path.rpartition(".")[0] for path in ours.files}
    assert {f"data/recorded/{name}" for name in named} <= there


def test_links_of_its_pages_lead_to_what_is_in_it(ours: Bundle) -> None:
    folders = {str(parent) for path in ours.files for parent in PurePosixPath(path).parents}
    pages = [(path, text) for path, text in texts(ours) if path.endswith(".md")]
    assert len(pages) > 8
    for path, text in pages:
        for link in links(text):
            if not urlsplit(link).scheme and not link.startswith("#"):
                place = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
                assert place in {*ours.files, *folders}, (path, link)


# --- buttons -------------------------------------------------------------------------------------


def with_settings(course: Course, **settings: str) -> None:
    lines = ['name = "averages"', 'page = "README.md"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (course.root / "bundle.toml").write_text("\n".join(lines))
    (course.root / "README.md").write_text("# Here\n\n<!-- buttons -->\n\nRead.\n")


def test_without_an_address_there_are_no_buttons(averages: Course, ours: Bundle) -> None:
    with_settings(averages)
    assert make_bundle(averages).files["README.md"] == b"# Here\n\n\n\nRead.\n"
    assert b"mybinder" not in ours.files["README.md"]


def test_one_setting_gives_every_notebook_its_buttons(averages: Course) -> None:
    with_settings(averages, repository="https://github.com/ada/averages.git")
    made = make_bundle(averages)
    page = made.files["README.md"].decode()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [re.match(r"\| `(.*?)`", row)[1] for row in rows] == list(made.notebooks)
    assert len(rows) == 2
    for path, row in zip(made.notebooks, rows, strict=True):
        links = re.findall(r"\]\((https://[^)]*)\)", row)
        quoted = path.replace("/", "%2F")
        assert f"https://mybinder.org/v2/gh/ada/averages/main?labpath={quoted}" in links
        colab = f"github/ada/averages/blob/main/colab/{path}"
        assert f"https://colab.research.google.com/{colab}" in links
        assert f"colab/{path}" in made.files
        assert "git-pull" not in row


def test_a_hub_gives_a_link_that_nbgitpuller_follows(averages: Course) -> None:
    with_settings(
        averages, repository="https://git.example.org/ada/averages", hub="https://hub.example.edu/"
    )
    made = make_bundle(averages)
    (row, *_) = [line for line in made.files["README.md"].decode().splitlines() if "| `" in line]
    assert row.count("](") == 1, "Binder and Colab are asked for repositories on GitHub only"
    assert (
        "https://hub.example.edu/hub/user-redirect/git-pull?"
        "repo=https%3A%2F%2Fgit.example.org%2Fada%2Faverages&branch=main&"
        "urlpath=lab%2Ftree%2Faverages%2Fassignments%2F01_averages%2Faverages.ipynb"
    ) in row
    assert not [path for path in made.files if path.startswith("colab/")]


def test_a_notebook_for_colab_installs_what_it_imports_and_is_else_the_same(
    averages: Course,
) -> None:
    with_settings(averages, repository="https://github.com/ada/averages")
    made = make_bundle(averages)
    for path in made.notebooks:
        plain, colab = (json.loads(made.files[each]) for each in (path, f"colab/{path}"))
        first, *rest = colab["cells"]
        assert rest == plain["cells"]
        assert first["metadata"] == {"tags": ["exploration"]}, "not run when it is graded"
        source = "".join(first["source"])
        assert source.rpartition("\n")[2].endswith("git+https://github.com/ada/averages@main")
        elsewhere: dict[str, object] = {}
        exec(re.sub("%pip.*", "raise AssertionError", source), elsewhere)


def test_the_page_of_this_course_has_a_place_for_buttons() -> None:
    said = read_bundle_file(COURSE)
    assert said.page is not None
    page = (ROOT / said.page).read_text(encoding="utf-8")
    assert page.count("<!-- buttons -->") == 1


# --- refusals ------------------------------------------------------------------------------------


@pytest.fixture
def command(averages: Course) -> Callable[..., tuple[int, str]]:
    """Run the command line on the small course; return its exit status and the error."""

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["bundle", "--course", str(averages.root), *words])
        return done.exit_code, done.output if done.exception is None else str(done.exception)

    return run


def test_the_command_says_what_it_packed_and_where(
    command: Callable[..., tuple[int, str]], averages: Course, tmp_path: Path
) -> None:
    status, said = command()
    assert status == 0
    assert "1 assignment, 1 lecture, 0 other files" in said
    assert "no buttons for Binder and Colab: bundle.toml names no repository" in said
    assert (averages.root / "dist" / "averages.zip").is_file()
    command("--out", str(tmp_path / "elsewhere" / "mine.zip"))
    written = (tmp_path / "elsewhere" / "mine.zip").read_bytes()
    assert written == (averages.root / "dist" / "averages.zip").read_bytes()


def test_a_release_that_is_missing_or_stale_is_refused(
    command: Callable[..., tuple[int, str]], averages: Course
) -> None:
    release = averages.assignment("01_averages").release_path
    content = release.read_text()
    release.write_text(content.replace("Averages", "Means"))
    with pytest.raises(StaleRelease, match="Run: autograder release 01_averages"):
        make_bundle(averages)
    release.unlink()
    status, said = command()
    assert status == 1
    assert "is missing. Run: autograder release 01_averages" in said
    assert not (averages.root / "dist").exists()


def test_what_nobody_should_get_is_refused_wherever_it_lies(averages: Course) -> None:
    with_settings(averages)
    text = (averages.root / "bundle.toml").read_text()
    (averages.root / "bundle.toml").write_text(f'{text}\nfiles = ["library"]\n')
    (averages.root / "library").mkdir()
    stray = averages.root / "library" / "old.py"
    stray.write_text("### BEGIN SOLUTION\n")
    with pytest.raises(Leak, match=r"library/old\.py would be in the bundle, and holds 'BEGIN SOL"):
        make_bundle(averages)
    stray.unlink()
    (averages.root / "library" / "checks").mkdir()
    (averages.root / "library" / "checks" / "mean.py").write_text("")
    with pytest.raises(Leak, match=r"library/checks/mean\.py would be in the bundle"):
        make_bundle(averages)


def test_what_programs_leave_behind_stays_out(averages: Course) -> None:
    for name in ("01_averages-copy.ipynb~", ".DS_Store", "__pycache__/x.pyc"):
        path = averages.lectures / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (averages.lectures / "picture.png").write_bytes(b"x")
    assert set(make_bundle(averages).files) == {
        "assignments/01_averages/averages.ipynb",
        "lectures/01_averages.ipynb",
        "lectures/picture.png",
    }


def test_a_course_without_notebooks_is_told(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    with pytest.raises(NothingToBundle, match="neither assignments nor lectures"):
        make_bundle(Course.at(tmp_path))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("name = ", "Invalid value"),
        ("", "'name' is missing"),
        ('name = "a/b"', "name = 'a/b': expected letters"),
        ('name = "a"\nfile = ["LICENSE"]', "'file' is no key of it. Known: name, page, files"),
        ('name = "a"\nfiles = ["NOTICE"]', "'NOTICE': there is no"),
        ('name = "a"\nfiles = ["../other"]', "expected a path within the course's folder"),
        ('name = "a"\nfiles = ["/etc"]', "expected a path within the course's folder"),
        ('name = "a"\nfiles = ["solutions/01_averages"]', "solutions/ holds the solutions"),
        ('name = "a"\nfiles = ["."]', "expected a path within the course's folder"),
        ('name = "a"\nfiles = [".gitignore"]', "what is hidden is for no student"),
        ('name = "a"\npage = 3', "page = 3"),
        ('name = "a"\nrepository = "git@github.com:ada/x"', "begins with https://"),
    ],
)
def test_a_file_that_says_something_else_is_told_by_its_key(
    averages: Course, said: str, complaint: str
) -> None:
    (averages.root / "bundle.toml").write_text(said)
    with pytest.raises(BrokenBundleFile) as told:
        make_bundle(averages)
    assert complaint in str(told.value)
    assert str(averages.root / "bundle.toml") in str(told.value)


def test_every_error_of_the_file_is_told_at_once(averages: Course) -> None:
    (averages.root / "bundle.toml").write_text('name = "a/b"\nhub = "http://hub"\nother = 1\n')
    with pytest.raises(BrokenBundleFile) as told:
        read_bundle_file(averages)
    assert len(str(told.value).splitlines()) == 3


def test_a_project_of_another_builder_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n')
    with pytest.raises(BrokenProject, match="take it out of the files that"):
        student_project(path, ["x"])


def test_comments_of_the_course_stay_with_its_dependencies() -> None:
    text = student_project(ROOT / "pyproject.toml", ["nextword", "data"])
    assert re.search(r'"numpy>=[\d.]+", +# the course', text)
    assert "autograder" not in text.partition("[tool")[2]


def test_pairs_out_of_step_are_refused(averages: Course) -> None:
    (text_path,) = [
        path for path in pairs.pairs(averages) if path.is_relative_to(averages.lectures)
    ]
    text_path.write_text(text_path.read_text() + "\n# %%\n1\n")
    with pytest.raises(pairs.PairOutOfStep, match="autograder sync"):
        module.make_bundle(averages)
