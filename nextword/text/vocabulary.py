"""Words and their numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import numpy as np
from jaxtyping import Int32, Int64

from nextword.text.encoding import Codes, GrowingCodes, encode, encode_batches

BOS = "<s>"
EOS = "</s>"
UNK = "<unk>"
SPECIALS = (BOS, EOS, UNK)
BATCH = 250  # sentences; what is made of so many on the way stays in the processor's cache


class NotSentencesError(TypeError):
    """Text was given where sentences, each a list of tokens, are expected."""


class DuplicateWordError(ValueError):
    """A word stands twice in a vocabulary."""


class VocabularySizeError(ValueError):
    """A vocabulary was asked for with a size or a count that makes no sense."""


class UnknownIdError(ValueError):
    """An id is the number of no word."""


def check_sentences(sentences: Iterable[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Return the sentences as a sequence, or say that they are none.

    Parameters
    ----------
    sentences
        Sentences, each a sequence of tokens. A string is a sequence of characters to Python,
        and nearly always a mistake here.

    Raises
    ------
    NotSentencesError
        If `sentences` is a string, or one of them is.
    """
    _check_no_string(sentences)
    listed = sentences if isinstance(sentences, Sequence) else list(sentences)
    _check_each(listed)
    return listed


def _check_no_string(sentences: Iterable[Sequence[str]]) -> None:
    if isinstance(sentences, str):
        raise NotSentencesError(
            "expected sentences, a list of lists of tokens, and got one string; "
            "split it first, for instance [line.split() for line in text.splitlines()]"
        )


def _check_each(sentences: Iterable[Sequence[str]], first: int = 0) -> None:
    for number, sentence in enumerate(sentences, first):
        if isinstance(sentence, str):
            raise NotSentencesError(
                f"expected every sentence to be a list of tokens, and sentence {number} is the "
                f"string {sentence[:40]!r}; a single sentence goes in a list of its own: [tokens]"
            )


def _batches(sentences: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Check sentences and hand them on, some at a time: a generator's are never all in memory."""
    _check_no_string(sentences)
    left = iter(sentences)
    first = 0
    while batch := list(islice(left, BATCH)):
        _check_each(batch, first)
        yield batch
        first += len(batch)


def _ranked(counts: dict[str, int]) -> list[str]:
    """Return the words but the specials, frequent ones first, equally frequent ones by name."""
    words = [word for word in counts if word not in SPECIALS]
    return sorted(words, key=lambda word: (-counts[word], word))


class Vocabulary:
    """Words in a fixed order; a word's id is its place.

    The specials come first: `<s>` is 0, `</s>` is 1, `<unk>` is 2. A model that predicts one
    of these words never predicts `<s>`, so it has `n_outcomes = len(vocab) - 1` outcomes.

    Parameters
    ----------
    words
        The words in order, without the specials.

    Raises
    ------
    DuplicateWordError
        If a word occurs twice, or is a special.

    Examples
    --------
    >>> vocab = Vocabulary(["the", "cat"])
    >>> vocab.encode(["the", "dog"])
    array([3, 2])
    >>> vocab.decode([3, 2])
    ['the', '<unk>']
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = (*SPECIALS, *words)
        self._codes = Codes(self._words, unknown=self.unk)
        if len(self._codes) != len(self._words):
            twice = next(word for word, count in Counter(self._words).items() if count > 1)
            raise DuplicateWordError(
                f"expected every word once, and {twice!r} occurs twice "
                f"({', '.join(SPECIALS)} are always there: leave them out)"
            )

    @classmethod
    def build(
        cls,
        sentences: Iterable[Sequence[str]],
        min_count: int = 1,
        max_size: int | None = None,
    ) -> "Vocabulary":
        """Take the words of a text, the frequent ones first.

        Parameters
        ----------
        sentences
            Training sentences. Specials among their tokens count for nothing here: they are in
            every vocabulary.
        min_count
            A word that occurs less often is left out, and becomes `<unk>` when encoded.
        max_size
            The most entries to have, the three specials included. Of words that occur equally
            often the alphabetically first (by code point) stays.

        Raises
        ------
        VocabularySizeError
            If `min_count` is below 1 or `max_size` leaves no room for the specials.
        NotSentencesError
            If strings are given instead of sentences.
        """
        if min_count < 1:
            raise VocabularySizeError(f"expected min_count of 1 or more, got {min_count}")
        if max_size is not None and max_size < len(SPECIALS):
            raise VocabularySizeError(
                f"expected max_size of {len(SPECIALS)} or more (it counts "
                f"{', '.join(SPECIALS)}), got {max_size}"
            )
        counts = Counter(chain.from_iterable(check_sentences(sentences)))
        room = None if max_size is None else max_size - len(SPECIALS)
        return cls(_ranked({w: n for w, n in counts.items() if n >= min_count})[:room])

    @classmethod
    def build_and_encode(
        cls, sentences: Iterable[Sequence[str]]
    ) -> tuple["Vocabulary", Int32[np.ndarray, " tokens"], Int32[np.ndarray, " sentences"]]:
        """Do what `build` and then `encode_sentences` do, but go through the text once.

        Words are numbered as they come, and numbered anew when all of them are known.

        Returns
        -------
        vocabulary, array, array
            All words of the text, its ids, and the length of each sentence.
        """
        codes = GrowingCodes(SPECIALS)
        numbers, lengths = encode_batches(_batches(sentences), codes)
        counts = np.bincount(numbers, minlength=len(codes)).tolist()
        vocab = cls(_ranked(dict(zip(codes, counts, strict=True))))
        ids = encode(codes, vocab._codes)
        return vocab, ids[numbers], lengths

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._codes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self._words == other._words

    def __hash__(self) -> int:
        return hash(self._words)

    def __repr__(self) -> str:
        return f"Vocabulary of {len(self)}: {', '.join(self._words[:8])}, …"

    @property
    def words(self) -> tuple[str, ...]:
        """All entries in the order of their ids, specials included."""
        return self._words

    @property
    def bos(self) -> int:
        """The id of `<s>`."""
        return 0

    @property
    def eos(self) -> int:
        """The id of `</s>`."""
        return 1

    @property
    def unk(self) -> int:
        """The id of `<unk>`."""
        return 2

    @property
    def n_outcomes(self) -> int:
        """How many outcomes a prediction has: every entry but `<s>`."""
        return len(self) - 1

    def encode(self, tokens: Iterable[str]) -> Int64[np.ndarray, " tokens"]:
        """Return the id of each token; a word that is not in the vocabulary has `<unk>`'s."""
        if isinstance(tokens, str):
            raise NotSentencesError(
                f"expected a list of tokens, got the string {tokens[:40]!r}; "
                "use .split() for words, list(...) for characters"
            )
        return encode(tokens, self._codes).astype(np.int64)

    def encode_sentences(
        self, sentences: Iterable[Sequence[str]]
    ) -> tuple[Int64[np.ndarray, " tokens"], Int64[np.ndarray, " sentences"]]:
        """Return the ids of all tokens in one array, and the length of each sentence.

        No padding and no sentence ends are added.
        """
        ids, lengths = self.encode_lean(sentences)
        return ids.astype(np.int64), lengths.astype(np.int64)

    def encode_lean(
        self, sentences: Iterable[Sequence[str]]
    ) -> tuple[Int32[np.ndarray, " tokens"], Int32[np.ndarray, " sentences"]]:
        """Do what `encode_sentences` does, in half of the memory."""
        return encode_batches(_batches(sentences), self._codes)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the word of each id.

        Raises
        ------
        UnknownIdError
            If an id is negative, too large, or not a whole number.
        """
        numbers = np.asarray(list(ids))
        if numbers.size == 0:
            return []
        if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
            raise UnknownIdError(
                f"expected a flat sequence of whole numbers, got {numbers.ndim} dimensions "
                f"of {numbers.dtype}"
            )
        wrong = np.flatnonzero((numbers < 0) | (numbers >= len(self)))
        if wrong.size:
            raise UnknownIdError(
                f"expected ids from 0 to {len(self) - 1}, got {numbers[wrong[0]]} at place "
                f"{wrong[0]}; was this encoded with another vocabulary?"
            )
        return [self._words[number] for number in numbers.astype(np.int64, copy=False).tolist()]
