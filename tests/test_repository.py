"""What is committed keeps the rules of the house."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring import pairs
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.authoring.pairs import read_notebook
from autograder.authoring.release import check_release, refuse_leaks

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
NAMES = COURSE.assignment_names()


def tracked(pattern):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in found if path.exists()]


def relative(path):
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at():
    assert "01_counting" in NAMES
    assert len(list(pairs.pairs(COURSE))) >= len(NAMES)
    assert tracked("*.py")


@pytest.mark.parametrize("text_path", list(pairs.pairs(COURSE)), ids=relative)
def test_every_pair_is_in_step_and_without_output(text_path):
    pairs.check(text_path)


@pytest.mark.parametrize("text_path", list(pairs.pairs(COURSE)), ids=relative)
def test_syncing_would_write_nothing(text_path):
    """The notebook is byte for byte what its text gives, so that diffs show what was edited."""
    expected = pairs.read_text(text_path)
    assert read_notebook(text_path.with_suffix(".ipynb")) == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_release_is_current_and_leaks_nothing(name):
    material = load_material(COURSE.assignment(name))
    check_release(material)
    refuse_leaks(material, read_notebook(material.assignment.release_path))


@pytest.mark.parametrize("path", tracked("*.ipynb"), ids=relative)
def test_no_notebook_carries_output(path):
    assert not pairs.has_output(read_notebook(path))


@pytest.mark.parametrize("path", tracked("assignments/*"), ids=relative)
def test_a_released_file_is_a_notebook_of_an_assignment_without_any_solution(path):
    assert path.suffix == ".ipynb"
    assert path.parent.name in NAMES
    text = path.read_text()
    for mark in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "# collect ", "autograder"):
        assert mark not in text
    answers = [
        "".join(cell["source"])
        for cell in json.loads(text)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code"
    ]
    assert answers
    assert all("raise NotImplementedError" in answer for answer in answers)


def imported(source):
    """Yield the top-level package and the name of everything that source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide what depends on what"
            yield f"{node.module}"


def ours(source):
    return {name for name in imported(source) if name.partition(".")[0] in OUR_PACKAGES}


OUR_PACKAGES = ("nextword", "autograder", "solutions", "assignments", "lectures", "tests")


@pytest.mark.parametrize("path", tracked("nextword/*.py"), ids=relative)
def test_nextword_imports_nothing_else_of_ours(path):
    assert {name.partition(".")[0] for name in ours(path.read_text())} <= {"nextword"}


@pytest.mark.parametrize("path", tracked("autograder/*.py"), ids=relative)
def test_autograder_imports_nextword_and_itself(path):
    found = {name.partition(".")[0] for name in ours(path.read_text())}
    assert found <= {"nextword", "autograder"}


def code_of(path):
    cells = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    plain = [
        "\n".join(line for line in source.splitlines() if line.lstrip()[:1] not in ("%", "!"))
        for source in cells
    ]
    return "\n".join(plain)


@pytest.mark.parametrize(
    "path",
    [path for path in tracked("*.ipynb") if path.parts[len(ROOT.parts)] != "tests"],
    ids=relative,
)
def test_notebooks_import_nothing_of_ours_but_nextword(path):
    assert {name.partition(".")[0] for name in ours(code_of(path))} <= {"nextword"}


def test_importing_nextword_needs_nothing_of_the_staff():
    script = (
        "import importlib, pkgutil, sys, nextword\n"
        "for module in pkgutil.walk_packages(nextword.__path__, 'nextword.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
        "staff = {'autograder', 'nbgrader', 'typer', 'rich', 'jinja2', 'jupytext', 'nbclient'}\n"
        "print(sorted(staff & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "stuff", "tools"}


def test_no_module_has_a_name_that_says_nothing():
    assert [relative(path) for path in tracked("*.py") if path.stem in VAGUE] == []


def test_nothing_that_grading_leaves_behind_is_committed():
    for pattern in ("*secret.json", "*gradebook.db", "demo/*", "class/submitted/*", "*.pyc"):
        assert tracked(pattern) == []
