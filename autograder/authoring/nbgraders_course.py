"""Reads what a course that ``nbgrader quickstart`` made says of itself: settings and notebooks.

Its notebooks have no texts: they are their own truth. What nbgrader's ``generate_assignment`` puts
around them, such as a header, is put around them here as well, so that its gradebook and ours hold
the same cells.
"""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_core.application import JupyterApp
from nbformat import NotebookNode
from nbgrader.apps import NbGrader
from nbgrader.nbgraderformat import (
    MetadataValidator,
    SchemaTooNewError,
    SchemaTooOldError,
    ValidationError,
)
from nbgrader.preprocessors import IncludeHeaderFooter
from traitlets.config import Application, Config

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Assignment
from autograder.authoring.nbgrader_config import CONFIG_FILE
from autograder.authoring.pairs import UnreadableSource, read_notebook
from autograder.errors import CourseError

_AUTOTEST = re.compile(r"^\s*### (HASHED )?AUTOTEST\b", re.MULTILINE)
_FLAGS = ("grade", "solution", "locked", "task")


class NotForUs(CourseError):
    """A notebook of a course of nbgrader's that this program cannot grade."""


class BrokenConfiguration(CourseError):
    """nbgrader's configuration cannot be read."""


def nbgrader_config(root: Path) -> Config:
    """Return the configuration that nbgrader's own commands have in the course's folder.

    Raises
    ------
    BrokenConfiguration
    """
    application = NbGrader()
    application.raise_config_file_errors = True
    try:
        JupyterApp.load_config_file(application)
        Application.load_config_file(application, CONFIG_FILE, path=str(root))
    except Exception as error:  # the files are Python: anything can happen in them
        raise BrokenConfiguration(
            f"nbgrader's settings, late penalties among them, are read from {root / CONFIG_FILE}, "
            f"which cannot be read: {type(error).__name__}: {error}"
        ) from error
    config: Config = application.config
    return config


def course_config(root: Path) -> Config:
    """Return a course's nbgrader settings; paths of header and footer are whole ones.

    Raises
    ------
    BrokenConfiguration
    """
    config = nbgrader_config(root)
    for name in ("header", "footer"):
        if name in config.IncludeHeaderFooter:
            path = root / config.IncludeHeaderFooter[name]
            config.IncludeHeaderFooter[name] = str(path)
    return config


def read_source(assignment: Assignment, config: Config) -> NotebookNode:
    """Return a reference notebook as nbgrader would begin to release it.

    Parameters
    ----------
    assignment
        One notebook of an assignment.
    config
        From `course_config`.

    Raises
    ------
    UnreadableSource, NotForUs
    """
    path = assignment.notebook_path
    notebook: NotebookNode = read_notebook(path)
    try:
        notebook, _ = IncludeHeaderFooter(config=config).preprocess(notebook, {})
        MetadataValidator().validate_nb(notebook)
    except SchemaTooOldError as error:
        raise UnreadableSource(
            f"{path}: its cells are marked in an older format of nbgrader's. Run, having kept a "
            f"copy of the course: nbgrader update {path}"
        ) from error
    except SchemaTooNewError as error:
        raise UnreadableSource(
            f"{path}: its cells are marked in a newer format than that of the nbgrader installed "
            "here. Make it with nbgrader 0.9.6, or install a newer version of this program"
        ) from error
    except (OSError, ValueError, ValidationError) as error:
        words = str(error).partition("\n")[0]
        raise UnreadableSource(f"{path}: nbgrader would not release it: {words}") from error
    _refuse_what_cannot_be_graded(notebook, path)
    notebook.nbformat_minor = 5  # the first in which cells have ids
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"
        metadata = cell.metadata.get("nbgrader", {})
        if not any(metadata.get(flag) for flag in _FLAGS):
            cell.metadata.pop("nbgrader", None)  # it says nothing, and nbgrader does not look
    return notebook


def _refuse_what_cannot_be_graded(notebook: NotebookNode, path: Path) -> None:
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() != "python":
        raise NotForUs(
            f"{path} is written in {language}; expected Python, which is what runs in the sandbox. "
            "Grade this assignment with nbgrader autograde"
        )
    for cell in notebook.cells:
        if _AUTOTEST.search(cell.source):
            raise NotForUs(
                f"{path}, cell {grade_id_of(cell)!r}: ### AUTOTEST stands for tests that nbgrader "
                "writes when it releases with --source_with_tests. Here they would be a comment, "
                "and everybody would pass. Write asserts, or a check"
            )
