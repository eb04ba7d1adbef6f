# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 04: A recurrent language model
#
# A fixed window forgets what leaves it, and learns every place of the window anew. A *recurrent* network has one set of weights, used at every step, and a state that it carries along. You build such a language model by hand: step, sequence, loss, backpropagation through time, batches of long text, generation and evaluation. At the end you train it, and it learns what no window of assignment 03 could: to bring back a noun it saw long ago.
#
# **You need:** matrix products and the chain rule, numpy with shapes such as `(B, T, H)`, assignments 02 and 03. Lecture 04 helps.
#
# **Time:** 7 to 9 hours for the core (questions 1 to 8 and the written question), 3 more for the stretch (questions 9 and 10).
#
# **Points:** 40 for the core count as full marks; the 7 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one: where a question starts from what another one computes, it gets that from the reference. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call. What you return are fresh arrays.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * Batches come first, time second: `(B, T)`, `(B, T, H)`. **Steps are counted from 0.** Ids are whole numbers from 0 to $V-1$ in an array of any integer dtype. `BOS` is the id of `<s>` and `EOS` that of `</s>`.
# * Parameters are arrays of float64 or of float32. A number is compared to a relative accuracy of 1e-5, an array to 1e-5 of its largest finite entry in modulus (a gradient to 1e-6, where that is more), so computing in float32 is enough. Visible tests are less strict. `print` what you like.
# * Logarithms are natural (nats). Vectors are rows, so `h @ W`.
# * A mask is boolean, `True` at a real token. In every row the real tokens come first; a row may have none. Ids under padding are valid ids, and mean nothing.
# * Where the statement says that something raises `ValueError`, it does so; other wrong arguments do not come.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

BOS = 0
EOS = 1


def close(got: object, expected: object) -> bool:
    """Return whether two numbers or arrays agree, their shapes included."""
    if isinstance(got, torch.Tensor):
        got = got.detach()
    try:
        array = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    wanted = np.asarray(expected, dtype=float)
    return array.shape == wanted.shape and np.allclose(array, wanted, rtol=1e-4, atol=1e-6)


def refuses(function, *args) -> bool:
    """Return whether a call raises ValueError, or a generator does when it is asked."""
    try:
        returned = function(*args)
        if isinstance(returned, Iterator):
            list(returned)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


# %% [markdown]
# ## 1. One step
#
# Slides 003 draw the model with embeddings $e$, hidden states $h$ and two kinds of weights. With our row vectors, and $x_t$ for the embedded word:
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b)$$
#
# The same three arrays serve at every step. As steps are counted from 0, $h_0$ is the state *after* the first word. What stands before it, $h_{-1}$ in the formula, is the start, the parameter `h0`. These are all parameters of the model:
#
# | name | shape | what it is |
# |---|---|---|
# | `E` | $(V, m)$ | a row of features for each word |
# | `W_x` | $(m, H)$ | from the features to the state |
# | `W_h` | $(H, H)$ | from the state to the next state |
# | `b` | $(H,)$ | biases of the state |
# | `U` | $(H, V)$ | from the state to the scores (*logits*) |
# | `c` | $(V,)$ | biases of the scores |
# | `h0` | $(H,)$ | the state before the first word, learned like the rest |
#
# **Write `rnn_step(params, x_t, h_prev)`**, which returns $h_t$.
#
# * `params` holds all names of the table; a step needs only some. `x_t` has shape `(B, m)`: the embedded words of step $t$, a row for each text of the batch. `h_prev` has shape `(B, H)`. Return an array of shape `(B, H)`.

# %% nbgrader={"grade": false, "grade_id": "rnn_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_step(
    params: Mapping[str, np.ndarray],
    x_t: Float[np.ndarray, "B m"],
    h_prev: Float[np.ndarray, "B H"],
) -> Float[np.ndarray, "B H"]:
    """Return the state after one more word.

    Parameters
    ----------
    params
        Of which `W_x`, `W_h` and `b` are used.
    x_t
        Shape (B, m): the embedded words.
    h_prev
        Shape (B, H): the state before them.

    Returns
    -------
    h_t
        Shape (B, H).
    """
    ### BEGIN SOLUTION
    return np.tanh(x_t @ params["W_x"] + h_prev @ params["W_h"] + params["b"])
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "rnn_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# x W_x = (1, 1), h W_h = (2 * -0.5, 1 * 0.5) = (-1, 0.5), b = (0.5, -0.5): together (0.5, 1).
step_params = {
    "W_x": np.array([[1.0, 0.0], [0.0, 0.5]]),
    "W_h": np.array([[0.0, 1.0], [2.0, 0.0]]),
    "b": np.array([0.5, -0.5]),
}
h = rnn_step(step_params, np.array([[1.0, 2.0]]), np.array([[0.5, -0.5]]))
assert close(h, np.tanh([[0.5, 1.0]])), (
    f"tanh of (1, 1) + (-1, 0.5) + (0.5, -0.5) = (0.5, 1) is (0.462, 0.762), not {h}"
)
h = rnn_step(step_params, np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [0.5, -0.5]]))
assert close(h, np.tanh([[1.5, 0.5], [-0.5, 0.0]])), (
    f"each row has its own word and its own state: (1, 1) + b and (-1, 0.5) + b, not {h}"
)


# %% nbgrader={"grade": true, "grade_id": "rnn_step-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: batches of many shapes.
### BEGIN HIDDEN TESTS
# collect rnn_step
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A sequence
#
# A model reads a text from left to right: $h_t$ is made of $h_{t-1}$, and the logits of step $t$ of $h_t$,
#
# $$\text{logits}_t = h_t\, U + c$$
#
# so the distribution after word $t$ can depend on every word up to $t$, and on none after it.
#
# **Write `rnn_forward(params, inputs, h0)`**, which returns the pair `(logits, cache)`.
#
# * `inputs` has shape `(B, T)` and holds ids, $T \ge 1$. `logits` has shape `(B, T, V)`: at `[i, t]` the scores of the word that comes *after* `inputs[i, t]`. They are not normalised.
# * `h0` is where to start. **`None` means the learned one, `params["h0"]`**, for every row. An array of shape `(H,)` is the same start for every row. An array of shape `(B, H)` has a start for each row: that is how a state is carried from one batch to the next.
# * Rows know nothing of each other.
# * `cache` is a dict of what the backward pass needs: `"inputs"` `(B, T)` (it may be `inputs` itself), `"x"` `(B, T, m)` the embedded words, `"states"` `(B, T + 1, H)`, and `"logits"`. **`states[:, 0]` is where each row started**, and `states[:, t + 1]` the state after word $t$. It may hold other keys as well.
# * An id below 0 or not below $V$ raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "rnn_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_forward(
    params: Mapping[str, np.ndarray],
    inputs: Int[np.ndarray, "B T"],
    h0: Float[np.ndarray, "*rows H"] | None = None,
) -> tuple[Float[np.ndarray, "B T V"], dict[str, np.ndarray]]:
    """Read texts from left to right, and give scores to every next word.

    Parameters
    ----------
    params
        `E`, `W_x`, `W_h`, `b`, `U`, `c` and `h0`.
    inputs
        Shape (B, T): ids.
    h0
        Where to start: shape (H,) or (B, H), or None for the learned start.

    Returns
    -------
    logits
        Shape (B, T, V): scores of the word after each input.
    cache
        `inputs`, `x` (B, T, m), `states` (B, T + 1, H) and `logits`.
    """
    ### BEGIN SOLUTION
    E, W_h = params["E"], params["W_h"]
    inputs = np.asarray(inputs)
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError(f"expected ids from 0 to {len(E) - 1}")
    (n_rows, n_steps), n_hidden = inputs.shape, len(W_h)
    x = E[inputs]
    from_x = x.reshape(n_rows * n_steps, -1) @ params["W_x"] + params["b"]  # all steps at once
    # Time first while we walk along it: each step's states then lie side by side in memory.
    states = np.empty((n_steps + 1, n_rows, n_hidden), dtype=from_x.dtype)
    states[0] = params["h0"] if h0 is None else h0
    states[1:] = from_x.reshape(n_rows, n_steps, n_hidden).transpose(1, 0, 2)
    for before, now in zip(states[:-1], states[1:], strict=True):
        now += before @ W_h
        np.tanh(now, out=now)
    states = np.ascontiguousarray(states.transpose(1, 0, 2))
    logits = states[:, 1:].reshape(n_rows * n_steps, n_hidden) @ params["U"]
    logits += params["c"]
    logits = logits.reshape(n_rows, n_steps, -1)
    return logits, {"inputs": inputs.copy(), "x": x, "states": states, "logits": logits}
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "rnn_forward-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 3 words with 1 feature, 1 hidden unit: before the tanh stands feature + 0.5 * (state before) - 1.
params = {
    "E": np.array([[0.0], [1.0], [2.0]]),
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[0.5]]),
    "b": np.array([-1.0]),
    "U": np.array([[1.0, 0.0, -1.0]]),
    "c": np.array([0.0, 0.5, 0.0]),
    "h0": np.array([0.5]),
}
logits, cache = rnn_forward(params, np.array([[1, 2], [0, 2]]), None)
a1 = math.tanh(1 + 0.5 * 0.5 - 1)
a2 = math.tanh(2 + 0.5 * a1 - 1)
b1 = math.tanh(0 + 0.5 * 0.5 - 1)
b2 = math.tanh(2 + 0.5 * b1 - 1)
assert np.shape(logits) == (2, 2, 3), f"2 rows, 2 steps, 3 words: (2, 2, 3), not {np.shape(logits)}"
assert np.shape(cache["states"]) == (2, 3, 1), (
    f"the start and 2 steps make 3 states in each row: (2, 3, 1), not {np.shape(cache['states'])}"
)
states = np.asarray(cache["states"])[:, :, 0]
assert close(states[:, 0], [0.5, 0.5]), f"None means the learned start, 0.5: {states[:, 0]}"
assert close(states[0, 1], a1), f"tanh(1 + 0.25 - 1) = {a1:.3f}, not {states[0, 1]}"
assert close(states[1, 1], b1), (
    f"the second row starts in h0 as well, not where the first one ended: {b1:.3f}, "
    f"not {states[1, 1]}"
)
assert close(states[:, 2], [a2, b2]), (
    f"the second state is made of the first one: {a2:.3f} and {b2:.3f}, not {states[:, 2]}"
)
assert close(logits[0, 0], [a1, 0.5, -a1]), (
    f"the logits after the first word are its state times U, plus c: {logits[0, 0]}"
)
assert close(logits[0, 1], [a2, 0.5, -a2]), f"state {a2:.3f} times U, plus c, not {logits[0, 1]}"
_, cache = rnn_forward(params, np.array([[1], [1]]), np.array([[1.0], [-1.0]]))
carried = np.asarray(cache["states"])[:, :, 0]
assert close(carried, [[1.0, math.tanh(0.5)], [-1.0, math.tanh(-0.5)]]), (
    f"an h0 of shape (B, H) is a start for each row: {carried}"
)
_, cache = rnn_forward(params, np.array([[1], [1]]), np.array([1.0]))
given = np.asarray(cache["states"])[:, :, 0]
assert close(given, [[1.0, math.tanh(0.5)]] * 2), (
    f"an h0 of shape (H,) is the start of every row, in place of the learned one: {given}"
)
# Two features, two units, and no matrix is its own transpose: mind which way each is used.
two_units = {
    "E": np.array([[1.0, 0.0], [0.0, 1.0]]),
    "W_x": np.array([[0.2, 0.9], [-0.4, 0.1]]),
    "W_h": np.array([[0.0, 0.8], [0.3, 0.0]]),
    "b": np.array([0.0, -0.5]),
    "U": np.array([[1.0, 2.0], [0.0, -1.0]]),
    "c": np.zeros(2),
    "h0": np.array([0.5, -1.0]),
}
both, cache = rnn_forward(two_units, np.array([[0, 1]]), None)
p = np.tanh([0.2 + 0.3 * -1.0, 0.9 + 0.8 * 0.5 - 0.5])  # unit 0 hears unit 1, through 0.3
q = np.tanh([-0.4 + 0.3 * p[1], 0.1 + 0.8 * p[0] - 0.5])
assert close(np.asarray(cache["states"])[0, 1:], [p, q]), (
    "two units: unit 0 hears unit 1 through W_h[1, 0] = 0.3, and unit 1 hears unit 0 through "
    f"W_h[0, 1] = 0.8: {p} and {q}, not\n{np.asarray(cache['states'])[0, 1:]}"
)
assert close(both[0, 1], [q[0], 2 * q[0] - q[1]]), f"h @ U, two units: {both[0, 1]}"
assert refuses(rnn_forward, params, np.array([[1, -1]]), None), "-1 is no id: a ValueError"
assert refuses(rnn_forward, params, np.array([[3, 1]]), None), "3 is no id of 3 words: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "rnn_forward-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: sentences, carried states, single steps and single rows, and what is refused.
### BEGIN HIDDEN TESTS
# collect rnn_forward
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The loss of a sequence
#
# There is a loss at *every* step: the cross-entropy of the true next word, given all the true words before it (feeding the truth is called *teacher forcing*). The loss of a batch is the mean,
#
# $$J = \frac{1}{n} \sum_{i,\,t \,:\, \text{mask}_{it}} J_{it}, \qquad J_{it} = -\log \operatorname{softmax}(\text{logits}_{it})_{\text{targets}_{it}}$$
#
# over its $n$ *real tokens*. Sentences differ in length, so rows are filled up with padding, which must not count.
#
# **Write `sequence_loss(logits, targets, mask)`.** Return one number, in nats per real token.
#
# * `logits` has shape `(B, T, V)`. `targets` and `mask` have shape `(B, T)`. `targets[i, t]` is **already the word after** `inputs[i, t]`: nothing is to be shifted here.
# * Every real token counts the same, in a long row and in a short one.
# * Logits may be as large as 1,000.
# * A batch without a real token raises `ValueError`, and so does a target below 0 or not below $V$.

# %% nbgrader={"grade": false, "grade_id": "sequence_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sequence_loss(
    logits: Float[np.ndarray, "B T V"],
    targets: Int[np.ndarray, "B T"],
    mask: Bool[np.ndarray, "B T"],
) -> float:
    """Return the mean cross-entropy over the real tokens of a batch.

    Parameters
    ----------
    logits
        Shape (B, T, V): scores, not normalised.
    targets
        Shape (B, T): the true next words.
    mask
        Shape (B, T): True at real tokens.

    Returns
    -------
    loss
        In nats per real token.
    """
    ### BEGIN SOLUTION
    logits, targets, mask = np.asarray(logits), np.asarray(targets), np.asarray(mask)
    if not mask.any():
        raise ValueError("expected a real token, and all are padding")
    if targets.min() < 0 or targets.max() >= logits.shape[2]:
        raise ValueError(f"expected targets from 0 to {logits.shape[2] - 1}")
    powers = logits - logits.max(axis=2, keepdims=True)
    rows, steps = np.nonzero(mask)
    chosen = powers[rows, steps, targets[rows, steps]]
    np.exp(powers, out=powers)
    return float((np.log(powers.sum(axis=2))[mask] - chosen).mean())
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "sequence_loss-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# Two rows; the second has one real token. Probabilities 1/2 1/2, 1/4 3/4 and 1/8 7/8.
probs = np.array([[[0.5, 0.5], [0.25, 0.75]], [[0.125, 0.875], [0.9, 0.1]]])
targets = np.array([[0, 0], [0, 1]])
everything = np.ones((2, 2), dtype=bool)
padded = np.array([[True, True], [True, False]])
loss = sequence_loss(np.log(probs)[:1], targets[:1], everything[:1])
assert close(loss, 1.5 * math.log(2)), (
    f"1/2 and 1/4: the mean of log 2 and log 4 is 1.5 log 2 = 1.040 nats, not {loss}"
)
shifted = sequence_loss(np.log(probs)[:1] + 7.0, targets[:1], everything[:1])
assert close(shifted, 1.5 * math.log(2)), (
    f"logits are not normalised: the same number added to all of them changes nothing: {shifted}"
)
loss = sequence_loss(np.log(probs), targets, padded)
assert close(loss, 2 * math.log(2)), (
    "three real tokens, 1/2, 1/4 and 1/8: (1 + 2 + 3) / 3 log 2 = 2 log 2 = 1.386. Padding counts "
    f"neither above nor below, and every real token the same, in long rows and short: {loss}"
)
with_empty = sequence_loss(np.log(probs), targets, np.array([[True, True], [False, False]]))
assert close(with_empty, 1.5 * math.log(2)), f"a row of padding changes nothing: {with_empty}"
large = sequence_loss(np.array([[[1000.0, 0.0]]]), np.array([[1]]), np.array([[True]]))
assert close(large, 1000.0), f"scores 1000 and 0: log(e^1000 + 1) - 0 = 1000, not {large}"
nothing = np.zeros((1, 2), dtype=bool)
assert refuses(sequence_loss, np.zeros((1, 2, 3)), np.zeros((1, 2), dtype=int), nothing), (
    "the mean of no token is not defined: expected a ValueError"
)
below = (np.zeros((1, 1, 3)), np.array([[-1]]), np.array([[True]]))
assert refuses(sequence_loss, *below), "a target of -1 is no id (numpy would take the last one)"
outside = (np.zeros((1, 1, 3)), np.array([[3]]), np.array([[True]]))
assert refuses(sequence_loss, *outside), "3 is no id of 3 words: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "sequence_loss-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: full batches, padded batches, large scores, and what is refused.
### BEGIN HIDDEN TESTS
# collect sequence_loss
### END HIDDEN TESTS

# %% [markdown]
# ## 4. The gradient of one loss, appearance by appearance
#
# What is the derivative of a loss with respect to a weight that is used again and again? The *multivariable chain rule* of 003 says: pretend that every appearance is a weight of its own, and add up.
#
# $$\frac{\partial J_t}{\partial W_h} = \sum_{k=0}^{t} \left.\frac{\partial J_t}{\partial W_h}\right|_{(k)}$$
#
# where $(k)$ is the appearance at step $k$, the one that leads from `states[:, k]` to `states[:, k + 1]`. Before you add them up, look at the summands: they say how far back a loss reaches.
#
# **Write `gradient_by_step(params, cache, targets, mask, t)`**, which returns an array of shape `(t + 1, H, H)`: at `[k]` the gradient with respect to the appearance of `W_h` at step `k`.
#
# * `cache` is what `rnn_forward` returned, here the reference's, with the keys of question 2 and no others. `targets` and `mask` are as in question 3.
# * $J_t = \sum_{i\,:\,\text{mask}_{it}} J_{it}$ is the loss **of step $t$ alone, summed over the rows**. It is not divided by anything. A row whose step $t$ is padding adds nothing; where all of them are, the answer is zeros.
# * Scores may be as large as 1,000; then a relative accuracy of 1e-3 is enough.
# * A `t` below 0 or not below $T$ raises `ValueError`.
#
# Walk backwards: first the gradient with respect to the state after step $t$, then through tanh, whose derivative is $1 - h^2$; there it meets `W_h`; then on to the state before.

# %% nbgrader={"grade": false, "grade_id": "gradient_by_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_by_step(
    params: Mapping[str, np.ndarray],
    cache: Mapping[str, np.ndarray],
    targets: Int[np.ndarray, "B T"],
    mask: Bool[np.ndarray, "B T"],
    t: int,
) -> Float[np.ndarray, "appearances H H"]:
    """Return the gradient of the loss of one step with respect to each appearance of W_h.

    Parameters
    ----------
    params, cache
        The model, and what its forward pass left.
    targets, mask
        Shape (B, T): the true next words, and where they are real.
    t
        Whose step's loss, from 0.

    Returns
    -------
    parts
        Shape (t + 1, H, H): the appearance at step 0 first.
    """
    ### BEGIN SOLUTION
    states, logits = np.asarray(cache["states"]), np.asarray(cache["logits"])
    if not 0 <= t < logits.shape[1]:
        raise ValueError(f"expected a step from 0 to {logits.shape[1] - 1}, not {t}")
    scores = logits[:, t] - logits[:, t].max(axis=1, keepdims=True)
    d_logits = np.exp(scores)
    d_logits /= d_logits.sum(axis=1, keepdims=True)
    d_logits[np.arange(len(d_logits)), np.asarray(targets)[:, t]] -= 1
    d_logits[~np.asarray(mask)[:, t]] = 0
    d_state = d_logits @ params["U"].T
    parts = np.empty((t + 1, *params["W_h"].shape), dtype=d_state.dtype)
    for k in range(t, -1, -1):
        d_inside = d_state * (1 - states[:, k + 1] ** 2)
        parts[k] = states[:, k].T @ d_inside
        d_state = d_inside @ params["W_h"].T
    return parts
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "gradient_by_step-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# One word with feature 0 or so, one hidden unit, two words to predict, W_h = 2, U = (1, -1).
# The biases are such that the states are -1/4 (h0), 1/2, 1/2, and all probabilities 1/4 and 3/4.
a = math.atanh(0.5)
params = {
    "E": np.array([[a + 0.5], [a - 1.0]]),
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[2.0]]),
    "b": np.array([0.0]),
    "U": np.array([[1.0, -1.0]]),
    "c": np.array([math.log(0.25) - 0.5, math.log(0.75) + 0.5]),
    "h0": np.array([-0.25]),
}
cache = {
    "inputs": np.array([[0, 1]]),
    "x": np.array([[[a + 0.5], [a - 1.0]]]),
    "states": np.array([[[-0.25], [0.5], [0.5]]]),
    "logits": np.log(np.array([[[0.25, 0.75], [0.25, 0.75]]])),
}
targets, real = np.array([[0, 0]]), np.array([[True, True]])
parts = gradient_by_step(params, cache, targets, real, 1)
assert np.shape(parts) == (2, 1, 1), (
    f"the loss of step 1 has two appearances of W_h behind it: (2, 1, 1), not {np.shape(parts)}"
)
# Predicted - observed is (-3/4, 3/4); through U: -1.5; through tanh: -1.5 * (1 - 1/4) = -1.125.
assert close(parts[1], [[-0.5625]]), (
    "the last appearance: the state before it, 1/2, times -1.5 * (1 - (1/2)^2) = -1.125 is "
    f"-0.5625, not {parts[1]}"
)
# On to the state before: -1.125 * 2 = -2.25; through tanh: -1.6875.
assert close(parts[0], [[0.421875]]), (
    "the first appearance: the state before it, h0 = -1/4, times -1.125 * 2 * (1 - (1/2)^2) = "
    f"-1.6875 is 0.421875, not {parts[0]}"
)
first = gradient_by_step(params, cache, targets, real, 0)
assert close(first, [[[0.28125]]]), (
    f"the loss of step 0 reaches back to step 0: -1/4 * -1.125 = 0.28125, not {first}"
)
two_rows = {name: np.concatenate([value, value]) for name, value in cache.items()}
large = {**cache, "logits": cache["logits"] + 1000}
assert close(gradient_by_step(params, large, targets, real, 1), parts), (
    "1000 more for every logit of a step changes no probability"
)
both = gradient_by_step(params, two_rows, np.zeros((2, 2), dtype=int), np.ones((2, 2), bool), 1)
assert close(both, [[[0.84375]], [[-1.125]]]), f"summed over rows, the same row twice: {both}"
ends = np.array([[True, True], [True, False]])
shorter = gradient_by_step(params, two_rows, np.zeros((2, 2), dtype=int), ends, 1)
assert close(shorter, parts), f"the second row has no token at step 1 and adds nothing: {shorter}"
# Two units whose states are 1/2 throughout. W_h = ((0, 3), (5, 0)): mind which way it is used.
crossed = {
    "E": np.array([[0.0], [0.0]]),
    "W_x": np.zeros((1, 2)),
    "W_h": np.array([[0.0, 3.0], [5.0, 0.0]]),
    "b": np.array([a - 2.5, a - 1.5]),
    "U": np.array([[1.0, -1.0], [0.0, 0.0]]),
    "c": params["c"],
    "h0": np.array([0.5, 0.5]),
}
crossed_cache = {**cache, "x": np.zeros((1, 2, 1)), "states": np.full((1, 3, 2), 0.5)}
parts = gradient_by_step(crossed, crossed_cache, targets, real, 1)
assert close(parts[1], [[-0.5625, 0.0]] * 2), f"1/2 times (-1.125, 0) in both rows, not {parts[1]}"
assert close(parts[0], [[0.0, -2.109375]] * 2), (
    "backwards, unit 0 hands on to unit 1 through W_h[1, 0] = 5: -1.125 * 5 = -5.625, "
    f"times 3/4 and 1/2: -2.109, in the column of unit 1, not\n{parts[0]}"
)
assert refuses(gradient_by_step, params, cache, targets, real, 2), "there is no step 2: ValueError"
assert refuses(gradient_by_step, params, cache, targets, real, -1), "-1 is no step: ValueError"


# %% nbgrader={"grade": true, "grade_id": "gradient_by_step-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: losses of early and late steps, padded batches, and what is refused.
### BEGIN HIDDEN TESTS
# collect gradient_by_step
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Backpropagation through time
#
# Now all losses at once, and all parameters. The loss of the batch is the **mean**, $J = \frac1n \sum_t J_t$, with $J_t$ as in question 4 and $n$ the number of real tokens of the whole batch. Going backwards, two things arrive at the state after step $t$: what *its own loss* says, with its share $\frac1n$, and what *the future* says, through the step that comes after (there is none after the last).
#
# $$\frac{\partial J}{\partial h_t} = \underbrace{\frac1n\,\frac{\partial J_t}{\partial \text{logits}_t}\, U^\top}_{\text{its own loss}} + \underbrace{\Big(\frac{\partial J}{\partial h_{t+1}} \odot (1 - h_{t+1}^2)\Big) W_h^\top}_{\text{the future}}$$
#
# One walk from the last step to the first does it all. This is *backpropagation through time* (BPTT). Where a text is very long, one lets each loss reach back a limited number of steps only: *truncated* BPTT.
#
# **Write `bptt(params, cache, targets, mask, truncate)`**, which returns a dict with the gradient of $J$ of question 3, **the mean over all real tokens of the batch**, for each name in `params`.
#
# * `cache`, `targets` and `mask` are as in question 4. Each gradient has the shape of its parameter; that of `E` is dense, and a word that occurs several times gets the sum. Padding contributes nothing.
# * `grads["h0"]` is the gradient with respect to the state in which **all rows** start: the sum over the rows of what arrives at `states[:, 0]`.
# * `truncate` is `None` (no truncation) or $k \ge 1$. Then the loss of **each** step $t$ reaches back over at most $k$ factors $\partial h_s / \partial h_{s-1}$: it is heard at the states after steps $t, t-1, \dots, t-k$, and no further. What stands before step 0 is `h0`: it hears the loss of step $t$ over $t + 1$ factors, so only if $t + 1 \le k$. **No loss is left out**, and the window slides along with $t$; it does not come in fixed chunks. With $k \ge T$ nothing is cut.
# * Scores may be as large as 1,000; then a relative accuracy of 1e-3 is enough.
# * A batch without a real token raises `ValueError`, and so do a target below 0 or not below $V$, and a `truncate` below 1.

# %% nbgrader={"grade": false, "grade_id": "bptt", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bptt(
    params: Mapping[str, np.ndarray],
    cache: Mapping[str, np.ndarray],
    targets: Int[np.ndarray, "B T"],
    mask: Bool[np.ndarray, "B T"],
    truncate: int | None = None,
) -> dict[str, np.ndarray]:
    """Return the gradient of the mean loss over the real tokens of a batch.

    Parameters
    ----------
    params, cache
        The model, and what its forward pass left.
    targets, mask
        Shape (B, T): the true next words, and where they are real.
    truncate
        Over how many steps each loss reaches back, 1 or more; None for all.

    Returns
    -------
    grads
        An array for each parameter, of its shape.
    """
    ### BEGIN SOLUTION
    E, W_x, W_h, U = (params[name] for name in ("E", "W_x", "W_h", "U"))
    inputs, x, states, logits = (
        np.asarray(cache[name]) for name in ("inputs", "x", "states", "logits")
    )
    targets, mask = np.asarray(targets), np.asarray(mask)
    n_rows, n_steps, n_words = logits.shape
    n_real, n_tokens = int(mask.sum()), n_rows * n_steps
    if n_real == 0 or (truncate is not None and truncate < 1):
        raise ValueError(
            f"expected a real token, and no truncation or one of 1 or more: {truncate}"
        )
    if targets.min() < 0 or targets.max() >= n_words:
        raise ValueError(f"expected targets from 0 to {n_words - 1}")

    d_logits = logits - logits.max(axis=2, keepdims=True)
    np.exp(d_logits, out=d_logits)
    shares = mask[:, :, None] / (n_real * d_logits.sum(axis=2, keepdims=True))
    d_logits *= shares.astype(d_logits.dtype)
    rows, steps = np.nonzero(mask)
    d_logits[rows, steps, targets[rows, steps]] -= 1 / n_real
    d_logits = d_logits.reshape(n_tokens, n_words)

    # Time first from here on. Each state hears its own loss; then the losses walk back.
    d_states = (d_logits @ U.T).reshape(n_rows, n_steps, -1).transpose(1, 0, 2).copy()
    slopes = 1 - states[:, 1:].transpose(1, 0, 2) ** 2
    back = np.ascontiguousarray(W_h.T)
    if truncate is None:
        for t in range(n_steps - 1, 0, -1):
            d_states[t] *= slopes[t]
            d_states[t - 1] += d_states[t] @ back
        d_states[0] *= slopes[0]
        d_h0 = d_states[0] @ back
        d_inside = d_states
    else:
        walking, d_h0 = d_states, np.zeros_like(d_states[0])
        d_states = d_states.copy()
        for _ in range(min(truncate, n_steps)):  # all losses take a step back at once
            walking = (walking * slopes[: len(walking)]) @ back
            d_h0 += walking[0]
            walking = walking[1:]
            d_states[: len(walking)] += walking
        d_inside = d_states * slopes

    d_inside = d_inside.transpose(1, 0, 2).reshape(n_tokens, -1)
    order = np.argsort(inputs, axis=None, kind="stable")  # the appearances of a word side by side
    words, first = np.unique(inputs.ravel()[order], return_index=True)
    d_E = np.zeros_like(E)
    d_E[words] = np.add.reduceat((d_inside @ W_x.T)[order], first, axis=0)
    return {
        "E": d_E,
        "W_x": x.reshape(n_tokens, -1).T @ d_inside,
        "W_h": states[:, :-1].reshape(n_tokens, -1).T @ d_inside,
        "b": d_inside.sum(axis=0),
        "U": states[:, 1:].reshape(n_tokens, -1).T @ d_logits,
        "c": d_logits.sum(axis=0),
        "h0": d_h0.sum(axis=0),
    }
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "bptt-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# A model like that of question 4: states -1/2, 1/2, 1/2, probabilities 1/4 and 3/4, W_h = 2.
a = math.atanh(0.5)
params = {
    "E": np.array([[a + 1.0], [a - 1.0]]),
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[2.0]]),
    "b": np.array([0.0]),
    "U": np.array([[1.0, -1.0]]),
    "c": np.array([math.log(0.25) - 0.5, math.log(0.75) + 0.5]),
    "h0": np.array([-0.5]),
}
cache = {
    "inputs": np.array([[0, 1]]),
    "x": np.array([[[a + 1.0], [a - 1.0]]]),
    "states": np.array([[[-0.5], [0.5], [0.5]]]),
    "logits": np.log(np.array([[[0.25, 0.75], [0.25, 0.75]]])),
}
targets, real = np.array([[0, 0]]), np.array([[True, True]])
grads = bptt(params, cache, targets, real, None)
assert close(grads["c"], [-0.75, 0.75]), (
    "(predicted - observed) / 2 at each of 2 tokens: (-0.75, 0.75). Twice that is the gradient of "
    f"the sum, not of the mean: {grads['c']}"
)
assert close(grads["U"], [[-0.375, 0.375]]), f"each state is 1/2: half of that: {grads['U']}"
# Its own loss tells each state -0.75. Step 1, through tanh: -0.75 * 3/4 = -0.5625.
# Step 0 hears its own loss and the future: (-0.75 + 2 * -0.5625) * 3/4 = -1.40625.
assert close(grads["b"], [-1.96875]), (
    "-0.5625 at step 1; at step 0 its own loss and the future, (-0.75 - 1.125) * (1 - (1/2)^2) = "
    f"-1.40625: together -1.96875, not {grads['b']}"
)
assert close(grads["W_h"], [[0.421875]]), (
    "the sum over both appearances of (state before) times that: "
    f"-1/2 * -1.40625 + 1/2 * -0.5625 = 0.421875, not {grads['W_h']}"
)
assert close(grads["W_x"], [[(a + 1) * -1.40625 + (a - 1) * -0.5625]]), (
    f"the sum over both steps of (feature) times that: {grads['W_x']}"
)
assert close(grads["E"], [[-1.40625], [-0.5625]]), (
    f"word 0 at step 0, word 1 at step 1: {grads['E']}"
)
assert close(grads["h0"], [-2.8125]), (
    f"one factor further back than step 0: -1.40625 * 2 = -2.8125, not {grads['h0']}"
)
# The same row twice, in batches of two: the mean stays what it was, and every gradient with it.
twice = {name: np.concatenate([value, value]) for name, value in cache.items()}
again = bptt(params, twice, np.zeros((2, 2), dtype=int), np.ones((2, 2), dtype=bool), None)
for name, grad in grads.items():
    assert close(again[name], grad), (
        f"the same row twice has the same mean loss, so the same gradient of {name}, with all "
        f"appearances of a word and all rows added up: {again[name]}, not {grad}"
    )
# Now with padding: a second row with no real token, and a third step that is padding.
longer = {
    "inputs": np.array([[0, 1, 1], [0, 1, 1]]),
    "x": np.array([[[a + 1.0], [a - 1.0], [a - 1.0]]] * 2),
    "states": np.array([[[-0.5], [0.5], [0.5], [0.5]]] * 2),
    "logits": np.log(np.array([[[0.25, 0.75]] * 3] * 2)),
}
padding = np.array([[True, True, False], [False, False, False]])
masked = bptt(params, longer, np.zeros((2, 3), dtype=int), padding, None)
for name, grad in grads.items():
    assert close(masked[name], grad), (
        f"padding contributes nothing to {name}, and is no token of the mean: {masked[name]}, "
        f"not {grad}"
    )
# Rows of different lengths: 3 real tokens, so each own loss tells its state -1.5 / 3 = -0.5.
# Row 0: -0.375 and (-0.5 + 2 * -0.375) * 3/4 = -0.9375. Row 1, whose one token is at step 0: -0.375.
uneven = bptt(
    params, twice, np.zeros((2, 2), dtype=int), np.array([[True, True], [True, False]]), None
)
assert close(uneven["b"], [-1.6875]), (
    "a token of a short row counts as much as one of a long row: -0.375 - 0.9375 - 0.375 = -1.6875, "
    f"not {uneven['b']}"
)
# Truncation. With k = 1 the loss of step 1 is heard at steps 1 and 0, but not at h0.
one_back = bptt(params, cache, targets, real, 1)
assert close(one_back["W_h"], grads["W_h"]), (
    "k = 1: every loss still counts, and is heard one step back: with two steps W_h hears all: "
    f"0.421875, not {one_back['W_h']}"
)
assert close(one_back["h0"], [-1.125]), (
    "k = 1: h0 hears the loss of step 0 (one factor) and not that of step 1 (two): "
    f"-0.75 * 3/4 * 2 = -1.125, not {one_back['h0']}"
)
three = np.zeros((1, 3), dtype=int), np.ones((1, 3), dtype=bool)
third = {name: value[:1] for name, value in longer.items()}
full, cut_2, cut_3 = (bptt(params, third, *three, k) for k in (None, 2, 3))
for name in full:
    assert close(cut_3[name], full[name]), f"k = 3 cuts nothing from 3 steps, also not for {name}"
assert close(cut_2["b"], full["b"]), f"k = 2: the loss of step 2 is heard at step 0: {cut_2['b']}"
assert close(cut_2["h0"], [-2.8125 * 2 / 3]), (
    f"k = 2: h0 hears the losses of steps 0 and 1, -1.875 here, not {cut_2['h0']}"
)
cut_1 = bptt(params, third, *three, 1)
# Own losses: -0.5 each. Step 2: -0.375. Steps 1 and 0: (-0.5 + 2 * -0.375) * 3/4 = -0.9375 each.
assert close(cut_1["b"], [-2.25]), (
    f"k = 1, and the window slides along: -0.375 - 0.9375 - 0.9375 = -2.25, not {cut_1['b']}"
)
# Two units: W_h = ((0, 3), (5, 0)), states 1/2 throughout.
crossed = {
    "E": np.array([[0.0], [0.0]]),
    "W_x": np.zeros((1, 2)),
    "W_h": np.array([[0.0, 3.0], [5.0, 0.0]]),
    "b": np.array([a - 2.5, a - 1.5]),
    "U": np.array([[1.0, -1.0], [0.0, 0.0]]),
    "c": params["c"],
    "h0": np.array([0.5, 0.5]),
}
one_step = {
    "inputs": np.array([[0]]),
    "x": np.zeros((1, 1, 1)),
    "states": np.full((1, 2, 2), 0.5),
    "logits": np.log(np.array([[[0.25, 0.75]]])),
}
single = bptt(crossed, one_step, np.array([[0]]), np.array([[True]]), None)
assert close(single["h0"], [0.0, -5.625]), (
    "backwards, unit 0 hands on to unit 1 through W_h[1, 0] = 5: (0, -1.125 * 5), "
    f"not {single['h0']}"
)
# All scores 1000 higher: the same probabilities, so the same gradients.
high = bptt(params, {**cache, "logits": cache["logits"] + 1000.0}, targets, real, None)
assert close(high["c"], [-0.75, 0.75]), (
    f"1000 more on all scores changes no probability, and e^1000 is no number: {high['c']}"
)
for outside in (-1, 2):
    assert refuses(bptt, params, cache, np.array([[0, outside]]), real, None), (
        f"a target of {outside} is no id of 2 words: expected a ValueError"
    )
assert refuses(bptt, params, cache, targets, ~real, None), "no real token: expected a ValueError"
assert refuses(bptt, params, cache, targets, real, 0), "truncate = 0: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "bptt-graded", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# 8 points, graded when you submit: full batches, padded batches, truncation, and single steps, rows and what is refused.
### BEGIN HIDDEN TESTS
# collect bptt
### END HIDDEN TESTS

# %% [markdown]
# ## 6. A long text in batches that continue each other
#
# Sentences can stand in rows by themselves. A book is one long text: it is cut into `batch_size` long *rows*, and these into *blocks* of `seq_len` steps. The state that a row ends a block with is where it begins the next one, so the text must go on where it left off. No word may get lost on the way.
#
# For the ids $w_0, w_1, \dots, w_{N-1}$ there are $N - 1$ **predictions**: $w_0 \to w_1$, $w_1 \to w_2$, …, $w_{N-2} \to w_{N-1}$.
#
# **Write `stream_batches(ids, batch_size, seq_len)`**, which yields a triple `(inputs, targets, mask)` for each block (or returns a list of them).
#
# * The predictions, in the order of the text, are cut into `batch_size` rows. **Their lengths differ by one at most, the longer ones first.** So row 0 holds the first predictions of the text, row 1 those that follow, and so on.
# * Block $j$ holds the steps $j \cdot$ `seq_len` up to $(j + 1) \cdot$ `seq_len` of every row. There are as many blocks as the longest row needs.
# * Every block is three arrays of shape `(batch_size, seq_len)`: ids, ids, and booleans. In the last block, steps beyond the end of a row are **padding: inputs and targets are 0, the mask is `False`**; numbers are compared, not their dtypes.
# * **Every prediction comes exactly once**, those at the ends of rows and blocks too. What you yield are fresh arrays: a block that was yielded does not change later.
# * Where there are more rows than predictions, the last rows are all padding. With fewer than two ids there is nothing to predict, and no block.
# * A `batch_size` or `seq_len` below 1 raises `ValueError` (at the latest when the first block is asked for).

# %% nbgrader={"grade": false, "grade_id": "stream_batches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stream_batches(
    ids: Int[np.ndarray, " N"], batch_size: int, seq_len: int
) -> Iterator[tuple[Int[np.ndarray, "B L"], Int[np.ndarray, "B L"], Bool[np.ndarray, "B L"]]]:
    """Yield the blocks of a long text.

    Parameters
    ----------
    ids
        The text.
    batch_size
        How many rows it is cut into, 1 or more.
    seq_len
        How many steps a block has, 1 or more.

    Yields
    ------
    inputs, targets, mask
        Shape (batch_size, seq_len) each.
    """
    ### BEGIN SOLUTION
    if batch_size < 1 or seq_len < 1:
        raise ValueError(
            f"expected a batch size and a length of 1 or more: {batch_size}, {seq_len}"
        )
    ids = np.asarray(ids)
    places = np.array_split(np.arange(max(len(ids) - 1, 0)), batch_size)
    for start in range(0, len(places[0]), seq_len):
        inputs = np.zeros((batch_size, seq_len), dtype=np.int64)
        targets, mask = np.zeros_like(inputs), np.zeros(inputs.shape, dtype=bool)
        for row, all_of_row in enumerate(places):
            here = all_of_row[start : start + seq_len]
            inputs[row, : len(here)] = ids[here]
            targets[row, : len(here)] = ids[here + 1]
            mask[row, : len(here)] = True
        yield inputs, targets, mask
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "stream_batches-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 8 ids, so 7 predictions: 4 in the first row, 3 in the second.
text = np.array([10, 11, 12, 13, 14, 15, 16, 17])
blocks = list(stream_batches(text, 2, 2))
assert len(blocks) == 2, f"the longest row has 4 predictions: 2 blocks of 2, not {len(blocks)}"
(in0, out0, mask0), (in1, out1, mask1) = blocks
assert close(in0, [[10, 11], [14, 15]]), (
    f"row 0 begins with the text, row 1 after the 4 predictions of row 0: {in0}"
    + (" (this is block 1: do all blocks share one array?)" if close(in0, in1) else "")
)
assert close(out0, [[11, 12], [15, 16]]), (
    f"the target is the word right after its input, shifted by one, once: {out0}"
)
assert close(in1, [[12, 13], [16, 0]]), (
    f"block 1 goes on where the rows of block 0 ended; 0 under the padding: {in1}"
)
assert close(out1, [[13, 14], [17, 0]]), (
    "no prediction gets lost, not 13 -> 14 at the end of row 0 either, and 0 stands under the "
    f"padding: {out1}"
)
assert close(mask0, np.ones((2, 2))), f"no padding in the first block: {mask0}"
assert close(mask1, [[1, 1], [1, 0]]), f"only the last step of row 1 is padding: {mask1}"
predictions = sorted(
    (int(x), int(y))
    for inputs, targets, mask in stream_batches(np.arange(100), 3, 7)
    for x, y in zip(inputs[mask], targets[mask], strict=True)
)
assert predictions == [(i, i + 1) for i in range(99)], (
    "every pair of neighbours comes exactly once, whatever the sizes"
)
(only,) = stream_batches(np.array([5, 6, 7]), 4, 3)
assert close(only[2], [[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]), (
    f"2 predictions for 4 rows: two rows of one, two of padding: {only[2]}"
)
((_, _, three_rows),) = stream_batches(text, 3, 4)
assert close(three_rows.sum(axis=1), [3, 2, 2]), (
    f"7 predictions in 3 rows: 3, 2 and 2, not {three_rows.sum(axis=1)}"
)
assert all(np.asarray(part).dtype.kind in "iu" for part in (in0, out0)), (
    f"ids are whole numbers, so that one can look up with them: {in0.dtype} and {out0.dtype}"
)
one_by_one = iter(stream_batches(text, 2, 2))
first_block = next(one_by_one)
kept = [np.copy(part) for part in first_block]
list(one_by_one)
assert all(np.array_equal(part, copy) for part, copy in zip(first_block, kept, strict=True)), (
    "a block that was yielded must not change when the next ones are made: a new array for each"
)
assert list(stream_batches(np.array([5]), 2, 3)) == [], "one word: nothing to predict"
assert refuses(stream_batches, text, 0, 3), "a batch size of 0: expected a ValueError"
assert refuses(stream_batches, text, 2, 0), "blocks of 0 steps: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "stream_batches-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: texts that come out even and texts that do not, very short ones, and what is refused.
### BEGIN HIDDEN TESTS
# collect stream_batches
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Rolling out
#
# A language model is a generator: draw a word from its distribution, feed it back as the next input, and so on. The *temperature* $\tau$ sharpens or flattens the distribution:
#
# $$P(w) \propto \exp(\text{logit}_w / \tau)$$
#
# At $\tau = 1$ it is the model's own; towards 0 the best word takes all; at large $\tau$ all words become equal.
#
# **Write `generate(params, prompt, length, temperature, rng)`**, which returns a list of ids.
#
# * `prompt` is a sequence of ids, perhaps empty, without `<s>`. (A word that is not in the vocabulary has the id of `<unk>` there, as `Vocabulary.encode` gives it: an id like any other.) The model starts in the learned `params["h0"]` and **reads `BOS` first, then the prompt**, as sentences begin in training. It then chooses a word from the distribution of the word that comes next, reads that word, chooses another one, and so on.
# * Return **the new words only**, `length` of them at most. `EOS` ends the roll-out: it is returned as the last word, and nothing comes after it. (Where the prompt holds an `EOS`, it is read like any other word.) Every other word, `BOS` included, can be drawn like the rest.
# * `temperature` 0 means the word with the highest score. Above 0, a word is drawn at that temperature, with randomness from `rng` alone. How you draw is up to you: it is tested by the frequencies of many draws.
# * Scores may be as large as 1,000.
# * A negative temperature raises `ValueError`, and so does an id of the prompt below 0 or not below $V$.

# %% nbgrader={"grade": false, "grade_id": "generate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def generate(
    params: Mapping[str, np.ndarray],
    prompt: Sequence[int],
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> list[int]:
    """Return words that the model makes up, one after another.

    Parameters
    ----------
    params
        Of the model.
    prompt
        The ids that it begins with, after `<s>`.
    length
        The largest number of new words.
    temperature
        0 for the best word each time, 1 for the model's own distribution.
    rng
        The source of randomness.

    Returns
    -------
    new
        Their ids, `</s>` included where it came.
    """
    ### BEGIN SOLUTION
    E, W_x, W_h, b, U, c = (params[name] for name in ("E", "W_x", "W_h", "b", "U", "c"))
    if not temperature >= 0:
        raise ValueError(f"expected a temperature of 0 or more, not {temperature}")
    waiting = [BOS, *(int(word) for word in prompt)]
    if min(waiting) < 0 or max(waiting) >= len(E):
        raise ValueError(f"expected ids from 0 to {len(E) - 1}")
    state, new = params["h0"], []
    while len(new) < length and new[-1:] != [EOS]:
        for word in waiting:
            state = np.tanh(E[word] @ W_x + state @ W_h + b)
        scores = state @ U + c
        if temperature == 0:
            word = int(scores.argmax())
        else:
            scores = (scores - scores.max()) / temperature
            shares = np.exp(scores).cumsum()
            word = int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))
        new.append(word)
        waiting = [word]
    return new
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "generate-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# A machine that counts: 6 words, 6 units, and each unit stands for a word. Every word excites the
# unit of its successor: 2 -> 3 -> 4 -> 5 -> 1 (</s>), and 0 (<s>) -> 2. After </s> it would go on.
follows = {0: 2, 2: 3, 3: 4, 4: 5, 5: 1, 1: 2}
table = np.zeros((6, 6))
for word, successor in follows.items():
    table[word, successor] = 3.0
counting = {
    "E": np.eye(6),
    "W_x": table,
    "W_h": np.zeros((6, 6)),
    "b": np.zeros(6),
    "U": 10 * np.eye(6),
    "c": np.zeros(6),
    "h0": np.zeros(6),
}
rng = np.random.default_rng(0)
new = generate({**counting, "U": 2000 * np.eye(6)}, [2], 1, 1.0, rng)
assert list(new) == [3], f"a score of nearly 2000 against 0: 3 is certain, not {new}"
new = generate(counting, [2], 2, 0, rng)
assert list(new) == [3, 4], f"after 2 come 3 and 4: the two new words, without the prompt: {new}"
new = generate(counting, [], 3, 0, rng)
assert list(new) == [2, 3, 4], f"an empty prompt: <s> is read, after which 2, 3, 4 come, not {new}"
new = generate(counting, [3], 10, 0, rng)
assert list(new) == [4, 5, 1], (
    f"3 is followed by 4, 5 and </s>, which is returned and ends it: [4, 5, 1], not {new}"
)
assert list(generate(counting, [2], 0, 0, rng)) == [], "no words wanted: an empty list"
# A machine with a memory: it says 3 for ever if a 2 was read at the beginning, and 4 otherwise.
memory = {
    "E": np.array([[0.0], [0.0], [3.0], [0.0], [0.0]]),
    "W_x": np.array([[3.0]]),
    "W_h": np.array([[3.0]]),
    "b": np.array([0.0]),
    "U": np.array([[0.0, 0.0, 0.0, 9.0, -9.0]]),
    "c": np.zeros(5),
    "h0": np.array([-0.9]),
}
new = generate(memory, [2, 3, 4], 3, 0, rng)
assert list(new) == [3, 3, 3], (
    f"the state carries the 2 at the beginning of the prompt along, word by word: 3, 3, 3: {new}"
)
new = generate(memory, [3, 4], 2, 0, rng)
assert list(new) == [4, 4], f"from the learned h0 = -0.9, without a 2, it says 4: {new}"
started = generate({**memory, "E": np.array([[3.0], [0], [0], [0], [0]])}, [4], 2, 0, rng)
assert list(started) == [3, 3], (
    f"<s> is read before the prompt, and here it acts like a 2: {started}"
)
# A switch: every word read flips the sign of the state, and it says 3 where it is positive.
switch = {**memory, "E": np.zeros((5, 1)), "W_h": np.array([[-3.0]]), "h0": np.array([0.9])}
new = generate(switch, [2], 3, 0, rng)
assert list(new) == [3, 4, 3], (
    "<s> flips the state to minus and 2 to plus: 3; then 3 is read, once, and flips it: 4; then 4: "
    f"[3, 4, 3], not {new}"
)
# Two features, two units: feature 1 (word 2) excites unit 0, and unit 1 is what unit 0 was a step ago.
# So it says 3 exactly two words after a 2, and 4 otherwise. A transposed W_x or W_h hears nothing.
lagging = {
    "E": np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]),
    "W_x": np.array([[0.0, 0.0], [3.0, 0.0]]),
    "W_h": np.array([[0.0, 3.0], [0.0, 0.0]]),
    "b": np.zeros(2),
    "U": np.array([[0.0] * 5, [0.0, 0.0, 0.0, 9.0, 0.0]]),
    "c": np.array([-5.0, -5.0, -5.0, 0.0, 1.0]),
    "h0": np.zeros(2),
}
new = generate(lagging, [2, 4], 2, 0, rng)
assert list(new) == [3, 4], (
    "unit 0 hears word 2 through W_x[1, 0], and unit 1 hears unit 0 a step later through W_h[0, 1]: "
    f"3, and then 4 again, not {new}. Is a matrix transposed?"
)
ended = generate(counting, [5, 1], 2, 0, rng)
assert list(ended) == [2, 3], (
    f"an </s> in the prompt is read like any other word, and does not end it: [2, 3], not {ended}"
)
with np.errstate(all="ignore"):
    try:
        loud = generate({**counting, "c": np.full(6, 2000.0)}, [3], 10, 1.0, rng)
    except ValueError as error:
        loud = error
assert close(() if isinstance(loud, ValueError) else loud, [4, 5, 1]), (
    f"2000 more on all scores changes nothing, and e^2000 is no number: [4, 5, 1], not {loud}"
)
# A coin: whatever was read, the logits are log 1 and log 4.
coin = {
    "E": np.zeros((2, 1)),
    "W_x": np.zeros((1, 1)),
    "W_h": np.zeros((1, 1)),
    "b": np.zeros(1),
    "U": np.zeros((1, 2)),
    "c": np.array([math.log(4), 0.0]),
    "h0": np.zeros(1),
}
for temperature, expected in ((1.0, 0.8), (2.0, 2 / 3), (0.5, 16 / 17)):
    heads = np.mean([list(generate(coin, [], 1, temperature, rng)) == [0] for _ in range(4000)])
    assert abs(heads - expected) < 0.04, (
        f"odds of 4 to 1 at temperature {temperature}: 4^(1 / {temperature}) to 1, so word 0 with "
        f"{expected:.2f}, not {heads:.2f}"
    )
assert refuses(generate, coin, [], 1, -1.0, rng), "a negative temperature: expected a ValueError"
assert refuses(generate, coin, [2], 1, 1.0, rng), "2 is no id of 2 words: expected a ValueError"
assert refuses(generate, coin, [-1], 1, 1.0, rng), "-1 is no id: expected a ValueError"
# All words are as likely as one another, but for </s>, which never ends a text of 30 words.
even = {**counting, "U": np.zeros((6, 6)), "c": np.array([0.0, -50.0, 0.0, 0.0, 0.0, 0.0])}
new, again = (generate(even, [2], 30, 1.0, np.random.default_rng(1)) for _ in range(2))
assert list(new) == list(again), "the same rng, another text: does all randomness come from rng?"


# %% nbgrader={"grade": true, "grade_id": "generate-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: roll-outs of the best words, where they end, frequencies at several temperatures, and what is refused.
### BEGIN HIDDEN TESTS
# collect generate
### END HIDDEN TESTS

# %% [markdown]
# ## 8. Perplexity of a long text
#
# How well does the model predict one long text? Read it in blocks, and **carry the state** from each block to the next. Then the blocks are only a matter of speed and memory: the answer does not depend on their length. This is what `stream_batches` is for in training; here there is a single row. (Whoever wants nothing but the number keeps no more than a block at a time. You return all distributions as well, since they are what is graded.)
#
# **Write `perplexity_of(params, ids, seq_len)`**, which returns the pair `(perplexity, log_probs)`.
#
# * `ids` has shape `(N,)`, $N \ge 2$: one text. The model starts in the learned `params["h0"]` and reads `ids[0]`, `ids[1]`, …, `ids[N - 1]`, in blocks of at most `seq_len` steps.
# * `log_probs` has shape `(N, V)`: at `[t]` the log-probabilities of **all** words to come after `ids[t]`. Each row is normalised. The last row is about the word after the text.
# * `perplexity` is that of the words of the text after the first one, `ids[1:]`: $\exp\big(-\frac{1}{N-1} \sum_{t=1}^{N-1} \log P(w_t \mid w_0 \dots w_{t-1})\big)$. **Every such word counts the same**, wherever blocks begin and end.
# * Scores may be as large as 1,000; then a relative accuracy of 1e-3 is enough.
# * Fewer than two ids, a `seq_len` below 1, or an id below 0 or not below $V$ raise `ValueError`.
#
# How it is graded: the number, and the distributions behind it. A perplexity is only worth something if the model could not know the word in question; so some of your `log_probs` are also scored on the word *after* the text, which your function never gets.

# %% nbgrader={"grade": false, "grade_id": "perplexity_of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def perplexity_of(
    params: Mapping[str, np.ndarray], ids: Int[np.ndarray, " N"], seq_len: int
) -> tuple[float, Float[np.ndarray, "N V"]]:
    """Return how well a model predicts a text, and what it said.

    Parameters
    ----------
    params
        Of the model.
    ids
        Shape (N,), two or more: the text.
    seq_len
        How many steps are computed at once, 1 or more.

    Returns
    -------
    perplexity
        Per word, of all words but the first.
    log_probs
        Shape (N, V): of every word, after each word of the text.
    """
    ### BEGIN SOLUTION
    E, W_x, W_h, b, U, c = (params[name] for name in ("E", "W_x", "W_h", "b", "U", "c"))
    ids = np.asarray(ids)
    if len(ids) < 2 or seq_len < 1 or ids.min() < 0 or ids.max() >= len(E):
        raise ValueError(f"expected two ids or more, from 0 to {len(E) - 1}, and seq_len >= 1")
    state, blocks = params["h0"], []
    for start in range(0, len(ids), seq_len):
        states = []
        for x in E[ids[start : start + seq_len]] @ W_x + b:
            state = np.tanh(x + state @ W_h)
            states.append(state)
        scores = np.array(states) @ U + c
        scores -= scores.max(axis=1, keepdims=True)
        blocks.append(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))
    log_probs = np.concatenate(blocks)
    losses = -log_probs[np.arange(len(ids) - 1), ids[1:]]
    return float(np.exp(losses.mean())), log_probs
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "perplexity_of-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# A model that remembers: the state is 1/2 after word 0 and -1/2 after word 1, plus 0.8 of before.
memory = {
    "E": np.array([[0.5], [-0.5]]),
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[0.8]]),
    "b": np.array([0.0]),
    "U": np.array([[2.0, 0.0]]),
    "c": np.array([0.0, 1.0]),
    "h0": np.array([0.6]),
}
h1 = math.tanh(0.5 + 0.8 * 0.6)
h2 = math.tanh(0.5 + 0.8 * h1)
h3 = math.tanh(-0.5 + 0.8 * h2)
rows = np.array([[2 * h, 1.0] - np.logaddexp(2 * h, 1.0) for h in (h1, h2, h3)])
expected = math.exp(-(rows[0, 0] + rows[1, 1]) / 2)
perplexity, log_probs = perplexity_of(memory, np.array([0, 0, 1]), 10)
assert np.shape(log_probs) == (3, 2), (
    f"a row after each of 3 words, the last one too: (3, 2), not {np.shape(log_probs)}"
)
assert close(np.exp(log_probs).sum(axis=1), [1, 1, 1]), "each row is normalised: log-probabilities"
assert close(log_probs[0], rows[0]), (
    f"the state after word 0, from the learned h0, is tanh(0.5 + 0.8 * 0.6): {log_probs[0]}"
)
assert close(log_probs, rows), f"and so on, each state made of the one before: {log_probs}"
assert close(perplexity, expected), (
    "the row after word t is about word t + 1: "
    f"exp(-(log P(0 | 0) + log P(1 | 0 0)) / 2) = {expected:.4f}, not {perplexity}"
)
text = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1])
whole, all_rows = perplexity_of(memory, text, 11)
for seq_len in (1, 3, 4, 5, 100):
    number, blocks = perplexity_of(memory, text, seq_len)
    assert close(blocks, all_rows), (
        f"blocks of {seq_len}: the state is carried on, so the log-probabilities stay the same"
    )
    assert close(number, whole), (
        f"blocks of {seq_len}: every word but the first counts once, and the same: {whole:.4f}, "
        f"not {number}"
    )
number, blocks = perplexity_of({**memory, "c": memory["c"] + 1000.0}, text, 4)
assert close(number, whole), f"1000 more on all scores changes no probability: {number}"
# Two units: unit 0 hears the word, and unit 1 is what unit 0 was a step ago. Only unit 1 is heard.
lagging = {
    "E": np.array([[0.0, 1.0], [1.0, 0.0]]),
    "W_x": np.array([[0.0, 0.0], [1.0, 0.0]]),
    "W_h": np.array([[0.0, 2.0], [0.0, 0.0]]),
    "b": np.zeros(2),
    "U": np.array([[0.0, 0.0], [3.0, 0.0]]),
    "c": np.zeros(2),
    "h0": np.zeros(2),
}
late = 3 * math.tanh(2 * math.tanh(1.0))  # the score of word 0, a step after word 0
_, log_probs = perplexity_of(lagging, np.array([0, 1]), 5)
assert close(log_probs[:, 0], [-math.log(2), late - np.logaddexp(late, 0)]), (
    "word 0 excites unit 0 through W_x[1, 0], and unit 1 a step later through W_h[0, 1]: word 0 has "
    f"1/2, then {1 / (1 + math.exp(-late)):.3f}, not {np.exp(log_probs[:, 0])}. Is a matrix transposed?"
)
assert refuses(perplexity_of, memory, np.array([0]), 3), "one word, nothing to score: a ValueError"
assert refuses(perplexity_of, memory, np.array([0, 2]), 3), "2 is no id of 2 words: a ValueError"

# %% nbgrader={"grade": true, "grade_id": "perplexity_of-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: texts in one block and in many, words after the text, and what is refused.
### BEGIN HIDDEN TESTS
# collect perplexity_of
### END HIDDEN TESTS

# %% [markdown]
# ## Your model on the ladder
#
# All of it together now, on the course's own language, whose floor is known. The cells from here to the written question are for looking; they are not run when your work is graded. They train your model from two seeds, so that you see how much luck there is in a number, and once more with truncation, 10 to 20 seconds each on one core.
#
# Sentences stand in rows by themselves here: each begins with `<s>` in the learned `h0`, and ends in `</s>`. Batches are made of sentences of like length, so that there is little padding.

# %% tags=["exploration", "raises-exception"]
import sys
import time

import matplotlib.pyplot as plt
from tqdm import tqdm

from nextword.corpora import load
from nextword.grammar import Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.neural import window_model
from nextword.models.ngram import ModifiedKneserNey
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.text.vocabulary import Vocabulary

N_FEATURES, N_HIDDEN, BATCH, EPOCHS = 32, 96, 32, 4

grammar = Grammar.load()
text = load("grammar")
vocab = Vocabulary.build(text.train)


def ids_of(sentences):
    """Return the ids of each sentence, </s> included."""
    return [np.append(vocab.encode(sentence), EOS) for sentence in sentences]


def sentence_batch(sentences):
    """Return inputs, targets and mask of sentences of ids, a row each."""
    targets = np.zeros((len(sentences), max(len(sentence) for sentence in sentences)), dtype=int)
    mask = np.zeros(targets.shape, dtype=bool)
    for row, sentence in enumerate(sentences):
        targets[row, : len(sentence)] = sentence
        mask[row, : len(sentence)] = True
    inputs = np.roll(targets, 1, axis=1)
    inputs[:, 0] = BOS
    return inputs, targets, mask


train_ids = ids_of(text.train)
print(f"{len(train_ids):,} sentences, {sum(map(len, train_ids)):,} tokens, {len(vocab)} words")


# %% [markdown]
# Where to start? Output biases at the logarithms of the words' frequencies, as in assignment 03, and `W_h` a rotation: it neither shrinks nor stretches what it carries along. The steps are those of Adam (Kingma and Ba 2015): each entry of each parameter gets a learning rate of its own, from running means of its gradient and of its square. A gradient that is longer than 1 is cut to length 1; why that is wise is the subject of lecture 06. All numbers are float32.

# %% tags=["exploration", "raises-exception"]
def begin(rng):
    """Return the parameters before training."""
    n_words = len(vocab)
    frequencies = np.bincount(np.concatenate(train_ids), minlength=n_words) + 0.1
    params = {
        "E": rng.normal(0, 0.1, (n_words, N_FEATURES)),
        "W_x": rng.normal(0, 1 / math.sqrt(N_FEATURES), (N_FEATURES, N_HIDDEN)),
        "W_h": np.linalg.qr(rng.normal(size=(N_HIDDEN, N_HIDDEN)))[0],
        "b": np.zeros(N_HIDDEN),
        "U": rng.normal(0, 0.01, (N_HIDDEN, n_words)),
        "c": np.log(frequencies / frequencies.sum()),
        "h0": np.zeros(N_HIDDEN),
    }
    return {name: value.astype(np.float32) for name, value in params.items()}


def batches_of(sentences, rng):
    """Yield all sentences once, in a new order, those of like length together."""
    order, pool = rng.permutation(len(sentences)), 50 * BATCH
    batches = []
    for start in range(0, len(order), pool):
        by_length = sorted(order[start : start + pool], key=lambda i: len(sentences[i]))
        batches += [by_length[i : i + BATCH] for i in range(0, len(by_length), BATCH)]
    for place in rng.permutation(len(batches)):
        yield sentence_batch([sentences[i] for i in batches[place]])


def train_one(seed, truncate=None):
    """Train a model and show how far it is. Return its parameters, and the loss of each step."""
    rng, losses = np.random.default_rng(seed), []
    params = begin(rng)
    mean, square = ({name: np.zeros_like(p) for name, p in params.items()} for _ in range(2))
    n_steps = EPOCHS * sum(1 for _ in batches_of(train_ids, np.random.default_rng(0)))
    with tqdm(total=n_steps, desc=f"seed {seed}", file=sys.stdout, mininterval=0.5) as bar:
        for _ in range(EPOCHS):
            for inputs, targets, mask in batches_of(train_ids, rng):
                logits, cache = rnn_forward(params, inputs, None)
                losses.append(sequence_loss(logits, targets, mask))
                grads = bptt(params, cache, targets, mask, truncate)
                length = math.sqrt(sum(float(np.vdot(grad, grad)) for grad in grads.values()))
                rate = 0.008 * (1 - (len(losses) - 1) / n_steps)
                fresh = 1 - 0.9 ** len(losses), 1 - 0.99 ** len(losses)
                for name, grad in grads.items():
                    grad = (grad / max(length, 1.0)).astype(np.float32)
                    mean[name] += 0.1 * (grad - mean[name])
                    square[name] += 0.01 * (grad**2 - square[name])
                    spread = np.sqrt(square[name] / fresh[1]) + 1e-8
                    params[name] -= np.float32(rate / fresh[0]) * mean[name] / spread
                if len(losses) % 50 == 0:
                    recent = np.mean(losses[-50:])
                    bar.set_postfix(perplexity=f"{math.exp(recent):.2f}", refresh=False)
                bar.update()
    return params, losses


began = time.process_time()
runs = [train_one(seed) for seed in range(2)]
print(f"{(time.process_time() - began) / 2:.0f} s of one core for each model")


# %% [markdown]
# Now the test text. Beside yours stand modified Kneser–Ney of order 5, and a window network of assignment 03's kind with a window of 4, 30 features and 100 hidden units.

# %% tags=["exploration", "raises-exception"]
class Yours:
    """Your model, as the ladder wants it."""

    def __init__(self, params):
        self.params = params

    def log_probs(self, sentences):
        """Return the log-probability of every token, </s> included."""
        ids, answer = ids_of(sentences), [None] * len(sentences)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for start in range(0, len(ids), 200):
            chosen = order[start : start + 200]
            inputs, targets, mask = sentence_batch([ids[i] for i in chosen])
            logits = np.asarray(rnn_forward(self.params, inputs, None)[0], dtype=float)
            logits -= np.logaddexp.reduce(logits, axis=2, keepdims=True)
            found = np.take_along_axis(logits, targets[:, :, None], axis=2)[:, :, 0]
            for row, i in enumerate(chosen):
                answer[i] = found[row, : len(ids[i])]
        return np.concatenate(answer)


kneser_ney = ModifiedKneserNey.fit(text.train, 5)
window = window_model(vocab, text.train, window=4, seed=0)
settings = TrainingSettings(epochs=3)
read = window.reader.read
train(window.network, read(text.train), read(text.valid), settings, progress=False)
others = {
    "Kneser–Ney, order 5": Scores.of(kneser_ney, grammar, text.test),
    "window of 4": Scores.of(window, grammar, text.test),
}

yours = [Yours(params) for params, _ in runs]
ladder = Ladder.over(grammar, text.test)
ladder.measure("modified Kneser–Ney, order 5", kneser_ney, grammar, text.test)
ladder.measure("window of 4", window, grammar, text.test)
ladder.measure("yours: recurrent, seed 0", yours[0], grammar, text.test)
ladder.draw()

# %% tags=["exploration", "raises-exception"]
scores = [Scores.of(model, grammar, text.test) for model in yours]
overall = [score.perplexity() for score in scores]
at_noun = [score.perplexity(Slot.RETURNING_NOUN) for score in scores]
print(f"{'':22}{'all tokens':>14}{'returning noun':>18}")
for name, score in others.items():
    print(f"{name:22}{score.perplexity():>14.2f}{score.perplexity(Slot.RETURNING_NOUN):>18.1f}")
print(
    f"{'yours, two seeds':22}{f'{min(overall):.2f} to {max(overall):.2f}':>14}"
    f"{f'{min(at_noun):.1f} to {max(at_noun):.1f}':>18}"
)
print(f"{'floor':22}{ladder.floor:>14.2f}{ladder.floor_at_noun:>18.1f}")
lowest = min(score.perplexity() for score in others.values())
print("every seed is below both others over all tokens:", max(overall) < lowest)
lowest = min(score.perplexity(Slot.RETURNING_NOUN) for score in others.values())
print("and at the returning noun:", max(at_noun) < lowest)


# %% [markdown]
# At the end of a sentence comes its noun again, the *returning noun* (`Slot.RETURNING_NOUN`). A window model brings it back as long as the first noun is still inside its window, and may well be better there than you are; outside it has nothing to go by. Here is the perplexity at that noun, by its distance from the first one. Distances that are rare are put together, so that each point is the mean of 150 nouns or more.

# %% tags=["exploration", "raises-exception"]
class Truth:
    """The grammar itself, as a model."""

    def log_probs(self, sentences):
        """Return the log-probability of every token, </s> included."""
        return np.concatenate([grammar.log_probs(sentence) for sentence in sentences])


best = Scores.of(Truth(), grammar, text.test)
away = best.distances[
    [slot == Slot.RETURNING_NOUN for slot in best.slots]
]  # a number for each noun


def spans_of(distances, at_least=150):
    """Return spans of distances, from the shortest, with so many nouns each or more."""
    spans, first, found = [], None, 0
    for k in range(int(distances.min()), int(distances.max()) + 1):
        here = int(np.count_nonzero(distances == k))
        first = k if found == 0 else first
        found += here
        if here and found >= at_least:
            spans.append((first, k))
            found = 0
    return spans


def at_nouns(score, spans):
    """Return the perplexity at the returning nouns of each span."""
    return np.array([score.perplexity(Slot.RETURNING_NOUN, span) for span in spans])


def draw_nouns(curves):
    """Draw perplexity at the returning noun against its distance."""
    spans = spans_of(away)
    middles = [away[(away >= low) & (away <= high)].mean() for low, high in spans]
    with plots.course_style():
        figure, axis = plt.subplots()
        for (label, score), colour, mark in zip(
            [*curves.items(), ("floor", best)],
            (plots.ORANGE, plots.BLUE, plots.GREEN)[: len(curves)] + (plots.RED,),
            ("s-", "o-", "^-")[: len(curves)] + ("--",),
            strict=True,
        ):
            axis.plot(middles, at_nouns(score, spans), mark, color=colour, label=label)
        axis.set(xlabel="distance from the noun in words", ylabel="perplexity at the noun")
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.set_ylim(1.2, 600)
        axis.set_xticks(range(4, 25, 4))
        axis.legend(loc="upper left", ncols=2, fontsize=12)
    named = [f"{low} to {high}" if low < high else f"{low}" for low, high in (spans[0], spans[-1])]
    reading = "; ".join(
        f"{label}: {values[0]:.1f} at a distance of {named[0]}, {values[-1]:.1f} at {named[1]}"
        for label, values in ((name, at_nouns(s, spans)) for name, s in curves.items())
    )
    floors = at_nouns(best, spans)
    plots.show(
        figure,
        f"Perplexity at the returning noun against its distance. {reading}. The floor lies between "
        f"{floors.min():.1f} and {floors.max():.1f}.",
    )
    print(reading)


draw_nouns({"window of 4": others["window of 4"], "yours, recurrent": scores[0]})

# %% [markdown]
# How far back does the loss at that noun reach? Your `gradient_by_step` splits it by appearance of `W_h`. Here are the lengths of the parts, before training and after, for 40 sentences of the same distance between the two nouns. (Before training the part of step 0 is exactly 0: it is the state before the step times a signal, and `h0` begins as zeros.)

# %% tags=["exploration", "raises-exception"]
DISTANCE = 12
same = [
    s
    for s in text.test
    if Slot.RETURNING_NOUN in (found := grammar.slots(list(s)))
    and found.index(Slot.RETURNING_NOUN) - found.index(Slot.NOUN) == DISTANCE
][:40]
noun = grammar.slots(list(same[0])).index(Slot.RETURNING_NOUN)
inputs, targets, mask = sentence_batch(ids_of(same))
with plots.course_style():
    figure, axis = plt.subplots()
    for label, params, colour in (
        ("before training", begin(np.random.default_rng(0)), plots.SKY),
        ("after training", runs[0][0], plots.BLUE),
    ):
        cache = rnn_forward(params, inputs, None)[1]
        parts = gradient_by_step(params, cache, targets, mask, noun)
        shares = np.sqrt((np.asarray(parts, dtype=float) ** 2).sum(axis=(1, 2)))
        axis.plot(range(len(shares)), shares / shares.sum(), "o-", color=colour, label=label)
    axis.axvline(noun - DISTANCE + 1, color=plots.BLACK, linewidth=1, linestyle=":")
    axis.annotate(
        "the first noun is read here",
        (noun - DISTANCE + 1.2, 0.03),
        xycoords=("data", "axes fraction"),
    )
    axis.set(
        xlabel="step at which W_h appears", ylabel="share of the gradient's length", ylim=(0, 0.16)
    )
    axis.legend(loc=(0.3, 0.8))
first_share = shares[noun - DISTANCE + 1] / shares.sum()
plots.show(
    figure,
    f"Share of each appearance of W_h in the gradient of the loss at step {noun}, before and after "
    f"training. The step at which the first noun is read, {noun - DISTANCE + 1}, has "
    f"{first_share:.0%} after training.",
)

# %% [markdown]
# Now with your `truncate`. The same model, the same seed, but no loss is heard more than 5 steps back (about 20 seconds).

# %% tags=["exploration", "raises-exception"]
truncated, _ = train_one(0, truncate=5)
cut_score = Scores.of(Yours(truncated), grammar, text.test)
draw_nouns(
    {"window of 4": others["window of 4"], "yours": scores[0], "yours, truncate=5": cut_score}
)
print(f"over all tokens: {cut_score.perplexity():.2f}, without truncation {overall[0]:.2f}")

# %% [markdown]
# And as one long text, the state carried on from sentence to sentence: the model has learned to begin each sentence in `h0`, and here it never comes back to it. Your `perplexity_of` in blocks of 50, and your `stream_batches` in eight rows, whose blocks continue each other.

# %% tags=["exploration", "raises-exception"]
stream = np.concatenate([[BOS, *ids] for ids in ids_of(text.test[:500])])
in_one_row, stream_log_probs = perplexity_of(runs[0][0], stream, 50)
true_words = np.flatnonzero(stream[1:] != BOS)  # <s> is read, and is no word to predict
one_row = -np.asarray(stream_log_probs, dtype=float)[true_words, stream[1:][true_words]].mean()
state, total, n_scored = None, 0.0, 0
for inputs, targets, mask in stream_batches(stream, 8, 50):
    logits, cache = rnn_forward(runs[0][0], inputs, state)
    state = np.asarray(cache["states"])[:, -1]
    words_here = np.asarray(mask) & (np.asarray(targets) != BOS)
    if words_here.any():
        total += sequence_loss(logits, targets, words_here) * words_here.sum()
        n_scored += int(words_here.sum())
by_sentence = math.exp(-yours[0].log_probs(text.test[:500]).mean())
print(f"perplexity of the words, sentence by sentence {by_sentence:.2f}, as one stream")
print(f"{math.exp(one_row):.2f} in one row, {math.exp(total / n_scored):.2f} in eight")

# %% [markdown]
# And it can speak. The same beginning at several temperatures:

# %% tags=["exploration", "raises-exception"]
prompt = vocab.encode(text.test[0][:2])
rng = np.random.default_rng(1)
for temperature in (0, 0.5, 1.0, 1.5):
    print(f"temperature {temperature}")
    for _ in range(1 if temperature == 0 else 3):
        new = generate(runs[0][0], prompt, 40, temperature, rng)
        print("   ", " ".join([*text.test[0][:2], *vocab.decode(new)]))

# %% [markdown]
# Stuck on an earlier question? The written question needs none of them: here are the same pictures from the course's own recurrent model (about 20 seconds; where your own model was trained, nothing happens).

# %% tags=["exploration", "raises-exception"]
from nextword.models.recurrent import recurrent_model, shares_by_step

if "runs" not in globals():
    stand_in = recurrent_model(vocab, text.train, n_features=32, n_hidden=64, seed=0)
    by_adam = TrainingSettings(
        epochs=3, batch_size=32, optimizer="adam", learning_rate=0.008, rate_decay=0.4, max_norm=1.0
    )
    read = stand_in.reader.read
    train(stand_in.network, read(text.train), read(text.valid), by_adam, progress=False)
    stand_in_score = Scores.of(stand_in, grammar, text.test)
    draw_nouns({"window of 4": others["window of 4"], "recurrent": stand_in_score})
    for name, score in {**others, "recurrent": stand_in_score}.items():
        print(f"{name:22}{score.perplexity():>14.2f}{score.perplexity(Slot.RETURNING_NOUN):>18.1f}")
    by_step, _ = shares_by_step(stand_in, list(same[0]), noun)
    sizes = np.linalg.norm(np.asarray(by_step), axis=(1, 2))
    print(f"the loss at step {noun}, the first noun read at step {noun - DISTANCE + 1}.")
    print("share of each appearance of W_h:", (sizes / sizes.sum()).round(3))
    for temperature in (0, 0.5, 1.0, 1.5):
        said = stand_in.sample(np.random.default_rng(1), 40, temperature=temperature)
        print(f"temperature {temperature}:", *said)


# %% [markdown]
# ## Written: what the state can do, and what it costs
#
# Look at the ladder, the figures of the noun (with truncation and without), the figure of the gradient and the samples. **In at most 250 words:** (a) The recurrent model has no window, and its number of parameters does not depend on how far it looks back. Why does what it learns from nouns at a distance of 4 help it to bring back one at a distance of 9 or 10, where a window of 10 has to learn that place anew? (b) A fellow student trains with `truncate=5` and says: *the model cannot learn anything that lies more than 5 words back, so I could as well have taken a window*. What is right about this, and what is wrong? (c) Another one writes: *my model is trained on the true words, and at test time it reads the true words as well; so its perplexity says how good its own texts are*. What does the perplexity say, and what does it not?

# %% [markdown] nbgrader={"grade": true, "grade_id": "memory_limits-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) The same `W_h` and `W_x` serve at every step. What the model learns about reading a noun, and about keeping it in the state while other words go by, is learned once and holds wherever the noun stands and however long it has to be kept: each step of keeping is the same map, so having learned to keep it over four steps goes most of the way to keeping it over nine or ten. A window has rows of its own for every place. (b) Right: no loss *teaches* the state to keep something for more than 5 steps, because no gradient connects the loss at the noun with the step at which the noun was read (the parts in the figure of the gradient that lie further back are cut). Wrong: in the forward pass nothing is cut. The state still holds what older words left in it, so the model can *use* what is older, where keeping it for 5 steps (learned from near nouns) carries on to 9, or where it helps for another reason; a window cannot, as older words are no input at all. (c) Perplexity under teacher forcing says how well the model predicts the next word of *true* text, given the true words before; that is the question of a language model. It says nothing direct about texts that the model makes from its own words: there a mistake becomes input, the state gets to where no training sentence led, and mistakes may pile up (exposure bias). To know, look at samples, or measure while it runs freely.
#
# **Rubric (4 points).** 1: the same weights at every step, so that what is learned at one distance serves at others. 1: truncation cuts the learning signal, no credit goes further back than k steps. 1: and does not cut the state, which may carry more than was learned over k steps. 1: perplexity is measured on true prefixes, and does not measure roll-outs, with a reason. Half points for a right claim without a reason.

# %% [markdown]
# ## 9. Stretch: off the rails
#
# In training the model always reads the truth. When it generates, it reads what it said itself, mistakes included, and may come to states that no true text leads to (*exposure bias*). Let it run freely, and ask at every place how probable the true word still is. Mind what this number is: once the model's word differs from the true one, it tells *another sentence*, perhaps a faultless one, in which the true word has no place. Even a perfect model would find it improbable there. So the number says how far the two have parted, and not by itself that something is wrong.
#
# **Write `free_running_log_probs(params, prompt, words)`**, which returns an array of shape `(len(words),)`.
#
# * The model starts in the learned `params["h0"]` and reads `BOS`, then the ids of `prompt` (perhaps none). Then, for each id of `words`: note the log-probability, in nats, that the model gives to this true word, and let it **read its own word instead: the one with the highest score**. It reads on in this way after an `EOS` too.
# * Scores may be as large as 1,000; then a relative accuracy of 1e-3 is enough.
# * So the first number is what teacher forcing gives as well, and the later ones drift away from it.
# * No words give an empty array. An id below 0 or not below $V$, in `prompt` or in `words`, raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "free_running_log_probs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def free_running_log_probs(
    params: Mapping[str, np.ndarray], prompt: Sequence[int], words: Sequence[int]
) -> Float[np.ndarray, " words"]:
    """Return how probable true words are while the model reads its own ones.

    Parameters
    ----------
    params
        Of the model.
    prompt
        The ids that it reads first, after `<s>`.
    words
        The ids that come next in truth.

    Returns
    -------
    log_probs
        Of each of these, in nats.
    """
    ### BEGIN SOLUTION
    E, W_x, W_h, b, U, c = (params[name] for name in ("E", "W_x", "W_h", "b", "U", "c"))
    waiting = [BOS, *(int(word) for word in prompt)]
    known = [*waiting, *(int(word) for word in words)]
    if min(known) < 0 or max(known) >= len(E):
        raise ValueError(f"expected ids from 0 to {len(E) - 1}")
    state, log_probs = params["h0"], np.empty(len(words))
    for place, true_word in enumerate(words):
        for word in waiting:
            state = np.tanh(E[word] @ W_x + state @ W_h + b)
        scores = state @ U + c
        scores = scores - scores.max()
        log_probs[place] = scores[true_word] - np.log(np.exp(scores).sum())
        waiting = [int(scores.argmax())]
    return log_probs
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "free_running_log_probs-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The state follows what is read: up after word 2, down after the others. Word 2 then scores high.
swing = {
    "E": np.array([[0.0], [0.0], [2.0], [-2.0]]),
    "W_x": np.array([[1.0]]),
    "W_h": np.array([[0.5]]),
    "b": np.array([0.0]),
    "U": np.array([[0.0, 0.0, 1.0, -1.0]]),
    "c": np.array([-1.0, -1.0, 0.0, 0.0]),
    "h0": np.array([0.4]),
}


def swing_row(h):
    scores = np.array([-1.0, -1.0, h, -h])
    return scores - math.log(np.exp(scores).sum())


start = math.tanh(0.5 * 0.4)  # after <s>
prompted = math.tanh(-2 + 0.5 * start)  # after word 3 as the prompt: word 3 is its own next word
own_1 = math.tanh(-2 + 0.5 * prompted)
own_2 = math.tanh(-2 + 0.5 * own_1)
expected = [swing_row(prompted)[2], swing_row(own_1)[2], swing_row(own_2)[0]]
free = free_running_log_probs(swing, [3], [2, 2, 0])
assert np.shape(free) == (3,), f"a number for each of 3 words, not {np.shape(free)}"
assert close(free[0], expected[0]), (
    f"<s> and 3 are read from h0; the first true word, 2, then has {expected[0]:.3f}, not {free[0]}"
)
assert close(free[1], expected[1]), (
    "the model said 3, so it reads 3, though the true word was 2. The next 2 then has "
    f"{expected[1]:.3f}, not {free[1]}"
)
assert close(free, expected), f"and so on, always reading its own words: {free}"
empty = free_running_log_probs(swing, [], [3])
assert close(empty, [swing_row(start)[3]]), f"an empty prompt: only <s> is read, not {empty}"
assert np.shape(free_running_log_probs(swing, [2], [])) == (0,), "no words: an empty array"
loud = free_running_log_probs({**swing, "c": swing["c"] + 1000}, [3], [2, 2, 0])
assert close(loud, free), f"1000 more for every score changes no probability: not {loud}"
# After 3 it says </s>, which is 1, and after </s> it says 2: reading goes on.
ender = {
    "E": np.eye(4),
    "W_x": 3.0 * np.array([[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]),
    "W_h": np.zeros((4, 4)),
    "b": np.zeros(4),
    "U": 10 * np.eye(4),
    "c": np.zeros(4),
    "h0": np.zeros(4),
}
going = free_running_log_probs(ender, [3], [1, 2, 3])
assert np.shape(going) == (3,), f"3 words, 3 numbers, also behind an </s>: not {np.shape(going)}"
assert np.all(np.exp(np.asarray(going)) > 0.99), (
    "it says </s> after 3, reads that, says 2, reads that, says 3: each with a probability near 1, "
    f"not {np.exp(np.asarray(going))}. Does it stop at </s>, or is a matrix transposed?"
)
assert refuses(free_running_log_probs, swing, [2], [-1]), "-1 is no id: a ValueError"
assert refuses(free_running_log_probs, swing, [4], [2]), "4 is no id of 4 words: a ValueError"

# %% nbgrader={"grade": true, "grade_id": "free_running_log_probs-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: texts from which the model drifts away, and the special cases.
### BEGIN HIDDEN TESTS
# collect free_running_log_probs
### END HIDDEN TESTS

# %% [markdown]
# How far do the two part, for the model that you trained? The mean log-probability of the true word by its place in the sentence: while it reads the truth, and while it reads its own words. Without a prompt, and always taking the best word, its own words are one and the same sentence against every true one; most of the gap is that, and no defect. Lecture 04 parts the two: it asks the grammar which of its own sentences are possible at all.

# %% tags=["exploration", "raises-exception"]
long_ones = [ids for ids in ids_of(text.test) if len(ids) >= 16][:150]
forced = np.zeros(16)
free = np.zeros(16)
for ids in long_ones:
    inputs, targets, _ = sentence_batch([ids])
    logits = np.asarray(rnn_forward(runs[0][0], inputs, None)[0][0, :16], dtype=float)
    rows = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    forced += rows[np.arange(16), targets[0, :16]] / len(long_ones)
    free += free_running_log_probs(runs[0][0], [], ids[:16]) / len(long_ones)
with plots.course_style():
    figure, axis = plt.subplots()
    axis.plot(range(1, 17), forced, "o-", color=plots.BLUE, label="reads the truth")
    axis.plot(range(1, 17), free, "s-", color=plots.ORANGE, label="reads its own words")
    axis.set(xlabel="place in the sentence", ylabel="mean log-probability in nats")
    axis.legend()
plots.show(
    figure,
    "Mean log-probability of the true word by its place. Both curves begin at the same point, "
    f"{forced[0]:.1f}; over all 16 places the mean is {forced.mean():.1f} nats where the model "
    f"reads the truth and {free.mean():.1f} where it reads its own words.",
)
print(f"mean over 16 places: {forced.mean():.2f} with the truth, {free.mean():.2f} running freely")
said = [int(word) for word in generate(runs[0][0], [], 40, 0, rng)]
print("what it reads instead, against every one of them:", *vocab.decode(said))
agreeing = np.mean([[a == b for a, b in zip(said[:16], ids, strict=False)] for ids in long_ones])
print(f"the true word is the one that it says, at the same place, {agreeing:.0%} of the time")


# %% [markdown]
# ## 10. Stretch: the same model in torch
#
# You have derived backpropagation through time by hand. Once. From now on a library may do it, as long as you know that it does the same.
#
# **Write `rnn_module(params)`**, which returns an instance of a `torch.nn.Module` of your own (the class may stand in the same cell).
#
# * `params` is a dict with the names and shapes of question 1, in numpy. The module starts from *copies* of these numbers: **training it must not change `params`**. They may keep their dtype, or become float32.
# * `module(inputs)`, with an int64 tensor of shape `(B, T)`, returns the *log-probabilities*, a tensor of shape `(B, T, V)`, from the learned start in every row. One can differentiate through it, back through all steps.
# * Everything in `params` is trainable: the trainable numbers of `module.parameters()` are as many as `params` holds, `h0` and the biases included, **and no more**. How they are cut, named or transposed is up to you.
# * `module(inputs)` gives the same answer every time: nothing is remembered between calls.
#
# How it is graded: the log-probabilities of the module, then some steps of `torch.optim.SGD` on their mean loss, and the log-probabilities again. A gradient that does not arrive somewhere, or arrives twice, shows there.

# %% nbgrader={"grade": false, "grade_id": "rnn_module", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_module(params: Mapping[str, np.ndarray]) -> torch.nn.Module:
    """Return the recurrent model as a torch module.

    Parameters
    ----------
    params
        `E`, `W_x`, `W_h`, `b`, `U`, `c` and `h0`.

    Returns
    -------
    module
        Maps inputs, int64 of shape (B, T), to log-probabilities of shape (B, T, V).
    """
    ### BEGIN SOLUTION

    class RecurrentModule(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, value in params.items():
                self.register_parameter(name, torch.nn.Parameter(torch.tensor(value)))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            state, states = self.h0.expand(len(inputs), -1), []
            for x in self.E[inputs].unbind(dim=1):
                state = torch.tanh(x @ self.W_x + state @ self.W_h + self.b)
                states.append(state)
            return torch.log_softmax(torch.stack(states, dim=1) @ self.U + self.c, dim=2)

    return RecurrentModule()
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "rnn_module-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
small = {
    "E": np.array([[0.0], [1.0], [2.0]]),
    "W_x": np.array([[1.0, 0.0]]),
    "W_h": np.array([[0.5, 1.0], [0.0, 0.0]]),
    "b": np.array([-1.0, 0.0]),
    "U": np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]]),
    "c": np.array([0.0, 0.5, 0.0]),
    "h0": np.array([0.5, 0.0]),
}
module = rnn_module(small)
assert isinstance(module, torch.nn.Module), f"expected a torch.nn.Module, came {type(module)}"
inputs = torch.tensor([[1, 2], [2, 2], [0, 1]])
log_probs = module(inputs)
assert tuple(log_probs.shape) == (3, 2, 3), f"3 rows, 2 steps, 3 words, not {log_probs.shape}"
assert close(log_probs.exp().sum(2), np.ones((3, 2))), (
    "the probabilities of all words sum to 1 at each step: the module returns log-probabilities"
)
# Unit 0 gets feature - 1 + half of itself; unit 1 gets what unit 0 was.
one = (math.tanh(1 - 1 + 0.25), math.tanh(0.5))
two = (math.tanh(2 - 1 + 0.5 * one[0]), math.tanh(one[0]))
for step, (h0, h1) in enumerate((one, two)):
    scores = np.array([h0, 2 * h1 + 0.5, -h0])
    assert close(log_probs[0, step], scores - math.log(np.exp(scores).sum())), (
        f"row 0, step {step}: the state is ({h0:.3f}, {h1:.3f}), the scores are {scores}, "
        f"not {log_probs[0, step]}"
    )
assert close(module(inputs), log_probs.detach()), "the same inputs give the same answer every time"
trainable = sum(weights.numel() for weights in module.parameters() if weights.requires_grad)
assert trainable == 3 + 2 + 4 + 2 + 6 + 3 + 2, (
    "E 3, W_x 2, W_h 4, b 2, U 6, c 3, h0 2: 22 trainable numbers, each of them once, "
    f"not {trainable}"
)
untouched = {name: value.copy() for name, value in small.items()}
# One loss, that of row 0 at step 1. Its gradient flows back through step 0 to h0.
optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
(-log_probs[0, 1, 1]).backward()
optimizer.step()
moved = sum(
    float(weights.grad.abs().sum()) for weights in module.parameters() if weights.grad is not None
)
after = module(inputs)
assert after[0, 1, 1].item() > log_probs[0, 1, 1].item(), "training makes the target more probable"
for name, value in untouched.items():
    assert np.array_equal(small[name], value), (
        f"training the module must not change params, and changed {name}: start from copies, such as "
        "torch.tensor(value); torch.from_numpy(value) shares its memory"
    )
expected_moved = 8.7008
assert abs(moved - expected_moved) < 0.01, (
    f"the gradients of all parameters have absolute values that sum to {expected_moved}, when the "
    f"loss of step 1 flows back to step 0 and to h0; yours sum to {moved:.3f}"
)

# %% nbgrader={"grade": true, "grade_id": "rnn_module-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: models of many shapes, before and after steps of training.
### BEGIN HIDDEN TESTS
# collect rnn_module
### END HIDDEN TESTS

# %% [markdown]
# By hand and by library, the same numbers? For the model that you trained above, in float64:

# %% tags=["exploration", "raises-exception"]
trained = {name: value.astype(float) for name, value in runs[0][0].items()}
inputs, targets, mask = sentence_batch(train_ids[:50])
logits, cache = rnn_forward(trained, inputs, None)
by_hand = np.asarray(logits) - np.logaddexp.reduce(logits, axis=2, keepdims=True)
by_torch = rnn_module(trained)
log_probs = by_torch(torch.tensor(inputs))
difference = np.abs(log_probs.detach().numpy() - by_hand).max()
print(f"largest difference of log-probabilities: {difference:.1e}")
real = torch.tensor(mask)
torch.nn.functional.nll_loss(log_probs[real], torch.tensor(targets)[real]).backward()
grads = bptt(trained, cache, targets, mask, None)
lengths = sorted(float(np.linalg.norm(grad)) for grad in grads.values())
theirs = sorted(float(w.grad.norm()) for w in by_torch.parameters() if w.grad is not None)
if len(lengths) == len(theirs):
    furthest = max(abs(ours - other) for ours, other in zip(lengths, theirs, strict=True))
    print(f"largest difference of the lengths of gradients: {furthest:.1e}")

# %% [markdown]
# ## Summary
#
# * One set of weights, used at every step, reads texts of any length. The state is all that it knows about the past.
# * Every step has a loss. In training the model reads the truth (teacher forcing), so all steps of all rows are computed from known inputs; padding is masked, and the mean is over real tokens.
# * A repeated weight gets the sum of the gradients over its appearances. Backpropagation through time makes this sum in one walk back: at every state, its own loss and what the future says.
# * Truncation cuts the way back, never a loss. Carrying a state cuts nothing on the way forward.
# * A language model generates by reading what it says. Then its mistakes are its input, which training never showed it.
#
# ## Exercises
#
# 1. Train with `truncate=3` and `truncate=8`. What becomes of the perplexity, and of that at the returning noun, over three seeds?
# 2. Train on one long stream with `stream_batches`, the state carried from block to block, and measure with `perplexity_of`. Is it better or worse than sentence by sentence, and why?
# 3. Set `W_h` to zeros before training, or twice a rotation. What happens?
# 4. Which unit of the state knows how far the sentence has come? Plot some of them along a sentence.
# 5. With 10,000 words and 200 units, how much of a training step is the softmax layer? Time `states @ U` alone.
#
# ## Sources
#
# * Slides *Language Modeling + RNNs* (003): the model, its training, backpropagation for RNNs, the multivariable chain rule, roll-outs.
# * Slides 000: the same model with a learned $h_0$.
# * Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78.
# * Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks* (002): the gradient as a sum over steps; teacher forcing in its other sense.
# * Kingma, Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
