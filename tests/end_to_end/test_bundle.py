"""What students get works where nothing else is: another environment, and no repository.

The bundle is unpacked into an empty folder and installed by the line of its own page. Its
notebooks are run in a box in which the repository's folder is empty, but for the packages that the
new environment borrows (`tests/fresh_environment.py`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.bundle import make_bundle
from autograder.authoring.conventions import grade_id_of, split_grade_id
from autograder.authoring.course import Course
from autograder.authoring.pairs import read_notebook
from autograder.sandbox.bubblewrap import choose
from tests.fresh_environment import PACKAGES, Environment

pytestmark = [pytest.mark.long, pytest.mark.needs_sandbox]
ROOT = Path(__file__).resolve().parents[2]
COURSE = Course.at(ROOT)
ALL = ["--dev-bind", "/", "/"]
WHERE = """
import importlib.util, sys
import nextword
print(nextword.__file__)
print(importlib.util.find_spec("autograder"))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked bundle."""
    bundle = make_bundle(COURSE)
    place = tmp_path_factory.mktemp("student")
    (place / "bundle.zip").write_bytes(bundle.as_zip())
    with zipfile.ZipFile(place / "bundle.zip") as archive:
        archive.extractall(place)
    return place / bundle.name


@pytest.fixture(scope="module")
def installed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment into which the bundle is installed, by its page's command for Linux."""
    environment = Environment.made(tmp_path_factory.mktemp("environment"))
    page = (folder / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python3 -m venv .venv && \.venv/bin/(pip install .*)$", page, re.M)
    done = environment.shell(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return environment


@pytest.fixture(scope="module")
def without_repository() -> list[str]:
    """The words before a command that let it run where the repository is not."""
    found = choose([*ALL, "true"])
    assert found is not None
    box = [str(found.path), *ALL, "--die-with-parent", "--tmpfs", str(ROOT)]
    if PACKAGES.is_relative_to(ROOT):
        box += ["--ro-bind", str(PACKAGES), str(PACKAGES)]
    return box


@pytest.fixture(scope="module")
def run_all(
    installed: Environment, without_repository: list[str]
) -> Callable[[Path], NotebookNode]:
    """Run a notebook from top to bottom as a student does, and return it with its outputs."""

    def run(path: Path) -> NotebookNode:
        execute = [installed.python, "-c", "from nbclient.cli import main; main()"]
        words = [*without_repository, *execute, "--inplace", "--timeout=300", path.name]
        done = installed.run(words, path.parent)
        assert done.returncode == 0, done.stderr[-3000:]
        return nbformat.read(path, as_version=4)

    return run


def test_the_box_shows_no_repository(
    installed: Environment, without_repository: list[str], folder: Path
) -> None:
    inside = installed.run([*without_repository, "ls", "-A", str(ROOT)], folder).stdout.split()
    assert inside in ([], [PACKAGES.relative_to(ROOT).parts[0]])
    looked = installed.run([*without_repository, installed.python, "-c", WHERE], folder)
    assert looked.stdout.splitlines() == [str(folder / "nextword" / "__init__.py"), "None"]


def test_what_conda_hands_to_pip_installs_it_too(folder: Path, tmp_path: Path) -> None:
    environment = Environment.made(tmp_path)
    text = (folder / "environment.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^ +- ((?:-|\w+\W).*)$", text.partition("- pip:")[2], re.M)
    assert lines[-1] == "-e ."
    (folder / "requirements.txt").write_text("\n".join(lines))
    done = environment.shell("pip install -r requirements.txt", folder)
    assert done.returncode == 0, done.stdout + done.stderr


def cells_by_role(notebook: NotebookNode, role: str) -> list[NotebookNode]:
    found = [(cell, grade_id_of(cell)) for cell in notebook.cells]
    return [cell for cell, name in found if name and split_grade_id(name)[1] == role]


def errors(cell: NotebookNode) -> list[str]:
    return [f"{o.ename}: {o.evalue}" for o in cell.outputs if o.output_type == "error"]


@pytest.mark.parametrize("name", COURSE.assignment_names())
def test_an_unsolved_notebook_runs_to_its_end_and_its_tests_say_not_yet(
    name: str, folder: Path, run_all: Callable[[Path], NotebookNode], tmp_path: Path
) -> None:
    path = folder / "assignments" / name / f"{name.partition('_')[2]}.ipynb"
    opened = path.with_name("unsolved.ipynb")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(WHERE))
    nbformat.write(notebook, opened)
    ran = run_all(opened)
    code = [cell for cell in ran.cells if cell.cell_type == "code" and cell.source]
    assert all(cell.execution_count for cell in code)
    assert code[-1].outputs[0].text.split() == [str(folder / "nextword/__init__.py"), "None"]
    tests = cells_by_role(ran, "visible")
    assert tests
    for cell in tests:
        (said,) = errors(cell)
        assert "write this function" in said, cell.source[:80]


def solved(name: str, released: Path) -> NotebookNode:
    """Return a release with the reference's answers in it, as a student would have typed them."""
    reference = read_notebook(COURSE.assignment(name).notebook_path)
    answers = {
        grade_id_of(cell): re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.M)
        for cell in reference.cells
        if "### BEGIN SOLUTION" in cell.source and cell.cell_type == "code"
    }
    notebook = nbformat.read(released, as_version=4)
    filled = [cell for cell in notebook.cells if grade_id_of(cell) in answers]
    assert len(filled) == len(answers) > 5
    for cell in filled:
        cell.source = answers[grade_id_of(cell)]
    return notebook


@pytest.mark.parametrize("name", ["01_counting"])
def test_a_solved_notebook_passes_its_visible_tests(
    name: str, folder: Path, run_all: Callable[[Path], NotebookNode]
) -> None:
    path = folder / "assignments" / name / f"{name.partition('_')[2]}.ipynb"
    opened = path.with_name("solved.ipynb")
    nbformat.write(solved(name, path), opened)
    ran = run_all(opened)
    assert [errors(cell) for cell in ran.cells if cell.get("outputs") and errors(cell)] == []


def test_a_lecture_with_recorded_results_runs(
    folder: Path, run_all: Callable[[Path], NotebookNode]
) -> None:
    ran = run_all(folder / "lectures" / "08_where_this_leads.ipynb")
    assert [errors(cell) for cell in ran.cells if cell.get("outputs") and errors(cell)] == []
