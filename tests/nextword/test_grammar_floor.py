"""The exact floor is that of all sentences where they can be listed, and of samples elsewhere."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nextword.data_folder import data_folder
from nextword.grammar import PRESETS, Floor, Grammar, ImpossibleSentenceError, Parameters, Slot
from nextword.grammar.__main__ import main

TOY = """
[rules]
number: singular 0.75, plural 0.25
adjective: any 0.5, topic 0.5
phrase: preposition 0.5, adverb 0.5
[words]
determiners: the either 0.5, this singular 0.25, two plural 0.25
adjectives: old, new
adverbs: often, daily
closing verbs: smiles smile
[settings]
in: garden, rain
on: hill
[topic sea]
adjectives: salty
nouns: sailor sailors, diver divers
verbs: sails sail, dives dive
[topic kitchen]
adjectives: hungry
nouns: cook cooks, baker bakers, waiter waiters
verbs: cooks cook
"""
# Languages of finitely many sentences: "and" comes as soon as it may.
FINITE = [
    Parameters(stop=1, min_distance=4),
    Parameters(stop=1, min_distance=5, skew=2),
    Parameters(stop=1, min_distance=8, returning=0.4, skew=0),
    Parameters(stop=1, min_distance=6, returning=1),
]


@pytest.fixture
def toy_path(tmp_path: Path) -> Path:
    path = tmp_path / "toy.txt"
    path.write_text(TOY, encoding="utf-8")
    return path


def _all_sentences(
    grammar: Grammar, prefix: tuple[str, ...] = (), log_prob: float = 0.0
) -> Iterator[tuple[list[str], float]]:
    for word, prob in grammar.next_distribution(prefix).items():
        if word == "</s>":
            yield list(prefix), log_prob
        else:
            yield from _all_sentences(grammar, (*prefix, word), log_prob + math.log(prob))


@pytest.mark.parametrize("parameters", FINITE, ids=str)
def test_floor_and_distances_of_a_finite_language_are_those_of_its_sentences(
    toy_path: Path, parameters: Parameters
) -> None:
    grammar = Grammar.load(toy_path, parameters)
    nats, tokens = dict.fromkeys(Slot, 0.0), dict.fromkeys(Slot, 0.0)
    distances = np.zeros(21)
    second: dict[str, float] = {}
    total = 0.0
    for sentence, log_prob in _all_sentences(grammar):
        prob = math.exp(log_prob)
        total += prob
        distances[grammar.distance(sentence)] += prob
        noun = sentence[grammar.returning_index(sentence)]
        second[noun] = second.get(noun, 0.0) + prob
        slots = grammar.slots(sentence)
        for slot, token_log_prob in zip(slots, grammar.log_probs(sentence), strict=True):
            nats[slot] -= prob * token_log_prob
            tokens[slot] += prob
    assert total == pytest.approx(1, abs=1e-12)
    floor = grammar.floor()
    for slot in floor.tokens:
        assert floor.tokens[slot] == pytest.approx(tokens[slot], abs=1e-10), slot
        assert floor.nats[slot] == pytest.approx(nats[slot], abs=1e-10), slot
    assert sum(floor.tokens.values()) == pytest.approx(sum(tokens.values()))
    rate = sum(nats.values()) / sum(tokens.values())
    assert floor.entropy_rate() == pytest.approx(rate, rel=1e-12)
    assert grammar.distance_probs(20) == pytest.approx(distances, abs=1e-12)
    assert grammar.mean_distance() == pytest.approx(distances @ np.arange(21), rel=1e-12)
    blind = math.exp(-sum(p * math.log(p) for p in second.values()))
    assert grammar.blind_perplexity() == pytest.approx(blind, rel=1e-12)


def test_a_floor_by_hand(toy_path: Path) -> None:
    # the/this/two 1.5 bits; each adjective of (.25, .25, .25, .25) 2 bits, with skew 0.
    grammar = Grammar.load(toy_path, Parameters(stop=1, min_distance=4, skew=0, returning=0.5))
    by_slot = grammar.floor().perplexity_by_slot()
    assert by_slot[Slot.DETERMINER] == pytest.approx(2**1.5)
    assert by_slot[Slot.ADJECTIVE] == pytest.approx(4)
    assert by_slot[Slot.PHRASE] == by_slot[Slot.FULL_STOP] == by_slot[Slot.END] == 1
    assert Slot.SETTING not in by_slot
    assert Slot.NOTHING not in by_slot


def test_the_end_of_a_sentence_counts_as_a_token_unless_one_asks_for_words() -> None:
    floor = Floor(nats={Slot.NOUN: 6.0, Slot.END: 0.0}, tokens={Slot.NOUN: 2.0, Slot.END: 1.0})
    assert floor.entropy_rate() == 2.0
    assert floor.entropy_rate(count_end=False) == 3.0
    assert floor.perplexity() == math.exp(2)
    assert floor.perplexity(count_end=False) == math.exp(3)


MONTE_CARLO = [
    *PRESETS.values(),
    Parameters(returning=0.5, stop=0.1, min_distance=20, skew=0),
    Parameters(returning=0.99, stop=0.9, min_distance=4, skew=1.5),
]


@pytest.mark.parametrize("parameters", MONTE_CARLO, ids=str)
def test_samples_agree_with_the_exact_floor_within_their_standard_error(
    parameters: Parameters,
) -> None:
    grammar = Grammar.load(parameters=parameters)
    sample = grammar.sample(12_000, np.random.default_rng(20))
    exact = grammar.floor()
    slots = list(exact.tokens)
    nats, tokens = np.zeros((2, len(sample), len(slots)))
    for row, sentence in enumerate(sample):
        for slot, log_prob in zip(
            grammar.slots(sentence), grammar.log_probs(sentence), strict=True
        ):
            nats[row, slots.index(slot)] -= log_prob
            tokens[row, slots.index(slot)] += 1
    _assert_ratio(nats.sum(axis=1), tokens.sum(axis=1), exact.entropy_rate())
    for column, slot in enumerate(slots):
        expected = exact.nats[slot] / exact.tokens[slot]
        _assert_ratio(nats[:, column], tokens[:, column], expected)
        n_tokens = tokens[:, column]
        error = n_tokens.std() / math.sqrt(len(sample))
        assert abs(n_tokens.mean() - exact.tokens[slot]) <= 5 * error + 1e-9, slot
    distances = np.array([grammar.distance(sentence) for sentence in sample])
    error = distances.std() / math.sqrt(len(sample))
    assert abs(distances.mean() - grammar.mean_distance()) < 5 * error


def _assert_ratio(nats: np.ndarray, tokens: np.ndarray, expected: float) -> None:
    """Check a ratio of means within 5 standard errors (delta method, sentences independent)."""
    error = (nats - expected * tokens).std() / tokens.mean() / math.sqrt(len(nats))
    assert error < 0.05, "the test could not fail"
    assert abs(nats.sum() / tokens.sum() - expected) <= 5 * error + 1e-9


@pytest.mark.parametrize("name", PRESETS)
def test_distances_sum_to_1_and_have_the_mean_in_closed_form(name: str) -> None:
    grammar = Grammar.load(parameters=PRESETS[name])
    probs = grammar.distance_probs(2000)
    assert probs.sum() == pytest.approx(1, abs=1e-12)
    assert probs @ np.arange(2001) == pytest.approx(grammar.mean_distance(), rel=1e-10)
    assert not probs[: PRESETS[name].min_distance].any()
    assert probs[PRESETS[name].min_distance] > 0
    for longest in (0, 3, 4, 5, 9):
        assert grammar.distance_probs(longest) == pytest.approx(probs[: longest + 1])
    with pytest.raises(ValueError, match="0 or more, got -1"):
        grammar.distance_probs(-1)


def test_the_presets_are_as_near_and_as_far_as_they_say() -> None:
    mean = {name: Grammar.load(parameters=PRESETS[name]).mean_distance() for name in PRESETS}
    assert mean["near"] == pytest.approx(7.7, abs=0.05)
    assert mean["far"] == pytest.approx(15.5, abs=0.05)
    assert not Grammar.load(parameters=PRESETS["out of sight"]).distance_probs(9).any()


def test_a_sample_has_a_floor_of_its_own_near_the_exact_one() -> None:
    grammar = Grammar.load()
    sample = grammar.sample(4000, np.random.default_rng(21))
    floor = grammar.floor_of(sample)
    log_probs = np.concatenate([grammar.log_probs(sentence) for sentence in sample])
    assert floor.entropy_rate() == pytest.approx(-log_probs.mean(), rel=1e-12)
    assert sum(floor.tokens.values()) == len(log_probs)
    assert floor.perplexity() != grammar.floor().perplexity()
    assert floor.perplexity() == pytest.approx(grammar.floor().perplexity(), rel=0.02)
    returning = [grammar.log_probs(s)[grammar.returning_index(s)] for s in sample]
    at_noun = floor.perplexity_by_slot()[Slot.RETURNING_NOUN]
    assert at_noun == pytest.approx(math.exp(-np.mean(returning)), rel=1e-12)


def test_an_empty_or_foreign_sample_has_no_floor() -> None:
    grammar = Grammar.load()
    with pytest.raises(ValueError, match="expected one sentence or more, got none"):
        grammar.floor_of([])
    with pytest.raises(ImpossibleSentenceError, match="'zebra'"):
        grammar.floor_of([*grammar.sample(2, np.random.default_rng(0)), ["zebra"]])


def test_a_model_that_has_not_seen_the_noun_is_far_from_one_that_has() -> None:
    for parameters in PRESETS.values():
        grammar = Grammar.load(parameters=parameters)
        seen = grammar.floor().perplexity_by_slot()[Slot.RETURNING_NOUN]
        assert grammar.blind_perplexity() > 40 * seen


def test_the_datasheet_shows_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    main(["3"])
    printed = capsys.readouterr().out.strip()
    datasheet = (data_folder() / "grammar" / "README.md").read_text(encoding="utf-8")
    assert printed in datasheet, "run `python -m nextword.grammar 3` and paste it again"
