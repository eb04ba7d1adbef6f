"""Networks with a longer memory: identity start, gates, a soft read, and self-attention."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.models.neural import (
    NetworkShapeError,
    NeuralLanguageModel,
    OutputLayerNetwork,
    word_counts,
)
from nextword.text.batching import Batch, SentenceReader
from nextword.text.vocabulary import Vocabulary

Cells = Literal["identity ReLU", "LSTM", "GRU"]
Positions = Literal["absolute", "relative"]

FARTHEST = 32
"""Words farther back than this share one relative position."""


class SequenceNetwork(OutputLayerNetwork):
    """Reads a sentence from its beginning, and has a vector after every word.

    Attributes
    ----------
    features
        The vectors of all words.
    output
        From the vector after a word to the logits of the next one.
    """

    features: nn.Embedding

    @abstractmethod
    def read(
        self, vectors: Float[Tensor, "batch length features"]
    ) -> Float[Tensor, "batch length hidden"]:
        """Return what is known after every word; nothing of later words may be in it."""

    def forward(self, inputs: Int64[Tensor, "batch length"]) -> Float[Tensor, "batch length vocab"]:
        """Return the logits of the next word after every word of each row.

        Raises
        ------
        NetworkShapeError
            `inputs` are no rows of ids, or too long for the network.
        """
        logits: Tensor = self.output(self._read_ids(inputs))
        return logits

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Return the mean cross-entropy over the batch's tokens, in nats; filling costs nothing."""
        known = self._read_ids(batch.inputs)[batch.mask]
        return nn.functional.cross_entropy(self.output(known), batch.targets[batch.mask])

    def _read_ids(self, inputs: Int64[Tensor, "batch length"]) -> Tensor:
        if inputs.ndim != 2 or inputs.numel() == 0:
            raise NetworkShapeError(
                f"expected ids of shape (batch, length), 1 or more of each, got "
                f"{tuple(inputs.shape)}"
            )
        return self.read(self.features(inputs))


class CellNetwork(SequenceNetwork):
    """A recurrent network of other cells than tanh; its first state is zero.

    Parameters
    ----------
    cells
        "identity ReLU": rectified units whose recurrent weights begin as the identity (Le, Jaitly,
        Hinton 2015). "LSTM": gates, the forget gate's bias at 1. "GRU": two gates, one state.
    vocab_size, n_features, n_hidden
        Of `recurrent.RecurrentNetwork`.
    rng
        Where initial weights come from.

    Raises
    ------
    NetworkShapeError
        There are no such cells, or a size is below 1.
    """

    def __init__(
        self,
        cells: Cells,
        vocab_size: int,
        n_features: int = 50,
        n_hidden: int = 128,
        *,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        _check_sizes(vocab_size=vocab_size, n_features=n_features, n_hidden=n_hidden)
        if cells not in get_args(Cells):
            raise NetworkShapeError(f"expected cells to be one of {get_args(Cells)}, got {cells!r}")
        with torch.random.fork_rng(devices=[]):  # what layers draw by themselves is drawn again
            self.features = nn.Embedding(vocab_size, n_features)
            if cells == "identity ReLU":
                made: nn.RNNBase = nn.RNN(n_features, n_hidden, 1, "relu", batch_first=True)
            elif cells == "LSTM":
                made = nn.LSTM(n_features, n_hidden, batch_first=True)
            else:
                made = nn.GRU(n_features, n_hidden, batch_first=True)
            self.cells = made
            self.output = nn.Linear(n_hidden, vocab_size)
        draw = torch.Generator().manual_seed(int(rng.integers(2**63)))
        _begin_layers(self, draw)
        with torch.no_grad():
            _begin_cells(self.cells, draw)
            if cells == "identity ReLU":
                self.cells.all_weights[0][1].copy_(torch.eye(n_hidden))
            if cells == "LSTM":  # gates stand in the order: in, forget, new, out
                self.cells.all_weights[0][2][n_hidden : 2 * n_hidden] = 1.0

    def read(
        self, vectors: Float[Tensor, "batch length features"]
    ) -> Float[Tensor, "batch length hidden"]:
        """Return the state after every word (of an LSTM: what its output gate lets out)."""
        found: Tensor = self.cells(vectors)[0]
        return found


class SoftReadNetwork(SequenceNetwork):
    """A tanh network that writes each of its states to memory, and reads all of them softly.

    After each word the state gives a query; every state so far is a cell of the memory, and gives
    its key; cells are weighted by a softmax over the products of query and keys (addressing by
    content), and their mean goes, with the state, to the output. The read has no way back into the
    state.

    Parameters
    ----------
    vocab_size, n_features, n_hidden
        Of `recurrent.RecurrentNetwork`.
    n_keys
        How many numbers a query and a key have.
    rng
        Where initial weights come from.

    References
    ----------
    004, sec. 10.12 (neural Turing machine, memory networks); here nothing is ever overwritten.
    """

    def __init__(
        self,
        vocab_size: int,
        n_features: int = 50,
        n_hidden: int = 128,
        n_keys: int = 64,
        *,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        _check_sizes(vocab_size=vocab_size, n_features=n_features, n_hidden=n_hidden, n_keys=n_keys)
        with torch.random.fork_rng(devices=[]):
            self.features = nn.Embedding(vocab_size, n_features)
            self.cells = nn.RNN(n_features, n_hidden, batch_first=True)
            self.query = nn.Linear(n_hidden, n_keys, bias=False)
            self.key = nn.Linear(n_hidden, n_keys, bias=False)
            self.joined = nn.Linear(2 * n_hidden, n_hidden)
            self.output = nn.Linear(n_hidden, vocab_size)
        draw = torch.Generator().manual_seed(int(rng.integers(2**63)))
        _begin_layers(self, draw)
        with torch.no_grad():
            _begin_cells(self.cells, draw)

    def read(
        self, vectors: Float[Tensor, "batch length features"]
    ) -> Float[Tensor, "batch length hidden"]:
        """Return state and memory, joined, after every word."""
        states = self.cells(vectors)[0]
        read = self.read_weights(states) @ states
        return torch.tanh(self.joined(torch.cat([states, read], dim=-1)))

    def read_weights(
        self, states: Float[Tensor, "batch length hidden"]
    ) -> Float[Tensor, "batch length cells"]:
        """Return the weight of every cell at every read; rows sum to 1, later cells have 0."""
        scores = self.query(states) @ self.key(states).mT / math.sqrt(self.key.out_features)
        return torch.softmax(scores + _later(states.shape[1]), dim=-1)


class AttentionNetwork(SequenceNetwork):
    """One layer of causal self-attention and one hidden layer, each added to what comes in.

    Parameters
    ----------
    vocab_size
        How many words there are.
    n_features
        How many numbers a word's vector has, and what is kept for each word.
    n_heads
        How many times each word looks back, each time for its own reason.
    n_hidden
        Of the hidden layer after the look back.
    positions
        "absolute": a learned vector for each place of the sentence is added to the word's.
        "relative": each head has a learned number for each distance, added to its scores; all
        distances of `FARTHEST` and more share one.
    n_positions
        The longest row, where positions are absolute.
    rng
        Where initial weights come from.

    Raises
    ------
    NetworkShapeError
        A size is below 1, heads do not divide the features, or there are no such positions.

    References
    ----------
    Bahdanau, Cho, Bengio 2015, for soft attention; Vaswani et al. 2017, for self-attention; Shaw,
    Uszkoreit, Vaswani 2018, for relative positions.
    """

    def __init__(
        self,
        vocab_size: int,
        n_features: int = 64,
        n_heads: int = 2,
        n_hidden: int = 128,
        *,
        positions: Positions = "absolute",
        n_positions: int = 256,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        _check_sizes(
            vocab_size=vocab_size,
            n_features=n_features,
            n_heads=n_heads,
            n_hidden=n_hidden,
            n_positions=n_positions,
        )
        if n_features % n_heads:
            raise NetworkShapeError(
                f"expected features that {n_heads} heads can share, got {n_features}"
            )
        if positions not in get_args(Positions):
            raise NetworkShapeError(
                f"expected positions to be one of {get_args(Positions)}, got {positions!r}"
            )
        self.n_heads = n_heads
        with torch.random.fork_rng(devices=[]):
            self.features = nn.Embedding(vocab_size, n_features)
            self.before_look = nn.LayerNorm(n_features)
            self.looks = nn.Linear(n_features, 3 * n_features)
            self.found = nn.Linear(n_features, n_features)
            self.before_thought = nn.LayerNorm(n_features)
            self.thought = nn.Linear(n_features, n_hidden)
            self.thought_out = nn.Linear(n_hidden, n_features)
            self.before_output = nn.LayerNorm(n_features)
            self.output = nn.Linear(n_features, vocab_size)
        draw = torch.Generator().manual_seed(int(rng.integers(2**63)))
        _begin_layers(self, draw)
        self.places: nn.Parameter | None = None
        self.distances: nn.Parameter | None = None
        if positions == "absolute":
            drawn = 0.1 * torch.randn((n_positions, n_features), generator=draw)
            self.places = nn.Parameter(drawn)
        else:
            self.distances = nn.Parameter(torch.zeros(n_heads, FARTHEST + 1))

    def read(
        self, vectors: Float[Tensor, "batch length features"]
    ) -> Float[Tensor, "batch length features"]:
        """Return what is known after every word.

        Raises
        ------
        NetworkShapeError
            Rows are longer than there are absolute positions.
        """
        x = self._placed(vectors)
        weights, values = self._look(x)
        x = x + self.found((weights @ values).transpose(1, 2).flatten(2))
        x = x + self.thought_out(torch.relu(self.thought(self.before_thought(x))))
        known: Tensor = self.before_output(x)
        return known

    def attention(
        self, inputs: Int64[Tensor, "batch length"]
    ) -> Float[Tensor, "batch heads length length"]:
        """Return how each head weighs every word so far, after each word; rows sum to 1."""
        weights, _ = self._look(self._placed(self.features(inputs)))
        return weights

    def _placed(self, vectors: Tensor) -> Tensor:
        if self.places is None:
            return vectors
        if vectors.shape[1] > len(self.places):
            raise NetworkShapeError(
                f"expected rows of at most {len(self.places)} words, as many as there are "
                f"positions, got {vectors.shape[1]}"
            )
        return vectors + self.places[: vectors.shape[1]]

    def _look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch, length, width = x.shape
        each = self.looks(self.before_look(x)).view(batch, length, 3, self.n_heads, -1)
        queries, keys, values = each.permute(2, 0, 3, 1, 4)
        scores = queries @ keys.mT / math.sqrt(width // self.n_heads) + _later(length)
        if self.distances is not None:
            place = torch.arange(length)
            back = (place[:, None] - place).clamp(0, FARTHEST)
            scores = scores + self.distances[:, back]
        return torch.softmax(scores, dim=-1), values


def _later(length: int) -> Float[Tensor, "length length"]:
    """Return what is added to scores so that no word sees a later one: 0, and -inf above."""
    return torch.full((length, length), -math.inf).triu(1)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise NetworkShapeError(f"expected {name} of 1 or more, got {size}")


def _begin_layers(network: SequenceNetwork, draw: torch.Generator) -> None:
    """Draw small word vectors and the weights of layers in Glorot's range; biases are 0."""
    nn.init.normal_(network.features.weight, std=0.1, generator=draw)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=draw)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _begin_cells(cells: nn.RNNBase, draw: torch.Generator) -> None:
    """Draw input weights in Glorot's range and rotations gate by gate; biases are 0."""
    w_x, w_h, bias, second_bias = cells.all_weights[0]
    nn.init.zeros_(bias)
    nn.init.zeros_(second_bias)
    if cells.mode != "GRU":  # torch has two that are added; only a GRU uses its second by itself
        second_bias.requires_grad_(False)
    n_gates = len(w_h) // cells.hidden_size
    for inner, recurrent in zip(w_x.chunk(n_gates), w_h.chunk(n_gates), strict=True):
        nn.init.xavier_uniform_(inner, generator=draw)
        nn.init.orthogonal_(recurrent, generator=draw)


KINDS: dict[str, Callable[[int, np.random.Generator], SequenceNetwork]] = {
    "identity ReLU": lambda n, rng: CellNetwork("identity ReLU", n, rng=rng),
    "LSTM": lambda n, rng: CellNetwork("LSTM", n, rng=rng),
    "GRU": lambda n, rng: CellNetwork("GRU", n, rng=rng),
    "soft read": lambda n, rng: SoftReadNetwork(n, rng=rng),
    "attention": lambda n, rng: AttentionNetwork(n, rng=rng),
    "attention, relative": lambda n, rng: AttentionNetwork(n, positions="relative", rng=rng),
}
"""The networks of lecture 08 at the sizes that it compares, by name."""


def sequence_model(
    kind: str, vocab: Vocabulary, sentences: Sequence[Sequence[str]], *, seed: int = 0
) -> NeuralLanguageModel:
    """Return a model before training, with output biases at the words' frequencies.

    Parameters
    ----------
    kind
        One of `KINDS`.
    vocab
        What ids mean.
    sentences
        The text to be trained on, for the frequencies only; an unseen word counts 0.1.
    seed
        Where chance begins. The same seed gives the same weights.

    Raises
    ------
    NetworkShapeError
        There is no such kind.
    """
    if kind not in KINDS:
        raise NetworkShapeError(f"expected one of {', '.join(KINDS)}, got {kind!r}")
    network = KINDS[kind](len(vocab), np.random.default_rng(seed))
    network.begin_with_frequencies(np.maximum(word_counts(vocab, sentences), 0.1))
    return NeuralLanguageModel(network, SentenceReader(vocab))


def gradients_by_word(
    model: NeuralLanguageModel, sentences: Sequence[Sequence[str]], places: Sequence[int]
) -> list[Float[np.ndarray, " words"]]:
    """Return how long the gradient of one prediction's loss is at the vector of each word read.

    Parameters
    ----------
    model
        One that reads sentences from their beginning and keeps the words' vectors in `features`.
    sentences
        Words of each.
    places
        Of each sentence: which token is predicted, counted from 0; its length is `</s>`.

    Returns
    -------
    list of array
        For each sentence the lengths at `<s>` and at the words before the place, in this order.

    Raises
    ------
    NetworkShapeError
        A sentence has no such place, or there are not as many places as sentences.
    """
    if len(places) != len(sentences) or not all(
        0 <= place <= len(s) for place, s in zip(places, sentences, strict=False)
    ):
        raise NetworkShapeError("expected for each sentence one place that it has")
    (batch,) = model.reader.read(sentences).batches(len(sentences))
    seen: list[Tensor] = []
    features = model.network.get_submodule("features")
    hook = features.register_forward_hook(lambda _module, _ids, vectors: seen.append(vectors))
    rows, at = torch.arange(len(sentences)), torch.tensor(places)
    try:
        logits = model.network(batch.inputs)[rows, at]
    finally:
        hook.remove()
    # A row's loss depends on no other row, so that one sum gives every row's own gradient.
    loss = nn.functional.cross_entropy(logits, batch.targets[rows, at], reduction="sum")
    (found,) = torch.autograd.grad(loss, seen)
    lengths = found.norm(dim=-1).numpy()
    return [row[: place + 1] for row, place in zip(lengths, places, strict=True)]
