"""A choice between words: the one kind of random step that the grammar takes."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from enum import StrEnum
from itertools import accumulate

import numpy as np


class Slot(StrEnum):
    """The position of a token, known from the words before it: what is being chosen there."""

    DETERMINER = "determiner"
    ADJECTIVE = "adjective"
    NOUN = "noun"
    VERB = "verb"
    PHRASE = "next phrase"  # an adverb, a preposition, or the "and" that ends the phrases
    ARTICLE = "article"  # the "the" after a preposition and after "and"
    SETTING = "setting"
    RETURNING_NOUN = "returning noun"
    CLOSING_VERB = "closing verb"
    FULL_STOP = "full stop"
    END = "end of sentence"  # </s>
    NOTHING = "nothing"  # after </s>


class Choice:
    """A slot, and the probability of every word that can fill it.

    Parameters
    ----------
    slot : Slot
        What is chosen.
    probs : Mapping of str to float
        Probabilities that sum to 1; words of probability 0 are left out.

    Examples
    --------
    >>> coin = Choice(Slot.NOUN, {"heads": 0.5, "tails": 0.5})
    >>> coin.log_probs["heads"] == -math.log(2), coin.entropy == math.log(2)
    (True, True)
    """

    __slots__ = ("_cumulative", "_words", "entropy", "log_probs", "probs", "slot")

    def __init__(self, slot: Slot, probs: Mapping[str, float]) -> None:
        self.slot = slot
        self.probs = {word: prob for word, prob in probs.items() if prob > 0}
        self.log_probs = {word: math.log(prob) for word, prob in self.probs.items()}
        self.entropy = -math.fsum(p * self.log_probs[word] for word, p in self.probs.items())
        self._words = tuple(self.probs)
        # Without the last: rounding cannot leave a draw beyond it without a word.
        self._cumulative = tuple(accumulate(self.probs.values()))[:-1]

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a word; a choice of one takes no random number."""
        if not self._cumulative:
            return self._words[0]
        return self._words[bisect_right(self._cumulative, rng.random())]
