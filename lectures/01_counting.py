# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 01 Counting: n-grams, perplexity, smoothing
#
# ## *The students opened their …*
#
# Say it aloud and listen to the hall. Most say *books*. Nobody says *the*.
#
# You have just run a language model.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About 70 minutes. The story: a guess is a count (13 min); how good is a guess, and how good can it be (15); counting fails on what it
# has not seen (10); four repairs, typed (15); one figure (9); what counting can never do (8). The questions to the hall are in these minutes. Run all cells before
# the lecture. The lecturer's page, with timings slide by slide: `solutions/lecturers/01_counting.md`.

# %% slideshow={"slide_type": "skip"}
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from nextword import corpora
from nextword.grammar import Grammar, Slot
from nextword.models.ngram import AddDelta, ModifiedKneserNey
from nextword.pictures import plots
from nextword.pictures.ladder import Ladder

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What a language model does
#
# Given the words so far, it gives a probability to every word that may come next (slides 003):
#
# $$P\big(x^{(t+1)} \mid x^{(t)}, \dots, x^{(1)}\big)$$
#
# And so it gives a probability to a whole text, by the **chain rule**:
#
# $$P\big(x^{(1)}, \dots, x^{(T)}\big) = \prod_{t=1}^{T} P\big(x^{(t)} \mid x^{(t-1)}, \dots, x^{(1)}\big)$$
#
# The two are the same thing. Nothing has been assumed yet.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## You use one every day
#
# * your phone finishes your sentence, a search box your question, an editor your function;
# * speech, spelling, handwriting: which of two readings is better English?
# * summaries and dialogue are written word by word; by now nearly everything is **rebuilt upon it** (003);
# * translation (000): **order**, *the house is small* > *small the is house*, and **choice**, *going home* > *going house*;
# * a chat assistant: a language model, asked to go on.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What you must know to guess
#
# | the text so far | what the guess takes (after slides 003) |
# |---|---|
# | The river through Paris is the … | trivia |
# | She put … suitcase down. | syntax |
# | The conductor bowed; they clapped … | coreference |
# | We saw lions, zebras and an old … | topic |
# | I left early. It was … | sentiment |
# | 1, 4, 9, 16, 25, … | arithmetic |
#
# One task; everything is in it.

# %% [markdown] slideshow={"slide_type": "fragment"}
# And **reasoning**: *Ann went to the cellar. Bob followed, and left the …*

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same task, scaled up
#
# * **GPT-2** (2019): goes on for pages. The style is right; the content is often made up.
# * **GPT-3** (2020): put a text, a question about it and an answer in front, then a second question, and *the next words* are its answer.
#   Nothing was trained for that: **in-context learning**.
#
# Same task, same measure, the same two troubles that you will meet today: what to do about what was never seen, and how far to look back.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The Markov assumption
#
# No text repeats all of its past. So we pretend that only the last $n-1$ words matter:
#
# $$P\big(x^{(t+1)} \mid x^{(t)}, \dots, x^{(1)}\big) \approx P\big(x^{(t+1)} \mid \underbrace{x^{(t)}, \dots, x^{(t-n+2)}}_{n-1 \text{ words}}\big)$$
#
# and count, in a large text (slides 003; slides 000, eq. 1):
#
# $$P(w \mid \textit{students opened their}) = \frac{\text{count}(\textit{students opened their } w)}{\text{count}(\textit{students opened their})}$$
#
# With 1000 occurrences, 400 of them before *books* and 100 before *exams*: **0.4** and **0.1**.
#
# A chunk of $n$ words is an **n-gram**: unigram, bigram, trigram, 4-gram.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What was thrown away
#
# > *As the proctor started the clock, the* **students opened their** …
#
# *Proctor* and *clock* say *exams*. Three words of context do not know it.
#
# A longer context knows more, and has been seen less often. **This tension is the whole lecture.**

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Four sources, four notations
#
# | | slides 003 | slides 000 | Bengio et al. (in 001) | our code |
# |---|---|---|---|---|
# | next word | $x^{(t+1)}$ | $w_n$ | $w_t$ | `word` |
# | context | $x^{(t)}, \dots$ | $w_{n-1} \dots w_{n-k}$ | $w_{t-1}, \dots$ | `context` |
# | written first | the nearest | the nearest | the nearest | the **oldest** |
# | order $n$ | all $n$ words | $k + 1$ | all $n$ words | `order`: all $n$ |
# | loss $J$ | nats, $e^J$ | | | nats |
#
# Another deck in 001 writes $2^J$: $J$ is in bits there.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A language whose every probability we know
#
# Of real text nobody knows how predictable it *is*. So this course has a language of its own: a small grammar, real English words.

# %% slideshow={"slide_type": "-"}
grammar = Grammar.load()
text = corpora.load("grammar")
print(text)
print(f"{len(grammar.vocab)} words\n")
for sentence in text.train[:4]:
    print(" ".join(sentence))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Topic, number and noun agree; the place depends on the preposition; and **the noun comes back**, most of the time.
# We will watch that noun all through the course.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## How surprising is it, word by word?
#
# The model that wrote the sentence knows the probability of each of its words. Surprise is $-\log_2 P$, in bits:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
example = next(s for s in text.test if grammar.distance(s) == 8)
surprise = -grammar.log_probs(example) / np.log(2)
with plots.course_style():
    figure, axis = plt.subplots()
    axis.bar(range(len(surprise)), surprise, color=plots.BLUE)
    returning = grammar.returning_index(example)
    axis.bar([returning], [surprise[returning]], color=plots.RED)
    axis.set_xticks(range(len(surprise)), [*example, "</s>"], rotation=60, ha="right")
    axis.set_ylabel("surprise in bits")
    axis.grid(axis="x", visible=False)
plots.show(
    figure,
    f"Bits of surprise of each word of one sentence: high at the adjective and the first noun, "
    f"{surprise[returning]:.2f} bits at the returning noun, none where the grammar leaves no choice.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Perplexity: the measure of this course
#
# Inverse probability of the text, normalised by its length (slides 003):
#
# $$\text{perplexity} = \prod_{t=1}^{T} \left(\frac{1}{P(x^{(t)} \mid \dots)}\right)^{1/T} = e^{J}, \qquad J = -\frac1T \sum_{t=1}^{T} \log P(x^{(t)} \mid \dots)$$
#
# *As unsure as if it chose among that many equally likely words.* Lower is better; 1 is a model that always knows.
#
# And for the grammar we know the lowest one possible, exactly.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: nats and bits
#
# Two of you measure the same model on the same text. One takes logarithms to base $e$, the other to base 2. Whose **perplexity** is higher?
#
# * **A**: the one in nats
# * **B**: the one in bits
# * **C**: neither

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# About a minute: a show of hands, then let neighbours argue. Halls are split between B (bits are the larger number) and C. Those who say B have seen
# that the *loss* is larger in bits, and forget that the base comes back in the exponent. Reply: perplexity counts words, and words have no unit of information. The mistake of this week is to
# mix them: 2 to the power of nats.

# %% slideshow={"slide_type": "fragment"}
floor = grammar.floor()
nats = floor.entropy_rate()
bits = nats / np.log(2)
print(f"the grammar's entropy   {nats:.4f} nats a token = {bits:.4f} bits a token")
print(f"perplexity   e^{nats:.4f} = {np.exp(nats):.4f}   2^{bits:.4f} = {2**bits:.4f}")
print(f"mixed up:    2^{nats:.4f} = {2**nats:.4f}   <- wrong, and it looks better")

# %% [markdown] slideshow={"slide_type": "fragment"}
# We call it **the floor**. A model below it on fresh text has been lucky, or has seen the answers.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Where the floor is high, and where it is 1

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
by_slot = floor.perplexity_by_slot()
with plots.course_style():
    figure, axis = plt.subplots()
    names = [slot.value for slot in by_slot]
    colours = [plots.RED if slot is Slot.RETURNING_NOUN else plots.BLUE for slot in by_slot]
    axis.barh(names, by_slot.values(), color=colours)
    for place, value in enumerate(by_slot.values()):
        axis.annotate(
            f"{value:.1f}", (value, place), (4, 0), textcoords="offset points", va="center"
        )
    axis.set(xlabel="best possible perplexity", xscale="log")
    axis.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
plots.show(
    figure,
    "Best possible perplexity at each place of a sentence: "
    + ", ".join(f"{slot.value} {value:.1f}" for slot, value in by_slot.items()),
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What remembering is worth
#
# A reader who has forgotten the first noun and its verb is far less sure of the returning noun:

# %% slideshow={"slide_type": "-"}
print(f"the returning noun, remembered: {by_slot[Slot.RETURNING_NOUN]:.2f}")
print(f"the returning noun, forgotten:  {grammar.blind_perplexity():.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Sparsity, measured
#
# Count in the training text, then look at test text. Two things can be missing (slides 003):
#
# 1. **The n-gram** was never seen: the numerator is 0, and so is the probability of the whole text.
# 2. **The context** was never seen: the denominator is 0, and there is no probability at all.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
docs = corpora.load("python-docs")
orders = range(1, 7)
with plots.course_style():
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.0), sharey=True)
    for axis, corpus, title in zip(
        axes, (text, docs), ("the grammar", "Python's documentation"), strict=True
    ):
        seen = AddDelta.fit(corpus.train, max(orders)).seen(corpus.test)
        share = 100 * (1 - seen.mean(axis=0))
        unseen_context = np.array([0, *share[:-1]])
        axis.bar(
            orders,
            share - unseen_context,
            bottom=unseen_context,
            color=plots.ORANGE,
            label="word never seen there",
        )
        axis.bar(orders, unseen_context, color=plots.BLUE, label="context never seen")
        axis.set(title=title, xlabel="order n", xticks=list(orders))
        axis.grid(axis="x", visible=False)
    axes[0].set_ylabel("% of test tokens")
    axes[0].legend()
    figure.tight_layout()
plots.show(
    figure,
    "Share of test tokens whose n-gram, or whose context, never occurred in training, against n: it grows "
    "with n, and much faster for real prose than for the grammar.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: one zero
#
# A model is excellent on a million tokens: perplexity 20. To **one** of them, a pair of words that it never saw, it gives probability 0. Its perplexity on the whole text?
#
# * **A**: a little above 20
# * **B**: about 40
# * **C**: infinite

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: one in a million. They average perplexities in their heads. Reply: take the product of all probabilities, or the mean of the logarithms: one factor of 0, one
# summand of infinity. Sparsity is no small flaw of counting that more text dilutes: a single new pair ruins the measure, and real text has new pairs on every page (the figure just shown).

# %% slideshow={"slide_type": "fragment"}
million = np.full(1_000_000, -np.log(20))
for p in (1e-3, 1e-9, 0.0):
    with np.errstate(divide="ignore"):
        million[0] = np.log(p)
    print(f"one token with probability {p:g}:   perplexity {np.exp(-million.mean()):.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Storage, measured
#
# Every n-gram that was seen has to be kept. More text or a larger $n$: a larger model.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots()
    for corpus, name in ((text, "the grammar"), (docs, "Python's documentation")):
        words = sum(len(sentence) for sentence in corpus.train)
        half = corpus.train[: len(corpus.train) // 2]
        for sentences, style in ((corpus.train, "-"), (half, "--")):
            stored = AddDelta.fit(sentences, max(orders)).n_ngrams
            label = f"{name}, {words:,} words" if style == "-" else "half of it"
            colour = plots.BLUE if corpus is text else plots.ORANGE
            axis.plot(orders, stored, style, marker="o", color=colour, label=label)
    axis.set(xlabel="order n", ylabel="different n-grams", yscale="log", xticks=list(orders))
    axis.legend()
plots.show(
    figure,
    "Number of different n-grams against n on a logarithmic scale: it rises steeply to n = 3 and goes on rising; "
    "half the text stores about half as many.",
)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four repairs
#
# | | what it does | whom it takes from |
# |---|---|---|
# | **add δ** | pretend: every n-gram seen δ times more | everyone, most where contexts are rare |
# | **back off** | never seen? Ask a shorter context | nobody: no longer sums to 1 |
# | **interpolate** | always ask all orders, and mix | by weights, from held-out text |
# | **Kneser–Ney** | discount what was seen; count the shorter context *differently* | all that was seen, a little |
#
# For pairs each is a line or two. Any order is yours to write.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## First, count
#
# The running example, in the little text that a small language would have: 500 sentences.

# %% slideshow={"slide_type": "-"}
def count_pairs(sentences):
    pairs = Counter()
    for sentence in sentences:
        pairs.update(zip(["<s>", *sentence], [*sentence, "</s>"], strict=True))
    return pairs


little = text.train[:500]
pairs = count_pairs(little)
before, after = Counter(), Counter()  # how often a word stands first in a pair, and second
for (u, w), count in pairs.items():
    before[u] += count
    after[w] += count
V, total = len(after), sum(after.values())
print(pairs["on", "the"], "of", before["on"], "times, 'on' is followed by 'the'")
print(pairs["sly", "cook"], "of", before["sly"], "times, 'sly' is followed by 'cook'")


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Repair 1: add δ
#
# $$P(w \mid u) = \frac{\text{count}(u\,w) + \delta}{\text{count}(u) + \delta\, |V|}$$

# %% slideshow={"slide_type": "-"}
def add(u, w, delta=0.01):
    return (pairs[u, w] + delta) / (before[u] + delta * V)


rare, common = "sly", "the"
for u in (rare, common):
    taken = V * 0.01 / (before[u] + V * 0.01)
    print(f"after {u!r}, seen {before[u]} times: {taken:.1%} of the probability is the δ's")


# %% [markdown] slideshow={"slide_type": "fragment"}
# The same δ is a small tax after *the*, and a large one after *sly*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Repair 2: back off
#
# $$S(w \mid u) = \begin{cases} \text{count}(u\,w) / \text{count}(u) & \text{if the pair was seen} \\ 0.4 \cdot \text{count}(w) / N & \text{otherwise} \end{cases}$$
#
# "Stupid backoff" (Brants et al. 2007).

# %% slideshow={"slide_type": "-"}
def back_off(u, w):
    if pairs[u, w]:
        return pairs[u, w] / before[u]
    return 0.4 * after[w] / total


print(f"after 'sly' all words together get {sum(back_off('sly', w) for w in after):.3f}")


# %% [markdown] slideshow={"slide_type": "fragment"}
# A **score**, not a probability. For ranking it serves; a perplexity made of it means nothing.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Repair 3: interpolate
#
# $$P(w \mid u) = \lambda\, \frac{\text{count}(u\,w)}{\text{count}(u)} + (1 - \lambda)\, \frac{\text{count}(w)}{N}$$
#
# One $\lambda$ for every context is little granularity (slides 003 say it of the trigram). Bengio et al. let it depend on how often the context was seen.

# %% slideshow={"slide_type": "-"}
def mix(u, w, share):
    seen_before = before[u] > 0
    return (
        share * seen_before * pairs[u, w] / max(before[u], 1)
        + (1 - share * seen_before) * after[w] / total
    )


held_out = [(u, w) for u, w in count_pairs(text.valid[:300]).elements() if w in after]
for share in (0.1, 0.5, 0.9, 0.97, 0.999):
    loss = -np.mean([np.log(mix(u, w, share)) for u, w in held_out])
    print(f"λ = {share:5}   perplexity of held-out text {np.exp(loss):6.2f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# λ is chosen on text that nobody counted. On the training text the best λ is 1: there every pair was seen.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: Kneser and Ney's question
#
# In your text nothing ever stands after *purple*. Both *Francisco* and *glasses* are frequent in your text, equally. Which one do you expect after *purple*?
#
# * **A**: one like the other: frequency is all we know
# * **B**: *glasses*
# * **C**: neither can be said

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Halls say B without knowing why; ask for the reason until somebody says: *Francisco* comes after *San* only. Those who say A have understood backoff to the unigram, which is exactly what
# Kneser and Ney repair. In the table that follows compare the two halves: like numbers in the middle column, very different ones on the right.

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
occurrences, predecessors = {}, {}
for sentence in docs.train:
    for previous, word in zip(["<s>", *sentence], sentence, strict=False):
        if word.isalpha():
            occurrences[word] = occurrences.get(word, 0) + 1
            predecessors.setdefault(word, set()).add(previous)
often = [word for word, count in occurrences.items() if count >= 40]
fewest = sorted(often, key=lambda word: (len(predecessors[word]) / occurrences[word], word))[:6]
most = sorted(often, key=lambda word: (-len(predecessors[word]) / occurrences[word], word))[:6]
print("in Python's documentation:\n")
print("word            occurs   after … different words")
for word in [*fewest, *most]:
    print(f"{word:14} {occurrences[word]:7} {len(predecessors[word]):10}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first ones are frequent, and hardly ever *new* after anything. Kneser and Ney (1995) count, at the lower orders, **after how many different
# words** a word occurs.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Repair 4: Kneser–Ney
#
# $$P(w \mid u) = \frac{\max(\text{count}(u\,w) - d,\, 0)}{\text{count}(u)} + \underbrace{\frac{d \cdot \#\{v : u\,v\}}{\text{count}(u)}}_{\text{what the discounts freed}} \cdot \frac{\#\{v : v\,w\}}{\#\{\text{pairs}\}}$$

# %% slideshow={"slide_type": "-"}
followers = Counter(u for u, _ in pairs)  # after u: how many different words
preceded = Counter(w for _, w in pairs)  # before w: how many different words


def kneser_ney(u, w, d=0.75):
    lower = preceded[w] / len(pairs)
    if before[u] == 0:
        return lower
    return max(pairs[u, w] - d, 0) / before[u] + d * followers[u] / before[u] * lower


print(f"after 'sly' all words together get {sum(kneser_ney('sly', w) for w in after):.3f}")


# %% [markdown] slideshow={"slide_type": "subslide"}
# ## All of them, on new text
#
# Add δ, interpolation and Kneser–Ney of the last slides, as they stand; λ and δ as chosen on held-out text:

# %% slideshow={"slide_type": "-"}
def loss_of(prob, seen_pairs):
    return -np.mean([np.log(prob(u, w)) for u, w in seen_pairs])


new = [(u, w) for u, w in count_pairs(text.test[:300]).elements() if w in after]
deltas = (0.001, 0.01, 0.1, 1.0)
best_delta = min(deltas, key=lambda delta: loss_of(lambda u, w: add(u, w, delta), held_out))
best_share = min(
    (0.5, 0.9, 0.97, 0.999), key=lambda share: loss_of(lambda u, w: mix(u, w, share), held_out)
)
print(
    f"add δ = {best_delta:5}      {np.exp(loss_of(lambda u, w: add(u, w, best_delta), new)):7.2f}"
)
print(
    f"mix, λ = {best_share:5}     {np.exp(loss_of(lambda u, w: mix(u, w, best_share), new)):7.2f}"
)
print(f"Kneser–Ney         {np.exp(loss_of(kneser_ney, new)):7.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## A word that was never seen
#
# No repair above gives *it* anything: the vocabulary is what was counted. So, before counting, rare words are made one word, `<unk>`:

# %% slideshow={"slide_type": "-"}
docs_words = Counter(word for sentence in docs.train for word in sentence)
for least in (1, 2, 5):
    kept = {word for word, count in docs_words.items() if count >= least}
    read = {
        part: [[w if w in kept else "<unk>" for w in s] for s in getattr(docs, part)]
        for part in ("train", "test")
    }
    model = ModifiedKneserNey.fit(read["train"], 3)
    unknown = np.mean([w == "<unk>" for s in read["test"] for w in s])
    print(
        f"seen {least} times or more: {len(kept):6,} words, {unknown:5.1%} of new text <unk>, Kneser–Ney 3: {model.perplexity(read['test']):6.1f}"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# `<unk>` is easy to guess. **Perplexities of two vocabularies cannot be compared**: here fewer words look like a better model. (Lecture 03 reads this text with another vocabulary than the next slides do.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: below the floor?
#
# The floor is the lowest perplexity that any model can have on new text. Now measure a model on its **own training text**, and let $n$ grow. What happens?
#
# * **A**: it falls to the floor, and stays
# * **B**: it falls below
# * **C**: it falls, then rises

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A, because "the floor is the best possible". Some say C: they think of the test curve. Reply: the floor is for text that is still to be drawn. What was drawn already can be
# recited; with n large enough every sentence follows from its beginning, and the perplexity goes to 1. Draw the two axes on the board and let somebody sketch the four curves first.

# %% slideshow={"slide_type": "fragment"}
for n in (1, 3, 5, 7):
    on_training = AddDelta.fit(text.train, n, 0.001).perplexity(text.train)
    print(
        f"add 0.001, n = {n}: {on_training:6.2f} on its own training text   (floor {floor.perplexity():.2f})"
    )

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The figure to remember
#
# Perplexity against the order $n$, on the text that the model was made from, and on new text.

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
delta = 0.001
curves = {}
for n in orders:
    for name, model in (
        (f"add {delta}", AddDelta.fit(text.train, n, delta)),
        ("Kneser–Ney", ModifiedKneserNey.fit(text.train, n)),
    ):
        curves.setdefault((name, "training"), []).append(model.perplexity(text.train))
        curves.setdefault((name, "test"), []).append(model.perplexity(text.test))

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
with plots.course_style():
    figure, axis = plt.subplots()
    for (name, part), values in curves.items():
        colour = plots.ORANGE if name.startswith("add") else plots.BLUE
        style = "-" if part == "test" else ":"
        axis.plot(orders, values, style, marker="o", color=colour, label=f"{name}, {part}")
    axis.axhline(floor.perplexity(), color=plots.RED, linewidth=2)
    axis.annotate(
        f"floor {floor.perplexity():.2f}",
        (1, floor.perplexity()),
        (0, -18),
        textcoords="offset points",
        color=plots.RED,
    )
    axis.set(xlabel="order n", ylabel="perplexity per token", yscale="log", xticks=list(orders))
    axis.set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
    axis.legend(loc="upper center")
plots.show(
    figure,
    "Perplexity against n. Add-delta: test falls to n = 3 and then climbs to about 90, while training "
    "perplexity dives under the floor from n = 4 on. Kneser-Ney: test keeps falling and levels off near 7; its training perplexity goes under the floor too.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The same, in numbers

# %% slideshow={"slide_type": "-"}
print(" n   add-δ training  add-δ test   Kneser–Ney training   Kneser–Ney test")
rows = zip(orders, *curves.values(), strict=True)
for n, add_train, add_test, kn_train, kn_test in rows:
    print(f"{n:2} {add_train:16.2f} {add_test:11.2f} {kn_train:21.2f} {kn_test:17.2f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# * **On training text every model can beat the floor.** It recites. Never report that number.
# * On test text add-δ turns up: long contexts are rare, and it does not know what to do about it.
# * Kneser–Ney does not turn. But it stops well above the floor, and above $n = 5$ gains next to nothing: *in practice $n$ cannot be much larger than 5* (after slides 003).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Let them speak
#
# Draw a word from the distribution, append it, ask again. From the order 1 to 5, and then true sentences:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
possible = {}  # share of drawn sentences that the grammar could have written
for n in range(1, 6):
    model = ModifiedKneserNey.fit(text.train, n)
    rng = np.random.default_rng(4)
    for _ in range(2):
        print(f"n = {n}   {' '.join(model.sample(rng, max_tokens=16))}")
    drawn = [model.sample(rng, max_tokens=60) for _ in range(300)]
    possible[n] = np.mean([np.isfinite(grammar.log_probs(sentence)).all() for sentence in drawn])
for sentence in text.test[:2]:
    print(f"true    {' '.join(sentence)}")

# %% slideshow={"slide_type": "fragment"} tags=["hide-input"]
plots.say(
    f"From $n = 3$ on most of it reads like the language, a few words at a time. Whole sentences seldom do: the grammar could have written {possible[3]:.0%} of 300 drawn "
    f"at $n = 3$, and {possible[5]:.0%} at $n = 5$. Look at the two nouns: is it the same one, in the same number? Surprisingly grammatical, and incoherent: "
    "just what slides 003 find for real text."
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## On real text, nobody knows the floor
#
# The same two models, on Python's own documentation (it differs from version to version, so will your numbers):

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
print(docs, "\n")
for n in orders:
    kneser_ney = ModifiedKneserNey.fit(docs.train, n).perplexity(docs.test)
    add_delta = AddDelta.fit(docs.train, n, 0.01).perplexity(docs.test)
    print(f"n = {n}   add 0.01 {add_delta:10.1f}   Kneser–Ney {kneser_ney:8.1f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Before you look: just inside the window
#
# The noun comes back **five** words later. A model with $n = 7$ sees six words back: the noun is in its window. Perplexity at the returning noun, trained on all our text?
#
# * **A**: near the floor
# * **B**: halfway
# * **C**: as if it had not seen it

# %% [markdown] slideshow={"slide_type": "notes"} tags=["remove-cell"]
# Most say A: it can see the noun. They mix up what a model *may look at* with what it has *counted*. Reply: it has to have seen these five words in a row before. The next figure has
# the numbers: find distance 5 to 6 and the curve for n = 7. Keep the sentence for lecture 03, where a window that shares does find the noun.

# %% slideshow={"slide_type": "fragment"}
far_enough = [s for s in text.test if grammar.distance(s) == 5]
seven = ModifiedKneserNey.fit(text.train, 7)
places = np.concatenate(
    [[slot is Slot.RETURNING_NOUN for slot in grammar.slots(s)] for s in far_enough]
)
at_five = np.exp(-seven.log_probs(far_enough)[places].mean())
print(
    f"n = 7, noun five words back: {at_five:.1f}   floor {by_slot[Slot.RETURNING_NOUN]:.1f}   blind {grammar.blind_perplexity():.1f}"
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What counting can never do
#
# The noun returns after $d$ words. A model of order $n$ sees $n - 1$ of them. Perplexity *at the returning noun*:

# %% slideshow={"slide_type": "-"} tags=["hide-input"]
distances = np.array([grammar.distance(sentence) for sentence in text.test])
slots = [slot for sentence in text.test for slot in grammar.slots(sentence)]
at_noun = np.array([slot is Slot.RETURNING_NOUN for slot in slots])
with plots.course_style():
    figure, axis = plt.subplots()
    bins = [(4, 4), (5, 6), (7, 8), (9, 11), (12, 16), (17, 99)]
    names = [f"{low}" if low == high else f"{low}–{high}" for low, high in bins[:-1]] + ["17 +"]
    for n, colour in ((2, plots.SKY), (3, plots.BLUE), (5, plots.GREEN), (7, plots.ORANGE)):
        scores = ModifiedKneserNey.fit(text.train, n).log_probs(text.test)[at_noun]
        values = [
            np.exp(-scores[(distances >= low) & (distances <= high)].mean()) for low, high in bins
        ]
        axis.plot(names, values, marker="o", color=colour, label=f"Kneser–Ney, n = {n}")
    for value, words, below in (
        (by_slot[Slot.RETURNING_NOUN], "floor, remembering", -18),
        (grammar.blind_perplexity(), "best without remembering", 14),
    ):
        axis.axhline(value, color=plots.RED, linewidth=2)
        axis.annotate(
            f"{words}: {value:.1f}",
            (0, value),
            (0, below),
            textcoords="offset points",
            color=plots.RED,
        )
    axis.set(
        xlabel="distance between the two nouns",
        ylabel="perplexity at the second noun",
        yscale="log",
        ylim=(1.4, 700),
    )
    axis.set_yticks([2, 5, 10, 20, 50, 100, 500], ["2", "5", "10", "20", "50", "100", "500"])
    axis.legend(loc="center right")
plots.show(
    figure,
    "Perplexity at the returning noun against its distance, for Kneser-Ney of order 2, 3, 5 and 7: low orders are near the blind "
    "value or above it everywhere; orders 5 and 7 come near the floor at distance 4 only; all are blind beyond.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Blind beyond the window
#
# At distance 4 the orders 5 and 7 have the noun in their window, and use it. At 5 and 6 the order 7 still has it there, and gains next to nothing: contexts that
# long were hardly ever seen. Farther away all are blind, whatever the amount of text. **Whatever $n$ you settle on, there are nouns beyond it, and no smoothing brings them
# back.** It takes a model that remembers: lecture 04.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The ladder, first rungs

# %% slideshow={"slide_type": "-"}
ladder = Ladder.over(grammar, text.test)
ladder.measure("unigrams", AddDelta.fit(text.train, 1, 0.01), grammar, text.test)
ladder.measure("trigram, add 0.01", AddDelta.fit(text.train, 3, 0.01), grammar, text.test)
for n in (3, 5):
    model = ModifiedKneserNey.fit(text.train, n)
    ladder.measure(f"modified Kneser–Ney, order {n}", model, grammar, text.test)
ladder.draw()

# %% [markdown] slideshow={"slide_type": "fragment"}
# At the end of every lecture there will be one more rung. The floor stays where it is.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * A language model predicts the next word; the chain rule makes it a model of text.
# * The Markov assumption lets us count. Longer contexts know more and are seen less.
# * Perplexity: inverse probability per token, $e^J$ in nats, $2^J$ in bits.
# * What was never seen must get something, and something else must give it: four repairs.
# * Training perplexity can be anything. Test perplexity has a floor, known here.
# * Counting is blind beyond its window.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# 1. With `Grammar.load(parameters=PRESETS["far"])` the noun returns later. Predict what happens to the distance figure, then draw it.
# 2. Find the δ of lowest test perplexity for $n = 2$ and $n = 4$. Why does the better δ become smaller?
# 3. `corpora.load("path/to/a/text.txt")`: take a text of yours. At which $n$ does Kneser–Ney stop gaining?
# 4. How many of the test text's 5-grams occur in the training text? How many of them would have to, for the test perplexity to reach the floor?
#
# ## Sources
#
# * Slides *Language Modeling + RNNs* (003): definition, uses, n-grams, sparsity, storage, generation, evaluation.
# * Slides *Language models* (000): translation, eq. 1. Slides in 001: perplexity as $2^J$.
# * Bengio, Ducharme, Vincent, Jauvin (2003), *A Neural Probabilistic Language Model*, JMLR 3 (in 001): notation, interpolated trigram.
# * Brants et al. (2007), *Large Language Models in Machine Translation*; Kneser, Ney (1995), *Improved backing-off for m-gram language modeling*; Chen,
#   Goodman (1999), *An empirical study of smoothing techniques for language modeling*.
# * The language of the course: its datasheet in `data/grammar/README.md`.
