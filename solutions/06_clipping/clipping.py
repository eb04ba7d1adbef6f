# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 06: Cliffs and clipping
#
# The gradient of a recurrent network is tiny for hundreds of updates, and then, on one, it is a million. One step with that gradient undoes all that was learned. The remedy of Pascanu, Mikolov and Bengio (2013) is a line of code: where the norm of the gradient is above a threshold, shorten it. You write that line, find out how much can be wrong with it, meet the wall of which the paper draws a picture, walk into it with and without the remedy, and train a language model both ways.
#
# **You need:** assignments 02 (gradient descent) and 04 (what is trained here). Lecture 06 helps, and lecture 05 for the one unit of questions 5 to 7.
#
# **Time:** 6 to 8 hours for the core (questions 1 to 9 and the written question), 3 more for the stretch (questions 10 to 12).
#
# **Points:** 40 for the core count as full marks; the 11 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one: where a question starts from what another one computes, it gets that as an argument. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read. `nextword.dynamics` cannot be imported in this notebook: it draws the lectures, and holds some of what is asked here.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call. **What you return are new arrays**, also where nothing had to be changed: who gets them may go on to write into them. (Question 12 is about torch and says otherwise.)
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * *Gradients* are a dict of arrays by the names of the parameters, in any order: `{"W_h": ..., "b": ...}`, of any names and shapes, single numbers (shape `()`) among them, none of them without entries, in float64 or in float32. The answer has the same names and shapes. A number is compared to a relative accuracy of 1e-5, an array to 1e-5 of its largest entry, unless a question says otherwise.
# * **The norm** of gradients is that of *all entries of all arrays together*, as if they stood in one long vector, $\lVert g \rVert = \sqrt{\sum_i g_i^2}$.
# * A threshold, a limit or a factor that is not above 0, or is `nan`, raises `ValueError`, whatever the other arguments are. `math.inf` is allowed as a threshold or a limit (a factor is finite): nothing is above it. *Whatever the other arguments are* means: also where there is nothing to clip, no step to take and no batch. Where the statement says that something else raises `ValueError`, it does so; other wrong arguments do not come.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there. `print` what you like.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from nextword.withheld import withhold

withhold("nextword.dynamics")


def logistic(x: float) -> float:
    """Return 1 / (1 + e^-x) of a number."""
    return 1 / (1 + math.exp(-x))


def close(got: object, expected: object) -> bool:
    """Return whether two numbers or arrays agree, their shapes included."""
    if isinstance(got, torch.Tensor):
        got = got.detach()
    try:
        array = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    wanted = np.asarray(expected, dtype=float)
    return array.shape == wanted.shape and np.allclose(
        array, wanted, rtol=2e-5, atol=1e-6, equal_nan=True
    )


def all_close(got: object, expected: Mapping[str, object]) -> bool:
    """Return whether two dicts of arrays agree, their names and shapes included."""
    return (
        isinstance(got, Mapping)
        and got.keys() == expected.keys()
        and all(close(got[name], expected[name]) for name in expected)
    )


def refuses(function, *args) -> bool:
    """Return whether a call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


def share_memory(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Return whether an array of one dict lies where an array of the other one does."""
    return any(
        np.may_share_memory(np.asarray(ours), np.asarray(theirs))
        for ours in one.values()
        for theirs in other.values()
    )


# %% [markdown]
# ## 1. The norm of everything
#
# Everything below starts from one number: how long is the gradient? 004 (section 10.11.1) is precise about it: the gradient of *all* parameters, weights and biases, is taken jointly.
#
# **Write `global_norm(grads)`.** Return one number.
#
# * No arrays at all, or arrays of zeros: 0.
# * **It must not overflow where the norm itself does not.** Exploding gradients are what this assignment is about: entries may be as large as 1e300 (1e30 in float32), and their squares are more than the format holds. They may also be as small as 1e-300, and their squares are rounded to 0. Look for the largest entry first, and divide by it.
# * If an entry is `nan`, the norm is `nan`. If one is infinite, the norm is infinite. (Both at once does not come.)

# %% nbgrader={"grade": false, "grade_id": "global_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def global_norm(grads: Mapping[str, np.ndarray]) -> float:
    """Return the Euclidean norm of all gradients together.

    Parameters
    ----------
    grads
        Arrays by name.

    Returns
    -------
    norm
        0 for none; nan or infinite where an entry is.
    """
    ### BEGIN SOLUTION
    sizes = [np.abs(np.asarray(grad, dtype=np.float64)) for grad in grads.values()]
    largest = float(np.max([0.0, *(size.max(initial=0) for size in sizes)]))  # nan stays nan
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(((size / largest) ** 2).sum()) for size in sizes))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "global_norm-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
norm = global_norm({"W": np.array([[3.0, 0.0], [0.0, 0.0]]), "b": np.array([-4.0])})
assert close(norm, 5.0), (
    "3 in W and -4 in b are one vector: sqrt(9 + 16) = 5, not the sum of two norms, nor the larger "
    f"one, nor the square: {norm}"
)
norm = global_norm({"W": np.array([[1.0, 1.0], [1.0, -1.0]])})
assert close(norm, 2.0), (
    f"the root of the sum of squares of all four entries: 2, not {norm} (a mean divides by 4; the "
    "largest singular value of W is sqrt(2))"
)
norm = global_norm({"scale": np.array(-2.0), "b": np.zeros(3)})
assert close(norm, 2.0), f"a single number is an array of shape (): its norm is 2, not {norm}"
assert close(global_norm({}), 0.0), f"no gradients: 0, not {global_norm({})}"
assert close(global_norm({"b": np.zeros(3)}), 0.0), "zeros have the norm 0"
norm = global_norm({"W": np.array([3e200]), "b": np.array([4e200])})
assert close(min(norm, 1e300) / 1e200, 5.0), (
    f"(3e200)^2 is more than a float holds, 5e200 is not: expected 5e200, not {norm}"
)
norm = global_norm({"W": np.array([3e-200]), "b": np.array([4e-200])})
assert close(norm / 1e-200, 5.0), f"(3e-200)^2 is rounded to 0, 5e-200 is not, and came {norm}"
norm = global_norm({"W": np.array([3e25, 4e25], dtype=np.float32)})
assert close(min(norm, 1e300) / 1e25, 5.0), (
    f"in float32 the squares overflow from 2e19 on: expected 5e25, not {norm}"
)
norm = global_norm({"W": np.ones(2), "b": np.array([1.0, np.nan])})
assert math.isnan(norm), f"one nan makes the norm nan, or nobody would notice: {norm}"
for zeros in ([np.nan, 0.0, 0.0], [0.0, 0.0, np.nan]):
    norm = global_norm({"W": np.zeros(2), "b": np.array(zeros), "c": np.zeros(1)})
    assert math.isnan(norm), (
        f"a nan among zeros makes the norm nan as well, not {norm} (max(0.0, nan) is 0.0: python's max "
        "keeps the first where a comparison is False)"
    )
norm = global_norm({"W": np.array([1.0, -np.inf]), "b": np.ones(2)})
assert norm == math.inf, f"one infinite entry makes the norm infinite: {norm}"


# %% nbgrader={"grade": true, "grade_id": "global_norm-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: gradients of many shapes, huge and tiny ones, and none, zeros, nan and infinity.
### BEGIN HIDDEN TESTS
# collect global_norm
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Where to clip?
#
# The threshold is one more hyperparameter. 002 (section 3.2): *one good heuristic for setting this threshold is to look at statistics on the average norm over a sufficiently large number of updates. In our experience values from half to ten times this average can still yield convergence.*
#
# **Write `suggest_threshold(norms, factor)`**, which returns `factor` times the mean norm, one number.
#
# * `norms` is a list, or an array of float64, of the norms of some updates, 0 or more each. Some may be `nan` or infinite: **these are left out**, and the mean is over the others. A norm of 0 is a norm.
# * Where no finite norm is left, or all that are left are 0, there is nothing to suggest: `ValueError`. And, as everywhere, where `factor` is not above 0, or is `nan`.

# %% nbgrader={"grade": false, "grade_id": "suggest_threshold", "locked": false, "schema_version": 3, "solution": true, "task": false}
def suggest_threshold(
    norms: Sequence[float] | Float[np.ndarray, " updates"], factor: float
) -> float:
    """Return a threshold for the norm, from the norms of some updates.

    Parameters
    ----------
    norms
        Of the gradients of some updates; those that are not finite do not count.
    factor
        How many times the mean. In 002, from 0.5 to 10.

    Returns
    -------
    threshold
        Above 0.
    """
    ### BEGIN SOLUTION
    if not factor > 0:
        raise ValueError(f"expected a factor above 0, not {factor}")
    finite = np.asarray(norms, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.any():
        raise ValueError("expected a finite norm above 0")
    return float(factor * finite.mean())
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "suggest_threshold-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
threshold = suggest_threshold([1.0, 2.0, 9.0], 1.0)
assert close(threshold, 4.0), (
    f"the mean of 1, 2 and 9 is 4 (the median is 2, the largest 9, the sum 12), not {threshold}"
)
threshold = suggest_threshold(np.array([1.0, 2.0, 9.0]), 0.5)
assert close(threshold, 2.0), f"half the mean is 2, not {threshold}"
threshold = suggest_threshold([0.0, 4.0], 10)
assert close(threshold, 20.0), f"a norm of 0 counts: 10 times 2, not {threshold}"
threshold = suggest_threshold([1.0, math.nan, 3.0, math.inf], 1.0)
assert close(threshold, 2.0), (
    f"nan and infinity are left out, and the others are two: (1 + 3) / 2 = 2, not {threshold}"
)
assert refuses(suggest_threshold, [math.nan, math.inf], 1.0), "no finite norm: a ValueError"
assert refuses(suggest_threshold, [], 1.0), "no norms at all: a ValueError"
assert refuses(suggest_threshold, [0.0, 0.0], 1.0), "0 is no threshold: a ValueError"
assert refuses(suggest_threshold, [1.0], 0.0), "a factor of 0: a ValueError"
for bad in (-2.0, math.nan):
    assert refuses(suggest_threshold, [1.0], bad), f"a factor of {bad}: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "suggest_threshold-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: finite norms, norms that are not, and what is refused.
### BEGIN HIDDEN TESTS
# collect suggest_threshold
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Clipping by value
#
# Practitioners clipped before they knew why. Mikolov (2012) cut each entry of the gradient by itself, just before the update: what is above $c$ becomes $c$, what is below $-c$ becomes $-c$. (002 says of his thesis that he did so to each *temporal component*; 004 says it of the gradient of a minibatch, and that is what you write.) The direction changes; what that means for a step, the written question asks.
#
# **Write `clip_by_value(grads, limit)`**, which returns a dict of new arrays, every entry cut to lie from `-limit` to `limit`.
#
# * **If any entry of any array is `nan` or infinite, nothing is clipped**: the answer is a copy of all gradients as they came. An infinite entry that is turned into `limit` would look like any other, and whoever comes next could not see that something went wrong. What to do then is question 8.
# * No arrays: an empty dict.

# %% nbgrader={"grade": false, "grade_id": "clip_by_value", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_value(grads: Mapping[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """Return the gradients with each entry cut to -limit ... limit.

    Parameters
    ----------
    grads
        Arrays by name.
    limit
        Above 0; may be infinite.

    Returns
    -------
    clipped
        New arrays. Copies of the old ones where an entry is not finite.
    """
    ### BEGIN SOLUTION
    if not limit > 0:
        raise ValueError(f"expected a limit above 0, not {limit}")
    arrays = {name: np.array(grad) for name, grad in grads.items()}
    if not all(np.isfinite(grad).all() for grad in arrays.values()):
        return arrays
    return {name: np.clip(grad, -limit, limit) for name, grad in arrays.items()}
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "clip_by_value-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
grads = {"W": np.array([[3.0, -0.5], [-7.0, 1.0]]), "b": np.array([0.25, 2.0])}
before = {name: grad.copy() for name, grad in grads.items()}
clipped = clip_by_value(grads, 1.0)
assert all_close(clipped, {"W": [[1.0, -0.5], [-1.0, 1.0]], "b": [0.25, 1.0]}), (
    "every entry by itself: 3 becomes 1, -7 becomes -1 (it keeps its sign, and is not set to 0), "
    f"and what lies within stays as it is. Came:\n{clipped}"
)
assert all_close(grads, before), f"the gradients that came must not change: {grads}"
small = clip_by_value(grads, 100.0)
assert all_close(small, before), f"nothing is above 100: all stays as it is, not {small}"
assert not share_memory(small, grads), "new arrays, also where nothing was clipped"
assert all_close(clip_by_value(grads, math.inf), before), "an infinite limit: nothing is above it"
one_nan = {"W": np.array([5.0, -5.0]), "b": np.array([np.nan, 2.0])}
left = clip_by_value(one_nan, 1.0)
assert all_close(left, one_nan), f"a nan in b: everything stays as it came, W too, not {left}"
one_inf = {"W": np.array([5.0, -5.0]), "b": np.array([-np.inf, 2.0])}
left = clip_by_value(one_inf, 1.0)
assert all_close(left, one_inf), (
    f"an infinite entry must not be hidden: everything stays as it came, not {left}"
)
assert not share_memory(left, one_inf), "copies, here too"
assert all_close(clip_by_value({}, 1.0), {}), "no gradients: an empty dict"
for bad in (0.0, -1.0, math.nan):
    assert refuses(clip_by_value, grads, bad), f"a limit of {bad}: a ValueError"
    assert refuses(clip_by_value, {}, bad), f"a limit of {bad}: a ValueError, also for no gradients"


# %% nbgrader={"grade": true, "grade_id": "clip_by_value-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: gradients of many shapes, nan and infinity, and what is refused.
### BEGIN HIDDEN TESTS
# collect clip_by_value
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Clipping by norm
#
# Algorithm 1 of 002, and equations 10.48 and 10.49 of 004: where the norm is above the threshold $v$, all entries are multiplied by one number.
#
# $$g \leftarrow \begin{cases} g \, v / \lVert g \rVert & \text{if } \lVert g \rVert > v \\ g & \text{otherwise} \end{cases}$$
#
# So the direction stays, and the length is at most $v$.
#
# **Write `clip_by_norm(grads, threshold)`**, which returns a dict of new arrays.
#
# * $\lVert g \rVert$ is the joint norm of question 1, which must not overflow: gradients with entries of 1e300 (1e30 in float32) are clipped to the threshold, in their direction, and not to 0.
# * With a norm of exactly `threshold`, or below it, nothing changes. A short gradient is not made longer.
# * **If any entry of any array is `nan` or infinite, nothing is clipped**: the answer is a copy of all gradients as they came, as in question 3.
# * No arrays: an empty dict.

# %% nbgrader={"grade": false, "grade_id": "clip_by_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_norm(grads: Mapping[str, np.ndarray], threshold: float) -> dict[str, np.ndarray]:
    """Return the gradients, shortened where their joint norm is above the threshold.

    Parameters
    ----------
    grads
        Arrays by name.
    threshold
        Above 0; may be infinite.

    Returns
    -------
    clipped
        New arrays. Copies of the old ones where an entry is not finite.
    """
    ### BEGIN SOLUTION
    if not threshold > 0:
        raise ValueError(f"expected a threshold above 0, not {threshold}")
    arrays = {name: np.array(grad) for name, grad in grads.items()}
    sizes = [np.abs(grad.astype(np.float64)) for grad in arrays.values()]
    largest = max((float(size.max(initial=0)) for size in sizes), default=0.0)
    if largest == 0 or not all(np.isfinite(size).all() for size in sizes):
        return arrays
    norm = largest * math.sqrt(sum(float(((size / largest) ** 2).sum()) for size in sizes))
    scale = min(1.0, threshold / norm)
    return {name: grad * scale for name, grad in arrays.items()}
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "clip_by_norm-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
grads = {"W": np.array([[3.0, 0.0], [0.0, 0.0]]), "b": np.array([-4.0, 0.0])}
before = {name: grad.copy() for name, grad in grads.items()}
clipped = clip_by_norm(grads, 1.0)
assert all_close(clipped, {"W": [[0.6, 0.0], [0.0, 0.0]], "b": [-0.8, 0.0]}), (
    "the joint norm is 5: everything times 1 / 5. Each array by its own norm would be 1 and -1; so "
    f"would each entry by its value. Came:\n{clipped}"
)
assert all_close(grads, before), f"the gradients that came must not change: {grads}"
clipped = clip_by_norm(grads, 4.5)
assert all_close(clipped, {"W": [[2.7, 0.0], [0.0, 0.0]], "b": [-3.6, 0.0]}), (
    "5 is above 4.5, so all is multiplied by 4.5 / 5 = 0.9, though neither array is longer than "
    f"4.5 by itself: {clipped}"
)
clipped = clip_by_norm({"b": np.array([0.3, 0.4])}, 0.3)
assert all_close(clipped, {"b": [0.18, 0.24]}), (
    f"0.5 is above 0.3, though its square, 0.25, is not: times 0.6, not {clipped}"
)
tiny = clip_by_norm({"b": np.array([3e-3, -4e-3])}, 1e-3)
assert close(np.asarray(tiny["b"]) / 1e-3, [0.6, -0.8]), (
    f"a norm of 5e-3 is cut to 1e-3: (6e-4, -8e-4), not {tiny['b']}. Is something added to the norm? A "
    "norm that is above a threshold is not 0"
)
exact = clip_by_norm(grads, 5.0)
assert all_close(exact, before), f"a norm of exactly the threshold: nothing changes, not {exact}"
short = clip_by_norm(grads, 10.0)
assert all_close(short, before), f"5 is below 10: a short gradient is not made longer: {short}"
assert not share_memory(short, grads), "new arrays, also where nothing was clipped"
zeros = {"W": np.zeros((2, 2)), "b": np.zeros(2)}
assert all_close(clip_by_norm(zeros, 1.0), zeros), "zeros stay zeros: mind the division by 0"
assert all_close(clip_by_norm({}, 1.0), {}), "no gradients: an empty dict"
assert all_close(clip_by_norm(grads, math.inf), before), "an infinite threshold: no clipping"
huge = clip_by_norm({"W": np.array([3e200]), "b": np.array([-4e200])}, 1.0)
assert all_close(huge, {"W": [0.6], "b": [-0.8]}), (
    f"3e200 and -4e200 have the norm 5e200, which is clipped to (0.6, -0.8), not to 0: {huge}"
)
huge = clip_by_norm({"W": np.array([3e25, -4e25], dtype=np.float32)}, 1.0)
assert all_close(huge, {"W": [0.6, -0.8]}), f"and so in float32, which overflows sooner: {huge}"
one_nan = {"W": np.array([5.0, -5.0]), "b": np.array([np.nan, 2.0])}
left = clip_by_norm(one_nan, 1.0)
assert all_close(left, one_nan), f"a nan in b: everything stays as it came, W too, not {left}"
assert not share_memory(left, one_nan), "copies, here too"
one_inf = {"W": np.array([5.0, -5.0]), "b": np.array([-np.inf, 2.0])}
left = clip_by_norm(one_inf, 1.0)
assert all_close(left, one_inf), (
    f"an infinite norm: everything stays as it came, W too, not {left} (1 / inf is 0, inf * 0 nan)"
)
for bad in (0.0, -1.0, math.nan):
    assert refuses(clip_by_norm, grads, bad), f"a threshold of {bad}: a ValueError"
    assert refuses(clip_by_norm, {}, bad), (
        f"a threshold of {bad}: a ValueError, also for no gradients"
    )

# %% nbgrader={"grade": true, "grade_id": "clip_by_norm-graded", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# 6 points, graded when you submit: long and short gradients, huge ones, nan and infinity, and what is refused.
### BEGIN HIDDEN TESTS
# collect clip_by_norm
### END HIDDEN TESTS

# %% [markdown]
# What do the two clippings do to one and the same gradient? Here are arrows in the plane: a long gradient, what your two functions make of it, and the angle by which the direction was turned.

# %% tags=["exploration", "raises-exception"]
import matplotlib.pyplot as plt

from nextword.pictures import plots

gradient = {"w": np.array(4.0), "b": np.array(1.2)}
arrows = {
    "gradient": (gradient, plots.BLACK),
    "by norm, 2": (clip_by_norm(gradient, 2.0), plots.BLUE),
    "by value, 1": (clip_by_value(gradient, 1.0), plots.ORANGE),
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(8, 4.2))
    axis.set_aspect("equal")
    axis.add_patch(plt.Circle((0, 0), 2, fill=False, color=plots.BLUE, linestyle=":"))
    axis.add_patch(plt.Rectangle((-1, -1), 2, 2, fill=False, color=plots.ORANGE, linestyle=":"))
    for label, (arrow, colour) in arrows.items():
        tip = float(arrow["w"]), float(arrow["b"])
        axis.annotate("", tip, (0, 0), arrowprops={"color": colour, "width": 2, "headwidth": 10})
        axis.plot([], [], color=colour, linewidth=3, label=label)
    axis.set(xlabel="derivative by w", ylabel="derivative by b", xlim=(-2.3, 4.6), ylim=(-2.2, 2.2))
    axis.legend(loc="lower right")
turned = math.degrees(
    math.atan2(arrows["by value, 1"][0]["b"], arrows["by value, 1"][0]["w"]) - math.atan2(1.2, 4.0)
)
plots.show(
    figure,
    "Three arrows from one point. The gradient (4, 1.2) is long. Clipped by norm it ends on a circle "
    "of radius 2 and points the same way. Clipped by value it ends in the corner of a square, and is "
    f"turned by {turned:.0f} degrees.",
)
print(f"clipping by value turned the direction by {turned:.1f} degrees")


# %% [markdown]
# ## 5. One unit, fifty steps
#
# Where do long gradients come from? 002 looks at the smallest recurrent network there is (eq. 8 and Fig. 6): one unit, no input, two parameters. **Mind the form:** 002 puts the nonlinearity *inside*, and it is the *logistic function*, $\sigma(x) = 1 / (1 + e^{-x})$. Everywhere else in this course it is tanh, and outside.
#
# $$x_t = w\,\sigma(x_{t-1}) + b, \qquad x_0 = 0.5, \qquad \mathcal{E}_n = (\sigma(x_n) - 0.7)^2$$
#
# The unit starts in 0.5 and is to have the output 0.7 after $n$ steps; 002 takes $n = 50$.
#
# **Write `unit_error(w, b, steps)`**, which returns $\mathcal{E}_n$ after $n =$ `steps` steps.
#
# * `w` and `b` are numbers or arrays of float64, which are *broadcast* against one another as numpy does it: with `w` of shape `(2, 1)` and `b` of shape `(3,)` the answer has shape `(2, 3)`, an error for each pair. Two numbers give a number.
# * `steps` is 0 or more. 0 steps leave $x_0$ itself, whatever `w` and `b` are: then all errors are the same, and **the answer has the broadcast shape all the same**.
# * Compute in float64. `w` and `b` lie between -40 and 40.

# %% nbgrader={"grade": false, "grade_id": "unit_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def unit_error(
    w: float | Float[np.ndarray, "*left"], b: float | Float[np.ndarray, "*right"], steps: int
) -> float | Float[np.ndarray, "*both"]:
    """Return the squared error of one recurrent unit after some steps.

    Parameters
    ----------
    w, b
        Its weight and its bias: numbers, or arrays that fit together.
    steps
        How many, 0 or more.

    Returns
    -------
    error
        For each pair of a weight and a bias.
    """
    ### BEGIN SOLUTION
    x = np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)
    for _ in range(steps):
        x = w / (1 + np.exp(-x)) + b
    return (1 / (1 + np.exp(-x)) - 0.7) ** 2
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "unit_error-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
error = unit_error(2.0, -1.0, 0)
assert close(error, (logistic(0.5) - 0.7) ** 2), (
    "no steps: x is still x_0 = 0.5, and the output sigma(0.5) = 0.6225 is 0.0775 from 0.7: "
    f"an error of 0.00601, not {error}"
)
x1 = 2 * logistic(0.5) - 1
error = unit_error(2.0, -1.0, 1)
assert close(error, (logistic(x1) - 0.7) ** 2), (
    f"x_1 = 2 sigma(0.5) - 1 = {x1:.4f} (sigma inside), output sigma(x_1) = {logistic(x1):.4f}, "
    f"error {(logistic(x1) - 0.7) ** 2:.5f}, not {error}"
)
x2 = 2 * logistic(x1) - 1
error = unit_error(2.0, -1.0, 2)
assert close(error, (logistic(x2) - 0.7) ** 2), f"and one step more, from x_1: not {error}"
errors = unit_error(np.array([[2.0], [3.0]]), np.array([-1.0, 0.0, 1.0]), 1)
assert np.shape(errors) == (2, 3), f"(2, 1) and (3,) make (2, 3), not {np.shape(errors)}"
expected = [[(logistic(w * logistic(0.5) + b) - 0.7) ** 2 for b in (-1, 0, 1)] for w in (2, 3)]
assert close(errors, expected), f"row by row w = 2 and 3, column by column b = -1, 0, 1:\n{errors}"
errors = unit_error(np.array([[2.0], [3.0]]), np.array([-1.0, 0.0, 1.0]), 0)
assert close(errors, np.full((2, 3), (logistic(0.5) - 0.7) ** 2)), (
    f"0 steps: six errors that are all the same, not {errors}"
)
# On the line b = 0.5 - w sigma(0.5) the unit never moves: 0.5 is a fixed point.
error = unit_error(4.5, 0.5 - 4.5 * logistic(0.5), 50)
assert close(error, (logistic(0.5) - 0.7) ** 2), f"x stays 0.5 for 50 steps here, so not {error}"
error = unit_error(5.0, -2.2, 50)
assert close(error, 0.04615527), f"for w = 5, b = -2.2 and 50 steps 0.0462, not {error}"


# %% nbgrader={"grade": true, "grade_id": "unit_error-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: single units, grids of them, and few steps or none.
### BEGIN HIDDEN TESTS
# collect unit_error
### END HIDDEN TESTS

# %% [markdown]
# ## 6. Its gradient
#
# Both parameters act at every step. Walk forwards, and carry along two more numbers, the derivatives of $x_t$ by $w$ and by $b$: what the parameter does *at this step*, and what it did before, handed on through the state.
#
# $$\frac{\partial x_t}{\partial w} = \sigma(x_{t-1}) + w\,\sigma'(x_{t-1})\,\frac{\partial x_{t-1}}{\partial w}, \qquad \sigma' = \sigma\,(1 - \sigma), \qquad \frac{\partial x_0}{\partial w} = 0$$
#
# The one for $b$ you find yourself, and so you find the way from $x_n$ to $\mathcal{E}_n$. (Walking backwards, as in assignment 04, gives the same numbers.)
#
# **Write `unit_gradient(w, b, steps)`**, which returns the pair $(\partial \mathcal{E}_n / \partial w,\; \partial \mathcal{E}_n / \partial b)$.
#
# * `w`, `b` and `steps` are as in question 5, and both parts of the answer have the broadcast shape. After 0 steps both are 0.
# * Some of the cases lie *on the wall*, or beside it: on $b = 0.5 - w\,\sigma(0.5)$ the unit stands on an unstable fixed point, a tiny change sends it one way or the other, and each step multiplies the derivative by $w\,\sigma'(0.5) > 1$. They stay where that amplifies at most 1e5 times in all, and float64 is exact enough. Float32 is not, and neither is a difference quotient: where the gradient explodes, the curvature does so too.

# %% nbgrader={"grade": false, "grade_id": "unit_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def unit_gradient(
    w: float | Float[np.ndarray, "*left"], b: float | Float[np.ndarray, "*right"], steps: int
) -> tuple[float | Float[np.ndarray, "*both"], float | Float[np.ndarray, "*both"]]:
    """Return the gradient of the squared error of one recurrent unit.

    Parameters
    ----------
    w, b
        Its weight and its bias: numbers, or arrays that fit together.
    steps
        How many, 0 or more.

    Returns
    -------
    by_w, by_b
        The derivatives of the error.
    """
    ### BEGIN SOLUTION
    shape = np.broadcast_shapes(np.shape(w), np.shape(b))
    x, x_by_w, x_by_b = np.full(shape, 0.5), np.zeros(shape), np.zeros(shape)
    for _ in range(steps):
        output = 1 / (1 + np.exp(-x))
        handed_on = w * output * (1 - output)
        x_by_w = output + handed_on * x_by_w
        x_by_b = 1 + handed_on * x_by_b
        x = w * output + b
    output = 1 / (1 + np.exp(-x))
    by_x = 2 * (output - 0.7) * output * (1 - output)
    return by_x * x_by_w, by_x * x_by_b
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "unit_gradient-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
s0 = logistic(0.5)
x1 = 2 * s0 - 1
s1 = logistic(x1)
down = 2 * (s1 - 0.7) * s1 * (1 - s1)  # from the error to x_1
by_w, by_b = unit_gradient(2.0, -1.0, 1)
assert close(by_b, down), (
    f"one step: x_1 moves as b does, so 2 (s - 0.7) s (1 - s) with s = sigma(x_1): {down:.5f}, "
    f"not {by_b}"
)
assert close(by_w, down * s0), f"and sigma(0.5) = {s0:.4f} times that for w, not {by_w}"
x2 = 2 * s1 - 1
s2 = logistic(x2)
down = 2 * (s2 - 0.7) * s2 * (1 - s2)
on = 2 * s1 * (1 - s1)  # how x_2 follows x_1
by_w, by_b = unit_gradient(2.0, -1.0, 2)
assert close(by_b, down * (1 + on)), (
    "two steps: b acts at step 2, and at step 1 through the state: 1 + w sigma'(x_1) = "
    f"{1 + on:.4f}, in all {down * (1 + on):.5f}, not {by_b}"
)
assert close(by_w, down * (s1 + on * s0)), (
    f"and for w sigma(x_1) + w sigma'(x_1) sigma(x_0) = {s1 + on * s0:.4f}, not {by_w}"
)
by_w, by_b = unit_gradient(np.array([[2.0], [3.0]]), np.array([-1.0, 0.0, 1.0]), 1)
assert np.shape(by_w) == np.shape(by_b) == (2, 3), (
    f"(2, 1) and (3,) make (2, 3) for both, not {np.shape(by_w)} and {np.shape(by_b)}"
)
for part in unit_gradient(np.array([[2.0], [3.0]]), np.array([-1.0, 0.0, 1.0]), 0):
    assert close(part, np.zeros((2, 3))), (
        f"after 0 steps no parameter has done anything: zeros of shape (2, 3), not {part}"
    )
# On the wall, and just beside it, after 50 steps.
for w, beside, expected_w, expected_b in (
    (3.0, 0.0, -0.0769023, -0.1235460),
    (4.5, 0.0, -6.0667852, -9.7464764),
    (5.0, 0.0, -411.870634, -661.682801),
    (5.0, 2e-5, -1703.72974, -2737.83088),
):
    by_w, by_b = unit_gradient(w, 0.5 - w * logistic(0.5) - beside, 50)
    assert close(by_b, expected_b), (
        f"at w = {w}, {beside} below the wall, the derivative by b is {expected_b:.4f}, not {by_b} "
        "(neither a difference quotient nor float32 is exact enough here)"
    )
    assert close(by_w, expected_w), f"and that by w {expected_w:.4f}, not {by_w}"


# %% nbgrader={"grade": true, "grade_id": "unit_gradient-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: single units, grids, few steps or none, and units on the wall.
### BEGIN HIDDEN TESTS
# collect unit_gradient
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Downhill, with and without
#
# **Write `descend(gradient, start, learning_rate, threshold, n_steps)`**: gradient descent in the plane, $(w, b) \leftarrow (w, b) - \eta\, g$. It returns the path, an array of shape `(n_steps + 1, 2)`.
#
# * `gradient(w, b)` takes two numbers and returns the pair of the derivatives by $w$ and by $b$, two floats. It is given to you as an argument; your `unit_gradient` with 50 steps is one such function, and the graded ones are others: bowls with a cliff in them.
# * `start` is a pair of numbers. `path[0]` is `start`, and `path[i]` is where the `i`-th step led.
# * `threshold` is `None`: no clipping. Or a number: then a gradient whose norm is above it is shortened to it, in its direction, as in question 4, *before* it is multiplied with the learning rate. A step is then at most `learning_rate * threshold` long.
# * `n_steps` is 0 or more. The gradients are finite, and their squares do not overflow. A threshold that is a number and not above 0 raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "descend", "locked": false, "schema_version": 3, "solution": true, "task": false}
def descend(
    gradient: Callable[[float, float], tuple[float, float]],
    start: Sequence[float],
    learning_rate: float,
    threshold: float | None,
    n_steps: int,
) -> Float[np.ndarray, "points 2"]:
    """Return the path of gradient descent in the plane.

    Parameters
    ----------
    gradient
        Returns the derivatives by w and by b at w and b.
    start
        Where the path begins: w and b.
    learning_rate
        What the gradient is multiplied by.
    threshold
        Above which the norm of the gradient is clipped; None for never.
    n_steps
        How many, 0 or more.

    Returns
    -------
    path
        Shape (n_steps + 1, 2), `start` first.
    """
    ### BEGIN SOLUTION
    if threshold is not None and not threshold > 0:
        raise ValueError(f"expected None or a threshold above 0, not {threshold}")
    path = [np.array(start, dtype=np.float64)]
    for _ in range(n_steps):
        slope = np.array(gradient(*path[-1]), dtype=np.float64)
        norm = math.hypot(*slope)
        if threshold is not None and norm > threshold:
            slope *= threshold / norm
        path.append(path[-1] - learning_rate * slope)
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "descend-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def slope_3_4(w, b):
    return (3.0, 4.0)


path = descend(slope_3_4, (1.0, 2.0), 0.1, None, 2)
assert np.shape(path) == (3, 2), f"the start and two steps: shape (3, 2), not {np.shape(path)}"
assert close(path, [[1.0, 2.0], [0.7, 1.6], [0.4, 1.2]]), (
    f"against the gradient (3, 4), 0.1 times, twice; the start comes first. Came:\n{path}"
)
path = descend(slope_3_4, (0.0, 0.0), 0.1, 1.0, 1)
assert close(path[1], [-0.06, -0.08]), (
    "a norm of 5, a threshold of 1: the gradient is cut to (0.6, 0.8), and 0.1 times that is the "
    f"step. Not {path[1]}"
)
path = descend(slope_3_4, (0.0, 0.0), 0.1, 4.5, 1)
assert close(path[1], [-0.27, -0.36]), (
    f"5 is above 4.5, so (2.7, 3.6), though neither entry is above 4.5: not {path[1]}"
)
path = descend(slope_3_4, (0.0, 0.0), 0.1, 10.0, 1)
assert close(path[1], [-0.3, -0.4]), f"5 is below 10: the gradient as it is, not {path[1]}"
path = descend(lambda w, b: (w + b, w + b), (1.0, 1.0), 0.5, None, 2)
assert close(path[1], [0.0, 0.0]), (
    f"both derivatives are those at (1, 1), before the step: (2, 2), half of it: not {path[1]}"
)
path = descend(lambda w, b: (w, 0.0), (1.0, 0.0), 0.5, None, 3)
assert close(np.asarray(path)[:, 0], [1.0, 0.5, 0.25, 0.125]), (
    f"each step takes the gradient where it is: 1, 1/2, 1/4, 1/8, not {np.asarray(path)[:, 0]}"
)
flat = descend(lambda w, b: (0.0, 0.0), (1.0, 2.0), 0.5, 1.0, 1)
assert close(flat, [[1, 2], [1, 2]]), f"a gradient of 0 is not clipped, and moves nothing: {flat}"
path = descend(slope_3_4, (1.0, 2.0), 0.1, 1.0, 0)
assert close(path, [[1.0, 2.0]]), f"no steps: the start alone, of shape (1, 2), not {path}"
for bad in (0.0, -1.0, math.nan):
    assert refuses(descend, slope_3_4, (0.0, 0.0), 0.1, bad, 1), f"a threshold of {bad}: ValueError"
    assert refuses(descend, slope_3_4, (0.0, 0.0), 0.1, bad, 0), (
        f"a threshold of {bad}: a ValueError, also where no step is taken"
    )

# %% nbgrader={"grade": true, "grade_id": "descend-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: paths without and with clipping, no steps, and what is refused.
### BEGIN HIDDEN TESTS
# collect descend
### END HIDDEN TESTS

# %% [markdown]
# ## The picture of the paper
#
# Your three functions draw Fig. 6 of 002, and Fig. 10.17 of 004: the error of the one unit after 50 steps over its two parameters, and two paths that start at the same point. Note the wall, and what one step on it does.

# %% tags=["exploration", "raises-exception"]
import sys
import time

START, RATE, MANY = (5.0, -2.2), 0.1, 1500


def slope_50(w, b):
    """Return the gradient of the error after 50 steps."""
    return unit_gradient(w, b, 50)


plain = descend(slope_50, START, RATE, None, MANY)
clipped = descend(slope_50, START, RATE, 1.0, MANY)
for name, path in (("without clipping", plain), ("clipped at 1", clipped)):
    longest = float(np.hypot(*np.diff(path, axis=0).T).max())
    errors = unit_error(path[:, 0], path[:, 1], 50)
    at = ", ".join(f"{errors[n]:.2g} after {n:,}" for n in (0, 200, 500, MANY))
    print(f"{name:17} longest step {longest:6.2f}; error {at}; ends in {path[-1].round(2)}")

weights, biases = np.linspace(4, 7, 400), np.linspace(-4, -2, 400)
surface = unit_error(weights[None, :], biases[:, None], 50)
with plots.course_style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), sharey=True)
    for axis, path, title in ((left, plain, "without clipping"), (right, clipped, "clipped at 1")):
        levels = axis.contourf(weights, biases, surface, levels=20, cmap="Greys")
        axis.plot(weights, 0.5 - weights * logistic(0.5), color=plots.RED, label="the wall")
        axis.plot(*path[:300].T, ".-", color=plots.BLUE, linewidth=1.5, markersize=4, label="path")
        axis.plot(*START, "o", color=plots.ORANGE, markersize=11, label="start")
        axis.set(xlim=(4, 7), ylim=(-4, -2), xlabel="w", title=title)
        axis.grid(visible=False)
    left.set_ylabel("b")
    left.legend(loc="upper right")
    figure.colorbar(levels, ax=[left, right], label="error after 50 steps")
plots.show(
    figure,
    "The error over w and b, twice, with the wall as a line across it. Without clipping the path "
    f"meets the wall and leaves the picture in one step, to ({plain[-1][0]:.0f}, "
    f"{plain[-1][1]:.0f}). Clipped it stays beside the wall and goes on down.",
)


# %% [markdown]
# ## 8. A step that survives anything
#
# When the explosion is so severe that an entry is `nan` or infinite, there is no gradient to shorten. A comparison does not even notice: `nan > threshold` is `False`. One such step, and every parameter is `nan`, for ever; without a saved copy training has to begin anew. 004 (section 10.11.1) knows a way out: *a random step of size v can be taken and will typically move away from the numerically unstable configuration.*
#
# **Write `safe_step(params, grads, learning_rate, threshold, rng)`**, which returns the parameters after one step, a dict of new arrays.
#
# * **If all entries of all gradients are finite:** clip by norm as in question 4, with huge entries as there, and go against the clipped gradient, $\theta - \eta\, g$.
# * **If any entry anywhere is `nan` or infinite:** a random step instead. All parameters take part in it, not only the one whose gradient is spoiled; nothing of the gradient is used. Its length, over *all entries of all parameters together*, is exactly `learning_rate * threshold`, and **every direction is equally probable**. (Numbers from a normal distribution for all entries, divided by their joint norm, do that. Uniform numbers do not: they favour the corners of a cube. Neither does a direction for each array by itself.)
# * All randomness comes from `rng`: a generator in the same state gives the same step, and one that goes on gives a new one.
# * `grads` has the names and shapes of `params`. The parameters themselves are finite. `learning_rate` is above 0. `threshold` is finite here: infinity raises `ValueError` too. Where it is above 0, it is at least 1e-9.
#
# How a random step is graded: your function is called 1,000 times. Each step has to have the right length, to 1e-4, and to be a new one. Then the numbers by which the parameters moved are looked at: for a number of limits, the share of them that lies below the limit has to be that of the reference. It may differ by .012 where all numbers are taken together, and by .25 where only those at one place of one array are, or only those of one array. A right function is outside with a chance below 1e-9.

# %% nbgrader={"grade": false, "grade_id": "safe_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def safe_step(
    params: Mapping[str, np.ndarray],
    grads: Mapping[str, np.ndarray],
    learning_rate: float,
    threshold: float,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return the parameters after a clipped step, or a random one where there is no gradient.

    Parameters
    ----------
    params, grads
        Arrays of the same names and shapes.
    learning_rate
        Above 0.
    threshold
        For the joint norm of the gradients; above 0, and finite.
    rng
        Where a random step comes from.

    Returns
    -------
    params
        New arrays.
    """
    ### BEGIN SOLUTION
    if not 0 < threshold < math.inf:
        raise ValueError(f"expected a finite threshold above 0, not {threshold}")
    direction = {name: np.asarray(grad, dtype=np.float64) for name, grad in grads.items()}
    finite = all(np.isfinite(grad).all() for grad in direction.values())
    if not finite:
        direction = {name: rng.normal(size=np.shape(value)) for name, value in params.items()}
    largest = max((float(np.abs(part).max(initial=0)) for part in direction.values()), default=0.0)
    squares = sum(float(((part / (largest or 1.0)) ** 2).sum()) for part in direction.values())
    norm = largest * math.sqrt(squares)
    scale = threshold / norm if norm > threshold or not finite else 1.0
    return {
        name: np.asarray(value - learning_rate * scale * direction[name])
        for name, value in params.items()
    }
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "safe_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
params = {"W": np.array([[1.0, 2.0], [0.0, 0.0]]), "b": np.array([0.5, 0.0])}
begin = {name: value.copy() for name, value in params.items()}
grads = {"W": np.array([[3.0, 0.0], [0.0, 0.0]]), "b": np.array([-4.0, 0.0])}
stepped = safe_step(params, grads, 0.1, 10.0, np.random.default_rng(0))
assert all_close(stepped, {"W": [[0.7, 2.0], [0.0, 0.0]], "b": [0.9, 0.0]}), (
    f"5 is below 10: (1, 0.5) - 0.1 * (3, -4) = (0.7, 0.9), downhill, not\n{stepped}"
)
assert all_close(params, begin), f"the parameters that came must not change: {params}"
stepped = safe_step(params, grads, 0.1, 1.0, np.random.default_rng(0))
assert all_close(stepped, {"W": [[0.94, 2.0], [0.0, 0.0]], "b": [0.58, 0.0]}), (
    "5 is above 1: the gradient becomes (0.6, -0.8), jointly, and then comes the step: "
    f"(1, 0.5) - 0.1 * (0.6, -0.8) = (0.94, 0.58), not\n{stepped}"
)
zeros = {name: np.zeros_like(value) for name, value in params.items()}
stepped = safe_step(params, zeros, 0.1, 1.0, np.random.default_rng(0))
assert all_close(stepped, begin), f"a gradient of 0 moves nothing, not {stepped}"
assert not share_memory(stepped, params), "new arrays, also where nothing has moved"
huge = {name: 1e200 * grad for name, grad in grads.items()}
stepped = safe_step(params, huge, 0.1, 1.0, np.random.default_rng(0))
assert all_close(stepped, {"W": [[0.94, 2.0], [0.0, 0.0]], "b": [0.58, 0.0]}), (
    f"1e200 times the gradient: it is finite, so clipped, and the step is the same, not\n{stepped}"
)


def random_step(name, value, rng):
    """Return the step that is taken where one entry of one gradient is not finite."""
    bad = {key: grad.copy() for key, grad in grads.items()}
    bad[name].flat[0] = value
    after = safe_step(params, bad, 0.1, 2.0, rng)
    assert after.keys() == params.keys(), f"the same names as before, not {list(after)}"
    return np.concatenate([np.ravel(after[key]) - begin[key].ravel() for key in begin])


rng = np.random.default_rng(1)
for name, value in (("W", math.nan), ("b", math.nan), ("W", math.inf), ("b", -math.inf)):
    step = random_step(name, value, rng)
    assert np.isfinite(step).all(), (
        f"{value} in the gradient of {name}: the parameters must stay finite, and moved by {step}"
    )
    assert close(np.linalg.norm(step), 0.2), (
        f"{value} in the gradient of {name}: a random step of length 0.1 * 2 = 0.2 over all "
        f"parameters together, not {np.linalg.norm(step):.4f}"
    )
    assert np.all(step != 0), f"{value} in {name}: all entries of all parameters move: {step}"
assert all_close(params, begin), f"the parameters that came must not change: {params}"
again = [random_step("W", math.nan, np.random.default_rng(5)) for _ in range(2)]
assert np.array_equal(*again), "all randomness comes from rng: the same state, the same step"
steps = np.array([random_step("W", math.nan, rng) for _ in range(4000)])
assert not np.array_equal(steps[0], steps[1]), "a generator that goes on gives another step"
assert np.abs(steps.mean(axis=0)).max() < 0.02, (
    f"every direction is as probable as its opposite: the mean step is 0, not {steps.mean(axis=0)}"
)
shares = (steps**2).mean(axis=0) / 0.2**2
assert np.abs(shares - 1 / 6).max() < 0.02, (
    "of the squared length each of the 6 entries has a sixth on average, whichever array it is in, "
    f"not {shares.round(3)}"
)
in_b = (steps[:, 4:] ** 2).sum(axis=1) / 0.2**2
assert in_b.std() > 0.15, (
    "the part of the step that lies in b differs from step to step when all directions are equally "
    f"probable; its share of the squared length always is {in_b.mean():.3f} here"
)
wide = {"W": np.zeros((100, 200))}
bad = {"W": np.full((100, 200), np.nan)}
entries = np.ravel(safe_step(wide, bad, 1.0, 1.0, rng)["W"])
flatness = np.mean(entries**4) / np.mean(entries**2) ** 2
assert abs(flatness - 3) < 0.5, (
    "in many dimensions the entries of a uniformly random direction are spread like normal numbers, "
    f"with mean(x^4) / mean(x^2)^2 near 3. Uniform numbers have 1.8, yours {flatness:.2f}"
)
for threshold in (0.0, -1.0, math.nan, math.inf):
    assert refuses(safe_step, params, grads, 0.1, threshold, rng), (
        f"a threshold of {threshold}: a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "safe_step-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: clipped steps, random steps, huge gradients, and what is refused.
### BEGIN HIDDEN TESTS
# collect safe_step
### END HIDDEN TESTS

# %% [markdown]
# ## 9. Training with it
#
# Where in the loop does clipping belong? After the gradient *of the whole batch* is known, and before the step.
#
# **Write `train_with_clipping(params, batches, gradients, learning_rate, threshold, rng)`**, which returns the pair `(params, norms)`. It puts questions 1, 4 and 8 together: call your own functions, or write it anew.
#
# * `batches` is a list of pairs `(contexts, targets)`. There is **one update for each batch**, in the order of the list.
# * `gradients(params, contexts, targets)` returns the gradient of the *mean* loss of these examples at these parameters, a dict with the names of `params`. It is given to you as an argument, and called once for each batch, with the whole batch.
# * An update is a step of question 8: the gradient of the batch clipped by its joint norm, or a random step where it is not finite.
# * `norms` is a list with the norm of each batch's gradient, *before* it was clipped, as question 1 has it: `nan` or infinite where an entry is, and without overflow.
# * `params` that come back are new arrays. No batches: a copy of `params`, and an empty list. A threshold that is not above 0, or not finite, raises `ValueError`, also where there are no batches.
#
# How it is graded: your loop trains small models. The log-probabilities that the trained models give on held-out contexts are compared, to 1e-4. Where random steps were taken they differ by chance, and the mean loss on the true next words (your function never gets them) has to be within 0.05 nats of that of the reference; a step is so short there that chance makes a tenth of that.

# %% nbgrader={"grade": false, "grade_id": "train_with_clipping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_with_clipping(
    params: Mapping[str, np.ndarray],
    batches: Sequence[tuple[Int[np.ndarray, "N window"], Int[np.ndarray, " N"]]],
    gradients: Callable[[Mapping[str, np.ndarray], np.ndarray, np.ndarray], dict[str, np.ndarray]],
    learning_rate: float,
    threshold: float,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], list[float]]:
    """Take one clipped step for each batch.

    Parameters
    ----------
    params
        Where to start.
    batches
        Contexts and targets of each batch, in order.
    gradients
        Returns the gradients of the mean loss of some examples.
    learning_rate, threshold
        Above 0; the threshold is for the joint norm, and finite.
    rng
        Where random steps come from.

    Returns
    -------
    params
        After the last update.
    norms
        Of the gradient of each batch, before clipping.
    """
    ### BEGIN SOLUTION
    if not 0 < threshold < math.inf:
        raise ValueError(f"expected a finite threshold above 0, not {threshold}")
    params, norms = {name: np.array(value) for name, value in params.items()}, []
    for contexts, targets in batches:
        direction = {
            name: np.asarray(grad, dtype=np.float64)
            for name, grad in gradients(params, contexts, targets).items()
        }
        sizes = [np.abs(grad) for grad in direction.values()]
        largest = max((float(size.max(initial=0)) for size in sizes), default=0.0) or 1.0
        norm = largest
        if norm < math.inf:
            norm *= math.sqrt(sum(float(((size / largest) ** 2).sum()) for size in sizes))
        norms.append(norm)
        scale = threshold / norm if norm > threshold else 1.0
        if not math.isfinite(norm):
            direction = {name: rng.normal(size=value.shape) for name, value in params.items()}
            scale = threshold / math.sqrt(sum(float((d**2).sum()) for d in direction.values()))
        for name in params:
            params[name] = params[name] - learning_rate * scale * direction[name]
    return params, norms
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "train_with_clipping-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# A model whose loss is a plane: the gradient of an example is what stands in its context.
called = []


def plane_gradients(params, contexts, targets):
    called.append((len(contexts), float(params["x"][0])))
    mean = contexts.mean(axis=0)
    return {"x": mean[:2].copy(), "y": mean[2:].copy()}


def plane_batch(*rows):
    return np.array(rows, dtype=float), np.zeros(len(rows), dtype=int)


plane = {"x": np.array([1.0, 1.0]), "y": np.array([1.0])}
plane_begin = {name: value.copy() for name, value in plane.items()}
rng = np.random.default_rng(0)
end, norms = train_with_clipping(
    plane, [plane_batch([3.0, 0.0, 4.0])], plane_gradients, 0.1, 10.0, rng
)
assert all_close(end, {"x": [0.7, 1.0], "y": [0.6]}), (
    f"one batch, a norm of 5 below 10: 1 - 0.1 * (3, 0, 4), not {end} (if you call your functions of "
    "questions 1, 4 and 8: do their tests pass?)"
)
assert close(norms, [5.0]), f"one batch, one norm: [5.0], not {norms}"
assert all_close(plane, plane_begin), f"the parameters that came must not change: {plane}"
end, norms = train_with_clipping(
    plane, [plane_batch([3.0, 0.0, 4.0])], plane_gradients, 0.1, 1.0, rng
)
assert all_close(end, {"x": [0.94, 1.0], "y": [0.92]}), (
    f"the joint norm 5 is cut to 1: 1 - 0.1 * (0.6, 0, 0.8), not {end}"
)
assert close(norms, [5.0]), f"the norm before clipping: [5.0], not {norms}"
called.clear()
mixed = plane_batch([10.0, 0.0, 0.0], [0.0, 1.0, 0.0])
end, norms = train_with_clipping(plane, [mixed], plane_gradients, 0.1, 1.0, rng)
length = math.hypot(5.0, 0.5)
assert all_close(end, {"x": [1 - 0.5 / length, 1 - 0.05 / length], "y": [1.0]}), (
    "first the mean of the batch, (5, 0.5, 0), and then the clipping to (0.995, 0.0995, 0): "
    f"x = (0.9005, 0.99), not {end['x']}"
)
assert [size for size, _ in called] == [2], (
    f"one call for the batch, with both of its examples: sizes {[size for size, _ in called]}"
)
called.clear()
two = [plane_batch([3.0, 0.0, 4.0]), plane_batch([0.0, 0.5, 0.0])]
end, norms = train_with_clipping(plane, two, plane_gradients, 0.1, 1.0, rng)
assert all_close(end, {"x": [0.94, 0.95], "y": [0.92]}), (
    f"two updates, of which the second is short enough: not {end}"
)
assert close(norms, [5.0, 0.5]), f"a norm for each batch: [5.0, 0.5], not {norms}"
assert close([x for _, x in called], [1.0, 0.94]), (
    "the second gradient is that at the parameters after the first step"
)
end, norms = train_with_clipping(
    plane, [plane_batch([3e200, 0, 4e200])], plane_gradients, 0.1, 1.0, rng
)
assert all_close(end, {"x": [0.94, 1.0], "y": [0.92]}), (
    f"3e200 and 4e200 are finite, though their squares are not: clipped as 3 and 4, not {end}"
)
assert close(norms[0] / 1e200, 5.0), f"and the norm is 5e200, not {norms}"
for bad in (math.nan, math.inf):
    end, norms = train_with_clipping(
        plane, [plane_batch([bad, 1, 1])], plane_gradients, 0.1, 2.0, rng
    )
    moved = np.concatenate([np.ravel(end[name]) - plane_begin[name] for name in plane])
    assert close(np.linalg.norm(moved), 0.2), (
        f"a gradient with {bad} in it: a random step of length 0.1 * 2, not {moved}"
    )
    assert close(norms, [bad]), f"the norm of that gradient is {bad}, not {norms}"
end, norms = train_with_clipping(plane, [], plane_gradients, 0.1, 1.0, rng)
assert all_close(end, plane_begin), f"no batches: the parameters as they came, not {end}"
assert len(norms) == 0, f"no batches: an empty list, not {norms}"
assert not share_memory(end, plane), (
    "no batches: the parameters in new arrays, not the ones that came"
)
for bad in (0.0, -1.0, math.nan, math.inf):
    assert refuses(train_with_clipping, plane, two, plane_gradients, 0.1, bad, rng), (
        f"a threshold of {bad}: a ValueError"
    )
    assert refuses(train_with_clipping, plane, [], plane_gradients, 0.1, bad, rng), (
        f"a threshold of {bad}: a ValueError, also without batches"
    )

# %% nbgrader={"grade": true, "grade_id": "train_with_clipping-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: small models on fresh text, gradients that explode, nan and infinity, and the special cases.
### BEGIN HIDDEN TESTS
# collect train_with_clipping
### END HIDDEN TESTS

# %% [markdown]
# ## Your loop on a language model
#
# Now a recurrent language model on the course's own language, with plain gradient descent. `nextword.models.recurrent` has the model of assignment 04; torch differentiates, and your loop takes the steps. First the threshold: your `suggest_threshold` on the norms of some updates at a cautious learning rate. Then three ways to train on the same batches, for three seeds each: a bold learning rate without clipping (a threshold of a million), the same rate with it, and half the rate without. (The cell takes about half a minute.)

# %% tags=["exploration", "raises-exception"]
from nextword.corpora import load
from nextword.models.recurrent import RecurrentNetwork
from nextword.text.vocabulary import Vocabulary

text = load("grammar")
vocab = Vocabulary.build(text.train)
BATCH, UPDATES, BOLD = 32, 400, 1.0


def batch_of(sentences):
    """Return inputs and targets of sentences of ids, a row each; -100 is no target."""
    length = max(len(sentence) for sentence in sentences)
    inputs = np.zeros((len(sentences), length), dtype=np.int64)
    targets = np.full((len(sentences), length), -100, dtype=np.int64)
    for row, sentence in enumerate(sentences):
        inputs[row, : len(sentence)] = [vocab.bos, *sentence[:-1]]
        targets[row, : len(sentence)] = sentence
    return inputs, targets


def loss_of(network, inputs, targets):
    """Return the mean loss of a batch in nats per token."""
    logits = network(torch.tensor(inputs))
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())


def begin_with(seed):
    """Return a network, and its parameters as a dict of arrays."""
    network = RecurrentNetwork(len(vocab), 24, 64, rng=np.random.default_rng(seed))
    learned = {name: p for name, p in network.named_parameters() if p.requires_grad}
    return network, {name: p.detach().numpy().astype(float) for name, p in learned.items()}


def put_into(network, params):
    """Write parameters into a network."""
    with torch.no_grad():
        for name, value in params.items():
            network.get_parameter(name).copy_(torch.from_numpy(np.asarray(value, dtype=np.float32)))


def run(seed, threshold, learning_rate, updates):
    """Train; return norms, and the loss of each batch before its update."""
    network, params = begin_with(seed)
    losses = []

    def gradients(params, inputs, targets):
        put_into(network, params)
        network.zero_grad()
        loss = loss_of(network, inputs, targets)
        loss.backward()
        losses.append(float(loss.detach()))
        return {name: network.get_parameter(name).grad.double().numpy() for name in params}

    rng = np.random.default_rng(seed)
    ids = [np.append(vocab.encode(sentence), vocab.eos) for sentence in text.train[:6000]]
    by_length = sorted(rng.permutation(len(ids)), key=lambda i: len(ids[i]))
    groups = [by_length[i : i + BATCH] for i in range(0, len(by_length), BATCH)]
    chosen = [groups[i] for i in rng.integers(len(groups), size=updates)]
    batches = [batch_of([ids[i] for i in group]) for group in chosen]
    _, norms = train_with_clipping(params, batches, gradients, learning_rate, threshold, rng)
    return np.array(norms), np.array(losses)


began = time.process_time()
first_norms, _ = run(0, 1e6, 0.3, 150)
threshold = suggest_threshold(first_norms, 1.0)
print(f"mean norm of the gradient over {len(first_norms)} updates: {threshold:.2f}")
ways = {
    "bold": (1e6, BOLD, plots.ORANGE),
    "bold, clipped": (threshold, BOLD, plots.BLUE),
    "half the rate": (1e6, BOLD / 2, plots.GREEN),
}
runs = {}
for name, (limit, rate, _) in ways.items():
    for seed in range(3):
        runs[name, seed] = run(seed, limit, rate, UPDATES)
        norms, losses = runs[name, seed]
        print(
            f"{name:14} seed {seed}: mean loss of the last 50 updates {losses[-50:].mean():.2f} nats, "
            f"highest after update 100 {losses[100:].max():5.2f}; longest gradient "
            f"{norms.max():5.1f}, {np.mean(norms > threshold):4.0%} above {threshold:.2f}"
        )
        sys.stdout.flush()
print(f"{time.process_time() - began:.0f} s of one core")

# %% tags=["exploration", "raises-exception"]
with plots.course_style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6))
    for (name, seed), (norms, losses) in runs.items():
        smooth = np.convolve(losses, np.ones(10) / 10, mode="valid")
        label, colour = name if seed == 0 else None, ways[name][2]
        left.plot(smooth, color=colour, linewidth=1.5, label=label)
        if seed == 0:
            right.plot(norms, color=colour, linewidth=1.2, label=label)
    left.set(xlabel="update", ylabel="training loss in nats, mean of 10", ylim=(2.3, 8))
    right.axhline(threshold, color=plots.BLACK, linestyle="--", linewidth=1.5, label="threshold")
    right.set(xlabel="update", ylabel="norm of the gradient, seed 0", yscale="log")
    right.yaxis.set_major_formatter("{x:g}")
    left.legend()
    right.legend(ncols=2, fontsize=11)
    figure.tight_layout()
last = {name: [runs[name, seed][1][-50:].mean() for seed in range(3)] for name in ways}
plots.show(
    figure,
    "Training loss of nine runs, and gradient norms of three. Over the last 50 updates the loss is "
    f"{min(last['bold']):.2f} to {max(last['bold']):.2f} nats at the bold rate, "
    f"{min(last['bold, clipped']):.2f} to {max(last['bold, clipped']):.2f} at the same rate with "
    f"clipping, and {min(last['half the rate']):.2f} to {max(last['half the rate']):.2f} at half of "
    "it without.",
)
print("at the bold rate, every clipped run is below every other:", end=" ")
print(max(last["bold, clipped"]) < min(last["bold"]))


# %% [markdown]
# ## Written: what clipping does, and what it does not
#
# Look at the picture of the paper, at the arrows, and at the nine runs. (Stuck on an earlier question? Lecture 06 draws the same picture, and trains with clipping and without; its runs will do.) **In at most 250 words:** (a) On the wall, both paths follow the same direction. Why does the one get on and the other not? Say what has to be true of the surface *beside* the wall. (b) A fellow student writes: *clipping by value points elsewhere than the gradient, so it can go uphill*. What is right about this, and what is wrong? Give the reason in one line. (c) Another one: *clipping keeps the weights from growing too fast, so it is a regulariser, and it also helps the network to learn what lies far back, because the gradient is under control*. Say for each half whether it holds, and by which number of the runs, or which argument, one can tell.

# %% [markdown] nbgrader={"grade": true, "grade_id": "clipping_limits-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) The gradient on the wall is right about the direction and wrong about the distance: it holds in a tiny neighbourhood only, because where the gradient explodes the curvature does so too. The step is the learning rate times that length, and it leads out of the valley altogether, to a flat plateau where the gradient is nearly 0 and nothing brings the path back. The clipped step has a bounded length, so it ends beside the wall. That helps because the region beside it is wide and smooth (002 says so: it *assumes* that the valley is wide): there ordinary gradients lead on downhill. (b) Right: the direction is turned, up to the corner of a cube. Wrong: it is still a descent direction. Every entry keeps its sign, so the product with the gradient, a sum of $g_i \operatorname{clip}(g_i)$, has no negative term; a small enough step goes down. (c) It does not hold that it is a regulariser: it repairs the optimisation. A regulariser makes the training loss worse and the test loss better; here it is the *training* loss that clipping lowers, at the same rate (002 finds so for training and test); half the rate without clipping comes close. It does not hold either that it helps with what lies far back: what vanished is a small number, and a short gradient is left as it is; clipping by norm multiplies all entries by the same factor, so the part that comes from far back keeps its share, and is made smaller still. That needs other remedies (module 7).
#
# **Rubric (4 points).** 1: (a) the step's length is bounded, the direction right only near by (curvature), with where the long step ends. 1: (a) the region beside the wall must be wide and smooth. 1: (b) bent, but a descent direction, with the reason (signs, or the inner product). 1: (c) no regulariser, because the training loss gets better; no help against vanishing, because small gradients, or shares, stay what they are. Half points for a right claim without a reason.

# %% [markdown]
# ## 10. Stretch: clipping is biased
#
# The gradient of a batch is the mean of the gradients of its examples. Clip each of these, and take the mean; or take the mean, and clip it: that is not the same. 004: *traditional stochastic gradient descent uses an unbiased estimate of the gradient, while gradient descent with norm clipping introduces a heuristic bias that we know empirically to be useful*.
#
# **Write `clipping_bias(grads_per_example, threshold)`**, which returns *the mean of the clipped gradients, minus the clipped mean gradient*, an array of shape `(P,)`.
#
# * `grads_per_example` has shape `(N, P)`: a row for each example, with all its entries. All are finite, and their squares do not overflow.
# * Clipping is that of question 4: a row above the threshold is shortened to it; so is the mean. Where rows come in float32, float32 is exact enough.
# * No example at all, `N = 0`, raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "clipping_bias", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clipping_bias(
    grads_per_example: Float[np.ndarray, "N P"], threshold: float
) -> Float[np.ndarray, " P"]:
    """Return the mean of clipped gradients minus the clipped mean gradient.

    Parameters
    ----------
    grads_per_example
        Shape (N, P): a gradient for each example.
    threshold
        For the norm; above 0.

    Returns
    -------
    bias
        Shape (P,).
    """
    ### BEGIN SOLUTION
    grads = np.asarray(grads_per_example, dtype=np.float64)
    if not threshold > 0 or len(grads) == 0:
        raise ValueError(f"expected examples, and a threshold above 0, not {threshold}")
    mean = grads.mean(axis=0)
    together = np.vstack([grads, mean])
    norms = np.linalg.norm(together, axis=1, keepdims=True)
    scales = np.ones_like(norms)
    scales[norms > threshold] = threshold / norms[norms > threshold]
    clipped = together * scales
    return clipped[:-1].mean(axis=0) - clipped[-1]
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "clipping_bias-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The example: (10, 0) and (0, 1), threshold 1.
bias = clipping_bias(np.array([[10.0, 0.0], [0.0, 1.0]]), 1.0)
length = math.hypot(5.0, 0.5)
assert close(bias, [0.5 - 5 / length, 0.5 - 0.5 / length]), (
    "clipped, the two are (1, 0) and (0, 1), their mean is (0.5, 0.5). The mean (5, 0.5), clipped, is "
    f"(0.995, 0.0995). The first minus the second: (-0.495, 0.4005), not {bias}"
)
bias = clipping_bias(np.array([[3.0, 4.0], [0.0, 0.0]]), 2.0)
assert close(bias, [0.6 - 1.2, 0.8 - 1.6]), (
    "(1.2, 1.6) and (0, 0) have the mean (0.6, 0.8); the mean (1.5, 2) has the norm 2.5 and is cut "
    f"to (1.2, 1.6): (-0.6, -0.8), not {bias}"
)
bias = clipping_bias(np.array([[1.0, 1.0], [0.0, -1.0]]), 10.0)
assert close(bias, [0.0, 0.0]), f"nothing is clipped, so no bias, not {bias}"
bias = clipping_bias(np.array([[30.0, -40.0]]), 1.0)
assert close(bias, [0.0, 0.0]), f"one example is its own mean: no bias, not {bias}"
assert refuses(clipping_bias, np.zeros((0, 2)), 1.0), "no example: a ValueError"
for bad in (0.0, -1.0, math.nan):
    assert refuses(clipping_bias, np.ones((2, 2)), bad), f"a threshold of {bad}: a ValueError"

# %% nbgrader={"grade": true, "grade_id": "clipping_bias-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: batches of long and short gradients, batches without a bias, and what is refused.
### BEGIN HIDDEN TESTS
# collect clipping_bias
### END HIDDEN TESTS

# %% [markdown]
# Which examples lose? With per-example gradients of very different lengths, the long ones count less after clipping. Here the bias against the threshold, for 100 gradients of which one is long.

# %% tags=["exploration", "raises-exception"]
rng = np.random.default_rng(0)
many = rng.normal(size=(100, 5)) * 0.3 + np.array([1.0, 0.0, 0.0, 0.0, 0.0])
many[0] = [0.0, 60.0, 0.0, 0.0, 0.0]
thresholds = np.geomspace(0.1, 100, 60)
biases = np.array([clipping_bias(many, threshold) for threshold in thresholds])
with plots.course_style():
    figure, axis = plt.subplots()
    axis.plot(thresholds, biases[:, 1], color=plots.RED, label="direction of the long one")
    axis.plot(thresholds, biases[:, 0], color=plots.BLUE, label="direction of the others")
    axis.set(xscale="log", xlabel="threshold", ylabel="mean of clipped - clipped mean")
    axis.legend()
lowest = int(biases[:, 1].argmin())
plots.show(
    figure,
    "The bias against the threshold. It is 0 where nothing is clipped. Most of the long gradient is "
    f"lost at a threshold of {thresholds[lowest]:.1f}: {biases[lowest, 1]:.2f} in its direction.",
)
print(f"largest loss {biases[lowest, 1]:.2f} at a threshold of {thresholds[lowest]:.2f}")


# %% [markdown]
# ## 11. Stretch: clip what travels back
#
# Graves (2013) clips earlier: not the gradient of the parameters, but the signal that travels back through the states, entry by entry, *at every step of the walk*. Then it cannot explode on its way. It is no gradient of anything any more, and every sequence of the batch is treated by itself.
#
# Back to the network of assignment 04, tanh outside: `states[:, 0]` is where each row started, `states[:, t + 1]` is $h_{t+1} = \tanh(\ldots + h_t W_h)$, the state after step $t$. What the loss of step $t$ alone says to the state after step $t$ is `dh[:, t]`. Then the signal $\delta_t$ at that state is
#
# $$\delta_t = \operatorname{clip}\Big(\texttt{dh}_t + \big(\delta_{t+1} \odot (1 - h^2)\big) W_h^\top\Big)$$
#
# where $h$ is the state *at which $\delta_{t+1}$ stands*, the one after step $t + 1$, and the last step has nothing behind it.
#
# **Write `clip_backward_signal(dh, W_h, states, limit)`**, which returns $\delta$, an array of shape `(B, T, H)`.
#
# * `dh` has shape `(B, T, H)`, `states` shape `(B, T + 1, H)`, $T \ge 1$.
# * `clip` cuts each entry to lie from `-limit` to `limit`. **What is handed on is the clipped signal.** An infinite limit is plain backpropagation through time.
# * All numbers are finite, and remain so where the limit is. Where arrays come in float32, float32 is exact enough.

# %% nbgrader={"grade": false, "grade_id": "clip_backward_signal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_backward_signal(
    dh: Float[np.ndarray, "B T H"],
    W_h: Float[np.ndarray, "H H"],
    states: Float[np.ndarray, "B states H"],
    limit: float,
) -> Float[np.ndarray, "B T H"]:
    """Walk back through time with a signal that is clipped at each step.

    Parameters
    ----------
    dh
        Shape (B, T, H): what each step's own loss says to the state after it.
    W_h
        Shape (H, H): from a state to the next one.
    states
        Shape (B, T + 1, H): the start, and the state after each step.
    limit
        For each entry of the signal; above 0, may be infinite.

    Returns
    -------
    signal
        Shape (B, T, H): at the state after each step, clipped.
    """
    ### BEGIN SOLUTION
    if not limit > 0:
        raise ValueError(f"expected a limit above 0, not {limit}")
    signal = np.array(dh, dtype=np.float64)
    for t in reversed(range(signal.shape[1])):
        if t + 1 < signal.shape[1]:
            signal[:, t] += (signal[:, t + 1] * (1 - states[:, t + 2] ** 2)) @ W_h.T
        signal[:, t] = np.clip(signal[:, t], -limit, limit)
    return signal
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "clip_backward_signal-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# One unit, W_h = 4, three steps. The states are 0.9 (start), 0.5, 0.0, 0.5: tanh' is 3/4, 1, 3/4.
one_unit = np.array([[[0.9], [0.5], [0.0], [0.5]]])
weight = np.array([[4.0]])
heard = np.array([[[0.5], [-1.0], [1.0]]])
free = clip_backward_signal(heard, weight, one_unit, math.inf)
assert np.shape(free) == (1, 3, 1), f"a signal at each of 3 states: (1, 3, 1), not {np.shape(free)}"
assert close(free, [[[8.5], [2.0], [1.0]]]), (
    "no limit: 1 at the end, then -1 + 1 * 3/4 * 4 = 2, then 0.5 + 2 * 1 * 4 = 8.5 (the slope of the "
    f"state where the signal stands), not {np.ravel(free)}"
)
cut = clip_backward_signal(heard, weight, one_unit, 1.5)
assert close(cut, [[[1.5], [1.5], [1.0]]]), (
    f"limit 1.5: 1, then 2 is cut to 1.5, then 0.5 + 1.5 * 4 = 6.5 is cut, not {np.ravel(cut)}"
)
heard_2 = np.array([[[-5.0], [-1.0], [1.0]]])
cut = clip_backward_signal(heard_2, weight, one_unit, 1.5)
assert close(cut, [[[1.0], [1.5], [1.0]]]), (
    "what is handed on is the clipped signal: -5 + 1.5 * 4 = 1, which lies within; with the unclipped "
    f"one it would be 3. Not {np.ravel(cut)}"
)
heard_3 = np.array([[[0.0], [-4.0], [1.0]]])
cut = clip_backward_signal(heard_3, weight, one_unit, 1.5)
assert close(cut[0, 1], [-1.0]), (
    f"the sum is clipped, -4 + 3 = -1 lies within; its parts are not: not {cut[0, 1]}"
)
# Two units, W_h = ((0, 3), (5, 0)), states 1/2: backwards, unit 0 hands on to unit 1 through 5.
crossed = np.array([[0.0, 3.0], [5.0, 0.0]])
halves = np.full((1, 3, 2), 0.5)
heard_4 = np.array([[[0.0, 0.0], [1.0, 0.0]]])
walked = clip_backward_signal(heard_4, crossed, halves, 10.0)
assert close(walked[0, 0], [0.0, 3.75]), f"1 * 3/4 * W_h[1, 0] = 3.75 at unit 1, not {walked[0, 0]}"
cut = clip_backward_signal(np.array([[[3.0, 0.5]]]), crossed, np.full((1, 2, 2), 0.5), 1.0)
assert close(cut, [[[1.0, 0.5]]]), (
    f"one step: each entry by itself, (3, 0.5) becomes (1, 0.5), not scaled together: {cut}"
)
assert close(heard, [[[0.5], [-1.0], [1.0]]]), f"dh must not change: {heard}"
for bad in (0.0, -1.0, math.nan):
    assert refuses(clip_backward_signal, heard, weight, one_unit, bad), (
        f"a limit of {bad}: a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "clip_backward_signal-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: walks with signals that grow, walks without a limit, single steps, and what is refused.
### BEGIN HIDDEN TESTS
# collect clip_backward_signal
### END HIDDEN TESTS

# %% [markdown]
# ## 12. Stretch: the same in torch
#
# A training step in torch has an order that is easy to get wrong: old gradients, backward, clipping, step. `torch.nn.utils.clip_grad_norm_` clips in place, jointly, as you do; you may use it. (It divides by the norm plus 1e-6; to that the two agree. And it does not scale first: where float32 overflows, its norm is infinite though question 1 would find a number. **Here torch's word counts:** a norm that torch finds infinite is infinite, and no step is taken. Such cases do not come.)
#
# **Write `torch_step(module, optimizer, loss, threshold)`**, which takes one step, and returns the norm of the gradient before clipping, a number.
#
# * `module` is a `torch.nn.Module`, `optimizer` a plain `torch.optim.SGD` (no momentum, no weight decay) on all its parameters, of which none is frozen, `loss` a tensor of shape `()` that was computed from them. **Here everything happens in place**: the parameters of the module change.
# * Gradients of an older loss may still be in `.grad`: they must not count.
# * The gradient of all parameters *jointly* is clipped to `threshold`, as in question 4. A parameter that the loss does not depend on has no gradient (`None`), and stays as it is.
# * **If the norm is `nan` or infinite, no step is taken**: the parameters stay as they are. (This is how most of today's training loops do it; a random step is the other way.)
# * A threshold that is not above 0 raises `ValueError`; `math.inf` is allowed.

# %% nbgrader={"grade": false, "grade_id": "torch_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_step(
    module: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: torch.Tensor,
    threshold: float,
) -> float:
    """Take one clipped step with torch.

    Parameters
    ----------
    module
        Its parameters are changed.
    optimizer
        Of all of them.
    loss
        Of the module, before any backward pass.
    threshold
        For the joint norm; above 0.

    Returns
    -------
    norm
        Of the gradient, before clipping.
    """
    ### BEGIN SOLUTION
    if not threshold > 0:
        raise ValueError(f"expected a threshold above 0, not {threshold}")
    optimizer.zero_grad()
    loss.backward()
    norm = float(torch.nn.utils.clip_grad_norm_(module.parameters(), threshold))
    if math.isfinite(norm):
        optimizer.step()
    return norm
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "torch_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def two_weights():
    """Return a module with w = 1, v = 1 and an unused weight, and an optimizer of rate 0.1."""
    module = torch.nn.Module()
    for name in ("w", "v", "unused"):
        module.register_parameter(name, torch.nn.Parameter(torch.tensor(1.0).double()))
    return module, torch.optim.SGD(module.parameters(), lr=0.1)


module, optimizer = two_weights()
norm = torch_step(module, optimizer, 3 * module.w + 4 * module.v, 10.0)
assert close(norm, 5.0), f"the gradient is (3, 4), its norm 5, not {norm}"
assert close([module.w.item(), module.v.item()], [0.7, 0.6]), (
    f"5 is below 10: 1 - 0.1 * (3, 4) = (0.7, 0.6), not ({module.w.item()}, {module.v.item()})"
)
module, optimizer = two_weights()
norm = torch_step(module, optimizer, 3 * module.w + 4 * module.v, 1.0)
assert close([module.w.item(), module.v.item()], [0.94, 0.92]), (
    "5 is cut to 1, jointly, before the step: 1 - 0.1 * (0.6, 0.8) = (0.94, 0.92), not "
    f"({module.w.item()}, {module.v.item()})"
)
assert close(norm, 5.0), f"the norm before clipping, 5, not {norm}"
assert module.unused.item() == 1.0, "a weight without a gradient stays as it is"
norm = torch_step(module, optimizer, 3 * module.w, 10.0)
assert close(norm, 3.0), (
    f"the gradients of the step before must not count: the norm is 3 now, not {norm}"
)
assert close([module.w.item(), module.v.item()], [0.64, 0.92]), (
    f"only w moves, by 0.3, not ({module.w.item()}, {module.v.item()})"
)
for bad in (math.nan, math.inf):
    module, optimizer = two_weights()
    norm = torch_step(module, optimizer, bad * module.w + 4 * module.v, 1.0)
    assert close(norm, bad), f"a gradient with {bad} in it has the norm {bad}, not {norm}"
    assert close([module.w.item(), module.v.item()], [1.0, 1.0]), (
        f"no step is taken then, not of v either: ({module.w.item()}, {module.v.item()})"
    )
for bad in (0.0, -1.0, math.nan):
    module, optimizer = two_weights()
    assert refuses(torch_step, module, optimizer, module.w * 1.0, bad), (
        f"a threshold of {bad}: a ValueError"
    )

# %% nbgrader={"grade": true, "grade_id": "torch_step-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: some steps one after another, gradients that are not finite, and what is refused.
### BEGIN HIDDEN TESTS
# collect torch_step
### END HIDDEN TESTS

# %% [markdown]
# Do the two agree? Your `clip_by_norm`, and torch's, on the gradient of the language model:

# %% tags=["exploration", "raises-exception"]
network, params = begin_with(0)
inputs, targets = batch_of([np.append(vocab.encode(s), vocab.eos) for s in text.train[:BATCH]])
loss_of(network, inputs, targets).backward()
grads = {name: network.get_parameter(name).grad.double().numpy().copy() for name in params}
by_hand = clip_by_norm(grads, 0.1)
torch.nn.utils.clip_grad_norm_(network.parameters(), 0.1)
furthest = max(
    float(np.abs(np.asarray(by_hand[name]) - network.get_parameter(name).grad.numpy()).max())
    for name in params
)
print(f"norm {global_norm(grads):.3f}; largest difference after clipping to 0.1: {furthest:.1e}")

# %% [markdown]
# ## Summary
#
# * The gradient has one norm, that of all parameters together; computed with care it does not overflow.
# * Clipping by norm keeps the direction and bounds the step; clipping by value bounds every entry.
# * The threshold comes from statistics of the norm, from half to ten times the mean, without the norms that are not finite.
# * `nan` passes every comparison. Look for it by name, and take a random step, or none.
# * Clip the gradient of the batch, before the step. Clipping each example by itself is another thing.
#
# ## Exercises
#
# 1. Train with factors 0.1, 0.5, 2 and 10 of the mean norm. Where does clipping begin to slow the training down?
# 2. Replace the clipped step by a random one whenever the norm is above the threshold, not only where it is not finite. 004 says that this *tends to work almost as well*. Does it, for the one unit, and for the language model?
# 3. Let `descend` run from (6.25, -3.625) with a rate of 0.3. Change the start in the tenth decimal. What becomes of the clipped path, and why?
# 4. Use `clip_backward_signal` in your `bptt` of assignment 04. How often is it clipped, and at which steps?
# 5. Clipping at a threshold below all norms makes every step equally long. Compare it with a smaller learning rate.
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks* (002): sections 2.3, 3.1 and 3.2, eq. 8, Fig. 6, Algorithm 1.
# * The textbook chapter 004, section 10.11.1: eqs 10.48 and 10.49, Fig. 10.17, random steps, the bias.
# * Mikolov (2012), *Statistical language models based on neural networks*, PhD thesis, Brno: clipping by value.
# * Graves (2013), *Generating sequences with recurrent neural networks*, arXiv:1308.0850: clipping the signal that travels back.
