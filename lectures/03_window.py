# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 03 A fixed-window neural language model
#
# ## *The pupils opened their …*
#
# You have read *the students opened their books* many times. Of *pupils* you have read that they go to school and do homework, but never what they opened. Say the next word.
#
# Of course you can. A table of counts cannot: **to counting, *students* and *pupils* are as different as *students* and *of*.**

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 75 minutes. The story: words as vectors, and the network of 2003 in two notations, typed (22 min); train it before their eyes, and look at what it
# learned (15); the window: falling, then flat (12); what it costs, what helps (15); it and counting together, and the same layers for two tasks (11). The questions to the hall are in these
# minutes. Run all cells before the lecture. The lecturer's page, with timings slide by slide: `solutions/lecturers/03_window.md`.

# %% slideshow={"slide_type": "skip"}
import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on small matrices one thread is faster

import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from nextword import corpora
from nextword.corpora import Corpus
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Slot
from nextword.learning.training import DivergedError, TrainingSettings, train
from nextword.models.evaluation import Scores
from nextword.models.mixture import ContextFrequency, Mixture
from nextword.models.neural import WindowNetwork, window_model
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.models.tagging import TagNetwork, TagReader, grammar_tags
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder
from nextword.pictures.live import LiveLoss
from nextword.recorded import made, recorded
from nextword.text.vocabulary import Vocabulary

torch.set_num_threads(1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What counting does with words it has seen, in an order it has not
#
# Three words from the test text that never stood together in training, and the guesses of order 5 for the fourth:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
grammar = Grammar.load()
text = corpora.load("grammar")
vocab = Vocabulary.build(text.train)
kneser_ney = {order: ModifiedKneserNey.fit(text.train, order, vocab) for order in (3, 5)}
verb_place = FIRST_NOUN_INDEX + 1
seen = {tuple(sentence[:verb_place]) for sentence in text.train}
fresh = [sentence for sentence in text.test if tuple(sentence[:verb_place]) not in seen]
prefix = fresh[0][:verb_place]


def guesses(distribution, words, n=4):
    best = np.argsort(-distribution)[:n]
    return "   ".join(f"{words[number]} {distribution[number]:.2f}" for number in best)


def truth(prefix):
    found = grammar.next_distribution(prefix)
    return np.array([found.get(word, 0.0) for word in vocab.words])


share = len(fresh) / len(text.test)
print(
    f"{share:.0%} of all test sentences begin with three words that never stood together in training.\n"
)
print(f"{' '.join(prefix)} …\n")
print(f"truth             {guesses(truth(prefix), vocab.words)}")
print(
    f"Kneser–Ney, n = 5 {guesses(kneser_ney[5].next_distribution(['<s>', *prefix]), vocab.words)}"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It has backed off to the noun alone, and does what it can with that. It cannot say: *this noun is like those nouns*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea: words that behave alike get vectors that are alike
#
# Bengio, Ducharme, Vincent and Jauvin (2003):
#
# 1. give every word $i$ a vector of $m$ numbers, $C(i)$: row $i$ of a matrix $C$;
# 2. let a smooth function of the vectors of the last $n-1$ words give the probability of the next;
# 3. learn **both at once**, by gradient.
#
# What is learned after *students* then also holds after every word whose vector is near.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A fixed-window neural language model

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10.5, 5.2))
    axis.axis("off")
    axis.set(xlim=(-0.4, 10.6), ylim=(-0.55, 5.4))

    def row(n, y, left, step, colour):
        axis.scatter(left + step * np.arange(n), [y] * n, s=130, color=colour, zorder=3)
        return left + step * (n - 1) / 2

    words = ["the", "students", "opened", "their"]
    for number, word in enumerate(words):
        middle = row(4, 1.3, 0.2 + 1.8 * number, 0.35, plots.BLUE)
        axis.annotate(word, (middle, 0.15), ha="center", fontsize=17)
        axis.annotate("", (middle, 1.1), (middle, 0.5), arrowprops={"arrowstyle": "->", "lw": 2})
    axis.annotate("C: one row a word", (7.3, 0.7), fontsize=14, va="center")
    axis.annotate("x: four vectors, one after another", (7.3, 1.3), fontsize=14, va="center")
    row(9, 2.75, 1.85, 0.35, plots.ORANGE)
    axis.annotate("tanh(d + H x)", (7.3, 2.75), fontsize=14, va="center")
    axis.annotate("H", (3.45, 2.05), fontsize=17, color=plots.ORANGE)
    axis.annotate("", (3.25, 2.5), (3.25, 1.55), arrowprops={"arrowstyle": "->", "lw": 2})
    axis.annotate("", (3.25, 3.95), (3.25, 3.0), arrowprops={"arrowstyle": "->", "lw": 2})
    axis.annotate("U", (3.45, 3.4), fontsize=17, color=plots.RED)
    heights = np.array([0.1, 0.15, 0.9, 0.1, 0.2, 0.6, 0.1, 0.35, 0.1, 0.15, 0.1])
    axis.bar(1.5 + 0.35 * np.arange(11), heights, 0.25, bottom=4.05, color=plots.RED)
    axis.annotate("books", (2.2, 5.0), ha="center", fontsize=14)
    axis.annotate("exams", (3.25, 4.72), ha="center", fontsize=14)
    axis.annotate("softmax(y): one bar a word", (7.3, 4.3), fontsize=14, va="center")
    axis.annotate(
        "",
        (1.3, 4.2),
        (0.6, 1.55),
        arrowprops={
            "arrowstyle": "->",
            "lw": 2,
            "ls": "--",
            "connectionstyle": "arc3,rad=-0.35",
            "color": plots.PURPLE,
        },
    )
    axis.annotate("W, if you like", (-0.4, 4.5), fontsize=14, color=plots.PURPLE)
plots.show(
    figure,
    "Four words, each looked up in C; their vectors one after another are x; H leads to a hidden layer, U from there to the output, "
    "softmax gives every word of the vocabulary a probability; dashed, direct connections W from x to the output.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Two notations, one network
#
# $$\begin{array}{lll}
# & \textbf{Bengio et al. 2003 (in 001)} & \textbf{slides 003} \\[6pt]
# \text{vector of a word} & C(i), \text{ row } i \text{ of } C & e^{(t)} \\[6pt]
# \text{the window} & x = (C(w_{t-1}), \dots, C(w_{t-n+1})) & e = [e^{(1)}; e^{(2)}; e^{(3)}; e^{(4)}] \\[6pt]
# \text{hidden layer} & \tanh(d + Hx) & h = f(We + b_1) \\[6pt]
# \text{output} & y = b + Wx + U\tanh(d + Hx) & Uh + b_2 \\[6pt]
# \text{probabilities} & \hat P(w_t \mid w_{t-1}, \dots, w_{t-n+1}) = e^{y_{w_t}} \big/ \sum_i e^{y_i} & \hat y = \text{softmax}(Uh + b_2)
# \end{array}$$

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Traps between the notations
#
# | | Bengio et al. 2003 | slides 003 | our code |
# |---|---|---|---|
# | written first | the **latest** word | the **oldest** | the oldest |
# | $W$ leads to | the **output** | the **hidden** layer | the output, or None |
# | $h$ is | the **number** of units | the hidden **vector** | a number |
# | the window has | $n-1$ words | 4 | `window` $= n-1$ |
#
# Columns there, rows in our code: each matrix is the transpose. The vectors pass no nonlinearity of their own: *it would not add anything useful* (Bengio et al.).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The forward pass, growing: look up, lay side by side
#
# A real sentence, a window of 4, and a network that has learned nothing yet:

# %% slideshow={"slide_type": "-"}
rng = np.random.default_rng(1)
their = vocab.encode("these old cooks cook".split())  # four words of our language
C = rng.normal(size=(len(vocab), 5)) * 0.1  # five features a word
x = np.concatenate([C[word] for word in their])
print("C", C.shape, " four rows side by side: x", x.shape)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The forward pass, growing: bend, score, normalise

# %% slideshow={"slide_type": "-"}
H, d = rng.normal(size=(20, 8)) * 0.3, np.zeros(8)
U, b = rng.normal(size=(8, len(vocab))) * 0.3, np.zeros(len(vocab))
h = np.tanh(d + x @ H)  # 8 hidden units
y = b + h @ U  # a score for every word
p = np.exp(y) / np.exp(y).sum()
best = np.argsort(-p)[:3]
print("hidden", h.shape, " scores", y.shape, " sum of p", p.sum().round(6))
print(
    "it guesses:",
    *(vocab.words[i] for i in best),
    "  1 / |V| =",
    round(1 / len(vocab), 4),
    " largest p",
    p.max().round(4),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# That is the whole model: one sentence, one place. A batch of windows, and how they are cut from sentences, are your assignment.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The window network by hand
#
# Five words, two features, three hidden units, a window of two. The equation as it is printed, in columns:

# %% slideshow={"slide_type": "-"}
rng = np.random.default_rng(0)
V, m, h, window = 5, 2, 3, 2
C, H, d = rng.normal(size=(V, m)), rng.normal(size=(h, window * m)), rng.normal(size=h)
U, W, b = rng.normal(size=(V, h)), rng.normal(size=(V, window * m)), rng.normal(size=V)
context, target = [4, 1], 2

x = C[context].ravel()  # the oldest word first
a = np.tanh(d + H @ x)
y = b + W @ x + U @ a
log_p = y - np.log(np.exp(y).sum())
error = np.exp(log_p) - np.eye(V)[target]  # what the loss asks of y: predicted minus observed
gradient_of_d = (1 - a**2) * (U.T @ error)
print("log-probabilities", log_p.round(4))
print("gradient of d    ", gradient_of_d.round(4))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The window network in torch

# %% slideshow={"slide_type": "-"}
network = WindowNetwork(V, window, m, h, direct=True, rng=rng).double()
for ours, theirs in (
    (C, network.features.weight), (H, network.hidden.weight), (d, network.hidden.bias),
    (U, network.output.weight), (W, network.direct.weight), (b, network.output.bias),
):  # fmt: skip
    theirs.data = torch.from_numpy(ours)
torch_log_p = torch.log_softmax(network(torch.tensor([context])), dim=-1)[0]
(-torch_log_p[target]).backward()
difference = max(
    np.abs(torch_log_p.detach().numpy() - log_p).max(),
    np.abs(network.hidden.bias.grad.numpy() - gradient_of_d).max(),
)
print(f"largest difference between numpy by hand and torch: {difference:.1e}")
assert difference < 1e-10

# %% [markdown] slideshow={"slide_type": "fragment"}
# You have derived this gradient in lecture 02. The others (of $U$, $W$, $H$, and of $C$, where one word may stand twice in a window) are your assignment.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What a window fixes, and what it cannot
#
# | slides 003 say | |
# |---|---|
# | no sparsity problem | softmax is positive after every context |
# | no need to store all n-grams | only the matrices are kept |
# | **but** too small, never large enough | *proctor* is out of sight |
# | **but** a larger window: a larger $H$ | a block of $m$ rows for each place |
# | **but** no symmetry | place 1 and place 3 meet *different* weights |
#
# We need a network for input of **any length** (003): lecture 04.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: twice as much of what?
#
# 10,000 words, $m = 30$, $h = 100$, a window of 4. Which makes the network largest?
#
# * **A**: twice the window
# * **B**: twice the hidden units
# * **C**: twice the vocabulary

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Many say A, with n-grams in mind, where it is the order that kills. Reply: count the matrices that have a row for each word, on the board: C and U. The window enters H only, 30 times 100 for each
# place. The table on the next slide has the formula.

# %% slideshow={"slide_type": "fragment"}
for name, size, words_seen, hidden in (
    ("as it is", 10_000, 4, 100),
    ("twice the window", 10_000, 8, 100),
    ("twice the hidden units", 10_000, 4, 200),
    ("twice the vocabulary", 20_000, 4, 100),
):
    weights = size * 30 + words_seen * 30 * hidden + hidden + hidden * size + size
    print(f"{name:24}{weights:11,} parameters")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How many parameters?
#
# Bengio et al. count, with direct connections,
#
# $$|V|\,(1 + nm + h) + h\,(1 + (n-1)\,m)$$
#
# Linear in the vocabulary, **linear in $n$**. (Sharing more would make it less than linear, they say: a time-delay or a *recurrent* network. Next lecture.)
# Beside it, what Kneser–Ney has to store:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
docs = corpora.load("python-docs")


def n_weights(vocab_size, n, **options):
    built = WindowNetwork(vocab_size, n - 1, 30, 100, rng=np.random.default_rng(0), **options)
    return sum(weights.numel() for weights in built.parameters())


print("m = 30, h = 100          n =      2          3          4          5          6")
for size in (len(vocab), 10_000):
    plain = "".join(f"{n_weights(size, n):11,}" for n in range(2, 7))
    print(f"|V| = {size:7,}  without W {plain}")
    direct = "".join(f"{n_weights(size, n, direct=True):11,}" for n in range(2, 7))
    print(f"                   with W {direct}")
print()
for name, corpus in (("the grammar's n-grams", text), ("Python's docs' n-grams", docs)):
    stored = AddDelta.fit(corpus.train, 6).n_ngrams
    totals = "".join(f"{sum(stored[:n]):11,}" for n in range(2, 7))
    print(f"{name:26}{totals}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# N-grams grow with the **text**, weights do not. Nearly all weights are in $C$, $U$ and $W$, which have a row for each word: the dominating factor is $|V|(nm+h)$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is maximised
#
# $$L = \frac1T \sum_t \log f(w_t, w_{t-1}, \dots, w_{t-n+1}; \theta) + R(\theta)$$
#
# The first term is minus the loss $J$ of lecture 01: $e^{J}$ is the perplexity. $R$ is weight decay, *"applied only to the weights of the neural network and to
# the $C$ matrix, not to the biases"*. After each batch: $\theta \leftarrow \theta + \varepsilon\, \partial L / \partial \theta$, with AdaGrad's $\varepsilon$ for each parameter
# (001: *word vectors!* Rare words get larger steps).
#

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The first loss, before training
#
# It should be no surprise:

# %% slideshow={"slide_type": "-"}
model = window_model(vocab, text.train, window=4, n_features=30, n_hidden=100, seed=0)
read = model.reader.read
blank = WindowNetwork(len(vocab), 4, rng=np.random.default_rng(0))
(batch,) = read(text.valid[:100]).batches(10_000)
print(
    f"output biases 0: loss {blank.loss(batch).item():.3f}      log |V| = {np.log(len(vocab)):.3f}"
)
unigrams = AddDelta.fit(text.train, 1, 0.1, vocab)
print(
    f"output biases at log-frequencies: loss {model.network.loss(batch).item():.3f}      "
    f"unigrams {-unigrams.log_probs(text.valid[:100]).mean():.3f}"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Output biases at log-frequencies, as in lecture 02b: the first minutes of training are saved.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Train the window network

# %% slideshow={"slide_type": "-"}
settings = TrainingSettings(epochs=3, batch_size=128, learning_rate=0.05, optimizer="adagrad")
watch = LiveLoss(floor=grammar.floor().entropy_rate())
history = train(model.network, read(text.train), read(text.valid), settings, watch=watch)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## When the steps are too long
#
# Not an hour of `nan`: the loop stops, and says so.

# %% slideshow={"slide_type": "-"}
unlucky = window_model(vocab, text.train, window=4)
try:
    train(
        unlucky.network,
        read(text.train[:500]),
        read(text.valid[:100]),
        TrainingSettings(optimizer="sgd", learning_rate=300.0),
        progress=False,
    )
except DivergedError as error_message:
    print(error_message)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same question, after training

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print(f"{' '.join(prefix)} …\n")
print(f"truth             {guesses(truth(prefix), vocab.words)}")
print(
    f"Kneser–Ney, n = 5 {guesses(kneser_ney[5].next_distribution(['<s>', *prefix]), vocab.words)}"
)
print(f"window of 4       {guesses(model.next_distribution(prefix), vocab.words)}")
print(f"\nperplexity at the verb, over all {len(fresh):,} such sentences:")
for name, scorer in (("Kneser–Ney, n = 5", kneser_ney[5]), ("window of 4", model)):
    print(f"{name:18}{Scores.of(scorer, grammar, fresh).perplexity(Slot.VERB):.2f}")
print(f"{'floor':18}{grammar.floor_of(fresh).perplexity_by_slot()[Slot.VERB]:.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Where the network gains on counting

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
scores = {
    "Kneser–Ney, n = 5": Scores.of(kneser_ney[5], grammar, text.test),
    "window of 4": Scores.of(model, grammar, text.test),
}
sample_floor = grammar.floor_of(text.test)
slots = [slot for slot, value in sample_floor.perplexity_by_slot().items() if value > 1.01]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(12.5, 4.8))
    across = np.arange(len(slots))
    for offset, (name, colour) in zip(
        (-0.2, 0.2), (("Kneser–Ney, n = 5", plots.ORANGE), ("window of 4", plots.BLUE)), strict=True
    ):
        values = [scores[name].by_slot()[slot] for slot in slots]
        axis.bar(
            across + offset,
            values,
            0.38,
            color=colour,
            label=f"{name}: {scores[name].perplexity():.2f} overall",
        )
        for place_, value in zip(across + offset, values, strict=True):
            axis.annotate(
                f"{value:.1f}",
                (place_, value),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=14,
            )
    for number, slot in enumerate(slots):
        value = sample_floor.perplexity_by_slot()[slot]
        axis.plot(
            [number - 0.42, number + 0.42],
            [value, value],
            color=plots.RED,
            linewidth=3,
            label=None if number else f"floor: {sample_floor.perplexity():.2f} overall",
        )
    axis.set(yscale="log", ylabel="test perplexity", ylim=(1, 300))
    axis.set_yticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
    axis.set_xticks(across, [str(slot).replace(" ", "\n") for slot in slots], fontsize=14)
    axis.grid(axis="x", visible=False)
    axis.legend(loc="upper right")
plots.show(
    figure,
    "Test perplexity by place in the sentence, of Kneser-Ney of order 5, of a window of 4, and the floor: "
    + "; ".join(
        f"{slot} "
        + ", ".join(f"{scores[name].by_slot()[slot]:.1f}" for name in scores)
        + f", {sample_floor.perplexity_by_slot()[slot]:.1f}"
        for slot in slots
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the vectors have learned
#
# Nobody told the network what a noun is. The four words with the largest cosine to …

# %% slideshow={"slide_type": "-"}
vectors = model.network.features.weight.detach().numpy()
directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
for word in ("king", "these", "old", "seasick", "quickly", "sings", "cook"):
    cosine = directions @ directions[vocab.encode([word])[0]]
    nearest = np.argsort(-cosine)[1:5]
    print(f"{word:10}", "   ".join(f"{vocab.words[i]} {cosine[i]:.2f}" for i in nearest))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Topic, number, part of speech, and the adjectives of the sea. *Cook* is a noun and a verb: it stands between the two.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## All nouns beside all nouns

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
beginning = {}  # of a sentence, for each noun: what can follow says what the noun is
for sentence in text.train:
    beginning.setdefault(sentence[FIRST_NOUN_INDEX], [*sentence[:verb_place], sentence[verb_place]])
returns = {noun: [*words, "and", "the"] for noun, words in beginning.items()}
first_verbs = {n: frozenset(grammar.next_distribution(w[:-1])) for n, w in beginning.items()}
closing_verbs = {n: frozenset(grammar.next_distribution([*w, n])) for n, w in returns.items()}
topic = {
    noun: frozenset(first_verbs[other] for other in grammar.next_distribution(words))
    for noun, words in returns.items()
}


def place_of(noun):
    return min(map(min, topic[noun])), min(closing_verbs[noun]), noun


nouns = sorted(beginning, key=place_of)
topics = set(topic.values())
points = directions[vocab.encode(nouns)]
near = points @ points.T
size = len(nouns) // len(topics)
with plots.course_style():
    figure, axis = plt.subplots(figsize=(7.6, 5.1))
    image = axis.imshow(near, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.grid(visible=False)
    middles = [number * size + size / 2 - 0.5 for number in range(len(topics))]
    axis.set_yticks(middles, [f"{nouns[number * size]}, …" for number in range(len(topics))])
    axis.set_xticks([])
    for number in range(1, len(topics)):
        axis.axhline(number * size - 0.5, color=plots.BLACK, linewidth=0.6)
        axis.axvline(number * size - 0.5, color=plots.BLACK, linewidth=0.6)
    figure.colorbar(image, label="cosine")
plots.show(
    figure,
    f"Cosine of the vectors of each two of {len(nouns)} nouns, sorted by topic, and within a topic by number: a chain of dark squares along the diagonal, two "
    "in each topic, one for each number.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Nearest nouns: is it chance?
#
# On the diagonal are the nouns of one topic (people of the kitchen, of the sea, …): first one number, then the other. Which noun has the nearest vector?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
others = near - 2 * np.eye(len(nouns))
nearest = [nouns[i] for i in others.argmax(axis=1)]
pairs = list(zip(nouns, nearest, strict=True))
same_topic = np.mean([topic[noun] == topic[other] for noun, other in pairs])
same_number = np.mean([closing_verbs[noun] == closing_verbs[other] for noun, other in pairs])
print(f"{len(nouns)} nouns of {len(topics)} topics. The nearest one is")
print(f"of the same topic  for {same_topic:.0%} (by chance {(size - 1) / (len(nouns) - 1):.0%}),")
print(f"of the same number for {same_number:.0%} (by chance about half).")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: a longer window
#
# A language whose noun returns ten words later or more. The window grows from 1 to 8 words. Perplexity **at the returning noun**:
#
# * **A**: falls slowly all the way
# * **B**: falls, then flat
# * **C**: flat from 2 words on, at the level of a reader who saw nothing

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# B is what the curve of all tokens does, and most say it. A: "longer is always a little better". Reply: at the noun there is nothing in the window that tells it apart, so no length below ten can help; all other words
# gain from nearer neighbours. The two figures that follow are B and C: let the hall say why both are right.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
table = recorded("03_window/windows")
for length in (1, 2, 4, 8):
    found = [
        row
        for row in table
        if (row["model"], row["grammar"], row["window"]) == ("network", "out of sight", length)
    ]
    print(
        f"window {length}: all tokens {np.mean([r['perplexity'] for r in found]):6.2f}   returning noun {np.mean([r['at_noun'] for r in found]):6.1f}   who saw nothing {found[0]['blind']:.1f}"
    )

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The figure to remember: perplexity against the window
#
# One language, two editions. Left, the noun returns **farther away** than the longest window; right, it is often near. Perplexity of all tokens:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
table = recorded("03_window/windows")


def curve(kind, language, column):
    windows = sorted({int(row["window"]) for row in table})
    values = [
        [
            row[column]
            for row in table
            if (row["model"], row["grammar"], row["window"]) == (kind, language, w)
        ]
        for w in windows
    ]
    return windows, np.array([[np.mean(v), np.min(v), np.max(v)] for v in values]).T


def window_figure(column, floor_column, ylabel, ticks, ylim, star):
    with plots.course_style():
        figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.9), sharey=True)
        for axis, language, title in zip(
            axes, ("out of sight", "near"), ("the noun out of sight", "the noun near"), strict=True
        ):
            for kind, colour, label in (
                ("Kneser–Ney", plots.ORANGE, "Kneser–Ney, n = window + 1"),
                ("network", plots.BLUE, "network, mean and range of 3 seeds"),
            ):
                windows, (mean, low, high) = curve(kind, language, column)
                axis.plot(windows, mean, "o-", color=colour, label=label)
                axis.fill_between(windows, low, high, color=colour, alpha=0.3)
            first = next(row for row in table if row["grammar"] == language)
            axis.axhline(first[floor_column], color=plots.RED, linewidth=2)
            axis.annotate(
                f"floor {first[floor_column]:.2f}", (8, first[floor_column]), (0, 5),
                textcoords="offset points", color=plots.RED, ha="right",
            )  # fmt: skip
            if column == "at_noun":
                axis.axhline(first["blind"], color=plots.BLACK, linewidth=2, linestyle=":")
                if language == "out of sight":
                    axis.annotate(
                        f"neither noun nor verb seen: {first['blind']:.0f}", (8, first["blind"]), (0, -20),
                        textcoords="offset points", ha="right",
                    )  # fmt: skip
            axis.set(
                title=title,
                xlabel="words in the window",
                xticks=range(1, 9),
                yscale="log",
                ylim=ylim,
            )
            axis.set_yticks(ticks, [str(tick) for tick in ticks])
            axis.minorticks_off()
        axes[1].plot(
            4, star, "*", color=plots.BLACK, markersize=20, label="the one trained just now"
        )
        axes[0].set_ylabel(ylabel)
        axes[int(column == "perplexity")].legend(
            *axes[1].get_legend_handles_labels(),
            loc="upper right" if column == "perplexity" else "lower right",
            bbox_to_anchor=(1, 1 if column == "perplexity" else 0.15),
        )
        figure.tight_layout()
    return figure


def told(column):
    """What both panels show, in numbers: each curve at its ends, and at a window of 5."""
    parts = []
    for language, name in (("out of sight", "Out of sight"), ("near", "Near")):
        for kind in ("network", "Kneser–Ney"):
            windows, (mean, _, _) = curve(kind, language, column)
            at = dict(zip(windows, mean, strict=True))
            parts.append(
                f"{name}, {kind}: "
                + ", ".join(f"{at[w]:.3g} with {w} word{'s'[: w > 1]}" for w in (1, 2, 5, 8))
            )
    return "; ".join(parts) + "."


live = scores["window of 4"]
plots.show(
    window_figure(
        "perplexity", "floor", "test perplexity", [5, 6, 7, 8, 10, 12], (4.7, 14), live.perplexity()
    ),
    "Test perplexity of all tokens against the length of the window, two panels. "
    + told("perplexity"),
)
print("Recorded, because it takes longer than we have:")
print(made("03_window"))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## At the returning noun, against the window

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
plots.show(
    window_figure(
        "at_noun",
        "floor_at_noun",
        "test perplexity at the noun",
        [2, 5, 10, 20, 50, 100, 200, 500],
        (1.6, 800),
        live.perplexity(Slot.RETURNING_NOUN),
    ),
    f"The same at the returning noun, {table[0]['blind']:.0f} for a reader who saw neither noun nor verb. "
    + told("at_noun"),
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What a longer window finds, and what it does not
#
# * **Falling, then flat.** What is within reach is learned by a window of 5; none of our longer ones finds a noun that is out of sight.
# * **Where it is near, a longer window does find it**, place by place, and each place has to be learned anew.
# * Counting gains from the nearest noun, four words back, and from nothing farther: the words between differ every time.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: learned once, known everywhere?
#
# The network has learned what *cooks* means when it stands **one** word back. Now *cooks* stands **three** words back. Does it use what it learned?
#
# * **A**: yes: the vector is the same
# * **B**: only if it was trained on *cooks* three back as well
# * **C**: yes, but weaker

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# A is said by nearly all, and half of it is true: C is shared between places. H is not. Reply: the vector is the same, but each place has its own block of H, and these blocks start unrelated. Weaker
# (C) would need something in common to be weaker than. The next figure measures what they have in common.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **B.** $C$ is shared by all places; the blocks $H_1, \dots, H_4$ that read it are not. Each has to learn nouns for itself.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## No symmetry between places, measured
#
# $Hx$ is a sum over places: each place $k$ has its own block $H_k$. Take $H_k C(i)$, what noun $i$ says to the hidden layer from place $k$.
# Does it say the same from everywhere?

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
blocks = model.network.hidden.weight.detach().numpy().reshape(100, 4, 30)
typical = vectors[vocab.encode(nouns)]
said = [(typical - typical.mean(axis=0)) @ blocks[:, k].T for k in range(4)]
correlation = np.corrcoef([s.ravel() for s in said])
with plots.course_style():
    figure, axis = plt.subplots(figsize=(6.2, 3.4))
    image = axis.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1)
    for i in range(4):
        for j in range(4):
            axis.annotate(
                f"{correlation[i, j]:.2f}",
                (j, i),
                ha="center",
                va="center",
                color="white" if i == j else "black",
            )
    names = ["4 back", "3 back", "2 back", "last word"]
    axis.set_xticks(range(4), names, rotation=20)
    axis.set_yticks(range(4), names)
    axis.grid(visible=False)
    figure.colorbar(image, label="correlation")
not_same = ~np.eye(4, dtype=bool)
off_diagonal = np.abs(correlation[not_same]).max()
by_chance = []  # the same of networks that have learned nothing
for seed in range(8):
    fresh_network = WindowNetwork(len(vocab), 4, 30, 100, rng=np.random.default_rng(seed))
    rows_ = fresh_network.features.weight.detach().numpy()[vocab.encode(nouns)]
    blocks_ = fresh_network.hidden.weight.detach().numpy().reshape(100, 4, 30)
    said_ = [((rows_ - rows_.mean(axis=0)) @ blocks_[:, k].T).ravel() for k in range(4)]
    by_chance.append(np.abs(np.corrcoef(said_)[not_same]).max())
plots.show(
    figure,
    f"Correlation of what words say from each two places: 1 on the diagonal, at most {off_diagonal:.2f} in size off it. In eight untrained networks the largest is {min(by_chance):.2f} to {max(by_chance):.2f}.",
)
plots.say(
    f"Off the diagonal at most **{off_diagonal:.2f}** in size; in eight untrained networks {min(by_chance):.2f} to {max(by_chance):.2f}. The places began unrelated, and training has given them next to nothing in common."
)
assert off_diagonal < 0.2

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A choice of 2003: direct connections
#
# $W$ on or off. The same seeds, the same settings; three seeds each (recorded):

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
direct_table = recorded("03_window/direct")
print("text          W     parameters   best epoch     training   test (range)")
for name in ("grammar", "python-docs"):
    for on in ("off", "on"):
        runs = [row for row in direct_table if (row["text"], row["direct"]) == (name, on)]
        test = [row["test"] for row in runs]
        print(
            f"{name:12}  {on:3} {runs[0]['parameters']:12,.0f}   {np.mean([r['best_epoch'] for r in runs]):10.1f}"
            f" {np.mean([r['training'] for r in runs]):12.2f}   {np.mean(test):.2f} ({min(test):.2f} to {max(test):.2f})"
        )
print("\nRecorded, as before.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Compare the best epochs, the training perplexities and the ranges over seeds before you believe in a difference. The connections add parameters for every word and
# every place of the window; what they can say is a linear function of the vectors.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: decay without end
#
# Weight decay becomes so strong that the data cannot resist. The biases are **spared**. Which perplexity is left?
#
# * **A**: 1
# * **B**: that of uniform guessing
# * **C**: that of the unigrams

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# B is the usual answer: "all weights are 0". Reply: not the biases, and the output biases can say how frequent each word is. This is why the biases are spared: what decay pulls towards should be a sensible guess. With
# biases decayed as well it would be B.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
decay_table = recorded("03_window/decay")
unigram = AddDelta.fit(text.train[:1000], 1, 0.1, vocab).perplexity(text.valid[:400])
strongest = [row for row in decay_table if row["part"] == "3 epochs" and row["decay"] == 1.0]
for row in strongest:
    print(
        f"decay 1, biases {'decayed too' if row['decay_biases'] == 'yes' else 'spared':12} {row['valid']:6.1f}     unigrams {unigram:.1f}, uniform {len(vocab)}"
    )


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A choice of 2003: weight decay that spares the biases
#
# Plain SGD, so that decay is just decay. Left: 1,000 sentences, three epochs. Right: 200 sentences, long enough to recite:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def of_part(part, decay_biases, column="valid"):
    rows = [r for r in decay_table if (r["part"], r["decay_biases"]) == (part, decay_biases)]
    return [r["decay"] for r in rows], [r[column] for r in rows]


small = Corpus("1,000 sentences of the grammar", text.train[:1000], text.valid, text.test)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 4.2))
    for name, colour, label in (
        ("yes", plots.ORANGE, "biases decay too"),
        ("no", plots.BLUE, "biases are spared"),
    ):
        strengths, values = of_part("3 epochs", name)
        axes[0].loglog([s or 1e-4 for s in strengths], values, "o-", color=colour, label=label)
    axes[0].axhline(unigram, color=plots.BLACK, linestyle=":")
    axes[0].annotate("unigrams", (1e-4, unigram), (0, 5), textcoords="offset points")
    axes[0].set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["none", ".001", ".01", ".1", "1"])
    axes[0].set_yticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
    strengths, last = of_part("reciting", "no")
    _, best = of_part("reciting", "no", "best_valid")
    at = [s or 1e-5 for s in strengths]
    axes[1].semilogx(at, last, "s-", color=plots.RED, label="after the last epoch")
    axes[1].semilogx(at, best, "o-", color=plots.GREEN, label="at the best epoch")
    axes[1].set_xticks(at, ["none", *(f"{s:g}" for s in strengths[1:])], rotation=30)
    for axis in axes:
        axis.set(xlabel="weight decay", ylabel="validation perplexity")
        axis.minorticks_off()
        axis.legend()
    figure.tight_layout()
spared, too = of_part("3 epochs", "no")[1], of_part("3 epochs", "yes")[1]
plots.show(
    figure,
    "Validation perplexity against weight decay. Left, after three epochs on 1,000 sentences, without decay, and rising decay: spared "
    + ", ".join(f"{v:.1f}" for v in spared)
    + "; biases decayed too "
    + ", ".join(f"{v:.1f}" for v in too)
    + ". Right, reciting 200 sentences: after the last epoch "
    + ", ".join(f"{v:.1f}" for v in last)
    + "; at the best epoch "
    + ", ".join(f"{v:.1f}" for v in best),
)

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
helps = int(np.argmin(last))
plots.say(
    f"After three epochs **no decay is best** ({spared[0]:.1f}; at .01 {spared[2]:.1f}). Where the network is left to recite, a decay of {strengths[helps]:g} brings the last epoch from {last[0]:.1f} to **{last[helps]:.1f}**. "
    f"Early stopping alone reaches {best[0]:.1f}; the best with both is {min(best):.1f}."
)


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What is left when everything decays
#
# Decay says: *unless the data insist, be simple*. With free biases the simplest model is **word frequencies**; with decayed ones it is *all words are alike*.
#
# A caution of the paper: with decay on $H$ and $W$ but not on $C$, those could shrink while $C$ grows, and nothing would be gained. (They did not observe it.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it costs: the output layer
#
# To give *one* word its probability, the softmax needs the scores of *all* words. An n-gram model does not: it was normalised when it was made. The output layer is
# *"the main computational bottleneck"* (Bengio et al.):

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def seconds_per_update(step, repeats=7):
    step()
    measured = []
    for _ in range(repeats):
        begun = time.perf_counter()
        step()
        measured.append(time.perf_counter() - begun)
    return float(np.median(measured))


def update_of(vocab_size, with_output):
    built = WindowNetwork(vocab_size, 4, 60, 100, sparse=True, rng=np.random.default_rng(0))
    parameters = [p for name, p in built.named_parameters() if with_output or "output" not in name]
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randint(vocab_size, (128, 4), generator=generator)
    targets = torch.randint(vocab_size, (128,), generator=generator)

    def step():
        optimizer.zero_grad()
        hidden = torch.tanh(built.hidden(built.features(inputs).flatten(1)))
        if with_output:
            torch.nn.functional.cross_entropy(built.output(hidden), targets).backward()
        else:
            hidden.mean().backward()
        optimizer.step()

    return step


sizes = (500, 2_000, 5_000, 10_000, 20_000)
whole = [seconds_per_update(update_of(size, True)) for size in sizes]
rest = [seconds_per_update(update_of(size, False)) for size in sizes]
with plots.course_style():
    figure, axis = plt.subplots(figsize=(9, 3.3))
    for name, seconds, colour, marker in (
        ("all, and the output layer's share of it", whole, plots.ORANGE, "s"),
        ("all but the output layer and softmax", rest, plots.BLUE, "o"),
    ):
        axis.plot(sizes, [1e3 * each for each in seconds], marker=marker, color=colour, label=name)
    for size, w, r in zip(sizes, whole, rest, strict=True):
        axis.annotate(
            f"{1 - r / w:.0%}", (size, 1e3 * w), (-6, 4), textcoords="offset points", ha="right"
        )
    axis.set(
        xlabel="words in the vocabulary",
        ylabel="ms an update",
        xscale="log",
        yscale="log",
        xlim=(330, 24_000),
        ylim=(500 * min(rest), 2_500 * max(whole)),
    )
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axis.yaxis.set_major_formatter("{x:g}")
    axis.minorticks_off()
    axis.legend(loc="upper left")
plots.show(
    figure,
    f"Time of one update against the size of the vocabulary, both on logarithmic axes. From {sizes[0]:,} to {sizes[-1]:,} words all of it takes {whole[-1] / whole[0]:.0f} times as long, all but the output layer and softmax {rest[-1] / rest[0]:.1f} times. The output layer's share: "
    + ", ".join(
        f"{1 - r / w:.0%} with {n:,} words" for n, w, r in zip(sizes, whole, rest, strict=True)
    )
    + ".",
)
print(
    f"at |V| = {sizes[-2]:,} the output layer takes {1 - rest[-2] / whole[-2]:.0%} of the time on this machine;"
)
counted = 100 * 10_000 / (100 * 10_000 + 4 * 60 * 100)
print(f"of the multiplications it has {counted:.0%} (100 hidden units, 60 features, 4 words)")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What it need not cost: the vectors
#
# *"A large fraction of the parameters needs not be updated"*: of $C$, only the rows of words that occur in the window.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
(window_batch, *_) = read(text.train).batches(128, np.random.default_rng(0))
touched = window_batch.inputs.unique().numel()
print(f"the grammar: a batch of 128 windows of 4 touches {touched} of {len(vocab)} rows\n")
print("random words, an update of C alone:   |V|     rows touched     dense ms     sparse ms")
for size in (1_000, 10_000, 100_000):
    inputs = torch.randint(size, (128, 4), generator=torch.Generator().manual_seed(0))
    spent = {}
    for sparse in (False, True):
        embedding = torch.nn.Embedding(size, 60, sparse=sparse)
        optimizer = torch.optim.SGD(embedding.parameters(), lr=0.01)

        def step(embedding=embedding, optimizer=optimizer, inputs=inputs):
            optimizer.zero_grad()
            embedding(inputs).sum().backward()
            optimizer.step()

        spent[sparse] = 1e3 * seconds_per_update(step)
    rows_touched = inputs.unique().numel() / size
    print(f"{size:42,} {rows_touched:15.1%} {spent[False]:13.3f} {spent[True]:12.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Sparse updates and weight decay on $C$ do not go together as they stand: decay touches every row at every step.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real text: a network and a trigram
#
# Python's documentation (words that occur once are `<unk>`). The window of 3 is regularised by dropout and early stopping, for the text is short:

# %% slideshow={"slide_type": "-"}
docs_vocab = Vocabulary.build(docs.train, min_count=2)
docs_model = window_model(docs_vocab, docs.train, window=3, n_hidden=60, dropout=0.3)
docs_read = docs_model.reader.read
settings = TrainingSettings(epochs=5, patience=2)
docs_history = train(docs_model.network, docs_read(docs.train), docs_read(docs.valid), settings)
docs_trigram = ModifiedKneserNey.fit(docs.train, 3, docs_vocab)
print(f"{docs}; {len(docs_vocab):,} words; best epoch {docs_history.best_epoch}")
print(f"window of 3           {docs_model.perplexity(docs.test):7.1f}")
print(f"Kneser–Ney, order 3   {docs_trigram.perplexity(docs.test):7.1f}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# In so short a time, on so little text, a network alone wins little or nothing. (Lecture 01 had another vocabulary: its perplexities cannot be compared with these.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Mix the network with a trigram
#
# $$P(w \mid c) = \alpha\, P_{\text{network}}(w \mid c) + (1 - \alpha)\, P_{\text{trigram}}(w \mid c)$$
#
# Bengio et al. try three kinds of $\alpha$: **fixed** at 0.5; **learned**, the one under which validation text is most probable; **by the frequency of the context**, a weight for each class, learned like
# the weights of an interpolated trigram.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
def three_mixtures(neural, ngram, corpus):
    frequency = ContextFrequency(corpus.train)
    return {
        "fixed, 0.5": Mixture(neural, ngram, [0.5]),
        "learned": Mixture.fit(neural, ngram, corpus.valid),
        "by context": Mixture.fit(neural, ngram, corpus.valid, frequency),
    }


docs_mixtures = three_mixtures(docs_model, docs_trigram, docs)
for name, mixture in docs_mixtures.items():
    print(
        f"{name:12} weights of the network {mixture.weights.round(2)}   test {mixture.perplexity(docs.test):.1f}"
    )
print("classes:", ", ".join(docs_mixtures["by context"].frequency.names), "times seen")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: half and half
#
# The network and the trigram on Python's documentation, mixed half and half. The mixture's perplexity is
#
# * **A**: between the two
# * **B**: below both
# * **C**: above both

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: "an average lies between". It would, if perplexities were averaged; what is averaged are probabilities, token by token, and each token needs only one of the two to have been right. Board: two tokens,
# (.5, .01) and (.01, .5): each model alone has perplexity 14, the mixture 3.9. C can happen too: where one parent is much worse (the next figure's right panel).

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
for name, scorer in (
    ("network", docs_model),
    ("Kneser–Ney 3", docs_trigram),
    ("half and half", docs_mixtures["fixed, 0.5"]),
):
    print(f"{name:14} {scorer.perplexity(docs.test):6.1f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Mixtures and their parents, measured

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
small_model = window_model(vocab, small.train, window=4)
train(
    small_model.network,
    read(small.train),
    read(small.valid),
    TrainingSettings(epochs=4, patience=1),
    progress=False,
)
small_trigram = ModifiedKneserNey.fit(small.train, 3, vocab)
small_mixtures = three_mixtures(small_model, small_trigram, small)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11.5, 3.9))
    panels = (
        ("Python's documentation", docs, docs_trigram, docs_model, docs_mixtures),
        (small.name, small, small_trigram, small_model, small_mixtures),
    )
    best_of = {}
    for axis, (title, corpus, trigram, neural, mixtures) in zip(axes, panels, strict=True):
        bars = {"Kneser–Ney 3": trigram, "network": neural, **mixtures}
        values = [scorer.perplexity(corpus.test) for scorer in bars.values()]
        best_of[title] = (min(values[:2]), values[2:])
        colours = [plots.ORANGE, plots.BLUE, *[plots.GREEN] * 3]
        axis.bar(list(bars), values, color=colours)
        for number, value in enumerate(values):
            axis.annotate(
                f"{value:.2f}" if value < 50 else f"{value:.1f}",
                (number, value),
                (0, 4),
                textcoords="offset points",
                ha="center",
            )
        axis.axhline(min(values[:2]), color=plots.BLACK, linestyle=":", linewidth=2)
        axis.set(title=title, ylim=(0, 1.15 * max(values)))
        axis.tick_params(axis="x", rotation=25)
        axis.grid(axis="x", visible=False)
    axes[0].set_ylabel("test perplexity")
    figure.tight_layout()
plots.show(
    figure,
    "Test perplexity of the better of Kneser-Ney and the network, and of three mixtures, fixed, learned and by context. "
    + "; ".join(
        f"{title}: {parent:.1f}, then {', '.join(f'{value:.1f}' for value in values)}"
        for title, (parent, values) in best_of.items()
    )
    + ".",
)
print("gain over the better parent: fixed, learned, by context")
for title, (parent, values) in best_of.items():
    gains = ", ".join(f"{100 * (1 - value / parent):+.1f} %" for value in values)
    print(f"{title}: {gains}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## When a mixture pays
#
# * Parents that are **equally good and different** gain most. Where one is much better, 0.5 is a gift to the worse one, and a learned weight says so.
# * It is the *probabilities* that are mixed. A token needs only one of the two to be right; a mean of logarithms would need both.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same layers, another task: window tagging
#
# *museums in* **Paris** *are amazing*: a place (003, named entities)? Window of both sides, the same $C$ and hidden layer, and on top **another softmax** (or a score $s = U_2^\top h$: 001 shows both).
#
# **Multi-task learning** (001, after Collobert et al. 2011): the **sum of the two cross-entropies**, and so the errors at $h$ are **added**:
#
# $$\frac{\partial J}{\partial h} = U_1^\top\big(\hat y^{(1)} - t^{(1)}\big) + U_2^\top\big(\hat y^{(2)} - t^{(2)}\big)$$
#
# It is lecture 02's sum over paths.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Tagging news text: a table of 001
#
# | | part of speech, WSJ (accuracy) | entities, CoNLL (F1) |
# |---|---|---|
# | state of the art then | 97.24 | 89.31 |
# | supervised network | 96.37 | 81.47 |
# | + vectors trained first without tags | 97.20 | 88.87 |
# | + features made by hand | 97.29 | 89.59 |
#
# Vectors of 130,000 words from Wikipedia and Reuters, window of 11, 100 hidden units (Collobert et al. 2011).

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Word vectors, fixed or refined: a table of 001
#
# | | part of speech | entities |
# |---|---|---|
# | supervised network | 96.37 | 81.47 |
# | + Brown clusters | 96.92 | 87.15 |
# | vectors **fixed** | 97.10 | 88.87 |
# | vectors **refined** (C&W 2011) | 97.29 | 89.59 |
#
# 001: unsupervised word vector pre-training is *"the secret sauce (sometimes)"*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Tagging our language, whose tags are known
#
# Twenty tagged sentences; the vectors are those of our language model, which has never seen a tag. (The other ways, and a second task, a word's *role*: next slide.)

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
tagged = grammar_tags(grammar, text.train[:300])
tagsets = {task: sorted({tag for of in tags for tag in of}) for task, tags in tagged.items()}
pos, role = tagsets
tag_test = text.test[:1000]
test_tags = grammar_tags(grammar, tag_test)
print(
    " ".join(f"{word}/{tag}" for word, tag in zip(text.train[0], tagged[pos][0], strict=True)), "\n"
)


def tag_errors(reach, n_tagged, n_read, **options):
    reader = TagReader(vocab, tagsets, reach)
    tags = {
        pos: [*tagged[pos][:n_tagged], *[None] * (n_read - n_tagged)],
        role: tagged[role][:n_read],
    }
    examples = reader.read(text.train[:n_read], tags)
    network = TagNetwork(reader, rng=np.random.default_rng(0), **options)
    settings = TrainingSettings(epochs=max(10, 1000 // n_read), batch_size=32)
    train(network, examples, examples, settings, progress=False)
    return 100 * (1 - network.accuracies(reader.read(tag_test, test_tags))[0])


trained = torch.from_numpy(vectors)
print("errors at parts of speech, % of words, after 20 tagged sentences")
print(f"a window of 3, vectors from chance              {tag_errors(1, 20, 20, tasks=[pos]):6.2f}")
print(
    f"… vectors of the language model, refined        {tag_errors(1, 20, 20, tasks=[pos], vectors=trained):6.2f}"
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Sharing pays where tags are few

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
tag_table = recorded("03_window/tagging")
ways = {
    "word alone": ("the word alone", plots.BLACK, "x"),
    "window": ("window of 3", plots.BLUE, "o"),
    "vectors fixed": ("vectors fixed", plots.PURPLE, "v"),
    "vectors tuned": ("vectors refined", plots.ORANGE, "s"),
    "two tasks, same sentences": ("two tasks, the same sentences", plots.SKY, "D"),
    "two tasks, 300 sentences": ("two tasks, roles of 300", plots.GREEN, "^"),
}
with plots.course_style():
    figure, axis = plt.subplots(figsize=(10.5, 4.2))
    numbers = sorted({int(row["tagged"]) for row in tag_table})
    for way, (label, colour, marker) in ways.items():
        runs = np.array(
            [
                [r["errors"] for r in tag_table if (r["way"], r["tagged"]) == (way, n)]
                for n in numbers
            ]
        )
        axis.plot(numbers, runs.mean(axis=1), marker=marker, color=colour, label=label)
        axis.fill_between(numbers, runs.min(axis=1), runs.max(axis=1), color=colour, alpha=0.15)
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="sentences tagged with parts of speech",
        ylabel="errors, % of words",
    )
    axis.set_xticks(numbers, [str(n) for n in numbers])
    axis.set_yticks([0.1, 0.3, 1, 3, 10, 30], ["0.1", "0.3", "1", "3", "10", "30"])
    axis.minorticks_off()
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    figure,
    f"Errors at parts of speech, % of words, means of three seeds, from {numbers[0]} tagged sentences to {numbers[-1]}. "
    + "; ".join(
        f"{label}: "
        + " to ".join(
            f"{np.mean([r['errors'] for r in tag_table if (r['way'], r['tagged']) == (way, n)]):.2g}"
            for n in (numbers[0], numbers[-1])
        )
        for way, (label, *_) in ways.items()
    )
    + ".",
)
print("Recorded, as before.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Sharing layers helps by the *other text* that it brings in: text without any tags, or with tags of another kind. Refined vectors beat fixed ones, as in 001.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, with the window rung

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
ladder = Ladder.over(grammar, text.test)
ladder.measure("trigram, add 0.01", AddDelta.fit(text.train, 3, 0.01, vocab), grammar, text.test)
for order, counted_model in kneser_ney.items():
    ladder.measure(f"modified Kneser–Ney, order {order}", counted_model, grammar, text.test)
ladder.measure("window of 4", model, grammar, text.test)
_, (overall, _, _) = curve("network", "near", "perplexity")
_, (noun, _, _) = curve("network", "near", "at_noun")
ladder.add("window of 8 (recorded)", overall[-1], noun[-1])
ladder.draw()

# %% [markdown] slideshow={"slide_type": "fragment"}
# The network is below all counting. What is missing is on the right: a noun that has left the window.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Words that behave alike get vectors that are alike, and share what is learned.
# * $y = b + Wx + U\tanh(d + Hx)$: parameters grow with window and vocabulary, not with the text.
# * The output layer takes most time; few vectors change at a step.
# * Decay pulls towards word frequencies if biases are spared; it helps where a network recites.
# * A learned mixture with counting beats both.
# * A window is blind beyond it, and learns every place anew. **Next: one set of weights for every place.**

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. Shuffle the words of every window in the same way before training. What happens to the perplexity, and why? Now add the vectors of the window instead of placing them one
#    after another: what is lost?
# 2. Train with $m = 2$ and plot the vectors themselves. Which distinctions survive in a plane?
# 3. `Grammar.load(parameters=PRESETS["far"])`: predict the two curves of perplexity against the window from the exact `distance_probs`, then record them with
#    `recordings/03_window.py`.
# 4. Mix a window of 2 with a window of 8. Is it better than the window of 8? What does that say about parents?
# 5. Set the output biases to 0 and train again. How many updates did the log-frequencies save?
# 6. Freeze $C$ at its random beginning and train the rest. How much of the gain over Kneser–Ney is due to the vectors?
#
# ## Sources
#
# * Bengio, Ducharme, Vincent, Jauvin (2003), *A Neural Probabilistic Language Model*, JMLR 3 (in 001): the model, eq. 1, the number of parameters, weight decay, mixtures, the cost of the output layer.
# * Slides *Language Modeling + RNNs* (003): the fixed window in the second notation, its improvements and remaining problems, window-based entity recognition.
# * Slides in 001: multi-task learning, its tables, initialisation, AdaGrad for word vectors; after Collobert et al. (2011), *Natural language processing (almost) from scratch*.
# * The recorded tables: `data/recorded/03_window/README.md`.
