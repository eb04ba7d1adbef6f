"""Keeps what known answers came to, so that an exam that was drawn before is there at once.

What the reference and every mistake answer to a question depends on the cases and on the program:
the course's, the grader's, the libraries'. A digest of the program is kept with the answers, and
one of the cases, so that nothing is used that is out of date. A file that is damaged, or of another
program, is as good as none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.files import InTheWay, NoRoom, write_atomically


@dataclass(frozen=True)
class Drawn:
    """What known answers to a question came to, in the exam of one class.

    Parameters
    ----------
    attempt
        The number of the draw that was found good.
    inputs
        The digest of what a witness gets (see `digest_of_inputs`).
    evidence
        What each known answer said, by its name.
    """

    attempt: int
    inputs: str
    evidence: Mapping[str, str]


@dataclass(frozen=True)
class KeptAnswers:
    """A folder in which the answers of known solutions are kept.

    Parameters
    ----------
    folder
        Where: anything in it may be deleted at any time.
    program
        A digest of all that decides what a known answer comes to, but the cases.
    """

    folder: Path
    program: str

    def read(self, secret: str, question: str) -> Drawn | None:
        """Return what is kept of a question in the exam of a class, None where nothing is."""
        try:
            kept = json.loads(self._path(secret, question).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        match kept:
            case {"program": self.program, "digest": digest, "drawn": str(drawn)}:
                return Drawn(**json.loads(drawn)) if digest == _digest(drawn) else None
        return None

    def keep(self, secret: str, question: str, drawn: Drawn) -> None:
        """Keep the answers to a question, in place of what was kept before."""
        text = json.dumps(asdict(drawn))
        kept = {"program": self.program, "digest": _digest(text), "drawn": text}
        try:
            write_atomically(self._path(secret, question), json.dumps(kept), lasting=False)
        except (NoRoom, InTheWay):  # the exam is there all the same; the next start takes longer
            return

    def _path(self, secret: str, question: str) -> Path:
        return self.folder / f"{question}-{_digest(secret)[:16]}.json"


def digest_of_inputs(inputs: str) -> str:
    """Return by what the inputs of a question are known again."""
    return _digest(inputs)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
