# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 07: Learning long memory
#
# Clipping keeps a network from being thrown out of its valley. It does nothing for what lies far back: a gradient that has vanished is short, and short gradients are left as they are. In this assignment you build what is needed to find out whether a network *can* learn to remember: the tasks that are made for it, the ways to begin, a unit that leaks and a cell with gates, the regulariser that asks the error signal to keep its length, and the loop that puts all of it together. It is the experiment of Fig. 7 of Pascanu, Mikolov and Bengio (2013), called 002 below.
#
# **You need:** assignments 04 (backpropagation through time) and 06 (clipping). Lecture 07 helps.
#
# **Time:** 4 to 6 hours for the core (questions 1 to 9 and the written question), an hour for the stretch (question 10).
#
# **Points:** 40 for the core count as full marks; the 4 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. Questions 1 to 8 and 10 need no answer of yours to another one. Question 9 adds the gradient of question 8: where its tests fail for MSGD-CR alone, see whether those of question 8 pass. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read. `nextword.dynamics` cannot be imported in this notebook: it draws the lectures, and holds some of what is asked here.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call, and what you return are new arrays: numpy arrays, torch tensors or nested lists of the same shape.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before. All randomness comes from `rng`: a generator in the same state gives the same answer, and one that goes on gives a new one.
# * **Time comes first here**: sequences are arrays of shape `(T, B, ...)`, step by step, one column for each sequence of the batch. Assignments 03 and 04 had the batch first. Vectors are rows, so a state meets its weights as `h @ W_h`, and tanh stands outside: $h_t = \tanh(x_t W_\text{in} + h_{t-1} W_h + b)$.
# * A number is compared to a relative accuracy of 1e-5, an array to 1e-5 of its largest entry, unless a question says otherwise. Arrays are float64, or float32; all numbers are finite where the statement does not say otherwise.
# * Where the statement says that something raises `ValueError`, it does so; other wrong arguments do not come.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there. `print` what you like.
#
# **How chance is graded** (questions 3 to 5 and 10): your function draws a few thousand sequences. What the statement rules out must never come, and what it allows must come. Each share that is counted may differ from the reference's by .12, where fewer than 4,000 sequences or numbers are counted; a right function is outside with a chance below 1e-6.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from nextword.withheld import withhold

withhold("nextword.dynamics")


def close(got: object, expected: object) -> bool:
    """Return whether two numbers or arrays agree, their shapes included."""
    if isinstance(got, torch.Tensor):
        got = got.detach()
    try:
        array = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    wanted = np.asarray(expected, dtype=float)
    return array.shape == wanted.shape and np.allclose(array, wanted, rtol=2e-5, atol=1e-6)


def refuses(function, *args) -> bool:
    """Return whether a call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


# %% [markdown]
# ## 1. When is a problem solved?
#
# 002 counts *runs*: networks that were trained from different random starts. *A run is successful if the number of misclassified sequences was under 1% out of 10000 freshly random generated sequences.* And where numbers are to be given, in the addition problem, *a sequence is misclassified when the square error is larger than .04*. The success rate is the share of runs that are successful. Fig. 7 shows nothing else.
#
# **Write `success_rate(outputs, targets, allowed=0.01)`**, which returns one number from 0 to 1.
#
# * Where classes are to be told, `outputs` has the shape `(R, N, K)`: a score for each of K classes, of N sequences, by R runs. `targets` has the shape `(N,)` and holds the numbers of the right classes, integers. The class with the largest score is the answer; no two classes share it.
# * Where numbers are to be given, `outputs` has the shape `(R, N)`, and `targets` `(N,)` holds floats. A sequence whose *squared* error is larger than .04 is wrong.
# * A run has solved the problem if the share of wrong sequences is **below** `allowed`. With exactly that share it has not.
# * A sequence with a `nan` among its outputs is wrong. (A run that has exploded gives nothing else.)
# * Where `allowed` is not above 0, is above 1, or is `nan`: `ValueError`.
# * Rounding decides nothing: errors from .195 to .205 do not come, and whether a share is below `allowed` does not depend on how it is computed.

# %% nbgrader={"grade": false, "grade_id": "success_rate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def success_rate(
    outputs: Float[np.ndarray, "R N *K"], targets: np.ndarray, allowed: float = 0.01
) -> float:
    """Return the share of runs that have solved a problem.

    Parameters
    ----------
    outputs
        Shape (R, N, K): scores of classes; or (R, N): numbers.
    targets
        Shape (N,): classes, or numbers.
    allowed
        A run is successful if fewer than this share of its sequences are wrong.

    Returns
    -------
    rate
        From 0 to 1.
    """
    ### BEGIN SOLUTION
    if not 0 < allowed <= 1:
        raise ValueError(f"expected a share above 0, at most 1, not {allowed}")
    outputs = np.asarray(outputs)
    if outputs.ndim == 3:
        right = (outputs.argmax(axis=2) == targets) & ~np.isnan(outputs).any(axis=2)
    else:
        right = (outputs - targets) ** 2 <= 0.04
    return float(np.mean((~right).mean(axis=1) < allowed))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "success_rate-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
scores = np.zeros((2, 4, 3))
truth = np.array([0, 1, 2, 1])
scores[0, np.arange(4), truth] = 1.0  # the first run is right everywhere
scores[1, np.arange(4), [0, 1, 2, 0]] = 1.0  # the second is wrong once
rate = success_rate(scores, truth, 0.5)
assert close(rate, 1.0), (
    f"no wrong one, and 1 of 4, are below half: both have solved it, not {rate}"
)
rate = success_rate(scores, truth, 0.25)
assert close(rate, 0.5), (
    f"1 of 4 is exactly a quarter, not below it: one run of two, 0.5, not {rate} (asked is the share of "
    "runs that are successful, not that of sequences)"
)
many = np.zeros((1, 200, 2))
many[0, :, 0] = 1.0
wrong_ones = np.zeros(200, dtype=int)
wrong_ones[:2] = 1
rate = success_rate(many, wrong_ones)
assert close(rate, 0.0), f"2 of 200 are exactly 1%, and not below what is allowed: 0, not {rate}"
wrong_ones[0] = 0
rate = success_rate(many, wrong_ones)
assert close(rate, 1.0), f"1 of 200 is below 1%: solved, not {rate}"
scores[0, 0] = [math.nan, 0.0, 0.0]
rate = success_rate(scores, truth, 0.25)
assert close(rate, 0.0), (
    f"argmax takes nan for the largest, and so the right class by luck; it is wrong: 0, not {rate}"
)
numbers = np.array([[1.0, 0.5], [1.15, 0.5], [1.25, 0.5], [math.nan, 0.5]])
rate = success_rate(numbers, np.array([1.0, 0.5]), 0.5)
assert close(rate, 0.5), (
    "errors of 0 and 0.15 (squared .0225) are right, 0.25 (.0625) and nan are wrong: 2 of 4 runs, "
    f"not {rate}"
)
rate = success_rate(np.array([[0.85], [0.75]]), np.array([1.0]), 1.0)
assert close(rate, 0.5), f"errors have no sign: -0.15 is right and -0.25 is wrong, not {rate}"
for bad in (0.0, -0.5, 1.5, math.nan):
    assert refuses(success_rate, scores, truth, bad), f"a share of {bad}: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "success_rate-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: classes, numbers, the border itself, nan, and what is refused.
### BEGIN HIDDEN TESTS
# collect success_rate
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A unit that leaks
#
# The cheapest memory is a unit that changes slowly. Section 3.1 of 002 has it, after Jaeger and others (2007):
#
# $$h_t = \alpha\, h_{t-1} + (1 - \alpha) \tanh(x_t W_\text{in} + h_{t-1} W_h + b)$$
#
# With $\alpha = 0$ it is a tanh unit as before, with $\alpha = 1$ it never changes. An echo state network has many of these, with weights that are drawn once and never trained; only what reads them learns.
#
# **Write `leaky_step(params, x_t, h_prev, leak)`**, which returns the next states, of shape `(B, H)`.
#
# * `params` holds `W_in` `(n, H)`, `W_h` `(H, H)` and `b` `(H,)`; `x_t` has the shape `(B, n)`, `h_prev` `(B, H)`.
# * `leak` is $\alpha$: one number for all units, or an array of shape `(H,)` with one for each. A list of numbers does not come.
# * Where any $\alpha$ is below 0, above 1, or `nan`: `ValueError`. 0 and 1 themselves are allowed.

# %% nbgrader={"grade": false, "grade_id": "leaky_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_step(
    params: Mapping[str, np.ndarray],
    x_t: Float[np.ndarray, "B n"],
    h_prev: Float[np.ndarray, "B H"],
    leak: float | Float[np.ndarray, " H"],
) -> Float[np.ndarray, "B H"]:
    """Return the next states of leaky units.

    Parameters
    ----------
    params
        W_in (n, H), W_h (H, H), b (H,).
    x_t
        Shape (B, n): what is read now.
    h_prev
        Shape (B, H): the states before.
    leak
        How much of its state a unit keeps, from 0 to 1.

    Returns
    -------
    h_t
        Shape (B, H).
    """
    ### BEGIN SOLUTION
    if not np.all((np.asarray(leak) >= 0) & (np.asarray(leak) <= 1)):
        raise ValueError(f"expected numbers from 0 to 1, not {leak}")
    new = np.tanh(x_t @ params["W_in"] + h_prev @ params["W_h"] + params["b"])
    return leak * h_prev + (1 - leak) * new
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "leaky_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
small_net = {
    "W_in": np.array([[1.0, -1.0]]),
    "W_h": np.array([[0.0, 0.5], [2.0, 0.0]]),
    "b": np.array([0.25, 0.0]),
}
x_now, h_before = np.array([[0.5]]), np.array([[0.2, -0.4]])
inside = np.array([0.5 - 0.8 + 0.25, -0.5 + 0.1])
stepped = leaky_step(small_net, x_now, h_before, 0.0)
assert close(stepped, [np.tanh(inside)]), (
    f"nothing is kept: tanh(x W_in + h W_h + b) = {np.tanh(inside)}, with h @ W_h = (-0.8, 0.1), not "
    f"{stepped}"
)
stepped = leaky_step(small_net, x_now, h_before, 1.0)
assert close(stepped, h_before), f"all is kept: the states stay as they were, not {stepped}"
stepped = leaky_step(small_net, x_now, h_before, 0.75)
assert close(stepped, 0.75 * h_before + 0.25 * np.tanh(inside)), (
    f"three quarters of the old and one of the new state (the mixture is outside tanh): not {stepped}"
)
stepped = leaky_step(small_net, x_now, h_before, np.array([0.0, 1.0]))
assert close(stepped, [[np.tanh(inside)[0], -0.4]]), (
    f"unit 0 keeps nothing, unit 1 keeps all: not {stepped}"
)
assert close(h_before, [[0.2, -0.4]]), f"the states that came must not change: {h_before}"
for bad in (-0.1, 1.1, math.nan, np.array([0.5, 1.5]), np.array([-0.5, 0.5])):
    assert refuses(leaky_step, small_net, x_now, h_before, bad), f"a leak of {bad}: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "leaky_step-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: one number for all, one for each unit, the ends 0 and 1, and what is refused.
### BEGIN HIDDEN TESTS
# collect leaky_step
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The temporal order problem
#
# *At the beginning and middle of the sequence a symbol within {A, B} is emitted. The task consists in classifying the order (either AA, AB, BA, BB) at the end of the sequence* (002, section 4.1.1). All other symbols are there to distract. It is from Hochreiter and Schmidhuber (1997), who also have a version with three symbols, the *3-bit temporal order problem*.
#
# **Write `temporal_order_batch(rng, batch, T, bits)`**, which returns the pair `(ids, classes)`.
#
# * `ids` has the shape `(T, batch)`, time first, and holds integers: 0 is A, 1 is B, and 2, 3, 4, 5 are the four symbols that distract. `classes` has the shape `(batch,)`.
# * With $d = \lfloor T / 10 \rfloor$, symbol number $i$ of those that count, $i$ from 0 to `bits` - 1, stands at a place from $\lfloor i\,T / \texttt{bits} \rfloor$ to $\lfloor i\,T / \texttt{bits} \rfloor + d - 1$, counted from 0: for two bits at the beginning and in the middle, as the paper says. (The code that its authors published begins a tenth later.) Each place is drawn uniformly and by itself.
# * Each of them is A or B with equal probability, independently. At all other places there is one of the four others, each with equal probability, and independent of all else.
# * The class is the number that the symbols write in base 2, the first symbol first: for two bits AA is 0, AB 1, BA 2, BB 3; for three ABB is 3 and BAA is 4.
# * Where T is below 10, or `bits` is neither 2 nor 3: `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "temporal_order_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def temporal_order_batch(
    rng: np.random.Generator, batch: int, T: int, bits: int
) -> tuple[Int[np.ndarray, "T batch"], Int[np.ndarray, " batch"]]:
    """Draw sequences of the temporal order problem.

    Parameters
    ----------
    rng
        Where chance comes from.
    batch
        How many sequences, 1 or more.
    T
        How many steps each has, 10 or more.
    bits
        How many symbols count: 2 or 3.

    Returns
    -------
    ids
        Shape (T, batch): symbols from 0 to 5.
    classes
        Shape (batch,): from 0 to 2 ** bits - 1.
    """
    ### BEGIN SOLUTION
    if T < 10 or bits not in (2, 3):
        raise ValueError(f"expected 10 steps or more, and 2 or 3 bits, not {T} and {bits}")
    tenth = T // 10
    begins = [number * T // bits for number in range(bits)]
    ids = rng.integers(2, 6, size=(T, batch))
    classes = np.zeros(batch, dtype=np.int64)
    for begin in begins:
        symbols = rng.integers(2, size=batch)
        ids[rng.integers(begin, begin + tenth, size=batch), np.arange(batch)] = symbols
        classes = 2 * classes + symbols
    return ids, classes
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "temporal_order_batch-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
for T, bits, ranges in (
    (20, 2, [(0, 1), (10, 11)]),
    (37, 2, [(0, 2), (18, 20)]),
    (38, 3, [(0, 2), (12, 14), (25, 27)]),
    (10, 3, [(0, 0), (3, 3), (6, 6)]),
):
    rng = np.random.default_rng(T)
    ids, classes = temporal_order_batch(rng, 2000, T, bits)
    ids, classes = np.asarray(ids), np.asarray(classes)
    assert ids.shape == (T, 2000), f"time first: shape ({T}, 2000), not {ids.shape}"
    assert classes.shape == (2000,), f"a class for each sequence: (2000,), not {classes.shape}"
    kinds = {ids.dtype.kind, classes.dtype.kind}
    assert kinds <= {"i", "u"}, f"ids and classes are integers, not {ids.dtype}, {classes.dtype}"
    reach = (int(ids.min()), int(ids.max()))
    assert reach == (0, 5), f"ids from 0 to 5, not {reach[0]} to {reach[1]}"
    counts = (ids < 2).sum(axis=0)
    assert np.all(counts == bits), (
        f"{bits} symbols of each sequence are A or B, the others distract: not {set(counts.tolist())}"
    )
    places = np.array([np.flatnonzero(column < 2) for column in ids.T])
    for number, (first, last) in enumerate(ranges):
        seen = (int(places[:, number].min()), int(places[:, number].max()))
        assert seen == (first, last), (
            f"T = {T}, {bits} bits: symbol {number + 1} at places {first} to {last}, not {seen}"
        )
        share = float(np.mean(places[:, number] == first))
        assert abs(share - 1 / (last - first + 1)) < 0.06, (
            f"all places equally often: place {first} has a share of {share:.2f}"
        )
    if T > 10:
        same = float(np.mean((places[:, 0] == ranges[0][0]) == (places[:, 1] == ranges[1][0])))
        other = 1 / (ranges[0][1] - ranges[0][0] + 1)
        expected_share = other**2 + (1 - other) ** 2
        assert abs(same - expected_share) < 0.08, "one place says nothing of the other one"
    symbols = np.take_along_axis(ids, places.T, axis=0)
    weights = 2 ** np.arange(bits)[::-1]
    assert np.array_equal(weights @ symbols, classes), (
        "the class is the number in base 2, the first symbol first: AB is 1 and BA is 2"
    )
    frequent = np.bincount(classes, minlength=2**bits) / len(classes)
    assert np.abs(frequent - 0.5**bits).max() < 0.06, f"classes equally often, not {frequent}"
    for step in (T - 2, T - 1):
        shares = np.bincount(ids[step], minlength=6)[2:] / 2000
        assert np.abs(shares - 0.25).max() < 0.06, (
            f"the four others equally often at step {step}, in every sequence anew: {shares}"
        )
    repeated = float(np.mean(ids[-1] == ids[-2]))
    assert abs(repeated - 0.25) < 0.06, f"each step by itself: the same as before in {repeated:.2f}"
again = [temporal_order_batch(np.random.default_rng(5), 30, 20, 2) for _ in range(2)]
assert np.array_equal(again[0][0], again[1][0]), (
    "all randomness comes from rng: the same state, the same"
)
rng = np.random.default_rng(6)
going_on = [temporal_order_batch(rng, 30, 20, 2)[0] for _ in range(2)]
assert not np.array_equal(*going_on), "a generator that goes on gives other sequences"
for T, bits in ((9, 2), (9, 3), (0, 2), (20, 1), (20, 4), (20, 0)):
    assert refuses(temporal_order_batch, rng, 3, T, bits), f"T = {T}, {bits} bits: a ValueError"

# %% nbgrader={"grade": true, "grade_id": "temporal_order_batch-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: two bits, three bits, short and odd lengths, and what is refused.
### BEGIN HIDDEN TESTS
# collect temporal_order_batch
### END HIDDEN TESTS

# %% [markdown]
# Here are four sequences, as letters: before you look at their classes, say them yourself.

# %% tags=["exploration", "raises-exception"]
drawn_ids, drawn_classes = temporal_order_batch(np.random.default_rng(0), 4, 30, 2)
for column, number in zip(np.asarray(drawn_ids).T, drawn_classes, strict=True):
    print("".join("ABcdef"[id_] for id_ in column), "->", ("AA", "AB", "BA", "BB")[number])


# %% [markdown]
# ## 4. The addition and the multiplication problem
#
# Two numbers in a long stream are marked, and at its end their sum is asked for, or their product. Here too the first versions are Hochreiter's and Schmidhuber's; Le and others (2015) test networks with it that begin with the identity.
#
# **Write `arithmetic_batch(rng, batch, T, operation)`**, which returns the pair `(inputs, targets)`.
#
# * `inputs` has the shape `(T, batch, 2)`, time first. `inputs[..., 0]` are numbers that are uniform between 0 and 1, each drawn by itself.
# * `inputs[..., 1]` are marks: 1 at two places of each sequence, and 0 elsewhere. One marked place lies in the first half, from 0 to $\lfloor T/2 \rfloor - 1$, the other in the second, from $\lfloor T/2 \rfloor$ to $T - 1$; both are uniform there and independent.
# * `targets` has the shape `(batch,)`: for `operation` `"addition"` the sum of the two marked numbers, for `"multiplication"` their product.
# * Where T is below 2, or `operation` is another word: `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "arithmetic_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def arithmetic_batch(
    rng: np.random.Generator, batch: int, T: int, operation: str
) -> tuple[Float[np.ndarray, "T batch 2"], Float[np.ndarray, " batch"]]:
    """Draw sequences of the addition or the multiplication problem.

    Parameters
    ----------
    rng
        Where chance comes from.
    batch
        How many sequences, 1 or more.
    T
        How many steps each has, 2 or more.
    operation
        "addition" or "multiplication".

    Returns
    -------
    inputs
        Shape (T, batch, 2): numbers and marks.
    targets
        Shape (batch,).
    """
    ### BEGIN SOLUTION
    if T < 2 or operation not in ("addition", "multiplication"):
        raise ValueError(f"expected 2 steps or more and a known operation, not {T}, {operation!r}")
    inputs = np.zeros((T, batch, 2))
    inputs[..., 0] = rng.random((T, batch))
    columns = np.arange(batch)
    first = rng.integers(T // 2, size=batch)
    second = rng.integers(T // 2, T, size=batch)
    inputs[first, columns, 1] = inputs[second, columns, 1] = 1
    one, other = inputs[first, columns, 0], inputs[second, columns, 0]
    return inputs, one + other if operation == "addition" else one * other
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "arithmetic_batch-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
for T, operation in (
    (8, "addition"),
    (9, "multiplication"),
    (2, "addition"),
    (3, "multiplication"),
):
    rng = np.random.default_rng(T)
    inputs, targets = (np.asarray(part) for part in arithmetic_batch(rng, 2000, T, operation))
    assert inputs.shape == (T, 2000, 2), f"time first: ({T}, 2000, 2), not {inputs.shape}"
    assert targets.shape == (2000,), f"a target for each sequence: (2000,), not {targets.shape}"
    numbers, marks = inputs[..., 0], inputs[..., 1]
    assert np.all((marks == 0) | (marks == 1)), "marks are 0 or 1"
    half = T // 2
    assert np.all(marks[:half].sum(axis=0) == 1), f"one mark at places 0 to {half - 1}"
    assert np.all(marks[half:].sum(axis=0) == 1), f"one mark at places {half} to {T - 1}"
    for begin, end in ((0, half), (half, T)):
        shares = marks[begin:end].mean(axis=1)
        assert np.abs(shares - 1 / (end - begin)).max() < 0.06, (
            f"all places from {begin} to {end - 1} equally often, not {shares.round(2)}"
        )
    if T > 3:
        together = float(np.mean(marks[0] * marks[half]))
        assert abs(together - 1 / half / (T - half)) < 0.04, (
            "one mark says nothing of the other one"
        )
    assert numbers.min() >= 0, f"numbers are not below 0: {numbers.min():.3f}"
    quarters = np.bincount((numbers.ravel() * 4).astype(int), minlength=4) / numbers.size
    assert len(quarters) == 4, f"numbers are below 1, not up to {numbers.max():.3f}"
    assert np.abs(quarters - 0.25).max() < 0.04, f"uniform numbers: quarters {quarters.round(2)}"
    alike = float(np.mean(np.abs(numbers[0] - numbers[1]) < 0.1))
    assert abs(alike - 0.19) < 0.05, f"each number is drawn by itself: neighbours alike {alike:.2f}"
    spread = float(numbers[0].std())
    assert abs(spread - 0.2887) < 0.04, f"other numbers in every sequence: spread {spread:.2f}"
    marked = np.where(marks == 1, numbers, 0).sum(axis=0)
    if operation == "multiplication":
        marked = np.where(marks == 1, numbers, 1).prod(axis=0)
    assert close(targets, marked), (
        f"{operation}: of the two marked numbers. {marked[0]:.4f} for sequence 0, not {targets[0]:.4f}"
    )
again = [arithmetic_batch(np.random.default_rng(5), 30, 8, "addition")[0] for _ in range(2)]
assert np.array_equal(*again), "all randomness comes from rng: the same state, the same sequences"
rng = np.random.default_rng(6)
going_on = [arithmetic_batch(rng, 30, 8, "addition")[0] for _ in range(2)]
assert not np.array_equal(*going_on), "a generator that goes on gives other sequences"
for T, operation in ((1, "addition"), (0, "multiplication"), (8, "division"), (8, "")):
    assert refuses(arithmetic_batch, rng, 3, T, operation), f"T = {T}, {operation!r}: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "arithmetic_batch-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: sums, products, even and odd lengths, and what is refused.
### BEGIN HIDDEN TESTS
# collect arithmetic_batch
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Where to begin
#
# Fig. 7 compares three ways to draw the first weights, and they decide as much as the method does. The fourth is that of Le, Jaitly and Hinton (2015), for units with ReLU: at the start a state is what it was.
#
# | `kind` | $W_\text{in}$, $W_\text{out}$ | $W_h$ |
# |---|---|---|
# | `"sigmoid"` | normal, .01 | normal, .01 |
# | `"basic tanh"` | normal, .1 | normal, .1 |
# | `"smart tanh"` | normal, .01 | sparse, with a fixed spectral radius |
# | `"identity"` | normal, .001 | the identity |
#
# **Write `init_recurrent(kind, n_in, hidden, n_out, rng, connections=15, radius=0.95)`**, which returns a dict of the arrays `W_in` `(n_in, hidden)`, `W_h` `(hidden, hidden)`, `b` `(hidden,)`, `W_out` `(hidden, n_out)` and `b_out` `(n_out,)`.
#
# * *Normal, s* means: each entry by itself from a normal distribution with mean 0 and **standard deviation** s. (002 writes $\mathcal{N}(0, .01)$, and its authors' code uses .01 as standard deviation.) Both biases are 0.
# * Sparse means: each unit has exactly `connections` incoming connections that are not 0, or `hidden` of them if there are not as many units. A connection from a unit to itself may be among them. For each unit by itself, all choices of units are equally probable.
# * *Incoming* is meant for `h @ W_h`: what reaches unit j stands in column j. (The code that the authors published keeps 15 *outgoing* ones; here the paper counts.)
# * The entries that are kept are normal (of any s: what follows cancels it), and then $W_h$ is multiplied by one number such that its **spectral radius**, the largest modulus of an eigenvalue, **is** `radius`: of the sparse matrix, as it is returned.
# * Only `"smart tanh"` looks at `connections` and `radius`. For another `kind` than these four: `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "init_recurrent", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_recurrent(
    kind: str,
    n_in: int,
    hidden: int,
    n_out: int,
    rng: np.random.Generator,
    connections: int = 15,
    radius: float = 0.95,
) -> dict[str, np.ndarray]:
    """Draw the first weights of a recurrent network.

    Parameters
    ----------
    kind
        "sigmoid", "basic tanh", "smart tanh" or "identity".
    n_in, hidden, n_out
        How many numbers are read, units there are, and numbers are given; 1 or more.
    rng
        Where chance comes from.
    connections
        Into each unit, for "smart tanh"; 1 or more.
    radius
        The spectral radius, for "smart tanh"; above 0.

    Returns
    -------
    params
        W_in, W_h, b, W_out, b_out.
    """
    ### BEGIN SOLUTION
    scales = {"sigmoid": 0.01, "basic tanh": 0.1, "smart tanh": 0.01, "identity": 0.001}
    if kind not in scales:
        raise ValueError(f"expected one of {', '.join(scales)}, not {kind!r}")
    params = {
        "W_in": rng.normal(scale=scales[kind], size=(n_in, hidden)),
        "W_h": rng.normal(scale=scales[kind], size=(hidden, hidden)),
        "b": np.zeros(hidden),
        "W_out": rng.normal(scale=scales[kind], size=(hidden, n_out)),
        "b_out": np.zeros(n_out),
    }
    if kind == "identity":
        params["W_h"] = np.eye(hidden)
    if kind == "smart tanh":
        for unit in range(hidden):
            cut = rng.permutation(hidden)[connections:]
            params["W_h"][cut, unit] = 0
        params["W_h"] *= radius / np.abs(np.linalg.eigvals(params["W_h"])).max()
    return params
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "init_recurrent-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
rng = np.random.default_rng(0)
shapes = {"W_in": (30, 40), "W_h": (40, 40), "b": (40,), "W_out": (40, 20), "b_out": (20,)}
for kind, scale in (
    ("sigmoid", 0.01),
    ("basic tanh", 0.1),
    ("smart tanh", 0.01),
    ("identity", 0.001),
):
    params = {k: np.asarray(v) for k, v in init_recurrent(kind, 30, 40, 20, rng).items()}
    assert params.keys() == shapes.keys(), f"the arrays {list(shapes)}, not {list(params)}"
    for name, shape in shapes.items():
        assert params[name].shape == shape, f"{name} of shape {shape}, not {params[name].shape}"
        assert np.isfinite(params[name]).all(), f"{kind}: {name} has to be finite"
    biases = np.concatenate([params["b"], params["b_out"]])
    assert not biases.any(), f"{kind}: both biases are 0, not {biases[:3]} ..."
    for name in (
        ("W_in", "W_out", "W_h") if kind in ("sigmoid", "basic tanh") else ("W_in", "W_out")
    ):
        spread, mean = float(params[name].std()), float(params[name].mean())
        assert abs(spread / scale - 1) < 0.12, (
            f"{kind}: {name} has the standard deviation {scale}, not {spread:.4f} (not a variance)"
        )
        assert abs(mean) < 0.2 * scale, f"{kind}: the mean of {name} is 0, not {mean:.4f}"
        beyond = float(np.mean(np.abs(params[name]) > 2 * scale))
        assert 0.015 < beyond < 0.085, (
            f"{kind}: normal numbers are beyond two standard deviations in 4.6%, yours of {name} in "
            f"{beyond:.1%}"
        )
assert close(init_recurrent("identity", 3, 5, 2, rng)["W_h"], np.eye(5)), (
    "identity: W_h is the identity"
)
for hidden, connections, radius in ((40, 15, 0.95), (40, 4, 1.2), (8, 15, 0.95)):
    params = init_recurrent("smart tanh", 3, hidden, 2, rng, connections, radius)
    weights = np.asarray(params["W_h"])
    incoming = (weights != 0).sum(axis=0)
    assert np.all(incoming == min(connections, hidden)), (
        f"{connections} connections into each of {hidden} units: so many entries of each *column* are "
        f"not 0, but there are {sorted(set(incoming.tolist()))}"
    )
    found = float(np.abs(np.linalg.eigvals(weights)).max())
    assert close(found, radius), (
        f"the spectral radius of W_h as it is returned is {radius}, not {found:.4f} (the largest "
        "modulus of an eigenvalue, fixed after the entries are cut out)"
    )
    if connections < hidden:
        assert len({tuple(column) for column in (weights != 0).T}) > 1, (
            "the connections are drawn for each unit by itself"
        )
fixed = init_recurrent("basic tanh", 3, 40, 2, rng, 4, 1.2)["W_h"]
assert np.all(np.asarray(fixed) != 0), "basic tanh: connections and radius are not looked at"
again = [init_recurrent("smart tanh", 3, 20, 2, np.random.default_rng(5))["W_h"] for _ in range(2)]
assert np.array_equal(*again), "all randomness comes from rng: the same state, the same weights"
going_on = [init_recurrent("smart tanh", 3, 20, 2, rng)["W_h"] for _ in range(2)]
assert not np.array_equal(*going_on), "a generator that goes on gives other weights"
assert not np.array_equal(going_on[0] != 0, going_on[1] != 0), "and other connections"
for kind in ("tanh", "", "smart"):
    assert refuses(init_recurrent, kind, 3, 5, 2, rng), f"{kind!r}: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "init_recurrent-graded", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# 6 points, graded when you submit: the four kinds, sparse weights of several sizes, and what is refused.
### BEGIN HIDDEN TESTS
# collect init_recurrent
### END HIDDEN TESTS

# %% [markdown]
# ## 6. A cell with gates
#
# The LSTM (Hochreiter and Schmidhuber, 1997, and the forget gate by Gers and others, 2000) has a second state, the *cell* $c$, on which the signal can travel without being squashed. Three gates say what is kept, what is written and what is shown:
#
# $$f, i, o = \sigma(\ldots), \qquad g = \tanh(\ldots), \qquad c_t = f \odot c_{t-1} + i \odot g, \qquad h_t = o \odot \tanh(c_t)$$
#
# where each of the four dots is $x_t W_x + h_{t-1} W_h + b$ with weights of its own. If $f$ is about 1 and $i$ about 0 the cell remembers. At the start the weights are small and $\sigma(0)$ is only one half: so something is added to the sum of the forget gate.
#
# **Write `lstm_step(params, x_t, h_prev, c_prev, forget_bias=1.0)`**, which returns the pair `(h_t, c_t)`, both of shape `(B, H)`.
#
# * `params` holds `W_x` `(n, 4H)`, `W_h` `(H, 4H)` and `b` `(4H,)`. Their columns are four blocks of H, in this order: **forget gate, input gate, output gate, candidate** $g$. (torch has another order.)
# * `forget_bias` is added to the sum of the forget gate, beside its part of `b`, before $\sigma$. The larger it is, the more is kept.
# * Sums may be as large as 1,000, or as small as -1,000: then a gate is wide open or shut, and no answer is `nan`.

# %% nbgrader={"grade": false, "grade_id": "lstm_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_step(
    params: Mapping[str, np.ndarray],
    x_t: Float[np.ndarray, "B n"],
    h_prev: Float[np.ndarray, "B H"],
    c_prev: Float[np.ndarray, "B H"],
    forget_bias: float = 1.0,
) -> tuple[Float[np.ndarray, "B H"], Float[np.ndarray, "B H"]]:
    """Return the next states and cells of an LSTM.

    Parameters
    ----------
    params
        W_x (n, 4 H), W_h (H, 4 H), b (4 H,): blocks forget, input, output, candidate.
    x_t
        Shape (B, n): what is read now.
    h_prev, c_prev
        Shape (B, H): states and cells before.
    forget_bias
        What is added to the sum of the forget gate.

    Returns
    -------
    h_t, c_t
        Shape (B, H).
    """
    ### BEGIN SOLUTION
    sums = x_t @ params["W_x"] + h_prev @ params["W_h"] + params["b"]
    forget, write, show, candidate = np.split(sums, 4, axis=1)
    # tanh does not overflow: sigma(z) = (1 + tanh(z / 2)) / 2
    kept = (1 + np.tanh((forget + forget_bias) / 2)) / 2
    c_t = kept * c_prev + (1 + np.tanh(write / 2)) / 2 * np.tanh(candidate)
    return (1 + np.tanh(show / 2)) / 2 * np.tanh(c_t), c_t
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "lstm_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def sigma(z):
    return 1 / (1 + math.exp(-z))


# One unit that reads one number. Sums: forget 0.5, input -1, output 2, candidate 0.25.
one_cell = {
    "W_x": np.array([[0.5, 0.0, 1.0, 0.25]]),
    "W_h": np.array([[0.0, -2.0, 2.0, 0.0]]),
    "b": np.zeros(4),
}
c_new = sigma(0.5) * 2.0 + sigma(-1.0) * math.tanh(0.25)
h_now, c_now = lstm_step(one_cell, np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]), 0.0)
assert close(c_now, [[c_new]]), (
    f"sigma(0.5) * 2 + sigma(-1) * tanh(0.25) = {c_new:.4f}, not {c_now} (blocks: forget, input, output, "
    "candidate)"
)
assert close(h_now, [[sigma(2.0) * math.tanh(c_new)]]), (
    f"sigma(2) * tanh(c_t) = {sigma(2.0) * math.tanh(c_new):.4f}: of the new cell, not {h_now}"
)
c_biased = sigma(1.5) * 2.0 + sigma(-1.0) * math.tanh(0.25)
_, c_now = lstm_step(one_cell, np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]))
assert close(c_now, [[c_biased]]), (
    f"by default 1 is added to the sum of the forget gate, which opens it: {c_biased:.4f}, not {c_now}"
)
with_b = {**one_cell, "b": np.array([0.3, -0.2, 0.1, 0.4])}
h_now, c_now = lstm_step(with_b, np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]), -1.0)
c_new = sigma(0.5 + 0.3 - 1.0) * 2.0 + sigma(-1.2) * math.tanh(0.65)
assert close(c_now, [[c_new]]), f"b counts, and forget_bias beside it: {c_new:.4f}, not {c_now}"
assert close(h_now, [[sigma(2.1) * math.tanh(c_new)]]), f"and so for the output gate: not {h_now}"
# Two units: unit 0 is moved by unit 1 only, through W_h[1, :].
two_cells = {"W_x": np.zeros((1, 8)), "W_h": np.zeros((2, 8)), "b": np.zeros(8)}
two_cells["W_h"][1, 6] = 3.0  # the candidate of unit 0
_, c_now = lstm_step(two_cells, np.zeros((1, 1)), np.array([[0.7, 0.5]]), np.zeros((1, 2)))
assert close(c_now, [[0.5 * math.tanh(1.5), 0.0]]), (
    f"blocks of H columns: column 6 of 8 is the candidate of unit 0, not {c_now}"
)
for far in (1000.0, -1000.0):
    wide = {**one_cell, "b": np.full(4, far)}
    h_now, c_now = lstm_step(wide, np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]))
    assert close(c_now, [[3.0 if far > 0 else 0.0]]), (
        f"sums of {far}: gates are {int(far > 0)}, so the cell is {3.0 if far > 0 else 0.0}, not {c_now}"
    )


# %% nbgrader={"grade": true, "grade_id": "lstm_step-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: ordinary sums, forget biases of both signs, and huge sums.
### BEGIN HIDDEN TESTS
# collect lstm_step
### END HIDDEN TESTS

# %% [markdown]
# ## A network to look at
#
# For the questions that follow you need what a backward pass through time finds. Here it is, for the network of the rules above, with a softmax on its last state: the loss is the mean negative log-probability of the right classes, in nats. You wrote the like of it in assignment 04.

# %% nbgrader={"grade": false, "grade_id": "network-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
def scores_of(params: Mapping[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """Return the scores of the classes, (B, K), after sequences of symbols (T, B)."""
    h = np.zeros((ids.shape[1], len(params["W_h"])))
    for symbols in ids:
        h = np.tanh(params["W_in"][symbols] + h @ params["W_h"] + params["b"])
    return h @ params["W_out"] + params["b_out"]


def look_back(
    params: Mapping[str, np.ndarray], ids: np.ndarray, classes: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return the gradients by name, dh (T, B, H) and states (T + 1, B, H).

    `states[0]` is zero, `states[t + 1]` the state after step t, and `dh[t]` the derivative of the
    mean loss by `states[t + 1]`.
    """
    T, B = ids.shape
    states = np.zeros((T + 1, B, len(params["W_h"])))
    for t in range(T):
        sums = params["W_in"][ids[t]] + states[t] @ params["W_h"] + params["b"]
        states[t + 1] = np.tanh(sums)
    scores = states[-1] @ params["W_out"] + params["b_out"]
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    probs[np.arange(B), classes] -= 1
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    grads["W_out"], grads["b_out"] = states[-1].T @ probs / B, probs.sum(axis=0) / B
    dh = np.zeros((T, B, len(params["W_h"])))
    signal = probs @ params["W_out"].T / B
    for t in reversed(range(T)):
        dh[t] = signal
        before_tanh = signal * (1 - states[t + 1] ** 2)
        np.add.at(grads["W_in"], ids[t], before_tanh)
        grads["W_h"] += states[t].T @ before_tanh
        grads["b"] += before_tanh.sum(axis=0)
        signal = before_tanh @ params["W_h"].T
    return grads, dh, states


# %% [markdown]
# How far does the signal get in networks that have not learned anything? Your `init_recurrent` draws them, and `look_back` walks back. (The units are tanh in all four, also where the start was meant for another nonlinearity.)

# %% tags=["exploration", "raises-exception"]
import matplotlib.pyplot as plt

from nextword.pictures import plots

T_LOOK = 40
look_ids, look_classes = temporal_order_batch(np.random.default_rng(1), 20, T_LOOK, 2)
lengths = {}
for kind in ("sigmoid", "basic tanh", "smart tanh", "identity"):
    network = init_recurrent(kind, 6, 50, 4, np.random.default_rng(2))
    _, signals, _ = look_back(network, look_ids, look_classes)
    norms = np.linalg.norm(signals, axis=2).mean(axis=1)
    lengths[kind] = norms / norms[-1]
with plots.course_style():
    figure, axis = plt.subplots()
    colours = (plots.RED, plots.ORANGE, plots.BLUE, plots.GREEN)
    for (kind, shares), colour in zip(lengths.items(), colours, strict=True):
        axis.plot(np.arange(T_LOOK)[::-1], shares, color=colour, label=kind)
    axis.set(xlabel="steps before the end", ylabel="length of the signal, end = 1", yscale="log")
    axis.set_ylim(1e-12, 30)
    axis.legend()
plots.show(
    figure,
    "The length of the signal against the number of steps before the end, for four starts. After "
    + ", ".join(f"20 steps {kind} has {shares[-21]:.0e}" for kind, shares in lengths.items())
    + ".",
)
print({kind: f"{shares[-21]:.1e}" for kind, shares in lengths.items()})


# %% [markdown]
# ## 7. A signal that keeps its length
#
# Section 3.3 of 002 asks for networks in which *the error preserves norm as it travels back in time*. Write $\delta_t$ for the derivative of the loss by the state $h_t$, a row. One step back, it becomes (tanh outside, our convention; 002 has it inside)
#
# $$v_t = \big(\delta_t \odot (1 - h_t^2)\big)\, W_h^\top$$
#
# and $\Omega$, equation 9 of 002, looks at the quotient of the two lengths:
#
# $$\Omega_t = \left(\frac{\lVert v_t \rVert}{\lVert \delta_t \rVert} - 1\right)^2$$
#
# It is 0 where the length stays, 1 where the signal dies in one step, and large where it grows. **Mind:** the code that the authors published squares the two norms *before* it takes 1 away. Equation 9 does not, and here the equation counts. From the code we take something else: equation 9 is a sum over the steps, which grows with T. The code has a *mean over all steps and sequences whose signal is alive*, and so do you.
#
# **Write `omega(dh, W_h, states)`**, which returns $\Omega$, one number.
#
# * `dh` has the shape `(T, B, H)`, and `dh[t]` is the derivative by `states[t + 1]`; `states` has the shape `(T + 1, B, H)`, and `states[0]` is the start. All three arrays are float64, or all are float32; where they are float32, single precision is enough.
# * $\Omega$ is the mean of $\Omega_t$ over all pairs of a step and a sequence with $\lVert \delta_t \rVert^2 > 10^{-20}$. The other ones have vanished, say nothing, and do not count: neither in the sum nor in the number by which it is divided. Where no pair is left, $\Omega$ is 0. No $\lVert \delta_t \rVert^2$ lies from $.9 \cdot 10^{-20}$ to $1.1 \cdot 10^{-20}$.
# * $v_t$ is computed from $\delta_t$ by the formula: **do not take `dh[t - 1]` for it**, for where there is a loss at each step `dh[t - 1]` also holds the step's own part. All T steps count, the first one too.
# * A signal that is alive may be passed on as 0: then the quotient is 0, and $\Omega_t$ is 1.

# %% nbgrader={"grade": false, "grade_id": "omega", "locked": false, "schema_version": 3, "solution": true, "task": false}
def omega(
    dh: Float[np.ndarray, "T B H"],
    W_h: Float[np.ndarray, "H H"],
    states: Float[np.ndarray, "states B H"],
) -> float:
    """Return how far the error signal is from keeping its length.

    Parameters
    ----------
    dh
        Shape (T, B, H): the derivative of the loss by states[1:].
    W_h
        Shape (H, H): from a state to the next one.
    states
        Shape (T + 1, B, H): the start, and the state after each step.

    Returns
    -------
    omega
        0 where each step keeps the length, or no signal is alive.
    """
    ### BEGIN SOLUTION
    dh, states = np.asarray(dh, dtype=np.float64), np.asarray(states, dtype=np.float64)
    passed_on = (dh * (1 - states[1:] ** 2)) @ W_h.T
    squares = (dh**2).sum(axis=2)
    alive = squares > 1e-20
    if not alive.any():
        return 0.0
    ratios = np.linalg.norm(passed_on, axis=2)[alive] / np.sqrt(squares[alive])
    return float(np.mean((ratios - 1) ** 2))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "omega-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# Two units. W_h[1, 0] = 2: backwards, unit 0 of the later state hands on to unit 1.
arrow = np.array([[0.0, 0.0], [2.0, 0.0]])
zeros = np.zeros((2, 1, 2))
value = omega(np.array([[[3.0, 4.0]]]), arrow, zeros)
assert close(value, 0.04), (
    "(3, 4) has the length 5 and becomes (0, 2 * 3), of length 6: (6/5 - 1)^2 = 0.04, not "
    f"{value} (with squared norms (36/25 - 1)^2 = 0.1936, with W_h for its transpose (8/5 - 1)^2 = 0.36)"
)
halves = np.array([[[0.9, 0.9]], [[0.5, 0.0]]])
value = omega(np.array([[[3.0, 4.0]]]), arrow, halves)
assert close(value, 0.01), (
    "the slope at the state after the step, 1 - 0.5^2 = 3/4: (0, 4.5), and (4.5/5 - 1)^2 = 0.01, not "
    f"{value} (states[1:] belong to dh, states[0] is the start)"
)
value = omega(np.array([[[3.0, 4.0]], [[1.0, 0.0]]]), arrow, np.zeros((3, 1, 2)))
assert close(value, 0.52), (
    f"two steps: 0.04 and (2/1 - 1)^2 = 1, their mean is 0.52, not {value} (the sum is 1.04; dh[0] is "
    "not what dh[1] was passed on as, here is a loss at each step)"
)
value = omega(np.array([[[3.0, 4.0], [0.0, 1.0]]]), arrow, np.zeros((2, 2, 2)))
assert close(value, 0.52), (
    f"two sequences: 0.04, and (0, 1), alive, becomes (0, 0): (0 - 1)^2 = 1. Mean 0.52, not {value}"
)
value = omega(np.array([[[3.0, 4.0]], [[0.0, 0.0]]]), arrow, np.zeros((3, 1, 2)))
assert close(value, 0.04), (
    f"a step without a signal does not count, not in the mean either: {value}"
)
value = omega(np.array([[[3e-9, 4e-9]], [[5e-11, 0.0]]]), arrow, np.zeros((3, 1, 2)))
assert close(value, 0.04), (
    f"5e-9 is alive (its square is 2.5e-17), 5e-11 is not (2.5e-21): 0.04, not {value}"
)
value = omega(np.zeros((2, 1, 2)), arrow, np.zeros((3, 1, 2)))
assert close(value, 0.0), f"no signal at all: 0, not {value}"


# %% nbgrader={"grade": true, "grade_id": "omega-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: one step and many, a loss at each step, signals that have vanished, and none at all.
### BEGIN HIDDEN TESTS
# collect omega
### END HIDDEN TESTS

# %% [markdown]
# ## 8. Its gradient, the immediate part
#
# $\Omega$ depends on $W_h$ in many ways: through the states, through $\delta_t$, and directly. 002 takes the last one only, the *immediate* derivative (eq. 10): the states and $\delta_t$ count as constants, and $W_h$ varies where it stands in the formula for $v_t$, and nowhere else. So the gradient costs next to nothing, since backpropagation has all that is in it.
#
# Derive it yourself: first $\partial \lVert v \rVert / \partial v$, then $\partial v / \partial W_h$. A difference quotient of your `omega`, with `dh` and `states` left as they are, has to agree with it; the visible tests look at that.
#
# **Write `omega_gradient(dh, W_h, states)`**, which returns $\partial^+ \Omega / \partial W_h$, of shape `(H, H)`.
#
# * Arguments are as in question 7, and $\Omega$ is the mean of question 7. Here too, where they are float32, single precision is enough.
# * Pairs that do not count there do not count here. Where no pair is left, the gradient is 0 everywhere.
# * Where $v_t$ is 0 its length has no derivative: such a pair adds 0 to the gradient, though it counts in the mean.

# %% nbgrader={"grade": false, "grade_id": "omega_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def omega_gradient(
    dh: Float[np.ndarray, "T B H"],
    W_h: Float[np.ndarray, "H H"],
    states: Float[np.ndarray, "states B H"],
) -> Float[np.ndarray, "H H"]:
    """Return the immediate derivative of omega by the recurrent weights.

    Parameters
    ----------
    dh
        Shape (T, B, H): the derivative of the loss by states[1:], a constant here.
    W_h
        Shape (H, H): from a state to the next one.
    states
        Shape (T + 1, B, H): constants here.

    Returns
    -------
    gradient
        Shape (H, H).
    """
    ### BEGIN SOLUTION
    dh, states = np.asarray(dh, dtype=np.float64), np.asarray(states, dtype=np.float64)
    alive = (dh**2).sum(axis=2) > 1e-20
    if not alive.any():
        return np.zeros(np.shape(W_h))
    arrived = np.linalg.norm(dh[alive], axis=1)
    through = (dh * (1 - states[1:] ** 2))[alive]
    passed_on = through @ W_h.T
    lengths = np.linalg.norm(passed_on, axis=1)
    directions = passed_on / np.where(lengths > 0, lengths, 1)[:, None]
    weights = 2 * (lengths / arrived - 1) / arrived / len(arrived)
    return (weights[:, None] * directions).T @ through
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "omega_gradient-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
arrow = np.array([[0.0, 0.0], [2.0, 0.0]])
slope = omega_gradient(np.array([[[3.0, 4.0]]]), arrow, np.zeros((2, 1, 2)))
# v = (0, 6): its length moves with v[1] only, and v[1] = 3 W_h[1, 0] + 4 W_h[1, 1].
assert close(slope, [[0.0, 0.0], [0.24, 0.32]]), (
    "2 (6/5 - 1) / 5 = 0.08, times 3 at W_h[1, 0] and times 4 at W_h[1, 1]: (0.24, 0.32) in row 1, not\n"
    f"{slope}"
)
shorter = omega_gradient(np.array([[[3.0, 4.0]]]), arrow / 2, np.zeros((2, 1, 2)))
assert close(shorter, [[0.0, 0.0], [-0.48, -0.64]]), (
    f"with half the weight 3/5 - 1 is negative: downhill means larger weights, not\n{shorter}"
)


def omega_of(weights, dh, states):
    """Return the omega of question 7, in loops."""
    terms = []
    for t in range(len(dh)):
        for b in range(dh.shape[1]):
            if dh[t, b] @ dh[t, b] > 1e-20:
                v = weights @ (dh[t, b] * (1 - states[t + 1, b] ** 2))
                terms.append((math.sqrt(v @ v) / math.sqrt(dh[t, b] @ dh[t, b]) - 1) ** 2)
    return sum(terms) / len(terms)


rng = np.random.default_rng(3)
for T, B in ((1, 1), (4, 1), (5, 3)):
    dh = rng.normal(size=(T, B, 2))
    dh[0, 0] *= 1e-12 if T > 1 else 1.0  # has vanished
    states = rng.uniform(-0.8, 0.8, size=(T + 1, B, 2))
    weights = np.array([[0.4, -1.3], [0.9, 0.2]])
    quotients = np.zeros((2, 2))
    for place in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[place] = 1e-5
        ahead, behind = (omega_of(weights + s * step, dh, states) for s in (1, -1))
        quotients[place] = (ahead - behind) / 2e-5
    slope = omega_gradient(dh, weights, states)
    assert close(slope, quotients), (
        f"{T} steps, {B} sequences: the difference quotients with dh and states held still are\n"
        f"{quotients}\nand you return\n{slope}"
    )
dead = omega_gradient(np.array([[[0.0, 1.0]], [[3.0, 4.0]]]), arrow, np.zeros((3, 1, 2)))
assert close(dead, [[0.0, 0.0], [0.12, 0.16]]), (
    "a signal that is passed on as 0 adds nothing, but counts in the mean: half of (0.24, 0.32), not\n"
    f"{dead}"
)
nothing = omega_gradient(np.zeros((2, 1, 2)), arrow, np.zeros((3, 1, 2)))
assert close(nothing, np.zeros((2, 2))), f"no signal at all: zeros, not {nothing}"


# %% nbgrader={"grade": true, "grade_id": "omega_gradient-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: one step and many, signals that have vanished or are passed on as 0, and none at all.
### BEGIN HIDDEN TESTS
# collect omega_gradient
### END HIDDEN TESTS

# %% [markdown]
# ## 9. Three methods
#
# Now the loop of Fig. 7. It has three methods: **`"MSGD"`**, gradient steps on minibatches; **`"MSGD-C"`**, the same with the gradient clipped; **`"MSGD-CR"`**, clipped, with the regulariser.
#
# **Write `train_temporal_order(method, params, batches, gradients, learning_rate, threshold, weight)`**, which returns the parameters after one update for each batch, a dict of new arrays. It puts assignment 06 and question 8 together.
#
# * `batches` is a list of pairs `(ids, classes)` as in question 3, taken in order. `gradients(params, ids, classes)` returns the triple `(grads, dh, states)`: the gradients of the mean loss by name, and what question 8 starts from. It is called once for each batch, at the parameters that the updates before have led to. Parameters, gradients, `dh` and `states` are float64. What `gradients` returns is made anew in each call, and yours to change.
# * With `"MSGD-CR"`, `weight` times the gradient of question 8, at the $W_h$ of this moment, is added to the gradient of `W_h`. The other methods do not look at `weight`.
# * With `"MSGD-C"` and `"MSGD-CR"`, a gradient whose joint norm over *all* parameters is above `threshold` is multiplied by `threshold` over that norm; **the regulariser's part is added before this**. `"MSGD"` does not look at `threshold`.
# * The update is $\theta - \eta\, g$, of every parameter, with $\eta$ the `learning_rate`. Without batches the parameters come back as they were, as copies.
# * Another `method`: `ValueError`, also where there are no batches.
#
# How it is graded: your loop trains small networks on sequences with T = 10 to 12, and the log-probabilities that the trained networks give to the classes of fresh sequences are compared, to 1e-4.

# %% nbgrader={"grade": false, "grade_id": "train_temporal_order", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_temporal_order(
    method: str,
    params: Mapping[str, np.ndarray],
    batches: Sequence[tuple[np.ndarray, np.ndarray]],
    gradients: Callable[..., tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]],
    learning_rate: float,
    threshold: float,
    weight: float,
) -> dict[str, np.ndarray]:
    """Train a network by one of the three methods of Fig. 7.

    Parameters
    ----------
    method
        "MSGD", "MSGD-C" or "MSGD-CR".
    params
        Where to start.
    batches
        Symbols (T, B) and classes (B,) of each batch.
    gradients
        Returns gradients by name, dh (T, B, H) and states (T + 1, B, H).
    learning_rate
        Above 0.
    threshold
        For the joint norm of the gradient; above 0.
    weight
        Of the regulariser.

    Returns
    -------
    params
        After the last update.
    """
    ### BEGIN SOLUTION
    if method not in ("MSGD", "MSGD-C", "MSGD-CR"):
        raise ValueError(f"expected MSGD, MSGD-C or MSGD-CR, not {method!r}")
    params = {name: np.array(value) for name, value in params.items()}
    for ids, classes in batches:
        grads, dh, states = gradients(params, ids, classes)
        grads = dict(grads)
        if method == "MSGD-CR":
            alive = (dh**2).sum(axis=2) > 1e-20
            arrived = np.linalg.norm(dh[alive], axis=1)
            through = (dh * (1 - states[1:] ** 2))[alive]
            passed_on = through @ params["W_h"].T
            lengths = np.linalg.norm(passed_on, axis=1)
            pull = 2 * (lengths / arrived - 1) / arrived / np.maximum(lengths, 1e-300)
            term = (pull[:, None] * passed_on).T @ through / max(len(arrived), 1)
            grads["W_h"] = grads["W_h"] + weight * term
        norm = math.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))
        scale = threshold / norm if method != "MSGD" and norm > threshold else 1.0
        params = {name: p - learning_rate * scale * grads[name] for name, p in params.items()}
    return params
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "train_temporal_order-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def toy_gradients(params, ids, classes):
    """Return the gradient (1, 0) of W_h's first row, and of b what the batch says; a signal (1, 0)."""
    called.append(float(params["b"][0]))
    by_name = {"W_h": np.array([[1.0, 0.0], [0.0, 0.0]]), "b": np.array([float(classes[0])])}
    return by_name, np.array([[[1.0, 0.0]]]), np.zeros((2, 1, 2))


called = []
toy = {"W_h": np.array([[3.0, 0.0], [0.0, 1.0]]), "b": np.array([1.0])}
toy_begin = {name: value.copy() for name, value in toy.items()}
one_batch = [(np.zeros((1, 1), dtype=int), np.array([0]))]
end = train_temporal_order("MSGD", toy, one_batch, toy_gradients, 0.1, 0.5, 4.0)
assert close(end["W_h"], [[2.9, 0.0], [0.0, 1.0]]), (
    f"MSGD: 3 - 0.1 * 1, without clipping or regulariser, not\n{end['W_h']}"
)
assert close(toy["W_h"], toy_begin["W_h"]), "the parameters that came must not change"
end = train_temporal_order("MSGD-C", toy, one_batch, toy_gradients, 0.1, 0.5, 4.0)
assert close(end["W_h"][0], [2.95, 0.0]), (
    f"MSGD-C: the norm 1 is cut to 0.5: 3 - 0.1 * 0.5 = 2.95, not {end['W_h'][0]}"
)
end = train_temporal_order("MSGD-C", toy, one_batch, toy_gradients, 0.1, 2.0, 4.0)
assert close(end["W_h"][0], [2.9, 0.0]), f"1 is below 2: nothing is clipped, not {end['W_h'][0]}"
# (1, 0) becomes (3, 0): 2 (3 - 1) = 4 at W_h[0, 0], and 0.5 times that is added to the gradient 1.
end = train_temporal_order("MSGD-CR", toy, one_batch, toy_gradients, 0.1, 100.0, 0.5)
assert close(end["W_h"], [[2.7, 0.0], [0.0, 1.0]]), (
    f"MSGD-CR: the gradient is 1 + 0.5 * 4 = 3, so 3 - 0.3 = 2.7, not\n{end['W_h']}"
)
end = train_temporal_order("MSGD-CR", toy, one_batch, toy_gradients, 0.1, 1.5, 0.5)
assert close(end["W_h"][0], [2.85, 0.0]), (
    "the regulariser's part is added first, and then 3 is cut to 1.5: 2.85, not "
    f"{end['W_h'][0]} (clipped first it is 1 + 2 = 3)"
)
loud = [(np.zeros((1, 1), dtype=int), np.array([2]))]
end = train_temporal_order("MSGD-CR", toy, loud, toy_gradients, 0.1, 1.0, 0.25)
root = math.sqrt(8)
assert close([end["W_h"][0, 0], end["b"][0]], [3 - 0.2 / root, 1 - 0.2 / root]), (
    "the joint norm of (2) in W_h and (2) in b is sqrt(8): both are divided by it, not by their own"
)
called.clear()
two_batches = [(np.zeros((1, 1), dtype=int), np.array([k])) for k in (2, 4)]
end = train_temporal_order("MSGD-CR", toy, two_batches, toy_gradients, 0.1, 100.0, 0.5)
assert close(called, [1.0, 0.8]), (
    f"each batch is asked once, in order, at the parameters so far: b = 1.0, then 0.8, not {called}"
)
assert close(end["b"], [0.4]), f"b: 1 - 0.1 * 2 - 0.1 * 4 = 0.4, not {end['b']}"
assert close(end["W_h"][0, 0], 2.7 - 0.1 * (1 + 0.5 * 2 * 1.7)), (
    "the second time the regulariser sees W_h = 2.7: 2 (2.7 - 1) = 3.4, half of it and 1: not "
    f"{end['W_h'][0, 0]}"
)
nothing = train_temporal_order("MSGD", toy, [], toy_gradients, 0.1, 1.0, 0.5)
assert close(nothing["W_h"], toy["W_h"]), "no batches: the parameters as they were"
assert not np.may_share_memory(nothing["W_h"], toy["W_h"]), "no batches: copies"
for bad in ("SGD", "msgd", "MSGD-R", ""):
    assert refuses(train_temporal_order, bad, toy, one_batch, toy_gradients, 0.1, 1.0, 0.5), (
        f"the method {bad!r}: a ValueError"
    )
    assert refuses(train_temporal_order, bad, toy, [], toy_gradients, 0.1, 1.0, 0.5), (
        f"the method {bad!r}: a ValueError, also without batches"
    )

# %% nbgrader={"grade": true, "grade_id": "train_temporal_order-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: the three methods by what trained networks say of fresh sequences, and the special cases.
### BEGIN HIDDEN TESTS
# collect train_temporal_order
### END HIDDEN TESTS

# %% [markdown]
# ## A small Fig. 7
#
# All of it together: your sequences, your starts, your loop, your success rate, with `look_back` for the gradients. T = 10, a learning rate of .05 (the paper has .01, and up to five million updates), two runs for each method, 1,500 updates. (The cell takes ten to twenty seconds.) Then one of the networks is tested at lengths that it has never seen.

# %% tags=["exploration", "raises-exception"]
import time

T_RUN, UPDATES, RATE = 10, 1500, 0.05


def run(method, seed):
    """Return a network that was trained by a method, and the seed's start."""
    rng = np.random.default_rng(seed)
    start = init_recurrent("basic tanh", 6, 50, 4, rng)
    batches = [temporal_order_batch(rng, 20, T_RUN, 2) for _ in range(UPDATES)]
    return train_temporal_order(method, start, batches, look_back, RATE, 1.0, 4.0)


def wilson(successes, runs, z=1.96):
    """Return the ends of Wilson's 95% interval of a share."""
    share, n = successes / runs, runs + z**2
    middle = (successes + z**2 / 2) / n
    half = z / n * math.sqrt(runs * share * (1 - share) + z**2 / 4)
    return middle - half, middle + half


began = time.process_time()
fresh_ids, fresh_classes = temporal_order_batch(np.random.default_rng(99), 10_000, T_RUN, 2)
trained = {}
for method in ("MSGD", "MSGD-C", "MSGD-CR"):
    with np.errstate(all="ignore"):
        trained[method] = [run(method, seed) for seed in range(2)]
        outputs = np.stack([scores_of(network, fresh_ids) for network in trained[method]])
    rate = success_rate(outputs, fresh_classes)
    low, high = wilson(rate * len(outputs), len(outputs))
    wrong = (outputs.argmax(axis=2) != fresh_classes).mean(axis=1)
    print(f"{method:8} success rate {rate:.2f} ({low:.2f} to {high:.2f}), wrong: {wrong.round(4)}")
print(f"{time.process_time() - began:.0f} s of one core")

# %% tags=["exploration", "raises-exception"]
for length in (10, 15, 20, 30, 50, 100):
    long_ids, long_classes = temporal_order_batch(np.random.default_rng(length), 2000, length, 2)
    answers = scores_of(trained["MSGD-CR"][0], long_ids).argmax(axis=1)
    print(
        f"trained at T = {T_RUN}, tested at T = {length:3}: {np.mean(answers != long_classes):.3f} wrong"
    )


# %% [markdown]
# ## Written: what the runs prove
#
# No code of yours is needed here. A group reports on a new regulariser for recurrent networks: *without it 3 of 5 runs solved the task, with it all 5. Networks that were trained at T = 50 are right at T = 500, so they store the symbols in attractors. We then added the regulariser to our language model, which has a loss at each word.* **In at most 250 words:** (a) Is it shown that the regulariser helps? Judge by intervals: Wilson's 95% interval is $\frac{k + z^2/2}{n + z^2} \pm \frac{z}{n + z^2}\sqrt{\frac{k (n - k)}{n} + \frac{z^2}{4}}$ for k of n, $z = 1.96$. What would the numbers look like with 40 runs each and the same shares, and what must be equal in both arms? (b) Does being right at T = 500 show attractors? Say another explanation, and describe one experiment on the trained network, without training it anew, whose outcome would differ between the two. (c) Where signals from later losses join at each step, does a regulariser like $\Omega$ look at the signal of the last loss or at the sum of all that pass, and what would you measure in the language model *before* adding it?

# %% [markdown] nbgrader={"grade": true, "grade_id": "long_memory-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) No. 3 of 5 has the interval .23 to .88, 5 of 5 has .57 to 1.00: they overlap over a third of the scale; a share of .7 is in both. With 40 runs each, 24 of 40 has .45 to .74 and 40 of 40 .91 to 1.00, which do not overlap. Both arms need the same starts or as many fresh ones, the same number of updates, data, clipping, and the same effort in choosing rates, the regulariser's own weight included; and the runs may not be chosen afterwards. (b) No. A network can also keep a symbol in a transient that decays slowly, or on a line of states that move hardly at all, and T = 500 is not enough to empty it; also both symbols may stand at the same *share* of the length, so that it only learned something about distractors. An experiment: stop the sequence after the second symbol, push the state by a small random vector and go on with distractors: after an attractor the distance to the undisturbed state shrinks to nothing again, after a slow transient (or on a line) it stays, or the class is lost once the pushes add up. Or let the network run for 5,000 and 50,000 steps and look whether the states of one class come together or drift. (c) $\Omega$ sees the direction of the sum, and in the sum the losses near by are much longer than what comes from far; so it asks the near signal to keep its length and says nothing of the far one, whose direction may die. First measure how long the derivative of *one* word's loss by a state k steps earlier is against k, and whether it is short at all where long memory would pay (a word that returns), and that gradients are clipped.
#
# **Rubric (4 points).** 1: (a) both intervals, right, and that they overlap. 1: (a) 40 runs, with at least two things that must be equal. 1: (b) another explanation, and an experiment with two different outcomes. 1: (c) near losses dominate the sum, so the far direction is not looked at; a measurement by distance, of single losses. Half points where a claim has no reason or a number is wrong.

# %% [markdown]
# ## 10. Stretch: remember it all
#
# In the temporal order problem two bits are kept. In the *noiseless memorisation problem* a whole pattern is: read it, wait, and when the sign comes, write it down in the right order. 002 (section 4.1.2) solves it for 5 bits, and for patterns of over 20 bits.
#
# **Write `memorization_batch(rng, batch, T, length, n_symbols)`**, which returns the pair `(ids, targets)`, both of shape `(2 * length + T, batch)`, integers, time first.
#
# * The pattern is `length` symbols from 0 to `n_symbols - 1`, each drawn uniformly and by itself. They are the first `length` ids.
# * Then come T steps: `T - 1` blanks, which have the id `n_symbols`, and in the last of the T steps the sign `n_symbols + 1`. The `length` steps after it are blanks again.
# * `targets` are the pattern in the last `length` steps, in its order, and the blank's id in all steps before.
# * Where T or `length` is below 1, or `n_symbols` is below 2: `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "memorization_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def memorization_batch(
    rng: np.random.Generator, batch: int, T: int, length: int, n_symbols: int
) -> tuple[Int[np.ndarray, "steps batch"], Int[np.ndarray, "steps batch"]]:
    """Draw sequences of the noiseless memorisation problem.

    Parameters
    ----------
    rng
        Where chance comes from.
    batch
        How many sequences, 1 or more.
    T
        How many steps pattern and answer are apart, 1 or more.
    length
        Of the pattern, 1 or more.
    n_symbols
        How many symbols there are, 2 or more.

    Returns
    -------
    ids, targets
        Shape (2 length + T, batch).
    """
    ### BEGIN SOLUTION
    if T < 1 or length < 1 or n_symbols < 2:
        raise ValueError(f"expected steps, a pattern and symbols, not {T}, {length}, {n_symbols}")
    ids = np.full((2 * length + T, batch), n_symbols)
    targets = ids.copy()
    ids[:length] = rng.integers(n_symbols, size=(length, batch))
    ids[length + T - 1] = n_symbols + 1
    targets[length + T :] = ids[:length]
    return ids, targets
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "memorization_batch-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
for T, length, n_symbols in ((4, 3, 2), (1, 2, 3), (6, 1, 4)):
    rng = np.random.default_rng(T)
    ids, targets = (
        np.asarray(part) for part in memorization_batch(rng, 2000, T, length, n_symbols)
    )
    steps = 2 * length + T
    assert ids.shape == targets.shape == (steps, 2000), (
        f"2 * {length} + {T} steps, time first: ({steps}, 2000), not {ids.shape} and {targets.shape}"
    )
    kinds = {ids.dtype.kind, targets.dtype.kind}
    assert kinds <= {"i", "u"}, f"both are integers, not {ids.dtype} and {targets.dtype}"
    waiting = [n_symbols] * (T - 1) + [n_symbols + 1] + [n_symbols] * length
    assert np.array_equal(ids[length:, 0], waiting), (
        f"after the pattern {waiting}: blanks, the sign in the last of the T steps, blanks. Not "
        f"{ids[length:, 0].tolist()}"
    )
    assert np.all(ids[length:] == ids[length:, :1]), "and so in every sequence"
    assert np.all(targets[: length + T] == n_symbols), "until the sign the target is the blank"
    assert np.array_equal(targets[length + T :], ids[:length]), (
        f"then the pattern, in its order: {ids[:length, 0].tolist()}, not "
        f"{targets[length + T :, 0].tolist()}"
    )
    for step in range(length):
        shares = np.bincount(ids[step], minlength=n_symbols) / 2000
        expected_shares = np.full(len(shares), 1 / n_symbols)
        assert np.abs(shares - expected_shares).max() < 0.07, (
            f"symbols 0 to {n_symbols - 1} equally often at step {step}, not {shares.round(2)}"
        )
    if length > 1:
        alike = float(np.mean(ids[0] == ids[1]))
        assert abs(alike - 1 / n_symbols) < 0.07, f"each symbol by itself: alike {alike:.2f}"
again = [memorization_batch(np.random.default_rng(5), 30, 4, 3, 2)[0] for _ in range(2)]
assert np.array_equal(*again), "all randomness comes from rng: the same state, the same sequences"
rng = np.random.default_rng(6)
going_on = [memorization_batch(rng, 30, 4, 3, 2)[0] for _ in range(2)]
assert not np.array_equal(*going_on), "a generator that goes on gives other sequences"
for T, length, n_symbols in ((0, 3, 2), (4, 0, 2), (4, 3, 1)):
    assert refuses(memorization_batch, rng, 3, T, length, n_symbols), (
        f"T = {T}, a pattern of {length}, {n_symbols} symbols: a ValueError"
    )

# %% nbgrader={"grade": true, "grade_id": "memorization_batch-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: patterns of many lengths and alphabets, and what is refused.
### BEGIN HIDDEN TESTS
# collect memorization_batch
### END HIDDEN TESTS

# %% [markdown]
# ## Summary
#
# * A run is solved or not, on fresh sequences; a success rate of a few runs has a wide interval.
# * The tasks are made such that nothing but memory helps: what counts is far from the end, and all else distracts.
# * Where a network begins decides how far its first signals get.
# * A leaky unit and an LSTM's cell keep their state by construction; $\Omega$ asks weights to learn it.
# * Only the immediate derivative of $\Omega$ is taken. Its part of the gradient is clipped with the rest.
#
# ## Exercises
#
# 1. Train with the regulariser and without clipping. At which update does it end, and how long was the gradient before?
# 2. Print `omega` every 100 updates, for a run with the regulariser and one without. Which is lower where the task is solved?
# 3. Put the squares where the published code has them. Compare the two pulls at quotients of .1 and 3.
# 4. Train on lengths drawn anew for each batch, from 10 to 20, and test at 15 to 200.
# 5. Read out an echo state network: draw 200 leaky units, drive them with the addition problem, and fit the last states to the targets by least squares.
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks* (002): sections 3.1, 3.3 and 4.1, eqs 9 and 10, Fig. 7; and the code at https://github.com/pascanur/trainingRNNs.
# * Hochreiter and Schmidhuber (1997), *Long short-term memory*: the cell, and the tasks. Gers, Schmidhuber and Cummins (2000), *Learning to forget*.
# * Jaeger, Lukoševičius, Popovici and Siewert (2007): leaky units in echo state networks.
# * Le, Jaitly and Hinton (2015), *A simple way to initialize recurrent networks of rectified linear units*.
# * The textbook chapter 004, sections 10.8 to 10.11.
