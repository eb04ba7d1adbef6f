"""What known answers came to is kept, and is never used where it could be out of date."""

import dataclasses
import json
import threading

import pytest

from autograder.classroom import program
from autograder.classroom.program import kept_answers
from autograder.files import InTheWay, NoRoom
from autograder.judging import all_cores
from autograder.judging import exam as exams
from autograder.judging.all_cores import on_all_cores
from autograder.judging.exam import CannotExamine, draw_exam
from autograder.judging.kept_answers import KeptAnswers


@pytest.fixture
def kept(tmp_path):
    return KeptAnswers(tmp_path / "answers", "this program")


@pytest.fixture
def calls(monkeypatch):
    """How often a known answer was called."""
    made = []
    real = exams.run_here

    def counted(function, *args):
        made.append(function)
        return real(function, *args)

    monkeypatch.setattr(exams, "run_here", counted)
    return made


@pytest.fixture
def apart(monkeypatch):
    """What calls known answers in two processes, whatever threads the tests have."""
    monkeypatch.setattr(all_cores, "_has_one_thread", lambda: True)
    return lambda material, secret="tests": on_all_cores(material, secret, 2)


def same(one, other):
    (one,), (other,) = one.questions, other.questions
    return (one.cases, one.expected, one.wrong, one.inputs) == (
        other.cases,
        other.expected,
        other.wrong,
        other.inputs,
    )


def file_of(kept):
    (path,) = kept.folder.iterdir()
    return path


def test_a_second_exam_is_the_first_and_calls_nobody(toy_material, kept, calls):
    first = draw_exam(toy_material(), "tests", kept)
    assert len(calls) == 3
    assert same(first, draw_exam(toy_material(), "tests", kept))
    assert len(calls) == 3
    assert same(first, draw_exam(toy_material(), "tests"))


def test_the_draw_that_was_found_good_is_found_again(toy_material, kept, calls, monkeypatch):
    monkeypatch.setattr(
        exams, "_problem", lambda exam: "" if len(calls) > 6 else "drawn at the first two attempts"
    )
    third = draw_exam(toy_material(), "tests", kept)
    monkeypatch.undo()
    assert not same(third, draw_exam(toy_material(), "tests"))
    assert same(third, draw_exam(toy_material(), "tests", kept))


def test_another_secret_or_program_is_another_exam(toy_material, kept, calls):
    draw_exam(toy_material(), "tests", kept)
    draw_exam(toy_material(), "another", kept)
    draw_exam(toy_material(), "tests", dataclasses.replace(kept, program="another"))
    assert len(calls) == 9
    draw_exam(toy_material(), "tests", kept)  # whose file the other program has taken
    assert len(calls) == 12


def test_other_cases_or_other_mistakes_are_asked_anew(toy_material, kept, calls):
    material = toy_material()
    draw_exam(material, "tests", kept)
    (question,) = material.checked
    shorter = dataclasses.replace(question, misconceptions=question.misconceptions[:1])
    draw_exam(dataclasses.replace(material, checked=(shorter,)), "tests", kept)
    assert len(calls) == 5
    longer = dataclasses.replace(question.check, seconds_per_case=0.06)
    draw_exam(toy_material(check=longer), "tests", kept)
    assert len(calls) == 8


def test_answers_that_are_called_in_two_processes_are_the_same(toy_material, kept, calls, apart):
    material = toy_material()
    first = draw_exam(material, "tests", kept, apart(material))
    assert calls == []
    assert same(first, draw_exam(material, "tests"))
    assert len(calls) == 3
    assert same(first, draw_exam(material, "tests", kept, apart(material)))
    assert len(calls) == 3


def test_a_process_with_threads_is_not_forked(toy_material, calls):
    material = toy_material()
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        draw_exam(material, "tests", None, on_all_cores(material, "tests", 2))
    finally:
        ends.set()
        thread.join()
    assert len(calls) == 3


def test_what_is_drawn_again_is_called_here(toy_material, calls, apart, monkeypatch):
    monkeypatch.setattr(exams, "_problem", lambda exam: "" if calls else "drawn at first")
    material = toy_material()
    second = draw_exam(material, "tests", None, apart(material))
    assert len(calls) == 3
    monkeypatch.undo()
    assert not same(second, draw_exam(material, "tests"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("0", "1"),
        lambda text: "[" + text + "]",
        lambda text: "[" * 100_000,
        lambda text: json.dumps(json.loads(text) | {"drawn": 1}),
    ],
)
def test_what_is_damaged_is_made_anew(toy_material, kept, calls, damage):
    first = draw_exam(toy_material(), "tests", kept)
    whole = file_of(kept).read_text()
    file_of(kept).write_text(damage(whole))
    assert same(first, draw_exam(toy_material(), "tests", kept))
    assert len(calls) == 6
    assert file_of(kept).read_text() == whole


@pytest.mark.parametrize("kind", [NoRoom, InTheWay])
def test_what_cannot_be_read_or_written_costs_time_only(toy_material, kept, monkeypatch, kind):
    def full(*args, **kwargs):
        raise kind("full")

    first = draw_exam(toy_material(), "tests", kept)
    path = file_of(kept)
    path.write_bytes(b"\xff\xfe")
    monkeypatch.setattr("autograder.judging.kept_answers.write_atomically", full)
    assert same(first, draw_exam(toy_material(), "tests", kept))
    path.unlink()
    path.mkdir()
    assert same(first, draw_exam(toy_material(), "tests", kept))


def test_an_exam_that_is_refused_keeps_nothing(toy_material, kept):
    with pytest.raises(CannotExamine):
        draw_exam(toy_material(reference=lambda values, sign=1: 0.0), "tests", kept)
    assert not kept.folder.exists()


def test_a_program_that_changed_while_this_process_ran_keeps_nothing(tiny, tmp_path, monkeypatch):
    assert kept_answers(tiny, tmp_path) is not None
    module = tmp_path / "module.py"
    module.write_text("")  # now, and so after this process began
    monkeypatch.setattr(program, "program_folders", lambda course: (tmp_path,))
    assert kept_answers(tiny, tmp_path) is None


def test_the_program_is_told_by_its_notebook_its_code_and_its_versions(tiny, tmp_path, monkeypatch):
    def digest(material=tiny):
        return kept_answers(material, tmp_path).program

    first = digest()
    assert digest() == first
    other = dataclasses.replace(tiny, notebook=tiny.notebook.copy())
    other.notebook.cells = tiny.notebook.cells[:-1]
    assert digest(other) != first
    monkeypatch.setattr(program, "code_digest", lambda folders: "other code")
    code = digest()
    assert code != first
    monkeypatch.setattr(program, "_machine", lambda: "numpy 9.9")
    assert digest() not in (first, code)
