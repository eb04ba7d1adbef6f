"""The temporal order problem: which of two symbols came first, many steps later."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int64, UInt8

SYMBOLS = "ABcdef"
"""Two that matter, and four that are there to distract."""
ANSWERS = ("AA", "AB", "BA", "BB")
SHORTEST = 10
"""With fewer steps a tenth of the length is no step at all."""


class SequenceLengthError(ValueError):
    """No problem of this length can be made."""


@dataclass(frozen=True)
class TemporalOrder:
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
        if self.length < SHORTEST:
            raise SequenceLengthError(
                f"expected a length of {SHORTEST} steps or more, got {self.length}"
            )

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, " n"]]:
        """Return sequences as one-hot rows, and the number of each one's class in `ANSWERS`.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many sequences.
        """
        tenth, rows = self.length // 10, np.arange(n)
        symbols = rng.integers(2, len(SYMBOLS), size=(n, self.length))
        first, second = rng.integers(2, size=(2, n))
        symbols[rows, rng.integers(tenth, 2 * tenth, size=n)] = first
        middle = self.length // 2
        symbols[rows, rng.integers(middle, middle + tenth, size=n)] = second
        return np.eye(len(SYMBOLS), dtype=np.uint8)[symbols], 2 * first + second

    @staticmethod
    def text(inputs: UInt8[np.ndarray, "length symbols"]) -> str:
        """Return one sequence as letters."""
        return "".join(SYMBOLS[number] for number in inputs.argmax(axis=-1))

    @staticmethod
    def loss_and_signal(
        outputs: Float[np.ndarray, "runs batch answers"], answers: Int64[np.ndarray, "runs batch"]
    ) -> tuple[Float[np.ndarray, " runs"], Float[np.ndarray, "runs batch answers"]]:
        """Return each run's mean cross-entropy in nats, and its derivative by the outputs."""
        top = outputs.max(axis=-1, keepdims=True)
        shares = np.exp(outputs - top)
        totals = shares.sum(axis=-1, keepdims=True)
        shares /= totals
        at = answers[..., None]
        right = np.take_along_axis(outputs - top, at, axis=-1) - np.log(totals)
        np.put_along_axis(shares, at, np.take_along_axis(shares, at, axis=-1) - 1, axis=-1)
        return -right[..., 0].mean(axis=-1), shares / answers.shape[-1]

    @staticmethod
    def wrong(
        outputs: Float[np.ndarray, "runs batch answers"], answers: Int64[np.ndarray, " batch"]
    ) -> Float[np.ndarray, " runs"]:
        """Return the share of sequences that each run puts into the wrong class."""
        return np.asarray(np.mean(outputs.argmax(axis=-1) != answers, axis=-1))
