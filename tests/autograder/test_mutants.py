"""The gate of mutants: what is changed, what is caught, and what a check may say of the rest."""

import contextlib
import json
import math
import os
import time
from dataclasses import replace

import pytest

from autograder.authoring.checking import REFERENCE, alternative, equal
from autograder.authoring.slips import MisfitSlip
from autograder.authoring.statement import says
from autograder.judging.apart import Bounds, all_apart, each_apart
from autograder.judging.exam import PATIENCE, draw_exam
from autograder.judging.outcomes import Outcome
from autograder.proving import mutant_gate
from autograder.proving.mutant_gate import NoSuchQuestion, UnfairToStartWith, gates_of
from autograder.proving.mutants import canonical, mutants_of
from autograder.proving.several import draw_exams

FAR = 60.0
"""Seconds that nothing here takes."""


def lines(source, names=None):
    return {each.after for each in mutants_of(source, names or {})}


# --- what is changed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("return x + 1", "return x - 1"),
        ("return x + 1", "return x"),
        ("return x + 1", "return x + 2"),
        ("return x / 2.0", "return x / 4.0"),
        ("return x @ y", "return x * y"),
        ("return x < y", "return x <= y"),
        ("return x is None", "return x is not None"),
        ("return x in y", "return x not in y"),
        ("return not x", "return x"),
        ("return -x", "return x"),
        ("return x and y", "return x or y"),
        ("return x and y", "return y"),
        ("return x if y else 0", "return x if True else 0"),
        ("return x[1:]", "return x[:]"),
        ("return x[::2]", "return x[:]"),
        ("return x[:-1]", "return x[:1]"),
        ("return x.T", "return x"),
        ("return x.copy()", "return x"),
        ("return f(x, y)", "return f(x)"),
        ("return f(x, y)", "return f(y, x)"),
        ("return f(x, y)", "return x"),
        ("return f(x, axis=0)", "return f(x)"),
        ("return f(x, keepdims=True)", "return f(x, keepdims=False)"),
        ("return max(x)", "return min(x)"),
        ("return x.sum()", "return x.mean()"),
        ("return np.argmax(x)", "return np.argmin(x)"),
        ("return np.floor(x)", "return np.ceil(x)"),
        ("return np.zeros(x)", "return np.ones(x)"),
        ("return np.log(x)", "return np.log2(x)"),
        ("return np.log(x)", "return np.exp(x)"),
        ("return [a for a in x if a]", "return [a for a in x]"),
        ("return 'a'", "return ''"),
        ("y += x", "y = x"),
        ("y += x", "y -= x"),
        ("y = x", "pass"),
        ("x.sort()", "pass"),
        ("if x:\n        return y", "if False:"),
        ("for a in x:\n        break", "continue"),
        ("for a in x:\n        continue", "break"),
        ("while x:\n        x.pop()", "while True:"),
        ("raise ValueError('x')", "pass"),
    ],
)
def test_every_small_change_is_made(body, after):
    assert after in lines(f"def f(x, y=None):\n    {body}")


def test_a_default_is_changed_and_words_for_people_are_not():
    source = '''
    @decorated
    def f(x: "int" = 3) -> "int":
        """Return 1."""
        if x:
            raise ValueError(f"{x} is not 0", "or 1")
        return x
    '''
    heads = {f"def f(x: 'int'={value}) -> 'int':" for value in (2, 4)}
    assert lines(source) == heads | {"if True:", "if False:", "pass"}


def test_a_neighbour_that_does_not_exist_is_not_tried():
    found = lines("def f(x):\n    return math.floor(sum(x))", {"math": math})
    assert "return math.ceil(sum(x))" in found
    assert "return math.floor(mean(x))" not in found
    assert not any(
        "math.log2" in line for line in lines("def f(x):\n    return m.log(x)", {"m": os})
    )


def test_a_change_of_which_python_warns_is_made_without_a_word():
    assert "return 1[0]" in lines("def f(x):\n    return (1 + x)[0]")


def test_mutants_are_the_same_each_time_and_each_is_another_program():
    source = "def f(x):\n    # a comment\n    return sum(x[1:]) / (len(x) - 1)"
    once, again = (mutants_of(source, {}) for _ in range(2))
    assert once == again
    texts = [each.text for each in once]
    assert len(set(texts)) == len(texts)
    assert canonical(source) not in texts
    for text in texts:
        compile(text, "mutant", "exec")


# --- processes of their own ----------------------------------------------------------------------


def loops():
    while True:
        pass


def holds_on():
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.01)


def allocates():
    return str(len(bytearray(1 << 40)))


def leaves():
    os._exit(0)


def raises():
    raise RuntimeError


def forks():
    os.fork()
    return "twice?"


def test_what_loops_allocates_or_ends_its_process_gives_nothing_and_the_rest_goes_on():
    bad = [loops, holds_on, allocates, leaves, raises]
    jobs = [(job, Bounds(0.5)) for job in bad] + [(lambda: "well", Bounds(FAR))] * 2
    began = time.monotonic()
    came = dict(each_apart(jobs, workers=2))
    assert came == dict.fromkeys(range(len(bad))) | {5: "well", 6: "well"}
    assert time.monotonic() - began < FAR


def test_what_forks_answers_once():
    assert list(each_apart([(forks, Bounds(FAR))], workers=1)) == [(0, "twice?")]


def test_what_a_call_changes_is_gone_with_it():
    here = []
    jobs = [(lambda: str(here.append(1) or len(here)), Bounds(FAR))] * 3
    assert {came for _, came in each_apart(jobs, workers=1)} == {"1"}
    assert here == []


def test_jobs_are_answered_in_order_whatever_ends_first():
    jobs = [lambda: "slow" if sum(range(10**6)) else "", lambda: "fast", lambda: ""]
    assert all_apart(jobs, workers=2) == all_apart(jobs, workers=1) == ["slow", "fast", ""]


def test_a_job_whose_process_ends_is_called_here():
    here = os.getpid()

    def ends_elsewhere():
        return "here" if os.getpid() == here else os._exit(1)

    assert all_apart([ends_elsewhere, lambda: "well"], workers=2) == ["here", "well"]
    with pytest.raises(RuntimeError):
        all_apart([raises, lambda: "well"], workers=2)


def test_exams_drawn_by_several_processes_are_those_drawn_here(toy_material):
    material = toy_material()
    there, _ = draw_exams(material, ["a", "b"], workers=2)
    here, came = draw_exams(material, ["a", "b"], workers=1, and_then=lambda exams: str(len(exams)))
    assert came == ["2"]
    assert [exam.digest for exam in there] == [draw_exam(material, s).digest for s in "ab"]
    assert [exam.questions[0].wrong for exam in there] == [e.questions[0].wrong for e in here]


# --- the gate ------------------------------------------------------------------------------------


def total_spelt_out(values, sign=1):
    if len(values) == 0:
        raise ValueError("no values")
    so_far = 0.0
    for value in values:
        so_far += value
    return sign * so_far


def total_with_a_blind_spot(values, sign=1):
    if len(values) == 0:
        raise ValueError("no values")
    if len(values) > 100:
        return 0.0
    return sign * math.fsum(values)


@alternative
def one_by_one(values, sign=1):
    if not values:
        raise ValueError
    return sum(sign * value for value in values)


def proof_of(toy_material, reference=total_spelt_out, equals=None, seeds=1, sample=None, **parts):
    material = toy_material(reference=reference, alternatives=(one_by_one,), **parts)
    question = replace(material.checked[0], equals=equals or {})
    material = replace(material, checked=(question,))
    gates = gates_of(material, seeds, workers=2, sample=sample)
    return gates.proof(list(gates.tried(workers=2)), workers=2)


def after(proof):
    return {(each.answer, each.after) for each in proof.survivors}


def test_mutants_are_caught_and_what_no_case_shows_survives(toy_material):
    proof = proof_of(toy_material, total_with_a_blind_spot, seeds=2)
    found = after(proof)
    assert ("reference", "if len(values) > 101:") in found
    assert ("reference", "return 1.0") in found
    assert ("reference", "return sign / math.fsum(values)") not in found
    assert not proof.closed
    (tally,) = proof.tallies
    assert tally.survivors == len(proof.survivors)
    assert tally.mutants == tally.caught + tally.survivors
    assert (tally.question, tally.answers) == ("total", 2)
    assert {each.exams for each in proof.survivors} == {(0, 1)}


def test_a_mutant_that_does_not_end_is_caught_in_its_time(toy_material):
    def never(proof):
        return [each for each in proof.survivors if "while" in each.after]

    assert never(proof_of(toy_material, counted_down)) == []


@pytest.mark.parametrize(("spent", "patience"), [(0.0, [1.0, PATIENCE]), (1e9, [1.0])])
def test_a_call_that_had_no_turn_is_asked_again_with_patience(toy, monkeypatch, spent, patience):
    clock, asked = iter([0.0, spent]), []

    def silent(exam, function, identity, patience):
        asked.append(patience)
        return Outcome(failure="it took too long") if patience == 1.0 else Outcome(value=3)

    monkeypatch.setattr(type(toy), "outcome_of", silent)
    monkeypatch.setattr(mutant_gate.time, "process_time", lambda: next(clock))
    outcome = mutant_gate._outcome(toy, sum, "case-0", 1.0)
    assert asked == patience
    assert outcome.returned is (len(asked) == 2)


def counted_down(values, sign=1):
    if len(values) == 0:
        raise ValueError("no values")
    so_far, left = 0.0, len(values)
    while left:
        left -= 1
        so_far += values[left]
    return sign * so_far


def test_an_equal_change_is_counted_once_it_is_tried(toy_material):
    spot = ("> 100", ">= 100"), ("> 100", "> 101")
    because = {"beyond": equal(REFERENCE, *spot, because="so long a list is never drawn")}
    before, proof = (
        proof_of(toy_material, total_with_a_blind_spot, equals) for equals in ({}, because)
    )
    assert proof.problems == ()
    assert proof.tallies[0].equal == 2
    assert len(before.survivors) - len(proof.survivors) == 2


def test_a_change_that_is_not_equal_fails_and_shows_the_input(toy_material, monkeypatch):
    wrong = {"claimed": equal(REFERENCE, ("> 100", "> 101"), because="it is said so")}
    faults = mutant_gate._faults

    def noticed(exam, function, practice, patience=1.0):
        if practice:  # as when one of the further exams shows it
            yield exam.cases[0], exam.expected[exam.cases[1].identity]
        yield from faults(exam, function, practice, patience)

    monkeypatch.setattr(mutant_gate, "_faults", noticed)
    proof = proof_of(toy_material, total_with_a_blind_spot, wrong)
    (words,) = proof.problems
    assert words.startswith("total, claimed: not equal: total(")
    assert ("reference", "if len(values) > 101:") in after(proof)
    assert not proof.closed


def test_an_equal_change_that_every_exam_notices_is_not_needed(toy_material):
    needless = {"needless": equal(REFERENCE, ("sign * so_far", "sign / so_far"), because="?")}
    (words,) = proof_of(toy_material, equals=needless).problems
    assert words.startswith("total, needless: every exam notices it, so it is not needed")


def test_an_equal_change_that_no_mutant_is_is_told(toy_material):
    strange = {"strange": equal(REFERENCE, ("sign * so_far", "so_far * sign"), because="?")}
    (words,) = proof_of(toy_material, equals=strange).problems
    assert words.startswith("total, strange: no mutant of reference is\ndef ")


def test_an_equal_change_of_what_is_not_there_is_refused(toy_material):
    with pytest.raises(MisfitSlip, match="stands there 0 times"):
        proof_of(toy_material, equals={"x": equal(REFERENCE, ("nowhere", "0"), because="?")})
    other = alternative(total_spelt_out)
    with pytest.raises(MisfitSlip, match="no such answer"):
        proof_of(toy_material, equals={"x": equal(other, ("sign", "0"), because="?")})


def test_what_the_statement_settles_is_quoted_from_it(toy_material):
    def settled(words):
        quoted = {"long": equal(REFERENCE, ("> 100", "> 101"), settled=words)}
        return proof_of(toy_material, documented, quoted)

    quoted, invented = settled("long lists may give anything"), settled("very long lists")
    assert quoted.problems == ()
    assert quoted.tallies[0].settled == 1
    assert invented.problems == ("total, long: the statement does not say 'very long lists'",)
    assert ("reference", "if len(values) > 101:") in after(invented)


def documented(values, sign=1):
    """Return the total: long lists may
    give anything.
    """
    if len(values) == 0:
        raise ValueError("no values")
    if len(values) > 100:
        return 0.0
    return sign * math.fsum(values)


def test_an_equal_change_has_one_reason():
    for reasons in ({}, {"because": "a", "settled": "b"}):
        with pytest.raises(ValueError, match="either"):
            equal(REFERENCE, ("a", "b"), **reasons)


def test_a_sample_is_the_same_each_time_and_holds_what_the_check_speaks_of(toy_material):
    said = {"beyond": equal(REFERENCE, ("> 100", "> 101"), because="never drawn")}
    proofs = [proof_of(toy_material, total_with_a_blind_spot, said, sample=3) for _ in range(2)]
    assert proofs[0] == proofs[1]
    assert 3 <= proofs[0].tallies[0].mutants <= 4
    assert proofs[0].tallies[0].equal == 1


def test_an_answer_that_loses_points_unchanged_is_told(toy_material):
    @alternative
    def always_zero(values, sign=1):
        return 0.0

    with pytest.raises(UnfairToStartWith, match="total: always_zero loses points"):
        gates_of(toy_material(alternatives=(always_zero,)), seeds=1, workers=1)


def test_one_question_of_several_can_be_asked_for(material):
    questions = material.checked[:2]
    bare = [replace(q, misconceptions=(), alternatives=(), equals={}) for q in questions]
    few = replace(material, checked=tuple(bare))
    whole = gates_of(few, seeds=1, workers=1)
    (alone,) = gates_of(few, seeds=1, workers=1, only=questions[1].name).gates
    texts = [[each.mutant.text for each in gate.trials] for gate in (whole.gates[1], alone)]
    assert texts[0] == texts[1]


def test_a_question_that_is_not_there_is_named_with_those_that_are(tiny):
    with pytest.raises(NoSuchQuestion, match=r"no question 'dubble'.*there are double$"):
        gates_of(tiny, seeds=1, workers=1, only="dubble")


def test_a_proof_can_be_written_as_json(toy_material):
    data = json.loads(json.dumps(proof_of(toy_material, total_with_a_blind_spot).as_data()))
    assert data["closed"] is False
    assert {"question", "answer", "before", "after", "exams"} == set(data["survivors"][0])


def test_a_statement_is_the_prose_above_a_question_and_above_all(material):
    notebook, function = material.notebook, material.reference.perplexity
    assert says(notebook, "perplexity", function, "no `OverflowError`")
    assert not says(notebook, "mle_prob", material.reference.mle_prob, "no `OverflowError`")
