"""A small course, a class of it, and grading runs that tests disturb.

Runs are started as staff start them, by the command line in a process of its own. Only the course
is small, so that many runs fit into a test.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import nbformat

from autograder.authoring import pairs
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.derive import derive
from autograder.classroom import gradebook, receipt
from autograder.classroom.class_folder import ClassFolder
from tests.patience import PATIENCE

ASSIGNMENT = "01_small"
_MARK = "NEXTWORD_FAULT"


def _header(grade_id: str, points: int | None = None, solution: bool = False) -> str:
    data = {
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": not solution,
        **({} if points is None else {"points": points}),
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return "# %% nbgrader=" + json.dumps(data)


def _question(name: str, expression: str) -> str:
    return f'''
{_header(name, solution=True)}
def {name}(x):
    """Return what the name says."""
    ### BEGIN SOLUTION
    return {expression}
    ### END SOLUTION


{_header(name + "-visible")}
assert {name}(0) == 0

{_header(name + "-graded", points=2)}
# 2 points, graded when you submit.
### BEGIN HIDDEN TESTS
# collect {name}
### END HIDDEN TESTS
'''


_NOTEBOOK = f"""# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A small assignment
{_question("double", "2 * x")}{_question("triple", "3 * x")}"""

_CHECK = """
import math
from autograder.authoring.checking import Check, Group, case

def draw(rng, reference):
    for _ in range(3):
        yield case("ordinary", float(rng.uniform(3, 9)))
    for x in (0.0, -float(rng.uniform(3, 9)), math.inf):
        yield case("edges", x)

check = Check({"ordinary": Group("numbers", 1), "edges": Group("edges", 1)}, draw)
"""


def write_course(root: Path, jupytext: Path) -> None:
    """Write the small course."""
    text_path = root / "solutions" / ASSIGNMENT / "small.py"
    text_path.parent.mkdir(parents=True)
    shutil.copy(jupytext, root)
    text_path.write_text(_NOTEBOOK)
    pairs.sync(text_path, pairs.Step.FROM_TEXT)
    checks = text_path.parent / "checks"
    checks.mkdir()
    for question in ("double", "triple"):
        (checks / f"{question}.py").write_text(_CHECK)


_WAYS = (
    ("2 * x", "3 * x"),
    ("x + x", "abs(3 * x)"),
    ("x * x", "3 * x"),
    ("abs(2 * x)", "x + x + x"),
    ("missing", "3 * x"),
    ("2 * x", "__import__('os')._exit(1)"),
)
"""Answers to the two questions: right ones, wrong ones, and a crash."""


def write_submissions(root: Path, folder: ClassFolder, students: int, before: str = "") -> None:
    """Let students submit; every notebook takes a moment, and first does what `before` says."""
    notebook = derive(pairs.read_notebook(root / f"solutions/{ASSIGNMENT}/small.ipynb")).release
    for number in range(students):
        answers = dict(zip(("double", "triple"), _WAYS[number % len(_WAYS)], strict=True))
        filled = nbformat.from_dict(notebook)
        for cell in filled.cells:
            name = grade_id_of(cell)
            if name in answers:
                cell.source = f"def {name}(x):\n    return {answers[name]}\n"
                if name == "double":
                    # No two are the same, so that each is run.
                    cell.source += f"import time  # {number}\ntime.sleep(0.2)\n{before}"
        path = folder.submitted(ASSIGNMENT, f"student-{number:02}") / "small.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(filled))


class Ground:
    """The small course, and where classes of it are made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[Run] = []

    def fresh_class(
        self, path: Path, students: int = 12, before: str = "", secret: str = "faults"
    ) -> ClassFolder:
        """Return a class that has submitted and was never graded."""
        folder = ClassFolder(path)
        write_submissions(self.root, folder, students, before)
        folder.set_secret(secret)
        return folder

    def start(self, command: str, folder: ClassFolder, *words: str, **environment: str) -> Run:
        """Start a command on a class, in a session of its own."""
        run = Run(self.root, folder, [command, ASSIGNMENT, *words], environment)
        self.started.append(run)
        return run

    def end_all(self) -> None:
        """End what a test that failed has left running."""
        for run in self.started:
            if run.process.stdout and not run.process.stdout.closed:
                run.kill()
        self.started.clear()

    def run(self, command: str, folder: ClassFolder, *words: str, **environment: str) -> Run:
        """Run a command on a class to its end."""
        run = self.start(command, folder, *words, **environment)
        run.finish()
        return run


class Run:
    """One command at work on a class."""

    def __init__(
        self, root: Path, folder: ClassFolder, words: list[str], environment: dict[str, str]
    ) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "autograder", *words]
        if words[0] == "grade" and not {"--scheduler", "--workers"} & set(words):
            command += ["--workers", "2"]
        self._mark = f"{os.getpid()}-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            [*command, "--class", str(folder.path), "--course", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"COLUMNS": "200", _MARK: self._mark} | environment,
        )
        self.output = ""

    @property
    def words(self) -> str:
        """Everything that it printed, on one line."""
        return " ".join(self.output.split())

    def finish(self) -> int:
        """Wait for its end and return its exit code."""
        try:
            self.output += self.process.communicate(timeout=PATIENCE)[0]
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode

    def kill(self) -> set[tuple[int, int]]:
        """Kill it with a signal that it cannot see; return what processes it had."""
        self.process.send_signal(signal.SIGSTOP)
        had = self.descendants()
        self.process.kill()
        self.output += self.process.communicate()[0]
        return had

    def descendants(self) -> set[tuple[int, int]]:
        """Return all processes under it, each with the time of its start."""
        children: dict[int, list[tuple[int, int]]] = {}
        for pid, parent, started in _processes():
            children.setdefault(parent, []).append((pid, started))
        found: set[tuple[int, int]] = set()
        waiting = [self.process.pid]
        while waiting:
            for child in children.get(waiting.pop(), []):
                found.add(child)
                waiting.append(child[0])
        return found

    def left(self, had: set[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those of `had` that still run, and whatever else bears the run's mark."""
        mark = f"{_MARK}={self._mark}".encode()
        return [
            (pid, started)
            for pid, _, started in _processes()
            if (pid, started) in had or mark in _bytes(Path(f"/proc/{pid}/environ"))
        ]

    def sandboxes(self) -> list[list[int]]:
        """Return each sandbox's processes: bubblewrap, its process 1, and the warm process."""
        under = [pid for pid, _ in sorted(self.descendants(), key=lambda each: each[1])]
        parents = {pid: parent for pid, parent, _ in _processes()}
        chains = []
        for pid in under:
            if parents.get(pid) == self.process.pid and b"bwrap" in _bytes(_name(pid)):
                chain = [pid]
                while following := [each for each in under if parents.get(each) == chain[-1]]:
                    chain.append(following[0])
                chains.append(chain)
        return chains

    def recorded(self) -> int:
        """Return how many submissions have evidence."""
        return len(list((self.folder.path / "evidence" / ASSIGNMENT).glob("[!.]*.json")))

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something holds, or the run has ended."""
        deadline = time.monotonic() + PATIENCE
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < deadline, "it takes too long"
            time.sleep(0.005)


def _name(pid: int) -> Path:
    return Path(f"/proc/{pid}/comm")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield number, parent and start of every process that runs."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _bytes(path).rpartition(b")")[2].split()
        if fields and fields[0] not in (b"Z", b"X"):
            yield int(path.parent.name), int(fields[1]), int(fields[19])


def eventually(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Return whether something comes to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def marks(folder: ClassFolder) -> bytes:
    """Return all that the gradebook says of the class's marks, in one order."""
    found: list[list[object]] = []
    with gradebook.open_gradebook(folder) as gb:
        for submission in gb.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                who = submission.student.id
                for grade in notebook.grades:
                    scores = [grade.auto_score, grade.manual_score, grade.needs_manual_grade]
                    found.append([who, "grade", grade.name, grade.max_score, *scores])
                found += [[who, "comment", c.name, c.auto_comment] for c in notebook.comments]
    return json.dumps(sorted(found, key=lambda each: list(map(str, each))), indent=1).encode()


def broken(folder: ClassFolder) -> list[str]:
    """Return the results that are not whole. Temporary files are not results."""
    return [str(path) for path in _results(folder) if _temporary(path) is False and _damage(path)]


def temporary(folder: ClassFolder) -> list[str]:
    """Return the files that only a run at work should have."""
    return [str(path) for path in _results(folder) if _temporary(path)]


def _results(folder: ClassFolder) -> Iterator[Path]:
    for path in folder.path.rglob("*"):
        inside = path.relative_to(folder.path).parts
        if path.is_file() and inside[0] not in ("submitted", ".run.lock", ".run.holder", "ballast"):
            yield path


def _temporary(path: Path) -> bool:
    return path.name.startswith(".") or path.suffix not in (
        ".json",
        ".jsonl",
        ".ipynb",
        ".html",
        ".csv",
        ".db",
        ".txt",
    )


def _damage(path: Path) -> bool:
    if path.suffix in (".json", ".ipynb"):
        try:
            json.loads(path.read_text())
        except ValueError:
            return True
        return False
    if path.suffix == ".jsonl":
        try:
            return not all(map(json.loads, path.read_text().splitlines()))
        except ValueError:
            return True
    if path.suffix == ".db":
        with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as database:
            return database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
        return True
    if path.suffix == ".html":
        return not path.read_text().rstrip().endswith("</html>")
    if path.name == receipt.SECRET:
        return len(path.read_text()) != 64
    if path.name == receipt.TIME:
        return path.read_text() not in ("", "2026-10-05 14:00:00.000000 UTC")
    return not path.read_text().endswith("\n")
