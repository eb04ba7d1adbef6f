"""Rules known and probabilities counted: exact where all sentences can be listed."""

import math

import numpy as np
import pytest

from nextword.grammar import Grammar, Parameters, Slot
from tests.nextword.test_grammar_floor import FINITE, TOY, _all_sentences


@pytest.fixture
def toy_path(tmp_path):
    path = tmp_path / "toy.txt"
    path.write_text(TOY, encoding="utf-8")
    return path


def test_a_choice_is_counted_with_a_little_for_every_word_it_has(toy_path):
    grammar = Grammar.load(toy_path, Parameters(stop=1))
    read = "this old cook cooks and the cook smiles .".split()
    counted = grammar.counted([read, read], pseudo_count=0.5)
    found = counted.log_probs([read])
    # "this" of three determiners, "old" of two general and two topics' adjectives, "cook" of the
    # five singular nouns that may follow both.
    assert math.exp(found[0]) == pytest.approx(2.5 / (2 + 3 * 0.5))
    assert math.exp(found[1]) == pytest.approx(2.5 / (2 + 4 * 0.5))
    assert math.exp(found[2]) == pytest.approx(2.5 / (2 + 5 * 0.5))
    assert found[-1] == 0


@pytest.mark.parametrize("parameters", [FINITE[0], FINITE[1], FINITE[3]])
def test_its_probabilities_sum_to_one_and_its_floor_is_the_mean_over_all_sentences(
    toy_path, parameters
):
    grammar = Grammar.load(toy_path, parameters)
    counted = grammar.counted(grammar.sample(40, np.random.default_rng(0)))
    listed = list(_all_sentences(grammar))
    own = np.array([counted.log_probs([sentence]).sum() for sentence, _ in listed])
    true = np.exp([log_prob for _, log_prob in listed])
    assert np.exp(own).sum() == pytest.approx(1, abs=1e-9)
    tokens = np.array([len(sentence) + 1 for sentence, _ in listed])
    assert counted.floor().entropy_rate() == pytest.approx(-true @ own / (true @ tokens), abs=1e-9)
    assert counted.floor().entropy_rate() > grammar.floor().entropy_rate()


def test_more_text_brings_it_to_the_floor_from_above(toy_path):
    grammar = Grammar.load(toy_path)
    rng = np.random.default_rng(0)
    floors = [grammar.counted(grammar.sample(n, rng)).floor().perplexity() for n in (30, 300, 3000)]
    exact = grammar.floor().perplexity()
    assert floors[0] > floors[1] > floors[2] > exact
    assert floors[2] < 1.005 * exact


def test_a_noun_is_counted_by_the_first_noun_of_its_sentence(toy_path):
    grammar = Grammar.load(toy_path, Parameters(stop=1, returning=0.5))
    always = [s for s in grammar.sample(400, np.random.default_rng(0)) if s[2] == s[6]]
    floor = grammar.counted(always).floor().perplexity_by_slot()
    assert (
        floor[Slot.RETURNING_NOUN] > 2 * grammar.floor().perplexity_by_slot()[Slot.RETURNING_NOUN]
    )
    assert floor[Slot.END] == 1


def test_what_the_rules_do_not_allow_stays_impossible(toy_path):
    grammar = Grammar.load(toy_path)
    counted = grammar.counted([])
    scores = counted.log_probs(["the cook".split()])
    assert scores.shape == (3,)
    assert np.isfinite(scores[0])
    assert scores[1] == scores[2] == -np.inf
    assert counted.log_probs([]).shape == (0,)


def test_a_text_of_another_language_is_refused(toy_path):
    grammar = Grammar.load(toy_path)
    with pytest.raises(ValueError, match="sentences of the grammar, got 'to be'"):
        grammar.counted([["to", "be"]])
    with pytest.raises(ValueError, match="pseudo_count above 0, got 0"):
        grammar.counted([], pseudo_count=0)
