# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 05: Why gradients vanish and explode
#
# In assignment 04 a loss sent its gradient back through time, step by step. Each step multiplies it by a Jacobian, and a product of many matrices tends to vanish or to explode. You build the tools that say which: the Jacobians and their products, the sum of temporal components, the conditions and what they do (and do not) say, and the dynamics of a single unit, with its attractors, the boundary between them, and the points where they appear and disappear. The source is *On the difficulty of training recurrent neural networks* by Pascanu, Mikolov and Bengio (2013), called 002.
#
# **You need:** assignment 04, eigenvalues and singular values, the chain rule for vectors. Lecture 05 helps.
#
# **Time:** 6 to 8 hours for the core (questions 1 to 9 and the written question), 2 to 3 more for the stretch (questions 10 and 11).
#
# **Points:** 40 for the core count as full marks; the 6 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function (in question 7 four short ones, in question 9 two). The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read. `nextword.dynamics` cannot be imported in this notebook: it draws the lectures, and holds some of what is asked here.
#
# **Two conventions; do not mix them.**
#
# * *Questions 1 to 8 are about our networks:* the nonlinearity stands **outside**, $h_t = \phi(h_{t-1} W_h + x_t W_x + b)$, and vectors are rows, so `h @ W_h`. Jacobians are in *numerator layout*: $\left(\frac{\partial h_t}{\partial h_k}\right)_{ij} = \frac{\partial h_t[i]}{\partial h_k[j]}$, a row for each number that is differentiated.
# * *Questions 9 and 10 are about the single unit of 002, eq. 8:* the nonlinearity stands **inside**, $x_t = w\,\sigma(x_{t-1}) + b$, and it is the **logistic** function $\sigma(x) = 1/(1 + e^{-x})$.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call. What you return are fresh arrays: numpy arrays, torch tensors or (nested) lists of the same shape.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * `states[0]` is $h_0$, the state before the first word, and `states[t]` is $h_t$.
# * Arrays are of float64, or now and then of float32. **Compute in float64**: products of many factors lose digits.
# * A number is compared to a relative accuracy of 1e-5, an array to 1e-5 of its largest entry, unless the question says otherwise.
# * *The largest singular value* is called $\lambda_1$, as in 002, and *the spectral radius* (the largest modulus of an eigenvalue) $\rho$. Mind that $\lambda_1$ is no eigenvalue.
# * Where the statement says that something raises `ValueError`, it does so; other wrong arguments do not come.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

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
    return array.shape == wanted.shape and np.allclose(array, wanted, rtol=1e-5, atol=1e-6)


def says(got: object, expected: bool) -> bool:
    """Return whether `got` is this truth value, and nothing else."""
    return isinstance(got, (bool, np.bool_)) and bool(got) is expected


def refuses(function, *args) -> bool:
    """Return whether a call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


def rotation(angle: float) -> Float[np.ndarray, "2 2"]:
    """Return the matrix that turns the plane. It stretches nothing."""
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


# %% [markdown]
# ## 1. One step
#
# How does the state after a step change when the state before it changes a little? For
#
# $$h_t = \phi(h_{t-1} W_h + x_t W_x + b)$$
#
# that is the matrix $\frac{\partial h_t}{\partial h_{t-1}}$. All inputs of the step are held fixed.
#
# **Write `step_jacobian(W_h, h_t, activation)`**, which returns this matrix, an array of shape `(H, H)`, in numerator layout: at `[i, j]` the derivative of $h_t[i]$ with respect to $h_{t-1}[j]$.
#
# * `h_t` has shape `(H,)`. It is the state **after** the step, so after $\phi$: the slope of $\phi$ has to be written in terms of what $\phi$ returned.
# * `activation` says what $\phi$ is: `"tanh"`; `"logistic"`, $1/(1 + e^{-a})$; `"relu"`, $\max(a, 0)$, whose slope counts as 0 where `h_t` is 0; or `"identity"`, $a$ itself. Anything else raises `ValueError`.
#
# In slides 003, where vectors are columns, the same matrix reads $\operatorname{diag}(\sigma')\, W_h$. In 002's eq. 5 it reads $W_{rec}^T \operatorname{diag}(\sigma'(x_{i-1}))$, because there the nonlinearity stands inside (and because that line is transposed relative to 002's own eq. 2). (Lecture 05 has it in our convention, and how it comes about; here it has to hold for four nonlinearities, and in terms of what they returned.)

# %% nbgrader={"grade": false, "grade_id": "step_jacobian", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step_jacobian(
    W_h: Float[np.ndarray, "H H"], h_t: Float[np.ndarray, " H"], activation: str
) -> Float[np.ndarray, "H H"]:
    """Return the derivative of a state with respect to the state before it.

    Parameters
    ----------
    W_h
        Shape (H, H): the recurrent weights, used as h @ W_h.
    h_t
        Shape (H,): the state after the step.
    activation
        "tanh", "logistic", "relu" or "identity".

    Returns
    -------
    jacobian
        Shape (H, H): a row for each number of the state after the step.
    """
    ### BEGIN SOLUTION
    h = np.asarray(h_t, dtype=float)
    if activation == "tanh":
        slopes = 1 - h**2
    elif activation == "logistic":
        slopes = h * (1 - h)
    elif activation == "relu":
        slopes = np.where(h > 0, 1.0, 0.0)
    elif activation == "identity":
        slopes = np.ones_like(h)
    else:
        raise ValueError(f"expected tanh, logistic, relu or identity, not {activation!r}")
    return slopes[:, None] * W_h.T
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "step_jacobian-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
W_h = np.array([[1.0, 2.0], [3.0, 4.0]])
h_t = np.array([0.5, 0.25])
got = step_jacobian(W_h, h_t, "identity")
assert close(got, [[1.0, 3.0], [2.0, 4.0]]), (
    "h_t[0] = 1 h[0] + 3 h[1] and h_t[1] = 2 h[0] + 4 h[1] (and what does not depend on h), with a "
    f"row for each number of h_t: ((1, 3), (2, 4)), not\n{got}"
)
got = step_jacobian(W_h, h_t, "tanh")
assert close(got, [[0.75, 2.25], [1.875, 3.75]]), (
    "tanh returned 1/2 and 1/4, so its slopes there are 1 - 1/4 = 0.75 and 1 - 1/16 = 0.9375. The "
    "slope of h_t[0] belongs to all of its row: ((0.75, 0.75 * 3), (0.9375 * 2, 0.9375 * 4)), "
    f"not\n{got}"
)
got = step_jacobian(W_h, h_t, "logistic")
assert close(got, [[0.25, 0.75], [0.375, 0.75]]), (
    "the logistic function returned 1/2 and 1/4, so its slopes there are 1/2 * 1/2 and 1/4 * 3/4: "
    f"((0.25, 0.75), (0.375, 0.75)), not\n{got}"
)
got = step_jacobian(W_h, np.array([0.0, 2.0]), "relu")
assert close(got, [[0.0, 0.0], [2.0, 4.0]]), (
    f"the rectifier lets through where it is on, and nothing where it is off: not\n{got}"
)
assert all((close(W_h, [[1, 2], [3, 4]]), close(h_t, [0.5, 0.25]))), (
    "W_h or h_t was changed: copy it"
)
assert refuses(step_jacobian, W_h, h_t, "softsign"), "softsign is not listed: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "step_jacobian-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: tanh, logistic, and the others with what is refused.
### BEGIN HIDDEN TESTS
# collect step_jacobian
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Many steps
#
# Over several steps the chain rule multiplies (002, eq. 5):
#
# $$\frac{\partial h_t}{\partial h_k} = \frac{\partial h_t}{\partial h_{t-1}} \cdot \frac{\partial h_{t-1}}{\partial h_{t-2}} \cdots \frac{\partial h_{k+1}}{\partial h_k}$$
#
# *In the same way a product of $t - k$ real numbers can shrink to zero or explode to infinity, so does this product of matrices* (002, section 2.1).
#
# **Write `jacobian_product(W_h, states, t, k)`**, which returns $\frac{\partial h_t}{\partial h_k}$, an array of shape `(H, H)`, in numerator layout, **for tanh**.
#
# * `states` has shape `(T + 1, H)`: `states[0]` is $h_0$, `states[T]` the last one. They come from a network that reads some input; you need nothing of it but the states.
# * There are $t - k$ factors. Each has the slopes of the state it leads *to*.
# * For $t = k$ there is no factor, and the answer is the identity matrix: a state depends on itself.
# * $t < k$, $k < 0$ and $t > T$ raise `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "jacobian_product", "locked": false, "schema_version": 3, "solution": true, "task": false}
def jacobian_product(
    W_h: Float[np.ndarray, "H H"], states: Float[np.ndarray, "T1 H"], t: int, k: int
) -> Float[np.ndarray, "H H"]:
    """Return the derivative of a state with respect to an earlier one, for tanh.

    Parameters
    ----------
    W_h
        Shape (H, H): the recurrent weights, used as h @ W_h.
    states
        Shape (T + 1, H): h_0 to h_T.
    t, k
        Of which state, and with respect to which, from 0; k at most t.

    Returns
    -------
    jacobian
        Shape (H, H): a row for each number of h_t.
    """
    ### BEGIN SOLUTION
    states = np.asarray(states, dtype=float)
    if not 0 <= k <= t < len(states):
        raise ValueError(f"expected 0 <= k <= t <= {len(states) - 1}, came t = {t}, k = {k}")
    product = np.eye(len(W_h))
    for i in range(k + 1, t + 1):
        product = (1 - states[i] ** 2)[:, None] * (W_h.T @ product)
    return product
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "jacobian_product-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The slopes at h_1, h_2 and h_3 are (3/4, 1), (1, 3/4) and (3/4, 3/4). So the three factors are
# J_1 = ((0.75, 2.25), (2, 4)), J_2 = ((1, 3), (1.5, 3)) and J_3 = ((0.75, 2.25), (1.5, 3)).
W_h = np.array([[1.0, 2.0], [3.0, 4.0]])
states = np.array([[0.5, -0.5], [0.5, 0.0], [0.0, 0.5], [0.5, 0.5]])
got = jacobian_product(W_h, states, 2, 1)
assert close(got, [[1.0, 3.0], [1.5, 3.0]]), (
    "one factor, with the slopes (1, 3/4) of the state that it leads to, h_2: "
    f"((1, 3), (1.5, 3)), not\n{got}"
)
got = jacobian_product(W_h, states, 2, 0)
assert close(got, [[6.75, 14.25], [7.125, 15.375]]), (
    f"two factors, the later step on the left: J_2 J_1 = ((6.75, 14.25), (7.125, 15.375)), not\n{got}"
)
got = jacobian_product(W_h, states, 3, 1)
assert close(got, [[4.125, 9.0], [6.0, 13.5]]), (
    f"from h_1 to h_3 there are two factors, J_3 J_2 = ((4.125, 9), (6, 13.5)), not\n{got}"
)
got = jacobian_product(W_h, states, 3, 0)
three = np.array([[4.125, 9.0], [6.0, 13.5]]) @ np.array([[0.75, 2.25], [2.0, 4.0]])
assert close(got, three), f"three factors, J_3 J_2 J_1 =\n{three}\nnot\n{got}"
for t in (0, 3):
    got = jacobian_product(W_h, states, t, t)
    assert close(got, np.eye(2)), f"no factor for t = k = {t}: the identity matrix, not\n{got}"
assert close(W_h, [[1, 2], [3, 4]]), "W_h was changed: work on a copy"
assert close(states, [[0.5, -0.5], [0.5, 0], [0, 0.5], [0.5, 0.5]]), "states was changed: copy it"
assert refuses(jacobian_product, W_h, states, 1, 2), "h_1 comes before h_2: expected a ValueError"
assert refuses(jacobian_product, W_h, states, 4, 1), "there is no h_4: expected a ValueError"
assert refuses(jacobian_product, W_h, states, 1, -1), "there is no h_-1: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "jacobian_product-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: several factors, one factor and none, many factors, and what is refused.
### BEGIN HIDDEN TESTS
# collect jacobian_product
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The gradient as a sum of temporal components
#
# Let $E_t$ be the loss of **step $t$ alone**: it depends on $h_t$, and on nothing else directly. 002 writes its gradient with respect to a parameter $\theta$ as a sum (eq. 4),
#
# $$\frac{\partial E_t}{\partial \theta} = \sum_{1 \le k \le t} \underbrace{\frac{\partial E_t}{\partial h_t}\; \frac{\partial h_t}{\partial h_k}\; \frac{\partial^+ h_k}{\partial \theta}}_{\text{temporal component } k}$$
#
# where $\frac{\partial^+ h_k}{\partial \theta}$ is the *immediate* derivative: that of step $k$ alone, with $h_{k-1}$ taken as a constant. A component says how much $\theta$, as it was used at step $k$, had to do with the error at step $t$. The factor in the middle carries the error from $t$ back to $k$, and is the same for all parameters.
#
# **Write `temporal_components(W_h, states, inputs, d_state)`**, which returns a dict with three arrays, **for tanh**:
#
# | key | shape | at `[k - 1]` stands component $k$ of the gradient with respect to |
# |---|---|---|
# | `"W_h"` | `(t, H, H)` | the recurrent weights |
# | `"W_x"` | `(t, m, H)` | the input weights |
# | `"b"` | `(t, H)` | the biases |
#
# * `states` has shape `(t + 1, H)` and holds $h_0, \dots, h_t$: **the loss sits at the last of them**, and $t \ge 1$. `inputs` has shape `(t, m)`: `inputs[k - 1]` is $x_k$, read at step $k$ (each $x_k$ is a row of numbers, such as a word's vector).
# * `d_state` has shape `(H,)`: it is $\frac{\partial E_t}{\partial h_t}$.
# * A component has the shape of its parameter: at `["W_h"][k - 1][i, j]` the part of $\frac{\partial E_t}{\partial W_h[i, j]}$ that step $k$ has.

# %% nbgrader={"grade": false, "grade_id": "temporal_components", "locked": false, "schema_version": 3, "solution": true, "task": false}
def temporal_components(
    W_h: Float[np.ndarray, "H H"],
    states: Float[np.ndarray, "t1 H"],
    inputs: Float[np.ndarray, "t m"],
    d_state: Float[np.ndarray, " H"],
) -> dict[str, np.ndarray]:
    """Return the parts that each step has in the gradient of the last step's loss, for tanh.

    Parameters
    ----------
    W_h
        Shape (H, H): the recurrent weights.
    states
        Shape (t + 1, H): h_0 to h_t.
    inputs
        Shape (t, m): what was read at the steps 1 to t.
    d_state
        Shape (H,): the derivative of the loss with respect to h_t.

    Returns
    -------
    components
        `W_h` (t, H, H), `W_x` (t, m, H) and `b` (t, H): step 1 first.
    """
    ### BEGIN SOLUTION
    states = np.asarray(states, dtype=float)
    d_inside = np.empty_like(states[1:])
    d_h = d_state
    for k in range(len(inputs), 0, -1):
        d_inside[k - 1] = d_h * (1 - states[k] ** 2)
        d_h = d_inside[k - 1] @ W_h.T
    return {
        "W_h": states[:-1, :, None] * d_inside[:, None, :],
        "W_x": inputs[:, :, None] * d_inside[:, None, :],
        "b": d_inside,
    }
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "temporal_components-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The network of question 2, with two steps; what was read at step 1 is 1, at step 2 it is 10.
W_h = np.array([[1.0, 2.0], [3.0, 4.0]])
states = np.array([[0.5, -0.5], [0.5, 0.0], [0.0, 0.5]])
inputs = np.array([[1.0], [10.0]])
d_last = np.array([1.0, 2.0])
parts = temporal_components(W_h, states, inputs, d_last)
assert all((close(d_last, [1, 2]), close(states, [[0.5, -0.5], [0.5, 0], [0, 0.5]]))), (
    "d_state or states was changed: work on a copy"
)
shapes = {name: np.shape(parts[name]) for name in ("W_h", "W_x", "b")}
assert shapes == {"W_h": (2, 2, 2), "W_x": (2, 1, 2), "b": (2, 2)}, (
    f"a component for each of the 2 steps, of the shape of its parameter: not {shapes}"
)
# Component 2: no Jacobian at all. (1, 2) through tanh, whose slopes at h_2 are (1, 3/4): (1, 1.5).
assert close(parts["b"][1], [1.0, 1.5]), (
    f"b at step 2: (1, 2) times the slopes of tanh at h_2, (1, 3/4), is (1, 1.5): {parts['b'][1]}"
)
assert close(parts["W_x"][1], [[10.0, 15.0]]), (
    f"W_x at step 2: what was read there, 10, times (1, 1.5), not {parts['W_x'][1]}"
)
assert close(parts["W_h"][1], [[0.5, 0.75], [0.0, 0.0]]), (
    "W_h at step 2: it meets the state before the step, h_1 = (1/2, 0). Row i is h_1[i] times "
    f"(1, 1.5), not\n{parts['W_h'][1]}"
)
# Component 1: (1, 2) through the Jacobian of step 2, ((1, 3), (1.5, 3)): (4, 9). The slopes at h_1
# are (3/4, 1): (3, 9).
assert close(parts["b"][0], [3.0, 9.0]), (
    "b at step 1: (1, 2) times the Jacobian of step 2 is (4, 9), times the slopes at h_1 (3, 9). "
    "The loss is heard at h_t only, and step 2's own part is not counted again: "
    f"not {parts['b'][0]}"
)
assert close(parts["W_x"][0], [[3.0, 9.0]]), (
    f"W_x at step 1: what was read there, 1, times (3, 9), not {parts['W_x'][0]}"
)
assert close(parts["W_h"][0], [[1.5, 4.5], [-1.5, -4.5]]), (
    "W_h at step 1: it meets h_0 = (1/2, -1/2). Row i is h_0[i] times (3, 9), "
    f"not\n{parts['W_h'][0]}"
)
one = temporal_components(W_h, states[:2], inputs[:1], np.array([4.0, 9.0]))
assert close(one["b"], [[3.0, 9.0]]), f"one step, t = 1, has one component: {one['b']}"

# %% nbgrader={"grade": true, "grade_id": "temporal_components-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: losses of step 3 and later, and of steps 1 and 2.
### BEGIN HIDDEN TESTS
# collect temporal_components
### END HIDDEN TESTS

# %% [markdown]
# Do the components add up to what torch calls the gradient? A network of 6 units reads 12 random rows; the loss is $\sum_i h_{12}[i]\, v_i$ for a random $v$. (Cells like this one are for looking; they are not run when your work is graded.)

# %% tags=["exploration", "raises-exception"]
rng = np.random.default_rng(0)
size, n_in, steps = 6, 4, 12
weights = {
    "W_h": rng.normal(size=(size, size)) / math.sqrt(size),
    "W_x": rng.normal(size=(n_in, size)) / 2,
    "b": rng.normal(size=size) / 4,
}
read, v = rng.normal(size=(steps, n_in)), rng.normal(size=size)
theirs = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
h, seen = torch.zeros(size, dtype=torch.float64), [np.zeros(size)]
for row in torch.tensor(read):
    h = torch.tanh(h @ theirs["W_h"] + row @ theirs["W_x"] + theirs["b"])
    seen.append(h.detach().numpy())
(h @ torch.tensor(v)).backward()
parts = temporal_components(weights["W_h"], np.array(seen), read, v)
for name, weight in theirs.items():
    difference = np.abs(np.asarray(parts[name]).sum(axis=0) - weight.grad.numpy()).max()
    print(f"{name}: largest difference of the sum from torch's gradient {difference:.1e}")
print("length of the W_h components, step 1 first:")
print(np.sqrt((np.asarray(parts["W_h"]) ** 2).sum(axis=(1, 2))).round(4))
print("(the first is exactly 0, since it meets h_0, which is zeros here)")


# %% [markdown]
# ## 4. The spectral radius
#
# Now leave the nonlinearity out, as 002 does first: in the *linear* network every step has the same Jacobian, $W_h^\top$, and $t - k$ steps have $(W_h^\top)^{t-k}$. What a high power of a matrix does is decided by its eigenvalues. The *spectral radius* is the largest of their moduli,
#
# $$\rho(W) = \max_i |\mu_i|, \qquad |a + ib| = \sqrt{a^2 + b^2}$$
#
# (003 calls the eigenvalues $\lambda_i$; here $\lambda_1$ is 002's name for the largest *singular* value.)
#
# **Write `spectral_radius(W)`**, which returns this number as a float.
#
# * `W` is a real square matrix, an array of shape `(n, n)` with $n \ge 1$. It need not be symmetric; its eigenvalues may be negative or complex; it may have fewer eigenvectors than rows (*defective*, such as $\begin{pmatrix} 1 & 1 \\ 0 & 1 \end{pmatrix}$), or be all zeros.
# * A matrix that is not square, such as one of shape `(2, 3)` or `(1, 4)`, raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "spectral_radius", "locked": false, "schema_version": 3, "solution": true, "task": false}
def spectral_radius(W: Float[np.ndarray, "n n"]) -> float:
    """Return the largest modulus of an eigenvalue.

    Parameters
    ----------
    W
        Shape (n, n).

    Returns
    -------
    radius
        0 or more.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"expected a square matrix, came shape {W.shape}")
    return np.abs(np.linalg.eigvals(np.asarray(W, dtype=float))).max()
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "spectral_radius-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
triangle = np.array([[0.5, 7.0], [0.0, -0.8]])
assert close(spectral_radius(triangle), 0.8), (
    "a triangular matrix has its eigenvalues on the diagonal, whatever stands above it: 0.5 and "
    f"-0.8. The largest modulus is 0.8, not {spectral_radius(triangle)}"
)
turn = np.array([[0.0, 3.0], [-3.0, 0.0]])
assert close(spectral_radius(turn), 3.0), (
    "a quarter turn times 3 has the eigenvalues 3i and -3i, of modulus 3 (and real part 0), "
    f"not {spectral_radius(turn)}"
)
assert close(spectral_radius(0.5 * rotation(1.0)), 0.5), (
    "a rotation by 1 radian, times 0.5: both eigenvalues have the modulus 0.5, "
    f"not {spectral_radius(0.5 * rotation(1.0))}"
)
lone = np.array([[1.0, 1.0], [0.0, 1.0]])
assert close(spectral_radius(lone), 1.0), f"defective, eigenvalue 1: {spectral_radius(lone)}"
assert close(spectral_radius(np.zeros((2, 2))), 0.0), "all zeros: the radius is 0"
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(spectral_radius, np.ones(shape)), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "spectral_radius-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: real eigenvalues, and complex, defective, zero matrices and what is refused.
### BEGIN HIDDEN TESTS
# collect spectral_radius
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Power iteration
#
# Why do eigenvalues decide? Write a vector as a sum of eigenvectors. Each multiplication stretches each part by its own eigenvalue; after many of them the part with the largest one is all that is left. So: start from a random vector, multiply by $W$ again and again, and see by how much **the last** multiplication stretches it. It is what backpropagation does to an error in a linear network, and 002 uses it (in its supplement) to prove the conditions of question 7.
#
# **Write `power_iteration(W, n_iter, rng)`**, which returns the modulus of the largest eigenvalue, as a float, by `n_iter` multiplications.
#
# * Start from a random direction, `rng.normal(size=n)`: a fixed one, such as $(1, \dots, 1)$, may have no part in the direction that wins.
# * `W` has shape `(n, n)`. Where it has an eigenvalue other than 0, the largest one is real (positive **or negative**: return its modulus) and no other is as large: there is a *gap*, and `n_iter` is large enough for it. A start from a random direction then gives the answer to a relative accuracy far better than 1e-5.
# * The eigenvalue may be as large as 1000 or as small as 1/1000, with `n_iter` in the hundreds. Rescale the vector on the way.
# * Where the vector becomes exactly zero, as with the zero matrix, the answer is 0.
# * A matrix that is not square, such as one of shape `(2, 3)` or `(1, 4)`, raises `ValueError`, and so does `n_iter` below 1.

# %% nbgrader={"grade": false, "grade_id": "power_iteration", "locked": false, "schema_version": 3, "solution": true, "task": false}
def power_iteration(W: Float[np.ndarray, "n n"], n_iter: int, rng: np.random.Generator) -> float:
    """Return the modulus of the largest eigenvalue by multiplying again and again.

    Parameters
    ----------
    W
        Shape (n, n), with a gap between its largest eigenvalue and the others.
    n_iter
        How many multiplications, 1 or more.
    rng
        Where the first direction comes from.

    Returns
    -------
    radius
        By how much the last multiplication stretches.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1] or n_iter < 1:
        raise ValueError(f"expected a square matrix and an iteration: {W.shape}, {n_iter}")
    v = rng.normal(size=len(W))
    v /= np.linalg.norm(v)
    for _ in range(n_iter):
        v = W @ v
        stretch = np.linalg.norm(v)
        if stretch == 0:
            return 0.0
        v /= stretch
    return stretch
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "power_iteration-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def rng():
    return np.random.default_rng(5)


with np.errstate(all="ignore"):
    got = power_iteration(np.diag([2.0, 1.0]), 40, rng())
    assert close(got, 2.0), (
        "eigenvalues 2 and 1. After 40 steps the part along the second is 2^-40 of the first; the "
        f"last multiplication stretches by 2, not {got}"
    )
    got = power_iteration(np.array([[-2.0, 1.0], [0.0, 1.0]]), 40, rng())
    assert close(got, 2.0), f"eigenvalues -2 and 1: the modulus of the largest is 2, not {got}"
    got = power_iteration(np.array([[0.5, 30.0], [0.0, 0.25]]), 40, rng())
    assert close(got, 0.5), (
        "eigenvalues 0.5 and 0.25. The first multiplications stretch by much more (30 stands above "
        f"the diagonal); the last one by 0.5, not {got}"
    )
    crossed = np.array([[0.625, -0.375], [-0.375, 0.625]])
    got = power_iteration(crossed, 14, rng())
    assert close(got, 1.0), (
        "eigenvalue 1 in the direction (1, -1), 1/4 in the direction (1, 1): a start along (1, 1) "
        f"never sees the first: 1, not {got}"
    )
    got = power_iteration(np.diag([0.25, 1.0]), 14, rng())
    assert close(got, 1.0), (
        "eigenvalue 1/4 along the first axis, 1 along the second: a start along the first never "
        f"sees the second: 1, not {got}"
    )
    for size in (1e3, 1e-3):
        got = power_iteration(size * np.diag([1.0, 0.5]), 300, rng())
        assert close(got / size, 1.0), (
            f"eigenvalue {size:g}, and {size:g}^300 is no number that a float can hold: {got}"
        )
    for name, vanishing in (("zeros", np.zeros((2, 2))), ("((0, 5), (0, 0))", 5 * np.eye(2, k=1))):
        got = power_iteration(vanishing, 10, rng())
        assert close(got, 0.0), f"{name}: the vector becomes zero, so the answer is 0, not {got}"
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(power_iteration, np.ones(shape), 9, rng()), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )
assert refuses(power_iteration, np.eye(2), 0, rng()), "no iteration: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "power_iteration-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: matrices with a gap, large and small ones, and special directions, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect power_iteration
### END HIDDEN TESTS

# %% [markdown]
# ## 6. A bound for nonlinear networks
#
# With a nonlinearity the factors differ from step to step, and eigenvalues of a product are not products of eigenvalues. Norms do better: the 2-norm of a product is at most the product of the 2-norms. If the slopes of $\phi$ are never larger than $\gamma$ in modulus, each factor has a norm of at most $\gamma \lambda_1$, where $\lambda_1$ is the largest **singular** value of $W_h$ (002, eqs 6 and 7). Hence
#
# $$\left\| \frac{\partial h_t}{\partial h_k} \right\|_2 \le (\gamma \lambda_1)^{t-k}$$
#
# For tanh $\gamma = 1$, for the logistic function $\gamma = 1/4$. In slides 000 the same bound stands as $(\beta_W \beta_h)^{t-k}$.
#
# **Write `vanishing_bound(W, gamma, gap)`**, which returns the right-hand side, a float, with `gap` for $t - k$.
#
# * The bound is for any `gap` from 0 on; for 0 it is 1, whatever `W` is. Gaps are so small that a float holds the bound.
# * A matrix that is not square, such as one of shape `(2, 3)` or `(1, 4)`, raises `ValueError`, and so do a `gamma` of 0 or below and a `gap` below 0.

# %% nbgrader={"grade": false, "grade_id": "vanishing_bound", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vanishing_bound(W: Float[np.ndarray, "n n"], gamma: float, gap: int) -> float:
    """Return a bound of the norm of a product of Jacobians.

    Parameters
    ----------
    W
        Shape (n, n): the recurrent weights.
    gamma
        Bounds the modulus of the slopes, above 0.
    gap
        How many factors, 0 or more.

    Returns
    -------
    bound
        Of the 2-norm.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1] or gamma <= 0 or gap < 0:
        raise ValueError(f"expected a square matrix, gamma > 0, gap >= 0: {W.shape} {gamma} {gap}")
    return (gamma * np.linalg.norm(np.asarray(W, dtype=float), 2)) ** gap
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "vanishing_bound-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# ((0, 2), (-0.5, 0)) swaps the axes and stretches by 2 and 0.5. Its eigenvalues are i and -i.
swap = np.array([[0.0, 2.0], [-0.5, 0.0]])
bound = vanishing_bound(swap, 1.0, 1)
assert close(bound, 2.0), (
    "the largest singular value is 2 (the smallest is 0.5, the spectral radius 1, the root of the "
    f"sum of squares 2.06), so one factor is at most 2, not {bound}"
)
bound = vanishing_bound(swap, 1.0, 3)
assert close(bound, 8.0), f"three factors: 2^3 = 8, not {bound}"
bound = vanishing_bound(swap, 0.25, 3)
assert close(bound, 0.125), (
    f"every factor has its slopes: (0.25 * 2)^3 = 0.125 for the logistic function, not {bound}"
)
for W in (swap, np.zeros((2, 2))):
    assert close(vanishing_bound(W, 0.5, 0), 1.0), (
        f"no factor at all: the identity matrix, of norm 1, not {vanishing_bound(W, 0.5, 0)}"
    )
assert close(vanishing_bound(np.zeros((2, 2)), 1.0, 2), 0.0), "all zeros: nothing arrives"
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(vanishing_bound, np.ones(shape), 1.0, 1), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )
assert refuses(vanishing_bound, swap, 0.0, 1), "gamma of 0: expected a ValueError"
assert refuses(vanishing_bound, swap, 1.0, -1), "a gap below 0: expected a ValueError"

# %% nbgrader={"grade": true, "grade_id": "vanishing_bound-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: matrices of many kinds, gaps of 0, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect vanishing_bound
### END HIDDEN TESTS

# %% [markdown]
# The fan: the norm of $\frac{\partial h_t}{\partial h_k}$ against $t - k$, as your `jacobian_product` says, and the bound of question 6, dashed (the first two networks have the same one). Three networks of 40 tanh units read the same noise; only $W_h$ differs.

# %% tags=["exploration", "raises-exception"]
import matplotlib.pyplot as plt

from nextword.pictures import plots

rng = np.random.default_rng(1)
size, steps = 40, 60
orthogonal = np.linalg.qr(rng.normal(size=(size, size)))[0]
dense = rng.normal(size=(size, size))
networks = {
    "rotation times 0.95": 0.95 * orthogonal,
    "random, largest singular value 0.95": 0.95 * dense / np.linalg.norm(dense, 2),
    "random, largest singular value 2.8": 2.8 * dense / np.linalg.norm(dense, 2),
}
noise = rng.normal(0, 0.2, size=(steps, size))
with plots.course_style():
    figure, axis = plt.subplots()
    reading = []
    for (label, W), colour in zip(networks.items(), plots.PALETTE, strict=False):
        states = np.zeros((steps + 1, size))
        for t in range(steps):
            states[t + 1] = np.tanh(states[t] @ W + noise[t])
        gaps = np.arange(0, 51)
        norms = [np.linalg.norm(jacobian_product(W, states, steps, steps - gap), 2) for gap in gaps]
        axis.plot(gaps, norms, color=colour, label=label)
        axis.plot(gaps, [vanishing_bound(W, 1.0, int(gap)) for gap in gaps], "--", color=colour)
        radius = spectral_radius(W)
        reading.append(f"{label} (spectral radius {radius:.2f}): {norms[50]:.1e} after 50 steps")
    axis.set(xlabel="gap t - k in steps", ylabel="2-norm of the Jacobian", yscale="log")
    axis.set_ylim(1e-15, 1e9)
    axis.legend(loc="lower left")
plots.show(
    figure, "Norm of the Jacobian against the gap, each below its bound. " + "; ".join(reading)
)
print("\n".join(reading))


# %% [markdown]
# ## 7. Sufficient, necessary, neither
#
# From the bound follow 002's two conditions for networks whose slopes are at most $\gamma$:
#
# * $\lambda_1 < \frac{1}{\gamma}$ is **sufficient** for long-term components to vanish: where it holds, they do, whatever the states are. Where it does not hold, it says nothing: they may vanish or not.
# * $\lambda_1 > \frac{1}{\gamma}$ is **necessary** for them to explode: where it does not hold, they do not. Where it holds, it says nothing: they may explode or not.
#
# In *linear* networks the spectral radius takes the place of $\lambda_1$ (and $\gamma$ is 1): $\rho < 1$ is sufficient to vanish, $\rho > 1$ is necessary to explode, which means: to grow exponentially.
#
# Note what these functions are asked. They return whether *the condition holds*, not whether gradients vanish or explode in some network. With $W = \begin{pmatrix} 0 & 5 \\ 0 & 0 \end{pmatrix}$ everything vanishes after two steps, whatever the slopes are; yet $\lambda_1 = 5$, so for tanh the sufficient condition does not hold, and the necessary one does.
#
# **Write four functions**, each of which returns `True` or `False`:
#
# * `must_vanish(W, gamma)`: whether the sufficient condition for nonlinear networks holds.
# * `may_explode(W, gamma)`: whether the necessary condition for nonlinear networks holds.
# * `must_vanish_linear(W)` and `may_explode_linear(W)`: the same for linear networks.
#
# Settled:
#
# * **Exactly at the threshold neither holds**: `must_vanish` and `may_explode` are both `False` where $\gamma \lambda_1 = 1$. Computed singular values and eigenvalues are off by some rounding, so *exactly* means: a value of $\gamma \lambda_1$, or of $\rho$, **within 1e-9 of 1 counts as 1**. All other cases are at least 0.02 away.
# * The zero matrix vanishes.
# * A matrix that is not square, such as one of shape `(2, 3)` or `(1, 4)`, raises `ValueError`, and so does a `gamma` of 0 or below.

# %% nbgrader={"grade": false, "grade_id": "must_vanish", "locked": false, "schema_version": 3, "solution": true, "task": false}
def must_vanish(W: Float[np.ndarray, "n n"], gamma: float) -> bool:
    """Return whether the sufficient condition for vanishing holds, for nonlinear networks.

    Parameters
    ----------
    W
        Shape (n, n): the recurrent weights.
    gamma
        Bounds the modulus of the slopes, above 0.

    Returns
    -------
    holds
        False also where components vanish, but the condition does not say so.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError(f"expected a square matrix and gamma > 0, came {W.shape}, {gamma}")
    return bool(gamma * np.linalg.norm(W, 2) < 1 - 1e-9)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "must_vanish-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
assert says(must_vanish(0.9 * rotation(1.0), 1.0), True), "all stretch by 0.9 < 1: it must vanish"
assert says(must_vanish(1.1 * rotation(1.0), 1.0), False), "1.1 is not below 1: expected False"
sheared = np.array([[0.9, 5.0], [0.0, 0.9]])
assert says(must_vanish(sheared, 1.0), False), (
    "((0.9, 5), (0, 0.9)) stretches a vector by up to 5.16, though its eigenvalues are 0.9: the "
    "sufficient condition does not hold"
)
assert says(must_vanish(np.array([[0.0, 5.0], [0.0, 0.0]]), 1.0), False), (
    "two factors ((0, 5), (0, 0)) make zero, so all does vanish; but the condition does not hold, "
    "as 5 > 1: it is sufficient, not necessary, and you are asked about the condition"
)
assert says(must_vanish(3.0 * rotation(1.0), 0.25), True), (
    "logistic units, gamma = 1/4: 3 < 4 = 1 / gamma, so it must vanish"
)
assert says(must_vanish(0.8 * rotation(1.0), 2.0), False), (
    "gamma = 2: 0.8 is not below 1 / gamma = 0.5, so the condition does not hold"
)
assert says(must_vanish(0.9 * np.eye(4), 1.0), True), (
    "nothing is stretched by more than 0.9 (the root of the sum of squares, 1.8, is another norm)"
)
assert says(must_vanish(np.diag([1.5, 0.5]), 1.0), False), "the largest one counts, 1.5, not 0.5"
assert says(must_vanish(np.zeros((2, 2)), 1.0), True), "the zero matrix vanishes"
for angle in np.arange(0, 30, 0.15):
    for gamma in (1.0, 0.25):
        assert says(must_vanish(rotation(angle) / gamma, gamma), False), (
            f"a rotation by {angle:.2f} over gamma = {gamma}: gamma times lambda_1 is 1 (whatever "
            "rounding makes of it, within 1e-9), and at the threshold the condition does not hold"
        )
assert says(must_vanish((1 - 5e-10) * np.eye(2), 1.0), False), (
    "1 - 5e-10 is within 1e-9 of 1, and counts as 1: at the threshold the condition does not hold"
)
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(must_vanish, np.ones(shape), 1.0), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )
assert refuses(must_vanish, np.eye(2), 0.0), "gamma of 0: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "must_vanish-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: matrices of many kinds; the threshold, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect must_vanish
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "may_explode", "locked": false, "schema_version": 3, "solution": true, "task": false}
def may_explode(W: Float[np.ndarray, "n n"], gamma: float) -> bool:
    """Return whether the necessary condition for exploding holds, for nonlinear networks.

    Parameters
    ----------
    W
        Shape (n, n): the recurrent weights.
    gamma
        Bounds the modulus of the slopes, above 0.

    Returns
    -------
    holds
        True also where components do not explode, but the condition does not exclude it.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError(f"expected a square matrix and gamma > 0, came {W.shape}, {gamma}")
    return bool(gamma * np.linalg.norm(W, 2) > 1 + 1e-9)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "may_explode-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
assert says(may_explode(1.1 * rotation(1.0), 1.0), True), "1.1 > 1: the condition holds"
assert says(may_explode(0.9 * rotation(1.0), 1.0), False), "all stretch by 0.9: it cannot explode"
folding = np.array([[1.5, -2.0], [1.5, -1.5]])
assert says(may_explode(folding, 1.0), True), (
    "((1.5, -2), (1.5, -1.5)) has the spectral radius 0.87, but stretches by up to 3.27; and with "
    "the slopes (1, 0.1) at every step its product does explode. The condition holds"
)
assert says(may_explode(np.array([[0.0, 5.0], [0.0, 0.0]]), 1.0), True), (
    "two factors ((0, 5), (0, 0)) make zero, so it does not explode; but the condition holds, as "
    "5 > 1: it is necessary, not sufficient, and you are asked about the condition"
)
assert says(may_explode(3.0 * rotation(1.0), 0.25), False), (
    "logistic units, gamma = 1/4: 3 is not above 4 = 1 / gamma"
)
assert says(may_explode(0.8 * rotation(1.0), 2.0), True), "gamma = 2: 0.8 > 1 / gamma = 0.5"
assert says(may_explode(0.9 * np.eye(4), 1.0), False), (
    "nothing is stretched by more than 0.9 (the root of the sum of squares, 1.8, is another norm)"
)
assert says(may_explode(np.diag([1.5, 0.5]), 1.0), True), "the largest one counts, 1.5, not 0.5"
assert says(may_explode(np.zeros((2, 2)), 1.0), False), "the zero matrix does not explode"
for angle in np.arange(0, 30, 0.15):
    for gamma in (1.0, 0.25):
        assert says(may_explode(rotation(angle) / gamma, gamma), False), (
            f"a rotation by {angle:.2f} over gamma = {gamma}: gamma times lambda_1 is 1 (whatever "
            "rounding makes of it, within 1e-9), and at the threshold the condition does not hold"
        )
assert says(may_explode((1 + 5e-10) * np.eye(2), 1.0), False), (
    "1 + 5e-10 is within 1e-9 of 1, and counts as 1: at the threshold the condition does not hold"
)
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(may_explode, np.ones(shape), 1.0), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )
assert refuses(may_explode, np.eye(2), -1.0), "gamma below 0: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "may_explode-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: matrices of many kinds; the threshold, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect may_explode
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "must_vanish_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def must_vanish_linear(W: Float[np.ndarray, "n n"]) -> bool:
    """Return whether the sufficient condition for vanishing holds, for linear networks.

    Parameters
    ----------
    W
        Shape (n, n): the recurrent weights.

    Returns
    -------
    holds
        False also where components vanish, but the condition does not say so.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"expected a square matrix, came shape {W.shape}")
    return bool(np.abs(np.linalg.eigvals(W)).max() < 1 - 1e-9)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "must_vanish_linear-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
sheared = np.array([[0.9, 5.0], [0.0, 0.9]])
assert says(must_vanish_linear(0.9 * rotation(1.0)), True), (
    "0.9 times a rotation: eigenvalues of modulus 0.9 < 1, so it must vanish"
)
assert says(must_vanish_linear(sheared), True), (
    "((0.9, 5), (0, 0.9)) has the spectral radius 0.9. Its powers grow at first, to a norm of 19 "
    "after 9 steps, and then vanish: the condition for linear networks holds"
)
assert says(must_vanish_linear(1.1 * rotation(1.5)), False), (
    "eigenvalues of modulus 1.1; their real part is 0.08, which is not what counts"
)
assert says(must_vanish_linear(np.diag([-1.2, 0.5])), False), "eigenvalues -1.2 and 0.5: no"
assert says(must_vanish_linear(np.zeros((2, 2))), True), "the zero matrix vanishes"
for angle in np.arange(0, 30, 0.15):
    assert says(must_vanish_linear(rotation(angle)), False), (
        f"a rotation by {angle:.2f}: the spectral radius is 1 (whatever rounding makes of it, within "
        "1e-9), and at the threshold the condition does not hold"
    )
lone = np.array([[1.0, 1.0], [0.0, 1.0]])
assert says(must_vanish_linear(lone), False), "((1, 1), (0, 1)): the spectral radius is 1"
assert says(must_vanish_linear((1 - 5e-10) * np.eye(2)), False), (
    "1 - 5e-10 is within 1e-9 of 1, and counts as 1: at the threshold the condition does not hold"
)
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(must_vanish_linear, np.ones(shape)), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "must_vanish_linear-graded", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# 1 point, graded when you submit: matrices of many kinds, the threshold, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect must_vanish_linear
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "may_explode_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def may_explode_linear(W: Float[np.ndarray, "n n"]) -> bool:
    """Return whether the necessary condition for exploding holds, for linear networks.

    Parameters
    ----------
    W
        Shape (n, n): the recurrent weights.

    Returns
    -------
    holds
        True also where components do not explode, but the condition does not exclude it.
    """
    ### BEGIN SOLUTION
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"expected a square matrix, came shape {W.shape}")
    return bool(np.abs(np.linalg.eigvals(W)).max() > 1 + 1e-9)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "may_explode_linear-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
sheared = np.array([[0.9, 5.0], [0.0, 0.9]])
assert says(may_explode_linear(1.1 * rotation(1.5)), True), (
    "eigenvalues of modulus 1.1; their real part is 0.08, which is not what counts"
)
assert says(may_explode_linear(0.9 * rotation(1.0)), False), (
    "0.9 times a rotation: eigenvalues of modulus 0.9, so it cannot explode"
)
assert says(may_explode_linear(sheared), False), (
    "((0.9, 5), (0, 0.9)) has the spectral radius 0.9. Its powers grow at first, but do not "
    "explode: the condition for linear networks does not hold"
)
assert says(may_explode_linear(np.diag([-1.2, 0.5])), True), "eigenvalues -1.2 and 0.5: 1.2 > 1"
assert says(may_explode_linear(np.zeros((2, 2))), False), "the zero matrix does not explode"
for angle in np.arange(0, 30, 0.15):
    assert says(may_explode_linear(rotation(angle)), False), (
        f"a rotation by {angle:.2f}: the spectral radius is 1 (whatever rounding makes of it, within "
        "1e-9), and at the threshold the condition does not hold"
    )
lone = np.array([[1.0, 1.0], [0.0, 1.0]])
assert says(may_explode_linear(lone), False), (
    "((1, 1), (0, 1)): the spectral radius is 1. Its powers grow, the 100th has norm 100, but not "
    "exponentially"
)
assert says(may_explode_linear((1 + 5e-10) * np.eye(2)), False), (
    "1 + 5e-10 is within 1e-9 of 1, and counts as 1: at the threshold the condition does not hold"
)
for shape in ((2, 3), (3, 2), (1, 4)):
    assert refuses(may_explode_linear, np.ones(shape)), (
        f"an array of shape {shape} is no square matrix: expected a ValueError"
    )


# %% nbgrader={"grade": true, "grade_id": "may_explode_linear-graded", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# 1 point, graded when you submit: matrices of many kinds, the threshold, zeros and what is refused.
### BEGIN HIDDEN TESTS
# collect may_explode_linear
### END HIDDEN TESTS

# %% [markdown]
# ## 8. How much of an error arrives, by its distance
#
# In a language model the question is not what *could* happen, but how much of the error at a word arrives at the word that would have helped, so many steps before. That needs no product of matrices: carry the row $\frac{\partial E}{\partial h}$ back, step by step, and note its norm.
#
# **Write `gradient_norm_by_gap(W_h, states, lengths, d_last)`** for a batch of texts of different lengths, **for tanh**. It returns an array of shape `(max(lengths) + 1,)`: at `[g]` the mean, over the texts, of the *norm* $\left\| \frac{\partial E}{\partial h_{n-g}} \right\|_2$, where $n$ is the number of words of the text and $E$ the loss at its end. (`lengths` are numbers of words; how long a gradient is, we call its norm.)
#
# * `states` has shape `(B, T + 1, H)`: in row `i`, `states[i, 0]` is $h_0$ and `states[i, n]` the state after word $n$.
# * `lengths` has shape `(B,)`, each from 1 to $T$. **The loss of row `i` sits at `states[i, lengths[i]]`**, and at no other state; what stands in `states[i]` after it is padding and means nothing.
# * `d_last` has shape `(B, H)`: in row `i` the derivative of that loss with respect to `states[i, lengths[i]]`. So at `[0]` stands the mean norm of its rows.
# * A row with $n$ words has the gaps $0, \dots, n$: $h_0$ is $n$ steps back. **The mean for a gap is over those rows that reach back so far.**
# * First the norm of each row's gradient, then the mean over rows.

# %% nbgrader={"grade": false, "grade_id": "gradient_norm_by_gap", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_norm_by_gap(
    W_h: Float[np.ndarray, "H H"],
    states: Float[np.ndarray, "B T1 H"],
    lengths: Int[np.ndarray, " B"],
    d_last: Float[np.ndarray, "B H"],
) -> Float[np.ndarray, " gaps"]:
    """Return how long the gradient is that arrives so many steps before the loss, for tanh.

    Parameters
    ----------
    W_h
        Shape (H, H): the recurrent weights.
    states
        Shape (B, T + 1, H): of each text, h_0 first.
    lengths
        Shape (B,): how many words a text has, 1 or more. Its loss sits after the last of them.
    d_last
        Shape (B, H): the derivative of each loss with respect to the state it sits at.

    Returns
    -------
    norms
        Shape (max(lengths) + 1,): the mean over the texts that reach back so far, gap 0 first.
    """
    ### BEGIN SOLUTION
    states, carried = np.asarray(states, dtype=float), d_last
    rows = np.arange(len(lengths))
    norms = [np.linalg.norm(carried, axis=1).mean()]
    for gap in range(1, lengths.max() + 1):
        here = states[rows, np.maximum(lengths - gap + 1, 0)]
        carried = (carried * (1 - here**2)) @ W_h.T
        norms.append(np.linalg.norm(carried[lengths >= gap], axis=1).mean())
    return np.array(norms)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "gradient_norm_by_gap-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The network of question 2: J_1 = ((0.75, 2.25), (2, 4)) and J_2 = ((1, 3), (1.5, 3)).
W_h = np.array([[1.0, 2.0], [3.0, 4.0]])
text = np.array([[0.5, -0.5], [0.5, 0.0], [0.0, 0.5]])
norms = gradient_norm_by_gap(W_h, text[None], np.array([2]), np.array([[1.0, 0.0]]))
assert np.shape(norms) == (3,), f"a text of 2 words has the gaps 0, 1 and 2: not {np.shape(norms)}"
assert close(norms[0], 1.0), f"gap 0: the length of d_last itself, 1, not {norms[0]}"
assert close(norms[1], math.sqrt(10)), (
    f"gap 1: (1, 0) J_2 = (1, 3), of length sqrt(10) = 3.162, not {norms[1]}"
)
assert close(norms[2], math.hypot(6.75, 14.25)), (
    f"gap 2: (1, 3) J_1 = (6.75, 14.25), of length 15.768, not {norms[2]}"
)
# A second text of one word. What stands after its state h_1 is padding.
short = np.array([[0.1, 0.2], [0.5, 0.0], [0.9, 0.9]])
both = np.stack([text, short])
norms = gradient_norm_by_gap(W_h, both, np.array([2, 1]), np.array([[1.0, 0.0], [0.0, 2.0]]))
assert np.shape(norms) == (3,), f"the longest text has 2 words: 3 gaps, not {np.shape(norms)}"
assert close(norms[0], 1.5), f"gap 0: the mean of the lengths 1 and 2 is 1.5, not {norms[0]}"
assert close(norms[1], (math.sqrt(10) + math.sqrt(80)) / 2), (
    "gap 1: (1, 3) from the first text; from the second (0, 2) J_1 = (4, 8), as its loss sits at "
    "its own h_1. The mean of the lengths sqrt(10) and sqrt(80) is 6.053 (first the lengths, then "
    f"the mean), not {norms[1]}"
)
assert close(norms[2], math.hypot(6.75, 14.25)), (
    "gap 2: the first text alone reaches back so far, so the mean is over one text: 15.768, "
    f"not {norms[2]}"
)
# A third, of one word as well, whose gradient points the other way.
three = np.stack([text, short, short])
d_last = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
norms = gradient_norm_by_gap(W_h, three, np.array([2, 1, 1]), d_last)
assert close(norms[0], 5 / 3), f"lengths 1, 2 and 2: the mean is 5/3, not {norms[0]}"
# All texts shorter than the array: the rest of it is padding.
norms = gradient_norm_by_gap(W_h, short[None], np.array([1]), np.array([[0.0, 2.0]]))
assert close(norms, [2.0, math.sqrt(80)]), f"one word: two gaps, 2 and sqrt(80), not {norms}"
assert close(d_last, [[1, 0], [0, 2], [0, -2]]), "d_last was changed: work on a copy"

# %% nbgrader={"grade": true, "grade_id": "gradient_norm_by_gap-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: texts of the same length, of different lengths, and single texts.
### BEGIN HIDDEN TESTS
# collect gradient_norm_by_gap
### END HIDDEN TESTS

# %% [markdown]
# What does training do to it? Here is a recurrent language model of the course's own language, as in assignment 04 but small, before training and after (about 10 seconds on one core). The loss is that of the noun that comes back at the end of a sentence, and the gap counts back from there. To predict it the model must have kept the first noun. Before training $W_h$ is a rotation; beside it the same model with that rotation halved.

# %% tags=["exploration", "raises-exception"]
from nextword.corpora import load
from nextword.grammar import Grammar
from nextword.learning.training import TrainingSettings, train
from nextword.models.recurrent import recurrent_model
from nextword.text.vocabulary import Vocabulary

grammar, text = Grammar.load(), load("grammar")
vocab = Vocabulary.build(text.train)
chosen = text.test[:1500]
places = np.array([grammar.returning_index(s) for s in chosen])


def recurrent_weights(model):
    """Return W_h in float64, as we write it: torch keeps the transpose."""
    return model.network.cells.weight_hh_l0.detach().T.double().numpy()


def noun_gradients(model):
    """Return the mean gradient norm by gap, of the loss at the returning noun."""
    network, rows = model.network, np.arange(len(chosen))
    inputs = np.full((len(chosen), places.max() + 1), vocab.bos)
    for row, (sentence, place) in enumerate(zip(chosen, places, strict=False)):
        inputs[row, 1 : place + 1] = vocab.encode(list(sentence[:place]))
    with torch.no_grad():
        after = network.states(torch.tensor(inputs)).double().numpy()
        start = network.start.double().numpy()
        U, c = network.output.weight.T.double().numpy(), network.output.bias.double().numpy()
    states = np.concatenate([np.broadcast_to(start, (len(chosen), 1, len(start))), after], axis=1)
    lengths = places + 1  # <s> is read first
    scores = states[rows, lengths] @ U + c
    d_scores = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    d_scores[
        rows, [vocab.encode([s[place]])[0] for s, place in zip(chosen, places, strict=False)]
    ] -= 1
    return np.asarray(
        gradient_norm_by_gap(recurrent_weights(model), states, lengths, d_scores @ U.T)
    )


model = recurrent_model(vocab, text.train, n_features=32, n_hidden=64, seed=0)
before = noun_gradients(model)
halved = recurrent_model(vocab, text.train, n_features=32, n_hidden=64, seed=0)
with torch.no_grad():
    halved.network.cells.weight_hh_l0 *= 0.5
from_halved = noun_gradients(halved)
settings = TrainingSettings(
    epochs=3, batch_size=32, optimizer="adam", learning_rate=0.008, rate_decay=0.4, max_norm=1.0
)
read = model.reader.read
history = train(model.network, read(text.train), read(text.valid), settings, progress=False)
after = noun_gradients(model)
first, last = history.valid_perplexities[0], history.valid_perplexities[history.best_epoch]
print(f"perplexity on the validation text: {first:.0f} before training, {last:.2f} after")
W = recurrent_weights(model)
print(
    f"after training: spectral radius {spectral_radius(W):.2f}, largest singular value "
    f"{np.linalg.norm(W, 2):.2f}; must vanish: {must_vanish(W, 1.0)}, may explode: "
    f"{may_explode(W, 1.0)}"
)

# %% tags=["exploration", "raises-exception"]
FURTHEST = max(gap for gap in range(40) if np.sum(places + 1 >= gap) >= 100)
with plots.course_style():
    figure, axis = plt.subplots()
    gaps, reading = np.arange(FURTHEST + 1), []
    for label, norms, mark, colour in (
        ("after training", after, "s-", plots.BLUE),
        ("before training: a rotation", before, "o-", plots.SKY),
        ("before training: a rotation times 0.5", from_halved, "^-", plots.ORANGE),
    ):
        relative = norms[gaps] / norms[0]
        axis.plot(gaps, relative, mark, color=colour, label=label)
        reading.append(f"{label}: {relative[10]:.2g} at gap 10, {relative[20]:.2g} at gap 20")
    axis.set(
        xlabel="gap in steps back from the returning noun",
        ylabel="gradient, relative to gap 0",
        yscale="log",
        xticks=range(0, FURTHEST + 1, 4),
    )
    axis.legend(loc="lower left")
plots.show(
    figure,
    "Mean norm of the gradient of the loss at the returning noun against the gap, relative to gap "
    "0. " + "; ".join(reading),
)
print("\n".join(reading))


# %% [markdown]
# ## 9. One unit: where it comes to rest
#
# **Now the other convention.** From here on it is the single unit of 002 (eq. 8), with the **logistic** function and the nonlinearity **inside**:
#
# $$x_t = w\, \sigma(x_{t-1}) + b, \qquad \sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# Where does $x_t$ go, as $t$ grows? A *fixed point* is an $x$ that stays where it is,
#
# $$x = w\,\sigma(x) + b$$
#
# It is an *attractor* if nearby states come nearer ($w \sigma'(x) < 1$); if they are driven away ($w \sigma'(x) > 1$) it is unstable. For $w > 0$, which holds throughout, every start ends at an attractor, and there are one or two of them. Between two attractors lies an unstable fixed point: **the boundary of their basins of attraction**. A start just below it ends at the lower one, a start just above it at the upper one, however small the difference.
#
# **Write `fixed_points(w, b)`**, which returns all fixed points, attractors and unstable ones, as an array of shape `(n,)` in increasing order, each once.
#
# * $w > 0$; it may be as large as 60, and $b$ may lie between -80 and 80. For $w \le 4$ there is always one fixed point; above there are one or three, depending on $b$.
# * Accurate to 1e-6 (absolute).
# * The cases keep away from the values of $b$ at which two fixed points merge: where there are three, neighbours are at least 0.1 apart (so a grid has to be finer than that *everywhere*, and fixed points lie anywhere from $b$ to $b + w$); where there is one, $b$ is at least 0.003 away from such a value.

# %% nbgrader={"grade": false, "grade_id": "fixed_points", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fixed_points(w: float, b: float) -> Float[np.ndarray, " n"]:
    """Return where the unit x_t = w sigma(x_{t-1}) + b can stay.

    Parameters
    ----------
    w
        Recurrent weight, above 0.
    b
        Bias.

    Returns
    -------
    points
        Shape (n,): attractors and unstable points, in increasing order.
    """
    ### BEGIN SOLUTION

    def excess(x):
        """Return how far one step leads to the right of x."""
        small = math.exp(-abs(x))
        return w * (1.0 if x > 0 else small) / (1 + small) + b - x

    # sigma lies between 0 and 1, so all fixed points lie between b and b + w. The excess falls,
    # but for between the two places where w sigma'(x) = 1.
    cuts = [b, b + w + 1]
    if w > 4:
        turn = 2 * math.acosh(math.sqrt(w) / 2)
        cuts = [b, -turn, turn, b + w + 1]
    points = []
    for left, right in zip(cuts, cuts[1:], strict=False):
        rising = excess(left) < 0
        if rising == (excess(right) < 0):
            continue
        for _ in range(100):
            middle = (left + right) / 2
            if (excess(middle) < 0) == rising:
                left = middle
            else:
                right = middle
        points.append((left + right) / 2)
    return np.array(points)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "fixed_points-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def sigma(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=float)))


points = fixed_points(2.0, -1.0)
assert np.shape(points) == (1,), f"w = 2 <= 4: one fixed point, not {points}"
assert abs(points[0]) < 1e-6, f"2 sigma(0) - 1 = 0: the fixed point is 0, not {points}"
points = fixed_points(5.0, -2.5)
assert np.shape(points) == (3,), (
    f"w = 5, b = -2.5: three fixed points, two attractors and the unstable one between, not {points}"
)
assert np.all(np.diff(points) > 0), f"in increasing order, not {points}"
assert abs(points[1]) < 1e-6, f"5 sigma(0) - 2.5 = 0: the middle one is 0, not {points}"
assert np.allclose(np.abs(np.asarray(points)[[0, 2]]), 1.775, atol=0.01), (
    f"the attractors lie near -1.776 and 1.776, not {points}"
)
# In each row b is chosen such that x is a fixed point: b = x - w sigma(x).
for w, x, expected in (
    (8.0, -0.5, 3),
    (0.5, 3.0, 1),
    (5.0, -4.0, 1),
    (30.0, 0.3, 3),
    (10.0, 60.0, 1),
    (60.0, 4.0, 3),  # two of them are only 0.14 apart
    (60.0, -4.0, 3),
):
    b = x - w * float(sigma(x))
    points = fixed_points(w, b)
    assert np.shape(points) == (expected,), (
        f"w = {w}, b = {b:.3f}: expected fixed points in an array of shape ({expected},), "
        f"came {points}"
    )
    assert np.all(np.abs(w * sigma(points) + b - points) < 1e-4), (
        f"w = {w}, b = {b:.3f}: after a step, w sigma(x) + b, {points} becomes "
        f"{w * sigma(points) + b}: those that move are no fixed points"
    )
    assert np.min(np.abs(np.asarray(points) - x)) < 1e-6, (
        f"w = {w}, b = {b:.3f}: w sigma(x) + b = x for x = {x}, which is not among {points} to 1e-6"
    )
    assert np.all(np.diff(points) > 0), f"in increasing order, each once, not {points}"


# %% nbgrader={"grade": true, "grade_id": "fixed_points-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: one fixed point, three, and large weights and biases.
### BEGIN HIDDEN TESTS
# collect fixed_points
### END HIDDEN TESTS

# %% [markdown]
# **Write `basin_boundary(w, b)`**, which returns the boundary between the two basins of attraction, a float, or **`None`** where there is one attractor only. The same unit, the same ranges, the same accuracy, and the cases keep away from merging fixed points in the same way.

# %% nbgrader={"grade": false, "grade_id": "basin_boundary", "locked": false, "schema_version": 3, "solution": true, "task": false}
def basin_boundary(w: float, b: float) -> float | None:
    """Return which starts of the unit x_t = w sigma(x_{t-1}) + b end at which attractor.

    Parameters
    ----------
    w
        Recurrent weight, above 0.
    b
        Bias.

    Returns
    -------
    boundary
        Starts below it end at the lower attractor, starts above it at the upper one. None where
        there is only one.
    """
    ### BEGIN SOLUTION
    if w <= 4:
        return None

    def excess(x):
        return w / (1 + math.exp(-x)) + b - x

    # Between the two places with w sigma'(x) = 1 the excess rises: a zero there is unstable.
    turn = 2 * math.acosh(math.sqrt(w) / 2)
    left, right = -turn, turn
    if excess(left) >= 0 or excess(right) <= 0:
        return None
    for _ in range(100):
        middle = (left + right) / 2
        if excess(middle) < 0:
            left = middle
        else:
            right = middle
    return (left + right) / 2
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "basin_boundary-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def ends_at(w, b, x):
    """Return where a start ends, after many steps."""
    for _ in range(3000):
        x = w / (1 + math.exp(-x)) + b
    return x


assert basin_boundary(2.0, -1.0) is None, "w = 2: one attractor, so there is no boundary: None"
assert basin_boundary(5.0, -1.0) is None, "w = 5, b = -1: one attractor only, no boundary: None"
assert basin_boundary(5.0, -2.34) is None, (
    "w = 5, b = -2.34: just beyond the fold at -2.3444, so one attractor and None. Near a fold the "
    "state crawls for hundreds of steps: waiting until it rests is not enough"
)
for w, b in ((5.0, -2.5), (5.0, -2.45), (7.0, -3.2), (12.0, -8.0), (40.0, -15.0)):
    boundary = basin_boundary(w, b)
    assert isinstance(boundary, (float, np.floating)), (
        f"w = {w}, b = {b}: two attractors, so a boundary between them, a float, not {boundary}"
    )
    low, high = ends_at(w, b, -100.0), ends_at(w, b, 100.0)
    below, above = ends_at(w, b, boundary - 1e-6), ends_at(w, b, boundary + 1e-6)
    assert max(abs(below - low), abs(above - high)) < 1e-3, (
        f"w = {w}, b = {b}: a start just below your boundary {boundary:.6f} ends at {below:.4f}, one "
        f"just above it at {above:.4f}. It should be {low:.4f} below and {high:.4f} above"
    )

# %% nbgrader={"grade": true, "grade_id": "basin_boundary-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: one attractor and two, moderate weights and large ones.
### BEGIN HIDDEN TESTS
# collect basin_boundary
### END HIDDEN TESTS

# %% [markdown]
# Figure 3 of 002, by your functions: the fixed points of the unit with $w = 5$ against its bias. Attractors are drawn in bold, the boundary between their basins dashed. Arrows show where states go.

# %% tags=["exploration", "raises-exception"]
biases = np.linspace(-3.1, -1.9, 481)
lower, upper, between = [], [], []
for b in biases:
    points = np.asarray(fixed_points(5.0, float(b)))
    boundary = basin_boundary(5.0, float(b))
    between.append(np.nan if boundary is None else boundary)
    lower.append(points[0] if points[0] < 0 else np.nan)
    upper.append(points[-1] if points[-1] > 0 else np.nan)
two = biases[np.isfinite(between)]
with plots.course_style():
    figure, axis = plt.subplots()
    axis.plot(biases, lower, color=plots.BLUE, linewidth=4)
    axis.plot(biases, upper, color=plots.BLUE, linewidth=4)
    axis.plot(biases, between, "--", color=plots.RED)
    for b in (-3.0, -2.8, -2.5, -2.2, -2.0):
        for x in (-3.0, -0.6, 0.6, 3.0):
            moved = 5.0 / (1 + math.exp(-x)) + b
            axis.annotate(
                "",
                (b, x + math.copysign(min(abs(moved - x), 0.5), moved - x)),
                (b, x),
                arrowprops={"arrowstyle": "->", "color": "0.45", "linewidth": 1.5},
            )
    axis.set(xlabel="bias b", ylabel="state x", ylim=(-3.7, 3.7))
    axis.text(-2.13, 1.75, "attractor", color=plots.BLUE)
    axis.text(-2.98, -2.0, "attractor", color=plots.BLUE)
    axis.text(-2.36, -0.1, "boundary of the basins", color=plots.RED)
plots.show(
    figure,
    f"Fixed points of the unit with weight 5. Two attractors for b from {two[0]:.3f} to "
    f"{two[-1]:.3f}, with the boundary falling between them as b grows; one attractor elsewhere.",
)
print(f"two attractors for b from {two[0]:.4f} to {two[-1]:.4f} (on a grid of 0.0025)")


# %% [markdown]
# And where does the state end? The next cell needs none of your functions. On the left $x_{50}$ against $b$, for two starts $x_0$; on the right the norm of its derivative by $b$, $\left|\frac{\partial x_{50}}{\partial b}\right|$, and by the start, $\left|\frac{\partial x_{50}}{\partial x_0}\right|$. The dotted lines are the folds, where attractors appear and disappear.

# %% tags=["exploration", "raises-exception"]
def walk(b, start, w=5.0, steps=50):
    """Return x after some steps, and its derivatives by b and by the start."""
    x, by_b, by_start = np.full_like(b, start), np.zeros_like(b), np.ones_like(b)
    for _ in range(steps):
        s = 1 / (1 + np.exp(-x))
        slope = w * s * (1 - s)
        by_b, by_start, x = 1 + slope * by_b, slope * by_start, w * s + b
    return x, by_b, by_start


fine = np.linspace(-3.1, -1.9, 4801)
at_folds = (-2.655607, -2.344393)
with plots.course_style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6))
    reading = []
    for start, colour in ((-3.0, plots.BLUE), (0.5, plots.ORANGE)):
        x, by_b, by_start = walk(fine, start)
        left.plot(fine, x, color=colour, label=f"start {start:g}")
        right.plot(fine, np.abs(by_b), color=colour, label=f"by b, start {start:g}")
        right.plot(fine, by_start, ":", color=colour, label=f"by the start {start:g}")
        steepest = int(np.argmax(np.abs(by_b)))
        middle = int(np.argmin(np.abs(fine + 2.5)))
        reading.append(
            f"start {start:g}: steepest at b = {fine[steepest]:.4f}, {by_b[steepest]:.1e} by b; at "
            f"b = -2.5 {by_b[middle]:.2g} by b and {by_start[middle]:.0e} by the start"
        )
    for axis in (left, right):
        for fold in at_folds:
            axis.axvline(fold, color=plots.BLACK, linewidth=1, linestyle=":")
        axis.set(xlabel="bias b")
        axis.legend(fontsize=11)
    left.set(ylabel="state after 50 steps")
    right.set(ylabel="derivative", yscale="log", ylim=(1e-16, 1e12))
    figure.tight_layout()
plots.show(
    figure, "State after 50 steps against the bias, and its derivatives. " + "; ".join(reading)
)
print("\n".join(reading))


# %% [markdown]
# ## Written: memory, boundaries, and what a condition says
#
# **In at most 300 words:** (a) A recurrent tanh network has $\lambda_1 = 1.8$ and $\rho = 0.9$. One student says: *$\lambda_1 > 1$, so its gradients explode*. Another: *$\rho < 1$, so they vanish*. What follows from these two numbers, and what does not? Say for each of the two which word is misread: *sufficient*, *necessary*, or *linear*. (b) The two figures above, with $w = 5$: name a start $x_0$ and a change of $b$ that crosses a bifurcation while $\frac{\partial x_{50}}{\partial b}$ stays below 10, and another start and change that crosses none and makes it larger than a thousand. What decides? And why is $\frac{\partial x_{50}}{\partial x_0}$ at $b = -2.5$ so much smaller than $\frac{\partial x_{50}}{\partial b}$? (c) A unit that should remember one bit for long holds it best deep inside a basin of attraction, where noise cannot push it out. 002 says that avoiding vanishing gradients *means staying close to the boundaries between basins of attractions*. Why is that no contradiction, and what does it say about how hard it is to *learn* to remember?

# %% [markdown] nbgrader={"grade": true, "grade_id": "memory_and_gradients-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) Nothing is decided by these two numbers. $\lambda_1 < 1$ would have been *sufficient* to vanish; it does not hold, so vanishing is not guaranteed. $\lambda_1 > 1$ is *necessary* for exploding; it holds, so exploding is not excluded, but it need not happen: the slopes of tanh may be small, or the directions that one step stretches may be shrunk by the next. The first student reads a necessary condition as a sufficient one. $\rho < 1$ guarantees vanishing in a *linear* network, where every factor is the same matrix; with slopes that differ from unit to unit the product of a matrix with $\rho = 0.9$ can grow exponentially. The second student uses the linear condition for a nonlinear network. (b) Start with $x_0$ far down, at $-3$, and let $b$ grow from $-2.7$ to $-2.6$, past the lower fold: the upper attractor appears, but the state is in the basin of the lower one before and after; $x_{50}$ moves a little, and the gradient is small. Now keep $b$ between the folds and move it such that the dashed line passes $x_0$: before, $x_0$ lies in the lower basin, after it in the upper one. No bifurcation was crossed, yet $x_{50}$ jumps from one attractor to the other, so the gradient there is huge (with $x_0 = 0.5$ it happens near $b = -2.61$, above the lower fold). What decides is whether the *state* changes its basin. At rest on an attractor the start is forgotten, $\partial x_{50} / \partial x_0 \to 0$; but $b$ acts at every step, and moves the attractor itself, so $\partial x_{50}/\partial b$ stays near $1 / (1 - w \sigma')$. (c) Deep inside a basin all nearby states converge to the same attractor: a change of $x_k$ is forgotten, $\partial x_t / \partial x_k \to 0$. That is why the bit is safe from noise, and for the same reason the error at $t$ says nothing about how $x_k$ should change. Holding needs the one, learning what to hold needs the other: a gradient arrives only while states are near a boundary, where small changes still matter, and there gradients easily explode. So the better a network remembers, the less it learns from that memory by gradients.
#
# **Rubric (4 points).** 1: neither follows, with the first student's mistake named (necessary read as sufficient). 1: the second student's (the linear condition used for a nonlinear network). 1: both changes described, and that the state's change of basin decides, not the bifurcation. 1: convergence makes the memory safe and the gradient vanish, for the same reason; learning needs the boundary. Half points for a right claim without a reason.

# %% [markdown]
# ## 10. Stretch: where attractors appear and disappear
#
# At a *fold* (a saddle-node bifurcation) the unstable fixed point meets an attractor, and both disappear. There the map touches the diagonal: $x = w \sigma(x) + b$ and at the same time $w \sigma'(x) = 1$. Both can be solved in closed form. 002 calls the two values of $b$ that belong to a weight $b_1$ and $b_2$; we say the lower and the upper fold.
#
# **Write `fold_points(w)`**, which returns the values of $b$, as an array of shape `(2,)`, in increasing order; between them there are two attractors. Still the unit $x_t = w\,\sigma(x_{t-1}) + b$ with the logistic function **inside**.
#
# * $w > 0$. For $w \le 4$ there is no interval with two attractors, and the answer is an empty array, of shape `(0,)`. At $w = 4$ exactly the two folds have merged: empty too.
# * Accurate to 1e-6 (absolute). Other weights are at least 0.1 away from 4.

# %% nbgrader={"grade": false, "grade_id": "fold_points", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_points(w: float) -> Float[np.ndarray, " n"]:
    """Return the biases at which the unit x_t = w sigma(x_{t-1}) + b gains or loses an attractor.

    Parameters
    ----------
    w
        Recurrent weight, above 0.

    Returns
    -------
    biases
        Shape (2,), in increasing order, or (0,) where there are none.
    """
    ### BEGIN SOLUTION
    if w <= 4:
        return np.zeros(0)
    # w s (1 - s) = 1 for s = sigma(x).
    s = (1 + np.array([1.0, -1.0]) * math.sqrt(1 - 4 / w)) / 2
    return np.log(s / (1 - s)) - w * s
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "fold_points-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
folds = fold_points(5.0)
assert np.shape(folds) == (2,), f"w = 5 has two folds, in an array of shape (2,), not {folds}"
assert folds[0] < folds[1], f"in increasing order, not {folds}"
assert np.allclose(folds, [-2.65561, -2.34439], atol=1e-5), (
    "w = 5: w sigma'(x) = 1 at x = 0.96242 and -0.96242, where b = x - w sigma(x) is -2.65561 and "
    f"-2.34439, not {folds}"
)
# w = 16/3: sigma is 3/4 and 1/4, x = log 3 and -log 3.
folds = fold_points(16 / 3)
assert np.allclose(folds, [math.log(3) - 4, -math.log(3) - 4 / 3], atol=1e-6), (
    f"w = 16/3: x = log 3 and -log 3, b = log 3 - 4 and -log 3 - 4/3, not {folds}"
)
for w in (0.5, 3.0, 4.0):
    assert np.shape(fold_points(w)) == (0,), (
        f"w = {w}: never two attractors, so an empty array of shape (0,), not {fold_points(w)}"
    )


# %% nbgrader={"grade": true, "grade_id": "fold_points-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: moderate weights and those without folds; large ones, small ones and 4 itself.
### BEGIN HIDDEN TESTS
# collect fold_points
### END HIDDEN TESTS

# %% [markdown]
# ## 11. Stretch: three claims, and what refutes them
#
# You have the conditions. Do you believe them? Here are three claims, all of which one can hear, and all of which are **false**. Refute each by an example. Let every step of a network have the same Jacobian $J = W \operatorname{diag}(d)$, where $d$ are the slopes of the units, all between 0 and 1 as those of tanh are. (That is the Jacobian of question 1, transposed, which changes no norm and no eigenvalue.)
#
# **Write `counterexample(claim, size)`**, which returns a pair `(W, d)`: a square matrix and the slopes of its units, arrays of shapes `(n, n)` and `(n,)` with $1 \le n \le 20$ of your choice. By `claim` they fulfil:
#
# | `claim` | what is claimed | so return `W` and `d` with |
# |---|---|---|
# | `"radius below 1 never explodes"` | if $\rho(W) < 1$, products of Jacobians do not explode in a nonlinear network either | $\rho(W) \le 0.95$, $\;0 \le d \le 1$, $\;\rho(J) \ge$ `size` |
# | `"radius below 1 only shrinks"` | if $\rho(J) < 1$, the norm of $J^k$ never grows on the way | $\rho(J) \le 0.95$, $\;0 \le d \le 1$, $\;\lVert J^k \rVert_2 \ge$ `size` for some $k$ from 2 to 200 |
# | `"lambda_1 above 1 explodes"` | if $\lambda_1(W) > 1$, gradients explode unless the units are saturated | $\lambda_1(W) \ge$ `size`, $\;0.5 \le d \le 1$, $\;\rho(J) \le 0.95$ |
#
# * `size` is above 1, and at most 1000. Any example that fulfils the conditions is right.
# * Keep to entries of at most 10 times `size` in modulus. The conditions are checked in float64, as the visible test does it. An example that meets them with nothing to spare may fail by rounding, so leave some room: a relative 1e-3 is plenty. (That is advice, and no condition.)
# * Another `claim` raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "counterexample", "locked": false, "schema_version": 3, "solution": true, "task": false}
def counterexample(
    claim: str, size: float
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, " n"]]:
    """Return weights and slopes that refute a claim.

    Parameters
    ----------
    claim
        "radius below 1 never explodes", "radius below 1 only shrinks" or "lambda_1 above 1 explodes".
    size
        How clearly, above 1.

    Returns
    -------
    W
        Shape (n, n).
    d
        Shape (n,): the slopes.
    """
    ### BEGIN SOLUTION
    if claim == "radius below 1 never explodes":
        # The two columns cancel, and a slope of 0 takes one of them away.
        s = 1.1 * size
        return np.array([[s, -s], [s, -s]]), np.array([1.0, 0.0])
    if claim in ("radius below 1 only shrinks", "lambda_1 above 1 explodes"):
        # What stands above the diagonal stretches, and is no eigenvalue: J^2 has 1.6 size there.
        return np.array([[0.8, size], [0.0, 0.8]]), np.array([1.0, 1.0])
    raise ValueError(f"no claim {claim!r}")
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "counterexample-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def radius(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


def look(claim, size):
    """Return W, d and J of your example."""
    pair = counterexample(claim, size)
    assert isinstance(pair, (tuple, list)), f"expected a pair W, d, not {pair}"
    assert len(pair) == 2, f"expected a pair W, d, not {len(pair)} things"
    W, d = (np.asarray(part, dtype=float) for part in pair)
    assert (W.shape, d.shape) == ((d.size, d.size), (d.size,)), (
        f"a square matrix, and a slope for each of its units: not {W.shape} and {d.shape}"
    )
    assert np.all((d >= 0) & (d <= 1)), f"{claim}: slopes of tanh lie between 0 and 1: {d}"
    assert np.abs(W).max() <= 10 * size, (
        f"{claim}: entries of at most 10 times {size} in modulus, not {np.abs(W).max()}"
    )
    return W, d, W * d  # column j of W times d[j]: W diag(d)


for size in (1.2, 30.0, 1000.0):
    W, d, J = look("radius below 1 never explodes", size)
    assert radius(W) <= 0.95, f"the claim is about W with a radius of 0.95 or less: {radius(W)}"
    assert radius(J) >= size, (
        f"with these slopes the product grows by {radius(J):.3f} a step, which is less than {size}"
    )
    W, d, J = look("radius below 1 only shrinks", size)
    assert radius(J) <= 0.95, f"the claim is about J with a radius of 0.95 or less: {radius(J)}"
    largest = max(np.linalg.norm(np.linalg.matrix_power(J, k), 2) for k in range(2, 201))
    assert largest >= size, f"the powers of J reach a norm of {largest:.3f}, less than {size}"
    W, d, J = look("lambda_1 above 1 explodes", size)
    assert d.min() >= 0.5, f"the units are not saturated, slopes of 0.5 or more: {d}"
    assert np.linalg.norm(W, 2) >= size, (
        f"the largest singular value of W is {np.linalg.norm(W, 2):.3f}, less than {size}"
    )
    assert radius(J) <= 0.95, f"and yet J has to vanish: a radius of 0.95 or less, not {radius(J)}"
assert refuses(counterexample, "the earth is flat", 2.0), "no such claim: expected a ValueError"

# %% nbgrader={"grade": true, "grade_id": "counterexample-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: a point for each claim; what is refused belongs to the first.
### BEGIN HIDDEN TESTS
# collect counterexample
### END HIDDEN TESTS

# %% [markdown]
# ## Summary
#
# * A Jacobian of one step is the recurrent matrix with a slope on each row (in our convention). Over many steps they multiply, the later step on the left.
# * The gradient of one loss is a sum over steps. What differs between near and far steps is the product of Jacobians in the middle.
# * In a linear network the spectral radius decides, in the long run. On the way norms may grow a lot, if the matrix is not normal.
# * In a nonlinear one the largest singular value times $\gamma$ gives a bound. What a condition says where it does not hold is: nothing.
# * One unit has one or two attractors, and what becomes of a gradient can be read off the way its state takes among them.
#
# ## Exercises
#
# 1. Draw the fan with logistic units. How large must the largest singular value be before anything grows?
# 2. $W$ is 100 by 100 with independent normal entries of variance $1/100$. What are $\rho$ and $\lambda_1$, about? Between them lies all that neither condition decides.
# 3. Which is the largest power of your example for `"radius below 1 only shrinks"`, and at which $k$? Compare with $\begin{pmatrix} .9 & 5 \\ 0 & .9 \end{pmatrix}$.
# 4. Let `power_iteration` run on $\begin{pmatrix} 0 & 2 \\ -1 & 0 \end{pmatrix}$ with 30, 31 and 32 iterations. What happens, and which of its assumptions does not hold?
# 5. The language model that was trained above does not have to vanish and may explode, says its $\lambda_1$; its spectral radius is above 1; and the curve of its gradient against the gap is nearly flat. Which of the conditions is contradicted? What has training done that neither number shows?
# 6. Where in the figure of $x_{50}$ does the curve of the start 0.5 jump, and what is `basin_boundary` there?
# 7. The logistic unit with the nonlinearity outside is $y_t = \sigma(w y_{t-1} + b)$. What are its fixed points, given those of question 9, and where are its folds?
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML (002): eqs 2 to 8, Fig. 3, sections 2.1 and 2.2; the linear case stands in its supplement.
# * Bengio, Simard, Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5: the bound.
# * Doya (1993), *Bifurcations of recurrent neural networks in gradient descent learning*: the unit with weight 5, as 002 cites it.
# * Slides 000 (*Vanishing / Exploding Gradient*) and 003 (*Vanishing gradient proof sketch*).
