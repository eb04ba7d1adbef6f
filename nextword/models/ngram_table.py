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
from jaxtyping import Bool, Int, Int32, Int64

from nextword.models.numbering import Distinct, distinct
from nextword.text.vocabulary import Vocabulary


class ReservedTokenError(ValueError):
    """A sentence holds `<s>` or `</s>`, which the model itself puts around sentences."""


@dataclass(frozen=True)
class Stream:
    """Sentences in one array, each as `<s> … <s> w₁ … w_m </s>`.

    Attributes
    ----------
    ids
        Word ids, sentence after sentence.
    vocab
        What ids mean.
    """

    ids: Int32[np.ndarray, " padded_tokens"]
    vocab: Vocabulary

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], vocab: Vocabulary | None, n_bos: int) -> Self:
        """Encode and pad sentences.

        Parameters
        ----------
        sentences
            Lists of tokens; they are gone through once.
        vocab
            The vocabulary; where there is none, all words of `sentences`.
        n_bos
            How many `<s>` to put before each sentence.

        Raises
        ------
        ReservedTokenError
            If a sentence holds `<s>` or `</s>`.
        NotSentencesError
            If strings are given instead of sentences.
        """
        if vocab is None:
            vocab, tokens, lengths = Vocabulary.build_and_encode(sentences)
        else:
            tokens, lengths = vocab.encode_lean(sentences)
        if np.any(tokens == vocab.bos) or np.any(tokens == vocab.eos):
            raise ReservedTokenError(
                "expected sentences without <s> and </s> (they are put there by the model), "
                "and found one inside a sentence; take them out of the text first"
            )
        padded = lengths + (n_bos + 1)
        ends = np.cumsum(padded, dtype=np.int64)
        inside = np.ones(padded.sum(dtype=np.int64), dtype=np.bool_)
        inside[ends - 1] = False
        for place in range(n_bos):
            inside[ends - padded + place] = False
        ids = np.full(inside.shape, vocab.bos, dtype=np.int32)
        ids[inside] = tokens
        ids[ends - 1] = vocab.eos
        return cls(ids, vocab)

    @property
    def scored(self) -> Bool[np.ndarray, " padded_tokens"]:
        """Where a word is predicted: everywhere but on `<s>`."""
        return np.asarray(self.ids != self.vocab.bos)

    @property
    def begins(self) -> Bool[np.ndarray, " padded_tokens"]:
        """Where a padded sentence begins."""
        begins = np.ones(len(self.ids), dtype=np.bool_)
        np.equal(self.ids[:-1], self.vocab.eos, out=begins[1:])
        return begins


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
    counts: Int32[np.ndarray, " ngrams"]
    prefixes: Int32[np.ndarray, " ngrams"]
    suffixes: Int32[np.ndarray, " ngrams"]
    words: Int32[np.ndarray, " ngrams"]
    from_bos: Bool[np.ndarray, " ngrams"]

    def __len__(self) -> int:
        return len(self.keys)

    def find(
        self, prefixes: Int64[np.ndarray, " n"], words: Int[np.ndarray, " n"], vocab_size: int
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


def _unigrams(stream: Stream) -> Level:
    """Return order 1, in which an n-gram's number is its word's id, seen or not."""
    words = np.arange(len(stream.vocab), dtype=np.int32)
    nothing = np.zeros_like(words)
    counts = np.bincount(stream.ids, minlength=len(words)).astype(np.int32)
    counts[stream.vocab.bos] = 0
    keys = words.astype(np.int64)
    return Level(keys, counts, nothing, nothing, words, words == stream.vocab.bos)


class NGramTable:
    """The n-grams of orders 1 … `order` of a text.

    Windows stay inside a padded sentence. Orders that no sentence is long enough for have no
    level, so `len(table.levels)` can be smaller than the order asked for.

    Parameters
    ----------
    stream
        The text.
    order
        The longest n-gram to keep.
    """

    def __init__(self, stream: Stream, order: int) -> None:
        self.vocab_size = len(stream.vocab)
        self.levels = [_unigrams(stream)]
        # Of every window, in the order of their ends: its last word, its number, and whether it is
        # the first one of its sentence.
        words, numbers, begins = stream.ids, stream.ids, stream.begins
        for k in range(2, order + 1):
            # A window's prefix is the one that is listed just before it. The first ones of
            # sentences are dropped, as what stands before them belongs to another sentence; those
            # after them are the first ones of the next order.
            kept = ~begins
            if not kept.any():
                break
            followed = kept[1:]
            keys = numbers[:-1][followed].astype(np.int64)
            keys *= self.vocab_size
            words, numbers, begins = words[kept], numbers[kept], begins[:-1][followed]
            keys += words
            found = distinct(keys, len(self.levels[-1]) * self.vocab_size)
            self.levels.append(self._level(found, suffixes=numbers))
            if k < order:
                numbers = found.numbers()

    def _level(self, found: Distinct, suffixes: Int32[np.ndarray, " windows"]) -> Level:
        """Return the n-grams of one order, given the number of each window's suffix."""
        prefixes, words = (part.astype(np.int32) for part in np.divmod(found.keys, self.vocab_size))
        from_bos = self.levels[-1].from_bos[prefixes]
        return Level(found.keys, found.counts, prefixes, suffixes[found.places], words, from_bos)

    def numbers(self, ids: Int[np.ndarray, " tokens"]) -> list[Int[np.ndarray, " tokens"]]:
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
