"""Late penalties: nbgrader's own step, with the plugin that the course configures."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.application import JupyterApp
from nbformat.v4 import new_notebook
from nbgrader.apps import NbGrader
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Application, Config

from autograder.authoring.material import Material
from autograder.authoring.nbgrader_config import CONFIG_FILE
from autograder.classroom.class_folder import ClassFolder
from autograder.errors import CourseError


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
            f"A submission is late, and the late penalty is configured in {root / CONFIG_FILE}, "
            f"which cannot be read: {type(error).__name__}: {error}"
        ) from error
    config: Config = application.config
    return config


def assign_late_penalty(
    class_folder: ClassFolder, material: Material, student: str, config: Config
) -> None:
    """Write a submission's late penalty into the gradebook as nbgrader does.

    Parameters
    ----------
    class_folder, material, student
        Which submission. Its scores have been recorded.
    config
        Names the plugin (`AssignLatePenalties.plugin_class`) and sets it up.
    """
    resources = {
        "nbgrader": {
            "notebook": material.assignment.notebook_name,
            "assignment": material.assignment.name,
            "student": student,
            "db_url": class_folder.gradebook_url,
        }
    }
    AssignLatePenalties(config=config).preprocess(new_notebook(), resources)
