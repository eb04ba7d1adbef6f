# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 08 Where this leads
#
# ## *Look it up*
#
# A recurrent network carries everything that it has read in one state, and rewrites that state at every word. You, asked who stood at the beginning of a sentence, do something else: you **look back**.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 40 minutes, no assignment. The story: a memory with addresses, read and written softly (10 min); attention in ten lines, and the length of the path (10); the last rungs of the ladder, measured
# (12); where each memory gives up, what follows, the recap (8). Run all cells before the lecture; it takes less than half a minute. Timings by slide, board work and exam questions:
# `solutions/lecturers/08_where_this_leads.md`.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.grammar import FIRST_NOUN_INDEX, PRESETS, Grammar, Slot
from nextword.models.evaluation import Scores
from nextword.models.ngram import ModifiedKneserNey
from nextword.models.recurrent import recurrent_model
from nextword.models.sequence_models import gradients_by_word, sequence_model
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.recorded import made, recorded, recorded_arrays
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
story = next(
    s
    for s in text.test
    if 10 <= grammar.distance(s) <= 12 and s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]
)
place = grammar.returning_index(story)


def trained(kind):
    """A network of this lecture with its recorded weights: near language, seed 0."""
    begin = recurrent_model if kind == "tanh" else partial(sequence_model, kind)
    model = begin(vocab, text.train)
    arrays = recorded_arrays(f"08_where_this_leads/{kind}")
    weights = {name: torch.from_numpy(each.astype(np.float32)) for name, each in arrays.items()}
    model.network.load_state_dict(weights)
    return model


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two kinds of knowledge
#
# | | implicit | explicit |
# |---|---|---|
# | what | how to walk; how a dog looks different from a cat | *the meeting with the sales team is at 3:00 PM in room 141* |
# | learned by | many presentations, small steps | being told **once** |
# | kept in | weights | a memory that one can read and write |
#
# *Neural networks excel at storing implicit knowledge. However, they struggle to memorize facts* (004, 10.12). Which noun a sentence began with is such a fact.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A memory with addresses
#
# Its parts, after Fig. 10.18 of 004 (the neural Turing machine; memory networks have them, too):

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11, 4.1))
    weights_drawn = (0.05, 0.08, 0.72, 0.1, 0.05)
    for cell, weight in enumerate(weights_drawn):
        axis.add_patch(
            plt.Rectangle((3 + 1.2 * cell, 2.6), 1.0, 1.1, facecolor=plots.GREEN, alpha=0.25 + 0.6 * weight, edgecolor="black")
        )  # fmt: skip
        axis.text(3.5 + 1.2 * cell, 3.15, f"$m_{cell + 1}$", ha="center", va="center", fontsize=18)
        for x, colour, start in ((4.6, plots.BLUE, 1.35), (7.2, plots.RED, 1.35)):
            axis.annotate(
                "", (3.5 + 1.2 * cell, 2.55), (x, start),
                arrowprops={"arrowstyle": "-|>" if colour == plots.RED else "<|-", "color": colour, "lw": 0.6 + 6 * weight, "alpha": 0.75},
            )  # fmt: skip
    axis.add_patch(
        plt.Rectangle((2.6, -0.5), 6.6, 0.8, facecolor=plots.ORANGE, alpha=0.35, edgecolor="black")
    )
    axis.text(
        5.9,
        -0.1,
        "task network: decides what to look for and what to note",
        ha="center",
        va="center",
        fontsize=14,
    )
    for x, colour, name in ((4.6, plots.BLUE, "read"), (7.2, plots.RED, "write")):
        axis.add_patch(
            plt.Rectangle((x - 0.8, 0.75), 1.6, 0.6, facecolor="white", edgecolor=colour, lw=2)
        )
        axis.text(x, 1.05, name, ha="center", va="center", color=colour, fontsize=15)
        axis.annotate("", (x, 0.75), (x, 0.3), arrowprops={"arrowstyle": "<|-|>", "color": "black"})
    axis.text(2.75, 3.15, "memory cells", ha="right", va="center", fontsize=15)
    axis.set(xlim=(0.3, 9.4), ylim=(-0.6, 3.9))
    axis.set_axis_off()
plots.show(
    figure,
    "At the bottom a task network; above it a reading and a writing mechanism; on top a row of five memory cells. Arrows lead from all cells to the reading mechanism and from the writing mechanism to all cells, thick to one cell and thin to the others.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Thick and thin arrows: it reads **all** cells, most from one. Why not just from one?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A soft read, in five lines
#
# *It is difficult to optimize functions that produce exact, integer addresses* (004): `M[3]` has no derivative by 3. So read everywhere, with weights:

# %% slideshow={"slide_type": "-"}
rng = np.random.default_rng(0)
M = rng.normal(size=(6, 8))  # six cells of eight numbers
query = M[3] + 0.5 * rng.normal(size=8)  # what we look for: like cell 3, roughly

scores = M @ query
weights = np.exp(scores - scores.max())
weights = weights / weights.sum()
read = weights @ M
print("weights ", weights.round(3))
print("distance of what was read to each cell ", np.linalg.norm(M - read, axis=1).round(2))
assert weights.argmax() == np.linalg.norm(M - read, axis=1).argmin() == 3

# %% [markdown] slideshow={"slide_type": "fragment"}
# A dot product with every cell, a softmax, a weighted mean. All of it has derivatives.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A soft write
#
# Weights say **where**; one vector says what to erase, another what to add:

# %% slideshow={"slide_type": "-"}
erase, add = np.ones(8), np.full(8, 2.0)
written = M * (1 - weights[:, None] * erase) + weights[:, None] * add
print("each cell changed by", np.linalg.norm(written - M, axis=1).round(3))
assert np.linalg.norm(written - M, axis=1).argmax() == 3

# %% [markdown] slideshow={"slide_type": "fragment"}
# Every cell is changed, by different amounts. Where the weight is 0 a cell is **copied** from step to step: keep that in mind.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the right cell, overlooked
#
# The cell with the answer has a weight of a thousandth; another, wrong one has nearly all. How long is the gradient that tells the first: *you should have been read*?
#
# * **A**: longest of all: there is most to be gained
# * **B**: as long as any
# * **C**: about a thousandth of what it could be

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect A: "the error is largest there". But the derivative of a softmax carries the weight itself as a factor: on the board, d(read)/d(score_i) = w_i (m_i − read). So C. What is not read at all cannot learn to be read; that is why weights begin
# almost even. 004 says it in one sentence: the gradient will typically be large only for those addresses that receive a large coefficient.

# %% slideshow={"slide_type": "fragment"}
cells = torch.eye(4, dtype=torch.float64)  # the answer is cell 0
for name, first in (
    ("overlooked", [-7.0, 0.0, -7.0, -7.0]),
    ("undecided ", [0.0, 0.0, 0.0, 0.0]),
):
    s = torch.tensor(first, dtype=torch.float64, requires_grad=True)
    w = torch.softmax(s, 0)
    loss = ((w @ cells - cells[0]) ** 2).sum()
    (gradient,) = torch.autograd.grad(loss, s)
    print(f"{name}  weight of the answer {w[0]:.4f}, gradient by its score {gradient[0]:+.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## By content, or by place
#
# | | content | location |
# |---|---|---|
# | *Retrieve the lyrics of …* | *… the song that has the chorus "We all live in a yellow submarine"* | *… slot 347* |
# | the weight is a function of | **what is in** the cell | the cell's number alone |
# | needs | cells large enough to recognise | nothing |
#
# One reason for cells that hold **vectors**: a part finds the whole. The other: an access costs a weight for every cell, so let it bring much (004).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: a part of the song
#
# Fifty cells of sixteen random numbers. We know **four** of the sixteen numbers, and ask by content. How often is the cell with the largest weight the right one?
#
# * **A**: one time in four
# * **B**: about half
# * **C**: nearly always

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect A or B: "a quarter of the information". Whether a cell is found depends on the others: it has to match better than forty-nine random ones. Ask what changes with scalar cells (one number each): then there is nothing to match a part of. The
# distance is used here and not the product, as random cells are of different length.

# %% slideshow={"slide_type": "fragment"}
rng = np.random.default_rng(1)
for known in (1, 2, 4, 8):
    hits = []
    for _ in range(2000):
        songs = rng.normal(size=(50, 16))
        heard = songs[0, :known] + 0.1 * rng.normal(size=known)  # not even quite exact
        match = -((songs[:, :known] - heard) ** 2).sum(axis=1)
        hits.append(match.argmax() == 0)
    print(f"{known} of 16 numbers known: the right cell in {np.mean(hits):.0%}")
    if known == 4:
        assert np.mean(hits) > 0.9

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Attention: the sentence is the memory
#
# Make it as simple as it can be:
#
# * every word **writes** one cell, and nothing is ever overwritten;
# * after every word, one soft **read** of all cells so far, by content;
# * the task network is gone. What is left is no loop.
#
# What a cell is found by (its *key*) and what it gives (its *value*) are two linear functions of the same vector; what a word looks for (its *query*) is a third.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Self-attention on one sentence, in ten lines

# %% slideshow={"slide_type": "-"}
words = "the old cook eats quietly and the cook smiles .".split()
rng = np.random.default_rng(3)
n_features = 16
X = np.array([rng.normal(size=n_features) for _ in words])
W_q, W_k, W_v = rng.normal(size=(3, n_features, n_features)) / np.sqrt(n_features)


def attend(X):
    """One soft read for each word: of its own cell and of those before it."""
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    scores = Q @ K.T / np.sqrt(n_features)
    scores[np.triu_indices(len(X), 1)] = -np.inf  # no word sees a later one
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return weights @ V, weights


reads, weights = attend(X)
changed = X.copy()
changed[7] += 5  # another word at place 7
print("rows that notice:", np.abs(attend(changed)[0] - reads).max(axis=1).round(2))
assert np.allclose(attend(changed)[0][:7], reads[:7])

# %% [markdown] slideshow={"slide_type": "fragment"}
# All rows at once: no step waits for another. (Lecture 04's loop had to.) And the past does not know the future.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: the order of the words
#
# *The dog bites the man.* *The man bites the dog.* Take one layer of this attention and look at what it reads after the last word. How different are the two?
#
# * **A**: very: other words are near
# * **B**: a little
# * **C**: not at all

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect A, as everyone thinks of a recurrent network. It is C, exactly: a weighted mean does not know the order of what it averages. What to do? Add something that says where a word stands, or how far back: next slide. With two layers and the mask some order
# comes in by itself, as the first layer of an early word has read fewer words.

# %% slideshow={"slide_type": "fragment"}
vector = {w: rng.normal(size=n_features) for w in "the dog bites man .".split()}
one = np.array([vector[w] for w in "the dog bites the man .".split()])
other = np.array([vector[w] for w in "the man bites the dog .".split()])
difference = np.abs(attend(one)[0][-1] - attend(other)[0][-1]).max()
print(f"largest difference of what is read at the full stop: {difference:.1e}")
assert difference < 1e-12

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Where does a word stand?
#
# | positions | how | what it can say |
# |---|---|---|
# | **absolute** | a learned vector for each place, added to the word's | *the third word of the sentence* |
# | **relative** | a learned number for each distance, added to the score | *the word three back* |
#
# Addressing by location comes back, beside addressing by content. Which of the two is better on our sentences? Wait for it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How long is the way back?
#
# * Through a state: one factor for each word between. Lecture 05: vanish, or explode.
# * Through a cell that is **copied**: nothing happens to it, however long it waits. *The gradients propagated backward in time without either vanishing or exploding* (004).
# * Through a read: one step, times the weight of that cell.
#
# 003 asks for *more direct and linear pass-through connections*. This is one.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: three curves
#
# One word is read, then others; then the noun is asked for. How long is the gradient at the first word, over its distance, **before anything is learned**? Draw three curves, on a logarithmic axis: through a tanh network; through a soft read whose weights are still even; through a soft read that has found its cell.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Many will draw the soft read flat from the start. But before training it reads all cells alike, so that each has a share of one in d: a fall, but as 1/d, while the state's is exponential. On a logarithmic axis against a linear one 1/d bends and flattens.
# Ask what happens at 1,000 words: a thousandth is still learned from.

# %% slideshow={"slide_type": "fragment"}
torch.manual_seed(0)
H, longest = 64, 100
rotation = torch.nn.init.orthogonal_(torch.empty(H, H, dtype=torch.float64))
wanted = torch.nn.functional.normalize(torch.randn(H, dtype=torch.float64), dim=0)
drawn = torch.randn(longest + 1, H, dtype=torch.float64) / H**0.5


def through_a_state(scale, distance):
    x = drawn[: distance + 1].clone().requires_grad_()
    h = torch.zeros(H, dtype=torch.float64)
    for step in x:
        h = torch.tanh(h @ (scale * rotation) + step)
    return torch.autograd.grad(h @ wanted, x)[0][0].norm()


def through_a_cell(sharpness, distance):
    x = drawn[: distance + 1].clone().requires_grad_()  # each a cell; nothing rewrites it
    query = sharpness * torch.nn.functional.normalize(drawn[0], dim=0)
    return torch.autograd.grad(torch.softmax(x @ query, 0) @ x @ wanted, x)[0][0].norm()


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The figure to remember: through a state, through a cell

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
distances = np.unique(np.r_[1:11, np.geomspace(10, longest, 16).astype(int)])
curves = {
    "state, rotation × .8": (through_a_state, 0.8, plots.ORANGE, "s"),
    "state, rotation × 1": (through_a_state, 1.0, plots.RED, "v"),
    "soft read, undecided": (through_a_cell, 0.0, plots.SKY, "o"),
    "soft read, decided": (through_a_cell, 14.0, plots.BLUE, "D"),
}
ways = {
    name: np.array([float(way(setting, int(d))) for d in distances])
    for name, (way, setting, _, _) in curves.items()
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11.5, 4.6))
    for name, (_, _, colour, marker) in curves.items():
        axis.plot(distances, ways[name], marker + "-", color=colour, label=name, markersize=6)
    axis.set(
        yscale="log", ylim=(1e-9, 20), xlabel="distance, words", ylabel="gradient at the first word"
    )
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    figure,
    "Length of the gradient at the first word over its distance, logarithmic. Through the state of a tanh network it falls as a straight line from a rotation times .8, "
    f"to {ways['state, rotation × .8'][-1]:.0e} at {longest} words, and from a rotation to {ways['state, rotation × 1'][-1]:.1g}. Through an undecided soft read it falls as one over the number of cells, to {ways['soft read, undecided'][-1]:.3f}; "
    f"through a decided one it stays between {ways['soft read, decided'].min():.2f} and {ways['soft read, decided'].max():.2f}.",
)
assert np.allclose(ways["soft read, undecided"], 1 / (distances + 1))
assert ways["state, rotation × .8"][-1] < 1e-8
assert ways["soft read, decided"].min() > 0.5 * ways["soft read, decided"].max()

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
below = ways["state, rotation × 1"] < ways["soft read, undecided"]
crossed = distances[below.argmax()]
assert below[below.argmax() :].all()
plots.say(
    f"Undecided: one in $d + 1$ cells, so at {longest} words still {ways['soft read, undecided'][-1]:.3f}, where the state from .8 has {ways['state, rotation × .8'][-1]:.0e}. "
    f"Even the state from a rotation is below it from {crossed} words on. Learning makes the read decided; **then distance costs next to nothing**."
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The last rungs: who is compared
#
# Seven networks on our language, each with as many updates of 32 sentences, all by Adam, clipped at 1, with a rate that falls in the second half:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
rungs = recorded("08_where_this_leads/ladder")
TEXT, MORE_TEXT = 280_000, 2_800_000
SHORT, LONG = 1_500, 6_000  # updates
ORDER = (
    "tanh",
    "identity ReLU",
    "LSTM",
    "GRU",
    "soft read",
    "attention",
    "attention, relative",
)
LANGUAGES = ("near", "far", "none near")


def of(model, language, column, tokens=TEXT, at=(0, 1000), updates=SHORT):
    """The values of all seeds."""
    return [
        row[column]
        for row in rungs
        if (row["model"], row["grammar"], row["tokens"]) == (model, language, tokens)
        and (row["updates"], row["from"], row["to"]) == (updates, *at)
    ]


def told(values, digits=2):
    """A value, or the range over seeds."""
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return low if low == high else f"{low} to {high}"


print("model                   parameters    updates    CPU seconds (near)    seeds")
for model in ORDER:
    if of(model, "near", "seed"):
        print(
            f"{model:24}{of(model, 'near', 'parameters')[0]:10,.0f}{of(model, 'near', 'updates')[0]:11,.0f}"
            f"{told(of(model, 'near', 'cpu_seconds'), 0):>18}{len(of(model, 'near', 'seed')):12}"
        )
print("\nRecorded:", made("08_where_this_leads"))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Each at a rate of its own, chosen beforehand. *Soft read*: a tanh network that reads its past states. *Attention*: one layer, two heads, one hidden layer behind it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Three yardsticks
#
# 1. The **exact floor** of the language: nobody does better on average.
# 2. The floor **of the sample** that we test on: the truth's own score there.
# 3. **The rules known, the probabilities counted** from the very text that the networks learn from: every choice and its words are given, their frequencies are not.
#
# Hold a network to the third: what is above it is what the network had to find out, and did not.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: what is a text worth?
#
# 280,000 tokens; some hundreds of words. Someone knows **all the rules**, and counts the probabilities. How far above the sample's floor is the perplexity?
#
# * **A**: less than a hundredth
# * **B**: about a tenth
# * **C**: half as high again

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect B: lectures 01 to 03 were about too little text. There the rules were unknown. Given the rules, few numbers are left to be counted, each from many examples. The exception is the noun, whose table is large: there it is some per cent. Half a count is added to each
# word of each choice, so that no word is impossible.

# %% slideshow={"slide_type": "fragment"}
counted = grammar.counted(text.train)
exact, sample = grammar.floor(), grammar.floor_of(text.test)
by_counting = Scores.of(counted, grammar, text.test)
noun = Slot.RETURNING_NOUN
for name, overall, at_noun in (
    ("exact floor", exact.perplexity(), exact.perplexity_by_slot()[noun]),
    ("sample's floor", sample.perplexity(), sample.perplexity_by_slot()[noun]),
    ("rules known, counted", by_counting.perplexity(), by_counting.perplexity(noun)),
):
    print(f"{name:22} overall {overall:.3f}    at the returning noun {at_noun:.3f}")
assert by_counting.perplexity() < 1.01 * sample.perplexity()
assert by_counting.perplexity(noun) > 1.02 * sample.perplexity_by_slot()[noun]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The last rungs, measured

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
yardsticks = {
    (row["grammar"], row["tokens"], row["yardstick"]): row
    for row in recorded("08_where_this_leads/yardsticks")
}
assert np.isclose(
    yardsticks["near", TEXT, "counted, sample"]["perplexity"], by_counting.perplexity(), atol=1e-3
)
COLOURS = dict(zip(LANGUAGES, (plots.BLUE, plots.ORANGE, plots.PURPLE), strict=True))


def draw_rungs(language, title_of="{}", height=4.3):
    """Every seed of every model as a dot, overall and at the noun, with the yardsticks."""
    shown = [model for model in ORDER if of(model, language, "seed")]
    with plots.course_style():
        figure, axes = plt.subplots(1, 2, figsize=(12.5, height), sharey=True)
        for axis, column, title in (
            (axes[0], "perplexity", "all tokens"),
            (axes[1], "at_noun", "the returning noun"),
        ):
            for place, model in enumerate(shown):
                values = of(model, language, column)
                axis.plot(values, [place] * len(values), "o", color=COLOURS[language], alpha=0.75)
                axis.annotate(
                    told(values), (max(values), place), (8, 0), textcoords="offset points",
                    va="center", fontsize=14,
                )  # fmt: skip
            for kind, colour, style in (
                ("sample", plots.RED, "-"),
                ("counted, sample", plots.GREEN, "--"),
            ):
                axis.axvline(
                    yardsticks[language, TEXT, kind][column], color=colour, linestyle=style
                )
            if column == "at_noun" and language == "none near":
                axis.axvline(grammar.blind_perplexity(), color=plots.BLACK, linestyle=":")
            highest = max(max(of(model, language, column)) for model in shown)
            lowest = yardsticks[language, TEXT, "sample"][column]
            if highest > 3 * lowest:
                axis.set_xscale("log")
                axis.set_xlim(lowest * 0.9, highest * 4)
                axis.set_xticks([t for t in (2, 5, 10, 20, 50, 100) if t < highest * 4])
                axis.xaxis.set_major_formatter("{x:g}")
                axis.minorticks_off()
            else:
                axis.set_xlim(
                    lowest - 0.08 * (highest - lowest), highest + 0.5 * (highest - lowest)
                )
            axis.set(xlabel="perplexity", title=title)
        axes[0].set_yticks(range(len(shown)), shown)
        axes[0].set_ylim(len(shown) - 0.5, -0.5)
        figure.legend(
            handles=[
                plt.Line2D([], [], color=plots.RED, label="sample's floor"),
                plt.Line2D([], [], color=plots.GREEN, linestyle="--", label="rules known, counted"),
                *([plt.Line2D([], [], color=plots.BLACK, linestyle=":", label="noun not read")] if language == "none near" else []),
            ],
            loc="lower center", ncols=3, bbox_to_anchor=(0.55, -0.08),
        )  # fmt: skip
        figure.tight_layout()
    plots.show(
        figure,
        f"Perplexities in the language {language!r}, a dot for each seed. "
        + "; ".join(
            f"{model}: all tokens {told(of(model, language, 'perplexity'))}, noun {told(of(model, language, 'at_noun'))}"
            for model in shown
        )
        + f". Rules known and counted: {yardsticks[language, TEXT, 'counted, sample']['perplexity']:.2f} and {yardsticks[language, TEXT, 'counted, sample']['at_noun']:.2f}.",
    )


draw_rungs("near")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
best_known = yardsticks["near", TEXT, "counted, sample"]["perplexity"]
above = {
    model: np.mean(of(model, "near", "perplexity")) / best_known - 1
    for model in ORDER
    if of(model, "near", "seed")
}
plots.say(
    f"Attention is {above['attention']:.1%} above rules that are known, the LSTM {above['LSTM']:.1%}, tanh {above['tanh']:.1%}. The first two differ by less than settings and seeds do: do **not** read a winner from it."
)
assert max(above["attention"], above["LSTM"]) < 0.03 < above["tanh"]

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## When the noun is farther away
#
# The same networks in the far language, as many updates:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
draw_rungs("far")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"At the noun: tanh {told(of('tanh', 'far', 'at_noun'), 1)}, LSTM {told(of('LSTM', 'far', 'at_noun'))}, attention {told(of('attention', 'far', 'at_noun'))}; counted {yardsticks['far', TEXT, 'counted, sample']['at_noun']:.2f}. "
    "This shows who is **quick**. It does not show that tanh cannot: its updates were few."
)
assert min(of("tanh", "far", "at_noun")) > 3 * max(of("attention", "far", "at_noun"))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: no near nouns
#
# Lecture 05's language: the noun returns after **12 words or more**, always. There, after four epochs, tanh was where it had never read the noun. Now each of the seven gets 1,500 updates. Which learn the noun?
#
# * **A**: none: too few updates
# * **B**: attention only
# * **C**: several, with gates or without

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Many say B. The figure shows who stays at the dotted line, where a reader who has not seen the noun stands. Say what it does not show: that tanh cannot learn it, ever. It shows what 1,500 updates do at one rate each. The identity has no gate and no memory cell:
# where it is in the list, it was enough that the state is copied at the start.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
draw_rungs("none near", height=3.1)
blind = grammar.blind_perplexity()
print(f"who has not read the first noun: {blind:.1f}")
assert min(of("tanh", "none near", "at_noun")) > 0.9 * blind

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
learned = [
    m
    for m in ORDER
    if of(m, "none near", "seed") and max(of(m, "none near", "at_noun")) < blind / 4
]
plots.say(
    f"At the noun all seeds of these are below a quarter of {blind:.0f}, where tanh stays: **{', '.join(learned)}**. "
    "Gates are a way back for the gradient, and so is a read of the past."
)
assert {"LSTM", "attention"} <= set(learned)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## By distance
#
# The far language, perplexity at the noun over its distance; medians over seeds:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
bins = [
    (near, far)
    for near, far in sorted({(int(r["from"]), int(r["to"])) for r in rungs} - {(0, 1000)})
    if of("attention", "far", "at_noun", at=(near, far))
]
labels = [f"{a}" if a == b else f"{a}–{b}" if b < 100 else f"≥ {a}" for a, b in bins]
STYLES = {
    "tanh": (plots.RED, "v"),
    "identity ReLU": (plots.ORANGE, "s"),
    "LSTM": (plots.GREEN, "^"),
    "GRU": (plots.SKY, "o"),
    "soft read": (plots.PURPLE, "P"),
    "attention": (plots.BLUE, "D"),
    "attention, relative": (plots.BLACK, "X"),
}
far_grammar = Grammar.load(parameters=PRESETS["far"])
far_text = corpora.from_grammar(grammar=far_grammar, train_tokens=0).test


class Truth:
    """The far language's own probabilities."""

    def log_probs(self, sentences):
        return np.concatenate([far_grammar.log_probs(s) for s in sentences])


far_truth = Scores.of(Truth(), far_grammar, far_text)
far_floors = [far_truth.perplexity(noun, each) for each in bins]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(11.5, 4.6))
    for model in ORDER:
        if of(model, "far", "seed"):
            colour, marker = STYLES[model]
            middle = [np.median(of(model, "far", "at_noun", at=each)) for each in bins]
            axis.plot(range(len(bins)), middle, marker + "-", color=colour, label=model, alpha=0.85)
    axis.plot(
        range(len(bins)), far_floors, color=plots.BLACK, linestyle=":", label="sample's floor"
    )
    axis.set(yscale="log", xlabel="distance of the nouns, words", ylabel="perplexity at the noun", ylim=(1.6, None))  # fmt: skip
    axis.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    axis.minorticks_off()
    axis.set_xticks(range(len(bins)), labels)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
flat = [np.median(of("attention", "far", "at_noun", at=each)) for each in bins]
rising = [np.median(of("tanh", "far", "at_noun", at=each)) for each in bins]
plots.show(
    figure,
    f"Perplexity at the noun over distance. Tanh rises from {rising[0]:.1f} at {bins[0][0]} words to {rising[-1]:.1f} at {bins[-1][0]} and more; attention is between {min(flat):.2f} and {max(flat):.2f} at all distances, the sample's floor between {min(far_floors):.2f} and {max(far_floors):.2f}.",
)
assert rising[-1] > 1.5 * rising[0]
assert max(np.array(flat) / far_floors) < 1.25

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## One error, word by word
#
# Our sentence, trained networks: how long is the gradient of the returning noun's loss at the vector of each word read?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
KEPT = ("tanh", "LSTM", "attention")
by_word = {kind: gradients_by_word(trained(kind), [story], [place])[0] for kind in KEPT}
with plots.course_style():
    figure, axes = plt.subplots(len(KEPT), 1, figsize=(12, 5), sharex=True)
    for axis, (kind, lengths) in zip(axes, by_word.items(), strict=True):
        axis.bar(range(len(lengths)), lengths, color=STYLES[kind][0])
        axis.bar(FIRST_NOUN_INDEX + 1, lengths[FIRST_NOUN_INDEX + 1], color=STYLES[kind][0], edgecolor="black", linewidth=2.5)  # fmt: skip
        axis.set_title(kind, loc="left", fontsize=14)
        axis.grid(axis="x", visible=False)
    axes[-1].set_xticks(range(place + 1), ["<s>", *story[:place]], rotation=40, ha="right")
    figure.supylabel("gradient", fontsize=15)
    figure.tight_layout()
first_share = {kind: each[FIRST_NOUN_INDEX + 1] / each.sum() for kind, each in by_word.items()}
plots.show(
    figure,
    f"Three panels, a bar for each word of the sentence. Of all bars together the first noun, {story[FIRST_NOUN_INDEX]}, has "
    + ", ".join(f"{kind} {share_of:.0%}" for kind, share_of in first_share.items())
    + ".",
)
assert max(first_share, key=first_share.get) == "attention"

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The gradient that did it
#
# Recorded: the length of the gradient of the noun's loss at the vector of the first noun; near language, before training and after, median over sentences and seeds:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
back = recorded("08_where_this_leads/gradients")


def gradient(model, when, at):
    """Median over seeds."""
    found = [
        row["median"]
        for row in back
        if (row["model"], row["when"], row["from"], row["to"]) == (model, when, *at)
    ]
    return np.median(found)


looked_at = ((4, 4), (10, 12), (17, 24))
print(" " * 24 + "before, at 4    10–12    17–24      after, at 4    10–12    17–24")
for model in ORDER:
    if any(row["model"] == model for row in back):
        print(
            f"{model:22}"
            + "  ".join(
                "".join(f"{gradient(model, when, at):10.1g}" for at in looked_at) + "    "
                for when in ("before", "after")
            )
        )
faded = {m: gradient(m, "after", (17, 24)) / gradient(m, "after", (4, 4)) for m in ("tanh", "attention")}  # fmt: skip
assert faded["tanh"] < 0.8 < faded["attention"]

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
at_start = {m: gradient(m, "before", (17, 24)) for m in ("tanh", "GRU")}
plots.say(
    f"After training, from 4 to 17–24 words: tanh keeps {faded['tanh']:.0%} of its gradient, attention {faded['attention']:.0%}. "
    f"**But beware of the left half**: at 17–24 words the GRU begins with {at_start['GRU']:.1g}, tanh with {at_start['tanh']:.1g}, and it is the GRU that learns the noun. How long the gradient is at the start predicts nothing alone."
)
assert at_start["GRU"] < at_start["tanh"] / 100
assert max(of("GRU", "near", "at_noun")) < min(of("tanh", "near", "at_noun")) / 2

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is left, and where
#
# Nats a token above the truth, near language, split by what is being predicted. The last bar is the third yardstick:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
slot_rows = recorded("08_where_this_leads/slots")
GROUPS = {
    "returning noun": ("returning noun",),
    "topic words": ("adjective", "noun", "verb"),
    "phrase": ("next phrase",),
    "place": ("setting",),
}
PARTS = (*GROUPS, "the rest")


def left_over(found):
    """Nats a token above the truth by group, from (slot, nats, true nats, tokens)."""
    n = sum(tokens for *_, tokens in found)
    by_slot = {slot: (nats - true) / n for slot, nats, true, _ in found}
    parts = {name: sum(by_slot[s] for s in slots) for name, slots in GROUPS.items()}
    return {**parts, "the rest": sum(by_slot.values()) - sum(parts.values())}


truth = np.concatenate([grammar.log_probs(s) for s in text.test])
slot_of = np.array([str(slot) for slot in by_counting.slots])
rest_of = {
    "rules known, counted": left_over(
        [
            (slot, -by_counting.log_probs[slot_of == slot].sum(), -truth[slot_of == slot].sum(), (slot_of == slot).sum())
            for slot in dict.fromkeys(slot_of)
        ]
    )
}  # fmt: skip
for model in ORDER:
    of_seeds = [
        left_over([(r["slot"], r["nats"], r["true_nats"], r["n"]) for r in slot_rows if (r["model"], r["grammar"], r["tokens"], r["updates"], r["seed"]) == (model, "near", TEXT, SHORT, seed)])
        for seed in sorted({r["seed"] for r in slot_rows if (r["model"], r["grammar"], r["tokens"], r["updates"]) == (model, "near", TEXT, SHORT)})
    ]  # fmt: skip
    if of_seeds:
        rest_of[model] = {part: np.mean([each[part] for each in of_seeds]) for part in PARTS}
rest_of["rules known, counted"] = rest_of.pop("rules known, counted")
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12, 4.6))
    begin = np.zeros(len(rest_of))
    hatches = ("", "//", "..", "xx", "")
    for part, colour, hatch in zip(
        PARTS,
        (plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE, "#BBBBBB"),
        hatches,
        strict=True,
    ):
        width = np.array([each[part] for each in rest_of.values()])
        axis.barh(range(len(rest_of)), width, left=begin, color=colour, label=part, hatch=hatch, edgecolor="white")  # fmt: skip
        begin = begin + width
    axis.set_yticks(range(len(rest_of)), list(rest_of))
    axis.invert_yaxis()
    axis.set(xlabel="nats a token above the truth")
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower center", bbox_to_anchor=(0.42, 1.0), ncols=5, columnspacing=1.2)
share = {
    name: {part: value / sum(parts.values()) for part, value in parts.items()}
    for name, parts in rest_of.items()
}
plots.show(
    figure,
    "Stacked bars: what each model loses against the truth. "
    + "; ".join(
        f"{name} {sum(parts.values()):.3f} nats, of it {share[name]['returning noun']:.0%} at the returning noun"
        for name, parts in rest_of.items()
    )
    + ".",
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Of what tanh lacks {share['tanh']['returning noun']:.0%} is the noun: **memory**. Of what attention lacks {share['attention']['returning noun']:.0%} is; {share['attention']['topic words']:.0%} are words of a topic, {share['attention']['phrase']:.0%} phrases, {share['attention']['place']:.0%} places: frequencies, and for those one needs **text**."
)
assert share["tanh"]["returning noun"] > 0.5 > share["attention"]["returning noun"]

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: more text, or more updates?
#
# The near language, 280,000 tokens and 1,500 updates so far. Attention is a little above *rules known*. What brings it nearer?
#
# * **A**: four times the updates on the same text
# * **B**: ten times the text, as many updates
# * **C**: only both

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect A ("train longer") and B ("more data") about evenly. 1,500 updates see each sentence of the small text two or three times, and a quarter of the large one once; 6,000 go more than nine times through the small one. Neither alone does much:
# updates have nothing new to see (and learn the sample by heart), text is not read. The yardstick moves as well: counted from ten times the text it is nearly the floor.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
budgets = ((TEXT, SHORT), (TEXT, LONG), (MORE_TEXT, SHORT), (MORE_TEXT, LONG))
print("tokens           " + "".join(f"{tokens:>17,}" for tokens, _ in budgets))
print("updates          " + "".join(f"{updates:>17,}" for _, updates in budgets))
found_of = {}
for model in ("tanh", "LSTM", "attention"):
    line = f"{model:17}"
    for tokens, updates in budgets:
        at_budget = {"tokens": tokens, "updates": updates}
        both = [of(model, "near", c, **at_budget) for c in ("perplexity", "at_noun")]
        found_of[model, tokens, updates] = both
        means = f"{np.mean(both[0]):.3f} / {np.mean(both[1]):.2f}" if both[0] else ""
        line += f"{means:>17}"
    print(line)
for kind, name in (("counted, sample", "rules, counted"), ("sample", "sample's floor")):
    line = f"{name:17}"
    for tokens, _ in budgets:
        overall, at_noun = (yardsticks["near", tokens, kind][c] for c in ("perplexity", "at_noun"))
        line += f"{f'{overall:.3f} / {at_noun:.2f}':>17}"
    print(line)
print("all tokens / returning noun; means over seeds")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
base, longer, larger, both = (np.mean(found_of["attention", *each][0]) for each in budgets)
plots.say(
    f"Attention, all tokens: {base:.3f}. Four times the updates alone: {longer:.3f}. Ten times the text alone: {larger:.3f}. **Both**: {both:.3f}, where the floor is {sample.perplexity():.3f}. "
    "Updates alone make it worse here; text alone, read to a quarter, helps little."
)
assert longer > base > larger > both
assert base - both > 2 * (base - larger)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A head that one can read
#
# Our sentence, and where the two heads of the attention layer look just before the returning noun:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
attending = trained("attention")


def looks_of(model, sentence, until):
    """Weights of each head on `<s>` and on each word, when the word at `until` is predicted."""
    with torch.no_grad():
        return model.network.attention(model.reader.inputs_after(sentence[:until]))[
            0, :, -1
        ].numpy()


looks = looks_of(attending, story, place)
tested = [s for s in text.test if s[grammar.returning_index(s)] == s[FIRST_NOUN_INDEX]][:300]
on_noun = np.mean(
    [looks_of(attending, s, grammar.returning_index(s))[:, FIRST_NOUN_INDEX + 1] for s in tested], 0
)
reader_head = int(on_noun.argmax())
read_words = ["<s>", *story[:place]]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12.5, 2.9))
    axis.imshow(looks, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for head, row in enumerate(looks):
        for column, weight in enumerate(row):
            if weight > 0.02:
                axis.text(column, head, f"{weight:.2f}", ha="center", va="center", fontsize=14, color="white" if weight > 0.6 else "black")  # fmt: skip
    axis.set_xticks(range(len(read_words)), read_words, rotation=40, ha="right")
    axis.set_yticks(range(len(looks)), [f"head {head + 1}" for head in range(len(looks))])
    axis.grid(visible=False)
    axis.set_title(f"… before “{story[place]}”")
plots.show(
    figure,
    f"Weights of two heads on the words of the sentence {' '.join(read_words)}. Head {reader_head + 1} gives {looks[reader_head, FIRST_NOUN_INDEX + 1]:.3f} to the first noun, {story[FIRST_NOUN_INDEX]}.",
)
assert looks[reader_head].argmax() == FIRST_NOUN_INDEX + 1

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"Head {reader_head + 1} puts {looks[reader_head, FIRST_NOUN_INDEX + 1]:.3f} on *{story[FIRST_NOUN_INDEX]}*; over {len(tested)} sentences {on_noun[reader_head]:.3f} on the first noun. Nobody told it which word counts. (One layer, one task: larger networks are seldom as easy to read.)"
)
assert on_noun[reader_head] > 0.8

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: a hundred words later
#
# The head looks at the noun, whatever the distance. Trained on the near language, the network now reads sentences in which the noun returns after **a hundred words and more**. The noun is still the third word. What does attention with absolute positions do?
#
# * **A**: finds it: distance costs nothing
# * **B**: loses some
# * **C**: fails, worse than a recurrent network

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Expect A, after the figure to remember. But what has never been trained is the vector of place 100: to the layer it is noise, and the query is made of it. The memory would hold; the reader is lost. Relative positions have nothing new at a hundred words: all that is
# far is far. Then let the hall explain why the recurrent networks go on.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
reach = [r for r in recorded("08_where_this_leads/reach") if r["grammar"] == "near"]
leasts = sorted({int(row["least_distance"]) for row in reach})


def reached(model):
    return [
        np.median([r["at_noun"] for r in reach if (r["model"], r["least_distance"]) == (model, least)])
        for least in leasts
    ]  # fmt: skip


with plots.course_style():
    figure, axis = plt.subplots(figsize=(11.5, 3.5))
    for model in ORDER:
        if any(r["model"] == model for r in reach):
            colour, marker = STYLES[model]
            axis.plot(range(len(leasts)), reached(model), marker + "-", color=colour, label=model, alpha=0.85)  # fmt: skip
    floors = [next(r["floor"] for r in reach if r["least_distance"] == least) for least in leasts]
    axis.plot(range(len(leasts)), floors, color=plots.BLACK, linestyle=":", label="sample's floor")
    axis.axhline(blind, color=plots.BLACK, linestyle="--", linewidth=1.2, label="noun not read")
    axis.set(yscale="log", xlabel="least distance of the nouns, words", ylabel="perplexity at the noun", ylim=(1.5, 2e4))  # fmt: skip
    axis.set_xticks(range(len(leasts)), leasts)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ends = {model: reached(model)[-1] for model in ORDER if any(r["model"] == model for r in reach)}
plots.show(
    figure,
    f"Perplexity at the noun over its least distance, for networks trained on the near language. At {leasts[-1]} words: "
    + "; ".join(f"{model} {value:.3g}" for model, value in ends.items())
    + f". The floor there is {floors[-1]:.2f}.",
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
lost = {
    model: next((least for least, value in zip(leasts, reached(model), strict=True) if value > 5), None)
    for model in ends
}  # fmt: skip
plots.say(
    "Above 5 from a least distance of: "
    + ", ".join(f"{model} {'never' if least is None else least}" for model, least in lost.items())
    + ". **A direct path is no promise about lengths never seen**: in attention the position fails, not the memory. (Identity ReLU leaves the picture: nothing bounds its state.)"
)
assert lost["attention"] is not None
assert ends["identity ReLU"] > 2e4

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two more direct paths, in words
#
# Named in 003:
#
# * **Residual connections**: a layer's result is *added* to what came in, $x + f(x)$. Its derivative is $1 + f'$: a path of ones through all layers. (Our attention layer has two.)
# * **State space models** (*still relevant today*): a recurrent network whose step from state to state is *linear*, with factors held close to one. Linear steps can be taken for all words at once; no state is squashed.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same idea, five times
#
# | | what is carried on unchanged | the way back |
# |---|---|---|
# | identity start | the state, in the beginning | ones, until trained away |
# | gates (LSTM) | a cell, while the gate is open | the forget gates' product |
# | copied memory cell | what was written | one, times a read's weight |
# | attention | every word's own cell | a read's weight |
# | residual connections | the input of a layer | one, and more |
#
# *Creating more direct and linear pass-through connections* (003).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole ladder

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
for order in (3, 5):
    ladder.measure(
        f"modified Kneser–Ney, order {order}", ModifiedKneserNey.fit(text.train, order, vocab), grammar, text.test
    )  # fmt: skip
for window in (4, 8):
    found = [
        (row["perplexity"], row["at_noun"])
        for row in recorded("03_window/windows")
        if (row["grammar"], row["model"], row["window"]) == ("near", "network", window)
    ]
    ladder.add(f"window of {window}", *np.mean(found, axis=0))
for model in ORDER:
    if of(model, "near", "seed"):
        ladder.add(model, *(np.mean(of(model, "near", c)) for c in ("perplexity", "at_noun")))
ladder.add("rules known, counted", by_counting.perplexity(), by_counting.perplexity(noun))
ladder.draw()
first = ladder.rungs[0]

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"From {first.perplexity:.1f} to {np.mean(of('attention', 'near', 'perplexity')):.2f}, floor {ladder.floor:.2f}; at the noun from {first.at_noun:.0f} to {np.mean(of('attention', 'near', 'at_noun')):.2f}, floor {ladder.floor_at_noun:.2f}. Means over seeds, from *window* on recorded; a rung is a model **and** its training."
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Eight lectures, one question: what comes next?
#
# | lecture | what it added | what it left |
# |---|---|---|
# | 01 | counting, smoothing, perplexity | no two words are alike |
# | 02 | features, gradients, training | features by hand |
# | 03 | learned vectors, a window | an edge |
# | 04 | a state, one set of weights | memory that fades |
# | 05, 06 | why: products of Jacobians; clipping | vanishing |
# | 07, 08 | long memory, direct paths | text, size, and all the rest |
#
# And one habit: **a number beside its floor**.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What to read next
#
# * Graves, Wayne, Danihelka 2014, *Neural Turing machines*; Weston, Chopra, Bordes 2014, *Memory networks*: the memory of today (004).
# * Bahdanau, Cho, Bengio 2015: soft attention, for translation (004).
# * Vaswani et al. 2017, *Attention is all you need*: our one layer, stacked.
# * Hochreiter, Schmidhuber 1997; Le, Jaitly, Hinton 2015: long memory with a state (001, 004).
# * Gu, Dao 2023, *Mamba*: state space models for text.
# * Jurafsky, Martin, *Speech and Language Processing*: the field.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Facts want an **explicit memory**: vectors, read and written softly, found by content or by place.
# * What is copied keeps its gradient; a read is one step.
# * Attention: the sentence is the memory. Without positions it knows no order; with absolute ones it knows no new lengths.
# * Measured, near: the LSTM and attention come within three per cent of *rules known, probabilities counted*. Tanh lacks the noun.
# * A rung is a model, its training, and its text.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Differentiate a soft read by one score, and show that the weight of the cell is a factor. For which weight is the derivative largest, if there are two cells?
# 2. Write cell 3 twice, softly, with weight .7 each time and all to be erased. How much of the first content is left? How many writes elsewhere, at weight .01 each, until half of it is gone?
# 3. In *through a state, through a cell* let the cells be written by the states of the tanh network. Which of the two ways back does the gradient take at distance 5, and at 50?
# 4. *More text, or more updates?* has no dropout. Put one behind the attention layer and train for 6,000 updates on 280,000 tokens (`train_for` in `nextword.learning.falling_rate`). How much of the step to ten times the text does it make up for?
# 5. Take away the second head, or the hidden layer. Which group of *What is left, and where* grows?
# 6. Give absolute positions only up to place 20 and reuse the last one beyond. What becomes of the curve at a hundred words, and why?
# 7. `grammar.counted(text.train, pseudo_count)` for .01, .1, .5, 1, 5: which is best overall, and at the noun? Choose on the validation text.
# 8. A linear state: `h = a * h + x` with numbers `a` just below 1. Write h for all steps at once, without a loop (a matrix of powers). How does its gradient depend on distance?
#
# ## Sources
#
# * Goodfellow, Bengio, Courville, *Deep Learning*, sec. 10.12 and Fig. 10.18 (004): implicit and explicit knowledge, memory cells, soft addresses, reasons for vectors, content and location, gradients through copied cells; Weston et al. 2014, Graves et al. 2014, Bahdanau et al. 2015 as told there.
# * Slides *Language Modeling + RNNs* (003): *How to fix the vanishing gradient problem?*; attention and residual connections; state space models in its recap.
# * Slides 000 and 001: what a recurrent network is to remember; Le et al. 2015 for the identity.
# * Pascanu, Mikolov, Bengio 2013 (002): what vanishes, and why.
# * Beyond the sources: the one layer of self-attention (after Vaswani et al. 2017) and its relative positions (after Shaw et al. 2018); the rungs, yardsticks, gradients, lengths measured here. That state space models are linear recurrences is said after Gu and Dao 2023.
# * The recorded tables: `data/recorded/08_where_this_leads/README.md`.
