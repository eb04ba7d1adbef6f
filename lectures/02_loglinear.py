# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 Log-linear models
#
# ## *The sly badgers hide on the …*
#
# Roof? Hill? Which word told you? Not *the*. It was *on*, two words back.
#
# ## *The hungry cooks cook in the garden until the evening and the …*
#
# And here it was *cooks*, ten words back. **Today clues vote, wherever they stand.** And we learn how to train anything.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 75 minutes. The story: clues vote, and the gradient is observed minus expected (15 min); a machine that finds every gradient (15);
# how to know that a gradient is right (10); shapes and starting points (8); how to walk downhill (13); how not to recite (9); and what all of
# it brings on the ladder (5). If time is short, leave out the sections on schedules and on random search. Run all cells before the lecture; it takes
# less than a minute.

# %% slideshow={"slide_type": "skip"}
import math

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.grammar import Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.loglinear import LogLinearNetwork
from nextword.models.neural import NeuralLanguageModel
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.pictures import plots
from nextword.pictures.graph_drawing import Arrow, Box, draw_flow_graph
from nextword.pictures.ladder import Ladder
from nextword.text.batching import WindowReader
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
floor = grammar.floor()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What counting cannot do with clues
#
# Counting asks for the *whole* context: *on the* → *roof*. Two clues together were seen less often than each alone, and five hardly ever.
#
# * *on*, two words back: a place that one can be on;
# * *the*, one word back: no verb, no full stop;
# * *badgers*, four words back: perhaps an animal's place?
# * *sly*, somewhere in the sentence: animals again.
#
# We want to ask each clue **by itself**, let it vote for every word, and add up the votes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A log-linear model
#
# A **feature vector** $f(w, c)$ says which clues there are for word $w$ in context $c$; $\beta$ says how much each one counts (slides 000, eq. 2):
#
# $$p(w \mid c) = \frac{\exp\big(\beta \cdot f(w, c)\big)}{\sum_v \exp\big(\beta \cdot f(v, c)\big)}$$
#
# * $\beta \cdot f(w, c)$ is the **score**: the sum of the votes. Any number, positive or not.
# * $\exp$ makes it positive; a vote of $+1$ multiplies the odds of a word by $e$.
# * The sum over the whole vocabulary, $Z(c)$, makes it a distribution.
#
# $\log p$ is linear in $\beta$, up to $\log Z$: hence the name. Others call it maximum entropy, multinomial logistic regression, a **softmax classifier**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## By hand
#
# Three words, two clues. Row $w$ of the table is $f(w, c)$ for the context *… hide on the*:

# %% slideshow={"slide_type": "-"}
words = ["roof", "hill", "eats"]
f = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])  # clue 1: place after "on"; clue 2: badgers
beta = np.array([2.0, 0.5])
scores = f @ beta
weights = np.exp(scores)
for word, score, weight in zip(words, scores, weights, strict=True):
    print(f"{word}   score {score:3.1f}   exp {weight:6.3f}   p {weight / weights.sum():.3f}")
print(f"              Z = {weights.sum():6.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Add 1000 to every score: the same model on paper, an overflow on a computer. What can you subtract so that nothing changes and nothing overflows? (Assignment 02, question 1.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What may be a feature?
#
# Anything that you can compute from $w$ and $c$:
#
# | feature is 1 if … | example | counting could do it |
# |---|---|---|
# | $w$ is this word | *roof* | unigram |
# | $w$ is this word after that word | *the roof* | bigram |
# | that word stands **two back**, whatever is between | *on … roof* | no: a skip |
# | that word stands **anywhere** before in the sentence | *badgers … roof* | no: a trigger (Rosenfeld 1996) |
# | $w$ ends in *-s*, and the noun did | *cooks … smile* | no |
#
# The price: **$Z$ needs the score of every word in the vocabulary**, for each prediction. An n-gram model looks up one number. We will pay this price
# until the end of the course.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Learning: which β?
#
# The one under which the training text is most probable. For one example, with next word $w$ after $c$:
#
# $$\log p(w \mid c) = \beta \cdot f(w, c) - \log \sum_v \exp\big(\beta \cdot f(v, c)\big)$$
#
# $$\frac{\partial \log p(w \mid c)}{\partial \beta}
#   = f(w, c) - \frac{\sum_v \exp(\beta \cdot f(v, c))\, f(v, c)}{\sum_v \exp(\beta \cdot f(v, c))}
#   = \underbrace{f(w, c)}_{\text{observed}} - \underbrace{\sum_v p(v \mid c)\, f(v, c)}_{\text{expected by the model}}$$
#
# **Observed minus expected.** A clue that fires more often than the model expects gets more votes. Learning stops when the model expects, of each
# feature, just what the text has.

# %% [markdown] slideshow={"slide_type": "fragment"}
# The loss $J = -\log p$ has the opposite gradient: *expected minus observed*. It is convex in $\beta$: no valley but the lowest.

# %% slideshow={"slide_type": "skip"}
# How often each word follows each word: the counts of lecture 01 in one table.
counts = torch.zeros(len(vocab), len(vocab))
for sentence in text.train:
    ids = torch.tensor([vocab.bos, *vocab.encode(sentence), vocab.eos])
    counts.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), accumulate=True)
seen = counts.sum(1) > 0
observed = counts[seen] / counts[seen].sum(1, keepdim=True)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A test we can do in our head
#
# One feature for each pair (word before, word): **bigram indicators**, and nothing else. When learning stops, for every pair $u\,w$:
#
# $$\underbrace{N(u\,w)}_{\text{observed}} = \underbrace{N(u)\; p(w \mid u)}_{\text{expected}}
# \qquad\Longrightarrow\qquad p(w \mid u) = \frac{N(u\,w)}{N(u)}$$
#
# That is lecture 01. **Counting is a log-linear model, solved.** If this is right, gradient steps must walk to the counts:

# %% slideshow={"slide_type": "-"}
beta = torch.zeros_like(observed)
snapshots = {0: torch.softmax(beta, 1)}
for step in range(1, 1001):
    expected = torch.softmax(beta, 1)
    beta += 3.0 * (observed - expected)
    if step in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000):
        snapshots[step] = torch.softmax(beta, 1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## It walks to the counts

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
row = torch.cumsum(seen, 0)[vocab.encode(["hungry"])[0]] - 1
followers = observed[row].argsort(descending=True)[[0, 2, 5, 9]]
weight = counts[seen]
n_tokens = float(weight.sum())
steps = list(snapshots)
perplexities = [
    math.exp(-float((weight * torch.log(p.clamp_min(1e-30))).sum()) / n_tokens)
    for p in snapshots.values()
]
limit = math.exp(-float(torch.xlogy(weight, observed).sum()) / n_tokens)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 4.6))
    for follower, colour in zip(followers.tolist(), plots.PALETTE, strict=False):
        values = [float(p[row, follower]) for p in snapshots.values()]
        axes[0].plot(steps, values, marker="o", color=colour, label=vocab.words[follower])
        axes[0].axhline(float(observed[row, follower]), color=colour, linestyle=":", linewidth=1.5)
    axes[0].set(xlabel="gradient steps", ylabel="p(w | hungry)", title="after hungry")
    axes[0].legend(fontsize=12)
    axes[1].plot(steps, perplexities, marker="o", color=plots.BLUE, label="log-linear")
    axes[1].axhline(limit, color=plots.RED, label=f"bigram counts: {limit:.2f}")
    for axis in axes:
        axis.set_xscale("symlog", linthresh=1)
        axis.set_xlim(0, 1200)
        axis.set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    axes[1].set(xlabel="gradient steps", ylabel="perplexity, training text", yscale="log")
    axes[1].set_yticks([10, 20, 50, 100, 200, 500], ["10", "20", "50", "100", "200", "500"])
    axes[1].set_title("all bigrams")
    axes[1].legend()
    figure.tight_layout()
plots.show(
    figure,
    "Left: the probabilities of four words after 'hungry' start equal and run to the dotted lines, the bigram quotients. Right: the "
    f"training perplexity of the log-linear model falls from {perplexities[0]:.0f} to that of the bigram counts, {limit:.2f}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## After a thousand steps

# %% slideshow={"slide_type": "-"}
last = snapshots[1000]
print(f"largest difference between model and counts:  {(last - observed).abs().max():.4f}")
print(f"training perplexity: {perplexities[-1]:.4f} against {limit:.4f} by counting")
print(f"largest probability of a bigram never seen: {last[observed == 0].max():.1e}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# What was never seen should get probability 0, so its weight runs to $-\infty$ and never arrives. The disease of lecture 01 has come along. Its cure will look
# different: *regularisation*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who computes the gradient?
#
# For a log-linear model we did it on a slide. For a network with three layers it is a page; for yours, next month, a weekend. So we let a machine do it.
#
# **Flow graph** (001): any directed graph without cycles. A node is the result of a computation; an arc says that one result was used for another.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
boxes = {
    "x": Box(0, 0.5, "x = 2", plots.GREEN),
    "a": Box(1.3, 1, "a = 3x = 6"),
    "b": Box(1.3, 0, "b = x² = 4"),
    "y": Box(2.6, 0.5, "y = a·b = 24", plots.RED),
}
arrows = [
    Arrow("x", "a", "∂a/∂x = 3"),
    Arrow("x", "b", "∂b/∂x = 2x = 4"),
    Arrow("a", "y", "∂y/∂a = b = 4"),
    Arrow("b", "y", "∂y/∂b = a = 6"),
]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10.5, 3.1))
    draw_flow_graph(axis, boxes, arrows, fontsize=15)
plots.show(
    figure,
    "A flow graph: x = 2 is used for a = 3x = 6 and for b = x squared = 4, and both are used for y = a times b = 24. "
    "Each arrow carries a local derivative: 3, 4, 4 and 6.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Each arc knows one small derivative, with everything else held fixed. Nobody knows $\partial y / \partial x$ yet.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The chain rule, three times (001)
#
# **One path**, $x \to a \to y$: multiply.
# $\displaystyle \quad \frac{\partial y}{\partial x} = \frac{\partial y}{\partial a}\,\frac{\partial a}{\partial x}$
#
# **Two paths**, through $a$ and through $b$: multiply along each, and **add**.
# $\displaystyle \quad \frac{\partial y}{\partial x} = \frac{\partial y}{\partial a}\,\frac{\partial a}{\partial x} + \frac{\partial y}{\partial b}\,\frac{\partial b}{\partial x}$
#
# **Any graph**: sum over all that use $x$, its successors.
# $\displaystyle \quad \frac{\partial y}{\partial x} = \sum_{s \,\in\, \text{successors}(x)} \frac{\partial y}{\partial s}\,\frac{\partial s}{\partial x}$

# %% slideshow={"slide_type": "fragment"}
x = 2.0
a, b = 3 * x, x**2
print(f"through a: {b} · 3 = {b * 3}      through b: {a} · {2 * x} = {a * 2 * x}")
print(f"together:  {b * 3 + a * 2 * x}")
print(f"by hand:   y = 3x³, so y' = 9x² = {9 * x**2}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Paths are many, arcs are few
#
# Put the diamond $x \to (a, b) \to y$ behind itself, again and again. How many paths lead through?

# %% slideshow={"slide_type": "-"}
print("diamonds    arcs            paths")
for diamonds in (1, 2, 5, 10, 20, 40):
    print(f"{diamonds:8} {4 * diamonds:7} {2**diamonds:16,}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# The third formula never lists a path: when the gradient at each successor is *known already*, a node takes one product for each arc that leaves it.
#
# **Each arc is used once. If computing the loss takes $O(n)$, so does computing all of its gradient** (001).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Forward, then backward (001)
#
# 1. **Forward**: visit the nodes in *topological* order, each after those that it needs. Compute values.
# 2. **Backward**: give the output the gradient 1. Visit the nodes in reverse order. Compute, for each,
#
# $$\frac{\partial y}{\partial x} = \sum_{s \,\in\, \text{successors}(x)} \frac{\partial y}{\partial s}\,\frac{\partial s}{\partial x}$$
#
# Why the reverse order? When we come to a node, all that used it have been visited: what stands on the right is known.

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two mistakes, both silent: **taking one path for all**, and **visiting a node before all of its successors are done**. In code the first is an `=` that should be a `+=`.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## In a screenful
#
# A row is written after the rows that it uses: the table *is* in topological order. Each operation knows its result and its own derivatives, and nothing else.

# %% slideshow={"slide_type": "-"}
class FlowTable:
    def __init__(self):
        self.values, self.used_by = [], []

    def row(self, value, *uses):
        for earlier, derivative in uses:
            self.used_by[earlier].append((len(self.values), derivative))
        self.values.append(value)
        self.used_by.append([])
        return len(self.values) - 1

    def add(self, a, b):
        return self.row(self.values[a] + self.values[b], (a, 1.0), (b, 1.0))

    def times(self, a, b):
        u, v = self.values[a], self.values[b]
        return self.row(u * v, (a, v), (b, u))


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## More operations: a function and its derivative
#
# A new node type is one line. The derivative may use the input $x$ and the output $y$, whichever is cheaper. Nobody writes a backward pass: it follows from
# the forward one, and so trying out a model is quick (001).

# %% slideshow={"slide_type": "-"}
RULES = {
    "exp": (np.exp, lambda x, y: y),
    "log": (np.log, lambda x, y: 1 / x),
    "tanh": (np.tanh, lambda x, y: 1 - y**2),
}


def apply(table, name, a, rules=RULES):
    function, derivative = rules[name]
    x = table.values[a]
    y = function(x)
    return table.row(y, (a, derivative(x, y)))


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## And backward
#
# The formula, as it stands on the slide, from the bottom of the table to its top:

# %% slideshow={"slide_type": "-"}
def gradients(table):
    known = {len(table.values) - 1: 1.0}
    for x in range(len(table.values) - 2, -1, -1):
        known[x] = sum(known[s] * derivative for s, derivative in table.used_by[x])
    return known


table = FlowTable()
x = table.row(2.0)
three = table.row(3.0)
a = table.times(three, x)
b = table.times(x, x)
y = table.times(a, b)
print(f"y = {table.values[y]}, dy/dx = {gradients(table)[x]}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# $x$ is used twice by $x \cdot x$, with one arc each. Nothing special has to be done about it: it is a sum.
#
# This is **automatic differentiation**, reverse mode. You will write the harder half yourself: finding the order when nobody kept a table.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A log-linear model as a flow graph
#
# The three words from the beginning; the next word was *hill*. Value above, gradient of the loss below:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def loss_of_scores(table, rows, target, minus_one):
    """Write log Σ exp(score) − score of the target, and return its rows."""
    exps = [apply(table, "exp", row) for row in rows]
    total = exps[0]
    for each in exps[1:]:
        total = table.add(total, each)
    log_z = apply(table, "log", total)
    minus_score = table.times(minus_one, rows[target])
    return exps, total, log_z, minus_score, table.add(log_z, minus_score)


table = FlowTable()
minus_one = table.row(-1.0)
score_rows = [table.row(score) for score in scores]
target = words.index("hill")
exps, total, log_z, minus_score, loss = loss_of_scores(table, score_rows, target, minus_one)
known = gradients(table)


def labelled(name, row):
    return f"{name} = {table.values[row]:.3f}\n{known[row]:+.3f}"


boxes = {
    "Z": Box(2.3, 1.3, labelled("Z", total)),
    "log": Box(3.3, 1.3, labelled("log Z", log_z)),
    "minus": Box(1.5, -0.9, labelled("− score", minus_score)),
    "loss": Box(4.35, 0.2, labelled("loss", loss), plots.RED),
}
arrows = [Arrow("Z", "log"), Arrow("log", "loss"), Arrow("minus", "loss")]
for height, word in zip((2.4, 1.3, 0.2), ("roof", "eats", "hill"), strict=True):
    place = words.index(word)
    boxes[word] = Box(0, height, labelled(word, score_rows[place]), plots.GREEN)
    boxes[f"exp {word}"] = Box(1.25, height, labelled("exp", exps[place]))
    arrows += [Arrow(word, f"exp {word}"), Arrow(f"exp {word}", "Z")]
arrows.append(Arrow("hill", "minus"))
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11.5, 4.1))
    draw_flow_graph(axis, boxes, arrows, fontsize=14)
plots.show(
    figure,
    "The flow graph of a log-linear model's loss with three scores: exp of each, their sum Z, its logarithm, minus the score of 'hill'. Gradients at the scores: "
    + ", ".join(f"{word} {known[row]:+.3f}" for word, row in zip(words, score_rows, strict=True)),
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
p = np.exp(scores) / np.exp(scores).sum()
for word, row, each in zip(words, score_rows, p, strict=True):
    print(f"{word}   machine {known[row]:+.6f}   p − observed {each - (word == 'hill'):+.6f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The machine found *expected minus observed*
#
# Nobody told it. It multiplied and added. And torch does the same on whole arrays, where each "derivative" is a matrix that is never written out:

# %% slideshow={"slide_type": "-"}
tensor = torch.tensor(scores, requires_grad=True)
(torch.logsumexp(tensor, 0) - tensor[words.index("hill")]).backward()
print("torch  ", tensor.grad.numpy().round(6))
print("table  ", np.array([known[row] for row in score_rows]).round(6))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## In a network of layers
#
# $h^{(l)} = f(z^{(l)})$ with $z^{(l)} = h^{(l-1)} W^{(l)}$: every unit of a layer is a successor of every unit below. The sum over successors becomes a matrix product.
# With $\delta^{(l)} = \partial J / \partial z^{(l)}$:
#
# $$\delta^{(l)} = \big(\delta^{(l+1)}\, W^{(l+1)\top}\big) \circ f'\big(z^{(l)}\big), \qquad
# \frac{\partial J}{\partial W^{(l)}} = h^{(l-1)\top}\, \delta^{(l)}$$
#
# The notes quoted in 001 (eq. 59) have column vectors and write $\delta^{(l)} = (W^{(l)\top} \delta^{(l+1)}) \circ f'(z^{(l)})$. Same thing, transposed.
#
# Forward: a product with $W$ in each layer. Backward: a product with $W^\top$ in each layer. **In a recurrent network all these matrices are the same one**: remember this in lecture 05.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How do you know that your gradient is right?
#
# A wrong gradient does not crash. It trains, worse, and you blame the learning rate. So **check** (001): move a parameter a little, and look.
#
# $$\text{one-sided:}\quad \frac{J(\theta + \varepsilon) - J(\theta)}{\varepsilon} \qquad\qquad
# \text{central:}\quad \frac{J(\theta + \varepsilon) - J(\theta - \varepsilon)}{2\,\varepsilon}$$
#
# One parameter after the other, and compare with what you implemented, *relative* to its size. Or all at once, as a quick look: move along a
# random direction $d$ and compare with the one number $\nabla J \cdot d$.
#
# How small should $\varepsilon$ be? As small as possible?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Taylor knows one half
#
# $$J(\theta \pm \varepsilon) = J \pm \varepsilon J' + \tfrac{\varepsilon^2}{2} J'' \pm \tfrac{\varepsilon^3}{6} J''' + \dots$$
#
# | | truncation: what the formula leaves out | rounding: what the machine loses |
# |---|---|---|
# | one-sided | $\tfrac{\varepsilon}{2}\, \lvert J'' \rvert$ | $\approx 2 u \lvert J \rvert / \varepsilon$ |
# | central | $\tfrac{\varepsilon^2}{6}\, \lvert J''' \rvert$ | $\approx u \lvert J \rvert / \varepsilon$ |
#
# $u$ is half the distance from 1 to the next number: two nearly equal losses are subtracted, and what is left are their last digits, divided by a tiny $\varepsilon$.
#
# **Smaller is better, until it is worse.** Slope 1 or 2 on one side, slope −1 on the other: a V.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
for kind in (np.float64, np.float32):
    u = float(np.finfo(kind).eps) / 2
    print(
        f"{kind.__name__}: u = {u:.1e},  best ε one-sided about √u = {u ** (1 / 2):.0e}, central about ∛u = {u ** (1 / 3):.0e}"
    )


# %% [markdown] slideshow={"slide_type": "skip"}
# A tiny network on the flow table, from the softmax on fixed inputs to two hidden layers: what the gradient checks below are made on.

# %% slideshow={"slide_type": "skip"} tags=["hide-input"]
class TinyModel:
    """A small network over 3 next words, written on a flow table; `rules` may hold a bug."""

    def __init__(self, hidden, *, learn_inputs=True, bias=True, rules=RULES, n_softmax=1):
        self.hidden, self.bias, self.rules = hidden, bias, rules
        self.learn_inputs, self.n_softmax = learn_inputs, n_softmax
        sizes = [4, *hidden]
        self.n = 4 * learn_inputs
        self.n += sum(
            (rows + bias) * columns for rows, columns in zip(sizes, sizes[1:], strict=False)
        )
        self.n += n_softmax * 3 * (sizes[-1] + bias)
        self.start = np.random.default_rng(2).normal(0, 0.7, self.n)

    def run(self, theta):
        """Return the loss, and its gradient by the flow table."""
        table = FlowTable()
        kind = theta.dtype.type
        rows = [table.row(value) for value in theta]
        waiting = iter(rows)
        minus_one = table.row(kind(-1))
        fixed = [table.row(kind(value)) for value in (0.5, -1.0, 2.0, 0.3)]
        layer = [next(waiting) for _ in fixed] if self.learn_inputs else fixed
        for width in self.hidden:
            sums = [self._sum(table, layer, waiting) for _ in range(width)]
            layer = [apply(table, "tanh", each, self.rules) for each in sums]
        losses = []
        for softmax in range(self.n_softmax):
            logits = [self._sum(table, layer, waiting) for _ in range(3)]
            losses.append(loss_of_scores(table, logits, softmax + 1, minus_one)[-1])
        while len(losses) > 1:
            losses.append(table.add(losses.pop(), losses.pop()))
        known = gradients(table)
        self.size = sum(map(len, table.used_by))
        return table.values[-1], np.array([known[row] for row in rows], dtype=np.float64)

    def _sum(self, table, layer, waiting):
        total = next(waiting) if self.bias else None
        for unit in layer:
            product = table.times(next(waiting), unit)
            total = product if total is None else table.add(total, product)
        return total

    def error(self, epsilon, sides=2, kind=np.float64, directions=15):
        """Return the median relative error of ∇J·d over random directions."""
        rng = np.random.default_rng(0)
        theta = self.start.astype(kind)
        here, gradient = self.run(theta)
        found = []
        for _ in range(directions):
            d = rng.normal(size=self.n)
            up, down = theta + (epsilon * d).astype(kind), theta - (epsilon * d).astype(kind)
            if sides == 2:
                estimate = (float(self.run(up)[0]) - float(self.run(down)[0])) / (2 * epsilon)
            else:
                estimate = (float(self.run(up)[0]) - float(here)) / epsilon
            claimed = gradient @ d
            found.append(abs(estimate - claimed) / (abs(estimate) + abs(claimed)))
        return float(np.median(found))


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The V

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
BUG = {**RULES, "tanh": (np.tanh, lambda x, y: 1 - x**2)}  # the derivative from the wrong variable
epsilons = 10.0 ** np.arange(-13, 0.1, 0.5)
model, broken = TinyModel((4, 3)), TinyModel((4, 3), rules=BUG)
errors = {
    "one-sided": [model.error(e, sides=1) for e in epsilons],
    "central": [model.error(e) for e in epsilons],
    "central, float32": [model.error(e, kind=np.float32) for e in epsilons],
    "central, wrong gradient": [broken.error(e) for e in epsilons],
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 4.7))
    for (name, values), colour, marker in zip(
        errors.items(), (plots.ORANGE, plots.BLUE, plots.GREEN, plots.RED), "s^oD", strict=True
    ):
        axis.loglog(
            epsilons,
            np.maximum(values, 1e-13),
            marker=marker,
            color=colour,
            label=name,
            markersize=6,
        )
    axis.text(1.5e-13, 4e-3, "rounding: slope −1", fontsize=14)
    axis.text(1.5e-3, 3e-9, "truncation:\nslope 2", fontsize=14)
    axis.text(3e-7, 4e-6, "slope 1", fontsize=14)
    axis.set(xlabel="ε", ylabel="relative error", ylim=(1e-12, 5), xlim=(5e-14, 2))
    axis.legend(loc="lower left", handlelength=1.5)
plots.show(
    figure,
    "Relative error of a gradient check against epsilon, both logarithmic. Lowest points of the Vs: "
    + "; ".join(
        f"{name}: {min(values):.0e} at {epsilons[int(np.argmin(values))]:.0e}"
        for name, values in list(errors.items())[:3]
    )
    + f". A wrong gradient is a flat line near {np.median(errors['central, wrong gradient']):.1f}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The lowest points

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
for name, values in errors.items():
    best = int(np.argmin(values))
    there = values[int(np.argmin(abs(epsilons - 1e-4)))]
    print(
        f"{name:24} lowest {values[best]:.0e} at ε = {epsilons[best]:.0e};   at ε = 1e-4: {there:.0e}"
    )

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
at_slides = {name: values[int(np.argmin(abs(epsilons - 1e-4)))] for name, values in errors.items()}
plots.say(
    rf"""
* The slides (001) say $\varepsilon \approx 10^{{-4}}$. With central differences and float64 that is on the safe side of the V, far below our bug.
* One-sided differences keep half of the digits at best, central ones two thirds, for one evaluation more.
* In float32 a **right** gradient shows an error of {at_slides["central, float32"]:.0e} there, in float64 of {at_slides["central"]:.0e}. Our bug ({at_slides["central, wrong gradient"]:.0e}) is seen all the same; a small one would drown.
  **Check in float64.**
* **A bug is no V.** It is a plateau: no $\varepsilon$ makes it go away.
"""
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What the check costs, and what fools it
#
# Two evaluations of the loss for each parameter, against one walk through the graph for all of them:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
model.run(model.start)
print(
    f"tiny model:      {model.n:9,} parameters: {2 * model.n:9,} evaluations, or 1 backward walk over {model.size} arcs"
)
size = len(vocab) ** 2
print(f"bigram features: {size:9,} parameters: {2 * size:9,} evaluations of the whole loss")

# %% [markdown] slideshow={"slide_type": "fragment"}
# So check on a tiny model, and only while you build. What fools it:
#
# * a **kink** (ReLU at 0): the two sides see different slopes. Move the point, or take another ε;
# * **chance** (dropout, a new minibatch): fix the seed, or switch it off;
# * **saturated** or zero units: gradient 0 is easy to get right. Check at random weights, and again after some updates;
# * a loss that counts the regulariser in one place and not in the other.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## It fails, and you do not know why: the ladder of simplifications (001)
#
# Make a tiny synthetic model. **Simplify until there is no bug; then climb again, one thing at a time.** Somebody planted a bug. Where?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rungs = [
    ("only a softmax, on fixed inputs", {"hidden": (), "learn_inputs": False, "bias": False}),
    ("+ gradient into the word vectors", {"hidden": (), "bias": False}),
    ("+ one hidden layer, a single unit", {"hidden": (1,), "bias": False}),
    ("+ several units", {"hidden": (4,), "bias": False}),
    ("+ biases", {"hidden": (4,)}),
    ("+ second layer, a single unit", {"hidden": (4, 1)}),
    ("+ several units in it", {"hidden": (4, 3)}),
    ("+ two softmax layers", {"hidden": (4, 3), "n_softmax": 2}),
]
print(f"{'':36} relative error at ε = 1e-4")
for name, options in rungs:
    value = TinyModel(**options, rules=BUG).error(1e-4)
    print(f"{name:36} {value:9.0e}   {'' if value < 1e-5 else '<-- wrong'}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first two rungs are right; the third is the first that has a $\tanh$. The bug computes $1 - z^2$ where $1 - \tanh^2 z$ is meant. On the full network it would
# have been a needle in a haystack; on the third rung it is the only new thing.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
worst = max(TinyModel(**options).error(1e-4) for _, options in rungs)
print(f"with the right rule the largest error over all eight rungs is {worst:.0e}")

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
    axes[0, 0].legend(loc="upper left", fontsize=12)
    for axis in axes[1]:
        axis.set_xlabel("z")
    figure.tight_layout()
plots.show(
    figure,
    "Six nonlinearities and their derivatives: the logistic function, whose derivative is at most a quarter; tanh, with derivative up to 1; hard tanh; softsign, with "
    "long tails; ReLU; and a maxout of three lines, whose derivative is a staircase.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Which one?
#
# | | $f(z)$ | $f'(z)$ | |
# |---|---|---|---|
# | logistic | $1 / (1 + e^{-z})$ | $f (1 - f) \le \tfrac14$ | for probabilities and gates; not centred on 0 |
# | tanh | $2\,\text{logistic}(2z) - 1$ | $1 - f^2 \le 1$ | values near 0 at the start; "for many models the best" (001, in 2016) |
# | hard tanh | $\max(-1, \min(1, z))$ | 1 inside, 0 outside | cheaper; saturates hard |
# | softsign | $z / (1 + \lvert z \rvert)$ | $1 / (1 + \lvert z \rvert)^2$ | saturates slowly |
# | ReLU | $\max(0, z)$ | 1 or 0 | no saturation above 0; can die below |
# | maxout | $\max_i (z W_i + b_i)$ | that of the winner | learns its own bend (Goodfellow et al. 2013) |
#
# Derivatives that need only the *output* are cheap: backward, $f$ is known already.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
difference = (torch.tanh(z) - (2 * torch.sigmoid(2 * z) - 1)).abs().max()
print(f"tanh z and 2 logistic(2z) − 1 differ by at most {difference:.0e}")
a = -2.0
print(
    f"softsign({a}) = {a / (1 + abs(a)):.3f}; without the absolute value, as one slide has it: {a / (1 + a):.3f}"
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where to start
#
# All weights 0? Then all hidden units get the same gradient, and stay the same for ever. So: random. **How large?**
#
# A unit adds up $n_\text{in}$ inputs: $\operatorname{Var}(z) = n_\text{in} \operatorname{Var}(W) \operatorname{Var}(x)$. To keep the size of the *signal* from layer to layer:
# $n_\text{in} \operatorname{Var}(W) = 1$. To keep the size of the *gradient* on the way back: $n_\text{out} \operatorname{Var}(W) = 1$. Glorot and Bengio (2010) take the middle:
#
# $$\operatorname{Var}(W) = \frac{2}{n_\text{in} + n_\text{out}}, \qquad W \sim \text{Uniform}(-r, r), \qquad r = \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}$$
#
# for tanh, and **4 times that $r$ for the logistic function** (001). A uniform number in $(-r, r)$ has variance $r^2 / 3$: that is where the 6 comes from. Do not mix up variance and range.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Ten layers, four starts

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
# ## The output bias knows something already
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
print(f"log of {len(vocab)} words: {math.log(len(vocab)):.2f} nats")
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
# The error of a mean over $B$ examples falls as $1/\sqrt{B}$: a hundred times the work for ten times the precision. What counts is the loss after *so many passes over the text*:

# %% slideshow={"slide_type": "skip"} tags=["hide-input"]
def descend(optimizer_of, batch_size, passes, points=6, **options):
    """Return passes and losses on the small text, at some points of each pass."""
    network = log_linear(log_frequencies=True)
    optimizer = optimizer_of(network.parameters())
    found = []
    wait = 0.0
    for done in updates(
        network, optimizer, batch_size, passes, np.random.default_rng(0), **options
    ):
        if done >= wait - 1e-9:
            found.append((done, loss_on(network)))
            wait += 1 / points if done < 1 else 1 / 2
    return np.array(found).T


def sgd(rate, momentum=0.0):
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum)


PASSES, MANY_PASSES = 5, 30
batch_curves = {  # rates: the best that we tried for each, by its loss after five passes
    "full batch, ε = 30": descend(sgd(30.0), len(small), PASSES),
    "minibatches of 500, ε = 40": descend(sgd(40.0), 500, PASSES),
    "minibatches of 100, ε = 60": descend(sgd(60.0), 100, MANY_PASSES),
    "minibatches of 20, ε = 15": descend(sgd(15.0), 20, PASSES),
}
network = log_linear(log_frequencies=True)
lbfgs = torch.optim.LBFGS(
    network.parameters(), max_eval=MANY_PASSES, max_iter=100, line_search_fn="strong_wolfe"
)
evaluations = []


def evaluate():
    lbfgs.zero_grad()
    loss = network.loss(small_batch)
    loss.backward()
    evaluations.append(float(loss.detach()))
    return loss


_ = lbfgs.step(evaluate)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Many poor steps beat a few good ones
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
    best_so_far = np.minimum.accumulate(evaluations)[:MANY_PASSES]
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
    "Exercise 3.)"
)
assert sorted(after_five.values(), reverse=True) == list(after_five.values())

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Second order, in words
#
# A gradient says where down is. A **Hessian** says how long that will last. Newton's step divides one by the other: in one step to the bottom of a bowl. But it is a
# square matrix with as many rows as the model has parameters.
#
# * **L-BFGS** guesses it from the last few steps and gradients. **Conjugate gradients** choose directions that do not undo one another.
# * Both need exact losses and gradients, that is full batches (or large ones: Le et al. 2011).
# * 001: plain full-batch descent should never be used; on small data L-BFGS or conjugate gradients win; on large data SGD usually beats all batch methods.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Our 400 sentences are **small data**, and L-BFGS wins: from pass {ahead} on it is below the minibatches of 100, and after {MANY_PASSES} passes at {best_so_far[-1]:.2f} nats against their "
    f"{of_hundred[-1]:.2f}. What the minibatches win is the beginning: after {PASSES} passes they are at {of_hundred[PASSES - 1]:.2f}, L-BFGS at {best_so_far[PASSES - 1]:.2f}. On large data the beginning is all "
    "that one can afford."
)
assert best_so_far[-1] < min(of_hundred)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Momentum
#
# Keep a part $\mu$ of the last step (001; the velocity $v$ starts at 0; $\mu = 0.9$ is common, often 0.5 first and up to 0.99 later):
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
# ## It is also a larger learning rate
#
# If the gradient stays $g$, then $v \to -\varepsilon g\,(1 + \mu + \mu^2 + \dots) = -\frac{\varepsilon}{1 - \mu}\, g$. With $\mu = 0.9$: ten times the step.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
momentum_curves = {
    "ε = 2": descend(sgd(2.0), 100, PASSES),
    "ε = 2, momentum 0.9": descend(sgd(2.0, 0.9), 100, PASSES),
    "ε = 20": descend(sgd(20.0), 100, PASSES),
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
# Far away, stride; near the bottom, the noise of the minibatch is larger than the gradient: small steps. From 001:
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
        passes, losses = descend(sgd(30.0), 20, 8, rate=rate)
        axes[1].plot(passes, losses, color=colour, label=name)
        ends.append(f"{name} {losses[-1]:.2f}")
    axes[0].set(xlabel="passes over the text", ylabel="learning rate", ylim=(0, 33))
    axes[1].set(xlabel="passes over the text", ylabel="training loss, nats")
    axes[0].legend(fontsize=12)
    figure.tight_layout()
plots.show(
    figure,
    "Three schedules, and the training losses to which they lead with minibatches of 20: "
    + "; ".join(ends),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## AdaGrad: a rate for each parameter
#
# *The* is in every sentence, *lighthouse* hardly ever. Why should they learn at one rate? Duchi et al. (2010) divide by what a
# parameter has seen so far:
#
# $$g_{t,i} = \frac{\partial J_t}{\partial \theta_i}, \qquad
# \theta_i \leftarrow \theta_i - \frac{\varepsilon}{\sqrt{\sum_{\tau=1}^{t} g_{\tau,i}^2}}\; g_{t,i}$$
#
# * Rare parameters get larger steps than frequent ones: **word vectors!** (001)
# * The first step of each parameter has length $\varepsilon$, whatever its gradient. No more guessing of scales.
# * The sum only grows, so the rate only falls: a schedule is built in. (Too much of one for long trainings: RMSProp and Adam let the sum forget.)
# * Socher et al. (2013, quoted in 001) trained a parser some of whose matrices occur in few sentences: better optima than with L-BFGS, by about 3% F1, and sooner.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Rare words keep large steps

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ADAGRAD_RATE = 1.0  # as for SGD, the best that we tried
sgd_passes, sgd_losses = batch_curves["minibatches of 100, ε = 60"]
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
    f"Minibatches of 100, both at the best rate that we tried: after {PASSES} passes AdaGrad is at **{adagrad_losses[-1]:.2f}** nats, SGD at **{sgd_losses[-1]:.2f}**."
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# What counts is not frequency itself, but how large the gradients were: after *near* there is always *the*, soon well predicted, and its steps stay large.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## First overfit, then regularise
#
# 001's order, and it is worth money: **if your model cannot learn twenty sentences by heart, there is a bug, or it is too small.** Only when it can, go on.

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
# | | add to $J$ | its gradient pulls … | what comes out |
# |---|---|---|---|
# | **L2**, weight decay | $\frac{\lambda}{2} \sum_i \theta_i^2$ | in proportion to the weight | small weights, none exactly 0 |
# | **L1** | $\lambda \sum_i \lvert \theta_i \rvert$ | with the same force always | few weights, the others exactly 0 |
# | **sparse activations** | a penalty on the units, such as $\lambda \sum_j \lvert h_j \rvert$, or on each unit's mean distance from a small target | at what units say, not at weights | few units speak at a time |
#
# And before all of these: **a smaller model**, fewer units, layers, parameters.
#
# Biases are usually spared: they say how frequent words are, and that is no overfitting.

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
tests = torch.zeros_like(part)
for sentence in text.test:
    ids = torch.tensor([vocab.bos, *vocab.encode(sentence), vocab.eos])
    tests.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), True)
start_bias = torch.log((part.sum(0) + 0.1) / (part.sum(0) + 0.1).sum())


def bigram_perplexity(penalty):
    """Fit bigram votes with an L2 penalty on the counts, and return the test perplexity."""
    votes = torch.zeros_like(part, requires_grad=True)
    bias = start_bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([votes, bias], max_iter=40, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = -(part * torch.log_softmax(votes + bias, 1)).sum() + penalty / 2 * (votes**2).sum()
        loss = loss / part.sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        return math.exp(-float((tests * torch.log_softmax(votes + bias, 1)).sum() / tests.sum()))


penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
by_penalty = [bigram_perplexity(penalty) for penalty in penalties]
by_delta = [AddDelta.fit(thousand, 2, delta).perplexity(text.test) for delta in penalties]
kneser_ney = ModifiedKneserNey.fit(thousand, 2).perplexity(text.test)
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9.5, 4.0))
    axis.loglog(
        penalties,
        by_penalty,
        marker="o",
        color=plots.BLUE,
        label=f"log-linear, L2 with λ: best {min(by_penalty):.1f}",
    )
    axis.loglog(
        penalties,
        by_delta,
        marker="s",
        color=plots.ORANGE,
        label=f"add δ: best {min(by_delta):.1f}",
    )
    axis.axhline(kneser_ney, color=plots.GREEN, label=f"modified Kneser–Ney: {kneser_ney:.1f}")
    axis.set(xlabel="λ (in counts), or δ", ylabel="test perplexity, bigrams")
    axis.set_yticks([15, 20, 30, 50, 100, 200], ["15", "20", "30", "50", "100", "200"])
    axis.minorticks_off()
    axis.legend()
plots.show(
    figure,
    f"Test perplexity of bigram models from 1000 sentences: the log-linear one with an L2 penalty is best at {min(by_penalty):.1f}, add-delta at {min(by_delta):.1f}, Kneser-Ney at {kneser_ney:.1f}.",
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
# **Early stopping**: keep the parameters that did best on the validation text, and stop when the best is some epochs ago (your *patience*). Never on the test text.
#
# **Dropout** (Hinton et al. 2012): in training, leave out each input of a unit with probability ½, anew for each example. A clue cannot rely on
# another clue being there: no co-adaptation.
#
# * With one layer of clues, as here, it is a middle way between naive Bayes (each clue learned alone) and a log-linear model (each one beside all others).
# * It is like training very many models that share weights, and using their average: *bagging*.
#
# At test time nobody is left out, so the sums would be twice as large. **Two conventions**:
#
# | | in training | at test time |
# |---|---|---|
# | 001, Hinton et al. | clue · mask | halve the weights |
# | today's libraries ("inverted") | clue · mask **/ ½** | nothing |

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Both keep the mean of the score
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
# ## On 400 sentences

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
runs = {
    "nothing": recite(400, 10, 0.3)[0],
    "L2": recite(400, 10, 0.3, weight_decay=3e-5)[0],
    "dropout ½": recite(400, 10, 0.3, dropout=0.5)[0],
}
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
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=12)
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
# ## What each of them brought

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
for name, found in runs.items():
    print(
        f"{name:10} best {found[:, 1].min():6.2f} after pass {found[:, 1].argmin():2}     at the end {found[-1, 1]:6.2f}"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# Here a little L2 is best, and dropout mostly slows the reciting down. That is this problem, with clues of one layer and 400 sentences: **measure it on yours.**

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The recipe (001)
#
# 1. **Choose a structure** that fits the task: single words, windows, sentences, documents; a bag of words, recursive, recurrent or convolutional. Then the nonlinearity.
# 2. **Check the gradients.**
# 3. **Initialise**: weights by Glorot's range, output biases by frequencies.
# 4. **Optimise**: minibatches; AdaGrad or momentum with a schedule.
# 5. **Can it overfit?** If not: change the structure, or make it larger. If yes: **regularise**.
#
# Bengio's *Practical Recommendations* (2012) go on from here. His list of hyperparameters: learning rate and its schedule, early stopping, size of the minibatch,
# initialisation, number of hidden units, weight decay. (And unsupervised pre-training: lecture 03.)
#
# How to search them all? *"Short answer: random hyperparameter search (!)"*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Random, not on a grid
#
# Nine trainings. The learning rate matters, the weight decay hardly: you do not know that beforehand. A grid tries **three** learning rates, each of them three times;
# chance tries **nine** (Bergstra and Bengio 2012).

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
one_back = WindowReader(vocab, window=1)
tiny = one_back.read(text.train[:150])
tiny_valid = one_back.read(text.valid[:150])


def try_out(rate, decay):
    """Return the validation perplexity after one pass of AdaGrad."""
    network = LogLinearNetwork(len(vocab), 1, back=1)
    settings = TrainingSettings(epochs=1, batch_size=64, learning_rate=rate, weight_decay=decay)
    return train(network, tiny, tiny_valid, settings, progress=False).valid_perplexities[-1]


rng = np.random.default_rng(3)
grid = [
    (rate, decay)
    for rate in 10.0 ** np.array([-3, -1.5, 0])
    for decay in 10.0 ** np.array([-8, -6.5, -5])
]
chance = list(10.0 ** np.column_stack([rng.uniform(-3.5, 0.5, 9), rng.uniform(-8.5, -4.5, 9)]))
tried = {
    "grid": (grid, [try_out(*each) for each in grid]),
    "random": (chance, [try_out(*each) for each in chance]),
}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.9))
    for (name, (places, values)), colour, marker in zip(
        tried.items(), (plots.ORANGE, plots.BLUE), "so", strict=True
    ):
        rates, decays = np.array(places).T
        axes[0].loglog(rates, decays, marker, color=colour, label=name)
        axes[1].loglog(rates, values, marker, color=colour, label=f"{name}: best {min(values):.1f}")
    axes[0].set(xlabel="learning rate", ylabel="weight decay", title="what was tried")
    axes[1].set(xlabel="learning rate", ylabel="validation perplexity", title="what came out")
    axes[0].legend(loc="center", bbox_to_anchor=(0.35, 0.5), frameon=True)
    axes[1].set_yticks([30, 50, 100, 200, 400], ["30", "50", "100", "200", "400"])
    axes[1].minorticks_off()
    axes[1].legend()
    figure.tight_layout()
plots.show(
    figure,
    "Nine settings on a grid and nine at random: validation perplexity depends on the learning rate and hardly on weight decay; the grid has tried three rates, chance nine. "
    + ", ".join(f"best of {name}: {min(values):.1f}" for name, (_, values) in tried.items()),
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
(_, of_grid), (_, of_chance) = tried.values()
plots.say(
    f"The best of the grid: **{min(of_grid):.1f}**; of chance: **{min(of_chance):.1f}**. One draw decides nothing. But of the curve on the right the grid knows three points, and chance knows nine: the grid's best is "
    "good only because one of its three happened to lie near the bottom."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Now let the clues vote
#
# All of the training text. Four words back, each distance with its own votes: *on … the* no longer has to be seen together with *roof*.

# %% slideshow={"slide_type": "-"}
four_back = LogLinearNetwork(len(vocab), window=4, back=4)
reader_four = WindowReader(vocab, window=4)
settings = TrainingSettings(epochs=2, batch_size=1024, optimizer="adagrad", learning_rate=0.2)
examples, valid = reader_four.read(text.train), reader_four.read(text.valid)
history = train(four_back, examples, valid, settings, progress=False)
print(f"{four_back.n_weights:,} weights")
print("validation perplexity by pass:", [round(each, 2) for each in history.valid_perplexities])

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What a clue votes for
#
# The largest votes of a word that stands **two back**, whatever stands between:

# %% slideshow={"slide_type": "-"}
for clue in ("on", "in", "near", "until", "and"):
    votes = four_back.votes_of(vocab.encode([clue])[0], distance=2)
    best = votes.argsort(descending=True)[:4].tolist()
    print(f"{clue:6} ...", *(f"{vocab.words[word]:>10} {votes[word]:+.1f}" for word in best))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nobody wrote that list. The features say *where to look*; the votes were learned.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One more clue, made by hand
#
# We know this language: a noun comes back, anywhere. So we say to the model: **look at all words of the sentence so far, wherever they stand.** One table of votes more.

# %% slideshow={"slide_type": "-"}
WHOLE = 40  # words back: hardly a sentence is longer
with_trigger = LogLinearNetwork(len(vocab), window=WHOLE, back=2, anywhere=True)
reader_whole = WindowReader(vocab, window=WHOLE)
examples, valid = reader_whole.read(text.train), reader_whole.read(text.valid)
history = train(with_trigger, examples, valid, settings, progress=False)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
models = {
    "Kneser–Ney, order 5": ModifiedKneserNey.fit(text.train, 5),
    "4 words back": NeuralLanguageModel(four_back, reader_four),
    "2 back + anywhere": NeuralLanguageModel(with_trigger, reader_whole),
}
all_scores = {name: Scores.of(model, grammar, text.test) for name, model in models.items()}
print(f"{'test perplexity':22} all tokens   returning noun")
for name, each in all_scores.items():
    print(f"{name:22} {each.perplexity():10.2f} {each.perplexity(Slot.RETURNING_NOUN):16.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## At every distance

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
bins = [(4, 4), (5, 6), (7, 8), (9, 11), (12, 16), (17, 99)]
names = [f"{low}" if low == high else f"{low}–{high}" for low, high in bins[:-1]] + ["17 +"]
remembered = floor.perplexity_by_slot()[Slot.RETURNING_NOUN]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10, 4.6))
    for (name, each), colour, marker in zip(
        all_scores.items(), (plots.GREEN, plots.BLUE, plots.ORANGE), "s^o", strict=True
    ):
        values = [each.perplexity(Slot.RETURNING_NOUN, at=ends) for ends in bins]
        axis.plot(names, values, marker=marker, color=colour, label=name)
    blind = grammar.blind_perplexity()
    axis.axhline(blind, color=plots.RED, linestyle="--", label=f"without remembering: {blind:.0f}")
    axis.axhline(remembered, color=plots.RED, label=f"floor, remembering: {remembered:.1f}")
    axis.set(
        xlabel="distance between the two nouns",
        ylabel="perplexity at the second noun",
        yscale="log",
        ylim=(1.4, 300),
    )
    axis.set_yticks([2, 5, 10, 20, 50, 100, 500], ["2", "5", "10", "20", "50", "100", "500"])
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
plots.show(
    figure,
    "Perplexity at the returning noun against its distance: Kneser-Ney and the log-linear model with four words back do well at distance 4 only, and are above the blind value from distance 7 on; the one with the hand-made clue stays near the floor, and rises slowly with the distance.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Who writes the features?
#
# One line of knowledge did what no longer window can: the noun is remembered at every distance.
#
# But **we** wrote that line, because we wrote the language. Who tells us for English that *conductor* and *applause* belong together, that the bank of a
# river is no bank, that a bracket wants to be closed?
#
# * Each clue votes by itself: *hungry* and *cooks* cannot agree on something that neither says alone.
# * *captain* and *captains* are as different as *captain* and *and*. Nothing is shared.
#
# The twist of what comes next (001): **the features, and their transformations in a hidden layer, are learned too.** Lecture 03.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, one more rung, and one that is lent

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
ladder.measure("trigram, add 0.01", AddDelta.fit(text.train, 3, 0.01), grammar, text.test)
for n in (3, 5):
    ladder.measure(
        f"modified Kneser–Ney, order {n}", ModifiedKneserNey.fit(text.train, n), grammar, text.test
    )
ladder.measure("log-linear, 4 words back", models["4 words back"], grammar, text.test)
ladder.measure("log-linear, clue made by hand", models["2 back + anywhere"], grammar, text.test)
ladder.draw()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Clues vote, votes add up, exp and Z make a distribution. The gradient is *observed minus expected*; with bigram clues it leads to the bigram counts.
# * Back-propagation: forward in topological order, backward in reverse, at each node the sum over its successors. Once per arc, for all gradients.
# * Check gradients with central differences in float64. The error against ε is a V; a bug is a plateau. If it fails, simplify until it does not.
# * tanh or ReLU; Glorot's range; output biases from log frequencies.
# * Minibatches, with momentum and a schedule, or AdaGrad. Compare optimisers only at each one's best rate.
# * Overfit first. Then L2, L1, early stopping, dropout. Search hyperparameters at random.
# * One good feature beats a longer window. But somebody has to know it.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Show that adding the same number to all scores changes no probability. What does it do to the gradient?
# 2. Add `sigmoid` and `divide` to `RULES` and `FlowTable`, and check them. Then write $p(w \mid c)$ with `divide` and find its gradient.
# 3. Repeat the batch-size figure with half and with twice the learning rate of each curve. How does the best rate depend on the batch size? What happens to the full batch at 40?
# 4. Draw the V for a function with a kink: $J(\theta) = \max(0, \theta)$ at $\theta = 10^{-6}$. Where does the check break down?
# 5. Let weights start at 0 in a network with one hidden layer of four tanh units (`TinyModel` with `start` zero). Which gradients are 0, and which units ever differ?
# 6. The hand-made clue counts words as often as they occur. Restrict it to nouns (`grammar.tags`). Does it come nearer to the floor?
# 7. Replace tanh by the logistic function in the ten-layer figure, with Glorot's range and with four times it.
#
# ## Sources
#
# * Slides *Language models* (000): log-linear models, eq. 2.
# * Slides in 001: chain rule in flow graphs, back-propagation, automatic differentiation; nonlinearities; gradient checks and simplification; initialisation; SGD, momentum, schedules,
#   AdaGrad; regularisation, early stopping, dropout; general strategy; tricks of the trade.
# * Rosenfeld (1996), *A maximum entropy approach to adaptive statistical language modelling*: triggers.
# * Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*; Glorot, Bordes, Bengio (2011), *Deep sparse rectifier neural networks*; Goodfellow et
#   al. (2013), *Maxout networks*.
# * Duchi, Hazan, Singer (2010, 2011), *Adaptive subgradient methods for online learning and stochastic optimization*; Le et al. (2011), *On optimization methods for deep learning*;
#   Socher et al. (2013), *Parsing with compositional vector grammars*.
# * Hinton et al. (2012), *Improving neural networks by preventing co-adaptation of feature detectors*; Bengio (2012), *Practical recommendations for gradient-based training of
#   deep architectures*; Bergstra, Bengio (2012), *Random search for hyper-parameter optimization*.
