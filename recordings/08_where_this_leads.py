"""Results of lecture 08 that take longer than a lecture has.

Run it from the repository with `python recordings/08_where_this_leads.py`; it takes about an hour
on a core and writes `data/recorded/08_where_this_leads/`. Stopped and started again, it goes on
with the first cell that is missing; `--anew` forgets what is there.
"""

import argparse
import csv
import datetime
import os
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
import torch
from recording import Row, machine

from nextword import corpora
from nextword.corpora.splits import Corpus
from nextword.data_folder import data_folder
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Parameters, Slot
from nextword.learning.falling_rate import train_for
from nextword.models.evaluation import Scores
from nextword.models.neural import NeuralLanguageModel
from nextword.models.recurrent import recurrent_model
from nextword.models.sequence_models import gradients_by_word, sequence_model
from nextword.text.vocabulary import Vocabulary

FOLDER = "08_where_this_leads"
LANGUAGES = {
    "near": Parameters(),
    "none near": Parameters(min_distance=12, stop=0.9),
    "far": Parameters(stop=0.18),
}
"""What lies between the nouns: as in all lectures; never fewer than 12 tokens; more."""
TOKENS, MORE_TOKENS = 280_000, 2_800_000
UPDATES, MORE_UPDATES = 1_500, 6_000
RATES = {
    "attention": 0.004,
    "LSTM": 0.015,
    "tanh": 0.005,
    "identity ReLU": 0.004,
    "GRU": 0.01,
    "soft read": 0.005,
    "attention, relative": 0.004,
}
"""Learning rates, chosen beforehand: near language, one seed, on its validation text."""
FIRST = ("attention", "LSTM", "tanh")
OTHERS = ("identity ReLU", "GRU", "soft read", "attention, relative")
DISTANCES = ((0, 1000), (4, 4), (5, 5), (7, 7), (8, 9), (10, 12), (13, 16), (17, 24), (25, 100))
"""From the first noun to the second, in tokens; the first of these is all."""
REACH = (4, 8, 16, 32, 64, 128, 192)
"""Least distances of the sentences on which it is seen how far a memory holds."""
REACH_SENTENCES = 300
GRADIENT_SENTENCES = 600
KEPT = ("attention", "LSTM", "tanh")
"""Networks whose weights are kept, of seed 0 and the near language, rounded to 16 bits."""


@dataclass(frozen=True)
class Cell:
    """One network, trained once."""

    model: str
    grammar: str
    tokens: int
    updates: int
    seed: int

    def names(self) -> Row:
        """Return what stands at the beginning of each of its rows."""
        return {
            "model": self.model,
            "grammar": self.grammar,
            "tokens": self.tokens,
            "updates": self.updates,
            "seed": self.seed,
        }


def cells() -> Iterator[Cell]:
    """Yield all cells, in the order in which they are wanted."""
    for models, seeds, tokens, updates in (
        (FIRST, (0,), TOKENS, UPDATES),
        (FIRST, (0,), MORE_TOKENS, MORE_UPDATES),
        (FIRST, (0,), MORE_TOKENS, UPDATES),
        (("attention",), (0,), TOKENS, MORE_UPDATES),
        (OTHERS, (0,), TOKENS, UPDATES),
        (FIRST, (1,), TOKENS, UPDATES),
        (("LSTM", "tanh"), (0,), TOKENS, MORE_UPDATES),
        (OTHERS, (1,), TOKENS, UPDATES),
        (FIRST, (2,), TOKENS, UPDATES),
        (OTHERS, (2,), TOKENS, UPDATES),
        (FIRST, (1, 2), MORE_TOKENS, MORE_UPDATES),
    ):
        for grammar in LANGUAGES if (tokens, updates) == (TOKENS, UPDATES) else ("near",):
            for seed in seeds:
                yield from (Cell(model, grammar, tokens, updates, seed) for model in models)


def corpus_of(grammar: str, tokens: int) -> Corpus:
    """Draw a language's text; its test text is the same whatever the size of the training text."""
    return corpora.from_grammar(
        grammar=Grammar.load(parameters=LANGUAGES[grammar]), train_tokens=tokens
    )


def model_of(cell: Cell, vocab: Vocabulary, corpus: Corpus) -> NeuralLanguageModel:
    """Return a model before training; tanh is the network of lecture 04."""
    if cell.model == "tanh":
        return recurrent_model(vocab, corpus.train, seed=cell.seed)
    return sequence_model(cell.model, vocab, corpus.train, seed=cell.seed)


def ladder(model: NeuralLanguageModel, cell: Cell, scores: Scores, seconds: float) -> Iterator[Row]:
    """Perplexities, overall and by distance."""
    for near, far in DISTANCES:
        if not np.any((scores.distances >= near) & (scores.distances <= far)):
            continue
        yield {
            **cell.names(),
            "parameters": model.n_parameters,
            "cpu_seconds": f"{seconds:.1f}",
            "from": near,
            "to": far,
            "perplexity": f"{scores.perplexity(at=(near, far)):.4f}",
            "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN, (near, far)):.4f}",
        }


def slots(cell: Cell, scores: Scores, truth: Scores) -> Iterator[Row]:
    """Nats in each slot, of the model and of the truth."""
    of_token = np.array([str(slot) for slot in scores.slots])
    for slot in dict.fromkeys(of_token):
        chosen = of_token == slot
        yield {
            **cell.names(),
            "slot": slot,
            "n": int(chosen.sum()),
            "nats": f"{-scores.log_probs[chosen].sum():.3f}",
            "true_nats": f"{-truth.log_probs[chosen].sum():.3f}",
        }


def reach(model: NeuralLanguageModel, cell: Cell) -> Iterator[Row]:
    """Perplexity at the noun in sentences longer and longer than those it was trained on."""
    for least in REACH:
        grammar = Grammar.load(parameters=Parameters(min_distance=least, stop=0.9))
        sentences = grammar.sample(REACH_SENTENCES, np.random.default_rng(least))
        scores = Scores.of(model, grammar, sentences)
        truth = Scores.of(_Truth(grammar), grammar, sentences)
        yield {
            **cell.names(),
            "least_distance": least,
            "longest_distance": int(scores.distances.max()),
            "at_noun": f"{scores.perplexity(Slot.RETURNING_NOUN):.4f}",
            "floor": f"{truth.perplexity(Slot.RETURNING_NOUN):.4f}",
        }


def gradients(
    model: NeuralLanguageModel, cell: Cell, when: str, grammar: Grammar, text: list[list[str]]
) -> Iterator[Row]:
    """Length of the gradient of the noun's loss at the vector of the first noun."""
    chosen = [s for s in text if s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]]
    chosen = chosen[:GRADIENT_SENTENCES]
    lengths = gradients_by_word(model, chosen, [grammar.returning_index(s) for s in chosen])
    distances = np.array([grammar.distance(s) for s in chosen])
    # <s> is read first, so that the noun is one place further than in the sentence.
    at_noun = np.array([length[FIRST_NOUN_INDEX + 1] for length in lengths])
    for near, far in DISTANCES:
        here = at_noun[(distances >= near) & (distances <= far)]
        if len(here):
            yield {
                **cell.names(),
                "when": when,
                "from": near,
                "to": far,
                "n": len(here),
                "median": f"{np.median(here):.4g}",
            }


class _Truth:
    """The grammar's own probabilities."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar

    def log_probs(self, sentences: list[list[str]]) -> np.ndarray:
        return np.concatenate([self.grammar.log_probs(s) for s in sentences])


def tables_of(cell: Cell, corpus: Corpus) -> dict[str, list[Row]]:
    """Train a cell, and return its rows by table."""
    grammar, vocab = (
        Grammar.load(parameters=LANGUAGES[cell.grammar]),
        Vocabulary.build(corpus.train),
    )
    model = model_of(cell, vocab, corpus)
    small = (cell.tokens, cell.updates) == (TOKENS, UPDATES)
    looked = small and cell.grammar == "near"
    before = list(gradients(model, cell, "before", grammar, list(corpus.test))) if looked else []
    examples = model.reader.read(corpus.train)
    begun = time.process_time()
    train_for(
        model.network,
        examples,
        updates=cell.updates,
        learning_rate=RATES[cell.model],
        seed=cell.seed,
    )
    seconds = time.process_time() - begun
    if looked and cell.seed == 0 and cell.model in KEPT:
        weights = model.network.state_dict().items()
        rounded = {key: tensor.numpy().astype(np.float16) for key, tensor in weights}
        np.savez_compressed(folder() / f"{cell.model}.npz", **rounded)
    scores = Scores.of(model, grammar, corpus.test)
    truth = Scores.of(_Truth(grammar), grammar, corpus.test)
    return {
        "gradients": [
            *before,
            *(gradients(model, cell, "after", grammar, list(corpus.test)) if looked else []),
        ],
        "reach": list(reach(model, cell)) if small and cell.grammar != "none near" else [],
        "slots": list(slots(cell, scores, truth)),
        "ladder": list(ladder(model, cell, scores, seconds)),
    }


def yardsticks() -> Iterator[Row]:
    """Score the truth, and the rules with counted probabilities."""
    for name, tokens in (*((name, TOKENS) for name in LANGUAGES), ("near", MORE_TOKENS)):
        grammar, corpus = Grammar.load(parameters=LANGUAGES[name]), corpus_of(name, tokens)
        counted = grammar.counted(corpus.train)
        for kind, floor in (
            ("exact", grammar.floor()),
            ("sample", grammar.floor_of(corpus.test)),
            ("counted, exact", counted.floor()),
        ):
            at_noun = floor.perplexity_by_slot()[Slot.RETURNING_NOUN]
            yield _yardstick(name, tokens, kind, floor.perplexity(), at_noun)
        scores = Scores.of(counted, grammar, corpus.test)
        at_noun = scores.perplexity(Slot.RETURNING_NOUN)
        yield _yardstick(name, tokens, "counted, sample", scores.perplexity(), at_noun)


def _yardstick(grammar: str, tokens: int, kind: str, perplexity: float, at_noun: float) -> Row:
    return {
        "grammar": grammar,
        "tokens": tokens,
        "yardstick": kind,
        "perplexity": f"{perplexity:.4f}",
        "at_noun": f"{at_noun:.4f}",
    }


def folder() -> Path:
    """Return where the tables are."""
    return data_folder() / "recorded" / FOLDER


TABLES = ("gradients", "reach", "slots", "ladder")
"""In the order in which a cell writes them: it is done when its rows are in the last."""


def cell_of(row: dict[str, str]) -> tuple[object, ...]:
    """Return which cell a row of a table is of."""
    numbers = (int(row[column]) for column in ("tokens", "updates", "seed"))
    return (row["model"], row["grammar"], *numbers)


def read(table: str) -> list[dict[str, str]]:
    """Return the rows of a table so far."""
    path = folder() / f"{table}.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def write(table: str, rows: list[Row]) -> None:
    """Write a table whole, to a file beside it that then takes its place."""
    if not rows:
        return
    path = folder() / f"{table}.csv"
    beside = path.with_suffix(".part")
    with beside.open("w", newline="", encoding="utf-8") as written:
        writer = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(path)


def main() -> None:
    """Make the cells that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="forget what is there")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--machine", default=machine(), help="what to call this machine")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder().mkdir(parents=True, exist_ok=True)
    if arguments.anew:
        for table in TABLES:
            (folder() / f"{table}.csv").unlink(missing_ok=True)
    done = {cell_of(row) for row in read("ladder")}
    rows: dict[str, list[Row]] = {  # of a cell that was stopped on its way some may be there
        table: [dict(row) for row in read(table) if cell_of(row) in done] for table in TABLES
    }
    if not done:
        write("yardsticks", list(yardsticks()))
    origin = f"recordings/{FOLDER}.py, seeds 0, 1, 2, {arguments.date}, {arguments.machine}"
    say_how_far(origin, len(done))
    corpus, of = None, None
    for cell in cells():
        if astuple(cell) in done:
            continue
        if (cell.grammar, cell.tokens) != of or corpus is None:
            corpus, of = corpus_of(cell.grammar, cell.tokens), (cell.grammar, cell.tokens)
        for table, found in tables_of(cell, corpus).items():
            rows[table] += found
            write(table, rows[table])
        done.add(astuple(cell))
        say_how_far(origin, len(done))
        print(*found[0].values(), flush=True)


def say_how_far(origin: str, n_done: int) -> None:
    """Write where the tables come from, and how many of the cells they have."""
    n_cells = sum(1 for _ in cells())
    (folder() / "made.txt").write_text(
        f"{origin}; {'all' if n_done == n_cells else n_done} of {n_cells} cells\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
