"""Window tagging: what each word is, from the words around it; one task or several at once.

References
----------
Slides in 001, *Multi-task learning / weight sharing*, after Collobert et al. 2011, *Natural
language processing (almost) from scratch*.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.grammar import Grammar
from nextword.text.batching import Batch, NoSentencesError, shuffled_shares
from nextword.text.vocabulary import Vocabulary

Tags = Mapping[str, Sequence[Sequence[str] | None]]
UNTAGGED = -100
"""The id of no tag: such a word teaches a task nothing."""


class TagError(ValueError):
    """Tags do not fit their sentences, or a tag is unknown."""


def grammar_tags(
    grammar: Grammar, sentences: Sequence[Sequence[str]]
) -> dict[str, list[list[str]]]:
    """Return two tags of every word, both without a doubt.

    Parameters
    ----------
    grammar
        The language.
    sentences
        Sentences of it.

    Returns
    -------
    dict
        "part of speech": as `Grammar.tags`; "role": the word's slot, as `Grammar.slots`.

    Examples
    --------
    >>> tags = grammar_tags(Grammar.load(), ["the old cook eats and the cook smiles .".split()])
    >>> [tags[task][0][6] for task in tags]
    ['NOUN', 'returning noun']
    """
    return {
        "part of speech": [grammar.tags(sentence) for sentence in sentences],
        "role": [[str(slot) for slot in grammar.slots(s)[:-1]] for s in sentences],
    }


@dataclass(frozen=True)
class TagReader:
    """Reads each word with its neighbours on both sides.

    Parameters
    ----------
    vocab
        What ids of words mean.
    tagsets
        For each task, its tags; a tag's id is its place.
    reach
        How many words on each side are looked at; `<s>` and `</s>` fill up.
    """

    vocab: Vocabulary
    tagsets: Mapping[str, Sequence[str]]
    reach: int = 2

    def read(self, sentences: Sequence[Sequence[str]], tags: Tags) -> "TagExamples":
        """Make examples, one for each word.

        Parameters
        ----------
        sentences
            Lists of words.
        tags
            For each task, the tags of every sentence's words, or None for a sentence that nobody
            has tagged for this task.

        Raises
        ------
        NoSentencesError
            There is none.
        TagError
            A task lacks tags, has too many, or has one that its tag set does not hold.
        """
        if len(sentences) == 0:
            raise NoSentencesError("expected one sentence or more, got none")
        inputs = np.concatenate([self._windows(sentence) for sentence in sentences])
        columns = [self._ids(task, tags.get(task, ()), sentences) for task in self.tagsets]
        return TagExamples(torch.from_numpy(inputs), torch.from_numpy(np.stack(columns, axis=1)))

    def _windows(self, sentence: Sequence[str]) -> Int64[np.ndarray, "words window"]:
        filled = np.concatenate(
            [
                np.full(self.reach, self.vocab.bos),
                self.vocab.encode(sentence),
                np.full(self.reach, self.vocab.eos),
            ]
        )
        places = np.arange(len(sentence))[:, None] + np.arange(2 * self.reach + 1)
        return np.asarray(filled[places])

    def _ids(
        self, task: str, tags: Sequence[Sequence[str] | None], sentences: Sequence[Sequence[str]]
    ) -> Int64[np.ndarray, " words"]:
        number = {tag: place for place, tag in enumerate(self.tagsets[task])}
        ids: list[int] = []
        if len(tags) != len(sentences):
            raise TagError(
                f"expected tags of {len(sentences)} sentences as {task}, got {len(tags)}"
            )
        for of, sentence in zip(tags, sentences, strict=True):
            if of is None:
                ids += [UNTAGGED] * len(sentence)
                continue
            if len(of) != len(sentence):
                raise TagError(
                    f"expected a {task} for each of {len(sentence)} words, got {len(of)}"
                )
            if not set(of) <= set(number):
                unknown = min(set(of) - set(number))
                raise TagError(f"expected one of {', '.join(number)} as {task}, got {unknown!r}")
            ids += [number[tag] for tag in of]
        return np.array(ids, dtype=np.int64)


@dataclass(frozen=True)
class TagExamples:
    """Words with their neighbours and tags; made by `TagReader.read`.

    Attributes
    ----------
    inputs
        Ids of each word's window.
    targets
        Ids of each word's tags, a column for each task.
    """

    inputs: Int64[Tensor, "words window"]
    targets: Int64[Tensor, "words tasks"]

    @property
    def n_tokens(self) -> int:
        """How many words are tagged."""
        return len(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield every word once; in the order of the text, or shuffled where `rng` is given."""
        for chosen in shuffled_shares(len(self), batch_size, rng):
            mask = torch.ones(len(chosen), dtype=torch.bool)
            yield Batch(self.inputs[chosen], self.targets[chosen], mask)


class TagNetwork(nn.Module):
    """Word vectors and a hidden layer that all tasks share, and an output layer for each task.

    Parameters
    ----------
    reader
        Says how many words, neighbours and tags there are.
    n_hidden
        How many hidden units.
    tasks
        Those it learns; all of the reader's, where none are given.
    vectors
        Word vectors to begin with, such as those of a language model.
    fixed
        Whether these vectors stay as they are.
    n_features
        How many numbers a vector has, where none are given.
    rng
        Where initial weights come from.
    """

    def __init__(
        self,
        reader: TagReader,
        n_hidden: int = 50,
        *,
        tasks: Sequence[str] = (),
        vectors: Float[Tensor, "vocab features"] | None = None,
        fixed: bool = False,
        n_features: int = 30,
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        self._columns = [
            column for column, task in enumerate(reader.tagsets) if not tasks or task in tasks
        ]
        sizes = [len(tagset) for tagset in reader.tagsets.values()]
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        if vectors is None:
            vectors = 0.1 * torch.randn(len(reader.vocab), n_features, generator=generator)
        self.features = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
            vectors.detach().clone(), freeze=fixed
        )
        width = (2 * reader.reach + 1) * vectors.shape[1]
        with torch.random.fork_rng(devices=[]):  # what layers draw by themselves is drawn again
            self.hidden = nn.Linear(width, n_hidden)
            self.outputs = nn.ModuleList(nn.Linear(n_hidden, sizes[c]) for c in self._columns)
        for layer in (self.hidden, *self.outputs):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, inputs: Int64[Tensor, "words window"]) -> list[Float[Tensor, "words tags"]]:
        """Return the logits of every tag, for each task that it learns."""
        shared = torch.tanh(self.hidden(self.features(inputs).flatten(1)))
        return [output(shared) for output in self.outputs]

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Return the sum over tasks of the mean cross-entropy over tagged words, in nats."""
        losses = []
        for logits, column in zip(self(batch.inputs), self._columns, strict=True):
            targets = batch.targets[:, column]
            nats = nn.functional.cross_entropy(
                logits, targets, ignore_index=UNTAGGED, reduction="sum"
            )
            losses.append(nats / (targets != UNTAGGED).sum().clamp(min=1))
        return torch.stack(losses).sum()

    def accuracies(self, examples: TagExamples) -> list[float]:
        """Return the share of words that get the right tag, for each task that it learns."""
        with torch.no_grad():
            found = [logits.argmax(1) for logits in self(examples.inputs)]
        return [
            float((best == examples.targets[:, column]).double().mean())
            for best, column in zip(found, self._columns, strict=True)
        ]
