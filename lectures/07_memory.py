# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 07 Learning long memory
#
# ## *One letter, and a hundred others*
#
# Lecture 05 said why the gradient of something far away is short. Lecture 06 stopped it from becoming too long. Neither made a short one longer.
#
# Today: five ways to let a signal through. A penalty, a start, a leak, a gate, and the curvature.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 70 minutes. The story: where signals die, by start (8 min); the penalty Ω, from its idea to its gradient, its two forms, why it needs clipping (22); the tasks, Fig. 7 in small, train short
# and test long (16); leaks, identity, gates (16); curvature, Table 1, what to remember (8). Run all cells before the lecture; it takes half a minute. The lecturer's page, with timings slide by
# slide: `solutions/lecturers/07_memory.md`.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

import textwrap
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.dynamics.norm_preservation import NormPreservation
from nextword.dynamics.recurrent_runs import RecurrentRuns, RunSettings
from nextword.dynamics.temporal_order import TemporalOrder
from nextword.experiments.cell import BEGINNINGS
from nextword.grammar import Grammar, Parameters
from nextword.learning.training import TrainingSettings, train
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.recurrent import recurrent_model
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.pictures.sliders import Slider, show_live
from nextword.proportion import Proportion
from nextword.recorded import made, recorded
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Which two letters were there?
#
# Lecture 06's problem, with $T = 100$. Read each line once, then look away: which of A and B stood near the beginning, and which in the middle?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
longer = TemporalOrder(100)
shown, answers = longer.draw(np.random.default_rng(5), 3)
for row in shown:
    print(longer.text(row))

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
for row, answer in zip(shown, answers, strict=True):
    text = longer.text(row)
    places = [place for place, letter in enumerate(text) if letter in "AB"]
    print(f"{('AA', 'AB', 'BA', 'BB')[answer]}   at steps {places[0] + 1} and {places[1] + 1}")
    assert len(places) == 2


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four ways to begin
#
# | start | unit | $W_h$ | the other weights |
# |---|---|---|---|
# | *sigmoid* (002) | logistic | $\mathcal N(0, .01)$ | $\mathcal N(0, .01)$ |
# | *basic tanh* (002) | tanh | $\mathcal N(0, .1)$ | $\mathcal N(0, .1)$ |
# | *smart tanh* (002) | tanh | 15 weights into each unit, $\rho = .95$ | $\mathcal N(0, .01)$ |
# | *identity* (Le et al. 2015) | rectifier | $I$ | small |
#
# Fifty units, biases 0. In $\mathcal N(0, s)$ the authors' code takes $s$ for the standard deviation.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: which start carries a signal 50 steps?
#
# The loss stands after step 50. How long is $\partial\mathcal E/\partial h_k$ when it arrives at the first symbol, against its length at the end?
#
# For each of the four starts: **as long**, **a thousandth**, **a millionth**, or **nothing at all**?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls put smart tanh at "as long", since ρ = .95 is nearly 1. But .95⁴⁰ is .13 at best, and only if nothing saturates. Basic tanh: 50 numbers of standard deviation .1 make a spectral radius of about .1·√50 = .7.
# Sigmoid is beyond all guesses: each step multiplies by a quarter of a small matrix. Identity loses only what units that are switched off lose.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
def signals_back(length, start, n=16, begin_with=None):
    """Return the mean length of the derivative by each state, by steps back, the last as 1."""
    seen = []

    def look(backward):
        seen.append(np.linalg.norm(backward.signals, axis=-1).mean(axis=2))
        return 0 * backward.W_h

    settings = RunSettings(updates=1, terms=(look,), number_format="float64", **start)
    runs = RecurrentRuns(TemporalOrder(length), settings, range(n), begin_with=begin_with)
    rng = np.random.default_rng(2)
    drawn = [runs.task.draw(rng, 20) for _ in range(n)]
    runs.gradients(np.stack([i for i, _ in drawn]), np.stack([a for _, a in drawn]))
    return (seen[0] / seen[0][:, -1:]).mean(axis=0)[::-1]


START_COLOURS = dict(
    zip(BEGINNINGS, (plots.PURPLE, plots.BLUE, plots.GREEN, plots.ORANGE), strict=True)
)
at_start = {name: signals_back(50, start) for name, start in BEGINNINGS.items()}
arriving = {name: signal[42] for name, signal in at_start.items()}
plots.say(
    f"At the first symbol: sigmoid {arriving['sigmoid']:.0e}, basic tanh {arriving['basic-tanh']:.0e}, smart tanh {arriving['smart-tanh']:.2f}, identity {arriving['identity']:.2f}."
)
assert arriving["sigmoid"] < 1e-20 < arriving["basic-tanh"] < 1e-3
assert 1e-3 < arriving["smart-tanh"] < arriving["identity"]

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What comes back from four starts

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 4.3))
    for name, signal in at_start.items():
        axis.plot(signal, color=START_COLOURS[name], label=name.replace("-", " "))
    axis.axvspan(40, 44, color=plots.SKY, alpha=0.3)
    axis.annotate("first symbol", (42, 3e-12), ha="center", fontsize=14)
    axis.set(yscale="log", ylim=(1e-13, 8), xlabel="steps back from the loss")
    axis.set_ylabel("length of the signal")
    axis.legend(loc="lower left", bbox_to_anchor=(0.13, 0.02))
plots.show(
    figure,
    "Length of the back-propagated signal by steps back, logarithmic, before training. At the first symbol: "
    + "; ".join(f"{name.replace('-', ' ')} {value:.1g}" for name, value in arriving.items())
    + ". Three are nearly straight lines downwards, sigmoid by far the steepest; identity falls little.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# *Initialization plays an important role* (002, after Sutskever 2012). But weights change, and a start is soon forgotten. Can we **ask** for signals that arrive?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea: an error signal keeps its length
#
# Call the signal $\delta_k = \partial\mathcal E/\partial h_k$. One step back multiplies it by a Jacobian. The penalty asks that its **length** stays the same (002, eq. 9; 004, eq. 10.52):
#
# $$\Omega = \sum_k \Omega_k = \sum_k \left( \frac{\left\lVert \delta_{k+1}\, \dfrac{\partial h_{k+1}}{\partial h_k} \right\rVert}{\lVert \delta_{k+1} \rVert} - 1 \right)^2$$
#
# Minimised together with the error: $\mathcal E + \alpha\,\Omega$, with $\alpha = 4$ in the experiments.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One summand of the penalty, on two units

# %% slideshow={"slide_type": "-"}
W = np.array([[0.6, -0.5], [0.5, 0.6]])  # for h @ W
h = np.array([0.3, -0.4])  # the state that the step led to
delta = np.array([0.08, -0.06])  # what came back to it
before = np.linalg.norm(delta)
after = np.linalg.norm((delta * (1 - h**2)) @ W.T)
print(f"length before {before:.3f}, after {after:.3f}; ratio {after / before:.3f}")
print(f"this step's part of the penalty: {(after / before - 1) ** 2:.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The signal's own length drops out. A loss a thousand times smaller gives the **same** penalty: that is what makes it heard where the error's gradient is not.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Why a penalty, and not the gradient of the error?
#
# 002, section 3.3, in three steps:
#
# 1. A larger $\left\lVert \partial h_t / \partial h_k \right\rVert$ lets **every** input between $k$ and $t$ through. Most of them are noise, so the error **rises** first.
# 2. The network can learn to ignore them, but only once an error signal reaches them.
# 3. So the way up does not descend the error. A second-order method, too, would only walk downhill faster.
#
# Hence a term of its own.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: is this matrix fine?
#
# $$W = \begin{pmatrix} 1 & 0 \\ 0 & .1 \end{pmatrix}\qquad \delta = (1, 0)$$
#
# One direction is passed on whole, the other shrinks to a tenth. Slopes are 1. What does $\Omega$ say?
#
# * **A** 0: nothing to complain of,
# * **B** .81, because of the tenth,
# * **C** something between.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say B or C: they read Ω as "all singular values should be 1". It looks along the signal only. Ask what would happen to δ = (0, 1): .81. And then: which of the two would you rather have, a network that passes on everything, or one that passes on what the
# error asks for? (Noise must be forgotten: temporal order has four letters that should leave no trace.)

# %% slideshow={"slide_type": "fragment"}
narrow = np.diag([1.0, 0.1])
for delta in (np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.6, 0.8])):
    ratio = np.linalg.norm(delta @ narrow.T) / np.linalg.norm(delta)
    print(f"signal {delta}: ratio {ratio:.3f}, penalty {(ratio - 1) ** 2:.3f}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# A. *Only … in the relevant direction of the error, not for any direction* (002). Orthogonal matrices are one way to be free of penalty, not the only one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The immediate gradient of the penalty
#
# $\Omega$ depends on $W$ in three ways: through the Jacobian, through the states, and through the signals. The last two would need another pass through time. 002, eq. 10 (and 004) take only the first:
#
# $$\frac{\partial^{+}\Omega}{\partial W_{rec}} = \sum_k \frac{\partial^{+}\Omega_k}{\partial W_{rec}}$$
#
# *We consider that* $\mathbf x_k$ *and* $\frac{\partial\mathcal E}{\partial\mathbf x_{k+1}}$ *as being constant.*
#
# What it needs, back-propagation has computed anyway.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The immediate gradient for one weight
#
# One unit, $h_{k+1} = \tanh(w h_k + u_{k+1})$, so $\partial h_{k+1}/\partial h_k = w\,\sigma'_{k+1}$. For $w > 0$:
#
# $$\Omega_k = (w\,\sigma'_{k+1} - 1)^2 \qquad \frac{\partial^{+}\Omega_k}{\partial w} = 2\,(w\,\sigma'_{k+1} - 1)\,\sigma'_{k+1}$$
#
# Below 1 it pulls $w$ up, above 1 down. What it leaves out: a larger $w$ also changes the **slopes**.

# %% slideshow={"slide_type": "-"}
def penalty(w, inputs):
    """Return the penalty of one unit, and its immediate gradient, summed over the steps."""
    h, total, immediate = 0.0, 0.0, 0.0
    for u in inputs:
        h = np.tanh(w * h + u)
        ratio = w * (1 - h**2)
        total += (ratio - 1) ** 2
        immediate += 2 * (ratio - 1) * (1 - h**2)
    return total, immediate


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what does the immediate gradient get wrong?
#
# The unit reads 20 random inputs. We raise $w$ from 0 to 3 and draw both: the slope of $\Omega$ as it **is**, and the immediate gradient.
#
# Where do they agree, and where could they have **different signs**?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say "everywhere roughly the same, it is an approximation". They agree for small w, where the states hardly depend on w. Around w = 1 the true slope has turned positive, as a larger w makes the states larger and their slopes smaller; the immediate gradient, with slopes
# frozen, still says "larger". The spike further right is lecture 05's: there some state crosses the boundary between two basins, and the penalty jumps. The immediate gradient does not see it, which is a mercy.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
noise = 0.5 * np.random.default_rng(0).normal(size=20)
weights = np.linspace(0.02, 3, 150)
omegas, immediates = np.array([penalty(w, noise) for w in weights]).T
true_slopes = np.array(
    [(penalty(w + 1e-5, noise)[0] - penalty(w - 1e-5, noise)[0]) / 2e-5 for w in weights]
)
against = (true_slopes > 0) & (immediates < 0)
small = weights < 0.5
turning = {
    name: weights[np.flatnonzero(slopes > 0)[0]]
    for name, slopes in (("slope", true_slopes), ("immediate", immediates))
}
spike = weights[np.abs(true_slopes).argmax()]
differ = np.max(np.abs(true_slopes - immediates)[small] / np.abs(true_slopes)[small])
plots.say(
    f"Below w = 0.5 they differ by at most {differ:.0%}. From {turning['slope']:.2f} to {turning['immediate']:.2f} they pull in **opposite** directions: a larger w would make the slopes smaller, and the immediate gradient does not see that. The spike near {spike:.1f}: a state crosses a boundary (lecture 05)."
)
assert differ < 0.2
assert turning["slope"] < turning["immediate"]
assert against.any()

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The slope of the penalty, and the immediate gradient

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4), layout="constrained")
    axes[0].plot(weights, omegas, color=plots.BLACK)
    axes[0].set(xlabel="w", title="Ω, 20 steps")
    axes[1].plot(weights, true_slopes, color=plots.BLUE, label="its slope")
    axes[1].plot(weights, immediates, color=plots.ORANGE, linestyle="--", label="immediate")
    axes[1].axhline(0, color=plots.BLACK, linewidth=1)
    axes[1].fill_between(weights, -40, 40, where=against, color=plots.RED, alpha=0.15)
    axes[1].set(xlabel="w", ylim=(-40, 40), title="shaded: they pull apart")
    axes[1].legend()
plots.show(
    figure,
    f"Left, the penalty of one unit by its weight: falling from {omegas[0]:.0f}, lowest {omegas.min():.1f} at w = {weights[omegas.argmin()]:.1f}, then rising, with a step near {spike:.1f}. Right, its slope and the immediate gradient: together for small weights; the slope turns positive at w = {turning['slope']:.2f}, the "
    f"immediate gradient at {turning['immediate']:.2f}, shaded between; near {spike:.1f} the slope has a spike, the immediate gradient a small bump.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two forms of the penalty: the paper's and the code's
#
# With $r_k = \lVert\delta_{k}\rVert / \lVert\delta_{k+1}\rVert$:
#
# | | paper (eq. 9) | published code |
# |---|---|---|
# | a step's part | $(r_k - 1)^2$ | $(r_k^2 - 1)^2$ |
# | signal that has vanished | not mentioned | left out: $\lVert\delta\rVert^2 < 10^{-20}$ |
# | over the steps | sum | mean of the remaining ones |
#
# And eq. 10 prints $r_k^2 - 1$ without any outer square: its minimum would be at $r_k = 0$. A misprint. Where a paper and its program differ, say which one you took.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: which form pulls harder?
#
# A step passes on **a tenth** of the signal. Which form pulls $r$ up more strongly, $(r-1)^2$ or $(r^2-1)^2$?
#
# And where a step **doubles** the signal?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say "the squared one, both times": more square, more pull. Below 1/2 or so it is the other way round, as r² is flat near 0. So the code's form hardly helps a signal that has nearly vanished, and hits hard where signals grow. Derivatives: 2(r − 1) and 4r(r² − 1).

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
ratios = np.linspace(0, 2, 201)
pulls = {"paper": -2 * (ratios - 1), "code": -4 * ratios * (ratios**2 - 1)}
paper_at, code_at = ({r: float(np.interp(r, ratios, pulls[n])) for r in (0.1, 2.0)} for n in pulls)
plots.say(
    f"At a tenth: **{paper_at[0.1]:.2f}** (paper) against {code_at[0.1]:.2f} (code). At double: {paper_at[2.0]:.0f} against **{code_at[2.0]:.0f}**. The code's form is timid with vanishing signals and harsh with growing ones.".replace(
        "-", "−"
    )
)
assert paper_at[0.1] > 2 * code_at[0.1]
assert code_at[2.0] < 5 * paper_at[2.0] < 0

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Both forms of the penalty, and how they pull

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4), layout="constrained")
    axes[0].plot(ratios, (ratios - 1) ** 2, color=plots.BLUE, label="paper")
    axes[0].plot(ratios, (ratios**2 - 1) ** 2, color=plots.RED, linestyle="--", label="code")
    axes[0].set(xlabel="r", ylim=(0, 4), title="a step's part of the penalty")
    axes[1].plot(ratios, pulls["paper"], color=plots.BLUE)
    axes[1].plot(ratios, pulls["code"], color=plots.RED, linestyle="--")
    axes[1].axhline(0, color=plots.BLACK, linewidth=1)
    axes[1].set(xlabel="r", ylim=(-8, 2.4), title="the pull on r")
    axes[0].legend()
plots.show(
    figure,
    f"Left, both forms over the ratio r: zero at 1; the code's rises steeply above. Right, the pull: at a ratio of 0.1 {paper_at[0.1]:.2f} for the paper's and {code_at[0.1]:.2f} for the code's, at 2 {paper_at[2.0]:.0f} and {code_at[2.0]:.0f}.".replace(
        "-", "−"
    ),
)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before you look: the penalty without clipping
#
# Temporal order, $T = 30$, rate .05 (five times the paper's), 300 updates, the same five networks three times: clipped (**MSGD-C**), with $\Omega$ (**MSGD-R**), with both (**MSGD-CR**).
#
# Whose loss is lowest after 300 updates? Whose **highest**?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls agree on CR as the lowest and then say C for the highest: "it does nothing". It does nothing, yes, and stays at ln 4. R moves a great deal: its signal arrives, its gradients are long, and what it learns it loses again. Start the cell while they discuss; it takes a few seconds.

# %% slideshow={"slide_type": "fragment"}
def race(**settings):
    chosen = RunSettings(updates=300, learning_rate=0.05, check_size=1000, **settings)
    return RecurrentRuns(TemporalOrder(30), chosen, seeds=range(5)).train()


omega = NormPreservation(weight=4.0, form="paper")
raced = {
    "MSGD-C": race(max_norm=1.0),
    "MSGD-R": race(terms=(omega,)),
    "MSGD-CR": race(terms=(omega,), max_norm=1.0),
}

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The penalty with clipping and without, update by update

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
METHOD_COLOURS = {
    "MSGD": plots.ORANGE,
    "MSGD-C": plots.BLUE,
    "MSGD-R": plots.RED,
    "MSGD-CR": plots.GREEN,
}
guessing = np.log(4)


def signals_of(runs):
    """Return the mean over runs of the logarithm of the signal's length, by steps back."""
    found = [np.log10(signals_back(30, {}, n=1, begin_with=run)) for run in runs]
    return 10 ** np.mean(found, axis=0)


arrive = {name: signals_of(runs) for name, runs in raced.items()}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.8, 4.4), layout="constrained")
    for name, runs in raced.items():
        curves = np.array([np.convolve(r.losses, np.ones(25) / 25, "valid") for r in runs])
        axes[0].plot(curves.T, color=METHOD_COLOURS[name], linewidth=1, alpha=0.4)
        axes[0].plot(curves.mean(axis=0), color=METHOD_COLOURS[name], linewidth=3.5, label=name)
        axes[1].plot(arrive[name], color=METHOD_COLOURS[name], label=name)
    axes[1].plot(signals_back(30, {}), color=plots.BLACK, linestyle=":", label="before training")
    axes[0].axhline(guessing, color=plots.BLACK, linewidth=1, linestyle=":")
    axes[0].annotate("guessing", (0, guessing), (2, 5), textcoords="offset points", fontsize=14)
    axes[0].set(xlabel="update", ylabel="loss, nats", ylim=(0.4, 2))
    axes[1].axvspan(24, 26, color=plots.SKY, alpha=0.3)
    axes[1].set(yscale="log", xlabel="steps back from the loss", title="signal after 300 updates")
    axes[0].legend(loc="upper right")
    axes[1].legend(loc="lower left")
final = {
    name: np.array([np.mean(run.losses[-50:]) for run in runs]) for name, runs in raced.items()
}
smoothed = [np.convolve(run.losses, np.ones(25) / 25, "valid") for run in raced["MSGD-R"]]
lowest = np.mean([curve.min() for curve in smoothed])
longest = {name: max(max(run.norms) for run in runs) for name, runs in raced.items()}
plots.show(
    figure,
    f"Left, the losses of five runs by update. Mean of the last 50 updates: clipped alone {final['MSGD-C'].mean():.2f}, the penalty alone {final['MSGD-R'].mean():.2f} after ups and downs, both {final['MSGD-CR'].mean():.2f}, falling steadily. Right, the length of the signal by steps back after training: at 25 steps "
    + ", ".join(f"{name} {signal[25]:.2g}" for name, signal in arrive.items())
    + ".",
)
plots.say(
    f"Mean loss of the last 50 updates: clipped {final['MSGD-C'].mean():.2f}, Ω alone {final['MSGD-R'].mean():.2f}, both **{final['MSGD-CR'].mean():.2f}** (guessing {guessing:.2f}). Ω makes the signal arrive, with gradients up to {longest['MSGD-R']:.0f} long. Alone, its runs come down to {lowest:.2f} (mean of 25 updates) and lose some of it again."
)
assert lowest < final["MSGD-R"].mean() - 0.05
assert final["MSGD-CR"].mean() < min(final["MSGD-C"].mean(), final["MSGD-R"].mean()) - 0.2
assert arrive["MSGD-CR"][25] > 10 * arrive["MSGD-C"][25]

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Why the penalty needs clipping
#
# * It is a **soft** constraint: the signal's length *is not ensured*, and *a single step induced by it can disrupt learning* (002).
# * Not vanishing means staying near the boundary between basins (lecture 05), and on the boundary stands the **wall** (lecture 06).
# * In the sources: *when using just the regularization term, without clipping, learning usually fails* (002, footnote 4); *clipping is particularly important* (004).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The penalty's weight may have to fall: the 1/t schedule
#
# On music and text *keeping the regularization weight fixed … seems to harm learning. One needs to use a* $1/t$ *decreasing schedule* (002):
#
# $$\alpha_t = \frac{\alpha_0}{t}$$
#
# First: let signals through. Later: learn. The authors' guess is that $\Omega$ gets in the way of **short** correlations, which matter there; *a more careful investigation is lacking*.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
epochs = np.arange(1, 11)
print("epoch   " + "".join(f"{t:7}" for t in epochs))
print("weight  " + "".join(f"{4 / t:7.2f}" for t in epochs))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six pathological tasks
#
# | task | what is read | what is asked at the end |
# |---|---|---|
# | temporal order | letters; A or B at the beginning and in the middle | which two, in order |
# | 3-bit temporal order | the same, three places | which three |
# | addition | numbers, two are marked | their sum |
# | multiplication | the same | their product |
# | random permutation | 1 or 2, then others in random order | the first |
# | noiseless memorisation | a pattern, then blanks | the pattern |
#
# From Hochreiter and Schmidhuber (1997): nothing near helps.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Six pathological tasks: an example of each

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
MARKED, PLAIN, ASKED = plots.YELLOW, "#E6E6E6", plots.GREEN
examples = [
    ("temporal order", list("dcfAedcfeBdcfedcfedc"), {3, 9}, "AB"),
    ("3-bit temporal order", list("dcBfedcAfedcBdfcedfc"), {2, 7, 12}, "BAB"),
    ("addition", list("37250914628350712946"), {1, 6}, ".7 + .1 = .8"),
    ("multiplication", list("37250914628350712946"), {1, 6}, ".7 × .1 = .07"),
    ("random permutation", ["1", *"kdpqhmbtrcgnsfjlaeo"], {0}, "1"),
    ("noiseless memorisation", [*"10110", *"··············", "?"], set(range(5)), "1 0 1 1 0"),
]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12.8, 4.9))
    for line, (name, cells, marked, asked) in enumerate(examples):
        y = -line
        axis.annotate(name, (-0.6, y), ha="right", va="center", fontsize=15)
        for place, cell in enumerate(cells):
            colour = MARKED if place in marked else PLAIN
            axis.add_patch(plt.Rectangle((place - 0.46, y - 0.36), 0.92, 0.72, color=colour))
            said = f".{cell}" if name in ("addition", "multiplication") else cell
            axis.annotate(said, (place, y), ha="center", va="center", fontsize=14)
        axis.annotate("→", (20.1, y), ha="center", va="center", fontsize=18)
        axis.annotate(asked, (20.8, y), va="center", fontsize=15, color=ASKED, weight="bold")
    axis.set(xlim=(-7, 25.5), ylim=(-5.7, 0.7))
    axis.axis("off")
plots.show(
    figure,
    "Six rows of twenty cells, the ones that matter in yellow, the answer at the right: temporal order A … B gives AB; three-bit order B, A, B gives BAB; addition of the marked .7 and .1 gives .8; multiplication .07; random permutation gives the first symbol; noiseless memorisation gives the five-bit pattern back after blanks.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What 002 reports on the six tasks
#
# With clipping and the penalty (section 4.1.2):
#
# | task | trained on, up to | tested up to | runs |
# |---|---|---|---|
# | temporal order | 200 | 5000 | 5 of 5 |
# | 3-bit order | 200 | | 5 of 5 |
# | addition, multiplication | 200 | 500 | 5 of 5 |
# | random permutation | 200 | | **2 of 5** |
# | memorisation, 5 and 20 bits | one of 50 to 200 | the same | 5 of 5 |
#
# And how much is 5 of 5? Wilson's interval (lecture 06):

# %% slideshow={"slide_type": "fragment"}
print(Proportion(5, 5), "   ", Proportion(2, 5), "   ", Proportion(20, 20))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Temporal order by length, start and method: the setting
#
# | | 002, Fig. 7 | ours |
# |---|---|---|
# | network, batch, threshold, $\alpha$ | 50 units, 20, 1, 4 | the same |
# | learning rate | .01 | see the figure |
# | updates | up to 5,000,000 | see the figure: thousands |
# | runs a point | 5 | see the figure |
# | solved | under 1% of 10,000 wrong | the same |
#
# Sequence by sequence the same seeds for every method. **Fixed updates**, so that the result does not depend on the machine.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: who solves what?
#
# Three methods: MSGD, MSGD-C, MSGD-CR. Three starts: sigmoid, basic tanh, smart tanh. Lengths from 10 upwards.
#
# Draw the share of solved runs against the length for basic tanh, one curve a method. Where does each begin to fall? And what about **sigmoid**?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls draw three parallel curves. The point is the order, and where we can tell it: look at whether the bars overlap before saying "better". Sigmoid is the *most adversarial* start of 002: nothing arrives at first. Without Ω no run was solved in these updates, with it most were. A 0 says *not so soon*, not *never*.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
kept = [row for row in recorded("07_memory/temporal_order") if row["task"] == "temporal-order"]
SHOWN = [name for name in METHOD_COLOURS if any(row["method"] == name for row in kept)]
starts = [name for name in BEGINNINGS if any(row["beginning"] == name for row in kept)]
by_cell = {}
for row in kept:
    key = (row["beginning"], row["learning_rate"], int(row["length"]), row["method"])
    by_cell.setdefault(key, []).append(row)
solved = {
    key: Proportion(sum(row["solved_at"] != "" for row in rows), len(rows))
    for key, rows in by_cell.items()
}
panels = sorted({key[:2] for key in solved}, key=lambda panel: (starts.index(panel[0]), panel[1]))
all_lengths = sorted({key[2] for key in solved})

print("solved runs of each cell" + "".join(f"{method:>12}" for method in SHOWN))
for start, rate, length in sorted({key[:3] for key in solved}, key=lambda cell: (starts.index(cell[0]), cell[2])):  # fmt: skip
    cells_here = [solved.get((start, rate, length, method)) for method in SHOWN]
    print(f"{start.replace('-', ' '):12} T = {length:<8}" + "".join(f"{f'{c.successes} of {c.tries}' if c else '':>12}" for c in cells_here))  # fmt: skip


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The figure to remember: who solves what

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def panel_title(panel):
    most = max(int(row["updates"]) for key, rows in by_cell.items() if key[:2] == panel for row in rows)  # fmt: skip
    return f"{panel[0].replace('-', ' ')}\nrate {panel[1]:g}, {most:,} updates".replace(" 0.", " .")


with plots.course_style():
    figure, axes = plt.subplots(
        1, len(panels), figsize=(12, 4.2), sharey=True, layout="constrained", squeeze=False
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        for shift, method in zip(np.linspace(-0.16, 0.16, len(SHOWN)), SHOWN, strict=True):
            here = [length for length in all_lengths if (*panel, length, method) in solved]
            counts = [solved[*panel, length, method] for length in here]
            places = np.array([all_lengths.index(length) for length in here]) + shift
            colour = METHOD_COLOURS[method]
            for place, count in zip(places, counts, strict=True):
                axis.plot([place] * 2, count.wilson(), color=colour, linewidth=4, alpha=0.5)
            axis.plot(places, [c.share for c in counts], "o-", color=colour, label=method)
        axis.set_title(panel_title(panel), fontsize=14)
        axis.set_xticks(range(len(all_lengths)), all_lengths)
        axis.set(xlabel="T", ylim=(-0.04, 1.04), xlim=(-0.5, len(all_lengths) - 0.5))
    axes[0][0].set_ylabel("share of runs solved")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
plots.show(
    figure,
    "Share of solved runs of temporal order by length T, one panel a start, one curve a method, with Wilson intervals: "
    + "; ".join(
        f"{panel[0]}, T = {length}: "
        + ", ".join(f"{m} {solved[*panel, length, m].successes} of {solved[*panel, length, m].tries}" for m in SHOWN if (*panel, length, m) in solved)
        for panel in panels for length in all_lengths
        if any((*panel, length, m) in solved for m in SHOWN)
    ) + ".",
)  # fmt: skip
print(textwrap.fill("Recorded: " + made("07_memory"), 115))


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Who solves what, read with its intervals
#
# One method beats another where their intervals do not even touch:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def told_apart(better, worse):
    """Return the cells in which the first method's interval lies above the second's."""
    found = []
    for *cell, method in solved:
        other = solved.get((*cell, worse))
        if method == better and other and solved[*cell, better].wilson()[0] > other.wilson()[1]:
            found.append((cell[0], cell[2]))
    return found


def listed(cells):
    """Return cells in words, by start."""
    lengths_of = {start: sorted(length for s, length in cells if s == start) for start in starts}
    words = [
        f"{start.replace('-', ' ')} T = {', '.join(map(str, found))}"
        for start, found in lengths_of.items()
        if found
    ]
    return "; ".join(words) if words else "nowhere"


ORDER = [m for m in ("MSGD", "MSGD-C", "MSGD-CR") if m in SHOWN]
for worse, better in pairwise(ORDER):
    print(f"{better} above {worse}: {listed(told_apart(better, worse))}")
    print(f"   the other way round: {listed(told_apart(worse, better))}")
missing = [name.replace("-", " ") for name in list(BEGINNINGS)[:3] if name not in starts]
not_run = f" Not run here: {', '.join(missing)}." if missing else ""
nobody = {
    (key[0], key[2])
    for key in solved
    if all(solved[other].successes == 0 for other in solved if other[:3] == key[:3])
}
alone = "; ".join(
    f"{start.replace('-', ' ')} T = {length}: {count.successes} of {count.tries}"
    for (start, _, length, method), count in solved.items()
    if method == "MSGD-R"
)
without = (
    f" **Ω without clipping** (002: *usually fails*): {alone}. Compare the live runs at T = 30."
    if alone
    else ""
)
unsolved = (
    f"Solved by no method: {listed(nobody)}; such a cell tells nothing of the methods."
    if nobody
    else "At every length and from every start some method solves some runs."
)
plots.say(
    f"**In 002** (5 runs, 5 million updates; a figure without numbers): *as the length of the sequence increases, using clipping becomes more important*, and with Ω one model for 50 to 200 steps succeeds in 5 of 5. **Ours** have far fewer updates, at five times the rate. {unsolved}{not_run}{without}"
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How many updates does a solution take?
#
# A dot is a run that was solved. A method that solves as many runs may still take far longer:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
when = {
    key: sorted(row["solved_at"] for row in rows if row["solved_at"] != "")
    for key, rows in by_cell.items()
}
with plots.course_style():
    figure, axes = plt.subplots(
        1, len(panels), figsize=(13, 4.2), sharey=True, layout="constrained", squeeze=False
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        for shift, method in zip(np.linspace(-0.24, 0.24, len(SHOWN)), SHOWN, strict=True):
            for place, length in enumerate(all_lengths):
                found = when.get((*panel, length, method), [])
                spread = np.linspace(-0.06, 0.06, len(found))
                axis.plot(
                    place + shift + spread, found, ".", color=METHOD_COLOURS[method], markersize=7,
                    label=method if place == 0 else None,
                )  # fmt: skip
        axis.set_title(panel[0].replace("-", " "), fontsize=14)
        axis.set_xticks(range(len(all_lengths)), all_lengths)
        axis.set(xlabel="T", xlim=(-0.5, len(all_lengths) - 0.5), yscale="log")
    axes[0][0].set_ylabel("updates until solved")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), markerscale=2)
medians = {key: float(np.median(found)) for key, found in when.items() if len(found) > 1}
plots.show(
    figure,
    "Updates until a run was solved, logarithmic, a dot a run, by length, start and method. Medians: "
    + "; ".join(f"{start}, T = {length}, {m} {value:,.0f}" for (start, _, length, m), value in medians.items())
    + ".",
)  # fmt: skip
both = [
    key[:3]
    for key in by_cell
    if key[3] == "MSGD-CR"
    and all(len(when.get((*key[:3], m), [])) == solved[key].tries for m in ("MSGD-C", "MSGD-CR"))
]
longest_both = max(both, key=lambda cell: (cell[2], cell[0]), default=None)
if longest_both:
    told = [medians[*longest_both, m] for m in ("MSGD-C", "MSGD-CR")]
    plots.say(
        f"{longest_both[0].replace('-', ' ').capitalize()}, T = {longest_both[2]}, where both solve every run: median {told[0]:,.0f} updates with clipping alone, {told[1]:,.0f} with the penalty as well."
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# Where ours falls short of the paper, think of updates before blaming a method: the authors' own log has a run that is solved at update 336,000.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before you look: trained short, tested long
#
# One network is trained on short sequences of mixed lengths, and solves them. Now it reads sequences many times as long, **never seen** in training.
#
# How many of them does it get wrong at twice the length? At ten times, at a hundred times?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls expect a steady rise: "it forgets a bit at each step". If memory is a state that decays, they are right. If it is one of several attractors, the network may read on for ever. Ask which curve would tell the two apart, before showing it. 002 reports 0 wrong of 10,000 at length 5,000.
# A network that stops learning as soon as its own lengths are solved need not have found an attractor: compare the kinds in the legend, where there are several.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
lengths = recorded("07_memory/lengths")
nets = {}
for row in lengths:
    kind = str(row["trained_on"]).replace("-", " to "), row["method"], row["stops"]
    nets.setdefault((kind, int(row["seed"])), []).append((int(row["length"]), row["wrong"]))
kinds = sorted({kind for kind, _ in nets}, key=lambda kind: (int(kind[0].split()[0]), kind))
STOPS = {"solved": "until solved", "never": "all updates"}


def kind_name(kind):
    return f"{kind[0]}, {kind[1]}, {STOPS[kind[2]]}"


tested = max(length for found in nets.values() for length, _ in found)
holds, far_wrong = {}, {}
for (kind, _), found in nets.items():
    found.sort()
    asked = [pair for pair in found if pair[0] >= int(kind[0].split()[0])]  # not shorter ones
    fails = next((i for i, (_, wrong) in enumerate(asked) if wrong >= 0.01), len(asked))
    holds.setdefault(kind, []).append(asked[fails - 1][0] if fails else 0)
    far_wrong.setdefault(kind, []).append(found[-1][1])
said = [
    f"{kind_name(kind)}: under 1% wrong up to {min(holds[kind]):,} … {max(holds[kind]):,} steps; at {tested:,}, {min(far_wrong[kind]):.0%} … {max(far_wrong[kind]):.0%} wrong"
    for kind in kinds
]
plots.say(
    "Trained on "
    + "; ".join(said)
    + f" ({len(next(iter(holds.values())))} networks each). 002, trained on 50 to 200: none wrong at 5,000."
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Trained short, tested long: every network's curve

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    drawn = set()
    figure, axis = plt.subplots(figsize=(10, 4.4))
    for number, kind in enumerate(kinds):
        for (mine, seed), found in nets.items():
            if mine == kind:
                axis.plot(
                    *zip(*found, strict=True), "o-", color=plots.PALETTE[number], alpha=0.75,
                    markersize=6, label=None if kind in drawn else kind_name(kind),
                )  # fmt: skip
                drawn.add(kind)
    axis.axhline(0.75, color=plots.BLACK, linestyle=":", linewidth=1.5)
    axis.annotate("guessing", (0.01, 0.75), (0, 4), xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
    axis.set(xscale="log", xlabel="length of the test sequences", ylabel="share wrong", ylim=(-0.03, 0.95))  # fmt: skip
    ticks = [20, 50, 100, 200, 500, 1000, 2000, 5000]
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), title="trained on", ncols=2)
plots.show(
    figure,
    "Share of wrong answers against the length of the test sequences, logarithmic, a line a network. "
    + "; ".join(said)
    + ".",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Attractors against transient memory
#
# Two units get one push, up or down, and then 300 steps of noise. **Leaky**: $h \leftarrow .97\,h + .03\,\tanh u$, a transient that dies. **Latch**: $h \leftarrow \tanh(2h + u)$, with two attractors (lecture 05).

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rng = np.random.default_rng(0)
n_pushes, n_steps = 400, 300
push = np.where(np.arange(n_pushes) % 2, 1.0, -1.0)
hiss = 0.25 * rng.normal(size=(n_steps, n_pushes))
hiss[0] = 3 * push
leaking, latched = [np.zeros(n_pushes)], [np.zeros(n_pushes)]
for u in hiss:
    leaking.append(0.97 * leaking[-1] + 0.03 * np.tanh(u))
    latched.append(np.tanh(2 * latched[-1] + u))
leaking, latched = np.array(leaking), np.array(latched)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 3.8), layout="constrained")
    for axis, states, title in ((axes[0], leaking, "leaky"), (axes[1], latched, "latch")):
        for number in range(6):
            colour = plots.RED if push[number] > 0 else plots.BLUE
            axis.plot(states[:, number], color=colour, linewidth=1.3, alpha=0.8)
        axis.set(xlabel="step", title=title)
right = {
    name: np.mean(np.sign(states[[20, 300]]) == push, axis=1)
    for name, states in (("leaky", leaking), ("latch", latched))
}
plots.show(
    figure,
    f"Six runs each, red after a push up, blue after one down. The leaky units' lines mix within the noise: by sign {right['leaky'][0]:.0%} are right after 20 steps and {right['leaky'][1]:.0%} after 300. The latches stay on their side: {right['latch'][0]:.0%} and {right['latch'][1]:.0%}.",
)
plots.say(
    f"Which push was it? Right after 20 and 300 steps: leaky {right['leaky'][0]:.0%}, {right['leaky'][1]:.0%}; latch {right['latch'][0]:.0%}, {right['latch'][1]:.0%}. 002 takes its 5,000 steps as *some evidence that the model might use attractors … rather than … transient dynamics*."
)
assert right["latch"][1] > 0.95 > 0.8 > right["leaky"][1]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Leaky units: a slow state
#
# Jaeger et al. (2007), as in 002, section 3.1:
#
# $$\mathbf x_k = \alpha\, \mathbf x_{k-1} + (1-\alpha)\, \sigma(\mathbf W_{rec}\,\mathbf x_{k-1} + \mathbf W_{in}\,\mathbf u_k + \mathbf b)$$
#
# On one number:

# %% slideshow={"slide_type": "-"}
alpha, x = 0.9, 1.0
for u in (0.0, 0.0, 0.0):
    x = alpha * x + (1 - alpha) * np.tanh(0.5 * x + u)
    print(f"x = {x:.3f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how long does a leak remember?
#
# With $\alpha = .9$ and nothing else coming in, the state falls to a half within some steps. How many? And with $\alpha = .99$?
#
# Guess first; then: by which formula?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say 5 and 50 ("a tenth is lost at each step, so half in five"). ln .5 / ln α: between six and seven, and nearly seventy. Then ask what it costs: a unit with α = .99 also needs a hundred steps to take up anything new. Move the slider.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"$\\ln .5 / \\ln\\alpha$: **{np.log(0.5) / np.log(0.9):.1f}** steps for .9, **{np.log(0.5) / np.log(0.99):.0f}** for .99. Slow to forget is slow to learn something new."
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A leak: how fast it forgets, and takes up

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def draw_leak(alpha):
    steps = np.arange(201)
    with plots.course_style():
        figure, axis = plt.subplots(figsize=(9.5, 3.7))
        axis.plot(steps, alpha**steps, color=plots.BLUE, label="what is left of the old")
        axis.plot(steps, 1 - alpha**steps, color=plots.ORANGE, label="what has come of the new")
        half = np.log(0.5) / np.log(alpha)
        axis.axvline(half, color=plots.BLACK, linestyle=":")
        axis.set(xlabel="steps", ylim=(0, 1), title=f"α = {alpha:g}: half after {half:.1f} steps")
        axis.legend(loc="center right")
    return figure


show_live(
    draw_leak,
    {"alpha": Slider(0.5, 0.99, 0.9, 0.01, "α")},
    f"What is left of an old state and what has come of a new input, over steps, for a leak set by a slider; at 0.9 they cross after {np.log(0.5) / np.log(0.9):.1f} steps.",
);  # fmt: skip

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Echo states: do not train the recurrent weights
#
# Jaeger and Haas (2004): draw $W_{rec}$ and $W_{in}$, scale to $\rho < 1$, train the **output** only. No gradient passes through time, so none vanishes. But *information … dies out exponentially fast* (002). Two states, same inputs:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rng = np.random.default_rng(1)
n = 100
drawn = rng.normal(size=(n, n))
drawn /= np.abs(np.linalg.eigvals(drawn)).max()
W_in = rng.normal(size=n)
inputs = 0.3 * rng.normal(size=200)
echoes = {}
for name, radius, leak in (("ρ = .5", 0.5, 0.0), ("ρ = .95", 0.95, 0.0), ("ρ = .95, leak .9", 0.95, 0.9)):  # fmt: skip
    pair = np.stack([0.5 * rng.normal(size=n), 0.5 * rng.normal(size=n)])
    gaps = []
    for u in inputs:
        gaps.append(np.linalg.norm(pair[0] - pair[1]))
        pair = leak * pair + (1 - leak) * np.tanh(pair @ (radius * drawn) + u * W_in)
    echoes[name] = np.array(gaps) / gaps[0]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 3.8))
    for (name, gaps), colour in zip(echoes.items(), (plots.PURPLE, plots.BLUE, plots.GREEN), strict=True):  # fmt: skip
        axis.plot(gaps, color=colour, label=name)
    axis.set(yscale="log", ylim=(1e-8, 2), xlabel="steps with the same input", ylabel="difference left")  # fmt: skip
    axis.legend()
plots.show(
    figure,
    "How much is left of the difference of two states that read the same inputs, logarithmic. After 50 steps: "
    + "; ".join(f"{name} {gaps[50]:.1g}" for name, gaps in echoes.items())
    + ".",
)
assert echoes["ρ = .5"][50] < echoes["ρ = .95"][50] < echoes["ρ = .95, leak .9"][50] < 1

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An identity and a rectifier: a state that adds
#
# 000: *ReLU activation; initialize W to identity matrix.* 001: *Huge difference!* (Le, Jaitly, Hinton 2015)
#
# $$h_t = \max(0,\; h_{t-1} I + \mathbf u_t W_{in} + b)$$
#
# At the start nothing is lost and nothing is mixed: the state **adds up** what comes in, and the Jacobian is $I$ wherever a unit is switched on.
#
# Biases begin at 0, the other weights small. Learning may take the identity apart again; it only has to last until a gradient has arrived.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: does one unit add the marked numbers?
#
# ```python
# h = 0.0
# for number, mark in ((0.3, 0), (0.7, 1), (0.2, 0), (0.1, 1), (0.4, 0)):
#     h = max(0.0, h + number + mark - 1)
# ```
#
# Weight to itself 1, input weights 1, bias −1: an unmarked number is pushed below 0, a marked one comes through. What is `h` in the end? The marked ones were .7 and .1.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say .8, since the sentence sounds right. Walk through it: after .7 comes .2 unmarked, and .7 + .2 − 1 is below 0: everything is gone. A bias cannot protect what is kept from what comes in; a second unit has to decide first. That is what a network of many units learns to
# approximate; the identity only keeps what has been added.

# %% slideshow={"slide_type": "fragment"}
h = 0.0
for number, mark in ((0.3, 0), (0.7, 1), (0.2, 0), (0.1, 1), (0.4, 0)):
    h = max(0.0, h + number + mark - 1)
    print(f"{number} {'marked' if mark else '      '}  h = {h:.1f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two rectifiers that add the marked numbers

# %% slideshow={"slide_type": "-"}
gate = total = 0.0
for number, mark in ((0.3, 0), (0.7, 1), (0.2, 0), (0.1, 1), (0.4, 0)):
    total = max(0.0, total + gate)  # identity, plus what the other unit let through a step ago
    gate = max(0.0, number + mark - 1)  # this number if it is marked, else 0
print(f"total = {total + gate:.1f}")
assert np.isclose(total + gate, 0.8)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One unit keeps (its weight to itself is 1), one selects (its weight to itself is 0). Remember this pair: it comes back as a gate.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The adding problem, with and without an identity

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
adding = recorded("07_memory/adding")
UNIT_COLOURS = {"identity": plots.ORANGE, "tanh": plots.BLUE, "lstm": plots.GREEN}
UNIT_NAMES = {"identity": "identity, ReLU", "tanh": "tanh", "lstm": "LSTM"}
curves = {}
for row in adding:
    curves.setdefault((int(row["length"]), row["unit"], int(row["seed"])), []).append(row)
curves = {key: rows for key, rows in curves.items() if len(rows) > 1}
add_lengths = sorted({key[0] for key in curves})
units = list(dict.fromkeys(key[1] for key in curves))
trivial = 1 / 6  # the variance of a sum of two uniform numbers
lowest_of = {}
with plots.course_style():
    figure, axes = plt.subplots(
        1, len(add_lengths), figsize=(11, 4.2), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, length in zip(axes[0], add_lengths, strict=True):
        for unit in units:
            mine = [rows for key, rows in curves.items() if key[:2] == (length, unit)]
            for which, rows in enumerate(mine):
                rows = sorted(rows, key=lambda row: row["update"])
                axis.plot(
                    [row["update"] for row in rows], [row["mse"] for row in rows],
                    color=UNIT_COLOURS[unit], linewidth=1.8, alpha=0.85,
                    label=None if which else f"{UNIT_NAMES[unit]}, rate {rows[0]['learning_rate']:g}",
                )  # fmt: skip
                lowest_of.setdefault((length, unit), []).append(min(row["mse"] for row in rows))
        axis.axhline(trivial, color=plots.BLACK, linestyle=":", linewidth=1.5)
        axis.set(yscale="log", xlabel="update (Adam, clipped at 1)", title=f"T = {length}")
    axes[0][0].set_ylabel("mean squared error")
    axes[0][0].legend()
plots.show(
    figure,
    "Mean squared error of the adding problem by update, logarithmic; dotted, always answering 1. Lowest: "
    + "; ".join(
        f"T = {length}, {UNIT_NAMES[unit]}: {min(v):.2g} to {max(v):.2g}"
        for (length, unit), v in lowest_of.items()
    )
    + ".",
)
plots.say(
    f"Always answering 1 costs {trivial:.3f}, dotted. Runs that came below a tenth of that at some look: "
    + "; ".join(
        f"{UNIT_NAMES[unit]} {sum(e < trivial / 10 for e in v)} of {len(v)}"
        for (_, unit), v in lowest_of.items()
    )
    + ". Nothing here is tuned as in 001, and so few seeds make no ranking."
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Addition in 001: which settings were found
#
# Le et al. (2015), Table 1, after 001. **gc**: clipping at; **fb**: the forget gate's bias.
#
# | T | LSTM | RNN + tanh | IRNN |
# |---|---|---|---|
# | 150 | gc 10, fb 1 | gc 100 | gc 100 |
# | 200 | gc 100, fb 4 | N/A | gc 1 |
# | 300 | gc 1, fb 4 | N/A | gc 10 |
# | 400 | gc 100, fb 10 | N/A | gc 1 |
#
# Learning rate .01 (LSTM at 200: .001). N/A: *no hyperparameter combination that gives good result*. All were **clipped**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A picture read pixel by pixel
#
# MNIST, 784 pixels one after another, then the digit. 100 units; also with the pixels in a fixed random order (Le et al. 2015, after 001):
#
# > *… so difficult that standard RNNs fail to work, even with ReLUs, whereas the IRNN achieves 3% test error rate …*
#
# > *We were surprised that the LSTM did not work as well as IRNN … it still possible that a better tuned LSTM would do better.*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A picture read pixel by pixel: the best settings
#
# Learning rate and clipping (Table 2, after 001):
#
# | | LSTM | RNN + tanh | RNN + ReLU | IRNN |
# |---|---|---|---|---|
# | in order | .01, gc 1 | $10^{-8}$, gc 10 | $10^{-8}$, gc 10 | $10^{-8}$, gc 1 |
# | permuted | .01, gc 1 | $10^{-8}$, gc 1 | $10^{-6}$, gc 10 | $10^{-9}$, gc 1 |
#
# LSTM with fb 1. IRNN: a **millionth** of its rate. One reading: an identity lets signals through, and lets them grow.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Gates: an adder with a door
#
# $$\begin{array}{ll}
# f_t, i_t, o_t = \text{logistic}(\dots) & \text{three doors, from } u_t \text{ and } h_{t-1} \\[4pt]
# c_t = f_t \odot c_{t-1} + i_t \odot \tanh(\dots) & \text{the cell: an adder} \\[4pt]
# h_t = o_t \odot \tanh(c_t) & \text{what the others see}
# \end{array}$$
#
# *A special type of linear unit with a self connection of value 1*, guarded by gates (002). The forget gate $f$ came later.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One step of a cell, with numbers

# %% slideshow={"slide_type": "-"}
def door(z):
    return 1 / (1 + np.exp(-z))


c, u = 0.8, 0.5  # what is kept, what is read
forget, write, show = door(3.0), door(-2.0), door(0.0)  # in a network: of u and of h
c = forget * c + write * np.tanh(1.5 * u)
h = show * np.tanh(c)
print(f"doors {forget:.2f} {write:.2f} {show:.2f}   cell {c:.3f}   seen {h:.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Along the cell $\partial c_t / \partial c_{t-1} = f_t$: no matrix, no slope of a tanh. The leak's $\alpha$ again, but **chosen at every step**, by what is read.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the gradient through the cell
#
# An **untrained** LSTM reads 100 random inputs. How long is the gradient at the cell, 100 steps back, if the forget gate's bias is 0? 1? 3?
#
# And in a tanh network of the same size?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say "an LSTM does not vanish". With bias 0 doors are half open, and half of a half of a half is soon nothing. This is why the forget bias is a setting that everyone tunes (fb in the tables of 001). Trained gates are another matter: lecture 08 measures.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
torch.manual_seed(0)
n_back, n_units, n_batch = 100, 50, 16
heard = torch.randn(n_back, n_batch, 10)
asks = torch.randn(n_units)


def gradient_back(cell, gated):
    """Return the length of the gradient of the last output by each earlier memory, from the end."""
    h, c, kept = torch.zeros(n_batch, n_units), torch.zeros(n_batch, n_units), []
    for u in heard:
        if gated:
            h, c = cell(u, (h, c))
            memory = c
        else:
            memory = h = cell(u, h)
        memory.retain_grad()
        kept.append(memory)
    (h @ asks).sum().backward()
    found = np.array([memory.grad.norm(dim=1).mean().item() for memory in kept])
    return found[::-1] / found[-1]


through = {"tanh network": gradient_back(torch.nn.RNNCell(10, n_units), gated=False)}
for bias in (0, 1, 3):
    cell = torch.nn.LSTMCell(10, n_units)
    with torch.no_grad():
        cell.bias_hh[n_units : 2 * n_units] = 0
        cell.bias_ih[n_units : 2 * n_units] = bias
    through[f"LSTM, forget bias {bias}"] = gradient_back(cell, gated=True)
far = through["LSTM, forget bias 3"][99]
plots.say(
    f"50 steps back: bias 0 {through['LSTM, forget bias 0'][50]:.0e}, bias 1 {through['LSTM, forget bias 1'][50]:.0e}, bias 3 **{through['LSTM, forget bias 3'][50]:.2f}**; tanh {through['tanh network'][50]:.0e}. It is the **bias** that keeps the door open. 99 back, bias 3 gives {far:.1f}, though its doors alone would leave {door(3.0) ** 99:.3f}: the paths through the gates and $h$ add up. An LSTM, too, can **explode**."
)
assert far > 1
assert through["LSTM, forget bias 0"][50] < 1e-9
assert through["LSTM, forget bias 3"][50] > 0.01

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The gradient through a cell, by its forget bias

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10.5, 4.2))
    for (name, lengths_back), colour in zip(
        through.items(), (plots.BLACK, plots.SKY, plots.BLUE, plots.GREEN), strict=True
    ):
        style = "--" if name.startswith("tanh") else "-"
        axis.plot(lengths_back, style, color=colour, label=name)
    axis.set(yscale="log", ylim=(1e-14, 30), xlabel="steps back", ylabel="length of the gradient")
    axis.legend(loc="lower left")
plots.show(
    figure,
    "Length of the gradient at the memory by steps back in untrained networks, logarithmic. After 50 steps: "
    + "; ".join(f"{name} {values[50]:.1g}" for name, values in through.items())
    + ".",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Gates or the penalty?
#
# * LSTM: *does not address explicitly the exploding gradients problem* (002). Clip there, too.
# * The penalty *can considerably increase the span of the dependencies that an RNN can learn* (004).
# * Its *key weakness*: *not as effective as the LSTM for tasks where data is abundant, such as language modeling* (004).
#
# *It is often much easier to design a model that is easy to optimize than … a more powerful optimization algorithm* (004).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Dividing by the curvature: Hessian-free optimisation
#
# Martens and Sutskever (2011): *second derivatives may vanish at the same time that first derivatives vanish* (004). A second-order step divides one by the other. Lecture 06's case, $x_t = x_0\, w^t$:
#
# $$\frac{\partial x_t / \partial w}{\partial^2 x_t / \partial w^2} = \frac{t\, w^{t-1}}{t(t-1)\, w^{t-2}} = \frac{w}{t-1}$$

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
t = np.arange(2, 201)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 3.6), layout="constrained", sharey=True)
    for axis, w in zip(axes, (0.9, 1.1), strict=True):
        for values, colour, style, name in (
            (t * 0.5 * w ** (t - 1), plots.BLUE, "-", "first derivative"),
            (t * (t - 1) * 0.5 * w ** (t - 2), plots.ORANGE, "-", "second derivative"),
            (w / (t - 1), plots.GREEN, "--", "their ratio"),
        ):
            axis.plot(t, values, style, color=colour, label=name)
        axis.set(yscale="log", xlabel="steps t", title=f"w = {w:g}")
    axes[0].legend()
first_falls = (20 * 0.9**19) / (200 * 0.9**199)
ratio_falls = (0.9 / 19) / (0.9 / 199)
plots.show(
    figure,
    f"First and second derivative by the number of steps, logarithmic, for w = .9, where both vanish, and 1.1, where both explode; their ratio falls gently in both. From 20 to 200 steps at w = .9 the first falls {first_falls:.0e}-fold, the ratio {ratio_falls:.0f}-fold.",
)
plots.say(
    f"From 20 to 200 steps at $w = .9$: the gradient falls by a factor of {first_falls:.0e}, the ratio by {ratio_falls:.0f}."
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Hessian-free in practice, and what replaced it
#
# * *Presumably* it works as long-term and short-term components are likely orthogonal, so that the Hessian *rescale[s] these components independently* (002).
# * **Structural damping** keeps $\partial\mathbf x_t/\partial\theta$ small: it guards against explosion. That it is needed *might suggest that second order derivatives do not always grow at [the] same rate* (002).
# * Drawbacks: *high computational cost, … a large minibatch, … attracted to saddle points* (004).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Nesterov's momentum with careful initialisation
#
# Sutskever et al. (2013) *found that simpler methods … could achieve similar results* (004). Both parts you know:
#
# * **the start**: *smart tanh*, sparse, with $\rho$ near 1, so that a signal survives;
# * **the step** (lecture 02b): the gradient is taken where momentum is about to arrive,
#
# $$v \leftarrow \mu v - \varepsilon\, \nabla\mathcal E(\theta + \mu v) \qquad \theta \leftarrow \theta + v$$
#
# Momentum accumulates along directions of low curvature, as a second-order step would. Both *have largely been replaced by simply using SGD … applied to LSTMs* (004).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Music and characters: Table 1 of 002
#
# Test error: nats per time step (music), bits per character (Penn Treebank). Lower is better.
#
# | | MSGD | MSGD+C | MSGD+CR | best RNN | best |
# |---|---|---|---|---|---|
# | Piano-midi.de | 7.56 | 7.53 | **7.46** | 7.57 | 7.05 |
# | Nottingham | 3.80 | 3.48 | **3.36** | 3.43 | 2.31 |
# | MuseData | 7.11 | 7.00 | **6.97** | 6.99 | 5.60 |
# | Penn Treebank, 1 ahead | 1.50 | 1.42 | **1.41** | 1.41 | 1.37 |
# | Penn Treebank, 5 ahead | N/A | 3.89 | **3.74** | N/A | N/A |
#
# Where does $\Omega$ help most, and why *5 ahead*?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Training error in the same order: Piano-midi.de 6.87, 6.81, 7.01; Nottingham 3.67, 3.21, 2.95; MuseData 8.25, 6.54, 6.43; one ahead 1.46, 1.34, 1.36; five ahead 3.76 and 3.70. Twice Ω raises the training error and lowers the test error. The authors predict the fifth character in
# order to need longer correlations, and expect Ω to help more: .15 bits against .01. No intervals, one run each as far as the paper says.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Our row of Table 1: characters, one and five ahead

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
characters = recorded("07_memory/characters")
by_setting = {}
for row in characters:
    setting = row["order"] if row["method"] == "counts" else row["learning_rate"]
    by_setting.setdefault((row["method"], int(row["ahead"]), setting), []).append(row)


def mean_of(rows, column):
    """Return the mean over seeds; infinite where a run was lost."""
    values = [row[column] for row in rows]
    return np.inf if "" in values else float(np.mean(values))


chosen = {}  # by the validation text, and never by the test text
for (method, ahead, setting), rows in by_setting.items():
    best = chosen.get((method, ahead))
    if best is None or mean_of(rows, "valid_bits") < mean_of(best[1], "valid_bits"):
        chosen[method, ahead] = (setting, rows)
print("bits per character of the test text: mean of the seeds, lowest and highest\n")
ranges = {}
for method in ("counts", "MSGD", "MSGD-C", "MSGD-CR"):
    told = []
    for ahead in (1, 5):
        if (method, ahead) not in chosen:
            told.append("not recorded yet")
            continue
        setting, rows = chosen[method, ahead]
        bits = [row["test_bits"] for row in rows]
        what = f"order {setting:.0f}" if method == "counts" else f"rate {setting:g}"
        if "" in bits:
            told.append("every rate lost a run")
            continue
        ranges[method, ahead] = min(bits), max(bits)
        told.append(f"{np.mean(bits):.3f} ({min(bits):.3f} to {max(bits):.3f}), {what}")
    print(f"{method:9}" + "".join(f"   {ahead} ahead {cell:34}" for ahead, cell in zip((1, 5), told, strict=True)))  # fmt: skip


def lower(one, other, ahead):
    """Say whether all seeds of one method lie below all of the other's."""
    if not {(one, ahead), (other, ahead)} <= ranges.keys():
        return "not recorded yet"
    (low, high), (other_low, other_high) = ranges[one, ahead], ranges[other, ahead]
    if high < other_low:
        return f"yes, all of {one}'s seeds are lower"
    return f"no, all of {other}'s seeds are lower" if other_high < low else "the seeds overlap"


plots.say(
    f"Does Ω help? One ahead: {lower('MSGD-CR', 'MSGD-C', 1)}. Five ahead: {lower('MSGD-CR', 'MSGD-C', 5)}. Clipping alone, one ahead: {lower('MSGD-C', 'MSGD', 1)}. Python's documentation, a small network, few updates, the weight of Ω falling as $1/t$; *counts* are the last characters counted. Not to be compared with 002's figures."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Need we remember everything?
#
# 000 ends with this question. The remedies of today, side by side:
#
# | | what is kept | what is forgotten |
# |---|---|---|
# | penalty | what the error asks for | the rest, if learned |
# | leak | everything, for a while | everything, alike |
# | identity | whatever was added | nothing |
# | gate | what the gate chooses | what it chooses |
#
# Our grammar needs **one** noun out of twenty words. Who keeps everything has to find it again. Lecture 08: store it all, and **look it up**.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Back to the noun that is never near
#
# Lecture 05's hard case: the noun returns after 12 words or more. In four epochs a tanh network learned **nothing** of it, from any start. Change two things: rectifiers, and $W_h = I$.

# %% slideshow={"slide_type": "-"}
grammar = Grammar.load(parameters=Parameters(min_distance=12, stop=0.9))
text = corpora.from_grammar(grammar=grammar)
vocab = Vocabulary.build(text.train)
model = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
cells = torch.nn.RNN(50, 128, batch_first=True, nonlinearity="relu")
with torch.no_grad():
    for weights in cells.parameters():
        weights.zero_()  # biases
    cells.weight_ih_l0.copy_(model.network.cells.weight_ih_l0)
    cells.weight_hh_l0.copy_(torch.eye(128))
model.network.cells = cells
settings = TrainingSettings(
    epochs=2, batch_size=32, optimizer="adam", learning_rate=0.004, rate_decay=0.25, max_norm=1.0
)
read = model.reader.read
history = train(
    model.network, read(text.train[:12_000]), read(text.valid[:100]), settings, progress=False
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The ladder, where no noun is near

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
ladder.measure(
    "modified Kneser–Ney, order 5", ModifiedKneserNey.fit(text.train, 5, vocab), grammar, text.test
)
tanh_far = [row for row in recorded("05_gradients/far") if row["least_distance"] == 12]
ladder.add(
    "recurrent, tanh, 4 epochs (recorded)",
    *[float(np.mean([row[column] for row in tanh_far])) for column in ("perplexity", "at_noun")],
)
ladder.measure("recurrent, identity, 2 epochs", model, grammar, text.test)
ladder.draw()
found = ladder.rungs[-1]
blind = grammar.blind_perplexity()
assert found.at_noun < 0.75 * blind < blind < ladder.rungs[-2].at_noun
assert abs(tanh_far[0]["blind"] - blind) < 0.01

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"At the noun: tanh {ladder.rungs[-2].at_noun:.0f}, no better than not having read the first noun ({blind:.0f}); from an identity **{found.at_noun:.0f}** after two epochs over 12,000 sentences, one seed. The floor is {ladder.floor_at_noun:.1f}. **Another language than in earlier ladders**: do not compare across. Gates and attention follow in lecture 08."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * $\Omega$ asks the error signal to keep its length, along its own direction. Its immediate gradient costs no second pass.
# * It drives to where gradients explode: **clip**. On natural tasks its weight falls as $1/t$.
# * A start decides what arrives at first: sigmoid nothing, identity nearly all.
# * Leaks forget everything alike; gates choose; the forget **bias** keeps the door open.
# * Trained short, tested long tells attractors from transients.
# * Count updates and draw intervals before you rank methods.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. For which $W$ is $\Omega = 0$ for **every** signal, in a linear network? And with tanh, away from $h = 0$?
# 2. Run the race at $T = 20$ and rate .01, 400 updates. There the penalty without clipping learns sooner than with it. Why can clipping cost time? From which length or rate on does it pay?
# 3. In `penalty`, find an input for which the immediate gradient and the slope have opposite signs at $w = 1$.
# 4. Take `NormPreservation(form="code")` in the race. Which ratio of signal lengths does it settle at, and why is it lower?
# 5. Train on $T = 10$ only and test on 20, 40, 80. Then on mixed lengths. What has changed in the fixed points of the network without input?
# 6. By hand: three rectifiers and an output that **multiply** two marked numbers exactly. Is it possible? (What functions can a network of rectifiers compute?)
# 7. Give `gradient_back` an LSTM whose forget gates read −3 at one step out of fifty. What does the gradient look like, and when is that what you want?
# 8. How many runs a point would Fig. 7 need to tell .8 from .9?
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013) (002): sec. 3.1 (earlier solutions), 3.3 and eqs 9, 10 (the penalty), 4.1.1 and Fig. 7 (temporal order), 4.1.2 (other tasks), 4.2 and Table 1. Fig. 7 prints no numbers, so ours stands beside what the text says of it. The form of the code: the authors' published program.
# * Goodfellow, Bengio, Courville, *Deep Learning*, sec. 10.11 and 10.11.2 (004): second order, Nesterov's momentum, eqs 10.50 to 10.52, the key weakness.
# * Slides 001: the initialisation trick, tables 1 and 2 and an excerpt of Le, Jaitly, Hinton (2015); slides 000: *need we remember everything?*
# * Hochreiter and Schmidhuber (1997) for the tasks and the cell; Martens and Sutskever (2011), Sutskever et al. (2013), Jaeger and Haas (2004), Jaeger et al. (2007): as told in 002 and 004.
# * Beyond the sources: signals measured at four starts, the immediate gradient against the slope, both forms' pulls, intervals, attractor against leak, the noun that is never near.
# * The recorded tables: `data/recorded/07_memory/README.md`.
