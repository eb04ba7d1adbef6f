"""Results of lecture 02b that take longer than a lecture has.

Run it from the repository with `python recordings/02b_training.py`; it takes a few minutes on one
core and writes `data/recorded/02b_training/`. `--only descents` makes one of the tables.
"""

import functools
import os
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy

import numpy as np
import torch
from recording import Cell, Row, Table, record

from nextword import corpora
from nextword.learning.training import TrainingSettings, train
from nextword.models.loglinear import LogLinearNetwork
from nextword.text.batching import Examples, WindowReader
from nextword.text.vocabulary import Vocabulary

TEXT = corpora.load("grammar")
VOCAB = Vocabulary.build(TEXT.train)
SENTENCES = 400
POINTS = 6
"""How often a pass the loss is taken during the first one; later twice."""
DRAWS = 11
"""Of the search; each takes some seconds."""
Rate = Callable[[float], float]


def few() -> Examples:
    """Return the 400 sentences, read two words back."""
    return WindowReader(VOCAB, window=2).read(TEXT.train[:SENTENCES])


def log_linear(examples: Examples) -> LogLinearNetwork:
    """Return a model with weights 0 and output biases at log-frequencies."""
    (batch,) = examples.batches(examples.n_tokens)
    network = LogLinearNetwork(len(VOCAB), 2, back=2)
    frequencies = torch.bincount(batch.targets, minlength=len(VOCAB)) + 0.1
    network.bias.data = torch.log(frequencies / frequencies.sum())
    return network


def descent(
    make: Callable[..., torch.optim.Optimizer],
    batch_size: int,
    passes: int,
    rate: Rate | None = None,
) -> Iterator[tuple[float, float]]:
    """Train on whole minibatches only, and yield passes and training loss at some points."""
    examples = few()
    (everything,) = examples.batches(examples.n_tokens)
    network = log_linear(examples)
    optimizer = make(network.parameters())
    rng = np.random.default_rng(0)
    per_pass = len(examples) // batch_size
    number, due = 0, 0.0
    for done in range(passes + 1):
        for batch in examples.batches(batch_size, rng):
            if batch.n_tokens < batch_size:  # a single example left over would get a full step
                continue
            now = number / per_pass
            if now >= due - 1e-9:
                with torch.no_grad():
                    yield now, float(network.loss(everything))
                due += 1 / POINTS if now < 1 else 1 / 2
            if done == passes:
                return
            if rate is not None:
                optimizer.param_groups[0]["lr"] = rate(now)
            optimizer.zero_grad()
            network.loss(batch).backward()
            optimizer.step()
            number += 1


def lbfgs(evaluations: int) -> Iterator[tuple[float, float]]:
    """Yield evaluations of the full batch, and the lowest loss so far."""
    examples = few()
    (everything,) = examples.batches(examples.n_tokens)
    network = log_linear(examples)
    optimizer = torch.optim.LBFGS(
        network.parameters(), max_eval=evaluations, max_iter=100, line_search_fn="strong_wolfe"
    )
    losses: list[float] = []

    def evaluate() -> torch.Tensor:
        optimizer.zero_grad()
        loss = network.loss(everything)
        loss.backward()
        losses.append(float(loss.detach()))
        return loss

    optimizer.step(evaluate)
    for number in range(1, min(len(losses), evaluations) + 1):
        yield float(number), min(losses[:number])


def sgd(rate: float, momentum: float = 0.0) -> Callable[..., torch.optim.Optimizer]:
    """Return how to make stochastic gradient descent."""
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum)


def adagrad(rate: float) -> Callable[..., torch.optim.Optimizer]:
    """Return how to make AdaGrad."""
    return lambda parameters: torch.optim.Adagrad(parameters, lr=rate)


def descents() -> Iterator[Row]:
    """Training loss against passes over 400 sentences, of several optimisers.

    Rates are the best of those tried for each batch size, by the loss after five passes.
    """
    everything = few().n_tokens
    curves: dict[str, Iterator[tuple[float, float]]] = {
        "full batch, ε = 30": descent(sgd(30.0), everything, 5),
        "minibatches of 500, ε = 40": descent(sgd(40.0), 500, 5),
        "minibatches of 100, ε = 60": descent(sgd(60.0), 100, 30),
        "minibatches of 20, ε = 15": descent(sgd(15.0), 20, 5),
        "L-BFGS, full batch": lbfgs(30),
        "ε = 2": descent(sgd(2.0), 100, 5),
        "ε = 2, momentum 0.9": descent(sgd(2.0, 0.9), 100, 5),
        "ε = 20": descent(sgd(20.0), 100, 5),
        "fixed": descent(sgd(30.0), 20, 8),
        "halved every 2 passes": descent(sgd(30.0), 20, 8, lambda t: 30 * 0.5 ** (t // 2)),
        "1/t from τ = 2 passes": descent(sgd(30.0), 20, 8, lambda t: 30 * 2 / max(t, 2)),
        "AdaGrad, ε = 1": descent(adagrad(1.0), 100, 5),
    }
    for name, points in curves.items():
        for passes, loss in points:
            yield {"curve": name, "passes": f"{passes:.4f}", "loss": f"{loss:.5f}"}


def search() -> Iterator[Cell]:
    """Try settings of AdaGrad on grids and at random: validation perplexity after one pass.

    Many of each, because one draw decides nothing: as many grids of nine as there are `DRAWS`,
    shifted by chance within a cell, and as many times nine settings drawn by themselves.
    """
    reader = WindowReader(VOCAB, window=1)
    examples, valid = reader.read(TEXT.train[:150]), reader.read(TEXT.valid[:150])
    rng = np.random.default_rng(3)

    def tried(rate: float, decay: float) -> Row:
        settings = TrainingSettings(
            epochs=1, batch_size=64, learning_rate=10**rate, weight_decay=10**decay
        )
        network = LogLinearNetwork(len(VOCAB), 1, back=1)
        history = train(network, examples, valid, settings, progress=False)
        return {"valid": f"{history.valid_perplexities[-1]:.3f}"}

    low, high = (-3.5, -8.5), (0.5, -4.5)
    places: list[tuple[str, int, float, float]] = []
    for draw in range(DRAWS):
        shift = rng.uniform(0, 4 / 3, 2)
        places += [
            ("grid", draw, low[0] + shift[0] + i * 4 / 3, low[1] + shift[1] + j * 4 / 3)
            for i in range(3)
            for j in range(3)
        ]
        places += [("random", draw, *rng.uniform(low, high)) for _ in range(9)]
    for way, draw, rate, decay in places:
        names = {"way": way, "draw": draw, "log_rate": f"{rate:.4f}", "log_decay": f"{decay:.4f}"}
        yield Cell(names, functools.partial(tried, rate, decay))


def reciting() -> Iterator[Row]:
    """Training and validation perplexity by pass over 400 sentences, four words back."""
    reader = WindowReader(VOCAB, window=4)
    examples = reader.read(TEXT.train[:SENTENCES])
    valid = reader.read(TEXT.valid[:SENTENCES])
    parts = {"training": examples, "validation": valid}
    whole = {name: next(iter(part.batches(part.n_tokens))) for name, part in parts.items()}
    for way, dropout, decay in (("nothing", 0.0, 0.0), ("L2", 0.0, 3e-5), ("dropout ½", 0.5, 0.0)):
        torch.manual_seed(0)
        network = LogLinearNetwork(len(VOCAB), 4, back=4, dropout=dropout)
        counted = torch.bincount(whole["training"].targets, minlength=len(VOCAB)) + 0.1
        network.bias.data = torch.log(counted / counted.sum())
        groups = [
            {"params": [network.votes.weight], "weight_decay": decay},
            {"params": [network.bias]},
        ]
        optimizer = torch.optim.Adagrad(groups, lr=0.3)
        rng = np.random.default_rng(0)
        for done in range(11):
            network.eval()
            with torch.no_grad():
                found = {n: f"{float(network.loss(b).exp()):.4f}" for n, b in whole.items()}
            network.train()
            yield {"way": way, "passes": done, **found}
            for batch in examples.batches(100, rng):
                optimizer.zero_grad()
                network.loss(batch).backward()
                optimizer.step()


TABLES: dict[str, Table] = {
    "descents": descents,
    "reciting": reciting,
    "search": search,
}


if __name__ == "__main__":
    record("02b_training", __doc__, TABLES, f"0, and 3 of the search in {DRAWS} draws")
