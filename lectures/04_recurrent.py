# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 04 One set of weights for every step
#
# ## *… and the ____*
#
# Here is the beginning of a sentence. Which noun comes next? You have a good guess, because you **read** the sentence: a word at a time, with something in mind that each
# word changes a little. A window has no such thing.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 75 minutes. The story: from window to state (15 min); loss on every step, teacher forcing, masks (10); why gradients of a repeated weight add up, and BPTT line by
# line (20); train, and look back through time (15); let it run free (10); characters, cost, recap (10). Run all cells before the lecture; it takes about half a minute. Timings by
# slide, board work and what to do when a demo fails: `solutions/lecturers/04_recurrent.md`. The
# notes of each slide can be read aloud.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Let me read you the beginning of a sentence, and you say the noun that comes next. You all had it. None of you went back to count how often the last four words stood together:
# you read once, from left to right, and kept what mattered. Look at the two lines below. The truth knows the noun. Counting, which looks at four words, does not. Today we build
# a network that reads as you do: a word at a time, with a state that each word changes a little.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

import itertools
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.dynamics.drift import Drift
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.characters import CharacterModel, TextStream
from nextword.models.evaluation import Scores
from nextword.models.neural import TemperatureError, WindowNetwork
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.models.recurrent import RecurrentNetwork, recurrent_model, shares_by_step
from nextword.pictures import plots
from nextword.pictures.coloured_text import coloured_text
from nextword.pictures.graph_drawing import Arrow, Box, draw_flow_graph
from nextword.pictures.ladder import Ladder
from nextword.pictures.live import LiveLoss
from nextword.pictures.sliders import Slider, show_live
from nextword.recorded import made, recorded, recorded_arrays
from nextword.text.batching import SentenceReader
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
kneser_ney = {order: ModifiedKneserNey.fit(text.train, order, vocab) for order in (3, 5)}


def guesses(distribution, words, n=4):
    best = np.argsort(-distribution)[:n]
    return "   ".join(f"{words[number]} {distribution[number]:.2f}" for number in best)


def truth(prefix):
    found = grammar.next_distribution(prefix)
    return np.array([found.get(word, 0.0) for word in vocab.words])


story = next(
    s
    for s in text.test
    if 10 <= grammar.distance(s) <= 12 and s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]
)
place = grammar.returning_index(story)
prefix = story[:place]
counted = kneser_ney[5].next_distribution(["<s>", *prefix])
print(" ".join(prefix), "…\n")
print("truth             ", guesses(truth(prefix), vocab.words))
print("Kneser–Ney, n = 5 ", guesses(counted, vocab.words))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three defects of the window
#
# | a window (lecture 03) | what we want |
# |---|---|
# | is blind beyond its edge | input of **any length** (slides 003) |
# | has a block of weights for each place | **the same weights** wherever a word stands |
# | grows with the history it looks at | the same size for every history |
#
# One idea mends them all: *condition the network on all previous words, and tie the weights at each time step* (001).

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Last time we built a network with a window, and three things were wrong with it. Beyond its edge it is blind. It has a block of weights for each place, so it learns nouns once
# for one word back and again for three words back. And a longer history needs a larger network. The sentence at the bottom, out of 001, is the whole idea of today, and it repairs all three at once: condition on everything, and tie the weights.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A network with a state
#
# $$h_t = \tanh(e_t W_x + h_{t-1} W_h + b) \qquad\qquad \hat y_t = \text{softmax}(h_t U + c)$$
#
# * $e_t$: the vector of the word just read, a row of $E$, as in lecture 03;
# * $h_t$: the **state**, all that the network keeps of everything it has read;
# * $h_0$: the state before the first word. It is **learned**, like everything else (000).
#
# The same happens at every word: what is in mind ($W_h$) is mixed with what is read ($W_x$), and squashed.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Read the formula from the inside. We have the vector of the word that was just read, and the state that was there before. Each goes through its own matrix, we add a bias, and
# tanh squashes the sum, so that no number of the state is ever larger than one. Then the state alone predicts the next word. One thing is easily overlooked: something has to be
# there before the first word. We do not set it to zero; it is a vector like any other, and it is learned.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Folded, and unrolled in time

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Both drawings are the same network. On the left it is folded, and the arrow that leads from h to itself says: next time. On the right we have unrolled it over four words.
# Follow one colour with your eyes. Every orange arrow is the same matrix, not a copy that may drift away. And keep the green boxes in mind: there is a loss at every word, not
# only at the end. The unrolled network is an ordinary graph without cycles, and such graphs we can differentiate since lecture two.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
read_words = ["<s>", "students", "opened", "their"]
next_words = ["students", "opened", "their", "books"]
boxes = {
    "x": Box(0, 0, "word", plots.BLACK),
    "h": Box(0, 1.5, "h", plots.ORANGE),
    "y": Box(0, 3, "ŷ", plots.RED),
    "h0": Box(1.35, 1.5, "h₀", plots.PURPLE),
}
arrows = [
    Arrow("x", "h", "$E, W_x$", plots.BLUE),
    Arrow("h", "y", "U", plots.RED),
    Arrow("h0", "h1", "$W_h$", plots.ORANGE),
]
for t, (word, following) in enumerate(zip(read_words, next_words, strict=True), 1):
    column = 1.35 + 1.4 * t
    boxes |= {
        f"x{t}": Box(column, 0, word, plots.BLACK),
        f"h{t}": Box(column, 1.5, f"h{'₀₁₂₃₄'[t]}", plots.ORANGE),
        f"y{t}": Box(column, 3, f"ŷ{'₀₁₂₃₄'[t]}", plots.RED),
        f"J{t}": Box(column, 4.5, f"J{'₀₁₂₃₄'[t]}: {following}?", plots.GREEN),
    }
    arrows += [
        Arrow(f"x{t}", f"h{t}", "$E, W_x$", plots.BLUE),
        Arrow(f"h{t}", f"y{t}", "U", plots.RED),
        Arrow(f"y{t}", f"J{t}", "", plots.GREEN),
    ]
    if t > 1:
        arrows.append(Arrow(f"h{t - 1}", f"h{t}", "$W_h$", plots.ORANGE))
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12.5, 4.7))
    draw_flow_graph(axis, boxes, arrows, fontsize=14)
    axis.annotate(
        "", (-0.12, 1.72), (-0.12, 1.28),
        arrowprops={"arrowstyle": "-|>", "color": plots.ORANGE, "lw": 1.8, "mutation_scale": 18,
                    "connectionstyle": "arc3,rad=-2.2"},
    )  # fmt: skip
    axis.text(-0.75, 1.5, "$W_h$", color=plots.ORANGE, fontsize=14, ha="center", va="center")
    axis.text(
        -0.9,
        4.5,
        "J: minus log of the\nprobability of the\nword that follows",
        color=plots.GREEN,
        fontsize=14,
        va="center",
        ha="left",
    )
    axis.set_xlim(-1.0, 7.8)
plots.show(
    figure,
    "Left, the network folded: a word leads to the state h, h to the output, and h to itself. Right, unrolled over four words: h0 to h1 to h2 to h3 to h4, each arrow the same W_h; each state "
    "gets its word through the same E and W_x, gives a prediction through the same U, and each prediction has a loss: minus the logarithm of the probability of the word that follows.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Four copies in the drawing, **one** set of weights: same colour, same numbers. (002, Figs 1 and 2; slides 003.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Three notations, one network
#
# | | slides 000 | slides 003 | 002 |
# |---|---|---|---|
# | input, state | $x_t$, $h_t$ | $e^{(t)}$, $h^{(t)}$ | $\mathbf u_t$, $\mathbf x_t$ |
# | one step | $f(W^{(hh)} h_{t-1} + W^{(hx)} x_t)$ | $\sigma(W_h h^{(t-1)} + W_e e^{(t)} + b_1)$ | $W_{rec}\, \sigma(\mathbf x_{t-1}) + W_{in} \mathbf u_t + b$ |
# | prediction | $\text{softmax}(W^{(S)} h_t)$ | $\text{softmax}(U h^{(t)} + b_2)$ | none: $\mathcal E_t = \mathcal L(\mathbf x_t)$ |
# | first state | learned $h_0$ | $h^{(0)}$ | given, zero or learned |
#
# Our code writes `np.tanh(e_t @ W_x + h @ W_h + b)` and `h_t @ U + c`; `E`, `h0` as above.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# You will read papers, so here are three ways to write it. The slides called 000 and 003 agree with us but for letters. The paper of Pascanu and others, 002, is truly different
# in one place: it puts the nonlinearity inside, around the old state, before the matrix. Our own code writes rows, so each vector stands on the left of its matrix.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Traps between the notations
#
# * $x_t$ is the **input** in 000 and the **state** in 002.
# * $U$ leads to the output in 003 and in our code; $\mathbf u_t$ is the input in 002.
# * 002 has the nonlinearity **inside**: its state is ours before the squashing. Its footnote 1 says that the two behave the same. In derivatives the slope of $\sigma$ changes
#   places (lecture 05).
# * Columns there, rows in our code: each matrix is the transpose.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Do not learn these by heart. Come back to this slide when a formula in a paper and your code disagree. The dangerous one is the first: x is what goes in, in one source, and the
# state in another.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Three steps of the network by hand
#
# Five words, two features, three units in the state:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Five words, two features, three units, numbers drawn at random, so that nobody can guess the answer. Read the three lines aloud with me: the word zero and the learned beginning
# give h one; the word four and h one give h two; the word one and h two give h three. Only one number of each line changes, and what stands before it. Then three predictions,
# and the mean of three losses.

# %% slideshow={"slide_type": "-"}
rng = np.random.default_rng(0)
V, m, H = 5, 2, 3
E, W_x, W_h = rng.normal(size=(V, m)), rng.normal(size=(m, H)), rng.normal(size=(H, H))
b, h0, U, c = (rng.normal(size=shape) for shape in (H, H, (H, V), V))
inputs, targets = [0, 4, 1], [4, 1, 3]

h1 = np.tanh(E[0] @ W_x + h0 @ W_h + b)
h2 = np.tanh(E[4] @ W_x + h1 @ W_h + b)
h3 = np.tanh(E[1] @ W_x + h2 @ W_h + b)
logits = np.array([h1 @ U + c, h2 @ U + c, h3 @ U + c])
log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
J = -np.mean(log_p[[0, 1, 2], targets])
print("h3 =", h3.round(4), "    J =", J.round(4))


# %% [markdown] slideshow={"slide_type": "fragment"}
# The second line cannot begin before the first has ended. Remember that.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One sentence, read in a loop
#
# The three lines differ only in the word that is read. So write the line **once**:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Three lines that differ only in the word: a programmer writes a loop. Here it is. The state comes in, the word is read, the state goes out, and on the way we note what the next
# word cost. The assertion below compares it with the three lines by hand. Look for the length of the sentence in this function. It is not there. That is what we meant by input
# of any length.

# %% slideshow={"slide_type": "-"}
def read_sentence(ids, E, W_x, W_h, b, h0, U, c):
    """The states after each word of one sentence, and the nats that each next word costs."""
    h, states, nats = h0, [], []
    for word, following in itertools.pairwise(ids):
        h = np.tanh(E[word] @ W_x + h @ W_h + b)
        scores = h @ U + c
        states.append(h)
        nats.append(np.log(np.exp(scores).sum()) - scores[following])
    return np.array(states), np.array(nats)


states_by_loop, nats_by_loop = read_sentence([*inputs, targets[-1]], E, W_x, W_h, b, h0, U, c)
print("mean of the losses", nats_by_loop.mean().round(4), "   by hand", J.round(4))
assert np.allclose(states_by_loop[-1], h3)
assert np.isclose(nats_by_loop.mean(), J)


# %% [markdown] slideshow={"slide_type": "fragment"}
# That is the whole network. Nothing in it says how long a sentence is. (Your assignment: many sentences at a time, of different lengths, and all that can go wrong then.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What a recurrent network promises, and what it costs
#
# | slides 003 say | |
# |---|---|
# | **+** any length of input | |
# | **+** *can (in theory)* use what was many steps back | we will measure it |
# | **+** its size does not grow with the context | next slide |
# | **+** the same weights at every step | the same $W_x$ at every place |
# | **−** recurrent computation is slow | one step after the other |
# | **−** in practice, hard to reach many steps back | lecture 05 says why |

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# These are the claims of slides 003, four for and two against. Keep the words *in theory* in the second line. A network can use what stood many words back; nobody has said that
# it does. We will measure that in half an hour, and explain it in the next lecture. The third line is a question to you.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how many weights does it need?
#
# A window network with 50 features and 128 hidden units grows by $50 \cdot 128$ weights with each word that it looks at. Our recurrent network looks at **all** words so far. How many weights has it?
#
# * **A**: fewer than a window of 4
# * **B**: as many as a window of 4 to 8
# * **C**: more than a window of 16

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# One minute by yourself, then compare with your neighbour, then hands. Most say C: more memory needs more weights. Ask which matrix grows when the sentence grows. None: each
# word meets the same matrix, and what is kept has always the same size. A is right. The square matrix of the state costs as much as two and a half words of a window, and it pays
# for all words there will ever be.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
def n_weights(network):
    return sum(weights.numel() for weights in network.parameters() if weights.requires_grad)


rng = np.random.default_rng(0)
print("words looked at                  4          8         16     all before")
windows = [n_weights(WindowNetwork(len(vocab), n, 50, 128, rng=rng)) for n in (4, 8, 16)]
recurrent_size = n_weights(RecurrentNetwork(len(vocab), 50, 128, rng=rng))
print(
    f"weights, |V| = {len(vocab)}     ",
    "".join(f"{n:11,}" for n in windows),
    f"{recurrent_size:11,}",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A loss on every step
#
# After every word there is a next word to predict, so one sentence of $T$ tokens gives $T$ losses in one pass:
#
# $$J_t = -\log \hat y_t[w_{t+1}] \qquad\qquad J = \frac1T \sum_{t=1}^{T} J_t$$
#
# $e^J$ is the perplexity (with logarithms to base 2: $2^J$, 001).
#
# The whole corpus at once is too long for memory (003). So $J$ is taken over a **batch of sentences**, or over pieces of a long text: gradient, step, next batch.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# After each word there is a next word, so one sentence is as many training examples as it has tokens, in a single pass. We take the mean, and e to the mean is the perplexity
# that you know from the first week. In principle J is over the whole corpus. That does not fit into memory, so we take a batch of sentences, make a step, and take the next
# batch.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Teacher forcing
#
# The network predicts *exams*, the text says *books*. What does it read next? **The truth**: *books*. Always, however wrong it was.
#
# * Each step is trained on a good past; a mistake does not spoil the rest of the sentence.
# * All inputs are known before we begin.
# * But what it will read when it speaks for itself is something else. We will measure this, too.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Suppose that the network is wrong: it expects exams, and the text says books. What shall it read next, its own word or the true one? In training always the true one. This is
# called teacher forcing: a teacher who says the right word before a mistake can spread. It also means that all inputs are known before we begin. But a network that has never
# read a wrong word may not know what to do after one. We come back to that.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## *Teacher forcing* once meant something else
#
# | | slides 003, and today | Doya, as told in 002, sec. 3.1 |
# |---|---|---|
# | the truth replaces | the **input** $w_t$ | the **state** of units that have a target |
# | needs | the text | a target *at every time step* |
# | what for | a good past at each step | no explosions; learning to be a *generator* |
# | from $h_{t-1}$ to $h_t$ | stays as it is | is cut at units with a target |
#
# When you read *teacher forcing*, ask: of what?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# When older papers speak of teacher forcing they replace something else by the truth: not the word that is read but the state itself, at units that have a target. That cuts the
# path through time, so nothing explodes, and nothing is remembered either. Whenever you meet the words, ask what is forced.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Sentences of different lengths: a mask

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Processors like rectangles, sentences are not rectangles. So the short one is filled up at its end, and a mask says which places are real. Compare the two tables: targets are
# the inputs, moved by one. And look at what the filling is: the sign for the end of a sentence, again and again. The network reads it and predicts it, and none of that may
# count.

# %% slideshow={"slide_type": "-"}
reader = SentenceReader(vocab)
examples = sorted(text.train[:200], key=len)[:120:119]
batch = next(reader.read(examples).batches(2))


# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def rows_of(ids, n=8):
    return "\n".join("".join(f"{w:11.10}" for w in vocab.decode(row[:n])) for row in ids.numpy())


print(f"inputs\n{rows_of(batch.inputs)}\ntargets\n{rows_of(batch.targets)}\nmask")
print("\n".join("  ".join(map(str, row)) for row in batch.mask.int().tolist()))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Targets are the inputs, one step on. What fills up a row is read, and predicted, and must **cost nothing**: no loss, no gradient.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the mean over what?
#
# A network that believes all words equally likely but `</s>`, which it expects more. Its losses over a batch are averaged
#
# * **A**: over the real tokens
# * **B**: over all places, with filling
# * **C**: over each sentence, then over the sentences
#
# Which mean is the **smallest**? And $e$ to which of them is the perplexity?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say: all the same, a mean is a mean. Give them a minute. B is smallest, because the filling is easy to predict, so the model looks good for predicting its own filling. C
# counts a token of a short sentence more; here that makes little difference, with sentences of one word it would make much. Only A is what the perplexity is made of. Ask what
# happens to B in a batch whose longest sentence has fifty tokens.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
beliefs = torch.zeros(len(vocab))
beliefs[vocab.eos] = 4.0
nats = -torch.log_softmax(beliefs, 0)[batch.targets]
real = batch.mask
per_sentence = [row[keep].mean().item() for row, keep in zip(nats, real, strict=True)]
print(
    f"over real tokens                  {nats[real].mean():.3f} nats   what e^J is the perplexity of"
)
print(
    f"over all places, with filling     {nats.mean():.3f} nats   it is good at predicting its own filling"
)
print(
    f"mean of the sentences' means      {np.mean(per_sentence):.3f} nats   tokens of short sentences count more"
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One weight, used many times
#
# Lecture 02 could differentiate any graph without cycles. Unrolled, this is one: but $W_h$ stands on **every** arrow. What is $\partial J / \partial W_h$?
#
# > *The gradient w.r.t. a repeated weight is the sum of the gradient w.r.t. each time it appears.* (003)
#
# Why? Because one thing that acts along two paths acts twice: the multivariable chain rule,
#
# $$\frac{d}{dt} f(x(t), y(t)) = \frac{\partial f}{\partial x}\frac{dx}{dt} + \frac{\partial f}{\partial y}\frac{dy}{dt}$$

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Now the second half of the job: the gradient. In lecture two we learned to differentiate any graph without cycles. The unrolled network is one. But the same matrix stands on
# every orange arrow, and we need one gradient for it. The answer is the quotation, and the reason is below: what acts along two paths acts twice, so the two effects add up.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the small example of 003
#
# $f = a \cdot b$, with $a = x + y$ and $b = \max(y, z)$, at $x = 1$, $y = 2$, $z = 0$. What is $\partial f / \partial y$?
#
# * **A**: 2
# * **B**: 3
# * **C**: 5
# * **D**: 6

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say 2, by way of a only, or 3, by way of b only. Ask: turn y up by a little; what moves? Both a and b. So f gains twice, and 2 plus 3 is 5. Whoever says 6 has read off f
# itself. On the board: near this point f is x plus y, times y. Differentiate that.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
x, y, z = 1.0, 2.0, 0.0
a_, b_ = x + y, max(y, z)
via_a, via_b = b_ * 1, a_ * float(y > z)
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11, 3.9))
    draw_flow_graph(
        axis,
        {
            "x": Box(0, 2, f"x = {x:g}"),
            "y": Box(0, 1, f"y = {y:g}", plots.ORANGE),
            "z": Box(0, 0, f"z = {z:g}"),
            "a": Box(2, 1.7, f"a = x + y = {a_:g}"),
            "b": Box(2, 0.3, f"b = max(y, z) = {b_:g}"),
            "f": Box(4, 1, f"f = a · b = {a_ * b_:g}", plots.RED),
        },
        [
            Arrow("x", "a"),
            Arrow("y", "a", "∂a/∂y = 1", plots.ORANGE, side="above"),
            Arrow("y", "b", "∂b/∂y = 1", plots.ORANGE, side="below"),
            Arrow("z", "b"),
            Arrow("a", "f", f"∂f/∂a = b = {b_:g}", plots.RED, side="above"),
            Arrow("b", "f", f"∂f/∂b = a = {a_:g}", plots.RED, 0.56, "below"),
        ],
        fontsize=15,
    )
plots.show(
    figure,
    "y leads to a and to b, and both lead to f. The derivative of f by y is the sum over both ways: b times 1 plus a times 1.",
)
eps = 1e-5
slope = ((x + y + eps) * max(y + eps, z) - (x + y - eps) * max(y - eps, z)) / (2 * eps)
print(
    f"∂f/∂y = {via_a:g} (by way of a) + {via_b:g} (by way of b) = {via_a + via_b:g}      measured: {slope:.6f}"
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The gradient of $W_h$: a sum over its copies
#
# Pretend that each step has a copy of its own, $W_h|_{(1)}, W_h|_{(2)}, \dots$, all equal to $W_h$:
#
# $$\frac{\partial J_t}{\partial W_h} = \sum_{i=1}^{t} \frac{\partial J_t}{\partial W_h}\bigg|_{(i)} \underbrace{\frac{\partial W_h|_{(i)}}{\partial W_h}}_{=\,1} = \sum_{i=1}^{t} \frac{\partial J_t}{\partial W_h}\bigg|_{(i)}$$
#
# So: go back over the steps $i = t, t-1, \dots, 1$, and **sum gradients as you go**. That is *backpropagation through time* (Werbos 1988, in 003): lecture 02, on the
# unrolled graph. The same holds for $W_x$, $b$, $U$, $c$ and $E$.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Here is the trick that makes it exact. Pretend that each step has a copy of its own. Differentiate by each copy as if the others stood still. Then tie the copies together
# again: each changes one for one with the common matrix, so the derivatives simply add up. In code that is a plus and an equals sign: go back over the steps and sum as you go.
# It has a long name, backpropagation through time, and it is nothing but lecture two on the unrolled graph.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Backpropagation through time, line by line
#
# Forward, for $t = 1 \dots T$:
#
# $$a_t = e_t W_x + h_{t-1} W_h + b \qquad h_t = \tanh a_t \qquad z_t = h_t U + c \qquad J = \frac1N \sum_t \text{mask}_t\, J_t$$
#
# **1.** The logits. Of softmax and logarithm together, lecture 02: *predicted minus observed*; $y_t$ is 1 at the true next word, $N$ the number of real tokens:
#
# $$dz_t = \frac{\text{mask}_t}{N}\,(\hat y_t - y_t)$$
#
# **2.** The output layer is used at every step, so its gradients are **sums**:
#
# $$dU = \sum_t h_t^\top dz_t \qquad\qquad dc = \sum_t dz_t$$

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# We write it out once, all of it, because you will program it. The first line is the forward pass. Then we start at the end. Of softmax and logarithm together you know the
# derivative: predicted minus observed. Places of filling get a zero from the mask. The output layer is used at every step, so its gradient is a sum over steps already.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Backpropagation: a state leads to two things
#
# **3.** The state $h_t$ leads to **two** things: to its own prediction, and to the next state. Sum over both ways:
#
# $$dh_t = \underbrace{dz_t\, U^\top}_{\text{from now}} + \underbrace{da_{t+1}\, W_h^\top}_{\text{from the future}} \qquad\qquad da_{T+1} = 0$$
#
# **4.** Through the nonlinearity: $\tanh' = 1 - \tanh^2$, and $h_t$ is that tanh already:
#
# $$da_t = dh_t \odot (1 - h_t^2)$$
#
# Steps 3 and 4 take turns, for $t = T, T-1, \dots, 1$. Forget the future in step 3, and every test with one step passes while all sentences fail.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# This is the slide on which assignments go wrong. From a state there are two ways out: up, to its own prediction, and on, to the next state. So there are two ways back, and they
# add up. Draw the circles on the board, forward in one colour, back in another, and leave the drawing there. Then through tanh, whose slope is one minus its square; we have kept
# the value, so this costs nothing. Step three needs what step four computed for the next state: the two take turns, from the end to the beginning.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Backpropagation: what is used at every step
#
# **5.** $W_h$, $W_x$ and $b$ appear in each $a_t$:
#
# $$dW_h = \sum_t h_{t-1}^\top\, da_t \qquad dW_x = \sum_t e_t^\top\, da_t \qquad db = \sum_t da_t$$
#
# **6.** The vector of the word that was read: $de_t = da_t W_x^\top$ is **added** to row $w_t$ of $dE$. A word may stand twice.
#
# **7.** And one step before the first word:
#
# $$dh_0 = da_1 W_h^\top$$
#
# In a batch, each $h_0$ is the same learned vector, so $dh_0$ is the sum over the rows.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The rest is bookkeeping: each thing that is used at every step has a sum over steps. Two places to be careful. The vector of a word gets its gradient added to its row, because
# the same word may be read twice. And one step before the first word, the gradient arrives at the learned beginning.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: which line is wrong?
#
# ```python
# dh2 = dz2 @ U.T                # back to the state
# da2 = dh2 * (1 - h2**2)        # through tanh
# gradient_of_b = da2            # b is used here
# ```
#
# **Two** of the three lines lose something. Which, and what? Would a test with **one** step notice?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Give them a minute with the neighbour. The equals sign in the last line is found first, the future in the first line late. Somebody says that the slope of tanh needs a, not h.
# No: one minus h squared is the slope, as h is the tanh already. The question about the test matters most for the assignment: test on two steps at least.

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first forgets the future: $h_2$ leads to $h_3$, too. The last forgets the other steps: it must **add**. With one step there is neither, so such a test passes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Backpropagation by hand, three steps
#
# The three steps from above, backwards. One gradient only, that of $b$; the others are your assignment, and so are batches, masks and any length:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The three steps from before, backwards, for one gradient only. Read the second line: what comes from its own prediction, plus what comes from the step behind it, times the
# slope. In the last step there is no future, so the plus is missing. The sum of the three is the gradient of b.

# %% slideshow={"slide_type": "-"}
dz1, dz2, dz3 = (np.exp(log_p) - np.eye(V)[targets]) / 3
da3 = (1 - h3**2) * (dz3 @ U.T)
da2 = (1 - h2**2) * (dz2 @ U.T + da3 @ W_h.T)
da1 = (1 - h1**2) * (dz1 @ U.T + da2 @ W_h.T)
gradient_of_b = da1 + da2 + da3
print("its parts    ", da1.round(3), da2.round(3), da3.round(3))
print("gradient of b", gradient_of_b.round(6))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The gradient by hand, checked with torch

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Never believe a gradient that you wrote yourself. Torch has the same network; we give it our numbers, and the largest difference is rounding. You can do this in the assignment,
# too.

# %% slideshow={"slide_type": "-"}
network = RecurrentNetwork(V, m, H, rng=np.random.default_rng(0)).double()
torch_x, torch_h, torch_b, _ = network.cells.all_weights[0]
for ours, theirs in (
    (E, network.features.weight), (W_x.T, torch_x), (W_h.T, torch_h), (b, torch_b),
    (h0, network.start), (U.T, network.output.weight), (c, network.output.bias),
):  # fmt: skip
    theirs.data = torch.from_numpy(ours.copy())
torch_loss = torch.nn.functional.cross_entropy(
    network(torch.tensor([inputs]))[0], torch.tensor(targets)
)
torch_loss.backward()
difference = max(abs(torch_loss.item() - J), np.abs(torch_b.grad.numpy() - gradient_of_b).max())
print(f"largest difference between numpy by hand and torch: {difference:.1e}")
assert difference < 1e-10

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train the recurrent network: half an epoch, live
#
# The corpus of the ladder, sentence by sentence, in shuffled batches. `max_norm`: a gradient that is too long is shortened. Why that is needed is lecture 06.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Now for real: our language, fifty features, a state of 128 numbers, shuffled sentences, thirty-two at a time. One setting I will not explain today: a gradient that is too long
# is shortened. Without it this training may die before our eyes, and lecture six is about why. Before training its perplexity is that of word frequencies: the output biases know those already, and nothing else does.

# %% slideshow={"slide_type": "-"}
model = recurrent_model(vocab, text.train, n_features=50, n_hidden=128, seed=0)
settings = TrainingSettings(
    epochs=1, batch_size=32, optimizer="adam", learning_rate=0.006, max_norm=1.0
)
read, half = model.reader.read, text.train[: len(text.train) // 2]
print(f"perplexity before training: {model.perplexity(text.valid[:200]):.0f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Watch the loss fall

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# This runs now, while we look. The red line is the floor of the language: nobody can be below it. First it falls steeply: it learns which words are frequent. Then more slowly:
# which word follows which, and at last what stands farther back. Half an epoch is enough for the shape. From here on we use the same network after four epochs; I recorded its
# weights.

# %% slideshow={"slide_type": "-"}
watch = LiveLoss(floor=grammar.floor().entropy_rate())
history = train(model.network, read(half), read(text.valid[:500]), settings, watch=watch)

# %% [markdown] slideshow={"slide_type": "fragment"}
# From here on: the same network after four whole epochs with a falling rate. Its weights were recorded, since that takes half a minute:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
live = model.perplexity(text.valid[:500])
weights = recorded_arrays("04_recurrent/network")
model.network.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
print(f"validation perplexity, live {live:.2f}, recorded {model.perplexity(text.valid[:500]):.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same question, after training

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Back to the sentence of the beginning. The network now thinks of the right kind of noun: the right topic, the right number. Which one it was, it does not quite know. In the table below compare the two columns. Over all tokens it is ahead of
# counting and of a window; at the returning noun the distance between them is much larger. The ranges are three seeds, so this is no accident of one run. Then the sentence
# below: on a single example it is often not sure at all.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print(" ".join(prefix), "…\n")
print("truth             ", guesses(truth(prefix), vocab.words))
print("Kneser–Ney, n = 5 ", guesses(counted, vocab.words))
print("recurrent         ", guesses(model.next_distribution(prefix), vocab.words))
ours = Scores.of(model, grammar, text.test)
table = recorded("04_recurrent/seeds")


def runs(kind, column, near=0, far=1000):
    return [
        row[column] for row in table if (row["model"], row["from"], row["to"]) == (kind, near, far)
    ]


print("\ntest perplexity          all tokens    at the returning noun")
for kind in ("Kneser–Ney 3", "Kneser–Ney 5", "window of 4", "recurrent"):
    overall, noun = runs(kind, "perplexity"), runs(kind, "at_noun")
    if len(overall) == 1:
        print(f"{kind:20}{overall[0]:14.2f}{noun[0]:20.1f}")
    else:
        print(
            f"{kind:20}{min(overall):7.2f} to {max(overall):.2f}{min(noun):12.1f} to {max(noun):.1f}"
        )
sample_floor = grammar.floor_of(text.test)
noun_floor = sample_floor.perplexity_by_slot()[Slot.RETURNING_NOUN]
print(
    f"{'the one shown, seed 0':20}{ours.perplexity():14.2f}{ours.perplexity(Slot.RETURNING_NOUN):20.1f}"
)
print(f"{'floor':20}{sample_floor.perplexity():14.2f}{noun_floor:20.1f}")
for other in (
    "window of 4",
    "Kneser–Ney 3",
    "Kneser–Ney 5",
):  # what the text below claims, over all seeds
    assert max(runs("recurrent", "perplexity")) < 0.95 * min(runs(other, "perplexity"))
    assert max(runs("recurrent", "at_noun")) < 0.5 * min(runs(other, "at_noun"))
print("\nRanges: three seeds, recorded:", made("04_recurrent"))

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
returned = [s for s in text.test if s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]][:200]
first_guess = {}
for name, scorer, begins in (
    ("recurrent", model, []),
    ("Kneser–Ney, n = 5", kneser_ney[5], ["<s>"]),
):
    first_guess[name] = np.mean(
        [
            vocab.words[int(scorer.next_distribution([*begins, *s[: grammar.returning_index(s)]]).argmax())]
            == s[FIRST_NOUN_INDEX]
            for s in returned
        ]
    )  # fmt: skip
believed = model.next_distribution(prefix)
best_guess, noun_read = vocab.words[int(believed.argmax())], story[FIRST_NOUN_INDEX]
plots.say(
    f"On this sentence its first guess is *{best_guess}*: {believed.max():.2f}, with {believed[vocab.encode([noun_read])[0]]:.2f} for *{noun_read}*, which it has read {grammar.distance(story)} tokens before. "
    f"Where the first noun does return, it is the first guess in **{first_guess['recurrent']:.0%}** of {len(returned)} sentences (Kneser–Ney: {first_guess['Kneser–Ney, n = 5']:.0%}). Far better than counting, and far from certain."
)
assert first_guess["recurrent"] > first_guess["Kneser–Ney, n = 5"] + 0.1

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: how far back does it reach?
#
# Perplexity at the returning noun against its distance, 4 to 20 tokens. Draw a line for counting with $n = 5$, and one for the recurrent network. The second one
#
# * **A**: stays flat at the floor
# * **B**: jumps up at an edge
# * **C**: climbs steadily

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Let everybody draw: thirty seconds, on paper. Halls draw the recurrent line flat, because it can read any length, or with an edge, like a window's. It climbs. Ask what the
# equation promises, that it can read any length, and what it does not promise, that it keeps what it has read. The line for counting jumps as soon as the noun has left its
# window.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
bins = sorted({(int(r["from"]), int(r["to"])) for r in table} - {(0, 1000)})
labels = [
    f"{near}" if near == far else f"{near}–{far}" if far < 100 else f"≥ {near}"
    for near, far in bins
]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(8.3, 3.2))
    across = np.arange(len(bins))
    for kind, colour, marker in (
        ("Kneser–Ney 5", plots.ORANGE, "s"),
        ("window of 4", plots.SKY, "v"),
        ("recurrent", plots.BLUE, "o"),
    ):
        found = np.array([runs(kind, "at_noun", near, far) for near, far in bins])
        axis.plot(across, found.mean(axis=1), marker + "-", color=colour, label=kind)
        axis.fill_between(across, found.min(axis=1), found.max(axis=1), color=colour, alpha=0.25)
    axis.axhline(noun_floor, color=plots.RED, linewidth=2)
    axis.annotate(
        f"floor {noun_floor:.2f}", (len(bins) - 1, noun_floor), (0, 5), textcoords="offset points",
        color=plots.RED, ha="right",
    )  # fmt: skip
    axis.set(
        yscale="log",
        xlabel="tokens from the first noun to the one that returns",
        ylabel="test perplexity at the noun",
        ylim=(1.7, 400),
    )
    axis.set_xticks(across, labels)
    axis.set_yticks([2, 5, 10, 20, 50, 100, 200], ["2", "5", "10", "20", "50", "100", "200"])
    axis.minorticks_off()
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    figure,
    "Perplexity at the returning noun against its distance, mean and range of three seeds. From the nearest nouns to the second nearest and to the farthest: "
    + "; ".join(
        f"{kind}, {means[0]:.0f}, {means[1]:.0f} and {means[-1]:.0f}"
        for kind in ("Kneser–Ney 5", "window of 4", "recurrent")
        for means in [[np.mean(runs(kind, "at_noun", *each)) for each in bins]]
    )
    + ". Counting and the window jump as soon as the noun is out of their sight; the recurrent network climbs.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# No edge, as a window has, but a slope: *any length* is what it **can** read; how much it **keeps** has to be learned, and fades.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Need we remember everything?
#
# (So 000 asks.) No: in this language one noun and the topic are enough, out of up to thirty words. But nobody tells the network which word that is. It has to find out, and the only thing that can tell it is a **gradient** that has come all the way back from the second noun.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Of course not. You did not remember every word of the sentence either. In this language the noun and the topic are enough. But nobody tells the network which word will be
# needed. The only teacher it has is the loss at the second noun, and the only messenger is the gradient that goes back from there. So let us follow that messenger.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The figure to remember: looking back through time
#
# One loss, that of our returning noun: its gradient by $W_h$, split by the step at which $W_h$ was used (shares along the whole gradient).

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# We take one loss, that of the returning noun, and split its gradient by the step at which the matrix was used. That is the sum of a few slides ago, made visible. Pale bars are before training, dark ones after it. Look at the red word, the noun: its share was small, and it has grown. On the way there are words whose shares have shrunk, as nobody needs them. On
# the right the same bars, summed up: at the first word both have reached the whole.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
steps, whole = shares_by_step(model, story, place)
untrained = recurrent_model(vocab, text.train, seed=0)
steps_before, whole_before = shares_by_step(untrained, story, place)


def along(parts, total):
    return np.einsum("tij,ij->t", parts, total) / np.sum(total**2)


with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.0), width_ratios=(3, 2))
    across = np.arange(len(steps))
    noun_share, last_share = [], []
    for parts, total, name, colour, shift in (
        (steps_before, whole_before, "before training", plots.SKY, -0.2),
        (steps, whole, "after training", plots.BLUE, 0.2),
    ):
        share = along(parts, total)
        noun_share.append(share[FIRST_NOUN_INDEX + 1])
        last_share.append(share[-1])
        axes[0].bar(across + shift, share, 0.4, color=colour, label=name)
        axes[1].plot(across, np.cumsum(share[::-1])[::-1], "o-", color=colour, label=name)
    axes[0].set(ylabel="share of the gradient", title="of each step")
    axes[1].axhline(1, color=plots.RED, linewidth=2, linestyle=":")
    axes[1].set(title="from here to the loss, summed", ylim=(0, 1.1))
    for axis in axes:
        axis.set_xticks(
            across,
            ["<s>", *story[:place]],
            rotation=60,
            ha="right",
            fontsize=14,
            rotation_mode="anchor",
        )
        axis.get_xticklabels()[FIRST_NOUN_INDEX + 1].set(color=plots.RED, fontweight="bold")
        axis.grid(axis="x", visible=False)
    axes[0].legend(loc="upper left")
    figure.tight_layout()
plots.show(
    figure,
    f"Left, shares of the gradient of the returning noun's loss by the step at which W_h was used, one pair of bars for each word read: before training the last step has {last_share[0]:.0%} and the step of the first noun {noun_share[0]:.0%}, after training "
    f"{last_share[1]:.0%} and {noun_share[1]:.0%}. Right, their sums from each step to the loss: both reach the whole, 1, at the first word.",
)
error = np.abs(steps.sum(0) - whole).max()
norms = [
    [np.linalg.norm(parts[n]) for n in (FIRST_NOUN_INDEX + 1, -1)]
    for parts in (steps_before, steps)
]
print(f"sum of all {len(steps)} shares and the gradient: largest difference {error:.1e}")
print(
    f"length of the noun's share against the last step's: before {norms[0][0] / norms[0][1]:.2f}, after {norms[1][0] / norms[1][1]:.2f}"
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A sum whose terms are not equal
#
# The share of step $i$ has come through $t - i$ times $W_h^\top$ and the slope of tanh. If each shrinks it a little, the far past gets a whisper of the gradient; if each stretches it, a roar.
#
# That is lecture 05. For now: **the sum is exact, its terms are not equal.**

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The sum is exact; there is no approximation in it. But its terms are of very different size. What comes from far back has passed through the same matrix again and again, once
# for each step. If each passage takes a little away, a whisper arrives; if each adds a little, a roar. That is the next lecture.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Truncation: three things one can stop
#
# | what is stopped | what it does | its name |
# |---|---|---|
# | the **loss** of early steps | another $J$, fewer lessons | not truncation |
# | the **backward pass** after $k$ steps | far shares are left out of the sum | truncated BPTT (003: *after ~20 timesteps*) |
# | the **state** (back to $h_0$) | what was before is unknown | no memory |
#
# A bargain: time and memory for $k$ steps only, and a gradient that is not quite that of $J$.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# If the text is long, going all the way back is dear. So people stop. But they mean three different things by it, and mixing them up is a favourite mistake. One can leave out
# early losses; that is another training. One can stop the backward pass after some steps; that is truncation, and slides 003 say about twenty. And one can set the state back to
# its beginning; then nothing is remembered at all.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Truncation in one sentence: walk back, and stop after k steps
#
# The trained network, the loss of the returning noun, and the gradient of one weight vector, $b$. Truncation is a slice:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# With a single loss truncation is a slice in Python. The function walks back from the last state and stops after k of them. The table says how much of the true gradient is
# missing if we stop there. Look at how much a few steps lose, even though the network is trained.

# %% slideshow={"slide_type": "-"}
x_to_h, h_to_h, bias, _ = (w.detach().double().numpy() for w in model.network.cells.all_weights[0])
W_x_, W_h_, E_ = x_to_h.T, h_to_h.T, weights["features.weight"]
U_, c_ = weights["output.weight"].T, weights["output.bias"]
ids = vocab.encode(["<s>", *story[: place + 1]])
states, nats = read_sentence(ids, E_, W_x_, W_h_, bias, weights["start"], U_, c_)


def walk_back(signal, k):
    """The gradient of b, from the last loss, back over k steps."""
    total = np.zeros_like(bias)
    for h in states[::-1][:k]:
        da = signal * (1 - h**2)
        total += da
        signal = da @ W_h_.T
    return total


# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
scores = states[-1] @ U_ + c_
predicted = np.exp(scores - scores.max())
dz = predicted / predicted.sum() - np.eye(len(vocab))[ids[-1]]
whole_way = walk_back(dz @ U_.T, len(states))
print(
    f"cost of {story[place]!r} by our loop: {nats[-1]:.3f} nats, by torch: {-model.log_probs([story])[place]:.3f}"
)
print("k                        " + "".join(f"{k:8}" for k in (1, 2, 4, 8, len(states))))
lost = [
    np.linalg.norm(walk_back(dz @ U_.T, k) - whole_way) / np.linalg.norm(whole_way)
    for k in (1, 2, 4, 8, len(states))
]
print("left out of the gradient " + "".join(f"{share:8.0%}" for share in lost))
assert np.isclose(nats[-1], -model.log_probs([story])[place], atol=1e-4)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two ways to truncate
#
# Which loss (row) sends a gradient to which step (column)?

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A square is blue where the loss of that row sends a gradient to the step of that column. On the left all of it. In the middle every loss looks back equally far. On the right
# the text is cut into pieces, and a loss at the beginning of a piece sees nothing behind it. The right one is what everybody does, because it needs one pass back for each piece.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
T, k = 12, 4
loss_at, step_at = np.indices((T, T))
reaches = {
    "all of BPTT": step_at <= loss_at,
    f"sliding: each loss back over {k} factors": (step_at <= loss_at) & (step_at >= loss_at - k),
    f"pieces of {k}, detached": (step_at <= loss_at) & (step_at // k == loss_at // k),
}
with plots.course_style():
    figure, axes = plt.subplots(1, 3, figsize=(11.5, 3.5))
    for axis, (title, matrix) in zip(axes, reaches.items(), strict=True):
        axis.imshow(matrix, cmap="Blues", vmin=0, vmax=1.4)
        axis.set(
            title=f"{title}\n{matrix.sum()} of {reaches['all of BPTT'].sum()} shares",
            xlabel="step",
            xticks=range(0, T, 2),
            yticks=range(0, T, 2),
        )
        axis.title.set_fontsize(14)
        axis.set_xticks(np.arange(T + 1) - 0.5, minor=True)
        axis.set_yticks(np.arange(T + 1) - 0.5, minor=True)
        axis.grid(visible=False)
        axis.grid(which="minor", color="white", linewidth=1.5)
        axis.tick_params(which="minor", length=0)
    axes[0].set_ylabel("loss at")
    figure.tight_layout()
plots.show(
    figure,
    "Three 12 by 12 tables of which loss reaches which step. All: a full lower triangle. Sliding: a band below the diagonal. Pieces: small triangles along the diagonal, nothing between pieces.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Pieces are cheap: one pass back for each. Sliding treats all losses alike: you will write it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Carrying the state
#
# A long text is cut into rows, and rows into pieces. Each batch **goes on** where the one before stopped: the state comes along, the gradient does not.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The alphabet shows it best. The text is cut into three rows, and each batch goes on where the last one stopped, row by row. So the state at the end of one batch is the state at
# the beginning of the next. In torch the word is detach: the number goes on, the gradient ends. Leave it out, and the way back grows with every batch until memory is full.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
alphabet = Vocabulary("abcdefghijklmnopqrstuvwxyz")
stream = TextStream(torch.from_numpy(alphabet.encode(list("abcdefghijklmnopqrstuvwxyz"))), steps=4)
for number, piece in enumerate(stream.batches(3)):
    rows = [
        "".join(alphabet.decode(row[keep]))
        for row, keep in zip(piece.inputs.numpy(), piece.mask.numpy(), strict=True)
    ]
    print(
        f"batch {number}: {'goes on' if piece.continued else 'begins '}   ",
        "   ".join(f"{row:5}" for row in rows),
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# In torch it is one word:
#
# ```python
# states = cells(inputs, state)        # forward: from the state that was carried
# state = states[:, -1].detach()       # the state goes on, the gradient ends here
# ```
#
# Without `detach` the way back grows with every batch. Shuffle the pieces, and the state belongs to another text.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what does truncation cost?
#
# The state is **always** carried on; only gradients stop, after 1 to 20 steps, with equally many updates. The noun returns 4 tokens later or more. With **one** step it is
#
# * **A**: never learned: no gradient gets that far
# * **B**: learned a little
# * **C**: learned as well as with 20: the state carries it

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Votes go to A and to C. Both confuse what the state carries with what a gradient teaches. Even a random matrix keeps some of the past, and the output layer can learn to read
# it: so B. But what to keep is learned only where a gradient can say so. Look at the right panel, at the noun.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
truncated = recorded("04_recurrent/truncation")
lengths = sorted({int(row["steps"]) for row in truncated})
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.3))
    for axis, column, floor, title in (
        (axes[0], "perplexity", sample_floor.perplexity(), "all tokens"),
        (axes[1], "at_noun", noun_floor, "the returning noun"),
    ):
        found = np.array([[r[column] for r in truncated if r["steps"] == n] for n in lengths])
        axis.plot(lengths, found.mean(axis=1), "o-", color=plots.BLUE)
        axis.fill_between(
            lengths, found.min(axis=1), found.max(axis=1), color=plots.BLUE, alpha=0.25
        )
        axis.axhline(floor, color=plots.RED, linewidth=2)
        axis.annotate(
            f"floor {floor:.2f}",
            (lengths[-1], floor),
            (0, 5),
            textcoords="offset points",
            color=plots.RED,
            ha="right",
        )
        axis.set(title=title, xscale="log", yscale="log", xlabel="steps in a piece")
        axis.set_xticks(lengths, [str(n) for n in lengths])
        ticks = [5, 6, 7, 8, 10, 12] if column == "perplexity" else [2, 5, 10, 20, 50, 100]
        axis.set_yticks(ticks, [str(tick) for tick in ticks])
        axis.minorticks_off()
    axes[0].set_ylabel("test perplexity")
    figure.tight_layout()
plots.show(
    figure,
    "Test perplexity against the number of steps through which gradients go back, mean and range of three seeds, two epochs. From one step to "
    f"{lengths[-1]}: "
    + ", ".join(
        f"{where} {np.mean([r[column] for r in truncated if r['steps'] == lengths[0]]):.1f} to {np.mean([r[column] for r in truncated if r['steps'] == lengths[-1]]):.1f}"
        for column, where in (("perplexity", "all tokens"), ("at_noun", "the returning noun"))
    )
    + ".",
)
print("Recorded:", made("04_recurrent"))

# %% [markdown] slideshow={"slide_type": "fragment"}
# The forward pass remembers anyhow. But *what to keep* is only learned where a gradient can say so.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Let the network speak: roll-outs
#
# Read, draw a word from $\hat y_t$, **read that word**, draw the next: 003 calls it a roll-out. The temperature $\tau$ divides the logits:
#
# $$p_\tau(w) = \text{softmax}(z_t / \tau)_w$$

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Now we let go of its hand. It draws a word, reads what it has drawn, and draws the next. The temperature divides the scores before the softmax. Read the first line, at zero,
# and then one at two: at zero it always says the same thing; at two it rambles. At one it speaks as it believes.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
for temperature, n_samples in ((0, 1), (0.5, 2), (1, 2), (2, 2)):
    sampler = np.random.default_rng(3)
    for _ in range(n_samples):
        written = model.sample(sampler, 18, temperature=temperature)
        print(f"τ = {temperature:<4} {' '.join(written)[:78]}")
try:
    model.sample(np.random.default_rng(0), temperature=-1)
except TemperatureError as error_message:
    print("τ = -1:  ", error_message)

# %% [markdown] slideshow={"slide_type": "fragment"}
# 003 shows one that was trained on *Harry Potter*: the style is right, the story is lost. $\tau \to 0$: always the most probable word. $\tau = 1$: what it believes. $\tau \to \infty$: all words alike.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Turn the temperature yourself

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Here are its eight likeliest words at the noun of our sentence. Move the slider to the left: one bar takes all. To the right: all are alike. The order never changes, only how
# seriously it takes it.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
logits_here = np.log(model.next_distribution(prefix))
likely = np.argsort(-logits_here)[:8]


def heated(temperature):
    powers = np.exp((logits_here - logits_here.max()) / temperature)
    chances = powers / powers.sum()
    with plots.course_style():
        figure, axis = plt.subplots(figsize=(10, 3.8))
        axis.bar(vocab.decode(likely), chances[likely], color=plots.BLUE)
        axis.set(ylim=(0, 1), ylabel="probability", title=f"τ = {temperature:.2f}: the other {len(vocab) - 8} words together {1 - chances[likely].sum():.2f}")  # fmt: skip
        axis.grid(axis="x", visible=False)
    return figure


show_live(
    heated,
    {"temperature": Slider(0.1, 3.0, 1.0, 0.1, "temperature τ")},
    "Bars: the probabilities of the eight likeliest next words at the returning noun, at temperature 1. Lower temperatures sharpen them, higher ones level them.",
);  # fmt: skip


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what does a low temperature do?
#
# Of the sentences that it writes at $\tau = 1$ some are impossible in this language: here we can ask the grammar. At $\tau = .25$ it writes
#
# * **A**: more possible sentences, as many different ones
# * **B**: more possible ones, far fewer different ones
# * **C**: fewer possible ones

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say: safer, so A. It is safer. What they underestimate is how poor it becomes: look at the second column, how many different sentences there are. Few expect what the last
# column shows: cool sentences repeat the noun more often than the language does. The likeliest word is taken too often, everywhere.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
def judged(sentences):
    """Return, for each sentence, the place of its first impossible word, or None."""
    found = []
    for sentence in sentences:
        impossible = np.flatnonzero(np.isneginf(grammar.log_probs(sentence)))
        found.append(int(impossible[0]) if len(impossible) else None)
    return found


heard = text.test[:1000]
print(
    "τ       possible sentences    different ones    first noun returns (truth: "
    f"{np.mean([s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX] for s in text.test]):.0%})"
)
free_runs = {}
for temperature in (0.25, 0.5, 1.0, 1.5):
    # the others are only counted here; that at 1 is looked at closely below
    n_heard = 1000 if temperature == 1.0 else 300
    drift = Drift.of(model, heard[:n_heard], np.random.default_rng(0), temperature, longest=60)
    verdicts = judged(drift.written)
    good = [s for s, verdict in zip(drift.written, verdicts, strict=True) if verdict is None]
    free_runs[temperature] = drift, verdicts
    returns = (
        np.mean([s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX] for s in good])
        if good
        else np.nan
    )
    print(
        f"{temperature:<5} {len(good) / n_heard:16.0%} {len({tuple(s) for s in drift.written}):10,} of {n_heard:5,} {returns:16.0%}"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# Cooler is safer and poorer. At $\tau = 1$ it makes the mistakes that it gives probability to, one word after another.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Teacher-forced and free-running
#
# In training it only ever read the truth. Alone, it reads what it has drawn itself, and is *exposed* to pasts unlike any that it has seen.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# In training it read the truth, and nothing else. On the left, blue is what it gives the true word when it reads the truth, orange when it reads its own words. At the first word
# they agree, of course. The gap behind it looks terrible, and most of it is harmless: its own sentence is simply another one. The right panel is the fair test. We replace one
# single word, the verb, by a random one, and look at the words behind it. At the returning noun it pays most, though the noun stands where it stood.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
drift, verdicts = free_runs[1.0]
curves = np.array(drift.by_place(at_least=100))
true_log_probs = np.full(drift.real.shape, np.nan)
for row, sentence in enumerate(heard):
    true_log_probs[row, : len(sentence) + 1] = grammar.log_probs(sentence)
places = curves[:, 0].astype(int)
best = np.array([np.nanmean(true_log_probs[drift.real[:, p - 1], p - 1]) for p in places])

strange = np.random.default_rng(1)
broken_place = FIRST_NOUN_INDEX + 1  # the verb
other_words = [w for w in vocab.words[3:] if w not in (".", "and", "the")]
harmed = [
    [*s[:broken_place], other_words[strange.integers(len(other_words))], *s[broken_place + 1 :]]
    for s in heard
]
loss_of = {"true": -model.log_probs(heard), "harmed": -model.log_probs(harmed)}
difference = loss_of["harmed"] - loss_of["true"]
later = [n > broken_place for s in heard for n in range(len(s) + 1)]
slots = np.array([str(slot) for s in heard for slot in grammar.slots(s)])
kinds = ["next phrase", "setting", "returning noun", "closing verb"]
extra = {kind: difference[later & (slots == kind)].mean() for kind in kinds}
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.4), width_ratios=(3, 2))
    axes[0].plot(places, best, color=plots.RED, linewidth=2, label="the grammar itself")
    axes[0].plot(places, curves[:, 1], "o-", color=plots.BLUE, label="teacher-forced")
    axes[0].plot(places, curves[:, 2], "s-", color=plots.ORANGE, label="free-running, τ = 1")
    axes[0].set(
        xlabel="place in the sentence",
        ylabel="mean log-probability, nats",
        title="of the true word",
    )
    axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.65))
    axes[0].set_xticks(places[::2])
    axes[1].bar([kind.replace(" ", "\n") for kind in kinds], extra.values(), color=plots.PURPLE)
    axes[1].set(ylabel="nats lost at the true word", title="after one random word")
    axes[1].tick_params(axis="x", labelsize=14)
    axes[1].grid(axis="x", visible=False)
    figure.tight_layout()
plots.show(
    figure,
    f"Left, the mean log-probability of the true word by its place: teacher-forced within {np.abs(best - curves[:, 1]).max():.1f} nats of the grammar's own; free-running equal at the first word, and from the seventh place on {(curves[6:, 1] - curves[6:, 2]).min():.0f} to {(curves[6:, 1] - curves[6:, 2]).max():.0f} nats below. Right, "
    "what one random word in place of the first verb costs at the true words that follow: "
    + ", ".join(f"{kind} {value:.2f}" for kind, value in extra.items())
    + " nats.",
)
assert np.isclose(curves[0, 1], curves[0, 2])
assert extra["returning noun"] > 0.1

# %% [markdown] slideshow={"slide_type": "fragment"}
# Left: most of the gap is no defect; its own sentence is simply *another* sentence. Right is a defect: the noun still stands before the random word, and a careful reader would still use it.
# The network has never seen such a past.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Impossible words: expected, and written alone
#
# At each place: the probability that it gives to *impossible* words after a true past, and how often its own sentence, faultless so far, goes on with one.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# This is the question one really wants to ask: does being alone make it worse than its own doubts would? With the teacher we can add up how much probability it gives to words
# that are impossible. Alone we can count how often it writes one. The two lines are close. It does not fall apart because it is alone; it takes a small risk at each word, and
# texts are long.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
sample_of = heard[:300]
with torch.no_grad():
    (some,) = reader.read(sample_of).batches(len(sample_of))
    believed = torch.softmax(model.network(some.inputs).double(), -1).numpy()
expected_slips, alone, at_risk = [], [], []
for p in places[:12]:
    masses = [
        1 - sum(believed[row, p - 1, vocab.encode(list(grammar.next_distribution(s[: p - 1])))])
        for row, s in enumerate(sample_of)
        if len(s) >= p - 1
    ]
    expected_slips.append(np.mean(masses))
    still_good = [
        v
        for v, s in zip(verdicts, drift.written, strict=True)
        if (v is None or v >= p - 1) and len(s) >= p - 1
    ]
    alone.append(np.mean([v == p - 1 for v in still_good]))
    at_risk.append(len(still_good))
print("place      " + "".join(f"{p:6}" for p in places[:12]))
print("expected   " + "".join(f"{100 * value:5.1f}%" for value in expected_slips))
print("alone      " + "".join(f"{100 * value:5.1f}%" for value in alone))
mean_expected, mean_alone = (np.average(v, weights=at_risk) for v in (expected_slips, alone))
print(f"\nslips a word, all these places: expected {mean_expected:.1%}, alone {mean_alone:.1%}")
assert mean_alone < 1.5 * mean_expected

# %% [markdown] slideshow={"slide_type": "fragment"}
# A small risk at each word, taken again and again: that is how long texts go wrong. Until the first slip, being alone hardly makes it worse. After it, no continuation is right any more.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A character at a time
#
# The same network, on letters (000, after Karpathy et al.): a small vocabulary, no unknown words, and *words, quotes and sentences have to be found out*. On Python's documentation; put
# your own text in its place: `corpora.load("my_text.txt", unit="characters")`.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Nothing in the network knows what a word is. So we may give it letters. The vocabulary becomes tiny, there are no unknown words, and spelling has to be found out. We use the
# documentation of Python, because every one of you has it on the machine.

# %% slideshow={"slide_type": "-"}
docs = corpora.load("python-docs", unit="characters")
letters = CharacterModel.start(docs.train, n_features=30, n_hidden=128, seed=0)
letters_settings = TrainingSettings(
    epochs=2, batch_size=8, optimizer="adam", learning_rate=0.005, rate_decay=0.3, max_norm=1.0
)


def listen(history):
    n = len(history.losses)
    if n in (0, 100) or n % history.updates_per_epoch == 0:
        sample = letters.sample(np.random.default_rng(5), 62, prompt="The ", temperature=0.7)
        print(f"{n:5} updates | The {sample.replace(chr(10), ' / ')}")


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Listen to the character model while it learns

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The same beginning, with the same random numbers, at three moments. At first letters at random. After a hundred updates there are spaces, and word-like things. After the epochs
# there are words. Nobody told it what a word is.

# %% slideshow={"slide_type": "-"}
lessons, checks = letters.read(docs.train, steps=40), letters.read(docs.valid, steps=40)
options = {"watch": listen, "watch_every": 100, "progress": False}
letters_history = train(letters.network, lessons, checks, letters_settings, **options)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The character model, before and after

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# In bits per character: it begins near the logarithm of the number of characters, and falls. Read the sample at a low temperature aloud, then the one at one. It sounds like
# documentation, and it means nothing.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
bits = np.array(letters_history.valid_losses) / np.log(2)
print(
    f"{sum(map(len, docs.train)):,} characters to learn from, {len(letters.vocab)} different ones\n"
)
print("bits per character, validation, before and after each epoch:", bits.round(2))
print(
    f"test: {letters.bits(docs.test):.2f} bits, so a perplexity of {2 ** letters.bits(docs.test):.1f} per character\n"
)
for temperature in (0.4, 1.0):
    written = letters.sample(np.random.default_rng(1), 280, "A class ", temperature)
    print(f"τ = {temperature}", *textwrap.wrap(written, 88), "", sep="\n")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What do single units do?
#
# Karpathy et al. looked for cells with a meaning of their own. We ask every unit of the state how well it goes with four things that the text knows:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A famous picture shows a unit that counts how long a line is, or knows that it is inside quotation marks. We ask every unit. The middle column is the best one of all; the right
# column asks all units together, on text that was not used for fitting. Where the right one is large and the middle one small, the network knows the thing, and no single unit
# does.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
passage = "\n".join("".join(sentence) for sentence in docs.test)[:8000]
states = letters.activations(passage)


def running(condition):
    """Return how long, at each character, the condition has held."""
    found, length = [], 0
    for holds in condition:
        length = length + 1 if holds else 0
        found.append(length)
    return np.array(found)


properties = {
    "how long the word is so far": running(ch.isalpha() for ch in passage),
    "just after a space": np.array([ch == " " for ch in passage]),
    "inside quotes": np.cumsum([ch == '"' for ch in passage]) % 2,
    "how long the sentence is so far": running(ch != "\n" for ch in passage),
}
half = len(passage) // 2
units = {}
print("correlation with                      best unit     all units (on text not fitted)")
for name, values in properties.items():
    if not np.std(values[:half]) * np.std(values[half:]):
        continue  # your own text may have no quotes
    each = [np.corrcoef(values, activation)[0, 1] for activation in states.T]
    unit = int(np.abs(each).argmax())
    units[name] = unit, np.sign(each[unit]), abs(each[unit])
    weights, *_ = np.linalg.lstsq(np.c_[states, np.ones(len(states))][:half], values[:half])
    together = np.corrcoef(states[half:] @ weights[:-1], values[half:])[0, 1]
    print(f"{name:34} unit {unit:4}   {each[unit]:+.2f}{together:+14.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A text, coloured by one unit
#
# Red is high, blue is low; r is the correlation of the unit with what the title says:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Here are the two best. Red is high, blue is low. You can see it follow the words. But I chose the best of all units, and among so many, one always looks good.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
size = 160
line_starts = [0, *(i + 1 for i, ch in enumerate(passage[:-size]) if ch == "\n")]
begin = max(line_starts, key=lambda i: properties["inside quotes"][i : i + size].std())
shown = passage[begin : begin + size]
for name in sorted(units, key=lambda name: -units[name][2])[:2]:
    unit, sign, goes_with = units[name]
    plots.show(
        coloured_text(
            shown,
            sign * states[begin : begin + size, unit],
            columns=80,
            title=f"unit {unit}: {name} (r = {goes_with:.2f})",
        ),
        f"A passage of the documentation; behind each character the activation of unit {unit}, red high and blue low: the unit that goes best with: {name}. The correlation is {goes_with:.2f} in size.",
    )

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    "Nobody told it what a word is. But beware: of so many units *some* one always goes best, and what is known may be spread over many. "
    + "; ".join(f"*{name}*: r = {size:.2f}" for name, (_, _, size) in units.items())
    + ". Where r is small, the colours mislead."
)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is slow: one step after the other
#
# The output layer costs what it cost in lecture 03. What is new is the order. The same 1,280 tokens, the same number of multiplications; the recurrence alone:

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The same number of tokens four times, only arranged differently. Many short rows, or one long one. The multiplications are the same, the time is not: steps have to wait for
# each other, rows do not. Remember this at the end of the course, when attention gets rid of the waiting.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def seconds_of(step, least=0.15):
    step()
    begun, repeats = time.process_time(), 0
    while time.process_time() - begun < least:
        step()
        repeats += 1
    return (time.process_time() - begun) / repeats


net = RecurrentNetwork(len(vocab), 50, 128, rng=np.random.default_rng(0))
print("rows      steps     ms for 1,280 tokens     µs for each step in sequence")
for rows in (1, 8, 32, 128):
    ids = torch.randint(
        len(vocab), (rows, 1280 // rows), generator=torch.Generator().manual_seed(0)
    )
    spent = seconds_of(lambda ids=ids: net.states(ids).sum().backward())
    print(f"{rows:4}{1280 // rows:11}{1e3 * spent:19.1f}{1e6 * spent * rows / 1280:27.0f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Rows can be computed side by side, steps cannot: $h_2$ waits for $h_1$. More processors read more texts at once; they do not read **one** text faster.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A recurrent network is not a language model
#
# | a **language model** | a **recurrent network** |
# |---|---|
# | predicts the next word (003) | reads input of any length, the same weights on each step, *optionally* an output on each step |
# | by counting, log-linear, a window, a recurrent network, … | predicts words, tags them, or reads a review and says once whether it was good |
#
# Ours is a language model made with a recurrent network. Replace either, and the other remains.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# The last thing that people mix up. One is a task, the other a machine. We could do the task by counting, and we can use the machine for other tasks, such as tagging, or saying
# once, at the end, whether a review was good.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, with the recurrent rung

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Our ladder has a new rung. On the left all tokens, on the right the noun. The new rung is the lowest so far, and most of its gain is at the noun. It need not have been: after half an epoch, what you saw live, it was no better than counting. An idea and its training are two things.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
ladder.measure("trigram, add 0.01", AddDelta.fit(text.train, 3, 0.01, vocab), grammar, text.test)
ladder.measure("modified Kneser–Ney, order 5", kneser_ney[5], grammar, text.test)
window_runs = recorded("03_window/windows")
for window in (4, 8):
    found = [
        (row["perplexity"], row["at_noun"])
        for row in window_runs
        if (row["grammar"], row["model"], row["window"]) == ("near", "network", window)
    ]
    overall_mean, at_noun_of_8 = np.mean(found, axis=0)
    ladder.add(f"window of {window} (recorded)", overall_mean, at_noun_of_8)
ladder.measure("recurrent", model, grammar, text.test)
ladder.draw()
counted_there = np.exp(-np.mean(kneser_ney[5].log_probs(text.valid[:500])))

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"At the returning noun {ours.perplexity(Slot.RETURNING_NOUN):.1f}, where the window of 8 has {at_noun_of_8:.1f}, and no window had to be as long as the sentence. What is left above the floor of {noun_floor:.1f} grows with the distance. "
    f"**A better idea need not make a better rung**, for training counts as well: after half an epoch the same network was at {live:.2f} on validation sentences on which Kneser–Ney is at {counted_there:.2f}."
)
assert live > 0.95 * counted_there

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * $h_t = \tanh(e_t W_x + h_{t-1} W_h + b)$: one set of weights, a state, a learned beginning.
# * A loss on every step, averaged over **real** tokens; what is read is the truth.
# * The gradient of a repeated weight is the sum over its appearances. $dh_t$ comes from now **and** from the future.
# * Truncation stops the backward pass, not the loss and not the state.
# * Alone, it carries each slip along.
# * It can read any length. How much it keeps fades with distance. **Next: why.**

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# One set of weights, one state, one loss at each step. The gradient of what is used many times is a sum, and from each state two ways lead back. It can read any length, and it
# does not keep everything. Next week: why not.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Take $h_0 = 0$ and do not learn it. At which places of a sentence does the perplexity change, and why hardly at all here, where every sentence begins with `<s>`?
# 2. Write $J_2$ of the three steps by hand as a function of $W_h$ alone, with $H = 1$. Differentiate it directly, and by the sum over appearances.
# 3. Feed the sentences in the order of the text, as a stream with carried state, instead of one by one. Does the state of the last sentence help the next in this language? And in Python's documentation?
# 4. `recordings/04_recurrent.py --only truncation` with pieces of 40 steps: predict both ends of the curves before you run it.
# 5. Train with its own words in place of the truth at a quarter of the places. What happens to the left and to the right panel of the drift figure?
# 6. Set one unit of the character model to 0 at every step and measure the bits. Does the unit that goes best with quotes matter most inside quotes?
# 7. Double the state. What happens to the noun at distance 4, and at 17 and more? Is it memory that lacks, or training?
#
# ## Sources
#
# * Slides *Language models* (000): the recurrent network, eqs 3 to 5; learned $h_0$; the text coloured by one cell, after Karpathy, Johnson, Fei-Fei.
# * Slides in 001: the same set of weights at all time steps; the loss over the vocabulary; perplexity $2^J$.
# * Slides *Language Modeling + RNNs* (003): advantages and disadvantages, loss on every step, teacher forcing, the multivariable chain rule and its example, backpropagation through time, truncation, roll-outs, recap.
# * Pascanu, Mikolov, Bengio (2013) (002): eqs 1 and 2, Figs 1 and 2, footnote 1; teacher forcing after Doya in sec. 3.1.
# * Beyond the sources: free-running drift, measured on a language whose rules are known.
# * The recorded tables: `data/recorded/04_recurrent/README.md`.
