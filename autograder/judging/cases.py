"""Asks a witness case by case, and keeps what it says as evidence.

The witness sees one case at a time, and the next only when it has answered. How long it takes is
measured here, and what it makes of its arguments comes back as a digest, so that neither is a word
of its own. What it says is kept as it came; `autograder.judging.outcomes` reads it.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.guest.catalogue import GENERIC, Catalogue
from autograder.guest.codec import MAX_BYTES
from autograder.guest.witness import answer, laid_ready, silence

TIMEOUTS_BEFORE_GIVING_UP = 2
RESERVED = 8_000
"""Characters that every answer may have, however long the others were."""
_SLACK, _SLACK_SECONDS = 1.25, 2.0
"""How much later than its time a call may be answered: it is on its way, and machines are busy."""

Ask = Callable[[str, int], str]
"""Puts a question, a line of JSON, to a witness, and returns its answer of at most so many
characters."""


class BrokenProtocol(Exception):
    """What came from a witness is no answer that a witness of ours gives."""


@dataclass(frozen=True)
class Cases:
    """What a witness is asked about one question.

    Parameters
    ----------
    question
        Its name.
    seconds_per_case, seconds
        What one call may take, and all of them.
    modules
        The texts of the course's modules without which its cases cannot be asked, by name.
    texts
        By identity, in the order in which they are asked: what the witness gets, as JSON.
    arguments
        By identity: the digest of the arguments, which is to be the same after the call.
    """

    question: str
    seconds_per_case: float
    seconds: float
    modules: Mapping[str, str]
    texts: Mapping[str, str]
    arguments: Mapping[str, str]


@functools.lru_cache(maxsize=256)
def read_cases(inputs: str) -> Cases:
    """Return the cases in a question's inputs.

    Parameters
    ----------
    inputs
        JSON text of our own: ``question``, ``seconds_per_case``, ``seconds``, and ``cases``, each
        an ``id``, encoded ``args`` and ``kwargs``, and perhaps the name of a ``probe``; perhaps
        ``modules``, of the course (see `autograder.guest.catalogue`).
    """
    asked = json.loads(inputs)
    # The witness is not told the identity.
    laid = {case.pop("id"): laid_ready(**case) for case in asked["cases"]}
    return Cases(
        asked["question"],
        asked["seconds_per_case"],
        asked["seconds"],
        asked.get("modules", {}),
        {identity: json.dumps(case) for identity, case in laid.items()},
        {identity: case["digest"] for identity, case in laid.items()},
    )


def run_cases(ask: Ask, inputs: str, patience: float = 1.0) -> str:
    """Return the evidence on a question: what a witness says of every case.

    Parameters
    ----------
    ask
        Puts one case to the witness.
    inputs
        See `read_cases`.
    patience
        How many times as long as they may the calls are given.

    Returns
    -------
    evidence
        JSON text: ``question``, and ``cases`` in the order in which they were asked, each its
        identity, what the witness said (null where it was not asked, as time was used up), and
        whether that came too late.

    Raises
    ------
    BrokenProtocol
        It said what no witness of ours says.
    """
    cases = read_cases(inputs)
    deadline = time.monotonic() + patience * cases.seconds
    seconds = patience * cases.seconds_per_case
    room = MAX_BYTES - RESERVED * len(cases.texts)
    if cases.modules and ask(json.dumps({"modules": cases.modules}), RESERVED) != "null":
        raise BrokenProtocol("an answer where nothing was asked yet")
    timeouts = 0
    records: list[tuple[str, str | None, bool]] = []
    for identity, text in cases.texts.items():
        began = time.monotonic()
        if timeouts >= TIMEOUTS_BEFORE_GIVING_UP or began > deadline:
            records.append((identity, None, False))
            continue
        longest = room + RESERVED
        limits = f'"seconds": {seconds}, "longest": {longest}'
        said = ask(f'{{{limits}, "case": {text}}}', longest)
        if not (said.isascii() and said.isprintable()):  # which could be kept in more bytes
            raise BrokenProtocol("an answer that is no line of ASCII")
        took = time.monotonic() - began
        timeouts += took >= seconds
        room -= max(0, len(said) - RESERVED)
        records.append((identity, said, took > _SLACK * seconds + _SLACK_SECONDS))
    return json.dumps({"question": cases.question, "cases": records})


def broken(question: str, why: str) -> str:
    """Return the evidence of a question whose witness said what no witness of ours says."""
    return json.dumps({"question": question, "broken": why})


def run_here(
    function: Callable[..., Any], inputs: str, catalogue: Catalogue = GENERIC, patience: float = 1.0
) -> str:
    """Return a function's evidence, called in this process: for the course's own code."""

    def ask(line: str, longest: int) -> str:
        return "null" if line.startswith('{"modules": ') else answer(function, line, catalogue)

    with silence():
        return run_cases(ask, inputs, patience)
