"""The addition and the multiplication problem: two numbers of a long row are marked."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from nextword.dynamics.tasks import ANumber, check_length

SHORTEST = 10
"""With fewer steps a tenth of the length is no step at all."""


@dataclass(frozen=True)
class Addition(ANumber):
    """Rows of numbers, uniform from 0 to 1, two of which are marked; their sum is asked for.

    A step has a mark, 1 or 0, and a number. With d = length // 10, the first mark stands at a place
    from 0 to d − 1, the second at one from d to length // 2 − 1, both uniform and independent. Who
    always answers 1 has a mean squared error of 1/6.

    Parameters
    ----------
    length
        T: how many numbers a row has, 10 or more.

    Raises
    ------
    SequenceLengthError
        It is shorter.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Experiment 4; Pascanu et al. 2013, sec. 4.1.2. The places are
    those of its authors' published code, which asks for half the sum, and draws each batch's
    length from a tenth above T. The sum is asked for as by Le et al. 2015.

    Examples
    --------
    >>> inputs, answers = Addition(20).draw(np.random.default_rng(0), 3)
    >>> inputs.shape, bool(np.allclose(inputs.prod(axis=-1).sum(axis=-1), answers))
    ((3, 20, 2), True)
    """

    length: int
    n_inputs: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_length(self.length, SHORTEST)

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[Float[np.ndarray, "n length 2"], Float[np.ndarray, " n"]]:
        """Return rows of marks and numbers, and what is asked of each.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many rows.
        """
        tenth, rows = self.length // 10, np.arange(n)
        numbers = rng.random((n, self.length))
        marked = rng.integers(tenth, size=n), rng.integers(tenth, self.length // 2, size=n)
        marks = np.zeros_like(numbers)
        for places in marked:
            marks[rows, places] = 1
        first, second = (numbers[rows, places] for places in marked)
        return np.stack([marks, numbers], axis=-1), self.asked(first, second)

    @staticmethod
    def asked(
        first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Return what is made of the marked numbers."""
        return np.asarray(first + second)


@dataclass(frozen=True)
class Multiplication(Addition):
    """The same rows; the product of the marked numbers is asked for.

    Parameters
    ----------
    length
        T: how many numbers a row has, 10 or more.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Experiment 5; Pascanu et al. 2013, sec. 4.1.2.
    """

    @staticmethod
    def asked(
        first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Return what is made of the marked numbers."""
        return np.asarray(first * second)
