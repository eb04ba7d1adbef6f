import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from autograder.classroom.results import (
    Evidence,
    NoEvidence,
    Result,
    read_evidence,
    read_result,
    write_evidence,
    write_result,
)
from autograder.judging.judge import Example, GroupVerdict, Verdict, judge


@pytest.fixture
def evidence():
    notebook = new_notebook(cells=[new_code_cell("x = 1", id="cell-0")])
    return Evidence("exam:key", notebook, {"f": "one"}, {"g": "why"}, ("a remark",))


WORDS = st.text(max_size=20)
GROUPS = st.builds(
    GroupVerdict,
    says=WORDS,
    points=st.floats(0, 9),
    max_points=st.floats(0, 9),
    passed=st.integers(0, 9),
    asked=st.integers(0, 9),
    reasons=st.lists(WORDS, max_size=3).map(tuple),
)
VERDICTS = st.builds(
    Verdict,
    question=WORDS,
    points=st.floats(0, 9),
    max_points=st.floats(0, 9),
    says=WORDS,
    groups=st.lists(GROUPS, max_size=3).map(tuple),
    example=st.none() | st.builds(Example, WORDS, WORDS, WORDS),
    line=st.none() | WORDS,
    misconception=st.none() | WORDS,
    hint=st.none() | WORDS,
    flag=st.none() | WORDS,
)


@settings(deadline=None, max_examples=50)
@given(
    verdicts=st.lists(VERDICTS, max_size=3).map(tuple),
    remarks=st.lists(WORDS, max_size=3).map(tuple),
    failure=st.none() | WORDS,
    submitted=WORDS,
)
def test_results_are_read_back_as_they_were_written(
    verdicts, remarks, failure, submitted, tmp_path_factory
):
    path = tmp_path_factory.getbasetemp() / "verdicts.json"
    result = Result(verdicts, remarks, failure, submitted, {"why-written": submitted})
    write_result(path, result)
    assert read_result(path) == result


def test_the_judges_own_verdicts_are_read_back(tiny_exam, tmp_path):
    (question,) = tiny_exam.questions
    verdict = judge(question, question.evidence_of(abs))
    assert verdict.example is not None
    write_result(tmp_path / "v.json", Result((verdict,)))
    assert read_result(tmp_path / "v.json") == Result((verdict,))


def test_a_verdict_says_that_it_comes_from_inside_only_where_it_does(tmp_path):
    for inside in (False, True):
        path = tmp_path / f"{inside}.json"
        write_result(path, Result((Verdict("q", 1.0, 1.0, "Right.", inside=inside),)))
        (written,) = json.loads(path.read_text())["verdicts"]
        assert ("inside" in written) is inside
        assert read_result(path).verdicts[0].inside is inside


def test_evidence_is_read_back_as_it_was_written(evidence, tmp_path):
    write_evidence(tmp_path / "e.json", evidence)
    assert read_evidence(tmp_path / "e.json") == evidence


def test_evidence_with_a_lone_surrogate_is_read_back(evidence, tmp_path):
    odd = Evidence("k", evidence.notebook, {"f": "\ud800"}, {}, ("found \udcff.ipynb",))
    write_evidence(tmp_path / "e.json", odd)
    assert read_evidence(tmp_path / "e.json") == odd


def damage(path, how):
    content = json.loads(path.read_text())
    match how:
        case "truncated":
            path.write_text(path.read_text()[:-20])
        case "random bytes":
            path.write_bytes(b"\x00\xff\x93" * 50)
        case "another version":
            path.write_text(json.dumps(content | {"version": 3}))
        case "no version":
            del content["version"]
            path.write_text(json.dumps(content))
        case "a folder":
            path.unlink()
            path.mkdir()
        case other:
            path.write_text(other)


DAMAGES = ["truncated", "random bytes", "another version", "no version", "a folder"]
DAMAGES += ["[]", "7", "null", '"text"', '{"version": 1}', '{"version": 1, "verdicts": 3}']


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_evidence_is_said_to_be_damaged_with_what_to_do(evidence, tmp_path, how):
    path = tmp_path / "e.json"
    write_evidence(path, evidence)
    damage(path, how)
    with pytest.raises(
        NoEvidence, match=r"e\.json (is damaged|was kept by another version)"
    ) as told:
        read_evidence(path)
    assert "Run: autograder grade" in str(told.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notebook", "{}"),
        ("notebook", "[]"),
        ("notebook", 7),
        ("evidence", []),
        ("remarks", 1),
        ("evidence", {"f": 3}),
        ("notebook", "no JSON"),
    ],
)
def test_damage_inside_evidence_is_found(evidence, tmp_path, field, value):
    path = tmp_path / "e.json"
    write_evidence(path, evidence)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(NoEvidence, match="is damaged"):
        read_evidence(path)


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_verdicts_are_said_to_be_damaged_with_what_to_do(tmp_path, how):
    path = tmp_path / "v.json"
    write_result(path, Result((Verdict("f", 0.0, 1.0, "Not right yet."),)))
    damage(path, how)
    with pytest.raises(NoEvidence, match=r"v\.json is damaged \(.*Run: autograder rejudge"):
        read_result(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected JSON, which it is not from line 1 on"),
        (b"[1,\n2", "expected JSON, which it is not from line 2 on"),
        (b"\xff", "expected text in UTF-8"),
        (b"{}", "it lacks 'version'"),
    ],
)
def test_what_is_damaged_is_said_in_words(tmp_path, content, words):
    path = tmp_path / "v.json"
    path.write_bytes(content)
    for read in (read_evidence, read_result):
        with pytest.raises(NoEvidence, match=re.escape(f"v.json is damaged ({words}). Run")):
            read(path)


def test_missing_files_are_said_to_be_missing(tmp_path):
    with pytest.raises(NoEvidence, match=r"No evidence at .*e\.json\. Run: autograder grade"):
        read_evidence(tmp_path / "e.json")
    with pytest.raises(NoEvidence, match=r"No verdicts at .*v\.json\. Run: autograder grade"):
        read_result(tmp_path / "v.json")
