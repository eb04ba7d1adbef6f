"""Results of lecture 06 that take longer than a lecture has.

Run it from the repository with `python recordings/06_clipping.py`; it takes about half an hour on
a core and writes `data/recorded/06_clipping/`. `--only limits` makes one of the tables.
"""

import functools
import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
from recording import Arrays, Cell, Row, Table, record

from nextword import corpora
from nextword.dynamics.recurrent_runs import RecurrentRuns, RunSettings, WeightPenalty
from nextword.dynamics.temporal_order import TemporalOrder
from nextword.grammar import Grammar, Slot
from nextword.learning.training import DivergedError, History, TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.recurrent import recurrent_model
from nextword.text.vocabulary import Vocabulary

LENGTHS = (  # T, learning rate, updates, runs
    (10, 0.01, 5_000, 32),
    (20, 0.01, 20_000, 32),
    (30, 0.01, 20_000, 16),
    (10, 0.05, 5_000, 32),
    (30, 0.05, 6_000, 32),
    (50, 0.05, 10_000, 16),
)
LIMITS = (  # what is limited, thresholds, runs
    ("max_norm", (0.1, 0.3, 1.0, 3.0, 10.0), 32),
    ("max_value", (0.03, 0.1, 0.3), 16),
    ("max_signal", (0.1, 0.3, 1.0), 16),
    ("random_above", (1.0, 3.0, 10.0), 16),
)
PENALTIES = (  # L1, L2
    (0.0, 3e-4),
    (0.0, 1e-3),
    (0.0, 3e-3),
    (0.0, 1e-2),
    (1e-4, 0.0),
    (1e-3, 0.0),
)
RACERS = range(8, 16)
"""Seeds of the runs at T = 30 and rate .05 that are shown update by update."""
RACE_UPDATES = 3_000
RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
NORMS = (None, 0.1, 0.25, 1.0)
MODEL_SEEDS = (0, 1, 2)


def runs_of(length: int, n_runs: int, settings: RunSettings, **said: object) -> Iterator[Row]:
    """Train seeds 0, 1, … on the temporal order problem, and say what became of each."""
    for run in RecurrentRuns(TemporalOrder(length), settings, range(n_runs)).train():
        norms = np.array(run.norms)
        finite = norms[np.isfinite(norms)]
        yield {
            **said,
            "length": length,
            "learning_rate": settings.learning_rate,
            "updates": settings.updates,
            "seed": run.seed,
            "solved_at": run.solved_at or "",
            "broken_at": run.broken_at or "",
            "wrong": f"{run.wrong[-1]:.4f}" if run.wrong else "",
            "mean_norm": f"{finite.mean():.4g}",
            "median_norm": f"{np.median(finite):.4g}",
            "largest_norm": f"{finite.max():.4g}",
            "largest_singular_value": f"{np.linalg.norm(run.recurrent_weights, 2):.4g}",
        }


def lengths() -> Iterator[Row]:
    """Solved runs with the gradient as it is (MSGD) and with its norm clipped at 1 (MSGD-C)."""
    for length, learning_rate, updates, n_runs in LENGTHS:
        for method, max_norm in (("MSGD", None), ("MSGD-C", 1.0)):
            settings = RunSettings(updates=updates, learning_rate=learning_rate, max_norm=max_norm)
            yield from runs_of(length, n_runs, settings, method=method)


def limits() -> Iterator[Row]:
    """Solved runs at T = 30 for several ways and thresholds of clipping."""
    for limit, thresholds, n_runs in LIMITS:
        for threshold in thresholds:
            chosen = {limit: threshold}
            settings = RunSettings(updates=6_000, learning_rate=0.05, **chosen)
            yield from runs_of(30, n_runs, settings, limit=limit, threshold=threshold)


def penalties() -> Iterator[Row]:
    """Solved runs at T = 30 with a penalty on the recurrent weights, and no clipping."""
    for l1, l2 in PENALTIES:
        for max_norm in (None, 1.0):
            settings = RunSettings(
                updates=6_000,
                learning_rate=0.05,
                max_norm=max_norm,
                terms=(WeightPenalty(l1, l2),),
            )
            yield from runs_of(30, 16, settings, l1=l1, l2=l2, max_norm=max_norm or "none")


def language_model() -> Iterator[Cell]:
    """Perplexities of language models by plain gradient descent, for rates, thresholds, seeds."""
    for learning_rate in RATES:
        for max_norm in NORMS:
            for seed in MODEL_SEEDS:
                yield Cell(
                    {"learning_rate": learning_rate, "max_norm": max_norm or "none", "seed": seed},
                    functools.partial(trained_model, learning_rate, max_norm, seed),
                )


def trained_model(learning_rate: float, max_norm: float | None, seed: int) -> Row:
    """Train a language model for two epochs, and say what became of it."""
    grammar, corpus = Grammar.load(), corpora.load("grammar")
    vocab = Vocabulary.build(corpus.train)
    model = recurrent_model(vocab, corpus.train, seed=seed)
    settings = TrainingSettings(
        epochs=2,
        batch_size=32,
        optimizer="sgd",
        learning_rate=learning_rate,
        max_norm=max_norm,
        seed=seed,
    )
    read, seen = model.reader.read, []
    try:
        train(
            model.network,
            read(corpus.train),
            read(corpus.valid),
            settings,
            progress=False,
            watch=seen.append,
        )
        scores = Scores.of(model, grammar, corpus.test)
        valid = f"{model.perplexity(corpus.valid):.4f}"
        overall = f"{scores.perplexity():.4f}"
        at_noun = f"{scores.perplexity(Slot.RETURNING_NOUN):.4f}"
        diverged = False
    except DivergedError:
        valid = overall = at_noun = ""
        diverged = True
    history: History = seen[-1]
    return {
        "updates": len(history.losses),
        "diverged": int(diverged),
        "valid_perplexity": valid,
        "perplexity": overall,
        "at_noun": at_noun,
        "median_norm": f"{np.median(history.norms):.4g}",
        "largest_norm": f"{np.max(history.norms):.4g}",
        "largest_loss": f"{np.max(history.losses):.4g}",
    }


def race() -> Arrays:
    """Losses and gradient lengths, update by update, of runs with and without clipping.

    Updates that a run did not make, as it had solved its task, are nan; so is `solved_at` where
    it never did.
    """
    found = {"seeds": np.array(RACERS)}
    for name, max_norm in (("MSGD", None), ("MSGD-C", 1.0)):
        settings = RunSettings(updates=RACE_UPDATES, learning_rate=0.05, max_norm=max_norm)
        runs = RecurrentRuns(TemporalOrder(30), settings, RACERS).train()
        for column in ("losses", "norms"):
            values = np.full((len(runs), RACE_UPDATES), np.nan, dtype=np.float32)
            for row, run in zip(values, runs, strict=True):
                row[: len(getattr(run, column))] = getattr(run, column)
            found[f"{name} {column}"] = values
        found[f"{name} solved_at"] = np.array([run.solved_at or np.nan for run in runs])
    return found


def half_way() -> Arrays:
    """Weights of the run, of eight, whose gradients were longest after 750 clipped updates."""
    settings = RunSettings(updates=750, learning_rate=0.05, max_norm=1.0)
    runs = RecurrentRuns(TemporalOrder(30), settings, range(8)).train()
    chosen = max(runs, key=lambda run: np.median(run.norms[-50:]))
    return {"seed": np.array(chosen.seed), "inner": chosen.inner, "outer": chosen.outer}


TABLES: dict[str, Table] = {
    "lengths": lengths,
    "limits": limits,
    "penalties": penalties,
    "language_model": language_model,
}


if __name__ == "__main__":
    last = max(row[3] for row in LENGTHS) - 1
    seeds = f"0 to {last} (language models: 0 to {MODEL_SEEDS[-1]})"
    record("06_clipping", __doc__, TABLES, seeds, {"race": race, "half_way": half_way})
