"""Grades an attack as any submission is graded, and looks at what came of it."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook

from autograder.conventions import grade_id_of
from autograder.engine.limits import Limits
from autograder.engine.run import Execution, Mode, execute
from autograder.engine.sandbox import NoSandbox, plain_environment, sandbox_command
from autograder.exam import Exam
from autograder.feedback import write_feedback
from autograder.grading import Graded, judge_all, to_evidence, with_scores
from autograder.judge import Verdict, judge
from autograder.material import Material
from autograder.report import notes, write_csv, write_summary
from autograder.results import read_evidence, write_evidence, write_verdicts
from autograder.simulate import way_source
from autograder.stage import stage
from autograder.submission import read_submission
from tests.attacks.ground import (
    Ground,
    MemoryPeak,
    descendants,
    gone,
    groups,
    live_parts,
    marked_processes,
)

MARGIN = 30
"""Seconds beyond the notebook's own deadline: starting sandboxes, on a busy machine."""
MOST_MEMORY = 700 * 2**20
"""By how much the coordinator may grow at most while it grades one attack."""
PROBE = """
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


def sandbox_lacks() -> str:
    """Return why there is no sandbox here, or nothing."""
    try:
        command = sandbox_command(["true"], plain_environment("/scratch"))
    except NoSandbox as error:
        return str(error)
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else f"bubblewrap cannot isolate here: {ran.stderr[:200]}"


@dataclass(frozen=True)
class Result:
    """What grading one submission came to."""

    execution: Execution
    verdicts: tuple[Verdict, ...]
    remarks: tuple[str, ...]
    told: str
    seconds: float
    grown: int
    pages: dict[str, str]
    files: dict[str, str]

    @property
    def points(self) -> dict[str, float]:
        """The points of the questions that earned some."""
        return {verdict.question: verdict.points for verdict in self.verdicts if verdict.points}

    @property
    def outputs(self) -> str:
        """Everything that left the sandbox, as one text."""
        outputs = [cell.get("outputs", []) for cell in self.execution.notebook.cells]
        return json.dumps([outputs, dict(self.execution.evidence)])


class Range:
    """Where attacks are graded."""

    def __init__(self, ground: Ground, material: Material, exam: Exam, limits: Limits) -> None:
        self.ground, self.material, self.exam, self.limits = ground, material, exam, limits
        self.neighbour()  # so that there is a warm worker, and its processes are known
        self.processes, self.groups = descendants(), groups()
        self.baseline = self.neighbour()

    def grade(self, folder: Path, mode: Mode, student: str = "mallory") -> Result:
        """Grade what lies in a student's folder, and write all that anybody gets to read."""
        peak, began = MemoryPeak(), time.monotonic()
        name = self.material.assignment.notebook_name
        submission = read_submission(folder, name)
        staged, remarks = stage(submission.notebook, self.material.derived)
        execution = execute(staged, self.exam.inputs, self.limits, mode)
        remarks = (*submission.remarks, *remarks)
        kept = folder.parent / "evidence.json"
        write_evidence(kept, to_evidence(execution, "key", remarks))
        evidence = read_evidence(kept)
        verdicts = judge_all(self.exam, evidence)
        with_scores(evidence.notebook, verdicts, self.material)
        graded = Graded(student, verdicts, evidence.remarks)
        out = folder.parent / "out"
        write_verdicts(out / "verdicts.json", verdicts, evidence.remarks)
        write_feedback(out / "feedback.html", self.material, student, verdicts, evidence.remarks)
        write_csv(out / "class.csv", self.material, [graded])
        write_summary(out / "class.html", self.material, [graded])
        seconds = time.monotonic() - began
        files = {path.name: path.read_text(errors="replace") for path in out.iterdir()}
        pages = {page: text for page, text in files.items() if page.endswith(".html")}
        told = "\n".join([*notes(graded), *(verdict.says for verdict in verdicts)])
        return Result(
            execution, verdicts, evidence.remarks, told, seconds, peak.growth(), pages, files
        )

    def neighbour(self) -> dict[str, object]:
        """Let an honest student use the same warm process; return what that one sees."""
        execution = execute(self._honest, self._asked, self.limits, Mode.WARM)
        (exam,) = (exam for exam in self.exam.questions if exam.kit.name == "perplexity")
        verdict = judge(exam, execution.evidence.get("perplexity", ()))
        assert verdict.points == verdict.max_points, (verdict, execution.absences)
        assert execution.incidents == ()
        seen: dict[str, object] = json.loads(execution.notebook.cells[-1].outputs[0].text)
        return seen

    @property
    def _asked(self) -> dict[str, str]:
        return {"perplexity": self.exam.inputs["perplexity"]}

    @cached_property
    def _honest(self) -> object:
        masters = {grade_id_of(cell): cell for cell in self.material.derived.master.cells}
        (kit,) = (kit for kit in self.material.kits if kit.name == "perplexity")
        answer = way_source(kit.correct_ways[0], "perplexity")
        cells = [masters["imports-given"], new_code_cell(answer), masters["perplexity-graded"]]
        return new_notebook(cells=[*cells, new_code_cell(PROBE)])

    def look_around(self, result: Result) -> list[str]:
        """Return everything that must not be so after an attack, in words."""
        ground, wrong = self.ground, []
        everything = result.outputs + "".join(result.files.values())
        if ground.canary in everything:
            wrong.append("something private was read")
        if any(words in everything for words in ("BEGIN SOLUTION", "@misconception")):
            wrong.append("solutions or checks were read")
        if ground.heard:
            wrong.append(f"a service outside was reached: {ground.heard}")
        if left := gone(lambda: descendants() - self.processes):
            wrong.append(f"processes left: {sorted(left)}")
        if left := gone(lambda: marked_processes(ground.mark)):
            wrong.append(f"processes of the attack left: {sorted(left)}")
        if left := gone(lambda: groups() - self.groups):
            wrong.append(f"cgroups left: {left}")
        if left := list(ground.temporary.glob("nextword-*")):
            wrong.append(f"files left: {left}")
        if result.seconds > self.limits.notebook_seconds + MARGIN:
            wrong.append(f"it took {result.seconds:.0f} s")
        if result.grown > MOST_MEMORY:
            wrong.append(f"the coordinator grew by {result.grown / 2**20:.0f} MB")
        if len(result.outputs) > 40 * 2**20:
            wrong.append(f"{len(result.outputs):,} characters of output were kept")
        for page, html in result.pages.items():
            wrong += [f"{page} is live: {part[:100]}" for part in live_parts(html)]
        wrong += [f"class.csv has a formula: {cell[:60]}" for cell in formulas(result.files)]
        return wrong


def formulas(files: dict[str, str]) -> list[str]:
    """Return the cells of the CSV that a spreadsheet would run."""
    rows = csv.reader(files["class.csv"].splitlines())
    return [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
