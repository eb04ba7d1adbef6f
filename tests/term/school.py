"""A course of two assignments, 40 students, and the platform that they hand in on.

The course is small, but one assignment is the real first one. Commands are typed as staff type
them, in processes of their own; everything else is files, as Canvas and students would write them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.patience import PATIENCE

REAL, SMALL = "01_counting", "02_averages"
WRITTEN = "outliers-written"
_WRITTEN_QUESTION = """
# %% [markdown]
# ## 3. In words
#
# **Why may one value change a mean so much?**

# %% [markdown] nbgrader={"grade": true, "grade_id": "outliers-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN MARK SCHEME
# Two points for the sum, two for an example.
# ### END MARK SCHEME
"""  # noqa: E501 - cell headers stand on one line


@dataclass(frozen=True)
class Student:
    """A student as Canvas knows them."""

    login: str
    first_name: str
    last_name: str
    number: int

    @property
    def sortable(self) -> str:
        """The name as Canvas shows it."""
        return f"{self.last_name}, {self.first_name}"

    def in_zip(self, notebook: str, attachment: int, late: bool = False, again: str = "") -> str:
        """Return the name of a file in Canvas's zip."""
        name = re.sub(r"[\W_]", "", self.sortable).lower()
        return f"{name}_{'LATE_' if late else ''}{self.number}_{attachment}_{notebook}{again}.ipynb"


_FIRST = "Ada Alan Barbara Claude Edsger Frances Grace Hedy Joan Zoë".split()
_LAST = ("Lovelace-Byron", "O'Hara", "Đặng", '=HYPERLINK("http://x")')
PEOPLE = tuple(
    Student(
        f"s{number:02}", _FIRST[number % 10], _LAST[number % 4] + chr(65 + number), 4700 + number
    )
    for number in range(40)
)


def canvas_gradebook(path: Path) -> Path:
    """Write what Canvas's *Grades → Export* gives."""
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\n").writerow
    ids = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    write([*ids, "01 Counting (5501)", "02 Averages (5502)", "Final Score"])
    write(["    Points Possible", "", "", "", "", 34, 9, "(read only)"])
    for each in PEOPLE:
        write([each.sortable, each.number, f"S{each.number}", each.login, "Section 1", "", "", ""])
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def filled(notebook: str, **sources: str) -> str:
    """Return a notebook with the source of some cells, by grade_id with _ for -, replaced."""
    data = json.loads(notebook)
    for cell in data["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "").replace("-", "_")
        if name in sources:
            cell["source"] = sources[name]
    return json.dumps(data)


@dataclass
class School:
    """The course and its class, and what is typed there.

    Parameters
    ----------
    folder
        Where all of it lies.
    typed
        The commands that were run.
    """

    folder: Path
    typed: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The course's folder."""
        return self.folder / "course"

    @property
    def classroom(self) -> Path:
        """The class folder."""
        return self.root / "class"

    def command(self, *words: object) -> list[str]:
        """Return a command line."""
        self.typed.append(" ".join(["autograder", *map(str, words)]))
        return [sys.executable, "-m", "autograder", *map(str, words)]

    def run(self, *words: object, code: int = 0) -> Any:
        """Run a command in the course's folder; return its JSON, or its words."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.root if self.root.exists() else self.folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"COLUMNS": "200", "OMP_NUM_THREADS": "1"},
        )
        said = f"{self.typed[-1]}\n{done.stdout}{done.stderr}"
        assert done.returncode == code, said
        assert "Traceback" not in said, said
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def write_course(self, repository: Path, real: bool = True) -> None:
        """Write the course: a small assignment with a written question, and the real first one."""
        self.run("new-course", self.root)
        solutions = self.root / "solutions"
        (solutions / "01_averages").rename(solutions / SMALL)
        text = solutions / SMALL / "averages.py"
        text.write_text(text.read_text("utf-8") + _WRITTEN_QUESTION, "utf-8")
        for name in (REAL, "probes", "reading.toml") if real else ():
            copy = shutil.copytree if (repository / "solutions" / name).is_dir() else shutil.copy
            copy(repository / "solutions" / name, solutions / name)
        shutil.copy(repository / "jupytext.toml", self.root)
        self.run("sync", "--from", "text", "--json")
        released = self.run("release", "--json")
        assert list(released.values()) == ["written"] * (2 if real else 1)
        self.classroom.mkdir(mode=0o700)
        (self.classroom / "secret.json").write_text('{"secret": "a term"}\n')

    def simulated(self, name: str, wanted: int) -> list[tuple[str, dict[str, float]]]:
        """Return notebooks whose true points are known, none of which runs for ever."""
        scratch = self.folder / f"simulated-{name}"
        truth = self.run("simulate", name, "--students", wanted + 1, "--class", scratch, "--json")
        notebook = f"{name[3:]}.ipynb"
        return [
            ((scratch / "submitted" / who / name / notebook).read_text("utf-8"), points)
            for who, points in truth.items()
            if not who.endswith("endless_loop")
        ][:wanted]

    def rules(self, *lines: str) -> None:
        """Write class.toml."""
        (self.classroom / "class.toml").write_text("\n".join(lines) + "\n", "utf-8")

    def report(self, name: str) -> str:
        """Return the page on the class."""
        return (self.classroom / "reports" / f"{name}.html").read_text("utf-8")

    def evidence(self, name: str) -> dict[str, tuple[int, str]]:
        """Return of everybody when evidence was written, and what it is of."""
        folder = self.classroom / "evidence" / name
        return {
            path.stem: (path.stat().st_mtime_ns, json.loads(path.read_text())["key"])
            for path in folder.glob("*.json")
        }

    def mark(self, name: str, points: Any) -> int:
        """Mark all written answers on the page, as a browser would; return how many there were.

        `points` gives the points of an answer, from the page it stands on.
        """
        process = subprocess.Popen(
            self.command("mark", name, "--no-browser", "--by", "tea"),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            preexec_fn=_hears_ctrl_c,
        )
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            address = next(line.strip() for line in lines if line.startswith("http://"))
            marked = _Marker(address).mark_all(points)
        finally:
            process.send_signal(signal.SIGINT)
            words, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, words
        return marked


def _hears_ctrl_c() -> None:
    """Let a command be interrupted, also where these tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Marker:
    """A person with a browser, one request a connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.cookie = parts.netloc, ""
        self.where = f"{parts.path}?{parts.query}"

    def ask(self, where: str, form: Mapping[str, str] | None = None) -> tuple[str, str]:
        connection = HTTPConnection(self.host, timeout=PATIENCE)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = None if form is None else urlencode(form)
        connection.request("GET" if form is None else "POST", where, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        return answer.getheader("Location") or "", text

    def mark_all(self, points: Any) -> int:
        marked = 0
        where, _ = self.ask(self.where)
        while True:
            _, page = self.ask(where)
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
            if 'name="points"' not in page or re.search(r'name="points"[^>]*value="\d', page):
                return marked
            assert not any(f">{each.login}<" in page for each in PEOPLE), "it is anonymous"
            form = hidden | {
                "points": f"{points(page):g}",
                "comment": "read",
                "extra": "0",
                "why": "",
            }
            where, wrong = self.ask("/", form)
            assert where, wrong
            marked += 1


def column(text: str, name: str, of: str) -> dict[str, str]:
    """Return the cells of a CSV's column, by those of another."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = rows[0]
    found = next(i for i, title in enumerate(header) if title.startswith(name))
    key = header.index(of)
    return {row[key]: row[found] for row in rows[1:]}


def logins(students: Sequence[Student]) -> set[str]:
    """Return the names of students' folders."""
    return {each.login for each in students}
