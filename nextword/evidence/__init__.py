"""What a graded cell publishes: data that came back from a student's function.

The kernel in which a student's code runs is a *witness*. It calls the student's function on inputs
that were laid ready for this class, and publishes the results as evidence. It knows no right
answer; a judge outside compares.
"""

from nextword.evidence.collect import CASES_VARIABLE, collect

__all__ = ["CASES_VARIABLE", "collect"]
