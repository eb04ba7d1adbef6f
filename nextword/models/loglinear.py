"""Log-linear language models whose clues are words: each word seen votes for every next word."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.models.neural import LanguageNetwork, NetworkShapeError

FILLING = 0
"""The id of `<s>`, with which windows are filled up: it is no word of the sentence."""


class LogLinearNetwork(LanguageNetwork):
    """p(w | c) = exp(β · f(w, c)) / Σ, where the features f are indicators of pairs of words.

    One feature for each word that may stand d words back and each word that may come next
    (d = 1 … `back`); with `anywhere`, one more for each word of the window, wherever it stands,
    and each next word; and one for each next word alone (the bias). Every weight is 0 at first.

    Parameters
    ----------
    vocab_size
        ``|V|``: how many words there are.
    window
        How many words the inputs hold.
    back
        How many of the last words have clues of their own for each distance.
    anywhere
        Whether the words of the window are clues wherever they stand, as often as they occur.
    dropout
        The share of clues left out at every training step; the others are scaled up, so that
        nothing has to be done when the model is used (inverted dropout).

    Raises
    ------
    NetworkShapeError
        There is no clue, `back` is larger than the window, or `dropout` is not from 0 to below 1.

    References
    ----------
    Slides 000, eq. 2.

    Examples
    --------
    >>> network = LogLinearNetwork(10, window=5, back=2, anywhere=True)
    >>> network(torch.ones(3, 5, dtype=torch.int64)).shape
    torch.Size([3, 10])
    >>> network.n_weights  # 3 clues for each of 10 · 10 pairs, and 10 biases
    310
    """

    def __init__(
        self,
        vocab_size: int,
        window: int,
        *,
        back: int,
        anywhere: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if vocab_size < 1 or not 0 <= back <= window or (back == 0 and not anywhere):
            raise NetworkShapeError(
                f"expected a vocabulary of 1 word or more, and clues from 1 to {window} words back "
                f"or from anywhere, got vocab_size={vocab_size}, back={back}, anywhere={anywhere}"
            )
        if not 0 <= dropout < 1:
            raise NetworkShapeError(f"expected dropout from 0 to below 1, got {dropout}")
        self.window, self.back, self.anywhere = window, back, anywhere
        self.vocab_size = vocab_size
        self.dropout = nn.Dropout(dropout)
        rows = vocab_size * (back + anywhere)
        self.votes = nn.EmbeddingBag(rows, vocab_size, mode="sum")
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        nn.init.zeros_(self.votes.weight)

    @property
    def n_weights(self) -> int:
        """How many weights there are, the biases among them."""
        return sum(parameter.numel() for parameter in self.parameters())

    def votes_of(self, word: int, distance: int | None) -> Float[Tensor, " vocab"]:
        """Return the weights of one clue: its votes for every next word.

        Parameters
        ----------
        word
            The id of the word seen.
        distance
            How many words back, 1 or more; None for anywhere.
        """
        table = self.back if distance is None else distance - 1
        return self.votes.weight[table * self.vocab_size + word].detach()

    def forward(self, inputs: Int64[Tensor, "batch window"]) -> Float[Tensor, "batch vocab"]:
        """Return the sum of all votes for every next word, the logits.

        Raises
        ------
        NetworkShapeError
            `inputs` are no windows of the right length.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.window:
            raise NetworkShapeError(
                f"expected windows of shape (batch, {self.window}), got {tuple(inputs.shape)}"
            )
        nearest_first = inputs.flip(1)
        clues = [nearest_first[:, : self.back]]
        weights = [torch.ones_like(clues[0], dtype=self.bias.dtype)]
        if self.anywhere:
            clues.append(inputs)
            weights.append((inputs != FILLING).to(self.bias.dtype))
        tables = torch.tensor([*range(self.back), *([self.back] * self.window * self.anywhere)])
        rows = torch.cat(clues, 1) + self.vocab_size * tables
        votes: Tensor = self.votes(rows, per_sample_weights=self.dropout(torch.cat(weights, 1)))
        return votes + self.bias
