import json
import os
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import SaveAutoGrades
from traitlets.config import Config

from autograder import gradebook as books
from autograder import nbgrader_steps
from autograder.conventions import grade_id_of
from autograder.execute import execute
from autograder.nbgrader_setup import configure, put_programs_on_path
from autograder.nbgrader_steps import CourseStep, Execute, Judge, LenientExporter, Stage
from autograder.results import read_evidence, read_verdicts


@pytest.fixture
def steps(session, tiny, monkeypatch, ran):
    """Return a function that takes a student through the three steps; answers run in-process."""
    monkeypatch.setattr(CourseStep, "session", lambda self, resources: session)
    monkeypatch.setattr(nbgrader_steps, "execute", nbgrader_steps.grading_execute, raising=False)

    def take(student):
        resources = {"nbgrader": {"student": student, "assignment": "01_tiny", "notebook": "tiny"}}
        notebook = new_notebook(cells=[new_code_cell("what nbgrader read is not looked at")])
        for step in (Stage(), Execute(), Judge()):
            notebook, resources = step.preprocess(notebook, resources)
        return notebook, resources

    return take


def score_of(notebook):
    cell = next(cell for cell in notebook.cells if grade_id_of(cell) == "double-graded")
    return float(cell.outputs[1].data["text/plain"])
