"""A recurrent language model: one set of weights at every step."""

from collections.abc import Sequence

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


class NothingToLearnError(ValueError):
    """A batch has no token to predict."""


class NotRecurrentError(TypeError):
    """A model has no state that it goes on from."""


class RecurrentNetwork(OutputLayerNetwork):
    """h_t = tanh(e_t W_x + h_{t-1} W_h + b), with logits h_t U + c at every step.

    Parameters
    ----------
    vocab_size
        How many words there are.
    n_features
        How many numbers a word's vector has.
    n_hidden
        How many numbers the state has.
    dropout
        The share of the state's units that the output layer does not see at a training step. The
        state itself is handed on whole.
    rng
        Where initial weights come from.

    Attributes
    ----------
    features
        E, the vectors of all words.
    cells
        W_x, W_h and b (torch keeps the transposes of the first two).
    start
        h_0: learned, as every other weight.
    output
        U and c.

    Raises
    ------
    NetworkShapeError
        A size is below 1, or `dropout` is not from 0 to below 1.

    References
    ----------
    Slides in 000, eqs 3 to 5; slides *Language Modeling + RNNs* (003), *A Simple RNN Language
    Model*.

    Examples
    --------
    >>> network = RecurrentNetwork(10, rng=np.random.default_rng(0))
    >>> network(torch.zeros(5, 7, dtype=torch.int64)).shape
    torch.Size([5, 7, 10])
    """

    def __init__(
        self,
        vocab_size: int,
        n_features: int = 50,
        n_hidden: int = 128,
        *,
        dropout: float = 0.0,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        for name, size in (
            ("vocab_size", vocab_size),
            ("n_features", n_features),
            ("n_hidden", n_hidden),
        ):
            if size < 1:
                raise NetworkShapeError(f"expected {name} of 1 or more, got {size}")
        if not 0 <= dropout < 1:
            raise NetworkShapeError(f"expected dropout from 0 to below 1, got {dropout}")
        # Where the last batch ended, in learning and in scoring: one must not go on from the other.
        self._last_states: dict[bool, Float[Tensor, "batch hidden"]] = {}
        with torch.random.fork_rng(devices=[]):  # what layers draw by themselves is drawn again
            self.features = nn.Embedding(vocab_size, n_features)
            self.cells = nn.RNN(n_features, n_hidden, batch_first=True)
            self.output = nn.Linear(n_hidden, vocab_size)
        self.start = nn.Parameter(torch.zeros(n_hidden))
        self.dropout = nn.Dropout(dropout)
        self._begin(torch.Generator().manual_seed(int(rng.integers(2**63))))

    def _begin(self, generator: torch.Generator) -> None:
        """Set initial weights: small vectors, Glorot's range, W_h a rotation, no biases."""
        w_x, w_h, b, second_b = self.cells.all_weights[0]
        nn.init.normal_(self.features.weight, std=0.1, generator=generator)
        nn.init.xavier_uniform_(w_x, generator=generator)
        nn.init.orthogonal_(w_h, generator=generator)
        nn.init.xavier_uniform_(self.output.weight, generator=generator)
        for bias in (b, second_b, self.output.bias):
            nn.init.zeros_(bias)
        second_b.requires_grad_(False)  # torch has two, which are added; b is the first

    def states(
        self,
        inputs: Int64[Tensor, "batch length"],
        before: Float[Tensor, "batch hidden"] | None = None,
    ) -> Float[Tensor, "batch length hidden"]:
        """Return the state after every word.

        Parameters
        ----------
        inputs
            Ids, rows of a batch.
        before
            The state before the first word; h_0 where none is given.

        Raises
        ------
        NetworkShapeError
            `inputs` are no rows of ids, rows are empty, an id is no word's, or `before` does not
            fit.
        """
        if inputs.ndim != 2 or inputs.numel() == 0:
            raise NetworkShapeError(
                f"expected ids of shape (batch, length), 1 or more of each, got "
                f"{tuple(inputs.shape)}"
            )
        least, most = int(inputs.min()), int(inputs.max())
        if least < 0 or most >= self.features.num_embeddings:
            raise NetworkShapeError(
                f"expected ids from 0 to {self.features.num_embeddings - 1}, got "
                f"{least if least < 0 else most}; was this encoded with another vocabulary?"
            )
        begin = self.start.expand(len(inputs), -1) if before is None else before
        if begin.shape != (len(inputs), len(self.start)):
            raise NetworkShapeError(
                f"expected states of shape ({len(inputs)}, {len(self.start)}), a row for each of "
                f"the batch, got {tuple(begin.shape)}"
            )
        found: Tensor = self.cells(self.features(inputs), begin[None].contiguous())[0]
        return found

    def forward(self, inputs: Int64[Tensor, "batch length"]) -> Float[Tensor, "batch length vocab"]:
        """Return the logits of the next word after every word of each row.

        Raises
        ------
        NetworkShapeError
            `inputs` are no rows of ids.
        """
        logits: Tensor = self.output(self.dropout(self.states(inputs)))
        return logits

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Return the mean cross-entropy over the batch's tokens, in nats.

        What fills up rows costs nothing: its states go through no output layer. Where the batch
        continues the one before, its first states are the last of that one, of learning and of
        scoring (`eval`) each by itself; no gradient goes back into it.

        Raises
        ------
        NothingToLearnError
            All of the batch is filling.
        NetworkShapeError
            It continues a batch with another number of rows, or none.
        """
        if not batch.mask.any():
            raise NothingToLearnError(
                "expected a batch with one token or more to predict, got one in which all is "
                "filling; is a row empty, or the mask the wrong way round?"
            )
        before = self._last_states.get(self.training) if batch.continued else None
        if batch.continued and before is None:
            raise NetworkShapeError("expected a batch before the one that continues it")
        states = self.states(batch.inputs, before)
        self._last_states[self.training] = states[:, -1].detach()
        logits = self.output(self.dropout(states[batch.mask]))
        return nn.functional.cross_entropy(logits, batch.targets[batch.mask])


def recurrent_model(
    vocab: Vocabulary,
    sentences: Sequence[Sequence[str]],
    n_features: int = 50,
    n_hidden: int = 128,
    *,
    seed: int = 0,
    dropout: float = 0.0,
) -> NeuralLanguageModel:
    """Return a recurrent model before training, with output biases at the words' frequencies.

    Parameters
    ----------
    vocab
        What ids mean.
    sentences
        The text to be trained on, for the frequencies only; an unseen word counts 0.1.
    n_features, n_hidden, dropout
        See `RecurrentNetwork`.
    seed
        Where chance begins. The same seed gives the same weights.
    """
    rng = np.random.default_rng(seed)
    network = RecurrentNetwork(len(vocab), n_features, n_hidden, dropout=dropout, rng=rng)
    network.begin_with_frequencies(np.maximum(word_counts(vocab, sentences), 0.1))
    return NeuralLanguageModel(network, SentenceReader(vocab))


def recurrent_network(model: NeuralLanguageModel) -> RecurrentNetwork:
    """Return a model's network, where it is a recurrent one.

    Raises
    ------
    NotRecurrentError
        It is another.
    """
    if not isinstance(model.network, RecurrentNetwork):
        raise NotRecurrentError(f"expected a recurrent model, got {type(model.network).__name__}")
    return model.network


def driven_up_to(
    model: NeuralLanguageModel, sentence: Sequence[str], place: int
) -> tuple[Float[Tensor, "steps hidden"], Int64[Tensor, "1"]]:
    """Return what the words add to the sums of each step before a prediction, and the true word.

    Parameters
    ----------
    model
        A recurrent model.
    sentence
        Its words.
    place
        Which of its tokens is predicted, counted from 0; `len(sentence)` is `</s>`.

    Returns
    -------
    tuple
        e_k W_x + b for `<s>` and each word read; and the id that is predicted.

    Raises
    ------
    NetworkShapeError
        The sentence has no such place.
    NotRecurrentError
        The model is not recurrent.
    """
    network = recurrent_network(model)
    if not 0 <= place <= len(sentence):
        raise NetworkShapeError(
            f"expected a place from 0 to {len(sentence)} in a sentence of {len(sentence)} words, "
            f"got {place}"
        )
    ids = [*model.vocab.encode(list(sentence)).tolist(), model.vocab.eos]
    w_x, _, b, _ = network.cells.all_weights[0]
    driven = network.features(torch.tensor([model.vocab.bos, *ids[:place]])) @ w_x.T + b
    return driven, torch.tensor([ids[place]])


def shares_by_step(
    model: NeuralLanguageModel, sentence: Sequence[str], place: int
) -> tuple[Float[np.ndarray, "steps hidden hidden"], Float[np.ndarray, "hidden hidden"]]:
    """Split the gradient of one word's loss by the steps at which W_h was used.

    Every step gets a copy of W_h of its own, and torch differentiates by each of them.

    Parameters
    ----------
    model
        A recurrent model.
    sentence
        Its words.
    place
        Which of its tokens is predicted, counted from 0; `len(sentence)` is `</s>`.

    Returns
    -------
    tuple
        For each step up to the prediction, the derivative by that step's copy; and the derivative
        by W_h itself, used at all steps.

    Raises
    ------
    NetworkShapeError
        The sentence has no such place.
    NotRecurrentError
        The model is not recurrent.
    """
    network = recurrent_network(model)
    driven, target = driven_up_to(model, sentence, place)
    w_h = network.cells.all_weights[0][1]
    repeated = w_h.detach().T.clone().requires_grad_()
    copies = [repeated.detach().clone().requires_grad_() for _ in driven]
    found = []
    for used, wanted in ((copies, copies), ([repeated] * len(driven), [repeated])):
        state: Tensor = network.start
        for step, weights in zip(driven.detach(), used, strict=True):
            state = torch.tanh(step + state @ weights)
        loss = nn.functional.cross_entropy(network.output(state)[None], target)
        found.append(torch.stack(torch.autograd.grad(loss, wanted)).numpy())
    return found[0], found[1][0]
