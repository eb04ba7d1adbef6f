"""Late penalties: nbgrader's own step, with the plugin that the course configures."""

from __future__ import annotations

from nbformat.v4 import new_notebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.authoring.material import Material
from autograder.classroom.class_folder import ClassFolder


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
