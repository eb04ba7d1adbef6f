"""Speed of a training step: by hand in numpy, as students write it, against torch.

Run it from the repository with `python benchmarks/training.py`; it prints a table in Markdown. The
numpy side is the reference of the assignment, read out of its notebook, plus a plain gradient
step. The peer is the same network in torch with `torch.optim.SGD`, its vectors dense or sparse,
whichever is faster. One thread; CPU time; numpy and torch take turns.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from tables import begun, finished, options, table

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO))

from autograder.authoring.course import Course  # noqa: E402
from autograder.authoring.pairs import read_notebook  # noqa: E402
from autograder.authoring.reference import load_reference  # noqa: E402
from nextword.models.neural import WindowNetwork  # noqa: E402

LEARNING_RATE = 0.1
TARGET = 1.5
"""Numpy may take this many times as long as torch."""
MAIN = (10_000, "float32")
"""At which vocabulary and numbers the ratios are kept in the history."""

Step = Callable[[], object]


@dataclass(frozen=True)
class Task:
    """A step of training, by hand and in torch.

    Attributes
    ----------
    name
        Of the model.
    sizes
        What its two builders get, by name.
    by_hand
        Makes numpy's step from sizes and number format.
    in_torch
        Makes torch's steps, all ways of writing it.
    tokens
        How many predictions a step learns from.
    target
        Numpy may take this many times as long as torch.
    """

    name: str
    sizes: dict[str, int]
    by_hand: Callable[[dict[str, int], str], Step]
    in_torch: Callable[[dict[str, int], str], list[Step]]
    tokens: int
    target: float = TARGET


def reference(assignment: str) -> ModuleType:
    """Return the reference functions of an assignment."""
    path = Course.at(REPO).assignment(assignment).notebook_path
    return load_reference(read_notebook(path), assignment)


# --- the window model ----------------------------------------------------------------------------


def windows(sizes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return contexts and targets, frequent words more often, as in text."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, sizes["V"] + 1)
    shares /= shares.sum()
    drawn = rng.choice(sizes["V"], size=(sizes["batch"], sizes["window"] + 1), p=shares)
    return drawn[:, :-1], drawn[:, -1]


def window_by_hand(sizes: dict[str, int], kind: str) -> Step:
    """Return the reference's forward and backward pass with a step down the gradient."""
    functions = reference("03_window")
    rng = np.random.default_rng(1)
    width = sizes["window"] * sizes["m"]
    shapes = {
        "C": (sizes["V"], sizes["m"]),
        "H": (width, sizes["h"]),
        "d": (sizes["h"],),
        "U": (sizes["h"], sizes["V"]),
        "b": (sizes["V"],),
    }
    params: dict[str, Any] = {
        name: (0.1 * rng.normal(size=shape)).astype(kind) for name, shape in shapes.items()
    }
    params["W"] = None
    contexts, targets = windows(sizes)

    def step() -> None:
        log_probs, cache = functions.window_forward(params, contexts)
        functions.window_loss(log_probs, targets)
        grads = functions.window_backward(params, cache, targets)
        for name in shapes:
            grads[name] *= LEARNING_RATE
            params[name] -= grads[name]

    return step


def window_in_torch(sizes: dict[str, int], kind: str) -> list[Step]:
    """Return the same step, with dense and with sparse gradients of the vectors."""
    contexts, targets = map(torch.from_numpy, windows(sizes))

    def made(sparse: bool) -> Step:
        network = WindowNetwork(
            sizes["V"],
            sizes["window"],
            sizes["m"],
            sizes["h"],
            sparse=sparse,
            rng=np.random.default_rng(1),
        ).to(getattr(torch, kind))
        optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

        def step() -> None:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(contexts), targets).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        return step

    return [made(sparse=False), made(sparse=True)]


def window_task(**sizes: int) -> Task:
    """Return the window model's task."""
    return Task("window (03)", sizes, window_by_hand, window_in_torch, sizes["batch"])


# --- the recurrent model -------------------------------------------------------------------------


def rows_of_text(sizes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets, one step on, of rows without filling."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, sizes["V"] + 1)
    shares /= shares.sum()
    drawn = rng.choice(sizes["V"], size=(sizes["rows"], sizes["steps"] + 1), p=shares)
    return drawn[:, :-1], drawn[:, 1:]


def recurrent_by_hand(sizes: dict[str, int], kind: str) -> Step:
    """Return the reference's forward pass and BPTT with a step down the gradient."""
    functions = reference("04_recurrent")
    rng = np.random.default_rng(1)
    shapes = {
        "E": (sizes["V"], sizes["m"]),
        "W_x": (sizes["m"], sizes["H"]),
        "W_h": (sizes["H"], sizes["H"]),
        "b": (sizes["H"],),
        "U": (sizes["H"], sizes["V"]),
        "c": (sizes["V"],),
        "h0": (sizes["H"],),
    }
    params: dict[str, Any] = {
        name: (0.05 * rng.normal(size=shape)).astype(kind) for name, shape in shapes.items()
    }
    inputs, targets = rows_of_text(sizes)
    mask = np.ones(inputs.shape, dtype=np.bool_)

    def step() -> None:
        logits, cache = functions.rnn_forward(params, inputs, None)
        functions.sequence_loss(logits, targets, mask)
        grads = functions.bptt(params, cache, targets, mask)
        for name in shapes:
            grads[name] *= LEARNING_RATE
            params[name] -= grads[name]

    return step


def recurrent_in_torch(sizes: dict[str, int], kind: str) -> list[Step]:
    """Return the same step with torch.nn.RNN, its vectors' gradients dense and sparse."""
    inputs, targets = map(torch.from_numpy, rows_of_text(sizes))
    rows, size = sizes["rows"], sizes["H"]

    def made(sparse: bool) -> Step:
        torch.manual_seed(1)
        layers = torch.nn.ModuleList(
            [
                torch.nn.Embedding(sizes["V"], sizes["m"], sparse=sparse),
                torch.nn.RNN(sizes["m"], size, batch_first=True),
                torch.nn.Linear(size, sizes["V"]),
            ]
        ).to(getattr(torch, kind))
        start = torch.nn.Parameter(torch.zeros(size, dtype=getattr(torch, kind)))
        optimizer = torch.optim.SGD([*layers.parameters(), start], lr=LEARNING_RATE)
        embed, cells, output = layers

        def step() -> None:
            optimizer.zero_grad()
            begin = start.expand(1, rows, size).contiguous()
            logits = output(cells(embed(inputs), begin)[0])
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        return step

    return [made(sparse=False), made(sparse=True)]


def recurrent_task(**sizes: int) -> Task:
    """Return the recurrent model's task: numpy is to be at least as fast as torch."""
    tokens = sizes["rows"] * sizes["steps"]
    return Task("recurrent (04)", sizes, recurrent_by_hand, recurrent_in_torch, tokens, target=1.0)


TASKS = (
    window_task(V=496, window=4, m=30, h=100, batch=128),
    window_task(V=10_000, window=4, m=60, h=100, batch=512),
    recurrent_task(V=496, m=50, H=128, rows=32, steps=16),
    # As pytorch's word_language_model (RNN_TANH, bptt 35, batch 20), with one layer of its two.
    recurrent_task(V=10_000, m=200, H=200, rows=20, steps=35),
)

# --- measuring -----------------------------------------------------------------------------------


def seconds(steps: list[Step], rounds: int, least: float = 0.15) -> list[float]:
    """Return each step's CPU time: its best over rounds in which all take turns."""
    best = [np.inf] * len(steps)
    for _ in range(rounds):
        for number, step in enumerate(steps):
            step()
            begun, repeats = time.process_time(), 0
            while time.process_time() - begun < least:
                step()
                repeats += 1
            best[number] = min(best[number], (time.process_time() - begun) / repeats)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = begun("training", arguments, "numpy", "torch")
    results.about = (
        f"One thread. CPU time of a step, the best of {arguments.rounds} rounds in which numpy and "
        "torch take turns."
    )
    shown = table(
        "model",
        "sizes",
        "numbers",
        ("numpy tokens/s", "{:,.0f}"),
        ("torch tokens/s", "{:,.0f}"),
        "torch's vectors",
        ("numpy / torch time", "{:.2f}"),
        "target",
    )
    results.tables.append(shown)
    print(f"{results.heading}\n\n{shown.head}")
    for task in TASKS:
        sizes = ", ".join(f"{name} {size:,}" for name, size in task.sizes.items())
        for kind in ("float64", "float32"):
            steps = [task.by_hand(task.sizes, kind), *task.in_torch(task.sizes, kind)]
            ours, dense, sparse = seconds(steps, arguments.rounds)
            theirs = min(dense, sparse)
            ratio = ours / theirs
            vectors = "dense" if dense <= sparse else "sparse"
            target = f"≤ {task.target:g}: {'reached' if ratio <= task.target else 'MISSED'}"
            rates = (task.tokens / ours, task.tokens / theirs)
            row = shown.add(task.name, sizes, kind, *rates, vectors, ratio, target)
            print(row, flush=True)
            if (task.sizes["V"], kind) == MAIN:
                results.ratios[f"numpy's time to torch's, {task.name}, V 10,000, {kind}"] = ratio
    finished(results, arguments)


if __name__ == "__main__":
    main()
