"""How nbgrader is set up for this course: one place, for its own commands and for ours."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
from pathlib import Path

from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.class_folder import ClassFolder
from autograder.course import CHECKS
from autograder.nbgrader_guard import guard

TEMPLATES = Path(__file__).parent / "templates" / "nbgrader"

STUB = (
    '# Your code here.\nraise NotImplementedError("write this function, then run the cell again")'
)
CONFIG_FILE = "nbgrader_config.py"
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
    guard()
    course = config.CourseDirectory
    course.root = str(root)
    course.source_directory = "solutions"
    course.release_directory = "assignments"
    course.submitted_directory = str(class_path / "submitted")
    course.autograded_directory = str(class_path / "autograded")
    course.feedback_directory = str(class_path / "nbgrader_feedback")
    course.db_url = f"sqlite:///{class_path / 'gradebook.db'}"
    course.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__"]
    # The text twin, the record and the checks are not released.
    course.ignore += ["*.py", "released.json", CHECKS]
    # Of a submission, `Stage` reads the notebook. nbgrader would copy all else, following links.
    submission = os.path.join(glob.escape(course.submitted_directory), "{}", "*")  # noqa: PTH118
    course.ignore += [submission.format("*"), submission.format(".*")]

    # Not the class folder: nbgrader opens the root of an exchange to everybody on the machine.
    folder = ClassFolder(class_path)
    config.Exchange.root = str(folder.exchange)
    with contextlib.suppress(OSError):  # whoever needs it says so better
        folder.make()
        # Only a folder that can be written keeps the formgrader's log free of complaints.
        folder.exchange.mkdir(exist_ok=True)

    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER_STUB

    config.CourseStep.course_root = str(root)
    config.CourseStep.class_path = str(class_path)
    config.Autograde.exporter_class = "autograder.nbgrader_steps.LenientExporter"
    config.Autograde.sanitize_preprocessors = ["autograder.nbgrader_steps.Stage"]
    config.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_steps.Execute",
        "autograder.nbgrader_steps.Judge",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    config.ExportApp.plugin_class = "autograder.grade_table.GradeTable"

    # What students wrote is made harmless when it is graded; these hold where that was done by an
    # earlier version, and for what a parser makes of it.
    html = config.HTMLExporter
    html.preprocessors = ["autograder.nbgrader_steps.Harmless"]
    html.sanitize_html = True
    html.exclude_anchor_links = True
    html.filters = {
        "strip_files_prefix": "autograder.harmless.clean_markdown",
        "clean_html": "autograder.harmless.clean_html",
    }
    html.extra_template_basedirs = [str(TEMPLATES), handlers.template_path]
