"""What nbgrader is told of a course: one place, for its own commands and for ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from traitlets.config import Config

from autograder.authoring.conventions import ANSWER_STUB, STUB
from autograder.authoring.course import CHECKS
from autograder.authoring.scope import ScopeTests

CONFIG_FILE = "nbgrader_config.py"
TIME = "timestamp.txt"
SECRET = "submission_secret.txt"  # noqa: S105 - a file's name


def put_programs_on_path() -> None:
    """Let nbgrader find `alembic`, which it calls by name, also where no environment is active."""
    programs = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", "").split(os.pathsep)
    if programs not in paths:
        os.environ["PATH"] = os.pathsep.join([programs, *paths])


def configure_course(config: Config, root: Path) -> None:
    """Map nbgrader's folders of a course onto ours.

    Parameters
    ----------
    config
        What `get_config()` gave, or an empty one.
    root
        The course's folder.
    """
    put_programs_on_path()
    course = config.CourseDirectory
    course.root = str(root)
    course.source_directory = "solutions"
    course.release_directory = "assignments"
    course.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__"]
    # The text twin, the record and the checks are not released.
    course.ignore += ["*.py", "released.json", CHECKS]
    config.GenerateAssignment.preprocessors.prepend([ScopeTests])
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER_STUB
    # A visible test has no points. Without this, *Validate* calls an untouched notebook a success.
    config.Validator.validate_all = True
