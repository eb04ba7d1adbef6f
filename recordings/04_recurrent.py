"""Results of lecture 04 that take longer than a lecture has.

Run it from the repository with `python recordings/04_recurrent.py`; it takes about ten minutes on a
core and writes `data/recorded/04_recurrent/`. `--only seeds` makes one of the tables.
"""

import os
from collections.abc import Callable, Iterator, Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
import torch
from recording import Arrays, Row, record

from nextword import corpora
from nextword.grammar import Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.characters import TextStream
from nextword.models.evaluation import Scores, ScoringModel
from nextword.models.neural import window_model
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.recurrent import RecurrentNetwork, recurrent_model
from nextword.text.vocabulary import Vocabulary

SEEDS = (0, 1, 2)
DISTANCES = ((4, 4), (5, 5), (7, 7), (8, 9), (10, 12), (13, 16), (17, 100))
"""From the first noun to the one that returns, in tokens."""
STEPS = (1, 2, 3, 5, 10, 20)
TOKENS_AN_UPDATE = 420


def recurrent_settings(seed: int) -> TrainingSettings:
    """Return how the lecture trains its recurrent model."""
    return TrainingSettings(
        epochs=4,
        batch_size=32,
        learning_rate=0.006,
        rate_decay=0.4,
        optimizer="adam",
        max_norm=1.0,
        seed=seed,
    )


def window_settings(seed: int) -> TrainingSettings:
    """Return how lecture 03 trains its window of 4."""
    return TrainingSettings(epochs=3, batch_size=128, learning_rate=0.05, seed=seed)


def seeds() -> Iterator[Row]:
    """Perplexity overall and at the returning noun by its distance, for each model and seed."""
    grammar, corpus = Grammar.load(), corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)

    def fitted(kind: str, seed: int) -> ScoringModel:
        if kind.startswith("Kneser"):
            return ModifiedKneserNey.fit(corpus.train, int(kind[-1]), vocab)
        if kind == "recurrent":
            model = recurrent_model(vocab, corpus.train, seed=seed)
            settings = recurrent_settings(seed)
        else:
            model = window_model(vocab, corpus.train, 4, seed=seed)
            settings = window_settings(seed)
        read = model.reader.read
        train(model.network, read(corpus.train), read(corpus.valid), settings, progress=False)
        return model

    for kind in ("recurrent", "window of 4", "Kneser–Ney 3", "Kneser–Ney 5"):
        for seed in SEEDS[:1] if kind.startswith("Kneser") else SEEDS:
            scores = Scores.of(fitted(kind, seed), grammar, corpus.test)
            for near, far in ((0, 1000), *DISTANCES):
                yield {
                    "model": kind,
                    "seed": seed,
                    "from": near,
                    "to": far,
                    "perplexity": f"{scores.perplexity(at=(near, far)):.4f}",
                    "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN, (near, far)):.4f}",
                }


def network() -> Arrays:
    """Train the lecture's model, seed 0, for all of its epochs."""
    corpus = corpora.load("grammar")
    model = recurrent_model(Vocabulary.build(corpus.train), corpus.train, seed=0)
    read = model.reader.read
    settings = recurrent_settings(0)
    train(model.network, read(corpus.train), read(corpus.valid), settings, progress=False)
    return {name: tensor.numpy() for name, tensor in model.network.state_dict().items()}


class Reading:
    """A recurrent network that reads sentence after sentence and never forgets its state."""

    def __init__(self, network: RecurrentNetwork, vocab: Vocabulary) -> None:
        self.network, self.vocab = network, vocab

    def stream(self, sentences: Sequence[Sequence[str]], steps: int) -> TextStream:
        """Return a text as one stream, in which `</s>` stands between sentences."""
        end = [self.vocab.words[self.vocab.eos]]
        tokens = [*end, *(token for s in sentences for token in [*s, *end])]
        return TextStream(torch.from_numpy(self.vocab.encode(tokens)), steps)

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Score every token, in one pass over the text."""
        (batch,) = self.stream(sentences, 10**9).batches(1)
        with torch.no_grad():
            scores = [
                torch.nn.functional.cross_entropy(
                    self.network.output(states), targets, reduction="none"
                )
                for states, targets in zip(
                    self.network.states(batch.inputs)[0].split(4096),
                    batch.targets[0].split(4096),
                    strict=True,
                )
            ]
        return -torch.cat(scores).double().numpy()


def truncation() -> Iterator[Row]:
    """Perplexity against how far gradients reach back; the state itself is always carried on."""
    grammar, corpus = Grammar.load(), corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)
    for seed in SEEDS:
        for steps in STEPS:
            network = RecurrentNetwork(len(vocab), rng=np.random.default_rng(seed))
            reading = Reading(network, vocab)
            settings = TrainingSettings(
                epochs=2,
                batch_size=TOKENS_AN_UPDATE // steps,
                learning_rate=0.006,
                rate_decay=0.4,
                optimizer="adam",
                max_norm=1.0,
                seed=seed,
            )
            text = reading.stream(corpus.train, steps)
            train(network, text, reading.stream(corpus.valid, steps), settings, progress=False)
            scores = Scores.of(reading, grammar, corpus.test)
            yield {
                "steps": steps,
                "seed": seed,
                "perplexity": f"{scores.perplexity():.4f}",
                "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN):.4f}",
            }


TABLES: dict[str, Callable[[], Iterator[Row]]] = {"seeds": seeds, "truncation": truncation}


if __name__ == "__main__":
    record("04_recurrent", __doc__, TABLES, ", ".join(map(str, SEEDS)), {"network": network})
