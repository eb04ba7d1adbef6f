"""Speed of training many small recurrent networks: batched over seeds in numpy, against torch.

Run it from the repository with `python benchmarks/temporal_order.py`; it prints a table in
Markdown. Ours is `nextword.dynamics.recurrent_runs`: runs of several seeds side by side, one
product a step for all of them. The peer is what one would write in torch: `torch.nn.RNN`, a linear
layer, `clip_grad_norm_` and SGD, one run after the other. Both learn the temporal order problem
with 50 units from 20 fresh sequences an update, the norm of the gradient clipped at 1, from the
same initial weights. One thread; CPU time; ours and torch take turns.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from tables import begun, finished, options, table

from nextword.dynamics.recurrent_runs import RecurrentRuns, RunSettings
from nextword.dynamics.temporal_order import TemporalOrder

TARGET = 4.5
"""Ours is to make this many times as many updates in a CPU second, with 32 runs side by side."""
TARGET_AT = (20, "float32")
"""The length for which the target was set, and the numbers in which both train by default."""
UPDATES = 100
LENGTHS = (10, 20, 30)
SEEDS = (1, 16, 32)


def settings(number_format: str) -> RunSettings:
    """Return what both sides do; nobody is checked meanwhile."""
    return RunSettings(
        updates=UPDATES,
        max_norm=1.0,
        number_format=number_format,
        check_every=UPDATES + 1,
        check_size=1,
    )


def ours(length: int, n_runs: int, number_format: str) -> Callable[[], list[float]]:
    """Return a function that makes all updates, and gives the losses of the first run."""

    def work() -> list[float]:
        runs = RecurrentRuns(TemporalOrder(length), settings(number_format), range(n_runs))
        return runs.train()[0].losses

    return work


def in_torch(length: int, number_format: str) -> Callable[[], list[float]]:
    """Return a function that makes all updates of one run in torch, and gives its losses."""
    task, chosen = TemporalOrder(length), settings(number_format)
    dtype = getattr(torch, number_format)
    begun = RecurrentRuns(task, chosen, [0])
    inner, outer = (torch.from_numpy(weights[0]) for weights in (begun.inner, begun.outer))
    n_hidden = chosen.n_hidden

    def work() -> list[float]:
        cells = torch.nn.RNN(task.n_inputs, n_hidden, batch_first=True).to(dtype)
        output = torch.nn.Linear(n_hidden, task.n_outputs).to(dtype)
        w_x, w_h, b, second_b = cells.all_weights[0]
        with torch.no_grad():
            w_h.copy_(inner[:n_hidden].T)
            w_x.copy_(inner[n_hidden:-1].T)
            b.copy_(inner[-1])
            second_b.zero_()
            output.weight.copy_(outer[:-1].T)
            output.bias.copy_(outer[-1])
        second_b.requires_grad_(False)  # as ours has one
        learned = [w_h, w_x, b, *output.parameters()]
        optimizer = torch.optim.SGD(learned, lr=chosen.learning_rate)
        sequences = np.random.default_rng(np.random.SeedSequence(0).spawn(2)[1])
        losses: list[float] = []
        while len(losses) < UPDATES:
            drawn, drawn_answers = task.draw(sequences, 50 * chosen.batch_size)
            for begin in range(0, len(drawn), chosen.batch_size):
                part = slice(begin, begin + chosen.batch_size)
                inputs = torch.from_numpy(drawn[part]).to(dtype)
                answers = torch.from_numpy(drawn_answers[part])
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(output(cells(inputs)[0][:, -1]), answers)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(learned, chosen.max_norm)
                optimizer.step()
                losses.append(loss.item())
        return losses

    return work


def seconds(works: list[Callable[[], list[float]]], rounds: int) -> list[float]:
    """Return each one's CPU time: its best over rounds in which all take turns."""
    best = [np.inf] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            begun = time.process_time()
            work()
            best[number] = min(best[number], time.process_time() - begun)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = begun("temporal_order", arguments, "numpy", "torch")
    results.about = (
        f"Updates of a run in a CPU second, the best of {arguments.rounds} rounds in which ours "
        "and torch take turns."
    )
    rate_columns = [(title, "{:,.0f}") for title in ("torch.nn.RNN", "ours, 1 run")]
    rate_columns += [(f"{n} runs", "{:,.0f}") for n in SEEDS[1:]]
    shown = table(("T", "{}"), "numbers", *rate_columns, ("32 / torch", "{:.1f}"), "target")
    results.tables.append(shown)
    print(f"{results.heading}\n\n{shown.head}")
    for number_format in ("float32", "float64"):
        for length in LENGTHS:
            peer = in_torch(length, number_format)
            works = [peer, *(ours(length, n_runs, number_format) for n_runs in SEEDS)]
            # The same weights and sequences: the two do the same work, up to rounding.
            np.testing.assert_allclose(peer(), works[1](), rtol=1e-2)
            spent = seconds(works, arguments.rounds)
            rates = [UPDATES * n / t for n, t in zip((1, *SEEDS), spent, strict=True)]
            ratio = rates[-1] / rates[0]
            verdict = f"≥ {TARGET:g}: {'reached' if ratio >= TARGET else 'MISSED'}"
            is_main = (length, number_format) == TARGET_AT
            target = verdict if is_main else "–"
            print(shown.add(length, number_format, *rates, ratio, target), flush=True)
            if is_main:
                results.ratios[f"32 runs to torch.nn.RNN, T {length}, {number_format}"] = ratio
    finished(results, arguments)


if __name__ == "__main__":
    main()
