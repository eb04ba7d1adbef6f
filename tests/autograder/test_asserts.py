"""A question without a check is judged by nbgrader's rules, and never for what has not run."""

import nbformat.v4
import pytest
from nbgrader.utils import determine_grade

from autograder.authoring.conventions import Question
from autograder.classroom.results import Evidence
from autograder.judging.asserts import judge_asserts

QUESTION = Question("Q 1", 2.0, inside=True)
ERROR = {"ename": "AssertionError", "evalue": "2 is wrong\nmore", "traceback": []}


def stream(name, text):
    return nbformat.v4.new_output("stream", name=name, text=text)


def result(text):
    return nbformat.v4.new_output("execute_result", data={"text/plain": text}, execution_count=1)


def with_outputs(*outputs, source="assert f() == 1"):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["nbgrader"] = nbformat.from_dict(
        {"grade_id": "Q 1", "grade": True, "solution": False, "points": 2}
    )
    return cell


def judged(*cells, **absences):
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    return judge_asserts(QUESTION, Evidence("", notebook, {}, absences, ()))


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [stream("stdout", "words")],
        [stream("stderr", "a warning")],
        [nbformat.v4.new_output("error", **ERROR)],
        [result("0.5")],
        [result("0")],
        [result("-1")],
        [result("nan")],
        [result("'text'")],
        [stream("stdout", "3"), result("2")],
        [result("1.5"), nbformat.v4.new_output("error", **ERROR)],
    ],
)
def test_points_are_those_that_nbgrader_gives(outputs):
    cell = with_outputs(*outputs)
    verdict = judged(cell)
    assert verdict.points == determine_grade(cell)[0]
    assert verdict.inside
    assert (verdict.says == "Right.") is (verdict.points == 2)


@pytest.mark.parametrize("output", [result("3"), result("inf"), result("")])
def test_a_score_that_stops_nbgrader_is_the_tests_fault_and_staff_look_at_it(output):
    verdict = judged(with_outputs(output))
    assert verdict.points == 2
    assert "something that is no score" in verdict.flag


def test_an_error_is_told_in_one_line_and_of_hidden_tests_only_its_kind():
    error = nbformat.v4.new_output("error", **ERROR)
    assert judged(with_outputs(error)).says == (
        "Not right yet: its tests stopped with AssertionError: 2 is wrong."
    )
    hidden = "### BEGIN HIDDEN TESTS\nassert f() == 1\n### END HIDDEN TESTS"
    assert judged(with_outputs(error, source=hidden)).says == (
        "Not right yet: its tests stopped with AssertionError."
    )


def test_a_warning_counts_as_a_failure_and_is_told():
    says = judged(with_outputs(stream("stderr", "RuntimeWarning: overflow\nmore"))).says
    assert "error stream" in says
    assert says.endswith("RuntimeWarning: overflow")


def test_a_cell_that_has_not_run_to_its_end_earns_nothing():
    verdict = judged(with_outputs(), **{"Q 1": "The test cell was stopped."})
    assert (verdict.points, verdict.says) == (0.0, "The test cell was stopped.")
    assert judged().points == 0.0
