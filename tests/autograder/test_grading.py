import copy
import dataclasses
import json
import weakref

import nbformat
import pytest
from nbformat.v4 import new_notebook

from autograder.authoring import earlier
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.pairs import read_notebook
from autograder.classroom import gathering, gradebook, recording
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gathering import WITHOUT_SANDBOX
from autograder.classroom.gradebook import UnusableGradebook
from autograder.classroom.grading import rejudge
from autograder.classroom.recording import Graded, kept_results, with_scores
from autograder.classroom.results import Evidence, read_evidence, read_result, write_evidence
from autograder.classroom.session import Session
from autograder.errors import CourseError
from autograder.judging.exam import draw_exam
from autograder.judging.judge import Verdict
from autograder.sandbox import dispatch
from autograder.sandbox.run import Execution, Mode
from autograder.sandbox.warm import SandboxLost, WarmProcessFailed
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
    return gradebook.scores(session.class_folder, session.name)


TRUE = {"ada": 2.0, "bob": 1.0, "cyd": 0.0}


def test_every_student_gets_what_the_answer_earns_everywhere(session, three, ran):
    results = run(session, three)
    assert points(results) == recorded(session) == TRUE
    folder = session.class_folder
    for student in three:
        verdicts = read_result(folder.verdict_path("01_tiny", student)).verdicts
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
        monkeypatch.setattr(gathering, "ENGINE", "kernel-2")
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
        assert again[student].reused


def test_rejudging_after_a_tolerance_was_changed_gives_new_scores(session, three, ran):
    run(session, three)
    (only,) = session.exam.questions
    check = only.question.check
    generous = dataclasses.replace(check, compare=type(check.compare)(rtol=100.0))
    question = dataclasses.replace(only.question, check=generous)
    questions = (dataclasses.replace(only, question=question),)
    exam = dataclasses.replace(session.exam, questions=questions)
    results = rejudge(dataclasses.replace(session, exam=exam), ["bob"])
    assert [graded.points for graded in results] == [2.0]
    assert recorded(session)["bob"] == 2.0


def test_evidence_of_another_exam_is_not_rejudged(session, three, ran):
    run(session, three)
    other = dataclasses.replace(session, exam=draw_exam(session.material, "other"))
    for graded in rejudge(other, three):
        assert graded.failure == (
            "Its evidence answers another exam: the class's secret, a check's draw or a test cell "
            "has changed since it was run. Run: autograder grade"
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
    assert "it is a PDF document" in results["dan"].remarks[0]
    assert "found an empty folder" in results["eve"].remarks[0]
    page = session.class_folder.feedback_path("01_tiny", "dan", "tiny").read_text()
    assert "it is a PDF document" in page


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

    monkeypatch.setattr(gathering, "prepare", faulty(gathering.prepare, "ada"))
    monkeypatch.setattr(recording, "write_feedback", faulty(recording.write_feedback, "bob"))
    results = run(session, three)
    assert results["ada"].failure == "It could not be staged: ZeroDivisionError: a fault"
    assert results["bob"].failure == "It could not be recorded: ZeroDivisionError: a fault"
    assert results["cyd"].failure is None
    assert recorded(session)["cyd"] == 0.0


def test_a_fault_of_the_course_stops_the_run_as_the_next_would_meet_it_too(
    session, three, ran, monkeypatch
):
    def fail(*args):
        raise CourseError("a template is missing")

    monkeypatch.setattr(recording, "write_feedback", fail)
    with pytest.raises(CourseError, match="a template is missing"):
        run(session, three)


def test_what_was_run_without_a_sandbox_says_so(session, three, ran):
    assert run(session, ["ada"], mode=Mode.OPEN)["ada"].remarks == (WITHOUT_SANDBOX,)
    assert run(session, ["bob"], mode=Mode.WARM)["bob"].remarks == ()


def test_cells_of_an_earlier_release_are_no_edits(session, submit, fill, ran, tiny_copy):
    old = copy.deepcopy(tiny_copy.derived.release)
    (test,) = [cell for cell in old.cells if grade_id_of(cell) == "double-visible"]
    test.source = "assert double(3) == 6"
    earlier.record(tiny_copy.assignment.text_path.parent, old)
    submit(session.class_folder, "ada", fill(tiny_copy, double=RIGHT, double_visible=test.source))
    session = dataclasses.replace(session, material=tiny_copy)
    (remark,) = run(session, ["ada"])["ada"].remarks
    assert "is of an earlier release" in remark


def test_the_untouched_release_is_nobodys_submission(session, submit, fill, tiny, ran):
    submit(session.class_folder, "eve", fill(tiny))
    submit(session.class_folder, "ada", fill(tiny, double=RIGHT))
    results = run(session, ["eve", "ada"])
    assert results["eve"].submitted == ""
    assert results["ada"].submitted == read_evidence(session.evidence_path("ada")).submitted != ""


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
    with gradebook.open_gradebook(session.class_folder) as gb:
        times = {
            student: str(gb.find_submission("01_tiny", student).timestamp) for student in three
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
    nbformat.validate(shown)
    assert "# collect" not in json.dumps(shown)
    assert "# collect" in json.dumps(tiny.derived.master), "the master is not changed"
    assert with_scores(new_notebook(), (verdict,), tiny).cells == []


# --- which submission evidence is of ----------------------------------------------------------

EARLY, LATE = "2026-10-05 14:00:00 UTC", "2026-10-09 09:30:00 UTC"


def time_of(session, student):
    with gradebook.open_gradebook(session.class_folder) as gb:
        return str(gb.find_submission("01_tiny", student).timestamp)


def date(session, student, words):
    session.submitted(student).joinpath("timestamp.txt").write_text(words)


def test_rejudging_after_a_resubmission_keeps_the_time_of_what_was_run_and_says_so(
    session, three, ran, hand_in
):
    date(session, "ada", EARLY)
    run(session, three)
    hand_in("ada", WRONG)
    date(session, "ada", LATE)
    results = {graded.student: graded for graded in rejudge(session, three)}
    assert results["ada"].points == 2.0
    assert "has changed since it was run" in results["ada"].remarks[0]
    assert results["ada"].reused
    assert time_of(session, "ada") == "2026-10-05 14:00:00"
    assert results["bob"].remarks == ()
    assert run(session, three)["ada"].remarks == ()
    assert time_of(session, "ada") == "2026-10-09 09:30:00"
    assert recorded(session)["ada"] == 0.0


def test_rejudging_what_was_withdrawn_keeps_its_time_and_says_so(session, three, ran):
    date(session, "bob", EARLY)
    run(session, three)
    session.submitted("bob").joinpath("tiny.ipynb").unlink()
    date(session, "bob", LATE)
    (graded,) = rejudge(session, ["bob"])
    assert "has changed since it was run" in graded.remarks[0]
    assert time_of(session, "bob") == "2026-10-05 14:00:00"


@pytest.mark.parametrize("again", [run, lambda session, students: list(rejudge(session, students))])
def test_a_time_that_was_put_right_counts_for_the_same_file(session, three, ran, again):
    date(session, "ada", EARLY)
    run(session, three)
    date(session, "ada", LATE)
    again(session, ["ada"])
    assert len(ran) == 3, "the file is the same"
    assert time_of(session, "ada") == "2026-10-09 09:30:00"
    assert str(read_evidence(session.evidence_path("ada")).time) == "2026-10-09 09:30:00"


def test_what_is_known_of_a_class_is_everybody_once_and_who_failed_just_now(session, three, ran):
    results = run(session, three)
    failed = {name: Graded(name, failure="It failed.") for name in ("ada", "elsewhere")}
    known = {graded.student: graded for graded in kept_results(session, failed)}
    assert [*known] == ["elsewhere", *three]
    assert len(list(kept_results(session, failed))) == len(known)
    assert {name: known[name] for name in failed} == failed
    for student in ("bob", "cyd"):
        assert known[student] == results[student]
    assert known["bob"].submitted


def test_evidence_of_an_earlier_version_is_not_judged_again_but_run_again(session, three, ran):
    run(session, three)
    path = session.evidence_path("ada")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 1}))
    (graded,) = rejudge(session, ["ada"])
    assert "another version of this program" in (graded.failure or "")
    assert "Run: autograder grade" in (graded.failure or "")
    again = run(session, three)
    assert (again["ada"].points, again["ada"].reused, again["bob"].reused) == (2.0, False, True)


# --- memory ------------------------------------------------------------------------------------


@pytest.fixture
def alive(monkeypatch):
    """Return a list of how many pieces of evidence were in memory whenever one was read."""
    there, counts = weakref.WeakSet(), []

    class Counted(Evidence):
        __hash__ = object.__hash__

    def counting(path):
        evidence = Counted(**vars(read_evidence(path)))
        there.add(evidence)
        counts.append(len(there))
        return evidence

    monkeypatch.setattr(gathering, "read_evidence", counting)
    return counts


@pytest.mark.parametrize("again", [grade_all, rejudge])
def test_an_unchanged_class_is_not_held_in_memory(session, hand_in, ran, alive, again):
    students = [f"s{number}" for number in range(12)]
    for student in students:
        hand_in(student, RIGHT)
    run(session, students)
    alive.clear()
    names = []
    for graded in again(session, students):
        assert graded.reused
        names.append(graded.student)
    assert names == students
    assert len(alive) == 12
    assert max(alive) <= 2


def test_what_need_not_be_run_is_yielded_before_the_next_is_looked_at(session, three, ran, hand_in):
    run(session, three)
    hand_in("bob", WRONG)
    looked, sound = [], gathering.prepare

    def prepare(session, student, limits):
        looked.append(student)
        return sound(session, student, limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "prepare", prepare)
        order = [(graded.student, len(looked)) for graded in grade_all(session, three)]
    assert order == [("ada", 1), ("bob", 2), ("cyd", 3)]


# --- one question ------------------------------------------------------------------------------


@pytest.fixture
def two_questions(session, three, ran):
    """Evidence of two questions, one of which the tiny course does not have."""
    run(session, three)
    path = session.evidence_path("ada")
    kept = read_evidence(path)
    kept = dataclasses.replace(
        kept,
        evidence={"other": "kept", **kept.evidence},
        absences={"third": "It hung."},
        remarks=("kept remark",),
    )
    write_evidence(path, kept)
    return kept


def test_one_question_is_run_alone_and_the_others_keep_evidence_and_absence(
    session, two_questions, ran
):
    asked = []

    def run_one(staged, inputs, limits, mode, beside):
        asked.append(dict(inputs))
        return Execution(staged, {"double": "new"}, {}, ("new remark",))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "execute", run_one)
        run(session, ["ada"], question="double")
    assert asked == [{"double": session.exam.inputs["double"]}]
    merged = read_evidence(session.evidence_path("ada"))
    assert merged.evidence == {"other": "kept", "double": "new"}
    assert merged.absences == {"third": "It hung."}
    assert merged.remarks == ("kept remark", "new remark")
    assert merged.submitted == two_questions.submitted != ""


def test_one_question_is_asked_alone_where_there_is_evidence_of_the_others(session, three, ran):
    (double,) = session.exam.questions
    question = dataclasses.replace(double.question, name="other")
    other = dataclasses.replace(double, question=question)
    exam = dataclasses.replace(session.exam, questions=(double, other))
    asked = []

    def run_some(staged, inputs, limits, mode, beside):
        asked.append(list(inputs))
        return Execution(staged, {}, dict.fromkeys(inputs, "It crashed."), ())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "execute", run_some)
        for _ in range(2):
            run(dataclasses.replace(session, exam=exam), ["ada"], question="double")
    assert asked == [["double", "other"], ["double"]]


def test_where_a_question_crashes_now_its_old_evidence_is_gone(session, two_questions):
    def crash(staged, inputs, limits, mode, beside):
        return Execution(staged, {}, {"double": "It crashed."}, ())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "execute", crash)
        (graded,) = run(session, ["ada"], question="double").values()
    merged = read_evidence(session.evidence_path("ada"))
    assert merged.evidence == {"other": "kept"}
    assert merged.absences == {"third": "It hung.", "double": "It crashed."}
    assert (graded.points, graded.verdicts[0].says) == (0.0, "It crashed.")


def test_where_a_question_answers_now_its_old_absence_is_gone(session, two_questions):
    path = session.evidence_path("ada")
    write_evidence(
        path, dataclasses.replace(two_questions, evidence={}, absences={"double": "It hung."})
    )
    (graded,) = run(session, ["ada"], question="double").values()
    assert read_evidence(path).absences == {}
    assert graded.points == 2.0


def test_one_question_of_a_changed_submission_runs_all_of_it(session, two_questions, hand_in):
    hand_in("ada", HALF)
    (graded,) = run(session, ["ada"], question="double").values()
    assert graded.points == 1.0
    merged = read_evidence(session.evidence_path("ada"))
    assert set(merged.evidence) == {"double"}
    assert merged.absences == {}


# --- odd things in the class folder --------------------------------------------------------------


@pytest.mark.parametrize("path", ["evidence_path", "result_path"])
def test_a_folder_in_a_results_place_costs_one_student_and_is_told_in_words(
    session, three, ran, path
):
    getattr(session, path)("bob").mkdir(parents=True)
    results = run(session, three)
    assert "cannot be written: Is a directory" in results["bob"].failure
    assert "Move away what lies there" in results["bob"].failure
    assert {s: results[s].points for s in ("ada", "cyd")} == {"ada": 2.0, "cyd": 0.0}


def test_a_file_in_place_of_the_folder_of_evidence_is_told_in_words(session, three, ran):
    (session.class_folder.path / "evidence").write_text("odd")
    results = run(session, three)
    assert all("evidence" in graded.failure for graded in results.values())
    assert all("cannot be written: " in graded.failure for graded in results.values())


def test_odd_files_among_the_results_change_nothing(session, three, ran):
    for folder in ("evidence", "verdicts", "autograded", "feedback", "reports", "backups"):
        odd = session.class_folder.path / folder / "01_tiny"
        odd.mkdir(parents=True)
        for name in (".DS_Store", "notes (old).txt", "\udcff.json"):
            (odd / name).write_bytes(b"\xff")
    assert points(run(session, three)) == TRUE
    assert points({g.student: g for g in rejudge(session, three)}) == TRUE


# --- what a person has marked --------------------------------------------------------------------


def answer(session, submit, fill, tiny, words):
    submit(session.class_folder, "ada", fill(tiny, double=RIGHT, why_written=words))


def mark(session, score, comment=None):
    """Mark the written answer as a person does in the formgrader; return whether one is asked."""
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = gb.find_grade("why-written", "tiny", "01_tiny", "ada")
        asked = grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = score, False
        gb.find_comment("why-written", "tiny", "01_tiny", "ada").manual_comment = comment
        gb.db.commit()
    return asked


def test_a_marked_answer_is_flagged_again_only_when_its_text_has_changed(
    session, ran, submit, fill, tiny
):
    answer(session, submit, fill, tiny, "Because.")
    run(session, ["ada"])
    assert mark(session, 2.0)
    for again in (run, run, lambda *args: list(rejudge(*args))):
        again(session, ["ada"])
        assert not mark(session, 2.0)
    run(session, ["ada"], force=True)
    assert not mark(session, 2.0)
    answer(session, submit, fill, tiny, "Because of something else.")
    run(session, ["ada"])
    run(session, ["ada"])
    assert mark(session, 3.0), "still, as nobody has looked"


def test_a_run_that_failed_in_between_forgets_no_answer(
    session, ran, submit, fill, tiny, monkeypatch
):
    answer(session, submit, fill, tiny, "Because.")
    run(session, ["ada"])
    mark(session, 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "execute", None)
        assert run(session, ["ada"], force=True)["ada"].failure
    run(session, ["ada"])
    assert not mark(session, 2.0)


def test_a_person_s_mark_and_comment_are_on_the_page_that_is_written_next(
    session, ran, submit, fill, tiny
):
    answer(session, submit, fill, tiny, "Because.")
    run(session, ["ada"])
    page = session.class_folder.feedback_path("01_tiny", "ada", "tiny")
    text = " ".join(page.read_text().split())
    assert "2 of 5 in the gradebook: automatic 2 of 2, written answers 0 of 3" in text
    assert "1 written answer waits" in text
    mark(session, 2.5, "Good <b>reasons</b>.")
    list(rejudge(session, ["ada"]))
    text = " ".join(page.read_text().split())
    assert "4.5 of 5 in the gradebook: automatic 2 of 2, written answers 2.5 of 3." in text
    assert "why-written</strong>: 2.5 of 3<" in text
    assert ">Good &lt;b&gt;reasons&lt;/b&gt;.<" in text


# --- what several hand in -------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_group_hands_in_is_run_once_and_is_everybodys(session, hand_in, ran, workers):
    for student in ("ada", "bob", "cyd"):
        hand_in(student, HALF)
    hand_in("dee", WRONG)
    results = run(session, ["ada", "bob", "cyd", "dee"], workers=workers, mode=Mode.OPEN)
    assert points(results) == {"ada": 1.0, "bob": 1.0, "cyd": 1.0, "dee": 0.0}
    assert sorted(ran) == sorted([HALF, WRONG])
    assert recorded(session) == points(results)
    kept = [read_evidence(session.evidence_path(student)) for student in ("ada", "bob", "cyd")]
    assert len({each.key for each in kept}) == 1
    run(session, ["ada", "bob", "cyd"], workers=workers, mode=Mode.OPEN)
    assert len(ran) == 2
    run(session, ["ada", "bob", "cyd"], workers=workers, mode=Mode.OPEN, force=True)
    assert len(ran) == 3


def test_each_keeps_the_remarks_on_the_own_file(session, hand_in, submit, fill, tiny, ran):
    hand_in("ada", HALF)
    submit(session.class_folder, "bob", fill(tiny, double=HALF), name="mine.ipynb")
    results = run(session, ["ada", "bob"], mode=Mode.OPEN)
    assert not [words for words in results["ada"].remarks if "mine.ipynb" in words]
    assert [words for words in results["bob"].remarks if "mine.ipynb" in words]


@pytest.mark.parametrize("workers", [1, 2])
def test_where_the_run_of_a_group_fails_nobody_of_it_is_graded(session, hand_in, ran, workers):
    for student in ("ada", "bob"):
        hand_in(student, "raise MemoryError('the machine')")
    results = run(session, ["ada", "bob"], workers=workers, mode=Mode.OPEN)
    assert all("MemoryError" in graded.failure for graded in results.values())
