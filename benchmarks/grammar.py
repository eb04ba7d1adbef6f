"""How fast the known-floor language is sampled and read, and how far counting stays from its floor.

Run it as ``python benchmarks/grammar.py``. The peer is the plainest generator of the same language:
`random.choices` at every word, with the weights in lists; it can sample, but not score.
"""

import argparse
import math
import random
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
from tables import Table, begun, finished, options, table

from nextword.data_folder import data_folder
from nextword.grammar import PRESETS, Grammar, Slot
from nextword.grammar.lexicon import Lexicon, read_lexicon
from nextword.grammar.lexicon_file import Entry

N_TOKENS = 300_000
DELTA = 0.01
REPEATS = 3


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    chosen = parser.parse_args()
    results = begun("grammar", chosen, "numpy")
    results.about = f"The best of {REPEATS} runs, in CPU time."
    grammar = Grammar.load()
    sample = grammar.sample_tokens(N_TOKENS, np.random.default_rng(0))
    peer = PlainGenerator(read_lexicon(data_folder() / "grammar" / "lexicon.txt"))
    speeds = table("what", ("tokens/s", "{:,.0f}"))
    rates = {}
    for name, run in {
        "sample, random.choices at every word (peer)": lambda: peer.sample_tokens(N_TOKENS),
        "sample": lambda: grammar.sample_tokens(N_TOKENS, np.random.default_rng(0)),
        "log_probs of every token": lambda: [grammar.log_probs(sentence) for sentence in sample],
        "floor of a sample": lambda: grammar.floor_of(sample),
    }.items():
        rates[name] = N_TOKENS / _cpu_seconds(run)
        speeds.add(name, rates[name])
    peer, ours = list(rates.values())[:2]
    results.ratios["sampling to random.choices at every word"] = ours / peer
    results.tables += [speeds, _trigrams_beside_the_floor()]
    load, floor = (1e3 * _cpu_seconds(run) for run in (Grammar.load, grammar.floor))
    results.remarks.append(
        f"To load the grammar takes {load:.1f} ms, its exact floor {floor:.1f} ms. The second "
        "table has the perplexity per token, overall and at the returning noun; 280,000 training "
        "tokens, 60,000 test tokens; the floor is that of the test sample."
    )
    print(results.markdown)
    finished(results, chosen)


def _cpu_seconds(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


class PlainGenerator:
    """The language at its default parameters, as one would first write it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.parameters = PRESETS["near"]
        self.prepositions = list(lexicon.settings)

    def sample_tokens(self, n_tokens: int) -> list[list[str]]:
        """Draw whole sentences until they have `n_tokens` tokens."""
        sentences = []
        while n_tokens > 0:
            sentences.append(self.sentence())
            n_tokens -= len(sentences[-1]) + 1
        return sentences

    def sentence(self) -> list[str]:
        """Draw one sentence."""
        lexicon, parameters = self.lexicon, self.parameters
        determiner, asked = self.draw(lexicon.determiners)
        topic = random.choices(lexicon.topics, self.zipf(len(lexicon.topics)))[0]
        any_topic = random.random() < lexicon.rules["adjective"]["any"]
        (adjective,) = self.draw(lexicon.adjectives if any_topic else topic.adjectives)
        p_singular = lexicon.rules["number"]["singular"]
        plural = random.random() > p_singular if asked == "either" else asked == "plural"
        noun = self.draw(topic.nouns)
        words = [determiner, adjective, noun[plural], self.draw(topic.verbs)[plural]]
        last = ""
        while random.random() > parameters.stop:
            if last != "adverb" and random.random() < lexicon.rules["phrase"]["adverb"]:
                last = "adverb"
                words += self.draw(lexicon.adverbs)
                continue
            preposition = last
            while preposition == last:
                weights = self.zipf(len(self.prepositions))
                preposition = random.choices(self.prepositions, weights)[0]
            last = preposition
            words += [preposition, "the", *self.draw(lexicon.settings[preposition])]
        if random.random() > parameters.returning:
            first = noun
            while noun == first:
                noun = self.draw(topic.nouns)
            plural = random.random() > p_singular
        return [*words, "and", "the", noun[plural], self.draw(lexicon.closing_verbs)[plural], "."]

    def draw(self, entries: tuple[Entry, ...]) -> tuple[str, ...]:
        """Draw the words of an entry."""
        given = [entry.probability for entry in entries if entry.probability is not None]
        return random.choices(entries, given or self.zipf(len(entries)))[0].words

    def zipf(self, n: int) -> list[float]:
        """Weights by rank."""
        return [rank**-self.parameters.skew for rank in range(1, n + 1)]


def _trigrams_beside_the_floor() -> Table:
    columns = ((f"{name}: {where}", "{:.2f}") for name in PRESETS for where in ("all", "noun"))
    shown = table("model", *columns)
    rows: dict[str, list[float]] = {}
    for parameters in PRESETS.values():
        grammar = Grammar.load(parameters=parameters)
        rng = np.random.default_rng(0)
        train, test = grammar.sample_tokens(280_000, rng), grammar.sample_tokens(60_000, rng)
        slots = np.array([slot for sentence in test for slot in grammar.slots(sentence)])
        trigram = _trigram_log_probs(train, test, n_types=len(grammar.vocab) + 1)
        floor = np.concatenate([grammar.log_probs(sentence) for sentence in test])
        for name, log_probs in {f"trigram, add {DELTA}": trigram, "floor": floor}.items():
            overall = math.exp(-log_probs.mean())
            at_noun = math.exp(-log_probs[slots == Slot.RETURNING_NOUN].mean())
            rows.setdefault(name, []).extend((overall, at_noun))
    for name, cells in rows.items():
        shown.add(name, *cells)
    return shown


def _trigram_log_probs(train: list[list[str]], test: list[list[str]], n_types: int) -> np.ndarray:
    trigrams: Counter[tuple[str, ...]] = Counter()
    contexts: Counter[tuple[str, ...]] = Counter()
    for sentence in train:
        for trigram in _trigrams(sentence):
            trigrams[trigram] += 1
            contexts[trigram[:2]] += 1
    return np.array(
        [
            math.log((trigrams[trigram] + DELTA) / (contexts[trigram[:2]] + DELTA * n_types))
            for sentence in test
            for trigram in _trigrams(sentence)
        ]
    )


def _trigrams(sentence: list[str]) -> list[tuple[str, ...]]:
    padded = ["<s>", "<s>", *sentence, "</s>"]
    return [tuple(padded[i : i + 3]) for i in range(len(padded) - 2)]


if __name__ == "__main__":
    main()
