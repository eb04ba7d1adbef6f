import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.models.mixture import ContextFrequency, Mixture, MixtureWeightError

SENTENCES = [["a", "b"], ["b"], ["a", "b", "c"]]
N_TOKENS = 9
PROBS = st.lists(st.floats(0.01, 0.99), min_size=N_TOKENS, max_size=N_TOKENS)


class Fixed:
    def __init__(self, probs):
        self.probs = np.array(probs)

    def log_probs(self, sentences):
        return np.log(self.probs)


@given(first=PROBS, second=PROBS, weight=st.floats(0, 1))
def test_probabilities_are_mixed_not_their_logarithms(first, second, weight):
    mixture = Mixture(Fixed(first), Fixed(second), [weight])
    expected = weight * np.array(first) + (1 - weight) * np.array(second)
    np.testing.assert_allclose(np.exp(mixture.log_probs(SENTENCES)), expected)


@settings(deadline=None, max_examples=20)
@given(first=PROBS, second=PROBS)
def test_the_fitted_weight_is_the_best_on_the_text_it_was_fitted_on(first, second):
    fitted = Mixture.fit(Fixed(first), Fixed(second), SENTENCES, n_steps=3_000)
    found = fitted.perplexity(SENTENCES)
    for weight in np.linspace(0, 1, 101):
        assert found <= Mixture(Fixed(first), Fixed(second), [weight]).perplexity(SENTENCES) + 1e-3


def test_contexts_are_classed_by_how_often_their_two_words_were_seen():
    frequency = ContextFrequency(SENTENCES, edges=(1, 3))
    # <s><s> 3 times, <s>a 2, ab 2, <s>b 1, bc 1
    assert frequency.classes([["a", "b", "c"], ["c", "c"]]).tolist() == [2, 1, 1, 1, 2, 0, 0]
    assert frequency.names == ["0", "1–2", "3 or more"]
    assert ContextFrequency(SENTENCES, edges=(2, 3)).names == ["below 2", "2", "3 or more"]


def test_each_class_gets_the_weight_of_its_own_tokens():
    classes = ContextFrequency(SENTENCES, edges=(1, 3)).classes(SENTENCES)
    good, bad = np.full(N_TOKENS, 0.9), np.full(N_TOKENS, 0.001)
    often = classes == 2
    first, second = np.where(often, good, bad), np.where(often, bad, good)
    frequency = ContextFrequency(SENTENCES, edges=(1, 3))
    fitted = Mixture.fit(Fixed(first), Fixed(second), SENTENCES, frequency)
    assert fitted.weights[2] == pytest.approx(1, abs=1e-3)
    assert fitted.weights[1] == pytest.approx(0, abs=1e-3)
    assert fitted.weights[0] == 0.5  # does not occur in this text
    alone = Mixture.fit(Fixed(first), Fixed(second), SENTENCES)
    assert fitted.perplexity(SENTENCES) < alone.perplexity(SENTENCES)


@pytest.mark.parametrize("weights", [[], [0.5, 0.5], [-0.1], [1.1], [np.nan]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(MixtureWeightError, match="expected 1 weights from 0 to 1"):
        Mixture(Fixed([1]), Fixed([1]), weights)
