"""The hidden line publishes evidence where inputs are laid ready, and does nothing elsewhere."""

import json

import IPython.display
import pytest

from nextword.evidence import EVIDENCE_MIME_TYPE, INPUTS_VARIABLE, collect
from nextword.evidence.codec import encode


@pytest.fixture
def published(monkeypatch):
    found = []
    monkeypatch.setattr(IPython.display, "publish_display_data", found.append)
    return found


@pytest.fixture
def lay_ready(monkeypatch, tmp_path):
    """Lay inputs ready for the question `double`, as a graded run does."""
    cases = [{"id": "case-0", "args": encode((2,)), "kwargs": encode({})}]
    limits = {"seconds_per_case": 1.0, "seconds": 5.0}
    inputs = {"double": json.dumps({"question": "double", "cases": cases, **limits})}
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps(inputs), encoding="utf-8")
    monkeypatch.setenv(INPUTS_VARIABLE, str(path))


def refuse(*args):
    raise AssertionError("called")


def test_outside_grading_nothing_is_called_or_published(monkeypatch, published):
    monkeypatch.delenv(INPUTS_VARIABLE, raising=False)
    collect("double", refuse)
    assert published == []


@pytest.mark.usefixtures("lay_ready")
def test_in_a_graded_run_what_the_function_returns_is_published_once(published):
    collect("double", lambda x: 2 * x)
    (data,) = published
    assert list(data) == [EVIDENCE_MIME_TYPE]
    evidence = json.loads(data[EVIDENCE_MIME_TYPE])
    assert evidence == {"question": "double", "cases": [{"id": "case-0", "value": 4}]}


@pytest.mark.usefixtures("lay_ready")
def test_a_function_that_fails_does_not_stop_the_cell(published):
    collect("double", refuse)
    (data,) = published
    assert json.loads(data[EVIDENCE_MIME_TYPE])["cases"][0]["error"]["message"] == "called"


@pytest.mark.usefixtures("lay_ready")
def test_a_question_without_inputs_publishes_nothing(published):
    collect("triple", refuse)
    assert published == []
