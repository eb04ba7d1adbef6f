"""Two language models that predict together.

References
----------
Bengio et al. 2003, section 2, *Mixture of models*: a network and an interpolated trigram, with a
fixed weight of 0.5, a weight learned on validation text, or weights by the context's frequency.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from jaxtyping import Float, Int64

from nextword.models.evaluation import ScoringModel

Sentences = Sequence[Sequence[str]]


class MixtureWeightError(ValueError):
    """A weight is not from 0 to 1, or there are not as many as kinds of context."""


class ContextFrequency:
    """How often the two words before a token occurred together in training, in classes.

    Parameters
    ----------
    sentences
        The training text.
    edges
        Where classes end: class 0 has fewer than the first number, and so on.
    """

    def __init__(self, sentences: Sentences, edges: Sequence[int] = (1, 3, 10, 100)) -> None:
        self.edges = tuple(edges)
        self._counts = Counter(context for s in sentences for context in _contexts(s))

    def __len__(self) -> int:
        return len(self.edges) + 1

    @property
    def names(self) -> list[str]:
        """What each class is, in words."""
        spans = pairwise(self.edges)
        between = [str(low) if high == low + 1 else f"{low}–{high - 1}" for low, high in spans]
        first = self.edges[0]
        return ["0" if first == 1 else f"below {first}", *between, f"{self.edges[-1]} or more"]

    def classes(self, sentences: Sentences) -> Int64[np.ndarray, " tokens"]:
        """Return the class of every token's context, `</s>` included."""
        counts = [self._counts[context] for s in sentences for context in _contexts(s)]
        return np.digitize(np.array(counts, dtype=np.int64), self.edges).astype(np.int64)


def _contexts(sentence: Sequence[str]) -> list[tuple[str, str]]:
    """Return the two words before each token of a sentence and before its end."""
    return list(pairwise(("<s>", "<s>", *sentence)))


class Mixture:
    """p(w | context) = a p₁(w | context) + (1 - a) p₂(w | context).

    Parameters
    ----------
    first, second
        The two models.
    weights
        a, the weight of the first model: one for all, or one for each class of `frequency`.
    frequency
        Which weight a token gets.

    Raises
    ------
    MixtureWeightError
        A weight is not from 0 to 1, or there are not as many as classes.
    """

    def __init__(
        self,
        first: ScoringModel,
        second: ScoringModel,
        weights: Sequence[float] = (0.5,),
        frequency: ContextFrequency | None = None,
    ) -> None:
        self.first, self.second, self.frequency = first, second, frequency
        self.weights = np.array(weights, dtype=np.float64)
        n_classes = 1 if frequency is None else len(frequency)
        if self.weights.shape != (n_classes,) or not np.all(
            (self.weights >= 0) & (self.weights <= 1)
        ):
            raise MixtureWeightError(
                f"expected {n_classes} weights from 0 to 1, got {self.weights.tolist()}"
            )

    @classmethod
    def fit(
        cls,
        first: ScoringModel,
        second: ScoringModel,
        heldout: Sentences,
        frequency: ContextFrequency | None = None,
        n_steps: int = 200,
    ) -> Self:
        """Choose the weights under which a text that neither model was trained on is most probable.

        Parameters
        ----------
        first, second
            The two models.
        heldout
            Validation sentences.
        frequency
            Classes with a weight each; one for all, where it is not given. A class that does not
            occur keeps the weight 0.5.
        n_steps
            Steps of expectation maximisation.
        """
        n_classes = 1 if frequency is None else len(frequency)
        mixture = cls(first, second, [0.5] * n_classes, frequency)
        ratio = np.exp(second.log_probs(heldout) - first.log_probs(heldout))
        classes = mixture._classes(heldout)
        sizes = np.maximum(np.bincount(classes, minlength=n_classes), 1)
        seen = np.bincount(classes, minlength=n_classes) > 0
        for _ in range(n_steps):
            weights = mixture.weights[classes]
            credit = weights / (weights + (1 - weights) * ratio)
            updated = np.bincount(classes, credit, minlength=n_classes) / sizes
            mixture.weights = np.where(seen, updated, mixture.weights)
        return mixture

    def log_probs(self, sentences: Sentences) -> Float[np.ndarray, " tokens"]:
        """Return the log-probability, in nats, of every token, `</s>` included."""
        weights = self.weights[self._classes(sentences)]
        with np.errstate(divide="ignore"):  # a weight of 0 has the logarithm -inf, and means it
            ours = np.log(weights) + self.first.log_probs(sentences)
            theirs = np.log1p(-weights) + self.second.log_probs(sentences)
        return np.asarray(np.logaddexp(ours, theirs))

    def perplexity(self, sentences: Sentences) -> float:
        """Return e to the mean negative log-probability per token, `</s>` included."""
        return float(np.exp(-self.log_probs(sentences).mean()))

    def _classes(self, sentences: Sentences) -> Int64[np.ndarray, " tokens"]:
        if self.frequency is not None:
            return self.frequency.classes(sentences)
        return np.zeros(sum(len(s) + 1 for s in sentences), dtype=np.int64)
