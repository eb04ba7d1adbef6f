"""Grades an attack as any submission is graded, and looks at what came of it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import shutil
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from rich.console import Console

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.material import Material
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_page import write_summary
from autograder.classroom.recording import Graded
from autograder.classroom.report import notes, row_of, write_csv
from autograder.classroom.results import Evidence, read_evidence
from autograder.classroom.session import Session
from autograder.cli.terminal import closing_table
from autograder.guest.codec import MAX_BYTES
from autograder.judging.exam import Exam
from autograder.judging.judge import Verdict, judge
from autograder.proving.simulate import answer_source
from autograder.sandbox import cgroups, warm
from autograder.sandbox.dispatch import execute_or_retry
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution, Mode
from tests.attacks.ground import (
    Ground,
    MemoryPeak,
    Processes,
    left_after,
    live_parts,
    marked_processes,
)
from tests.running import grade_all

LIMITS = Limits(
    cell_seconds=5,
    notebook_seconds=40,
    memory_bytes=3 * 2**30,
    output_bytes=50_000,
    scratch_bytes=32 * 2**20,
    processes=32,
    restarts=3,
)
"""Tight, so that no attack takes long or much. The honest need a tenth of it."""
_MARGIN = 120
"""Seconds beyond a notebook's deadline: the last start of a sandbox, and the judge, on a machine
that is busy otherwise."""
_MOST_MEMORY = 700 * 2**20
"""By how much the coordinator may grow at most while it grades one attack."""
_ONE_WORKER = 3
"""Processes of a warm worker at rest: bubblewrap, process 1 of its sandbox, the warm process."""
_PROBE = """
import json, os, sys
seen = {
    "scratch": sorted(os.listdir(".")),
    "shared memory": sorted(os.listdir("/dev/shm")),
    "devices": sorted(os.listdir("/dev")),
    "cache": sorted(os.listdir("/cache")),
    "root": sorted(os.listdir("/")),
    "environment": sorted(os.environ.items()),
    "process": os.getpid(),
    "keyring": len(open("/proc/keys").read()) if os.path.exists("/proc/keys") else None,
    "numpy": __import__("numpy").isclose.__module__,
}
print(json.dumps(seen))
"""


@dataclass(frozen=True)
class Result:
    """What grading one submission came to.

    Parameters
    ----------
    graded
        What the run says of it.
    evidence
        What is kept of its execution.
    recorded
        The points in the gradebook, by question.
    files
        All that is written for people to read, and what the terminal shows.
    seconds, grown
        What it took: time, and bytes of the coordinator.
    limits
        Under which it ran.
    """

    graded: Graded
    evidence: Evidence
    recorded: dict[str, float]
    files: dict[str, str]
    seconds: float
    grown: int
    limits: Limits

    @property
    def points(self) -> dict[str, float]:
        """The points of the questions that earned some."""
        return {each.question: each.points for each in self.graded.verdicts if each.points}

    @property
    def told(self) -> str:
        """What staff are told."""
        return "\n".join([*notes(self.graded), *(each.says for each in self.graded.verdicts)])

    @cached_property
    def outputs(self) -> str:
        """The outputs that are kept, as one text."""
        return json.dumps([cell.get("outputs", []) for cell in self.evidence.notebook.cells])

    @cached_property
    def everything(self) -> str:
        """Everything that left the sandbox, and everything that was written of it."""
        kept = self.evidence.evidence.values()
        return "\n".join([self.outputs, *kept, *self.files.values()])


class Range:
    """Where attacks are graded.

    Parameters
    ----------
    ground
        What is guarded.
    material, exam
        The assignment.
    """

    def __init__(self, ground: Ground, material: Material, exam: Exam) -> None:
        self.ground, self.material, self.exam = ground, material, exam
        self._template = ground.root / "template"
        template = ClassFolder(self._template)
        template.set_secret("tests")
        gradebook.ensure_assignment(template, material)
        self._answers = ["@misconception", *_solution_lines(material)]
        self._known = self._strays()
        self.baseline = self.neighbour()

    def fresh_class(self, path: Path) -> ClassFolder:
        """Return a class that nobody has submitted to."""
        shutil.copytree(self._template, path)
        return ClassFolder(path)

    def submitted(self, folder: ClassFolder, student: str = "mallory") -> Path:
        """Return the folder that a student submits, which is there."""
        path = folder.submitted(self.material.assignment.name, student)
        path.mkdir(parents=True)
        return path

    def grade(
        self,
        folder: ClassFolder,
        mode: Mode,
        student: str = "mallory",
        limits: Limits = LIMITS,
    ) -> Result:
        """Grade what a student submitted, and write all that anybody gets to read."""
        assignment = self.material.assignment
        session = Session(self.material, folder, self.exam)
        peak, began = MemoryPeak(), time.monotonic()
        (graded,) = grade_all(session, [student], limits=limits, mode=mode)
        write_csv(folder.report_path(assignment.name, ".csv"), self.material, [row_of(graded)])
        write_summary(folder.report_path(assignment.name, ".html"), self.material, [row_of(graded)])
        seconds, grown = time.monotonic() - began, peak.growth()
        assert graded.failure is None, graded.failure
        terminal = io.StringIO()
        Console(file=terminal, width=500).print(closing_table(self.material, [graded]))
        files = {
            "feedback.html": folder.feedback_path(
                assignment.name, student, assignment.notebook_name
            ),
            "verdicts.json": folder.verdict_path(assignment.name, student),
            "class.html": folder.report_path(assignment.name, ".html"),
            "class.csv": folder.report_path(assignment.name, ".csv"),
        }
        return Result(
            graded,
            read_evidence(folder.evidence_path(assignment.name, student)),
            self._recorded(folder, student),
            {name: path.read_text(encoding="utf-8") for name, path in files.items()}
            | {"terminal": terminal.getvalue()},
            seconds,
            grown,
            limits,
        )

    def _recorded(self, folder: ClassFolder, student: str) -> dict[str, float]:
        """Return the points that the gradebook has."""
        with gradebook.open_gradebook(folder) as gb:
            submission = gb.find_submission(self.material.assignment.name, student)
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            return {
                grade.name.removesuffix("-graded"): grade.auto_score
                for grade in grades
                if grade.auto_score
            }

    def neighbour(self, limits: Limits = LIMITS) -> dict[str, object]:
        """Let an honest student use the same warm process; return what that one sees."""
        execution = execute_or_retry(self.honest, self.asked, limits, Mode.WARM)
        verdict = self.honest_verdict(execution)
        assert verdict.points == verdict.max_points, (verdict, execution.absences)
        assert execution.incidents == ()
        seen: dict[str, object] = json.loads(execution.notebook.cells[-1].outputs[0].text)
        return seen

    @property
    def asked(self) -> dict[str, str]:
        """The one question that the honest student is asked."""
        return {"perplexity": self.exam.inputs["perplexity"]}

    @cached_property
    def honest(self) -> NotebookNode:
        """A notebook with the right answer to one question, and a look around."""
        masters = {grade_id_of(cell): cell for cell in self.material.derived.master.cells}
        (question,) = (each for each in self.material.checked if each.name == "perplexity")
        answer = new_code_cell(answer_source(question.alternatives[0], "perplexity"))
        cells = [masters["imports-given"], answer, masters["perplexity-graded"]]
        return new_notebook(cells=[*cells, new_code_cell(_PROBE)])

    def honest_verdict(self, execution: Execution) -> Verdict:
        """Return what the judge says of the honest student."""
        (exam,) = (exam for exam in self.exam.questions if exam.question.name == "perplexity")
        return judge(exam, execution.evidence.get("perplexity"))

    def look_around(self, result: Result) -> list[str]:
        """Return everything that must not be so after an attack, in words."""
        parts = (self._read(result), self.left_behind(), _spent(result), _live(result))
        return [words for part in parts for words in part]

    def _read(self, result: Result) -> Iterator[str]:
        if self.ground.canary in result.everything:
            yield "something private was read"
        if any(words in result.everything for words in self._answers):
            yield "solutions or checks were read"
        if self.ground.heard:
            heard, self.ground.heard[:] = self.ground.heard.copy(), []
            yield f"a service outside was reached: {heard}"

    def left_behind(self) -> Iterator[str]:
        """Yield what is left of submissions that have been graded, in words."""
        # What is told here once is known then, so that the next attack is not blamed for it.
        if left := left_after(lambda: self._strays() - self._known):
            self._known |= left
            yield f"left behind: {sorted(map(str, left))}"
        if marked := left_after(lambda: marked_processes(self.ground.mark)):
            yield f"processes of the attack are left: {marked}"

    def _strays(self) -> Set[object]:
        """Return processes, cgroups and temporary folders beside those of workers at rest."""
        lent = [each for waiting in warm.warm_workers()._waiting.values() for each in waiting]
        processes = Processes()
        strays: set[object] = processes.below(os.getpid())
        for worker in lent:
            strays -= processes.line(worker._process.pid, _ONE_WORKER)
        for controller in cgroups.writable():
            made = sorted((cgroups._ROOT / controller).glob(f"autograder-{os.getpid()}-*"))
            strays.update(made[len(lent) :])
        return strays | set(self.ground.temporary.iterdir())


def _solution_lines(material: Material) -> Iterator[str]:
    """Yield the longest line of each solution, as far as JSON does not write it in another way."""
    for cell in material.notebook.cells:
        for part in cell.source.split("### BEGIN SOLUTION")[1:]:
            lines = part.partition("### END SOLUTION")[0].splitlines()
            yield max((line.strip() for line in lines if not set(line) & set('"\\')), key=len)


def _spent(result: Result) -> Iterator[str]:
    if result.seconds > result.limits.notebook_seconds + _MARGIN:
        yield f"it took {result.seconds:.0f} s"
    if result.grown > _MOST_MEMORY:
        yield f"the coordinator grew by {result.grown / 2**20:.0f} MB"
    if len(result.outputs) > 100 * result.limits.output_bytes:
        yield f"{len(result.outputs):,} characters of output were kept"
    for question, text in result.evidence.evidence.items():
        if len(text) > 3 * MAX_BYTES:
            yield f"too much evidence was kept of {question}"


def _without_ours(page: str) -> str:
    """Return the class's page without its one script and its one drawing, if they are as written.

    What is in the drawing is looked at like the rest.
    """
    script = files("autograder.classroom").joinpath("templates/summary.js").read_text("utf-8")
    without = page.replace(f"<script>{script}</script>", "", 1)
    return without.replace('<svg class="bars"', '<figure class="bars"', 1)


def _live(result: Result) -> Iterator[str]:
    for name, text in result.files.items():
        if name.endswith(".html"):
            theirs = _without_ours(text) if name == "class.html" else text
            yield from (f"{name} is live: {part[:100]}" for part in live_parts(theirs))
    yield from (f"class.csv has a formula: {cell[:60]}" for cell in formulas(result.files))
    if not result.files["terminal"].replace("\n", "").isprintable():
        yield "what the terminal shows could steer it"


def formulas(files: dict[str, str]) -> list[str]:
    """Return the cells of the CSV that a spreadsheet would run."""
    rows = csv.reader(files["class.csv"].splitlines())
    return [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def limited(**changes: int) -> Limits:
    """Return the limits of all attacks but for some."""
    return dataclasses.replace(LIMITS, **changes)
