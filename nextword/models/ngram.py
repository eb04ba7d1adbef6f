"""N-gram models on arrays: add-δ, and interpolated modified Kneser–Ney.

These are the course's measured rungs, made for speed; both are fitted on sentences and asked for
log-probabilities, distributions and samples. Logarithms are natural throughout (nats).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import index
from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Int64

from nextword.models.ngram_table import Level, NGramTable, Stream
from nextword.text.vocabulary import Vocabulary

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


class OrderError(ValueError):
    """The order of a model is no whole number of 1 or more."""


class EmptyCorpusError(ValueError):
    """There is no sentence to fit or to evaluate."""


class DeltaError(ValueError):
    """The pseudo-count of an add-δ model is negative or not finite."""


class ContextError(ValueError):
    """A context is too short to say which n-gram it begins."""


def _check_order(order: int) -> int:
    try:
        number = index(order)
    except TypeError:
        number = 0
    if number < 1 or isinstance(order, bool):
        raise OrderError(
            f"expected an order of 1 or more (1 looks at single words, 3 at two words of "
            f"context), a whole number, and got {order!r}"
        )
    return number


def _stream(sentences: Iterable[Sequence[str]], vocab: Vocabulary | None, n_bos: int) -> Stream:
    stream = Stream.of(sentences, vocab, n_bos)
    if len(stream.ids) == 0:
        raise EmptyCorpusError(
            "expected at least one sentence and got none; is the split empty, or a generator "
            "already used up?"
        )
    return stream


class NGramModel(ABC):
    """What the models of this module share; fit one with its class's `fit`.

    Attributes
    ----------
    order
        The longest n-gram: a word and at most `order - 1` words before it.
    vocab
        What ids mean. Distributions have an entry for each of its words; that of `<s>` is 0.
    """

    def __init__(self, table: NGramTable, vocab: Vocabulary, order: int, n_bos: int) -> None:
        self.order = order
        self.vocab = vocab
        self._table = table
        self._n_bos = n_bos

    @abstractmethod
    def _probs(self, stream: Stream) -> Float[np.ndarray, " tokens"]:
        """Return the probability of each scored token."""

    @abstractmethod
    def next_distribution(self, context: Sequence[str]) -> Float[np.ndarray, " vocab"]:
        """Return the probability of every word of `vocab` after `context`."""

    def log_probs(self, sentences: Iterable[Sequence[str]]) -> Float[np.ndarray, " tokens"]:
        """Score every token of every sentence, each sentence's `</s>` included.

        Parameters
        ----------
        sentences
            Lists of tokens without `<s>` and `</s>`. Unknown words are scored as `<unk>`.

        Returns
        -------
        array
            Natural logarithms of probability (nats), token after token, sentence after sentence.

        Raises
        ------
        EmptyCorpusError
            If there is no sentence.
        """
        return self._log_probs(self._stream(sentences))

    def perplexity(
        self,
        sentences: Iterable[Sequence[str]],
        unknown: Literal["score", "skip"] = "score",
    ) -> float:
        """Return e to the mean negative log-probability per token, `</s>` included.

        Parameters
        ----------
        sentences
            Lists of tokens without `<s>` and `</s>`.
        unknown
            Whether unknown words count ("score") or are left out of the mean ("skip"; they
            stay in the contexts of the words after them).

        Raises
        ------
        EmptyCorpusError
            If there is no sentence.
        """
        if unknown not in ("score", "skip"):
            raise ValueError(f"expected unknown to be 'score' or 'skip', got {unknown!r}")
        stream = self._stream(sentences)
        log_probs = self._log_probs(stream)
        if unknown == "skip":
            log_probs = log_probs[stream.ids[stream.scored] != self.vocab.unk]
        with np.errstate(over="ignore"):  # a perplexity beyond floats is infinite
            return float(np.exp(-log_probs.mean()))

    def sample(
        self, rng: np.random.Generator, max_tokens: int = 50, start: Sequence[str] = ()
    ) -> list[str]:
        """Draw a sentence word by word.

        Parameters
        ----------
        rng
            Where chance comes from.
        max_tokens
            Stop after so many new tokens, if `</s>` was not drawn before.
        start
            The sentence's first words.

        Returns
        -------
        list of str
            `start` and what was drawn after it, without `<s>` and `</s>`.
        """
        sentence = list(start)
        for _ in range(max_tokens):
            cumulated = np.cumsum(self.next_distribution([self.vocab.words[0], *sentence]))
            drawn = int(np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right"))
            if drawn == self.vocab.eos:
                break
            sentence.append(self.vocab.words[drawn])
        return sentence

    @property
    def n_ngrams(self) -> tuple[int, ...]:
        """How many different n-grams of each order are stored, beginning with order 1."""
        levels = self._table.levels
        bos = self.vocab.bos
        counted = [int(np.count_nonzero(levels[0].counts))]
        return (*counted, *(int(np.count_nonzero(level.words != bos)) for level in levels[1:]))

    def _stream(self, sentences: Iterable[Sequence[str]]) -> Stream:
        return _stream(sentences, self.vocab, self._n_bos)

    def _log_probs(self, stream: Stream) -> Float[np.ndarray, " tokens"]:
        with np.errstate(divide="ignore"):  # log 0 is −∞ and means what it says
            return np.asarray(np.log(self._probs(stream)))


class AddDelta(NGramModel):
    """p(w | context) = (count(context w) + δ) / (count(context) + δ V).

    V counts every word the model can predict (`vocab.n_outcomes`: all but `<s>`). A context that
    was never seen gives 1/V to each of them. With δ = 0 this is the maximum-likelihood estimate:
    an unseen word has probability 0, and after an unseen context there is no estimate (nan).
    Sentences begin with `order - 1` times `<s>`.

    Examples
    --------
    >>> model = AddDelta.fit([["a", "b"], ["a", "c"]], order=2, delta=1.0)
    >>> dict(zip(model.vocab, model.next_distribution(["a"]).round(3).tolist()))
    {'<s>': 0.0, '</s>': 0.143, '<unk>': 0.143, 'a': 0.143, 'b': 0.286, 'c': 0.286}
    """

    def __init__(self, table: NGramTable, vocab: Vocabulary, order: int, delta: float) -> None:
        super().__init__(table, vocab, order, n_bos=order - 1)
        self.delta = delta
        top = table.levels[-1]
        contexts = len(table.levels[-2]) if order > 1 else 1
        self._totals = np.bincount(top.prefixes, top.counts, minlength=contexts)

    @classmethod
    def fit(
        cls,
        sentences: Iterable[Sequence[str]],
        order: int,
        delta: float = 1.0,
        vocab: Vocabulary | None = None,
    ) -> Self:
        """Count the n-grams of a text.

        Parameters
        ----------
        sentences
            Training sentences, lists of tokens without `<s>` and `</s>`.
        order
            How many words an n-gram has.
        delta
            What is added to every count.
        vocab
            The vocabulary; by default all words of `sentences`.

        Raises
        ------
        OrderError, DeltaError, EmptyCorpusError
            If an argument is not what it should be.
        """
        number = _check_order(order)
        if not 0 <= delta < np.inf:
            raise DeltaError(f"expected a finite delta of 0 or more, got {delta!r}")
        stream = _stream(sentences, vocab, number - 1)
        return cls(NGramTable(stream, number), stream.vocab, number, float(delta))

    def seen(self, sentences: Iterable[Sequence[str]]) -> Bool[np.ndarray, "tokens order"]:
        """Tell which n-grams of a text the model was fitted on.

        Returns
        -------
        array
            Entry (t, k − 1) is true if the k words that end with token t, filled up with `<s>`
            where the sentence begins, occurred in training.
        """
        stream = self._stream(sentences)
        found = self._table.numbers(stream.ids)
        columns = np.zeros((int(stream.scored.sum()), self.order), dtype=np.bool_)
        columns[:, 0] = self._table.levels[0].counts[stream.ids[stream.scored]] > 0
        for k, numbers in enumerate(found[1:], 1):
            columns[:, k] = numbers[stream.scored] >= 0
        return columns

    def _smoothed(
        self,
        counts: Int[np.ndarray, "..."],
        totals: Float[np.ndarray, "..."] | np.float64,
    ) -> Float[np.ndarray, "..."]:
        numerators = counts + self.delta
        denominators = totals + self.delta * self.vocab.n_outcomes
        with np.errstate(invalid="ignore"):  # 0 / 0 where δ = 0: no estimate
            return np.asarray(np.divide(numerators, denominators), dtype=np.float64)

    def _probs(self, stream: Stream) -> Float[np.ndarray, " tokens"]:
        found = self._table.numbers(stream.ids)
        here = np.flatnonzero(stream.scored)
        counts = _take(self._table.levels[-1].counts, found[-1][here], absent=0)
        if self.order == 1:
            return self._smoothed(counts, self._totals[0])
        return self._smoothed(counts, _take(self._totals, found[-2][here - 1], absent=0.0))

    def next_distribution(self, context: Sequence[str]) -> Float[np.ndarray, " vocab"]:
        """Return the probability of every word after a context.

        Parameters
        ----------
        context
            The words before. The last `order - 1` count; a shorter context has to begin with
            `<s>`, which then fills up.

        Returns
        -------
        array
            By word id; 0 for `<s>`. All nan if δ = 0 and the context was never seen.

        Raises
        ------
        ContextError
            If the context is shorter than `order - 1` and does not begin with `<s>`.
        """
        prefix, total = 0, self._totals[0]
        if self.order > 1:
            prefix = int(self._table_of_contexts(self._padded(context))[-1])
            total = self._totals[prefix] if prefix >= 0 else np.float64(0)
        counts = np.zeros(len(self.vocab), dtype=np.int64)
        if prefix >= 0:
            top = self._table.levels[-1]
            rows = top.children(prefix, len(self.vocab))
            counts[top.words[rows]] = top.counts[rows]
        distribution = self._smoothed(counts, total)
        distribution[self.vocab.bos] = 0.0
        return distribution

    def _padded(self, context: Sequence[str]) -> Int64[np.ndarray, " context"]:
        """Return the last `order - 1` ids of a context, filled up with `<s>` on the left."""
        ids = self.vocab.encode(context)[-(self.order - 1) :]
        lacking = self.order - 1 - len(ids)
        if lacking and (not len(ids) or ids[0] != self.vocab.bos):
            raise ContextError(
                f"expected {self.order - 1} words of context for order {self.order}, or a context "
                f"that begins with <s>; got {list(context)!r}"
            )
        return np.concatenate([np.full(lacking, self.vocab.bos), ids])

    def _table_of_contexts(
        self, ids: Int64[np.ndarray, " context"]
    ) -> Int64[np.ndarray, " context"]:
        return self._table.numbers(ids)[self.order - 2]


class ModifiedKneserNey(NGramModel):
    """Interpolated modified Kneser–Ney, as KenLM's `lmplz` estimates it.

    The highest order has raw counts c. A lower order has, for each n-gram, the number of
    different words it was seen to follow, except that an n-gram that begins with `<s>`, which
    nothing precedes, keeps its raw count. With D(c) = 0, D₁, D₂, D₃ for c = 0, 1, 2, 3 or more,

        p(w | context) = (c(context w) − D(c)) / Σ c + γ(context) p(w | shorter context)

    where γ hands on exactly what the discounts took. Below single words lies the uniform
    distribution over all outcomes, `<unk>` among them.

    Attributes
    ----------
    discounts
        (D₁, D₂, D₃) of each order, beginning with order 1.

    References
    ----------
    Chen and Goodman 1999, *An empirical study of smoothing techniques for language modeling*,
    eqs. 26 (discounts) and 24 to 25 (model); Heafield et al. 2013, *Scalable modified Kneser-Ney
    language model estimation*, section 3.

    Examples
    --------
    >>> model = ModifiedKneserNey.fit([["a", "b"], ["a", "c"]], order=2)
    >>> round(float(model.next_distribution(["a"]).sum()), 12)
    1.0
    """

    def __init__(self, table: NGramTable, vocab: Vocabulary, order: int) -> None:
        super().__init__(table, vocab, order, n_bos=1)
        sizes = [1, *(len(level) for level in table.levels)]
        adjusted = _adjusted_counts(table.levels)
        self.discounts = tuple(_discounts(counts) for counts in adjusted)
        parts = [
            _discounted(level, counts, discounts, n_contexts)
            for level, counts, discounts, n_contexts in zip(
                table.levels, adjusted, self.discounts, sizes, strict=False
            )
        ]
        self._shares = [shares for shares, _ in parts]
        self._backoffs = [backoffs for _, backoffs in parts]
        uniform = np.full(len(vocab), 1 / vocab.n_outcomes)
        uniform[vocab.bos] = 0.0
        self._unigrams: np.ndarray = self._shares[0] + self._backoffs[0][0] * uniform

    @classmethod
    def fit(
        cls,
        sentences: Iterable[Sequence[str]],
        order: int,
        vocab: Vocabulary | None = None,
    ) -> Self:
        """Estimate the model from a text.

        Parameters
        ----------
        sentences
            Training sentences, lists of tokens without `<s>` and `</s>`. They are read once, so
            `map(str.split, file)` takes a tokenised file without ever holding it.
        order
            The longest n-gram, of 1 or more words. Longer than every sentence does no harm.
        vocab
            The vocabulary; by default all words of `sentences`. Training words that it does not
            hold are counted as `<unk>`.

        Raises
        ------
        OrderError, EmptyCorpusError
            If an argument is not what it should be.
        """
        number = _check_order(order)
        stream = _stream(sentences, vocab, 1)
        return cls(NGramTable(stream, number), stream.vocab, number)

    def _probs(self, stream: Stream) -> Float[np.ndarray, " tokens"]:
        found = self._table.numbers(stream.ids)
        here = np.flatnonzero(stream.scored)
        probs: np.ndarray = self._unigrams[stream.ids[here]]
        for k in range(1, len(found)):
            probs *= _take(self._backoffs[k], found[k - 1][here - 1], absent=1.0)
            probs += _take(self._shares[k], found[k][here], absent=0.0)
        return probs

    def next_distribution(self, context: Sequence[str]) -> Float[np.ndarray, " vocab"]:
        """Return the probability of every word after a context.

        Parameters
        ----------
        context
            The words before. The last `order - 1` count; a shorter one asks the lower orders.
            A sentence's start is `<s>`, once or as often as you like; what stands before the
            last `<s>` is not looked at.

        Returns
        -------
        array
            By word id; sums to 1, and is 0 for `<s>` only.
        """
        distribution = self._unigrams.copy()
        ids = self.vocab.encode(context)
        ids = ids[max(0, len(ids) - self.order + 1) :]
        found = self._table.numbers(ids)[: len(ids)]
        for k, prefix in enumerate((int(numbers[-1]) for numbers in found), 1):
            if prefix < 0 or k == len(self._shares):
                break  # what goes on further to the left was not seen either, or is not stored
            level = self._table.levels[k]
            rows = level.children(prefix, len(self.vocab))
            distribution *= self._backoffs[k][prefix]
            distribution[level.words[rows]] += self._shares[k][rows]
        return distribution


def _take(
    values: Float[np.ndarray, " rows"] | Int[np.ndarray, " rows"],
    numbers: Int[np.ndarray, " n"],
    absent: float,
) -> Float[np.ndarray, " n"] | Int[np.ndarray, " n"]:
    """Return the values with these numbers, `absent` for −1."""
    taken: np.ndarray = values[numbers]
    taken[numbers < 0] = absent
    return taken


def _adjusted_counts(levels: Sequence[Level]) -> list[Int[np.ndarray, " ngrams"]]:
    """Return raw counts for the highest order, numbers of left neighbours for the others."""
    adjusted = [
        np.where(level.from_bos, level.counts, np.bincount(longer.suffixes, minlength=len(level)))
        for level, longer in pairwise(levels)
    ]
    return [*adjusted, levels[-1].counts]


def _discounts(counts: Int[np.ndarray, " ngrams"]) -> tuple[float, float, float]:
    """Return D₁, D₂, D₃ from how many n-grams have count 1, 2, 3 and 4.

    Where one of the first three is missing, or a discount would not be above 0, the formula says
    nothing, and lmplz's fallback (`--discount_fallback`) is taken. (lmplz lets a discount of
    exactly 0 pass; it would leave contexts that give unseen words no probability.)

    References
    ----------
    Chen and Goodman 1999, eq. 26.
    """
    n1, n2, n3, n4 = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].tolist()
    if min(n1, n2, n3) == 0:
        return FALLBACK_DISCOUNTS
    y = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return (d1, d2, d3) if min(d1, d2, d3) > 0 else FALLBACK_DISCOUNTS


def _discounted(
    level: Level,
    counts: Int[np.ndarray, " ngrams"],
    discounts: tuple[float, float, float],
    n_contexts: int,
) -> tuple[Float[np.ndarray, " ngrams"], Float[np.ndarray, " contexts"]]:
    """Return each n-gram's discounted share of its context, and each context's γ.

    γ is 1 for a context after which nothing was seen.
    """
    taken = np.array([0.0, *discounts])[np.minimum(counts, 3)]
    totals = np.bincount(level.prefixes, counts, minlength=n_contexts)
    backoffs = np.ones(n_contexts)
    np.divide(
        np.bincount(level.prefixes, taken, minlength=n_contexts),
        totals,
        out=backoffs,
        where=totals > 0,
    )
    return (counts - taken) / totals[level.prefixes], backoffs
