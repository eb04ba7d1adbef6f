import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.text.batching import (
    BatchSizeError,
    NoSentencesError,
    SentenceReader,
    WindowLengthError,
    WindowReader,
)
from nextword.text.vocabulary import NotSentencesError, Vocabulary

VOCAB = Vocabulary(["a", "b", "c"])
SENTENCES = st.lists(st.lists(st.sampled_from("abcd"), max_size=5), min_size=1, max_size=6)
READERS = st.one_of(
    st.integers(1, 6).map(lambda window: WindowReader(VOCAB, window)),
    st.just(SentenceReader(VOCAB)),
)


def all_targets(examples, batch_size, rng=None):
    return [
        target
        for batch in examples.batches(batch_size, rng)
        for target in batch.targets[batch.mask].tolist()
    ]


def text_of(sentences):
    return [number for s in sentences for number in [*VOCAB.encode(s).tolist(), VOCAB.eos]]


@given(reader=READERS, sentences=SENTENCES, batch_size=st.integers(1, 40))
def test_every_token_is_predicted_once_in_the_order_of_the_text(reader, sentences, batch_size):
    examples = reader.read(sentences)
    assert all_targets(examples, batch_size) == text_of(sentences)
    assert examples.n_tokens == len(text_of(sentences))


@given(reader=READERS, sentences=SENTENCES, batch_size=st.integers(1, 40), seed=st.integers(0, 9))
def test_shuffling_changes_the_order_only_and_by_the_seed(reader, sentences, batch_size, seed):
    examples = reader.read(sentences)
    first, second = (
        all_targets(examples, batch_size, np.random.default_rng(seed)) for _ in range(2)
    )
    assert first == second
    assert sorted(first) == sorted(text_of(sentences))


@given(sentences=SENTENCES, window=st.integers(1, 6))
def test_a_window_holds_the_words_before_the_token_and_nothing_of_another_sentence(
    sentences, window
):
    found = iter(WindowReader(VOCAB, window).read(sentences).batches(1))
    for sentence in sentences:
        ids = [VOCAB.bos] * window + VOCAB.encode(sentence).tolist() + [VOCAB.eos]
        for place in range(window, len(ids)):
            batch = next(found)
            assert batch.inputs.tolist() == [ids[place - window : place]]
            assert batch.targets.tolist() == [ids[place]]
    assert next(found, None) is None


@given(sentences=SENTENCES, batch_size=st.integers(1, 8))
def test_sentences_are_read_one_step_behind_their_targets(sentences, batch_size):
    for batch in SentenceReader(VOCAB).read(sentences).batches(batch_size):
        assert (batch.inputs[:, 0] == VOCAB.bos).all()
        both = batch.mask[:, 1:]
        assert torch.equal(batch.inputs[:, 1:][both], batch.targets[:, :-1][both])
        assert batch.mask[:, 0].all()
        assert (batch.mask.sum(1) == (batch.mask * (batch.inputs != VOCAB.eos)).sum(1)).all()


@given(context=st.lists(st.sampled_from("abc"), max_size=8), window=st.integers(1, 6))
def test_the_inputs_after_a_context_are_those_of_its_next_token(context, window):
    for reader in (WindowReader(VOCAB, window), SentenceReader(VOCAB)):
        *_, last = reader.read([context]).batches(1)
        assert torch.equal(reader.inputs_after(context), last.inputs)
        assert torch.equal(reader.inputs_after(["<s>", *context]), last.inputs)


@pytest.mark.parametrize("window", [0, -1, 1.5, True, None])
def test_a_window_has_a_word_at_least(window):
    with pytest.raises(WindowLengthError, match="1 word or more"):
        WindowReader(VOCAB, window)


@pytest.mark.parametrize("reader", [WindowReader(VOCAB, 2), SentenceReader(VOCAB)])
def test_bad_text_and_bad_sizes_are_refused(reader):
    with pytest.raises(NoSentencesError):
        reader.read([])
    with pytest.raises(NotSentencesError):
        reader.read("the cat")
    with pytest.raises(BatchSizeError, match="1 example"):
        next(iter(reader.read([["a"]]).batches(0)))
