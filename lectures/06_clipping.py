# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 06 Cliffs and clipping
#
# ## *One step too far*
#
# A network learns, its loss falls, and from one update to the next everything that it has learned is gone. Lecture 05 said why a gradient can become long. Today: what one long
# gradient **does**, and the two lines of code that prevent it.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 70 minutes. The story: a training that dies, and one step on the wall (15 min); curvature, and the idea of clipping (10); twin trajectories (10); a problem that needs memory:
# solved runs with and without (15); other ways to clip, thresholds, NaN, bias, learning rate (20); a language model with and without (5); the L2 trap, and what clipping cannot do (10).
# Run all cells before the lecture; it takes half a minute. The sliders are live in Jupyter; elsewhere the same figure stands still. Timings by slide, board work and what to
# do when a demo fails: `solutions/lecturers/06_clipping.md`.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.dynamics.descent import Descent
from nextword.dynamics.one_unit import ErrorSurface
from nextword.dynamics.recurrent_runs import RecurrentRuns, Run, RunSettings
from nextword.dynamics.temporal_order import TemporalOrder
from nextword.grammar import Grammar
from nextword.learning.training import DivergedError, TrainingSettings, train
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.recurrent import recurrent_model
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.pictures.sliders import Slider, show_live
from nextword.pictures.surface_drawing import draw_error_map, draw_surface
from nextword.proportion import Proportion
from nextword.recorded import made, recorded, recorded_arrays
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
quarter = text.train[: len(text.train) // 4]


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A training that dies
#
# The recurrent language model of lecture 04 on a quarter of its text, by plain gradient descent with a bold learning rate, and nothing to hold it:

# %% slideshow={"slide_type": "-"}
def attempt(learning_rate, max_norm, recurrent=True):
    """Train for an epoch, or until it diverges; return the model, what happened, and why it ended."""
    model = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
    if not recurrent:  # W_h is 0, and stays so
        torch.nn.init.zeros_(model.network.cells.all_weights[0][1]).requires_grad_(False)
    settings = TrainingSettings(
        epochs=1, batch_size=32, optimizer="sgd", learning_rate=learning_rate, max_norm=max_norm
    )
    texts, seen = (model.reader.read(quarter), model.reader.read(text.valid[:300])), []
    try:
        train(model.network, *texts, settings, watch=seen.append, progress=False)
    except DivergedError as error:
        return model, seen[-1], str(error)
    return model, seen[-1], "the epoch was over"


wild_model, wild, wild_end = attempt(learning_rate=3.0, max_norm=None)
print(textwrap.fill(wild_end, 96))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A training that dies, update by update

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
guess = np.log(len(vocab))
shown = wild.losses[:14]
print("update   loss before it, nats    length of the gradient")
for number, (loss, norm) in enumerate(zip(shown, wild.norms, strict=False), 1):
    print(f"{number:6}{loss:20.2f}{norm:24.2f}")
print(
    f"\nknowing nothing but that there are {len(vocab)} words costs ln {len(vocab)} = {guess:.2f} nats"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It ends **worse than knowing nothing**: sure of wrong words. Within a few updates the gradient became many times as long. Which part of it?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Without recurrent weights nothing explodes
#
# The last gradient, weight by weight. And the same training once more, with $W_h$ held at 0, so that nothing comes through time:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
names_of = {
    "cells.weight_hh_l0": "W_h, the recurrent weights",
    "cells.weight_ih_l0": "W_x, from the word that is read",
    "output.weight": "U, to the output",
    "features.weight": "E, the words' vectors",
}
last_gradient = {
    name: float(weight.grad.norm())
    for name, weight in wild_model.network.named_parameters()
    if weight.grad is not None
}
whole_length = np.sqrt(sum(length**2 for length in last_gradient.values()))
for name, told in names_of.items():
    print(f"{told:34}{last_gradient[name]:8.1f}")
print(f"{'all weights together':34}{whole_length:8.1f}")
_, without_memory, without_memory_end = attempt(3.0, max_norm=None, recurrent=False)
print(f"\nW_h held at 0, same rate: {len(without_memory.losses)} updates, {without_memory_end}")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
through_time = last_gradient["cells.weight_hh_l0"]
plots.say(
    f"The longest part is that of $W_h$: **{through_time:.1f}** of {whole_length:.1f}. With $W_h$ held at 0 the same rate does no harm: in {len(without_memory.losses)} updates the loss comes down to {np.mean(without_memory.losses[-20:]):.1f} nats. "
    "We come back to this model; first, where does a long gradient come from, and what does it do?"
)
assert through_time == max(last_gradient.values())
assert len(without_memory.losses) > 5 * len(wild.losses)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The wall of one unit
#
# One unit, 50 steps (002, eq. 8, the nonlinearity **inside**; everything with words today has tanh outside):
#
# $$x_t = w\,\sigma(x_{t-1}) + b \qquad x_0 = .5 \qquad \mathcal E_{50} = (\sigma(x_{50}) - .7)^2$$
#
# On the line $b = .5 - .62246\,w$ the start sits on the edge between two basins (lecture 05). A little to one side, and $x_{50}$ is near one attractor; to the other side, the other.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
surface = ErrorSurface()
w_cut = 5.0
line_b = float(surface.wall(w_cut))
wide = np.linspace(line_b - 0.4, line_b + 0.45, 1201)
near = line_b + np.linspace(-4e-4, 4e-4, 801)
with plots.course_style():
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.7))
    for axis, b, title in ((axes[0], wide, "the error"), (axes[1], near, "1,000 times closer")):
        axis.plot(b, surface.look(surface.mesh([w_cut], b)).errors[:, 0], color=plots.BLUE)
        axis.axvline(line_b, color=plots.RED, linestyle=":", linewidth=2)
        axis.set(xlabel="b", title=title, ylim=(0, None))
    axes[1].set_xticks(line_b + np.array([-4e-4, 0, 4e-4]), ["−.0004", "wall", "+.0004"])
    slopes = surface.look(surface.mesh([w_cut], wide)).slopes
    near_slopes = surface.look(surface.mesh([w_cut], near)).slopes
    both = np.concatenate([wide, near])
    lengths = np.linalg.norm(np.concatenate([slopes, near_slopes])[:, 0], axis=-1)
    order = np.argsort(both)
    axes[2].plot(both[order], lengths[order], color=plots.ORANGE)
    axes[2].set(xlabel="b", title="length of the gradient", yscale="log")
    axes[0].set_ylabel("E, at w = 5")
    figure.tight_layout()
in_left_panel = np.linalg.norm(slopes[:, 0], axis=-1)
of_wide = surface.look(surface.mesh([w_cut], wide)).errors[:, 0]
plots.show(
    figure,
    f"Three panels along b at w = 5. The error is at least {of_wide[wide < line_b].min():.2f} left of the wall, falls to {of_wide.min():.2f} at it and rises to {of_wide[-1]:.2f} on its right. A thousand times closer the jump is a smooth "
    f"but steep slope. The length of the gradient is below {np.quantile(in_left_panel, 0.9):.1f} in nine tenths of the left panel and up to {lengths.max():,.0f} within a ten-thousandth of the wall.",
)
at_line = surface.look([w_cut, line_b])
print(f"gradient on the line: length {np.hypot(*at_line.slopes):,.0f}; longest nearby: {lengths.max():,.0f}; "
      f"median over the left panel: {np.median(in_left_panel):.3f}")  # fmt: skip

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what does one step on the wall do?
#
# From $(w, b) = (5, -2.2)$, rate .1, descent crosses the wall a few times, unharmed, and lands on flat ground. Then it lands **on** the wall. The next step is
#
# * **A**: tiny: the wall is so thin
# * **B**: about 1: to the other side
# * **C**: tens of units: out of the map

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say B: people see a ball on a hill. But the step is rate times slope, and the slope is about 400 here: C. Ask for the product before showing the table. Then ask whether
# the direction was wrong: no, it points straight away from the wall.

# %% slideshow={"slide_type": "fragment"}
wild_path = Descent(surface, [5.0, -2.2], learning_rate=0.1, n_steps=200)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
lengths_of_steps = np.linalg.norm(np.diff(wild_path.points, axis=0), axis=1)
jump = int(lengths_of_steps.argmax())
print("  step        w          b         error     gradient    step that follows")
for step in (*range(0, jump - 3, 10), *range(jump - 2, jump + 2), 199):
    w, b = wild_path.points[step]
    print(
        f"{step:6}{w:11.4f}{b:11.4f}{wild_path.errors[step]:12.6f}{wild_path.norms[step]:13.4g}{lengths_of_steps[step]:14.4g}"
        + ("   ← the jump" if step == jump else "")
    )
print(f"\nlowest error before the jump {wild_path.errors[: jump + 1].min():.1e}, after 200 steps {wild_path.errors[-1]:.2f}")  # fmt: skip
assert 38 < wild_path.farthest_step < 40

# %% [markdown] slideshow={"slide_type": "fragment"}
# Direction **right**, length absurd. *You think you've found a hill to climb, but suddenly you're in Iowa* (003).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## When the gradient explodes, so does the curvature
#
# The linear case with $b = 0$ (002): $x_t = x_0\, w^t$, so
#
# $$\frac{\partial x_t}{\partial w} = t\, x_0\, w^{t-1} \qquad\qquad \frac{\partial^2 x_t}{\partial w^2} = t(t-1)\, x_0\, w^{t-2}$$

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
x_0 = 0.5
print("  t      first derivative at w = .9, 1, 1.1        second derivative")
for t in (1, 10, 50, 100):
    first = [t * x_0 * w ** (t - 1) for w in (0.9, 1.0, 1.1)]
    second = [t * (t - 1) * x_0 * w ** (t - 2) for w in (0.9, 1.0, 1.1)]
    print(
        f"{t:3}    "
        + "".join(f"{d:11.3g}" for d in first)
        + "      "
        + "".join(f"{d:11.3g}" for d in second)
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# At $w = 1$ the second is $t - 1$ times the first. A slope that is another one a hair's breadth farther on is a **wall**.
#
# 002's hypothesis: *when gradients explode so does the curvature along* $\mathbf v$, *leading to a wall in the error surface*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Gradient and curvature, tested on the surface
#
# At points closer and closer to the wall: the gradient, the largest curvature, and the angle between the gradient and the direction of that curvature.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
weights = np.array([4.5, 5.0, 5.5, 6.0])
away = np.geomspace(3e-10, 0.2, 300)
points = surface.mesh(weights, -away, from_wall=True)
look = surface.look(points)
gradient_length = np.linalg.norm(look.slopes, axis=-1)
values, vectors = np.linalg.eigh(look.curvatures)
strongest = np.abs(values).argmax(axis=-1)[..., None]
curvature = np.abs(np.take_along_axis(values, strongest, -1))[..., 0]
direction = np.take_along_axis(vectors, strongest[..., None, :], -1)[..., 0]
aligned = np.abs((direction * look.slopes).sum(-1)) / gradient_length
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.2))
    styles = zip(weights, (plots.SKY, plots.BLUE, plots.ORANGE, plots.RED), "o^sD", strict=True)
    for column, (w, colour, marker) in enumerate(styles):
        axes[0].plot(
            gradient_length[::6, column], curvature[::6, column], marker, color=colour,
            markersize=5, label=f"w = {w:g}", linestyle="none",
        )  # fmt: skip
        axes[1].plot(
            gradient_length[::6, column], np.degrees(np.arccos(np.minimum(aligned, 1)))[::6, column],
            marker, color=colour, markersize=5, linestyle="none",
        )  # fmt: skip
    axes[0].set(
        xscale="log", yscale="log", xlabel="length of the gradient", ylabel="largest curvature",
        title="both explode",
    )  # fmt: skip
    axes[1].set(
        xscale="log", xlabel="length of the gradient", ylabel="angle between them, degrees",
        title="and along one direction", ylim=(-3, 93),
    )  # fmt: skip
    axes[0].legend()
    figure.tight_layout()
steep = gradient_length > 1
exponent = np.polyfit(np.log(gradient_length[steep]), np.log(curvature[steep]), 1)[0]
plots.show(
    figure,
    "Left, the largest curvature against the length of the gradient at points near the wall, both on logarithmic scales: they rise together over many orders of magnitude for four weights. Right, the angle between the "
    f"gradient and the direction of the largest curvature: at most {np.degrees(np.arccos(np.minimum(aligned[steep], 1).min())):.0f} degrees wherever the gradient is longer than 1.",
)
widest = np.degrees(np.arccos(np.minimum(aligned[gradient_length > 10], 1).min()))
print(
    f"longer than 1: curvature grows about as the power {exponent:.1f}; longer than 10: angles below {widest:.1f} degrees"
)
print("a step along a curvature c goes too far at rates above 2 / c: "
      f"where it is largest here, above {2 / curvature.max():.0e}")  # fmt: skip


# %% [markdown] slideshow={"slide_type": "fragment"}
# So the wall stands across the gradient. The gradient is right about the direction and wrong about **how far**, and a rate that is safe at the wall is useless everywhere else.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea: believe its direction, not its length
#
# > **Algorithm 1** (002). $\hat{\mathbf g} \leftarrow \partial \mathcal E / \partial \theta$. **If** $\lVert\hat{\mathbf g}\rVert \ge$ *threshold*, **then** $\hat{\mathbf g} \leftarrow \dfrac{\textit{threshold}}{\lVert\hat{\mathbf g}\rVert}\, \hat{\mathbf g}$.
#
# * The norm is that of **all** parameters together, so the step *is still in the gradient direction* (004, eqs 10.48 and 10.49).
# * It comes after the mean over the batch, and before the step: at most learning rate times threshold.
# * Nothing is ever made longer. *A step in the same direction, but a smaller step* (003).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One weight, 50 steps, without clipping
#
# The smallest network that explodes: $x_{50} = .5\, w^{50}$, to be at .7. Its gradient is the chain rule; its descent is a loop:

# %% slideshow={"slide_type": "-"}
def slope(w):
    return 2 * (0.5 * w**50 - 0.7) * 50 * 0.5 * w**49


rate, w = 0.0005, 1.06
for update in range(2):  # the third would overflow
    g = slope(w)
    print(f"w = {w:8.4f}, gradient {g:10.3g}, next w {w - rate * g:10.3g}")
    w = w - rate * g
assert abs(w) > 1e10

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the line that saves it
#
# ```python
# g = slope(w)
# ...                     # one line
# w = w - rate * g
# ```
#
# * **A**: `g = min(g, 1)`
# * **B**: `g = g / abs(g)`
# * **C**: `if abs(g) > 1: g = g / abs(g)`
# * **D**: `w = np.clip(w, -1, 1)`
#
# What does each of the other three spoil?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A or B. A lets every large negative gradient through. B makes short gradients longer: it can never settle. D clips the weight and not the step, and the answer may lie
# outside. C is clipping; with several parameters the absolute value becomes the norm of all of them together (that is the assignment, with all that can be wrong with it).

# %% slideshow={"slide_type": "fragment"}
w = 1.06
for update in range(400):
    g = slope(w)
    if abs(g) > 1:
        g = g / abs(g)
    w = w - rate * g
print(f"w = {w:.6f}, so x after 50 steps = {0.5 * w**50:.4f}; best: {1.4 ** (1 / 50):.6f}")
assert np.isclose(0.5 * w**50, 0.7)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What has to be true for clipping to work
#
# A bounded step *merely pushes us back inside the smoother low-curvature region besides the wall* (002). So there has to **be** such a region:
#
# > *we assume that the valley is wide, as we have a large region around the wall where if we land we can rely on first order methods to move towards a local minima.* (002, sec. 2.3)
#
# That clipping works is evidence for it, no proof.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The figure to remember: twin trajectories
#
# 002's Fig. 6 and the textbook's Fig. 10.17, computed: same start, same learning rate; one path clipped at 1.

# %% slideshow={"slide_type": "-"}
starts = np.array([[5.0, -2.2], [6.25, -3.625]])
rates = np.array([0.1, 0.3])
wild_paths = Descent(surface, starts, rates, n_steps=200)
tame_paths = Descent(surface, starts, rates, n_steps=1500, longest=1.0)


# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def until_jump(points):
    """Return the points up to the longest step, and that step's direction."""
    steps = np.diff(points, axis=0)
    longest = int(np.linalg.norm(steps, axis=1).argmax())
    return points[: longest + 1], steps[longest] / np.linalg.norm(steps[longest])


def draw_pair(number, weights, biases, arrow):
    with plots.course_style():
        figure, axes = plt.subplots(1, 2, figsize=(13, 4.2), layout="constrained", sharey=True)
        way, leap = until_jump(wild_paths.points[:, number])
        tame = tame_paths.points[:, number]
        for axis in axes:
            mesh = draw_error_map(axis, surface, weights, biases, n=100)
            axis.plot(*starts[number], "o", color="black", markersize=10, zorder=5)
        axes[0].plot(*way.T, color="white", linewidth=2)
        axes[0].annotate(
            "", way[-1] + arrow * leap, way[-1],
            arrowprops={"arrowstyle": "-|>", "color": plots.ORANGE, "lw": 4, "mutation_scale": 28},
        )  # fmt: skip
        axes[1].plot(*tame.T, color="white", linewidth=2)
        axes[1].plot(*tame[-1], "*", color=plots.YELLOW, markersize=22, markeredgecolor="black")
        w, b = wild_paths.points[-1, number]
        ends = wild_paths.errors[-1, number], tame_paths.errors[-1, number]
        axes[0].set_title(
            f"unclipped: thrown to ({w:.0f}, {b:.0f}), E = {ends[0]:.2f}".replace("-", "−")
        )
        axes[1].set_title(f"clipped at 1: E = {ends[1]:.6f} after 1,500 steps")
        axes[1].set_ylabel("")
        figure.colorbar(mesh, ax=axes, label="error", shrink=0.9)
    return figure


PAIR = (
    "Two maps of the error over w and b, low on one side of the wall and high on the other. Left, the unclipped path goes to the wall, crosses it a few times, and is thrown out of the map by one step, an "
    "arrow. Right, the clipped path begins the same, zigzags along the wall in short steps and ends at the star, where the error is nearly 0."
)
plots.show(draw_pair(0, (4.1, 5.3), (-2.8, -1.95), 0.42), PAIR)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Twin trajectories from the high side, with a larger step

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
plots.show(draw_pair(1, (3.9, 6.8), (-4.0, -1.8), 0.9), PAIR)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Twin trajectories, seen from the side

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure = plt.figure(figsize=(13, 5.2))
    for number, (path, title) in enumerate(
        ((wild_paths, "without clipping: to (25, 31)"), (tame_paths, "with clipping"))
    ):
        axis = figure.add_subplot(1, 2, number + 1, projection="3d", computed_zorder=False)
        draw_surface(axis, surface, (4.2, 5.4), (-2.9, -2.0), wall=False)
        way, leap = until_jump(path.points[:, 0]) if number == 0 else (path.points[:, 0], None)
        height = path.errors[: len(way), 0] + 0.004
        axis.plot(*way.T, height, color="white", linewidth=1.8, zorder=10)
        if number == 0:
            out = np.stack([way[-1], way[-1] + 0.45 * leap])
            axis.plot(*out.T, [height[-1]] * 2, color=plots.ORANGE, linewidth=5, zorder=11)
        else:
            axis.plot(*way[-1], height[-1], "*", color=plots.YELLOW, markersize=20, zorder=11, markeredgecolor="black")  # fmt: skip
        axis.plot(
            *starts[0], path.errors[0, 0] + 0.004, "o", color="black", markersize=8, zorder=12
        )
        axis.set_title(title)
    figure.tight_layout()
plots.show(
    figure,
    "The error surface in three dimensions, a low plain that ends at a wall. Left, without clipping, the path walks over the plain to the wall, up and down it a few times, and leaves the picture in one straight leap. "
    "Right, with clipping, it goes up and down along the wall to where the wall ends, and stops in the lowest place.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Twin trajectories in numbers, with a grain of salt
#
# Beside a wall every path is a magnifying glass: two starts may agree in thirteen digits, and part. Eleven starts that differ by $10^{-14}$:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
nudges = np.r_[np.zeros((1, 2)), 1e-14 * np.random.default_rng(0).normal(size=(10, 2))]
twins = starts[:, None, None] + nudges  # by start, with and without clipping, by twin
found = Descent(surface, twins, rates[:, None, None], 500, longest=np.array([[np.inf], [1.0]]))
print(
    "start, rate            path               error after 200 steps             after 500       longest step"
)
for number, (start, rate) in enumerate(zip(starts.tolist(), rates, strict=True)):
    for clipped, name in enumerate(("unclipped", "clipped at 1")):
        ranges = [
            f"{e.min():.1e} to {e.max():.1e}" for e in found.errors[[200, 500], number, clipped]
        ]
        farthest = found.farthest_step[number, clipped].max()
        print(
            f"{str(start):17}{rate:4}  {name:14}"
            + "".join(f"{r:>24}" for r in ranges)
            + f"{farthest:14.3g}"
        )
    path = found.points[:, number, 1]
    apart = np.abs(path - path[:, :1]).max(axis=(1, 2))
    print(
        f"{'':23}clipped twins are apart by {apart[100]:.0e} after 100 steps, {apart[200]:.0e} after 200"
    )
assert found.errors[500, :, 1].max() < 2e-3 < 0.05 < found.errors[500, :, 0].min()


# %% [markdown] slideshow={"slide_type": "fragment"}
# Which error one finds after 200 steps is chance. **That** the clipped path ends in the valley and the other one outside is not. Whenever you compare trajectories: say how many steps, and do not trust a single run.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Set rate and threshold yourself

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def draw_twins(rate, threshold, w, b):
    with plots.course_style():
        figure, axis = plt.subplots(figsize=(8.2, 4.4))
        draw_error_map(axis, surface, n=80)
        for longest, colour, name in (
            (np.inf, plots.ORANGE, "unclipped"),
            (threshold, "white", f"clipped at {threshold:g}"),
        ):
            path = Descent(surface, [w, b], rate, n_steps=200, longest=longest)
            axis.plot(
                *path.points.T,
                color=colour,
                linewidth=2.5,
                label=f"{name}: E = {path.errors[-1]:.4f}",
            )
        axis.plot(w, b, "o", color="black", markersize=9)
        axis.legend(
            loc="lower left", labelcolor="white", facecolor="#444444", frameon=True, framealpha=0.9
        )
        axis.set_title("200 steps")
        axis.set(xlim=(4, 7), ylim=(-4, -2))
    return figure


show_live(
    draw_twins,
    {
        "rate": Slider(0.02, 0.5, 0.1, 0.02, "learning rate"),
        "threshold": Slider(0.05, 5.0, 1.0, 0.05),
        "w": Slider(4.2, 6.8, 5.0, 0.1),
        "b": Slider(-3.9, -2.1, -2.2, 0.1),
    },
    "The map of the error with an unclipped path that leaves it and a clipped one that stays near the wall, for a start and a learning rate that sliders set.",
);  # fmt: skip

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Where does descent end, from everywhere?
#
# One start is an anecdote. From each point of the map, 400 steps with learning rate .1:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
grid = surface.mesh(np.linspace(4.05, 6.95, 16), np.linspace(-3.95, -2.05, 16))
ends = {
    name: Descent(surface, grid, 0.1, n_steps=400, longest=longest)
    for name, longest in (("unclipped", np.inf), ("clipped at 1", 1.0))
}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.4), layout="constrained", sharey=True)
    for axis, (name, found) in zip(axes, ends.items(), strict=True):
        mesh = axis.pcolormesh(
            grid[..., 0], grid[..., 1], np.log10(np.maximum(found.errors[-1], 1e-6)),
            cmap="cividis", vmin=-6, vmax=0, shading="nearest",
        )  # fmt: skip
        edge = np.array([surface.wall_begins + 1e-6, 7.0])
        axis.plot(edge, surface.wall(edge), color=plots.RED, linewidth=2)
        good = np.mean(found.errors[-1] < 0.01)
        axis.set(title=f"{name}: {good:.0%} end below .01", xlabel="w of the start", ylim=(-4, -2))
        axis.grid(visible=False)
    axes[0].set_ylabel("b of the start")
    bar = figure.colorbar(mesh, ax=axes, label="error after 400 steps", ticks=[-6, -4, -2, 0])
    bar.ax.set_yticklabels([".000001", ".0001", ".01", "1"])
shares = [np.mean(found.errors[-1] < 0.01) for found in ends.values()]
ends_low = ends["unclipped"].errors[-1] < 0.01
no_wall = ends_low & (grid[..., 0] < surface.wall_begins)
plots.show(
    figure,
    f"For each start on the map the error after 400 steps, dark is small. Unclipped, {shares[0]:.0%} of the starts end below .01, {no_wall.sum()} of these {ends_low.sum()} from the left edge, where there is no wall; clipped, {shares[1]:.0%}, "
    f"{np.mean(ends['clipped at 1'].errors[-1][grid[..., 0] < 5.5] < 0.01):.0%} of those left of w = 5.5 and {np.mean(ends['clipped at 1'].errors[-1][grid[..., 0] > 5.5] < 0.01):.0%} right of it.",
)
assert shares[1] > shares[0] + 0.05
thrown = ends["unclipped"].farthest_step > 1
print(
    f"thrown by a step longer than 1: {thrown.mean():.0%} of the unclipped starts; no clipped step is longer than {ends['clipped at 1'].farthest_step.max():.2g}"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Clipping does not help everywhere: far right, where even 400 clipped steps do not lead along the wall to its end, most starts are still high.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A problem that needs memory: temporal order
#
# Near the beginning of a long sequence stands an A or a B, and near its middle another one. Which two, in which order? (Hochreiter, Schmidhuber 1997)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
task = TemporalOrder(30)
inputs, answers = task.draw(np.random.default_rng(6), 5)
for row, answer in zip(inputs, answers, strict=True):
    print(f"{task.text(row)}   →   {('AA', 'AB', 'BA', 'BB')[answer]}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# * Places: $T/10$ to $2T/10$ and $5T/10$ to $6T/10$, drawn anew each time (as in the code of 002).
# * The first symbol has to be carried over more than half of the sequence.
# * Only the last step has a loss: all of its gradient is **long-term**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The experiment on temporal order
#
# | | 002 | here |
# |---|---|---|
# | network | 50 tanh units, all weights $\mathcal N(0, .1)$ | the same |
# | an update | 20 fresh sequences, plain gradient step | the same |
# | learning rate | .01 | .01, **and .05: a departure** |
# | **MSGD**, **MSGD-C** | as it is; norm clipped at 1 | the same |
# | updates | up to 5,000,000 | thousands, **a fixed number** |
# | runs | 5 | 16 or 32, recorded |
#
# Solved: under 1% wrong of 10,000. Fixed updates and not seconds: else the result depends on the machine.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how much do 5 runs say?
#
# One method solves 1 of 5 runs, another 3 of 5. The second one is
#
# * **A**: better
# * **B**: probably better
# * **C**: not told apart from the first
#
# And 0 of 5: in which range lies the true chance?
# Wilson's interval (1927): all chances under which a count is no surprise (95%).

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A or B, "three times as good", and of 0 of 5 "near nothing". It is C: the intervals of 1 and 3 of 5 share more than half of their lengths, and 0 of 5 is no surprise
# with a chance of four in ten. Share ± 2 standard errors would give 0 of 5 an interval from 0 to 0, as if it were certain.

# %% slideshow={"slide_type": "fragment"}
for solved, tries in ((0, 5), (1, 5), (3, 5), (5, 5), (0, 16), (16, 16), (0, 32), (24, 32)):
    print(Proportion(solved, tries))

# %% [markdown] slideshow={"slide_type": "fragment"}
# **C.** The intervals share more than half of their lengths.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: does clipping help over 10 steps?
#
# Live: 8 runs side by side, with the same initial weights and sequences for MSGD and MSGD-C, rate .01. Over 10 steps clipping
#
# * **A**: helps
# * **B**: hurts: its steps are shorter
# * **C**: neither

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: "clipping helps", it is the title of the lecture. Ask how long a gradient may become in ten steps that begin with small weights: look at the longest one in the table. C. Keep it as the control: whatever shows at 30 steps is not there at 10.

# %% slideshow={"slide_type": "fragment"}
METHODS = {"MSGD": None, "MSGD-C": 1.0}
short = {
    name: RecurrentRuns(
        TemporalOrder(10),
        RunSettings(updates=2_000, learning_rate=0.01, max_norm=max_norm, check_every=50),
        seeds=range(8),
    ).train()
    for name, max_norm in METHODS.items()
}


# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def solved(runs):
    return Proportion(sum(run.solved_at is not None for run in runs), len(runs))


for name, runs in short.items():
    when = sorted(run.solved_at for run in runs if run.solved_at)
    longest = max(max(run.norms) for run in runs)
    print(
        f"{name:8} solved {solved(runs)}, after {when[0]} to {when[-1]} updates; longest gradient {longest:.1f}"
    )


# %% [markdown] slideshow={"slide_type": "fragment"}
# Over 10 steps nothing explodes, and clipping is not needed.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: 30 steps, and a rate five times as large
#
# $T = 30$, rate .05. Live: four runs each, 300 updates, so that the hall need not wait. Recorded: eight runs, 3,000 updates. In the end, without clipping, the loss is
#
# * **A**: `nan`
# * **B**: that of guessing, ln 4
# * **C**: lower than with clipping: the steps are longer

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A. None breaks; they begin to learn, jump back to guessing, and begin again: B, mostly, with more updates (recorded, in the fragment and on the next slides). That is
# how exploding gradients look in practice: not as an error, but as a loss that does not go down.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
def race(max_norm, updates=300, seeds=range(8, 12)):
    settings = RunSettings(updates=updates, learning_rate=0.05, max_norm=max_norm)
    return RecurrentRuns(TemporalOrder(30), settings, seeds=seeds).train()


for name, max_norm in METHODS.items():
    begun = race(max_norm)
    norms = np.concatenate([run.norms for run in begun])
    last_losses = [np.mean(run.losses[-50:]) for run in begun]
    print(
        f"{name:8} loss of the last 50 updates",
        np.round(last_losses, 2),
        f"  longest gradient {norms.max():,.0f}",
    )

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
kept = recorded_arrays("06_clipping/race")
long = {
    name: [
        Run(
            int(seed),
            solved_at=None if np.isnan(at) else int(at),
            losses=losses[~np.isnan(losses)].tolist(),
            norms=norms[~np.isnan(norms)].tolist(),
        )
        for seed, at, losses, norms in zip(
            kept["seeds"], *(kept[f"{name} {part}"] for part in ("solved_at", "losses", "norms")), strict=True
        )
    ]
    for name in METHODS
}  # fmt: skip
print("Recorded, 8 runs each, 3,000 updates:")
for name, runs in long.items():
    norms = np.concatenate([run.norms for run in runs])
    print(
        f"{name:8} solved {solved(runs)}; gradients: median {np.median(norms):.2f}, longest {norms.max():,.0f}"
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Solved runs, with and without clipping

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
table = recorded("06_clipping/lengths")
COLOURS = {"MSGD": plots.ORANGE, "MSGD-C": plots.BLUE}


def rows_of(length, rate, method):
    return [
        row
        for row in table
        if (row["length"], row["learning_rate"], row["method"]) == (length, rate, method)
    ]


def recorded_count(rows):
    return Proportion(sum(row["solved_at"] != "" for row in rows), len(rows))


with plots.course_style():
    figure, axes = plt.subplots(
        1, 2, figsize=(13, 4.4), width_ratios=(1, 1.15), layout="constrained"
    )
    for method, colour in COLOURS.items():
        found = rows_of(30, 0.05, method)
        when = np.sort([row["solved_at"] for row in found if row["solved_at"] != ""])
        axes[0].step(
            [0, *when, 6000], [*np.arange(len(when) + 1) / len(found), len(when) / len(found)],
            where="post", color=colour, label=f"{method}, {len(found)} recorded",
        )  # fmt: skip
        low, high = recorded_count(found).wilson()
        axes[0].plot([6150] * 2, [low, high], color=colour, linewidth=5, clip_on=False)
        live_when = np.sort([run.solved_at for run in long[method] if run.solved_at])
        axes[0].step(
            [0, *live_when, 3000], [*np.arange(len(live_when) + 1) / 8, len(live_when) / 8],
            where="post", color=colour, linestyle=":", linewidth=2, label="8, up to 3,000",
        )  # fmt: skip
    axes[0].set(
        xlabel="updates",
        ylabel="share of runs solved",
        ylim=(-0.03, 1.03),
        xlim=(0, 6200),
        title="T = 30, learning rate .05",
    )
    axes[0].legend(loc="upper left")
    settings = [(10, 0.01), (20, 0.01), (30, 0.01), (10, 0.05), (30, 0.05), (50, 0.05)]
    for shift, (method, colour) in zip((-0.12, 0.12), COLOURS.items(), strict=True):
        for place, (length, rate) in enumerate(settings):
            count = recorded_count(rows_of(length, rate, method))
            low, high = count.wilson()
            axes[1].plot([place + shift] * 2, [low, high], color=colour, linewidth=5, alpha=0.55)
            axes[1].plot(
                place + shift,
                count.share,
                "o",
                color=colour,
                markersize=11,
                label=method if place == 0 else None,
            )
    labels = [
        f"T = {length}\nlr {rate:g}\n{int(rows_of(length, rate, 'MSGD')[0]['updates']):,}".replace(
            " 0.", " ."
        )
        for length, rate in settings
    ]
    axes[1].set_xticks(range(len(settings)), labels)
    axes[1].set(ylim=(-0.03, 1.03), title="all settings (third line: updates)")
    axes[1].legend(loc="lower left")
counts = {key: {m: recorded_count(rows_of(*key, m)) for m in METHODS} for key in settings}
plots.show(
    figure,
    "Left, the share of runs that have solved T = 30 with learning rate .05 against updates: MSGD stays at 0, MSGD-C climbs. Right, solved shares with Wilson intervals: "
    + "; ".join(
        f"T {length}, lr {rate:g}: " + ", ".join(f"{m} {c}" for m, c in by.items())
        for (length, rate), by in counts.items()
    )
    + ".",
)
print("Recorded:", made("06_clipping"))
assert counts[30, 0.05]["MSGD"].wilson()[1] < counts[30, 0.05]["MSGD-C"].wilson()[0]
assert counts[30, 0.05]["MSGD"].successes == 0  # as the summary says, of 32
assert counts[30, 0.05]["MSGD"].tries == 32

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Solved runs: what they say

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
as_counts = {
    key: {m: f"{c.successes} of {c.tries}" for m, c in by.items()} for key, by in counts.items()
}
plots.say(
    rf"""
* $T = 30$, rate .05: without clipping **{as_counts[30, 0.05]["MSGD"]}**, with it **{as_counts[30, 0.05]["MSGD-C"]}**. The intervals are far apart.
* At the paper's rate .01 the two are **not told apart** here. Small steps are a protection, too, but see how long they take: 20,000 updates against 6,000.
* *As the length of the sequence increases, using clipping becomes more important* (002, Fig. 7). At the larger rate ours agree: at $T = 10$ {as_counts[10, 0.05]["MSGD"]} without and {as_counts[10, 0.05]["MSGD-C"]} with.
* $T = 50$: {as_counts[50, 0.05]["MSGD"]} without, {as_counts[50, 0.05]["MSGD-C"]} with. That says nothing of the methods, nor of why: too few updates (002 had up to 5 million), or no signal from so far?
"""
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what becomes of the unclipped runs?
#
# The 8 recorded runs of $T = 30$ with rate .05. What throws the unclipped ones back?
#
# * **A**: one great leap, as on the wall
# * **B**: steps of moderate length, again and again
# * **C**: nothing: they never begin to learn

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A, after the picture of the wall. It is B; on the next slide look at the right panel: hardly a run ever took a step as long as all initial weights together. And
# clipped runs have gradients as long; some of them jump, too, and come back. What protects is that no step is long.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
all_weights = np.sqrt(50 * 56 + 50 * 4) * 0.1  # length of all initial weights together
guessing = np.log(4)
smoothed = {
    name: [np.convolve(run.losses, np.ones(25) / 25, mode="valid") for run in runs]
    for name, runs in long.items()
}
longest_steps = {
    "MSGD": np.array([0.05 * max(run.norms) for run in long["MSGD"]]),
    "MSGD-C": np.array([0.05 * min(1, max(run.norms)) for run in long["MSGD-C"]]),
}
would_be = np.array([0.05 * max(run.norms) for run in long["MSGD-C"]])
lowest = {name: np.array([curve.min() for curve in curves]) for name, curves in smoothed.items()}
at_end = {
    name: np.array([np.mean(run.losses[-200:]) for run in runs]) for name, runs in long.items()
}
plots.say(
    rf"""
* **Each** unclipped run begins to learn (lowest loss {lowest["MSGD"].min():.2f} to {lowest["MSGD"].max():.2f}), and **each** is thrown back to guessing (ln 4 = {guessing:.2f}). Clipped ones, with gradients as long, keep what they have, or win it back.
* It is not one great leap: only {np.sum(longest_steps["MSGD"] > all_weights)} of {len(long["MSGD"])} took a step longer than all initial weights together, and {np.sum(longest_steps["MSGD"] < 1)} never took one longer than 1.
  Steps of a fraction of that are enough, and they come again and again.
"""
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Unclipped and clipped runs, update by update
#
# Losses smoothed over 25 updates, and the longest step of each run:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(
        1, 2, figsize=(13, 3.8), width_ratios=(1.6, 1), layout="constrained"
    )
    for name, curves in smoothed.items():
        for number, curve in enumerate(curves):
            axes[0].plot(
                curve,
                color=COLOURS[name],
                linewidth=1.1,
                alpha=0.75,
                label=None if number else name,
            )
    axes[0].axhline(guessing, color=plots.BLACK, linestyle=":", linewidth=2)
    axes[0].annotate("guessing: ln 4", (0, guessing), (2, 26), textcoords="offset points")
    axes[0].set(xlabel="update", ylabel="loss, nats", ylim=(-0.05, 2.1))
    legend = axes[0].legend(loc="upper right", ncols=2)
    for handle in legend.get_lines():
        handle.set(linewidth=3)
    for place, (name, steps) in enumerate(longest_steps.items()):
        sideways = place + np.linspace(-0.25, 0.25, len(steps))
        axes[1].plot(sideways, np.sort(steps), "o", color=COLOURS[name])
    axes[1].plot(
        1 + np.linspace(-0.25, 0.25, len(would_be)), np.sort(would_be), "o",
        markerfacecolor="none", markeredgecolor=COLOURS["MSGD-C"],
    )  # fmt: skip
    axes[1].axhline(all_weights, color=plots.BLACK, linestyle="--", linewidth=2)
    axes[1].annotate(
        f"all initial\nweights: {all_weights:.1f}", (0.58, all_weights), (0, 6), textcoords="offset points", ha="center"
    )  # fmt: skip
    axes[1].set(
        yscale="log", ylim=(0.03, 40), xlim=(-0.45, 1.45), ylabel="longest step of a run",
        title="open: had it not been clipped",
    )  # fmt: skip
    axes[1].title.set_fontsize(14)
    axes[1].set_xticks([0, 1], list(longest_steps))
    axes[1].set_yticks([0.05, 0.1, 1, 10], [".05", ".1", "1", "10"])
    axes[1].grid(axis="x", visible=False)
plots.show(
    figure,
    f"Left, the loss of all runs by update: unclipped ones dip to between {lowest['MSGD'].min():.2f} and {lowest['MSGD'].max():.2f} and are all at the loss of guessing in the end, between {at_end['MSGD'].min():.2f} and {at_end['MSGD'].max():.2f}; clipped ones fall to between "
    f"{lowest['MSGD-C'].min():.2f} and {lowest['MSGD-C'].max():.2f}. Right, the longest step of each run: unclipped from {longest_steps['MSGD'].min():.1f} to {longest_steps['MSGD'].max():.1f}; clipped .05, where the gradients would have made steps of {would_be.min():.1f} to {would_be.max():.1f}.",
)
assert at_end["MSGD"].min() > guessing - 0.1
assert lowest["MSGD"].max() < guessing
seed = 14  # the run whose gradient is looked at below

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Other ways to clip
#
# | what is bounded | after | the step's direction |
# |---|---|---|
# | the **norm** of all parameters' gradient together | Pascanu et al. 2013 | the gradient's |
# | each **entry** of the gradient | Mikolov 2012 (000: *to a maximum value*) | bent, but still down |
# | each entry of the **signal** $\partial\mathcal E/\partial h_t$ | Graves 2013 | bent, step by step |
#
# By value each entry of $\tilde g$ has the sign of $g$'s, so $g \cdot \tilde g > 0$: *still a descent direction* (004).
#
# 004: *we conjecture that all these methods behave similarly.*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same gradients, clipped in three ways
#
# Left: two parameters. Right: minibatch gradients of a network half-way through $T = 30$ (recorded), each drawn along its own direction and across it.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
half_way = recorded_arrays("06_clipping/half_way")
middle = Run(int(half_way["seed"]), inner=half_way["inner"], outer=half_way["outer"])
SIGNAL, VALUE = 0.1, 0.1


def batch_gradients(max_signal=None, n=256):
    """Return n minibatch gradients at one network's weights: the same sequences for every call."""
    chosen = RunSettings(updates=1, max_signal=max_signal, number_format="float64")
    runs = RecurrentRuns(TemporalOrder(30), chosen, seeds=range(n), begin_with=middle)
    rng = np.random.default_rng(1)
    drawn = [runs.task.draw(rng, 20) for _ in range(n)]
    found = runs.gradients(np.stack([i for i, _ in drawn]), np.stack([a for _, a in drawn]))
    return np.concatenate([part.reshape(n, -1) for part in found[1:]], axis=1)


true = batch_gradients()
lengths = np.linalg.norm(true, axis=1)
ways = {
    "norm at 1": true * np.minimum(1, 1 / lengths)[:, None],
    f"value at {VALUE:g}": np.clip(true, -VALUE, VALUE),
    f"signal at {SIGNAL:g}": batch_gradients(SIGNAL),
}
WAY_COLOURS = dict(zip(ways, (plots.BLUE, plots.GREEN, plots.PURPLE), strict=True))
with plots.course_style():
    figure, axes = plt.subplots(
        1, 2, figsize=(13, 4.9), layout="constrained", width_ratios=(1, 1.35)
    )
    arrows = np.array([[2.2, 0.45], [-0.5, 0.35], [-1.4, 1.6], [0.35, -1.9]])
    turn = np.linspace(0, 2 * np.pi, 200)
    axes[0].plot(np.cos(turn), np.sin(turn), color=plots.BLUE, linewidth=1.5)
    axes[0].plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color=plots.GREEN, linewidth=1.5)
    for g in arrows:
        for vector, colour, width in (
            (g, "#999999", 2.5),
            (np.clip(g, -1, 1), plots.GREEN, 4),
            (g * min(1, 1 / np.linalg.norm(g)), plots.BLUE, 4),
        ):
            axes[0].annotate(
                "",
                vector,
                (0, 0),
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": colour,
                    "lw": width,
                    "mutation_scale": 18,
                    "shrinkA": 0,
                    "shrinkB": 0,
                },
            )
    axes[0].set(
        xlim=(-2.3, 2.5),
        ylim=(-2.1, 1.9),
        aspect="equal",
        xlabel="first entry",
        ylabel="second entry",
        title="norm (circle), value (square), at 1",
    )
    unit = true / lengths[:, None]
    picked = np.argsort(lengths)[::-1][[0, 8, 30, 90]]
    for name, clipped in ways.items():
        along = (clipped * unit).sum(axis=1)
        across = np.linalg.norm(clipped - along[:, None] * unit, axis=1)
        axes[1].plot(along, across, ".", color=WAY_COLOURS[name], alpha=0.35, markersize=6)
        for number in picked:
            axes[1].annotate(
                "",
                (along[number], across[number]),
                (0, 0),
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": WAY_COLOURS[name],
                    "lw": 2.5,
                    "mutation_scale": 16,
                    "shrinkA": 0,
                    "shrinkB": 0,
                },
            )
        axes[1].plot([], [], color=WAY_COLOURS[name], linewidth=4, label=name)
    axes[1].legend()
    axes[1].set(
        xlim=(0, None),
        ylim=(-0.1, None),
        xlabel="along the gradient itself",
        ylabel="across it",
        title=f"256 gradients, of length {lengths.min():.2g} to {lengths.max():,.0f}",
    )
    axes[1].axhline(0, color="black", linewidth=1)
plots.show(
    figure,
    "Left, four gradients as grey arrows with their clipped versions: the norm keeps the direction and ends on the circle, values end on or within the square and are bent towards its corners. Right, clipped gradients of a "
    "network by their parts along and across the true gradient: those clipped by norm lie on the axis, those clipped by value and by signal reach out across.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same gradients, in numbers

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print(
    "                 median length    longest     angle to the gradient: median    largest    downhill"
)
for name, clipped in ways.items():
    cosine = (clipped * true).sum(1) / (np.linalg.norm(clipped, axis=1) * lengths)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    sizes = np.linalg.norm(clipped, axis=1)
    print(
        f"{name:16}{np.median(sizes):14.1f}{sizes.max():11.1f}{np.median(angle):33.1f}°{angle.max():10.1f}°{np.mean(cosine > 0):11.0%}"
    )
    if not name.startswith("signal"):
        assert np.all(cosine > 0)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A bounded norm bounds the step: learning rate times threshold. A bounded value bounds it by that times $\sqrt{\text{number of weights}}$. A bounded signal bounds each **share**, and $T$ shares are summed.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Do all ways to clip behave similarly?
#
# $T = 30$, rate .05. Also 004's **random** step *when the gradient magnitude is above a threshold*, which *tends to work almost as well.*

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
limits = recorded("06_clipping/limits")
names = {
    "max_norm": "norm",
    "max_value": "value",
    "max_signal": "signal",
    "random_above": "random step",
}
tried = {}
for row in limits:
    tried.setdefault((names[row["limit"]], row["threshold"]), []).append(row)
tried["none", np.inf] = rows_of(30, 0.05, "MSGD")
tried["norm", 1.0] = tried.get(("norm", 1.0)) or rows_of(30, 0.05, "MSGD-C")
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12, 3.3))
    order = [key for kind in ("none", *names.values()) for key in sorted(tried) if key[0] == kind]
    kinds = dict(
        zip(
            ("none", *names.values()),
            (plots.ORANGE, plots.BLUE, plots.GREEN, plots.PURPLE, plots.BLACK),
            strict=True,
        )
    )
    for place, key in enumerate(order):
        count = recorded_count(tried[key])
        axis.plot([place] * 2, count.wilson(), color=kinds[key[0]], linewidth=6, alpha=0.5)
        axis.plot(place, count.share, "o", color=kinds[key[0]], markersize=11)
    axis.set_xticks(range(len(order)), [f"{t:g}" if k != "none" else "–" for k, t in order])
    for kind, colour in kinds.items():
        at = [n for n, key in enumerate(order) if key[0] == kind]
        axis.text(
            np.mean(at),
            1.04,
            kind,
            color=colour,
            ha="center",
            fontsize=15,
            transform=axis.get_xaxis_transform(),
        )
    axis.set(ylabel="share of runs solved", ylim=(-0.03, 1.03))
    axis.set_xlabel("threshold")
plots.show(
    figure,
    "Share of solved runs with Wilson intervals for each way of clipping and its thresholds: "
    + "; ".join(f"{kind} {t:g}: {recorded_count(tried[kind, t])}" for kind, t in order)
    + ".",
)
best = {
    kind: max((recorded_count(tried[k]) for k in order if k[0] == kind), key=lambda c: c.share)
    for kind in kinds
}
print("the best of each:")
for kind, count in best.items():
    print(f"    {kind:12} {count}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Here, norm and value behave similarly. The clipped signal and the random step do **not** at the thresholds that we tried. One problem, one rate, one size: the conjecture does not hold everywhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which threshold?
#
# > *… look at statistics on the average norm over a sufficiently large number of updates. In our experience values from half to ten times this average can still yield convergence* (002, sec. 3.2)
#
# So: watch the norm **before** clipping for a while, then decide. The 8 recorded runs did:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(13, 3.8), layout="constrained")
    bins = np.geomspace(0.05, 500, 80)
    for name, runs in long.items():
        norms = np.concatenate([run.norms for run in runs])
        axes[0].hist(np.clip(norms, 0.05, 500), bins, color=COLOURS[name], alpha=0.5, label=name)
        axes[0].axvline(norms.mean(), color=COLOURS[name], linewidth=3)
        print(f"{name:8} mean {norms.mean():5.2f}   median {np.median(norms):.2f}   99% below {np.quantile(norms, 0.99):6.1f}   longest {norms.max():6.0f}   longer than 1: {np.mean(norms > 1):.0%}"
              f"\n{'':9}half to ten times the mean: {norms.mean() / 2:.2f} to {10 * norms.mean():.1f}")  # fmt: skip
    axes[0].set(
        xscale="log",
        xlabel="length of the gradient before clipping",
        ylabel="updates",
        title="8 runs each; lines: means",
    )
    axes[0].legend()
    by_norm = {t: rows for (kind, t), rows in tried.items() if kind == "norm"}
    average = np.mean(np.concatenate([run.norms for run in long["MSGD"]]))
    axes[1].axvspan(average / 2, average * 10, color=plots.GREEN, alpha=0.18)
    for threshold, rows in sorted(by_norm.items()):
        count = recorded_count(rows)
        axes[1].plot([threshold] * 2, count.wilson(), color=plots.BLUE, linewidth=6, alpha=0.5)
        axes[1].plot(threshold, count.share, "o", color=plots.BLUE, markersize=11)
    axes[1].set(
        xscale="log",
        xlabel="threshold",
        ylabel="share of runs solved",
        ylim=(-0.03, 1.03),
        title="recorded: 32 runs each, 6,000 updates",
    )
    axes[1].set_xticks(sorted(by_norm), [f"{t:g}" for t in sorted(by_norm)])
    axes[1].minorticks_off()
by_threshold = {t: recorded_count(rows) for t, rows in sorted(by_norm.items())}
plots.show(
    figure,
    "Left, histograms of gradient lengths on a logarithmic scale for MSGD and MSGD-C, with long tails to the right. Right, the share of solved runs against the threshold, with a green band from half to ten times MSGD's mean norm: "
    + "; ".join(f"{t:g}: {count}" for t, count in by_threshold.items())
    + ".",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Which threshold? In numbers

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
for threshold, count in by_threshold.items():
    print(f"threshold {threshold:<4g} solved {count}")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Thresholds 1 and 3, {1 / average:.1f} and {3 / average:.1f} times the mean without clipping: most runs solved. Smaller ones: fewer in the same number of updates. 10, {10 / average:.0f} times the mean: {by_threshold[10.0].successes} of {by_threshold[10.0].tries}. In *half to ten times* the ten is too much "
    "**here**, where the learning rate is large: what counts at the wall is learning rate times threshold."
)
assert min(by_threshold[1.0].share, by_threshold[3.0].share) > 0.5 > by_threshold[0.3].share

# %% [markdown] slideshow={"slide_type": "fragment"}
# The average is itself made by the few long ones: one explosion moves it, a median does not mind. Look at both. And it changes while the network learns.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Infinity, and not a number
#
# Three lines that look like a protection:

# %% slideshow={"slide_type": "-"}
nan, big = np.float32("nan"), np.float32(1e20)
with np.errstate(over="ignore", invalid="ignore"):
    print("nan > 1 is", nan > 1, "           so a gradient with nan in it is taken for a short one")
    print(
        "sqrt(big² + big²) is",
        np.sqrt(big * big + big * big),
        "   though the norm is a number that float32 knows:",
        np.hypot(big, big),
    )
    print(
        "big · (1 / inf) is",
        big * (np.float32(1) / np.float32("inf")),
        "    so the step is nothing, and nobody is told",
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how far does one nan get?
#
# One of a gradient's 16 entries is nan; the update is made. How many of the **state's** 4 numbers are nan after one step, and after two?
#
# * **A**: 1, then 1
# * **B**: 1, then 4
# * **C**: 4 at once

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls are split between A, "it is one weight", and C. On the board: a matrix with one nan; the column that it stands in gives one number of the new state (1), and that number meets every weight in the next step (4). So B. Ask who would have noticed: the loss of the
# same update was still a number.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
small = RecurrentRuns(
    TemporalOrder(10), RunSettings(updates=1, n_hidden=4, number_format="float64"), [0]
)
W = small.inner[0][:4].copy()
state, states_seen = np.array([0.1, -0.2, 0.3, 0.4]), []
gradient = np.zeros_like(W)
gradient[1, 2] = np.nan
print("one entry of 16 of the gradient is nan; numbers that are nan after the update:")
W_after = W - 0.01 * gradient
for step in range(4):
    print(
        f"  weights {np.isnan(W_after).sum():2} of 16    state after {step} steps {np.isnan(state).sum()} of 4"
    )
    state = np.tanh(state @ W_after)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **B.** *You have to restart training from an earlier checkpoint* (003); **without one, from the beginning**. So look before the step. Then: a random step of size $v$ (004), or none.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Clipping has a bias
#
# A minibatch gradient is right **on average**: the mean over minibatches is the true gradient. Clipped ones are not: a loud example is turned down, and with it all others in its minibatch (004).

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
g_1, g_2, v = np.array([10.0, 0.0]), np.array([0.0, 1.0]), 1.0
each = np.array([g_1 / 10, g_2])
mean_of_clipped = each.mean(axis=0)
whole = (g_1 + g_2) / 2
clipped_mean = whole / np.linalg.norm(whole)
sample = true / lengths[:, None] * np.minimum(lengths, 1)[:, None]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9.5, 3.6))
    for vector, colour, name, offset in (
        (whole, "#777777", "true mean, (5, .5)", (-150, 10)),
        (clipped_mean, plots.BLUE, "clipped mean", (12, -18)),
        (mean_of_clipped, plots.RED, "mean of clipped", (-4, 12)),
    ):
        axis.annotate(
            "",
            vector,
            (0, 0),
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "lw": 4,
                "mutation_scale": 22,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        axis.annotate(name, vector, offset, textcoords="offset points", color=colour, fontsize=15)
    axis.set(xlim=(0, 5.4), ylim=(-0.1, 0.9), xlabel="first entry", ylabel="second entry")
plots.show(
    figure,
    "Two gradients (10, 0) and (0, 1). Their true mean (5, .5) points to the right. Clipped to length 1 after the mean it still does; the mean of the two clipped gradients, (.5, .5), points half-way up.",
)
print(
    f"(10, 0) and (0, 1), threshold 1: mean of clipped {mean_of_clipped}, clipped mean {clipped_mean.round(4)}"
)


def degrees_between(a, b):
    return np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


print(f"256 minibatches of the network half-way: {degrees_between(sample.mean(0), true.mean(0)):.1f} degrees between the mean of the clipped and the mean itself")  # fmt: skip
single = true[:1]
between = [degrees_between(g, true.mean(0)) for g in true]
print(
    f"for comparison, between one minibatch's gradient and the mean: median {np.median(between):.1f} degrees"
)
assert np.allclose(clipped_mean, [0.9950, 0.0995], atol=1e-4)

# %% [markdown] slideshow={"slide_type": "fragment"}
# *A heuristic bias that we know empirically to be useful* (004). How large it is depends on how much the lengths differ **between** minibatches, and whether long ones point elsewhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Clipping, seen as a learning rate
#
# $$\theta \leftarrow \theta - \underbrace{\eta \cdot \min\Big(1, \frac{v}{\lVert g\rVert}\Big)}_{\text{the rate of this step}} g$$
#
# A learning rate that adapts itself: smaller where the surface is steep, back to $\eta$ where it is not. It has no memory and costs one norm.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
run = next(run for run in long["MSGD-C"] if run.seed == seed)
step_rates = 0.05 * np.minimum(1, 1 / np.array(run.norms))
with plots.course_style():
    figure, axes = plt.subplots(
        1, 2, figsize=(13, 3.1), layout="constrained", width_ratios=(1.4, 1)
    )
    axes[0].plot(step_rates, color=plots.BLUE, linewidth=0.8)
    axes[0].axhline(0.05, color=plots.RED, linewidth=2)
    axes[0].set(
        yscale="log",
        xlabel="update",
        ylabel="rate of the step",
        title=f"T = 30, η = .05, v = 1 (seed {seed})",
    )
    thresholds = [0.003, 0.03, 0.3, 1.0, 3.0, 30.0, 100.0]
    three = (starts[0] + nudges[:3])[None]
    after = Descent(surface, three, 0.1, 300, longest=np.array(thresholds)[:, None]).errors[-1]
    axes[1].plot(thresholds, after, "o", color=plots.BLUE, alpha=0.6)
    axes[1].set(
        xscale="log",
        yscale="log",
        xlabel="threshold v",
        ylabel="error after 300 steps",
        title="one unit, from (5, −2.2), three twins each",
    )
usual = 0.05 / np.quantile(step_rates[step_rates < 0.05], [0.9, 0.1])
plots.show(
    figure,
    f"Left, the rate of each step of a clipped run: .05 in the beginning; where it is lowered, mostly to between 1/{usual[0]:.0f} and 1/{usual[1]:.0f} of that. Right, the error after 300 steps on the surface of one unit against the threshold: high for tiny thresholds, which are too "
    "slow, low in the middle, and high again for large ones, with which single twins are thrown.",
)
print(
    f"steps at the full rate: {np.mean(step_rates == 0.05):.0%}; median rate of the others {np.median(step_rates[step_rates < 0.05]):.4f}"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Threshold too small: every step has the same length $\eta v$, however near the goal: slow, and it can never settle within that length. Threshold too large: no protection.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Back to the language model that died
#
# The same seed, the same sentences in the same order, the same learning rate of 3. The one difference: `max_norm=0.25`.

# %% slideshow={"slide_type": "-"}
tame_model, tame, tame_end = attempt(learning_rate=3.0, max_norm=0.25)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The language model, with clipping and without

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(13, 4.0), layout="constrained")
    for history, colour, name in ((wild, plots.ORANGE, "without"), (tame, plots.BLUE, "with")):
        across = np.arange(1, len(history.losses) + 1)
        axes[0].plot(across, history.losses, color=colour, linewidth=1.5, label=name)
        axes[1].plot(across, history.norms, color=colour, linewidth=1.2, label=name)
    axes[0].axhline(grammar.floor().entropy_rate(), color=plots.RED, linewidth=2)
    axes[0].annotate(
        "floor",
        (1.1, grammar.floor().entropy_rate()),
        (0, 5),
        textcoords="offset points",
        color=plots.RED,
    )
    axes[0].axhline(guess, color="black", linestyle=":", linewidth=2)
    axes[0].annotate(
        "knowing nothing",
        (len(tame.losses), guess),
        (0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=14,
    )
    axes[0].set(
        xscale="log",
        yscale="log",
        xlabel="update",
        ylabel="loss, nats per token",
        title="training loss",
        ylim=(1.2, None),
    )
    axes[0].set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axes[0].minorticks_off()
    axes[1].axhline(0.25, color="black", linestyle=":", linewidth=2)
    axes[1].set(
        xscale="log", yscale="log", xlabel="update", title="length of the gradient, before clipping"
    )
    axes[0].legend(loc="upper right")
plots.show(
    figure,
    f"Left, training loss by update on logarithmic scales: without clipping it rises to {wild.losses[-1]:.0f} nats within {len(wild.losses)} updates and ends; with clipping it falls to about {np.mean(tame.losses[-50:]):.1f} in {len(tame.losses)} updates. Right, the lengths of the gradients: without clipping "
    f"up to {max(wild.norms):.0f}, with it up to {max(tame.norms):.1f}, half of them below {np.median(tame.norms):.2f}.",
)
print(
    f"without: {len(wild.losses)} updates, then the end. With: {tame_end}; validation perplexity {tame.valid_perplexities[-1]:.2f}"
)
print(
    f"clipped: {np.mean(np.array(tame.norms) > 0.25):.0%} of the updates; mean rate of a step {3 * np.mean(np.minimum(1, 0.25 / np.array(tame.norms))):.2f} in place of 3"
)
assert tame.valid_losses[-1] < 3
assert max(wild.losses) > guess

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"The right panel shows lengths **before** clipping, at most {max(tame.norms):.1f} (without: {max(wild.norms):.0f}): the weights never come to where gradients are longest. "
    f"And clipped at {np.mean(np.array(tame.norms) > 0.25):.0%} of the updates, clipping is a smaller learning rate, with a bound that always holds."
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Clipping, or a smaller learning rate?
#
# That helps as well. Recorded: two epochs of plain gradient descent, three seeds, test perplexity:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
grid_rows = recorded("06_clipping/language_model")
model_rates = sorted({row["learning_rate"] for row in grid_rows})
caps = ["none", *sorted({r["max_norm"] for r in grid_rows} - {"none"}, reverse=True)]


def of_setting(rate, cap):
    return [row for row in grid_rows if row["learning_rate"] == rate and row["max_norm"] == cap]


def mean_of(rows, column):
    """The mean over seeds; infinite where one of them died."""
    return np.mean([row[column] if row[column] != "" else np.inf for row in rows])


def told(rows):
    good = [row["perplexity"] for row in rows if row["perplexity"] != ""]
    dead = len(rows) - len(good)
    text = f"{min(good):.2f}" + (f" to {max(good):.2f}" if len(good) > 1 else "") if good else ""
    return text + (f"{'; ' if good else ''}{dead} of {len(rows)} died" if dead else "")


print(
    "learning rate"
    + "".join(f"{'no clipping' if cap == 'none' else f'clipped at {cap:g}':>24}" for cap in caps)
)
for rate in model_rates:
    print(f"{rate:9}    " + "".join(f"{told(of_setting(rate, cap)):>24}" for cap in caps))
best_rate = {
    cap: min(model_rates, key=lambda rate: mean_of(of_setting(rate, cap), "valid_perplexity"))
    for cap in caps
}
best_cap = min(
    caps[1:], key=lambda cap: mean_of(of_setting(best_rate[cap], cap), "valid_perplexity")
)
chosen_settings = {cap: of_setting(best_rate[cap], cap) for cap in ("none", best_cap)}
tested = {cap: mean_of(rows, "perplexity") for cap, rows in chosen_settings.items()}
assert tested[best_cap] < tested["none"] - 1
medians = np.median([row["median_norm"] for row in of_setting(1.0, "none")])
print(
    f"\nmedian length of a gradient at rate 1 without clipping: {medians:.2f}. Floor of this test text: {grammar.floor_of(text.test).perplexity():.2f}"
)
print("Recorded:", made("06_clipping"))

# %% [markdown] slideshow={"slide_type": "fragment"}
# * Small rates need no clipping; a threshold below the usual length only slows them down.
# * From some rate on training without clipping dies or is ruined. With it, **larger steps become possible, and they learn more in the same time**.
# * The largest rate needs the smaller threshold.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before you look: is clipping a regulariser?
#
# A regulariser trades training error for test error. And clipping, in 002?
#
# * **A**: training error rises, test error falls
# * **B**: both fall
# * **C**: both rise

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: clipping "limits" something, and what limits a network is taken for a regulariser. B, in all four rows. Reply: what is limited is the step and not the network; it reaches a lower training error because it gets there at all. The largest gain is on the training text.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **B.** 002, Table 1 (negative log-likelihood per step; last row: bits per character):
#
# | | train | clipped | test | clipped |
# |---|---|---|---|---|
# | Piano-midi.de | 6.87 | **6.81** | 7.56 | **7.53** |
# | Nottingham | 3.67 | **3.21** | 3.80 | **3.48** |
# | MuseData | 8.25 | **6.54** | 7.11 | **7.00** |
# | Penn Treebank | 1.46 | **1.34** | 1.50 | **1.42** |
#
# *Clipping … does not act as a regularizer.*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Keep the weights small: a remedy, and its trap
#
# *Using an L1 or L2 penalty on the recurrent weights can help* (002, sec. 3.1): while $\lambda_1 < 1$ gradients **cannot** explode. What else can they not do then?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
penalties = recorded("06_clipping/penalties")
groups = {}
for row in penalties:
    groups.setdefault((row["l1"], row["l2"], row["max_norm"]), []).append(row)
plain = {"none": rows_of(30, 0.05, "MSGD"), 1.0: rows_of(30, 0.05, "MSGD-C")}


def in_a_line(rows):
    largest = np.median([row["largest_singular_value"] for row in rows])
    longest = max(row["largest_norm"] for row in rows)
    return f"{recorded_count(rows)!s:>25}{largest:6.2f}{longest:10,.1f}"


print(
    "T = 30, lr .05       no clipping: solved    λ₁   longest        clipped at 1: solved    λ₁   longest"
)
for l1, l2 in [(0.0, 0.0), *dict.fromkeys((a, b) for a, b, _ in groups)]:
    name = "no penalty" if l1 == l2 == 0 else f"L1 {l1:g}" if l1 else f"L2 {l2:g}"
    both = plain if l1 == l2 == 0 else {cap: groups[l1, l2, cap] for cap in ("none", 1.0)}
    print(f"{name:14}" + "   ".join(in_a_line(both[cap]) for cap in ("none", 1.0)))
print("λ₁: median over runs, at their end. Longest: gradient, of all runs, before clipping.")


# %% [markdown] slideshow={"slide_type": "fragment"}
# Weak penalties: gradients explode all the same. Strong ones: no long gradient, and no run solved either. The trap: *any information inserted in the model dies out exponentially fast* (002).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What clipping cannot do
#
# How long is the signal that comes back, before training and half-way? A gradient that is **too short** is none of clipping's business:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def signals_back(run, length=50, n=64):
    """Return the mean length of the loss's derivative by each state, by steps back from the end."""
    seen = []

    def look(backward):
        seen.append(np.linalg.norm(backward.signals, axis=-1).mean(axis=(0, 2)) * 20)
        return 0 * backward.W_h

    chosen = RunSettings(updates=1, terms=(look,), number_format="float64")
    runs = RecurrentRuns(TemporalOrder(length), chosen, seeds=range(n), begin_with=run)
    rng = np.random.default_rng(2)
    drawn = [runs.task.draw(rng, 20) for _ in range(n)]
    runs.gradients(np.stack([i for i, _ in drawn]), np.stack([a for _, a in drawn]))
    return seen[0][::-1]


fresh = RecurrentRuns(TemporalOrder(30), RunSettings(updates=1), [middle.seed]).train()[0]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9.5, 3.7))
    for run, colour, name in (
        (fresh, plots.SKY, "before training"),
        (middle, plots.BLUE, "half-way"),
    ):
        back = signals_back(run)
        axis.plot(
            back, color=colour, label=f"{name}: λ₁ = {np.linalg.norm(run.recurrent_weights, 2):.2f}"
        )
    axis.axvspan(40, 44, color=plots.GREEN, alpha=0.25)
    axis.annotate(
        "the first symbol,\nT = 50",
        (42, 0.7),
        (0, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=14,
    )
    axis.set(yscale="log", xlabel="steps back from the loss", ylabel="mean length of the signal")
    axis.legend(loc="lower left")
first_signal = signals_back(fresh)
plots.show(
    figure,
    f"Length of the back-propagated signal against the number of steps back, T = 50: before training it falls from {first_signal[0]:.1g} to {first_signal[42]:.0e} at the first symbol; half-way through training it hardly falls, or rises.",
)
print(
    f"before training the signal is {first_signal[0] / first_signal[42]:,.0f} times weaker at the first symbol of T = 50 than at the end"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# * It does not help **vanishing** gradients: nothing is made longer. Is that why $T = 50$ was not solved, or were the updates too few? We cannot tell.
# * It *ignores other descent directions* (002).
# * It hides defects: **log the norm before clipping**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What else was proposed against explosion
#
# | | idea | its price (002, 004) |
# |---|---|---|
# | L1 / L2 on $W_h$ | $\lambda_1 < 1$ | no long memory |
# | teacher forcing of states (Doya) | near the target's path | needs targets at every step |
# | start in the right regime (Doya) | no bifurcation to be crossed | boundaries are still crossed |
# | echo state networks | do not train $W_h$, $W_{in}$; $\rho < 1$ | memory dies out |
# | Hessian-free | divides by the curvature | costly; saddle points |
# | **clipping** | bounded steps | one threshold; a bias |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Remedies to come: against vanishing
#
# * a penalty that asks signals to keep their length (002, eq. 9): **towards** the boundaries, so alone it *usually fails due to exploding gradients*;
# * initial weights that let things pass: identity with ReLU, rotations;
# * gates: the LSTM *does not address explicitly the exploding gradients problem* (002), so clip there, too;
# * direct paths: attention (lecture 08).
#
# Lecture 07 races them on temporal order.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Clipping in practice
#
# ```python
# optimizer.zero_grad()
# loss.backward()                     # the loss is a mean over the batch
# norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
# history.append(norm)                # before clipping
# optimizer.step()
# ```
#
# 1. After the mean over the batch, before the step; not per layer. (*An easy problem to solve*, 003.)
# 2. Log norms from the first update; choose the threshold from them.
# 3. Keep a checkpoint; stop when the norm is no number.
# 4. Clipped at **every** update it is a learning rate in disguise: $\eta v$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, with plain gradient descent

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
ladder.measure(
    "modified Kneser–Ney, order 5", ModifiedKneserNey.fit(text.train, 5, vocab), grammar, text.test
)
for cap, name in (("none", "recurrent, SGD"), (best_cap, "recurrent, SGD, clipped")):
    ladder.add(
        f"{name}, 2 epochs (recorded)",
        *(float(mean_of(chosen_settings[cap], c)) for c in ("perplexity", "at_noun")),
    )
    print(
        f"{name}: best at rate {best_rate[cap]:g}"
        + ("" if cap == "none" else f", clipped at {cap:g}")
    )
seeds_of_04 = [
    row
    for row in recorded("04_recurrent/seeds")
    if (row["model"], row["to"]) == ("recurrent", 1000)
]
ladder.add(
    "recurrent, Adam, 4 epochs (recorded)",
    *[float(np.mean([row[c] for row in seeds_of_04])) for c in ("perplexity", "at_noun")],
)
ladder.draw()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Worse rungs than in lecture 04, with the same network**: half the epochs, no falling rate, no Adam (which adapts its rates, and was clipped, too). A rung shows a way of training as much as a model.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
by_test = min(
    ((rate, cap) for rate in model_rates for cap in caps[1:]),
    key=lambda each: mean_of(of_setting(*each), "perplexity"),
)
plots.say(
    f"**By lecture 02's rule** rates and thresholds were chosen on the validation text, of rates up to {max(model_rates):g} and thresholds down to {caps[-1]:g}; "
    + (
        "the test text would have chosen the same clipped setting."
        if by_test == (best_rate[best_cap], best_cap)
        else f"the test text would have chosen rate {by_test[0]:g} clipped at {by_test[1]:g}, and flattered it by {tested[best_cap] / mean_of(of_setting(*by_test), 'perplexity') - 1:.1%}."
    )
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Where gradients explode, so does curvature: a **wall**. Right direction, wrong distance.
# * Clip the norm of **all** parameters together, after the batch mean, before the step.
# * For one unit, a single step throws the unclipped path out for good.
# * $T = 30$, rate .05: without clipping no run of 32 solves it, with it most.
# * Choose the threshold from measured norms; look for nan.
# * Clipping is biased, no regulariser, and no help against vanishing. **Next: that.**

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. On which side of the wall does the unclipped path land from (5, −2.2) with learning rate .05, .1, .2? Predict from the sign of the slope, then compute with `Descent`.
# 2. Show that clipping by value with limit $v$ gives a step at most $\sqrt{n}\, \eta v$ long for $n$ weights, and that the angle to the gradient is below 90°. How close to 90° can it come?
# 3. Find two gradients and a threshold for which the mean of the clipped ones points **away** from the mean (more than 90°). With how many gradients does it work?
# 4. Run `RecurrentRuns` with `max_norm=1.0` and rate .2, and .0125 with 4 times the updates. Is it the product of rate and threshold that counts?
# 5. Replace the norm by its running median in the threshold. Does training need the number 1 any more? What happens in the first updates?
# 6. How many runs would you need to tell 28 of 32 from 26 of 32?
# 7. Take the language model's rate 3 without clipping, but begin with 50 updates at rate .3. Does it survive? What does that say of where its wall is?
#
# ## Sources
#
# * Pascanu, Mikolov, Bengio (2013) (002): sec. 2.3 and Fig. 6 (geometry, the hypothesis, the wide valley); sec. 3.1 (earlier solutions); sec. 3.2 and Algorithm 1; sec. 4.1.1 and Fig. 7 (temporal order); Table 1; settings that the paper leaves open after its authors' published code.
# * Goodfellow, Bengio, Courville, *Deep Learning*, sec. 10.11 and 10.11.1 (004): cliffs, Fig. 10.17, eqs 10.48 and 10.49, joint norm, random steps, bias, variants.
# * Slides 003, *Effects of vanishing and exploding gradient*, *Gradient clipping*; slides 000 and 001, the clipping trick; the earlier draft of 002 that they reprint.
# * Hochreiter and Schmidhuber (1997) for the task; Mikolov (2012), Graves (2013), Doya (1993) as told in 002 and 004.
# * Wilson (1927), *Probable inference, the law of succession, and statistical inference*, for the interval.
# * Beyond the sources: the surface seen from all starts, alignment and curvature measured, chance beside the wall, random steps and signals measured, intervals.
# * The recorded tables: `data/recorded/06_clipping/README.md`.
