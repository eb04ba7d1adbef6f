"""A corpus: three explicit splits of sentences."""

from dataclasses import dataclass, field
from math import isclose, isfinite

import numpy as np

from nextword.corpora.errors import SplitFractionsError, TooFewSentencesError

Sentence = list[str]
FRACTIONS = (0.8, 0.1, 0.1)


@dataclass(frozen=True)
class Corpus:
    """Sentences to fit on, to choose settings by, and to report on.

    Attributes
    ----------
    name
        Where the text comes from.
    train, valid, test
        Lists of sentences, each a list of tokens, without `<s>` and `</s>`.
    """

    name: str
    train: list[Sentence] = field(repr=False)
    valid: list[Sentence] = field(repr=False)
    test: list[Sentence] = field(repr=False)

    def __str__(self) -> str:
        sizes = (
            f"{name} {len(part):,} sentences ({sum(map(len, part)):,} tokens)"
            for name, part in zip(
                ("train", "valid", "test"), (self.train, self.valid, self.test), strict=True
            )
        )
        return f"{self.name}: {', '.join(sizes)}"


def split(
    sentences: list[Sentence],
    name: str,
    fractions: tuple[float, float, float] = FRACTIONS,
    seed: int | None = None,
) -> Corpus:
    """Cut sentences into train, valid and test.

    Parameters
    ----------
    sentences
        In the order of the text.
    name
        Where they come from.
    fractions
        The shares of train, valid and test; each share above 0 gets at least one sentence.
    seed
        None cuts the text where it stands: its beginning is train, its end test, and neighbours
        stay together. A number shuffles the sentences first, the same way each time.

    Raises
    ------
    SplitFractionsError
        If `fractions` are not three numbers of 0 or more that sum to 1.
    TooFewSentencesError
        If a share above 0 would stay empty.

    Examples
    --------
    >>> split([["a"], ["b"], ["c"], ["d"]], "letters", (0.5, 0.25, 0.25)).test
    [['d']]
    """
    if (
        len(fractions) != 3
        or not all(isfinite(share) and share >= 0 for share in fractions)
        or not isclose(sum(fractions), 1, abs_tol=1e-9)
    ):
        raise SplitFractionsError(
            f"expected the shares of train, valid and test, which sum to 1, got {fractions}"
        )
    n_train, n_valid, n_test = _sizes(len(sentences), fractions, name)
    order = range(len(sentences))
    if seed is not None:
        order = np.random.default_rng(seed).permutation(len(sentences)).tolist()
    shuffled = [sentences[i] for i in order]
    return Corpus(
        name,
        train=shuffled[:n_train],
        valid=shuffled[n_train : n_train + n_valid],
        test=shuffled[len(shuffled) - n_test :],
    )


def _sizes(total: int, fractions: tuple[float, float, float], name: str) -> tuple[int, int, int]:
    """Return the sizes of the splits: rounded to nearest, but 1 at least where a share is not 0."""
    least = [1 if share > 0 else 0 for share in fractions]
    if total < sum(least):
        raise TooFewSentencesError(
            f"expected at least {sum(least)} sentences in {name!r}, one for each split, and got "
            f"{total}; take a longer text, or fractions=(1, 0, 0) to keep all of it for training"
        )
    n_test = max(least[2], round(total * fractions[2]))
    n_valid = max(least[1], round(total * fractions[1]))
    while total - n_valid - n_test < least[0]:  # a handful of sentences and lopsided shares
        n_test, n_valid = (n_test - 1, n_valid) if n_test > n_valid else (n_test, n_valid - 1)
    if fractions[0] == 0:  # what rounding left over must not go to a train that has no share
        n_valid, n_test = (n_valid, total - n_valid) if fractions[2] > 0 else (total, 0)
    return total - n_valid - n_test, n_valid, n_test
