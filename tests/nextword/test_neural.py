import itertools

import numpy as np
import pytest
import torch

from nextword.models.neural import (
    LanguageNetwork,
    NetworkShapeError,
    NeuralLanguageModel,
    TemperatureError,
    WindowNetwork,
    drawn,
    window_model,
)
from nextword.text.batching import SentenceReader, WindowReader
from nextword.text.vocabulary import Vocabulary

VOCAB = Vocabulary(["a", "b", "c", "d"])
SENTENCES = [["a", "b"], ["c"], [], ["d", "a", "b", "c", "x"]]


def network(**options):
    return WindowNetwork(
        len(VOCAB), 3, n_features=2, n_hidden=5, rng=np.random.default_rng(1), **options
    )


class Recurrent(LanguageNetwork):
    """What module 4 brings; here to see that readers, models and training take it."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.features = torch.nn.Embedding(len(VOCAB), 3)
        self.cells = torch.nn.RNN(3, 4, batch_first=True)
        self.output = torch.nn.Linear(4, len(VOCAB))

    def forward(self, inputs):
        return self.output(self.cells(self.features(inputs))[0])


MODELS = {
    "window": lambda: NeuralLanguageModel(network(), WindowReader(VOCAB, 3)),
    "direct": lambda: NeuralLanguageModel(network(direct=True), WindowReader(VOCAB, 3)),
    "recurrent": lambda: NeuralLanguageModel(Recurrent(), SentenceReader(VOCAB)),
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.mark.parametrize("direct", [False, True])
def test_the_network_is_the_equation_of_the_paper(direct):
    """Eq. 1 of Bengio et al. 2003, in columns, written with nothing but numpy."""
    built = network(direct=direct).double()
    if direct:
        torch.nn.init.normal_(built.direct.weight)
    named = {name: weights.detach().numpy() for name, weights in built.named_parameters()}
    C, H, d = named["features.weight"], named["hidden.weight"], named["hidden.bias"]
    U, b = named["output.weight"], named["output.bias"]
    for context in itertools.product(range(0, len(VOCAB), 2), repeat=3):
        x = np.concatenate([C[word] for word in context])
        y = b + U @ np.tanh(d + H @ x) + (named["direct.weight"] @ x if direct else 0)
        np.testing.assert_allclose(
            built(torch.tensor([context]))[0].detach().numpy(), y, rtol=1e-10, atol=1e-12
        )


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_own_chance_alone():
    state = torch.random.get_rng_state()
    first, second = network(), network()
    assert torch.equal(state, torch.random.get_rng_state())
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_direct_connections_add_their_matrix_and_change_nothing_in_the_beginning():
    plain, direct = network(), network(direct=True)
    inputs = torch.tensor([[3, 4, 5]])
    assert torch.equal(plain(inputs), direct(inputs))
    sizes = [sum(p.numel() for p in built.parameters()) for built in (plain, direct)]
    assert sizes[1] - sizes[0] == len(VOCAB) * 3 * 2


def test_begun_with_frequencies_a_model_is_nearly_a_unigram_model():
    model = window_model(VOCAB, SENTENCES, 3)
    with torch.no_grad():
        model.network.features.weight.zero_()
    expected = np.array([0.1, 4, 0.1, 2, 2, 2, 1])  # <s> </s> <unk> a b c d
    ids = VOCAB.encode(["x"])
    expected[ids] = 1
    np.testing.assert_allclose(model.next_distribution(["a"]), expected / expected.sum(), rtol=1e-5)


def test_a_distribution_sums_to_1_and_agrees_with_the_scores(model):
    for sentence in SENTENCES:
        scores = model.log_probs([sentence])
        for place, word in enumerate([*sentence, "</s>"]):
            distribution = model.next_distribution(sentence[:place])
            assert distribution.sum() == pytest.approx(1)
            assert np.log(distribution[VOCAB.encode([word])[0]]) == pytest.approx(
                scores[place], rel=1e-4
            )


def test_sentences_are_scored_one_after_another_whatever_stands_beside_them(model):
    together = model.log_probs(SENTENCES)
    apart = np.concatenate([model.log_probs([sentence]) for sentence in SENTENCES])
    np.testing.assert_allclose(together, apart, rtol=1e-5)
    assert model.perplexity(SENTENCES) == pytest.approx(np.exp(-together.mean()))


def test_scoring_is_without_dropout_and_leaves_the_network_in_training():
    model = NeuralLanguageModel(network(dropout=0.9), WindowReader(VOCAB, 3))
    assert model.network.training
    first, second = model.log_probs(SENTENCES), model.log_probs(SENTENCES)
    np.testing.assert_array_equal(first, second)
    assert model.network.training


def test_samples_begin_as_asked_stop_in_time_and_are_reproducible(model):
    drawn = [model.sample(np.random.default_rng(3), 6, ["a"]) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0][0] == "a"
    assert len(drawn[0]) <= 7
    assert "</s>" not in drawn[0]


def test_loss_is_the_mean_over_tokens_filling_left_out(model):
    examples = model.reader.read(SENTENCES)
    (batch,) = examples.batches(100)
    assert float(model.network.loss(batch).detach()) == pytest.approx(
        -model.log_probs(SENTENCES).mean(), rel=1e-5
    )


def test_sparse_gradients_touch_only_words_that_occurred():
    built = network(sparse=True)
    (batch,) = WindowReader(VOCAB, 3).read([["a", "a"]]).batches(10)
    built.loss(batch).backward()
    gradient = built.features.weight.grad
    assert gradient.is_sparse
    assert set(gradient.coalesce().indices()[0].tolist()) == {VOCAB.bos, VOCAB.encode(["a"])[0]}


@pytest.mark.parametrize(
    "options", [{"n_features": 0}, {"n_hidden": -1}, {"dropout": 1.0}, {"dropout": -0.1}]
)
def test_impossible_sizes_are_refused(options):
    with pytest.raises(NetworkShapeError, match="expected"):
        WindowNetwork(5, 2, **{"rng": np.random.default_rng(0), **options})


@pytest.mark.parametrize("shape", [(4, 2), (4,), (1, 3, 1)])
def test_windows_of_another_length_are_refused_with_the_expected_shape(shape):
    with pytest.raises(NetworkShapeError, match=r"\(batch, 3\)"):
        network()(torch.zeros(shape, dtype=torch.int64))


@pytest.mark.parametrize("counts", [np.ones(3), np.zeros(7)])
def test_frequencies_of_other_words_are_refused(counts):
    with pytest.raises(NetworkShapeError, match="7 counts above 0"):
        network().begin_with_frequencies(counts)


def test_temperature_makes_a_sample_surer_or_more_daring(model):
    best = model.sample(np.random.default_rng(0), 5, temperature=0)
    assert best == model.sample(np.random.default_rng(1), 5, temperature=0)
    words = {
        temperature: {
            tuple(model.sample(np.random.default_rng(seed), 2, temperature=temperature))
            for seed in range(40)
        }
        for temperature in (1e-3, 100)
    }
    assert words[1e-3] == {tuple(best[:2])}
    assert len(words[100]) > 5


@pytest.mark.parametrize("temperature", [-0.5, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(model, temperature):
    with pytest.raises(TemperatureError, match=r"temperature of 0 .* or more, got"):
        model.sample(np.random.default_rng(0), temperature=temperature)


def test_rows_are_drawn_as_often_as_their_softmax_says():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.0001, 0.9998, 0.0001]]))
    rng = np.random.default_rng(0)
    found = np.array([drawn(logits, 1.0, rng) for _ in range(4000)])
    shares = [np.bincount(column, minlength=3) / 4000 for column in found.T]
    np.testing.assert_allclose(shares, np.exp(logits), atol=0.03)
    halved = np.array([drawn(logits[0], 0.5, rng) for _ in range(4000)])
    np.testing.assert_allclose(np.bincount(halved) / 4000, [4 / 6, 1 / 6, 1 / 6], atol=0.03)
