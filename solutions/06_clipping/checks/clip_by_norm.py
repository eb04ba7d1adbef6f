"""clip_by_norm: all gradients by one factor."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def, operator"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    misconception,
    rule,
    slip,
)
from autograder.authoring.comparing import Close

from .drawing import (
    SHAPES,
    Grads,
    draw_grads,
    fresh,
    plain_gradients,
    spoiled,
)
from .outcomes import Fresh


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield long, short, huge and spoiled gradients, and thresholds that are refused.

    What is clipped has a norm of 0.5 or more: torch adds 1e-6 to the norm by which it divides.
    """
    for grads in plain_gradients(rng, rng.uniform(5, 20, size=4).tolist()):
        yield fresh("long", grads, float(rng.uniform(0.3, 2)))
    yield fresh("long", draw_grads(rng, 9.0, dtype="float32"), float(rng.uniform(0.3, 2)))
    # Each array by itself is below the threshold, or the square of the norm is.
    yield fresh("long", draw_grads(rng, 4.0), 3.9)
    yield fresh("long", draw_grads(rng, 0.7), 0.55)
    yield fresh("long", draw_grads(rng, 2.01), 2.0)  # above the threshold by half a percent
    some_zeros = draw_grads(rng, 9.0, {"W": (3, 3), "b": (4,)})
    for grad in some_zeros.values():
        grad.flat[rng.integers(grad.size)] = 0.0
    yield fresh("long", some_zeros, float(rng.uniform(0.3, 2)))
    for grads in plain_gradients(rng, rng.uniform(0.5, 2, size=2).tolist()):
        yield fresh("short", grads, float(rng.uniform(5, 9)))
    yield fresh("short", draw_grads(rng, 1.99), 2.0)  # below it by half a percent
    yield fresh("short", draw_grads(rng, 5.0), math.inf)
    whole = {"W": np.array([[3.0, 0.0], [0.0, 4.0]]), "b": np.array([-12.0]), "c": np.zeros(2)}
    yield fresh("short", whole, 13)
    yield fresh("short", {"W": np.zeros((2, 2)), "scale": np.array(0.0)}, 1.0)
    yield fresh("short", {}, 1.0)
    for exponent in (290, 200, 160):
        grads = draw_grads(rng, float(rng.uniform(1, 9)) * 10.0**exponent)
        yield fresh("huge", grads, float(rng.uniform(0.5, 2)))
    for exponent in (28, 24):
        grads = draw_grads(rng, float(rng.uniform(1, 9)) * 10.0**exponent, dtype="float32")
        yield fresh("huge", grads, float(rng.uniform(0.5, 2)))
    for value in (math.nan, math.inf, -math.inf, math.nan):
        grads = spoiled(rng, draw_grads(rng, 6.0), value, str(rng.choice(list(SHAPES))))
        yield fresh("not finite", grads, 0.5)
    for value in (math.nan, math.inf):  # in the first array, and in the last
        for name in ("W_h", "b"):
            shapes = {"W_h": SHAPES["W_h"], "W_x": SHAPES["W_x"], "b": SHAPES["b"]}
            yield fresh("not finite", spoiled(rng, draw_grads(rng, 6.0, shapes), value, name), 0.5)
    yield fresh("long", {"E": np.zeros((2, 3)), **_negative(rng)}, float(rng.uniform(0.3, 2)))
    for threshold in (0.0, -1.0, math.nan):
        yield case("refused", draw_grads(rng, 2.0), threshold)
    yield case("refused", {}, -0.5)
    yield case("refused", {"b": np.zeros(2)}, 0)
    yield fresh("refused", {}, 1e-9)


def _negative(rng: np.random.Generator) -> Grads:
    """Return gradients of which all entries are negative, beside some that are 0."""
    grads = {name: -np.abs(grad) for name, grad in draw_grads(rng, 9.0).items()}
    grads["b"][0] = 0.0
    return grads


check = Check(
    groups={
        "long": Group("gradients above the threshold", 2),
        "short": Group("gradients below it, at it, zeros and none", 1),
        "huge": Group("gradients whose squares overflow, in float64 and float32", 1),
        "not finite": Group("nan and infinity in one entry", 1),
        "refused": Group("thresholds that are refused, and a small one that is not", 1),
    },
    draw=draw,
    compare=Fresh(Close(rtol=1e-5, per_array=True)),
)


@alternative
def with_hypot(grads, threshold):
    if math.isnan(threshold) or threshold <= 0:
        raise ValueError("threshold")
    entries = [float(x) for g in grads.values() for x in np.ravel(g)]
    copies = {k: g.copy() for k, g in grads.items()}
    if not all(map(math.isfinite, entries)):
        return copies
    norm = math.hypot(*entries)
    if norm > threshold:
        copies = {k: g * (threshold / norm) for k, g in copies.items()}
    return copies


@alternative
def with_torch(grads, threshold):
    import torch

    if not threshold > 0:
        raise ValueError("threshold")
    parameters = {k: torch.tensor(g).double() for k, g in grads.items()}
    largest = max((p.abs().max() for p in parameters.values()), default=0.0)
    if largest == 0 or not all(p.isfinite().all() for p in parameters.values()):
        return parameters
    for p in parameters.values():
        p.grad = p / largest
    torch.nn.utils.clip_grad_norm_(parameters.values(), threshold / largest)
    return {k: p.grad * largest for k, p in parameters.items()}


@alternative
def in_one_vector(grads, threshold):
    if not threshold > 0:
        raise ValueError("threshold")
    if not grads:
        return {}
    flat = np.concatenate([np.ravel(g).astype(np.float64) for g in grads.values()])
    largest = np.abs(flat).max()
    if np.isfinite(flat).all() and largest > 0:
        norm = largest * np.linalg.norm(flat / largest)
        flat = flat * min(1.0, threshold / norm)
    ends = np.cumsum([g.size for g in grads.values()])[:-1]
    parts = np.split(flat, ends)
    return {k: p.reshape(g.shape) for (k, g), p in zip(grads.items(), parts)}


@alternative
def divided_by_the_larger_one(grads, threshold):
    if not threshold > 0:
        raise ValueError("threshold")
    new = {k: np.array(g, dtype=float) for k, g in grads.items()}
    for g in new.values():
        if np.isnan(g).any() or np.isinf(g).any():
            return new
    norm = 0.0
    for g in new.values():
        for x in g.ravel():
            norm = math.hypot(norm, x)
    if threshold == math.inf:
        return new
    return {k: g / max(norm, threshold) * threshold for k, g in new.items()}


each_by_its_own = slip(
    REFERENCE,
    ("grad * scale", "grad * min(1.0, threshold / max(math.hypot(*np.ravel(grad)), 1e-300))"),
    loses=("long", "huge"),
    hint="Each array is clipped by its own norm. That turns the direction; the norm is that of all "
    "parameters together, and one factor scales them all.",
)


@misconception(
    "long",
    "huge",
    "not finite",
    hint="Each array is clipped by its own norm. That turns the direction; the norm is that of all "
    "parameters together, and one factor scales them all. (Then look at huge entries, whose squares "
    "overflow, and at those that are not finite.)",
    overflows=True,
)
def each_by_numpy(grads, threshold):
    if not threshold > 0:
        raise ValueError(threshold)
    clipped = {}
    for k, g in grads.items():
        norm = np.linalg.norm(g)
        clipped[k] = g * (threshold / norm) if norm > threshold else np.array(g)
    return clipped


always_scaled = slip(
    REFERENCE,
    ("min(1.0, threshold / norm)", "threshold / norm"),
    loses="short",
    hint="Short gradients are made longer: you scale always. Below the threshold nothing changes.",
)
squared_norm = slip(
    REFERENCE,
    ("largest * math.sqrt(", "largest * largest * ("),
    loses=("long", "short", "huge"),
    hint="You use the square of the norm: the root is missing.",
    overflows=True,
)
entries_to_the_threshold = slip(
    REFERENCE,
    ("grad * scale", "np.clip(grad, -threshold, threshold)"),
    loses=("long", "huge"),
    hint="Each entry is cut to the threshold by itself. That is clipping by value; here the norm counts, "
    "and all entries are multiplied by the same factor.",
)
overflows_to_zero = slip(
    with_hypot,
    ("float(x) for", "x for"),
    ("math.hypot(*entries)", "math.sqrt(sum(x * x for x in entries))"),
    loses="huge",
    hint="Huge gradients become 0: their squares overflow, the norm is infinite, and the threshold "
    "divided by it is 0. Divide by the largest entry before you square (and mind float32).",
)
overflow_taken_for_infinity = slip(
    with_hypot,
    ("float(x) for", "x for"),
    ("math.hypot(*entries)", "math.sqrt(sum(x * x for x in entries))"),
    ("norm > threshold", "threshold < norm < math.inf"),
    loses="huge",
    hint="Huge gradients are not clipped at all: their norm overflows, and is then taken for that of a "
    "gradient with nan or infinity in it. All of its entries are finite.",
)
spoiled_norm_used = slip(
    with_hypot,
    ("    if not all(map(math.isfinite, entries)):\n        return copies\n", ""),
    ("norm > threshold", "not norm <= threshold"),
    loses="not finite",
    hint="A nan or an infinite entry spoils all others: the norm is nan or infinite, and everything is "
    "multiplied by nan or 0. Look for such entries first, and then leave everything as it came.",
    overflows=True,
)
infinity_scaled = slip(
    with_hypot,
    ("    if not all(map(math.isfinite, entries)):\n        return copies\n", ""),
    loses="not finite",
    hint="With an infinite entry all others become 0, and infinity times 0 is nan. (nan you leave alone, "
    "as nan > threshold is False.) Where an entry is not finite, everything stays as it came.",
    overflows=True,
)
replaced_by_numbers = slip(
    REFERENCE,
    ("np.array(grad)", "np.nan_to_num(grad, posinf=0.0, neginf=0.0)"),
    loses="not finite",
    hint="nan and infinity are replaced by numbers (np.nan_to_num does that). They must stay, so that "
    "whoever comes next can see that something went wrong.",
    overflows=True,
)
in_place = slip(
    REFERENCE,
    ("    return {", "    for grad in grads.values():\n        grad *= scale\n    return {"),
    loses=("long", "huge"),
    hint="You scale in place (g *= ...), so the caller's own gradients are clipped. Return new arrays.",
)
same_arrays_back = slip(
    with_hypot,
    ("g.copy()", "g"),
    loses=("short", "not finite"),
    hint="Where nothing is clipped you return the arrays that came. Return copies, here too: whoever "
    "writes into the answer would change the caller's gradients.",
    overflows=True,
)
length_one = slip(
    with_hypot,
    ("threshold / norm", "1 / norm"),
    loses=("long", "huge"),
    hint="Long gradients are divided by their norm, and get the length 1 whatever the threshold is.",
)


def _largest(grads: Grads) -> float:
    """Return the largest entry; nan where one is."""
    return float(np.max([np.abs(grad).max() for grad in grads.values()]))


def _norm(grads: Grads) -> float:
    """Return the joint norm, where no square overflows."""
    return math.hypot(*(float(x) for grad in grads.values() for x in np.ravel(grad)))


rules = (
    rule(
        "gradients with entries of 1e300",
        when=lambda grads, threshold: 1e160 < _largest(grads) < math.inf,
    ),
    rule(
        "(1e30 in float32)",
        when=lambda grads, threshold: grads["b"].dtype == np.float32 and _largest(grads) > 1e20,
    ),
    rule(
        "With a norm of exactly `threshold`",
        when=lambda grads, threshold: _norm(grads) == threshold,
    ),
    rule(
        "A short gradient is not made longer",
        when=lambda grads, threshold: 0 < _norm(grads) < threshold,
    ),
    rule(
        "**If any entry of any array is `nan`",
        when=lambda grads, threshold: math.isnan(_largest(grads)),
    ),
    rule(
        "or infinite, nothing is clipped**",
        when=lambda grads, threshold: math.isinf(_largest(grads)),
    ),
    rule("No arrays: an empty dict", when=lambda grads, threshold: not grads and threshold > 0),
)
numbers_of_numpy = equal(
    REFERENCE,
    ("float(size.max(initial=0))", "size.max(initial=0)"),
    ("float(((size / largest) ** 2).sum())", "((size / largest) ** 2).sum()"),
    because="a number of numpy is a number",
)
numbers_of_numpy_too = equal(
    with_hypot,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
no_empty_array = equal(
    REFERENCE,
    ("initial=0", ""),
    ("initial=0", "initial=-1"),
    because="no array is empty, and no size is below 0",
)
nan_is_not_below_1 = equal(
    REFERENCE,
    ("largest == 0 or not all(np.isfinite(size).all() for size in sizes)", "largest == 0"),
    (
        "not all(np.isfinite(size).all() for size in sizes)",
        "not (np.isfinite(size).all() for size in sizes)",
    ),
    ("not all", "not any"),
    (".all", ".any"),
    because="with an entry that is not finite the norm is nan, and min(1.0, nan) is 1.0",
)
either_order_of_finite_numbers = equal(
    REFERENCE,
    ("1.0, threshold / norm", "threshold / norm, 1.0"),
    because="the norm is finite where this is asked",
)
at_the_threshold = equal(
    with_hypot,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
in_float32_with_torch = equal(
    with_torch,
    (".double()", ""),
    because="divided by the largest entry, or taken entry by entry to float64, float32 is exact to 1e-6",
)
in_float32_divided_by_the_larger_one = equal(
    divided_by_the_larger_one,
    (", dtype=float", ""),
    because="divided by the largest entry, or taken entry by entry to float64, float32 is exact to 1e-6",
)
no_arrays = equal(
    with_torch,
    ("0.", "1."),
    because="where there are no arrays none is changed",
)
nan_is_not_below_1_too = equal(
    in_one_vector,
    ("np.isfinite(flat).all() and largest > 0", "True"),
    ("and", "or"),
    ("np.isfinite(flat).all() and largest", "largest"),
    ("() and largest > 0", "()"),
    ("all", "any"),
    ("largest >", "largest >="),
    ("largest > 0", "largest > -1"),
    because="with an entry that is not finite, or zeros alone, the norm is nan, and min(1.0, nan) is 1.0",
)
either_order_in_one_vector = equal(
    in_one_vector,
    ("1.0, threshold / norm", "threshold / norm, 1.0"),
    because="the norm is finite where this is asked",
)
an_empty_rest = equal(
    in_one_vector,
    ("-1", ""),
    because="an empty rest is left over, which zip drops",
)
either_order = equal(
    divided_by_the_larger_one,
    ("norm, x", "x, norm"),
    ("norm, threshold", "threshold, norm"),
    because="both orders give the same length, and the larger one of two",
)
