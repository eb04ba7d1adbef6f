"""Writes the beginnings of a new question: its cells, its check, and one misconception."""

from __future__ import annotations

import keyword
import math
import re
from pathlib import Path

from autograder.authoring import pairs
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Assignment
from autograder.errors import CourseError
from autograder.files import write_atomically

_CELLS = '''
# %% [markdown]
# ## {title}
#
# What is asked and why, with the formula and its source. Then, settled:
#
# * every case on which correct solutions could differ.

# %% nbgrader={{"grade": false, "grade_id": "{name}", "locked": false, "schema_version": 3, "solution": true, "task": false}}
def {name}(values: list[float]) -> float:
    """Return the sum of the values.

    Parameters
    ----------
    values
        Numbers, possibly none.

    Returns
    -------
    total
        Their sum.
    """
    ### BEGIN SOLUTION
    return float(sum(values))
    ### END SOLUTION


# %% nbgrader={{"grade": false, "grade_id": "{name}-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}}
result = {name}([1.0, 2.0])
assert result == 3.0, f"1 + 2 is 3, not {{result}}"

# %% nbgrader={{"grade": true, "grade_id": "{name}-graded", "locked": true, "points": {points:g}, "schema_version": 3, "solution": false, "task": false}}
# {points:g} points, graded when you submit: say here what the hidden cases are about.
### BEGIN HIDDEN TESTS
# collect {name}
### END HIDDEN TESTS
'''

_CHECK = '''"""{name}: one line on what it asks."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import Case, Check, Group, alternative, case, slip


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield the cases of one exam."""
    for length in (1, 2, 5, 9):
        yield case("all", rng.normal(size=length).tolist())


check = Check(
    groups={{"all": Group("what these cases are about, as the student reads it", {points:g})}},
    draw=draw,
)


@alternative
def with_a_loop(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


first_left_out = slip(
    with_a_loop,
    ("in values", "in values[1:]"),
    loses="all",
    hint="What a student who wrote this needs to hear.",
)
'''


class BadQuestionName(CourseError):
    """A question's name is no function name, or it is taken."""


def new_question(assignment: Assignment, name: str, points: float) -> tuple[Path, Path]:
    """Append a question's cells to the notebook's text and write its check, all working stubs.

    Parameters
    ----------
    assignment
        Where to.
    name
        The function that students will write.
    points
        What it is worth.

    Returns
    -------
    text_path, check_path
        The files to edit.

    Raises
    ------
    BadQuestionName, PairOutOfStep
        Nothing has been written.
    """
    notebook = pairs.check(assignment.text_path)
    check_path = assignment.check_path(name)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise BadQuestionName(
            f"{name!r} cannot name a question: expected a function's name in lower case"
        )
    if name in {grade_id_of(cell) for cell in notebook.cells} or check_path.exists():
        raise BadQuestionName(f"{assignment.name} already has a question {name!r}")
    if not 0 < points < math.inf:
        raise BadQuestionName(f"expected points above 0, came {points:g}")
    title = name.replace("_", " ").capitalize()
    text = assignment.text_path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    cells = _CELLS.format(name=name, title=title, points=points)
    write_atomically(check_path, _CHECK.format(name=name, points=points))
    write_atomically(assignment.text_path, text + cells)
    pairs.sync(assignment.text_path, pairs.Step.FROM_TEXT)
    return assignment.text_path, check_path
