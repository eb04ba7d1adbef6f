"""fit_lambdas: EM for the weights of a mixture."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    Slip,
    alternative,
    case,
    equal,
    rule,
    slip,
    told,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield tables of probabilities, some with zeros, and numbers of rounds."""
    for tokens, orders, rounds in ((1, 2, 1), (4, 3, 1), (9, 3, 1), (30, 4, 1)):
        yield case("one round", _table(rng, tokens, orders), rounds)
    for tokens, orders, rounds in ((5, 2, 2), (12, 3, 5), (40, 3, 20), (25, 5, 3)):
        yield case("rounds", _table(rng, tokens, orders), rounds)
    few = _table(rng, 4, 3)
    yield case("rounds", few[[0, 1, 1, 2, 3, 1, 0]], 3)
    for tokens, orders, power in ((4, 2, -13), (3, 2, -19), (5, 3, -19)):
        yield case("rounds", _nearly_equal(rng, tokens, orders, power), 150)
    for tokens, orders, rounds in ((6, 2, 1), (10, 3, 4), (20, 4, 2)):
        table = _table(rng, tokens, orders)
        table[rng.choice(tokens, max(2, tokens // 3), replace=False)] = 0.0
        yield case("edges", table, rounds)
    yield case("edges", _table(rng, 5, 3), 0)
    yield case("edges", np.zeros((4, 3)), 3)


def _table(rng: np.random.Generator, tokens: int, orders: int) -> np.ndarray:
    """Return probabilities; a higher order is surer, and often finds nothing."""
    table = rng.beta(0.6, 2.0, size=(tokens, orders)) + 0.01
    table[:, 1:] *= rng.random((tokens, orders - 1)) > 0.3
    return table


def _nearly_equal(rng: np.random.Generator, tokens: int, orders: int, power: int) -> np.ndarray:
    """Return probabilities of which one order's are larger by a factor of 1 + 2^power.

    At -13 no round moves a weight by 1e-4, at -19 none by 1e-6, and all of 150 together by ten
    tolerances and more. The numbers are float32's too, so that who counts in these is as near.
    """
    table = np.repeat(rng.integers(1, 16, size=(tokens, 1)) / 32, orders, axis=1)
    table[:, rng.integers(orders)] *= 1 + 2.0**power
    return table


check = Check(
    groups={
        "one round": Group("one round of EM", 1),
        "rounds": Group("several rounds", 2),
        "edges": Group("tokens to which no order gives any probability, and no rounds", 1),
    },
    draw=draw,
)


@alternative
def loops(order_probs: np.ndarray, n_iter: int) -> list[float]:
    n = len(order_probs[0])
    lambdas = [1 / n] * n
    for _ in range(n_iter):
        total, tokens = [0.0] * n, 0
        for row in order_probs:
            mixed = sum(weight * p for weight, p in zip(lambdas, row))
            if mixed > 0:
                tokens += 1
                for k in range(n):
                    total[k] += lambdas[k] * row[k] / mixed
        if tokens:
            lambdas = [t / tokens for t in total]
    return lambdas


@alternative
def with_nan(order_probs: np.ndarray, n_iter: int) -> np.ndarray:
    lambdas = np.ones(order_probs.shape[1]) / order_probs.shape[1]
    if not order_probs.any():
        return lambdas
    for _ in range(n_iter):
        with np.errstate(invalid="ignore"):
            shares = lambdas * order_probs
            shares = shares / shares.sum(1)[:, None]
        lambdas = np.nanmean(shares, axis=0)
    return lambdas


@alternative
def torch_einsum(order_probs: np.ndarray, n_iter: int) -> object:
    import torch

    probs = torch.tensor(order_probs, dtype=torch.float32)
    probs = probs[probs.sum(1) > 0]
    lambdas = torch.ones(order_probs.shape[1], dtype=probs.dtype) / order_probs.shape[1]
    for _ in range(n_iter if len(probs) else 0):
        joint = torch.einsum("k,tk->tk", lambdas, probs)
        lambdas = (joint / joint.sum(1, keepdim=True)).mean(0)
    return lambdas


not_normalised = slip(
    REFERENCE,
    ("shares.mean(axis=0)", "shares.sum(axis=0)"),
    loses=("one round", "rounds", "edges"),
    hint="Your weights do not sum to 1: after adding up the shares, divide by the number of tokens.",
)
weights_left_out_of_shares = slip(
    REFERENCE,
    ("shares = lambdas * rows", "shares = rows.copy()"),
    loses=("rounds", "edges"),
    hint="Your shares leave out the weights of the round before, so nothing changes after the first "
    "round. The share of order k is lambda_k times its probability, divided by the sum over orders.",
)
winner_takes_all = slip(
    REFERENCE,
    (
        "shares /= shares.sum(axis=1, keepdims=True)",
        "shares = shares == shares.max(axis=1, keepdims=True)",
    ),
    loses=("one round", "rounds", "edges"),
    hint="Each token's whole share goes to the order that gives it most. In EM it is divided among "
    "the orders in proportion to lambda times probability.",
)
zero_rows_counted = slip(
    REFERENCE,
    ("shares.mean(axis=0)", "shares.sum(axis=0) / len(order_probs)"),
    loses="edges",
    hint="You divide by the number of all tokens. Tokens to which no order gives any probability are "
    "left out of the sum and of the number, or the weights sum to less than 1.",
)
probabilities_averaged = slip(
    REFERENCE,
    ("        shares /= shares.sum(axis=1, keepdims=True)\n", ""),
    ("shares.mean(axis=0)", "shares.mean(axis=0) / shares.mean(axis=0).sum()"),
    loses=("one round", "rounds", "edges"),
    hint="You average the probabilities of each order. Average the shares: for every token divide "
    "lambda times probability by its sum over the orders first.",
)


def _stopped(below: str) -> Slip:
    """Return EM that ends when no weight changes by more than a bound."""
    return slip(
        REFERENCE,
        (
            "        lambdas = shares.mean(axis=0)\n",
            (
                "        before, lambdas = lambdas, shares.mean(axis=0)\n"
                f"        if np.abs(lambdas - before).max() < {below}:\n"
                "            break\n"
            ),
        ),
        loses="rounds",
        hint="You stop when a round changes the weights little. Do all `n_iter` rounds: many small "
        "changes add up, and who calls the function says how many are wanted.",
    )


stopped_below_1e4 = _stopped("1e-4")
stopped_below_1e6 = _stopped("1e-6")

an_array_already = equal(
    REFERENCE,
    ("order_probs = np.asarray(order_probs, dtype=float)", "pass"),
    ("np.asarray(order_probs, dtype=float)", "np.asarray(order_probs)"),
    ("np.asarray(order_probs, dtype=float)", "order_probs"),
    because="it is an array, and products with the weights are floats",
)
of_one_sign = equal(
    REFERENCE,
    ("order_probs.sum(axis=1)", "order_probs.mean(axis=1)"),
    because="a row's mean is above 0 where its sum is",
)
in_any_order = equal(
    loops,
    ("order_probs[0]", "order_probs[-1]"),
    ("zip(lambdas, row)", "zip(row, lambdas)"),
    because="rows are of one length, and products do not ask which factor comes first",
)
warned_or_not = equal(
    with_nan, ('invalid="ignore"', ""), because="it only keeps a warning from being shown"
)

a_mean_is_above_0_too = equal(
    torch_einsum,
    ("probs.sum", "probs.mean"),
    (", dtype=torch.float32", ""),
    (", dtype=probs.dtype", ""),
    ("else 0", "else -1"),
    because="the mean of a row is above 0 where its sum is, float64 is as exact, float32 is what "
    "torch takes by itself, and range(-1) is empty too",
)

rules = (
    told(
        "is an array of shape $(T, n)$",
        "Entry $[t, k-1]$ is",
        "(Where its context was never seen",
        "You will see below",
    ),
    rule("Start with equal weights", when=lambda table, n_iter: n_iter == 1),
    rule("Do `n_iter` rounds of both steps", when=lambda table, n_iter: n_iter > 3),
    rule("With `n_iter=0`", when=lambda table, n_iter: n_iter == 0),
    rule(
        "leave its row out",
        when=lambda table, n_iter: 0 < (table.sum(axis=1) == 0).sum() < len(table),
    ),
    rule("If no row is left", when=lambda table, n_iter: n_iter > 0 and not table.any()),
)
