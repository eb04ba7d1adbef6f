"""How several workers share the tests: the dearest begin first, so that nobody waits at the end.

With ``--dist loadfile`` pytest-xdist hands out a file at a time, those with the most tests first.
The dearest of ours have few tests: they came last, and one worker was still at them when the others
had nothing left to do. Here they come first, in the order of `DEAREST`. Of a file in `APART` the
tests of each parameter are handed out by themselves, as they share nothing else that is dear.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

APART = (
    "tests/autograder/checks/test_library.py",
    "tests/autograder/test_judge_fuzz.py",
    "tests/end_to_end/test_fairness.py",
    "tests/end_to_end/test_notebooks.py",
)
"""Files whose parameters need not be tried in one process."""
DEAREST = (
    "tests/faults/test_killed.py",
    "tests/end_to_end/test_demo.py",
    "tests/end_to_end/test_modes.py",
    "tests/end_to_end/test_foreign_course.py",
    "tests/end_to_end/test_nbgrader.py",
    "tests/end_to_end/test_notebooks.py::test_runs_top_to_bottom_in_its_budget[solutions",
    "tests/end_to_end/test_fairness.py",
    "tests/term/test_term.py",
    "tests/end_to_end/test_bundle.py",
    "tests/end_to_end/test_notebooks.py",
    "tests/autograder/test_judge_fuzz.py",
    "tests/autograder/checks/test_library.py",
)
"""How the names of tests begin, the dearest first; of all others, files with many tests first."""


class DearestFirst(LoadFileScheduling):
    """Hand out files in the order in which they were collected, or a parameter at a time."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return file + nodeid.partition("[")[2] if file in APART else file


@pytest.hookimpl(optionalhook=True)  # there is none without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> DearestFirst | None:
    """Replace the scheduler of ``--dist loadfile``."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return DearestFirst(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the dearest first, in each worker alike."""
    if hasattr(config, "workerinput"):
        many = Counter(item.path for item in items)
        items.sort(key=lambda item: (place(item.nodeid), -many[item.path]))


def place(nodeid: str) -> int:
    """Return the place in `DEAREST` of what a test's name begins with."""
    places = (place for place, name in enumerate(DEAREST) if nodeid.startswith(name))
    return next(places, len(DEAREST))
