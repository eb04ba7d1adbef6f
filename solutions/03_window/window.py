# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 03: A fixed-window neural language model
#
# Counting knows nothing about words but their names. What it saw after *the painter praised* does not help it after *the painter adored*. In 2003 Bengio and others gave every word a vector, and let a small network predict the next word from the vectors of the last few. You build that network by hand: windows, forward, loss, backward, training. Then you mix it with an n-gram model, and see when the two together are better than both.
#
# **You need:** matrix products and the chain rule, numpy with shapes such as `(B, window * m)`, assignments 01 and 02. Lecture 03 helps.
#
# **Time:** 7 to 9 hours for the core (questions 1 to 9 and the written question), 4 more for the stretch (questions 10 to 12).
#
# **Points:** 35 for the core count as full marks; the 12 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call. What you return are fresh arrays.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * Ids are whole numbers from 0 to $V-1$ in an array of any integer dtype. Parameters are arrays of float64 or of float32. A number is compared to a relative accuracy of 1e-5, an array to 1e-5 of its largest finite entry in modulus, or to 1e-6 where that is more ($-\infty$ agrees with $-\infty$ only), so computing in float32 is enough where the question does not say otherwise. `print` what you like.
# * Logarithms are natural (nats). Vectors are rows: a batch `x` of shape `(B, n)` meets a matrix as `x @ H`.
# * Where the statement says that something raises `ValueError`, it does so; other wrong arguments do not come.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int


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


def refuses(function: Callable, *args: object) -> bool:
    """Return whether a call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


# %% [markdown]
# ## 1. Windows
#
# A model with a fixed window looks at the last few words only: the Markov assumption again. Text becomes examples, each a *context* of `window` ids and the id that comes next, its *target*. With a window of 3 and *the students opened their books* (slides 003):
#
# | context | target |
# |---|---|
# | `<s> <s> <s>` | the |
# | `<s> <s> the` | students |
# | `<s> the students` | opened |
# | … | … |
# | students opened their | books |
# | opened their books | `</s>` |
#
# **Write `make_windows(ids, window, pad_id)`**, which returns the pair `(contexts, targets)`.
#
# * `ids` is a list of sentences, each an array (or list) of ids. A sentence already ends in the id of `</s>`; you add nothing to its end.
# * **Every id of every sentence is a target once**, sentence after sentence, in the order of the text. So there are $N$ examples for $N$ ids.
# * The context of a target holds the `window` ids before it *in its own sentence*, **the oldest first**. Where there are fewer, `pad_id` fills up on the left. A window never reaches into another sentence, also where it is longer than the sentence.
# * `contexts` has shape `(N, window)` and `targets` has shape `(N,)`; both hold integers (the dtype of an array without entries does not count).
# * A sentence without ids gives no example. No sentences give arrays of shape `(0, window)` and `(0,)`.
# * `window` below 1 raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "make_windows", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_windows(
    ids: Sequence[Int[np.ndarray, " length"]], window: int, pad_id: int
) -> tuple[Int[np.ndarray, "N window"], Int[np.ndarray, " N"]]:
    """Cut sentences into contexts and the words that come next.

    Parameters
    ----------
    ids
        The ids of each sentence, the last of which stands for `</s>`.
    window
        How many ids a context has, 1 or more.
    pad_id
        Stands in a context for what would be before the sentence.

    Returns
    -------
    contexts
        Shape (N, window), the oldest id first.
    targets
        Shape (N,).
    """
    ### BEGIN SOLUTION
    if window < 1:
        raise ValueError(f"expected a window of 1 or more, not {window}")
    contexts, targets = [np.empty((0, window), dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    before = np.full(window, pad_id, dtype=np.int64)
    for sentence in ids:
        padded = np.concatenate([before, np.asarray(sentence, dtype=np.int64)])
        contexts.append(np.lib.stride_tricks.sliding_window_view(padded, window)[:-1])
        targets.append(padded[window:])
    return np.concatenate(contexts), np.concatenate(targets)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "make_windows-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# Two sentences: 5 6 7 and 8 9. The last id of each is its </s>; 0 stands for <s>.
contexts, targets = make_windows([np.array([5, 6, 7]), np.array([8, 9])], 2, 0)
assert len(contexts) == len(targets) == 5, (
    f"every id is a target once, </s> and the first word too: 5 examples, not {len(targets)}"
)
assert close(targets, [5, 6, 7, 8, 9]), f"the targets are the ids of the text, not {targets}"
assert close(contexts[2], [5, 6]), (
    f"before 7 stand 5 and 6, the oldest first: [5, 6], not {contexts[2]}"
)
assert close(contexts[0], [0, 0]), f"before the first id there is only padding, not {contexts[0]}"
assert close(contexts[1], [0, 5]), (
    f"one id before 6, so one pad on the left: [0, 5], not {contexts[1]}"
)
assert close(contexts[3], [0, 0]), (
    f"8 begins a sentence: what stands in the sentence before is not its context: {contexts[3]}"
)
contexts, targets = make_windows([np.array([5, 6])], 4, 1)
assert close(contexts, [[1, 1, 1, 1], [1, 1, 1, 5]]), (
    f"a window longer than the sentence is filled up with pad_id, here 1: {contexts}"
)
contexts, targets = make_windows([], 3, 0)
assert np.shape(contexts) == (0, 3), f"no text: contexts of shape (0, 3), not {np.shape(contexts)}"
assert np.shape(targets) == (0,), f"no text: targets of shape (0,), not {np.shape(targets)}"
contexts, targets = make_windows([np.array([5, 6]), np.array([], dtype=int), [7]], 1, 0)
assert close(targets, [5, 6, 7]), f"a sentence without ids gives no example: 5, 6, 7, not {targets}"
assert all(np.asarray(part).dtype.kind in "iu" for part in (contexts, targets)), (
    f"ids are whole numbers: {np.asarray(contexts).dtype} and {np.asarray(targets).dtype}"
)
assert refuses(make_windows, [np.array([5, 6])], 0, 0), "a window of 0: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "make_windows-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other texts and windows, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect make_windows
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The model, and its size
#
# Bengio et al. (2003, in 001) look up a vector $C(w)$ of $m$ numbers, the *features*, for each word of the context, join the vectors to one long vector $x$, and compute a score for every word of the vocabulary (their eq. 1):
#
# $$y = b + Wx + U \tanh(d + Hx)$$
#
# A softmax makes probabilities of the scores. Slides 003 draw the same network without the *direct connections* $W$, and with other letters: $h = f(We + b_1)$, $\hat y = \text{softmax}(Uh + b_2)$, where $e$ is our $x$ and their $W$ is our $H$. We keep Bengio's letters. As our vectors are rows, our matrices are his, transposed:
#
# | name | shape here | what it is |
# |---|---|---|
# | `C` | $(V, m)$ | a row of features for each word |
# | `H` | $(\text{window}\cdot m,\ h)$ | from the features to the hidden units |
# | `d` | $(h,)$ | biases of the hidden units |
# | `U` | $(h, V)$ | from the hidden units to the scores |
# | `W` | $(\text{window}\cdot m,\ V)$ | direct connections; **`None` where there are none** |
# | `b` | $(V,)$ | biases of the scores |
#
# How many numbers are that? A table of n-gram counts can grow like $V^n$. This grows linearly in $V$ and in $n$.
#
# **Write `parameter_count(V, m, n, h, direct)`.**
#
# * `n` is **Bengio's $n$, which counts the predicted word**: the window is $n-1$. `direct` says whether there are direct connections.
# * Count every entry of every array of the table. Return a whole number, exactly.
# * `V`, `m` or `h` below 1, or `n` below 2, raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "parameter_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def parameter_count(V: int, m: int, n: int, h: int, direct: bool) -> int:
    """Return how many free parameters the model has.

    Parameters
    ----------
    V
        Words of the vocabulary.
    m
        Features of a word.
    n
        Words that are looked at, the predicted one included.
    h
        Hidden units.
    direct
        Whether there are connections from the features to the scores.

    Returns
    -------
    parameters
        The entries of all arrays together.
    """
    ### BEGIN SOLUTION
    if min(V, m, h) < 1 or n < 2:
        raise ValueError(f"expected V, m and h of 1 or more and n of 2 or more: {V}, {m}, {h}, {n}")
    features = (n - 1) * m
    count = V * m + h * (1 + features) + V * (1 + h)
    return count + V * features if direct else count
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "parameter_count-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 10 words, 2 features, n = 3 (two words of context), 4 hidden units.
# C 10*2, H (2*2)*4, d 4, U 4*10, b 10: 20 + 16 + 4 + 40 + 10 = 90.
without = parameter_count(10, 2, 3, 4, False)
assert without == 90, f"C 20, H 16, d 4, U 40, b 10: 90 in all, not {without}"
# And W (2*2)*10 = 40 more.
with_direct = parameter_count(10, 2, 3, 4, True)
assert with_direct == 130, f"W has 4 * 10 entries: 130 in all, not {with_direct}"
# A model of the size that Bengio et al. trained, with direct connections.
bengio = parameter_count(17_964, 30, 5, 100, True)
assert bengio == 4_521_064, f"17,964 words, m = 30, n = 5, h = 100: 4,521,064, not {bengio:,}"
assert refuses(parameter_count, 10, 2, 1, 4, True), "n = 1 leaves no context: a ValueError"


# %% nbgrader={"grade": true, "grade_id": "parameter_count-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: models with and without direct connections.
### BEGIN HIDDEN TESTS
# collect parameter_count
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The loss
#
# The model gives a row of log-probabilities for each example, one for every word. The loss of a batch of $B$ examples is the cross-entropy, the *mean* of what the true next words cost:
#
# $$J = -\frac1B \sum_{i=1}^{B} \log P(w_i \mid \text{context}_i)$$
#
# Its power $e^J$ is the perplexity.
#
# **Write `window_loss(log_probs, targets)`.**
#
# * `log_probs` has shape `(B, V)` and holds natural logarithms; `targets` has shape `(B,)`. Return one number, in nats.
# * A target of probability 0 has log-probability $-\infty$, and makes the loss `math.inf`. What the other words of a row cost plays no part, whatever it is.
# * These raise `ValueError`: an empty batch; a number of targets that is not $B$; a target below 0 or not below $V$; a `nan` among the targets' log-probabilities (the model has diverged).

# %% nbgrader={"grade": false, "grade_id": "window_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def window_loss(log_probs: Float[np.ndarray, "B V"], targets: Int[np.ndarray, " B"]) -> float:
    """Return the mean negative log-probability of the targets.

    Parameters
    ----------
    log_probs
        Shape (B, V), in nats.
    targets
        Shape (B,): the id of the true next word of each example.

    Returns
    -------
    loss
        In nats per token, 0 or more, or infinity.
    """
    ### BEGIN SOLUTION
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    n_examples, n_words = log_probs.shape
    if n_examples == 0 or targets.shape != (n_examples,):
        raise ValueError(f"expected a target for each of {n_examples} examples, 1 or more")
    if targets.min() < 0 or targets.max() >= n_words:
        raise ValueError(f"expected targets from 0 to {n_words - 1}")
    chosen = log_probs[np.arange(n_examples), targets]
    if np.isnan(chosen).any():
        raise ValueError("a log-probability is nan: the model has diverged")
    return float(-chosen.mean())
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "window_loss-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
two_examples = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
loss = window_loss(two_examples, np.array([1, 0]))
assert close(loss, (math.log(4) + math.log(10)) / 2), (
    f"the targets have 1/4 and 1/10: the mean of log 4 and log 10 is 1.844, not {loss}"
)
uniform = window_loss(np.log(np.full((7, 20), 1 / 20)), np.arange(7))
assert close(uniform, math.log(20)), (
    f"a model that knows nothing about 20 words has a loss of log 20 = 2.996, not {uniform}"
)
with np.errstate(divide="ignore"):
    impossible = np.log(np.array([[1.0, 0.0], [0.5, 0.5]]))
assert window_loss(impossible, np.array([1, 0])) == math.inf, "a target of probability 0: infinite"
other = window_loss(impossible, np.array([0, 0]))
assert close(other, math.log(2) / 2), f"only the targets count: log(2) / 2 = 0.347, not {other}"
elsewhere = np.array([[math.log(0.5), math.nan], [math.log(0.5), -math.inf]])
with_nan = window_loss(elsewhere, np.array([0, 0]))
assert close(with_nan, math.log(2)), (
    f"a nan that is no target's plays no part: log 2 = 0.693, not {with_nan}"
)
assert refuses(window_loss, elsewhere, np.array([1, 0])), "a target's nan: expected a ValueError"
assert refuses(window_loss, two_examples, np.array([0, -1])), "-1 is no id: expected a ValueError"
assert refuses(window_loss, two_examples, np.array([0])), "2 rows, 1 target: expected a ValueError"
assert refuses(window_loss, np.zeros((0, 3)), np.zeros(0, dtype=int)), (
    "the mean of no example is not defined: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "window_loss-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: batches of many sizes, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect window_loss
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Forward
#
# Now the network itself. For a batch of contexts:
#
# $$x = \big(C(w_{1}), \dots, C(w_{\text{window}})\big) \qquad \text{hidden} = \tanh(d + xH) \qquad y = b + \text{hidden}\,U + xW \qquad \log P = y - \log \sum_v e^{y_v}$$
#
# **Write `window_forward(params, contexts)`**, which returns `(log_probs, cache)`.
#
# * `params` is a dict with the six names of question 2. `contexts` has shape `(B, window)`, the oldest word first. All sizes follow from the shapes.
# * $x$ is the *concatenation* of the feature vectors in the order of the context, so it has $\text{window}\cdot m$ numbers: all features of the oldest word, then all of the next one, and so on. Each place has its own rows in `H`.
# * `log_probs` has shape `(B, V)`. Scores may be large (1000, or −1000): they must not overflow, and the log-probabilities are exact there as well.
# * `cache` is a dict of what the backward pass will need: `"contexts"` (the ids as they came; the array itself will do), `"x"` of shape `(B, window * m)`, `"hidden"` of shape `(B, h)`, `"log_probs"`. Further keys do no harm.
# * A batch of one example is a batch. A batch without examples gives log-probabilities of shape `(0, V)`.
# * An id below 0 or not below $V$ raises `ValueError`, and so does a score that is infinite or `nan`: a model that has diverged.

# %% nbgrader={"grade": false, "grade_id": "window_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def window_forward(
    params: Mapping[str, np.ndarray | None], contexts: Int[np.ndarray, "B window"]
) -> tuple[Float[np.ndarray, "B V"], dict[str, np.ndarray]]:
    """Return the log-probabilities of every next word.

    Parameters
    ----------
    params
        `C`, `H`, `d`, `U`, `W` (or None) and `b`.
    contexts
        Shape (B, window): ids, the oldest first.

    Returns
    -------
    log_probs
        Shape (B, V), in nats.
    cache
        `contexts`, `x`, `hidden` and `log_probs`, for the backward pass.
    """
    ### BEGIN SOLUTION
    C, H, d, U, W, b = (params[name] for name in ("C", "H", "d", "U", "W", "b"))
    contexts = np.asarray(contexts)
    if contexts.size and (contexts.min() < 0 or contexts.max() >= len(C)):
        raise ValueError(f"expected ids from 0 to {len(C) - 1}")
    x = C[contexts].reshape(len(contexts), len(H))
    hidden = np.tanh(x @ H + d)
    scores = hidden @ U
    scores += b
    if W is not None:
        scores += x @ W
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite: the model has diverged")
    # In place from here on: these are the largest arrays of the model.
    scores -= scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return scores, {"contexts": contexts, "x": x, "hidden": hidden, "log_probs": scores}
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "window_forward-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 3 words with 2 features each, a window of 2, 1 hidden unit, small enough for pencil and paper.
small = {
    "C": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]),
    "H": np.array([[0.5], [0.0], [0.0], [1.0]]),
    "d": np.array([-1.0]),
    "U": np.array([[1.0, 0.0, -1.0]]),
    "W": None,
    "b": np.array([0.0, 1.0, 0.0]),
}
log_probs, cache = window_forward(small, np.array([[1, 2], [2, 1]]))
assert np.shape(log_probs) == (2, 3), f"2 examples, 3 words: (2, 3), not {np.shape(log_probs)}"
assert close(cache["x"], [[1, 0, 0, 2], [0, 2, 1, 0]]), (
    f"x joins the features of the words in the order of the context:\n{cache['x']}"
)
# First example: x H = 0.5 + 2, and d = -1, so hidden = tanh(1.5). Second: 0 + 0 - 1: tanh(-1).
assert close(cache["hidden"], np.tanh([[1.5], [-1.0]])), (
    f"hidden is tanh(d + x H) = tanh(1.5) and tanh(-1), not\n{cache['hidden']}"
)
assert close(np.exp(np.asarray(log_probs)).sum(axis=1), [1, 1]), (
    "the probabilities of a row sum to 1: one distribution for each example, in logarithms"
)
t = math.tanh(1.5)
scores = np.array([t, 1.0, -t])
assert close(log_probs[0], scores - math.log(sum(math.exp(score) for score in scores))), (
    f"scores {scores}, minus the log of the sum of their exponentials, not {log_probs[0]}"
)
large = {**small, "b": np.array([0.0, 1000.0, -1000.0])}
far, _ = window_forward(large, np.array([[0, 0]]))
u = math.tanh(-1.0)
assert close(far, [[u - 1000, 0, -u - 2000]]), (
    f"large scores must not overflow, nor small probabilities be rounded up: {far}"
)
direct = {**small, "W": np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 2.0]])}
with_direct, _ = window_forward(direct, np.array([[1, 2]]))
scores = np.array([t, 1.0, -t + 4.0])
assert close(with_direct[0], scores - math.log(sum(math.exp(score) for score in scores))), (
    f"direct connections add x W = (0, 0, 4) to the scores: {with_direct[0]}"
)
try:
    nobody, _ = window_forward(small, np.zeros((0, 2), dtype=int))
except ValueError as error:
    raise AssertionError(
        "a batch without examples is allowed, and raised an error. (reshape(0, -1) cannot know how "
        "wide the rows are, and a maximum over nothing is no number.)"
    ) from error
assert np.shape(nobody) == (0, 3), f"no examples: shape (0, 3), not {np.shape(nobody)}"
assert refuses(window_forward, small, np.array([[0, -1]])), "-1 is no id: expected a ValueError"
broken = {**small, "b": np.array([0.0, np.inf, 0.0])}
assert refuses(window_forward, broken, np.array([[0, 1]])), (
    "an infinite score is a model that has diverged: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "window_forward-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: models of many shapes, with and without W, large scores, and the special cases.
### BEGIN HIDDEN TESTS
# collect window_forward
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Two models that disagree
#
# A network and an n-gram model make different mistakes: the one blurs what it should remember, the other has not seen what it should expect. Bengio et al. let both vote. The **mixture** gives each word the weighted mean of the two *probabilities*:
#
# $$P(w \mid c) = \alpha\, P_{\text{neural}}(w \mid c) + (1 - \alpha)\, P_{\text{n-gram}}(w \mid c)$$
#
# **Write `mixture_log_probs(p_neural, p_ngram, weight)`.**
#
# * `p_neural` and `p_ngram` are arrays of *probabilities* in float64, of one shape, whatever it is: one for each token of a text, or whole distributions of shape `(N, V)`.
# * `weight` is $\alpha$: **the share of the neural model**, from 0 to 1.
# * Return natural *log*-probabilities, an array of the same shape. Where the mixture gives probability 0, the logarithm is $-\infty$; no warning or error is needed.
# * A weight below 0, above 1 or `nan`, or arrays of different shapes, raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "mixture_log_probs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mixture_log_probs(
    p_neural: Float[np.ndarray, "*shape"], p_ngram: Float[np.ndarray, "*shape"], weight: float
) -> Float[np.ndarray, "*shape"]:
    """Return the log-probabilities of a mixture of two models.

    Parameters
    ----------
    p_neural, p_ngram
        The probabilities that the two models give, of one shape.
    weight
        The share of the neural model, from 0 to 1.

    Returns
    -------
    log_probs
        Of the same shape, in nats.
    """
    ### BEGIN SOLUTION
    p_neural, p_ngram = np.asarray(p_neural), np.asarray(p_ngram)
    if p_neural.shape != p_ngram.shape:
        raise ValueError(f"expected one shape, came {p_neural.shape} and {p_ngram.shape}")
    if not 0 <= weight <= 1:
        raise ValueError(f"expected a weight from 0 to 1, not {weight}")
    with np.errstate(divide="ignore"):
        return np.log(weight * p_neural + (1 - weight) * p_ngram)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "mixture_log_probs-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
mixed = mixture_log_probs(np.array([0.8, 0.1]), np.array([0.2, 0.3]), 0.75)
assert close(mixed, np.log([0.65, 0.15])), (
    f"0.75 * 0.8 + 0.25 * 0.2 = 0.65 and 0.75 * 0.1 + 0.25 * 0.3 = 0.15, in logarithms: not {mixed}"
)
only_neural = mixture_log_probs(np.array([0.8]), np.array([0.2]), 1.0)
assert close(only_neural, np.log([0.8])), (
    f"a weight of 1: the neural model alone, not {only_neural}"
)
one_knows = mixture_log_probs(np.array([0.0, 0.4]), np.array([0.5, 0.0]), 0.5)
assert close(one_knows, np.log([0.25, 0.2])), (
    f"one model says 0, the other does not: half of what that one says, not {one_knows}"
)
neither = mixture_log_probs(np.array([0.0]), np.array([0.0]), 0.5)
assert neither[0] == -math.inf, f"neither model thinks it possible: minus infinity, not {neither}"
assert refuses(mixture_log_probs, np.array([0.8]), np.array([0.2]), 1.5), (
    "a weight of 1.5 leaves -0.5 for the other model: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "mixture_log_probs-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: texts and whole distributions, weights 0 and 1, and the special cases.
### BEGIN HIDDEN TESTS
# collect mixture_log_probs
### END HIDDEN TESTS

# %% [markdown]
# ## 6. Which weight? Held-out text decides
#
# Bengio et al. tried a fixed weight of 0.5, and a weight *learned* on validation text (maximum likelihood). For $T$ held-out tokens that is the $\alpha$ that makes
#
# $$L(\alpha) = \sum_{t=1}^{T} \log\big(\alpha\, p_t + (1-\alpha)\, q_t\big)$$
#
# largest, where $p_t$ is what the neural model gives to token $t$, and $q_t$ what the n-gram model gives. $L$ has no second hill: its second derivative is never positive. Find the top in any way: bisection of the derivative, a fine grid, EM as in assignment 01. Mind that EM creeps where the two models nearly agree: a number of rounds that is enough for one text is far from enough for another.
#
# **Write `fit_mixture_weight(p_neural, p_ngram)`.**
#
# * Both are arrays of float64 of shape `(T,)` with the *probabilities* of the tokens. Return the best weight of the neural model, **accurate to 0.001**. It may be 0 or 1. (Here float32 is too coarse for sums over tokens: compute in float64.)
# * Tokens to which *both* models give probability 0 say nothing about the weight: leave them out.
# * If every weight is as good as any other (no token is left, or $p_t = q_t$ for all of them), return 0.5.
# * Arrays of different shapes raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "fit_mixture_weight", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_mixture_weight(
    p_neural: Float[np.ndarray, " T"], p_ngram: Float[np.ndarray, " T"]
) -> float:
    """Return the weight of the neural model under which held-out text is most probable.

    Parameters
    ----------
    p_neural, p_ngram
        Shape (T,): the probability that each model gives to each token.

    Returns
    -------
    weight
        From 0 to 1.
    """
    ### BEGIN SOLUTION
    p, q = np.asarray(p_neural, dtype=float), np.asarray(p_ngram, dtype=float)
    if p.shape != q.shape:
        raise ValueError(f"expected one shape, came {p.shape} and {q.shape}")
    known = (p > 0) | (q > 0)
    p, q = p[known], q[known]
    if np.array_equal(p, q):
        return 0.5
    low, high = 0.0, 1.0
    for _ in range(40):  # the derivative falls: the top is where it changes its sign
        middle = (low + high) / 2
        slope = ((p - q) / (middle * p + (1 - middle) * q)).sum()
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "fit_mixture_weight-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def near(weight, expected):
    """Return whether a weight is accurate to 0.001."""
    return abs(float(weight) - expected) <= 0.001


# Four tokens. The neural model knows three of them, the n-gram model the other one.
three_of_four = fit_mixture_weight(np.array([0.5, 0.5, 0.5, 0.0]), np.array([0.0, 0.0, 0.0, 0.5]))
assert near(three_of_four, 0.75), (
    f"log(a/2) three times and log((1-a)/2) once is largest at a = 3/4, not {three_of_four}"
)
# (0.8, 0.2) against (0.2, 0.6): L' = 0.6 / (0.2 + 0.6 a) - 0.4 / (0.6 - 0.4 a) is 0 at a = 7/12.
two_tokens = fit_mixture_weight(np.array([0.8, 0.2]), np.array([0.2, 0.6]))
assert near(two_tokens, 7 / 12), f"the derivative is 0 at 7/12 = 0.583, not {two_tokens}"
better = fit_mixture_weight(np.array([0.5, 0.4]), np.array([0.1, 0.3]))
assert near(better, 1.0), f"the neural model is better on every token: all the weight, not {better}"
worse = fit_mixture_weight(np.array([0.1, 0.3]), np.array([0.5, 0.4]))
assert near(worse, 0.0), f"the neural model is worse on every token: no weight, not {worse}"
unknown = fit_mixture_weight(np.array([0.8, 0.0, 0.2]), np.array([0.2, 0.0, 0.6]))
assert near(unknown, 7 / 12), f"the second token is left out, so 7/12 again, not {unknown}"
# (0.6, 0.46) against (0.5, 0.56): 0.1 / (0.5 + 0.1 a) = 0.1 / (0.56 - 0.1 a) at a = 0.3.
alike = fit_mixture_weight(np.array([0.6, 0.46]), np.array([0.5, 0.56]))
assert near(alike, 0.3), (
    f"two models that nearly agree: the top is at 0.3, not {alike}. A fixed number of rounds of EM, or "
    "stopping when a round changes little, ends too early here"
)
tie = fit_mixture_weight(np.array([0.2, 0.3]), np.array([0.2, 0.3]))
assert near(tie, 0.5), f"every weight is as good as any other: 0.5, not {tie}"
none_left = fit_mixture_weight(np.array([0.0]), np.array([0.0]))
assert near(none_left, 0.5), f"no token is left: 0.5, not {none_left}"
assert refuses(fit_mixture_weight, np.array([0.5, 0.5]), np.array([0.5])), (
    "two tokens and one: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "fit_mixture_weight-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: many texts, best weights at the ends and between, and the special cases.
### BEGIN HIDDEN TESTS
# collect fit_mixture_weight
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Backward
#
# Now the gradient, by hand. With the mean loss $J$ of question 3, and $p$ the probabilities of a batch, the derivative with respect to the scores is *predicted minus observed*, as in assignment 02:
#
# $$\frac{\partial J}{\partial y_{iv}} = \frac1B \big(p_{iv} - [v = w_i]\big)$$
#
# From there on it is the chain rule, backwards through the network: the scores were made of `hidden`, of $x$ and of `b`; `hidden` was made of $x$ and `d`; and $x$ of rows of `C`. Two places need care. $x$ reaches the scores on *two* paths, through `hidden` and through `W`, and what comes back on both adds up. And a word may stand **more than once** in a batch, even in one context: its row of `C` gets the sum of what comes back to all of its places.
#
# **Write `window_backward(params, cache, targets)`**, which returns a dict with the gradient of the *mean* loss for each name in `params`.
#
# * `cache` is what `window_forward` returned, here the reference's, with the keys `"contexts"`, `"x"`, `"hidden"` and `"log_probs"` (see question 4). It holds no other keys. `targets` has shape `(B,)`.
# * Each gradient has the shape of its parameter. That of `C` is dense: rows of words that do not occur are 0.
# * Where `params["W"]` is `None`, so is the gradient of `W`.
# * An empty batch, a number of targets that is not $B$, or a target below 0 or not below $V$ raise `ValueError`.
#
# The gradient check of assignment 02 is your friend here: nudge an entry, look at the loss.

# %% nbgrader={"grade": false, "grade_id": "window_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def window_backward(
    params: Mapping[str, np.ndarray | None],
    cache: Mapping[str, np.ndarray],
    targets: Int[np.ndarray, " B"],
) -> dict[str, np.ndarray | None]:
    """Return the gradient of the mean loss of a batch.

    Parameters
    ----------
    params
        `C`, `H`, `d`, `U`, `W` (or None) and `b`.
    cache
        `contexts` (B, window), `x` (B, window * m), `hidden` (B, h), `log_probs` (B, V).
    targets
        Shape (B,): the true next words.

    Returns
    -------
    grads
        An array for each parameter, of its shape; None for a `W` that is None.
    """
    ### BEGIN SOLUTION
    C, H, U, W = (params[name] for name in ("C", "H", "U", "W"))
    contexts, x, hidden = (np.asarray(cache[name]) for name in ("contexts", "x", "hidden"))
    targets = np.asarray(targets)
    n_examples, (n_words, n_features) = len(contexts), C.shape
    if n_examples == 0 or targets.shape != (n_examples,):
        raise ValueError(f"expected a target for each of {n_examples} examples, 1 or more")
    if targets.min() < 0 or targets.max() >= n_words:
        raise ValueError(f"expected targets from 0 to {n_words - 1}")
    d_scores = np.exp(cache["log_probs"])
    d_scores[np.arange(n_examples), targets] -= 1
    d_scores /= n_examples
    d_inside = (d_scores @ U.T) * (1 - hidden**2)
    d_x = d_inside @ H.T
    if W is not None:
        d_x += d_scores @ W.T
    d_C = np.zeros_like(C)
    np.add.at(d_C, contexts.ravel(), d_x.reshape(-1, n_features))
    return {
        "C": d_C,
        "H": x.T @ d_inside,
        "d": d_inside.sum(axis=0),
        "U": hidden.T @ d_scores,
        "W": None if W is None else x.T @ d_scores,
        "b": d_scores.sum(axis=0),
    }
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "window_backward-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 2 words with 1 feature, a window of 2, 1 hidden unit. The context is word 0, twice.
# d and b are such that hidden is 1/2 and the probabilities are 1/4 and 3/4. The target is word 0.
params = {
    "C": np.array([[1.0], [2.0]]),
    "H": np.array([[1.0], [2.0]]),
    "d": np.array([math.atanh(0.5) - 3.0]),
    "U": np.array([[1.0, -1.0]]),
    "W": np.array([[1.0, 0.0], [0.0, 2.0]]),
    "b": np.array([math.log(0.25) - 1.5, math.log(0.75) - 1.5]),
}
cache = {
    "contexts": np.array([[0, 0]]),
    "x": np.array([[1.0, 1.0]]),
    "hidden": np.array([[0.5]]),
    "log_probs": np.log(np.array([[0.25, 0.75]])),
}
came = {name: value.copy() for name, value in cache.items()}
grads = window_backward(params, cache, np.array([0]))
changed = [name for name in came if not np.array_equal(came[name], cache[name])]
assert not changed, f"cache[{changed[0]!r}] was changed in place: work on a copy"
assert close(grads["b"], [-0.75, 0.75]), (
    f"predicted (1/4, 3/4) minus observed (1, 0) is (-0.75, 0.75), not {grads['b']}"
)
assert close(grads["U"], [[-0.375, 0.375]]), f"hidden 1/2 times (-0.75, 0.75), not {grads['U']}"
assert close(grads["W"], [[-0.75, 0.75], [-0.75, 0.75]]), (
    f"x = (1, 1) times (-0.75, 0.75), not\n{grads['W']}"
)
assert close(grads["d"], [-1.125]), (
    f"back through U: -0.75 - 0.75 = -1.5; times tanh' = 1 - (1/2)^2 = 3/4: -1.125, not {grads['d']}"
)
assert close(grads["H"], [[-1.125], [-1.125]]), f"x = (1, 1) times -1.125, not\n{grads['H']}"
# Back to x: through H (1, 2) * -1.125, through W (-0.75, 2 * 0.75): together (-1.875, -0.75).
assert close(grads["C"], [[-2.625], [0.0]]), (
    "word 0 stands at both places, and gets what comes back to both, through H and through W: "
    f"-1.875 - 0.75 = -2.625. Word 1 does not occur. Not\n{grads['C']}"
)
twice = {name: np.concatenate([value, value]) for name, value in cache.items()}
again = window_backward(params, twice, np.array([0, 0]))
for name, grad in grads.items():
    assert close(again[name], grad), (
        f"the same example twice: the mean loss is the same, and so is its gradient for {name}: "
        f"\n{again[name]} against\n{grad}"
    )
no_direct = {**params, "W": None, "b": params["b"] + np.array([1.0, 2.0])}  # the same scores
without = window_backward(no_direct, cache, np.array([0]))
assert without["W"] is None, f"where W is None its gradient is None, not {without['W']}"
assert close(without["C"], [[-3.375], [0.0]]), (
    f"without W: (1, 2) * -1.125, which sum to -3.375: {without['C']}"
)
for wrong in ([2], [-1], [0, 0]):
    assert refuses(window_backward, params, cache, np.array(wrong)), (
        f"targets {wrong} for one example and two words: expected a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "window_backward-graded", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# 6 points, graded when you submit: models of many shapes, words that occur twice, with and without W, and the special cases.
### BEGIN HIDDEN TESTS
# collect window_backward
### END HIDDEN TESTS

# %% [markdown]
# ## 8. Weight decay that spares biases
#
# Bengio et al. maximise a *penalised* likelihood: their $R(\theta)$ is "a weight decay penalty applied only to the weights of the neural network and to the $C$ matrix, not to the biases". A bias says how frequent a word is; there is no reason to pull that towards zero. To be minimised is then
#
# $$J + \frac{\lambda}{2} \sum_{\theta \,\in\, \{C, H, U, W\}} \|\theta\|^2$$
#
# where $\|\theta\|^2$ is the sum of the squares of all entries, and $\lambda$ is called `decay` in code.
#
# **Write `add_weight_decay(loss, grads, params, decay)`**, which returns the pair `(loss, grads)` with the penalty added to the loss, and its gradient to the gradients.
#
# * `params` and `grads` are dicts with the names of question 2. **The biases `d` and `b` are spared.** A `W` that is `None` costs nothing, and its gradient stays `None`.
# * The new `grads` is a new dict of new arrays; those that came are not changed.
# * Mind the ½ and what its derivative is.
# * A negative `decay` raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "add_weight_decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_weight_decay(
    loss: float,
    grads: Mapping[str, np.ndarray | None],
    params: Mapping[str, np.ndarray | None],
    decay: float,
) -> tuple[float, dict[str, np.ndarray | None]]:
    """Add a penalty on large weights to a loss and to its gradients.

    Parameters
    ----------
    loss
        Without the penalty, in nats.
    grads
        Its gradients, by name.
    params
        `C`, `H`, `d`, `U`, `W` (or None) and `b`.
    decay
        How strong the penalty is, 0 or more.

    Returns
    -------
    loss
        With the penalty.
    grads
        The gradients of that.
    """
    ### BEGIN SOLUTION
    if decay < 0:
        raise ValueError(f"expected a decay of 0 or more, not {decay}")
    penalised = {name: None if grad is None else grad.copy() for name, grad in grads.items()}
    for name in ("C", "H", "U", "W"):
        weights = params[name]
        if weights is not None:
            loss += decay / 2 * float((weights**2).sum())
            penalised[name] += decay * weights
    return loss, penalised
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "add_weight_decay-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
params = {
    "C": np.array([[1.0], [2.0]]),
    "H": np.array([[3.0]]),
    "d": np.array([10.0]),
    "U": np.array([[0.0, -1.0]]),
    "W": np.array([[1.0, 1.0]]),
    "b": np.array([20.0, 30.0]),
}
grads = {name: np.full_like(value, 0.5) for name, value in params.items()}
loss, with_decay = add_weight_decay(2.0, grads, params, 0.1)
# The squares: C 1 + 4, H 9, U 1, W 1 + 1: 17 in all. d and b are spared.
assert close(loss, 2.85), f"2 + 0.1 / 2 * 17 = 2.85, not {loss}: d and b cost nothing"
assert close(with_decay["C"], [[0.6], [0.7]]), (
    f"0.5 + 0.1 * (1, 2) = (0.6, 0.7): the derivative of decay / 2 * c^2 is decay * c, "
    f"not {with_decay['C']}"
)
assert close(with_decay["U"], [[0.5, 0.4]]), f"0.5 + 0.1 * (0, -1), not {with_decay['U']}"
assert close(with_decay["b"], [0.5, 0.5]), f"biases are spared: 0.5 as before: {with_decay['b']}"
assert close(with_decay["d"], [0.5]), f"biases are spared, d as well as b: {with_decay['d']}"
assert close(grads["C"], [[0.5], [0.5]]), "the gradients that came must not change"
same, _ = add_weight_decay(2.0, grads, params, 0.0)
assert close(same, 2.0), f"without decay the loss stays 2, not {same}"
without, none = add_weight_decay(2.0, {**grads, "W": None}, {**params, "W": None}, 0.1)
assert close(without, 2.75), f"without W the squares are 15: 2.75, not {without}"
assert none["W"] is None, f"the gradient of a W that is None stays None, not {none['W']}"
assert refuses(add_weight_decay, 2.0, grads, params, -0.1), (
    "a negative decay: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "add_weight_decay-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: models with and without W, and no decay at all.
### BEGIN HIDDEN TESTS
# collect add_weight_decay
### END HIDDEN TESTS

# %% [markdown]
# ## 9. Training
#
# The loop around it is the same for every model of this course: show the examples in small batches, in a new order every time, take a step against the gradient after each batch, look at held-out text after each round (*epoch*), and keep the best parameters that were seen.
#
# **Write `train_window(params, train, valid, loss, gradients, learning_rates, batch_size, patience, rng)`**, which returns the pair `(best_params, valid_losses)`.
#
# * The loop does not care which model it trains. `params` is a dict of arrays **with any names**; a value may be `None`, and stays `None`. `loss(params, contexts, targets)` returns the mean loss of some examples, `gradients(params, contexts, targets)` returns the gradients of that mean, by name and in any order (`None` where the parameter is). Both are given to you as arguments, and may keep what they got: step to *new* arrays instead of writing into those that you handed over, or that came back.
# * `train` and `valid` are pairs `(contexts, targets)`. The examples of `train` come in any order, perhaps sorted.
# * `learning_rates` has a number for each epoch, so its length is the largest number of epochs. **One epoch:** draw a new random order of all training examples with `rng`; cut it into batches of `batch_size`, *the last of which may be smaller and is used as well*; for each batch, take one step of gradient descent, $\theta \leftarrow \theta - \eta\, \nabla J$, with this epoch's $\eta$ for every parameter. A batch size above the number of examples makes one batch of all.
# * After each epoch, compute the loss of *all* of `valid`. `valid_losses` is the list of these numbers. The parameters from before the first epoch are not a candidate and have no number.
# * **Early stopping**, as in assignment 02: stop after an epoch that is the `patience`-th in a row without a validation loss *below the best so far*. `best_params` are those after the epoch with the lowest validation loss, the first of equals.
# * No epochs at all: return the parameters as they came, and an empty list.
# * `batch_size` or `patience` below 1 raise `ValueError`, and so does a validation loss that is `nan` or infinite (a run that has diverged should say so, and stop).
# * The caller's `params` are not changed. All randomness comes from `rng`: the same seed gives the same parameters.
#
# How it is graded: your loop trains small models on fresh data, and the log-probabilities that the trained models give on held-out contexts are judged elsewhere, where the next words are. The mean loss has to be within 0.05 nats of that of the reference; right loops that shuffle otherwise differ by less than half of that. Early stopping is tested on models whose validation losses are known beforehand, one of them where each example is shown once in each epoch; and a model that writes down what it is shown tells in which order examples came.

# %% nbgrader={"grade": false, "grade_id": "train_window", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_window(
    params: Mapping[str, np.ndarray | None],
    train: tuple[Int[np.ndarray, "N window"], Int[np.ndarray, " N"]],
    valid: tuple[Int[np.ndarray, "M window"], Int[np.ndarray, " M"]],
    loss: Callable[[dict, np.ndarray, np.ndarray], float],
    gradients: Callable[[dict, np.ndarray, np.ndarray], dict],
    learning_rates: Sequence[float],
    batch_size: int,
    patience: int,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray | None], list[float]]:
    """Train a model with minibatches and early stopping.

    Parameters
    ----------
    params
        Where to start: arrays, or None, by name.
    train, valid
        Contexts, shape (N, window), and targets, shape (N,).
    loss, gradients
        The mean loss of examples, and its gradients.
    learning_rates
        One for each epoch.
    batch_size
        Examples in a batch, 1 or more.
    patience
        So many epochs in a row without an improvement are one too many.
    rng
        The source of randomness.

    Returns
    -------
    best_params
        Those after the epoch with the lowest validation loss.
    valid_losses
        One for each epoch that was run, in nats.
    """
    ### BEGIN SOLUTION
    if batch_size < 1 or patience < 1:
        raise ValueError(f"expected a batch size and a patience of 1 or more: {batch_size}")
    contexts, targets = train
    params = {name: None if p is None else np.array(p) for name, p in params.items()}
    best, valid_losses = params, []
    for learning_rate in learning_rates:
        order = rng.permutation(len(targets))
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            grads = gradients(params, contexts[batch], targets[batch])
            params = {
                name: None if p is None else p - learning_rate * grads[name]
                for name, p in params.items()
            }
        valid_losses.append(float(loss(params, *valid)))
        if not math.isfinite(valid_losses[-1]):
            raise ValueError(f"the validation loss is {valid_losses[-1]}: a smaller learning rate?")
        best_epoch = int(np.argmin(valid_losses))
        if best_epoch == len(valid_losses) - 1:
            best = params
        elif len(valid_losses) - 1 - best_epoch >= patience:
            break
    return best, valid_losses
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "train_window-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# A model without a context: a score for each of 3 words. Its gradient is predicted - observed.
shown = []


def toy_probs(params):
    powers = np.exp(params["scores"])
    return powers / powers.sum()


def toy_loss(params, contexts, targets):
    return float(-np.log(toy_probs(params))[targets].mean())


def toy_gradients(params, contexts, targets):
    shown.append([(int(c[0]), int(t)) for c, t in zip(contexts, targets, strict=True)])
    observed = np.bincount(targets, minlength=3) / len(targets)
    return {"scores": toy_probs(params) - observed, "unused": None}


begin = {"scores": np.zeros(3), "unused": None}
examples = (np.arange(8)[:, None], np.array([0, 0, 0, 0, 1, 1, 2, 2]))  # example i has context i
one_batch, losses = train_window(
    begin, examples, examples, toy_loss, toy_gradients, [1.2], 8, 5, np.random.default_rng(0)
)
assert close(one_batch["scores"], [0.2, -0.1, -0.1]), (
    "one batch of all: 0 - 1.2 * ((1/3, 1/3, 1/3) - (1/2, 1/4, 1/4)) = (0.2, -0.1, -0.1), "
    f"not {one_batch['scores']}"
)
assert one_batch["unused"] is None, "a parameter that is None stays None"
assert close(begin["scores"], [0, 0, 0]), "the parameters that came must not change"
assert len(losses) == 1, f"a validation loss for each epoch, here 1, not {losses}"
assert close(losses[0], toy_loss(one_batch, *examples)), "the loss is that after the epoch"

shown.clear()
train_window(
    begin, examples, examples, toy_loss, toy_gradients, [0.1] * 3, 3, 5, np.random.default_rng(0)
)
sizes = [len(batch) for batch in shown]
assert sizes == [3, 3, 2] * 3, (
    f"8 examples in batches of 3, for 3 epochs: 3, 3 and the rest, 2, each time, not {sizes}"
)
pairs = set(enumerate([0, 0, 0, 0, 1, 1, 2, 2]))
assert all(set(sum(shown[i : i + 3], [])) == pairs for i in (0, 3, 6)), (
    f"every epoch shows each example once, each context with its own target: {shown}"
)
assert shown[:3] != shown[3:6] != shown[6:], "every epoch has an order of its own, drawn with rng"
few = train_window(
    begin, examples, examples, toy_loss, toy_gradients, [1.2], 100, 5, np.random.default_rng(0)
)
assert close(few[0]["scores"], [0.2, -0.1, -0.1]), "a batch of 100 is all 8 examples, not none"

# A clock: every step adds the learning rate to x. At x = 1, 2, 3 ... these are the losses.
known = [0.0, 5.0, 3.0, 4.0, 2.0, 2.5, 2.0, 2.2, 1.0]


def clock_loss(params, contexts, targets):
    return known[max(0, min(round(float(params["x"])), len(known) - 1))]


def clock_gradients(params, contexts, targets):
    return {"x": np.array(-1.0)}


clock = (np.zeros((4, 1), dtype=int), np.zeros(4, dtype=int))


def run_clock(n_epochs, patience):
    return train_window(
        {"x": np.array(0.0)},
        clock,
        clock,
        clock_loss,
        clock_gradients,
        [1.0] * n_epochs,
        4,
        patience,
        np.random.default_rng(0),
    )


best, losses = run_clock(3, 2)
assert close(losses, [5, 3, 4]), f"the losses after 1, 2 and 3 steps are 5, 3, 4, not {losses}"
assert close(best["x"], 2.0), f"the best of 5, 3, 4 is that after epoch 2, not after {best['x']}"
best, losses = run_clock(8, 2)
assert close(losses, [5, 3, 4, 2, 2.5, 2]), (
    "patience 2: after 4 comes 2, an improvement, so the count begins anew. Then 2.5 and 2, which "
    f"is not below 2, make two in a row without one: stop. Not {losses}"
)
assert close(best["x"], 4.0), f"2 came first after epoch 4: the first of equals, not {best['x']}"


def run_lengths(rates, batch_size=4, patience=2, loss=1.0):
    """Train x by steps of the learning rate, with this loss after each epoch but the first."""
    went = []

    def record(params, contexts, targets):
        went.append(float(params["x"]))
        return loss if len(went) > 1 else 2.0

    start = {"x": np.array(0.0)}
    source = np.random.default_rng(0)
    train_window(start, clock, clock, record, clock_gradients, rates, batch_size, patience, source)
    return went


went = run_lengths([1.0, 0.5, 0.25])
assert close(went, [1.0, 1.5, 1.75]), (
    f"each epoch has its own learning rate: x is 1, 1.5 and 1.75 after 1, 0.5 and 0.25, not {went}"
)
assert close(np.array([examples[0][:, 0], examples[1]]), [range(8), [0, 0, 0, 0, 1, 1, 2, 2]]), (
    "the arrays of the caller were shuffled in place: draw an order, and index with it"
)
others = (np.array([[8], [9], [10]]), np.array([1, 1, 2]))
_, losses = train_window(
    begin, examples, others, toy_loss, toy_gradients, [1.2], 2, 5, np.random.default_rng(0)
)
end, _ = train_window(
    begin, examples, others, toy_loss, toy_gradients, [1.2], 2, 5, np.random.default_rng(0)
)
assert close(losses[0], toy_loss(end, *others)), (
    f"the loss of all 3 validation examples, {toy_loss(end, *others):.4f}, not {losses[0]:.4f} "
    f"(that of the training examples is {toy_loss(end, *examples):.4f})"
)
assert refuses(run_lengths, [1.0], 0), "batches of 0 examples: expected a ValueError"
assert refuses(run_lengths, [1.0], 4, 0), "a patience of 0: expected a ValueError"
assert refuses(run_lengths, [1.0, 1.0], 4, 2, math.nan), "a loss of nan: expected a ValueError"
best, losses = run_clock(0, 2)
assert close(best["x"], 0.0), "no epochs: the parameters as they came"
assert len(losses) == 0, "no epochs: no losses"

# %% nbgrader={"grade": true, "grade_id": "train_window-graded", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# 6 points, graded when you submit: small models on fresh data, odd batch sizes, early stopping, and the special cases.
### BEGIN HIDDEN TESTS
# collect train_window
### END HIDDEN TESTS

# %% [markdown]
# ## Your model on the ladder
#
# All of it together now, on the course's own language, whose floor is known. The cells from here to the written question are for looking; they are not run when your work is graded. They train your model three times from three seeds, about 10 seconds each on one core, so that you see which differences between models are more than luck.

# %% tags=["exploration", "raises-exception"]
import sys
import time

import matplotlib.pyplot as plt
from tqdm import tqdm

from nextword.corpora import load
from nextword.grammar import Grammar, Slot
from nextword.models.evaluation import Scores
from nextword.models.ngram import ModifiedKneserNey
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.text.vocabulary import Vocabulary

WINDOW, N_FEATURES, N_UNITS = 5, 20, 50
DECAY = 1e-7

grammar = Grammar.load()
text = load("grammar")
vocab = Vocabulary.build(text.train)


def windows_of(sentences):
    """Return the windows of sentences of words."""
    ids = [np.append(vocab.encode(sentence), vocab.eos) for sentence in sentences]
    return make_windows(ids, WINDOW, vocab.bos)


valid = text.valid[:700]  # enough to see which epoch is best
train_examples, valid_examples = windows_of(text.train), windows_of(valid)
print(f"{len(train_examples[1]):,} examples, {len(vocab)} words")
n_parameters = parameter_count(len(vocab), N_FEATURES, WINDOW + 1, N_UNITS, False)
print(f"{n_parameters:,} parameters")


# %% [markdown]
# Where to start? Features random and small, `H` as wide as Glorot and Bengio advise (assignment 02), `U` nearly 0, and the output biases at the logarithms of the words' frequencies: the untrained network is then a unigram model, and need not spend its first thousand steps on becoming one. All numbers are float32: that is exact enough for training, and takes about half the time of float64.

# %% tags=["exploration", "raises-exception"]
def begin(rng, examples):
    """Return the parameters before training."""
    n_words, n_inside = len(vocab), WINDOW * N_FEATURES
    widest = math.sqrt(6 / (n_inside + N_UNITS))
    frequencies = np.bincount(examples[1], minlength=n_words) + 0.1
    params = {
        "C": rng.normal(0, 0.1, (n_words, N_FEATURES)),
        "H": rng.uniform(-widest, widest, (n_inside, N_UNITS)),
        "d": np.zeros(N_UNITS),
        "U": rng.normal(0, 0.01, (N_UNITS, n_words)),
        "b": np.log(frequencies / frequencies.sum()),
    }
    return {"W": None} | {name: value.astype(np.float32) for name, value in params.items()}


def mean_loss(params, contexts, targets):
    """Return the loss of many examples, a few thousand at a time."""
    parts = [slice(start, start + 4096) for start in range(0, len(targets), 4096)]
    losses = [window_loss(window_forward(params, contexts[p])[0], targets[p]) for p in parts]
    return float(np.average(losses, weights=[len(targets[p]) for p in parts]))


def train_one(seed, examples, learning_rates, batch_size):
    """Train a model and show how far it is. Return its parameters, and the loss of each step."""
    rng, step_losses = np.random.default_rng(seed), []
    steps = len(learning_rates) * math.ceil(len(examples[1]) / batch_size)
    with tqdm(total=steps, desc=f"seed {seed}", file=sys.stdout, mininterval=0.5) as bar:

        def gradients(params, contexts, targets):
            log_probs, cache = window_forward(params, contexts)
            loss = window_loss(log_probs, targets)
            grads = window_backward(params, cache, targets)
            step_losses.append(loss)
            if len(step_losses) % 100 == 0:
                recent = np.mean(step_losses[-100:])
                bar.set_postfix(perplexity=f"{math.exp(recent):.2f}", refresh=False)
            bar.update()
            return add_weight_decay(loss, grads, params, DECAY)[1]

        params, valid_losses = train_window(
            begin(rng, examples),
            examples,
            valid_examples,
            mean_loss,
            gradients,
            learning_rates,
            batch_size,
            3,
            rng,
        )
    return params, valid_losses, step_losses


began = time.process_time()
runs = [train_one(seed, train_examples, [3.0, 2.0, 0.5], 128) for seed in range(3)]
print(f"{time.process_time() - began:.0f} s of one core for three models")

# %% tags=["exploration", "raises-exception"]
with plots.course_style():
    figure, axis = plt.subplots()
    for (params, valid_losses, step_losses), colour in zip(runs, plots.PALETTE, strict=False):
        size = 100
        smooth = np.array(step_losses[: len(step_losses) // size * size]).reshape(-1, size)
        epochs = np.arange(1, len(smooth) + 1) * size * len(valid_losses) / len(step_losses)
        axis.plot(epochs, smooth.mean(axis=1), color=colour, alpha=0.45, linewidth=1.5)
        axis.plot(range(1, len(valid_losses) + 1), valid_losses, "o-", color=colour)
    valid_floor = grammar.floor_of(valid).entropy_rate()
    axis.axhline(valid_floor, color=plots.RED)
    axis.annotate("floor", (0.05, valid_floor + 0.03), color=plots.RED)
    axis.set(xlabel="epoch", ylabel="loss in nats per token", ylim=(1.5, 3.0))
    axis.set_title("three seeds: training (thin), validation (dots)")
last = [valid_losses[-1] for _, valid_losses, _ in runs]
plots.show(
    figure,
    "Loss against epoch for three seeds. The three curves lie on each other, fall quickly and then "
    f"slowly, and end at {min(last):.2f} to {max(last):.2f} nats on validation text, above the "
    f"floor at {valid_floor:.2f}.",
)


# %% [markdown]
# Now the test text, and the n-gram model that is hardest to beat, modified Kneser–Ney of order 5: four words of context, where your network has five. And the mixture of both, with *your* weight, fitted on validation text.
#
# The *returning noun* is the noun of a sentence that comes again at its end (*the painter paints … and the painter smiles*). How far it is from the first one differs from sentence to sentence. The next cell needs none of your functions: it fits Kneser–Ney, measures the floor, and has a figure ready for that noun. Distances that are rare are put together, so that each point is the mean of 150 nouns or more.

# %% tags=["exploration", "raises-exception"]
class Truth:
    """The grammar itself, as a model."""

    def log_probs(self, sentences):
        """Return the log-probability of every token, </s> included."""
        return np.concatenate([grammar.log_probs(sentence) for sentence in sentences])


kneser_ney = ModifiedKneserNey.fit(text.train, 5)
ngram_scores = Scores.of(kneser_ney, grammar, text.test)
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


def draw_nouns(label, score):
    """Draw a model's perplexity at the returning noun against its distance."""
    spans = spans_of(away)
    middles = [away[(away >= low) & (away <= high)].mean() for low, high in spans]
    with plots.course_style():
        figure, axis = plt.subplots()
        for name, drawn, colour, mark in (
            ("Kneser–Ney, order 5", ngram_scores, plots.ORANGE, "s-"),
            (label, score, plots.BLUE, "o-"),
            ("floor", best, plots.RED, "--"),
        ):
            axis.plot(middles, at_nouns(drawn, spans), mark, color=colour, label=name)
        axis.axvline(WINDOW + 0.5, color=plots.BLACK, linewidth=1, linestyle=":")
        axis.set(xlabel="distance from the noun in words", ylabel="perplexity at the noun")
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.set_ylim(1.2, 300)
        axis.set_xticks(range(4, 25, 4))
        axis.legend(loc=(0.5, 0.3))
    inside, outside = (
        score.perplexity(Slot.RETURNING_NOUN, span) for span in ((4, WINDOW), (WINDOW + 1, 99))
    )
    floors = at_nouns(best, spans)
    plots.show(
        figure,
        f"Perplexity at the returning noun against its distance, {label}: {inside:.1f} where the "
        f"noun is inside the window, {outside:.0f} where it is not, like Kneser–Ney. The floor lies "
        f"between {floors.min():.1f} and {floors.max():.1f}.",
    )
    print(f"{label}, noun inside the window: {inside:.1f}; outside: {outside:.1f}")


def print_slots(*models):
    """Print the perplexity in every slot: the floor, and that of scored models by name."""
    print(f"{'slot':16}{'floor':>8}" + "".join(f"{name:>13}" for name, _ in models))
    for slot, lowest in best.by_slot().items():
        row = "".join(f"{score.perplexity(slot):13.2f}" for _, score in models)
        print(f"{slot:16}{lowest:8.2f}{row}")


# %% tags=["exploration", "raises-exception"]
class Yours:
    """Your model, as the ladder wants it."""

    def __init__(self, params):
        self.params = params
        self.known = {}  # it is asked about the same texts again and again

    def log_probs(self, sentences):
        """Return the log-probability of every token, </s> included."""
        if id(sentences) not in self.known:
            self.known[id(sentences)] = self.compute(*windows_of(sentences))
        return self.known[id(sentences)]

    def compute(self, contexts, targets):
        """Return the log-probability of each target, a few thousand at a time."""
        parts = [slice(start, start + 4096) for start in range(0, len(targets), 4096)]
        return np.concatenate(
            [
                window_forward(self.params, contexts[p])[0][np.arange(len(targets[p])), targets[p]]
                for p in parts
            ]
        )


class Both:
    """The mixture of two models."""

    def __init__(self, neural, ngram, weight):
        self.neural, self.ngram, self.weight = neural, ngram, weight

    def log_probs(self, sentences):
        """Return the log-probability of every token, </s> included."""
        p_neural, p_ngram = (np.exp(m.log_probs(sentences)) for m in (self.neural, self.ngram))
        return mixture_log_probs(p_neural, p_ngram, self.weight)


print(
    f"Kneser–Ney stores {sum(kneser_ney.n_ngrams):,} n-grams, the network {n_parameters:,} numbers"
)
yours = [Yours(params) for params, _, _ in runs]
p_ngram = np.exp(kneser_ney.log_probs(text.valid))
weights = [fit_mixture_weight(np.exp(model.log_probs(text.valid)), p_ngram) for model in yours]
both = [Both(model, kneser_ney, weight) for model, weight in zip(yours, weights, strict=True)]
print("weight of the network:", ", ".join(f"{weight:.2f}" for weight in weights))

ladder = Ladder.over(grammar, text.test)
ladder.measure(
    "modified Kneser–Ney, order 3", ModifiedKneserNey.fit(text.train, 3), grammar, text.test
)
ladder.measure("modified Kneser–Ney, order 5", kneser_ney, grammar, text.test)
ladder.measure("yours: window of 5, seed 0", yours[0], grammar, text.test)
ladder.measure("mixture of the two", both[0], grammar, text.test)
ladder.draw()

# %% tags=["exploration", "raises-exception"]
scores = {
    "yours": [Scores.of(model, grammar, text.test) for model in yours],
    "mixture": [Scores.of(model, grammar, text.test) for model in both],
}
for name, found in scores.items():
    overall = [score.perplexity() for score in found]
    at_noun = [score.perplexity(Slot.RETURNING_NOUN) for score in found]
    print(
        f"{name:8} over three seeds: {min(overall):.2f} to {max(overall):.2f} overall, "
        f"{min(at_noun):.1f} to {max(at_noun):.1f} at the returning noun"
    )
print(f"Kneser–Ney of order 5:     {ngram_scores.perplexity():.2f} overall")
below = all(score.perplexity() < ngram_scores.perplexity() for score in scores["yours"])
print("every seed of the network is below Kneser–Ney:", below)
better = [
    b.perplexity() < min(y.perplexity(), ngram_scores.perplexity())
    for b, y in zip(scores["mixture"], scores["yours"], strict=True)
]
print("every mixture is below both of its parents:", all(better))

# %% [markdown]
# With this much text the network needs little help. With little text it is another matter: here is the same with the first 500 sentences only, for which we let it go over them more often.

# %% tags=["exploration", "raises-exception"]
few = text.train[:500]
few_rates = [2.0] * 10 + [1.0, 0.3]
few_runs = [train_one(seed, windows_of(few), few_rates, 64) for seed in range(3)]
few_ngram = ModifiedKneserNey.fit(few, 5, vocab=vocab)
p_ngram = np.exp(few_ngram.log_probs(text.valid))
found = []
for params, _, _ in few_runs:
    network = Yours(params)
    weight = fit_mixture_weight(np.exp(network.log_probs(text.valid)), p_ngram)
    mixed = math.exp(-np.mean(Both(network, few_ngram, weight).log_probs(text.test)))
    found.append((math.exp(-network.log_probs(text.test).mean()), mixed, weight))
alone, together, shares = (np.array(column) for column in zip(*found, strict=True))
print(f"{'500 sentences':22}{'three seeds':>16}")
print(f"{'Kneser–Ney, order 5':22}{few_ngram.perplexity(text.test):16.2f}")
print(f"{'your network':22}{f'{alone.min():.2f} to {alone.max():.2f}':>16}")
print(f"{'mixture':22}{f'{together.min():.2f} to {together.max():.2f}':>16}")
print(f"{'gain of the mixture':22}{f'{1 - (together / alone).max():.1%} or more':>16}")
print(f"{'weight of the network':22}{f'{shares.min():.2f} to {shares.max():.2f}':>16}")

# %% [markdown]
# Your early stopping had nothing to do so far. Let it: the same 500 sentences, at one rate, for as long as it likes (30 epochs at most). What becomes of the two curves?

# %% tags=["exploration", "raises-exception"]
long_rates = [2.0] * 30


def draw_overfitting(runs_by_name):
    """Draw training and validation perplexity by epoch."""
    with plots.course_style():
        figure, axis = plt.subplots()
        reading = []
        for (name, (_, valid_losses, step_losses)), colour in zip(
            runs_by_name.items(), (plots.BLUE, plots.ORANGE), strict=False
        ):
            epochs = np.arange(1, len(valid_losses) + 1)
            parts = np.array_split(step_losses, len(valid_losses))
            training = np.exp([part.mean() for part in parts])
            axis.plot(epochs, training, "--", color=colour, label=f"{name}, training")
            axis.plot(epochs, np.exp(valid_losses), "o-", color=colour, label=f"{name}, validation")
            kept = int(np.argmin(valid_losses))
            reading.append(
                f"{name}: kept epoch {kept + 1} at {math.exp(valid_losses[kept]):.1f} on validation "
                f"text; stopped after epoch {len(valid_losses)}, at {training[-1]:.1f} on training "
                f"and {math.exp(valid_losses[-1]):.1f} on validation text"
            )
        axis.set(xlabel="epoch", ylabel="perplexity", ylim=(0, 40))
        axis.legend(fontsize=12)
    plots.show(figure, "Perplexity by epoch, 500 sentences. " + "; ".join(reading) + ".")
    print("\n".join(reading))


few_examples = windows_of(few)
without_dropout = train_one(0, few_examples, long_rates, 64)
draw_overfitting({"your network": without_dropout})

# %% [markdown]
# Which words does it lack? Here is the perplexity at the returning noun, by the distance between the two, for your network (window of 5), for Kneser–Ney (four words of context) and for the best possible model.

# %% tags=["exploration", "raises-exception"]
draw_nouns("yours, window of 5", scores["yours"][0])

# %% [markdown]
# Does the network know which words are alike? Nobody told it. The nearest rows of `C`, by the cosine of their angle:

# %% tags=["exploration", "raises-exception"]
features = runs[0][0]["C"] / np.linalg.norm(runs[0][0]["C"], axis=1, keepdims=True)
occurrences = np.bincount(train_examples[1], minlength=len(vocab))
for word in ("quickly", "young", "swimmers", vocab.words[300]):
    (i,) = vocab.encode([word])
    nearest = np.argsort(-features @ features[i])[1:5]
    times = f"({occurrences[i]:,} times)"
    print(f"{word:10} {times:14}", ", ".join(vocab.words[j] for j in nearest))

# %% [markdown]
# The more often a word occurred, the better its neighbours: a word that was seen a few times has hardly moved from where chance had put it, and its neighbours mean nothing.

# %% [markdown]
# And slot by slot, where a sentence makes its choices:

# %% tags=["exploration", "raises-exception"]
print_slots(
    ("yours", scores["yours"][0]), ("Kneser–Ney", ngram_scores), ("mixture", scores["mixture"][0])
)

# %% [markdown]
# Stuck on an earlier question? The written question needs none of them: here are the same pictures from the course's own window network, and its mixture with Kneser–Ney (about 20 seconds; where your own network was trained, nothing happens).

# %% tags=["exploration", "raises-exception"]
from nextword.learning.training import TrainingSettings
from nextword.learning.training import train as train_network
from nextword.models.mixture import Mixture
from nextword.models.neural import window_model

if "runs" not in globals():
    for sentences, epochs in ((text.train, 3), (text.train[:500], 12)):
        network = window_model(vocab, sentences, window=5, seed=0)
        read = network.reader.read
        so_long = TrainingSettings(epochs=epochs)
        train_network(network.network, read(sentences), read(text.valid), so_long, progress=False)
        ngram = ModifiedKneserNey.fit(sentences, 5, vocab=vocab)
        together = Mixture.fit(network, ngram, text.valid)
        print(f"{len(sentences):,} sentences: perplexity on the test text", end=" ")
        for name, model in (("network", network), ("Kneser–Ney", ngram), ("mixture", together)):
            print(f"{name} {model.perplexity(text.test):.2f}", end="  ")
        print()
        if sentences is text.train:
            score = Scores.of(network, grammar, text.test)
            draw_nouns("window of 5", score)
            mixed = Scores.of(together, grammar, text.test)
            print_slots(("network", score), ("Kneser–Ney", ngram_scores), ("mixture", mixed))


# %% [markdown]
# ## Written: what the window fixes, and what it cannot
#
# Look at the ladder, the figure of the noun and the table of slots. **In at most 300 words:** (a) Kneser–Ney of order 5 sees four words of context and remembers every n-gram of the text; your network has far fewer parameters than it has counts. Why can the network still be better, and in which slots does it show? (b) Where the noun stands outside the window, more training or more hidden units hardly help. Why? How many numbers more would a window of 12 have in `H`, with 20 features and 50 units? And how many examples would each of the new places have to learn from, compared with the place four words back, given that `H` has rows of its own for each place? (c) With 500 sentences the mixture is better than the better of its parents; with the whole text it is hardly so. How can a worse model improve a better one at all, and why does it help less here when there is more text?

# %% [markdown] nbgrader={"grade": true, "grade_id": "window_limits-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) Counts treat every context as a name of its own: what was learned after *the painter praised* says nothing about *the painter adored*. The network computes from features, and words that are used alike get like features (see the neighbours), so what it learns from one context serves all similar ones, seen or not. It shows where the choice depends on a *kind* of word (topic or number of the noun) across words that vary freely: noun, verb, next phrase, closing verb, where contexts of four words are mostly unseen. In slots where a word or two settle everything (determiner, article, setting) both are near the floor, and at the returning noun both mostly look at a context from which it has gone. (b) The prediction is a function of the five words of the window. If the noun is not among them, no parameters can use it; the best that is left is the mean over all nouns that fit the rest. A window of 12 has 7·20·50 = 7,000 more numbers in `H` (few compared with `U` and `C`, but the matrix grows with every word), and since the places do not share rows, what is learned about a noun five words back must be learned again for six, seven … back, each from the fewer sentences in which it stands there. No window is ever long enough. (c) They err on different tokens. The logarithm punishes a probability near 0 most, and where one model gives a token too little, the other often does not; the mixture loses at most the logarithm of the weight where its better parent was right, and wins much more where it was badly wrong. With little text the network has not yet learned what even the counts know (frequent n-grams, word by word), so there is much to win; with more text it has learned nearly all that four words of context tell, and Kneser–Ney knows hardly anything that it does not.
#
# **Rubric (4 points).** 1: sharing among similar words, or contexts, through features, with a slot or an example as evidence. 1: the information is not in the input, so nothing learned can recover it. 1: the cost of a longer window: the rows of `H` grow with it, and are not shared among places (no symmetry), so each place needs its own examples. 1: different mistakes, and why averaging probabilities pays (the loss is dominated by tokens to which a model gives little), or why the gain shrinks with more text. Accept any wording; half points for a right claim without a reason.

# %% [markdown]
# ## 10. Stretch: dropout
#
# With little data a network learns its training text by heart. *Dropout* hides each number of a layer with some probability while training, so that no unit can rely on another one. 001 halves the weights at test time to make up for it. Today's libraries rescale *in training* instead, so that at test time there is nothing to do: **inverted dropout**. That is what we use.
#
# **Write `apply_dropout(x, rate, rng, train)`**, which returns the pair `(y, mask)`.
#
# * `rate` is the probability that a number is *dropped*. With `train=True`, `mask` has the shape of `x`, and each of its entries, independently of all others, is 0 with probability `rate` and $1 / (1 - \text{rate})$ otherwise. `y` is `x * mask`, so its expectation is `x`. (The backward pass then only has to multiply by `mask`.)
# * With `train=False` nothing is dropped: `y` equals `x`, and `mask` is all 1.
# * A rate of 0 drops nothing. **A rate of 1 drops everything**: `y` and `mask` are all 0.
# * `x` has any shape, also without numbers in it. A rate below 0, above 1 or `nan` raises `ValueError`, with `train=False` as well.
# * All randomness comes from `rng`, a `numpy.random.Generator`. How you draw is up to you: it is tested by the frequencies of many draws.

# %% nbgrader={"grade": false, "grade_id": "apply_dropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def apply_dropout(
    x: Float[np.ndarray, "*shape"], rate: float, rng: np.random.Generator, train: bool
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """Hide numbers at random while training, and rescale the others.

    Parameters
    ----------
    x
        The numbers of a layer.
    rate
        The probability that a number is dropped, from 0 to 1.
    rng
        The source of randomness.
    train
        Whether this is training; otherwise nothing is dropped.

    Returns
    -------
    y
        x times the mask.
    mask
        0 or 1 / (1 - rate) in training, otherwise 1.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"expected a rate from 0 to 1, not {rate}")
    x = np.asarray(x)
    if not train or rate == 0:
        mask = np.ones(x.shape)
    elif rate == 1:
        mask = np.zeros(x.shape)
    else:
        mask = (rng.random(x.shape) >= rate) / (1 - rate)
    return x * mask, mask
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "apply_dropout-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
rng = np.random.default_rng(0)
ones = np.ones((400, 50))
y, mask = apply_dropout(ones, 0.75, rng, True)
assert set(np.unique(np.asarray(mask))) == {0.0, 4.0}, (
    f"a rate of 0.75: the mask is 0 or 1 / (1 - 0.75) = 4, not {np.unique(np.asarray(mask))[:6]}"
)
assert close(y, ones * np.asarray(mask)), "y is x times the mask"
dropped = float(np.mean(np.asarray(mask) == 0))
assert 0.72 < dropped < 0.78, f"three quarters of the numbers are dropped, not {dropped:.2f}"
rows = np.asarray(mask).mean(axis=1)
columns = np.asarray(mask).mean(axis=0)
assert 0 < rows.min() < rows.max() < 4, "each number is dropped by itself, not a row as a whole"
assert 0 < columns.min() < columns.max() < 4, "each number is dropped by itself, not a column"
y, mask = apply_dropout(2 * ones, 0.75, rng, False)
assert close(y, 2 * ones), f"outside training nothing is dropped or rescaled: 2, not {y[0, 0]}"
assert close(mask, ones), "outside training the mask is all 1"
first, again = (apply_dropout(ones, 0.5, np.random.default_rng(1), True)[1] for _ in range(2))
assert close(first, again), "a generator in the same state drops the same numbers"
first, again = (apply_dropout(ones, 0.5, rng, True)[1] for _ in range(2))
assert not close(first, again), "a generator that goes on drops others: every call has a new mask"
y, mask = apply_dropout(ones, 1.0, rng, True)
assert close(y, 0 * ones), "a rate of 1 drops everything: 0, not nan"
y, mask = apply_dropout(ones, 0.0, rng, True)
assert close(y, ones), "a rate of 0 drops nothing"
assert refuses(apply_dropout, ones, 1.5, rng, True), "a rate of 1.5: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "apply_dropout-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: the frequencies of many draws, test time, and the special cases.
### BEGIN HIDDEN TESTS
# collect apply_dropout
### END HIDDEN TESTS

# %% [markdown]
# Does it help where the network learned 500 sentences by heart? Your `apply_dropout` on the hidden units, at a rate of 0.3, from the same start. (A dropped unit sends nothing on: its row of `U` counts as 0, and the others as rescaled. For simplicity all examples of a batch share a mask.)

# %% tags=["exploration", "raises-exception"]
def train_with_dropout(seed, examples, learning_rates, batch_size, rate):
    """Train a model whose hidden units are dropped. Return the same as train_one."""
    rng, step_losses = np.random.default_rng(seed), []

    def gradients(params, contexts, targets):
        kept = np.asarray(apply_dropout(np.ones((N_UNITS, 1)), rate, rng, True)[1])
        thinned = {**params, "U": params["U"] * kept}
        log_probs, cache = window_forward(thinned, contexts)
        loss = window_loss(log_probs, targets)
        step_losses.append(loss)
        grads = dict(window_backward(thinned, cache, targets))
        grads["U"] = grads["U"] * kept
        return add_weight_decay(loss, grads, params, DECAY)[1]

    start = begin(rng, examples)
    params, valid_losses = train_window(
        start, examples, valid_examples, mean_loss, gradients, learning_rates, batch_size, 3, rng
    )
    return params, valid_losses, step_losses


with_dropout = train_with_dropout(0, few_examples, long_rates, 64, 0.3)
draw_overfitting({"without dropout": without_dropout, "with dropout": with_dropout})


# %% [markdown]
# ## 11. Stretch: the same model in torch
#
# You have derived every gradient by hand. Once. From now on a library may do it, as long as you know that it does the same. Write the model of question 2 as a `torch.nn.Module`, such that it starts from given numpy parameters.
#
# **Write `window_module(params)`**, which returns an instance of a `torch.nn.Module` of your own (the class may stand in the same cell).
#
# * `params` is a dict with the names and shapes of question 2, in numpy. The module starts from *copies* of these numbers: **training it must not change `params`**. Keep their dtype; float64 stays float64, and is compared to a relative accuracy of 1e-10.
# * `module(contexts)`, with an int64 tensor of shape `(B, window)`, the oldest word first, returns the *log-probabilities*, a tensor of shape `(B, V)` through which one can differentiate.
# * Everything in `params` is trainable: the trainable numbers of `module.parameters()` are as many as `params` holds, biases and `C` included, **and no more**. How they are cut, named or transposed is up to you. Where `W` is `None`, there are no direct connections, and none come into being by training.
# * There is no dropout, and `module(contexts)` gives the same answer every time.
#
# How it is graded: the log-probabilities of the module on fresh contexts, then some steps of `torch.optim.SGD` on their mean loss, and the log-probabilities again. A gradient that does not arrive somewhere shows there.

# %% nbgrader={"grade": false, "grade_id": "window_module", "locked": false, "schema_version": 3, "solution": true, "task": false}
def window_module(params: Mapping[str, np.ndarray | None]) -> torch.nn.Module:
    """Return the window model as a torch module.

    Parameters
    ----------
    params
        `C`, `H`, `d`, `U`, `W` (or None) and `b`.

    Returns
    -------
    module
        Maps contexts, int64 of shape (B, window), to log-probabilities of shape (B, V).
    """
    ### BEGIN SOLUTION

    class WindowModule(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, value in params.items():
                weights = None if value is None else torch.nn.Parameter(torch.tensor(value))
                self.register_parameter(name, weights)

        def forward(self, contexts: torch.Tensor) -> torch.Tensor:
            x = self.C[contexts].flatten(start_dim=1)
            scores = self.b + torch.tanh(self.d + x @ self.H) @ self.U
            if self.W is not None:
                scores = scores + x @ self.W
            return torch.log_softmax(scores, dim=1)

    return WindowModule()
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "window_module-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# For the context (1, 2) x is (1, 1, 0, 2), x H = 0.5 + 2 and d = -1, so hidden is tanh(1.5).
small = {
    "C": np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 2.0]]),
    "H": np.array([[0.5], [0.0], [-1.0], [1.0]]),
    "d": np.array([-1.0]),
    "U": np.array([[1.0, 0.0, -1.0]]),
    "W": None,
    "b": np.array([0.0, 1.0, 0.0]),
}
module = window_module(small)
assert isinstance(module, torch.nn.Module), f"expected a torch.nn.Module, came {type(module)}"
contexts = torch.tensor([[1, 2], [2, 1]])
log_probs = module(contexts)
assert tuple(log_probs.shape) == (2, 3), f"2 examples, 3 words: (2, 3), not {log_probs.shape}"
assert close(log_probs.exp().sum(1), [1, 1]), (
    "the probabilities of a row sum to 1: the module returns log-probabilities, not scores"
)
assert log_probs.dtype == torch.float64, (
    f"its parameters came in float64, and it keeps their dtype: not {log_probs.dtype}"
)
t = math.tanh(1.5)
scores = np.array([t, 1.0, -t])
assert close(log_probs[0], scores - math.log(sum(math.exp(score) for score in scores))), (
    f"scores {scores}, minus the log of the sum of their exponentials, not {log_probs[0]}"
)
trainable = sum(weights.numel() for weights in module.parameters() if weights.requires_grad)
assert trainable == 6 + 4 + 1 + 3 + 3, (
    f"C 6, H 4, d 1, U 3 and b 3: 17 trainable numbers, and none for a W that is None, not {trainable}"
)
# One step of gradient descent on the loss of word 0 after (1, 2): b moves against p - (1, 0, 0).
untouched = {name: value.copy() for name, value in small.items() if value is not None}
before = log_probs[0].detach().numpy().copy()
optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
(-log_probs[0, 0]).backward()
optimizer.step()
after = module(contexts)[0].detach().numpy()
assert after[0] > before[0] + 0.05, "a step of training makes the target more probable"
for name, value in untouched.items():
    assert np.array_equal(small[name], value), (
        f"training the module must not change params, and changed {name}: start from copies, such as "
        "torch.tensor(value); torch.from_numpy(value) shares its memory"
    )
with_direct = window_module(
    {**small, "W": np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 2.0]])}
)
scores = np.array([t, 1.0, -t + 4.0])
assert close(with_direct(contexts)[0], scores - math.log(sum(math.exp(s) for s in scores))), (
    "direct connections add x W = (0, 0, 4) to the scores"
)

# %% nbgrader={"grade": true, "grade_id": "window_module-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: models of many shapes, with and without W, before and after steps of training.
### BEGIN HIDDEN TESTS
# collect window_module
### END HIDDEN TESTS

# %% [markdown]
# By hand and by library, the same numbers? For the model that you trained above:

# %% tags=["exploration", "raises-exception"]
some, next_words = (part[:500] for part in valid_examples)
# In float64, where two ways of the same sum differ by next to nothing.
trained = {name: p if p is None else p.astype(float) for name, p in runs[0][0].items()}
by_hand, cache = window_forward(trained, some)
by_torch = window_module(trained)
log_probs = by_torch(torch.tensor(some))
torch.nn.functional.nll_loss(log_probs, torch.tensor(next_words)).backward()
print(
    f"largest difference of log-probabilities: {np.abs(log_probs.detach().numpy() - by_hand).max():.1e}"
)
grads = window_backward(trained, cache, next_words)
sizes = sorted(float(np.linalg.norm(grad)) for grad in grads.values() if grad is not None)
theirs = sorted(float(weights.grad.norm()) for weights in by_torch.parameters())
if len(sizes) == len(theirs):
    furthest = max(abs(ours - other) for ours, other in zip(sizes, theirs, strict=True))
    print(f"largest difference of the lengths of gradients: {furthest:.1e}")


# %% [markdown]
# ## 12. Stretch: two tasks, one hidden layer
#
# A window can *tag* a word as well as predict one: what part of speech is the word in its middle, is it a name? 001 trains two taggers at once. They **share the word features and the hidden layer; only the softmax layers differ**, and "the cost function is just the sum of two cross entropy errors". What one task learns about words serves the other.
#
# $$x = \text{features of the window}, \qquad \text{hidden} = \tanh(d + xH), \qquad y_1 = b_1 + \text{hidden}\,U_1, \qquad y_2 = b_2 + \text{hidden}\,U_2$$
#
# **Write `multitask_loss_and_grads(params, windows, tags1, tags2)`**, which returns the pair `(loss, grads)`.
#
# * `params` has the names `C` $(V, m)$, `H` $(\text{window}\cdot m, h)$, `d` $(h,)$, `U1` $(h, K_1)$, `b1` $(K_1,)$, `U2` $(h, K_2)$, `b2` $(K_2,)$. There are no direct connections. `windows` has shape `(B, window)`, `tags1` and `tags2` shape `(B,)`.
# * The loss is the **sum of the two tasks' mean cross-entropies** over the batch, in nats. `grads` holds its gradient for each name, in the shape of the parameter; that of `C` is dense.
# * Scores may be large, as in question 4.
# * A number of tags that is not $B$, an empty batch, an id or a tag out of its range raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "multitask_loss_and_grads", "locked": false, "schema_version": 3, "solution": true, "task": false}
def multitask_loss_and_grads(
    params: Mapping[str, np.ndarray],
    windows: Int[np.ndarray, "B window"],
    tags1: Int[np.ndarray, " B"],
    tags2: Int[np.ndarray, " B"],
) -> tuple[float, dict[str, np.ndarray]]:
    """Return the loss of two taggers that share their lower layers, and its gradients.

    Parameters
    ----------
    params
        `C`, `H` and `d`, which both tasks use, and `U1`, `b1`, `U2`, `b2`.
    windows
        Shape (B, window): ids.
    tags1, tags2
        Shape (B,): the true tags of each task.

    Returns
    -------
    loss
        The sum of the two mean cross-entropies, in nats.
    grads
        An array for each parameter, of its shape.
    """
    ### BEGIN SOLUTION
    C, H = params["C"], params["H"]
    windows = np.asarray(windows)
    if len(windows) == 0 or windows.min() < 0 or windows.max() >= len(C):
        raise ValueError(f"expected windows, 1 or more, with ids from 0 to {len(C) - 1}")
    rows = np.arange(len(windows))
    x = C[windows].reshape(len(windows), -1)
    hidden = np.tanh(params["d"] + x @ H)
    loss, d_hidden, grads = 0.0, np.zeros_like(hidden), {}
    for task, tags in (("1", np.asarray(tags1)), ("2", np.asarray(tags2))):
        U, b = params[f"U{task}"], params[f"b{task}"]
        if tags.shape != rows.shape or tags.min() < 0 or tags.max() >= len(b):
            raise ValueError(f"expected {len(rows)} tags of task {task} from 0 to {len(b) - 1}")
        scores = hidden @ U + b
        scores -= scores.max(axis=1, keepdims=True)
        log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss -= float(log_probs[rows, tags].mean())
        d_scores = np.exp(log_probs)
        d_scores[rows, tags] -= 1
        d_scores /= len(rows)
        grads |= {f"U{task}": hidden.T @ d_scores, f"b{task}": d_scores.sum(axis=0)}
        d_hidden += d_scores @ U.T  # both tasks pull at the same hidden layer
    d_inside = d_hidden * (1 - hidden**2)
    d_C = np.zeros_like(C)
    np.add.at(d_C, windows.ravel(), (d_inside @ H.T).reshape(-1, C.shape[1]))
    return loss, grads | {"C": d_C, "H": x.T @ d_inside, "d": d_inside.sum(axis=0)}
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "multitask_loss_and_grads-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 2 words with 1 feature, a window of 1, 1 hidden unit, two tags in task 1 and three in task 2.
# The word is 1, x = 2, and d is such that hidden is 1/2. Task 1 gives (1/4, 3/4), task 2 1/3 each.
params = {
    "C": np.array([[1.0], [2.0]]),
    "H": np.array([[2.0]]),
    "d": np.array([math.atanh(0.5) - 4.0]),
    "U1": np.array([[1.0, -1.0]]),
    "b1": np.array([math.log(0.25) - 0.5, math.log(0.75) + 0.5]),
    "U2": np.array([[2.0, 0.0, 4.0]]),
    "b2": np.array([-1.0, 0.0, -2.0]),
}
one = (np.array([[1]]), np.array([0]), np.array([2]))
loss, grads = multitask_loss_and_grads(params, *one)
for wrong in (
    (one[0], np.array([-1]), one[2]),
    (one[0], one[1], np.array([3])),
    (one[0], *[[0, 0]] * 2),
):
    assert refuses(multitask_loss_and_grads, params, wrong[0], *map(np.asarray, wrong[1:])), (
        f"tags {wrong[1]} and {wrong[2]} for one word, 2 and 3 tags: expected a ValueError"
    )
assert close(loss, math.log(4) + math.log(3)), (
    f"the true tags have 1/4 and 1/3: log 4 + log 3 = 2.485, not {loss}: the sum of two losses"
)
assert close(grads["b1"], [-0.75, 0.75]), (
    f"task 1: predicted (1/4, 3/4) minus observed (1, 0), not {grads['b1']}"
)
assert close(grads["b2"], [1 / 3, 1 / 3, -2 / 3]), (
    f"task 2: predicted (1/3, 1/3, 1/3) minus observed (0, 0, 1), not {grads['b2']}"
)
assert close(grads["U2"], [[1 / 6, 1 / 6, -1 / 3]]), f"hidden 1/2 times that, not {grads['U2']}"
# To hidden comes -0.75 - 0.75 = -1.5 from task 1 and 2/3 - 8/3 = -2 from task 2.
assert close(grads["d"], [-2.625]), (
    f"both tasks come back to the shared layer: (-1.5 - 2) * (1 - (1/2)^2) = -2.625, "
    f"not {grads['d']}"
)
assert close(grads["C"], [[0.0], [-5.25]]), (
    f"and through H to the features of word 1: -2.625 * 2 = -5.25, not\n{grads['C']}"
)
wide = {**params, "H": np.array([[1.0], [1.0]])}
pair = (np.array([[1, 1], [1, 1]]), np.array([0, 0]), np.array([2, 2]))
loss, grads = multitask_loss_and_grads(wide, *pair)
assert close(loss, math.log(4) + math.log(3)), (
    f"the same example twice has the same mean loss, 2.485, not {loss}"
)
loss, _ = multitask_loss_and_grads({**params, "b2": params["b2"] + 1000}, *one)
assert close(loss, math.log(4) + math.log(3)), (
    f"1000 more for every tag changes no probability: 2.485, not {loss}"
)
assert close(grads["b1"], [-0.75, 0.75]), (
    f"gradients are of the mean: (-0.75, 0.75), not {grads['b1']}"
)
assert close(grads["C"], [[0.0], [-5.25]]), (
    f"word 1 stands at both places of both windows, and gets the sum of it all: {grads['C']}"
)

# %% nbgrader={"grade": true, "grade_id": "multitask_loss_and_grads-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: models of many shapes, words that occur twice, and the special cases.
### BEGIN HIDDEN TESTS
# collect multitask_loss_and_grads
### END HIDDEN TESTS

# %% [markdown]
# ## Summary
#
# * A word becomes a vector of features, a context the concatenation of its words' features. Words that are used alike become alike, and what is learned of one context serves others: no sparsity problem, no table of n-grams.
# * The work is in the output layer: a score for every word, for every prediction.
# * Backwards, what reaches a number on several paths adds up: $x$ through `H` and through `W`, a word's features through all the places where it stands.
# * Models can be mixed, and held-out text says how.
# * The next assignment reads one word at a time, with the same weights at every step.
#
# ## Exercises
#
# 1. Switch on the direct connections (`W`). Does the network learn faster, and does it end up better? Compare over three seeds.
# 2. Try windows of 2, 3, 4 and 8. Where does the perplexity stop falling, and which slot is to blame?
# 3. Fit three weights of the mixture instead of one: for contexts that were never seen in training, seen once, and more often.
# 4. Put dropout on the hidden layer, with a tenth of the training text and with all of it.
# 5. With a vocabulary of 10,000 words, how much of a training step is the output layer? Time `hidden @ U` alone.
#
# ## Sources
#
# * Bengio, Ducharme, Vincent, Jauvin (2003), *A Neural Probabilistic Language Model*, JMLR 3 (in 001): the model, eq. 1, the number of its parameters, weight decay, the mixture.
# * Slides *Language Modeling + RNNs* (003): a fixed-window neural language model, what it improves and what remains.
# * Slides 001: window tagging, multi-task learning, dropout.
# * Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15.
