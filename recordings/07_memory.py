"""Results of lecture 07 that take longer than a lecture has.

Run it from the repository with `python recordings/07_memory.py`; it takes about an hour on a core
and writes `data/recorded/07_memory/`, but for `temporal_order.csv`, which the program
`python -m nextword.experiments` made: see the folder's README. `--only lengths` makes one table.
"""

import os
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
import torch
from recording import Row, record
from torch import Tensor, nn

from nextword import corpora
from nextword.dynamics.characters_ahead import CharactersAhead
from nextword.dynamics.marked_numbers import Addition
from nextword.dynamics.norm_preservation import NormPreservation
from nextword.dynamics.recurrent_runs import RecurrentRuns, RunSettings, mean_loss, share_wrong
from nextword.dynamics.tasks import MixedLengths
from nextword.dynamics.temporal_order import TemporalOrder
from nextword.experiments.cell import METHODS
from nextword.text.vocabulary import Vocabulary

SEEDS = range(5)
TRAINED_ON = (  # shortest, longest, updates, whether a run stops when it has none wrong of 10,000
    (10, 40, 20_000, True),
    (10, 40, 20_000, False),
    (25, 100, 30_000, True),
)
TESTED_AT = (20, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 3_000, 5_000)
TEST_SIZE = 1_000

ADDING_LENGTH = 100
ADDING_UNITS = {  # learning rate of Adam, updates
    "identity": (1e-3, 3_000),
    "tanh": (1e-3, 3_000),
    "lstm": (1e-2, 3_000),
}
ADDING_SEEDS = range(3)

CHARACTER_SEEDS = range(3)
CHARACTER_RATES = (0.3, 1.0)
CHARACTER_UPDATES = 3_000
STRETCH = 50
WARM_UP = 50
"""Characters that are read before the first that is asked for, when a text is scored."""


def lengths() -> Iterator[Row]:
    """Networks trained on mixed lengths of temporal order, asked at lengths far beyond."""
    for shortest, longest, updates, stops in TRAINED_ON:
        settings = RunSettings(
            updates=updates,
            learning_rate=0.05,
            check_every=500 if stops else updates,
            solved_below=1e-4,  # not one wrong of 10,000
            **METHODS["MSGD-CR"],
        )
        mixed = MixedLengths(TemporalOrder, shortest, longest)
        runs = RecurrentRuns(mixed, settings, SEEDS).train()
        for length in TESTED_AT:
            rng = np.random.default_rng(length)
            shares = share_wrong(runs, TemporalOrder(length), "tanh", rng, TEST_SIZE)
            for run, share in zip(runs, shares, strict=True):
                yield {
                    "trained_on": f"{shortest}-{longest}",
                    "method": "MSGD-CR",
                    "learning_rate": settings.learning_rate,
                    "stops": "solved" if stops else "never",
                    "updates": len(run.losses),
                    "seed": run.seed,
                    "solved_at": run.solved_at or "",
                    "length": length,
                    "sequences": TEST_SIZE,
                    "wrong": f"{share:.4f}",
                }


class AddingNetwork(nn.Module):
    """100 units that read marks and numbers, and a number after the last step."""

    def __init__(self, unit: str, generator: torch.Generator) -> None:
        super().__init__()
        kinds = {
            "identity": lambda: nn.RNN(2, 100, nonlinearity="relu", batch_first=True),
            "tanh": lambda: nn.RNN(2, 100, batch_first=True),
            "lstm": lambda: nn.LSTM(2, 100, batch_first=True),
        }
        self.cells, self.output = kinds[unit](), nn.Linear(100, 1)
        for name, weights in self.named_parameters():
            if weights.ndim == 1:
                nn.init.zeros_(weights)
            elif name == "cells.weight_hh_l0" and unit == "identity":
                nn.init.eye_(weights)
            elif unit == "identity":
                nn.init.uniform_(weights, -0.1, 0.1, generator=generator)
            else:
                nn.init.xavier_uniform_(weights, generator=generator)
        if unit == "lstm":  # the forget gate begins open
            nn.init.ones_(self.cells.bias_ih_l0[100:200])

    def forward(self, inputs: Tensor) -> Tensor:
        """Return a number for each row."""
        states, _ = self.cells(inputs)
        found: Tensor = self.output(states[:, -1])[:, 0]
        return found


def adding() -> Iterator[Row]:
    """Errors on the addition problem: identity-initialised ReLU, tanh and LSTM, with Adam."""
    task = Addition(ADDING_LENGTH)
    tested = [torch.tensor(part).float() for part in task.draw(np.random.default_rng(99), 1_000)]
    for seed in ADDING_SEEDS:
        for unit, (learning_rate, updates) in ADDING_UNITS.items():
            network = AddingNetwork(unit, torch.Generator().manual_seed(seed))
            optimizer = torch.optim.Adam(network.parameters(), learning_rate)
            rng = np.random.default_rng(seed)
            for update in range(updates + 1):
                if update % 50 == 0:
                    with torch.no_grad():
                        mse = nn.functional.mse_loss(network(tested[0]), tested[1]).item()
                    yield {
                        "unit": unit,
                        "length": task.length,
                        "learning_rate": learning_rate,
                        "seed": seed,
                        "update": update,
                        "mse": f"{mse:.5f}",
                    }
                inputs, answers = (torch.tensor(part).float() for part in task.draw(rng, 50))
                optimizer.zero_grad()
                nn.functional.mse_loss(network(inputs), answers).backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()


def texts() -> tuple[list[np.ndarray], int]:
    """Return training, validation and test text as numbers of characters, and how many there are.

    A line ends each sentence; characters that are met once count as one.
    """
    corpus = corpora.from_python_docs("characters")
    parts = [
        [character for sentence in part for character in [*sentence, "\n"]]
        for part in (corpus.train, corpus.valid, corpus.test)
    ]
    vocab = Vocabulary.build([parts[0]], min_count=2)
    return [vocab.encode(part) for part in parts], len(vocab)


def counted(train: np.ndarray, test: np.ndarray, ahead: int, order: int, n_symbols: int) -> float:
    """Return bits per character of counts: the last `order` characters, mixed with fewer (Bell).

    With n occurrences of a context, followed by t different characters, its counts have weight
    n / (n + t), and the context one shorter has the rest: Witten and Bell's way.
    """
    shares = np.full(len(test) - order - ahead + 1, 1 / n_symbols)
    for used in range(order + 1):
        contexts, asked = [], []
        for text in (train, test):
            ends = np.arange(order, len(text) - ahead + 1)  # where a context has just ended
            keys = np.zeros(len(ends), dtype=np.int64)
            for back in range(used, 0, -1):
                keys = keys * n_symbols + text[ends - back]
            contexts.append(keys)
            asked.append(text[ends + ahead - 1])
        pairs = [keys * n_symbols + later for keys, later in zip(contexts, asked, strict=True)]
        known, n = np.unique(contexts[0], return_counts=True)
        known_pairs, pair_counts = np.unique(pairs[0], return_counts=True)
        types = np.bincount(np.searchsorted(known, known_pairs // n_symbols), minlength=len(known))

        def looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
            places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            return np.where(keys[places] == wanted, values[places], 0)

        seen = looked_up(known, n, contexts[1])
        different = looked_up(known, types, contexts[1])
        together = looked_up(known_pairs, pair_counts, pairs[1])
        mixed = (together + different * shares) / np.maximum(seen + different, 1)
        shares = np.where(seen > 0, mixed, shares)
    return float(-np.log2(shares).mean())


def characters() -> Iterator[Row]:
    """Bits per character, one and five ahead, of counts and of small networks by three methods."""
    (train, valid, test), n_symbols = texts()
    for ahead in (1, 5):
        for order in range(5):
            scores = [counted(train, part, ahead, order, n_symbols) for part in (valid, test)]
            yield _scored("counts", ahead, 0, order, scores, order=order)
        for method, terms in (("MSGD", ()), ("MSGD-C", ()), ("MSGD-CR", (_falling(),))):
            for learning_rate in CHARACTER_RATES:
                settings = RunSettings(
                    updates=CHARACTER_UPDATES,
                    learning_rate=learning_rate,
                    max_norm=None if method == "MSGD" else 1.0,
                    n_hidden=64,
                    terms=terms,
                    check_every=CHARACTER_UPDATES,
                    check_size=20,
                    solved_below=1e-9,
                )
                task = CharactersAhead(train, n_symbols, ahead, STRETCH, STRETCH)
                runs = RecurrentRuns(task, settings, CHARACTER_SEEDS).train()
                bits = []
                for text in (train[: len(test)], valid, test):
                    whole = CharactersAhead(text, n_symbols, ahead, WARM_UP + 100, 100)
                    bits.append(mean_loss(runs, whole, "tanh", *whole.whole()) / np.log(2))
                for number, run in enumerate(runs):
                    scores = [found[number] for found in bits]
                    yield _scored(method, ahead, learning_rate, run.seed, scores[1:], scores[0])


def _falling() -> NormPreservation:
    return NormPreservation(1.0, halved_after=CHARACTER_UPDATES / 20)


def _scored(
    method: str,
    ahead: int,
    learning_rate: float,
    seed: int,
    scores: list[float],
    train: float = np.nan,
    order: int | str = "",
) -> Row:
    return {
        "method": method,
        "ahead": ahead,
        "order": order,
        "learning_rate": learning_rate or "",
        "updates": CHARACTER_UPDATES if learning_rate else "",
        "seed": seed if learning_rate else "",
        "train_bits": f"{train:.4f}" if np.isfinite(train) else "",
        "valid_bits": f"{scores[0]:.4f}" if np.isfinite(scores[0]) else "",
        "test_bits": f"{scores[1]:.4f}" if np.isfinite(scores[1]) else "",
    }


TABLES: dict[str, Callable[[], Iterator[Row]]] = {
    "lengths": lengths,
    "adding": adding,
    "characters": characters,
}


if __name__ == "__main__":
    seeds = f"0 to {SEEDS[-1]} (adding, characters: 0 to {ADDING_SEEDS[-1]})"
    record("07_memory", __doc__, TABLES, seeds)
