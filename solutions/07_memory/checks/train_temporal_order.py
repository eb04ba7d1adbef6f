"""train_temporal_order: three methods, by what trained networks say of fresh sequences."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close
from autograder.guest.recipes import Recipe

UNITS, BATCH, FRESH = 6, 5, 60


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield trainings by each method, and what is special.

    The first weights are large and the rates bold, so that few updates change much. With three
    bits, there are eight classes.
    """
    for bits, threshold in ((2, 0.3), (3, 0.001)):
        yield _training(rng, reference, "plain", "MSGD", bits, 6, threshold)
    for bits, threshold in ((2, 0.25), (3, 0.15), (2, 50.0)):
        yield _training(rng, reference, "clipped", "MSGD-C", bits, 6, threshold)
    for bits, threshold, weight in ((2, 0.8, 2.0), (3, 0.5, 1.0), (2, 100.0, 0.15)):
        yield _training(rng, reference, "regularised", "MSGD-CR", bits, 6, threshold, weight)
    for alive, n in ((3, 3), (1, 1), (0, 2)):
        yield _training(rng, reference, "regularised", "MSGD-CR", 2, n, 50.0, 2.0, alive)
    begin, look_back = _begin(rng, 2), Recipe("look back", ())
    copies: tuple[Any, ...] = ("MSGD", begin, [], look_back, 0.5, 1.0, 3.0)
    yield Case("plain", copies, probe="fresh", compare=Close(rtol=1e-5))
    for method in ("MSGD-R", "msgd-c"):
        for batches in (_batches(rng, reference, 2, 1), []):
            yield case("plain", method, begin, batches, look_back, 0.1, 1.0, 1.0)


def _begin(rng: np.random.Generator, bits: int) -> dict[str, np.ndarray]:
    shapes = {"W_in": (6, UNITS), "W_h": (UNITS, UNITS), "W_out": (UNITS, 2**bits)}
    params = {name: 0.45 * rng.normal(size=shape) for name, shape in shapes.items()}
    params["W_h"] *= 1.3
    return params | {"b": 0.2 * rng.normal(size=UNITS), "b_out": 0.2 * rng.normal(size=2**bits)}


def _batches(rng: np.random.Generator, reference: Any, bits: int, n: int) -> list[Any]:
    T = int(rng.integers(10, 13))
    return [tuple(reference.temporal_order_batch(rng, BATCH, T, bits)) for _ in range(n)]


def _training(
    rng: np.random.Generator,
    reference: Any,
    group: str,
    method: str,
    bits: int,
    n: int,
    threshold: float,
    weight: float = 3.0,
    alive: int | None = None,
) -> Case:
    fresh, _ = reference.temporal_order_batch(rng, FRESH, 10, bits)
    begin, gradients = _begin(rng, bits), Recipe("look back", ())
    if alive is not None:  # nothing leads from unit 0 at first: its signal is passed on as 0
        begin["W_h"][:, 0], gradients = 0, Recipe("faint look back", (alive,))
    rate = float(rng.uniform(0.4, 0.6))
    args = (
        begin,
        _batches(rng, reference, bits, n),
        gradients,
        rate,
        threshold,
        weight,
    )
    return Case(group, (fresh, method, *args), probe="says of fresh sequences")


check = Check(
    groups={
        "plain": Group("MSGD, no batches, and methods that are refused", 1),
        "clipped": Group("MSGD-C", 2),
        "regularised": Group("MSGD-CR", 2),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1e-4),
    seconds_per_case=10.0,
)


@alternative
def with_functions_of_its_own(method, params, batches, gradients, learning_rate, threshold, weight):
    def pull(dh, W, states):
        total, count = np.zeros(W.shape), 0
        for delta, h in zip(dh.reshape(-1, len(W)), states[1:].reshape(-1, len(W))):
            length = np.linalg.norm(delta)
            if length > 1e-10:
                u = delta * (1 - h**2)
                v = W @ u
                count += 1
                size = np.linalg.norm(v)
                if size:
                    total += 2 * (size / length - 1) / length * np.outer(v / size, u)
        return total / count if count else total

    if method not in {"MSGD", "MSGD-C", "MSGD-CR"}:
        raise ValueError(method)
    now = {k: v.copy() for k, v in params.items()}
    for batch in batches:
        g, dh, states = gradients(now, *batch)
        if method.endswith("R"):
            g = {**g, "W_h": g["W_h"] + weight * pull(dh, now["W_h"], states)}
        if "-" in method:
            norm = np.linalg.norm(np.concatenate([v.ravel() for v in g.values()]))
            if norm > threshold:
                g = {k: v * (threshold / norm) for k, v in g.items()}
        now = {k: now[k] - learning_rate * g[k] for k in now}
    return now


@alternative
def in_place_on_copies(method, params, batches, gradients, learning_rate, threshold, weight):
    import copy

    flags = {"MSGD": (False, False), "MSGD-C": (True, False), "MSGD-CR": (True, True)}
    if method not in flags:
        raise ValueError(f"unknown method {method}")
    clip, regularise = flags[method]
    theta = copy.deepcopy(dict(params))
    for ids, classes in batches:
        grads, dh, states = gradients(theta, ids, classes)
        grads = {k: np.array(v) for k, v in grads.items()}
        if regularise:
            a = np.sqrt((dh**2).sum(2))
            live = a > 1e-10
            a = np.where(live, a, 1.0)
            u = dh * (1 - states[1:] ** 2)
            v = u @ theta["W_h"].T
            s = np.sqrt((v**2).sum(2))
            s = np.where(s > 0, s, 1.0)
            f = 2 * live * (s / a - 1) / a / s / max(live.sum(), 1)
            grads["W_h"] += weight * np.tensordot(f[..., None] * v, u, axes=([0, 1], [0, 1]))
        if clip:
            norm = sum((g**2).sum() for g in grads.values()) ** 0.5
            for g in grads.values():
                g *= min(1.0, threshold / norm)
        for k in theta:
            theta[k] -= learning_rate * grads[k]
    return theta


@alternative
def with_autograd_for_omega(method, params, batches, gradients, learning_rate, threshold, weight):
    import torch

    if method not in ("MSGD", "MSGD-C", "MSGD-CR"):
        raise ValueError("method")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    for ids, classes in batches:
        g, dh, states = gradients({k: v.numpy() for k, v in p.items()}, ids, classes)
        g = {k: torch.tensor(v) for k, v in g.items()}
        if method == "MSGD-CR":
            W = p["W_h"].clone().requires_grad_()
            d, h = torch.tensor(dh), torch.tensor(states)[1:]
            alive = d.square().sum(-1) > 1e-20
            v = (d * (1 - h**2))[alive] @ W.T
            (weight * ((v.norm(dim=1) / d[alive].norm(dim=1) - 1) ** 2).mean()).backward()
            g["W_h"] = g["W_h"] + W.grad
        norm = torch.cat([v.flatten() for v in g.values()]).norm()
        if method != "MSGD" and norm > threshold:
            g = {k: v * threshold / norm for k, v in g.items()}
        p = {k: v - learning_rate * g[k] for k, v in p.items()}
    return p


always_clipped = slip(
    REFERENCE,
    ('if method != "MSGD" and norm > threshold', "if norm > threshold"),
    loses="plain",
    hint="MSGD is clipped as well. It takes the gradient as it is.",
)
never_clipped = slip(
    REFERENCE,
    ('threshold / norm if method != "MSGD" and norm > threshold else 1.0', "1.0"),
    loses=("clipped", "regularised"),
    hint="The gradients are not clipped, also where the method has a C in its name.",
)
regulariser_after_clipping = slip(
    REFERENCE,
    ('            grads["W_h"] = grads["W_h"] + weight * term\n', ""),
    (
        "else 1.0\n",
        (
            "else 1.0\n"
            '        if method == "MSGD-CR":\n'
            '            grads["W_h"] = grads["W_h"] + weight * term / scale\n'
        ),
    ),
    loses="regularised",
    hint="The regulariser's part is added after the clipping, and so may be of any length. Added first, it "
    "is clipped with the rest: 002 needs that.",
)
regulariser_taken_away = slip(
    REFERENCE,
    ('grads["W_h"] + weight * term', 'grads["W_h"] - weight * term'),
    loses="regularised",
    hint="The regulariser's part is taken away, so that omega grows. It is added to the gradient, and the "
    "step goes against both.",
)
regulariser_forgotten = slip(
    REFERENCE,
    ('grads["W_h"] + weight * term', 'grads["W_h"]'),
    loses="regularised",
    hint="MSGD-CR does the same as MSGD-C: the regulariser's part is not in the gradient.",
)
weight_forgotten = slip(
    REFERENCE,
    ("+ weight * term", "+ term"),
    loses="regularised",
    hint="The regulariser's part is added without its weight.",
)
regulariser_for_all = slip(
    REFERENCE,
    ('        if method == "MSGD-CR":\n', "        if True:\n"),
    loses=("plain", "clipped"),
    hint="All methods are regularised. Only MSGD-CR is.",
)
first_weights_in_omega = slip(
    REFERENCE,
    ("    for ids, classes", '    W_first = params["W_h"]\n    for ids, classes'),
    ('through @ params["W_h"].T', "through @ W_first.T"),
    loses="regularised",
    hint="The regulariser looks at the W_h that training began with. It is that of this moment.",
)
each_by_its_own = slip(
    REFERENCE,
    (
        "        params = {name: p - learning_rate * scale * grads[name] for",
        (
            '        if method != "MSGD":\n'
            "            scale = 1.0\n"
            "            for name, grad in grads.items():\n"
            "                grads[name] = grad * threshold / max(threshold, np.linalg.norm(grad))\n"
            "        params = {name: p - learning_rate * scale * grads[name] for"
        ),
    ),
    loses=("clipped", "regularised"),
    hint="Each parameter is clipped by its own norm. The norm is that of all together.",
)
step_clipped = slip(
    REFERENCE,
    (
        'threshold / norm if method != "MSGD" and norm > threshold else 1.0',
        'min(1.0, threshold / (learning_rate * norm)) if method != "MSGD" else 1.0',
    ),
    loses=("clipped", "regularised"),
    hint="You clip the step, after the multiplication with the learning rate. The gradient is clipped "
    "first.",
)
gradients_at_the_start = slip(
    REFERENCE,
    ("    for ids, classes", "    start = params\n    for ids, classes"),
    ("gradients(params, ids", "gradients(start, ids"),
    loses=("plain", "clipped", "regularised"),
    hint="All gradients are computed at the first parameters. That of a batch is taken where the updates "
    "before have led.",
)
gradients_are_made_anew = equal(
    REFERENCE,
    ("grads = dict(grads)", "pass"),
    ("dict(grads)", "grads"),
    settled="What `gradients` returns is made anew in each call, and yours to change",
)
gradients_in_place = equal(
    in_place_on_copies,
    ("grads = {k: np.array(v) for k, v in grads.items()}", "pass"),
    ("k: np.array(v)", "k: v"),
    settled="What `gradients` returns is made anew in each call, and yours to change",
)
none_at_the_bound = equal(
    REFERENCE, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
none_at_the_bound_of_its_own = equal(
    with_functions_of_its_own,
    ("> 1e-10", ">= 1e-10"),
    because="no signal's square is at the bound",
)
none_at_the_bound_on_copies = equal(
    in_place_on_copies, ("> 1e-10", ">= 1e-10"), because="no signal's square is at the bound"
)
none_at_the_bound_for_omega = equal(
    with_autograd_for_omega, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
at_the_threshold = equal(
    REFERENCE,
    ("norm > threshold", "norm >= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_of_its_own = equal(
    with_functions_of_its_own,
    ("norm > threshold", "norm >= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_for_omega = equal(
    with_autograd_for_omega,
    ("norm > threshold", "norm >= threshold"),
    because="at the threshold itself the factor is 1",
)
any_order = equal(
    REFERENCE,
    ("lengths, 1e-300", "1e-300, lengths"),
    ("max(len(arrived), 1)", "max(1, len(arrived))"),
    because="what is larger of two numbers does not depend on their order",
)
any_order_on_copies = equal(
    in_place_on_copies,
    ("max(live.sum(), 1)", "max(1, live.sum())"),
    ("min(1.0, threshold / norm)", "min(threshold / norm, 1.0)"),
    because="what is larger, or smaller, of two numbers does not depend on their order",
)
zeros_divided = equal(
    REFERENCE,
    ("1e-300", "2e-300"),
    ("1e-300", "5e-301"),
    because="what is passed on as 0 is divided by any number, and other lengths are far larger",
)
zeros_divided_on_copies = equal(
    in_place_on_copies,
    ("a, 1.0)", "a, 2.0)"),
    ("a, 1.0)", "a, 0.5)"),
    ("s, 1.0)", "s, 2.0)"),
    ("s, 1.0)", "s, 0.5)"),
    because="what has vanished is multiplied by False, what is passed on as 0 by v: both are 0",
)
vanished_beside_one = equal(
    in_place_on_copies,
    ("2 * live *", "2 *"),
    because="what has vanished, divided by 1 instead, moves weights by 1e-10, far below what is compared",
)
numbers_of_numpy = equal(
    REFERENCE,
    ("float((grad**2).sum())", "(grad**2).sum()"),
    because="a number of numpy is a number",
)
unknown_sizes = equal(
    with_functions_of_its_own,
    ("dh.reshape(-1", "dh.reshape(-2"),
    ("states[1:].reshape(-1", "states[1:].reshape(-2"),
    because="numpy takes any negative size for the unknown one",
)
a_copy_of_a_mapping = equal(
    in_place_on_copies,
    ("dict(params)", "params"),
    because="a deep copy of a mapping has copies of the arrays in it",
)
float64_comes = equal(
    with_autograd_for_omega,
    ("torch.tensor(v).double()", "torch.tensor(v)"),
    because="parameters are float64",
)
made_arrays_of = equal(
    with_autograd_for_omega,
    ("k: v.numpy()", "k: v"),
    because="the gradients that are given make arrays of tensors",
)
torch_takes_arrays = equal(
    with_autograd_for_omega,
    ("torch.tensor(states)[1:]", "states[1:]"),
    because="a tensor is multiplied by an array as by a tensor",
)

rules = (
    rule(
        "`batches` is a list",
        "`gradients(params, ids, classes)` returns",
        "It is called once",
        when=lambda ids, method, params, batches, *_: len(batches) > 1,
    ),
    rule('With `"MSGD-CR"`, `weight` times', when=lambda ids, method, *_: method == "MSGD-CR"),
    rule("The other methods do not look", when=lambda ids, method, *_: method == "MSGD-C"),
    rule(
        'With `"MSGD-C"` and `"MSGD-CR"`',
        when=lambda ids, method, p, b, g, rate, threshold, w: method == "MSGD-C" and threshold < 1,
    ),
    rule('`"MSGD"` does not look', when=lambda ids, method, *_: method == "MSGD"),
    rule("The update is", when=lambda ids, method, params, batches, *_: len(batches) > 1),
    rule(
        "Without batches the parameters",
        when=lambda method, params, batches, *_: isinstance(batches, list) and not batches,
        gives=lambda found: "with new arrays" in found,
    ),
    rule("Another `method`", gives=ValueError),
    told("Parameters, gradients, `dh` and `states` are float64", "What `gradients` returns"),
)
