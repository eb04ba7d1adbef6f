"""A proof finds an assignment fair, or names the answer that is judged unfairly."""

import json
from dataclasses import replace

import pytest

from autograder.authoring.checking import alternative, misconception
from autograder.judging.exam import CannotExamine, draw_exam
from autograder.proving import verify as verifying
from autograder.proving.verify import Finding, Proof, _unstable, known_findings, verify


def findings(question, seed=0):
    return list(known_findings(seed, question))


def finding_of(found, name):
    (finding,) = [each for each in found if each.way == name]
    return finding


def test_a_fair_question_has_only_fair_findings(toy):
    found = findings(toy)
    assert [(each.kind, each.way, each.points) for each in found] == [
        ("correct way", "with_numpy", 4),
        ("misconception", "first_left_out", 1),
        ("misconception", "sign_ignored", 3),
    ]
    assert all(each.fair and each.points == each.expected for each in found)
    assert finding_of(found, "sign_ignored").recognised == "sign_ignored"
    assert finding_of(found, "sign_ignored").lost == ("negative signs",)


def test_a_alternative_that_loses_points_is_unfair(toy_exam):
    @alternative
    def wrong_for_none(values, sign=1):
        return sign * sum(values)

    found = findings(toy_exam(alternatives=(wrong_for_none,)))
    finding = finding_of(found, "wrong_for_none")
    assert not finding.fair
    assert (finding.points, finding.expected, finding.lost) == (3, 4, ("no numbers",))


def test_a_misconception_that_loses_other_groups_than_it_says_is_unfair(toy):
    misconceptions = tuple(
        replace(each, loses=frozenset(["plain"])) if each.name == "first_left_out" else each
        for each in toy.question.misconceptions
    )
    found = findings(replace(toy, question=replace(toy.question, misconceptions=misconceptions)))
    assert not finding_of(found, "first_left_out").fair
    assert finding_of(found, "sign_ignored").fair


def test_a_misconception_that_gets_anothers_hint_is_unfair(toy):
    (one, other) = toy.question.misconceptions
    swapped = {one.name: toy.wrong[other.name], other.name: toy.wrong[one.name]}
    found = findings(replace(toy, wrong=swapped))
    assert finding_of(found, one.name).recognised == other.name
    assert not finding_of(found, one.name).fair


def test_two_misconceptions_that_answer_alike_are_fair_without_a_hint(toy_exam, toy):
    one = toy.question.misconceptions[0]

    @misconception(*one.loses, hint="Another reason for the same answers.")
    def alike(values, sign=1):
        return one.function(values, sign)

    found = findings(toy_exam(misconceptions=(one, alike)))
    assert all(each.fair for each in found)
    assert finding_of(found, "alike").recognised is None


FAIR = Finding(0, "f", "misconception", "way", 1.0, 1.0, (), "way", True)


def test_decisions_that_differ_between_seeds_are_unstable():
    assert list(_unstable([FAIR, replace(FAIR, seed=1)])) == []
    for change in ({"points": 2.0}, {"recognised": None}):
        (words,) = _unstable([FAIR, replace(FAIR, seed=1, **change)])
        assert words.startswith("f, misconception way: ")


def test_a_proof_is_fair_when_all_findings_are_and_none_is_unstable():
    assert Proof("a", 1, (FAIR,), ()).fair
    assert not Proof("a", 1, (FAIR, replace(FAIR, fair=False)), ()).fair
    assert not Proof("a", 1, (FAIR,), ("f, misconception way: ...",)).fair


def test_a_proof_can_be_written_as_json():
    data = json.loads(json.dumps(Proof("a", 1, (FAIR,), ()).as_data()))
    assert data["fair"] is True
    assert data["findings"][0]["way"] == "way"


def test_a_question_that_cannot_be_examined_is_not_verified(toy_material):
    with pytest.raises(CannotExamine):
        verify(toy_material(reference=lambda values, sign=1: 0.0), seeds=1, workers=1)


def test_every_known_way_is_judged_in_every_exam(toy_material, monkeypatch):
    monkeypatch.setattr(verifying, "_notebook_findings", lambda material, exams, workers: [])
    material = toy_material()
    proof = verify(material, seeds=3, workers=1)
    assert proof.fair
    assert {finding.seed for finding in proof.findings} == {0, 1, 2}
    assert len(proof.findings) == 9
    secrets = [draw_exam(material, f"verify-{seed}").inputs for seed in range(3)]
    assert len({str(inputs) for inputs in secrets}) == 3


def test_the_reference_notebook_gets_all_points_and_the_untouched_release_none(tiny):
    proof = verify(tiny, seeds=1, workers=1)
    assert proof.fair
    points = {finding.way: finding.points for finding in proof.findings}
    assert (points["reference"], points["release"]) == (2, 0)
