"""A watch that is killed at every moment at which it changes a file, and goes on."""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import warnings
from pathlib import Path

import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.classroom.class_folder import ClassFolder, one_run
from autograder.classroom.gathering import RunOptions
from autograder.classroom.practice_class import PracticeFolder, practice_sitting
from autograder.classroom.watching import Inbox, Watch
from autograder.judging.cases import run_here
from autograder.sandbox import dispatch
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution, Mode
from tests.autograder.conftest import Here

TOUCHES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "tempfile.mkstemp"}
ANSWERS = {
    "ada": ("def double(x): return x * x", "def double(x): return x + x"),
    "bob": (None, "def double(x): return abs(2 * x)"),
}
LATER = 2.0**40


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """Run answers in this process; return the file that says which, one a line."""
    path = tmp_path / "ran.txt"
    path.touch()

    def run(staged, inputs, limits, mode, beside):
        source = next(c.source for c in staged.cells if grade_id_of(c) == "double")
        with path.open("a") as file:
            file.write(f"{source.strip()}\n")
        namespace = {}
        exec(source, namespace)
        evidence = {"double": run_here(namespace["double"], inputs["double"])}
        return Execution(staged, evidence, {}, ())

    monkeypatch.setattr(dispatch, "execute", run)
    return path


class School:
    """A class whose inbox has something new, as often as it is asked for."""

    def __init__(self, tiny, sitting, fill, folder):
        self.tiny, self.sitting, self.fill, self.folder = tiny, sitting, fill, folder

    def hand_in(self, inbox, number):
        for student, sources in ANSWERS.items():
            if sources[number] is not None:
                path = inbox / student / "tiny.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(self.fill(self.tiny, double=sources[number])))

    def fresh(self, name):
        """Return a class in which ada was answered once, and both have handed in since."""
        place = self.folder / name
        shutil.copytree(self.folder / "before", place)
        self.hand_in(place / "inbox", 1)
        return place

    def watch(self, place):
        """Look until there is nothing to do, as after a start."""
        class_folder = ClassFolder(place / "class")
        sitting = dataclasses.replace(
            self.sitting, class_folder=PracticeFolder.in_class(class_folder)
        )
        inbox = Inbox.at(place / "inbox")
        watched = Watch(self.tiny, class_folder, inbox, sitting, lambda: LATER)
        with one_run(class_folder):
            return list(watched.look(Here(), 1, RunOptions(Mode.OPEN, Limits())))


@pytest.fixture
def school(tiny, fill, tmp_path, journal):
    drawn = practice_sitting(tiny, ClassFolder(tmp_path / "drawn"))
    school = School(tiny, drawn, fill, tmp_path / "places")
    school.hand_in(school.folder / "before" / "inbox", 0)
    school.watch(school.folder / "before")
    return school


def state(place):
    """Return all that a class knows of its students, without times and what is locked."""
    found = {}
    for path in sorted((place / "class").rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_file() and "timestamp" not in name and not path.name.startswith("."):
            text = path.read_text()
            if "/evidence/" in name:
                text = json.dumps(json.loads(text) | {"time": None})
            found[name] = text
    return found


def killed_at(school, place, moment):
    """Watch in a process that kills itself before it changes a file for that time.

    Return whether it did.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads, of which the child has none
        child = os.fork()
    if child == 0:
        left = [moment]

        def one_more():
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def touched(event, arguments):
            if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
                return  # to read: what lies there is the same at the next moment
            if event in TOUCHES and any(str(place) in str(each) for each in arguments):
                one_more()

        def called(frame, event, function):
            """Between opening a file and writing into it, it is empty."""
            if event == "c_call" and function.__name__ == "write":
                with contextlib.suppress(OSError, AttributeError):
                    number = function.__self__.fileno()
                    if str(place) in str(Path(f"/proc/self/fd/{number}").readlink()):
                        one_more()

        sys.addaudithook(touched)
        sys.setprofile(called)
        school.watch(place)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_whenever_it_is_killed_nothing_is_lost_and_nothing_answered_or_counted_twice(
    school, journal
):
    undisturbed = school.fresh("undisturbed")
    assert {event.run for event in school.watch(undisturbed)} == {1, 2}
    expected = state(undisturbed)
    kept = [json.loads(text) for name, text in expected.items() if "/answered/" in name]
    assert sorted(each["number"] for each in kept) == [1, 1, 2]
    moment, kills = 1, 0
    while True:
        place = school.fresh(f"killed-{moment}")
        journal.write_text("")
        if not killed_at(school, place, moment):
            break
        kills += 1
        already = place.rglob("class/practice/evidence/01_tiny/*.json")
        had = {path.stem for path in already if "x + x" in path.read_text() or path.stem == "bob"}
        before = journal.read_text().splitlines()
        school.watch(place)
        after = journal.read_text().splitlines()[len(before) :]
        assert state(place) == expected, f"killed at moment {moment}"
        assert not had & {who for who, (_, new) in ANSWERS.items() if new in after}, (
            "what had its evidence was run again"
        )
        assert school.watch(place) == []
        shutil.rmtree(place)
        moment += 1
    assert kills > 25
