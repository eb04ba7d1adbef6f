"""The rules known, the probabilities counted: how well a text of this size lets one predict."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from nextword.grammar.choice import Slot
from nextword.grammar.entropy import expected_visits
from nextword.grammar.floor import Floor
from nextword.grammar.lexicon_checks import END_OF_SENTENCE
from nextword.grammar.rules import Rules


class CountedGrammar:
    """A grammar whose choices are known, and which words each has; how often each comes is counted.

    It is the yardstick between the exact floor and a model that had to find the rules as well: what
    is above the floor here is due to the size of the text alone. Made by `Grammar.counted`.

    Parameters
    ----------
    rules : Rules
        The grammar: which choice comes when, and between which words.
    sentences : iterable of sequence of str
        The text that is counted, all of the grammar.
    pseudo_count : float
        Added to each word of each choice, above 0: an unseen word is possible.

    Raises
    ------
    ValueError
        A sentence is not of the grammar, or `pseudo_count` is not above 0.
    """

    def __init__(
        self, rules: Rules, sentences: Iterable[Sequence[str]], pseudo_count: float
    ) -> None:
        if not 0 < pseudo_count < math.inf:
            raise ValueError(f"expected a pseudo_count above 0, got {pseudo_count}")
        self._rules = rules
        self._pseudo_count = pseudo_count
        # A choice is known by which object it is: the rules keep one of each.
        self._counts: dict[int, Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            tokens = [*sentence, END_OF_SENTENCE]
            met = list(rules.choices(tokens))
            if len(met) != len(tokens) or tokens[-1] not in met[-1].probs:
                raise ValueError(f"expected sentences of the grammar, got {' '.join(sentence)!r}")
            for token, choice in zip(tokens, met, strict=True):
                self._counts[id(choice)][token] += 1

    def _log_probs_of(self, choice_id: int, words: Iterable[str]) -> dict[str, float]:
        listed, seen = list(words), self._counts.get(choice_id, Counter())
        total = sum(seen.values()) + self._pseudo_count * len(listed)
        return {word: math.log((seen[word] + self._pseudo_count) / total) for word in listed}

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> Float[np.ndarray, " tokens"]:
        """Return the log-probability of every token, each sentence's ``</s>`` included.

        Parameters
        ----------
        sentences : sequence of sequence of str
            Of the grammar.

        Returns
        -------
        array
            In nats; -inf from the first impossible token of a sentence on.
        """
        known: dict[int, dict[str, float]] = {}
        scores = []
        for sentence in sentences:
            tokens = [*sentence, END_OF_SENTENCE]
            found = np.full(len(tokens), -np.inf)
            for index, choice in enumerate(self._rules.choices(tokens)):
                if id(choice) not in known:
                    known[id(choice)] = self._log_probs_of(id(choice), choice.probs)
                found[index] = known[id(choice)].get(tokens[index], -np.inf)
            scores.append(found)
        return np.concatenate(scores) if scores else np.zeros(0)

    def floor(self) -> Floor:
        """Return what it scores on average over the whole language, exactly, by slot.

        The expected number of visits to each choice, times the cross-entropy of the true and the
        counted probabilities there. Never below `Grammar.floor`.
        """
        nats: dict[Slot, float] = defaultdict(float)
        tokens: dict[Slot, float] = defaultdict(float)
        for choice, n_visits in expected_visits(self._rules):
            counted = self._log_probs_of(id(choice), choice.probs)
            nats[choice.slot] -= n_visits * math.fsum(
                prob * counted[word] for word, prob in choice.probs.items()
            )
            tokens[choice.slot] += n_visits
        return Floor(nats, tokens)
