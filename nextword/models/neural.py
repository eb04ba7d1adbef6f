"""Neural language models in torch: the network, and the network as a language model."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.text.batching import Batch, Reader, WindowReader
from nextword.text.vocabulary import Vocabulary

SCORING_BATCH = 4096
"""How many logits rows are held at once when a text is scored (fewer sentences than windows)."""


class NetworkShapeError(ValueError):
    """A network was given sizes, or ids of a shape, that it cannot work with."""


class TemperatureError(ValueError):
    """A temperature is negative, or no number."""


class LanguageNetwork(nn.Module, ABC):
    """A network that gives a score to every word at each place; what `training.train` trains."""

    @abstractmethod
    def forward(self, inputs: Int64[Tensor, "batch length"]) -> Float[Tensor, "*tokens vocab"]:
        """Return the logits of the next word at each place that is predicted."""

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Return the mean cross-entropy over the batch's tokens, in nats."""
        logits = self(batch.inputs)
        if batch.mask.all():
            return nn.functional.cross_entropy(logits.flatten(0, -2), batch.targets.flatten())
        return nn.functional.cross_entropy(logits[batch.mask], batch.targets[batch.mask])


class OutputLayerNetwork(LanguageNetwork):
    """A network whose last layer has one output for each word.

    Attributes
    ----------
    output
        That layer.
    """

    output: nn.Linear

    def begin_with_frequencies(self, counts: Float[np.ndarray, " vocab"]) -> None:
        """Set the output biases to the logarithms of how frequent the words are.

        Before anything is learned the network then predicts like a unigram model.

        Parameters
        ----------
        counts
            Of each id, above 0: give unseen words a little.

        Raises
        ------
        NetworkShapeError
            There are not as many as words, or one is not above 0.

        References
        ----------
        Slides in 001: output biases to their optimal value if weights were 0.
        """
        (n_words,) = self.output.bias.shape
        if counts.shape != (n_words,) or not np.all(counts > 0):
            raise NetworkShapeError(
                f"expected {n_words} counts above 0, one for each word, got shape {counts.shape} "
                f"with smallest {np.min(counts, initial=np.inf)}"
            )
        with torch.no_grad():
            self.output.bias.copy_(torch.from_numpy(np.log(counts / counts.sum())))


class WindowNetwork(OutputLayerNetwork):
    """The network of Bengio et al. 2003: y = b + W x + U tanh(d + H x).

    x are the vectors of the window's words, one after another, the oldest word first.

    Parameters
    ----------
    vocab_size
        ``|V|``: how many words there are.
    window
        n - 1: how many words it looks at.
    n_features
        m: how many numbers a word's vector has.
    n_hidden
        h: how many hidden units there are.
    direct
        Whether x is connected to the output as well (W).
    dropout
        The share of hidden units left out at every training step; the others are scaled up, so
        that nothing has to be done when the network is used (inverted dropout).
    sparse
        Whether the gradient of the vectors holds only the rows of words that occurred.
    rng
        Where initial weights come from.

    Attributes
    ----------
    features
        C, the vectors of all words.
    hidden
        H and d.
    output
        U and b.
    direct
        W, or None.

    Raises
    ------
    NetworkShapeError
        A size is below 1, or `dropout` is not from 0 to below 1.

    References
    ----------
    Bengio, Ducharme, Vincent, Jauvin 2003, *A Neural Probabilistic Language Model*, eq. 1.

    Examples
    --------
    >>> network = WindowNetwork(10, window=3, rng=np.random.default_rng(0))
    >>> network(torch.zeros(5, 3, dtype=torch.int64)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        vocab_size: int,
        window: int,
        n_features: int = 30,
        n_hidden: int = 100,
        *,
        direct: bool = False,
        dropout: float = 0.0,
        sparse: bool = False,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        for name, size in (
            ("vocab_size", vocab_size),
            ("window", window),
            ("n_features", n_features),
            ("n_hidden", n_hidden),
        ):
            if size < 1:
                raise NetworkShapeError(f"expected {name} of 1 or more, got {size}")
        if not 0 <= dropout < 1:
            raise NetworkShapeError(f"expected dropout from 0 to below 1, got {dropout}")
        self.window = window
        width = window * n_features
        with torch.random.fork_rng(devices=[]):  # what layers draw by themselves is drawn again
            self.features = nn.Embedding(vocab_size, n_features, sparse=sparse)
            self.hidden = nn.Linear(width, n_hidden)
            self.output = nn.Linear(n_hidden, vocab_size)
            self.direct = nn.Linear(width, vocab_size, bias=False) if direct else None
        self.dropout = nn.Dropout(dropout)
        self._begin(torch.Generator().manual_seed(int(rng.integers(2**63))))

    def _begin(self, generator: torch.Generator) -> None:
        """Set initial weights: small vectors, Glorot's range, no biases, no direct connection."""
        nn.init.normal_(self.features.weight, std=0.1, generator=generator)
        for layer in (self.hidden, self.output):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
        if self.direct is not None:
            nn.init.zeros_(self.direct.weight)

    def forward(self, inputs: Int64[Tensor, "batch window"]) -> Float[Tensor, "batch vocab"]:
        """Return the logits of every word after each window.

        Raises
        ------
        NetworkShapeError
            `inputs` are no windows of the right length.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.window:
            raise NetworkShapeError(
                f"expected windows of shape (batch, {self.window}), got {tuple(inputs.shape)}"
            )
        x = self.features(inputs).flatten(1)
        y: Tensor = self.output(self.dropout(torch.tanh(self.hidden(x))))
        return y if self.direct is None else y + self.direct(x)


class NeuralLanguageModel:
    """A network that can be asked what the n-gram models are asked.

    Parameters
    ----------
    network
        Gives logits for what the reader reads.
    reader
        How the network reads text, with its vocabulary.

    Examples
    --------
    >>> reader = WindowReader(Vocabulary(["the", "cat"]), window=2)
    >>> network = WindowNetwork(5, window=2, rng=np.random.default_rng(0))
    >>> NeuralLanguageModel(network, reader).log_probs([["the", "cat"], []]).shape
    (4,)
    """

    def __init__(self, network: LanguageNetwork, reader: Reader) -> None:
        self.network = network
        self.reader = reader

    @property
    def vocab(self) -> Vocabulary:
        """What ids mean."""
        return self.reader.vocab

    @property
    def n_parameters(self) -> int:
        """How many numbers the network has learned."""
        return sum(w.numel() for w in self.network.parameters() if w.requires_grad)

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> Float[np.ndarray, " tokens"]:
        """Score every token of every sentence, each sentence's `</s>` included.

        Parameters
        ----------
        sentences
            Lists of words without `<s>` and `</s>`. Unknown words are scored as `<unk>`.

        Returns
        -------
        array
            In nats, token after token, sentence after sentence.

        Raises
        ------
        NoSentencesError
            There is no sentence.
        """
        examples = self.reader.read(sentences)
        longest = max(1, round(examples.n_tokens / len(examples)))
        scores = []
        with _in_use(self.network):
            for batch in examples.batches(max(1, SCORING_BATCH // longest)):
                found = torch.log_softmax(self.network(batch.inputs), dim=-1)
                scores.append(found.gather(-1, batch.targets[..., None])[..., 0][batch.mask])
        return np.asarray(torch.cat(scores).double().numpy())

    def perplexity(self, sentences: Sequence[Sequence[str]]) -> float:
        """Return e to the mean negative log-probability per token, `</s>` included."""
        return float(np.exp(-self.log_probs(sentences).mean()))

    def next_distribution(self, context: Sequence[str]) -> Float[np.ndarray, " vocab"]:
        """Return the probability of every word after the words of a sentence so far."""
        with _in_use(self.network):
            logits = self.network(self.reader.inputs_after(context))
            last = logits.reshape(-1, logits.shape[-1])[-1]
            return np.asarray(torch.softmax(last.double(), dim=-1).numpy())

    def sample(
        self,
        rng: np.random.Generator,
        max_tokens: int = 50,
        start: Sequence[str] = (),
        temperature: float = 1.0,
    ) -> list[str]:
        """Draw a sentence word by word.

        Parameters
        ----------
        rng
            Where chance comes from.
        max_tokens
            Stop after so many new tokens, if `</s>` was not drawn before.
        start
            The sentence's first words; those that are unknown are read as `<unk>`.
        temperature
            Logits are divided by it: below 1 surer, above 1 more daring, 0 always takes the most
            probable word.

        Raises
        ------
        TemperatureError
            The temperature is negative or no number.
        """
        check_temperature(temperature)
        sentence = list(start)
        for _ in range(max_tokens):
            with np.errstate(divide="ignore"):  # a word that cannot come has logarithm -inf
                logits = np.log(self.next_distribution(sentence))
            number = int(drawn(logits, temperature, rng))
            if number == self.vocab.eos:
                break
            sentence.append(self.vocab.words[number])
        return sentence


def check_temperature(temperature: float) -> None:
    """Raise `TemperatureError` for a temperature that is negative or no finite number."""
    if not 0 <= temperature < math.inf:
        raise TemperatureError(
            f"expected a temperature of 0 (always the most probable) or more, got {temperature}"
        )


def drawn(
    logits: Float[np.ndarray, "*rows vocab"], temperature: float, rng: np.random.Generator
) -> Int64[np.ndarray, "*rows"]:
    """Draw an id for each row of logits.

    Parameters
    ----------
    logits
        Of every word.
    temperature
        Logits are divided by it; 0 takes the first of the most probable words.
    rng
        Where chance comes from: one number for each row, none at temperature 0.

    Raises
    ------
    TemperatureError
        The temperature is negative or no number.

    Examples
    --------
    >>> drawn(np.array([[0.0, 2.0], [3.0, 1.0]]), 0, np.random.default_rng(0))
    array([1, 0])
    """
    check_temperature(temperature)
    if temperature == 0:
        return np.asarray(logits.argmax(axis=-1))
    best = logits.max(axis=-1, keepdims=True)
    cumulated = np.cumsum(np.exp((logits - best) / temperature), axis=-1)
    chosen = rng.random(logits.shape[:-1])[..., None] * cumulated[..., -1:]
    return np.asarray((cumulated <= chosen).sum(axis=-1))


class _in_use:  # noqa: N801 - a context manager reads like a function
    """Without gradients and without dropout meanwhile."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.no_grad = torch.no_grad()

    def __enter__(self) -> None:
        self.was_training = self.network.training
        self.network.eval()
        self.no_grad.__enter__()

    def __exit__(self, *raised: object) -> None:
        self.no_grad.__exit__(None, None, None)
        self.network.train(self.was_training)


def window_model(
    vocab: Vocabulary,
    sentences: Sequence[Sequence[str]],
    window: int,
    n_features: int = 30,
    n_hidden: int = 100,
    *,
    seed: int = 0,
    direct: bool = False,
    dropout: float = 0.0,
) -> NeuralLanguageModel:
    """Return a window model before training, with output biases at the words' frequencies.

    Parameters
    ----------
    vocab
        What ids mean.
    sentences
        The text to be trained on, for the frequencies only; an unseen word counts 0.1.
    window, n_features, n_hidden, direct, dropout
        See `WindowNetwork`.
    seed
        Where chance begins. The same seed gives the same weights.
    """
    network = WindowNetwork(
        len(vocab),
        window,
        n_features,
        n_hidden,
        direct=direct,
        dropout=dropout,
        rng=np.random.default_rng(seed),
    )
    network.begin_with_frequencies(np.maximum(word_counts(vocab, sentences), 0.1))
    return NeuralLanguageModel(network, WindowReader(vocab, window))


def word_counts(
    vocab: Vocabulary, sentences: Sequence[Sequence[str]]
) -> Float[np.ndarray, " vocab"]:
    """Return how often each word is predicted in a text, `</s>` once for each sentence."""
    ids, lengths = vocab.encode_sentences(sentences)
    counts = np.bincount(ids, minlength=len(vocab)).astype(np.float64)
    counts[vocab.eos] += len(lengths)
    return counts
