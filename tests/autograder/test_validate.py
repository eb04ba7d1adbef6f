"""nbgrader's *Validate* tells the truth where our settings, or those of the hub guide, are read."""

import io

import nbformat
import pytest
from nbgrader.validator import Validator
from traitlets.config import Config

from autograder.authoring.nbgrader_config import configure_course


@pytest.fixture
def said(tmp_path):
    """Return a function that validates a notebook as the button does; what the student reads."""

    def validate(notebook):
        config = Config()
        configure_course(config, tmp_path)
        path = tmp_path / "tiny.ipynb"
        nbformat.write(nbformat.from_dict(notebook), path)
        validator = Validator(config=config)
        validator.stream = io.StringIO()
        validator.validate_and_print(str(path))
        return validator.stream.getvalue()

    return validate


def test_an_untouched_notebook_is_no_success(said, tiny):
    words = said(tiny.derived.release)
    assert "VALIDATION FAILED" in words
    assert "Success" not in words


def test_a_solved_notebook_is_one(said, right):
    assert said(right) == "Success! Your notebook passes all the tests.\n"


def test_a_wrong_answer_is_named(said, fill, tiny):
    words = said(fill(tiny, double="def double(x):\n    return 3 * x"))
    assert "twice 2 is 4" in words
