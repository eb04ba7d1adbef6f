import dataclasses
import json

import pytest
from nbformat.v4 import new_notebook

from autograder import gradebook as books
from autograder import grading
from autograder.class_folder import ClassFolder
from autograder.conventions import grade_id_of
from autograder.engine import dispatch
from autograder.engine.warm import SandboxLost, WarmProcessFailed
from autograder.exam import draw_exam
from autograder.gradebook import UnusableGradebook
from autograder.grading import Session, rejudge, with_scores
from autograder.judge import Verdict
from autograder.pairs import read_notebook
from autograder.results import read_evidence, read_verdicts
from tests.running import grade_all

RIGHT = "def double(x): return x + x"
HALF = "def double(x): return abs(2 * x)"
WRONG = "def double(x): return x * x"


@pytest.fixture
def hand_in(session, submit, fill, tiny):
    """Return a function that submits an answer."""
    return lambda student, source: submit(session.class_folder, student, fill(tiny, double=source))


@pytest.fixture
def three(hand_in):
    for student, source in (("ada", RIGHT), ("bob", HALF), ("cyd", WRONG)):
        hand_in(student, source)
    return ["ada", "bob", "cyd"]


def run(session, students, **options):
    return {graded.student: graded for graded in grade_all(session, students, **options)}


def points(results):
    return {student: graded.points for student, graded in results.items()}


def recorded(session):
    return books.scores(session.class_folder, session.name)


TRUE = {"ada": 2.0, "bob": 1.0, "cyd": 0.0}


def test_every_student_gets_what_the_answer_earns_everywhere(session, three, ran):
    results = run(session, three)
    assert points(results) == recorded(session) == TRUE
    folder = session.class_folder
    for student in three:
        verdicts, _ = read_verdicts(folder.verdict_path("01_tiny", student))
        assert verdicts == results[student].verdicts
        assert folder.feedback_path("01_tiny", student, "tiny").is_file()
        kept = read_notebook(folder.autograded_path("01_tiny", student, "tiny"))
        graded_cell = next(c for c in kept.cells if grade_id_of(c) == "double-graded")
        assert graded_cell.outputs[1].data["text/plain"] == f"{TRUE[student]:g}"
    assert results["bob"].verdicts[0].misconception == "never_negative"


def test_a_second_run_runs_nothing_and_gives_the_same(session, three, ran, monkeypatch):
    first = run(session, three)
    ran.clear()
    monkeypatch.setattr(dispatch, "execute", None)  # nothing is run
    second = run(session, three)
    assert ran == []
    assert all(graded.reused for graded in second.values())
    assert points(second) == points(first)
    assert not any(graded.reused for graded in first.values())


def test_only_what_has_changed_is_run_again(session, three, ran, hand_in):
    run(session, three)
    ran.clear()
    hand_in("cyd", RIGHT)
    results = run(session, three)
    assert ran == [RIGHT]
    assert points(results) == recorded(session) == TRUE | {"cyd": 2.0}
    assert [s for s in three if not results[s].reused] == ["cyd"]


def test_force_runs_again(session, three, ran):
    run(session, three)
    ran.clear()
    assert not run(session, ["ada"], force=True)["ada"].reused
    assert ran == [RIGHT]


@pytest.mark.parametrize(
    "change",
    [
        lambda session: dataclasses.replace(session, exam=draw_exam(session.material, "other")),
        lambda session: session,
    ],
)
def test_other_inputs_or_another_engine_run_again(session, three, ran, monkeypatch, change):
    run(session, three)
    ran.clear()
    changed = change(session)
    if changed is session:
        monkeypatch.setattr(grading, "ENGINE", "kernel-2")
    assert points(run(changed, three)) == TRUE
    assert len(ran) == 3


def test_other_limits_run_again(session, three, ran, quick):
    run(session, three)
    ran.clear()
    run(session, three, limits=quick)
    assert len(ran) == 3


def test_damaged_evidence_is_made_anew(session, three, ran):
    run(session, three)
    path = session.class_folder.evidence_path("01_tiny", "bob")
    path.write_bytes(b"\x00\xff")
    ran.clear()
    results = run(session, three)
    assert ran == [HALF]
    assert points(results) == TRUE
    assert read_evidence(path)


def test_rejudging_gives_the_same_and_runs_nothing(session, three, ran):
    first = run(session, three)
    ran.clear()
    again = {graded.student: graded for graded in rejudge(session, three)}
    assert ran == []
    assert points(again) == points(first)
    for student in three:
        assert again[student].verdicts == first[student].verdicts


def test_rejudging_after_a_tolerance_was_changed_gives_new_scores(session, three, ran):
    run(session, three)
    (question,) = session.exam.questions
    generous = dataclasses.replace(
        question.kit.check, compare=type(question.kit.check.compare)(rtol=100.0)
    )
    kit = dataclasses.replace(question.kit, check=generous)
    exam = dataclasses.replace(session.exam, questions=(dataclasses.replace(question, kit=kit),))
    results = rejudge(dataclasses.replace(session, exam=exam), ["bob"])
    assert [graded.points for graded in results] == [2.0]
    assert recorded(session)["bob"] == 2.0


def test_evidence_of_another_exam_is_not_rejudged(session, three, ran):
    run(session, three)
    other = dataclasses.replace(session, exam=draw_exam(session.material, "other"))
    for graded in rejudge(other, three):
        assert graded.failure == (
            "Its evidence answers another exam: the class's secret or a check's draw has changed "
            "since it was run. Run: autograder grade"
        )
    assert recorded(session) == TRUE


@pytest.mark.parametrize("content", [None, b"{", b"\x00\xff"])
def test_missing_or_damaged_evidence_fails_one_and_no_other(session, three, ran, content):
    run(session, three)
    path = session.class_folder.evidence_path("01_tiny", "bob")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    results = {graded.student: graded for graded in rejudge(session, three)}
    expected = "No evidence at" if content is None else "is damaged"
    assert expected in results["bob"].failure
    assert "Run: autograder grade" in results["bob"].failure
    assert {s: results[s].points for s in ("ada", "cyd")} == {"ada": 2.0, "cyd": 0.0}
    assert recorded(session) == TRUE


def test_what_cannot_be_read_gets_zero_and_words_and_no_run(session, three, ran, submit):
    submit(session.class_folder, "dan", b"%PDF")
    session.class_folder.submitted("01_tiny", "eve").mkdir(parents=True)
    results = run(session, [*three, "dan", "eve"])
    assert len(ran) == 3
    assert points(results) == recorded(session) == TRUE | {"dan": 0.0, "eve": 0.0}
    assert results["dan"].failure is None
    assert results["dan"].verdicts[0].says == "There was no notebook to grade."
    assert "expected JSON, which it is not" in results["dan"].remarks[0]
    assert "found an empty folder" in results["eve"].remarks[0]
    page = session.class_folder.feedback_path("01_tiny", "dan", "tiny").read_text()
    assert "expected JSON, which it is not" in page


def test_a_machine_that_fails_at_one_says_so_and_grades_the_others(session, three, hand_in, ran):
    hand_in("dan", "raise MemoryError('the machine')")
    results = run(session, ["dan", *three])
    assert results["dan"].failure == "It could not be run: MemoryError: the machine"
    assert points(results) == TRUE | {"dan": 0.0}
    assert recorded(session) == TRUE, "nothing is recorded for what could not be run"


@pytest.mark.parametrize("failures", [1, dispatch.TRIES - 1])
def test_a_sandbox_that_fails_is_replaced_and_the_submission_run_again(
    session, three, ran, monkeypatch, failures
):
    sound, tried = dispatch.execute, []

    def failing(*args):
        tried.append(1)
        if len(tried) <= failures:
            raise SandboxLost("the warm process ended")
        return sound(*args)

    monkeypatch.setattr(dispatch, "execute", failing)
    assert points(run(session, three)) == TRUE
    assert len(tried) == 3 + failures


def test_who_always_loses_the_sandbox_is_not_graded_and_stops_nobody_else(
    session, three, hand_in, ran, monkeypatch
):
    hand_in("dan", "raise SystemExit")
    sound = dispatch.execute

    def losing(staged, *args):
        if any(cell.source == "raise SystemExit" for cell in staged.cells):
            raise SandboxLost("the warm process ended")
        return sound(staged, *args)

    monkeypatch.setattr(dispatch, "execute", losing)
    results = run(session, ["ada", "dan", "bob", "cyd"])
    assert results["dan"].failure == "It could not be run: SandboxLost: the warm process ended"
    assert points(results) == TRUE | {"dan": 0.0}
    assert recorded(session) == TRUE


def test_a_machine_whose_sandboxes_all_fail_ends_the_run_in_words(session, three, ran, monkeypatch):
    def failing(*args):
        raise WarmProcessFailed("the warm process ended")

    monkeypatch.setattr(dispatch, "execute", failing)
    with pytest.raises(WarmProcessFailed, match="the warm process ended"):
        run(session, three)


def test_a_fault_while_staging_or_recording_costs_only_one(session, three, ran, monkeypatch):
    def faulty(function, student):
        def call(*args, **kwargs):
            if student in args:
                raise ZeroDivisionError("a fault")
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(grading, "prepare", faulty(grading.prepare, "ada"))
    monkeypatch.setattr(grading, "write_feedback", faulty(grading.write_feedback, "bob"))
    results = run(session, three)
    assert results["ada"].failure == "It could not be staged: ZeroDivisionError: a fault"
    assert results["bob"].failure == "It could not be recorded: ZeroDivisionError: a fault"
    assert results["cyd"].failure is None
    assert recorded(session)["cyd"] == 0.0


def test_a_gradebook_that_fails_stops_the_run_in_words(session, three, ran):
    session.class_folder.gradebook_path.write_bytes(b"random bytes" * 99)
    with pytest.raises(UnusableGradebook, match="file is not a database"):
        run(session, three)
    with pytest.raises(UnusableGradebook, match="file is not a database"):
        list(rejudge(session, three))


def test_a_gradebook_that_fails_on_the_way_stops_the_run_in_words(session, three, ran):
    class ReadOnly(ClassFolder):
        @property
        def gradebook_url(self):
            return f"sqlite:///file:{self.gradebook_path}?mode=ro&uri=true"

    folder = ReadOnly(session.class_folder.path)
    with pytest.raises(UnusableGradebook, match="attempt to write a readonly database"):
        run(dataclasses.replace(session, class_folder=folder), three)
    assert points(run(session, three)) == TRUE
    assert len(ran) == 3, "the one whose evidence was kept was not run again"


@pytest.mark.parametrize(
    "source",
    [
        "def double(x): return '\\ud800'",
        "def double(x): raise ValueError('\\udcff <script>')",
        "def double(x): raise type('\\ud800', (Exception,), {})",
        "def double(x): return x if x > 0 else '\\x00\\x1b[31m'",
    ],
)
def test_odd_characters_in_answers_are_graded_and_shown(session, three, hand_in, ran, source):
    hand_in("dan", source)
    results = run(session, ["dan", *three])
    assert points(results) == TRUE | {"dan": 0.0}
    assert results["dan"].failure is None
    page = session.class_folder.feedback_path("01_tiny", "dan", "tiny").read_text()
    assert "Not right yet" in page
    assert "<script>" not in page


def test_a_timestamp_is_recorded_and_one_that_is_none_is_told(session, three, ran):
    for student, words in (("ada", "2026-10-05 14:00:00 UTC"), ("bob", "yesterday-ish")):
        session.class_folder.submitted("01_tiny", student).joinpath("timestamp.txt").write_text(
            words
        )
    results = run(session, three)
    assert points(results) == TRUE
    assert results["ada"].remarks == ()
    (remark,) = results["bob"].remarks
    assert "expected a time such as 2026-10-05 14:00:00 UTC" in remark
    assert "found 'yesterday-ish'" in remark
    with books.open_gradebook(session.class_folder) as gradebook:
        times = {
            student: str(gradebook.find_submission("01_tiny", student).timestamp)
            for student in three
        }
    assert times == {"ada": "2026-10-05 14:00:00", "bob": "None", "cyd": "None"}


@pytest.mark.parametrize("name", ["[bold]x[/bold]", "<script>alert(1)<", "=HYPERLINK(1)", "Zoë 李"])
def test_names_with_markup_are_graded_like_others(session, hand_in, ran, name):
    hand_in(name, HALF)
    assert points(run(session, [name])) == recorded(session) == {name: 1.0}


def test_a_new_session_knows_its_secret_and_its_gradebook(session, tiny_exam):
    again = Session.of(session.material, session.class_folder)
    assert again.exam.inputs == tiny_exam.inputs
    assert recorded(again) == {}


def test_scores_shown_hide_the_hidden_line(tiny):
    verdict = Verdict("double", 1.5, 2.0, "Not right yet.", hint="Look <here>.")
    shown = with_scores(tiny.derived.master, (verdict,), tiny)
    cell = next(cell for cell in shown.cells if grade_id_of(cell) == "double-graded")
    assert cell.source == "# 2 points, graded when you submit."
    assert cell.outputs[0].text == "Not right yet.\nLook <here>.\n"
    assert cell.outputs[1].data == {"text/plain": "1.5"}
    assert "collect(" not in json.dumps(shown)
    assert "collect(" in json.dumps(tiny.derived.master), "the master is not changed"
    assert with_scores(new_notebook(), (verdict,), tiny).cells == []
