"""A course of one small assignment, and what tests do with submissions of it.

The real assignment grows; these tests are about the machinery, so they have a notebook of their
own: one graded question, `double`, of two groups, and one written question, `why`.
"""

import copy
import dataclasses
import json
import math
import shutil
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.authoring import pairs
from autograder.authoring.checking import Case, Check, Group, alternative, case, misconception
from autograder.authoring.conventions import grade_id_of, questions
from autograder.authoring.course import Course
from autograder.authoring.material import CheckedQuestion, Material, load_material
from autograder.authoring.reference import load_reference
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.session import Session
from autograder.judging.cases import run_here
from autograder.judging.exam import Exam, draw_exam
from autograder.sandbox import dispatch, isolation
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution

ASSIGNMENTS = [
    "01_counting",
    "02_loglinear",
    "03_window",
    "04_recurrent",
    "05_gradients",
    "06_clipping",
    "07_memory",
]
TINY = '''# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tiny assignment

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    twice_of_it = 2 * x
    return twice_of_it
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "double-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
assert double(2) == 4, "twice 2 is 4"

# %% nbgrader={"grade": true, "grade_id": "double-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit.
### BEGIN HIDDEN TESTS
# collect double
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "why-written", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN MARK SCHEME
# One point for each reason.
# ### END MARK SCHEME

# %% tags=["exploration"]
double(21)
'''  # noqa: E501 - cell headers stand on one line


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    for _ in range(3):
        yield case("ordinary", float(rng.uniform(3, 9)))
    for x in (0.0, -float(rng.uniform(3, 9)), math.inf):
        yield case("edges", x)


@misconception("ordinary", "edges", hint="You square instead of doubling.")
def squared(x):
    return x * x


@misconception("edges", hint="Your answer is never negative, but twice a negative number is.")
def never_negative(x):
    return abs(2 * x)


@alternative
def added(x):
    return x + x


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_withheld() -> Iterator[None]:
    """Cells run in this process, where other tests import what an assignment withholds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nextword.withheld.withhold", lambda name: None)
        yield


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, course: Course) -> Material:
    """The material of the tiny assignment, whose folder lies outside of the real course."""
    root = tmp_path_factory.mktemp("course")
    root.joinpath("jupytext.toml").write_bytes(course.root.joinpath("jupytext.toml").read_bytes())
    text_path = root / "solutions" / "01_tiny" / "tiny.py"
    text_path.parent.mkdir(parents=True)
    text_path.write_text(TINY)
    pairs.sync(text_path, pairs.Step.FROM_TEXT)
    notebook = pairs.check(text_path)
    check = Check({"ordinary": Group("numbers", 1), "edges": Group("edges", 1)}, draw)
    (question,) = questions(notebook)
    question = CheckedQuestion(
        question.name,
        question.points,
        check=check,
        misconceptions=(squared, never_negative),
        alternatives=(added,),
    )
    assignment = Course.at(root).assignment("01_tiny")
    return Material(assignment, notebook, load_reference(notebook, "tiny"), (question,))


@pytest.fixture(scope="session")
def tiny_exam(tiny: Material) -> Exam:
    return draw_exam(tiny, "tests")


@pytest.fixture(scope="session", params=ASSIGNMENTS)
def light_exam(request: pytest.FixtureRequest, course: Course) -> Exam:
    """The exam of each assignment in turn, without mistakes, which take the time of drawing."""
    material = load_material(course.assignment(request.param))
    checked = tuple(dataclasses.replace(each, misconceptions=()) for each in material.checked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return draw_exam(dataclasses.replace(material, checked=checked), "tests")


@pytest.fixture
def class_folder(tmp_path: Path) -> ClassFolder:
    folder = ClassFolder(tmp_path / "class")
    folder.set_secret("tests")
    return folder


@pytest.fixture
def quick() -> Limits:
    """Limits under which an endless loop does not hold up the tests."""
    return Limits(cell_seconds=6, notebook_seconds=60)


@pytest.fixture(scope="session")
def fill() -> Callable[..., dict[str, Any]]:
    """Return a function that gives a release as a student's JSON, with some cells replaced."""

    def filled(material: Material, **sources: str) -> dict[str, Any]:
        notebook = copy.deepcopy(material.derived.release)
        for cell in notebook.cells:
            name = (grade_id_of(cell) or "").replace("-", "_")
            cell.source = sources.get(name, cell.source)
        data: dict[str, Any] = json.loads(json.dumps(notebook))
        return data

    return filled


@pytest.fixture(scope="session")
def right(fill: Callable[..., dict[str, Any]], tiny: Material) -> dict[str, Any]:
    """The tiny assignment, solved. Copy it before you change it."""
    return fill(tiny, double="def double(x):\n    return x + x\n", why_written="Because.")


@pytest.fixture(scope="session")
def cell_of() -> Callable[[dict[str, Any], str], dict[str, Any]]:
    """Return a function that finds a notebook's cell by its grade_id."""

    def find(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            cell
            for cell in notebook["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
        )
        return found

    return find


@pytest.fixture(scope="session")
def submit() -> Callable[..., Path]:
    """Return a function that puts a file into a student's folder and returns its path."""

    def put(
        class_folder: ClassFolder,
        student: str,
        content: Any,
        assignment: str = "01_tiny",
        name: str = "tiny.ipynb",
    ) -> Path:
        path = class_folder.submitted(assignment, student) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return put


@pytest.fixture
def tiny_copy(tiny: Material, tmp_path: Path) -> Material:
    """The tiny assignment in a course folder of its own, which a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(tiny.assignment.course.root, root)
    return dataclasses.replace(tiny, assignment=Course.at(root).assignment("01_tiny"))


@pytest.fixture(scope="session")
def tiny_gradebook(tiny: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook that knows the tiny assignment, made once: nbgrader takes seconds for it."""
    folder = ClassFolder(tmp_path_factory.mktemp("gradebook"))
    gradebook.ensure_assignment(folder, tiny)
    return folder.gradebook_path


@pytest.fixture
def session(
    tiny: Material, tiny_exam: Exam, class_folder: ClassFolder, tiny_gradebook: Path
) -> Session:
    """A class that can be graded at once, with the exam of the secret "tests"."""
    shutil.copy(tiny_gradebook, class_folder.gradebook_path)
    return Session(tiny, class_folder, tiny_exam)


class Here(Executor):
    """Runs what is submitted at once, in this process."""

    def __init__(self, workers=1, thread_name_prefix=""):
        pass

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run answers in this process instead of in kernels; return the answers that were run."""
    answers: list[str] = []

    def run(staged, inputs, limits, mode, beside):
        source = next(c.source for c in staged.cells if grade_id_of(c) == "double")
        answers.append(source)
        namespace: dict[str, Any] = {}
        exec(source, namespace)
        return Execution(
            staged, {"double": run_here(namespace["double"], inputs["double"])}, {}, ()
        )

    monkeypatch.setattr(dispatch, "execute", run)
    monkeypatch.setattr(isolation, "confinement_problem", lambda: None)  # nothing is confined
    monkeypatch.setattr(dispatch, "ThreadPoolExecutor", Here)
    return answers
