"""numerical_gradient: central differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close
from autograder.guest.recipes import Recipe

Function = Callable[[np.ndarray], float]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield functions of arrays of many shapes, with small and large steps."""
    for shape in ((3,), (2, 3), (2, 2, 2)):
        yield case("small", *_function(rng, shape))
        yield case("small", *_function(rng, shape), 1e-4)
    # So wavy that half of the eps that is the default, or twice as much, gives other numbers.
    yield case("small", *_function(rng, (3,), steep=60.0))
    function, x = _function(rng, (3,))
    yield case("small", function, 5.0 * x / np.abs(x).max())
    for shape in ((4,), (3, 2), (2,)):
        yield case("large", *_function(rng, shape), eps=float(rng.uniform(0.03, 0.1)))
    for shape in ((2, 2), (4,)):
        yield case("scratch", *_function(rng, shape, scribbles=True))
        yield case("scratch", *_function(rng, shape, scribbles=True), 0.05)
    yield case("special", *_function(rng, ()))
    yield case("special", *_function(rng, ()), float(rng.uniform(0.03, 0.1)))
    yield case("special", *_function(rng, (0,)))
    yield case("special", *_function(rng, (1,)), 0.02)
    yield case("special", *_function(rng, (2,)), 0.0)
    yield case("special", *_function(rng, (2,)), eps=-float(rng.uniform(1e-4, 0.1)))


def _function(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    scribbles: bool = False,
    steep: float = 1.0,
) -> tuple[Recipe, np.ndarray]:
    """Return a wavy function that couples the entries of its argument, and where to look at it."""
    heights = np.asarray(rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape))
    weights = np.asarray(rng.uniform(3, 8, size=shape) * rng.choice([-1, 1], size=shape))
    recipe = Recipe("waves", (heights, float(rng.uniform(1, 2)), steep * weights, scribbles))
    return recipe, np.asarray(rng.uniform(-1, 1, size=shape))


check = Check(
    groups={
        "small": Group("functions of arrays of one dimension and more, small eps", 1),
        "large": Group("large eps, where the formula is far from the derivative", 1),
        "scratch": Group("functions that change the array that they get", 1),
        "special": Group("no dimension, no entries, one entry, eps that is not positive", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6),
)


@alternative
def shaken_and_put_back(f: Function, x: np.ndarray, eps: float = 1e-4) -> np.ndarray:
    if eps <= 0:
        raise ValueError("eps must be positive")
    gradient = np.zeros_like(x)
    moved = x.copy()
    for index in np.ndindex(*x.shape):
        kept = float(moved[index])
        moved[index] = kept + eps
        above = f(moved.copy())
        moved[index] = kept - eps
        below = f(moved.copy())
        moved[index] = kept
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@alternative
def flat_loop(f: Function, x: np.ndarray, eps: float = 1e-4) -> np.ndarray:
    if not eps > 0:
        raise ValueError("eps must be positive")
    slopes = []
    for place in range(x.size):
        direction = np.zeros(x.size)
        direction[place] = eps
        direction = direction.reshape(x.shape)
        slopes.append((f(x + direction) - f(x - direction)) / (2 * eps))
    return np.array(slopes).reshape(x.shape)


@alternative
def with_nditer(f: Function, x: np.ndarray, eps: float = 1e-4) -> np.ndarray:
    if eps <= 0:
        raise ValueError("eps must be positive")
    gradient = np.empty(x.shape)
    places = np.nditer(x, flags=["multi_index", "zerosize_ok"])
    while not places.finished:
        kept = float(x[places.multi_index])
        moved = np.array(x)
        moved[places.multi_index] = kept + eps
        above = f(moved)
        moved = np.array(x)
        moved[places.multi_index] = kept - eps
        below = f(moved)
        gradient[places.multi_index] = (above - below) / 2 / eps
        places.iternext()
    return gradient


@alternative
def with_unit_vectors(f: Function, x: np.ndarray, eps: float = 1e-4) -> np.ndarray:
    if eps <= 0:
        raise ValueError(eps)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    halves = [0.5 * (f(x + eps * unit) - f(x - eps * unit)) / eps for unit in units]
    return np.array(halves, dtype=float).reshape(x.shape)


@alternative
def nested_lists(f: Function, x: np.ndarray, eps: float = 1e-4) -> object:
    if eps <= 0:
        raise ValueError(eps)

    def slope(index: tuple[int, ...]) -> float:
        above, below = np.array(x), np.array(x)
        above[index] += eps
        below[index] -= eps
        return (f(above) - f(below)) / (eps + eps)

    def slopes(index: tuple[int, ...]) -> object:
        if len(index) == x.ndim:
            return slope(index)
        return [slopes((*index, i)) for i in range(x.shape[len(index)])]

    return slopes(())


one_sided = slip(
    REFERENCE,
    ("        below[index] -= eps\n", ""),
    ("(2 * eps)", "eps"),
    loses=("small", "large", "scratch", "special"),
    hint="You look to one side only. The central difference compares a step above with a step below "
    "x, and its error shrinks with eps squared.",
)
divided_by_eps = slip(
    REFERENCE,
    ("(2 * eps)", "eps"),
    loses=("small", "large", "scratch", "special"),
    hint="From eps below to eps above is a distance of 2 eps; your differences are divided by eps.",
)
steps_back_to_x = slip(
    shaken_and_put_back,
    ("= kept - eps", "-= eps"),
    loses=("small", "large", "scratch", "special"),
    hint="Your two points are one eps apart, x + eps and x itself, but you divide by 2 eps. After "
    "the step up, the step down is 2 eps long.",
)
not_put_back = slip(
    shaken_and_put_back,
    ("        moved[index] = kept\n", ""),
    loses=("small", "large", "scratch"),
    hint="An entry that was shaken is not put back before the next one is shaken, so that later "
    "entries are looked at from another point than x.",
)
one_array_by_two_names = slip(
    REFERENCE,
    ("above, below = x.copy(), x.copy()", "above = below = x.copy()"),
    loses=("small", "large", "scratch", "special"),
    hint="All differences are 0: the point above and the point below are one and the same array, or "
    "both hold the same numbers. An assignment does not copy an array.",
)
all_entries_at_once = slip(
    REFERENCE,
    ("above[index] += eps", "above += eps"),
    ("below[index] -= eps", "below -= eps"),
    loses=("small", "large", "scratch"),
    hint="You shake all entries at the same time, which gives one number: the slope in one "
    "direction. Each entry of the gradient needs two calls of f in which only that entry moves.",
)
eps_ignored = slip(
    REFERENCE,
    ("    if eps", "    eps = 1e-4\n    if eps"),
    loses=("large", "scratch", "special"),
    hint="Your answer does not depend on eps. Use the one that is given, also where it is large.",
)
flat = slip(
    REFERENCE,
    ("return gradient", "return gradient.ravel() if x.ndim else gradient"),
    loses=("small", "large", "scratch"),
    hint="The gradient has the numbers, but not the shape of x: it is flat. An array of another "
    "shape needs its gradient in that shape.",
)
row_by_row = slip(
    REFERENCE,
    ("np.ndindex(*x.shape)", "range(len(x))"),
    loses=("small", "large", "scratch", "special"),
    hint="You loop over the first axis only, and shake a whole row at a time. Loop over every entry, "
    "for example with np.ndindex.",
)
one_working_copy = slip(
    shaken_and_put_back,
    ("above = f(moved.copy())", "above = f(moved)"),
    ("below = f(moved.copy())", "below = f(moved)"),
    loses="scratch",
    hint="You give f the same array again and again. An f that changes its array spoils the next "
    "call: give every call an array of its own.",
)

rules = (
    told("`f` takes an array of the shape of `x`", "It is a black box"),
    rule(
        "**Every call of `f` gets an array of its own",
        "An `f` may use the array that it gets as scratch space",
        when=lambda f, x, eps=1e-4: f.args[3],
    ),
    rule("one dimension, several", when=lambda f, x, eps=1e-4: x.ndim == 1 and x.size > 1),
    rule("several, none at all", when=lambda f, x, eps=1e-4: x.ndim > 2),
    rule("none at all (`np.array(1.5)`)", when=lambda f, x, eps=1e-4: x.ndim == 0),
    rule("or of size 0", when=lambda f, x, eps=1e-4: x.size == 0),
    rule("`x` is a float64 array", when=lambda f, x, eps=1e-4: np.abs(x).max() > 2),
    rule("also where it is large", when=lambda f, x, eps=1e-4: eps > 0.02),
    rule("An `eps` of 0 or less", when=lambda f, x, eps=1e-4: eps == 0, gives=ValueError),
    rule("0 or less raises `ValueError`", when=lambda f, x, eps=1e-4: eps < 0, gives=ValueError),
)
every_entry_is_written = equal(
    REFERENCE,
    ("zeros_like", "ones_like"),
    because="every entry of the gradient is written",
)
every_entry_is_written_shaken_and_put_back = equal(
    shaken_and_put_back,
    ("zeros_like", "ones_like"),
    because="every entry of the gradient is written",
)
x_is_put_back = equal(
    shaken_and_put_back,
    ("x.copy()", "x"),
    ("float(moved[index])", "moved[index]"),
    because="each entry is put back before the call ends, and f gets copies; an entry that was read is a number",
)
an_entry_is_a_number = equal(
    with_nditer,
    ("float(x[places.multi_index])", "x[places.multi_index]"),
    because="an entry that was read is a number",
)
floats_anyway = equal(
    with_unit_vectors,
    (", dtype=float", ""),
    because="quotients are floats, and an empty list makes an empty array of floats",
)
