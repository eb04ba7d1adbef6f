import numpy as np
import pytest
import torch

from nextword.grammar import Grammar, Slot
from nextword.learning.training import TrainingSettings, train
from nextword.models.tagging import UNTAGGED, TagError, TagNetwork, TagReader, grammar_tags
from nextword.text.batching import NoSentencesError
from nextword.text.vocabulary import Vocabulary

GRAMMAR = Grammar.load()
SENTENCES = GRAMMAR.sample(30, np.random.default_rng(2))
TAGS = grammar_tags(GRAMMAR, SENTENCES)
TAGSETS = {task: sorted({tag for of in tags for tag in of}) for task, tags in TAGS.items()}
VOCAB = Vocabulary.build(SENTENCES)
READER = TagReader(VOCAB, TAGSETS, reach=1)
POS, ROLE = TAGSETS


def network(**options):
    return TagNetwork(READER, 8, rng=np.random.default_rng(0), **options)


def test_every_word_has_both_tags():
    for sentence, pos, role in zip(SENTENCES, TAGS[POS], TAGS[ROLE], strict=True):
        assert len(sentence) == len(pos) == len(role)
        assert pos == GRAMMAR.tags(sentence)
        assert role[GRAMMAR.returning_index(sentence)] == Slot.RETURNING_NOUN


def test_a_word_stands_in_the_middle_of_its_neighbours_and_sentences_end():
    examples = READER.read(SENTENCES[:2], {task: of[:2] for task, of in TAGS.items()})
    rows = iter(examples.inputs.tolist())
    for sentence in SENTENCES[:2]:
        filled = ["<s>", *sentence, "</s>"]
        for place in range(len(sentence)):
            assert VOCAB.decode(next(rows)) == filled[place : place + 3]
    assert examples.n_tokens == len(examples) == sum(map(len, SENTENCES[:2]))


def test_targets_are_the_tags_in_columns_and_untagged_sentences_teach_nothing():
    examples = READER.read(SENTENCES[:2], {POS: [TAGS[POS][0], None], ROLE: TAGS[ROLE][:2]})
    split = len(SENTENCES[0])
    assert [TAGSETS[POS][i] for i in examples.targets[:split, 0]] == TAGS[POS][0]
    assert (examples.targets[split:, 0] == UNTAGGED).all()
    assert [TAGSETS[ROLE][i] for i in examples.targets[split:, 1]] == TAGS[ROLE][1]


def test_the_loss_is_the_sum_of_the_tasks_and_their_errors_add_up_at_the_shared_layers():
    built = network()
    (batch,) = READER.read(SENTENCES, TAGS).batches(10_000)
    logits = built(batch.inputs)
    apart = [
        torch.nn.functional.cross_entropy(found, batch.targets[:, task])
        for task, found in enumerate(logits)
    ]
    assert float(built.loss(batch).detach()) == pytest.approx(float(sum(apart).detach()), rel=1e-5)
    shared = [built.features.weight, built.hidden.weight, built.hidden.bias]
    together = torch.autograd.grad(sum(apart), shared, retain_graph=True)
    alone = [torch.autograd.grad(loss, shared, retain_graph=True) for loss in apart]
    for total, first, second in zip(together, *alone, strict=True):
        torch.testing.assert_close(total, first + second)


def test_a_batch_without_any_tag_of_a_task_costs_nothing_there():
    built = network(tasks=[POS])
    untagged = READER.read(SENTENCES, {POS: [None] * len(SENTENCES), ROLE: TAGS[ROLE]})
    (batch,) = untagged.batches(10_000)
    assert float(built.loss(batch).detach()) == 0


def test_training_learns_the_tags_it_was_shown():
    built, examples = network(), READER.read(SENTENCES, TAGS)
    train(built, examples, examples, TrainingSettings(epochs=40, batch_size=16), progress=False)
    assert min(built.accuracies(examples)) > 0.97


@pytest.mark.parametrize("fixed", [True, False])
def test_given_vectors_stay_where_they_are_only_if_they_are_fixed(fixed):
    vectors = torch.randn(len(VOCAB), 5, generator=torch.Generator().manual_seed(0))
    kept = vectors.clone()
    built, examples = network(vectors=vectors, fixed=fixed), READER.read(SENTENCES, TAGS)
    train(built, examples, examples, TrainingSettings(epochs=2, batch_size=16), progress=False)
    assert torch.equal(vectors, kept)
    assert torch.equal(built.features.weight, kept) == fixed


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_own_chance_alone():
    state = torch.random.get_rng_state()
    for ours, theirs in zip(network().parameters(), network().parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(state, torch.random.get_rng_state())


def test_tags_that_do_not_fit_are_refused():
    with pytest.raises(NoSentencesError):
        READER.read([], {POS: [], ROLE: []})
    with pytest.raises(TagError, match=r"expected tags of 1 sentences as part of speech, got 0"):
        READER.read([["the"]], {ROLE: [["article"]]})
    with pytest.raises(TagError, match=r"for each of 1 words, got 2"):
        READER.read([["the"]], {POS: [["DET", "DET"]], ROLE: [["article"]]})
    with pytest.raises(TagError, match=r"got 'NOISE'"):
        READER.read([["the"]], {POS: [["NOISE"]], ROLE: [["article"]]})
