"""Results of lecture 05 that take longer than a lecture has.

Run it from the repository with `python recordings/05_gradients.py`; it takes about twenty minutes
on a core and writes `data/recorded/05_gradients/`. `--only far` makes one of the tables.
"""

import os
from collections.abc import Callable, Iterator, Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
import torch
from recording import Row, record

from nextword import corpora
from nextword.dynamics.jacobians import Unrolled
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Parameters, Slot
from nextword.learning.training import History, TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.neural import NeuralLanguageModel
from nextword.models.recurrent import recurrent_model
from nextword.text.vocabulary import Vocabulary

SEEDS = (0, 1, 2)
SCALES = (0.5, 1.0, 2.0)
"""Of W_h before training: a random rotation, times this."""
DISTANCES = ((4, 4), (5, 5), (7, 7), (8, 9), (10, 12), (13, 16), (17, 100))
"""From the first noun to the one that returns, in tokens, as in lecture 04."""
EVERY = (0, 1000)
FAR = (4, 8, 12, 16)
"""The least distance of the noun, in languages in which it is never nearer."""
FAR_SEEDS = (0, 1)
SENTENCES = 600
"""Of the test text: on these the gradient is measured."""


def settings(seed: int) -> TrainingSettings:
    """Return how lecture 04 trains its recurrent model."""
    return TrainingSettings(
        epochs=4,
        batch_size=32,
        learning_rate=0.006,
        rate_decay=0.4,
        optimizer="adam",
        max_norm=1.0,
        seed=seed,
    )


def model_of(
    vocab: Vocabulary, text: list[list[str]], seed: int, scale: float
) -> NeuralLanguageModel:
    """Return the model of lecture 04 before training, with W_h times `scale`."""
    model = recurrent_model(vocab, text, seed=seed)
    with torch.no_grad():
        model.network.cells.all_weights[0][1].mul_(scale)
    return model


def quartiles(values: list[float]) -> dict[str, str]:
    """Return the three quartiles, rounded."""
    found = np.quantile(values, (0.25, 0.5, 0.75))
    return {
        name: f"{value:.4g}" for name, value in zip(("q25", "median", "q75"), found, strict=True)
    }


def looks(
    model: NeuralLanguageModel,
    grammar: Grammar,
    text: list[list[str]],
    distances: Sequence[tuple[int, int]] = (EVERY, *DISTANCES),
) -> Iterator[Row]:
    """Yield a row for each range of distances, for one model as it is."""
    returning = [s for s in text if s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]]
    signals = [
        Unrolled.of(model, s, grammar.returning_index(s)).signal_by_gap()
        for s in returning[:SENTENCES]
    ]
    # The state after reading the first noun is as many steps from the last one as the nouns are
    # apart, less one: the last state has not read the second noun.
    gaps = [grammar.distance(s) - 1 for s in returning[:SENTENCES]]
    scores = Scores.of(model, grammar, text)
    for near, far in distances:
        at_noun = [
            float(signal[gap])
            for signal, gap in zip(signals, gaps, strict=True)
            if near <= gap + 1 <= far
        ]
        yield {
            "from": near,
            "to": far,
            "n": len(at_noun),
            **quartiles(at_noun),
            "perplexity": f"{scores.perplexity(at=(near, far)):.4f}",
            "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN, (near, far)):.4f}",
        }


def noun() -> Iterator[Row]:
    """Measure the gradient at the noun, before training and after each epoch, from each scale."""
    grammar, corpus = Grammar.load(), corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)
    for scale in SCALES:
        for seed in SEEDS:
            model = model_of(vocab, corpus.train, seed, scale)
            found: list[Row] = []
            seen: list[int] = []

            def look(
                history: History,
                model: NeuralLanguageModel = model,
                found: list[Row] = found,
                seen: list[int] = seen,
                run: Row = {"scale": scale, "seed": seed},  # noqa: B006
            ) -> None:
                if history.epochs in seen:
                    return
                seen.append(history.epochs)
                weights = model.network.cells.all_weights[0][1].detach().double().numpy()
                about = {
                    "epoch": history.epochs,
                    "rho": f"{np.abs(np.linalg.eigvals(weights)).max():.4f}",
                    "lambda_1": f"{np.linalg.norm(weights, 2):.4f}",
                }
                found.extend({**run, **about, **row} for row in looks(model, grammar, corpus.test))

            read = model.reader.read
            train(
                model.network,
                read(corpus.train),
                read(corpus.valid),
                settings(seed),
                watch=look,
                watch_every=10**9,
                progress=False,
            )
            yield from found


def far() -> Iterator[Row]:
    """Learn languages in which the noun is never near, from each scale."""
    for least in FAR:
        grammar = Grammar.load(parameters=Parameters(min_distance=least, stop=0.9))
        corpus = corpora.from_grammar(grammar=grammar)
        vocab = Vocabulary.build(corpus.train)
        floor = grammar.floor_of(corpus.test)
        for scale in SCALES:
            for seed in FAR_SEEDS:
                model = model_of(vocab, corpus.train, seed, scale)
                (before,) = looks(model, grammar, corpus.test, (EVERY,))
                read = model.reader.read
                train(
                    model.network,
                    read(corpus.train),
                    read(corpus.valid),
                    settings(seed),
                    progress=False,
                )
                (after,) = looks(model, grammar, corpus.test, (EVERY,))
                yield {
                    "least_distance": least,
                    "scale": scale,
                    "seed": seed,
                    "before": before["median"],
                    "after": after["median"],
                    "perplexity": after["perplexity"],
                    "at_noun": after["at_noun"],
                    "floor": f"{floor.perplexity():.4f}",
                    "floor_at_noun": f"{floor.perplexity_by_slot()[Slot.RETURNING_NOUN]:.4f}",
                    "blind": f"{grammar.blind_perplexity():.4f}",
                }


TABLES: dict[str, Callable[[], Iterator[Row]]] = {"noun": noun, "far": far}


if __name__ == "__main__":
    record("05_gradients", __doc__, TABLES, ", ".join(map(str, SEEDS)))
