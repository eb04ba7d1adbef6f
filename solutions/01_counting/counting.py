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
# *The students opened their …* You have a guess what comes next, and so does anyone who has read enough: by counting. In this assignment you build a language model out of nothing but counts, see why counting alone fails, repair it four times, let it speak, and measure how good it is: against other models, and against the best that is possible.
#
# **You need:** Python's `collections.Counter`, the chain rule of probability, logarithms, a little numpy. Lecture 01 helps.
#
# **Time:** 6 to 8 hours for the core (questions 1 to 8 and the written question), 2 more for the stretch (question 9).
#
# **Points:** 29 for the core count as full marks; the 5 of the stretch are a bonus.
#
# **How it is graded.** For each question you fill in one function. The cell below it holds *visible tests*: small examples that you can check by hand. They are there for you and give no points. When you submit, your function is called on inputs that you have not seen, and what it returns is compared with the reference. No question needs your answer to another one. *Run All* goes on behind a visible test that fails, in JupyterLab and in Notebook, so a notebook half done still runs to its end. When your notebook is graded, Python 3.11 or later is there with `numpy`, `scipy`, `torch`, `matplotlib` and `nextword`; no other package is sure to be, and files beside the notebook are not read.
#
# Rules that hold for every question:
#
# * *Do not change your inputs.* They are looked at after the call.
# * A function is called many times. It must give the same answer for the same arguments, whatever was called before.
# * Numbers are compared to a relative accuracy of 1e-5, so float32 is enough. `print` what you like.
# * Write the function in any way that runs here: loops, numpy, torch, helpers of your own, in this cell or in one that you add (all cells share their names, so give helpers names that no other cell uses, or define them inside your function), a library that has it (where the point is to derive something, derive it all the same). **You may call a function that you wrote for an earlier question.** Your answer is then only as good as that function: where a visible test fails, the cause may lie there.

# %% nbgrader={"grade": false, "grade_id": "imports-given", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np


def close(number: float, expected: float) -> bool:
    """Return whether two numbers agree to the accuracy that counts in this assignment."""
    try:
        return math.isclose(number, expected, rel_tol=1e-5)
    except TypeError:
        return False  # None, say: is there a `return`?


def is_nan(number: float) -> bool:
    """Return whether this is the number nan."""
    try:
        return math.isnan(number)
    except TypeError:
        return False


def refuses(function: Callable, *args: object) -> bool:
    """Return whether a call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        print(f"(there was an error, but of another kind: {error!r})")
    return False


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


# %% nbgrader={"grade": false, "grade_id": "count_ngrams-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
three_sentences = [
    ["the", "students", "opened", "their", "books"],
    ["the", "students", "opened", "their", "exams"],
    ["the", "proctor", "opened", "the", "door"],
]
bigrams = count_ngrams(three_sentences, 2)
assert list(map(len, three_sentences)) == [5, 5, 5], (
    "your function changed the sentences that it got, so the next call would find them padded: make "
    "a padded copy. (Run the cell of `corpus` again as well, if you called your function on it.)"
)
assert all(isinstance(gram, tuple) for gram in bigrams), (
    f"an n-gram is a tuple of strings, such as ('the', 'students'), not {next(iter(bigrams))!r}"
)
assert bigrams["students", "opened"] == 2, (
    f"'students opened' stands in two of the three sentences, so its count is 2, not {bigrams['students', 'opened']}"
)
assert bigrams["<s>", "the"] == 3, (
    "all three sentences begin with 'the': is there a start token in front of it?"
)
assert bigrams["books", "</s>"] == 1, "'books' ends a sentence: the last window holds the end token"
assert not {("books", "the"), ("</s>", "<s>")} & set(bigrams), (
    "no n-gram reaches from one sentence into the next: neither ('books', 'the') nor ('</s>', '<s>'). "
    "Are all sentences put into one list?"
)
assert sum(bigrams.values()) == 18, (
    f"5 words and 1 end token make 6 bigrams a sentence, 18 in all, not {sum(bigrams.values())}"
)
trigrams = count_ngrams(three_sentences, 3)
assert trigrams["<s>", "<s>", "the"] == 3, (
    "with n = 3 there are two start tokens: each word has two tokens before it"
)
unigrams = count_ngrams(three_sentences, 1)
assert unigrams[("the",)] == 4, "a unigram is a tuple of one token, ('the',)"
assert unigrams[("</s>",)] == 3, "the end token is counted in unigrams too"
assert ("<s>",) not in unigrams or unigrams[("<s>",)] == 0, (
    "with n = 1 there are n - 1 = 0 start tokens"
)
assert sum(count_ngrams([[]], 2).values()) == 1, "no words: still <s> and </s>, one bigram"
assert sum(count_ngrams([], 2).values()) == 0, "no sentences: an empty result"
assert refuses(count_ngrams, three_sentences, 0), "n = 0: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "count_ngrams-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: other corpora, other n, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect count_ngrams
### END HIDDEN TESTS

# %% [markdown]
# ## 2. From counts to probabilities
#
# A language model gives a probability to the next word. With the Markov assumption, that only the last $n-1$ tokens matter, it can be read off the counts (slides 000, eq. 1; slides 003, "n-gram Language Models"):
#
# $$P(w \mid c) = \frac{\text{count}(c\,w)}{\text{count}(c)}$$
#
# where the *context* $c$ is the $n-1$ tokens before $w$. This is the maximum likelihood estimate, MLE for short.
#
# **Write `mle_prob(counts, context, word)`.**
#
# * `counts` maps each order $1, \dots, n$ to the counts of that order: `counts[2]` is a `Counter` such as `count_ngrams(corpus, 2)` gives, and knows the bigrams that occur, each with a count of 1 or more. (Asked for another one, a `Counter` says 0; a plain dict would raise an error.)
# * `context` is a tuple of tokens, and its length says which order is asked for: `()` for unigrams, one token for bigrams, and so on.
# * **The count of a context is the sum over its next words**: how often it occurred *as a context*. (Not `counts[n-1][context]`: start tokens are contexts, but they are never counted as unigrams.)
# * A seen context with a word that never followed it gives 0.
# * A context that was never seen says nothing at all: it gives `nan`.
# * A context whose order is no key of `counts` raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "mle_prob", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mle_prob(
    counts: dict[int, Counter[tuple[str, ...]]], context: tuple[str, ...], word: str
) -> float:
    """Return the relative frequency of a word after a context.

    Parameters
    ----------
    counts
        Maps each order to the counts of its n-grams.
    context
        The tokens before the word; their number chooses the order.
    word
        The next word.

    Returns
    -------
    probability
        Between 0 and 1, or nan where the context was never seen.
    """
    ### BEGIN SOLUTION
    order = len(context) + 1
    if order not in counts:
        raise ValueError(f"no counts of order {order} for a context of {len(context)} tokens")
    followers = {gram[-1]: n for gram, n in counts[order].items() if gram[:-1] == context}
    context_count = sum(followers.values())
    return followers.get(word, 0) / context_count if context_count else math.nan
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "mle_prob-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# The example of the slides: "students opened their" 1000 times, "... books" 400, "... exams" 100.
opened_their = ("students", "opened", "their")
next_words = {"books": 400, "exams": 100, "minds": 500}
slide_counts = {
    1: Counter({(word,): count for word, count in next_words.items()}),
    3: Counter({opened_their: 1000}),
    4: Counter({(*opened_their, word): count for word, count in next_words.items()}),
}
books = mle_prob(slide_counts, opened_their, "books")
assert close(books, 0.4), f"400 / 1000 is 0.4, not {books}"
exams = mle_prob(slide_counts, opened_their, "exams")
assert close(exams, 0.1), f"100 / 1000 is 0.1, not {exams}"
laptops = mle_prob(slide_counts, opened_their, "laptops")
assert laptops == 0, f"'laptops' never followed this context: 0, not {laptops}"
unseen = mle_prob(slide_counts, ("teachers", "opened", "their"), "books")
assert is_nan(unseen), f"this context was never seen, so nothing is known: nan, not {unseen}"
start_counts = {1: Counter({("the",): 4, ("door",): 1}), 2: Counter({("<s>", "the"): 3})}
start = mle_prob(start_counts, ("<s>",), "the")
assert close(start, 1), f"'<s>' was a context 3 times, always before 'the': 1, not {start}"
the = mle_prob(start_counts, (), "the")
assert close(the, 0.8), f"without a context, 4 of the 5 tokens are 'the': 0.8, not {the}"
assert refuses(mle_prob, start_counts, ("<s>", "the"), "door"), (
    "two tokens of context ask for order 3, and counts has the orders 1 and 2: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "mle_prob-graded", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 2 points, graded when you submit: other corpora, sentence starts, unseen words and contexts.
### BEGIN HIDDEN TESTS
# collect mle_prob
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Smoothing: a little for everyone
#
# Two things go wrong with relative frequencies. If $c\,w$ never occurred, the probability is zero, and so is that of every sentence that contains it. If $c$ never occurred, there is nothing to divide by. The slides call them *sparsity problem 1* and *2*.
#
# The simplest repair adds a small $\delta$ to the count of *every* word of the vocabulary $V$:
#
# $$P_\delta(w \mid c) = \frac{\text{count}(c\,w) + \delta}{\text{count}(c) + \delta\,|V|}$$
#
# **Write `add_delta_prob(counts, context, word, vocab_size, delta)`.** As in question 2:
#
# * `counts` maps each order to its counts, the length of `context` says which order is asked for, and the count of a context is the sum over its next words.
# * A context whose order is no key of `counts` raises `ValueError`.
#
# And new:
#
# * `vocab_size` is $|V|$, all tokens that can come next. It is given; do not count it yourself.
# * An unseen context gives $1/|V|$ for every word, which is what the formula says. With $\delta = 0$ it gives `nan`.
# * A known context with an unseen word gives 0 when $\delta = 0$.

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
    context_count = sum(n for gram, n in counts[order].items() if gram[:-1] == context)
    denominator = context_count + delta * vocab_size
    if denominator == 0:
        return math.nan
    return (counts[order].get((*context, word), 0) + delta) / denominator
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "add_delta_prob-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
opened_their = ("students", "opened", "their")
next_words = {"books": 400, "exams": 100, "minds": 500}
slide_counts = {
    1: Counter({(word,): count for word, count in next_words.items()}),
    3: Counter({opened_their: 1000}),
    4: Counter({(*opened_their, word): count for word, count in next_words.items()}),
}
plain = add_delta_prob(slide_counts, opened_their, "books", vocab_size=10, delta=0)
assert close(plain, 0.4), f"with delta = 0 this is 400 / 1000 = 0.4, not {plain}"
smoothed = add_delta_prob(slide_counts, opened_their, "books", vocab_size=10, delta=1)
assert close(smoothed, 401 / 1010), f"(400 + 1) / (1000 + 1 * 10) = 0.397, not {smoothed}"
unseen_word = add_delta_prob(slide_counts, opened_their, "laptops", vocab_size=10, delta=1)
assert close(unseen_word, 1 / 1010), (
    f"an unseen word gets (0 + 1) / (1000 + 1 * 10) = 0.00099, not {unseen_word}"
)
other = ("teachers", "opened", "their")
unseen_context = add_delta_prob(slide_counts, other, "books", vocab_size=10, delta=1)
assert close(unseen_context, 0.1), f"an unseen context: 1 / |V| = 0.1, not {unseen_context}"
# The probabilities of all next words sum to 1. Here |V| = 3 and every word is listed.
three_words = sum(
    add_delta_prob(slide_counts, opened_their, word, 3, 0.5) for word in ["books", "exams", "minds"]
)
assert close(three_words, 1), f"over the whole vocabulary they sum to 1, not {three_words}"
start_counts = {
    1: Counter({("the",): 4, ("door",): 1}),
    2: Counter({("<s>", "the"): 3, ("the", "door"): 1}),
}
start = add_delta_prob(start_counts, ("<s>",), "the", 5, 0)
assert close(start, 1), f"'<s>' was a context 3 times, always before 'the': 1, not {start}"
nothing = add_delta_prob(start_counts, ("big",), "door", 5, 0)
assert is_nan(nothing), f"an unseen context and delta = 0: nothing is known, nan, not {nothing}"
assert refuses(add_delta_prob, start_counts, ("<s>", "the"), "door", 5, 1), (
    "counts has no order 3: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "add_delta_prob-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: seen contexts, unseen words and contexts, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect add_delta_prob
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Perplexity: how surprised is the model?
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
def perplexity(log_probs: Sequence[float] | np.ndarray, base: float = math.e) -> float:
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


# %% nbgrader={"grade": false, "grade_id": "perplexity-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
eighths = perplexity([math.log(1 / 8)] * 5)
assert close(eighths, 8), f"a model that gives 1/8 to every token has perplexity 8, not {eighths}"
mixed = perplexity([math.log(1 / 2), math.log(1 / 8)])
assert close(mixed, 4), f"the geometric mean of 2 and 8 is 4, not {mixed}: average the logarithms"
bits = perplexity([-3.0, -3.0], base=2)
assert close(bits, 8), f"3 bits a token are a perplexity of 2 ** 3 = 8, not {bits}"
certain = perplexity([0.0, 0.0])
assert close(certain, 1), (
    f"a model that is always certain and right has perplexity 1, not {certain}"
)
assert perplexity([-1.0, -math.inf]) == math.inf, (
    "one token of probability 0 makes the perplexity infinite"
)
as_array = perplexity(np.array([-3.0, -3.0]), base=2)
assert close(as_array, 8), f"an array is a sequence too: 8, not {as_array}"
assert perplexity([-1000.0]) == math.inf, "e^1000 is more than a float holds: infinite"
for nothing in ([], np.array([])):
    assert refuses(perplexity, nothing), "the perplexity of no tokens: expected a ValueError"


# %% nbgrader={"grade": true, "grade_id": "perplexity-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: nats, other bases, and the special cases of the statement.
### BEGIN HIDDEN TESTS
# collect perplexity
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Backing off
#
# If *students opened their laptops* never occurred, perhaps *opened their laptops* did, or *their laptops*. **Stupid backoff** (Brants et al. 2007, eq. 5; slides 003 call the idea *backoff*) asks the longest context first, and goes to a shorter one only where the $n$-gram was never seen:
#
# $$S(w \mid c) = \begin{cases} \dfrac{\text{count}(c\,w)}{\text{count}(c)} & \text{if count}(c\,w) > 0 \\[2ex] \alpha \, S(w \mid c') & \text{otherwise} \end{cases}$$
#
# where $c'$ is $c$ without its first token, the one furthest from $w$. It is a *score*, not a probability: it does not sum to 1, which is why it is called stupid. With enough data it works very well.
#
# **Write `stupid_backoff(counts, context, word, alpha=0.4)`.**
#
# * `counts`, `context`, and the count of a context are as in question 2; `counts` holds all orders from 1 to `len(context) + 1`.
# * $\alpha$ is paid for *every* step down, also past a context that was never seen.
# * At the end stands the empty context, the relative frequency of the word itself. A word that never occurred scores 0.
# * A context whose order is no key of `counts` raises `ValueError`.

# %% nbgrader={"grade": false, "grade_id": "stupid_backoff", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stupid_backoff(
    counts: dict[int, Counter[tuple[str, ...]]],
    context: tuple[str, ...],
    word: str,
    alpha: float = 0.4,
) -> float:
    """Return the score of a word after the longest context with which it was seen.

    Parameters
    ----------
    counts
        Maps each order from 1 on to the counts of its n-grams.
    context
        The tokens before the word, oldest first.
    word
        The next word.
    alpha
        The price of leaving out the oldest token of the context.

    Returns
    -------
    score
        0 or more; over all words the scores do not sum to 1.
    """
    ### BEGIN SOLUTION
    if len(context) + 1 not in counts:
        raise ValueError(f"no counts for a context of {len(context)} tokens")
    price = 1.0
    for start in range(len(context) + 1):
        shorter = context[start:]
        table = counts[len(shorter) + 1]
        together = table.get((*shorter, word), 0)
        if together > 0:
            context_count = sum(n for gram, n in table.items() if gram[:-1] == shorter)
            return price * together / context_count
        price *= alpha
    return 0.0
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "stupid_backoff-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
tiny = {
    1: Counter({("the",): 4, ("door",): 3, ("books",): 1}),
    2: Counter({("the", "door"): 3, ("their", "books"): 1, ("<s>", "the"): 3}),
    3: Counter({("opened", "the", "door"): 2, ("opened", "their", "books"): 1}),
}
seen = stupid_backoff(tiny, ("opened", "the"), "door")
assert close(seen, 1), f"'opened the door' was seen: 2 / 2 = 1, not {seen}"
once = stupid_backoff(tiny, ("closed", "the"), "door")
assert close(once, 0.4), f"one step down, to 'the door': 0.4 * 3 / 3 = 0.4, not {once}"
twice = stupid_backoff(tiny, ("opened", "the"), "books")
assert close(twice, 0.4 * 0.4 * 1 / 8), (
    f"two steps down, to 'books' alone: 0.4 * 0.4 * 1 / 8 = 0.02, not {twice}"
)
half = stupid_backoff(tiny, ("the",), "books", alpha=0.5)
assert close(half, 0.5 * 1 / 8), f"alpha is an argument: 0.5 * 1 / 8 = 0.0625, not {half}"
half_twice = stupid_backoff(tiny, ("opened", "the"), "books", alpha=0.5)
assert close(half_twice, 0.5 * 0.5 * 1 / 8), (
    f"two steps down with alpha = 0.5: 0.5 * 0.5 * 1 / 8 = 0.03125, not {half_twice}. Does every step "
    "hand alpha on to the next?"
)
assert stupid_backoff(tiny, ("opened", "the"), "laptops") == 0, "'laptops' never occurred: 0"
assert refuses(stupid_backoff, tiny, ("they", "opened", "the"), "door"), (
    "three tokens of context ask for order 4, and counts ends at 3: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "stupid_backoff-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: seen n-grams, one step down, several steps and unknown words.
### BEGIN HIDDEN TESTS
# collect stupid_backoff
### END HIDDEN TESTS

# %% [markdown]
# ## 6. Interpolation: ask everyone
#
# Backing off asks one order at a time. **Interpolation** asks all of them and mixes their answers, as the trigram does that Bengio et al. (2003, in 001) compare with and combine with their network. With weights $\lambda_1, \dots, \lambda_n$ that sum to 1:
#
# $$P(w \mid c) = \sum_{k=1}^{n} \lambda_k \, P_k(w \mid c_k)$$
#
# where $P_k$ is the relative frequency of question 2 of order $k$, and $c_k$ the *last* $k-1$ tokens of $c$.
#
# **Write `interpolated_prob(counts, context, word, lambdas)`.**
#
# * `counts` and the count of a context are as in question 2. `lambdas` runs from order 1 to order $n$, and `context` has $n-1$ tokens. `lambdas` is any sequence of numbers or an array.
# * **An order whose context was never seen lends its weight to the order below**, and that one, if it has not seen its context either, to the next one below. So the probabilities still sum to 1.
# * A word that no order has seen gets 0, also where nothing was counted at all.
# * Weights that do not sum to 1 (to within 1e-6), or whose number is not `len(context) + 1`, raise `ValueError`. `counts` has all orders that are asked for.

# %% nbgrader={"grade": false, "grade_id": "interpolated_prob", "locked": false, "schema_version": 3, "solution": true, "task": false}
def interpolated_prob(
    counts: dict[int, Counter[tuple[str, ...]]],
    context: tuple[str, ...],
    word: str,
    lambdas: Sequence[float] | np.ndarray,
) -> float:
    """Return the mixture of the relative frequencies of all orders.

    Parameters
    ----------
    counts
        Maps each order from 1 on to the counts of its n-grams.
    context
        The n - 1 tokens before the word, oldest first.
    word
        The next word.
    lambdas
        The weights of the orders 1 to n; they sum to 1.

    Returns
    -------
    probability
        Between 0 and 1.
    """
    ### BEGIN SOLUTION
    if len(lambdas) != len(context) + 1 or abs(sum(lambdas) - 1) > 1e-6:
        raise ValueError(f"expected {len(context) + 1} weights that sum to 1, came {lambdas}")
    probability, lent = 0.0, 0.0
    for order in range(len(lambdas), 0, -1):
        shorter = context[len(context) - order + 1 :]
        followers = {gram[-1]: n for gram, n in counts[order].items() if gram[:-1] == shorter}
        weight = lambdas[order - 1] + lent
        if followers:
            probability += weight * followers.get(word, 0) / sum(followers.values())
            lent = 0.0
        else:
            lent = weight
    return probability
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "interpolated_prob-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
tiny = {
    1: Counter({("the",): 4, ("door",): 3, ("books",): 1}),
    2: Counter({("the", "door"): 3, ("the", "books"): 1, ("their", "books"): 1}),
    3: Counter({("opened", "the", "door"): 2, ("opened", "their", "books"): 1}),
}
mixed = interpolated_prob(tiny, ("opened", "the"), "door", [0.2, 0.3, 0.5])
assert close(mixed, 0.2 * 3 / 8 + 0.3 * 3 / 4 + 0.5 * 2 / 2), (
    f"0.2 * 3/8 (unigram) + 0.3 * 3/4 (bigram) + 0.5 * 2/2 (trigram) = 0.8, not {mixed}"
)
bigram = interpolated_prob(tiny, ("the",), "books", [0.2, 0.8])
assert close(bigram, 0.2 * 1 / 8 + 0.8 * 1 / 4), f"0.2 * 1/8 + 0.8 * 1/4, not {bigram}"
lends = interpolated_prob(tiny, ("closed", "the"), "door", [0.2, 0.3, 0.5])
assert close(lends, 0.2 * 3 / 8 + 0.8 * 3 / 4), (
    f"'closed the' was never seen, so order 3 lends its 0.5 to order 2: 0.675, not {lends}"
)
total = sum(
    interpolated_prob(tiny, ("closed", "your"), word, [0.2, 0.3, 0.5])
    for word in ["the", "door", "books"]
)
assert close(total, 1), f"two unseen contexts lend, and all words still sum to 1: {total}"
as_array = interpolated_prob(tiny, ("the",), "books", np.array([0.2, 0.8]))
assert close(as_array, bigram), (
    f"weights in an array are the same weights: {bigram}, not {as_array}"
)
assert refuses(interpolated_prob, tiny, ("the",), "door", [0.5, 0.6]), (
    "0.5 + 0.6 is not 1: expected a ValueError"
)
assert refuses(interpolated_prob, tiny, ("the",), "door", [0.2, 0.3, 0.5]), (
    "three weights for a context of one token, which has two orders: expected a ValueError"
)


# %% nbgrader={"grade": true, "grade_id": "interpolated_prob-graded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points, graded when you submit: seen contexts, unseen contexts that lend, and the edges of the statement.
### BEGIN HIDDEN TESTS
# collect interpolated_prob
### END HIDDEN TESTS

# %% [markdown]
# ## 7. Which weights? Let held-out text decide
#
# Weights fitted on the training text would all go to the highest order, which has seen everything there. So they are fitted on text that was *held out*. Write down, for each of its $T$ tokens and each order $k$, the probability $p_{tk}$ that order $k$ gives to the token: a table of $T$ rows and $n$ columns. The weights that make the held-out text most probable are found by **EM** (expectation maximisation), which repeats two steps:
#
# $$\gamma_{tk} = \frac{\lambda_k \, p_{tk}}{\sum_{j} \lambda_j \, p_{tj}} \qquad\qquad \lambda_k \leftarrow \frac{1}{T} \sum_{t=1}^{T} \gamma_{tk}$$
#
# In words: which share of token $t$ was order $k$'s doing? And then: an order's weight is its mean share.
#
# **Write `fit_lambdas(order_probs, n_iter)`.**
#
# * `order_probs` is an array of shape $(T, n)$. Entry $[t, k-1]$ is what order $k$ alone gives to held-out token $t$. (Where its context was never seen, it holds what the order gives that it lends to. You will see below how your own `interpolated_prob` makes this table.)
# * Start with equal weights. Do `n_iter` rounds of both steps, and return the weights, an array of $n$ numbers that sum to 1. With `n_iter=0` these are the equal weights.
# * A token to which no order gives any probability says nothing about weights: leave its row out, of the sum and of $T$. If no row is left, the weights stay equal.

# %% nbgrader={"grade": false, "grade_id": "fit_lambdas", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_lambdas(order_probs: np.ndarray, n_iter: int) -> np.ndarray:
    """Return the weights of the orders after some rounds of EM.

    Parameters
    ----------
    order_probs
        Shape (tokens, orders): the probability that each order gives to each held-out token.
    n_iter
        How many rounds, 0 or more.

    Returns
    -------
    lambdas
        Shape (orders,): weights that sum to 1.
    """
    ### BEGIN SOLUTION
    order_probs = np.asarray(order_probs, dtype=float)
    lambdas = np.full(order_probs.shape[1], 1 / order_probs.shape[1])
    rows = order_probs[order_probs.sum(axis=1) > 0]
    if len(rows) == 0:
        return lambdas
    for _ in range(n_iter):
        shares = lambdas * rows
        shares /= shares.sum(axis=1, keepdims=True)
        lambdas = shares.mean(axis=0)
    return lambdas
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "fit_lambdas-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
one_token = np.array([[0.1, 0.3]])
equal = fit_lambdas(one_token, 0)
assert np.allclose(equal, [0.5, 0.5]), f"before the first round the weights are equal, not {equal}"
once = fit_lambdas(one_token, 1)
assert np.allclose(once, [0.25, 0.75]), (
    f"shares of the one token: 0.5*0.1 : 0.5*0.3 = 1 : 3, so (0.25, 0.75), not {once}"
)
twice = fit_lambdas(one_token, 2)
assert np.allclose(twice, [0.1, 0.9]), (
    f"second round: 0.25*0.1 : 0.75*0.3 = 1 : 9, so (0.1, 0.9), not {twice}. "
    "Do the shares use the weights of the round before?"
)
two_tokens = fit_lambdas(np.array([[0.1, 0.3], [0.2, 0.0]]), 1)
assert np.allclose(two_tokens, [0.625, 0.375]), (
    f"shares (0.25, 0.75) and (1, 0), so their mean is (0.625, 0.375), not {two_tokens}"
)
with_unknown = fit_lambdas(np.array([[0.1, 0.3], [0.0, 0.0]]), 1)
assert np.allclose(with_unknown, [0.25, 0.75]), (
    f"the second token has probability 0 in every order and is left out: {with_unknown}"
)
slowly = fit_lambdas(np.array([[0.5, 0.5 * (1 + 2**-19)]]), 500)
grown = (1 + 2**-19) ** 500
assert np.allclose(slowly, [1 / (1 + grown), grown / (1 + grown)], rtol=1e-4), (
    "n_iter rounds are n_iter rounds, however little one of them changes: 500 rounds multiply the "
    f"odds by (1 + 2^-19)^500 = {grown:.5f}, not {slowly[1] / slowly[0]:.5f}"
)


# %% nbgrader={"grade": true, "grade_id": "fit_lambdas-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: tables of many shapes, tokens of probability 0, and no rounds at all.
### BEGIN HIDDEN TESTS
# collect fit_lambdas
### END HIDDEN TESTS

# %% [markdown]
# ## 8. Let it speak
#
# A language model can be *sampled*: draw a word from the distribution of the next word, append it, and ask again. Like *today the price of gold per ton, while production of shoe lasts* (slides 003).
#
# **Write `sample_text(next_probs, prompt, length, rng)`.**
#
# * `next_probs(prefix)` is a model. Given all tokens so far, a list (a tuple will do), it returns a list of words and an array of their probabilities, which sum to 1. Do not pad the prefix; the model does that itself.
# * `prompt` is a list of tokens to begin with; it may be empty.
# * Return a list: the prompt, followed by **at most `length`** new tokens.
# * Stop after `</s>`, which belongs to the result. A prompt that already ends in `</s>` is returned as it is.
# * Draw each word with the probability that the model gives to it. All randomness comes from `rng`, a `numpy.random.Generator`. How you draw is up to you: it is tested on models that leave no choice, and by the frequencies of many draws.

# %% nbgrader={"grade": false, "grade_id": "sample_text", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sample_text(
    next_probs: Callable[[list[str]], tuple[list[str], np.ndarray]],
    prompt: list[str],
    length: int,
    rng: np.random.Generator,
) -> list[str]:
    """Return a prompt continued by a language model.

    Parameters
    ----------
    next_probs
        Maps the tokens so far to words and the probabilities that they come next.
    prompt
        The first tokens, possibly none.
    length
        How many new tokens there may be.
    rng
        The source of randomness.

    Returns
    -------
    tokens
        The prompt and at most `length` new tokens, the last of which may be `</s>`.
    """
    ### BEGIN SOLUTION
    tokens = list(prompt)
    for _ in range(length):
        if tokens and tokens[-1] == "</s>":
            break
        words, probabilities = next_probs(tokens)
        tokens.append(words[rng.choice(len(words), p=probabilities)])
    return tokens
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "sample_text-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
def abc_model(prefix):
    """Say 'a b c </s>', whatever stands before: it leaves no choice."""
    return [["a", "b", "c", "</s>"][min(len(prefix), 3)]], np.array([1.0])


rng = np.random.default_rng(0)
whole = sample_text(abc_model, [], 10, rng)
assert list(whole) == ["a", "b", "c", "</s>"], f"it stops after '</s>', which is kept: not {whole}"
prompted = sample_text(abc_model, ["x"], 2, rng)
assert list(prompted) == ["x", "b", "c"], (
    f"the prompt, then 2 new tokens: ['x', 'b', 'c'], not {prompted}"
)
ended = sample_text(abc_model, ["x", "</s>"], 5, rng)
assert list(ended) == ["x", "</s>"], f"a prompt that has ended is returned as it is, not {ended}"
begun = ["x"]
sample_text(abc_model, begun, 2, rng)
assert begun == ["x"], f"the prompt belongs to the caller, and was changed to {begun}: copy it"


def coin_model(prefix):
    """Say 'heads' three times out of four."""
    return ["heads", "tails"], np.array([0.75, 0.25])


throws = Counter(sample_text(coin_model, [], 1, rng)[0] for _ in range(1000))
assert 675 < throws["heads"] < 825, f"expected about 750 of 1000 'heads', came {dict(throws)}"


def three_coins(seed):
    """Return three samples of 20 throws, by one generator."""
    generator = np.random.default_rng(seed)
    return [sample_text(coin_model, [], 20, generator) for _ in range(3)]


first, again = three_coins(7), three_coins(7)
assert first == again, "the same rng gives the same text: does all randomness come from rng?"
assert first[0] != first[1], "a generator that goes on gives another text: use rng, make no new one"

# %% nbgrader={"grade": true, "grade_id": "sample_text-graded", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points, graded when you submit: models that leave no choice, and the frequencies of many draws.
### BEGIN HIDDEN TESTS
# collect sample_text
### END HIDDEN TESTS

# %% [markdown]
# ## Your models on the ladder
#
# Now all of it together, on a language that you do not know by heart. The course's own language is a small grammar: its sentences read like English, and because we wrote it, we know its *entropy* exactly. On new text no model can have a lower perplexity than `floor`, except by luck or by cheating.
#
# (The cells from here to the written question are for looking. They are not run when your work is graded.)

# %% tags=["exploration", "raises-exception"]
from nextword.corpora import from_grammar
from nextword.grammar import Grammar
from nextword.models.ngram import ModifiedKneserNey
from nextword.pictures.ladder import Ladder

grammar = Grammar.load()
small = from_grammar(train_tokens=20_000, valid_tokens=1_500, test_tokens=1_500)
print(small)
for sentence in small.train[:5]:
    print("  ", " ".join(sentence))

# %% tags=["exploration", "raises-exception"]
train_counts = {n: count_ngrams(small.train, n) for n in (1, 2, 3)}
vocab_size = len(grammar.vocab) + 1  # and </s>


def windows(sentences, n):
    """Yield the context and the next word of every token, </s> included."""
    for sentence in sentences:
        padded = ["<s>"] * (n - 1) + sentence + ["</s>"]
        for end in range(n - 1, len(padded)):
            yield tuple(padded[end - n + 1 : end]), padded[end]


# Each order alone, on held-out text: interpolation with all the weight on one order.
order_probs = np.array(
    [
        [interpolated_prob(train_counts, context, word, alone) for alone in np.eye(3)]
        for context, word in windows(small.valid, 3)
    ]
)
lambdas = fit_lambdas(order_probs, 50)
print("weights of the orders 1, 2, 3:", lambdas.round(3))

# %% tags=["exploration", "raises-exception"]
floor = grammar.floor_of(small.test).perplexity()
ladder = Ladder(floor)
for n in (1, 2, 3):
    log_probs = [
        math.log(add_delta_prob(train_counts, context, word, vocab_size, 0.01))
        for context, word in windows(small.test, n)
    ]
    ladder.add(f"yours: add 0.01, order {n}", perplexity(log_probs))
with np.errstate(divide="ignore"):
    log_probs = np.log(
        [
            interpolated_prob(train_counts, context, word, lambdas)
            for context, word in windows(small.test, 3)
        ]
    )
seen = log_probs[np.isfinite(log_probs)]
print(f"{log_probs.size - seen.size} of {log_probs.size} tokens were never seen in training")
ladder.add("yours: interpolated trigram*", perplexity(seen))
kneser_ney = ModifiedKneserNey.fit(small.train, 3)
ladder.add("modified Kneser–Ney, order 3", kneser_ney.perplexity(small.test))
ladder.draw()

# %% [markdown]
# \* The interpolated trigram gives probability 0 to words that it has never seen, so its perplexity is infinite; the
# bar leaves these tokens out. Kneser–Ney, in question 9, has a place for them.
#
# And what does it say? Here is your trigram, speaking.

# %% tags=["exploration", "raises-exception"]
followers = {}
for (*context, word), count in train_counts[3].items():
    followers.setdefault(tuple(context), {})[word] = count


def trigram_model(prefix):
    """Return what followed the last two tokens in training, and how often."""
    context = tuple((["<s>", "<s>"] + list(prefix))[-2:])
    table = followers[context]
    total = sum(table.values())
    return list(table), np.array([count / total for count in table.values()])


rng = np.random.default_rng(1)
for _ in range(5):
    said = sample_text(trigram_model, [], 30, rng)
    print(" ".join(said), "" if said[-1] == "</s>" else "…")

# %% [markdown]
# ## Written: ten times the text
#
# The next cell needs none of your functions. It fits add-δ models with a very small δ, of order 1 to 6, on a tenth of the course's training text and on all of it, and counts how many tokens of the test text stand in a context that the model has never seen.

# %% tags=["exploration", "raises-exception"]
from nextword.corpora import load
from nextword.models.ngram import AddDelta

corpus_of_the_course = load("grammar")
of_all = corpus_of_the_course.train
a_tenth = of_all[: len(of_all) // 10]


def contexts_of(sentences, n):
    """Yield the context of every token, </s> included."""
    for sentence in sentences:
        padded = ("<s>",) * (n - 1) + tuple(sentence)
        for end in range(n - 1, len(padded) + 1):
            yield padded[end - n + 1 : end]


print(
    f"floor on this test text: {Grammar.load().floor_of(corpus_of_the_course.test).perplexity():.2f}"
)
print("         a tenth of the text           all of the text")
print("order    perplexity   never seen       perplexity   never seen")
for n in range(1, 7):
    row = f"{n:5}"
    for sentences in (a_tenth, of_all):
        on_test = AddDelta.fit(sentences, n, delta=0.001).perplexity(corpus_of_the_course.test)
        seen = set(contexts_of(sentences, n))
        unseen = np.mean([c not in seen for c in contexts_of(corpus_of_the_course.test, n)])
        row += f"{on_test:14.2f}{unseen:13.1%}    "
    print(row)


# %% [markdown]
# **In at most 200 words:** (a) With ten times the text, order 1 hardly gains, order 2 gains much, and order 4 gains most. Explain all three. (b) The best order has moved by one. What has to happen for it to move by one more, and what do you predict for a hundred times the text: at which order is the best model, and which orders have stopped gaining? Say what your prediction rests on. (c) A fellow student's model has a perplexity of 4.9 on this test text of 60,000 tokens, which is below the floor by more than luck can do. Nobody has cheated. Name two mistakes that lead to such a number, in the model or in how it was measured, and for each of them a check that finds it.

# %% [markdown] nbgrader={"grade": true, "grade_id": "better_than_best-written", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# **A model answer.** (a) Order 1 has some five hundred numbers to estimate, and a tenth of the text is enough for them: what limits it is not the text but that it looks at nothing. Order 2 has seen nearly all contexts either way, but with a tenth of the text each of them only a few times, so many of its next words are missing. At order 4 a quarter of the test contexts were never seen in the small text, where add-δ says 1/|V| to everything, and far fewer in the large one; so most of the gain is at contexts that are new.
# (b) A longer context pays when what it knows better outweighs what it has not seen. For order 4 to win, its unseen share has to fall to about what order 3 had when it won, under a hundredth, from 7% now; the table shows that ten times the text divides the unseen share at order 4 by about four. So with ten times more (a hundred times a tenth, ten times all) order 4 is near 2% and about equal with 3; orders 1 and 2 have stopped gaining, and order 3 nearly. Any prediction that argues from these shares is right.
# (c) Scores that are no probabilities (stupid backoff, or a discount that is given out twice): add up the probabilities of all words in some contexts. Tokens left out, such as those of probability 0 or every `</s>`: count the tokens that were scored. Test sentences in the training text: look for them. A context that holds the word to be predicted: change the word, and see whether the context does. The wrong base, bits taken for nats: a uniform model over |V| words must have the perplexity |V|.
#
# **Rubric (4 points).** 1: (a) order 1 is limited by the model, the high orders by the text (few or no counts in a context). 1: (b) a prediction that rests on the trade-off of the table (what the longer context knows against how much of it is unseen), with the low orders at their limit. 2: (c) one for each mistake that really lowers the number and has a check that would find it. Half points for a mistake without a check.

# %% [markdown]
# ## 9. Stretch: Kneser–Ney
#
# *San Francisco* is frequent, so *Francisco* is a frequent word. But it only ever follows *San*. For a context that was never seen, a better question than *how often did this word occur?* is **after how many different tokens did it occur?** That is the idea of Kneser and Ney (1995), in the interpolated form of Chen and Goodman (1999, section 2.7):
#
# $$P(w \mid c) = \frac{\max(a(c\,w) - d,\ 0)}{\sum_{v} a(c\,v)} + \frac{d \cdot |\{v : a(c\,v) > 0\}|}{\sum_{v} a(c\,v)} \; P(w \mid c')$$
#
# A discount $d$ is taken from every $n$-gram that was seen, and what was taken is given to the shorter context $c'$ ($c$ without its first token). The adjusted counts $a$ are
#
# * at the **top**, the largest order in `counts`: the counts themselves;
# * at every lower order: **continuation counts**, $a(c\,w) = |\{u : \text{count}(u\,c\,w) > 0\}|$, the number of different tokens $u$ that stand before $c\,w$ in the counts *one order higher*.
#
# **Write `kneser_ney_prob(counts, context, word, discount)`.**
#
# * `counts` holds the counts of the orders 1 to the top, each 1 or more. A context as long as the top order or longer raises `ValueError`. A *shorter* context starts lower down, and uses continuation counts there.
# * A context without any adjusted count passes the question on: $P(w \mid c) = P(w \mid c')$.
# * Below the unigrams, $P(w \mid c')$ of the empty context is uniform, $1/(|V|+1)$: over the $|V|$ types in `counts[1]` and one unknown word. So a word that was never seen gets a small probability, and all words together with one unknown word sum to 1.
# * If the top order is 1, unigrams are counted plainly.

# %% nbgrader={"grade": false, "grade_id": "kneser_ney_prob", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kneser_ney_prob(
    counts: dict[int, Counter[tuple[str, ...]]],
    context: tuple[str, ...],
    word: str,
    discount: float,
) -> float:
    """Return the interpolated Kneser-Ney probability of a word after a context.

    Parameters
    ----------
    counts
        Maps the orders from 1 to the top one to the counts of their n-grams.
    context
        The tokens before the word, oldest first; fewer than the top order.
    word
        The next word.
    discount
        What is taken from every adjusted count, between 0 and 1.

    Returns
    -------
    probability
        More than 0 where the discount is.
    """
    ### BEGIN SOLUTION
    top, order = max(counts), len(context) + 1
    if order > top:
        raise ValueError(f"a context of {len(context)} tokens for a model of order {top}")
    if order == top:
        adjusted = {g[-1]: n for g, n in counts[top].items() if g[:-1] == context}
    else:
        adjusted = Counter(g[-1] for g in counts[order + 1] if g[1:-1] == context)
    lower = (
        kneser_ney_prob(counts, context[1:], word, discount)
        if context
        else 1 / (len(counts[1]) + 1)
    )
    total = sum(adjusted.values())
    if total == 0:
        return lower
    kept = max(adjusted.get(word, 0) - discount, 0)
    return (kept + discount * len(adjusted) * lower) / total
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "kneser_ney_prob-visible", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
# 'francisco' is frequent, but only ever after 'san'; 'door' is rarer, after three different words.
city = {
    1: Counter({("francisco",): 6, ("door",): 3, ("san",): 6}),
    2: Counter(
        {
            ("san", "francisco"): 6,
            ("the", "door"): 1,
            ("a", "door"): 1,
            ("old", "door"): 1,
            ("in", "san"): 6,
        }
    ),
}
unigrams_only = {1: city[1]}
plain = kneser_ney_prob(unigrams_only, (), "door", 0.5)
assert close(plain, (3 - 0.5) / 15 + 0.5 * 3 / 15 * 1 / 4), (
    f"order 1 is the top here, so plain counts: 2.5/15 + 1.5/15 * 1/4 = 0.19167, not {plain}"
)
door = kneser_ney_prob(city, (), "door", 0.5)
assert close(door, (3 - 0.5) / 5 + 0.5 * 3 / 5 * 1 / 4), (
    f"'door' has 3 different predecessors of 5: 2.5/5 + 1.5/5 * 1/4 = 0.575, not {door}"
)
francisco = kneser_ney_prob(city, (), "francisco", 0.5)
assert francisco < door, "'francisco' follows only 'san': it continues fewer contexts than 'door'"
after_san = kneser_ney_prob(city, ("san",), "francisco", 0.5)
assert close(after_san, 5.5 / 6 + 0.5 * 1 / 6 * francisco), (
    f"the top order: (6 - 0.5)/6 + 0.5 * 1 type / 6 * the lower order = 0.93125, not {after_san}"
)
unseen_context = kneser_ney_prob(city, ("big",), "door", 0.5)
assert close(unseen_context, door), "an unseen context gives what the shorter one gives"
total = sum(
    kneser_ney_prob(city, ("the",), word, 0.5) for word in ["san", "francisco", "door", "zebra"]
)
assert close(total, 1), f"all types and one unknown word sum to 1, not {total}"
# Three orders. In the middle, continuation counts: 'the door' after two different words.
street = {
    1: Counter({("the",): 4, ("door",): 4}),
    2: Counter({("the", "door"): 3, ("a", "door"): 1}),
    3: Counter(
        {("opened", "the", "door"): 2, ("shut", "the", "door"): 1, ("shut", "a", "door"): 1}
    ),
}
low = (2 - 0.5) / 2 + 0.5 * 1 / 2 * 1 / 3  # 'door' has 2 different predecessors of 2
middle = (2 - 0.5) / 2 + 0.5 * 1 / 2 * low  # 'the door' has 2, counted in the trigrams
at_top = (2 - 0.5) / 2 + 0.5 * 1 / 2 * middle
found = kneser_ney_prob(street, ("the",), "door", 0.5)
assert close(found, middle), (
    "between the top and the unigrams stand continuation counts too, from one order higher: 'the "
    f"door' follows 2 different words: {middle:.5f}, not {found}"
)
found = kneser_ney_prob(street, ("opened", "the"), "door", 0.5)
assert close(found, at_top), f"order 3 at the top, then 2, then 1: {at_top:.5f}, not {found}"
assert refuses(kneser_ney_prob, street, ("he", "shut", "the"), "door", 0.5), (
    "three tokens of context, and the top order is 3: expected a ValueError"
)

# %% nbgrader={"grade": true, "grade_id": "kneser_ney_prob-graded", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points, graded when you submit: the top order, lower orders, unseen contexts and unknown words.
### BEGIN HIDDEN TESTS
# collect kneser_ney_prob
### END HIDDEN TESTS

# %% [markdown]
# ## Summary
#
# * A model of order $n$ forgets everything but the last $n-1$ tokens: the Markov assumption.
# * Counting needs padding, so that a sentence has a beginning and an end.
# * Perplexity is the inverse probability per token. Its logarithm and its power share one base.
# * Relative frequencies fail on what they have not seen. Smoothing, backing off, interpolation and Kneser–Ney differ in whom they take probability from, and to whom they give it.
# * A perplexity below the floor on new text is a mistake until it is explained.
#
# ## Exercises
#
# 1. Which δ is best for add-δ of order 2 and of order 3 on the grammar? Plot perplexity on the *validation* text against δ, choose there, and look at the test text once.
# 2. Use `nextword.corpora.from_text` on a book of yours and compare `</s>` by punctuation with `</s>` by line.
# 3. The interpolated weights here do not depend on the context. Bengio et al. let them depend on how frequent the context is. Try two sets of weights, for contexts seen once and more often.
#
# ## Sources
#
# * Slides *Language Modeling + RNNs* (003): n-gram language models, sparsity, generation, perplexity. Slides *Language models* (000), eq. 1.
# * Bengio, Ducharme, Vincent, Jauvin (2003), *A Neural Probabilistic Language Model*, JMLR 3 (in 001): the interpolated trigram.
# * Brants, Popat, Xu, Och, Dean (2007), *Large Language Models in Machine Translation*, EMNLP: stupid backoff.
# * Jelinek, Mercer (1980), *Interpolated estimation of Markov source parameters from sparse data*: held-out weights.
# * Kneser, Ney (1995), *Improved backing-off for m-gram language modeling*, ICASSP; Chen, Goodman (1999), *An empirical study of smoothing techniques for language modeling*, Computer Speech and Language 13.
