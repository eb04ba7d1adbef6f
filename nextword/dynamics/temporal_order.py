"""The temporal order problems: in which order two or three symbols came, many steps later."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int64, UInt8

from nextword.dynamics.tasks import OneOfSeveral, SequenceLengthError, check_length

__all__ = ["ANSWERS", "SYMBOLS", "SequenceLengthError", "TemporalOrder", "ThreeBitTemporalOrder"]

SYMBOLS = "ABcdef"
"""Two that matter, and four that are there to distract."""
ANSWERS = ("AA", "AB", "BA", "BB")
SHORTEST = 10
"""With fewer steps a tenth of the length is no step at all."""


@dataclass(frozen=True)
class TemporalOrder(OneOfSeveral):
    """Sequences of symbols; their class is the order of the two that matter.

    With a tenth of the length d = length // 10, the first symbol of A and B stands at a place from
    d to 2 d − 1, counted from 0, the second at one from length // 2 to length // 2 + d − 1; both
    places and both symbols are uniform and independent. All other places have one of four others.
    The class is asked for after the last step only.

    Parameters
    ----------
    length
        T: how many symbols a sequence has, 10 or more.

    Raises
    ------
    SequenceLengthError
        It is shorter.

    References
    ----------
    Hochreiter and Schmidhuber 1997; Pascanu et al. 2013, sec. 4.1.1. Where the paper says
    *beginning and middle*, the places are those of its authors' published code.

    Examples
    --------
    >>> inputs, answers = TemporalOrder(20).draw(np.random.default_rng(0), 3)
    >>> inputs.shape, answers.tolist()
    ((3, 20, 6), [2, 3, 2])
    """

    length: int
    n_inputs: ClassVar[int] = len(SYMBOLS)
    n_outputs: ClassVar[int] = len(ANSWERS)

    def __post_init__(self) -> None:
        check_length(self.length, SHORTEST)

    @property
    def starts(self) -> tuple[int, ...]:
        """The first place at which each symbol that matters may stand; each has a tenth."""
        return self.length // 10, self.length // 2

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, " n"]]:
        """Return sequences as one-hot rows, and the number of each one's class.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many sequences.
        """
        tenth, rows = self.length // 10, np.arange(n)
        symbols = rng.integers(2, len(SYMBOLS), size=(n, self.length))
        matter = rng.integers(2, size=(len(self.starts), n))
        answers = np.zeros(n, dtype=np.int64)
        for start, symbol in zip(self.starts, matter, strict=True):
            symbols[rows, rng.integers(start, start + tenth, size=n)] = symbol
            answers = 2 * answers + symbol
        return np.eye(len(SYMBOLS), dtype=np.uint8)[symbols], answers

    @staticmethod
    def text(inputs: UInt8[np.ndarray, "length symbols"]) -> str:
        """Return one sequence as letters."""
        return "".join(SYMBOLS[number] for number in inputs.argmax(axis=-1))


@dataclass(frozen=True)
class ThreeBitTemporalOrder(TemporalOrder):
    """The same with three symbols that matter, and eight classes: AAA, AAB, … BBB.

    They stand in the tenths that begin at a tenth, three tenths and six tenths of the length.

    Parameters
    ----------
    length
        T: how many symbols a sequence has, 10 or more.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Experiment 6b; Pascanu et al. 2013, sec. 4.1.2, with the places
    of its authors' published code.
    """

    n_outputs: ClassVar[int] = 8

    @property
    def starts(self) -> tuple[int, ...]:
        """The first place at which each symbol that matters may stand; each has a tenth."""
        return self.length // 10, 3 * self.length // 10, 6 * self.length // 10
