"""Where in its notebook a question stands: under which heading, in the core or in the stretch."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.conventions import Question, cell_of, grade_id_of
from autograder.authoring.coursework import Asked, named

_HEADING = re.compile(r"^#{1,6} +(?P<words>.*\S)", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_STRETCH = re.compile(r"(\d+\. *)?stretch\b", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """The part of a notebook that a question belongs to.

    Parameters
    ----------
    heading
        The last one above the question, without its number signs; empty where there is none.
    """

    heading: str = ""

    @property
    def stretch(self) -> bool:
        """Whether it is beyond the core, which its heading says first: "9. Stretch: dropout"."""
        return _STRETCH.match(self.heading) is not None


def sections(work: Asked) -> dict[str, Section]:
    """Return the section of every automatically graded question, by the question's name."""
    found = {}
    for sheet in work.sheets:
        headings = _headings(sheet.notebook)
        for question in sheet.questions:
            heading = headings.get(cell_of(question), "")
            found[named(work, sheet, question.name)] = Section(heading)
    return found


def core_and_stretch(work: Asked) -> tuple[list[Question], list[Question]]:
    """Return the automatically graded questions of the core, and those of the stretch."""
    found = sections(work)
    core = [question for question in work.questions if not found[question.name].stretch]
    return core, [question for question in work.questions if found[question.name].stretch]


def _headings(notebook: NotebookNode) -> dict[str, str]:
    """Return the last heading above every cell that has a grade_id."""
    last, found = "", {}
    for cell in notebook.cells:
        name = grade_id_of(cell)
        if cell.cell_type == "markdown" and name is None:
            headings = _HEADING.findall(_FENCED.sub("", cell.source))
            last = headings[-1] if headings else last
        elif name is not None:
            found[name] = last
    return found
