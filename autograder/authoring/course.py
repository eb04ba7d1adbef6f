"""Where the files of a course lie."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import CourseError

PROBES = "probes"
"""The folder in ``solutions/`` whose modules travel into the sandbox."""
CHECKS = "checks"
"""The folder beside a notebook that holds its checks, and with them the answers."""
_SOLUTIONS, _ASSIGNMENTS = "solutions", "assignments"
_SOURCE, _RELEASE = "source", "release"
"""Nbgrader's own names for the same two."""
_TORCH = re.compile(r"\b(?:import|from) torch\b")


class NoCourseHere(CourseError):
    """The folder given is not the root of a course."""


class UnknownAssignment(CourseError):
    """No solution of that name."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course, such as ``01_counting``, whose notebook is ``counting``.

    Parameters
    ----------
    course, name
        Which.
    notebook
        The notebook that is meant, of an assignment that may have several (see `notebooks`).
    """

    course: Course
    name: str
    notebook: str = ""

    @property
    def notebooks(self) -> tuple[Assignment, ...]:
        """The same assignment by its notebooks: each of them, in order."""
        if self.notebook or not self.course.is_nbgraders:
            return (self,)
        names = sorted(path.stem for path in self.folder.glob("[!.]*.ipynb"))
        return tuple(replace(self, notebook=name) for name in names)

    @property
    def notebook_name(self) -> str:
        """The notebook's name: what follows the number where an assignment has only one."""
        return self.notebook or self.name.partition("_")[2]

    @property
    def folder(self) -> Path:
        """The folder of the reference notebooks, and of what lies beside them."""
        return self.course.solutions / self.name

    @property
    def imports_torch(self) -> bool:
        """Whether a reference notebook seems to import torch; read off its file, nothing is run."""
        files = (path for each in self.notebooks for path in (each.text_path, each.notebook_path))
        texts = (path.read_text("utf-8", "replace") for path in files if path.is_file())
        return any(_TORCH.search(text) for text in texts)

    @property
    def text_path(self) -> Path:
        """The reference notebook as text: the truth, but in a course of nbgrader's."""
        return self.folder / f"{self.notebook_name}.py"

    @property
    def notebook_path(self) -> Path:
        """The reference notebook as people open it, in step with the text."""
        return self.text_path.with_suffix(".ipynb")

    @property
    def truth_path(self) -> Path:
        """The file that is edited: the text, or the notebook where it has no text."""
        return self.notebook_path if self.course.is_nbgraders else self.text_path

    @property
    def topic(self) -> str:
        """The package of its checks in a process: what follows the number, if there is one."""
        return self.name.partition("_")[2] or self.name

    @property
    def checks_folder(self) -> Path:
        """The folder with the checks, one module a question."""
        return self.folder / CHECKS

    def check_path(self, question: str) -> Path:
        """Return where a question's check stands."""
        return self.checks_folder / f"{question}.py"

    @property
    def release_folder(self) -> Path:
        """The folder that students get."""
        return self.course.assignments / self.name

    @property
    def release_path(self) -> Path:
        """The notebook that students get."""
        return self.release_folder / f"{self.notebook_name}.ipynb"


@dataclass(frozen=True)
class Course:
    """A course's root folder, with `solutions/`, `assignments/` and `lectures/`.

    One that was made by ``nbgrader quickstart`` has `source/` and `release/` instead: notebooks
    without texts, assignments of any name and any number of notebooks. Its folder is also the
    folder of its class.
    """

    root: Path

    @classmethod
    def at(cls, root: Path) -> Course:
        """Return the course at `root`.

        Raises
        ------
        NoCourseHere
            `root` has neither folder, `solutions` or `source`.
        """
        if not ((root / _SOLUTIONS).is_dir() or (root / _SOURCE).is_dir()):
            raise NoCourseHere(
                f"{root.resolve()} has no folder {_SOLUTIONS}/. Run this from the course's folder, "
                f"or name it behind the command: --course PATH. (In a course that nbgrader made, "
                f"{_SOURCE}/ takes its place.)"
            )
        return cls(root.resolve())

    @property
    def is_nbgraders(self) -> bool:
        """Whether its folders have the names that nbgrader gives them."""
        return not (self.root / _SOLUTIONS).is_dir() and (self.root / _SOURCE).is_dir()

    @property
    def solutions(self) -> Path:
        """Where the reference notebooks are."""
        return self.root / (_SOURCE if self.is_nbgraders else _SOLUTIONS)

    @property
    def assignments(self) -> Path:
        """Where the student versions are, made from the solutions."""
        return self.root / (_RELEASE if self.is_nbgraders else _ASSIGNMENTS)

    @property
    def lectures(self) -> Path:
        """Where the lectures are."""
        return self.root / "lectures"

    def assignment_names(self) -> list[str]:
        """Return the names of all assignments, in order."""
        if self.is_nbgraders:
            return sorted({path.parent.name for path in self.solutions.glob("[!.]*/[!.]*.ipynb")})
        folders = self.solutions.glob("[0-9][0-9]_*")
        return sorted(folder.name for folder in folders if folder.is_dir())

    def assignment(self, name: str) -> Assignment:
        """Return the assignment of that name.

        Raises
        ------
        UnknownAssignment
            There is none; the message names the nearest.
        """
        names = self.assignment_names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
            suggestion = f" Did you mean {near[0]}?" if near else ""
            known = ", ".join(names) or "none yet"
            raise UnknownAssignment(f"No assignment {name!r}. Known: {known}.{suggestion}")
        return Assignment(self, name)
