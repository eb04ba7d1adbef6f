"""What each command does, in a few lines: the work is done elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from autograder.authoring import pairs
from autograder.authoring.course import Assignment, Course
from autograder.authoring.coursework import INSIDE, Asked, load_coursework
from autograder.authoring.new_course import new_course
from autograder.authoring.new_question import new_question
from autograder.authoring.release import check_release, write_release
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_reports import write_reports
from autograder.classroom.differences import Given, answered, difference, given
from autograder.classroom.gathering import RunOptions
from autograder.classroom.grading import grade, rejudge
from autograder.classroom.recording import Graded
from autograder.classroom.roster import enrol, names_on
from autograder.classroom.session import Session, Sitting, sitting
from autograder.classroom.set_elsewhere import begin_run
from autograder.classroom.terms import Terms
from autograder.cli import report
from autograder.cli.demo import run_demo
from autograder.cli.doctor import examine
from autograder.cli.terminal import (
    as_text,
    closing_table,
    counted,
    in_words,
    mutant_table,
    proof_table,
    rule_table,
    symptom_table,
    with_progress,
)
from autograder.proving.mutant_gate import gates_of
from autograder.proving.simulate import simulate, write_class
from autograder.proving.verify import verify

console = Console()
complaints = Console(stderr=True)

_SIDES = {
    "newer": None,
    "text": pairs.Step.FROM_TEXT,
    "notebook": pairs.Step.FROM_NOTEBOOK,
}


def sync(course: Path, path: Path | None, side: str, as_json: bool = False) -> None:
    """Bring one pair into step, or all."""
    found = [path.with_suffix(".py")] if path else list(pairs.pairs(Course.at(course)))
    done = {}
    for text_path in found:
        if not text_path.exists() and not text_path.with_suffix(".ipynb").exists():
            raise pairs.PairOutOfStep(f"{text_path}: neither the text nor the notebook exists")
        done[str(text_path)] = pairs.sync(text_path, _SIDES[side]).value
        if not as_json:
            _say(f"{text_path}: {done[str(text_path)]}")
    if as_json:
        print(json.dumps(done, indent=1))


def write_course(folder: Path) -> None:
    """Write a small course, and say what to do with it."""
    course = new_course(folder)
    name = course.assignment_names()[0]
    _say(
        f"{course.root} is a course, with a lecture and an assignment of two questions. Go there, "
        f"then: autograder release, autograder verify {name}, autograder simulate {name}, "
        f"autograder grade {name}"
    )


def add_question(course: Path, assignment: str | None, name: str, points: float) -> None:
    """Write a new question's files, and say where they are."""
    candidates = _assignments(course, assignment)
    if len(candidates) != 1:
        raise typer.BadParameter("name the assignment: --assignment 01_counting")
    if candidates[0].course.is_nbgraders:
        raise typer.BadParameter(
            "it writes into the text of a notebook, which notebooks of a course of nbgrader's lack"
        )
    text_path, check_path = new_question(candidates[0], name, points)
    _say(
        f"Now edit:\n  {text_path}\n  {check_path}\nthen: autograder sync, "
        f"autograder release {candidates[0].name}, autograder verify {candidates[0].name}"
    )


def release(course: Path, name: str | None, check: bool, as_json: bool = False) -> None:
    """Write the student version of one assignment or of all, or see that it is current."""
    done = {}
    for assignment in _assignments(course, name):
        work = load_coursework(assignment)
        if check:
            check_release(work)
            one = len(work.sheets) == 1
            released = work.sheets[0].assignment.release_path if one else assignment.release_folder
            path, what = released, "current"
        else:
            path, what = write_release(work), "written"
        done[str(path)] = what
        if not as_json:
            _say(f"{path}: {what}")
    if as_json:
        print(json.dumps(done, indent=1))


def prove(
    course: Path, name: str, seeds: int, as_json: bool, workers: int, cache: bool, rules: bool
) -> bool:
    """Print the proof that an assignment is graded fairly; return whether it is."""
    work = load_coursework(Course.at(course).assignment(name))
    proof = verify(work, seeds, workers, _answers_kept(cache))
    if as_json:
        print(json.dumps(proof.as_data(), indent=1))
        return proof.fair
    console.print(proof_table(proof))
    if rules and proof.rules:
        console.print(rule_table(proof))
    for words in proof.unstable:
        console.print(f"[red]differs between seeds:[/] {escape(words)}")
    for words in proof.uncovered:
        console.print(f"[red]not covered:[/] {escape(words)}")
    for guess in proof.guesses:
        if not guess.nothing:
            console.print(escape(guess.warning), style="yellow")
    if proof.inside:
        console.print(f"{escape(', '.join(proof.inside))}: {INSIDE}", style="dim")
    console.print("fair" if proof.fair else "[bold red]NOT FAIR[/]")
    return proof.fair


@dataclass(frozen=True)
class MutantOptions:
    """How right answers are changed and judged (see `autograder.proving.mutant_gate.gates_of`)."""

    seeds: int
    workers: int
    sample: int | None
    seed: int
    cache: bool
    question: str | None = None


def prove_by_mutants(course: Path, name: str, options: MutantOptions, as_json: bool) -> bool:
    """Print which changes of right answers keep their points; return whether none does."""
    work = load_coursework(Course.at(course).assignment(name))
    kept = _answers_kept(options.cache)
    gates = gates_of(
        work, options.seeds, options.workers, options.sample, options.seed, kept, options.question
    )
    found = gates.tried(options.workers)
    tried = with_progress(found, len(gates.trials), complaints, "judging mutants")
    proof = gates.proof(tried, options.workers)
    if as_json:
        print(json.dumps(proof.as_data(), indent=1))
        return proof.closed
    console.print(mutant_table(proof))
    for words in (*map(in_words, proof.survivors), *proof.problems):
        _say(words)
    console.print("closed" if proof.closed else "[bold red]NOT CLOSED[/]")
    return proof.closed


def _answers_kept(cache: bool) -> Path | None:
    """Return where a user keeps what known answers came to, None where that is not wanted."""
    return platformdirs.user_cache_path("autograder") / "answers" if cache else None


def simulate_class(
    course: Path, class_path: Path, name: str, students: int, seed: int, as_json: bool = False
) -> None:
    """Write a simulated class, and say what each student's true score is."""
    work = load_coursework(Course.at(course).assignment(name))
    material = work.sheets[0]
    if len(work.sheets) > 1 or material.asserted:
        raise typer.BadParameter(
            f"{name} has several notebooks, or questions without a check: nobody knows what wrong "
            "answers to these earn"
        )
    simulated = simulate(material, students, seed)
    write_class(ClassFolder(class_path.resolve()), material, simulated)
    if as_json:
        print(json.dumps({student.name: dict(student.points) for student in simulated}, indent=1))
        return
    for student in simulated:
        _say(f"{student.total:4g}  {student.name}")
    count = counted(len(simulated), "submission")
    _say(f"{count} in {class_path}/submitted, true scores above")


@dataclass(frozen=True)
class Selection:
    """The submissions that a command is about.

    Parameters
    ----------
    assignment, class_folder
        What was submitted, and where.
    students
        Whose.
    by_name
        Whether they were named, one by one.
    as_json
        Whether a program reads what is printed.
    """

    assignment: Assignment
    class_folder: ClassFolder
    students: Sequence[str]
    by_name: bool = False
    as_json: bool = False

    def session(
        self, question: str | None = None, cache: bool = True, workers: int = 1
    ) -> Session | Sitting:
        """Return the session that grades them, having kept a copy of the gradebook.

        As many processes draw an exam as there are workers.
        """
        work = load_coursework(self.assignment)
        _known_question(work, question)
        begin_run(self.class_folder)
        enrol(self.class_folder)
        Terms.of(self.class_folder, work, names_on(self.class_folder))  # before anything is run
        return sitting(work, self.class_folder, cache, workers)


def grade_selected(
    selection: Selection,
    executor: Executor,
    at_once: int,
    options: RunOptions,
    drawn: Callable[[], None] = lambda: None,
) -> bool:
    """Run, judge and record submissions; return whether everybody could be graded.

    Parameters
    ----------
    selection
        Which.
    executor, at_once, options
        See `autograder.classroom.grading.grade`.
    drawn
        Called when the exam has been drawn.
    """
    cores = os.cpu_count() or 1
    session = selection.session(options.question, options.cache, min(at_once, cores))
    drawn()
    before = given(session, selection.students) if selection.by_name else {}
    graded = grade(session, selection.students, executor, at_once, options)
    results = with_progress(graded, len(selection.students), complaints)
    return _close(selection, session, results, before)


def rejudge_selected(selection: Selection) -> bool:
    """Judge and record submissions from their evidence; return whether everybody could be."""
    session = selection.session()
    before = given(session, selection.students)
    results = with_progress(
        rejudge(session, selection.students), len(selection.students), complaints
    )
    return _close(selection, session, results, before)


def _close(
    selection: Selection,
    session: Session | Sitting,
    results: list[Graded],
    before: Mapping[str, Given],
) -> bool:
    """Write the reports, answer requests, and say what came of it; return whether all is well."""
    folder = session.class_folder
    lost = [Graded(name, failure=why) for name, why in folder.misplaced(session.name)]
    rows = write_reports(session, [*results, *lost])
    if len(results) == len(folder.students(session.name)):
        results = [*results, *lost]
    changed = {
        graded.student: difference(before.get(graded.student, Given()), graded)
        for graded in results
    }
    requests = [
        path
        for graded in (results if selection.by_name else ())
        if (path := answered(session, graded, changed[graded.student])) is not None
    ]
    if selection.as_json:
        looked_at = {graded.student for graded in results}
        content = report.as_data([row for row in rows if row.student in looked_at])
        content |= {
            "changed": {student: words for student, words in changed.items() if words},
            "not_graded": {each.student: each.failure for each in results if each.failure},
            "requests": [str(path) for path in requests],
            "files": report.files(session),
        }
        print(json.dumps(content, indent=1))
        return not content["not_graded"]
    well = _closed(session, results)
    _say_changes(changed, compared=bool(before))
    for path in requests:
        _say(f"answered  {path}")
    return well


def _say_changes(changed: Mapping[str, str], compared: bool) -> None:
    """Say whose mark is another one now."""
    for student, words in sorted(changed.items()):
        if words:
            _say(f"changed   {as_text(student)}: {words}")
    if compared and not any(changed.values()):
        _say("changed   no mark")


def diagnose(class_path: Path, workers: int, as_json: bool = False) -> bool:
    """Print what this machine offers; return whether nothing serious is missing."""
    symptoms = list(examine(ClassFolder(class_path.resolve()), workers))
    if as_json:
        print(json.dumps([vars(symptom) for symptom in symptoms], indent=1))
        return not any(symptom.serious for symptom in symptoms)
    console.print(symptom_table(symptoms))
    for command in (command for symptom in symptoms for command in symptom.commands):
        # To be copied as it stands: neither wrapped nor coloured.
        console.print(f"To type: {command}", soft_wrap=True, highlight=False, markup=False)
    return not any(symptom.serious for symptom in symptoms)


def demonstrate(
    course: Path, name: str | None, folder: Path, students: int, seed: int, workers: int
) -> bool:
    """Run the demonstration; return whether all scores are the true ones."""
    names = [each.name for each in _assignments(course, name)]
    folder = folder.resolve()
    return run_demo(Course.at(course), folder, students, seed, workers, console, names=names)


def _assignments(course: Path, name: str | None) -> list[Assignment]:
    found = Course.at(course)
    return [found.assignment(each) for each in ([name] if name else found.assignment_names())]


def _say(words: str) -> None:
    """Print words as they are: a path may hold brackets, and is copied from one line."""
    console.print(words, markup=False, highlight=False, soft_wrap=True)


def _known_question(work: Asked, question: str | None) -> None:
    names = [each.name for each in work.questions if not each.inside]
    if question is not None and question not in names:
        there = f"there are {', '.join(names)}" if names else "none here has a check"
        raise typer.BadParameter(f"no question {question!r} with a check; {there}")


def _closed(session: Session | Sitting, results: list[Graded]) -> bool:
    """Print the closing table; return whether everybody could be graded."""
    folder = session.class_folder
    console.print(closing_table(session.material, results))
    _say(f"reports   {folder.report_path(session.name, '.html')} and .csv, of the whole class")
    _say(f"feedback  {folder.feedback}/<student>/{session.name}/")
    standings = [graded.standing for graded in results if graded.standing]
    waiting = sum(mark.points is None for each in standings for mark in each.written)
    if waiting:
        words = f"{counted(waiting, 'written answer')} without a mark"
        _say(f"next      autograder mark {session.name}: {words}")
    absent = sorted(set(gradebook.registered(folder)) - {graded.student for graded in results})
    absent = [name for name in absent if name not in folder.students(session.name)]
    if absent:
        console.print(as_text(f"not submitted ({len(absent)}): {', '.join(absent)}"))
    reused = sum(graded.reused for graded in results)
    if reused:
        console.print(f"{reused} of {len(results)} had not changed and were judged from evidence")
    failed = [graded.student for graded in results if graded.failure]
    if failed:
        who = as_text(", ".join(sorted(failed)))
        complaints.print(Text.assemble(("not graded:", "bold red"), " ", who))
    return not failed
