"""The one thing that all errors of this package have in common."""


class CourseError(Exception):
    """Something that a member of staff can put right. Its message says what, and how.

    Every error that the command line shows as words instead of a traceback derives from this.
    """
