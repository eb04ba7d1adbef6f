"""Problems of recall: a symbol, or a pattern of symbols, is to be given back after a long time."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int64, UInt8

from nextword.dynamics.tasks import OneOfSeveral, SequenceLengthError, check_length


@dataclass(frozen=True)
class RandomPermutation(OneOfSeveral):
    """A symbol, one of two, then a long row of 98 others; the first is asked for at the end.

    The others say nothing of it, and all 100 symbols are possible answers.

    Parameters
    ----------
    length
        T: how many symbols are read, 2 or more.

    Raises
    ------
    SequenceLengthError
        It is shorter.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Experiment 2; Martens and Sutskever 2011; Pascanu et al. 2013,
    sec. 4.1.2, and its authors' published code: only the last symbol, which repeats the first, is
    asked for, as no other can be known.
    """

    length: int
    n_inputs: ClassVar[int] = 100
    n_outputs: ClassVar[int] = 100

    def __post_init__(self) -> None:
        check_length(self.length, 2)

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, " n"]]:
        """Return sequences as one-hot rows, and the number of the symbol that each begins with.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many sequences.
        """
        symbols = rng.integers(2, self.n_inputs, size=(n, self.length))
        symbols[:, 0] = rng.integers(2, size=n)
        return np.eye(self.n_inputs, dtype=np.uint8)[symbols], symbols[:, 0].copy()


@dataclass(frozen=True)
class NoiselessMemorisation(OneOfSeveral):
    """A pattern, then blanks, then a sign: from there on the pattern is given back in order.

    There are `n_values` symbols for patterns, a blank, and the sign, read in this order of numbers.
    `n_positions` steps show the pattern, `blanks` follow, then the sign, and blanks again to the
    end, `n_positions` steps from the sign on. At every step an answer is asked for: the blank
    before the sign, and the pattern's symbols from the step of the sign on. A sequence is right
    when all of its answers are.

    Parameters
    ----------
    blanks
        T: how many steps lie between the pattern and the sign, 1 or more.
    n_values
        Of how many symbols patterns are made, 2 or more.
    n_positions
        How many a pattern has, 1 or more. Two symbols at five places are 5 bits; five symbols at
        ten are 23.2.

    Raises
    ------
    SequenceLengthError
        A number is below its least.

    References
    ----------
    Martens and Sutskever 2011; Pascanu et al. 2013, sec. 4.1.2, and its authors' published code.
    """

    blanks: int
    n_values: int = 2
    n_positions: int = 5

    def __post_init__(self) -> None:
        check_length(self.blanks, 1)
        if self.n_values < 2 or self.n_positions < 1:
            raise SequenceLengthError(
                f"expected patterns of 2 values or more at 1 position or more, got "
                f"{self.n_values} at {self.n_positions}"
            )

    @property
    def length(self) -> int:
        """How many steps a sequence has."""
        return self.blanks + 2 * self.n_positions

    @property
    def n_inputs(self) -> int:
        """How many symbols are read: values, blank, sign."""
        return self.n_values + 2

    @property
    def n_outputs(self) -> int:
        """How many symbols are given: values, blank."""
        return self.n_values + 1

    @property
    def n_answers(self) -> int:  # type: ignore[override]
        """An answer is asked for at every step."""
        return self.length

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, "n length"]]:
        """Return sequences as one-hot rows, and the symbol that is asked for at each step.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many sequences.
        """
        blank, sign = self.n_values, self.n_values + 1
        pattern = rng.integers(self.n_values, size=(n, self.n_positions))
        read = np.full((n, self.length), blank)
        read[:, : self.n_positions] = pattern
        read[:, -self.n_positions] = sign
        asked = np.full((n, self.length), blank)
        asked[:, -self.n_positions :] = pattern
        return np.eye(self.n_inputs, dtype=np.uint8)[read], asked
