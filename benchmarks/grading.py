"""Speed of grading a class against stock nbgrader and otter-grader.

Run it from the repository with `python benchmarks/grading.py`; `--quick` takes less than five
minutes on two cores. It prints tables in Markdown. The class is simulated: real release notebooks
of `01_counting`, or of the assignment that is named, answered in right and wrong ways drawn at
random. Peers get the same notebooks with one hidden test per group of cases, which calls the
student's function exactly as often as our witness does (`benchmarks/peer_checks.py`), and without
the cells that we do not run when grading.

otter gets an environment of its own, made once under `build/`.

Start-up is counted apart: a rate is that of n submissions minus that of a few, the median of three
runs; a few are as many as it takes until all processes of that way have started. CPU seconds and
peak memory (proportional set size) are those of the whole tree of processes, sampled.
"""

from __future__ import annotations

import argparse
import copy
import functools
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from peer_checks import PeerQuestion
from tables import Table, begun, finished, options, table

from autograder.authoring.conventions import EXPLORATION, GRADED, grade_id_of, split_grade_id
from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.grading import rejudge
from autograder.classroom.session import Session
from autograder.judging.exam import Exam, draw_exam
from autograder.proving.simulate import Simulated, simulate, write_class

REPO = Path(__file__).resolve().parents[1]
NAME = "01_counting"
SECRET = "benchmark"
OTTER = "otter-grader==7.0.0"
ORDINARY = ("reference", "half_finished", "right_", "wrong_", "mixture")
"""What is simulated here: a loop without end would only measure everybody's time limit."""
METER_SHARE = 0.02
"""Of a core, that measuring may take."""
STARTED = 20
"""Submissions of ours after which the second sandbox has started too, and torch been imported."""
Scores = dict[str, float]
Way = Callable[[list[Simulated], Path], "Run"]


@dataclass(frozen=True)
class Run:
    """What one way of grading cost.

    Parameters
    ----------
    wall, cpu
        Seconds, of all processes.
    peak
        MB, of all processes at the same time.
    scores
        What each student got.
    """

    wall: float
    cpu: float
    peak: float
    scores: Scores


@dataclass(frozen=True)
class Row:
    """A way of grading, measured on a few submissions and on many."""

    who: str
    few: Run
    many: Run
    started_with: int
    submissions: int

    @property
    def seconds_each(self) -> float:
        """Wall-clock seconds of one submission more."""
        return (self.many.wall - self.few.wall) / (self.submissions - self.started_with)

    @property
    def cpu_each(self) -> float:
        """CPU seconds of one submission more."""
        return (self.many.cpu - self.few.cpu) / (self.submissions - self.started_with)

    @property
    def start_up(self) -> float:
        """Seconds before the first submission."""
        return self.few.wall - self.started_with * self.seconds_each


# --- measuring a tree of processes ---------------------------------------------------------------


class _Meter(threading.Thread):
    """Samples the CPU time and the memory of this process's descendants.

    Twenty samples a second took a quarter of a core from whoever keeps all cores busy, and nothing
    from who leaves one idle. So it samples the less often the longer a sample takes.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.cpu, self.peak = 0.0, 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        """Sample until `stop`."""
        pause, beats = 0.05, 0
        while not self._ended.wait(pause):
            before = time.thread_time()
            family = psutil.Process().children(recursive=True)
            self.cpu = max(self.cpu, sum(_sampled(family, _cpu_of)))
            if beats % 4 == 0:
                self.peak = max(self.peak, sum(_sampled(family, _memory_of)))
            beats += 1
            pause = max(0.05, (time.thread_time() - before) / METER_SHARE)

    def stop(self) -> None:
        """End sampling."""
        self._ended.set()
        self.join()


def _sampled(
    family: Sequence[psutil.Process], reading: Callable[[psutil.Process], float]
) -> Iterator[float]:
    for process in family:
        try:
            yield reading(process)
        except psutil.Error:  # it has just ended; its parent has waited for it
            continue


def _cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory_of(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 1e6


def measured(commands: Sequence[Sequence[str]], where: Path, **variables: str) -> Run:
    """Run commands at the same time; return what they cost together, scores not yet read."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    meter = _Meter()
    meter.start()
    started = time.perf_counter()
    with (where / "log.txt").open("ab") as log:
        running = [
            subprocess.Popen(command, cwd=where, env=environment, stdout=log, stderr=log)
            for command in commands
        ]
        codes = [process.wait() for process in running]
    wall = time.perf_counter() - started
    meter.stop()
    if any(codes):
        print((where / "log.txt").read_text(errors="replace")[-3000:], file=sys.stderr)
        raise SystemExit(f"{commands[codes.index(max(codes))][:3]} failed in {where}")
    return Run(wall, meter.cpu, meter.peak, {})


# --- the class -----------------------------------------------------------------------------------


def ordinary_class(material: Material, students: int) -> list[Simulated]:
    """Return that many submissions that run to their end."""
    drawn = simulate(material, students + 30, seed=1)
    kept = [each for each in drawn if each.name.partition("-")[2].startswith(ORDINARY)]
    return kept[:students]


def nothing_answered(material: Material, students: int) -> list[Simulated]:
    """Return untouched releases, on which all the time is our own.

    Each has a note of its own: what is the same to the letter is run once.
    """
    untouched = simulate(material, 2, seed=1)[1]
    assert untouched.name.endswith("untouched")
    return [
        Simulated(f"student{number}", _noted(untouched.content, number), untouched.points)
        for number in range(students)
    ]


def _noted(content: str, number: int) -> str:
    notebook = nbformat.reads(content, as_version=4)
    notebook.cells.append(new_markdown_cell(f"note {number}", id=f"note{number}"))
    return str(nbformat.writes(notebook))


# --- ours ----------------------------------------------------------------------------------------


def grade_ours(workers: int, material: Material, students: list[Simulated], where: Path) -> Run:
    """Grade with `autograder grade`."""
    folder, name = ClassFolder(where / "class"), material.assignment.name
    folder.set_secret(SECRET)
    write_class(folder, material, students)
    command = ["autograder", "grade", name, "--workers", str(workers), "--course", str(REPO)]
    run = measured([[*command, "--class", str(folder.path)]], where)
    return Run(run.wall, run.cpu, run.peak, gradebook.scores(folder, name))


def replayed(material: Material, submissions: int, where: Path) -> tuple[Session, list[str]]:
    """Give evidence of a class that was graded to new students; return them, to be judged."""
    folder, assignment = ClassFolder(where / "class"), material.assignment.name
    known = folder.students(assignment)
    names = [f"replayed{number}" for number in range(submissions)]
    for number, name in enumerate(names):
        source = folder.evidence_path(assignment, known[number % len(known)])
        folder.submitted(assignment, name).mkdir(parents=True)
        shutil.copy(source, folder.evidence_path(assignment, name))
    return Session.of(material, folder), names


def replay(material: Material, submissions: int, where: Path) -> tuple[float, float]:
    """Judge and record a class from its evidence; return seconds each, and MB by which we grew.

    Growth is that of this process, from when a tenth of the class was judged to the end.
    """
    session, names = replayed(material, submissions, where)
    us, early = psutil.Process(), 0.0
    started = time.perf_counter()
    for number, graded in enumerate(rejudge(session, names), start=1):
        assert graded.failure is None, graded
        if number == submissions // 10:
            early = _memory_of(us)
    return (time.perf_counter() - started) / submissions, _memory_of(us) - early


# --- peers ---------------------------------------------------------------------------------------


def write_exam(exam: Exam, path: Path) -> None:
    """Write what the peers' hidden tests ask and expect."""
    questions = {
        each.question.name: PeerQuestion(
            each.inputs,
            dict(each.expected),
            {
                group: {
                    case.identity: each.comparison(case.identity)
                    for case in each.cases
                    if case.case.group == group and not case.practice
                }
                for group in each.question.check.groups
            },
        )
        for each in exam.questions
    }
    path.write_bytes(pickle.dumps(questions))


def for_nbgrader(notebook: NotebookNode, material: Material) -> NotebookNode:
    """Return a notebook with one hidden test per group, and no explorations."""
    notebook = copy.deepcopy(notebook)
    groups = {question.name: question.check.groups for question in material.checked}
    cells = []
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        question, role = split_grade_id(grade_id) if grade_id else ("", "")
        if EXPLORATION in cell.metadata.get("tags", []):
            continue
        if role != GRADED:
            cells.append(cell)
            continue
        for number, (name, group) in enumerate(groups[question].items()):
            test = new_code_cell(
                "### BEGIN HIDDEN TESTS\nfrom peer_checks import passes\n"
                f"assert passes({question!r}, {name!r}, {question})\n### END HIDDEN TESTS"
            )
            test.metadata["nbgrader"] = {
                **cell.metadata["nbgrader"],
                "grade_id": f"{question}-group{number}",
                "points": group.points,
            }
            cells.append(test)
    notebook.cells = cells
    return notebook


NBGRADER_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ExecutePreprocessor.timeout = 60
"""


def grade_nbgrader(
    processes: int, material: Material, students: list[Simulated], where: Path
) -> Run:
    """Grade with stock `nbgrader autograde`, in one process or in several on parts of a class."""
    exam, name = where / "exam.pickle", material.assignment.name
    write_exam(draw_exam(material, SECRET), exam)
    (where / "nbgrader_config.py").write_text(NBGRADER_CONFIG)
    file = f"{material.assignment.notebook_name}.ipynb"
    _write(for_nbgrader(material.notebook, material), where / "source" / name / file)
    for number, student in enumerate(students):
        submitted = nbformat.reads(student.content, as_version=4)
        part = where / f"submitted{number % processes}"
        _write(for_nbgrader(submitted, material), part / student.name / name / file)
    environment = {"PEER_EXAM": str(exam), "PYTHONPATH": str(REPO / "benchmarks")}
    measured([["nbgrader", "generate_assignment", name]], where, **environment)
    commands = [
        ["nbgrader", "autograde", name, f"--CourseDirectory.submitted_directory={part.name}"]
        for part in sorted(where.glob("submitted*"))
    ]
    run = measured(commands, where, **environment)
    with Gradebook(f"sqlite:///{where / 'gradebook.db'}") as gb:
        scores = {
            submission.student.id: sum(notebook.code_score for notebook in submission.notebooks)
            for submission in gb.assignment_submissions(name)
        }
    return Run(run.wall, run.cpu, run.peak, scores)


def otter_environment() -> Path:
    """Return the folder of otter's own environment, made where it is not there."""
    folder = REPO / "build" / "otter"
    if not (folder / "bin" / "otter").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", OTTER, "-e", REPO]
        subprocess.run(install, check=True)
    return folder


def grade_otter(material: Material, students: list[Simulated], where: Path) -> Run:
    """Grade with `otter run`, a submission after the other, as its manual says."""
    programs = otter_environment() / "bin"
    file = f"{material.assignment.notebook_name}.ipynb"
    exam = where / "exam.pickle"
    write_exam(draw_exam(material, SECRET), exam)
    with zipfile.ZipFile(where / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        for question in material.checked:
            archive.writestr(f"tests/{question.name}.py", _otter_test(material, question.name))
    total, scores = Run(0, 0, 0, {}), {}
    environment = {"PEER_EXAM": str(exam), "PYTHONPATH": str(REPO / "benchmarks")}
    environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    for student in students:
        notebook = nbformat.reads(student.content, as_version=4)
        notebook.cells = [
            cell
            for cell in notebook.cells
            if EXPLORATION not in cell.metadata.get("tags", [])
            and not (grade_id_of(cell) or "").endswith(f"-{GRADED}")
        ]
        folder = where / student.name
        _write(notebook, folder / file)
        command = [str(programs / "otter"), "run", "-a", "../autograder.zip", file]
        run = measured([[*command, "--no-logo"]], folder, **environment)
        tests = json.loads((folder / "results.json").read_text())["tests"]
        scores[student.name] = sum(test.get("score", 0) for test in tests)
        total = Run(total.wall + run.wall, total.cpu + run.cpu, max(total.peak, run.peak), scores)
    return total


def _otter_test(material: Material, question: str) -> str:
    (checked,) = [each for each in material.checked if each.name == question]
    cases = [
        {
            "code": ">>> from peer_checks import passes\n"
            f">>> assert passes({question!r}, {name!r}, {question})",
            "hidden": True,
            "locked": False,
            "points": group.points,
        }
        for name, group in checked.check.groups.items()
    ]
    suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return (
        f"OK_FORMAT = True\ntest = { ({'name': question, 'points': None, 'suites': [suite]})!r}\n"
    )


def _write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


# --- the tables ----------------------------------------------------------------------------------


def compared(who: str, students: list[Simulated], way: Way, few: int) -> Row:
    """Return a way's row: measured on a few submissions, then on all."""

    def run(part: list[Simulated]) -> Run:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            return way(part, Path(folder))

    start = sorted((run(students[:few]) for _ in range(3)), key=lambda each: each.wall)[1]
    many = run(students)
    true = {each.name: each.total for each in students}
    equal = sum(many.scores.get(name) == points for name, points in true.items())
    print(f"{who}: {len(students)} submissions, {equal} true scores", file=sys.stderr)
    words = f"{who} ({equal} of {len(students)} scores true)"
    return Row(words, start, many, few, len(students))


def peers_table(rows: Sequence[Row]) -> Table:
    """Return the comparison, ours first."""
    shown = table(
        "who",
        ("n", "{}"),
        ("start-up s", "{:.1f}"),
        ("submissions/min", "{:.1f}"),
        ("CPU s each", "{:.2f}"),
        ("peak MB", "{:,.0f}"),
        ("ours is", "{:.1f}×"),
    )
    for row in rows:
        costs = (row.start_up, 60 / row.seconds_each, row.cpu_each, row.many.peak)
        shown.add(row.who, row.submissions, *costs, row.seconds_each / rows[0].seconds_each)
    return shown


def sizes_table(rows: Sequence[Row]) -> Table:
    """Return our own cost at several sizes."""
    costs = (("s each", "{:.3f}"), ("CPU s each", "{:.3f}"), ("peak MB", "{:,.0f}"))
    shown = table("class", *costs)
    for row in rows:
        shown.add(row.who, row.seconds_each, row.cpu_each, row.many.peak)
    return shown


def _called(chosen: argparse.Namespace) -> str:
    """Return the name under which results are kept."""
    of = "" if chosen.assignment == NAME else f"-{chosen.assignment}"
    return f"grading{of}{'-quick' if chosen.quick else ''}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignment", nargs="?", default=NAME)
    parser.add_argument("--quick", action="store_true", help="fewer submissions")
    parser.add_argument("--without-peers", action="store_true")
    options(parser)
    chosen = parser.parse_args()
    sizes = {"ours": 60, "nbgrader": 6, "otter": 4, "sizes": [60], "replayed": 500}
    if not chosen.quick:
        sizes = {"ours": 240, "nbgrader": 24, "otter": 20, "sizes": [30, 300, 1000]}
        sizes |= {"replayed": 10_000}
    material = load_material(Course.at(REPO).assignment(chosen.assignment))
    students = ordinary_class(material, max(sizes["ours"], *sizes["sizes"]))

    ours = functools.partial(grade_ours, 2, material)
    rows = [compared("**ours**, 2 workers", students[: sizes["ours"]], ours, STARTED)]
    peers: dict[str, tuple[int, Way, int]] = {}
    if not chosen.without_peers:
        peers = {
            "nbgrader, 1 process": (
                sizes["nbgrader"],
                functools.partial(grade_nbgrader, 1, material),
                1,
            ),
            "nbgrader, 2 processes": (
                sizes["nbgrader"],
                functools.partial(grade_nbgrader, 2, material),
                2,
            ),
            "otter run": (sizes["otter"], functools.partial(grade_otter, material), 1),
        }
        rows += [compared(who, students[:n], way, few) for who, (n, way, few) in peers.items()]
    own = [compared(f"{n:,}", students[:n], ours, min(STARTED, n // 3)) for n in sizes["sizes"]]
    own.append(compared("60, nothing answered", nothing_answered(material, 60), ours, STARTED))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours(students[:30], Path(folder))
        seconds, grown = replay(material, sizes["replayed"], Path(folder))
    results = begun(_called(chosen), chosen, "nbgrader", "torch")
    if peers:
        name, _, version = OTTER.partition("==")
        results.versions = {**results.versions, name: version}
    results.about = f"{chosen.assignment}{', `--quick`' if chosen.quick else ''}."
    results.tables += [peers_table(rows), sizes_table(own)]
    results.remarks.append(
        f"Judging and recording {sizes['replayed']:,} replayed: {1000 * seconds:.1f} ms each; "
        f"memory over the last nine tenths: {grown:+.0f} MB."
    )
    for who, row in zip(peers, rows[1:], strict=True):
        results.ratios[f"ours to {who}"] = row.seconds_each / rows[0].seconds_each
    results.ratios["nothing answered, CPU ms each"] = 1000 * own[-1].cpu_each
    if len(own) > 2:
        results.ratios["1,000 to 30, s each"] = own[-2].seconds_each / own[0].seconds_each
    print(f"\n{results.markdown}")
    finished(results, chosen)


if __name__ == "__main__":
    main()
