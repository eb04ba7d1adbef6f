"""How nbgrader is set up for this course: one place, for its own commands and for ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from traitlets.config import Config

STUB = (
    '# Your code here.\nraise NotImplementedError("write this function, then run the cell again")'
)
ANSWER_STUB = "*Your answer here.*"


def put_programs_on_path() -> None:
    """Let nbgrader find `alembic`, which it calls by name, also where no environment is active."""
    programs = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", "").split(os.pathsep)
    if programs not in paths:
        os.environ["PATH"] = os.pathsep.join([programs, *paths])


def configure(config: Config, root: Path, class_path: Path) -> None:
    """Map nbgrader's folders onto ours and put our steps into its autograding.

    Parameters
    ----------
    config
        What `get_config()` gave, or an empty one.
    root
        The course's folder.
    class_path
        The class folder, with `submitted/`, `gradebook.db` and what grading writes.
    """
    put_programs_on_path()
    course = config.CourseDirectory
    course.root = str(root)
    course.source_directory = "solutions"
    course.release_directory = "assignments"
    course.submitted_directory = str(class_path / "submitted")
    course.autograded_directory = str(class_path / "autograded")
    course.feedback_directory = str(class_path / "nbgrader_feedback")
    course.db_url = f"sqlite:///{class_path / 'gradebook.db'}"
    # The text twin and the record of releases are not for students, and a file torch.py of theirs
    # must not be copied.
    course.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.py", "released.json"]

    # Only a folder that can be written keeps the formgrader's log free of complaints.
    config.Exchange.root = str(class_path)

    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER_STUB

    config.CourseStep.course_root = str(root)
    config.CourseStep.class_path = str(class_path)
    config.Autograde.exporter_class = "autograder.nbgrader_steps.LenientExporter"
    config.Autograde.sanitize_preprocessors = ["autograder.nbgrader_steps.Stage"]
    config.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_steps.Execute",
        "autograder.nbgrader_steps.Judge",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
