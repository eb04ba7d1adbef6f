# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 Log-linear models and their gradients
#
# ## *The sly badgers hide on the …*
#
# Roof? Hill? Which word told you? Not *the*. It was *on*, two words back.
#
# ## *The hungry cooks cook in the garden until the evening and the …*
#
# And here it was *cooks*, ten words back. **Today clues vote, wherever they stand.** And a machine finds every gradient.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 60 minutes. The story: clues vote, and the gradient is observed minus expected (17 min); a machine that finds every gradient (18);
# how to know that a gradient is right (12); and what clues bring on the ladder (11). The questions to the hall are in these minutes. Run all cells before
# the lecture. The lecturer's page, with timings slide by slide: `solutions/lecturers/02_loglinear.md`.

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
#
# We want to ask each clue **by itself**, let it vote for every word, and add up the votes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A log-linear model
#
# A **feature vector** $f(w, c)$ says which clues there are for word $w$ in context $c$; $\beta$ says how much each one counts (slides 000, eq. 2):
#
# $$p(w \mid c) = \frac{\exp\big(\beta \cdot f(w, c)\big)}{\sum_v \exp\big(\beta \cdot f(v, c)\big)}$$
#
# * $\beta \cdot f(w, c)$ is the **score**: the sum of the votes. Any number.
# * $\exp$ makes it positive; the sum over all words, $Z(c)$, makes it a distribution.
#
# $\log p$ is linear in $\beta$, up to $\log Z$: hence the name. Also: maximum entropy, multinomial logistic regression, **softmax classifier**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A log-linear model by hand
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
# ## Before you look: one vote more
#
# *roof* gets one vote more: its score rises by 1, the others stay. What happens to $p(\textit{roof})$?
#
# * **A**: it is multiplied by $e$
# * **B**: it rises by the same amount, whatever it was
# * **C**: its *odds* are multiplied by $e$

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A; it is nearly right while p is small, so let them find a case where it must be wrong (p above 1/e). Reply: exp is multiplied by e, and Z grows too. What is
# multiplied exactly is p / (1 - p). B is what linear regression teaches.

# %% slideshow={"slide_type": "fragment"}
for start in (-3.0, scores[0], 6.0):
    p = [np.exp(s) / (np.exp(s) + weights[1:].sum()) for s in (start, start + 1)]
    odds = [each / (1 - each) for each in p]
    print(
        f"p from {p[0]:.3f} to {p[1]:.3f}: times {p[1] / p[0]:.2f}      odds times {odds[1] / odds[0]:.3f}"
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What may be a feature?
#
# Anything computed from $w$ and $c$ (000):
#
# | 1 if … | example | counting could |
# |---|---|---|
# | $w$ is this word | *roof* | unigram |
# | $w$ after that word | *the roof* | bigram |
# | a word **two back** | *on … roof* | no: skip |
# | … **anywhere** before | *badgers … roof* | no: trigger |
# | $w$ ends in *-s*, the noun did | *cooks … smile* | no |

# %% [markdown] slideshow={"slide_type": "fragment"}
# The price: **$Z$ needs the score of every word**, for each prediction. An n-gram model looks up one number.

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

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: when learning stops
#
# After *hide on the* the text has *roof* three times and *hill* once; the model has learned all it can. What is the gradient of **each single** example?
#
# * **A**: 0
# * **B**: not 0, but the four add up to 0
# * **C**: not 0, and neither is their sum

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: "at the minimum the gradient is 0". Reply: the gradient of the sum is. Each single example still pulls: one *roof* says more roof, the one *hill* says more hill, three times as strongly.
# Keep this: it is why SGD with a constant step never comes to rest (lecture 02b).

# %% slideshow={"slide_type": "fragment"}
at_rest = np.array([0.75, 0.25])  # the model's p of roof and hill
roof, hill = np.array([1, 0]) - at_rest, np.array([0, 1]) - at_rest
print("observed minus expected, for 'roof':", roof, "  for 'hill':", hill)
print("three times 'roof' and once 'hill': ", 3 * roof + hill)

# %% slideshow={"slide_type": "skip"}
# How often each word follows each word: the counts of lecture 01 in one table.
counts = torch.zeros(len(vocab), len(vocab))
for sentence in text.train:
    ids = torch.tensor([vocab.bos, *vocab.encode(sentence), vocab.eos])
    counts.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), accumulate=True)
seen = counts.sum(1) > 0
observed = counts[seen] / counts[seen].sum(1, keepdim=True)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A test without a computer: bigram features
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
# ## Gradient steps walk to the counts

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
    axes[0].legend()
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
# ## Learned and counted, after a thousand steps

# %% slideshow={"slide_type": "-"}
last = snapshots[1000]
print(f"largest difference between model and counts:  {(last - observed).abs().max():.4f}")
print(f"training perplexity: {perplexities[-1]:.4f} against {limit:.4f} by counting")
print(f"largest probability of a bigram never seen: {last[observed == 0].max():.1e}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# What was never seen should get probability 0, so its weight runs to $-\infty$ and never arrives. The trouble of lecture 01 has come along. Its cure will look
# different: *regularisation*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two clues, learned in ten lines
#
# One table of votes for the word before, one for the word two back. Learn from each word as it comes: observed minus expected.

# %% slideshow={"slide_type": "-"}
def learn_by_votes(sentences, V, rate=0.3):
    one_back, two_back = np.zeros((V, V)), np.zeros((V, V))
    for sentence in sentences:
        for two, one, word in zip(sentence, sentence[1:], sentence[2:], strict=False):
            votes = np.exp(one_back[one] + two_back[two])
            change = -votes / votes.sum()  # expected
            change[word] += 1  # observed
            one_back[one] += rate * change
            two_back[two] += rate * change
    return one_back, two_back


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two clues, on two texts
#
# Our language, and Python's documentation with the words that occur five times or more:

# %% slideshow={"slide_type": "-"}
texts = [("grammar", text, 1), ("Python's docs", corpora.load("python-docs"), 5)]
for name, corpus, least in texts:
    its = Vocabulary.build(corpus.train, min_count=least)
    part, new = (
        [[its.bos, its.bos, *its.encode(s), its.eos] for s in of]
        for of in (corpus.train[:1500], corpus.test[:300])
    )
    one_back, two_back = learn_by_votes(part, len(its))
    losses = []
    for s in new:
        for two, one, word in zip(s, s[1:], s[2:], strict=False):
            score = one_back[one] + two_back[two]
            losses.append(np.log(np.exp(score).sum()) - score[word])
    print(f"{name:14} uniform {len(its):5,}   after one pass {np.exp(np.mean(losses)):6.1f}")
    for clue, places in (("the", one_back), ("in", two_back)):
        best = np.argsort(-places[its.encode([clue])[0]])[:4]
        print(f"   {clue!r} votes for", *(its.words[i] for i in best))

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
    Arrow("x", "a", "∂a/∂x = 3", side="above"),
    Arrow("x", "b", "∂b/∂x = 2x = 4", side="below"),
    Arrow("a", "y", "∂y/∂a = b = 4", side="above"),
    Arrow("b", "y", "∂y/∂b = a = 6", side="below"),
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
# ## Before you look: two ways to y
#
# $x = 2$, $a = 3x = 6$, $b = x^2 = 4$, $y = ab = 24$. The arcs say 3 and 4, then 4 and 6. What is $\partial y / \partial x$?
#
# * **A**: 12
# * **B**: 24
# * **C**: 36
# * **D**: 288

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# All four are said: A took the path through a only, B the one through b only, D multiplied all arcs. Let two of them explain their answer to each other before you show the sum. Check by hand:
# y is 3 times x cubed. A and B are the bug of assignment 02 that trains, worse, and says nothing.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **C.** Through $a$: $4 \cdot 3 = 12$. Through $b$: $6 \cdot 4 = 24$. A change of $x$ runs down *both*, so they **add**.

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
# 2. **Backward**: give the output the gradient 1. Visit in reverse order, and sum over the successors:
#
# $$\frac{\partial y}{\partial x} = \sum_{s \,\in\, \text{successors}(x)} \frac{\partial y}{\partial s}\,\frac{\partial s}{\partial x}$$

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two mistakes, both silent: **one path for all** (an `=` for a `+=`), and **a node before all of its successors are done**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A flow graph in a screenful
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
# ## More nodes: a function and its derivative
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
# ## The backward pass, as the formula says
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
# ## Back-propagation in a network of layers
#
# $h^{(l)} = f(z^{(l)})$ with $z^{(l)} = h^{(l-1)} W^{(l)}$. The **error** that arrives at a layer is $\delta^{(l)} = \partial J / \partial z^{(l)}$; at the softmax it is *predicted minus observed*. Every unit above is a successor: the sum becomes a matrix product.
#
# $$\delta^{(l)} = \big(\delta^{(l+1)}\, W^{(l+1)\top}\big) \circ f'\big(z^{(l)}\big), \qquad
# \frac{\partial J}{\partial W^{(l)}} = h^{(l-1)\top}\, \delta^{(l)}$$
#
# 001 (eq. 59) has columns: $\delta^{(l)} = (W^{(l)\top} \delta^{(l+1)}) \circ f'(z^{(l)})$.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **In a recurrent network all these matrices are the same one**: remember this in lecture 05.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How do you know that your gradient is right?
#
# A wrong gradient does not crash: it trains, worse. So **check** (001): move a parameter a little, and look.
#
# $$\text{one-sided:}\quad \frac{J(\theta + \varepsilon) - J(\theta)}{\varepsilon} \qquad\qquad
# \text{central:}\quad \frac{J(\theta + \varepsilon) - J(\theta - \varepsilon)}{2\,\varepsilon}$$
#
# One parameter after the other, and compare, *relative* to its size. Or all at once: move along a
# random direction $d$ and compare with $\nabla J \cdot d$.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how small should ε be?
#
# Central differences, float64. $\varepsilon$ goes from $10^{-1}$ down to $10^{-13}$. The error of the check, sketched on logarithmic axes:
#
# * **A**: falls all the way
# * **B**: falls, then stays flat
# * **C**: falls, then rises

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say A (the derivative is a limit) or B (until the machine's precision is reached). Reply: two nearly equal losses are subtracted; what is left are their last digits, and these are divided by
# ever smaller ε. The next slide has both slopes, the one after it the picture. Board: draw the axes, let a volunteer draw.

# %% slideshow={"slide_type": "fragment"}
for e in (1e-1, 1e-4, 1e-6, 1e-9, 1e-13):
    estimate = (np.exp(1 + e) - np.exp(1 - e)) / (2 * e)
    print(f"derivative of exp at 1, ε = {e:.0e}:   relative error {abs(estimate / np.e - 1):.0e}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Truncation and rounding: two errors of the check
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
# ## The figure to remember: the V of a gradient check

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
# ## Where the V is lowest

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
# ## What a gradient check costs
#
# Two evaluations of the loss for each parameter, against one walk through the graph for all of them:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
model.run(model.start)
print(
    f"tiny model:      {model.n:9,} parameters: {2 * model.n:9,} evaluations, or 1 backward walk over {model.size} arcs"
)
size = len(vocab) ** 2
print(f"bigram features: {size:9,} parameters: {2 * size:9,} evaluations of the whole loss")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What fools a gradient check
#
# Check on a tiny model, and only while you build. Beware of
#
# * a **kink** (ReLU at 0): the two sides see different slopes. Move the point;
# * **chance** (dropout, a new minibatch): fix the seed;
# * **saturated** or zero units: gradient 0 is easy to get right. Check at random weights;
# * a loss that counts the regulariser in one place and not in the other.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The check fails, and you do not know why: simplify (001)
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
# The third rung is the first that has a $\tanh$. The bug computes $1 - z^2$ where $1 - \tanh^2 z$ is meant. On the full network a needle in a haystack; here the only new thing.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
worst = max(TinyModel(**options).error(1e-4) for _, options in rungs)
print(f"with the right rule the largest error over all eight rungs is {worst:.0e}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four clues vote, on all of the text
#
# All of the training text, torch in place of our loop. Four words back, each distance with its own votes: *on … the* no longer has to be seen together with *roof*.
# (AdaGrad takes care of the length of each step: lecture 02b.)

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
# ## Before you look: the same four words
#
# Kneser–Ney of order 5 and this model look at the **same** four words. Overall test perplexity: who is ahead?
#
# * **A**: Kneser–Ney: it knows whole sequences
# * **B**: the votes: they need not have seen them together
# * **C**: the same, they have the same information

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# C is popular, and the most useful mistake: same information is not same model. Reply: what differs is what must have been *seen together*. Where the next word depends on one word (place after preposition)
# votes win; where two words must be read together, counting wins. Look at both columns of the table.

# %% slideshow={"slide_type": "fragment"}
counted, voted = ModifiedKneserNey.fit(text.train, 5), NeuralLanguageModel(four_back, reader_four)
for name, model in (("Kneser–Ney, order 5", counted), ("votes, 4 words back", voted)):
    print(f"{name:20} {model.perplexity(text.test):6.2f}")

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
    "Kneser–Ney, order 5": counted,
    "4 words back": voted,
    "2 back + anywhere": NeuralLanguageModel(with_trigger, reader_whole),
}
all_scores = {name: Scores.of(model, grammar, text.test) for name, model in models.items()}
print(f"{'test perplexity':22} all tokens   returning noun")
for name, each in all_scores.items():
    print(f"{name:22} {each.perplexity():10.2f} {each.perplexity(Slot.RETURNING_NOUN):16.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The returning noun, at every distance

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
    f"Perplexity at the returning noun against its distance, at 4, at 7 to 8, and at 17 and more; {blind:.0f} without remembering, {remembered:.1f} at best. "
    + "; ".join(
        f"{name}: "
        + ", ".join(f"{each.perplexity(Slot.RETURNING_NOUN, at=bins[n]):.1f}" for n in (0, 2, -1))
        for name, each in all_scores.items()
    )
    + ".",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Who writes the features?
#
# One line of knowledge did what no window can, however long. But **we** wrote that line, because we wrote the language.
#
# * Each clue votes by itself: *hungry* and *cooks* cannot agree on something that neither says alone.
# * *captain* and *captains* are as different as *captain* and *and*. Nothing is shared.
#
# The twist of deep learning (001): **features, and their transformations in a hidden layer, are learned too.** Lecture 03.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, with the log-linear rungs

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

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
*_, counted_rung, votes_rung, lent_rung = ladder.rungs
plots.say(
    f"Of all tokens the votes have {votes_rung.perplexity:.2f} and Kneser–Ney, from the same four words, {counted_rung.perplexity:.2f}; at the noun {votes_rung.at_noun:.0f} and {counted_rung.at_noun:.0f}. "
    "**A rung may be better in one column and worse in the other**: votes need not have seen words together, and cannot read them together. "
    f"The last rung ({lent_rung.at_noun:.1f} at the noun) is lent: its clue is what we know, who wrote the language."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Clues vote, votes add up, exp and Z make a distribution.
# * The gradient is *observed minus expected*; with bigram clues it leads to the bigram counts.
# * Back-propagation: forward in topological order, backward in reverse, at each node the sum over its successors.
# * Check gradients with central differences in float64. The error against ε is a V; a bug is a plateau.
# * One good feature beats a longer window. But somebody has to know it.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Show that adding the same number to all scores changes no probability. What does it do to the gradient?
# 2. Add `sigmoid` and `divide` to `RULES` and `FlowTable`, and check them. Then write $p(w \mid c)$ with `divide` and find its gradient.
# 3. Draw the V for a function with a kink: $J(\theta) = \max(0, \theta)$ at $\theta = 10^{-6}$. Where does the check break down?
# 4. Let weights start at 0 in a network with one hidden layer of four tanh units (`TinyModel` with `start` zero). Which gradients are 0, and which units ever differ?
# 5. The hand-made clue counts words as often as they occur. Restrict it to nouns (`grammar.tags`). Does it come nearer to the floor?
#
# ## Sources
#
# * Slides *Language models* (000): log-linear models, eq. 2.
# * Slides in 001: chain rule in flow graphs, back-propagation, automatic differentiation; gradient checks and simplification.
# * Rosenfeld (1996), *A maximum entropy approach to adaptive statistical language modelling*: triggers.
