"""Makes the student version of an assignment, through nbgrader, and sees that nothing leaks."""

from __future__ import annotations

import copy
import io
import logging
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum
from traitlets.config import Config

from autograder.authoring.beside import assignment_files
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Assignment
from autograder.authoring.coursework import Asked
from autograder.authoring.earlier import is_recorded, record
from autograder.authoring.material import Material
from autograder.authoring.nbgrader_config import configure_course, put_programs_on_path
from autograder.authoring.nbgrader_database import write_database
from autograder.authoring.pairs import has_output, read_notebook, with_stable_ids
from autograder.errors import CourseError

MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "END HIDDEN", "BEGIN MARK SCHEME")
"""What stands around text of a reference notebook that students do not get."""
_FORBIDDEN = (*MARKS, "# collect ", "autograder")


class ReleaseFailed(CourseError):
    """nbgrader could not make the release."""


class StaleRelease(CourseError):
    """The release is not what its solution would give today."""


class WorkedOn(CourseError):
    """A release would be replaced in which somebody has worked."""


class Leak(CourseError):
    """A release holds something that students must not get."""


def write_release(work: Asked, folder: Path | None = None) -> Path:
    """Make an assignment's release anew and return the notebook's path, or that of several.

    Nothing is replaced unless all went well, and nothing but what a release writes.

    Parameters
    ----------
    work
        The assignment.
    folder
        Where to, in a folder of the assignment's name; None means the course's ``assignments/``.

    Raises
    ------
    ReleaseFailed, Leak, WorkedOn
    """
    assignment = work.assignment
    target = (folder or assignment.course.assignments) / assignment.name
    names = {f"{sheet.assignment.notebook_name}.ipynb": sheet for sheet in work.sheets}
    for name in names:
        _refuse_work(target / name)
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        made = _generate(work, Path(scratch))
        for name, sheet in names.items():
            refuse_leaks(sheet, read_notebook(made / name))
        shutil.copytree(made, target, dirs_exist_ok=True)
    if folder is None and not assignment.course.is_nbgraders:
        record(assignment.folder, work.sheets[0].derived.release)
    return target / next(iter(names)) if len(names) == 1 else target


def _refuse_work(path: Path) -> None:
    """See that nobody has worked in a release: no outputs, every cell as nbgrader sealed it."""
    if not path.exists():
        return
    notebook = read_notebook(path)
    sealed = (cell for cell in notebook.cells if "checksum" in cell.metadata.get("nbgrader", {}))
    changed = (cell.metadata.nbgrader.checksum != compute_checksum(cell) for cell in sealed)
    if has_output(notebook) or any(changed):
        raise WorkedOn(
            f"{path} would be replaced, but somebody has worked in it: it has outputs, or cells "
            "are not as they were released. Move it away, and run this again"
        )


def _generate(work: Asked, scratch: Path) -> Path:
    """Run nbgrader's generate_assignment into a scratch folder, with a gradebook of its own."""
    assignment = work.assignment
    config = _settings(work, scratch)
    config.CourseDirectory.release_directory = str(scratch / "release")
    config.CourseDirectory.assignment_id = assignment.name
    write_database(scratch / "gradebook.db")
    log, words = logging.getLogger("autograder.authoring.release"), io.StringIO()
    handler = logging.StreamHandler(words)
    log.addHandler(handler)
    log.propagate = False
    try:
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        converter.log = log
        converter.start()
    except NbGraderException as error:
        raise ReleaseFailed(
            f"nbgrader could not release {assignment.name}: {error}\n{words.getvalue()}"
        ) from error
    finally:
        log.removeHandler(handler)
    folder = scratch / "release" / assignment.name
    if not assignment.course.is_nbgraders:
        _normalise(folder / f"{assignment.notebook_name}.ipynb")
    return folder


def _settings(work: Asked, scratch: Path) -> Config:
    """Return nbgrader's settings: ours, or those of a course that it made."""
    root, theirs = work.assignment.course.root, work.sheets[0].config
    config = copy.deepcopy(theirs) if theirs is not None else Config()
    course = config.CourseDirectory
    if theirs is None:
        configure_course(config, root)
        course.db_url = f"sqlite:///{scratch / 'gradebook.db'}"
        return config
    put_programs_on_path()
    course.root, course.source_directory = str(root), work.assignment.course.solutions.name
    course.db_url = f"sqlite:///{scratch / 'gradebook.db'}"
    course.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", *course.get("ignore", [])]
    course.ignore += ["checks", "released.json"]
    return config


def _normalise(path: Path) -> None:
    notebook = with_stable_ids(read_notebook(path))
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def check_release(work: Asked) -> None:
    """See that the release on disk is what the solution gives today, and that nothing leaks.

    Raises
    ------
    StaleRelease, Leak
    """
    for sheet in work.sheets:
        _check_notebook(sheet)
    folder = work.assignment.release_folder
    others = {path.name for path in folder.iterdir()} - {".ipynb_checkpoints"}
    others -= {sheet.assignment.release_path.name for sheet in work.sheets}
    others -= {name.partition("/")[0] for name in assignment_files(work.assignment)}
    if others:
        raise Leak(f"{folder} holds more than the notebook: {sorted(others)}")


def _check_notebook(material: Material) -> None:
    assignment = material.assignment
    if not assignment.release_path.exists():
        raise StaleRelease(f"{assignment.release_path} is missing. {_advice(assignment)}")
    released = read_notebook(assignment.release_path)
    expected = material.derived.release
    if _content(released) != _content(expected):
        raise StaleRelease(
            f"{assignment.release_path} is not what {assignment.truth_path.name} gives today. "
            f"{_advice(assignment)}"
        )
    recorded = assignment.course.is_nbgraders or is_recorded(expected, material.earlier)
    if not recorded:
        raise StaleRelease(
            f"{assignment.text_path.parent} holds no record of this release. {_advice(assignment)}"
        )
    refuse_leaks(material, released)


def _advice(assignment: Assignment) -> str:
    return f"Run: autograder release {assignment.name}"


def _content(notebook: NotebookNode) -> tuple[Any, ...]:
    cells = [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    return notebook.metadata, cells


def refuse_leaks(material: Material, released: NotebookNode) -> None:
    """See that a release holds no solution, no hidden line and no output.

    Raises
    ------
    Leak
        The message names the cell and the text.
    """
    secrets = _solution_lines(material.notebook)
    given = {
        line.strip()
        for cell in material.derived.release.cells
        if grade_id_of(cell) not in secrets
        for line in cell.source.splitlines()
    }
    lines = {line for found in secrets.values() for line in found} - given
    for cell in released.cells:
        where = f"cell {grade_id_of(cell) or cell.source[:40]!r}"
        for text in _FORBIDDEN if material.checked or material.config is None else MARKS:
            if text in cell.source:
                raise Leak(f"{where} of the release holds {text!r}")
        for line in cell.source.splitlines():
            if line.strip() in lines:
                raise Leak(f"{where} of the release holds a line of a solution: {line.strip()!r}")
        if cell.get("outputs"):
            raise Leak(f"{where} of the release carries output, which may show expected values")


def _solution_lines(notebook: NotebookNode) -> dict[str, set[str]]:
    """Return the lines between solution marks that are long enough to recognise, by grade_id."""
    found: dict[str, set[str]] = {}
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        blocks = re.findall(r"BEGIN SOLUTION.*?\n(.*?)[^\n]*END SOLUTION", cell.source, re.DOTALL)
        if grade_id is not None and blocks:
            lines = {line.strip() for block in blocks for line in block.splitlines()}
            found[grade_id] = {line for line in lines if len(line) > 12}
    return found
