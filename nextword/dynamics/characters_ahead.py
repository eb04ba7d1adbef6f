"""A text as a problem for small recurrent networks: the next character, or one further on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8

from nextword.dynamics.tasks import OneOfSeveral, SequenceLengthError


@dataclass(frozen=True, eq=False)
class CharactersAhead(OneOfSeveral):
    """Stretches of a text from anywhere in it; asked for is what comes some characters later.

    Parameters
    ----------
    ids
        The text, as numbers of characters from 0 to `n_symbols` − 1.
    n_symbols
        How many characters there are.
    ahead
        How many characters further on is the one that is asked for: 1, the next, or more.
    length
        How many characters of a stretch are read.
    n_answers
        After how many of them, the last ones, an answer is asked for. Where there are fewer than
        the length, the others are read to have something to go on.

    Raises
    ------
    SequenceLengthError
        A number is below 1, more answers are asked for than characters read, or the text is
        shorter than a stretch and what comes after it.

    References
    ----------
    Pascanu et al. 2013, sec. 4.2 and the last rows of Table 1: one and five characters ahead.

    Examples
    --------
    >>> task = CharactersAhead(np.arange(9), 9, ahead=5, length=3, n_answers=2)
    >>> inputs, answers = task.cut([0, 1])
    >>> inputs.argmax(axis=-1).tolist(), answers.tolist()
    ([[0, 1, 2], [1, 2, 3]], [[6, 7], [7, 8]])
    """

    ids: Int64[np.ndarray, " text"]
    n_symbols: int
    ahead: int
    length: int
    n_answers: int  # type: ignore[misc]

    def __post_init__(self) -> None:
        if min(self.ahead, self.length, self.n_answers) < 1 or self.n_answers > self.length:
            raise SequenceLengthError(
                "expected ahead, length and n_answers of 1 or more, not more answers than steps, "
                f"got {self.ahead}, {self.length} and {self.n_answers}"
            )
        if self._starts < 1:
            raise SequenceLengthError(
                f"expected a text of {self.length + self.ahead} characters or more, got "
                f"{len(self.ids)}"
            )

    @property
    def _starts(self) -> int:
        """How many places a stretch may begin at."""
        return len(self.ids) - self.length - self.ahead + 1

    @property
    def n_inputs(self) -> int:
        """How many characters there are."""
        return self.n_symbols

    @property
    def n_outputs(self) -> int:
        """How many characters there are."""
        return self.n_symbols

    def draw(
        self, rng: np.random.Generator, n: int
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, "n answers"]]:
        """Return stretches from anywhere, as one-hot rows, and what is asked for.

        Parameters
        ----------
        rng
            Where chance comes from.
        n
            How many stretches.
        """
        return self.cut(rng.integers(self._starts, size=n))

    def cut(
        self, starts: Int64[np.ndarray, " n"] | list[int]
    ) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, "n answers"]]:
        """Return the stretches that begin at some places, and what is asked for."""
        steps = np.asarray(starts)[:, None] + np.arange(self.length)
        asked = self.ids[steps[:, -self.n_answers :] + self.ahead]
        one_hot = np.eye(self.n_symbols, dtype=np.uint8)[self.ids[steps]]
        return one_hot, asked if self.n_answers > 1 else asked[:, 0]

    def whole(self) -> tuple[UInt8[np.ndarray, "n length symbols"], Int64[np.ndarray, "n answers"]]:
        """Return stretches side by side: every answer of the text once, but a rest at its end."""
        return self.cut(np.arange(0, self._starts, self.n_answers))
