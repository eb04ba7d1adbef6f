# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 02: Log-linear models, flow graphs, gradient checks
#
# In assignment 01 the numbers of a language model were counts. Here they are *weights*, and nobody counts them: they are found by walking uphill on the probability of the training text. For that you need the slope. You derive it for a log-linear model, check it numerically, let a flow graph find it by itself, and then walk. At the end your own functions train a language model, and you see it on the ladder.
#
# **You need:** the chain rule, partial derivatives, numpy. Lectures 02 and 02b help.
#
# **Time:** 6 to 8 hours for the core (questions 1 to 9 and the written question), 1 more for the stretch (questions 10 and 11).
#
# **Points:** 36 for the core count as full marks; the 6 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call. Return new arrays (of shape `()`, a number will do).
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * Numbers are compared to a relative accuracy of 1e-5, and to an absolute one of 1e-6 near zero. Arrays are float64, unless a question says that others come as well. Questions 4 and 5 need float64 throughout; elsewhere float32 is enough.
# * An array may be returned as a numpy array, a torch tensor or nested lists of the same shape.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Num

from nextword.learning.flow_graph import Node


def close(got: object, expected: object) -> bool:
    """Return whether numbers, or arrays of one shape, agree to the accuracy that counts here."""
    if hasattr(got, "detach"):  # a torch tensor that remembers where it came from
        got = got.detach()
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    return got.shape == expected.shape and np.allclose(
        got, expected, rtol=1e-5, atol=1e-6, equal_nan=True
    )


# %% [markdown]
# ## 1. From scores to log-probabilities
#
# A model that is no table of counts gives each word a *score*, any real number. The **softmax** makes probabilities of scores: $p_i = e^{s_i} / \sum_j e^{s_j}$. What we need is nearly always its logarithm:
#
# $$\log p_i = s_i - \log \sum_j e^{s_j}$$
#
# In floating point this formula, typed as it stands, fails early: $e^{710}$ is infinite. But adding the same number to all scores changes no probability, and you may choose which.
#
# **Write `log_softmax(scores, axis=-1)`.**
#
# * `scores` has one dimension or more. Each slice along `axis` (which may be negative) is one distribution. The result has the shape of `scores`.
# * **Scores may be large**: 10,000 and −10,000 in the same slice. The result is finite there. (Scores come in two sizes: below 50 in modulus, or, in cases of their own, in the thousands. There, log-probabilities are compared to an absolute accuracy of 0.005, and float32 is enough as well.)
# * A score of $-\infty$ gives a log-probability of $-\infty$, and the others are what they would be without it. At least one score of each slice is finite. No score is $+\infty$ or `nan`.
# * Integer scores are scores like others: the result is an array of floats. float32 comes as well.
# * Of a single class the log-probability is 0.

# %% nbgrader={"grade": false, "grade_id": "log_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_softmax(scores: Num[np.ndarray, "*shape"], axis: int = -1) -> Float[np.ndarray, "*shape"]:
    """Return the logarithms of the softmax probabilities of scores.

    Parameters
    ----------
    scores
        Any real numbers; -inf for what is impossible.
    axis
        Along which the probabilities sum to 1.

    Returns
    -------
    log_probs
        In nats, of the shape of `scores`; 0 or less.
    """
    ### BEGIN SOLUTION
    shifted = scores - np.max(scores, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "log_softmax-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
square = log_softmax(np.log(np.array([[1.0, 3.0], [4.0, 1.0]])))
assert close(square, np.log([[0.25, 0.75], [0.8, 0.2]])), (
    f"weights 1 : 3 and 4 : 1, each row divided by its own sum, are log 0.25, log 0.75 and log 0.8, "
    f"log 0.2, not\n{square}"
)
columns = log_softmax(np.log(np.array([[1.0, 3.0, 2.0], [1.0, 1.0, 6.0]])), axis=0)
assert close(columns, np.log([[0.5, 0.75, 0.25], [0.5, 0.25, 0.75]])), (
    f"with axis=0 each of the three columns sums to 1 after np.exp, not\n{columns}"
)
large = log_softmax(np.array([10_000.0, 10_000.0, -10_000.0]))
half = math.log(1 / 2)
assert np.allclose(large, [half, half, half - 20_000], atol=5e-3), (
    f"two equal scores and one 20,000 below: -0.693, -0.693 and -20000.693, not {large}. "
    "Which number can you subtract from all scores first?"
)
far_apart = log_softmax(np.array([[10_000.0, 9_999.0], [-10_000.0, -9_999.0]]))
near, less = -math.log(1 + math.exp(-1)), -math.log(1 + math.exp(1))
assert np.allclose(far_apart, [[near, less], [less, near]], atol=5e-3), (
    "two rows, one near 10,000 and one near -10,000: each subtracts a number of its own, not the "
    f"largest of all. Expected -0.313 and -1.313 in each, not\n{far_apart}"
)
integers = log_softmax(np.array([0, 0, 0, 0]))
assert close(integers, np.full(4, -math.log(4))), (
    f"four equal scores, given as integers: -log 4 = -1.386 each, not {integers}"
)
impossible = log_softmax(np.array([0.0, -math.inf, 0.0]))
assert close(impossible, [-math.log(2), -math.inf, -math.log(2)]), (
    f"a score of -inf is impossible, the other two share: -0.693, -inf, -0.693, not {impossible}"
)


# %% nbgrader={"grade": true, "grade_id": "log_softmax-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: other shapes and axes, large scores, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect log_softmax
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A log-linear model
#
# Where do scores come from? A log-linear model describes each possible next word $w$ after a context $c$ by a vector of $K$ *features*, $f(w, c)$: is the word *books*? does it follow *their*? is it a noun after an adjective? Each feature has a weight, and the score is their product (slides 000, eq. 2):
#
# $$p(w \mid c) = \frac{\exp\{\beta \cdot f(w, c)\}}{\sum_{v} \exp\{\beta \cdot f(v, c)\}}$$
#
# For one context, the features of all $V$ words are a table of $V$ rows and $K$ columns.
#
# **Write `loglinear_log_probs(features, beta)`**, the log-probabilities, in nats, of all $V$ words.
#
# * Row $v$ of `features` is $f(v, c)$. `beta` has $K$ numbers. The result has $V$ numbers.
# * $V \ge 1$. $K = 0$ is allowed: a model without features finds all words equally probable.
# * `features` may hold integers. Scores may be as large as in question 1, and are compared as there.
# * You may call your `log_softmax` (if its tests pass), or not.

# %% nbgrader={"grade": false, "grade_id": "loglinear_log_probs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loglinear_log_probs(
    features: Num[np.ndarray, "vocab features"], beta: Float[np.ndarray, " features"]
) -> Float[np.ndarray, " vocab"]:
    """Return the log-probability of every word in one context.

    Parameters
    ----------
    features
        One row for each word: its features in this context.
    beta
        The weight of each feature.

    Returns
    -------
    log_probs
        In nats, one for each word.
    """
    ### BEGIN SOLUTION
    scores = features @ beta
    shifted = scores - scores.max()
    return shifted - np.log(np.exp(shifted).sum())
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "loglinear_log_probs-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# Three words, two features: "is a noun", "was seen after their".
features = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
beta = np.log(np.array([2.0, 3.0]))
log_probs = loglinear_log_probs(features, beta)
assert close(log_probs, np.log([6 / 9, 2 / 9, 1 / 9])), (
    f"exp(score) is 2 * 3, 2 and 1, so the probabilities are 6/9, 2/9, 1/9, and their logarithms "
    f"-0.405, -1.504, -2.197, not {log_probs} (if you call your log_softmax: do its tests pass?)"
)
sure = loglinear_log_probs(np.array([[1, 0], [0, 1]]), np.array([5_000.0, -5_000.0]))
assert close(sure, [0.0, -10_000.0]), f"scores 5000 and -5000 give 0 and -10000, not {sure}"
nothing = loglinear_log_probs(np.zeros((4, 0)), np.zeros(0))
assert close(nothing, np.full(4, -math.log(4))), (
    f"without features all 4 words are equally probable: -log 4 = -1.386 each, not {nothing}"
)


# %% nbgrader={"grade": true, "grade_id": "loglinear_log_probs-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: other features, one word, no features, and large scores.
### BEGIN HIDDEN TESTS
# collect loglinear_log_probs
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Its slope: observed minus expected
#
# Which way must $\beta$ move so that the word that really came, the *target* $w$, becomes more probable? Differentiate the logarithm of question 2 by $\beta_k$, and something simple is left:
#
# $$\frac{\partial \log p(w \mid c)}{\partial \beta_k} = f_k(w, c) - \sum_{v} p(v \mid c)\, f_k(v, c)$$
#
# the feature that was **observed** minus the feature that the model **expected**. (Derive it on paper: it takes three lines, and you will meet it again in every network of this course.) Where the model expects what it observes, the slope is 0: a log-linear model whose features are indicators of bigrams ends at the bigram counts of assignment 01.
#
# **Write `loglinear_gradient(features, beta, target)`**, the gradient of the *log-probability* of the target by `beta`, $K$ numbers. (Log-probability: uphill is better. The gradient of the loss, $-\log p$, has the other sign, and is not asked for.)
#
# * `features` and `beta` are as in question 2: integers, large scores and $K = 0$ may come. The result holds floats, compared to an absolute accuracy of 1e-5.
# * `target` is the row of the word that came, counted from 0. A target that is not one of $0, \dots, V-1$ raises `ValueError`; a negative one does too.

# %% nbgrader={"grade": false, "grade_id": "loglinear_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loglinear_gradient(
    features: Num[np.ndarray, "vocab features"],
    beta: Float[np.ndarray, " features"],
    target: int,
) -> Float[np.ndarray, " features"]:
    """Return the gradient of the log-probability of the target by the weights.

    Parameters
    ----------
    features
        One row for each word: its features in this context.
    beta
        The weight of each feature.
    target
        Which row is the word that came.

    Returns
    -------
    gradient
        Observed minus expected features.

    Raises
    ------
    ValueError
        There is no such row.
    """
    ### BEGIN SOLUTION
    if not 0 <= target < len(features):
        raise ValueError(f"expected a target from 0 to {len(features) - 1}, came {target}")
    scores = features @ beta
    weights = np.exp(scores - scores.max())
    return features[target] - weights @ features / weights.sum()
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "loglinear_gradient-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
features = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
beta = np.log(np.array([2.0, 3.0]))
# The probabilities are 6/9, 2/9, 1/9 (see above), so the expected features are 8/9 and 6/9.
uphill = loglinear_gradient(features, beta, 1)
assert all((close(features, [[1, 1], [1, 0], [0, 0]]), close(np.exp(beta), [2, 3]))), (
    "features or beta was changed, and is another model in the next call: work on a copy"
)
assert close(uphill, [1 - 8 / 9, 0 - 6 / 9]), (
    f"word 1 has features (1, 0), expected are (8/9, 6/9): the difference is (0.111, -0.667), "
    f"not {uphill}"
)
every_word = sum(
    probability * np.asarray(loglinear_gradient(features, beta, word))
    for word, probability in enumerate([6 / 9, 2 / 9, 1 / 9])
)
assert close(every_word, [0, 0]), (
    f"weighted by the probabilities of the words, the gradients cancel; yours leave {every_word}"
)
sure = loglinear_gradient(np.array([[1, 0], [0, 1]]), np.array([5_000.0, -5_000.0]), 1)
assert close(sure, [-1.0, 1.0]), (
    f"word 0 was certain and word 1 came: (0, 1) - (1, 0) = (-1, 1), not {sure}"
)
half = loglinear_gradient(np.array([[1], [0]]), np.array([0.0]), 0)
assert close(half, [0.5]), f"integer features: 1 observed, 1/2 expected, so 0.5, not {half}"
for nowhere in (3, -1):
    try:
        loglinear_gradient(features, beta, nowhere)
    except ValueError:
        pass
    else:
        raise AssertionError(f"there are words 0, 1 and 2, no {nowhere}: expected a ValueError")


# %% nbgrader={"grade": true, "grade_id": "loglinear_gradient-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: other models and targets, large scores, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect loglinear_gradient
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Is it right? Ask the function itself
#
# A gradient that you derived and typed may be wrong in a way that still seems to learn. *Gradient checks are awesome* (slides 001): compare it with what the function itself says when you shake one entry of its argument at a time. The **central difference** looks to both sides:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2 \varepsilon}$$
#
# where $e_i$ is 1 at entry $i$ and 0 elsewhere. It is more exact than looking to one side only; how much, your own figure will show.
#
# **Write `numerical_gradient(f, x, eps=1e-4)`**, an array of the shape of `x` with the central difference for every entry.
#
# * `f` takes an array of the shape of `x` and returns a number. It is a black box: just call it.
# * **Every call of `f` gets an array of its own.** An `f` may use the array that it gets as scratch space and leave it changed; your gradient must be right nevertheless, and `x` must stay as it is.
# * `x` is a float64 array of any shape: one dimension, several, none at all (`np.array(1.5)`), or of size 0.
# * Compute this formula with the `eps` that is given, also where it is large: it is the formula that is graded, not the true derivative.
# * An `eps` of 0 or less raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "numerical_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(
    f: Callable[[Float[np.ndarray, "*shape"]], float],
    x: Float[np.ndarray, "*shape"],
    eps: float = 1e-4,
) -> Float[np.ndarray, "*shape"]:
    """Return the central differences of a function.

    Parameters
    ----------
    f
        Takes an array of the shape of `x`, returns a number, and may change its array.
    x
        Where the gradient is taken.
    eps
        How far to look to each side, more than 0.

    Returns
    -------
    gradient
        Of the shape of `x`.

    Raises
    ------
    ValueError
        `eps` is 0 or less.
    """
    ### BEGIN SOLUTION
    if eps <= 0:
        raise ValueError(f"expected eps above 0, came {eps}")
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[index] += eps
        below[index] -= eps
        gradient[index] = (f(above) - f(below)) / (2 * eps)
    return gradient
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "numerical_gradient-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def cubes(x):
    """Return the sum of the cubes, plus the square of the sum."""
    return float(np.sum(x**3) + np.sum(x) ** 2)


# d/dx_i is 3 x_i^2 + 2 sum(x). For a cube, the central difference adds exactly eps^2.
point = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 0.5]])
slopes = numerical_gradient(cubes, point.copy())
expected = 3 * point**2 + 2 * 3.0
assert close(slopes, expected), (
    f"3 x^2 + 2 * 3 is\n{expected}\nat every entry of x, not\n{slopes}\nIs each entry shaken "
    "alone, to both sides, from x itself?"
)
coarse = numerical_gradient(cubes, point.copy(), eps=0.5)
assert close(coarse, expected + 0.25), (
    f"with eps = 0.5 the central difference of x^3 is 3 x^2 + 0.25, so\n{expected + 0.25}\n"
    f"not\n{coarse}"
)
nothing = numerical_gradient(cubes, np.zeros((0, 3)))
assert np.size(nothing) == 0, f"no entries: an empty array, not {nothing}"
scalar = numerical_gradient(cubes, np.array(2.0))
assert close(scalar, 16.0), f"x^3 + x^2 has slope 12 + 4 = 16 at 2, not {scalar}"


def messy_cubes(x):
    """Do the same, in the array that was given."""
    total = np.sum(x)
    x **= 3
    return float(np.sum(x) + total**2)


messy = numerical_gradient(messy_cubes, point.copy())
assert close(messy, expected), (
    f"this f changes the array that it gets, so every call needs one of its own:\n{expected}\n"
    f"not\n{messy}"
)
untouched = point.copy()
numerical_gradient(cubes, untouched)
assert np.array_equal(untouched, point), "x itself was changed: work on copies"
try:
    numerical_gradient(cubes, point.copy(), eps=0.0)
except ValueError:
    pass
else:
    raise AssertionError("eps = 0 is no distance: expected a ValueError")


# %% nbgrader={"grade": true, "grade_id": "numerical_gradient-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: other functions and shapes, small and large eps, functions that change their array.
### BEGIN HIDDEN TESTS
# collect numerical_gradient
### END HIDDEN TESTS

# %% [markdown]
# ## 5. How near is near?
#
# Two gradients will never agree to the last digit. An *absolute* difference of 0.01 is a catastrophe for a gradient of 0.001 and nothing for one of 10,000. So we look at the **relative** error, at the worst entry:
#
# $$\text{error}(a, b) = \max_i \frac{|a_i - b_i|}{\max(10^{-8},\; |a_i| + |b_i|)}$$
#
# The $10^{-8}$ keeps 0 against 0 from being 0/0. It is a maximum, not a term that is added.
#
# **Write `relative_error(a, b)`**, one number.
#
# * `a` and `b` are arrays of the same shape, or two numbers. Shapes that differ raise `ValueError`; nothing is broadcast.
# * Empty arrays agree: 0.
# * A `nan` anywhere gives `nan`: a broken gradient must not pass. Infinities do not come.
# * Stay in float64: the differences are small.

# %% nbgrader={"grade": false, "grade_id": "relative_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relative_error(a: Float[np.ndarray, "*shape"], b: Float[np.ndarray, "*shape"]) -> float:
    """Return the largest relative difference of two gradients.

    Parameters
    ----------
    a, b
        Of the same shape.

    Returns
    -------
    error
        Between 0 (equal) and 1 (opposite signs, or one of them 0), or nan.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    ### BEGIN SOLUTION
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"expected two arrays of one shape, came {a.shape} and {b.shape}")
    errors = np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))
    return float(np.max(errors, initial=0.0))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "relative_error-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
one = relative_error(np.array([3.0, -10.0]), np.array([1.0, -10.0]))
assert close(one, 0.5), f"|3 - 1| / (3 + 1) = 0.5, the other entry agrees: 0.5, not {one}"
two = relative_error(np.array([1.0, 100.0]), np.array([3.0, 101.0]))
assert close(two, 0.5), (
    f"2 / 4 = 0.5 and 1 / 201 = 0.005: every entry is divided by its own size, and the worst "
    f"counts: 0.5, not {two}"
)
zeros = relative_error(np.zeros((2, 2)), np.zeros((2, 2)))
assert close(zeros, 0.0), f"0 against 0 is no error: 0, not {zeros}"
tiny = relative_error(np.array([3e-9]), np.array([1e-9]))
assert close(tiny, 0.2), f"2e-9 / max(1e-8, 4e-9) = 0.2, not {tiny}"
nothing = relative_error(np.zeros(0), np.zeros(0))
assert close(nothing, 0.0), f"empty arrays agree: 0, not {nothing}"
broken = relative_error(np.array([1.0, np.nan, 1.0]), np.array([1.0, 2.0, 1.0]))
assert math.isnan(broken), f"a nan in a gradient gives nan, not {broken}"
try:
    relative_error(np.ones((2, 1)), np.ones((1, 2)))
except ValueError:
    pass
else:
    raise AssertionError("shapes (2, 1) and (1, 2) differ: expected a ValueError")

# %% nbgrader={"grade": true, "grade_id": "relative_error-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other arrays, entries near zero, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect relative_error
### END HIDDEN TESTS

# %% [markdown]
# ## Your gradient, checked by you
#
# Now question 3 meets questions 4 and 5: the gradient that you derived, against what your model itself says, for many $\varepsilon$. (Cells like this one are for looking. They are not run when your work is graded.)

# %% tags=["exploration", "raises-exception"]
import matplotlib.pyplot as plt

from nextword.pictures import plots

rng = np.random.default_rng(0)
features = rng.normal(size=(30, 8))
beta = rng.normal(size=8)
target = 7


def log_prob(weights):
    """Return the log-probability of the target under these weights."""
    return float(np.asarray(loglinear_log_probs(features, weights))[target])


def one_sided(eps):
    """Return the forward differences, which look to one side only."""
    steps = [log_prob(beta + eps * direction) for direction in np.eye(len(beta))]
    return (np.array(steps) - log_prob(beta)) / eps


analytic = loglinear_gradient(features, beta, target)
distances = np.logspace(-13, 0, 53)
central = [relative_error(analytic, numerical_gradient(log_prob, beta, eps)) for eps in distances]
forward = [relative_error(analytic, one_sided(eps)) for eps in distances]
best = int(np.argmin(central))
print(f"smallest error {central[best]:.1e}, at eps = {distances[best]:.1e}")
with plots.course_style():
    figure, axis = plt.subplots()
    axis.loglog(distances, forward, color=plots.ORANGE, label="one side")
    axis.loglog(distances, central, color=plots.BLUE, label="both sides")
    axis.set(xlabel="ε", ylabel="relative error", ylim=(1e-12, 3))
    axis.legend(loc="lower left")
    plots.show(
        figure,
        "Relative error of a gradient check against epsilon: two curves in the shape of a V. "
        f"Looking to both sides it is lowest, {central[best]:.0e}, at {distances[best]:.0e}.",
    )


# %% [markdown]
# If your curves have no bottom, a gradient is wrong: go back to question 3, or make the model smaller until it is right (slides 001: *simplify your model until you have no bug*).
#
# ## Written: four checks
#
# Four people check a derivative, at one point, by central differences. The next cell needs none of your functions. You see what they see, the relative error for each ε, and not their code.

# %% tags=["exploration", "raises-exception"]
def softplus(x):
    return math.log1p(math.exp(x))


def slope_of_softplus(x):
    return 1 / (1 + math.exp(-x))


people = {  # a function, and what its author takes for the derivative
    "Anna": (softplus, slope_of_softplus),
    "Ben": (softplus, lambda x: 1.0002 * slope_of_softplus(x)),
    "Cleo": (lambda x: x**2 + max(0.0, x - 0.2995), lambda x: 2 * x + (x > 0.2995)),
    "Dora": (lambda x: softplus(x) + 1e7, slope_of_softplus),
}
print("ε       " + "".join(f"{name:>10}" for name in people))
for eps in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
    row = f"{eps:<8.0e}"
    for f, slope in people.values():
        found, claimed = (f(0.3 + eps) - f(0.3 - eps)) / (2 * eps), slope(0.3)
        row += f"{abs(found - claimed) / (abs(found) + abs(claimed)):10.0e}"
    print(row)

# %% [markdown]
# **In at most 200 words:** (a) One of the four has a bug, and the other three derivatives are right. Who has it, and how do the rows of the table show it? (b) The three others do not see what Anna sees. Say for each of them what about their *function* explains the column, and at which ε you would trust their check. (Cleo and Dora have two different reasons.) (c) Emil's error is $10^{-9}$ at the best ε, and his model still learns nothing. Name two mistakes that no gradient check can find, whatever ε is.

# %% [markdown] nbgrader={"grade": true, "grade_id": "gradient_check-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) Ben. His error stays at $10^{-4}$ however small ε becomes: what is left does not depend on ε, so it is neither the formula nor rounding, but the derivative. Anna's falls by 100 for each 10 of ε and then, near $10^{-5}$, is down at rounding.
# (b) Cleo's function has a kink just beside the point, 0.0005 away: while ε reaches over it, the difference sees both slopes, and the error is large; from $10^{-4}$ on only one side is seen and the check is right. Trust it below the distance of the kink. Dora's function is a large number with a small one on it: its values are rounded to about 1e-9, and that, divided by 2ε, drowns the difference at small ε; trust the largest errors' bottom, near $10^{-2}$ or $10^{-3}$, or leave out the constant. (Anna: at $10^{-4}$ or $10^{-5}$.)
# (c) The check compares a derivative with *its* function. It says nothing when the function is the wrong one: targets shifted by a place, the wrong axis, a sign of the loss (uphill for downhill), a learning rate of 0. It says nothing either about what is not active at the point or not among the entries that were checked: a saturated or a dead unit, a feature that does not occur in the batch.
#
# **Rubric (4 points).** 1: Ben, since what is left does not shrink with ε. 1: Cleo's kink (not differentiable near by), with small ε to be trusted. 1: Dora's rounding of a large value (cancellation), with large ε to be trusted. 1: two mistakes of (c), half each: the loss itself, or what happens after the gradient, or what was not active or not checked. Half points for a right claim without a reason.

# %% [markdown]
# ## 6. Flow graphs: in which order?
#
# For every new model we would have to derive a new gradient. Unless the computation can be made to derive it itself. Write the computation as a **flow graph** (slides 001): each *node* is a number that was computed, each *arc* says from which other numbers. The class `Node` does the bookkeeping. Its attributes:
#
# | attribute | what it is |
# |---|---|
# | `node.value` | the number |
# | `node.parents` | a tuple of the nodes from which it was computed; empty for an input |
# | `node.derivatives` | a tuple of numbers: the derivative of `node.value` by each of the parents, in the same order |
# | `node.grad` | a number; here the derivative of the output will be kept (question 7) |
# | `node.name` | for you to read; do not rely on it |
#
# A node may stand *twice* among the parents of another one. The next cell shows it; it makes no difference whether nodes come from arithmetic or are put together by hand.

# %% tags=["exploration", "raises-exception"]
x = Node(3.0, name="x")
w = Node(-0.5, name="w")
product = (x * w).named("product")
output = (product + x * x).named("output")
square = output.parents[1].named("square")
for node in (x, product, square, output):
    arcs = [f"{p.name} ({d:g})" for p, d in zip(node.parents, node.derivatives, strict=True)]
    print(f"{node.name:8} {node.value:5}   parents (derivative): {', '.join(arcs) or 'none'}")


# %% [markdown]
# Values are computed forward: a node can have its value only when all its parents have theirs. An order in which that works, every node after all of its parents, is a **topological order**. There are often several: here `x, w, product, square, output` is one, and `w, x, square, product, output` another.
#
# **Write `topological_order(output)`.**
#
# * Return a list of all nodes that `output` depends on, and `output` itself: those from which arcs lead to it in any number of steps. Parents first, so `output` comes last.
# * **Every node stands in it once**, however many nodes use it, and however often.
# * *Any* topological order is right.
# * A node without parents is the whole of its order.
# * Two nodes are the same if they are the same object. Values and names may coincide.
# * The graph stays as it is, and it may be asked about again: leave no marks on its nodes.
# * There may be far more *paths* through a graph than nodes and arcs: a chain of 60 doublings, $x_{i+1} = x_i + x_i$, has $2^{60}$. So follow every arc, not every path. No graph is deeper than 200 arcs, so recursion is fine.

# %% nbgrader={"grade": false, "grade_id": "topological_order", "locked": false, "schema_version": 3, "solution": true, "task": false}
def topological_order(output: Node) -> list[Node]:
    """Return the nodes of a flow graph, each after all of its parents.

    Parameters
    ----------
    output
        The node to which everything leads.

    Returns
    -------
    nodes
        All that the output depends on, each once, and the output as the last.
    """
    ### BEGIN SOLUTION
    nodes: list[Node] = []
    seen: set[Node] = set()

    def visit(node: Node) -> None:
        if node in seen:
            return
        seen.add(node)
        for parent in node.parents:
            visit(parent)
        nodes.append(node)

    visit(output)
    return nodes
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "topological_order-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def names_of(nodes):
    """Return the names of listed nodes."""
    return [getattr(node, "name", node) for node in nodes]


def small_graph():
    """Return new nodes: c = a b, d = c + a, e = tanh d, late = a + e."""
    a, b = Node(2.0, name="a"), Node(3.0, name="b")
    c = (a * b).named("c")
    d = (c + a).named("d")
    e = d.tanh().named("e")
    return a, b, c, d, e, (a + e).named("late")


a, b, c, d, e, late = small_graph()
chain = names_of(topological_order(c))
assert chain in (["a", "b", "c"], ["b", "a", "c"]), (
    f"c is computed from a and b: they come first (in either order), c last, not {chain}"
)
a, b, c, d, e, late = small_graph()
shared = names_of(topological_order(d))
assert shared in (["a", "b", "c", "d"], ["b", "a", "c", "d"]), (
    f"a, used by c and by d, comes once and before both; c before d: not {shared}"
)
a, b, c, d, e, late = small_graph()
ways = names_of(topological_order(late))
assert ways in (["a", "b", "c", "d", "e", "late"], ["b", "a", "c", "d", "e", "late"]), (
    f"a is a parent of the output, but c needs it too, so it comes before c: not {ways}"
)
again = names_of(topological_order(late))
assert again in (["a", "b", "c", "d", "e", "late"], ["b", "a", "c", "d", "e", "late"]), (
    f"asked again about the same graph: the same 6 nodes, not {again}. Are there marks on the nodes?"
)
a, _, *_ = small_graph()
square = names_of(topological_order((a * a).named("square")))
assert square == ["a", "square"], f"a * a uses a twice, and a is listed once: not {square}"
one, twin = Node(1.0, name="one"), Node(1.0, name="twin")
both = names_of(topological_order((one + twin).named("sum")))
assert sorted(both) == ["one", "sum", "twin"], (
    f"two different nodes may have the same value; both are listed: not {both}"
)


class Asked(tuple):
    """Parents that count how often they are gone through."""

    times = 0

    def __iter__(self):
        Asked.times += 1
        return super().__iter__()


def doublings(how_many):
    """Return a chain x, x + x, ..., whose parents count."""
    chain = [Node(1.0, name="x")]
    for _ in range(how_many):
        chain.append(chain[-1] + chain[-1])
        chain[-1].parents = Asked(chain[-1].parents)
    return chain


Asked.times = 0
long_chain = topological_order(doublings(12)[-1])
assert len(long_chain) == 13, f"12 doublings of x: 13 nodes, not {len(long_chain)}"
assert Asked.times < 400, (
    f"12 doublings have 24 arcs and 4096 paths, and you went through parents {Asked.times} times: do "
    "you follow every path? With 60 doublings that would never end"
)
alone = names_of(topological_order(one))
assert alone == ["one"], f"a node without parents is the whole of its order, not {alone}"


# %% nbgrader={"grade": true, "grade_id": "topological_order-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: trees, shared nodes, graphs with many paths, and the same graph asked twice.
### BEGIN HIDDEN TESTS
# collect topological_order
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Backpropagation: sum over the arcs that leave
#
# Let $z$ be the output, and $y_1, \dots, y_n$ the *successors* of a node $x$: the nodes that use it. A change of $x$ reaches $z$ through each of them, and the changes add up (slides 001, "Multiple Paths Chain Rule"):
#
# $$\frac{\partial z}{\partial x} = \sum_{i=1}^{n} \frac{\partial z}{\partial y_i}\, \frac{\partial y_i}{\partial x}$$
#
# So start with $\partial z / \partial z = 1$ and walk the topological order *backwards*: when you come to a node, all of its successors have been there, and its gradient is complete. Each node then hands its share on to its parents. One walk over all arcs, and *every* derivative is known: a gradient costs as much as the computation itself.
#
# **Write `backpropagate(output)`**, which sets `node.grad` of every node that `output` depends on, and of `output` itself, to $\partial\, \texttt{output} / \partial\, \texttt{node}$. What it returns does not matter.
#
# * `node.derivatives` holds $\partial y / \partial x$ for the arcs into `node`, one for each entry of `node.parents`. A node that stands there twice gets two shares.
# * The gradient of `output` by itself is 1.
# * **Old gradients are forgotten**: whatever `grad` held before, the result is the same, and calling twice is as good as once.
# * Nothing but `grad` is changed.
# * Again every *arc* counts once: graphs with $2^{60}$ paths come. You may call your `topological_order` (if its tests pass), or not.

# %% nbgrader={"grade": false, "grade_id": "backpropagate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def backpropagate(output: Node) -> None:
    """Set the gradient of every node of a flow graph: the derivative of the output by it.

    Parameters
    ----------
    output
        The node to which everything leads.
    """
    ### BEGIN SOLUTION
    order: list[Node] = []
    seen: set[Node] = set()

    def visit(node: Node) -> None:
        if node in seen:
            return
        seen.add(node)
        for parent in node.parents:
            visit(parent)
        order.append(node)

    visit(output)
    for node in order:
        node.grad = 0.0
    output.grad = 1.0
    for node in reversed(order):
        for parent, derivative in zip(node.parents, node.derivatives):
            parent.grad += node.grad * derivative
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "backpropagate-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
a, b = Node(2.0, name="a"), Node(3.0, name="b")
c = a * b
e = c * 5.0
backpropagate(e)
assert close(e.grad, 1), f"the derivative of the output by itself is 1, not {e.grad}"
assert close([c.grad, a.grad, b.grad], [5, 15, 10]), (
    f"e = 5ab with a = 2, b = 3: by c it is 5, by a 5b = 15, by b 5a = 10, "
    f"not {c.grad}, {a.grad}, {b.grad}"
)
backpropagate(e)
assert close([c.grad, a.grad, b.grad], [5, 15, 10]), (
    f"called again, the gradients are the same: 5, 15, 10, not {c.grad}, {a.grad}, {b.grad}"
)
a = Node(2.0, name="a")
square = a * a
backpropagate(square)
assert close(a.grad, 4), (
    f"a * a has slope 2a = 4: both of its parents are a, and both count: {a.grad}"
)
a, b = Node(2.0, name="a"), Node(3.0, name="b")
g = (a * b + a) * b
backpropagate(g)
assert close([a.grad, b.grad], [3 * 4, 2 * 7]), (
    f"g = ab^2 + ab, so by a it is b^2 + b = 12 and by b 2ab + a = 14, not {a.grad}, {b.grad}: "
    "add up what comes from every successor"
)
# x is reached by a short way and by a long one, which must arrive first.
x = Node(1.0, name="x")
h = x * 2.0
k = x + h * h * 3.0
late = h + k * 7.0
backpropagate(late)
assert close([h.grad, x.grad], [1 + 7 * 12, 7 + 2 * 85]), (
    f"late = h + 7 (x + 3 h^2) with h = 2x, x = 1: by h 1 + 42 h = 85, by x 7 + 2 * 85 = 177, "
    f"not {h.grad}, {x.grad}. Is a node's gradient complete when it hands it on? (If you call your "
    "topological_order: do its tests pass?)"
)


class Crossed(tuple):
    """Parents that count how often they are gone through."""

    times = 0

    def __iter__(self):
        Crossed.times += 1
        return super().__iter__()


x = doubled = Node(1.0, name="x")
for _ in range(12):
    doubled = doubled + doubled
    doubled.parents = Crossed(doubled.parents)
Crossed.times = 0
backpropagate(doubled)
assert close(x.grad, 4096), f"12 doublings make 4096 x: the derivative by x is 4096, not {x.grad}"
assert Crossed.times < 400, (
    f"12 doublings have 24 arcs and 4096 paths, and you went through parents {Crossed.times} times: "
    "do you follow every path? With 60 doublings that would never end"
)

# %% nbgrader={"grade": true, "grade_id": "backpropagate-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: chains, shared nodes, long and short ways, many paths, old gradients.
### BEGIN HIDDEN TESTS
# collect backpropagate
### END HIDDEN TESTS

# %% [markdown]
# ## The gradient of question 3, without deriving it
#
# A log-linear model of three words as a flow graph. Nobody tells the graph about observed and expected features.

# %% tags=["exploration", "raises-exception"]
features = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
weights = [Node(math.log(2), name="beta 0"), Node(math.log(3), name="beta 1")]
scores = [weights[0] * row[0] + weights[1] * row[1] for row in features]
exponentials = [score.exp() for score in scores]
total = exponentials[0] + exponentials[1] + exponentials[2]
log_prob_of_1 = scores[1] - total.log()
backpropagate(log_prob_of_1)
print(f"{len(topological_order(log_prob_of_1))} nodes")
print("flow graph:", [round(weight.grad, 12) for weight in weights])
print("question 3:", np.round(loglinear_gradient(features, np.log([2.0, 3.0]), 1), 12))


# %% [markdown]
# ## 8. Downhill with a memory
#
# With the gradient $g$ of a loss, the simplest step is $x \leftarrow x - \alpha\, g$. In a long narrow valley it zigzags. **Momentum** (slides 001) adds a fraction $\mu$ of the last step to the new one, so that what points the same way every time builds up, and what changes sign cancels:
#
# $$v \leftarrow \mu v - \alpha\, g \qquad\qquad x \leftarrow x + v$$
#
# **Write `momentum_step(x, grad, velocity, learning_rate, mu)`**, which returns `(x, velocity)` after one step.
#
# * `x`, `grad` and `velocity` are arrays of the same shape (any number of dimensions, also none), float64 or float32.
# * The velocity is a *step*: the learning rate is in it, with its minus. (Some libraries keep it without; here it is as in the formula.)
# * The *new* velocity moves $x$.
# * Both results are new arrays.

# %% nbgrader={"grade": false, "grade_id": "momentum_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def momentum_step(
    x: Float[np.ndarray, "*shape"],
    grad: Float[np.ndarray, "*shape"],
    velocity: Float[np.ndarray, "*shape"],
    learning_rate: float,
    mu: float,
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """Return parameters and velocity after one step of gradient descent with momentum.

    Parameters
    ----------
    x
        The parameters.
    grad
        The gradient of the loss at `x`.
    velocity
        The step before; zeros at first.
    learning_rate
        How far a gradient carries.
    mu
        Which fraction of the step before is kept, 0 or more and less than 1.

    Returns
    -------
    x, velocity
        After the step.
    """
    ### BEGIN SOLUTION
    velocity = mu * velocity - learning_rate * grad
    return x + velocity, velocity
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "momentum_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
x, grad, velocity = np.array([1.0, 2.0]), np.array([10.0, -5.0]), np.array([0.5, 0.0])
new_x, new_velocity = momentum_step(x, grad, velocity, learning_rate=0.1, mu=0.9)
assert close(new_velocity, [-0.55, 0.5]), (
    f"0.9 * 0.5 - 0.1 * 10 = -0.55 and 0.9 * 0 + 0.1 * 5 = 0.5, not {new_velocity}"
)
assert close(new_x, [0.45, 2.5]), (
    f"the new velocity moves x: 1 - 0.55 = 0.45 and 2 + 0.5 = 2.5, not {new_x}"
)
assert list(x) == [1.0, 2.0], "x was changed: return new arrays"
assert list(velocity) == [0.5, 0.0], "velocity was changed: return new arrays"


# %% nbgrader={"grade": true, "grade_id": "momentum_step-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other shapes, the first step, and runs of steps.
### BEGIN HIDDEN TESTS
# collect momentum_step
### END HIDDEN TESTS

# %% [markdown]
# ## 9. When to stop
#
# The training loss falls as long as you like. The loss on *validation* text, which the model has not seen, falls, and at some point climbs: the model begins to recite. **Early stopping** keeps the parameters that gave the lowest validation loss (slides 001), and spares you the epochs after it. As nobody knows the future, one waits: training stops when `patience` epochs in a row have brought nothing better than the best so far.
#
# **Write `early_stopping(losses, patience)`**, which returns the *epoch* whose parameters are kept.
#
# * `losses[e]` is the validation loss after epoch $e$, counted **from 0**. It lists what *would* be measured if training never stopped; what comes after the stop counts for nothing.
# * An epoch is an improvement if its loss is *less than* the best so far. So of equal losses the first is the best.
# * Patience is counted from the best epoch: if epochs best + 1, …, best + `patience` bring no improvement, training stops after the last of these. An improvement at best + `patience` still counts. Each improvement starts the count anew.
# * Where training is never stopped, the answer is the best of all epochs.
# * A loss that is `nan` is no improvement. `losses[0]` is a finite number.
# * No losses, or a patience below 1, raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "early_stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def early_stopping(losses: list[float], patience: int) -> int:
    """Return the epoch whose parameters are kept.

    Parameters
    ----------
    losses
        The validation loss after each epoch, if training went on.
    patience
        After how many epochs without an improvement training stops, 1 or more.

    Returns
    -------
    best
        The best epoch before the stop, counted from 0.

    Raises
    ------
    ValueError
        There are no losses, or patience is below 1.
    """
    ### BEGIN SOLUTION
    if len(losses) == 0 or patience < 1:
        raise ValueError(f"expected losses, and patience of 1 or more, came {losses}, {patience}")
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "early_stopping-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
stops = early_stopping([5.0, 4.0, 4.5, 4.6, 1.0], patience=2)
assert stops == 1, (
    f"epochs 2 and 3 are no better than epoch 1, so training stops before epoch 4 is seen: 1, "
    f"not {stops}"
)
just = early_stopping([5.0, 4.0, 4.5, 3.9, 4.0, 4.0], patience=2)
assert just == 3, f"epoch 3 = 1 + patience improves just in time, so it is 3, not {just}"
never = early_stopping([5.0, 4.0, 4.5, 3.5, 3.6], patience=3)
assert never == 3, f"training is never stopped, and epoch 3 is the best of all: 3, not {never}"
steps = early_stopping([5.0, 4.0, 4.9, 4.8, 4.7, 3.0], patience=3)
assert steps == 1, (
    f"4.8 is better than 4.9, but not than the best, 4.0: after epochs 2, 3, 4 it is over, 1, "
    f"not {steps}"
)
slow = early_stopping([5.0, 6.0, 4.0, 6.0, 3.0, 6.0, 2.0, 6.0], patience=2)
assert slow == 6, f"every improvement starts the count anew: 6, not {slow}"
equal = early_stopping([5.0, 4.0, 4.0, 4.0, 3.0], patience=2)
assert equal == 1, f"an equal loss is no improvement: the first of equals, 1, not {equal}"
broken = early_stopping([5.0, math.nan, 4.0], patience=2)
assert broken == 2, f"nan is no improvement, and epoch 2 comes in time: 2, not {broken}"
lost = early_stopping([5.0, math.nan, math.nan, 4.0], patience=2)
assert lost == 0, f"two epochs of nan, and patience is at its end: 0, not {lost}"
for losses, patience in (([], 2), ([5.0, 4.0], 0)):
    try:
        early_stopping(losses, patience=patience)
    except ValueError:
        pass
    else:
        raise AssertionError(
            f"losses {losses} and patience {patience}: no losses, or a patience below 1: expected a "
            "ValueError"
        )

# %% nbgrader={"grade": true, "grade_id": "early_stopping-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: training that stops, training that does not, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect early_stopping
### END HIDDEN TESTS

# %% [markdown]
# ## Your model on the ladder
#
# Everything together, on the language whose floor we know. The context is one word, as in a bigram model, but now a next word $w$ after $c$ has three kinds of features:
#
# * how frequent $w$ is: one feature, the logarithm of its relative frequency (slides 001: *initialize output biases to optimal value if weights were 0*; divided by 10, so that no feature is much larger than another; its weight starts at 10, so the model starts as the unigram model);
# * an indicator for each pair of word classes: *a noun after an adjective*. (The classes are the grammar's own tags of the words. A model of real text would have to learn them, or get them from a tagger; so in this respect it is told more than the $n$-gram models are.)
# * an indicator for each pair of words that was seen in training: *their books*.
#
# An $n$-gram model must choose between specific and general evidence, or mix them. A log-linear model just adds up the weights.

# %% tags=["exploration", "raises-exception"]
from collections import Counter, defaultdict

from nextword.corpora import from_grammar
from nextword.grammar import Grammar
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.pictures.ladder import Ladder

grammar = Grammar.load()
small = from_grammar(train_tokens=8_000, valid_tokens=3_000, test_tokens=3_000)
words = [*grammar.vocab, "</s>"]
row_of = {word: row for row, word in enumerate(words)}


def bigrams(sentences):
    """Return every token, </s> included, with the word before it."""
    padded = [["<s>", *sentence, "</s>"] for sentence in sentences]
    return [pair for tokens in padded for pair in zip(tokens[:-1], tokens[1:], strict=True)]


train, valid, test = (bigrams(part) for part in (small.train, small.valid, small.test))
class_of = defaultdict(lambda: "UNSEEN", {"<s>": "START", "</s>": "END"})
for sentence in small.train:
    class_of.update(zip(sentence, grammar.tags(sentence), strict=True))
classes = sorted({class_of[word] for word in ["<s>", *words]})

# Which column of beta belongs to which feature.
column_of = {"frequency": 0}
for before in classes:
    for after in classes:
        column_of[before, after, "classes"] = len(column_of)
for pair in sorted(set(train)):
    column_of[pair] = len(column_of)

counts = Counter(word for _, word in train)
log_frequency = np.log(np.array([counts[word] + 0.5 for word in words]) / len(train))
followers = defaultdict(list)
for before, after in sorted(set(train)):
    followers[before].append(after)


def features_after(before):
    """Return the features that can be active after a word, and their columns of beta."""
    columns = [0, *(column_of[class_of[before], after, "classes"] for after in classes)]
    columns += [column_of[before, after] for after in followers[before]]
    table = np.zeros((len(words), len(columns)))
    table[:, 0] = log_frequency / 10
    for row, word in enumerate(words):
        table[row, 1 + classes.index(class_of[word])] = 1.0
    for place, after in enumerate(followers[before]):
        table[row_of[after], 1 + len(classes) + place] = 1.0
    return table, np.array(columns)


known = {before: features_after(before) for before in ["<s>", *words]}
print(small)
print(f"{len(words)} words, {len(classes)} classes, {len(column_of):,} features")


# %% tags=["exploration", "raises-exception"]
def loss(beta, pairs):
    """Return the mean negative log-probability of the tokens, in nats."""
    total = 0.0
    by_context = defaultdict(list)
    for before, after in pairs:
        by_context[before].append(row_of[after])
    for before, rows in by_context.items():
        table, columns = known[before]
        total -= np.asarray(loglinear_log_probs(table, beta[columns]))[rows].sum()
    return total / len(pairs)


def batch_gradient(beta, pairs):
    """Return the gradient of the mean loss of a batch."""
    gradient = np.zeros_like(beta)
    for (before, after), count in Counter(pairs).items():
        table, columns = known[before]
        uphill = np.asarray(loglinear_gradient(table, beta[columns], row_of[after]))
        gradient[columns] -= count / len(pairs) * uphill
    return gradient


def train_loglinear(step, n_epochs, batch_size=500, seed=0):
    """Return the weights, training and validation losses after each epoch.

    `step` takes the weights, a gradient and its own memory, and returns weights and memory.
    """
    rng = np.random.default_rng(seed)
    beta, memory = np.zeros(len(column_of)), np.zeros(len(column_of))
    beta[0] = 10.0
    history = []
    for _ in range(n_epochs):
        shuffled = [train[place] for place in rng.permutation(len(train))]
        for start in range(0, len(train), batch_size):
            gradient = batch_gradient(beta, shuffled[start : start + batch_size])
            beta, memory = map(np.asarray, step(beta, gradient, memory))
        history.append((beta, loss(beta, train), loss(beta, valid)))
    return tuple(zip(*history, strict=True))


# First of all: is the gradient of the whole model right? Check a few of its entries.
rng = np.random.default_rng(0)
beta = rng.normal(scale=0.1, size=len(column_of))
chosen = rng.permutation(len(column_of))[:30]


def loss_at(entries):
    """Return the loss of a batch as a function of the chosen weights only."""
    moved = beta.copy()
    moved[chosen] = entries
    return loss(moved, train[:400])


print(
    "relative error of 30 entries:",
    relative_error(
        batch_gradient(beta, train[:400])[chosen], numerical_gradient(loss_at, beta[chosen])
    ),
)


# %% tags=["exploration", "raises-exception"]
def with_momentum(beta, gradient, velocity):
    """Do a step with momentum."""
    return momentum_step(beta, gradient, velocity, learning_rate=2.0, mu=0.95)


betas, train_losses, valid_losses = train_loglinear(with_momentum, n_epochs=60)
kept = early_stopping(valid_losses, patience=5)
stopped = min(kept + 5, len(valid_losses) - 1)
print(f"epoch {kept} is kept, training would stop after epoch {stopped}")
with plots.course_style():
    figure, axis = plt.subplots()
    axis.plot(np.exp(train_losses), label="training", color=plots.BLUE)
    axis.plot(np.exp(valid_losses), label="validation", color=plots.ORANGE)
    axis.axvline(kept, color=plots.BLACK, linestyle=":", linewidth=2)
    axis.annotate(
        f"kept: epoch {kept}",
        (kept, 36),
        (-6, 0),
        textcoords="offset points",
        ha="right",
    )
    axis.set(xlabel="epoch", ylabel="perplexity", ylim=(0, 40))
    axis.legend(loc="lower left")
    plots.show(
        figure,
        "Perplexity against epoch. On training text it keeps falling, to "
        f"{math.exp(train_losses[-1]):.1f}; on validation text it falls and then climbs, to "
        f"{math.exp(valid_losses[-1]):.1f}. Epoch {kept}, {math.exp(valid_losses[kept]):.1f}, is kept.",
    )

# %% tags=["exploration", "raises-exception"]
ladder = Ladder(grammar.floor_of(small.test).perplexity())
unigram = np.zeros(len(column_of))
unigram[0] = 10.0
ladder.add("frequency only: a unigram model", math.exp(loss(unigram, test)))
smoothed = [AddDelta.fit(small.train, 2, delta=delta) for delta in (0.003, 0.01, 0.03, 0.1)]
best_smoothed = min(smoothed, key=lambda model: model.perplexity(small.valid))
ladder.add("bigram, add-δ (best of 4 δ)", best_smoothed.perplexity(small.test))
kneser_ney = ModifiedKneserNey.fit(small.train, 2)
ladder.add("bigram, modified Kneser–Ney", kneser_ney.perplexity(small.test))
ladder.add("yours: log-linear bigram", math.exp(loss(betas[kept], test)))
ladder.draw()

# %% [markdown]
# It is the same context of one word for all four. What did your model know that counts of pairs do not? Look at the heaviest weights.

# %% tags=["exploration", "raises-exception"]
learned = betas[kept]
heaviest = sorted(column_of, key=lambda feature: -abs(learned[column_of[feature]]))
print("weight   feature")
for feature in heaviest[:15]:
    name = feature if isinstance(feature, str) else " → ".join(feature[:2])
    print(f"{learned[column_of[feature]]:6.2f}   {name}")


# %% [markdown]
# ## 10. Stretch: where to start
#
# A log-linear model may start with all weights 0. A network may not: hidden units that are equal stay equal. So weights are drawn at random, neither so large that every tanh is saturated, nor so small that the signal dies out from layer to layer. Glorot and Bengio (2010; slides 001) take for a layer of `fan_in` inputs and `fan_out` outputs
#
# $$W_{ij} \sim \text{Uniform}(-r, r), \qquad r = \sqrt{\frac{6}{\texttt{fan\_in} + \texttt{fan\_out}}} \text{ for tanh}, \qquad \text{and 4 times as large for sigmoid units.}$$
#
# **Write `glorot_uniform(fan_in, fan_out, rng, activation="tanh")`.**
#
# * The result has the shape `(fan_in, fan_out)`: this course multiplies from the left, `h @ W`.
# * `activation` is `"tanh"` or `"sigmoid"`; anything else raises `ValueError`.
# * All randomness comes from `rng`, a `numpy.random.Generator`, which goes on from call to call: make a few thousand calls, and hardly any two of them give the same weights. How you draw is up to you: your numbers are judged by how a hundred thousand of them are spread.

# %% nbgrader={"grade": false, "grade_id": "glorot_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def glorot_uniform(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str = "tanh"
) -> Float[np.ndarray, "fan_in fan_out"]:
    """Return random first weights of a layer.

    Parameters
    ----------
    fan_in, fan_out
        How many units the layer comes from, and how many it leads to; 1 or more.
    rng
        The source of randomness.
    activation
        Of the units: "tanh" or "sigmoid".

    Returns
    -------
    weights
        Independent, uniform on both sides of 0.

    Raises
    ------
    ValueError
        Another activation is named.
    """
    ### BEGIN SOLUTION
    gains = {"tanh": 1.0, "sigmoid": 4.0}
    if activation not in gains:
        raise ValueError(f"expected 'tanh' or 'sigmoid', came {activation!r}")
    r = gains[activation] * math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-r, r, size=(fan_in, fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "glorot_uniform-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
rng = np.random.default_rng(0)
layer = np.asarray(glorot_uniform(100, 500, rng))  # r = sqrt(6 / 600) = 0.1
assert layer.shape == (100, 500), f"100 inputs, 500 outputs: shape (100, 500), not {layer.shape}"
assert 0.0995 < layer.max() <= 0.1, (
    f"the largest of 50,000 numbers below r = 0.1 is very near to it, not {layer.max():.4f}"
)
assert -0.1 <= layer.min() < -0.0995, (
    f"the smallest is very near to -r = -0.1, not {layer.min():.4f}"
)
assert 0.0485 < np.abs(layer).mean() < 0.0515, (
    f"uniform between -0.1 and 0.1: half of them are nearer to 0 than 0.05, and the mean distance "
    f"from 0 is 0.05, not {np.abs(layer).mean():.4f}"
)
wide = np.asarray(glorot_uniform(100, 500, rng, activation="sigmoid"))
assert 0.398 < wide.max() <= 0.4, (
    f"4 times as large for sigmoid units: up to 0.4, not {wide.max():.4f}"
)
following = np.asarray(glorot_uniform(100, 500, rng))
assert not np.array_equal(following, layer), "the next layer gets other numbers: is rng used?"
same = np.asarray(glorot_uniform(100, 500, np.random.default_rng(0)))
assert np.array_equal(same, layer), "the same rng gives the same numbers: use no other randomness"
try:
    glorot_uniform(2, 2, rng, activation="cube")
except ValueError:
    pass
else:
    raise AssertionError("'cube' is neither tanh nor sigmoid: expected a ValueError")


# %% nbgrader={"grade": true, "grade_id": "glorot_uniform-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: shapes and spread for tanh and for sigmoid, small layers, other activations.
### BEGIN HIDDEN TESTS
# collect glorot_uniform
### END HIDDEN TESTS

# %% [markdown]
# ## 11. Stretch: a learning rate for every weight
#
# The weight of *the → old* gets a gradient in every batch, that of *lonely → kings* in one of a hundred. One learning rate does not fit both. **AdaGrad** (Duchi et al. 2011; slides 001) divides each entry by the root of the sum of all its squared gradients so far: *rare parameters get larger updates than frequently occurring ones*.
#
# $$s \leftarrow s + g^2 \qquad\qquad x \leftarrow x - \frac{\alpha\, g}{\sqrt{s} + \epsilon}$$
#
# **Write `adagrad_step(x, grad, cache, learning_rate, eps)`**, which returns `(x, cache)` after one step.
#
# * `x`, `grad` and the cache $s$ are arrays of the same shape (any number of dimensions, also none), float64 or float32. Every entry has a sum of its own.
# * The *new* cache, this gradient included, divides.
# * $\epsilon$ is added *after* the root. It is at least 1e-8, and not always small.
# * Both results are new arrays. Where the gradient is 0, nothing moves.

# %% nbgrader={"grade": false, "grade_id": "adagrad_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adagrad_step(
    x: Float[np.ndarray, "*shape"],
    grad: Float[np.ndarray, "*shape"],
    cache: Float[np.ndarray, "*shape"],
    learning_rate: float,
    eps: float,
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """Return parameters and cache after one step of AdaGrad.

    Parameters
    ----------
    x
        The parameters.
    grad
        The gradient of the loss at `x`.
    cache
        The sum of the squares of all gradients before; zeros at first.
    learning_rate
        How far the first step goes, nearly.
    eps
        Added to the root of the cache; more than 0.

    Returns
    -------
    x, cache
        After the step.
    """
    ### BEGIN SOLUTION
    cache = cache + grad**2
    return x - learning_rate * grad / (np.sqrt(cache) + eps), cache
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "adagrad_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
x, grad, cache = np.array([1.0, 1.0, 1.0]), np.array([3.0, -0.3, 0.0]), np.array([16.0, 0.0, 0.0])
new_x, new_cache = adagrad_step(x, grad, cache, learning_rate=0.5, eps=0.2)
assert close(new_cache, [25.0, 0.09, 0.0]), (
    f"each entry adds its own square: 16 + 9 = 25, 0 + 0.09, 0 + 0, not {new_cache}"
)
assert close(new_x, [1 - 1.5 / 5.2, 1 + 0.15 / 0.5, 1.0]), (
    f"1 - 0.5 * 3 / (5 + 0.2) = 0.712, 1 + 0.5 * 0.3 / (0.3 + 0.2) = 1.3, and 1, not {new_x}"
)
assert list(x) == [1.0, 1.0, 1.0], "x was changed: return new arrays"
assert list(cache) == [16.0, 0.0, 0.0], "cache was changed: return new arrays"


# %% nbgrader={"grade": true, "grade_id": "adagrad_step-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other shapes, the first step, large and small eps.
### BEGIN HIDDEN TESTS
# collect adagrad_step
### END HIDDEN TESTS

# %% [markdown]
# ## Three ways down
#
# The same model and the same batches, and three kinds of step. One rate for all of them would compare rates and not steps: momentum of .95 adds up to 20 times its rate. So each gets the best of three rates, judged by the validation loss after 6 epochs, and then 20 epochs.

# %% tags=["exploration", "raises-exception"]
def plain_step(rate):
    """Return a step of gradient descent without any memory."""
    return lambda beta, gradient, memory: (beta - rate * gradient, memory)


def momentum_of(rate):
    """Return a step with momentum."""
    return lambda beta, gradient, velocity: momentum_step(beta, gradient, velocity, rate, 0.95)


def adagrad_of(rate):
    """Return a step of AdaGrad."""
    return lambda beta, gradient, cache: adagrad_step(beta, gradient, cache, rate, 1e-8)


kinds = {
    "gradient descent": (plain_step, (3.0, 10.0, 30.0)),
    "momentum": (momentum_of, (0.5, 2.0, 8.0)),
    "AdaGrad": (adagrad_of, (0.2, 0.5, 1.25)),
}
curves = {}
for name, (kind, rates) in kinds.items():
    after_6 = {rate: train_loglinear(kind(rate), 6)[2][-1] for rate in rates}
    rate = min(after_6, key=after_6.get)
    curves[f"{name}, rate {rate:g}"] = train_loglinear(kind(rate), 20)[2]
    print(f"{name}:", ", ".join(f"rate {r:g} {math.exp(after_6[r]):.1f}" for r in rates))
with plots.course_style():
    figure, axis = plt.subplots()
    for (name, losses), colour in zip(curves.items(), plots.PALETTE, strict=False):
        axis.plot(range(1, 21), np.exp(losses), label=name, color=colour)
    axis.set(xlabel="epoch", ylabel="validation perplexity", ylim=(15, 35), xticks=range(0, 21, 4))
    axis.legend()
    lowest = ", ".join(
        f"{name} {math.exp(min(losses)):.1f} after epoch {int(np.argmin(losses)) + 1}"
        for name, losses in curves.items()
    )
    plots.show(
        figure, f"Validation perplexity against epoch, each at its own rate. Lowest: {lowest}."
    )
print("lowest:", lowest)

# %% [markdown]
# ## Summary
#
# * A log-linear model scores each word by weighted features; the softmax makes probabilities of scores, in logarithms and without overflow.
# * Its gradient is *observed minus expected*. At the optimum the model expects what was observed.
# * A gradient is checked by shaking its argument, at several $\varepsilon$ and not at one.
# * In a flow graph every gradient is found in one walk backwards: a node hands its gradient on when all of its successors have given theirs. Arcs count, not paths.
# * Momentum remembers the last steps, AdaGrad all squared gradients of each weight. Early stopping keeps the best validation epoch.
#
# ## Exercises
#
# 1. Leave out the class features, then the pair features. Which of the two is the better model alone, and why is the sum better than both?
# 2. Add an L2 penalty, $\frac{\lambda}{2}\lVert\beta\rVert^2$, to `batch_gradient`. Is early stopping still needed?
# 3. Let `Node` learn `maximum`, and build a ReLU unit. What do you do at 0?
# 4. The features look one word back. Add the class of the word before that. Does the ladder change?
#
# ## Sources
#
# * Slides *Language models* (000), eq. 2: log-linear models. Slides 001: flow graphs and backpropagation, gradient checks, initialization, momentum, learning rates, AdaGrad, early stopping.
# * Berger, Della Pietra, Della Pietra (1996), *A maximum entropy approach to natural language processing*, Computational Linguistics 22; Rosenfeld (1996), *A maximum entropy approach to adaptive statistical language modelling*, Computer Speech and Language 10: log-linear language models.
# * Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, AISTATS.
# * Duchi, Hazan, Singer (2011), *Adaptive subgradient methods for online learning and stochastic optimization*, JMLR 12.
# * Bengio (2012), *Practical recommendations for gradient-based training of deep architectures*: early stopping, learning rates, random search.
