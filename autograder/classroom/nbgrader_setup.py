"""How nbgrader is set up for a class: one place, for its own commands and for ours."""

from __future__ import annotations

import contextlib
import glob
import os
from pathlib import Path

from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.authoring.nbgrader_config import configure_course
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.nbgrader_guard import guard

TEMPLATES = Path(__file__).parent / "templates" / "nbgrader"


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
    configure_course(config, root)
    guard()
    course = config.CourseDirectory
    course.submitted_directory = str(class_path / "submitted")
    course.autograded_directory = str(class_path / "autograded")
    course.feedback_directory = str(class_path / "nbgrader_feedback")
    course.db_url = f"sqlite:///{class_path / 'gradebook.db'}"
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

    config.CourseStep.course_root = str(root)
    config.CourseStep.class_path = str(class_path)
    config.Autograde.exporter_class = "autograder.classroom.nbgrader_steps.LenientExporter"
    config.Autograde.sanitize_preprocessors = ["autograder.classroom.nbgrader_steps.Stage"]
    config.Autograde.autograde_preprocessors = [
        "autograder.classroom.nbgrader_steps.Execute",
        "autograder.classroom.nbgrader_steps.Judge",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    config.ExportApp.plugin_class = "autograder.classroom.grade_table.GradeTable"
    config.MarksExport.course_root = str(root)
    config.MarksExport.class_path = str(class_path)

    # What students wrote is made harmless when it is graded; these hold where that was done by an
    # earlier version, and for what a parser makes of it.
    html = config.HTMLExporter
    html.preprocessors = ["autograder.classroom.nbgrader_steps.Harmless"]
    html.sanitize_html = True
    html.exclude_anchor_links = True
    html.filters = {
        "strip_files_prefix": "autograder.classroom.harmless.clean_markdown",
        "clean_html": "autograder.classroom.harmless.clean_html",
    }
    html.extra_template_basedirs = [str(TEMPLATES), handlers.template_path]
