"""Results of lecture 03 that take longer than a lecture has.

Run it from the repository with `python recordings/03_window.py`; it takes about half an hour on one
core and writes `data/recorded/03_window/`. `--only windows` makes one of the tables.
"""

import os
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
from recording import Row, record

from nextword import corpora
from nextword.grammar import PRESETS, Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.neural import NeuralLanguageModel, window_model
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.tagging import TagNetwork, TagReader, grammar_tags
from nextword.text.vocabulary import Vocabulary

SEEDS = (0, 1, 2)
WINDOWS = range(1, 9)
SETTINGS = TrainingSettings(epochs=5, patience=1)


def fitted(
    corpus: corpora.Corpus,
    vocab: Vocabulary,
    window: int,
    settings: TrainingSettings,
    **sizes: float,
) -> tuple[NeuralLanguageModel, int]:
    """Train a window model; return it with its best epoch."""
    model = window_model(vocab, corpus.train, window, seed=settings.seed, **sizes)  # type: ignore[arg-type]
    read = model.reader.read
    history = train(model.network, read(corpus.train), read(corpus.valid), settings, progress=False)
    return model, history.best_epoch


def with_seed(settings: TrainingSettings, seed: int) -> TrainingSettings:
    """Return the same settings with another seed."""
    return TrainingSettings(**{**vars(settings), "seed": seed})


def windows() -> Iterator[Row]:
    """Perplexity against the length of the window, of networks and of counting.

    The noun is near, or farther away than the longest window.
    """
    for name in ("near", "out of sight"):
        grammar = Grammar.load(parameters=PRESETS[name])
        corpus = corpora.from_grammar(grammar=grammar)
        vocab = Vocabulary.build(corpus.train)
        floor = grammar.floor_of(corpus.test)
        for window in WINDOWS:
            for kind, seed in [("Kneser–Ney", 0), *(("network", seed) for seed in SEEDS)]:
                best = 0
                if kind == "network":
                    model, best = fitted(corpus, vocab, window, with_seed(SETTINGS, seed))
                    size = model.n_parameters
                    scores = Scores.of(model, grammar, corpus.test)
                else:
                    counted = ModifiedKneserNey.fit(corpus.train, window + 1, vocab)
                    size = sum(counted.n_ngrams)
                    scores = Scores.of(counted, grammar, corpus.test)
                yield {
                    "grammar": name,
                    "model": kind,
                    "window": window,
                    "seed": seed,
                    "stored": size,
                    "best_epoch": best,
                    "perplexity": f"{scores.perplexity():.4f}",
                    "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN):.4f}",
                    "floor": f"{floor.perplexity():.4f}",
                    "floor_at_noun": f"{floor.perplexity_by_slot()[Slot.RETURNING_NOUN]:.4f}",
                    "blind": f"{grammar.blind_perplexity():.4f}",
                }


def direct() -> Iterator[Row]:
    """Direct connections on and off, on the grammar and on Python's documentation."""
    grammar = corpora.load("grammar")
    docs = corpora.load("python-docs")
    for corpus, min_count, window, settings, sizes in (
        (grammar, 1, 4, SETTINGS, {}),
        (docs, 2, 3, TrainingSettings(epochs=15, patience=2), {"dropout": 0.5}),
    ):
        vocab = Vocabulary.build(corpus.train, min_count=min_count)
        for on in (False, True):
            for seed in SEEDS:
                model, best = fitted(
                    corpus, vocab, window, with_seed(settings, seed), direct=on, **sizes
                )
                yield {
                    "text": corpus.name,
                    "window": window,
                    "direct": "on" if on else "off",
                    "seed": seed,
                    "parameters": model.n_parameters,
                    "best_epoch": best,
                    "training": f"{model.perplexity(corpus.train):.4f}",
                    "valid": f"{model.perplexity(corpus.valid):.4f}",
                    "test": f"{model.perplexity(corpus.test):.4f}",
                }


def tagging() -> Iterator[Row]:
    """Errors at parts of speech against the number of tagged sentences, each way to share."""
    grammar = Grammar.load()
    corpus = corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)
    test = corpus.test[:1000]
    test_tags = grammar_tags(grammar, test)
    tagsets = {task: sorted({t for tags in of for t in tags}) for task, of in test_tags.items()}
    pos, role = tagsets
    for seed in SEEDS:
        model, _ = fitted(corpus, vocab, 4, with_seed(SETTINGS, seed))
        vectors = model.network.get_parameter("features.weight").detach()
        own = corpus.train[seed * 1000 : (seed + 1) * 1000]
        tags = grammar_tags(grammar, own)
        for n_tagged in (5, 10, 20, 50, 100):
            same = {task: of[:n_tagged] for task, of in tags.items()}
            others = 300
            more: dict[str, list[list[str] | None]] = {
                pos: [*tags[pos][:n_tagged], *[None] * (others - n_tagged)]
            }
            more[role] = [*tags[role][:others]]
            for way, reach, n_read, found, options in (
                ("word alone", 0, n_tagged, same, {"tasks": [pos]}),
                ("window", 1, n_tagged, same, {"tasks": [pos]}),
                (
                    "vectors fixed",
                    1,
                    n_tagged,
                    same,
                    {"tasks": [pos], "vectors": vectors, "fixed": True},
                ),
                ("vectors tuned", 1, n_tagged, same, {"tasks": [pos], "vectors": vectors}),
                ("two tasks, same sentences", 1, n_tagged, same, {}),
                ("two tasks, 300 sentences", 1, others, more, {}),
            ):
                reader = TagReader(vocab, tagsets, reach)
                examples = reader.read(own[:n_read], found)
                network = TagNetwork(reader, rng=np.random.default_rng(seed), **options)
                epochs = max(10, 1000 // n_read)
                settings = TrainingSettings(epochs=epochs, batch_size=32, seed=seed)
                train(network, examples, examples, settings, progress=False)
                accuracy = network.accuracies(reader.read(test, test_tags))[0]
                yield {
                    "way": way,
                    "tagged": n_tagged,
                    "seed": seed,
                    "errors": f"{100 * (1 - accuracy):.3f}",
                }


def decay() -> Iterator[Row]:
    """Try weight decay with plain SGD, briefly and until the network recites."""
    corpus = corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)
    short, long = (0.0, 1e-3, 1e-2, 1e-1, 1.0), (0.0, 1e-4, 3e-4, 1e-3, 3e-3)
    for part, sentences, epochs, rate, strengths, biases in (
        ("3 epochs", 1000, 3, 0.3, short, (False, True)),
        ("reciting", 200, 60, 0.5, long, (False,)),
    ):
        for decay_biases in biases:
            for strength in strengths:
                model = window_model(vocab, corpus.train[:sentences], window=4)
                read = model.reader.read
                settings = TrainingSettings(
                    epochs=epochs,
                    optimizer="sgd",
                    learning_rate=rate,
                    weight_decay=strength,
                    decay_biases=decay_biases,
                )
                history = train(
                    model.network,
                    read(corpus.train[:sentences]),
                    read(corpus.valid[:400]),
                    settings,
                    progress=False,
                )
                values = history.valid_perplexities
                yield {
                    "part": part,
                    "decay": strength,
                    "decay_biases": "yes" if decay_biases else "no",
                    "valid": f"{values[-1]:.3f}",
                    "best_valid": f"{min(values):.3f}",
                }


TABLES: dict[str, Callable[[], Iterator[Row]]] = {
    "windows": windows,
    "direct": direct,
    "tagging": tagging,
    "decay": decay,
}


if __name__ == "__main__":
    record("03_window", __doc__, TABLES, ", ".join(map(str, SEEDS)))
