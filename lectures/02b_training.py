# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 02b Training networks
#
# ## The same model, the same text, the same hour
#
# One run ends at a perplexity of 2, another at 6, a third at `nan`. Nobody changed the model.
#
# What was changed is how it was **trained**: where it started, how long its steps were, and when it was stopped.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 60 minutes. The story: a bend, and where to start (13 min); how to walk downhill (25); how not to recite (16); what to do first, and how to search (6). The questions to
# the hall are in these minutes. If time is short, leave out schedules and L1. Run all cells before the lecture. The lecturer's page, with timings slide by slide:
# `solutions/lecturers/02b_training.md`.

# %% slideshow={"slide_type": "skip"}
import math

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.grammar import Grammar
from nextword.models.loglinear import LogLinearNetwork
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.pictures import plots
from nextword.recorded import made, recorded
from nextword.text.batching import WindowReader
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
floor = grammar.floor()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Nonlinearities
#
# Layers of sums are one sum. What makes a second layer worth having is the bend between them.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
shapes = {
    "logistic (sigmoid)": torch.sigmoid,
    "tanh": torch.tanh,
    "hard tanh": torch.nn.functional.hardtanh,
    "softsign": torch.nn.functional.softsign,
    "ReLU": torch.relu,
    "maxout of three lines": lambda z: torch.stack([-0.6 * z - 1, 0.2 * z, z - 1]).amax(0),
}
z = torch.linspace(-4, 4, 802, dtype=torch.float64)
with plots.course_style():
    figure, axes = plt.subplots(2, 3, figsize=(11.5, 4.9), sharex=True)
    for axis, (name, function) in zip(axes.flat, shapes.items(), strict=True):
        inputs = z.clone().requires_grad_()
        function(inputs).sum().backward()
        axis.plot(z, function(z), color=plots.BLUE, label="f(z)")
        axis.plot(z, inputs.grad, "--", color=plots.ORANGE, label="f′(z)")
        axis.set(title=name, ylim=(-1.3, 2.3), xticks=[-4, -2, 0, 2, 4])
        axis.axhline(0, color=plots.BLACK, linewidth=0.8)
    axes[0, 0].legend(loc="upper left")
    for axis in axes[1]:
        axis.set_xlabel("z")
    figure.tight_layout()
plots.show(
    figure,
    "Six nonlinearities and their derivatives: the logistic function, whose derivative is at most a quarter; tanh, with derivative up to 1; hard tanh; softsign, with "
    "long tails; ReLU; and a maxout of three lines, whose derivative is a staircase.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Which nonlinearity?
#
# | | $f(z)$ | $f'(z)$ | |
# |---|---|---|---|
# | logistic | $1 / (1 + e^{-z})$ | $f (1 - f) \le \tfrac14$ | probabilities, gates |
# | tanh | $2\,\text{logistic}(2z) - 1$ | $1 - f^2 \le 1$ | "for many models the best" (001) |
# | hard tanh | $\max(-1, \min(1, z))$ | 1 or 0 | cheaper; saturates hard |
# | softsign | $z / (1 + \lvert z \rvert)$ | $1 / (1 + \lvert z \rvert)^2$ | saturates slowly |
# | ReLU | $\max(0, z)$ | 1 or 0 | can die below 0 |
# | maxout | $\max_i (z W_i + b_i)$ | the winner's | learns its own bend |
#
# Derivatives that need only the *output* are cheap.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
difference = (torch.tanh(z) - (2 * torch.sigmoid(2 * z) - 1)).abs().max()
print(f"tanh z and 2 logistic(2z) − 1 differ by at most {difference:.0e}")
a = -2.0
print(
    f"softsign({a}) = {a / (1 + abs(a)):.3f}; without the absolute value, as one slide has it: {a / (1 + a):.3f}"
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Initial weights: how large?
#
# All weights 0? Then all hidden units get the same gradient, for ever. So: random. **How large?** To keep the size of the signal, and of the gradient on the way back, Glorot and Bengio (2010) take the middle:
#
# $$\operatorname{Var}(W) = \frac{2}{n_\text{in} + n_\text{out}}, \qquad W \sim \text{Uniform}(-r, r), \qquad r = \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}$$
#
# for tanh; **4 times that $r$ for the logistic function** (001). A uniform number in $(-r, r)$ has variance $r^2 / 3$: hence the 6.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: ten layers, weights too large
#
# Ten tanh layers of 200 units. The weights are drawn from $(-0.5, 0.5)$, far wider than Glorot's range. In the tenth layer
#
# * **A**: units have exploded
# * **B**: units sit at ±1, and the gradient on its way back dies
# * **C**: units sit at ±1, and the gradient on its way back **grows**

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A is said by those who think of a linear network: tanh is bounded. B by those who have heard that saturated units stop the gradient: they damp it, but the large weights win, here. C is right; show
# green against red in the next figure, both panels. Say that which of the two wins is lecture 05.

# %% slideshow={"slide_type": "fragment"}
rng = np.random.default_rng(0)
weights = [rng.uniform(-0.5, 0.5, (200, 200)) for _ in range(10)]
units = [rng.normal(size=(100, 200))]
for W in weights:
    units.append(np.tanh(units[-1] @ W))
error = rng.normal(size=(100, 200))
for W, h in zip(reversed(weights), reversed(units), strict=False):
    error = (error * (1 - h**2)) @ W.T
print(f"tenth layer: {np.mean(abs(units[-1]) > 0.9):.0%} of the units beyond ±0.9")
print(f"gradient: spread 1 above the tenth layer, {error.std():.1f} below the first")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The figure to remember: ten layers, four starts

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
depth, width = 10, 200
starts = {
    "r = 0.02": 0.02,
    "r = 1/√n": 1 / math.sqrt(width),
    "Glorot": math.sqrt(6 / (2 * width)),
    "r = 0.5": 0.5,
}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 4.1))
    for (name, r), colour, marker in zip(starts.items(), plots.PALETTE, "os^D", strict=False):
        torch.manual_seed(0)
        hidden = [torch.randn(500, width)]
        weights = [torch.empty(width, width).uniform_(-r, r) for _ in range(depth)]
        sums = []
        for matrix in weights:
            sums.append((hidden[-1] @ matrix).requires_grad_())
            hidden.append(torch.tanh(sums[-1]).detach())
        delta = torch.randn(500, width)
        back = []
        for layer in reversed(range(depth)):
            delta = delta * (1 - hidden[layer + 1] ** 2)
            back.append(float(delta.std()))
            delta = delta @ weights[layer].T
        layers = range(1, depth + 1)
        axes[0].plot(
            layers, [float(h.std()) for h in hidden[1:]], marker=marker, color=colour, label=name
        )
        axes[1].plot(layers, back[::-1], marker=marker, color=colour, label=name)
    for axis, title in zip(
        axes, ("forward: spread of the units", "backward: spread of the gradient"), strict=True
    ):
        axis.set(title=title, xlabel="layer", yscale="log", xticks=[1, 4, 7, 10])
        axis.set_ylabel("standard deviation")
    axes[1].legend(loc="lower right")
    figure.tight_layout()
plots.show(
    figure,
    "Standard deviation of units and of back-propagated gradients in ten tanh layers, for four ranges of initial weights: too small a range lets both fall by a factor "
    "in each layer, too large a range saturates the units; with Glorot's range both stay within a factor of a few.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Too small: nothing arrives. Too large: every unit is saturated, and the gradient grows on its way down. (Lecture 05 is about nothing else.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the very first loss
#
# A softmax over the vocabulary, all weights and biases 0, not one update made. The loss in nats?
#
# * **A**: 0
# * **B**: infinite
# * **C**: the logarithm of the number of words

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls are quiet here, so let them compute p of one word first. C: all scores are equal. A mixes up score and loss. Reply: whoever knows the first loss has found half of all bugs before
# the first update: a target shifted by one, a wrong vocabulary, a mean that is a sum.

# %% slideshow={"slide_type": "fragment"}
print(f"log of {len(vocab)} words: {math.log(len(vocab)):.2f} nats")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The output bias: what is known before training
#
# Hidden biases: 0. **Output biases: what would be best if all weights were 0** (001). For a softmax over words that is $\log$ of each word's frequency: the unigram model
# of lecture 01. (For a logistic output: the inverse logistic function of the mean target.)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
few = text.train[:400]
reader = WindowReader(vocab, window=2)
small, small_valid = reader.read(few), reader.read(text.valid[:400])
(small_batch,) = small.batches(small.n_tokens)
(small_valid_batch,) = small_valid.batches(small_valid.n_tokens)
frequencies = torch.bincount(small_batch.targets, minlength=len(vocab)) + 0.1


def log_linear(*, log_frequencies=False, **options):
    """Return a new log-linear model: two words back, all weights 0."""
    network = LogLinearNetwork(len(vocab), 2, back=2, **options)
    if log_frequencies:
        network.bias.data = torch.log(frequencies / frequencies.sum())
    return network


def loss_on(network, batch=small_batch):
    """Return the mean loss on all of the small text, without dropout."""
    network.eval()
    with torch.no_grad():
        value = float(network.loss(batch))
    network.train()
    return value


def updates(network, optimizer, batch_size, passes, rng, rate=None, after=None):
    """Train on whole minibatches only, and yield the passes so far, before every update."""
    per_pass = len(small) // batch_size
    number = 0
    for _ in range(passes):
        for batch in small.batches(batch_size, rng):
            if batch.n_tokens < batch_size:  # a single example left over would get a full step
                continue
            yield number / per_pass
            if rate is not None:
                optimizer.param_groups[0]["lr"] = rate(number / per_pass)
            optimizer.zero_grad()
            network.loss(batch).backward()
            optimizer.step()
            if after is not None:
                after()
            number += 1
    yield number / per_pass


with plots.course_style():
    figure, axis = plt.subplots(figsize=(9, 3.6))
    for log_frequencies, label, colour in (
        (False, "output biases 0", plots.ORANGE),
        (True, "log frequencies", plots.BLUE),
    ):
        network = log_linear(log_frequencies=log_frequencies)
        optimizer = torch.optim.SGD(network.parameters(), lr=5.0)
        curve = []
        for number, _ in enumerate(updates(network, optimizer, 50, 1, np.random.default_rng(0))):
            if number % 5 == 0:
                curve.append(loss_on(network))
        axis.plot(
            5 * np.arange(len(curve)),
            curve,
            color=colour,
            label=f"{label}: starts at {curve[0]:.2f} nats",
        )
    axis.set(xlabel="updates", ylabel="loss in nats per token")
    axis.legend()
plots.show(
    figure,
    "Loss during the first pass over a small text: with output biases of 0 it starts at the logarithm of the vocabulary size and needs many updates to "
    "come to where the model with log frequencies starts.",
)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Walking downhill: how many examples for one step?
#
# $$\theta \leftarrow \theta - \varepsilon\, \frac{\partial J_t}{\partial \theta}, \qquad J_t \text{ the loss of …}$$
#
# * **full batch**: all examples. An exact direction, after reading everything once.
# * **stochastic** (SGD): one example. A poor direction, at once.
# * **minibatch**: 20 to 1000 (001). Good enough, soon, and a matrix product instead of a loop.
#
# The error of a mean over $B$ examples falls as $1/\sqrt{B}$: a hundred times the work for ten times the precision.

# %% slideshow={"slide_type": "skip"} tags=["hide-input"]
def recorded_curve(name):
    """Return passes and losses that `recordings/02b_training.py` has found."""
    rows = [row for row in recorded("02b_training/descents") if row["curve"] == name]
    return np.array([(row["passes"], row["loss"]) for row in rows]).T


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The training loop, typed
#
# Every optimiser of this lecture is this loop with another line in the middle:

# %% slideshow={"slide_type": "-"}
network = log_linear(log_frequencies=True)
rng = np.random.default_rng(0)
print(f"before: {loss_on(network):.2f} nats")
for number in range(3):
    for batch in small.batches(100, rng):
        if batch.n_tokens < 100:  # a few examples left over would get a full step
            continue
        network.zero_grad()
        network.loss(batch).backward()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter -= 20 * parameter.grad  # the line
    print(f"pass {number + 1}: {loss_on(network):.2f} nats")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how many examples for one step?
#
# The same text, five passes over it, each batch size at **its own** best rate. Which training loss is lowest?
#
# * **A**: the full batch: exact gradients
# * **B**: minibatches of 100
# * **C**: minibatches of 20: 50 times as many steps

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Many say B, because everybody uses about a hundred. The point is "its own best rate": with one rate for all, any answer can be produced. Ask first what a "pass" costs: the same for all.
# Then the figure. C wins after five passes; ask what would happen on a GPU, where a batch of 100 takes no longer than one of 20.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
for name in (
    "full batch, ε = 30",
    "minibatches of 500, ε = 40",
    "minibatches of 100, ε = 60",
    "minibatches of 20, ε = 15",
):
    passes, losses = recorded_curve(name)
    print(
        f"{name:28} after {passes[passes <= 5][-1]:.0f} passes {losses[passes <= 5][-1]:.2f} nats"
    )
print("Recorded:", made("02b_training"))

# %% slideshow={"slide_type": "skip"} tags=["hide-input"]
PASSES, MANY_PASSES = 5, 30
batch_curves = {  # rates: the best that we tried for each, by its loss after five passes
    name: recorded_curve(name)
    for name in (
        "full batch, ε = 30",
        "minibatches of 500, ε = 40",
        "minibatches of 100, ε = 60",
        "minibatches of 20, ε = 15",
    )
}
_, best_so_far = recorded_curve("L-BFGS, full batch")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Four batch sizes, each at its best rate
#
# Each batch size at the best learning rate that we tried for it:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 4.3))
    for (name, (passes, losses)), colour, marker in zip(
        batch_curves.items(),
        (plots.RED, plots.PURPLE, plots.BLUE, plots.GREEN),
        "Dos^",
        strict=True,
    ):
        axis.plot(passes, losses, marker=marker, markersize=5, color=colour, label=name)
    axis.plot(
        range(1, len(best_so_far) + 1),
        best_so_far,
        "--",
        color=plots.BLACK,
        label="L-BFGS, full batch",
    )
    axis.set(xlabel="passes over the text", ylabel="training loss, nats per token", xlim=(0, 30))
    axis.set_ylim(1, 5)
    axis.legend()


def loss_after(name, n_passes):
    passes, losses = batch_curves[name]
    return losses[np.searchsorted(passes, n_passes - 1e-9)]


after_five = {name: loss_after(name, PASSES) for name in batch_curves}
of_hundred = [loss_after("minibatches of 100, ε = 60", n) for n in range(1, MANY_PASSES + 1)]
ahead = 1 + max(n for n in range(MANY_PASSES) if of_hundred[n] <= best_so_far[n]) + 1
plots.show(
    figure,
    f"Training loss against passes over the text. After {PASSES} passes: "
    + "; ".join(f"{name}: {loss:.2f} nats" for name, loss in after_five.items())
    + f". L-BFGS begins slowly and ends lowest, at {best_so_far[-1]:.2f} after {MANY_PASSES} passes.",
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"After {PASSES} passes: **{', '.join(f'{loss:.2f}' for loss in after_five.values())} nats**, from the full batch to minibatches of 20. (What happens to the full batch at ε = 40? "
    "Exercise 1.)"
)
assert sorted(after_five.values(), reverse=True) == list(after_five.values())

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Second-order methods, in words
#
# A gradient says where down is. A **Hessian** says how long that will last: one step to the bottom of a bowl, for a matrix with a row for each parameter.
#
# * **L-BFGS** guesses it from the last steps. **Conjugate gradients**: directions that do not undo one another.
# * Both need exact losses: full batches.
# * 001: on small data they win; on large data SGD usually beats all batch methods.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Our 400 sentences are **small data**, and L-BFGS beats SGD with a fixed rate: from pass {ahead} on it is below the minibatches of 100, and after {MANY_PASSES} passes at {best_so_far[-1]:.2f} nats against their "
    f"{of_hundred[-1]:.2f}. What the minibatches win is the beginning: after {PASSES} passes they are at {of_hundred[PASSES - 1]:.2f}, L-BFGS at {best_so_far[PASSES - 1]:.2f}. On large data the beginning is all "
    "that one can afford."
)
assert best_so_far[-1] < min(of_hundred)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Momentum
#
# Keep a part $\mu$ of the last step (001: $v$ starts at 0; $\mu = 0.9$, or 0.5 first and 0.99 later):
#
# $$v \leftarrow \mu\, v - \varepsilon\, \frac{\partial J}{\partial \theta}, \qquad \theta \leftarrow \theta + v$$
#
# In a narrow valley the gradient points at the wall. Across, steps cancel; along, they add up:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def path_in_a_valley(momentum, rate, n_steps=25):
    position = torch.tensor([-2.0, 0.9], requires_grad=True)
    optimizer = torch.optim.SGD([position], lr=rate, momentum=momentum)
    path = [position.detach().clone()]
    for _ in range(n_steps):
        optimizer.zero_grad()
        (0.5 * position[0] ** 2 + 25 * position[1] ** 2).backward()
        optimizer.step()
        path.append(position.detach().clone())
    return torch.stack(path).numpy()


with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.4), sharey=True)
    across, up = np.meshgrid(np.linspace(-2.3, 1.3, 200), np.linspace(-1, 1, 200))
    for axis, momentum, rate in ((axes[0], 0.0, 0.039), (axes[1], 0.8, 0.02)):
        path = path_in_a_valley(momentum, rate)
        axis.contour(
            across,
            up,
            0.5 * across**2 + 25 * up**2,
            levels=[0.1, 0.5, 1.5, 4, 9, 16, 25],
            colors="#aaaaaa",
        )
        axis.plot(
            *path.T,
            marker="o",
            markersize=4,
            linewidth=1.6,
            color=plots.RED if momentum else plots.BLUE,
        )
        axis.plot(0, 0, marker="*", markersize=16, color=plots.BLACK)
        axis.grid(visible=False)
        distance = np.hypot(*path[-1])
        name = f"ε = {rate}, " + (f"momentum {momentum}" if momentum else "no momentum")
        axis.set_title(f"{name}:\n{distance:.2f} from the bottom after 25 steps", fontsize=14)
    figure.tight_layout()
plots.show(
    figure,
    "Twenty-five steps down a narrow valley: without momentum the path zigzags between the walls and creeps along; with momentum it swings a few times and is at the bottom.",
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Momentum and Nesterov's momentum, a line each
#
# $v \leftarrow \mu v - \varepsilon\, g(\theta)$ against Nesterov's $v \leftarrow \mu v - \varepsilon\, g(\theta + \mu v)$: look at the slope where the velocity is about to take you, and brake in time. With a careful start it trains recurrent networks (004).

# %% slideshow={"slide_type": "-"}
def swing(nesterov, mu=0.9, rate=0.02):
    place, v = np.array([-2.0, 0.9]), np.zeros(2)
    for _ in range(25):
        look = place + mu * v if nesterov else place
        v = mu * v - rate * np.array([1.0, 50.0]) * look
        place = place + v
    return np.hypot(*place)


print(
    f"25 steps in the same valley: momentum {swing(False):.2f} from the bottom, Nesterov {swing(True):.2f}"
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: momentum, at the same rate
#
# Two runs with $\varepsilon = 2$, one with momentum 0.9. The one with momentum is far ahead. What have you learned about momentum?
#
# * **A**: it remembers useful directions
# * **B**: nothing yet: its steps are ten times as long
# * **C**: it averages the noise away

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A and C are in every blog post and not wrong in general. Reply: the comparison cannot tell. With a steady gradient the velocity adds up to 1/(1 - 0.9) = 10 times the step. The control that
# is missing is SGD with ε = 20, which the next figure has.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
for name in ("ε = 2", "ε = 2, momentum 0.9", "ε = 20"):
    print(f"{name:22} after 5 passes {recorded_curve(name)[1][-1]:.2f} nats")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Momentum is also a larger learning rate
#
# If the gradient stays $g$, then $v \to -\varepsilon g\,(1 + \mu + \mu^2 + \dots) = -\frac{\varepsilon}{1 - \mu}\, g$. With $\mu = 0.9$: ten times the step.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
momentum_curves = {
    name: recorded_curve(name) for name in ("ε = 2", "ε = 2, momentum 0.9", "ε = 20")
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9, 3.4))
    for (name, (passes, losses)), style, marker in zip(
        momentum_curves.items(), ("-", "-", "--"), "os^", strict=True
    ):
        axis.plot(passes, losses, style, marker=marker, markersize=6, label=name)
    axis.set(xlabel="passes over the text", ylabel="training loss, nats")
    axis.legend()
plots.show(
    figure,
    "Training loss with minibatches of 100: a rate of 2 with momentum 0.9 falls as a rate of 20 without momentum, and far faster than a rate of 2 alone: "
    + "; ".join(
        f"{name} ends at {losses[-1]:.2f}" for name, (_, losses) in momentum_curves.items()
    ),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Hence 001's advice: **a lot of momentum, a smaller learning rate**. Whoever compares "with" and "without" at one rate compares two rates.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Learning-rate schedules
#
# Far from the bottom, long steps; near it the noise of the minibatch is larger than the gradient: short ones. From 001:
#
# * **fixed**, the same for all parameters;
# * **halve it** whenever the validation loss stops improving;
# * **$O(1/t)$**, which theory wants: $\displaystyle \varepsilon_t = \frac{\varepsilon_0\, \tau}{\max(t, \tau)}$, constant until $\tau$.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
schedules = {
    "fixed": lambda t: 30.0,
    "halved every 2 passes": lambda t: 30.0 * 0.5 ** (t // 2),
    "1/t from τ = 2 passes": lambda t: 30.0 * 2 / max(t, 2),
}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.3))
    time = np.linspace(0, 8, 400)
    ends = []
    for (name, rate), colour in zip(schedules.items(), plots.PALETTE, strict=False):
        axes[0].plot(time, [rate(t) for t in time], color=colour, label=name)
        passes, losses = recorded_curve(name)
        axes[1].plot(passes, losses, color=colour, label=name)
        ends.append(f"{name} {losses[-1]:.2f}")
    axes[0].set(xlabel="passes over the text", ylabel="learning rate", ylim=(0, 33))
    axes[1].set(xlabel="passes over the text", ylabel="training loss, nats")
    axes[0].legend(loc="upper right", bbox_to_anchor=(1.02, 0.92))
    figure.tight_layout()
plots.show(
    figure,
    "Three schedules, and the training losses to which they lead with minibatches of 20: "
    + "; ".join(ends),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## AdaGrad: a rate for each parameter
#
# *The* is in every sentence, *lighthouse* hardly ever. Duchi et al. (2010) divide by what a parameter has seen so far:
#
# $$\theta_i \leftarrow \theta_i - \frac{\varepsilon}{\sqrt{\sum_{\tau=1}^{t} g_{\tau,i}^2}}\; g_{t,i}, \qquad
# g_{t,i} = \frac{\partial J_t}{\partial \theta_i}$$
#
# * Rare parameters get larger steps: **word vectors!** (001)
# * The sum only grows, so the rate only falls. (RMSProp and Adam let it forget.)
# * Socher et al. (2013, quoted in 001): better optima than L-BFGS for a parser, by about 3% F1, and sooner.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## AdaGrad: rare words keep large steps

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ADAGRAD_RATE = 1.0  # as for SGD, the best that we tried
sgd_passes, sgd_losses = recorded_curve("minibatches of 100, ε = 60")
sgd_passes, sgd_losses = sgd_passes[sgd_passes <= PASSES], sgd_losses[sgd_passes <= PASSES]
network = log_linear(log_frequencies=True)
adagrad = torch.optim.Adagrad(network.parameters(), lr=ADAGRAD_RATE)
adagrad_curve = []
for done in updates(network, adagrad, 100, PASSES, np.random.default_rng(0)):
    if len(adagrad_curve) <= done * 6 and (done <= 1 or len(adagrad_curve) <= 6 + (done - 1) * 2):
        adagrad_curve.append((done, loss_on(network)))
adagrad_passes, adagrad_losses = np.array(adagrad_curve).T

seen_before = torch.bincount(small_batch.inputs[:, -1], minlength=len(vocab))
sums = adagrad.state[network.votes.weight]["sum"][: len(vocab)]
rates = ADAGRAD_RATE / sums.mean(1).sqrt()
use = (seen_before > 0) & torch.isfinite(rates)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 4.4))
    axes[0].plot(
        sgd_passes,
        sgd_losses,
        marker="s",
        markersize=6,
        color=plots.BLUE,
        label="SGD, ε = 60",
    )
    axes[0].plot(
        adagrad_passes,
        adagrad_losses,
        marker="o",
        markersize=6,
        color=plots.RED,
        label=f"AdaGrad, ε = {ADAGRAD_RATE:g}",
    )
    axes[0].set(xlabel="passes over the text", ylabel="training loss, nats")
    axes[0].legend()
    axes[1].loglog(seen_before[use], rates[use], "o", markersize=5, alpha=0.6, color=plots.RED)
    for word, shift, side in (
        ("the", (-6, 10), "right"),
        ("and", (-6, 10), "right"),
        ("near", (6, 10), "left"),
        ("lighthouse", (10, 12), "left"),
    ):
        place = vocab.encode([word])[0]
        here = (float(seen_before[place]), float(rates[place]))
        axes[1].plot(*here, "o", color=plots.BLACK, markersize=7)
        axes[1].annotate(word, here, shift, textcoords="offset points", ha=side)
    axes[1].set(
        xlabel="how often the word before occurred", ylabel="rate of its weights at the end"
    )
    figure.tight_layout()
plots.show(
    figure,
    f"Left: after {PASSES} passes AdaGrad is at {adagrad_losses[-1]:.2f} nats, SGD at {sgd_losses[-1]:.2f}. Right: AdaGrad's rate at the end against the frequency of the clue: "
    f"words seen fewer than 5 times keep a median rate of {np.median(rates[use & (seen_before < 5)]):.1f}, those seen 100 times and more one of {np.median(rates[use & (seen_before >= 100)]):.1f}.",
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Minibatches of 100, both at the best rate that we tried: after {PASSES} passes AdaGrad is at **{adagrad_losses[-1]:.2f}** nats, SGD at **{sgd_losses[-1]:.2f}**; L-BFGS was at {best_so_far[-1]:.2f} after {MANY_PASSES}. A lower loss than L-BFGS, and sooner: as Socher et al. found."
)
assert adagrad_losses[-1] < best_so_far[-1]

# %% [markdown] slideshow={"slide_type": "fragment"}
# What counts is not frequency itself, but how large the gradients were: after *near* there is always *the*, soon well predicted, and its steps stay large.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## First overfit, then regularise
#
# 001's order, and it saves days: **if your model cannot learn twenty sentences by heart, there is a bug, or it is too small.** Only when it can, go on.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
wide = WindowReader(vocab, window=4)
wide_valid = wide.read(text.valid[:400])
(wide_valid_batch,) = wide_valid.batches(wide_valid.n_tokens)


def recite(n_sentences, epochs, rate, *, dropout=0.0, weight_decay=0.0):
    """Return training and validation perplexity of a model that looks four words back, by epoch."""
    examples = wide.read(text.train[:n_sentences])
    (batch,) = examples.batches(examples.n_tokens)
    torch.manual_seed(0)
    network = LogLinearNetwork(len(vocab), 4, back=4, dropout=dropout)
    counted = torch.bincount(batch.targets, minlength=len(vocab)) + 0.1
    network.bias.data = torch.log(counted / counted.sum())
    groups = [
        {"params": [network.votes.weight], "weight_decay": weight_decay},
        {"params": [network.bias]},
    ]
    optimizer = torch.optim.Adagrad(groups, lr=rate)
    found = [(loss_on(network, batch), loss_on(network, wide_valid_batch))]
    rng = np.random.default_rng(0)
    for _ in range(epochs):
        for part in examples.batches(100, rng):
            optimizer.zero_grad()
            network.loss(part).backward()
            optimizer.step()
        found.append((loss_on(network, batch), loss_on(network, wide_valid_batch)))
    return np.exp(found), network


twenty, _ = recite(20, 30, 0.5)
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9, 3.5))
    axis.semilogy(twenty[:, 0], color=plots.BLUE, label="the 20 training sentences")
    axis.semilogy(twenty[:, 1], color=plots.ORANGE, label="new sentences")
    axis.axhline(floor.perplexity(), color=plots.RED, linewidth=2)
    axis.annotate(
        f"floor {floor.perplexity():.2f}",
        (24, floor.perplexity()),
        (0, 6),
        textcoords="offset points",
        color=plots.RED,
    )
    axis.set(xlabel="passes over 20 sentences", ylabel="perplexity per token")
    axis.set_yticks(
        [1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"]
    )
    axis.legend(loc="center right")
plots.show(
    figure,
    f"On twenty sentences the training perplexity falls below the floor, to {twenty[-1, 0]:.2f}; on new sentences it stays at {twenty[-1, 1]:.0f}.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It can. It recites, far below the floor. **Now** it is time to regularise.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What to add to the loss (001)
#
# | | add to $J$ | what comes out |
# |---|---|---|
# | **L2**, weight decay | $\frac{\lambda}{2} \sum_i \theta_i^2$ | small weights, none exactly 0 |
# | **L1** | $\lambda \sum_i \lvert \theta_i \rvert$ | few weights, the others exactly 0 |
# | **sparse activations** | $\lambda \sum_j \lvert h_j \rvert$, or mean distance from a small target | few units are active at a time |
#
# And before all of these: **a smaller model**. Biases are usually spared: they say how frequent words are.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## L2 on bigram features: smoothing, found again
#
# From 1000 sentences only. λ takes weights from $-\infty$ back to 0, so unseen bigrams get something; for $\lambda \to \infty$ only the biases are left, the unigrams.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
thousand = text.train[:1000]
part = torch.zeros(len(vocab), len(vocab))
for sentence in thousand:
    ids = torch.tensor([vocab.bos, *vocab.encode(sentence), vocab.eos])
    part.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), True)
held = {"valid": torch.zeros_like(part), "test": torch.zeros_like(part)}
for name, matrix in held.items():
    for sentence in getattr(text, name):
        ids = torch.tensor([vocab.bos, *vocab.encode(sentence), vocab.eos])
        matrix.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), True)
start_bias = torch.log((part.sum(0) + 0.1) / (part.sum(0) + 0.1).sum())


def bigram_perplexity(penalty):
    """Fit bigram votes with an L2 penalty on the counts; return validation and test perplexity."""
    votes = torch.zeros_like(part, requires_grad=True)
    bias = start_bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([votes, bias], max_iter=25, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = -(part * torch.log_softmax(votes + bias, 1)).sum() + penalty / 2 * (votes**2).sum()
        loss = loss / part.sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        log_probs = torch.log_softmax(votes + bias, 1)
        return [math.exp(-float((of * log_probs).sum() / of.sum())) for of in held.values()]


penalties = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
by_penalty = np.array([bigram_perplexity(penalty) for penalty in penalties])
smoothed = [AddDelta.fit(thousand, 2, delta) for delta in penalties]
by_delta = np.array(
    [[each.perplexity(part_) for part_ in (text.valid, text.test)] for each in smoothed]
)
kneser_ney = ModifiedKneserNey.fit(thousand, 2).perplexity(text.test)
chosen = {  # on validation text; what is reported is test text
    "L2": by_penalty[by_penalty[:, 0].argmin(), 1],
    "add": by_delta[by_delta[:, 0].argmin(), 1],
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9.5, 4.0))
    axis.loglog(
        penalties,
        by_penalty[:, 1],
        marker="o",
        color=plots.BLUE,
        label=f"log-linear, L2 with λ: {chosen['L2']:.1f}, chosen on validation",
    )
    axis.loglog(
        penalties,
        by_delta[:, 1],
        marker="s",
        color=plots.ORANGE,
        label=f"add δ: {chosen['add']:.1f}, chosen on validation",
    )
    axis.axhline(kneser_ney, color=plots.GREEN, label=f"modified Kneser–Ney: {kneser_ney:.1f}")
    axis.set(xlabel="λ (in counts), or δ", ylabel="test perplexity, bigrams")
    axis.set_yticks([15, 20, 30, 50, 100, 200], ["15", "20", "30", "50", "100", "200"])
    axis.minorticks_off()
    axis.legend()
plots.show(
    figure,
    f"Test perplexity of bigram models from 1000 sentences: the log-linear one with an L2 penalty is at {chosen['L2']:.1f} with the λ that is best on validation text, add-delta at {chosen['add']:.1f}, Kneser-Ney at {kneser_ney:.1f}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## L1 says which clues are needed
#
# The 400 sentences again, two words back. After each step every weight moves towards 0 by the same amount, and stops there:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rows = [f"{'':>16}  clues in use   training  validation"]
for name, strength, decay in (
    ("no penalty", 0.0, 0.0),
    ("L2", 0.0, 3e-5),
    ("L1", 1e-5, 0.0),
    ("L1, stronger", 1e-4, 0.0),
):
    network = log_linear(log_frequencies=True)
    rate = 20.0
    groups = [{"params": [network.votes.weight], "weight_decay": decay}, {"params": [network.bias]}]
    optimizer = torch.optim.SGD(groups, lr=rate)

    def shrink(weight=network.votes.weight, by=rate * strength):
        with torch.no_grad():
            weight.copy_(torch.nn.functional.softshrink(weight, by))

    for _ in updates(
        network, optimizer, 100, 6, np.random.default_rng(0), after=shrink if strength else None
    ):
        pass
    in_use = int((network.votes.weight != 0).sum())
    trained = math.exp(loss_on(network))
    validated = math.exp(loss_on(network, small_valid_batch))
    rows.append(f"{name:>16} {in_use:13,} {trained:10.2f} {validated:11.2f}")
print(*rows, f"{'of':>16} {network.votes.weight.numel():13,}", sep="\n")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Early stopping and dropout
#
# **Early stopping**: keep the parameters that did best on the validation text; stop when the best is some epochs ago (your *patience*). Never on the test text.
#
# **Dropout** (Hinton et al. 2012): in training, leave out each input of a unit with probability ½, anew for each example.
#
# * A clue cannot rely on another one: no co-adaptation.
# * With one layer: between naive Bayes and a log-linear model.
# * Like very many models that share weights, averaged: *bagging*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Dropout at test time: two conventions
#
# So the sums would be twice as large. **Two conventions**:
#
# | | in training | at test time |
# |---|---|---|
# | 001, Hinton et al. | clue · mask | halve the weights |
# | today's libraries ("inverted") | clue · mask **/ ½** | nothing |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Dropout keeps the mean of the score
#
# Four votes, all 16 masks. The mean is over the masks:

# %% slideshow={"slide_type": "-"}
votes = np.array([1.0, -2.0, 0.5, 3.0])
masks = np.array([[(number >> place) & 1 for place in range(4)] for number in range(16)])
print("                 training, mean of 16     test")
print(f"001              {(masks @ votes).mean():12.2f} {(votes / 2).sum():18.2f}")
print(f"inverted         {(masks / 0.5 @ votes).mean():12.2f} {votes.sum():18.2f}")
print(f"both at once     {(masks / 0.5 @ votes).mean():12.2f} {(votes / 2).sum():18.2f}   <- wrong")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The mean of the *score* is kept, not the mean of $p$: for a softmax, and for anything with a bend, it is an approximation.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: which of the three?
#
# 400 sentences, four words back. Validation perplexity at each one's **best** pass: which is lowest?
#
# * **A**: early stopping alone
# * **B**: with a little L2
# * **C**: with dropout ½

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say C: dropout is the famous one. On these clues of one layer it mostly slows the reciting. Reply: the answer belongs to this problem and not to the method; the slide after the figure says by how
# much they differ. Ask what they would need to believe a ranking: several seeds, and each method at its best strength. Neither is done here.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
runs = {}
for name in ("nothing", "L2", "dropout ½"):
    rows = [row for row in recorded("02b_training/reciting") if row["way"] == name]
    runs[name] = np.array([(row["training"], row["validation"]) for row in rows])
    print(
        f"{name:10} best validation {runs[name][:, 1].min():.2f}, after pass {runs[name][:, 1].argmin()}"
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Early stopping, L2 and dropout on 400 sentences

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 4.0))
    for (name, found), colour in zip(
        runs.items(), (plots.ORANGE, plots.BLUE, plots.GREEN), strict=True
    ):
        axis.plot(found[:, 1], color=colour, label=f"{name}, validation")
        axis.plot(found[:, 0], ":", color=colour, label=f"{name}, training")
        best = int(found[:, 1].argmin())
        axis.plot(best, found[best, 1], marker="*", markersize=18, color=colour)
    axis.axhline(floor.perplexity(), color=plots.RED, linewidth=2)
    axis.annotate(
        f"floor {floor.perplexity():.2f}",
        (0, floor.perplexity()),
        (0, 5),
        textcoords="offset points",
        color=plots.RED,
    )
    axis.set(
        xlabel="passes over 400 sentences",
        ylabel="perplexity per token",
        yscale="log",
        ylim=(1, 60),
    )
    axis.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
plots.show(
    figure,
    "Training and validation perplexity by pass. "
    + "; ".join(
        f"{name}: best validation {found[:, 1].min():.1f} at pass {found[:, 1].argmin()}, at the end {found[-1, 1]:.1f}, training {found[-1, 0]:.1f}"
        for name, found in runs.items()
    ),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Stars: the best validation, where early stopping stops. Without a penalty it comes early, and what follows is only reciting.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What early stopping, L2 and dropout brought

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
for name, found in runs.items():
    print(
        f"{name:10} best {found[:, 1].min():6.2f} after pass {found[:, 1].argmin():2}     at the end {found[-1, 1]:6.2f}"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# Here a little L2 is best, and dropout mostly slows the reciting down: clues of one layer, 400 sentences, one seed. **Measure it on yours.**

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A recipe for training (001)
#
# 1. **Choose a structure** that fits the task, then the nonlinearity.
# 2. **Check the gradients.**
# 3. **Initialise**: Glorot's range, output biases by frequencies.
# 4. **Optimise**: minibatches; AdaGrad or momentum with a schedule.
# 5. **Can it overfit?** If not: a bug, or too small. If yes: **regularise**.
#
# Left to choose, in Bengio (2012): rate and schedule, early stopping, batch size, initialisation, hidden units, weight decay. How to search them all? *"Short answer: random hyperparameter search (!)"*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Hyperparameters: at random, not on a grid
#
# Nine trainings. The learning rate matters, the weight decay hardly: you do not know that beforehand. A grid tries **three** learning rates, each of them three times;
# chance tries **nine** (Bergstra and Bengio 2012).

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rows = recorded("02b_training/search")
best = {  # of each of the draws of nine
    way: np.array(
        [
            min(r["valid"] for r in rows if (r["way"], r["draw"]) == (way, draw))
            for draw in range(11)
        ]
    )
    for way in ("grid", "random")
}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.9))
    for way, colour, marker in (("grid", plots.ORANGE, "s"), ("random", plots.BLUE, "o")):
        drawn = [r for r in rows if r["way"] == way]
        first = [r for r in drawn if r["draw"] == 0]
        axes[0].plot(
            [r["log_rate"] for r in first],
            [r["log_decay"] for r in first],
            marker,
            color=colour,
            label=way,
        )
        axes[1].semilogy(
            [r["log_rate"] for r in drawn],
            [r["valid"] for r in drawn],
            marker,
            markersize=5,
            color=colour,
            alpha=0.6,
        )
    axes[0].set(
        xlabel="log₁₀ of the learning rate",
        ylabel="log₁₀ of the weight decay",
        title="one draw of nine, each way",
    )
    axes[1].set(
        xlabel="log₁₀ of the learning rate",
        ylabel="validation perplexity",
        title="all that was tried",
    )
    axes[0].set_ylim(top=-3.5)
    axes[0].legend(loc="upper right", ncols=2)
    axes[1].set_yticks([30, 50, 100, 200, 400], ["30", "50", "100", "200", "400"])
    axes[1].minorticks_off()
    figure.tight_layout()
plots.show(
    figure,
    "Left: nine settings of a grid, in three columns, and nine at random. Right: validation perplexity of all settings tried against the learning rate. Median of the best of nine: "
    + ", ".join(f"{way} {np.median(found):.1f}" for way, found in best.items()),
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"The best of nine, over {len(best['grid'])} draws of each (recorded): **grid** {best['grid'].min():.1f} to {best['grid'].max():.1f}, median {np.median(best['grid']):.1f}; **random** {best['random'].min():.1f} to "
    f"{best['random'].max():.1f}, median {np.median(best['random']):.1f}. In {np.mean(best['random'] < best['grid']):.0%} of the pairs chance is ahead."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * tanh or ReLU; Glorot's range; output biases from log frequencies.
# * Minibatches, with momentum and a schedule, or AdaGrad; L-BFGS is for small data. Compare optimisers only at each one's best rate.
# * Overfit first. Then L2, L1, early stopping, dropout: each measured on *validation* text.
# * Search hyperparameters at random.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Repeat the batch-size figure with half and with twice the learning rate of each curve (`recordings/02b_training.py` has them). How does the best rate depend on the batch size? What happens to the full batch at 40?
# 2. Replace tanh by the logistic function in the ten-layer figure, with Glorot's range and with four times it.
# 3. Fit the bigrams with L2 on 100 and on 10,000 sentences. How does the best λ, in counts, depend on the amount of text?
# 4. Keep the weights of the best pass in `recite`, and stop with a patience of 1, 2 and 5. Which patience loses the best pass?
#
# ## Sources
#
# * Slides in 001: nonlinearities; initialisation; SGD, momentum, schedules, AdaGrad; regularisation, early stopping, dropout; general strategy; tricks of the trade.
# * Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*; Glorot, Bordes, Bengio (2011), *Deep sparse rectifier neural networks*; Goodfellow et
#   al. (2013), *Maxout networks*.
# * Duchi, Hazan, Singer (2010, 2011), *Adaptive subgradient methods for online learning and stochastic optimization*; Le et al. (2011), *On optimization methods for deep learning*;
#   Socher et al. (2013), *Parsing with compositional vector grammars*; Nesterov (1983), after Sutskever et al. (2013), *On the importance of initialization and momentum in deep learning*.
# * Hinton et al. (2012), *Improving neural networks by preventing co-adaptation of feature detectors*; Bengio (2012), *Practical recommendations for gradient-based training of
#   deep architectures*; Bergstra, Bengio (2012), *Random search for hyper-parameter optimization*.
