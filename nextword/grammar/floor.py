"""The best perplexity that a model can reach, for a language or for one sample of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nextword.grammar.choice import Slot

# What costs nothing and is no word: scored by the course, left out where only words count.
_NO_WORDS = (Slot.END,)


@dataclass(frozen=True)
class Floor:
    """The smallest mean loss and perplexity: those of a model that knows the true probabilities.

    Of the language itself (expected nats and tokens of a sentence) no model does better on average.
    Of a sample (its own nats and tokens) a model can do better by luck; see `beyond_luck`.

    Scored tokens are, as everywhere in the course, the words of a sentence, its full stop included,
    and one ``</s>``, which is certain after the full stop: it counts as a token and costs nothing.

    Parameters
    ----------
    nats : Mapping of Slot to float
        -log probability of the tokens in every slot, summed.
    tokens : Mapping of Slot to float
        How many tokens are in the slot.
    """

    nats: Mapping[Slot, float]
    tokens: Mapping[Slot, float]

    def entropy_rate(self, *, count_end: bool = True) -> float:
        """Mean loss in nats per scored token, or per word where `count_end` is False."""
        left_out = () if count_end else _NO_WORDS
        n_tokens = math.fsum(n for slot, n in self.tokens.items() if slot not in left_out)
        return math.fsum(self.nats.values()) / n_tokens

    def perplexity(self, *, count_end: bool = True) -> float:
        """Perplexity per scored token, or per word where `count_end` is False."""
        return math.exp(self.entropy_rate(count_end=count_end))

    def perplexity_by_slot(self) -> dict[Slot, float]:
        """Perplexity within each slot, in the order in which a sentence comes to them."""
        return {
            slot: math.exp(self.nats[slot] / self.tokens[slot])
            for slot in Slot
            if self.tokens.get(slot, 0) > 0
        }
