# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 05 Why gradients vanish and explode
#
# ## *… she finally printed her ____*
#
# > *When she tried to print her **tickets**, she found that the printer was out of toner. She went to the stationery store to buy more toner. It was very overpriced. After
# > installing the toner into the printer, she finally printed her* ____ (slides 003)
#
# You filled the gap. A recurrent network **can**, in theory. Does it **learn** to?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 75 minutes. The story: the gradient is a sum over steps, and each far term has passed through a long product (15 min); the product in the linear case, with eigenvectors (15); the
# nonlinear bound, and why the spectral radius says less than one thinks (15); one unit: attractors, bifurcations, basins, inputs, the wall (25); what happens in a language
# model (10). Run all cells before the lecture; it takes half a minute. Sliders are live in Jupyter; elsewhere the same figures stand still. Timings by slide, board work
# and what to do when a demo fails: `solutions/lecturers/05_gradients.md`.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.dynamics.jacobians import (
    DefectiveMatrixError,
    EigenExpansion,
    Unrolled,
    matrix_of_radius,
    norms_back,
)
from nextword.dynamics.one_unit import ErrorSurface, FixedPointCurve, OneUnit
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Slot
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.recurrent import recurrent_model, shares_by_step
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.pictures.sliders import Slider, show_live
from nextword.pictures.surface_drawing import draw_error_map, draw_surface
from nextword.recorded import made, recorded, recorded_arrays
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How far back is the word that matters?
#
# > *Jane walked into the room with John, who wasn't paying attention to what was going on. After poking him to get his attention, John said hi to* ____ (slides 000)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
tickets = (
    "When she tried to print her tickets , she found that the printer was out of toner . She went to the stationery store to buy more toner . "
    "It was very overpriced . After installing the toner into the printer , she finally printed her tickets"
).split()
john = (
    "Jane walked into the room with John , who was n't paying attention to what was going on . After poking him to get his attention , "
    "John said hi to Jane"
).split()
for name, words in (("tickets", tickets), ("Jane", john)):
    print(
        f"{name:8} read at step {words.index(name) + 1:2}, wanted at step {len(words)}: {len(words) - 1 - words.index(name)} steps back"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# *To learn from this training example, the network needs to model the dependency* between two words so far apart (003). What teaches it is a **gradient** that has to come all the
# way back. Today: what happens to it on the way.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The sources, and their letters
#
# | | 002 | slides 003 | our code (rows) |
# |---|---|---|---|
# | state | $\mathbf x_t$ | $h^{(t)}$ | `h` |
# | recurrent weights | $\mathbf W_{rec}$ | $W_h$ | `W_h`, used as `h @ W_h`: the transpose |
# | nonlinearity | **inside** | **outside** | **outside** |
# | $\partial$ state / $\partial$ state before | $\mathbf W_{rec}\,\text{diag}(\sigma'(\mathbf x_{t-1}))$ | $\text{diag}(\sigma'(\cdot))\, W_h$ | $\text{diag}(1 - h_t^2)\, W_h^\top$ |
#
# Rows of the Jacobian are units of the later state. 002's eq. 5 prints $\mathbf W_{rec}^\top \text{diag}(\cdot)$: transposed against its own eq. 2. Norms do not mind.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two letters that are easily confused
#
# | | 002 (Pascanu, Mikolov, Bengio 2013) | slides 003 | numpy |
# |---|---|---|---|
# | $\rho$ | spectral radius: largest **modulus** of an eigenvalue | largest $\lvert\lambda_i\rvert$ | `np.abs(np.linalg.eigvals(W)).max()` |
# | $\lambda_1$ | largest **singular value** | the first **eigenvalue** | `np.linalg.norm(W, 2)` |
# | $\gamma$ | bound of $\lvert\sigma'\rvert$ | "some $\gamma$" | 1 for tanh |
#
# From the nonlinear case on, $\lambda_1$ is 002's.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The gradient is a sum over time
#
# Lecture 04: a repeated weight gets the sum over its appearances. What is in each term (002, eqs 3 to 5):
#
# $$\frac{\partial \mathcal E}{\partial \theta} = \sum_{1 \le t \le T} \frac{\partial \mathcal E_t}{\partial \theta} \qquad\qquad
# \frac{\partial \mathcal E_t}{\partial \theta} = \sum_{1 \le k \le t} \underbrace{\frac{\partial \mathcal E_t}{\partial \mathbf x_t}}_{\text{the error}}\;
# \underbrace{\frac{\partial \mathbf x_t}{\partial \mathbf x_k}}_{\text{transport}}\; \underbrace{\frac{\partial^+ \mathbf x_k}{\partial \theta}}_{\text{immediate}}$$
#
# * Each term is a **temporal component**: how $\theta$ at step $k$ affects the cost at step $t$. Long term: $k \ll t$.
# * $\partial^+$: the *immediate* derivative, with $\mathbf x_{k-1}$ held fixed: what was in the state then.
# * The factor in the middle carries the error back in time:
#
# $$\frac{\partial \mathbf x_t}{\partial \mathbf x_k} = \prod_{t \ge i > k} \frac{\partial \mathbf x_i}{\partial \mathbf x_{i-1}}$$

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The trained network of lecture 04, and a sentence
#
# The language model of lecture 04 after its four epochs (recorded), and a sentence. The loss is that of the noun that returns.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
model = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
untrained = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
faint = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
with torch.no_grad():
    faint.network.cells.all_weights[0][1].mul_(0.5)
weights = recorded_arrays("04_recurrent/network")
model.network.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
story = next(
    s
    for s in text.test
    if 10 <= grammar.distance(s) <= 12 and s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]
)
place = grammar.returning_index(story)
print(f"validation perplexity {model.perplexity(text.valid[:500]):.2f}")
print(" ".join(story[:place]), "…", story[place])

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: which words have a say in the gradient?
#
# Thirteen words before the returning noun, whose loss it is. Draw the length of each word's temporal component, on a logarithmic scale:
#
# * **A**: fresh, $W_h$ a **rotation** (as in lecture 04)
# * **B**: fresh, **half a rotation** (every singular value .5)
# * **C**: after training

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most draw three flat lines, or three that fall alike. Ask what a rotation does to the length of a vector: nothing; so that line is level but for tanh. Half a rotation halves
# the error at every step. After training the line is nearly level: keep that for the end of the lecture. The three panels are the product of the last slide taken apart: only the
# middle one has a long product in it.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
kinds = {
    "before training, half a rotation": (faint, plots.ORANGE, "s"),
    "before training, a rotation": (untrained, plots.SKY, "v"),
    "after four epochs": (model, plots.BLUE, "o"),
}
spread, apart = {}, 0.0
with plots.course_style():
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.4), sharex=True)
    for name, (each, colour, marker) in kinds.items():
        components, whole = shares_by_step(each, story, place)
        parts = Unrolled.of(each, story, place)
        across = np.arange(1, len(components) + 1)
        curves = (
            np.linalg.norm(components, axis=(1, 2)),
            parts.signal_by_gap()[::-1][1:],
            np.linalg.norm(parts.states[:-1], axis=1),
        )
        # from the second step on: before training h_0 is 0
        spread[name] = [curve[1:].max() / curve[1:].min() for curve in curves]
        for axis, curve in zip(axes, curves, strict=True):
            drawn = np.where(curve > 0, curve, np.nan)  # before training h_0 is 0
            axis.semilogy(across, drawn, marker + "-", color=colour, label=name)
        relative = np.abs(components.sum(0) - whole).max() / np.abs(whole).max()
        apart = max(apart, relative)
    for axis, title in zip(
        axes,
        (
            "norm of each component",
            "… error carried back, as a\nmultiple of that at step t",
            "… immediate: what was in the\nstate, norm of $h_{k-1}$",
        ),
        strict=True,
    ):
        axis.set_title(title, fontsize=15)
        axis.set_xticks(across, ["<s>", *story[:place]], rotation=70, fontsize=14)
        axis.get_xticklabels()[FIRST_NOUN_INDEX + 1].set(color=plots.RED, fontweight="bold")
        axis.set_ylim(1e-4, 30)
    axes[2].legend(loc="lower left")
    figure.tight_layout()
plots.show(
    figure,
    "Three curves over the words read, on logarithmic scales, in each of three panels: the norms of the temporal components, the error carried back, and what was in the state. From the second step on the largest is so many times the smallest: "
    + "; ".join(
        f"{name}, {whole:,.0f}, {carried:,.0f} and {immediate:.1f}"
        for name, (whole, carried, immediate) in spread.items()
    )
    + ".",
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
print(f"in all three the sum of the components is the gradient, to {apart:.0e} of it")
assert apart < 1e-4

# %% [markdown] slideshow={"slide_type": "fragment"}
# Where the terms differ by orders of magnitude, the **transport** does it, the only factor with a product in it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: a product of many numbers
#
# > *In the same way a product of $t - k$ real numbers can shrink to zero or explode to infinity, so does this product of matrices (along some direction $\mathbf v$).* (002)
#
# A factor of .9, over 50 steps: what is left? And with 1.1?
#
# * **A**: a half
# * **B**: a tenth
# * **C**: a hundredth
# * **D**: less

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say B for .9, and "about ten" for 1.1. It is D, half of a hundredth, and over a hundred. The trick for the board: .9 to the 7th is about a half, so 50 steps are seven
# halvings. 1.1 to the 7th is about 2.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
print("factor     after 10        20        50       100")
for factor in (0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5):
    print(f"{factor:5}   " + "".join(f"{factor**n:11.2g}" for n in (10, 20, 50, 100)))


# %% [markdown] slideshow={"slide_type": "fragment"}
# **Vanishing gradients**: long-term components go *exponentially fast* to 0. **Exploding gradients**: they grow exponentially more than short-term ones.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Carry an error back, in three lines
#
# A network without a nonlinearity has the same matrix at each step. To carry an error back is to multiply by it, again and again:

# %% slideshow={"slide_type": "-"}
def carry_back(error, W, n_steps):
    """The length of an error, before each of n steps back through the same matrix."""
    lengths = []
    for _ in range(n_steps):
        lengths.append(np.linalg.norm(error))
        error = error @ W.T
    return np.array(lengths)


turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
for scale in (0.9, 1.0, 1.1):
    lengths = carry_back(np.array([1.0, 0.0]), scale * turn, 51)
    print(
        f"{scale} × a rotation, after 0, 10, 50 steps: "
        + "".join(f"{lengths[n]:10.4f}" for n in (0, 10, 50))
    )
assert np.allclose(lengths[50], 1.1**50)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A matrix behaves like **one** number here. Which number, for any matrix? There are two candidates, and the next half hour is about not confusing them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The linear case: the same matrix over and over
#
# $\sigma$ is the identity; $\ell = t - k$ Jacobians, all the same. Slides 003 write the error in **eigenvectors** $q_i$ (as rows, $q_i W = \lambda_i q_i$):
#
# $$\frac{\partial J}{\partial h_t} = \sum_i c_i\, q_i \qquad\Longrightarrow\qquad \frac{\partial J}{\partial h_t} W^\ell = \sum_{i=1}^n c_i\, \lambda_i^{\ell}\, q_i$$
#
# All $|\lambda_i| < 1$: every term goes to 0, and so does the sum. (Here $\lambda_i$ are **eigenvalues**, as in 003.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Power iteration, in a figure
#
# The term with the largest modulus wins, whatever one begins with (if $c_1 \ne 0$). From then on each step makes the vector longer by the factor $|\lambda_1| = \rho$, the *spectral radius*. (Where a complex pair shares the largest modulus, on average.)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rng = np.random.default_rng(1)
error = rng.normal(size=20)
shape = rng.normal(size=(20, 20))
symmetric = (shape + shape.T) / np.abs(np.linalg.eigvalsh(shape + shape.T)).max()
n_back = np.arange(61)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12, 3.9))
    for radius, colour in ((0.9, plots.BLUE), (1.0, plots.GREEN), (1.1, plots.RED)):
        expansion = EigenExpansion.of(radius * symmetric, error)
        lengths = np.array([np.linalg.norm(expansion.times(n)) for n in n_back])
        axes[0].semilogy(n_back, lengths, color=colour, label=f"ρ = {radius}")
        axes[1].plot(n_back[1:], lengths[1:] / lengths[:-1], color=colour)
        axes[1].axhline(radius, color=colour, linestyle=":", linewidth=1.5)
        assert abs(lengths[-1] / lengths[-2] - radius) < 0.01
    axes[0].set(xlabel="steps back, $t - k$", ylabel="length of the error", title="carried back")
    axes[0].legend()
    axes[1].set(
        xlabel="steps back, $t - k$", ylabel="factor of one more step", title="settles at ρ"
    )
    figure.tight_layout()
plots.show(
    figure,
    "Left, the length of the error carried back by a symmetric matrix with spectral radius .9, 1 and 1.1, on a logarithmic scale: straight lines down, level and up after a few steps. "
    "Right, by how much one more step changes the length: it settles at the spectral radius.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Sufficient to vanish, necessary to explode
#
# 002, sec. 2.1, for the linear case, as $t \to \infty$:
#
# | | | in other words |
# |---|---|---|
# | $\rho < 1$ is **sufficient** for long-term components to **vanish** | $\rho < 1 \Rightarrow$ vanish | *must* vanish |
# | $\rho > 1$ is **necessary** for them to **explode** | explode $\Rightarrow \rho > 1$ | *may* explode |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: ρ = 2, and the error?
#
# $W = \begin{pmatrix} 2 & 0 \\ 0 & .5 \end{pmatrix}$ has $\rho = 2$. The error $(0, 1)$ is carried back 20 steps. And the error $(.001, 1)$? Each of them
#
# * **A**: explodes
# * **B**: vanishes
# * **C**: cannot be told

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A for both, since ρ is above 1: *necessary* is heard as *sufficient*. The first one vanishes (B), as it has nothing in the direction that grows. The second shrinks
# first, then explodes. On the board: arrows of implication, one way only, and their contrapositives: what does not vanish has ρ of 1 or more; with ρ at most 1 nothing explodes.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
stretch = np.diag([2.0, 0.5])
for name, row in (("(0, 1)", [0.0, 1.0]), ("(.001, 1)", [1e-3, 1.0])):
    expansion = EigenExpansion.of(stretch, np.array(row))
    print(
        f"W = diag(2, .5), error {name:10} after 5, 10, 20 steps: "
        + "".join(f"{np.linalg.norm(expansion.times(n)):12.3g}" for n in (5, 10, 20))
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first error has nothing in the direction that grows. So $\rho > 1$ is not *sufficient* to explode, and $\rho < 1$ not *necessary* to vanish ("sufficient but not necessary", 003). The
# second has a thousandth in it: sooner or later that is all there is.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What "explode" means
#
# **Exponential** growth. Without that word the statement is false:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
shear = np.array([[1.0, 1.0], [0.0, 1.0]])
print("W = [[1, 1], [0, 1]]: both eigenvalues are", np.linalg.eigvals(shear))
norms = norms_back(shear, np.ones((1000, 2)))
print("‖W^n‖ for n = 1, 10, 100, 1000:", norms[[1, 10, 100, 1000]].round(2))
assert abs(norms[100] - 100) < 0.1
try:
    EigenExpansion.of(shear, np.array([1.0, 1.0]))
except DefectiveMatrixError as message:
    print("\n" + "\n".join(str(message).replace(": this", ":\nthis").split("\n")))

# %% [markdown] slideshow={"slide_type": "fragment"}
# It grows without bound, like $n$, with $\rho = 1$. A matrix may have too few eigenvectors to write every error with them; then the proof on the last slides needs more care (Jordan's normal form), and
# its conclusion holds for $\rho < 1$ still.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before you look: ρ = .9, and the norm?
#
# $W = \begin{pmatrix} .9 & 5 \\ 0 & .9 \end{pmatrix}$ has $\rho = .9$. Draw $\lVert W^n \rVert$ for $n = 0 \dots 100$, and beside it the same for $\text{diag}(.9, .9)$. The first one
#
# * **A**: falls like the second
# * **B**: falls, but more slowly
# * **C**: rises first

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most draw two falling lines, or the same line twice: A. It is C: the first climbs to nearly twenty before it falls, and by then a sentence is over. ρ < 1 tells what happens in
# the end, not on the way. On the board: W² has 9 in its corner, W³ 12.15.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
skewed = np.array([[0.9, 5.0], [0.0, 0.9]])
plain = np.diag([0.9, 0.9])
n_back = np.arange(101)
hump = norms_back(skewed, np.ones((100, 2)))
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11, 3.4))
    axis.semilogy(n_back, hump, color=plots.RED, label="[[.9, 5], [0, .9]]")
    axis.semilogy(
        n_back, norms_back(plain, np.ones((100, 2))), color=plots.BLUE, label="[[.9, 0], [0, .9]]"
    )
    axis.axhline(1, color=plots.BLACK, linewidth=1)
    peak = hump.max()
    at = np.flatnonzero(hump.round(2) == peak.round(2))
    axis.annotate(
        f"{peak:.2f} at n = {' and '.join(map(str, at))}",
        (at.mean(), peak),
        (10, 8),
        textcoords="offset points",
        color=plots.RED,
    )
    axis.set_ylim(top=100)
    below = int(np.flatnonzero(hump < 1)[0])
    axis.annotate(
        f"below 1 from n = {below} on",
        (below, 1),
        (6, 8),
        textcoords="offset points",
        color=plots.RED,
    )
    axis.set(xlabel="n", ylabel="norm of $W^n$", title="both have ρ = .9")
    axis.legend(loc="lower left")
plots.show(
    figure,
    f"Norms of the powers of two matrices with spectral radius .9, logarithmic. The diagonal one falls in a straight line from 1. The other climbs to {peak:.2f} after {' and '.join(map(str, at))} steps and falls below 1 only after {below}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What bounds every step: the largest singular value

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
longest_sentence = max(len(sentence) + 1 for sentence in text.test)
plots.say(
    rf"A sentence of our language has {np.mean([len(sentence) + 1 for sentence in text.test]):.0f} tokens on average, at most {longest_sentence}. After 20 steps this matrix is past its peak, and still at **{hump[20]:.1f}**. "
    r"What bounds **every** step is not an eigenvalue but the largest **singular value** $\lambda_1 = \lVert W\rVert$: $\lVert W^n\rVert \le \lambda_1^n$, and $\rho \le \lambda_1$ always. "
    "For symmetric matrices and rotations the two are equal."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The nonlinear case: a bound
#
# Let $|\sigma'| \le \gamma$ everywhere. The norm of a product is at most the product of the norms (002, eq. 6):
#
# $$\left\lVert \frac{\partial \mathbf x_{k+1}}{\partial \mathbf x_k} \right\rVert \le \lVert \mathbf W_{rec}^\top \rVert\; \lVert \text{diag}(\sigma'(\mathbf x_k)) \rVert \le \lambda_1 \gamma$$
#
# If $\lambda_1 < \frac1\gamma$, this is below some $\eta < 1$ at **every** step, whatever the inputs. By induction (eq. 7):
#
# $$\left\lVert \frac{\partial \mathcal E_t}{\partial \mathbf x_t} \prod_{i=k}^{t-1} \frac{\partial \mathbf x_{i+1}}{\partial \mathbf x_i} \right\rVert \le \eta^{\,t-k} \left\lVert \frac{\partial \mathcal E_t}{\partial \mathbf x_t} \right\rVert$$
#
# * $\lambda_1 < 1/\gamma$ is **sufficient** to vanish. By inverting the proof, $\lambda_1 > 1/\gamma$ is **necessary** to explode.
# * At $\lambda_1 = 1/\gamma$ exactly, the product's norm is at most 1: it cannot explode. Whether it vanishes is left open.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## γ: the largest slope of tanh, sigmoid and ReLU

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
z = np.linspace(-6, 6, 1201)
slopes = {
    "tanh": (1 - np.tanh(z) ** 2, plots.BLUE, "-"),
    "sigmoid": (0.25 * (1 - np.tanh(z / 2) ** 2), plots.ORANGE, "-"),
    "ReLU": ((z > 0).astype(float), plots.GREEN, "--"),
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 3.4))
    for name, (values, colour, line) in slopes.items():
        axis.plot(
            z, values, line, color=colour, label=f"{name}: γ = {values.max():g}, 1/γ = {1 / values.max():g}"
        )  # fmt: skip
    axis.set(xlabel="z", ylabel="slope σ'(z)")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    figure,
    "Slopes of tanh, sigmoid and ReLU. That of tanh reaches 1 at zero, that of the sigmoid a quarter, that of ReLU is 1 for all positive z.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# With sigmoid units, **every** $W$ with $\lambda_1 < 4$ makes gradients vanish. And $\gamma$ is only reached at $z = 0$: a unit far from 0 hardly lets anything through.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What the sources print, and what is meant
#
# | printed | meant |
# |---|---|
# | 002 eq. 6: "$\dots < \frac1\gamma \gamma < 1$" | $\frac1\gamma\gamma = 1$, so $\dots < 1$ |
# | 003: "$\lambda_i < \gamma$ for some $\gamma$ …" | $\lambda_1 < 1/\gamma$, $\lambda_1$ a singular value |
# | 000: the derivative "**is** $(\beta_W \beta_h)^{t-k}$" | an **upper bound** (Bengio et al. 1994) |
# | draft of 002, in 000 and 001: "the **spectral radius** …, from which it follows that the gradient can not explode" | the largest **singular value** |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: ρ < 1, tanh, and an explosion?
#
# A network with tanh units, whose slopes are never above 1, and with $\rho(W) < 1$. Can its gradient explode?
#
# * **A**: no: $\rho < 1$ suffices to vanish
# * **B**: no: tanh only makes things smaller
# * **C**: yes

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say B, and A is the sentence that the draft of 002 had. The trap: slopes that shrink some entries and not others spoil a cancellation that kept ρ small. Reply: ρ speaks of powers of one matrix; here every step has another one, W times its slopes. The next
# slide has two units that explode.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **C.** What must not exceed 1 is $\lambda_1$, and it may be far above $\rho$. Two units suffice:

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Yes: a network with ρ < 1 whose gradient explodes
#
# $W = \begin{pmatrix} 1.5 & -2 \\ 1.5 & -1.5 \end{pmatrix}$, and two tanh units, held by their input at a state where one slope is 1 and the other .1:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
W = np.array([[1.5, -2.0], [1.5, -1.5]])
slope = np.array([1.0, 0.1])
held = np.sqrt(1 - slope)  # tanh' = 1 - h², so this state has these slopes
drive = np.arctanh(held) - held @ W.T  # the input that brings it back to the same state
assert np.allclose(np.tanh(held @ W.T + drive), held)
back = norms_back(W.T, np.tile(slope, (60, 1)))
print(f"ρ(W) = {np.abs(np.linalg.eigvals(W)).max():.3f}     λ₁(W) = {np.linalg.norm(W, 2):.3f}")
print(f"ρ(W D) with D = diag(1, .1): {np.abs(np.linalg.eigvals(W @ np.diag(slope))).max():.3f}")
print(f"\n{'':24}{'n = 10':>10}{'30':>12}{'60':>12}")
print("‖∂h_t/∂h_{t-n}‖, tanh     " + "".join(f"{back[n]:11.3g} " for n in (10, 30, 60)))
straight = norms_back(W.T, np.ones((60, 2)))
print("the same, without tanh    " + "".join(f"{straight[n]:11.3g} " for n in (10, 30, 60)))
assert back[60] > 1e5 > 1e-3 > straight[60]

# %% [markdown] slideshow={"slide_type": "fragment"}
# Squashing made it **worse**: the slopes, all at most 1, have spoiled a cancellation. A product does not know the eigenvalues of its factors. It knows their norms: here $\lambda_1 > 1$, as the theorem demands.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The figure to remember: a fan of Jacobian norms
#
# $\lVert \partial h_t / \partial h_k \rVert$ against $t - k$, 50 units, random $W$ scaled to a spectral radius; random input. Dashed: the bound, $(\gamma\lambda_1)^{t-k}$.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
STEPS, UNITS = 50, 50


def fan(radius, strength, seed, make=matrix_of_radius):
    """Norms of products of Jacobians by gap, and the bound's factor."""
    rng = np.random.default_rng(seed)
    W_h = make(radius, UNITS, rng)
    h, slopes = np.zeros(UNITS), []
    for _ in range(2 * STEPS):  # the first half is for forgetting where it began
        h = np.tanh(h @ W_h + strength * rng.normal(size=UNITS))
        slopes.append(1 - h**2)
    return norms_back(W_h, np.array(slopes[STEPS:])), np.linalg.norm(W_h, 2)


def linear(radius, seed, make=matrix_of_radius):
    W_h = make(radius, UNITS, np.random.default_rng(seed))
    return norms_back(W_h, np.ones((STEPS, UNITS))), np.linalg.norm(W_h, 2)


def rotation(radius, size, rng):
    return radius * np.linalg.qr(rng.normal(size=(size, size)))[0]


def draw_fan(axis, runs, colour, label):
    gaps = np.arange(STEPS + 1)
    norms = np.array([run for run, _ in runs])
    axis.fill_between(gaps, norms.min(0), norms.max(0), color=colour, alpha=0.3, linewidth=0)
    axis.plot(gaps, np.median(norms, axis=0), color=colour, label=label)
    for run, largest in runs:
        assert np.all(run <= largest**gaps * (1 + 1e-9))  # the bound is one
    axis.plot(gaps, np.mean([largest for _, largest in runs]) ** gaps, "--", color=colour, lw=1.5)


radii = ((0.5, plots.BLUE), (0.9, plots.GREEN), (1.2, plots.ORANGE), (2.0, plots.RED))
with plots.course_style():
    figure, axes = plt.subplots(1, 4, figsize=(13, 4.6), sharey=True)
    for radius, colour in radii:
        name = f"ρ = {radius}"
        draw_fan(axes[0], [linear(radius, 0, rotation)], colour, name)
        draw_fan(axes[1], [linear(radius, seed) for seed in range(3)], colour, name)
        for axis, strength in ((axes[2], 0.1), (axes[3], 1.0)):
            draw_fan(axis, [fan(radius, strength, seed) for seed in range(3)], colour, name)
    for axis, title in zip(
        axes,
        ("linear, rotation × ρ", "linear, random W", "tanh, weak input", "tanh, strong input"),
        strict=True,
    ):
        axis.set(yscale="log", xlabel="$t - k$", title=title, ylim=(1e-14, 1e14))
    axes[0].set_ylabel("norm of $∂h_t/∂h_k$")
    axes[3].plot([], [], "--", color=plots.BLACK, lw=1.5, label="the bound")
    axes[3].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
at_the_end = {
    name: ", ".join(
        f"{np.median([fan(radius, strength, seed)[0][-1] for seed in range(3)]):.0e}"
        for radius, _ in radii
    )
    for name, strength in (("weak", 0.1), ("strong", 1.0))
}
plots.show(
    figure,
    "Four fans of Jacobian norms over the gap, for spectral radii .5, .9, 1.2 and 2, with the bound dashed. For rotations the bound is met exactly. For random matrices it lies far above, as the largest singular value is "
    f"{np.mean([fan(1.0, 0.1, seed)[1] for seed in range(3)]):.1f} times the spectral radius. With tanh, after {STEPS} steps, medians for the four radii: weak input {at_the_end['weak']}; strong input {at_the_end['strong']}.",
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Turn the spectral radius yourself

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def fan_of(radius, strength):
    figure, axis = plt.subplots(figsize=(10, 4.6))
    draw_fan(axis, [linear(radius, seed) for seed in range(2)], plots.BLACK, "linear")
    runs = [fan(radius, strength, seed) for seed in range(2)]
    draw_fan(axis, runs, plots.BLUE, "tanh")
    axis.set(
        yscale="log", xlabel="$t - k$", ylabel="norm of $∂h_t/∂h_k$", ylim=(1e-14, 1e14),
        title=f"ρ = {radius:.2f}, λ₁ = {runs[0][1]:.2f}, input {strength:.2f}",
    )  # fmt: skip
    axis.legend(loc="upper left")
    return figure


show_live(
    fan_of,
    {
        "radius": Slider(0.2, 3.0, 1.3, 0.05, "spectral radius ρ"),
        "strength": Slider(0.0, 2.0, 0.3, 0.05, "strength of input"),
    },
    "The fan for spectral radius 1.3 with input of strength .3: the linear network explodes, the tanh network is almost level, the bound is far above both.",
);  # fmt: skip


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What the fan of norms says
#
# * Straight lines on a logarithmic scale: **exponential**, down or up. The bound is never crossed.
# * Where the bound falls, the gradient **must** vanish. Where it rises, nothing is known: sufficient, and necessary.
# * tanh tames what would explode: states grow, slopes shrink. Strong input does the same, and makes what was level vanish.
# * To keep the norm near 1 for many steps, everything must be just right; **training** may make it so.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One unit by itself
#
# *What* happens there? 002 looks at the smallest **dynamical system** there is (eq. 8; after Doya 1993):
#
# $$x_t = w\, \sigma(x_{t-1}) + b \qquad\qquad \sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# One unit, no input, the logistic function, the nonlinearity **inside**. (Only from here to the wall.)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def squash(x):
    return 1 / (1 + np.exp(-x))


unit = OneUnit(5.0, -2.5)
starts = np.linspace(-3, 3, 13)
orbits = unit.orbit(starts, 25)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 3.7))
    axis = axes[0]
    wide = np.linspace(-3, 3, 301)
    change = unit.orbit(wide, 1)[1] - wide
    axis.axhline(0, color=plots.BLACK, linewidth=1.2)
    axis.plot(wide, change, color=plots.BLUE)
    for x in (-2.6, -1.2, -0.6, 0.6, 1.2, 2.6):
        way = np.sign(unit.orbit(x, 1)[1] - x)
        axis.annotate(
            "", (x + 0.3 * way, 0), (x - 0.3 * way, 0),
            arrowprops={"arrowstyle": "->", "lw": 2.5, "mutation_scale": 20,
                        "color": plots.RED if x > 0 else plots.ORANGE},
        )  # fmt: skip
    rest = [orbits[-1, 0], 0, orbits[-1, -1]]
    axis.plot(rest[::2], [0, 0], "o", color=plots.BLACK, markersize=11)
    axis.plot(0, 0, "o", markerfacecolor="white", markeredgecolor=plots.BLACK, markersize=11)
    axis.set(xlabel="$x_{t-1}$", ylabel="change, $x_t - x_{t-1}$", title="w = 5, b = −2.5")
    for start, orbit in zip(starts, orbits.T, strict=True):
        axes[1].plot(orbit, color=plots.RED if start > 0 else plots.ORANGE if start < 0 else plots.BLACK,
                     linestyle="-" if start else "--")  # fmt: skip
    axes[1].set(xlabel="t", ylabel="$x_t$", title="13 starts")
    for value in (orbits[-1, -1], orbits[-1, 0]):
        axes[1].annotate(
            f"attractor {value:+.3f}",
            (25, value),
            (-2, 8),
            textcoords="offset points",
            ha="right",
        )
    axes[1].annotate("boundary", (25, 0), (-2, 6), textcoords="offset points", ha="right")
    figure.tight_layout()
plots.show(
    figure,
    f"Left, by how much a step changes the state, over the state: zero at three points; arrows lead away from the middle one and towards the outer ones. Right, 13 orbits: those that begin above zero end at {orbits[-1, -1]:.3f}, those below at {orbits[-1, 0]:.3f}.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Attractors**: where orbits end. **Basin** of an attractor: all starts that end there. **Boundary** between two basins: here a single point, a fixed point from which everything moves away.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## All fixed points at once
#
# $x = w\,\sigma(x) + b$ is hard to solve for $x$. For $b$ it is solved already: $b(x) = x - w\,\sigma(x)$. Walk along $x$, note $b$, draw $x$ over $b$.
#
# * A fixed point attracts where the map shrinks small distances: $w\,\sigma'(x) < 1$.
# * The curve **turns** where $b'(x) = 1 - w\,\sigma'(x) = 0$. There an attractor and the boundary of its basin meet and vanish: a **bifurcation** (a *fold*).
# * $\sigma' \le \frac14$: for $w \le 4$ nothing turns, and there is one attractor whatever $b$.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
curve = FixedPointCurve(5.0, span=(-4, 4), n=800_000)
turns = np.flatnonzero(np.diff(curve.stable))  # where the slope of the map passes 1
(upper_x, lower_x), (upper_b, lower_b) = curve.x[turns], curve.b[turns]
print(f"w = 5: lower fold at b = {lower_b:.5f} (x = {lower_x:+.5f})")
print(f"       upper fold at b = {upper_b:.5f} (x = {upper_x:+.5f})")
at_rest = [curve.x[i] for i in np.flatnonzero(np.diff(np.sign(curve.b + 2.5)))]
print("fixed points at b = −2.5:", *(f"{x.round(3) + 0.0:.3f}" for x in at_rest))
wall_b = ErrorSurface().wall(5.0)
print(f"the boundary passes x₀ = .5 at b = {wall_b:.4f}")
for w in (3.0, 3.9, 4.1):
    print(f"w = {w}: every fixed point is an attractor: {FixedPointCurve(w).stable.all()}")
assert np.allclose([lower_b, upper_b], [-2.65561, -2.34439], atol=5e-6)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Attractors over the bias: Fig. 3 of 002, computed

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def draw_bifurcation(axis, weight, start=0.5, arrows=True, span=(-4, 4)):
    """Fixed points over the bias: attractors bold, boundaries dashed, folds and crossings marked."""
    curve = FixedPointCurve(weight, span=span, n=8001)
    turns = np.flatnonzero(np.diff(curve.stable))
    edges = [0, *turns, len(curve.x)]
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        stable = curve.stable[(first + last) // 2]
        axis.plot(
            curve.b[first:last],
            curve.x[first:last],
            "-" if stable else "--",
            color=plots.BLUE,
            linewidth=4 if stable else 2,
        )
    axis.plot(curve.b[turns], curve.x[turns], "o", color=plots.BLACK, markersize=10)
    if start is not None:
        axis.axhline(start, color=plots.RED, linewidth=1.2, linestyle=":")
        if weight > ErrorSurface(start=start).wall_begins:
            axis.plot(
                ErrorSurface(start=start).wall(weight),
                start,
                "o",
                markersize=11,
                markerfacecolor="white",
                markeredgecolor=plots.RED,
                markeredgewidth=2.5,
            )
    if arrows:
        low, high = axis.get_xlim()
        for b in np.linspace(low, high, 12)[1:-1]:
            for x in np.linspace(span[0] + 0.5, span[1] - 0.5, 8):
                end = OneUnit(weight, b).orbit(x, 2000)[-1]
                if abs(end - x) > 0.7:
                    axis.annotate(
                        "", (b, x + 0.5 * np.sign(end - x)), (b, x), zorder=0,
                        arrowprops={"arrowstyle": "->", "color": "0.6", "lw": 1.6},
                    )  # fmt: skip
    axis.set(xlabel="b", ylabel="$x_∞$", ylim=span, title=f"w = {weight:g}")


with plots.course_style():
    figure, axis = plt.subplots(figsize=(11, 4.9))
    axis.set_xlim(-3.3, -1.7)
    draw_bifurcation(axis, 5.0)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    for value, name, at, side in (
        (upper_b, "upper fold", (-2.31, -1.25), "left"),
        (lower_b, "lower fold", (-2.69, 1.6), "right"),
    ):
        axis.annotate(f"{name}\nb = −{-value:.3f}", at, ha=side, va="center", bbox=white)
    for label, xy, at, colour in (
        (f"the boundary passes\n$x_0$ = .5 at b = −{-wall_b:.3f}", (wall_b, 0.5), (-2.23, 1.3), plots.RED),
        ("boundary between basins", (-2.47, -0.12), (-2.23, -0.25), plots.BLUE),
    ):  # fmt: skip
        axis.annotate(
            label, xy, at, color=colour, va="center", bbox=white,
            arrowprops={"arrowstyle": "-", "color": colour, "shrinkB": 6},
        )  # fmt: skip
plots.show(
    figure,
    f"The bifurcation diagram for w = 5: an S-shaped curve of fixed points over b. Two bold branches of attractors overlap between the folds at b = {lower_b:.3f} and {upper_b:.3f}, marked by filled circles; a dashed line, the boundary between their basins, joins the folds. "
    f"Grey arrows lead to the attractors. An unfilled circle marks where the boundary passes x0 = .5, at b = {wall_b:.3f}.",
)


# %% [markdown] slideshow={"slide_type": "fragment"}
# Filled: only **two** values of $b$ have a bifurcation. Unfilled: one for **each** start between them. (002 names the fold met first from above $b_1$, and yet writes the interval $(b_1, b_2)$. We say *upper* and *lower*.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Turn w and b of one unit yourself

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def unit_at(w, b):
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.4), width_ratios=(3, 2))
    axes[0].set_xlim(-4.5, 0)
    draw_bifurcation(axes[0], w, arrows=False)
    axes[0].axvline(b, color=plots.BLACK, linewidth=1.5)
    here = FixedPointCurve(w, n=80_000)
    places = np.flatnonzero(np.diff(np.sign(here.b - b)))
    for i in places:
        axes[0].plot(
            b, here.x[i], "D", color=plots.ORANGE if here.stable[i] else "white",
            markeredgecolor=plots.BLACK, markersize=9,
        )  # fmt: skip
    axes[1].plot(
        OneUnit(w, b).orbit(np.linspace(-3.5, 3.5, 16), 40), color=plots.SKY, linewidth=1.2
    )
    axes[1].plot(OneUnit(w, b).orbit(0.5, 40), color=plots.RED, label="$x_0$ = .5")
    axes[1].set(xlabel="t", ylabel="$x_t$", ylim=(-4, 4), title=f"b = {b:.2f}: {len(places)} fixed point{'s' if len(places) > 1 else ''}")  # fmt: skip
    axes[1].legend(loc="upper right")
    figure.tight_layout()
    return figure


show_live(
    unit_at,
    {"w": Slider(2.0, 7.0, 5.5, 0.1), "b": Slider(-4.5, 0.0, -2.75, 0.05)},
    "The bifurcation diagram for w = 5.5 with a line at b = -2.75, which meets two attractors and the boundary between them; beside it orbits, which go to both attractors.",
);  # fmt: skip


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before you look: which crossing makes the gradient explode?
#
# In Fig. 3 $b$ moves from right to left, and a unit starts at $x_0 = .5$. Where is $|\partial \mathcal E / \partial b|$ huge?
#
# * **A**: at the upper fold, where an attractor appears
# * **B**: at the unfilled circle, where the boundary passes over .5
# * **C**: at the lower fold, where an attractor disappears

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A and C are popular: attractors that come and go are dramatic, and Doya (1993) thought so, too. It is B alone: what the unit does changes where the boundary passes over its
# state. From 1.5 (dashed) it explodes near C, as there its own attractor disappears.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
def slope_over(b, start):
    points = ErrorSurface(start=start).mesh(np.array([5.0]), b)[:, 0]
    return np.abs(ErrorSurface(start=start).look(points).slopes[:, 1])


biases = np.unique(
    np.r_[
        np.linspace(-2.9, -2.1, 4001),
        wall_b + np.r_[-1, 1][:, None].repeat(300, 1).ravel() * np.tile(np.geomspace(1e-7, 0.05, 300), 2),
    ]
)  # fmt: skip
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11, 3.8))
    for start, colour, style in ((0.5, plots.RED, "-"), (1.5, plots.BLUE, "--")):
        axis.semilogy(biases, slope_over(biases, start), style, color=colour, label=f"$x_0$ = {start}")  # fmt: skip
    for fold, name, side in ((lower_b, "lower fold  ", "right"), (upper_b, "  upper fold", "left")):
        axis.axvline(fold, color=plots.BLACK, linewidth=1.2)
        axis.annotate(name, (fold, 3e3), ha=side)
    axis.set(
        xlabel="b", ylabel="$|∂\\mathcal{E}_{50}/∂b|$", title="w = 5, 50 steps", ylim=(1e-2, 2e4)
    )
    axis.legend(loc="center right")
plots.show(
    figure,
    "The slope of the error after 50 steps over b, logarithmic, for starts .5 and 1.5, with both folds marked. Start .5: smooth and small at both folds, a spike of several thousand between them. Start 1.5: smooth at the upper fold, a spike of about a hundred just below the lower one.",
)
table = {x0: slope_over(np.array([upper_b, wall_b, lower_b]), x0) for x0 in (0.5, 1.5)}
print("slope at          upper fold    b = −2.6123    lower fold     largest")
for x0, values in table.items():
    print(f"x₀ = {x0}   " + "".join(f"{value:14.3g}" for value in values) + f"{slope_over(biases, x0).max():14.4g}")  # fmt: skip
assert max(table[0.5][0], table[0.5][2]) < 1 < 1000 < slope_over(biases, 0.5).max()

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A bifurcation is neither sufficient nor necessary
#
# Doya (1993): crossing a **bifurcation**, a *global* event. 002: what suffices is *local*, the **boundary** passes over the state.
#
# * At the **upper fold** an attractor appears, and neither start notices: **not sufficient**.
# * From $x_0 = .5$ it explodes where no bifurcation is: **not necessary**. The boundary has passed over .5.
# * From 1.5 it explodes just below the lower fold, where *its* attractor has disappeared. To 002 this crosses a boundary, too: Doya's case is contained.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## To avoid vanishing is to court exploding
#
# $\partial x_{50}/\partial x_0$: by how much does the start still matter after 50 steps?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
starts = np.unique(np.r_[np.linspace(-3, 3, 1201), np.geomspace(1e-6, 1, 300), -np.geomspace(1e-6, 1, 300)])  # fmt: skip
passed = unit.orbit(starts, 50)[:-1]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 3.5))
    for steps, colour in ((5, plots.SKY), (20, plots.BLUE), (50, plots.PURPLE)):
        matters = np.prod(
            unit.weight * squash(passed[:steps]) * (1 - squash(passed[:steps])), axis=0
        )
        axis.semilogy(starts, matters, color=colour, label=f"{steps} steps")
    axis.axvline(0, color=plots.BLACK, linestyle="--", linewidth=1.2)
    axis.set(xlabel="$x_0$", ylabel="$∂x_t/∂x_0$", title="w = 5, b = −2.5; dashed: the boundary")
    axis.legend()
plots.show(
    figure,
    "How much the start still matters after 5, 20 and 50 steps, over the start, logarithmic: a peak at the boundary, the higher and the narrower the more steps; elsewhere it falls towards zero.",
)
alive = starts[matters > 0.01]
print(f"after 50 steps: {matters.max():.3g} at the boundary, {matters[-1]:.1e} at x₀ = 3; above .01 only for |x₀| < {np.abs(alive).max():.3f}")  # fmt: skip

# %% [markdown] slideshow={"slide_type": "fragment"}
# If $\partial \mathbf x_t / \partial \mathbf x_k \to 0$, then $\mathbf x_t$ does not depend on $\mathbf x_k$: the network is converging to an attractor, which it would reach from anywhere nearby. So:
#
# > *Avoiding the vanishing gradient means staying close to the boundaries between basins of attraction.* (002)
#
# And there gradients explode. A network that remembers lives at the edge.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## With input: the maps change at every step
#
# Each word is a push. 002: $F_t = U_t \circ \tilde F$, with $\tilde F(\mathbf x) = \mathbf W_{rec}\sigma(\mathbf x) + \mathbf b$ always the same and $U_t(\mathbf x) = \mathbf x + \mathbf W_{in} \mathbf u_t$ (Figs 4 and 5).

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
pushes = np.zeros(16)
pushes[2] = -1.29
opposed = pushes.copy()
opposed[8] = 1.6
pair = np.array([0.9, 0.75])
with plots.course_style():
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.9), sharey=True)
    for axis, inputs, title in (
        (axes[0], pushes, "Fig. 4: same maps, two starts"),
        (axes[2], opposed, "an input that opposes it"),
    ):
        both = unit.orbit(pair, len(inputs), inputs)
        for path, colour, marker in zip(both.T, (plots.BLUE, plots.RED), "os", strict=True):
            axis.plot(path, marker + "-", color=colour, markersize=6)
        for t in np.flatnonzero(inputs):
            axis.annotate(
                f"$u_{{{t + 1}}}$ = {inputs[t]:+.2f}", (t + 1, -2.3), ha="center", fontsize=14,
            )  # fmt: skip
            axis.axvline(t + 1, color="0.7", linewidth=1)
        apart = np.abs(np.diff(both, axis=1)).ravel()
        axis.set(title=title, xlabel="t", xticks=range(0, len(inputs) + 1, 4))
        print(f"{title:31} Δx₀ = {apart[0]:.2f}, Δx after {len(inputs)} steps = {apart[-1]:.3f}")
    wiggle = np.array([-0.5, 0.4, -1.75, -0.3, 0.25, 1.1, 0.2])
    state, axis = 1.2, axes[1]
    for t, u in enumerate(wiggle):
        moved = OneUnit(5.0, -2.5).orbit(state, 1)[1]
        axis.plot([t, t + 0.5], [state, moved], color=plots.GREEN, label="the map $\\tilde F$" if t == 0 else None)  # fmt: skip
        axis.annotate(
            "", (t + 1, moved + u), (t + 0.5, moved),
            arrowprops={"arrowstyle": "->", "color": plots.ORANGE, "lw": 2.2, "mutation_scale": 18},
        )  # fmt: skip
        axis.plot(t, state, "o", color=plots.BLACK, markersize=6)
        state = moved + u
    axis.plot([], [], color=plots.ORANGE, label="the input $U_t$")
    axis.set(title="Fig. 5: map and input, taken apart", xlabel="t")
    axis.legend(loc="lower left")
    for axis in axes:
        axis.axhline(0, color=plots.BLACK, linestyle="--", linewidth=1.2)
        axis.set_ylim(-2.6, 2.2)
    axes[0].set_ylabel("$x_t$")
    figure.tight_layout()
plots.show(
    figure,
    "Left: two states close together; a push moves both towards the boundary, one remains above and one falls below, and then they part and go to different attractors. Middle: one orbit in half steps, the fixed map pulls away from the boundary, inputs push to and fro and twice across it. "
    "Right: as left, but a later push lifts both above the boundary, and they come together again.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both states were pushed alike. But the boundary of $\tilde F$ lay **between** them, and $\tilde F$ then pulls them apart, *unless the input maps oppose it*. So look at $\tilde F$ to see where gradients are likely to explode.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An error surface with a wall
#
# Train that unit to be at .7 after 50 steps, from $x_0 = .5$ (002, Fig. 6):
#
# $$\mathcal E_{50} = (\sigma(x_{50}) - .7)^2$$

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
surface = ErrorSurface()
with plots.course_style():
    figure = plt.figure(figsize=(13, 4.9))
    axis = figure.add_subplot(121, projection="3d", computed_zorder=False)
    draw_surface(axis, surface)
    axis = figure.add_subplot(122)
    mesh = draw_error_map(axis, surface)
    figure.colorbar(mesh, ax=axis, label="error")
    axis.annotate(
        "the line of the wall", (5.3, surface.wall(5.3)), (4.15, -3.2), va="center",
        arrowprops={"arrowstyle": "-", "color": plots.BLACK},
    )  # fmt: skip
plots.show(
    figure,
    "The error over w from 4 to 7 and b from -4 to -2. A high plain for small b and a low one for large b, and between them a vertical wall, which begins near w = 4.26 and runs straight to w = 7, b = -3.86. Left in three dimensions, right from above; a red line along its foot.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The wall stands on a straight line
#
# It stands where the start lies exactly **on** the boundary between basins, so where $x_0$ is an unstable fixed point:
#
# $$x_0 = w\,\sigma(x_0) + b \quad\Longleftrightarrow\quad b = x_0 - w\,\sigma(x_0) = .5 - .62246\, w$$
#
# unstable where $w\,\sigma'(x_0) > 1$, so for $w > 1/\sigma'(.5) = 4.2553$. That is the red line: not fitted, **derived**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Why the wall is exponentially steep
#
# On it the state never moves, so every factor is the same, $a = w\,\sigma'(x_0)$, and the sum of temporal components is a geometric series:
#
# $$\frac{\partial x_T}{\partial b} = \sum_{k=1}^{T} a^{T-k} = \frac{a^T - 1}{a - 1} \qquad\text{exponential in } T \text{, as } a > 1$$
#
# *Exponentially steep in the number of time steps because the weight matrix is multiplied by itself once for each time step.* (004, Fig. 10.17)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two neighbours on the wall
#
# One unit is a line of code. Two biases that differ by a millionth, one on each side of the wall:

# %% slideshow={"slide_type": "-"}
for b in (wall_b - 1e-6, wall_b + 1e-6):
    x, way = 0.5, []
    for _ in range(50):
        x = 5.0 / (1 + np.exp(-x)) + b
        way.append(x)
    print(
        f"b = {b:.7f}: after 10, 30, 50 steps "
        + "".join(f"{way[n - 1]:9.4f}" for n in (10, 30, 50))
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How steep is the wall?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
s0 = squash(0.5)
print(f"the wall begins at w = {surface.wall_begins:.4f}, its line is b = .5 − {s0:.5f} w\n")
print(
    "|∂E/∂b|   on the line   by the series      largest near it    at a distance of   on a grid of .01"
)
offsets = -np.geomspace(1e-12, 0.5, 40_001)
coarse = np.arange(-400, -199) / 100
rows = {}
for w in (3.0, 4.0, 4.5, 5.0, 5.5, 6.0):
    line_b = 0.5 - s0 * w
    a = w * s0 * (1 - s0)
    on_line = abs(surface.look([w, line_b]).slopes[1])
    series = abs(2 * (s0 - 0.7) * s0 * (1 - s0) * (a**50 - 1) / (a - 1))
    near = np.abs(
        surface.look(surface.mesh(np.array([w]), offsets, from_wall=True)[:, 0]).slopes[:, 1]
    )
    grid = np.abs(surface.look(surface.mesh(np.array([w]), coarse)[:, 0]).slopes[:, 1]).max()
    rows[w] = on_line, near.max(), offsets[near.argmax()]
    print(f"w = {w:3}  {on_line:12,.3f} {series:15,.3f} {near.max():18,.1f} {offsets[near.argmax()]:19.1e} {grid:18,.1f}")  # fmt: skip
    assert np.isclose(on_line, series, rtol=1e-3)
plane = surface.mesh(np.linspace(4, 7, 151), np.linspace(-4, -2, 101)).reshape(-1, 2)
distance = np.abs(plane[:, 1] - (0.5 - s0 * plane[:, 0]))
lengths = np.linalg.norm(surface.look(plane).slopes, axis=1)
for margin in (0.01, 0.1, 0.3):
    print(f"\nmedian length of the gradient more than {margin} away from the line: {np.median(lengths[distance > margin]):.3f}", end="")  # fmt: skip
assert abs(rows[5.0][0] - 662) < 1
assert abs(rows[5.5][1] - 330_122) < 400

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    "The larger $w$, the thinner the wall. Its steepest place is this far from the line: "
    + ", ".join(f"{-rows[w][2]:.0e} at $w$ = {w}" for w in (4.5, 5.0, 5.5, 6.0))
    + f". On the plains beside it the median gradient has length {np.median(lengths[distance > 0.01]):.2f}. A regular grid steps over it. An optimiser may **land** on it: one step, and what then? Lecture 06."
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Walk over the wall yourself

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def surface_at(w, b):
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.6))
    draw_error_map(axes[0], surface, n=60)
    axes[0].plot(w, b, "o", color="white", markeredgecolor=plots.BLACK, markersize=13)
    found = surface.look([w, b])
    axes[1].plot(OneUnit(w, b).orbit(0.5, 50), color=plots.RED)
    axes[1].axhline(np.log(0.7 / 0.3), color=plots.GREEN, linestyle="--", linewidth=1.5)
    axes[1].annotate("where σ(x) = .7", (0, np.log(0.7 / 0.3)), (0, 6), textcoords="offset points", color=plots.GREEN)  # fmt: skip
    axes[1].set(xlabel="t", ylabel="$x_t$", ylim=(-4.5, 4.5), title=f"error {found.errors:.3f}, gradient of length {np.linalg.norm(found.slopes):.3g}")  # fmt: skip
    figure.tight_layout()
    return figure


show_live(
    surface_at,
    {"w": Slider(4.0, 7.0, 5.0, 0.05), "b": Slider(-4.0, -2.0, -2.61, 0.01)},
    "The error surface from above with a point at w = 5, b = -2.61, just above the wall, and the orbit of the unit there: it stays near .5 for twenty steps and then goes to the upper attractor.",
);  # fmt: skip

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Back to the noun that returns
#
# Language models as in lecture 04, three seeds each, from three starts: $W_h$ is a random rotation times .5, 1 or 2. How much of the error at the second noun comes back to the state
# in which the first was just read?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
noun = recorded("05_gradients/noun")
bins = sorted({(int(r["from"]), int(r["to"])) for r in noun} - {(0, 1000)})
labels = [
    f"{near}" if near == far else f"{near}–{far}" if far < 100 else f"≥ {near}"
    for near, far in bins
]
scales = ((0.5, plots.ORANGE, "s"), (1.0, plots.BLUE, "o"), (2.0, plots.PURPLE, "v"))
last = max(int(row["epoch"]) for row in noun)


def measured(scale, epoch, column, near_far):
    """The values of all seeds."""
    return [
        row[column]
        for row in noun
        if (row["scale"], row["epoch"], (row["from"], row["to"])) == (scale, epoch, near_far)
    ]


def draw_range(axis, found, colour, marker, label=None):
    """Median and range over seeds."""
    across = np.arange(len(found))
    axis.plot(across, np.median(found, axis=1), marker + "-", color=colour, label=label)
    axis.fill_between(
        across, np.min(found, axis=1), np.max(found, axis=1), color=colour, alpha=0.25
    )


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The gradient at the first noun, before and after training

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
medians = {
    (scale, epoch): np.array([measured(scale, epoch, "median", each) for each in bins])
    for scale, *_ in scales
    for epoch in range(last + 1)
}
noun_floor = grammar.floor_of(text.test).perplexity_by_slot()[Slot.RETURNING_NOUN]
with plots.course_style():
    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4.2))
    for scale, colour, marker in scales:
        for axis, epoch in ((axes[0], 0), (axes[1], last)):
            draw_range(axis, medians[scale, epoch], colour, marker, f"from {scale:g} × rotation")
        found = np.array([measured(scale, last, "at_noun", each) for each in bins])
        draw_range(axes[2], found, colour, marker)
    for axis, title in ((axes[0], "before training"), (axes[1], f"after {last} epochs")):
        axis.set(yscale="log", ylim=(1e-6, 40), title=title)
    axes[0].set_ylabel("gradient at the first noun,\nas a multiple of that at the second")
    axes[0].legend(loc="lower left")
    axes[2].set(yscale="log", title="perplexity at the noun, after", ylim=(2, 20))
    axes[2].set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    axes[2].minorticks_off()
    axes[2].axhline(noun_floor, color=plots.RED)
    axes[2].annotate(
        f"floor {noun_floor:.2f}", (0, noun_floor), (0, 5), textcoords="offset points", color=plots.RED
    )  # fmt: skip
    for axis in axes:
        axis.set_xticks(range(len(bins)), labels, rotation=40, fontsize=14)
        axis.set_xlabel("distance of the nouns, tokens")
    figure.tight_layout()
plots.show(
    figure,
    f"Left, before training: the gradient that reaches the first noun, over its distance. From half a rotation it falls to {np.median(medians[0.5, 0][-1]):.0e}; from a rotation it goes down to {np.median(medians[1.0, 0][-1]):.2f}; from twice a rotation it grows. "
    f"Middle, after {last} epochs: all are between {min(np.median(medians[s, last], axis=1).min() for s, *_ in scales):.2f} and {max(np.median(medians[s, last], axis=1).max() for s, *_ in scales):.2f}. Right, perplexity at the noun, rising with distance, most from twice a rotation.",
)
print("Recorded:", made("05_gradients"))
assert np.allclose(medians[0.5, 0][0], 0.5**3, rtol=0.1)  # a distance of 4 is 3 factors

# %% [markdown] slideshow={"slide_type": "fragment"}
# Left, the theory to the letter: half a rotation **must** vanish, $.5^{\,d-1}$. Middle: after training, from all three starts, half of the error or more arrives. **Nobody asked for that**; training did it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## ρ and λ₁ after training

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print("ρ and λ₁ of W_h, three seeds:")
for scale, *_ in scales:
    about = {
        epoch: [(r["rho"], r["lambda_1"]) for r in noun if (r["scale"], r["epoch"], r["from"], r["to"]) == (scale, epoch, 0, 1000)]
        for epoch in (0, last)
    }  # fmt: skip
    print(f"from {scale:g} × rotation:  before {about[0][0][0]:.1f}, {about[0][0][1]:.1f};  after", *(f"{rho:.1f}, {largest:.1f};" for rho, largest in about[last]))  # fmt: skip
    assert all(1 < rho < largest for rho, largest in about[last])
    assert np.median(medians[scale, last], axis=1).min() > 0.2
live = Unrolled.of(model, story, place)
slopes_read = 1 - live.states[1:] ** 2
transport = norms_back(live.W_h, slopes_read)
largest, gaps = np.linalg.norm(live.W_h, 2), len(transport) - 1
print(
    f"\nthe trained network, on its sentence: λ₁ = {largest:.1f}, mean slope of tanh {slopes_read.mean():.2f},\n"
    f"norm of the transport over {gaps} steps {transport[-1]:.2g}; the bound is {largest**gaps:.1g}; the error itself, {live.signal_by_gap()[-1]:.2g} times as long"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both are far above 1 after training: they **allow** an explosion, and say no more. What holds the gradient down are the slopes of tanh, and they depend on the words that are read. Of a trained network: measure it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How the gradient came back, epoch by epoch
#
# From half a rotation, epoch by epoch:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.5))
    shades = plt.get_cmap("viridis_r")(np.linspace(0.1, 1, last + 1))
    for epoch, colour in enumerate(shades):
        name = "before training" if epoch == 0 else f"after epoch {epoch}"
        draw_range(axes[0], medians[0.5, epoch], colour, "o", name)
        if epoch:
            found = np.array([measured(0.5, epoch, "at_noun", each) for each in bins])
            draw_range(axes[1], found, colour, "o")
    axes[0].set(yscale="log", ylim=(1e-6, 4), ylabel="gradient at the first noun")
    axes[0].legend(loc="lower left")
    axes[1].set(yscale="log", ylabel="perplexity at the noun", ylim=(2, 120))
    axes[1].set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axes[1].minorticks_off()
    axes[1].axhline(noun_floor, color=plots.RED)
    for axis in axes:
        axis.set_xticks(range(len(bins)), labels, fontsize=14)
        axis.set_xlabel("distance of the nouns, tokens")
    figure.tight_layout()
plots.show(
    figure,
    "Left, the gradient at the first noun over its distance, before training and after each of four epochs: first a steep fall to a millionth, then less steep after one epoch, and nearly level in the end. Right, the perplexity at the noun after each epoch, falling at all distances, and always lowest at near ones.",
)
first = [np.median(medians[0.5, epoch][-1]) for epoch in range(last + 1)]
print("at 17 tokens and more:", "  ".join(f"{value:.2g}" for value in first))

# %% [markdown] slideshow={"slide_type": "fragment"}
# One reading: near nouns are learned first, since their gradient arrives. The **same weights** then keep a noun for longer, and the next gradient arrives from a little farther away. Is it right? Take the near nouns away.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: and if there are no near nouns?
#
# Four languages in which the second noun comes no sooner than 4, 8, 12, 16 tokens after the first. In the last, is it learned from a rotation, through which the gradient arrives from the start? And from half a rotation?
#
# * **A**: yes and no
# * **B**: yes and yes
# * **C**: no and no

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: the theory of the first hour. It is C: neither is learned in four epochs. An arriving gradient is not enough: while all the nearer words are learned, the recurrent
# weights change, and what had arrived is lost. These are few seeds and one optimiser; say so.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
far = recorded("05_gradients/far")
leasts = sorted({int(row["least_distance"]) for row in far})
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 2.9))
    for scale, colour, marker in scales:
        found = [
            [r["at_noun"] for r in far if (r["least_distance"], r["scale"]) == (least, scale)]
            for least in leasts
        ]
        draw_range(axis, found, colour, marker, f"from {scale:g} × rotation")
    compared = [(1, (4, 4)), (3, (8, 9)), (4, (10, 12)), (5, (13, 16))]
    mixed = [
        np.mean([value for scale, *_ in scales for value in measured(scale, last, "at_noun", each)])
        for _, each in compared
    ]
    axis.plot(range(4), mixed, "*--", color=plots.GREEN, markersize=14, label="the same distance,\nlearned together with near nouns")  # fmt: skip
    floors = [next(r["floor_at_noun"] for r in far if r["least_distance"] == n) for n in leasts]
    blind = far[0]["blind"]
    axis.plot(range(4), floors, color=plots.RED)
    axis.annotate("floor", (3, floors[-1]), (0, 5), textcoords="offset points", color=plots.RED, ha="right")  # fmt: skip
    axis.axhline(blind, color=plots.BLACK, linestyle=":")
    axis.annotate(f"{blind:.0f}: without having read the first noun", (0, blind), (0, 6), textcoords="offset points")  # fmt: skip
    axis.set(yscale="log", xlabel="least distance of the nouns, tokens", ylabel="perplexity at the noun", ylim=(1.8, 250))  # fmt: skip
    axis.set_xticks(range(4), leasts)
    axis.set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axis.minorticks_off()
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    figure,
    "Perplexity at the returning noun over its least distance, all starts and seeds: "
    + "; ".join(
        f"{least}, {min(at):.1f} to {max(at):.1f}"
        for least in leasts
        for at in [[r["at_noun"] for r in far if r["least_distance"] == least]]
    )
    + f"; {blind:.0f} without having read the first noun. Dashed, the same distances in a language with near nouns as well: at most {max(mixed):.1f}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## No near nouns, in numbers

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print("least distance    from     gradient at the noun, before -> after       perplexity there")
for least in leasts:
    for scale, *_ in scales:
        chosen = [r for r in far if (r["least_distance"], r["scale"]) == (least, scale)]
        print(f"{least:8} {scale:13g} ×     " + "     ".join(f"{r['before']:8.2g} -> {r['after']:5.2g}" for r in chosen) + "        " + ", ".join(f"{r['at_noun']:.1f}" for r in chosen))  # fmt: skip
assert all(r["at_noun"] > blind for r in far if r["least_distance"] >= 12)
assert max(mixed) < 10

# %% [markdown] slideshow={"slide_type": "fragment"}
# At 12 tokens **nothing** is learned of the noun in four epochs, not even from a rotation. There are always 11 nearer words to learn from. While *they* were learned, the gradient that had arrived was lost.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What vanishing gradients do to a language model
#
# | slides 003 | as measured, in four epochs |
# |---|---|
# | *signal from far away is lost because it's much smaller* | half a rotation, 17 tokens: a millionth |
# | *model weights are updated only with respect to near effects* | at 12 tokens: the noun is not learned |
# | *the model can't learn this dependency* | alone it is not; beside near examples it is |
# | *unable to predict … at test time* | as if it had never been read |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What to expect of *tickets*, 40 steps back?
#
# The same network **can** keep a noun over a long distance, where near examples have taught it to. In our runs no far noun was learned unless something nearer taught it.
#
# These are few seeds, four epochs, one optimiser: would longer training find it? (Exercise 7; and lecture 07, where other networks do.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Exploding gradients are loud
#
# * Here the gradient was shortened whenever it was longer than 1 (`max_norm`). Why: lecture 06 (*if it's big, SGD jumps too far*, 000).
# * Vanishing is silent: the model is merely worse at what is far.
# * Exploding is loud: one step, and the weights are elsewhere, or `nan`. Loud problems get solved first (003: *an easy problem to solve*).
# * Both have one cause, the product, and curing the first leads to the second.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, from three starts
#
# No new model today, but other starts for the last one, four epochs each:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
kneser_ney = ModifiedKneserNey.fit(text.train, 5, vocab)
ladder.measure("modified Kneser–Ney, order 5", kneser_ney, grammar, text.test)
for scale, start in ((2.0, "twice a rotation"), (1.0, "a rotation"), (0.5, "half a rotation")):
    values = [
        np.mean(measured(scale, last, column, (0, 1000))) for column in ("perplexity", "at_noun")
    ]
    ladder.add(f"recurrent, from {start} (recorded)", *values)
ladder.draw()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Same network, same text: **a rung is worse here for its start alone**. The exploding start is still behind after four epochs; the vanishing one did no harm, as near examples led the way. In lecture 07 we change the loss and the network.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * The gradient is a sum of temporal components. The far ones have passed through $t-k$ Jacobians.
# * Linear: $\rho < 1$ suffices to vanish, $\rho > 1$ is necessary to explode. On the way the norm may climb.
# * Nonlinear: the same with $\lambda_1$ and $1/\gamma$. Singular values, not eigenvalues.
# * Gradients explode where a **boundary** is crossed; crossing a bifurcation is neither necessary nor sufficient.
# * On the error surface it is a wall, exponentially steep. Not to vanish is to stay near it.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Find a matrix with $\rho = 0$ and $\lVert W^2 \rVert = 1000$. Can one have $\rho = 0$ and $\lVert W^n\rVert > 1$ for *every* $n$?
# 2. `fan(1.2, 0.1, 0)` hardly vanishes and hardly explodes. What happens with a constant input, and with none? (Sompolinsky, Crisanti and Sommers 1988 say what to look for.)
# 3. Where does the bound of the fan hold with equality? Begin with one unit, then with rotations, then ask when two Jacobians agree on their worst direction.
# 4. Take $x_0 = 1$ in `ErrorSurface(start=1.0)`. Predict where the wall begins and its line, then draw it with `draw_surface`. From which start does a wall begin at the smallest $w$?
# 5. Take `ErrorSurface(target=.5)`. How high are the plains on both sides of the wall, where is the minimum, and how wide is it? Would you expect an optimiser to find it?
# 6. In the input-driven figure, find the smallest push in step 9 that brings the two together again. Predict it from the boundary.
# 7. `recordings/05_gradients.py --only far`: train four times as long. Is the noun found at 12 tokens? From which start first?
# 8. The gradient that arrives from a distance of 17 is a median. Look at the quartiles in `noun.csv`: on which sentences does it explode?
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013) (002): eqs 3 to 8, secs 2.1 to 2.3, Figs 3 to 6. Eq. 6 prints $\frac1\gamma\gamma < 1$; eq. 5 is transposed against eq. 2.
# * Slides *Language Modeling + RNNs* (003): intuition, the proof sketch for the linear case, *tickets*, what it does to a language model.
# * Slides *Language models* (000): $(\beta_W\beta_h)^{t-k}$ after Bengio et al. 1994, *John*; pages of an earlier draft of 002, reprinted there and in 001.
# * Textbook chapter (004), 10.11: cliffs, Fig. 10.17.
# * Doya (1993), Bengio, Simard, Frasconi (1994): as told in 002.
# * Beyond the sources: the two-unit counterexample in a tanh network; gradients at the returning noun, before and after training; languages without near nouns.
# * The recorded tables: `data/recorded/05_gradients/README.md`. What is reproduced, and where we depart: `docs/reproduction.md`.
