"""What staff see in a terminal: progress and tables.

Names and remarks of students are text there, never markup.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console, ConsoleOptions, Group
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.authoring.coursework import INSIDE, Asked
from autograder.authoring.plain import plain_text
from autograder.classroom.gathering import WITHOUT_SANDBOX
from autograder.classroom.recording import Graded
from autograder.classroom.report import notes
from autograder.cli.doctor import Symptom
from autograder.proving.mutant_gate import MutantProof, Survivor
from autograder.proving.verify import Proof

_Result = TypeVar("_Result")
_MADE_OF = (
    "automatic: all questions but written ones, stretch questions included; gradebook: with "
    "written answers as far as they are marked, and a late penalty taken off. The report says it "
    "for each student."
)
_FINAL = (
    "mark: core, stretch and written answers as class.toml counts them, what coming late costs "
    "taken off. The report says it for each student."
)
_NARROW = (
    "The points of each question stand in the .csv report; a wider terminal shows them here "
    "as well."
)
_NAME = 24
"""Characters of a name that stand on one line."""
_WIDEST = 1_000


def with_progress(
    results: Iterable[_Result], total: int | None, console: Console, doing: str = "grading"
) -> list[_Result]:
    """Return all results, showing a progress bar until the last is there.

    Where that never comes, as something cannot be done, no bar stands above the words that say so.
    Where nobody watches, as in a log, one line says how many there were.
    """
    if not console.is_interactive:
        done = list(results)
        console.print(f"{doing} {len(done)}/{len(done) if total is None else total}")
        return done
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done = []
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(doing, total=total)
        try:
            for result in results:
                done.append(result)
                progress.advance(task)
        except BaseException:
            progress.live.transient = True
            raise
    return done


def closing_table(work: Asked, results: Sequence[Graded], said: Collection[str] = ()) -> Group:
    """Return the table that closes a grading run, with the questions' names and notes below.

    Parameters
    ----------
    work
        The assignment.
    results
        What grading came to. Who was run without a sandbox is counted in one line.
    said
        Notes that whoever reads this has read already.
    """
    full, short = (_scores(work, results, said, each) for each in (True, False))
    remarks, without_sandbox = [], 0
    for graded in sorted(results, key=lambda graded: graded.student):
        found = _untold(graded, said)
        told = (note for note in found if note != WITHOUT_SANDBOX)
        remarks += [as_text(f"{graded.student}: {note}", "dim") for note in told]
        without_sandbox += WITHOUT_SANDBOX in found
    if without_sandbox:
        remarks.append(as_text(f"{without_sandbox} of {len(results)}: {WITHOUT_SANDBOX}", "dim"))
    asked = list(enumerate(work.questions, start=1))
    names = ", ".join(f"Q{n} {question.name}" for n, question in asked)
    inside = [f"Q{n}" for n, question in asked if question.inside]
    where = [Text(f"{', '.join(inside)}: {INSIDE}", "dim")] if inside else []
    made = [Text(_MADE_OF, "dim")] if any(graded.standing for graded in results) else []
    if any(graded.standing and graded.standing.final for graded in results):
        made = [Text(_FINAL, "dim")]
    return Group(_Fitting(full, Text(names), short), *where, *made, *remarks)


@dataclass(frozen=True)
class _Fitting:
    """A table and its legend where there is room for the table, else a narrower one."""

    full: Table
    legend: Text
    short: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        wanted = Measurement.get(console, options.update_width(_WIDEST), self.full)
        if wanted.minimum <= options.max_width:
            yield from (self.full, self.legend)
        else:
            yield from (self.short, Text(_NARROW, "dim"))


def _scores(work: Asked, results: Sequence[Graded], said: Collection[str], each: bool) -> Table:
    """Return a row a student: the points of each question if wanted, sums, and how many notes."""
    questions = work.questions if each else ()
    table = Table(title=f"{work.assignment.name}: {counted(len(results), 'submission')}")
    table.add_column("student", overflow="fold", max_width=_NAME)
    for number, question in enumerate(questions, start=1):
        table.add_column(f"Q{number}\n/{question.points:g}", justify="right", no_wrap=True)
    table.add_column(f"automatic\n/{work.points:g}", justify="right", no_wrap=True)
    maximum = max((g.standing.max_total for g in results if g.standing), default=None)
    marks = [g.standing.final for g in results if g.standing and g.standing.final]
    parts = marks[0].parts if marks else ()
    for part in parts:
        table.add_column(f"{part.name}\n/{part.max_points:g}", justify="right", no_wrap=True)
    if maximum is not None:
        name = "mark" if marks else "gradebook"
        table.add_column(f"{name}\n/{maximum:g}", justify="right", style="bold", no_wrap=True)
    table.add_column("notes", justify="right", no_wrap=True)
    for graded in sorted(results, key=lambda graded: graded.student):
        points = {verdict.question: f"{verdict.points:g}" for verdict in graded.verdicts}
        cells = [points.get(question.name, "-") for question in questions]
        cells.append("-" if graded.failure else f"{graded.points:g}")
        mark = graded.standing.final if graded.standing else None
        cells += [f"{part.points:g}" for part in mark.parts] if mark else ["-"] * len(parts)
        if maximum is not None:
            cells.append(f"{graded.standing.total:g}" if graded.standing else "-")
        found = len(_untold(graded, said))
        table.add_row(as_text(graded.student), *cells, f"{found}" if found else "")
    return table


def _untold(graded: Graded, said: Collection[str]) -> list[str]:
    return [note for note in notes(graded) if note not in said]


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural but for one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_text(words: str, style: str = "") -> Text:
    """Return words as text; what would steer a terminal shows as a replacement character."""
    return Text(plain_text(words, kept="\n"), style)


def proof_table(proof: Proof) -> Table:
    """Return what `verify` found in the first exam, and where any exam was unfair."""
    exams = counted(proof.seeds, "exam")
    table = Table(title=f"{proof.assignment}, {exams}; points are those of the first")
    for heading in ("question", "way", "", "points", "hint", ""):
        table.add_column(heading, no_wrap=True)
    unfair = {(f.question, f.kind, f.way) for f in proof.findings if not f.fair}
    for finding in proof.findings:
        if finding.seed == 0:
            broken = (finding.question, finding.kind, finding.way) in unfair
            told_apart = finding.recognised == finding.way
            table.add_row(
                finding.question,
                finding.way,
                _KINDS[finding.kind],
                f"{finding.points:g}",
                "given" if told_apart else finding.recognised or "",
                f"[bold red]unfair, expected {finding.expected:g}[/]" if broken else "ok",
            )
    return table


def rule_table(proof: Proof) -> Table:
    """Return what statements settle, and in which groups how many cases of every exam show it."""
    table = Table(title=f"{proof.assignment}, what statements settle; cases in every exam")
    table.add_column("question", no_wrap=True)
    table.add_column("the statement says")
    table.add_column("cases", no_wrap=True, justify="right")
    table.add_column("groups")
    for row in proof.rules:
        told = row.cases is None
        cases = "told" if told else str(row.cases) if row.cases else "[bold red]0[/]"
        words = " … ".join(row.words)
        table.add_row(row.question, as_text(words), cases, as_text(", ".join(row.groups)))
    return table


def mutant_table(proof: MutantProof) -> Table:
    """Return what became of the mutants of each question, and of all."""
    exams = counted(proof.seeds, "exam")
    table = Table(title=f"{proof.assignment}, mutants of right answers, {exams}")
    kinds = ("answers", "mutants", "caught", "equal", "settled", "survivors")
    table.add_column("question", no_wrap=True)
    for kind in kinds:
        table.add_column(kind, justify="right")
    for tally in proof.tallies:
        table.add_row(as_text(tally.question), *(f"{getattr(tally, kind)}" for kind in kinds))
    sums = (sum(getattr(tally, kind) for tally in proof.tallies) for kind in kinds)
    table.add_row("all", *map(str, sums), style="bold")
    return table


def in_words(survivor: Survivor) -> str:
    """Return a mutant that kept its points: where, and the line before and after."""
    exams = ", ".join(map(str, survivor.exams))
    return (
        f"{survivor.question}, {survivor.answer}: full marks in exams {exams}\n"
        f"{textwrap.indent(survivor.before, '  - ')}\n{textwrap.indent(survivor.after, '  + ')}"
    )


def symptom_table(symptoms: Sequence[Symptom]) -> Table:
    """Return what `doctor` found, the serious in red."""
    table = Table(title="this machine")
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for symptom in symptoms:
        style = "bold red" if symptom.serious else "yellow" if symptom.advice else "green"
        mark = Text(symptom.what, style=style)
        table.add_row(mark, Text(symptom.found), Text(symptom.advice))
    return table


_KINDS = {"misconception": "wrong", "correct way": "right", "reference": "", "release": ""}
