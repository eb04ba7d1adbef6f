"""Says why a question has no evidence: which cell failed with which error, or where a name went.

What a cell raised is the student's own text: it is cut, and anything but plain characters is taken
out of it. Once a test cell has run, an error could carry its secret inputs. Of cells below one only
what Python itself says is repeated, of names that stand in the cell.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence

from nbformat import NotebookNode

from autograder.authoring.conventions import (
    ASSERTED,
    EXPLORATION,
    GRADED,
    grade_id_of,
    role_of,
)
from autograder.authoring.plain import plain_text
from autograder.authoring.recognise import defines, is_ours

_LONGEST = 200
"""Characters kept of an error's message."""
_MOST_FAILED = 5
"""How many failed cells are listed."""
_CELLS_FILE = re.compile(r" \((?:<[^<>]*>|[^\s()]+\.py), line (\d+)\)$")
"""Where a syntax error is: in a file that nobody has, by a name that depends on the kernel."""
_FUNCTION = re.compile(r"^(?:async +)?def +(\w+)", re.MULTILINE)
_CALLED = re.compile(r"(?<![\w.])(\w+)\(")
_NAMED = re.compile(r"(?<![\w.])(?:def|class|import|as|for) +(\w+)")
_GIVEN = re.compile(r"(?<![\w.])(\w+) *[=:,)]")
"""What is called in a text, and what may be bound in it: by a statement, or as an argument."""
_DEBUGGER = re.compile(r"\b(?:breakpoint|set_trace)\(")
_PYTHONS_OWN = {
    "ModuleNotFoundError": re.compile(r"No module named '([\w.]+)'"),
    "ImportError": re.compile(r"cannot import name '(\w+)' from '([\w.]+)'"),
    "NameError": re.compile(r"name '(\w+)' is not defined"),
    "AttributeError": re.compile(r"module '([\w.]+)' has no attribute '(\w+)'"),
}
"""Messages that say nothing but names, by the kind of error."""
_ODD_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}"
_UNWRITTEN = "NotImplementedError"
"""What a function raises that has not been written: no failure to be told of."""


def why_absent(question: str, cells: Sequence[NotebookNode], place: int) -> str:
    """Return why a test cell that has run brought nothing back, for the student.

    Parameters
    ----------
    question
        The question's name.
    cells
        Of the executed notebook.
    place
        Where among them the test cell stands.
    """
    error = _error(cells[place])
    if error is None:
        return "The test cell ran, but nothing came back from it."
    if error.ename != "NameError" or f"'{question}'" not in error.evalue:
        return f"The test cell stopped with {error.ename} before it could call your function."
    return (
        f"There is no function {question} when its test cell runs. {_why(question, cells, place)}"
    )


def failed_cells(cells: Sequence[NotebookNode]) -> str | None:
    """Return which of a student's cells stopped with which error; None where none has."""
    failed = [
        f"{_name(cells, place)} with {_shown(cells, place)}"
        for place, cell in enumerate(cells)
        if not _is_test(cell) and (error := _error(cell)) and error.ename != _UNWRITTEN
    ]
    if not failed:
        return None
    more = f"; and {len(failed) - _MOST_FAILED} more" if len(failed) > _MOST_FAILED else ""
    return f"Stopped with an error: {'; '.join(failed[:_MOST_FAILED])}{more}."


def helpers_not_run(cells: Sequence[NotebookNode]) -> str | None:
    """Return which functions are called by answers but stand in cells that are not run.

    Only those that nothing that is run defines or takes as an argument. None where there is none.
    """
    code = [cell for cell in cells if cell.cell_type == "code"]
    run, not_run = (
        "\n".join(c.source for c in code if (EXPLORATION in c.metadata.get("tags", [])) is explores)
        for explores in (False, True)
    )
    defined = set(_FUNCTION.findall(not_run))
    # Each text is gone over once, however many names there are: it is a student's.
    called = defined.intersection(_CALLED.findall(run) if defined else ())
    if called:
        called = called.difference(_NAMED.findall(run), _GIVEN.findall(run))
    found = sorted(called)[:_MOST_FAILED]
    if not found:
        return None
    return (
        "Called, but defined only in cells tagged `exploration`, which are not run when a notebook "
        f"is graded: {', '.join(name[:60] for name in found)}. Define it in the cell of the answer "
        "that calls it."
    )


def _why(question: str, cells: Sequence[NotebookNode], place: int) -> str:
    """Return what became of the cell that defines a question's function."""
    defining = [i for i, cell in enumerate(cells) if defines(cell, question)]
    not_run = [i for i in defining if EXPLORATION in cells[i].metadata.get("tags", [])]
    above = [i for i in defining if i < place and i not in not_run]
    below = [i for i in defining if i > place and i not in not_run]
    if above:
        return _went_wrong(cells, above[-1])
    if below:
        return (
            f"{_name(cells, below[0])} defines it, but stands below the test cell, and cells run "
            "from top to bottom. Move it above its tests."
        )
    if not_run:
        return (
            f"{_name(cells, not_run[0])} defines it, but is tagged `exploration`, and such cells "
            "are not run when a notebook is graded. Write it in the cell given for it."
        )
    texts = [i for i, cell in enumerate(cells) if _is_text_of(cell, question)]
    if texts:
        kind = cells[texts[0]].cell_type
        return f"{_name(cells, texts[0])} defines it, but is a {kind} cell. Make it a code cell."
    failed = _first_failure(cells, place)
    reason = f" {_stopped(cells, failed)}" if failed is not None else ""
    return f"No cell of your notebook defines it.{reason}"


def _went_wrong(cells: Sequence[NotebookNode], place: int) -> str:
    """Return why a cell that defines a function has left none."""
    cell, error = cells[place], _error(cells[place])
    first_line = cell.source.lstrip().partition("\n")[0].strip()
    if error is None and first_line.startswith("%%"):
        magic = plain_text(first_line.split()[0])
        return (
            f"{_name(cells, place)} begins with {magic}, which runs the cell in a place of its "
            f"own, so that nothing else sees what it defines. Take {magic} out."
        )
    if error is None:
        return (
            f"{_name(cells, place)} defines it, but it was gone again, or the cell had not run to "
            "its end."
        )
    words = _stopped(cells, place)
    earlier = _first_failure(cells, place)
    if error.ename == "NameError" and earlier is not None:
        words += f" Before that: {_stopped(cells, earlier)}"
    return words


def _stopped(cells: Sequence[NotebookNode], place: int) -> str:
    """Return that a cell stopped, with which error, and what to do where that is known."""
    cell, error = cells[place], _error(cells[place])
    kind = error.ename if error is not None else ""
    words = f"{_name(cells, place)} stopped with {_shown(cells, place)}."
    if kind in ("ModuleNotFoundError", "ImportError"):
        words += (
            " When a notebook is graded, only the packages that its first cell names are there, "
            "and files beside the notebook are not read."
        )
    elif any(space in cell.source for space in _ODD_SPACES) and kind == "SyntaxError":
        words += " Some of its spaces are not ordinary ones: type them again."
    elif _DEBUGGER.search(cell.source):
        words += " It calls the debugger, which nobody answers when it is graded: take that out."
    return words


def _first_failure(cells: Sequence[NotebookNode], before: int) -> int | None:
    """Return the first cell of the student's above a place that stopped with an error."""
    places = (i for i in range(before) if not _is_test(cells[i]) and _error(cells[i]))
    return next(places, None)


def _error(cell: NotebookNode) -> NotebookNode | None:
    outputs = cell.get("outputs", ())
    return next((output for output in outputs if output.output_type == "error"), None)


def _is_test(cell: NotebookNode) -> bool:
    return grade_id_of(cell) is not None and is_ours(cell)


def _is_text_of(cell: NotebookNode, question: str) -> bool:
    code = NotebookNode(cell | {"cell_type": "code"})
    return cell.cell_type != "code" and defines(code, question)


def _name(cells: Sequence[NotebookNode], place: int) -> str:
    grade_id = grade_id_of(cells[place])
    first_line = plain_text(cells[place].source.strip().partition("\n")[0])[:60]
    return f"Cell {place + 1} ({grade_id or first_line})"


def _shown(cells: Sequence[NotebookNode], place: int) -> str:
    """Return a cell's error as Python's last line shows it, or as much of it as is safe to tell."""
    error, source = _error(cells[place]), cells[place].source
    if error is None:
        return "no error"
    name = plain_text(error.ename)[:60]
    message = plain_text(error.evalue.strip().partition("\n")[0])
    message = _CELLS_FILE.sub(r" (line \1)", message)
    if any(map(_holds_secrets, cells[:place])):
        name = name if hasattr(builtins, name) else "an error of its own"
        pattern = _PYTHONS_OWN.get(name)
        found = pattern.match(message) if pattern else None
        message = found[0] if found and all(part in source for part in found.groups()) else ""
    cut = f"{message[:_LONGEST]}…" if len(message) > _LONGEST else message
    return f"{name}: {cut}" if cut else name


def _holds_secrets(cell: NotebookNode) -> bool:
    """Return whether a cell asks secret cases, or holds hidden asserts of nbgrader's."""
    return grade_id_of(cell) is not None and role_of(cell) in (GRADED, ASSERTED)
