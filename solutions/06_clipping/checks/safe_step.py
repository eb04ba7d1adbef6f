"""safe_step: a clipped step, or a random one where there is no gradient."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

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
    generator,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import (
    SHAPES,
    Grads,
    draw_grads,
    draw_params,
    fresh,
    spoiled,
)
from .outcomes import Fresh, RandomSteps

TIMES = 250
WIDE: dict[str, tuple[int, ...]] = {"W_h": (12, 12), "W_x": (3, 12), "b": (12,), "scale": ()}
TALL: dict[str, tuple[int, ...]] = {"E": (4, 6), "U": (6, 3), "gain": (1,), "c": (6,)}


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield gradients that are clipped, that are not, that are none, and bad thresholds."""
    for norm, threshold in ((9.0, 1.0), (7.0, 2.0), (2.0, 5.0), (0.8, 3.0)):
        size = float(rng.uniform(0.9, 1.1))
        params, grads = draw_params(rng), draw_grads(rng, norm * size)
        grads = dict(reversed(grads.items()))  # whoever takes them by name does not notice
        yield fresh(
            "finite", params, grads, float(rng.uniform(0.2, 0.5)), threshold, generator(rng)
        )
    params, grads = draw_params(rng), draw_grads(rng, 0.9)  # no entry is 1, and it is clipped
    yield fresh("finite", params, grads, 0.5, float(rng.uniform(0.2, 0.4)), generator(rng))
    params, grads = draw_params(rng, TALL), draw_grads(rng, 4.0, TALL)
    yield fresh("finite", params, grads, float(rng.uniform(0.2, 0.5)), 3.9, generator(rng))
    for exponent in (290, 180):
        params = draw_params(rng, TALL)
        grads = draw_grads(rng, float(rng.uniform(1, 9)) * 10.0**exponent, TALL)
        yield fresh("special", params, grads, 0.5, float(rng.uniform(0.5, 2)), generator(rng))
    # All entries are below 0, but for one array of zeros; and float32, whose squares overflow.
    below = {name: -np.abs(grad) for name, grad in draw_grads(rng, 1e200, TALL).items()}
    below["E"] = np.zeros(TALL["E"])
    yield fresh("special", draw_params(rng, TALL), below, 0.5, 1.0, generator(rng))
    grads = draw_grads(rng, 5e25, dtype="float32")
    yield fresh("special", draw_params(rng), grads, 0.5, 1.0, generator(rng))
    zeros = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    yield fresh("special", draw_params(rng), zeros, 0.5, 1.0, generator(rng))
    for threshold in (0.0, -1.0, math.nan, math.inf):
        grads = draw_grads(rng, 2.0)
        yield case("special", draw_params(rng), grads, 0.1, threshold, generator(rng))
    # In an array of many entries, and in one that has no other; the last step is longer than any
    # normal numbers are.
    for shapes, value, name, threshold in (
        (SHAPES, math.inf, "W_h", 2.0),
        (TALL, -math.inf, "gain", 3.0),
        (TALL, math.nan, "E", 30.0),
    ):
        yield _random(rng, 20, shapes, value, name, threshold * float(rng.uniform(0.8, 1.2)))
    anywhere = str(rng.choice(list(WIDE)))
    yield _random(rng, TIMES, WIDE, math.nan, anywhere, float(rng.uniform(1.5, 4)))


def _random(
    rng: np.random.Generator,
    times: int,
    shapes: dict[str, tuple[int, ...]],
    value: float,
    name: str,
    threshold: float,
) -> Case:
    """Return the case of random steps. Of a few, only their lengths are compared."""
    grads = spoiled(rng, draw_grads(rng, 3.0, shapes), value, name)
    rate = float(rng.uniform(0.1, 0.4))
    params = draw_params(rng, shapes)
    args = (times, params, grads, rate, threshold, generator(rng))
    sizes = tuple(value.size for value in params.values()) if times == TIMES else ()
    return Case("random", args, probe="moves", compare=RandomSteps(times, sizes))


check = Check(
    groups={
        "finite": Group(
            "finite gradients, clipped or not", 2, compare=Fresh(Close(rtol=1e-5, per_array=True))
        ),
        "random": Group(
            "gradients with a nan or an infinity: the random step", 2, compare=RandomSteps()
        ),
        "special": Group(
            "huge gradients, zeros, and thresholds that are refused",
            1,
            compare=Fresh(Close(rtol=1e-5, per_array=True)),
        ),
    },
    draw=draw,
    seconds_per_case=10.0,
)


@alternative
def random_step_first(params, grads, learning_rate, threshold, rng):
    if not 0 < threshold < math.inf:
        raise ValueError(threshold)
    if not all(np.isfinite(g).all() for g in grads.values()):
        d = {k: rng.normal(size=np.shape(p)) for k, p in params.items()}
        size = threshold / math.sqrt(sum(float((x**2).sum()) for x in d.values()))
        return {k: p - learning_rate * size * d[k] for k, p in params.items()}
    norm = math.hypot(*(float(x) for g in grads.values() for x in np.ravel(g)))
    scale = threshold / norm if norm > threshold else 1.0
    return {k: p - learning_rate * scale * grads[k] for k, p in params.items()}


@alternative
def in_one_vector(params, grads, learning_rate, threshold, rng):
    if not threshold > 0 or threshold == np.inf:
        raise ValueError("threshold")
    flat = np.concatenate([np.ravel(grads[k]).astype(float) for k in params])
    if np.isfinite(flat).all():
        largest = np.abs(flat).max()
        norm = largest * np.linalg.norm(flat / largest) if largest > 0 else 0.0
        if norm > threshold:
            flat = flat / norm * threshold
    else:
        flat = rng.standard_normal(len(flat))
        flat *= threshold / np.linalg.norm(flat)
    new, at = {}, 0
    for k, p in params.items():
        n = np.size(p)
        new[k] = p - learning_rate * flat[at : at + n].reshape(np.shape(p))
        at += n
    return new


@alternative
def uphill_at_random_is_as_good(params, grads, learning_rate, threshold, rng):
    if math.isnan(threshold) or threshold <= 0 or math.isinf(threshold):
        raise ValueError("threshold")
    if all(np.all(np.isfinite(g)) for g in grads.values()):
        norm = math.hypot(*(float(x) for g in grads.values() for x in np.ravel(g)))
        scale = min(1.0, threshold / norm) if norm else 1.0
        return {k: params[k] - learning_rate * (scale * grads[k]) for k in params}
    noise = {k: rng.normal(scale=3.0, size=np.shape(p)) for k, p in params.items()}
    norm = math.sqrt(sum(np.sum(d * d) for d in noise.values()))
    return {k: params[k] + learning_rate * threshold * noise[k] / norm for k in params}


@alternative
def with_torch_seeded_by_rng(params, grads, learning_rate, threshold, rng):
    import torch

    if not 0 < threshold < math.inf:
        raise ValueError("threshold")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    g = {k: torch.tensor(v).double() for k, v in grads.items()}
    if not all(bool(torch.isfinite(v).all()) for v in g.values()):
        source = torch.Generator().manual_seed(int(rng.integers(2**60)))
        g = {k: torch.randn(v.shape, generator=source, dtype=torch.float64) for k, v in p.items()}
        flat = torch.cat([v.flatten() for v in g.values()])
        return {k: p[k] - learning_rate * threshold * g[k] / flat.norm() for k in p}
    flat = torch.cat([v.flatten() for v in g.values()])
    largest = max(float(flat.abs().max()), 1e-300)
    norm = float((flat / largest).norm()) * largest
    return {k: p[k] - learning_rate * min(1.0, threshold / max(norm, 1e-300)) * g[k] for k in p}


@alternative
def by_angles(params, grads, learning_rate, threshold, rng):
    if not 0 < threshold < math.inf:
        raise ValueError("threshold")
    total = sum(np.size(p) for p in params.values())
    if any(not np.isfinite(g).all() for g in grads.values()):
        u, v = 1 - rng.random(total), rng.random(total)
        d = np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)  # normal numbers, after Box and Muller
        d /= np.sqrt(d @ d)
        parts = np.split(d * threshold, np.cumsum([np.size(p) for p in params.values()])[:-1])
        moves = [part.reshape(np.shape(p)) for part, p in zip(parts, params.values(), strict=True)]
        return {k: params[k] - learning_rate * m for k, m in zip(params, moves, strict=True)}
    norm = math.hypot(*(float(x) for g in grads.values() for x in np.ravel(g)))
    factor = 1.0 if norm <= threshold else threshold / norm
    return {k: params[k] - learning_rate * factor * grads[k] for k in params}


nan_let_through = slip(
    random_step_first,
    ("np.isfinite(g).all()", "(g != math.nan).all()"),
    loses="random",
    hint="A nan slips through, as every comparison with it is False, or infinity is multiplied by 0: the "
    "parameters are nan afterwards, for ever. Ask for entries that are not finite, in all arrays.",
    overflows=True,
)
no_step = slip(
    random_step_first,
    ("p - learning_rate * size * d[k]", "np.array(p)"),
    loses="random",
    hint="Where an entry is not finite you take no step at all. Asked for is a random one, which leads "
    "away from there.",
)
spoiled_entries_dropped = slip(
    REFERENCE,
    ("np.asarray(grad, dtype=np.float64)", "np.nan_to_num(grad, posinf=0.0, neginf=0.0)"),
    loses="random",
    hint="The entries that are not finite are replaced by 0, and the rest of the gradient is used. Nothing "
    "of such a gradient is to be trusted: the whole step is random.",
)
only_the_spoiled_one = slip(
    random_step_first,
    (
        "rng.normal(size=np.shape(p))",
        "0.0 * p if np.isfinite(grads[k]).all() else rng.normal(size=np.shape(p))",
    ),
    loses="random",
    hint="Only the parameter whose gradient is spoiled gets a random step. All of them take part in it.",
)
rate_forgotten = slip(
    random_step_first,
    ("learning_rate * size", "size"),
    loses="random",
    hint="Your random step is as long as the threshold: the learning rate is forgotten.",
)
threshold_forgotten = slip(
    random_step_first,
    ("size = threshold", "size = 1"),
    loses="random",
    hint="Your random step is as long as the learning rate: the threshold is forgotten.",
)
not_normalised = slip(
    random_step_first,
    ("float((x**2).sum())", "np.size(x)"),
    loses="random",
    hint="Your random steps are not all of the same length: the numbers that are drawn are not divided "
    "by their joint norm.",
)
each_of_that_length = slip(
    random_step_first,
    ("size * d[k]", "threshold / math.sqrt((d[k] ** 2).sum()) * d[k]"),
    loses="random",
    hint="Each parameter gets a random step of that length by itself, so that all together are too long. "
    "The length is that of all entries of all parameters.",
)
a_share_for_each = slip(
    random_step_first,
    (
        "        size =",
        (
            "        d = {k: x * math.sqrt(np.size(x) / (x**2).sum()) for k, x in d.items()}\n"
            "        size ="
        ),
    ),
    loses="random",
    hint="The length is shared out among the parameters beforehand, each gets a direction of its own. Then "
    "not all directions are equally probable: draw one for all entries together.",
)
from_a_cube = slip(
    random_step_first,
    ("rng.normal(size", "rng.uniform(-1, 1, size"),
    loses="random",
    hint="Your directions come from uniform numbers, which favour the corners of a cube. Draw from a "
    "normal distribution: then no direction is favoured.",
)
one_sign_only = slip(
    random_step_first,
    ("rng.normal(size", "rng.random(size"),
    loses="random",
    hint="All entries of your random step have the same sign (rng.random is never negative). Every "
    "direction has to be as probable as its opposite.",
)
seeded_inside = slip(
    random_step_first,
    ("    if not all(", "    rng = np.random.default_rng(0)\n    if not all("),
    loses="random",
    hint="The random step is the same in every call: you make a generator with a fixed seed inside. Use "
    "rng, which goes on from call to call.",
)
another_generator = slip(
    random_step_first,
    ("rng.normal", "np.random.default_rng().normal"),
    loses="random",
    hint="Your random numbers do not come from rng, so that a run cannot be repeated: the same generator "
    "in the same state must give the same step.",
)
uphill = slip(
    random_step_first,
    ("p - learning_rate * scale", "p + learning_rate * scale"),
    loses=("finite", "special"),
    hint="The step goes uphill, along the gradient. Descent goes against it.",
)
parameters_clipped = slip(
    random_step_first,
    (
        "    norm =",
        "    params = {k: p - learning_rate * grads[k] for k, p in params.items()}\n    norm =",
    ),
    ("for g in grads.values() for x", "for g in params.values() for x"),
    ("p - learning_rate * scale * grads[k]", "scale * p"),
    loses=("finite", "special"),
    hint="You clip the parameters after the step. It is the gradient that is clipped, before the step.",
)
step_clipped = slip(
    random_step_first,
    ("    norm =", "    grads = {k: learning_rate * g for k, g in grads.items()}\n    norm ="),
    ("learning_rate * scale", "scale"),
    loses=("finite", "special"),
    hint="You clip the step, after the multiplication with the learning rate. The gradient is clipped "
    "first: a step is at most learning_rate times threshold long.",
)
each_by_its_own = slip(
    random_step_first,
    ("scale * grads[k]", "threshold / max(threshold, math.hypot(*np.ravel(grads[k]))) * grads[k]"),
    loses=("finite", "special"),
    hint="Each gradient is clipped by its own norm. The norm is that of all parameters together.",
)
huge_taken_for_infinite = slip(
    random_step_first,
    ("np.isfinite(g).all()", "np.isfinite(g**2).all()"),
    loses="special",
    hint="A huge gradient is taken for one that is not finite (its squares overflow), and gets a random "
    "step, or none. All of its entries are finite: it is clipped.",
)
in_place = slip(
    random_step_first,
    (
        "    return {k: p - learning_rate * scale * grads[k]",
        (
            "    for k, p in params.items():\n"
            "        p -= learning_rate * scale * grads[k]\n"
            "    return {k: np.array(p)"
        ),
    ),
    loses=("finite", "special"),
    hint="The parameters that came are changed in place (p -= ...). Return new arrays: the caller may "
    "need the old ones.",
)


def _spoiled(grads: Grads) -> bool:
    """Return whether an entry is not finite."""
    return not all(np.isfinite(grad).all() for grad in grads.values())


rules = (
    rule(
        "**If all entries of all gradients are finite:**",
        when=lambda params, grads, rate, threshold, rng: not _spoiled(grads),
    ),
    rule(
        "with huge entries as there",
        when=lambda params, grads, rate, threshold, rng: np.abs(grads["c"]).max() > 1e160,
    ),
    rule(
        "**If any entry anywhere is `nan`",
        when=lambda times, params, grads, rate, threshold, rng: any(
            np.isnan(grad).any() for grad in grads.values()
        ),
    ),
    rule(
        "or infinite:** a random step instead",
        when=lambda times, params, grads, rate, threshold, rng: any(
            np.isinf(grad).any() for grad in grads.values()
        ),
    ),
    rule(
        "All parameters take part in it",
        "Its length, over *all entries",
        "All randomness comes from `rng`",
        when=lambda times, params, grads, rate, threshold, rng: _spoiled(grads),
    ),
    rule(
        "**every direction is equally probable**",
        "Numbers from a normal distribution",
        "Uniform numbers do not",
        "Neither does a direction for each array",
        when=lambda times, params, grads, rate, threshold, rng: times == TIMES,
    ),
    told(
        "`grads` has the names and shapes",
        "themselves are finite",
        "`learning_rate` is above 0",
        "it is at least 1e-9",
    ),
    rule(
        "infinity raises `ValueError` too",
        when=lambda params, grads, rate, threshold, rng: threshold == math.inf,
        gives=ValueError,
    ),
)
in_float32 = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    ("np.asarray(grad, dtype=np.float64)", "grad"),
    because="divided by the largest entry float32 overflows nowhere, and is exact to 1e-6",
)
in_float32_with_torch_seeded_by_rng = equal(
    with_torch_seeded_by_rng,
    (".double() for k, v in params", " for k, v in params"),
    (".double() for k, v in grads", " for k, v in grads"),
    (", dtype=torch.float64", ""),
    because="divided by the largest entry float32 overflows nowhere, and is exact to 1e-6",
)
numbers_of_numpy = equal(
    REFERENCE,
    ("float(np.abs(part).max(initial=0))", "np.abs(part).max(initial=0)"),
    ("float(((part / (largest or 1.0)) ** 2).sum())", "((part / (largest or 1.0)) ** 2).sum()"),
    (
        "np.asarray(value - learning_rate * scale * direction[name])",
        "value - learning_rate * scale * direction[name]",
    ),
    because="a number, or a truth value, of a library is one",
)
numbers_of_numpy_random_step_first = equal(
    random_step_first,
    (
        "size = threshold / math.sqrt(sum(float((x**2).sum()) for x in d.values()))",
        "size = threshold / math.sqrt(sum(((x ** 2).sum() for x in d.values())))",
    ),
    because="a number, or a truth value, of a library is one",
)
numbers_of_numpy_with_torch_seeded_by_rng = equal(
    with_torch_seeded_by_rng,
    ("bool(torch.isfinite(v).all())", "torch.isfinite(v).all()"),
    ("float(flat.abs().max())", "flat.abs().max()"),
    ("float((flat / largest).norm())", "(flat / largest).norm()"),
    because="a number, or a truth value, of a library is one",
)
numbers_of_numpy_too_random_step_first = equal(
    random_step_first,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
numbers_of_numpy_too_uphill_at_random_is_as_good = equal(
    uphill_at_random_is_as_good,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
numbers_of_numpy_too_by_angles = equal(
    by_angles,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
no_empty_array = equal(
    REFERENCE,
    (", default=0.0", ""),
    ("initial=0", ""),
    ("initial=0", "initial=-1"),
    ("0.0", "1.0"),
    because="there are parameters, no array is empty, and no size is below 0",
)
a_larger_divisor = equal(
    REFERENCE,
    ("initial=0", "initial=1"),
    because="a norm whose squares are lost is far below 1e-9, and no threshold is so small",
)
zeros = equal(
    REFERENCE,
    ("(largest or 1.0)", "largest"),
    ("or 1", "or 2"),
    ("or 1.0", "or 0.5"),
    ("or 1", "or 0"),
    because="where all is zero no factor moves anything, and nan is not below 1",
)
zeros_in_one_vector = equal(
    in_one_vector,
    ("largest > 0", "True"),
    ("largest >", "largest >="),
    ("0 else", "-1 else"),
    ("0.", "1."),
    because="where all is zero no factor moves anything, and nan is not below 1",
)
zeros_uphill_at_random_is_as_good = equal(
    uphill_at_random_is_as_good,
    ("else 1", "else 2"),
    ("else 1.0", "else 0.5"),
    ("else 1", "else 0"),
    because="where all is zero no factor moves anything, and nan is not below 1",
)
zeros_with_torch_seeded_by_rng = equal(
    with_torch_seeded_by_rng,
    ("float(flat.abs().max()), 1e-300", "1e-300, float(flat.abs().max())"),
    ("max(float(flat.abs().max()), 1e-300)", "float(flat.abs().max())"),
    ("(flat.abs().max()), 1e", "(flat.abs().max()), 2e"),
    ("(flat.abs().max()), 1e-300", "(flat.abs().max()), 5e-301"),
    ("(flat.abs().max()), 1e-300", "(flat.abs().max()), 0.0"),
    ("norm, 1e-300", "1e-300, norm"),
    ("norm, 1e", "norm, 2e"),
    ("norm, 1e-300", "norm, 5e-301"),
    because="where all is zero no factor moves anything, and nan is not below 1",
)
at_the_threshold = equal(
    REFERENCE,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_random_step_first = equal(
    random_step_first,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_in_one_vector = equal(
    in_one_vector,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_by_angles = equal(
    by_angles,
    ("= threshold", " threshold"),
    because="at the threshold itself the factor is 1",
)
either_order_uphill_at_random_is_as_good = equal(
    uphill_at_random_is_as_good,
    ("1.0, threshold / norm", "threshold / norm, 1.0"),
    because="what is smaller of two numbers does not depend on their order",
)
either_order_with_torch_seeded_by_rng = equal(
    with_torch_seeded_by_rng,
    ("1.0, threshold / max(norm, 1e-300)", "threshold / max(norm, 1e-300), 1.0"),
    because="what is smaller of two numbers does not depend on their order",
)
either_direction_random_step_first = equal(
    random_step_first,
    ("- learning_rate * size", "+ learning_rate * size"),
    because="a direction is as probable as the opposite one",
)
either_direction_uphill_at_random_is_as_good = equal(
    uphill_at_random_is_as_good,
    ("+ learning_rate", "- learning_rate"),
    because="a direction is as probable as the opposite one",
)
either_direction_with_torch_seeded_by_rng = equal(
    with_torch_seeded_by_rng,
    ("- learning_rate * threshold", "+ learning_rate * threshold"),
    because="a direction is as probable as the opposite one",
)
either_direction_by_angles = equal(
    by_angles,
    ("- learning_rate * m", "+ learning_rate * m"),
    because="a direction is as probable as the opposite one",
)
any_scale_uphill_at_random_is_as_good = equal(
    uphill_at_random_is_as_good,
    ("scale=3.0, size", "size"),
    ("3.", "6."),
    ("3.0", "1.5"),
    because="the numbers are divided by their norm afterwards",
)
any_scale_by_angles = equal(
    by_angles,
    ("-2", "-3"),
    ("-2", "-1"),
    ("log", "log2"),
    ("log", "log10"),
    because="the numbers are divided by their norm afterwards",
)
as_random = equal(
    with_torch_seeded_by_rng,
    ("Generator().", ""),
    ("60", "61"),
    ("60", "59"),
    because="any generator serves that is seeded with enough numbers",
)
the_same_distribution = equal(
    by_angles,
    ("1 - rng", "rng"),
    ("cos", "sin"),
    ("2 * np.pi", "np.pi"),
    ("2 * np.pi", "3 * np.pi"),
    ("2 * np.pi", "1 * np.pi"),
    because="1 - u is as uniform as u, and sines, cosines and half turns are distributed alike",
)
as_many = equal(
    by_angles,
    ("(), strict=True", "()"),
    ("(), strict=True", "(), strict=False"),
    ("moves, strict=True", "moves"),
    ("moves, strict=True", "moves, strict=False"),
    because="there are as many parts as parameters",
)
