"""How well a model predicts a text of the grammar: overall, slot by slot, and by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Int64

from nextword.grammar import Grammar, Slot


class ScoringModel(Protocol):
    """A model that says how probable each token of a text is."""

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> Float[np.ndarray, " tokens"]:
        """Return the log-probability, in nats, of every token, `</s>` included."""
        ...


class NothingToScoreError(ValueError):
    """No token is of the kind that was asked for."""


class ScoreCountError(ValueError):
    """A model scored more or fewer tokens than the text has."""


@dataclass(frozen=True)
class Scores:
    """Log-probabilities of a text of the grammar, and where in their sentences the tokens stand.

    Attributes
    ----------
    log_probs
        Of every token, in nats.
    slots
        The slot of every token.
    distances
        Of every token's sentence: how far its second noun is from its first.

    Examples
    --------
    >>> grammar = Grammar.load()
    >>> sentences = grammar.sample(3, np.random.default_rng(0))
    >>> class Truth:
    ...     def log_probs(self, sentences):
    ...         return np.concatenate([grammar.log_probs(s) for s in sentences])
    >>> scores = Scores.of(Truth(), grammar, sentences)
    >>> bool(np.isclose(scores.perplexity(), grammar.floor_of(sentences).perplexity()))
    True
    """

    log_probs: Float[np.ndarray, " tokens"]
    slots: Sequence[Slot]
    distances: Int64[np.ndarray, " tokens"]

    @classmethod
    def of(
        cls, model: ScoringModel, grammar: Grammar, sentences: Sequence[Sequence[str]]
    ) -> Scores:
        """Score sentences of a grammar with a model.

        Raises
        ------
        ScoreCountError
            The model does not give one log-probability for each word and each `</s>`.
        """
        slots = [grammar.slots(list(sentence)) for sentence in sentences]
        distances = [found.index(Slot.RETURNING_NOUN) - found.index(Slot.NOUN) for found in slots]
        lengths = [len(found) for found in slots]
        log_probs = np.asarray(model.log_probs(sentences))
        if log_probs.shape != (sum(lengths),):
            raise ScoreCountError(
                f"expected {sum(lengths)} log-probabilities, one for each word and each </s>, got "
                f"shape {log_probs.shape}"
            )
        flat = [slot for found in slots for slot in found]
        return cls(log_probs, flat, np.repeat(np.array(distances, dtype=np.int64), lengths))

    def perplexity(self, slot: Slot | None = None, at: tuple[int, int] | None = None) -> float:
        """Return e to the mean negative log-probability of some tokens.

        Parameters
        ----------
        slot
            Only tokens in this slot; all, where none is given.
        at
            Only sentences whose distance lies from the first to the second of these numbers.

        Raises
        ------
        NothingToScoreError
            There is no such token.
        """
        chosen = np.ones(len(self.log_probs), dtype=np.bool_) if slot is None else self._in(slot)
        if at is not None:
            chosen &= (self.distances >= at[0]) & (self.distances <= at[1])
        if not chosen.any():
            raise NothingToScoreError(
                f"expected one token or more, found none in slot {slot or 'any'}"
                + ("" if at is None else f" at a distance from {at[0]} to {at[1]}")
            )
        return float(np.exp(-self.log_probs[chosen].mean()))

    def by_slot(self) -> dict[Slot, float]:
        """Return the perplexity in every slot that occurs, in the order of a sentence."""
        return {slot: self.perplexity(slot) for slot in Slot if slot in set(self.slots)}

    def _in(self, slot: Slot) -> Bool[np.ndarray, " tokens"]:
        return np.array([found is slot for found in self.slots], dtype=np.bool_)
