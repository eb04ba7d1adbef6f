"""Where the files of a course lie."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError

PROBES = "probes"
"""The folder in ``solutions/`` whose modules travel into the sandbox."""
CHECKS = "checks"
"""The folder beside a notebook that holds its checks, and with them the answers."""


class NoCourseHere(CourseError):
    """The folder given is not the root of a course."""


class UnknownAssignment(CourseError):
    """No solution of that name."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course, such as ``01_counting``, whose notebook is ``counting``."""

    course: Course
    name: str

    @property
    def notebook_name(self) -> str:
        """The notebook's name: what follows the number."""
        return self.name.partition("_")[2]

    @property
    def text_path(self) -> Path:
        """The reference notebook as text: the truth."""
        return self.course.solutions / self.name / f"{self.notebook_name}.py"

    @property
    def notebook_path(self) -> Path:
        """The reference notebook as people open it, in step with the text."""
        return self.text_path.with_suffix(".ipynb")

    @property
    def checks_folder(self) -> Path:
        """The folder with the checks, one module a question."""
        return self.course.solutions / self.name / CHECKS

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
    """A course's root folder, with `solutions/`, `assignments/` and `lectures/`."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Course:
        """Return the course at `root`.

        Raises
        ------
        NoCourseHere
            `root` has no folder `solutions`.
        """
        if not (root / "solutions").is_dir():
            raise NoCourseHere(
                f"{root.resolve()} has no folder solutions/. Run this from the course's folder, "
                "or name it behind the command: --course PATH"
            )
        return cls(root.resolve())

    @property
    def solutions(self) -> Path:
        """Where the reference notebooks are."""
        return self.root / "solutions"

    @property
    def assignments(self) -> Path:
        """Where the student versions are, made from the solutions."""
        return self.root / "assignments"

    @property
    def lectures(self) -> Path:
        """Where the lectures are."""
        return self.root / "lectures"

    def assignment_names(self) -> list[str]:
        """Return the names of all assignments, in order."""
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
