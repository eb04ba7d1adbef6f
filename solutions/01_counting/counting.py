# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 01: Counting
#
# *The students opened their …* You have a guess what comes next, and so does anyone who has read enough: by
# counting. In this assignment you build a language model out of nothing but counts, see why counting alone
# fails, repair it, and measure how good it is.
#
# **You need:** Python's `collections.Counter`, the chain rule of probability, logarithms. Lecture 01 helps.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small
# examples that you can check by hand. They are there for you and give no points. When you submit, your function is
# called on inputs that you have not seen, and what it returns is compared with the reference.
#
# Three rules hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * Numbers are compared to a relative accuracy of 1e-5, so float32 is enough. `print` what you like.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections import Counter

import numpy as np

# %% [markdown]
# Our first corpus is small enough to count by hand. A corpus is a list of sentences, and a sentence is a list of
# tokens (words and punctuation).

# %%
corpus = [
    ["the", "students", "opened", "their", "books"],
    ["the", "students", "opened", "their", "exams"],
    ["the", "proctor", "opened", "the", "door"],
]

# %% [markdown]
# ## 1. Counting n-grams
#
# An *n-gram* is a chunk of $n$ consecutive tokens. To predict the first word of a sentence we need something in front
# of it, and to know where a sentence stops we need something behind it. So every sentence is **padded with $n-1$ start
# tokens `<s>` and one end token `</s>`**. With $n = 3$:
#
# > `<s> <s> the students opened their books </s>`
#
# An $n$-gram never reaches from one sentence into the next.
#
# **Write `count_ngrams(sentences, n)`**, which returns how often each $n$-gram occurs in the padded sentences.
#
# * An $n$-gram is a tuple of $n$ strings. Those that do not occur are absent from the result (or have count 0).
# * With $n = 1$ there is no start token, but there is still the end token.
# * A sentence without words still has its padding: for $n = 2$ it counts `("<s>", "</s>")` once.
# * No sentences give an empty result.
# * $n < 1$ raises `ValueError`.
# * The result is a `Counter`, or any other mapping from tuples to counts.

# %% nbgrader={"grade": false, "grade_id": "count_ngrams", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_ngrams(sentences: list[list[str]], n: int) -> Counter[tuple[str, ...]]:
    """Count the n-grams of padded sentences.

    Parameters
    ----------
    sentences
        Each a list of tokens, without padding.
    n
        The length of an n-gram, 1 or more.

    Returns
    -------
    counts
        How often each n-gram, a tuple of n tokens, occurs.
    """
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be 1 or more, not {n}")
    counts: Counter[tuple[str, ...]] = Counter()
    for sentence in sentences:
        padded = ["<s>"] * (n - 1) + list(sentence) + ["</s>"]
        counts.update(tuple(padded[i : i + n]) for i in range(len(padded) - n + 1))
    return counts
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "count_ngrams-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
bigrams = count_ngrams(corpus, 2)
assert bigrams["students", "opened"] == 2, (
    f"'students opened' stands in two of the three sentences, so its count is 2, not {bigrams['students', 'opened']}"
)
assert bigrams["<s>", "the"] == 3, (
    "all three sentences begin with 'the': is there a start token in front of it?"
)
assert bigrams["books", "</s>"] == 1, "'books' ends a sentence: the last window holds the end token"
assert ("books", "the") not in bigrams, (
    "'books' ends a sentence: no n-gram reaches into the next one"
)
assert sum(bigrams.values()) == 18, (
    f"5 words and 1 end token make 6 bigrams a sentence, 18 in all, not {sum(bigrams.values())}"
)
trigrams = count_ngrams(corpus, 3)
assert trigrams["<s>", "<s>", "the"] == 3, (
    "with n = 3 there are two start tokens: each word has two tokens before it"
)
unigrams = count_ngrams(corpus, 1)
assert unigrams[("the",)] == 4, "a unigram is a tuple of one token, ('the',)"
assert unigrams[("</s>",)] == 3, "the end token is counted in unigrams too"
assert ("<s>",) not in unigrams or unigrams[("<s>",)] == 0, (
    "with n = 1 there are n - 1 = 0 start tokens"
)

# %% nbgrader={"grade": true, "grade_id": "count_ngrams-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other corpora, other n, and the special cases of the statement.
### BEGIN HIDDEN TESTS
from nextword.evidence import collect

collect("count_ngrams", count_ngrams)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Smoothing: a little for everyone
#
# The plain estimate divides counts (lecture slides 003, "n-gram Language Models"):
#
# $$P(w \mid c) = \frac{\text{count}(c\,w)}{\text{count}(c)}$$
#
# where the context $c$ is the $n-1$ tokens before $w$. Two things go wrong. If $c\,w$ never occurred, the probability is
# zero, and so is that of every sentence that contains it. If $c$ never occurred, there is nothing to divide by.
#
# The simplest repair adds a small $\delta$ to the count of *every* word $v$ of the vocabulary $V$:
#
# $$P_\delta(w \mid c) = \frac{\text{count}(c\,w) + \delta}{\text{count}(c) + \delta\,|V|}$$
#
# **Write `add_delta_prob(counts, context, word, vocab_size, delta)`.**
#
# * `counts` maps each order $1, \dots, n$ to the counts of that order: `counts[2]` is what `count_ngrams(corpus, 2)`
#   returned.
# * `context` is a tuple of tokens, and its length says which order is asked for: `()` for unigrams, one token for
#   bigrams, and so on.
# * **The count of a context is the sum over its next words**: how often it occurred *as a context*. (Not
#   `counts[n-1][context]`: start tokens are contexts, but they are never counted as unigrams.)
# * `vocab_size` is $|V|$, all tokens that can come next. It is given; do not count it yourself.
# * An unseen context gives $1/|V|$ for every word, which is what the formula says. With $\delta = 0$ it gives `nan`.
# * A known context with an unseen word gives 0 when $\delta = 0$.
# * A context for whose order there are no counts raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "add_delta_prob", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_delta_prob(
    counts: dict[int, Counter[tuple[str, ...]]],
    context: tuple[str, ...],
    word: str,
    vocab_size: int,
    delta: float,
) -> float:
    """Return the add-delta estimate of the probability of a word after a context.

    Parameters
    ----------
    counts
        Maps each order to the counts of its n-grams.
    context
        The tokens before the word; their number chooses the order.
    word
        The next word.
    vocab_size
        How many tokens can come next.
    delta
        What is added to every count, 0 or more.

    Returns
    -------
    probability
        Between 0 and 1, or nan where nothing is known and nothing is added.
    """
    ### BEGIN SOLUTION
    order = len(context) + 1
    if order not in counts:
        raise ValueError(
            f"there are no counts of order {order} for a context of {len(context)} tokens"
        )
    context_count = sum(
        count for ngram, count in counts[order].items() if ngram[:-1] == tuple(context)
    )
    denominator = context_count + delta * vocab_size
    if denominator == 0:
        return math.nan
    return (counts[order].get((*context, word), 0) + delta) / denominator
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "add_delta_prob-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The example of the slides: "students opened their" 1000 times, "... books" 400 times, "... exams" 100 times.
opened_their = ("students", "opened", "their")
slide_counts = {
    4: Counter(
        {
            (*opened_their, "books"): 400,
            (*opened_their, "exams"): 100,
            (*opened_their, "minds"): 500,
        }
    )
}
plain = add_delta_prob(slide_counts, opened_their, "books", vocab_size=10, delta=0)
assert math.isclose(plain, 0.4), f"with delta = 0 this is 400 / 1000 = 0.4, not {plain}"
smoothed = add_delta_prob(slide_counts, opened_their, "books", vocab_size=10, delta=1)
assert math.isclose(smoothed, 401 / 1010), f"(400 + 1) / (1000 + 1 * 10) = 0.397..., not {smoothed}"
unseen_word = add_delta_prob(slide_counts, opened_their, "laptops", vocab_size=10, delta=1)
assert math.isclose(unseen_word, 1 / 1010), (
    f"an unseen word gets (0 + 1) / (1000 + 1 * 10), not {unseen_word}"
)
unseen_context = add_delta_prob(
    slide_counts, ("teachers", "opened", "their"), "books", vocab_size=10, delta=1
)
assert math.isclose(unseen_context, 1 / 10), (
    f"an unseen context gives 1 / |V| = 0.1, not {unseen_context}"
)
# The probabilities of all next words sum to 1. Here |V| = 3 and every word is listed.
three_words = sum(
    add_delta_prob(slide_counts, opened_their, w, 3, 0.5) for w in ["books", "exams", "minds"]
)
assert math.isclose(three_words, 1), (
    f"over the whole vocabulary the probabilities sum to 1, not {three_words}"
)
start = add_delta_prob({2: Counter({("<s>", "the"): 3, ("the", "door"): 1})}, ("<s>",), "the", 5, 0)
assert math.isclose(start, 1), (
    f"'<s>' occurs 3 times as a context, always before 'the': 3 / 3 = 1, not {start}"
)

# %% nbgrader={"grade": true, "grade_id": "add_delta_prob-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: seen contexts, unseen words and contexts, and the special cases of the statement.
### BEGIN HIDDEN TESTS
from nextword.evidence import collect

collect("add_delta_prob", add_delta_prob)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Perplexity: how surprised is the model?
#
# A good model gives high probability to what really comes next. For a text of $T$ tokens, *perplexity* is the inverse
# probability of the text, normalised by its length (slides 003, "Evaluating Language Models"):
#
# $$\text{perplexity} = \prod_{t=1}^{T} \left( \frac{1}{P(x^{(t)} \mid x^{(1)}, \dots, x^{(t-1)})} \right)^{1/T}
# = \exp\Big( \underbrace{-\frac1T \sum_{t=1}^{T} \log P(x^{(t)} \mid \dots)}_{J} \Big) = e^J$$
#
# With logarithms of base 2, $J$ is in *bits*, and the same perplexity is $2^J$. The base of the logarithm and the base
# of the power must be the same one. A perplexity of 8 says: the model is as unsure as if it chose among 8
# equally likely words each time.
#
# **Write `perplexity(log_probs, base=math.e)`.**
#
# * `log_probs` is one flat sequence (list, tuple or array) over the tokens of a text: the logarithm, *in base `base`*, of
#   the probability that the model gave to each token.
# * A token of probability 0 has log-probability $-\infty$: then the perplexity is infinite, `math.inf`.
# * A perplexity too large for a float is infinite too (no `OverflowError`).
# * An empty sequence raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "perplexity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def perplexity(log_probs: list[float], base: float = math.e) -> float:
    """Return the perplexity of a text from the log-probabilities of its tokens.

    Parameters
    ----------
    log_probs
        One log-probability a token, in logarithms of `base`.
    base
        The base of the logarithms: e for nats, 2 for bits.

    Returns
    -------
    perplexity
        The inverse probability per token, 1 or more, or infinity.
    """
    ### BEGIN SOLUTION
    if len(log_probs) == 0:
        raise ValueError("the perplexity of no tokens is not defined")
    cross_entropy = -math.fsum(log_probs) / len(log_probs)
    try:
        return base**cross_entropy
    except OverflowError:
        return math.inf
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "perplexity-visible", "locked": true, "schema_version": 3, "solution": false, "task": false}
eighths = perplexity([math.log(1 / 8)] * 5)
assert math.isclose(eighths, 8), (
    f"a model that gives 1/8 to every token has perplexity 8, not {eighths}"
)
mixed = perplexity([math.log(1 / 2), math.log(1 / 8)])
assert math.isclose(mixed, 4), (
    f"the geometric mean of 2 and 8 is 4, not {mixed}: average the logarithms"
)
bits = perplexity([-3.0, -3.0], base=2)
assert math.isclose(bits, 8), f"3 bits a token are a perplexity of 2 ** 3 = 8, not {bits}"
certain = perplexity([0.0, 0.0])
assert math.isclose(certain, 1), (
    f"a model that is always certain and right has perplexity 1, not {certain}"
)
assert perplexity([-1.0, -math.inf]) == math.inf, (
    "one token of probability 0 makes the perplexity infinite"
)

# %% nbgrader={"grade": true, "grade_id": "perplexity-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: nats, other bases, and the special cases of the statement.
### BEGIN HIDDEN TESTS
from nextword.evidence import collect

collect("perplexity", perplexity)
### END HIDDEN TESTS

# %% [markdown]
# ## Your first language model
#
# Counts, smoothing and perplexity together are a language model and its yardstick. Here is yours, on a sentence that it
# has not seen.

# %% tags=["exploration"]
counts = {n: count_ngrams(corpus, n) for n in (1, 2, 3)}
vocab = {word for (word,) in counts[1]}
new_sentence = ["the", "proctor", "opened", "their", "exams"]
for n in (1, 2, 3):
    padded = ["<s>"] * (n - 1) + new_sentence + ["</s>"]
    windows = [tuple(padded[i : i + n]) for i in range(len(padded) - n + 1)]
    probs = [
        add_delta_prob(counts, window[:-1], window[-1], len(vocab), delta=0.1) for window in windows
    ]
    print(f"order {n}: perplexity {perplexity(np.log(probs)):5.2f}")

# %% [markdown]
# ## Summary
#
# * A model of order $n$ forgets everything but the last $n-1$ tokens: the Markov assumption.
# * Counting needs padding, so that a sentence has a beginning and an end.
# * Smoothing gives unseen words a share; it takes the share from the words that were seen.
# * Perplexity is the inverse probability per token. Its logarithm and its power share one base.
#
# **Sources.** Lecture slides *Language Modeling + RNNs* (003): n-gram language models, sparsity problems, evaluation.
