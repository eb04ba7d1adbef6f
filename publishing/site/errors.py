"""What may be wrong with the site, in words that name the page or the notebook and its cell."""

from __future__ import annotations

from autograder.errors import CourseError


class PictureWithoutText(CourseError):
    """A picture says nothing to those who cannot see it."""


class FaultyPages(CourseError):
    """Pages were built, or could not be, and something is wrong with them.

    Parameters
    ----------
    faults
        A line each, with the page.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
