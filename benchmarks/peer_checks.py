"""What the hidden tests of nbgrader and otter call when they grade the same class.

It asks the student's function exactly what our witness asks, once a question, and compares with the
reference's answers in the same process: all that these tools can do. `benchmarks/grading.py` writes
the answers to the file that the environment variable PEER_EXAM names.
"""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.comparing import Comparison
from autograder.guest.catalogue import arrived
from autograder.judging.cases import read_cases, run_here
from autograder.judging.outcomes import Outcome, read_outcomes


@dataclass(frozen=True)
class PeerQuestion:
    """A question's exam without anything of the course around it.

    Parameters
    ----------
    inputs
        What the witness is asked.
    expected
        The reference's outcomes.
    compared
        By group: the cases that count, and how their answers are compared.
    """

    inputs: str
    expected: dict[str, Outcome]
    compared: dict[str, dict[str, Comparison]]


@functools.cache
def _exam() -> dict[str, PeerQuestion]:
    exam: dict[str, PeerQuestion] = pickle.loads(Path(os.environ["PEER_EXAM"]).read_bytes())
    return exam


@functools.cache
def _outcomes(question: str, function: Callable[..., Any]) -> dict[str, Outcome]:
    asked = _exam()[question]
    cases = read_cases(asked.inputs)
    return read_outcomes(run_here(function, asked.inputs, arrived(cases.modules)), cases)


def passes(question: str, group: str, function: Callable[..., Any]) -> bool:
    """Return whether a function is right on all cases of a group."""
    asked = _exam()[question]
    outcomes = _outcomes(question, function)
    return all(
        not outcomes[case].changed and _agree(comparison, asked.expected[case], outcomes[case])
        for case, comparison in asked.compared[group].items()
    )


def _agree(comparison: Comparison, expected: Outcome, got: Outcome) -> bool:
    if got.failure is not None or (expected.error is None) != (got.error is None):
        return False
    if expected.error is not None and got.error is not None:
        return expected.error.types[0] in got.error.types
    return comparison.difference(expected.value, got.value) is None
