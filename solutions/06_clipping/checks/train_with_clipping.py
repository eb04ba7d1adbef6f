"""train_with_clipping: where clipping belongs in the loop."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

import math
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
    equal,
    generator,
    misconception,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close
from autograder.guest.recipes import Recipe

from ..probes.models import PositionModel
from .drawing import SHAPES, draw_grads, draw_params, fresh
from .outcomes import ClippedTraining, Fresh

WORDS, WINDOW, HELD_OUT = 8, 2, 300
Batch = tuple[np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield trainings of small models, with gradients that explode here and there.

    Where they are not finite, a random step is .15 long, in more than a hundred dimensions.
    """
    for size, n_batches in ((8, 6), (5, 8)):
        yield _training(rng, "steps", 1.0, size, n_batches, [], float(rng.uniform(0.3, 0.45)))
    yield _training(rng, "steps", 1.0, 6, 5, [], 50.0)
    # A gradient of zeros has the norm 0, and moves nothing.
    yield _training(rng, "steps", 0.0, 6, 5, [1, 3], float(rng.uniform(0.3, 0.45)))
    # The first gradient is short, some of the others are long.
    yield _training(rng, "explosions", 1e200, 6, 5, [1, 4], float(rng.uniform(2.5, 3)), 0.3)
    for factor, spikes in ((1e6, [0, 3]), (1e280, [2])):
        yield _training(rng, "explosions", factor, 6, 5, spikes, float(rng.uniform(0.3, 0.6)))
    yield _planes(rng)
    for value, spikes in ((math.nan, [2, 4]), (-math.inf, [0])):
        yield _training(rng, "not finite", value, 6, 6, spikes, 1.0, 0.15)
    for value in (math.nan, math.inf):
        yield _training(rng, "not finite", value, 6, 1, [0], float(rng.uniform(0.1, 0.3)))
    begin = _begin(rng)
    gradients = Recipe("spiking gradients", (1.0,))
    several = {"scale": np.asarray(rng.normal()), **begin, "E": rng.normal(size=(3, 2))}
    for params in (begin, several):
        yield fresh("special", params, [], gradients, 0.5, 1.0, generator(rng))
    batch = _batches(rng, 6, 2, [])
    for threshold in (0.0, -1.0, math.nan, math.inf):
        args = (begin, batch, gradients, 0.5, threshold, generator(rng))
        yield Case("special", args, probe="fresh")
        yield Case("special", (begin, [], *args[2:]), probe="fresh")


def _begin(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "votes": rng.normal(size=(WINDOW, WORDS, WORDS)) * 0.3,
        "bias": rng.normal(size=WORDS) * 0.3,
    }


def _batches(rng: np.random.Generator, size: int, n_batches: int, spikes: list[int]) -> list[Batch]:
    """Return batches of text in which often one word follows, those of `spikes` marked by id 0."""
    batches = []
    for place in range(n_batches):
        contexts = rng.integers(1, WORDS, size=(size, WINDOW))
        if place in spikes:
            contexts[0, 0] = 0
        targets = np.where(rng.random(size) < 0.6, contexts[:, 1], rng.integers(WORDS, size=size))
        batches.append((contexts, targets))
    return batches


def _planes(rng: np.random.Generator) -> Case:
    """Return the case of gradients of which no model of text has the like.

    All entries of one are below 0, but for an array of zeros; another one is tiny; others come in
    float32, whose squares overflow.
    """
    below = {name: -np.abs(grad) for name, grad in draw_grads(rng, 1e200).items()}
    below["W_h"] = np.zeros(SHAPES["W_h"])
    planes = [below, draw_grads(rng, 1e-200), draw_grads(rng, 5e25, dtype="float32")]
    planes += [draw_grads(rng, 0.3, dtype="float32")]
    batches = [(np.array([[i, 1]]), np.array([2])) for i in rng.permutation(len(planes)).tolist()]
    gradients = Recipe("listed gradients", (planes,))
    args = (draw_params(rng), batches, gradients, 0.5, float(rng.uniform(0.5, 2)), generator(rng))
    exact = Fresh(Close(rtol=1e-5, atol=0.0, per_array=True))
    return Case("explosions", args, probe="fresh", compare=exact)


def _training(
    rng: np.random.Generator,
    group: str,
    factor: float,
    size: int,
    n_batches: int,
    spikes: list[int],
    threshold: float,
    learning_rate: float = 0.8,
) -> Case:
    held_out = rng.integers(WORDS, size=(HELD_OUT, WINDOW))
    truth = {"votes": rng.normal(size=(WINDOW, WORDS, WORDS)), "bias": rng.normal(size=WORDS)}
    probs = np.exp(PositionModel.log_probs(truth, held_out)).cumsum(axis=1)
    targets = (probs < rng.random((HELD_OUT, 1))).sum(axis=1).clip(max=WORDS - 1)
    args: tuple[Any, ...] = (
        held_out,
        _begin(rng),
        _batches(rng, size, n_batches, spikes),
        Recipe("spiking gradients", (factor,)),
        learning_rate * float(rng.uniform(0.9, 1.1)),
        threshold,
        generator(rng),
    )
    compare = ClippedTraining(targets, random=group == "not finite")
    return Case(group, args, probe="clipped training", compare=compare)


check = Check(
    groups={
        "steps": Group("small models, by what they say of held-out contexts", 2),
        "explosions": Group("gradients that explode, and stay finite", 1),
        "not finite": Group("gradients with a nan or an infinity in them", 1),
        "special": Group("no batches, and thresholds that are refused", 1),
    },
    draw=draw,
    compare=Fresh(Close(rtol=1e-6)),
    seconds_per_case=10.0,
)


@alternative
def in_one_vector(params, batches, gradients, learning_rate, threshold, rng):
    if not threshold > 0 or np.isinf(threshold):
        raise ValueError("threshold")
    names = list(params)
    shapes = [np.shape(params[k]) for k in names]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    theta = np.concatenate([np.ravel(params[k]).astype(float) for k in names])

    def unpack(flat):
        parts = np.split(flat, ends)
        return {k: p.reshape(s).copy() for k, p, s in zip(names, parts, shapes)}

    norms = []
    for contexts, targets in batches:
        grads = gradients(unpack(theta), contexts, targets)
        g = np.concatenate([np.ravel(grads[k]) for k in names])
        largest = np.abs(g).max()
        norm = largest
        if np.isfinite(g).all():
            norm = np.linalg.norm(g / largest) * largest if largest else 0.0
            g = g * min(1.0, threshold / norm) if norm else g
        else:
            g = rng.normal(size=len(theta))
            g *= threshold / np.linalg.norm(g)
        norms.append(norm)
        theta = theta - learning_rate * g
    return unpack(theta), np.array(norms)


@alternative
def with_functions_of_its_own(params, batches, gradients, learning_rate, threshold, rng):
    def norm_of(grads):
        entries = [float(x) for g in grads.values() for x in np.ravel(g)]
        return math.nan if any(map(math.isnan, entries)) else math.hypot(*entries)

    def scaled(grads, length):
        return {k: g * length for k, g in grads.items()}

    if math.isnan(threshold) or threshold <= 0 or threshold == math.inf:
        raise ValueError("threshold")
    now, norms = {k: np.copy(p) for k, p in params.items()}, []
    for batch in batches:
        grads = gradients(now, *batch)
        norms.append(norm_of(grads))
        if not math.isfinite(norms[-1]):
            noise = {k: rng.standard_normal(p.shape) for k, p in now.items()}
            grads = scaled(noise, threshold / norm_of(noise))
        elif norms[-1] > threshold:
            grads = scaled(grads, threshold / norms[-1])
        now = {k: p - learning_rate * grads[k] for k, p in now.items()}
    return now, norms


@alternative
def with_torch(params, batches, gradients, learning_rate, threshold, rng):
    import torch

    if not 0 < threshold < math.inf:
        raise ValueError("threshold")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    norms = []
    for contexts, targets in batches:
        now = {k: v.numpy().copy() for k, v in p.items()}
        g = {k: torch.tensor(v) for k, v in gradients(now, contexts, targets).items()}
        flat = torch.cat([v.flatten() for v in g.values()])
        largest = flat.abs().max()
        norm = (flat / largest).norm() * largest if 0 < largest < math.inf else largest
        norms.append(norm.item())
        if not torch.isfinite(norm):
            g = {k: torch.tensor(rng.normal(size=tuple(v.shape))) for k, v in p.items()}
            norm = torch.cat([v.flatten() for v in g.values()]).norm()
            g = {k: v * threshold / norm for k, v in g.items()}
        elif norm > threshold:
            g = {k: v / norm * threshold for k, v in g.items()}
        p = {k: v - learning_rate * g[k] for k, v in p.items()}
    return p, norms


@misconception(
    "steps",
    "explosions",
    "not finite",
    hint="Each example's gradient is clipped, and the mean is taken afterwards. Clipping comes after the "
    "mean of the batch: long and short ones are no longer weighed rightly otherwise.",
)
def clipped_before_the_mean(params, batches, gradients, learning_rate, threshold, rng):
    if not 0 < threshold < math.inf:
        raise ValueError(threshold)
    params, norms = {k: np.array(p) for k, p in params.items()}, []
    for contexts, targets in batches:
        whole = {k: np.zeros(p.shape) for k, p in params.items()}
        mean = {k: np.zeros(p.shape) for k, p in params.items()}
        for i in range(len(targets)):
            g = gradients(params, contexts[i : i + 1], targets[i : i + 1])
            whole = {k: whole[k] + g[k] / len(targets) for k in g}
            if not all(np.isfinite(a).all() for a in g.values()):
                g = {k: 1e9 * rng.normal(size=p.shape) for k, p in params.items()}
            norm = math.hypot(*(float(x) for a in g.values() for x in np.ravel(a)))
            scale = threshold / norm if norm > threshold else 1.0
            mean = {k: mean[k] + scale * g[k] / len(targets) for k in g}
        entries = [float(x) for a in whole.values() for x in np.ravel(a)]
        norms.append(math.nan if any(map(math.isnan, entries)) else math.hypot(*entries))
        params = {k: p - learning_rate * mean[k] for k, p in params.items()}
    return params, norms


never_clipped = slip(
    REFERENCE,
    ("threshold / norm if norm > threshold else 1.0", "1.0"),
    loses=("steps", "explosions"),
    hint="The gradients are not clipped.",
)
step_clipped = slip(
    REFERENCE,
    (
        "threshold / norm if norm > threshold else 1.0",
        "min(1.0, threshold / (learning_rate * norm))",
    ),
    loses=("steps", "explosions"),
    hint="You clip the step, after the multiplication with the learning rate. The gradient is clipped "
    "first: a step is at most learning_rate times threshold long.",
)
norms_after_clipping = slip(
    REFERENCE,
    ("        norms.append(norm)\n", ""),
    ("else 1.0\n", "else 1.0\n        norms.append(scale * norm)\n"),
    loses=("steps", "explosions", "not finite"),
    hint="Your norms are those after clipping, which are never above the threshold. Asked for are those "
    "before it: they say how often it clips, and how much.",
)
each_by_its_own = slip(
    REFERENCE,
    (
        "scale = threshold / norm if norm > threshold else 1.0",
        (
            "scale = 1.0\n"
            "        for name, grad in direction.items():\n"
            "            direction[name] = grad * min(1.0, threshold / max(math.hypot(*np.ravel(grad)), 1e-300))"
        ),
    ),
    loses=("steps", "explosions"),
    hint="Each parameter is clipped by its own norm. The norm is that of all together.",
)
gradients_at_the_start = slip(
    REFERENCE,
    ("    params, norms =", "    start = params\n    params, norms ="),
    ("gradients(params,", "gradients(start,"),
    loses=("steps", "explosions"),
    hint="All gradients are computed at the first parameters. That of a batch is taken where the steps "
    "before have led.",
)
squares_overflow = slip(
    REFERENCE,
    ("(size / largest) ** 2", "size**2"),
    ("norm *= math", "norm = math"),
    ("not math.isfinite(norm)", "not all(np.isfinite(size).all() for size in sizes)"),
    loses="explosions",
    hint="A huge gradient becomes 0, or no step is taken: its squares overflow, and the norm is infinite. "
    "It is finite if you divide by the largest entry first.",
    overflows=True,
)
nan_let_through = slip(
    REFERENCE,
    ("not math.isfinite(norm)", "norm == math.nan"),
    loses="not finite",
    hint="A nan or an infinity gets into the parameters, and from there into everything: nan > threshold "
    "is False. Where an entry is not finite, take a random step.",
    overflows=True,
)
no_step = slip(
    REFERENCE,
    ("threshold / math.sqrt(sum(float((d**2).sum()) for d in direction.values()))", "0.0"),
    loses="not finite",
    hint="Where a gradient is not finite you take no step. Asked for is a random one, of the length "
    "learning_rate times threshold.",
    overflows=True,
)
norm_left_out = slip(
    REFERENCE,
    (
        "        norms.append(norm)\n",
        "        if math.isfinite(norm):\n            norms.append(norm)\n",
    ),
    loses="not finite",
    hint="Batches whose gradient is not finite have no norm in your list. There is one for each batch: "
    "nan or infinite where the gradient is.",
    overflows=True,
)
same_arrays_back = slip(
    REFERENCE,
    ("{name: np.array(value) for name, value in params.items()}", "dict(params)"),
    loses="special",
    hint="Without batches you return the arrays that came. Return copies.",
)


def _first_ids(batches: list[Batch]) -> list[int]:
    """Return the first id of each batch: 0 is that of one whose gradient is changed."""
    return [int(contexts[0, 0]) for contexts, _ in batches]


rules = (
    told("`batches` is a list of pairs", "`gradients(params, contexts, targets)`", "It is given"),
    rule(
        "There is **one update for each batch**",
        when=lambda held_out, params, batches, gradients, rate, threshold, rng: len(batches) > 5,
    ),
    rule(
        "the gradient of the batch clipped by its joint norm",
        "and without overflow",
        when=lambda held_out, params, batches, gradients, rate, threshold, rng: (
            1e100 < gradients.args[0] < math.inf and 0 in _first_ids(batches)
        ),
    ),
    rule(
        "or a random step where it is not finite",
        "`nan` or infinite where an entry is",
        when=lambda held_out, params, batches, gradients, rate, threshold, rng: math.isnan(
            gradients.args[0]
        ),
    ),
    rule(
        "`nan` or infinite where an entry is",
        when=lambda held_out, params, batches, gradients, rate, threshold, rng: math.isinf(
            gradients.args[0]
        ),
    ),
    rule(
        "`params` that come back are new arrays",
        "No batches: a copy of `params`",
        when=lambda params, batches, gradients, rate, threshold, rng: not batches,
        gives=lambda outcome: outcome["with new arrays"],
    ),
    rule(
        "A threshold that is not above 0",
        when=lambda params, batches, gradients, rate, threshold, rng: threshold <= 0,
        gives=ValueError,
    ),
    rule(
        "or not finite, raises `ValueError`",
        when=lambda params, batches, gradients, rate, threshold, rng: threshold == math.inf,
        gives=ValueError,
    ),
    rule(
        "also where there are no batches",
        when=lambda params, batches, gradients, rate, threshold, rng: not batches,
        gives=ValueError,
    ),
)
float64_anyway = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    ("np.asarray(grad, dtype=np.float64)", "grad"),
    because="divided by the largest entry float32 overflows nowhere, and is exact to 1e-6",
)
float64_anyway_with_torch = equal(
    with_torch,
    (".double()", ""),
    because="parameters of float32 are exact to 1e-6",
)
there_are_parameters = equal(
    REFERENCE,
    (", default=0.0", ""),
    ("initial=0", ""),
    ("initial=0", "initial=-1"),
    ("0.", "1."),
    because="there are parameters, no array is empty, and no size is below 0",
)
zeros = equal(
    REFERENCE,
    ("or 1", "or 2"),
    ("or 1.0", "or 0.5"),
    because="zeros are divided by any number",
)
numbers_of_numpy = equal(
    REFERENCE,
    ("float(size.max(initial=0))", "size.max(initial=0)"),
    ("float(((size / largest) ** 2).sum())", "((size / largest) ** 2).sum()"),
    (
        "scale = threshold / math.sqrt(sum(float((d**2).sum()) for d in direction.values()))",
        "scale = threshold / math.sqrt(sum(((d ** 2).sum() for d in direction.values())))",
    ),
    because="a number of a library is a number, and a list of them as good as an array",
)
numbers_of_numpy_in_one_vector = equal(
    in_one_vector,
    ("np.array(norms)", "norms"),
    because="a number of a library is a number, and a list of them as good as an array",
)
numbers_of_numpy_with_torch = equal(
    with_torch,
    (".item()", ""),
    because="a number of a library is a number, and a list of them as good as an array",
)
numbers_of_numpy_too = equal(
    with_functions_of_its_own,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
at_the_threshold = equal(
    REFERENCE,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_with_functions_of_its_own = equal(
    with_functions_of_its_own,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_with_torch = equal(
    with_torch,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
any_order = equal(
    in_one_vector,
    ("list(params)", "params"),
    ("list", "sorted"),
    ("1.0, threshold / norm", "threshold / norm, 1.0"),
    because="names serve in any order, and so do two numbers of which the smaller one is taken",
)
parts_of_one_vector = equal(
    in_one_vector,
    ("[:-1]", "[:]"),
    (".copy()", ""),
    because="zip drops an empty rest, and the parts of a new vector are arrays that nobody else has",
)
nan_stays = equal(
    with_functions_of_its_own,
    ("any(map(math.isnan, entries))", "False"),
    ("any", "all"),
    because="math.hypot of nan is nan, where nothing is infinite",
)
written_nowhere = equal(
    with_torch,
    (".copy()", ""),
    because="nobody writes into what the gradients were computed from",
)
a_size = equal(
    with_torch,
    ("tuple(v.shape)", "v.shape"),
    because="torch's size is a tuple",
)
