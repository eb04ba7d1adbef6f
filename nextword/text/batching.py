"""From sentences to batches of ids that a network is trained and scored on.

A *reader* knows the vocabulary and the kind of network: `WindowReader` for one that looks at a
fixed window, `SentenceReader` for one that reads from left to right. Both give *examples*, which
are cut into batches: in the order of the text for scoring, shuffled for training.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from nextword.text.vocabulary import Vocabulary, check_sentences


class WindowLengthError(ValueError):
    """A window has no length of 1 or more."""


class BatchSizeError(ValueError):
    """A batch has no size of 1 or more."""


class NoSentencesError(ValueError):
    """There is no sentence to make examples of."""


@dataclass(frozen=True)
class Batch:
    """What a network reads, and what it has to predict.

    Attributes
    ----------
    inputs
        Ids of the words that are known.
    targets
        Ids of the words to predict.
    mask
        True where a target is a token of the text, False where it only fills up a row.
    continued
        Whether each row goes on where the same row of the batch before it stopped.
    """

    inputs: Int64[Tensor, "batch length"]
    targets: Int64[Tensor, "*tokens"]
    mask: Bool[Tensor, "*tokens"]
    continued: bool = False

    @property
    def n_tokens(self) -> int:
        """How many tokens of the text are predicted."""
        return int(self.mask.sum())


class Examples(Protocol):
    """A text, ready to be cut into batches."""

    @property
    def n_tokens(self) -> int:
        """How many tokens are predicted, each sentence's `</s>` included."""
        ...

    def __len__(self) -> int:
        """How many examples there are: what a batch's size counts."""
        ...

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield every example once; in the order of the text, or shuffled where `rng` is given."""
        ...


class Reader(Protocol):
    """How a kind of network reads text."""

    @property
    def vocab(self) -> Vocabulary:
        """What ids mean."""
        ...

    def read(self, sentences: Sequence[Sequence[str]]) -> Examples:
        """Make examples of sentences."""
        ...

    def inputs_after(self, context: Sequence[str]) -> Int64[Tensor, "1 length"]:
        """Return the inputs whose last prediction is the word after `context`."""
        ...


@dataclass(frozen=True)
class WindowReader:
    """Reads each token with the words before it, as many as the window holds.

    Where a sentence has fewer, `<s>` fills the window up on its left; no window reaches into
    another sentence. The words stand in the order of the text, the oldest first.

    Parameters
    ----------
    vocab
        What ids mean.
    window
        How many words before the predicted one are looked at, 1 or more (n - 1 of an n-gram).

    Raises
    ------
    WindowLengthError
        `window` is no whole number of 1 or more.

    Examples
    --------
    >>> reader = WindowReader(Vocabulary(["the", "cat"]), window=2)
    >>> batch = next(reader.read([["the", "cat"]]).batches(3))
    >>> batch.inputs.tolist(), batch.targets.tolist()
    ([[0, 0], [0, 3], [3, 4]], [3, 4, 1])
    """

    vocab: Vocabulary
    window: int

    def __post_init__(self) -> None:
        if not _is_positive(self.window):
            raise WindowLengthError(
                f"expected a window of 1 word or more, a whole number, got {self.window!r}"
            )

    def read(self, sentences: Sequence[Sequence[str]]) -> "WindowExamples":
        """Make examples, one for each token, each sentence's `</s>` included.

        Parameters
        ----------
        sentences
            Lists of words without `<s>` and `</s>`.

        Raises
        ------
        NoSentencesError
            There is none.
        """
        ids, lengths = self.vocab.encode_sentences(_some(sentences))
        # One stream: before every sentence a window of <s>, after it </s>. A token's window is
        # what stands before it in the stream, so that no window is stored.
        scored = lengths + 1
        ends = np.cumsum(scored + self.window)
        stream = np.full(int(ends[-1]), self.vocab.bos)
        places = np.arange(int(scored.sum()))
        places += np.repeat(np.arange(1, len(lengths) + 1) * self.window, scored)
        stream[ends - 1] = self.vocab.eos
        stream[np.setdiff1d(places, ends - 1, assume_unique=True)] = ids
        return WindowExamples(torch.from_numpy(stream), torch.from_numpy(places), self.window)

    def inputs_after(self, context: Sequence[str]) -> Int64[Tensor, "1 window"]:
        """Return the one window that predicts the word after `context`."""
        ids = self.vocab.encode(context)[-self.window :]
        filled = np.concatenate([np.full(self.window - len(ids), self.vocab.bos), ids])
        return torch.from_numpy(filled)[None]


@dataclass(frozen=True)
class WindowExamples:
    """Tokens of a text, each with its window; made by `WindowReader.read`.

    Attributes
    ----------
    stream
        All ids, each sentence with its filling before and `</s>` behind.
    places
        Where in the stream the predicted tokens are.
    window
        How many ids before a place are its inputs.
    """

    stream: Int64[Tensor, " stream"]
    places: Int64[Tensor, " tokens"]
    window: int

    @property
    def n_tokens(self) -> int:
        """How many tokens are predicted."""
        return len(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield every example once.

        Parameters
        ----------
        batch_size
            How many tokens a batch has; the last one may have fewer.
        rng
            Where the order comes from; without it, the order of the text.

        Raises
        ------
        BatchSizeError
            `batch_size` is no whole number of 1 or more.
        """
        back = torch.arange(-self.window, 0)
        for chosen in shuffled_shares(len(self), batch_size, rng):
            here = self.places[chosen]
            targets = self.stream[here]
            mask = torch.ones_like(targets, dtype=torch.bool)
            yield Batch(self.stream[here[:, None] + back], targets, mask)


@dataclass(frozen=True)
class SentenceReader:
    """Reads sentences from their beginning: after each word, the next one is predicted.

    A row of a batch is a sentence. Inputs begin with `<s>`, targets end with `</s>`, and rows are
    filled up on the right to the longest of the batch; the mask says what is filling.

    Parameters
    ----------
    vocab
        What ids mean.

    Examples
    --------
    >>> reader = SentenceReader(Vocabulary(["the", "cat"]))
    >>> batch = next(reader.read([["the", "cat"], ["cat"]]).batches(2))
    >>> batch.inputs.tolist(), batch.targets.tolist()
    ([[0, 3, 4], [0, 4, 1]], [[3, 4, 1], [4, 1, 1]])
    >>> batch.mask.tolist()
    [[True, True, True], [True, True, False]]
    """

    vocab: Vocabulary

    def read(self, sentences: Sequence[Sequence[str]]) -> "SentenceExamples":
        """Make examples, one for each sentence.

        Parameters
        ----------
        sentences
            Lists of words without `<s>` and `</s>`.

        Raises
        ------
        NoSentencesError
            There is none.
        """
        ids, lengths = self.vocab.encode_sentences(_some(sentences))
        edges = [np.array([self.vocab.bos]), np.array([self.vocab.eos])]
        rows = (
            np.concatenate([edges[0], row, edges[1]])
            for row in np.split(ids, np.cumsum(lengths)[:-1])
        )
        return SentenceExamples(tuple(map(torch.from_numpy, rows)), self.vocab.eos)

    def inputs_after(self, context: Sequence[str]) -> Int64[Tensor, "1 length"]:
        """Return `<s>` and the context, whose last prediction is the word after it."""
        words = context[1:] if len(context) and context[0] == self.vocab.words[0] else context
        return torch.from_numpy(np.concatenate([[self.vocab.bos], self.vocab.encode(words)]))[None]


@dataclass(frozen=True)
class SentenceExamples:
    """Sentences of a text; made by `SentenceReader.read`.

    Attributes
    ----------
    sentences
        Ids of each, from `<s>` to `</s>`.
    filling
        The id under which rows are filled up.
    """

    sentences: tuple[Int64[Tensor, " length"], ...]
    filling: int

    @property
    def n_tokens(self) -> int:
        """How many tokens are predicted."""
        return sum(len(sentence) - 1 for sentence in self.sentences)

    def __len__(self) -> int:
        return len(self.sentences)

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield every sentence once.

        Parameters
        ----------
        batch_size
            How many sentences a batch has; the last one may have fewer.
        rng
            Where the order comes from; without it, the order of the text.

        Raises
        ------
        BatchSizeError
            `batch_size` is no whole number of 1 or more.
        """
        for chosen in shuffled_shares(len(self), batch_size, rng):
            rows = [self.sentences[number] for number in chosen.tolist()]
            filled = torch.nn.utils.rnn.pad_sequence(rows, True, self.filling)
            lengths = torch.tensor([len(row) - 1 for row in rows])
            mask = torch.arange(filled.shape[1] - 1) < lengths[:, None]
            yield Batch(filled[:, :-1], filled[:, 1:], mask)


def shuffled_shares(
    n_examples: int, batch_size: int, rng: np.random.Generator | None
) -> Iterator[Int64[Tensor, " batch"]]:
    """Cut the numbers of all examples into batches.

    Parameters
    ----------
    n_examples
        How many there are.
    batch_size
        How many a batch has; the last one may have fewer.
    rng
        Where their order comes from; without it, they stay in order.

    Raises
    ------
    BatchSizeError
        `batch_size` is no whole number of 1 or more.
    """
    if not _is_positive(batch_size):
        raise BatchSizeError(
            f"expected a batch of 1 example or more, a whole number, got {batch_size!r}"
        )
    order = np.arange(n_examples) if rng is None else rng.permutation(n_examples)
    for start in range(0, n_examples, batch_size):
        yield torch.from_numpy(order[start : start + batch_size])


def _some(sentences: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    listed = check_sentences(sentences)
    if len(listed) == 0:
        raise NoSentencesError(
            "expected one sentence or more, got none; is the split empty, or a generator used up?"
        )
    return listed


def _is_positive(number: object) -> bool:
    try:
        return not isinstance(number, bool) and index(number) >= 1  # type: ignore[arg-type]
    except TypeError:
        return False
