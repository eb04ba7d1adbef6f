"""A language model that reads and writes one character at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.models.neural import check_temperature, drawn
from nextword.models.recurrent import RecurrentNetwork
from nextword.text.batching import Batch, BatchSizeError, NoSentencesError
from nextword.text.vocabulary import NotSentencesError, Vocabulary, check_sentences

LINE_END = "\n"
"""How the end of a sentence is shown."""


class StepsError(ValueError):
    """A piece of text has no length of 1 or more."""


@dataclass(frozen=True)
class TextStream:
    """A text in one piece, cut into batches whose rows go on where those before them stopped.

    Attributes
    ----------
    ids
        The whole text; every id but the first is predicted.
    steps
        How many predictions of a row a batch holds: so far back go gradients.

    Examples
    --------
    >>> stream = TextStream(torch.arange(8), steps=2)
    >>> for batch in stream.batches(2):
    ...     batch.inputs.tolist(), batch.mask.tolist(), batch.continued
    ([[0, 1], [4, 5]], [[True, True], [True, True]], False)
    ([[2, 3], [6, 6]], [[True, True], [True, False]], True)
    """

    ids: Int64[Tensor, " text"]
    steps: int

    @property
    def n_tokens(self) -> int:
        """How many characters are predicted."""
        return len(self.ids) - 1

    def __len__(self) -> int:
        return -(-self.n_tokens // self.steps)

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield the whole text once.

        Parameters
        ----------
        batch_size
            How many rows; each reads a stretch of the text of its own, the first ones a
            character more where it does not come out even. There are fewer rows where the text
            is too short.
        rng
            Not used: a stream that is read on cannot be shuffled.

        Raises
        ------
        BatchSizeError
            `batch_size` is below 1.
        """
        if batch_size < 1:
            raise BatchSizeError(f"expected a batch of 1 row or more, got {batch_size}")
        stretches = torch.arange(self.n_tokens).tensor_split(min(batch_size, self.n_tokens))
        # From a stretch's first character to the one after its last, which is predicted there.
        rows = [self.ids[places[0] : places[-1] + 2] for places in stretches]
        filled = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) - 1 for row in rows])[:, None]
        for begin in range(0, len(stretches[0]), self.steps):
            piece = filled[:, begin : begin + self.steps + 1]
            places = begin + torch.arange(piece.shape[1] - 1)
            mask = places < lengths
            # Filling repeats the row's last character that was there, which is always known.
            last = piece[:, :-1].gather(1, (lengths - 1 - begin).clamp(0, piece.shape[1] - 2))
            inputs = torch.where(mask, piece[:, :-1], last)
            yield Batch(inputs, piece[:, 1:], mask, continued=begin > 0)


class CharacterModel:
    """A recurrent network over characters, which carries its state along the text.

    Parameters
    ----------
    network
        What predicts.
    vocab
        Its characters; `</s>` ends a sentence, and is shown as the end of a line.
    """

    def __init__(self, network: RecurrentNetwork, vocab: Vocabulary) -> None:
        self.network = network
        self.vocab = vocab

    @classmethod
    def start(
        cls,
        sentences: Sequence[Sequence[str]],
        n_features: int = 30,
        n_hidden: int = 128,
        *,
        min_count: int = 2,
        seed: int = 0,
    ) -> "CharacterModel":
        """Return a model before training, for the characters of a text.

        Parameters
        ----------
        sentences
            Lists of characters, as `corpora.load(…, unit="characters")` makes them.
        n_features, n_hidden
            See `RecurrentNetwork`.
        min_count
            A character that occurs less often is `<unk>`.
        seed
            Where chance begins.

        Raises
        ------
        NotSentencesError
            What should be a character is longer: the text was split into words.
        NoSentencesError
            There is none.
        """
        ids = Vocabulary.build(_characters(sentences), min_count=min_count)
        rng = np.random.default_rng(seed)
        return cls(RecurrentNetwork(len(ids), n_features, n_hidden, rng=rng), ids)

    def read(self, sentences: Sequence[Sequence[str]], steps: int = 50) -> TextStream:
        """Return a text as one stream: sentence, end, sentence, end.

        Parameters
        ----------
        sentences
            Lists of characters.
        steps
            How far back gradients go.

        Raises
        ------
        StepsError
            `steps` is below 1.
        NoSentencesError
            There is no sentence.
        """
        if steps < 1:
            raise StepsError(f"expected pieces of 1 character or more, got {steps}")
        end = [self.vocab.words[self.vocab.eos]]
        tokens = [*end, *(token for s in _characters(sentences) for token in [*s, *end])]
        return TextStream(torch.from_numpy(self.vocab.encode(tokens)), steps)

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> Float[np.ndarray, " characters"]:
        """Score every character, each sentence's end included, in nats; the state goes along.

        Raises
        ------
        NoSentencesError
            There is no sentence.
        """
        ids = self.read(sentences).ids
        with torch.no_grad():
            logits = self.network.output(self.network.states(ids[None, :-1])[0])
            return np.asarray(-torch.nn.functional.cross_entropy(logits, ids[1:], reduction="none"))

    def bits(self, sentences: Sequence[Sequence[str]]) -> float:
        """Return the mean negative log-probability of a character, in bits."""
        return float(-self.log_probs(sentences).mean() / np.log(2))

    def sample(
        self,
        rng: np.random.Generator,
        n_characters: int,
        prompt: str = "",
        temperature: float = 1.0,
    ) -> str:
        """Write text, a character at a time, each drawn and then read.

        Parameters
        ----------
        rng
            Where chance comes from.
        n_characters
            How many to write.
        prompt
            What it has read before; characters that it does not know are `<unk>`.
        temperature
            Logits are divided by it: below 1 surer, above 1 more daring, 0 always takes the most
            probable character.

        Returns
        -------
        str
            What it has written, without the prompt. `<unk>` is shown as �, an end as a new line.

        Raises
        ------
        TemperatureError
            The temperature is negative or no number.
        """
        check_temperature(temperature)
        written = ""
        with torch.no_grad():
            state = self.network.states(self._read_before(prompt))[:, -1]
            for _ in range(n_characters):
                logits = self.network.output(state)[0].double().numpy()
                number = int(drawn(logits, temperature, rng))
                written += self._shown(number)
                state = self.network.states(torch.tensor([[number]]), state)[:, -1]
        return written

    def activations(self, text: str) -> Float[np.ndarray, "characters hidden"]:
        """Return the state after each character of a text, units between -1 and 1.

        Parameters
        ----------
        text
            Ends of lines are read as ends of sentences.

        Raises
        ------
        NoSentencesError
            There is no character.
        """
        if not text:
            raise NoSentencesError("expected a text of one character or more, got none")
        with torch.no_grad():
            return np.asarray(self.network.states(self._read_before(text))[0, 1:].numpy())

    def _read_before(self, text: str) -> Int64[Tensor, "1 length"]:
        end = self.vocab.words[self.vocab.eos]
        tokens = [end, *(end if character == LINE_END else character for character in text)]
        return torch.from_numpy(self.vocab.encode(tokens))[None]

    def _shown(self, number: int) -> str:
        special = {self.vocab.bos: "", self.vocab.eos: LINE_END, self.vocab.unk: "�"}
        return special.get(number, self.vocab.words[number])


def _characters(sentences: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    listed = check_sentences(sentences)
    if len(listed) == 0:
        raise NoSentencesError("expected one sentence or more, got none")
    for number, sentence in enumerate(listed):
        longer = next((token for token in sentence if len(token) != 1), None)
        if longer is not None:
            raise NotSentencesError(
                f"expected sentences of single characters, and sentence {number} holds "
                f"{longer!r}; load the text with unit='characters', or use list(text)"
            )
    return listed
