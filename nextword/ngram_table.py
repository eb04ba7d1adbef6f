"""All n-grams of a text up to some order, numbered, so that counting is sorting.

An n-gram is stored as one int64: the number of its prefix (all words but the last) times the
size of the vocabulary, plus its last word. That key fits for any order, because the prefix's
number is smaller than the number of tokens. Sorted, the n-grams that share a context stand side
by side, and looking one up is a binary search.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Int64

from nextword.vocabulary import Vocabulary


class ReservedTokenError(ValueError):
    """A sentence holds `<s>` or `</s>`, which the model itself puts around sentences."""


@dataclass(frozen=True)
class Stream:
    """Sentences in one array, each as `<s> … <s> w₁ … w_m </s>`.

    Attributes
    ----------
    ids
        Word ids, sentence after sentence.
    places
        The place of each id in its padded sentence, from 0.
    n_bos
        How many `<s>` stand before each sentence.
    """

    ids: Int64[np.ndarray, " padded_tokens"]
    places: Int64[np.ndarray, " padded_tokens"]
    n_bos: int

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], vocab: Vocabulary, n_bos: int) -> Self:
        """Encode and pad sentences.

        Raises
        ------
        ReservedTokenError
            If a sentence holds `<s>` or `</s>`.
        """
        tokens, lengths = vocab.encode_sentences(sentences)
        if np.any(tokens == vocab.bos) or np.any(tokens == vocab.eos):
            raise ReservedTokenError(
                "expected sentences without <s> and </s> (they are put there by the model), "
                "and found one inside a sentence; take them out of the text first"
            )
        padded = lengths + n_bos + 1
        ends = np.cumsum(padded)
        places = np.arange(padded.sum(), dtype=np.int64) - np.repeat(ends - padded, padded)
        ids = np.full(places.shape, vocab.bos, dtype=np.int64)
        ids[ends - 1] = vocab.eos
        inside = places >= n_bos
        inside[ends - 1] = False
        ids[inside] = tokens
        return cls(ids, places, n_bos)

    @property
    def scored(self) -> Bool[np.ndarray, " padded_tokens"]:
        """Where a word is predicted: everywhere but on `<s>`."""
        return self.places >= self.n_bos


@dataclass(frozen=True)
class Level:
    """The n-grams of one order, sorted by prefix and then by word.

    Attributes
    ----------
    keys
        Number of the prefix times the size of the vocabulary, plus the last word.
    counts
        How often each n-gram occurs; 0 for the unigram `<s>`, which is never predicted.
    prefixes
        The number, one order below, of all words but the last.
    suffixes
        The number, one order below, of all words but the first.
    words
        The last word's id.
    from_bos
        Whether the first word is `<s>`.
    """

    keys: Int64[np.ndarray, " ngrams"]
    counts: Int64[np.ndarray, " ngrams"]
    prefixes: Int64[np.ndarray, " ngrams"]
    suffixes: Int64[np.ndarray, " ngrams"]
    words: Int64[np.ndarray, " ngrams"]
    from_bos: Bool[np.ndarray, " ngrams"]

    def __len__(self) -> int:
        return len(self.keys)

    def find(
        self, prefixes: Int64[np.ndarray, " n"], words: Int64[np.ndarray, " n"], vocab_size: int
    ) -> Int64[np.ndarray, " n"]:
        """Return the number of each n-gram, −1 where it was never seen.

        A prefix that is −1 itself makes a negative key, which no n-gram has.
        """
        wanted = prefixes * vocab_size + words
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self) - 1)
        return np.where(self.keys[found] == wanted, found, -1)

    def children(self, prefix: int, vocab_size: int) -> slice:
        """Return where the n-grams with this prefix stand."""
        bounds = np.array([prefix, prefix + 1]) * vocab_size
        first, last = np.searchsorted(self.keys, bounds).tolist()
        return slice(first, last)


def _unigrams(stream: Stream, vocab: Vocabulary) -> Level:
    """Return order 1, in which an n-gram's number is its word's id, seen or not."""
    words = np.arange(len(vocab), dtype=np.int64)
    nothing = np.zeros(len(vocab), dtype=np.int64)
    counts = np.bincount(stream.ids[stream.scored], minlength=len(vocab))
    return Level(words, counts, nothing, nothing, words, words == vocab.bos)


class NGramTable:
    """The n-grams of orders 1 … `order` of a text.

    Windows stay inside a padded sentence. Orders that no sentence is long enough for have no
    level, so `len(table.levels)` can be smaller than the order asked for.

    Parameters
    ----------
    stream
        The text.
    vocab
        Its vocabulary.
    order
        The longest n-gram to keep.
    """

    def __init__(self, stream: Stream, vocab: Vocabulary, order: int) -> None:
        self.vocab_size = len(vocab)
        self.levels = [_unigrams(stream, vocab)]
        ends, numbers = np.arange(len(stream.ids)), stream.ids
        for k in range(2, order + 1):
            longer = np.flatnonzero(stream.places[ends] >= k - 1)
            if not longer.size:
                break
            # The prefix is the window of k − 1 words that ends one token before. Windows are kept
            # in the order of their ends, and those dropped were the first ones of a sentence, so
            # the window before a kept one is the one listed just before it.
            keys = numbers[longer - 1] * self.vocab_size + stream.ids[ends[longer]]
            level, numbers = self._level(keys, numbers[longer])
            self.levels.append(level)
            ends = ends[longer]

    def _level(
        self, keys: Int64[np.ndarray, " windows"], suffixes: Int64[np.ndarray, " windows"]
    ) -> tuple[Level, Int64[np.ndarray, " windows"]]:
        """Return the n-grams among the windows of one order, and each window's number."""
        unique, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        prefixes, words = np.divmod(unique, self.vocab_size)
        suffix = np.empty(len(unique), dtype=np.int64)
        suffix[inverse] = suffixes
        from_bos = self.levels[-1].from_bos[prefixes]
        return Level(unique, counts, prefixes, suffix, words, from_bos), inverse

    def numbers(self, ids: Int64[np.ndarray, " tokens"]) -> list[Int64[np.ndarray, " tokens"]]:
        """Look up the windows of another text.

        Parameters
        ----------
        ids
            A stream's ids, or those of a context.

        Returns
        -------
        list of arrays
            Entry k − 1 holds, for every position, the number of the window of k words that ends
            there, −1 if it is not in the table or reaches over the start of its sentence.
        """
        found = [ids]
        for level in self.levels[1:]:
            before = np.concatenate([[-1], found[-1]])[: len(ids)]
            # A window over two sentences would hold </s> before its last word. No n-gram of the
            # table does, so it cannot be found.
            found.append(level.find(before, ids, self.vocab_size))
        return found
