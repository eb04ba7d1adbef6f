import math

import numpy as np
import pytest

from nextword.grammar import Grammar, Slot
from nextword.models.evaluation import NothingToScoreError, ScoreCountError, Scores
from nextword.pictures.ladder import Ladder

GRAMMAR = Grammar.load()
SENTENCES = GRAMMAR.sample(200, np.random.default_rng(5))


class Truth:
    def log_probs(self, sentences):
        return np.concatenate([GRAMMAR.log_probs(sentence) for sentence in sentences])


SCORES = Scores.of(Truth(), GRAMMAR, SENTENCES)


def test_the_truth_scores_the_floor_everywhere():
    floor = GRAMMAR.floor_of(SENTENCES)
    assert SCORES.perplexity() == pytest.approx(floor.perplexity())
    assert SCORES.by_slot() == pytest.approx(floor.perplexity_by_slot())
    assert list(SCORES.by_slot()) == list(floor.perplexity_by_slot())


def test_a_distance_picks_the_sentences_that_have_it():
    nats = [
        -GRAMMAR.log_probs(s)[GRAMMAR.returning_index(s)]
        for s in SENTENCES
        if 5 <= GRAMMAR.distance(s) <= 8
    ]
    found = SCORES.perplexity(Slot.RETURNING_NOUN, at=(5, 8))
    assert found == pytest.approx(math.exp(np.mean(nats)))


def test_what_does_not_occur_has_no_perplexity():
    with pytest.raises(NothingToScoreError, match="distance from 1 to 3"):
        SCORES.perplexity(at=(1, 3))
    with pytest.raises(NothingToScoreError, match="nothing"):
        SCORES.perplexity(Slot.NOTHING)


def test_a_model_that_forgets_the_ends_is_told():
    class NoEnds:
        def log_probs(self, sentences):
            return np.zeros(sum(map(len, sentences)))

    with pytest.raises(ScoreCountError, match="each </s>"):
        Scores.of(NoEnds(), GRAMMAR, SENTENCES)


def test_a_ladder_measures_by_the_same_scores():
    ladder = Ladder.over(GRAMMAR, SENTENCES)
    ladder.measure("truth", Truth(), GRAMMAR, SENTENCES)
    (rung,) = ladder.rungs
    assert rung.perplexity == pytest.approx(ladder.floor)
    assert rung.at_noun == pytest.approx(ladder.floor_at_noun)
