"""The notebook that a student takes home: their own code, and the practice cases that it fails.

It holds nothing of the exam but failing practice cases, and nothing that another person wrote but
the course: a student's own code cells, without outputs, and the course's given ones.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils

from autograder.authoring.conventions import EXPLORATION, VISIBLE, grade_id_of
from autograder.authoring.plain import plain_cell, plain_notebook
from autograder.authoring.reading import Reading
from autograder.files import write_atomically
from autograder.judging import first_difference
from autograder.judging.judge import Verdict
from autograder.judging.practice import PracticeCase

Practice = Mapping[str, Sequence[PracticeCase]]
"""By question: the practice cases that a submission fails."""

_TITLE = """# {name}: practice cases

The cases below were drawn for practice, and your functions fail them. None is a case of the exam.

1. Run all cells. Below each case stands where your answer differs first.
2. Mend your function in its cell, run that cell and the cases again, until all of them agree.
3. Copy the function into your own notebook, and hand that one in: this one is not graded."""
_CHECKS = """

def compare(got, expected, rtol=1e-9, atol=0.0):
    \"\"\"Say where an answer differs first from the expected one.\"\"\"
    print(first_difference(expected, got, rtol, atol) or "The same.")


def expect_error(error, call):
    \"\"\"Say whether a call raises what it is to raise.\"\"\"
    try:
        got = call()
    except error:
        print("The same.")
    else:
        print(f"It returned {got!r}, expected {error.__name__}.")
"""


def practice_path(feedback: Path, notebook_name: str) -> Path:
    """Return where the practice notebook lies, beside a student's page."""
    return feedback.with_name(f"{notebook_name}-practice.ipynb")


def write_practice(
    path: Path,
    notebook_name: str,
    submitted: NotebookNode,
    verdicts: Sequence[Verdict],
    practice: Practice,
    reading: Mapping[str, Reading],
) -> bool:
    """Write a practice notebook where there is something to practise, and remove an earlier one.

    Parameters
    ----------
    path
        Where to.
    notebook_name
        Whose code it is about.
    submitted
        The student's notebook, staged.
    verdicts
        On its questions.
    practice
        The failing cases.
    reading
        What to read again.

    Returns
    -------
    written
        Whether there is one now.
    """
    text = practice_text(notebook_name, submitted, verdicts, practice, reading)
    if not text:
        path.unlink(missing_ok=True)
        return False
    write_atomically(path, text, lasting=False)
    return True


def practice_text(
    notebook_name: str,
    submitted: NotebookNode,
    verdicts: Sequence[Verdict],
    practice: Practice,
    reading: Mapping[str, Reading],
) -> str:
    """Return a practice notebook as JSON; nothing where there is nothing to practise.

    See `write_practice`.
    """
    asked = [verdict for verdict in verdicts if practice.get(verdict.question)]
    if not asked:
        return ""
    cells = [
        _cell("markdown", _TITLE.format(name=notebook_name)),
        *_own_code(submitted),
        _cell("markdown", "## The comparison\n\nRun it once. It is the course's."),
        _cell("code", inspect.getsource(first_difference).rstrip() + "\n" + _CHECKS.rstrip()),
    ]
    for verdict in asked:
        cells += _question(verdict, practice[verdict.question], reading.get(verdict.question))
    for i, cell in enumerate(cells):
        cell["id"] = f"practice-{i}"
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps(plain_notebook(cells, kernel))


def _cell(kind: str, source: str, runs_on: bool = False) -> NotebookNode:
    cell = plain_cell(kind, source, "practice")
    if runs_on:  # a cell that raises does not stop the rest
        cell.metadata["tags"] = ["raises-exception"]
    return cell


def _own_code(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the code without which a student's functions do not run, as new cells."""
    yield _cell("markdown", "## Your code")
    for cell in notebook.cells:
        tested = utils.is_grade(cell) or (grade_id_of(cell) or "").endswith(f"-{VISIBLE}")
        looked_at = EXPLORATION in cell.metadata.get("tags", [])
        if cell.cell_type == "code" and cell.source.strip() and not (tested or looked_at):
            yield _cell("code", cell.source, runs_on=True)


def _question(
    verdict: Verdict, cases: Sequence[PracticeCase], reading: Reading | None
) -> Iterator[NotebookNode]:
    words = [f"## `{verdict.question}`", verdict.says]
    if verdict.hint:
        words.append(f"**Hint.** {verdict.hint}")
    if reading:
        words.append(f"Read again: lecture {reading.lecture}, *{reading.heading}*.")
    yield _cell("markdown", "\n\n".join(words))
    for number, case in enumerate(cases, start=1):
        heading = f"# Case {number} of {len(cases)}: {case.says}\n"
        if not case.runs:
            shown = f"{heading}{case.call}\n# expected:\n{case.expected}"
            yield _cell("markdown", f"```python\n{shown}\n```")
            continue
        yield _cell("code", heading + _check(case), runs_on=True)


def _check(case: PracticeCase) -> str:
    if case.error:
        return f"expect_error({case.error}, lambda: (\n{case.call}\n))"
    if case.expected_code:
        rtol, atol = case.tolerances
        return (
            f"got = {case.call}\nexpected = {case.expected_code}\n"
            f"compare(got, expected, rtol={rtol!r}, atol={atol!r})"
        )
    shown = "\n".join(f"#     {line}" for line in case.expected.splitlines())
    return f"{case.call}\n# Compare it yourself. Expected:\n{shown}"
